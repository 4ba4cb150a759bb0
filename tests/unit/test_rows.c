/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/rows.h"
#include "base/buf.h"
#include "tests/unit/sample.h"

#include <errno.h>

#define APP 3	/* a namespace */

struct fixture {
	char *dir;
	struct store *store;
	struct txn *txn;	/* the write transaction of the test */
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	err_clear(&f->err);
	f->dir = temp_dir();
	if (store_open(f->dir, &(struct store_options){ .create = true }, &f->store, &f->err) ||
	    txn_begin_write(f->store, 1000, &f->txn, &f->err))
		fail_msg("%s", f->err.text);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	txn_end(f->txn);
	store_close(f->store);
	temp_dir_remove(f->dir);
	free(f);
	return 0;
}

static void assert_ok(int rc, const struct err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

static void a_number_never_set_is_zero(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(meta_get(f->txn, META_NEXT_TABLE), 0);
}

static void numbers_are_kept_apart(void **state)
{
	struct fixture *f = *state;

	for (int key = META_UUID_HIGH; key < META_KEY_COUNT; key++)
		assert_ok(meta_set(f->txn, (enum meta_key)key, UINT64_MAX - (uint64_t)key,
				   &f->err), &f->err);
	for (int key = META_UUID_HIGH; key < META_KEY_COUNT; key++)
		assert_true(meta_get(f->txn, (enum meta_key)key) == UINT64_MAX - (uint64_t)key);
	assert_int_equal(meta_get(f->txn, META_FORMAT), CATALOG_FORMAT);
}

static void assert_taken(struct fixture *f, enum object_kind kind, uint32_t expected)
{
	uint32_t id = 0;

	assert_int_equal(object_id_next(f->txn, kind), expected);
	assert_ok(object_id_take(f->txn, kind, &id, &f->err), &f->err);
	assert_int_equal(id, expected);
}

static void objects_are_counted_by_kind_behind_those_of_a_new_catalog(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 3; i++) {
		assert_taken(f, OBJECT_NAMESPACE, NAMESPACE_DEFAULT + 1 + i);
		assert_taken(f, OBJECT_TABLE, TABLE_USER_FIRST + i);
		assert_taken(f, OBJECT_STORAGE, STORAGE_LOCAL + 1 + i);
	}
}

static void object_numbers_come_to_an_end(void **state)
{
	static const enum meta_key counters[] = {
		[OBJECT_NAMESPACE] = META_NEXT_NAMESPACE,
		[OBJECT_TABLE] = META_NEXT_TABLE,
		[OBJECT_STORAGE] = META_NEXT_STORAGE,
	};
	struct fixture *f = *state;

	for (enum object_kind kind = OBJECT_NAMESPACE; kind <= OBJECT_STORAGE; kind++) {
		uint32_t id = 0;

		assert_ok(meta_set(f->txn, counters[kind], UINT32_MAX - 1, &f->err), &f->err);
		assert_taken(f, kind, UINT32_MAX - 1);
		assert_int_equal(object_id_take(f->txn, kind, &id, &f->err), -ENOSPC);
		assert_err(&f->err, -ENOSPC, "The catalog has used up its object numbers");
		assert_int_equal(meta_get(f->txn, counters[kind]), UINT32_MAX);
		err_clear(&f->err);
	}
}

static void add(struct fixture *f, enum dir_kind dir, uint32_t parent, const char *name,
		uint32_t id)
{
	assert_ok(name_add(f->txn, dir, parent, name, id, &f->err), &f->err);
}

static void a_name_is_found_in_its_directory_only(void **state)
{
	struct fixture *f = *state;
	uint32_t id = 0;

	add(f, DIR_TABLES, APP, "messages", 40);

	assert_int_equal(name_find(f->txn, DIR_TABLES, APP, "messages", &id), 0);
	assert_int_equal(id, 40);
	assert_int_equal(name_find(f->txn, DIR_TRASH, APP, "messages", &id), -ENOENT);
	assert_int_equal(name_find(f->txn, DIR_TABLES, APP + 1, "messages", &id), -ENOENT);
	assert_int_equal(name_find(f->txn, DIR_TABLES, APP, "message", &id), -ENOENT);
	assert_int_equal(name_find(f->txn, DIR_TABLES, APP, "messages2", &id), -ENOENT);
}

static void an_entry_of_a_listing_is_found_by_its_number(void **state)
{
	struct fixture *f = *state;
	struct bytes name;

	add(f, DIR_TABLES, APP, "messages", 40);
	assert_int_equal(child_find(f->txn, DIR_TABLES, APP, 40, &name), 0);
	assert_int_equal(name.len, strlen("messages"));
	assert_memory_equal(name.at, "messages", name.len);
	assert_int_equal(child_find(f->txn, DIR_TABLES, APP, 41, &name), -ENOENT);
	assert_int_equal(child_find(f->txn, DIR_TRASH, APP, 40, &name), -ENOENT);
	assert_int_equal(child_find(f->txn, DIR_TABLES, APP + 1, 40, &name), -ENOENT);
}

static void a_taken_name_is_refused(void **state)
{
	struct fixture *f = *state;
	uint32_t id = 0;

	add(f, DIR_TABLES, APP, "messages", 40);

	assert_int_equal(name_add(f->txn, DIR_TABLES, APP, "messages", 41, &f->err), -EEXIST);
	assert_err(&f->err, -EEXIST, "The name 'messages' is taken");
	assert_int_equal(name_find(f->txn, DIR_TABLES, APP, "messages", &id), 0);
	assert_int_equal(id, 40);
}

static void a_name_may_have_64_bytes_and_not_65(void **state)
{
	struct fixture *f = *state;
	char name[66] = "";
	uint32_t id;

	memset(name, 'a', 65);
	assert_int_equal(name_add(f->txn, DIR_TABLES, APP, name, 41, &f->err), -ENAMETOOLONG);
	assert_err(&f->err, -ENAMETOOLONG, "Name is too long (65 characters, max 64)");
	assert_int_equal(name_find(f->txn, DIR_TABLES, APP, name, &id), -ENOENT);
	name[64] = '\0';
	err_clear(&f->err);
	add(f, DIR_TABLES, APP, name, 41);
	assert_int_equal(name_find(f->txn, DIR_TABLES, APP, name, &id), 0);
}

/* "id=name " for each entry. */
static int collect_entry(void *arg, uint32_t id, const char *name, size_t len)
{
	fprintf(arg, "%u=%.*s ", id, (int)len, name);
	return 0;
}

static void assert_children(struct fixture *f, uint32_t after, const char *expected)
{
	struct collector c;
	char *text;

	collect(&c);
	assert_int_equal(children_list(f->txn, DIR_TABLES, APP, after, collect_entry, c.out), 0);
	text = text_of(&c);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_names(struct fixture *f, const char *expected)
{
	struct collector c;
	char *text;

	collect(&c);
	assert_int_equal(names_list(f->txn, DIR_TABLES, APP, collect_entry, c.out), 0);
	text = text_of(&c);
	assert_string_equal(text, expected);
	free(text);
}

static void children_come_by_id_and_names_by_name(void **state)
{
	struct fixture *f = *state;

	add(f, DIR_TABLES, APP - 1, "before", 1);
	add(f, DIR_TABLES, APP + 1, "behind", 2);
	add(f, DIR_TRASH, APP, "gone", 3);
	assert_children(f, 0, "");
	add(f, DIR_TABLES, APP, "zebra", 40);
	add(f, DIR_TABLES, APP, "ant", 300);
	add(f, DIR_TABLES, APP, "mouse", UINT32_MAX);

	assert_children(f, 0, "40=zebra 300=ant 4294967295=mouse ");
	assert_children(f, 40, "300=ant 4294967295=mouse ");
	assert_children(f, 41, "300=ant 4294967295=mouse ");
	assert_children(f, UINT32_MAX - 1, "4294967295=mouse ");
	assert_children(f, UINT32_MAX, "");
	assert_names(f, "300=ant 4294967295=mouse 40=zebra ");
}

static void a_removed_name_is_gone_from_both_lists(void **state)
{
	struct fixture *f = *state;
	uint32_t id;

	add(f, DIR_TABLES, APP, "a", 40);
	add(f, DIR_TABLES, APP, "b", 41);
	assert_ok(name_remove(f->txn, DIR_TABLES, APP, "a", 40, &f->err), &f->err);

	assert_int_equal(name_find(f->txn, DIR_TABLES, APP, "a", &id), -ENOENT);
	assert_children(f, 0, "41=b ");
	assert_names(f, "41=b ");
	add(f, DIR_TABLES, APP, "a", 42);
	assert_children(f, 0, "41=b 42=a ");
}

static int stop_at_second(void *arg, uint32_t id, const char *name, size_t len)
{
	(void)id;
	(void)name;
	(void)len;
	return ++*(int *)arg == 2 ? -ENOENT : 0;
}

static void a_listing_ends_with_what_the_callback_returns(void **state)
{
	struct fixture *f = *state;
	int calls = 0;

	add(f, DIR_TABLES, APP, "a", 40);
	add(f, DIR_TABLES, APP, "b", 41);
	add(f, DIR_TABLES, APP, "c", 42);

	assert_int_equal(children_list(f->txn, DIR_TABLES, APP, 0, stop_at_second, &calls),
			 -ENOENT);
	assert_int_equal(calls, 2);
	calls = 0;
	assert_int_equal(names_list(f->txn, DIR_TABLES, APP, stop_at_second, &calls), -ENOENT);
	assert_int_equal(calls, 2);
}

static void a_directory_counts_and_its_stamp_rises(void **state)
{
	struct fixture *f = *state;
	struct dir_state s;

	dir_state_get(f->txn, DIR_TABLES, APP, &s);
	assert_int_equal(s.count + s.sequence, 0);
	assert_int_equal(s.changed_at, 0);
	assert_ok(dir_state_touch(f->txn, DIR_TABLES, APP, 7, 1000, 3, &f->err), &f->err);
	assert_ok(dir_state_touch(f->txn, DIR_TABLES, APP, 8, 1000, -1, &f->err), &f->err);
	assert_ok(dir_state_touch(f->txn, DIR_TRASH, APP, 8, 5, 1, &f->err), &f->err);

	dir_state_get(f->txn, DIR_TABLES, APP, &s);
	assert_int_equal(s.sequence, 8);
	assert_int_equal(s.changed_at, 1001);
	assert_int_equal(s.count, 2);
	dir_state_get(f->txn, DIR_TRASH, APP, &s);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.changed_at, 5);
}

static void put_table(struct fixture *f, const struct table *t, bool version)
{
	assert_ok(row_table_put(f->txn, t, version, &f->err), &f->err);
}

static void a_table_comes_back_with_its_transaction(void **state)
{
	struct fixture *f = *state;
	struct table *t = sample_messages(), *back = NULL;

	put_table(f, t, false);
	assert_ok(row_table(f->txn, t->id, &back, &f->err), &f->err);

	assert_true(table_equal(t, back));
	assert_int_equal(back->txn, txn_id(f->txn));
	table_put(back);
	assert_int_equal(row_version(f->txn, t->id, t->version, &back, &f->err), -ENOENT);
	assert_int_equal(row_table(f->txn, t->id + 1, &back, &f->err), -ENOENT);
	assert_int_equal(f->err.code, 0);
	assert_ok(row_delete(f->txn, OBJECT_TABLE, t->id, &f->err), &f->err);
	assert_int_equal(row_table(f->txn, t->id, &back, &f->err), -ENOENT);
	table_put(t);
}

static void a_version_is_never_dropped(void **state)
{
	struct fixture *f = *state;
	struct table *t = sample_messages(), *back = NULL;

	put_table(f, t, true);
	t->dropped_at = SAMPLE_UPDATED;
	t->expires_at = SAMPLE_UPDATED + 1;
	put_table(f, t, true);

	assert_ok(row_table(f->txn, t->id, &back, &f->err), &f->err);
	assert_int_equal(back->dropped_at, SAMPLE_UPDATED);
	table_put(back);
	assert_ok(row_version(f->txn, t->id, t->version, &back, &f->err), &f->err);
	assert_int_equal(back->dropped_at, 0);
	assert_int_equal(back->expires_at, 0);
	assert_true(table_equal(t, back));
	table_put(back);
	table_put(t);
}

/* Move the record of one key to another one, whole. */
static void move_object(struct fixture *f, const char *from, const char *to)
{
	struct bytes value;
	struct buf copy = { .at = NULL };

	assert_int_equal(store_get(f->txn, DB_OBJECTS, (struct bytes){ from, 5 }, &value), 0);
	buf_bytes(&copy, value.at, value.len);
	assert_ok(store_put(f->txn, DB_OBJECTS, (struct bytes){ to, 5 },
			    (struct bytes){ copy.at, copy.len }, &f->err), &f->err);
	buf_free(&copy);
}

static void a_record_under_anothers_key_is_damage(void **state)
{
	struct fixture *f = *state;
	struct table *t = sample_messages(), *back = NULL;

	put_table(f, t, false);
	move_object(f, "\2\0\0\0\7", "\2\0\0\0\10");

	assert_int_equal(row_table(f->txn, 8, &back, &f->err), -EIO);
	assert_err(&f->err, -EIO, "record of table 8 is damaged: it is that of table 7");
	assert_int_equal(f->err.kind, ERR_STORE);
	table_put(t);
}

static void a_cut_version_is_damage(void **state)
{
	struct fixture *f = *state;
	struct table *back = NULL;

	assert_ok(store_put(f->txn, DB_VERSIONS, (struct bytes){ "\0\0\0\7\0\0\0\1", 8 },
			    (struct bytes){ "abc", 3 }, &f->err), &f->err);

	assert_int_equal(row_version(f->txn, 7, 1, &back, &f->err), -EIO);
	assert_int_equal(f->err.code, -EIO);
}

static void a_definition_over_one_mebibyte_is_refused(void **state)
{
	struct fixture *f = *state;
	struct table *t = sample_messages();
	char *comment = malloc(1100000);

	memset(comment, 'x', 1099999);
	comment[1099999] = '\0';
	t->comment = comment;

	assert_int_equal(row_table_put(f->txn, t, true, &f->err), -EFBIG);
	assert_int_equal(strncmp(f->err.text, "The definition of 'messages' takes 1100", 39), 0);
	free(comment);
	table_put(t);
}

static void a_namespace_comes_back(void **state)
{
	struct fixture *f = *state;
	struct namespace *ns = namespace_new(), *back = NULL;

	ns->id = APP;
	ns->version = 1;
	ns->created_at = ns->updated_at = SAMPLE_CREATED;
	snprintf(ns->name, sizeof(ns->name), "app");
	assert_ok(row_namespace_put(f->txn, ns, &f->err), &f->err);

	assert_ok(row_namespace(f->txn, APP, &back, &f->err), &f->err);
	assert_true(namespace_equal(ns, back));
	namespace_put(back);
	assert_int_equal(row_namespace(f->txn, NAMESPACE_SYSTEM, &back, &f->err), -ENOENT);
	move_object(f, "\1\0\0\0\3", "\1\0\0\0\4");
	assert_int_equal(row_namespace(f->txn, 4, &back, &f->err), -EIO);
	assert_err(&f->err, -EIO, "record of namespace 4 is damaged: it is that of namespace 3");
	namespace_put(ns);
}

static void a_storage_comes_back(void **state)
{
	struct fixture *f = *state;
	struct storage *s = storage_new(), *back = NULL;

	s->id = 4;
	s->version = 1;
	s->storage_name = "Archive";
	s->type = STORAGE_FILESYSTEM;
	s->base_directory = "/srv";
	s->shared_template = "{namespace}/{tableName}";
	s->user_template = "{namespace}/{tableName}/{userId}";
	snprintf(s->storage_id, sizeof(s->storage_id), "archive");
	assert_ok(row_storage_put(f->txn, s, &f->err), &f->err);

	assert_ok(row_storage(f->txn, 4, &back, &f->err), &f->err);
	assert_true(storage_equal(s, back));
	storage_put(back);
	assert_int_equal(row_storage(f->txn, 5, &back, &f->err), -ENOENT);
	move_object(f, "\3\0\0\0\4", "\3\0\0\0\5");
	assert_int_equal(row_storage(f->txn, 5, &back, &f->err), -EIO);
	assert_err(&f->err, -EIO, "record of storage 5 is damaged: it is that of storage 4");
	storage_put(s);
}

/* Versions from first to last, version n committed at n * 100. */
static void put_versions(struct fixture *f, uint32_t table, uint32_t first, uint32_t last)
{
	struct table *t = sample_messages();

	t->id = table;
	for (t->version = first; t->version <= last; t->version++) {
		t->info.committed_at = (int64_t)t->version * 100;
		put_table(f, t, true);
	}
	table_put(t);
}

static void assert_version_at(struct fixture *f, uint32_t table, int64_t stamp, uint32_t expected)
{
	uint32_t version = 0;
	int rc = row_version_at(f->txn, table, stamp, &version, &f->err);

	assert_int_equal(rc, expected ? 0 : -ENOENT);
	assert_int_equal(version, expected);
}

static void the_version_of_a_time_is_found(void **state)
{
	struct fixture *f = *state;

	put_versions(f, 6, 1, 2);
	put_versions(f, 7, 1, 21);
	put_versions(f, 8, 1, 1);

	assert_version_at(f, 5, 1000, 0);
	assert_version_at(f, 7, 99, 0);
	for (uint32_t v = 1; v <= 21; v++) {
		assert_version_at(f, 7, v * 100, v);
		assert_version_at(f, 7, v * 100 + 99, v);
	}
	assert_version_at(f, 7, INT64_MAX, 21);
	assert_version_at(f, 8, 150, 1);
	assert_int_equal(f->err.code, 0);
}

static void the_version_of_a_time_is_found_in_what_is_left(void **state)
{
	struct fixture *f = *state;

	put_versions(f, 7, 5, 8);
	put_versions(f, 7, 12, 13);

	assert_version_at(f, 7, 499, 0);
	assert_version_at(f, 7, 500, 5);
	assert_version_at(f, 7, 1199, 8);
	assert_version_at(f, 7, 1200, 12);
	assert_version_at(f, 7, 9999, 13);
}

static void history_is_deleted_in_pieces(void **state)
{
	struct fixture *f = *state;
	struct table *back;
	bool left = false;

	put_versions(f, 6, 1, 1);
	put_versions(f, 7, 1, 5);
	put_versions(f, 8, 1, 1);
	assert_ok(row_versions_delete(f->txn, 7, 3, &left, &f->err), &f->err);
	assert_true(left);
	assert_int_equal(row_version(f->txn, 7, 3, &back, &f->err), -ENOENT);
	assert_version_at(f, 7, 9999, 5);
	assert_ok(row_versions_delete(f->txn, 7, 2, &left, &f->err), &f->err);

	assert_false(left);
	assert_version_at(f, 7, 9999, 0);
	assert_version_at(f, 6, 9999, 1);
	assert_version_at(f, 8, 9999, 1);
	assert_ok(row_versions_delete(f->txn, 7, 2, &left, &f->err), &f->err);
	assert_false(left);
}

static void own(struct fixture *f, const char *path, uint32_t table)
{
	assert_ok(location_add(f->txn, path, table, &f->err), &f->err);
}

static void assert_owner(struct fixture *f, const char *path, uint32_t table, uint32_t expected)
{
	uint32_t owner = 0;
	int rc = location_owner(f->txn, path, table, &owner);

	assert_int_equal(rc, expected ? 0 : -ENOENT);
	assert_int_equal(owner, expected);
}

static void a_location_is_owned_with_all_above_and_below(void **state)
{
	struct fixture *f = *state;

	assert_owner(f, "/srv/app/t", 0, 0);
	own(f, "/srv/app/t", 40);

	assert_owner(f, "/srv/app/t", 0, 40);
	assert_owner(f, "/srv/app/t/part/0", 0, 40);
	assert_owner(f, "/srv/app", 0, 40);
	assert_owner(f, "/srv", 0, 40);
	assert_owner(f, "/", 0, 40);
	assert_owner(f, "/srv/app/tt", 0, 0);
	assert_owner(f, "/srv/app/t2", 0, 0);
	assert_owner(f, "/srv/ap", 0, 0);
	assert_owner(f, "/srv/app/a", 0, 0);
	assert_owner(f, "/srv/app/z", 0, 0);
}

static void a_tables_own_location_does_not_count(void **state)
{
	struct fixture *f = *state;

	own(f, "/srv/app/t", 40);
	own(f, "/srv/app/t/inside", 40);

	assert_owner(f, "/srv/app/t", 40, 0);
	assert_owner(f, "/srv/app/t/inside/x", 40, 0);
	assert_owner(f, "/srv/app", 40, 0);
	own(f, "/srv/app/u", 41);
	assert_owner(f, "/srv/app", 40, 41);
	assert_owner(f, "/srv/app", 41, 40);
	assert_ok(location_remove(f->txn, "/srv/app/u", &f->err), &f->err);
	assert_owner(f, "/srv/app", 40, 0);
	own(f, "/", 50);
	assert_owner(f, "/elsewhere", 40, 50);
}

static void an_entry_of_a_location_is_found_by_its_path_alone(void **state)
{
	struct fixture *f = *state;
	uint32_t owner = 0;

	own(f, "/srv/app/t", 40);
	assert_int_equal(location_find(f->txn, "/srv/app/t", &owner), 0);
	assert_int_equal(owner, 40);
	assert_int_equal(location_find(f->txn, "/srv/app", &owner), -ENOENT);
	assert_int_equal(location_find(f->txn, "/srv/app/t/x", &owner), -ENOENT);
}

static void the_beginning_of_names_is_owned_with_all_that_begins_so(void **state)
{
	struct fixture *f = *state;

	own(f, "/srv/app/t_{", 40);

	assert_owner(f, "/srv/app/t_{", 0, 40);
	assert_owner(f, "/srv/app/t_x", 0, 40);
	assert_owner(f, "/srv/app/t_", 0, 40);
	assert_owner(f, "/srv/app/t_x/y", 0, 40);
	assert_owner(f, "/srv/app/t_x/y_{", 0, 40);
	assert_owner(f, "/srv/app/t_a_{", 0, 40);
	assert_owner(f, "/srv/app/t{", 0, 40);
	assert_owner(f, "/srv/app", 0, 40);
	assert_owner(f, "/{", 0, 40);
	assert_owner(f, "/srv/app/t_{", 40, 0);
	assert_owner(f, "/srv/app/t", 0, 0);
	assert_owner(f, "/srv/app/t/t_", 0, 0);
	assert_owner(f, "/srv/app/tt_{", 0, 0);
	assert_owner(f, "/srv/app/u_{", 0, 0);
	assert_owner(f, "/srv/app/s_{", 0, 0);
	assert_owner(f, "/srv/t_{", 0, 0);
	assert_ok(location_remove(f->txn, "/srv/app/t_{", &f->err), &f->err);
	assert_owner(f, "/srv/app/t_x", 0, 0);
}

/* Many others stand between a location and the one above it. */
static void an_owner_above_is_found_behind_others(void **state)
{
	struct fixture *f = *state;
	char path[64];

	own(f, "/a/b", 40);
	for (unsigned i = 0; i < 50; i++) {
		(void)snprintf(path, sizeof(path), "/a/b/c/%u/x_{", i);
		own(f, path, 41 + i % 2);
	}

	assert_owner(f, "/a/b/c/9/y", 0, 40);
	assert_owner(f, "/a/b/c/9/x_1", 40, 42);
	assert_owner(f, "/a/b/d/e/f", 41, 40);
	assert_owner(f, "/a/b/c", 40, 41);
	assert_owner(f, "/a/c", 0, 0);
}

static void a_location_may_have_499_bytes_and_not_500(void **state)
{
	struct fixture *f = *state;
	char path[501];

	memset(path, 'a', 500);
	path[0] = '/';
	path[500] = '\0';
	assert_owner(f, path, 0, 0);
	assert_int_equal(location_add(f->txn, path, 40, &f->err), -ENAMETOOLONG);
	assert_non_null(strstr(f->err.text, "is 500 bytes long, max 499; choose a shorter base"));
	err_clear(&f->err);
	assert_ok(location_remove(f->txn, path, &f->err), &f->err);
	path[499] = '\0';
	own(f, path, 40);
	assert_owner(f, path, 0, 40);
	path[499] = 'a';
	own(f, "/b", 41);
	memcpy(path, "/b/", 3);
	assert_owner(f, path, 0, 41);
	/* as long as a location can be, and a directory above something that cannot be one */
	memset(path, 'c', sizeof(path) - 1);
	path[0] = '/';
	path[499] = '\0';
	own(f, path, 42);
	path[499] = '/';
	assert_owner(f, path, 0, 42);
	path[499] = '\0';
	path[498] = '{';
	assert_owner(f, path, 0, 42);
}

static void the_trash_gives_the_entry_that_is_due_first(void **state)
{
	struct fixture *f = *state;
	enum trash_kind kind;
	uint32_t table;
	int64_t when;

	assert_int_equal(trash_first(f->txn, &when, &table, &kind), -ENOENT);
	assert_ok(trash_add(f->txn, 2000, 40, TRASH_TABLE, &f->err), &f->err);
	assert_ok(trash_add(f->txn, 1000, 300, TRASH_HISTORY, &f->err), &f->err);
	assert_ok(trash_add(f->txn, 1000, 301, TRASH_TABLE, &f->err), &f->err);

	assert_int_equal(trash_first(f->txn, &when, &table, &kind), 0);
	assert_int_equal(when, 1000);
	assert_int_equal(table, 300);
	assert_int_equal(kind, TRASH_HISTORY);
	assert_ok(trash_remove(f->txn, 1000, 300, &f->err), &f->err);
	assert_ok(trash_remove(f->txn, 1000, 301, &f->err), &f->err);
	assert_int_equal(trash_first(f->txn, &when, &table, &kind), 0);
	assert_int_equal(when, 2000);
	assert_int_equal(kind, TRASH_TABLE);
	kind = TRASH_HISTORY;
	assert_int_equal(trash_find(f->txn, 2000, 40, &kind), 0);
	assert_int_equal(kind, TRASH_TABLE);
	assert_int_equal(trash_find(f->txn, 2000, 41, &kind), -ENOENT);
	assert_int_equal(trash_find(f->txn, 1000, 40, &kind), -ENOENT);
}

static void the_log_reads_the_same_from_every_offset(void **state)
{
	static const char *const lines[] = { "{\"a\":1}\n", "x\n", "\n", "a longer line of text\n",
					     "{}\n" };
	struct fixture *f = *state;
	char whole[64] = "", out[64];
	size_t len;

	assert_int_equal(log_read(f->txn, 0, out, sizeof(out)), 0);
	for (size_t i = 0; i < countof(lines); i++) {
		assert_ok(log_append(f->txn, lines[i], strlen(lines[i]), &f->err), &f->err);
		strncat(whole, lines[i], sizeof(whole) - strlen(whole) - 1);
	}
	len = strlen(whole);

	assert_int_equal(meta_get(f->txn, META_LOG_END), len);
	for (size_t at = 0; at <= len + 2; at++) {
		for (size_t size = 0; size <= len + 1; size++) {
			size_t left = at < len ? len - at : 0;
			size_t expected = left < size ? left : size;

			assert_int_equal(log_read(f->txn, at, out, size), expected);
			assert_memory_equal(out, whole + (at < len ? at : 0), expected);
		}
	}
	assert_int_equal(log_read(f->txn, UINT64_MAX, out, 1), 0);
}

/* A page of 4,096 bytes has room for eight of them, with their keys and heads. */
static void log_lines_fill_their_pages(void **state)
{
	struct fixture *f = *state;
	struct store_stat stat;
	char line[480];

	memset(line, 'x', sizeof(line));
	for (unsigned i = 0; i < 2000; i++)
		assert_ok(log_append(f->txn, line, sizeof(line), &f->err), &f->err);
	assert_ok(txn_commit(f->txn, &f->err), &f->err);
	f->txn = NULL;

	assert_int_equal(store_statistics(f->store, &stat), 0);
	assert_in_range(stat.used_bytes, 2000 / 8 * 4096, 2000 / 8 * 4096 + 20 * 4096);
}

static int collect_change(void *arg, uint64_t sequence, const struct change_row *row)
{
	fprintf(arg, "%llu:%s:%u ", (unsigned long long)sequence, change_event_name(row->event),
		row->id);
	return 0;
}

static void assert_changes(struct fixture *f, uint64_t after, const char *expected)
{
	struct collector c;
	char *text;

	collect(&c);
	assert_int_equal(changes_list(f->txn, after, collect_change, c.out), 0);
	text = text_of(&c);
	assert_string_equal(text, expected);
	free(text);
}

static void append_change(struct fixture *f, uint64_t sequence, uint32_t index,
			  enum change_event event, uint32_t id)
{
	struct change_row row = { .object = OBJECT_TABLE, .event = event, .id = id };

	assert_ok(change_append(f->txn, sequence, index, &row, &f->err), &f->err);
}

static void changes_come_in_order_after_a_sequence(void **state)
{
	struct fixture *f = *state;

	assert_changes(f, 0, "");
	append_change(f, 5, 1, EVENT_ALTER, 41);
	append_change(f, 5, 0, EVENT_CREATE, 40);
	append_change(f, 300, 0, EVENT_RESTORE, 42);

	assert_int_equal(meta_get(f->txn, META_CHANGES_FIRST), 5);
	assert_changes(f, 0, "5:CREATE:40 5:ALTER:41 300:RESTORE:42 ");
	assert_changes(f, 4, "5:CREATE:40 5:ALTER:41 300:RESTORE:42 ");
	assert_changes(f, 5, "300:RESTORE:42 ");
	assert_changes(f, 300, "");
	assert_changes(f, UINT64_MAX, "");
}

static void old_changes_are_trimmed_and_leave_a_gap(void **state)
{
	struct fixture *f = *state;
	uint64_t newest = 10 + CHANGES_KEPT;

	append_change(f, 9, 0, EVENT_CREATE, 39);
	append_change(f, 10, 0, EVENT_CREATE, 40);
	append_change(f, 10, 1, EVENT_ALTER, 40);
	append_change(f, 11, 0, EVENT_DROP, 41);
	assert_ok(changes_trim(f->txn, 12, &f->err), &f->err);
	assert_changes(f, 0, "9:CREATE:39 10:CREATE:40 10:ALTER:40 11:DROP:41 ");
	assert_int_equal(meta_get(f->txn, META_CHANGES_FIRST), 9);
	append_change(f, newest, 0, EVENT_PURGE, 42);
	assert_ok(changes_trim(f->txn, newest, &f->err), &f->err);

	assert_int_equal(meta_get(f->txn, META_CHANGES_FIRST), 11);
	assert_changes(f, 0, "11:DROP:41 65546:PURGE:42 ");
	assert_ok(changes_trim(f->txn, newest + 2 * CHANGES_KEPT, &f->err), &f->err);
	assert_changes(f, 0, "");
	assert_int_equal(meta_get(f->txn, META_CHANGES_FIRST), newest + CHANGES_KEPT + 1);
}

static int check_change(void *arg, uint64_t sequence, const struct change_row *row)
{
	assert_int_equal(sequence, 77);
	assert_int_equal(row->object, OBJECT_TABLE);
	assert_int_equal(row->event, EVENT_RENAME);
	assert_int_equal(row->id, 40);
	assert_int_equal(row->parent, 3);
	assert_int_equal(row->old_parent, 2);
	assert_string_equal(row->name, "after");
	assert_string_equal(row->old_name, "");
	assert_false(row->was_trashed);
	assert_true(row->is_trashed);
	assert_true(row->moves_locations);
	assert_true(row->columns_changed);
	assert_int_equal(row->column_count, 2);
	assert_int_equal(row->column_names_len, 5);
	assert_memory_equal(row->column_names, "a\0bc", 5);
	++*(int *)arg;
	return 0;
}

static void a_change_keeps_all_it_says(void **state)
{
	const struct change_row row = {
		.object = OBJECT_TABLE, .event = EVENT_RENAME, .id = 40, .parent = 3,
		.old_parent = 2, .name = "after", .is_trashed = true, .moves_locations = true,
		.columns_changed = true, .column_count = 2, .column_names = "a\0bc",
		.column_names_len = 5,
	};
	struct fixture *f = *state;
	int calls = 0;

	assert_ok(change_append(f->txn, 77, 0, &row, &f->err), &f->err);
	assert_int_equal(changes_list(f->txn, 0, check_change, &calls), 0);
	assert_int_equal(calls, 1);
}

static void a_damaged_change_is_refused(void **state)
{
	struct change_row row = { .object = OBJECT_TABLE, .event = EVENT_ALTER, .column_count = 2,
				  .column_names = "a", .column_names_len = 2 };
	struct fixture *f = *state;
	static const char key[12] = "\0\0\0\0\0\0\0\1\0\0\0";
	int calls = 0;

	assert_ok(change_append(f->txn, 1, 0, &row, &f->err), &f->err);
	assert_int_equal(changes_list(f->txn, 0, check_change, &calls), -EIO);
	assert_ok(store_put(f->txn, DB_CHANGES, (struct bytes){ key, sizeof(key) },
			    (struct bytes){ "\2\2", 2 }, &f->err), &f->err);
	assert_int_equal(changes_list(f->txn, 0, check_change, &calls), -EIO);
	assert_int_equal(calls, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_number_never_set_is_zero),
		CASE(numbers_are_kept_apart),
		CASE(objects_are_counted_by_kind_behind_those_of_a_new_catalog),
		CASE(object_numbers_come_to_an_end),
		CASE(a_name_is_found_in_its_directory_only),
		CASE(an_entry_of_a_listing_is_found_by_its_number),
		CASE(a_taken_name_is_refused),
		CASE(a_name_may_have_64_bytes_and_not_65),
		CASE(children_come_by_id_and_names_by_name),
		CASE(a_removed_name_is_gone_from_both_lists),
		CASE(a_listing_ends_with_what_the_callback_returns),
		CASE(a_directory_counts_and_its_stamp_rises),
		CASE(a_table_comes_back_with_its_transaction),
		CASE(a_version_is_never_dropped),
		CASE(a_record_under_anothers_key_is_damage),
		CASE(a_cut_version_is_damage),
		CASE(a_definition_over_one_mebibyte_is_refused),
		CASE(a_namespace_comes_back),
		CASE(a_storage_comes_back),
		CASE(the_version_of_a_time_is_found),
		CASE(the_version_of_a_time_is_found_in_what_is_left),
		CASE(history_is_deleted_in_pieces),
		CASE(a_location_is_owned_with_all_above_and_below),
		CASE(a_tables_own_location_does_not_count),
		CASE(an_entry_of_a_location_is_found_by_its_path_alone),
		CASE(the_beginning_of_names_is_owned_with_all_that_begins_so),
		CASE(an_owner_above_is_found_behind_others),
		CASE(a_location_may_have_499_bytes_and_not_500),
		CASE(the_trash_gives_the_entry_that_is_due_first),
		CASE(the_log_reads_the_same_from_every_offset),
		CASE(log_lines_fill_their_pages),
		CASE(changes_come_in_order_after_a_sequence),
		CASE(old_changes_are_trimmed_and_leave_a_gap),
		CASE(a_change_keeps_all_it_says),
		CASE(a_damaged_change_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
