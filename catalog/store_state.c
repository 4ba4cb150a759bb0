/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_state.h"

#include <string.h>
#include <xxhash.h>

uint64_t store_state_row(enum store_db db, struct bytes key, struct bytes value)
{
	/* Key and value apart, so that no byte can move from one to the other. */
	return XXH64(value.at, value.len, XXH64(key.at, key.len, db));
}

bool store_state_is_own(enum store_db db, struct bytes key)
{
	static const char own[] = STORE_STATE_KEY;

	return db == DB_META && key.len == sizeof(own) - 1 && !memcmp(key.at, own, key.len);
}
