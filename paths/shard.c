/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paths/shard.h"

#include <string.h>

/*
 * Rust hashes a str as its bytes and one 0xFF, and a pair of strs as both of
 * these one behind the other, so the hash takes bytes in pieces.
 */
struct siphash {
	uint64_t v[4];
	uint64_t pending;	/* bytes not yet mixed in, first byte lowest */
	size_t len;		/* bytes seen so far */
};

/* "somepseudorandomlygeneratedbytes", to be xored with the keys: both are 0. */
static const struct siphash siphash_start = {
	.v = {
		UINT64_C(0x736f6d6570736575),
		UINT64_C(0x646f72616e646f6d),
		UINT64_C(0x6c7967656e657261),
		UINT64_C(0x7465646279746573),
	},
};

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[3];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[2] = rotate_left(v[2], 32);
}

static void mix_word(struct siphash *h, uint64_t word)
{
	h->v[3] ^= word;
	sip_round(h->v);
	h->v[0] ^= word;
}

static void mix_bytes(struct siphash *h, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++) {
		h->pending |= (uint64_t)at[i] << 8 * (h->len % 8);
		if (++h->len % 8 == 0) {
			mix_word(h, h->pending);
			h->pending = 0;
		}
	}
}

static void mix_str(struct siphash *h, const char *text, size_t len)
{
	mix_bytes(h, text, len);
	mix_bytes(h, "\xff", 1);
}

static uint64_t finish(struct siphash *h)
{
	mix_word(h, h->pending | (uint64_t)h->len << 56);
	h->v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(h->v);
	return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
}

uint64_t siphash13(const void *bytes, size_t len)
{
	struct siphash h = siphash_start;

	mix_bytes(&h, bytes, len);
	return finish(&h);
}

unsigned shard_of_user(const char *user_id, size_t len)
{
	struct siphash h = siphash_start;

	mix_str(&h, user_id, len);
	return (unsigned)(finish(&h) % USER_SHARDS);
}

unsigned shard_of_table(const char *namespace_name, const char *table_name, unsigned shards)
{
	struct siphash h = siphash_start;

	mix_str(&h, namespace_name, strlen(namespace_name));
	mix_str(&h, table_name, strlen(table_name));
	return (unsigned)(finish(&h) % shards);
}
