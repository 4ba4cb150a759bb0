/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_check_impl.h"

#include "base/stamp.h"

#include <string.h>

#define LL unsigned long long

static int check_counter(void *arg, struct bytes key, struct bytes value)
{
	struct check *c = arg;
	struct reader r = { .at = key.at, .len = key.len };
	uint8_t kind = read_u8(&r);
	uint32_t id = read_be32(&r);

	if (kind == INFO_SUMS_KIND && !r.failed && !r.len)
		return id ? check_held_for(c, id) : 0;
	for (int i = 0; i < META_KEY_COUNT; i++) {
		const char *name = meta_key_name((enum meta_key)i);

		if (strlen(name) != key.len || memcmp(name, key.at, key.len) != 0)
			continue;
		if (value.len != sizeof(uint64_t))
			check_found(c, RULE_COUNTERS,
				    "the counter '%s' has %zu bytes instead of 8" RESTORE, name,
				    value.len);
		return 0;
	}
	check_found(c, RULE_COUNTERS, "there is a counter '%.*s', which nothing knows" RESTORE,
		    check_shown(key.len), (const char *)key.at);
	return 0;
}

static void check_count(struct check *c, enum meta_key key, enum dir_kind dir, const char *what)
{
	uint64_t counter = meta_get(c->txn, key);

	if (counter != c->listed[dir])
		check_found(c, RULE_COUNTERS, "the counter '%s' is %llu, but %llu %s" REBUILD,
			    meta_key_name(key), (LL)counter, (LL)c->listed[dir], what);
}

static void check_next(struct check *c, enum object_kind kind, enum meta_key key, const char *word)
{
	uint64_t next = object_id_next(c->txn, kind);

	if (c->highest[kind] && next <= c->highest[kind])
		check_found(c, RULE_COUNTERS,
			    "the counter '%s' is %llu, but the number %u belongs to a %s already: "
			    "the next one would take it" RESTORE,
			    meta_key_name(key), (LL)next, c->highest[kind], word);
}

static void check_latest(struct check *c)
{
	int64_t counter = (int64_t)meta_get(c->txn, META_LAST_STAMP);
	char stamp[STAMP_SIZE], later[STAMP_SIZE];

	if (c->latest > counter)
		check_found(c, RULE_COUNTERS,
			    "the counter 'last_stamp' is %s, but %s has the later %s" RESTORE,
			    stamp_format(counter, stamp), c->latest_in,
			    stamp_format(c->latest, later));
}

int check_counters(struct check *c)
{
	uint64_t epoch = meta_get(c->txn, META_LOCATIONS_EPOCH);
	int rc = check_entries(c, DB_META, NULL, NULL, check_counter);

	if (rc)
		return rc;
	if (!meta_get(c->txn, META_UUID_HIGH) || !meta_get(c->txn, META_UUID_LOW))
		check_found(c, RULE_COUNTERS, "the catalog has no uuid" RESTORE);
	check_count(c, META_TABLES, DIR_TABLES, "are listed in the namespaces");
	check_count(c, META_TRASH, DIR_TRASH, "are listed in trash");
	check_next(c, OBJECT_NAMESPACE, META_NEXT_NAMESPACE, "namespace");
	check_next(c, OBJECT_TABLE, META_NEXT_TABLE, "table");
	check_next(c, OBJECT_STORAGE, META_NEXT_STORAGE, "storage");
	check_latest(c);
	if (epoch > c->sequence)
		check_found(c, RULE_COUNTERS,
			    "the counter 'locations_epoch' is %llu, but the last transaction is "
			    "%llu" RESTORE,
			    (LL)epoch, (LL)c->sequence);
	return 0;
}
