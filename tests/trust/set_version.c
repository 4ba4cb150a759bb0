/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * set_version CATALOG NAMESPACE TABLE VERSION - as if a table had had so many
 * versions.  The catalog may not be mounted meanwhile.
 */
#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>

static int set(struct catalog *catalog, struct txn *txn, char **argv, struct err *err)
{
	struct table *table;
	uint32_t id;
	int rc = catalog_find(catalog, txn, DIR_NAMESPACES, 0, argv[2], &id);

	if (!rc)
		rc = catalog_find(catalog, txn, DIR_TABLES, id, argv[3], &id);
	if (!rc)
		rc = row_table(txn, id, &table, err);
	if (rc)
		return rc;
	table->version = (uint32_t)strtoul(argv[4], NULL, 10);
	rc = row_table_put(txn, table, true, err);
	table_put(table);
	return rc;
}

int main(int argc, char **argv)
{
	struct catalog *catalog;
	struct err err = ERR_INIT;
	struct txn *txn;
	int rc;

	if (argc != 5)
		return 2;
	rc = catalog_open(argv[1], &(struct catalog_options){ .create = false }, &catalog, &err);
	if (!rc)
		rc = txn_begin_write(catalog_store(catalog), 5000, &txn, &err);
	if (!rc)
		rc = set(catalog, txn, argv, &err);
	if (!rc)
		rc = txn_commit(txn, &err);
	if (rc) {
		fprintf(stderr, "set_version: %d %s\n", rc, err.text);
		return 1;
	}
	catalog_close(catalog);
	return 0;
}
