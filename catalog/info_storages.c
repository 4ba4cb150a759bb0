/* SPDX-License-Identifier: GPL-2.0-or-later */
/* information_schema/storages: the keys of storages/ID.json. */
#include "catalog/info_row.h"

#include "catalog/print.h"

static struct info_value storage_id(const struct info_row *row)
{
	return info_text(row->storage->storage_id);
}

static struct info_value storage_name(const struct info_row *row)
{
	return info_text(row->storage->storage_name);
}

static struct info_value description(const struct info_row *row)
{
	return info_text(row->storage->description);
}

static struct info_value storage_type(const struct info_row *row)
{
	return info_text(storage_type_name(row->storage->type));
}

static struct info_value base_directory(const struct info_row *row)
{
	return info_text(row->storage->base_directory);
}

static struct info_value credentials(const struct info_row *row)
{
	return info_text(print_masked(row->storage->credentials));
}

static struct info_value config(const struct info_row *row)
{
	return info_json(row->storage->config);
}

static struct info_value shared_template(const struct info_row *row)
{
	return info_text(row->storage->shared_template);
}

static struct info_value user_template(const struct info_row *row)
{
	return info_text(row->storage->user_template);
}

static struct info_value storage_version(const struct info_row *row)
{
	return info_number(row->storage->version);
}

static struct info_value created_at(const struct info_row *row)
{
	return info_stamp(row->storage->created_at);
}

static struct info_value updated_at(const struct info_row *row)
{
	return info_stamp(row->storage->updated_at);
}

static const struct info_field fields[] = {
	INFO_FIELD("storage_id", storage_id),
	INFO_FIELD("storage_name", storage_name),
	INFO_FIELD("description", description),
	INFO_FIELD("storage_type", storage_type),
	INFO_FIELD("base_directory", base_directory),
	INFO_FIELD("credentials", credentials),
	INFO_FIELD("config", config),
	INFO_FIELD("shared_tables_template", shared_template),
	INFO_FIELD("user_tables_template", user_template),
	INFO_FIELD("storage_version", storage_version),
	INFO_FIELD("created_at", created_at),
	INFO_FIELD("updated_at", updated_at),
};

const struct info_layout info_storages = { fields, countof(fields) };

int info_put_storage(struct info_sink *sink, enum info_form form, const struct storage *storage)
{
	info_put_row(sink, form, &info_storages, &(struct info_row){ .storage = storage });
	return 0;
}
