/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/type.h"

#include "catalog/type_table.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

struct type_param {
	const char *name;
	unsigned min, max;
	int fallback;		/* when left out; -1 = must be given */
};

struct type_row {
	const char *name;
	const char *kalam;	/* variant name in KalamDB's JSON */
	const char *arrow;
	const char *notes;	/* or NULL */
	const char *example;
	struct type_param params[2];
	enum type_id widens_to[2];	/* 0 = none */
	unsigned bits;		/* binary digits of a number; 0 = none */
	bool floating;
};

// clang-format off
static const struct type_row types[] = {
	[TYPE_BOOLEAN] = {
		.name = "BOOLEAN", .kalam = "Boolean", .arrow = "Boolean", .example = "BOOLEAN",
	},
	[TYPE_INT] = {
		.name = "INT", .kalam = "Int", .arrow = "Int32", .example = "INT",
		.notes = "-2,147,483,648 to 2,147,483,647; SERIAL implies DEFAULT SNOWFLAKE_ID()",
		.widens_to = { TYPE_BIGINT }, .bits = 32,
	},
	[TYPE_BIGINT] = {
		.name = "BIGINT", .kalam = "BigInt", .arrow = "Int64", .example = "BIGINT",
		.notes = "-9,223,372,036,854,775,808 to 9,223,372,036,854,775,807; "
			 "BIGSERIAL implies DEFAULT SNOWFLAKE_ID()",
		.bits = 64,
	},
	[TYPE_DOUBLE] = {
		.name = "DOUBLE", .kalam = "Double", .arrow = "Float64", .example = "DOUBLE",
		.notes = "64 bits; no NaN, no infinity", .bits = 53, .floating = true,
	},
	[TYPE_FLOAT] = {
		.name = "FLOAT", .kalam = "Float", .arrow = "Float32", .example = "FLOAT",
		.notes = "32 bits; no NaN, no infinity", .bits = 24, .floating = true,
		.widens_to = { TYPE_DOUBLE },
	},
	[TYPE_TEXT] = {
		.name = "TEXT", .kalam = "Text", .arrow = "Utf8", .example = "TEXT",
		.notes = "UTF-8; a length is accepted and ignored",
	},
	[TYPE_TIMESTAMP] = {
		.name = "TIMESTAMP", .kalam = "Timestamp", .arrow = "Timestamp(us, no tz)",
		.example = "TIMESTAMP",
		.notes = "microseconds without a time zone; a precision and WITH TIME ZONE "
			 "are accepted and ignored",
	},
	[TYPE_DATE] = {
		.name = "DATE", .kalam = "Date", .arrow = "Date32", .example = "DATE",
		.notes = "days; years 0001 to 9999",
	},
	[TYPE_DATETIME] = {
		.name = "DATETIME", .kalam = "DateTime", .arrow = "Timestamp(us, UTC)",
		.example = "DATETIME",
		.notes = "microseconds; input with an offset is normalised to UTC",
	},
	[TYPE_TIME] = {
		.name = "TIME", .kalam = "Time", .arrow = "Time64(us)", .example = "TIME",
		.notes = "microseconds since midnight",
	},
	[TYPE_JSON] = {
		.name = "JSON", .kalam = "Json", .arrow = "Utf8", .example = "JSON",
		.notes = "kept as compact JSON text",
	},
	[TYPE_BYTES] = {
		.name = "BYTES", .kalam = "Bytes", .arrow = "Binary", .example = "BYTES",
		.notes = "a length is accepted and ignored",
	},
	[TYPE_EMBEDDING] = {
		.name = "EMBEDDING", .kalam = "Embedding",
		.arrow = "FixedSizeList(item: Float32 NOT NULL, n)", .example = "EMBEDDING(384)",
		.notes = "a vector of n 32-bit floats",
		.params = { { "dimension", 1, EMBEDDING_MAX, -1 } },
	},
	[TYPE_UUID] = {
		.name = "UUID", .kalam = "Uuid", .arrow = "FixedSizeBinary(16)",
		.example = "UUID",
	},
	[TYPE_DECIMAL] = {
		.name = "DECIMAL", .kalam = "Decimal", .arrow = "Decimal128(p, s)",
		.example = "DECIMAL(10, 2)",
		.notes = "scale <= precision; DECIMAL(p) has scale 0",
		.params = { { "precision", 1, DECIMAL_PRECISION_MAX, 38 },
			    { "scale", 0, DECIMAL_PRECISION_MAX, 10 } },
		.widens_to = { TYPE_DECIMAL },
	},
	[TYPE_SMALLINT] = {
		.name = "SMALLINT", .kalam = "SmallInt", .arrow = "Int16", .example = "SMALLINT",
		.notes = "-32,768 to 32,767; SMALLSERIAL implies DEFAULT SNOWFLAKE_ID()",
		.widens_to = { TYPE_INT, TYPE_BIGINT }, .bits = 16,
	},
	[TYPE_FILE] = {
		.name = "FILE", .kalam = "File", .arrow = "Utf8", .example = "FILE",
		.notes = "a file reference: a JSON object",
	},
};
_Static_assert(countof(types) == TYPE_ID_END, "every type has a row");

const struct type_spelling type_spellings[] = {
	{ .word = "BOOLEAN", .id = TYPE_BOOLEAN },
	{ .word = "BOOL", .id = TYPE_BOOLEAN },
	{ .word = "INT", .id = TYPE_INT },
	{ .word = "INTEGER", .id = TYPE_INT },
	{ .word = "INT4", .id = TYPE_INT },
	{ .word = "MEDIUMINT", .id = TYPE_INT },
	{ .word = "SIGNED", .id = TYPE_INT },
	{ .word = "SERIAL", .id = TYPE_INT, .serial = true },
	{ .word = "SERIAL4", .id = TYPE_INT, .serial = true },
	{ .word = "BIGINT", .id = TYPE_BIGINT },
	{ .word = "INT8", .id = TYPE_BIGINT },
	{ .word = "INT64", .id = TYPE_BIGINT },
	{ .word = "BIGSERIAL", .id = TYPE_BIGINT, .serial = true },
	{ .word = "SERIAL8", .id = TYPE_BIGINT, .serial = true },
	{ .word = "DOUBLE", .id = TYPE_DOUBLE, .params = PARAMS_NONE, .words = WORDS_PRECISION },
	{ .word = "FLOAT8", .id = TYPE_DOUBLE },
	{ .word = "FLOAT64", .id = TYPE_DOUBLE },
	{ .word = "FLOAT", .id = TYPE_FLOAT },
	{ .word = "REAL", .id = TYPE_FLOAT },
	{ .word = "FLOAT4", .id = TYPE_FLOAT },
	{ .word = "TEXT", .id = TYPE_TEXT, .params = PARAMS_LENGTH },
	{ .word = "STRING", .id = TYPE_TEXT, .params = PARAMS_LENGTH },
	{ .word = "CHAR", .id = TYPE_TEXT, .params = PARAMS_LENGTH, .words = WORDS_VARYING },
	{ .word = "CHARACTER", .id = TYPE_TEXT, .params = PARAMS_LENGTH, .words = WORDS_VARYING },
	{ .word = "VARCHAR", .id = TYPE_TEXT, .params = PARAMS_LENGTH },
	{ .word = "NVARCHAR", .id = TYPE_TEXT, .params = PARAMS_LENGTH },
	{ .word = "CLOB", .id = TYPE_TEXT, .params = PARAMS_LENGTH },
	{ .word = "TIMESTAMP", .id = TYPE_TIMESTAMP, .params = PARAMS_FRACTION, .words = WORDS_ANY_ZONE },
	{ .word = "TIMESTAMPTZ", .id = TYPE_TIMESTAMP, .params = PARAMS_FRACTION },
	{ .word = "DATE", .id = TYPE_DATE },
	{ .word = "DATETIME", .id = TYPE_DATETIME, .params = PARAMS_FRACTION },
	{ .word = "TIME", .id = TYPE_TIME, .params = PARAMS_FRACTION, .words = WORDS_NO_ZONE },
	{ .word = "JSON", .id = TYPE_JSON },
	{ .word = "JSONB", .id = TYPE_JSON },
	{ .word = "BYTES", .id = TYPE_BYTES, .params = PARAMS_LENGTH },
	{ .word = "BYTEA", .id = TYPE_BYTES, .params = PARAMS_LENGTH },
	{ .word = "BINARY", .id = TYPE_BYTES, .params = PARAMS_LENGTH },
	{ .word = "VARBINARY", .id = TYPE_BYTES, .params = PARAMS_LENGTH },
	{ .word = "BLOB", .id = TYPE_BYTES, .params = PARAMS_LENGTH },
	{ .word = "EMBEDDING", .id = TYPE_EMBEDDING, .params = PARAMS_DIMENSION },
	{ .word = "UUID", .id = TYPE_UUID },
	{ .word = "DECIMAL", .id = TYPE_DECIMAL, .params = PARAMS_DECIMAL },
	{ .word = "NUMERIC", .id = TYPE_DECIMAL, .params = PARAMS_DECIMAL },
	{ .word = "DEC", .id = TYPE_DECIMAL, .params = PARAMS_DECIMAL },
	{ .word = "SMALLINT", .id = TYPE_SMALLINT },
	{ .word = "INT2", .id = TYPE_SMALLINT },
	{ .word = "SMALLSERIAL", .id = TYPE_SMALLINT, .serial = true },
	{ .word = "SERIAL2", .id = TYPE_SMALLINT, .serial = true },
	{ .word = "FILE", .id = TYPE_FILE },
};
// clang-format on
_Static_assert(countof(type_spellings) == TYPE_SPELLING_COUNT, "no row is left empty");

const char *type_name(enum type_id id)
{
	return types[id].name;
}

const char *type_sql(const struct type *type, char out[TYPE_SQL_SIZE])
{
	if (type->id == TYPE_EMBEDDING)
		snprintf(out, TYPE_SQL_SIZE, "EMBEDDING(%u)", type->dimension);
	else if (type->id == TYPE_DECIMAL)
		snprintf(out, TYPE_SQL_SIZE, "DECIMAL(%u, %u)", type->precision, type->scale);
	else
		memcpy(out, type_name(type->id), strlen(type_name(type->id)) + 1);
	return out;
}

bool type_equal(const struct type *a, const struct type *b)
{
	return a->id == b->id && a->dimension == b->dimension && a->precision == b->precision &&
	       a->scale == b->scale;
}

bool type_widens(const struct type *from, const struct type *to)
{
	const enum type_id *wider = types[from->id].widens_to;

	if (type_equal(from, to))
		return true;
	if (to->id != wider[0] && to->id != wider[1])
		return false;
	return to->id != TYPE_DECIMAL ||
	       (to->scale >= from->scale &&
		to->precision - to->scale >= from->precision - from->scale);
}

bool type_digits(const struct type *type, unsigned *precision, int *scale)
{
	const struct type_row *row = &types[type->id];

	if (type->id == TYPE_DECIMAL) {
		*precision = type->precision;
		*scale = type->scale;
		return true;
	}
	*precision = row->bits;
	*scale = row->floating ? -1 : 0;
	return row->bits;
}

/* Whether the id is one of the 17 and its parameters are within their limits. */
static bool is_valid(const struct type *type)
{
	if (type->id == 0 || type->id >= TYPE_ID_END)
		return false;
	if (type->id == TYPE_EMBEDDING)
		return type->dimension >= 1 && type->dimension <= EMBEDDING_MAX;
	if (type->id == TYPE_DECIMAL)
		return type->precision >= 1 && type->precision <= DECIMAL_PRECISION_MAX &&
		       type->scale <= type->precision;
	return true;
}

void type_encode(const struct type *type, struct buf *out)
{
	buf_u8(out, (uint8_t)type->id);
	if (type->id == TYPE_EMBEDDING)
		buf_le32(out, type->dimension);
	if (type->id == TYPE_DECIMAL) {
		buf_u8(out, type->precision);
		buf_u8(out, type->scale);
	}
}

int type_decode(struct reader *r, struct type *out)
{
	struct type type = { .id = read_u8(r) };

	if (type.id == TYPE_EMBEDDING) {
		uint32_t dimension = read_le32(r);

		type.dimension = dimension > EMBEDDING_MAX ? 0 : (uint16_t)dimension;
	}
	if (type.id == TYPE_DECIMAL) {
		type.precision = read_u8(r);
		type.scale = read_u8(r);
	}
	if (r->failed || !is_valid(&type)) {
		r->failed = true;
		return -EINVAL;
	}
	*out = type;
	return 0;
}

const char *type_kalam_json(const struct type *type, char out[TYPE_JSON_SIZE])
{
	const char *name = types[type->id].kalam;
	size_t len = strlen(name);

	if (type->id == TYPE_EMBEDDING) {
		snprintf(out, TYPE_JSON_SIZE, "{\"%s\":%u}", name, type->dimension);
	} else if (type->id == TYPE_DECIMAL) {
		snprintf(out, TYPE_JSON_SIZE, "{\"%s\":{\"precision\":%u,\"scale\":%u}}", name,
			 type->precision, type->scale);
	} else {
		out[0] = '"';
		memcpy(out + 1, name, len);
		memcpy(out + 1 + len, "\"", 2);
	}
	return out;
}

void type_print_kalam_json(const struct type *type, FILE *out)
{
	char json[TYPE_JSON_SIZE];

	fputs(type_kalam_json(type, json), out);
}

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool eat(const char **at, const char *token)
{
	size_t len = strlen(token);

	skip_blanks(at);
	if (strncmp(*at, token, len))
		return false;
	*at += len;
	return true;
}

/* At most four digits: every parameter has fewer, so nothing can overflow. */
static bool eat_number(const char **at, unsigned max, unsigned *out)
{
	unsigned value = 0, digits = 0;

	skip_blanks(at);
	for (; isdigit((unsigned char)**at) && digits <= 4; ++*at, digits++)
		value = value * 10 + (unsigned)(**at - '0');
	if (!digits || digits > 4 || value > max)
		return false;
	*out = value;
	return true;
}

static bool eat_decimal(const char **at, struct type *type)
{
	unsigned precision = 0, scale = 0;
	bool reversed;

	if (!eat(at, "{"))
		return false;
	reversed = eat(at, "\"scale\"");
	if (reversed && (!eat(at, ":") || !eat_number(at, 99, &scale) || !eat(at, ",")))
		return false;
	if (!eat(at, "\"precision\"") || !eat(at, ":") || !eat_number(at, 99, &precision))
		return false;
	if (!reversed && (!eat(at, ",") || !eat(at, "\"scale\"") || !eat(at, ":") ||
			  !eat_number(at, 99, &scale)))
		return false;
	type->precision = (uint8_t)precision;
	type->scale = (uint8_t)scale;
	return eat(at, "}");
}

static bool eat_parameters(const char **at, struct type *type)
{
	unsigned dimension;

	if (eat(at, "\"Embedding\"")) {
		type->id = TYPE_EMBEDDING;
		if (!eat(at, ":") || !eat_number(at, EMBEDDING_MAX, &dimension))
			return false;
		type->dimension = (uint16_t)dimension;
	} else if (eat(at, "\"Decimal\"")) {
		type->id = TYPE_DECIMAL;
		if (!eat(at, ":") || !eat_decimal(at, type))
			return false;
	}
	return eat(at, "}");
}

static bool eat_plain(const char **at, struct type *type)
{
	for (enum type_id id = TYPE_BOOLEAN; id < TYPE_ID_END; id++) {
		size_t len = strlen(types[id].kalam);

		if (id == TYPE_EMBEDDING || id == TYPE_DECIMAL)
			continue;
		if (strncmp(*at, types[id].kalam, len) || (*at)[len] != '"')
			continue;
		*at += len + 1;
		type->id = id;
		return true;
	}
	return false;
}

int type_parse_kalam_json(const char *json, struct type *out)
{
	struct type type = { 0 };

	if (eat(&json, "\"") ? !eat_plain(&json, &type) :
	    !eat(&json, "{") || !eat_parameters(&json, &type))
		return -EINVAL;
	skip_blanks(&json);
	if (*json || !is_valid(&type))
		return -EINVAL;
	*out = type;
	return 0;
}

/* One array member: in front of the first stands a newline, of the others a comma, too. */
static void print_member(const char *name, bool first, FILE *out)
{
	fprintf(out, "%s\n    \"%s\"", first ? "" : ",", name);
}

static void print_spellings(enum type_id id, FILE *out)
{
	bool first = true;

	fputs("  \"sql_spellings\": [", out);
	for (size_t i = 0; i < TYPE_SPELLING_COUNT; i++) {
		const struct type_spelling *spelling = &type_spellings[i];
		char words[64];

		if (spelling->id != id)
			continue;
		print_member(spelling->word, first, out);
		first = false;
		if (spelling->words != WORDS_PRECISION && spelling->words != WORDS_VARYING)
			continue;
		snprintf(words, sizeof(words), "%s %s", spelling->word,
			 spelling->words == WORDS_PRECISION ? "PRECISION" : "VARYING");
		print_member(words, false, out);
	}
	fputs("\n  ],\n", out);
}

static void print_parameters(const struct type_row *row, FILE *out)
{
	fputs("  \"parameters\": [", out);
	for (size_t i = 0; i < countof(row->params) && row->params[i].name; i++) {
		const struct type_param *param = &row->params[i];

		fprintf(out, "%s\n    {\n      \"name\": \"%s\",\n      \"min\": %u,\n", i ? "," : "",
			param->name, param->min);
		fprintf(out, "      \"max\": %u,\n      \"default\": ", param->max);
		if (param->fallback < 0)
			fputs("null\n    }", out);
		else
			fprintf(out, "%d\n    }", param->fallback);
	}
	fprintf(out, "%s],\n", row->params[0].name ? "\n  " : "");
}

static void print_widenings(const struct type_row *row, FILE *out)
{
	fputs("  \"widens_to\": [", out);
	for (size_t i = 0; i < countof(row->widens_to) && row->widens_to[i]; i++)
		print_member(types[row->widens_to[i]].name, i == 0, out);
	fprintf(out, "%s],\n", row->widens_to[0] ? "\n  " : "");
}

void type_print_document(enum type_id id, FILE *out)
{
	const struct type_row *row = &types[id];

	fprintf(out, "{\n  \"type\": \"%s\",\n", row->name);
	fprintf(out, "  \"wire_tag\": %u,\n  \"wire_tag_hex\": \"0x%02X\",\n", (unsigned)id,
		(unsigned)id);
	print_spellings(id, out);
	print_parameters(row, out);
	if (row->notes)
		fprintf(out, "  \"notes\": \"%s\",\n", row->notes);
	else
		fputs("  \"notes\": null,\n", out);
	fprintf(out, "  \"arrow_type\": \"%s\",\n", row->arrow);
	print_widenings(row, out);
	fprintf(out, "  \"example\": \"%s\"\n}\n", row->example);
}
