/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scratch_node - the nodes behind fs/scratch.h.  For fs/scratch*.c only. */
#ifndef KALAM_FS_SCRATCH_NODE_H
#define KALAM_FS_SCRATCH_NODE_H

#include "fs/scratch.h"

#include <pthread.h>
#include <sys/queue.h>

#define SCRATCH_BUCKETS 16384u

struct scratch_node {
	LIST_ENTRY(scratch_node) by_id, by_name;
	TAILQ_ENTRY(scratch_node) in_dir;
	TAILQ_HEAD(scratch_names, scratch_node) names;	/* of a directory, by rising place */
	uint64_t changes;		/* of them */
	uint64_t id, ino;
	uint32_t place;			/* in listings; from 1 */
	uint64_t lookups;
	unsigned pins;
	struct scratch_node *parent;	/* NULL = has no name */
	char *name;			/* owned */
	bool is_anchor;			/* stands for a directory of the tree */
	bool is_private, is_fixed;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec atime, mtime, ctime;
	time_t used;			/* when somebody last had to do with it */
	char *data;			/* owned: content, or link text */
	size_t len, size;		/* used, allocated */
	void *owner;
	void (*free_owner)(void *owner);
};
LIST_HEAD(scratch_bucket, scratch_node);

struct scratch {
	struct scratch_options options;
	pthread_mutex_t lock;		/* all below */
	struct scratch_bucket ids[SCRATCH_BUCKETS], names[SCRATCH_BUCKETS];
	uint64_t last_id;
	size_t bytes, private_bytes;
	size_t count;			/* nodes with a name */
};

/* All with the lock held. */
struct scratch_node *scratch_get(struct scratch *s, uint64_t id);
struct scratch_node *scratch_named(struct scratch *s, const struct scratch_node *dir, const char *name);
void scratch_unlink_node(struct scratch *s, struct scratch_node *node);
void scratch_touch(struct scratch *s, struct scratch_node *node, bool content);

/* Free it if nothing keeps it any more. */
void scratch_settle(struct scratch *s, struct scratch_node *node);

/*
 * Make room for so many bytes and nodes by evicting; 0 or -ENOSPC.  Anchors
 * whose names went are counted up in evicted[] (at most max of them).
 */
struct scratch_evicted {
	uint64_t dirs[16];
	unsigned count;
};
int scratch_room(struct scratch *s, size_t bytes, size_t nodes, struct scratch_evicted *evicted) MUST_CHECK;

/* Without the lock: tell of what was evicted. */
void scratch_tell(struct scratch *s, const struct scratch_evicted *evicted);

/* Content of len bytes, NULs where it grows; 0 or -errno. */
int scratch_resize(struct scratch *s, struct scratch_node *node, size_t len,
		   struct scratch_evicted *evicted) MUST_CHECK;

#endif
