/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/load_impl.h"

#include "base/name.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define EXCERPT_MAX 160
#define SHOWN_MAX 40

void load_next(struct load *ld)
{
	if (ld->rc || ld->lx.token.kind == FOREIGN_END)
		return;
	ld->last_end = ld->lx.token.pos + ld->lx.token.len;
	load_lex_next(&ld->lx);
}

bool load_is(const struct load *ld, const char *word)
{
	return !ld->rc && load_token_is(&ld->lx.token, word);
}

bool load_is_symbol(const struct load *ld, char symbol)
{
	return !ld->rc && load_token_is_symbol(&ld->lx.token, symbol);
}

bool load_is_end(const struct load *ld)
{
	return ld->rc || ld->lx.token.kind == FOREIGN_END;
}

bool load_accept(struct load *ld, const char *word)
{
	bool is = load_is(ld, word);

	if (is)
		load_next(ld);
	return is;
}

bool load_accept_symbol(struct load *ld, char symbol)
{
	bool is = load_is_symbol(ld, symbol);

	if (is)
		load_next(ld);
	return is;
}

struct load_token load_peek(const struct load *ld)
{
	struct load_lexer ahead = ld->lx;

	load_lex_next(&ahead);
	return ahead.token;
}

bool load_peek_is(const struct load *ld, const char *word)
{
	struct load_token token = load_peek(ld);

	return load_token_is(&token, word);
}

bool load_peek_is_symbol(const struct load *ld, char symbol)
{
	struct load_token token = load_peek(ld);

	return load_token_is_symbol(&token, symbol);
}

size_t load_pos(const struct load *ld)
{
	return ld->lx.token.kind == FOREIGN_END ? ld->last_end : ld->lx.token.pos;
}

struct err_origin load_origin(const struct load *ld, size_t pos)
{
	struct err_origin at;

	err_locate_in(ld->stmt.text, ld->stmt.len, (long)pos, &ld->stmt.origin, &at.line, &at.column);
	return at;
}

static void expected(struct load *ld, const char *what)
{
	const struct load_token *token = &ld->lx.token;
	int len = (int)(token->len < SHOWN_MAX ? token->len : SHOWN_MAX);

	if (token->kind == FOREIGN_END)
		load_refuse(ld, -EINVAL, load_pos(ld), "Expected %s, found the end of the statement", what);
	else
		load_refuse(ld, -EINVAL, load_pos(ld), "Expected %s, found '%.*s'", what, len, token->text);
}

void load_expect(struct load *ld, const char *word)
{
	if (!load_accept(ld, word))
		expected(ld, word);
}

void load_expect_symbol(struct load *ld, char symbol)
{
	const char what[] = { '\'', symbol, '\'', '\0' };

	if (!load_accept_symbol(ld, symbol))
		expected(ld, what);
}

void load_skip_group(struct load *ld)
{
	unsigned depth = 0;

	if (!load_is_symbol(ld, '('))
		return;
	do {
		if (load_is_end(ld)) {
			expected(ld, "')'");
			return;
		}
		depth += load_is_symbol(ld, '(');
		depth -= load_is_symbol(ld, ')');
		load_next(ld);
	} while (depth);
}

void load_skip_item(struct load *ld)
{
	while (!load_is_end(ld) && !load_is_symbol(ld, ',') && !load_is_symbol(ld, ')')) {
		if (load_is_symbol(ld, '('))
			load_skip_group(ld);
		else
			load_next(ld);
	}
}

void *load_alloc(struct load *ld, struct arena *arena, size_t size)
{
	void *at = arena_alloc(arena, size);

	if (!at)
		load_refuse(ld, -ENOMEM, load_pos(ld), "Out of memory");
	return at;
}

char *load_copy(struct load *ld, struct arena *arena, const char *text)
{
	char *copy = load_alloc(ld, arena, strlen(text) + 1);

	return copy ? memcpy(copy, text, strlen(text) + 1) : NULL;
}

static char *content(struct load *ld)
{
	char *text = load_token_content(&ld->lx, &ld->lx.token, &ld->arena);

	if (!text)
		load_refuse(ld, -ENOMEM, load_pos(ld), "Out of memory");
	load_next(ld);
	return text;
}

/* SQLite also takes names in single quotes. */
char *load_name(struct load *ld, const char *what)
{
	enum load_token_kind kind = ld->lx.token.kind;

	if (ld->rc)
		return NULL;
	if (kind == FOREIGN_WORD || kind == FOREIGN_NAME ||
	    (kind == FOREIGN_STRING && ld->dialect == LOAD_SQLITE)) {
		char *name = content(ld);

		for (char *c = name; c && kind == FOREIGN_WORD && *c; c++)
			*c = (char)tolower((unsigned char)*c);
		return name;
	}
	expected(ld, what);
	return NULL;
}

char *load_string(struct load *ld, const char *what)
{
	enum load_token_kind kind = ld->lx.token.kind;
	bool is_double = kind == FOREIGN_NAME && ld->lx.token.text[0] == '"' &&
			 (ld->dialect == LOAD_MYSQL || ld->dialect == LOAD_SQLITE);

	if (ld->rc)
		return NULL;
	if (kind == FOREIGN_STRING || is_double)
		return content(ld);
	expected(ld, what);
	return NULL;
}

/* One line: whatever separates words is one blank. */
const char *load_excerpt(struct load *ld, size_t from)
{
	char *out = arena_alloc(&ld->arena, EXCERPT_MAX + 8);
	const char *text = ld->stmt.text;
	size_t end = ld->last_end, n = 0;

	if (!out)
		return "";
	for (; from < end && n < EXCERPT_MAX; from++) {
		unsigned char c = (unsigned char)text[from];
		bool is_blank = c <= ' ' || c == 0x7f;

		if (!is_blank)
			out[n++] = (char)c;
		else if (n && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	if (from == end)
		return out;
	while (n && (text[from] & 0xc0) == 0x80) {
		from--;
		n--;
	}
	memcpy(out + n, "...", 4);
	return out;
}
