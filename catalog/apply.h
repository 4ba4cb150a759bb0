/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply - what statements do to a table definition: all schema rules of
 * changes live here (catalog/model.h's table_check has those of states).
 *
 * Pure: works on a private copy that nobody else sees yet; after an error the
 * copy is thrown away.
 */
#ifndef KALAM_CATALOG_APPLY_H
#define KALAM_CATALOG_APPLY_H

#include "base/err.h"
#include "catalog/ddl.h"
#include "catalog/model.h"

/*
 * Apply one action of ALTER TABLE to a private copy, in which table_copy left
 * room for the columns that are added.  RENAME TO and RESTORE VERSION are not
 * for here: the first needs the directory, the second the history
 * (apply_restore).  0, or -EINVAL, -EEXIST, -ENOENT, -ENOMEM with the position
 * in the statement's text.
 */
int apply_action(struct table *table, const struct action *action, struct err *err) MUST_CHECK;

/*
 * Fill a new table from CREATE TABLE: type, columns, keys, options, comment.
 * Names, ids and the location stay the caller's; *location_name is what
 * LOCATION_NAME = '...' said (borrowed from the script) or NULL.
 */
int apply_create(struct table *table, const struct stmt *stmt, const char **location_name, struct err *err) MUST_CHECK;

/*
 * RESTORE VERSION: make columns, options except storage_id, and comments of a
 * private copy equal to those of `old` (decisions.md 26); counters never go
 * back.  -EINVAL for a type that would narrow.
 */
int apply_restore(struct table *table, const struct table *old, long pos, struct err *err) MUST_CHECK;

/* -EINVAL: RESTORE VERSION would narrow a column's last type. */
int apply_narrows(uint32_t version, const struct column *is, const struct type *was, long pos,
		  struct err *err);

/* A default for a column of this type, in arena memory. */
int apply_default(const struct default_expr *expr, const struct type *type, struct arena *arena,
		  struct column_default *out, struct err *err) MUST_CHECK;

#endif
