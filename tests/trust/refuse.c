/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refuse.so - calls that fail, and answers that wait, in a kalamfs with LD_PRELOAD.
 *
 * KALAM_REFUSE names a file of 64-bit numbers, which refused.py maps, too: which call
 * fails, at which of them counted since then, with what.  The calls: see enum call.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum call {
	CALL_NONE,
	CALL_READER,	/* LMDB begins a snapshot */
	CALL_FORK,
	CALL_THREAD,
	CALL_SOCKETPAIR,
	CALL_PIPE,
	CALL_EVENTFD,
	CALL_INOTIFY,
	CALL_RECEIVE,	/* of a request from the kernel */
	CALL_EPOCH,	/* the notification that makes it forget all names */
	CALL_MEMORY	/* malloc and calloc, by the program itself */
};

struct orders {
	_Atomic int64_t call, at, seen, code;
	_Atomic int64_t held_opcodes;	/* a bit for each: their answers wait until it is cleared */
	_Atomic int64_t held;		/* how many have */
};

static struct orders none, *orders = &none;

__attribute__((constructor)) static void find_orders(void)
{
	const char *path = getenv("KALAM_REFUSE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	if (!path)
		return;
	at = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		abort();
	close(fd);
	orders = at;
}

/* What the call has to answer instead; 0 = it is made.  at 0: never, but it is counted; -1: always. */
static int refused(enum call call)
{
	int64_t at = orders->at;

	if (orders->call != (int64_t)call)
		return 0;
	return ++orders->seen == at || at < 0 ? (int)orders->code : 0;
}

static bool fails(enum call call)
{
	int code = refused(call);

	if (code)
		errno = code;
	return code;
}

#define BEHIND(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **out)
{
	int rc = flags & MDB_RDONLY ? refused(CALL_READER) : 0;

	return rc ? rc : BEHIND(mdb_txn_begin)(env, parent, flags, out);
}

int mdb_txn_renew(MDB_txn *txn)
{
	int rc = refused(CALL_READER);

	return rc ? rc : BEHIND(mdb_txn_renew)(txn);
}

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);

static bool is_program(const void *caller)
{
	const char *name = program_invocation_name;
	Dl_info info;

	return orders->call == CALL_MEMORY && dladdr(caller, &info) && info.dli_fname &&
	       !strcmp(info.dli_fname, name);
}

void *malloc(size_t size)
{
	bool is_out = is_program(__builtin_return_address(0)) && fails(CALL_MEMORY);

	return is_out ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	bool is_out = is_program(__builtin_return_address(0)) && fails(CALL_MEMORY);

	return is_out ? NULL : __libc_calloc(count, size);
}

pid_t fork(void)
{
	return fails(CALL_FORK) ? -1 : BEHIND(fork)();
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	int code = refused(CALL_THREAD);

	return code ? code : BEHIND(pthread_create)(thread, attr, run, arg);
}

int socketpair(int family, int type, int protocol, int fds[2])
{
	return fails(CALL_SOCKETPAIR) ? -1 : BEHIND(socketpair)(family, type, protocol, fds);
}

int pipe2(int fds[2], int flags)
{
	return fails(CALL_PIPE) ? -1 : BEHIND(pipe2)(fds, flags);
}

int eventfd(unsigned value, int flags)
{
	return fails(CALL_EVENTFD) ? -1 : BEHIND(eventfd)(value, flags);
}

int inotify_init1(int flags)
{
	return fails(CALL_INOTIFY) ? -1 : BEHIND(inotify_init1)(flags);
}

/* ----- the kernel ----- */

/* No other buffer of ours is as long as one for requests. */
#define REQUEST_LEAST (64 << 10)
#define SLOTS 256

/* Requests of held kinds whose answers are to wait. */
static _Atomic uint64_t waiting[SLOTS];

ssize_t read(int fd, void *at, size_t size)
{
	const struct fuse_in_header *header = at;
	ssize_t n;

	/* Who has no memory has not read: the request is still there. */
	if (size >= REQUEST_LEAST && orders->code == ENOMEM && fails(CALL_RECEIVE))
		return -1;
	n = syscall(SYS_read, fd, at, size);
	if (size < REQUEST_LEAST || n < (ssize_t)sizeof(*header))
		return n;
	if (header->opcode < 63 && orders->held_opcodes >> header->opcode & 1)
		waiting[header->unique / 2 % SLOTS] = header->unique;
	return orders->code != ENOMEM && fails(CALL_RECEIVE) ? -1 : n;
}

static void wait_for_leave(uint64_t unique)
{
	if (!unique || waiting[unique / 2 % SLOTS] != unique)
		return;
	orders->held++;
	while (orders->held_opcodes)
		usleep(1000);
	waiting[unique / 2 % SLOTS] = 0;
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	const struct fuse_out_header *header = iov->iov_base;

	if (iov->iov_len == sizeof(*header)) {
		if (!header->unique && header->error == 8 && fails(CALL_EPOCH))
			return -1;
		wait_for_leave(header->unique);
	}
	return syscall(SYS_writev, fd, iov, count);
}
