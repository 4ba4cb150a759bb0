/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * siblings - files that a crawler is about to read, pushed into the kernel's
 * cache before it asks.
 *
 * Who lists a directory of generated files with attributes and then reads one of
 * them will read the others: grep -r, tar, rsync.  Their contents are made from
 * the definition that is at hand, and their nodes never change it, so that a
 * push can be wasted, but never wrong.
 */
#ifndef KALAM_FS_SIBLINGS_H
#define KALAM_FS_SIBLINGS_H

#include "fs/view.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

struct fuse_session;

#define SIBLINGS_SLOTS 256

/* Of several directories in one slot the last one listed counts. */
struct siblings_slot {
	pthread_mutex_t pushing;	/* while a worker pushes and answers its own READ */
	_Atomic uint64_t listed;	/* node of the directory; 0 = none */
};

struct siblings {
	bool is_off;
	sem_t pushers;			/* workers that may push at the same time */
	struct siblings_slot slots[SIBLINGS_SLOTS];
};

void siblings_init(struct siblings *siblings);
void siblings_fini(struct siblings *siblings);

/* A directory has been listed with attributes. */
void siblings_listed(struct siblings *siblings, uint64_t dir);

/* Texts on their way into the kernel; NULL = nothing to push. */
struct siblings_push;

/*
 * A READ of node from its beginning is under way: make the texts of the others
 * if their directory was listed.  Before the READ is answered they are given to
 * siblings_store, and after it to siblings_answered, which frees them.
 */
struct siblings_push *siblings_prepare(struct siblings *siblings, struct tree *tree, uint64_t node);
void siblings_store(struct siblings_push *push, struct fuse_session *se);
void siblings_answered(struct siblings_push *push);

#endif
