/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A data.mdb that is spoilt while it is open: no crash, no wrong row, and no more writing. */
#include "catalog/store_guard.h"
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define ROWS 2000
#define GUARD_CASE(name) cmocka_unit_test_setup_teardown(name, setup_rows, teardown_rows)

static unsigned told;
static char told_text[512];

static void on_damage(void *arg, const char *why)
{
	assert_ptr_equal(arg, &told);
	told++;
	snprintf(told_text, sizeof(told_text), "%s", why);
}

static const struct store_options guarded = { .on_damage = on_damage, .damage_arg = &told };

static struct bytes key_of(unsigned i, char out[16])
{
	snprintf(out, 16, "row %06u", i);
	return (struct bytes){ out, strlen(out) };
}

/* As long as its number says, some of them on pages of their own. */
static struct bytes value_of(unsigned i)
{
	static char filler[9000];

	memset(filler, 'a' + (int)(i % 26), sizeof(filler));
	return (struct bytes){ filler, i % 100 ? i % 150 : 5000 + i };
}

static int setup_rows(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct store *store;
	struct txn *txn;
	struct err err = ERR_INIT;
	char key[16];

	told = 0;
	f->dir = temp_dir();
	store = open_store(f->dir, &creating);
	txn = writer(store);
	for (unsigned i = 0; i < ROWS; i++)
		assert_ok(store_put(txn, DB_NAMES, key_of(i, key), value_of(i), &err), &err);
	assert_ok(txn_commit(txn, &err), &err);
	store_close(store);
	*state = f;
	return 0;
}

static int teardown_rows(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	temp_dir_remove(f->dir);
	free(f);
	return 0;
}

static int data_of(const struct fixture *f)
{
	char *path = in(f->dir, "data.mdb");
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	free(path);
	return fd;
}

static off_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

/* Counts the rows that are right; any other answer than that and damage fails. */
static unsigned count_right(struct txn *txn, bool long_ones_too)
{
	unsigned right = 0;

	for (unsigned i = 0; i < ROWS; i++) {
		struct bytes value, expected = value_of(i);
		char key[16];
		int rc = store_get(txn, DB_NAMES, key_of(i, key), &value);

		if (rc == -EUCLEAN)
			continue;
		assert_int_equal(rc, 0);
		assert_int_equal(value.len, expected.len);
		if (long_ones_too || i % 100)
			assert_memory_equal(value.at, expected.at, value.len);
		right++;
	}
	return right;
}

static void assert_frozen(struct fixture *f)
{
	struct err err = ERR_INIT;
	struct txn *txn = NULL;
	char why[512];

	assert_true(store_is_frozen(f->store, NULL, 0));
	assert_true(store_is_frozen(f->store, why, sizeof(why)));
	assert_string_equal(why, told_text);
	assert_int_equal(told, 1);
	assert_int_equal(txn_begin_write(f->store, 0, &txn, &err), -EROFS);
	assert_non_null(strstr(err.text, why));
}

static void a_truncated_file_is_damage_and_no_signal(void **state)
{
	struct fixture *f = *state;
	struct txn *txn;
	int fd;

	f->store = open_store(f->dir, &guarded);
	fd = data_of(f);
	txn = snapshot(f->store);
	assert_int_equal(count_right(txn, true), ROWS);
	assert_false(txn_met_damage(txn));
	assert_int_equal(ftruncate(fd, size_of(fd) / 2 / PAGE * PAGE), 0);
	assert_true(count_right(txn, true) < ROWS);
	assert_true(txn_met_damage(txn));
	txn_end(txn);
	assert_frozen(f);
	txn = snapshot(f->store);
	assert_true(count_right(txn, true) < ROWS);
	txn_end(txn);
	close(fd);
}

static void with_nothing_left_all_is_damage(void **state)
{
	struct fixture *f = *state;
	struct txn *txn;
	int fd;

	f->store = open_store(f->dir, &guarded);
	fd = data_of(f);
	assert_int_equal(ftruncate(fd, 0), 0);
	for (int i = 0; i < 3; i++) {
		txn = snapshot(f->store);
		assert_int_equal(count_right(txn, true), 0);
		assert_true(txn_met_damage(txn));
		txn_end(txn);
	}
	assert_frozen(f);
	close(fd);
}

/* Who has begun to write when the file ends under him does not commit. */
static void a_writer_meets_it_and_commits_nothing(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct txn *txn;
	char key[16];
	int fd, rc = 0;

	f->store = open_store(f->dir, &guarded);
	fd = data_of(f);
	txn = writer(f->store);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	for (unsigned i = 0; i < ROWS && !rc; i += 50)
		rc = store_put(txn, DB_NAMES, key_of(i, key), value_of(1), &err);
	assert_int_equal(rc, -EUCLEAN);
	assert_int_equal(txn_commit(txn, &err), -EUCLEAN);
	assert_frozen(f);
	assert_int_equal(size_of(fd), 2 * PAGE);
	close(fd);
}

/* Each page once; what stands in the middle of long values only their readers can tell. */
static void any_page_may_become_garbage(void **state)
{
	struct fixture *f = *state;
	uint8_t good[PAGE], bad[PAGE];
	unsigned lost = 0, right;
	int fd = data_of(f);
	off_t pages = size_of(fd) / PAGE;

	for (off_t page = 2; page < pages; page++) {
		struct txn *txn;

		f->store = open_store(f->dir, &guarded);
		told = 0;
		assert_int_equal(pread(fd, good, PAGE, page * PAGE), PAGE);
		memset(bad, page % 3 ? 0xff : 0, PAGE);
		assert_int_equal(pwrite(fd, bad, PAGE, page * PAGE), PAGE);
		store_freeze(f->store, "a test", false);
		txn = snapshot(f->store);
		right = count_right(txn, false);
		assert_true(right == ROWS || txn_met_damage(txn));
		lost += right && right < ROWS;
		txn_end(txn);
		assert_int_equal(pwrite(fd, good, PAGE, page * PAGE), PAGE);
		store_close(f->store);
		f->store = NULL;
	}
	assert_true(lost > pages / 4);
	close(fd);
}

/* Page by page and by LMDB: the same rows in the same order, from any place and in both directions. */
static void both_ways_of_reading_agree(void **state)
{
	struct fixture *f = *state;
	struct bytes key, value, salvaged_key, salvaged_value;
	struct err err = ERR_INIT;
	struct cursor *plain_cursor, *salvaging;
	struct txn *healthy, *frozen;
	char at[16];
	int rc;

	f->store = open_store(f->dir, &guarded);
	healthy = snapshot(f->store);
	store_freeze(f->store, "a test", false);
	frozen = snapshot(f->store);
	assert_int_equal(txn_id(frozen), txn_id(healthy));
	assert_ok(cursor_open(healthy, DB_NAMES, &plain_cursor, &err), &err);
	assert_ok(cursor_open(frozen, DB_NAMES, &salvaging, &err), &err);
	for (unsigned from = 0; from <= ROWS; from += 97) {
		rc = cursor_seek(plain_cursor, key_of(from, at), &key, &value);
		assert_int_equal(cursor_seek(salvaging, key_of(from, at), &salvaged_key,
					     &salvaged_value), rc);
		for (int i = 0; i < 150 && !rc; i++) {
			assert_int_equal(key.len, salvaged_key.len);
			assert_memory_equal(key.at, salvaged_key.at, key.len);
			assert_int_equal(value.len, salvaged_value.len);
			assert_memory_equal(value.at, salvaged_value.at, value.len);
			rc = cursor_next(plain_cursor, &key, &value);
			assert_int_equal(cursor_next(salvaging, &salvaged_key, &salvaged_value), rc);
		}
		rc = cursor_seek_before(plain_cursor, key_of(from, at), &key, &value);
		assert_int_equal(cursor_seek_before(salvaging, key_of(from, at), &salvaged_key,
						    &salvaged_value), rc);
		if (!rc)
			assert_memory_equal(key.at, salvaged_key.at, key.len);
	}
	assert_int_equal(store_get(frozen, DB_NAMES, text("nobody"), &value), -ENOENT);
	assert_false(txn_met_damage(frozen));
	cursor_close(plain_cursor);
	cursor_close(salvaging);
	txn_end(healthy);
	txn_end(frozen);
}

static void without_anybody_to_tell_others_go_on(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct txn *txn;

	f->store = open_store(f->dir, &plain);
	store_freeze(f->store, "a test", true);
	assert_false(store_is_frozen(f->store, NULL, 0));
	txn = writer(f->store);
	assert_ok(store_put(txn, DB_NAMES, text("more"), text("x"), &err), &err);
	assert_ok(txn_commit(txn, &err), &err);
}

/* Between two calls a page of a map that has gone reads as zeroes, and hit says so. */
static void a_page_that_is_gone_reads_as_zeroes(void **state)
{
	struct fixture *f = *state;
	atomic_bool hit = false;
	int fd = data_of(f);
	volatile uint8_t *map = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_true(guard_map((const void *)map, 4 * PAGE, &hit));
	assert_int_not_equal(map[PAGE + 16], 0);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_int_not_equal(map[16], 0);
	assert_false(hit);
	assert_int_equal(map[PAGE + 16], 0);
	assert_true(hit);
	guard_unmap((const void *)map);
	munmap((void *)(uintptr_t)map, 4 * PAGE);
	close(fd);
}

static sigjmp_buf back;
static volatile sig_atomic_t heard, heard_code;

static void hear(int number)
{
	heard = number;
}

static void hear_all(int number, siginfo_t *info, void *context)
{
	(void)context;
	heard = number;
	heard_code = info->si_code;
	if (info->si_code > 0)
		siglongjmp(back, 1);
}

/* In a process of its own, whose handlers are those that the guard finds: how it ends. */
static int ends(void (*what)(struct fixture *f), struct fixture *f)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0);
		what(f);
		exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void begin_guard(const struct sigaction *before)
{
	static uint8_t page[PAGE];
	static atomic_bool hit;

	if (sigaction(SIGSEGV, before, NULL) || sigaction(SIGBUS, before, NULL) ||
	    !guard_map(page, sizeof(page), &hit))
		exit(10);
}

/* A handler hears of what is sent once, and of a fault, as if there were no guard. */
static void with_a_handler(struct fixture *f)
{
	struct sigaction plain_one = { .sa_handler = hear };
	struct sigaction with_facts = { .sa_sigaction = hear_all, .sa_flags = SA_SIGINFO | SA_NODEFER };

	(void)f;
	begin_guard(&plain_one);
	if (kill(getpid(), SIGBUS) || heard != SIGBUS)
		exit(1);
	begin_guard(&with_facts);
	if (kill(getpid(), SIGSEGV) || heard != SIGSEGV || heard_code > 0)
		exit(2);
	heard = 0;
	if (!sigsetjmp(back, 1)) {
		*(volatile int *)mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
		exit(3);
	}
	if (heard != SIGSEGV || heard_code <= 0)
		exit(4);
}

static void with_none(struct fixture *f)
{
	struct sigaction none = { .sa_handler = SIG_DFL };

	(void)f;
	begin_guard(&none);
	kill(getpid(), SIGSEGV);
}

static void with_none_and_a_fault(struct fixture *f)
{
	struct sigaction none = { .sa_handler = SIG_DFL };

	(void)f;
	begin_guard(&none);
	*(volatile int *)mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
}

static void ignored(struct fixture *f)
{
	struct sigaction ignoring = { .sa_handler = SIG_IGN };

	(void)f;
	begin_guard(&ignoring);
	kill(getpid(), SIGBUS);
}

/* In a guarded call, too: only a fault is left behind there. */
static void sent_in_a_guarded_call(struct fixture *f)
{
	struct sigaction plain_one = { .sa_handler = hear };
	struct guard guard;

	(void)f;
	begin_guard(&plain_one);
	if (!guard_set(&guard, true))
		kill(getpid(), SIGSEGV);
	else
		exit(1);
	guard_pop(&guard);
	if (heard != SIGSEGV)
		exit(2);
	guard_escape();
}

static void signals_that_are_none_of_ours_do_what_they_did(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ends(with_a_handler, f), 0);
	assert_int_equal(ends(sent_in_a_guarded_call, f), 0);
	assert_int_equal(ends(ignored, f), 0);
	assert_int_equal(WTERMSIG(ends(with_none, f)), SIGSEGV);
	assert_int_equal(WTERMSIG(ends(with_none_and_a_fault, f)), SIGSEGV);
}

/* What cannot be guarded any more is used as it is. */
static void there_are_only_so_many_guarded_maps(void **state)
{
	static uint8_t pages[64];
	atomic_bool hit = false;
	unsigned count = 0;

	(void)state;
	while (count < sizeof(pages) && guard_map(pages + count, 1, &hit))
		count++;
	assert_true(count > 0 && count < sizeof(pages));
	guard_unmap(pages);
	assert_true(guard_map(pages, 1, &hit));
	for (unsigned i = 0; i < count; i++)
		guard_unmap(pages + i);
	assert_true(guard_map(pages, 1, &hit));
	guard_unmap(pages);
}

/* LMDB that is left in the middle of a call keeps what it had allocated there. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:mdb_txn_begin";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GUARD_CASE(a_truncated_file_is_damage_and_no_signal),
		GUARD_CASE(with_nothing_left_all_is_damage),
		GUARD_CASE(a_writer_meets_it_and_commits_nothing),
		GUARD_CASE(any_page_may_become_garbage),
		GUARD_CASE(both_ways_of_reading_agree),
		GUARD_CASE(without_anybody_to_tell_others_go_on),
		GUARD_CASE(a_page_that_is_gone_reads_as_zeroes),
		GUARD_CASE(signals_that_are_none_of_ours_do_what_they_did),
		GUARD_CASE(there_are_only_so_many_guarded_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
