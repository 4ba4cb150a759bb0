/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/rows_key.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

void key_text(struct key *key, const char *text, size_t len)
{
	assert(len <= sizeof(key->at) - key->len);
	memcpy(key->at + key->len, text, len);
	key->len += len;
}

static void key_raw(struct key *key, const void *bytes, size_t len)
{
	key_text(key, bytes, len);
}

void key_u8(struct key *key, uint8_t v)
{
	key_raw(key, &v, sizeof(v));
}

void key_be32(struct key *key, uint32_t v)
{
	v = htobe32(v);
	key_raw(key, &v, sizeof(v));
}

void key_be64(struct key *key, uint64_t v)
{
	v = htobe64(v);
	key_raw(key, &v, sizeof(v));
}

void key_le32(struct key *key, uint32_t v)
{
	v = htole32(v);
	key_raw(key, &v, sizeof(v));
}

void key_le64(struct key *key, uint64_t v)
{
	v = htole64(v);
	key_raw(key, &v, sizeof(v));
}

struct bytes key_bytes(const struct key *key)
{
	return (struct bytes){ key->at, key->len };
}

int bytes_be32(struct bytes value, uint32_t *out)
{
	uint32_t v;

	if (value.len != sizeof(v))
		return -EIO;
	memcpy(&v, value.at, sizeof(v));
	*out = be32toh(v);
	return 0;
}

int row_id(struct txn *txn, struct bytes value, uint32_t *out)
{
	static const struct err damaged = { .code = -EIO, .text = "a row of an index is damaged" };

	return bytes_be32(value, out) ? store_distrust(txn, &damaged) : 0;
}

uint64_t bytes_head_be64(struct bytes value)
{
	uint64_t v;

	if (value.len < sizeof(v))
		return 0;
	memcpy(&v, value.at, sizeof(v));
	return be64toh(v);
}

/* The entry's key behind prefix, or -ENOENT if it does not start with it. */
static int cut_prefix(struct bytes key, const struct key *prefix, struct bytes *rest)
{
	size_t len = prefix ? prefix->len : 0;

	if (key.len < len || (len && memcmp(key.at, prefix->at, len) != 0))
		return -ENOENT;
	*rest = (struct bytes){ (const uint8_t *)key.at + len, key.len - len };
	return 0;
}

int entries_list(struct txn *txn, enum store_db db, const struct key *from,
		 const struct key *prefix, entry_fn *fn, void *arg)
{
	struct bytes k, v, rest;
	struct cursor *c;
	int rc = cursor_open(txn, db, &c, NULL), told = 0;

	if (rc)
		return rc;
	rc = cursor_seek(c, key_bytes(from), &k, &v);
	while (!rc) {
		rc = cut_prefix(k, prefix, &rest);
		if (rc)
			break;
		told = fn(arg, rest, v);
		if (told)
			break;
		rc = cursor_next(c, &k, &v);
	}
	cursor_close(c);
	if (told)
		return told;
	return rc == -ENOENT ? 0 : rc;
}

int entry_first(struct txn *txn, enum store_db db, const struct key *from,
		const struct key *prefix, struct bytes *rest, struct bytes *value)
{
	struct bytes k;
	struct cursor *c;
	int rc = cursor_open(txn, db, &c, NULL);

	if (rc)
		return rc;
	rc = cursor_seek(c, key_bytes(from), &k, value);
	if (!rc)
		rc = cut_prefix(k, prefix, rest);
	cursor_close(c);
	return rc;
}

int read_failed(struct err *err, int code, const char *what)
{
	err_set(err, code, "Cannot read %s from the catalog: %s", what, strerrordesc_np(-code));
	err_kind_set(err, ERR_STORE);
	return code;
}
