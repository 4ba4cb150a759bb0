/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/scratch.h"

#include "tests/unit/helpers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIR UINT64_C(0x1900000000000020)	/* some directory of the tree */

static time_t now;

static void test_clock(struct timespec *out)
{
	*out = (struct timespec){ .tv_sec = now };
}

static struct scratch *new_scratch(size_t bytes, size_t nodes)
{
	struct scratch_options options = { .bytes_max = bytes, .nodes_max = nodes,
					   .now = test_clock };
	struct scratch *s = scratch_new(&options);

	assert_non_null(s);
	now = 1000000;
	return s;
}

static uint64_t make(struct scratch *s, uint64_t dir, const char *name, mode_t mode, const char *text)
{
	struct scratch_spec spec = { .mode = mode, .uid = 7, .gid = 8, .text = text,
				     .len = text ? strlen(text) : 0 };
	uint64_t id;

	assert_int_equal(scratch_make(s, dir, name, &spec, &id), 0);
	scratch_unpin(s, id);
	return id;
}

static int try_make(struct scratch *s, const char *name, size_t len)
{
	char *text = calloc(1, len + 1);
	struct scratch_spec spec = { .mode = S_IFREG | 0600, .text = text, .len = len };
	uint64_t id;
	int rc = scratch_make(s, DIR, name, &spec, &id);

	free(text);
	if (!rc)
		scratch_unpin(s, id);
	return rc;
}

static bool is_there(struct scratch *s, uint64_t dir, const char *name)
{
	uint64_t id;
	int rc = scratch_find(s, dir, name, &id);

	if (!rc)
		scratch_unpin(s, id);
	return !rc;
}

static void a_file_keeps_what_is_written(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	uint64_t id = make(s, DIR, "f", S_IFREG | 0640, "hello");
	struct stat st;
	char out[16] = "";

	(void)state;
	assert_int_equal(scratch_write(s, id, "XY", 2, 6), 0);
	assert_int_equal(scratch_read(s, id, out, sizeof(out), 0), 8);
	assert_memory_equal(out, "hello\0XY", 8);
	assert_int_equal(scratch_read(s, id, out, sizeof(out), 8), 0);
	assert_int_equal(scratch_stat(s, id, &st), 0);
	assert_int_equal(st.st_size, 8);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, 7);
	scratch_free(s);
}

static void a_name_can_be_made_once(void **state)
{
	struct scratch *s = new_scratch(0, 0);

	(void)state;
	make(s, DIR, "f", S_IFREG | 0644, NULL);
	assert_int_equal(try_make(s, "f", 0), -EEXIST);
	assert_int_equal(scratch_remove(s, DIR, "f", false), 0);
	assert_int_equal(scratch_remove(s, DIR, "f", false), -ENOENT);
	assert_int_equal(try_make(s, "f", 0), 0);
	scratch_free(s);
}

static void rename_replaces_like_on_any_file_system(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	uint64_t d = make(s, DIR, "d", S_IFDIR | 0755, NULL), a = make(s, DIR, "a", S_IFREG | 0644, "a");

	(void)state;
	make(s, DIR, "b", S_IFREG | 0644, "b");
	assert_int_equal(scratch_rename(s, DIR, "a", DIR, "b", true), -EEXIST);
	assert_int_equal(scratch_rename(s, DIR, "a", DIR, "d", false), -EISDIR);
	assert_int_equal(scratch_rename(s, DIR, "d", DIR, "a", false), -ENOTDIR);
	assert_int_equal(scratch_rename(s, DIR, "a", DIR, "b", false), 0);
	assert_false(is_there(s, DIR, "a"));
	assert_int_equal(scratch_rename(s, DIR, "b", d, "c", false), 0);
	assert_int_equal(scratch_parent(s, a), d);
	assert_int_equal(scratch_anchor(s, d), DIR);
	assert_int_equal(scratch_remove(s, DIR, "d", true), -ENOTEMPTY);
	scratch_free(s);
}

static void an_open_file_outlives_its_name(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	uint64_t id = make(s, DIR, "f", S_IFREG | 0644, "text");
	char out[4];

	(void)state;
	assert_int_equal(scratch_pin(s, id), 0);
	assert_int_equal(scratch_remove(s, DIR, "f", false), 0);
	assert_int_equal(scratch_read(s, id, out, 4, 0), 4);
	scratch_unpin(s, id);
	assert_int_equal(scratch_read(s, id, out, 4, 0), -ENOENT);
	scratch_free(s);
}

static void what_is_full_is_enospc(void **state)
{
	struct scratch *s = new_scratch(100, 3);

	(void)state;
	assert_int_equal(try_make(s, "big", 101), -ENOSPC);
	assert_int_equal(try_make(s, "a", 60), 0);
	assert_int_equal(try_make(s, "b", 41), -ENOSPC);
	assert_int_equal(try_make(s, "b", 40), 0);
	assert_int_equal(try_make(s, "c", 0), 0);
	assert_int_equal(try_make(s, "d", 0), -ENOSPC);
	scratch_free(s);
}

static void only_idle_trees_make_room(void **state)
{
	struct scratch *s = new_scratch(100, 0);
	uint64_t open;

	(void)state;
	assert_int_equal(try_make(s, "old", 50), 0);
	assert_int_equal(scratch_find(s, DIR, "old", &open), 0);
	now += SCRATCH_IDLE_SECONDS + 1;
	assert_int_equal(try_make(s, "new", 60), -ENOSPC);
	scratch_unpin(s, open);
	assert_int_equal(try_make(s, "new", 60), -ENOSPC);
	now += SCRATCH_IDLE_SECONDS + 1;
	assert_int_equal(try_make(s, "new", 60), 0);
	assert_false(is_there(s, DIR, "old"));
	scratch_free(s);
}

static int add_name(void *arg, const char *name, uint64_t ino, mode_t mode, uint64_t next)
{
	char *names = arg;

	(void)ino;
	(void)mode;
	(void)next;
	strncat(names, name, 15);
	return 0;
}

static int stop_after_one(void *arg, const char *name, uint64_t ino, mode_t mode, uint64_t next)
{
	uint64_t *at = arg;

	(void)name;
	(void)ino;
	(void)mode;
	if (*at)
		return 1;
	*at = next;
	return 0;
}

static void a_listing_goes_on_where_it_stopped(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	char names[64] = "";
	uint64_t at = 0;

	(void)state;
	make(s, DIR, "a", S_IFREG, NULL);
	make(s, DIR, "b", S_IFREG, NULL);
	make(s, DIR, "c", S_IFREG, NULL);
	assert_int_equal(scratch_list(s, DIR, 0, stop_after_one, &at), 1);
	assert_true(at > SCRATCH_POSITION);
	assert_int_equal(scratch_remove(s, DIR, "a", false), 0);
	assert_int_equal(scratch_list(s, DIR, at, add_name, names), 0);
	assert_string_equal(names, "bc");
	scratch_free(s);
}

static void what_is_fixed_stays(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	struct scratch_spec spec = { .mode = S_IFDIR | 0555, .is_fixed = true, .is_private = true };
	uint64_t id;

	(void)state;
	assert_int_equal(scratch_make(s, DIR, ".rejected", &spec, &id), 0);
	assert_int_equal(scratch_remove(s, DIR, ".rejected", true), -EPERM);
	assert_int_equal(scratch_rename(s, DIR, ".rejected", DIR, "x", false), -EPERM);
	assert_false(scratch_has_names(s, DIR));
	scratch_unpin(s, id);
	scratch_remove_fixed(s, DIR, ".rejected");
	assert_false(is_there(s, DIR, ".rejected"));
	scratch_free(s);
}

static void what_there_is_can_be_measured(void **state)
{
	struct scratch *s = new_scratch(1000, 10);
	struct scratch_spec spec = { .mode = S_IFREG | 0600, .text = "private", .len = 7,
				     .is_private = true };
	struct scratch_usage usage;
	uint64_t id;

	(void)state;
	make(s, DIR, "a", S_IFREG, "12345");
	make(s, DIR, "d", S_IFDIR, NULL);
	assert_int_equal(scratch_make(s, 0, NULL, &spec, &id), 0);
	scratch_measure(s, &usage);
	assert_int_equal(usage.bytes, 5);
	assert_int_equal(usage.bytes_max, 1000);
	assert_int_equal(usage.private_bytes, 7);
	assert_int_equal(usage.private_bytes_max, SCRATCH_PRIVATE_BYTES_MAX);
	assert_int_equal(usage.nodes, 2);
	assert_int_equal(usage.nodes_max, 10);
	scratch_unpin(s, id);
	assert_int_equal(scratch_remove(s, DIR, "a", false), 0);
	scratch_measure(s, &usage);
	assert_int_equal(usage.bytes + usage.private_bytes, 0);
	assert_int_equal(usage.nodes, 1);
	scratch_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_keeps_what_is_written),
		cmocka_unit_test(a_name_can_be_made_once),
		cmocka_unit_test(rename_replaces_like_on_any_file_system),
		cmocka_unit_test(an_open_file_outlives_its_name),
		cmocka_unit_test(what_is_full_is_enospc),
		cmocka_unit_test(only_idle_trees_make_room),
		cmocka_unit_test(a_listing_goes_on_where_it_stopped),
		cmocka_unit_test(what_is_fixed_stays),
		cmocka_unit_test(what_there_is_can_be_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
