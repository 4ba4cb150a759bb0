/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows_key - building and reading the keys of rows; part of rows, and for
 * catalog_check, which looks at every key there is.
 */
#ifndef KALAM_CATALOG_ROWS_KEY_H
#define KALAM_CATALOG_ROWS_KEY_H

#include "base/err.h"
#include "catalog/rows.h"
#include "catalog/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_SIZE 511	/* LMDB's limit */
#define DIR_STATE_KIND 128	/* + enum dir_kind, among the kinds of objects */

/* A short byte string being built; also used for small values.  Start with len 0. */
struct key {
	size_t len;
	uint8_t at[KEY_SIZE];
};

/* Append; what does not fit is a mistake of the caller. */
void key_u8(struct key *key, uint8_t v);
void key_be32(struct key *key, uint32_t v);
void key_be64(struct key *key, uint64_t v);
void key_le32(struct key *key, uint32_t v);
void key_le64(struct key *key, uint64_t v);
void key_text(struct key *key, const char *text, size_t len);

/* Borrowed from key. */
struct bytes key_bytes(const struct key *key);

/* 0, or -EIO if value is not exactly that long. */
int bytes_be32(struct bytes value, uint32_t *out) MUST_CHECK;

/* The id in a row of an index; -EIO for a row of another length: the catalog is distrusted then. */
int row_id(struct txn *txn, struct bytes value, uint32_t *out) MUST_CHECK;

/* One entry of trash, and of changes (column_names borrows the value); -EIO for what is none. */
int trash_read(struct bytes key, struct bytes value, int64_t *when, uint32_t *table,
	       enum trash_kind *kind) MUST_CHECK;
int change_read(struct bytes value, struct change_row *out) MUST_CHECK;

/* The first bytes as an integer; 0 where there are too few. */
uint64_t bytes_head_be64(struct bytes value);

/*
 * Call back for each entry from key `from` on whose key starts with prefix
 * (NULL: all), with the rest of the key behind it, until the callback returns
 * non-zero, which is returned; else 0 or the store's -errno.
 */
typedef int entry_fn(void *arg, struct bytes rest, struct bytes value);
int entries_list(struct txn *txn, enum store_db db, const struct key *from,
		 const struct key *prefix, entry_fn *fn, void *arg);

/* The first entry with a key >= from that starts with prefix (NULL: any); the rest of its key. */
int entry_first(struct txn *txn, enum store_db db, const struct key *from,
		const struct key *prefix, struct bytes *rest, struct bytes *value) MUST_CHECK;

/* Code of a store_get or cursor that is no -ENOENT, as a sentence; returns it. */
int read_failed(struct err *err, int code, const char *what);

#endif
