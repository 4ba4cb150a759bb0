/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page - index.html: a catalog and its namespaces as pages to read.
 *
 * Links are relative to where the page lies in the mount, so that they work on
 * the mount, in a copy of it, and behind any web server.  The text depends on
 * nothing but the snapshot.
 */
#ifndef KALAM_CATALOG_PAGE_H
#define KALAM_CATALOG_PAGE_H

#include "catalog/catalog.h"

#include <stdio.h>

/* Of more tables a page has a line each, with links to their files. */
#define PAGE_FULL_TABLES 200
/* Versions told in full, newest first. */
#define PAGE_VERSIONS 20

/* index.html at the root: namespaces and storages.  0 or -errno. */
int page_print_catalog(struct catalog *catalog, struct txn *txn, FILE *out, struct err *err) MUST_CHECK;

/* namespaces/NS/index.html: its tables with columns, comments, history.  0 or -errno. */
int page_print_namespace(struct catalog *catalog, struct txn *txn, const struct namespace *ns,
			 FILE *out, struct err *err) MUST_CHECK;

/* When what they show last changed: their mtime. */
int64_t page_catalog_changed_at(struct catalog *catalog, struct txn *txn);
int64_t page_namespace_changed_at(struct catalog *catalog, struct txn *txn,
				  const struct namespace *ns);

#endif
