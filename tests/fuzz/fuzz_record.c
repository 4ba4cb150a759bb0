/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a record.  It is refused with a sentence, or an object that
 * encodes to the same bytes and whose files can be printed; of a valid table
 * they are valid, too.
 *
 * Input: a letter for the kind of object, lower case for a whole record, upper
 * case for a payload that gets a true header, since no mutation finds one.
 */
#include "tests/fuzz/fuzz.h"

#include "catalog/ddl.h"
#include "catalog/json.h"
#include "catalog/print.h"
#include "catalog/record.h"
#include "catalog/record_format.h"
#include "catalog/version.h"

#include <ctype.h>
#include <errno.h>
#include <xxhash.h>

static void check_same(const struct buf *again, struct bytes record)
{
	assert(!again->failed && again->len == record.len);
	assert(!memcmp(again->at, record.at, record.len));
}

static void check_statement(const struct printed *sql)
{
	struct script script;
	int rc = ddl_parse(sql->text, sql->len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true,
			   &script, NULL);

	assert(!rc && script.count == 1 && script.stmts[0].verb == STMT_CREATE_TABLE);
	script_free(&script);
}

static void check_file(const struct table *table, enum version_form form, bool is_valid)
{
	struct printed file;

	printed_open(&file);
	version_print(form, NULL, table, file.out);
	printed_close(&file);
	assert(file.len);
	if (is_valid && (form == FORM_SCHEMA_JSON || form == FORM_CHANGE_JSON))
		assert(!json_check(file.text, file.len, NULL));
	if (is_valid && form == FORM_SCHEMA_SQL && table->type != TABLE_SYSTEM)
		check_statement(&file);
	free(file.text);
}

static int try_table(struct bytes record, struct err *err)
{
	struct err refusal = ERR_INIT;
	struct buf again = { 0 };
	struct table *table;
	int rc = record_decode_table(record, &table, err);

	if (rc)
		return rc;
	record_encode_table(table, &again);
	check_same(&again, record);
	rc = table_check(table, &refusal);
	if (rc)
		check_refusal(rc, &refusal, 0);
	for (enum version_form form = FORM_SCHEMA_JSON; form < FORM_COUNT; form++)
		check_file(table, form, !rc);
	buf_free(&again);
	table_put(table);
	return 0;
}

static int try_storage(struct bytes record, struct err *err)
{
	struct buf again = { 0 };
	struct storage *storage;
	struct printed file;
	int rc = record_decode_storage(record, &storage, err);

	if (rc)
		return rc;
	record_encode_storage(storage, &again);
	check_same(&again, record);
	printed_open(&file);
	print_storage_document(storage, file.out);
	print_storage_sql(storage, true, file.out);
	printed_close(&file);
	free(file.text);
	buf_free(&again);
	storage_put(storage);
	return 0;
}

static int try_namespace(struct bytes record, struct err *err)
{
	struct buf again = { 0 };
	struct namespace *ns;
	struct printed file;
	int rc = record_decode_namespace(record, &ns, err);

	if (rc)
		return rc;
	record_encode_namespace(ns, &again);
	check_same(&again, record);
	printed_open(&file);
	print_namespace_json(ns, file.out);
	print_namespace_sql(ns, file.out);
	printed_close(&file);
	free(file.text);
	buf_free(&again);
	namespace_put(ns);
	return 0;
}

static const struct {
	char letter;
	enum record_kind kind;
	int (*fn)(struct bytes record, struct err *err);
} tries[] = {
	{ 'n', RECORD_NAMESPACE, try_namespace },
	{ 't', RECORD_TABLE, try_table },
	{ 's', RECORD_STORAGE, try_storage },
};

static void seal(struct buf *record, enum record_kind kind, const uint8_t *payload, size_t len)
{
	buf_u8(record, RECORD_FORMAT);
	buf_u8(record, (uint8_t)kind);
	buf_u8(record, RENDERER_CURRENT);
	buf_u8(record, 0);
	buf_le32(record, (uint32_t)len);
	buf_le64(record, XXH3_64bits(payload, len));
	buf_bytes(record, payload, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct err err = ERR_INIT;
	struct buf record = { 0 };
	int rc = 0;

	if (!size)
		return 0;
	for (size_t i = 0; i < countof(tries); i++) {
		char *copy;

		if (tries[i].letter != tolower(bytes[0]))
			continue;
		if (isupper(bytes[0]))
			seal(&record, tries[i].kind, bytes + 1, size - 1);
		else
			buf_bytes(&record, bytes + 1, size - 1);
		copy = exact_copy(record.at, record.len);
		rc = tries[i].fn((struct bytes){ copy, record.len }, &err);
		free(copy);
	}
	if (rc) {
		check_refusal(rc, &err, 0);
		assert(rc == -EIO);
	}
	buf_free(&record);
	return 0;
}
