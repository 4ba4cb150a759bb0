/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/model.h"

#include <errno.h>

static void set_name(char *out, const char *name)
{
	(void)snprintf(out, NAME_SIZE, "%s", name);
}

/* A table app.t with the columns a INT DEFAULT 1 and b TEXT, all texts in its arena. */
static struct table *sample_table(void)
{
	struct table *table = table_new();

	assert_non_null(table);
	table->id = 40;
	table->namespace_id = 3;
	set_name(table->namespace_name, "app");
	set_name(table->name, "t");
	table->type = TABLE_SHARED;
	table->version = 4;
	table->next_column_id = 6;
	table->comment = arena_strdup(&table->arena, "a table");
	table->info.statement = arena_strdup(&table->arena, "CREATE TABLE t");
	table_options_init(&table->options);
	table->column_count = 2;
	table->columns = arena_array(&table->arena, 2, sizeof(*table->columns));
	assert_non_null(table->columns);
	table->columns[0].id = 1;
	set_name(table->columns[0].name, "a");
	table->columns[0].type.id = TYPE_INT;
	table->columns[0].def.kind = DEFAULT_LITERAL;
	table->columns[0].def.text = arena_strdup(&table->arena, "1");
	table->columns[1].id = 5;
	set_name(table->columns[1].name, "b");
	table->columns[1].type.id = TYPE_TEXT;
	table->columns[1].comment = arena_strdup(&table->arena, "text of it");
	return table;
}

static struct storage *sample_storage(void)
{
	struct storage *storage = storage_new();
	struct err err = ERR_INIT;

	assert_non_null(storage);
	set_name(storage->storage_id, "archive");
	storage->storage_name = arena_strdup(&storage->arena, "Archive");
	storage->type = STORAGE_S3;
	storage->base_directory = arena_strdup(&storage->arena, "s3://bucket");
	storage->config = arena_strdup(&storage->arena, "{\"region\":\"eu\"}");
	storage->shared_template = arena_strdup(&storage->arena, "{namespace}/{tableName}");
	storage->user_template = arena_strdup(&storage->arena, "{namespace}/{tableName}/{userId}");
	assert_int_equal(template_parse(TEMPLATE_SHARED, storage->shared_template,
					&storage->shared, &err), 0);
	assert_int_equal(template_parse(TEMPLATE_USER, storage->user_template, &storage->user,
					&err), 0);
	return storage;
}

static struct namespace *sample_namespace(void)
{
	struct namespace *ns = namespace_new();

	assert_non_null(ns);
	set_name(ns->name, "app");
	ns->comment = arena_strdup(&ns->arena, "ours");
	ns->option_count = 2;
	ns->options = arena_array(&ns->arena, 2, sizeof(*ns->options));
	assert_non_null(ns->options);
	ns->options[0].key = arena_strdup(&ns->arena, "owner");
	ns->options[0].json = arena_strdup(&ns->arena, "\"team-a\"");
	ns->options[1].key = arena_strdup(&ns->arena, "quota");
	ns->options[1].json = arena_strdup(&ns->arena, "10");
	return ns;
}

static void copy_of_a_table_outlives_the_original(void **state)
{
	struct table *table = sample_table(), *copy = table_copy(table, 3);

	(void)state;
	assert_non_null(copy);
	assert_true(table_equal(table, copy));
	table_put(table);

	assert_int_equal(copy->version, 4);
	assert_int_equal(copy->next_column_id, 6);
	assert_string_equal(copy->comment, "a table");
	assert_string_equal(copy->info.statement, "CREATE TABLE t");
	assert_string_equal(copy->columns[0].def.text, "1");
	assert_string_equal(copy->columns[1].comment, "text of it");
	table_put(copy);
}

static void copy_of_a_table_has_room_for_the_spare_columns(void **state)
{
	struct table *table = sample_table(), *copy = table_copy(table, 2);

	(void)state;
	assert_non_null(copy);
	memset(&copy->columns[2], 0xFF, 2 * sizeof(*copy->columns));

	assert_string_equal(copy->comment, "a table");
	assert_string_equal(copy->columns[1].comment, "text of it");
	table_put(copy);
	table_put(table);
}

static void copy_of_a_storage_compiles_its_own_templates(void **state)
{
	struct storage *storage = sample_storage(), *copy = storage_copy(storage);

	(void)state;
	assert_non_null(copy);
	assert_true(storage_equal(storage, copy));
	storage_put(storage);

	assert_true(template_has(&copy->user, PLACEHOLDER_USER));
	assert_false(template_has(&copy->shared, PLACEHOLDER_USER));
	assert_int_equal(copy->user.parts[1].len, 1);
	assert_int_equal(copy->user.parts[1].text[0], '/');
	storage_put(copy);
}

static void copy_of_a_namespace_outlives_the_original(void **state)
{
	struct namespace *ns = sample_namespace(), *copy = namespace_copy(ns);

	(void)state;
	assert_non_null(copy);
	assert_true(namespace_equal(ns, copy));
	namespace_put(ns);

	assert_string_equal(copy->comment, "ours");
	assert_string_equal(copy->options[0].json, "\"team-a\"");
	assert_string_equal(copy->options[1].key, "quota");
	namespace_put(copy);
}

/* Whatever is another, the object is. */
static void what_differs_in_one_part_is_not_equal(void **state)
{
	struct column a = { .id = 1, .name = "a", .type = { .id = TYPE_BIGINT }, .comment = "c",
			    .def = { .kind = DEFAULT_FUNCTION, .function = "SNOWFLAKE", .nargs = 1,
				     .args = { 7 } } }, b = a;
	struct storage *storage = sample_storage(), *other = storage_copy(storage);
	struct namespace *ns = sample_namespace(), *another = namespace_copy(ns);

	(void)state;
	assert_true(column_equal(&a, &b));
	b.nullable = true;
	assert_false(column_equal(&a, &b));
	b = a;
	b.primary_key = true;
	assert_false(column_equal(&a, &b));
	b = a;
	b.partition_key = true;
	assert_false(column_equal(&a, &b));
	b = a;
	b.def.function = "ULID";
	assert_false(column_equal(&a, &b));
	b = a;
	b.def.nargs = 0;
	assert_false(column_equal(&a, &b));
	b = a;
	b.def.args[0] = 8;
	assert_false(column_equal(&a, &b));
	set_name(other->storage_id, "other");
	assert_false(storage_equal(storage, other));
	set_name(other->storage_id, storage->storage_id);
	other->type = STORAGE_GCS;
	assert_false(storage_equal(storage, other));
	other->type = storage->type;
	other->description = "d";
	assert_false(storage_equal(storage, other));
	other->description = NULL;
	other->base_directory = "s3://other";
	assert_false(storage_equal(storage, other));
	other->base_directory = storage->base_directory;
	other->shared_template = "{namespace}/x/{tableName}";
	assert_false(storage_equal(storage, other));
	other->shared_template = storage->shared_template;
	other->user_template = "{namespace}/{tableName}/x/{userId}";
	assert_false(storage_equal(storage, other));
	other->user_template = storage->user_template;
	assert_true(storage_equal(storage, other));
	set_name(another->name, "b");
	assert_false(namespace_equal(ns, another));
	set_name(another->name, ns->name);
	another->comment = NULL;
	assert_false(namespace_equal(ns, another));
	another->comment = ns->comment;
	another->option_count = 1;
	assert_false(namespace_equal(ns, another));
	storage_put(storage);
	storage_put(other);
	namespace_put(ns);
	namespace_put(another);
}

static void an_object_lives_until_its_last_reference_is_given_back(void **state)
{
	struct table *table = sample_table();
	struct storage *storage = sample_storage();
	struct namespace *ns = sample_namespace();

	(void)state;
	assert_ptr_equal(table_get(table), table);
	assert_ptr_equal(storage_get(storage), storage);
	assert_ptr_equal(namespace_get(ns), ns);
	table_put(table);
	storage_put(storage);
	namespace_put(ns);

	assert_string_equal(table->comment, "a table");
	assert_string_equal(storage->storage_name, "Archive");
	assert_string_equal(ns->comment, "ours");
	table_put(table);
	storage_put(storage);
	namespace_put(ns);
}

static void giving_back_nothing_is_fine(void **state)
{
	(void)state;
	table_put(NULL);
	storage_put(NULL);
	namespace_put(NULL);
}

static void columns_are_found_by_name_and_by_id(void **state)
{
	struct table *table = sample_table();

	(void)state;
	assert_ptr_equal(table_find_column(table, "b"), &table->columns[1]);
	assert_null(table_find_column(table, "c"));
	assert_ptr_equal(table_find_column_id(table, 5), &table->columns[1]);
	assert_null(table_find_column_id(table, 2));
	table_put(table);
}

static void an_empty_comment_is_no_comment(void **state)
{
	struct arena arena = { .head = NULL };
	const char *comment = "before";
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(comment_set(&arena, &comment, "", 0, &err), 0);
	assert_null(comment);
	assert_int_equal(comment_set(&arena, &comment, "two\n\tlines, \xC3\xA4", 0, &err), 0);
	assert_string_equal(comment, "two\n\tlines, \xC3\xA4");
	assert_int_equal(comment_set(&arena, &comment, NULL, 0, &err), 0);
	assert_null(comment);
	arena_free(&arena);
}

static void a_comment_may_have_4096_bytes_and_no_more(void **state)
{
	struct arena arena = { .head = NULL };
	char text[COMMENT_MAX_BYTES + 2];
	const char *comment = "before";
	struct err err = ERR_INIT;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[COMMENT_MAX_BYTES + 1] = '\0';
	assert_int_equal(comment_set(&arena, &comment, text, 7, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Comment is too long (4097 bytes, max 4096)");
	assert_int_equal(err.pos, 7);
	assert_string_equal(comment, "before");

	err_clear(&err);
	text[COMMENT_MAX_BYTES] = '\0';
	assert_int_equal(comment_set(&arena, &comment, text, 7, &err), 0);
	assert_int_equal(strlen(comment), COMMENT_MAX_BYTES);
	arena_free(&arena);
}

static void a_comment_with_a_control_character_is_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(comment_check("a\x1B[31m", -1, &err), -EINVAL);
	assert_err(&err, -EINVAL,
		   "Comment holds the control character U+001B; only newline and tab are allowed");
	err_clear(&err);
	assert_int_equal(comment_check("a\rb", -1, &err), -EINVAL);
	assert_err(&err, -EINVAL,
		   "Comment holds the control character U+000D; only newline and tab are allowed");
}

static void a_comment_that_is_not_utf8_is_refused(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(comment_check("\xC3", -1, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Comment is not valid UTF-8");
}

static void defaults_are_equal_by_kind_and_value(void **state)
{
	struct column_default none = { .kind = DEFAULT_NONE };
	struct column_default null = { .kind = DEFAULT_LITERAL };
	struct column_default one = { .kind = DEFAULT_LITERAL, .text = "1" };
	struct column_default f = { .kind = DEFAULT_FUNCTION, .function = "NOW" };
	struct column_default g = { .kind = DEFAULT_FUNCTION, .function = "NOW", .nargs = 1 };

	(void)state;
	assert_true(default_equal(&none, &none));
	assert_true(default_equal(&null, &null));
	assert_false(default_equal(&none, &null));
	assert_false(default_equal(&null, &one));
	assert_true(default_equal(&f, &f));
	assert_false(default_equal(&f, &g));
	f.nargs = 1;
	assert_true(default_equal(&f, &g));
	f.args[0] = 42;
	assert_false(default_equal(&f, &g));
}

static void versions_and_stamps_do_not_make_tables_differ(void **state)
{
	struct table *table = sample_table(), *copy = table_copy(table, 0);

	(void)state;
	assert_non_null(copy);
	copy->version = 9;
	copy->updated_at = 5;
	copy->sizes[0] = 7;
	copy->columns[0].rev = 3;

	assert_true(table_equal(table, copy));
	table_put(copy);
	table_put(table);
}

/* Each edit makes one difference. */
static void edit_name(struct table *t)
{
	set_name(t->name, "u");
}

static void edit_namespace(struct table *t)
{
	set_name(t->namespace_name, "shop");
}

static void edit_comment(struct table *t)
{
	t->comment = NULL;
}

static void edit_location(struct table *t)
{
	t->location_name[0] = 'x';
}

static void edit_option(struct table *t)
{
	t->options.access_level = ACCESS_DBA;
}

static void edit_column_name(struct table *t)
{
	set_name(t->columns[0].name, "z");
}

static void edit_column_type(struct table *t)
{
	t->columns[0].type.id = TYPE_BIGINT;
}

static void edit_nullable(struct table *t)
{
	t->columns[1].nullable = true;
}

static void edit_partition(struct table *t)
{
	t->columns[1].partition_key = true;
}

static void edit_default(struct table *t)
{
	t->columns[0].def.text = "2";
}

static void edit_column_comment(struct table *t)
{
	t->columns[1].comment = "x";
}

static void edit_count(struct table *t)
{
	t->column_count = 1;
}

static void every_part_of_a_definition_counts(void **state)
{
	static void (*const edits[])(struct table *) = {
		edit_name,	  edit_namespace, edit_comment,	    edit_location,
		edit_option,	  edit_nullable,  edit_column_name, edit_column_type,
		edit_partition,	  edit_default,	  edit_column_comment, edit_count,
	};
	struct table *table = sample_table();

	(void)state;
	for (size_t i = 0; i < countof(edits); i++) {
		struct table *copy = table_copy(table, 0);

		assert_non_null(copy);
		edits[i](copy);
		assert_false(table_equal(table, copy));
		table_put(copy);
	}
	table_put(table);
}

static void options_that_the_type_does_not_have_do_not_count(void **state)
{
	struct table_options a, b;

	(void)state;
	table_options_init(&a);
	table_options_init(&b);
	b.ttl_seconds = 60;
	assert_true(options_equal(TABLE_USER, &a, &b));
	assert_false(options_equal(TABLE_STREAM, &a, &b));
}

static void order_of_namespace_options_does_not_count(void **state)
{
	struct namespace *a = sample_namespace(), *b = namespace_copy(a);
	struct namespace_option first;

	(void)state;
	assert_non_null(b);
	first = b->options[0];
	b->options[0] = b->options[1];
	b->options[1] = first;
	assert_true(namespace_equal(a, b));

	b->options[0].json = "11";
	assert_false(namespace_equal(a, b));
	b->options[0].json = "10";
	b->options[0].key = "other";
	assert_false(namespace_equal(a, b));
	namespace_put(a);
	namespace_put(b);
}

static void storages_differ_in_their_secrets(void **state)
{
	struct storage *a = sample_storage(), *b = storage_copy(a);

	(void)state;
	assert_non_null(b);
	b->credentials = "{}";
	assert_false(storage_equal(a, b));
	storage_put(a);
	storage_put(b);
}

static void types_and_sources_have_names(void **state)
{
	enum storage_type type = STORAGE_FILESYSTEM;

	(void)state;
	assert_string_equal(table_type_name(TABLE_STREAM), "STREAM");
	assert_string_equal(change_source_name(SOURCE_DIRECTORY), "directory");
	assert_string_equal(storage_type_name(STORAGE_AZURE), "azure");
	assert_int_equal(storage_type_parse("az", 2, &type), 0);
	assert_int_equal(type, STORAGE_AZURE);
	assert_int_equal(storage_type_parse("GS", 2, &type), 0);
	assert_int_equal(type, STORAGE_GCS);
	assert_int_equal(storage_type_parse("s3x", 3, &type), -EINVAL);
	assert_int_equal(storage_type_parse("s3x", 2, &type), 0);
	assert_int_equal(type, STORAGE_S3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_of_a_table_outlives_the_original),
		cmocka_unit_test(copy_of_a_table_has_room_for_the_spare_columns),
		cmocka_unit_test(copy_of_a_storage_compiles_its_own_templates),
		cmocka_unit_test(copy_of_a_namespace_outlives_the_original),
		cmocka_unit_test(what_differs_in_one_part_is_not_equal),
		cmocka_unit_test(an_object_lives_until_its_last_reference_is_given_back),
		cmocka_unit_test(giving_back_nothing_is_fine),
		cmocka_unit_test(columns_are_found_by_name_and_by_id),
		cmocka_unit_test(an_empty_comment_is_no_comment),
		cmocka_unit_test(a_comment_may_have_4096_bytes_and_no_more),
		cmocka_unit_test(a_comment_with_a_control_character_is_refused),
		cmocka_unit_test(a_comment_that_is_not_utf8_is_refused),
		cmocka_unit_test(defaults_are_equal_by_kind_and_value),
		cmocka_unit_test(versions_and_stamps_do_not_make_tables_differ),
		cmocka_unit_test(every_part_of_a_definition_counts),
		cmocka_unit_test(options_that_the_type_does_not_have_do_not_count),
		cmocka_unit_test(order_of_namespace_options_does_not_count),
		cmocka_unit_test(storages_differ_in_their_secrets),
		cmocka_unit_test(types_and_sources_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
