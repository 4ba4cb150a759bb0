/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/scratch_node.h"

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

static int add_name(void *arg, const char *name, uint64_t ino, mode_t mode, uint32_t place)
{
	char *names = arg;

	(void)ino;
	(void)mode;
	(void)place;
	strncat(names, name, 15);
	return 0;
}

static int stop_after_one(void *arg, const char *name, uint64_t ino, mode_t mode, uint32_t place)
{
	uint32_t *at = arg;

	(void)name;
	(void)ino;
	(void)mode;
	if (*at)
		return 1;
	*at = place;
	return 0;
}

static void a_listing_goes_on_where_it_stopped(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	char names[64] = "";
	uint32_t at = 0;

	(void)state;
	make(s, DIR, "a", S_IFREG, NULL);
	make(s, DIR, "b", S_IFREG, NULL);
	make(s, DIR, "c", S_IFREG, NULL);
	assert_int_equal(scratch_list(s, DIR, 0, stop_after_one, &at), 1);
	assert_int_equal(scratch_remove(s, DIR, "a", false), 0);
	assert_int_equal(scratch_list(s, DIR, at, add_name, names), 0);
	assert_string_equal(names, "bc");
	scratch_free(s);
}

static void every_change_of_names_is_counted(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	uint64_t changes = scratch_changes(s, DIR), dir;

	(void)state;
	assert_int_equal(changes, 0);
	make(s, DIR, "a", S_IFREG, NULL);
	assert_true(scratch_changes(s, DIR) > changes);
	changes = scratch_changes(s, DIR);
	assert_int_equal(scratch_rename(s, DIR, "a", DIR, "b", false), 0);
	assert_true(scratch_changes(s, DIR) > changes);
	changes = scratch_changes(s, DIR);
	assert_int_equal(scratch_remove(s, DIR, "b", false), 0);
	assert_true(scratch_changes(s, DIR) > changes);
	dir = make(s, DIR, "d", S_IFDIR, NULL);
	changes = scratch_changes(s, DIR);
	make(s, dir, "a", S_IFREG, NULL);
	assert_int_equal(scratch_changes(s, DIR), changes);
	assert_int_equal(scratch_changes(s, dir), 1);
	scratch_free(s);
}

/* As after four thousand million names, with never none. */
static void places_do_not_run_out(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	char names[64] = "";

	(void)state;
	make(s, DIR, "a", S_IFREG, NULL);
	make(s, DIR, "b", S_IFREG, NULL);
	scratch_named(s, scratch_get(s, DIR), "b")->place = UINT32_MAX - 1;
	make(s, DIR, "c", S_IFREG, NULL);
	make(s, DIR, "d", S_IFREG, NULL);
	assert_int_equal(scratch_list(s, DIR, 2, add_name, names), 0);
	assert_string_equal(names, "cd");
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

/* Every call on a node that is not there, or is no row of this table at all. */
static void what_is_not_there_is_enoent(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	uint64_t gone = make(s, DIR, "gone", S_IFREG | 0600, "text"), id;
	struct scratch_spec spec = { .mode = S_IFREG | 0600 };
	struct stat st = { .st_size = 0 };
	char text[8], *all = text;
	size_t len = 0;

	(void)state;
	assert_int_equal(scratch_remove(s, DIR, "gone", false), 0);
	assert_int_equal(scratch_pin(s, gone), -ENOENT);
	assert_int_equal(scratch_stat(s, gone, &st), -ENOENT);
	assert_int_equal(scratch_set(s, gone, &st, SCRATCH_SET_SIZE), -ENOENT);
	assert_int_equal(scratch_read(s, gone, text, sizeof(text), 0), -ENOENT);
	assert_int_equal(scratch_write(s, gone, "x", 1, 0), -ENOENT);
	assert_int_equal(scratch_text(s, gone, &all, &len), -ENOENT);
	assert_null(all);
	assert_int_equal(scratch_replace(s, gone, "x", 1), -ENOENT);
	assert_int_equal(scratch_place(s, gone, DIR, "new"), -ENOENT);
	assert_int_equal(scratch_find(s, DIR, "gone", &id), -ENOENT);
	assert_int_equal(scratch_find(s, gone, "x", &id), -ENOENT);
	assert_int_equal(scratch_make(s, gone, "x", &spec, &id), -ENOENT);
	assert_int_equal(scratch_rename(s, DIR, "gone", DIR, "new", false), -ENOENT);
	assert_int_equal(scratch_remove(s, gone, "x", true), -ENOENT);
	assert_null(scratch_owner(s, gone));
	assert_int_equal(scratch_parent(s, gone), 0);
	assert_int_equal(scratch_anchor(s, gone), gone);
	assert_int_equal(scratch_changed_at(s, gone), 0);
	assert_false(scratch_has_names(s, gone));
	scratch_look(s, gone);
	scratch_forget(s, gone, 1);
	scratch_forget(s, DIR, 1);
	scratch_unpin(s, gone);
	scratch_remove_fixed(s, DIR, "gone");
	scratch_free(s);
	scratch_free(NULL);
}

static void offsets_and_sizes_below_zero_are_refused(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	uint64_t id = make(s, DIR, "f", S_IFREG | 0600, "text");
	struct stat st = { .st_size = -1 };
	char text[8];

	(void)state;
	assert_int_equal(scratch_set(s, id, &st, SCRATCH_SET_SIZE), -EINVAL);
	assert_int_equal(scratch_write(s, id, "x", 1, -1), -EINVAL);
	assert_int_equal(scratch_write(s, id, "x", SIZE_MAX, 5), -EINVAL);
	assert_int_equal(scratch_read(s, id, text, sizeof(text), -1), 0);
	assert_int_equal(scratch_write(s, id, "", 0, 0), 0);
	assert_int_equal(scratch_read(s, id, text, sizeof(text), 0), 4);
	assert_memory_equal(text, "text", 4);
	assert_int_equal(scratch_replace(s, id, "", 0), 0);
	assert_int_equal(scratch_read(s, id, text, sizeof(text), 0), 0);
	scratch_free(s);
}

static void a_file_is_no_directory_and_the_other_way_round(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	uint64_t file = make(s, DIR, "f", S_IFREG | 0600, "text");
	uint64_t dir = make(s, DIR, "d", S_IFDIR | 0700, NULL), id;
	struct scratch_spec spec = { .mode = S_IFREG | 0600 };

	(void)state;
	make(s, dir, "inside", S_IFREG | 0600, NULL);
	assert_int_equal(scratch_make(s, file, "x", &spec, &id), -ENOTDIR);
	assert_int_equal(scratch_remove(s, DIR, "f", true), -ENOTDIR);
	assert_int_equal(scratch_remove(s, DIR, "d", false), -EISDIR);
	assert_int_equal(scratch_remove(s, DIR, "d", true), -ENOTEMPTY);
	assert_int_equal(scratch_rename(s, DIR, "f", DIR, "d", false), -EISDIR);
	assert_int_equal(scratch_rename(s, DIR, "d", DIR, "f", false), -ENOTDIR);
	assert_int_equal(scratch_rename(s, DIR, "f", file, "x", false), -ENOTDIR);
	assert_int_equal(scratch_rename(s, DIR, "f", DIR, "f", false), 0);
	assert_int_equal(scratch_rename(s, DIR, "f", DIR, "f", true), -EEXIST);
	assert_int_equal(scratch_place(s, file, DIR, "again"), -ENOENT);
	assert_true(is_there(s, DIR, "f") && is_there(s, dir, "inside"));
	/* A directory that was removed while somebody is in it takes no names. */
	scratch_look(s, dir);
	assert_int_equal(scratch_remove(s, dir, "inside", false), 0);
	assert_int_equal(scratch_remove(s, DIR, "d", true), 0);
	assert_int_equal(scratch_make(s, dir, "x", &spec, &id), -ENOENT);
	scratch_forget(s, dir, 1);
	scratch_free(s);
}

static void nobody_changes_what_is_fixed(void **state)
{
	struct scratch *s = new_scratch(0, 0);
	struct scratch_spec spec = { .mode = S_IFDIR | 0500, .is_fixed = true };
	uint64_t dir, file, id;
	struct stat st = { .st_mode = 0777 };

	(void)state;
	assert_int_equal(scratch_make(s, DIR, "fixed", &spec, &dir), 0);
	spec.mode = S_IFREG | 0400;
	assert_int_equal(scratch_make(s, dir, "file", &spec, &file), 0);
	spec.is_fixed = false;
	assert_int_equal(scratch_make(s, dir, "mine", &spec, &id), -EPERM);
	make(s, DIR, "f", S_IFREG | 0600, "text");
	assert_int_equal(scratch_rename(s, DIR, "f", dir, "f", false), -EPERM);
	assert_int_equal(scratch_rename(s, DIR, "f", DIR, "fixed", false), -EPERM);
	assert_int_equal(scratch_rename(s, DIR, "fixed", DIR, "other", false), -EPERM);
	assert_int_equal(scratch_rename(s, dir, "file", DIR, "other", false), -EPERM);
	assert_int_equal(scratch_remove(s, dir, "file", false), -EPERM);
	assert_int_equal(scratch_set(s, file, &st, SCRATCH_SET_MODE), -EPERM);
	assert_int_equal(scratch_write(s, file, "x", 1, 0), -EPERM);
	assert_int_equal(scratch_make(s, 0, NULL, &spec, &id), 0);
	assert_int_equal(scratch_place(s, id, dir, "mine"), -EPERM);
	scratch_unpin(s, id);
	assert_false(scratch_has_names(s, dir));
	assert_true(scratch_has_names(s, DIR));
	/* By hand, whole; what is not fixed is not taken for it. */
	scratch_unpin(s, file);
	scratch_unpin(s, dir);
	scratch_remove_fixed(s, DIR, "f");
	assert_true(is_there(s, DIR, "f"));
	scratch_remove_fixed(s, DIR, "fixed");
	assert_false(is_there(s, DIR, "fixed"));
	assert_int_equal(scratch_stat(s, file, &st), -ENOENT);
	scratch_free(s);
}

static unsigned told;
static uint64_t told_dirs[8];

static void note_change(void *arg, uint64_t dir)
{
	(void)arg;
	if (told < 8)
		told_dirs[told++] = dir;
}

/* Trees that go for a newcomer: whole, the one left alone longest first, each directory told once. */
static void who_makes_room_is_told(void **state)
{
	struct scratch_options options = { .bytes_max = 100, .nodes_max = 100, .now = test_clock,
					   .changed = note_change };
	struct scratch *s;
	uint64_t tree;

	(void)state;
	now = 1000000;
	told = 0;
	s = scratch_new(&options);
	assert_non_null(s);
	tree = make(s, DIR, "tree", S_IFDIR | 0700, NULL);
	make(s, tree, "a", S_IFREG | 0600, "0123456789012345678901234567890123456789");
	now += 10;
	make(s, DIR, "old", S_IFREG | 0600, "0123456789012345678901234567890123456789");
	now += 10;
	make(s, DIR + 1, "young", S_IFREG | 0600, "01234567890123456789");
	assert_int_equal(try_make(s, "new", 1), -ENOSPC);
	now += SCRATCH_IDLE_SECONDS - 15;
	assert_int_equal(try_make(s, "more than there is", 101), -ENOSPC);
	assert_int_equal(told, 0);
	now += 5;
	assert_int_equal(try_make(s, "new", 80), 0);
	assert_int_equal(told, 1);
	assert_true(told_dirs[0] == DIR);
	assert_false(is_there(s, DIR, "tree"));
	assert_false(is_there(s, DIR, "old"));
	assert_true(is_there(s, DIR + 1, "young"));
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
		cmocka_unit_test(every_change_of_names_is_counted),
		cmocka_unit_test(places_do_not_run_out),
		cmocka_unit_test(what_is_fixed_stays),
		cmocka_unit_test(what_there_is_can_be_measured),
		cmocka_unit_test(what_is_not_there_is_enoent),
		cmocka_unit_test(offsets_and_sizes_below_zero_are_refused),
		cmocka_unit_test(a_file_is_no_directory_and_the_other_way_round),
		cmocka_unit_test(nobody_changes_what_is_fixed),
		cmocka_unit_test(who_makes_room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
