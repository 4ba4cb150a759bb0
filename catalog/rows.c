/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/rows.h"

#include "base/buf.h"
#include "catalog/rows_key.h"
#include "catalog/store_state.h"

#include <errno.h>
#include <string.h>

static const char *const meta_names[] = {
	[META_FORMAT] = STORE_FORMAT_KEY,
	[META_UUID_HIGH] = "uuid_high",
	[META_UUID_LOW] = "uuid_low",
	[META_NEXT_NAMESPACE] = "next_namespace",
	[META_NEXT_TABLE] = "next_table",
	[META_NEXT_STORAGE] = "next_storage",
	[META_SEQUENCE] = "sequence",
	[META_LAST_STAMP] = "last_stamp",
	[META_LOG_END] = "log_end",
	[META_TABLES] = "tables",
	[META_TRASH] = "trash",
	[META_LOCATIONS_EPOCH] = "locations_epoch",
	[META_CHANGES_FIRST] = "changes_first",
	[META_STATE] = STORE_STATE_KEY,
	[META_INFO_RENDERER] = "info_renderer",
};

_Static_assert(countof(meta_names) == META_KEY_COUNT, "every meta key has a name");

static struct bytes meta_name(enum meta_key key)
{
	return (struct bytes){ meta_names[key], strlen(meta_names[key]) };
}

const char *meta_key_name(enum meta_key key)
{
	return meta_names[key];
}

uint64_t meta_get(struct txn *txn, enum meta_key key)
{
	struct bytes value;

	if (store_get(txn, DB_META, meta_name(key), &value) || value.len != sizeof(uint64_t))
		return 0;
	return read_le64(&(struct reader){ .at = value.at, .len = value.len });
}

int meta_set(struct txn *txn, enum meta_key key, uint64_t value, struct err *err)
{
	struct key text = { .len = 0 };

	key_le64(&text, value);
	return store_put(txn, DB_META, meta_name(key), key_bytes(&text), err);
}

/* Where each kind counts, and the first number after those of a new catalog. */
static const struct {
	enum meta_key counter;
	uint32_t first;
} object_ids[] = {
	[OBJECT_NAMESPACE] = { META_NEXT_NAMESPACE, NAMESPACE_DEFAULT + 1 },
	[OBJECT_TABLE] = { META_NEXT_TABLE, TABLE_USER_FIRST },
	[OBJECT_STORAGE] = { META_NEXT_STORAGE, STORAGE_LOCAL + 1 },
};

uint64_t object_id_next(struct txn *txn, enum object_kind kind)
{
	uint64_t next = meta_get(txn, object_ids[kind].counter);

	return next > object_ids[kind].first ? next : object_ids[kind].first;
}

int object_id_take(struct txn *txn, enum object_kind kind, uint32_t *id, struct err *err)
{
	uint64_t next = object_id_next(txn, kind);

	if (next >= UINT32_MAX)
		return err_set(err, -ENOSPC, "The catalog has used up its object numbers");
	*id = (uint32_t)next;
	return meta_set(txn, object_ids[kind].counter, next + 1, err);
}

static void dir_key(struct key *key, enum dir_kind dir, uint32_t parent)
{
	key->len = 0;
	key_be32(key, parent);
	key_u8(key, (uint8_t)dir);
}

static int name_key(struct key *key, enum dir_kind dir, uint32_t parent, const char *name)
{
	size_t len = strlen(name);

	if (len > NAME_MAX_BYTES)
		return -ENAMETOOLONG;
	dir_key(key, dir, parent);
	key_text(key, name, len);
	return 0;
}

static void child_key(struct key *key, enum dir_kind dir, uint32_t parent, uint32_t id)
{
	dir_key(key, dir, parent);
	key_be32(key, id);
}

int name_find(struct txn *txn, enum dir_kind dir, uint32_t parent, const char *name, uint32_t *id)
{
	struct bytes value;
	struct key key;
	int rc;

	if (name_key(&key, dir, parent, name))
		return -ENOENT;
	rc = store_get(txn, DB_NAMES, key_bytes(&key), &value);
	if (rc)
		return rc;
	return row_id(txn, value, id);
}

int child_find(struct txn *txn, enum dir_kind dir, uint32_t parent, uint32_t id,
	       struct bytes *name)
{
	struct key key;

	child_key(&key, dir, parent, id);
	return store_get(txn, DB_CHILDREN, key_bytes(&key), name);
}

int name_add(struct txn *txn, enum dir_kind dir, uint32_t parent, const char *name, uint32_t id,
	     struct err *err)
{
	struct key key, number = { .len = 0 };
	struct bytes there;
	int rc;

	if (name_key(&key, dir, parent, name))
		return err_set(err, -ENAMETOOLONG, "Name is too long (%zu characters, max %d)",
			       strlen(name), NAME_MAX_BYTES);
	rc = store_get(txn, DB_NAMES, key_bytes(&key), &there);
	if (!rc)
		return err_set(err, -EEXIST, "The name '%s' is taken", name);
	if (rc != -ENOENT)
		return read_failed(err, rc, "a name");
	key_be32(&number, id);
	rc = store_put(txn, DB_NAMES, key_bytes(&key), key_bytes(&number), err);
	if (rc)
		return rc;
	child_key(&key, dir, parent, id);
	return store_put(txn, DB_CHILDREN, key_bytes(&key),
			 (struct bytes){ name, strlen(name) }, err);
}

int name_remove(struct txn *txn, enum dir_kind dir, uint32_t parent, const char *name, uint32_t id,
		struct err *err)
{
	struct key key;
	int rc;

	if (name_key(&key, dir, parent, name))
		return 0;	/* it cannot be there */
	rc = store_del(txn, DB_NAMES, key_bytes(&key), err);
	if (rc)
		return rc;
	child_key(&key, dir, parent, id);
	return store_del(txn, DB_CHILDREN, key_bytes(&key), err);
}

static void dir_state_key(struct key *key, enum dir_kind dir, uint32_t parent)
{
	key->len = 0;
	key_u8(key, (uint8_t)(DIR_STATE_KIND + dir));
	key_be32(key, parent);
}

void dir_state_get(struct txn *txn, enum dir_kind dir, uint32_t parent, struct dir_state *out)
{
	struct dir_state state;
	struct reader r;
	struct bytes value;
	struct key key;

	*out = (struct dir_state){ 0 };
	dir_state_key(&key, dir, parent);
	if (store_get(txn, DB_OBJECTS, key_bytes(&key), &value))
		return;
	r = (struct reader){ .at = value.at, .len = value.len };
	state.sequence = read_le64(&r);
	state.changed_at = (int64_t)read_le64(&r);
	state.count = read_le32(&r);
	if (!r.failed)
		*out = state;
}

int dir_state_touch(struct txn *txn, enum dir_kind dir, uint32_t parent, uint64_t sequence,
		    int64_t stamp, int count_change, struct err *err)
{
	struct key key, value = { .len = 0 };
	struct dir_state state;

	dir_state_get(txn, dir, parent, &state);
	if (stamp <= state.changed_at)
		stamp = state.changed_at + 1;
	key_le64(&value, sequence);
	key_le64(&value, (uint64_t)stamp);
	key_le32(&value, state.count + (uint32_t)count_change);
	dir_state_key(&key, dir, parent);
	return store_put(txn, DB_OBJECTS, key_bytes(&key), key_bytes(&value), err);
}

/* A children_fn with its argument, as one argument. */
struct listing {
	struct txn *txn;
	children_fn *fn;
	void *arg;
};

static int list_child(void *arg, struct bytes rest, struct bytes name)
{
	const struct listing *l = arg;
	uint32_t id;
	int rc = row_id(l->txn, rest, &id);

	return rc ? rc : l->fn(l->arg, id, name.at, name.len);
}

static int list_name(void *arg, struct bytes name, struct bytes value)
{
	const struct listing *l = arg;
	uint32_t id;
	int rc = row_id(l->txn, value, &id);

	return rc ? rc : l->fn(l->arg, id, name.at, name.len);
}

int children_list(struct txn *txn, enum dir_kind dir, uint32_t parent, uint32_t after,
		  children_fn *fn, void *arg)
{
	struct listing listing = { txn, fn, arg };
	struct key prefix, from;

	if (after == UINT32_MAX)
		return 0;
	dir_key(&prefix, dir, parent);
	child_key(&from, dir, parent, after + 1);
	return entries_list(txn, DB_CHILDREN, &from, &prefix, list_child, &listing);
}

int names_list(struct txn *txn, enum dir_kind dir, uint32_t parent, children_fn *fn, void *arg)
{
	struct listing listing = { txn, fn, arg };
	struct key prefix;

	dir_key(&prefix, dir, parent);
	return entries_list(txn, DB_NAMES, &prefix, &prefix, list_name, &listing);
}
