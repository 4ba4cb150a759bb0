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
	{ "table_catalog", info_catalog_name },
	{ "table_schema", info_table_schema },
	{ "table_name", info_table_name },
	{ "column_name", column_name },
	{ "ordinal_position", column_id },
	{ "column_default", column_default },
	{ "is_nullable", is_nullable },
	{ "data_type", data_type },
	{ "numeric_precision", numeric_precision },
	{ "numeric_scale", numeric_scale },
	{ "kalamdb_column_id", column_id },
	{ "is_primary_key", is_primary_key },
	{ "is_partition_key", is_partition_key },
	{ "column_comment", column_comment },
};

const struct info_layout info_columns = { fields, countof(fields) };

int info_put_column(struct info_sink *sink, enum info_form form, const struct table *table,
		    const struct column *column)
{
	struct info_row row = { .table = table, .column = column };
	char *text = NULL;

	if (column->def.kind != DEFAULT_NONE) {
		text = print_default_text(column);
		if (!text)
			return -ENOMEM;
	}
	row.made = text;
	(void)type_sql(&column->type, row.type);
	info_put_row(sink, form, &info_columns, &row);
	free(text);
	return 0;
}

int info_put_columns(struct info_sink *sink, enum info_form form, const struct table *table)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < table->column_count; i++)
		rc = info_put_column(sink, form, table, &table->columns[i]);
	return rc;
}
