/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/emit.h"

#include "base/stamp.h"
#include "base/stream.h"
#include "catalog/number.h"
#include "catalog/value.h"

#include <string.h>

static void start_deep_line(const struct emit *e, bool comma)
{
	if (comma)
		putc_unlocked(',', e->out);
	if (!e->indented)
		return;
	putc_unlocked('\n', e->out);
	for (unsigned i = 0; i < e->depth; i++)
		stream_put(e->out, "  ", 2);
}

static void new_line(const struct emit *e, bool comma)
{
	char *at = e->depth <= EMIT_DEPTH_MOST ? stream_room(e->out, EMIT_ROOM) : NULL;

	if (at)
		stream_take(e->out, emit_line(e, comma, at));
	else
		start_deep_line(e, comma);
}

/* The outermost value begins no line. */
static void emit_long_member(struct emit *e, const char *key, size_t len)
{
	if (e->depth)
		start_deep_line(e, e->filled);
	else if (e->filled)
		putc_unlocked(',', e->out);
	e->filled = true;
	if (!key)
		return;
	putc_unlocked('"', e->out);
	stream_put(e->out, key, len);
	stream_puts(e->out, e->indented ? "\": " : "\":");
}

void emit_member(struct emit *e, const char *key, size_t len)
{
	if (!emit_short_member(e, key, len))
		emit_long_member(e, key, len);
}

void emit_bracket(struct emit *e, char bracket)
{
	putc_unlocked(bracket, e->out);
	e->depth++;
	e->filled = false;
}

void emit_close(struct emit *e, char bracket)
{
	e->depth--;
	if (e->filled)
		new_line(e, false);
	putc_unlocked(bracket, e->out);
	e->filled = true;
}

void emit_text_value(struct emit *e, const char *text)
{
	if (text)
		json_print_string(text, strlen(text), e->out);
	else
		emit_null_value(e);
}

void emit_number(struct emit *e, const char *key, int64_t number)
{
	emit_key(e, key);
	number_write_signed(number, e->out);
}

void emit_unsigned_value(struct emit *e, uint64_t number)
{
	number_write(number, e->out);
}

void emit_bool_value(struct emit *e, bool value)
{
	if (value)
		stream_puts(e->out, "true");
	else
		stream_puts(e->out, "false");
}

void emit_null_value(struct emit *e)
{
	stream_puts(e->out, "null");
}

void emit_stamp(struct emit *e, const char *key, int64_t us)
{
	char text[STAMP_SIZE];

	emit_key(e, key);
	putc_unlocked('"', e->out);
	stream_puts(e->out, stamp_format(us, text));
	putc_unlocked('"', e->out);
}

/* Copy a JSON string with its quotes; returns what stands behind it. */
static const char *copy_string(const char *at, const char *end, FILE *out)
{
	putc_unlocked(*at++, out);
	while (at < end) {
		char c = *at++;

		putc_unlocked(c, out);
		if (c == '"')
			break;
		if (c == '\\' && at < end)
			putc_unlocked(*at++, out);
	}
	return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && strchr(" \t\r\n", *at) && *at)
		at++;
	return at;
}

/* Copy one byte of structure inside of `depth`; the layout is ours, not the input's. */
static const char *copy_structure(struct emit *e, unsigned depth, const char *at, const char *end)
{
	char c = *at++;

	switch (c) {
	case '{':
	case '[':
		putc_unlocked(c, e->out);
		e->depth++;
		at = skip_blanks(at, end);
		e->filled = at < end && *at != '}' && *at != ']';
		if (e->filled)
			new_line(e, false);
		break;
	case '}':
	case ']':
		if (e->depth > depth)
			emit_close(e, c);
		else
			putc_unlocked(c, e->out);
		break;
	case ',':
		new_line(e, true);
		break;
	case ':':
		stream_puts(e->out, e->indented ? ": " : ":");
		break;
	default:
		putc_unlocked(c, e->out);
	}
	return skip_blanks(at, end);
}

void emit_json(struct emit *e, const char *key, const char *json, size_t len)
{
	const char *end = json + len;
	const char *at = skip_blanks(json, end);
	unsigned depth = e->depth;

	emit_key(e, key);
	while (at < end) {
		if (*at == '"')
			at = skip_blanks(copy_string(at, end, e->out), end);
		else
			at = copy_structure(e, depth, at, end);
	}
	e->depth = depth;
	e->filled = true;
}

void emit_fail(FILE *out)
{
	/* What gnulib's fseterr does: there is no standard way. */
	out->_flags |= _IO_ERR_SEEN;
}
