/* SPDX-License-Identifier: GPL-2.0-or-later */
/* information_schema/columns: as SQL has them, then what KalamDB adds. */
#include "catalog/info_row.h"

#include "catalog/print.h"

#include <errno.h>
#include <stdlib.h>

static struct info_value column_name(const struct info_row *row)
{
	return info_text(row->column->name);
}

/* Ids are ordinal positions: neither is ever given twice. */
static struct info_value column_id(const struct info_row *row)
{
	return info_number(row->column->id);
}

/* As SQL: no default is null, DEFAULT NULL is NULL. */
static struct info_value column_default(const struct info_row *row)
{
	return info_text(row->made);
}

static struct info_value is_nullable(const struct info_row *row)
{
	return info_text(row->column->nullable ? "YES" : "NO");
}

static struct info_value data_type(const struct info_row *row)
{
	return info_text(row->type);
}

static struct info_value numeric_precision(const struct info_row *row)
{
	unsigned precision;
	int scale;

	return type_digits(&row->column->type, &precision, &scale) ? info_number(precision)
								   : info_null();
}

static struct info_value numeric_scale(const struct info_row *row)
{
	unsigned precision;
	int scale;

	if (!type_digits(&row->column->type, &precision, &scale) || scale < 0)
		return info_null();
	return info_number((uint64_t)scale);
}

static struct info_value is_primary_key(const struct info_row *row)
{
	return info_bool(row->column->primary_key);
}

static struct info_value is_partition_key(const struct info_row *row)
{
	return info_bool(row->column->partition_key);
}

static struct info_value column_comment(const struct info_row *row)
{
	return info_text(row->column->comment);
}

static const struct info_field fields[] = {
	INFO_FIELD("table_catalog", info_catalog_name),
	INFO_FIELD("table_schema", info_table_schema),
	INFO_FIELD("table_name", info_table_name),
	INFO_FIELD("column_name", column_name),
	INFO_FIELD("ordinal_position", column_id),
	INFO_FIELD("column_default", column_default),
	INFO_FIELD("is_nullable", is_nullable),
	INFO_FIELD("data_type", data_type),
	INFO_FIELD("numeric_precision", numeric_precision),
	INFO_FIELD("numeric_scale", numeric_scale),
	INFO_FIELD("kalamdb_column_id", column_id),
	INFO_FIELD("is_primary_key", is_primary_key),
	INFO_FIELD("is_partition_key", is_partition_key),
	INFO_FIELD("column_comment", column_comment),
};

const struct info_layout info_columns = { fields, countof(fields) };

/* The row, and the text in it that is to be freed.  0 or -ENOMEM. */
static int make_row(const struct table *table, const struct column *column, struct info_row *row,
		    char **text)
{
	row->table = table;
	row->column = column;
	(void)type_sql(&column->type, row->type);
	*text = column->def.kind != DEFAULT_NONE ? print_default_text(column) : NULL;
	row->made = *text;
	return column->def.kind == DEFAULT_NONE || *text ? 0 : -ENOMEM;
}

int info_put_column(struct info_sink *sink, enum info_form form, const struct table *table,
		    const struct column *column)
{
	struct info_row row;
	char *text;
	int rc = make_row(table, column, &row, &text);

	if (!rc)
		info_put_row(sink, form, &info_columns, &row);
	free(text);
	return rc;
}

int info_count_column(const struct table *table, const struct column *was,
		      const struct column *now, int64_t bytes[INFO_FORM_COUNT])
{
	struct info_row old, new;
	char *old_text, *new_text = NULL;
	int rc = make_row(table, was, &old, &old_text);

	if (!rc)
		rc = make_row(table, now, &new, &new_text);
	if (!rc)
		info_count_change(&info_columns, &old, &new, bytes);
	free(old_text);
	free(new_text);
	return rc;
}

int info_put_columns(struct info_sink *sink, enum info_form form, const struct table *table)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < table->column_count; i++)
		rc = info_put_column(sink, form, table, &table->columns[i]);
	return rc;
}
