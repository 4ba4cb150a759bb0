/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache - the schema cache: table id to definition and resolved location, in a
 * lock-free hash table (liburcu's cds_lfht), bounded, with CLOCK eviction.
 *
 * A slow reader cannot put the past back: each entry carries the id of the
 * transaction it was read in, insert keeps the newer one, and a change leaves
 * a mark that refuses entries read before it.
 */
#ifndef KALAM_CATALOG_CACHE_H
#define KALAM_CATALOG_CACHE_H

#include "catalog/model.h"

#include <stdint.h>

struct cache;

#define SCHEMA_NO_PLACE UINT64_MAX	/* no locations epoch */

/*
 * What is cached of a table; immutable and counted.  Few who want a definition
 * want its location, so that is resolved when somebody asks for it: then an
 * entry with both takes the place of the one without.
 */
struct schema {
	atomic_uint refs;
	struct table *table;	/* a reference */
	/* Locations epoch that the rest was made in; SCHEMA_NO_PLACE: there is no more. */
	uint64_t epoch;
	struct storage *storage;	/* a reference; of `epoch`, so only what places tables is current */
	char *base, *partial;	/* owned; see struct place */
};

struct schema *schema_new(void);
struct schema *schema_get(struct schema *schema);
void schema_put(struct schema *schema);

/* bound: most tables held.  NULL when memory is out. */
struct cache *cache_new(unsigned bound);
void cache_free(struct cache *cache);

/*
 * A new reference to the entry of a table, or NULL (a miss).  Entries read in
 * a transaction newer than txn are misses, so that one snapshot never mixes
 * with a later one, and so are entries of another locations epoch, whose paths
 * may be others now, unless epoch is SCHEMA_NO_PLACE: that is for who wants the
 * definition only.  Counts the hit or miss.
 */
struct schema *cache_find(struct cache *cache, uint32_t table_id, uint64_t txn, uint64_t epoch);

/*
 * Offer an entry that was read in its table's ->txn; takes no reference of the
 * caller's.  Ignored if a newer one or a newer mark of cache_remove is there,
 * or if memory is out.
 */
void cache_insert(struct cache *cache, struct schema *schema);

/* The table changed in transaction txn: entries read before it are refused from now on. */
void cache_remove(struct cache *cache, uint32_t table_id, uint64_t txn);

/* Everything may have changed in transaction txn. */
void cache_clear(struct cache *cache, uint64_t txn);

struct cache_counts {
	uint64_t size, bound, hits, misses, evictions;
};
void cache_counts(const struct cache *cache, struct cache_counts *out);

#endif
