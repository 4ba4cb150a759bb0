/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/kalamctl.h"
#include "catalog/refusal.h"
#include "catalog/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct exec_file {
	struct ctl *ctl;
	const char *name;	/* for messages */
	const char *text;
	size_t len;
	uint64_t sequence;	/* of the last commit */
};

static int refused(const struct exec_file *file, const struct err *err)
{
	struct refusal refusal = {
		.time = catalog_now(file->ctl->catalog),
		.author = file->ctl->author,
		.object = "",
		.file = file->name,
		.text = file->text,
		.len = file->len,
		.err = err,
	};
	char *prefix, *hidden;

	if (file->ctl->json) {
		refusal_print(&refusal, stdout);
		return 1;
	}
	if (asprintf(&prefix, "%s:", file->name) < 0)
		return ctl_fail_nomem();
	hidden = secret_hide(file->text, file->len, false);
	if (hidden)
		err_print(err, prefix, hidden, file->len, stderr);
	else
		fprintf(stderr, "%s %s\n", prefix, err->text);
	free(hidden);
	free(prefix);
	return 1;
}

static void print_outcomes(const struct ctl *ctl, const struct request *request)
{
	if (request->notes)
		fputs(request->notes, stderr);
	if (!ctl->json) {
		if (request->heads)
			fputs(request->heads, stdout);
		return;
	}
	for (const struct outcome *o = request->outcomes; o; o = o->next) {
		if (o->log_line)
			fputs(o->log_line, stdout);
	}
}

/* Statements [from, to) of a script as one transaction. */
static int run_part(struct exec_file *file, const struct script *script, size_t from, size_t to)
{
	struct script part = { .stmts = script->stmts + from, .count = to - from };
	struct request request = {
		.script = &part,
		.commit_count = part.count,
		.text = file->text,
		.len = file->len,
		.author = file->ctl->author,
		.source = SOURCE_KALAMCTL,
		.err = ERR_INIT,
	};
	struct request *requests[] = { &request };
	int rc;

	if (from == to)
		return 0;
	catalog_commit(file->ctl->catalog, requests, 1);
	if (request.sequence)
		file->sequence = request.sequence;
	rc = request.err.code ? refused(file, &request.err) : 0;
	if (!rc)
		print_outcomes(file->ctl, &request);
	request_fini(&request);
	return rc;
}

static bool has_block(const struct script *script)
{
	for (size_t i = 0; i < script->count; i++) {
		if (script->stmts[i].verb == STMT_BEGIN)
			return true;
	}
	return false;
}

static int misplaced(struct exec_file *file, const struct stmt *stmt, const char *text)
{
	struct err err = ERR_INIT;

	err_at(&err, -EINVAL, (long)stmt->start, "%s", text);
	return refused(file, &err);
}

/* With BEGIN in it a file is several transactions: its blocks, and each statement outside them. */
static int run_blocks(struct exec_file *file, const struct script *script)
{
	const struct stmt *begin = NULL;
	size_t first = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < script->count; i++) {
		const struct stmt *stmt = &script->stmts[i];
		bool ends = stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK;

		/* The parser has seen to it that blocks begin and end by turns. */
		if (stmt->verb == STMT_BEGIN) {
			begin = stmt;
			first = i + 1;
		} else if (ends) {
			if (stmt->verb == STMT_COMMIT)
				rc = run_part(file, script, first, i);
			begin = NULL;
		} else if (!begin) {
			rc = run_part(file, script, i, i + 1);
		}
	}
	if (!rc && begin)
		rc = misplaced(file, begin, "The transaction was rolled back: COMMIT is missing");
	return rc;
}

int cmd_exec(struct ctl *ctl)
{
	const char *name = ctl->argc ? ctl->argv[0] : "-";
	struct exec_file file = { .ctl = ctl, .name = strcmp(name, "-") == 0 ? "<stdin>" : name };
	struct err err = ERR_INIT;
	struct script script;
	char *text = ctl_read_script(name, &file.len);
	int rc;

	if (!text)
		return 1;
	file.text = text;
	if (ddl_parse(text, file.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script, &err)) {
		rc = refused(&file, &err);
	} else {
		rc = has_block(&script) ? run_blocks(&file, &script) :
					  run_part(&file, &script, 0, script.count);
		script_free(&script);
	}
	ctl_sync_mounts(ctl, file.sequence);
	free(text);
	return rc;
}
