/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/rows.h"

#include "base/buf.h"
#include "catalog/record.h"
#include "catalog/rows_key.h"

#include <errno.h>
#include <string.h>

#define RECORD_MAX_BYTES (1024 * 1024)
#define VERSION_HEAD sizeof(uint64_t)	/* committed_at, so that a search by time decodes nothing */

static const char *const object_names[] = {
	[OBJECT_NONE] = "object",
	[OBJECT_NAMESPACE] = "namespace",
	[OBJECT_TABLE] = "table",
	[OBJECT_STORAGE] = "storage",
};

static void object_key(struct key *key, enum object_kind kind, uint32_t id)
{
	key->len = 0;
	key_u8(key, (uint8_t)kind);
	key_be32(key, id);
}

static void version_key(struct key *key, uint32_t table, uint32_t version)
{
	key->len = 0;
	key_be32(key, table);
	key_be32(key, version);
}

int row_record(struct txn *txn, enum object_kind kind, uint32_t id, struct bytes *record,
	       struct err *err)
{
	struct key key;
	int rc;

	object_key(&key, kind, id);
	rc = store_get(txn, DB_OBJECTS, key_bytes(&key), record);
	return rc && rc != -ENOENT ? read_failed(err, rc, object_names[kind]) : rc;
}

int row_exists(struct txn *txn, enum object_kind kind, uint32_t id)
{
	struct bytes record;
	struct key key;

	object_key(&key, kind, id);
	return store_get(txn, DB_OBJECTS, key_bytes(&key), &record);
}

/* What a decoder says of a record: -EIO is damage. */
static int distrust(struct txn *txn, int rc, const struct err *err)
{
	static const struct err unknown = { .code = -EIO, .text = "a record is damaged" };

	if (rc == -EIO)
		store_distrust(txn, err && err->code == -EIO ? err : &unknown);
	return rc;
}

/* A whole record under another's key: its hash cannot tell. */
static int misplaced(struct txn *txn, enum object_kind kind, uint32_t id, uint32_t found,
		     struct err *err)
{
	err_set(err, -EIO, "record of %s %u is damaged: it is that of %s %u",
		object_names[kind], id, object_names[kind], found);
	err_kind_set(err, ERR_STORE);
	return distrust(txn, -EIO, err);
}

int row_namespace(struct txn *txn, uint32_t id, struct namespace **out, struct err *err)
{
	struct namespace *ns;
	struct bytes record;
	int rc = row_record(txn, OBJECT_NAMESPACE, id, &record, err);

	if (!rc)
		rc = distrust(txn, record_decode_namespace(record, &ns, err), err);
	if (rc)
		return rc;
	if (ns->id != id) {
		rc = misplaced(txn, OBJECT_NAMESPACE, id, ns->id, err);
		namespace_put(ns);
		return rc;
	}
	*out = ns;
	return 0;
}

int row_storage(struct txn *txn, uint32_t id, struct storage **out, struct err *err)
{
	struct storage *storage;
	struct bytes record;
	int rc = row_record(txn, OBJECT_STORAGE, id, &record, err);

	if (!rc)
		rc = distrust(txn, record_decode_storage(record, &storage, err), err);
	if (rc)
		return rc;
	if (storage->id != id) {
		rc = misplaced(txn, OBJECT_STORAGE, id, storage->id, err);
		storage_put(storage);
		return rc;
	}
	*out = storage;
	return 0;
}

static int decode_table(struct txn *txn, uint32_t id, struct bytes record, struct table **out,
			struct err *err)
{
	struct table *table;
	int rc = distrust(txn, record_decode_table(record, &table, err), err);

	if (rc)
		return rc;
	if (table->id != id) {
		rc = misplaced(txn, OBJECT_TABLE, id, table->id, err);
		table_put(table);
		return rc;
	}
	table->txn = txn_id(txn);
	*out = table;
	return 0;
}

int row_table(struct txn *txn, uint32_t id, struct table **out, struct err *err)
{
	struct bytes record;
	int rc = row_record(txn, OBJECT_TABLE, id, &record, err);

	return rc ? rc : decode_table(txn, id, record, out, err);
}

int row_version(struct txn *txn, uint32_t table, uint32_t version, struct table **out,
		struct err *err)
{
	struct bytes value;
	struct key key;
	int rc;

	version_key(&key, table, version);
	rc = store_get(txn, DB_VERSIONS, key_bytes(&key), &value);
	if (rc)
		return rc == -ENOENT ? rc : read_failed(err, rc, "a version");
	if (value.len < VERSION_HEAD)
		value.len = VERSION_HEAD;	/* the empty record tells what is wrong */
	value.at = (const uint8_t *)value.at + VERSION_HEAD;
	value.len -= VERSION_HEAD;
	rc = decode_table(txn, table, value, out, err);
	if (rc)
		return rc;
	if ((*out)->version != version) {
		err_set(err, -EIO, "record of table %u version %u is damaged: it is that of "
			"version %u", table, version, (*out)->version);
		err_kind_set(err, ERR_STORE);
		table_put(*out);
		return distrust(txn, -EIO, err);
	}
	(*out)->dropped_at = (*out)->expires_at = 0;
	return 0;
}

static int check_record(const struct buf *b, size_t head, const char *name, struct err *err)
{
	if (b->failed)
		return err_nomem(err);
	if (b->len - head > RECORD_MAX_BYTES)
		return err_set(err, -EFBIG, "The definition of '%s' takes %zu bytes, max %d; "
			       "shorten comments and defaults or split it", name, b->len - head,
			       RECORD_MAX_BYTES);
	return 0;
}

/* Takes the buffer. */
static int put_record(struct txn *txn, const struct key *key, struct buf *b, const char *name,
		      struct err *err)
{
	int rc = check_record(b, 0, name, err);

	if (!rc)
		rc = store_put(txn, DB_OBJECTS, key_bytes(key), (struct bytes){ b->at, b->len }, err);
	buf_free(b);
	return rc;
}

int row_namespace_put(struct txn *txn, const struct namespace *ns, struct err *err)
{
	struct buf b = { .at = NULL };
	struct key key;

	object_key(&key, OBJECT_NAMESPACE, ns->id);
	record_encode_namespace(ns, &b);
	return put_record(txn, &key, &b, ns->name, err);
}

int row_storage_put(struct txn *txn, const struct storage *storage, struct err *err)
{
	struct buf b = { .at = NULL };
	struct key key;

	object_key(&key, OBJECT_STORAGE, storage->id);
	record_encode_storage(storage, &b);
	return put_record(txn, &key, &b, storage->storage_id, err);
}

/* A new table has a larger number than all others, mostly. */
static int put_version(struct txn *txn, const struct table *table, const struct buf *b,
		       struct err *err)
{
	struct bytes value = { b->at, b->len };
	struct key key;

	version_key(&key, table->id, table->version);
	if (table->version == 1)
		return store_append(txn, DB_VERSIONS, key_bytes(&key), value, err);
	return store_put(txn, DB_VERSIONS, key_bytes(&key), value, err);
}

/* The same record twice, in the history with a head in front of it. */
int row_table_put(struct txn *txn, const struct table *table, bool version, struct err *err)
{
	struct buf b = { .at = NULL };
	struct bytes record;
	struct key key;
	int rc;

	buf_be64(&b, (uint64_t)table->info.committed_at);
	record_encode_table(table, &b);
	rc = check_record(&b, VERSION_HEAD, table->name, err);
	if (!rc) {
		object_key(&key, OBJECT_TABLE, table->id);
		record = (struct bytes){ b.at + VERSION_HEAD, b.len - VERSION_HEAD };
		rc = store_put(txn, DB_OBJECTS, key_bytes(&key), record, err);
	}
	if (!rc && version)
		rc = put_version(txn, table, &b, err);
	buf_free(&b);
	return rc;
}

int row_delete(struct txn *txn, enum object_kind kind, uint32_t id, struct err *err)
{
	struct key key;

	object_key(&key, kind, id);
	return store_del(txn, DB_OBJECTS, key_bytes(&key), err);
}

/* The first version of a table that is not below `from`. */
static int first_version(struct txn *txn, uint32_t table, uint32_t from, uint32_t *version,
			 int64_t *committed_at)
{
	struct key key, prefix = { .len = 0 };
	struct bytes rest, value;
	int rc;

	key_be32(&prefix, table);
	version_key(&key, table, from);
	rc = entry_first(txn, DB_VERSIONS, &key, &prefix, &rest, &value);
	if (rc)
		return rc;
	*committed_at = (int64_t)bytes_head_be64(value);
	return row_id(txn, rest, version);
}

int row_versions_delete(struct txn *txn, uint32_t table, unsigned most, bool *left,
			struct err *err)
{
	uint32_t version = 0;
	int64_t when;
	struct key key;
	int rc;

	for (;;) {
		rc = first_version(txn, table, version, &version, &when);
		if (rc == -ENOENT || (!rc && !most))
			break;
		if (rc)
			return read_failed(err, rc, "a version");
		version_key(&key, table, version);
		rc = store_del(txn, DB_VERSIONS, key_bytes(&key), err);
		if (rc)
			return rc;
		most--;
	}
	*left = !rc;
	return 0;
}

/* The last version of a table, if there is one. */
static int last_version(struct txn *txn, uint32_t table, uint32_t *version)
{
	struct key key, prefix = { .len = 0 };
	struct bytes k, v;
	struct cursor *c;
	int rc = cursor_open(txn, DB_VERSIONS, &c, NULL);

	if (rc)
		return rc;
	key_be32(&prefix, table);
	/* Versions end below UINT32_MAX (limit 1,000,000). */
	version_key(&key, table, UINT32_MAX);
	rc = cursor_seek_before(c, key_bytes(&key), &k, &v);
	if (!rc && (k.len != key.len || memcmp(k.at, prefix.at, prefix.len) != 0))
		rc = -ENOENT;
	if (!rc)
		rc = row_id(txn, (struct bytes){ (const uint8_t *)k.at + prefix.len, k.len - prefix.len },
			    version);
	cursor_close(c);
	return rc;
}

/* Stamps rise with the versions; the oldest may have been deleted. */
static int search_version(struct txn *txn, uint32_t table, int64_t stamp, uint32_t *version)
{
	uint32_t low, high, middle, found;
	int64_t when;
	int rc = first_version(txn, table, 0, &low, &when);

	if (!rc)
		rc = when > stamp ? -ENOENT : last_version(txn, table, &high);
	while (!rc && low < high) {
		middle = low + (high - low + 1) / 2;
		rc = first_version(txn, table, middle, &found, &when);
		if (!rc && found <= high && when <= stamp)
			low = found;
		else
			high = middle - 1;
	}
	if (!rc)
		*version = low;
	return rc;
}

int row_version_at(struct txn *txn, uint32_t table, int64_t stamp, uint32_t *version,
		   struct err *err)
{
	int rc = search_version(txn, table, stamp, version);

	return rc && rc != -ENOENT ? read_failed(err, rc, "a version") : rc;
}
