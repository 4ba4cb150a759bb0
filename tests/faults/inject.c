/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/faults/inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* What a disk writes whole or not at all; LMDB relies on it. */
#define SECTOR 512

static struct inject own;
struct inject *inject = &own;

void inject_arm(int kind, int fault, long at, bool forever)
{
	inject->kind = kind;
	inject->fault = fault;
	inject->forever = forever;
	inject->late = false;
	inject->at = at;
	inject->seen = 0;
	inject->failed = 0;
	for (int i = 0; i < INJECT_KINDS; i++)
		inject->of[i] = 0;
	inject->depth = 0;
	inject->armed = true;
}

void inject_disarm(void)
{
	inject->armed = false;
}

/*
 * liburcu ends the process where it gets no memory, and so does glibc (2.36) where it
 * looks up its first user: no fault of ours.
 */
static bool is_spared(const void *caller)
{
	void *trace[INJECT_DEPTH];
	Dl_info info;
	int depth;

	if (!dladdr(caller, &info) || !info.dli_fname)
		return false;
	if (strstr(info.dli_fname, "liburcu"))
		return true;
	depth = strstr(info.dli_fname, "libc.so") ? backtrace(trace, INJECT_DEPTH) : 0;
	for (int i = 0; i < depth; i++) {
		if (dladdr(trace[i], &info) && info.dli_sname && strncmp(info.dli_sname, "getpw", 5) == 0)
			return true;
	}
	return false;
}

/* A kind that is a part of another one. */
static bool is_of(int kind, int wanted)
{
	if (kind == INJECT_ROOM || kind == INJECT_READER)
		return wanted == kind || wanted == INJECT_STORE;
	return wanted == kind || (kind == INJECT_WRITE && wanted == INJECT_DISK);
}

/* False for all that the trace itself calls, too. */
bool inject_fails(int kind, const void *caller)
{
	static _Thread_local bool inside;
	long seen;

	if (!inject->armed || inside)
		return false;
	atomic_fetch_add_explicit(&inject->of[kind], 1, memory_order_relaxed);
	if (!is_of(kind, inject->kind))
		return false;
	seen = atomic_fetch_add(&inject->seen, 1) + 1;
	if (!inject->at || seen < inject->at || (seen > inject->at && !inject->forever))
		return false;
	inside = true;
	if (caller && is_spared(caller)) {
		inside = false;
		return false;
	}
	inside = false;
	if (atomic_fetch_add(&inject->failed, 1) == 0 && inject->traced) {
		inside = true;
		inject->depth = backtrace(inject->trace, INJECT_DEPTH);
		inside = false;
	}
	return true;
}

/* ----- what is the disk ----- */

static bool is_disk(int fd)
{
	struct stat st;

	if (!inject->armed || fd <= STDERR_FILENO)
		return false;
	return !inject->below[0] || (!fstat(fd, &st) && (uint64_t)st.st_dev == inject->device &&
				     (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)));
}

static bool is_path_on_disk(int dirfd, const char *path)
{
	size_t len = strlen(inject->below);
	struct stat st;

	if (!inject->armed)
		return false;
	if (!len)
		return true;
	if (*path == '/')
		return !strncmp(path, inject->below, len) && (!path[len] || path[len] == '/');
	return !fstat(dirfd, &st) && (uint64_t)st.st_dev == inject->device &&
	       (uint64_t)st.st_ino == inject->directory;
}

/* A call that has no bytes to write: short is an I/O error. */
static bool refuses(void)
{
	if (!inject_fails(INJECT_DISK, NULL))
		return false;
	errno = inject->fault == INJECT_SHORT ? EIO : inject->fault;
	return true;
}

static bool refuses_file(int fd)
{
	return is_disk(fd) && refuses();
}

static bool refuses_path(int dirfd, const char *path)
{
	return is_path_on_disk(dirfd, path) && refuses();
}

/* How many bytes are written before errno *code is told; all or some of them with 0. */
static size_t cut(int fd, size_t len, int *code)
{
	*code = 0;
	if (fd <= STDERR_FILENO || !is_disk(fd) || !inject_fails(INJECT_WRITE, NULL))
		return len;
	if (inject->fault == INJECT_SHORT && len / 2 >= SECTOR)
		return len / 2 / SECTOR * SECTOR;
	*code = inject->fault == INJECT_SHORT ? ENOSPC : inject->fault;
	return inject->late && inject->failed == 1 ? len : 0;
}

/* What a call answers that has written so much. */
static ssize_t told(ssize_t n, int code)
{
	if (!code)
		return n;
	errno = code;
	return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	int code;
	size_t some = cut(fd, len, &code);

	return told(some || !len ? syscall(SYS_pwrite64, fd, bytes, some, at) : 0, code);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	int code;
	size_t some = cut(fd, len, &code);

	return told(some || !len ? syscall(SYS_write, fd, bytes, some) : 0, code);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	int code;
	size_t some = cut(fd, 2 * SECTOR, &code);

	if (some == SECTOR)
		return syscall(SYS_write, fd, iov[0].iov_base, iov[0].iov_len / 2);
	return told(some ? syscall(SYS_writev, fd, iov, count) : 0, code);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
	if (!is_disk(fd) || !inject_fails(INJECT_READ, NULL))
		return syscall(SYS_pread64, fd, bytes, len, at);
	if (inject->fault == INJECT_SHORT)
		return syscall(SYS_pread64, fd, bytes, len / 2, at);
	errno = inject->fault;
	return -1;
}

int fdatasync(int fd)
{
	return refuses_file(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return refuses_file(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int ftruncate(int fd, off_t size)
{
	return refuses_file(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
	return refuses_file(fd) ? -1 : (int)syscall(SYS_fallocate, fd, mode, at, len);
}

int posix_fallocate(int fd, off_t at, off_t len)
{
	if (refuses_file(fd))
		return errno;
	return syscall(SYS_fallocate, fd, 0, at, len) ? errno : 0;
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

static int open_file(int dirfd, const char *path, int flags, mode_t mode)
{
	return refuses_path(dirfd, path) ? -1 : (int)syscall(SYS_openat, dirfd, path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_file(dirfd, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open_file(AT_FDCWD, path, flags, mode);
}

/* What openat is for the compiler where it has seen that there is no mode. */
int openat_without_mode(int dirfd, const char *path, int flags) __asm__("__openat_2");
int openat_without_mode(int dirfd, const char *path, int flags)
{
	return open_file(dirfd, path, flags, 0);
}

int mkdir(const char *path, mode_t mode)
{
	return refuses_path(AT_FDCWD, path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
	return refuses_path(dirfd, path) ? -1 : (int)syscall(SYS_mkdirat, dirfd, path, mode);
}

int rename(const char *from, const char *to)
{
	return refuses_path(AT_FDCWD, from) ? -1 : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return refuses_path(from_dir, from) ? -1 : (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

/*
 * ----- streams onto files: libc's own call write(2) by a name that nobody can stand in front of -----
 */

static ssize_t stream_write(void *cookie, const char *bytes, size_t len)
{
	int fd = (int)(intptr_t)cookie;
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n < 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int stream_close(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

FILE *fdopen(int fd, const char *mode)
{
	static FILE *(*real)(int, const char *);

	if (!real)
		real = (FILE *(*)(int, const char *))dlsym(RTLD_NEXT, "fdopen");
	if (!inject->below[0] || !is_disk(fd) || *mode != 'w')
		return real(fd, mode);
	return fopencookie((void *)(intptr_t)fd, mode,
			   (cookie_io_functions_t){ .write = stream_write, .close = stream_close });
}

/*
 * ----- memory: glibc's own functions by their other names, or AddressSanitizer's -----
 */

#ifdef BEHIND_ASAN
#define BEHIND(name) __interceptor_##name
#else
#define BEHIND(name) __libc_##name
#endif

extern void *BEHIND(malloc)(size_t);
extern void *BEHIND(calloc)(size_t, size_t);
extern void *BEHIND(realloc)(void *, size_t);
extern void *BEHIND(memalign)(size_t, size_t);
extern void BEHIND(free)(void *);

static void *counted(void *block)
{
	if (block)
		atomic_fetch_add_explicit(&inject->live, 1, memory_order_relaxed);
	return block;
}

static bool is_out(const void *caller)
{
	if (!inject_fails(INJECT_MEMORY, caller))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return is_out(__builtin_return_address(0)) ? NULL : counted(BEHIND(malloc)(size));
}

void *calloc(size_t count, size_t size)
{
	return is_out(__builtin_return_address(0)) ? NULL : counted(BEHIND(calloc)(count, size));
}

void *realloc(void *block, size_t size)
{
	void *made;

	if (is_out(__builtin_return_address(0)))
		return NULL;
	made = BEHIND(realloc)(block, size);
	if (!block)
		return counted(made);
	if (!made && !size)
		atomic_fetch_sub_explicit(&inject->live, 1, memory_order_relaxed);
	return made;
}

void *reallocarray(void *block, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(block, bytes);
}

void *memalign(size_t alignment, size_t size)
{
	return is_out(__builtin_return_address(0)) ? NULL : counted(BEHIND(memalign)(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *made = memalign(alignment, size);

	if (!made)
		return ENOMEM;
	*out = made;
	return 0;
}

void free(void *block)
{
	if (!block)
		return;
	atomic_fetch_sub_explicit(&inject->live, 1, memory_order_relaxed);
	BEHIND(free)(block);
}

/* ----- threads and maps: sanitizers have functions of their own in front of these ----- */

#if !defined(BEHIND_ASAN) && !defined(BEHIND_TSAN)
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (!real)
		real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))
			dlsym(RTLD_NEXT, "pthread_create");
	return inject_fails(INJECT_THREAD, __builtin_return_address(0)) ?
		EAGAIN : real(thread, attr, run, arg);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	if (inject_fails(INJECT_THREAD, __builtin_return_address(0))) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return (void *)syscall(SYS_mmap, at, len, protection, flags, fd, offset);
}
#endif

/* For LD_PRELOAD, before the program can shut itself in: a trace loads a library, too. */
__attribute__((constructor)) static void find_orders(void)
{
	const char *path = getenv("KALAM_INJECT");
	void *room, *trace[1];
	int fd;

	if (!path)
		return;
	(void)backtrace(trace, 1);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		abort();
	room = mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (room == MAP_FAILED)
		abort();
	close(fd);
	inject = room;
}
