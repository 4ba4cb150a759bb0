/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record - namespaces, storages and tables as bytes.
 *
 * Header: format u8, kind u8, renderer u8, reserved u8, payload length le32,
 * xxh3-64 of the payload le64; then the payload, fields in the order of the
 * struct, types in their wire form (catalog/record_format.h).  References,
 * arena and txn of an object are not in it; a storage's moved_at stamps only
 * where they are not both updated_at, as older programs did not write them.
 */
#ifndef KALAM_CATALOG_RECORD_H
#define KALAM_CATALOG_RECORD_H

#include "base/buf.h"
#include "base/err.h"
#include "catalog/model.h"
#include "catalog/store.h"

#define RECORD_FORMAT 1
#define RENDERER_CURRENT 1

/* Append a record to out; out->failed tells when memory was out. */
void record_encode_table(const struct table *table, struct buf *out);
void record_encode_storage(const struct storage *storage, struct buf *out);
void record_encode_namespace(const struct namespace *ns, struct buf *out);

/*
 * The inverse: a new object with one reference.  -EIO with a sentence ("record
 * of table 7 is damaged: ...") for anything that the encoder cannot have
 * written; -ENOMEM.
 */
int record_decode_table(struct bytes record, struct table **out, struct err *err) MUST_CHECK;
int record_decode_storage(struct bytes record, struct storage **out, struct err *err) MUST_CHECK;
int record_decode_namespace(struct bytes record, struct namespace **out,
			    struct err *err) MUST_CHECK;

#endif
