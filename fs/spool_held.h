/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool_held - texts of information_schema that a read-only mount holds for
 * whoever looked them up, as the kernel does not tell there who opens and closes.
 */
#ifndef KALAM_FS_SPOOL_HELD_H
#define KALAM_FS_SPOOL_HELD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct spool;

/* The latest ones; each may be a file. */
#define SPOOLS_HELD 8

struct held_spools {
	pthread_mutex_t lock;	/* below */
	struct {
		uint64_t node;
		struct spool *spool;	/* a reference; NULL: free */
	} slots[SPOOLS_HELD];
	unsigned next;
};

void held_spools_init(struct held_spools *held);
void held_spools_fini(struct held_spools *held);

/* Hold spool, a reference that is taken; a node that is held already stays as it is. */
void held_spools_put(struct held_spools *held, uint64_t node, struct spool *spool);

bool held_spools_has(struct held_spools *held, uint64_t node);

/* As spool_read of a held node; -ENOENT if it is not. */
ssize_t held_spools_read(struct held_spools *held, uint64_t node, void *at, size_t size,
			 uint64_t offset);

#endif
