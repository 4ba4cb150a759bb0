/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * emit - JSON, written member by member: compact or with two-space indent.
 *
 * The caller opens and closes objects and arrays in order; commas, newlines and
 * indentation follow from that.  Nothing is kept in memory.
 */
#ifndef KALAM_CATALOG_EMIT_H
#define KALAM_CATALOG_EMIT_H

#include "base/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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
void emit_member(struct emit *e, const char *key, size_t len);

/* Inline, so that the length of a constant need not be counted. */
static inline void emit_key(struct emit *e, const char *key)
{
	emit_member(e, key, key ? strlen(key) : 0);
}

/*
 * Documents are made for every READ and measured by every change.  So what stands in
 * front of a value is put into the stream's buffer in one go, if it is as short as most.
 */
#define EMIT_ROOM 96	/* comma, line, indentation and key */
#define EMIT_KEY_MOST 64
#define EMIT_DEPTH_MOST 8
_Static_assert(2 + 2 * EMIT_DEPTH_MOST + EMIT_KEY_MOST + 4 <= EMIT_ROOM, "there is room for a key");

/* Comma, line and indentation; returns their end. */
static inline char *emit_line(const struct emit *e, bool comma, char *at)
{
	static const char line[1 + 2 * EMIT_DEPTH_MOST] = "\n                ";

	if (comma)
		*at++ = ',';
	if (!e->indented)
		return at;
	/* A copy of fixed length is two instructions, and what is too much is written over. */
	memcpy(at, line, sizeof(line));
	return at + 1 + 2 * (size_t)e->depth;
}

/* emit_member, or false where that needs more. */
static inline bool emit_short_member(struct emit *e, const char *key, size_t len)
{
	char *at = stream_room(e->out, EMIT_ROOM);

	if (!at || len > EMIT_KEY_MOST || e->depth - 1 >= EMIT_DEPTH_MOST)
		return false;
	at = emit_line(e, e->filled, at);
	if (key) {
		*at++ = '"';
		memcpy(at, key, len);
		at += len;
		memcpy(at, "\": ", 3);
		at += e->indented ? 3 : 2;
	}
	stream_take(e->out, at);
	e->filled = true;
	return true;
}

/* emit_key for keys that stand in a document many times: nobody counts or calls memcpy. */
static inline void emit_key_here(struct emit *e, const char *key)
{
	if (!emit_short_member(e, key, strlen(key)))
		emit_member(e, key, strlen(key));
}

/* A value behind its key. */
void emit_bracket(struct emit *e, char bracket);
void emit_text_value(struct emit *e, const char *text);
void emit_unsigned_value(struct emit *e, uint64_t number);
void emit_bool_value(struct emit *e, bool value);
void emit_null_value(struct emit *e);

static inline void emit_open(struct emit *e, const char *key, char bracket)	/* '{' or '[' */
{
	emit_key(e, key);
	emit_bracket(e, bracket);
}

void emit_close(struct emit *e, char bracket);			/* '}' or ']' */

static inline void emit_text(struct emit *e, const char *key, const char *text)	/* NULL is null */
{
	emit_key(e, key);
	emit_text_value(e, text);
}

static inline void emit_unsigned(struct emit *e, const char *key, uint64_t number)
{
	emit_key(e, key);
	emit_unsigned_value(e, number);
}

static inline void emit_bool(struct emit *e, const char *key, bool value)
{
	emit_key(e, key);
	emit_bool_value(e, value);
}

static inline void emit_null(struct emit *e, const char *key)
{
	emit_key(e, key);
	emit_null_value(e);
}

void emit_number(struct emit *e, const char *key, int64_t number);
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
