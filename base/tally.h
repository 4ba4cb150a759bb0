/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally - counters that many threads add to at the same time.
 *
 * A tally has a number of cells.  Each thread adds in a copy of its own, so
 * that no two of the first 64 threads of a process write to one cache line; who
 * reads sums the copies up.  Nothing waits for anybody.  A copy is made when a
 * thread first adds something and stays until the tally goes, so that a thread
 * may end at any time.
 */
#ifndef KALAM_BASE_TALLY_H
#define KALAM_BASE_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally;

/* All cells 0.  NULL when memory is out. */
struct tally *tally_new(size_t cells);
void tally_free(struct tally *tally);

/* Add to a cell.  Keeps errno. */
void tally_add(struct tally *tally, size_t cell, uint64_t n);

/*
 * The sum of one cell.  What a thread has added before anything that the
 * reader knows of is in it; of what is added meanwhile there may be a part.
 */
uint64_t tally_sum(const struct tally *tally, size_t cell);

/* The sums of all cells into out[]. */
void tally_read(const struct tally *tally, uint64_t *out);

#endif
