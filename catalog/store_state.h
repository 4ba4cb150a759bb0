/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_state - one number for all rows of a store.
 *
 * Part of the store.  A page that was written, acknowledged and then lost by the
 * disk leaves an older page in its place, which is as good as any to the checks
 * of structure and of records.  So the sum of the hashes of all rows stands in a
 * row of its own, is kept up by every transaction, and compared with what is
 * there when a catalog is checked in full.
 */
#ifndef KALAM_CATALOG_STORE_STATE_H
#define KALAM_CATALOG_STORE_STATE_H

#include "catalog/store.h"

#include <stdint.h>

/* Its key in DB_META, an le64.  Catalogs from before it have none and are not given one. */
#define STORE_STATE_KEY "state"

/* What a row adds to the sum (modulo 2^64). */
uint64_t store_state_row(enum store_db db, struct bytes key, struct bytes value);

/* Whether this is the row that holds the sum itself, which is not in it. */
bool store_state_is_own(enum store_db db, struct bytes key);

#endif
