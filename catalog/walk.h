/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk - the live tables of a catalog, a namespace, or one of them, one after
 * the other in the order of their names.
 */
#ifndef KALAM_CATALOG_WALK_H
#define KALAM_CATALOG_WALK_H

#include "catalog/catalog.h"

/* table is borrowed for the call.  Non-zero ends the walk and is its result. */
typedef int walk_fn(void *arg, const struct table *table, struct err *err);

/*
 * namespace_name NULL: of all namespaces but `system`; table_name NULL: of all
 * tables of the namespace.  Nothing is held between calls but a few names, so any size of
 * catalog is walked in the same memory.  -ENOENT with a sentence for a name that
 * is not there.  The callback must not write.
 */
int walk_tables(struct catalog *catalog, struct txn *txn, const char *namespace_name,
		const char *table_name, walk_fn *fn, void *arg, struct err *err) MUST_CHECK;

/*
 * The tables of one namespace or, with id 0, of all, `system` included, in the
 * order of namespaces and names.  They are read past the schema cache: who goes
 * through everything would drive out of it what others use.
 */
int walk_tables_in(struct catalog *catalog, struct txn *txn, uint32_t namespace_id, walk_fn *fn,
		   void *arg, struct err *err) MUST_CHECK;

/* All namespaces, `system` included, in the order of their names. */
typedef int walk_namespace_fn(void *arg, const struct namespace *ns, struct err *err);
int walk_namespaces(struct catalog *catalog, struct txn *txn, walk_namespace_fn *fn, void *arg,
		    struct err *err) MUST_CHECK;

#endif
