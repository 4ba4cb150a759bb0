/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/lex.h"
#include "catalog/number.h"
#include "catalog/value.h"

#include <errno.h>
#include <inttypes.h>

static struct type type_of(const char *text)
{
	struct err err = ERR_INIT;
	struct type type;

	assert_int_equal(type_parse_text(text, strlen(text), &type, &err), 0);
	return type;
}

/* n: number, s: string, b: truth value, a: array, o: object */
static struct literal literal_of(char form, const char *text)
{
	static const char letters[] = {
		[LITERAL_BOOLEAN] = 'b', [LITERAL_NUMBER] = 'n', [LITERAL_STRING] = 's',
		[LITERAL_ARRAY] = 'a', [LITERAL_OBJECT] = 'o',
	};
	struct literal literal = { .text = text, .len = strlen(text) };

	while (letters[literal.form] != form)
		literal.form++;
	return literal;
}

static const struct accepted {
	const char *type;
	char form;
	const char *text;
	const char *canonical, *sql, *json;
} accepted[] = {
	{ "BOOLEAN", 'b', "TRUE", "true", "TRUE", "true" },
	{ "BOOLEAN", 's', "False", "false", "FALSE", "false" },
	{ "SMALLINT", 'n', "-32768", "-32768", "-32768", "-32768" },
	{ "INT", 'n', "42", "42", "42", "42" },
	{ "INT", 'n', "-1", "-1", "-1", "-1" },
	{ "INT", 'n', "-0", "0", "0", "0" },
	{ "INT", 'n', "+007", "7", "7", "7" },
	{ "INT", 's', "12", "12", "12", "12" },
	{ "INT", 'n', "1e3", "1000", "1000", "1000" },
	{ "INT", 'n', "5.0", "5", "5", "5" },
	{ "INT", 'n', "2147483647", "2147483647", "2147483647", "2147483647" },
	{ "BIGINT", 'n', "9007199254740991", "9007199254740991", "9007199254740991",
	  "9007199254740991" },
	{ "BIGINT", 'n', "9007199254740992", "9007199254740992", "9007199254740992",
	  "\"9007199254740992\"" },
	{ "BIGINT", 'n', "-9007199254740992", "-9007199254740992", "-9007199254740992",
	  "\"-9007199254740992\"" },
	{ "BIGINT", 's', "-9223372036854775808", "-9223372036854775808", "-9223372036854775808",
	  "\"-9223372036854775808\"" },
	{ "DOUBLE", 'n', "0.1", "0.1", "0.1", "0.1" },
	{ "DOUBLE", 'n', "-0", "-0", "-0", "-0" },
	{ "DOUBLE", 'n', ".5", "0.5", "0.5", "0.5" },
	{ "DOUBLE", 'n', "1.", "1", "1", "1" },
	{ "DOUBLE", 'n', "1000", "1000", "1000", "1000" },
	{ "DOUBLE", 'n', "1e300", "1e+300", "1e+300", "1e+300" },
	{ "DOUBLE", 'n', "5e-324", "5e-324", "5e-324", "5e-324" },
	{ "DOUBLE", 's', "0.30000000000000004", "0.30000000000000004", "0.30000000000000004",
	  "0.30000000000000004" },
	{ "DOUBLE", 'n', "123456789012345678", "1.2345678901234568e+17",
	  "1.2345678901234568e+17", "1.2345678901234568e+17" },
	{ "FLOAT", 'n', "0.1", "0.1", "0.1", "0.1" },
	{ "FLOAT", 'n', "16777217", "1.6777216e+07", "1.6777216e+07", "1.6777216e+07" },
	{ "FLOAT", 'n', "3.4028235e38", "3.4028235e+38", "3.4028235e+38", "3.4028235e+38" },
	{ "DECIMAL(10, 2)", 'n', "-0.50", "-0.50", "-0.50", "\"-0.50\"" },
	{ "DECIMAL(10, 2)", 'n', "-0.00", "0.00", "0.00", "\"0.00\"" },
	{ "DECIMAL(10, 2)", 'n', "1234.56", "1234.56", "1234.56", "\"1234.56\"" },
	{ "DECIMAL(10, 2)", 's', "1", "1.00", "1.00", "\"1.00\"" },
	{ "DECIMAL(10, 2)", 'n', "1.500", "1.50", "1.50", "\"1.50\"" },
	{ "DECIMAL(10, 2)", 'n', "12e-1", "1.20", "1.20", "\"1.20\"" },
	{ "DECIMAL(2, 2)", 'n', ".05", "0.05", "0.05", "\"0.05\"" },
	{ "DECIMAL(5)", 'n', "12345", "12345", "12345", "\"12345\"" },
	{ "DECIMAL(38, 0)", 'n', "99999999999999999999999999999999999999",
	  "99999999999999999999999999999999999999", "99999999999999999999999999999999999999",
	  "\"99999999999999999999999999999999999999\"" },
	{ "DECIMAL(38, 38)", 'n', "-0.00000000000000000000000000000000000001",
	  "-0.00000000000000000000000000000000000001",
	  "-0.00000000000000000000000000000000000001",
	  "\"-0.00000000000000000000000000000000000001\"" },
	{ "TEXT", 's', "it's", "it's", "'it''s'", "\"it's\"" },
	{ "TEXT", 's', "", "", "''", "\"\"" },
	{ "TEXT", 's', "\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80",
	  "'\xc3\xa9\xf0\x9f\x98\x80'", "\"\\u00e9\\ud83d\\ude00\"" },
	{ "TEXT", 's', "a\x01\"\\\n", "a\x01\"\\\n", "E'a\\u0001\"\\\\\n'",
	  "\"a\\u0001\\\"\\\\\\n\"" },
	{ "TIMESTAMP", 's', "2026-11-22", "2026-11-22T00:00:00.000000",
	  "'2026-11-22T00:00:00.000000'", "\"2026-11-22T00:00:00.000000\"" },
	{ "TIMESTAMP", 's', "2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00.000000",
	  "'2026-11-22T08:00:00.000000'", "\"2026-11-22T08:00:00.000000\"" },
	{ "TIMESTAMP", 's', "2026-11-22 10:00:00", "2026-11-22T10:00:00.000000",
	  "'2026-11-22T10:00:00.000000'", "\"2026-11-22T10:00:00.000000\"" },
	{ "DATETIME", 's', "2025-01-01T12:00:00+02:00", "2025-01-01T10:00:00.000000Z",
	  "'2025-01-01T10:00:00.000000Z'", "\"2025-01-01T10:00:00.000000Z\"" },
	{ "DATETIME", 's', "2026-11-22T10:00:00", "2026-11-22T10:00:00.000000Z",
	  "'2026-11-22T10:00:00.000000Z'", "\"2026-11-22T10:00:00.000000Z\"" },
	{ "DATE", 's', "2026-11-22", "2026-11-22", "'2026-11-22'", "\"2026-11-22\"" },
	{ "TIME", 's', "10:00", "10:00:00", "'10:00:00'", "\"10:00:00\"" },
	{ "TIME", 's', "10:00:00.5", "10:00:00.500000", "'10:00:00.500000'",
	  "\"10:00:00.500000\"" },
	{ "JSON", 's', "{ \"b\" : 1, \"a\" : [ ] }", "{\"b\":1,\"a\":[]}", "'{\"b\":1,\"a\":[]}'",
	  "\"{\\\"b\\\":1,\\\"a\\\":[]}\"" },
	{ "JSON", 'o', "{\"a\": null}", "{\"a\":null}", "'{\"a\":null}'",
	  "\"{\\\"a\\\":null}\"" },
	{ "JSON", 'a', "[1, 2.50]", "[1,2.5]", "'[1,2.5]'", "\"[1,2.5]\"" },
	{ "JSON", 'n', "5", "5", "'5'", "\"5\"" },
	{ "JSON", 'b', "TRUE", "true", "'true'", "\"true\"" },
	{ "FILE", 's', "{\"id\":\"x\"}", "{\"id\":\"x\"}", "'{\"id\":\"x\"}'",
	  "\"{\\\"id\\\":\\\"x\\\"}\"" },
	{ "BYTES", 's', "0aFF", "0aff", "X'0aff'", "\"0aff\"" },
	{ "BYTES", 's', "\\x0a", "0a", "X'0a'", "\"0a\"" },
	{ "BYTES", 's', "0x0A", "0a", "X'0a'", "\"0a\"" },
	{ "BYTES", 's', "X'0A'", "0a", "X'0a'", "\"0a\"" },
	{ "BYTES", 's', "x''", "", "X''", "\"\"" },
	{ "BYTES", 's', "", "", "X''", "\"\"" },
	{ "EMBEDDING(3)", 'a', "[1, 2.5, -0]", "[1,2.5,-0]", "'[1,2.5,-0]'", "[1,2.5,-0]" },
	{ "EMBEDDING(1)", 's', " [ 0.1 ] ", "[0.1]", "'[0.1]'", "[0.1]" },
	{ "UUID", 's', "550E8400-E29B-41D4-A716-446655440000",
	  "550e8400-e29b-41d4-a716-446655440000", "'550e8400-e29b-41d4-a716-446655440000'",
	  "\"550e8400-e29b-41d4-a716-446655440000\"" },
	{ "UUID", 's', "550e8400e29b41d4a716446655440000",
	  "550e8400-e29b-41d4-a716-446655440000", "'550e8400-e29b-41d4-a716-446655440000'",
	  "\"550e8400-e29b-41d4-a716-446655440000\"" },
};

static void assert_canonical(const char *type_text, struct literal literal, const char *wanted)
{
	struct type type = type_of(type_text);
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *out;

	if (value_canonical(&type, &literal, &arena, &out, &err))
		fail_msg("%s: %s", type_text, err.text);
	assert_string_equal(out, wanted);
	arena_free(&arena);
}

static void values_have_one_canonical_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++)
		assert_canonical(accepted[i].type, literal_of(accepted[i].form, accepted[i].text),
				 accepted[i].canonical);
}

static void a_canonical_text_is_its_own_canonical_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++)
		assert_canonical(accepted[i].type, literal_of('s', accepted[i].canonical),
				 accepted[i].canonical);
}

static void values_print_as_sql_and_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++) {
		struct type type = type_of(accepted[i].type);
		struct collector sql, json;
		char *text;

		collect(&sql);
		value_print_sql(&type, accepted[i].canonical, sql.out);
		text = text_of(&sql);
		assert_string_equal(text, accepted[i].sql);
		free(text);

		collect(&json);
		value_print_json(&type, accepted[i].canonical, json.out);
		text = text_of(&json);
		assert_string_equal(text, accepted[i].json);
		free(text);
	}
}

static const struct refused {
	const char *type;
	char form;
	const char *text;
	const char *message;
} refused[] = {
	{ "SMALLINT", 'n', "40000", "Value 40000 out of range for SMALLINT (-32,768 to 32,767)" },
	{ "SMALLINT", 's', "-32769", "Value -32769 out of range for SMALLINT (-32,768 to 32,767)" },
	{ "INT", 'n', "2147483648",
	  "Value 2147483648 out of range for INT (-2,147,483,648 to 2,147,483,647)" },
	{ "BIGINT", 'n', "9223372036854775808", "Value 9223372036854775808 out of range for BIGINT "
	  "(-9,223,372,036,854,775,808 to 9,223,372,036,854,775,807)" },
	{ "INT", 'n', "1e99999999999",
	  "Value 1e99999999999 out of range for INT (-2,147,483,648 to 2,147,483,647)" },
	{ "INT", 'n', "1.5", "Value 1.5 is not a valid INT: expected a whole number" },
	{ "INT", 's', "abc", "Value 'abc' is not a valid INT: expected a whole number" },
	{ "INT", 's', "", "Value '' is not a valid INT: expected a whole number" },
	{ "INT", 's', " 1", "Value ' 1' is not a valid INT: expected a whole number" },
	{ "INT", 'b', "TRUE", "Value TRUE is not a valid INT: expected a whole number" },
	{ "BOOLEAN", 'n', "1", "Value 1 is not a valid BOOLEAN: expected TRUE or FALSE" },
	{ "BOOLEAN", 's', "yes", "Value 'yes' is not a valid BOOLEAN: expected TRUE or FALSE" },
	{ "DOUBLE", 's', "NaN", "Value 'NaN' is not a valid DOUBLE: expected a finite number" },
	{ "DOUBLE", 's', "Infinity",
	  "Value 'Infinity' is not a valid DOUBLE: expected a finite number" },
	{ "DOUBLE", 's', "0x10", "Value '0x10' is not a valid DOUBLE: expected a finite number" },
	{ "DOUBLE", 'n', "1e400", "Value 1e400 out of range for DOUBLE (5e-324 to "
	  "1.7976931348623157e+308, either sign)" },
	{ "DOUBLE", 'n', "1e-400", "Value 1e-400 out of range for DOUBLE (5e-324 to "
	  "1.7976931348623157e+308, either sign)" },
	{ "FLOAT", 'n', "-1e39",
	  "Value -1e39 out of range for FLOAT (1.4e-45 to 3.4028235e+38, either sign)" },
	{ "DECIMAL(10, 2)", 'n', "1.234",
	  "Value '1.234' has more than 2 digits after the point for DECIMAL(10, 2)" },
	{ "DECIMAL(4, 1)", 's', "1e-2",
	  "Value '1e-2' has more than 1 digit after the point for DECIMAL(4, 1)" },
	{ "DECIMAL(10, 2)", 'n', "123456789.00", "Value 123456789.00 out of range for "
	  "DECIMAL(10, 2) (at most 8 digits before the point)" },
	{ "DECIMAL(38, 0)", 'n', "100000000000000000000000000000000000000", "Value "
	  "100000000000000000000000000000000000000 out of range for DECIMAL(38, 0) "
	  "(at most 38 digits before the point)" },
	{ "DECIMAL(38, 0)", 'n', "340282366920938463463374607431768211457", "Value "
	  "340282366920938463463374607431768211457 out of range for DECIMAL(38, 0) "
	  "(at most 38 digits before the point)" },
	{ "DECIMAL(5, 2)", 's', "x", "Value 'x' is not a valid DECIMAL: expected a number" },
	{ "TEXT", 'n', "1", "Value 1 is not a valid TEXT: expected a string in quotes" },
	{ "TEXT", 's', "\xff", "Value '\\xff' is not UTF-8, which TEXT must be" },
	{ "DATETIME", 's', "soon", "Value 'soon' is not a valid DATETIME: expected "
	  "'YYYY-MM-DDThh:mm:ss[.ffffff]' with Z or an offset like +02:00" },
	{ "DATE", 's', "2026-02-29",
	  "Value '2026-02-29' is not a valid DATE: expected 'YYYY-MM-DD'" },
	{ "TIME", 's', "25:00", "Value '25:00' is not a valid TIME: expected 'hh:mm[:ss[.ffffff]]'" },
	{ "JSON", 's', "{\"a\":1,\"a\":2}",
	  "JSON is not valid at line 1, column 8: duplicate object key near '\"a\"'" },
	{ "FILE", 's', "[1]",
	  "JSON is not valid at line 1, column 1: expected an object in braces" },
	{ "FILE", 'a', "[1]", "Value [1] is not a valid FILE: expected a JSON object" },
	{ "BYTES", 's', "abc",
	  "Value 'abc' is not a valid BYTES: expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "zz",
	  "Value 'zz' is not a valid BYTES: expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "x'0", "Value 'x'0' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "x'00", "Value 'x'00' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "xx0'", "Value 'xx0'' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "x", "Value 'x' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "/0", "Value '/0' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', ":0", "Value ':0' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "`0", "Value '`0' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "BYTES", 's', "g0", "Value 'g0' is not a valid BYTES: "
	  "expected an even number of hex digits, like X'0a1b'" },
	{ "EMBEDDING(1)", 's', "", "Value '' is not a valid EMBEDDING: expected an array of "
	  "numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 's', " ", "Value ' ' is not a valid EMBEDDING: expected an array of "
	  "numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 's', "[", "Value '[' is not a valid EMBEDDING: expected an array of "
	  "numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 's', "[ ", "Value '[ ' is not a valid EMBEDDING: expected an array of "
	  "numbers, like [1, 2.5]" },
	{ "DECIMAL(5, 2)", 'n', "-1000",
	  "Value -1000 out of range for DECIMAL(5, 2) (at most 3 digits before the point)" },
	{ "DECIMAL(3, 2)", 'n', "10",
	  "Value 10 out of range for DECIMAL(3, 2) (at most 1 digit before the point)" },
	{ "EMBEDDING(384)", 'a', "[1, 2]", "Expected 384 floats, got 2" },
	{ "EMBEDDING(1)", 'a', "[1, 2, 3]", "Expected 1 floats, got 3" },
	{ "EMBEDDING(1)", 'a', "[]", "Expected 1 floats, got 0" },
	{ "EMBEDDING(1)", 'a', "[1,]", "Value [1,] is not a valid EMBEDDING: expected an array of "
	  "numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 'a', "[NaN]", "Value [NaN] is not a valid EMBEDDING: expected an array of "
	  "numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 'a', "[\"1\"]", "Value [\"1\"] is not a valid EMBEDDING: expected an array "
	  "of numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 's', "1", "Value '1' is not a valid EMBEDDING: expected an array of "
	  "numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 's', "[1] x", "Value '[1] x' is not a valid EMBEDDING: expected an array "
	  "of numbers, like [1, 2.5]" },
	{ "EMBEDDING(1)", 'a', "[1e39]",
	  "Value 1e39 out of range for FLOAT (1.4e-45 to 3.4028235e+38, either sign)" },
	{ "UUID", 's', "550e8400-e29b-41d4-a716-44665544000", "Value "
	  "'550e8400-e29b-41d4-a716-44665544000' is not a valid UUID: expected 32 hex digits, like "
	  "'550e8400-e29b-41d4-a716-446655440000'" },
	{ "UUID", 's', "550e8400xe29b-41d4-a716-446655440000", "Value "
	  "'550e8400xe29b-41d4-a716-446655440000' is not a valid UUID: expected 32 hex digits, like "
	  "'550e8400-e29b-41d4-a716-446655440000'" },
};

static void what_is_no_value_of_its_type_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(refused); i++) {
		struct literal literal = literal_of(refused[i].form, refused[i].text);
		struct type type = type_of(refused[i].type);
		struct arena arena = { 0 };
		struct err err = ERR_INIT;
		const char *out;

		assert_int_equal(value_canonical(&type, &literal, &arena, &out, &err), -EINVAL);
		assert_err(&err, -EINVAL, refused[i].message);
		assert_int_equal(err.pos, -1);
		arena_free(&arena);
	}
}

static void null_has_no_text_and_prints_as_null(void **state)
{
	struct literal literal = { .form = LITERAL_NULL };
	struct type type = { .id = TYPE_TEXT };
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *out = "x";
	struct collector c;
	char *text;

	(void)state;
	assert_int_equal(value_canonical(&type, &literal, &arena, &out, &err), 0);
	assert_null(out);
	collect(&c);
	value_print_sql(&type, NULL, c.out);
	value_print_json(&type, NULL, c.out);
	text = text_of(&c);
	assert_string_equal(text, "NULLnull");
	free(text);
}

static void a_value_cannot_hold_nul(void **state)
{
	struct literal literal = { LITERAL_STRING, "a\0b", 3 };
	struct type type = { .id = TYPE_TEXT };
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *out;

	(void)state;
	assert_int_equal(value_canonical(&type, &literal, &arena, &out, &err), -EINVAL);
	assert_err(&err, -EINVAL, "A value of TEXT cannot hold the NUL character");
}

static void a_long_value_is_cut_in_the_message(void **state)
{
	char text[201] = { 0 };
	struct literal literal = { LITERAL_STRING, text, 200 };
	struct type type = { .id = TYPE_INT };
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *out;

	(void)state;
	memset(text, 'x', 200);
	assert_int_equal(value_canonical(&type, &literal, &arena, &out, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Value 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"
		   " is not a valid INT: expected a whole number");
}

/* The literal a statement would make of printed SQL. */
static struct literal reread(const char *sql, struct arena *arena)
{
	struct literal literal = { .form = LITERAL_NUMBER, .text = sql, .len = strlen(sql) };
	struct err err = ERR_INIT;
	struct lexer lx;

	assert_int_equal(lex_start(&lx, sql, strlen(sql), &err), 0);
	if (lx.token.kind == TOKEN_WORD)
		literal.form = LITERAL_BOOLEAN;
	if (lx.token.kind == TOKEN_STRING) {
		literal.form = LITERAL_STRING;
		literal.text = lex_content(&lx.token, arena);
		literal.len = strlen(literal.text);
	}
	return literal;
}

static void printed_sql_reads_back_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++) {
		struct arena arena = { 0 };

		assert_canonical(accepted[i].type, reread(accepted[i].sql, &arena),
				 accepted[i].canonical);
		arena_free(&arena);
	}
}

static void an_embedding_of_the_largest_dimension_fits_its_buffer(void **state)
{
	static const char number[] = "-0.000123456789";
	struct type type = { .id = TYPE_EMBEDDING, .dimension = EMBEDDING_MAX };
	char *text = malloc(EMBEDDING_MAX * sizeof(number) + 2), *to = text;
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	struct literal literal;
	const char *out;

	(void)state;
	for (unsigned i = 0; i < EMBEDDING_MAX; i++)
		to += sprintf(to, "%c%s", i ? ',' : '[', number);
	*to++ = ']';
	*to = '\0';
	literal = (struct literal){ LITERAL_ARRAY, text, (size_t)(to - text) };
	assert_int_equal(value_canonical(&type, &literal, &arena, &out, &err), 0);
	assert_int_equal(strncmp(out, "[-0.00012345679,", 16), 0);
	arena_free(&arena);
	free(text);
}

static void assert_number(uint64_t value, FILE *out, char text[NUMBER_SIZE])
{
	char expected[NUMBER_SIZE], negative[2 * NUMBER_SIZE];
	struct collector c;
	char *written;

	snprintf(expected, sizeof(expected), "%" PRIu64, value);
	assert_string_equal(number_print_unsigned(value, text), expected);
	assert_int_equal(number_width(value), strlen(expected));
	number_write(value, out);
	collect(&c);
	number_write(value, c.out);
	number_write_signed((int64_t)value, c.out);
	written = text_of(&c);
	snprintf(negative, sizeof(negative), "%s%" PRId64, expected, (int64_t)value);
	assert_string_equal(written, negative);
	free(written);
}

/* Below, at and above each power of ten and of two. */
static void whole_numbers_of_every_width(void **state)
{
	char text[NUMBER_SIZE];
	FILE *none = fopen("/dev/null", "we");
	uint64_t power = 1;

	(void)state;
	assert_non_null(none);
	setvbuf(none, NULL, _IONBF, 0);
	for (unsigned i = 0; i < 20; i++, power *= 10)
		for (uint64_t n = power - 1; n <= power + 1; n++)
			assert_number(n, none, text);
	for (unsigned i = 0; i < 64; i++)
		for (uint64_t d = 0; d < 3; d++)
			assert_number((UINT64_C(1) << i) - 1 + d, none, text);
	fclose(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_one_canonical_text),
		cmocka_unit_test(a_canonical_text_is_its_own_canonical_text),
		cmocka_unit_test(values_print_as_sql_and_json),
		cmocka_unit_test(what_is_no_value_of_its_type_is_refused),
		cmocka_unit_test(null_has_no_text_and_prints_as_null),
		cmocka_unit_test(a_value_cannot_hold_nul),
		cmocka_unit_test(a_long_value_is_cut_in_the_message),
		cmocka_unit_test(printed_sql_reads_back_the_same),
		cmocka_unit_test(an_embedding_of_the_largest_dimension_fits_its_buffer),
		cmocka_unit_test(whole_numbers_of_every_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
