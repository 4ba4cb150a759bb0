/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <string.h>

#define SHOWN_LINE_MAX 200

void err_clear(struct err *err)
{
	if (!err)
		return;
	err->code = 0;
	err->kind = ERR_RULE;
	err->pos = -1;
	err->pointer[0] = '\0';
	err->text[0] = '\0';
	err->detail[0] = '\0';
}

void err_escape(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from && n + 5 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c < 0x20 || c >= 0x7f)
			n += (size_t)snprintf(to + n, size - n, "\\x%02x", c);
		else
			to[n++] = (char)c;
	}
	to[n] = '\0';
}

__attribute__((format(printf, 5, 0)))
static int record(struct err *err, int code, enum err_kind kind, long pos, const char *fmt,
		  va_list ap)
{
	char raw[ERR_TEXT_SIZE];

	if (!err || err->code)
		return code;
	vsnprintf(raw, sizeof(raw), fmt, ap);
	err_escape(err->text, sizeof(err->text), raw);
	err->code = code;
	err->kind = kind;
	err->pos = pos;
	return code;
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(err, code, ERR_RULE, -1, fmt, ap);
	va_end(ap);
	return code;
}

int err_at(struct err *err, int code, long pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(err, code, ERR_RULE, pos, fmt, ap);
	va_end(ap);
	return code;
}

int err_parse(struct err *err, long pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(err, -EINVAL, ERR_PARSE, pos, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int err_kind_set(struct err *err, enum err_kind kind)
{
	if (!err)
		return 0;
	err->kind = kind;
	return err->code;
}

int err_nomem(struct err *err)
{
	err_set(err, -ENOMEM, "Out of memory");
	err_kind_set(err, ERR_STORE);
	return -ENOMEM;
}

int err_told(struct err *err, int rc)
{
	return rc == -ENOMEM ? err_nomem(err) : rc;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_RULE] = "rule",
		[ERR_PARSE] = "parse",
		[ERR_CONFLICT] = "conflict",
		[ERR_BUSY] = "busy",
		[ERR_DENIED] = "denied",
		[ERR_STORE] = "store",
	};

	_Static_assert(countof(names) == ERR_KIND_COUNT, "every kind has a name");
	return names[kind];
}

const char *err_errno_name(int code)
{
	const char *name = strerrorname_np(code < 0 ? -code : code);

	return name ? name : "EUNKNOWN";
}

void err_locate(const char *text, size_t len, long pos, unsigned *line, unsigned *column)
{
	size_t start = 0, end = pos < 0 ? 0 : (size_t)pos;

	*line = 1;
	if (end > len)
		end = len;
	for (size_t i = 0; i < end; i++) {
		if (text[i] == '\n') {
			++*line;
			start = i + 1;
		}
	}
	*column = (unsigned)(end - start + 1);
}

void err_locate_in(const char *text, size_t len, long pos, const struct err_origin *origin,
		   unsigned *line, unsigned *column)
{
	err_locate(text, len, pos, line, column);
	if (*line == 1)
		*column += origin->column - 1;
	*line += origin->line - 1;
}

/* Bytes of the next character; *plain is false for what a terminal must not get. */
static size_t next_character(const char *text, size_t len, bool *plain)
{
	uint32_t cp;
	int n = utf8_decode(text, len, &cp);

	*plain = n > 0 && cp >= 0x20 && !utf8_is_hidden(cp);
	return n > 0 ? (size_t)n : 1;
}

/* The caret stands under column even where tabs and wide bytes come before it. */
static void print_line(const char *line, size_t len, size_t at, FILE *out)
{
	size_t from = 0;
	bool plain;

	if (len > SHOWN_LINE_MAX) {
		from = at > SHOWN_LINE_MAX / 2 ? at - SHOWN_LINE_MAX / 2 : 0;
		if (len - from > SHOWN_LINE_MAX)
			len = from + SHOWN_LINE_MAX;
	}
	while (from && from < at && ((unsigned char)line[from] & 0xc0) == 0x80)
		from++;
	fputs("  ", out);
	for (size_t i = from, n; i < len; i += n) {
		n = next_character(line + i, len - i, &plain);
		if (plain)
			fwrite(line + i, 1, n, out);
		else
			putc(line[i] == '\t' ? ' ' : '?', out);
	}
	fputs("\n  ", out);
	for (size_t i = from; i < at; i += next_character(line + i, len - i, &plain))
		putc(' ', out);
	fputs("^\n", out);
}

void err_print_in(const struct err *err, const char *prefix, const char *text, size_t len,
		  const struct err_origin *origin, FILE *out)
{
	unsigned line, column;
	size_t start, end, pos;

	if (err->pos < 0) {
		if (*err->pointer)
			fprintf(out, "%s%s: %s\n", prefix, err->pointer, err->text);
		else
			fprintf(out, "%s%s%s\n", prefix, *prefix ? " " : "", err->text);
		fputs(err->detail, out);
		return;
	}
	err_locate_in(text, len, err->pos, origin, &line, &column);
	fprintf(out, "%s%u:%u%s%s: %s\n", prefix, line, column, *err->pointer ? " " : "",
		err->pointer, err->text);
	pos = (size_t)err->pos > len ? len : (size_t)err->pos;
	start = pos;
	while (start && text[start - 1] != '\n')
		start--;
	end = start;
	while (end < len && text[end] != '\n')
		end++;
	print_line(text + start, end - start, pos - start, out);
	fputs(err->detail, out);
}

void err_print(const struct err *err, const char *prefix, const char *text, size_t len, FILE *out)
{
	const struct err_origin origin = ERR_ORIGIN_START;

	err_print_in(err, prefix, text, len, &origin, out);
}
