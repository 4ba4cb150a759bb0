/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flat - FlatBuffers: a builder and a reader that never leaves its input.
 *
 * The builder goes front to back, a parent before what it refers to: a
 * reference is the distance forward from its own place, so it is written as
 * soon as its target begins.  Everything is aligned relative to byte 0 of the
 * buffer, which holds the reference to the root table; gaps are zero, and the
 * same calls give the same bytes.
 */
#ifndef KALAM_CATALOG_FLAT_H
#define KALAM_CATALOG_FLAT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FLAT_FIELDS_MAX 8
#define FLAT_REF 4	/* width of a reference to a table, vector or text */

/* Where the fields of a table are; tables with the same ones share it. */
struct flat_shape {
	unsigned count, size, vtable_size;
	uint8_t vtable[4 + 2 * FLAT_FIELDS_MAX];
	uint8_t at[FLAT_FIELDS_MAX];	/* 0 = absent */
};

/* Make room for the root reference; it is at 0.  b must be empty. */
void flat_begin(struct buf *b);

/*
 * Lay out a table: widths gives the bytes of its `count` fields (at most
 * FLAT_FIELDS_MAX): 1, 2, 4, 8, or 0 for an absent one.
 */
struct flat_shape flat_shape(const uint8_t *widths, unsigned count);

/*
 * Append a table that the reference at `ref` leads to.  at gets the place of each
 * field, which is zero until flat_put or one of the calls that take a ref fills it.
 */
void flat_shaped(struct buf *b, size_t ref, const struct flat_shape *shape, size_t *at);

/* Both: a table of a shape that is needed once. */
void flat_table(struct buf *b, size_t ref, const uint8_t *widths, unsigned count, size_t *at);

/* Fill a field of 1, 2, 4 or 8 bytes. */
void flat_put(struct buf *b, size_t at, unsigned width, uint64_t v);

/* Append a vector of references and give the place of the first; they are FLAT_REF bytes apart. */
size_t flat_vector(struct buf *b, size_t ref, uint32_t count);

/* Append len bytes of text. */
void flat_text(struct buf *b, size_t ref, const char *text, size_t len);

/* Append zero bytes up to a multiple of `to` (a power of two). */
void flat_pad(struct buf *b, size_t to);

/* Input of the reader. */
struct flat {
	const uint8_t *bytes;	/* borrowed */
	size_t len;
	bool damaged;		/* something leads outside of the bytes; stays set */
};

/* Borrow the input. */
struct flat_table {
	struct flat *in;
	size_t at, vtable;
	uint16_t size, vtable_size;
};

struct flat_vector {
	struct flat *in;
	size_t at;		/* of the first reference */
	uint32_t count;
};

/*
 * The root table; a table that a field refers to; a vector of references in a
 * field; a table that such a reference leads to.  False when the field is absent
 * and, with in->damaged, when the bytes cannot be so; *out is then empty: all
 * its fields are absent, its count is 0.
 */
bool flat_root(struct flat *in, struct flat_table *out);
bool flat_child(const struct flat_table *table, unsigned field, struct flat_table *out);
bool flat_children(const struct flat_table *table, unsigned field, struct flat_vector *out);
bool flat_item(const struct flat_vector *vector, uint32_t index, struct flat_table *out);

/* An integer field of `width` bytes, not sign-extended; `absent` when it is not there. */
uint64_t flat_uint(const struct flat_table *table, unsigned field, unsigned width, uint64_t absent);

/* Borrowed text (no NUL at the end) and its length; NULL and 0 when it is not there. */
const char *flat_string(const struct flat_table *table, unsigned field, size_t *len);

#endif
