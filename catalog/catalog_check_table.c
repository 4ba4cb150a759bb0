/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_check_impl.h"

#include "base/stamp.h"

#include <errno.h>
#include <string.h>

static int check_namespace_of(struct check *c, const struct table *table)
{
	struct err cause = ERR_INIT;
	struct namespace *ns;
	int rc = row_namespace(c->txn, table->namespace_id, &ns, &cause);

	if (rc == -ENOENT)
		check_found(c, RULE_RECORD,
			    "its record puts it into namespace %u, which does not exist" RESTORE,
			    table->namespace_id);
	if (rc) {
		if (rc != -ENOENT && rc != -EIO)
			*c->err = cause;
		return rc == -EIO ? 0 : check_lookup(c, rc);
	}
	if (strcmp(ns->name, table->namespace_name) != 0)
		check_found(
			c, RULE_RECORD,
			"its record puts it into namespace %u as '%s', whose name is '%s'" RESTORE,
			table->namespace_id, table->namespace_name, ns->name);
	namespace_put(ns);
	return 0;
}

static void check_state(struct check *c, const struct table *table)
{
	char dropped[STAMP_SIZE], expires[STAMP_SIZE];

	if (table->id < TABLE_USER_FIRST || table->type == TABLE_SYSTEM)
		check_found(c, RULE_RECORD,
			    "is of type SYSTEM or has a number below %d: such tables are built in "
			    "and must not be stored" RESTORE,
			    TABLE_USER_FIRST);
	if (!table->dropped_at && table->expires_at)
		check_found(c, RULE_RECORD, "it is not dropped, but is to be purged at %s" RESTORE,
			    stamp_format(table->expires_at, expires));
	else if (table->dropped_at && table->expires_at <= table->dropped_at)
		check_found(c, RULE_RECORD,
			    "it was dropped at %s, but is to be purged before that, at %s" RESTORE,
			    stamp_format(table->dropped_at, dropped),
			    stamp_format(table->expires_at, expires));
	check_stamp(c, table->dropped_at);
}

static int check_storage_of(struct check *c, const struct table *table)
{
	struct storage *storage;
	uint32_t id;
	int rc = name_find(c->txn, DIR_STORAGES, 0, table->options.storage_id, &id);

	if (rc == -ENOENT)
		check_found(c, RULE_STORAGE,
			    "its storage '%s' does not exist; create it again with CREATE STORAGE",
			    table->options.storage_id);
	if (rc)
		return rc == -EIO ? 0 : check_lookup(c, rc);
	rc = check_peek_storage(c, table->options.storage_id, &storage);
	return rc || !storage ? rc : check_place(c, table, storage);
}

static int check_definition(struct check *c, const struct table *table)
{
	struct err cause = ERR_INIT;
	bool same;
	int rc = check_history(c, table->id, table, &same);

	if (rc || same)
		return rc;
	rc = table_check(table, &cause);
	if (rc == -ENOMEM)
		return err_nomem(c->err);
	if (rc)
		check_found(c, RULE_RECORD, "%s" RESTORE, cause.text);
	return 0;
}

int check_table(struct check *c, uint32_t id)
{
	struct err cause = ERR_INIT;
	struct table *table;
	bool same;
	int rc = row_table(c->txn, id, &table, &cause);

	check_number(c, OBJECT_TABLE, id);
	if (rc) {
		check_about_id(c, OBJECT_TABLE, id);
		rc = check_damage(c, rc, &cause);
		return rc ? rc : check_history(c, id, NULL, &same);
	}
	check_about_table(c, table);
	c->totals->tables += !table->dropped_at;
	check_state(c, table);
	rc = check_namespace_of(c, table);
	if (!rc)
		rc = check_listed(c, table->dropped_at ? DIR_TRASH : DIR_TABLES,
				  table->namespace_id, id, table->name);
	if (!rc)
		rc = check_definition(c, table);
	if (!rc)
		rc = check_storage_of(c, table);
	if (!rc && table->dropped_at)
		rc = check_in_trash(c, table);
	table_put(table);
	return rc;
}
