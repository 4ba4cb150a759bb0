/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_salvage - single rows of a damaged data.mdb.
 *
 * Part of the store.  Without LMDB and without the map: every page on the way to a
 * key is read with pread() and must be right, in itself and for its place in the
 * tree.  So what is found is what was written there, what is not found is not
 * there, and what stands behind a bad page is an error.  Slow, and for reading only.
 */
#ifndef KALAM_CATALOG_STORE_SALVAGE_H
#define KALAM_CATALOG_STORE_SALVAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "catalog/store.h"

/* A snapshot; constant, so that any number of threads can look for something in it. */
struct salvage;

/*
 * Snapshot txn of the file, which must stay open, and a read transaction with it.
 * 0; -EUCLEAN or -EIO when nothing says where it begins; -ENOMEM.
 */
int salvage_open(int fd, uint64_t txn, struct salvage **out, struct err *err) MUST_CHECK;
void salvage_close(struct salvage *salvage);

enum salvage_where {
	SALVAGE_AT,	/* this key */
	SALVAGE_FROM,	/* the first key that is not below */
	SALVAGE_BELOW	/* the last key that is */
};

/*
 * Key and value are appended to two buffers of the caller's.  0, -ENOENT without
 * message, -EUCLEAN, -EIO, -ENOMEM.
 */
int salvage_find(const struct salvage *salvage, const char *db, struct bytes key,
		 enum salvage_where where, struct buf *found, struct buf *value,
		 struct err *err) MUST_CHECK;

#endif
