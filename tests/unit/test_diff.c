/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/diff.h"
#include "tests/unit/sample.h"

typedef void print_fn(const struct table *before, const struct table *after, FILE *out);

/* Compare what is told of two definitions with the whole text expected. */
static void assert_told(print_fn *print, const struct table *before, const struct table *after,
			const char *expected)
{
	struct collector c;
	char *text;

	collect(&c);
	print(before, after, c.out);
	text = text_of(&c);

	assert_string_equal(text, expected);
	free(text);
}

/* The same for a document of which only the array "changes" matters. */
static void assert_changes(const struct table *before, const struct table *after,
			   const char *expected)
{
	struct collector c;
	char *text, *changes, *end;

	collect(&c);
	diff_print_change(before, after, c.out);
	text = text_of(&c);
	changes = strstr(text, "  \"changes\": [");
	assert_non_null(changes);
	end = strstr(changes, "\n  ],\n");
	assert_non_null(end);
	end[1] = '\0';

	assert_string_equal(changes, expected);
	free(text);
}

static void drop_column(struct table *t, uint32_t index)
{
	memmove(&t->columns[index], &t->columns[index + 1],
		(t->column_count - index - 1) * sizeof(t->columns[0]));
	t->column_count--;
}

/* The next version of messages, to be changed by the test. */
static struct table *next_version(void)
{
	struct table *t = sample_messages();

	t->version = 4;
	t->info.committed_at = SAMPLE_UPDATED + 123456;
	t->info.sequence = 42;
	t->info.author = (struct author){ .uid = 1000, .pid = 1, .user = "ann", .command = "bash" };
	return t;
}

static void change_json_has_the_form_of_the_design(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	before->comment = NULL;
	before->next_column_id = 6;
	sample_column(after, 6, "age", TYPE_INT);
	after->columns[1].type.precision = 12;
	after->comment = "Chat";
	after->info.statement = "ADD COLUMN age INT, ALTER COLUMN price TYPE DECIMAL(12, 2)";

	assert_told(diff_print_change, before, after,
		"{\n"
		"  \"version\": 4,\n"
		"  \"committed_at\": \"2025-11-22T10:00:00.123456Z\",\n"
		"  \"sequence\": 42,\n"
		"  \"author\": {\n"
		"    \"uid\": 1000,\n"
		"    \"user\": \"ann\",\n"
		"    \"command\": \"bash\"\n"
		"  },\n"
		"  \"source\": \"ctl\",\n"
		"  \"statement\": \"ADD COLUMN age INT, ALTER COLUMN price TYPE DECIMAL(12, 2)\",\n"
		"  \"summary\": \"Added column age; changed price; changed comment\",\n"
		"  \"changes\": [\n"
		"    {\n"
		"      \"action\": \"ADD COLUMN\",\n"
		"      \"column_id\": 6,\n"
		"      \"before\": null,\n"
		"      \"after\": {\n"
		"        \"column_id\": 6,\n"
		"        \"column_name\": \"age\",\n"
		"        \"ordinal_position\": 6,\n"
		"        \"data_type\": \"INT\",\n"
		"        \"is_nullable\": true,\n"
		"        \"is_primary_key\": false,\n"
		"        \"is_partition_key\": false,\n"
		"        \"default_value\": null,\n"
		"        \"column_comment\": null\n"
		"      }\n"
		"    },\n"
		"    {\n"
		"      \"action\": \"ALTER COLUMN\",\n"
		"      \"column_id\": 2,\n"
		"      \"before\": {\n"
		"        \"data_type\": \"DECIMAL(10, 2)\"\n"
		"      },\n"
		"      \"after\": {\n"
		"        \"data_type\": \"DECIMAL(12, 2)\"\n"
		"      }\n"
		"    },\n"
		"    {\n"
		"      \"action\": \"SET\",\n"
		"      \"column_id\": null,\n"
		"      \"before\": {\n"
		"        \"table_comment\": null\n"
		"      },\n"
		"      \"after\": {\n"
		"        \"table_comment\": \"Chat\"\n"
		"      }\n"
		"    }\n"
		"  ],\n"
		"  \"restored_from\": null\n"
		"}\n");
	table_put(before);
	table_put(after);
}

static void change_json_of_a_document_has_no_statement(void **state)
{
	struct table *before = sample_messages(), *after = next_version();
	struct collector c;
	char *text;

	(void)state;
	after->info.source = SOURCE_DOCUMENT;
	after->info.restored_from = 2;
	collect(&c);
	diff_print_change(before, after, c.out);
	text = text_of(&c);

	assert_non_null(strstr(text, "  \"source\": \"document\",\n  \"statement\": null,\n"));
	assert_non_null(strstr(text, "  \"changes\": [],\n  \"restored_from\": 2\n}\n"));
	free(text);
	table_put(before);
	table_put(after);
}

static void renamed_and_altered_column_has_two_entries(void **state)
{
	struct table *before = sample_messages(), *after = next_version();
	struct column *price = &after->columns[1];

	(void)state;
	snprintf(price->name, sizeof(price->name), "cost");
	price->nullable = true;
	price->def.kind = DEFAULT_NONE;

	assert_changes(before, after,
		"  \"changes\": [\n"
		"    {\n"
		"      \"action\": \"RENAME COLUMN\",\n"
		"      \"column_id\": 2,\n"
		"      \"before\": {\n"
		"        \"column_name\": \"price\"\n"
		"      },\n"
		"      \"after\": {\n"
		"        \"column_name\": \"cost\"\n"
		"      }\n"
		"    },\n"
		"    {\n"
		"      \"action\": \"ALTER COLUMN\",\n"
		"      \"column_id\": 2,\n"
		"      \"before\": {\n"
		"        \"is_nullable\": false,\n"
		"        \"default_value\": {\n"
		"          \"literal\": \"0.00\"\n"
		"        }\n"
		"      },\n"
		"      \"after\": {\n"
		"        \"is_nullable\": true,\n"
		"        \"default_value\": null\n"
		"      }\n"
		"    }\n");
	assert_told(diff_print_summary, before, after,
		"Renamed column price to cost; changed cost");
	assert_told(diff_print_plan, before, after,
		"  ~ column 2 price -> cost\n"
		"  ~ column 2 cost NOT NULL -> NULL\n"
		"  ~ column 2 cost DEFAULT 0.00 -> no default\n");
	table_put(before);
	table_put(after);
}

static void dropped_column_is_told_whole(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	drop_column(after, 2);

	assert_changes(before, after,
		"  \"changes\": [\n"
		"    {\n"
		"      \"action\": \"DROP COLUMN\",\n"
		"      \"column_id\": 4,\n"
		"      \"before\": {\n"
		"        \"column_id\": 4,\n"
		"        \"column_name\": \"email\",\n"
		"        \"ordinal_position\": 4,\n"
		"        \"data_type\": \"TEXT\",\n"
		"        \"is_nullable\": true,\n"
		"        \"is_primary_key\": false,\n"
		"        \"is_partition_key\": false,\n"
		"        \"default_value\": null,\n"
		"        \"column_comment\": null\n"
		"      },\n"
		"      \"after\": null\n"
		"    }\n");
	assert_told(diff_print_summary, before, after, "Dropped column email");
	table_put(before);
	table_put(after);
}

static void moved_table_tells_what_moved(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	snprintf(after->name, sizeof(after->name), "mail");
	assert_changes(before, after,
		"  \"changes\": [\n"
		"    {\n"
		"      \"action\": \"RENAME\",\n"
		"      \"column_id\": null,\n"
		"      \"before\": {\n"
		"        \"table_name\": \"messages\"\n"
		"      },\n"
		"      \"after\": {\n"
		"        \"table_name\": \"mail\"\n"
		"      }\n"
		"    }\n");

	snprintf(after->namespace_name, sizeof(after->namespace_name), "shop");
	assert_told(diff_print_summary, before, after, "Renamed app.messages to shop.mail");
	assert_told(diff_print_plan, before, after, "  ~ table app.messages -> shop.mail\n");
	assert_true(diff_is_change(before, after));
	table_put(before);
	table_put(after);
}

static void options_are_one_entry_and_one_line_each(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	after->options.flush_policy = (struct flush_policy){ 0 };
	after->options.compression = COMPRESSION_ZSTD;
	/* Not an option of a USER table: nobody sees it. */
	after->options.ttl_seconds = 5;

	assert_changes(before, after,
		"  \"changes\": [\n"
		"    {\n"
		"      \"action\": \"SET\",\n"
		"      \"column_id\": null,\n"
		"      \"before\": {\n"
		"        \"table_options\": {\n"
		"          \"flush_policy\": {\n"
		"            \"type\": \"combined\",\n"
		"            \"row_limit\": 1000,\n"
		"            \"interval_seconds\": 60\n"
		"          },\n"
		"          \"compression\": \"snappy\"\n"
		"        }\n"
		"      },\n"
		"      \"after\": {\n"
		"        \"table_options\": {\n"
		"          \"flush_policy\": null,\n"
		"          \"compression\": \"zstd\"\n"
		"        }\n"
		"      }\n"
		"    }\n");
	assert_told(diff_print_summary, before, after, "Changed FLUSH_POLICY, COMPRESSION");
	assert_told(diff_print_plan, before, after,
		"  ~ FLUSH_POLICY 'rows:1000,interval:60' -> ''\n"
		"  ~ COMPRESSION 'snappy' -> 'zstd'\n");
	table_put(before);
	table_put(after);
}

static void plan_has_the_form_of_the_design(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	before->next_column_id = 6;
	after->columns[1].type.precision = 12;
	drop_column(after, 2);
	sample_column(after, 6, "age", TYPE_INT);

	assert_told(diff_print_plan, before, after,
		"  + column 6 age INT NULL\n"
		"  - column 4 email TEXT            "
		"destructive: values in stored files become unreachable\n"
		"  ~ column 2 price DECIMAL(10, 2) -> DECIMAL(12, 2)\n");
	assert_told(diff_print_summary, before, after,
		"Added column age; dropped column email; changed price");
	table_put(before);
	table_put(after);
}

static void plan_of_long_names_keeps_two_blanks(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	snprintf(before->columns[2].name, NAME_SIZE, "a_rather_long_name");
	drop_column(after, 2);

	assert_told(diff_print_plan, before, after,
		"  - column 4 a_rather_long_name TEXT  "
		"destructive: values in stored files become unreachable\n");
	table_put(before);
	table_put(after);
}

static void plan_shows_defaults_and_comments_on_one_line(void **state)
{
	struct table *before = sample_messages(), *after = next_version();
	struct column *age = sample_column(after, 6, "age", TYPE_TEXT);

	(void)state;
	before->next_column_id = 6;
	before->columns[2].comment = "b";
	after->columns[1].comment = NULL;
	after->columns[2].comment = "it's\nnew";
	after->columns[2].def.kind = DEFAULT_LITERAL;
	after->comment = NULL;
	age->nullable = false;
	age->def = (struct column_default){ .kind = DEFAULT_LITERAL, .text = "a\nb" };
	age->comment = "c";

	assert_told(diff_print_plan, before, after,
		"  + column 6 age TEXT NOT NULL DEFAULT 'a\\nb' COMMENT 'c'\n"
		"  ~ column 2 price COMMENT 'in EUR' -> none\n"
		"  ~ column 4 email no default -> DEFAULT NULL\n"
		"  ~ column 4 email COMMENT 'b' -> 'it''s\\nnew'\n"
		"  ~ comment 'Chat messages' -> none\n");
	assert_told(diff_print_summary, before, after,
		"Added column age; changed price, email; changed comment");
	table_put(before);
	table_put(after);
}

static void created_table_is_its_columns(void **state)
{
	struct table *after = sample_messages();

	(void)state;
	assert_true(diff_is_change(NULL, after));
	assert_told(diff_print_summary, NULL, after, "Initial schema");
	assert_told(diff_print_plan, NULL, after,
		"  + column 1 id BIGINT PRIMARY KEY NOT NULL DEFAULT SNOWFLAKE_ID()\n"
		"  + column 2 price DECIMAL(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in EUR'\n"
		"  + column 4 email TEXT NULL\n");

	snprintf(after->location_name, sizeof(after->location_name), "app/messages_7");
	drop_column(after, 0);
	drop_column(after, 0);
	assert_told(diff_print_plan, NULL, after,
		"  + column 4 email TEXT NULL\n"
		"  + LOCATION_NAME 'app/messages_7'\n");
	table_put(after);
}

static void returned_column_warns_about_rows_without_value(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	drop_column(before, 2);
	after->info.restored_from = 2;

	assert_told(diff_print_plan, before, after,
		"  + column 4 email TEXT NULL  returns: rows written meanwhile have no value\n");
	assert_told(diff_print_summary, before, after,
		"Restored version 2; column email returned, rows written meanwhile have no value");

	before->columns[before->column_count++] = after->columns[2];
	after->comment = NULL;
	assert_told(diff_print_summary, before, after, "Restored version 2");
	table_put(before);
	table_put(after);
}

static void location_is_told_last(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	snprintf(after->location_name, sizeof(after->location_name), "app/mail");

	assert_told(diff_print_summary, before, after, "Changed LOCATION_NAME");
	assert_told(diff_print_plan, before, after,
		"  ~ LOCATION_NAME 'app/messages' -> 'app/mail'\n");
	assert_changes(before, after,
		"  \"changes\": [\n"
		"    {\n"
		"      \"action\": \"SET\",\n"
		"      \"column_id\": null,\n"
		"      \"before\": {\n"
		"        \"location_name\": \"app/messages\"\n"
		"      },\n"
		"      \"after\": {\n"
		"        \"location_name\": \"app/mail\"\n"
		"      }\n"
		"    }\n");
	table_put(before);
	table_put(after);
}

static void many_columns_are_counted_in_the_summary(void **state)
{
	struct table *before = sample_messages(), *after = next_version();
	char name[NAME_SIZE];

	(void)state;
	sample_column(after, 5, "c5", TYPE_INT);
	sample_column(after, 6, "c6", TYPE_INT);
	assert_told(diff_print_summary, before, after, "Added columns c5, c6");

	for (unsigned i = 7; i < 16; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		sample_column(after, i, name, TYPE_INT);
	}
	assert_told(diff_print_summary, before, after, "Added 11 columns");
	assert_told(diff_print_summary, after, before, "Dropped 11 columns");
	table_put(before);
	table_put(after);
}

static void equal_definitions_are_no_change(void **state)
{
	struct table *before = sample_messages(), *after = next_version();

	(void)state;
	assert_false(diff_is_change(before, after));
	assert_told(diff_print_plan, before, after, "");
	assert_told(diff_print_summary, before, after, "No change");
	table_put(before);
	table_put(after);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(change_json_has_the_form_of_the_design),
		cmocka_unit_test(change_json_of_a_document_has_no_statement),
		cmocka_unit_test(renamed_and_altered_column_has_two_entries),
		cmocka_unit_test(dropped_column_is_told_whole),
		cmocka_unit_test(moved_table_tells_what_moved),
		cmocka_unit_test(options_are_one_entry_and_one_line_each),
		cmocka_unit_test(plan_has_the_form_of_the_design),
		cmocka_unit_test(plan_of_long_names_keeps_two_blanks),
		cmocka_unit_test(plan_shows_defaults_and_comments_on_one_line),
		cmocka_unit_test(created_table_is_its_columns),
		cmocka_unit_test(returned_column_warns_about_rows_without_value),
		cmocka_unit_test(location_is_told_last),
		cmocka_unit_test(many_columns_are_counted_in_the_summary),
		cmocka_unit_test(equal_definitions_are_no_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
