/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view - one node as it stands in one snapshot of the catalog, with the
 * definitions it shows.
 */
#ifndef KALAM_FS_VIEW_H
#define KALAM_FS_VIEW_H

#include "base/err.h"
#include "catalog/catalog.h"
#include "catalog/info.h"
#include "fs/inode.h"
#include "fs/tree.h"

/* What object and sub of a node mean. */
enum subject {
	SUBJECT_CATALOG,	/* nothing */
	SUBJECT_NAMESPACE,	/* a namespace as it is now */
	SUBJECT_NAMESPACE_TEXT,	/* sub: its version */
	SUBJECT_TABLE,		/* a table as it is now */
	SUBJECT_VERSION,	/* sub: a version of it */
	SUBJECT_COLUMN,		/* sub: the table's change counter at the column's last change */
	SUBJECT_PLACE,		/* a table; sub: the locations epoch */
	SUBJECT_STORAGE,	/* sub: the storage's version */
	SUBJECT_TYPE,		/* object: a type id */
	SUBJECT_LINK,		/* an interned user link (fs/userlink.h) */
	SUBJECT_INFO		/* a text of information_schema; sub: the change that made it */
};

struct view {
	struct tree *tree;		/* borrowed */
	struct txn *txn;		/* the snapshot; children borrow it */
	bool owns_txn;
	uint32_t uid;			/* who asks: ctl, plan and error are his */
	struct inode inode;
	struct namespace *ns;		/* counted; which of these are set: see subject */
	struct table *table;		/* counted */
	struct storage *storage;	/* counted */
	const struct column *column;	/* borrowed from table */
	struct place *place;		/* owned; NULL until view_place */
	char *link;			/* owned, LOCATION_SIZE bytes; SUBJECT_LINK: its text */
	struct info info;		/* SUBJECT_INFO: which text, and how it is now */
	struct info_state info_state;
};

/*
 * Take a new snapshot and load a node.  0; -ENOENT if its object is gone,
 * -ESTALE if the node names a content that the catalog keeps no more (an old
 * version of namespace.json, storages/x.json or a location); -EIO...
 * view_close also after a failure.
 */
int view_open(struct view *view, struct tree *tree, uint64_t id, uint32_t uid,
	      struct err *err) MUST_CHECK;

/* A node of this kind about the same object as dir; sub is what is current. */
int view_child(const struct view *dir, enum node_kind kind, struct view *child,
	       struct err *err) MUST_CHECK;

/* The entry of a directory whose names come from the catalog: by its id. */
int view_member(const struct view *dir, enum node_kind kind, uint32_t id, struct view *child,
		struct err *err) MUST_CHECK;

/* The id of the node that it is of. */
uint64_t view_node(const struct view *view);

/* Room for view->link; NULL when memory is out. */
char *view_link(struct view *view);

/* Load the place of the view's table, once. */
int view_place(struct view *view, struct err *err) MUST_CHECK;

void view_close(struct view *view);

#endif
