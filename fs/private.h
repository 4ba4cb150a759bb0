/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * private - a document while somebody writes it: a text of his own, which
 * nobody else sees and which becomes the document only as a whole.
 *
 * It is judged in write(2) when it is whole, else at close(2) by whoever wrote
 * last.  A refusal stays until the text changes.
 */
#ifndef KALAM_FS_PRIVATE_H
#define KALAM_FS_PRIVATE_H

#include "base/err.h"
#include "fs/target.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct fuse_req;
struct mount;

/* Owned by its node in fs/scratch.h. */
struct private {
	struct target target;	/* changes once: when a new document was saved */
	pthread_mutex_t lock;	/* all below, and target */
	uint32_t uid;		/* who opened it */
	bool is_new;		/* shows its creator's attributes until it is accepted */
	uint64_t changes;	/* of the text */
	uint64_t judged;	/* the change that verdict is about */
	int verdict;
	bool has_owner;
	uint64_t owner;		/* who wrote last */
};

/*
 * A private text of a document.  attr: as the document is, NULL for one that
 * its creator makes (mode, uid, gid in *creator).  One pin.  0 or -errno.
 */
struct private_spec {
	const struct target *target;
	const struct stat *attr;
	struct stat creator;
	const char *text;
	size_t len;
	uint32_t uid;
};
int private_new(struct mount *mount, const struct private_spec *spec, uint64_t *node) MUST_CHECK;

/* NULL for scratch files. */
struct private *private_of(struct mount *mount, uint64_t node);

/* Opened by its writer, perhaps with O_TRUNC. */
int private_open(struct mount *mount, uint64_t node, uint32_t uid, bool truncate) MUST_CHECK;

/* 0 or -errno. */
int private_truncate(struct mount *mount, uint64_t node, off_t size) MUST_CHECK;

/* These answer, now or later. */
void private_write(struct mount *mount, struct fuse_req *req, uint64_t node, const char *text,
		   size_t len, off_t off, uint64_t owner);
void private_flush(struct mount *mount, struct fuse_req *req, uint64_t node, uint64_t owner);
void private_fsync(struct mount *mount, struct fuse_req *req, uint64_t node);

/* The verdict on the text as it was at a change.  For fs/save.c. */
void private_judge(struct private *private, uint64_t change, int verdict);

/* It was saved: now it shows the document's text and attributes, unless it was written meanwhile. */
void private_accept(struct mount *mount, uint64_t node, uint64_t change,
		    const struct target *target, const char *text, size_t len,
		    const struct stat *attr);

#endif
