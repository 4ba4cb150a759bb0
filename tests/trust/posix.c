/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * posix MOUNT READONLY-MOUNT - what calls on a mount answer, errno by errno.
 *
 * Needs root, allow_other, and the catalog that `fixture` of tests/mount/lib.sh
 * makes.  After each call the catalog's sequence is looked at: nothing but what
 * is marked as a statement may have changed it.  Prints a line per finding and
 * a closing line of counts; exits 1 on findings.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NOBODY 65534
#define PATHS_AT_ONCE 8
#define LONGEST (2 * PATH_MAX)

#define APP "namespaces/app"
#define USERS APP "/tables/users"

static const char *mnt, *ro;
static unsigned checks, findings;
static unsigned long sequence_seen;
static char name_64[65], name_65[66], name_255[256], name_256[257];

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("posix: ", stdout);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	exit(2);
}

/* ----- paths: good until PATHS_AT_ONCE others were made ----- */

static char *next_path(void)
{
	static char paths[PATHS_AT_ONCE][LONGEST];
	static unsigned next;

	return paths[next++ % PATHS_AT_ONCE];
}

static const char *join(const char *dir, const char *name)
{
	char *out = next_path();

	snprintf(out, LONGEST, "%s/%s", dir, name);
	return out;
}

/* In the mount; in the read-only one; in the directory of app.users, which takes scratch files. */
static const char *in(const char *name)
{
	return join(mnt, name);
}

static const char *in_ro(const char *name)
{
	return join(ro, name);
}

static const char *in_users(const char *name)
{
	return join(in(USERS), name);
}

/* A path of so many bytes to the file `name` of app.users; name is its end. */
static const char *padded(const char *name, size_t len)
{
	const char *dir = in(USERS);
	char *out = next_path();
	size_t used = strlen(dir), end = len - strlen(name);

	memcpy(out, dir, used);
	if ((end - used) % 2 == 0)
		out[used++] = '/';
	while (used + 1 < end) {
		out[used++] = '/';
		out[used++] = '.';
	}
	out[used++] = '/';
	memcpy(out + used, name, strlen(name) + 1);
	if (strlen(out) != len)
		die("a path of %zu bytes is %zu bytes long", len, strlen(out));
	return out;
}

/* ----- what a call did ----- */

static unsigned long sequence(void)
{
	char text[8192];
	const char *found;
	int fd = open(in(".kalamfs/status.json"), O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 0)
		die("status.json: %s", strerror(errno));
	close(fd);
	text[n] = '\0';
	found = strstr(text, "\"sequence\":");
	if (!found)
		die("status.json has no sequence: %s", text);
	return strtoul(found + strlen("\"sequence\":"), NULL, 10);
}

__attribute__((format(printf, 2, 3)))
static void finding(int line, const char *fmt, ...)
{
	va_list args;

	findings++;
	printf("posix.c:%d: ", line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

/* code is 0 for success. */
static void judge(int line, const char *call, int code, int expected, unsigned long statements)
{
	unsigned long now = sequence();

	checks++;
	if (code != expected)
		finding(line, "%s: expected %s, found %s", call, strerrorname_np(expected),
			strerrorname_np(code));
	if (now != sequence_seen + statements)
		finding(line, "%s: %lu changes in the catalog, expected %lu", call,
			now - sequence_seen, statements);
	sequence_seen = now;
}

#define CODE_OF(call) ({ errno = 0; (long)(call) < 0 ? errno : 0; })
#define REFUSED(code, call) judge(__LINE__, #call, CODE_OF(call), code, 0)
#define ACCEPTED(call) judge(__LINE__, #call, CODE_OF(call), 0, 0)
#define STATEMENT(call) judge(__LINE__, #call, CODE_OF(call), 0, 1)
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		checks++;                                                                          \
		if (!(condition))                                                                  \
			finding(__LINE__, "does not hold: %s", #condition);                        \
	} while (0)

/* ----- other users; the mount only looks at the effective ids ----- */

static void become(uid_t uid)
{
	if (uid && (setegid(uid) || seteuid(uid)))
		die("cannot become uid %u: %s", uid, strerror(errno));
	if (!uid && (seteuid(0) || setegid(0)))
		die("cannot become root again: %s", strerror(errno));
}

#define AS_NOBODY(call)                                                                            \
	({                                                                                         \
		long result_;                                                                      \
		int code_;                                                                         \
                                                                                                   \
		become(NOBODY);                                                                    \
		result_ = (long)(call);                                                            \
		code_ = errno;                                                                     \
		become(0);                                                                         \
		errno = code_;                                                                     \
		result_;                                                                           \
	})

/* ----- small hands ----- */

/* Whether it can be opened so. */
static int opens(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	return fd < 0 ? fd : close(fd);
}

static int must_open(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0)
		die("open %s: %s", path, strerror(errno));
	return fd;
}

static void make(const char *path, const char *text)
{
	int fd = must_open(path, O_WRONLY | O_CREAT | O_TRUNC);

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd))
		die("write %s: %s", path, strerror(errno));
}

static struct stat look(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		die("lstat %s: %s", path, strerror(errno));
	return st;
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static off_t size_of(const char *path)
{
	return look(path).st_size;
}

static bool is_later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

static bool is_touched(const struct stat *before, const struct stat *after)
{
	return is_later(after->st_mtim, before->st_mtim) &&
	       is_later(after->st_ctim, before->st_ctim);
}

/* Clocks of the kernel's that times are taken from tick every 4 ms or so. */
static void tick(void)
{
	usleep(20000);
}

static void remove_quietly(const char *path)
{
	if (unlink(path) && rmdir(path))
		die("cannot remove %s: %s", path, strerror(errno));
}

/* What another process has of a name. */
static bool others_see(const char *path)
{
	pid_t pid = fork();
	int status = 1;

	if (!pid)
		_exit(exists(path) ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* Two links that lead to each other, and one that leads nowhere. */
static void make_links(void)
{
	if (symlink("loop2", in_users("loop1")) || symlink("loop1", in_users("loop2")) ||
	    symlink("nowhere", in_users("dangling")))
		die("symlink: %s", strerror(errno));
}

/* ----- the calls ----- */

static void test_mkdir(void)
{
	struct stat before, after;

	REFUSED(ENAMETOOLONG, mkdir(join(in("namespaces"), name_256), 0755));
	REFUSED(ENAMETOOLONG, mkdir(in_users(name_256), 0755));
	REFUSED(ENAMETOOLONG, mkdir(join(in("namespaces"), name_65), 0755));
	REFUSED(ENAMETOOLONG, mkdir(join(in(APP "/tables"), name_65), 0755));
	REFUSED(ENAMETOOLONG, mkdir(padded("d", PATH_MAX), 0755));
	ACCEPTED(mkdir(padded("d", PATH_MAX - 1), 0755));
	ACCEPTED(rmdir(padded("d", PATH_MAX - 1)));
	ACCEPTED(mkdir(in_users(name_255), 0755));
	ACCEPTED(rmdir(in_users(name_255)));
	STATEMENT(mkdir(join(in("namespaces"), name_64), 0755));
	STATEMENT(rmdir(join(in("namespaces"), name_64)));
	REFUSED(ENOTDIR, mkdir(in(USERS "/schema.json/x"), 0755));
	REFUSED(ENOTDIR, mkdir(in("README/x"), 0755));
	REFUSED(ENOENT, mkdir(in("namespaces/none/tables/x"), 0755));
	REFUSED(ENOENT, mkdir(in_users("none/x"), 0755));
	REFUSED(ENOENT, mkdir("", 0755));
	REFUSED(EEXIST, mkdir(in(APP), 0755));
	REFUSED(EEXIST, mkdir(in("namespaces/system"), 0755));
	REFUSED(EEXIST, mkdir(in(USERS), 0755));
	REFUSED(EEXIST, mkdir(in_users("schema.json"), 0755));
	REFUSED(EEXIST, mkdir(in_users("versions"), 0755));
	REFUSED(EEXIST, mkdir(in_users("versions/latest"), 0755));
	REFUSED(EEXIST, mkdir(in_users("storage"), 0755));
	REFUSED(EEXIST, mkdir(in_users("dangling"), 0755));
	REFUSED(EEXIST, mkdir(in("types"), 0755));
	REFUSED(EEXIST, mkdir(in_users("."), 0755));
	REFUSED(EEXIST, mkdir(in_users(".."), 0755));
	REFUSED(EEXIST, mkdir(mnt, 0755));
	REFUSED(ELOOP, mkdir(in_users("loop1/x"), 0755));
	REFUSED(EPERM, mkdir(in("x"), 0755));
	REFUSED(EPERM, mkdir(in("types/x"), 0755));
	REFUSED(EPERM, mkdir(in(".kalamfs/x"), 0755));
	REFUSED(EPERM, mkdir(in_users("versions/x"), 0755));
	REFUSED(EPERM, mkdir(in(APP "/trash/x"), 0755));
	REFUSED(EPERM, mkdir(in(APP "/trash/gone/x"), 0755));
	REFUSED(EPERM, mkdir(in("namespaces/system/tables/x"), 0755));
	REFUSED(EPERM, mkdir(in_users("columns/new.json"), 0755));
	REFUSED(EINVAL, mkdir(in("namespaces/App"), 0755));
	REFUSED(EINVAL, mkdir(in("namespaces/a b"), 0755));
	REFUSED(EINVAL, mkdir(in(APP "/tables/\xff"), 0755));
	REFUSED(EEXIST, mkdir(in(APP "/tables/gone"), 0755));
	REFUSED(EACCES, AS_NOBODY(mkdir(in("namespaces/x"), 0755)));
	REFUSED(EACCES, AS_NOBODY(mkdir(in(APP "/tables/x"), 0755)));
	REFUSED(EACCES, AS_NOBODY(mkdir(in_users("x"), 0755)));
	REFUSED(EEXIST, AS_NOBODY(mkdir(in(APP), 0755)));
	REFUSED(EROFS, mkdir(in_ro("namespaces/x"), 0755));
	REFUSED(EROFS, mkdir(in_ro(USERS "/x"), 0755));
	REFUSED(EEXIST, mkdir(in_ro(APP), 0755));

	before = look(in(USERS));
	tick();
	ACCEPTED(mkdir(in_users("dir"), 0700));
	after = look(in(USERS));
	HOLDS(is_touched(&before, &after));
	after = look(in_users("dir"));
	HOLDS(after.st_mode == (S_IFDIR | 0700) && !after.st_uid && !after.st_gid);
	HOLDS(is_later(after.st_mtim, before.st_mtim));
	ACCEPTED(mkdir(in_users("dir/deeper"), 0755));
	REFUSED(EEXIST, mkdir(in_users("dir/deeper"), 0755));
	REFUSED(ENAMETOOLONG, mkdir(join(in_users("dir"), name_256), 0755));
	REFUSED(EACCES, AS_NOBODY(mkdir(in_users("dir/mine"), 0755)));
	before = look(in("namespaces"));
	tick();
	STATEMENT(mkdir(in("namespaces/shop"), 0700));
	after = look(in("namespaces"));
	HOLDS(is_touched(&before, &after));
	HOLDS(look(in("namespaces/shop")).st_mode == (S_IFDIR | 0755));
	ACCEPTED(mkdir(in("namespaces/shop/tables/draft"), 0755));
}

static void test_rmdir(void)
{
	struct stat before, after;

	REFUSED(ENAMETOOLONG, rmdir(join(in("namespaces"), name_256)));
	REFUSED(ENAMETOOLONG, rmdir(padded("d", PATH_MAX)));
	REFUSED(ENOENT, rmdir(join(in("namespaces"), name_65)));
	REFUSED(ENOENT, rmdir(in("namespaces/none")));
	REFUSED(ENOENT, rmdir(in("namespaces/none/tables")));
	REFUSED(ENOENT, rmdir(in_users("none")));
	REFUSED(ENOENT, rmdir(""));
	REFUSED(ENOTDIR, rmdir(in_users("schema.json")));
	REFUSED(ENOTDIR, rmdir(in_users("schema.json/x")));
	REFUSED(ENOTDIR, rmdir(in_users("versions/latest")));
	REFUSED(ENOTDIR, rmdir(in_users("loop1")));
	REFUSED(ELOOP, rmdir(in_users("loop1/x")));
	REFUSED(EINVAL, rmdir(in_users(".")));
	REFUSED(ENOTEMPTY, rmdir(in_users("..")));
	REFUSED(EBUSY, rmdir(mnt));
	REFUSED(ENOTEMPTY, rmdir(in(USERS)));
	REFUSED(ENOTEMPTY, rmdir(in(APP)));
	REFUSED(ENOTEMPTY, rmdir(in_users("dir")));
	REFUSED(ENOTEMPTY, rmdir(in("namespaces/shop")));
	REFUSED(EPERM, rmdir(in("namespaces")));
	REFUSED(EPERM, rmdir(in("types")));
	REFUSED(EPERM, rmdir(in("storages")));
	REFUSED(EPERM, rmdir(in(".kalamfs")));
	REFUSED(EPERM, rmdir(in(APP "/tables")));
	REFUSED(EPERM, rmdir(in(APP "/trash")));
	REFUSED(EPERM, rmdir(in(APP "/trash/gone")));
	REFUSED(EPERM, rmdir(in_users("columns")));
	REFUSED(EPERM, rmdir(in_users("versions")));
	REFUSED(EPERM, rmdir(in_users("versions/1")));
	REFUSED(EPERM, rmdir(in(APP "/tables/messages/storage")));
	REFUSED(EPERM, rmdir(in("namespaces/default")));
	REFUSED(EPERM, rmdir(in("namespaces/system")));
	REFUSED(EACCES, AS_NOBODY(rmdir(in("namespaces/shop"))));
	REFUSED(EACCES, AS_NOBODY(rmdir(in_users("dir"))));
	REFUSED(EROFS, rmdir(in_ro(USERS)));
	REFUSED(EROFS, rmdir(in_ro("namespaces/shop")));

	before = look(in_users("dir"));
	tick();
	ACCEPTED(rmdir(in_users("dir/deeper")));
	after = look(in_users("dir"));
	HOLDS(is_touched(&before, &after));
	before = look(in(USERS));
	tick();
	ACCEPTED(rmdir(in_users("dir")));
	after = look(in(USERS));
	HOLDS(is_touched(&before, &after));
	REFUSED(ENOENT, rmdir(in_users("dir")));
	ACCEPTED(rmdir(in("namespaces/shop/tables/draft")));
	STATEMENT(rmdir(in("namespaces/shop")));
	HOLDS(!exists(in("namespaces/shop")));
}

static void test_unlink(void)
{
	struct stat before, after;

	REFUSED(ENAMETOOLONG, unlink(in_users(name_256)));
	REFUSED(ENAMETOOLONG, unlink(padded("f", PATH_MAX)));
	REFUSED(ENOENT, unlink(in_users("none")));
	REFUSED(ENOENT, unlink(in_users("none/x")));
	REFUSED(ENOTDIR, unlink(in_users("schema.json/x")));
	REFUSED(ELOOP, unlink(in_users("loop1/x")));
	REFUSED(EISDIR, unlink(in(USERS)));
	REFUSED(EISDIR, unlink(in_users("columns")));
	REFUSED(EISDIR, unlink(in("types")));
	REFUSED(EPERM, unlink(in("ctl")));
	REFUSED(EPERM, unlink(in("README")));
	REFUSED(EPERM, unlink(in("log.jsonl")));
	REFUSED(EPERM, unlink(in("types/INT.json")));
	REFUSED(EPERM, unlink(in("storages/archive.json")));
	REFUSED(EPERM, unlink(in(".kalamfs/status.json")));
	REFUSED(EPERM, unlink(in_users("columns/email.json")));
	REFUSED(EPERM, unlink(in_users("schema.sql")));
	REFUSED(EPERM, unlink(in_users("storage")));
	REFUSED(EPERM, unlink(in_users("versions/latest")));
	REFUSED(EPERM, unlink(in_users("versions/1/schema.json")));
	REFUSED(EPERM, unlink(in(APP "/trash/gone/schema.json")));
	REFUSED(EACCES, AS_NOBODY(unlink(in_users("schema.json"))));
	REFUSED(EACCES, AS_NOBODY(unlink(in_users("columns/email.json"))));
	REFUSED(EROFS, unlink(in_ro(USERS "/schema.json")));
	make(in_users("f"), "text");
	before = look(in(USERS));
	tick();
	ACCEPTED(unlink(in_users("f")));
	after = look(in(USERS));
	HOLDS(is_touched(&before, &after));
	REFUSED(ENOENT, unlink(in_users("f")));
	/* Who unlinks a document does not see it for a moment; all others do. */
	ACCEPTED(unlink(in(APP "/tables/old/schema.json")));
	HOLDS(!exists(in(APP "/tables/old/schema.json")));
	HOLDS(others_see(in(APP "/tables/old/schema.json")));
}

static void test_open(void)
{
	char text[64];
	int fd;

	REFUSED(ENAMETOOLONG, opens(in_users(name_256), O_RDONLY));
	REFUSED(ENAMETOOLONG, opens(in_users(name_256), O_WRONLY | O_CREAT));
	REFUSED(ENAMETOOLONG, opens(padded("schema.json", PATH_MAX), O_RDONLY));
	ACCEPTED(opens(padded("schema.json", PATH_MAX - 1), O_RDONLY));
	REFUSED(ENOENT, opens(in_users("none"), O_RDONLY));
	REFUSED(ENOENT, opens(in_users("none/x"), O_WRONLY | O_CREAT));
	REFUSED(ENOENT, opens(in_users("dangling"), O_RDONLY));
	REFUSED(ENOENT, opens(in_users("columns/none.json"), O_RDWR));
	REFUSED(ENOENT, opens(in_users("versions/99/schema.json"), O_RDONLY));
	REFUSED(ENOENT, opens(in("namespaces/App/ctl"), O_WRONLY));
	REFUSED(ENOTDIR, opens(in_users("schema.json/x"), O_RDONLY));
	REFUSED(ENOTDIR, opens(in_users("schema.json/x"), O_WRONLY | O_CREAT));
	REFUSED(ENOTDIR, opens(in_users("schema.json"), O_RDONLY | O_DIRECTORY));
	REFUSED(ENOTDIR, opens(in_users("versions/latest"), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
	REFUSED(EISDIR, opens(in(USERS), O_WRONLY));
	REFUSED(EISDIR, opens(in_users("columns"), O_RDWR));
	REFUSED(EISDIR, opens(in("types"), O_WRONLY | O_TRUNC));
	REFUSED(EISDIR, opens(in_users("columns"), O_RDONLY | O_CREAT));
	REFUSED(ELOOP, opens(in_users("loop1"), O_RDONLY));
	REFUSED(ELOOP, opens(in_users("loop1/x"), O_RDONLY));
	REFUSED(ELOOP, opens(in_users("versions/latest"), O_RDONLY | O_NOFOLLOW));
	REFUSED(ELOOP, opens(in_users("storage"), O_RDONLY | O_NOFOLLOW));
	ACCEPTED(opens(in_users("versions/latest"), O_RDONLY | O_DIRECTORY));
	ACCEPTED(opens(in_users("versions/latest"), O_PATH | O_NOFOLLOW));
	REFUSED(EEXIST, opens(in_users("schema.json"), O_WRONLY | O_CREAT | O_EXCL));
	REFUSED(EEXIST, opens(in_users("schema.sql"), O_WRONLY | O_CREAT | O_EXCL));
	REFUSED(EEXIST, opens(in_users("columns"), O_WRONLY | O_CREAT | O_EXCL));
	REFUSED(EEXIST, opens(in_users("dangling"), O_WRONLY | O_CREAT | O_EXCL));
	REFUSED(EEXIST, opens(in("ctl"), O_WRONLY | O_CREAT | O_EXCL));
	REFUSED(EPERM, opens(in("README"), O_WRONLY));
	REFUSED(EPERM, opens(in_users("schema.sql"), O_RDWR));
	REFUSED(EPERM, opens(in_users("schema.sql"), O_RDONLY | O_TRUNC));
	REFUSED(EPERM, opens(in_users("error"), O_WRONLY));
	REFUSED(EPERM, opens(in("log.jsonl"), O_WRONLY | O_APPEND));
	REFUSED(EPERM, opens(in("types/INT.json"), O_WRONLY));
	REFUSED(EPERM, opens(in(".kalamfs/errors.jsonl"), O_WRONLY | O_TRUNC));
	REFUSED(EPERM, opens(in_users("versions/1/schema.json"), O_WRONLY));
	REFUSED(EPERM, opens(in(APP "/trash/gone/schema.json"), O_WRONLY));
	REFUSED(EPERM, opens(in("namespaces/system/tables/users/schema.json"), O_WRONLY));
	REFUSED(EPERM, opens(in("new"), O_WRONLY | O_CREAT));
	REFUSED(EPERM, opens(in("namespaces/new"), O_WRONLY | O_CREAT));
	REFUSED(EPERM, opens(in(APP "/tables/new"), O_WRONLY | O_CREAT));
	REFUSED(EPERM, opens(in(APP "/trash/new"), O_WRONLY | O_CREAT));
	REFUSED(EPERM, opens(in("types/new.json"), O_WRONLY | O_CREAT));
	REFUSED(EPERM, opens(in_users("versions/new"), O_WRONLY | O_CREAT));
	REFUSED(EPERM, opens(in_users(".rejected"), O_WRONLY | O_CREAT));
	REFUSED(EINVAL, opens(in_users("columns/Age.json"), O_WRONLY | O_CREAT));
	REFUSED(EOPNOTSUPP, opens(in(USERS), O_WRONLY | O_TMPFILE));
	REFUSED(EACCES, AS_NOBODY(opens(in("ctl"), O_WRONLY)));
	REFUSED(EACCES, AS_NOBODY(opens(in_users("plan"), O_WRONLY | O_TRUNC)));
	REFUSED(EACCES, AS_NOBODY(opens(in_users("schema.json"), O_RDWR)));
	REFUSED(EACCES, AS_NOBODY(opens(in_users("schema.json"), O_RDONLY | O_TRUNC)));
	REFUSED(EACCES, AS_NOBODY(opens(in_users("new"), O_WRONLY | O_CREAT)));
	ACCEPTED(AS_NOBODY(opens(in_users("schema.json"), O_RDONLY)));
	REFUSED(EROFS, opens(in_ro(USERS "/schema.json"), O_WRONLY));
	REFUSED(EROFS, opens(in_ro(USERS "/schema.sql"), O_RDWR | O_TRUNC));
	REFUSED(EROFS, opens(in_ro(USERS "/new"), O_WRONLY | O_CREAT));
	REFUSED(ENOENT, opens(in_ro("ctl"), O_WRONLY));
	REFUSED(ENOENT, opens(in_ro(USERS "/plan"), O_RDONLY));
	ACCEPTED(opens(in_ro(USERS "/schema.json"), O_RDONLY));
	ACCEPTED(opens(in_users("ctl"), O_RDWR | O_CREAT | O_TRUNC | O_APPEND));
	ACCEPTED(opens(in_users("schema.json"), O_RDWR | O_CREAT | O_TRUNC));

	fd = must_open(in_users("schema.sql"), O_RDONLY);
	REFUSED(EBADF, write(fd, "x", 1));
	REFUSED(EINVAL, pread(fd, text, sizeof(text), -1));
	REFUSED(EINVAL, lseek(fd, -1, SEEK_SET));
	HOLDS(pread(fd, text, sizeof(text), size_of(in_users("schema.sql"))) == 0);
	HOLDS(pread(fd, text, sizeof(text), (off_t)1 << 40) == 0);
	REFUSED(ENOTTY, ioctl(fd, FIONREAD + 0x5a00, text));
	ACCEPTED(flock(fd, LOCK_EX | LOCK_NB));
	ACCEPTED(fsync(fd));
	close(fd);
	fd = must_open(in_users("ctl"), O_WRONLY);
	REFUSED(EBADF, read(fd, text, sizeof(text)));
	ACCEPTED(fsync(fd));
	ACCEPTED(write(fd, "", 0));
	close(fd);
	fd = must_open(in("README"), O_PATH);
	REFUSED(EBADF, read(fd, text, sizeof(text)));
	close(fd);
}

/* Scratch files are files. */
static void test_scratch(void)
{
	struct stat before, after;
	char text[16] = "";
	int fd;

	before = look(in(USERS));
	tick();
	ACCEPTED(opens(in_users("f"), O_WRONLY | O_CREAT | O_EXCL));
	after = look(in(USERS));
	HOLDS(is_touched(&before, &after));
	REFUSED(EEXIST, opens(in_users("f"), O_WRONLY | O_CREAT | O_EXCL));
	ACCEPTED(opens(in_users("f"), O_WRONLY | O_CREAT));
	HOLDS(look(in_users("f")).st_mode == (S_IFREG | 0644));
	before = look(in_users("f"));
	tick();
	fd = must_open(in_users("f"), O_RDWR);
	HOLDS(write(fd, "text", 4) == 4);
	after = look(in_users("f"));
	HOLDS(is_touched(&before, &after));
	HOLDS(pwrite(fd, "end", 3, 8) == 3 && size_of(in_users("f")) == 11);
	HOLDS(pread(fd, text, sizeof(text), 0) == 11 && !memcmp(text, "text\0\0\0\0end", 11));
	ACCEPTED(ftruncate(fd, 2));
	HOLDS(pread(fd, text, sizeof(text), 0) == 2 && !memcmp(text, "te", 2));
	REFUSED(EINVAL, ftruncate(fd, -1));
	REFUSED(ENOSPC, ftruncate(fd, (off_t)1 << 40));
	REFUSED(ENOSPC, pwrite(fd, "x", 1, (off_t)1 << 40));
	HOLDS(size_of(in_users("f")) == 2);
	REFUSED(EINVAL, pwrite(fd, "x", 1, INT64_MAX));
	ACCEPTED(unlink(in_users("f")));
	HOLDS(pwrite(fd, "gone", 4, 0) == 4 && pread(fd, text, sizeof(text), 0) == 4);
	HOLDS(!fstat(fd, &after) && !after.st_nlink);
	close(fd);
	make(in_users("f"), "kept");
	fd = must_open(in_users("f"), O_WRONLY | O_APPEND);
	HOLDS(write(fd, "+", 1) == 1 && size_of(in_users("f")) == 5);
	close(fd);
	REFUSED(EACCES, AS_NOBODY(opens(in_users("f"), O_WRONLY)));
	ACCEPTED(AS_NOBODY(opens(in_users("f"), O_RDONLY)));
	ACCEPTED(chmod(in_users("f"), 0600));
	REFUSED(EACCES, AS_NOBODY(opens(in_users("f"), O_RDONLY)));
	remove_quietly(in_users("f"));
}

static void test_truncate(void)
{
	int fd;

	REFUSED(ENAMETOOLONG, truncate(in_users(name_256), 0));
	REFUSED(ENAMETOOLONG, truncate(padded("schema.json", PATH_MAX), 0));
	REFUSED(ENOENT, truncate(in_users("none"), 0));
	REFUSED(ENOTDIR, truncate(in_users("schema.json/x"), 0));
	REFUSED(ELOOP, truncate(in_users("loop1"), 0));
	REFUSED(EISDIR, truncate(in(USERS), 0));
	REFUSED(EINVAL, truncate(in_users("schema.json"), -1));
	REFUSED(EINVAL, truncate(in_users("schema.json"), 10));
	REFUSED(EPERM, truncate(in_users("schema.sql"), 0));
	REFUSED(EPERM, truncate(in_users("versions/1/schema.json"), 0));
	REFUSED(EPERM, truncate(in("README"), 0));
	REFUSED(EACCES, AS_NOBODY(truncate(in_users("schema.json"), 0)));
	REFUSED(EACCES, AS_NOBODY(truncate(in("ctl"), 0)));
	REFUSED(EROFS, truncate(in_ro(USERS "/schema.json"), 0));
	/* Emptying is no edit, and a ctl is no file that could be cut. */
	ACCEPTED(truncate(in_users("schema.json"), 0));
	HOLDS(size_of(in_users("schema.json")) > 0);
	ACCEPTED(truncate(in_users("ctl"), 0));
	ACCEPTED(truncate(in_users("ctl"), 4096));
	HOLDS(size_of(in_users("ctl")) > 0);
	fd = must_open(in_users("schema.json"), O_RDONLY);
	REFUSED(EINVAL, ftruncate(fd, 0));
	close(fd);
	fd = must_open(in_users("schema.json"), O_RDWR);
	REFUSED(EFBIG, ftruncate(fd, (4 << 20) + 1));
	ACCEPTED(ftruncate(fd, 0));
	close(fd);
	fd = must_open(in_users("plan"), O_WRONLY);
	ACCEPTED(ftruncate(fd, 0));
	close(fd);
}

static int swap_names(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE);
}

static int move_no_replace(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

static void test_rename_refused(void)
{
	make(in_users("f"), "f");
	ACCEPTED(mkdir(in_users("d"), 0755));
	REFUSED(ENAMETOOLONG, rename(in_users("f"), in_users(name_256)));
	REFUSED(ENAMETOOLONG, rename(in_users(name_256), in_users("g")));
	REFUSED(ENAMETOOLONG, rename(in_users("f"), padded("g", PATH_MAX)));
	REFUSED(ENAMETOOLONG, rename(in(USERS), join(in(APP "/tables"), name_65)));
	REFUSED(ENOENT, rename(in_users("none"), in_users("g")));
	REFUSED(ENOENT, rename(in_users("f"), in_users("none/g")));
	REFUSED(ENOTDIR, rename(in_users("f"), in_users("schema.json/g")));
	REFUSED(ENOTDIR, rename(in_users("schema.json/f"), in_users("g")));
	REFUSED(ENOTDIR, rename(in_users("d"), in_users("f")));
	REFUSED(EISDIR, rename(in_users("f"), in_users("d")));
	REFUSED(ELOOP, rename(in_users("loop1/f"), in_users("g")));
	REFUSED(EINVAL, rename(in_users("d"), in_users("d/e")));
	REFUSED(EINVAL, rename(in(USERS), in_users("d/e")));
	REFUSED(EBUSY, rename(in_users("."), in_users("g")));
	REFUSED(EBUSY, rename(in_users(".."), in_users("g")));
	REFUSED(EBUSY, rename(in_users("d"), in_users(".")));
	REFUSED(EINVAL, swap_names(in_users("f"), in_users("d")));
	REFUSED(EINVAL, swap_names(in(USERS), in(APP "/tables/messages")));
	REFUSED(EEXIST, move_no_replace(in_users("f"), in_users("d")));
	REFUSED(EEXIST, move_no_replace(in_users("f"), in_users("schema.json")));
	REFUSED(EEXIST, move_no_replace(in(USERS), in(APP "/tables/messages")));
	REFUSED(ENOTEMPTY, rename(in(USERS), in(APP "/tables/messages")));
	REFUSED(EPERM, rename(in(APP), in("namespaces/store")));
	REFUSED(EPERM, rename(in_users("versions"), in_users("g")));
	REFUSED(EPERM, rename(in_users("schema.sql"), in_users("g")));
	REFUSED(EPERM, rename(in_users("f"), in_users("schema.sql")));
	REFUSED(EPERM, rename(in_users("f"), in_users("ctl")));
	REFUSED(EPERM, rename(in_users("f"), in_users("versions/f")));
	REFUSED(EPERM, rename(in_users("f"), in("f")));
	REFUSED(EPERM, rename(in_users("f"), in(APP "/tables/f")));
	REFUSED(EPERM, rename(in_users("d"), in("namespaces/d")));
	REFUSED(EPERM, rename(in_users("columns/name.json"), in_users("columns/email.json")));
	REFUSED(EPERM, rename(in_users("columns/name.json"), in_users("columns/Name.json")));
	REFUSED(EPERM, rename(in_users("schema.json"), in(APP "/tables/messages/schema.json")));
	REFUSED(EPERM, rename(in("storages/local.json"), in("storages/other.json")));
	REFUSED(EPERM, rename(in("types/INT.json"), in("types/INTEGER.json")));
	REFUSED(EPERM, rename(in(USERS), in("namespaces/default/trash/users")));
	REFUSED(EPERM, rename(in(USERS), in(APP "/trash/people")));
	REFUSED(EPERM, rename(in(USERS), in(APP "/tables/People")));
	REFUSED(EPERM, rename(in("namespaces/system/tables/users"), in(APP "/tables/mine")));
	/* The text is no JSON: rename(2) has no EINVAL for that. */
	REFUSED(EPERM, rename(in_users("f"), in_users("schema.json")));
	REFUSED(EACCES, AS_NOBODY(rename(in_users("f"), in_users("g"))));
	REFUSED(EACCES, AS_NOBODY(rename(in(USERS), in(APP "/trash/users"))));
	REFUSED(EACCES,
		AS_NOBODY(rename(in_users("columns/name.json"), in_users("columns/n.json"))));
	REFUSED(EROFS, rename(in_ro(USERS), in_ro(APP "/trash/users")));
	REFUSED(EROFS, rename(in_ro(USERS "/schema.json"), in_ro(USERS "/g")));
	HOLDS(exists(in_users("f")) && exists(in_users("d")) && !exists(in_users("g")));
}

static void test_rename_accepted(void)
{
	struct stat from_before, to_before, after;

	from_before = look(in(USERS));
	to_before = look(in_users("d"));
	tick();
	ACCEPTED(rename(in_users("f"), in_users("d/f")));
	after = look(in(USERS));
	HOLDS(is_touched(&from_before, &after));
	after = look(in_users("d"));
	HOLDS(is_touched(&to_before, &after));
	REFUSED(EPERM, rename(in_users("d"), in_users("columns")));
	ACCEPTED(mkdir(in_users("e"), 0755));
	REFUSED(ENOTEMPTY, rename(in_users("e"), in_users("d")));
	ACCEPTED(rename(in_users("d/f"), in_users("e/f")));
	ACCEPTED(rename(in_users("d"), in_users("d")));
	/* Not across file systems, wherever in the mount it comes from. */
	ACCEPTED(rename(in_users("e/f"), in(APP "/f")));
	ACCEPTED(rename(in(APP "/f"), in("storages/f")));
	ACCEPTED(rename(in("storages/f"), in_users("columns/f")));
	ACCEPTED(move_no_replace(in_users("columns/f"), in_users("f")));
	ACCEPTED(rename(in_users("d"), in_users("e")));
	remove_quietly(in_users("e"));
	remove_quietly(in_users("f"));
	STATEMENT(rename(in_users("columns/name.json"), in_users("columns/label.json")));
	STATEMENT(rename(in_users("columns/label.json"), in_users("columns/name.json")));
	from_before = look(in(APP "/tables"));
	to_before = look(in(APP "/trash"));
	tick();
	STATEMENT(rename(in(USERS), in(APP "/trash/users")));
	after = look(in(APP "/tables"));
	HOLDS(is_touched(&from_before, &after));
	after = look(in(APP "/trash"));
	HOLDS(is_touched(&to_before, &after));
	REFUSED(EEXIST, mkdir(in(USERS), 0755));
	STATEMENT(rename(in(APP "/trash/users"), in(USERS)));
}

static void test_links(void)
{
	char text[64];

	REFUSED(ENAMETOOLONG, symlink("x", in_users(name_256)));
	REFUSED(ENAMETOOLONG, symlink("x", padded("l", PATH_MAX)));
	REFUSED(ENOENT, symlink("x", in_users("none/l")));
	REFUSED(ENOENT, symlink("", in_users("l")));
	REFUSED(ENOTDIR, symlink("x", in_users("schema.json/l")));
	REFUSED(EEXIST, symlink("x", in_users("schema.json")));
	REFUSED(EEXIST, symlink("x", in_users("columns")));
	REFUSED(ELOOP, symlink("x", in_users("loop1/l")));
	REFUSED(EPERM, symlink("x", in_users("columns/new.json")));
	REFUSED(EPERM, symlink("x", in("l")));
	REFUSED(EPERM, symlink("x", in("namespaces/l")));
	REFUSED(EPERM, symlink("x", in(APP "/tables/l")));
	REFUSED(EPERM, symlink("x", in_users("versions/l")));
	REFUSED(EACCES, AS_NOBODY(symlink("x", in_users("l"))));
	REFUSED(EROFS, symlink("x", in_ro(USERS "/l")));
	ACCEPTED(symlink("some text", in_users("l")));
	HOLDS(readlink(in_users("l"), text, sizeof(text)) == 9 && !memcmp(text, "some text", 9));
	HOLDS(size_of(in_users("l")) == 9 && S_ISLNK(look(in_users("l")).st_mode));
	HOLDS(readlink(in_users("l"), text, 4) == 4);
	remove_quietly(in_users("l"));

	REFUSED(EINVAL, readlink(in_users("schema.json"), text, sizeof(text)));
	REFUSED(EINVAL, readlink(in(USERS), text, sizeof(text)));
	REFUSED(ENOENT, readlink(in_users("none"), text, sizeof(text)));
	REFUSED(ENOTDIR, readlink(in_users("schema.json/x"), text, sizeof(text)));
	REFUSED(ENAMETOOLONG, readlink(in_users(name_256), text, sizeof(text)));
	ACCEPTED(AS_NOBODY(readlink(in_users("versions/latest"), text, sizeof(text))));

	REFUSED(EPERM, link(in_users("schema.json"), in_users("l")));
	REFUSED(EPERM, link(in_users("loop1"), in_users("l")));
	REFUSED(EPERM, link(in_users("schema.sql"), in_users("columns/l")));
	REFUSED(EPERM, link(in(USERS), in_users("l")));
	REFUSED(EEXIST, link(in_users("schema.json"), in_users("schema.sql")));
	REFUSED(ENOENT, link(in_users("none"), in_users("l")));
	REFUSED(EROFS, link(in_ro(USERS "/schema.json"), in_ro(USERS "/l")));
	HOLDS(!exists(in_users("l")));
}

static void test_mknod(void)
{
	REFUSED(EPERM, mkfifo(in_users("n"), 0600));
	REFUSED(EPERM, mknod(in_users("n"), S_IFCHR | 0600, 259));
	REFUSED(EPERM, mknod(in_users("n"), S_IFBLK | 0600, 259));
	REFUSED(EPERM, mknod(in_users("n"), S_IFSOCK | 0600, 0));
	REFUSED(EPERM, mkfifo(in("n"), 0600));
	REFUSED(EEXIST, mkfifo(in_users("schema.json"), 0600));
	REFUSED(ENAMETOOLONG, mkfifo(in_users(name_256), 0600));
	REFUSED(EACCES, AS_NOBODY(mkfifo(in_users("n"), 0600)));
	REFUSED(EROFS, mkfifo(in_ro(USERS "/n"), 0600));
	REFUSED(EPERM, mknod(in_users("n"), S_IFREG | 0640, 0));
	HOLDS(!exists(in_users("n")));
}

static const struct timespec long_ago[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };

/* Modes, owners and times come from the catalog: who may set them sets nothing. */
static void test_attributes(void)
{
	struct stat before = look(in_users("schema.json")), after;

	ACCEPTED(chmod(in_users("schema.json"), 0777));
	ACCEPTED(chmod(in(USERS), 0700));
	ACCEPTED(chown(in_users("schema.json"), NOBODY, NOBODY));
	ACCEPTED(lchown(in_users("versions/latest"), NOBODY, NOBODY));
	ACCEPTED(utimensat(AT_FDCWD, in_users("schema.json"), long_ago, 0));
	ACCEPTED(utimensat(AT_FDCWD, in_users("schema.json"), NULL, 0));
	ACCEPTED(utimensat(AT_FDCWD, in_users("versions/latest"), long_ago, AT_SYMLINK_NOFOLLOW));
	after = look(in_users("schema.json"));
	HOLDS(before.st_mode == after.st_mode && before.st_uid == after.st_uid &&
	      before.st_gid == after.st_gid && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
	      before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	REFUSED(EPERM, AS_NOBODY(chmod(in_users("schema.json"), 0666)));
	REFUSED(EPERM, AS_NOBODY(chown(in_users("schema.json"), NOBODY, NOBODY)));
	REFUSED(EPERM, AS_NOBODY(utimensat(AT_FDCWD, in_users("schema.json"), long_ago, 0)));
	REFUSED(EACCES, AS_NOBODY(utimensat(AT_FDCWD, in_users("schema.json"), NULL, 0)));
	REFUSED(ENOENT, chmod(in_users("none"), 0644));
	REFUSED(ENOENT, chown(in_users("none"), 0, 0));
	REFUSED(ENOENT, utimensat(AT_FDCWD, in_users("none"), NULL, 0));
	REFUSED(ENOTDIR, chmod(in_users("schema.json/x"), 0644));
	REFUSED(ENAMETOOLONG, chmod(in_users(name_256), 0644));
	REFUSED(ENAMETOOLONG, chown(in_users(name_256), 0, 0));
	REFUSED(ELOOP, chmod(in_users("loop1"), 0644));
	REFUSED(ELOOP, chown(in_users("loop1"), 0, 0));
	REFUSED(EROFS, chmod(in_ro(USERS "/schema.json"), 0644));
	REFUSED(EROFS, chown(in_ro(USERS "/schema.json"), 0, 0));
	REFUSED(EROFS, utimensat(AT_FDCWD, in_ro(USERS "/schema.json"), NULL, 0));

	make(in_users("f"), "f");
	ACCEPTED(chmod(in_users("f"), 0604));
	ACCEPTED(chown(in_users("f"), NOBODY, NOBODY));
	ACCEPTED(utimensat(AT_FDCWD, in_users("f"), long_ago, 0));
	after = look(in_users("f"));
	HOLDS(after.st_mode == (S_IFREG | 0604));
	HOLDS(after.st_uid == NOBODY && after.st_gid == NOBODY);
	HOLDS(after.st_mtim.tv_sec == 1000000000 && after.st_ctim.tv_sec > 1000000000);
	REFUSED(EPERM, AS_NOBODY(chown(in_users("f"), 0, 0)));
	ACCEPTED(AS_NOBODY(chmod(in_users("f"), 0600)));
	remove_quietly(in_users("f"));
}

static void test_statfs(void)
{
	struct statvfs st;

	ACCEPTED(statvfs(mnt, &st));
	HOLDS(st.f_namemax == 255 && st.f_bsize == 4096 && st.f_blocks >= st.f_bfree);
	HOLDS(st.f_flag & ST_NOSUID && st.f_flag & ST_NODEV && !(st.f_flag & ST_RDONLY));
	ACCEPTED(AS_NOBODY(statvfs(in_users("schema.json"), &st)));
	ACCEPTED(statvfs(ro, &st));
	HOLDS(st.f_flag & ST_RDONLY);
	REFUSED(ENOENT, statvfs(in_users("none"), &st));
	REFUSED(ENOTDIR, statvfs(in_users("schema.json/x"), &st));
	REFUSED(ENAMETOOLONG, statvfs(in_users(name_256), &st));
	REFUSED(ELOOP, statvfs(in_users("loop1"), &st));
}

static void test_xattrs(void)
{
	char text[64];

	REFUSED(EOPNOTSUPP, setxattr(in_users("schema.json"), "user.x", "1", 1, 0));
	REFUSED(EOPNOTSUPP, getxattr(in_users("schema.json"), "user.x", text, sizeof(text)));
	REFUSED(EOPNOTSUPP, removexattr(in_users("schema.json"), "user.x"));
	REFUSED(EOPNOTSUPP, getxattr(in(USERS), "security.selinux", text, sizeof(text)));
	HOLDS(listxattr(in_users("schema.json"), text, sizeof(text)) <= 0);
	REFUSED(ENOENT, getxattr(in_users("none"), "user.x", text, sizeof(text)));
	REFUSED(EROFS, setxattr(in_ro(USERS "/schema.json"), "user.x", "1", 1, 0));
}

static void test_fallocate(void)
{
	int fd = must_open(in_users("ctl"), O_WRONLY);

	REFUSED(EOPNOTSUPP, fallocate(fd, 0, 0, 100));
	REFUSED(EOPNOTSUPP, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100));
	REFUSED(EINVAL, fallocate(fd, 0, 0, 0));
	close(fd);
	fd = must_open(in_users("f"), O_RDWR | O_CREAT);
	REFUSED(EOPNOTSUPP, fallocate(fd, 0, 0, 100));
	REFUSED(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 100));
	HOLDS(size_of(in_users("f")) == 0);
	close(fd);
	remove_quietly(in_users("f"));
	fd = must_open(in_users("schema.json"), O_RDONLY);
	REFUSED(EBADF, fallocate(fd, 0, 0, 100));
	close(fd);
}

static void test_mmap(void)
{
	size_t size = (size_t)size_of(in_users("schema.sql"));
	int fd = must_open(in_users("schema.sql"), O_RDONLY);
	char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0), text[8192];

	HOLDS(map != MAP_FAILED && pread(fd, text, sizeof(text), 0) == (ssize_t)size &&
	      !memcmp(map, text, size));
	if (map != MAP_FAILED)
		munmap(map, size);
	REFUSED(EACCES, mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	HOLDS(map != MAP_FAILED);
	if (map != MAP_FAILED) {
		map[0] = '#';	/* his own copy */
		munmap(map, size);
	}
	HOLDS(pread(fd, text, 1, 0) == 1 && text[0] != '#');
	close(fd);
	/* What is not cached cannot be shared. */
	fd = must_open(in_users("ctl"), O_RDWR);
	REFUSED(ENODEV, mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	close(fd);
	fd = must_open(in(USERS), O_RDONLY);
	REFUSED(ENODEV, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	close(fd);
	fd = must_open(in_users("f"), O_RDWR | O_CREAT);
	HOLDS(!ftruncate(fd, 4096));
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	HOLDS(map != MAP_FAILED);
	if (map != MAP_FAILED) {
		memcpy(map + 100, "mapped", 6);
		ACCEPTED(msync(map, 4096, MS_SYNC));
		HOLDS(pread(fd, text, 6, 100) == 6 && !memcmp(text, "mapped", 6));
		munmap(map, 4096);
	}
	close(fd);
	remove_quietly(in_users("f"));
}

static int count_names(int fd)
{
	DIR *list = fdopendir(dup(fd));
	int count = 0;

	if (!list)
		return -1;
	rewinddir(list);
	while (readdir(list))
		count++;
	closedir(list);
	return count;
}

static void test_directories(void)
{
	char text[64];
	struct stat st;
	int fd, other;

	fd = must_open(in(USERS), O_RDONLY | O_DIRECTORY);
	REFUSED(EISDIR, read(fd, text, sizeof(text)));
	REFUSED(EBADF, write(fd, text, 1));
	REFUSED(EINVAL, ftruncate(fd, 0));
	ACCEPTED(fsync(fd));
	ACCEPTED(fstat(fd, &st));
	HOLDS(S_ISDIR(st.st_mode) && st.st_nlink == 1 && !st.st_size);
	HOLDS(count_names(fd) > 10 && count_names(fd) == count_names(fd));
	ACCEPTED(faccessat(fd, "schema.json", R_OK, 0));
	ACCEPTED(fstatat(fd, "columns/id.json", &st, 0));
	REFUSED(ENOENT, fstatat(fd, "none", &st, 0));
	REFUSED(EISDIR, openat(fd, "columns", O_WRONLY));
	REFUSED(ENOTDIR, openat(fd, "schema.json", O_RDONLY | O_DIRECTORY));
	REFUSED(EPERM, unlinkat(fd, "schema.sql", 0));
	REFUSED(EPERM, unlinkat(fd, "columns", AT_REMOVEDIR));
	REFUSED(ENOTDIR, unlinkat(fd, "schema.json", AT_REMOVEDIR));
	ACCEPTED(mkdirat(fd, "d", 0755));
	other = openat(fd, "d", O_RDONLY | O_DIRECTORY);
	HOLDS(other >= 0 && count_names(other) == 2);
	ACCEPTED(unlinkat(fd, "d", AT_REMOVEDIR));
	/* A directory that is gone has nothing in it and takes nothing. */
	HOLDS(count_names(other) <= 2);
	REFUSED(ENOENT, openat(other, "x", O_WRONLY | O_CREAT, 0644));
	REFUSED(ENOENT, mkdirat(other, "x", 0755));
	close(other);
	/* A table that is renamed takes its directory along. */
	STATEMENT(rename(in(USERS), in(APP "/tables/people")));
	ACCEPTED(faccessat(fd, "schema.json", R_OK, 0));
	REFUSED(ENOENT, opens(in_users("schema.json"), O_RDONLY));
	STATEMENT(rename(in(APP "/tables/people"), in(USERS)));
	close(fd);
	fd = must_open(in_users("schema.json"), O_RDONLY);
	REFUSED(ENOTDIR, openat(fd, "x", O_RDONLY));
	REFUSED(ENOTDIR, fchdir(fd));
	close(fd);
	REFUSED(EACCES, AS_NOBODY(eaccess(in("ctl"), W_OK)));
}

static void repeat(char *out, size_t len)
{
	memset(out, 'n', len);
	out[len] = '\0';
}

int main(int argc, char **argv)
{
	if (argc != 3 || geteuid())
		die("usage, as root: posix MOUNT READONLY-MOUNT");
	mnt = argv[1];
	ro = argv[2];
	umask(022);
	repeat(name_64, 64);
	repeat(name_65, 65);
	repeat(name_255, 255);
	repeat(name_256, 256);
	sequence_seen = sequence();
	make_links();
	test_mkdir();
	test_rmdir();
	test_unlink();
	test_open();
	test_scratch();
	test_truncate();
	test_rename_refused();
	test_rename_accepted();
	test_links();
	test_mknod();
	test_attributes();
	test_statfs();
	test_xattrs();
	test_fallocate();
	test_mmap();
	test_directories();
	printf("posix: %u checks, %u findings\n", checks, findings);
	return findings ? 1 : 0;
}
