/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plant.so - faults planted in a running kalamfs or kalamctl with LD_PRELOAD, so
 * that each suite can show that it would notice them.  KALAM_PLANT names one:
 *
 *   errno         ENOTEMPTY is answered as EIO
 *   silent        what is refused with EPERM succeeds and does nothing
 *   anyone        every caller is root, and the kernel checks no modes
 *   no-fallocate  room for lock.mdb is never reserved
 *   enospc-sticks after one ENOSPC every write of the process fails with it
 *   gates         while the file KALAM_GATES/attr is there, no attributes of a
 *                 directory are answered, and while KALAM_GATES/inval is there,
 *                 no inode is invalidated; *.held tells that one waits
 *   late          the kernel is told what to forget, but 50 ms after the daemon believes it
 *   stop          the process is stopped when it first syncs what it has written
 *   no-sync       fdatasync does nothing
 *   leak          each fdatasync leaves 128 KiB behind, every fourth a descriptor
 *   lost-commit   every 5th transaction is undone and said to be committed
 *   glad          what LMDB answers to a commit is not heard: it is said to be committed
 *   deaf          ferror never tells of an error
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* As libfuse 3 declares them; its headers are known in fs/ only. */
struct fuse_req;
struct fuse_args;
struct fuse_session;
struct fuse_ctx {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	mode_t umask;
};

int fuse_reply_err(struct fuse_req *req, int code);
const struct fuse_ctx *fuse_req_ctx(struct fuse_req *req);
int fuse_opt_add_arg(struct fuse_args *args, const char *arg);
int fuse_reply_attr(struct fuse_req *req, const struct stat *attr, double timeout);
int fuse_lowlevel_notify_inval_inode(struct fuse_session *se, uint64_t ino, off_t off, off_t len);

static bool is_planted(const char *fault)
{
	const char *planted = getenv("KALAM_PLANT");

	return planted && !strcmp(planted, fault);
}

/* The function that stands behind one of these. */
static void *real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		abort();
	return found;
}

int fuse_reply_err(struct fuse_req *req, int code)
{
	int (*reply)(struct fuse_req *, int) = real("fuse_reply_err");

	if (code == ENOTEMPTY && is_planted("errno"))
		code = EIO;
	if (code == EPERM && is_planted("silent"))
		code = 0;
	return reply(req, code);
}

const struct fuse_ctx *fuse_req_ctx(struct fuse_req *req)
{
	const struct fuse_ctx *(*ctx)(struct fuse_req *) = real("fuse_req_ctx");
	static _Thread_local struct fuse_ctx root;

	if (!is_planted("anyone"))
		return ctx(req);
	root = *ctx(req);
	root.uid = 0;
	return &root;
}

int fuse_opt_add_arg(struct fuse_args *args, const char *arg)
{
	int (*add)(struct fuse_args *, const char *) = real("fuse_opt_add_arg");

	if (is_planted("anyone") && strstr(arg, ",default_permissions"))
		arg = "-onosuid,nodev";
	return add(args, arg);
}

int fallocate(int fd, int mode, off_t from, off_t len)
{
	int (*reserve)(int, int, off_t, off_t) = real("fallocate");

	return is_planted("no-fallocate") ? 0 : reserve(fd, mode, from, len);
}

struct MDB_txn;
int mdb_txn_commit(struct MDB_txn *txn);
void mdb_txn_abort(struct MDB_txn *txn);

int mdb_txn_commit(struct MDB_txn *txn)
{
	int (*commit)(struct MDB_txn *) = real("mdb_txn_commit");
	void (*undo)(struct MDB_txn *) = real("mdb_txn_abort");
	static atomic_uint count;

	if (is_planted("glad"))
		return commit(txn), 0;
	if (!is_planted("lost-commit") || ++count % 5)
		return commit(txn);
	undo(txn);
	return 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	ssize_t (*put)(int, const void *, size_t, off_t) = real("pwrite");
	static atomic_bool is_stuck;
	ssize_t n;

	if (is_stuck) {
		errno = ENOSPC;
		return -1;
	}
	n = put(fd, bytes, len, at);
	if (n != (ssize_t)len && is_planted("enospc-sticks"))
		is_stuck = true;
	return n;
}

int ferror(FILE *stream)
{
	int (*has_error)(FILE *) = real("ferror");

	return is_planted("deaf") ? 0 : has_error(stream);
}

static void wait_at_gate(const char *name)
{
	const char *gates = getenv("KALAM_GATES");
	char gate[4096], held[4096 + 8];
	int fd;

	if (!gates || !is_planted("gates"))
		return;
	snprintf(gate, sizeof(gate), "%s/%s", gates, name);
	if (access(gate, F_OK))
		return;
	snprintf(held, sizeof(held), "%s.held", gate);
	fd = open(held, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	while (!access(gate, F_OK))
		usleep(1000);
	if (fd >= 0)
		close(fd);
}

int fuse_reply_attr(struct fuse_req *req, const struct stat *attr, double timeout)
{
	int (*reply)(struct fuse_req *, const struct stat *, double) = real("fuse_reply_attr");

	if (S_ISDIR(attr->st_mode))
		wait_at_gate("attr");
	return reply(req, attr, timeout);
}

int fuse_lowlevel_notify_inval_inode(struct fuse_session *se, uint64_t ino, off_t off, off_t len)
{
	int (*notify)(struct fuse_session *, uint64_t, off_t, off_t) =
		real("fuse_lowlevel_notify_inval_inode");

	wait_at_gate("inval");
	return notify(se, ino, off, len);
}

static void leave_behind(int fd)
{
	static atomic_uint count;
	char *bytes = malloc(128 << 10);

	if (bytes)
		memset(bytes, 1, 128 << 10);
	if (count++ % 4 == 0)
		(void)!fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int fdatasync(int fd)
{
	int (*sync_data)(int) = real("fdatasync");
	static atomic_bool was_stopped;

	if (is_planted("stop") && !atomic_exchange(&was_stopped, true))
		raise(SIGSTOP);
	if (is_planted("leak"))
		leave_behind(fd);
	return is_planted("no-sync") ? 0 : sync_data(fd);
}

/* ----- late ----- */

#define LATE_MS 50

struct notification {
	STAILQ_ENTRY(notification) link;
	struct timespec due;
	int fd;
	size_t len;
	char bytes[];
};

static STAILQ_HEAD(, notification) notifications = STAILQ_HEAD_INITIALIZER(notifications);
static pthread_mutex_t notifications_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t notifications_wake = PTHREAD_COND_INITIALIZER;

/* For ever: one after the other, each when it is due. */
static void *send_late(void *arg)
{
	(void)arg;
	for (;;) {
		struct notification *first;

		pthread_mutex_lock(&notifications_lock);
		while (!(first = STAILQ_FIRST(&notifications)))
			pthread_cond_wait(&notifications_wake, &notifications_lock);
		STAILQ_REMOVE_HEAD(&notifications, link);
		pthread_mutex_unlock(&notifications_lock);
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &first->due, NULL))
			continue;
		if (write(first->fd, first->bytes, first->len) < 0)
			errno = 0;	/* nothing cached, or unmounted: nobody asks */
		free(first);
	}
	return NULL;
}

static void start_sender(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, send_late, NULL) || pthread_detach(thread))
		abort();
}

static size_t bytes_in(const struct iovec *iov, int count)
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	return len;
}

static bool is_notification(const struct iovec *iov, int count)
{
	const struct fuse_out_header *header = iov->iov_base;

	return count > 0 && iov->iov_len == sizeof(*header) && !header->unique &&
	       header->error > 0 && header->len == bytes_in(iov, count);
}

static void put_off(int fd, const struct iovec *iov, int count, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct notification *late = malloc(sizeof(*late) + len);
	size_t at = 0;

	if (!late)
		abort();
	pthread_once(&once, start_sender);
	late->fd = fd;
	late->len = len;
	for (int i = 0; i < count; at += iov[i++].iov_len)
		memcpy(late->bytes + at, iov[i].iov_base, iov[i].iov_len);
	clock_gettime(CLOCK_MONOTONIC, &late->due);
	late->due.tv_nsec += LATE_MS * 1000000L;
	late->due.tv_sec += late->due.tv_nsec / 1000000000L;
	late->due.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&notifications_lock);
	STAILQ_INSERT_TAIL(&notifications, late, link);
	pthread_cond_signal(&notifications_wake);
	pthread_mutex_unlock(&notifications_lock);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	ssize_t (*put)(int, const struct iovec *, int) = real("writev");
	size_t len;

	if (!is_planted("late") || !is_notification(iov, count))
		return put(fd, iov, count);
	len = bytes_in(iov, count);
	put_off(fd, iov, count, len);
	return (ssize_t)len;
}
