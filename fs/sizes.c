/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/sizes.h"

#include <string.h>

static size_t place_of(uint64_t node)
{
	/* The kind of a node is above its object, which is counted upwards. */
	return (node ^ node >> 24 ^ node >> 48) % SIZES_MAX;
}

void sizes_init(struct sizes *sizes)
{
	memset(sizes, 0, sizeof(*sizes));
	pthread_mutex_init(&sizes->lock, NULL);
}

bool sizes_get(struct sizes *sizes, uint64_t node, uint64_t txn, off_t *out)
{
	size_t i = place_of(node);
	bool is_known;

	pthread_mutex_lock(&sizes->lock);
	is_known = sizes->known[i].node == node && sizes->known[i].txn == txn;
	if (is_known)
		*out = sizes->known[i].size;
	pthread_mutex_unlock(&sizes->lock);
	return is_known;
}

void sizes_put(struct sizes *sizes, uint64_t node, uint64_t txn, off_t size)
{
	size_t i = place_of(node);

	pthread_mutex_lock(&sizes->lock);
	if (sizes->known[i].node != node || sizes->known[i].txn <= txn) {
		sizes->known[i].node = node;
		sizes->known[i].txn = txn;
		sizes->known[i].size = size;
	}
	pthread_mutex_unlock(&sizes->lock);
}
