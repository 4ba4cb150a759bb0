/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/stress/world.h"

#include <stdio.h>
#include <string.h>

static unsigned missed;

static unsigned long all_faults(void)
{
	return world.faults[STALE] + world.faults[TORN] + world.faults[FAILED];
}

static void expect(bool is_fault, const char *what, unsigned long before)
{
	bool found = all_faults() != before;

	if (found == is_fault)
		return;
	missed++;
	printf("self-test: %s: %s\n", what, is_fault ? "NOT FOUND" : "found, but it is none");
}

/* schema.json of a version, as far as the checker looks at it. */
static size_t sample(unsigned version, char *out, size_t size)
{
	char comment[COMMENT_SIZE];
	int at = snprintf(out, size, "{\n  \"schema_version\": %u,\n", version);

	comment_of(version, comment);
	at += snprintf(out + at, size - (size_t)at, "  \"table_comment\": \"%s\",\n", comment);
	at += snprintf(out + at, size - (size_t)at, "  \"column_id\": 1, id\n");
	for (unsigned k = 2; k <= version; k++)
		if (has_column(0, version, k))
			at += snprintf(out + at, size - (size_t)at,
				       "  \"column_id\": %u, c%u\n", k, k);
	at += snprintf(out + at, size - (size_t)at, "}\n");
	return (size_t)at;
}

static void plant_text(bool is_fault, const char *what, struct window w, const char *text,
		       size_t len, uint64_t size)
{
	unsigned long before = all_faults();

	check_text(0, &w, FORM_JSON, text, len, size);
	expect(is_fault, what, before);
}

static void plant_texts(void)
{
	struct window w = { .published = 20, .seen = 20, .started = 22 };
	char text[4096], other[4096];
	size_t len = sample(21, text, sizeof(text)), old = sample(19, other, sizeof(other));

	plant_text(false, "a right text", w, text, len, len);
	plant_text(false, "the same again", w, text, len, len);
	plant_text(true, "a text older than acknowledged", w, other, old, old);
	plant_text(true, "an older text than seen before",
		   (struct window){ .published = 18, .seen = 20, .started = 22 }, other, old, old);
	plant_text(true, "a text that nobody has written yet",
		   (struct window){ .published = 18, .seen = 18, .started = 18 }, other, old, old);
	plant_text(true, "an old snapshot (reader began after the write returned)",
		   (struct window){ .published = 22, .seen = 21, .started = 22 }, text, len, len);
	plant_text(true, "a text without its last byte", w, text, len - 1, len - 1);
	plant_text(true, "half a text", w, text, len / 2, len / 2);
	plant_text(true, "another size than the text has", w, text, len, len + 1);
	text[len - 5] = '\0';
	plant_text(true, "a NUL", w, text, len, len);
	len = sample(21, text, sizeof(text));
	text[len - 3] ^= 1;
	plant_text(true, "one bit", w, text, len, len);
	len = sample(21, text, sizeof(text));
	memcpy(text, other, 40);
	plant_text(true, "two versions mixed", w, text, len, len);
	len = sample(22, text, sizeof(text));
	len -= strlen("  \"column_id\": 22, c22\n}\n");
	memcpy(text + len, "}\n", 2);
	plant_text(true, "a column is missing", w, text, len + 2, len + 2);
}

static void plant_presence(void)
{
	unsigned long before = all_faults();

	check_presence(0, AT_TABLES, 0, 2, 2, true, "ls");
	check_presence(0, AT_TABLES, 0, 1, 1, true, "ls");
	check_presence(0, AT_TABLES, 0, 2, 4, false, "ls");
	expect(false, "right names of tables", before);
	before = all_faults();
	check_presence(0, AT_TABLES, 0, 2, 2, false, "ls");
	expect(true, "a created table that is not listed", before);
	before = all_faults();
	check_presence(0, AT_NAMESPACES, 0, 4, 4, true, "stat");
	expect(true, "a dropped namespace that is still there", before);
}

static void plant_names(void)
{
	struct window still = { .published = 20, .seen = 20, .started = 20 };
	unsigned long before = all_faults();

	check_columns(0, &still, shape_of(0, 20).columns, 20);
	check_column(0, &still, 20, true);
	check_column(0, &still, 21, false);
	expect(false, "right names", before);
	before = all_faults();
	check_columns(0, &still, shape_of(0, 20).columns - 1, 19);
	expect(true, "columns/ of the version before", before);
	before = all_faults();
	check_column(0, &still, 20, false);
	expect(true, "a column that is not there yet", before);
	before = all_faults();
	check_column(0, &still, 21, true);
	expect(true, "a column that cannot be there", before);
	before = all_faults();
	check_version_dir(0, &still, 20, false);
	expect(true, "a version that is not there", before);
	before = all_faults();
	check_size(0, &still, FORM_JSON, 12345);
	expect(false, "a size of a version never read", before);
	ring_agrees(&world.tables[0].sizes[FORM_JSON], 20, 777);
	check_size(0, &still, FORM_JSON, 12345);
	expect(true, "the size of another version", before);
}

/* Versions 18 to 21 of a table by its columns: comment, column, renamed, gone. */
static void plant_columns(void)
{
	struct window w = { .published = 20, .seen = 20, .started = 20 };
	char text[2 * COMMENT_SIZE], comment[COMMENT_SIZE];
	unsigned long before = all_faults();
	int len;

	comment_of(18, comment);
	len = snprintf(text, sizeof(text), "{ \"column_version\": 18, \"%s\" }\n", comment);
	check_column_text(PLAIN, &w, text, (size_t)len);
	check_columns(PLAIN, &w, 2, 20);
	check_column(PLAIN, &w, 20, true);
	expect(false, "right columns", before);
	before = all_faults();
	check_column_text(PLAIN, &w, text, (size_t)len - 1);
	expect(true, "a column's file without its last byte", before);
	before = all_faults();
	check_columns(PLAIN, &w, 2, 19);
	expect(true, "a column that has been renamed", before);
	before = all_faults();
	check_column(PLAIN, &w, 19, true);
	expect(true, "a column's old name", before);
	w.published = w.started = 21;
	before = all_faults();
	check_column_text(PLAIN, &w, text, (size_t)len);
	expect(true, "the file of a column that has changed", before);
}

unsigned self_test(void)
{
	world.quiet = true;
	plant_texts();
	plant_presence();
	plant_names();
	plant_columns();
	printf("self-test: %lu planted faults found, %u missed\n", all_faults(), missed);
	return missed;
}
