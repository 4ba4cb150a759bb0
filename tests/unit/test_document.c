/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/diff.h"
#include "tests/unit/saving.h"

#define PLAIN_TABLE                                                                     \
	"{\"columns\": [{\"column_name\": \"id\", \"data_type\": \"INT\", "             \
	"\"is_nullable\": false, \"is_primary_key\": true}]}"

static const struct json_value *parse(struct arena *arena, const char *text)
{
	const struct json_value *root = NULL;
	struct err err = ERR_INIT;

	if (json_tree_parse(text, strlen(text), arena, &root, &err))
		fail_msg("%s", err.text);
	return root;
}

/* The pointer of what stands where `mark` does in text. */
static void assert_pointer(const char *text, const char *mark, const char *pointer)
{
	struct arena arena = { .head = NULL };
	const struct json_value *root = parse(&arena, text);
	const char *at = strstr(text, mark);
	char got[ERR_POINTER_SIZE];

	assert_non_null(at);
	json_tree_pointer(json_tree_at(root, at - text), got, sizeof(got));
	assert_string_equal(got, pointer);
	arena_free(&arena);
}

static void a_place_in_the_text_has_its_pointer(void **state)
{
	const char *text = " {\"a\": [1, {\"b\" : true}], \"c/d~e\": \"x\", \"\\u00e4\\n\\u007f\\u202e\": [[]]} ";

	(void)state;
	assert_pointer(text, "{\"a", "");
	assert_pointer(text, "\"a\"", "/a");
	assert_pointer(text, "1,", "/a/0");
	assert_pointer(text, "{\"b", "/a/1");
	assert_pointer(text, "true", "/a/1/b");
	assert_pointer(text, "\"x\"", "/c~1d~0e");
	assert_pointer(text, "[[", "/\xc3\xa4??\?");
	assert_pointer(text, "[]", "/\xc3\xa4??\?/0");
}

static void values_know_their_texts_and_places(void **state)
{
	static const char text[] =
		"{\"s\": \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20ac\\ud83d\\ude00\\uff21\","
		"\"n\":-1.50e+3 ,\"t\":true,\"f\":false,\"z\":null,\"o\":{}}";
	struct arena arena = { .head = NULL };
	const struct json_value *v = parse(&arena, text)->first;

	(void)state;
	assert_int_equal(v->kind, TREE_STRING);
	assert_string_equal(v->key, "s");
	assert_int_equal(v->key_pos, 1);
	assert_int_equal(v->pos, 6);
	assert_string_equal(v->text, "a\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbc\xa1");
	assert_int_equal(v->text_len, strlen(v->text));
	v = v->next;
	assert_int_equal(v->kind, TREE_NUMBER);
	assert_string_equal(v->text, "-1.50e+3");
	assert_int_equal(v->len, 8);
	v = v->next;
	assert_int_equal(v->kind, TREE_BOOLEAN);
	assert_string_equal(v->text, "true");
	v = v->next;
	assert_string_equal(v->text, "false");
	v = v->next;
	assert_int_equal(v->kind, TREE_NULL);
	v = v->next;
	assert_int_equal(v->kind, TREE_OBJECT);
	assert_int_equal(v->count, 0);
	assert_int_equal(v->index, 5);
	assert_null(v->next);
	arena_free(&arena);
}

static void assert_tree_refused(const char *text, size_t len, int code, const char *message)
{
	struct arena arena = { .head = NULL };
	const struct json_value *root;
	struct err err = ERR_INIT;

	assert_int_equal(json_tree_parse(text, len, &arena, &root, &err), code);
	assert_err(&err, code, message);
	arena_free(&arena);
}

static void a_key_given_twice_is_told_where_it_first_is(void **state)
{
	static const char text[] = "{\"b\": 1, \"a\": 1,\n\"b\": 2, \"a\": 2}";
	struct arena arena = { .head = NULL };
	const struct json_value *root;

	(void)state;
	assert_tree_refused(text, strlen(text), -EINVAL,
			    "Key 'b' is given twice: it stands at line 1, column 2 already");
	assert_int_equal(json_tree_parse(text, strlen(text), &arena, &root, NULL), -EINVAL);
	arena_free(&arena);
}

static char *repeat(const char *text, size_t count)
{
	size_t len = strlen(text);
	char *out = calloc(count, len + 1);

	assert_non_null(out);
	for (size_t i = 0; i < count; i++)
		memcpy(out + i * len, text, len);
	return out;
}

static void limits_of_documents_are_kept(void **state)
{
	char *long_text = repeat(" ", DOCUMENT_MAX_BYTES + 1);
	char *deep = repeat("[", 33), *many = repeat("1,", 100000);

	(void)state;
	assert_tree_refused(long_text, DOCUMENT_MAX_BYTES + 1, -EFBIG,
			    "Document is too long (4194305 bytes, max 4194304)");
	assert_tree_refused(deep, 33, -EINVAL, "JSON is not valid at line 1, column 33: more "
					       "than 32 levels of nesting");
	many[0] = '[';
	many[1] = ' ';
	assert_tree_refused(many, 200000, -EINVAL,
			    "JSON is not valid at line 1, column 200000: more than 100,000 values");
	free(long_text);
	free(deep);
	free(many);
}

static void a_pointer_too_long_ends_early(void **state)
{
	struct arena arena = { .head = NULL };
	const struct json_value *root = parse(&arena, "{\"abc\": {\"defgh\": [1, 2]}}");
	const struct json_value *last = root->first->first->first->next;
	char out[16];

	(void)state;
	json_tree_pointer(last, out, 16);
	assert_string_equal(out, "/abc/defgh/1");
	json_tree_pointer(last, out, 13);
	assert_string_equal(out, "/abc/defgh");
	json_tree_pointer(last, out, 12);
	assert_string_equal(out, "/abc");
	json_tree_pointer(last, out, 2);
	assert_string_equal(out, "");
	arena_free(&arena);
}

static void a_document_is_complete_when_it_parses(void **state)
{
	static const char *const whole[] = { "{}", " {\"a\": [1]}\n", "\n\t{ }\r\n" };
	static const char *const part[] = { "", " ", "{", "}", "{\"a\": 1", "{\"a\": }", "[]",
					    "\"{}\"", "{}}", "{} {}", "{\"a\": [1}" };

	(void)state;
	for (size_t i = 0; i < countof(whole); i++)
		assert_true(document_is_complete(whole[i], strlen(whole[i])));
	for (size_t i = 0; i < countof(part); i++)
		assert_false(document_is_complete(part[i], strlen(part[i])));
}

static void assert_printed(const struct err *err, const char *text, const char *expected)
{
	struct collector c;
	char *got;

	collect(&c);
	document_print_error(err, "schema.json", text, strlen(text), c.out);
	got = text_of(&c);
	assert_string_equal(got, expected);
	free(got);
}

static void errors_are_printed_as_the_error_file_shows_them(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	err_set(&err, -EINVAL, "Sentence");
	assert_printed(&err, "{}", "schema.json: Sentence\n");
	snprintf(err.pointer, sizeof(err.pointer), "/a");
	assert_printed(&err, "{}", "schema.json /a: Sentence\n");
	err.pos = 8;
	assert_printed(&err, "{\n \"a\": 1}",
		       "schema.json 2:7 /a: Sentence\n   \"a\": 1}\n        ^\n");
	err.pos = -1;
	snprintf(err.detail, sizeof(err.detail), "  base\n  yours\n");
	assert_printed(&err, "{}", "schema.json /a: Sentence\n  base\n  yours\n");
}

static struct document_target new_table(const char *name)
{
	struct document_target target = { .kind = DOCUMENT_TABLE, .create = true,
					  .namespace_id = NAMESPACE_DEFAULT };

	snprintf(target.name, sizeof(target.name), "%s", name);
	return target;
}

static void the_template_of_a_draft_makes_a_table(void **state)
{
	struct document_target target = new_table("orders");
	struct collector c;
	struct saving s;
	char *text;

	(void)state;
	saving_open(&s);
	collect(&c);
	document_print_template("default", "orders", c.out);
	text = text_of(&c);
	if (saving_save(&s, &target, text))
		fail_msg("%s", s.err.text);
	assert_string_equal(s.request.heads, "default.orders: version 0 -> 1\n");
	free(text);
	saving_close(&s);
}

static void a_reserved_number_becomes_the_tables(void **state)
{
	struct document_target target = new_table("orders");
	struct err err = ERR_INIT;
	struct saving s;
	uint32_t id, other;

	(void)state;
	saving_open(&s);
	assert_int_equal(document_reserve(s.catalog, catalog_deadline(s.catalog), &id, &err), 0);
	assert_int_equal(document_reserve(s.catalog, catalog_deadline(s.catalog), &other, &err), 0);
	assert_int_equal(other, id + 1);
	saving_must(&s, "CREATE TABLE between (id INT PRIMARY KEY);");
	assert_int_equal(saving_table_id(&s, "default.between"), id + 2);
	target.table_id = id;
	assert_int_equal(saving_save(&s, &target, PLAIN_TABLE), 0);
	assert_int_equal(saving_table_id(&s, "default.orders"), id);

	target = new_table("again");
	target.table_id = id;
	assert_int_equal(saving_save(&s, &target, PLAIN_TABLE), -EBUSY);
	assert_err(&s.err, -EBUSY, "The draft was saved as a table meanwhile");
	saving_close(&s);
}

static void a_save_leaves_no_statement_in_log_and_history(void **state)
{
	struct document_target target;
	char *text, *change;
	struct table *before, *after;
	struct collector c;
	struct saving s;

	(void)state;
	saving_open(&s);
	saving_must(&s, "CREATE TABLE t (id INT PRIMARY KEY, a INT);");
	target = saving_target(&s, "default.t");
	text = saving_edit(saving_schema(&s, target.table_id, 0), "\"a\"", "\"b\"");
	assert_int_equal(saving_save(&s, &target, text), 0);
	assert_string_equal(s.request.outcomes->log_line,
		"{\"sequence\":2,\"committed_at\":\"2025-11-22T10:00:03.000000Z\","
		"\"event\":\"ALTER\",\"object\":\"table\",\"id\":32,\"name\":\"default.t\","
		"\"version\":2,\"author\":{\"uid\":1001,\"user\":\"bob\",\"command\":\"nano\"},"
		"\"source\":\"document\",\"statement\":null,"
		"\"summary\":\"Renamed column a to b\"}\n");
	before = saving_table(&s, target.table_id, 1);
	after = saving_table(&s, target.table_id, 2);
	collect(&c);
	diff_print_change(before, after, c.out);
	change = text_of(&c);
	assert_non_null(strstr(change, "\"source\": \"document\",\n  \"statement\": null,\n"));
	table_put(before);
	table_put(after);
	free(change);
	free(text);
	saving_close(&s);
}

/* A refused save leaves everything as it was. */
static void every_beginning_of_a_document_is_refused(void **state)
{
	struct document_target target;
	struct saving s;
	char *text;
	size_t len;

	(void)state;
	saving_open(&s);
	saving_must(&s, "CREATE USER TABLE t (id INT PRIMARY KEY, a DECIMAL(5, 2) DEFAULT 1.5"
		    " COMMENT 'c') WITH (FLUSH_POLICY = 'rows:5');");
	target = saving_target(&s, "default.t");
	text = saving_schema(&s, target.table_id, 0);
	len = strlen(text);
	for (size_t i = 0; i + 2 < len; i++) {
		assert_int_equal(saving_save_as(&s, &target, text, i, false), -EINVAL);
		assert_int_equal(s.err.kind, ERR_PARSE);
		assert_true(s.err.pos >= 0 && (size_t)s.err.pos <= i);
		assert_false(document_is_complete(text, i));
	}
	assert_int_equal(saving_save_as(&s, &target, text, len - 1, false), 0);
	assert_int_equal(s.request.sequence, 0);
	assert_true(document_is_complete(text, len - 1));
	free(text);
	saving_close(&s);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Whatever stands in the document, the answer is a verdict with a place inside the text. */
static void no_damage_to_a_document_does_harm(void **state)
{
	static const char bytes[] = "\"{}[]:,0123-.eE\\untrfals _AZ\x80\xc3\x01";
	uint64_t seed = 0x9e3779b97f4a7c15u;
	struct document_target target;
	struct saving s;
	char *text, *copy;
	size_t len;

	(void)state;
	saving_open(&s);
	saving_must(&s, "CREATE TABLE t (id INT PRIMARY KEY, a TEXT DEFAULT 'x\"y');");
	target = saving_target(&s, "default.t");
	text = saving_schema(&s, target.table_id, 0);
	len = strlen(text);
	for (unsigned i = 0; i < 1500; i++) {
		copy = strdup(text);
		for (unsigned n = 1 + (unsigned)(next_random(&seed) % 3); n; n--)
			copy[next_random(&seed) % len] =
				bytes[next_random(&seed) % (sizeof(bytes) - 1)];
		if (saving_save_as(&s, &target, copy, len, true)) {
			assert_true(s.err.text[0] != '\0');
			assert_true(s.err.pos <= (long)len);
		}
		free(copy);
	}
	free(text);
	saving_close(&s);
}

static void the_documents_of_a_target_are_told_apart(void **state)
{
	struct document_target target = { .kind = DOCUMENT_NAMESPACE, .namespace_id = 77 };
	struct saving s;

	(void)state;
	saving_open(&s);
	assert_int_equal(saving_save(&s, &target, "{}"), -ENOENT);
	assert_err(&s.err, -ENOENT, "The namespace is not there any more");
	target = (struct document_target){ .kind = DOCUMENT_STORAGE, .storage_id = 77 };
	assert_int_equal(saving_save(&s, &target, "{}"), -ENOENT);
	assert_err(&s.err, -ENOENT, "The storage is not there any more");
	target = (struct document_target){ .kind = DOCUMENT_TABLE, .table_id = 77 };
	assert_int_equal(saving_save(&s, &target, PLAIN_TABLE), -ENOENT);
	assert_err(&s.err, -ENOENT, "The table is not there any more");
	saving_close(&s);
}

/* 999 columns get another type and the name of another one. */
static void a_table_of_many_columns_is_edited_at_once(void **state)
{
	struct document_target target;
	struct collector c;
	struct saving s;
	char *sql, *text;

	(void)state;
	saving_open(&s);
	collect(&c);
	fputs("CREATE TABLE t (id INT PRIMARY KEY", c.out);
	for (unsigned i = 1; i < 1000; i++)
		fprintf(c.out, ", c%u INT", i);
	fputs(");", c.out);
	sql = text_of(&c);
	saving_must(&s, sql);
	free(sql);
	target = saving_target(&s, "default.t");
	collect(&c);
	fputs("{\"columns\": [{\"column_id\": 1, \"column_name\": \"id\", "
	      "\"data_type\": \"INT\"}", c.out);
	for (unsigned i = 1; i < 1000; i++)
		fprintf(c.out, ", {\"column_id\": %u, \"column_name\": \"c%u\", "
			"\"data_type\": \"BIGINT\"}", i + 1, 1000 - i);
	fputs("]}", c.out);
	text = text_of(&c);
	assert_int_equal(saving_save(&s, &target, text), 0);
	assert_string_equal(s.request.heads, "default.t: version 1 -> 2\n");
	free(text);
	saving_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_in_the_text_has_its_pointer),
		cmocka_unit_test(values_know_their_texts_and_places),
		cmocka_unit_test(limits_of_documents_are_kept),
		cmocka_unit_test(a_key_given_twice_is_told_where_it_first_is),
		cmocka_unit_test(a_pointer_too_long_ends_early),
		cmocka_unit_test(a_document_is_complete_when_it_parses),
		cmocka_unit_test(errors_are_printed_as_the_error_file_shows_them),
		cmocka_unit_test(the_template_of_a_draft_makes_a_table),
		cmocka_unit_test(a_reserved_number_becomes_the_tables),
		cmocka_unit_test(a_save_leaves_no_statement_in_log_and_history),
		cmocka_unit_test(every_beginning_of_a_document_is_refused),
		cmocka_unit_test(no_damage_to_a_document_does_harm),
		cmocka_unit_test(the_documents_of_a_target_are_told_apart),
		cmocka_unit_test(a_table_of_many_columns_is_edited_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
