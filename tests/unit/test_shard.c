/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "paths/shard.h"

/* The vectors of facts.md section 5.5, computed with Rust's own hasher. */
static const struct {
	const char *id;
	unsigned shard;
} users[] = {
	{ "alice", 0 },
	{ "bob", 17 },
	{ "root", 17 },
	{ "user_123", 15 },
	{ "user123", 21 },
	{ "550e8400-e29b-41d4-a716-446655440000", 19 },
};

static void users_hash_into_the_shards_upstream_gives_them(void **state)
{
	(void)state;

	for (size_t i = 0; i < countof(users); i++) {
		if (shard_of_user(users[i].id, strlen(users[i].id)) != users[i].shard)
			fail_msg("%s is not in shard %u", users[i].id, users[i].shard);
	}
}

static void the_hash_of_a_str_is_that_of_its_bytes_and_0xff(void **state)
{
	(void)state;

	assert_true(siphash13("alice\xff", 6) == UINT64_C(0x2c7c12466e25a60));
	assert_true(siphash13("user_123\xff", 9) == UINT64_C(0x773393aff0dfacf));
}

static void tables_hash_into_the_shards_upstream_gives_them(void **state)
{
	(void)state;

	assert_int_equal(shard_of_table("app", "messages", 32), 9);
	assert_int_equal(shard_of_table("default", "users", 32), 5);
	assert_int_equal(shard_of_table("app", "messages", 1), 0);
}

static void the_end_of_the_namespace_counts(void **state)
{
	(void)state;

	assert_int_not_equal(shard_of_table("ab", "c", 1u << 31),
			     shard_of_table("a", "bc", 1u << 31));
}

static void every_length_around_a_word_has_its_own_hash(void **state)
{
	uint64_t seen[20];

	(void)state;

	for (size_t len = 0; len < countof(seen); len++) {
		seen[len] = siphash13("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", len);
		for (size_t i = 0; i < len; i++)
			assert_true(seen[i] != seen[len]);
	}
}

static void an_id_needs_no_nul_behind_it(void **state)
{
	(void)state;

	assert_int_equal(shard_of_user("bobby", 3), 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_hash_into_the_shards_upstream_gives_them),
		cmocka_unit_test(the_hash_of_a_str_is_that_of_its_bytes_and_0xff),
		cmocka_unit_test(tables_hash_into_the_shards_upstream_gives_them),
		cmocka_unit_test(the_end_of_the_namespace_counts),
		cmocka_unit_test(every_length_around_a_word_has_its_own_hash),
		cmocka_unit_test(an_id_needs_no_nul_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
