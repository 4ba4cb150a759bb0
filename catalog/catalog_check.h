/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalog_check - every invariant of a whole catalog, in one snapshot.
 *
 * Finds and tells, repairs nothing.  Believes no byte of what it reads, needs the
 * memory of two definitions at a time whatever the size of the catalog (and a few
 * bytes for each storage and for each purge that is under way).
 */
#ifndef KALAM_CATALOG_CATALOG_CHECK_H
#define KALAM_CATALOG_CATALOG_CHECK_H

#include "catalog/catalog.h"

/* What a finding is a breach of. */
enum check_rule {
	RULE_COUNTERS, /* numbers of the whole catalog: counts, next numbers, last transaction */
	RULE_NAMES,    /* names and listings of directories */
	RULE_RECORD,   /* an object: its bytes, and what stands in it */
	RULE_HISTORY,  /* versions of a table, one after the other */
	RULE_COLUMNS,  /* ids and change counters of columns over all versions */
	RULE_SIZES,    /* stored sizes of generated files */
	RULE_STORAGE,  /* storages, and what tables say of them */
	RULE_LOCATION, /* places of tables, and the index of them */
	RULE_TRASH,    /* dropped tables, and when they go */
	RULE_LOG,      /* log.jsonl */
	RULE_CHANGES,  /* the list that mounts follow */
	RULE_ROWS,     /* all rows together against the sum kept of them */
	RULE_COUNT
};

const char *check_rule_name(enum check_rule rule); /* "counters".  Static */

/* Borrowed for the call. */
struct finding {
	enum check_rule rule;
	enum object_kind object; /* OBJECT_NONE: the catalog itself */
	uint32_t id;
	const char *name; /* "app.messages"; "" where nothing tells it */
	const char *text; /* what was found, what was expected, what to do; printable ASCII */
};
typedef void finding_fn(void *arg, const struct finding *finding);

/* What was looked at: as `status` counts, namespace `system` included; versions also of dropped
 * tables. */
struct check_totals {
	uint64_t namespaces, tables, versions, findings;
};

/*
 * Check the catalog while others may use and change it.  0 when the check came to
 * its end, whatever it found; -EUCLEAN with a sentence where the file cannot be
 * trusted so far as to read it (the page and what is wrong with it); -EIO, -ENOMEM.
 */
int catalog_check(struct catalog *catalog, finding_fn *fn, void *arg, struct check_totals *totals,
		  struct err *err) MUST_CHECK;

#endif
