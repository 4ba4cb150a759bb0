/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_lock - who may write a catalog, and who is inside its environment.
 *
 * Part of the store, but for the deadlines.  LMDB's own write lock has no deadline, so a lock with
 * one stands in front of it.  Deadlines are nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef KALAM_CATALOG_STORE_LOCK_H
#define KALAM_CATALOG_STORE_LOCK_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

int64_t deadline_in(unsigned ms);
unsigned deadline_left(int64_t deadline);	/* ms, rounded up; 0 when it has passed */

/* One writer per process, and one process, by turns: CATALOG/write.lock. */
struct write_lock {
	pthread_mutex_t mutex;
	pthread_cond_t freed;
	bool held;
	int fd;			/* owned; -1: no other process can know this catalog */
	int64_t rude_until;	/* by who holds it in this process: nobody is let go first until then */
};

/* Always succeeds in being finished; fd starts as -1. */
void write_lock_init(struct write_lock *lock);
void write_lock_fini(struct write_lock *lock);

/* Open (or make) write.lock in directory dirfd.  0 or -errno with a sentence. */
int write_lock_open(struct write_lock *lock, int dirfd, struct err *err) MUST_CHECK;

/* 0, or -EBUSY with kind ERR_BUSY and the holder's name; -EIO. */
int write_lock_take(struct write_lock *lock, int64_t deadline, struct err *err) MUST_CHECK;
void write_lock_give(struct write_lock *lock);

/*
 * One process at a time opens the environment: LMDB lets a second one wait until the first has made
 * lock.mdb, and, where the first gives up or dies meanwhile, go on with what is half made.  0,
 * -EBUSY with kind ERR_BUSY when the deadline has passed, or -EIO.
 */
int write_lock_enter(struct write_lock *lock, int64_t deadline, struct err *err) MUST_CHECK;
void write_lock_entered(struct write_lock *lock);

/*
 * LMDB writes before it frees, so on a full disk nothing could be removed
 * either: write.lock, which is empty, holds blocks for that.  Reserve them, as
 * far as there are any; give them back, whether there were any.  By who holds
 * the lock, or before anybody can.
 */
void write_lock_reserve(struct write_lock *lock);
bool write_lock_spend(struct write_lock *lock);

/*
 * Counts who is inside the environment, and lets one alone in to replace it.
 * Between gate_enter and gate_leave the environment stays as it is.
 */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned inside;
	bool shut;
};

void gate_init(struct gate *gate);
void gate_fini(struct gate *gate);
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/* Wait until nobody is inside and keep everybody out: 0 or -ETIMEDOUT. */
int gate_shut(struct gate *gate, int64_t deadline) MUST_CHECK;
void gate_open(struct gate *gate);

#endif
