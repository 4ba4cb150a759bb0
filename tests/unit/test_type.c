/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/type.h"

#include <errno.h>

#define VALID_TYPES "Valid types: BOOLEAN, INT, BIGINT, DOUBLE, FLOAT, TEXT, TIMESTAMP, DATE, " \
	"DATETIME, TIME, JSON, BYTES, EMBEDDING, UUID, DECIMAL, SMALLINT, FILE"

static const struct accepted {
	const char *text, *sql;
	bool serial;
} accepted[] = {
	{ "boolean", "BOOLEAN", false },
	{ "Bool", "BOOLEAN", false },
	{ "INT", "INT", false },
	{ "integer", "INT", false },
	{ "INT4", "INT", false },
	{ "MEDIUMINT", "INT", false },
	{ "SIGNED", "INT", false },
	{ "SERIAL", "INT", true },
	{ "serial4", "INT", true },
	{ "BIGINT", "BIGINT", false },
	{ "INT8", "BIGINT", false },
	{ "INT64", "BIGINT", false },
	{ "BIGSERIAL", "BIGINT", true },
	{ "SERIAL8", "BIGINT", true },
	{ "DOUBLE", "DOUBLE", false },
	{ "double precision", "DOUBLE", false },
	{ "FLOAT8", "DOUBLE", false },
	{ "FLOAT64", "DOUBLE", false },
	{ "FLOAT", "FLOAT", false },
	{ "REAL", "FLOAT", false },
	{ "FLOAT4", "FLOAT", false },
	{ "TEXT", "TEXT", false },
	{ "STRING", "TEXT", false },
	{ "CHAR(10)", "TEXT", false },
	{ "CHARACTER", "TEXT", false },
	{ "character varying ( 20 )", "TEXT", false },
	{ "VARCHAR", "TEXT", false },
	{ "VARCHAR(255)", "TEXT", false },
	{ "NVARCHAR(1)", "TEXT", false },
	{ "CLOB", "TEXT", false },
	{ "LongText", "TEXT", false },
	{ "mystring", "TEXT", false },
	{ "TIMESTAMP", "TIMESTAMP", false },
	{ "TIMESTAMP(6)", "TIMESTAMP", false },
	{ "TIMESTAMP WITH TIME ZONE", "TIMESTAMP", false },
	{ "timestamp(3) without time zone", "TIMESTAMP", false },
	{ "TIMESTAMPTZ", "TIMESTAMP", false },
	{ "DATE", "DATE", false },
	{ "DATETIME", "DATETIME", false },
	{ "TIME", "TIME", false },
	{ "TIME(6) WITHOUT TIME ZONE", "TIME", false },
	{ "JSON", "JSON", false },
	{ "JSONB", "JSON", false },
	{ "BYTES", "BYTES", false },
	{ "BYTEA", "BYTES", false },
	{ "BINARY(16)", "BYTES", false },
	{ "VARBINARY(16)", "BYTES", false },
	{ "BLOB", "BYTES", false },
	{ "EMBEDDING(1)", "EMBEDDING(1)", false },
	{ "EMBEDDING(8192)", "EMBEDDING(8192)", false },
	{ "UUID", "UUID", false },
	{ "DECIMAL", "DECIMAL(38, 10)", false },
	{ "DECIMAL(7)", "DECIMAL(7, 0)", false },
	{ "NUMERIC(10,2)", "DECIMAL(10, 2)", false },
	{ "dec(38, 38)", "DECIMAL(38, 38)", false },
	{ "SMALLINT", "SMALLINT", false },
	{ "INT2", "SMALLINT", false },
	{ "SMALLSERIAL", "SMALLINT", true },
	{ "SERIAL2", "SMALLINT", true },
	{ "FILE", "FILE", false },
};

static void accepts_every_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++) {
		struct err err = ERR_INIT;
		char sql[TYPE_SQL_SIZE];
		struct type type;
		struct lexer lx;
		bool serial;

		assert_int_equal(lex_start(&lx, accepted[i].text, strlen(accepted[i].text), &err),
				 0);
		assert_int_equal(type_parse(&lx, &type, &serial, &err), 0);
		assert_string_equal(type_sql(&type, sql), accepted[i].sql);
		assert_int_equal(serial, accepted[i].serial);
		assert_int_equal(lx.token.kind, TOKEN_END);
	}
}

#define BLANKS "                                        "
#define LETTERS "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"	/* 40 */
#define NOT_CLOSED "String is not closed: \"'\" is missing"

static const struct refused {
	const char *text, *message;
} refused[] = {
	{ "INTT", "Unsupported type 'INTT'. " VALID_TYPES ". Did you mean INT?" },
	{ "varcha(10)", "Unsupported type 'varcha'. " VALID_TYPES ". Did you mean VARCHAR?" },
	{ "FOO", "Unsupported type 'FOO'. " VALID_TYPES },
	{ "TINYINT", "Unsupported type 'TINYINT'. " VALID_TYPES },
	{ "INTERVAL", "Unsupported type 'INTERVAL'. " VALID_TYPES },
	{ "INT[]", "Unsupported type 'INT[]'. " VALID_TYPES },
	{ "TEXT[3]", "Unsupported type 'TEXT['. " VALID_TYPES },
	{ "INT UNSIGNED", "Unsupported type 'INT UNSIGNED'. " VALID_TYPES },
	{ "ARRAY<INT>", "Unsupported type 'ARRAY'. " VALID_TYPES },
	{ "ENUM('a')", "Unsupported type 'ENUM'. " VALID_TYPES },
	{ "SET('a')", "Unsupported type 'SET'. " VALID_TYPES },
	{ "STRUCT<a INT>", "Unsupported type 'STRUCT'. " VALID_TYPES },
	{ "\"INT\"", "Unsupported type '\"INT\"'. " VALID_TYPES ". Did you mean INT?" },
	{ "EMBEDDING", "EMBEDDING type requires dimension parameter" },
	{ "EMBEDDING()", "EMBEDDING type requires dimension parameter" },
	{ "EMBEDDING(0)", "EMBEDDING dimension must be between 1 and 8192, got: 0" },
	{ "EMBEDDING(8193)", "EMBEDDING dimension must be between 1 and 8192, got: 8193" },
	{ "EMBEDDING(-1)", "EMBEDDING dimension must be between 1 and 8192, got: -1" },
	{ "EMBEDDING(65537)", "EMBEDDING dimension must be between 1 and 8192, got: 65537" },
	{ "EMBEDDING(4294967680)",
	  "EMBEDDING dimension must be between 1 and 8192, got: 4294967680" },
	{ "EMBEDDING(18446744073709552000)",
	  "EMBEDDING dimension must be between 1 and 8192, got: 18446744073709552000" },
	{ "EMBEDDING(x)", "EMBEDDING dimension must be a positive integer, got 'x'" },
	{ "EMBEDDING(1.5)", "EMBEDDING dimension must be a positive integer, got '1.5'" },
	{ "EMBEDDING(1,2)",
	  "EMBEDDING type requires exactly one dimension parameter, e.g., EMBEDDING(384)" },
	{ "DECIMAL(0,0)", "DECIMAL precision must be between 1 and 38" },
	{ "DECIMAL(39,2)", "DECIMAL precision must be between 1 and 38" },
	{ "DECIMAL(266,2)", "DECIMAL precision must be between 1 and 38" },
	{ "DECIMAL(-10,2)", "DECIMAL precision must be between 1 and 38" },
	{ "DECIMAL(a,2)", "DECIMAL precision must be between 1 and 38" },
	{ "DECIMAL(10,11)", "DECIMAL scale (11) cannot exceed precision (10)" },
	{ "DECIMAL(10,258)", "DECIMAL scale (258) cannot exceed precision (10)" },
	{ "DECIMAL(10,-1)",
	  "DECIMAL scale must be a whole number from 0 to the precision, got '-1'" },
	{ "DECIMAL()", "DECIMAL type requires precision and scale parameters" },
	{ "DECIMAL(1,2,3)", "DECIMAL takes two parameters, precision and scale, got 3" },
	{ "VARCHAR(0)", "VARCHAR length must be a positive integer, got '0'" },
	{ "VARCHAR(max)", "VARCHAR length must be a positive integer, got 'max'" },
	{ "VARCHAR()", "VARCHAR takes one parameter in parentheses, got 0" },
	{ "TIMESTAMP(10)", "TIMESTAMP precision must be between 0 and 9, got '10'" },
	{ "INT(11)", "INT takes no parameters: write INT" },
	{ "UUID()", "UUID takes no parameters: write UUID" },
	{ "DECIMAL(10", "Expected ')' after the parameters of DECIMAL" },
	{ "DECIMAL(10,", "Expected a number as parameter of the type" },
	{ "TIMESTAMP WITH TIME", "Expected ZONE after TIME" },
	{ "", "Expected a data type, found the end of the text" },
	{ "(", "Expected a data type, found '('" },
	{ "INT INT", "Expected nothing after type INT, found 'INT'" },
	{ "TIME WITH TIME ZONE", "Expected nothing after type TIME, found 'WITH'" },
	{ "SERIAL", "'SERIAL' is a type with a default: write INT and the default SNOWFLAKE_ID()" },
	{ "SERIAL" BLANKS, "'SERIAL                                  ' is a type with a default: write INT "
	  "and the default SNOWFLAKE_ID()" },
	{ "INT " LETTERS "yz", "Expected nothing after type INT, found '" LETTERS "'" },
	{ LETTERS LETTERS, "Unsupported type '" LETTERS "abcdefghijklmnopqrstuvwx'. " VALID_TYPES },
	{ "INT ZEROFILL", "Unsupported type 'INT ZEROFILL'. " VALID_TYPES },
	{ "INT[1", "Unsupported type 'INT['. " VALID_TYPES },
	{ "INT['a", "Unsupported type 'INT['. " VALID_TYPES },
	{ "DECIMAL(1,2,3,4)", "DECIMAL takes two parameters, precision and scale, got 4" },
	{ "VARCHAR(+)", "Expected a number as parameter of the type" },
	{ "VARCHAR(,", "Expected a number as parameter of the type" },
	{ "'a", NOT_CLOSED },
	{ "INT 'a", NOT_CLOSED },
	{ "DOUBLE PRECISION 'a", NOT_CLOSED },
	{ "DECIMAL('a", NOT_CLOSED },
	{ "DECIMAL(-'a", NOT_CLOSED },
	{ "DECIMAL(1 'a", NOT_CLOSED },
	{ "DECIMAL(1,'a", NOT_CLOSED },
	{ "TIMESTAMP WITH 'a", NOT_CLOSED },
	{ "TIMESTAMP WITH TIME 'a", NOT_CLOSED },
};

static void refuses_the_rest_and_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(refused); i++) {
		struct type type = { .id = TYPE_FILE };
		struct err err = ERR_INIT;

		assert_int_equal(type_parse_text(refused[i].text, strlen(refused[i].text), &type,
						 &err), -EINVAL);
		assert_err(&err, -EINVAL, refused[i].message);
		assert_int_equal(type.id, TYPE_FILE);
	}
}

static void an_unsupported_type_is_a_parse_error_at_its_word(void **state)
{
	struct err err = ERR_INIT;
	struct type type;

	(void)state;
	assert_int_equal(type_parse_text("  INTT", 6, &type, &err), -EINVAL);
	assert_int_equal(err.pos, 2);
	assert_int_equal(err.kind, ERR_PARSE);

	err_clear(&err);
	assert_int_equal(type_parse_text("  DECIMAL(0)", 12, &type, &err), -EINVAL);
	assert_int_equal(err.pos, 2);
	assert_int_equal(err.kind, ERR_RULE);
}

static void a_type_leaves_the_words_behind_it_alone(void **state)
{
	static const char *const texts[] = {
		"INT NOT NULL", "TIMESTAMP WITH (a = 1)", "TIMESTAMP NOT", "DOUBLE NOT", "TIME WITH x",
		"CHAR NOT", "DECIMAL NOT",
	};

	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		struct err err = ERR_INIT;
		struct type type;
		struct lexer lx;

		assert_int_equal(lex_start(&lx, texts[i], strlen(texts[i]), &err), 0);
		assert_int_equal(type_parse(&lx, &type, NULL, &err), 0);
		assert_true(lex_is_word(&lx, "NOT") || lex_is_word(&lx, "WITH"));
	}
}

static struct type type_of(const char *text)
{
	struct err err = ERR_INIT;
	struct type type;

	assert_int_equal(type_parse_text(text, strlen(text), &type, &err), 0);
	return type;
}

static const struct {
	const char *from, *to;
	bool widens;
} widenings[] = {
	{ "SMALLINT", "INT", true },
	{ "SMALLINT", "BIGINT", true },
	{ "INT", "BIGINT", true },
	{ "FLOAT", "DOUBLE", true },
	{ "TEXT", "TEXT", true },
	{ "DECIMAL(10, 2)", "DECIMAL(11, 3)", true },
	{ "DECIMAL(10, 2)", "DECIMAL(12, 2)", true },
	{ "DECIMAL(10, 2)", "DECIMAL(12, 4)", true },
	{ "DECIMAL(10, 2)", "DECIMAL(11, 4)", false },
	{ "DECIMAL(10, 2)", "DECIMAL(38, 1)", false },
	{ "DECIMAL(10, 2)", "DECIMAL(9, 2)", false },
	{ "BIGINT", "INT", false },
	{ "INT", "SMALLINT", false },
	{ "INT", "DOUBLE", false },
	{ "DOUBLE", "FLOAT", false },
	{ "EMBEDDING(3)", "EMBEDDING(4)", false },
	{ "TIMESTAMP", "DATETIME", false },
	{ "TEXT", "JSON", false },
};

static void only_types_that_keep_every_value_are_wider(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(widenings); i++) {
		struct type from = type_of(widenings[i].from), to = type_of(widenings[i].to);

		assert_int_equal(type_widens(&from, &to), widenings[i].widens);
	}
}

static void every_type_survives_its_wire_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(accepted); i++) {
		struct type type, back = { 0 };
		struct buf buf = { 0 };
		struct reader r;

		if (accepted[i].serial)
			continue;
		type = type_of(accepted[i].text);
		type_encode(&type, &buf);
		r = (struct reader){ .at = buf.at, .len = buf.len };
		assert_int_equal(type_decode(&r, &back), 0);
		assert_true(type_equal(&type, &back));
		assert_int_equal(r.len, 0);
		buf_free(&buf);
	}
}

static void the_wire_form_is_tag_and_parameters(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		uint8_t bytes[5];
	} rows[] = {
		{ "BOOLEAN", 1, { 0x01 } },
		{ "FILE", 1, { 0x11 } },
		{ "EMBEDDING(384)", 5, { 0x0d, 0x80, 0x01, 0x00, 0x00 } },
		{ "DECIMAL(10, 2)", 3, { 0x0f, 0x0a, 0x02 } },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct type type = type_of(rows[i].text);
		struct buf buf = { 0 };

		type_encode(&type, &buf);
		assert_int_equal(buf.len, rows[i].len);
		assert_memory_equal(buf.at, rows[i].bytes, buf.len);
		buf_free(&buf);
	}
}

static void bad_wire_forms_are_refused(void **state)
{
	static const struct {
		size_t len;
		uint8_t bytes[5];
	} rows[] = {
		{ 0, { 0 } },
		{ 1, { 0x00 } },
		{ 1, { 0x12 } },
		{ 1, { 0xff } },
		{ 4, { 0x0d, 0x80, 0x01, 0x00 } },
		{ 5, { 0x0d, 0x00, 0x00, 0x00, 0x00 } },
		{ 5, { 0x0d, 0x01, 0x20, 0x00, 0x00 } },
		{ 5, { 0x0d, 0x80, 0x01, 0x01, 0x00 } },
		{ 2, { 0x0f, 0x0a } },
		{ 3, { 0x0f, 0x00, 0x00 } },
		{ 3, { 0x0f, 0x27, 0x00 } },
		{ 3, { 0x0f, 0x0a, 0x0b } },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct reader r = { .at = rows[i].bytes, .len = rows[i].len };
		struct type type = { .id = TYPE_FILE };

		assert_int_equal(type_decode(&r, &type), -EINVAL);
		assert_true(r.failed);
		assert_int_equal(type.id, TYPE_FILE);
	}
}

static void kalamdb_json_is_printed_and_read_back(void **state)
{
	static const struct {
		const char *sql, *json;
	} rows[] = {
		{ "BIGINT", "\"BigInt\"" },
		{ "SMALLINT", "\"SmallInt\"" },
		{ "DATETIME", "\"DateTime\"" },
		{ "DATE", "\"Date\"" },
		{ "JSON", "\"Json\"" },
		{ "UUID", "\"Uuid\"" },
		{ "EMBEDDING(384)", "{\"Embedding\":384}" },
		{ "DECIMAL(10, 2)", "{\"Decimal\":{\"precision\":10,\"scale\":2}}" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct type type = type_of(rows[i].sql), back;
		struct collector c;
		char *json;

		collect(&c);
		type_print_kalam_json(&type, c.out);
		json = text_of(&c);
		assert_string_equal(json, rows[i].json);
		assert_int_equal(type_parse_kalam_json(json, &back), 0);
		assert_true(type_equal(&type, &back));
		free(json);
	}
}

static void kalamdb_json_may_be_spaced_but_must_be_whole(void **state)
{
	static const char *const bad[] = {
		"", "BigInt", "\"BIGINT\"", "\"BigInt\" x", "\"Embedding\"", "\"Decimal\"", "\"BigInt",
		"{\"Embedding\":0}", "{\"Embedding\":8193}", "{\"Embedding\":-1}", "{\"Embedding\":}",
		"{\"Embedding\":384", "{\"Embedding\":99999999999}", "{}", "{\"BigInt\":1}",
		"{\"Decimal\":{\"precision\":266,\"scale\":2}}", "{\"Decimal\":{\"precision\":10}}",
		"{\"Decimal\":{\"precision\":10,\"scale\":11}}", "{\"Decimal\":{}}",
		"{\"Decimal\":{\"scale\"}}", "{\"Decimal\":{\"scale\":}}", "{\"Decimal\":{\"scale\":100,",
		"{\"Decimal\":{\"scale\":2}}",
	};
	struct type type;

	(void)state;
	assert_int_equal(type_parse_kalam_json(" { \"Embedding\" : 384 }\n", &type), 0);
	assert_int_equal(type.dimension, 384);
	assert_int_equal(type_parse_kalam_json("{\"Decimal\":{\"scale\":2,\"precision\":10}}", &type),
			 0);
	assert_int_equal(type.precision, 10);
	assert_int_equal(type.scale, 2);
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(type_parse_kalam_json(bad[i], &type), -EINVAL);
}

static void assert_document(enum type_id id, const char *wanted)
{
	struct collector c;
	char *text;

	collect(&c);
	type_print_document(id, c.out);
	text = text_of(&c);
	assert_string_equal(text, wanted);
	free(text);
}

static void a_document_has_the_keys_of_the_design_in_their_order(void **state)
{
	(void)state;
	assert_document(TYPE_DECIMAL, "{\n"
			"  \"type\": \"DECIMAL\",\n"
			"  \"wire_tag\": 15,\n"
			"  \"wire_tag_hex\": \"0x0F\",\n"
			"  \"sql_spellings\": [\n"
			"    \"DECIMAL\",\n"
			"    \"NUMERIC\",\n"
			"    \"DEC\"\n"
			"  ],\n"
			"  \"parameters\": [\n"
			"    {\n"
			"      \"name\": \"precision\",\n"
			"      \"min\": 1,\n"
			"      \"max\": 38,\n"
			"      \"default\": 38\n"
			"    },\n"
			"    {\n"
			"      \"name\": \"scale\",\n"
			"      \"min\": 0,\n"
			"      \"max\": 38,\n"
			"      \"default\": 10\n"
			"    }\n"
			"  ],\n"
			"  \"notes\": \"scale <= precision; DECIMAL(p) has scale 0\",\n"
			"  \"arrow_type\": \"Decimal128(p, s)\",\n"
			"  \"widens_to\": [\n"
			"    \"DECIMAL\"\n"
			"  ],\n"
			"  \"example\": \"DECIMAL(10, 2)\"\n"
			"}\n");
	assert_document(TYPE_BOOLEAN, "{\n"
			"  \"type\": \"BOOLEAN\",\n"
			"  \"wire_tag\": 1,\n"
			"  \"wire_tag_hex\": \"0x01\",\n"
			"  \"sql_spellings\": [\n"
			"    \"BOOLEAN\",\n"
			"    \"BOOL\"\n"
			"  ],\n"
			"  \"parameters\": [],\n"
			"  \"notes\": null,\n"
			"  \"arrow_type\": \"Boolean\",\n"
			"  \"widens_to\": [],\n"
			"  \"example\": \"BOOLEAN\"\n"
			"}\n");
}

static void numbers_have_digits_as_sql_counts_them(void **state)
{
	static const struct {
		struct type type;
		unsigned precision;
		int scale;
	} numbers[] = {
		{ { .id = TYPE_SMALLINT }, 16, 0 },
		{ { .id = TYPE_INT }, 32, 0 },
		{ { .id = TYPE_BIGINT }, 64, 0 },
		{ { .id = TYPE_FLOAT }, 24, -1 },
		{ { .id = TYPE_DOUBLE }, 53, -1 },
		{ { .id = TYPE_DECIMAL, .precision = 38, .scale = 10 }, 38, 10 },
		{ { .id = TYPE_DECIMAL, .precision = 5 }, 5, 0 },
	};
	unsigned precision, others = 0;
	int scale;

	(void)state;
	for (size_t i = 0; i < countof(numbers); i++) {
		assert_true(type_digits(&numbers[i].type, &precision, &scale));
		assert_int_equal(precision, numbers[i].precision);
		assert_int_equal(scale, numbers[i].scale);
	}
	for (enum type_id id = TYPE_BOOLEAN; id < TYPE_ID_END; id++)
		others += !type_digits(&(struct type){ .id = id, .precision = 1 }, &precision, &scale);
	assert_int_equal(others, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_every_spelling),
		cmocka_unit_test(refuses_the_rest_and_says_why),
		cmocka_unit_test(an_unsupported_type_is_a_parse_error_at_its_word),
		cmocka_unit_test(a_type_leaves_the_words_behind_it_alone),
		cmocka_unit_test(only_types_that_keep_every_value_are_wider),
		cmocka_unit_test(numbers_have_digits_as_sql_counts_them),
		cmocka_unit_test(every_type_survives_its_wire_form),
		cmocka_unit_test(the_wire_form_is_tag_and_parameters),
		cmocka_unit_test(bad_wire_forms_are_refused),
		cmocka_unit_test(kalamdb_json_is_printed_and_read_back),
		cmocka_unit_test(kalamdb_json_may_be_spaced_but_must_be_whole),
		cmocka_unit_test(a_document_has_the_keys_of_the_design_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
