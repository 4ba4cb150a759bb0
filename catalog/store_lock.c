/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_lock.h"

#include "catalog/store_open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define PAUSE_FIRST 50000LL	/* 50 us */
#define PAUSE_LAST 10000000LL	/* 10 ms */
#define PAUSE_NEXT 1000000LL	/* of who has the next turn */
#define COURTESY 20000000LL	/* so long a process that has been waiting goes first */
#define NO_COURTESY 200000000LL	/* it did not go: so long nobody waits for it again */
#define RESERVE_MOST (1024 * 1024)
#define RESERVE_LEAST (64 * 1024)

/*
 * Byte 0 of write.lock is the lock itself, an open-file-description lock: it
 * survives any other close() of the file in this process.  Such locks do not
 * tell their holder, so the holder also takes a classic record lock on byte 1,
 * which does, and which ends with the process as well.
 *
 * Polling for byte 0 alone, nobody would get it from a process that commits
 * without pause.  So who has to wait locks byte 2, the next turn, until he has
 * byte 0, and who comes lets the owner of the next turn go first; but not for
 * long, since that process may be stopped.
 *
 * Byte 3 is for who opens the environment.
 */
enum { LOCK_BYTE, NAME_BYTE, TURN_BYTE, OPEN_BYTE };

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

unsigned deadline_left(int64_t deadline)
{
	int64_t left = deadline - now();

	return left > 0 ? (unsigned)((left + SECOND / 1000 - 1) / (SECOND / 1000)) : 0;
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
	lock->rude_until = 0;
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

/* Until it is locked, or the deadline: 0, -EAGAIN or -errno. */
static int poll_for(int fd, off_t byte, int64_t pause_last, int64_t deadline)
{
	int64_t pause = PAUSE_FIRST, left;

	for (;;) {
		int rc = set_lock(fd, F_OFD_SETLK, F_WRLCK, byte);

		if (rc != -EAGAIN && rc != -EACCES)
			return rc;
		left = deadline - now();
		if (left <= 0)
			return -EAGAIN;
		if (pause > left)
			pause = left;
		nanosleep(&(struct timespec){ .tv_nsec = pause }, NULL);
		pause = pause * 2 > pause_last ? pause_last : pause * 2;
	}
}

static bool another_is_next(int fd)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = TURN_BYTE, .l_len = 1 };

	return fcntl(fd, F_OFD_GETLK, &fl) == 0 && fl.l_type != F_UNLCK;
}

/* Be the next one, after who is; false: he did not go, or the deadline has passed. */
static bool take_turn(struct write_lock *lock, int64_t deadline)
{
	int64_t begun = now(), until = begun < lock->rude_until ? begun : begun + COURTESY;

	if (!poll_for(lock->fd, TURN_BYTE, PAUSE_NEXT, until < deadline ? until : deadline))
		return true;
	if (now() >= begun + COURTESY)
		lock->rude_until = now() + NO_COURTESY;
	return false;
}

static int lock_file(struct write_lock *lock, int64_t deadline, struct err *err)
{
	int fd = lock->fd;
	int rc = another_is_next(fd) ? -EAGAIN : set_lock(fd, F_OFD_SETLK, F_WRLCK, LOCK_BYTE);

	if (rc == -EAGAIN || rc == -EACCES) {
		bool is_next = take_turn(lock, deadline);

		rc = poll_for(fd, LOCK_BYTE, is_next ? PAUSE_NEXT : PAUSE_LAST, deadline);
		if (is_next)
			(void)set_lock(fd, F_OFD_SETLK, F_UNLCK, TURN_BYTE);
	}
	if (rc)
		return rc == -EAGAIN ? other_process_holds(fd, err) :
				       store_errno(err, rc, "Cannot lock write.lock of the catalog");
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
		rc = lock_file(lock, deadline, err);
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

int write_lock_enter(struct write_lock *lock, int64_t deadline, struct err *err)
{
	int rc = lock->fd >= 0 ? poll_for(lock->fd, OPEN_BYTE, PAUSE_NEXT, deadline) : 0;

	if (rc != -EAGAIN)
		return rc ? store_errno(err, rc, "Cannot lock write.lock of the catalog") : 0;
	err_set(err, -EBUSY, "Another process has been opening the catalog for long; try again, or "
		"end that process if it hangs");
	err_kind_set(err, ERR_BUSY);
	return -EBUSY;
}

void write_lock_entered(struct write_lock *lock)
{
	if (lock->fd >= 0)
		(void)set_lock(lock->fd, F_OFD_SETLK, F_UNLCK, OPEN_BYTE);
}

static off_t reserved(const struct write_lock *lock)
{
	struct stat st;

	return lock->fd >= 0 && fstat(lock->fd, &st) == 0 ? (off_t)st.st_blocks * 512 : 0;
}

void write_lock_reserve(struct write_lock *lock)
{
	off_t size = lock->fd >= 0 && reserved(lock) < RESERVE_MOST ? RESERVE_MOST : 0;

	while (size >= RESERVE_LEAST && fallocate(lock->fd, FALLOC_FL_KEEP_SIZE, 0, size))
		size /= 2;
}

bool write_lock_spend(struct write_lock *lock)
{
	return reserved(lock) && ftruncate(lock->fd, 0) == 0;
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
