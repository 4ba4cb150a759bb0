/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history - whether what was seen of one value has an order that explains it.
 *
 * Every operation has an interval in which it took effect, at one point of it
 * that nobody knows.  A history is linearizable if points can be chosen so that
 * each operation finds what the one before it has left (Herlihy and Wing).  The
 * search is that of Wing and Gong, with the memory of Lowe.
 */
#ifndef KALAM_TESTS_HISTORY_H
#define KALAM_TESTS_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define ANY INT64_C(-1)		/* finds whatever is there */
#define KEEP INT64_C(-1)	/* leaves it */

struct op {
	int64_t began, ended;	/* nanoseconds; began < ended */
	int64_t finds, leaves;	/* values, or ANY, KEEP */
	const void *tag;	/* the caller's */
};

/*
 * Sorts by `began`.  0, or 1 and in *stuck the operation behind which no order
 * was found.
 */
int history_check(struct op *ops, size_t count, int64_t initial, const struct op **stuck);

/* Histories whose answers are known: how many were answered wrongly. */
unsigned history_self_test(void);

#endif
