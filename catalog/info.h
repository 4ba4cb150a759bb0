/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info - information_schema: all namespaces, tables, columns and storages as
 * rows, each set in two forms.
 *
 * JSONL is one object a line, CSV is RFC 4180 with LF and a line of names on
 * top.  Both are printed from the same fields (catalog/info_row.h).  Namespaces,
 * tables and storages stand in the order of their names, columns in that of
 * their ordinal positions.  `system` and its tables are there, what is in trash
 * is not; credentials are "***".  The storages of a namespace are those that its
 * tables lie on.
 *
 * Whole texts can have any length.  Their sizes are known without printing
 * them: see catalog/info_sums.h.
 */
#ifndef KALAM_CATALOG_INFO_H
#define KALAM_CATALOG_INFO_H

#include "catalog/catalog.h"

#include <stdatomic.h>
#include <stdio.h>

/* One text: a set of rows, its form, and whose. */
struct info {
	enum info_view view;
	enum info_form form;
	uint32_t namespace_id;	/* 0 = of the whole catalog */
};

struct info_state {
	uint64_t bytes;		/* exact */
	uint64_t sequence;	/* the change that made it; 0 = as the catalog was made */
	int64_t changed_at;	/* mtime */
};

/* What a text is in this snapshot, without printing it.  -ENOENT: no such namespace. */
int info_state(struct catalog *catalog, struct txn *txn, const struct info *info,
	       struct info_state *out, struct err *err) MUST_CHECK;

/*
 * Print a text to out, in bounded memory, past the schema cache.  Ends early with
 * -EINTR when *stop is set (NULL: never), and with -EIO at the first error of out.
 */
int info_print(struct catalog *catalog, struct txn *txn, const struct info *info,
	       const atomic_bool *stop, FILE *out, struct err *err) MUST_CHECK;

/* The length of what info_print prints, found by going through all of it. */
int info_measure(struct catalog *catalog, struct txn *txn, const struct info *info, uint64_t *bytes,
		 struct err *err) MUST_CHECK;

/* One table's row of tables.jsonl, with its newline.  0 or -ENOMEM. */
int info_print_table(const struct table *table, FILE *out, struct err *err) MUST_CHECK;

#endif
