/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/view.h"

#include "fs/draft.h"
#include "fs/node.h"
#include "fs/userlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Columns are found by what came with the node: the table's change counter. */
static int load_column(struct view *view, struct err *err)
{
	struct column *column;
	int rc = catalog_column_rev(view->tree->catalog, view->txn, view->inode.object,
				    view->inode.sub, &view->table, &column, err);

	if (!rc)
		view->column = column;
	return rc;
}

/* A table, or a draft that will be one. */
static int load_table(struct view *view, struct err *err)
{
	int rc = catalog_table(view->tree->catalog, view->txn, view->inode.object, &view->table, err);

	if (rc == -ENOENT) {
		view->table = drafts_get(view->tree->drafts, view->inode.object, view->txn);
		rc = view->table ? 0 : -ENOENT;
	}
	return rc;
}

static int load_version(struct view *view, struct err *err)
{
	struct inode *inode = &view->inode;
	int rc = load_table(view, err);

	if (!rc && view->table->version == inode->sub)
		return 0;
	if (rc && rc != -ENOENT)
		return rc;
	/* A draft's text, after the draft has become a table: whoever has it looks again. */
	if (!rc && !inode->sub)
		return -ESTALE;
	table_put(view->table);
	view->table = NULL;
	return catalog_version(view->tree->catalog, view->txn, inode->object, inode->sub,
			       &view->table, err);
}

static int is_current(uint64_t now, const struct inode *inode)
{
	return (now & INODE_SUB_MASK) == inode->sub ? 0 : -ESTALE;
}

static int load_place(struct view *view, struct err *err)
{
	int rc = catalog_table(view->tree->catalog, view->txn, view->inode.object, &view->table,
			       err);

	if (!rc)
		rc = view_place(view, err);
	return rc ? rc : is_current(view->place->epoch, &view->inode);
}

/* The files of information_schema stand in the order of views and forms. */
static struct info info_of(const struct inode *inode)
{
	bool is_all = inode->kind <= NODE_INFO_FILE_LAST;
	unsigned number = inode->kind - (is_all ? NODE_INFO_FILE : NODE_NAMESPACE_INFO_FILE);

	return (struct info){
		.view = (enum info_view)(number / INFO_FORM_COUNT),
		.form = (enum info_form)(number % INFO_FORM_COUNT),
		.namespace_id = is_all ? 0 : inode->object,
	};
}

/* Whatever sub names: the text is the one of this snapshot. */
static int load_info(struct view *view, struct err *err)
{
	view->info = info_of(&view->inode);
	return info_state(view->tree->catalog, view->txn, &view->info, &view->info_state, err);
}

static int load_subject(struct view *view, struct err *err)
{
	struct catalog *catalog = view->tree->catalog;
	const struct inode *inode = &view->inode;
	int rc;

	switch (node_row(inode->kind)->subject) {
	case SUBJECT_CATALOG:
	case SUBJECT_TYPE:
		return 0;
	case SUBJECT_NAMESPACE:
		return catalog_namespace(catalog, view->txn, inode->object, &view->ns, err);
	case SUBJECT_NAMESPACE_TEXT:
		rc = catalog_namespace(catalog, view->txn, inode->object, &view->ns, err);
		return rc ? rc : is_current(view->ns->version, inode);
	case SUBJECT_TABLE:
		return load_table(view, err);
	case SUBJECT_VERSION:
		return load_version(view, err);
	case SUBJECT_COLUMN:
		return load_column(view, err);
	case SUBJECT_PLACE:
		return load_place(view, err);
	case SUBJECT_STORAGE:
		rc = catalog_storage(catalog, view->txn, inode->object, &view->storage, err);
		return rc ? rc : is_current(view->storage->version, inode);
	case SUBJECT_LINK:
		return view_link(view) ? userlink_text(view->tree->links, *inode, view->link) :
					 err_nomem(err);
	case SUBJECT_INFO:
		return load_info(view, err);
	}
	return -ENOENT;
}

int view_open(struct view *view, struct tree *tree, uint64_t id, uint32_t uid, struct err *err)
{
	int rc;

	*view = (struct view){ .tree = tree, .uid = uid, .inode = inode_unpack(id) };
	if (view->inode.kind == NODE_NONE)
		return -ENOENT;
	rc = catalog_begin(tree->catalog, &view->txn, err);
	if (rc)
		return rc;
	view->owns_txn = true;
	return load_subject(view, err);
}

static void begin_child(const struct view *dir, enum node_kind kind, uint32_t object, uint32_t sub,
			struct view *child)
{
	*child = (struct view){
		.tree = dir->tree,
		.txn = dir->txn,
		.uid = dir->uid,
		.inode = { .kind = kind, .object = object, .sub = sub & INODE_SUB_MASK },
	};
}

/*
 * Files whose text is made at open get a new node at every look: fstat is of that text,
 * and stat, by somebody else, of another one.
 */
static uint32_t fresh_sub(struct tree *tree, enum node_kind kind)
{
	if (!(node_row(kind)->flags & NODE_DIRECT))
		return 0;
	return atomic_fetch_add_explicit(&tree->fresh, 1, memory_order_relaxed) & INODE_SUB_MASK;
}

int view_child(const struct view *dir, enum node_kind kind, struct view *child, struct err *err)
{
	int rc = 0;

	begin_child(dir, kind, 0, fresh_sub(dir->tree, kind), child);
	if (dir->table) {
		child->table = table_get(dir->table);
		child->inode.object = dir->table->id;
	} else if (dir->ns) {
		child->ns = namespace_get(dir->ns);
		child->inode.object = dir->ns->id;
	}
	switch (node_row(kind)->subject) {
	case SUBJECT_NAMESPACE_TEXT:
		child->inode.sub = child->ns->version & INODE_SUB_MASK;
		break;
	case SUBJECT_VERSION:
		child->inode.sub = child->table->version & INODE_SUB_MASK;
		break;
	case SUBJECT_PLACE:
		rc = view_place(child, err);
		if (!rc)
			child->inode.sub = child->place->epoch & INODE_SUB_MASK;
		break;
	case SUBJECT_INFO:
		rc = load_info(child, err);
		child->inode.sub = child->info_state.sequence & INODE_SUB_MASK;
		break;
	case SUBJECT_CATALOG:
	case SUBJECT_NAMESPACE:
	case SUBJECT_TABLE:
	case SUBJECT_COLUMN:
	case SUBJECT_STORAGE:
	case SUBJECT_TYPE:
	case SUBJECT_LINK:
		break;
	}
	return rc;
}

static int member_column(const struct view *dir, uint32_t id, struct view *child)
{
	const struct column *column = table_find_column_id(dir->table, id);

	if (!column)
		return -ENOENT;
	child->table = table_get(dir->table);
	child->column = column;
	child->inode.object = dir->inode.object;
	child->inode.sub = column->rev & INODE_SUB_MASK;
	return 0;
}

int view_member(const struct view *dir, enum node_kind kind, uint32_t id, struct view *child,
		struct err *err)
{
	struct catalog *catalog = dir->tree->catalog;
	int rc;

	begin_child(dir, kind, id, 0, child);
	switch (node_row(kind)->subject) {
	case SUBJECT_NAMESPACE:
		return catalog_namespace(catalog, dir->txn, id, &child->ns, err);
	case SUBJECT_TABLE:
		return catalog_table(catalog, dir->txn, id, &child->table, err);
	case SUBJECT_VERSION:
		child->inode.object = dir->inode.object;
		child->inode.sub = id & INODE_SUB_MASK;
		return load_version(child, err);
	case SUBJECT_COLUMN:
		return member_column(dir, id, child);
	case SUBJECT_STORAGE:
		rc = catalog_storage(catalog, dir->txn, id, &child->storage, err);
		if (!rc)
			child->inode.sub = child->storage->version & INODE_SUB_MASK;
		return rc;
	case SUBJECT_CATALOG:
	case SUBJECT_NAMESPACE_TEXT:
	case SUBJECT_PLACE:
	case SUBJECT_TYPE:
	case SUBJECT_LINK:
	case SUBJECT_INFO:
		break;
	}
	return 0;
}

uint64_t view_node(const struct view *view)
{
	return inode_pack(view->inode.kind, view->inode.object, view->inode.sub);
}

char *view_link(struct view *view)
{
	if (!view->link)
		view->link = malloc(LOCATION_SIZE);
	return view->link;
}

int view_place(struct view *view, struct err *err)
{
	int rc;

	if (view->place)
		return 0;
	view->place = calloc(1, sizeof(*view->place));
	if (!view->place)
		return err_nomem(err);
	rc = catalog_place(view->tree->catalog, view->txn, view->table, view->place, err);
	if (rc) {
		free(view->place);
		view->place = NULL;
	}
	return rc;
}

void view_close(struct view *view)
{
	if (view->place)
		storage_put(view->place->storage);
	free(view->place);
	free(view->link);
	storage_put(view->storage);
	table_put(view->table);
	namespace_put(view->ns);
	if (view->owns_txn)
		txn_end(view->txn);
	view->place = NULL;
	view->link = NULL;
	view->storage = NULL;
	view->table = NULL;
	view->ns = NULL;
	view->txn = NULL;
	view->owns_txn = false;
}
