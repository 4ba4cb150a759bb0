/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * type - the 17 data types: one table of wire tags, spellings, parameters and
 * Arrow types, and what follows from it (facts.md section 3).
 */
#ifndef KALAM_CATALOG_TYPE_H
#define KALAM_CATALOG_TYPE_H

#include "base/buf.h"
#include "base/err.h"
#include "catalog/lex.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The numbers are the wire tags. */
enum type_id {
	TYPE_BOOLEAN = 0x01,
	TYPE_INT = 0x02,
	TYPE_BIGINT = 0x03,
	TYPE_DOUBLE = 0x04,
	TYPE_FLOAT = 0x05,
	TYPE_TEXT = 0x06,
	TYPE_TIMESTAMP = 0x07,
	TYPE_DATE = 0x08,
	TYPE_DATETIME = 0x09,
	TYPE_TIME = 0x0A,
	TYPE_JSON = 0x0B,
	TYPE_BYTES = 0x0C,
	TYPE_EMBEDDING = 0x0D,
	TYPE_UUID = 0x0E,
	TYPE_DECIMAL = 0x0F,
	TYPE_SMALLINT = 0x10,
	TYPE_FILE = 0x11,
	TYPE_ID_END	/* one past the last */
};

#define EMBEDDING_MAX 8192
#define DECIMAL_PRECISION_MAX 38
#define TYPE_SQL_SIZE 32	/* bytes of any type's SQL text with its NUL */
#define TYPE_JSON_SIZE 48	/* and of its JSON */

struct type {
	enum type_id id;
	uint16_t dimension;	/* EMBEDDING: 1..8192, else 0 */
	uint8_t precision;	/* DECIMAL: 1..38, else 0 */
	uint8_t scale;		/* DECIMAL: 0..precision, else 0 */
};

/* "BIGINT": the SQL name without parameters.  Static. */
const char *type_name(enum type_id id);

/* "DECIMAL(10, 2)", "EMBEDDING(384)", "TEXT": canonical SQL text in out; returns out. */
const char *type_sql(const struct type *type, char out[TYPE_SQL_SIZE]);

bool type_equal(const struct type *a, const struct type *b);

/*
 * Parse a type at the lexer's current token and leave the lexer behind it.
 * All spellings of facts.md section 3.1, NUMERIC and DEC for DECIMAL.
 * *serial (may be NULL) tells whether the spelling implies DEFAULT
 * SNOWFLAKE_ID() (the SERIAL family).  Returns 0 or -EINVAL with the texts of
 * facts.md section 9.1 (all 17 types in tag order, decisions.md 40) and a
 * "Did you mean X?" for near misses.
 */
int type_parse(struct lexer *lx, struct type *out, bool *serial, struct err *err) MUST_CHECK;

/* The same for a whole text, as in a document: nothing may follow the type. */
int type_parse_text(const char *text, size_t len, struct type *out, struct err *err) MUST_CHECK;

/*
 * Whether every stored value of one type survives as the other: SMALLINT to
 * INT to BIGINT, FLOAT to DOUBLE, DECIMAL where neither integer digits nor
 * scale shrink (decisions.md 41).  Equal types are true.
 */
bool type_widens(const struct type *from, const struct type *to);

/*
 * How many digits a number has, as SQL's information schema tells it: binary ones
 * of integers and floating point, decimal ones of DECIMAL; behind the point in
 * *scale, -1 for floating point.  False for what is no number.
 */
bool type_digits(const struct type *type, unsigned *precision, int *scale);

/* Wire form: tag, then EMBEDDING's dimension as u32 LE, DECIMAL's p and s as one byte each. */
void type_encode(const struct type *type, struct buf *out);

/* The inverse; on bad or missing bytes r->failed is set and *out is untouched. */
int type_decode(struct reader *r, struct type *out) MUST_CHECK;

/*
 * KalamDB's JSON of a type in out: "BigInt", {"Embedding":384},
 * {"Decimal":{"precision":10,"scale":2}}; returns out.
 */
const char *type_kalam_json(const struct type *type, char out[TYPE_JSON_SIZE]);
void type_print_kalam_json(const struct type *type, FILE *out);

/* The inverse for a NUL-terminated text; 0 or -EINVAL. */
int type_parse_kalam_json(const char *json, struct type *out) MUST_CHECK;

/* types/<TYPE>.json, two-space indented with final newline, keys as in forms.md. */
void type_print_document(enum type_id id, FILE *out);

#endif
