/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seeds - the binary seeds of fuzz targets, and the documents.
 *
 *   seeds DIR FILE...
 *
 * Runs the statements of the files in one catalog and writes what it shows and
 * stores then to DIR/arrow, DIR/record and DIR/document, which must be there,
 * in the form in which the targets want it.
 */
#include "tests/fuzz/catalog.h"

#include "catalog/arrow.h"
#include "catalog/print.h"
#include "catalog/record.h"
#include "catalog/record_format.h"
#include "catalog/walk.h"

#include <ctype.h>

struct seeds {
	const char *dir;
	unsigned count;
	struct catalog *catalog;
	struct txn *txn;
};

/* A new file of prefix and bytes. */
static void write_seed(struct seeds *s, const char *target, const char *prefix, const void *bytes,
		       size_t len)
{
	char path[4096];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s/%u", s->dir, target, s->count++);
	out = fopen(path, "w");
	if (!out)
		perror(path);
	assert(out);
	fputs(prefix, out);
	fwrite(bytes, 1, len, out);
	assert(fclose(out) == 0);
}

/* For each letter the document as one of that target. */
static void write_document(struct seeds *s, const char *letters, struct printed *document)
{
	printed_close(document);
	for (; *letters; letters++) {
		char prefix[] = { *letters, '0', '\0' };

		write_seed(s, "document", prefix, document->text, document->len);
	}
	free(document->text);
}

/* Whole, and as a payload. */
static void write_record(struct seeds *s, char letter, struct buf *record)
{
	char whole[] = { letter, '\0' }, payload[] = { (char)toupper(letter), '\0' };

	assert(!record->failed);
	write_seed(s, "record", whole, record->at, record->len);
	write_seed(s, "record", payload, record->at + RECORD_HEADER_BYTES,
		   record->len - RECORD_HEADER_BYTES);
	buf_free(record);
}

static void write_columns(struct seeds *s, const struct table *table)
{
	for (unsigned i = 0; i < table->column_count && i < 20; i++) {
		struct printed column;

		printed_open(&column);
		print_column_json(&table->columns[i], column.out);
		write_document(s, "cC", &column);
	}
}

static int write_table(void *arg, const struct table *table, struct err *err)
{
	struct seeds *s = arg;
	struct printed stream, schema;
	struct buf record = { 0 };

	(void)err;
	printed_open(&stream);
	arrow_print_schema(table, stream.out);
	printed_close(&stream);
	write_seed(s, "arrow", "", stream.text, stream.len);
	free(stream.text);
	printed_open(&schema);
	print_schema_json(table, schema.out);
	write_document(s, "teT", &schema);
	write_columns(s, table);
	record_encode_table(table, &record);
	write_record(s, 't', &record);
	return 0;
}

static int write_namespace(void *arg, uint32_t id, const char *name, size_t len)
{
	struct seeds *s = arg;
	struct namespace *ns;
	struct printed document;
	struct buf record = { 0 };
	int rc = catalog_namespace(s->catalog, s->txn, id, &ns, NULL);

	(void)name;
	(void)len;
	assert(!rc);
	printed_open(&document);
	print_namespace_json(ns, document.out);
	write_document(s, "n", &document);
	record_encode_namespace(ns, &record);
	write_record(s, 'n', &record);
	namespace_put(ns);
	return 0;
}

static int write_storage(void *arg, uint32_t id, const char *name, size_t len)
{
	struct seeds *s = arg;
	struct storage *storage;
	struct printed document;
	struct buf record = { 0 };
	int rc = catalog_storage(s->catalog, s->txn, id, &storage, NULL);

	(void)name;
	(void)len;
	assert(!rc);
	printed_open(&document);
	print_storage_document(storage, document.out);
	write_document(s, "sS", &document);
	record_encode_storage(storage, &record);
	write_record(s, 's', &record);
	storage_put(storage);
	return 0;
}

int main(int argc, char **argv)
{
	struct seeds s;
	int rc;

	if (argc < 3) {
		fprintf(stderr, "usage: seeds DIR FILE...\n");
		return 2;
	}
	s = (struct seeds){ .dir = argv[1], .catalog = fuzz_catalog() };
	for (int i = 2; i < argc; i++)
		fuzz_run(s.catalog, argv[i]);
	rc = catalog_begin(s.catalog, &s.txn, NULL);
	assert(!rc);
	rc = walk_tables(s.catalog, s.txn, NULL, NULL, write_table, &s, NULL);
	assert(!rc);
	catalog_list(s.catalog, s.txn, DIR_NAMESPACES, 0, 0, write_namespace, &s);
	catalog_list(s.catalog, s.txn, DIR_STORAGES, 0, 0, write_storage, &s);
	txn_end(s.txn);
	catalog_close(s.catalog);
	printf("%u seeds\n", s.count);
	return 0;
}
