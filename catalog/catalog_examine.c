/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_impl.h"

#include "catalog/cache.h"
#include "catalog/record.h"

#include <errno.h>

#define VERSION_HEAD sizeof(uint64_t)	/* in front of the record: see rows_record.c */

void catalog_damaged(void *arg, const char *text)
{
	struct catalog *catalog = arg;

	/* Part of it may be of what was not found in time. */
	if (catalog->cache)
		cache_clear(catalog->cache, UINT64_MAX);
	catalog->on_damage(catalog->damage_arg, text);
}

static int try_record(enum object_kind kind, struct bytes record, struct err *err)
{
	struct namespace *ns = NULL;
	struct storage *storage = NULL;
	struct table *table = NULL;
	int rc = -EIO;

	switch (kind) {
	case OBJECT_NONE:
		err_set(err, rc, "an object is of no kind");
		break;
	case OBJECT_NAMESPACE:
		rc = record_decode_namespace(record, &ns, err);
		break;
	case OBJECT_TABLE:
		rc = record_decode_table(record, &table, err);
		break;
	case OBJECT_STORAGE:
		rc = record_decode_storage(record, &storage, err);
		break;
	}
	if (!rc) {
		namespace_put(ns);
		storage_put(storage);
		table_put(table);
	}
	return rc;
}

/* Whether some record of a database is bad; err says which. */
static bool has_bad_record(struct txn *txn, enum store_db db, struct err *err)
{
	struct bytes key = { NULL, 0 }, value;
	struct cursor *cursor;
	int rc;

	if (cursor_open(txn, db, &cursor, err))
		return false;
	for (rc = cursor_seek(cursor, key, &key, &value); !rc;
	     rc = cursor_next(cursor, &key, &value)) {
		size_t head = db == DB_VERSIONS ? VERSION_HEAD : 0;
		unsigned kind = db == DB_VERSIONS || !key.len ? OBJECT_TABLE
							      : *(const uint8_t *)key.at;

		if (kind > OBJECT_STORAGE)	/* figures: only the sum knows */
			continue;
		if (value.len < head)
			rc = err_set(err, -EIO, "a version has no record");
		else
			rc = try_record((enum object_kind)kind,
					(struct bytes){ (const uint8_t *)value.at + head,
							value.len - head }, err);
		if (rc)
			break;
	}
	cursor_close(cursor);
	return rc == -EIO;
}

/*
 * The rows do not add up.  A bad record explains that, and is refused wherever it is
 * read.  Otherwise some page is good in itself, but not the one that was written
 * there: nothing tells which, so nothing can be believed.
 */
static void blame(struct catalog *catalog, const struct err *sum)
{
	struct err err = ERR_INIT;
	struct txn *txn;
	bool is_explained;

	if (txn_begin_read(catalog->store, &txn, NULL))
		return;
	is_explained = has_bad_record(txn, DB_OBJECTS, &err) ||
		       has_bad_record(txn, DB_VERSIONS, &err);
	txn_end(txn);
	if (is_explained)
		store_freeze(catalog->store, err.text, false);
	else
		store_freeze(catalog->store, sum->text, true);
}

void catalog_examine(struct catalog *catalog)
{
	struct err err = ERR_INIT;
	int rc = store_check(catalog->store, &err);

	/* The page that does not fit may be right, and that one an older one which leads there. */
	if (rc == -EUCLEAN) {
		store_freeze(catalog->store, err.text, true);
		return;
	}
	if (!rc && store_check_rows(catalog->store, &err) == -EUCLEAN)
		blame(catalog, &err);
}
