/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store.h"
#include "tests/unit/helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char *dir;
	struct store *store;
};

static const struct store_options creating = { .create = true };
static const struct store_options plain = { 0 };

static struct bytes text(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static char *in(const char *dir, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	return path;
}

static void assert_ok(int rc, const struct err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

static struct store *open_store(const char *dir, const struct store_options *options)
{
	struct err err = ERR_INIT;
	struct store *store = NULL;

	assert_ok(store_open(dir, options, &store, &err), &err);
	return store;
}

static void assert_refused(const char *dir, const struct store_options *options, int code,
			   const char *part)
{
	struct err err = ERR_INIT;
	struct store *store = NULL;

	assert_int_equal(store_open(dir, options, &store, &err), code);
	assert_null(store);
	assert_int_equal(err.code, code);
	if (!strstr(err.text, part))
		fail_msg("'%s' does not contain '%s'", err.text, part);
}

static struct txn *writer(struct store *store)
{
	struct err err = ERR_INIT;
	struct txn *txn = NULL;

	assert_ok(txn_begin_write(store, 1000, &txn, &err), &err);
	return txn;
}

static struct txn *nested(struct txn *parent)
{
	struct err err = ERR_INIT;
	struct txn *txn = NULL;

	assert_ok(txn_begin_nested(parent, &txn, &err), &err);
	return txn;
}

static struct txn *snapshot(struct store *store)
{
	struct err err = ERR_INIT;
	struct txn *txn = NULL;

	assert_ok(txn_begin_read(store, &txn, &err), &err);
	return txn;
}

static void put(struct txn *txn, const char *key, const char *value)
{
	struct err err = ERR_INIT;

	assert_ok(store_put(txn, DB_NAMES, text(key), text(value), &err), &err);
}

static void commit(struct txn *txn)
{
	struct err err = ERR_INIT;

	assert_ok(txn_commit(txn, &err), &err);
}

static void assert_value(struct txn *txn, const char *key, const char *value)
{
	struct bytes got;
	int rc = store_get(txn, DB_NAMES, text(key), &got);

	if (!value) {
		assert_int_equal(rc, -ENOENT);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(got.len, strlen(value));
	assert_memory_equal(got.at, value, got.len);
}

static void assert_stored(struct store *store, const char *key, const char *value)
{
	struct txn *txn = snapshot(store);

	assert_value(txn, key, value);
	txn_end(txn);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = temp_dir();
	f->store = open_store(f->dir, &creating);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	temp_dir_remove(f->dir);
	free(f);
	return 0;
}

static void reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = open_store(f->dir, &plain);
}

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

static int fill(struct txn *txn, void *arg, struct err *err)
{
	++*(int *)arg;
	return store_put(txn, DB_META, text("filled"), text("yes"), err);
}

static int fill_refuses(struct txn *txn, void *arg, struct err *err)
{
	(void)txn;
	(void)arg;
	return err_set(err, -EINVAL, "No");
}

static bool has(const char *dir, const char *name)
{
	char *path = in(dir, name);
	struct stat st;
	bool there = lstat(path, &st) == 0;

	free(path);
	return there;
}

static void a_new_catalog_is_filled_once(void **state)
{
	char *dir = temp_dir(), *path = in(dir, "made/here");
	int calls = 0;
	const struct store_options options = { .create = true, .fill = fill, .fill_arg = &calls };
	struct stat st;
	struct txn *txn;
	struct bytes v;
	struct store *store;

	(void)state;
	*strrchr(path, '/') = '\0';
	store_close(open_store(path, &options));
	store = open_store(path, &options);
	txn = snapshot(store);

	assert_int_equal(calls, 1);
	assert_int_equal(store_get(txn, DB_META, text("filled"), &v), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(has(path, "data.mdb"));
	assert_false(has(path, "data.new"));
	txn_end(txn);
	store_close(store);
	free(path);
	temp_dir_remove(dir);
}

static void a_refused_filling_leaves_no_catalog(void **state)
{
	const struct store_options options = { .create = true, .fill = fill_refuses };
	char *dir = temp_dir();

	(void)state;
	assert_refused(dir, &options, -EINVAL, "No");
	assert_false(has(dir, "data.mdb"));
	assert_false(has(dir, "data.new"));
	store_close(open_store(dir, &creating));
	temp_dir_remove(dir);
}

static void without_create_nothing_is_made(void **state)
{
	char *dir = temp_dir(), *missing = in(dir, "missing");

	(void)state;
	assert_refused(missing, &plain, -ENOENT, "There is no catalog directory '");
	assert_refused(dir, &plain, -ENOENT, "There is no catalog in '");
	assert_refused(dir, &(struct store_options){ .create = true, .read_only = true }, -ENOENT,
		       "There is no catalog in '");
	assert_false(has(dir, "data.mdb"));
	free(missing);
	temp_dir_remove(dir);
}

static void write_file(const char *dir, const char *name, const char *content)
{
	char *path = in(dir, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(content, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, 0600), 0);
	free(path);
}

static void make_left_over(const char *dir)
{
	char *aside = in(dir, "data.new");

	assert_int_equal(mkdir(aside, 0700), 0);
	write_file(dir, "data.new/data.mdb", "half");
	write_file(dir, "data.new/lock.mdb", "");
	free(aside);
}

static void an_interrupted_creation_is_begun_anew(void **state)
{
	char *dir = temp_dir();
	int calls = 0;

	(void)state;
	make_left_over(dir);
	store_close(open_store(dir, &(struct store_options){ .create = true, .fill = fill,
							      .fill_arg = &calls }));

	assert_int_equal(calls, 1);
	assert_false(has(dir, "data.new"));
	temp_dir_remove(dir);
}

static void a_left_over_beside_a_catalog_is_removed(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);

	put(txn, "a", "1");
	commit(txn);
	make_left_over(f->dir);
	reopen(f);

	assert_false(has(f->dir, "data.new"));
	assert_stored(f->store, "a", "1");
}

static void a_link_instead_of_data_new_is_only_unlinked(void **state)
{
	char *dir = temp_dir(), *victim = temp_dir(), *link = in(dir, "data.new");

	(void)state;
	write_file(victim, "data.mdb", "mine");
	assert_int_equal(symlink(victim, link), 0);
	store_close(open_store(dir, &creating));

	assert_false(has(dir, "data.new"));
	assert_true(has(victim, "data.mdb"));
	free(link);
	temp_dir_remove(victim);
	temp_dir_remove(dir);
}

static void processes_that_create_at_once_share_one_catalog(void **state)
{
	char *dir = temp_dir();
	const char who[] = "abcd";
	struct store *store;
	int status;

	(void)state;
	for (int i = 0; who[i]; i++) {
		if (fork() == 0) {
			const char key[] = { who[i], '\0' };
			struct store *mine = open_store(dir, &creating);
			struct txn *txn = writer(mine);

			put(txn, key, "was here");
			commit(txn);
			store_close(mine);
			_exit(0);
		}
	}
	for (int i = 0; who[i]; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	store = open_store(dir, &plain);
	for (int i = 0; who[i]; i++)
		assert_stored(store, (const char[]){ who[i], '\0' }, "was here");
	store_close(store);
	temp_dir_remove(dir);
}

static void a_catalog_opens_once_per_process(void **state)
{
	struct fixture *f = *state;

	assert_refused(f->dir, &plain, -EBUSY, "The catalog is open in this process already");
	assert_stored(f->store, "a", NULL);
	reopen(f);
}

static void replace_by_link(const char *dir, const char *name, const char *target)
{
	char *path = in(dir, name);

	unlink(path);
	assert_int_equal(symlink(target, path), 0);
	free(path);
}

static void a_link_instead_of_lock_mdb_is_refused(void **state)
{
	struct fixture *f = *state;
	char *victim = in(f->dir, "victim"), *kept;

	store_close(f->store);
	f->store = NULL;
	write_file(f->dir, "victim", "precious");
	replace_by_link(f->dir, "lock.mdb", victim);

	assert_refused(f->dir, &plain, -EACCES,
		       "Catalog file 'lock.mdb' is a symbolic link; expected a regular file");
	kept = file_text(victim);
	assert_string_equal(kept, "precious");
	free(kept);
	free(victim);
}

static void a_link_instead_of_data_mdb_is_refused(void **state)
{
	struct fixture *f = *state;
	char *from = in(f->dir, "data.mdb"), *to = in(f->dir, "other");

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(rename(from, to), 0);
	replace_by_link(f->dir, "data.mdb", to);

	assert_refused(f->dir, &plain, -EACCES, "Catalog file 'data.mdb' is a symbolic link");
	free(from);
	free(to);
}

static void a_second_name_of_a_file_is_refused(void **state)
{
	struct fixture *f = *state;
	char *from = in(f->dir, "data.mdb"), *to = in(f->dir, "other");

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(link(from, to), 0);

	assert_refused(f->dir, &plain, -EACCES,
		       "Catalog file 'data.mdb' has 2 hard links; expected one");
	free(from);
	free(to);
}

static void a_fifo_is_refused_without_waiting(void **state)
{
	struct fixture *f = *state;
	char *path = in(f->dir, "lock.mdb");

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);

	assert_refused(f->dir, &plain, -EACCES, "Catalog file 'lock.mdb' is not a regular file");
	free(path);
}

static void others_must_not_be_able_to_write(void **state)
{
	struct fixture *f = *state;
	char *path = in(f->dir, "data.mdb");

	store_close(f->store);
	f->store = NULL;
	assert_int_equal(chmod(f->dir, 0777), 0);
	assert_refused(f->dir, &plain, -EACCES,
		       "has mode 0777 and can be written by others; run chmod go-w on it");
	assert_int_equal(chmod(f->dir, 0700), 0);
	assert_int_equal(chmod(path, 0660), 0);
	assert_refused(f->dir, &plain, -EACCES,
		       "Catalog file 'data.mdb' has mode 0660 and can be written by others");
	assert_int_equal(chmod(path, 0600), 0);
	f->store = open_store(f->dir, &plain);
	free(path);
}

static void the_owner_must_be_the_caller(void **state)
{
	struct fixture *f = *state;
	char *path = in(f->dir, "lock.mdb");

	if (geteuid() != 0)
		skip();
	store_close(f->store);
	f->store = NULL;
	assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
	assert_refused(f->dir, &plain, -EACCES,
		       "Catalog file 'lock.mdb' belongs to uid 12345; expected uid 0");
	assert_int_equal(chown(f->dir, 12345, (gid_t)-1), 0);
	assert_refused(f->dir, &plain, -EACCES, "belongs to uid 12345; expected uid 0");
	free(path);
}

static void a_link_to_a_catalog_is_refused(void **state)
{
	struct fixture *f = *state;
	char *other = temp_dir(), *link = in(other, "link");

	assert_int_equal(symlink(f->dir, link), 0);
	assert_refused(link, &creating, -EACCES, "is not a directory; expected a directory");
	free(link);
	temp_dir_remove(other);
}

static void lock_mdb_has_its_room_reserved(void **state)
{
	struct fixture *f = *state;
	char *path = in(f->dir, "lock.mdb");
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_blocks * 512 >= st.st_size);
	assert_true(st.st_blocks * 512 >= 64 * 1024);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(path);
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
	assert_err(&err, -ENOSPC, "The catalog limit reached: data.mdb has its 1 MiB; drop or "
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

static void a_copy_to_a_closed_descriptor_says_so(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_int_equal(store_copy(f->store, -1, &err), -EBADF);
	assert_err(&err, -EBADF, "cannot write the copy of the catalog: Bad file descriptor");
}

static void another_format_is_refused(void **state)
{
	struct fixture *f = *state;
	struct txn *txn = writer(f->store);
	struct err err = ERR_INIT;

	assert_ok(store_put(txn, DB_META, text(STORE_FORMAT_KEY),
			    (struct bytes){ "\2\0\0\0\0\0\0\0", 8 }, &err), &err);
	commit(txn);
	store_close(f->store);
	f->store = NULL;

	assert_refused(f->dir, &plain, -EUCLEAN, " has format 2; this kalamfs knows format 1");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_committed_is_there_after_reopening),
		CASE(what_is_aborted_was_never_there),
		CASE(a_nested_commit_belongs_to_its_parent),
		CASE(a_nested_abort_leaves_the_parent_whole),
		CASE(a_failure_sticks_to_its_transaction),
		CASE(a_failure_of_a_nested_transaction_spares_its_parent),
		CASE(a_missing_key_is_no_failure),
		CASE(a_reader_keeps_its_snapshot),
		CASE(a_pooled_reader_sees_the_newest_commit),
		CASE(readers_need_one_slot_for_each_at_the_same_time),
		cmocka_unit_test(ending_no_transaction_is_fine),
		CASE(a_cursor_goes_in_order_from_a_key),
		CASE(a_cursor_finds_the_last_key_before_another),
		cmocka_unit_test(a_new_catalog_is_filled_once),
		cmocka_unit_test(a_refused_filling_leaves_no_catalog),
		cmocka_unit_test(without_create_nothing_is_made),
		cmocka_unit_test(an_interrupted_creation_is_begun_anew),
		CASE(a_left_over_beside_a_catalog_is_removed),
		cmocka_unit_test(a_link_instead_of_data_new_is_only_unlinked),
		cmocka_unit_test(processes_that_create_at_once_share_one_catalog),
		CASE(a_catalog_opens_once_per_process),
		CASE(a_link_instead_of_lock_mdb_is_refused),
		CASE(a_link_instead_of_data_mdb_is_refused),
		CASE(a_second_name_of_a_file_is_refused),
		CASE(a_fifo_is_refused_without_waiting),
		CASE(others_must_not_be_able_to_write),
		CASE(the_owner_must_be_the_caller),
		CASE(a_link_to_a_catalog_is_refused),
		CASE(lock_mdb_has_its_room_reserved),
		CASE(a_read_only_store_reads_and_refuses_to_write),
		cmocka_unit_test(a_writer_elsewhere_makes_us_busy_with_its_name),
		cmocka_unit_test(a_stopped_writer_elsewhere_leaves_readers_alone),
		CASE(threads_queue_for_the_write_lock_with_a_deadline),
		CASE(writers_lose_nothing_and_readers_never_go_back),
		cmocka_unit_test(a_full_map_is_a_full_catalog),
		cmocka_unit_test(dead_readers_are_freed),
		CASE(statistics_tell_sizes),
		CASE(a_copy_opens_as_a_catalog_of_its_own),
		CASE(a_copy_to_a_closed_descriptor_says_so),
		CASE(another_format_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
