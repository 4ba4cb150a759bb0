/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a thread may still do in the sandbox; only that thread is in it, so that
 * the test itself goes on.  test_sandbox.sh looks at whole daemons.
 */
#include "fs/sandbox.h"

#include "tests/unit/helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

/* What the thread found: errno, or 0. */
struct found {
	const char *dir, *other;
	struct err err;
	int rc, enter_again;
	int make, write, move, remove, read_elsewhere, write_elsewhere, make_elsewhere, list_elsewhere,
		proc, run, mount, root, trace, socket;
};

static int errno_of(long rc)
{
	return rc < 0 ? errno : 0;
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600), code = errno_of(fd);

	if (fd >= 0)
		close(fd);
	return code;
}

static const char *in(const char *dir, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", dir, name);
	return out;
}

static void *enter(void *arg)
{
	struct found *f = arg;
	char a[256], b[256], *no_words[] = { NULL };
	int fd;

	f->rc = sandbox_enter(f->dir, &f->err);
	if (f->rc)
		return NULL;
	fd = open(in(f->dir, "made", a), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	f->make = errno_of(fd);
	f->write = errno_of(write(fd, "x", 1));
	close(fd);
	f->move = errno_of(rename(in(f->dir, "made", a), in(f->dir, "moved", b)));
	f->remove = errno_of(unlink(b));
	f->read_elsewhere = try_open(in(f->other, "there", a), O_RDONLY);
	f->write_elsewhere = try_open(a, O_WRONLY);
	f->make_elsewhere = try_open(in(f->other, "new", a), O_WRONLY | O_CREAT);
	f->list_elsewhere = try_open(f->other, O_RDONLY | O_DIRECTORY);
	f->proc = try_open("/proc/self/status", O_RDONLY);
	f->run = errno_of(execve("/bin/true", no_words, no_words));
	f->mount = errno_of(mount("none", f->dir, "tmpfs", 0, NULL));
	f->root = errno_of(syscall(SYS_chroot, f->dir));
	f->trace = errno_of(syscall(SYS_ptrace, 0, 0, 0, 0));
	f->socket = errno_of(fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	close(fd);
	f->enter_again = sandbox_enter(f->dir, &f->err);
	return NULL;
}

static void look(struct found *f)
{
	pthread_t thread;

	f->err = (struct err)ERR_INIT;
	assert_int_equal(pthread_create(&thread, NULL, enter, f), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void new_dir(char path[64])
{
	strcpy(path, "/tmp/kalam-sandbox-XXXXXX");
	assert_non_null(mkdtemp(path));
}

/* Without it paths are not restricted, and the daemon says so. */
static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

#define OTHERWISE "Operation not permitted; -o nosandbox does without it"

static void test_inside(void **state)
{
	char dir[64], other[64], there[256];
	struct found f = { .dir = dir, .other = other };

	(void)state;
	if (!sandbox_is_possible())
		skip();
	new_dir(dir);
	new_dir(other);
	assert_int_equal(try_open(in(other, "there", there), O_WRONLY | O_CREAT), 0);
	look(&f);
	assert_int_equal(f.rc, 0);
	assert_int_equal(f.make, 0);
	assert_int_equal(f.write, 0);
	assert_int_equal(f.move, 0);
	assert_int_equal(f.remove, 0);
	if (has_landlock()) {
		assert_int_equal(f.read_elsewhere, EACCES);
		assert_int_equal(f.write_elsewhere, EACCES);
		assert_int_equal(f.make_elsewhere, EACCES);
		assert_int_equal(f.list_elsewhere, EACCES);
	}
	assert_int_equal(f.proc, 0);
	assert_int_equal(f.run, EPERM);
	assert_int_equal(f.mount, EPERM);
	assert_int_equal(f.root, EPERM);
	assert_int_equal(f.trace, EPERM);
	assert_int_equal(f.socket, 0);

	/* Who is in it cannot enter another one, and says so. */
	assert_int_equal(f.enter_again, -EPERM);
	assert_string_equal(f.err.text, geteuid() ? "Cannot enter the sandbox (seccomp): " OTHERWISE :
						    "Cannot enter the sandbox (capabilities): " OTHERWISE);

	/* Nothing of this is left to who did not enter. */
	assert_int_equal(try_open(there, O_RDONLY), 0);
	assert_int_equal(unlink(there), 0);
	assert_int_equal(rmdir(other), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void test_no_directory(void **state)
{
	struct found f = { .dir = "/nowhere/at/all", .other = "/tmp" };

	(void)state;
	if (!sandbox_is_possible() || !has_landlock())
		skip();
	look(&f);
	assert_int_equal(f.rc, -ENOENT);
	assert_string_equal(f.err.text, "Cannot enter the sandbox (landlock): No such file or directory; "
					"-o nosandbox does without it");
}

/* As somebody who may not write the catalog: only this thread becomes him. */
static void *enter_as_nobody(void *arg)
{
	struct found *f = arg;
	char a[256];

	if (syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) || syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		abort();
	f->rc = sandbox_enter(f->dir, &f->err);
	if (f->rc)
		return NULL;
	f->list_elsewhere = try_open(f->dir, O_RDONLY | O_DIRECTORY);
	f->make = try_open(in(f->dir, "made", a), O_WRONLY | O_CREAT);
	f->write_elsewhere = try_open(in(f->other, "there", a), O_WRONLY);
	f->make_elsewhere = try_open(in(f->other, "new", a), O_WRONLY | O_CREAT);
	return NULL;
}

/* Long texts are kept in TMPDIR where nothing can be written in the catalog's directory. */
static void test_not_writable(void **state)
{
	char dir[64], other[64], there[256];
	struct found f = { .dir = dir, .other = other, .err = ERR_INIT };
	pthread_t thread;

	(void)state;
	if (!sandbox_is_possible() || !has_landlock() || geteuid())
		skip();
	new_dir(dir);
	new_dir(other);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(other, 0777), 0);
	assert_int_equal(try_open(in(other, "there", there), O_WRONLY | O_CREAT), 0);
	assert_int_equal(chmod(there, 0666), 0);
	setenv("TMPDIR", other, 1);
	assert_int_equal(pthread_create(&thread, NULL, enter_as_nobody, &f), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	unsetenv("TMPDIR");
	if (f.rc)
		fail_msg("%s", f.err.text);
	assert_int_equal(f.list_elsewhere, 0);
	assert_int_equal(f.make, EACCES);
	assert_int_equal(f.write_elsewhere, 0);
	assert_int_equal(f.make_elsewhere, EACCES);
	assert_int_equal(unlink(there), 0);
	assert_int_equal(rmdir(other), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inside),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_not_writable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
