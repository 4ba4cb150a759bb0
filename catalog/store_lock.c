/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_lock.h"

#include "catalog/store_open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define PAUSE_FIRST 50000LL	/* 50 us */
#define PAUSE_LAST 10000000LL	/* 10 ms */

/*
 * Byte 0 of write.lock is the lock itself, an open-file-description lock: it
 * survives any other close() of the file in this process.  Such locks do not
 * tell their holder, so the holder also takes a classic record lock on byte 1,
 * which does, and which ends with the process as well.
 */
enum { LOCK_BYTE, NAME_BYTE };

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

int64_t deadline_in(unsigned ms)
{
	return now() + ms * (SECOND / 1000);
}

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

/* false when the deadline has passed. */
static bool cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline)
{
	struct timespec ts = { .tv_sec = deadline / SECOND, .tv_nsec = deadline % SECOND };

	return pthread_cond_timedwait(cond, mutex, &ts) != ETIMEDOUT;
}

void write_lock_init(struct write_lock *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
	cond_init(&lock->freed);
	lock->held = false;
	lock->fd = -1;
}

void write_lock_fini(struct write_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	pthread_cond_destroy(&lock->freed);
	pthread_mutex_destroy(&lock->mutex);
}

int write_lock_open(struct write_lock *lock, int dirfd, struct err *err)
{
	int fd = store_file_open(dirfd, "write.lock", O_RDWR | O_CREAT, err);

	if (fd < 0)
		return fd;
	lock->fd = fd;
	return 0;
}

static int set_lock(int fd, int command, short type, off_t byte)
{
	struct flock fl = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	while (fcntl(fd, command, &fl) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* The name of a process, or "" where /proc does not tell. */
static void process_name(pid_t pid, char *name, size_t size)
{
	char path[64];
	FILE *in;

	name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	in = fopen(path, "re");
	if (!in)
		return;
	if (fgets(name, (int)size, in))
		name[strcspn(name, "\n")] = '\0';
	fclose(in);
}

static int other_process_holds(int fd, struct err *err)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = NAME_BYTE, .l_len = 1 };
	char name[64];

	if (fcntl(fd, F_GETLK, &fl) < 0 || fl.l_type == F_UNLCK || fl.l_pid <= 0) {
		err_set(err, -EBUSY, "The catalog's write lock is held by another process; "
			"try again");
	} else {
		process_name(fl.l_pid, name, sizeof(name));
		err_set(err, -EBUSY, "The catalog's write lock is held by process %ld%s%s%s; "
			"try again, or end that process if it hangs", (long)fl.l_pid,
			*name ? " (" : "", name, *name ? ")" : "");
	}
	err_kind_set(err, ERR_BUSY);
	return -EBUSY;
}

static int lock_file(int fd, int64_t deadline, struct err *err)
{
	int64_t pause = PAUSE_FIRST, left;
	int rc;

	for (;;) {
		rc = set_lock(fd, F_OFD_SETLK, F_WRLCK, LOCK_BYTE);
		if (!rc)
			break;
		if (rc != -EAGAIN && rc != -EACCES)
			return store_errno(err, rc, "Cannot lock write.lock of the catalog");
		left = deadline - now();
		if (left <= 0)
			return other_process_holds(fd, err);
		if (pause > left)
			pause = left;
		nanosleep(&(struct timespec){ .tv_nsec = pause }, NULL);
		pause = pause * 2 > PAUSE_LAST ? PAUSE_LAST : pause * 2;
	}
	/* Only for messages: without it we are "another process". */
	(void)set_lock(fd, F_SETLK, F_WRLCK, NAME_BYTE);
	return 0;
}

static void unlock_file(int fd)
{
	(void)set_lock(fd, F_SETLK, F_UNLCK, NAME_BYTE);
	(void)set_lock(fd, F_OFD_SETLK, F_UNLCK, LOCK_BYTE);
}

static bool take_in_process(struct write_lock *lock, int64_t deadline)
{
	bool mine;

	pthread_mutex_lock(&lock->mutex);
	while (lock->held && cond_wait(&lock->freed, &lock->mutex, deadline))
		;
	mine = !lock->held;
	lock->held = true;
	pthread_mutex_unlock(&lock->mutex);
	return mine;
}

static void give_in_process(struct write_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
	lock->held = false;
	pthread_cond_signal(&lock->freed);
	pthread_mutex_unlock(&lock->mutex);
}

int write_lock_take(struct write_lock *lock, int64_t deadline, struct err *err)
{
	int rc = 0;

	if (!take_in_process(lock, deadline)) {
		err_set(err, -EBUSY, "The catalog's write lock is held by another statement of "
			"this process; try again");
		err_kind_set(err, ERR_BUSY);
		return -EBUSY;
	}
	if (lock->fd >= 0)
		rc = lock_file(lock->fd, deadline, err);
	if (rc)
		give_in_process(lock);
	return rc;
}

void write_lock_give(struct write_lock *lock)
{
	if (lock->fd >= 0)
		unlock_file(lock->fd);
	give_in_process(lock);
}

void gate_init(struct gate *gate)
{
	pthread_mutex_init(&gate->mutex, NULL);
	cond_init(&gate->changed);
	gate->inside = 0;
	gate->shut = false;
}

void gate_fini(struct gate *gate)
{
	pthread_cond_destroy(&gate->changed);
	pthread_mutex_destroy(&gate->mutex);
}

void gate_enter(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	while (gate->shut)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	gate->inside++;
	pthread_mutex_unlock(&gate->mutex);
}

void gate_leave(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	if (--gate->inside == 0 && gate->shut)
		pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->mutex);
}

int gate_shut(struct gate *gate, int64_t deadline)
{
	bool in_time = true, mine = false;

	pthread_mutex_lock(&gate->mutex);
	while (gate->shut && in_time)
		in_time = cond_wait(&gate->changed, &gate->mutex, deadline);
	if (!gate->shut) {
		gate->shut = mine = true;
		while (gate->inside && in_time)
			in_time = cond_wait(&gate->changed, &gate->mutex, deadline);
		if (gate->inside) {
			gate->shut = mine = false;
			pthread_cond_broadcast(&gate->changed);
		}
	}
	pthread_mutex_unlock(&gate->mutex);
	return mine ? 0 : -ETIMEDOUT;
}

void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->shut = false;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->mutex);
}
