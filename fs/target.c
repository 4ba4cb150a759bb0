/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/target.h"

#include "fs/files.h"
#include "fs/members.h"
#include "fs/node.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

bool target_key_equal(const struct target_key *a, const struct target_key *b)
{
	return a->kind == b->kind && a->object == b->object && a->sub == b->sub;
}

struct target_key target_key(const struct target *target)
{
	const struct document_target *document = &target->document;
	struct target_key key = { .kind = document->kind };

	switch (document->kind) {
	case DOCUMENT_TABLE:
		key.object = document->table_id;
		break;
	case DOCUMENT_COLUMN:
		key.object = document->table_id;
		key.sub = document->column_id;
		break;
	case DOCUMENT_NAMESPACE:
		key.object = document->namespace_id;
		break;
	case DOCUMENT_STORAGE:
		key.object = document->storage_id;
		break;
	case DOCUMENT_KIND_COUNT:
		break;
	}
	return key;
}

/* The kind of a node as a document; DOCUMENT_KIND_COUNT = none. */
static enum document_kind document_kind(enum node_kind kind)
{
	if (kind == NODE_SCHEMA_JSON)
		return DOCUMENT_TABLE;
	if (kind == NODE_COLUMN)
		return DOCUMENT_COLUMN;
	if (kind == NODE_NAMESPACE_JSON)
		return DOCUMENT_NAMESPACE;
	return kind == NODE_STORAGE_FILE ? DOCUMENT_STORAGE : DOCUMENT_KIND_COUNT;
}

bool target_is_document(enum node_kind kind)
{
	return document_kind(kind) != DOCUMENT_KIND_COUNT;
}

int target_key_of_node(struct tree *tree, uint64_t node, struct target_key *out)
{
	struct inode inode = inode_unpack(node);
	struct err err = ERR_INIT;
	struct view view;
	int rc = 0;

	*out = (struct target_key){ .kind = document_kind(inode.kind), .object = inode.object };
	if (inode.kind != NODE_COLUMN)
		return 0;
	rc = view_open(&view, tree, node, 0, &err);
	if (!rc)
		out->sub = view.column->id;
	view_close(&view);
	return rc;
}

#define GENERATED "'%s' is generated: it cannot be changed this way"

static bool is_built_in(const struct view *view)
{
	return (view->ns && view->ns->id == NAMESPACE_SYSTEM) ||
	       (view->table && view->table->type == TABLE_SYSTEM);
}

int target_refuse_frozen(const struct tree *tree, struct err *err)
{
	char why[512] = "";

	store_is_frozen(catalog_store(tree->catalog), why, sizeof(why));
	err_set(err, -EROFS, "This mount is read-only, since the catalog was found damaged: %s", why);
	return err_kind_set(err, ERR_STORE);
}

/* What can be changed at all. */
static int check_place(const struct view *view, struct err *err)
{
	if (view->tree->read_only)
		return err_set(err, -EROFS, "This mount is read-only");
	if (view->table && view->table->dropped_at)
		return err_set(err, -EPERM,
			       "Table '%s' is in trash: take it back first (mv trash/%s tables/)",
			       view->table->name, view->table->name);
	if (is_built_in(view))
		return err_set(err, -EPERM, "Namespace 'system' is built in and cannot be changed");
	return 0;
}

int target_check_writable(const struct view *view, struct err *err)
{
	return view->tree->is_frozen ? target_refuse_frozen(view->tree, err) : check_place(view, err);
}

static bool is_scratch_kind(enum node_kind kind)
{
	return kind == NODE_TABLE || kind == NODE_COLUMNS || kind == NODE_NAMESPACE ||
	       kind == NODE_STORAGES;
}

bool target_takes_scratch(const struct view *dir)
{
	return is_scratch_kind(dir->inode.kind) && !check_place(dir, NULL);
}

/* What can be made in a directory that takes no files. */
static int refuse_place(const struct view *dir, struct err *err)
{
	const char *name = node_row(dir->inode.kind)->name;

	if (dir->inode.kind == NODE_ROOT)
		return err_set(err, -EPERM, "Nothing can be made here: see namespaces/ and storages/");
	if (dir->inode.kind == NODE_NAMESPACES)
		return err_set(err, -EPERM, "Only directories can be made here: "
			       "mkdir namespaces/NAME is CREATE NAMESPACE");
	if (dir->inode.kind == NODE_TABLES)
		return err_set(err, -EPERM, "Only directories can be made here: "
			       "mkdir tables/NAME begins a table");
	if (dir->inode.kind == NODE_TRASH)
		return err_set(err, -EPERM, "Only dropped tables are here: mv tables/T trash/ is DROP "
			       "TABLE, mv trash/T tables/ is UNDROP TABLE");
	return err_set(err, -EPERM, GENERATED, name ? name : "This directory");
}

void target_report(const struct view *dir, struct report_key *key, char object[2 * NAME_SIZE])
{
	*key = report_key(dir);
	object[0] = '\0';
	if (dir->table || dir->ns)
		files_subject_name(dir, object);
}

static void begin(const struct view *dir, const char *name, enum document_kind kind,
		  struct target *out)
{

	*out = (struct target){
		.document.kind = kind,
		.dir = view_node(dir),
	};
	snprintf(out->file, sizeof(out->file), "%s", name);
	target_report(dir, &out->report, out->object);
	if (dir->table) {
		out->document.table_id = dir->table->id;
		out->document.namespace_id = dir->table->namespace_id;
	} else if (dir->ns) {
		out->document.namespace_id = dir->ns->id;
	}
}

static void table_target(const struct view *dir, const char *name, struct target *out)
{
	begin(dir, name, DOCUMENT_TABLE, out);
	out->ino = inode_pack(NODE_SCHEMA_JSON, dir->table->id, 0);
	/* A draft. */
	out->document.create = !dir->table->version;
	if (out->document.create)
		memcpy(out->document.name, dir->table->name, NAME_SIZE);
}

/* Scratch files of editors have other characters in their names. */
static bool is_like_name(const char *stem, bool dashes)
{
	for (const char *p = stem; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && !(dashes && *p == '-'))
			return false;
	return *stem;
}

/* columns/<c>.json and storages/<id>.json. */
static enum spot member_target(const struct view *dir, const char *name, struct target *out,
				struct err *err)
{
	bool is_column = dir->inode.kind == NODE_COLUMNS;
	enum document_kind kind = is_column ? DOCUMENT_COLUMN : DOCUMENT_STORAGE;
	enum name_kind name_kind = is_column ? NAME_COLUMN : NAME_STORAGE;
	size_t len = strlen(name), suffix = strlen(".json");
	char stem[FILE_NAME_SIZE];
	uint32_t id;

	if (len <= suffix || len >= sizeof(stem) || strcmp(name + len - suffix, ".json"))
		return SPOT_SCRATCH;
	snprintf(stem, sizeof(stem), "%.*s", (int)(len - suffix), name);
	begin(dir, name, kind, out);
	if (!node_row(dir->inode.kind)->members->find(dir, stem, &id)) {
		if (is_column)
			out->document.column_id = id;
		else
			out->document.storage_id = id;
		out->ino = is_column ? inode_pack(NODE_COLUMN, dir->inode.object, id) :
				       inode_pack(NODE_STORAGE_FILE, id, 0);
		return SPOT_DOCUMENT;
	}
	if (!is_like_name(stem, !is_column))
		return SPOT_SCRATCH;
	if (name_check_exact(name_kind, stem, strlen(stem), err))
		return SPOT_NONE;
	out->document.create = true;
	memcpy(out->document.name, stem, strlen(stem) + 1);
	return SPOT_DOCUMENT;
}

static enum node_kind static_kind(enum node_kind dir, const char *name)
{
	for (enum node_kind kind = NODE_ROOT + 1; kind < NODE_KIND_COUNT; kind++) {
		const struct node_row *row = node_row(kind);

		if (row->parent == dir && row->name && !strcmp(row->name, name))
			return kind;
	}
	return NODE_NONE;
}

enum spot target_of_name(struct view *dir, const char *name, struct target *out, struct err *err)
{
	enum node_kind kind = static_kind(dir->inode.kind, name);

	if (!is_scratch_kind(dir->inode.kind)) {
		(void)refuse_place(dir, err);
		return SPOT_NONE;
	}
	if (target_check_writable(dir, err))
		return SPOT_NONE;
	if (kind == NODE_SCHEMA_JSON) {
		table_target(dir, name, out);
		return SPOT_DOCUMENT;
	}
	if (kind == NODE_NAMESPACE_JSON) {
		begin(dir, name, DOCUMENT_NAMESPACE, out);
		out->ino = inode_pack(kind, dir->ns->id, 0);
		return SPOT_DOCUMENT;
	}
	if (kind != NODE_NONE || !strcmp(name, REJECTED_NAME)) {
		err_set(err, -EPERM, GENERATED, name);
		return SPOT_TAKEN;
	}
	if (dir->inode.kind == NODE_COLUMNS || dir->inode.kind == NODE_STORAGES)
		return member_target(dir, name, out, err);
	return SPOT_SCRATCH;
}

int target_open(const struct target *target, struct tree *tree, uint32_t uid, struct view *dir,
		struct view *view, struct err *err)
{
	const struct document_target *document = &target->document;
	int rc = view_open(dir, tree, target->dir, uid, err);

	*view = (struct view){ .tree = tree };
	if (rc)
		return rc;
	switch (document->kind) {
	case DOCUMENT_TABLE:
		return view_child(dir, NODE_SCHEMA_JSON, view, err);
	case DOCUMENT_NAMESPACE:
		return view_child(dir, NODE_NAMESPACE_JSON, view, err);
	case DOCUMENT_COLUMN:
		return document->create ? -ENOENT :
			view_member(dir, NODE_COLUMN, document->column_id, view, err);
	case DOCUMENT_STORAGE:
		return document->create ? -ENOENT :
			view_member(dir, NODE_STORAGE_FILE, document->storage_id, view, err);
	case DOCUMENT_KIND_COUNT:
		break;
	}
	return -ENOENT;
}

uint32_t target_version(const struct view *view)
{
	if (view->table)
		return view->table->version;
	if (view->storage)
		return view->storage->version;
	return view->ns ? view->ns->version : 0;
}
