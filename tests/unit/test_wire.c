/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "catalog/value.h"

#include <errno.h>

static struct type type_of(const char *text)
{
	struct err err = ERR_INIT;
	struct type type;

	assert_int_equal(type_parse_text(text, strlen(text), &type, &err), 0);
	return type;
}

static char *hex_of(const uint8_t *bytes, size_t len)
{
	struct collector c;

	collect(&c);
	for (size_t i = 0; i < len; i++)
		fprintf(c.out, "%s%02X", i ? " " : "", bytes[i]);
	return text_of(&c);
}

/* Bytes of "02 2A 00": owned by the caller, exactly as long as they are many. */
static uint8_t *bytes_of(const char *hex, size_t *len)
{
	uint8_t *bytes;

	*len = (strlen(hex) + 1) / 3;
	bytes = malloc(*len ? *len : 1);
	for (size_t i = 0; i < *len; i++)
		bytes[i] = (uint8_t)strtoul(hex + 3 * i, NULL, 16);
	return bytes;
}

static const struct row {
	const char *type, *text, *hex;
} rows[] = {
	{ "BOOLEAN", "true", "01 01" },
	{ "BOOLEAN", "false", "01 00" },
	{ "INT", "42", "02 2A 00 00 00" },
	{ "INT", "-2147483648", "02 00 00 00 80" },
	{ "BIGINT", "-2", "03 FE FF FF FF FF FF FF FF" },
	{ "BIGINT", "9223372036854775807", "03 FF FF FF FF FF FF FF 7F" },
	{ "DOUBLE", "1", "04 00 00 00 00 00 00 F0 3F" },
	{ "DOUBLE", "-0", "04 00 00 00 00 00 00 00 80" },
	{ "DOUBLE", "0.1", "04 9A 99 99 99 99 99 B9 3F" },
	{ "FLOAT", "2.5", "05 00 00 20 40" },
	{ "TEXT", "hi", "06 02 00 00 00 68 69" },
	{ "TEXT", "", "06 00 00 00 00" },
	{ "TIMESTAMP", "1970-01-01T00:00:01.000000", "07 40 42 0F 00 00 00 00 00" },
	{ "DATE", "1970-01-02", "08 01 00 00 00" },
	{ "DATE", "1969-12-31", "08 FF FF FF FF" },
	{ "DATETIME", "1969-12-31T23:59:59.999999Z", "09 FF FF FF FF FF FF FF FF" },
	{ "TIME", "00:00:01", "0A 40 42 0F 00 00 00 00 00" },
	{ "TIME", "00:00:00.000001", "0A 01 00 00 00 00 00 00 00" },
	{ "JSON", "{\"a\":1}", "0B 07 00 00 00 7B 22 61 22 3A 31 7D" },
	{ "BYTES", "0aff", "0C 02 00 00 00 0A FF" },
	{ "EMBEDDING(3)", "[1,2.5,-0]", "0D 03 00 00 00 00 00 80 3F 00 00 20 40 00 00 00 80" },
	{ "UUID", "550e8400-e29b-41d4-a716-446655440000",
	  "0E 55 0E 84 00 E2 9B 41 D4 A7 16 44 66 55 44 00 00" },
	{ "DECIMAL(10, 2)", "-0.50", "0F 0A 02 CE FF FF FF FF FF FF FF FF FF FF FF FF FF FF FF" },
	{ "DECIMAL(10, 2)", "1234.56",
	  "0F 0A 02 40 E2 01 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "DECIMAL(38, 0)", "99999999999999999999999999999999999999",
	  "0F 26 00 FF FF FF FF 3F 22 8A 09 7A C4 86 5A A8 4C 3B 4B" },
	{ "DECIMAL(38, 0)", "-99999999999999999999999999999999999999",
	  "0F 26 00 01 00 00 00 C0 DD 75 F6 85 3B 79 A5 57 B3 C4 B4" },
	{ "SMALLINT", "-32768", "10 00 80" },
	{ "FILE", "{}", "11 02 00 00 00 7B 7D" },
};

static void values_have_the_bytes_of_the_design(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct type type = type_of(rows[i].type);
		struct err err = ERR_INIT;
		struct buf buf = { 0 };
		char *hex;

		assert_int_equal(value_encode(&type, rows[i].text, &buf, &err), 0);
		hex = hex_of(buf.at, buf.len);
		assert_string_equal(hex, rows[i].hex);
		free(hex);
		buf_free(&buf);
	}
}

static void bytes_give_back_type_and_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct type wanted = type_of(rows[i].type), type;
		struct arena arena = { 0 };
		struct err err = ERR_INIT;
		size_t len;
		uint8_t *bytes = bytes_of(rows[i].hex, &len);
		struct reader r = { .at = bytes, .len = len };
		const char *text;

		assert_int_equal(value_decode(&r, &type, &arena, &text, &err), 0);
		assert_true(type_equal(&type, &wanted));
		assert_string_equal(text, rows[i].text);
		assert_int_equal(r.len, 0);
		arena_free(&arena);
		free(bytes);
	}
}

static void a_buffer_that_has_failed_takes_no_value(void **state)
{
	struct type type = type_of("INT");
	struct buf buf = { .failed = true };
	struct reader r = { .at = (const uint8_t *)"\x02", .len = 1, .failed = true };
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	const char *text;

	(void)state;
	assert_int_equal(value_encode(&type, "1", &buf, &err), -ENOMEM);
	assert_int_equal(buf.len, 0);
	err_clear(&err);
	assert_int_equal(value_decode(&r, &type, &arena, &text, &err), -EINVAL);
	assert_err(&err, -EINVAL, "Unexpected end of data");
	buf_free(&buf);
	arena_free(&arena);
}

static void bytes_that_end_early_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		size_t len;
		uint8_t *bytes = bytes_of(rows[i].hex, &len);

		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);
			struct reader r = { .at = exact, .len = cut };
			struct arena arena = { 0 };
			struct err err = ERR_INIT;
			struct type type;
			const char *text;

			memcpy(exact, bytes, cut);
			assert_int_equal(value_decode(&r, &type, &arena, &text, &err), -EINVAL);
			assert_err(&err, -EINVAL, "Unexpected end of data");
			arena_free(&arena);
			free(exact);
		}
		free(bytes);
	}
}

static const struct {
	const char *hex, *message;
} refused[] = {
	{ "00", "Unknown type tag: 0x00" },
	{ "12", "Unknown type tag: 0x12" },
	{ "01 02", "Byte 0x02 is not a BOOLEAN: expected 0 or 1" },
	{ "04 00 00 00 00 00 00 F0 7F", "NaN and infinity are not values of DOUBLE" },
	{ "05 00 00 C0 7F", "NaN and infinity are not values of FLOAT" },
	{ "06 01 00 00 00 FF", "Value '\\xff' is not UTF-8, which TEXT must be" },
	{ "06 01 00 00 00 00", "A value of TEXT cannot hold the NUL character" },
	{ "06 FF FF FF FF 00", "Unexpected end of data" },
	{ "08 FF FF FF 7F",
	  "Value '5881580-07-11' is not a valid DATE: expected 'YYYY-MM-DD'" },
	{ "0A 00 60 D7 1D 14 00 00 00", "86400000000 microseconds are not a TIME of one day" },
	{ "0A FF FF FF FF FF FF FF FF", "-1 microseconds are not a TIME of one day" },
	{ "0B 03 00 00 00 5B 20 5D", "JSON value is not in its compact form" },
	{ "11 02 00 00 00 5B 5D",
	  "JSON is not valid at line 1, column 1: expected an object in braces" },
	{ "0D 00 00 00 00", "EMBEDDING dimension must be between 1 and 8192, got: 0" },
	{ "0D 01 20 00 00", "EMBEDDING dimension must be between 1 and 8192, got: 8193" },
	{ "0D 01 00 00 00 00 00 80 7F", "NaN and infinity are not values of FLOAT" },
	{ "0F 00 00 00", "DECIMAL(0, 0) is not a type: precision is 1 to 38, scale at most the "
	  "precision" },
	{ "0F 01 00 0A 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
	  "The digits do not fit DECIMAL(1, 0)" },
	{ "0F 26 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80",
	  "The digits do not fit DECIMAL(38, 0)" },
};

static void bytes_no_value_has_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(refused); i++) {
		size_t len;
		uint8_t *bytes = bytes_of(refused[i].hex, &len);
		struct reader r = { .at = bytes, .len = len };
		struct arena arena = { 0 };
		struct err err = ERR_INIT;
		struct type type = { .id = TYPE_FILE };
		const char *text = "untouched";

		assert_int_equal(value_decode(&r, &type, &arena, &text, &err), -EINVAL);
		assert_err(&err, -EINVAL, refused[i].message);
		assert_string_equal(text, "untouched");
		assert_int_equal(type.id, TYPE_FILE);
		arena_free(&arena);
		free(bytes);
	}
}

static void assert_not_encoded(const char *type_text, const char *text, const char *message)
{
	struct type type = type_of(type_text);
	struct err err = ERR_INIT;
	struct buf buf = { 0 };

	assert_int_equal(value_encode(&type, text, &buf, &err), -EINVAL);
	assert_err(&err, -EINVAL, message);
	assert_int_equal(buf.len, 0);
	buf_free(&buf);
}

static void only_canonical_texts_are_encoded(void **state)
{
	(void)state;
	assert_not_encoded("INT", NULL, "NULL has no wire form");
	assert_not_encoded("INT", "007", "Text '007' is not the canonical form of INT");
	assert_not_encoded("EMBEDDING(1)", "[1,2]", "Expected 1 floats, got 2");
	assert_not_encoded("SMALLINT", "40000",
			   "Value 40000 out of range for SMALLINT (-32,768 to 32,767)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_have_the_bytes_of_the_design),
		cmocka_unit_test(bytes_give_back_type_and_text),
		cmocka_unit_test(bytes_that_end_early_are_refused),
		cmocka_unit_test(a_buffer_that_has_failed_takes_no_value),
		cmocka_unit_test(bytes_no_value_has_are_refused),
		cmocka_unit_test(only_canonical_texts_are_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
