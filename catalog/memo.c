/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/memo.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NAMESPACES 64
#define STORAGES 16

struct place {
	pthread_mutex_t lock;	/* for a comparison or an exchange: nobody waits for long */
	void *record;		/* owned; NULL = free */
	size_t len;
	const void *object;	/* a reference */
};

struct memo {
	struct place namespaces[NAMESPACES];
	struct place storages[STORAGES];
};

static void init(struct place *places, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pthread_mutex_init(&places[i].lock, NULL);
}

struct memo *memo_new(void)
{
	struct memo *memo = calloc(1, sizeof(*memo));

	if (!memo)
		return NULL;
	init(memo->namespaces, NAMESPACES);
	init(memo->storages, STORAGES);
	return memo;
}

void memo_free(struct memo *memo)
{
	if (!memo)
		return;
	for (unsigned i = 0; i < NAMESPACES; i++) {
		namespace_put(memo->namespaces[i].object);
		free(memo->namespaces[i].record);
		pthread_mutex_destroy(&memo->namespaces[i].lock);
	}
	for (unsigned i = 0; i < STORAGES; i++) {
		storage_put(memo->storages[i].object);
		free(memo->storages[i].record);
		pthread_mutex_destroy(&memo->storages[i].lock);
	}
	free(memo);
}

/* With the lock held. */
static bool holds(const struct place *place, struct bytes record)
{
	return place->record && place->len == record.len &&
	       !memcmp(place->record, record.at, record.len);
}

struct namespace *memo_namespace(struct memo *memo, uint32_t id, struct bytes record)
{
	struct place *place = &memo->namespaces[id % NAMESPACES];
	struct namespace *ns = NULL;

	pthread_mutex_lock(&place->lock);
	if (holds(place, record))
		ns = namespace_get(place->object);
	pthread_mutex_unlock(&place->lock);
	return ns;
}

struct storage *memo_storage(struct memo *memo, uint32_t id, struct bytes record)
{
	struct place *place = &memo->storages[id % STORAGES];
	struct storage *storage = NULL;

	pthread_mutex_lock(&place->lock);
	if (holds(place, record))
		storage = storage_get(place->object);
	pthread_mutex_unlock(&place->lock);
	return storage;
}

/* Takes the reference; gives one back for the caller to put: of what was there, or this one. */
static const void *exchange(struct place *place, struct bytes record, const void *object)
{
	void *copy = record.len <= MEMO_RECORD_MAX ? malloc(record.len) : NULL;
	const void *old_object;
	void *old_record;

	if (!copy)
		return object;
	memcpy(copy, record.at, record.len);
	pthread_mutex_lock(&place->lock);
	old_record = place->record;
	old_object = place->object;
	place->record = copy;
	place->len = record.len;
	place->object = object;
	pthread_mutex_unlock(&place->lock);
	free(old_record);
	return old_object;
}

void memo_put_namespace(struct memo *memo, struct bytes record, const struct namespace *ns)
{
	namespace_put(exchange(&memo->namespaces[ns->id % NAMESPACES], record, namespace_get(ns)));
}

void memo_put_storage(struct memo *memo, struct bytes record, const struct storage *storage)
{
	storage_put(exchange(&memo->storages[storage->id % STORAGES], record,
			     storage_get(storage)));
}
