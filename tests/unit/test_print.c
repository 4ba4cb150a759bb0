/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/print.h"

#include "base/stream.h"
#include "catalog/arrow.h"
#include "catalog/ddl.h"
#include "tests/unit/sample.h"

/* Print with one of the printers of tables and compare the whole text. */
static void assert_table_prints(const struct table *t, void (*print)(const struct table *, FILE *),
				const char *expected)
{
	struct collector c;
	char *text;

	collect(&c);
	print(t, c.out);
	text = text_of(&c);

	assert_string_equal(text, expected);
	free(text);
}

static void plain_sql(const struct table *t, FILE *out)
{
	print_schema_sql(t, false, out);
}

static void qualified_sql(const struct table *t, FILE *out)
{
	print_schema_sql(t, true, out);
}

static void only_column_json(const struct table *t, FILE *out)
{
	print_column_json(&t->columns[t->column_count - 1], out);
}

static void only_column_compact(const struct table *t, FILE *out)
{
	print_column_compact(&t->columns[t->column_count - 1], out);
}

static void only_default_json(const struct table *t, FILE *out)
{
	print_default_json(&t->columns[t->column_count - 1], out);
}

static void only_default_sql(const struct table *t, FILE *out)
{
	print_default_sql(&t->columns[t->column_count - 1], out);
}

static void schema_json_has_the_form_of_the_design(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	assert_table_prints(t, print_schema_json,
		"{\n"
		"  \"table_id\": \"app.messages\",\n"
		"  \"object_id\": 7,\n"
		"  \"namespace_id\": \"app\",\n"
		"  \"table_name\": \"messages\",\n"
		"  \"table_type\": \"USER\",\n"
		"  \"schema_version\": 3,\n"
		"  \"created_at\": \"2025-11-20T09:00:00.000000Z\",\n"
		"  \"updated_at\": \"2025-11-22T10:00:00.000000Z\",\n"
		"  \"table_comment\": \"Chat messages\",\n"
		"  \"location_name\": \"app/messages\",\n"
		"  \"table_options\": {\n"
		"    \"storage_id\": \"local\",\n"
		"    \"use_user_storage\": false,\n"
		"    \"flush_policy\": {\n"
		"      \"type\": \"combined\",\n"
		"      \"row_limit\": 1000,\n"
		"      \"interval_seconds\": 60\n"
		"    },\n"
		"    \"compression\": \"snappy\",\n"
		"    \"deleted_retention_hours\": 168\n"
		"  },\n"
		"  \"columns\": [\n"
		"    {\n"
		"      \"column_id\": 1,\n"
		"      \"column_name\": \"id\",\n"
		"      \"ordinal_position\": 1,\n"
		"      \"data_type\": \"BIGINT\",\n"
		"      \"is_nullable\": false,\n"
		"      \"is_primary_key\": true,\n"
		"      \"is_partition_key\": false,\n"
		"      \"default_value\": {\n"
		"        \"function\": \"SNOWFLAKE_ID\",\n"
		"        \"args\": []\n"
		"      },\n"
		"      \"column_comment\": null\n"
		"    },\n"
		"    {\n"
		"      \"column_id\": 2,\n"
		"      \"column_name\": \"price\",\n"
		"      \"ordinal_position\": 2,\n"
		"      \"data_type\": \"DECIMAL(10, 2)\",\n"
		"      \"is_nullable\": false,\n"
		"      \"is_primary_key\": false,\n"
		"      \"is_partition_key\": false,\n"
		"      \"default_value\": {\n"
		"        \"literal\": \"0.00\"\n"
		"      },\n"
		"      \"column_comment\": \"in EUR\"\n"
		"    },\n"
		"    {\n"
		"      \"column_id\": 4,\n"
		"      \"column_name\": \"email\",\n"
		"      \"ordinal_position\": 4,\n"
		"      \"data_type\": \"TEXT\",\n"
		"      \"is_nullable\": true,\n"
		"      \"is_primary_key\": false,\n"
		"      \"is_partition_key\": false,\n"
		"      \"default_value\": null,\n"
		"      \"column_comment\": null\n"
		"    }\n"
		"  ]\n"
		"}\n");
	table_put(t);
}

static struct table *sample_events(void)
{
	struct table *t = sample_empty(TABLE_STREAM, "events");

	sample_column(t, 1, "kind", TYPE_TEXT);
	t->options.ttl_seconds = 3600;
	return t;
}

static void schema_json_of_a_stream_has_its_own_options(void **state)
{
	struct table *t = sample_events();
	struct collector c;
	char *text;

	(void)state;
	collect(&c);
	print_schema_json(t, c.out);
	text = text_of(&c);

	assert_non_null(strstr(text,
		"  \"table_comment\": null,\n"
		"  \"location_name\": \"app/events\",\n"
		"  \"table_options\": {\n"
		"    \"storage_id\": \"local\",\n"
		"    \"ttl_seconds\": 3600,\n"
		"    \"eviction_strategy\": \"time_based\",\n"
		"    \"max_stream_size_bytes\": 0,\n"
		"    \"flush_policy\": null,\n"
		"    \"compression\": \"snappy\",\n"
		"    \"deleted_retention_hours\": 168\n"
		"  },\n"));
	free(text);
	table_put(t);
}

static void column_json_has_its_version(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	assert_table_prints(t, only_column_json,
		"{\n"
		"  \"column_id\": 4,\n"
		"  \"column_name\": \"email\",\n"
		"  \"column_version\": 2,\n"
		"  \"ordinal_position\": 4,\n"
		"  \"data_type\": \"TEXT\",\n"
		"  \"is_nullable\": true,\n"
		"  \"is_primary_key\": false,\n"
		"  \"is_partition_key\": false,\n"
		"  \"default_value\": null,\n"
		"  \"column_comment\": null\n"
		"}\n");
	table_put(t);
}

static void compact_column_is_one_line_without_version(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	assert_table_prints(t, only_column_compact,
		"{\"column_id\":4,\"column_name\":\"email\",\"ordinal_position\":4,"
		"\"data_type\":\"TEXT\",\"is_nullable\":true,\"is_primary_key\":false,"
		"\"is_partition_key\":false,\"default_value\":null,\"column_comment\":null}");
	table_put(t);
}

static void default_null_is_not_no_default(void **state)
{
	struct table *t = sample_messages();
	struct column *email = &t->columns[2];

	(void)state;
	assert_table_prints(t, only_default_json, "null");
	assert_table_prints(t, only_default_sql, "");

	email->def.kind = DEFAULT_LITERAL;

	assert_table_prints(t, only_default_json, "{\"literal\":null}");
	assert_table_prints(t, only_default_sql, "NULL");
	table_put(t);
}

static void function_default_prints_its_arguments(void **state)
{
	struct table *t = sample_messages();
	struct column *email = &t->columns[2];

	(void)state;
	email->def = (struct column_default){ .kind = DEFAULT_FUNCTION, .function = "SNOWFLAKE_ID",
					      .args = { 1, -42 }, .nargs = 2 };

	assert_table_prints(t, only_default_json,
			    "{\"function\":\"SNOWFLAKE_ID\",\"args\":[1,-42]}");
	assert_table_prints(t, only_default_sql, "SNOWFLAKE_ID(1, -42)");
	table_put(t);
}

static void embedding_default_is_an_array_with_one_number_a_line(void **state)
{
	struct table *t = sample_empty(TABLE_SHARED, "vectors");
	struct column *c = sample_column(t, 1, "v", TYPE_EMBEDDING);

	(void)state;
	c->type.dimension = 2;
	c->def.kind = DEFAULT_LITERAL;
	c->def.text = "[1,2.5]";

	assert_table_prints(t, only_default_json, "{\"literal\":[1,2.5]}");
	assert_table_prints(t, only_column_json,
		"{\n"
		"  \"column_id\": 1,\n"
		"  \"column_name\": \"v\",\n"
		"  \"column_version\": 2,\n"
		"  \"ordinal_position\": 1,\n"
		"  \"data_type\": \"EMBEDDING(2)\",\n"
		"  \"is_nullable\": true,\n"
		"  \"is_primary_key\": false,\n"
		"  \"is_partition_key\": false,\n"
		"  \"default_value\": {\n"
		"    \"literal\": [\n"
		"      1,\n"
		"      2.5\n"
		"    ]\n"
		"  },\n"
		"  \"column_comment\": null\n"
		"}\n");
	table_put(t);
}

static void schema_sql_has_the_form_of_the_design(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	assert_table_prints(t, plain_sql,
		"CREATE USER TABLE messages (\n"
		"  id BIGINT PRIMARY KEY NOT NULL DEFAULT SNOWFLAKE_ID(),\n"
		"  price DECIMAL(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in EUR',\n"
		"  email TEXT ID 4\n"
		") WITH (STORAGE_ID = 'local', FLUSH_POLICY = 'rows:1000,interval:60')"
		" COMMENT 'Chat messages';\n");
	table_put(t);
}

static void schema_sql_of_a_dump_is_qualified(void **state)
{
	struct table *t = sample_events();

	(void)state;
	assert_table_prints(t, qualified_sql,
		"CREATE STREAM TABLE app.events (\n"
		"  kind TEXT\n"
		") WITH (STORAGE_ID = 'local', TTL_SECONDS = 3600);\n");
	table_put(t);
}

static void schema_sql_says_what_create_would_not_choose(void **state)
{
	struct table *t = sample_empty(TABLE_SHARED, "orders");

	(void)state;
	sample_column(t, 2, "day", TYPE_DATE)->partition_key = true;
	sample_column(t, 3, "comment", TYPE_TEXT)->comment = "it's\nlong";
	sample_column(t, 9, "shop", TYPE_INT)->partition_key = true;
	t->options.access_level = ACCESS_PUBLIC;
	t->options.compression = COMPRESSION_ZSTD;
	t->options.deleted_retention_hours = 0;
	snprintf(t->location_name, sizeof(t->location_name), "app/orders_7");

	assert_table_prints(t, plain_sql,
		"CREATE SHARED TABLE orders (\n"
		"  day DATE ID 2,\n"
		"  \"comment\" TEXT COMMENT 'it''s\nlong',\n"
		"  shop INT ID 9\n"
		") PARTITION BY (day, shop) WITH (STORAGE_ID = 'local', ACCESS_LEVEL = 'public', "
		"COMPRESSION = 'zstd', DELETED_RETENTION_HOURS = 0, "
		"LOCATION_NAME = 'app/orders_7');\n");
	table_put(t);
}

/* What a printer of SQL wrote must be one whole statement of the grammar. */
static void parse_back(const char *sql, enum stmt_verb verb, struct script *script)
{
	struct err err = ERR_INIT;

	if (ddl_parse(sql, strlen(sql), SCOPE_CATALOG, ENDING_SEMICOLON, false, true, script, &err))
		fail_msg("%s: %s", err.text, sql);
	assert_int_equal(script->count, 1);
	assert_int_equal(script->stmts[0].verb, verb);
}

static void schema_sql_reads_back_as_it_was(void **state)
{
	struct table *t = sample_messages();
	struct script script;
	struct collector c;
	const struct stmt *stmt;
	char *text;

	(void)state;
	snprintf(t->columns[2].name, NAME_SIZE, "comment");
	t->columns[2].partition_key = true;
	t->columns[2].comment = "it's\na \001 byte";
	snprintf(t->location_name, sizeof(t->location_name), "app/old");
	collect(&c);
	print_schema_sql(t, true, c.out);
	text = text_of(&c);
	parse_back(text, STMT_CREATE_TABLE, &script);
	stmt = &script.stmts[0];

	assert_string_equal(stmt->object.namespace_name, "app");
	assert_string_equal(stmt->object.name, "messages");
	assert_int_equal(stmt->type, TABLE_USER);
	assert_string_equal(stmt->comment, "Chat messages");
	assert_int_equal(stmt->column_count, 3);
	assert_true(stmt->columns[0].primary_key);
	assert_int_equal(stmt->columns[0].null, NULL_REFUSED);
	assert_int_equal(stmt->columns[1].type.scale, 2);
	assert_string_equal(stmt->columns[2].name, "comment");
	assert_string_equal(stmt->columns[2].comment, t->columns[2].comment);
	assert_int_equal(stmt->columns[2].id, 4);
	assert_int_equal(stmt->partition_count, 1);
	assert_string_equal(stmt->partition[0], "comment");
	assert_int_equal(stmt->setting_count, 3);
	assert_string_equal(stmt->settings[2].name, "LOCATION_NAME");
	assert_string_equal(stmt->settings[2].value.text, "app/old");
	script_free(&script);
	free(text);
	table_put(t);
}

static void location_of_another_namespace_is_not_plain(void **state)
{
	struct table *t = sample_events();

	(void)state;
	assert_true(print_location_is_plain(t));
	snprintf(t->location_name, sizeof(t->location_name), "ap/events");
	assert_false(print_location_is_plain(t));
	snprintf(t->location_name, sizeof(t->location_name), "app/event");
	assert_false(print_location_is_plain(t));
	table_put(t);
}

static void describe_has_the_form_of_the_design(void **state)
{
	struct table *t = sample_messages();

	(void)state;
	assert_table_prints(t, print_describe,
		"USER TABLE messages   version 3   3 columns   storage local\n"
		"\n"
		" #  Column  Id  Type            Null  Key  Default         Comment\n"
		" 1  id       1  BIGINT          NO    PK   SNOWFLAKE_ID()\n"
		" 2  price    2  DECIMAL(10, 2)  NO         0.00            in EUR\n"
		" 4  email    4  TEXT            YES\n"
		"\n"
		"Options: FLUSH_POLICY 'rows:1000,interval:60', COMPRESSION 'snappy', "
		"DELETED_RETENTION_HOURS 168\n"
		"Comment: Chat messages\n");
	table_put(t);
}

static void describe_counts_characters_and_keeps_lines_whole(void **state)
{
	struct table *t = sample_events();
	struct column *c = sample_column(t, 12, "size", TYPE_TEXT);

	(void)state;
	c->partition_key = true;
	c->def.kind = DEFAULT_LITERAL;
	c->def.text = "größer";
	c->comment = "a\tb\nc\033  ";
	t->columns[0].def.kind = DEFAULT_LITERAL;
	t->columns[0].def.text = "plain";
	t->columns[0].comment = "first";
	t->options.max_stream_size_bytes = 4096;
	t->comment = "two\nlines ";

	assert_table_prints(t, print_describe,
		"STREAM TABLE events   version 3   2 columns   storage local\n"
		"\n"
		"  #  Column  Id  Type  Null  Key   Default   Comment\n"
		"  1  kind     1  TEXT  YES         'plain'   first\n"
		" 12  size    12  TEXT  YES   PART  'größer'  a\\tb\\nc\\u001b\n"
		"\n"
		"Options: TTL_SECONDS 3600, EVICTION_STRATEGY 'time_based', "
		"MAX_STREAM_SIZE_BYTES 4096, COMPRESSION 'snappy', DELETED_RETENTION_HOURS 168\n"
		"Comment: two\\nlines\n");
	table_put(t);
}

static void describe_of_a_system_table_names_no_storage(void **state)
{
	struct table *t = sample_empty(TABLE_SYSTEM, "users");

	(void)state;
	sample_column(t, 1, "user_id", TYPE_TEXT);

	assert_table_prints(t, print_describe,
		"SYSTEM TABLE users   version 3   1 column\n"
		"\n"
		" #  Column   Id  Type  Null  Key  Default  Comment\n"
		" 1  user_id   1  TEXT  YES\n"
		"\n"
		"Options: READ_ONLY TRUE, ENABLE_CACHE TRUE, CACHE_TTL_SECONDS 300, "
		"LOCALHOST_ONLY FALSE\n");
	table_put(t);
}

static struct namespace *sample_namespace(void)
{
	static struct namespace_option options[] = {
		{ "owner", "\"team-a\"" },
		{ "quota", "10" },
		{ "a key", "\"it's \\u00e9\\ud83d\\ude00\\n\\\"x\\\\\"" },
	};
	struct namespace *ns = namespace_new();

	assert_non_null(ns);
	ns->id = 2;
	snprintf(ns->name, sizeof(ns->name), "app");
	ns->version = 1;
	ns->created_at = ns->updated_at = SAMPLE_CREATED;
	ns->options = options;
	ns->option_count = 2;
	return ns;
}

static void namespace_json_has_the_form_of_the_design(void **state)
{
	struct namespace *ns = sample_namespace();
	struct collector c;
	char *text;

	(void)state;
	collect(&c);
	print_namespace_json(ns, c.out);
	text = text_of(&c);

	assert_string_equal(text,
		"{\n"
		"  \"namespace_id\": 2,\n"
		"  \"name\": \"app\",\n"
		"  \"namespace_version\": 1,\n"
		"  \"created_at\": \"2025-11-20T09:00:00.000000Z\",\n"
		"  \"updated_at\": \"2025-11-20T09:00:00.000000Z\",\n"
		"  \"comment\": null,\n"
		"  \"options\": {\n"
		"    \"owner\": \"team-a\",\n"
		"    \"quota\": 10\n"
		"  }\n"
		"}\n");
	free(text);
	namespace_put(ns);
}

static char *namespace_sql(const struct namespace *ns)
{
	struct collector c;

	collect(&c);
	print_namespace_sql(ns, c.out);
	return text_of(&c);
}

static void namespace_sql_creates_it_again(void **state)
{
	struct namespace *ns = sample_namespace();
	struct script script;
	char *text;

	(void)state;
	ns->comment = "text";
	text = namespace_sql(ns);
	assert_string_equal(text, "CREATE NAMESPACE app WITH (owner = 'team-a', quota = 10) "
			    "COMMENT 'text';\n");
	free(text);

	ns->option_count = 3;
	ns->comment = NULL;
	text = namespace_sql(ns);
	assert_string_equal(text, "CREATE NAMESPACE app WITH (owner = 'team-a', quota = 10, "
			    "\"a key\" = 'it''s é😀\n\"x\\');\n");
	parse_back(text, STMT_CREATE_NAMESPACE, &script);
	assert_string_equal(script.stmts[0].settings[2].name, "a key");
	assert_string_equal(script.stmts[0].settings[2].value.text, "it's é😀\n\"x\\");
	script_free(&script);
	free(text);

	ns->option_count = 0;
	text = namespace_sql(ns);
	assert_string_equal(text, "CREATE NAMESPACE app;\n");
	free(text);
	namespace_put(ns);
}

static struct storage *sample_storage(void)
{
	struct storage *s = storage_new();

	assert_non_null(s);
	s->id = 2;
	snprintf(s->storage_id, sizeof(s->storage_id), "archive");
	s->storage_name = "Archive bucket";
	s->type = STORAGE_S3;
	s->base_directory = "s3://bucket/kalam";
	s->credentials = "{\"key\":\"top secret\"}";
	s->config = "{\"region\":\"eu-central-1\",\"tags\":[],\"a\":{\"b\":[1, 2]}}";
	s->shared_template = "{namespace}/{tableName}";
	s->user_template = "{namespace}/{tableName}/{shard}/{userId}";
	s->version = 1;
	s->created_at = s->updated_at = SAMPLE_CREATED;
	return s;
}

static void storage_document_masks_credentials(void **state)
{
	struct storage *s = sample_storage();
	struct collector c;
	char *text;

	(void)state;
	collect(&c);
	print_storage_document(s, c.out);
	text = text_of(&c);

	assert_string_equal(text,
		"{\n"
		"  \"storage_id\": \"archive\",\n"
		"  \"storage_name\": \"Archive bucket\",\n"
		"  \"description\": null,\n"
		"  \"storage_type\": \"s3\",\n"
		"  \"base_directory\": \"s3://bucket/kalam\",\n"
		"  \"credentials\": \"***\",\n"
		"  \"config\": {\n"
		"    \"region\": \"eu-central-1\",\n"
		"    \"tags\": [],\n"
		"    \"a\": {\n"
		"      \"b\": [\n"
		"        1,\n"
		"        2\n"
		"      ]\n"
		"    }\n"
		"  },\n"
		"  \"shared_tables_template\": \"{namespace}/{tableName}\",\n"
		"  \"user_tables_template\": \"{namespace}/{tableName}/{shard}/{userId}\",\n"
		"  \"storage_version\": 1,\n"
		"  \"created_at\": \"2025-11-20T09:00:00.000000Z\",\n"
		"  \"updated_at\": \"2025-11-20T09:00:00.000000Z\"\n"
		"}\n");
	free(text);
	storage_put(s);
}

static char *storage_sql(const struct storage *s, bool secrets)
{
	struct collector c;

	collect(&c);
	print_storage_sql(s, secrets, c.out);
	return text_of(&c);
}

static void storage_sql_shows_credentials_only_when_told(void **state)
{
	struct storage *s = sample_storage();
	char *text = storage_sql(s, false);
	struct script script;

	(void)state;
	assert_null(strstr(text, "secret"));
	free(text);

	text = storage_sql(s, true);
	assert_string_equal(text,
		"CREATE STORAGE archive TYPE s3\n"
		"  NAME 'Archive bucket'\n"
		"  BASE_DIRECTORY 's3://bucket/kalam'\n"
		"  SHARED_TABLES_TEMPLATE '{namespace}/{tableName}'\n"
		"  USER_TABLES_TEMPLATE '{namespace}/{tableName}/{shard}/{userId}'\n"
		"  CREDENTIALS '{\"key\":\"top secret\"}'\n"
		"  CONFIG '{\"region\":\"eu-central-1\",\"tags\":[],\"a\":{\"b\":[1, 2]}}';\n");
	free(text);

	snprintf(s->storage_id, sizeof(s->storage_id), "2-cold");
	text = storage_sql(s, false);
	assert_memory_equal(text, "CREATE STORAGE \"2-cold\" TYPE s3\n", 32);
	parse_back(text, STMT_CREATE_STORAGE, &script);
	assert_string_equal(script.stmts[0].object.name, "2-cold");
	assert_string_equal(script.stmts[0].storage.config, s->config);
	script_free(&script);
	free(text);
	storage_put(s);
}

static void indented_json_is_as_jq_prints_it(void **state)
{
	static const char compact[] =
		"{\"a\":[],\"b\":{},\"c\":\"x{[,:\\\"]\",\"d\":[{\"e\":null}]}";
	struct collector c;
	char *text;

	(void)state;
	collect(&c);
	print_json_indented(compact, strlen(compact), c.out);
	text = text_of(&c);

	assert_string_equal(text,
		"{\n"
		"  \"a\": [],\n"
		"  \"b\": {},\n"
		"  \"c\": \"x{[,:\\\"]\",\n"
		"  \"d\": [\n"
		"    {\n"
		"      \"e\": null\n"
		"    }\n"
		"  ]\n"
		"}");
	free(text);
}

/* Indentation below zero was 4,294,967,295 levels: a damaged record filled the memory. */
static void brackets_without_beginning_or_end_leave_the_layout_alone(void **state)
{
	static const char *const broken[] = { "]", "}}]", "[[{", "[1]]}", "\"a" };
	struct collector c;
	char *text;

	(void)state;
	for (size_t i = 0; i < countof(broken); i++) {
		struct emit e;

		collect(&c);
		e = (struct emit)EMIT_INDENTED(c.out);
		emit_open(&e, NULL, '{');
		emit_json(&e, "a", broken[i], strlen(broken[i]));
		assert_int_equal(e.depth, 1);
		emit_bool(&e, "b", true);
		emit_close(&e, '}');
		text = text_of(&c);
		assert_non_null(strstr(text, ",\n  \"b\": true\n}"));
		free(text);
	}
}

/* Members at any depth, with keys of any length, and what they must look like. */
static void layout_at_any_depth(void **state)
{
	static const unsigned depths[] = { 1, 7, 8, 9, 31, 32, 33, 34, 200 };
	static const unsigned keys[] = { 1, 95, 96, 97, 250, 400 };

	(void)state;
	for (size_t d = 0; d < countof(depths); d++) {
		struct collector c, expected;
		char *text, *layout, key[401];
		struct emit e;

		collect(&c);
		collect(&expected);
		e = (struct emit)EMIT_INDENTED(c.out);
		for (unsigned i = 0; i < depths[d]; i++) {
			emit_open(&e, NULL, '[');
			fprintf(expected.out, "[\n%*s", 2 * (int)(i + 1), "");
		}
		for (size_t k = 0; k < countof(keys); k++) {
			memset(key, 'k', keys[k]);
			key[keys[k]] = '\0';
			emit_bool(&e, key, true);
			emit_null(&e, NULL);
			fprintf(expected.out, "\"%s\": true,\n%*snull", key,
				2 * (int)depths[d], "");
			if (k + 1 < countof(keys))
				fprintf(expected.out, ",\n%*s", 2 * (int)depths[d], "");
		}
		for (unsigned i = depths[d]; i--;) {
			emit_close(&e, ']');
			fprintf(expected.out, "\n%*s]", 2 * (int)i, "");
		}
		text = text_of(&c);
		layout = text_of(&expected);
		assert_string_equal(text, layout);
		free(text);
		free(layout);
	}
}

static void author_is_uid_user_and_command(void **state)
{
	static const struct author author = { .uid = 1000, .pid = 4711, .user = "ann",
					      .command = "ba\"sh" };
	struct collector c;
	char *text;

	(void)state;
	collect(&c);
	print_author_json(&author, c.out);
	text = text_of(&c);

	assert_string_equal(text, "{\"uid\":1000,\"user\":\"ann\",\"command\":\"ba\\\"sh\"}");
	free(text);
}

static void failed_stream_tells_at_its_close(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	fputs("x", out);
	emit_fail(out);

	assert_int_not_equal(fclose(out), 0);
	free(text);
}

/* Room for everything, for nothing, and its end at any place. */
static void documents_do_not_depend_on_the_buffer(void **state)
{
	static void (*const printers[])(const struct table *, FILE *) = {
		print_schema_json, plain_sql, print_describe, only_column_compact,
		arrow_print_schema,
	};
	struct table *t = sample_messages();
	char room[4096], *whole, *text;
	size_t whole_len, len;

	(void)state;
	t->columns[0].comment = "gr\xc3\xb6\xc3\x9f" "er, \"quoted\", it's \\ \n and longer than a word";
	for (size_t i = 0; i < countof(printers); i++) {
		FILE *out = text_stream(&whole, &whole_len);

		assert_non_null(out);
		printers[i](t, out);
		assert_int_equal(fclose(out), 0);
		for (size_t size = 0; size <= 700; size++) {
			out = text_stream(&text, &len);
			assert_non_null(out);
			setvbuf(out, room, size ? _IOFBF : _IONBF, size);
			printers[i](t, out);
			assert_int_equal(fclose(out), 0);
			assert_int_equal(len, whole_len);
			assert_memory_equal(text, whole, len);
			free(text);
		}
		free(whole);
	}
	table_put(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema_json_has_the_form_of_the_design),
		cmocka_unit_test(schema_json_of_a_stream_has_its_own_options),
		cmocka_unit_test(column_json_has_its_version),
		cmocka_unit_test(compact_column_is_one_line_without_version),
		cmocka_unit_test(default_null_is_not_no_default),
		cmocka_unit_test(function_default_prints_its_arguments),
		cmocka_unit_test(embedding_default_is_an_array_with_one_number_a_line),
		cmocka_unit_test(schema_sql_has_the_form_of_the_design),
		cmocka_unit_test(schema_sql_of_a_dump_is_qualified),
		cmocka_unit_test(schema_sql_says_what_create_would_not_choose),
		cmocka_unit_test(schema_sql_reads_back_as_it_was),
		cmocka_unit_test(location_of_another_namespace_is_not_plain),
		cmocka_unit_test(describe_has_the_form_of_the_design),
		cmocka_unit_test(describe_counts_characters_and_keeps_lines_whole),
		cmocka_unit_test(describe_of_a_system_table_names_no_storage),
		cmocka_unit_test(namespace_json_has_the_form_of_the_design),
		cmocka_unit_test(namespace_sql_creates_it_again),
		cmocka_unit_test(storage_document_masks_credentials),
		cmocka_unit_test(storage_sql_shows_credentials_only_when_told),
		cmocka_unit_test(indented_json_is_as_jq_prints_it),
		cmocka_unit_test(brackets_without_beginning_or_end_leave_the_layout_alone),
		cmocka_unit_test(layout_at_any_depth),
		cmocka_unit_test(author_is_uid_user_and_command),
		cmocka_unit_test(failed_stream_tells_at_its_close),
		cmocka_unit_test(documents_do_not_depend_on_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
