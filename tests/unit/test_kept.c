/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/kept.h"

#include "tests/unit/helpers.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void put(struct kept *kept, uint64_t node, const char *text)
{
	kept_put(kept, node, strdup(text), strlen(text));
}

static void assert_text(struct kept *kept, uint64_t node, const char *expected)
{
	char text[64];
	size_t len;

	assert_true(kept_size(kept, node, &len));
	assert_int_equal(len, strlen(expected));
	assert_int_equal(kept_read(kept, node, text, sizeof(text), 0), (ssize_t)len);
	assert_memory_equal(text, expected, len);
}

static void test_pieces(void **state)
{
	struct kept *kept = kept_new(4096);
	char piece[4];

	(void)state;
	put(kept, 7, "0123456789");
	assert_int_equal(kept_read(kept, 7, piece, 4, 4), 4);
	assert_memory_equal(piece, "4567", 4);
	assert_int_equal(kept_read(kept, 7, piece, 4, 8), 2);
	assert_memory_equal(piece, "89", 2);
	assert_int_equal(kept_read(kept, 7, piece, 4, 10), 0);
	assert_int_equal(kept_read(kept, 7, piece, 4, UINT64_MAX), 0);
	assert_int_equal(kept_read(kept, 8, piece, 4, 0), -ENOENT);
	kept_free(kept);
}

/* Who has read the first half must get the second half of the same text. */
static void test_first_stays(void **state)
{
	struct kept *kept = kept_new(4096);

	(void)state;
	put(kept, 7, "first");
	put(kept, 7, "second");
	assert_text(kept, 7, "first");
	kept_free(kept);
}

static void test_bound(void **state)
{
	struct kept *kept = kept_new(100000);
	char text[1001];
	unsigned there = 0;
	size_t len;

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	for (uint64_t node = 1; node <= 1000; node++)
		put(kept, node, text);
	for (uint64_t node = 1; node <= 1000; node++)
		there += kept_size(kept, node, &len);
	assert_in_range(there, 80, 100);
	assert_false(kept_size(kept, 1, &len));
	assert_true(kept_size(kept, 1000, &len));
	kept_free(kept);
}

/* Texts are written into blocks that have room to grow: that is not kept. */
static void test_bound_is_of_memory(void **state)
{
	size_t before = mallinfo2().uordblks;
	struct kept *kept = kept_new(100000);

	(void)state;
	for (uint64_t node = 1; node <= 1000; node++) {
		char *text = malloc(4096);

		memset(text, 'x', 4096);
		kept_put(kept, node, text, 500);
	}
	assert_in_range(mallinfo2().uordblks, 0, before + 120000);
	kept_free(kept);
}

/* A text of its own for each node, of 0 to 60 bytes. */
static const char *pattern_of(uint64_t node, char text[64])
{
	size_t len = node * 7919 % 61;

	memset(text, 'a' + (int)(node % 26), len);
	text[len] = '\0';
	return text;
}

/* All lengths, round and round: what is there is whole, and it is the latest ones. */
static void test_round(void **state)
{
	struct kept *kept = kept_new(5000);
	char text[64];
	uint64_t oldest = 1;
	size_t len;

	(void)state;
	for (uint64_t node = 1; node <= 20000; node++) {
		put(kept, node, pattern_of(node, text));
		while (!kept_size(kept, oldest, &len))
			oldest++;
		assert_in_range(node - oldest + 1, node < 40 ? node : 40, 5000 / 32);
		for (uint64_t i = oldest; i <= node; i++)
			assert_text(kept, i, pattern_of(i, text));
	}
	kept_free(kept);
}

static void test_too_long(void **state)
{
	struct kept *kept = kept_new(200);
	char text[202];
	size_t len;

	(void)state;
	put(kept, 1, "short");
	memset(text, 'x', 201);
	text[201] = '\0';
	put(kept, 2, text);
	assert_false(kept_size(kept, 2, &len));
	assert_text(kept, 1, "short");
	kept_free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_first_stays),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_bound_is_of_memory),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
