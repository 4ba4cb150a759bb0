/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/apply.h"
#include "catalog/print.h"
#include "tests/unit/sample.h"
#include "tests/unit/world.h"

/* Apply ALTER TABLE statements to a copy of app.messages; err tells what was refused. */
static struct table *alter(const struct table *from, const char *text, struct err *err)
{
	struct script script;
	struct table *table;
	int rc = 0;

	assert_int_equal(ddl_parse(text, strlen(text), SCOPE_TABLE, ENDING_NEWLINE, false, true,
	                           &script, err),
	                 0);
	table = table_copy(from, 8);
	assert_non_null(table);
	for (size_t i = 0; !rc && i < script.count; i++)
		for (unsigned k = 0; !rc && k < script.stmts[i].action_count; k++)
			rc = apply_action(table, &script.stmts[i].actions[k], err);
	assert_int_equal(rc, err->code);
	script_free(&script);
	return table;
}

static void assert_altered(const char *text, const char *expected)
{
	struct table *from = sample_messages(), *to;
	struct err err = ERR_INIT;
	struct collector c;
	char *sql;

	to = alter(from, text, &err);
	assert_err(&err, 0, "");
	collect(&c);
	for (unsigned i = 0; i < to->column_count; i++) {
		char type[TYPE_SQL_SIZE], *def = print_default_text(&to->columns[i]);

		fprintf(c.out, "%u %s %s%s%s%s\n", to->columns[i].id, to->columns[i].name,
		        type_sql(&to->columns[i].type, type),
		        to->columns[i].nullable ? "" : " NOT NULL", *def ? " = " : "", def);
		free(def);
	}
	sql = text_of(&c);
	assert_string_equal(sql, expected);
	free(sql);
	table_put(from);
	table_put(to);
}

static void assert_refused(const char *text, int code, long pos, const char *sentence)
{
	struct table *from = sample_messages();
	struct err err = ERR_INIT;

	table_put(alter(from, text, &err));
	assert_err(&err, code, sentence);
	assert_int_equal(err.pos, pos);
	table_put(from);
}

#define ID "1 id BIGINT NOT NULL = SNOWFLAKE_ID()\n"
#define PRICE "2 price DECIMAL(10, 2) NOT NULL = 0.00\n"
#define EMAIL "4 email TEXT\n"

static void add_column_takes_the_next_number(void **state)
{
	(void)state;
	assert_altered("ADD a INT, ADD b INT NOT NULL DEFAULT 7",
	               ID PRICE EMAIL "5 a INT\n6 b INT NOT NULL = 7\n");
	assert_altered("ADD a INT, DROP a, ADD b INT", ID PRICE EMAIL "6 b INT\n");
	assert_altered("DROP email, ADD email INT", ID PRICE "5 email INT\n");
}

static void add_column_refuses_a_name_in_use(void **state)
{
	(void)state;
	assert_altered("ADD IF NOT EXISTS Email INT", ID PRICE EMAIL);
	assert_refused("ADD Email INT", -EEXIST, 4, "Column 'email' already exists");
}

static void add_column_not_null_needs_a_default(void **state)
{
	(void)state;
	assert_altered("ADD a INT NOT NULL DEFAULT 0", ID PRICE EMAIL "5 a INT NOT NULL = 0\n");
	assert_refused("ADD a INT NOT NULL", -EINVAL, 4,
	               "Column 'a' is NOT NULL and needs a DEFAULT, because stored rows have no "
	               "value for it");
	assert_refused("ADD a INT NOT NULL DEFAULT NULL", -EINVAL, 27,
	               "Column 'a' is NOT NULL and cannot have DEFAULT NULL");
}

static void drop_column_spares_keys(void **state)
{
	(void)state;
	assert_altered("DROP price", ID EMAIL);
	assert_altered("DROP IF EXISTS nothing", ID PRICE EMAIL);
	assert_refused("DROP id", -EINVAL, 5,
	               "Column 'id' is the PRIMARY KEY and cannot be dropped");
	assert_refused("DROP emial", -ENOENT, 5,
	               "Column 'emial' does not exist. Did you mean 'email'?");
}

static void rename_column_keeps_the_number(void **state)
{
	(void)state;
	assert_altered("RENAME price TO cost", ID "2 cost DECIMAL(10, 2) NOT NULL = 0.00\n" EMAIL);
	assert_altered("RENAME price TO Price", ID PRICE EMAIL);
	assert_refused("RENAME price TO email", -EEXIST, 16, "Column 'email' already exists");
	assert_refused("RENAME prices TO x", -ENOENT, 7,
	               "Column 'prices' does not exist. Did you mean 'price'?");
}

static void a_type_only_widens(void **state)
{
	(void)state;
	assert_altered("ALTER price TYPE DECIMAL(11, 3)",
	               ID "2 price DECIMAL(11, 3) NOT NULL = 0.000\n" EMAIL);
	assert_altered("ALTER price TYPE DECIMAL(10, 2)", ID PRICE EMAIL);
	assert_refused("ALTER price TYPE DECIMAL(10, 3)", -EINVAL, 17,
	               "Column 'price' cannot change from DECIMAL(10, 2) to DECIMAL(10, 3): stored "
	               "values would not "
	               "survive. Allowed: SMALLINT to INT to BIGINT, FLOAT to DOUBLE, DECIMAL "
	               "where neither integer "
	               "digits nor scale shrink");
}

static void null_follows_key_and_default(void **state)
{
	(void)state;
	assert_altered("ALTER email SET NOT NULL, ALTER price DROP NOT NULL",
	               ID "2 price DECIMAL(10, 2) = 0.00\n4 email TEXT NOT NULL\n");
	assert_refused("ALTER id DROP NOT NULL", -EINVAL, 6,
	               "Primary key column 'id' cannot be nullable");
	assert_refused("ALTER email SET DEFAULT NULL, ALTER email SET NOT NULL", -EINVAL, 36,
	               "Column 'email' is NOT NULL and cannot have DEFAULT NULL");
	assert_altered("ALTER email SET DEFAULT NULL", ID PRICE "4 email TEXT = NULL\n");
}

static void a_default_takes_the_form_of_its_type(void **state)
{
	(void)state;
	assert_altered("ALTER price SET DEFAULT 1.5, ALTER email SET DEFAULT ULID(), ALTER id DROP "
	               "DEFAULT",
	               "1 id BIGINT NOT NULL\n2 price DECIMAL(10, 2) NOT NULL = 1.50\n4 email TEXT "
	               "= ULID()\n");
	assert_refused("ALTER price SET DEFAULT 'x'", -EINVAL, 24,
	               "Value 'x' is not a valid DECIMAL: expected a number");
	assert_refused("ALTER email SET DEFAULT NOW()", -EINVAL, 24,
	               "NOW() is not a value of TEXT: it can be the default of TIMESTAMP, DATE, "
	               "DATETIME, TIME");
}

static void restore_needs_types_that_widen(void **state)
{
	struct table *old = sample_messages(), *now;
	struct err err = ERR_INIT;

	(void)state;
	old->version = 2;
	now = alter(old, "DROP price, RENAME email TO mail, ADD a INT, ADD b INT", &err);
	assert_int_equal(apply_restore(now, old, 3, &err), 0);
	assert_int_equal(now->column_count, 3);
	assert_int_equal(now->next_column_id, 7);
	assert_int_equal(now->info.restored_from, 2);
	assert_non_null(table_find_column(now, "email"));
	assert_string_equal(table_find_column(now, "price")->comment, "in EUR");
	table_put(now);
	now = alter(old, "ALTER price TYPE DECIMAL(12, 2)", &err);
	assert_int_equal(apply_restore(now, old, 3, &err), -EINVAL);
	assert_err(
		&err, -EINVAL,
		"Version 2 cannot be restored: column 'price' would change from DECIMAL(12, 2) to "
		"DECIMAL(10, 2), and stored values would not survive");
	assert_int_equal(err.pos, 3);
	table_put(now);
	table_put(old);
}

/* --- limits that make files too long --- */

/* CREATE SHARED TABLE app.t with count columns. */
static char *create_sql(unsigned count, const char *rest)
{
	struct collector c;

	collect(&c);
	fputs("CREATE SHARED TABLE app.t (id INT PRIMARY KEY", c.out);
	for (unsigned i = 1; i < count; i++)
		fprintf(c.out, ", c%u INT%s", i, rest);
	fputs(");", c.out);
	return text_of(&c);
}

static void a_table_has_4096_columns_and_not_one_more(void **state)
{
	struct world w;
	char *sql;

	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app;");
	sql = create_sql(4097, "");
	world_refuse(&w, sql, -EINVAL, "Too many columns (max 4096)");
	free(sql);
	sql = create_sql(4096, "");
	world_run(&w, sql);
	free(sql);
	world_refuse(&w, "ALTER TABLE app.t ADD COLUMN more INT;", -EINVAL,
	             "Table cannot have more than 4096 columns");
	world_run(&w, "ALTER TABLE app.t DROP COLUMN c1, ADD COLUMN more INT;");
	world_close(&w);
}

static void one_alter_adds_thousands_of_columns(void **state)
{
	struct collector c;
	struct table *table;
	struct world w;
	char *sql;

	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id INT PRIMARY KEY);");
	collect(&c);
	fputs("ALTER TABLE app.t ADD c0 INT", c.out);
	for (unsigned i = 1; i < 4000; i++)
		fprintf(c.out, ", ADD c%u INT", i);
	sql = text_of(&c);
	world_run(&w, sql);
	free(sql);
	table = world_table(&w, "app", "t");
	assert_int_equal(table->column_count, 4001);
	assert_int_equal(table->version, 2);
	table_put(table);
	world_close(&w);
}

/* The statement is part of a version's record. */
static void a_definition_over_1_mib_is_refused(void **state)
{
	char comment[4200] = " COMMENT '", *sql;
	struct request request;
	struct world w;

	(void)state;
	memset(comment + 10, 'x', 4000);
	memcpy(comment + 4010, "'", 2);
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app;");
	sql = create_sql(133, comment);
	assert_int_equal(world_try(&w, NULL, sql, false, &request), -EFBIG);
	assert_non_null(strstr(request.err.text, "The definition of 't' takes 10"));
	assert_non_null(strstr(request.err.text,
	                       " bytes, max 1048576; shorten comments and defaults or split it"));
	request_fini(&request);
	free(sql);
	sql = create_sql(130, comment);
	world_run(&w, sql);
	free(sql);
	world_close(&w);
}

static void a_name_has_64_bytes_and_not_one_more(void **state)
{
	char name[66], sql[400];
	struct table *table;
	struct world w;

	(void)state;
	memset(name, 'n', 65);
	name[65] = '\0';
	world_open(&w);
	snprintf(sql, sizeof(sql),
	         "CREATE NAMESPACE %.64s; CREATE TABLE %.64s.%.64s (%.64s INT PRIMARY KEY);", name,
	         name, name, name);
	world_run(&w, sql);
	name[64] = '\0';
	table = world_table(&w, name, name);
	assert_string_equal(table->columns[0].name, name);
	table_put(table);
	name[64] = 'n';
	snprintf(sql, sizeof(sql), "CREATE NAMESPACE %s;", name);
	world_refuse(&w, sql, -ENAMETOOLONG, "Name is too long (65 characters, max 64)");
	world_close(&w);
}

static void a_statement_has_1044480_bytes_and_not_one_more(void **state)
{
	size_t len = STATEMENT_MAX_BYTES;
	char *sql = malloc(len + 4), *end;
	struct world w;

	(void)state;
	world_open(&w);
	memset(sql, ' ', len);
	memcpy(sql, "CREATE", 6);
	end = sql + len;
	memcpy(end - 13, "NAMESPACE app;", 15);
	world_run(&w, sql);
	memcpy(end - 13, "NAMESPACE app2;", 16);
	world_refuse(&w, sql, -EFBIG, "Statement is too long (1044481 bytes, max 1044480)");
	free(sql);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_column_takes_the_next_number),
		cmocka_unit_test(add_column_refuses_a_name_in_use),
		cmocka_unit_test(add_column_not_null_needs_a_default),
		cmocka_unit_test(drop_column_spares_keys),
		cmocka_unit_test(rename_column_keeps_the_number),
		cmocka_unit_test(a_type_only_widens),
		cmocka_unit_test(null_follows_key_and_default),
		cmocka_unit_test(a_default_takes_the_form_of_its_type),
		cmocka_unit_test(restore_needs_types_that_widen),
		cmocka_unit_test(a_table_has_4096_columns_and_not_one_more),
		cmocka_unit_test(one_alter_adds_thousands_of_columns),
		cmocka_unit_test(a_definition_over_1_mib_is_refused),
		cmocka_unit_test(a_name_has_64_bytes_and_not_one_more),
		cmocka_unit_test(a_statement_has_1044480_bytes_and_not_one_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
