/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * value - single values of the 17 types: canonical text, SQL and JSON forms,
 * wire form (facts.md sections 3.4 and 3.5; forms.md "Literals").
 *
 * A value travels as its canonical text, which value_canonical makes:
 * BOOLEAN true/false; integers in decimal; FLOAT and DOUBLE the shortest
 * digits that read back the same; DECIMAL with exactly its scale; DATE
 * 2026-11-22; TIME 10:00:00.000000 (fraction only if not zero); TIMESTAMP
 * without zone 2026-11-22T10:00:00.000000; DATETIME in UTC with Z; UUID
 * hyphenated lower case; TEXT as is; JSON and FILE compact JSON text; BYTES
 * lower-case hex; EMBEDDING [1,2.5].
 */
#ifndef KALAM_CATALOG_VALUE_H
#define KALAM_CATALOG_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "catalog/type.h"

/* How a literal was written, before its column's type is known. */
enum literal_form {
	LITERAL_NULL,
	LITERAL_BOOLEAN,	/* TRUE, FALSE; JSON true, false */
	LITERAL_NUMBER,		/* 12, -0.50, 1e3; text with its sign */
	LITERAL_STRING,		/* 'x', content without quotes; JSON string */
	LITERAL_ARRAY,		/* [1, 2.5] from JSON or ARRAY[...]; text is JSON */
	LITERAL_OBJECT		/* a JSON object in a document; text is JSON */
};

struct literal {
	enum literal_form form;
	const char *text;	/* borrowed, NUL-terminated; NULL for LITERAL_NULL */
	size_t len;		/* bytes of text; a string may hold no NUL */
};

/*
 * Check that a literal is a value of the type and give its canonical text in
 * arena memory (*out NULL for LITERAL_NULL).  Numbers are accepted as strings
 * and the other way round where nothing is lost ('12' for INT; 1 for TEXT is
 * refused).  BYTES: hex digits with optional \x or 0x in front, or X'..'.
 * Returns 0, -ENOMEM, or -EINVAL with a sentence such as "Value 40000 out of
 * range for SMALLINT (-32,768 to 32,767)", "Expected 384 floats, got 2",
 * "Value '1.234' has more than 2 digits after the point for DECIMAL(10, 2)".
 */
int value_canonical(const struct type *type, const struct literal *literal, struct arena *arena,
		    const char **out, struct err *err) MUST_CHECK;

/* The value as SQL (quoted with '' where the type needs it; NULL for text NULL). */
void value_print_sql(const struct type *type, const char *text, FILE *out);

/*
 * The value as JSON, forms.md "Literals": BIGINT beyond +-(2^53-1) and DECIMAL
 * are strings, EMBEDDING an array, NULL null.  ASCII only (\u escapes).
 */
void value_print_json(const struct type *type, const char *text, FILE *out);

/*
 * The wire form of a value given by its canonical text (facts.md section 3.4).
 * -EINVAL for NULL, which has none, and for a text that is not canonical;
 * -ENOMEM.  Nothing is appended to *out then.
 */
int value_encode(const struct type *type, const char *text, struct buf *out,
		 struct err *err) MUST_CHECK;

/*
 * The inverse: reads one value (tag first), gives its type and its canonical
 * text in arena memory.  -EINVAL with a sentence on bad, short or non-canonical
 * bytes (unknown tag, invalid UTF-8, NaN or infinity, dimension 0...).
 */
int value_decode(struct reader *r, struct type *type, struct arena *arena, const char **text,
		 struct err *err) MUST_CHECK;

/* Print text as a JSON string with quotes; ASCII only, invalid UTF-8 as \ufffd. */
void json_print_string(const char *text, size_t len, FILE *out);

/*
 * What stands between these quotes, piece by piece: takes the next characters
 * from *text and *len (> 0) and gives their form, which is in the text itself or
 * in room.
 */
#define JSON_ESCAPE_SIZE 16
size_t json_piece(const char **text, size_t *len, char room[JSON_ESCAPE_SIZE], const char **piece);

#endif
