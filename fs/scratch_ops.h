/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scratch_ops - what the kernel calls on scratch nodes and private texts.  For fs/ops.c only. */
#ifndef KALAM_FS_SCRATCH_OPS_H
#define KALAM_FS_SCRATCH_OPS_H

#include "fs/fuse.h"

#include <stddef.h>

struct mount;

void scratch_ops_getattr(struct mount *mount, fuse_req_t req, fuse_ino_t ino);
void scratch_ops_setattr(struct mount *mount, fuse_req_t req, fuse_ino_t ino, const struct stat *attr,
			 int to_set);
void scratch_ops_readlink(struct mount *mount, fuse_req_t req, fuse_ino_t ino);
void scratch_ops_open(struct mount *mount, fuse_req_t req, fuse_ino_t ino,
		      struct fuse_file_info *fi);
void scratch_ops_release(struct mount *mount, fuse_req_t req, fuse_ino_t ino);
void scratch_ops_read(struct mount *mount, fuse_req_t req, fuse_ino_t ino, size_t size, off_t off);
void scratch_ops_write(struct mount *mount, fuse_req_t req, fuse_ino_t ino, const char *text,
		       size_t len, off_t off, uint64_t owner);
void scratch_ops_flush(struct mount *mount, fuse_req_t req, fuse_ino_t ino, uint64_t owner);
void scratch_ops_fsync(struct mount *mount, fuse_req_t req, fuse_ino_t ino);

/* How an open file of such a node is to be treated. */
void scratch_ops_set_open(struct mount *mount, fuse_ino_t ino, struct fuse_file_info *fi);

#endif
