/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_guard - what a mapped file can do to the process that reads it.
 *
 * Part of the store.  A page of data.mdb that the disk cannot give, or that lies
 * beyond the end of a file which somebody truncated, is SIGBUS at the first look;
 * and LMDB believes what stands in a page so much that a bad one leads it to
 * addresses where there is nothing.  A guarded call comes back from both.  Faults
 * elsewhere, and those of other programs, do what they did before.
 *
 * Between guards (a record is being read that store_get gave) a page of a known
 * map that cannot be read becomes one of zeroes, which no record is: *hit tells.
 *
 *	struct guard guard;
 *
 *	if (!guard_set(&guard, true))
 *		rc = mdb_get(...);
 *	else
 *		rc = ENV_FAULT;
 *	guard_pop(&guard);
 *
 * Locals that the call changes must be volatile, or set again behind it.
 */
#ifndef KALAM_CATALOG_STORE_GUARD_H
#define KALAM_CATALOG_STORE_GUARD_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct guard {
	sigjmp_buf at;
	struct guard *outer;
	bool reads_only;	/* so any fault can be left behind, wherever its address */
};

/* 0 at first; again, and not 0, when the guarded call has come to grief. */
#define guard_set(guard, is_reader) (guard_push(guard, is_reader), sigsetjmp((guard)->at, 0))
void guard_push(struct guard *guard, bool reads_only);
void guard_pop(struct guard *guard);

/* Leave the guarded call of this thread; returns if there is none. */
void guard_escape(void);

/*
 * A map that is guarded from now on; hit is borrowed until guard_unmap.  False if
 * there are too many, which are then not guarded.
 */
bool guard_map(const void *at, size_t len, atomic_bool *hit);
void guard_unmap(const void *at);

#endif
