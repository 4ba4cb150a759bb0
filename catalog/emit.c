/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/emit.h"

#include "base/stamp.h"
#include "catalog/value.h"

#include <inttypes.h>
#include <string.h>

static void new_line(struct emit *e)
{
	if (!e->indented)
		return;
	fputc('\n', e->out);
	for (unsigned i = 0; i < e->depth; i++)
		fputs("  ", e->out);
}

void emit_key(struct emit *e, const char *key)
{
	if (e->filled)
		fputc(',', e->out);
	if (e->depth)
		new_line(e);
	if (key)
		fprintf(e->out, e->indented ? "\"%s\": " : "\"%s\":", key);
	e->filled = true;
}

void emit_open(struct emit *e, const char *key, char bracket)
{
	emit_key(e, key);
	fputc(bracket, e->out);
	e->depth++;
	e->filled = false;
}

void emit_close(struct emit *e, char bracket)
{
	e->depth--;
	if (e->filled)
		new_line(e);
	fputc(bracket, e->out);
	e->filled = true;
}

void emit_text(struct emit *e, const char *key, const char *text)
{
	if (!text) {
		emit_null(e, key);
		return;
	}
	emit_key(e, key);
	json_print_string(text, strlen(text), e->out);
}

void emit_number(struct emit *e, const char *key, int64_t number)
{
	emit_key(e, key);
	fprintf(e->out, "%" PRId64, number);
}

void emit_unsigned(struct emit *e, const char *key, uint64_t number)
{
	emit_key(e, key);
	fprintf(e->out, "%" PRIu64, number);
}

void emit_bool(struct emit *e, const char *key, bool value)
{
	emit_key(e, key);
	fputs(value ? "true" : "false", e->out);
}

void emit_null(struct emit *e, const char *key)
{
	emit_key(e, key);
	fputs("null", e->out);
}

void emit_stamp(struct emit *e, const char *key, int64_t us)
{
	char text[STAMP_SIZE];

	emit_key(e, key);
	fprintf(e->out, "\"%s\"", stamp_format(us, text));
}

/* Copy a JSON string with its quotes; returns what stands behind it. */
static const char *copy_string(const char *at, const char *end, FILE *out)
{
	fputc(*at++, out);
	while (at < end) {
		char c = *at++;

		fputc(c, out);
		if (c == '"')
			break;
		if (c == '\\' && at < end)
			fputc(*at++, out);
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
		fputc(c, e->out);
		e->depth++;
		at = skip_blanks(at, end);
		e->filled = at < end && *at != '}' && *at != ']';
		if (e->filled)
			new_line(e);
		break;
	case '}':
	case ']':
		if (e->depth > depth)
			emit_close(e, c);
		else
			fputc(c, e->out);
		break;
	case ',':
		fputc(c, e->out);
		new_line(e);
		break;
	case ':':
		fputs(e->indented ? ": " : ":", e->out);
		break;
	default:
		fputc(c, e->out);
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
