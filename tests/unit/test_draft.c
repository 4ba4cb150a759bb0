/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drafts of tables: names, and how they become tables. */
#include "fs/draft.h"

#include "catalog/rows.h"
#include "tests/unit/world.h"

#define ID 77
#define SECOND INT64_C(1000000)

static struct world w;
static struct drafts *drafts;
static struct namespace *ns;

static int set_up(void **state)
{
	struct err err = ERR_INIT;
	struct txn *txn;

	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app");
	txn = world_txn(&w);
	assert_int_equal(catalog_namespace(w.catalog, txn, world_id(&w, txn, "app", NULL, DIR_TABLES),
					   &ns, &err), 0);
	txn_end(txn);
	drafts = drafts_new();
	assert_non_null(drafts);
	assert_int_equal(drafts_add(drafts, ID, ns, "orders", w.now, &err), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drafts_free(drafts);
	namespace_put(ns);
	world_close(&w);
	return 0;
}

static int count(void *arg, const struct table *table)
{
	(void)table;
	++*(unsigned *)arg;
	return 0;
}

/* By name, by number and in the list alike. */
static void expect_found(bool found)
{
	struct txn *txn = world_txn(&w);
	struct table *named = drafts_find(drafts, ns->id, "orders", txn);
	struct table *numbered = drafts_get(drafts, ID, txn);
	unsigned listed = 0;

	assert_int_equal(drafts_list(drafts, ns->id, 0, txn, count, &listed), 0);
	assert_int_equal(named != NULL, found);
	assert_int_equal(numbered != NULL, found);
	assert_int_equal(listed, found);
	table_put(named);
	table_put(numbered);
	txn_end(txn);
}

/* The number that the next change will have. */
static uint64_t next_sequence(void)
{
	struct txn *txn = world_txn(&w);
	uint64_t sequence = meta_get(txn, META_SEQUENCE) + 1;

	txn_end(txn);
	return sequence;
}

static void older_snapshots_find_the_draft_and_newer_ones_the_table(void **state)
{
	(void)state;
	expect_found(true);
	drafts_created(drafts, ID, next_sequence(), w.now);
	expect_found(true);
	world_run(&w, "CREATE NAMESPACE other");
	expect_found(false);
}

static void what_is_a_table_is_no_draft_for_those_who_change_it(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_true(drafts_any(drafts, ns->id));
	assert_int_equal(drafts_add(drafts, ID + 1, ns, "orders", w.now, &err), -EEXIST);
	drafts_created(drafts, ID, next_sequence(), w.now);
	assert_false(drafts_any(drafts, ns->id));
	assert_false(drafts_remove(drafts, ID, w.now));
	assert_int_equal(drafts_rename(drafts, ID, ns, "bills", w.now), -ENOENT);
	err_clear(&err);
	assert_int_equal(drafts_add(drafts, ID + 1, ns, "orders", w.now, &err), 0);
	assert_true(drafts_remove(drafts, ID + 1, w.now));
}

static void it_is_told_of_once(void **state)
{
	(void)state;
	assert_false(drafts_was_created(drafts, ID));
	drafts_created(drafts, ID, next_sequence(), w.now);
	assert_true(drafts_was_created(drafts, ID));
	assert_false(drafts_was_created(drafts, ID));
}

/* Also where nobody asked whether it was created. */
static void what_became_tables_takes_no_room(void **state)
{
	struct err err = ERR_INIT;
	char name[16];

	(void)state;
	for (uint32_t i = 1; i <= 2 * DRAFTS_MAX; i++) {
		snprintf(name, sizeof(name), "t%u", i);
		assert_int_equal(drafts_add(drafts, ID + i, ns, name, w.now, &err), 0);
		drafts_created(drafts, ID + i, next_sequence(), w.now);
		w.now += SECOND / 100;
	}
	w.now += SECOND;
	drafts_created(drafts, ID, next_sequence(), w.now);
	assert_false(drafts_was_created(drafts, ID + 2 * DRAFTS_MAX));
	assert_true(drafts_was_created(drafts, ID));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(older_snapshots_find_the_draft_and_newer_ones_the_table),
		CASE(what_is_a_table_is_no_draft_for_those_who_change_it),
		CASE(it_is_told_of_once),
		CASE(what_became_tables_takes_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
