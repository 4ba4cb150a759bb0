/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/lex.h"

#include "base/name.h"
#include "base/stream.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

/* Escapes of one letter in E'..'; \uXXXX and \UXXXXXXXX besides. */
static const struct {
	char letter, character;
} escapes[] = {
	{ '\\', '\\' }, { '\'', '\'' }, { '"', '"' },  { 'n', '\n' },
	{ 't', '\t' },  { 'r', '\r' },  { 'b', '\b' }, { 'f', '\f' },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool starts_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Bytes beyond ASCII are taken in, so that the error shows the whole word. */
static bool continues_word(char c)
{
	return starts_word(c) || is_digit(c) || c == '$' || (c & 0x80);
}

static char peek(const struct lexer *lx, size_t ahead)
{
	return lx->len - lx->at > ahead ? lx->text[lx->at + ahead] : '\0';
}

/* Bytes of a word to show in a message: no more than 40, whole characters of valid UTF-8. */
static int shown(const char *text, size_t len)
{
	if (len <= 40)
		return (int)len;
	len = 40;
	while ((text[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

/* The text ends too early for the token that begins at pos. */
static int ends_early(struct lexer *lx, size_t pos, const char *what, struct err *err)
{
	lx->at = lx->len;
	return err_parse(err, (long)pos, "%s", what);
}

static int refuse_character(struct lexer *lx, size_t pos, uint32_t cp, struct err *err)
{
	lx->at = pos;
	return err_parse(err, (long)pos, "Character U+%04X is not allowed in a statement: remove it",
			 (unsigned)cp);
}

static int check_text(struct lexer *lx, struct err *err)
{
	uint32_t cp;

	lx->whole = lx->len;
	for (size_t at = 0, used; at < lx->len; at += used) {
		int n;

		used = utf8_plain(lx->text + at, lx->len - at);
		if (used)
			continue;
		n = utf8_decode(lx->text + at, lx->len - at, &cp);
		if (n < 0) {
			lx->whole = at;
			return 0;
		}
		if (!n) {
			lx->at = at;
			return err_parse(err, (long)at,
					 "Byte 0x%02X is not UTF-8: statements are UTF-8 text",
					 (unsigned char)lx->text[at]);
		}
		if (utf8_is_hidden(cp))
			return refuse_character(lx, at, cp, err);
		used = (size_t)n;
	}
	return 0;
}

static void skip_line(struct lexer *lx)
{
	while (lx->at < lx->len && lx->text[lx->at] != '\n')
		lx->at++;
}

/* Bracketed comments nest, as in standard SQL. */
static int skip_comment(struct lexer *lx, struct err *err)
{
	size_t start = lx->at;
	unsigned depth = 0;

	do {
		if (lx->at == lx->len)
			return ends_early(lx, start, "Comment is not closed: '*/' is missing", err);
		if (peek(lx, 0) == '/' && peek(lx, 1) == '*') {
			depth++;
			lx->at += 2;
		} else if (peek(lx, 0) == '*' && peek(lx, 1) == '/') {
			depth--;
			lx->at += 2;
		} else {
			lx->at++;
		}
	} while (depth);
	return 0;
}

static int skip_blanks(struct lexer *lx, struct err *err)
{
	int rc = 0;

	while (!rc && lx->at < lx->len) {
		char c = peek(lx, 0);

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			lx->at++;
		else if (c == '-' && peek(lx, 1) == '-')
			skip_line(lx);
		else if (c == '/' && peek(lx, 1) == '*')
			rc = skip_comment(lx, err);
		else
			break;
	}
	return rc;
}

static unsigned hex_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a') < 6 ? (unsigned)((c | 0x20) - 'a' + 10) : 16;
}

/* Code point of \uXXXX or \UXXXXXXXX at text (behind the backslash), or 0 if it is none. */
static uint32_t unicode_escape(const char *text, size_t len, size_t *used)
{
	size_t digits = len && text[0] == 'u' ? 4 : len && text[0] == 'U' ? 8 : 0;
	uint32_t cp = 0;

	if (!digits || len <= digits)
		return 0;
	for (size_t i = 1; i <= digits; i++) {
		unsigned value = hex_value(text[i]);

		if (value > 15 || cp > 0x10ffff)
			return 0;
		cp = cp << 4 | value;
	}
	*used = digits + 1;
	return cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff) ? 0 : cp;
}

/* The character of an escape at text (behind the backslash), or 0. */
static uint32_t escape_value(const char *text, size_t len, size_t *used)
{
	for (size_t i = 0; i < countof(escapes); i++) {
		if (len && text[0] == escapes[i].letter) {
			*used = 1;
			return (unsigned char)escapes[i].character;
		}
	}
	return unicode_escape(text, len, used);
}

static int skip_escape(struct lexer *lx, struct err *err)
{
	size_t used;

	if (!escape_value(lx->text + lx->at + 1, lx->len - lx->at - 1, &used)) {
		err_parse(err, (long)lx->at, "Escape '\\%c' is not known in E'...': the escapes are "
			  "\\\\ \\' \\\" \\n \\t \\r \\b \\f \\uXXXX and \\UXXXXXXXX", peek(lx, 1));
		if (lx->len - lx->at < 10 && !memchr(lx->text + lx->at, '\'', lx->len - lx->at))
			lx->at = lx->len;
		return -EINVAL;
	}
	lx->at += 1 + used;
	return 0;
}

/* From the opening quote to behind the closing one. */
static int take_quoted(struct lexer *lx, bool escaped, struct err *err)
{
	size_t start = lx->at;
	char quote = lx->text[lx->at++];

	while (lx->at < lx->len) {
		if (escaped && peek(lx, 0) == '\\') {
			int rc = skip_escape(lx, err);

			if (rc)
				return rc;
		} else if (peek(lx, 0) != quote) {
			lx->at++;
		} else if (peek(lx, 1) == quote) {
			lx->at += 2;
		} else {
			lx->at++;
			return 0;
		}
	}
	return ends_early(lx, start, quote == '\'' ? "String is not closed: \"'\" is missing" :
			  quote == '"' ? "Quoted name is not closed: '\"' is missing" :
			  "Quoted name is not closed: '`' is missing", err);
}

static void skip_digits(struct lexer *lx)
{
	while (is_digit(peek(lx, 0)))
		lx->at++;
}

/* Of what begins with a digit: "9lives", not "1.2.3": the id of a storage, and elsewhere a name to be refused as one. */
static bool is_name_like(const char *text, size_t len)
{
	bool has_letter = false;

	for (size_t i = 0; i < len; i++) {
		if (!continues_word(text[i]))
			return false;
		has_letter |= !is_digit(text[i]);
	}
	return has_letter;
}

static int take_word(struct lexer *lx, struct err *err)
{
	size_t start = lx->at;
	bool ascii = true;

	while (continues_word(peek(lx, 0))) {
		ascii = ascii && !(peek(lx, 0) & 0x80);
		lx->at++;
	}
	if (ascii)
		return 0;
	return err_parse(err, (long)start,
			 "'%.*s' has characters beyond ASCII: "
			 "names are ASCII (a-z, 0-9 and '_')",
			 shown(lx->text + start, lx->at - start), lx->text + start);
}

static int take_number(struct lexer *lx, struct err *err)
{
	size_t start = lx->at;
	bool good = true;

	skip_digits(lx);
	if (peek(lx, 0) == '.') {
		lx->at++;
		skip_digits(lx);
	}
	if ((peek(lx, 0) | 0x20) == 'e') {
		lx->at++;
		if (peek(lx, 0) == '+' || peek(lx, 0) == '-')
			lx->at++;
		good = is_digit(peek(lx, 0));
		skip_digits(lx);
	}
	while (continues_word(peek(lx, 0)) || peek(lx, 0) == '.') {
		good = false;
		lx->at++;
	}
	if (good)
		return 0;
	if (is_name_like(lx->text + start, lx->at - start)) {
		lx->at = start;
		lx->token.kind = TOKEN_WORD;
		return take_word(lx, err);
	}
	err_parse(err, (long)start, "'%.*s' is neither a number nor a name",
		  shown(lx->text + start, lx->at - start), lx->text + start);
	return -EINVAL;
}

/* Quotes with a letter in front: E'..' with escapes and X'..' with hex digits. */
static int take_prefixed(struct lexer *lx, struct err *err)
{
	size_t start = lx->at++;
	bool hex = (lx->text[start] | 0x20) == 'x';
	int rc = take_quoted(lx, !hex, err);

	for (size_t at = start + 2; !rc && hex && at < lx->at - 1; at++) {
		if (hex_value(lx->text[at]) > 15) {
			lx->at = at;
			return err_parse(err, (long)at, "X'...' holds hex digits only");
		}
	}
	return rc;
}

static int take_token(struct lexer *lx, struct err *err)
{
	char c = peek(lx, 0);

	if (lx->at == lx->len) {
		lx->token.kind = TOKEN_END;
		if (lx->whole < lx->len)
			return ends_early(lx, lx->whole, "The text ends within a character", err);
		return 0;
	}
	if (c == '\'') {
		lx->token.kind = TOKEN_STRING;
		return take_quoted(lx, false, err);
	}
	if (c == '"' || c == '`') {
		lx->token.kind = TOKEN_QUOTED;
		return take_quoted(lx, false, err);
	}
	if (peek(lx, 1) == '\'' && ((c | 0x20) == 'e' || (c | 0x20) == 'x')) {
		lx->token.kind = TOKEN_STRING;
		return take_prefixed(lx, err);
	}
	if (is_digit(c) || (c == '.' && is_digit(peek(lx, 1)))) {
		lx->token.kind = TOKEN_NUMBER;
		return take_number(lx, err);
	}
	if (starts_word(c) || (c & 0x80)) {
		lx->token.kind = TOKEN_WORD;
		return take_word(lx, err);
	}
	lx->token.kind = TOKEN_SYMBOL;
	lx->at++;
	return 0;
}

int lex_start(struct lexer *lx, const char *text, size_t len, struct err *err)
{
	int rc;

	*lx = (struct lexer){ .text = text, .len = len };
	rc = check_text(lx, err);
	if (!rc)
		rc = lex_next(lx, err);
	lx->token.newline_before = false;
	return rc;
}

int lex_next(struct lexer *lx, struct err *err)
{
	size_t from = lx->at, start;
	int rc = skip_blanks(lx, err);

	if (rc)
		return rc;
	start = lx->at;
	rc = take_token(lx, err);
	if (rc)
		return rc;
	lx->token.text = lx->text + start;
	lx->token.len = lx->at - start;
	lx->token.pos = (long)start;
	if (lx->token.kind != TOKEN_END || start > from)
		lx->token.newline_before = start > from && memchr(lx->text + from, '\n', start - from);
	return 0;
}

bool lex_is_word(const struct lexer *lx, const char *word)
{
	return lx->token.kind == TOKEN_WORD && name_is_word(lx->token.text, lx->token.len, word);
}

bool lex_is_symbol(const struct lexer *lx, char symbol)
{
	return lx->token.kind == TOKEN_SYMBOL && lx->token.text[0] == symbol;
}

char *lex_content(const struct token *token, struct arena *arena)
{
	bool escaped = (token->text[0] | 0x20) == 'e';
	size_t first = escaped ? 2 : 1;
	char quote = token->text[first - 1], *content, *to;

	if ((token->text[0] | 0x20) == 'x')
		return arena_strndup(arena, token->text, token->len);
	/* No escape is shorter than the character it stands for. */
	content = to = arena_alloc(arena, token->len);
	for (size_t at = first; content && at < token->len - 1; at++) {
		size_t used = 0;

		if (escaped && token->text[at] == '\\') {
			to = utf8_put(to, escape_value(token->text + at + 1, token->len - at - 2,
						       &used));
			at += used;
			continue;
		}
		*to++ = token->text[at];
		if (token->text[at] == quote)
			at++;
	}
	return content;
}

static bool needs_escapes(const char *text, size_t len)
{
	uint32_t cp;

	while (len) {
		int n = utf8_decode(text, len, &cp);

		if (n <= 0 || utf8_is_hidden(cp))
			return true;
		text += n;
		len -= (size_t)n;
	}
	return false;
}

/* The first character; returns its bytes. */
static size_t print_character(const char *text, size_t len, bool escaped, FILE *out)
{
	uint32_t cp;
	int n = utf8_decode(text, len, &cp);

	if (n <= 0) {
		cp = 0xfffd;
		n = 1;
	}
	if (*text == '\'' || (escaped && *text == '\\')) {
		putc_unlocked(*text, out);
		putc_unlocked(*text, out);
	} else if (escaped && (utf8_is_hidden(cp) || cp == 0xfffd)) {
		fprintf(out, "\\u%04x", (unsigned)cp);
	} else {
		stream_put(out, text, (size_t)n);
	}
	return (size_t)n;
}

void lex_print_string(const char *text, FILE *out)
{
	size_t len = strlen(text), used = utf8_plain(text, len);
	bool escaped = needs_escapes(text + used, len - used);

	if (escaped)
		putc_unlocked('E', out);
	putc_unlocked('\'', out);
	for (; len; text += used, len -= used) {
		used = utf8_plain(text, len);
		if (used)
			stream_put(out, text, used);
		else
			used = print_character(text, len, escaped, out);
	}
	putc_unlocked('\'', out);
}
