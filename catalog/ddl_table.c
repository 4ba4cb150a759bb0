/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl_parse.h"

#include <errno.h>
#include <string.h>

static const struct column_spec *find_column(const struct stmt *stmt, const char *name)
{
	for (unsigned i = 0; i < stmt->column_count; i++) {
		if (!strcmp(stmt->columns[i].name, name))
			return &stmt->columns[i];
	}
	return NULL;
}

static void second_key(struct parser *p, long pos)
{
	ddl_error(p, pos, "Multiple PRIMARY KEY definitions found");
}

static bool has_key(const struct stmt *stmt)
{
	if (stmt->primary_key)
		return true;
	for (unsigned i = 0; i < stmt->column_count; i++) {
		if (stmt->columns[i].primary_key)
			return true;
	}
	return false;
}

/* What may stand behind the column of PRIMARY KEY (c). */
static void end_key(struct parser *p)
{
	long pos = p->lx.token.pos;

	if (ddl_is_symbol(p, ','))
		ddl_error(p, pos, "Composite PRIMARY KEYs are not supported yet");
	else if (ddl_is_symbol(p, '(') || ddl_is(p, "ASC") || ddl_is(p, "DESC"))
		ddl_error(p, pos, "Complex expressions in PRIMARY KEY not supported");
	else
		ddl_expect_symbol(p, ')');
}

/* PRIMARY KEY (c) as an item of its own. */
static void parse_key_item(struct parser *p, struct stmt *stmt)
{
	long pos = p->lx.token.pos;
	char name[NAME_SIZE];

	if (has_key(stmt))
		second_key(p, pos);
	ddl_next(p);
	ddl_expect(p, "KEY");
	ddl_expect_symbol(p, '(');
	ddl_old_name(p, NAME_COLUMN, name, &stmt->primary_key_pos);
	end_key(p);
	if (p->rc)
		return;
	stmt->primary_key = arena_strdup(p->arena, name);
	if (!stmt->primary_key)
		ddl_stop(p, err_nomem(&p->err));
}

static void add_partition(struct parser *p, struct stmt *stmt)
{
	unsigned n = stmt->partition_count;
	char name[NAME_SIZE];
	long pos;

	ddl_old_name(p, NAME_COLUMN, name, &pos);
	for (unsigned i = 0; !p->rc && i < n; i++) {
		if (!strcmp(stmt->partition[i], name))
			ddl_error(p, pos, "Column '%s' is named twice in PARTITION BY", name);
	}
	stmt->partition = ddl_reserve(p, stmt->partition, n, sizeof(*stmt->partition), "columns");
	stmt->partition_pos =
		ddl_reserve(p, stmt->partition_pos, n, sizeof(*stmt->partition_pos), "columns");
	if (p->rc)
		return;
	stmt->partition_pos[n] = pos;
	stmt->partition[n] = arena_strdup(p->arena, name);
	stmt->partition_count++;
	if (!stmt->partition[n])
		ddl_stop(p, err_nomem(&p->err));
}

static void parse_partition(struct parser *p, struct stmt *stmt)
{
	if (stmt->partition_count)
		ddl_twice(p, p->last_pos, "PARTITION BY");
	ddl_expect(p, "BY");
	ddl_expect_symbol(p, '(');
	do {
		add_partition(p, stmt);
	} while (ddl_accept_symbol(p, ','));
	if (!ddl_accept_symbol(p, ')'))
		ddl_expected(p, "',' or ')'");
}

static void parse_column(struct parser *p, struct stmt *stmt)
{
	struct column_spec *column;
	bool key_before = has_key(stmt);

	stmt->columns = ddl_reserve(p, stmt->columns, stmt->column_count, sizeof(*stmt->columns),
	                            "columns");
	if (!stmt->columns)
		return;
	column = &stmt->columns[stmt->column_count];
	ddl_new_name(p, NAME_COLUMN, column->name, &column->pos);
	if (!p->rc && find_column(stmt, column->name))
		ddl_error(p, column->pos,
		          "Duplicate column name '%s'. Column names are case-insensitive.",
		          column->name);
	ddl_column(p, column, COLUMN_CREATE);
	if (column->primary_key && key_before)
		second_key(p, column->pos);
	stmt->column_count++;
}

static void parse_item(struct parser *p, struct stmt *stmt)
{
	if (ddl_is(p, "PRIMARY"))
		parse_key_item(p, stmt);
	else if (ddl_accept(p, "PARTITION"))
		parse_partition(p, stmt);
	else if (!ddl_refuse_constraint(p, true))
		parse_column(p, stmt);
}

static void no_columns(struct parser *p, long pos)
{
	ddl_error(p, pos, "Table must have at least 1 column");
}

static void parse_items(struct parser *p, struct stmt *stmt)
{
	long pos = p->lx.token.pos;

	if (ddl_is(p, "AS"))
		ddl_error(p, pos,
		          "CREATE TABLE ... AS SELECT is not supported: the catalog holds no rows, "
		          "so list the columns");
	if (!ddl_accept_symbol(p, '('))
		ddl_expected(p, "'(' and the columns");
	if (ddl_is_symbol(p, ')'))
		no_columns(p, pos);
	p->inside = true;
	do {
		parse_item(p, stmt);
	} while (ddl_accept_symbol(p, ','));
	p->inside = false;
	if (!ddl_accept_symbol(p, ')'))
		ddl_expected(p, "',' or ')'");
	if (!stmt->column_count)
		no_columns(p, pos);
}

enum clause { CLAUSE_PARTITION, CLAUSE_WITH, CLAUSE_COMMENT, CLAUSE_USING, CLAUSE_COUNT };

static const char *const clause_words[] = {
	[CLAUSE_PARTITION] = "PARTITION",
	[CLAUSE_WITH] = "WITH",
	[CLAUSE_COMMENT] = "COMMENT",
	[CLAUSE_USING] = "USING",
};
_Static_assert(countof(clause_words) == CLAUSE_COUNT, "every clause has its word");

/* Clauses of older KalamDB documents and of other databases. */
static const struct {
	const char *word;
	const char *text;
} foreign_clauses[] = {
	{ "TTL", "Write WITH (TTL_SECONDS = ...) instead of TTL" },
	{ "FLUSH", "Write WITH (FLUSH_POLICY = 'rows:N,interval:S') instead of FLUSH" },
	{ "STORAGE", "Write WITH (STORAGE_ID = '...') instead of STORAGE" },
	{ "AS", "CREATE TABLE ... AS SELECT is not supported: the catalog holds no rows, so list "
	        "the columns" },
	{ "ENGINE", "Tables have no ENGINE: leave it out" },
};

static void unknown_clause(struct parser *p)
{
	for (size_t i = 0; i < countof(foreign_clauses); i++) {
		if (ddl_is(p, foreign_clauses[i].word))
			ddl_error(p, p->lx.token.pos, "%s", foreign_clauses[i].text);
	}
	if (!ddl_begins_statement(p))
		ddl_unknown(p, "clause of CREATE TABLE", WORD_LIST(clause_words));
}

static void parse_clause(struct parser *p, struct stmt *stmt, enum clause clause)
{
	char ignored[NAME_SIZE];
	long pos;

	ddl_next(p);
	switch (clause) {
	case CLAUSE_PARTITION:
		parse_partition(p, stmt);
		break;
	case CLAUSE_WITH:
		ddl_settings(p, &stmt->settings, &stmt->setting_count);
		break;
	case CLAUSE_COMMENT:
		stmt->comment = ddl_comment(p, &stmt->comment_pos);
		stmt->has_comment = true;
		break;
	case CLAUSE_USING:
	case CLAUSE_COUNT:
	default:
		ddl_old_name(p, NAME_STORAGE, ignored, &pos);
		break;
	}
}

static void parse_clauses(struct parser *p, struct stmt *stmt)
{
	bool seen[CLAUSE_COUNT] = { false };

	while (!ddl_ended(p) && ddl_is_kind(p, TOKEN_WORD)) {
		int clause = ddl_which(p, WORD_LIST(clause_words));

		if (clause < 0 && p->newline_ends && p->lx.token.newline_before)
			return;
		if (clause < 0) {
			unknown_clause(p);
			return;
		}
		if (seen[clause])
			ddl_twice(p, p->lx.token.pos, clause_words[clause]);
		seen[clause] = true;
		parse_clause(p, stmt, (enum clause)clause);
	}
}

static void check_keys(struct parser *p, const struct stmt *stmt)
{
	const struct column_spec *column;

	if (stmt->primary_key) {
		column = find_column(stmt, stmt->primary_key);
		if (!column)
			ddl_error(p, stmt->primary_key_pos,
			          "PRIMARY KEY column '%s' not found in column list",
			          stmt->primary_key);
		else if (column->null == NULL_ALLOWED)
			ddl_error(p, stmt->primary_key_pos,
			          "Primary key column '%s' cannot be nullable", column->name);
	}
	for (unsigned i = 0; !p->rc && i < stmt->partition_count; i++) {
		if (!find_column(stmt, stmt->partition[i]))
			ddl_error(p, stmt->partition_pos[i],
			          "PARTITION BY column '%s' not found in column list",
			          stmt->partition[i]);
	}
}

/* ID n: ascending, where a column without it has the next number (decisions.md 36). */
static void check_ids(struct parser *p, const struct stmt *stmt)
{
	uint32_t id = 0;

	for (unsigned i = 0; !p->rc && i < stmt->column_count; i++) {
		const struct column_spec *column = &stmt->columns[i];

		if (column->id && column->id <= id)
			ddl_error(p, column->id_pos,
			          "Column ids must ascend: ID %u of column '%s' comes after ID %u",
			          column->id, column->name, id);
		else if (id == INT32_MAX)
			ddl_error(p, column->pos,
			          "Column '%s' has no id: ID %u in front of it is the last one "
			          "there is",
			          column->name, id);
		id = column->id ? column->id : id + 1;
	}
}

void ddl_create_table(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_CREATE_TABLE;
	stmt->if_clause = ddl_if_exists(p, true);
	ddl_table_name(p, &stmt->object, true);
	parse_items(p, stmt);
	parse_clauses(p, stmt);
	if (p->rc)
		return;
	check_keys(p, stmt);
	check_ids(p, stmt);
}

/* A table's ctl speaks of one table, but what ends that table names it. */
static void old_table(struct parser *p, struct stmt *stmt, const char *statement)
{
	if (!p->rc && p->scope == SCOPE_TABLE && ddl_ended(p)) {
		if (p->newline_ends && p->lx.token.newline_before)
			p->hope = HOPE_NONE;
		else if (ddl_is_kind(p, TOKEN_END))
			p->hope = HOPE_YES;
		ddl_error(p, ddl_here(p),
		          "%s needs the name of the table, also in the table's own ctl", statement);
	}
	ddl_table_name(p, &stmt->object, false);
}

void ddl_drop_table(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_DROP_TABLE;
	stmt->if_clause = ddl_if_exists(p, false);
	old_table(p, stmt, "DROP TABLE");
	if (!ddl_ended(p))
		stmt->purge = ddl_accept(p, "PURGE");
}

void ddl_undrop_table(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_UNDROP_TABLE;
	ddl_expect(p, "TABLE");
	old_table(p, stmt, "UNDROP TABLE");
	if (ddl_accept_symbol(p, '@'))
		stmt->version = ddl_integer(p, 1, UINT32_MAX, "a version");
}

void ddl_purge_table(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_PURGE_TABLE;
	ddl_expect(p, "TABLE");
	old_table(p, stmt, "PURGE TABLE");
}
