/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers take no lock: they find an entry in the hash table inside an RCU
 * read section, where an entry's reference on its schema cannot go away, and
 * take their own.  Inserting and removing is rare (a miss, a change) and
 * serialised by one mutex, which also owns the CLOCK ring.
 *
 * Against the past: marks[] holds, per hash of the table id, the newest
 * transaction in which such a table changed.  An entry read before it is
 * refused; two tables that share a mark only cost each other a miss.
 */
#include "catalog/cache.h"

#include "base/tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <urcu-bp.h>
#include <urcu/rculfhash.h>

#define MARKS 4096
#define BUCKETS_MAX 65536

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__
#endif
#endif

#ifdef __SANITIZE_THREAD__
/* liburcu's barriers are assembler that ThreadSanitizer does not see. */
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#define PUBLISHED(p) __tsan_release(p)
#define OBTAINED(p) __tsan_acquire(p)
#else
#define PUBLISHED(p) ((void)(p))
#define OBTAINED(p) ((void)(p))
#endif

struct entry {
	struct cds_lfht_node node;
	struct rcu_head rcu;
	uint32_t table_id;
	uint32_t slot;		/* in the ring */
	atomic_bool used;	/* CLOCK's second chance */
	struct schema *schema;	/* a reference, given back after a grace period */
};

/* What is counted; each a cell of the tally. */
enum counted { HITS, MISSES, EVICTIONS, COUNTED };

struct cache {
	struct cds_lfht *table;
	struct tally *tally;
	pthread_mutex_t lock;	/* inserts, removals, ring, hand, marks */
	struct entry **ring;
	unsigned bound, hand;
	uint64_t marks[MARKS];
	uint64_t floor;		/* of cache_clear */
	atomic_uint_fast64_t size;
};

struct schema *schema_new(void)
{
	struct schema *schema = calloc(1, sizeof(*schema));

	if (schema)
		atomic_init(&schema->refs, 1);
	return schema;
}

struct schema *schema_get(struct schema *schema)
{
	atomic_fetch_add(&schema->refs, 1);
	return schema;
}

void schema_put(struct schema *schema)
{
	if (!schema || atomic_fetch_sub(&schema->refs, 1) != 1)
		return;
	table_put(schema->table);
	storage_put(schema->storage);
	free(schema->base);
	free(schema->partial);
	free(schema);
}

/* Fibonacci hashing: table ids are small and dense. */
static unsigned long hash_id(uint32_t id)
{
	return (unsigned long)(id * 0x9E3779B97F4A7C15ull >> 17);
}

static int match_id(struct cds_lfht_node *node, const void *key)
{
	const struct entry *entry = caa_container_of(node, struct entry, node);

	OBTAINED(node);
	return entry->table_id == *(const uint32_t *)key;
}

struct cache *cache_new(unsigned bound)
{
	struct cache *cache = calloc(1, sizeof(*cache));
	unsigned long buckets = 64;

	if (!cache)
		return NULL;
	while (buckets < 2UL * bound && buckets < BUCKETS_MAX)
		buckets *= 2;
	cache->bound = bound;
	cache->ring = calloc(bound, sizeof(struct entry *));
	cache->table = cds_lfht_new(buckets, buckets, buckets, 0, NULL);
	cache->tally = tally_new(COUNTED);
	pthread_mutex_init(&cache->lock, NULL);
	if (!cache->ring || !cache->table || !cache->tally) {
		cache_free(cache);
		return NULL;
	}
	return cache;
}

static void free_entry(struct rcu_head *head)
{
	struct entry *entry = caa_container_of(head, struct entry, rcu);

	OBTAINED(entry);
	schema_put(entry->schema);
	free(entry);
}

/* Take an entry out; it is freed when no reader can hold it any more. */
static void drop_entry(struct cache *cache, struct entry *entry)
{
	rcu_read_lock();
	(void)cds_lfht_del(cache->table, &entry->node);
	rcu_read_unlock();
	cache->ring[entry->slot] = NULL;
	atomic_fetch_sub(&cache->size, 1);
	PUBLISHED(entry);
	call_rcu(&entry->rcu, free_entry);
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	for (unsigned i = 0; cache->ring && i < cache->bound; i++) {
		if (cache->ring[i])
			drop_entry(cache, cache->ring[i]);
	}
	rcu_barrier();
	if (cache->table)
		(void)cds_lfht_destroy(cache->table, NULL);
	pthread_mutex_destroy(&cache->lock);
	tally_free(cache->tally);
	free(cache->ring);
	free(cache);
}

/* Inside a read section. */
static struct entry *find_entry(struct cache *cache, uint32_t table_id)
{
	struct cds_lfht_node *node;
	struct cds_lfht_iter iter;

	cds_lfht_lookup(cache->table, hash_id(table_id), match_id, &table_id, &iter);
	node = cds_lfht_iter_get_node(&iter);
	if (!node)
		return NULL;
	return caa_container_of(node, struct entry, node);
}

struct schema *cache_find(struct cache *cache, uint32_t table_id, uint64_t txn, uint64_t epoch)
{
	struct schema *schema = NULL;
	struct entry *entry;

	rcu_read_lock();
	entry = find_entry(cache, table_id);
	if (entry && entry->schema->table->txn <= txn &&
	    (epoch == SCHEMA_NO_PLACE || entry->schema->epoch == epoch)) {
		schema = schema_get(entry->schema);
		atomic_store_explicit(&entry->used, true, memory_order_relaxed);
	}
	if (entry)
		PUBLISHED(entry);	/* that it was read, to free_entry */
	rcu_read_unlock();
	tally_add(cache->tally, schema ? HITS : MISSES, 1);
	return schema;
}

/* A free slot, by the CLOCK hand: an entry used since its last visit stays. */
static unsigned free_slot(struct cache *cache)
{
	for (;;) {
		unsigned slot = cache->hand;
		struct entry *entry = cache->ring[slot];

		cache->hand = (cache->hand + 1) % cache->bound;
		if (!entry)
			return slot;
		if (!atomic_exchange_explicit(&entry->used, false, memory_order_relaxed)) {
			drop_entry(cache, entry);
			tally_add(cache->tally, EVICTIONS, 1);
			return slot;
		}
	}
}

static bool is_past(const struct cache *cache, uint32_t table_id, uint64_t txn)
{
	return txn < cache->marks[hash_id(table_id) % MARKS] || txn < cache->floor;
}

/*
 * With the lock held: a slot for the table, where it has been if it has one;
 * false: what is there is newer than txn.
 */
static bool make_room(struct cache *cache, uint32_t table_id, uint64_t txn, unsigned *slot)
{
	struct entry *entry;

	rcu_read_lock();
	entry = find_entry(cache, table_id);
	rcu_read_unlock();
	if (!entry) {
		*slot = free_slot(cache);
		return true;
	}
	if (entry->schema->table->txn > txn)
		return false;
	*slot = entry->slot;
	drop_entry(cache, entry);
	return true;
}

void cache_insert(struct cache *cache, struct schema *schema)
{
	uint32_t table_id = schema->table->id;
	uint64_t txn = schema->table->txn;
	struct entry *entry = calloc(1, sizeof(*entry));
	unsigned slot;

	if (!entry)
		return;
	pthread_mutex_lock(&cache->lock);
	if (is_past(cache, table_id, txn) || !make_room(cache, table_id, txn, &slot)) {
		pthread_mutex_unlock(&cache->lock);
		free(entry);
		return;
	}
	entry->table_id = table_id;
	entry->schema = schema_get(schema);
	entry->slot = slot;
	cache->ring[slot] = entry;
	cds_lfht_node_init(&entry->node);
	PUBLISHED(&entry->node);
	rcu_read_lock();
	cds_lfht_add(cache->table, hash_id(table_id), &entry->node);
	rcu_read_unlock();
	atomic_fetch_add(&cache->size, 1);
	pthread_mutex_unlock(&cache->lock);
}

void cache_remove(struct cache *cache, uint32_t table_id, uint64_t txn)
{
	uint64_t *mark = &cache->marks[hash_id(table_id) % MARKS];
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	if (*mark < txn)
		*mark = txn;
	rcu_read_lock();
	entry = find_entry(cache, table_id);
	rcu_read_unlock();
	if (entry && entry->schema->table->txn < txn)
		drop_entry(cache, entry);
	pthread_mutex_unlock(&cache->lock);
}

void cache_clear(struct cache *cache, uint64_t txn)
{
	pthread_mutex_lock(&cache->lock);
	if (cache->floor < txn)
		cache->floor = txn;
	for (unsigned i = 0; i < cache->bound; i++) {
		if (cache->ring[i] && cache->ring[i]->schema->table->txn < txn)
			drop_entry(cache, cache->ring[i]);
	}
	pthread_mutex_unlock(&cache->lock);
}

void cache_counts(const struct cache *cache, struct cache_counts *out)
{
	out->size = atomic_load(&cache->size);
	out->bound = cache->bound;
	out->hits = tally_sum(cache->tally, HITS);
	out->misses = tally_sum(cache->tally, MISSES);
	out->evictions = tally_sum(cache->tally, EVICTIONS);
}
