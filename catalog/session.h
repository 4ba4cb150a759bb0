/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session - one open ctl or plan, or one exec: turns a sequence of writes into
 * requests (decisions.md 16 to 19, 58).
 *
 * A write's complete statements are one transaction.  What follows the last
 * terminator is kept for the next write.  BEGIN ... COMMIT collects statements
 * over several writes: they are checked at every write and run at COMMIT.  A
 * plan session accumulates everything and is planned anew at each write.
 */
#ifndef KALAM_CATALOG_SESSION_H
#define KALAM_CATALOG_SESSION_H

#include "base/buf.h"
#include "base/err.h"
#include "catalog/catalog.h"
#include "catalog/ddl.h"

#include <stdbool.h>

struct session {
	enum ddl_scope scope;
	enum ddl_ending ending;
	bool plan;
	bool in_block;		/* an open BEGIN */
	bool aborted;		/* a statement of the open block was refused */
	bool has_tail;		/* the last write ended with an unterminated rest */
	struct buf kept;	/* tail, or the text of the open block from BEGIN on, or all of a plan */
	struct buf shown;	/* the text that the last error's position counts in */
	size_t planned;		/* bytes of kept that writes before the running one left */
	size_t writes;		/* non-empty writes so far */
	size_t last_len;	/* length of the last one */
	struct script script;	/* of the request being run */
	bool has_script;
};

void session_init(struct session *session, enum ddl_scope scope, enum ddl_ending ending, bool plan);
void session_fini(struct session *session);

/*
 * Take one write.  Returns 1 with request->script, text, len, commit_count and
 * plan filled in when there is something to run: run it with catalog_commit,
 * then call session_done with its result.  Returns 0 when the write is
 * complete as it is (only a tail was kept), or a negative errno with err: the
 * write is refused, nothing of it is kept.
 * -EFBIG: the write or what is kept is over STATEMENT_MAX_BYTES (16 MiB in a block).
 */
int session_write(struct session *session, const char *text, size_t len, struct request *request, struct err *err) MUST_CHECK;

/* The request ran; err_code is its result.  Afterwards the session takes the next write. */
void session_done(struct session *session, int err_code);

/*
 * The file is flushed by its writer, or the input ends.  Like session_write: 1
 * with a request for an unterminated tail that may run (the handle got exactly
 * one write, whose length is no multiple of 4096; always when `whole`, for
 * exec of a file), 0 if nothing is left, -EINVAL "Statement is not terminated
 * ..." or, for an open block, "... will be rolled back: COMMIT is missing".
 *
 * session_has_end: whether there is anything to do, so that a close that ends nothing
 * needs no memory and cannot fail.
 *
 * A shell flushes after every `echo >&5`, so this need not be the end: an open
 * block stays open, and the next write goes on with it.
 */
bool session_has_end(const struct session *session);
int session_end(struct session *session, bool whole, struct request *request, struct err *err) MUST_CHECK;

/* Print err with its line and caret, as the file `error` shows it. */
void session_print_error(const struct session *session, const struct err *err, FILE *out);

#endif
