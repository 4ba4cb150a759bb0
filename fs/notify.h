/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notify - makes the kernel forget what changed, tells the catalog's other
 * mounts, then answers the writers.
 *
 * Everything comes from the catalog's log of changes, whoever made them: own
 * statements, kalamctl, another mount.
 */
#ifndef KALAM_FS_NOTIFY_H
#define KALAM_FS_NOTIFY_H

#include "base/err.h"
#include "fs/commit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct mount;

struct notify {
	struct mount *mount;
	pthread_t thread;
	bool is_running;
	pthread_mutex_t lock;		/* queue, is_kicked, is_stopping */
	pthread_cond_t wake;
	struct job_list queue;		/* decided, to be answered */
	bool is_kicked, is_stopping;
	uint64_t to_tell;		/* a change that other mounts have not been told of; 0 = none */
	pthread_mutex_t logging;	/* log_end and log_stamp of the tree, for who moves them */
	pthread_mutex_t draining;	/* one drain at a time; sequence */
	uint64_t sequence;		/* everything up to it is shown */
	_Atomic uint64_t txn;		/* id of the snapshot that was drained last */
};

/* Start from what the catalog holds now: the kernel knows nothing yet.  0 or -errno. */
int notify_start(struct notify *notify, struct mount *mount, struct err *err) MUST_CHECK;

/* Takes all jobs of the list; shows the changes and answers. */
void notify_push(struct notify *notify, struct job_list *jobs);

/*
 * Before a directory operation is answered: show the changes after a sequence
 * number as far as that needs no directory's lock.  All names at once where the
 * kernel can, attributes, log.jsonl.  For the committer.
 */
void notify_show_at_once(struct notify *notify, uint64_t after);

/* Show what changed, soon, and tell the other mounts up to this change. */
void notify_tell(struct notify *notify, uint64_t sequence);

/* Show what changed, soon. */
void notify_kick(struct notify *notify);

/*
 * Show everything that is committed.  Returns when the kernel has forgotten
 * it; never call it in a FUSE worker or in the committer.
 */
void notify_drain(struct notify *notify);

/* Whether somebody has committed since the last drain. */
bool notify_is_behind(struct notify *notify);

/* End the thread; what was pushed is answered first. */
void notify_stop(struct notify *notify);

#endif
