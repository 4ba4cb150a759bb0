/* SPDX-License-Identifier: GPL-2.0-or-later */
/* information_schema/schemata: namespaces as SQL has schemas, then what KalamDB adds. */
#include "catalog/info_row.h"

#include "base/stream.h"
#include "catalog/print.h"

#include <errno.h>
#include <stdlib.h>

static struct info_value schema_name(const struct info_row *row)
{
	return info_text(row->ns->name);
}

/* Columns of the standard that mean nothing here: programs ask for them by name. */
static struct info_value nothing(const struct info_row *row)
{
	(void)row;
	return info_null();
}

static struct info_value namespace_id(const struct info_row *row)
{
	return info_number(row->ns->id);
}

static struct info_value namespace_version(const struct info_row *row)
{
	return info_number(row->ns->version);
}

static struct info_value created_at(const struct info_row *row)
{
	return info_stamp(row->ns->created_at);
}

static struct info_value updated_at(const struct info_row *row)
{
	return info_stamp(row->ns->updated_at);
}

static struct info_value comment(const struct info_row *row)
{
	return info_text(row->ns->comment);
}

static struct info_value options(const struct info_row *row)
{
	return info_json(row->made);
}

static const struct info_field fields[] = {
	INFO_FIELD("catalog_name", info_catalog_name),
	INFO_FIELD("schema_name", schema_name),
	INFO_FIELD("schema_owner", nothing),
	INFO_FIELD("default_character_set_catalog", nothing),
	INFO_FIELD("default_character_set_schema", nothing),
	INFO_FIELD("default_character_set_name", nothing),
	INFO_FIELD("sql_path", nothing),
	INFO_FIELD("kalamdb_namespace_id", namespace_id),
	INFO_FIELD("namespace_version", namespace_version),
	INFO_FIELD("created_at", created_at),
	INFO_FIELD("updated_at", updated_at),
	INFO_FIELD("comment", comment),
	INFO_FIELD("options", options),
};

const struct info_layout info_schemata = { fields, countof(fields) };

/* Owned; NULL when memory is out. */
static char *options_text(const struct namespace *ns)
{
	struct emit e = EMIT_COMPACT(NULL);
	char *text = NULL;
	size_t len;

	e.out = text_stream(&text, &len);
	if (!e.out)
		return NULL;
	print_namespace_options_to(&e, NULL, ns);
	if (!fclose(e.out))
		return text;
	free(text);
	return NULL;
}

int info_put_namespace(struct info_sink *sink, enum info_form form, const struct namespace *ns)
{
	struct info_row row = { .ns = ns };
	char *text = options_text(ns);

	if (!text)
		return -ENOMEM;
	row.made = text;
	info_put_row(sink, form, &info_schemata, &row);
	free(text);
	return 0;
}
