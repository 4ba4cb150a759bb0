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

struct arrow_field {
	struct flat_table at;
	struct flat_vector metadata;
	const char *name;	/* borrowed; checked already: for messages */
};

/* The value of the first entry with this key. */
struct text arrow_find_pair(const struct flat_vector *metadata, const char *key);

/*
 * The type of a field: what Arrow tells, and which of JSON, FILE and TEXT it is
 * from the metadata.  0 or -EINVAL.
 */
int arrow_read_type(const struct arrow_field *field, struct type *out, struct err *err) MUST_CHECK;

/* Bytes of text to quote: a precision for %.*s. */
int arrow_quote(struct text text);

#endif
