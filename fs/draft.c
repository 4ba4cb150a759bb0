/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/draft.h"

#include "catalog/rows.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define KEPT_US 1000000		/* how long after they have become tables */

struct draft {
	TAILQ_ENTRY(draft) link;	/* by rising id: they are handed out that way */
	struct table *table;		/* a reference */
	uint64_t created;		/* the change that made the table; 0 = none yet */
	int64_t until;			/* then no request has a snapshot from before it */
	bool is_told;
};

struct drafts {
	pthread_mutex_t lock;	/* all below */
	TAILQ_HEAD(draft_list, draft) list;
	unsigned count;		/* of those that are no tables yet */
	int64_t changed_at;
	uint64_t changes;
};

struct drafts *drafts_new(void)
{
	struct drafts *drafts = calloc(1, sizeof(*drafts));

	if (!drafts)
		return NULL;
	pthread_mutex_init(&drafts->lock, NULL);
	TAILQ_INIT(&drafts->list);
	return drafts;
}

static void drop(struct drafts *drafts, struct draft *draft)
{
	TAILQ_REMOVE(&drafts->list, draft, link);
	drafts->count -= !draft->created;
	table_put(draft->table);
	free(draft);
}

static void changed(struct drafts *drafts, int64_t now)
{
	drafts->changed_at = now;
	drafts->changes++;
}

void drafts_free(struct drafts *drafts)
{
	struct draft *draft;

	if (!drafts)
		return;
	while ((draft = TAILQ_FIRST(&drafts->list)))
		drop(drafts, draft);
	pthread_mutex_destroy(&drafts->lock);
	free(drafts);
}

static struct draft *by_id(struct drafts *drafts, uint32_t id)
{
	struct draft *draft;

	TAILQ_FOREACH(draft, &drafts->list, link)
		if (draft->table->id == id)
			return draft;
	return NULL;
}

/* Whether it is in a snapshot's namespace: the table itself is not there yet. */
static bool is_there(const struct draft *draft, struct txn *txn)
{
	return !draft->created || meta_get(txn, META_SEQUENCE) < draft->created;
}

static bool is_named(const struct draft *draft, uint32_t namespace_id, const char *name)
{
	return draft->table->namespace_id == namespace_id && !strcmp(draft->table->name, name);
}

static bool is_taken(struct drafts *drafts, uint32_t namespace_id, const char *name)
{
	struct draft *draft;

	TAILQ_FOREACH(draft, &drafts->list, link)
		if (!draft->created && is_named(draft, namespace_id, name))
			return true;
	return false;
}

static void drop_old(struct drafts *drafts, int64_t now)
{
	struct draft *draft, *next;

	for (draft = TAILQ_FIRST(&drafts->list); draft; draft = next) {
		next = TAILQ_NEXT(draft, link);
		if (draft->created && draft->until <= now)
			drop(drafts, draft);
	}
}

static struct table *new_table(uint32_t id, const struct namespace *ns, const char *name, int64_t now)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	table->id = id;
	table->namespace_id = ns->id;
	memcpy(table->namespace_name, ns->name, NAME_SIZE);
	snprintf(table->name, NAME_SIZE, "%s", name);
	table->type = TABLE_SHARED;
	table_options_init(&table->options);
	table->created_at = now;
	table->updated_at = now;
	table->columns_changed_at = now;
	table->info.committed_at = now;
	return table;
}

int drafts_add(struct drafts *drafts, uint32_t id, const struct namespace *ns, const char *name,
	       int64_t now, struct err *err)
{
	struct draft *draft = calloc(1, sizeof(*draft));
	int rc = 0;

	if (draft)
		draft->table = new_table(id, ns, name, now);
	if (!draft || !draft->table) {
		free(draft);
		return err_nomem(err);
	}
	pthread_mutex_lock(&drafts->lock);
	drop_old(drafts, now);
	if (is_taken(drafts, ns->id, name))
		rc = err_set(err, -EEXIST, "There is a draft '%s' already", name);
	else if (drafts->count >= DRAFTS_MAX)
		rc = err_set(err, -ENOSPC, "There are %d drafts already: save or rmdir some",
			     DRAFTS_MAX);
	if (!rc) {
		TAILQ_INSERT_TAIL(&drafts->list, draft, link);
		drafts->count++;
		changed(drafts, now);
	}
	pthread_mutex_unlock(&drafts->lock);
	if (rc) {
		table_put(draft->table);
		free(draft);
	}
	return rc;
}

struct table *drafts_get(struct drafts *drafts, uint32_t id, struct txn *txn)
{
	struct table *table = NULL;
	struct draft *draft;

	if (!drafts)
		return NULL;
	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	if (draft && is_there(draft, txn))
		table = table_get(draft->table);
	pthread_mutex_unlock(&drafts->lock);
	return table;
}

struct table *drafts_find(struct drafts *drafts, uint32_t namespace_id, const char *name,
			  struct txn *txn)
{
	struct table *table = NULL;
	struct draft *draft;

	if (!drafts)
		return NULL;
	pthread_mutex_lock(&drafts->lock);
	TAILQ_FOREACH(draft, &drafts->list, link)
		if (is_named(draft, namespace_id, name) && is_there(draft, txn))
			break;
	if (draft)
		table = table_get(draft->table);
	pthread_mutex_unlock(&drafts->lock);
	return table;
}

int drafts_rename(struct drafts *drafts, uint32_t id, const struct namespace *ns, const char *name,
		  int64_t now)
{
	struct table *table = new_table(id, ns, name, now);
	struct draft *draft;
	int rc = 0;

	if (!table)
		return -ENOMEM;
	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	if (!draft || draft->created)
		rc = -ENOENT;
	else if (is_taken(drafts, ns->id, name))
		rc = -EEXIST;
	if (!rc) {
		struct table *old = draft->table;

		draft->table = table;
		table = old;
		changed(drafts, now);
	}
	pthread_mutex_unlock(&drafts->lock);
	table_put(table);
	return rc;
}

bool drafts_remove(struct drafts *drafts, uint32_t id, int64_t now)
{
	struct draft *draft;
	bool is_one;

	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	is_one = draft && !draft->created;
	if (is_one) {
		drop(drafts, draft);
		changed(drafts, now);
	}
	pthread_mutex_unlock(&drafts->lock);
	return is_one;
}

void drafts_created(struct drafts *drafts, uint32_t id, uint64_t sequence, int64_t now)
{
	struct draft *draft;

	pthread_mutex_lock(&drafts->lock);
	drop_old(drafts, now);
	draft = by_id(drafts, id);
	if (draft && !draft->created) {
		draft->created = sequence;
		draft->until = now + KEPT_US;
		drafts->count--;
	}
	pthread_mutex_unlock(&drafts->lock);
}

bool drafts_was_created(struct drafts *drafts, uint32_t id)
{
	struct draft *draft;
	bool was;

	if (!drafts)
		return false;
	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	was = draft && draft->created && !draft->is_told;
	if (was)
		draft->is_told = true;
	pthread_mutex_unlock(&drafts->lock);
	return was;
}

int drafts_list(struct drafts *drafts, uint32_t namespace_id, uint32_t after, struct txn *txn,
		drafts_fn *fn, void *arg)
{
	struct draft *draft;
	int rc = 0;

	if (!drafts)
		return 0;
	pthread_mutex_lock(&drafts->lock);
	TAILQ_FOREACH(draft, &drafts->list, link) {
		if (draft->table->id <= after || draft->table->namespace_id != namespace_id ||
		    !is_there(draft, txn))
			continue;
		rc = fn(arg, draft->table);
		if (rc)
			break;
	}
	pthread_mutex_unlock(&drafts->lock);
	return rc;
}

bool drafts_any(struct drafts *drafts, uint32_t namespace_id)
{
	struct draft *draft;
	bool any = false;

	pthread_mutex_lock(&drafts->lock);
	TAILQ_FOREACH(draft, &drafts->list, link)
		any |= !draft->created && draft->table->namespace_id == namespace_id;
	pthread_mutex_unlock(&drafts->lock);
	return any;
}

int64_t drafts_changed_at(struct drafts *drafts)
{
	int64_t at;

	pthread_mutex_lock(&drafts->lock);
	at = drafts->changed_at;
	pthread_mutex_unlock(&drafts->lock);
	return at;
}

uint64_t drafts_changes(struct drafts *drafts)
{
	uint64_t changes;

	pthread_mutex_lock(&drafts->lock);
	changes = drafts->changes;
	pthread_mutex_unlock(&drafts->lock);
	return changes;
}
