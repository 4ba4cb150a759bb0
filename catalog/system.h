/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * system - the built-in, read-only namespace `system` and its tables.
 *
 * Made once per catalog, from the same model as every other table; never
 * stored.  Immutable after system_new, so any thread may read it.
 */
#ifndef KALAM_CATALOG_SYSTEM_H
#define KALAM_CATALOG_SYSTEM_H

#include "base/err.h"
#include "catalog/model.h"

#include <stdint.h>

struct system;

/*
 * Build all of it; created_at is the catalog's creation time and becomes the
 * stamp of everything here.  The tables' sizes[] stay 0: nothing is rendered
 * here.  0 or -ENOMEM.
 */
int system_new(int64_t created_at, struct system **out, struct err *err) MUST_CHECK;

/* Give the references back; NULL is fine.  Who took one of a table keeps it. */
void system_free(struct system *sys);

/* Number of tables, and the i-th one in id order (NULL beyond the last). */
unsigned system_table_count(const struct system *sys);
struct table *system_table(const struct system *sys, unsigned i);

/* Borrowed from sys (table_get for more), or NULL. */
struct table *system_table_by_id(const struct system *sys, uint32_t id);
struct table *system_table_by_name(const struct system *sys, const char *name);

/* Borrowed from sys. */
struct namespace *system_namespace(const struct system *sys);

#endif
