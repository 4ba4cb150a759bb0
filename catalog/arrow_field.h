/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arrow_field - a field of an Arrow schema that is being read.  For
 * arrow_read.c and arrow_type.c only.
 */
#ifndef KALAM_CATALOG_ARROW_FIELD_H
#define KALAM_CATALOG_ARROW_FIELD_H

#include "base/err.h"
#include "catalog/flat.h"
#include "catalog/type.h"

/* At most this much of a text from the stream is quoted in a message. */
#define QUOTE_MAX 64

struct text {
	const char *at;		/* borrowed from the stream; NULL = there is none */
	size_t len;
};

/* The metadata keys of arrow.h, of fields and of the schema. */
enum arrow_key {
	ARROW_KEY_DATA_TYPE,
	ARROW_KEY_FLAGS,
	ARROW_KEY_FIELD_ID,
	ARROW_KEY_COMMENT,
	ARROW_KEY_DEFAULT,
	ARROW_KEY_TABLE,
	ARROW_KEY_TABLE_ID,
	ARROW_KEY_VERSION,
	ARROW_KEY_TABLE_TYPE,
	ARROW_KEY_COUNT
};

/* The value of the first entry with each key. */
struct arrow_metadata {
	struct text values[ARROW_KEY_COUNT];
};

struct arrow_field {
	struct flat_table at;
	struct arrow_metadata metadata;
	const char *name;	/* borrowed; checked already: for messages */
};

/*
 * The type of a field: what Arrow tells, and which of JSON, FILE and TEXT it is
 * from the metadata.  0 or -EINVAL.
 */
int arrow_read_type(const struct arrow_field *field, struct type *out, struct err *err) MUST_CHECK;

/* Bytes of text to quote: a precision for %.*s. */
int arrow_quote(struct text text);

#endif
