/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_check.h"
#include "catalog/print.h"
#include "catalog/store_lock.h"
#include "tests/unit/world.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static struct world w;

static int set_up(void **state)
{
	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app;"
	              "CREATE SHARED TABLE app.t (id INT PRIMARY KEY, a TEXT DEFAULT 'x') COMMENT "
	              "'one';");
	w.now += HOUR_US;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

static struct table *version_of(uint32_t id, uint32_t version)
{
	struct txn *txn = world_txn(&w);
	struct table *table = NULL;

	if (catalog_version(w.catalog, txn, id, version, &table, NULL))
		table = NULL;
	txn_end(txn);
	return table;
}

/* --- history --- */

static void a_version_stays_byte_identical_for_ever(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	char *before[FORM_COUNT], *after;
	size_t before_len[FORM_COUNT], len;

	(void)state;
	for (unsigned form = 0; form < FORM_COUNT; form++)
		before[form] = world_version(&w, id, 1, form, &before_len[form]);
	for (unsigned i = 0; i < 50; i++) {
		char sql[160];

		snprintf(sql, sizeof(sql),
		         "ALTER TABLE app.%s ADD COLUMN c%u INT, COMMENT 'v%u', RENAME TO %s;",
		         i % 2 ? "u" : "t", i, i, i % 2 ? "t" : "u");
		w.now += SECOND_US;
		world_run(&w, sql);
	}
	world_reopen(&w);
	for (unsigned form = 0; form < FORM_COUNT; form++) {
		after = world_version(&w, id, 1, form, &len);
		assert_int_equal(len, before_len[form]);
		assert_memory_equal(after, before[form], len);
		free(after);
		free(before[form]);
	}
}

/* Every version of every form has the size that is stored with it. */
static void stored_sizes_are_the_lengths_of_the_texts(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	struct table *now;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b DECIMAL(10, 2) NOT NULL DEFAULT 1 COMMENT "
	              "'ä\n''';");
	world_run(&w, "ALTER TABLE app.t DROP COLUMN a, COMMENT NULL;");
	world_run(&w, "ALTER TABLE app.t RESTORE VERSION 1;");
	now = world_table(&w, "app", "t");
	assert_int_equal(now->version, 4);
	for (uint32_t version = 1; version <= 4; version++) {
		struct table *table = version_of(id, version);

		for (unsigned form = 0; form < FORM_COUNT; form++) {
			size_t len;

			free(world_version(&w, id, version, form, &len));
			assert_int_equal(table->sizes[form], len);
			if (version == 4)
				assert_int_equal(now->sizes[form], len);
		}
		table_put(table);
	}
	table_put(now);
}

static void sizes_of_system_tables_are_the_lengths_of_their_texts(void **state)
{
	(void)state;
	for (uint32_t id = TABLE_SYSTEM_FIRST; id < TABLE_USER_FIRST; id++) {
		struct table *table = version_of(id, 1);

		for (unsigned form = 0; table && form < FORM_COUNT; form++) {
			size_t len;

			free(world_version(&w, id, 1, form, &len));
			assert_int_equal(table->sizes[form], len);
		}
		table_put(table);
	}
}

static uint32_t version_at(uint32_t id, int64_t stamp)
{
	struct txn *txn = world_txn(&w);
	uint32_t version;
	int rc = catalog_version_at(w.catalog, txn, id, stamp, &version, NULL);

	txn_end(txn);
	return rc ? 0 : version;
}

static void history_is_found_by_time(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	int64_t second = w.now;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT;");
	w.now += SECOND_US;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN c INT;");
	assert_int_equal(version_at(id, WORLD_BIRTH), 0);
	assert_int_equal(version_at(id, WORLD_BIRTH + 1), 1);
	assert_int_equal(version_at(id, second - 1), 1);
	assert_int_equal(version_at(id, second), 2);
	assert_int_equal(version_at(id, second + SECOND_US - 1), 2);
	assert_int_equal(version_at(id, second + SECOND_US), 3);
	assert_int_equal(version_at(id, INT64_MAX), 3);
	assert_int_equal(version_at(9999, INT64_MAX), 0);
}

static void committed_at_grows_even_if_the_clock_steps_back(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	struct table *a, *b, *c;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT;");
	w.now -= 30 * HOUR_US;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN c INT;");
	world_run(&w, "ALTER TABLE app.t ADD COLUMN d INT;");
	a = version_of(id, 2);
	b = version_of(id, 3);
	c = version_of(id, 4);
	assert_int_equal(b->info.committed_at, a->info.committed_at + 1);
	assert_int_equal(c->info.committed_at, b->info.committed_at + 1);
	assert_int_equal(version_at(id, a->info.committed_at), 2);
	assert_int_equal(version_at(id, b->info.committed_at), 3);
	table_put(a);
	table_put(b);
	table_put(c);
}

static void a_column_is_found_by_its_change_counter(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	struct table *table;
	struct txn *txn;
	struct column *column;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		char sql[80];

		snprintf(sql, sizeof(sql), "ALTER TABLE app.t ALTER a SET DEFAULT 'v%u';", i + 2);
		world_run(&w, sql);
	}
	txn = world_txn(&w);
	for (uint32_t rev = 1; rev <= 22; rev++) {
		char expected[16];

		assert_int_equal(catalog_column_rev(w.catalog, txn, id, rev, &table, &column, NULL),
		                 0);
		assert_int_equal(column->rev, rev);
		snprintf(expected, sizeof(expected), rev == 2 ? "x" : "v%u", rev - 1);
		if (rev == 1)
			assert_string_equal(column->name, "id");
		else
			assert_string_equal(column->def.text, expected);
		table_put(table);
	}
	assert_int_equal(catalog_column_rev(w.catalog, txn, id, 23, &table, &column, NULL),
	                 -ENOENT);
	assert_int_equal(catalog_column_rev(w.catalog, txn, id, 0, &table, &column, NULL), -ENOENT);
	assert_int_equal(catalog_column_rev(w.catalog, txn, 9999, 1, &table, &column, NULL),
	                 -ENOENT);
	txn_end(txn);
}

/* --- groups --- */

struct group {
	struct script scripts[4];
	struct request requests[4], *pointers[4];
	unsigned count;
};

static void group_add(struct group *g, const char *text)
{
	struct request *request = &g->requests[g->count];

	*request = (struct request){ .text = text,
		                     .len = strlen(text),
		                     .author = *world_author(),
		                     .source = SOURCE_KALAMCTL,
		                     .err = ERR_INIT };
	request->script = &g->scripts[g->count];
	assert_int_equal(ddl_parse(text, request->len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true,
	                           &g->scripts[g->count], NULL),
	                 0);
	request->commit_count = request->script->count;
	g->pointers[g->count++] = request;
}

static void group_free(struct group *g)
{
	for (unsigned i = 0; i < g->count; i++) {
		request_fini(&g->requests[i]);
		script_free(&g->scripts[i]);
	}
}

static void requests_of_one_group_get_consecutive_sequences(void **state)
{
	struct group g = { .count = 0 };
	uint64_t first = world_meta(&w, META_SEQUENCE);

	(void)state;
	group_add(&g, "ALTER TABLE app.t ADD COLUMN b INT;");
	group_add(&g, "ALTER TABLE app.t ADD COLUMN c INT;");
	group_add(&g, "CREATE NAMESPACE shop;");
	assert_int_equal(catalog_commit(w.catalog, g.pointers, g.count), 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(g.requests[i].err.code, 0);
		assert_int_equal(g.requests[i].sequence, first + 1 + i);
	}
	assert_int_equal(g.requests[1].committed_at, g.requests[0].committed_at + 1);
	assert_string_equal(g.requests[1].heads, "app.t: version 2 -> 3\n");
	assert_int_equal(world_meta(&w, META_SEQUENCE), first + 3);
	group_free(&g);
}

static void a_refused_request_leaves_the_others_whole(void **state)
{
	struct group g = { .count = 0 };
	uint64_t first = world_meta(&w, META_SEQUENCE);
	struct table *table;

	(void)state;
	group_add(&g, "ALTER TABLE app.t ADD COLUMN b INT;");
	group_add(&g, "ALTER TABLE app.t ADD COLUMN c INT; CREATE NAMESPACE shop; ALTER TABLE "
	              "app.t DROP id;");
	group_add(&g, "ALTER TABLE app.t ADD COLUMN d INT;");
	group_add(&g, "ALTER TABLE app.t COMMENT 'one';");
	catalog_commit(w.catalog, g.pointers, g.count);
	assert_int_equal(g.requests[0].err.code, 0);
	assert_err(&g.requests[1].err, -EINVAL,
	           "Column 'id' is the PRIMARY KEY and cannot be dropped");
	assert_null(g.requests[1].outcomes);
	assert_null(g.requests[1].plan_text);
	assert_int_equal(g.requests[1].sequence, 0);
	assert_int_equal(g.requests[2].err.code, 0);
	assert_int_equal(g.requests[2].sequence, first + 2);
	assert_int_equal(g.requests[3].err.code, 0);
	assert_int_equal(g.requests[3].sequence, 0);
	assert_string_equal(g.requests[3].heads, "app.t: no change\n");
	table = world_table(&w, "app", "t");
	assert_int_equal(table->version, 3);
	assert_int_equal(table->column_count, 4);
	assert_int_equal(table_find_column(table, "d")->id,
	                 4); /* c's number went with its request */
	table_put(table);
	assert_int_equal(world_meta(&w, META_SEQUENCE), first + 2);
	group_free(&g);
}

static void plan_in_a_group_changes_nothing(void **state)
{
	struct group g = { .count = 0 };

	(void)state;
	group_add(&g, "ALTER TABLE app.t ADD COLUMN b INT;");
	group_add(&g, "ALTER TABLE app.t ADD COLUMN c INT;");
	g.requests[0].plan = true;
	catalog_commit(w.catalog, g.pointers, g.count);
	assert_string_equal(g.requests[0].plan_text,
	                    "app.t: version 1 -> 2\n  + column 3 b INT NULL\n");
	assert_string_equal(g.requests[1].plan_text,
	                    "app.t: version 1 -> 2\n  + column 3 c INT NULL\n");
	group_free(&g);
}

static void statements_behind_commit_count_are_only_checked(void **state)
{
	struct group g = { .count = 0 };
	char *before = world_bytes(&w), *after;

	(void)state;
	group_add(&g, "ALTER TABLE app.t ADD COLUMN b INT; ALTER TABLE app.t DROP b;");
	g.requests[0].commit_count = 0;
	assert_int_equal(catalog_commit(w.catalog, g.pointers, 1), 0);
	assert_int_equal(g.requests[0].err.code, 0);
	after = world_bytes(&w);
	assert_string_equal(before, after);
	group_free(&g);
	g.count = 0;
	group_add(&g, "ALTER TABLE app.t ADD COLUMN b INT; ALTER TABLE app.t DROP c;");
	g.requests[0].commit_count = 1;
	assert_int_equal(catalog_commit(w.catalog, g.pointers, 1), 0);
	assert_err(&g.requests[0].err, -ENOENT, "Column 'c' does not exist");
	free(after);
	after = world_bytes(&w);
	assert_string_equal(before, after);
	group_free(&g);
	free(before);
	free(after);
}

/* --- trash --- */

static bool in_trash(const char *name)
{
	struct txn *txn = world_txn(&w);
	bool is = world_id(&w, txn, "app", name, DIR_TRASH) != 0;

	txn_end(txn);
	return is;
}

static void expire(void)
{
	struct err err = ERR_INIT;
	bool more = true;

	while (more)
		assert_int_equal(
			catalog_expire(w.catalog, world_author(), SOURCE_DIRECTORY, &more, &err),
			0);
}

static void a_dropped_table_comes_back_as_it_was(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	struct table *before = world_table(&w, "app", "t"), *after;

	(void)state;
	world_run(&w, "DROP TABLE app.t;");
	assert_true(in_trash("t"));
	assert_int_equal(world_table_id(&w, "app", "t"), 0);
	assert_int_equal(world_meta(&w, META_TABLES), 0);
	assert_int_equal(world_meta(&w, META_TRASH), 1);
	w.now += HOUR_US;
	world_run(&w, "UNDROP TABLE app.t;");
	after = world_table(&w, "app", "t");
	assert_int_equal(after->id, id);
	assert_int_equal(after->version, 1);
	assert_true(table_equal(before, after));
	assert_int_equal(after->updated_at, before->updated_at);
	assert_int_equal(after->dropped_at, 0);
	assert_int_equal(catalog_next_expiry(w.catalog), INT64_MAX);
	assert_int_equal(world_meta(&w, META_TABLES), 1);
	assert_int_equal(world_meta(&w, META_TRASH), 0);
	table_put(before);
	table_put(after);
}

static void a_dropped_table_expires_to_the_microsecond(void **state)
{
	int64_t due = w.now + 168 * HOUR_US;

	(void)state;
	world_run(&w, "DROP TABLE app.t;");
	assert_int_equal(catalog_next_expiry(w.catalog), due);
	w.now = due - 1;
	expire();
	assert_true(in_trash("t"));
	w.now = due;
	expire();
	assert_false(in_trash("t"));
	assert_int_equal(world_meta(&w, META_TRASH), 0);
	world_run(&w, "CREATE SHARED TABLE app.t (id INT PRIMARY KEY);");
}

static void retention_is_that_of_the_moment_of_the_drop(void **state)
{
	(void)state;
	world_run(&w, "ALTER TABLE app.t SET (DELETED_RETENTION_HOURS = 2); DROP TABLE app.t;");
	assert_int_equal(catalog_next_expiry(w.catalog), w.now + 2 * HOUR_US);
}

static void retention_0_purges_at_once(void **state)
{
	(void)state;
	world_run(&w, "ALTER TABLE app.t SET (DELETED_RETENTION_HOURS = 0);");
	world_run(&w, "DROP TABLE app.t;");
	assert_false(in_trash("t"));
	assert_int_equal(world_meta(&w, META_TRASH), 0);
	world_run(&w, "CREATE SHARED TABLE app.t (id INT PRIMARY KEY);");
}

static void history_outlives_a_purge_for_a_minute(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	struct table *table;
	struct column *column;
	struct txn *txn;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT;");
	world_run(&w, "DROP TABLE app.t PURGE;");
	assert_int_equal(version_at(id, INT64_MAX), 2);
	txn = world_txn(&w);
	assert_int_equal(catalog_table(w.catalog, txn, id, &table, NULL), -ENOENT);
	assert_int_equal(catalog_column_rev(w.catalog, txn, id, 3, &table, &column, NULL), 0);
	assert_string_equal(column->name, "b");
	table_put(table);
	txn_end(txn);
	w.now += 59 * SECOND_US;
	expire();
	assert_int_equal(version_at(id, INT64_MAX), 2);
	w.now += 2 * SECOND_US;
	expire();
	assert_int_equal(version_at(id, INT64_MAX), 0);
	assert_int_equal(catalog_next_expiry(w.catalog), INT64_MAX);
}

static void expiry_is_logged_like_a_statement(void **state)
{
	uint64_t from;
	char line[600];
	struct txn *txn;
	ssize_t len;

	(void)state;
	world_run(&w, "DROP TABLE app.t;");
	w.now += 169 * HOUR_US;
	from = world_meta(&w, META_LOG_END);
	expire();
	txn = world_txn(&w);
	len = log_read(txn, from, line, sizeof(line) - 1);
	assert_true(len > 0);
	line[len] = '\0';
	txn_end(txn);
	assert_string_equal(
		line,
		"{\"sequence\":3,\"committed_at\":\"2025-11-29T11:00:00.000000Z\",\"event\":"
	        "\"PURGE\","
		"\"object\":\"table\",\"id\":32,\"name\":\"app.t\",\"version\":1,\"author\":"
		"{\"uid\":1000,\"user\":\"ann\",\"command\":\"bash\"},\"source\":\"directory\","
		"\"statement\":\"PURGE TABLE app.t\",\"summary\":\"Purged with all versions\"}\n");
}

static void many_tables_expire_in_several_calls(void **state)
{
	struct err err = ERR_INIT;
	unsigned calls = 1;
	bool more;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		char sql[120];

		snprintf(sql, sizeof(sql),
		         "CREATE SHARED TABLE app.x%u (id INT PRIMARY KEY); DROP TABLE app.x%u;", i,
		         i);
		world_run(&w, sql);
	}
	w.now += 169 * HOUR_US;
	assert_int_equal(catalog_expire(w.catalog, world_author(), SOURCE_DIRECTORY, &more, &err),
	                 0);
	assert_true(more);
	for (; more; calls++)
		assert_int_equal(
			catalog_expire(w.catalog, world_author(), SOURCE_DIRECTORY, &more, &err),
			0);
	assert_int_equal(calls, 2);
	assert_int_equal(world_meta(&w, META_TRASH), 0);
}

/* --- places --- */

static void place_of(const char *ns, const char *name, struct place *out)
{
	struct table *table = world_table(&w, ns, name);
	struct txn *txn = world_txn(&w);

	assert_int_equal(catalog_place(w.catalog, txn, table, out, NULL), 0);
	txn_end(txn);
	table_put(table);
}

/* "storage/app/t" of a path below the catalog's directory. */
static const char *below(const char *path)
{
	size_t len = strlen(catalog_dir(w.catalog));

	return strncmp(path, catalog_dir(w.catalog), len) == 0 ? path + len + 1 : path;
}

static void alter_storage_moves_its_tables(void **state)
{
	struct place before, after;

	(void)state;
	place_of("app", "t", &before);
	assert_string_equal(below(before.partial), "storage/app/t");
	world_run(&w,
	          "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 'x/{namespace}/{tableName}';");
	place_of("app", "t", &after);
	assert_string_equal(below(after.partial), "storage/x/app/t");
	assert_true(after.epoch > before.epoch);
	assert_int_equal(after.changed_at, w.now);
	assert_string_equal(before.storage->shared_template, "{namespace}/{tableName}");
	assert_false(after.per_user);
	storage_put(before.storage);
	storage_put(after.storage);
	world_reopen(&w);
	place_of("app", "t", &after);
	assert_string_equal(below(after.partial), "storage/x/app/t");
	storage_put(after.storage);
}

static void an_old_snapshot_shows_the_old_place(void **state)
{
	struct table *table = world_table(&w, "app", "t"), *again;
	struct txn *old = world_txn(&w);
	struct place place;

	(void)state;
	world_run(&w,
	          "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 'x/{namespace}/{tableName}';");
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT;");
	place_of("app", "t", &place);
	storage_put(place.storage);
	assert_int_equal(catalog_place(w.catalog, old, table, &place, NULL), 0);
	assert_string_equal(below(place.partial), "storage/app/t");
	storage_put(place.storage);
	assert_int_equal(catalog_table(w.catalog, old, table->id, &again, NULL), 0);
	assert_int_equal(again->version, 1);
	table_put(again);
	table_put(table);
	txn_end(old);
}

static void set_storage_id_moves_one_table(void **state)
{
	struct place place;

	(void)state;
	world_run(&w, "CREATE STORAGE disk TYPE filesystem PATH '/srv'; CREATE TABLE app.u (id INT "
	              "PRIMARY KEY);");
	w.now += HOUR_US;
	world_run(&w, "ALTER TABLE app.t SET (STORAGE_ID = 'disk');");
	place_of("app", "t", &place);
	assert_string_equal(place.partial, "/srv/app/t");
	assert_string_equal(place.base, "/srv");
	assert_int_equal(place.changed_at, w.now);
	storage_put(place.storage);
	place_of("app", "u", &place);
	assert_string_equal(below(place.partial), "storage/app/u");
	storage_put(place.storage);
	/* its old place is free again */
	world_run(&w, "CREATE TABLE app.v (id INT PRIMARY KEY) WITH (LOCATION_NAME = 'app/t');");
}

static void a_user_place_keeps_the_user(void **state)
{
	struct place place;

	(void)state;
	world_run(&w, "CREATE USER TABLE app.u (id INT PRIMARY KEY);");
	place_of("app", "u", &place);
	assert_true(place.per_user);
	assert_string_equal(below(place.partial), "storage/app/u/{userId}");
	storage_put(place.storage);
}

static void places_must_not_nest_across_storages(void **state)
{
	(void)state;
	world_run(&w, "CREATE STORAGE outer_one TYPE filesystem PATH '/srv';"
	              "CREATE STORAGE inner_one TYPE filesystem PATH '/srv/a/b';"
	              "CREATE SHARED TABLE app.x (id INT PRIMARY KEY) WITH (STORAGE_ID = "
	              "'inner_one', LOCATION_NAME = 'c/d');");
	world_refuse(&w,
	             "CREATE SHARED TABLE app.y (id INT PRIMARY KEY) WITH (STORAGE_ID = "
	             "'outer_one', LOCATION_NAME = 'a/b');",
	             -EEXIST,
	             "Location '/srv/a/b' of table app.y is the same as, inside or around that of "
	             "table app.x. "
	             "Choose another storage, template or LOCATION_NAME");
	world_run(&w, "CREATE SHARED TABLE app.y (id INT PRIMARY KEY) WITH (STORAGE_ID = "
	              "'outer_one', LOCATION_NAME = 'a/bb');");
}

static void a_template_that_makes_places_collide_is_refused(void **state)
{
	struct place place;
	char text[1200];

	(void)state;
	snprintf(text, sizeof(text),
	         "Location '%s/storage/a_b_c' of table a.b_c is the same as, inside or around "
	         "that of table a_b.c. "
	         "Choose another storage, template or LOCATION_NAME",
	         catalog_dir(w.catalog));
	world_run(
		&w,
		"CREATE NAMESPACE a_b; CREATE NAMESPACE a; CREATE TABLE a_b.c (id INT PRIMARY KEY);"
		"CREATE TABLE a.b_c (id INT PRIMARY KEY);");
	world_refuse(&w,
	             "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE '{namespace}_{tableName}';",
	             -EEXIST,
	             text);
	place_of("a", "b_c", &place);
	assert_string_equal(below(place.partial), "storage/a/b_c");
	storage_put(place.storage);
	/* and CREATE TABLE gets another place by itself */
	world_run(&w, "DROP TABLE a.b_c PURGE; ALTER STORAGE local SET SHARED_TABLES_TEMPLATE "
	              "'{namespace}_{tableName}';"
	              "CREATE TABLE a.b_c (id INT PRIMARY KEY);");
	place_of("a", "b_c", &place);
	assert_string_equal(below(place.partial), "storage/a_b_c_35");
	storage_put(place.storage);
}

static void make_dirs(const char *path)
{
	char text[1100];

	snprintf(text, sizeof(text), "%s/", path);
	for (char *at = text + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(text, 0700);
		*at = '/';
	}
}

static void the_place_of_a_purged_table_with_files_is_not_used_again(void **state)
{
	struct request request;
	struct place place;
	char path[1100];

	(void)state;
	place_of("app", "t", &place);
	make_dirs(place.partial);
	snprintf(path, sizeof(path), "%s/batch-1.parquet", place.partial);
	assert_int_equal(close(creat(path, 0600)), 0);
	assert_int_equal(world_try(&w, NULL, "DROP TABLE app.t PURGE;", false, &request), 0);
	assert_non_null(
		strstr(request.notes, "storage/app/t is not empty: its data stays where it is\n"));
	request_fini(&request);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(world_try(&w, NULL, "CREATE SHARED TABLE app.t (id INT PRIMARY KEY);",
	                           false, &request),
	                 0);
	assert_non_null(strstr(request.notes,
	                       "storage/app/t is not empty: table app.t gets another one\n"));
	request_fini(&request);
	storage_put(place.storage);
	place_of("app", "t", &place);
	assert_string_equal(below(place.partial), "storage/app/t_33");
	storage_put(place.storage);
	/* empty it, and the next table may have it */
	assert_int_equal(unlink(path), 0);
	world_run(&w, "DROP TABLE app.t PURGE; CREATE SHARED TABLE app.t (id INT PRIMARY KEY);");
	place_of("app", "t", &place);
	assert_string_equal(below(place.partial), "storage/app/t");
	storage_put(place.storage);
}

/* One line, about a location below the catalog's directory. */
static void assert_note(const struct request *request, const char *rest)
{
	char text[1200];

	snprintf(text, sizeof(text), "location %s/%s\n", catalog_dir(w.catalog), rest);
	assert_non_null(request->notes);
	assert_string_equal(request->notes, text);
}

static void files_that_no_table_left_are_taken_over(void **state)
{
	struct request request;
	struct place place;
	char path[1100];

	(void)state;
	snprintf(path, sizeof(path), "%s/storage/app/u/x", catalog_dir(w.catalog));
	make_dirs(path);
	assert_int_equal(world_try(&w, NULL, "CREATE SHARED TABLE app.u (id INT PRIMARY KEY);",
	                           false, &request),
	                 0);
	assert_note(&request, "storage/app/u is not empty");
	request_fini(&request);
	place_of("app", "u", &place);
	assert_string_equal(below(place.partial), "storage/app/u");
	storage_put(place.storage);
	/* nor where nothing is, and not at a store that cannot be looked at */
	assert_int_equal(world_try(&w, NULL,
	                           "CREATE SHARED TABLE app.v (id INT PRIMARY KEY);"
	                           "CREATE STORAGE s TYPE s3 BUCKET 'b';"
	                           "CREATE SHARED TABLE app.x (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');",
	                           false, &request),
	                 0);
	assert_null(request.notes);
	request_fini(&request);
}

/* Whoever names a location means it, also that of a purged table. */
static void a_named_location_is_taken_with_what_is_there(void **state)
{
	struct request request;
	struct place place;
	char path[1100];

	(void)state;
	snprintf(path, sizeof(path), "%s/storage/app/t/x", catalog_dir(w.catalog));
	make_dirs(path);
	world_run(&w, "DROP TABLE app.t PURGE;");
	assert_int_equal(world_try(&w, NULL,
	                           "CREATE SHARED TABLE app.t (id INT PRIMARY KEY) WITH "
	                           "(LOCATION_NAME = 'app/t');",
	                           true, &request),
	                 0);
	assert_note(&request, "storage/app/t is not empty");
	request_fini(&request);
	world_run(&w, "CREATE SHARED TABLE app.t (id INT PRIMARY KEY) WITH (LOCATION_NAME = 'app/t');");
	place_of("app", "t", &place);
	assert_string_equal(below(place.partial), "storage/app/t");
	storage_put(place.storage);
}

/* A location that cannot be had under any name is told by the name it should have had. */
static void a_clash_tells_the_location_that_was_meant(void **state)
{
	(void)state;
	world_run(&w, "CREATE NAMESPACE a; CREATE STORAGE outer_one TYPE filesystem PATH '/srv';"
	              "CREATE STORAGE inner_one TYPE filesystem PATH '/srv/a/b/c';"
	              "CREATE SHARED TABLE a.b (id INT PRIMARY KEY) WITH (STORAGE_ID = 'outer_one');");
	world_refuse(&w,
	             "CREATE SHARED TABLE a.d (id INT PRIMARY KEY) WITH (STORAGE_ID = 'inner_one');",
	             -EEXIST,
	             "Location '/srv/a/b/c/a/d' of table a.d is the same as, inside or around that "
	             "of table a.b. Choose another storage, template or LOCATION_NAME");
}

static void all_names_beside_a_purged_table_may_hold_data(void **state)
{
	char path[1100], text[1200], sql[200];

	(void)state;
	world_run(&w, "CREATE STORAGE s TYPE filesystem PATH 'x';"
	              "CREATE SHARED TABLE app.u (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');");
	world_run(&w, "DROP TABLE app.u PURGE;");
	for (unsigned n = 0; n < 10; n++) {
		char name[40] = "u";

		/* The table that comes is number 43. */
		if (n)
			snprintf(name, sizeof(name), n == 1 ? "u_43" : "u_43_%u", n);
		snprintf(path, sizeof(path), "%s/x/app/%s/data", catalog_dir(w.catalog), name);
		make_dirs(path);
		snprintf(sql, sizeof(sql),
		         "CREATE SHARED TABLE app.v (id INT PRIMARY KEY) WITH (STORAGE_ID = 's', "
		         "LOCATION_NAME = 'app/%s');", name);
		if (n) {
			world_run(&w, sql);
			world_run(&w, "DROP TABLE app.v PURGE;");
		}
	}
	snprintf(text, sizeof(text),
	         "Location '%s/x/app/u' of table app.u holds data of a purged table, and so do "
	         "those beside it. Choose a LOCATION_NAME",
	         catalog_dir(w.catalog));
	world_refuse(&w, "CREATE SHARED TABLE app.u (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');",
	             -EEXIST, text);
}

/* --- user ids within the segment of the table's name --- */

#define WITHIN "{namespace}/{tableName}_{userId}"

static void tables_share_a_directory_where_the_user_is_in_their_segment(void **state)
{
	struct request request;
	struct place place;
	char path[1100];

	(void)state;
	world_run(&w, "CREATE STORAGE s TYPE filesystem PATH 'x' USER_TABLES_TEMPLATE '" WITHIN "';"
	              "CREATE USER TABLE app.ab (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');"
	              "CREATE USER TABLE app.ac (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');"
	              "CREATE SHARED TABLE app.a (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');");
	place_of("app", "ac", &place);
	assert_string_equal(below(place.partial), "x/app/ac_{userId}");
	storage_put(place.storage);
	/* what begins like the name is there, what does not is another's */
	snprintf(path, sizeof(path), "%s/x/app/ab_u/data", catalog_dir(w.catalog));
	make_dirs(path);
	assert_int_equal(world_try(&w, NULL, "DROP TABLE app.ac PURGE;", false, &request), 0);
	assert_null(request.notes);
	request_fini(&request);
	assert_int_equal(world_try(&w, NULL, "DROP TABLE app.ab PURGE;", false, &request), 0);
	assert_note(&request, "x/app/ab_{userId} is not empty: its data stays where it is");
	request_fini(&request);
	world_run(&w, "CREATE USER TABLE app.ab (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');");
	place_of("app", "ab", &place);
	assert_string_equal(below(place.partial), "x/app/ab_36_{userId}");
	storage_put(place.storage);
}

/* User b_x of table a would be user x of table a_b. */
static void tables_whose_users_could_meet_are_refused(void **state)
{
	char text[1200];

	(void)state;
	snprintf(text, sizeof(text),
	         "Location '%s/x/app/a_b_{userId}' of table app.a_b is the same as, inside or "
	         "around that of table app.a. Choose another storage, template or LOCATION_NAME",
	         catalog_dir(w.catalog));
	world_run(&w, "CREATE STORAGE s TYPE filesystem PATH 'x' USER_TABLES_TEMPLATE '" WITHIN "';"
	              "CREATE USER TABLE app.a (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');");
	world_refuse(&w,
	             "CREATE USER TABLE app.y (id INT PRIMARY KEY) WITH (STORAGE_ID = 's', "
	             "LOCATION_NAME = 'app/a_b');",
	             -EEXIST, NULL);
	world_refuse(&w, "CREATE USER TABLE app.a_b (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');",
	             -EEXIST, text);
	world_refuse(&w,
	             "CREATE SHARED TABLE app.y (id INT PRIMARY KEY) WITH (STORAGE_ID = 's', "
	             "LOCATION_NAME = 'app/a_x');",
	             -EEXIST, NULL);
	world_run(&w, "CREATE SHARED TABLE app.b (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');"
	              "CREATE STORAGE inner_one TYPE filesystem PATH 'x/app/b_b/c';"
	              "CREATE SHARED TABLE app.c (id INT PRIMARY KEY) WITH (STORAGE_ID = 'inner_one');");
	world_refuse(&w,
	             "CREATE USER TABLE app.z (id INT PRIMARY KEY) WITH (STORAGE_ID = 's', "
	             "LOCATION_NAME = 'app/b');",
	             -EEXIST, NULL);
}

/* The catalog "/.../kalam-xyz" begins like a name that ends there. */
static void a_segment_that_could_be_the_catalog_is_refused(void **state)
{
	char sql[1300], above[1100], *name;

	(void)state;
	snprintf(above, sizeof(above), "%s", catalog_dir(w.catalog));
	name = strrchr(above, '/');
	*name++ = '\0';
	snprintf(sql, sizeof(sql),
	         "CREATE STORAGE s TYPE filesystem PATH '%s' USER_TABLES_TEMPLATE "
	         "'%.3s{namespace}{tableName}{userId}';"
	         "CREATE USER TABLE app.y (id INT PRIMARY KEY) WITH (STORAGE_ID = 's');",
	         above, name);
	world_run(&w, sql);	/* "kalapp..." is not "kalam-..." */
	snprintf(sql, sizeof(sql),
	         "CREATE NAMESPACE a; CREATE STORAGE z TYPE filesystem PATH '%s' "
	         "USER_TABLES_TEMPLATE '%.3s{namespace}{tableName}{userId}';"
	         "CREATE USER TABLE a.m (id INT PRIMARY KEY) WITH (STORAGE_ID = 'z');",
	         above, name);
	world_refuse(&w, sql, -EINVAL, NULL);
}

/* --- symbolic links --- */

/* CREATE STORAGE s with a base below dir is refused with this text (NULL: accepted). */
static void try_base(const char *dir, const char *base, int code, const char *text)
{
	char sql[1300];

	snprintf(sql, sizeof(sql), "CREATE STORAGE s TYPE filesystem PATH '%s%s';", dir, base);
	if (code)
		return world_refuse(&w, sql, code, text);
	world_run(&w, sql);
	world_run(&w, "DROP STORAGE s;");
}

static void make_link(const char *target, const char *dir, const char *name)
{
	char path[1100];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(symlink(target, path), 0);
}

static void bases_that_are_one_through_a_link_are_refused(void **state)
{
	char *dir = temp_dir(), sql[1300], text[2000];

	(void)state;
	snprintf(sql, sizeof(sql), "%s/real/sub", dir);
	make_dirs(sql);
	make_link("real", dir, "link");
	make_link("link/sub", dir, "twice");
	make_link("real/none", dir, "dangling");
	make_link("away", dir, "round");
	make_link("round", dir, "away");
	snprintf(sql, sizeof(sql), "CREATE STORAGE disk TYPE filesystem PATH '%s/real/sub/deep';", dir);
	world_run(&w, sql);
	snprintf(text, sizeof(text),
	         "Base directory '%s/link/sub' is '%s/real/sub' through the symbolic link "
	         "'%s/link', the same as, inside or around that of storage 'disk', "
	         "'%s/real/sub/deep'. Write it without the link, or choose another directory",
	         dir, dir, dir, dir);
	try_base(dir, "/link/sub", -EEXIST, text);
	try_base(dir, "/link", -EEXIST, NULL);
	try_base(dir, "/twice", -EEXIST, NULL);
	try_base(dir, "/twice/deep", -EEXIST, NULL);
	try_base(dir, "/twice/deep/er", -EEXIST, NULL);
	/* beside it, without the link, and what cannot be told */
	try_base(dir, "/link/other", 0, NULL);
	try_base(dir, "/twice/other", 0, NULL);
	try_base(dir, "/dangling", 0, NULL);
	try_base(dir, "/real", 0, NULL);
	try_base(dir, "/real/sub/deep", 0, NULL);
	try_base(dir, "/round", 0, NULL);
	try_base(dir, "/nowhere/sub/deep", 0, NULL);
	/* what does not exist yet is compared as it will be */
	snprintf(sql, sizeof(sql),
	         "DROP STORAGE disk; CREATE STORAGE disk TYPE filesystem PATH '%s/dangling/a';", dir);
	world_run(&w, sql);
	snprintf(text, sizeof(text),
	         "Base directory '%s/real/none/a/b' is the same as, inside or around that of "
	         "storage 'disk', which is '%s/real/none/a' through the symbolic link "
	         "'%s/dangling'. Write it through that link, or choose another directory",
	         dir, dir, dir);
	try_base(dir, "/real/none/a/b", -EEXIST, text);
	try_base(dir, "/real/none", -EEXIST, NULL);
	try_base(dir, "/dangling", 0, NULL);
	try_base(dir, "/dangling/a/b", 0, NULL);
	temp_dir_remove(dir);
}

static void a_base_that_is_the_catalog_through_a_link_is_refused(void **state)
{
	char *dir = temp_dir(), text[2000], above[1100];
	const char *root = catalog_dir(w.catalog);

	(void)state;
	make_link(root, dir, "catalog");
	snprintf(above, sizeof(above), "%s", root);
	*strrchr(above, '/') = '\0';
	make_link(above, dir, "above");
	snprintf(text, sizeof(text),
	         "Base directory '%s/catalog/x' is '%s/x' through the symbolic link "
	         "'%s/catalog', the same as, inside or around the catalog's directory '%s'. Write "
	         "it without the link",
	         dir, root, dir, root);
	try_base(dir, "/catalog/x", -EINVAL, text);
	try_base(dir, "/catalog", -EINVAL, NULL);
	try_base(dir, "/above", -EINVAL, NULL);
	try_base(dir, "/above/other", 0, NULL);
	try_base(root, "/x", 0, NULL);
	temp_dir_remove(dir);
}

/* `local` is a directory like others, which somebody may have replaced by a link. */
static void the_storage_local_counts_like_others(void **state)
{
	char *dir = temp_dir();

	(void)state;
	make_link(dir, catalog_dir(w.catalog), "storage");
	try_base(dir, "/x", -EEXIST, NULL);
	try_base("storage", "/x", 0, NULL);
	temp_dir_remove(dir);
}

/* Both in one request: the first is not in the store yet. */
static void a_link_to_a_storage_of_the_same_request_is_refused(void **state)
{
	char *dir = temp_dir(), sql[1300];

	(void)state;
	make_link(".", dir, "self");
	snprintf(sql, sizeof(sql),
	         "CREATE STORAGE one TYPE filesystem PATH '%s/a';"
	         "CREATE STORAGE two TYPE filesystem PATH '%s/self/a';",
	         dir, dir);
	world_refuse(&w, sql, -EEXIST, NULL);
	temp_dir_remove(dir);
}

/* --- when locations move --- */

static uint64_t epoch(void)
{
	return world_meta(&w, META_LOCATIONS_EPOCH);
}

static int64_t placed(const char *name)
{
	struct place place;

	place_of("app", name, &place);
	storage_put(place.storage);
	return place.changed_at;
}

static void only_what_a_place_shows_moves_it(void **state)
{
	static const char *const others[] = {
		"ALTER STORAGE local SET NAME 'x';",
		"ALTER STORAGE local SET DESCRIPTION 'x';",
		"ALTER STORAGE local SET CONFIG '{\"a\":1}';",
		"ALTER STORAGE local SET CREDENTIALS '{\"a\":1}';",
		"ALTER STORAGE local SET SHARED_TABLES_TEMPLATE '{namespace}/{tableName}';",
		"CREATE STORAGE s TYPE filesystem PATH '/x'; DROP STORAGE s;",
		"ALTER TABLE app.t RENAME TO app.t2; ALTER TABLE app.t2 COMMENT 'x';",
		"ALTER TABLE app.t2 RENAME TO app.t;",
	};
	int64_t shared, user;
	uint64_t before;

	(void)state;
	world_run(&w, "CREATE USER TABLE app.u (id INT PRIMARY KEY);");
	shared = placed("t");
	user = placed("u");
	before = epoch();
	for (size_t i = 0; i < countof(others); i++) {
		w.now += HOUR_US;
		world_run(&w, others[i]);
		if (placed(i == 6 ? "t2" : "t") != shared || placed("u") != user || epoch() != before)
			fail_msg("moves: %s", others[i]);
	}
	w.now += HOUR_US;
	world_run(&w, "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE '/{namespace}/{tableName}';");
	assert_int_equal(placed("t"), w.now);
	assert_int_equal(placed("u"), user);
	assert_true(epoch() > before);
	before = epoch();
	shared = w.now;
	w.now += HOUR_US;
	world_run(&w, "ALTER STORAGE local SET USER_TABLES_TEMPLATE 'x/{namespace}/{tableName}/{userId}';");
	assert_int_equal(placed("t"), shared);
	assert_int_equal(placed("u"), w.now);
	assert_true(epoch() > before);
	user = w.now;
	w.now += HOUR_US;
	world_run(&w, "ALTER STORAGE local SET NAME 'y';");
	world_reopen(&w);
	assert_int_equal(placed("t"), shared);
	assert_int_equal(placed("u"), user);
}

/* --- the log and the changes --- */

static void the_log_is_the_lines_of_all_requests(void **state)
{
	static const char *const texts[] = {
		"CREATE NAMESPACE shop; CREATE TABLE shop.a (id INT PRIMARY KEY);",
		"ALTER TABLE shop.a ADD COLUMN b INT; ALTER NAMESPACE shop COMMENT 'x';",
		"ALTER TABLE shop.a COMMENT NULL;",
		"DROP TABLE shop.a;",
		"UNDROP TABLE shop.a; ALTER TABLE shop.a RENAME TO app.b;",
		"DROP NAMESPACE shop;",
		"ALTER STORAGE local SET CREDENTIALS '{\"secret\": \"S3CRET\"}';",
	};
	uint64_t from = world_meta(&w, META_LOG_END);
	struct collector c;
	char *lines, *log;
	struct txn *txn;

	(void)state;
	collect(&c);
	for (size_t i = 0; i < countof(texts); i++) {
		struct request request;

		assert_int_equal(world_try(&w, NULL, texts[i], false, &request), 0);
		for (struct outcome *o = request.outcomes; o; o = o->next)
			fputs(o->log_line ? o->log_line : "", c.out);
		request_fini(&request);
	}
	lines = text_of(&c);
	log = calloc(1, c.len + 100);
	txn = world_txn(&w);
	assert_int_equal(log_read(txn, from, log, c.len + 99), c.len);
	assert_string_equal(log, lines);
	/* any piece of it can be read alone */
	for (size_t at = 0; at < c.len; at += 97) {
		char piece[97];
		ssize_t n = log_read(txn, from + at, piece, sizeof(piece));

		assert_true(n > 0);
		assert_memory_equal(piece, lines + at, (size_t)n);
	}
	assert_int_equal(log_read(txn, from + c.len, log, 10), 0);
	txn_end(txn);
	assert_int_equal(world_meta(&w, META_LOG_END), from + c.len);
	assert_null(strstr(lines, "S3CRET"));
	assert_non_null(strstr(lines, "SET CREDENTIALS '***'"));
	free(lines);
	free(log);
}

static int print_change(void *arg, uint64_t sequence, const struct change_row *row)
{
	static const char *const kinds[] = { "none", "namespace", "table", "storage" };
	FILE *out = arg;
	const char *name = row->column_names;

	(void)sequence;
	fprintf(out, "%s %s %u", change_event_name(row->event), kinds[row->object], row->id);
	fprintf(out, " '%s'->'%s'", row->old_name, row->name);
	if (row->object == OBJECT_TABLE)
		fprintf(out, " parent %u->%u", row->old_parent, row->parent);
	fprintf(out, "%s%s%s%s", row->was_trashed ? " was_trashed" : "",
	        row->is_trashed ? " is_trashed" : "", row->moves_locations ? " moves" : "",
	        row->columns_changed ? " columns" : "");
	for (uint32_t i = 0; i < row->column_count; i++, name += strlen(name) + 1)
		fprintf(out, " %s", name);
	putc('\n', out);
	return 0;
}

/* Run a request; its change rows must read like this. */
static void assert_changes(const char *sql, const char *expected)
{
	uint64_t before = world_meta(&w, META_SEQUENCE);
	struct collector c;
	struct txn *txn;
	char *text;

	world_run(&w, sql);
	collect(&c);
	txn = world_txn(&w);
	changes_list(txn, before, print_change, c.out);
	txn_end(txn);
	text = text_of(&c);
	assert_string_equal(text, expected);
	free(text);
}

static void each_kind_of_event_has_its_change_row(void **state)
{
	(void)state;
	assert_changes("CREATE NAMESPACE shop;", "CREATE namespace 4 ''->'shop'\n");
	assert_changes("CREATE TABLE shop.a (id INT PRIMARY KEY, b INT);",
	               "CREATE table 33 ''->'a' parent 4->4 columns\n");
	assert_changes("ALTER TABLE shop.a ALTER b SET DEFAULT 1;",
	               "ALTER table 33 'a'->'a' parent 4->4 b\n");
	assert_changes("ALTER TABLE shop.a RENAME b TO c, ADD d INT;",
	               "ALTER table 33 'a'->'a' parent 4->4 columns b c d\n");
	assert_changes("ALTER TABLE shop.a DROP d;",
	               "ALTER table 33 'a'->'a' parent 4->4 columns d\n");
	assert_changes("ALTER TABLE shop.a COMMENT 'x';", "ALTER table 33 'a'->'a' parent 4->4\n");
	assert_changes("ALTER TABLE shop.a RENAME TO app.e;",
	               "RENAME table 33 'a'->'e' parent 4->3\n");
	assert_changes("DROP TABLE app.e;", "DROP table 33 'e'->'e' parent 3->3 is_trashed\n");
	assert_changes("UNDROP TABLE app.e;", "UNDROP table 33 'e'->'e' parent 3->3 was_trashed\n");
	assert_changes("ALTER TABLE app.e RESTORE VERSION 1;",
	               "RESTORE table 33 'e'->'e' parent 3->3 columns c b\n");
	assert_changes("ALTER NAMESPACE shop COMMENT 'x';", "ALTER namespace 4 'shop'->'shop'\n");
	assert_changes("CREATE STORAGE s TYPE filesystem PATH '/x';", "CREATE storage 2 ''->'s'\n");
	assert_changes("ALTER TABLE app.e SET (STORAGE_ID = 's');",
	               "ALTER table 33 'e'->'e' parent 3->3 moves\n");
	assert_changes("ALTER STORAGE s SET NAME 'S';", "ALTER storage 2 's'->'s'\n");
	assert_changes("ALTER STORAGE s SET SHARED_TABLES_TEMPLATE '{namespace}/x/{tableName}';",
	               "ALTER storage 2 's'->'s' moves\n");
	assert_changes("DROP TABLE app.e PURGE;", "PURGE table 33 'e'->'' parent 3->3\n");
	assert_changes("DROP STORAGE s;", "DROP storage 2 's'->''\n");
	assert_changes("DROP NAMESPACE shop;", "DROP namespace 4 'shop'->''\n");
	assert_changes("DROP TABLE app.t; PURGE TABLE app.t;",
	               "PURGE table 32 't'->'' parent 3->3\n");
	assert_changes("DROP NAMESPACE app; DROP NAMESPACE IF EXISTS app;",
	               "DROP namespace 3 'app'->''\n");
}

static void a_purge_from_trash_was_trashed(void **state)
{
	(void)state;
	world_run(&w, "DROP TABLE app.t;");
	assert_changes("PURGE TABLE app.t;", "PURGE table 32 't'->'' parent 3->3 was_trashed\n");
}

/* --- the rest --- */

static void reopening_gives_everything_back(void **state)
{
	char *bytes, *dump, *again, uuid[37], uuid_again[37];
	int64_t created;

	(void)state;
	world_run(&w, "CREATE STORAGE s TYPE s3 BUCKET 'b'; ALTER TABLE app.t ADD b INT; CREATE "
	              "TABLE x (id INT PRIMARY KEY);");
	world_run(&w, "DROP TABLE x;");
	bytes = world_bytes(&w);
	dump = world_dump(&w);
	catalog_uuid(w.catalog, uuid);
	created = catalog_created_at(w.catalog);
	w.now += 5 * HOUR_US;
	world_reopen(&w);
	again = world_bytes(&w);
	assert_string_equal(bytes, again);
	free(again);
	again = world_dump(&w);
	assert_string_equal(dump, again);
	catalog_uuid(w.catalog, uuid_again);
	assert_string_equal(uuid, uuid_again);
	assert_string_equal(uuid, "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a");
	assert_int_equal(catalog_created_at(w.catalog), created);
	free(bytes);
	free(dump);
	free(again);
}

static int count_entry(void *arg, uint32_t id, const char *name, size_t len)
{
	unsigned *last = arg;

	assert_true(id > last[0]);
	assert_true(len > 0 && name);
	last[0] = id;
	last[1]++;
	return 0;
}

static void a_directory_lists_what_its_state_counts(void **state)
{
	static const enum dir_kind kinds[] = { DIR_TABLES, DIR_TRASH };
	struct dir_state at;
	struct txn *txn;

	(void)state;
	world_run(&w, "CREATE NAMESPACE b; CREATE TABLE b.x (id INT PRIMARY KEY); CREATE TABLE b.y "
	              "(id INT PRIMARY KEY);"
	              "ALTER TABLE b.x RENAME TO app.x; DROP TABLE b.y; CREATE TABLE b.z (id INT "
	              "PRIMARY KEY);"
	              "DROP TABLE b.z PURGE; CREATE STORAGE s TYPE s3 BUCKET 'b'; CREATE STORAGE r "
	              "TYPE s3 BUCKET 'c'; DROP STORAGE s;");
	txn = world_txn(&w);
	for (uint32_t ns = NAMESPACE_SYSTEM; ns <= 4; ns++) {
		for (size_t i = 0; i < countof(kinds); i++) {
			unsigned seen[2] = { 0, 0 };

			catalog_list(w.catalog, txn, kinds[i], ns, 0, count_entry, seen);
			catalog_dir_state(w.catalog, txn, kinds[i], ns, &at);
			assert_int_equal(at.count, seen[1]);
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		unsigned seen[2] = { 0, 0 };

		catalog_list(w.catalog, txn, i ? DIR_STORAGES : DIR_NAMESPACES, 0, 0, count_entry,
		             seen);
		catalog_dir_state(w.catalog, txn, i ? DIR_STORAGES : DIR_NAMESPACES, 0, &at);
		assert_int_equal(at.count, seen[1]);
		assert_int_equal(seen[1], i ? 2 : 4);
	}
	assert_int_equal(meta_get(txn, META_TABLES), 2);
	assert_int_equal(meta_get(txn, META_TRASH), 1);
	txn_end(txn);
}

/* Dropped and brought back in one transaction is nothing, wherever it came back from. */
static void a_column_that_comes_back_unchanged_keeps_its_counter(void **state)
{
	const struct column *was, *is;
	struct table *before, *after;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ALTER COLUMN a COMMENT 'two', ADD COLUMN b INT;");
	world_run(&w, "ALTER TABLE app.t ALTER COLUMN a COMMENT NULL;");
	before = world_table(&w, "app", "t");
	world_run(&w, "ALTER TABLE app.t DROP COLUMN a; ALTER TABLE app.t RESTORE VERSION 1;");
	after = world_table(&w, "app", "t");
	was = table_find_column(before, "a");
	is = table_find_column(after, "a");
	assert_int_equal(after->version, 4);
	assert_true(column_equal(was, is));
	assert_int_equal(is->rev, was->rev);
	assert_int_equal(is->version, was->version);
	assert_int_equal(is->changed_at, was->changed_at);
	assert_int_equal(after->next_rev, before->next_rev);
	table_put(before);
	table_put(after);
}

static void a_drop_leaves_the_definition_as_its_version_has_it(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	struct table *version, *dropped = NULL;
	struct txn *txn;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN x INT; ALTER TABLE app.t DROP COLUMN x;"
	              "ALTER TABLE app.t RESTORE VERSION 1; DROP TABLE app.t;");
	version = version_of(id, 1);
	txn = world_txn(&w);
	assert_int_equal(catalog_table(w.catalog, txn, id, &dropped, NULL), 0);
	txn_end(txn);
	assert_int_equal(dropped->version, 1);
	assert_true(dropped->dropped_at && dropped->expires_at > dropped->dropped_at);
	assert_int_equal(dropped->next_column_id, version->next_column_id);
	assert_int_equal(dropped->info.restored_from, 0);
	table_put(dropped);
	table_put(version);
}

/* Its directory is the new one's, so its record must say that. */
static void a_table_can_move_to_a_namespace_of_the_same_name(void **state)
{
	uint32_t id = world_table_id(&w, "app", "t");
	struct table *table;
	struct txn *txn;

	(void)state;
	world_run(&w, "ALTER TABLE app.t RENAME TO default.t; DROP NAMESPACE app;"
	              "CREATE NAMESPACE app; ALTER TABLE default.t RENAME TO app.t;");
	table = world_table(&w, "app", "t");
	txn = world_txn(&w);
	assert_int_equal(table->namespace_id, world_id(&w, txn, "app", NULL, DIR_NAMESPACES));
	txn_end(txn);
	assert_int_equal(table->version, 2);
	table_put(table);
	world_run(&w, "DROP TABLE app.t;");
	world_run(&w, "UNDROP TABLE app.t;");
	assert_int_equal(world_table_id(&w, "app", "t"), id);
}

/* A number beyond the last one would name an object that is there already. */
static void nothing_is_created_without_a_number(void **state)
{
	static const char *const statements[] = {
		"CREATE NAMESPACE last;",
		"CREATE TABLE app.last (id INT PRIMARY KEY);",
		"CREATE STORAGE last TYPE s3 BUCKET 'b';",
	};
	static const enum meta_key counters[] = { META_NEXT_NAMESPACE, META_NEXT_TABLE,
		                                  META_NEXT_STORAGE };
	struct err err = ERR_INIT;
	char *before, *after;
	struct txn *txn;

	(void)state;
	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, &err), 0);
	for (size_t i = 0; i < countof(counters); i++)
		assert_int_equal(meta_set(txn, counters[i], UINT32_MAX, &err), 0);
	assert_int_equal(txn_commit(txn, &err), 0);
	before = world_bytes(&w);
	for (size_t i = 0; i < countof(statements); i++)
		world_refuse(&w, statements[i], -ENOSPC,
		             "The catalog has used up its object numbers");
	after = world_bytes(&w);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void the_directory_s_state_changes_with_its_names_only(void **state)
{
	struct dir_state before, after;
	struct txn *txn = world_txn(&w);

	(void)state;
	catalog_dir_state(w.catalog, txn, DIR_TABLES, 3, &before);
	txn_end(txn);
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT;");
	txn = world_txn(&w);
	catalog_dir_state(w.catalog, txn, DIR_TABLES, 3, &after);
	txn_end(txn);
	assert_memory_equal(&before, &after, sizeof(before));
	world_run(&w, "ALTER TABLE app.t RENAME TO u;");
	txn = world_txn(&w);
	catalog_dir_state(w.catalog, txn, DIR_TABLES, 3, &after);
	txn_end(txn);
	assert_true(after.changed_at > before.changed_at);
	assert_true(after.sequence > before.sequence);
	assert_int_equal(after.count, before.count);
}

static void mtimes_follow_what_they_show(void **state)
{
	struct table *a, *b;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT;");
	a = world_table(&w, "app", "t");
	w.now += HOUR_US;
	world_run(&w, "ALTER TABLE app.t ALTER a DROP DEFAULT;");
	b = world_table(&w, "app", "t");
	assert_int_equal(b->updated_at, w.now);
	assert_int_equal(b->columns_changed_at, a->columns_changed_at);
	assert_int_equal(b->placed_at, a->placed_at);
	assert_int_equal(table_find_column(b, "a")->changed_at, w.now);
	assert_int_equal(table_find_column(b, "a")->version, 3);
	assert_int_equal(table_find_column(b, "b")->changed_at, a->updated_at);
	assert_int_equal(table_find_column(b, "b")->version, 2);
	assert_int_equal(b->created_at, a->created_at);
	table_put(a);
	table_put(b);
}

static void the_cache_answers_the_second_look(void **state)
{
	struct cache_stats before, after;

	(void)state;
	table_put(world_table(&w, "app", "t"));
	catalog_cache_stats(w.catalog, &before);
	table_put(world_table(&w, "app", "t"));
	catalog_cache_stats(w.catalog, &after);
	assert_int_equal(after.hits, before.hits + 1);
	assert_int_equal(after.misses, before.misses);
	assert_int_equal(after.size, 1);
	assert_int_equal(after.bound, 1000);
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT;");
	table_put(world_table(&w, "app", "t"));
	catalog_cache_stats(w.catalog, &before);
	assert_int_equal(before.misses, after.misses + 1);
}

/* --- many threads --- */

#define READERS 3

struct crowd {
	uint32_t id;
	atomic_uint committed; /* version that a finished commit made */
	atomic_bool stop;
	atomic_uint stale, reads;
};

/* What a commit that returned has made is the least that a snapshot begun now shows. */
static void *read_on(void *arg)
{
	struct crowd *crowd = arg;

	while (!atomic_load(&crowd->stop)) {
		unsigned least = atomic_load(&crowd->committed);
		struct table *table;
		struct place place;
		struct txn *txn;

		if (catalog_begin(w.catalog, &txn, NULL))
			continue;
		if (catalog_table(w.catalog, txn, crowd->id, &table, NULL) == 0) {
			if (table->version < least || table->column_count != table->version + 1)
				atomic_fetch_add(&crowd->stale, 1);
			if (catalog_place(w.catalog, txn, table, &place, NULL) == 0)
				storage_put(place.storage);
			table_put(table);
			atomic_fetch_add(&crowd->reads, 1);
		}
		txn_end(txn);
	}
	return NULL;
}

static void a_commit_that_returned_is_seen_by_every_reader(void **state)
{
	static struct crowd crowd;
	pthread_t readers[READERS];

	(void)state;
	crowd.id = world_table_id(&w, "app", "t");
	atomic_store(&crowd.committed, 1);
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &crowd), 0);
	for (unsigned i = 0; i < 150; i++) {
		char sql[80];

		snprintf(sql, sizeof(sql), "ALTER TABLE app.t ADD COLUMN b%u INT;", i);
		world_run(&w, sql);
		atomic_store(&crowd.committed, i + 2);
	}
	atomic_store(&crowd.stop, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(atomic_load(&crowd.stale), 0);
	assert_true(atomic_load(&crowd.reads) > 0);
}

static void keep_finding(void *arg, const struct finding *finding)
{
	char *text = arg;
	size_t len = strlen(text);

	snprintf(text + len, 4096 - len, "%s %.28s\n", finding->name, finding->text);
}

/* A catalog that was moved so deep that what lies in it has too long a path. */
static void a_catalog_may_lie_too_deep_for_its_tables(void **state)
{
	static const char too_long[] = "Location is too long (max 1024 bytes); choose a shorter base "
				       "directory or template";
	static const char base_too_long[] = "Base directory is too long (max 1024 bytes); choose a "
					    "shorter base directory or template";
	char *outer = temp_dir(), deep[1100], found[4096] = "", *short_dir;
	struct check_totals totals;
	struct err err = ERR_INIT;
	struct table *table;
	struct place place;
	struct world own;
	struct txn *txn;

	(void)state;
	world_open(&own);
	world_run(&own, "CREATE NAMESPACE app; CREATE SHARED TABLE app.here (id INT PRIMARY KEY); "
		  "CREATE STORAGE rel TYPE filesystem BASE_DIRECTORY 'a-directory-below-that-of-the-catalog'; "
		  "CREATE SHARED TABLE app.there (id INT PRIMARY KEY) WITH (STORAGE_ID = 'rel')");
	snprintf(deep, sizeof(deep), "%s", outer);
	for (size_t len = strlen(deep); len < 1012; len = strlen(deep)) {
		size_t more = 1012 - len > 200 ? 100 : 1012 - len;

		memset(deep + len, 'd', more);
		deep[len] = '/';
		deep[len + more] = '\0';
		assert_int_equal(mkdir(deep, 0700), 0);
	}
	short_dir = own.dir;
	assert_int_equal(strlen(deep), 1012);
	assert_int_equal(rename(own.dir, deep), 0);
	own.dir = strdup(deep);
	world_reopen(&own);

	world_refuse(&own, "CREATE SHARED TABLE app.new (id INT PRIMARY KEY)", -ENAMETOOLONG, too_long);
	world_refuse(&own, "CREATE SHARED TABLE app.new (id INT PRIMARY KEY) WITH (LOCATION_NAME = 'xx/yy')",
		     -ENAMETOOLONG, too_long);
	world_refuse(&own, "CREATE SHARED TABLE app.new (id INT PRIMARY KEY) WITH (STORAGE_ID = 'rel')",
		     -ENAMETOOLONG, base_too_long);
	world_refuse(&own, "ALTER TABLE app.here SET (STORAGE_ID = 'rel')", -ENAMETOOLONG, NULL);
	world_refuse(&own, "ALTER STORAGE rel SET SHARED_TABLES_TEMPLATE '{namespace}/x/{tableName}'",
		     -ENAMETOOLONG, base_too_long);
	world_refuse(&own, "DROP TABLE app.there PURGE", -ENAMETOOLONG, base_too_long);
	world_run(&own, "CREATE STORAGE other TYPE filesystem BASE_DIRECTORY 'another-directory-below'");
	table = world_table(&own, "app", "there");
	txn = world_txn(&own);
	assert_int_equal(catalog_place(own.catalog, txn, table, &place, &err), -ENAMETOOLONG);
	assert_err(&err, -ENAMETOOLONG, base_too_long);
	txn_end(txn);
	table_put(table);
	err_clear(&err);
	assert_int_equal(catalog_check(own.catalog, keep_finding, found, &totals, &err), 0);
	assert_string_equal(found, "app.here has no location: Location is\n"
			    "app.there has no location: Base direct\n");
	catalog_close(own.catalog);
	own.catalog = NULL;
	assert_int_equal(rename(deep, short_dir), 0);
	free(own.dir);
	own.dir = short_dir;
	world_reopen(&own);
	world_close(&own);
	temp_dir_remove(outer);
}

/* Nobody who may wait longer is told that it took too long for another one. */
static void who_has_time_left_is_asked_to_try_again(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 };
	struct request requests[2], *both[] = { &requests[0], &requests[1] };
	struct script scripts[2];
	struct world own;
	char path[4200];
	int fd;

	(void)state;
	world_open(&own);
	snprintf(path, sizeof(path), "%s/write.lock", own.dir);
	fd = open(path, O_RDWR);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	for (unsigned i = 0; i < 2; i++) {
		static const char text[] = "CREATE NAMESPACE app";

		requests[i] = (struct request){ .text = text, .len = strlen(text),
						.author = *world_author(), .err = ERR_INIT,
						.deadline = deadline_in(i ? 60000 : 20) };
		assert_int_equal(ddl_parse(text, strlen(text), SCOPE_CATALOG, ENDING_SEMICOLON, false,
					   true, &scripts[i], &requests[i].err), 0);
		requests[i].script = &scripts[i];
		requests[i].commit_count = 1;
	}
	assert_int_equal(catalog_commit(own.catalog, both, 2), -EBUSY);
	assert_int_equal(requests[0].err.code, -EBUSY);
	assert_int_equal(requests[1].err.code, -EAGAIN);
	close(fd);
	err_clear(&requests[1].err);
	assert_int_equal(catalog_commit(own.catalog, both + 1, 1), 1);
	assert_int_equal(requests[1].err.code, 0);
	for (unsigned i = 0; i < 2; i++) {
		script_free(&scripts[i]);
		requests[i].script = NULL;
		request_fini(&requests[i]);
	}
	world_close(&own);
}

static void a_built_in_table_has_one_version_from_the_beginning(void **state)
{
	struct world own;
	struct table *table;
	uint32_t id, version = 0;
	struct txn *txn;

	(void)state;
	world_open(&own);
	txn = world_txn(&own);
	id = world_id(&own, txn, "system", "tables", DIR_TABLES);
	assert_true(id > 0 && id < TABLE_USER_FIRST);
	assert_int_equal(catalog_version(own.catalog, txn, id, 1, &table, NULL), 0);
	assert_string_equal(table->name, "tables");
	table_put(table);
	assert_int_equal(catalog_version(own.catalog, txn, id, 2, &table, NULL), -ENOENT);
	assert_int_equal(catalog_version(own.catalog, txn, TABLE_USER_FIRST - 1, 1, &table, NULL), -ENOENT);
	assert_int_equal(catalog_version_at(own.catalog, txn, id, catalog_created_at(own.catalog), &version,
					    NULL), 0);
	assert_int_equal(version, 1);
	assert_int_equal(catalog_version_at(own.catalog, txn, id, catalog_created_at(own.catalog) - 1,
					    &version, NULL), -ENOENT);
	txn_end(txn);
	world_close(&own);
}

/* Texts of a storage that no statement of one line has. */
static void a_storage_s_texts_have_an_end(void **state)
{
	char *text = malloc(200000), *at = text;
	struct world own;

	(void)state;
	world_open(&own);
	at += sprintf(at, "CREATE STORAGE big TYPE s3 BUCKET 'b' CONFIG '{\"a\":\"");
	memset(at, 'x', 70000);
	strcpy(at + 70000, "\"}'");
	world_refuse(&own, text, -EINVAL, "CONFIG is too long (70008 bytes, max 4096)");
	at = text + sprintf(text, "CREATE STORAGE big TYPE s3 BUCKET 'b' USER_TABLES_TEMPLATE '");
	memset(at, 'x', 70000);
	strcpy(at + 70000, "'");
	world_refuse(&own, text, -EINVAL, "USER_TABLES_TEMPLATE is too long (70000 bytes, max 4096)");
	world_refuse(&own, "CREATE STORAGE big TYPE s3 BUCKET 'b' SHARED_TABLES_TEMPLATE 'x'", -EINVAL,
		     "Shared table template: Both {namespace} and {tableName} are required");
	world_refuse(&own, "CREATE STORAGE big TYPE s3 BUCKET 'b' USER_TABLES_TEMPLATE 'x'", -EINVAL,
		     "User table template: {userId} is required");
	free(text);
	world_run(&own, "DROP STORAGE IF EXISTS none");
	world_close(&own);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_version_stays_byte_identical_for_ever),
		TEST(stored_sizes_are_the_lengths_of_the_texts),
		TEST(sizes_of_system_tables_are_the_lengths_of_their_texts),
		TEST(history_is_found_by_time),
		TEST(committed_at_grows_even_if_the_clock_steps_back),
		TEST(a_column_is_found_by_its_change_counter),
		TEST(requests_of_one_group_get_consecutive_sequences),
		TEST(a_refused_request_leaves_the_others_whole),
		TEST(plan_in_a_group_changes_nothing),
		TEST(statements_behind_commit_count_are_only_checked),
		TEST(a_dropped_table_comes_back_as_it_was),
		TEST(a_dropped_table_expires_to_the_microsecond),
		TEST(retention_is_that_of_the_moment_of_the_drop),
		TEST(retention_0_purges_at_once),
		TEST(history_outlives_a_purge_for_a_minute),
		TEST(expiry_is_logged_like_a_statement),
		TEST(many_tables_expire_in_several_calls),
		TEST(alter_storage_moves_its_tables),
		TEST(an_old_snapshot_shows_the_old_place),
		TEST(set_storage_id_moves_one_table),
		TEST(a_user_place_keeps_the_user),
		TEST(places_must_not_nest_across_storages),
		TEST(a_template_that_makes_places_collide_is_refused),
		TEST(the_place_of_a_purged_table_with_files_is_not_used_again),
		TEST(files_that_no_table_left_are_taken_over),
		TEST(a_named_location_is_taken_with_what_is_there),
		TEST(a_clash_tells_the_location_that_was_meant),
		TEST(all_names_beside_a_purged_table_may_hold_data),
		TEST(tables_share_a_directory_where_the_user_is_in_their_segment),
		TEST(tables_whose_users_could_meet_are_refused),
		TEST(a_segment_that_could_be_the_catalog_is_refused),
		TEST(bases_that_are_one_through_a_link_are_refused),
		TEST(a_base_that_is_the_catalog_through_a_link_is_refused),
		TEST(the_storage_local_counts_like_others),
		TEST(a_link_to_a_storage_of_the_same_request_is_refused),
		TEST(only_what_a_place_shows_moves_it),
		TEST(the_log_is_the_lines_of_all_requests),
		TEST(each_kind_of_event_has_its_change_row),
		TEST(a_purge_from_trash_was_trashed),
		TEST(reopening_gives_everything_back),
		TEST(a_directory_lists_what_its_state_counts),
		TEST(a_table_can_move_to_a_namespace_of_the_same_name),
		TEST(nothing_is_created_without_a_number),
		TEST(a_column_that_comes_back_unchanged_keeps_its_counter),
		TEST(a_drop_leaves_the_definition_as_its_version_has_it),
		TEST(the_directory_s_state_changes_with_its_names_only),
		TEST(mtimes_follow_what_they_show),
		TEST(the_cache_answers_the_second_look),
		TEST(a_commit_that_returned_is_seen_by_every_reader),
		cmocka_unit_test(a_catalog_may_lie_too_deep_for_its_tables),
		cmocka_unit_test(who_has_time_left_is_asked_to_try_again),
		cmocka_unit_test(a_built_in_table_has_one_version_from_the_beginning),
		cmocka_unit_test(a_storage_s_texts_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
