/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"
#include "tests/unit/sample.h"

#include "catalog/value.h"

#include <errno.h>

/* Checks the table and frees it. */
static void accepted(struct table *table)
{
	struct err err = ERR_INIT;
	int rc = table_check(table, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
	table_put(table);
}

static void refused_with(int code, struct table *table, const char *sentence)
{
	struct err err = ERR_INIT;

	assert_int_equal(table_check(table, &err), code);
	assert_err(&err, code, sentence);
	table_put(table);
}

static void refused(struct table *table, const char *sentence)
{
	refused_with(-EINVAL, table, sentence);
}

static struct table *stream_table(void)
{
	struct table *t = sample_empty(TABLE_STREAM, "events");

	sample_column(t, 1, "payload", TYPE_JSON);
	t->options.ttl_seconds = 60;
	return t;
}

/* A stream table whose one column has this type and literal default. */
static struct table *with_default(enum type_id type, const char *text)
{
	struct table *t = stream_table();

	t->columns[0].type.id = type;
	t->columns[0].def.kind = DEFAULT_LITERAL;
	t->columns[0].def.text = text;
	return t;
}

static void the_sample_passes(void **state)
{
	(void)state;
	accepted(sample_messages());
}

static void a_table_needs_a_column(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->column_count = 0;
	refused(t, "Table must have at least 1 column");
}

static struct table *wide_table(uint32_t columns)
{
	struct table *t = stream_table();

	t->columns = arena_array(&t->arena, columns, sizeof(*t->columns));
	assert_non_null(t->columns);
	for (uint32_t i = 0; i < columns; i++) {
		t->columns[i].id = i + 1;
		(void)snprintf(t->columns[i].name, NAME_SIZE, "c%u", (unsigned)i);
		t->columns[i].type.id = TYPE_INT;
	}
	t->column_count = columns;
	t->next_column_id = columns + 1;
	return t;
}

static void a_table_may_have_4096_columns_and_no_more(void **state)
{
	(void)state;
	accepted(wide_table(COLUMNS_MAX));
	refused(wide_table(COLUMNS_MAX + 1), "Table has 4097 columns, max 4096");
}

static void ordinals_start_at_one(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->columns[0].id = 0;
	refused(t, "ordinal_position must be >= 1");
}

static void ordinals_ascend(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->columns[0].id = 3;
	refused(t, "Columns not sorted by ordinal_position");
}

static void ordinals_are_unique(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->columns[1].id = 1;
	refused(t, "Duplicate ordinal_position: 1");

	t = sample_messages();
	t->columns[2].id = 1;
	refused(t, "Duplicate ordinal_position: 1");
}

static void ordinals_stay_below_the_next_one(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->next_column_id = 4;
	refused(t,
		"Column 'email' has ordinal_position 4; the table has only used numbers below 4");
}

static void names_are_unique_in_any_case(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	(void)snprintf(t->columns[2].name, NAME_SIZE, "id");
	refused(t, "Duplicate column name 'id'. Column names are case-insensitive.");

	t = sample_messages();
	(void)snprintf(t->columns[0].name, NAME_SIZE, "email");
	(void)snprintf(t->columns[2].name, NAME_SIZE, "email");
	refused(t, "Duplicate column name 'email'. Column names are case-insensitive.");

	t = sample_messages();
	(void)snprintf(t->columns[2].name, NAME_SIZE, "ID");
	refused(t, "Duplicate column name 'ID'. Column names are case-insensitive.");
}

/* Few columns and many are compared in two ways. */
static void names_are_unique_among_any_number(void **state)
{
	(void)state;
	for (uint32_t count = 2; count < 70; count++) {
		struct table *t = wide_table(count);

		(void)snprintf(t->columns[count - 1].name, NAME_SIZE, "c0");
		accepted(wide_table(count));
		refused(t, "Duplicate column name 'c0'. Column names are case-insensitive.");
	}
}

static void column_names_are_checked(void **state)
{
	static const char *const bad[][2] = {
		{ "", "column_name cannot be empty" },
		{ "select", "Name 'select' is a reserved SQL keyword and cannot be used" },
		{ "_seq", "Column name '_seq' is reserved and cannot be used" },
		{ "Age", "Name 'Age' is not lower case: write 'age'" },
		{ "a b", "Name cannot contain spaces" },
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct table *t = sample_messages();

		(void)snprintf(t->columns[2].name, NAME_SIZE, "%s", bad[i][0]);
		refused(t, bad[i][1]);
	}
}

static void table_and_namespace_names_are_checked(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	(void)snprintf(t->name, NAME_SIZE, "9lives");
	refused(t, "Name cannot start with a number");

	t = sample_messages();
	(void)snprintf(t->namespace_name, NAME_SIZE, "pg_catalog");
	refused(t, "Namespace 'pg_catalog' is reserved and cannot be used");

	t = sample_messages();
	(void)snprintf(t->namespace_name, NAME_SIZE, "default");
	accepted(t);
}

static void user_and_shared_tables_need_a_primary_key(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->columns[0].primary_key = false;
	refused(t, "User tables require a PRIMARY KEY column");

	t = sample_messages();
	t->columns[0].primary_key = false;
	t->type = TABLE_SHARED;
	refused(t, "Shared tables require a PRIMARY KEY column");
}

static void a_stream_table_needs_no_primary_key(void **state)
{
	struct table *t = stream_table();

	(void)state;
	accepted(t);

	t = stream_table();
	t->columns[0].primary_key = true;
	t->columns[0].nullable = false;
	accepted(t);
}

static void two_primary_keys_are_refused(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->columns[1].primary_key = true;
	refused(t, "Composite PRIMARY KEYs are not supported yet");
}

static void a_primary_key_is_not_nullable(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->columns[0].nullable = true;
	refused(t, "Primary key column 'id' cannot be nullable");
}

static void an_embedding_is_no_key(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->columns[0].type = (struct type){ .id = TYPE_EMBEDDING, .dimension = 3 };
	t->columns[0].def.kind = DEFAULT_NONE;
	refused(t, "Column 'id' of type EMBEDDING(3) cannot be a primary key");

	t = sample_messages();
	t->columns[2].type = (struct type){ .id = TYPE_EMBEDDING, .dimension = 3 };
	t->columns[2].partition_key = true;
	refused(t, "Column 'email' of type EMBEDDING(3) cannot be a partition key");

	t = sample_messages();
	t->columns[2].partition_key = true;
	accepted(t);
}

static void type_parameters_are_checked(void **state)
{
	static const struct {
		struct type type;
		const char *sentence;
	} bad[] = {
		{ { .id = TYPE_EMBEDDING },
		  "EMBEDDING dimension must be between 1 and 8192, got: 0" },
		{ { .id = TYPE_EMBEDDING, .dimension = 8193 },
		  "EMBEDDING dimension must be between 1 and 8192, got: 8193" },
		{ { .id = TYPE_DECIMAL }, "DECIMAL precision must be between 1 and 38" },
		{ { .id = TYPE_DECIMAL, .precision = 39 },
		  "DECIMAL precision must be between 1 and 38" },
		{ { .id = TYPE_DECIMAL, .precision = 10, .scale = 11 },
		  "DECIMAL scale (11) cannot exceed precision (10)" },
		{ { .id = TYPE_INT, .dimension = 3 }, "INT has no dimension, got 3" },
		{ { .id = TYPE_TEXT, .precision = 3 },
		  "TEXT has no precision and scale, got (3, 0)" },
		{ { .id = TYPE_TEXT, .scale = 3 }, "TEXT has no precision and scale, got (0, 3)" },
		{ { .id = 0 }, "Unknown type tag: 0x00" },
		{ { .id = TYPE_ID_END }, "Unknown type tag: 0x12" },
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct table *t = sample_messages();

		t->columns[2].type = bad[i].type;
		refused(t, bad[i].sentence);
	}
}

static void canonical_defaults_of_all_types_pass(void **state)
{
	static const struct {
		enum type_id type;
		const char *text;
	} good[] = {
		{ TYPE_BOOLEAN, "true" },
		{ TYPE_SMALLINT, "-32768" },
		{ TYPE_INT, "42" },
		{ TYPE_BIGINT, "-9223372036854775808" },
		{ TYPE_DOUBLE, "0.1" },
		{ TYPE_FLOAT, "0.5" },
		{ TYPE_TEXT, "it's" },
		{ TYPE_TEXT, "" },
		{ TYPE_TIMESTAMP, "2026-11-22T10:00:00.000000" },
		{ TYPE_DATE, "2026-11-22" },
		{ TYPE_DATETIME, "2026-11-22T10:00:00.000000Z" },
		{ TYPE_TIME, "10:00:00" },
		{ TYPE_JSON, "{\"a\":1}" },
		{ TYPE_BYTES, "00ff" },
		{ TYPE_UUID, "550e8400-e29b-41d4-a716-446655440000" },
	};

	(void)state;
	for (size_t i = 0; i < countof(good); i++)
		accepted(with_default(good[i].type, good[i].text));
}

static void canonical_defaults_of_types_with_parameters_pass(void **state)
{
	struct table *t = with_default(TYPE_DECIMAL, "0.50");

	(void)state;
	t->columns[0].type.precision = 10;
	t->columns[0].type.scale = 2;
	accepted(t);

	t = with_default(TYPE_EMBEDDING, "[1,2.5]");
	t->columns[0].type.dimension = 2;
	accepted(t);
}

/* What ways in make of a written default must never be refused here. */
static void every_default_made_by_value_canonical_passes(void **state)
{
	static const struct {
		struct type type;
		struct literal literal;
	} written[] = {
#define WRITTEN(id, form, text) \
	{ { TYPE_##id, 0, 0, 0 }, { LITERAL_##form, text, sizeof(text) - 1 } }
		WRITTEN(BOOLEAN, BOOLEAN, "TRUE"),
		WRITTEN(INT, NUMBER, "-0"),
		WRITTEN(BIGINT, STRING, "9223372036854775807"),
		WRITTEN(DOUBLE, NUMBER, "1e300"),
		WRITTEN(DOUBLE, NUMBER, "-0.0"),
		WRITTEN(DOUBLE, NUMBER, "4.9e-324"),
		WRITTEN(FLOAT, NUMBER, "0.1"),
		WRITTEN(FLOAT, NUMBER, "16777216"),
		WRITTEN(TEXT, STRING, "\xC3\xA4'\\"),
		WRITTEN(TIMESTAMP, STRING, "2026-11-22 10:00:00"),
		WRITTEN(DATETIME, STRING, "2026-11-22T10:00:00.5+02:00"),
		WRITTEN(DATE, STRING, "0001-01-01"),
		WRITTEN(TIME, STRING, "23:59:59.25"),
		WRITTEN(JSON, STRING, "{ \"a\" : [1, 2.50, \"\\u00e4\"] }"),
		WRITTEN(JSON, STRING, "\"text\""),
		WRITTEN(JSON, STRING, "12"),
		WRITTEN(JSON, STRING, "null"),
		WRITTEN(BYTES, STRING, "0xDEADbeef"),
		WRITTEN(BYTES, STRING, ""),
		WRITTEN(UUID, STRING, "550E8400E29B41D4A716446655440000"),
		{ { TYPE_DECIMAL, 0, 38, 38 }, { LITERAL_NUMBER, "-0.5", 4 } },
		{ { TYPE_DECIMAL, 0, 5, 0 }, { LITERAL_NUMBER, "-12345", 6 } },
		{ { TYPE_EMBEDDING, 3, 0, 0 }, { LITERAL_ARRAY, "[1, -2.5e0, 1e-30]", 18 } },
	};

	(void)state;
	for (size_t i = 0; i < countof(written); i++) {
		struct table *t = with_default(written[i].type.id, NULL);
		struct column *c = &t->columns[0];
		struct err err = ERR_INIT;

		c->type = written[i].type;
		if (value_canonical(&c->type, &written[i].literal, &t->arena, &c->def.text, &err))
			fail_msg("%s: %s", written[i].literal.text, err.text);
		accepted(t);
	}
}

static void a_default_of_another_form_is_refused(void **state)
{
	struct table *t = with_default(TYPE_DECIMAL, "0.5");

	(void)state;
	t->columns[0].type.precision = 10;
	t->columns[0].type.scale = 2;
	refused(t, "Default '0.5' of column 'payload' is not in the form of DECIMAL(10, 2), "
		   "which is '0.50'");
	refused(with_default(TYPE_INT, "007"),
		"Default '007' of column 'payload' is not in the form of INT, which is '7'");
}

static void a_default_out_of_range_is_refused(void **state)
{
	(void)state;
	refused(with_default(TYPE_SMALLINT, "40000"),
		"Value 40000 out of range for SMALLINT (-32,768 to 32,767)");
}

static void default_null_needs_a_nullable_column(void **state)
{
	struct table *t = with_default(TYPE_INT, NULL);

	(void)state;
	accepted(t);

	t = with_default(TYPE_INT, NULL);
	t->columns[0].nullable = false;
	refused(t, "Column 'payload' is NOT NULL and cannot have DEFAULT NULL");
}

static void a_default_may_have_4096_bytes_and_no_more(void **state)
{
	char text[DEFAULT_MAX_BYTES + 2];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[DEFAULT_MAX_BYTES + 1] = '\0';
	refused(with_default(TYPE_TEXT, text),
		"Default of column 'payload' is too long (4097 bytes, max 4096)");
	text[DEFAULT_MAX_BYTES] = '\0';
	accepted(with_default(TYPE_TEXT, text));
}

static struct table *with_function(enum type_id type, const char *function)
{
	struct table *t = stream_table();

	t->columns[0].type.id = type;
	t->columns[0].def.kind = DEFAULT_FUNCTION;
	t->columns[0].def.function = function;
	return t;
}

static void a_function_must_fit_its_column(void **state)
{
	struct table *t = with_function(TYPE_BOOLEAN, "NOW");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(table_check(t, &err), -EINVAL);
	assert_memory_equal(err.text, "NOW() is not a value of BOOLEAN", 31);
	table_put(t);
	accepted(with_function(TYPE_TIMESTAMP, "NOW"));
}

static void a_function_must_be_known(void **state)
{
	struct table *t = with_function(TYPE_INT, "ROLL_DICE");
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(table_check(t, &err), -EINVAL);
	assert_memory_equal(err.text, "Unknown default function 'ROLL_DICE'", 36);
	table_put(t);
	refused(with_function(TYPE_INT, NULL), "Default of column 'payload' is no known function");
	t = with_function(TYPE_BIGINT, "SNOWFLAKE_ID");
	t->columns[0].def.nargs = DEFAULT_ARGS_MAX + 1;
	refused(t, "Default of column 'payload' is no known function");
	t = with_function(TYPE_BIGINT, "SNOWFLAKE_ID");
	t->columns[0].def.kind = (enum default_kind)99;
	refused(t, "Default of column 'payload' is of no known kind");
}

static void a_stream_table_must_have_a_ttl(void **state)
{
	struct table *t = stream_table();

	(void)state;
	t->options.ttl_seconds = 0;
	refused(t, "STREAM tables must specify 'TTL_SECONDS'");
}

static void options_of_other_types_stay_at_their_defaults(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->options.ttl_seconds = 60;
	refused(t, "TTL_SECONDS is only supported for STREAM tables");

	t = sample_messages();
	t->options.access_level = ACCESS_PUBLIC;
	refused(t, "ACCESS_LEVEL is only supported for SHARED tables");
}

static void options_stay_within_their_limits(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->options.flush_policy.interval_seconds = 86400;
	refused(t, "Interval must be less than 86400 seconds (24 hours)");
}

static void comments_are_checked(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->comment = "\x01";
	refused(t, "Comment holds the control character U+0001; only newline and tab are allowed");

	t = sample_messages();
	t->columns[2].comment = "\xFF";
	refused(t, "Comment is not valid UTF-8");
}

static void a_location_has_two_names(void **state)
{
	static const char *const good[] = { "app/messages", "default/a1", "app/t_12", "a_b/c_" };
	static const char *const bad[] = {
		"", "app", "/app", "app/", "app/a/b", "../x", "app/A", "app/9", "a b/c", "app/x-y", "{a/b",
		"app/~b", "app/a~b", "app/a{b",
	};
	char sentence[160];

	(void)state;
	for (size_t i = 0; i < countof(good); i++) {
		struct table *t = sample_messages();

		(void)snprintf(t->location_name, sizeof(t->location_name), "%s", good[i]);
		accepted(t);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		struct table *t = sample_messages();

		(void)snprintf(t->location_name, sizeof(t->location_name), "%s", bad[i]);
		(void)snprintf(sentence, sizeof(sentence),
			       "Invalid location_name '%s'. "
			       "Expected 'namespace/table' in lower case",
			       bad[i]);
		refused(t, sentence);
	}
}

static void a_location_of_a_long_name_may_end_in_the_table_id(void **state)
{
	char name[NAME_SIZE];
	struct table *t = sample_messages();

	(void)state;
	memset(name, 'x', NAME_MAX_BYTES);
	name[NAME_MAX_BYTES] = '\0';
	(void)snprintf(t->location_name, sizeof(t->location_name), "app/%s_4294967295", name);
	accepted(t);
}

static void a_name_of_a_type_that_is_not_known_is_refused(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	t->type = TABLE_TYPE_COUNT;
	refused(t, "Table 'messages' has the unknown type 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_passes),
		cmocka_unit_test(a_table_needs_a_column),
		cmocka_unit_test(a_table_may_have_4096_columns_and_no_more),
		cmocka_unit_test(ordinals_start_at_one),
		cmocka_unit_test(ordinals_ascend),
		cmocka_unit_test(ordinals_are_unique),
		cmocka_unit_test(ordinals_stay_below_the_next_one),
		cmocka_unit_test(names_are_unique_in_any_case),
		cmocka_unit_test(names_are_unique_among_any_number),
		cmocka_unit_test(column_names_are_checked),
		cmocka_unit_test(table_and_namespace_names_are_checked),
		cmocka_unit_test(user_and_shared_tables_need_a_primary_key),
		cmocka_unit_test(a_stream_table_needs_no_primary_key),
		cmocka_unit_test(two_primary_keys_are_refused),
		cmocka_unit_test(a_primary_key_is_not_nullable),
		cmocka_unit_test(an_embedding_is_no_key),
		cmocka_unit_test(type_parameters_are_checked),
		cmocka_unit_test(canonical_defaults_of_all_types_pass),
		cmocka_unit_test(canonical_defaults_of_types_with_parameters_pass),
		cmocka_unit_test(every_default_made_by_value_canonical_passes),
		cmocka_unit_test(a_default_of_another_form_is_refused),
		cmocka_unit_test(a_default_out_of_range_is_refused),
		cmocka_unit_test(default_null_needs_a_nullable_column),
		cmocka_unit_test(a_default_may_have_4096_bytes_and_no_more),
		cmocka_unit_test(a_function_must_fit_its_column),
		cmocka_unit_test(a_function_must_be_known),
		cmocka_unit_test(a_stream_table_must_have_a_ttl),
		cmocka_unit_test(options_of_other_types_stay_at_their_defaults),
		cmocka_unit_test(options_stay_within_their_limits),
		cmocka_unit_test(comments_are_checked),
		cmocka_unit_test(a_location_has_two_names),
		cmocka_unit_test(a_location_of_a_long_name_may_end_in_the_table_id),
		cmocka_unit_test(a_name_of_a_type_that_is_not_known_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
