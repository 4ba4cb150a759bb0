/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions, cursors, limits. */
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void what_is_committed_is_there_after_reopening(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);

	put(txn, "a", "1");
	commit(txn);
	reopen(f);

	assert_stored(f->store, "a", "1");
}

static void what_is_aborted_was_never_there(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);

	put(txn, "a", "1");
	txn_end(txn);

	assert_stored(f->store, "a", NULL);
}

static void a_nested_commit_belongs_to_its_parent(void **state)
{
	struct fixture *f = *state;
	struct txn *outer = writer(f->store), *inner;

	put(outer, "a", "1");
	inner = nested(outer);
	put(inner, "b", "2");
	commit(inner);
	assert_stored(f->store, "b", NULL);
	assert_value(outer, "b", "2");
	commit(outer);

	assert_stored(f->store, "a", "1");
	assert_stored(f->store, "b", "2");
}

static void a_nested_abort_leaves_the_parent_whole(void **state)
{
	struct fixture *f = *state;
	struct txn *outer = writer(f->store), *inner;

	put(outer, "a", "1");
	inner = nested(outer);
	put(inner, "a", "changed");
	put(inner, "b", "2");
	txn_end(inner);
	inner = nested(outer);
	put(inner, "c", "3");
	commit(inner);
	commit(outer);

	assert_stored(f->store, "a", "1");
	assert_stored(f->store, "b", NULL);
	assert_stored(f->store, "c", "3");
}

static void assert_counter(struct txn *txn, const char *key, const char *value)
{
	struct bytes got;

	if (!value) {
		assert_int_equal(store_get(txn, DB_META, text(key), &got), -ENOENT);
		return;
	}
	assert_int_equal(store_get(txn, DB_META, text(key), &got), 0);
	assert_int_equal(got.len, strlen(value));
	assert_memory_equal(got.at, value, got.len);
}

static void put_counter(struct txn *txn, const char *key, const char *value)
{
	struct err err = ERR_INIT;

	assert_ok(store_put(txn, DB_META, text(key), text(value), &err), &err);
}

/* A writer keeps rows of this database beside LMDB: they must be the same, and so their sum. */
static void counters_are_what_was_written_last(void **state)
{
	struct fixture *f = *state;
	struct txn *outer = writer(f->store), *inner;
	struct err err = ERR_INIT;
	char key[16], many[300];

	put_counter(outer, "a", "1");
	assert_counter(outer, "a", "1");
	put_counter(outer, "a", "22");
	assert_counter(outer, "a", "22");
	inner = nested(outer);
	assert_counter(inner, "a", "22");
	put_counter(inner, "a", "3");
	assert_counter(inner, "a", "3");
	txn_end(inner);
	assert_counter(outer, "a", "22");
	inner = nested(outer);
	put_counter(inner, "a", "4");
	commit(inner);
	assert_counter(outer, "a", "4");

	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	put_counter(outer, "a", many);
	assert_counter(outer, "a", many);
	put_counter(outer, "a", "5");
	assert_counter(outer, "a", "5");
	for (unsigned i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "c%u", i);
		put_counter(outer, key, "1");
		put_counter(outer, key, key);
	}
	for (unsigned i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "c%u", i);
		assert_counter(outer, key, key);
	}
	assert_ok(store_del(outer, DB_META, text("a"), &err), &err);
	assert_counter(outer, "a", NULL);
	commit(outer);

	outer = writer(f->store);
	assert_counter(outer, "a", NULL);
	assert_counter(outer, "c39", "c39");
	put_counter(outer, "c39", "6");
	txn_end(outer);
	reopen(f);
	assert_ok(store_check(f->store, &err), &err);
}

static void a_failure_sticks_to_its_transaction(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);
	struct err first = ERR_INIT, later = ERR_INIT;

	put(txn, "a", "1");
	assert_int_equal(store_put(txn, DB_NAMES, text(""), text("x"), &first), -EIO);
	assert_int_equal(store_put(txn, DB_NAMES, text("b"), text("2"), &later), -EIO);
	assert_string_equal(later.text, first.text);
	err_clear(&later);
	assert_int_equal(store_del(txn, DB_NAMES, text("a"), &later), -EIO);
	err_clear(&later);

	assert_int_equal(txn_commit(txn, &later), -EIO);
	assert_err(&later, -EIO, first.text);
	assert_stored(f->store, "a", NULL);
}

static void a_failure_of_a_nested_transaction_spares_its_parent(void **state)
{
	struct fixture *f = *state;
	struct txn *outer = writer(f->store), *inner;
	struct err err = ERR_INIT;

	put(outer, "a", "1");
	inner = nested(outer);
	assert_int_equal(store_put(inner, DB_NAMES, text(""), text("x"), &err), -EIO);
	err_clear(&err);
	assert_int_equal(txn_commit(inner, &err), -EIO);
	put(outer, "b", "2");
	commit(outer);

	assert_stored(f->store, "a", "1");
	assert_stored(f->store, "b", "2");
}

static void a_missing_key_is_no_failure(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);
	struct err err = ERR_INIT;

	assert_value(txn, "a", NULL);
	assert_int_equal(store_del(txn, DB_NAMES, text("a"), &err), 0);
	put(txn, "b", "2");
	commit(txn);

	assert_stored(f->store, "b", "2");
}

static void a_reader_keeps_its_snapshot(void **state)
{
	struct fixture *f = *state;
	struct txn *before, *after, *txn = writer(f->store);

	put(txn, "a", "1");
	commit(txn);
	before = snapshot(f->store);
	txn = writer(f->store);
	put(txn, "a", "2");
	commit(txn);
	after = snapshot(f->store);

	assert_value(before, "a", "1");
	assert_value(after, "a", "2");
	assert_true(txn_id(after) > txn_id(before));
	assert_int_equal(store_last_txn_id(f->store), txn_id(after));
	assert_ptr_equal(txn_store(after), f->store);
	txn_end(before);
	txn_end(after);
}

static void a_pooled_reader_sees_the_newest_commit(void **state)
{
	struct fixture *f = *state;
	char value[16];

	for (int i = 0; i < 50; i++) {
		struct txn *txn = writer(f->store);

		snprintf(value, sizeof(value), "%d", i);
		put(txn, "a", value);
		commit(txn);
		assert_stored(f->store, "a", value);
	}
}

static void readers_need_one_slot_for_each_at_the_same_time(void **state)
{
	struct fixture *f = *state;
	struct store_stat stat;
	struct txn *txns[5];

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 5; i++)
			txns[i] = snapshot(f->store);
		for (int i = 0; i < 5; i++)
			txn_end(txns[i]);
	}

	assert_int_equal(store_statistics(f->store, &stat), 0);
	assert_in_range(stat.readers, 5, 8);
	assert_int_equal(stat.readers_max, 1024);
}

/* Where none is left, nothing has begun that would have to end. */
static void a_reader_without_a_slot_is_refused(void **state)
{
	struct fixture *f = *state;
	struct txn *txns[1024], *more = (struct txn *)state;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < countof(txns); i++)
		txns[i] = snapshot(f->store);
	assert_int_equal(txn_begin_read(f->store, &more, &err), -EBUSY);
	assert_err(&err, -EBUSY, "All 1024 places for readers of the catalog are taken; try again");
	assert_null(more);
	txn_end(more);
	txn_end(txns[0]);
	txns[0] = snapshot(f->store);
	for (size_t i = 0; i < countof(txns); i++)
		txn_end(txns[i]);
}

static void change(struct fixture *f, const char *value)
{
	struct txn *txn = writer(f->store);

	put(txn, "a", value);
	commit(txn);
}

/* A reader that stays keeps the pages of its time: how far it is behind must be seen. */
static void the_oldest_snapshot_is_known(void **state)
{
	struct fixture *f = *state;
	struct store_readers readers;
	struct txn *old, *middle;

	assert_int_equal(store_readers(f->store, &readers), 0);
	assert_int_equal(readers.snapshots, 0);
	assert_int_equal(readers.lag, 0);
	change(f, "1");
	old = snapshot(f->store);
	assert_int_equal(store_readers(f->store, &readers), 0);
	assert_int_equal(readers.snapshots, 1);
	assert_int_equal(readers.lag, 0);
	change(f, "2");
	change(f, "3");
	middle = snapshot(f->store);
	change(f, "4");
	assert_int_equal(store_readers(f->store, &readers), 0);
	assert_int_equal(readers.snapshots, 2);
	assert_int_equal(readers.places, 2);
	assert_int_equal(readers.lag, 3);
	txn_end(old);
	assert_int_equal(store_readers(f->store, &readers), 0);
	assert_int_equal(readers.snapshots, 1);
	assert_int_equal(readers.places, 2);
	assert_int_equal(readers.lag, 1);
	txn_end(middle);
	assert_int_equal(store_readers(f->store, &readers), 0);
	assert_int_equal(readers.snapshots, 0);
	assert_int_equal(readers.lag, 0);
}

static void ending_no_transaction_is_fine(void **state)
{
	(void)state;
	txn_end(NULL);
	store_close(NULL);
	cursor_close(NULL);
}

static void assert_at(int rc, struct bytes k, struct bytes v, const char *key, const char *value)
{
	assert_int_equal(rc, 0);
	assert_int_equal(k.len, strlen(key));
	assert_memory_equal(k.at, key, k.len);
	assert_int_equal(v.len, strlen(value));
	assert_memory_equal(v.at, value, v.len);
}

static void a_cursor_goes_in_order_from_a_key(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct txn *txn = writer(f->store);
	struct cursor *c = NULL;
	struct bytes k, v;

	put(txn, "d", "4");
	put(txn, "b", "2");
	put(txn, "c", "3");
	assert_ok(cursor_open(txn, DB_NAMES, &c, &err), &err);

	assert_at(cursor_seek(c, text("bb"), &k, &v), k, v, "c", "3");
	assert_at(cursor_next(c, &k, &v), k, v, "d", "4");
	assert_int_equal(cursor_next(c, &k, &v), -ENOENT);
	assert_at(cursor_seek(c, text(""), &k, &v), k, v, "b", "2");
	assert_int_equal(cursor_seek(c, text("e"), &k, &v), -ENOENT);
	cursor_close(c);
	txn_end(txn);
}

static void a_cursor_finds_the_last_key_before_another(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct txn *txn = writer(f->store);
	struct cursor *c = NULL;
	struct bytes k, v;

	assert_ok(cursor_open(txn, DB_NAMES, &c, &err), &err);
	assert_int_equal(cursor_seek_before(c, text("x"), &k, &v), -ENOENT);
	put(txn, "b", "2");
	put(txn, "d", "4");

	assert_at(cursor_seek_before(c, text("d"), &k, &v), k, v, "b", "2");
	assert_at(cursor_next(c, &k, &v), k, v, "d", "4");
	assert_at(cursor_seek_before(c, text("x"), &k, &v), k, v, "d", "4");
	assert_int_equal(cursor_seek_before(c, text("b"), &k, &v), -ENOENT);
	cursor_close(c);
	txn_end(txn);
}

static void a_read_only_store_reads_and_refuses_to_write(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct txn *txn = writer(f->store);

	put(txn, "a", "1");
	commit(txn);
	store_close(f->store);
	f->store = open_store(f->dir, &(struct store_options){ .read_only = true });

	assert_stored(f->store, "a", "1");
	assert_int_equal(txn_begin_write(f->store, 0, &txn, &err), -EROFS);
	assert_err(&err, -EROFS, "The catalog is open for reading only");
}

static void a_full_map_is_a_full_catalog(void **state)
{
	static const char block[4096];
	char *dir = temp_dir(), key[16];
	struct store *store = open_store(dir, &(struct store_options){ .create = true,
								       .map_size = 1 << 20 });
	struct txn *txn = writer(store), *inner;
	struct err err = ERR_INIT;
	int rc = 0;

	(void)state;
	put(txn, "a", "1");
	inner = nested(txn);
	for (int i = 0; !rc && i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		rc = store_put(inner, DB_NAMES, text(key), (struct bytes){ block, sizeof(block) },
			       &err);
	}
	assert_err(&err, -ENOSPC, "Catalog limit reached: data.mdb fills its map of 1 MiB; drop or "
		   "purge something, or end readers that hang");
	assert_int_equal(err.kind, ERR_STORE);
	txn_end(inner);
	commit(txn);

	assert_stored(store, "a", "1");
	assert_stored(store, "k0", NULL);
	txn = writer(store);
	put(txn, "b", "2");
	commit(txn);
	store_close(store);
	temp_dir_remove(dir);
}

static void dead_readers_are_freed(void **state)
{
	char *dir = temp_dir(), byte;
	struct store *store;
	int fds[2];
	pid_t pid;

	(void)state;
	store_close(open_store(dir, &creating));
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		store = open_store(dir, &plain);
		if (snapshot(store) && write(fds[1], "!", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(fds[0], &byte, 1), 1);
	store = open_store(dir, &plain);
	assert_int_equal(store_reader_check(store), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	assert_int_equal(store_reader_check(store), 1);
	assert_int_equal(store_reader_check(store), 0);
	store_close(store);
	close(fds[0]);
	close(fds[1]);
	temp_dir_remove(dir);
}

static void statistics_tell_sizes(void **state)
{
	struct fixture *f = *state;
	struct store_stat stat;

	assert_int_equal(store_statistics(f->store, &stat), 0);
	assert_true(stat.file_bytes >= 8192);
	assert_true(stat.map_bytes >= (uint64_t)1 << 30);
	assert_true(stat.used_bytes >= 8192 && stat.used_bytes <= stat.map_bytes);
	assert_true(stat.disk_total_bytes >= stat.disk_free_bytes);
	assert_true(stat.disk_free_bytes > 0);
}

/* LMDB takes a longer lock.mdb as more places, which reserving its room may make of it. */
static void places_for_readers_are_those_of_lock_mdb(void **state)
{
	struct fixture *f = *state;
	struct store_stat before, after;
	char *path = in(f->dir, "lock.mdb");

	assert_int_equal(store_statistics(f->store, &before), 0);
	store_close(f->store);
	assert_int_equal(truncate(path, 256 * 1024), 0);
	f->store = open_store(f->dir, &plain);
	assert_int_equal(store_statistics(f->store, &after), 0);

	assert_int_equal(before.readers_max, 1024);
	assert_true(after.readers_max > 3 * before.readers_max);
	free(path);
}

static void a_copy_opens_as_a_catalog_of_its_own(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);
	char *dir = temp_dir(), *path = in(dir, "data.mdb");
	struct err err = ERR_INIT;
	struct store *copy;
	int fd;

	put(txn, "a", "1");
	commit(txn);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_ok(store_copy(f->store, fd, &err), &err);
	close(fd);

	copy = open_store(dir, &plain);
	assert_stored(copy, "a", "1");
	assert_ok(store_check(copy, &err), &err);
	txn = writer(copy);
	put(txn, "b", "2");
	commit(txn);
	store_close(copy);
	copy = open_store(dir, &plain);
	assert_stored(copy, "b", "2");
	assert_stored(f->store, "b", NULL);
	store_close(copy);
	free(path);
	temp_dir_remove(dir);
}

/* Both meta pages count one page that no tree has: LMDB will not compact such a file. */
static void lose_a_page(const char *path)
{
	const off_t last_page = 16 + 4 + 4 + 8 + 8 + 2 * 48;
	int fd = open(path, O_RDWR);
	uint64_t most = 0;
	char page[4096];

	assert_true(fd >= 0);
	for (int i = 0; i < 2; i++) {
		uint64_t n;

		assert_int_equal(pread(fd, &n, sizeof(n), i * 4096 + last_page), sizeof(n));
		n++;
		most = n > most ? n : most;
		assert_int_equal(pwrite(fd, &n, sizeof(n), i * 4096 + last_page), sizeof(n));
	}
	memset(page, 0, sizeof(page));
	assert_int_equal(pwrite(fd, page, sizeof(page), (off_t)most * 4096), sizeof(page));
	close(fd);
}

static void a_file_with_a_lost_page_is_copied_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);
	char *dir = temp_dir(), *path = in(dir, "data.mdb"), *data = in(f->dir, "data.mdb");
	struct err err = ERR_INIT;
	struct store *copy;
	int fd;

	put(txn, "a", "1");
	commit(txn);
	store_close(f->store);
	lose_a_page(data);
	f->store = open_store(f->dir, &plain);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_ok(store_copy(f->store, fd, &err), &err);
	close(fd);
	copy = open_store(dir, &plain);
	assert_stored(copy, "a", "1");
	assert_ok(store_check(copy, &err), &err);
	store_close(copy);
	free(data);
	free(path);
	temp_dir_remove(dir);
}

static void a_copy_to_a_closed_descriptor_says_so(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_int_equal(store_copy(f->store, -1, &err), -EBADF);
	assert_err(&err, -EBADF, "Cannot write the copy of the catalog: Bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(what_is_committed_is_there_after_reopening),
		STORE_CASE(what_is_aborted_was_never_there),
		STORE_CASE(a_nested_commit_belongs_to_its_parent),
		STORE_CASE(a_nested_abort_leaves_the_parent_whole),
		STORE_CASE(counters_are_what_was_written_last),
		STORE_CASE(a_failure_sticks_to_its_transaction),
		STORE_CASE(a_failure_of_a_nested_transaction_spares_its_parent),
		STORE_CASE(a_missing_key_is_no_failure),
		STORE_CASE(a_reader_keeps_its_snapshot),
		STORE_CASE(a_pooled_reader_sees_the_newest_commit),
		STORE_CASE(readers_need_one_slot_for_each_at_the_same_time),
		STORE_CASE(a_reader_without_a_slot_is_refused),
		STORE_CASE(the_oldest_snapshot_is_known),
		cmocka_unit_test(ending_no_transaction_is_fine),
		STORE_CASE(a_cursor_goes_in_order_from_a_key),
		STORE_CASE(a_cursor_finds_the_last_key_before_another),
		STORE_CASE(a_read_only_store_reads_and_refuses_to_write),
		cmocka_unit_test(a_full_map_is_a_full_catalog),
		cmocka_unit_test(dead_readers_are_freed),
		STORE_CASE(statistics_tell_sizes),
		STORE_CASE(places_for_readers_are_those_of_lock_mdb),
		STORE_CASE(a_copy_opens_as_a_catalog_of_its_own),
		STORE_CASE(a_file_with_a_lost_page_is_copied_as_it_is),
		STORE_CASE(a_copy_to_a_closed_descriptor_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
