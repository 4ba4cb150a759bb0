/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_format - what record.c writes and record_read.c reads.
 *
 * In the payload: numbers are varints (7 bits a byte, low bits first, shortest
 * form only), signed ones and stamps zigzag; names have a length byte; texts a
 * varint of length + 1, where 0 is NULL; most stamps stand as their distance
 * from created_at, because then they are short.
 *
 * Every value has one form, so what decodes encodes to the same bytes again.
 */
#ifndef KALAM_CATALOG_RECORD_FORMAT_H
#define KALAM_CATALOG_RECORD_FORMAT_H

#define RECORD_HEADER_BYTES 16

enum record_kind { RECORD_NAMESPACE = 1, RECORD_TABLE, RECORD_STORAGE };

/* A column's flags byte. */
enum {
	COLUMN_NULLABLE = 1,
	COLUMN_PRIMARY = 2,
	COLUMN_PARTITION = 4,
	COLUMN_DEFAULT_SHIFT = 3,	/* two bits: enum default_kind */
	COLUMN_FLAGS_END = 32
};

#endif
