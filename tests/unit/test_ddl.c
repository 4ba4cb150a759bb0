/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What golden cases cannot say: limits, codes, positions, masking, help, functions. */
#include "tests/unit/helpers.h"

#include "catalog/ddl.h"

#include <errno.h>

/* Parse a NUL-terminated text as a whole. */
static int parse(const char *text, struct script *script, struct err *err)
{
	return ddl_parse(text, strlen(text), SCOPE_CATALOG, ENDING_NEWLINE, false, true, script,
	                 err);
}

static void assert_refused(const char *text, int code, long pos, const char *message)
{
	struct err err = ERR_INIT;
	struct script script;

	assert_int_equal(parse(text, &script, &err), code);
	assert_err(&err, code, message);
	assert_int_equal(err.pos, pos);
	assert_int_equal(script.count, 0);
}

static void what_never_works_is_eperm(void **state)
{
	(void)state;
	assert_refused("CREATE SYSTEM TABLE t (a INT);", -EPERM, 7,
	               "Cannot create SYSTEM tables via SQL");
	assert_refused("ALTER NAMESPACE a RENAME TO b", -EPERM, 18,
	               "Namespaces cannot be renamed: create the new one and move the tables with "
	               "ALTER TABLE ... RENAME TO");
}

static void a_long_name_is_enametoolong(void **state)
{
	(void)state;
	assert_refused(
		"DROP TABLE a1234567890123456789012345678901234567890123456789012345678901234",
		-ENAMETOOLONG, 11, "Name is too long (65 characters, max 64)");
}

static void a_syntax_error_is_of_the_kind_parse(void **state)
{
	struct err err = ERR_INIT;
	struct script script;

	(void)state;
	assert_int_equal(parse("DROP", &script, &err), -EINVAL);
	assert_int_equal(err.kind, ERR_PARSE);
}

static void no_err_is_needed(void **state)
{
	struct script script;

	(void)state;
	assert_int_equal(parse("DROP", &script, NULL), -EINVAL);
	assert_int_equal(parse("DROP TABLE t", &script, NULL), 0);
	script_free(&script);
}

static void an_earlier_error_is_kept(void **state)
{
	struct err err = ERR_INIT;
	struct script script;

	(void)state;
	err_set(&err, -EIO, "first");
	assert_int_equal(parse("DROP", &script, &err), -EINVAL);
	assert_err(&err, -EIO, "first");
}

/* "ALTER TABLE t COMMENT '...'" of len bytes; free it. */
static char *long_statement(size_t len)
{
	char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "ALTER TABLE t COMMENT '", 23);
	text[len - 1] = '\'';
	text[len] = '\0';
	return text;
}

static void a_statement_of_the_largest_size_parses(void **state)
{
	char *text = long_statement(STATEMENT_MAX_BYTES);
	struct script script;

	(void)state;
	assert_int_equal(parse(text, &script, NULL), 0);
	assert_int_equal(script.stmts[0].len, STATEMENT_MAX_BYTES);
	script_free(&script);
	free(text);
}

static void a_statement_over_the_largest_size_is_efbig(void **state)
{
	char *text = long_statement(STATEMENT_MAX_BYTES + 1);

	(void)state;
	assert_refused(text, -EFBIG, 0, "Statement is too long (1044481 bytes, max 1044480)");
	free(text);
}

static void a_tail_over_the_largest_size_is_efbig(void **state)
{
	char *text = long_statement(STATEMENT_MAX_BYTES + 2);
	struct err err = ERR_INIT;
	struct script script;

	(void)state;
	assert_int_equal(ddl_parse(text, STATEMENT_MAX_BYTES + 1, SCOPE_CATALOG, ENDING_NEWLINE,
	                           false, false, &script, &err),
	                 -EFBIG);
	assert_int_equal(err.pos, 0);
	free(text);
}

/* "HEAD" "item0" "," "item1" ... "END" with count items that the format makes; free it. */
static char *list(const char *head, const char *format, unsigned count, const char *end)
{
	struct collector c;

	collect(&c);
	fputs(head, c.out);
	for (unsigned i = 0; i < count; i++) {
		fputs(i ? ", " : "", c.out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		fprintf(c.out, format, i);
#pragma GCC diagnostic pop
	}
	fputs(end, c.out);
	return text_of(&c);
}

static void assert_list(const char *head, const char *format, const char *end, const char *what)
{
	char *fits = list(head, format, 4096, end), *over = list(head, format, 4097, end);
	struct err err = ERR_INIT;
	struct script script;
	char message[64];

	assert_int_equal(parse(fits, &script, NULL), 0);
	script_free(&script);
	assert_int_equal(parse(over, &script, &err), -EINVAL);
	snprintf(message, sizeof(message), "Too many %s (max 4096)", what);
	assert_err(&err, -EINVAL, message);
	free(fits);
	free(over);
}

static void at_most_4096_columns_are_taken(void **state)
{
	(void)state;
	assert_list("CREATE TABLE t (", "c%u INT", ")", "columns");
}

static void at_most_4096_actions_are_taken(void **state)
{
	(void)state;
	assert_list("ALTER TABLE t ", "DROP c%u", "", "actions");
}

static void at_most_4096_options_are_taken(void **state)
{
	(void)state;
	assert_list("ALTER TABLE t SET (", "o%u = 1", ")", "options");
}

static void a_character_cut_off_by_the_end_is_a_tail(void **state)
{
	const char text[] = "DROP TABLE a; ALTER TABLE t COMMENT 'Gr\xc3";
	struct script script;

	(void)state;
	assert_int_equal(ddl_parse(text, strlen(text), SCOPE_CATALOG, ENDING_NEWLINE, false, false,
	                           &script, NULL),
	                 0);
	assert_int_equal(script.count, 1);
	assert_int_equal(script.tail, 14);
	script_free(&script);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	struct err err = ERR_INIT;
	struct script script;

	(void)state;
	assert_int_equal(ddl_parse("DROP TABLE \xff", 12, SCOPE_CATALOG, ENDING_NEWLINE, false,
	                           false, &script, &err),
	                 -EINVAL);
	assert_int_equal(err.pos, 11);
}

static void positions_point_at_what_they_belong_to(void **state)
{
	const char *text = "CREATE TABLE a.t (x INT DEFAULT 5 COMMENT 'c' ID 3, PRIMARY KEY (x)) "
			   "PARTITION BY (x) WITH (k = 'v') COMMENT 'd'";
	const struct column_spec *column;
	const struct stmt *stmt;
	struct script script;

	(void)state;
	assert_int_equal(parse(text, &script, NULL), 0);
	stmt = &script.stmts[0];
	column = &stmt->columns[0];
	assert_int_equal(stmt->object.pos, 15);
	assert_int_equal(column->pos, 18);
	assert_int_equal(column->type_pos, 20);
	assert_int_equal(column->def.pos, 32);
	assert_int_equal(column->comment_pos, 42);
	assert_int_equal(column->id_pos, 49);
	assert_int_equal(stmt->primary_key_pos, strstr(text, "x)) P") - text);
	assert_int_equal(stmt->partition_pos[0], strstr(text, "x) W") - text);
	assert_int_equal(stmt->settings[0].pos, strstr(text, "k =") - text);
	assert_int_equal(stmt->settings[0].value_pos, strstr(text, "'v'") - text);
	assert_int_equal(stmt->comment_pos, strstr(text, "'d'") - text);
	script_free(&script);
}

static void positions_of_actions_point_at_their_words(void **state)
{
	const char *text = "ALTER TABLE t RENAME a TO b, ALTER c COMMENT 'x', COMMENT 'y'";
	const struct action *actions;
	struct script script;

	(void)state;
	assert_int_equal(parse(text, &script, NULL), 0);
	actions = script.stmts[0].actions;
	assert_int_equal(actions[0].pos, 14);
	assert_int_equal(actions[0].column.pos, 21);
	assert_int_equal(actions[0].new_name_pos, 26);
	assert_int_equal(actions[1].column.comment_pos, 45);
	assert_int_equal(actions[2].column.comment_pos, 58);
	script_free(&script);
}

static void assert_masked(const char *text, const char *expected)
{
	struct collector c;
	char *masked;

	collect(&c);
	ddl_print_masked(text, strlen(text), c.out);
	masked = text_of(&c);
	assert_string_equal(masked, expected);
	free(masked);
}

static void credentials_are_masked(void **state)
{
	(void)state;
	assert_masked("CREATE STORAGE s TYPE s3 CREDENTIALS '{\"k\":\"it''s\"}' CONFIG '{\"a\":1}'",
	              "CREATE STORAGE s TYPE s3 CREDENTIALS '***' CONFIG '{\"a\":1}'");
	assert_masked("ALTER STORAGE s SET credentials = 'a', NAME = 'b'",
	              "ALTER STORAGE s SET credentials = '***', NAME = 'b'");
	assert_masked("x CREDENTIALS /* 'no' */ -- '\n E'a\\'b' y",
	              "x CREDENTIALS /* 'no' */ -- '\n '***' y");
	assert_masked("CREDENTIALS X'61'", "CREDENTIALS '***'");
}

static void credentials_of_a_refused_text_are_masked(void **state)
{
	(void)state;
	assert_masked("CREDENTIALS 'never closed", "CREDENTIALS '***'");
	assert_masked("CREDENTAILS \"wrong quotes\";", "CREDENTAILS '***';");
	assert_masked("CREDENTIALS { \"key\": 'v' } ; 'w'", "CREDENTIALS { '***': '***' } ; 'w'");
	assert_masked("\xff CREDENTIALS 'x'", "\xff CREDENTIALS '***'");
	assert_masked("CREDENTIALS", "CREDENTIALS");
}

static void other_texts_are_printed_as_they_are(void **state)
{
	(void)state;
	assert_masked("COMMENT 'CREDENTIALS ''x''' /* open 'y",
	              "COMMENT 'CREDENTIALS ''x''' /* open 'y");
	assert_masked("", "");
	assert_masked("DROP \"CREDENTIALS\" 'x' -- it's", "DROP \"CREDENTIALS\" 'x' -- it's");
}

static char *help(enum ddl_scope scope)
{
	struct collector c;

	collect(&c);
	ddl_print_help(scope, c.out);
	return text_of(&c);
}

static void a_table_is_told_its_actions(void **state)
{
	char *text = help(SCOPE_TABLE);
	const char *first =
		"  ADD [COLUMN] [IF NOT EXISTS] c type [NOT NULL | NULL] [DEFAULT expr] "
		"[COMMENT 'text']\n";

	(void)state;
	assert_memory_equal(text, first, strlen(first));
	assert_non_null(strstr(text, "\n  RESTORE VERSION n\n"));
	assert_null(strstr(text, "CREATE"));
	free(text);
}

static void others_are_told_the_statements(void **state)
{
	char *root = help(SCOPE_CATALOG), *ns = help(SCOPE_NAMESPACE);

	(void)state;
	assert_string_equal(root, ns);
	assert_memory_equal(root, "  CREATE NAMESPACE ", 19);
	assert_non_null(strstr(root, "\n  UNDROP TABLE [ns.]t[@version]\n"));
	assert_int_equal(root[strlen(root) - 1], '\n');
	free(root);
	free(ns);
}

static void functions_are_found_in_any_case(void **state)
{
	const int64_t args[] = { 31, 1023 };

	(void)state;
	assert_string_equal(ddl_function("now", 3, NULL, 0, -1, NULL), "NOW");
	assert_string_equal(ddl_function("Uuid_V7x", 7, NULL, 0, -1, NULL), "UUID_V7");
	assert_string_equal(ddl_function("SNOWFLAKE", 9, args, 2, -1, NULL), "SNOWFLAKE");
}

static void functions_refuse_wrong_arguments(void **state)
{
	const int64_t args[] = { 32, 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_null(ddl_function("SNOWFLAKE", 9, args, 2, 7, &err));
	assert_err(&err, -EINVAL, "The datacenter of SNOWFLAKE must be between 0 and 31, got 32");
	assert_int_equal(err.pos, 7);
	err_clear(&err);
	assert_null(ddl_function("RANDOM_STRING", 13, args + 1, 1, -1, &err));
	assert_err(&err, -EINVAL, "The length of RANDOM_STRING must be between 1 and 1024, got 0");
	err_clear(&err);
	assert_null(ddl_function("NO", 2, NULL, 0, -1, &err));
	assert_err(
		&err, -EINVAL,
		"Unknown default function 'NO'. Supported: NOW, CURRENT_TIMESTAMP, SNOWFLAKE_ID, "
		"SNOWFLAKE, UUID, UUID_V7, ULID, CURRENT_USER, RANDOM_STRING. Did you mean NOW?");
}

static int check_function(const char *function, enum type_id id, struct err *err)
{
	struct type type = { .id = id };

	err_clear(err);
	return ddl_function_check(function, &type, 3, err);
}

static void functions_fit_the_types_of_their_values(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(check_function("NOW", TYPE_DATE, &err), 0);
	assert_int_equal(check_function("CURRENT_TIMESTAMP", TYPE_TIME, &err), 0);
	assert_int_equal(check_function("SNOWFLAKE_ID", TYPE_SMALLINT, &err), 0);
	assert_int_equal(check_function("UUID", TYPE_TEXT, &err), 0);
	assert_int_equal(check_function("UUID_V7", TYPE_UUID, &err), 0);
	assert_int_equal(check_function("RANDOM_STRING", TYPE_TEXT, &err), 0);
}

static void functions_are_refused_for_other_types(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(check_function("NOW", TYPE_TEXT, &err), -EINVAL);
	assert_err(&err, -EINVAL,
	           "NOW() is not a value of TEXT: it can be the default of TIMESTAMP, DATE, "
	           "DATETIME, TIME");
	assert_int_equal(err.pos, 3);
	assert_int_equal(check_function("ULID", TYPE_UUID, &err), -EINVAL);
	assert_err(&err, -EINVAL, "ULID() is not a value of UUID: it can be the default of TEXT");
	assert_int_equal(check_function("FOO", TYPE_TEXT, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_never_works_is_eperm),
		cmocka_unit_test(a_long_name_is_enametoolong),
		cmocka_unit_test(a_syntax_error_is_of_the_kind_parse),
		cmocka_unit_test(no_err_is_needed),
		cmocka_unit_test(an_earlier_error_is_kept),
		cmocka_unit_test(a_statement_of_the_largest_size_parses),
		cmocka_unit_test(a_statement_over_the_largest_size_is_efbig),
		cmocka_unit_test(a_tail_over_the_largest_size_is_efbig),
		cmocka_unit_test(at_most_4096_columns_are_taken),
		cmocka_unit_test(at_most_4096_actions_are_taken),
		cmocka_unit_test(at_most_4096_options_are_taken),
		cmocka_unit_test(a_character_cut_off_by_the_end_is_a_tail),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(positions_point_at_what_they_belong_to),
		cmocka_unit_test(positions_of_actions_point_at_their_words),
		cmocka_unit_test(credentials_are_masked),
		cmocka_unit_test(credentials_of_a_refused_text_are_masked),
		cmocka_unit_test(other_texts_are_printed_as_they_are),
		cmocka_unit_test(a_table_is_told_its_actions),
		cmocka_unit_test(others_are_told_the_statements),
		cmocka_unit_test(functions_are_found_in_any_case),
		cmocka_unit_test(functions_refuse_wrong_arguments),
		cmocka_unit_test(functions_fit_the_types_of_their_values),
		cmocka_unit_test(functions_are_refused_for_other_types),
	};

	return cmocka_run_group_tests_name("ddl", tests, NULL, NULL);
}
