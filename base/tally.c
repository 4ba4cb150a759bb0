/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tally.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define COPIES 64
#define CACHE_LINE 64

typedef _Atomic uint64_t cell_type;

struct tally {
	size_t cells;
	_Atomic(cell_type *) copies[COPIES];	/* owned; NULL until used, but for the first */
};

/* Threads are numbered as they come, over all tallies; 0 = not yet. */
static atomic_uint thread_count;
static _Thread_local unsigned thread_number;

static cell_type *new_copy(size_t cells)
{
	size_t size = (cells * sizeof(cell_type) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	cell_type *copy = aligned_alloc(CACHE_LINE, size);

	for (size_t i = 0; copy && i < cells; i++)
		atomic_init(&copy[i], 0);
	return copy;
}

struct tally *tally_new(size_t cells)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	cell_type *first = tally ? new_copy(cells) : NULL;

	if (!first) {
		free(tally);
		return NULL;
	}
	tally->cells = cells;
	atomic_init(&tally->copies[0], first);
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	for (unsigned i = 0; i < COPIES; i++)
		free(atomic_load(&tally->copies[i]));
	free(tally);
}

/* Another thread with the same copy may be quicker; when memory is out all share the first. */
static cell_type *add_copy(struct tally *tally, unsigned i)
{
	int saved = errno;
	cell_type *copy = new_copy(tally->cells), *there = NULL;

	errno = saved;
	if (!copy)
		return atomic_load(&tally->copies[0]);
	if (atomic_compare_exchange_strong(&tally->copies[i], &there, copy))
		return copy;
	free(copy);
	return there;
}

static cell_type *own_copy(struct tally *tally)
{
	cell_type *copy;
	unsigned i;

	if (!thread_number)
		thread_number = 1 + atomic_fetch_add(&thread_count, 1) % COPIES;
	i = thread_number - 1;
	copy = atomic_load_explicit(&tally->copies[i], memory_order_acquire);
	return copy ? copy : add_copy(tally, i);
}

void tally_add(struct tally *tally, size_t cell, uint64_t n)
{
	atomic_fetch_add_explicit(&own_copy(tally)[cell], n, memory_order_relaxed);
}

uint64_t tally_sum(const struct tally *tally, size_t cell)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < COPIES; i++) {
		cell_type *copy = atomic_load_explicit(&tally->copies[i], memory_order_acquire);

		if (copy)
			sum += atomic_load_explicit(&copy[cell], memory_order_relaxed);
	}
	return sum;
}

void tally_read(const struct tally *tally, uint64_t *out)
{
	memset(out, 0, tally->cells * sizeof(*out));
	for (unsigned i = 0; i < COPIES; i++) {
		cell_type *copy = atomic_load_explicit(&tally->copies[i], memory_order_acquire);

		for (size_t cell = 0; copy && cell < tally->cells; cell++)
			out[cell] += atomic_load_explicit(&copy[cell], memory_order_relaxed);
	}
}
