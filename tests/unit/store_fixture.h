/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a fresh directory, and one-line transactions, for the tests of the store. */
#ifndef KALAM_TESTS_STORE_FIXTURE_H
#define KALAM_TESTS_STORE_FIXTURE_H

#include "catalog/store.h"
#include "tests/unit/helpers.h"

#include <errno.h>

#define STORE_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct fixture {
	char *dir;
	struct store *store;
};

static const struct store_options creating = { .create = true };
static const struct store_options plain = { 0 };

static inline struct bytes text(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static inline char *in(const char *dir, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	return path;
}

static inline void assert_ok(int rc, const struct err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

static inline struct store *open_store(const char *dir, const struct store_options *options)
{
	struct err err = ERR_INIT;
	struct store *store = NULL;

	assert_ok(store_open(dir, options, &store, &err), &err);
	return store;
}

static inline void assert_refused(const char *dir, const struct store_options *options, int code,
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

static inline struct txn *writer(struct store *store)
{
	struct err err = ERR_INIT;
	struct txn *txn = NULL;

	assert_ok(txn_begin_write(store, 1000, &txn, &err), &err);
	return txn;
}

static inline struct txn *nested(struct txn *parent)
{
	struct err err = ERR_INIT;
	struct txn *txn = NULL;

	assert_ok(txn_begin_nested(parent, &txn, &err), &err);
	return txn;
}

static inline struct txn *snapshot(struct store *store)
{
	struct err err = ERR_INIT;
	struct txn *txn = NULL;

	assert_ok(txn_begin_read(store, &txn, &err), &err);
	return txn;
}

static inline void put(struct txn *txn, const char *key, const char *value)
{
	struct err err = ERR_INIT;

	assert_ok(store_put(txn, DB_NAMES, text(key), text(value), &err), &err);
}

static inline void commit(struct txn *txn)
{
	struct err err = ERR_INIT;

	assert_ok(txn_commit(txn, &err), &err);
}

static inline void assert_value(struct txn *txn, const char *key, const char *value)
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

static inline void assert_stored(struct store *store, const char *key, const char *value)
{
	struct txn *txn = snapshot(store);

	assert_value(txn, key, value);
	txn_end(txn);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = temp_dir();
	f->store = open_store(f->dir, &creating);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	temp_dir_remove(f->dir);
	free(f);
	return 0;
}

static inline void reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = open_store(f->dir, &plain);
}

#endif
