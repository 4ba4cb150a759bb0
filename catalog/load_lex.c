/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/load_lex.h"

#include "base/name.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static char at(const struct load_lexer *lx, size_t i)
{
	return i < lx->len ? lx->text[i] : '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool starts_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || (c & 0x80);
}

static bool goes_on_word(char c)
{
	return starts_word(c) || is_digit(c) || c == '$';
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool has_backslashes(const struct load_lexer *lx, const struct load_token *token)
{
	return lx->dialect == LOAD_MYSQL || load_token_prefix(token) == 'E';
}

static bool starts_with(const struct load_lexer *lx, const char *text)
{
	size_t n = strlen(text);

	return lx->len - lx->at >= n && !memcmp(lx->text + lx->at, text, n);
}

static bool is_line_comment(const struct load_lexer *lx)
{
	if (lx->dialect == LOAD_MYSQL)
		return at(lx, lx->at) == '#' ||
		       (starts_with(lx, "--") && (lx->at + 2 == lx->len || is_blank(at(lx, lx->at + 2))));
	return starts_with(lx, "--");
}

/* The marks around what MySQL executes: only they are skipped. */
static bool skip_conditional(struct load_lexer *lx)
{
	size_t n = starts_with(lx, "/*!") ? 3 : starts_with(lx, "/*M!") ? 4 : 0;

	if (lx->dialect != LOAD_MYSQL)
		return false;
	if (starts_with(lx, "*/"))
		n = 2;
	lx->at += n;
	while (n > 2 && is_digit(at(lx, lx->at)))
		lx->at++;
	return n;
}

static bool skip_comment(struct load_lexer *lx)
{
	bool nests = lx->dialect == LOAD_POSTGRESQL || lx->dialect == LOAD_ANY;
	unsigned depth = 1;

	if (skip_conditional(lx))
		return true;
	if (is_line_comment(lx)) {
		const char *end = memchr(lx->text + lx->at, '\n', lx->len - lx->at);

		lx->at = end ? (size_t)(end - lx->text) : lx->len;
		return true;
	}
	if (!starts_with(lx, "/*"))
		return false;
	for (lx->at += 2; depth && lx->at < lx->len;) {
		bool opens = nests && starts_with(lx, "/*"), closes = starts_with(lx, "*/");

		depth += opens;
		depth -= closes;
		lx->at += opens || closes ? 2 : 1;
	}
	return true;
}

static void take_quoted(struct load_lexer *lx, bool backslashes)
{
	char quote = lx->text[lx->at] == '[' ? ']' : lx->text[lx->at];

	for (lx->at++; lx->at < lx->len; lx->at++) {
		if (lx->text[lx->at] == '\\' && backslashes && quote != '`') {
			lx->at++;
		} else if (lx->text[lx->at] == quote) {
			if (quote == ']' || at(lx, lx->at + 1) != quote)
				break;
			lx->at++;
		}
	}
	/* A backslash that is the last byte of what was cut off has nothing behind it. */
	lx->at = lx->at < lx->len ? lx->at + 1 : lx->len;
}

/* Bytes of $tag$ here, or 0. */
static size_t dollar_tag(const struct load_lexer *lx)
{
	size_t n = 1;

	if (lx->dialect != LOAD_POSTGRESQL && lx->dialect != LOAD_ANY)
		return 0;
	while (at(lx, lx->at + n) != '$' && goes_on_word(at(lx, lx->at + n)))
		n++;
	return at(lx, lx->at) == '$' && at(lx, lx->at + n) == '$' ? n + 1 : 0;
}

static void take_dollar_quoted(struct load_lexer *lx, size_t n)
{
	const char *tag = lx->text + lx->at;
	const char *end = memmem(tag + n, lx->len - lx->at - n, tag, n);

	lx->at = end ? (size_t)(end - lx->text) + n : lx->len;
}

static void take_number(struct load_lexer *lx)
{
	while (is_digit(at(lx, lx->at)) || at(lx, lx->at) == '.')
		lx->at++;
	if ((at(lx, lx->at) | 0x20) == 'e') {
		size_t sign = at(lx, lx->at + 1) == '-' || at(lx, lx->at + 1) == '+';

		if (is_digit(at(lx, lx->at + 1 + sign)))
			lx->at += 1 + sign;
	}
	while (goes_on_word(at(lx, lx->at)))
		lx->at++;
}

static bool is_string_prefix(char c)
{
	c |= 0x20;
	return c == 'e' || c == 'n' || c == 'x' || c == 'b';
}

static enum load_token_kind take(struct load_lexer *lx)
{
	char c = at(lx, lx->at), next = at(lx, lx->at + 1);
	size_t tag;

	if (c == '\'' || (is_string_prefix(c) && next == '\'')) {
		bool escapes = lx->dialect == LOAD_MYSQL || (c | 0x20) == 'e';

		lx->at += c != '\'';
		take_quoted(lx, escapes);
		return FOREIGN_STRING;
	}
	if (c == '"' || c == '`' || (c == '[' && lx->dialect == LOAD_SQLITE)) {
		take_quoted(lx, lx->dialect == LOAD_MYSQL);
		return FOREIGN_NAME;
	}
	if (is_digit(c) || (c == '.' && is_digit(next))) {
		take_number(lx);
		return FOREIGN_NUMBER;
	}
	if (starts_word(c)) {
		while (goes_on_word(at(lx, lx->at)))
			lx->at++;
		return FOREIGN_WORD;
	}
	tag = dollar_tag(lx);
	if (tag) {
		take_dollar_quoted(lx, tag);
		return FOREIGN_STRING;
	}
	lx->at += c == ':' && next == ':' ? 2 : 1;
	return FOREIGN_SYMBOL;
}

void load_lex_next(struct load_lexer *lx)
{
	size_t start;

	for (;;) {
		while (lx->at < lx->len && is_blank(lx->text[lx->at]))
			lx->at++;
		if (lx->at == lx->len || !skip_comment(lx))
			break;
	}
	start = lx->at;
	lx->token = (struct load_token){ .text = lx->text + start, .pos = start };
	if (start < lx->len) {
		lx->token.kind = take(lx);
		lx->token.len = lx->at - start;
	}
}

void load_lex_start(struct load_lexer *lx, const char *text, size_t len, enum load_dialect dialect)
{
	*lx = (struct load_lexer){ .text = text, .len = len, .dialect = dialect };
	load_lex_next(lx);
}

bool load_token_is(const struct load_token *token, const char *word)
{
	return token->kind == FOREIGN_WORD && name_is_word(token->text, token->len, word);
}

bool load_token_is_symbol(const struct load_token *token, char symbol)
{
	return token->kind == FOREIGN_SYMBOL && token->len == 1 && token->text[0] == symbol;
}

char load_token_prefix(const struct load_token *token)
{
	if (token->kind != FOREIGN_STRING || token->text[0] == '\'' || token->text[0] == '$')
		return '\0';
	return (char)(token->text[0] & ~0x20);
}

/* The code point of so many hex digits, or 0. */
static uint32_t hex_value(const char *text, size_t digits, size_t left)
{
	char copy[9] = "", *end;
	unsigned long value;

	if (left < digits)
		return 0;
	memcpy(copy, text, digits);
	value = strtoul(copy, &end, 16);
	return end == copy + digits && value < 0x110000 ? (uint32_t)value : 0;
}

static const char *plain_escape(char letter, bool mysql)
{
	static const char from[] = "bfnrtvZ", to[] = "\b\f\n\r\t\v\x1a";
	const char *hit = letter ? strchr(from, letter) : NULL;

	if (!hit || (letter == 'Z' && !mysql))
		return NULL;
	return to + (hit - from);
}

/* One escape at text, behind its backslash; returns the bytes of it. */
static size_t unescape(const char *text, size_t left, bool mysql, char **to)
{
	size_t digits = text[0] == 'u' ? 4 : text[0] == 'U' ? 8 : 0;
	const char *plain = plain_escape(text[0], mysql);
	uint32_t value;

	if (plain) {
		*(*to)++ = *plain;
		return 1;
	}
	if (mysql) { /* a string holds no NUL here */
		if (text[0] != '0')
			*(*to)++ = text[0];
		return 1;
	}
	value = digits ? hex_value(text + 1, digits, left - 1) : 0;
	if (value) {
		*to = utf8_put(*to, value);
		return 1 + digits;
	}
	*(*to)++ = text[0];
	return 1;
}

char *load_token_content(const struct load_lexer *lx, const struct load_token *token,
			 struct arena *arena)
{
	bool escapes = has_backslashes(lx, token);
	size_t first = load_token_prefix(token) ? 2 : 1, end = token->len - 1;
	char quote = token->text[token->len ? token->len - 1 : 0], *content, *to;

	if (token->kind != FOREIGN_STRING && token->kind != FOREIGN_NAME)
		return arena_strndup(arena, token->text, token->len);
	if (token->text[0] == '$') {
		const char *second = memchr(token->text + 1, '$', token->len - 1);
		size_t tag = second ? (size_t)(second - token->text) + 1 : token->len;

		return arena_strndup(arena, token->text + tag,
				     token->len > 2 * tag ? token->len - 2 * tag : 0);
	}
	/* Nothing is shorter in its quotes than what it stands for. */
	content = to = arena_alloc(arena, token->len + 4);
	for (size_t i = first; content && i < end; i++) {
		if (token->text[i] == '\\' && escapes && quote != '`' && i + 1 < end) {
			i += unescape(token->text + i + 1, end - i - 1, lx->dialect == LOAD_MYSQL, &to);
			continue;
		}
		*to++ = token->text[i];
		if (token->text[i] == quote && quote != ']')
			i++;
	}
	return content;
}
