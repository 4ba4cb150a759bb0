/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories behind symbolic links. */
#include "catalog/real_path.h"
#include "tests/unit/helpers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;

static const char *path(const char *name)
{
	static char out[1200];

	snprintf(out, sizeof(out), "%s/%s", dir, name);
	return out;
}

static void link_to(const char *target, const char *name)
{
	assert_int_equal(symlink(target, path(name)), 0);
}

static int set_up(void **state)
{
	char target[1200];

	(void)state;
	dir = temp_dir();
	assert_int_equal(mkdir(path("a"), 0700), 0);
	assert_int_equal(mkdir(path("a/b"), 0700), 0);
	link_to("a", "relative");
	snprintf(target, sizeof(target), "%s", path("a/b"));
	link_to(target, "absolute");
	link_to("../relative/./b/../b", "a/up");
	link_to("relative//", "twice");
	link_to("nowhere/x", "dangling");
	link_to("loop_2", "loop_1");
	link_to("loop_1", "loop_2");
	link_to("../../../../../../../../../../..", "out");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	temp_dir_remove(dir);
	return 0;
}

/* Both below dir; link NULL: none. */
static void assert_real(const char *written, const char *real, const char *link)
{
	struct real_path found;

	assert_int_equal(real_path_find(path(written), &found), 0);
	assert_string_equal(found.written, path(written));
	assert_string_equal(found.real, path(real));
	assert_string_equal(found.link, link ? path(link) : "");
}

static void links_are_followed_as_far_as_there_is_something(void **state)
{
	(void)state;
	assert_real("a", "a", NULL);
	assert_real("a/b", "a/b", NULL);
	assert_real("a/none/x", "a/none/x", NULL);
	assert_real("relative", "a", "relative");
	assert_real("relative/b/c", "a/b/c", "relative");
	assert_real("absolute/x", "a/b/x", "absolute");
	assert_real("a/up", "a/b", "a/up");
	assert_real("relative/up/x", "a/b/x", "relative");
	assert_real("twice/b", "a/b", "twice");
	assert_real("dangling/y", "nowhere/x/y", "dangling");
	assert_real("a/b/none/relative", "a/b/none/relative", NULL);
}

static void the_root_is_the_end_of_all_ways_up(void **state)
{
	struct real_path found;

	(void)state;
	assert_int_equal(real_path_find(path("out"), &found), 0);
	assert_string_equal(found.real, "/");
	assert_int_equal(real_path_find("/", &found), 0);
	assert_string_equal(found.real, "/");
	assert_string_equal(found.link, "");
	assert_int_equal(real_path_find(path("out/etc"), &found), 0);
	assert_string_equal(found.real, "/etc");
}

static void what_cannot_be_followed_is_told(void **state)
{
	char text[REAL_PATH_SIZE + 1];
	struct real_path found;

	(void)state;
	assert_int_equal(real_path_find(path("loop_1/x"), &found), -ELOOP);
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(text); i += 100)
		text[i] = '/';
	text[REAL_PATH_SIZE] = '\0';
	assert_int_equal(real_path_find(text, &found), -ENAMETOOLONG);
	text[REAL_PATH_SIZE - 1] = '\0';
	assert_int_equal(real_path_find(text, &found), 0);
	assert_string_equal(found.real, text);
	memset(text + 1, 'x', 256);
	assert_int_equal(real_path_find(text, &found), -ENAMETOOLONG);
}

/* A link whose target is long: the whole path must fit. */
static void a_path_that_gets_too_long_is_refused(void **state)
{
	char target[REAL_PATH_SIZE];
	struct real_path found;

	(void)state;
	memset(target, 'x', sizeof(target));
	for (size_t i = 0; i < sizeof(target); i += 100)
		target[i] = '/';
	target[sizeof(target) - 1] = '\0';
	link_to(target, "long");
	assert_int_equal(real_path_find(path("long/tail"), &found), -ENAMETOOLONG);
}

static const struct pair {
	const char *a_written, *a_real, *b_written, *b_real;
	bool alias;
} pairs[] = {
	{ "/x", "/x", "/x", "/x", false },
	{ "/x", "/x", "/x/y", "/x/y", false },
	{ "/x", "/x", "/y", "/y", false },
	{ "/x", "/x", "/xy", "/xy", false },
	{ "/x", "/x", "/l", "/x", true },
	{ "/x", "/x", "/l", "/x/y", true },
	{ "/x/y", "/x/y", "/l", "/x", true },
	{ "/x", "/x", "/l", "/xy", false },
	{ "/l", "/x", "/l", "/x", false },
	{ "/l", "/x", "/l/y", "/x/y", false },
	{ "/l", "/x", "/m", "/x", true },
	{ "/l", "/x", "/m/y", "/x/y", true },
	/* Nested as they are written, and another way in fact, or not at all. */
	{ "/x", "/x", "/x/l", "/x/y", true },
	{ "/x", "/x", "/x/l", "/z", false },
	{ "/", "/", "/l", "/x", true },
	{ "/", "/", "/x", "/x", false },
	{ "/l", "/", "/x", "/x", true },
	{ "/", "/", "/", "/", false },
};

/* Each link takes the rest of the path along. */
static void a_rest_that_gets_too_long_is_refused(void **state)
{
	struct real_path out;
	char *path = temp_dir(), link[512], target[4001];

	(void)state;
	for (size_t i = 0; i < sizeof(target) - 1; i++)
		target[i] = i % 2 ? '/' : '.';
	target[sizeof(target) - 1] = '\0';
	for (int i = 0; i < 4; i++) {
		char to[sizeof(target) + 16];

		snprintf(link, sizeof(link), "%s/l%d", path, i);
		snprintf(to, sizeof(to), "l%d/%s", i + 1, target);
		assert_int_equal(symlink(to, link), 0);
	}
	snprintf(link, sizeof(link), "%s/l3", path);
	assert_int_equal(real_path_find(link, &out), 0);
	snprintf(link, sizeof(link), "%s/l0", path);
	assert_int_equal(real_path_find(link, &out), -ENAMETOOLONG);
	temp_dir_remove(path);
}

static void names_may_begin_with_dots(void **state)
{
	struct real_path out;

	(void)state;
	assert_int_equal(real_path_find("/proc/../.b/../a./..c/./self/..", &out), 0);
	assert_string_equal(out.real, "/a./..c");
	assert_int_equal(real_path_find("/proc/sys", &out), 0);
	assert_string_equal(out.real, "/proc/sys");
}

static void aliases_are_those_that_writing_does_not_tell(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(pairs); i++) {
		const struct pair *p = &pairs[i];
		struct real_path a = { .link = "" }, b = { .link = "" };

		snprintf(a.written, sizeof(a.written), "%s", p->a_written);
		snprintf(a.real, sizeof(a.real), "%s", p->a_real);
		snprintf(b.written, sizeof(b.written), "%s", p->b_written);
		snprintf(b.real, sizeof(b.real), "%s", p->b_real);
		if (real_path_is_alias(&a, &b) != p->alias || real_path_is_alias(&b, &a) != p->alias)
			fail_msg("%s (%s) and %s (%s)", a.written, a.real, b.written, b.real);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(links_are_followed_as_far_as_there_is_something),
		TEST(the_root_is_the_end_of_all_ways_up),
		TEST(what_cannot_be_followed_is_told),
		TEST(a_path_that_gets_too_long_is_refused),
		cmocka_unit_test(a_rest_that_gets_too_long_is_refused),
		cmocka_unit_test(names_may_begin_with_dots),
		cmocka_unit_test(aliases_are_those_that_writing_does_not_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
