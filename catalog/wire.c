/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/value.h"

#include "base/stamp.h"
#include "catalog/number.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)

_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "FLOAT and DOUBLE are IEEE 754");

static void put_float(const char *text, struct buf *out)
{
	float value = strtof(text, NULL);
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	buf_le32(out, bits);
}

static void put_double(const char *text, struct buf *out)
{
	double value = strtod(text, NULL);
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	buf_le64(out, bits);
}

static void put_text(const char *text, struct buf *out)
{
	size_t len = strlen(text);

	buf_le32(out, (uint32_t)len);
	buf_bytes(out, text, len);
}

static unsigned nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Pairs of lower-case hex digits; hyphens are passed over. */
static void put_hex(const char *text, struct buf *out)
{
	while (*text) {
		if (*text == '-') {
			text++;
			continue;
		}
		buf_u8(out, (uint8_t)(nibble(text[0]) << 4 | nibble(text[1])));
		text += 2;
	}
}

static void put_floats(const char *text, struct buf *out)
{
	/* Each number is led by '[' or ','; the text ends in ']'. */
	for (; text[1]; text += 1 + strcspn(text + 1, ",]"))
		put_float(text + 1, out);
}

/* A canonical text always parses, and its length fits: value_encode has checked it. */
static void put_decimal(const struct type *type, const char *text, struct buf *out)
{
	struct number number = { 0 };
	int128 units = 0;

	out->failed |= number_parse(text, strlen(text), &number) != 0;
	out->failed |= number_scale(&number, type->scale, &units) != 0;
	buf_le64(out, (uint64_t)units);
	buf_le64(out, (uint64_t)(units >> 64));
}

static void put_time(const struct type *type, const char *text, struct buf *out)
{
	size_t len = strlen(text);
	int64_t us = 0;

	out->failed |= (type->id == TYPE_TIME ? stamp_parse_time(text, len, &us) :
						stamp_parse(text, len, true, &us)) != 0;
	buf_le64(out, (uint64_t)us);
}

static void put_date(const char *text, struct buf *out)
{
	int32_t days = 0;

	out->failed |= stamp_parse_date(text, strlen(text), &days) != 0;
	buf_le32(out, (uint32_t)days);
}

static void put_payload(const struct type *type, const char *text, struct buf *out)
{
	switch (type->id) {
	case TYPE_BOOLEAN:
		buf_u8(out, *text == 't');
		break;
	case TYPE_SMALLINT:
		buf_le16(out, (uint16_t)strtol(text, NULL, 10));
		break;
	case TYPE_INT:
		buf_le32(out, (uint32_t)strtol(text, NULL, 10));
		break;
	case TYPE_BIGINT:
		buf_le64(out, (uint64_t)strtoll(text, NULL, 10));
		break;
	case TYPE_FLOAT:
		put_float(text, out);
		break;
	case TYPE_DOUBLE:
		put_double(text, out);
		break;
	case TYPE_TEXT:
	case TYPE_JSON:
	case TYPE_FILE:
		put_text(text, out);
		break;
	case TYPE_BYTES:
		buf_le32(out, (uint32_t)(strlen(text) / 2));
		put_hex(text, out);
		break;
	case TYPE_UUID:
		put_hex(text, out);
		break;
	case TYPE_TIMESTAMP:
	case TYPE_DATETIME:
	case TYPE_TIME:
		put_time(type, text, out);
		break;
	case TYPE_DATE:
		put_date(text, out);
		break;
	case TYPE_EMBEDDING:
		put_floats(text, out);
		break;
	case TYPE_DECIMAL:
	case TYPE_ID_END:
	default:
		put_decimal(type, text, out);
		break;
	}
}

static int check_canonical(const struct type *type, const char *text, struct err *err)
{
	struct literal literal = { LITERAL_STRING, text, text ? strlen(text) : 0 };
	struct arena arena = { 0 };
	const char *canonical;
	int rc;

	if (!text)
		return err_set(err, -EINVAL, "NULL has no wire form");
	if (literal.len > UINT32_MAX)
		return err_set(err, -EINVAL, "A value of %zu bytes is too long", literal.len);
	rc = value_canonical(type, &literal, &arena, &canonical, err);
	if (!rc && strcmp(text, canonical))
		rc = err_set(err, -EINVAL, "Text '%.60s' is not the canonical form of %s", text,
			     type_name(type->id));
	arena_free(&arena);
	return rc;
}

int value_encode(const struct type *type, const char *text, struct buf *out, struct err *err)
{
	size_t start = out->len;
	int rc = check_canonical(type, text, err);

	if (rc)
		return rc;
	type_encode(type, out);
	put_payload(type, text, out);
	if (!out->failed)
		return 0;
	out->len = start;
	return err_nomem(err);
}

/* What a payload says, as a literal that value_canonical then judges. */
struct draft {
	struct arena *arena;
	struct err *err;
	const char *text;
	size_t len;
};

static int set_draft(struct draft *draft, const char *text, size_t len)
{
	draft->text = arena_strndup(draft->arena, text, len);
	draft->len = len;
	return draft->text ? 0 : err_nomem(draft->err);
}

static int set_integer(struct draft *draft, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return set_draft(draft, text, strlen(text));
}

static int get_boolean(struct reader *r, struct draft *draft)
{
	uint8_t byte = read_u8(r);

	if (byte > 1)
		return err_set(draft->err, -EINVAL, "Byte 0x%02X is not a BOOLEAN: expected 0 or 1",
			       byte);
	return set_draft(draft, byte ? "true" : "false", byte ? 4 : 5);
}

static int get_float(struct reader *r, char out[NUMBER_SIZE], struct err *err)
{
	uint32_t bits = read_le32(r);
	float value;

	memcpy(&value, &bits, sizeof(value));
	if (!isfinite(value))
		return err_set(err, -EINVAL, "NaN and infinity are not values of FLOAT");
	number_print_float(value, out);
	return 0;
}

static int get_double(struct reader *r, struct draft *draft)
{
	uint64_t bits = read_le64(r);
	char text[NUMBER_SIZE];
	double value;

	memcpy(&value, &bits, sizeof(value));
	if (!isfinite(value))
		return err_set(draft->err, -EINVAL, "NaN and infinity are not values of DOUBLE");
	number_print_double(value, text);
	return set_draft(draft, text, strlen(text));
}

static int get_one_float(struct reader *r, struct draft *draft)
{
	char text[NUMBER_SIZE];
	int rc = get_float(r, text, draft->err);

	return rc ? rc : set_draft(draft, text, strlen(text));
}

static int get_floats(struct reader *r, unsigned count, struct draft *draft)
{
	char *text, *to;

	if (r->len < 4 * (size_t)count) {
		r->failed = true;
		return 0;
	}
	/* Every float takes at most 15 bytes and a comma. */
	text = to = arena_alloc(draft->arena, 16 * (size_t)count + NUMBER_SIZE);
	if (!text)
		return err_nomem(draft->err);
	for (unsigned i = 0; i < count; i++) {
		char number[NUMBER_SIZE];
		int rc = get_float(r, number, draft->err);

		if (rc)
			return rc;
		to += snprintf(to, NUMBER_SIZE, "%c%s", i ? ',' : '[', number);
	}
	*to++ = ']';
	draft->text = text;
	draft->len = (size_t)(to - text);
	return 0;
}

static int get_bytes(struct reader *r, size_t len, struct draft *draft)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = read_bytes(r, len);
	char *text;

	if (!bytes)
		return 0;
	text = arena_alloc(draft->arena, 2 * len + 1);
	if (!text)
		return err_nomem(draft->err);
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	draft->text = text;
	draft->len = 2 * len;
	return 0;
}

static int get_text(struct reader *r, struct draft *draft)
{
	uint32_t len = read_le32(r);
	const uint8_t *bytes = read_bytes(r, len);

	return bytes ? set_draft(draft, (const char *)bytes, len) : 0;
}

static int get_decimal(struct reader *r, const struct type *type, struct draft *draft)
{
	uint64_t low = read_le64(r);
	int128 units = (int128)(int64_t)read_le64(r) * ((int128)1 << 64) + (int128)low;
	int128 limit = number_power(type->precision);
	char text[NUMBER_SIZE], sql[TYPE_SQL_SIZE];

	if (r->failed)
		return 0;
	if (units >= limit || units <= -limit)
		return err_set(draft->err, -EINVAL, "The digits do not fit %s",
			       type_sql(type, sql));
	number_print(units, type->scale, text);
	return set_draft(draft, text, strlen(text));
}

static int get_date(struct reader *r, struct draft *draft)
{
	int32_t days = (int32_t)read_le32(r);
	unsigned month, day;
	char text[40];
	int64_t year;

	stamp_civil(days, &year, &month, &day);
	snprintf(text, sizeof(text), "%04" PRId64 "-%02u-%02u", year, month, day);
	return set_draft(draft, text, strlen(text));
}

static int get_stamp(struct reader *r, const struct type *type, struct draft *draft)
{
	char text[STAMP_SIZE];

	stamp_format((int64_t)read_le64(r), text);
	return set_draft(draft, text, strlen(text) - (type->id == TYPE_TIMESTAMP));
}

static int get_time(struct reader *r, struct draft *draft)
{
	int64_t us = (int64_t)read_le64(r);
	char text[STAMP_SIZE];

	if (us < 0 || us >= DAY_US)
		return err_set(draft->err, -EINVAL,
			       "%" PRId64 " microseconds are not a TIME of one day", us);
	stamp_format(us, text);
	return set_draft(draft, text + 11, strlen(text) - 12);
}

static int get_payload(struct reader *r, const struct type *type, struct draft *draft)
{
	switch (type->id) {
	case TYPE_BOOLEAN:
		return get_boolean(r, draft);
	case TYPE_SMALLINT:
		return set_integer(draft, (int16_t)read_le16(r));
	case TYPE_INT:
		return set_integer(draft, (int32_t)read_le32(r));
	case TYPE_BIGINT:
		return set_integer(draft, (int64_t)read_le64(r));
	case TYPE_FLOAT:
		return get_one_float(r, draft);
	case TYPE_DOUBLE:
		return get_double(r, draft);
	case TYPE_TEXT:
	case TYPE_JSON:
	case TYPE_FILE:
		return get_text(r, draft);
	case TYPE_BYTES:
		return get_bytes(r, read_le32(r), draft);
	case TYPE_UUID:
		return get_bytes(r, 16, draft);
	case TYPE_TIMESTAMP:
	case TYPE_DATETIME:
		return get_stamp(r, type, draft);
	case TYPE_DATE:
		return get_date(r, draft);
	case TYPE_TIME:
		return get_time(r, draft);
	case TYPE_EMBEDDING:
		return get_floats(r, type->dimension, draft);
	case TYPE_DECIMAL:
	case TYPE_ID_END:
	default:
		return get_decimal(r, type, draft);
	}
}

static int decode_type(struct reader *r, struct type *type, struct err *err)
{
	struct reader whole = *r;

	if (!type_decode(r, type))
		return 0;
	if (!whole.len || whole.failed)
		return err_set(err, -EINVAL, "Unexpected end of data");
	if (!whole.at[0] || whole.at[0] >= TYPE_ID_END)
		return err_set(err, -EINVAL, "Unknown type tag: 0x%02X", whole.at[0]);
	if (whole.len < (whole.at[0] == TYPE_EMBEDDING ? 5 : 3))
		return err_set(err, -EINVAL, "Unexpected end of data");
	if (whole.at[0] == TYPE_EMBEDDING) {
		read_u8(&whole);
		return err_set(err, -EINVAL,
			       "EMBEDDING dimension must be between 1 and %d, got: %" PRIu32,
			       EMBEDDING_MAX, read_le32(&whole));
	}
	return err_set(err, -EINVAL, "DECIMAL(%u, %u) is not a type: precision is 1 to 38, scale "
		       "at most the precision", whole.at[1], whole.at[2]);
}

/* JSON is the one type with several texts for a value that a payload could hold. */
static int check_same(const struct type *type, const struct draft *draft, const char *canonical,
		      struct err *err)
{
	if ((type->id != TYPE_JSON && type->id != TYPE_FILE) || !strcmp(draft->text, canonical))
		return 0;
	return err_set(err, -EINVAL, "%s value is not in its compact form", type_name(type->id));
}

int value_decode(struct reader *r, struct type *type, struct arena *arena, const char **text,
		 struct err *err)
{
	struct draft draft = { .arena = arena, .err = err, .text = "" };
	struct literal literal = { .form = LITERAL_STRING };
	const char *canonical;
	struct type found;
	int rc = decode_type(r, &found, err);

	if (!rc)
		rc = get_payload(r, &found, &draft);
	if (r->failed && !rc)
		rc = err_set(err, -EINVAL, "Unexpected end of data");
	if (rc)
		return rc;
	literal.text = draft.text;
	literal.len = draft.len;
	rc = value_canonical(&found, &literal, arena, &canonical, err);
	if (!rc)
		rc = check_same(&found, &draft, canonical, err);
	if (rc)
		return rc;
	*type = found;
	*text = canonical;
	return 0;
}
