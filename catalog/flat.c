/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/flat.h"

#include <assert.h>
#include <string.h>

void flat_pad(struct buf *b, size_t to)
{
	(void)buf_zeros(b, (to - b->len % to) % to);
}

void flat_begin(struct buf *b)
{
	buf_le32(b, 0);
}

static void put(uint8_t *at, unsigned width, uint64_t v)
{
	for (unsigned i = 0; i < width; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

void flat_put(struct buf *b, size_t at, unsigned width, uint64_t v)
{
	if (b->failed)
		return;
	assert(at + width <= b->len);
	put(b->at + at, width, v);
}

/* The reference at ref leads to this place. */
static void link_to(struct buf *b, size_t ref, size_t place)
{
	if (place - ref > INT32_MAX)
		b->failed = true;
	flat_put(b, ref, FLAT_REF, place - ref);
}

/*
 * Append len zero bytes behind a gap, so that they begin at a multiple of 4,
 * where the reference at ref leads to; NULL after a failure.
 */
static uint8_t *append(struct buf *b, size_t ref, size_t len)
{
	size_t gap = (4 - b->len % 4) % 4;
	uint8_t *at = buf_zeros(b, gap + len);

	if (!at)
		return NULL;
	link_to(b, ref, b->len - len);
	return at + gap;
}

/* Place the fields behind the table's first four bytes; returns the table's size. */
static size_t lay_out(const uint8_t *widths, unsigned count, size_t *at)
{
	size_t size = 4;

	for (unsigned i = 0; i < count; i++) {
		at[i] = 0;
		if (!widths[i])
			continue;
		size = (size + widths[i] - 1) / widths[i] * widths[i];
		at[i] = size;
		size += widths[i];
	}
	return size;
}

void flat_table(struct buf *b, size_t ref, const uint8_t *widths, unsigned count, size_t *at)
{
	const size_t vtable_size = 4 + 2 * (size_t)count;
	size_t size = lay_out(widths, count, at);
	/* The vtable ends where the table begins, and that is a multiple of 8. */
	size_t start = (b->len + vtable_size + 7) & ~(size_t)7;
	uint8_t *vtable;

	assert(count <= FLAT_FIELDS_MAX);
	if (!buf_zeros(b, start - b->len + size))
		return;
	vtable = b->at + start - vtable_size;
	put(vtable, 2, vtable_size);
	put(vtable + 2, 2, size);
	put(b->at + start, 4, vtable_size);
	for (unsigned i = 0; i < count; i++) {
		put(vtable + 4 + 2 * (size_t)i, 2, at[i]);
		at[i] += start;
	}
	link_to(b, ref, start);
}

size_t flat_vector(struct buf *b, size_t ref, uint32_t count)
{
	const size_t refs = FLAT_REF * (size_t)count;
	uint8_t *at = append(b, ref, 4 + refs);

	if (at)
		put(at, 4, count);
	return b->len - refs;
}

void flat_text(struct buf *b, size_t ref, const char *text, size_t len)
{
	uint8_t *at;

	if (len > INT32_MAX)
		b->failed = true;
	at = append(b, ref, 4 + len + 1);
	if (!at)
		return;
	put(at, 4, len);
	memcpy(at + 4, text, len);
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
