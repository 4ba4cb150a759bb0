/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dirops - names made and removed: in scratch places as on any file system,
 * elsewhere a statement (fs/dirop.h) or a refusal that says what to do instead.
 * For fs/ops.c only.
 */
#ifndef KALAM_FS_DIROPS_H
#define KALAM_FS_DIROPS_H

#include "fs/fuse.h"

struct mount;

void dirops_create(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		   mode_t mode, struct fuse_file_info *fi);
void dirops_mkdir(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		  mode_t mode);
void dirops_symlink(struct mount *mount, fuse_req_t req, const char *text, fuse_ino_t parent,
		    const char *name);
/* link and mknod: never. */
void dirops_refuse(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		   const char *what);

void dirops_unlink(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name);
void dirops_rmdir(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name);

/* fs/rename.c */
void dirops_rename(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		   fuse_ino_t to, const char *to_name, unsigned flags);

#endif
