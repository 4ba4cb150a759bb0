/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * emit - JSON, written member by member: compact or with two-space indent.
 *
 * The caller opens and closes objects and arrays in order; commas, newlines and
 * indentation follow from that.  Nothing is kept in memory.
 */
#ifndef KALAM_CATALOG_EMIT_H
#define KALAM_CATALOG_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct emit {
	FILE *out;	/* borrowed */
	bool indented;
	bool filled;	/* the innermost object or array has a member already */
	unsigned depth;
};

#define EMIT_COMPACT(stream) { .out = (stream) }
#define EMIT_INDENTED(stream) { .out = (stream), .indented = true }

/*
 * key is printed as it is between quotes; NULL for members of arrays and for
 * the outermost value.  emit_key alone is for a scalar that the caller prints.
 */
void emit_key(struct emit *e, const char *key);
void emit_open(struct emit *e, const char *key, char bracket);	/* '{' or '[' */
void emit_close(struct emit *e, char bracket);			/* '}' or ']' */
void emit_text(struct emit *e, const char *key, const char *text);	/* NULL is null */
void emit_number(struct emit *e, const char *key, int64_t number);
void emit_unsigned(struct emit *e, const char *key, uint64_t number);
void emit_bool(struct emit *e, const char *key, bool value);
void emit_null(struct emit *e, const char *key);
void emit_stamp(struct emit *e, const char *key, int64_t us);

/*
 * A value that is valid JSON text already, laid out again like the rest.  Text
 * of a damaged record may be anything: it comes out as bad as it is, and what
 * follows stands at the right depth.
 */
void emit_json(struct emit *e, const char *key, const char *json, size_t len);

/*
 * Set the error indicator of out, so that its fclose tells: for printers that
 * ran out of memory on the way.
 */
void emit_fail(FILE *out);

#endif
