/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics - what a mount counts: requests of the kernel and how long their
 * answers took, notifications, commits, refusals.  .kalamfs/metrics shows it.
 *
 * Counting takes no lock and waits for nothing; the figures of a thread are
 * its own until they are read (base/tally.h).  Operations are told by the
 * numbers of the FUSE protocol; what they are called is one row in metrics.c.
 */
#ifndef KALAM_FS_METRICS_H
#define KALAM_FS_METRICS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Numbers of the protocol: what is beyond is counted as number 0, "other". */
#define METRICS_OPERATIONS 64
#define METRICS_NOTIFICATIONS 16
/* 0 (success), the errno numbers that occur, and one for all others. */
#define METRICS_RESULTS 40
#define METRICS_BUCKETS 22

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Monotonic time in nanoseconds, for the functions below. */
uint64_t metrics_now(void);

/* ----- requests of the kernel; unique is the kernel's number of each ----- */

/* A request has come. */
void metrics_request(struct metrics *metrics, uint32_t opcode, uint64_t unique, uint64_t now);

/* It is about to be answered; error is 0 or an errno of either sign.  Any thread may do it. */
void metrics_answer(struct metrics *metrics, uint64_t unique, int error, uint64_t now);

/* ----- the rest ----- */

/* The kernel was told something; error as above. */
void metrics_notification(struct metrics *metrics, unsigned code, int error);

/* A group of so many requests was committed, or could not be. */
void metrics_commit(struct metrics *metrics, size_t requests, int error, uint64_t nanoseconds);

/* Somebody was refused something, and errors.jsonl says so. */
void metrics_refusal(struct metrics *metrics, enum err_kind kind);

/* What goes up and down.  The last value counts: who sets one must be alone in doing so. */
enum metrics_gauge {
	GAUGE_QUEUED,		/* changes that wait for the committer */
	GAUGE_UNDER_WAY,	/* changes that are not answered yet */
	GAUGE_COUNT
};
void metrics_set(struct metrics *metrics, enum metrics_gauge gauge, uint64_t value);

/* ----- reading ----- */

struct histogram {
	uint64_t buckets[METRICS_BUCKETS + 1];	/* not cumulative; the last: above all bounds */
	uint64_t sum;
};

/* Upper bounds of a histogram's first `count` buckets, bounds included. */
struct bounds {
	const uint64_t *at;
	unsigned count;
};
extern const struct bounds bounds_time;		/* nanoseconds, 1 us to 10 s */
extern const struct bounds bounds_group;	/* requests, 1 to 1024 */

/* Everything that is counted.  Only of uint64_t: each is a cell of the tally. */
struct metrics_counts {
	struct {
		uint64_t results[METRICS_RESULTS];
		struct histogram time;
	} operations[METRICS_OPERATIONS];
	uint64_t messages[METRICS_OPERATIONS];	/* requests that are no operations */
	uint64_t notifications[METRICS_NOTIFICATIONS][METRICS_RESULTS];
	uint64_t commits[METRICS_RESULTS];
	struct histogram commit_time, commit_group;
	uint64_t refusals[ERR_KIND_COUNT];
};
void metrics_read(const struct metrics *metrics, struct metrics_counts *out);
uint64_t metrics_get(const struct metrics *metrics, enum metrics_gauge gauge);

/* Nanoseconds since metrics_new, whatever became of the clock. */
uint64_t metrics_age(const struct metrics *metrics);

/* Requests that are not answered yet. */
uint64_t metrics_in_flight(const struct metrics *metrics);

/* "lookup", "inval_entry", "ENOENT"; NULL where nothing is counted.  Static. */
const char *metrics_operation_name(unsigned opcode);
const char *metrics_message_name(unsigned opcode);
const char *metrics_notification_name(unsigned code);
const char *metrics_result_name(unsigned result);

/* The lines of .kalamfs/metrics that tell of these counts (fs/metrics_show.c). */
void metrics_print(const struct metrics_counts *counts, FILE *out);

#endif
