/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Columns of other databases' CREATE TABLE and ALTER TABLE.
 */
#include "catalog/load_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A column whose options are being read. */
struct reading {
	struct load *ld;
	struct load_table *table;
	struct load_column *column;
	size_t pos;	/* of the option */
};

struct load_column *load_find_column(struct load_table *table, const char *name)
{
	for (unsigned i = 0; i < table->count; i++) {
		if (!strcmp(table->columns[i].column.name, name))
			return &table->columns[i];
	}
	return NULL;
}

static const char *unmodelled(const char *what, char out[128])
{
	snprintf(out, 128, "The catalog does not model %s", what);
	return out;
}

void load_lose_constraint(struct load *ld, const struct load_table *table, size_t from, const char *what)
{
	char why[128];

	load_lose(ld, LOSS_CONSTRAINT, from, unmodelled(what, why), "left out %s on %s.%s",
		  load_excerpt(ld, from), table->ns, table->name);
}

static void lose_clause(struct reading *r, const char *what)
{
	char why[128];

	load_lose(r->ld, LOSS_CLAUSE, r->pos, unmodelled(what, why), "left out %s of column %s on %s.%s",
		  load_excerpt(r->ld, r->pos), r->column->column.name, r->table->ns, r->table->name);
}

/* Lines of a file from Windows end in two characters. */
static void drop_returns(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '\r' || text[1] != '\n')
			*to++ = *text;
	}
	*to = '\0';
}

void load_comment(struct load *ld, struct load_table *table, const char **out, const char *what)
{
	size_t pos = load_pos(ld);
	struct err err = ERR_INIT;
	char *text = NULL;

	if (!load_accept(ld, "NULL"))
		text = load_string(ld, "a comment");
	if (text)
		drop_returns(text);
	if (ld->rc || !comment_set(&table->arena, out, text, -1, &err))
		return;
	if (err.code == -ENOMEM)
		load_refuse_err(ld, pos, &err);
	else
		load_lose(ld, LOSS_COMMENT, pos, err.text, "left out the comment of %s%s%s.%s: %s", what,
			  *what ? " on " : "", table->ns, table->name, err.text);
}

static void not_null(struct reading *r)
{
	load_expect(r->ld, "NULL");
	r->column->column.nullable = false;
}

static void nothing(struct reading *r)
{
	(void)r;
}

static void one_word(struct reading *r)
{
	load_next(r->ld);
}

static void set_key(struct reading *r)
{
	struct load *ld = r->ld;

	if (load_is(ld, "KEY") || load_is(ld, "ASC") || load_is(ld, "DESC"))
		load_next(ld);
	if (load_is(ld, "ASC") || load_is(ld, "DESC"))
		load_next(ld);
	if (r->table->has_key)
		load_refuse(ld, -EINVAL, r->pos, "Multiple PRIMARY KEY definitions found");
	r->table->has_key = true;
	r->table->key = load_copy(ld, &r->table->arena, r->column->column.name);
}

static void lose_unique(struct reading *r)
{
	load_accept(r->ld, "KEY");
	r->column->is_unique = true;
	load_lose(r->ld, LOSS_CONSTRAINT, r->pos, "The catalog does not model UNIQUE constraints",
		  "left out UNIQUE (%s) on %s.%s", r->column->column.name, r->table->ns, r->table->name);
}

static void lose_check(struct reading *r)
{
	load_skip_group(r->ld);
	load_lose_constraint(r->ld, r->table, r->pos, "CHECK constraints");
}

/* ON DELETE SET NULL, MATCH FULL, NOT DEFERRABLE ...: what belongs to REFERENCES. */
static void skip_reference(struct load *ld)
{
	while (!load_is_end(ld)) {
		if (load_accept(ld, "ON")) {
			load_next(ld);	/* DELETE, UPDATE */
			if (!load_accept(ld, "SET"))
				load_accept(ld, "NO");
			load_next(ld);	/* NULL, DEFAULT, ACTION, CASCADE, RESTRICT */
		} else if (load_accept(ld, "MATCH") || load_accept(ld, "INITIALLY")) {
			load_next(ld);
		} else if (load_is(ld, "NOT") && load_peek_is(ld, "DEFERRABLE")) {
			load_next(ld);
			load_next(ld);
		} else if (!load_accept(ld, "DEFERRABLE")) {
			return;
		}
	}
}

static void lose_reference(struct reading *r)
{
	struct load *ld = r->ld;

	do
		load_name(ld, "the name of a table");
	while (load_accept_symbol(ld, '.'));
	load_skip_group(ld);
	skip_reference(ld);
	load_lose(ld, LOSS_CONSTRAINT, r->pos, "The catalog does not model REFERENCES constraints",
		  "left out %s of column %s on %s.%s", load_excerpt(ld, r->pos), r->column->column.name,
		  r->table->ns, r->table->name);
}

static void read_default(struct reading *r)
{
	load_default(r->ld, r->table, r->column);
}

static void read_serial(struct reading *r)
{
	load_skip_group(r->ld);
	load_default_serial(r->ld, r->table, r->column, r->pos);
}

void load_generated(struct load *ld, struct load_table *table, struct load_column *column, size_t pos)
{
	struct reading r = { .ld = ld, .table = table, .column = column, .pos = pos };

	if (load_accept(ld, "BY"))
		load_expect(ld, "DEFAULT");
	else
		load_accept(ld, "ALWAYS");
	load_expect(ld, "AS");
	if (load_accept(ld, "IDENTITY")) {
		read_serial(&r);
		return;
	}
	load_skip_group(ld);
	if (load_is(ld, "STORED") || load_is(ld, "VIRTUAL") || load_is(ld, "PERSISTENT"))
		load_next(ld);
	lose_clause(&r, "generated columns");
}

static void read_generated(struct reading *r)
{
	load_generated(r->ld, r->table, r->column, r->pos);
}

static void lose_expression(struct reading *r)
{
	load_skip_group(r->ld);
	if (load_is(r->ld, "STORED") || load_is(r->ld, "VIRTUAL") || load_is(r->ld, "PERSISTENT"))
		load_next(r->ld);
	lose_clause(r, "generated columns");
}

static void lose_collation(struct reading *r)
{
	struct load *ld = r->ld;

	load_accept_symbol(ld, '=');
	do
		load_name(ld, "a collation");
	while (load_accept_symbol(ld, '.'));
	lose_clause(r, "collations");
}

/* CHARACTER SET x, CHARSET x: our texts are UTF-8, and so are those that are copied. */
static void character_set(struct reading *r)
{
	load_accept(r->ld, "SET");
	load_accept_symbol(r->ld, '=');
	load_next(r->ld);
}

/* ON UPDATE CURRENT_TIMESTAMP(6), ON CONFLICT REPLACE */
static void lose_on(struct reading *r)
{
	bool is_update = load_is(r->ld, "UPDATE");

	load_next(r->ld);
	load_next(r->ld);
	load_skip_group(r->ld);
	lose_clause(r, is_update ? "ON UPDATE" : "ON CONFLICT");
}

static void read_comment(struct reading *r)
{
	load_accept_symbol(r->ld, '=');
	load_comment(r->ld, r->table, &r->column->column.comment, r->column->column.name);
}

static void lose_invisible(struct reading *r)
{
	lose_clause(r, "INVISIBLE columns");
}

static void read_constraint_name(struct reading *r)
{
	load_name(r->ld, "the name of a constraint");
}

static void lose_deferrable(struct reading *r)
{
	lose_clause(r, "DEFERRABLE");
}

static void read_id(struct reading *r)
{
	r->column->column.id = (uint32_t)strtoul(r->ld->lx.token.text, NULL, 10);
	load_next(r->ld);
}

static const struct option {
	const char *word;
	void (*read)(struct reading *r);
} options[] = {
	{ "NOT", not_null },
	{ "NULL", nothing },
	{ "DEFAULT", read_default },
	{ "PRIMARY", set_key },
	{ "KEY", set_key },
	{ "UNIQUE", lose_unique },
	{ "CHECK", lose_check },
	{ "REFERENCES", lose_reference },
	{ "CONSTRAINT", read_constraint_name },
	{ "COLLATE", lose_collation },
	{ "CHARACTER", character_set },
	{ "CHARSET", character_set },
	{ "ASCII", nothing },
	{ "UNICODE", nothing },
	{ "BINARY", nothing },
	{ "GENERATED", read_generated },
	{ "AS", lose_expression },
	{ "AUTO_INCREMENT", read_serial },
	{ "AUTOINCREMENT", read_serial },
	{ "IDENTITY", read_serial },
	{ "ON", lose_on },
	{ "COMMENT", read_comment },
	{ "VISIBLE", nothing },
	{ "INVISIBLE", lose_invisible },
	{ "DEFERRABLE", lose_deferrable },
	{ "COLUMN_FORMAT", one_word },
	{ "STORAGE", one_word },
	{ "COMPRESSION", one_word },
	{ "COMPRESSED", nothing },
	{ "SRID", one_word },
	{ "ID", read_id },
};

static void unknown_option(struct reading *r)
{
	const struct load_token *token = &r->ld->lx.token;
	char why[96];

	snprintf(why, sizeof(why), "Unknown column option '%.*s'",
		 (int)(token->len < 40 ? token->len : 40), token->text);
	load_next(r->ld);
	load_skip_group(r->ld);
	load_lose(r->ld, LOSS_CLAUSE, r->pos, why, "left out %s of column %s on %s.%s",
		  load_excerpt(r->ld, r->pos), r->column->column.name, r->table->ns, r->table->name);
}

static void read_options(struct reading *r)
{
	struct load *ld = r->ld;

	while (!load_is_end(ld) && !load_is_symbol(ld, ',') && !load_is_symbol(ld, ')')) {
		size_t i = 0;

		r->pos = load_pos(ld);
		while (i < countof(options) && !load_is(ld, options[i].word))
			i++;
		if (i < countof(options)) {
			load_next(ld);
			options[i].read(r);
		} else if (load_is(ld, "FIRST") || load_is(ld, "AFTER")) {
			load_skip_item(ld);	/* where it stands is said by what is there already */
		} else {
			unknown_option(r);
		}
	}
}

static struct load_column *new_column(struct load *ld, struct load_table *table)
{
	unsigned n = table->count;

	if (n == 0 || (n >= 8 && !(n & (n - 1)))) {
		struct load_column *larger =
			load_alloc(ld, &table->arena, (n ? 2 * n : 8) * sizeof(*larger));

		if (!larger)
			return NULL;
		if (n)
			memcpy(larger, table->columns, n * sizeof(*larger));
		table->columns = larger;
	}
	table->columns[n] = (struct load_column){ .column = { .nullable = true } };
	return &table->columns[n];
}

/* Read and forget: it cannot be a column here. */
static void lose_column(struct load *ld, struct load_table *table, const char *name, size_t pos,
			const char *why)
{
	load_skip_item(ld);
	load_lose(ld, LOSS_COLUMN, pos, why, "left out column \"%s\" of %s.%s: %s", name, table->ns,
		  table->name, why);
}

static int check_column(const char *name, size_t pos, char folded[NAME_SIZE], struct err *err)
{
	int rc = name_fold(name, strlen(name), (long)pos, folded, err);

	return rc ? rc : name_check(NAME_COLUMN, folded, (long)pos, err);
}

void load_column(struct load *ld, struct load_table *table, const char *name, size_t pos, bool over)
{
	struct load_column *column, *there, replaced;
	unsigned count = table->count;
	const char *key = table->key;
	bool has_key = table->has_key;
	struct err err = ERR_INIT;
	char folded[NAME_SIZE];

	if (ld->rc || !name)
		return;
	if (check_column(name, pos, folded, &err)) {
		lose_column(ld, table, name, pos, err.text);
		return;
	}
	there = load_find_column(table, folded);
	if (there && !over) {
		lose_column(ld, table, name, pos, "There is a column of this name already");
		return;
	}
	if (table->count >= COLUMNS_MAX) {
		lose_column(ld, table, name, pos, "The table has 4096 columns already");
		return;
	}
	column = there ? there : new_column(ld, table);
	if (!column)
		return;
	if (there) {
		replaced = *there;
		*there = (struct load_column){ .column = { .nullable = true } };
	} else {
		table->count++;
	}
	memcpy(column->column.name, folded, sizeof(folded));
	column->origin = load_origin(ld, pos);
	load_column_type(ld, table, column);
	read_options(&(struct reading){ .ld = ld, .table = table, .column = column });
	if (ld->rc) {	/* who forgives this statement goes on with the table as it was */
		table->count = count;
		table->key = key;
		table->has_key = has_key;
		if (there)
			*there = replaced;
	}
}
