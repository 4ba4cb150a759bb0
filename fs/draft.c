/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/draft.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct draft {
	TAILQ_ENTRY(draft) link;	/* by rising id: they are handed out that way */
	struct table *table;		/* a reference */
	bool is_created;
};

struct drafts {
	pthread_mutex_t lock;	/* all below */
	TAILQ_HEAD(draft_list, draft) list;
	unsigned count;
	int64_t changed_at;
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
	drafts->count--;
	table_put(draft->table);
	free(draft);
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

static struct draft *by_name(struct drafts *drafts, uint32_t namespace_id, const char *name)
{
	struct draft *draft;

	TAILQ_FOREACH(draft, &drafts->list, link)
		if (!draft->is_created && draft->table->namespace_id == namespace_id &&
		    !strcmp(draft->table->name, name))
			return draft;
	return NULL;
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
	if (by_name(drafts, ns->id, name))
		rc = err_set(err, -EEXIST, "There is a draft '%s' already", name);
	else if (drafts->count >= DRAFTS_MAX)
		rc = err_set(err, -ENOSPC, "There are %d drafts already: save or rmdir some",
			     DRAFTS_MAX);
	if (!rc) {
		TAILQ_INSERT_TAIL(&drafts->list, draft, link);
		drafts->count++;
		drafts->changed_at = now;
	}
	pthread_mutex_unlock(&drafts->lock);
	if (rc) {
		table_put(draft->table);
		free(draft);
	}
	return rc;
}

struct table *drafts_get(struct drafts *drafts, uint32_t id)
{
	struct table *table = NULL;
	struct draft *draft;

	if (!drafts)
		return NULL;
	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	if (draft && !draft->is_created)
		table = table_get(draft->table);
	pthread_mutex_unlock(&drafts->lock);
	return table;
}

struct table *drafts_find(struct drafts *drafts, uint32_t namespace_id, const char *name)
{
	struct table *table = NULL;
	struct draft *draft;

	if (!drafts)
		return NULL;
	pthread_mutex_lock(&drafts->lock);
	draft = by_name(drafts, namespace_id, name);
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
	if (!draft || draft->is_created)
		rc = -ENOENT;
	else if (by_name(drafts, ns->id, name))
		rc = -EEXIST;
	if (!rc) {
		struct table *old = draft->table;

		draft->table = table;
		table = old;
		drafts->changed_at = now;
	}
	pthread_mutex_unlock(&drafts->lock);
	table_put(table);
	return rc;
}

void drafts_remove(struct drafts *drafts, uint32_t id, int64_t now)
{
	struct draft *draft;

	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	if (draft) {
		drop(drafts, draft);
		drafts->changed_at = now;
	}
	pthread_mutex_unlock(&drafts->lock);
}

void drafts_created(struct drafts *drafts, uint32_t id)
{
	struct draft *draft;

	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	if (draft)
		draft->is_created = true;
	pthread_mutex_unlock(&drafts->lock);
}

bool drafts_was_created(struct drafts *drafts, uint32_t id)
{
	struct draft *draft;
	bool was = false;

	if (!drafts)
		return false;
	pthread_mutex_lock(&drafts->lock);
	draft = by_id(drafts, id);
	if (draft && draft->is_created) {
		drop(drafts, draft);
		was = true;
	}
	pthread_mutex_unlock(&drafts->lock);
	return was;
}

int drafts_list(struct drafts *drafts, uint32_t namespace_id, uint32_t after, drafts_fn *fn, void *arg)
{
	struct draft *draft;
	int rc = 0;

	if (!drafts)
		return 0;
	pthread_mutex_lock(&drafts->lock);
	TAILQ_FOREACH(draft, &drafts->list, link) {
		if (draft->is_created || draft->table->id <= after ||
		    draft->table->namespace_id != namespace_id)
			continue;
		rc = fn(arg, draft->table);
		if (rc)
			break;
	}
	pthread_mutex_unlock(&drafts->lock);
	return rc;
}

static int found(void *arg, const struct table *table)
{
	(void)arg;
	(void)table;
	return 1;
}

bool drafts_any(struct drafts *drafts, uint32_t namespace_id)
{
	return drafts_list(drafts, namespace_id, 0, found, NULL);
}

int64_t drafts_changed_at(struct drafts *drafts)
{
	int64_t at;

	pthread_mutex_lock(&drafts->lock);
	at = drafts->changed_at;
	pthread_mutex_unlock(&drafts->lock);
	return at;
}
