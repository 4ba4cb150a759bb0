/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memo - namespaces and storages as they were decoded last, known by the bytes
 * of their records.
 *
 * Every lookup of a table asks for its namespace, every location for a storage,
 * and there are few of both.  What is the same record is the same object, in
 * whatever snapshot: nothing here can be outdated, so nobody has to tell of
 * changes.  Bounded: a place is taken over by who comes later, and records of
 * more than MEMO_RECORD_MAX bytes are not kept.  From any thread.
 */
#ifndef KALAM_CATALOG_MEMO_H
#define KALAM_CATALOG_MEMO_H

#include "catalog/model.h"
#include "catalog/store.h"

#define MEMO_RECORD_MAX 4096

struct memo;

/* NULL when memory is out. */
struct memo *memo_new(void);
void memo_free(struct memo *memo);	/* NULL is fine */

/* A new reference to what this record was decoded to, or NULL. */
struct namespace *memo_namespace(struct memo *memo, uint32_t id, struct bytes record);
struct storage *memo_storage(struct memo *memo, uint32_t id, struct bytes record);

/* This record was decoded to that; takes no reference of the caller's. */
void memo_put_namespace(struct memo *memo, struct bytes record, const struct namespace *ns);
void memo_put_storage(struct memo *memo, struct bytes record, const struct storage *storage);

#endif
