/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small texts: names, points in time, types and values.  What is accepted
 * has one form, which is accepted again and means the same.
 *
 * Input: a letter (the cases of `tries`), then the text; a value has five
 * bytes for its type and literal form before it.
 */
#include "tests/fuzz/fuzz.h"

#include "base/name.h"
#include "base/stamp.h"
#include "catalog/ddl.h"
#include "catalog/json.h"
#include "catalog/number.h"
#include "catalog/value.h"

#include <errno.h>

#define DAY_US INT64_C(86400000000)

static void check_plain(enum name_kind kind, const char *name, size_t len)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	assert(len && len <= NAME_MAX_BYTES && len == strlen(name));
	assert(strspn(name, allowed) == len && name[0] != '_' && name[0] != '-');
	if (kind != NAME_STORAGE)
		assert(!name_is_keyword(name, len) && name[0] > '9' && !strchr(name, '-'));
}

static void try_name_kind(enum name_kind kind, const char *text, size_t len)
{
	char folded[NAME_SIZE], again[NAME_SIZE];
	struct err err = ERR_INIT;
	int exact = name_check_exact(kind, text, len, &err), rc;

	if (exact)
		check_refusal(exact, &err, len);
	err_clear(&err);
	rc = name_fold(text, len, 3, folded, &err);
	if (rc) {
		assert(rc == -ENAMETOOLONG && err.pos == 3 && exact);
		return;
	}
	rc = name_fold(folded, len, -1, again, NULL);
	assert(!rc && !memcmp(folded, again, len + 1));
	rc = memchr(text, '\0', len) ? -EINVAL : name_check(kind, folded, -1, NULL);
	if (!rc)
		check_plain(kind, folded, len);
	assert(!exact == (!rc && !memcmp(folded, text, len)));
}

static void try_name(const char *text, size_t len)
{
	static const char *const candidates[] = { "", "a", "messages", "BIGINT", "column_name" };
	const char *nearest = name_nearest(text, len, candidates, countof(candidates));
	bool is_one = !nearest;

	for (enum name_kind kind = NAME_NAMESPACE; kind <= NAME_STORAGE; kind++)
		try_name_kind(kind, text, len);
	for (size_t i = 0; i < countof(candidates); i++)
		is_one |= nearest == candidates[i];
	assert(is_one);
}

static void check_stamp(int64_t us)
{
	char text[STAMP_SIZE];
	int64_t back;

	assert(stamp_format(us, text) == text && strlen(text) < STAMP_SIZE);
	assert(!stamp_parse(text, strlen(text), false, &back) && back == us);
}

static void try_stamp(const char *text, size_t len)
{
	int64_t strict, us;
	int rc = stamp_parse(text, len, false, &strict);

	if (stamp_parse(text, len, true, &us)) {
		assert(rc == -EINVAL);
		return;
	}
	assert(rc || us == strict);
	check_stamp(us);
}

/* Eight bytes are any point in time, those included that no text can say. */
static void try_stamp_number(const char *text, size_t len)
{
	char shown[STAMP_SIZE];
	int64_t us = 0, year;
	unsigned month, day;

	memcpy(&us, text, len < sizeof(us) ? len : sizeof(us));
	stamp_format(us, shown);
	assert(strlen(shown) < STAMP_SIZE && shown[strlen(shown) - 1] == 'Z');
	stamp_civil(us / DAY_US - (us % DAY_US < 0), &year, &month, &day);
	assert(month >= 1 && month <= 12 && day >= 1 && day <= 31);
	if (year >= 1 && year <= 9999)
		check_stamp(us);
}

static void try_date(const char *text, size_t len)
{
	char shown[40];
	unsigned month, day;
	int64_t year;
	int32_t days;

	if (stamp_parse_date(text, len, &days))
		return;
	stamp_civil(days, &year, &month, &day);
	snprintf(shown, sizeof(shown), "%04d-%02u-%02u", (int)year, month, day);
	assert(strlen(shown) == len && !memcmp(shown, text, len));
}

static void try_time(const char *text, size_t len)
{
	int64_t us;

	if (!stamp_parse_time(text, len, &us))
		assert(us >= 0 && us < DAY_US);
}

/* All forms of a type lead back to it. */
static void check_type_forms(const struct type *type)
{
	char sql[TYPE_SQL_SIZE];
	struct type back;
	struct printed json;
	struct buf bytes = { 0 };
	struct reader reader;
	int rc = type_parse_text(type_sql(type, sql), strlen(sql), &back, NULL);

	assert(!rc && type_equal(type, &back) && type_widens(type, &back));
	type_encode(type, &bytes);
	reader = (struct reader){ .at = bytes.at, .len = bytes.len };
	rc = type_decode(&reader, &back);
	assert(!rc && !reader.len && type_equal(type, &back));
	printed_open(&json);
	type_print_kalam_json(type, json.out);
	printed_close(&json);
	rc = type_parse_kalam_json(json.text, &back);
	assert(!rc && type_equal(type, &back));
	free(json.text);
	buf_free(&bytes);
}

static void try_type(const char *text, size_t len)
{
	struct err err = ERR_INIT;
	struct type type;
	int rc = type_parse_text(text, len, &type, &err);

	if (rc)
		check_refusal(rc, &err, len);
	else
		check_type_forms(&type);
}

static void try_type_json(const char *text, size_t len)
{
	char *json = text_copy(text, len);
	struct type type;

	if (!type_parse_kalam_json(json, &type))
		check_type_forms(&type);
	free(json);
}

static void try_type_bytes(const char *text, size_t len)
{
	struct reader reader = { .at = (const uint8_t *)text, .len = len };
	struct buf bytes = { 0 };
	struct type type;

	if (type_decode(&reader, &type)) {
		assert(reader.failed);
		return;
	}
	check_type_forms(&type);
	type_encode(&type, &bytes);
	assert(bytes.len == len - reader.len && !memcmp(bytes.at, text, bytes.len));
	buf_free(&bytes);
}

/* The default in a statement, as a literal of the type. */
static void check_sql(const struct type *type, const char *text)
{
	struct arena arena = { 0 };
	struct printed sql;
	struct script script;
	const struct default_expr *def;
	const char *back = NULL;
	char name[TYPE_SQL_SIZE];
	int rc;

	printed_open(&sql);
	fprintf(sql.out, "ALTER TABLE t ADD COLUMN c %s DEFAULT ", type_sql(type, name));
	value_print_sql(type, text, sql.out);
	printed_close(&sql);
	rc = ddl_parse(sql.text, sql.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script,
		       NULL);
	assert(!rc && script.count == 1 && script.stmts[0].action_count == 1);
	def = &script.stmts[0].actions[0].column.def;
	assert(def->kind == DEFAULT_LITERAL);
	rc = value_canonical(type, &def->literal, &arena, &back, NULL);
	assert(!rc && !strcmp(back, text));
	script_free(&script);
	arena_free(&arena);
	free(sql.text);
}

static void check_json(const struct type *type, const char *text)
{
	struct printed json;

	printed_open(&json);
	value_print_json(type, text, json.out);
	printed_close(&json);
	assert(!json_check(json.text, json.len, NULL));
	free(json.text);
}

static void check_wire(const struct type *type, const char *text)
{
	struct arena arena = { 0 };
	struct buf bytes = { 0 };
	struct reader reader;
	const char *back = NULL;
	struct type found;
	int rc = value_encode(type, text, &bytes, NULL);

	assert(!rc);
	reader = (struct reader){ .at = bytes.at, .len = bytes.len };
	rc = value_decode(&reader, &found, &arena, &back, NULL);
	assert(!rc && !reader.len && type_equal(type, &found) && !strcmp(back, text));
	buf_free(&bytes);
	arena_free(&arena);
}

static int64_t stamp_of(const char *text, size_t len)
{
	int64_t us;
	int32_t days;

	if (!stamp_parse_date(text, len, &days))
		return days * DAY_US;
	assert(!stamp_parse(text, len, true, &us));
	return us;
}

static void check_same_number(const char *written, size_t len, const char *text)
{
	struct number before, after;

	assert(!number_parse(written, len, &before));
	assert(!number_parse(text, strlen(text), &after));
	assert(before.units == after.units && before.exponent == after.exponent);
	assert(!before.units || before.negative == after.negative);
}

/* The number or point in time that was written is the one that is kept. */
static void check_same_value(const struct type *type, const struct literal *literal,
			     const char *text)
{
	switch (type->id) {
	case TYPE_SMALLINT:
	case TYPE_INT:
	case TYPE_BIGINT:
	case TYPE_DECIMAL:
		check_same_number(literal->text, literal->len, text);
		break;
	case TYPE_FLOAT:
		assert(strtof(literal->text, NULL) == strtof(text, NULL));
		break;
	case TYPE_DOUBLE:
		assert(strtod(literal->text, NULL) == strtod(text, NULL));
		break;
	case TYPE_TIMESTAMP:
	case TYPE_DATETIME:
		assert(stamp_of(literal->text, literal->len) == stamp_of(text, strlen(text)));
		break;
	case TYPE_TEXT:
		assert(!strcmp(literal->text, text));
		break;
	case TYPE_BOOLEAN:
	case TYPE_DATE:
	case TYPE_TIME:
	case TYPE_JSON:
	case TYPE_BYTES:
	case TYPE_EMBEDDING:
	case TYPE_UUID:
	case TYPE_FILE:
	case TYPE_ID_END:
		break;
	}
}

/* All forms of a value lead back to its canonical text. */
static void check_value_forms(const struct type *type, const char *text)
{
	if (strlen(text) > DEFAULT_MAX_BYTES)
		return;
	check_sql(type, text);
	check_json(type, text);
	check_wire(type, text);
}

static enum literal_form form_of(uint8_t byte)
{
	return (enum literal_form)(byte % (LITERAL_OBJECT + 1));
}

/* A type from four bytes, where small embeddings are the likely ones. */
static struct type type_of(const uint8_t *bytes)
{
	struct type type = { .id = (enum type_id)(TYPE_BOOLEAN + bytes[0] % (TYPE_ID_END - 1)) };

	if (type.id == TYPE_EMBEDDING)
		type.dimension = (uint16_t)(1 + bytes[1] % 4 + (bytes[2] == 255 ? 8188 : 0));
	if (type.id == TYPE_DECIMAL) {
		type.precision = (uint8_t)(1 + bytes[1] % DECIMAL_PRECISION_MAX);
		type.scale = (uint8_t)(bytes[2] % (type.precision + 1));
	}
	return type;
}

/* Texts of these forms come from a parser that has checked them. */
static bool may_be(const struct literal *literal)
{
	switch (literal->form) {
	case LITERAL_ARRAY:
	case LITERAL_OBJECT:
		return !json_check(literal->text, literal->len, NULL);
	case LITERAL_NULL:
	case LITERAL_BOOLEAN:
	case LITERAL_NUMBER:
	case LITERAL_STRING:
		break;
	}
	return true;
}

static void try_value(const char *text, size_t len)
{
	struct arena arena = { 0 };
	struct err err = ERR_INIT;
	struct literal literal;
	const char *canonical = NULL;
	struct type type;
	char *copy;
	int rc;

	if (len < 5)
		return;
	type = type_of((const uint8_t *)text);
	copy = text_copy(text + 5, len - 5);
	literal = (struct literal){ .form = form_of((uint8_t)text[4]), .text = copy,
				    .len = len - 5 };
	rc = may_be(&literal) ? value_canonical(&type, &literal, &arena, &canonical, &err) : 1;
	if (rc < 0) {
		check_refusal(rc, &err, len);
	} else if (!rc && literal.form == LITERAL_NULL) {
		assert(!canonical);
	} else if (!rc) {
		check_same_value(&type, &literal, canonical);
		check_value_forms(&type, canonical);
	}
	arena_free(&arena);
	free(copy);
}

static void try_value_bytes(const char *text, size_t len)
{
	struct reader reader = { .at = (const uint8_t *)text, .len = len };
	struct arena arena = { 0 };
	struct buf bytes = { 0 };
	struct err err = ERR_INIT;
	const char *value = NULL;
	struct type type;
	int rc = value_decode(&reader, &type, &arena, &value, &err);

	if (rc) {
		check_refusal(rc, &err, len);
	} else {
		check_value_forms(&type, value);
		rc = value_encode(&type, value, &bytes, NULL);
		assert(!rc && bytes.len == len - reader.len);
		assert(!memcmp(bytes.at, text, bytes.len));
	}
	buf_free(&bytes);
	arena_free(&arena);
}

static const struct {
	char letter;
	void (*fn)(const char *text, size_t len);
} tries[] = {
	{ 'n', try_name },
	{ 's', try_stamp },
	{ '8', try_stamp_number },
	{ 'd', try_date },
	{ 't', try_time },
	{ 'T', try_type },
	{ 'J', try_type_json },
	{ 'B', try_type_bytes },
	{ 'v', try_value },
	{ 'w', try_value_bytes },
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = exact_copy(bytes + 1, size - 1);
	for (size_t i = 0; i < countof(tries); i++) {
		if (tries[i].letter == bytes[0])
			tries[i].fn(text, size - 1);
	}
	free(text);
	return 0;
}
