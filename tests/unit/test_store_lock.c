/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One writer, with a deadline. */
#include "tests/unit/store_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_writer_elsewhere_makes_us_busy_with_its_name),
		cmocka_unit_test(a_stopped_writer_elsewhere_leaves_readers_alone),
		STORE_CASE(threads_queue_for_the_write_lock_with_a_deadline),
		STORE_CASE(writers_lose_nothing_and_readers_never_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
