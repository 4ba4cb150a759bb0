/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff - what is different between two definitions of one table, matched by
 * column id, and how it is told: change.json, summary, plan.
 *
 * Order everywhere: added columns, dropped columns, changed columns (each by
 * column id), then the table's name, comment and options.  before NULL means
 * the table was created: one ADD COLUMN per column.
 */
#ifndef KALAM_CATALOG_DIFF_H
#define KALAM_CATALOG_DIFF_H

#include "catalog/delta.h"
#include "catalog/model.h"

#include <stdio.h>

/* Whether anything differs (table_equal negated; name and namespace included). */
bool diff_is_change(const struct table *before, const struct table *after);

/* versions/N/change.json of `after` (forms.md): indented, with newline. */
void diff_print_change(const struct table *before, const struct table *after, FILE *out);

/*
 * One sentence: "Added column age; changed price; changed comment",
 * "Initial schema" for a new table, "Renamed app.a to app.b", "Renamed column a
 * to b", "Dropped column x", "Changed TTL_SECONDS", "Restored version 2" (and
 * which columns returned, decisions.md 26).  More than ten columns of a kind are
 * counted instead of named.
 */
void diff_print_summary(const struct table *before, const struct table *after, FILE *out);

/* The same where delta_count was asked already; before is not NULL. */
void diff_print_counted(const struct table *before, const struct table *after,
			const struct delta_counts *counts, FILE *out);

/*
 * The lines of plan below the head line: "  + column 6 age INT NULL\n" and so
 * on, `+ - ~`, as forms.md and interface.md section 4 show.
 */
void diff_print_plan(const struct table *before, const struct table *after, FILE *out);

#endif
