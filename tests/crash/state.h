/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a catalog holds, as one number that tests compare. */
#ifndef KALAM_TESTS_STATE_H
#define KALAM_TESTS_STATE_H

#include "catalog/store.h"

#include <xxhash.h>

/* Everything that stands in the databases; 0 if it cannot be read. */
static inline uint64_t hash_store(struct store *store)
{
	XXH64_state_t *hash = XXH64_createState();
	struct txn *txn;
	uint64_t result;

	if (!hash || txn_begin_read(store, &txn, NULL))
		return 0;
	XXH64_reset(hash, 0);
	for (unsigned db = 0; db < DB_COUNT; db++) {
		struct bytes key, value;
		struct cursor *cursor;

		if (cursor_open(txn, db, &cursor, NULL))
			continue;
		for (int rc = cursor_seek(cursor, (struct bytes){ "", 1 }, &key, &value); !rc;
		     rc = cursor_next(cursor, &key, &value)) {
			XXH64_update(hash, &db, sizeof(db));
			XXH64_update(hash, &key.len, sizeof(key.len));
			XXH64_update(hash, key.at, key.len);
			XXH64_update(hash, &value.len, sizeof(value.len));
			XXH64_update(hash, value.at, value.len);
		}
		cursor_close(cursor);
	}
	txn_end(txn);
	result = XXH64_digest(hash);
	XXH64_freeState(hash);
	return result ? result : 1;
}

#endif
