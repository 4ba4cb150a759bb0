/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/walk.h"

#include "catalog/catalog_impl.h"
#include "catalog/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	struct catalog *catalog;
	struct txn *txn;
	walk_fn *fn;
	walk_namespace_fn *namespace_fn;
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

static int compare_names(const void *a, const void *b)
{
	const struct table *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Built-in tables stand in no index of names. */
static int walk_system(struct walk *walk)
{
	const struct system *sys = walk->catalog->system;
	struct table *tables[TABLE_USER_FIRST - TABLE_SYSTEM_FIRST];
	unsigned count = system_table_count(sys);
	int rc = 0;

	for (unsigned i = 0; i < count; i++)
		tables[i] = system_table(sys, i);
	/* cppcheck-suppress uninitvar; pointers are sorted, not tables */
	qsort(tables, count, sizeof(*tables), compare_names);
	for (unsigned i = 0; !rc && i < count; i++)
		rc = walk->fn(walk->arg, tables[i], walk->err);
	return rc;
}

static int walk_namespace(void *arg, uint32_t id, const char *name, size_t len)
{
	struct walk *walk = arg;

	(void)name;
	(void)len;
	if (id == NAMESPACE_SYSTEM)
		return walk_system(walk);
	return names_list(walk->txn, DIR_TABLES, id, walk_table, walk);
}

static int walk_named(struct walk *walk, const char *namespace_name, const char *table_name)
{
	uint32_t ns, id;
	int rc = catalog_find(walk->catalog, walk->txn, DIR_NAMESPACES, 0, namespace_name, &ns);
	if (rc)
		return rc == -ENOENT ? err_set(walk->err, rc, "Namespace '%s' does not exist", namespace_name) : rc;
	if (!table_name)
		return walk_namespace(walk, ns, NULL, 0);
	rc = catalog_find(walk->catalog, walk->txn, DIR_TABLES, ns, table_name, &id);
	if (rc)
		return rc == -ENOENT ? err_set(walk->err, rc, "Table '%s' not found in namespace '%s'",
					       table_name, namespace_name) : rc;
	return walk_table(walk, id, table_name, strlen(table_name));
}

int walk_tables(struct catalog *catalog, struct txn *txn, const char *namespace_name,
		const char *table_name, walk_fn *fn, void *arg, struct err *err)
{
	struct walk walk = { .catalog = catalog, .txn = txn, .fn = fn, .arg = arg, .err = err };
	int rc = namespace_name ? walk_named(&walk, namespace_name, table_name) :
				  names_list(txn, DIR_NAMESPACES, 0, walk_namespace, &walk);

	return txn_told(txn, err, rc);
}

typedef int namespace_id_fn(struct walk *walk, uint32_t id);

/* Ids of all namespaces in the order of their names: the built-in one stands in no index. */
struct id_walk {
	struct walk *walk;
	namespace_id_fn *fn;
	bool met_system;
};

static int walk_id(void *arg, uint32_t id, const char *name, size_t len)
{
	static const char system_name[] = "system";
	struct id_walk *ids = arg;
	size_t shorter = len < sizeof(system_name) - 1 ? len : sizeof(system_name) - 1;
	int order = memcmp(name, system_name, shorter), rc = 0;

	if (!ids->met_system && (order > 0 || (!order && len > shorter))) {
		ids->met_system = true;
		rc = ids->fn(ids->walk, NAMESPACE_SYSTEM);
	}
	return rc ? rc : ids->fn(ids->walk, id);
}

static int walk_ids(struct walk *walk, namespace_id_fn *fn)
{
	struct id_walk ids = { .walk = walk, .fn = fn };
	int rc = names_list(walk->txn, DIR_NAMESPACES, 0, walk_id, &ids);

	return rc || ids.met_system ? rc : fn(walk, NAMESPACE_SYSTEM);
}

static int read_table(void *arg, uint32_t id, const char *name, size_t len)
{
	struct walk *walk = arg;
	struct table *table;
	int rc = row_table(walk->txn, id, &table, walk->err);

	if (rc == -ENOENT)
		return err_set(walk->err, -EIO, "The catalog has lost table %.*s", (int)len, name);
	if (rc)
		return rc;
	rc = walk->fn(walk->arg, table, walk->err);
	table_put(table);
	return rc;
}

static int walk_tables_of(struct walk *walk, uint32_t namespace_id)
{
	if (namespace_id == NAMESPACE_SYSTEM)
		return walk_system(walk);
	return names_list(walk->txn, DIR_TABLES, namespace_id, read_table, walk);
}

int walk_tables_in(struct catalog *catalog, struct txn *txn, uint32_t namespace_id, walk_fn *fn,
		   void *arg, struct err *err)
{
	struct walk walk = { .catalog = catalog, .txn = txn, .fn = fn, .arg = arg, .err = err };
	int rc = namespace_id ? walk_tables_of(&walk, namespace_id) : walk_ids(&walk, walk_tables_of);

	return txn_told(txn, err, rc);
}

static int read_namespace(struct walk *walk, uint32_t id)
{
	struct namespace *ns;
	int rc = catalog_namespace(walk->catalog, walk->txn, id, &ns, walk->err);

	if (rc == -ENOENT)
		return err_set(walk->err, -EIO, "The catalog has lost namespace %u", id);
	if (rc)
		return rc;
	rc = walk->namespace_fn(walk->arg, ns, walk->err);
	namespace_put(ns);
	return rc;
}

int walk_namespaces(struct catalog *catalog, struct txn *txn, walk_namespace_fn *fn, void *arg,
		    struct err *err)
{
	struct walk walk = { .catalog = catalog, .txn = txn, .namespace_fn = fn, .arg = arg,
			     .err = err };

	return txn_told(txn, err, walk_ids(&walk, read_namespace));
}
