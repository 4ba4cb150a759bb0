/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/rows.h"

#include "base/buf.h"
#include "catalog/rows_key.h"

#include <errno.h>
#include <string.h>

/*
 * The sums are behind the counters, on a page that every commit writes; the
 * others among the kinds of objects, behind the states of directories.
 */
enum { SUMS_KIND = INFO_SUMS_KIND, USE_KIND = INFO_USE_KIND };

static void info_key(struct key *key, uint8_t kind, uint32_t namespace_id)
{
	key->len = 0;
	key_u8(key, kind);
	key_be32(key, namespace_id);
}

int info_sums_get(struct txn *txn, uint32_t namespace_id, struct info_sums *out, struct err *err)
{
	struct reader r;
	struct bytes value;
	struct key key;
	int rc;

	*out = (struct info_sums){ 0 };
	info_key(&key, SUMS_KIND, namespace_id);
	rc = store_get(txn, DB_META, key_bytes(&key), &value);
	if (rc)
		return rc == -ENOENT ? 0 : read_failed(err, rc, "the sizes of information_schema");
	r = (struct reader){ .at = value.at, .len = value.len };
	for (unsigned view = 0; view < INFO_VIEW_COUNT; view++) {
		for (unsigned form = 0; form < INFO_FORM_COUNT; form++)
			out->of[view].bytes[form] = read_le64(&r);
		out->of[view].sequence = read_le64(&r);
		out->of[view].changed_at = (int64_t)read_le64(&r);
	}
	if (!r.failed && !r.len)
		return 0;
	return read_failed(err, -EIO, "the sizes of information_schema");
}

int info_sums_put(struct txn *txn, uint32_t namespace_id, const struct info_sums *sums,
		  struct err *err)
{
	struct key key, value = { .len = 0 };

	info_key(&key, SUMS_KIND, namespace_id);
	for (unsigned view = 0; view < INFO_VIEW_COUNT; view++) {
		for (unsigned form = 0; form < INFO_FORM_COUNT; form++)
			key_le64(&value, sums->of[view].bytes[form]);
		key_le64(&value, sums->of[view].sequence);
		key_le64(&value, (uint64_t)sums->of[view].changed_at);
	}
	return store_put(txn, DB_META, key_bytes(&key), key_bytes(&value), err);
}

int storage_use_add(struct txn *txn, uint32_t namespace_id, const char *storage_id, int change,
		    bool *turned, struct err *err)
{
	struct key key, value = { .len = 0 };
	struct bytes there;
	int64_t count = 0;
	int rc;

	info_key(&key, USE_KIND, namespace_id);
	key_text(&key, storage_id, strlen(storage_id));
	rc = store_get(txn, DB_OBJECTS, key_bytes(&key), &there);
	if (rc && rc != -ENOENT)
		return read_failed(err, rc, "the tables of a storage");
	if (!rc)
		count = read_le32(&(struct reader){ .at = there.at, .len = there.len });
	*turned = !count || count + change <= 0;
	count += change;
	if (count <= 0)
		return store_del(txn, DB_OBJECTS, key_bytes(&key), err);
	key_le32(&value, (uint32_t)count);
	return store_put(txn, DB_OBJECTS, key_bytes(&key), key_bytes(&value), err);
}

struct use_listing {
	storage_use_fn *fn;
	void *arg;
};

static int list_use(void *arg, struct bytes storage_id, struct bytes count)
{
	const struct use_listing *listing = arg;

	(void)count;
	return listing->fn(listing->arg, storage_id.at, storage_id.len);
}

int storage_use_list(struct txn *txn, uint32_t namespace_id, storage_use_fn *fn, void *arg)
{
	struct use_listing listing = { fn, arg };
	struct key prefix;

	info_key(&prefix, USE_KIND, namespace_id);
	return entries_list(txn, DB_OBJECTS, &prefix, &prefix, list_use, &listing);
}

/* Everything whose key starts with prefix. */
static int delete_prefix(struct txn *txn, enum store_db db, const struct key *prefix,
			 struct err *err)
{
	struct bytes rest, value;
	struct key key;
	int rc;

	while (!(rc = entry_first(txn, db, prefix, prefix, &rest, &value))) {
		key = *prefix;
		key_text(&key, rest.at, rest.len);
		rc = store_del(txn, db, key_bytes(&key), err);
		if (rc)
			return rc;
	}
	return rc == -ENOENT ? 0 : read_failed(err, rc, "the sizes of information_schema");
}

int info_rows_delete(struct txn *txn, uint32_t namespace_id, struct err *err)
{
	struct key key;
	int rc;

	info_key(&key, SUMS_KIND, namespace_id);
	rc = store_del(txn, DB_META, key_bytes(&key), err);
	info_key(&key, USE_KIND, namespace_id);
	return rc ? rc : delete_prefix(txn, DB_OBJECTS, &key, err);
}

int info_rows_delete_all(struct txn *txn, struct err *err)
{
	static const struct {
		uint8_t kind;
		enum store_db db;
	} places[] = {
		{ SUMS_KIND, DB_META },
		{ SUMS_KIND, DB_OBJECTS },	/* where renderer 1 had them */
		{ USE_KIND, DB_OBJECTS },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < countof(places); i++) {
		struct key prefix = { .len = 0 };

		key_u8(&prefix, places[i].kind);
		rc = delete_prefix(txn, places[i].db, &prefix, err);
	}
	return rc;
}
