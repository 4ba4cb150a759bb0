/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/inode.h"
#include "tests/unit/helpers.h"

static void the_root_is_one(void **state)
{
	struct inode inode = inode_unpack(1);

	(void)state;
	assert_int_equal(inode_pack(NODE_ROOT, 0, 0), 1);
	assert_int_equal(inode.kind, NODE_ROOT);
}

static void every_kind_comes_back_with_its_parts(void **state)
{
	static const uint32_t objects[] = { 0, 1, 7, 0xffffffff };
	static const uint32_t subs[] = { 0, 1, 3, 0xffffff };

	(void)state;
	for (enum node_kind kind = NODE_ROOT + 1; kind < NODE_KIND_COUNT; kind++)
		for (size_t o = 0; o < countof(objects); o++)
			for (size_t s = 0; s < countof(subs); s++) {
				uint64_t id = inode_pack(kind, objects[o], subs[s]);
				struct inode inode = inode_unpack(id);

				assert_true(id > 1 && (int64_t)id > 0);
				assert_int_equal(inode.kind, kind);
				assert_int_equal(inode.object, objects[o]);
				assert_int_equal(inode.sub, subs[s]);
			}
}

static void sub_is_cut_to_24_bits(void **state)
{
	(void)state;
	assert_true(inode_pack(NODE_CTL, 0, 0x1000005) == inode_pack(NODE_CTL, 0, 5));
}

static void numbers_that_no_node_has_are_told(void **state)
{
	static const uint64_t ids[] = { 0, 2, UINT64_C(1) << 55, UINT64_C(1) << 56,
					(uint64_t)NODE_KIND_COUNT << 56, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < countof(ids); i++)
		assert_int_equal(inode_unpack(ids[i]).kind, NODE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_is_one),
		cmocka_unit_test(every_kind_comes_back_with_its_parts),
		cmocka_unit_test(sub_is_cut_to_24_bits),
		cmocka_unit_test(numbers_that_no_node_has_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
