/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/node.h"

#include "base/stamp.h"
#include "fs/files.h"
#include "fs/members.h"
#include "fs/outside.h"
#include "fs/report.h"
#include "fs/userlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT_BLOCK 65536	/* st_blksize that makes programs write a statement whole */
#define FULL_MAX 1000		/* names of a directory that are listed with attributes */

/* ----- when a content last changed ----- */

static int64_t mtime_started(struct view *view)
{
	return view->tree->started_at;
}

static int64_t mtime_created(struct view *view)
{
	if (view->ns)
		return view->ns->created_at;
	return catalog_created_at(view->tree->catalog);
}

static int64_t mtime_now(struct view *view)
{
	return catalog_now(view->tree->catalog);
}

static int64_t mtime_namespace(struct view *view)
{
	return view->ns->updated_at;
}

static int64_t mtime_members(struct view *view)
{
	struct dir_state state = { 0 };

	node_row(view->inode.kind)->members->state(view, &state);
	return state.changed_at ? state.changed_at : mtime_created(view);
}

static int64_t mtime_table(struct view *view)
{
	int64_t at = view->table->info.committed_at;

	return view->table->dropped_at > at ? view->table->dropped_at : at;
}

static int64_t mtime_version(struct view *view)
{
	return view->table->info.committed_at;
}

static int64_t mtime_column(struct view *view)
{
	return view->column->changed_at;
}

static int64_t mtime_place(struct view *view)
{
	return view->place ? view->place->changed_at : view->table->created_at;
}

static int64_t mtime_storage(struct view *view)
{
	return view->storage->updated_at;
}

static int64_t mtime_log(struct view *view)
{
	return view->tree->log_stamp;
}

static int64_t report_mtime(struct view *view, enum report_what what)
{
	int64_t at = report_time(view->tree->report, report_key(view), what);

	if (at)
		return at;
	return view->table ? view->table->created_at : mtime_created(view);
}

static int64_t mtime_ctl(struct view *view)
{
	return report_mtime(view, REPORT_LAST);
}

static int64_t mtime_plan(struct view *view)
{
	return report_mtime(view, REPORT_PLAN);
}

static int64_t mtime_error(struct view *view)
{
	return report_mtime(view, REPORT_ERROR);
}

static int64_t mtime_errors(struct view *view)
{
	int64_t at = report_refusal_time(view->tree->report);

	return at ? at : view->tree->started_at;
}

/* ----- which names are there ----- */

static bool takes_changes(const struct view *dir)
{
	return !dir->tree->read_only && !(dir->table && dir->table->dropped_at);
}

static bool has_one_location(const struct view *dir)
{
	return dir->table->type != TABLE_USER;
}

static bool has_user_locations(const struct view *dir)
{
	return dir->table->type == TABLE_USER;
}

/* A version by the time at which it was in force; always asked anew. */
static int find_time(struct view *dir, const char *name, struct view *child, struct err *err)
{
	uint32_t version;
	int64_t stamp;
	int rc;

	*child = (struct view){ .tree = dir->tree, .txn = dir->txn, .uid = dir->uid };
	if (stamp_parse(name, strlen(name), false, &stamp) ||
	    stamp > catalog_now(dir->tree->catalog))
		return -ENOENT;
	rc = catalog_version_at(dir->tree->catalog, dir->txn, dir->table->id, stamp, &version, err);
	if (!rc)
		rc = view_member(dir, NODE_VERSION, version, child, err);
	child->inode.kind = NODE_VERSION_TIME;
	return rc;
}

/* ----- the tree ----- */

#define DIR_RW (S_IFDIR | 0755)
#define DIR_RO (S_IFDIR | 0555)
#define FILE_RW (S_IFREG | 0644)
#define FILE_RO (S_IFREG | 0444)
#define LINK (S_IFLNK | 0777)

#define CTL_FILE(in, about)                                                                        \
	.name = "ctl", .parent = (in), .mode = FILE_RW, .subject = (about), .caching = CACHE_NEVER,\
	.flags = NODE_FRESH | NODE_DBA | NODE_DIRECT | NODE_STATEMENTS, .show = show_ctl,          \
	.mtime = mtime_ctl, .is_present = takes_changes
#define PLAN_FILE(in, about)                                                                       \
	.name = "plan", .parent = (in), .mode = FILE_RW, .subject = (about),                       \
	.caching = CACHE_NEVER, .show = show_plan, .mtime = mtime_plan,                            \
	.flags = NODE_FRESH | NODE_DBA | NODE_DIRECT | NODE_STATEMENTS | NODE_IS_PLAN,             \
	.is_present = takes_changes
#define ERROR_FILE(in, about)                                                                      \
	.name = "error", .parent = (in), .mode = FILE_RO, .subject = (about),                      \
	.caching = CACHE_NEVER, .flags = NODE_FRESH | NODE_DIRECT, .show = show_error,             \
	.mtime = mtime_error, .is_present = takes_changes
#define TABLE_FILE(called, in, kept, shown)                                                        \
	.name = (called), .parent = (in), .mode = FILE_RO, .subject = SUBJECT_VERSION,             \
	.caching = CACHE_FOREVER, .form = 1 + (kept), .show = (shown), .mtime = mtime_version

// clang-format off
static const struct node_row rows[] = {
	[NODE_NONE] = { .name = NULL },
	[NODE_ROOT] = { .mode = DIR_RW, .flags = NODE_DBA, .caching = CACHE_FOREVER, .mtime = mtime_created },
	[NODE_README] = { .name = "README", .parent = NODE_ROOT, .mode = FILE_RO, .caching = CACHE_FOREVER,
		.show = show_readme, .mtime = mtime_started },
	[NODE_CTL] = { CTL_FILE(NODE_ROOT, SUBJECT_CATALOG) },
	[NODE_PLAN] = { PLAN_FILE(NODE_ROOT, SUBJECT_CATALOG) },
	[NODE_ERROR] = { ERROR_FILE(NODE_ROOT, SUBJECT_CATALOG) },
	[NODE_LOG] = { .name = "log.jsonl", .parent = NODE_ROOT, .mode = FILE_RO, .caching = CACHE_NAMES,
		.mtime = mtime_log },
	[NODE_NAMESPACES] = { .name = "namespaces", .parent = NODE_ROOT, .mode = DIR_RW, .caching = CACHE_NAMES,
		.flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members, .members = &members_namespaces },
	[NODE_STORAGES] = { .name = "storages", .parent = NODE_ROOT, .mode = DIR_RW, .caching = CACHE_NAMES,
		.flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members, .members = &members_storages },
	[NODE_TYPES] = { .name = "types", .parent = NODE_ROOT, .mode = DIR_RO, .caching = CACHE_FOREVER,
		.mtime = mtime_members, .members = &members_types },
	[NODE_STATE] = { .name = ".kalamfs", .parent = NODE_ROOT, .mode = DIR_RO, .caching = CACHE_FOREVER,
		.mtime = mtime_started },
	[NODE_STATUS] = { .name = "status.json", .parent = NODE_STATE, .mode = FILE_RO, .caching = CACHE_NEVER,
		.flags = NODE_DIRECT, .show = show_status, .mtime = mtime_now },
	[NODE_ERRORS] = { .name = "errors.jsonl", .parent = NODE_STATE, .mode = FILE_RO, .caching = CACHE_NEVER,
		.flags = NODE_FRESH | NODE_DIRECT, .show = show_errors, .mtime = mtime_errors,
		.is_present = takes_changes },

	[NODE_NAMESPACE] = { .parent = NODE_NAMESPACES, .mode = DIR_RW, .subject = SUBJECT_NAMESPACE,
		.caching = CACHE_FOREVER, .flags = NODE_DBA, .mtime = mtime_created },
	[NODE_NAMESPACE_CTL] = { CTL_FILE(NODE_NAMESPACE, SUBJECT_NAMESPACE) },
	[NODE_NAMESPACE_PLAN] = { PLAN_FILE(NODE_NAMESPACE, SUBJECT_NAMESPACE) },
	[NODE_NAMESPACE_ERROR] = { ERROR_FILE(NODE_NAMESPACE, SUBJECT_NAMESPACE) },
	[NODE_NAMESPACE_JSON] = { .name = "namespace.json", .parent = NODE_NAMESPACE, .mode = FILE_RW,
		.subject = SUBJECT_NAMESPACE_TEXT, .caching = CACHE_FOREVER, .flags = NODE_DBA | NODE_PINNED,
		.show = show_namespace, .mtime = mtime_namespace },
	[NODE_TABLES] = { .name = "tables", .parent = NODE_NAMESPACE, .mode = DIR_RW, .subject = SUBJECT_NAMESPACE,
		.caching = CACHE_NAMES, .flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members,
		.members = &members_tables },
	[NODE_TRASH] = { .name = "trash", .parent = NODE_NAMESPACE, .mode = DIR_RO, .subject = SUBJECT_NAMESPACE,
		.caching = CACHE_NAMES, .flags = NODE_ABSENCE, .mtime = mtime_members, .members = &members_trash },

	[NODE_TABLE] = { .parent = NODE_TABLES, .mode = DIR_RW, .subject = SUBJECT_TABLE,
		.caching = CACHE_NAMES, .flags = NODE_DBA, .mtime = mtime_table },
	[NODE_TABLE_CTL] = { CTL_FILE(NODE_TABLE, SUBJECT_TABLE) },
	[NODE_TABLE_PLAN] = { PLAN_FILE(NODE_TABLE, SUBJECT_TABLE) },
	[NODE_TABLE_ERROR] = { ERROR_FILE(NODE_TABLE, SUBJECT_TABLE) },
	[NODE_SCHEMA_JSON] = { .name = "schema.json", .parent = NODE_TABLE, .mode = FILE_RW,
		.subject = SUBJECT_VERSION, .caching = CACHE_FOREVER, .flags = NODE_DBA,
		.form = 1 + FORM_SCHEMA_JSON, .show = show_schema_json, .mtime = mtime_version },
	[NODE_SCHEMA_SQL] = { TABLE_FILE("schema.sql", NODE_TABLE, FORM_SCHEMA_SQL, show_schema_sql) },
	[NODE_SCHEMA_ARROW] = { TABLE_FILE("schema.arrow", NODE_TABLE, FORM_SCHEMA_ARROW, show_schema_arrow) },
	[NODE_DESCRIBE] = { TABLE_FILE("describe", NODE_TABLE, FORM_DESCRIBE, show_describe) },
	[NODE_COLUMNS] = { .name = "columns", .parent = NODE_TABLE, .mode = DIR_RW, .subject = SUBJECT_TABLE,
		.caching = CACHE_NAMES, .flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members,
		.members = &members_columns },
	[NODE_VERSIONS] = { .name = "versions", .parent = NODE_TABLE, .mode = DIR_RO, .subject = SUBJECT_TABLE,
		.caching = CACHE_NAMES, .mtime = mtime_members, .members = &members_versions,
		.find_other = find_time },
	[NODE_STORAGE_LINK] = { .name = "storage", .parent = NODE_TABLE, .mode = LINK, .subject = SUBJECT_PLACE,
		.caching = CACHE_PLACE, .link = link_storage, .mtime = mtime_place,
		.is_present = has_one_location },
	[NODE_STORAGE_DIR] = { .name = "storage", .parent = NODE_TABLE, .mode = DIR_RO, .subject = SUBJECT_TABLE,
		.caching = CACHE_NEVER, .mtime = outside_mtime, .is_present = has_user_locations,
		.find_other = outside_find, .list_other = outside_list },
	[NODE_STORAGE_JSON] = { .name = "storage.json", .parent = NODE_TABLE, .mode = FILE_RO,
		.subject = SUBJECT_PLACE, .caching = CACHE_PLACE, .flags = NODE_PINNED, .show = show_place,
		.mtime = mtime_place },

	[NODE_COLUMN] = { .parent = NODE_COLUMNS, .mode = FILE_RW, .subject = SUBJECT_COLUMN,
		.caching = CACHE_FOREVER, .flags = NODE_DBA, .show = show_column, .mtime = mtime_column },
	[NODE_VERSION] = { .parent = NODE_VERSIONS, .mode = DIR_RO, .subject = SUBJECT_VERSION,
		.caching = CACHE_FOREVER, .flags = NODE_OWN_INO, .mtime = mtime_version },
	[NODE_LATEST] = { .name = "latest", .parent = NODE_VERSIONS, .mode = LINK, .subject = SUBJECT_VERSION,
		.caching = CACHE_FOREVER, .link = link_latest, .mtime = mtime_version },
	[NODE_VERSION_TIME] = { .parent = NODE_VERSIONS, .mode = LINK, .subject = SUBJECT_VERSION,
		.caching = CACHE_NEVER, .flags = NODE_OWN_INO, .link = link_latest, .mtime = mtime_version },
	[NODE_VERSION_JSON] = { TABLE_FILE("schema.json", NODE_VERSION, FORM_SCHEMA_JSON, show_schema_json),
		.flags = NODE_OWN_INO },
	[NODE_VERSION_SQL] = { TABLE_FILE("schema.sql", NODE_VERSION, FORM_SCHEMA_SQL, show_schema_sql),
		.flags = NODE_OWN_INO },
	[NODE_VERSION_ARROW] = { TABLE_FILE("schema.arrow", NODE_VERSION, FORM_SCHEMA_ARROW, show_schema_arrow),
		.flags = NODE_OWN_INO },
	[NODE_VERSION_CHANGE] = { TABLE_FILE("change.json", NODE_VERSION, FORM_CHANGE_JSON, show_change),
		.flags = NODE_OWN_INO },

	[NODE_STORAGE_FILE] = { .parent = NODE_STORAGES, .mode = FILE_RW, .subject = SUBJECT_STORAGE,
		.caching = CACHE_FOREVER, .flags = NODE_DBA | NODE_PINNED, .show = show_storage,
		.mtime = mtime_storage },
	[NODE_TYPE] = { .parent = NODE_TYPES, .mode = FILE_RO, .subject = SUBJECT_TYPE,
		.caching = CACHE_FOREVER, .show = show_type, .mtime = mtime_created },
	[NODE_USER_LINK] = { .parent = NODE_STORAGE_DIR, .mode = LINK, .subject = SUBJECT_LINK,
		.caching = CACHE_NEVER, .link = link_user, .mtime = mtime_started },
};
// clang-format on
_Static_assert(countof(rows) == NODE_KIND_COUNT, "every kind of node has a row");

const struct node_row *node_row(enum node_kind kind)
{
	return &rows[kind];
}

/* ----- attributes ----- */

uint64_t node_ino(const struct view *view)
{
	const struct inode *inode = &view->inode;

	if (inode->kind == NODE_USER_LINK)
		return userlink_node_ino(view->tree->links, *inode);
	if (inode->kind == NODE_COLUMN)
		return inode_pack(inode->kind, inode->object, view->column->id);
	return inode_pack(inode->kind, inode->object,
			  rows[inode->kind].flags & NODE_OWN_INO ? inode->sub : 0);
}

int node_text(struct view *view, char **text, size_t *len, struct err *err)
{
	FILE *out;
	int rc;

	*text = NULL;
	out = open_memstream(text, len);
	if (!out)
		return err_nomem(err);
	rc = rows[view->inode.kind].show(view, out, err);
	if (ferror(out) && !rc)
		rc = err_nomem(err);
	if (fclose(out) && !rc)
		rc = err_nomem(err);
	if (rc) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

static int file_size(struct view *view, off_t *size, struct err *err)
{
	const struct node_row *row = &rows[view->inode.kind];
	char *text;
	size_t len;
	int rc;

	if (view->inode.kind == NODE_LOG) {
		*size = (off_t)view->tree->log_end;
		return 0;
	}
	if (row->form && view->table->sizes[row->form - 1]) {
		*size = view->table->sizes[row->form - 1];
		return 0;
	}
	rc = node_text(view, &text, &len, err);
	if (!rc)
		*size = (off_t)len;
	free(text);
	return rc;
}

static int link_size(struct view *view, off_t *size, struct err *err)
{
	char text[LOCATION_SIZE];
	int rc = rows[view->inode.kind].link(view, text, err);

	if (!rc)
		*size = (off_t)strlen(text);
	return rc;
}

static void set_owner(const struct view *view, struct stat *out)
{
	const struct node_row *row = &rows[view->inode.kind];
	const struct tree *tree = view->tree;

	out->st_mode = row->mode;
	out->st_uid = tree->uid;
	out->st_gid = tree->gid;
	if (tree->has_dba && row->flags & NODE_DBA) {
		out->st_mode |= S_IWGRP;
		out->st_gid = tree->dba_gid;
	}
	if (!S_ISLNK(row->mode))
		out->st_mode &= ~tree->umask;
}

/*
 * The kernel tells by the mtime whether its cached listing is still good.  But
 * it may fill a listing that began with the new mtime with an answer to an
 * older READDIR that was under way.  So there are two new ones: until the
 * notifier has waited for all that was under way in the directory the mtime
 * ends in one nanosecond, afterwards in none.
 */
static long unsettled_ns(const struct view *view)
{
	const struct members *members = rows[view->inode.kind].members;
	struct dir_state state = { 0 };

	if (members)
		members->state(view, &state);
	return state.sequence > view->tree->settled;
}

int node_stat(struct view *view, struct stat *out, struct err *err)
{
	const struct node_row *row = &rows[view->inode.kind];
	int64_t mtime;
	int rc = 0;

	*out = (struct stat){ .st_ino = node_ino(view), .st_nlink = 1 };
	set_owner(view, out);
	if (S_ISREG(row->mode))
		rc = file_size(view, &out->st_size, err);
	else if (S_ISLNK(row->mode))
		rc = link_size(view, &out->st_size, err);
	if (rc)
		return rc;
	mtime = row->mtime(view);
	out->st_mtim.tv_sec = mtime / 1000000;
	out->st_mtim.tv_nsec = mtime % 1000000 * 1000 + unsettled_ns(view);
	out->st_ctim = out->st_mtim;
	out->st_atim = out->st_mtim;
	out->st_blksize = row->flags & NODE_STATEMENTS ? STATEMENT_BLOCK : 4096;
	out->st_blocks = (out->st_size + 511) / 512;
	return 0;
}

static double entry_timeout(const struct view *view)
{
	switch (rows[view->inode.kind].caching) {
	case CACHE_FOREVER:
	case CACHE_NAMES:
		return FOREVER;
	case CACHE_PLACE:
		return view->tree->has_epoch ? FOREVER : 0;
	case CACHE_NEVER:
		break;
	}
	return 0;
}

double node_attr_timeout(const struct view *view)
{
	return entry_timeout(view);
}

int node_entry(struct view *view, struct entry *out, struct err *err)
{
	const struct inode *inode = &view->inode;
	int rc = node_stat(view, &out->attr, err);

	if (rc)
		return rc;
	out->id = inode_pack(inode->kind, inode->object, inode->sub);
	out->entry_timeout = entry_timeout(view);
	/*
	 * A lookup's attributes may be older than a notification that the
	 * kernel got meanwhile, and it would not notice; those that it asks
	 * for with GETATTR are protected.
	 */
	out->attr_timeout = rows[inode->kind].caching == CACHE_NAMES ? 0 : out->entry_timeout;
	out->counted = inode->kind == NODE_USER_LINK;
	return 0;
}

/* ----- names ----- */

static int find_static(const struct view *dir, const char *name, struct view *child,
		       struct err *err)
{
	for (enum node_kind kind = NODE_ROOT + 1; kind < NODE_KIND_COUNT; kind++) {
		const struct node_row *row = &rows[kind];

		if (row->parent == dir->inode.kind && row->name && !strcmp(row->name, name) &&
		    (!row->is_present || row->is_present(dir)))
			return view_child(dir, kind, child, err);
	}
	return -ENOENT;
}

static int find_member(const struct view *dir, const char *name, struct view *child,
		       struct err *err)
{
	const struct members *members = rows[dir->inode.kind].members;
	size_t len = strlen(name), suffix = strlen(members->suffix);
	char stem[256];
	uint32_t id;
	int rc;

	if (len <= suffix || len - suffix >= sizeof(stem) ||
	    strcmp(name + len - suffix, members->suffix))
		return -ENOENT;
	memcpy(stem, name, len - suffix);
	stem[len - suffix] = '\0';
	rc = members->find(dir, stem, &id);
	return rc ? rc : view_member(dir, members->kind, id, child, err);
}

int node_find(struct view *dir, const char *name, struct entry *out, bool *absence, struct err *err)
{
	const struct node_row *row = &rows[dir->inode.kind];
	struct view child = { 0 };
	int rc = find_static(dir, name, &child, err);

	if (absence)
		*absence = row->flags & NODE_ABSENCE;
	if (rc == -ENOENT && row->members)
		rc = find_member(dir, name, &child, err);
	if (rc == -ENOENT && row->find_other)
		rc = row->find_other(dir, name, &child, err);
	if (!rc)
		rc = node_entry(&child, out, err);
	view_close(&child);
	return rc;
}

/* ----- listings ----- */

/*
 * Positions: which state of the directory (20 bits), so that the kernel does
 * not mix two states into one cached listing; how full the kernel's page is
 * (10 bits, see below); and in the lower half 1 for ".", then the rows of the
 * tree, then the members by their ids, then "..".  Positions from 2^62 on are
 * left for files that are only in memory.
 *
 * The kernel packs a listing into pages.  When the last one is exactly full,
 * it takes a position that the listing does not have for its end (Linux 6.18,
 * fuse_readdir_cached), and a reader who is half through while the directory
 * changes misses the rest.  ".." comes last and is left out where it would
 * fill the page.
 */
#define STATE_SHIFT 42
#define PACKED_SHIFT 32
#define PAGE 4096u
#define DIRENT_HEAD 24u
#define FIRST_STATIC 2u
#define FIRST_MEMBER 128u
#define LAST_POSITION UINT32_MAX
_Static_assert(FIRST_STATIC + NODE_KIND_COUNT < FIRST_MEMBER, "positions do not overlap");

struct listing {
	struct view *dir;
	uint64_t state;		/* its bits of positions */
	uint32_t packed;	/* bytes in the kernel's last page */
	bool full;
	entry_fn *fn;
	void *arg;
	struct err *err;
};

/* How full the kernel's last page is with one more name. */
static uint32_t pack(uint32_t packed, const char *name)
{
	uint32_t len = (DIRENT_HEAD + (uint32_t)strlen(name) + 7) & ~7u;

	return packed + len > PAGE ? len : packed + len;
}

static int emit(struct listing *l, const char *name, const struct entry *entry, uint32_t at)
{
	l->packed = pack(l->packed, name);
	return l->fn(l->arg, name, entry, l->state | (uint64_t)(l->packed / 8) << PACKED_SHIFT | at);
}

static int emit_plain(struct listing *l, const char *name, uint64_t ino, mode_t mode, uint32_t at)
{
	struct entry entry = { .attr = { .st_ino = ino, .st_mode = mode } };

	return emit(l, name, &entry, at);
}

/* Takes child, also when rc tells that loading it failed. */
static int emit_child(struct listing *l, int rc, const char *name, struct view *child, uint32_t at)
{
	struct entry entry;

	if (!rc)
		rc = node_entry(child, &entry, l->err);
	if (!rc)
		rc = emit(l, name, &entry, at);
	view_close(child);
	return rc;
}

static uint64_t parent_ino(const struct view *dir)
{
	enum node_kind parent = rows[dir->inode.kind].parent;
	uint32_t object = dir->inode.object;

	if (dir->inode.kind == NODE_TABLE) {
		parent = dir->table->dropped_at ? NODE_TRASH : NODE_TABLES;
		object = dir->table->namespace_id;
	}
	if (parent == NODE_NONE || parent == NODE_ROOT)
		return INODE_ROOT;
	return inode_pack(parent, rows[parent].subject == SUBJECT_CATALOG ? 0 : object, 0);
}

/* Names whose attributes are not kept are cheaper to look up when needed. */
static int emit_static(struct listing *l, enum node_kind kind)
{
	const struct node_row *row = &rows[kind];
	const struct inode *dir = &l->dir->inode;
	struct view child = { 0 };
	int rc;

	if (!l->full || row->caching == CACHE_NEVER) {
		uint32_t object = row->subject == SUBJECT_CATALOG ? 0 : dir->object;
		uint32_t sub = row->flags & NODE_OWN_INO ? dir->sub : 0;

		return emit_plain(l, row->name, inode_pack(kind, object, sub), row->mode,
				  FIRST_STATIC + kind);
	}
	rc = view_child(l->dir, kind, &child, l->err);
	return emit_child(l, rc, row->name, &child, FIRST_STATIC + kind);
}

static int list_static(struct listing *l, uint32_t after)
{
	const struct view *dir = l->dir;
	int rc = 0;

	if (after < 1)
		rc = emit_plain(l, ".", node_ino(dir), S_IFDIR, 1);
	for (enum node_kind kind = NODE_ROOT + 1; !rc && kind < NODE_KIND_COUNT; kind++) {
		const struct node_row *row = &rows[kind];

		if (row->parent == dir->inode.kind && row->name && FIRST_STATIC + kind > after &&
		    (!row->is_present || row->is_present(dir)))
			rc = emit_static(l, kind);
	}
	return rc;
}

static int list_one(void *arg, uint32_t id, const char *name, size_t len)
{
	struct listing *l = arg;
	const struct members *members = rows[l->dir->inode.kind].members;
	struct view child = { 0 };
	char full_name[256];
	int rc;

	snprintf(full_name, sizeof(full_name), "%.*s%s", (int)len, name, members->suffix);
	if (!l->full) {
		uint32_t object = members->id_is_sub ? l->dir->inode.object : id;
		uint64_t ino = inode_pack(members->kind, object, members->id_is_sub ? id : 0);

		return emit_plain(l, full_name, ino, rows[members->kind].mode, FIRST_MEMBER + id);
	}
	rc = view_member(l->dir, members->kind, id, &child, l->err);
	return emit_child(l, rc, full_name, &child, FIRST_MEMBER + id);
}

static int list_parent(struct listing *l)
{
	if (pack(l->packed, "..") == PAGE)
		return 0;
	return emit_plain(l, "..", parent_ino(l->dir), S_IFDIR, LAST_POSITION);
}

int node_list(struct view *dir, uint64_t after, bool full, entry_fn *fn, void *arg, struct err *err)
{
	const struct node_row *row = &rows[dir->inode.kind];
	struct listing listing = { .dir = dir, .full = full, .fn = fn, .arg = arg, .err = err };
	uint32_t position = (uint32_t)after;
	struct dir_state state = { 0 };
	int rc;

	if (row->list_other)
		return row->list_other(dir, after, fn, arg, err);
	if (position == LAST_POSITION)
		return 0;
	listing.packed = (uint32_t)(after >> PACKED_SHIFT & 0x3ff) * 8;
	if (row->members) {
		row->members->state(dir, &state);
		listing.state = (state.sequence & 0xfffff) << STATE_SHIFT;
		listing.full = full && state.count <= FULL_MAX;
	}
	rc = list_static(&listing, position);
	if (!rc && row->members)
		rc = row->members->list(dir, position > FIRST_MEMBER ? position - FIRST_MEMBER : 0,
					list_one, &listing);
	return rc ? rc : list_parent(&listing);
}
