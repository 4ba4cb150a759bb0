/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/flat.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

void flat_pad(struct buf *b, size_t to)
{
	(void)buf_zeros(b, (to - b->len % to) % to);
}

void flat_begin(struct buf *b)
{
	buf_le32(b, 0);
}

static inline void put(uint8_t *at, unsigned width, uint64_t v)
{
	v = htole64(v);
	switch (width) {
	case 1:
		*at = (uint8_t)v;
		break;
	case 2:
		memcpy(at, &v, 2);
		break;
	case 4:
		memcpy(at, &v, 4);
		break;
	case 8:
		memcpy(at, &v, 8);
		break;
	default:
		assert(!"a width that a field can have");
	}
}

void flat_put(struct buf *b, size_t at, unsigned width, uint64_t v)
{
	if (b->failed)
		return;
	assert(at + width <= b->len);
	put(b->at + at, width, v);
}

/* The reference at ref leads to this place. */
static inline void link_to(struct buf *b, size_t ref, size_t place)
{
	if (place - ref > INT32_MAX)
		b->failed = true;
	if (!b->failed)
		put(b->at + ref, FLAT_REF, place - ref);
}

/* Zeroed at once, and written over by what comes next: faster than to count. */
#define BLOCK 64
_Static_assert(7 + sizeof(((struct flat_shape *)0)->vtable) <= BLOCK, "a vtable fits behind a gap");

/* Append len zero bytes, most often few; NULL after a failure. */
static inline uint8_t *append_zeros(struct buf *b, size_t len)
{
	uint8_t *at;

	if (len > BLOCK)
		return buf_zeros(b, len);
	if (!buf_reserve(b, BLOCK))
		return NULL;
	at = b->at + b->len;
	memset(at, 0, BLOCK);
	b->len += len;
	return at;
}

/* Bytes up to the next multiple of 4. */
static inline size_t gap_of(const struct buf *b)
{
	return (4 - b->len % 4) % 4;
}

/* Place the fields behind the table's first four bytes; returns the table's size. */
static unsigned lay_out(const uint8_t *widths, unsigned count, uint8_t *at)
{
	unsigned size = 4;

	for (unsigned i = 0; i < count; i++) {
		at[i] = 0;
		if (!widths[i])
			continue;
		size = (size + widths[i] - 1) & ~(unsigned)(widths[i] - 1);	/* a power of two */
		at[i] = (uint8_t)size;
		size += widths[i];
	}
	return size;
}

struct flat_shape flat_shape(const uint8_t *widths, unsigned count)
{
	struct flat_shape shape = { .count = count, .vtable_size = 4 + 2 * count };

	assert(count <= FLAT_FIELDS_MAX);
	shape.size = lay_out(widths, count, shape.at);
	put(shape.vtable, 2, shape.vtable_size);
	put(shape.vtable + 2, 2, shape.size);
	for (unsigned i = 0; i < count; i++)
		put(shape.vtable + 4 + 2 * (size_t)i, 2, shape.at[i]);
	return shape;
}

void flat_shaped(struct buf *b, size_t ref, const struct flat_shape *shape, size_t *at)
{
	/* The vtable ends where the table begins, and that is a multiple of 8. */
	size_t start = (b->len + shape->vtable_size + 7) & ~(size_t)7;
	size_t vtable = start - shape->vtable_size;

	for (unsigned i = 0; i < shape->count; i++)
		at[i] = start + shape->at[i];
	if (!append_zeros(b, start - b->len + shape->size))
		return;
	/* Of fixed length: behind the vtable are zeros, as in the table, and room. */
	memcpy(b->at + vtable, shape->vtable, sizeof(shape->vtable));
	put(b->at + start, 4, shape->vtable_size);
	link_to(b, ref, start);
}

void flat_table(struct buf *b, size_t ref, const uint8_t *widths, unsigned count, size_t *at)
{
	struct flat_shape shape = flat_shape(widths, count);

	flat_shaped(b, ref, &shape, at);
}

size_t flat_vector(struct buf *b, size_t ref, uint32_t count)
{
	const size_t refs = FLAT_REF * (size_t)count, gap = gap_of(b);
	uint8_t *at = append_zeros(b, gap + 4 + refs);

	if (at) {
		put(at + gap, 4, count);
		link_to(b, ref, b->len - refs - 4);
	}
	return b->len - refs;
}

void flat_text(struct buf *b, size_t ref, const char *text, size_t len)
{
	const size_t gap = gap_of(b);
	uint8_t *at;

	if (len > INT32_MAX)
		b->failed = true;
	if (!buf_reserve(b, BLOCK + len))
		return;
	at = b->at + b->len;
	memset(at, 0, 4);
	put(at + gap, 4, len);
	memcpy(at + gap + 4, text, len);
	at[gap + 4 + len] = '\0';
	b->len += gap + 4 + len + 1;
	link_to(b, ref, b->len - 4 - len - 1);
}

/* An integer at a place that may be outside. */
static uint64_t get(struct flat *in, size_t at, unsigned width)
{
	uint64_t v = 0;

	if (at > in->len || width > in->len - at) {
		in->damaged = true;
		return 0;
	}
	for (unsigned i = 0; i < width; i++)
		v |= (uint64_t)in->bytes[at + i] << (8 * i);
	return v;
}

/* Where the reference at `at` leads to: behind it, and inside. */
static bool follow(struct flat *in, size_t at, size_t *target)
{
	uint64_t offset = get(in, at, FLAT_REF);

	if (in->damaged)
		return false;
	if (!offset || offset >= in->len - at) {
		in->damaged = true;
		return false;
	}
	*target = at + (size_t)offset;
	return true;
}

/* The table that the reference at `ref` leads to. */
static bool open_table(struct flat *in, size_t ref, struct flat_table *out)
{
	struct flat_table table = { .in = in };
	int64_t vtable;

	*out = table;
	if (!follow(in, ref, &table.at))
		return false;
	vtable = (int64_t)table.at - (int32_t)(uint32_t)get(in, table.at, 4);
	if (vtable < 0 || (uint64_t)vtable > in->len) {
		in->damaged = true;
		return false;
	}
	table.vtable = (size_t)vtable;
	table.vtable_size = (uint16_t)get(in, table.vtable, 2);
	table.size = (uint16_t)get(in, table.vtable + 2, 2);
	if (table.vtable_size < 4 || table.vtable_size % 2 || table.size < 4 ||
	    table.vtable_size > in->len - table.vtable || table.size > in->len - table.at)
		in->damaged = true;
	if (in->damaged)
		return false;
	*out = table;
	return true;
}

/* The place of a field of `width` bytes; false when it is absent. */
static bool find_field(const struct flat_table *table, unsigned field, unsigned width, size_t *at)
{
	size_t slot = 4 + 2 * (size_t)field;
	uint64_t offset;

	if (table->in->damaged || slot >= table->vtable_size)
		return false;
	offset = get(table->in, table->vtable + slot, 2);
	if (!offset)
		return false;
	if (offset < 4 || offset + width > table->size) {
		table->in->damaged = true;
		return false;
	}
	*at = table->at + (size_t)offset;
	return true;
}

bool flat_root(struct flat *in, struct flat_table *out)
{
	return open_table(in, 0, out);
}

bool flat_child(const struct flat_table *table, unsigned field, struct flat_table *out)
{
	size_t at;

	*out = (struct flat_table){ .in = table->in };
	return find_field(table, field, FLAT_REF, &at) && open_table(table->in, at, out);
}

bool flat_children(const struct flat_table *table, unsigned field, struct flat_vector *out)
{
	struct flat *in = table->in;
	uint64_t count;
	size_t at, start;

	*out = (struct flat_vector){ .in = in };
	if (!find_field(table, field, FLAT_REF, &at) || !follow(in, at, &start))
		return false;
	count = get(in, start, 4);
	if (in->damaged || count > (in->len - start - 4) / FLAT_REF) {
		in->damaged = true;
		return false;
	}
	out->at = start + 4;
	out->count = (uint32_t)count;
	return true;
}

bool flat_item(const struct flat_vector *vector, uint32_t index, struct flat_table *out)
{
	*out = (struct flat_table){ .in = vector->in };
	if (vector->in->damaged || index >= vector->count)
		return false;
	return open_table(vector->in, vector->at + FLAT_REF * (size_t)index, out);
}

uint64_t flat_uint(const struct flat_table *table, unsigned field, unsigned width, uint64_t absent)
{
	size_t at;

	return find_field(table, field, width, &at) ? get(table->in, at, width) : absent;
}

const char *flat_string(const struct flat_table *table, unsigned field, size_t *len)
{
	struct flat *in = table->in;
	size_t at, start;
	uint64_t size;

	*len = 0;
	if (!find_field(table, field, FLAT_REF, &at) || !follow(in, at, &start))
		return NULL;
	size = get(in, start, 4);
	if (in->damaged || size > in->len - start - 4) {
		in->damaged = true;
		return NULL;
	}
	*len = (size_t)size;
	return (const char *)in->bytes + start + 4;
}
