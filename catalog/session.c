/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A write's text is appended to what was kept, and parsed as a whole.  An open
 * BEGIN keeps its text (from BEGIN on) until COMMIT; every write checks it
 * again together with what is new, so that the verdict is always about the
 * catalog as it is now.  Nothing is held in the database between two writes.
 */
#include "catalog/session.h"

#include "catalog/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MAX_BYTES (16u << 20)

void session_init(struct session *session, enum ddl_scope scope, enum ddl_ending ending, bool plan)
{
	*session = (struct session){ .scope = scope, .ending = ending, .plan = plan };
}

static void drop_script(struct session *session)
{
	if (session->has_script)
		script_free(&session->script);
	session->has_script = false;
}

void session_fini(struct session *session)
{
	drop_script(session);
	buf_free(&session->kept);
	buf_free(&session->shown);
}

static int keep(struct buf *to, const void *text, size_t len, struct err *err)
{
	buf_free(to);
	buf_bytes(to, text, len);
	return to->failed ? err_nomem(err) : 0;
}

/* What was kept, and the new text behind it, become the shown text. */
static int join(struct session *session, const char *text, size_t len, struct err *err)
{
	size_t max = session->in_block || session->plan ? BLOCK_MAX_BYTES : STATEMENT_MAX_BYTES;

	if (len > STATEMENT_MAX_BYTES)
		return err_set(err, -EFBIG,
			       "A write of %zu bytes is too long (max %d): use kalamctl exec for long scripts",
			       len, STATEMENT_MAX_BYTES);
	if (session->kept.len + len > max)
		return err_set(err, -EFBIG, "Statements kept from earlier writes are too long (%zu bytes, max %zu)",
			       session->kept.len + len, max);
	buf_free(&session->shown);
	buf_bytes(&session->shown, session->kept.at, session->kept.len);
	buf_bytes(&session->shown, text, len);
	return session->shown.failed ? err_nomem(err) : 0;
}

static const char *shown_text(const struct session *session)
{
	return session->shown.at ? (const char *)session->shown.at : "";
}

/*
 * Which statements are outside an open block: *closed of them may commit; the
 * open block, if any, begins with statement *open (its BEGIN).
 */
static void find_block(const struct script *script, size_t *open, bool *in_block)
{
	*in_block = false;
	for (size_t i = 0; i < script->count; i++) {
		enum stmt_verb verb = script->stmts[i].verb;

		if (verb == STMT_BEGIN && !*in_block) {
			*in_block = true;
			*open = i;
		} else if (verb == STMT_COMMIT || verb == STMT_ROLLBACK) {
			*in_block = false;
		}
	}
}

/* A rolled back block's statements are checked by nobody: take them out. */
static void remove_rolled_back(struct script *script)
{
	size_t begin = 0, out = 0;

	for (size_t i = 0; i < script->count; i++) {
		if (script->stmts[i].verb == STMT_BEGIN)
			begin = out;
		if (script->stmts[i].verb == STMT_ROLLBACK) {
			out = begin;
			continue;
		}
		script->stmts[out++] = script->stmts[i];
	}
	script->count = out;
}

static bool only_marks(const struct script *script)
{
	for (size_t i = 0; i < script->count; i++) {
		enum stmt_verb verb = script->stmts[i].verb;

		if (verb != STMT_BEGIN && verb != STMT_COMMIT && verb != STMT_ROLLBACK)
			return false;
	}
	return true;
}

/* The statements in front of the first mistake; the caller frees the script after 0. */
static int parse_good_part(const struct session *session, const char *text, size_t len, bool in_block,
			   struct script *script)
{
	struct err err = ERR_INIT;
	int rc = ddl_parse(text, len, session->scope, session->ending, in_block, true, script, &err);

	if (rc && err.pos > 0)
		rc = ddl_parse(text, (size_t)err.pos, session->scope, session->ending, in_block, false,
			       script, NULL);
	return rc;
}

/* A mistake behind BEGIN aborts the block: what comes next was not meant to run without it. */
static void enter_block(struct session *session)
{
	struct script script;
	size_t open;

	if (parse_good_part(session, shown_text(session), session->shown.len, false, &script))
		return;
	find_block(&script, &open, &session->in_block);
	script_free(&script);
}

static int refuse(struct session *session, int code)
{
	session->has_tail = false;
	drop_script(session);
	if (session->plan) {
		session->kept.len = session->planned;
		return code;
	}
	session->aborted = session->in_block;
	buf_free(&session->kept);
	return code;
}

/* Fill in the request for the parsed script and decide what is kept. */
static int prepare(struct session *session, struct request *request, struct err *err)
{
	struct script *script = &session->script;
	const char *text = shown_text(session);
	size_t open = script->count, from = script->tail;
	bool in_block;
	int rc;

	find_block(script, &open, &in_block);
	if (in_block)
		from = script->stmts[open].start;
	else
		remove_rolled_back(script);
	request->script = script;
	request->text = text;
	request->len = session->shown.len;
	request->plan = session->plan;
	request->commit_count = in_block ? open : script->count;
	if (session->plan)
		from = 0;
	rc = keep(&session->kept, text + from, session->shown.len - from, err);
	if (rc)
		return rc;
	session->in_block = in_block;
	session->has_tail = !in_block && script->tail < session->shown.len;
	return !only_marks(script) || (session->plan && script->count);
}

static int feed(struct session *session, const char *text, size_t len, bool final,
		struct request *request, struct err *err)
{
	int rc;

	drop_script(session);
	session->planned = session->kept.len;
	rc = join(session, text, len, err);
	if (rc)
		return refuse(session, rc);
	rc = ddl_parse(shown_text(session), session->shown.len, session->scope, session->ending, false,
		       final, &session->script, err);
	session->has_script = !rc;
	if (rc)
		enter_block(session);
	else
		rc = prepare(session, request, err);
	return rc < 0 ? refuse(session, rc) : rc;
}

/*
 * An aborted block takes nothing but its end: COMMIT is refused and ends it, what
 * stands behind ROLLBACK is a write of its own.
 */
static int feed_aborted(struct session *session, const char *text, size_t len, struct request *request,
			struct err *err)
{
	enum stmt_verb verb = STMT_BEGIN;
	struct script script;
	size_t from = 0;

	if (parse_good_part(session, text, len, true, &script) == 0) {
		if (script.count) {
			verb = script.stmts[0].verb;
			from = script.stmts[0].start + script.stmts[0].len;
		}
		script_free(&script);
	}
	session->aborted = session->in_block = verb != STMT_ROLLBACK && verb != STMT_COMMIT;
	if (session->aborted)
		return err_set(err, -EINVAL,
			       "The transaction was aborted by a refused statement: ROLLBACK it, then BEGIN anew");
	if (verb == STMT_COMMIT)
		return err_set(err, -EINVAL,
			       "The transaction was aborted by a refused statement: nothing was committed");
	return feed(session, text + from, len - from, false, request, err);
}

int session_write(struct session *session, const char *text, size_t len, struct request *request,
		  struct err *err)
{
	if (!len)
		return 0;
	session->writes++;
	session->last_len = len;
	if (session->aborted) {
		int rc = keep(&session->shown, text, len, err);

		return rc ? rc : feed_aborted(session, text, len, request, err);
	}
	return feed(session, text, len, false, request, err);
}

void session_done(struct session *session, int err_code)
{
	if (err_code)
		(void)refuse(session, err_code);
	else
		drop_script(session);
}

bool session_has_end(const struct session *session)
{
	if (session->aborted || (session->plan && session->in_block))
		return false;
	return session->in_block || session->has_tail;
}

int session_end(struct session *session, bool whole, struct request *request, struct err *err)
{
	bool alone = session->writes == 1 && session->last_len % 4096 != 0;
	int rc;

	if (!session_has_end(session))
		return 0;
	if (session->in_block)
		return err_set(err, -EINVAL,
			       "The transaction is open and will be rolled back: COMMIT is missing");
	session->has_tail = false;
	if (!alone && !whole) {
		rc = keep(&session->shown, session->kept.at, session->kept.len, err);
		buf_free(&session->kept);
		return rc ? rc : err_set(err, -EINVAL,
					 "Statement is not terminated: end it with ';' or a newline");
	}
	return feed(session, "", 0, true, request, err);
}

void session_print_error(const struct session *session, const struct err *err, FILE *out)
{
	char *hidden = secret_hide(shown_text(session), session->shown.len, false);

	if (hidden)
		err_print(err, "", hidden, session->shown.len, out);
	else
		fprintf(out, "%s\n", err->text);
	free(hidden);
}
