/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/emit.h"
#include "catalog/kalamctl.h"
#include "catalog/load.h"
#include "catalog/print.h"
#include "catalog/refusal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BAR_EVERY_MS 100
#define BAR_WIDTH 24

/* One file on its way. */
struct loading {
	struct ctl *ctl;
	const char *name;	/* for messages */
	bool has_bar;		/* standard error is a terminal */
	uint64_t bytes;		/* of the file; 0 = not known */
	int64_t began_ms, drawn_ms;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void clear_bar(const struct loading *l)
{
	if (l->has_bar && l->drawn_ms)
		fputs("\r\033[K", stderr);
}

static unsigned percent(const struct loading *l, const struct load_progress *p)
{
	uint64_t done = p->phase == LOAD_WRITING ? p->done : p->bytes;
	uint64_t total = p->phase == LOAD_WRITING ? p->total : l->bytes;

	return total && done < total ? (unsigned)(done * 100 / total) : 100;
}

/* Columns of the terminal. */
static size_t width(void)
{
	struct winsize size = { .ws_col = 0 };

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* In one line, whatever the name of the file: a second one would not be overwritten. */
static void draw_bar(void *arg, const struct load_progress *p)
{
	static const char full[] = "########################";
	struct loading *l = arg;
	char bar[48] = "", pace[48] = "", line[400];
	int64_t now = now_ms();
	unsigned part, filled;

	if (!l->has_bar || now - l->drawn_ms < BAR_EVERY_MS)
		return;
	l->drawn_ms = now;
	part = percent(l, p);
	filled = part * BAR_WIDTH / 100;
	if (l->bytes || p->phase == LOAD_WRITING)
		snprintf(bar, sizeof(bar), "[%.*s%*s] %u%%, ", (int)filled, full,
			 (int)(BAR_WIDTH - filled), "", part);
	if (p->tables)
		snprintf(pace, sizeof(pace), ", %llu tables/s",
			 (unsigned long long)(p->tables * 1000 / (uint64_t)(now - l->began_ms + 1)));
	snprintf(line, sizeof(line), "%s %s%llu statements%s: %s",
		 p->phase == LOAD_WRITING ? "writing" : "reading", bar,
		 (unsigned long long)p->statements, pace, l->name);
	fprintf(stderr, "\r\033[K%.*s", (int)width() - 1, line);
	fflush(stderr);
}

/* "3 tables" in front of what came before; whether anything was printed. */
static void print_count(size_t count, const char *noun, bool *any)
{
	if (!count)
		return;
	printf("%s%zu %s%s", *any ? ", " : "", count, noun, count == 1 ? "" : "s");
	*any = true;
}

static void print_made(const struct load_result *r)
{
	bool any = false;

	print_count(r->tables, "table", &any);
	print_count(r->namespaces, "namespace", &any);
	print_count(r->storages, "storage", &any);
	fputs(any ? " created" : "nothing created", stdout);
	if (r->changed)
		printf(", %zu changed", r->changed);
	if (r->dropped)
		printf(", %zu dropped", r->dropped);
}

static void print_skipped(const struct load_result *r)
{
	size_t total = 0;

	for (size_t i = 0; i < r->skipped_count; i++)
		total += r->skipped[i].count;
	if (!total)
		return;
	printf("; %zu statement%s skipped (", total, total == 1 ? "" : "s");
	for (size_t i = 0; i < r->skipped_count; i++) {
		printf("%s%zu ", i ? ", " : "", r->skipped[i].count);
		print_line(r->skipped[i].kind, strlen(r->skipped[i].kind), stdout);
	}
	putchar(')');
}

static void print_losses(const struct load_result *r)
{
	const char *verb = NULL;

	for (enum load_loss loss = 0; loss < LOSS_COUNT; loss++) {
		bool goes_on = verb && strcmp(verb, load_loss_verb(loss)) == 0;

		if (!r->losses[loss])
			continue;
		if (verb && !goes_on)
			printf(" %s", verb);
		printf("%s%zu %s%s", goes_on ? ", " : "; ", r->losses[loss], load_loss_noun(loss),
		       r->losses[loss] == 1 ? "" : "s");
		verb = load_loss_verb(loss);
	}
	if (verb)
		printf(" %s", verb);
}

static void print_text(const struct loading *l, const struct load_result *r)
{
	for (size_t i = 0; i < r->note_count; i++) {
		fprintf(stderr, "%s:%u: ", l->name, r->notes[i].line);
		print_line(r->notes[i].text, strlen(r->notes[i].text), stderr);
		putc('\n', stderr);
	}
	if (r->remarks)
		fputs(r->remarks, stderr);
	printf("%s: ", l->name);
	print_made(r);
	print_skipped(r);
	print_losses(r);
	putchar('\n');
}

static void print_json(const struct loading *l, const struct load_result *r)
{
	struct emit e = EMIT_COMPACT(stdout);

	emit_open(&e, NULL, '{');
	emit_text(&e, "file", l->name);
	emit_text(&e, "dialect", load_dialect_name(r->dialect));
	emit_unsigned(&e, "statements", r->statements);
	emit_unsigned(&e, "tables", r->tables);
	emit_unsigned(&e, "namespaces", r->namespaces);
	emit_unsigned(&e, "storages", r->storages);
	emit_unsigned(&e, "changed", r->changed);
	emit_unsigned(&e, "dropped", r->dropped);
	emit_open(&e, "skipped", '[');
	for (size_t i = 0; i < r->skipped_count; i++) {
		emit_open(&e, NULL, '{');
		emit_text(&e, "kind", r->skipped[i].kind);
		emit_unsigned(&e, "count", r->skipped[i].count);
		emit_close(&e, '}');
	}
	emit_close(&e, ']');
	emit_open(&e, "notes", '[');
	for (size_t i = 0; i < r->note_count; i++) {
		emit_open(&e, NULL, '{');
		emit_unsigned(&e, "line", r->notes[i].line);
		emit_text(&e, "what", load_loss_noun(r->notes[i].loss));
		emit_text(&e, "text", r->notes[i].text);
		emit_close(&e, '}');
	}
	emit_close(&e, ']');
	emit_unsigned(&e, "transactions", r->commits);
	emit_unsigned(&e, "sequence", r->sequence);
	emit_close(&e, '}');
	putchar('\n');
}

static void print_refusal_json(const struct loading *l, const struct load_result *r, const struct err *err)
{
	struct err placed = *err;
	struct refusal refusal = {
		.time = catalog_now(l->ctl->catalog),
		.author = l->ctl->author,
		.object = "",
		.file = l->name,
		.text = r->text ? r->text : "",
		.len = r->text ? r->len : 0,
		.origin = r->origin,
		.err = &placed,
	};

	if (placed.pos < 0 && r->origin.line)
		placed.pos = 0;
	refusal_print(&refusal, stdout);
}

/* FILE:line:column: sentence, with the line where it is known. */
static void print_refusal(const struct loading *l, const struct load_result *r, const struct err *err)
{
	char *prefix;

	if (!r->text && r->origin.line) {
		fprintf(stderr, "%s:%u:%u: %s\n", l->name, r->origin.line, r->origin.column, err->text);
		return;
	}
	if (asprintf(&prefix, "%s:", l->name) < 0) {
		(void)ctl_fail_nomem();
		return;
	}
	err_print_in(err, prefix, r->text ? r->text : "", r->text ? r->len : 0, &r->origin, stderr);
	free(prefix);
}

static int refused(const struct loading *l, const struct load_result *r, const struct err *err)
{
	if (l->ctl->json)
		print_refusal_json(l, r, err);
	else
		print_refusal(l, r, err);
	if ((err->code == -EEXIST || err->code == -ENOTEMPTY) && !l->ctl->replace && !l->ctl->json)
		fputs("  --replace purges the tables that the file drops before it makes them\n", stderr);
	if (r->commits && !l->ctl->json)
		fprintf(stderr, "kalamctl: %u transaction%s before it stay%s committed\n", r->commits,
			r->commits == 1 ? "" : "s", r->commits == 1 ? "s" : "");
	return err->code == -EUCLEAN ? 2 : 1;
}

static int load_one(struct loading *l, FILE *in)
{
	const struct ctl *ctl = l->ctl;
	const struct load_options options = {
		.dialect = ctl->dialect,
		.lenient = ctl->lenient,
		.replace = ctl->replace,
		.into = *ctl->into ? ctl->into : NULL,
		.batch = ctl->batch,
		.author = ctl->author,
		.progress = draw_bar,
		.progress_arg = l,
	};
	struct err err = ERR_INIT;
	struct load_result result;
	struct stat st;
	int rc;

	l->has_bar = isatty(STDERR_FILENO) == 1;
	l->bytes = fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	l->began_ms = now_ms();
	rc = load_file(ctl->catalog, in, &options, &result, &err);
	clear_bar(l);
	if (rc)
		rc = refused(l, &result, &err);
	else if (ctl->json)
		print_json(l, &result);
	else
		print_text(l, &result);
	ctl_sync_mounts(l->ctl, result.sequence);
	load_result_fini(&result);
	return rc;
}

/* A refused file ends it: what comes behind may build on it. */
int cmd_load(struct ctl *ctl)
{
	int rc = 0;

	for (int i = 0; !rc && i < ctl->argc; i++) {
		bool is_stdin = strcmp(ctl->argv[i], "-") == 0;
		struct loading l = { .ctl = ctl, .name = is_stdin ? "<stdin>" : ctl->argv[i] };
		FILE *in = is_stdin ? stdin : fopen(ctl->argv[i], "re");

		if (!in) {
			fprintf(stderr, "kalamctl: cannot open '%s': %s\n", ctl->argv[i], strerror(errno));
			return 1;
		}
		rc = load_one(&l, in);
		if (!is_stdin)
			fclose(in);
	}
	return rc;
}
