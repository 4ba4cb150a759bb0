/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Damaged files: refused with a reason, never a crash, and never a healthy one refused. */
#include "catalog/store.h"
#include "tests/unit/helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define MUTATIONS 400

static const struct store_options plain = { 0 };

struct fixture {
	char *dir, *path;	/* of data.mdb */
	uint8_t *image;		/* of the healthy file */
	size_t size;
	uint64_t random;
};

static uint32_t draw(struct fixture *f, uint32_t below)
{
	f->random = f->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(f->random >> 33) % below;
}

static struct bytes number(const uint32_t *n)
{
	return (struct bytes){ n, sizeof(*n) };
}

/* Random puts and deletes of all sizes, some of them nested and aborted. */
static void change(struct fixture *f, struct txn *txn, int count)
{
	static const uint8_t filler[20000];
	static const uint32_t sizes[] = { 10, 300, 1500, 3000, 20000 };
	struct err err = ERR_INIT;
	int rc = 0;

	for (int i = 0; i < count && !rc; i++) {
		enum store_db db = (enum store_db)draw(f, DB_COUNT);
		uint32_t key = draw(f, 400);

		if (db == DB_META)
			continue;
		if (draw(f, 3))
			rc = store_put(txn, db, number(&key),
				       (struct bytes){ filler, draw(f, sizes[draw(f, 5)]) }, &err);
		else
			rc = store_del(txn, db, number(&key), &err);
	}
	if (rc)
		fail_msg("%s", err.text);
}

static void change_and_commit(struct fixture *f, struct store *store)
{
	struct err err = ERR_INIT;
	struct txn *txn, *inner;

	assert_int_equal(txn_begin_write(store, 100, &txn, &err), 0);
	for (int i = 0; i < 3; i++) {
		change(f, txn, (int)draw(f, 20));
		assert_int_equal(txn_begin_nested(txn, &inner, &err), 0);
		change(f, inner, (int)draw(f, 20));
		if (draw(f, 2))
			assert_int_equal(txn_commit(inner, &err), 0);
		else
			txn_end(inner);
	}
	assert_int_equal(txn_commit(txn, &err), 0);
}

static void read_image(struct fixture *f)
{
	int fd = open(f->path, O_RDONLY);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	f->size = (size_t)st.st_size;
	f->image = malloc(f->size);
	assert_int_equal(read(fd, f->image, f->size), f->size);
	close(fd);
}

static void write_image(const struct fixture *f, const uint8_t *image, size_t size)
{
	int fd = open(f->path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image, size), size);
	close(fd);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = ERR_INIT;
	struct store *store = NULL;

	f->dir = temp_dir();
	f->random = 42;
	assert_true(asprintf(&f->path, "%s/data.mdb", f->dir) > 0);
	if (store_open(f->dir, &(struct store_options){ .create = true }, &store, &err))
		fail_msg("%s", err.text);
	for (int i = 0; i < 30; i++)
		change_and_commit(f, store);
	store_close(store);
	read_image(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	temp_dir_remove(f->dir);
	free(f->path);
	free(f->image);
	free(f);
	return 0;
}

static int try_open(const char *dir, enum store_check how, struct store **store, struct err *err)
{
	*store = NULL;
	return store_open(dir, &(struct store_options){ .check = how }, store, err);
}

static void assert_refused(struct fixture *f, const char *text)
{
	struct err err = ERR_INIT;
	struct store *store;
	int rc = store_open(f->dir, &plain, &store, &err);

	if (rc == 0)
		store_close(store);
	assert_err(&err, -EUCLEAN, text);
	assert_int_equal(rc, -EUCLEAN);
}

static void a_healthy_catalog_passes_after_every_commit(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct store *store;

	assert_int_equal(try_open(f->dir, STORE_CHECK_FULL, &store, &err), 0);
	for (int i = 0; i < 60; i++) {
		change_and_commit(f, store);
		if (store_check(store, &err))
			fail_msg("commit %d: %s", i, err.text);
	}
	store_close(store);
	assert_int_equal(try_open(f->dir, STORE_CHECK_QUICK, &store, &err), 0);
	store_close(store);
}

/* LMDB does not write pages that were used and freed in one transaction. */
static void a_file_that_ends_before_free_pages_passes(void **state)
{
	static const uint8_t filler[500000];
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct store *store;
	struct txn *txn;
	struct store_stat stat;
	uint32_t key = 1000;

	assert_int_equal(try_open(f->dir, STORE_CHECK_FULL, &store, &err), 0);
	assert_int_equal(txn_begin_write(store, 100, &txn, &err), 0);
	assert_int_equal(store_put(txn, DB_NAMES, number(&key),
				   (struct bytes){ filler, sizeof(filler) }, &err), 0);
	assert_int_equal(store_del(txn, DB_NAMES, number(&key), &err), 0);
	assert_int_equal(txn_commit(txn, &err), 0);
	assert_int_equal(store_statistics(store, &stat), 0);
	assert_true(stat.file_bytes < stat.used_bytes);
	store_close(store);

	if (try_open(f->dir, STORE_CHECK_FULL, &store, &err))
		fail_msg("%s", err.text);
	change_and_commit(f, store);
	store_close(store);
}

static void an_empty_file_is_refused(void **state)
{
	struct fixture *f = *state;

	write_image(f, f->image, 0);
	assert_refused(f, "catalog damaged: data.mdb ends within meta page 0; restore a backup");
}

static void a_file_of_one_page_is_refused(void **state)
{
	struct fixture *f = *state;

	write_image(f, f->image, PAGE);
	assert_refused(f, "catalog damaged: data.mdb ends within meta page 1; restore a backup");
}

static void garbage_is_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t *garbage = malloc(f->size);

	for (size_t i = 0; i < f->size; i++)
		garbage[i] = (uint8_t)draw(f, 256);
	write_image(f, garbage, f->size);
	free(garbage);
	assert_refused(f, "catalog damaged: meta page 0 has a wrong page size; "
		       "restore a backup");
}

static void zeroes_are_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t *zeroes = calloc(1, f->size);

	write_image(f, zeroes, f->size);
	free(zeroes);
	assert_refused(f, "catalog damaged: meta page 0 has a wrong page size; "
		       "restore a backup");
}

static void a_wrong_magic_number_is_refused(void **state)
{
	struct fixture *f = *state;

	f->image[PAGE + 16] ^= 1;
	write_image(f, f->image, f->size);
	assert_refused(f, "catalog damaged: meta page 1 has the wrong magic number; "
		       "restore a backup");
}

static void metas_that_are_no_neighbours_are_refused(void **state)
{
	struct fixture *f = *state;

	f->image[PAGE + 16 + 128] ^= 0x10;
	write_image(f, f->image, f->size);
	assert_refused(f, "catalog damaged: the meta pages are of transactions 30 and 15; "
		       "restore a backup");
}

/* As LMDB leaves the page where a commit could not be written: that of no snapshot. */
static void roots_of_the_older_meta_page_are_nobodys(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct store *store;

	memset(f->image + 16 + 112, 0x7f, 4);
	write_image(f, f->image, f->size);
	if (try_open(f->dir, STORE_CHECK_FULL, &store, &err))
		fail_msg("%s", err.text);
	assert_int_equal(store_check(store, &err), 0);
	store_close(store);
	memset(f->image + PAGE + 16 + 112, 0x7f, 4);
	write_image(f, f->image, f->size);
	assert_refused(f, "catalog damaged: meta page 1 has an impossible root page; restore a backup");
}

static void a_truncated_file_is_refused_at_any_length(void **state)
{
	struct fixture *f = *state;
	size_t pages = f->size / PAGE;

	for (size_t n = 2; n < pages; n += n < 16 ? 1 : 7) {
		struct err err = ERR_INIT;
		struct store *store;
		int rc;

		write_image(f, f->image, n * PAGE);
		rc = try_open(f->dir, STORE_CHECK_FULL, &store, &err);
		if (rc == 0) {
			/* Only free pages were cut off. */
			change_and_commit(f, store);
			store_close(store);
			continue;
		}
		assert_int_equal(rc, -EUCLEAN);
		assert_non_null(strstr(err.text, "lies beyond the end of the file"));
	}
}

static void another_lmdb_database_is_refused(void **state)
{
	struct fixture *f = *state;
	struct bytes at = { "locations", 9 };
	uint8_t *name = memmem(f->image, f->size, at.at, at.len);

	for (; name; name = memmem(name, f->size - (size_t)(name - f->image), at.at, at.len))
		name[1] = 'a';
	write_image(f, f->image, f->size);
	assert_refused(f, "catalog damaged: data.mdb has no database 'locations'; "
		       "restore a backup");
}

/* Read everything and write a little: what a check let pass must not hurt. */
static void use(struct fixture *f, struct store *store)
{
	struct err err = ERR_INIT;
	struct cursor *c;
	struct bytes k, v;
	struct txn *txn;
	uint8_t sum = 0;

	assert_int_equal(txn_begin_read(store, &txn, &err), 0);
	for (int db = 0; db < DB_COUNT; db++) {
		assert_int_equal(cursor_open(txn, (enum store_db)db, &c, &err), 0);
		for (int rc = cursor_seek(c, (struct bytes){ "", 0 }, &k, &v); rc == 0;
		     rc = cursor_next(c, &k, &v)) {
			for (size_t i = 0; i < v.len; i += 64)
				sum ^= ((const uint8_t *)v.at)[i];
		}
		cursor_close(c);
	}
	txn_end(txn);
	f->random += sum & 1;	/* so that it is read */
	change_and_commit(f, store);
	change_and_commit(f, store);
}

static void damage(struct fixture *f, uint8_t *image)
{
	size_t page = draw(f, (uint32_t)(f->size / PAGE)) * (size_t)PAGE;
	size_t at = page + (draw(f, 2) ? draw(f, 160) : draw(f, PAGE));

	switch (draw(f, 5)) {
	case 0:
		image[at] ^= (uint8_t)(1u << draw(f, 8));
		break;
	case 1:
		image[at] = (uint8_t)draw(f, 256);
		break;
	case 2:
		memset(image + page, 0, PAGE);
		break;
	case 3:
		memset(image + page + draw(f, 8) * 512, (int)draw(f, 256), 512);
		break;
	default:
		memcpy(image + page, image + draw(f, (uint32_t)(f->size / PAGE)) * (size_t)PAGE,
		       PAGE);
	}
}

static void no_damage_leads_to_a_crash(void **state)
{
	struct fixture *f = *state;
	const char *times = getenv("DAMAGE_TIMES");
	int count = times ? atoi(times) : MUTATIONS, passed = 0;
	uint8_t *image = malloc(f->size);

	if (getenv("DAMAGE_SEED"))
		f->random = (uint64_t)atol(getenv("DAMAGE_SEED"));
	for (int i = 0; i < count; i++) {
		struct err err = ERR_INIT;
		struct store *store;
		int rc;

		memcpy(image, f->image, f->size);
		damage(f, image);
		write_image(f, image, f->size);
		rc = try_open(f->dir, STORE_CHECK_FULL, &store, &err);
		if (rc == 0) {
			use(f, store);
			store_close(store);
			passed++;
			continue;
		}
		assert_int_equal(rc, -EUCLEAN);
		assert_non_null(strstr(err.text, "; restore a backup"));
	}
	print_message("%d of %d did no harm\n", passed, count);
	free(image);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_healthy_catalog_passes_after_every_commit),
		CASE(a_file_that_ends_before_free_pages_passes),
		CASE(an_empty_file_is_refused),
		CASE(a_file_of_one_page_is_refused),
		CASE(garbage_is_refused),
		CASE(zeroes_are_refused),
		CASE(a_wrong_magic_number_is_refused),
		CASE(metas_that_are_no_neighbours_are_refused),
		CASE(roots_of_the_older_meta_page_are_nobodys),
		CASE(a_truncated_file_is_refused_at_any_length),
		CASE(another_lmdb_database_is_refused),
		CASE(no_damage_leads_to_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
