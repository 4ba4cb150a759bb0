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
	bool is_at_work;		/* the thread shows changes and answers */
	bool is_led;			/* a worker does */
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
 * Become the notifier for one time, if that has nothing to do: whether so.
 * Then notify_answer does what notify_push has done, and returns afterwards.
 * For one worker, while another one is there to answer who holds directories.
 */
bool notify_lead(struct notify *notify) MUST_CHECK;
void notify_answer(struct notify *notify, struct job_list *jobs);

/*
 * Before a directory operation is answered: show the changes after a sequence
 * number as far as that needs no directory's lock.  All names at once where the
 * kernel can, attributes, log.jsonl; other mounts do the same, for which it waits one
 * second at most.  For the committer.
 */
void notify_show_at_once(struct notify *notify, uint64_t after);

/*
 * The same of what somebody else has committed, for a peer who has a directory locked.
 * Never waits for such a lock; what is left to be shown is the notifier's.
 */
void notify_show_foreign(struct notify *notify);

/* Show what changed, soon, and tell the other mounts up to this change. */
void notify_tell(struct notify *notify, uint64_t sequence);

/* Show what changed, soon. */
void notify_kick(struct notify *notify);

/*
 * Show everything that is committed.  Returns when the kernel has forgotten
 * it; never call it in the committer, or in a FUSE worker that does not lead.
 */
void notify_drain(struct notify *notify);

/* Whether somebody has committed since the last drain. */
bool notify_is_behind(struct notify *notify);

/* End the thread; what was pushed is answered first. */
void notify_stop(struct notify *notify);

#endif
