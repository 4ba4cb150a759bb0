/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changes - a piece of the catalog's log of changes, copied out of its
 * snapshot: notifications may wait for others, a snapshot must not.
 */
#ifndef KALAM_FS_CHANGES_H
#define KALAM_FS_CHANGES_H

#include "base/buf.h"
#include "catalog/catalog.h"

struct changes {
	struct change_row *rows;	/* owned; column_names point into names */
	size_t count, size;
	struct buf names;
	bool has_gap;			/* rows that should be here are gone: rows is empty */
	bool has_more;			/* call again from `sequence` */
	uint64_t sequence;		/* of the last change in here */
	uint64_t txn;			/* id of the snapshot */
	uint64_t log_end;		/* of log.jsonl in it, and its last stamp */
	int64_t stamp;
	uint32_t *namespaces;		/* has_gap: ids of all; owned */
	size_t namespace_count;
};

/* Changes after a sequence number.  0 or -errno; changes_free in both cases. */
int changes_read(struct catalog *catalog, uint64_t after, struct changes *out,
		 struct err *err) MUST_CHECK;

void changes_free(struct changes *changes);

#endif
