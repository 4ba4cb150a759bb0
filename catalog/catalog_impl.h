/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalog_impl - what the files behind catalog/catalog.h share.
 */
#ifndef KALAM_CATALOG_CATALOG_IMPL_H
#define KALAM_CATALOG_CATALOG_IMPL_H

#include "catalog/catalog.h"

struct catalog {
	char *dir;
	struct store *store;
	struct cache *cache;
	struct memo *memo;
	struct system *system;
	struct info_sums system_info;	/* what the built-in objects add to information_schema */
	int64_t (*now)(void *arg);
	void *now_arg;
	int (*open_dir)(void *arg, const char *path);
	void *open_dir_arg;
	void (*on_damage)(void *arg, const char *text);	/* NULL: the store is not frozen */
	void *damage_arg;
	uint64_t uuid_high, uuid_low;
	int64_t created_at;
	unsigned lock_wait;	/* ms */
	unsigned careful;	/* groups to be run one request apart; of who has the write lock */
};

/* The store's on_damage. */
void catalog_damaged(void *arg, const char *text);

#endif
