/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int find_in(const struct view *dir, enum dir_kind kind, const char *name, uint32_t *id)
{
	return catalog_find(dir->tree->catalog, dir->txn, kind, dir->inode.object, name, id);
}

static int list_in(const struct view *dir, enum dir_kind kind, uint32_t after, children_fn *fn,
		   void *arg)
{
	return catalog_list(dir->tree->catalog, dir->txn, kind, dir->inode.object, after, fn, arg);
}

static void state_in(const struct view *dir, enum dir_kind kind, struct dir_state *out)
{
	catalog_dir_state(dir->tree->catalog, dir->txn, kind, dir->inode.object, out);
}

#define DIRECTORY(noun, dir_kind_value)                                                            \
	static int find_##noun(const struct view *dir, const char *name, uint32_t *id)             \
	{                                                                                          \
		return find_in(dir, dir_kind_value, name, id);                                     \
	}                                                                                          \
	static int list_##noun(const struct view *dir, uint32_t after, children_fn *fn, void *arg) \
	{                                                                                          \
		return list_in(dir, dir_kind_value, after, fn, arg);                               \
	}                                                                                          \
	static void state_##noun(const struct view *dir, struct dir_state *out)                    \
	{                                                                                          \
		state_in(dir, dir_kind_value, out);                                                \
	}

DIRECTORY(namespaces, DIR_NAMESPACES)
DIRECTORY(storages, DIR_STORAGES)
DIRECTORY(tables, DIR_TABLES)
DIRECTORY(trash, DIR_TRASH)

static int find_column(const struct view *dir, const char *name, uint32_t *id)
{
	const struct column *column = table_find_column(dir->table, name);

	if (!column)
		return -ENOENT;
	*id = column->id;
	return 0;
}

static int list_columns(const struct view *dir, uint32_t after, children_fn *fn, void *arg)
{
	for (uint32_t i = 0; i < dir->table->column_count; i++) {
		const struct column *column = &dir->table->columns[i];
		int rc;

		if (column->id <= after)
			continue;
		rc = fn(arg, column->id, column->name, strlen(column->name));
		if (rc)
			return rc;
	}
	return 0;
}

static void state_columns(const struct view *dir, struct dir_state *out)
{
	*out = (struct dir_state){
		.sequence = dir->table->info.sequence,
		.changed_at = dir->table->columns_changed_at,
		.count = dir->table->column_count,
	};
}

/* Versions are numbered without gaps from 1; "01" is not a version. */
static int find_version(const struct view *dir, const char *name, uint32_t *id)
{
	unsigned long version = 0;

	if (name[0] == '0')
		return -ENOENT;
	for (const char *p = name; *p; p++) {
		if (*p < '0' || *p > '9')
			return -ENOENT;
		version = version * 10 + (unsigned long)(*p - '0');
		if (version > dir->table->version)
			return -ENOENT;
	}
	*id = (uint32_t)version;
	return version ? 0 : -ENOENT;
}

static int list_versions(const struct view *dir, uint32_t after, children_fn *fn, void *arg)
{
	for (uint32_t version = after + 1; version <= dir->table->version; version++) {
		char name[16];
		int rc = fn(arg, version, name,
			    (size_t)snprintf(name, sizeof(name), "%u", version));

		if (rc)
			return rc;
	}
	return 0;
}

static void state_versions(const struct view *dir, struct dir_state *out)
{
	*out = (struct dir_state){
		.sequence = dir->table->info.sequence,
		.changed_at = dir->table->info.committed_at,
		.count = dir->table->version,
	};
}

static int find_type(const struct view *dir, const char *name, uint32_t *id)
{
	(void)dir;
	for (uint32_t type = TYPE_BOOLEAN; type < TYPE_ID_END; type++)
		if (!strcmp(type_name((enum type_id)type), name)) {
			*id = type;
			return 0;
		}
	return -ENOENT;
}

static int list_types(const struct view *dir, uint32_t after, children_fn *fn, void *arg)
{
	(void)dir;
	for (uint32_t type = after + 1; type < TYPE_ID_END; type++) {
		const char *name = type_name((enum type_id)type);
		int rc = fn(arg, type, name, strlen(name));

		if (rc)
			return rc;
	}
	return 0;
}

static void state_types(const struct view *dir, struct dir_state *out)
{
	*out = (struct dir_state){
		.changed_at = catalog_created_at(dir->tree->catalog),
		.count = TYPE_ID_END - TYPE_BOOLEAN,
	};
}

const struct members members_namespaces = {
	.kind = NODE_NAMESPACE,
	.suffix = "",
	.find = find_namespaces,
	.list = list_namespaces,
	.state = state_namespaces,
};

const struct members members_storages = {
	.kind = NODE_STORAGE_FILE,
	.suffix = ".json",
	.find = find_storages,
	.list = list_storages,
	.state = state_storages,
};

const struct members members_tables = {
	.kind = NODE_TABLE,
	.suffix = "",
	.find = find_tables,
	.list = list_tables,
	.state = state_tables,
};

const struct members members_trash = {
	.kind = NODE_TABLE,
	.suffix = "",
	.find = find_trash,
	.list = list_trash,
	.state = state_trash,
};

const struct members members_columns = {
	.kind = NODE_COLUMN,
	.id_is_sub = true,
	.suffix = ".json",
	.find = find_column,
	.list = list_columns,
	.state = state_columns,
};

const struct members members_versions = {
	.kind = NODE_VERSION,
	.id_is_sub = true,
	.suffix = "",
	.find = find_version,
	.list = list_versions,
	.state = state_versions,
};

const struct members members_types = {
	.kind = NODE_TYPE,
	.suffix = ".json",
	.find = find_type,
	.list = list_types,
	.state = state_types,
};
