/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define NULL_TEXT UINT32_MAX

bool buf_grow(struct buf *b, size_t more)
{
	size_t size = b->size ? b->size : 256;
	uint8_t *at;

	if (b->failed || more > SIZE_MAX / 4 - b->len) {
		b->failed = true;
		return false;
	}
	while (size - b->len < more)
		size *= 2;
	at = realloc(b->at, size);
	if (!at) {
		b->failed = true;
		return false;
	}
	b->at = at;
	b->size = size;
	return true;
}

void buf_bytes(struct buf *b, const void *bytes, size_t len)
{
	if (!len || !buf_reserve(b, len))
		return;
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

uint8_t *buf_zeros(struct buf *b, size_t len)
{
	uint8_t *at;

	if (!buf_reserve(b, len))
		return NULL;
	at = b->at + b->len;
	memset(at, 0, len);
	b->len += len;
	return at;
}

/* Integers: a copy of fixed length. */
#define PUT(b, v)                                                       \
	do {                                                            \
		if (buf_reserve(b, sizeof(v))) {                        \
			memcpy((b)->at + (b)->len, &(v), sizeof(v));    \
			(b)->len += sizeof(v);                          \
		}                                                       \
	} while (0)

void buf_le16(struct buf *b, uint16_t v)
{
	v = htole16(v);
	PUT(b, v);
}

void buf_le32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	PUT(b, v);
}

void buf_le64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	PUT(b, v);
}

void buf_be32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	PUT(b, v);
}

void buf_be64(struct buf *b, uint64_t v)
{
	v = htobe64(v);
	PUT(b, v);
}

void buf_text(struct buf *b, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (len >= NULL_TEXT) {
		b->failed = true;
		return;
	}
	buf_le32(b, text ? (uint32_t)len : NULL_TEXT);
	buf_bytes(b, text, len);
}

void buf_free(struct buf *b)
{
	free(b->at);
	*b = (struct buf){ 0 };
}

const uint8_t *read_bytes(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->failed || len > r->len) {
		r->failed = true;
		return NULL;
	}
	r->at += len;
	r->len -= len;
	return at;
}

uint8_t read_u8(struct reader *r)
{
	const uint8_t *at = read_bytes(r, 1);

	return at ? *at : 0;
}

uint16_t read_le16(struct reader *r)
{
	const uint8_t *at = read_bytes(r, sizeof(uint16_t));
	uint16_t v = 0;

	if (at)
		memcpy(&v, at, sizeof(v));
	return le16toh(v);
}

uint32_t read_le32(struct reader *r)
{
	const uint8_t *at = read_bytes(r, sizeof(uint32_t));
	uint32_t v = 0;

	if (at)
		memcpy(&v, at, sizeof(v));
	return le32toh(v);
}

uint64_t read_le64(struct reader *r)
{
	const uint8_t *at = read_bytes(r, sizeof(uint64_t));
	uint64_t v = 0;

	if (at)
		memcpy(&v, at, sizeof(v));
	return le64toh(v);
}

uint32_t read_be32(struct reader *r)
{
	return be32toh(htole32(read_le32(r)));
}

uint64_t read_be64(struct reader *r)
{
	return be64toh(htole64(read_le64(r)));
}

const char *read_text(struct reader *r, size_t *len)
{
	uint32_t n = read_le32(r);

	*len = 0;
	if (r->failed || n == NULL_TEXT)
		return NULL;
	if (!read_bytes(r, n))
		return NULL;
	*len = n;
	return (const char *)r->at - n;
}
