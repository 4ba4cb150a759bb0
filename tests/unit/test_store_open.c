/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creation, and who may touch the files. */
#include "tests/unit/store_fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
	char *dir = temp_dir(), *path = in(dir, "made");
	int calls = 0;
	const struct store_options options = { .create = true, .fill = fill, .fill_arg = &calls };
	struct stat st;
	struct txn *txn;
	struct bytes v;
	struct store *store;

	(void)state;
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

static void a_directory_with_other_files_does_not_become_a_catalog(void **state)
{
	char *dir = temp_dir();

	(void)state;
	write_file(dir, "letter.txt", "dear");
	assert_refused(dir, &creating, -ENOTEMPTY, "There is no catalog in '");
	assert_false(has(dir, "data.mdb"));
	assert_true(has(dir, "letter.txt"));
	temp_dir_remove(dir);
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

/* While it is not 0 and the store begins to list the directory, who holds the other end goes first. */
static int starter;

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd)
{
	int status;

	if (starter) {
		close(starter);
		starter = 0;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	return __real_fdopendir(fd);
}

static void who_finds_that_another_was_faster_shares_his_catalog(void **state)
{
	char *dir = temp_dir(), none;
	struct txn *txn;
	struct store *store;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		close(ends[1]);
		if (read(ends[0], &none, 1))
			_exit(1);
		store = open_store(dir, &creating);
		txn = writer(store);
		put(txn, "a", "was here");
		commit(txn);
		store_close(store);
		_exit(0);
	}
	close(ends[0]);
	starter = ends[1];
	store = open_store(dir, &creating);

	assert_int_equal(starter, 0);
	assert_stored(store, "a", "was here");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_catalog_is_filled_once),
		cmocka_unit_test(a_refused_filling_leaves_no_catalog),
		cmocka_unit_test(without_create_nothing_is_made),
		cmocka_unit_test(a_directory_with_other_files_does_not_become_a_catalog),
		cmocka_unit_test(an_interrupted_creation_is_begun_anew),
		STORE_CASE(a_left_over_beside_a_catalog_is_removed),
		cmocka_unit_test(a_link_instead_of_data_new_is_only_unlinked),
		cmocka_unit_test(processes_that_create_at_once_share_one_catalog),
		cmocka_unit_test(who_finds_that_another_was_faster_shares_his_catalog),
		STORE_CASE(a_catalog_opens_once_per_process),
		STORE_CASE(a_link_instead_of_lock_mdb_is_refused),
		STORE_CASE(a_link_instead_of_data_mdb_is_refused),
		STORE_CASE(a_second_name_of_a_file_is_refused),
		STORE_CASE(a_fifo_is_refused_without_waiting),
		STORE_CASE(others_must_not_be_able_to_write),
		STORE_CASE(the_owner_must_be_the_caller),
		STORE_CASE(a_link_to_a_catalog_is_refused),
		STORE_CASE(lock_mdb_has_its_room_reserved),
		STORE_CASE(another_format_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
