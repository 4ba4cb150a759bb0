/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an Arrow stream.  What is accepted has columns that are good each
 * for itself, and comes out the same after it was written and read once more.
 */
#include "tests/fuzz/fuzz.h"

#include "catalog/arrow.h"

/* The columns as a stream, under a name of their own: a foreign table may have none. */
static struct printed write_stream(struct table *table)
{
	struct printed stream;

	snprintf(table->namespace_name, NAME_SIZE, "app");
	snprintf(table->name, NAME_SIZE, "t");
	if (!table->id)
		table->id = 1;
	printed_open(&stream);
	arrow_print_schema(table, stream.out);
	printed_close(&stream);
	return stream;
}

static void check_columns(const struct table *table)
{
	assert(!comment_check(table->comment, -1, NULL));
	for (uint32_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		assert(!comment_check(column->comment, -1, NULL));
		if (table->type == TABLE_SYSTEM)	/* built-in names are exempt */
			continue;
		assert(!name_check_exact(NAME_COLUMN, column->name, strlen(column->name), NULL));
	}
}

/* Bytes of the schema message with its eight bytes of head: what follows is not read. */
static size_t message_size(const uint8_t *bytes, size_t size)
{
	struct reader head = { .at = bytes, .len = size };
	bool is_stream = read_le32(&head) == UINT32_MAX;
	size_t len = 8 + (size_t)read_le32(&head);

	return is_stream && !head.failed && len < size ? len : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct printed first, second;
	struct table *table, *back;
	struct err err = ERR_INIT;
	char *copy;
	int rc;

	size = message_size(bytes, size);
	copy = exact_copy(bytes, size);
	rc = arrow_read_schema(copy, size, &table, &err);
	free(copy);
	if (rc) {
		check_refusal(rc, &err, size);
		return 0;
	}
	check_columns(table);
	first = write_stream(table);
	rc = arrow_read_schema(first.text, first.len, &back, NULL);
	assert(!rc);
	second = write_stream(back);
	assert(first.len == second.len && !memcmp(first.text, second.text, first.len));
	table_put(back);
	table_put(table);
	free(second.text);
	free(first.text);
	return 0;
}
