/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a table's definition from a catalog, without a mount, prints its
 * columns, and writes its Arrow schema into a file:
 *
 *   cc read_schema.c $(pkg-config --cflags --libs kalam) -o read_schema
 *   ./read_schema /srv/orders/catalog app messages schema.arrow
 */
#include "catalog/arrow.h"
#include "catalog/catalog.h"
#include "catalog/type.h"
#include "catalog/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int show(void *arg, const struct table *table, struct err *err)
{
	FILE *out = arg;
	char type[TYPE_SQL_SIZE];

	printf("%s.%s, version %u\n", table->namespace_name, table->name, table->version);
	for (unsigned i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		printf("  %u %s %s%s\n", column->id, column->name, type_sql(&column->type, type),
		       column->nullable ? "" : " NOT NULL");
	}
	arrow_print_schema(table, out);
	return ferror(out) ? err_set(err, -EIO, "cannot write the Arrow schema") : 0;
}

int main(int argc, char **argv)
{
	struct catalog_options options = { 0 };
	struct err err = ERR_INIT;
	struct catalog *catalog;
	struct txn *txn;
	FILE *out;
	int rc;

	if (argc != 5) {
		fprintf(stderr, "usage: read_schema CATALOG NAMESPACE TABLE FILE\n");
		return 2;
	}
	out = fopen(argv[4], "w");
	if (!out) {
		perror(argv[4]);
		return 1;
	}
	rc = catalog_open(argv[1], &options, &catalog, &err);
	if (!rc) {
		rc = catalog_begin(catalog, &txn, &err);
		if (!rc) {
			rc = walk_tables(catalog, txn, argv[2], argv[3], show, out, &err);
			txn_end(txn);
		}
		catalog_close(catalog);
	}
	if (fclose(out) && !rc)
		rc = err_set(&err, -errno, "%s: %s", argv[4], strerror(errno));
	if (rc)
		fprintf(stderr, "read_schema: %s\n", err.text);
	return rc ? 1 : 0;
}
