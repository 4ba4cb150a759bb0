/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/model.h"

#include "base/arena.h"
#include "catalog/ddl.h"
#include "catalog/option.h"
#include "catalog/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int check_ordinal(const struct table *table, uint32_t i, struct err *err)
{
	const struct column *column = &table->columns[i];

	if (!column->id)
		return err_set(err, -EINVAL, "ordinal_position must be >= 1");
	if (column->id >= table->next_column_id)
		return err_set(err, -EINVAL,
			       "Column '%s' has ordinal_position %" PRIu32
			       "; the table has only used numbers below %" PRIu32,
			       column->name, column->id, table->next_column_id);
	if (!i || column->id > table->columns[i - 1].id)
		return 0;
	for (uint32_t before = 0; before < i; before++)
		if (table->columns[before].id == column->id)
			return err_set(err, -EINVAL, "Duplicate ordinal_position: %" PRIu32,
				       column->id);
	return err_set(err, -EINVAL, "Columns not sorted by ordinal_position");
}

static int check_count_and_ordinals(const struct table *table, struct err *err)
{
	int rc = 0;

	if (!table->column_count)
		return err_set(err, -EINVAL, "Table must have at least 1 column");
	if (table->column_count > COLUMNS_MAX)
		return err_set(err, -EINVAL, "Table has %" PRIu32 " columns, max %d",
			       table->column_count, COLUMNS_MAX);
	for (uint32_t i = 0; i < table->column_count && !rc; i++)
		rc = check_ordinal(table, i, err);
	return rc;
}

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

#define FEW_COLUMNS 32

/* Whether all names of few columns have another hash, as they have nearly always. */
static bool are_distinct(const struct table *table)
{
	uint64_t seen[16] = { 0 };

	if (table->column_count > FEW_COLUMNS)
		return false;
	for (uint32_t i = 0; i < table->column_count; i++) {
		uint32_t hash = 2166136261, slot;	/* FNV-1a, of which the high bits are good */

		for (const char *c = table->columns[i].name; *c; c++)
			hash = (hash ^ ((uint32_t)(unsigned char)*c | 0x20)) * 16777619;
		slot = hash >> 22;
		_Static_assert(64 * countof(seen) == 1 << 10, "the slots of ten bits");
		if (seen[slot / 64] >> slot % 64 & 1)
			return false;
		seen[slot / 64] |= UINT64_C(1) << slot % 64;
	}
	return true;
}

static int check_duplicate_names(const struct table *table, struct err *err)
{
	const char **names;
	int rc = 0;

	if (are_distinct(table))
		return 0;
	names = calloc(table->column_count, sizeof(*names));
	if (!names)
		return err_nomem(err);
	for (uint32_t i = 0; i < table->column_count; i++)
		names[i] = table->columns[i].name;
	qsort(names, table->column_count, sizeof(*names), compare_names);
	for (uint32_t i = 1; i < table->column_count && !rc; i++)
		if (!strcasecmp(names[i - 1], names[i]))
			rc = err_set(err, -EINVAL,
				     "Duplicate column name '%s'. Column names are "
				     "case-insensitive.",
				     names[i]);
	free(names);
	return rc;
}

/* Built-in names are exempt from the reserved words (decisions.md 42). */
static int check_table_names(const struct table *table, struct err *err)
{
	int rc = 0;

	if ((unsigned)table->type >= TABLE_TYPE_COUNT)
		return err_set(err, -EINVAL, "Table '%s' has the unknown type %u", table->name,
			       (unsigned)table->type);
	if (table->type == TABLE_SYSTEM)
		return 0;
	if (strcmp(table->namespace_name, "default") != 0)
		rc = name_check_exact(NAME_NAMESPACE, table->namespace_name,
				      strlen(table->namespace_name), err);
	return rc ? rc : name_check_exact(NAME_TABLE, table->name, strlen(table->name), err);
}

/* A name of len bytes as a location may hold it: reserved words are fine there. */
static bool is_location_part(const char *text, size_t len)
{
	if (!len || len > NAME_MAX_BYTES || text[0] < 'a' || text[0] > 'z')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') ||
		      text[i] == '_'))
			return false;
	return true;
}

/* Length without "_123" at the end. */
static size_t strip_id(const char *text, size_t len)
{
	size_t n = len;

	while (n && text[n - 1] >= '0' && text[n - 1] <= '9')
		n--;
	return n < len && n && text[n - 1] == '_' ? n - 1 : len;
}

/* "namespace/table" or, where that was taken, "namespace/table_<table id>" (decisions.md 24). */
static int check_location_name(const struct table *table, struct err *err)
{
	const char *text = table->location_name;
	const char *slash = strchr(text, '/');

	if (slash && is_location_part(text, (size_t)(slash - text))) {
		const char *name = slash + 1;
		size_t len = strlen(name);

		if (is_location_part(name, len) || is_location_part(name, strip_id(name, len)))
			return 0;
	}
	return err_set(err, -EINVAL,
		       "Invalid location_name '%s'. Expected 'namespace/table' in lower case",
		       text);
}

static int check_type(const struct type *type, struct err *err)
{
	if (type->id < TYPE_BOOLEAN || type->id >= TYPE_ID_END)
		return err_set(err, -EINVAL, "Unknown type tag: 0x%02X", (unsigned)type->id);
	if (type->id == TYPE_EMBEDDING) {
		if (type->dimension < 1 || type->dimension > EMBEDDING_MAX)
			return err_set(err, -EINVAL,
				       "EMBEDDING dimension must be between 1 and %d, got: %u",
				       EMBEDDING_MAX, type->dimension);
	} else if (type->dimension) {
		return err_set(err, -EINVAL, "%s has no dimension, got %u", type_name(type->id),
			       type->dimension);
	}
	if (type->id == TYPE_DECIMAL) {
		if (type->precision < 1 || type->precision > DECIMAL_PRECISION_MAX)
			return err_set(err, -EINVAL, "DECIMAL precision must be between 1 and %d",
				       DECIMAL_PRECISION_MAX);
		if (type->scale > type->precision)
			return err_set(err, -EINVAL,
				       "DECIMAL scale (%u) cannot exceed precision (%u)",
				       type->scale, type->precision);
	} else if (type->precision || type->scale) {
		return err_set(err, -EINVAL, "%s has no precision and scale, got (%u, %u)",
			       type_name(type->id), type->precision, type->scale);
	}
	return 0;
}

/* The form in which a canonical text of the type goes through value_canonical again. */
static enum literal_form canonical_form(enum type_id id)
{
	switch (id) {
	case TYPE_BOOLEAN:
		return LITERAL_BOOLEAN;
	case TYPE_INT:
	case TYPE_BIGINT:
	case TYPE_SMALLINT:
	case TYPE_DOUBLE:
	case TYPE_FLOAT:
	case TYPE_DECIMAL:
		return LITERAL_NUMBER;
	case TYPE_EMBEDDING:
		return LITERAL_ARRAY;
	case TYPE_TEXT:
	case TYPE_TIMESTAMP:
	case TYPE_DATE:
	case TYPE_DATETIME:
	case TYPE_TIME:
	case TYPE_JSON:
	case TYPE_BYTES:
	case TYPE_UUID:
	case TYPE_FILE:
	case TYPE_ID_END:
	default:
		return LITERAL_STRING;
	}
}

static int check_canonical(const struct column *column, struct err *err)
{
	struct arena scratch = { .head = NULL };
	struct literal literal = {
		.form = canonical_form(column->type.id),
		.text = column->def.text,
		.len = strlen(column->def.text),
	};
	char sql[TYPE_SQL_SIZE];
	const char *canonical = NULL;
	int rc = value_canonical(&column->type, &literal, &scratch, &canonical, err);

	if (!rc && !text_equal(canonical, column->def.text))
		rc = err_set(err, -EINVAL,
			     "Default '%s' of column '%s' is not in the form of %s, which is '%s'",
			     column->def.text, column->name, type_sql(&column->type, sql),
			     canonical ? canonical : "NULL");
	arena_free(&scratch);
	return rc;
}

static int check_literal(const struct column *column, struct err *err)
{
	size_t len = column->def.text ? strlen(column->def.text) : 0;

	if (!column->def.text && column->nullable)
		return 0;
	if (!column->def.text)
		return err_set(err, -EINVAL, "Column '%s' is NOT NULL and cannot have DEFAULT NULL",
			       column->name);
	if (len > DEFAULT_MAX_BYTES)
		return err_set(err, -EINVAL,
			       "Default of column '%s' is too long (%zu bytes, max %d)",
			       column->name, len, DEFAULT_MAX_BYTES);
	return check_canonical(column, err);
}

static int check_function(const struct column *column, struct err *err)
{
	const struct column_default *def = &column->def;

	if (!def->function || def->nargs > DEFAULT_ARGS_MAX)
		return err_set(err, -EINVAL, "Default of column '%s' is no known function",
			       column->name);
	if (!ddl_function(def->function, strlen(def->function), def->args, def->nargs, -1, err))
		return -EINVAL;
	return ddl_function_check(def->function, &column->type, -1, err);
}

static int check_default(const struct column *column, struct err *err)
{
	switch (column->def.kind) {
	case DEFAULT_NONE:
		return 0;
	case DEFAULT_LITERAL:
		return check_literal(column, err);
	case DEFAULT_FUNCTION:
		return check_function(column, err);
	}
	return err_set(err, -EINVAL, "Default of column '%s' is of no known kind", column->name);
}

/* No two vectors compare equal reliably, so they can be no key. */
static int check_key(const struct column *column, struct err *err)
{
	char sql[TYPE_SQL_SIZE];

	if (column->primary_key && column->nullable)
		return err_set(err, -EINVAL, "Primary key column '%s' cannot be nullable",
			       column->name);
	if ((column->primary_key || column->partition_key) && column->type.id == TYPE_EMBEDDING)
		return err_set(err, -EINVAL, "Column '%s' of type %s cannot be a %s key",
			       column->name, type_sql(&column->type, sql),
			       column->primary_key ? "primary" : "partition");
	return 0;
}

static int check_column(const struct column *column, struct err *err)
{
	int rc;

	if (!column->name[0])
		return err_set(err, -EINVAL, "column_name cannot be empty");
	rc = name_check_exact(NAME_COLUMN, column->name, strlen(column->name), err);
	if (!rc)
		rc = check_type(&column->type, err);
	if (!rc)
		rc = check_key(column, err);
	if (!rc)
		rc = check_default(column, err);
	return rc ? rc : comment_check(column->comment, -1, err);
}

static int check_primary_key(const struct table *table, struct err *err)
{
	uint32_t keys = 0;

	for (uint32_t i = 0; i < table->column_count; i++)
		keys += table->columns[i].primary_key;
	if (keys > 1)
		return err_set(err, -EINVAL, "Composite PRIMARY KEYs are not supported yet");
	if (keys)
		return 0;
	if (table->type == TABLE_USER)
		return err_set(err, -EINVAL, "User tables require a PRIMARY KEY column");
	if (table->type == TABLE_SHARED)
		return err_set(err, -EINVAL, "Shared tables require a PRIMARY KEY column");
	return 0;
}

static int check_options(const struct table *table, struct err *err)
{
	int rc = 0;

	if (table->type == TABLE_STREAM && !table->options.ttl_seconds)
		return err_set(err, -EINVAL, "STREAM tables must specify 'TTL_SECONDS'");
	for (unsigned i = 0; i < table_options_count && !rc; i++)
		rc = option_check(&table_options_rows[i], table->type, &table->options, err);
	return rc;
}

int table_check(const struct table *table, struct err *err)
{
	int rc = check_count_and_ordinals(table, err);

	if (!rc)
		rc = check_duplicate_names(table, err);
	if (!rc)
		rc = check_table_names(table, err);
	for (uint32_t i = 0; i < table->column_count && !rc; i++)
		rc = check_column(&table->columns[i], err);
	if (!rc)
		rc = check_primary_key(table, err);
	if (!rc)
		rc = check_options(table, err);
	if (!rc)
		rc = check_location_name(table, err);
	return rc ? rc : comment_check(table->comment, -1, err);
}
