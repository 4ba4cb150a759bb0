/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: values of options, and the two directories. */
#include "fs/options.h"

#include "fs/paths.h"
#include "tests/unit/helpers.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Parse `kalamfs -o OPTION CATALOG MOUNTPOINT`. */
static int parse(const char *option, struct options *out, struct err *err)
{
	char name[] = "kalamfs", flag[] = "-o", value[256], catalog[] = "catalog", point[] = "mnt";
	char *argv[] = { name, flag, value, catalog, point, NULL };

	*err = (struct err)ERR_INIT;
	snprintf(value, sizeof(value), "%s", option);
	return options_parse(out, 5, argv, err);
}

static void accepted(const char *option, struct options *out)
{
	struct err err;

	if (parse(option, out, &err))
		fail_msg("%s: %s", option, err.text);
	assert_string_equal(out->catalog, "catalog");
	assert_string_equal(out->mountpoint, "mnt");
}

static void refused(const char *option, const char *text)
{
	struct options options;
	struct err err;

	assert_int_equal(parse(option, &options, &err), -EINVAL);
	assert_err(&err, -EINVAL, text);
	options_fini(&options);
}

static void size_is(const char *option, size_t size)
{
	struct options options;

	accepted(option, &options);
	assert_true(options.map_size == size);
	options_fini(&options);
}

static void size_refused(const char *value)
{
	char option[128], text[256];

	snprintf(option, sizeof(option), "mapsize=%s", value);
	snprintf(text, sizeof(text), "mapsize=%s: expected bytes, or a number with K, M, G or T", value);
	refused(option, text);
}

static void test_map_size(void **state)
{
	(void)state;
	size_is("mapsize=1048576", 1 << 20);
	size_is("mapsize=512K", 512 << 10);
	size_is("mapsize=8m", 8 << 20);
	size_is("mapsize=2G", (size_t)2 << 30);
	size_is("mapsize=16383T", (size_t)16383 << 40);
	size_is("rw", 0);
	size_refused("0");
	size_refused("0K");
	size_refused("-1");
	size_refused("lots");
	size_refused("1Q");
	size_refused("1KB");
	size_refused("99999999999999999999");
	size_refused("16777216T");
}

static void test_group(void **state)
{
	struct options options;

	(void)state;
	accepted("dba=root", &options);
	assert_true(options.dba && !options.dba_gid);
	options_fini(&options);
	accepted("dba=4000000", &options);
	assert_int_equal(options.dba_gid, 4000000);
	options_fini(&options);
	refused("dba=no-such-group", "dba=no-such-group: there is no such group");
	refused("dba=", "dba=: there is no such group");
	refused("dba=12x", "dba=12x: there is no such group");
	refused("dba=4294967295", "dba=4294967295: there is no such group");
	refused("dba=99999999999999999999", "dba=99999999999999999999: there is no such group");
}

static void test_values(void **state)
{
	struct options options;

	(void)state;
	accepted("umask=777,check=full,lock_wait=60,cache=7,max_read=4096", &options);
	assert_int_equal(options.umask, 0777);
	assert_string_equal(options.check, "full");
	assert_int_equal(options.lock_wait, 60);
	assert_int_equal(options.cache_tables, 7);
	assert_int_equal(options.max_read, 4096);
	options_fini(&options);
	accepted("check=quick,lock_wait=1", &options);
	assert_string_equal(options.check, "quick");
	assert_int_equal(options.lock_wait, 1);
	options_fini(&options);
	refused("umask=1000", "umask=1000: expected an octal number up to 777");
	refused("lock_wait=0", "lock_wait=0: expected 1 to 60 seconds");
	refused("lock_wait=61", "lock_wait=61: expected 1 to 60 seconds");
	refused("check=slow", "check=slow: expected full or quick");
	refused("cache=many", "Bad option");
}

/* What fstab may say to others is dropped, what libfuse knows is left to it. */
static void test_fstab(void **state)
{
	struct options options;

	(void)state;
	accepted("x-systemd.automount,comment=ours,nofail,_netdev,ro,fsname=a,subtype=b", &options);
	assert_true(options.read_only && options.has_fsname && options.has_subtype);
	for (int i = 0; i < options.args.argc; i++) {
		assert_null(strstr(options.args.argv[i], "x-"));
		assert_null(strstr(options.args.argv[i], "comment"));
		assert_null(strstr(options.args.argv[i], "nofail"));
	}
	options_fini(&options);
	accepted("allow_other,debug", &options);
	assert_true(options.debug && options.foreground);
	assert_non_null(strstr(options.args.argv[options.args.argc - 1], "allow_other"));
	options_fini(&options);
}

static void parsed(int argc, char **argv, const char *text)
{
	struct err err = ERR_INIT;
	struct options options;

	assert_int_equal(options_parse(&options, argc, argv, &err), -EINVAL);
	assert_err(&err, -EINVAL, text);
	options_fini(&options);
}

static void test_arguments(void **state)
{
	char name[] = "kalamfs", a[] = "a", b[] = "b", c[] = "c";
	char *argv[] = { name, a, b, c, NULL };

	(void)state;
	parsed(1, argv, "CATALOG and MOUNTPOINT are missing");
	parsed(2, argv, "MOUNTPOINT is missing");
	parsed(4, argv, "Too many arguments");
}

/* The two directories, resolved; what libfuse is told of them is escaped. */
static void resolves(const char *dir, const char *catalog, const char *point, const char *option,
		     int code, const char *text)
{
	char name[] = "kalamfs", flag[] = "-o", value[64], a[PATH_MAX], b[PATH_MAX];
	char *argv[] = { name, flag, value, a, b, NULL };
	struct err err = ERR_INIT;
	struct options options;

	snprintf(value, sizeof(value), "%s", option);
	snprintf(a, sizeof(a), "%s%s", *catalog == '/' ? "" : dir, catalog);
	snprintf(b, sizeof(b), "%s%s", *point == '/' ? "" : dir, point);
	assert_int_equal(options_parse(&options, 5, argv, &err), 0);
	assert_int_equal(options_resolve(&options, &err), code);
	if (code)
		assert_err(&err, code, text);
	else
		assert_string_equal(options.args.argv[options.args.argc - 1], text);
	options_fini(&options);
}

/* A text with the directory in place of each @; static. */
static char *said(const char *format, const char *dir)
{
	static char text[2 * PATH_MAX];
	size_t at = 0;

	for (const char *p = format; *p; p++) {
		if (*p == '@')
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", dir);
		else
			text[at++] = *p;
	}
	text[at] = '\0';
	return text;
}

static void test_directories(void **state)
{
	char *made = temp_dir(), dir[PATH_MAX], path[PATH_MAX + 64];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/", made);
	snprintf(path, sizeof(path), "%smnt", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%sinside", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%sinside/mnt", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%slink", dir);
	assert_int_equal(symlink("nowhere", path), 0);

	resolves(dir, "a,b\\c", "mnt", "rw", 0, said("-ofsname=@a\\,b\\\\c", dir));
	resolves(dir, "link", "mnt", "rw", 0, said("-ofsname=@link", dir));
	resolves(dir, "a", "mnt", "fsname=x", 0, "-osubtype=kalamfs");
	resolves(dir, "a", "mnt", "fsname=x,subtype=y", 0, "-onosuid,nodev,default_permissions");
	resolves(dir, "mnt/catalog", "mnt", "rw", -EINVAL,
		 said("The catalog '@mnt/catalog' would be hidden by its own mount on '@mnt'", dir));
	resolves(dir, "mnt", "mnt", "rw", -EINVAL,
		 said("The catalog '@mnt' would be hidden by its own mount on '@mnt'", dir));
	resolves(dir, "catalog", "/", "rw", -EINVAL,
		 said("The catalog '@catalog' would be hidden by its own mount on '/'", dir));
	resolves(dir, "inside", "inside/mnt", "rw", -EINVAL,
		 said("The mount point '@inside/mnt' lies inside the catalog '@inside'", dir));
	resolves(dir, "mnt", "inside", "fsname=x,subtype=y", 0, "-onosuid,nodev,default_permissions");
	resolves(dir, "none/catalog", "mnt", "rw", -ENOENT,
		 said("Catalog directory '@none/catalog': No such file or directory", dir));
	resolves(dir, "a", "none", "rw", -ENOENT,
		 said("Mount point '@none': No such file or directory", dir));
	resolves(dir, "a", "/dev/null", "rw", -ENOTDIR, "Mount point '/dev/null' is not a directory");
	snprintf(path, sizeof(path), "%sinside", dir);
	assert_int_equal(chmod(path, 0777), 0);
	resolves(dir, "a", "inside/mnt", "rw", -EACCES,
		 said("Mount point '@inside/mnt': anybody may put another directory in its place, "
		      "since '@inside' can be written by all; run chmod o-w or chmod +t on it", dir));
	assert_int_equal(chmod(path, 01777), 0);
	resolves(dir, "a", "inside/mnt", "fsname=x,subtype=y", 0, "-onosuid,nodev,default_permissions");
	temp_dir_remove(made);
}

/* Of the root directory itself only the root can be the parent. */
static void test_root(void **state)
{
	struct err err = ERR_INIT;
	char *out;

	(void)state;
	assert_int_equal(paths_catalog("/no-such-catalog", &out, &err), 0);
	assert_string_equal(out, "/no-such-catalog");
	free(out);
	assert_int_equal(paths_catalog("/tmp/..", &out, &err), 0);
	assert_string_equal(out, "/");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_size),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_fstab),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_directories),
		cmocka_unit_test(test_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
