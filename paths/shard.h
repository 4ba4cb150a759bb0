/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shard - which of the user shards an id belongs to.
 *
 * SipHash-1-3 with both keys 0 over the UTF-8 bytes and a 0xFF byte, modulo
 * the number of shards (facts.md section 5.5: the hash of a Rust str).
 */
#ifndef KALAM_PATHS_SHARD_H
#define KALAM_PATHS_SHARD_H

#include <stddef.h>
#include <stdint.h>

#define USER_SHARDS 32

/* The 64-bit hash of len bytes (no 0xFF added). */
uint64_t siphash13(const void *bytes, size_t len);

/* Shard of a user id, 0 .. USER_SHARDS - 1. */
unsigned shard_of_user(const char *user_id, size_t len);

/* Shard of a table (namespace, 0xFF, table, 0xFF), 0 .. shards - 1. */
unsigned shard_of_table(const char *namespace_name, const char *table_name, unsigned shards);

#endif
