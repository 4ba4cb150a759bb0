/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/cache.h"
#include "tests/unit/helpers.h"

#include <pthread.h>
#include <time.h>

/* A schema as a reader of snapshot txn sees it; version tells it from others. */
static struct schema *read_schema(uint32_t id, uint64_t txn, uint32_t version)
{
	struct schema *schema = schema_new();

	assert_non_null(schema);
	schema->table = table_new();
	assert_non_null(schema->table);
	schema->table->id = id;
	schema->table->txn = txn;
	schema->table->version = version;
	schema->base = strdup("/base");
	schema->partial = strdup("/base/app/t");
	return schema;
}

static void offer(struct cache *cache, uint32_t id, uint64_t txn, uint32_t version)
{
	struct schema *schema = read_schema(id, txn, version);

	cache_insert(cache, schema);
	schema_put(schema);
}

/* The version that a reader of snapshot txn finds; 0 = a miss. */
static uint32_t find(struct cache *cache, uint32_t id, uint64_t txn)
{
	struct schema *schema = cache_find(cache, id, txn, 0);
	uint32_t version = schema ? schema->table->version : 0;

	schema_put(schema);
	return version;
}

/* Each way in which a reader of snapshot 5 and a change in transaction 6 can interleave. */
static void a_slow_reader_cannot_put_the_past_back(void **state)
{
	struct cache *cache = cache_new(8);
	struct schema *slow;

	(void)state;
	/* read 5, change 6, the slow reader offers 5: refused */
	slow = read_schema(40, 5, 1);
	cache_remove(cache, 40, 6);
	cache_insert(cache, slow);
	assert_int_equal(find(cache, 40, 6), 0);
	assert_int_equal(find(cache, 40, 5), 0);
	/* a fast reader of 6 is in already: the slow one does not replace it */
	offer(cache, 40, 6, 2);
	cache_insert(cache, slow);
	assert_int_equal(find(cache, 40, 6), 2);
	/* the fast one was evicted meanwhile: still refused */
	cache_remove(cache, 40, 7);
	offer(cache, 40, 6, 2);
	cache_insert(cache, slow);
	assert_int_equal(find(cache, 40, 7), 0);
	offer(cache, 40, 7, 3);
	assert_int_equal(find(cache, 40, 7), 3);
	schema_put(slow);
	cache_free(cache);
}

static void a_change_behind_the_offer_takes_it_out(void **state)
{
	struct cache *cache = cache_new(8);

	(void)state;
	offer(cache, 40, 5, 1);
	assert_int_equal(find(cache, 40, 5), 1);
	cache_remove(cache, 40, 6);
	assert_int_equal(find(cache, 40, 6), 0);
	cache_free(cache);
}

/* An entry of the change's own transaction, or a later one, is not the past. */
static void a_late_removal_leaves_what_is_newer(void **state)
{
	struct cache *cache = cache_new(8);

	(void)state;
	offer(cache, 40, 6, 2);
	cache_remove(cache, 40, 6);
	assert_int_equal(find(cache, 40, 6), 2);
	cache_remove(cache, 40, 5);
	assert_int_equal(find(cache, 40, 6), 2);
	cache_free(cache);
}

static void a_mark_is_never_set_back(void **state)
{
	struct cache *cache = cache_new(8);

	(void)state;
	cache_remove(cache, 40, 9);
	cache_remove(cache, 40, 3);
	offer(cache, 40, 8, 1);
	assert_int_equal(find(cache, 40, 9), 0);
	cache_free(cache);
}

static void clear_refuses_the_past_of_every_table(void **state)
{
	struct cache *cache = cache_new(8);

	(void)state;
	offer(cache, 40, 5, 1);
	offer(cache, 41, 7, 1);
	cache_clear(cache, 7);
	assert_int_equal(find(cache, 40, 7), 0);
	assert_int_equal(find(cache, 41, 7), 1);
	offer(cache, 42, 6, 1);
	assert_int_equal(find(cache, 42, 7), 0);
	cache_clear(cache, 3);
	offer(cache, 42, 6, 1);
	assert_int_equal(find(cache, 42, 7), 0);
	offer(cache, 42, 7, 1);
	assert_int_equal(find(cache, 42, 7), 1);
	cache_free(cache);
}

static void an_old_snapshot_does_not_see_a_newer_entry(void **state)
{
	struct cache *cache = cache_new(8);

	(void)state;
	offer(cache, 40, 6, 2);
	assert_int_equal(find(cache, 40, 5), 0);
	assert_int_equal(find(cache, 40, 6), 2);
	assert_int_equal(find(cache, 40, 7), 2);
	cache_free(cache);
}

static void an_older_entry_does_not_replace_a_newer_one(void **state)
{
	struct cache *cache = cache_new(8);

	(void)state;
	offer(cache, 40, 6, 2);
	offer(cache, 40, 5, 1);
	assert_int_equal(find(cache, 40, 9), 2);
	offer(cache, 40, 7, 3);
	assert_int_equal(find(cache, 40, 9), 3);
	cache_free(cache);
}

static struct cache_counts counts(struct cache *cache)
{
	struct cache_counts out;

	cache_counts(cache, &out);
	return out;
}

static void the_bound_is_kept(void **state)
{
	struct cache *cache = cache_new(16);

	(void)state;
	for (uint32_t id = 1; id <= 1000; id++) {
		offer(cache, id, 5, 1);
		assert_true(counts(cache).size <= 16);
	}
	assert_int_equal(counts(cache).size, 16);
	assert_int_equal(counts(cache).bound, 16);
	assert_int_equal(counts(cache).evictions, 1000 - 16);
	cache_free(cache);
}

static void what_is_used_survives_what_is_not(void **state)
{
	struct cache *cache = cache_new(16);

	(void)state;
	for (uint32_t id = 1; id <= 500; id++) {
		offer(cache, id, 5, 1);
		for (uint32_t kept = 1; kept <= 4 && kept < id; kept++)
			assert_int_equal(find(cache, kept, 5), 1);
	}
	cache_free(cache);
}

static void hits_and_misses_are_counted(void **state)
{
	struct cache *cache = cache_new(4);

	(void)state;
	find(cache, 40, 5);
	offer(cache, 40, 5, 1);
	find(cache, 40, 5);
	find(cache, 40, 6);
	find(cache, 40, 4); /* too new for this snapshot */
	assert_int_equal(counts(cache).hits, 2);
	assert_int_equal(counts(cache).misses, 2);
	assert_int_equal(counts(cache).size, 1);
	cache_remove(cache, 40, 6);
	assert_int_equal(counts(cache).size, 0);
	assert_int_equal(counts(cache).evictions, 0);
	cache_free(cache);
}

/* Its paths may be others now: it is read again, and that is no hit. */
static void an_entry_of_another_epoch_is_a_miss(void **state)
{
	struct cache *cache = cache_new(4);
	struct schema *schema = read_schema(40, 5, 1);

	(void)state;
	schema->epoch = 3;
	cache_insert(cache, schema);
	schema_put(schema);
	assert_null(cache_find(cache, 40, 6, 4));
	assert_int_equal(counts(cache).misses, 1);
	assert_int_equal(counts(cache).hits, 0);
	schema = read_schema(40, 6, 1);
	schema->epoch = 4;
	cache_insert(cache, schema);
	schema_put(schema);
	schema = cache_find(cache, 40, 6, 4);
	assert_non_null(schema);
	schema_put(schema);
	assert_int_equal(counts(cache).hits, 1);
	assert_int_equal(counts(cache).size, 1);
	assert_int_equal(counts(cache).evictions, 0);
	cache_free(cache);
}

/* Who wants the definition only finds it with or without a place, and of any epoch. */
static void a_definition_is_found_without_its_place(void **state)
{
	struct cache *cache = cache_new(4);
	struct schema *schema = read_schema(40, 5, 1), *found;

	(void)state;
	schema->epoch = SCHEMA_NO_PLACE;
	cache_insert(cache, schema);
	schema_put(schema);
	assert_null(cache_find(cache, 40, 6, 3));
	found = cache_find(cache, 40, 6, SCHEMA_NO_PLACE);
	assert_non_null(found);
	schema_put(found);
	schema = read_schema(40, 5, 1);
	schema->epoch = 3;
	cache_insert(cache, schema);
	found = cache_find(cache, 40, 6, SCHEMA_NO_PLACE);
	assert_ptr_equal(found, schema);
	schema_put(found);
	found = cache_find(cache, 40, 6, 3);
	assert_ptr_equal(found, schema);
	schema_put(found);
	schema_put(schema);
	assert_null(cache_find(cache, 40, 6, 4));
	cache_free(cache);
}

/* What takes the place of a table's entry takes no other table's. */
static void a_full_cache_stays_full(void **state)
{
	struct cache *cache = cache_new(8);

	(void)state;
	for (uint32_t id = 40; id < 48; id++)
		offer(cache, id, 5, 1);
	for (unsigned i = 0; i < 3; i++) {
		for (uint32_t id = 40; id < 48; id++)
			offer(cache, id, 5, 2 + i);
	}
	assert_int_equal(counts(cache).size, 8);
	assert_int_equal(counts(cache).evictions, 0);
	for (uint32_t id = 40; id < 48; id++)
		assert_int_equal(find(cache, id, 5), 4);
	cache_free(cache);
}

static void an_entry_outlives_its_eviction(void **state)
{
	struct cache *cache = cache_new(1);
	struct schema *schema;

	(void)state;
	offer(cache, 40, 5, 1);
	schema = cache_find(cache, 40, 5, 0);
	offer(cache, 41, 5, 1);
	assert_int_equal(find(cache, 40, 5), 0);
	assert_int_equal(schema->table->id, 40);
	assert_string_equal(schema->partial, "/base/app/t");
	cache_free(cache);
	assert_int_equal(schema->table->version, 1);
	schema_put(schema);
}

#define TABLES 24
#define READERS 3

/*
 * The catalog in small: the version of table id in transaction t is what
 * `committed` said; a reader of snapshot t may find nothing older than the
 * last change of the table up to t.
 */
struct shared {
	struct cache *cache;
	atomic_ullong txn;           /* last committed transaction */
	atomic_uint version[TABLES]; /* of each table, raised before txn is */
	atomic_bool stop;
	atomic_uint stale;
};

static void *write_on(void *arg)
{
	struct shared *s = arg;

	while (!atomic_load(&s->stop)) {
		unsigned long long txn = atomic_load(&s->txn) + 1;
		unsigned id = (unsigned)(txn % TABLES);

		/* as catalog_commit: the mark first, then the commit */
		cache_remove(s->cache, id + 1, txn);
		atomic_fetch_add(&s->version[id], 1);
		atomic_store(&s->txn, txn);
		if (txn % 512 == 0)
			cache_clear(s->cache, txn);
	}
	return NULL;
}

static void *read_on(void *arg)
{
	struct shared *s = arg;
	unsigned id = 0;

	while (!atomic_load(&s->stop)) {
		/* what is committed when the snapshot begins is the least it may show */
		unsigned least = atomic_load(&s->version[id]);
		unsigned long long txn = atomic_load(&s->txn);
		struct schema *schema = cache_find(s->cache, id + 1, txn, 0);

		if (schema && schema->table->id != id + 1)
			atomic_fetch_add(&s->stale, 1000000);
		/* the writer raises the version before txn: one ahead is not yet seen */
		if (schema && schema->table->version + 1 < least)
			atomic_fetch_add(&s->stale, 1);
		if (!schema) {
			unsigned seen = atomic_load(&s->version[id]);

			if (atomic_load(&s->txn) == txn) {
				schema = read_schema(id + 1, txn, seen);
				cache_insert(s->cache, schema);
			}
		}
		schema_put(schema);
		id = (id + 7) % TABLES;
	}
	return NULL;
}

static void readers_and_writers_share_it(void **state)
{
	static struct shared s;
	pthread_t writer, readers[READERS];
	struct timespec one_second = { .tv_sec = 1 };

	(void)state;
	s.cache = cache_new(16);
	atomic_init(&s.txn, 1);
	assert_int_equal(pthread_create(&writer, NULL, write_on, &s), 0);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &s), 0);
	nanosleep(&one_second, NULL);
	atomic_store(&s.stop, true);
	pthread_join(writer, NULL);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(atomic_load(&s.stale), 0);
	assert_true(counts(s.cache).size <= 16);
	assert_true(counts(s.cache).hits + counts(s.cache).misses > 100);
	cache_free(s.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_reader_cannot_put_the_past_back),
		cmocka_unit_test(a_change_behind_the_offer_takes_it_out),
		cmocka_unit_test(a_late_removal_leaves_what_is_newer),
		cmocka_unit_test(a_mark_is_never_set_back),
		cmocka_unit_test(clear_refuses_the_past_of_every_table),
		cmocka_unit_test(an_old_snapshot_does_not_see_a_newer_entry),
		cmocka_unit_test(an_older_entry_does_not_replace_a_newer_one),
		cmocka_unit_test(the_bound_is_kept),
		cmocka_unit_test(what_is_used_survives_what_is_not),
		cmocka_unit_test(hits_and_misses_are_counted),
		cmocka_unit_test(an_entry_of_another_epoch_is_a_miss),
		cmocka_unit_test(a_definition_is_found_without_its_place),
		cmocka_unit_test(a_full_cache_stays_full),
		cmocka_unit_test(an_entry_outlives_its_eviction),
		cmocka_unit_test(readers_and_writers_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
