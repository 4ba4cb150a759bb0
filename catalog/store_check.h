/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_check - whether data.mdb can be trusted to LMDB.
 *
 * Part of the store.  LMDB believes every page: a damaged one means a crash, an
 * endless loop or wrong answers.  So the file is read here first, with pread()
 * and by its format (LMDB 0.9, 64-bit), and refused with the page's number.
 */
#ifndef KALAM_CATALOG_STORE_CHECK_H
#define KALAM_CATALOG_STORE_CHECK_H

#include "base/err.h"
#include "catalog/store.h"

#include <stdint.h>

/* Both meta pages, before LMDB opens the file.  0, -EUCLEAN, -EIO. */
int store_check_meta(int fd, struct err *err) MUST_CHECK;

/* Whether this check reads everything of a file of this size. */
bool store_check_is_full(enum store_check how, uint64_t file_size);

/*
 * The pages of snapshot txn, which a read transaction must be holding: the
 * trees' shape, key order, counts, and that no page is used twice or free.
 * Returns 0, -EUCLEAN, -EIO, -ENOMEM; -EAGAIN without message when the snapshot's
 * meta page has been overwritten by later commits.
 */
int store_check_pages(int fd, uint64_t txn, enum store_check how, struct err *err) MUST_CHECK;

#endif
