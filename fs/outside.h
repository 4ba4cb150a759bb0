/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outside - storage/ of a USER table: links for every valid user id, a listing
 * of those that have a directory at the table's location.
 *
 * The only code that reads directories outside of the catalog.  They may be on
 * a slow file system, or lie in this very mount, so that reading them needs
 * our own answers: at most OUTSIDE_MAX workers do it at a time, the next one
 * gets EBUSY, and the others go on answering.
 */
#ifndef KALAM_FS_OUTSIDE_H
#define KALAM_FS_OUTSIDE_H

#include "fs/node.h"

#define OUTSIDE_MAX 8

/* What listings share. */
struct outside;
struct outside *outside_new(void);	/* NULL when memory is out */
void outside_free(struct outside *outside);

/* storage/<userId>: -ENOENT for an id that cannot be one. */
int outside_find(struct view *dir, const char *name, struct view *child,
		 struct err *err) MUST_CHECK;

/*
 * See node_list; positions come from the outside directories, so that a listing
 * of any length goes on where it was: one pass, and hardly anything kept in
 * memory.
 */
int outside_list(struct view *dir, uint64_t after, entry_fn *fn, void *arg,
		 struct err *err) MUST_CHECK;

/*
 * Another one for every other listing: when a user's directory last came or
 * went, less a fraction of a second that says in which directories; now when
 * that is too close to tell.
 */
int64_t outside_mtime(struct view *dir);

#endif
