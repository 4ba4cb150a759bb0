/* SPDX-License-Identifier: GPL-2.0-or-later */
/* information_schema/tables: as SQL has them, then what KalamDB adds. */
#include "catalog/info.h"
#include "catalog/info_row.h"

#include <errno.h>

static bool is_system(const struct info_row *row)
{
	return row->table->type == TABLE_SYSTEM;
}

static struct info_value table_type(const struct info_row *row)
{
	return info_text(is_system(row) ? "SYSTEM TABLE" : "BASE TABLE");
}

static struct info_value kalamdb_table_type(const struct info_row *row)
{
	return info_text(table_type_name(row->table->type));
}

static struct info_value kalamdb_table_id(const struct info_row *row)
{
	return info_number(row->table->id);
}

static struct info_value storage_id(const struct info_row *row)
{
	return is_system(row) ? info_null() : info_text(row->table->options.storage_id);
}

static struct info_value use_user_storage(const struct info_row *row)
{
	return row->table->type == TABLE_USER ? info_bool(row->table->options.use_user_storage)
					      : info_null();
}

/* 0 is no limit, and SYSTEM tables have no policy. */
static struct info_value limit(uint32_t number)
{
	return number ? info_number(number) : info_null();
}

static struct info_value flush_row_threshold(const struct info_row *row)
{
	return limit(row->table->options.flush_policy.row_limit);
}

static struct info_value flush_interval_seconds(const struct info_row *row)
{
	return limit(row->table->options.flush_policy.interval_seconds);
}

static struct info_value ttl_seconds(const struct info_row *row)
{
	return row->table->type == TABLE_STREAM ? info_number(row->table->options.ttl_seconds)
						: info_null();
}

static struct info_value schema_version(const struct info_row *row)
{
	return info_number(row->table->version);
}

static struct info_value column_count(const struct info_row *row)
{
	return info_number(row->table->column_count);
}

static struct info_value created_at(const struct info_row *row)
{
	return info_stamp(row->table->created_at);
}

static struct info_value updated_at(const struct info_row *row)
{
	return info_stamp(row->table->updated_at);
}

static struct info_value comment(const struct info_row *row)
{
	return info_text(row->table->comment);
}

static const struct info_field fields[] = {
	INFO_FIELD("table_catalog", info_catalog_name),
	INFO_FIELD("table_schema", info_table_schema),
	INFO_FIELD("table_name", info_table_name),
	INFO_FIELD("table_type", table_type),
	INFO_FIELD("kalamdb_table_type", kalamdb_table_type),
	INFO_FIELD("kalamdb_table_id", kalamdb_table_id),
	INFO_FIELD("storage_id", storage_id),
	INFO_FIELD("use_user_storage", use_user_storage),
	INFO_FIELD("flush_row_threshold", flush_row_threshold),
	INFO_FIELD("flush_interval_seconds", flush_interval_seconds),
	INFO_FIELD("ttl_seconds", ttl_seconds),
	INFO_FIELD("schema_version", schema_version),
	INFO_FIELD("column_count", column_count),
	INFO_FIELD("created_at", created_at),
	INFO_FIELD("updated_at", updated_at),
	INFO_FIELD("comment", comment),
};

const struct info_layout info_tables = { fields, countof(fields) };

int info_put_table(struct info_sink *sink, enum info_form form, const struct table *table)
{
	info_put_row(sink, form, &info_tables, &(struct info_row){ .table = table });
	return 0;
}

void info_count_table(const struct table *was, const struct table *now,
		      int64_t bytes[INFO_FORM_COUNT])
{
	struct info_row old = { .table = was }, new = { .table = now };

	info_count_change(&info_tables, &old, &new, bytes);
}

int info_print_table(const struct table *table, FILE *out, struct err *err)
{
	int rc = info_put_table(&(struct info_sink){ .out = out }, INFO_JSONL, table);

	return rc == -ENOMEM ? err_nomem(err) : rc;
}
