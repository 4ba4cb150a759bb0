/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sizes - how long texts about many objects are, until the next change.
 *
 * Such a text is printed to be measured.  A walk over a large catalog asks for the
 * same ones again and again, so each is measured once for each state of the catalog.
 */
#ifndef KALAM_FS_SIZES_H
#define KALAM_FS_SIZES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SIZES_MAX 256	/* what else comes to the same place takes it */

struct sizes {
	pthread_mutex_t lock;
	struct {
		uint64_t node, txn;
		off_t size;
	} known[SIZES_MAX];	/* a node's place: its number modulo SIZES_MAX */
};

/* All zero but for the lock; nothing to free. */
void sizes_init(struct sizes *sizes);

/* The size of a node's text in the snapshot txn (txn_id, not 0); false if it is not known. */
bool sizes_get(struct sizes *sizes, uint64_t node, uint64_t txn, off_t *out);

/* Never replaces what is known of a later snapshot. */
void sizes_put(struct sizes *sizes, uint64_t node, uint64_t txn, off_t size);

#endif
