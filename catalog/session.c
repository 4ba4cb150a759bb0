/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A write's text is appended to what was kept, and parsed as a whole.  An open
 * BEGIN keeps its text (from BEGIN on) until COMMIT; every write checks it
 * again together with what is new, so that the verdict is always about the
 * catalog as it is now.  Nothing is held in the database between two writes.
 */
#include "catalog/session.h"

#include <errno.h>
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

static int check_nesting(const struct script *script, struct err *err)
{
	bool open = false;

	for (size_t i = 0; i < script->count; i++) {
		const struct stmt *stmt = &script->stmts[i];

		if (stmt->verb == STMT_BEGIN && open)
			return err_at(err, -EINVAL, (long)stmt->start,
				      "BEGIN inside a transaction: COMMIT or ROLLBACK it first");
		if ((stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK) && !open)
			return err_at(err, -EINVAL, (long)stmt->start, "%s without BEGIN",
				      stmt->verb == STMT_COMMIT ? "COMMIT" : "ROLLBACK");
		if (stmt->verb == STMT_BEGIN)
			open = true;
		else if (stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK)
			open = false;
	}
	return 0;
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

/* An aborted block takes nothing but its end. */
static int feed_aborted(struct session *session, const char *text, size_t len, struct err *err)
{
	struct script script;
	int rc = ddl_parse(text, len, SCOPE_CATALOG, session->ending, true, true, &script, NULL);
	enum stmt_verb verb = STMT_BEGIN;

	if (!rc && script.count == 1)
		verb = script.stmts[0].verb;
	if (!rc)
		script_free(&script);
	if (verb != STMT_COMMIT && verb != STMT_ROLLBACK)
		return err_set(err, -EINVAL,
			       "The transaction was aborted by a refused statement: ROLLBACK it, then BEGIN anew");
	session->aborted = false;
	session->in_block = false;
	if (verb == STMT_COMMIT)
		return err_set(err, -EINVAL,
			       "The transaction was aborted by a refused statement: nothing was committed");
	return 0;
}

static int refuse(struct session *session, int code)
{
	session->has_tail = false;
	if (session->in_block) {
		session->aborted = true;
		buf_free(&session->kept);
	} else if (!session->plan) {
		buf_free(&session->kept);
	}
	drop_script(session);
	return code;
}

/* Fill in the request for the parsed script and decide what is kept. */
static int prepare(struct session *session, struct request *request, struct err *err)
{
	struct script *script = &session->script;
	const char *text = shown_text(session);
	size_t open = script->count, from = script->tail;
	bool in_block;
	int rc = check_nesting(script, err);

	if (rc)
		return rc;
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
	int rc = join(session, text, len, err);

	drop_script(session);
	if (!rc) {
		rc = ddl_parse(shown_text(session), session->shown.len, session->scope, session->ending,
			       false, final, &session->script, err);
		session->has_script = !rc;
	}
	if (!rc)
		rc = prepare(session, request, err);
	return rc < 0 ? refuse(session, rc) : rc;
}

int session_write(struct session *session, const char *text, size_t len, struct request *request,
		  struct err *err)
{
	if (!len)
		return 0;
	session->writes++;
	session->last_len = len;
	if (session->aborted) {
		buf_free(&session->shown);
		buf_bytes(&session->shown, text, len);
		return feed_aborted(session, text, len, err);
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

int session_end(struct session *session, bool whole, struct request *request, struct err *err)
{
	bool alone = session->writes == 1 && session->last_len % 4096 != 0;
	int rc;

	if (session->in_block || session->aborted) {
		bool was_open = !session->aborted;

		session->in_block = session->aborted = false;
		buf_free(&session->kept);
		if (session->plan || !was_open)
			return 0;
		return err_set(err, -EINVAL, "The transaction was rolled back: COMMIT is missing");
	}
	if (!session->has_tail)
		return 0;
	session->has_tail = false;
	if (!session->plan && !alone && !whole) {
		rc = keep(&session->shown, session->kept.at, session->kept.len, err);
		buf_free(&session->kept);
		return rc ? rc : err_set(err, -EINVAL,
					 "Statement is not terminated: end it with ';' or a newline");
	}
	if (session->plan && session->writes != 1)
		return 0;
	return feed(session, "", 0, true, request, err);
}

void session_print_error(const struct session *session, const struct err *err, FILE *out)
{
	err_print(err, "", shown_text(session), session->shown.len, out);
}
