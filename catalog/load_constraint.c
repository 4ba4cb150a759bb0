/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constraints of other databases' CREATE TABLE and ALTER TABLE: of them all we
 * have PRIMARY KEY only.
 */
#include "catalog/load_impl.h"

#include <errno.h>
#include <string.h>

struct key {
	const char *first;	/* folded; NULL if it is an expression */
	unsigned count;
	bool is_plain;		/* names only */
};

static void read_key_column(struct load *ld, struct key *key)
{
	enum load_token_kind kind = ld->lx.token.kind;
	char *folded = load_alloc(ld, &ld->arena, NAME_SIZE);
	const char *name;

	if (kind != FOREIGN_WORD && kind != FOREIGN_NAME) {
		key->is_plain = false;
	} else {
		name = load_name(ld, "the name of a column");
		if (name && folded && !name_fold(name, strlen(name), -1, folded, NULL) && !key->count)
			key->first = folded;
		load_accept(ld, "ASC");
		load_accept(ld, "DESC");
	}
	key->count++;
	if (!load_is_symbol(ld, ',') && !load_is_symbol(ld, ')'))
		key->is_plain = false;
	load_skip_item(ld);
}

/* (a, b(10), lower(c)) */
static void read_key(struct load *ld, struct key *key)
{
	*key = (struct key){ .is_plain = true };
	load_expect_symbol(ld, '(');
	do
		read_key_column(ld, key);
	while (load_accept_symbol(ld, ','));
	load_expect_symbol(ld, ')');
}

/* From the name of an index or USING BTREE to the parenthesis. */
static void skip_to_group(struct load *ld)
{
	while (!load_is_end(ld) && !load_is_symbol(ld, '(') && !load_is_symbol(ld, ',') &&
	       !load_is_symbol(ld, ')'))
		load_next(ld);
}

/* USING BTREE, INCLUDE (...), USING INDEX TABLESPACE x say nothing of the key. */
static void key_options(struct load *ld, const struct load_table *table)
{
	while (!load_is_end(ld) && !load_is_symbol(ld, ',') && !load_is_symbol(ld, ')')) {
		size_t pos = load_pos(ld);

		if (load_is(ld, "NOT"))
			load_next(ld);
		else if (load_is(ld, "DEFERRABLE"))
			load_lose(ld, LOSS_CLAUSE, pos, "The catalog does not model DEFERRABLE keys",
				  "left out DEFERRABLE of the PRIMARY KEY on %s.%s", table->ns,
				  table->name);
		if (load_is_symbol(ld, '('))
			load_skip_group(ld);
		else
			load_next(ld);
	}
}

static void item_key(struct load *ld, struct load_table *table, size_t from)
{
	struct key key;

	load_expect(ld, "KEY");
	skip_to_group(ld);
	read_key(ld, &key);
	key_options(ld, table);
	if (ld->rc)
		return;
	if (table->has_key) {
		load_refuse(ld, -EINVAL, from, "Multiple PRIMARY KEY definitions found");
		return;
	}
	table->has_key = true;
	if (key.count == 1 && key.is_plain && key.first)
		table->key = load_copy(ld, &table->arena, key.first);
	else
		load_lose(ld, LOSS_CONSTRAINT, from,
			  key.count > 1 ? "Composite PRIMARY KEYs are not supported yet" :
					  "Complex expressions in PRIMARY KEY not supported",
			  "left out %s on %s.%s", load_excerpt(ld, from), table->ns, table->name);
}

static void item_unique(struct load *ld, struct load_table *table, size_t from)
{
	struct load_column *column;
	struct key key;

	skip_to_group(ld);
	if (!load_is_symbol(ld, '(')) {	/* UNIQUE USING INDEX x */
		load_skip_item(ld);
	} else {
		read_key(ld, &key);
		column = key.count == 1 && key.is_plain && key.first ? load_find_column(table, key.first) :
								       NULL;
		if (column)
			column->is_unique = true;
		load_skip_item(ld);
	}
	load_lose_constraint(ld, table, from, "UNIQUE constraints");
}

static void item_check(struct load *ld, struct load_table *table, size_t from)
{
	load_skip_item(ld);
	load_lose_constraint(ld, table, from, "CHECK constraints");
}

static void item_foreign(struct load *ld, struct load_table *table, size_t from)
{
	load_skip_item(ld);
	load_lose_constraint(ld, table, from, "FOREIGN KEY constraints");
}

static void item_exclude(struct load *ld, struct load_table *table, size_t from)
{
	load_skip_item(ld);
	load_lose_constraint(ld, table, from, "EXCLUDE constraints");
}

static void item_period(struct load *ld, struct load_table *table, size_t from)
{
	load_skip_item(ld);
	load_lose_constraint(ld, table, from, "PERIODs");
}

/* LIKE other INCLUDING ALL: columns that are not there to read. */
static void item_like(struct load *ld, struct load_table *table, size_t from)
{
	load_skip_item(ld);
	load_lose(ld, LOSS_TABLE, from, "There are columns that come from another table (LIKE)",
		  "left out table %s.%s: there are columns that come from another table (LIKE)", table->ns,
		  table->name);
	table->is_left_out = true;
}

static void item_index(struct load *ld, struct load_table *table, size_t from)
{
	(void)table;
	(void)from;
	load_skip_item(ld);
	load_count(ld, "INDEX");
}

static const struct item {
	const char *word;
	void (*read)(struct load *ld, struct load_table *table, size_t from);
} items[] = {
	{ "PRIMARY", item_key },     { "UNIQUE", item_unique },	  { "CHECK", item_check },
	{ "FOREIGN", item_foreign }, { "EXCLUDE", item_exclude }, { "PERIOD", item_period },
	{ "KEY", item_index },	     { "INDEX", item_index },	  { "FULLTEXT", item_index },
	{ "SPATIAL", item_index },   { "LIKE", item_like },
};

/* "key text" is a column, "KEY a (b)" an index of MySQL, where a column would stand in quotes. */
static bool is_constraint(const struct load *ld, const char *word)
{
	if (load_peek_is_symbol(ld, '('))
		return true;
	if (!strcmp(word, "PRIMARY") || !strcmp(word, "FOREIGN"))
		return load_peek_is(ld, "KEY");
	if (!strcmp(word, "PERIOD"))
		return load_peek_is(ld, "FOR");
	if (!strcmp(word, "EXCLUDE"))
		return load_peek_is(ld, "USING");
	return ld->dialect == LOAD_MYSQL || !strcmp(word, "UNIQUE") || !strcmp(word, "LIKE");
}

void load_item(struct load *ld, struct load_table *table)
{
	size_t from = load_pos(ld);
	bool named = load_accept(ld, "CONSTRAINT");
	bool is_quoted = ld->lx.token.kind == FOREIGN_NAME;
	char *name;

	if (named && !load_is(ld, "FOREIGN") && !load_is(ld, "UNIQUE") && !load_is(ld, "PRIMARY") &&
	    !load_is(ld, "CHECK"))
		load_name(ld, "the name of a constraint");
	for (size_t i = 0; i < countof(items) && (!is_quoted || named); i++) {
		if (load_is(ld, items[i].word) && (named || is_constraint(ld, items[i].word))) {
			load_next(ld);
			items[i].read(ld, table, from);
			return;
		}
	}
	if (named) {
		load_skip_item(ld);
		load_lose_constraint(ld, table, from, "this CONSTRAINT");
		return;
	}
	from = load_pos(ld);
	name = load_name(ld, "a column or a constraint");
	load_column(ld, table, name, from, false);
}
