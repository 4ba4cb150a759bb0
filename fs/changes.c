/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/changes.h"

#include <errno.h>
#include <stdlib.h>

#define PIECE 2000	/* rows after which a piece ends, where a transaction does */

/* 0, or 1 when the piece is full; -ENOMEM. */
static int collect(void *arg, uint64_t sequence, const struct change_row *row)
{
	struct changes *changes = arg;

	if (changes->count >= PIECE && sequence != changes->sequence)
		return 1;
	if (changes->count == changes->size) {
		size_t size = changes->size ? changes->size * 2 : 16;
		struct change_row *rows = reallocarray(changes->rows, size, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		changes->rows = rows;
		changes->size = size;
	}
	changes->rows[changes->count++] = *row;
	buf_bytes(&changes->names, row->column_names, row->column_names_len);
	changes->sequence = sequence;
	return changes->names.failed ? -ENOMEM : 0;
}

/* The copies of the names do not move any more. */
static void point_at_names(struct changes *changes)
{
	const char *at = (const char *)changes->names.at;

	for (size_t i = 0; i < changes->count; i++) {
		struct change_row *row = &changes->rows[i];

		row->column_names = row->column_names_len ? at : NULL;
		at = row->column_names_len ? at + row->column_names_len : at;
	}
}

static int add_namespace(void *arg, uint32_t id, const char *name, size_t len)
{
	struct changes *changes = arg;
	size_t count = changes->namespace_count + 1;
	uint32_t *ids = reallocarray(changes->namespaces, count, sizeof(*ids));

	(void)name;
	(void)len;
	if (!ids)
		return -ENOMEM;
	changes->namespaces = ids;
	ids[count - 1] = id;
	changes->namespace_count = count;
	return 0;
}

/* What changed up to `last` cannot be told: everything has. */
static int read_gap(struct catalog *catalog, struct txn *txn, uint64_t last, struct changes *out,
		    struct err *err)
{
	int rc = catalog_list(catalog, txn, DIR_NAMESPACES, 0, 0, add_namespace, out);

	out->has_gap = true;
	out->count = 0;
	out->sequence = last;
	return rc == -ENOMEM ? err_nomem(err) : rc;
}

static int read_rows(struct catalog *catalog, struct txn *txn, uint64_t after, struct changes *out,
		     struct err *err)
{
	uint64_t last = meta_get(txn, META_SEQUENCE);
	int rc;

	if (last > after && meta_get(txn, META_CHANGES_FIRST) > after + 1)
		return read_gap(catalog, txn, last, out, err);
	out->sequence = after;
	rc = changes_list(txn, after, collect, out);
	out->has_more = rc == 1;
	if (rc == -ENOMEM)
		return err_nomem(err);
	/* A record that cannot be read must not keep all later changes from being shown. */
	if (rc < 0)
		return read_gap(catalog, txn, last, out, err);
	if (!out->has_more)
		out->sequence = last;
	point_at_names(out);
	return 0;
}

int changes_read(struct catalog *catalog, uint64_t after, struct changes *out, struct err *err)
{
	struct txn *txn;
	int rc;

	*out = (struct changes){ 0 };
	rc = catalog_begin(catalog, &txn, err);
	if (rc)
		return rc;
	out->txn = txn_id(txn);
	out->log_end = meta_get(txn, META_LOG_END);
	out->stamp = (int64_t)meta_get(txn, META_LAST_STAMP);
	rc = read_rows(catalog, txn, after, out, err);
	txn_end(txn);
	return rc;
}

void changes_free(struct changes *changes)
{
	free(changes->rows);
	free(changes->namespaces);
	buf_free(&changes->names);
	changes->rows = NULL;
	changes->namespaces = NULL;
}
