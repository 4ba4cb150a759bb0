/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arrow_format - numbers of Arrow's Message.fbs and Schema.fbs (format version
 * 1.5): fields of its tables, members of its unions and enums, and the metadata
 * keys of arrow.h.  For arrow.c and arrow_read.c only.
 */
#ifndef KALAM_CATALOG_ARROW_FORMAT_H
#define KALAM_CATALOG_ARROW_FORMAT_H

#define ARROW_CONTINUATION 0xffffffffu

#define KEY_DATA_TYPE "kalam_data_type"
#define KEY_FLAGS "kalam_column_flags"
#define KEY_FIELD_ID "PARQUET:field_id"
#define KEY_COMMENT "comment"
#define KEY_DEFAULT "default"
#define KEY_TABLE "kalam_table"
#define KEY_TABLE_ID "kalam_table_id"
#define KEY_VERSION "kalam_schema_version"
#define KEY_TABLE_TYPE "kalam_table_type"

enum { MESSAGE_VERSION, MESSAGE_HEADER_TYPE, MESSAGE_HEADER, MESSAGE_BODY_LENGTH, MESSAGE_FIELDS };
enum { SCHEMA_ENDIANNESS, SCHEMA_FIELDS, SCHEMA_METADATA, SCHEMA_FIELD_COUNT };
enum {
	FIELD_NAME, FIELD_NULLABLE, FIELD_TYPE_TYPE, FIELD_TYPE, FIELD_DICTIONARY, FIELD_CHILDREN,
	FIELD_METADATA, FIELD_FIELD_COUNT
};
enum { PAIR_KEY, PAIR_VALUE, PAIR_FIELD_COUNT };

enum { METADATA_V4 = 3, METADATA_V5 = 4 };
enum { HEADER_SCHEMA = 1 };

enum arrow_type {
	ARROW_NONE,
	ARROW_NULL,
	ARROW_INT,		/* bitWidth i32, is_signed bool */
	ARROW_FLOATING_POINT,	/* precision i16 */
	ARROW_BINARY,
	ARROW_UTF8,
	ARROW_BOOL,
	ARROW_DECIMAL,		/* precision i32, scale i32, bitWidth i32 = 128 */
	ARROW_DATE,		/* unit i16 = ms */
	ARROW_TIME,		/* unit i16 = ms, bitWidth i32 = 32 */
	ARROW_TIMESTAMP,	/* unit i16, timezone text */
	ARROW_INTERVAL,
	ARROW_LIST,
	ARROW_STRUCT,
	ARROW_UNION,
	ARROW_FIXED_SIZE_BINARY,	/* byteWidth i32 */
	ARROW_FIXED_SIZE_LIST,	/* listSize i32 */
	ARROW_MAP,
	ARROW_DURATION,
	ARROW_LARGE_BINARY,
	ARROW_LARGE_UTF8,
	ARROW_LARGE_LIST,
	ARROW_RUN_END_ENCODED,
	ARROW_BINARY_VIEW,
	ARROW_UTF8_VIEW,
	ARROW_LIST_VIEW,
	ARROW_LARGE_LIST_VIEW,
	ARROW_TYPE_COUNT
};

enum { PRECISION_HALF, PRECISION_SINGLE, PRECISION_DOUBLE };
enum { DATE_DAY, DATE_MILLISECOND };
enum { UNIT_SECOND, UNIT_MILLISECOND, UNIT_MICROSECOND, UNIT_NANOSECOND };

#endif
