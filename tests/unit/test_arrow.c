/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrow streams: written, read back, damaged. */
#include "tests/unit/helpers.h"

#include "catalog/arrow.h"
#include "catalog/arrow_format.h"
#include "catalog/flat.h"

#include <errno.h>

/* Type, flags and default of a column; every type and several parameters. */
struct row {
	struct type type;
	bool nullable, primary_key, partition_key;
	enum default_kind kind;
	const char *text;	/* of a literal, or the function's name */
	const char *comment;
};

static const struct row rows[] = {
	{ { .id = TYPE_BIGINT }, false, true, false, DEFAULT_FUNCTION, "SNOWFLAKE_ID", "the key" },
	{ { .id = TYPE_BOOLEAN }, false, false, false, DEFAULT_LITERAL, "true", NULL },
	{ { .id = TYPE_INT }, true, false, true, DEFAULT_LITERAL, "-7", NULL },
	{ { .id = TYPE_DOUBLE }, true, false, false, DEFAULT_LITERAL, "0.1", NULL },
	{ { .id = TYPE_FLOAT }, true, false, false, DEFAULT_LITERAL, "2.5", NULL },
	{ { .id = TYPE_TEXT }, true, false, false, DEFAULT_LITERAL, "it's", "caf\xc3\xa9 \"x\"" },
	{ { .id = TYPE_TIMESTAMP }, true, false, false, DEFAULT_FUNCTION, "NOW", NULL },
	{ { .id = TYPE_DATE }, true, false, false, DEFAULT_LITERAL, "2026-11-22", NULL },
	{ { .id = TYPE_DATETIME }, true, false, false, DEFAULT_LITERAL,
	  "2026-11-22T10:00:00.000000Z", NULL },
	{ { .id = TYPE_TIME }, true, false, false, DEFAULT_LITERAL, "10:00:00", NULL },
	{ { .id = TYPE_JSON }, true, false, false, DEFAULT_LITERAL, "{\"a\":1}", NULL },
	{ { .id = TYPE_BYTES }, true, false, false, DEFAULT_LITERAL, "00ff", NULL },
	{ { .id = TYPE_EMBEDDING, .dimension = 2 }, true, false, false, DEFAULT_LITERAL, "[1,2.5]",
	  NULL },
	{ { .id = TYPE_EMBEDDING, .dimension = 1 }, false, false, false, DEFAULT_NONE, NULL, NULL },
	{ { .id = TYPE_EMBEDDING, .dimension = 8192 }, true, false, false, DEFAULT_NONE, NULL, NULL },
	{ { .id = TYPE_UUID }, true, false, false, DEFAULT_LITERAL,
	  "550e8400-e29b-41d4-a716-446655440000", NULL },
	{ { .id = TYPE_DECIMAL, .precision = 10, .scale = 2 }, false, false, false,
	  DEFAULT_LITERAL, "-0.50", "in EUR" },
	{ { .id = TYPE_DECIMAL, .precision = 38, .scale = 38 }, true, false, false, DEFAULT_NONE,
	  NULL, NULL },
	{ { .id = TYPE_DECIMAL, .precision = 1 }, true, false, false, DEFAULT_LITERAL, NULL, NULL },
	{ { .id = TYPE_SMALLINT }, true, false, false, DEFAULT_LITERAL, "32767", NULL },
	{ { .id = TYPE_FILE }, true, false, false, DEFAULT_NONE, NULL, NULL },
	{ { .id = TYPE_TEXT }, true, false, false, DEFAULT_LITERAL, "\001 '\\'", "a\nb" },
};

static void fill_column(struct column *column, const struct row *row, unsigned i)
{
	/* Every third id is one of a column that was dropped. */
	column->id = i + 1 + i / 2;
	snprintf(column->name, sizeof(column->name), "c%u", i);
	column->type = row->type;
	column->nullable = row->nullable;
	column->primary_key = row->primary_key;
	column->partition_key = row->partition_key;
	column->def.kind = row->kind;
	if (row->kind == DEFAULT_FUNCTION)
		column->def.function = row->text;
	else
		column->def.text = row->text;
	column->comment = row->comment;
	column->version = 3;
}

static struct table *table_of(const struct row *from, unsigned count)
{
	struct table *table = table_new();

	assert_non_null(table);
	table->id = 40;
	table->version = 3;
	table->type = TABLE_USER;
	snprintf(table->namespace_name, sizeof(table->namespace_name), "app");
	snprintf(table->name, sizeof(table->name), "messages");
	snprintf(table->location_name, sizeof(table->location_name), "app/messages");
	table->comment = "Chat messages";
	table_options_init(&table->options);
	table->column_count = count;
	table->columns = arena_array(&table->arena, count, sizeof(*table->columns));
	assert_non_null(table->columns);
	for (unsigned i = 0; i < count; i++)
		fill_column(&table->columns[i], &from[i], i);
	table->next_column_id = table->columns[count - 1].id + 1;
	return table;
}

static struct table *every_type(void)
{
	return table_of(rows, countof(rows));
}

static uint8_t *stream_of(const struct table *table, size_t *len)
{
	struct collector c;

	collect(&c);
	arrow_print_schema(table, c.out);
	(void)text_of(&c);
	*len = c.len;
	return (uint8_t *)c.text;
}

static uint32_t le32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Reads bytes from a block of exactly their length, so that a sanitizer sees each overrun. */
static int read_exactly(const uint8_t *bytes, size_t len, struct table **out, struct err *err)
{
	uint8_t *block = malloc(len ? len : 1);
	int rc;

	assert_non_null(block);
	memcpy(block, bytes, len);
	rc = arrow_read_schema(block, len, out, err);
	free(block);
	return rc;
}

/* Either a refusal with its sentence or a definition that can be printed and read again. */
static bool is_refused_or_valid(const uint8_t *bytes, size_t len)
{
	struct table *table = NULL;
	struct err err = ERR_INIT;
	size_t again_len;
	uint8_t *again;

	if (read_exactly(bytes, len, &table, &err)) {
		assert_null(table);
		assert_true(err.code == -EINVAL || err.code == -ENAMETOOLONG);
		assert_int_not_equal(err.text[0], '\0');
		return false;
	}
	again = stream_of(table, &again_len);
	assert_true(again_len >= 16);
	free(again);
	table_put(table);
	return true;
}

static void every_type_comes_back_as_it_was(void **state)
{
	struct table *table = every_type(), *back = NULL;
	struct err err = ERR_INIT;
	size_t len, again_len;
	uint8_t *bytes = stream_of(table, &len), *again;

	(void)state;
	if (arrow_read_schema(bytes, len, &back, &err))
		fail_msg("%s", err.text);
	assert_int_equal(back->column_count, countof(rows));
	for (unsigned i = 0; i < countof(rows); i++) {
		assert_int_equal(back->columns[i].id, table->columns[i].id);
		assert_string_equal(back->columns[i].name, table->columns[i].name);
		assert_true(type_equal(&back->columns[i].type, &table->columns[i].type));
		assert_true(column_equal(&back->columns[i], &table->columns[i]));
	}
	assert_int_equal(back->id, 40);
	assert_int_equal(back->version, 3);
	assert_int_equal(back->type, TABLE_USER);
	assert_int_equal(back->next_column_id, table->next_column_id);
	assert_string_equal(back->namespace_name, "app");
	assert_string_equal(back->name, "messages");
	assert_string_equal(back->comment, "Chat messages");

	again = stream_of(back, &again_len);
	assert_int_equal(again_len, len);
	assert_memory_equal(again, bytes, len);
	free(again);
	free(bytes);
	table_put(back);
	table_put(table);
}

static void the_rows_hold_every_type(void **state)
{
	(void)state;
	for (unsigned id = TYPE_BOOLEAN; id < TYPE_ID_END; id++) {
		bool found = false;

		for (unsigned i = 0; i < countof(rows); i++)
			found = found || rows[i].type.id == id;
		assert_true(found);
	}
}

static void the_same_table_gives_the_same_bytes(void **state)
{
	struct table *one = every_type(), *two = every_type();
	size_t one_len, two_len;
	uint8_t *first = stream_of(one, &one_len), *second = stream_of(two, &two_len);

	(void)state;
	assert_int_equal(one_len, two_len);
	assert_memory_equal(first, second, one_len);
	free(first);
	free(second);
	table_put(one);
	table_put(two);
}

static void a_stream_is_a_schema_message_and_an_end(void **state)
{
	struct table *table = every_type();
	size_t len;
	uint8_t *bytes = stream_of(table, &len);
	struct flat in;
	struct flat_table message;

	(void)state;
	assert_int_equal(len % 8, 0);
	assert_int_equal(le32(bytes), ARROW_CONTINUATION);
	assert_int_equal(le32(bytes + 4) % 8, 0);
	assert_int_equal(le32(bytes + 4), len - 16);
	assert_int_equal(le32(bytes + len - 8), ARROW_CONTINUATION);
	assert_int_equal(le32(bytes + len - 4), 0);

	in = (struct flat){ .bytes = bytes + 8, .len = len - 16 };
	assert_true(flat_root(&in, &message));
	assert_int_equal(message.at % 8, 0);
	assert_int_equal(flat_uint(&message, MESSAGE_VERSION, 2, 0), METADATA_V5);
	assert_int_equal(flat_uint(&message, MESSAGE_HEADER_TYPE, 1, 0), HEADER_SCHEMA);
	assert_int_equal(flat_uint(&message, MESSAGE_BODY_LENGTH, 8, 1), 0);
	assert_false(in.damaged);
	free(bytes);
	table_put(table);
}

static void assert_pair(const struct flat_vector *pairs, uint32_t i, const char *key,
			const char *value)
{
	struct flat_table pair;
	const char *text;
	size_t len;

	assert_true(flat_item(pairs, i, &pair));
	text = flat_string(&pair, PAIR_KEY, &len);
	assert_int_equal(len, strlen(key));
	assert_memory_equal(text, key, len);
	text = flat_string(&pair, PAIR_VALUE, &len);
	assert_int_equal(len, strlen(value));
	assert_memory_equal(text, value, len + 1);	/* readers count on the NUL */
}

static void metadata_stands_in_its_order(void **state)
{
	struct table *table = every_type();
	size_t len;
	uint8_t *bytes = stream_of(table, &len);
	struct flat in = { .bytes = bytes + 8, .len = len - 16 };
	struct flat_table message, schema, field;
	struct flat_vector fields, pairs;

	(void)state;
	assert_true(flat_root(&in, &message));
	assert_true(flat_child(&message, MESSAGE_HEADER, &schema));
	assert_true(flat_children(&schema, SCHEMA_METADATA, &pairs));
	assert_int_equal(pairs.count, 5);
	assert_pair(&pairs, 0, "kalam_table", "app.messages");
	assert_pair(&pairs, 1, "kalam_table_id", "40");
	assert_pair(&pairs, 2, "kalam_schema_version", "3");
	assert_pair(&pairs, 3, "kalam_table_type", "USER");
	assert_pair(&pairs, 4, "comment", "Chat messages");

	assert_true(flat_children(&schema, SCHEMA_FIELDS, &fields));
	assert_int_equal(fields.count, countof(rows));
	assert_true(flat_item(&fields, 0, &field));
	assert_true(flat_children(&field, FIELD_METADATA, &pairs));
	assert_int_equal(pairs.count, 5);
	assert_pair(&pairs, 0, "kalam_data_type", "\"BigInt\"");
	assert_pair(&pairs, 1, "kalam_column_flags", "[\"pk\",\"nn\"]");
	assert_pair(&pairs, 2, "PARQUET:field_id", "1");
	assert_pair(&pairs, 3, "comment", "the key");
	assert_pair(&pairs, 4, "default", "SNOWFLAKE_ID()");

	assert_true(flat_item(&fields, 2, &field));
	assert_true(flat_children(&field, FIELD_METADATA, &pairs));
	assert_int_equal(pairs.count, 4);
	assert_pair(&pairs, 1, "kalam_column_flags", "[\"part\"]");
	assert_pair(&pairs, 2, "PARQUET:field_id", "4");
	assert_pair(&pairs, 3, "default", "-7");
	free(bytes);
	table_put(table);
}

static void everything_is_aligned_from_the_start_of_the_message(void **state)
{
	struct table *table = every_type();
	size_t len;
	uint8_t *bytes = stream_of(table, &len);
	struct flat in = { .bytes = bytes + 8, .len = len - 16 };
	struct flat_table message, schema, field, type;
	struct flat_vector fields, pairs;

	(void)state;
	assert_true(flat_root(&in, &message));
	assert_true(flat_child(&message, MESSAGE_HEADER, &schema));
	assert_true(flat_children(&schema, SCHEMA_FIELDS, &fields));
	assert_int_equal(fields.at % 4, 0);
	for (uint32_t i = 0; i < fields.count; i++) {
		assert_true(flat_item(&fields, i, &field));
		assert_true(flat_child(&field, FIELD_TYPE, &type));
		assert_true(flat_children(&field, FIELD_METADATA, &pairs));
		assert_int_equal(field.at % 8, 0);
		assert_int_equal(field.vtable % 2, 0);
		assert_int_equal(type.at % 8, 0);
		assert_int_equal(pairs.at % 4, 0);
	}
	free(bytes);
	table_put(table);
}

static void a_stream_cut_anywhere_is_refused(void **state)
{
	struct table *table = every_type();
	size_t len;
	uint8_t *bytes = stream_of(table, &len);

	(void)state;
	/* Without its end marker a stream is whole: its writer just closed it. */
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(is_refused_or_valid(bytes, cut), cut == len - 8);
	free(bytes);
	table_put(table);
}

static void a_changed_byte_is_refused_or_read_as_something_valid(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct table *table = every_type();
	size_t len;
	uint8_t *bytes = stream_of(table, &len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		for (unsigned k = 0; k < countof(flips); k++) {
			bytes[i] ^= flips[k];
			(void)is_refused_or_valid(bytes, len);
			bytes[i] ^= flips[k];
		}
	}
	free(bytes);
	table_put(table);
}

/* A stream of one field "x" as other programs write it: without any metadata. */
struct foreign {
	enum arrow_type type;
	unsigned count;
	uint8_t widths[3];
	uint32_t values[3];
	const char *zone;	/* of a timestamp: field 1 of the type */
	bool child;		/* one child of type Float32 */
	bool dictionary;	/* it stands for values of a dictionary */
	const char *key, *value;	/* one metadata entry */
};

static void write_foreign_child(struct buf *b, size_t ref, bool child)
{
	static const uint8_t widths[FIELD_CHILDREN] = { FLAT_REF, 1, 1, FLAT_REF };
	static const uint8_t type_widths[] = { 2 };
	size_t item = flat_vector(b, ref, child), at[FIELD_CHILDREN], type[1];

	if (!child)
		return;
	flat_table(b, item, widths, FIELD_CHILDREN, at);
	flat_text(b, at[FIELD_NAME], "element", 7);
	flat_put(b, at[FIELD_NULLABLE], 1, 1);
	flat_put(b, at[FIELD_TYPE_TYPE], 1, ARROW_FLOATING_POINT);
	flat_table(b, at[FIELD_TYPE], type_widths, 1, type);
	flat_put(b, type[0], 2, PRECISION_SINGLE);
}

static void write_foreign_field(struct buf *b, size_t ref, const char *name,
				const struct foreign *f)
{
	const uint8_t widths[FIELD_FIELD_COUNT] = {
		FLAT_REF, 1, 1, FLAT_REF, f->dictionary ? FLAT_REF : 0, FLAT_REF, FLAT_REF,
	};
	static const uint8_t pair_widths[PAIR_FIELD_COUNT] = { FLAT_REF, FLAT_REF };
	size_t at[FIELD_FIELD_COUNT], type[3], pair[PAIR_FIELD_COUNT], item;

	flat_table(b, ref, widths, FIELD_FIELD_COUNT, at);
	flat_text(b, at[FIELD_NAME], name, strlen(name));
	flat_put(b, at[FIELD_NULLABLE], 1, 1);
	flat_put(b, at[FIELD_TYPE_TYPE], 1, f->type);
	flat_table(b, at[FIELD_TYPE], f->widths, f->count, type);
	for (unsigned i = 0; i < f->count; i++)
		flat_put(b, type[i], f->widths[i], f->values[i]);
	if (f->zone)
		flat_text(b, type[1], f->zone, strlen(f->zone));
	if (f->dictionary)
		flat_table(b, at[FIELD_DICTIONARY], widths, 0, type);
	write_foreign_child(b, at[FIELD_CHILDREN], f->child);
	item = flat_vector(b, at[FIELD_METADATA], f->key ? 1 : 0);
	if (!f->key)
		return;
	flat_table(b, item, pair_widths, PAIR_FIELD_COUNT, pair);
	flat_text(b, pair[PAIR_KEY], f->key, strlen(f->key));
	flat_text(b, pair[PAIR_VALUE], f->value, strlen(f->value));
}

/* The first of `count` fields, of which the others are nothing. */
static int read_foreign_fields(const char *name, const struct foreign *f, uint32_t count,
			       struct table **out, struct err *err)
{
	static const uint8_t message_widths[] = { 2, 1, FLAT_REF };
	static const uint8_t schema_widths[] = { 0, FLAT_REF };
	struct buf b = { 0 }, stream = { 0 };
	size_t at[3], schema[2];
	int rc;

	flat_begin(&b);
	flat_table(&b, 0, message_widths, 3, at);
	flat_put(&b, at[MESSAGE_VERSION], 2, METADATA_V4);
	flat_put(&b, at[MESSAGE_HEADER_TYPE], 1, HEADER_SCHEMA);
	flat_table(&b, at[MESSAGE_HEADER], schema_widths, 2, schema);
	write_foreign_field(&b, flat_vector(&b, schema[SCHEMA_FIELDS], count), name, f);
	flat_pad(&b, 8);
	buf_le32(&stream, ARROW_CONTINUATION);
	buf_le32(&stream, (uint32_t)b.len);
	buf_bytes(&stream, b.at, b.len);
	assert_false(stream.failed || b.failed);
	rc = read_exactly(stream.at, stream.len, out, err);
	buf_free(&b);
	buf_free(&stream);
	return rc;
}

static int read_foreign_named(const char *name, const struct foreign *f, struct table **out,
			      struct err *err)
{
	return read_foreign_fields(name, f, 1, out, err);
}

static void other_writers_fields_become_the_nearest_type(void **state)
{
	static const struct {
		struct foreign field;
		const char *sql;
	} cases[] = {
		{ { .type = ARROW_UTF8 }, "TEXT" },
		{ { .type = ARROW_LARGE_UTF8 }, "TEXT" },
		{ { .type = ARROW_UTF8, .key = KEY_DATA_TYPE, .value = "\"Json\"" }, "JSON" },
		{ { .type = ARROW_LARGE_UTF8, .key = KEY_DATA_TYPE, .value = "\"File\"" }, "FILE" },
		{ { ARROW_TIMESTAMP, 1, { 2 }, { UNIT_MILLISECOND }, .zone = NULL }, "TIMESTAMP" },
		{ { ARROW_TIMESTAMP, 1, { 2 }, { UNIT_NANOSECOND }, .zone = NULL }, "TIMESTAMP" },
		{ { ARROW_TIMESTAMP, 2, { 2, 4 }, { UNIT_MILLISECOND }, .zone = "" }, "TIMESTAMP" },
		{ { ARROW_TIMESTAMP, 2, { 2, 4 }, { UNIT_NANOSECOND }, .zone = "Europe/Rome" },
		  "DATETIME" },
		{ { .type = ARROW_DATE }, "DATE" },
		{ { ARROW_DATE, 1, { 2 }, { DATE_DAY }, .zone = NULL }, "DATE" },
		{ { .type = ARROW_TIME }, "TIME" },
		{ { ARROW_TIME, 2, { 2, 4 }, { UNIT_SECOND, 32 }, .zone = NULL }, "TIME" },
		{ { ARROW_TIME, 2, { 2, 4 }, { UNIT_NANOSECOND, 64 }, .zone = NULL }, "TIME" },
		{ { .type = ARROW_BINARY }, "BYTES" },
		{ { .type = ARROW_LARGE_BINARY }, "BYTES" },
		{ { ARROW_FIXED_SIZE_BINARY, 1, { 4 }, { 16 }, .zone = NULL }, "UUID" },
		{ { ARROW_FIXED_SIZE_BINARY, 1, { 4 }, { 12 }, .zone = NULL }, "BYTES" },
		{ { ARROW_FIXED_SIZE_LIST, 1, { 4 }, { 384 }, .child = true }, "EMBEDDING(384)" },
		{ { ARROW_DECIMAL, 2, { 4, 4 }, { 12, 3 }, .zone = NULL }, "DECIMAL(12, 3)" },
		{ { .type = ARROW_BOOL }, "BOOLEAN" },
	};

	(void)state;
	for (unsigned i = 0; i < countof(cases); i++) {
		char sql[TYPE_SQL_SIZE];
		struct table *table = NULL;
		struct err err = ERR_INIT;

		if (read_foreign_named("x", &cases[i].field, &table, &err))
			fail_msg("%s: %s", cases[i].sql, err.text);
		assert_string_equal(type_sql(&table->columns[0].type, sql), cases[i].sql);
		assert_int_equal(table->columns[0].id, 1);
		assert_true(table->columns[0].nullable);
		assert_string_equal(table->name, "");
		assert_int_equal(table->type, TABLE_SHARED);
		assert_int_equal(table->version, 1);
		table_put(table);
	}
}

#define SUPPORTED_TEXT \
	"Supported types: Bool, Int16, Int32, Int64, Float32, Float64, Decimal128, Date32, " \
	"Date64, Time32, Time64, Timestamp(ms, us or ns), Utf8, LargeUtf8, Binary, LargeBinary, " \
	"FixedSizeBinary or FixedSizeList<Float32>"
#define UNSUPPORTED(type) "Field 'x' has the unsupported Arrow type " type ". " SUPPORTED_TEXT

static void fields_that_no_column_can_have_are_refused(void **state)
{
	static const struct {
		struct foreign field;
		const char *text;
	} cases[] = {
		{ { ARROW_INT, 2, { 4, 1 }, { 8, 1 }, .zone = NULL }, UNSUPPORTED("Int8") },
		{ { ARROW_INT, 2, { 4, 1 }, { 32, 0 }, .zone = NULL }, UNSUPPORTED("UInt32") },
		{ { ARROW_TIMESTAMP, 1, { 2 }, { UNIT_SECOND }, .zone = NULL },
		  UNSUPPORTED("Timestamp(s)") },
		{ { ARROW_DECIMAL, 3, { 4, 4, 4 }, { 10, 2, 256 }, .zone = NULL },
		  UNSUPPORTED("Decimal256") },
		{ { .type = ARROW_DURATION }, UNSUPPORTED("Duration") },
		{ { .type = ARROW_UTF8, .dictionary = true }, UNSUPPORTED("Dictionary<Utf8>") },
		{ { .type = ARROW_INTERVAL }, UNSUPPORTED("Interval") },
		{ { .type = ARROW_LIST, .child = true }, UNSUPPORTED("List") },
		{ { .type = ARROW_STRUCT }, UNSUPPORTED("Struct") },
		{ { .type = (enum arrow_type)99 }, UNSUPPORTED("number 99") },
		{ { .type = ARROW_FLOATING_POINT }, UNSUPPORTED("Float16") },
		{ { ARROW_TIME, 2, { 2, 4 }, { UNIT_MICROSECOND, 32 }, .zone = NULL },
		  UNSUPPORTED("Time32 with unit 2") },
		{ { ARROW_FIXED_SIZE_LIST, 1, { 4 }, { 384 }, .zone = NULL },
		  UNSUPPORTED("FixedSizeList of something else than Float32") },
		{ { ARROW_FIXED_SIZE_LIST, 1, { 4 }, { 8193 }, .child = true },
		  "EMBEDDING dimension must be between 1 and 8192, got: 8193" },
		{ { ARROW_DECIMAL, 2, { 4, 4 }, { 39, 2 }, .zone = NULL },
		  "DECIMAL precision must be between 1 and 38" },
		{ { ARROW_DECIMAL, 2, { 4, 4 }, { 10, 11 }, .zone = NULL },
		  "DECIMAL scale (11) cannot exceed precision (10)" },
		{ { ARROW_DECIMAL, 2, { 4, 4 }, { 10, 0xffffffff }, .zone = NULL },
		  UNSUPPORTED("Decimal128(10, -1)") },
		{ { .type = ARROW_BOOL, .key = KEY_DATA_TYPE, .value = "\"Text\"" },
		  "Field 'x' has the Arrow type of BOOLEAN, but its kalam_data_type says TEXT" },
		{ { .type = ARROW_UTF8, .key = KEY_DATA_TYPE, .value = "\"Texts\"" },
		  "Field 'x' has kalam_data_type '\"Texts\"', expected a type such as \"BigInt\" or "
		  "{\"Embedding\":384}" },
		{ { .type = ARROW_UTF8, .key = KEY_FIELD_ID, .value = "0" },
		  "Field 'x' has PARQUET:field_id '0', expected a number from 1 on" },
		{ { .type = ARROW_UTF8, .key = KEY_FIELD_ID, .value = "4294967295" },
		  "Field 'x' has PARQUET:field_id '4294967295', expected a number from 1 on" },
		{ { .type = ARROW_UTF8, .key = KEY_COMMENT, .value = "\xff" },
		  "Field 'x' has a comment that is not UTF-8 text" },
		{ { .type = ARROW_BOOL, .key = KEY_DEFAULT, .value = "TRUE; DROP COLUMN d" },
		  "Field 'x' has a default that is none of BOOLEAN (More than one expression stands "
		  "there)" },
		{ { .type = ARROW_BOOL, .key = KEY_DEFAULT, .value = "TRUE, DROP COLUMN d" },
		  "Field 'x' has a default that is none of BOOLEAN (More than one expression stands "
		  "there)" },
	};

	(void)state;
	for (unsigned i = 0; i < countof(cases); i++) {
		struct table *table = NULL;
		struct err err = ERR_INIT;

		assert_int_equal(read_foreign_named("x", &cases[i].field, &table, &err), -EINVAL);
		assert_err(&err, -EINVAL, cases[i].text);
		assert_string_equal(err.pointer, "/fields/0");
		assert_null(table);
	}
}

static void a_field_with_a_name_no_column_can_have_is_refused(void **state)
{
	static const struct foreign field = { .type = ARROW_BOOL };
	struct table *table = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(read_foreign_named("a b", &field, &table, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Name cannot contain spaces");
}

static void what_is_too_much_is_refused(void **state)
{
	static char value[DEFAULT_MAX_BYTES + 2];
	const struct foreign field = { .type = ARROW_BOOL, .key = KEY_DEFAULT, .value = value };
	struct table *table = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(read_foreign_fields("x", &field, COLUMNS_MAX + 1, &table, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Arrow schema has 4097 fields, at most 4096 are allowed");
	err_clear(&err);
	memset(value, '1', sizeof(value) - 1);
	assert_int_equal(read_foreign_named("x", &field, &table, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Field 'x' has a default of 4097 bytes, at most 4096 are allowed");
	assert_int_equal(read_foreign_named("x", &field, &table, NULL), -EINVAL);
	assert_null(table);
}

static void flags_may_be_spaced(void **state)
{
	static const struct foreign field = { .type = ARROW_BOOL, .key = KEY_FLAGS,
					      .value = "[ \"uq\" , \"nn\" ]" };
	struct table *table = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(read_foreign_named("x", &field, &table, &err), 0);
	assert_false(table->columns[0].nullable);
	table_put(table);
}

/* Names that nobody else may use are read, of the characters that names have. */
static void names_of_built_in_tables_are_names(void **state)
{
	static const struct {
		const char *namespace_name, *name, *text;
	} cases[] = {
		{ "system", "tables", NULL },
		{ "", "tables", "A name has 0 bytes, expected 1 to 64" },
		{ "system", "Tables",
		  "Name 'Tables' contains invalid characters (only alphanumeric and underscore allowed)" },
	};

	(void)state;
	for (unsigned i = 0; i < countof(cases); i++) {
		struct table *table = every_type(), *back = NULL;
		struct err err = ERR_INIT;
		size_t len;
		uint8_t *bytes;
		int rc;

		table->type = TABLE_SYSTEM;
		snprintf(table->namespace_name, NAME_SIZE, "%s", cases[i].namespace_name);
		snprintf(table->name, NAME_SIZE, "%s", cases[i].name);
		bytes = stream_of(table, &len);
		rc = read_exactly(bytes, len, &back, &err);
		assert_int_equal(rc, cases[i].text ? -EINVAL : 0);
		if (rc)
			assert_err(&err, -EINVAL, cases[i].text);
		else
			assert_string_equal(back->name, table->name);
		free(bytes);
		table_put(back);
		table_put(table);
	}
}

/* References of a table whose one field leads so far; the bytes end at len. */
static void references_that_lead_outside_are_damage(void **state)
{
	static const uint8_t widths[] = { FLAT_REF };
	struct flat_vector vector;
	struct flat_table root;
	struct buf b = { 0 };
	size_t at[1], len;

	(void)state;
	flat_begin(&b);
	flat_table(&b, 0, widths, 1, at);
	flat_text(&b, at[0], "text", 4);
	assert_false(b.failed);
	for (len = 0; len < b.len; len++) {
		struct flat in = { .bytes = b.at, .len = len };
		bool is_cut = len + 1 < b.len;	/* the NUL at its end is not looked at */
		size_t got;

		if (flat_root(&in, &root)) {
			assert_int_equal(flat_string(&root, 0, &got) == NULL, is_cut);
			assert_int_equal(in.damaged, is_cut);
			in.damaged = false;
			assert_false(flat_children(&root, 0, &vector));
		}
		assert_true(in.damaged);
	}
	/* A vtable behind the end. */
	for (int back = -8; back <= 0; back++) {
		struct flat in = { .bytes = b.at, .len = b.len };
		uint32_t start = le32(b.at);

		flat_put(&b, start, 4, (uint32_t)((int)start - (int)b.len + back));
		assert_false(flat_root(&in, &root) && flat_string(&root, 0, &len) &&
			     len > b.len);
	}
	buf_free(&b);
}

static void other_formats_are_named_in_the_refusal(void **state)
{
	struct table *table = NULL;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(arrow_read_schema("ARROW1\0\0\xff\xff\xff\xff", 12, &table, &err), -EINVAL);
	assert_err(&err, -EINVAL, "This is an Arrow file (it begins with ARROW1), expected an "
		   "Arrow IPC stream: write it with a stream writer");
	err_clear(&err);
	assert_int_equal(arrow_read_schema("PAR1PAR1", 8, &table, &err), -EINVAL);
	assert_err(&err, -EINVAL, "This is no Arrow IPC stream: it has 8 bytes and does not begin "
		   "with the marker FF FF FF FF and a length");
	err_clear(&err);
	assert_int_equal(arrow_read_schema("\xff\xff\xff\xff\0\0\0\0", 8, &table, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Arrow stream ends at once, expected a schema message");
	err_clear(&err);
	assert_int_equal(arrow_read_schema(NULL, 0, &table, &err), -EINVAL);
}

static void a_default_with_quotes_and_a_newline_comes_back(void **state)
{
	static const struct row row[] = {
		{ { .id = TYPE_TEXT }, true, false, false, DEFAULT_LITERAL,
		  "a;'b\n-- c /* d", "e'\n" },
	};
	struct table *table = table_of(row, 1), *back = NULL;
	struct err err = ERR_INIT;
	size_t len;
	uint8_t *bytes = stream_of(table, &len);

	(void)state;
	if (arrow_read_schema(bytes, len, &back, &err))
		fail_msg("%s", err.text);
	assert_string_equal(back->columns[0].def.text, row[0].text);
	assert_string_equal(back->columns[0].comment, row[0].comment);
	free(bytes);
	table_put(back);
	table_put(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rows_hold_every_type),
		cmocka_unit_test(every_type_comes_back_as_it_was),
		cmocka_unit_test(the_same_table_gives_the_same_bytes),
		cmocka_unit_test(a_stream_is_a_schema_message_and_an_end),
		cmocka_unit_test(metadata_stands_in_its_order),
		cmocka_unit_test(everything_is_aligned_from_the_start_of_the_message),
		cmocka_unit_test(a_stream_cut_anywhere_is_refused),
		cmocka_unit_test(a_changed_byte_is_refused_or_read_as_something_valid),
		cmocka_unit_test(other_writers_fields_become_the_nearest_type),
		cmocka_unit_test(fields_that_no_column_can_have_are_refused),
		cmocka_unit_test(a_field_with_a_name_no_column_can_have_is_refused),
		cmocka_unit_test(other_formats_are_named_in_the_refusal),
		cmocka_unit_test(a_default_with_quotes_and_a_newline_comes_back),
		cmocka_unit_test(what_is_too_much_is_refused),
		cmocka_unit_test(flags_may_be_spaced),
		cmocka_unit_test(names_of_built_in_tables_are_names),
		cmocka_unit_test(references_that_lead_outside_are_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
