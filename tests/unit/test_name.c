/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "base/name.h"

#include <errno.h>

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct refused {
	enum name_kind kind;
	const char *name;
	int code;
	const char *text;
} refused[] = {
	{ NAME_TABLE, "", -EINVAL, "Name cannot be empty" },
	{ NAME_TABLE, A64 "a", -ENAMETOOLONG, "Name is too long (65 characters, max 64)" },
	{ NAME_TABLE, "a b", -EINVAL, "Name cannot contain spaces" },
	{ NAME_TABLE, "_a", -EINVAL,
	  "Name cannot start with underscore (reserved for system columns)" },
	{ NAME_TABLE, "1a", -EINVAL, "Name cannot start with a number" },
	{ NAME_TABLE, "a-b", -EINVAL,
	  "Name 'a-b' contains invalid characters (only alphanumeric and underscore allowed)" },
	{ NAME_TABLE, "../x", -EINVAL,
	  "Name '../x' contains invalid characters (only alphanumeric and underscore allowed)" },
	{ NAME_TABLE, "select", -EINVAL,
	  "Name 'select' is a reserved SQL keyword and cannot be used" },
	{ NAME_COLUMN, "primary", -EINVAL,
	  "Name 'primary' is a reserved SQL keyword and cannot be used" },
	{ NAME_COLUMN, "_seq", -EINVAL, "Column name '_seq' is reserved and cannot be used" },
	{ NAME_COLUMN, "_commit_seq", -EINVAL,
	  "Column name '_commit_seq' is reserved and cannot be used" },
	{ NAME_NAMESPACE, "system", -EINVAL, "Namespace 'system' is reserved and cannot be used" },
	{ NAME_NAMESPACE, "default", -EINVAL,
	  "Namespace 'default' is reserved and cannot be used" },
	{ NAME_NAMESPACE, "view", -EINVAL,
	  "Name 'view' is a reserved SQL keyword and cannot be used" },
	{ NAME_STORAGE, "", -EINVAL, "Name cannot be empty" },
	{ NAME_STORAGE, "a;b", -EINVAL, "Invalid STORAGE_ID 'a;b'. Only alphanumeric, underscore, "
	  "and hyphen allowed." },
	{ NAME_STORAGE, "-a", -EINVAL,
	  "Invalid STORAGE_ID '-a'. It must start with a letter or a digit." },
	{ NAME_STORAGE, A64 "a", -ENAMETOOLONG, "Name is too long (65 characters, max 64)" },
};

static void refuses_bad_names_with_the_texts_of_the_design(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(refused); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(name_check(refused[i].kind, refused[i].name, 7, &err),
				 refused[i].code);
		assert_err(&err, refused[i].code, refused[i].text);
		assert_int_equal(err.pos, 7);
	}
}

static const struct accepted {
	enum name_kind kind;
	const char *name;
} accepted[] = {
	{ NAME_TABLE, "a" }, { NAME_TABLE, A64 }, { NAME_TABLE, "a_1" }, { NAME_TABLE, "system" },
	{ NAME_COLUMN, "user" }, { NAME_COLUMN, "name" }, { NAME_COLUMN, "type" },
	{ NAME_COLUMN, "key" }, { NAME_COLUMN, "value" }, { NAME_COLUMN, "date" },
	{ NAME_COLUMN, "timestamp" }, { NAME_COLUMN, "text" }, { NAME_COLUMN, "status" },
	{ NAME_COLUMN, "id" }, { NAME_COLUMN, "column" }, { NAME_COLUMN, "to" },
	{ NAME_NAMESPACE, "app" }, { NAME_STORAGE, "0-a_b" }, { NAME_STORAGE, "select" },
	{ NAME_STORAGE, A64 },
};

static void accepts_good_names_and_words_that_only_look_reserved(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(name_check(accepted[i].kind, accepted[i].name, -1, &err), 0);
		assert_int_equal(name_check_exact(accepted[i].kind, accepted[i].name,
						  strlen(accepted[i].name), &err), 0);
	}
}

static void folding_lowers_ascii_only_and_stops_at_64_bytes(void **state)
{
	struct err err = ERR_INIT;
	char out[NAME_SIZE];

	(void)state;
	assert_int_equal(name_fold("AbZ_9\xc3\x84", 7, 0, out, &err), 0);
	assert_string_equal(out, "abz_9\xc3\x84");
	assert_int_equal(name_fold(A64, 64, 0, out, &err), 0);

	assert_int_equal(name_fold(A64 "a", 65, 3, out, &err), -ENAMETOOLONG);
	assert_err(&err, -ENAMETOOLONG, "Name is too long (65 characters, max 64)");
	assert_int_equal(err.pos, 3);
}

static void assert_exact_refused(const char *name, size_t len, const char *text)
{
	struct err err = ERR_INIT;

	assert_int_equal(name_check_exact(NAME_COLUMN, name, len, &err), -EINVAL);
	assert_err(&err, -EINVAL, text);
}

static void an_exact_name_in_upper_case_is_refused_and_its_lower_case_named(void **state)
{
	(void)state;
	assert_exact_refused("Age", 3, "Name 'Age' is not lower case: write 'age'");
	assert_exact_refused("a\0b", 3, "Name 'a' contains a NUL byte");
	assert_exact_refused("SELECT", 6,
			     "Name 'select' is a reserved SQL keyword and cannot be used");
}

static void words_a_statement_uses_itself_need_quotes(void **state)
{
	(void)state;
	assert_true(name_needs_quotes("column"));
	assert_true(name_needs_quotes("if"));
	assert_true(name_needs_quotes("to"));
	assert_true(name_needs_quotes("comment"));
	assert_false(name_needs_quotes("columns"));
	assert_false(name_needs_quotes("table"));
}

static void keywords_are_known_in_any_case(void **state)
{
	(void)state;
	assert_true(name_is_keyword("Select", 6));
	assert_true(name_is_keyword("trim", 4));
	assert_true(name_is_keyword("CONSTRAINT", 10));
	assert_false(name_is_keyword("sel", 3));
	assert_false(name_is_keyword("selects", 7));
	assert_false(name_is_keyword("", 0));
}

static void assert_nearest(const char *text, const char *wanted)
{
	static const char *const candidates[] = { "STORAGE_ID", "INT", "BIGINT", "users", "a" };
	const char *found = name_nearest(text, strlen(text), candidates, countof(candidates));

	if (wanted)
		assert_string_equal(found, wanted);
	else
		assert_null(found);
}

static void the_nearest_candidate_is_at_most_two_edits_away(void **state)
{
	(void)state;
	assert_nearest("INTT", "INT");
	assert_nearest("STORAGEID", "STORAGE_ID");
	assert_nearest("storgae_id", "STORAGE_ID");
	assert_nearest("sotrgae_id", "STORAGE_ID");
	assert_nearest("suers", "users");
	assert_nearest("USERS", "users");
	assert_nearest("A", "a");

	assert_nearest("user_table", NULL);
	assert_nearest("b", NULL);
	assert_nearest("", NULL);
	assert_nearest(A64 "a", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_names_with_the_texts_of_the_design),
		cmocka_unit_test(accepts_good_names_and_words_that_only_look_reserved),
		cmocka_unit_test(folding_lowers_ascii_only_and_stops_at_64_bytes),
		cmocka_unit_test(an_exact_name_in_upper_case_is_refused_and_its_lower_case_named),
		cmocka_unit_test(words_a_statement_uses_itself_need_quotes),
		cmocka_unit_test(keywords_are_known_in_any_case),
		cmocka_unit_test(the_nearest_candidate_is_at_most_two_edits_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
