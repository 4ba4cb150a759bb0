/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl_parse.h"

#include "catalog/secret.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define SHOWN_MAX 40 /* bytes of a token in a message */
#define LIST_MAX COLUMNS_MAX
#define WORDS_MAX 24 /* words in a message's list */

void ddl_stop(struct parser *p, int rc)
{
	if (!rc || p->rc)
		return;
	p->rc = rc;
	p->stopped = p->lx.token;
	p->lx.token.kind = TOKEN_END;
}

void ddl_lexed(struct parser *p, int rc)
{
	if (!rc)
		return;
	p->hope = p->lx.at == p->lx.len ? HOPE_YES : HOPE_NONE;
	ddl_stop(p, rc);
}

void ddl_error(struct parser *p, long pos, const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ddl_stop(p, err_parse(&p->err, pos, "%s", text));
}

/* The current token as a message quotes it. */
static const char *found(const struct parser *p, char out[SHOWN_MAX + 16])
{
	const struct token *token = &p->lx.token;
	bool is_quoted = token->kind == TOKEN_STRING || token->kind == TOKEN_QUOTED;
	const char *quote = is_quoted ? "" : "'";
	size_t len = token->len;

	if (token->kind == TOKEN_END)
		return "the end of the text";
	if (is_quoted && secret_is_in(token->text, len))
		return "a text that holds a secret";
	if (len > SHOWN_MAX)
		len = SHOWN_MAX;
	while (len < token->len && (token->text[len] & 0xc0) == 0x80)
		len--;
	snprintf(out, SHOWN_MAX + 16, "%s%.*s%s%s", quote, (int)len, token->text,
	         len < token->len ? "..." : "", quote);
	return out;
}

long ddl_here(const struct parser *p)
{
	return ddl_is_kind(p, TOKEN_END) ? (long)p->last_end : p->lx.token.pos;
}

void ddl_expected(struct parser *p, const char *what)
{
	char shown[SHOWN_MAX + 16];

	if (!p->rc && p->hope == HOPE_BY_PLACE && ddl_is_kind(p, TOKEN_END))
		p->hope = HOPE_YES;
	ddl_error(p, ddl_here(p), "Expected %s, found %s", what, found(p, shown));
}

/* "A, B or C" */
static const char *join(struct word_list list, char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < list.count && at < size; i++) {
		const char *gap = !i ? "" : i + 1 < list.count ? ", " : " or ";
		int n = snprintf(out + at, size - at, "%s%s", gap, list.words[i]);

		at += n > 0 ? (size_t)n : 0;
	}
	return out;
}

/* The entry of the list whose first word is near to the token, or NULL. */
static const char *nearest(const struct token *token, struct word_list list)
{
	char firsts[WORDS_MAX][32];
	const char *candidates[WORDS_MAX], *near;
	size_t i = 0;

	assert(list.count <= WORDS_MAX);
	for (; i < list.count; i++) {
		snprintf(firsts[i], sizeof(firsts[i]), "%.*s", (int)strcspn(list.words[i], " "),
		         list.words[i]);
		candidates[i] = firsts[i];
	}
	near = name_nearest(token->text, token->len, candidates, list.count);
	for (i = 0; near && near != candidates[i];)
		i++;
	return near ? list.words[i] : NULL;
}

void ddl_unknown(struct parser *p, const char *what, struct word_list list)
{
	const struct token *token = &p->lx.token;
	char words[512], shown[SHOWN_MAX + 16];
	const char *near;

	join(list, words, sizeof(words));
	if (token->kind != TOKEN_WORD) {
		ddl_expected(p, words);
		return;
	}
	near = nearest(token, list);
	ddl_error(p, token->pos, "Unknown %s %s. Expected %s%s%s%s", what, found(p, shown), words,
	          near ? ". Did you mean " : "", near ? near : "", near ? "?" : "");
}

void ddl_twice(struct parser *p, long pos, const char *what)
{
	ddl_error(p, pos, "%s is given twice", what);
}

void ddl_next(struct parser *p)
{
	const struct token *token = &p->lx.token;

	if (p->rc || token->kind == TOKEN_END)
		return;
	p->last_pos = token->pos;
	p->last_end = (size_t)token->pos + token->len;
	ddl_lexed(p, lex_next(&p->lx, &p->err));
}

bool ddl_is(const struct parser *p, const char *word)
{
	return lex_is_word(&p->lx, word);
}

bool ddl_is_symbol(const struct parser *p, char symbol)
{
	return lex_is_symbol(&p->lx, symbol);
}

bool ddl_is_kind(const struct parser *p, enum token_kind kind)
{
	return p->lx.token.kind == kind;
}

int ddl_which(const struct parser *p, struct word_list list)
{
	for (size_t i = 0; i < list.count; i++) {
		if (ddl_is(p, list.words[i]))
			return (int)i;
	}
	return -1;
}

bool ddl_accept(struct parser *p, const char *word)
{
	bool is = ddl_is(p, word);

	if (is)
		ddl_next(p);
	return is;
}

bool ddl_accept_symbol(struct parser *p, char symbol)
{
	bool is = ddl_is_symbol(p, symbol);

	if (is)
		ddl_next(p);
	return is;
}

void ddl_expect(struct parser *p, const char *word)
{
	if (!ddl_accept(p, word))
		ddl_expected(p, word);
}

void ddl_expect_symbol(struct parser *p, char symbol)
{
	const char what[] = { '\'', symbol, '\'', '\0' };

	if (!ddl_accept_symbol(p, symbol))
		ddl_expected(p, what);
}

struct token ddl_peek(const struct parser *p)
{
	struct lexer ahead = p->lx;

	if (p->rc || lex_next(&ahead, NULL))
		return (struct token){ .kind = TOKEN_END };
	return ahead.token;
}

bool ddl_peek_is(const struct parser *p, const char *word)
{
	struct token token = ddl_peek(p);

	return token.kind == TOKEN_WORD && name_is_word(token.text, token.len, word);
}

bool ddl_ended(const struct parser *p)
{
	if (ddl_is_kind(p, TOKEN_END) || ddl_is_symbol(p, ';'))
		return true;
	if (p->inside || !p->newline_ends || !p->lx.token.newline_before)
		return false;
	if (ddl_is(p, "COMMENT"))
		return false;
	if (ddl_is(p, "PURGE"))
		return ddl_peek_is(p, "TABLE");
	return ddl_begins_statement(p);
}

void ddl_skip_parentheses(struct parser *p)
{
	unsigned depth = 0;

	do {
		if (ddl_is_kind(p, TOKEN_END) || ddl_is_symbol(p, ';')) {
			ddl_expected(p, "')'");
			return;
		}
		depth += ddl_is_symbol(p, '(');
		depth -= ddl_is_symbol(p, ')');
		ddl_next(p);
	} while (depth);
}

static bool is_hex_string(const struct token *token)
{
	return token->kind == TOKEN_STRING && (token->text[0] | 0x20) == 'x';
}

const char *ddl_string(struct parser *p, const char *what)
{
	char wanted[96];
	char *content;

	if (!ddl_is_kind(p, TOKEN_STRING) || is_hex_string(&p->lx.token)) {
		snprintf(wanted, sizeof(wanted), "%s in single quotes", what);
		ddl_expected(p, wanted);
		return NULL;
	}
	content = lex_content(&p->lx.token, p->arena);
	if (!content)
		ddl_stop(p, err_nomem(&p->err));
	ddl_next(p);
	return content;
}

const char *ddl_comment(struct parser *p, long *pos)
{
	const char *text;

	ddl_accept_symbol(p, '=');
	*pos = p->lx.token.pos;
	if (ddl_accept(p, "NULL"))
		return NULL;
	text = ddl_string(p, "the comment");
	return text && *text ? text : NULL;
}

uint32_t ddl_integer(struct parser *p, uint32_t min, uint32_t max, const char *what)
{
	const struct token *token = &p->lx.token;
	char wanted[96];
	uint64_t n = 0;

	for (size_t i = 0; token->kind == TOKEN_NUMBER && i < token->len; i++) {
		unsigned digit = (unsigned char)token->text[i] - (unsigned)'0';

		n = digit > 9 ? UINT64_MAX / 16 : n * 10 + digit;
		if (n > UINT32_MAX)
			break;
	}
	if (token->kind != TOKEN_NUMBER || n < min || n > max) {
		snprintf(wanted, sizeof(wanted), "%s (%" PRIu32 " to %" PRIu32 ")", what, min, max);
		ddl_expected(p, wanted);
		return 0;
	}
	ddl_next(p);
	return (uint32_t)n;
}

static const char *const name_nouns[] = {
	[NAME_NAMESPACE] = "the name of a namespace",
	[NAME_TABLE] = "the name of a table",
	[NAME_COLUMN] = "the name of a column",
	[NAME_STORAGE] = "the id of a storage",
};

/* A bare storage id may hold '-', which is a token of its own. */
static size_t storage_id_len(struct parser *p)
{
	size_t start = (size_t)p->lx.token.pos;

	do {
		ddl_next(p);
	} while (!p->rc && (size_t)p->lx.token.pos == p->last_end &&
	         (ddl_is_kind(p, TOKEN_WORD) || ddl_is_kind(p, TOKEN_NUMBER) ||
	          ddl_is_symbol(p, '-')));
	p->last_pos = (long)start;
	return p->last_end - start;
}

static bool is_storage_id(const struct parser *p, enum name_kind kind)
{
	return kind == NAME_STORAGE && (ddl_is_kind(p, TOKEN_WORD) || ddl_is_kind(p, TOKEN_NUMBER));
}

static void take_name(struct parser *p, enum name_kind kind, char out[NAME_SIZE], long *pos)
{
	const struct token token = p->lx.token;
	const char *text = token.text;
	size_t len = token.len;

	*pos = token.pos;
	out[0] = '\0';
	if (is_storage_id(p, kind)) {
		len = storage_id_len(p);
	} else if (token.kind == TOKEN_QUOTED) {
		text = lex_content(&token, p->arena);
		if (!text)
			ddl_stop(p, err_nomem(&p->err));
		len = text ? strlen(text) : 0;
		ddl_next(p);
	} else if (token.kind == TOKEN_WORD) {
		ddl_next(p);
	} else {
		ddl_expected(p, name_nouns[kind]);
	}
	if (p->rc)
		return;
	ddl_stop(p, name_fold(text, len, token.pos, out, &p->err));
	if (!p->rc && token.kind == TOKEN_WORD && kind != NAME_STORAGE && name_needs_quotes(out))
		ddl_error(p, token.pos,
		          "'%s' is a word of the statement here: as a name it stands in quotes, "
		          "\"%s\"",
		          out, out);
}

static void check_new(struct parser *p, enum name_kind kind, const char *name, long pos)
{
	if (!p->rc)
		ddl_stop(p, name_check(kind, name, pos, &p->err));
}

/* Reserved words and names are no matter for what exists, such as system.users. */
static void check_old(struct parser *p, enum name_kind kind, const char *name, long pos)
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	if (p->rc)
		return;
	if (!*name)
		ddl_error(p, pos, "Name cannot be empty");
	else if (name[strspn(name, allowed)] || (kind != NAME_STORAGE && strchr(name, '-')))
		ddl_error(p, pos,
		          "Name '%s' contains invalid characters (only alphanumeric and underscore "
		          "allowed)",
		          name);
}

void ddl_new_name(struct parser *p, enum name_kind kind, char out[NAME_SIZE], long *pos)
{
	take_name(p, kind, out, pos);
	check_new(p, kind, out, *pos);
}

void ddl_old_name(struct parser *p, enum name_kind kind, char out[NAME_SIZE], long *pos)
{
	take_name(p, kind, out, pos);
	check_old(p, kind, out, *pos);
}

void ddl_table_name(struct parser *p, struct object_ref *out, bool is_new)
{
	take_name(p, NAME_TABLE, out->name, &out->pos);
	if (ddl_accept_symbol(p, '.')) {
		check_old(p, NAME_NAMESPACE, out->name, out->pos);
		memcpy(out->namespace_name, out->name, sizeof(out->namespace_name));
		take_name(p, NAME_TABLE, out->name, &out->pos);
	}
	if (is_new)
		check_new(p, NAME_TABLE, out->name, out->pos);
	else
		check_old(p, NAME_TABLE, out->name, out->pos);
}

bool ddl_if_exists(struct parser *p, bool negated)
{
	if (!ddl_accept(p, "IF"))
		return false;
	if (negated)
		ddl_expect(p, "NOT");
	ddl_expect(p, "EXISTS");
	return true;
}

static const char *setting_name(struct parser *p)
{
	const struct token *token = &p->lx.token;
	char *name;

	if (token->kind == TOKEN_WORD)
		name = arena_strndup(p->arena, token->text, token->len);
	else if (token->kind == TOKEN_QUOTED ||
	         (token->kind == TOKEN_STRING && !is_hex_string(token)))
		name = lex_content(token, p->arena);
	else {
		ddl_expected(p, "the name of an option");
		return NULL;
	}
	if (!name)
		ddl_stop(p, err_nomem(&p->err));
	else if (!*name)
		ddl_expected(p, "the name of an option");
	ddl_next(p);
	return name;
}

static void setting_value(struct parser *p, struct literal *out)
{
	const struct token *token = &p->lx.token;

	if (ddl_literal(p, out))
		return;
	if (token->kind == TOKEN_WORD)
		out->text = arena_strndup(p->arena, token->text, token->len);
	else if (token->kind == TOKEN_QUOTED)
		out->text = lex_content(token, p->arena);
	else {
		ddl_expected(p, "a value such as 'text', 12, TRUE or NULL");
		return;
	}
	if (!out->text) {
		ddl_stop(p, err_nomem(&p->err));
		return;
	}
	out->form = LITERAL_STRING;
	out->len = strlen(out->text);
	ddl_next(p);
}

static void check_setting(struct parser *p, const struct setting *settings, unsigned at)
{
	const char *name = settings[at].name;

	for (unsigned i = 0; !p->rc && i < at; i++) {
		if (name_is_word(settings[i].name, strlen(settings[i].name), name))
			ddl_error(p, settings[at].pos, "Option '%s' is given twice", name);
	}
}

void ddl_settings(struct parser *p, struct setting **settings, unsigned *count)
{
	ddl_expect_symbol(p, '(');
	do {
		struct setting *setting;

		*settings = ddl_reserve(p, *settings, *count, sizeof(**settings), "options");
		if (!*settings)
			return;
		setting = &(*settings)[*count];
		setting->pos = p->lx.token.pos;
		setting->name = setting_name(p);
		ddl_expect_symbol(p, '=');
		setting->value_pos = p->lx.token.pos;
		setting_value(p, &setting->value);
		check_setting(p, *settings, *count);
		++*count;
	} while (ddl_accept_symbol(p, ','));
	if (!ddl_accept_symbol(p, ')'))
		ddl_expected(p, "',' or ')'");
}

void *ddl_reserve(struct parser *p, void *array, size_t count, size_t size, const char *what)
{
	void *larger;

	if (p->rc)
		return NULL;
	if (what && count >= LIST_MAX) {
		ddl_error(p, p->lx.token.pos, "Too many %s (max %d)", what, LIST_MAX);
		return NULL;
	}
	/* Sizes are 4, 8, 16...: a power of two is a full array. */
	if (count && (count < 4 || (count & (count - 1))))
		return array;
	larger = arena_array(p->arena, count ? 2 * count : 4, size);
	if (!larger)
		ddl_stop(p, err_nomem(&p->err));
	else if (count)
		memcpy(larger, array, count * size);
	return larger;
}
