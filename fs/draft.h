/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * draft - tables that are not created yet: `mkdir tables/orders` made a
 * directory with a schema.json to fill in.  Known to this mount only.  A draft
 * has the number that its table will have, so that its directory keeps its
 * node; it is shown as a definition of version 0.
 */
#ifndef KALAM_FS_DRAFT_H
#define KALAM_FS_DRAFT_H

#include "base/err.h"
#include "catalog/model.h"
#include "catalog/store.h"

#include <stdbool.h>
#include <stdint.h>

#define DRAFTS_MAX 1024

struct drafts;

struct drafts *drafts_new(void);
void drafts_free(struct drafts *drafts);

/* 0, -EEXIST, -ENOSPC (with err) or -ENOMEM. */
int drafts_add(struct drafts *drafts, uint32_t id, const struct namespace *ns, const char *name,
	       int64_t now, struct err *err) MUST_CHECK;

/*
 * A reference for the caller, or NULL.  drafts may be NULL, too.  In a snapshot
 * from before its table was created a draft is still one: whoever looks must
 * find either.
 */
struct table *drafts_get(struct drafts *drafts, uint32_t id, struct txn *txn);
struct table *drafts_find(struct drafts *drafts, uint32_t namespace_id, const char *name,
			  struct txn *txn);

int drafts_rename(struct drafts *drafts, uint32_t id, const struct namespace *ns, const char *name,
		  int64_t now) MUST_CHECK;
/* False: it is none any more. */
bool drafts_remove(struct drafts *drafts, uint32_t id, int64_t now);

/*
 * The draft has become a table, by the change with this sequence number: it is
 * told of once more by drafts_was_created.
 */
void drafts_created(struct drafts *drafts, uint32_t id, uint64_t sequence, int64_t now);
bool drafts_was_created(struct drafts *drafts, uint32_t id);

/* Those of a namespace in a snapshot, by rising id; fn's non-zero ends it and is returned. */
typedef int drafts_fn(void *arg, const struct table *table);
int drafts_list(struct drafts *drafts, uint32_t namespace_id, uint32_t after, struct txn *txn,
		drafts_fn *fn, void *arg);
bool drafts_any(struct drafts *drafts, uint32_t namespace_id);

/* When a draft last came or went anywhere (0 = never), and how often one has. */
int64_t drafts_changed_at(struct drafts *drafts);
uint64_t drafts_changes(struct drafts *drafts);

#endif
