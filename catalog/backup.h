/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backup - a copy of a live catalog as a catalog of its own.
 */
#ifndef KALAM_CATALOG_BACKUP_H
#define KALAM_CATALOG_BACKUP_H

#include "base/err.h"
#include "catalog/catalog.h"

#include <stdint.h>

/* What the copy holds. */
struct backup {
	char uuid[37];		/* that of the catalog: it is the same one */
	uint64_t sequence;	/* of its last change */
	uint64_t tables, trash, bytes;
	unsigned namespaces;	/* `system` included */
};

/*
 * Copy the catalog, as of one moment and compacted, into directory dir, which
 * is made (0700) or must be empty.  Others may go on writing meanwhile.  The
 * copy is written beside its name, synced, checked page by page, renamed and
 * opened, so that under the name data.mdb there is a whole one or none; after a
 * failure dir is as it was.  -ENOTEMPTY, -EACCES, -ENOTSUP, -ENOSPC, -EIO...
 */
int catalog_backup(struct catalog *catalog, const char *dir, struct backup *out,
		   struct err *err) MUST_CHECK;

#endif
