/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl - an open ctl or plan that takes statements: from a write to its verdict.
 *
 *   worker     ctl_write, ctl_flush: text to a request, which is queued
 *   committer  the verdict is known and recorded
 *   notifier   everybody sees the change; the writer is told
 */
#ifndef KALAM_FS_CTL_H
#define KALAM_FS_CTL_H

#include "fs/view.h"

#include <stddef.h>
#include <stdint.h>

struct ctl;
struct fuse_req;
struct handle;
struct job;
struct mount;

/* For the view's node (NODE_STATEMENTS); NULL when memory is out. */
struct ctl *ctl_new(const struct view *view);
void ctl_free(struct ctl *ctl);

/* Answer one write, now or later.  owner: which open file table wrote. */
void ctl_write(struct mount *mount, struct fuse_req *req, struct handle *handle, const char *text,
	       size_t len, uint64_t owner);

/*
 * Answer one flush.  Only the last writer's own close judges an unterminated
 * tail: a child that inherited the file and exits does not.
 */
void ctl_flush(struct mount *mount, struct fuse_req *req, struct handle *handle, uint64_t owner);

/* The file is closed for good: a block that was left open is a refusal now. */
void ctl_release(struct mount *mount, struct ctl *ctl);

#endif
