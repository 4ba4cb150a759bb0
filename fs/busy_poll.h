/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * busy_poll - whether a worker that has just answered looks for the next request
 * for a moment before it sleeps.
 *
 * Waking a thread on another CPU takes longer than most answers.  A client that
 * asks one thing after the other has its next request there within some ten
 * microseconds, and a worker that is awake takes it at once.  But where the
 * scheduler lets both share a CPU, waking costs next to nothing, and who looks
 * keeps the client away.  So both ways are tried in turn: the better one for long,
 * the other one for a few requests, and what counts is the time between an
 * answer and the next request.
 */
#ifndef KALAM_FS_BUSY_POLL_H
#define KALAM_FS_BUSY_POLL_H

#include <stdbool.h>
#include <stdint.h>

#define BUSY_POLL_NS 50000u		/* how long to look */
#define BUSY_POLL_CHEAP_NS 15000u	/* gaps that are shorter need no look */
#define BUSY_POLL_IDLE_NS 100000u	/* longer gaps are the client's own time */
#define BUSY_POLL_PROBE 32u		/* requests for which the worse way is tried */
#define BUSY_POLL_ROUND_MAX 2048u	/* between two such tries, at most */

/* Zeroed, it has learnt nothing.  Its owner locks it. */
struct busy_poll {
	bool polls;		/* look, after the next answer */
	bool is_probe;		/* this is not the better way, as far as is known */
	uint32_t count, sum_ns;	/* gaps of this round */
	uint32_t mean_ns;	/* of the round before, while this is a probe */
	uint32_t length;	/* requests of a round of the better way; 0 = BUSY_POLL_PROBE */
	uint32_t misses;	/* two for a look in vain, less one for any other */
};

/* The request that followed an answer came so long after it; a look was taken if `polls`. */
void busy_poll_learn(struct busy_poll *poll, uint64_t gap_ns);

#endif
