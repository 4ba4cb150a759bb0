/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole tree of a mount, without a mount. */
#include "fs/node.h"
#include "catalog/document.h"
#include "fs/draft.h"
#include "fs/members.h"
#include "fs/metrics.h"
#include "fs/outside.h"
#include "fs/report.h"
#include "fs/scratch.h"
#include "fs/sizes.h"
#include "fs/userlink.h"
#include "paths/shard.h"
#include "tests/unit/world.h"

#include <sys/stat.h>
#include <unistd.h>

static struct world w;
static struct tree tree;
static struct sizes sizes;
/* What a test gives to the tree if it is about names that are only in memory. */
static struct scratch *scratch;
static struct drafts *drafts;

static int set_up(void **state)
{
	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app;"
		      "CREATE SHARED TABLE app.t (id INT PRIMARY KEY, a TEXT DEFAULT 'x');"
		      "CREATE USER TABLE app.u (id INT PRIMARY KEY);"
		      "CREATE SHARED TABLE app.old (id INT PRIMARY KEY); DROP TABLE app.old;");
	sizes_init(&sizes);
	assert_non_null(scratch = scratch_new(&(struct scratch_options){ 0 }));
	assert_non_null(drafts = drafts_new());
	tree = (struct tree){
		.sizes = &sizes,
		.catalog = w.catalog,
		.report = report_new(),
		.links = userlinks_new(),
		.metrics = metrics_new(),
		.outside = outside_new(),
		.mountpoint = "/mnt/none",
		.started_at = w.now,
		.has_epoch = true,
		.settled = UINT64_MAX,
	};
	w.now += HOUR_US;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	report_free(tree.report);
	userlinks_free(tree.links);
	metrics_free(tree.metrics);
	outside_free(tree.outside);
	scratch_free(scratch);
	drafts_free(drafts);
	world_close(&w);
	return 0;
}

static int try_find(uint64_t dir, const char *name, struct entry *out, bool *absence)
{
	struct view view;
	int rc = view_open(&view, &tree, dir, 0, NULL);

	assert_int_equal(rc, 0);
	rc = node_find(&view, name, out, absence, NULL);
	view_close(&view);
	return rc;
}

/* The entry at a path below the root. */
static struct entry at(const char *path)
{
	struct entry entry = { .id = INODE_ROOT };
	char copy[512], *rest = copy, *name;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((name = strsep(&rest, "/")))
		if (try_find(entry.id, name, &entry, NULL))
			fail_msg("%s: no %s", path, name);
	return entry;
}

static char *text_of_node(uint64_t id, size_t *len)
{
	struct view view;
	char *text = NULL;

	assert_int_equal(view_open(&view, &tree, id, 0, NULL), 0);
	assert_int_equal(node_text(&view, &text, len, NULL), 0);
	view_close(&view);
	return text;
}

#define NAMES_MAX 6000

struct names {
	size_t count, most;	/* most: stop before more than these */
	uint64_t next;
	char name[NAMES_MAX][16];
	uint64_t position[NAMES_MAX];
};
static struct names all, piece;

static int add_name(void *arg, const char *name, const struct entry *entry, uint64_t next)
{
	struct names *names = arg;

	assert_true(entry->attr.st_ino);
	if (names->count == names->most)
		return 1;
	names->position[names->count] = next;
	snprintf(names->name[names->count++], sizeof(names->name[0]), "%s", name);
	names->next = next;
	return 0;
}

static void list(uint64_t dir, uint64_t after, size_t most, struct names *names)
{
	struct view view;
	int rc;

	names->count = 0;
	names->most = most;
	if (scratch_is_id(dir)) {
		rc = node_list_scratch(scratch, dir, after, add_name, names);
		assert_true(rc == 0 || rc == 1);
		return;
	}
	assert_int_equal(view_open(&view, &tree, dir, 0, NULL), 0);
	rc = node_list(&view, after, false, add_name, names, NULL);
	assert_true(rc == 0 || rc == 1);
	view_close(&view);
}

/* How the kernel packs a cached listing into pages: bytes in the last one. */
static size_t last_page(const struct names *names)
{
	size_t packed = 0;

	for (size_t i = 0; i < names->count; i++) {
		size_t len = (24 + strlen(names->name[i]) + 7) & ~(size_t)7;

		packed = packed + len > 4096 ? len : packed + len;
	}
	return packed;
}

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

static void every_row_is_complete(void **state)
{
	(void)state;
	for (enum node_kind kind = NODE_ROOT; kind < NODE_KIND_COUNT; kind++) {
		const struct node_row *row = node_row(kind);

		assert_non_null(row->mtime);
		assert_true(kind == NODE_ROOT || row->parent != NODE_NONE);
		assert_true(S_ISREG(row->mode) || S_ISDIR(row->mode) || S_ISLNK(row->mode));
		if (S_ISREG(row->mode) && kind != NODE_LOG)
			assert_non_null(row->show);
		if (S_ISLNK(row->mode))
			assert_non_null(row->link);
		if (row->members)
			assert_true(node_row(row->members->kind)->parent == kind ||
				    row->members->kind == NODE_TABLE);
	}
}

struct walk {
	uint64_t dir;
	unsigned depth;
	unsigned nodes;
};

static int check_entry(void *arg, const char *name, const struct entry *listed, uint64_t next);

static void walk(struct walk *walk, uint64_t dir)
{
	uint64_t outer = walk->dir;
	struct view view;

	assert_true(walk->depth < 8);
	walk->dir = dir;
	walk->depth++;
	assert_int_equal(view_open(&view, &tree, dir, 0, NULL), 0);
	assert_int_equal(node_list(&view, 0, true, check_entry, walk, NULL), 0);
	view_close(&view);
	walk->depth--;
	walk->dir = outer;
}

static void check_size(uint64_t id, const struct stat *attr)
{
	size_t len;
	char *text;

	if (!S_ISREG(attr->st_mode) || inode_unpack(id).kind == NODE_LOG ||
	    inode_unpack(id).kind == NODE_STATUS)
		return;
	text = text_of_node(id, &len);
	assert_int_equal(len, attr->st_size);
	free(text);
}

static int check_entry(void *arg, const char *name, const struct entry *listed, uint64_t next)
{
	struct walk *w_ = arg;
	struct entry found;

	(void)next;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	assert_int_equal(try_find(w_->dir, name, &found, NULL), 0);
	assert_true(found.attr.st_ino == listed->attr.st_ino);
	assert_int_equal(found.attr.st_mode & S_IFMT, listed->attr.st_mode & S_IFMT);
	assert_int_equal(found.attr.st_nlink, 1);
	if (listed->id) {
		assert_true(found.id == listed->id);
		assert_int_equal(found.attr.st_size, listed->attr.st_size);
	}
	check_size(found.id, &found.attr);
	w_->nodes++;
	if (S_ISDIR(found.attr.st_mode))
		walk(w_, found.id);
	return 0;
}

static void every_listed_name_is_found_with_its_exact_size(void **state)
{
	struct walk all_nodes = { 0 };

	(void)state;
	walk(&all_nodes, INODE_ROOT);
	assert_true(all_nodes.nodes > 150);
}

/* A name that is only in memory; its node. */
static uint64_t make_local(uint64_t dir, const char *name, mode_t mode)
{
	struct scratch_spec spec = { .mode = mode };
	uint64_t id;

	assert_int_equal(scratch_make(scratch, dir, name, &spec, &id), 0);
	scratch_look(scratch, id);
	scratch_unpin(scratch, id);
	return id;
}

static void make_draft(uint32_t id, const char *name)
{
	struct inode tables = inode_unpack(at("namespaces/app/tables").id);
	struct namespace ns = { .id = tables.object, .name = "app" };

	assert_int_equal(drafts_add(drafts, id, &ns, name, w.now, NULL), 0);
}

/* A number as mkdir gets it. */
static uint32_t reserved(void)
{
	uint32_t id;

	assert_int_equal(document_reserve(w.catalog, INT64_MAX, &id, NULL), 0);
	return id;
}

static void has_local_names(void)
{
	tree.scratch = scratch;
	tree.drafts = drafts;
}

static void check_pieces(uint64_t dir)
{
	uint64_t next = 0;

	list(dir, 0, NAMES_MAX, &all);
	for (size_t i = 0; i < all.count; i++) {
		list(dir, next, 1, &piece);
		assert_int_equal(piece.count, 1);
		assert_string_equal(piece.name[0], all.name[i]);
		next = piece.next;
	}
	list(dir, next, 1, &piece);
	assert_int_equal(piece.count, 0);
}

static void a_listing_read_name_by_name_is_the_whole_listing(void **state)
{
	static const char *const dirs[] = { "namespaces", "types", "namespaces/app/tables",
					    "namespaces/app/tables/t",
					    "namespaces/app/tables/t/columns" };
	uint64_t dir;

	(void)state;
	for (size_t d = 0; d < countof(dirs); d++)
		check_pieces(at(dirs[d]).id);
	has_local_names();
	/* Between two tables, and behind them. */
	make_draft(reserved(), "one");
	make_draft(reserved(), "two");
	world_run(&w, "CREATE SHARED TABLE app.s (id INT PRIMARY KEY)");
	make_draft(reserved(), "three");
	make_local(at("namespaces/app/tables/t").id, "file", S_IFREG | 0644);
	make_local(at("namespaces/app/tables/t/columns").id, "file", S_IFREG | 0644);
	dir = make_local(at("namespaces/app/tables/t").id, "dir", S_IFDIR | 0755);
	make_local(dir, "one", S_IFREG | 0644);
	make_local(dir, "two", S_IFREG | 0644);
	list(at("namespaces/app/tables").id, 0, NAMES_MAX, &all);
	assert_true(has_name(&all, "one") && has_name(&all, "two") && has_name(&all, "three"));
	for (size_t d = 0; d < countof(dirs); d++)
		check_pieces(at(dirs[d]).id);
	assert_true(has_name(&all, "file"));
	check_pieces(dir);
	assert_int_equal(all.count, 4);
}

/* all is the listing from before a change. */
static void check_positions(uint64_t dir)
{
	list(dir, 0, NAMES_MAX, &piece);
	for (size_t i = 0; i < all.count; i++)
		for (size_t k = 0; k < piece.count; k++)
			assert_true(all.position[i] != piece.position[k]);
	all = piece;
}

/* One draft comes for each table, so that changes of both kinds go together. */
static void check_many_positions(uint64_t tables)
{
	static struct names first;
	char sql[80], name[16];

	list(tables, 0, NAMES_MAX, &first);
	for (unsigned i = 0; i < 260; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		make_draft(2000 + i, name);
		snprintf(sql, sizeof(sql), "CREATE SHARED TABLE app.s%u (id INT PRIMARY KEY)", i);
		world_run(&w, sql);
		all = first;
		check_positions(tables);
	}
	list(tables, 0, NAMES_MAX, &all);
}

/*
 * Whoever is half through a listing goes on in any other one that has his
 * position: the kernel looks only at its beginning whether it is still good.
 */
static void no_position_is_of_two_states(void **state)
{
	uint64_t tables = at("namespaces/app/tables").id, t = at("namespaces/app/tables/t").id;
	uint64_t columns = at("namespaces/app/tables/t/columns").id;
	uint64_t storages = at("storages").id, dir;

	(void)state;
	has_local_names();
	list(tables, 0, NAMES_MAX, &all);
	make_draft(1000, "one");
	check_positions(tables);
	make_draft(1001, "two");
	check_positions(tables);
	assert_true(drafts_remove(drafts, 1001, w.now));
	check_positions(tables);
	world_run(&w, "CREATE SHARED TABLE app.x (id INT PRIMARY KEY)");
	check_positions(tables);
	check_many_positions(tables);

	list(t, 0, NAMES_MAX, &all);
	dir = make_local(t, "dir", S_IFDIR | 0755);
	check_positions(t);
	assert_int_equal(scratch_rename(scratch, t, "dir", t, "other", false), 0);
	check_positions(t);

	list(dir, 0, NAMES_MAX, &all);
	make_local(dir, "one", S_IFREG | 0644);
	check_positions(dir);
	assert_int_equal(scratch_remove(scratch, dir, "one", false), 0);
	check_positions(dir);

	list(columns, 0, NAMES_MAX, &all);
	make_local(columns, "file", S_IFREG | 0644);
	check_positions(columns);
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT");
	check_positions(columns);

	list(storages, 0, NAMES_MAX, &all);
	make_local(storages, "file", S_IFREG | 0644);
	check_positions(storages);
	world_run(&w, "CREATE STORAGE s TYPE filesystem PATH 's'");
	check_positions(storages);
}

/* A page of the kernel's cached listing that is exactly full loses what follows. */
static void no_listing_fills_the_kernels_last_page(void **state)
{
	unsigned left_out = 0;

	(void)state;
	for (unsigned version = 2; version < 270; version++) {
		char sql[80];

		snprintf(sql, sizeof(sql), "ALTER TABLE app.t COMMENT '%u'", version);
		w.now += SECOND_US;
		world_run(&w, sql);
		list(at("namespaces/app/tables/t/versions").id, 0, NAMES_MAX, &all);
		assert_true(last_page(&all) != 4096);
		assert_int_equal(all.count, version + 2 + has_name(&all, ".."));
		left_out += !has_name(&all, "..");
	}
	assert_int_equal(left_out, 2);
}

static void no_listing_of_files_fills_it_either(void **state)
{
	uint64_t t = at("namespaces/app/tables/t").id, dir;
	unsigned left_out = 0;

	(void)state;
	has_local_names();
	dir = make_local(t, "dir", S_IFDIR | 0755);
	for (unsigned i = 0; i < 260; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", i);
		make_local(t, name, S_IFREG | 0644);
		make_local(dir, name, S_IFREG | 0644);
		list(dir, 0, NAMES_MAX, &all);
		assert_true(last_page(&all) != 4096);
		assert_int_equal(all.count, i + 2 + has_name(&all, ".."));
		left_out += !has_name(&all, "..");
		list(t, 0, NAMES_MAX, &all);
		assert_true(last_page(&all) != 4096);
		left_out += !has_name(&all, "..");
	}
	assert_true(left_out >= 2);
}

static void a_new_version_is_a_new_node_with_the_same_number(void **state)
{
	struct entry before = at("namespaces/app/tables/t/schema.json"), after;
	size_t len;
	char *text;

	(void)state;
	world_run(&w, "ALTER TABLE app.t ADD COLUMN b INT");
	after = at("namespaces/app/tables/t/schema.json");
	assert_true(before.id != after.id);
	assert_true(before.attr.st_ino == after.attr.st_ino);
	text = text_of_node(before.id, &len);
	assert_null(strstr(text, "\"b\""));
	assert_int_equal(len, before.attr.st_size);
	free(text);
}

static void only_a_changed_column_is_a_new_node(void **state)
{
	struct entry a = at("namespaces/app/tables/t/columns/a.json");
	struct entry id = at("namespaces/app/tables/t/columns/id.json");

	(void)state;
	world_run(&w, "ALTER TABLE app.t ALTER a COMMENT 'new'");
	assert_true(at("namespaces/app/tables/t/columns/id.json").id == id.id);
	assert_true(at("namespaces/app/tables/t/columns/a.json").id != a.id);
	assert_true(at("namespaces/app/tables/t/columns/a.json").attr.st_ino == a.attr.st_ino);
}

static void an_old_text_that_is_not_kept_is_stale(void **state)
{
	struct entry before = at("namespaces/app/namespace.json");
	struct view view;

	(void)state;
	world_run(&w, "ALTER NAMESPACE app COMMENT 'x'");
	assert_int_equal(view_open(&view, &tree, before.id, 0, NULL), -ESTALE);
	view_close(&view);
}

/* Not "there is none": the kernel looks the name up again then. */
static void a_text_of_a_draft_is_stale_once_there_is_a_table(void **state)
{
	struct inode inode = inode_unpack(at("namespaces/app/tables/t").id);
	struct view view;

	(void)state;
	assert_int_equal(view_open(&view, &tree, inode_pack(NODE_SCHEMA_JSON, inode.object, 0), 0, NULL),
			 -ESTALE);
	view_close(&view);
	assert_int_equal(view_open(&view, &tree, inode_pack(NODE_SCHEMA_JSON, 999, 0), 0,
				   NULL), -ENOENT);
	view_close(&view);
}

static void a_table_keeps_its_node_in_trash_and_back(void **state)
{
	struct entry before = at("namespaces/app/tables/t");

	(void)state;
	world_run(&w, "DROP TABLE app.t");
	assert_true(at("namespaces/app/trash/t").id == before.id);
	world_run(&w, "UNDROP TABLE app.t");
	assert_true(at("namespaces/app/tables/t").id == before.id);
}

static void ctl_is_a_new_node_at_every_look(void **state)
{
	struct entry one = at("ctl"), two = at("ctl");

	(void)state;
	assert_true(one.id != two.id);
	assert_true(one.attr.st_ino == two.attr.st_ino);
	assert_true(one.entry_timeout == 0 && one.attr_timeout == 0);
	assert_int_equal(one.attr.st_blksize, 65536);
}

static void attributes_of_a_changing_directory_are_not_kept_from_a_lookup(void **state)
{
	struct entry dir = at("namespaces/app/tables");
	struct entry file = at("namespaces/app/tables/t/schema.json");

	(void)state;
	assert_true(dir.entry_timeout == FOREVER && dir.attr_timeout == 0);
	assert_true(file.entry_timeout == FOREVER && file.attr_timeout == FOREVER);
}

static void locations_are_kept_only_where_all_names_can_be_forgotten(void **state)
{
	(void)state;
	assert_true(at("namespaces/app/tables/t/storage").entry_timeout == FOREVER);
	tree.has_epoch = false;
	assert_true(at("namespaces/app/tables/t/storage").entry_timeout == 0);
	assert_true(at("namespaces/app/tables/t/storage.json").attr_timeout == 0);
}

static void absence_is_remembered_only_where_it_is_notified(void **state)
{
	struct entry entry;
	bool absence;

	(void)state;
	assert_int_equal(try_find(at("namespaces/app/tables").id, "no", &entry, &absence), -ENOENT);
	assert_true(absence);
	assert_int_equal(try_find(at("namespaces/app/tables/t/versions").id, "9", &entry, &absence),
			 -ENOENT);
	assert_false(absence);
	assert_int_equal(try_find(at("namespaces/app/tables/t").id, "no", &entry, &absence),
			 -ENOENT);
	assert_false(absence);
}

static void a_directory_has_two_times_until_its_change_is_shown(void **state)
{
	struct entry shown = at("namespaces/app/tables"), under_way;

	(void)state;
	tree.settled = 0;
	under_way = at("namespaces/app/tables");
	assert_int_equal(under_way.attr.st_mtim.tv_sec, shown.attr.st_mtim.tv_sec);
	assert_int_equal(under_way.attr.st_mtim.tv_nsec, shown.attr.st_mtim.tv_nsec + 1);
}

static void a_read_only_mount_has_nothing_of_a_caller(void **state)
{
	static const char *const names[] = { "ctl", "plan", "error" };
	struct entry entry;

	(void)state;
	tree.read_only = true;
	for (size_t i = 0; i < countof(names); i++) {
		assert_int_equal(try_find(INODE_ROOT, names[i], &entry, NULL), -ENOENT);
		assert_int_equal(try_find(at("namespaces/app").id, names[i], &entry, NULL),
				 -ENOENT);
	}
	assert_int_equal(try_find(at(".kalamfs").id, "errors.jsonl", &entry, NULL), -ENOENT);
}

static void a_dropped_table_takes_no_statements(void **state)
{
	uint64_t dir = at("namespaces/app/trash/old").id;
	struct entry entry;

	(void)state;
	assert_int_equal(try_find(dir, "ctl", &entry, NULL), -ENOENT);
	assert_int_equal(try_find(dir, "plan", &entry, NULL), -ENOENT);
	at("namespaces/app/trash/old/schema.json");
}

static void a_group_may_write_where_the_owner_may(void **state)
{
	(void)state;
	assert_int_equal(at("ctl").attr.st_mode, S_IFREG | 0644);
	tree.has_dba = true;
	tree.dba_gid = 77;
	assert_int_equal(at("ctl").attr.st_mode, S_IFREG | 0664);
	assert_int_equal(at("ctl").attr.st_gid, 77);
	assert_int_equal(at("error").attr.st_mode, S_IFREG | 0444);
	assert_int_equal(at("namespaces/app/tables").attr.st_mode, S_IFDIR | 0775);
	assert_int_equal(at("namespaces/app/tables/t/versions").attr.st_mode, S_IFDIR | 0555);
	tree.umask = 027;
	assert_int_equal(at("error").attr.st_mode, S_IFREG | 0440);
}

static void error_is_the_callers_own(void **state)
{
	struct report_key key = { .object = OBJECT_NONE, .uid = 5 };
	struct view view;

	(void)state;
	report_set(tree.report, key, REPORT_ERROR, "mine\n", 5, w.now);
	assert_int_equal(at("error").attr.st_size, 0);
	for (uint32_t uid = 5; uid < 7; uid++) {
		size_t len;
		char *text;

		assert_int_equal(view_open(&view, &tree, inode_pack(NODE_ERROR, 0, 9), uid, NULL),
				 0);
		assert_int_equal(node_text(&view, &text, &len, NULL), 0);
		assert_string_equal(text, uid == 5 ? "mine\n" : "");
		free(text);
		view_close(&view);
	}
}

static void a_version_is_found_by_the_time_it_was_in_force(void **state)
{
	uint64_t versions = at("namespaces/app/tables/t/versions").id;
	struct entry entry;

	(void)state;
	world_run(&w, "ALTER TABLE app.t COMMENT 'x'");	/* an hour after the first */
	assert_int_equal(try_find(versions, "2025-11-22T09:30:00Z", &entry, NULL), 0);
	assert_true(S_ISLNK(entry.attr.st_mode) && inode_unpack(entry.id).sub == 1);
	assert_true(entry.entry_timeout == 0);
	assert_int_equal(try_find(versions, "2025-11-22T10:00:00.5Z", &entry, NULL), -ENOENT);
	w.now += SECOND_US;
	assert_int_equal(try_find(versions, "2025-11-22T11:00:00.5+01:00", &entry, NULL), 0);
	assert_int_equal(inode_unpack(entry.id).sub, 2);
	assert_int_equal(try_find(versions, "2025-11-22T08:00:00Z", &entry, NULL), -ENOENT);
	assert_int_equal(try_find(versions, "01", &entry, NULL), -ENOENT);
	assert_int_equal(try_find(versions, "0", &entry, NULL), -ENOENT);
	assert_int_equal(try_find(versions, "3", &entry, NULL), -ENOENT);
}

static void every_valid_user_has_a_link(void **state)
{
	uint64_t storage = at("namespaces/app/tables/u/storage").id;
	struct entry one, two;
	struct view view;

	(void)state;
	assert_int_equal(try_find(storage, "alice", &one, NULL), 0);
	assert_int_equal(try_find(storage, "alice", &two, NULL), 0);
	assert_true(one.id == two.id && one.counted);
	assert_true(S_ISLNK(one.attr.st_mode));
	assert_int_equal(try_find(storage, ".git", &one, NULL), -ENOENT);
	assert_int_equal(try_find(storage, "a b", &one, NULL), -ENOENT);
	userlink_forget(tree.links, two.id, 1);
	assert_int_equal(view_open(&view, &tree, two.id, 0, NULL), 0);
	view_close(&view);
	userlink_forget(tree.links, two.id, 1);
	assert_int_equal(view_open(&view, &tree, two.id, 0, NULL), -ENOENT);
	view_close(&view);
}

static void users_with_a_directory_are_listed(void **state)
{
	char base[600], path[2000];

	(void)state;
	snprintf(base, sizeof(base), "%s/storage/app/u", catalog_dir(w.catalog));
	snprintf(path, sizeof(path), "mkdir -p '%s/bob' '%s/.no' && touch '%s/file'", base, base,
		 base);
	assert_int_equal(system(path), 0);
	list(at("namespaces/app/tables/u/storage").id, 0, NAMES_MAX, &all);
	assert_int_equal(all.count, 3);
	assert_true(has_name(&all, "bob") && has_name(&all, ".") && has_name(&all, ".."));
}

#define USERS 300
#define SHARDED "{namespace}/{tableName}/{shard}/{userId}"

static void user_path(unsigned number, char user[16], char path[600])
{
	int len = snprintf(user, 16, "user_%u", number);

	snprintf(path, 600, "%s/sh/app/many/shard_%u/%s", catalog_dir(w.catalog),
		 shard_of_user(user, (size_t)len), user);
}

static void make_users(void)
{
	char user[16], path[600];

	world_run(&w, "CREATE STORAGE sh TYPE filesystem PATH 'sh' USER_TABLES_TEMPLATE '" SHARDED "';"
		      "CREATE USER TABLE app.many (id INT PRIMARY KEY) WITH (STORAGE_ID = 'sh');");
	snprintf(path, sizeof(path), "%s/sh/app/many", catalog_dir(w.catalog));
	for (char *at = path + strlen(catalog_dir(w.catalog)) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
	assert_int_equal(mkdir(path, 0700), 0);
	for (unsigned i = 0; i < USERS; i++) {
		user_path(i, user, path);
		*strrchr(path, '/') = '\0';
		(void)mkdir(path, 0700);
		user_path(i, user, path);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static void a_listing_of_shards_goes_on_where_it_was(void **state)
{
	uint64_t dir, next;

	(void)state;
	make_users();
	dir = at("namespaces/app/tables/many/storage").id;
	list(dir, 0, NAMES_MAX, &all);
	assert_int_equal(all.count, USERS + 2);
	for (unsigned size = 1; size < 9; size += 7) {
		size_t seen = 0;

		for (next = 0; list(dir, next, size, &piece), piece.count; next = piece.next) {
			for (size_t i = 0; i < piece.count; i++)
				assert_string_equal(piece.name[i], all.name[seen++]);
			/* What is kept of positions may be lost meanwhile. */
			if (size == 1) {
				outside_free(tree.outside);
				tree.outside = outside_new();
			}
		}
		assert_int_equal(seen, all.count);
	}
}

/* Others come and go, also some that were listed. */
static void who_stays_is_listed_exactly_once(void **state)
{
	unsigned seen[USERS] = { 0 }, number, gone = 0;
	char user[16], path[600];
	uint64_t dir, next = 0;

	(void)state;
	make_users();
	dir = at("namespaces/app/tables/many/storage").id;
	for (; list(dir, next, 10, &piece), piece.count; next = piece.next) {
		for (size_t i = 0; i < piece.count; i++) {
			if (sscanf(piece.name[i], "user_%u", &number) == 1 && number < USERS)
				seen[number]++;
		}
		for (unsigned i = 0; i < 8 && gone < USERS; i++, gone += 2) {
			user_path(gone, user, path);
			assert_int_equal(rmdir(path), 0);
			user_path(USERS + gone, user, path);
			assert_int_equal(mkdir(path, 0700), 0);
		}
	}
	for (unsigned i = 1; i < USERS; i += 2)
		assert_int_equal(seen[i], 1);
}

static void a_place_is_a_new_node_only_when_it_moves(void **state)
{
	static const char *const names[] = { "t/storage", "t/storage.json", "u/storage.json",
					     "u/storage/bob" };
	char path[100];

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct entry before, after;

		snprintf(path, sizeof(path), "namespaces/app/tables/%s", names[i]);
		before = at(path);
		w.now += HOUR_US;
		world_run(&w, i ? "ALTER STORAGE local SET NAME 'a';" : "ALTER STORAGE local SET NAME 'b';");
		after = at(path);
		assert_true(after.id == before.id);
		assert_memory_equal(&after.attr.st_mtim, &before.attr.st_mtim, sizeof(after.attr.st_mtim));
	}
	world_run(&w, "ALTER STORAGE local SET SHARED_TABLES_TEMPLATE 'x/{namespace}/{tableName}';");
	for (size_t i = 0; i < countof(names); i++) {
		struct entry entry;

		snprintf(path, sizeof(path), "namespaces/app/tables/%s", names[i]);
		entry = at(path);
		assert_int_equal(entry.attr.st_mtim.tv_sec == w.now / SECOND_US, i < 2);
	}
	w.now += HOUR_US;
	world_run(&w, "ALTER STORAGE local SET USER_TABLES_TEMPLATE 'x/{namespace}/{tableName}/{userId}';");
	for (size_t i = 0; i < countof(names); i++) {
		snprintf(path, sizeof(path), "namespaces/app/tables/%s", names[i]);
		assert_int_equal(at(path).attr.st_mtim.tv_sec == w.now / SECOND_US, i >= 2);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_complete),
		TEST(every_listed_name_is_found_with_its_exact_size),
		TEST(a_listing_read_name_by_name_is_the_whole_listing),
		TEST(no_position_is_of_two_states),
		TEST(no_listing_fills_the_kernels_last_page),
		TEST(no_listing_of_files_fills_it_either),
		TEST(a_new_version_is_a_new_node_with_the_same_number),
		TEST(only_a_changed_column_is_a_new_node),
		TEST(an_old_text_that_is_not_kept_is_stale),
		TEST(a_text_of_a_draft_is_stale_once_there_is_a_table),
		TEST(a_table_keeps_its_node_in_trash_and_back),
		TEST(ctl_is_a_new_node_at_every_look),
		TEST(attributes_of_a_changing_directory_are_not_kept_from_a_lookup),
		TEST(locations_are_kept_only_where_all_names_can_be_forgotten),
		TEST(absence_is_remembered_only_where_it_is_notified),
		TEST(a_directory_has_two_times_until_its_change_is_shown),
		TEST(a_read_only_mount_has_nothing_of_a_caller),
		TEST(a_dropped_table_takes_no_statements),
		TEST(a_group_may_write_where_the_owner_may),
		TEST(error_is_the_callers_own),
		TEST(a_version_is_found_by_the_time_it_was_in_force),
		TEST(every_valid_user_has_a_link),
		TEST(users_with_a_directory_are_listed),
		TEST(a_listing_of_shards_goes_on_where_it_was),
		TEST(who_stays_is_listed_exactly_once),
		TEST(a_place_is_a_new_node_only_when_it_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
