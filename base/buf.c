/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define NULL_TEXT UINT32_MAX

static bool reserve(struct buf *b, size_t more)
{
	size_t size = b->size ? b->size : 256;
	uint8_t *at;

	if (!b->failed && b->size - b->len >= more && b->at)
		return true;
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
	if (!len || !reserve(b, len))
		return;
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

uint8_t *buf_zeros(struct buf *b, size_t len)
{
	uint8_t *at;

	if (!reserve(b, len))
		return NULL;
	at = b->at + b->len;
	memset(at, 0, len);
	b->len += len;
	return at;
}

void buf_u8(struct buf *b, uint8_t v)
{
	if (reserve(b, 1))
		b->at[b->len++] = v;
}

void buf_le16(struct buf *b, uint16_t v)
{
	v = htole16(v);
	buf_bytes(b, &v, sizeof(v));
}

void buf_le32(struct buf *b, uint32_t v)
{
	v = htole32(v);
	buf_bytes(b, &v, sizeof(v));
}

void buf_le64(struct buf *b, uint64_t v)
{
	v = htole64(v);
	buf_bytes(b, &v, sizeof(v));
}

void buf_be32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	buf_bytes(b, &v, sizeof(v));
}

void buf_be64(struct buf *b, uint64_t v)
{
	v = htobe64(v);
	buf_bytes(b, &v, sizeof(v));
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

static uint64_t get_int(struct reader *r, unsigned bytes, bool big)
{
	const uint8_t *at = read_bytes(r, bytes);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)at[big ? bytes - 1 - i : i] << (8 * i);
	return v;
}

uint8_t read_u8(struct reader *r)
{
	return (uint8_t)get_int(r, 1, false);
}

uint16_t read_le16(struct reader *r)
{
	return (uint16_t)get_int(r, 2, false);
}

uint32_t read_le32(struct reader *r)
{
	return (uint32_t)get_int(r, 4, false);
}

uint64_t read_le64(struct reader *r)
{
	return get_int(r, 8, false);
}

uint32_t read_be32(struct reader *r)
{
	return (uint32_t)get_int(r, 4, true);
}

uint64_t read_be64(struct reader *r)
{
	return get_int(r, 8, true);
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
