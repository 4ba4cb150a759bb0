/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where credentials stand in texts that are shown. */
#include "catalog/secret.h"
#include "tests/unit/helpers.h"

#include <stdlib.h>

static void assert_hidden(const char *text, bool json, const char *expected)
{
	char *hidden = secret_hide(text, strlen(text), json);

	assert_non_null(hidden);
	assert_string_equal(hidden, expected);
	assert_int_equal(strlen(hidden), strlen(text));
	free(hidden);
}

static void credentials_are_hidden_where_they_stand(void **state)
{
	(void)state;
	assert_hidden("CREATE STORAGE s CREDENTIALS '{\"k\":\"x\"}' CONFIG '{}'", false,
		      "CREATE STORAGE s CREDENTIALS '*\"*\"*\"*\"*' CONFIG '{}'");
	assert_hidden("SET credentials = 'a\nb', NAME = 'c'", false, "SET credentials = '*\n*', NAME = 'c'");
	assert_hidden("CREDENTIALS E'a\\'b' X'61' `c` \"d\"", false, "CREDENTIALS *'**'*' *'**' *** \"*\"");
	assert_hidden("CREDENTIALS NULL, NAME 'x'", false, "CREDENTIALS NULL, NAME 'x'");
	assert_hidden("CREDENTIALS 'x' ; 'y'", false, "CREDENTIALS '*' ; 'y'");
}

static void what_is_taken_for_credentials_is_hidden(void **state)
{
	(void)state;
	assert_hidden("CREDENTIALS 'never closed NAME 'x'", false, "CREDENTIALS '******************'*'");
	assert_hidden("CREDENTIALS bare-word NAME 'x'", false, "CREDENTIALS ****-**** NAME 'x'");
	assert_hidden("CREDENTAILS 'x'", false, "CREDENTAILS '*'");
	assert_hidden("CREDENTIALS 'it's torn' more", false, "CREDENTIALS '**'* ****'*****");
	assert_hidden("CREDENTIALS 'it's-torn NAME 'x'", false, "CREDENTIALS '**'*-**** NAME 'x'");
	assert_hidden("CREDENTIALS NAME 'x'", false, "CREDENTIALS NAME 'x'");
	assert_hidden("CREDS '{\"secret_access_key\":\"x\"}'", false,
		      "CREDS '*\"*****************\"*\"*\"*'");
	assert_hidden("CONFIG '{\"secret\\u005faccess_key\":\"x\"}'", false,
		      "CONFIG '*\"**********************\"*\"*\"*'");
	assert_hidden("'{\"password\": 1}'", false, "'*\"********\"****'");
}

static void other_texts_stay(void **state)
{
	static const char *const texts[] = {
		"",
		"'",
		"CREDENTIALS",
		"COMMENT 'my password' DEFAULT 'the CREDENTIALS'",
		"CONFIG '{\"region\":\"eu\",\"path\\u003a\":1}' -- CREDENTIALS 'x'\n'y'",
		"CONFIG '{\"\\u00e4\":1,\"\\u00g0\":2}' /* CREDENTIALS 'x' */", "E'\\",
		"ALTER TABLE t ADD COLUMN password TEXT COMMENT 'x'",
		"\\", "\\u", "'\\u00", "\"",
	};

	(void)state;
	for (size_t i = 0; i < countof(texts); i++)
		assert_hidden(texts[i], false, texts[i]);
}

static void values_of_a_document_are_hidden(void **state)
{
	(void)state;
	assert_hidden("{\"a\":1,\"credentials\":{\"k\":[\"x\",2],\"l\":{}},\"b\":\"c\"}", true,
		      "{\"a\":1,\"credentials\":{\"*\":[\"*\",*],\"*\":{}},\"b\":\"c\"}");
	assert_hidden("{\"credentials\": \"xy\", \"b\": 1}", true, "{\"credentials\": \"**\", \"b\": 1}");
	assert_hidden("{\"credentials\": 12.5e3, \"b\": 1}", true, "{\"credentials\": ******, \"b\": 1}");
	assert_hidden("{\"config\":{\"region\":\"eu\",\"password\":\"xy\"}}", true,
		      "{\"config\":{\"region\":\"eu\",\"password\":\"**\"}}");
	assert_hidden("{\"cr\\u0065dentials\":\"xy\"}", true, "{\"cr\\u0065dentials\":\"**\"}");
	assert_hidden("{\"credential\":\"xy\"}", true, "{\"credential\":\"**\"}");
}

static void documents_that_are_broken_hide_more(void **state)
{
	(void)state;
	assert_hidden("{\"credentials\":{\"k\":\"x\n\"b\":\"y\"", true, "{\"credentials\":{\"*\":\"*\n\"*\":\"*\"");
	assert_hidden("{\"credentials\":{\"k\":\"x\",\"b\":\"y\"", true,
		      "{\"credentials\":{\"*\":\"*\",\"*\":\"*\"");
	assert_hidden("{\"credentials\" \"x\"}", true, "{\"credentials\" \"x\"}");
	assert_hidden("{\"credentials\":}\"x\"", true, "{\"credentials\":}\"x\"");
	assert_hidden("\"credentials\":\"x\\", true, "\"credentials\":\"**");
}

static void other_documents_stay(void **state)
{
	static const char *const texts[] = {
		"", "\"", "{", "\"\\",
		"{\"a\":\"credentials\",\"b\":\"x\"}",
		"{\"columns\":[{\"column_name\":\"password\",\"default_value\":{\"literal\":\"x\"}}]}",
		"{\"credentials_\\u0000long\":\"x\"}",
	};

	(void)state;
	for (size_t i = 0; i < countof(texts); i++)
		assert_hidden(texts[i], true, texts[i]);
}

/* Every cut of a text: no byte beyond it is read, and what is hidden stays hidden. */
static void no_cut_of_a_text_shows_more(void **state)
{
	static const char text[] = "ALTER STORAGE s SET CREDENTIALS '{\"k\":\"hush\"}', CONFIG "
		"'{\"secret_access_key\":\"hush\"}' x; {\"credentials\":{\"k\":\"hush\"}}";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len), *hidden;

		if (len)
			memcpy(copy, text, len);
		hidden = secret_hide(copy, len, false);
		assert_non_null(hidden);
		if (strstr(hidden, "hush") && len < 90)
			fail_msg("%s", hidden);
		free(hidden);
		hidden = secret_hide(copy, len, true);
		assert_non_null(hidden);
		free(hidden);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(credentials_are_hidden_where_they_stand),
		cmocka_unit_test(what_is_taken_for_credentials_is_hidden),
		cmocka_unit_test(other_texts_stay),
		cmocka_unit_test(values_of_a_document_are_hidden),
		cmocka_unit_test(documents_that_are_broken_hide_more),
		cmocka_unit_test(other_documents_stay),
		cmocka_unit_test(no_cut_of_a_text_shows_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
