/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * members - directories whose names come from the catalog: namespaces, tables,
 * trash, storages, columns, versions, types.
 *
 * Members are listed in the order of their ids, so that a listing goes on at
 * the right place whatever is created or renamed meanwhile.
 */
#ifndef KALAM_FS_MEMBERS_H
#define KALAM_FS_MEMBERS_H

#include "catalog/rows.h"
#include "fs/view.h"

struct members {
	enum node_kind kind;	/* of the members */
	bool id_is_sub;		/* the id numbers a part of the directory's own object */
	const char *suffix;	/* behind the name: ".json" or "" */
	/* Name (without suffix) to id; 0 or -ENOENT. */
	int (*find)(const struct view *dir, const char *name, uint32_t *id);
	/* Call back in id order after an id, until non-zero is returned. */
	int (*list)(const struct view *dir, uint32_t after, children_fn *fn, void *arg);
	/* When names last changed, and how many there are. */
	void (*state)(const struct view *dir, struct dir_state *out);
};

extern const struct members members_namespaces, members_storages, members_tables, members_trash,
	members_columns, members_versions, members_types;

#endif
