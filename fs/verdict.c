/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/verdict.h"

#include "base/stamp.h"
#include "base/stream.h"
#include "catalog/document.h"
#include "catalog/number.h"
#include "catalog/refusal.h"
#include "fs/metrics.h"
#include "fs/mount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUTCOMES_SHOWN 10

/* Text that is printed into memory; where it does not fit there is none, and not the one before. */
struct sheet {
	FILE *out;
	char *text;
	size_t len;
};

static bool sheet_open(struct sheet *sheet)
{
	*sheet = (struct sheet){ 0 };
	sheet->out = text_stream(&sheet->text, &sheet->len);
	return sheet->out;
}

/* 0 or -ENOMEM. */
static int sheet_keep(struct sheet *sheet, struct report *report, struct report_key key,
		      enum report_what what, int64_t now)
{
	int rc = sheet->out && !fclose(sheet->out) ? 0 : -ENOMEM;

	if (rc)
		(void)report_set(report, key, what, NULL, 0, now);
	else
		rc = report_set(report, key, what, sheet->text, sheet->len, now);
	free(sheet->text);
	return rc;
}

static void print_outcome(const struct outcome *outcome, FILE *out)
{
	stream_puts(out, outcome->name);
	switch (outcome->event) {
	case EVENT_CREATE:
		fprintf(out, " created");
		break;
	case EVENT_DROP:
		fprintf(out, " dropped");
		break;
	case EVENT_UNDROP:
		fprintf(out, " undropped");
		break;
	case EVENT_PURGE:
		fprintf(out, " purged");
		break;
	case EVENT_ALTER:
	case EVENT_RENAME:
	case EVENT_RESTORE:
		stream_puts(out, " version ");
		number_write(outcome->before_version, out);
		stream_puts(out, " -> ");
		number_write(outcome->after_version, out);
		break;
	case EVENT_END:
		break;
	}
	if (!outcome->event)
		fprintf(out, " unchanged");
}

static void print_last(const struct request *request, FILE *out)
{
	unsigned shown = 0, more = 0;

	if (request->commit_count < request->script->count)
		fputs(", waiting for COMMIT", out);
	for (const struct outcome *o = request->outcomes; o; o = o->next) {
		if (shown == OUTCOMES_SHOWN) {
			more++;
			continue;
		}
		stream_puts(out, ", ");
		print_outcome(o, out);
		shown++;
	}
	if (more)
		fprintf(out, " and %u more", more);
	putc_unlocked('\n', out);
	if (request->notes)
		stream_puts(out, request->notes);
}

static void keep_last(struct mount *mount, const struct verdict *verdict,
		      const struct request *request, int64_t now)
{
	int64_t at = request->committed_at ? request->committed_at : now;
	char stamp[STAMP_SIZE];
	struct sheet sheet;

	if (sheet_open(&sheet)) {
		stream_puts(sheet.out, stamp_format(at, stamp));
		stream_puts(sheet.out, " ok");
		print_last(request, sheet.out);
	}
	(void)sheet_keep(&sheet, mount->tree.report, verdict->key, REPORT_LAST, now);
}

static int keep_plan(struct mount *mount, const struct verdict *verdict,
		     const struct request *request, int64_t now)
{
	struct sheet sheet;

	if (sheet_open(&sheet)) {
		fputs(request->plan_text ? request->plan_text : "", sheet.out);
		fputs(request->notes ? request->notes : "", sheet.out);
	}
	return sheet_keep(&sheet, mount->tree.report, verdict->key, REPORT_PLAN, now);
}

int verdict_accepted(struct mount *mount, const struct verdict *verdict,
		     const struct request *request)
{
	int64_t now = catalog_now(mount->catalog);
	int rc = 0;

	if (verdict->plan)
		rc = keep_plan(mount, verdict, request, now);
	else if (verdict->session)
		keep_last(mount, verdict, request, now);
	(void)report_set(mount->tree.report, verdict->key, REPORT_ERROR, NULL, 0, now);
	return rc;
}

static void keep_error(struct mount *mount, const struct verdict *verdict, const struct err *err,
		       enum report_what what, int64_t now)
{
	struct sheet sheet;

	if (sheet_open(&sheet)) {
		if (verdict->session)
			session_print_error(verdict->session, err, sheet.out);
		else
			document_print_error(err, verdict->file, verdict->text ? verdict->text : "",
					     verdict->len, sheet.out);
	}
	(void)sheet_keep(&sheet, mount->tree.report, verdict->key, what, now);
}

static void keep_refused(struct mount *mount, const struct verdict *verdict, const struct err *err,
			 int64_t now)
{
	char stamp[STAMP_SIZE], line[128];
	int len = snprintf(line, sizeof(line), "%s refused (%s), see error\n",
			   stamp_format(now, stamp), err_errno_name(verdict_errno(err->code)));

	(void)report_set(mount->tree.report, verdict->key, REPORT_LAST, line, (size_t)len, now);
}

static void keep_line(struct mount *mount, const struct refusal *refusal)
{
	struct sheet sheet;

	if (!sheet_open(&sheet))
		return;
	refusal_print(refusal, sheet.out);
	if (!fclose(sheet.out))
		report_refusal(mount->tree.report, refusal->author.uid, sheet.text, sheet.len,
			       refusal->time);
	free(sheet.text);
}

void verdict_note(struct mount *mount, const struct err *err)
{
	if (err->code == -EIO || err->code == -EUCLEAN)
		mount->tree.is_damaged = true;
}

void verdict_refused(struct mount *mount, const struct verdict *verdict,
		     const struct author *author, const struct err *err, const char *text,
		     size_t len)
{
	static const struct buf none;
	const struct buf *shown = verdict->session ? &verdict->session->shown : &none;
	struct refusal refusal = {
		.time = catalog_now(mount->catalog),
		.author = *author,
		.object = verdict->object,
		.file = verdict->file ? verdict->file : verdict->plan ? "plan" : "ctl",
		.text = text ? text : shown->at ? (const char *)shown->at : "",
		.len = text ? len : shown->len,
		.document = !verdict->session,
		.err = err,
	};

	if (!verdict->session) {
		refusal.text = verdict->text ? verdict->text : "";
		refusal.len = verdict->len;
	}
	verdict_note(mount, err);
	metrics_refusal(mount->tree.metrics, err->kind);
	keep_error(mount, verdict, err, REPORT_ERROR, refusal.time);
	if (verdict->plan)
		keep_error(mount, verdict, err, REPORT_PLAN, refusal.time);
	else if (verdict->session)
		keep_refused(mount, verdict, err, refusal.time);
	keep_line(mount, &refusal);
}

void verdict_cleared(struct mount *mount, const struct report_key *key, uint32_t uid)
{
	struct report_key own = *key;

	own.uid = uid;
	(void)report_set(mount->tree.report, own, REPORT_ERROR, NULL, 0, catalog_now(mount->catalog));
}

void verdict_warned(struct mount *mount, const struct verdict *verdict, const struct err *err)
{
	keep_error(mount, verdict, err, REPORT_ERROR, catalog_now(mount->catalog));
}

int verdict_errno(int code)
{
	int number = code < 0 ? -code : code;

	/* Names that mean nothing to who writes a file (decisions.md 38). */
	switch (number) {
	case EILSEQ:
		return EINVAL;
	case ESTALE:
		return EBUSY;
	case EDQUOT:
		return ENOSPC;
	case EUCLEAN:
	case ESHUTDOWN:
		return EROFS;
	default:
		return number;
	}
}
