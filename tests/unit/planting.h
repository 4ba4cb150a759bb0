/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A catalog of everything in which faults are planted: each is found and told with
 * exactly these words, and so is what follows from it, and nothing else.
 */
#ifndef KALAM_TESTS_PLANTING_H
#define KALAM_TESTS_PLANTING_H

#include "catalog/catalog_check.h"
#include "catalog/record.h"
#include "catalog/rows_key.h"
#include "tests/unit/world.h"

#include <sys/stat.h>
#include <unistd.h>

#define R "; restore a backup"
#define B "; restore a backup, or build the catalog again from kalamctl dump"
#define M "; move it with ALTER TABLE ... SET (STORAGE_ID = '...')"

static struct world w;

/* Numbers of what set_up makes, in this order. */
enum { APP = 3, EMPTY, DISK = 2, SPARE, USERS = 32, ROOMS, GONE, PURGED };

static inline int set_up(void **state)
{
	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app WITH (owner = 'a', quota = 10); CREATE NAMESPACE empty;"
	              "CREATE STORAGE disk TYPE filesystem PATH '/data/disk' USER_TABLES_TEMPLATE "
	              "'{namespace}/{tableName}/{shard}/{userId}';"
	              "CREATE STORAGE spare TYPE s3 BUCKET 'b' CREDENTIALS '{\"a\":1}' CONFIG '{}';"
	              "CREATE USER TABLE app.users (id BIGINT PRIMARY KEY, name TEXT);"
	              "CREATE USER TABLE app.rooms (id INT PRIMARY KEY) WITH (STORAGE_ID = 'disk');"
	              "CREATE TABLE app.gone (id INT PRIMARY KEY);"
	              "CREATE TABLE app.purged (id INT PRIMARY KEY);");
	w.now += HOUR_US;
	world_run(&w, "ALTER TABLE app.users ADD COLUMN email TEXT;"
	              "DROP TABLE app.gone; DROP TABLE app.purged PURGE;");
	w.now += HOUR_US;
	world_run(&w, "ALTER TABLE app.users DROP COLUMN name;");
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	world_discard(&w);
	return 0;
}

static inline void print_finding(void *arg, const struct finding *finding)
{
	static const char *const objects[] = { "catalog", "namespace", "table", "storage" };

	fprintf(arg, "%s: %s", check_rule_name(finding->rule), objects[finding->object]);
	if (finding->object != OBJECT_NONE)
		fprintf(arg, " %u %s", finding->id, finding->name);
	fprintf(arg, ": %s\n", finding->text);
}

/* All findings, a line each; and how many there are of what. */
static inline char *findings(struct check_totals *totals)
{
	struct err err = ERR_INIT;
	struct collector c;

	collect(&c);
	if (catalog_check(w.catalog, print_finding, c.out, totals, &err))
		fail_msg("catalog_check: %s", err.text);
	return text_of(&c);
}

static inline void assert_findings(const char *expected)
{
	struct check_totals totals;
	char *text = findings(&totals);
	uint64_t lines = 0;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	if (strcmp(text, expected) != 0) {
		print_error("--- expected\n%s--- found\n%s---\n", expected, text);
		fail();
	}
	assert_int_equal(totals.findings, lines);
	free(text);
}

/* --- planting --- */

static inline void ok(int rc)
{
	assert_int_equal(rc, 0);
}

static inline void put(struct txn *txn, enum store_db db, const struct key *key, const void *value,
                       size_t len)
{
	ok(store_put(txn, db, key_bytes(key), (struct bytes){ value, len }, NULL));
}

static inline void put_text(struct txn *txn, enum store_db db, const char *key, size_t len,
                            const char *value)
{
	ok(store_put(txn, db, (struct bytes){ key, len }, (struct bytes){ value, strlen(value) },
	             NULL));
}

static inline void set_counter(struct txn *txn, enum meta_key key, uint64_t value)
{
	ok(meta_set(txn, key, value, NULL));
}

static inline struct key name_key(enum dir_kind dir, uint32_t parent, const char *name)
{
	struct key key = { .len = 0 };

	key_be32(&key, parent);
	key_u8(&key, (uint8_t)dir);
	key_text(&key, name, strlen(name));
	return key;
}

static inline struct key child_key(enum dir_kind dir, uint32_t parent, uint32_t id)
{
	struct key key = name_key(dir, parent, "");

	key_be32(&key, id);
	return key;
}

static inline struct key object_key(unsigned kind, uint32_t id)
{
	struct key key = { .len = 0 };

	key_u8(&key, (uint8_t)kind);
	key_be32(&key, id);
	return key;
}

static inline struct key version_key(uint32_t id, uint32_t version)
{
	struct key key = { .len = 0 };

	key_be32(&key, id);
	key_be32(&key, version);
	return key;
}

static inline void del(struct txn *txn, enum store_db db, const struct key *key)
{
	ok(store_del(txn, db, key_bytes(key), NULL));
}

/* Change one byte of a value. */
static inline void flip(struct txn *txn, enum store_db db, const struct key *key, size_t at)
{
	struct buf copy = { .at = NULL };
	struct bytes value;

	ok(store_get(txn, db, key_bytes(key), &value));
	assert_true(at < value.len);
	buf_bytes(&copy, value.at, value.len);
	copy.at[at] ^= 0x20;
	put(txn, db, key, copy.at, copy.len);
	buf_free(&copy);
}

static inline struct table *current(struct txn *txn, uint32_t id)
{
	struct table *table;

	ok(row_table(txn, id, &table, NULL));
	return table;
}

static inline struct table *version(struct txn *txn, uint32_t id, uint32_t number)
{
	struct table *table = NULL;

	if (number)
		ok(row_version(txn, id, number, &table, NULL));
	return table;
}

/* Put a version, and nothing else. */
static inline void put_version(struct txn *txn, const struct table *table)
{
	struct table *now = current(txn, table->id);

	ok(row_table_put(txn, table, true, NULL));
	ok(row_table_put(txn, now, false, NULL));
	table_put(now);
}

typedef void edit_fn(struct table *table);

/* Change the current record alone. */
static inline void edit_current(struct txn *txn, uint32_t id, edit_fn *edit)
{
	struct table *table = current(txn, id);

	edit(table);
	ok(row_table_put(txn, table, false, NULL));
	table_put(table);
}

static inline void measure(struct txn *txn, uint32_t id, uint32_t number)
{
	struct table *before = version(txn, id, number - 1), *table = version(txn, id, number);

	ok(version_measure(before, table, NULL));
	put_version(txn, table);
	table_put(before);
	table_put(table);
}

/* Change a version as if it had always been so: sizes fit, and the current record if it is the
 * last. */
static inline void edit_version(struct txn *txn, uint32_t id, uint32_t number, edit_fn *edit)
{
	struct table *table = version(txn, id, number), *now = current(txn, id);
	uint32_t last = now->version;

	edit(table);
	put_version(txn, table);
	measure(txn, id, number);
	if (number < last)
		measure(txn, id, number + 1);
	table_put(table);
	if (number == last) {
		table = version(txn, id, number);
		table->dropped_at = now->dropped_at;
		table->expires_at = now->expires_at;
		ok(row_table_put(txn, table, false, NULL));
		table_put(table);
	}
	table_put(now);
}

typedef void edit_namespace_fn(struct namespace *ns);

static inline void edit_namespace(struct txn *txn, uint32_t id, edit_namespace_fn *edit)
{
	struct namespace *ns;

	ok(row_namespace(txn, id, &ns, NULL));
	edit(ns);
	ok(row_namespace_put(txn, ns, NULL));
	namespace_put(ns);
}

typedef void edit_storage_fn(struct storage *storage);

static inline void edit_storage(struct txn *txn, uint32_t id, edit_storage_fn *edit)
{
	struct storage *storage;

	ok(row_storage(txn, id, &storage, NULL));
	edit(storage);
	ok(row_storage_put(txn, storage, NULL));
	storage_put(storage);
}

struct fault {
	const char *name;
	void (*plant)(struct txn *txn);
	const char *findings;
};
#define FAULT(plant, text)          \
	{                           \
#plant, plant, text \
	}

static inline void is_found(void **state)
{
	const struct fault *fault = *state;
	struct err err = ERR_INIT;
	struct txn *txn;

	ok(txn_begin_write(catalog_store(w.catalog), 1000, &txn, &err));
	fault->plant(txn);
	if (txn_commit(txn, &err))
		fail_msg("%s", err.text);
	assert_findings(fault->findings);
}

#define FAULT_TEST(fault)                                                               \
	{                                                                               \
		.name = (fault)->name, .test_func = is_found, .setup_func = set_up,     \
		.teardown_func = tear_down, .initial_state = (void *)(uintptr_t)(fault) \
	}

#endif
