/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th call of a kind fails: calls that our own objects make of libc and of LMDB,
 * which the linker leads here (--wrap, WRAPPED of the Makefile).  Included once.
 */
#ifndef KALAM_TESTS_FAILING_H
#define KALAM_TESTS_FAILING_H

#include "base/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <search.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum call_kind { CALL_MEMORY, CALL_STORE, CALL_ROW, CALL_CUT, CALL_LONG, CALL_DISK };

static struct {
	bool armed, forever;
	enum call_kind kind;
	int code;
	long at, count;		/* the call that fails, from 1; calls so far */
} failing;

static void failing_arm(enum call_kind kind, int code, long at)
{
	failing.kind = kind;
	failing.code = code;
	failing.at = at;
	failing.count = 0;
	failing.armed = true;
}

/* Whether a call has failed. */
static bool failing_disarm(void)
{
	failing.armed = false;
	return failing.count >= failing.at;
}

static bool fails(enum call_kind kind)
{
	if (!failing.armed || failing.kind != kind)
		return false;
	failing.count++;
	return failing.forever ? failing.count >= failing.at : failing.count == failing.at;
}

static bool fails_as_errno(enum call_kind kind)
{
	if (!fails(kind))
		return false;
	errno = failing.code;
	return true;
}

#define WRAP(kind, type, name, failed, params, args)                                               \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails_as_errno(kind) ? (failed) : __real_##name args;                       \
	}
#define WRAP_STORE(kind, name, params, args)                                                       \
	int __real_##name params;                                                                  \
	int __wrap_##name params;                                                                  \
	int __wrap_##name params                                                                   \
	{                                                                                          \
		return fails(kind) ? failing.code : __real_##name args;                            \
	}

WRAP(CALL_MEMORY, void *, malloc, NULL, (size_t size), (size))
WRAP(CALL_MEMORY, void *, calloc, NULL, (size_t count, size_t size), (count, size))
WRAP(CALL_MEMORY, void *, realloc, NULL, (void *at, size_t size), (at, size))
WRAP(CALL_MEMORY, char *, strdup, NULL, (const char *text), (text))
WRAP(CALL_MEMORY, int, vasprintf, -1, (char **out, const char *fmt, va_list args), (out, fmt, args))
WRAP(CALL_MEMORY, void *, tsearch, NULL,
     (const void *key, void **root, int (*compare)(const void *, const void *)), (key, root, compare))
WRAP(CALL_MEMORY, FILE *, fopencookie, NULL, (void *cookie, const char *mode, cookie_io_functions_t how),
     (cookie, mode, how))

/* Memory of an arena, of which most calls need none of libc. */
WRAP(CALL_MEMORY, void *, arena_alloc, NULL, (struct arena *arena, size_t size), (arena, size))
WRAP(CALL_MEMORY, void *, arena_array, NULL, (struct arena *arena, size_t count, size_t size),
     (arena, count, size))
WRAP(CALL_MEMORY, char *, arena_strndup, NULL, (struct arena *arena, const char *text, size_t len),
     (arena, text, len))
WRAP(CALL_MEMORY, char *, arena_strdup, NULL, (struct arena *arena, const char *text), (arena, text))

/* What a stream in memory says at its end of what it had no room for. */
int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file)
{
	int rc = __real_fclose(file);

	return fails_as_errno(CALL_MEMORY) ? EOF : rc;
}

int __wrap_asprintf(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = __wrap_vasprintf(out, fmt, args);
	va_end(args);
	return len;
}

WRAP_STORE(CALL_STORE, mdb_env_create, (MDB_env **env), (env))
WRAP_STORE(CALL_STORE, mdb_env_set_maxreaders, (MDB_env *env, unsigned n), (env, n))
WRAP_STORE(CALL_STORE, mdb_env_set_maxdbs, (MDB_env *env, MDB_dbi n), (env, n))
WRAP_STORE(CALL_STORE, mdb_env_set_mapsize, (MDB_env *env, size_t size), (env, size))
WRAP_STORE(CALL_STORE, mdb_env_set_assert, (MDB_env *env, MDB_assert_func *f), (env, f))
WRAP_STORE(CALL_STORE, mdb_env_open, (MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode),
	   (env, path, flags, mode))
WRAP_STORE(CALL_STORE, mdb_env_sync, (MDB_env *env, int force), (env, force))
WRAP_STORE(CALL_STORE, mdb_env_copyfd2, (MDB_env *env, mdb_filehandle_t fd, unsigned flags), (env, fd, flags))
WRAP_STORE(CALL_STORE, mdb_reader_check, (MDB_env *env, int *dead), (env, dead))
WRAP_STORE(CALL_STORE, mdb_reader_list, (MDB_env *env, MDB_msg_func *f, void *arg), (env, f, arg))
WRAP_STORE(CALL_STORE, mdb_txn_begin, (MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn),
	   (env, parent, flags, txn))
WRAP_STORE(CALL_STORE, mdb_dbi_open, (MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi),
	   (txn, name, flags, dbi))
WRAP_STORE(CALL_STORE, mdb_put, (MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v, unsigned flags),
	   (txn, dbi, k, v, flags))
WRAP_STORE(CALL_STORE, mdb_del, (MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v), (txn, dbi, k, v))
WRAP_STORE(CALL_STORE, mdb_cursor_open, (MDB_txn *txn, MDB_dbi dbi, MDB_cursor **out), (txn, dbi, out))

/* A value that lost its last byte, or got one more. */
static void spoil(MDB_val *value)
{
	static char longer[1 << 16];

	if (fails(CALL_CUT) && value->mv_size)
		value->mv_size--;
	if (!fails(CALL_LONG) || value->mv_size >= sizeof(longer))
		return;
	memcpy(longer, value->mv_data, value->mv_size);
	longer[value->mv_size] = 0;
	*value = (MDB_val){ .mv_data = longer, .mv_size = value->mv_size + 1 };
}

/*
 * These read a row, for which LMDB needs no memory: they fail, it is not there, or it is
 * another one than was written.
 */
#define WRAP_ROW(name, params, args)                                                               \
	int __real_##name params;                                                                  \
	int __wrap_##name params;                                                                  \
	int __wrap_##name params                                                                   \
	{                                                                                          \
		bool is_met = failing.code != ENOMEM && fails(CALL_STORE);                         \
		int rc = is_met || fails(CALL_ROW) ? failing.code : __real_##name args;            \
                                                                                                   \
		if (!rc)                                                                           \
			spoil(v);                                                                  \
		return rc;                                                                         \
	}
WRAP_ROW(mdb_get, (MDB_txn *txn, MDB_dbi dbi, MDB_val *k, MDB_val *v), (txn, dbi, k, v))
WRAP_ROW(mdb_cursor_get, (MDB_cursor *c, MDB_val *k, MDB_val *v, MDB_cursor_op op), (c, k, v, op))

/* A renewal that fails leaves the reader as it was. */
WRAP_STORE(CALL_STORE, mdb_txn_renew, (MDB_txn *txn), (txn))

/* A commit that fails has ended its transaction. */
int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
	if (!fails(CALL_STORE))
		return __real_mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return failing.code;
}

WRAP(CALL_DISK, int, fstat, -1, (int fd, struct stat *out), (fd, out))
WRAP(CALL_DISK, int, stat, -1, (const char *path, struct stat *out), (path, out))
WRAP(CALL_DISK, int, fstatvfs, -1, (int fd, struct statvfs *out), (fd, out))
WRAP(CALL_DISK, int, fstatfs, -1, (int fd, struct statfs *out), (fd, out))
WRAP(CALL_DISK, ssize_t, pread, -1, (int fd, void *to, size_t len, off_t at), (fd, to, len, at))
WRAP(CALL_DISK, ssize_t, pwrite, -1, (int fd, const void *from, size_t len, off_t at), (fd, from, len, at))
WRAP(CALL_DISK, ssize_t, getrandom, -1, (void *to, size_t len, unsigned flags), (to, len, flags))
WRAP(CALL_DISK, ssize_t, getdents64, -1, (int fd, void *to, size_t len), (fd, to, len))
WRAP(CALL_DISK, int, fallocate, -1, (int fd, int mode, off_t at, off_t len), (fd, mode, at, len))
WRAP(CALL_DISK, int, faccessat, -1, (int fd, const char *path, int mode, int flags), (fd, path, mode, flags))
WRAP(CALL_DISK, int, fdatasync, -1, (int fd), (fd))
WRAP(CALL_DISK, int, fsync, -1, (int fd), (fd))
WRAP(CALL_DISK, int, renameat, -1, (int from, const char *a, int to, const char *b), (from, a, to, b))
WRAP(CALL_DISK, int, mkdirat, -1, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(CALL_DISK, int, unlinkat, -1, (int fd, const char *path, int flags), (fd, path, flags))
WRAP(CALL_DISK, DIR *, fdopendir, NULL, (int fd), (fd))
WRAP(CALL_DISK, char *, realpath, NULL, (const char *path, char *out), (path, out))

int __real_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...);
int __wrap_openat(int fd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails_as_errno(CALL_DISK) ? -1 : __real_openat(fd, path, flags, mode);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails_as_errno(CALL_DISK) ? -1 : __real_open(path, flags, mode);
}

/* Of the store's, all of which are about locks. */
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list args;
	void *lock;

	va_start(args, command);
	lock = va_arg(args, void *);
	va_end(args);
	return fails_as_errno(CALL_DISK) ? -1 : __real_fcntl(fd, command, lock);
}

/* What a file that was closed said of its last write. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	int rc = __real_close(fd);

	return fails_as_errno(CALL_DISK) ? -1 : rc;
}

#endif
