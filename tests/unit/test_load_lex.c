/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens of other databases, and those of a statement that was cut off where it was too long. */
#include "tests/unit/helpers.h"

#include "catalog/load_lex.h"

/* Word, Name, String, Figure; symbols as they are. */
static void assert_shape(enum load_dialect dialect, const char *text, const char *wanted)
{
	static const char letters[] = { [FOREIGN_WORD] = 'W', [FOREIGN_NAME] = 'N',
					[FOREIGN_STRING] = 'S', [FOREIGN_NUMBER] = 'F' };
	struct load_lexer lx;
	char found[64] = "";
	size_t n = 0;

	load_lex_start(&lx, text, strlen(text), dialect);
	for (; lx.token.kind != FOREIGN_END; load_lex_next(&lx)) {
		assert_true(n + 1 < sizeof(found));
		assert_true(lx.token.pos + lx.token.len <= strlen(text));
		found[n++] = lx.token.kind == FOREIGN_SYMBOL ? lx.token.text[0] :
							       letters[lx.token.kind];
	}
	load_lex_next(&lx);
	assert_int_equal(lx.token.kind, FOREIGN_END);
	assert_string_equal(found, wanted);
}

static void cuts_statements_of_each_database_into_tokens(void **state)
{
	(void)state;
	assert_shape(LOAD_ANY, " a\t\"b\" `c` 'd' 1.5 .5 1e-3 1e+3 1e 1ex (", "WNNSFFFFFF(");
	assert_shape(LOAD_ANY, "a::b:c e'd' N'e' x'0' b'1' f'g'", "W:W:WSSSSWS");
	assert_shape(LOAD_SQLITE, "[a b] [c", "NN");
	assert_shape(LOAD_POSTGRESQL, "a[1] $$b'$$ $c$ $d $c$ $1", "W[F]SS$F");
	assert_shape(LOAD_MYSQL, "a $$", "W$$");
	assert_shape(LOAD_MYSQL, "'a\\'b' \"c\\\"d\" `e\\` ''", "SNNS");
	assert_shape(LOAD_ANY, "'a\\' e'b\\'c'", "SS");
}

static void skips_comments_of_each_database(void **state)
{
	(void)state;
	assert_shape(LOAD_ANY, "a --b\nc /* d /* e */ f */ g", "WWW");
	assert_shape(LOAD_SQLITE, "a /* b /* c */ d", "WW");
	assert_shape(LOAD_MYSQL, "a #b\nc", "WW");
	assert_shape(LOAD_MYSQL, "a -- b\nc", "WW");
	assert_shape(LOAD_MYSQL, "a --1 --", "W--F");
	assert_shape(LOAD_MYSQL, "/*!40101 a */ b /*M!100301 c*/", "WWW");
	assert_shape(LOAD_POSTGRESQL, "/*!40101 a */ b #", "W#");
}

static void what_is_cut_off_ends_with_the_text(void **state)
{
	(void)state;
	assert_shape(LOAD_ANY, "a /* b", "W");
	assert_shape(LOAD_ANY, "a /* b /* c */", "W");
	assert_shape(LOAD_ANY, "a 'b", "WS");
	assert_shape(LOAD_ANY, "a 'b''", "WS");
	assert_shape(LOAD_ANY, "a e'b\\", "WS");
	assert_shape(LOAD_POSTGRESQL, "a $b$ c $b", "WS");
	assert_shape(LOAD_SQLITE, "a [b", "WN");
	assert_shape(LOAD_MYSQL, "a /*!401", "W");
}

static void assert_content(enum load_dialect dialect, const char *text, const char *wanted)
{
	struct arena arena = { 0 };
	struct load_lexer lx;

	load_lex_start(&lx, text, strlen(text), dialect);
	assert_string_equal(load_token_content(&lx, &lx.token, &arena), wanted);
	arena_free(&arena);
}

static void content_has_quotes_and_escapes_undone(void **state)
{
	(void)state;
	assert_content(LOAD_ANY, "abc d", "abc");
	assert_content(LOAD_ANY, "1.5", "1.5");
	assert_content(LOAD_ANY, "", "");
	assert_content(LOAD_ANY, "'it''s \\n'", "it's \\n");
	assert_content(LOAD_ANY, "x'00'", "00");
	assert_content(LOAD_SQLITE, "[a]", "a");
	assert_content(LOAD_POSTGRESQL, "$$a$$", "a");
	assert_content(LOAD_POSTGRESQL, "$t$a$b$t$", "a$b");
	assert_content(LOAD_ANY, "e'\\b\\f\\n\\r\\t\\v\\Z\\''", "\b\f\n\r\t\vZ'");
	assert_content(LOAD_ANY, "e'\\u00e9\\U0001F600'", "\xc3\xa9\xf0\x9f\x98\x80");
	assert_content(LOAD_MYSQL, "'\\0a\\Z\\%\\u00e9'", "a\x1a%u00e9");
	assert_content(LOAD_MYSQL, "\"a\\\"b\"\"c\"", "a\"b\"c");
	assert_content(LOAD_MYSQL, "`a\\n``b`", "a\\n`b");
}

/* Escapes that stand for no character are what they are without the backslash. */
static void escapes_of_no_character_lose_their_backslash(void **state)
{
	(void)state;
	assert_content(LOAD_ANY, "e'\\u00'", "u00");
	assert_content(LOAD_ANY, "e'\\u00g9'", "u00g9");
	assert_content(LOAD_ANY, "e'\\u0000'", "u0000");
	assert_content(LOAD_ANY, "e'\\U00110000'", "U00110000");
}

static void content_that_is_cut_off_ends_with_the_text(void **state)
{
	(void)state;
	assert_content(LOAD_POSTGRESQL, "$t$ab", "");
	assert_content(LOAD_POSTGRESQL, "$t$abcdef", "abc");
	assert_content(LOAD_MYSQL, "'ab\\", "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_statements_of_each_database_into_tokens),
		cmocka_unit_test(skips_comments_of_each_database),
		cmocka_unit_test(what_is_cut_off_ends_with_the_text),
		cmocka_unit_test(content_has_quotes_and_escapes_undone),
		cmocka_unit_test(escapes_of_no_character_lose_their_backslash),
		cmocka_unit_test(content_that_is_cut_off_ends_with_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
