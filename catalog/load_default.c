/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defaults of other databases: a value, or a function that we have, too.
 * Anything else is an expression, which no catalog can work out.
 */
#include "catalog/load_impl.h"

#include "catalog/apply.h"
#include "catalog/lex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TOKENS_MAX 256

/* The tokens of a default, casts and parentheses around it taken off. */
struct expression {
	struct load_token tokens[TOKENS_MAX];
	struct load_token *at;	/* the first of count ones */
	size_t count;
	bool is_long;		/* there were more */
};

#define TYPE(id) (1u << TYPE_##id)
#define MOMENTS (TYPE(TIMESTAMP) | TYPE(DATETIME))
#define NUMBERS (TYPE(SMALLINT) | TYPE(INT) | TYPE(BIGINT))

/* Functions, and the columns for which they mean the same as ours. */
static const struct function {
	const char *name, *ours;
	unsigned types;
	const char *argument;	/* the content of its first one must be this; NULL = any */
} functions[] = {
	{ "now", "NOW", MOMENTS | TYPE(DATE) | TYPE(TIME), NULL },
	{ "current_timestamp", "NOW", MOMENTS | TYPE(DATE) | TYPE(TIME), NULL },
	{ "localtimestamp", "NOW", MOMENTS | TYPE(DATE) | TYPE(TIME), NULL },
	{ "transaction_timestamp", "NOW", MOMENTS, NULL },
	{ "statement_timestamp", "NOW", MOMENTS, NULL },
	{ "clock_timestamp", "NOW", MOMENTS, NULL },
	{ "utc_timestamp", "NOW", MOMENTS, NULL },
	{ "sysdate", "NOW", MOMENTS, NULL },
	{ "datetime", "NOW", MOMENTS, "now" },
	{ "current_date", "NOW", TYPE(DATE), NULL },
	{ "curdate", "NOW", TYPE(DATE), NULL },
	{ "date", "NOW", TYPE(DATE), "now" },
	{ "current_time", "NOW", TYPE(TIME), NULL },
	{ "curtime", "NOW", TYPE(TIME), NULL },
	{ "localtime", "NOW", TYPE(TIME), NULL },
	{ "time", "NOW", TYPE(TIME), "now" },
	{ "timezone", "NOW", MOMENTS, "utc" },
	{ "gen_random_uuid", "UUID", TYPE(UUID) | TYPE(TEXT), NULL },
	{ "uuid_generate_v4", "UUID", TYPE(UUID) | TYPE(TEXT), NULL },
	{ "uuid_v4", "UUID", TYPE(UUID) | TYPE(TEXT), NULL },
	{ "uuid", "UUID", TYPE(UUID) | TYPE(TEXT), NULL },
	{ "uuidv7", "UUID_V7", TYPE(UUID) | TYPE(TEXT), NULL },
	{ "uuid_v7", "UUID_V7", TYPE(UUID) | TYPE(TEXT), NULL },
	{ "uuid_generate_v7", "UUID_V7", TYPE(UUID) | TYPE(TEXT), NULL },
	{ "gen_ulid", "ULID", TYPE(TEXT), NULL },
	{ "ulid", "ULID", TYPE(TEXT), NULL },
	{ "current_user", "CURRENT_USER", TYPE(TEXT), NULL },
	{ "session_user", "CURRENT_USER", TYPE(TEXT), NULL },
	{ "user", "CURRENT_USER", TYPE(TEXT), NULL },
	{ "nextval", "SNOWFLAKE_ID", NUMBERS, NULL },
	{ "snowflake_id", "SNOWFLAKE_ID", NUMBERS, NULL },
};

/* Words behind a default that do not belong to it. */
static const char *const end_words[] = {
	"NOT", "NULL", "PRIMARY", "KEY", "UNIQUE", "CHECK", "REFERENCES", "CONSTRAINT", "COLLATE",
	"GENERATED", "COMMENT", "AUTO_INCREMENT", "AUTOINCREMENT", "ON", "DEFERRABLE", "INITIALLY",
	"INVISIBLE", "VISIBLE", "STORAGE", "COLUMN_FORMAT", "DEFAULT", "ID", "FIRST", "AFTER",
};

static bool is_end_word(const struct load *ld)
{
	for (size_t i = 0; i < countof(end_words); i++) {
		if (load_is(ld, end_words[i]))
			return true;
	}
	return false;
}

static void take(struct load *ld, struct expression *e)
{
	if (e->count < TOKENS_MAX)
		e->tokens[e->count++] = ld->lx.token;
	else
		e->is_long = true;
	load_next(ld);
}

static void take_all(struct load *ld, struct expression *e)
{
	unsigned depth = 0;

	e->at = e->tokens;
	e->count = 0;
	e->is_long = false;
	while (!load_is_end(ld)) {
		bool opens = load_is_symbol(ld, '(') || load_is_symbol(ld, '[');
		bool closes = load_is_symbol(ld, ')') || load_is_symbol(ld, ']');

		if (!depth && (closes || load_is_symbol(ld, ',') || (e->count && is_end_word(ld))))
			return;
		depth += opens;
		depth -= closes;
		take(ld, e);
	}
}

static bool is_symbol(const struct expression *e, size_t i, char symbol)
{
	return i < e->count && load_token_is_symbol(&e->at[i], symbol);
}

static bool is_word(const struct expression *e, size_t i, const char *word)
{
	return i < e->count && load_token_is(&e->at[i], word);
}

static bool is_kind(const struct expression *e, size_t i, enum load_token_kind kind)
{
	return i < e->count && e->at[i].kind == kind;
}

/* Index of what closes the parenthesis at i, or count. */
static size_t closing(const struct expression *e, size_t i)
{
	unsigned depth = 0;

	for (; i < e->count; i++) {
		depth += is_symbol(e, i, '(');
		depth -= is_symbol(e, i, ')');
		if (!depth)
			return i;
	}
	return e->count;
}

/* Whether from i on stands nothing but "::type", perhaps repeated. */
static bool is_cast(const struct expression *e, size_t i)
{
	if (!is_kind(e, i, FOREIGN_SYMBOL) || e->at[i].len != 2)
		return false;
	for (; i < e->count; i++) {
		const struct load_token *t = &e->at[i];
		bool is_part = t->kind == FOREIGN_WORD || t->kind == FOREIGN_NAME ||
			       t->kind == FOREIGN_NUMBER || t->len == 2 || strchr(".(),[]", t->text[0]);

		if (!is_part)
			return false;
	}
	return true;
}

static bool strip_cast(struct expression *e)
{
	unsigned depth = 0;

	for (size_t i = 0; i < e->count; i++) {
		depth += is_symbol(e, i, '(');
		depth -= is_symbol(e, i, ')');
		if (!depth && is_cast(e, i + 1)) {
			e->count = i + 1;
			return true;
		}
	}
	return false;
}

static bool strip_parentheses(struct expression *e)
{
	if (!is_symbol(e, 0, '(') || closing(e, 0) + 1 != e->count)
		return false;
	e->at++;
	e->count -= 2;
	return true;
}

/* N'x', _utf8mb4'x', DATE 'x': what stands in front of the string goes. */
static bool strip_introducer(struct expression *e)
{
	static const char *const words[] = { "DATE", "TIME", "TIMESTAMP" };
	bool is = is_kind(e, 0, FOREIGN_WORD) && e->at[0].text[0] == '_';

	for (size_t i = 0; i < countof(words); i++)
		is |= is_word(e, 0, words[i]);
	if (!is || e->count != 2 || !is_kind(e, 1, FOREIGN_STRING))
		return false;
	e->at++;
	e->count--;
	return true;
}

static char *content(struct load *ld, const struct load_token *token)
{
	char *text = load_token_content(&ld->lx, token, &ld->arena);

	if (!text)
		load_refuse(ld, -ENOMEM, token->pos, "Out of memory");
	return text;
}

static void set_literal(struct default_expr *out, enum literal_form form, const char *text)
{
	out->kind = DEFAULT_LITERAL;
	out->literal = (struct literal){ .form = form, .text = text, .len = text ? strlen(text) : 0 };
}

/* [sign] number */
static bool number(struct load *ld, const struct expression *e, struct default_expr *out)
{
	bool negative = is_symbol(e, 0, '-'), sign = negative || is_symbol(e, 0, '+');
	size_t i = sign;
	char *text;

	if (e->count != i + 1 || !is_kind(e, i, FOREIGN_NUMBER))
		return false;
	text = arena_alloc(&ld->arena, e->at[i].len + 2);
	if (text) {
		text[0] = '-';
		memcpy(text + negative, e->at[i].text, e->at[i].len);
	}
	set_literal(out, LITERAL_NUMBER, text);
	return text;
}

static bool string(struct load *ld, const struct expression *e, struct default_expr *out)
{
	bool is_double = is_kind(e, 0, FOREIGN_NAME) && e->at[0].text[0] == '"' &&
			 (ld->dialect == LOAD_MYSQL || ld->dialect == LOAD_SQLITE);

	if (e->count != 1 || (!is_kind(e, 0, FOREIGN_STRING) && !is_double))
		return false;
	set_literal(out, LITERAL_STRING, content(ld, &e->at[0]));
	return out->literal.text;
}

static bool word(const struct expression *e, struct default_expr *out)
{
	if (e->count != 1)
		return false;
	if (is_word(e, 0, "TRUE") || is_word(e, 0, "FALSE"))
		set_literal(out, LITERAL_BOOLEAN, is_word(e, 0, "TRUE") ? "true" : "false");
	else if (is_word(e, 0, "NULL"))
		out->kind = DEFAULT_NONE;
	else
		return false;
	return true;
}

/* name, name(...), schema.name(...): the name alone in *name; whether it is that. */
static bool is_call(const struct expression *e, size_t *name)
{
	size_t i = 0;

	while (is_kind(e, i, FOREIGN_WORD) && is_symbol(e, i + 1, '.'))
		i += 2;
	*name = i;
	if (!is_kind(e, i, FOREIGN_WORD) && !is_kind(e, i, FOREIGN_NAME))
		return false;
	return e->count == i + 1 || (is_symbol(e, i + 1, '(') && closing(e, i + 1) + 1 == e->count);
}

static bool has_word(const struct expression *e, size_t i, const char *word)
{
	while (i < e->count && !is_word(e, i, word))
		i++;
	return i < e->count;
}

/* datetime('now'), timezone('utc', now()) */
static bool argument_fits(struct load *ld, const struct expression *e, size_t i, const char *wanted)
{
	const char *text;

	if (!wanted)
		return true;
	if (!is_kind(e, i + 2, FOREIGN_STRING))
		return false;
	text = content(ld, &e->at[i + 2]);
	if (!text || strcasecmp(text, wanted) != 0)
		return false;
	return !strcmp(wanted, "now") ? is_symbol(e, i + 3, ')') :
	       has_word(e, i + 3, "now") || has_word(e, i + 3, "current_timestamp");
}

/* (now() AT TIME ZONE 'utc') */
static void strip_utc(struct load *ld, struct expression *e)
{
	const char *text;

	if (e->count < 5 || !is_word(e, e->count - 4, "AT") || !is_word(e, e->count - 3, "TIME") ||
	    !is_kind(e, e->count - 1, FOREIGN_STRING))
		return;
	text = content(ld, &e->at[e->count - 1]);
	if (text && !strcasecmp(text, "utc"))
		e->count -= 4;
}

static bool function(struct load *ld, const struct expression *e, const struct type *type,
		     struct default_expr *out)
{
	const char *name;
	size_t i;

	if (!is_call(e, &i))
		return false;
	name = content(ld, &e->at[i]);
	for (size_t f = 0; name && f < countof(functions); f++) {
		if (strcasecmp(name, functions[f].name) != 0 || !(functions[f].types & 1u << type->id))
			continue;
		if (!argument_fits(ld, e, i, functions[f].argument))
			continue;
		out->kind = DEFAULT_FUNCTION;
		out->function = functions[f].ours;
		return true;
	}
	return false;
}

/* SNOWFLAKE(1, 2), RANDOM_STRING(16): ours, with numbers. */
static bool our_function(const struct expression *e, struct default_expr *out)
{
	const struct load_token *name = &e->at[0];

	if (!is_kind(e, 0, FOREIGN_WORD) || !is_symbol(e, 1, '(') || closing(e, 1) + 1 != e->count)
		return false;
	for (size_t i = 2; i + 1 < e->count; i += 2) {
		if (!is_kind(e, i, FOREIGN_NUMBER) || out->nargs == DEFAULT_ARGS_MAX)
			return false;
		out->args[out->nargs++] = strtol(e->at[i].text, NULL, 10);
	}
	out->kind = DEFAULT_FUNCTION;
	out->function = ddl_function(name->text, name->len, out->args, out->nargs, -1, NULL);
	return out->function;
}

static bool read_expression(struct load *ld, struct expression *e, const struct type *type,
			    struct default_expr *out)
{
	*out = (struct default_expr){ .pos = -1 };
	if (e->is_long)
		return false;
	while (strip_parentheses(e) || strip_cast(e) || strip_introducer(e))
		;
	strip_utc(ld, e);
	while (strip_parentheses(e) || strip_cast(e))
		;
	return number(ld, e, out) || string(ld, e, out) || word(e, out) || function(ld, e, type, out) ||
	       our_function(e, out);
}

static bool is_among(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcasecmp(text, words[i]))
			return true;
	}
	return false;
}

static void to_boolean(struct literal *literal)
{
	static const char *const yes[] = { "1", "t", "true", "y", "yes", "on", "b'1'" };
	static const char *const no[] = { "0", "f", "false", "n", "no", "off", "b'0'" };

	if (is_among(literal->text, yes, countof(yes)))
		*literal = (struct literal){ LITERAL_BOOLEAN, "true", 4 };
	else if (is_among(literal->text, no, countof(no)))
		*literal = (struct literal){ LITERAL_BOOLEAN, "false", 5 };
}

/* A string stands for its bytes, unless it is PostgreSQL's \x... */
static void to_bytes(struct load *ld, struct literal *literal)
{
	static const char digits[] = "0123456789abcdef";
	char *hex;

	if (literal->form != LITERAL_STRING || !strncmp(literal->text, "\\x", 2))
		return;
	hex = load_alloc(ld, &ld->arena, 2 * literal->len + 1);
	for (size_t i = 0; hex && i < literal->len; i++) {
		hex[2 * i] = digits[(unsigned char)literal->text[i] >> 4];
		hex[2 * i + 1] = digits[literal->text[i] & 15];
	}
	*literal = (struct literal){ LITERAL_STRING, hex ? hex : "", 2 * literal->len };
}

/* "+00", as PostgreSQL writes an offset. */
static void to_moment(struct load *ld, struct literal *literal)
{
	size_t len = literal->len;
	char *text;

	if (len < 13 || (literal->text[len - 3] != '+' && literal->text[len - 3] != '-') ||
	    !strchr(literal->text, ':'))
		return;
	text = load_alloc(ld, &ld->arena, len + 4);
	if (!text)
		return;
	snprintf(text, len + 4, "%s:00", literal->text);
	*literal = (struct literal){ LITERAL_STRING, text, len + 3 };
}

/* '{}' is an empty array; of others the elements would have to be read. */
static bool fits_array(struct default_expr *def)
{
	if (def->kind == DEFAULT_NONE)
		return true;
	if (def->kind != DEFAULT_LITERAL || strcmp(def->literal.text, "{}") != 0)
		return false;
	set_literal(def, LITERAL_STRING, "[]");
	return true;
}

static void adapt(struct load *ld, const struct type *type, struct literal *literal)
{
	if (!literal->text)
		return;
	if (type->id == TYPE_BOOLEAN)
		to_boolean(literal);
	else if (type->id == TYPE_BYTES)
		to_bytes(ld, literal);
	else if (type->id == TYPE_TIMESTAMP || type->id == TYPE_DATETIME)
		to_moment(ld, literal);
	else if (type->id == TYPE_TEXT && literal->form == LITERAL_NUMBER)
		literal->form = LITERAL_STRING;
}

/*
 * X'00ff' keeps its form, and B'0' is told by it; for any other type they are no
 * values that could be written in another way.
 */
static bool keep_prefix(struct load *ld, const struct expression *e, const struct type *type,
			struct default_expr *def)
{
	const struct load_token *token = &e->at[0];
	char prefix = e->count == 1 ? load_token_prefix(token) : '\0';

	if (def->kind != DEFAULT_LITERAL || (prefix != 'X' && prefix != 'B'))
		return true;
	set_literal(def, LITERAL_STRING, arena_strndup(&ld->arena, token->text, token->len));
	return type->id == (prefix == 'X' ? TYPE_BYTES : TYPE_BOOLEAN);
}

static void lose(struct load *ld, const struct load_table *table, const struct load_column *column,
		 size_t from, bool is_written, const struct err *err)
{
	static const char no_value[] =
		"A default is a value or a function such as NOW(); the catalog does not model "
		"expressions";

	load_lose(ld, LOSS_DEFAULT, from, err->code ? err->text : no_value,
		  "left out %s%s of column %s on %s.%s", is_written ? "DEFAULT " : "",
		  load_excerpt(ld, from), column->column.name, table->ns, table->name);
}

/* X'..' of a BYTES column is hex digits already. */
static bool is_hex(const struct default_expr *def)
{
	const char *text = def->literal.text;

	return def->kind == DEFAULT_LITERAL && text && (text[0] | 0x20) == 'x' && text[1] == '\'';
}

void load_default(struct load *ld, struct load_table *table, struct load_column *column)
{
	const struct type *type = &column->column.type;
	struct column_default value = { .kind = DEFAULT_NONE };
	size_t from = load_pos(ld);
	struct err err = ERR_INIT;
	struct expression e;
	struct default_expr def;
	bool ok;

	take_all(ld, &e);
	ok = read_expression(ld, &e, type, &def);
	if (ld->rc)
		return;
	if (ok && column->is_array)
		ok = fits_array(&def);
	ok = ok && keep_prefix(ld, &e, type, &def);
	if (ok) {
		if (def.kind == DEFAULT_LITERAL && !is_hex(&def))
			adapt(ld, type, &def.literal);
		ok = !apply_default(&def, type, &table->arena, &value, &err);
	}
	if (err.code == -ENOMEM)
		load_refuse_err(ld, from, &err);
	else if (ok)
		column->column.def = value;
	else
		lose(ld, table, column, from, true, &err);
}

void load_default_serial(struct load *ld, struct load_table *table, struct load_column *column,
			 size_t pos)
{
	const char *function = ddl_function("SNOWFLAKE_ID", strlen("SNOWFLAKE_ID"), NULL, 0, -1, NULL);
	struct err err = ERR_INIT;

	if (ddl_function_check(function, &column->column.type, -1, &err))
		lose(ld, table, column, pos, false, &err);
	else
		column->column.def =
			(struct column_default){ .kind = DEFAULT_FUNCTION, .function = function };
}
