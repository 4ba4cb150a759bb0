/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arrow - a table's columns as an Arrow IPC stream, and back.
 *
 * The stream holds one schema message and its end, no batch.  Types are those
 * of facts.md section 3.  Metadata of a field, in this order:
 *
 *   kalam_data_type     the type as JSON: {"Decimal":{"precision":10,"scale":2}}
 *   kalam_column_flags  JSON array of "pk", "nn" (not null), "part" (partition key)
 *   PARQUET:field_id    column id
 *   comment             if there is one
 *   default             SQL text of the default, if there is one
 *
 * and of the schema: kalam_table ("app.messages"), kalam_table_id,
 * kalam_schema_version, kalam_table_type ("USER"), comment.
 */
#ifndef KALAM_CATALOG_ARROW_H
#define KALAM_CATALOG_ARROW_H

#include "base/err.h"
#include "catalog/model.h"

#include <stddef.h>
#include <stdio.h>

/*
 * The same table gives the same bytes.  When memory is out nothing is written
 * and the error indicator of out is set (emit_fail), so that its fclose tells.
 */
void arrow_print_schema(const struct table *table, FILE *out);

/*
 * Make a definition with one reference (table_put) from a stream of any Arrow
 * writer; what follows its schema message is not read.  Names, types,
 * nullability come from the fields, the rest as far as metadata tells: without
 * it names of table and namespace are empty, the type is SHARED, the version 1,
 * and columns are numbered from 1.  Options are those of a new table; there is no
 * location name.  Each column is checked for itself; whether they make a table
 * that may be created, table_check tells.
 *
 * TEXT where the field is Utf8 and metadata does not say JSON or FILE; units and
 * time zones that facts.md section 3.2 lists as lossy are dropped.
 *
 * Returns 0, -ENOMEM, -ENAMETOOLONG for a name, or -EINVAL for damaged bytes, a
 * type that no column can have, and metadata that contradicts its field;
 * err->pointer is then "/fields/N" (from 0) if it is about one field.
 */
int arrow_read_schema(const void *bytes, size_t len, struct table **out,
		      struct err *err) MUST_CHECK;

#endif
