/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/node.h"

#include "base/stamp.h"
#include "catalog/page.h"
#include "fs/draft.h"
#include "fs/files.h"
#include "fs/members.h"
#include "fs/outside.h"
#include "fs/report.h"
#include "fs/userlink.h"

#include <errno.h>
#include <string.h>

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

/* Its figures change at every look; a file that is newer each time could not be archived. */
static int64_t mtime_status(struct view *view)
{
	int64_t changed = view->tree->log_stamp;

	return changed > view->tree->started_at ? changed : view->tree->started_at;
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

static int64_t mtime_user_link(struct view *view)
{
	return userlink_since(view->tree->links, view->inode);
}

static int64_t mtime_storage(struct view *view)
{
	return view->storage->updated_at;
}

static int64_t mtime_info(struct view *view)
{
	return view->info_state.changed_at;
}

static int64_t mtime_index(struct view *view)
{
	return page_catalog_changed_at(view->tree->catalog, view->txn);
}

static int64_t mtime_namespace_index(struct view *view)
{
	return page_namespace_changed_at(view->tree->catalog, view->txn, view->ns);
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

static int find_draft(struct view *dir, const char *name, struct view *child, struct err *err)
{
	struct table *table = drafts_find(dir->tree->drafts, dir->inode.object, name, dir->txn);

	(void)err;
	if (!table)
		return -ENOENT;
	*child = (struct view){
		.tree = dir->tree,
		.txn = dir->txn,
		.uid = dir->uid,
		.inode = { .kind = NODE_TABLE, .object = table->id },
		.table = table,
	};
	return 0;
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

#define INFO_FILE(in, first, set, form, called)                                                    \
	[(first) + (set) * INFO_FORM_COUNT + (form)] = {                                           \
		.name = (called), .parent = (in), .mode = FILE_RO, .subject = SUBJECT_INFO,        \
		.caching = CACHE_CONTENT, .flags = NODE_SPOOLED, .show = show_info,                \
		.mtime = mtime_info,                                                               \
	}
#define INFO_FILES(in, first)                                                                      \
	INFO_FILE(in, first, INFO_SCHEMATA, INFO_JSONL, "schemata.jsonl"),                         \
	INFO_FILE(in, first, INFO_SCHEMATA, INFO_CSV, "schemata.csv"),                             \
	INFO_FILE(in, first, INFO_TABLES, INFO_JSONL, "tables.jsonl"),                             \
	INFO_FILE(in, first, INFO_TABLES, INFO_CSV, "tables.csv"),                                 \
	INFO_FILE(in, first, INFO_COLUMNS, INFO_JSONL, "columns.jsonl"),                           \
	INFO_FILE(in, first, INFO_COLUMNS, INFO_CSV, "columns.csv"),                               \
	INFO_FILE(in, first, INFO_STORAGES, INFO_JSONL, "storages.jsonl"),                         \
	INFO_FILE(in, first, INFO_STORAGES, INFO_CSV, "storages.csv")
_Static_assert(NODE_INFO_FILE_LAST == NODE_INFO_FILE + INFO_VIEW_COUNT * INFO_FORM_COUNT - 1 &&
	       NODE_NAMESPACE_INFO_FILE_LAST ==
		       NODE_NAMESPACE_INFO_FILE + INFO_VIEW_COUNT * INFO_FORM_COUNT - 1,
	       "there is a kind for each set and form");

// clang-format off
static const struct node_row rows[] = {
	[NODE_NONE] = { .name = NULL },
	[NODE_ROOT] = {
		.mode = DIR_RW, .flags = NODE_DBA, .caching = CACHE_FOREVER,
		.mtime = mtime_created,
	},
	[NODE_README] = {
		.name = "README", .parent = NODE_ROOT, .mode = FILE_RO, .caching = CACHE_FOREVER,
		.show = show_readme, .mtime = mtime_started,
	},
	[NODE_CTL] = { CTL_FILE(NODE_ROOT, SUBJECT_CATALOG) },
	[NODE_PLAN] = { PLAN_FILE(NODE_ROOT, SUBJECT_CATALOG) },
	[NODE_ERROR] = { ERROR_FILE(NODE_ROOT, SUBJECT_CATALOG) },
	[NODE_LOG] = {
		.name = "log.jsonl", .parent = NODE_ROOT, .mode = FILE_RO, .caching = CACHE_NEVER,
		.mtime = mtime_log,
	},
	[NODE_NAMESPACES] = {
		.name = "namespaces", .parent = NODE_ROOT, .mode = DIR_RW, .caching = CACHE_NAMES,
		.flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members,
		.members = &members_namespaces,
	},
	[NODE_STORAGES] = {
		.name = "storages", .parent = NODE_ROOT, .mode = DIR_RW, .caching = CACHE_NAMES,
		.flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members,
		.members = &members_storages,
	},
	[NODE_TYPES] = {
		.name = "types", .parent = NODE_ROOT, .mode = DIR_RO, .caching = CACHE_FOREVER,
		.mtime = mtime_members, .members = &members_types,
	},
	[NODE_STATE] = {
		.name = ".kalamfs", .parent = NODE_ROOT, .mode = DIR_RO, .caching = CACHE_FOREVER,
		.mtime = mtime_started,
	},
	[NODE_STATUS] = {
		.name = "status.json", .parent = NODE_STATE, .mode = FILE_RO,
		.caching = CACHE_NEVER, .flags = NODE_FRESH | NODE_DIRECT, .show = show_status,
		.mtime = mtime_status,
	},
	[NODE_METRICS] = {
		.name = "metrics", .parent = NODE_STATE, .mode = FILE_RO,
		.caching = CACHE_NEVER, .flags = NODE_FRESH | NODE_DIRECT, .show = show_metrics,
		.mtime = mtime_status,
	},
	[NODE_ERRORS] = {
		.name = "errors.jsonl", .parent = NODE_STATE, .mode = FILE_RO,
		.caching = CACHE_NEVER, .flags = NODE_FRESH | NODE_DIRECT, .show = show_errors,
		.mtime = mtime_errors, .is_present = takes_changes,
	},

	[NODE_NAMESPACE] = {
		.parent = NODE_NAMESPACES, .mode = DIR_RW, .subject = SUBJECT_NAMESPACE,
		.caching = CACHE_FOREVER, .flags = NODE_DBA, .mtime = mtime_created,
	},
	[NODE_NAMESPACE_CTL] = { CTL_FILE(NODE_NAMESPACE, SUBJECT_NAMESPACE) },
	[NODE_NAMESPACE_PLAN] = { PLAN_FILE(NODE_NAMESPACE, SUBJECT_NAMESPACE) },
	[NODE_NAMESPACE_ERROR] = { ERROR_FILE(NODE_NAMESPACE, SUBJECT_NAMESPACE) },
	[NODE_NAMESPACE_JSON] = {
		.name = "namespace.json", .parent = NODE_NAMESPACE, .mode = FILE_RW,
		.subject = SUBJECT_NAMESPACE_TEXT, .caching = CACHE_FOREVER,
		.flags = NODE_DBA | NODE_PINNED, .show = show_namespace, .mtime = mtime_namespace,
	},
	[NODE_TABLES] = {
		.name = "tables", .parent = NODE_NAMESPACE, .mode = DIR_RW,
		.subject = SUBJECT_NAMESPACE, .caching = CACHE_NAMES,
		.flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members,
		.members = &members_tables, .find_other = find_draft,
	},
	[NODE_TRASH] = {
		.name = "trash", .parent = NODE_NAMESPACE, .mode = DIR_RW,
		.subject = SUBJECT_NAMESPACE, .caching = CACHE_NAMES,
		.flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members,
		.members = &members_trash,
	},

	[NODE_TABLE] = {
		.parent = NODE_TABLES, .mode = DIR_RW, .subject = SUBJECT_TABLE,
		.caching = CACHE_NAMES, .flags = NODE_DBA, .mtime = mtime_table,
	},
	[NODE_TABLE_CTL] = { CTL_FILE(NODE_TABLE, SUBJECT_TABLE) },
	[NODE_TABLE_PLAN] = { PLAN_FILE(NODE_TABLE, SUBJECT_TABLE) },
	[NODE_TABLE_ERROR] = { ERROR_FILE(NODE_TABLE, SUBJECT_TABLE) },
	[NODE_SCHEMA_JSON] = {
		.name = "schema.json", .parent = NODE_TABLE, .mode = FILE_RW,
		.subject = SUBJECT_VERSION, .caching = CACHE_FOREVER, .flags = NODE_DBA,
		.form = 1 + FORM_SCHEMA_JSON, .show = show_schema_json, .mtime = mtime_version,
	},
	[NODE_SCHEMA_SQL] = {
		TABLE_FILE("schema.sql", NODE_TABLE, FORM_SCHEMA_SQL, show_schema_sql),
	},
	[NODE_SCHEMA_ARROW] = {
		TABLE_FILE("schema.arrow", NODE_TABLE, FORM_SCHEMA_ARROW, show_schema_arrow),
	},
	[NODE_DESCRIBE] = { TABLE_FILE("describe", NODE_TABLE, FORM_DESCRIBE, show_describe) },
	[NODE_COLUMNS] = {
		.name = "columns", .parent = NODE_TABLE, .mode = DIR_RW, .subject = SUBJECT_TABLE,
		.caching = CACHE_NAMES, .flags = NODE_DBA | NODE_ABSENCE, .mtime = mtime_members,
		.members = &members_columns,
	},
	[NODE_VERSIONS] = {
		.name = "versions", .parent = NODE_TABLE, .mode = DIR_RO, .subject = SUBJECT_TABLE,
		.caching = CACHE_NAMES, .mtime = mtime_members, .members = &members_versions,
		.find_other = find_time,
	},
	[NODE_STORAGE_LINK] = {
		.name = "storage", .parent = NODE_TABLE, .mode = LINK, .subject = SUBJECT_PLACE,
		.caching = CACHE_PLACE, .link = link_storage, .mtime = mtime_place,
		.is_present = has_one_location,
	},
	[NODE_STORAGE_DIR] = {
		.name = "storage", .parent = NODE_TABLE, .mode = DIR_RO, .subject = SUBJECT_TABLE,
		.caching = CACHE_NEVER, .mtime = outside_mtime, .is_present = has_user_locations,
		.find_other = outside_find, .list_other = outside_list,
	},
	[NODE_STORAGE_JSON] = {
		.name = "storage.json", .parent = NODE_TABLE, .mode = FILE_RO,
		.subject = SUBJECT_PLACE, .caching = CACHE_PLACE, .flags = NODE_PINNED,
		.show = show_place, .mtime = mtime_place,
	},

	[NODE_COLUMN] = {
		.parent = NODE_COLUMNS, .mode = FILE_RW, .subject = SUBJECT_COLUMN,
		.caching = CACHE_FOREVER, .flags = NODE_DBA, .show = show_column,
		.mtime = mtime_column,
	},
	[NODE_VERSION] = {
		.parent = NODE_VERSIONS, .mode = DIR_RO, .subject = SUBJECT_VERSION,
		.caching = CACHE_FOREVER, .flags = NODE_OWN_INO, .mtime = mtime_version,
	},
	[NODE_LATEST] = {
		.name = "latest", .parent = NODE_VERSIONS, .mode = LINK,
		.subject = SUBJECT_VERSION, .caching = CACHE_FOREVER, .link = link_latest,
		.mtime = mtime_version,
	},
	[NODE_VERSION_TIME] = {
		.parent = NODE_VERSIONS, .mode = LINK, .subject = SUBJECT_VERSION,
		.caching = CACHE_NEVER, .flags = NODE_OWN_INO, .link = link_latest,
		.mtime = mtime_version,
	},
	[NODE_VERSION_JSON] = {
		TABLE_FILE("schema.json", NODE_VERSION, FORM_SCHEMA_JSON, show_schema_json),
		.flags = NODE_OWN_INO,
	},
	[NODE_VERSION_SQL] = {
		TABLE_FILE("schema.sql", NODE_VERSION, FORM_SCHEMA_SQL, show_schema_sql),
		.flags = NODE_OWN_INO,
	},
	[NODE_VERSION_ARROW] = {
		TABLE_FILE("schema.arrow", NODE_VERSION, FORM_SCHEMA_ARROW, show_schema_arrow),
		.flags = NODE_OWN_INO,
	},
	[NODE_VERSION_CHANGE] = {
		TABLE_FILE("change.json", NODE_VERSION, FORM_CHANGE_JSON, show_change),
		.flags = NODE_OWN_INO,
	},

	[NODE_STORAGE_FILE] = {
		.parent = NODE_STORAGES, .mode = FILE_RW, .subject = SUBJECT_STORAGE,
		.caching = CACHE_FOREVER, .flags = NODE_DBA | NODE_PINNED, .show = show_storage,
		.mtime = mtime_storage,
	},
	[NODE_TYPE] = {
		.parent = NODE_TYPES, .mode = FILE_RO, .subject = SUBJECT_TYPE,
		.caching = CACHE_FOREVER, .show = show_type, .mtime = mtime_created,
	},
	[NODE_USER_LINK] = {
		.parent = NODE_STORAGE_DIR, .mode = LINK, .subject = SUBJECT_LINK,
		.caching = CACHE_NEVER, .link = link_user, .mtime = mtime_user_link,
	},

	[NODE_INDEX] = {
		.name = "index.html", .parent = NODE_ROOT, .mode = FILE_RO,
		.caching = CACHE_NEVER, .flags = NODE_DIRECT | NODE_OF_MANY, .show = show_index,
		.mtime = mtime_index,
	},
	[NODE_NAMESPACE_INDEX] = {
		.name = "index.html", .parent = NODE_NAMESPACE, .mode = FILE_RO,
		.subject = SUBJECT_NAMESPACE, .caching = CACHE_NEVER,
		.flags = NODE_DIRECT | NODE_OF_MANY, .show = show_namespace_index,
		.mtime = mtime_namespace_index,
	},
	[NODE_INFO] = {
		.name = "information_schema", .parent = NODE_ROOT, .mode = DIR_RO,
		.caching = CACHE_FOREVER, .mtime = mtime_created,
	},
	INFO_FILES(NODE_INFO, NODE_INFO_FILE),
	[NODE_NAMESPACE_INFO] = {
		.name = "information_schema", .parent = NODE_NAMESPACE, .mode = DIR_RO,
		.subject = SUBJECT_NAMESPACE, .caching = CACHE_FOREVER, .mtime = mtime_created,
	},
	INFO_FILES(NODE_NAMESPACE_INFO, NODE_NAMESPACE_INFO_FILE),
};
// clang-format on
_Static_assert(countof(rows) == NODE_KIND_COUNT, "every kind of node has a row");

const struct node_row *node_row(enum node_kind kind)
{
	return &rows[kind];
}

enum node_kind node_by_name(const struct view *dir, const char *name)
{
	for (enum node_kind kind = NODE_ROOT + 1; kind < NODE_KIND_COUNT; kind++) {
		if (rows[kind].parent == dir->inode.kind && rows[kind].name &&
		    !strcmp(rows[kind].name, name) && node_is_there(dir, kind))
			return kind;
	}
	return NODE_NONE;
}
