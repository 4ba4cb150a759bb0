/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * save - a document on its way from a write to its verdict.
 *
 *   worker     save_begin: text to a request, which is queued
 *   committer  commits it (or only tries: SAVE_CHECK) and records the verdict
 *   notifier   everybody sees the change; the writer is told.  Renames are
 *              answered by the committer, like all directory operations.
 */
#ifndef KALAM_FS_SAVE_H
#define KALAM_FS_SAVE_H

#include "fs/target.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fuse_req;
struct mount;

enum save_why {
	SAVE_CHECK,	/* write(2): only whether it could be saved */
	SAVE_FLUSH,
	SAVE_FSYNC,	/* never fails */
	SAVE_RENAME	/* a scratch file over the document */
};

struct save_spec {
	enum save_why why;
	struct target target;
	char *text;		/* owned: save_begin takes it */
	size_t len;
	uint64_t node;		/* private node; SAVE_RENAME: the scratch file */
	uint64_t change;	/* of the private text */
	size_t size;		/* what write is answered with */
	uint64_t parent;	/* SAVE_RENAME: the scratch file's name */
	char name[FILE_NAME_SIZE];
};

/* Answers the request, now or later. */
void save_begin(struct mount *mount, struct fuse_req *req, const struct save_spec *spec);

/* Tell a writer that a document is too large. */
void save_refuse_size(struct mount *mount, uid_t uid, pid_t thread, const struct target *target);

#endif
