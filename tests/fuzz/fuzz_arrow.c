/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the reader of Arrow streams.  What it accepts must come out the same
 * after it was written and read once more.  Seeds: any schema.arrow.
 */
#include "catalog/arrow.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct stream {
	char *at;	/* owned */
	size_t len;
};

/* The columns as a stream, under a name of its own: a foreign table may have none. */
static struct stream write_stream(struct table *table)
{
	struct stream stream = { 0 };
	FILE *out = open_memstream(&stream.at, &stream.len);

	if (!out)
		abort();
	snprintf(table->namespace_name, NAME_SIZE, "app");
	snprintf(table->name, NAME_SIZE, "t");
	if (!table->id)
		table->id = 1;
	arrow_print_schema(table, out);
	if (fclose(out))
		abort();
	return stream;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct table *table, *back;
	struct stream first, second;
	struct err err = ERR_INIT;

	if (arrow_read_schema(bytes, size, &table, &err)) {
		if (!err.code || !err.text[0])
			abort();
		return 0;
	}
	first = write_stream(table);
	if (arrow_read_schema(first.at, first.len, &back, NULL))
		abort();
	second = write_stream(back);
	if (first.len != second.len || memcmp(first.at, second.at, first.len) != 0)
		abort();
	table_put(back);
	table_put(table);
	free(second.at);
	free(first.at);
	return 0;
}
