/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/emit.h"

#include "base/stamp.h"
#include "catalog/number.h"
#include "catalog/value.h"

#include <string.h>

/*
 * Every change measures its documents, so few large pieces are written here
 * rather than many small ones.
 */
#define PIECE_SIZE 128

/* What stands in front of a member or a bracket: how much of piece is still to be written. */
static size_t start_line(struct emit *e, bool comma, char piece[PIECE_SIZE])
{
	size_t len = 0, blanks = e->indented ? 2 * (size_t)e->depth : 0;

	if (comma)
		piece[len++] = ',';
	if (e->indented)
		piece[len++] = '\n';
	for (; blanks; blanks--) {
		if (len == PIECE_SIZE) {
			fwrite(piece, 1, len, e->out);
			len = 0;
		}
		piece[len++] = ' ';
	}
	return len;
}

static void new_line(struct emit *e, bool comma)
{
	char piece[PIECE_SIZE];

	fwrite(piece, 1, start_line(e, comma, piece), e->out);
}

void emit_key(struct emit *e, const char *key)
{
	static const char behind[] = "\": ";
	size_t key_len = key ? strlen(key) : 0, len = 0;
	char piece[PIECE_SIZE];

	if (e->depth)
		len = start_line(e, e->filled, piece);
	else if (e->filled)
		piece[len++] = ',';
	e->filled = true;
	if (key && len + key_len + sizeof(behind) > PIECE_SIZE) {
		fwrite(piece, 1, len, e->out);
		fprintf(e->out, "\"%s\":%s", key, e->indented ? " " : "");
		return;
	}
	if (key) {
		piece[len++] = '"';
		memcpy(piece + len, key, key_len);
		len += key_len;
		memcpy(piece + len, behind, strlen(behind));
		len += e->indented ? 3 : 2;
	}
	fwrite(piece, 1, len, e->out);
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
		new_line(e, false);
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
	char text[NUMBER_SIZE];

	emit_key(e, key);
	if (number < 0)
		fputc('-', e->out);
	fputs(number_print_unsigned(number < 0 ? -(uint64_t)number : (uint64_t)number, text), e->out);
}

void emit_unsigned(struct emit *e, const char *key, uint64_t number)
{
	char text[NUMBER_SIZE];

	emit_key(e, key);
	fputs(number_print_unsigned(number, text), e->out);
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
	fputc('"', e->out);
	fputs(stamp_format(us, text), e->out);
	fputc('"', e->out);
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
			new_line(e, false);
		break;
	case '}':
	case ']':
		if (e->depth > depth)
			emit_close(e, c);
		else
			fputc(c, e->out);
		break;
	case ',':
		new_line(e, true);
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
