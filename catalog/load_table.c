/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CREATE TABLE of other databases, and what becomes of it at the end of the file.
 */
#include "catalog/load_impl.h"

#include "catalog/print.h"

#include <errno.h>
#include <string.h>

/* Told with why; what else the file says of the table counts for nothing. */
static void lose_table(struct load *ld, struct load_table *table, size_t pos, const char *why)
{
	load_lose(ld, LOSS_TABLE, pos, why, "left out table %s.%s: %s", table->ns, table->name, why);
	table->is_left_out = true;
}

/* The name is no name here: told as it is written. */
static void lose_name(struct load *ld, struct load_table *table, const struct load_ref *ref,
		      const char *why)
{
	load_lose(ld, LOSS_TABLE, ref->pos, why, "left out table %s: %s", load_excerpt(ld, ref->pos), why);
	table->is_left_out = true;
}

/* About how rows are kept: nothing that a schema says. */
static const char *const physical_words[] = {
	"ENGINE", "TYPE", "AUTO_INCREMENT", "DEFAULT", "CHARSET", "CHARACTER", "SET", "ROW_FORMAT",
	"KEY_BLOCK_SIZE", "MAX_ROWS", "MIN_ROWS", "AVG_ROW_LENGTH", "CHECKSUM", "DELAY_KEY_WRITE",
	"PACK_KEYS", "STATS_PERSISTENT", "STATS_AUTO_RECALC", "STATS_SAMPLE_PAGES", "TABLESPACE",
	"INSERT_METHOD", "DATA", "INDEX", "DIRECTORY", "COMPRESSION", "ENCRYPTION", "ENCRYPTED",
	"ENCRYPTION_KEY_ID", "PAGE_CHECKSUM", "PAGE_COMPRESSED", "TRANSACTIONAL", "CONNECTION",
	"SECONDARY_ENGINE", "USING", "WITH", "WITHOUT", "OIDS", "ROWID", "STRICT", "SEQUENCE",
};

static bool is_physical(const struct load *ld)
{
	for (size_t i = 0; i < countof(physical_words); i++) {
		if (load_is(ld, physical_words[i]))
			return true;
	}
	return false;
}

/* A clause word with its value: [=] something, or (...). */
static void skip_value(struct load *ld)
{
	load_next(ld);
	if (load_is_symbol(ld, '(')) {
		load_skip_group(ld);
	} else if (load_accept_symbol(ld, '=')) {
		load_next(ld);
	} else if (!load_is_end(ld) && !load_is_symbol(ld, ',') && !is_physical(ld) &&
		   !load_is(ld, "COMMENT") && !load_is(ld, "COLLATE") && !load_is(ld, "PARTITION")) {
		load_next(ld);
	}
}

static void lose_clause(struct load *ld, struct load_table *table, size_t from, const char *what)
{
	char why[64];

	snprintf(why, sizeof(why), "The catalog does not model %s", what);
	load_lose(ld, LOSS_CLAUSE, from, why, "left out %s on %s.%s", load_excerpt(ld, from), table->ns,
		  table->name);
}

static void table_collation(struct load *ld, struct load_table *table, size_t from)
{
	load_accept_symbol(ld, '=');
	load_name(ld, "a collation");
	lose_clause(ld, table, from, "collations");
}

/* To the end, where a MySQL dump lists all partitions. */
static void partitions(struct load *ld, struct load_table *table, size_t from)
{
	const char *excerpt;

	while (!load_is_end(ld) && !load_is_symbol(ld, '('))
		load_next(ld);
	load_skip_group(ld);
	excerpt = load_excerpt(ld, from);
	while (!load_is_end(ld))
		load_next(ld);
	load_lose(ld, LOSS_CLAUSE, from, "The catalog does not model partitions by range, list or hash",
		  "left out %s on %s.%s", excerpt, table->ns, table->name);
}

static void inherits(struct load *ld, struct load_table *table, size_t from)
{
	while (!load_is_end(ld))
		load_next(ld);
	lose_table(ld, table, from, "There are columns that come from another table (INHERITS)");
}

static void unknown_clause(struct load *ld, struct load_table *table, size_t from)
{
	if (load_is_symbol(ld, ')')) {
		load_refuse(ld, -EINVAL, from, "Expected the end of the statement, found ')'");
		return;
	}
	load_skip_item(ld);
	lose_clause(ld, table, from, "this clause");
}

static void foreign_clause(struct load *ld, struct load_table *table)
{
	size_t from = load_pos(ld);

	if (load_accept(ld, "COMMENT")) {
		load_accept_symbol(ld, '=');
		load_comment(ld, table, &table->comment, "");
	} else if (load_accept(ld, "COLLATE")) {
		table_collation(ld, table, from);
	} else if (load_is(ld, "PARTITION")) {
		partitions(ld, table, from);
	} else if (load_is(ld, "INHERITS")) {
		inherits(ld, table, from);
	} else if (load_is(ld, "ON")) {	/* COMMIT ... */
		load_skip_item(ld);
	} else if (is_physical(ld)) {
		skip_value(ld);
	} else if (!load_accept_symbol(ld, ',')) {
		unknown_clause(ld, table, from);
	}
}

/* Ours stand as they are: what they say is checked when they run. */
static bool our_clause(struct load *ld, struct load_table *table)
{
	size_t from = load_pos(ld);
	const char *before = table->clauses;
	char *joined;

	if (ld->dialect != LOAD_ANY || (!load_is(ld, "WITH") && !load_is(ld, "PARTITION")))
		return false;
	while (!load_is_end(ld) && !load_is_symbol(ld, '('))
		load_next(ld);
	load_skip_group(ld);
	if (ld->rc)
		return true;
	joined = load_alloc(ld, &table->arena, (before ? strlen(before) : 0) + ld->last_end - from + 2);
	if (!joined)
		return true;
	if (before)
		joined = stpcpy(joined, before);
	*joined = ' ';
	memcpy(joined + 1, ld->stmt.text + from, ld->last_end - from);
	table->clauses = before ? joined - strlen(before) : joined;
	return true;
}

static void read_items(struct load *ld, struct load_table *table)
{
	load_expect_symbol(ld, '(');
	if (load_accept_symbol(ld, ')'))
		return;
	do {
		if (load_is(ld, "PARTITION") && ld->dialect == LOAD_ANY)
			our_clause(ld, table);
		else
			load_item(ld, table);
	} while (load_accept_symbol(ld, ','));
	load_expect_symbol(ld, ')');
}

static void read_table(struct load *ld, struct load_table *table)
{
	size_t from = load_pos(ld);

	if (!load_is_symbol(ld, '(') || load_peek_is(ld, "SELECT")) {
		lose_table(ld, table, from, "The columns are not listed, but come from something else");
		return;
	}
	read_items(ld, table);
	while (!load_is_end(ld) && !table->is_left_out) {
		if (load_is(ld, "AS") || load_is(ld, "SELECT")) {
			lose_table(ld, table, load_pos(ld), "There are columns that come from a query");
			return;
		}
		if (!our_clause(ld, table))
			foreign_clause(ld, table);
	}
}

/* What is no statement that we understand costs one table, not the file. */
static void forgive(struct load *ld, struct load_table *table)
{
	char why[ERR_TEXT_SIZE];

	if (!ld->rc || ld->rc == -ENOMEM || !ld->options->lenient)
		return;
	memcpy(why, ld->err->text, sizeof(why));
	err_clear(ld->err);
	ld->rc = 0;
	load_tell(ld, LOSS_TABLE, table->origin.line, "left out table %s.%s: %s", table->ns, table->name,
		  why);
	table->is_left_out = true;
}

/* IF NOT EXISTS, and the file itself has made it. */
static bool is_there(struct load *ld, const struct load_ref *ref, bool if_not_exists)
{
	if (!load_find(ld, ref))
		return false;
	if (if_not_exists)
		load_count(ld, "CREATE TABLE IF NOT EXISTS");
	else
		load_refuse(ld, -EINVAL, ref->pos, "The file creates table %s twice", ref->shown);
	return true;
}

static bool is_internal(const struct load *ld, const struct load_ref *ref)
{
	return ld->dialect == LOAD_SQLITE && !strncmp(ref->name, "sqlite_", strlen("sqlite_"));
}

void load_create_table(struct load *ld, const char *type_word)
{
	struct load_table *table;
	bool if_not_exists = load_if_exists(ld);
	struct load_ref ref;

	load_ref(ld, &ref);
	if (ld->rc)
		return;
	if (is_internal(ld, &ref)) {
		load_count(ld, "CREATE TABLE sqlite_...");
		return;
	}
	if (is_there(ld, &ref, if_not_exists))
		return;
	table = load_add(ld, &ref);
	if (!table)
		return;
	table->type_word = type_word;
	table->if_not_exists = if_not_exists;
	if (ref.bad.code)
		lose_name(ld, table, &ref, ref.bad.text);
	else if (load_is_taken(ld, &ref))
		lose_name(ld, table, &ref, "Another table of the file has this name in lower case");
	else
		read_table(ld, table);
	forgive(ld, table);
	if (!ld->rc && !table->is_left_out)
		load_run_table(ld, table);
}

static bool can_be_key(const struct load_column *column)
{
	return column->column.type.id != TYPE_EMBEDDING;
}

static const struct load_column *choose_key(struct load_table *table)
{
	const struct load_column *id = load_find_column(table, "id");

	for (unsigned i = 0; i < table->count; i++) {
		const struct load_column *column = &table->columns[i];

		if (column->is_unique && !column->column.nullable && can_be_key(column))
			return column;
	}
	return id && can_be_key(id) ? id : NULL;
}

static void find_key(struct load *ld, struct load_table *table)
{
	bool is_user = table->type_word && !strcmp(table->type_word, "USER");
	const char *why = is_user ? "User tables require a PRIMARY KEY column" :
				    "Shared tables require a PRIMARY KEY column";
	const struct load_column *key;

	if (table->key && load_find_column(table, table->key))
		return;
	key = choose_key(table);
	table->key = key ? key->column.name : NULL;
	if (key)
		load_lose_at(ld, LOSS_KEY, &table->origin, why,
			     "made %s the PRIMARY KEY of %s.%s", table->key, table->ns, table->name);
	else if (load_lose_at(ld, LOSS_TABLE, &table->origin, why,
			      "left out table %s.%s: it has no PRIMARY KEY, and no column to be one",
			      table->ns, table->name))
		table->is_left_out = true;
}

static void finish(struct load *ld, struct load_table *table)
{
	bool is_stream = table->type_word && !strcmp(table->type_word, "STREAM");

	if (!table->count) {
		load_lose_at(ld, LOSS_TABLE, &table->origin, "Table must have at least 1 column",
			     "left out table %s.%s: it has no column", table->ns, table->name);
		table->is_left_out = true;
		return;
	}
	if (!is_stream || table->key)
		find_key(ld, table);
	if (table->key)
		load_find_column(table, table->key)->column.nullable = false;
}

void load_finish_tables(struct load *ld)
{
	for (size_t i = 0; i < ld->count; i++) {
		struct load_table *table = ld->items[i].table;

		if (table && !table->is_left_out && !table->is_dropped)
			finish(ld, table);
	}
}

static void print_column(const struct load_table *table, const struct column *column, FILE *out)
{
	char sql[TYPE_SQL_SIZE];

	fputs("  ", out);
	print_name_sql(column->name, out);
	fprintf(out, " %s", type_sql(&column->type, sql));
	if (table->key && !strcmp(table->key, column->name))
		fputs(" PRIMARY KEY", out);
	if (!column->nullable)
		fputs(" NOT NULL", out);
	if (column->def.kind != DEFAULT_NONE) {
		fputs(" DEFAULT ", out);
		print_default_sql(column, out);
	}
	if (column->comment) {
		fputs(" COMMENT ", out);
		print_string_sql(column->comment, out);
	}
	if (column->id)
		fprintf(out, " ID %u", column->id);
}

void load_print_table(const struct load_table *table, FILE *out)
{
	fprintf(out, "CREATE %s TABLE %s", table->type_word ? table->type_word : "SHARED",
		table->if_not_exists ? "IF NOT EXISTS " : "");
	print_name_sql(table->ns, out);
	putc('.', out);
	print_name_sql(table->name, out);
	fputs(" (\n", out);
	for (unsigned i = 0; i < table->count; i++) {
		print_column(table, &table->columns[i].column, out);
		fputs(i + 1 < table->count ? ",\n" : "\n)", out);
	}
	fputs(table->clauses ? table->clauses : "", out);
	if (table->comment) {
		fputs(" COMMENT ", out);
		print_string_sql(table->comment, out);
	}
}
