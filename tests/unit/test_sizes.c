/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/sizes.h"

#include "fs/inode.h"
#include "tests/unit/helpers.h"

static struct sizes sizes;

static int reset(void **state)
{
	(void)state;
	sizes_init(&sizes);
	return 0;
}

static void test_snapshots(void **state)
{
	uint64_t node = inode_pack(NODE_NAMESPACE_INDEX, 7, 0);
	off_t size;

	(void)state;
	assert_false(sizes_get(&sizes, node, 5, &size));
	sizes_put(&sizes, node, 5, 100);
	assert_true(sizes_get(&sizes, node, 5, &size));
	assert_int_equal(size, 100);
	assert_false(sizes_get(&sizes, node, 6, &size));
	assert_false(sizes_get(&sizes, inode_pack(NODE_NAMESPACE_INDEX, 8, 0), 5, &size));
	sizes_put(&sizes, node, 6, 120);
	assert_false(sizes_get(&sizes, node, 5, &size));
	sizes_put(&sizes, node, 5, 100);
	assert_true(sizes_get(&sizes, node, 6, &size));
	assert_int_equal(size, 120);
}

/* Namespaces are numbered one after the other: all of a usual catalog find a place. */
static void test_places(void **state)
{
	off_t size;
	uint32_t id;

	(void)state;
	for (id = 1; id <= SIZES_MAX; id++)
		sizes_put(&sizes, inode_pack(NODE_NAMESPACE_INDEX, id, 0), 5, id);
	for (id = 1; id <= SIZES_MAX; id++) {
		assert_true(sizes_get(&sizes, inode_pack(NODE_NAMESPACE_INDEX, id, 0), 5, &size));
		assert_int_equal(size, id);
	}
	sizes_put(&sizes, inode_pack(NODE_NAMESPACE_INDEX, SIZES_MAX + 1, 0), 4, 1);
	assert_true(sizes_get(&sizes, inode_pack(NODE_NAMESPACE_INDEX, SIZES_MAX + 1, 0), 4, &size));
	assert_false(sizes_get(&sizes, inode_pack(NODE_NAMESPACE_INDEX, 1, 0), 5, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_snapshots, reset),
		cmocka_unit_test_setup(test_places, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
