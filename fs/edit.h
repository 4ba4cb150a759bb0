/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edit - what editing adds to looking up and opening documents: private nodes
 * for who was sent back (fs/redirect.h), names that are hidden from who
 * unlinked them (fs/phoenix.h), scratch files beside them.
 */
#ifndef KALAM_FS_EDIT_H
#define KALAM_FS_EDIT_H

#include "fs/node.h"
#include "fs/target.h"

#include <stdbool.h>
#include <sys/types.h>

struct fuse_ctx;
struct fuse_req;
struct fuse_file_info;
struct mount;

/* node_find, and all that; an entry that is counted is pinned by one lookup. */
int edit_find(struct mount *mount, const struct fuse_ctx *who, struct view *dir, const char *name,
	      struct entry *out, bool *absence, struct err *err) MUST_CHECK;

/* A name of a scratch directory. */
int edit_find_scratch(struct mount *mount, uint64_t dir, const char *name, struct entry *out) MUST_CHECK;

/* An open for writing of the node that everybody reads: answers it. */
void edit_open(struct mount *mount, struct fuse_req *req, uint64_t node);

/*
 * A private text of the document as it is now, pinned; for REDIRECT_RENAME a
 * scratch copy.  0 or -errno.
 */
int edit_private(struct mount *mount, const struct fuse_ctx *who, const struct target *target,
		 bool copy, uint64_t *node, struct err *err) MUST_CHECK;

/* The entry of a pinned scratch node: one lookup more. */
void edit_entry(struct mount *mount, uint64_t node, struct entry *out);

#endif
