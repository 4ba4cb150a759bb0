/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/system.h"

#define CREATED 1763629200000000

static int build(void **state)
{
	struct system *sys = NULL;
	struct err err = ERR_INIT;

	if (system_new(CREATED, &sys, &err))
		return -1;
	*state = sys;
	return 0;
}

static int tear_down(void **state)
{
	system_free(*state);
	return 0;
}

static void the_seven_tables_are_found_by_name_and_id(void **state)
{
	static const char *const names[] = {
		"users",	"jobs",	  "namespaces",	   "storages",
		"live_queries", "tables", "table_schemas",
	};
	struct system *sys = *state;

	assert_int_equal(system_table_count(sys), countof(names));
	for (unsigned i = 0; i < countof(names); i++) {
		struct table *table = system_table(sys, i);

		assert_string_equal(table->name, names[i]);
		assert_int_equal(table->id, TABLE_SYSTEM_FIRST + i);
		assert_ptr_equal(system_table_by_id(sys, TABLE_SYSTEM_FIRST + i), table);
		assert_ptr_equal(system_table_by_name(sys, names[i]), table);
	}
}

static void other_names_and_ids_are_not_there(void **state)
{
	struct system *sys = *state;

	assert_null(system_table_by_name(sys, "user"));
	assert_null(system_table_by_id(sys, 0));
	assert_null(system_table_by_id(sys, TABLE_SYSTEM_FIRST + system_table_count(sys)));
	assert_null(system_table_by_id(sys, TABLE_USER_FIRST));
	assert_null(system_table(sys, system_table_count(sys)));
}

static void every_table_passes_the_check(void **state)
{
	for (unsigned i = 0; i < system_table_count(*state); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(table_check(system_table(*state, i), &err), 0);
		assert_string_equal(err.text, "");
	}
}

static void every_table_is_built_alike(void **state)
{
	for (unsigned i = 0; i < system_table_count(*state); i++) {
		const struct table *table = system_table(*state, i);
		char location[LOCATION_NAME_SIZE];

		(void)snprintf(location, sizeof(location), "system/%s", table->name);
		assert_string_equal(table->location_name, location);
		assert_int_equal(table->type, TABLE_SYSTEM);
		assert_int_equal(table->namespace_id, NAMESPACE_SYSTEM);
		assert_string_equal(table->namespace_name, "system");
		assert_int_equal(table->version, 1);
		assert_int_equal(table->created_at, CREATED);
		assert_int_equal(table->updated_at, CREATED);
		assert_int_equal(table->info.committed_at, CREATED);
		assert_int_equal(table->info.author.uid, 0);
		assert_string_equal(table->info.author.user, "root");
		assert_string_equal(table->info.author.command, "kalamfs");
		assert_null(table->info.statement);
		assert_non_null(table->comment);
		assert_true(table->options.read_only);
	}
}

static void keys_are_where_the_model_has_them(void **state)
{
	static const char *const keys[] = {
		"user_id", NULL, "namespace_id", "storage_id", NULL, NULL, NULL,
	};

	for (unsigned i = 0; i < countof(keys); i++) {
		const struct table *table = system_table(*state, i);
		const char *key = NULL;

		for (uint32_t c = 0; c < table->column_count; c++)
			if (table->columns[c].primary_key)
				key = table->columns[c].name;
		assert_true(text_equal(key, keys[i]));
	}
}

static void storages_have_the_columns_of_the_record(void **state)
{
	static const char *const names[] = {
		"storage_id", "storage_name", "description", "storage_type", "base_directory",
		"credentials", "config_json", "shared_tables_template", "user_tables_template",
		"created_at", "updated_at",
	};
	const struct table *table = system_table_by_name(*state, "storages");

	assert_int_equal(table->column_count, countof(names));
	for (unsigned i = 0; i < countof(names); i++)
		assert_string_equal(table->columns[i].name, names[i]);
	assert_true(table->columns[2].nullable);
	assert_int_equal(table->columns[5].type.id, TYPE_JSON);
}

static void the_namespace_is_number_one(void **state)
{
	const struct namespace *ns = system_namespace(*state);

	assert_int_equal(ns->id, NAMESPACE_SYSTEM);
	assert_string_equal(ns->name, "system");
	assert_int_equal(ns->version, 1);
	assert_int_equal(ns->created_at, CREATED);
	assert_non_null(ns->comment);
}

static void a_table_that_was_taken_outlives_the_system(void **state)
{
	struct system *sys = NULL;
	struct table *table;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(system_new(CREATED, &sys, &err), 0);
	table = table_get(system_table_by_name(sys, "jobs"));
	system_free(sys);

	assert_string_equal(table->columns[0].name, "job_id");
	table_put(table);
}

static void freeing_nothing_is_fine(void **state)
{
	(void)state;
	system_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_seven_tables_are_found_by_name_and_id),
		cmocka_unit_test(other_names_and_ids_are_not_there),
		cmocka_unit_test(every_table_passes_the_check),
		cmocka_unit_test(every_table_is_built_alike),
		cmocka_unit_test(keys_are_where_the_model_has_them),
		cmocka_unit_test(storages_have_the_columns_of_the_record),
		cmocka_unit_test(the_namespace_is_number_one),
		cmocka_unit_test(a_table_that_was_taken_outlives_the_system),
		cmocka_unit_test(freeing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, build, tear_down);
}
