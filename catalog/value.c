/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/value.h"

#include "base/name.h"
#include "base/stamp.h"
#include "base/stream.h"
#include "base/utf8.h"
#include "catalog/json.h"
#include "catalog/lex.h"
#include "catalog/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US (86400 * 1000000LL)

#define FORM(f) (1u << LITERAL_##f)
#define NUMERIC_FORMS (FORM(NUMBER) | FORM(STRING))

/* Integers beyond +-(2^53 - 1) lose digits in programs that read JSON numbers as doubles. */
#define JSON_INTEGER_MAX INT64_C(9007199254740991)

/* One value on its way to its canonical text. */
struct job {
	const struct type *type;
	const struct literal *literal;
	struct arena *arena;
	const char *out;
	struct err *err;	/* never NULL */
};

typedef int (*canonical_fn)(struct job *job);

struct rule {
	canonical_fn canonical;
	unsigned forms;		/* literal forms that are looked at */
	const char *expected;
};

static const struct rule rules[TYPE_ID_END];

/* The literal for a message: strings in quotes, long ones cut. */
struct shown {
	char text[80];
};

static struct shown show(const struct literal *literal)
{
	const char *quote = literal->form == LITERAL_STRING ? "'" : "";
	bool cut = literal->len > 60;
	struct shown shown;

	snprintf(shown.text, sizeof(shown.text), "%s%.*s%s%s", quote,
		 cut ? 60 : (int)literal->len, literal->text, cut ? "..." : "", quote);
	return shown;
}

static int not_valid(struct job *job)
{
	return err_set(job->err, -EINVAL, "Value %s is not a valid %s: expected %s",
		       show(job->literal).text, type_name(job->type->id),
		       rules[job->type->id].expected);
}

static int keep(struct job *job, const char *text, size_t len)
{
	job->out = arena_strndup(job->arena, text, len);
	return job->out ? 0 : err_nomem(job->err);
}

static int keep_string(struct job *job, const char *text)
{
	return keep(job, text, strlen(text));
}

static int canonical_boolean(struct job *job)
{
	const struct literal *literal = job->literal;

	if (name_is_word(literal->text, literal->len, "true"))
		return keep_string(job, "true");
	if (name_is_word(literal->text, literal->len, "false"))
		return keep_string(job, "false");
	return not_valid(job);
}

static int out_of_range(struct job *job, const char *number, size_t len, const char *type,
			const char *range)
{
	bool cut = len > 60;

	return err_set(job->err, -EINVAL, "Value %.*s%s out of range for %s (%s)",
		       cut ? 60 : (int)len, number, cut ? "..." : "", type, range);
}

static int canonical_integer(struct job *job)
{
	static const struct {
		int64_t min, max;
		const char *range;
	} limits[TYPE_ID_END] = {
		[TYPE_SMALLINT] = { INT16_MIN, INT16_MAX, "-32,768 to 32,767" },
		[TYPE_INT] = { INT32_MIN, INT32_MAX, "-2,147,483,648 to 2,147,483,647" },
		[TYPE_BIGINT] = { INT64_MIN, INT64_MAX,
				  "-9,223,372,036,854,775,808 to 9,223,372,036,854,775,807" },
	};
	enum type_id id = job->type->id;
	char text[NUMBER_SIZE];
	struct number number;
	int128 value;
	int rc;

	if (number_parse(job->literal->text, job->literal->len, &number))
		return not_valid(job);
	rc = number_scale(&number, 0, &value);
	if (rc == -EDOM)
		return not_valid(job);
	if (rc || value < limits[id].min || value > limits[id].max)
		return out_of_range(job, job->literal->text, job->literal->len, type_name(id),
				    limits[id].range);
	return keep_string(job, number_print(value, 0, text));
}

static int decimal_range(struct job *job)
{
	unsigned places = job->type->precision - job->type->scale;
	char sql[TYPE_SQL_SIZE], range[48];

	snprintf(range, sizeof(range), "at most %u digit%s before the point", places,
		 places == 1 ? "" : "s");
	return out_of_range(job, job->literal->text, job->literal->len, type_sql(job->type, sql),
			    range);
}

static int canonical_decimal(struct job *job)
{
	const struct type *type = job->type;
	char sql[TYPE_SQL_SIZE], text[NUMBER_SIZE];
	struct number number;
	int128 units, limit = number_power(type->precision);
	int rc;

	if (number_parse(job->literal->text, job->literal->len, &number))
		return not_valid(job);
	rc = number_scale(&number, type->scale, &units);
	if (rc == -EDOM)
		return err_set(job->err, -EINVAL,
			       "Value '%.60s' has more than %u digit%s after the point for %s",
			       job->literal->text, type->scale, type->scale == 1 ? "" : "s",
			       type_sql(type, sql));
	if (rc || units >= limit || units <= -limit)
		return decimal_range(job);
	return keep_string(job, number_print(units, type->scale, text));
}

/*
 * The number of len bytes at text (behind which may follow more, but nothing
 * that would go on with the number) as FLOAT or DOUBLE text.
 */
static int print_binary(struct job *job, bool is_float, const char *text, size_t len,
			char out[NUMBER_SIZE])
{
	double value = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);
	struct number number;

	if (number_parse(text, len, &number))
		return not_valid(job);
	if (isinf(value) || (value == 0 && number.digits))
		return out_of_range(job, text, len, is_float ? "FLOAT" : "DOUBLE",
				    is_float ? "1.4e-45 to 3.4028235e+38, either sign" :
				    "5e-324 to 1.7976931348623157e+308, either sign");
	if (is_float)
		number_print_float((float)value, out);
	else
		number_print_double(value, out);
	return 0;
}

static int canonical_binary(struct job *job)
{
	const struct literal *literal = job->literal;
	char text[NUMBER_SIZE];
	int rc = print_binary(job, job->type->id == TYPE_FLOAT, literal->text, literal->len, text);

	return rc ? rc : keep_string(job, text);
}

static int canonical_text(struct job *job)
{
	if (!utf8_is_valid(job->literal->text, job->literal->len))
		return err_set(job->err, -EINVAL, "Value %s is not UTF-8, which TEXT must be",
			       show(job->literal).text);
	return keep(job, job->literal->text, job->literal->len);
}

/* The position in the JSON text means nothing to the caller, who has another text. */
static int canonical_json(struct job *job)
{
	bool object_only = job->type->id == TYPE_FILE;
	struct err err = ERR_INIT;
	int rc;

	if (job->literal->form == LITERAL_BOOLEAN)	/* SQL writes TRUE */
		return canonical_boolean(job);
	rc = json_compact(job->literal->text, job->literal->len, object_only, job->arena,
			  &job->out, &err);
	return rc ? err_set(job->err, rc, "%s", err.text) : 0;
}

static int canonical_date(struct job *job)
{
	int32_t days;

	if (stamp_parse_date(job->literal->text, job->literal->len, &days))
		return not_valid(job);
	return keep(job, job->literal->text, job->literal->len);
}

static int canonical_time(struct job *job)
{
	char text[32];
	int64_t us;
	int seconds, fraction;

	if (stamp_parse_time(job->literal->text, job->literal->len, &us))
		return not_valid(job);
	seconds = (int)(us / 1000000);
	fraction = (int)(us % 1000000);
	snprintf(text, sizeof(text), "%02d:%02d:%02d.%06d", seconds / 3600, seconds / 60 % 60,
		 seconds % 60, fraction);
	return keep(job, text, fraction ? strlen(text) : strlen(text) - 7);
}

static int canonical_timestamp(struct job *job)
{
	bool utc = job->type->id == TYPE_DATETIME;
	char text[STAMP_SIZE];
	int64_t us;
	int32_t days;

	if (stamp_parse_date(job->literal->text, job->literal->len, &days) == 0)
		us = days * DAY_US;
	else if (stamp_parse(job->literal->text, job->literal->len, true, &us))
		return not_valid(job);
	stamp_format(us, text);
	return keep(job, text, strlen(text) - !utc);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* len hex digits in lower case; NULL if one is none (no error set) or memory is out. */
static char *lower_hex(struct job *job, const char *text, size_t len)
{
	char *out;

	for (size_t i = 0; i < len; i++) {
		if (!is_hex(text[i]))
			return NULL;
	}
	out = arena_strndup(job->arena, text, len);
	for (size_t i = 0; out && i < len; i++)
		out[i] |= 0x20;
	if (!out)
		err_nomem(job->err);
	return out;
}

static int keep_hex(struct job *job, const char *text, size_t len)
{
	job->out = lower_hex(job, text, len);
	if (job->out)
		return 0;
	return job->err->code ? job->err->code : not_valid(job);
}

static int canonical_bytes(struct job *job)
{
	const char *text = job->literal->text;
	size_t len = job->literal->len;

	if (len >= 3 && (text[0] | 0x20) == 'x' && text[1] == '\'' && text[len - 1] == '\'') {
		text += 2;
		len -= 3;
	} else if (len >= 2 && ((text[0] == '\\' || text[0] == '0') && (text[1] | 0x20) == 'x')) {
		text += 2;
		len -= 2;
	}
	return len % 2 ? not_valid(job) : keep_hex(job, text, len);
}

static int canonical_uuid(struct job *job)
{
	const char *text = job->literal->text;
	char digits[32], out[37];
	size_t at = 0;
	int rc;

	if (job->literal->len != 32 && job->literal->len != 36)
		return not_valid(job);
	for (size_t i = 0; i < job->literal->len; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (job->literal->len == 36 && hyphen) {
			if (text[i] != '-')
				return not_valid(job);
			continue;
		}
		digits[at++] = text[i];
	}
	rc = keep_hex(job, digits, sizeof(digits));
	if (rc)
		return rc;
	snprintf(out, sizeof(out), "%.8s-%.4s-%.4s-%.4s-%.12s", job->out, job->out + 8,
		 job->out + 12, job->out + 16, job->out + 20);
	return keep_string(job, out);
}

static size_t skip_blanks(const struct literal *literal, size_t at)
{
	while (at < literal->len && strchr(" \t\r\n", literal->text[at]))
		at++;
	return at;
}

/*
 * Numbers of an array from behind its '[' on; those beyond the dimension are
 * only counted.  Gives where the ']' should be.
 */
static int take_floats(struct job *job, char *to, size_t *end, size_t *count)
{
	const struct literal *literal = job->literal;
	size_t at = skip_blanks(literal, *end);
	char text[NUMBER_SIZE];

	*count = 0;
	while (*count || (at < literal->len && literal->text[at] != ']')) {
		size_t span = number_span(literal->text + at, literal->len - at);
		int rc = print_binary(job, true, literal->text + at, span, text);

		if (rc)
			return rc;
		if (*count < job->type->dimension)
			to += snprintf(to, NUMBER_SIZE, "%s%s", *count ? "," : "", text);
		++*count;
		at = skip_blanks(literal, at + span);
		if (at == literal->len || literal->text[at] != ',')
			break;
		at = skip_blanks(literal, at + 1);
	}
	*end = at;
	return 0;
}

static int canonical_embedding(struct job *job)
{
	const struct literal *literal = job->literal;
	size_t at = skip_blanks(literal, 0), count;
	/* A float takes at most 15 bytes ("-3.40282347e+38"), and a comma. */
	char *text = arena_alloc(job->arena, 16 * (size_t)job->type->dimension + NUMBER_SIZE);
	int rc;

	if (!text)
		return err_nomem(job->err);
	if (at == literal->len || literal->text[at++] != '[')
		return not_valid(job);
	text[0] = '[';
	rc = take_floats(job, text + 1, &at, &count);
	if (rc)
		return rc;
	if (at == literal->len || literal->text[at] != ']' ||
	    skip_blanks(literal, at + 1) != literal->len)
		return not_valid(job);
	if (count != job->type->dimension)
		return err_set(job->err, -EINVAL, "Expected %u floats, got %zu",
			       job->type->dimension, count);
	text[strlen(text)] = ']';	/* arena memory is zeroed */
	job->out = text;
	return 0;
}

// clang-format off
static const struct rule rules[TYPE_ID_END] = {
	[TYPE_BOOLEAN] = { canonical_boolean, FORM(BOOLEAN) | FORM(STRING), "TRUE or FALSE" },
	[TYPE_INT] = { canonical_integer, NUMERIC_FORMS, "a whole number" },
	[TYPE_BIGINT] = { canonical_integer, NUMERIC_FORMS, "a whole number" },
	[TYPE_DOUBLE] = { canonical_binary, NUMERIC_FORMS, "a finite number" },
	[TYPE_FLOAT] = { canonical_binary, NUMERIC_FORMS, "a finite number" },
	[TYPE_TEXT] = { canonical_text, FORM(STRING), "a string in quotes" },
	[TYPE_TIMESTAMP] = { canonical_timestamp, FORM(STRING),
			     "'YYYY-MM-DD hh:mm:ss[.ffffff]'" },
	[TYPE_DATE] = { canonical_date, FORM(STRING), "'YYYY-MM-DD'" },
	[TYPE_DATETIME] = { canonical_timestamp, FORM(STRING),
			    "'YYYY-MM-DDThh:mm:ss[.ffffff]' with Z or an offset like +02:00" },
	[TYPE_TIME] = { canonical_time, FORM(STRING), "'hh:mm[:ss[.ffffff]]'" },
	[TYPE_JSON] = { canonical_json, FORM(BOOLEAN) | NUMERIC_FORMS | FORM(ARRAY) | FORM(OBJECT),
			"JSON text" },
	[TYPE_BYTES] = { canonical_bytes, FORM(STRING),
			 "an even number of hex digits, like X'0a1b'" },
	[TYPE_EMBEDDING] = { canonical_embedding, FORM(ARRAY) | FORM(STRING),
			     "an array of numbers, like [1, 2.5]" },
	[TYPE_UUID] = { canonical_uuid, FORM(STRING),
			"32 hex digits, like '550e8400-e29b-41d4-a716-446655440000'" },
	[TYPE_DECIMAL] = { canonical_decimal, NUMERIC_FORMS, "a number" },
	[TYPE_SMALLINT] = { canonical_integer, NUMERIC_FORMS, "a whole number" },
	[TYPE_FILE] = { canonical_json, FORM(STRING) | FORM(OBJECT), "a JSON object" },
};
// clang-format on

int value_canonical(const struct type *type, const struct literal *literal, struct arena *arena,
		    const char **out, struct err *err)
{
	struct err first;
	struct job job = { type, literal, arena, NULL, &first };
	int rc;

	err_clear(&first);
	if (literal->form == LITERAL_NULL) {
		*out = NULL;
		return 0;
	}
	if (memchr(literal->text, '\0', literal->len))
		return err_set(err, -EINVAL, "A value of %s cannot hold the NUL character",
			       type_name(type->id));
	rc = rules[type->id].forms & 1u << literal->form ? rules[type->id].canonical(&job) :
		not_valid(&job);
	if (rc)
		return rc == -ENOMEM ? err_nomem(err) : err_set(err, rc, "%s", first.text);
	*out = job.out;
	return 0;
}

void value_print_sql(const struct type *type, const char *text, FILE *out)
{
	if (!text) {
		stream_puts(out, "NULL");
		return;
	}
	switch (type->id) {
	case TYPE_BOOLEAN:
		stream_puts(out, *text == 't' ? "TRUE" : "FALSE");
		break;
	case TYPE_SMALLINT:
	case TYPE_INT:
	case TYPE_BIGINT:
	case TYPE_FLOAT:
	case TYPE_DOUBLE:
	case TYPE_DECIMAL:
		stream_puts(out, text);
		break;
	case TYPE_BYTES:
		stream_puts(out, "X'");
		stream_puts(out, text);
		putc_unlocked('\'', out);
		break;
	case TYPE_TEXT:
	case TYPE_TIMESTAMP:
	case TYPE_DATE:
	case TYPE_DATETIME:
	case TYPE_TIME:
	case TYPE_JSON:
	case TYPE_EMBEDDING:
	case TYPE_UUID:
	case TYPE_FILE:
	case TYPE_ID_END:
	default:
		lex_print_string(text, out);
		break;
	}
}

static bool is_json_number(const struct type *type, const char *text)
{
	long long value;

	if (type->id == TYPE_DECIMAL)
		return false;
	if (type->id != TYPE_BIGINT)
		return true;
	value = strtoll(text, NULL, 10);
	return value >= -JSON_INTEGER_MAX && value <= JSON_INTEGER_MAX;
}

void value_print_json(const struct type *type, const char *text, FILE *out)
{
	bool is_bare = !text || type->id == TYPE_BOOLEAN || type->id == TYPE_EMBEDDING;

	if (!is_bare && rules[type->id].forms == NUMERIC_FORMS)
		is_bare = is_json_number(type, text);
	if (is_bare)
		stream_puts(out, text ? text : "null");
	else
		json_print_string(text, strlen(text), out);
}
