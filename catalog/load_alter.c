/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ALTER TABLE and COMMENT ON of other databases.  Their dumps say keys,
 * defaults and comments behind the tables: all of that goes into the CREATE.
 */
#include "catalog/load_impl.h"

#include "base/stream.h"
#include "catalog/print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A column that is there, or NULL: one that was left out. */
static struct load_column *named_column(struct load *ld, struct load_table *table)
{
	char *name = load_name(ld, "the name of a column"), folded[NAME_SIZE];

	if (!name || name_fold(name, strlen(name), -1, folded, NULL))
		return NULL;
	return load_find_column(table, folded);
}

static void lose_action(struct load *ld, struct load_table *table, size_t from, const char *why)
{
	load_skip_item(ld);
	load_lose(ld, LOSS_CLAUSE, from, why, "left out %s on %s.%s", load_excerpt(ld, from), table->ns,
		  table->name);
}

static const char not_merged[] = "This change cannot be merged into the CREATE TABLE that it follows";

/* TYPE t [USING expression] */
static void change_type(struct load *ld, struct load_table *table, struct load_column *column)
{
	load_column_type(ld, table, column);
	load_skip_item(ld);
}

static void set_column(struct load *ld, struct load_table *table, struct load_column *column)
{
	if (load_accept(ld, "DEFAULT")) {
		load_default(ld, table, column);
	} else if (load_accept(ld, "NOT")) {
		load_expect(ld, "NULL");
		column->column.nullable = false;
	} else if (load_accept(ld, "DATA")) {
		load_expect(ld, "TYPE");
		change_type(ld, table, column);
	} else {	/* STATISTICS, STORAGE, (n_distinct = ...) */
		load_skip_item(ld);
	}
}

static void drop_of_column(struct load *ld, struct load_column *column)
{
	if (load_is(ld, "DEFAULT"))
		column->column.def = (struct column_default){ .kind = DEFAULT_NONE };
	else if (load_is(ld, "NOT"))
		column->column.nullable = true;
	load_skip_item(ld);
}

/* ALTER [COLUMN] c ... */
static void alter_column(struct load *ld, struct load_table *table)
{
	struct load_column *column;
	size_t pos;

	load_accept(ld, "COLUMN");
	column = named_column(ld, table);
	pos = load_pos(ld);
	if (!column) {
		load_skip_item(ld);
	} else if (load_accept(ld, "SET")) {
		set_column(ld, table, column);
	} else if (load_accept(ld, "DROP")) {
		drop_of_column(ld, column);
	} else if (load_accept(ld, "TYPE")) {
		change_type(ld, table, column);
	} else if (load_accept(ld, "ADD")) {
		load_expect(ld, "GENERATED");
		load_generated(ld, table, column, pos);
	} else {
		lose_action(ld, table, pos, not_merged);
	}
}

/* MODIFY [COLUMN] c ..., CHANGE [COLUMN] old c ...: the whole column anew. */
static void modify_column(struct load *ld, struct load_table *table, bool renames)
{
	struct load_column *old = NULL;
	size_t pos;
	char *name;

	load_accept(ld, "COLUMN");
	if (renames)
		old = named_column(ld, table);
	pos = load_pos(ld);
	name = load_name(ld, "the name of a column");
	if (name && old && strlen(name) < NAME_SIZE) {
		bool is_key = table->key && !strcmp(table->key, old->column.name);

		(void)!name_fold(name, strlen(name), -1, old->column.name, NULL);
		if (is_key)
			table->key = load_copy(ld, &table->arena, old->column.name);
	}
	load_column(ld, table, name, pos, true);
}

static void add_item(struct load *ld, struct load_table *table)
{
	if (!load_accept(ld, "COLUMN")) {
		load_item(ld, table);
		return;
	}
	load_if_exists(ld);
	load_item(ld, table);
}

/* Actions that say nothing about a schema; the word names the kind. */
static const char *const other_actions[] = {
	"OWNER", "CLUSTER", "REPLICA", "ENABLE", "DISABLE", "FORCE", "VALIDATE", "AUTO_INCREMENT",
	"ENGINE", "SET", "RESET", "NO", "ORDER", "CONVERT", "DEFAULT", "CHARACTER", "ROW_FORMAT",
	"DETACH", "NOT",
};

static bool is_other_action(const struct load *ld)
{
	if (load_is(ld, "DROP"))
		return load_peek_is(ld, "CONSTRAINT") || load_peek_is(ld, "INDEX") ||
		       load_peek_is(ld, "KEY") || load_peek_is(ld, "FOREIGN") ||
		       load_peek_is(ld, "PRIMARY");
	if (ld->dialect == LOAD_ANY && load_is(ld, "SET"))	/* options of ours */
		return false;
	for (size_t i = 0; i < countof(other_actions); i++) {
		if (load_is(ld, other_actions[i]))
			return true;
	}
	return false;
}

static void skip_action(struct load *ld)
{
	bool drops = load_is(ld, "DROP");
	struct load_token token = drops ? load_peek(ld) : ld->lx.token;
	char kind[48];

	snprintf(kind, sizeof(kind), "ALTER TABLE %s%.*s", drops ? "DROP " : "", (int)token.len,
		 token.text);
	load_count(ld, kind);
	load_skip_item(ld);
}

static void table_comment(struct load *ld, struct load_table *table)
{
	load_accept_symbol(ld, '=');
	load_comment(ld, table, &table->comment, "");
}

static void action(struct load *ld, struct load_table *table)
{
	size_t from = load_pos(ld);

	if (load_accept(ld, "ADD"))
		add_item(ld, table);
	else if (load_accept(ld, "ALTER"))
		alter_column(ld, table);
	else if (load_accept(ld, "MODIFY"))
		modify_column(ld, table, false);
	else if (load_accept(ld, "CHANGE"))
		modify_column(ld, table, true);
	else if (load_accept(ld, "COMMENT"))
		table_comment(ld, table);
	else if (load_is(ld, "ATTACH"))
		lose_action(ld, table, from,
			    "The catalog does not model partitions by range, list or hash");
	else if (load_is(ld, "INHERIT"))
		lose_action(ld, table, from, "The catalog does not model INHERITS");
	else if (is_other_action(ld))
		skip_action(ld);
	else
		lose_action(ld, table, from, not_merged);
}

/* Of a table that is left out, or none that we know, only what kind it was. */
static void skip_actions(struct load *ld)
{
	if (is_other_action(ld))
		skip_action(ld);
	else
		load_count(ld, "ALTER TABLE");
	load_skip_rest(ld);
}

static bool only_other_actions(struct load *ld)
{
	struct load_lexer start = ld->lx;
	size_t last_end = ld->last_end;
	bool only = true;

	do {
		only = only && is_other_action(ld);
		load_skip_item(ld);
	} while (load_accept_symbol(ld, ','));
	ld->lx = start;
	ld->last_end = last_end;
	return only;
}

void load_alter_table(struct load *ld)
{
	bool if_exists = load_if_exists(ld);
	struct load_table *table;
	struct load_ref ref;

	load_accept(ld, "ONLY");
	load_ref(ld, &ref);
	load_accept_symbol(ld, '*');
	if (ld->rc)
		return;
	table = load_find(ld, &ref);
	if ((table && table->is_left_out) || (!table && (if_exists || load_is_view(ld, &ref) ||
							 only_other_actions(ld)))) {
		skip_actions(ld);
		return;
	}
	if (!table) {
		load_lose(ld, LOSS_STATEMENT, ref.pos, "The file does not create this table",
			  "left out ALTER TABLE %s: the file does not create this table", ref.shown);
		return;
	}
	do
		action(ld, table);
	while (load_accept_symbol(ld, ','));
	if (!load_is_end(ld))
		load_refuse(ld, -EINVAL, load_pos(ld), "Expected ',' or the end of the statement");
}

/* Behind the comment of something that has none here. */
static void skip_comment(struct load *ld, const char *kind)
{
	load_skip_rest(ld);
	load_count(ld, kind);
}

/* IS 'text' for what the file does not make: a statement of its own. */
static void run_comment(struct load *ld, size_t pos, const char *head)
{
	const char *text = NULL;
	char *sql = NULL;
	size_t len;
	FILE *out;

	load_expect(ld, "IS");
	if (!load_accept(ld, "NULL"))
		text = load_string(ld, "a comment");
	if (ld->rc)
		return;
	out = text_stream(&sql, &len);
	if (out) {
		fprintf(out, "%s COMMENT ", head);
		if (text)
			print_string_sql(text, out);
		else
			fputs("NULL", out);
	}
	if (!out || fclose(out))
		load_refuse(ld, -ENOMEM, pos, "Out of memory");
	else
		load_run_text(ld, sql, len, pos, false);
	free(sql);
}

static void comment_column(struct load *ld)
{
	struct load_ref ref;
	char *name = load_column_ref(ld, &ref), folded[NAME_SIZE], head[4 * NAME_SIZE];
	struct load_column *column;
	struct load_table *table;

	if (!name || name_fold(name, strlen(name), -1, folded, NULL))
		return;
	table = load_find(ld, &ref);
	column = table ? load_find_column(table, folded) : NULL;
	if (ref.bad.code || load_is_view(ld, &ref) || (table && (table->is_left_out || !column))) {
		skip_comment(ld, "COMMENT ON COLUMN");
	} else if (column) {
		load_expect(ld, "IS");
		load_comment(ld, table, &column->column.comment, folded);
	} else {
		snprintf(head, sizeof(head), "ALTER TABLE \"%s\".\"%s\" ALTER COLUMN \"%s\"", ref.ns,
			 ref.name, folded);
		run_comment(ld, ref.pos, head);
	}
}

static void comment_table(struct load *ld)
{
	struct load_table *table;
	char head[4 * NAME_SIZE];
	struct load_ref ref;

	load_ref(ld, &ref);
	if (ld->rc)
		return;
	table = load_find(ld, &ref);
	if (ref.bad.code || load_is_view(ld, &ref) || (table && table->is_left_out)) {
		skip_comment(ld, "COMMENT ON TABLE");
	} else if (table) {
		load_expect(ld, "IS");
		load_comment(ld, table, &table->comment, "");
	} else {
		snprintf(head, sizeof(head), "ALTER TABLE \"%s\".\"%s\"", ref.ns, ref.name);
		run_comment(ld, ref.pos, head);
	}
}

/* That of `public` would be said of a namespace that was there before. */
static void comment_schema(struct load *ld)
{
	size_t pos = load_pos(ld);
	char *name = load_name(ld, "the name of a schema"), folded[NAME_SIZE], head[2 * NAME_SIZE];

	if (!name)
		return;
	(void)!name_fold(name, strnlen(name, NAME_MAX_BYTES), -1, folded, NULL);
	if (load_namespace(ld, name) != name || name_check(NAME_NAMESPACE, folded, -1, NULL)) {
		skip_comment(ld, "COMMENT ON SCHEMA");
		return;
	}
	snprintf(head, sizeof(head), "ALTER NAMESPACE \"%s\"", folded);
	run_comment(ld, pos, head);
}

void load_comment_on(struct load *ld)
{
	char kind[48];

	if (load_accept(ld, "TABLE")) {
		comment_table(ld);
	} else if (load_accept(ld, "COLUMN")) {
		comment_column(ld);
	} else if (load_accept(ld, "SCHEMA")) {
		comment_schema(ld);
	} else {
		snprintf(kind, sizeof(kind), "COMMENT ON %.*s", (int)ld->lx.token.len, ld->lx.token.text);
		skip_comment(ld, kind);
	}
}
