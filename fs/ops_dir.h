/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops_dir - reading directories, and what all FUSE entry points share.  For fs/ops.c only. */
#ifndef KALAM_FS_OPS_DIR_H
#define KALAM_FS_OPS_DIR_H

#include "base/err.h"
#include "fs/fuse.h"

void ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void ops_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi);
void ops_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     struct fuse_file_info *fi);

/* Reply with a failure; what is no user's doing goes to the log, too. */
int ops_fail(fuse_req_t req, int rc, const struct err *err);

#endif
