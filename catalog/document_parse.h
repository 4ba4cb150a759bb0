/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document_parse - a parsed document, for those who make statements of it.
 * Private to catalog/document*.c, merge*.c and exec_document.c.
 */
#ifndef KALAM_CATALOG_DOCUMENT_PARSE_H
#define KALAM_CATALOG_DOCUMENT_PARSE_H

#include "catalog/document.h"

/* One key that an object may have. */
struct field {
	const char *key;
	unsigned kinds;		/* bit 1 << enum tree_kind for each that its value may be */
};

#define FIELD_IS(kind) (1u << TREE_##kind)

/* The fields of each object, in the order in which they are shown. */
enum table_field {
	TABLE_TABLE_ID,
	TABLE_OBJECT_ID,
	TABLE_NAMESPACE_ID,
	TABLE_TABLE_NAME,
	TABLE_TABLE_TYPE,
	TABLE_SCHEMA_VERSION,
	TABLE_CREATED_AT,
	TABLE_UPDATED_AT,
	TABLE_TABLE_COMMENT,
	TABLE_LOCATION_NAME,
	TABLE_TABLE_OPTIONS,
	TABLE_COLUMNS,
	TABLE_FIELD_COUNT
};

enum column_field {
	COLUMN_COLUMN_ID,
	COLUMN_COLUMN_NAME,
	COLUMN_COLUMN_VERSION,
	COLUMN_ORDINAL_POSITION,
	COLUMN_DATA_TYPE,
	COLUMN_IS_NULLABLE,
	COLUMN_IS_PRIMARY_KEY,
	COLUMN_IS_PARTITION_KEY,
	COLUMN_DEFAULT_VALUE,
	COLUMN_COLUMN_COMMENT,
	COLUMN_FIELD_COUNT
};

enum namespace_field {
	NAMESPACE_NAMESPACE_ID,
	NAMESPACE_NAME,
	NAMESPACE_NAMESPACE_VERSION,
	NAMESPACE_CREATED_AT,
	NAMESPACE_UPDATED_AT,
	NAMESPACE_COMMENT,
	NAMESPACE_OPTIONS,
	NAMESPACE_FIELD_COUNT
};

enum storage_field {
	STORAGE_STORAGE_ID,
	STORAGE_STORAGE_NAME,
	STORAGE_DESCRIPTION,
	STORAGE_STORAGE_TYPE,
	STORAGE_BASE_DIRECTORY,
	STORAGE_CREDENTIALS,
	STORAGE_CONFIG,
	STORAGE_SHARED_TEMPLATE,
	STORAGE_USER_TEMPLATE,
	STORAGE_STORAGE_VERSION,
	STORAGE_CREATED_AT,
	STORAGE_UPDATED_AT,
	STORAGE_FIELD_COUNT
};

/*
 * A field that the document does not have, or that says null where this means
 * the same, is NULL in the arrays called field.
 */
struct document_column {
	const struct json_value *at;
	const struct json_value *field[COLUMN_FIELD_COUNT];
	uint32_t id, version, ordinal;	/* 0 = not said */
	struct column_spec spec;
	bool partition_key;
};

struct document_table {
	const struct json_value *field[TABLE_FIELD_COUNT];
	uint32_t version;		/* 0 = not said */
	char namespace_name[NAME_SIZE], name[NAME_SIZE];	/* "" = not said */
	enum table_type type;		/* if said */
	const char *comment;
	bool has_comment;
	struct setting *settings;	/* table_options; values in the form of statements */
	unsigned setting_count;
	struct document_column *columns;
	unsigned column_count;
};

struct document_namespace {
	const struct json_value *field[NAMESPACE_FIELD_COUNT];
	uint32_t version;
	const char *comment;
	bool has_comment;
	struct setting *settings;
	unsigned setting_count;
};

struct document_storage {
	const struct json_value *field[STORAGE_FIELD_COUNT];
	uint32_t version;
	struct storage_spec spec;	/* what it says */
};

struct document {
	struct arena arena;		/* of everything below */
	struct document_target target;
	const char *text;		/* borrowed */
	size_t len;
	const struct json_value *root;
	struct document_table table;	/* DOCUMENT_TABLE; DOCUMENT_COLUMN: one column */
	struct document_namespace ns;
	struct document_storage storage;
	struct script script;		/* one statement */
	struct stmt stmt;
};

/* document_field.c: single values.  Failures have their place in err. */

/*
 * Find the fields of an object; where names it in messages ("a column").  An
 * unknown key or a value of another kind is -EINVAL.
 */
int fields_read(const struct json_value *object, const struct field *fields, size_t count,
		const char *where, const struct json_value **found, struct err *err) MUST_CHECK;

/* The two failures of fields_read. */
int field_unknown(const struct json_value *member, const struct field *fields, size_t count,
		  const char *where, struct err *err);
int field_wrong_kind(const struct json_value *value, unsigned kinds, struct err *err);

/* null stands for what is not known yet: then *value becomes NULL. */
void field_forget_null(const struct json_value **value);

/* "KEY is missing in WHERE". */
int field_missing(const struct json_value *object, const char *key, const char *where,
		  struct err *err);

/* "KEY cannot be changed: it is VALUE". */
int field_derived(const struct json_value *value, const char *is, struct err *err);

/* Refuse a value that is not an object. */
int field_object(const struct json_value *value, const char *what, struct err *err) MUST_CHECK;

/* A whole number from 1 to UINT32_MAX; NULL gives 0. */
int field_number(const struct json_value *value, uint32_t *out, struct err *err) MUST_CHECK;

/* An exact name of its kind. */
int field_name(const struct json_value *value, enum name_kind kind, char out[NAME_SIZE],
	       struct err *err) MUST_CHECK;

/* The same failure in err at the place of the value; returns its code. */
int field_adopt(const struct json_value *value, struct err *inner, struct err *err);

/* NULL and "" are none. */
const char *field_comment(const struct json_value *value);

/* The value as the literal of a statement; objects and arrays are copied to the arena. */
int field_literal(const struct document *document, const struct json_value *value,
		  struct arena *arena, struct literal *out, struct err *err) MUST_CHECK;

/* Whether the value, unless it is NULL, is this text, number or point in time. */
bool field_is_text(const struct json_value *value, const char *text);
bool field_is_number(const struct json_value *value, uint64_t number);
int field_check_stamp(const struct json_value *value, int64_t us, struct err *err) MUST_CHECK;

/* document_column.c: one column from its object. */
int document_read_column(struct document *document, const struct json_value *object,
			 struct document_column *out, struct err *err) MUST_CHECK;

/* document_table.c, document_other.c: the whole document, from its root. */
int document_read_table(struct document *document, struct err *err) MUST_CHECK;
int document_read_namespace(struct document *document, struct err *err) MUST_CHECK;
int document_read_storage(struct document *document, struct err *err) MUST_CHECK;

/* document_create.c: a new object's document as the statement that makes it. */
int document_create(struct document *document, struct err *err) MUST_CHECK;

#endif
