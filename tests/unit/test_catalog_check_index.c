/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in storages, places, trash, the log and the list of changes; catalogs without any. */
#include "tests/unit/planting.h"

#define B16 "bbbbbbbbbbbbbbbb"
#define B127 B16 B16 B16 B16 B16 B16 B16 "bbbbbbbbbbbbbbb"

/* --- storages --- */

static void spoil_storage(struct storage *storage)
{
	storage->base_directory = "file://host/x";
	storage->description = "a\x01";
	storage->credentials = "{ \"a\": 1}";
	storage->config = "[1]";
}

static void a_spoilt_storage(struct txn *txn)
{
	edit_storage(txn, SPARE, spoil_storage);
}

static void set_template(struct storage *storage)
{
	storage->shared_template = "{tableName}/..";
}

static void a_template_that_is_none(struct txn *txn)
{
	edit_storage(txn, SPARE, set_template);
}

static void set_base_up(struct storage *storage)
{
	storage->base_directory = "/data/../etc";
}

static void a_base_that_goes_up(struct txn *txn)
{
	edit_storage(txn, DISK, set_base_up);
}

static void name_dash(struct storage *storage)
{
	memcpy(storage->storage_id, "-x", sizeof("-x"));
	storage->version = 0;
}

static void a_storage_of_another_name(struct txn *txn)
{
	edit_storage(txn, SPARE, name_dash);
	ok(name_remove(txn, DIR_STORAGES, 0, "spare", SPARE, NULL));
	ok(name_add(txn, DIR_STORAGES, 0, "-x", SPARE, NULL));
}

static void name_local(struct storage *storage)
{
	memcpy(storage->storage_id, "local", sizeof("local"));
}

static void a_second_local(struct txn *txn)
{
	edit_storage(txn, SPARE, name_local);
}

static void set_storage_lost(struct table *table)
{
	memcpy(table->options.storage_id, "lost", sizeof("lost"));
}

static void a_table_on_no_storage(struct txn *txn)
{
	edit_version(txn, ROOMS, 1, set_storage_lost);
}

/* --- locations --- */

static void a_location_lost(struct txn *txn)
{
	ok(location_remove(txn, "/data/disk/app/rooms", NULL));
}

static void a_location_of_another(struct txn *txn)
{
	ok(location_add(txn, "/data/disk/app/rooms", USERS, NULL));
}

static void a_location_lost_inside_another(struct txn *txn)
{
	ok(location_remove(txn, "/data/disk/app/rooms", NULL));
	ok(location_add(txn, "/data/disk/app", USERS, NULL));
}

static void a_location_lost_around_another(struct txn *txn)
{
	ok(location_remove(txn, "/data/disk/app/rooms", NULL));
	ok(location_add(txn, "/data/disk/app/rooms/x", USERS, NULL));
}

/* What lies between the two in order must not hide it. */
static void locations_inside_another(struct txn *txn)
{
	ok(location_add(txn, "/data/disk/app/rooms/a", GONE, NULL));
	ok(location_add(txn, "/data/disk/app/rooms/b/c", GONE, NULL));
}

static void a_location_beside_another(struct txn *txn)
{
	ok(location_add(txn, "/data/disk/app/rooms2", GONE, NULL));
}

static void a_location_of_no_table(struct txn *txn)
{
	ok(location_add(txn, "s3://b/x", PURGED, NULL));
}

static void a_mark_of_a_table(struct txn *txn)
{
	ok(location_add(txn, "\x01/data/else", USERS, NULL));
}

static void a_mark_of_tomorrow(struct txn *txn)
{
	ok(location_add(txn, "\x01/data/else", 900, NULL));
}

static void locations_that_are_none(struct txn *txn)
{
	put_text(txn, DB_LOCATIONS, "relative/", 9, "1234");
	put_text(txn, DB_LOCATIONS, "/value/", 7, "123");
	put_text(txn, DB_LOCATIONS, "/a\0b/", 5, "1234");
	put_text(txn, DB_LOCATIONS, "\1", 1, "1234");
}

static void set_long_base(struct storage *storage)
{
	char *base = arena_alloc(&storage->arena, 492);

	memset(base, 'b', 491);
	base[0] = '/';
	storage->base_directory = base;
}

static void a_location_too_long(struct txn *txn)
{
	edit_storage(txn, DISK, set_long_base);
}

/* --- trash --- */

#define DROPPED_UNTIL (WORLD_BIRTH + HOUR_US + 168 * HOUR_US)

static void trash_that_is_none(struct txn *txn)
{
	put_text(txn, DB_TRASH, "short", 5, "\1");
	put_text(txn, DB_TRASH, "abcdefghijkl", 12, "\2");
}

static void purges_that_are_none(struct txn *txn)
{
	int64_t when = WORLD_BIRTH + 20 * HOUR_US;

	ok(trash_add(txn, when, PURGED, TRASH_TABLE, NULL));
	ok(trash_add(txn, when, USERS, TRASH_TABLE, NULL));
	ok(trash_add(txn, when, GONE, TRASH_TABLE, NULL));
}

static void a_purge_of_tomorrow(struct txn *txn)
{
	ok(trash_add(txn, WORLD_BIRTH, 900, TRASH_HISTORY, NULL));
}

static void a_drop_without_an_end(struct txn *txn)
{
	ok(trash_remove(txn, DROPPED_UNTIL, GONE, NULL));
}

static void a_drop_whose_end_is_not_its_own(struct txn *txn)
{
	ok(trash_add(txn, DROPPED_UNTIL, GONE, TRASH_HISTORY, NULL));
}

static void a_purge_without_an_end(struct txn *txn)
{
	ok(trash_remove(txn, WORLD_BIRTH + HOUR_US + 60 * SECOND_US, PURGED, NULL));
}

/* The purge failed, and was put off; another one was put off before its table came back. */
static void purges_put_off(struct txn *txn)
{
	w.now = DROPPED_UNTIL;
	ok(trash_remove(txn, DROPPED_UNTIL, GONE, NULL));
	ok(trash_add(txn, w.now + HOUR_US, GONE, TRASH_TABLE, NULL));
	ok(trash_add(txn, w.now + HOUR_US / 2, USERS, TRASH_TABLE, NULL));
	ok(trash_add(txn, w.now + HOUR_US / 2, PURGED, TRASH_TABLE, NULL));
}

static void a_purge_put_off_to_before_its_time(struct txn *txn)
{
	w.now = DROPPED_UNTIL - HOUR_US;
	ok(trash_remove(txn, DROPPED_UNTIL, GONE, NULL));
	ok(trash_add(txn, w.now, GONE, TRASH_TABLE, NULL));
}

/* --- log --- */

/* The key of the n-th line, and the line (copied into out). */
static struct key log_line(struct txn *txn, unsigned n, char out[1000])
{
	struct bytes k, v;
	struct cursor *cursor;
	struct key key = { .len = 0 };

	ok(cursor_open(txn, DB_LOG, &cursor, NULL));
	ok(cursor_seek(cursor, (struct bytes){ "", 0 }, &k, &v));
	while (n--)
		ok(cursor_next(cursor, &k, &v));
	assert_true(v.len < 1000);
	memcpy(out, v.at, v.len);
	out[v.len] = '\0';
	key_text(&key, k.at, k.len);
	cursor_close(cursor);
	return key;
}

/* Put another text of the same length in place of a line's beginning. */
static void overwrite_line(struct txn *txn, unsigned n, size_t at, const char *text)
{
	char line[1000];
	struct key key = log_line(txn, n, line);

	memcpy(line + at, text, strlen(text));
	put(txn, DB_LOG, &key, line, strlen(line));
}

static void a_line_lost(struct txn *txn)
{
	char line[1000];
	struct key key = log_line(txn, 1, line);

	del(txn, DB_LOG, &key);
}

static void the_last_line_lost(struct txn *txn)
{
	char line[1000];
	struct key key = log_line(txn, 11, line);

	del(txn, DB_LOG, &key);
}

static void a_line_that_is_not_json(struct txn *txn)
{
	overwrite_line(txn, 0, 1, "'");
}

static void a_line_that_is_no_object(struct txn *txn)
{
	char line[1000];
	struct key key = log_line(txn, 11, line);
	size_t len = strlen(line);

	memset(line, ' ', len);
	line[0] = '3';
	line[len - 1] = '\n';
	put(txn, DB_LOG, &key, line, len);
}

static void two_lines_in_one(struct txn *txn)
{
	overwrite_line(txn, 0, 13, "\n");
}

static void a_line_of_another_transaction(struct txn *txn)
{
	overwrite_line(txn, 5, 12, "7");
}

static void a_line_that_ends_nowhere(struct txn *txn)
{
	put_text(txn, DB_LOG, "\0\0\0\0\0\0\0\3", 8, "abcdef");
	put_text(txn, DB_LOG, "\0\0\0\0\0\0\0\0\4", 9, "x");
}

static void another_log_end(struct txn *txn)
{
	set_counter(txn, META_LOG_END, meta_get(txn, META_LOG_END) + 3);
}

/* --- changes --- */

static struct key change_key(uint64_t sequence, uint32_t index)
{
	struct key key = { .len = 0 };

	key_be64(&key, sequence);
	key_be32(&key, index);
	return key;
}

static void a_change_lost(struct txn *txn)
{
	struct key key = change_key(1, 2);

	del(txn, DB_CHANGES, &key);
}

static void a_transaction_of_changes_lost(struct txn *txn)
{
	for (uint32_t index = 0; index < 3; index++) {
		struct key key = change_key(2, index);

		del(txn, DB_CHANGES, &key);
	}
}

static void the_last_change_lost(struct txn *txn)
{
	struct key key = change_key(3, 0);

	del(txn, DB_CHANGES, &key);
}

static void a_change_of_tomorrow(struct txn *txn)
{
	struct change_row row = { .object = OBJECT_TABLE, .event = EVENT_ALTER };

	ok(change_append(txn, 7, 0, &row, NULL));
}

static void changes_that_are_none(struct txn *txn)
{
	struct key key = change_key(2, 1);

	put(txn, DB_CHANGES, &key, "x", 1);
	key_u8(&key, 0);
	put(txn, DB_CHANGES, &key, "x", 1);
}

static void another_first_change(struct txn *txn)
{
	set_counter(txn, META_CHANGES_FIRST, 2);
}

/* --- what is told --- */

static const struct fault faults[] = {
	FAULT(a_spoilt_storage,
	      "storage: storage 3 spare: Base directory 'file://host/x' does not fit a storage of "
	      "type s3; write s3://BUCKET or s3://BUCKET/PREFIX; move its tables to another "
	      "storage\n"
	      "storage: storage 3 spare: Description holds the control character U+0001; only newline "
	      "and tab are allowed; set it anew with ALTER STORAGE ... SET DESCRIPTION\n"
	      "storage: storage 3 spare: its CREDENTIALS is no JSON object in compact form; set it "
	      "anew with ALTER STORAGE ... SET CREDENTIALS\n"
	      "storage: storage 3 spare: its CONFIG is no JSON object in compact form; set it anew "
	      "with ALTER STORAGE ... SET CONFIG\n"),
	FAULT(a_template_that_is_none,
	      "record: storage 3 spare: record of storage 3 is damaged: Shared table template: Path "
	      "segment '..' at byte 13 is not allowed; a location never leaves the base directory" R
	      "\n"),
	FAULT(a_base_that_goes_up,
	      "location: table 33 app.rooms: has no location: Location "
	      "'/data/../etc/app/rooms/{shard}/{userId}' has an empty, '.' or '..' segment; a "
	      "location never leaves the base directory\n"
	      "storage: storage 2 disk: Base directory '/data/../etc' has a '..' segment; write "
	      "the path without it; move its tables to another storage\n"),
	FAULT(a_storage_of_another_name,
	      "record: storage 3 -x: Invalid STORAGE_ID '-x'. It must start with a letter or a "
	      "digit." R "\n"
	      "record: storage 3 -x: its version is 0; the first is 1" R "\n"),
	FAULT(a_second_local,
	      "record: storage 3 local: storage 1 and no other one is called 'local'" R "\n"
	      "names: storage 3 spare: is listed in storages/ as 'spare', but its record calls it "
	      "'local'" B "\n"),
	FAULT(a_table_on_no_storage,
	      "storage: table 33 app.rooms: its storage 'lost' does not exist; create it again "
	      "with CREATE STORAGE\n"),
	FAULT(a_location_lost,
	      "location: table 33 app.rooms: its location '/data/disk/app/rooms' is not in the "
	      "location index" B "\n"),
	FAULT(a_location_of_another,
	      "location: table 33 app.rooms: its location '/data/disk/app/rooms' is that of table "
	      "32 app.users" M "\n"
	      "location: table 32 app.users: the location index has '/data/disk/app/rooms' for it, "
	      "but its location is './storage/app/users'" B "\n"),
	FAULT(a_location_lost_inside_another,
	      "location: table 33 app.rooms: its location '/data/disk/app/rooms' is not in the "
	      "location index, and lies inside or around that of table 32 app.users" M "\n"
	      "location: table 32 app.users: the location index has '/data/disk/app' for it, but "
	      "its location is './storage/app/users'" B "\n"),
	FAULT(a_location_lost_around_another,
	      "location: table 33 app.rooms: its location '/data/disk/app/rooms' is not in the "
	      "location index, and lies inside or around that of table 32 app.users" M "\n"
	      "location: table 32 app.users: the location index has '/data/disk/app/rooms/x' for "
	      "it, but its location is './storage/app/users'" B "\n"),
	FAULT(locations_inside_another,
	      "location: table 34 app.gone: its location '/data/disk/app/rooms/a' lies inside "
	      "'/data/disk/app/rooms', that of table 33 app.rooms" M "\n"
	      "location: table 34 app.gone: the location index has '/data/disk/app/rooms/a' for "
	      "it, but its location is './storage/app/gone'" B "\n"
	      "location: table 34 app.gone: its location '/data/disk/app/rooms/b/c' lies inside "
	      "'/data/disk/app/rooms', that of table 33 app.rooms" M "\n"
	      "location: table 34 app.gone: the location index has '/data/disk/app/rooms/b/c' for "
	      "it, but its location is './storage/app/gone'" B "\n"),
	FAULT(a_location_beside_another,
	      "location: table 34 app.gone: the location index has '/data/disk/app/rooms2' for it, "
	      "but its location is './storage/app/gone'" B "\n"),
	FAULT(a_location_of_no_table,
	      "location: table 35 app.purged: the location index has 's3://b/x' for it, but there "
	      "is no such table" B "\n"),
	FAULT(a_mark_of_a_table,
	      "location: table 32 app.users: the location index has '/data/else' as that of a "
	      "purged table, but it is there" B "\n"),
	FAULT(a_mark_of_tomorrow,
	      "counters: catalog: the counter 'next_table' is 36, but the number 900 belongs to a "
	      "table already: the next one would take it" R "\n"),
	FAULT(locations_that_are_none,
	      "location: catalog: the location index has an entry that is none (key of 1 bytes)" B
	      "\n"
	      "location: catalog: the location index has an entry that is none (key of 5 bytes)" B
	      "\n"
	      "location: catalog: the location index has an entry that is none (key of 7 bytes)" B
	      "\n"
	      "location: catalog: the location index has an entry that is none (key of 9 bytes)" B
	      "\n"),
	FAULT(a_location_too_long,
	      "location: table 33 app.rooms: its location "
	      "'/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...' has 501 "
	      "bytes, max 498" M "\n"
	      "location: table 33 app.rooms: the location index has '/data/disk/app/rooms' for it, "
	      "but its location is "
	      "'/" B127 "...'" B "\n"),
	FAULT(trash_that_is_none,
	      "trash: catalog: the trash index has an entry that is none (key of 12 bytes)" B "\n"
	      "trash: catalog: the trash index has an entry that is none (key of 5 bytes)" B "\n"),
	FAULT(purges_that_are_none,
	      "trash: table 32 app.users: is to be purged at 2025-11-23T05:00:00.000000Z, but is "
	      "not dropped" B "\n"
	      "trash: table 34 app.gone: is to be purged at 2025-11-23T05:00:00.000000Z, but its "
	      "record says 2025-11-29T10:00:00.000000Z" B "\n"
	      "trash: table 35 app.purged: is to be purged at 2025-11-23T05:00:00.000000Z, but "
	      "there is no such table" B "\n"),
	FAULT(a_purge_of_tomorrow,
	      "counters: catalog: the counter 'next_table' is 36, but the number 900 belongs to a "
	      "table already: the next one would take it" R "\n"),
	FAULT(a_drop_without_an_end,
	      "trash: table 34 app.gone: is in trash until 2025-11-29T10:00:00.000000Z, but the "
	      "trash index does not say so: it would stay for ever; UNDROP TABLE and drop it "
	      "again, or PURGE TABLE it\n"),
	FAULT(a_drop_whose_end_is_not_its_own,
	      "trash: table 34 app.gone: its history is to be deleted at "
	      "2025-11-29T10:00:00.000000Z, as if it was purged, but it is there" B "\n"
	      "trash: table 34 app.gone: is in trash until 2025-11-29T10:00:00.000000Z, but the "
	      "trash index does not say so: it would stay for ever; UNDROP TABLE and drop it "
	      "again, or PURGE TABLE it\n"),
	FAULT(a_purge_without_an_end,
	      "history: table 35 app.purged: has versions but no record, and the trash index does "
	      "not know it as purged" R "\n"),
	FAULT(purges_put_off, ""),
	FAULT(a_purge_put_off_to_before_its_time,
	      "trash: table 34 app.gone: is in trash until 2025-11-29T10:00:00.000000Z, but the "
	      "trash index does not say so: it would stay for ever; UNDROP TABLE and drop it "
	      "again, or PURGE TABLE it\n"),
	FAULT(a_line_lost,
	      "log: catalog: log.jsonl has a line at bytes 569 to 930, but the lines before end at "
	      "byte 297" R "\n"),
	FAULT(the_last_line_lost,
	      "log: catalog: log.jsonl ends at byte 3303, but the counter 'log_end' is 3587" R "\n"
	      "log: catalog: log.jsonl ends with transaction 2, but the last transaction is 3" R
	      "\n"),
	FAULT(a_line_that_is_not_json,
	      "log: catalog: the line at byte 0 of log.jsonl is not JSON: JSON is not valid at "
	      "line 1, column 2: string or '}' expected near '''" R "\n"),
	FAULT(a_line_that_is_no_object, "log: catalog: the line at byte 3303 of log.jsonl does not "
	                                "begin with its transaction" R "\n"),
	FAULT(two_lines_in_one,
	      "log: catalog: what log.jsonl has at byte 0 is not one line" R "\n"),
	FAULT(a_line_of_another_transaction,
	      "log: catalog: the line at byte 1549 of log.jsonl is of transaction 7, the one "
	      "before of 1" R "\n"
	      "log: catalog: the line at byte 1866 of log.jsonl is of transaction 1, the one "
	      "before of 7" R "\n"),
	FAULT(a_line_that_ends_nowhere,
	      "log: catalog: log.jsonl has a line of 1 bytes that ends at byte 0" R "\n"
	      "log: catalog: log.jsonl has a line of 6 bytes that ends at byte 3" R "\n"),
	FAULT(another_log_end,
	      "log: catalog: log.jsonl ends at byte 3587, but the counter 'log_end' is 3590" R
	      "\n"),
	FAULT(a_change_lost,
	      "changes: catalog: behind change 1 of transaction 1 the list of changes has change 3 "
	      "of transaction 1" R "\n"),
	FAULT(a_transaction_of_changes_lost,
	      "changes: catalog: behind change 7 of transaction 1 the list of changes has change 0 "
	      "of transaction 3" R "\n"),
	FAULT(the_last_change_lost,
	      "changes: catalog: the list of changes ends with transaction 2, but the last "
	      "transaction is 3" R "\n"),
	FAULT(a_change_of_tomorrow,
	      "changes: catalog: behind change 0 of transaction 3 the list of changes has change 0 "
	      "of transaction 7" R "\n"
	      "changes: catalog: the list of changes ends with transaction 7, but the last "
	      "transaction is 3" R "\n"),
	FAULT(changes_that_are_none,
	      "changes: catalog: change 1 of transaction 2 cannot be read" R "\n"
	      "changes: catalog: the list of changes has a key of 13 bytes instead of 12" R "\n"),
	FAULT(another_first_change,
	      "changes: catalog: the list of changes begins with change 0 of transaction 1 instead "
	      "of change 0 of 2" R "\n"),
};

/* --- what no single entry shows --- */

static void assert_totals(uint64_t namespaces, uint64_t tables, uint64_t versions)
{
	struct check_totals totals;
	char *text = findings(&totals);

	assert_string_equal(text, "");
	assert_int_equal(totals.findings, 0);
	assert_int_equal(totals.namespaces, namespaces);
	assert_int_equal(totals.tables, tables);
	assert_int_equal(totals.versions, versions);
	free(text);
}

static void a_new_catalog_is_sound(void **state)
{
	(void)state;
	world_open(&w);
	assert_totals(2, 0, 0);
	world_discard(&w);
}

/* Renamed, moved, restored, dropped, brought back, purged, with every sort of storage. */
static void a_rich_catalog_is_sound(void **state)
{
	static const char *const scripts[] = { "tests/data/exec/setup.sql", "tests/demo/tpch.sql" };

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < countof(scripts); i++) {
		char *sql = file_text(scripts[i]);

		w.now += SECOND_US;
		world_run(&w, sql);
		free(sql);
	}
	assert_totals(5, 13, 14);
	w.now += SECOND_US;
	world_run(&w, "ALTER TABLE app.users DROP COLUMN ratio, RENAME COLUMN name TO title;"
	              "ALTER TABLE app.rooms RENAME TO empty.halls;"
	              "CREATE TABLE app.rooms (id INT PRIMARY KEY);"
	              "ALTER STORAGE local SET USER_TABLES_TEMPLATE "
	              "'u/{namespace}/{tableName}-{shard}/{userId}';"
	              "CREATE STORAGE aside TYPE gcs BASE_DIRECTORY 'gcs://x' CONFIG '{\"a\":[1]}';"
	              "ALTER TABLE app.single SET (STORAGE_ID = 'aside');"
	              "CREATE STORAGE within TYPE filesystem PATH '/data/within' USER_TABLES_TEMPLATE "
	              "'{namespace}/{tableName}_{userId}';"
	              "ALTER TABLE app.users SET (STORAGE_ID = 'within');");
	w.now += SECOND_US;
	world_run(&w, "ALTER TABLE app.users RESTORE VERSION 1; UNDROP TABLE app.gone;"
	              "DROP TABLE app.rooms; DROP TABLE app.typing PURGE; CREATE STREAM TABLE "
	              "app.typing (a INT) WITH (TTL_SECONDS = 1, LOCATION_NAME = 'x/y');"
	              "DROP NAMESPACE tpch CASCADE; CREATE NAMESPACE tpch;");
	assert_totals(5, 6, 11);
	w.now += 169 * HOUR_US;
	for (bool more = true; more;)
		ok(catalog_expire(w.catalog, world_author(), SOURCE_KALAMCTL, &more, NULL));
	w.now += HOUR_US;
	for (bool more = true; more;)
		ok(catalog_expire(w.catalog, world_author(), SOURCE_KALAMCTL, &more, NULL));
	assert_totals(5, 6, 10);
	world_close(&w);
}

static void add_storage(const char *name, const char *dir, const char *below)
{
	char *sql;

	assert_true(asprintf(&sql, "CREATE STORAGE %s TYPE filesystem PATH '%s%s'", name, dir,
	                     below) > 0);
	world_run(&w, sql);
	free(sql);
}

/* Top's directory of this name; free it. */
static char *in_top(const char *top, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", top, name) > 0);
	return path;
}

#define ALIAS "storage: storage %u e: its base directory '%s' is through a symbolic link the " \
	"same as, inside or around '%s' of storage %u %s, so two tables could have one place; " \
	"move the tables of one to the other and drop it\n"

/* The index knows paths as they are written, and cannot see it. */
static void one_directory_by_two_names(void **state)
{
	char *top = temp_dir(), *link = in_top(top, "link"), *data = in_top(top, "data");
	char *late = in_top(top, "late"), *base = in_top(top, "late/data"), *expected;

	(void)state;
	world_open(&w);
	ok(symlink(top, link));
	add_storage("a", top, "/data");
	add_storage("b", top, "/data/");
	add_storage("c", link, "/data2");
	add_storage("d", "/nowhere", "");
	world_run(&w, "CREATE USER TABLE t (id INT PRIMARY KEY) WITH (STORAGE_ID = 'd');");
	assert_findings("");
	add_storage("e", late, "/data");
	assert_findings("");
	ok(symlink(top, late));
	assert_true(asprintf(&expected, ALIAS ALIAS, 6, base, data, 2, "a", 6, base, data, 3, "b") > 0);
	assert_findings(expected); /* which is not there yet */
	ok(mkdir(data, 0700));
	assert_findings(expected); /* now it is */
	world_run(&w, "DROP STORAGE e");
	assert_findings("");
	free(expected);
	free(base);
	free(late);
	free(data);
	free(link);
	world_discard(&w);
	temp_dir_remove(top);
}

/* The same below and above another one, and for the catalog itself. */
static void a_directory_around_another_by_two_names(void **state)
{
	char *top = temp_dir(), *data = in_top(top, "data"), *late = in_top(top, "late"), *expected;
	char *local;

	(void)state;
	world_open(&w);
	add_storage("a", data, "");
	add_storage("e", late, "");
	ok(symlink(top, late));
	assert_true(asprintf(&expected, ALIAS, 3, late, data, 2, "a") > 0);
	assert_findings(expected);
	free(expected);
	ok(unlink(late));
	ok(symlink("data/x", late));
	assert_true(asprintf(&expected, ALIAS, 3, late, data, 2, "a") > 0);
	assert_findings(expected);
	free(expected);
	ok(unlink(late));
	ok(symlink("data2", late));
	assert_findings("");
	ok(unlink(late));
	ok(symlink(catalog_dir(w.catalog), late));
	local = in_top(catalog_dir(w.catalog), "storage");
	assert_true(asprintf(&expected,
	                     "storage: storage 3 e: its base directory '%s' is through a symbolic "
	                     "link the same as, inside or around the catalog's, '%s', so a table "
	                     "could have its place; move its tables to another storage and drop it\n"
	                     ALIAS,
	                     late, catalog_dir(w.catalog), 3, late, local, 1, "local") > 0);
	assert_findings(expected);
	free(expected);
	free(local);
	free(late);
	free(data);
	world_discard(&w);
	temp_dir_remove(top);
}

static void set_storage_up(struct table *table)
{
	memcpy(table->options.storage_id, "up", sizeof("up"));
}

static void a_location_around_the_catalog(void **state)
{
	char *top = temp_dir(), *dir, *expected;
	struct txn *txn;

	(void)state;
	assert_true(asprintf(&dir, "%s/app", top) > 0);
	ok(mkdir(dir, 0700));
	free(dir);
	assert_true(asprintf(&dir, "%s/app/t", top) > 0);
	ok(mkdir(dir, 0700));
	free(dir);
	w = (struct world){ .now = WORLD_BIRTH };
	assert_true(asprintf(&w.dir, "%s/app/t/catalog", top) > 0);
	world_reopen(&w);
	world_run(&w, "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY);");
	add_storage("up", top, "");
	ok(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL));
	edit_version(txn, USERS, 1, set_storage_up);
	ok(txn_commit(txn, NULL));
	assert_true(asprintf(&expected,
	                     "location: table 32 app.t: its location '%s/app/t' would hold the "
	                     "catalog itself, "
	                     "which is in '%s/app/t/catalog'" M "\n"
	                     "location: table 32 app.t: its location '%s/app/t' is not in the "
	                     "location index" B "\n"
	                     "location: table 32 app.t: the location index has './storage/app/t' "
	                     "for it, but "
	                     "its location is '%s/app/t'" B "\n",
	                     top, top, top, top) > 0);
	assert_findings(expected);
	free(expected);
	world_discard(&w);
	temp_dir_remove(top);
}

/* Such a user has no link, and nothing is damaged. */
static void a_user_whose_location_is_too_long(void **state)
{
	char base[451], tail[480], *sql;

	(void)state;
	memset(base, 'b', sizeof(base) - 1);
	memset(tail, 't', sizeof(tail) - 1);
	base[sizeof(base) - 1] = tail[sizeof(tail) - 1] = '\0';
	world_open(&w);
	assert_true(asprintf(&sql,
	                     "CREATE STORAGE long TYPE filesystem PATH '/%s' USER_TABLES_TEMPLATE "
	                     "'{namespace}/{tableName}/{userId}/%.*s'; CREATE USER TABLE t (id INT "
	                     "PRIMARY KEY) "
	                     "WITH (STORAGE_ID = 'long');",
	                     base, (int)sizeof(tail) - 1, tail) > 0);
	world_run(&w, sql);
	assert_findings("");
	free(sql);
	world_discard(&w);
}

/* Everything else may be damaged; without this one nothing can be opened. */
static void no_catalog_without_its_storage(void **state)
{
	struct key key = object_key(OBJECT_STORAGE, STORAGE_LOCAL);
	struct catalog_options options = { .map_size = 64 << 20 };
	struct err err = ERR_INIT;
	struct txn *txn;

	(void)state;
	for (int missing = 0; missing < 2; missing++) {
		world_open(&w);
		ok(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL));
		if (missing)
			del(txn, DB_OBJECTS, &key);
		else
			flip(txn, DB_OBJECTS, &key, 20);
		ok(txn_commit(txn, NULL));
		catalog_close(w.catalog);
		w.catalog = NULL;
		err_clear(&err);
		assert_int_equal(catalog_open(w.dir, &options, &w.catalog, &err), -EUCLEAN);
		assert_err(&err, -EUCLEAN,
		           missing ? "catalog damaged: storage 'local' is missing" R
		                   : "catalog damaged: record of a storage is damaged: its "
		                     "checksum does "
		                     "not fit its bytes" R);
		assert_int_equal(err.kind, ERR_STORE);
		world_discard(&w);
	}
}

/* --- damage of all kinds --- */

struct entry {
	enum store_db db;
	struct buf key, value;
};

struct entries {
	struct entry *list;
	size_t count;
};

static struct entries all_entries(void)
{
	struct entries all = { .list = NULL };
	struct txn *txn = world_txn(&w);

	for (unsigned db = 0; db < DB_COUNT; db++) {
		struct cursor *cursor;
		struct bytes k, v;

		ok(cursor_open(txn, db, &cursor, NULL));
		for (int rc = cursor_seek(cursor, (struct bytes){ "", 0 }, &k, &v); !rc;
		     rc = cursor_next(cursor, &k, &v)) {
			all.list = realloc(all.list, (all.count + 1) * sizeof(*all.list));
			all.list[all.count] = (struct entry){ .db = db };
			buf_bytes(&all.list[all.count].key, k.at, k.len);
			buf_bytes(&all.list[all.count++].value, v.at, v.len);
		}
		cursor_close(cursor);
	}
	txn_end(txn);
	return all;
}

/* What a purged table leaves behind: nothing else says what it should be. */
static bool is_left(const struct entry *entry)
{
	return (entry->db == DB_VERSIONS && entry->key.at[3] == PURGED) ||
	       (entry->db == DB_LOCATIONS && entry->key.at[0] == 1) ||
	       (entry->db == DB_TRASH && entry->value.at[0] == TRASH_HISTORY);
}

/* Of what every bit of the value counts. */
static bool is_guarded(const struct entry *entry)
{
	switch (entry->db) {
	case DB_NAMES:
	case DB_CHILDREN:
	case DB_VERSIONS:
	case DB_LOCATIONS:
	case DB_TRASH:
		return !is_left(entry);
	case DB_OBJECTS:
		return entry->key.at[0] < DIR_STATE_KIND;
	case DB_META:
	case DB_LOG:
	case DB_CHANGES:
	case DB_COUNT:
		break;
	}
	return false;
}

static void write_entry(const struct entry *entry, bool remove)
{
	struct bytes key = { entry->key.at, entry->key.len };
	struct txn *txn;

	ok(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL));
	if (remove)
		ok(store_del(txn, entry->db, key, NULL));
	else
		ok(store_put(txn, entry->db, key,
		             (struct bytes){ entry->value.at, entry->value.len }, NULL));
	ok(txn_commit(txn, NULL));
}

static bool is_there(const struct entry *entry)
{
	struct txn *txn = world_txn(&w);
	struct bytes value;
	int rc = store_get(txn, entry->db, (struct bytes){ entry->key.at, entry->key.len }, &value);

	txn_end(txn);
	return !rc;
}

static uint64_t count_findings(void)
{
	struct check_totals totals;

	free(findings(&totals));
	return totals.findings;
}

static void damage_value(const struct entry *entry, unsigned seed)
{
	struct entry bad = { .db = entry->db, .key = entry->key };

	buf_bytes(&bad.value, entry->value.at, entry->value.len);
	if (seed % 4 == 3)
		bad.value.len = seed / 4 % bad.value.len;
	else
		bad.value.at[seed / 4 % bad.value.len] ^= (uint8_t)(1 << seed % 8);
	write_entry(&bad, false);
	if (!count_findings() && is_guarded(entry))
		fail_msg("database %u, entry of %zu bytes, seed %u: not found", entry->db,
		         bad.value.len, seed);
	write_entry(entry, false);
	buf_free(&bad.value);
}

static void damage_key(const struct entry *entry, unsigned seed)
{
	struct entry bad = { .db = entry->db, .value = entry->value };

	buf_bytes(&bad.key, entry->key.at, entry->key.len);
	if (seed % 4 == 3)
		bad.key.len = seed / 4 % bad.key.len + 1;
	else
		bad.key.at[seed / 4 % bad.key.len] ^= (uint8_t)(1 << seed % 8);
	if (!is_there(&bad)) {
		write_entry(entry, true);
		write_entry(&bad, false);
		if (!count_findings() && entry->db != DB_META && !is_left(entry))
			fail_msg("database %u, key of %zu bytes, seed %u: not found", entry->db,
			         bad.key.len, seed);
		write_entry(&bad, true);
		write_entry(entry, false);
	}
	buf_free(&bad.key);
}

/* Whatever is damaged, the check comes to its end; where every bit counts, it finds it. */
static void damage_is_found(void **state)
{
	struct entries all = all_entries();
	unsigned seed = 20261122;

	(void)state;
	for (size_t i = 0; i < all.count; i++) {
		for (unsigned n = 0; n < 3; n++) {
			seed = seed * 1103515245 + 12345;
			damage_value(&all.list[i], seed >> 8);
			damage_key(&all.list[i], seed >> 4);
		}
	}
	assert_findings("");
	for (size_t i = 0; i < all.count; i++) {
		buf_free(&all.list[i].key);
		buf_free(&all.list[i].value);
	}
	free(all.list);
}

int main(void)
{
	static struct CMUnitTest tests[countof(faults) + 8] = {
		cmocka_unit_test(a_new_catalog_is_sound),
		cmocka_unit_test(a_rich_catalog_is_sound),
		cmocka_unit_test(one_directory_by_two_names),
		cmocka_unit_test(a_directory_around_another_by_two_names),
		cmocka_unit_test(a_location_around_the_catalog),
		cmocka_unit_test(a_user_whose_location_is_too_long),
		cmocka_unit_test(no_catalog_without_its_storage),
		cmocka_unit_test_setup_teardown(damage_is_found, set_up, tear_down),
	};

	for (size_t i = 0; i < countof(faults); i++)
		tests[8 + i] = (struct CMUnitTest)FAULT_TEST(&faults[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
