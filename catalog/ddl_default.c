/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl_parse.h"

#include "base/buf.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TYPE(id) (1u << TYPE_##id)
#define MOMENTS (TYPE(TIMESTAMP) | TYPE(DATETIME) | TYPE(DATE) | TYPE(TIME))
#define INTEGERS (TYPE(BIGINT) | TYPE(INT) | TYPE(SMALLINT))

static const struct function {
	const char *name;
	unsigned types;         /* TYPE() of every type its values fit */
	bool bare;              /* may stand without parentheses */
	const char *bare_means; /* what it is then, if not itself (facts.md 3.6) */
	unsigned nargs;
	struct {
		const char *name;
		int64_t min, max;
	} args[DEFAULT_ARGS_MAX];
} functions[] = {
	{ .name = "NOW", .types = MOMENTS },
	{ .name = "CURRENT_TIMESTAMP", .types = MOMENTS, .bare = true, .bare_means = "NOW" },
	{ .name = "SNOWFLAKE_ID", .types = INTEGERS },
	{ .name = "SNOWFLAKE",
	  .types = INTEGERS,
	  .nargs = 2,
	  .args = { { "datacenter", 0, 31 }, { "worker", 0, 1023 } } },
	{ .name = "UUID", .types = TYPE(UUID) | TYPE(TEXT) },
	{ .name = "UUID_V7", .types = TYPE(UUID) | TYPE(TEXT) },
	{ .name = "ULID", .types = TYPE(TEXT) },
	{ .name = "CURRENT_USER", .types = TYPE(TEXT), .bare = true },
	{ .name = "RANDOM_STRING",
	  .types = TYPE(TEXT),
	  .nargs = 1,
	  .args = { { "length", 1, 1024 } } },
};

#define FUNCTION_COUNT countof(functions)

static const struct function *find_function(const char *name, size_t len)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		if (name_is_word(name, len, functions[i].name))
			return &functions[i];
	}
	return NULL;
}

static int shown(size_t len)
{
	return len > NAME_MAX_BYTES ? NAME_MAX_BYTES : (int)len;
}

static void unknown_function(const char *name, size_t len, long pos, struct err *err)
{
	const char *names[FUNCTION_COUNT], *near;
	char list[256];
	size_t at = 0;

	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		names[i] = functions[i].name;
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "",
		                       names[i]);
	}
	near = name_nearest(name, len, names, FUNCTION_COUNT);
	err_parse(err, pos, "Unknown default function '%.*s'. Supported: %s%s%s%s", shown(len),
	          name, list, near ? ". Did you mean " : "", near ? near : "", near ? "?" : "");
}

static void wrong_count(const struct function *f, unsigned nargs, long pos, struct err *err)
{
	if (!f->nargs)
		err_parse(err, pos, "%s takes no arguments, got %u", f->name, nargs);
	else if (f->nargs == 1)
		err_parse(err, pos, "%s takes one argument (%s), got %u", f->name, f->args[0].name,
		          nargs);
	else
		err_parse(err, pos, "%s takes %u arguments (%s, %s), got %u", f->name, f->nargs,
		          f->args[0].name, f->args[1].name, nargs);
}

const char *ddl_function(const char *name, size_t len, const int64_t *args, unsigned nargs,
                         long pos, struct err *err)
{
	const struct function *f = find_function(name, len);

	if (!f) {
		unknown_function(name, len, pos, err);
		return NULL;
	}
	if (nargs != f->nargs) {
		wrong_count(f, nargs, pos, err);
		return NULL;
	}
	for (unsigned i = 0; i < nargs; i++) {
		if (args[i] < f->args[i].min || args[i] > f->args[i].max) {
			err_parse(err, pos,
			          "The %s of %s must be between %" PRId64 " and %" PRId64
			          ", got %" PRId64,
			          f->args[i].name, f->name, f->args[i].min, f->args[i].max,
			          args[i]);
			return NULL;
		}
	}
	return f->name;
}

int ddl_function_check(const char *function, const struct type *type, long pos, struct err *err)
{
	const struct function *f = find_function(function, strlen(function));
	char sql[TYPE_SQL_SIZE], fits[128];
	size_t at = 0;

	if (!f) {
		unknown_function(function, strlen(function), pos, err);
		return -EINVAL;
	}
	if (f->types & (1u << type->id))
		return 0;
	for (unsigned id = TYPE_BOOLEAN; id < TYPE_ID_END; id++) {
		if (f->types & (1u << id))
			at += (size_t)snprintf(fits + at, sizeof(fits) - at, "%s%s", at ? ", " : "",
			                       type_name((enum type_id)id));
	}
	return err_at(err, -EINVAL, pos, "%s() is not a value of %s: it can be the default of %s",
	              f->name, type_sql(type, sql), fits);
}

/* The number at the current token with a sign in front; a '+' is left out. */
static const char *take_number(struct parser *p, bool negative)
{
	const struct token *token = &p->lx.token;
	char *text = arena_alloc(p->arena, token->len + 2);

	if (!text) {
		ddl_stop(p, err_nomem(&p->err));
		return NULL;
	}
	text[0] = '-';
	memcpy(text + negative, token->text, token->len);
	ddl_next(p);
	return text;
}

/* A number with an optional sign; NULL without a failure if there is none. */
static const char *signed_number(struct parser *p)
{
	bool negative = ddl_is_symbol(p, '-');

	if (negative || ddl_is_symbol(p, '+')) {
		ddl_next(p);
		if (!ddl_is_kind(p, TOKEN_NUMBER)) {
			ddl_expected(p, "a number");
			return NULL;
		}
	}
	return ddl_is_kind(p, TOKEN_NUMBER) ? take_number(p, negative) : NULL;
}

static bool set_literal(struct literal *out, enum literal_form form, const char *text)
{
	*out = (struct literal){ .form = form, .text = text, .len = text ? strlen(text) : 0 };
	return true;
}

bool ddl_literal(struct parser *p, struct literal *out)
{
	const char *text;

	if (ddl_is_kind(p, TOKEN_STRING)) {
		text = lex_content(&p->lx.token, p->arena);
		if (!text)
			ddl_stop(p, err_nomem(&p->err));
		ddl_next(p);
		return set_literal(out, LITERAL_STRING, text);
	}
	if (ddl_accept(p, "NULL"))
		return set_literal(out, LITERAL_NULL, NULL);
	if (ddl_accept(p, "TRUE"))
		return set_literal(out, LITERAL_BOOLEAN, "true");
	if (ddl_accept(p, "FALSE"))
		return set_literal(out, LITERAL_BOOLEAN, "false");
	text = signed_number(p);
	if (!text)
		return p->rc;
	return set_literal(out, LITERAL_NUMBER, text);
}

/* A number as JSON writes it: SQL allows 007, .5 and 1. as well. */
static void put_json_number(struct buf *out, const char *text)
{
	const char *point;

	if (*text == '-')
		buf_u8(out, (uint8_t)*text++);
	while (text[0] == '0' && text[1] >= '0' && text[1] <= '9')
		text++;
	if (*text == '.')
		buf_u8(out, '0');
	point = strchr(text, '.');
	if (!point || (point[1] >= '0' && point[1] <= '9')) {
		buf_bytes(out, text, strlen(text));
		return;
	}
	buf_bytes(out, text, (size_t)(point - text));
	buf_bytes(out, point + 1, strlen(point + 1));
}

static void array_elements(struct parser *p, struct buf *json)
{
	if (ddl_is_symbol(p, ']'))
		return;
	do {
		const char *number = signed_number(p);

		if (!number) {
			ddl_expected(p, "a number");
			return;
		}
		if (json->len > 1)
			buf_u8(json, ',');
		put_json_number(json, number);
	} while (ddl_accept_symbol(p, ','));
}

/* [1, 2.5] becomes the JSON text [1,2.5]. */
static void array_literal(struct parser *p, struct literal *out)
{
	struct buf json = { 0 };
	const char *text = NULL;

	ddl_expect_symbol(p, '[');
	buf_u8(&json, '[');
	array_elements(p, &json);
	if (!ddl_accept_symbol(p, ']'))
		ddl_expected(p, "',' or ']'");
	buf_u8(&json, ']');
	if (!json.failed)
		text = arena_strndup(p->arena, (const char *)json.at, json.len);
	if (!text)
		ddl_stop(p, err_nomem(&p->err));
	buf_free(&json);
	set_literal(out, LITERAL_ARRAY, text);
}

static int64_t argument(struct parser *p)
{
	bool negative = ddl_accept_symbol(p, '-');
	int64_t n = ddl_integer(p, 0, INT32_MAX, "a whole number");

	return negative ? -n : n;
}

static void arguments(struct parser *p, struct default_expr *out)
{
	ddl_expect_symbol(p, '(');
	if (ddl_accept_symbol(p, ')'))
		return;
	do {
		int64_t n = argument(p);

		if (out->nargs < DEFAULT_ARGS_MAX)
			out->args[out->nargs] = n;
		out->nargs++;
	} while (out->nargs <= DEFAULT_ARGS_MAX && ddl_accept_symbol(p, ','));
	if (out->nargs <= DEFAULT_ARGS_MAX && !ddl_accept_symbol(p, ')'))
		ddl_expected(p, "',' or ')'");
}

/* NAME(...): the current token is the name, '(' follows. */
static void function_call(struct parser *p, struct default_expr *out)
{
	const struct token name = p->lx.token;

	if (!find_function(name.text, name.len)) {
		unknown_function(name.text, name.len, name.pos, &p->err);
		ddl_stop(p, -EINVAL);
		return;
	}
	ddl_next(p);
	arguments(p, out);
	if (p->rc)
		return;
	out->kind = DEFAULT_FUNCTION;
	out->function = ddl_function(name.text, name.len, out->args, out->nargs, name.pos, &p->err);
	if (!out->function)
		ddl_stop(p, -EINVAL);
}

/* A word that is no literal and has no '(' behind it. */
static void bare_word(struct parser *p, struct default_expr *out)
{
	const struct token token = p->lx.token;
	const struct function *f = find_function(token.text, token.len);
	int len = shown(token.len);

	if (f && f->bare) {
		out->kind = DEFAULT_FUNCTION;
		out->function = f->bare_means ? f->bare_means : f->name;
		ddl_next(p);
	} else if (f) {
		ddl_next(p);
		ddl_expected(p, "'(' behind the function's name");
	} else if (ddl_peek(p).kind == TOKEN_STRING) {
		ddl_error(p, token.pos,
		          "A default is written without its type: leave out %.*s in front of the "
		          "string",
		          len, token.text);
	} else {
		ddl_error(p, token.pos, "A text default stands in single quotes: DEFAULT '%.*s'",
		          len, token.text);
	}
}

static bool peek_is_symbol(const struct parser *p, char symbol)
{
	struct token next = ddl_peek(p);

	return next.kind == TOKEN_SYMBOL && next.text[0] == symbol;
}

static bool is_array(const struct parser *p)
{
	return ddl_is_symbol(p, '[') || (ddl_is(p, "ARRAY") && peek_is_symbol(p, '['));
}

void ddl_default(struct parser *p, struct default_expr *out)
{
	*out = (struct default_expr){ .pos = p->lx.token.pos };
	if (is_array(p)) {
		ddl_accept(p, "ARRAY");
		out->kind = DEFAULT_LITERAL;
		array_literal(p, &out->literal);
	} else if (ddl_literal(p, &out->literal)) {
		out->kind = DEFAULT_LITERAL;
	} else if (ddl_is_kind(p, TOKEN_WORD)) {
		if (peek_is_symbol(p, '('))
			function_call(p, out);
		else
			bare_word(p, out);
	} else {
		ddl_expected(
			p,
			"a default: a value such as 'text', -1, TRUE or NULL, or a function such "
			"as NOW()");
	}
	if (ddl_is_symbol(p, ':'))
		ddl_error(p, p->lx.token.pos,
		          "Casts are not supported: leave out '::' and the type, a default takes "
		          "the type of its column");
}

void ddl_default_serial(struct default_expr *out, long pos)
{
	*out = (struct default_expr){ .kind = DEFAULT_FUNCTION, .pos = pos };
	out->function = "SNOWFLAKE_ID";
}
