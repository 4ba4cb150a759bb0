/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in objects, their names and their history. */
#include "tests/unit/planting.h"

/* --- counters --- */

static void an_unknown_counter(struct txn *txn)
{
	put_text(txn, DB_META, "bogus", 5, "12345678");
}

static void a_short_counter(struct txn *txn)
{
	put_text(txn, DB_META, "locations_epoch", 15, "123");
}

static void counted_tables(struct txn *txn)
{
	set_counter(txn, META_TABLES, 9);
}

static void counted_trash(struct txn *txn)
{
	set_counter(txn, META_TRASH, 0);
}

static void next_numbers(struct txn *txn)
{
	set_counter(txn, META_NEXT_NAMESPACE, APP);
	set_counter(txn, META_NEXT_TABLE, GONE);
	set_counter(txn, META_NEXT_STORAGE, 0);
}

static void an_early_last_stamp(struct txn *txn)
{
	set_counter(txn, META_LAST_STAMP, WORLD_BIRTH + HOUR_US);
}

static void no_uuid(struct txn *txn)
{
	set_counter(txn, META_UUID_LOW, 0);
}

static void a_late_epoch(struct txn *txn)
{
	set_counter(txn, META_LOCATIONS_EPOCH, 4);
}

static void an_early_sequence(struct txn *txn)
{
	set_counter(txn, META_SEQUENCE, 2);
}

static void a_late_sequence(struct txn *txn)
{
	set_counter(txn, META_SEQUENCE, 4);
}

/* --- names --- */

static void a_name_lost(struct txn *txn)
{
	struct key key = name_key(DIR_TABLES, APP, "users");

	del(txn, DB_NAMES, &key);
}

static void a_listing_lost(struct txn *txn)
{
	struct key key = child_key(DIR_TABLES, APP, USERS);

	del(txn, DB_CHILDREN, &key);
}

static void name_and_listing_lost(struct txn *txn)
{
	ok(name_remove(txn, DIR_TABLES, APP, "users", USERS, NULL));
}

static void a_namespace_unlisted(struct txn *txn)
{
	ok(name_remove(txn, DIR_NAMESPACES, 0, "app", APP, NULL));
}

static void a_storage_unlisted(struct txn *txn)
{
	ok(name_remove(txn, DIR_STORAGES, 0, "disk", DISK, NULL));
}

static void a_name_of_another(struct txn *txn)
{
	struct key key = name_key(DIR_TABLES, APP, "users"), id = { .len = 0 };

	key_be32(&id, ROOMS);
	put(txn, DB_NAMES, &key, id.at, id.len);
}

static void a_listing_under_another_name(struct txn *txn)
{
	struct key key = child_key(DIR_TABLES, APP, USERS);

	put(txn, DB_CHILDREN, &key, "user", 4);
}

static void another_name_in_both(struct txn *txn)
{
	ok(name_remove(txn, DIR_TABLES, APP, "users", USERS, NULL));
	ok(name_add(txn, DIR_TABLES, APP, "user", USERS, NULL));
}

static void a_table_twice(struct txn *txn)
{
	ok(name_add(txn, DIR_TRASH, APP, "users2", USERS, NULL));
	ok(dir_state_touch(txn, DIR_TRASH, APP, 1, 0, 1, NULL));
	set_counter(txn, META_TRASH, 2);
}

static void no_table_behind_a_name(struct txn *txn)
{
	ok(name_add(txn, DIR_TABLES, APP, "ghost", 36, NULL));
	ok(dir_state_touch(txn, DIR_TABLES, APP, 1, 0, 1, NULL));
	set_counter(txn, META_TABLES, 3);
}

static void no_namespace_behind_a_name(struct txn *txn)
{
	ok(name_add(txn, DIR_NAMESPACES, 0, "ghost", 2000, NULL));
	ok(name_add(txn, DIR_STORAGES, 0, "ghost", 3000, NULL));
	ok(dir_state_touch(txn, DIR_NAMESPACES, 0, 1, 0, 1, NULL));
	ok(dir_state_touch(txn, DIR_STORAGES, 0, 1, 0, 1, NULL));
}

static void a_table_in_no_namespace(struct txn *txn)
{
	ok(name_add(txn, DIR_TABLES, 77, "users", USERS, NULL));
	ok(dir_state_touch(txn, DIR_TABLES, 77, 1, 0, 1, NULL));
	set_counter(txn, META_TABLES, 3);
}

static void names_that_are_none(struct txn *txn)
{
	struct key key = { .len = 0 };

	put_text(txn, DB_NAMES, "xy", 2, "1234");
	key_be32(&key, APP);
	key_u8(&key, DIR_KIND_COUNT);
	key_text(&key, "name", 4);
	put(txn, DB_NAMES, &key, "1234", 4);
	key = name_key(DIR_TABLES, APP, "short");
	put(txn, DB_NAMES, &key, "123", 3);
	key = name_key(DIR_TABLES, 0, "rootless");
	put(txn, DB_NAMES, &key, "1234", 4);
	key = name_key(DIR_NAMESPACES, 5, "parented");
	put(txn, DB_NAMES, &key, "1234", 4);
}

static void listings_that_are_none(struct txn *txn)
{
	struct key key = child_key(DIR_TABLES, APP, 40);

	put(txn, DB_CHILDREN, &key, "a\0b", 3);
	key_u8(&key, 1);
	put(txn, DB_CHILDREN, &key, "longer", 6);
	put_text(txn, DB_CHILDREN, "xy", 2, "name");
}

static void a_wrong_count(struct txn *txn)
{
	ok(dir_state_touch(txn, DIR_TABLES, APP, 1, 0, 5, NULL));
	ok(dir_state_touch(txn, DIR_STORAGES, 0, 1, 0, -1, NULL));
}

static void a_count_of_nothing(struct txn *txn)
{
	ok(dir_state_touch(txn, DIR_TRASH, NAMESPACE_DEFAULT, 1, 0, 2, NULL));
}

static void a_damaged_directory(struct txn *txn)
{
	struct key key = object_key(DIR_STATE_KIND + DIR_TABLES, NAMESPACE_DEFAULT);

	put(txn, DB_OBJECTS, &key, "123", 3);
}

static void a_directory_of_tomorrow(struct txn *txn)
{
	ok(dir_state_touch(txn, DIR_TABLES, APP, 9, 0, 0, NULL));
}

static void a_held_name_taken(struct txn *txn)
{
	struct table *table;

	ok(name_remove(txn, DIR_TABLES, APP, "rooms", ROOMS, NULL));
	ok(name_add(txn, DIR_TABLES, APP, "gone", ROOMS, NULL));
	table = version(txn, ROOMS, 1);
	memcpy(table->name, "gone", sizeof("gone"));
	ok(version_measure(NULL, table, NULL));
	ok(row_table_put(txn, table, true, NULL));
	table_put(table);
}

/* --- records --- */

static void a_damaged_table(struct txn *txn)
{
	struct key key = object_key(OBJECT_TABLE, USERS);

	flip(txn, DB_OBJECTS, &key, 30);
}

static void a_table_damaged_everywhere(struct txn *txn)
{
	struct key last = version_key(USERS, 3);

	a_damaged_table(txn);
	flip(txn, DB_VERSIONS, &last, 40);
}

static void a_damaged_namespace(struct txn *txn)
{
	struct key key = object_key(OBJECT_NAMESPACE, APP);

	flip(txn, DB_OBJECTS, &key, 20);
}

static void a_damaged_storage(struct txn *txn)
{
	struct key key = object_key(OBJECT_STORAGE, DISK);

	flip(txn, DB_OBJECTS, &key, 20);
}

static void a_damaged_version(struct txn *txn)
{
	struct key key = version_key(USERS, 2);

	flip(txn, DB_VERSIONS, &key, 40);
}

static void records_of_no_kind(struct txn *txn)
{
	struct key key = object_key(9, 1);

	put(txn, DB_OBJECTS, &key, "x", 1);
	put_text(txn, DB_OBJECTS, "\1", 1, "x");
}

static void a_stored_system(struct txn *txn)
{
	struct namespace *ns = namespace_new();
	struct table *table = version(txn, ROOMS, 1);

	ns->id = NAMESPACE_SYSTEM;
	ns->version = 1;
	ns->created_at = ns->updated_at = WORLD_BIRTH;
	memcpy(ns->name, "system", sizeof("system"));
	ok(row_namespace_put(txn, ns, NULL));
	ok(name_add(txn, DIR_NAMESPACES, 0, "system", NAMESPACE_SYSTEM, NULL));
	ok(dir_state_touch(txn, DIR_NAMESPACES, 0, 1, 0, 1, NULL));
	namespace_put(ns);
	/* and a table with a number of its tables */
	table->id = 5;
	memcpy(table->name, "five", sizeof("five"));
	memcpy(table->location_name, "app/five", sizeof("app/five"));
	ok(version_measure(NULL, table, NULL));
	ok(row_table_put(txn, table, true, NULL));
	ok(name_add(txn, DIR_TABLES, APP, "five", 5, NULL));
	ok(location_add(txn, "/data/disk/app/five", 5, NULL));
	ok(dir_state_touch(txn, DIR_TABLES, APP, 1, 0, 1, NULL));
	set_counter(txn, META_TABLES, 3);
	table_put(table);
}

static void no_default(struct txn *txn)
{
	ok(row_delete(txn, OBJECT_NAMESPACE, NAMESPACE_DEFAULT, NULL));
	ok(name_remove(txn, DIR_NAMESPACES, 0, "default", NAMESPACE_DEFAULT, NULL));
	ok(dir_state_touch(txn, DIR_NAMESPACES, 0, 1, 0, -1, NULL));
}

static void name_first(struct namespace *ns)
{
	memcpy(ns->name, "first", sizeof("first"));
}

static void default_renamed(struct txn *txn)
{
	edit_namespace(txn, NAMESPACE_DEFAULT, name_first);
	ok(name_remove(txn, DIR_NAMESPACES, 0, "default", NAMESPACE_DEFAULT, NULL));
	ok(name_add(txn, DIR_NAMESPACES, 0, "first", NAMESPACE_DEFAULT, NULL));
}

static void spoil_namespace(struct namespace *ns)
{
	ns->version = 0;
	ns->updated_at = ns->created_at - 1;
	ns->comment = "a\x01";
	ns->options[0].json = "[1]";
	ns->options[1].key = ns->options[0].key;
}

static void a_spoilt_namespace(struct txn *txn)
{
	edit_namespace(txn, APP, spoil_namespace);
}

static void name_main(struct namespace *ns)
{
	memcpy(ns->name, "main", sizeof("main"));
}

static void a_reserved_namespace(struct txn *txn)
{
	edit_namespace(txn, EMPTY, name_main);
	ok(name_remove(txn, DIR_NAMESPACES, 0, "empty", EMPTY, NULL));
	ok(name_add(txn, DIR_NAMESPACES, 0, "main", EMPTY, NULL));
}

static void a_namespace_listed_under_another_name(struct txn *txn)
{
	edit_namespace(txn, EMPTY, name_main);
}

static void set_namespace_77(struct table *table)
{
	table->namespace_id = 77;
}

static void a_table_of_no_namespace(struct txn *txn)
{
	edit_current(txn, USERS, set_namespace_77);
}

static void set_namespace_name(struct table *table)
{
	memcpy(table->namespace_name, "other", sizeof("other"));
}

static void a_table_with_another_namespace_name(struct txn *txn)
{
	edit_version(txn, ROOMS, 1, set_namespace_name);
}

static void set_expiry(struct table *table)
{
	table->expires_at = WORLD_BIRTH;
}

static void an_expiry_without_a_drop(struct txn *txn)
{
	edit_current(txn, USERS, set_expiry);
}

static void an_expiry_before_the_drop(struct txn *txn)
{
	edit_current(txn, GONE, set_expiry);
}

static void set_dropped(struct table *table)
{
	table->dropped_at = WORLD_BIRTH;
	table->expires_at = WORLD_BIRTH + HOUR_US;
}

static void a_drop_that_moved_nothing(struct txn *txn)
{
	edit_current(txn, ROOMS, set_dropped);
}

static void set_type_system(struct table *table)
{
	table->type = TABLE_SYSTEM;
}

static void a_table_of_type_system(struct txn *txn)
{
	edit_current(txn, ROOMS, set_type_system);
}

static void spoil_comment(struct table *table)
{
	table->comment = "a\x01";
}

static void a_spoilt_definition(struct txn *txn)
{
	edit_current(txn, USERS, spoil_comment);
}

static void a_spoilt_version(struct txn *txn)
{
	edit_version(txn, USERS, 3, spoil_comment);
}

/* --- history --- */

static void lose_versions(struct txn *txn, uint32_t from, uint32_t to)
{
	for (uint32_t number = from; number <= to; number++) {
		struct key key = version_key(USERS, number);

		del(txn, DB_VERSIONS, &key);
	}
}

static void version_2_lost(struct txn *txn)
{
	lose_versions(txn, 2, 2);
}

static void versions_1_and_2_lost(struct txn *txn)
{
	lose_versions(txn, 1, 2);
}

static void version_3_lost(struct txn *txn)
{
	lose_versions(txn, 3, 3);
}

static void all_versions_lost(struct txn *txn)
{
	lose_versions(txn, 1, 3);
}

static void set_version_2(struct table *table)
{
	table->version = 2;
}

static void a_current_version_behind(struct txn *txn)
{
	edit_current(txn, USERS, set_version_2);
}

static void a_version_at_another_time(struct txn *txn)
{
	struct key key = version_key(USERS, 2);

	flip(txn, DB_VERSIONS, &key, 7);
}

static void a_history_that_is_none(struct txn *txn)
{
	struct key key = version_key(USERS, 3);

	key_u8(&key, 0);
	put(txn, DB_VERSIONS, &key, "x", 1);
	put_text(txn, DB_VERSIONS, "abc", 3, "x");
}

static void a_history_without_a_table(struct txn *txn)
{
	struct table *table = version(txn, ROOMS, 1);

	table->id = 90;
	ok(row_table_put(txn, table, true, NULL));
	ok(row_delete(txn, OBJECT_TABLE, 90, NULL));
	table_put(table);
}

/* Version 3 of app.users changes no column, so its time and number stand alone. */
static void set_early(struct table *table)
{
	table->info.committed_at = table->updated_at = table->columns_changed_at =
		WORLD_BIRTH + HOUR_US;
}

static void a_version_before_its_predecessor(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_early);
}

static void set_sequence_2(struct table *table)
{
	table->info.sequence = 2;
}

static void a_version_of_the_same_transaction(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_sequence_2);
}

static void set_sequence_99(struct table *table)
{
	table->info.sequence = 99;
}

static void a_version_of_tomorrow(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_sequence_99);
}

static void set_nothing_new(struct table *table)
{
	table->version = 2;
	table->info.committed_at = table->updated_at = WORLD_BIRTH + HOUR_US;
	table->info.sequence = 2;
}

static void a_version_of_nothing(struct txn *txn)
{
	struct table *table = version(txn, ROOMS, 1);

	set_nothing_new(table);
	ok(row_table_put(txn, table, true, NULL));
	table_put(table);
	edit_version(txn, ROOMS, 2, set_nothing_new);
}

static void set_type_shared(struct table *table)
{
	table->type = TABLE_SHARED;
}

static void a_version_of_another_type(struct txn *txn)
{
	edit_version(txn, USERS, 2, set_type_shared);
}

static void set_restored(struct table *table)
{
	table->info.restored_from = 7;
}

static void a_version_restored_from_a_later_one(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_restored);
}

static void set_times(struct table *table)
{
	table->created_at -= 5;
	table->updated_at += 1;
	table->columns_changed_at += 2;
	table->placed_at = table->created_at - 1;
}

static void a_version_with_other_times(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_times);
}

static void set_comment(struct table *table)
{
	table->comment = "changed";
}

static void another_definition(struct txn *txn)
{
	edit_current(txn, USERS, set_comment);
}

static void set_next_rev(struct table *table)
{
	table->next_rev = 9;
}

static void another_counter(struct txn *txn)
{
	edit_current(txn, USERS, set_next_rev);
}

/* --- columns --- */

static void set_next_column_id(struct table *table)
{
	table->next_column_id = 9;
}

static void a_column_id_used_before(struct txn *txn)
{
	for (uint32_t number = 1; number <= 3; number++)
		edit_version(txn, USERS, number, set_next_column_id);
}

static void set_restored_from_1(struct table *table)
{
	table->info.restored_from = 1;
}

static void a_column_that_no_restore_brought(struct txn *txn)
{
	a_column_id_used_before(txn);
	edit_version(txn, USERS, 2, set_restored_from_1);
}

static void column_ids_that_go_back(struct txn *txn)
{
	edit_version(txn, USERS, 2, set_next_column_id);
}

static void set_rev(struct table *table)
{
	table->columns[1].rev = 9;
}

static void another_change_counter(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_rev);
}

static void set_column_version(struct table *table)
{
	table->columns[1].version = 1;
	table->columns[1].changed_at++;
}

static void another_column_version(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_column_version);
}

static void set_revs_of_new(struct table *table)
{
	table->columns[2].rev = 8;
	table->columns[2].version = 1;
}

static void a_new_column_with_another_counter(struct txn *txn)
{
	edit_version(txn, USERS, 2, set_revs_of_new);
}

static void another_next_counter(struct txn *txn)
{
	edit_version(txn, USERS, 3, set_next_rev);
}

/* --- sizes --- */

static void other_sizes(struct txn *txn)
{
	struct table *table = version(txn, USERS, 2);

	for (unsigned form = 0; form < FORM_COUNT; form++)
		table->sizes[form] = 7;
	put_version(txn, table);
	table_put(table);
}

/* --- what is told --- */

static const struct fault faults[] = {
	FAULT(an_unknown_counter,
	      "counters: catalog: there is a counter 'bogus', which nothing knows" R "\n"),
	FAULT(a_short_counter,
	      "counters: catalog: the counter 'locations_epoch' has 3 bytes instead of 8" R "\n"),
	FAULT(counted_tables,
	      "counters: catalog: the counter 'tables' is 9, but 2 are listed in the namespaces" B
	      "\n"),
	FAULT(counted_trash,
	      "counters: catalog: the counter 'trash' is 0, but 1 are listed in trash" B "\n"),
	FAULT(next_numbers,
	      "counters: catalog: the counter 'next_namespace' is 3, but the number 4 belongs to a "
	      "namespace already: the next one would take it" R "\n"
	      "counters: catalog: the counter 'next_table' is 34, but the number 35 belongs to a "
	      "table already: the next one would take it" R "\n"
	      "counters: catalog: the counter 'next_storage' is 2, but the number 3 belongs to a "
	      "storage already: the next one would take it" R "\n"),
	FAULT(an_early_last_stamp,
	      "counters: catalog: the counter 'last_stamp' is 2025-11-22T10:00:00.000000Z, but "
	      "table 32 app.users has the later 2025-11-22T11:00:00.000000Z" R "\n"),
	FAULT(no_uuid, "counters: catalog: the catalog has no uuid" R "\n"),
	FAULT(a_late_epoch, "counters: catalog: the counter 'locations_epoch' is 4, but the last "
	                    "transaction is 3" R "\n"),
	FAULT(an_early_sequence,
	      "counters: catalog: the counter 'sequence' is 2, but the last transaction is 3" R
	      "\n"),
	FAULT(a_late_sequence,
	      "counters: catalog: the counter 'sequence' is 4, but the last transaction is 3" R
	      "\n"),
	FAULT(a_name_lost,
	      "names: table 32 app.users: is listed in namespaces/app/tables/ as 'users', but is "
	      "not found by that name" B "\n"),
	FAULT(a_listing_lost,
	      "names: table 32 app.users: the name 'users' in namespaces/app/tables/ leads to it, "
	      "but it is not listed there" B "\n"
	      "names: namespace 3 app: namespaces/app/tables/ has 1 entries, but counts 2" B "\n"
	      "counters: catalog: the counter 'tables' is 2, but 1 are listed in the namespaces" B
	      "\n"),
	FAULT(name_and_listing_lost,
	      "names: table 32 app.users: is not in namespaces/app/tables/, where its record puts "
	      "it as 'users'" B "\n"
	      "names: namespace 3 app: namespaces/app/tables/ has 1 entries, but counts 2" B "\n"
	      "counters: catalog: the counter 'tables' is 2, but 1 are listed in the namespaces" B
	      "\n"),
	FAULT(a_namespace_unlisted,
	      "names: namespace 3 app: is not in namespaces/, where its record puts it as 'app'" B
	      "\n"
	      "names: catalog: namespaces/ has 2 entries, but counts 3" B "\n"),
	FAULT(a_storage_unlisted,
	      "storage: table 33 app.rooms: its storage 'disk' does not exist; create it again "
	      "with CREATE STORAGE\n"
	      "names: storage 2 disk: is not in storages/, where its record puts it as 'disk'" B
	      "\n"
	      "names: catalog: storages/ has 2 entries, but counts 3" B "\n"),
	FAULT(a_name_of_another,
	      "names: table 33 app.users: the name 'users' in namespaces/app/tables/ leads to it, "
	      "but it is listed there as 'rooms'" B "\n"
	      "names: table 32 app.users: is listed in namespaces/app/tables/ as 'users', but by "
	      "that name table 33 app.rooms is found" B "\n"),
	FAULT(a_listing_under_another_name,
	      "names: table 32 app.users: the name 'users' in namespaces/app/tables/ leads to it, "
	      "but it is listed there as 'user'" B "\n"
	      "names: table 32 app.user: is listed in namespaces/app/tables/ as 'user', but is not "
	      "found by that name" B "\n"
	      "names: table 32 app.user: is listed in namespaces/app/tables/ as 'user', but its "
	      "record calls it 'users'" B "\n"),
	FAULT(another_name_in_both,
	      "names: table 32 app.user: is listed in namespaces/app/tables/ as 'user', but its "
	      "record calls it 'users'" B "\n"),
	FAULT(a_table_twice,
	      "names: table 32 app.users2: is listed in namespaces/app/trash/ as 'users2', but its "
	      "record puts it into namespaces/app/tables/" B "\n"),
	FAULT(no_table_behind_a_name,
	      "names: table 36 app.ghost: is listed in namespaces/app/tables/ as 'ghost', but "
	      "there is no such table" R "\n"),
	FAULT(no_namespace_behind_a_name,
	      "names: namespace 2000 ghost: is listed in namespaces/ as 'ghost', but there is no "
	      "such namespace" R "\n"
	      "names: storage 3000 ghost: is listed in storages/ as 'ghost', but there is no such "
	      "storage" R "\n"),
	FAULT(a_table_in_no_namespace,
	      "names: namespace 77 : tables/ of namespace 77 has entries, but there is no such "
	      "namespace" B "\n"
	      "names: table 32 users: is listed in tables/ of namespace 77 as 'users', but its "
	      "record puts it into namespaces/app/tables/" B "\n"),
	FAULT(names_that_are_none,
	      "names: catalog: the index of names has an entry that is none (key of 13 bytes)" B
	      "\n"
	      "names: catalog: the index of names has an entry that is none (key of 10 bytes)" B
	      "\n"
	      "names: catalog: the index of names has an entry that is none (key of 9 bytes)" B "\n"
	      "names: catalog: the index of names has an entry that is none (key of 13 bytes)" B
	      "\n"
	      "names: catalog: the index of names has an entry that is none (key of 2 bytes)" B
	      "\n"),
	FAULT(listings_that_are_none,
	      "names: catalog: the listing of directories has an entry that is none (key of 9 "
	      "bytes)" B "\n"
	      "names: catalog: the listing of directories has an entry that is none (key of 10 "
	      "bytes)" B "\n"
	      "names: catalog: the listing of directories has an entry that is none (key of 2 "
	      "bytes)" B "\n"),
	FAULT(a_wrong_count,
	      "names: catalog: storages/ has 3 entries, but counts 2" B "\n"
	      "names: namespace 3 app: namespaces/app/tables/ has 2 entries, but counts 7" B "\n"),
	FAULT(a_count_of_nothing,
	      "names: namespace 2 default: namespaces/default/trash/ has 0 entries, but counts 2" B
	      "\n"),
	FAULT(a_damaged_directory,
	      "names: catalog: the state of a directory is damaged (3 bytes instead of 20)" B "\n"),
	FAULT(a_directory_of_tomorrow,
	      "names: namespace 3 app: namespaces/app/tables/ was changed by transaction 9, but "
	      "the last transaction is 3" B "\n"),
	FAULT(a_held_name_taken,
	      "names: table 34 app.gone: is in trash, but table 33 app.gone has its name: UNDROP "
	      "TABLE cannot bring it back; PURGE TABLE it, or rename the other one\n"),
	FAULT(a_damaged_table,
	      "record: table 32 app.users: record of a table is damaged: its checksum does not fit "
	      "its bytes" R "\n"),
	FAULT(a_table_damaged_everywhere,
	      "record: table 32 app.users: record of a table is damaged: its checksum does "
	      "not fit its bytes" R "\n"
	      "record: table 32 app.users: version 3: record of a table is damaged: its "
	      "checksum does not fit its bytes" R "\n"),
	FAULT(a_damaged_namespace,
	      "record: namespace 3 app: record of a namespace is damaged: its checksum does not "
	      "fit its bytes" R "\n"),
	FAULT(a_damaged_storage,
	      "record: storage 2 disk: record of a storage is damaged: its checksum does not fit "
	      "its bytes" R "\n"),
	FAULT(a_damaged_version,
	      "record: table 32 app.users: version 2: record of a table is damaged: its checksum "
	      "does not fit its bytes" R "\n"),
	FAULT(records_of_no_kind,
	      "record: catalog: there is a record of unknown kind 1 (key of 1 bytes)" R "\n"
	      "record: catalog: there is a record of unknown kind 9 (key of 5 bytes)" R "\n"),
	FAULT(a_stored_system,
	      "record: namespace 1 system: is built in and must not be stored" R "\n"
	      "record: table 5 app.five: is of type SYSTEM or has a number below 32: such tables "
	      "are built in and must not be stored" R "\n"),
	FAULT(no_default,
	      "record: namespace 2 default: is missing, and every catalog has it" R "\n"
	      "record: catalog: sizes of information_schema are kept for namespace 2, which is not "
	      "there" R "\n"),
	FAULT(default_renamed,
	      "record: namespace 2 first: namespace 2 and no other one is called 'default'" R "\n"),
	FAULT(a_spoilt_namespace,
	      "record: namespace 3 app: Comment holds the control character U+0001; only newline "
	      "and tab are allowed; set it anew with ALTER NAMESPACE ... COMMENT\n"
	      "record: namespace 3 app: its option 'owner' is no text, number, true or false; set "
	      "it anew with ALTER NAMESPACE\n"
	      "record: namespace 3 app: it has the option 'owner' twice" R "\n"
	      "record: namespace 3 app: its version is 0; the first is 1" R "\n"
	      "record: namespace 3 app: it was updated at 2025-11-22T09:00:00.000000Z, before it "
	      "was created at 2025-11-22T09:00:00.000001Z" R "\n"),
	FAULT(a_reserved_namespace,
	      "record: namespace 4 main: Namespace 'main' is reserved and cannot be used" R "\n"),
	FAULT(a_namespace_listed_under_another_name,
	      "record: namespace 4 main: Namespace 'main' is reserved and cannot be used" R "\n"
	      "names: namespace 4 empty: is listed in namespaces/ as 'empty', but its record calls "
	      "it 'main'" B "\n"),
	FAULT(a_table_of_no_namespace,
	      "record: table 32 app.users: its record puts it into namespace 77, which does not "
	      "exist" R "\n"
	      "names: table 32 app.users: is not in tables/ of namespace 77, where its record puts "
	      "it as 'users'" B "\n"
	      "history: table 32 app.users: the current definition is not that of version 3 "
	      "(Renamed app.users to app.users)" R "\n"
	      "names: table 32 app.users: is listed in namespaces/app/tables/ as 'users', but its "
	      "record puts it into tables/ of namespace 77" B "\n"),
	FAULT(a_table_with_another_namespace_name,
	      "record: table 33 other.rooms: its record puts it into namespace 3 as 'other', whose "
	      "name is 'app'" R "\n"),
	FAULT(an_expiry_without_a_drop,
	      "record: table 32 app.users: it is not dropped, but is to be purged at "
	      "2025-11-22T09:00:00.000000Z" R "\n"),
	FAULT(an_expiry_before_the_drop,
	      "trash: table 34 app.gone: is to be purged at 2025-11-29T10:00:00.000000Z, but its "
	      "record says 2025-11-22T09:00:00.000000Z" B "\n"
	      "record: table 34 app.gone: it was dropped at 2025-11-22T10:00:00.000000Z, but is to "
	      "be purged before that, at 2025-11-22T09:00:00.000000Z" R "\n"
	      "trash: table 34 app.gone: is in trash until 2025-11-22T09:00:00.000000Z, but the "
	      "trash index does not say so: it would stay for ever; UNDROP TABLE and drop it "
	      "again, or PURGE TABLE it\n"),
	FAULT(a_drop_that_moved_nothing,
	      "names: table 33 app.rooms: is not in namespaces/app/trash/, where its record puts "
	      "it as 'rooms'" B "\n"
	      "trash: table 33 app.rooms: is in trash until 2025-11-22T10:00:00.000000Z, but the "
	      "trash index does not say so: it would stay for ever; UNDROP TABLE and drop it "
	      "again, or PURGE TABLE it\n"
	      "names: table 33 app.rooms: is listed in namespaces/app/tables/ as 'rooms', but its "
	      "record puts it into namespaces/app/trash/" B "\n"),
	FAULT(a_table_of_type_system,
	      "record: table 33 app.rooms: is of type SYSTEM or has a number below 32: such tables "
	      "are built in and must not be stored" R "\n"
	      "history: table 33 app.rooms: the current definition is not that of version 1 (its "
	      "type is another)" R "\n"
	      "record: table 33 app.rooms: STORAGE_ID is only supported for USER, SHARED and "
	      "STREAM tables" R "\n"
	      "location: table 33 app.rooms: its location '/data/disk/system/app/rooms' is not in "
	      "the location index" B "\n"
	      "location: table 33 app.rooms: the location index has '/data/disk/app/rooms' for it, "
	      "but its location is '/data/disk/system/app/rooms'" B "\n"),
	FAULT(a_spoilt_definition,
	      "history: table 32 app.users: the current definition is not that of version 3 "
	      "(Changed comment)" R "\n"
	      "record: table 32 app.users: Comment holds the control character U+0001; only "
	      "newline and tab are allowed" R "\n"),
	FAULT(a_spoilt_version,
	      "record: table 32 app.users: version 3: Comment holds the control character U+0001; "
	      "only newline and tab are allowed" R "\n"),
	FAULT(version_2_lost, "history: table 32 app.users: version 2 is missing" R "\n"),
	FAULT(versions_1_and_2_lost,
	      "history: table 32 app.users: versions 1 to 2 are missing" R "\n"),
	FAULT(version_3_lost,
	      "history: table 32 app.users: the current definition is version 3, the last one kept "
	      "is 2" R "\n"),
	FAULT(all_versions_lost,
	      "history: table 32 app.users: has no versions, but is at version 3" R "\n"),
	FAULT(a_current_version_behind,
	      "history: table 32 app.users: the current definition is version 2, the last one kept "
	      "is 3" R "\n"),
	FAULT(a_version_at_another_time,
	      "history: table 32 app.users: version 2 is found by the time "
	      "2025-11-22T10:00:00.000032Z, but was committed at 2025-11-22T10:00:00.000000Z" R
	      "\n"),
	FAULT(a_history_that_is_none,
	      "history: table 32 app.users: its history has an entry that is none (key of 9 "
	      "bytes)" R "\n"
	      "history: catalog: there is a version with a key of 3 bytes" R "\n"),
	FAULT(a_history_without_a_table,
	      "history: table 90 app.rooms: has versions but no record, and the trash index does "
	      "not know it as purged" R "\n"
	      "counters: catalog: the counter 'next_table' is 36, but the number 90 belongs to a "
	      "table already: the next one would take it" R "\n"),
	FAULT(a_version_before_its_predecessor,
	      "history: table 32 app.users: version 3 was committed at "
	      "2025-11-22T10:00:00.000000Z, which is not after version 2, at "
	      "2025-11-22T10:00:00.000000Z" R "\n"),
	FAULT(a_version_of_the_same_transaction,
	      "history: table 32 app.users: version 3 is of transaction 2, which is not after "
	      "version 2, of 2" R "\n"),
	FAULT(a_version_of_tomorrow,
	      "history: table 32 app.users: version 3 is of transaction 99, but the last "
	      "transaction is 3" R "\n"),
	FAULT(a_version_of_nothing,
	      "history: table 33 app.rooms: version 2 is the same as version 1" R "\n"),
	FAULT(a_version_of_another_type,
	      "history: table 32 app.users: version 2 is a SHARED table, version 1 a USER table" R
	      "\n"
	      "history: table 32 app.users: version 3 is a USER table, version 2 a SHARED table" R
	      "\n"),
	FAULT(a_version_restored_from_a_later_one,
	      "history: table 32 app.users: version 3 is restored from version 7, which came "
	      "later" R "\n"),
	FAULT(a_version_with_other_times,
	      "history: table 32 app.users: version 3: created_at is 2025-11-22T08:59:59.999996Z, "
	      "expected 2025-11-22T09:00:00.000001Z" R "\n"
	      "history: table 32 app.users: version 3: updated_at is 2025-11-22T11:00:00.000001Z, "
	      "but it was committed at 2025-11-22T11:00:00.000000Z" R "\n"
	      "history: table 32 app.users: version 3: names of columns changed last at "
	      "2025-11-22T11:00:00.000000Z, but it says 2025-11-22T11:00:00.000002Z" R "\n"
	      "history: table 32 app.users: version 3: its location changed at "
	      "2025-11-22T08:59:59.999995Z, not between its creation and "
	      "2025-11-22T11:00:00.000000Z" R "\n"),
	FAULT(another_definition,
	      "history: table 32 app.users: the current definition is not that of version 3 "
	      "(Changed comment)" R "\n"),
	FAULT(another_counter,
	      "history: table 32 app.users: the current definition is not that of version 3 (its "
	      "counters, times or sizes are others)" R "\n"),
	FAULT(a_column_id_used_before,
	      "columns: table 32 app.users: version 2: the new column 'email' has the id 3, but "
	      "ids below 9 were used before" R "\n"),
	FAULT(a_column_that_no_restore_brought,
	      "columns: table 32 app.users: version 2: the new column 'email' has the id 3, but "
	      "ids below 9 were used before" R "\n"),
	FAULT(column_ids_that_go_back,
	      "columns: table 32 app.users: version 3: the next column id is 4, but was 9 before; "
	      "ids are never used again" R "\n"),
	FAULT(another_change_counter,
	      "columns: table 32 app.users: version 3: column 'email' is as before, so its change "
	      "counter must be 3, but is 9" R "\n"),
	FAULT(another_column_version,
	      "columns: table 32 app.users: version 3: column 'email' is as before, so it must be "
	      "of version 2, but is of 1" R "\n"
	      "columns: table 32 app.users: version 3: column 'email' is as before, so its time "
	      "must be 2025-11-22T10:00:00.000000Z, but is 2025-11-22T10:00:00.000001Z" R "\n"),
	FAULT(a_new_column_with_another_counter,
	      "columns: table 32 app.users: version 2: column 'email' is new, so its change "
	      "counter must be 3, but is 8" R "\n"
	      "columns: table 32 app.users: version 2: column 'email' is new, so it must be of "
	      "version 2, but is of 1" R "\n"
	      "columns: table 32 app.users: version 3: column 'email' is as before, so its change "
	      "counter must be 8, but is 3" R "\n"
	      "columns: table 32 app.users: version 3: column 'email' is as before, so it must be "
	      "of version 1, but is of 2" R "\n"),
	FAULT(another_next_counter,
	      "columns: table 32 app.users: version 3: the next counter of changed columns is 9, "
	      "expected 4" R "\n"),
	FAULT(other_sizes,
	      "sizes: table 32 app.users: version 2: schema.json is stored as 7 bytes long, but is "
	      "rendered with 1298" R "\n"
	      "sizes: table 32 app.users: version 2: schema.sql is stored as 7 bytes long, but is "
	      "rendered with 117" R "\n"
	      "sizes: table 32 app.users: version 2: schema.arrow is stored as 7 bytes long, but "
	      "is rendered with 1112" R "\n"
	      "sizes: table 32 app.users: version 2: describe is stored as 7 bytes long, but is "
	      "rendered with 259" R "\n"
	      "sizes: table 32 app.users: version 2: change.json is stored as 7 bytes long, but is "
	      "rendered with 709" R "\n"),
};

int main(void)
{
	static struct CMUnitTest tests[countof(faults)];

	for (size_t i = 0; i < countof(faults); i++)
		tests[i] = (struct CMUnitTest)FAULT_TEST(&faults[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
