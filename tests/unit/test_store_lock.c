/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One writer, with a deadline. */
#include "catalog/store_lock.h"
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* A process with the write transaction: *ready gets a byte when it has it. */
static pid_t hold_elsewhere(const char *dir, int *ready)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *store = open_store(dir, &plain);
		struct txn *txn = writer(store);

		put(txn, "theirs", "1");
		assert_int_equal(write(fds[1], "!", 1), 1);
		for (;;)
			pause();
	}
	close(fds[1]);
	*ready = fds[0];
	return pid;
}

static void a_writer_elsewhere_makes_us_busy_with_its_name(void **state)
{
	char *dir = temp_dir(), part[64], byte;
	struct err err = ERR_INIT;
	struct store *store;
	struct txn *txn;
	pid_t pid;
	int ready;

	(void)state;
	store_close(open_store(dir, &creating));
	pid = hold_elsewhere(dir, &ready);
	assert_int_equal(read(ready, &byte, 1), 1);
	store = open_store(dir, &plain);

	assert_int_equal(txn_begin_write(store, 50, &txn, &err), -EBUSY);
	assert_int_equal(err.kind, ERR_BUSY);
	snprintf(part, sizeof(part), "The catalog's write lock is held by process %d (", (int)pid);
	assert_non_null(strstr(err.text, part));
	assert_stored(store, "theirs", NULL);

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	txn = writer(store);
	put(txn, "ours", "1");
	commit(txn);
	assert_stored(store, "theirs", NULL);
	assert_stored(store, "ours", "1");
	store_close(store);
	close(ready);
	temp_dir_remove(dir);
}

static void a_stopped_writer_elsewhere_leaves_readers_alone(void **state)
{
	char *dir = temp_dir(), byte;
	struct err err = ERR_INIT;
	struct store *store;
	struct txn *txn;
	pid_t pid;
	int ready;

	(void)state;
	store_close(open_store(dir, &creating));
	pid = hold_elsewhere(dir, &ready);
	assert_int_equal(read(ready, &byte, 1), 1);
	kill(pid, SIGSTOP);
	store = open_store(dir, &creating);

	assert_int_equal(txn_begin_write(store, 0, &txn, &err), -EBUSY);
	assert_stored(store, "theirs", NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	store_close(store);
	close(ready);
	temp_dir_remove(dir);
}

/*
 * A process that commits without pause, each time after `ms`, and ends with this one.  It
 * begins with the first byte that is written to *begin.
 */
static pid_t write_elsewhere(const char *dir, int ms, int *begin)
{
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct store *store;
		char byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[1]);
		store = open_store(dir, &plain);
		assert_int_equal(read(fds[0], &byte, 1), 1);
		for (;;) {
			struct txn *txn = writer(store);

			put(txn, "theirs", "1");
			pause_ms(ms);
			commit(txn);
		}
	}
	close(fds[0]);
	*begin = fds[1];
	return pid;
}

/* Twenty commits with pauses before them, none of which waits for a second. */
static void write_often(struct store *store, int ms)
{
	for (int i = 0; i < 20; i++) {
		struct err err = ERR_INIT;
		struct txn *txn;

		pause_ms(ms);
		assert_int_equal(txn_begin_write(store, 1000, &txn, &err), 0);
		put(txn, "ours", "2");
		commit(txn);
	}
}

static void end_writer(pid_t pid, int begin)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(begin);
}

static void who_waits_for_a_busy_process_gets_his_turn(void **state)
{
	char *dir = temp_dir();
	struct store *store;
	int begin;
	pid_t pid;

	(void)state;
	store_close(open_store(dir, &creating));
	pid = write_elsewhere(dir, 5, &begin);
	store = open_store(dir, &plain);
	assert_int_equal(write(begin, "!", 1), 1);
	write_often(store, 7);
	end_writer(pid, begin);
	store_close(store);
	temp_dir_remove(dir);
}

/* It has the next turn and does not take it: that costs the others 20 ms now and then. */
static void who_is_stopped_while_he_waits_holds_nobody_up(void **state)
{
	char *dir = temp_dir();
	struct store *store;
	struct txn *txn;
	int begin;
	pid_t pid;

	(void)state;
	store_close(open_store(dir, &creating));
	pid = write_elsewhere(dir, 0, &begin);
	store = open_store(dir, &plain);
	txn = writer(store);
	assert_int_equal(write(begin, "!", 1), 1);
	pause_ms(100);
	kill(pid, SIGSTOP);
	put(txn, "ours", "1");
	commit(txn);
	write_often(store, 0);
	end_writer(pid, begin);
	store_close(store);
	temp_dir_remove(dir);
}

/*
 * A process that has lock.mdb as LMDB does, but as one leaves it that was killed while it made it:
 * without the last transaction's id, which stands behind two words and a mutex.
 */
static pid_t leave_half_made(const char *dir, int ms)
{
	struct flock shared = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };
	const off_t at = 8 + sizeof(pthread_mutex_t);
	const uint64_t none = 0;
	char *path = in(dir, "lock.mdb");
	int fds[2], fd;
	pid_t pid;
	char byte;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = open(path, O_RDWR);
		if (fcntl(fd, F_SETLK, &shared) || pwrite(fd, &none, sizeof(none), at) != sizeof(none) ||
		    write(fds[1], "!", 1) != 1)
			_exit(1);
		pause_ms(ms);
		_exit(0);
	}
	free(path);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

/* An open catalog with three commits behind that which made it; "ours" is "3". */
static struct store *open_with_commits(const char *dir)
{
	static const char *const values[] = { "1", "2", "3" };
	struct store *store = open_store(dir, &creating);

	for (size_t i = 0; i < countof(values); i++) {
		struct txn *txn = writer(store);

		put(txn, "ours", values[i]);
		commit(txn);
	}
	return store;
}

static void a_half_made_lock_file_is_made_anew(void **state)
{
	char *dir = temp_dir();
	struct store *store;
	struct txn *txn;
	pid_t pid;

	(void)state;
	store_close(open_with_commits(dir));
	pid = leave_half_made(dir, 200);
	store = open_store(dir, &plain);
	assert_stored(store, "ours", "3");
	txn = writer(store);
	put(txn, "ours", "4");
	commit(txn);
	store_close(store);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	pid = leave_half_made(dir, 60000);
	assert_refused(dir, &plain, -EBUSY, "Cannot open the catalog: its lock.mdb was left half "
		       "made, and is in use; end the processes that use the catalog");
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	store = open_store(dir, &plain);
	assert_stored(store, "ours", "4");
	store_close(store);
	temp_dir_remove(dir);
}

/* It would write over what was committed last. */
static void a_writer_that_would_go_back_is_refused(void **state)
{
	char *dir = temp_dir();
	struct err err = ERR_INIT;
	struct store *store = open_with_commits(dir);
	struct txn *txn;
	pid_t pid = leave_half_made(dir, 0);

	(void)state;
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(txn_begin_write(store, 0, &txn, &err), -EBUSY);
	assert_non_null(strstr(err.text, "its lock.mdb was left half made"));
	store_close(store);
	store = open_store(dir, &plain);
	assert_stored(store, "ours", "3");
	store_close(store);
	temp_dir_remove(dir);
}

/* As a process does that is stopped in the midst of it. */
static void who_opens_for_ever_is_not_waited_for(void **state)
{
	struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 1 };
	char *dir = temp_dir(), *path = in(dir, "write.lock");
	int fd;

	(void)state;
	store_close(open_store(dir, &creating));
	fd = open(path, O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &byte), 0);
	assert_refused(dir, &plain, -EBUSY, "Another process has been opening the catalog for "
		       "long; try again, or end that process if it hangs");
	close(fd);
	store_close(open_store(dir, &plain));
	free(path);
	temp_dir_remove(dir);
}

/* A sanitizer's own maps are beyond each limit. */
static void limit_address_space(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	const struct rlimit little = { (rlim_t)1 << 33, (rlim_t)1 << 33 };

	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
#endif
}

/* A process that opens the catalog when the other end of `begin` is closed: status 0 if it could. */
static pid_t open_elsewhere(const char *dir, const int begin[2])
{
	struct err err = ERR_INIT;
	struct store *store;
	pid_t pid = fork();
	char byte;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	close(begin[1]);
	limit_address_space();
	(void)!read(begin[0], &byte, 1);
	if (store_open(dir, &plain, &store, &err))
		print_error("%s\n", err.text);
	_exit(err.code ? 1 : 0);
}

/* None has the address space for the first maps that it tries. */
static void processes_open_at_once(void **state)
{
	char *dir = temp_dir();

	(void)state;
	store_close(open_store(dir, &creating));
	for (int round = 0; round < 20; round++) {
		pid_t pids[4];
		int begin[2], status;

		assert_int_equal(pipe(begin), 0);
		for (size_t i = 0; i < countof(pids); i++)
			pids[i] = open_elsewhere(dir, begin);
		close(begin[0]);
		close(begin[1]);
		for (size_t i = 0; i < countof(pids); i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
		}
	}
	temp_dir_remove(dir);
}

static void *try_to_write(void *arg)
{
	static struct err err;
	struct txn *txn;

	err_clear(&err);
	if (txn_begin_write(arg, 30, &txn, &err) == 0)
		txn_end(txn);
	return &err;
}

static void *write_later(void *arg)
{
	struct err err = ERR_INIT;
	struct txn *txn;

	if (txn_begin_write(arg, 10000, &txn, &err))
		return NULL;
	if (store_put(txn, DB_NAMES, text("later"), text("1"), &err)) {
		txn_end(txn);
		return NULL;
	}
	return txn_commit(txn, &err) ? NULL : arg;
}

static void threads_queue_for_the_write_lock_with_a_deadline(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);
	pthread_t impatient, patient;
	void *result;

	assert_int_equal(pthread_create(&impatient, NULL, try_to_write, f->store), 0);
	assert_int_equal(pthread_create(&patient, NULL, write_later, f->store), 0);
	assert_int_equal(pthread_join(impatient, &result), 0);
	assert_err(result, -EBUSY, "The catalog's write lock is held by another statement of "
		   "this process; try again");
	assert_int_equal(((struct err *)result)->kind, ERR_BUSY);
	pause_ms(5);
	put(txn, "first", "1");
	commit(txn);
	assert_int_equal(pthread_join(patient, &result), 0);

	assert_non_null(result);
	assert_stored(f->store, "first", "1");
	assert_stored(f->store, "later", "1");
}

static void *write_many(void *arg)
{
	struct err err = ERR_INIT;
	struct txn *txn;
	struct bytes v;
	uint32_t n;

	for (int i = 0; i < 25; i++) {
		if (txn_begin_write(arg, 10000, &txn, &err))
			return NULL;
		n = 0;
		if (store_get(txn, DB_NAMES, text("n"), &v) == 0)
			memcpy(&n, v.at, sizeof(n));
		n++;
		if (store_put(txn, DB_NAMES, text("n"), (struct bytes){ &n, sizeof(n) }, &err) ||
		    txn_commit(txn, &err))
			return NULL;
	}
	return arg;
}

static void *read_many(void *arg)
{
	struct err err = ERR_INIT;
	struct txn *txn;
	struct bytes v;
	uint32_t n, before = 0;

	for (int i = 0; i < 500; i++) {
		if (txn_begin_read(arg, &txn, &err))
			return NULL;
		n = before;
		if (store_get(txn, DB_NAMES, text("n"), &v) == 0)
			memcpy(&n, v.at, sizeof(n));
		txn_end(txn);
		if (n < before)
			return NULL;
		before = n;
	}
	return arg;
}

static void writers_lose_nothing_and_readers_never_go_back(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[6];
	struct txn *txn;
	struct bytes v;
	uint32_t n;
	void *result;

	for (int i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < 3 ? write_many : read_many,
						f->store), 0);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_non_null(result);
	}
	txn = snapshot(f->store);
	assert_int_equal(store_get(txn, DB_NAMES, text("n"), &v), 0);
	memcpy(&n, v.at, sizeof(n));
	assert_int_equal(n, 75);
	txn_end(txn);
}

/* Locks say who holds them, unless he has not said so; a process may have no name. */
static void a_holder_may_be_nobody_known(void **state)
{
	struct fixture *f = *state;
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	char *path = in(f->dir, "write.lock"), part[96], byte;
	int fd = open(path, O_RDWR), fds[2];
	struct err err = ERR_INIT;
	struct txn *txn;
	pid_t pid;

	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(txn_begin_write(f->store, 0, &txn, &err), -EBUSY);
	assert_err(&err, -EBUSY, "The catalog's write lock is held by another process; try again");

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		lock.l_start = 1;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "");
		if (fcntl(fd, F_SETLK, &lock) || write(fds[1], "!", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	err_clear(&err);
	assert_int_equal(txn_begin_write(f->store, 0, &txn, &err), -EBUSY);
	snprintf(part, sizeof(part), "The catalog's write lock is held by process %d; try again, or end "
		 "that process if it hangs", (int)pid);
	assert_err(&err, -EBUSY, part);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(fds[0]);
	close(fds[1]);
	close(fd);
	free(path);
	put(txn = writer(f->store), "ours", "1");
	commit(txn);
}

static void a_lock_that_cannot_be_taken_says_so(void **state)
{
	static const char said[] = "Cannot lock write.lock of the catalog: Bad file descriptor";
	struct write_lock lock;
	struct err err = ERR_INIT;
	char *dir = temp_dir();
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY);

	(void)state;
	write_lock_init(&lock);
	assert_int_equal(write_lock_take(&lock, deadline_in(0), &err), 0);
	assert_int_equal(write_lock_enter(&lock, deadline_in(0), &err), 0);
	assert_false(write_lock_spend(&lock));
	write_lock_reserve(&lock);
	write_lock_give(&lock);
	assert_int_equal(write_lock_open(&lock, dirfd, &err), 0);
	write_lock_reserve(&lock);
	assert_true(write_lock_spend(&lock));
	assert_false(write_lock_spend(&lock));
	close(lock.fd);
	assert_int_equal(write_lock_take(&lock, deadline_in(0), &err), -EBADF);
	assert_err(&err, -EBADF, said);
	err_clear(&err);
	assert_int_equal(write_lock_enter(&lock, deadline_in(0), &err), -EBADF);
	assert_err(&err, -EBADF, said);
	assert_false(write_lock_spend(&lock));
	lock.fd = -1;
	write_lock_fini(&lock);
	close(dirfd);
	temp_dir_remove(dir);
}

struct passage {
	struct gate gate;
	atomic_bool is_through;
};

static void *pass(void *arg)
{
	struct passage *passage = arg;

	gate_enter(&passage->gate);
	passage->is_through = true;
	gate_leave(&passage->gate);
	return NULL;
}

static void *shut_and_open(void *arg)
{
	struct passage *passage = arg;

	if (gate_shut(&passage->gate, deadline_in(5000)))
		return NULL;
	passage->is_through = true;
	gate_open(&passage->gate);
	return arg;
}

static void a_shut_gate_keeps_out_who_comes_and_waits_for_who_is_inside(void **state)
{
	struct passage passage = { .is_through = false };
	pthread_t thread;
	void *result;

	(void)state;
	gate_init(&passage.gate);
	gate_enter(&passage.gate);
	assert_int_equal(gate_shut(&passage.gate, deadline_in(10)), -ETIMEDOUT);
	assert_int_equal(pthread_create(&thread, NULL, shut_and_open, &passage), 0);
	pause_ms(50);
	assert_false(passage.is_through);
	gate_leave(&passage.gate);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_non_null(result);

	passage.is_through = false;
	assert_int_equal(gate_shut(&passage.gate, deadline_in(0)), 0);
	assert_int_equal(gate_shut(&passage.gate, deadline_in(10)), -ETIMEDOUT);
	assert_int_equal(pthread_create(&thread, NULL, pass, &passage), 0);
	pause_ms(50);
	assert_false(passage.is_through);
	gate_open(&passage.gate);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(passage.is_through);

	passage.is_through = false;
	assert_int_equal(gate_shut(&passage.gate, deadline_in(0)), 0);
	assert_int_equal(pthread_create(&thread, NULL, shut_and_open, &passage), 0);
	pause_ms(50);
	assert_false(passage.is_through);
	gate_open(&passage.gate);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_non_null(result);
	gate_fini(&passage.gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_elsewhere_makes_us_busy_with_its_name),
		cmocka_unit_test(a_stopped_writer_elsewhere_leaves_readers_alone),
		cmocka_unit_test(who_waits_for_a_busy_process_gets_his_turn),
		cmocka_unit_test(who_is_stopped_while_he_waits_holds_nobody_up),
		cmocka_unit_test(a_half_made_lock_file_is_made_anew),
		cmocka_unit_test(a_writer_that_would_go_back_is_refused),
		cmocka_unit_test(who_opens_for_ever_is_not_waited_for),
		cmocka_unit_test(processes_open_at_once),
		STORE_CASE(threads_queue_for_the_write_lock_with_a_deadline),
		STORE_CASE(writers_lose_nothing_and_readers_never_go_back),
		STORE_CASE(a_holder_may_be_nobody_known),
		cmocka_unit_test(a_lock_that_cannot_be_taken_says_so),
		cmocka_unit_test(a_shut_gate_keeps_out_who_comes_and_waits_for_who_is_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
