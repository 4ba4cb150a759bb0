/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a saved document, in the catalog of tests/data/document/setup.sql.
 * It is refused with a sentence, or leads to a valid definition; and what the
 * file shows then can be saved again without changing anything.
 *
 * Input: a letter for what is saved (the cases of `targets`), a digit for the
 * version that the process saved last, the text.  Nothing is ever committed, so
 * that every input meets the same catalog.
 */
#include "tests/fuzz/catalog.h"

#include "catalog/document.h"
#include "catalog/exec.h"
#include "catalog/json.h"
#include "catalog/print.h"

#include <errno.h>

static struct {
	struct catalog *catalog;
	uint32_t app, messages, events, price, s3;
} world;

static uint32_t find(struct txn *txn, enum dir_kind dir, uint32_t parent, const char *name)
{
	uint32_t id;
	int rc = catalog_find(world.catalog, txn, dir, parent, name, &id);

	assert(!rc);
	return id;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct table *table;
	struct txn *txn;
	int rc;

	(void)argc;
	(void)argv;
	world.catalog = fuzz_catalog();
	fuzz_run(world.catalog, "tests/data/document/setup.sql");
	rc = catalog_begin(world.catalog, &txn, NULL);
	assert(!rc);
	world.app = find(txn, DIR_NAMESPACES, 0, "app");
	world.messages = find(txn, DIR_TABLES, world.app, "messages");
	world.events = find(txn, DIR_TABLES, world.app, "events");
	world.s3 = find(txn, DIR_STORAGES, 0, "s3");
	rc = row_table(txn, world.messages, &table, NULL);
	assert(!rc);
	world.price = table_find_column(table, "price")->id;
	table_put(table);
	txn_end(txn);
	return 0;
}

static bool find_target(uint8_t letter, struct document_target *out)
{
	const struct {
		char letter;
		struct document_target target;
	} targets[] = {
		{ 't', { .kind = DOCUMENT_TABLE, .table_id = world.messages } },
		{ 'e', { .kind = DOCUMENT_TABLE, .table_id = world.events } },
		{ 'T', { .kind = DOCUMENT_TABLE, .create = true, .namespace_id = world.app,
			 .name = "orders" } },
		{ 'c', { .kind = DOCUMENT_COLUMN, .table_id = world.messages,
			 .column_id = world.price } },
		{ 'C', { .kind = DOCUMENT_COLUMN, .create = true, .table_id = world.messages,
			 .name = "note" } },
		{ 'n', { .kind = DOCUMENT_NAMESPACE, .namespace_id = world.app, .name = "app" } },
		{ 's', { .kind = DOCUMENT_STORAGE, .storage_id = world.s3 } },
		{ 'S', { .kind = DOCUMENT_STORAGE, .create = true, .name = "x" } },
	};

	for (size_t i = 0; i < countof(targets); i++) {
		if (targets[i].letter == letter) {
			*out = targets[i].target;
			return true;
		}
	}
	return false;
}

/* The save, carried out in txn if it is accepted; request_fini it. */
static int save(struct txn *txn, const struct document_target *target, const char *text,
		size_t len, struct request *request)
{
	struct document *document;
	struct txn *nested;
	int rc;

	*request = (struct request){ .err = ERR_INIT };
	rc = document_request(target, text, len, fuzz_author(), &document, request, &request->err);
	if (rc)
		return rc;
	rc = txn_begin_nested(txn, &nested, NULL);
	assert(!rc);
	rc = exec_request(world.catalog, nested, request, 1);
	if (rc)
		txn_end(nested);
	else
		assert(!txn_commit(nested, NULL));
	document_free(document);
	request->script = NULL;
	return rc;
}

/* What the file shows is what it shows after it was saved. */
static void save_shown(struct txn *txn, const struct document_target *target,
		       const struct printed *shown)
{
	struct request request;
	int rc = save(txn, target, shown->text, shown->len, &request);

	if (rc || request.sequence)
		fprintf(stderr, "%s\n%s", shown->text, rc ? request.err.text : request.plan_text);
	assert(!rc && !request.sequence);
	request_fini(&request);
}

/* The statement that makes the same again is one. */
static void check_sql(struct printed *sql)
{
	struct script script;
	int rc;

	printed_close(sql);
	rc = ddl_parse(sql->text, sql->len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script,
		       NULL);
	if (rc)
		fprintf(stderr, "%s", sql->text);
	assert(!rc && script.count == 1);
	script_free(&script);
	free(sql->text);
}

static void check_column_files(struct txn *txn, const struct table *table)
{
	for (unsigned i = 0; i < table->column_count; i++) {
		struct document_target target = { .kind = DOCUMENT_COLUMN, .table_id = table->id,
						  .column_id = table->columns[i].id };
		struct printed shown;

		printed_open(&shown);
		print_column_json(&table->columns[i], shown.out);
		printed_close(&shown);
		save_shown(txn, &target, &shown);
		free(shown.text);
	}
}

static void check_table(struct txn *txn, uint32_t id)
{
	struct document_target target = { .kind = DOCUMENT_TABLE, .table_id = id };
	struct printed shown;
	struct table *table;
	int rc = row_table(txn, id, &table, NULL);

	assert(!rc);
	rc = table_check(table, NULL);
	assert(!rc);
	printed_open(&shown);
	print_schema_sql(table, true, shown.out);
	check_sql(&shown);
	check_column_files(txn, table);
	printed_open(&shown);
	print_schema_json(table, shown.out);
	printed_close(&shown);
	save_shown(txn, &target, &shown);
	free(shown.text);
	table_put(table);
}

static void check_namespace(struct txn *txn, uint32_t id)
{
	struct document_target target = { .kind = DOCUMENT_NAMESPACE, .namespace_id = id };
	struct printed shown;
	struct namespace *ns;
	int rc = row_namespace(txn, id, &ns, NULL);

	assert(!rc);
	snprintf(target.name, sizeof(target.name), "%s", ns->name);
	printed_open(&shown);
	print_namespace_sql(ns, shown.out);
	check_sql(&shown);
	printed_open(&shown);
	print_namespace_json(ns, shown.out);
	printed_close(&shown);
	save_shown(txn, &target, &shown);
	free(shown.text);
	namespace_put(ns);
}

static void check_storage(struct txn *txn, uint32_t id)
{
	struct document_target target = { .kind = DOCUMENT_STORAGE, .storage_id = id };
	struct printed shown;
	struct storage *storage;
	int rc = row_storage(txn, id, &storage, NULL);

	assert(!rc);
	printed_open(&shown);
	print_storage_sql(storage, true, shown.out);
	check_sql(&shown);
	printed_open(&shown);
	print_storage_document(storage, shown.out);
	printed_close(&shown);
	save_shown(txn, &target, &shown);
	free(shown.text);
	storage_put(storage);
}

static void check_outcomes(struct txn *txn, const struct request *request)
{
	assert(request->plan_text && request->outcomes);
	for (const struct outcome *o = request->outcomes; o; o = o->next) {
		if (o->event)
			assert(!json_check(o->log_line, strlen(o->log_line) - 1, NULL));
		switch (o->object) {
		case OBJECT_TABLE:
			check_table(txn, o->id);
			break;
		case OBJECT_NAMESPACE:
			check_namespace(txn, o->id);
			break;
		case OBJECT_STORAGE:
			check_storage(txn, o->id);
			break;
		case OBJECT_NONE:
			assert(!"an outcome without object");
		}
	}
}

/* The errnos that interface.md section 4 has for what people write. */
static void check_refused(const struct request *request, const char *text, size_t len)
{
	static const int codes[] = { EINVAL, EEXIST, ENOENT, EPERM, EBUSY, ENOTEMPTY, ENAMETOOLONG,
				     EFBIG };
	struct printed shown;
	bool is_known = false;

	check_refusal(request->err.code, &request->err, len);
	for (size_t i = 0; i < countof(codes); i++)
		is_known |= request->err.code == -codes[i];
	assert(is_known);
	printed_open(&shown);
	document_print_error(&request->err, "schema.json", text, len, shown.out);
	printed_close(&shown);
	assert(shown.len);
	free(shown.text);
}

/* What another reader of JSON says of a document that was accepted. */
static void check_json(const char *text, size_t len)
{
	struct arena arena = { 0 };
	const char *compact;
	int rc = json_compact(text, len, true, &arena, &compact, NULL);

	assert(!rc && document_is_complete(text, len));
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct document_target target;
	struct request request;
	struct txn *txn;
	char *text;
	int rc;

	if (size < 2 || !find_target(bytes[0], &target))
		return 0;
	target.base = bytes[1] >= '0' && bytes[1] <= '9' ? bytes[1] - (uint32_t)'0' : 0;
	size -= 2;
	text = exact_copy(bytes + 2, size);
	rc = txn_begin_write(catalog_store(world.catalog), 5000, &txn, NULL);
	assert(!rc);
	rc = save(txn, &target, text, size, &request);
	if (rc) {
		check_refused(&request, text, size);
	} else {
		check_json(text, size);
		check_outcomes(txn, &request);
	}
	txn_end(txn);
	request_fini(&request);
	free(text);
	return 0;
}
