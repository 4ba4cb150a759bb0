/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk that fails at the n-th write or sync, for every n: the functions below
 * stand in front of libc's, for liblmdb too.
 */
#include "catalog/store.h"
#include "tests/unit/helpers.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_int calls_to_go;	/* 0: no fault; 1: the next call fails */
static int fault;		/* errno, or 0 for a write that is cut short */
static bool disk_full;
static bool late;		/* what fails has written all the same, and the next call fails, too */

static bool fails_now(void)
{
	int left = atomic_load(&calls_to_go);

	if (left <= 0)
		return false;
	atomic_store(&calls_to_go, left - 1);
	return left == 1;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	if (fails_now()) {
		if (late) {
			late = false;
			calls_to_go = 1;
			len = (size_t)syscall(SYS_pwrite64, fd, bytes, len, at);
		}
		if (fault) {
			errno = fault;
			return -1;
		}
		len /= 2;
	}
	return syscall(SYS_pwrite64, fd, bytes, len, at);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	if (fails_now()) {
		if (fault) {
			errno = fault;
			return -1;
		}
		count = 1;
	}
	return syscall(SYS_writev, fd, iov, count);
}

int fdatasync(int fd)
{
	if (fails_now()) {
		errno = fault ? fault : EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int fstatvfs(int fd, struct statvfs *out)
{
	(void)fd;
	*out = (struct statvfs){ .f_bavail = disk_full ? 15 : 1000, .f_frsize = 4096,
				 .f_blocks = 2000 };
	return 0;
}

struct fixture {
	char *dir;
	struct store *store;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = ERR_INIT;

	calls_to_go = 0;
	disk_full = late = false;
	f->dir = temp_dir();
	if (store_open(f->dir, &(struct store_options){ .create = true }, &f->store, &err))
		fail_msg("%s", err.text);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	calls_to_go = 0;
	store_close(f->store);
	temp_dir_remove(f->dir);
	free(f);
	return 0;
}

static int set(struct store *store, uint64_t n, struct err *err)
{
	static uint8_t filler[30000];
	struct bytes key = { "n", 1 }, value = { &n, sizeof(n) };
	struct txn *txn;
	int rc = txn_begin_write(store, 1000, &txn, err);

	if (rc)
		return rc;
	rc = store_put(txn, DB_NAMES, key, value, err);
	if (!rc)
		rc = store_put(txn, DB_OBJECTS, key, (struct bytes){ filler, sizeof(filler) }, err);
	if (rc) {
		txn_end(txn);
		return rc;
	}
	return txn_commit(txn, err);
}

static uint64_t get(struct store *store)
{
	struct err err = ERR_INIT;
	struct bytes value;
	struct txn *txn;
	uint64_t n = 0;

	if (txn_begin_read(store, &txn, &err))
		fail_msg("%s", err.text);
	if (store_get(txn, DB_NAMES, (struct bytes){ "n", 1 }, &value) == 0)
		memcpy(&n, value.at, sizeof(n));
	txn_end(txn);
	return n;
}

/* Fail the n-th call of a commit; false when the commit had fewer. */
static bool commit_with_fault(struct fixture *f, int n, uint64_t value, struct err *err)
{
	int rc;

	err_clear(err);
	calls_to_go = n;
	rc = set(f->store, value, err);
	assert_int_equal(rc, err->code);
	if (calls_to_go > 0) {
		calls_to_go = 0;
		assert_int_equal(rc, 0);
		return false;
	}
	assert_int_not_equal(rc, 0);
	assert_int_equal(err->kind, ERR_STORE);
	return true;
}

/* Through every fault point: the store goes on, and the state is the old one or the new one. */
static void fail_everywhere(struct fixture *f, int code, const char *text)
{
	struct err err;
	uint64_t value = 0;
	int n;

	for (n = 1; commit_with_fault(f, n, ++value, &err); n++) {
		bool shows = strstr(err.text, "it shows now");

		assert_int_equal(err.code, code);
		if (!shows && text)
			assert_string_equal(err.text, text);
		assert_int_equal(get(f->store), shows ? value : value - 1);
		err_clear(&err);
		assert_int_equal(set(f->store, ++value, &err), 0);
		assert_int_equal(get(f->store), value);
		assert_int_equal(store_check(f->store, &err), 0);
	}
	assert_true(n > 3);
}

static void after_an_io_error_the_store_goes_on(void **state)
{
	fault = EIO;
	fail_everywhere(*state, -EIO, "The catalog's disk failed while a change was written; "
			"it was not made");
}

static void a_full_disk_is_said_so(void **state)
{
	fault = ENOSPC;
	fail_everywhere(*state, -ENOSPC, "No space left on the catalog's disk");
}

static void a_used_up_quota_is_a_full_disk(void **state)
{
	fault = EDQUOT;
	fail_everywhere(*state, -ENOSPC, "No space left on the catalog's disk");
}

static void a_full_disk_is_recognised_behind_an_io_error(void **state)
{
	fault = EIO;
	disk_full = true;
	fail_everywhere(*state, -ENOSPC, "No space left on the catalog's disk");
}

static void a_short_write_is_an_io_error(void **state)
{
	fault = 0;
	fail_everywhere(*state, -EIO, NULL);
}

static void readers_that_are_out_delay_the_reopening_only(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct txn *reader, *other;
	struct bytes value;
	int n = 1;

	fault = EIO;
	assert_int_equal(set(f->store, 1, &err), 0);
	do {
		assert_int_equal(txn_begin_read(f->store, &reader, &err), 0);
		if (!commit_with_fault(f, n++, 2, &err))
			fail_msg("no fault needs a reopening");
		if (!strstr(err.text, "whether it shows"))
			txn_end(reader);
	} while (!strstr(err.text, "whether it shows"));

	assert_string_equal(err.text, "The catalog's disk failed at the end of a change; whether "
			    "it shows is decided when the catalog is reopened");
	err_clear(&err);
	assert_int_equal(store_get(reader, DB_NAMES, (struct bytes){ "n", 1 }, &value), 0);
	assert_int_equal(txn_begin_read(f->store, &other, &err), -EBUSY);
	assert_err(&err, -EBUSY, "The catalog must be reopened and is in use; try again");
	err_clear(&err);
	txn_end(reader);
	assert_in_range(get(f->store), 1, 2);
	assert_int_equal(set(f->store, 3, &err), 0);
	assert_int_equal(get(f->store), 3);
}

/* What somebody finds who opens the file when nobody else has it open. */
static uint64_t get_alone(const struct fixture *f)
{
	char *dir = temp_dir(), *command;
	struct err err = ERR_INIT;
	struct store *store;
	uint64_t value;

	assert_true(asprintf(&command, "cp '%s/data.mdb' '%s'", f->dir, dir) > 0);
	assert_int_equal(system(command), 0);
	free(command);
	if (store_open(dir, &(struct store_options){ .create = false }, &store, &err))
		fail_msg("%s", err.text);
	value = get(store);
	store_close(store);
	temp_dir_remove(dir);
	return value;
}

/* A process that has the catalog open until it is killed. */
static pid_t another_process(const struct fixture *f)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct err err = ERR_INIT;
		struct store *store;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!store_open(f->dir, &(struct store_options){ .create = false }, &store, &err))
			(void)!write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

/* LMDB's others go on with the meta page before it, and whoever comes next takes the newest. */
static void what_was_not_made_is_not_in_the_file(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	uint64_t value = 0;
	pid_t pid;

	store_close(f->store);
	pid = another_process(f);
	assert_int_equal(store_open(f->dir, &(struct store_options){ .create = false }, &f->store, &err), 0);
	for (int n = 1; n < 10; n++) {
		bool is_made;

		fault = n % 2 ? EIO : ENOSPC;
		late = true;
		is_made = !commit_with_fault(f, n / 2 + 1, ++value, &err);
		late = false;
		calls_to_go = 0;
		assert_null(strstr(err.text, "shows"));
		assert_int_equal(get(f->store), is_made ? value : value - 1);
		assert_int_equal(get_alone(f), is_made ? value : value - 1);
		err_clear(&err);
		assert_int_equal(set(f->store, ++value, &err), 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Alone the next one to open is this process: the change shows, whatever it failed with. */
static void what_shows_is_not_said_to_have_failed(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	bool shown[2] = { false };

	for (int n = 1; n < 10; n++) {
		fault = n % 2 ? EIO : ENOSPC;
		late = true;
		(void)commit_with_fault(f, n / 2 + 1, (uint64_t)n, &err);
		late = false;
		calls_to_go = 0;
		if (strstr(err.text, "it shows now")) {
			assert_int_equal(err.code, -EIO);
			assert_int_equal(get(f->store), n);
			shown[n % 2] = true;
		} else if (err.code) {
			assert_int_not_equal(get(f->store), n);
		}
	}
	assert_true(shown[0] && shown[1]);
}

static void creation_fails_whole(void **state)
{
	static const struct store_options creating = { .create = true };
	int n = 0;

	(void)state;
	for (bool made = false; !made; n++) {
		char *dir = temp_dir(), *data;
		struct err err = ERR_INIT;
		struct store *store = NULL;

		assert_true(asprintf(&data, "%s/data.mdb", dir) > 0);
		fault = n % 2 ? EIO : 0;
		calls_to_go = n / 2 + 1;
		made = store_open(dir, &creating, &store, &err) == 0;
		if (!made) {
			assert_int_equal(err.kind, ERR_STORE);
			assert_int_equal(access(data, F_OK), -1);
			calls_to_go = 0;
			err_clear(&err);
			if (store_open(dir, &creating, &store, &err))
				fail_msg("%s", err.text);
		}
		calls_to_go = 0;
		assert_int_equal(set(store, 1, &err), 0);
		store_close(store);
		free(data);
		temp_dir_remove(dir);
	}
	assert_true(n > 4);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(after_an_io_error_the_store_goes_on),
		CASE(a_full_disk_is_said_so),
		CASE(a_used_up_quota_is_a_full_disk),
		CASE(a_full_disk_is_recognised_behind_an_io_error),
		CASE(a_short_write_is_an_io_error),
		CASE(readers_that_are_out_delay_the_reopening_only),
		CASE(what_was_not_made_is_not_in_the_file),
		CASE(what_shows_is_not_said_to_have_failed),
		cmocka_unit_test(creation_fails_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
