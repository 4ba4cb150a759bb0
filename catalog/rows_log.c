/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/rows.h"

#include "base/buf.h"
#include "catalog/rows_key.h"

#include <errno.h>
#include <string.h>

/*
 * A location's key is its path with '/' at the end, or the beginning of names
 * without the '{' that marks it.  So two places meet exactly where one key is
 * the beginning of the other ("/a/" of "/a/b/", not of "/ab/"; "/a/t_" of
 * "/a/t_1_" and of "/a/t_x/"), and what begins with a key follows it in order.
 */
static int location_key(struct key *key, const char *path)
{
	size_t len = strlen(path);
	bool open = len && path[len - 1] == '{';
	bool slash = len && path[len - 1] == '/';

	if (len > LOCATION_MAX_BYTES)
		return -ENAMETOOLONG;
	key->len = 0;
	key_text(key, path, open ? len - 1 : len);
	if (!open && !slash)
		key_text(key, "/", 1);
	return 0;
}

static size_t common_length(const struct key *key, size_t len, struct bytes other)
{
	const uint8_t *at = other.at;
	size_t n = 0;

	while (n < len && n < other.len && key->at[n] == at[n])
		n++;
	return n;
}

int location_find(struct txn *txn, const char *path, uint32_t *owner)
{
	struct bytes value;
	struct key key;
	int rc;

	if (location_key(&key, path))
		return -ENOENT;
	rc = store_get(txn, DB_LOCATIONS, key_bytes(&key), &value);
	return rc ? rc : row_id(txn, value, owner);
}

/*
 * The owner of a key that `key` begins with.  Such a key is not before the last
 * one up to `key`, unless that shares less with it.
 */
static int owner_above(struct txn *txn, const struct key *key, uint32_t table, uint32_t *owner)
{
	struct cursor *c;
	size_t len = key->len;
	int rc = cursor_open(txn, DB_LOCATIONS, &c, NULL);

	if (rc)
		return rc;
	for (rc = -ENOENT; rc == -ENOENT && len;) {
		struct key behind = { .len = 0 };
		struct bytes k, v;
		uint32_t id;
		size_t common;

		key_text(&behind, (const char *)key->at, len);
		key_u8(&behind, 0);
		rc = cursor_seek_before(c, key_bytes(&behind), &k, &v);
		if (!rc)
			rc = row_id(txn, v, &id);
		if (rc)
			break;
		common = common_length(key, len, k);
		len = common == k.len ? common - 1 : common;
		if (common < k.len || id == table)
			rc = -ENOENT;
		else
			*owner = id;
	}
	cursor_close(c);
	return rc;
}

struct owner_search {
	struct txn *txn;
	uint32_t table, owner;
};

/* Returns 1 at the first entry of another table. */
static int find_other(void *arg, struct bytes rest, struct bytes value)
{
	struct owner_search *search = arg;
	int rc = row_id(search->txn, value, &search->owner);

	(void)rest;
	return rc ? rc : search->owner != search->table;
}

int location_owner(struct txn *txn, const char *path, uint32_t table, uint32_t *owner)
{
	struct owner_search search = { .txn = txn, .table = table };
	bool too_long;
	struct key key;
	int rc;

	too_long = location_key(&key, path) != 0;
	if (too_long) {
		/* Nothing is below what location_add refuses, but something may be above. */
		key.len = 0;
		key_text(&key, path, LOCATION_MAX_BYTES + 1);
	}
	rc = owner_above(txn, &key, table, owner);
	if (rc != -ENOENT || too_long)
		return rc;
	rc = entries_list(txn, DB_LOCATIONS, &key, &key, find_other, &search);
	if (rc == 1)
		*owner = search.owner;
	return rc == 1 ? 0 : rc ? rc : -ENOENT;
}

int location_add(struct txn *txn, const char *path, uint32_t table, struct err *err)
{
	struct key key, value = { .len = 0 };

	if (location_key(&key, path))
		return err_set(err, -ENAMETOOLONG, "Location '%.64s...' is %zu bytes long, max %d; "
			       "choose a shorter base directory or template", path, strlen(path),
			       LOCATION_MAX_BYTES);
	key_be32(&value, table);
	return store_put(txn, DB_LOCATIONS, key_bytes(&key), key_bytes(&value), err);
}

int location_remove(struct txn *txn, const char *path, struct err *err)
{
	struct key key;

	return location_key(&key, path) ? 0 : store_del(txn, DB_LOCATIONS, key_bytes(&key), err);
}

static void trash_key(struct key *key, int64_t when, uint32_t table)
{
	key->len = 0;
	key_be64(key, (uint64_t)when);
	key_be32(key, table);
}

int trash_add(struct txn *txn, int64_t when, uint32_t table, enum trash_kind kind, struct err *err)
{
	struct key key, value = { .len = 0 };

	trash_key(&key, when, table);
	key_u8(&value, (uint8_t)kind);
	return store_put(txn, DB_TRASH, key_bytes(&key), key_bytes(&value), err);
}

int trash_remove(struct txn *txn, int64_t when, uint32_t table, struct err *err)
{
	struct key key;

	trash_key(&key, when, table);
	return store_del(txn, DB_TRASH, key_bytes(&key), err);
}

static int read_trash_kind(struct bytes value, enum trash_kind *kind)
{
	uint8_t what = value.len == 1 ? *(const uint8_t *)value.at : UINT8_MAX;

	if (what > TRASH_HISTORY)
		return -EIO;
	*kind = (enum trash_kind)what;
	return 0;
}

int trash_find(struct txn *txn, int64_t when, uint32_t table, enum trash_kind *kind)
{
	struct bytes value;
	struct key key;
	int rc;

	trash_key(&key, when, table);
	rc = store_get(txn, DB_TRASH, key_bytes(&key), &value);
	return rc ? rc : read_trash_kind(value, kind);
}

int trash_read(struct bytes key, struct bytes value, int64_t *when, uint32_t *table,
	       enum trash_kind *kind)
{
	struct reader r = { .at = key.at, .len = key.len };

	*when = (int64_t)read_be64(&r);
	*table = read_be32(&r);
	return r.failed || r.len ? -EIO : read_trash_kind(value, kind);
}

int trash_first(struct txn *txn, int64_t *when, uint32_t *table, enum trash_kind *kind)
{
	struct key from = { .len = 0 };
	struct bytes key, value;
	int rc = entry_first(txn, DB_TRASH, &from, NULL, &key, &value);

	return rc ? rc : trash_read(key, value, when, table, kind);
}

int log_append(struct txn *txn, const char *line, size_t len, struct err *err)
{
	uint64_t end = meta_get(txn, META_LOG_END) + len;
	struct key key = { .len = 0 };
	int rc;

	key_be64(&key, end);
	rc = store_append(txn, DB_LOG, key_bytes(&key), (struct bytes){ line, len }, err);
	return rc ? rc : meta_set(txn, META_LOG_END, end, err);
}

struct log_reading {
	uint64_t offset;
	char *out;
	size_t size, done;
};

/* Returns 1 when out is full or the lines do not join. */
static int read_line(void *arg, struct bytes key, struct bytes line)
{
	struct log_reading *reading = arg;
	uint64_t end = bytes_head_be64(key), start = end - line.len;
	size_t skip, len;

	if (key.len != sizeof(end) || line.len > end || start > reading->offset ||
	    end <= reading->offset)
		return 1;
	skip = (size_t)(reading->offset - start);
	len = line.len - skip;
	if (len > reading->size - reading->done)
		len = reading->size - reading->done;
	memcpy(reading->out + reading->done, (const char *)line.at + skip, len);
	reading->done += len;
	reading->offset += len;
	return reading->done == reading->size;
}

ssize_t log_read(struct txn *txn, uint64_t offset, char *out, size_t size)
{
	struct log_reading reading = { .offset = offset, .out = out, .size = size };
	struct key from = { .len = 0 };
	int rc;

	if (offset == UINT64_MAX || size == 0)
		return 0;
	key_be64(&from, offset + 1);
	rc = entries_list(txn, DB_LOG, &from, NULL, read_line, &reading);
	return rc < 0 ? rc : (ssize_t)reading.done;
}

static const char *const event_names[] = {
	[EVENT_CREATE] = "CREATE",
	[EVENT_ALTER] = "ALTER",
	[EVENT_RENAME] = "RENAME",
	[EVENT_DROP] = "DROP",
	[EVENT_UNDROP] = "UNDROP",
	[EVENT_PURGE] = "PURGE",
	[EVENT_RESTORE] = "RESTORE",
};

_Static_assert(countof(event_names) == EVENT_END, "every event has a name");

const char *change_event_name(enum change_event event)
{
	return event_names[event];
}

enum change_flag {
	CHANGE_WAS_TRASHED = 1,
	CHANGE_IS_TRASHED = 2,
	CHANGE_MOVES_LOCATIONS = 4,
	CHANGE_COLUMNS = 8
};

static void encode_change(const struct change_row *row, struct buf *b)
{
	buf_u8(b, (uint8_t)row->object);
	buf_u8(b, (uint8_t)row->event);
	buf_u8(b, (uint8_t)((row->was_trashed ? CHANGE_WAS_TRASHED : 0) |
			    (row->is_trashed ? CHANGE_IS_TRASHED : 0) |
			    (row->moves_locations ? CHANGE_MOVES_LOCATIONS : 0) |
			    (row->columns_changed ? CHANGE_COLUMNS : 0)));
	buf_le32(b, row->id);
	buf_le32(b, row->parent);
	buf_le32(b, row->old_parent);
	buf_text(b, row->name);
	buf_text(b, row->old_name);
	buf_le32(b, row->column_count);
	buf_bytes(b, row->column_names, row->column_names_len);
}

static void read_name(struct reader *r, char out[NAME_SIZE])
{
	size_t len;
	const char *text = read_text(r, &len);

	if (len > NAME_MAX_BYTES) {
		r->failed = true;
		return;
	}
	if (text)
		memcpy(out, text, len);
	out[len] = '\0';
}

/* column_names must hold column_count strings, so that who walks them stays inside. */
static bool column_names_fit(const struct change_row *row)
{
	uint32_t ends = 0;

	for (size_t i = 0; i < row->column_names_len; i++)
		ends += !row->column_names[i];
	return ends == row->column_count &&
	       (!row->column_names_len || !row->column_names[row->column_names_len - 1]);
}

int change_read(struct bytes value, struct change_row *out)
{
	struct reader r = { .at = value.at, .len = value.len };
	uint8_t object = read_u8(&r), event = read_u8(&r), flags = read_u8(&r);

	*out = (struct change_row){
		.object = (enum object_kind)object,
		.event = (enum change_event)event,
		.was_trashed = flags & CHANGE_WAS_TRASHED,
		.is_trashed = flags & CHANGE_IS_TRASHED,
		.moves_locations = flags & CHANGE_MOVES_LOCATIONS,
		.columns_changed = flags & CHANGE_COLUMNS,
	};
	out->id = read_le32(&r);
	out->parent = read_le32(&r);
	out->old_parent = read_le32(&r);
	read_name(&r, out->name);
	read_name(&r, out->old_name);
	out->column_count = read_le32(&r);
	if (r.failed || object > OBJECT_STORAGE || event < EVENT_CREATE || event >= EVENT_END)
		return -EIO;
	out->column_names = (const char *)r.at;
	out->column_names_len = r.len;
	return column_names_fit(out) ? 0 : -EIO;
}

static void change_key(struct key *key, uint64_t sequence, uint32_t index)
{
	key->len = 0;
	key_be64(key, sequence);
	key_be32(key, index);
}

int change_append(struct txn *txn, uint64_t sequence, uint32_t index, const struct change_row *row,
		  struct err *err)
{
	struct buf b = { .at = NULL };
	struct key key;
	int rc = 0;

	if (!meta_get(txn, META_CHANGES_FIRST))
		rc = meta_set(txn, META_CHANGES_FIRST, sequence, err);
	if (rc)
		return rc;
	change_key(&key, sequence, index);
	encode_change(row, &b);
	rc = b.failed ? err_nomem(err) :
	     store_append(txn, DB_CHANGES, key_bytes(&key), (struct bytes){ b.at, b.len }, err);
	buf_free(&b);
	return rc;
}

struct change_listing {
	change_fn *fn;
	void *arg;
};

static int list_change(void *arg, struct bytes key, struct bytes value)
{
	const struct change_listing *listing = arg;
	struct change_row row;
	int rc = change_read(value, &row);

	return rc ? rc : listing->fn(listing->arg, bytes_head_be64(key), &row);
}

int changes_list(struct txn *txn, uint64_t after, change_fn *fn, void *arg)
{
	struct change_listing listing = { fn, arg };
	struct key from;

	if (after == UINT64_MAX)
		return 0;
	change_key(&from, after + 1, 0);
	return entries_list(txn, DB_CHANGES, &from, NULL, list_change, &listing);
}

int changes_trim(struct txn *txn, uint64_t sequence, struct err *err)
{
	struct key first = { .len = 0 }, key;
	struct bytes k, v;
	uint64_t keep;
	int rc;

	if (sequence < CHANGES_KEPT || meta_get(txn, META_CHANGES_FIRST) > sequence - CHANGES_KEPT)
		return 0;
	keep = sequence - CHANGES_KEPT + 1;
	for (;;) {
		rc = entry_first(txn, DB_CHANGES, &first, NULL, &k, &v);
		if (rc == -ENOENT || (!rc && bytes_head_be64(k) >= keep))
			break;
		if (rc)
			return read_failed(err, rc, "the list of changes");
		key.len = 0;
		key_text(&key, k.at, k.len);
		rc = store_del(txn, DB_CHANGES, key_bytes(&key), err);
		if (rc)
			return rc;
	}
	return meta_set(txn, META_CHANGES_FIRST, keep, err);
}
