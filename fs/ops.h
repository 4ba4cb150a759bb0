/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ops - what the kernel calls.  Every entry point decodes, reads one snapshot
 * and replies, exactly once; the snapshot ends before the reply.  None waits
 * for a commit, a notification or a directory lock.
 */
#ifndef KALAM_FS_OPS_H
#define KALAM_FS_OPS_H

#include "fs/fuse.h"

/* For fuse_session_new; its userdata is the struct mount. */
extern const struct fuse_lowlevel_ops ops;

#endif
