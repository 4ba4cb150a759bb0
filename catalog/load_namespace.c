/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Schemas and databases: our namespaces.
 */
#include "catalog/load_impl.h"

#include <string.h>

void load_skip_rest(struct load *ld)
{
	while (!load_is_end(ld))
		load_next(ld);
}

bool load_if_exists(struct load *ld)
{
	if (!load_accept(ld, "IF"))
		return false;
	load_accept(ld, "NOT");
	load_expect(ld, "EXISTS");
	return true;
}

void load_create_schema(struct load *ld)
{
	size_t pos;
	char *name;

	load_if_exists(ld);
	load_accept(ld, "AUTHORIZATION");
	pos = load_pos(ld);
	name = load_name(ld, "the name of a schema");
	load_skip_rest(ld);
	if (!name)
		return;
	if (load_namespace(ld, name) == name)
		load_need_namespace(ld, name, pos);
	else
		load_count(ld, "CREATE SCHEMA");
}

/* In PostgreSQL a database is what we call a catalog. */
void load_create_database(struct load *ld)
{
	if (ld->dialect == LOAD_POSTGRESQL)
		load_count(ld, "CREATE DATABASE");
	else
		load_create_schema(ld);
}

void load_use(struct load *ld)
{
	size_t pos = load_pos(ld);
	char *name = load_name(ld, "the name of a database");

	if (!name)
		return;
	load_need_namespace(ld, name, pos);
	(void)!name_fold(name, strnlen(name, NAME_MAX_BYTES), -1, ld->current, NULL);
}

/* search_path = shop, pg_catalog: what old dumps write instead of schemas in front of names. */
void load_search_path(struct load *ld)
{
	char *name = NULL;

	if (!load_accept_symbol(ld, '='))
		load_accept(ld, "TO");
	if (ld->lx.token.kind == FOREIGN_STRING)
		name = load_string(ld, "a schema");
	else if (!load_is_end(ld))
		name = load_name(ld, "a schema");
	load_skip_rest(ld);
	load_count(ld, "SET");
	ld->current[0] = '\0';
	if (name && *name && *name != '$' && load_namespace(ld, name) == name)
		(void)!name_fold(name, strnlen(name, NAME_MAX_BYTES), -1, ld->current, NULL);
}

/* Tables go for good with CASCADE: only if that was asked for. */
static void drop_schema(struct load *ld, bool cascade)
{
	bool if_exists = load_if_exists(ld);
	size_t pos = load_pos(ld);
	char *name = load_name(ld, "the name of a schema"), folded[NAME_SIZE];
	struct err bad = ERR_INIT;

	cascade |= load_accept(ld, "CASCADE");
	load_skip_rest(ld);
	if (!name)
		return;
	(void)!name_fold(name, strnlen(name, NAME_MAX_BYTES), -1, folded, NULL);
	if (load_namespace(ld, name) != name || name_check(NAME_NAMESPACE, folded, -1, &bad)) {
		load_count(ld, "DROP SCHEMA");
	} else if (cascade && !ld->options->replace) {
		load_lose(ld, LOSS_STATEMENT, pos,
			  "This would purge all tables of the namespace: --replace lets it",
			  "left out %s: it would purge all tables of the namespace, --replace lets it",
			  load_excerpt(ld, 0));
	} else {
		load_gone_namespace(ld, folded);
		load_run_printed(ld, pos, "DROP NAMESPACE %s\"%s\"%s", if_exists ? "IF EXISTS " : "",
				 folded, cascade ? " CASCADE" : "");
	}
}

void load_drop_schema(struct load *ld)
{
	drop_schema(ld, false);
}

void load_drop_database(struct load *ld)
{
	if (ld->dialect == LOAD_POSTGRESQL)
		load_count(ld, "DROP DATABASE");
	else
		drop_schema(ld, true);
}
