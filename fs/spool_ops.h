/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool_ops - what the kernel calls on texts that are printed at open.
 */
#ifndef KALAM_FS_SPOOL_OPS_H
#define KALAM_FS_SPOOL_OPS_H

#include "fs/fuse.h"
#include "fs/handle.h"
#include "fs/mount.h"
#include "fs/node.h"

/* For nodes with NODE_SPOOLED, to be read.  Answers at once or from the spools' thread. */
void spool_ops_open(struct mount *mount, fuse_req_t req, fuse_ino_t ino,
		    const struct fuse_file_info *fi);

/* handle has a spool. */
void spool_ops_read(struct mount *mount, fuse_req_t req, struct handle *handle, size_t size,
		    off_t off);

/*
 * Where the kernel opens files without asking, a text is printed when its name is
 * looked up, and held for whoever reads it then.  entry is what was found of
 * name in the node dir; answers at once or from the spools' thread.
 */
void spool_ops_lookup(struct mount *mount, fuse_req_t req, fuse_ino_t dir, const char *name,
		      const struct entry *entry);

/* Read such a node. */
void spool_ops_read_node(struct mount *mount, fuse_req_t req, fuse_ino_t ino, size_t size,
			 off_t off);

#endif
