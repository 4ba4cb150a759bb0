/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * err - a number for the kernel and one sentence for the person.
 *
 * A function that can fail returns 0 or a negative errno and, where it knows
 * the facts, records them here.  The first error wins: the innermost function
 * knows most.
 */
#ifndef KALAM_BASE_ERR_H
#define KALAM_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* What sort of refusal it was, for programs that read errors.jsonl. */
enum err_kind {
	ERR_RULE,	/* understood, but breaks a rule */
	ERR_PARSE,	/* not a statement or document */
	ERR_CONFLICT,	/* somebody else changed the same thing meanwhile */
	ERR_BUSY,	/* not executed: a queue or a lock was not free in time */
	ERR_DENIED,	/* this caller may not */
	ERR_STORE,	/* the disk or the database failed */
	ERR_KIND_COUNT
};

#define ERR_TEXT_SIZE 2048
#define ERR_POINTER_SIZE 256
#define ERR_DETAIL_SIZE 1024

struct err {
	int code;			/* negative errno, or 0 while nothing failed */
	enum err_kind kind;
	long pos;			/* byte offset in the input text, or -1 */
	char pointer[ERR_POINTER_SIZE];	/* JSON pointer into a document, or empty */
	char text[ERR_TEXT_SIZE];	/* one sentence without newline */
	char detail[ERR_DETAIL_SIZE];	/* lines below it, each with its newline; mostly empty */
};

#define ERR_INIT { .pos = -1 }

/*
 * Make err as ERR_INIT, without zeroing 3 KiB: for what is called for each request.
 * err may be NULL here and in every function below.
 */
void err_clear(struct err *err);

/* Copy with \xNN for all that is not printable ASCII, cut to size: it may be hostile. */
void err_escape(char *to, size_t size, const char *from);

/*
 * Record a failure unless one is recorded already, and return code (a negative
 * errno), so that a failing function ends in one line.  kind is ERR_RULE; see
 * err_kind_set.  Whatever is not printable ASCII in quoted input is written as \xNN.
 */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same with the byte offset of the cause in the input text. */
int err_at(struct err *err, int code, long pos, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* A syntax error: err_at with -EINVAL and kind ERR_PARSE. */
int err_parse(struct err *err, long pos, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Change the kind of a recorded error; returns err->code (0 if err is NULL). */
int err_kind_set(struct err *err, enum err_kind kind);

/* -ENOMEM with its sentence. */
int err_nomem(struct err *err);

/* rc as it is; an -ENOMEM that came without a sentence gets its own. */
int err_told(struct err *err, int rc);

/* "parse", "rule", ... as errors.jsonl shows it.  Static. */
const char *err_kind_name(enum err_kind kind);

/* "EINVAL" for -EINVAL or EINVAL, "EUNKNOWN" for one without a name.  Static. */
const char *err_errno_name(int code);

/* Line and column (both from 1, column in bytes) of offset pos in text. */
void err_locate(const char *text, size_t len, long pos, unsigned *line, unsigned *column);

/*
 * Print the error for a person: "line:column: sentence", then the line of the
 * text it speaks of and a caret under the place.  Without a position only the
 * sentence.  A JSON pointer stands between place and sentence: "14:20
 * /columns/1/data_type: sentence".  The detail comes last.  prefix (e.g.
 * "file.sql:", "schema.json ") goes in front; may be "".  Lines over 200 bytes
 * are shown as a window around the place.
 */
void err_print(const struct err *err, const char *prefix, const char *text, size_t len, FILE *out);

/* Where a text begins in a larger one, both from 1. */
struct err_origin {
	unsigned line, column;
};

#define ERR_ORIGIN_START { .line = 1, .column = 1 }

/* err_locate and err_print for such a text: lines and columns count in the larger one. */
void err_locate_in(const char *text, size_t len, long pos, const struct err_origin *origin,
		   unsigned *line, unsigned *column);
void err_print_in(const struct err *err, const char *prefix, const char *text, size_t len,
		  const struct err_origin *origin, FILE *out);

#endif
