/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/lex.h"

#include <errno.h>

/* One letter per token: Word, Quoted, String, Number; symbols as they are. */
static char *shape(const char *text)
{
	static const char letters[] = {
		[TOKEN_WORD] = 'W', [TOKEN_QUOTED] = 'Q', [TOKEN_STRING] = 'S', [TOKEN_NUMBER] = 'N',
	};
	struct err err = ERR_INIT;
	struct collector c;
	struct lexer lx;

	collect(&c);
	assert_int_equal(lex_start(&lx, text, strlen(text), &err), 0);
	while (lx.token.kind != TOKEN_END) {
		putc(lx.token.kind == TOKEN_SYMBOL ? lx.token.text[0] : letters[lx.token.kind],
		     c.out);
		assert_int_equal(lex_next(&lx, &err), 0);
	}
	assert_int_equal(lex_next(&lx, &err), 0);
	assert_int_equal(lx.token.kind, TOKEN_END);
	return text_of(&c);
}

static void assert_shape(const char *text, const char *wanted)
{
	char *found = shape(text);

	assert_string_equal(found, wanted);
	free(found);
}

static void cuts_statements_into_tokens(void **state)
{
	(void)state;
	assert_shape("", "");
	assert_shape(" \t\r\n", "");
	assert_shape("ADD COLUMN age INT", "WWWW");
	assert_shape("a.b(c,d);", "W.W(W,W);");
	assert_shape("_x $ a$1", "W$W");
	assert_shape("\"x\" `y` 'z'", "QQS");
	assert_shape("t@3 =*<>", "W@N=*<>");
	assert_shape("1 1.5 .5 1. 1e3 1.5E-3 1e+3", "NNNNNNN");
	assert_shape("-1", "-N");
	assert_shape("9lives 1e 0x1F 2024_01 12$", "WWWWW");
	assert_shape("a-2024x-1", "W-W-N");
	assert_shape("a.1", "WN");
	assert_shape("'it''s' 'a\nb' ''", "SSS");
	assert_shape("E'\\n' e'\\'' X'0aFf' x''", "SSSS");
	assert_shape("ee'a'", "WS");
	assert_shape("ARRAY[1, 2]", "W[N,N]");
}

static void skips_comments_and_nests_the_bracketed_ones(void **state)
{
	(void)state;
	assert_shape("a -- b\nc", "WW");
	assert_shape("a -- b", "W");
	assert_shape("a /* b */ c", "WW");
	assert_shape("a /* b /* c */ d */ e", "WW");
	assert_shape("a/**/b - - c / d", "WW--W/W");
	assert_shape("/* ' */ a", "W");
}

static void tells_positions_and_newlines(void **state)
{
	const char *text = "\na b -- x\n c";
	struct err err = ERR_INIT;
	struct lexer lx;

	(void)state;
	assert_int_equal(lex_start(&lx, text, strlen(text), &err), 0);
	assert_int_equal(lx.token.pos, 1);
	assert_false(lx.token.newline_before);
	assert_int_equal(lex_next(&lx, &err), 0);
	assert_int_equal(lx.token.pos, 3);
	assert_false(lx.token.newline_before);
	assert_int_equal(lex_next(&lx, &err), 0);
	assert_int_equal(lx.token.pos, 11);
	assert_int_equal(lx.token.len, 1);
	assert_true(lx.token.newline_before);
	assert_true(lex_is_word(&lx, "C"));
	assert_false(lex_is_symbol(&lx, 'c'));
	assert_int_equal(lex_next(&lx, &err), 0);
	assert_int_equal(lx.token.kind, TOKEN_END);
	assert_int_equal(lx.token.pos, 12);
}

/* at_end: more text might mend it. */
static const struct refused {
	const char *text;
	size_t len;
	long pos;
	bool at_end;
	const char *message;
} refused[] = {
#define TEXT(s) s, sizeof(s) - 1
	{ TEXT("a 'b"), 2, true, "String is not closed: \"'\" is missing" },
	{ TEXT("a 'b''"), 2, true, "String is not closed: \"'\" is missing" },
	{ TEXT("E'b\\'"), 1, true, "String is not closed: \"'\" is missing" },
	{ TEXT("\"b"), 0, true, "Quoted name is not closed: '\"' is missing" },
	{ TEXT("a `b"), 2, true, "Quoted name is not closed: '`' is missing" },
	{ TEXT("a /* b"), 2, true, "Comment is not closed: '*/' is missing" },
	{ TEXT("a /* b /* */"), 2, true, "Comment is not closed: '*/' is missing" },
	{ TEXT("/*/"), 0, true, "Comment is not closed: '*/' is missing" },
	{ TEXT("1.2.3 "), 0, false, "'1.2.3' is neither a number nor a name" },
	{ TEXT("12a.b "), 0, false, "'12a.b' is neither a number nor a name" },
	{ TEXT("1e+ "), 0, false, "'1e+' is neither a number nor a name" },
	{ TEXT("12\xc3\xaf "), 0, false, "'12\\xc3\\xaf' has characters beyond ASCII: names are "
	  "ASCII (a-z, 0-9 and '_')" },
	{ TEXT("na\xc3\xafve "), 0, false, "'na\\xc3\\xafve' has characters beyond ASCII: names are "
	  "ASCII (a-z, 0-9 and '_')" },
	{ TEXT("a\0b"), 1, false, "Character U+0000 is not allowed in a statement: remove it" },
	{ TEXT("'a\x01'"), 2, false, "Character U+0001 is not allowed in a statement: remove it" },
	{ TEXT("-- \x7f\n"), 3, false, "Character U+007F is not allowed in a statement: remove it" },
	{ TEXT("'\xc2\x85'"), 1, false, "Character U+0085 is not allowed in a statement: remove it" },
	{ TEXT("'\xe2\x80\xae'"), 1, false,
	  "Character U+202E is not allowed in a statement: remove it" },
	{ TEXT("a \xe2\x81\xa6"), 2, false,
	  "Character U+2066 is not allowed in a statement: remove it" },
	{ TEXT("'\xff'"), 1, false, "Byte 0xFF is not UTF-8: statements are UTF-8 text" },
	{ TEXT("'\xc0\xaf'"), 1, false, "Byte 0xC0 is not UTF-8: statements are UTF-8 text" },
	{ TEXT("'\xed\xa0\x80'"), 1, false, "Byte 0xED is not UTF-8: statements are UTF-8 text" },
	{ TEXT("a -- \xc3"), 5, true, "The text ends within a character" },
	{ TEXT("'\xe2\x80"), 0, true, "String is not closed: \"'\" is missing" },
	{ TEXT("E'\\q'"), 2, false, "Escape '\\q' is not known in E'...': the escapes are \\\\ \\' "
	  "\\\" \\n \\t \\r \\b \\f \\uXXXX and \\UXXXXXXXX" },
	{ TEXT("E'\\ud800'"), 2, false, "Escape '\\u' is not known in E'...': the escapes are \\\\ \\' "
	  "\\\" \\n \\t \\r \\b \\f \\uXXXX and \\UXXXXXXXX" },
	{ TEXT("E'\\U00110000'"), 2, false, "Escape '\\U' is not known in E'...': the escapes are \\\\ "
	  "\\' \\\" \\n \\t \\r \\b \\f \\uXXXX and \\UXXXXXXXX" },
	{ TEXT("E'\\Uffffffff'"), 2, false, "Escape '\\U' is not known in E'...': the escapes are \\\\ "
	  "\\' \\\" \\n \\t \\r \\b \\f \\uXXXX and \\UXXXXXXXX" },
	{ TEXT("E'\\u00g0'"), 2, false, "Escape '\\u' is not known in E'...': the escapes are \\\\ "
	  "\\' \\\" \\n \\t \\r \\b \\f \\uXXXX and \\UXXXXXXXX" },
	{ TEXT("abcdefghijklmnopqrstuvwxyzabcdefghijklm\xc3\xaf "), 0, false,
	  "'abcdefghijklmnopqrstuvwxyzabcdefghijklm' has characters beyond ASCII: names are ASCII "
	  "(a-z, 0-9 and '_')" },
	{ TEXT("X'0g'"), 3, false, "X'...' holds hex digits only" },
#undef TEXT
};

static int run(const char *text, size_t len, struct lexer *lx, struct err *err)
{
	int rc = lex_start(lx, text, len, err);

	while (!rc && lx->token.kind != TOKEN_END)
		rc = lex_next(lx, err);
	return rc;
}

static void refuses_what_is_no_token_and_says_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(refused); i++) {
		const struct refused *row = &refused[i];
		struct err err = ERR_INIT;
		char *exact = malloc(row->len);
		struct lexer lx;

		memcpy(exact, row->text, row->len);
		assert_int_equal(run(exact, row->len, &lx, &err), -EINVAL);
		assert_err(&err, -EINVAL, row->message);
		assert_int_equal(err.pos, row->pos);
		assert_int_equal(err.kind, ERR_PARSE);
		assert_int_equal(lx.at == lx.len, row->at_end);
		free(exact);
	}
}

static void assert_content(const char *text, const char *wanted)
{
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	struct lexer lx;

	assert_int_equal(lex_start(&lx, text, strlen(text), &err), 0);
	assert_string_equal(lex_content(&lx.token, &arena), wanted);
	arena_free(&arena);
}

static void content_has_quotes_and_escapes_undone(void **state)
{
	(void)state;
	assert_content("'it''s'", "it's");
	assert_content("''", "");
	assert_content("''''", "'");
	assert_content("'a\\nb'", "a\\nb");
	assert_content("\"a\"\"b\"", "a\"b");
	assert_content("`a``b\"\"`", "a`b\"\"");
	assert_content("E'a\\n\\\\\\'''b'", "a\n\\''b");
	assert_content("E'\\u00e9\\u20ac\\U0001F600x'", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x");
	assert_content("X'0aFF'", "X'0aFF'");
	assert_content("'\xe2\x82\xac'", "\xe2\x82\xac");
}

static void printed_strings_read_back_the_same(void **state)
{
	static const struct {
		const char *text, *sql;
	} rows[] = {
		{ "", "''" },
		{ "it's", "'it''s'" },
		{ "a\\b\n\"", "'a\\b\n\"'" },
		{ "a\\\x01'", "E'a\\\\\\u0001'''" },
		{ "\xe2\x80\xaex\xe2\x82\xac", "E'\\u202ex\xe2\x82\xac'" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct collector c;
		char *sql;

		collect(&c);
		lex_print_string(rows[i].text, c.out);
		sql = text_of(&c);
		assert_string_equal(sql, rows[i].sql);
		assert_content(sql, rows[i].text);
		free(sql);
	}
}

static void what_is_no_utf_8_is_printed_as_a_replacement_character(void **state)
{
	struct collector c;
	char *sql;

	(void)state;
	collect(&c);
	lex_print_string("a\xff\xc3 \xef\xbf\xbd", c.out);
	sql = text_of(&c);
	assert_string_equal(sql, "E'a\\ufffd\\ufffd \\ufffd'");
	assert_content(sql, "a\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd");
	free(sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_statements_into_tokens),
		cmocka_unit_test(skips_comments_and_nests_the_bracketed_ones),
		cmocka_unit_test(tells_positions_and_newlines),
		cmocka_unit_test(refuses_what_is_no_token_and_says_where),
		cmocka_unit_test(content_has_quotes_and_escapes_undone),
		cmocka_unit_test(printed_strings_read_back_the_same),
		cmocka_unit_test(what_is_no_utf_8_is_printed_as_a_replacement_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
