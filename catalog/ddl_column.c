/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl_parse.h"

#include <errno.h>
#include <string.h>

/* Parquet's field_id, which a column id becomes, is an int32. */
#define COLUMN_ID_MAX INT32_MAX

/* What may be said once per column. */
enum slot { SLOT_KEY, SLOT_NULL, SLOT_DEFAULT, SLOT_COMMENT, SLOT_ID, SLOT_COUNT };

struct column_parser {
	struct parser *p;
	struct column_spec *column;
	enum column_place place;
	bool serial; /* the type's spelling implied the default */
	bool seen[SLOT_COUNT];
	long pos; /* of the option's first word */
};

static void parse_key(struct column_parser *cp)
{
	ddl_expect(cp->p, "KEY");
	cp->column->primary_key = true;
}

static void parse_not_null(struct column_parser *cp)
{
	ddl_expect(cp->p, "NULL");
	cp->column->null = NULL_REFUSED;
}

static void parse_null(struct column_parser *cp)
{
	cp->column->null = NULL_ALLOWED;
}

static void parse_default(struct column_parser *cp)
{
	ddl_default(cp->p, &cp->column->def);
	cp->column->has_default = true;
}

static void parse_auto_increment(struct column_parser *cp)
{
	ddl_default_serial(&cp->column->def, cp->pos);
	cp->column->has_default = true;
}

static void parse_auto(struct column_parser *cp)
{
	ddl_expect(cp->p, "INCREMENT");
	parse_auto_increment(cp);
}

/* IDENTITY [(1, 1)]: where numbers start is not for the catalog to say. */
static void parse_identity(struct column_parser *cp)
{
	if (ddl_is_symbol(cp->p, '('))
		ddl_skip_parentheses(cp->p);
	parse_auto_increment(cp);
}

static void parse_generated(struct column_parser *cp)
{
	struct parser *p = cp->p;

	if (ddl_accept(p, "BY"))
		ddl_expect(p, "DEFAULT");
	else if (!ddl_accept(p, "ALWAYS"))
		ddl_expected(p, "ALWAYS or BY DEFAULT");
	ddl_expect(p, "AS");
	if (ddl_is_symbol(p, '('))
		ddl_error(p, p->lx.token.pos,
		          "The catalog does not model generated columns, only GENERATED ... AS "
		          "IDENTITY");
	ddl_expect(p, "IDENTITY");
	parse_identity(cp);
}

static void parse_comment(struct column_parser *cp)
{
	cp->column->comment = ddl_comment(cp->p, &cp->column->comment_pos);
	cp->column->has_comment = true;
}

static void parse_id(struct column_parser *cp)
{
	cp->column->id_pos = cp->p->lx.token.pos;
	cp->column->id = ddl_integer(cp->p, 1, COLUMN_ID_MAX, "a column id");
}

#define IN(place) (1u << COLUMN_##place)

static const struct column_option {
	const char *word;
	const char *shown;
	void (*parse)(struct column_parser *cp);
	enum slot slot;
	unsigned places;
} options[] = {
	{ "PRIMARY", "PRIMARY KEY", parse_key, SLOT_KEY, IN(CREATE) | IN(ADD) },
	{ "NOT", "NOT NULL", parse_not_null, SLOT_NULL, IN(CREATE) | IN(ADD) | IN(MODIFY) },
	{ "NULL", "NULL", parse_null, SLOT_NULL, IN(CREATE) | IN(ADD) | IN(MODIFY) },
	{ "DEFAULT", "DEFAULT", parse_default, SLOT_DEFAULT, IN(CREATE) | IN(ADD) },
	{ "COMMENT", "COMMENT", parse_comment, SLOT_COMMENT, IN(CREATE) | IN(ADD) },
	{ "AUTO_INCREMENT", "AUTO_INCREMENT", parse_auto_increment, SLOT_DEFAULT,
	  IN(CREATE) | IN(ADD) },
	{ "AUTOINCREMENT", "AUTOINCREMENT", parse_auto_increment, SLOT_DEFAULT,
	  IN(CREATE) | IN(ADD) },
	{ "AUTO", "AUTO", parse_auto, SLOT_DEFAULT, IN(CREATE) | IN(ADD) },
	{ "GENERATED", "GENERATED", parse_generated, SLOT_DEFAULT, IN(CREATE) | IN(ADD) },
	{ "IDENTITY", "IDENTITY", parse_identity, SLOT_DEFAULT, IN(CREATE) | IN(ADD) },
	{ "ID", "ID", parse_id, SLOT_ID, IN(CREATE) },
};

static const char *const option_words[] = {
	"PRIMARY KEY",
	"NOT NULL",
	"NULL",
	"DEFAULT",
	"COMMENT",
	"AUTO_INCREMENT",
	"GENERATED ... AS IDENTITY",
	"IDENTITY",
	"ID",
};

static const struct {
	const char *word;
	const char *text;
} refused[] = {
	{ "UNIQUE", "The catalog does not model UNIQUE constraints; leave it out" },
	{ "CHECK", "The catalog does not model CHECK constraints; leave it out" },
	{ "REFERENCES", "The catalog does not model REFERENCES constraints; leave it out" },
	{ "FOREIGN", "The catalog does not model FOREIGN KEY constraints; leave it out" },
	{ "CONSTRAINT", "The catalog does not model named CONSTRAINTs; leave it out" },
	{ "EXCLUDE", "The catalog does not model EXCLUDE constraints; leave it out" },
	{ "INDEX", "Indexes are not part of the catalog" },
	{ "KEY", "Indexes are not part of the catalog" },
	{ "COLLATE", "The catalog does not model collations; leave COLLATE out" },
	{ "FIRST", "A column is always added behind the others; leave FIRST out" },
	{ "AFTER", "A column is always added behind the others; leave AFTER out" },
	{ "ON", "The catalog does not model ON UPDATE and ON DELETE; leave them out" },
};

/* Words that never begin a column of their own, since they are no names. */
static bool is_never_name(const struct parser *p)
{
	return ddl_is(p, "CONSTRAINT") || ddl_is(p, "INDEX");
}

/* "UNIQUE (a)" and "FOREIGN KEY" are constraints, "unique INT" is a column. */
static bool is_constraint_item(const struct parser *p)
{
	struct token next = ddl_peek(p);

	if (is_never_name(p))
		return true;
	if (ddl_is(p, "UNIQUE") || ddl_is(p, "FOREIGN"))
		return (next.kind == TOKEN_SYMBOL && next.text[0] == '(') ||
		       ddl_peek_is(p, "KEY") || ddl_peek_is(p, "INDEX");
	if (ddl_is(p, "CHECK") || ddl_is(p, "KEY") || ddl_is(p, "EXCLUDE"))
		return next.kind == TOKEN_SYMBOL && next.text[0] == '(';
	return false;
}

/* Why the current word is refused, or NULL. */
static const char *refusal(const struct parser *p)
{
	for (size_t i = 0; i < countof(refused); i++) {
		if (ddl_is(p, refused[i].word))
			return refused[i].text;
	}
	return NULL;
}

bool ddl_refuse_constraint(struct parser *p, bool is_item)
{
	const char *text = refusal(p);

	if (!text || (is_item && !is_constraint_item(p)))
		return false;
	ddl_error(p, p->lx.token.pos, "%s", text);
	return true;
}

static void misplaced(struct column_parser *cp, const struct column_option *option)
{
	struct parser *p = cp->p;

	if (cp->place == COLUMN_ADD)
		ddl_error(p, cp->pos,
		          "%s is for CREATE TABLE: a column that is added gets the next free id",
		          option->word);
	else
		ddl_error(p, cp->pos,
		          "MODIFY COLUMN takes a type and NULL or NOT NULL only: change the rest "
		          "with ALTER COLUMN");
}

/* Fails if the option's slot is taken already. */
static void check_slot(struct column_parser *cp, const struct column_option *option)
{
	struct parser *p = cp->p;
	const char *name = cp->column->name;

	if (cp->serial && option->parse == parse_default)
		ddl_error(p, cp->pos,
		          "Column '%s' has two defaults: its SERIAL type means DEFAULT "
		          "SNOWFLAKE_ID() already",
		          name);
	if (!cp->seen[option->slot])
		return;
	if (option->slot == SLOT_NULL &&
	    (cp->column->null == NULL_REFUSED) == (option->parse == parse_null))
		ddl_error(p, cp->pos, "Column '%s' cannot be both NULL and NOT NULL", name);
	else if (option->slot == SLOT_DEFAULT)
		ddl_error(p, cp->pos, "Column '%s' has two defaults", name);
	else
		ddl_twice(p, cp->pos, option->shown);
}

static void parse_option(struct column_parser *cp, const struct column_option *option)
{
	cp->pos = cp->p->lx.token.pos;
	if (!(option->places & 1u << cp->place))
		misplaced(cp, option);
	check_slot(cp, option);
	cp->seen[option->slot] = true;
	ddl_next(cp->p);
	if (!cp->p->rc)
		option->parse(cp);
	if (cp->column->primary_key && cp->column->null == NULL_ALLOWED)
		ddl_error(cp->p, cp->pos, "Primary key column '%s' cannot be nullable",
		          cp->column->name);
}

static const struct column_option *find_option(const struct parser *p)
{
	for (size_t i = 0; i < countof(options); i++) {
		if (ddl_is(p, options[i].word))
			return &options[i];
	}
	return NULL;
}

/* Not for the column to complain about: a ';' is missing, or the next line is another statement. */
static bool is_behind_statement(const struct parser *p)
{
	if (p->inside)
		return false;
	return ddl_begins_statement(p) || ddl_begins_action(p) ||
	       (p->newline_ends && p->lx.token.newline_before && !refusal(p));
}

/* WITH TIME ZONE belongs to the type, unless the end of the text cuts it off. */
static bool is_cut_time_zone(const struct parser *p)
{
	struct lexer ahead = p->lx;
	int rc = 0;

	if (!ddl_is(p, "WITH") && !ddl_is(p, "WITHOUT"))
		return false;
	rc = lex_next(&ahead, NULL);
	if (!rc && lex_is_word(&ahead, "TIME"))
		rc = lex_next(&ahead, NULL);
	return rc || (size_t)ahead.token.pos + ahead.token.len == p->lx.len;
}

static void unknown_option(struct parser *p)
{
	if (is_cut_time_zone(p))
		p->hope = HOPE_YES;
	ddl_unknown(p, "column option", WORD_LIST(option_words));
}

static void parse_options(struct column_parser *cp)
{
	struct parser *p = cp->p;

	while (!ddl_ended(p) && ddl_is_kind(p, TOKEN_WORD)) {
		const struct column_option *option = find_option(p);

		if (option)
			parse_option(cp, option);
		else if (is_behind_statement(p))
			return;
		else if (!ddl_refuse_constraint(p, false))
			unknown_option(p);
	}
}

/* ADD COLUM x INT reads as a column `colum` of the type x. */
static void hint_column_word(struct parser *p, const struct column_spec *column)
{
	static const char *const words[] = { "COLUMN" };
	size_t used = strlen(p->err.text);

	if (name_nearest(column->name, strlen(column->name), words, countof(words)))
		snprintf(p->err.text + used, sizeof(p->err.text) - used,
		         ". Did you mean the word COLUMN instead of '%s'?", column->name);
}

/*
 * type_parse moves the lexer by itself: find the last token it took, and tell
 * "EMBEDDING" at the end of the text, which can go on, from a wrong type.
 */
static void parse_type(struct parser *p, struct column_spec *column, bool *serial)
{
	struct lexer before = p->lx;
	int rc;

	column->type_pos = p->lx.token.pos;
	if (p->rc)
		return;
	if (!ddl_is_kind(p, TOKEN_WORD)) {
		ddl_expected(p, "a type such as INT or TEXT");
		return;
	}
	rc = type_parse(&p->lx, &column->type, serial, &p->err);
	if (rc) {
		if (ddl_is_kind(p, TOKEN_END) && !(p->newline_ends && p->lx.token.newline_before))
			p->hope = HOPE_YES;
		hint_column_word(p, column);
		ddl_stop(p, rc);
		return;
	}
	while (before.token.pos < p->lx.token.pos) {
		p->last_pos = before.token.pos;
		p->last_end = (size_t)before.token.pos + before.token.len;
		if (lex_next(&before, NULL))
			break;
	}
}

static void refuse_serial(struct parser *p, long pos)
{
	ddl_error(p, pos,
	          "The SERIAL types are for new columns: change to SMALLINT, INT or BIGINT and SET "
	          "DEFAULT SNOWFLAKE_ID()");
}

void ddl_new_type(struct parser *p, struct column_spec *column)
{
	bool serial = false;

	parse_type(p, column, &serial);
	if (serial)
		refuse_serial(p, column->type_pos);
}

void ddl_column(struct parser *p, struct column_spec *column, enum column_place place)
{
	struct column_parser cp = { .p = p, .column = column, .place = place };

	if (place == COLUMN_MODIFY)
		ddl_new_type(p, column);
	else
		parse_type(p, column, &cp.serial);
	if (!p->rc && cp.serial) {
		ddl_default_serial(&column->def, column->type_pos);
		column->has_default = true;
	}
	parse_options(&cp);
}
