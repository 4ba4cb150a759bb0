/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements of our own in a file that is loaded.
 */
#include "catalog/load_impl.h"

#include "catalog/apply.h"

#include <errno.h>
#include <string.h>

static bool has_key(const struct stmt *stmt)
{
	if (stmt->primary_key || (stmt->has_type && stmt->type == TABLE_STREAM))
		return true;
	for (unsigned i = 0; i < stmt->column_count; i++) {
		if (stmt->columns[i].primary_key)
			return true;
	}
	return false;
}

/*
 * Whether the definition keeps the rules: with --lenient what breaks them is left
 * out.  Where memory is out it counts as kept: running it tells.
 */
static bool keeps_rules(const struct stmt *stmt)
{
	struct table *table = table_new();
	const char *location;
	int rc = table ? apply_create(table, stmt, &location, NULL) : -ENOMEM;

	table_put(table);
	return !rc || rc == -ENOMEM;
}

static bool is_waiting(struct load *ld, const struct stmt *stmt)
{
	const char *ns = stmt->object.namespace_name;
	struct load_ref ref = { .bad = ERR_INIT };

	load_make_ref(ld, *ns ? ns : NULL, stmt->object.name, &ref);
	return load_find(ld, &ref);
}

/* A table without a key may get one later in the file. */
static bool runs_as_it_is(struct load *ld, const struct stmt *stmt)
{
	switch (stmt->verb) {
	case STMT_CREATE_TABLE:
		return has_key(stmt) && (!ld->options->lenient || keeps_rules(stmt));
	case STMT_ALTER_TABLE:
	case STMT_DROP_TABLE:
		return !is_waiting(ld, stmt);
	case STMT_BEGIN:
	case STMT_COMMIT:
	case STMT_ROLLBACK:
		return false;
	case STMT_CREATE_NAMESPACE:
	case STMT_ALTER_NAMESPACE:
	case STMT_DROP_NAMESPACE:
	case STMT_UNDROP_TABLE:
	case STMT_PURGE_TABLE:
	case STMT_CREATE_STORAGE:
	case STMT_ALTER_STORAGE:
	case STMT_DROP_STORAGE:
	case STMT_VERB_COUNT:
	default:
		return true;
	}
}

/* Decision 23: what a dump drops before it makes it anew must not hold the name. */
static void run_ours(struct load *ld, const struct stmt *stmt)
{
	const char *ns = stmt->object.namespace_name;

	if (stmt->verb == STMT_DROP_TABLE && ld->options->replace && !stmt->purge)
		load_run_printed(ld, stmt->start, "DROP TABLE %s\"%s\".\"%s\" PURGE",
				 stmt->if_clause ? "IF EXISTS " : "", *ns ? ns : load_namespace(ld, NULL),
				 stmt->object.name);
	else
		load_run_text(ld, ld->stmt.text + stmt->start, stmt->len, stmt->start, true);
}

bool load_take_ours(struct load *ld, struct err *err)
{
	struct script script;
	bool ours;

	if (ddl_parse(ld->stmt.text, ld->stmt.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script,
		      err))
		return false;
	ours = script.count == 1 && runs_as_it_is(ld, &script.stmts[0]);
	if (ours)
		run_ours(ld, &script.stmts[0]);
	script_free(&script);
	return ours;
}

void load_only_ours(struct load *ld)
{
	struct err err = ERR_INIT;

	if (!load_take_ours(ld, &err) && err.code)
		load_refuse_err(ld, 0, &err);
}
