/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/spool_held.h"

#include "fs/spool.h"

#include <errno.h>

void held_spools_init(struct held_spools *held)
{
	pthread_mutex_init(&held->lock, NULL);
}

void held_spools_fini(struct held_spools *held)
{
	for (unsigned i = 0; i < SPOOLS_HELD; i++)
		spool_put(held->slots[i].spool);
	pthread_mutex_destroy(&held->lock);
}

static struct spool *find(struct held_spools *held, uint64_t node)
{
	for (unsigned i = 0; i < SPOOLS_HELD; i++) {
		if (held->slots[i].spool && held->slots[i].node == node)
			return held->slots[i].spool;
	}
	return NULL;
}

void held_spools_put(struct held_spools *held, uint64_t node, struct spool *spool)
{
	struct spool *out = spool;

	pthread_mutex_lock(&held->lock);
	if (!find(held, node)) {
		out = held->slots[held->next].spool;
		held->slots[held->next].node = node;
		held->slots[held->next].spool = spool;
		held->next = (held->next + 1) % SPOOLS_HELD;
	}
	pthread_mutex_unlock(&held->lock);
	spool_put(out);
}

bool held_spools_has(struct held_spools *held, uint64_t node)
{
	bool has;

	pthread_mutex_lock(&held->lock);
	has = find(held, node);
	pthread_mutex_unlock(&held->lock);
	return has;
}

ssize_t held_spools_read(struct held_spools *held, uint64_t node, void *at, size_t size,
			 uint64_t offset)
{
	struct spool *spool;
	ssize_t n = -ENOENT;

	pthread_mutex_lock(&held->lock);
	spool = find(held, node);
	if (spool)
		n = spool_read(spool, at, size, offset);
	pthread_mutex_unlock(&held->lock);
	return n;
}
