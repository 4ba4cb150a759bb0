/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/walk.h"

#include <errno.h>
#include <string.h>

struct walk {
	struct catalog *catalog;
	struct txn *txn;
	walk_fn *fn;
	void *arg;
	struct err *err;
};

static int walk_table(void *arg, uint32_t id, const char *name, size_t len)
{
	struct walk *walk = arg;
	struct table *table;
	int rc = catalog_table(walk->catalog, walk->txn, id, &table, walk->err);

	if (rc == -ENOENT)
		return err_set(walk->err, -EIO, "The catalog has lost table %.*s", (int)len, name);
	if (rc)
		return rc;
	rc = walk->fn(walk->arg, table, walk->err);
	table_put(table);
	return rc;
}

/* Built-in tables stand in no index of names. */
static int walk_namespace(void *arg, uint32_t id, const char *name, size_t len)
{
	struct walk *walk = arg;

	(void)name;
	(void)len;
	if (id == NAMESPACE_SYSTEM)
		return catalog_list(walk->catalog, walk->txn, DIR_TABLES, id, 0, walk_table, walk);
	return names_list(walk->txn, DIR_TABLES, id, walk_table, walk);
}

int walk_tables(struct catalog *catalog, struct txn *txn, const char *namespace_name,
		const char *table_name, walk_fn *fn, void *arg, struct err *err)
{
	struct walk walk = { .catalog = catalog, .txn = txn, .fn = fn, .arg = arg, .err = err };
	uint32_t ns, id;
	int rc;

	if (!namespace_name)
		return names_list(txn, DIR_NAMESPACES, 0, walk_namespace, &walk);
	rc = catalog_find(catalog, txn, DIR_NAMESPACES, 0, namespace_name, &ns);
	if (rc)
		return err_set(err, rc, "Namespace '%s' does not exist", namespace_name);
	if (!table_name)
		return walk_namespace(&walk, ns, NULL, 0);
	rc = catalog_find(catalog, txn, DIR_TABLES, ns, table_name, &id);
	if (rc)
		return err_set(err, rc, "Table '%s' not found in namespace '%s'", table_name,
			       namespace_name);
	return walk_table(&walk, id, table_name, strlen(table_name));
}
