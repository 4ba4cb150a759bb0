/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buf - a growing byte buffer, and a reader of bytes that never overruns.
 *
 * Both are sticky: after the first failure (memory is out; the bytes end too
 * early) further calls do nothing, and the caller checks once at the end.
 */
#ifndef KALAM_BASE_BUF_H
#define KALAM_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *at;		/* owned; NULL while empty */
	size_t len, size;
	bool failed;		/* memory was out */
};

/* Make room for more bytes; false after a failure. */
bool buf_grow(struct buf *b, size_t more);

static inline bool buf_reserve(struct buf *b, size_t more)
{
	return (b->size - b->len >= more && b->at && !b->failed) || buf_grow(b, more);
}

/* Append; integers as little-endian (le) or big-endian (be). */
void buf_bytes(struct buf *b, const void *bytes, size_t len);

static inline void buf_u8(struct buf *b, uint8_t v)
{
	if (buf_reserve(b, 1))
		b->at[b->len++] = v;
}

void buf_le16(struct buf *b, uint16_t v);
void buf_le32(struct buf *b, uint32_t v);
void buf_le64(struct buf *b, uint64_t v);
void buf_be32(struct buf *b, uint32_t v);
void buf_be64(struct buf *b, uint64_t v);

/* Append zero bytes to be filled in: borrowed until the next call; NULL after a failure. */
uint8_t *buf_zeros(struct buf *b, size_t len);

/* Length as le32, then the bytes; text NULL is written as length 0xffffffff. */
void buf_text(struct buf *b, const char *text);

/* Free the bytes; the buffer is empty afterwards. */
void buf_free(struct buf *b);

struct reader {
	const uint8_t *at;	/* borrowed from the caller */
	size_t len;		/* bytes left */
	bool failed;		/* something was asked for beyond the end */
};

uint8_t read_u8(struct reader *r);
uint16_t read_le16(struct reader *r);
uint32_t read_le32(struct reader *r);
uint64_t read_le64(struct reader *r);
uint32_t read_be32(struct reader *r);
uint64_t read_be64(struct reader *r);

/* len bytes, borrowed from the reader's input; NULL after a failure. */
const uint8_t *read_bytes(struct reader *r, size_t len);

/*
 * What buf_text wrote: borrowed bytes (no NUL at the end) and their length.
 * NULL with *len 0 both for a NULL text and after a failure.
 */
const char *read_text(struct reader *r, size_t *len);

#endif
