/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_tree - a saved document as a tree that knows where everything stands.
 */
#ifndef KALAM_CATALOG_JSON_TREE_H
#define KALAM_CATALOG_JSON_TREE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define DOCUMENT_MAX_BYTES (4u << 20)

enum tree_kind {
	TREE_NULL,
	TREE_BOOLEAN,
	TREE_NUMBER,
	TREE_STRING,
	TREE_ARRAY,
	TREE_OBJECT,
	TREE_KIND_COUNT
};

struct json_value {
	enum tree_kind kind;
	const char *key;	/* of a member of an object, decoded; else NULL */
	long key_pos;		/* of the key's opening quote; else -1 */
	long pos;		/* of the value's first byte */
	size_t len;		/* bytes of the value in the text */
	const char *text;	/* string: decoded; number: as written; boolean: "true", "false" */
	size_t text_len;
	const struct json_value *parent;
	struct json_value *first, *next;	/* members and elements, in their order */
	unsigned index;		/* among its siblings */
	unsigned count;		/* of children */
};

/*
 * Check text (catalog/json.h) and make the tree in arena memory; it borrows
 * nothing of text.  0, -ENOMEM, -EFBIG over DOCUMENT_MAX_BYTES, or -EINVAL with
 * position: bad syntax, a limit, and a key twice in one object, with its pointer.
 */
int json_tree_parse(const char *text, size_t len, struct arena *arena,
		    const struct json_value **out, struct err *err) MUST_CHECK;

/* The deepest value that byte pos belongs to, keys included; the root if none does. */
const struct json_value *json_tree_at(const struct json_value *root, long pos);

/*
 * "/columns/1/data_type" (RFC 6901) in out; "" for the root.  What does not fit
 * is left out from the end, control characters become '?'.
 */
void json_tree_pointer(const struct json_value *value, char *out, size_t size);

/* "an object", "true or false": for messages.  Static. */
const char *json_tree_kind_name(enum tree_kind kind);

#endif
