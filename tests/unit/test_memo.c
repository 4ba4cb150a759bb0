/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"
#include "catalog/memo.h"
#include "catalog/record.h"
#include "tests/unit/helpers.h"
#include "tests/unit/world.h"

#include <pthread.h>

/* A namespace and its record. */
struct known {
	struct namespace *ns;
	struct buf b;
};

static struct bytes record(const struct known *known)
{
	return (struct bytes){ known->b.at, known->b.len };
}

static struct known known_namespace(uint32_t id, const char *name, const char *comment)
{
	struct known known = { .ns = namespace_new() };

	assert_non_null(known.ns);
	known.ns->id = id;
	known.ns->version = 1;
	snprintf(known.ns->name, sizeof(known.ns->name), "%s", name);
	known.ns->comment = arena_strdup(&known.ns->arena, comment);
	record_encode_namespace(known.ns, &known.b);
	return known;
}

static void forget(struct known *known)
{
	namespace_put(known->ns);
	buf_free(&known->b);
}

static bool finds(struct memo *memo, const struct known *known)
{
	struct namespace *ns = memo_namespace(memo, known->ns->id, record(known));
	bool found = ns == known->ns;

	assert_true(found || !ns);
	namespace_put(ns);
	return found;
}

/* One byte of another record, or another length, and it is not known. */
static void only_the_same_bytes_are_known(void **state)
{
	struct known one = known_namespace(7, "app", "first"), two = known_namespace(7, "app", "other");
	struct memo *memo = memo_new();
	struct bytes cut;

	(void)state;
	assert_false(finds(memo, &one));
	memo_put_namespace(memo, record(&one), one.ns);
	assert_true(finds(memo, &one));
	assert_false(finds(memo, &two));
	cut = record(&one);
	cut.len--;
	assert_null(memo_namespace(memo, 7, cut));
	memo_put_namespace(memo, record(&two), two.ns);
	assert_true(finds(memo, &two));
	assert_false(finds(memo, &one));
	memo_free(memo);
	/* What it had are references. */
	assert_string_equal(two.ns->comment, "other");
	forget(&one);
	forget(&two);
}

/* Those that share a place push each other out, and nothing else happens. */
static void more_than_there_are_places(void **state)
{
	struct memo *memo = memo_new();
	struct known all[300];
	unsigned kept = 0;

	(void)state;
	for (uint32_t i = 0; i < countof(all); i++) {
		char name[16];

		snprintf(name, sizeof(name), "ns%u", i);
		all[i] = known_namespace(i + 2, name, NULL);
		memo_put_namespace(memo, record(&all[i]), all[i].ns);
		assert_true(finds(memo, &all[i]));
	}
	for (uint32_t i = 0; i < countof(all); i++)
		kept += finds(memo, &all[i]);
	assert_in_range(kept, 16, 256);
	memo_free(memo);
	for (uint32_t i = 0; i < countof(all); i++) {
		assert_int_equal(atomic_load(&all[i].ns->refs), 1);
		forget(&all[i]);
	}
	memo_free(NULL);
}

static void long_records_are_not_kept(void **state)
{
	struct memo *memo = memo_new();
	char comment[COMMENT_MAX_BYTES + 1];
	struct known known;

	(void)state;
	memset(comment, 'x', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	known = known_namespace(7, "app", comment);
	assert_true(known.b.len > MEMO_RECORD_MAX);
	memo_put_namespace(memo, record(&known), known.ns);
	assert_false(finds(memo, &known));
	assert_int_equal(atomic_load(&known.ns->refs), 1);
	memo_free(memo);
	forget(&known);
}

static struct storage *local_storage(struct world *w)
{
	struct storage *storage = NULL;
	struct err err = ERR_INIT;
	struct txn *txn;

	if (catalog_begin(w->catalog, &txn, &err) ||
	    catalog_storage(w->catalog, txn, STORAGE_LOCAL, &storage, &err))
		fail_msg("%s", err.text);
	txn_end(txn);
	return storage;
}

/* Two looks give one object; after a change, in the same catalog, another one. */
static void a_catalog_shows_what_is_stored_now(void **state)
{
	struct storage *first, *again, *changed;
	struct world w;

	(void)state;
	world_open(&w);
	first = local_storage(&w);
	again = local_storage(&w);
	assert_ptr_equal(first, again);
	world_run(&w, "ALTER STORAGE local SET description 'here'");
	changed = local_storage(&w);
	assert_ptr_not_equal(first, changed);
	assert_string_equal(changed->description, "here");
	assert_int_equal(changed->version, first->version + 1);
	storage_put(first);
	storage_put(again);
	storage_put(changed);
	world_close(&w);
}

#define THREADS 4
#define ROUNDS 20000

struct shared {
	struct memo *memo;
	struct known known[2];	/* in one place */
};

static void *look_and_put(void *arg)
{
	struct shared *s = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct known *known = &s->known[i & 1];

		if (!finds(s->memo, known))
			memo_put_namespace(s->memo, record(known), known->ns);
	}
	return NULL;
}

static void threads_share_it(void **state)
{
	struct shared s = { .memo = memo_new() };
	pthread_t threads[THREADS];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		s.known[i] = known_namespace(7, i ? "one" : "two", NULL);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_and_put, &s), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	memo_free(s.memo);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(atomic_load(&s.known[i].ns->refs), 1);
		forget(&s.known[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_same_bytes_are_known),
		cmocka_unit_test(more_than_there_are_places),
		cmocka_unit_test(long_records_are_not_kept),
		cmocka_unit_test(a_catalog_shows_what_is_stored_now),
		cmocka_unit_test(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
