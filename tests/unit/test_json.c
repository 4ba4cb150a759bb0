/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/json.h"
#include "catalog/value.h"

#include <errno.h>

/* From a buffer that ends where the text does, so that ASan sees every overrun. */
static int compact(const char *text, size_t len, bool object_only, struct arena *arena,
		   const char **out, struct err *err)
{
	char *exact = malloc(len ? len : 1);
	int rc;

	memcpy(exact, text, len);
	rc = json_compact(exact, len, object_only, arena, out, err);
	free(exact);
	return rc;
}

static const struct {
	const char *text, *compact;
} accepted[] = {
	{ "{}", "{}" },
	{ " [ ] ", "[]" },
	{ "{ \"b\" : 1 ,\n\t\"a\" : [ true, false, null ] }",
	  "{\"b\":1,\"a\":[true,false,null]}" },
	{ "\"x\"", "\"x\"" },
	{ "12", "12" },
	{ "-0", "0" },
	{ "-0.0", "-0.0" },
	{ "1.0", "1.0" },
	{ "0.1", "0.1" },
	{ "1e5", "100000.0" },
	{ "1e300", "1e+300" },
	{ "9223372036854775807", "9223372036854775807" },
	{ "\"\xc3\xa9\\u20ac\xf0\x9f\x98\x80\"", "\"\\u00e9\\u20ac\\ud83d\\ude00\"" },
	{ "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\x7f\"", "\"/\\b\\f\\n\\r\\t\\\"\\\\\\u007f\"" },
	{ "{\"\xc3\xa9\":{\"\":[]}}", "{\"\\u00e9\":{\"\":[]}}" },
};

static void text_has_one_compact_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++) {
		struct arena arena = { 0 };
		struct err err = ERR_INIT;
		const char *out, *again;
		const char *text = accepted[i].text;

		assert_int_equal(compact(text, strlen(text), false, &arena, &out, &err), 0);
		assert_string_equal(out, accepted[i].compact);
		assert_int_equal(compact(out, strlen(out), false, &arena, &again, &err), 0);
		assert_string_equal(again, out);
		arena_free(&arena);
	}
}

static const struct {
	const char *text;
	size_t len;
	const char *message;
} refused[] = {
#define TEXT(s) s, sizeof(s) - 1
	{ TEXT(""), "JSON is not valid at line 1, column 1: a value is missing" },
	{ TEXT(" \n"), "JSON is not valid at line 2, column 1: a value is missing" },
	{ TEXT("{\"a\":1,\"a\":2}"),
	  "JSON is not valid at line 1, column 8: duplicate object key near '\"a\"'" },
	{ TEXT("{\n \"a\": 1,\n}"),
	  "JSON is not valid at line 3, column 1: string or '}' expected near '}'" },
	{ TEXT("[1 2]"), "JSON is not valid at line 1, column 4: ']' expected near '2'" },
	{ TEXT("[NaN]"), "JSON is not valid at line 1, column 2: invalid token near 'NaN'" },
	{ TEXT("Infinity"), "JSON is not valid at line 1, column 1: invalid token near 'Infinity'" },
	{ TEXT("{\"a\":"),
	  "JSON is not valid at line 1, column 6: unexpected token near end of file" },
	{ TEXT("01"), "JSON is not valid at line 1, column 1: invalid token near '0'" },
	{ TEXT("1 2"), "JSON is not valid at line 1, column 3: end of file expected near '2'" },
	{ TEXT("99999999999999999999"),
	  "JSON is not valid at line 1, column 1: too big integer near '99999999999999999999'" },
	{ TEXT("1e400"), "JSON is not valid at line 1, column 1: real number overflow near '1e400'" },
	{ TEXT("\"a\\u0000\""), "JSON is not valid at line 1, column 3: NUL is not allowed" },
	{ TEXT("[1,\n\0]"), "JSON is not valid at line 2, column 1: NUL is not allowed" },
	{ TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
	  "JSON is not valid at line 1, column 33: more than 32 levels of nesting" },
#undef TEXT
};

static void bad_text_is_refused_with_line_and_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(refused); i++) {
		struct arena arena = { 0 };
		struct err err = ERR_INIT;
		const char *out;

		assert_int_equal(compact(refused[i].text, refused[i].len, false, &arena, &out, &err),
				 -EINVAL);
		assert_err(&err, -EINVAL, refused[i].message);
		arena_free(&arena);
	}
}

static void bad_utf8_and_open_ends_are_refused(void **state)
{
	static const char *const bad[] = {
		"\"\xff\"", "\"\xed\xa0\x80\"", "\"\\ud800\"", "\"abc", "[", "{\"a\"", "{\"a\":", "\"\\",
		"]", "}", "tru", "-", "'a'", "{a:1}", "[1,]", "\"a\nb\"", "// x\n1", "\"\\x41\"",
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct arena arena = { 0 };
		struct err err = ERR_INIT;
		const char *out;

		assert_int_equal(compact(bad[i], strlen(bad[i]), false, &arena, &out, &err), -EINVAL);
		assert_int_equal(strncmp(err.text, "JSON is not valid at line ", 26), 0);
		assert_int_equal(err.kind, ERR_PARSE);
		arena_free(&arena);
	}
}

static void where_an_object_is_wanted_nothing_else_will_do(void **state)
{
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *out;

	(void)state;
	assert_int_equal(compact(" {\"a\": 1}", 9, true, &arena, &out, &err), 0);
	assert_string_equal(out, "{\"a\":1}");
	assert_int_equal(compact(" [1]", 4, true, &arena, &out, &err), -EINVAL);
	assert_err(&err, -EINVAL,
		   "JSON is not valid at line 1, column 2: expected an object in braces");
	assert_int_equal(err.pos, 1);
	arena_free(&arena);
}

/* "[0,0,...]" of count zeros. */
static int compact_zeros(size_t count, struct err *err)
{
	char *text = malloc(2 * count + 1);
	struct arena arena = { 0 };
	const char *out;
	int rc;

	for (size_t i = 0; i < count; i++) {
		text[2 * i] = i ? ',' : '[';
		text[2 * i + 1] = '0';
	}
	text[2 * count] = ']';
	rc = json_compact(text, 2 * count + 1, false, &arena, &out, err);
	arena_free(&arena);
	free(text);
	return rc;
}

static void a_hundred_thousand_values_are_the_most(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(compact_zeros(99999, &err), 0);
	assert_int_equal(compact_zeros(100000, &err), -EINVAL);
	assert_err(&err, -EINVAL,
		   "JSON is not valid at line 1, column 199999: more than 100,000 values");
}

static void thirty_two_levels_are_the_most(void **state)
{
	static const char text[] = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]";
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *out;

	(void)state;
	assert_int_equal(compact(text, strlen(text), false, &arena, &out, &err), 0);
	assert_string_equal(out, text);
	arena_free(&arena);
}

static void brackets_inside_strings_do_not_nest(void **state)
{
	static const char text[] = "[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]";
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *out;

	(void)state;
	assert_int_equal(compact(text, strlen(text), false, &arena, &out, &err), 0);
	assert_string_equal(out, text);
	arena_free(&arena);
}

static void scalars_are_told_from_arrays_and_objects(void **state)
{
	(void)state;
	assert_true(json_is_scalar("1"));
	assert_true(json_is_scalar("\"[\""));
	assert_true(json_is_scalar("null"));
	assert_false(json_is_scalar("[]"));
	assert_false(json_is_scalar("{}"));
}

static void strings_print_as_ascii_whatever_they_hold(void **state)
{
	struct collector c;
	char *text;

	(void)state;
	collect(&c);
	json_print_string("a\0\"\\/\x1f\xc3\xa9\xff\xe2\x82", 11, c.out);
	text = text_of(&c);
	assert_string_equal(text, "\"a\\u0000\\\"\\\\/\\u001f\\u00e9\\ufffd\\ufffd\\ufffd\"");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_has_one_compact_form),
		cmocka_unit_test(bad_text_is_refused_with_line_and_column),
		cmocka_unit_test(bad_utf8_and_open_ends_are_refused),
		cmocka_unit_test(where_an_object_is_wanted_nothing_else_will_do),
		cmocka_unit_test(a_hundred_thousand_values_are_the_most),
		cmocka_unit_test(thirty_two_levels_are_the_most),
		cmocka_unit_test(brackets_inside_strings_do_not_nest),
		cmocka_unit_test(scalars_are_told_from_arrays_and_objects),
		cmocka_unit_test(strings_print_as_ascii_whatever_they_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
