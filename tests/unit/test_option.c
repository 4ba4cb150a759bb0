/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/option.h"

#include <errno.h>

static const struct option *find(const char *name)
{
	const struct option *option = option_find(name, strlen(name));

	assert_non_null(option);
	return option;
}

static int set(const char *name, enum table_type type, struct table_options *options,
	       enum literal_form form, const char *text, struct err *err)
{
	struct literal value = { .form = form, .text = text, .len = text ? strlen(text) : 0 };

	return option_set(find(name), type, options, &value, 12, err);
}

/* Set an option of a fresh table and give its SQL text (free it). */
static char *sql_after(const char *name, enum table_type type, enum literal_form form,
		       const char *text)
{
	struct table_options options;
	struct err err = ERR_INIT;
	struct collector c;
	int rc;

	table_options_init(&options);
	rc = set(name, type, &options, form, text, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
	assert_int_equal(option_check(find(name), type, &options, &err), 0);
	collect(&c);
	option_print_sql(find(name), &options, c.out);
	return text_of(&c);
}

static void accepted(const char *name, enum table_type type, enum literal_form form,
		     const char *text, const char *sql)
{
	char *got = sql_after(name, type, form, text);

	assert_string_equal(got, sql);
	free(got);
}

static void refused_with(int code, const char *name, enum table_type type, enum literal_form form,
			 const char *text, const char *sentence)
{
	struct table_options options, before;
	struct err err = ERR_INIT;

	table_options_init(&options);
	table_options_init(&before);
	assert_int_equal(set(name, type, &options, form, text, &err), code);
	assert_err(&err, code, sentence);
	assert_int_equal(err.pos, 12);
	for (unsigned i = 0; i < table_options_count; i++)
		assert_true(option_equal(&table_options_rows[i], &options, &before));
}

static void refused(const char *name, enum table_type type, enum literal_form form,
		    const char *text, const char *sentence)
{
	refused_with(-EINVAL, name, type, form, text, sentence);
}

static void an_option_is_found_by_its_sql_name_or_key_in_any_case(void **state)
{
	(void)state;
	assert_ptr_equal(find("TTL_SECONDS"), find("ttl_seconds"));
	assert_ptr_equal(find("Flush_Policy"), find("flush_policy"));
	assert_null(option_find("TTL", 3));
	assert_null(option_find("TTL_SECONDSX", 12));
	assert_ptr_equal(option_find("TTL_SECONDSX", 11), find("ttl_seconds"));
}

static void every_option_has_its_place_and_its_types(void **state)
{
	static const char *const order[] = {
		"storage_id",	 "use_user_storage",	  "access_level", "ttl_seconds",
		"eviction_strategy", "max_stream_size_bytes", "flush_policy", "compression",
		"deleted_retention_hours", "read_only", "enable_cache", "cache_ttl_seconds",
		"localhost_only",
	};

	(void)state;
	assert_int_equal(table_options_count, countof(order));
	for (unsigned i = 0; i < countof(order); i++)
		assert_string_equal(table_options_rows[i].key, order[i]);
	assert_true(option_applies(find("flush_policy"), TABLE_STREAM));
	assert_false(option_applies(find("flush_policy"), TABLE_SYSTEM));
	assert_true(option_applies(find("read_only"), TABLE_SYSTEM));
	assert_false(option_applies(find("read_only"), TABLE_USER));
}

static void storage_id_is_folded(void **state)
{
	(void)state;
	accepted("storage_id", TABLE_USER, LITERAL_STRING, "Archive-2_x", "'archive-2_x'");
	accepted("storage_id", TABLE_STREAM, LITERAL_STRING, "9", "'9'");
}

static void storage_id_of_other_characters_is_refused(void **state)
{
	(void)state;
	refused("storage_id", TABLE_USER, LITERAL_STRING, "a/b",
		"Invalid STORAGE_ID 'a/b'. Only alphanumeric, underscore, and hyphen allowed.");
	refused("storage_id", TABLE_USER, LITERAL_STRING, "",
		"Invalid STORAGE_ID ''. Only alphanumeric, underscore, and hyphen allowed.");
	refused("storage_id", TABLE_USER, LITERAL_NULL, NULL,
		"Invalid STORAGE_ID 'NULL'. Only alphanumeric, underscore, and hyphen allowed.");
	refused("storage_id", TABLE_USER, LITERAL_STRING, "a b",
		"Invalid STORAGE_ID 'a b'. Only alphanumeric, underscore, and hyphen allowed.");
	refused("storage_id", TABLE_USER, LITERAL_STRING, "-a",
		"Invalid STORAGE_ID '-a'. It must start with a letter or a digit.");
}

static void storage_id_of_65_characters_is_refused(void **state)
{
	(void)state;
	refused_with(-ENAMETOOLONG, "storage_id", TABLE_USER, LITERAL_STRING,
		     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
		     "Name is too long (65 characters, max 64)");
}

static void booleans_may_be_bare_or_quoted(void **state)
{
	(void)state;
	accepted("use_user_storage", TABLE_USER, LITERAL_BOOLEAN, "TRUE", "TRUE");
	accepted("use_user_storage", TABLE_USER, LITERAL_BOOLEAN, "false", "FALSE");
	accepted("use_user_storage", TABLE_USER, LITERAL_STRING, "true", "TRUE");
	refused("use_user_storage", TABLE_USER, LITERAL_STRING, "yes",
		"Invalid USE_USER_STORAGE 'yes'. Supported: TRUE, FALSE");
	refused("use_user_storage", TABLE_USER, LITERAL_NUMBER, "1",
		"Invalid USE_USER_STORAGE '1'. Supported: TRUE, FALSE");
}

static void access_level_takes_any_case(void **state)
{
	(void)state;
	accepted("access_level", TABLE_SHARED, LITERAL_STRING, "PUBLIC", "'public'");
	accepted("access_level", TABLE_SHARED, LITERAL_STRING, "dba", "'dba'");
	accepted("access_level", TABLE_SHARED, LITERAL_STRING, "Restricted", "'restricted'");
}

static void unknown_access_level_lists_the_known_ones(void **state)
{
	(void)state;
	refused("access_level", TABLE_SHARED, LITERAL_STRING, "everybody",
		"Invalid ACCESS_LEVEL 'everybody'. Supported: PUBLIC, PRIVATE, RESTRICTED, DBA");
	refused("access_level", TABLE_SHARED, LITERAL_STRING, "publik",
		"Invalid ACCESS_LEVEL 'publik'. Supported: PUBLIC, PRIVATE, RESTRICTED, DBA. "
		"Did you mean PUBLIC?");
	refused("access_level", TABLE_SHARED, LITERAL_NULL, NULL,
		"Invalid ACCESS_LEVEL 'NULL'. Supported: PUBLIC, PRIVATE, RESTRICTED, DBA");
}

static void compression_and_eviction_are_words(void **state)
{
	(void)state;
	accepted("compression", TABLE_USER, LITERAL_STRING, "ZSTD", "'zstd'");
	accepted("eviction_strategy", TABLE_STREAM, LITERAL_STRING, "size_based", "'size_based'");
	refused("compression", TABLE_USER, LITERAL_STRING, "zstdd",
		"Invalid COMPRESSION 'zstdd'. Supported: NONE, SNAPPY, LZ4, ZSTD. "
		"Did you mean ZSTD?");
	refused("eviction_strategy", TABLE_STREAM, LITERAL_STRING, "lru",
		"Invalid EVICTION_STRATEGY 'lru'. Supported: TIME_BASED, SIZE_BASED, HYBRID");
}

static void numbers_may_be_bare_or_quoted(void **state)
{
	(void)state;
	accepted("ttl_seconds", TABLE_STREAM, LITERAL_NUMBER, "3600", "3600");
	accepted("ttl_seconds", TABLE_STREAM, LITERAL_STRING, "60", "60");
	accepted("ttl_seconds", TABLE_STREAM, LITERAL_NUMBER, "9007199254740991",
		 "9007199254740991");
	accepted("deleted_retention_hours", TABLE_USER, LITERAL_NUMBER, "0", "0");
	accepted("max_stream_size_bytes", TABLE_STREAM, LITERAL_NUMBER, "0", "0");
}

static void numbers_beyond_the_limits_are_refused(void **state)
{
	static const char *const bad[] = {
		"0", "-1", "1.5", "1e3", "", "ten", "9007199254740992", "99999999999999999999999",
	};
	char sentence[160];

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		(void)snprintf(sentence, sizeof(sentence),
			       "Invalid TTL_SECONDS '%s'. Expected a whole number of seconds "
			       "from 1 to 9007199254740991",
			       bad[i]);
		refused("ttl_seconds", TABLE_STREAM, LITERAL_STRING, bad[i], sentence);
	}
	refused("deleted_retention_hours", TABLE_USER, LITERAL_NUMBER, "4294967296",
		"Invalid DELETED_RETENTION_HOURS '4294967296'. Expected a whole number of hours "
		"from 0 (purge at once) to 4294967295");
	refused("max_stream_size_bytes", TABLE_STREAM, LITERAL_NULL, NULL,
		"Invalid MAX_STREAM_SIZE_BYTES 'NULL'. Expected a whole number of bytes "
		"from 0 (unlimited) to 9007199254740991");
}

static void flush_policy_takes_rows_interval_or_both(void **state)
{
	(void)state;
	accepted("flush_policy", TABLE_USER, LITERAL_STRING, "rows:1000", "'rows:1000'");
	accepted("flush_policy", TABLE_USER, LITERAL_STRING, "interval:60", "'interval:60'");
	accepted("flush_policy", TABLE_USER, LITERAL_STRING, " INTERVAL : 86399 , Rows:999999 ",
		 "'rows:999999,interval:86399'");
	accepted("flush_policy", TABLE_USER, LITERAL_STRING, "", "''");
	accepted("flush_policy", TABLE_USER, LITERAL_NULL, NULL, "''");
}

static void flush_policy_of_another_form_is_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "1000", "Invalid FLUSH_POLICY format '1000'. Expected 'key:value'" },
		{ "rows:5,", "Invalid FLUSH_POLICY format ''. Expected 'key:value'" },
		{ "size:5", "Unknown FLUSH_POLICY key 'size'" },
		{ "row:5", "Unknown FLUSH_POLICY key 'row'. Did you mean rows?" },
		{ ":5", "Unknown FLUSH_POLICY key ''" },
		{ "rows:5,rows:6", "FLUSH_POLICY has the key 'rows' twice" },
		{ "rows:x",
		  "Invalid FLUSH_POLICY value 'x' of 'rows'. Expected a whole number" },
		{ "interval:-1",
		  "Invalid FLUSH_POLICY value '-1' of 'interval'. Expected a whole number" },
		{ "   ", "FLUSH_POLICY must specify 'rows' or 'interval' > 0" },
		{ "rows:0,interval:0", "FLUSH_POLICY must specify 'rows' or 'interval' > 0" },
		{ "rows:0", "Row limit must be greater than 0" },
		{ "rows:0,interval:5", "Row limit must be greater than 0" },
		{ "rows:1000000", "Row limit must be less than 1,000,000" },
		{ "rows:99999999999999999999999", "Row limit must be less than 1,000,000" },
		{ "interval:0", "Interval must be greater than 0" },
		{ "interval:86400", "Interval must be less than 86400 seconds (24 hours)" },
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		refused("flush_policy", TABLE_USER, LITERAL_STRING, bad[i][0], bad[i][1]);
	refused("flush_policy", TABLE_USER, LITERAL_NUMBER, "1000",
		"Invalid FLUSH_POLICY format '1000'. Expected 'key:value'");
}

static void an_option_of_another_type_is_refused(void **state)
{
	(void)state;
	refused("ttl_seconds", TABLE_USER, LITERAL_NUMBER, "60",
		"TTL_SECONDS is only supported for STREAM tables");
	refused("access_level", TABLE_USER, LITERAL_STRING, "public",
		"ACCESS_LEVEL is only supported for SHARED tables");
	refused("use_user_storage", TABLE_SHARED, LITERAL_BOOLEAN, "true",
		"USE_USER_STORAGE is only supported for USER tables");
	refused("eviction_strategy", TABLE_USER, LITERAL_STRING, "hybrid",
		"EVICTION_STRATEGY is only supported for STREAM tables");
	refused("max_stream_size_bytes", TABLE_SHARED, LITERAL_NUMBER, "1",
		"MAX_STREAM_SIZE_BYTES is only supported for STREAM tables");
	refused("read_only", TABLE_USER, LITERAL_BOOLEAN, "true",
		"READ_ONLY is only supported for SYSTEM tables");
	refused("storage_id", TABLE_SYSTEM, LITERAL_STRING, "local",
		"STORAGE_ID is only supported for USER, SHARED and STREAM tables");
}

static void a_long_value_is_cut_in_the_message(void **state)
{
	char text[5001];
	struct table_options options;
	struct err err = ERR_INIT;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	table_options_init(&options);
	assert_int_equal(set("ttl_seconds", TABLE_STREAM, &options, LITERAL_STRING, text, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "Expected a whole number of seconds"));
}

static void an_unknown_option_lists_those_of_the_type(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(option_unknown("ttl", 3, TABLE_SHARED, 5, &err), -EINVAL);
	assert_err(&err, -EINVAL,
		   "Unknown table option 'ttl'. Options of SHARED tables: STORAGE_ID, "
		   "ACCESS_LEVEL, FLUSH_POLICY, COMPRESSION, DELETED_RETENTION_HOURS");
	assert_int_equal(err.pos, 5);
}

static void an_unknown_option_suggests_a_near_one(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(option_unknown("acces_level", 11, TABLE_SHARED, 5, &err), -EINVAL);
	assert_err(&err, -EINVAL,
		   "Unknown table option 'acces_level'. Options of SHARED tables: STORAGE_ID, "
		   "ACCESS_LEVEL, FLUSH_POLICY, COMPRESSION, DELETED_RETENTION_HOURS. "
		   "Did you mean ACCESS_LEVEL?");
}

static void check_json(const char *name, const struct table_options *options, const char *json)
{
	struct collector c;
	char *got;

	collect(&c);
	option_print_json(find(name), options, c.out);
	got = text_of(&c);
	assert_string_equal(got, json);
	free(got);
}

static void values_print_as_json(void **state)
{
	struct table_options options;

	(void)state;
	table_options_init(&options);
	check_json("storage_id", &options, "\"local\"");
	check_json("use_user_storage", &options, "false");
	check_json("access_level", &options, "\"private\"");
	check_json("compression", &options, "\"snappy\"");
	check_json("deleted_retention_hours", &options, "168");
	check_json("flush_policy", &options, "null");
	options.flush_policy.row_limit = 1000;
	check_json("flush_policy", &options, "{\"type\":\"row_limit\",\"row_limit\":1000}");
	options.flush_policy.interval_seconds = 60;
	check_json("flush_policy", &options,
		   "{\"type\":\"combined\",\"row_limit\":1000,\"interval_seconds\":60}");
	options.flush_policy.row_limit = 0;
	check_json("flush_policy", &options,
		   "{\"type\":\"time_interval\",\"interval_seconds\":60}");
}

static void defaults_are_known(void **state)
{
	struct table_options options;

	(void)state;
	table_options_init(&options);
	for (unsigned i = 0; i < table_options_count; i++)
		assert_true(option_is_default(&table_options_rows[i], &options));
	options.compression = COMPRESSION_NONE;
	assert_false(option_is_default(find("compression"), &options));
	options.flush_policy.row_limit = 1;
	assert_false(option_is_default(find("flush_policy"), &options));
}

static void check_refuses(const char *name, enum table_type type,
			  const struct table_options *options, const char *sentence)
{
	struct err err = ERR_INIT;

	assert_int_equal(option_check(find(name), type, options, &err), -EINVAL);
	assert_err(&err, -EINVAL, sentence);
}

static void a_value_beyond_its_row_does_not_pass_the_check(void **state)
{
	struct table_options options;

	(void)state;
	table_options_init(&options);
	options.compression = 4;
	options.use_user_storage = 2;
	options.flush_policy.row_limit = 1000000;
	options.storage_id[0] = '/';
	check_refuses("compression", TABLE_USER, &options,
		      "COMPRESSION has the unknown value 4; there are 4");
	check_refuses("use_user_storage", TABLE_USER, &options,
		      "USE_USER_STORAGE has the unknown value 2; there are 2");
	check_refuses("use_user_storage", TABLE_SHARED, &options,
		      "USE_USER_STORAGE is only supported for USER tables");
	check_refuses("flush_policy", TABLE_USER, &options,
		      "Row limit must be less than 1,000,000");
	check_refuses("storage_id", TABLE_USER, &options,
		      "Invalid STORAGE_ID '/ocal'. Only alphanumeric, underscore, and hyphen "
		      "allowed.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_is_found_by_its_sql_name_or_key_in_any_case),
		cmocka_unit_test(every_option_has_its_place_and_its_types),
		cmocka_unit_test(storage_id_is_folded),
		cmocka_unit_test(storage_id_of_other_characters_is_refused),
		cmocka_unit_test(storage_id_of_65_characters_is_refused),
		cmocka_unit_test(booleans_may_be_bare_or_quoted),
		cmocka_unit_test(access_level_takes_any_case),
		cmocka_unit_test(unknown_access_level_lists_the_known_ones),
		cmocka_unit_test(compression_and_eviction_are_words),
		cmocka_unit_test(numbers_may_be_bare_or_quoted),
		cmocka_unit_test(numbers_beyond_the_limits_are_refused),
		cmocka_unit_test(flush_policy_takes_rows_interval_or_both),
		cmocka_unit_test(flush_policy_of_another_form_is_refused),
		cmocka_unit_test(an_option_of_another_type_is_refused),
		cmocka_unit_test(a_long_value_is_cut_in_the_message),
		cmocka_unit_test(an_unknown_option_lists_those_of_the_type),
		cmocka_unit_test(an_unknown_option_suggests_a_near_one),
		cmocka_unit_test(values_print_as_json),
		cmocka_unit_test(defaults_are_known),
		cmocka_unit_test(a_value_beyond_its_row_does_not_pass_the_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
