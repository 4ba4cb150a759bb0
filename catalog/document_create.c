/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/document_parse.h"

#include <errno.h>
#include <string.h>

static int second_key(const struct document_table *table, struct err *err)
{
	const struct json_value *first = NULL;

	for (unsigned i = 0; i < table->column_count; i++) {
		const struct document_column *column = &table->columns[i];

		if (!column->spec.primary_key)
			continue;
		if (first)
			return err_at(err, -EINVAL, column->field[COLUMN_IS_PRIMARY_KEY]->pos,
				      "Composite PRIMARY KEYs are not supported yet");
		first = column->field[COLUMN_IS_PRIMARY_KEY];
	}
	return 0;
}

static int set_partition(struct document *document, struct stmt *stmt, struct err *err)
{
	const struct document_table *table = &document->table;

	stmt->partition = arena_array(&document->arena, table->column_count,
				      sizeof(*stmt->partition));
	if (!stmt->partition)
		return err_nomem(err);
	for (unsigned i = 0; i < table->column_count; i++) {
		const struct document_column *column = &table->columns[i];

		if (column->partition_key)
			stmt->partition[stmt->partition_count++] = column->spec.name;
	}
	return 0;
}

static int create_table(struct document *document, struct stmt *stmt, struct err *err)
{
	const struct document_table *table = &document->table;
	const struct json_value *type = table->field[TABLE_TABLE_TYPE];

	if (type && table->type == TABLE_SYSTEM)
		return err_at(err, -EPERM, type->pos,
			      "SYSTEM tables are built in and cannot be created. Expected USER, "
			      "SHARED or STREAM");
	stmt->verb = STMT_CREATE_TABLE;
	stmt->table_id = document->target.table_id;
	stmt->object.pos = type ? type->pos : document->root->pos;
	stmt->has_type = type != NULL;
	stmt->type = table->type;
	stmt->has_comment = table->has_comment;
	stmt->comment = table->comment;
	if (table->has_comment)
		stmt->comment_pos = table->field[TABLE_TABLE_COMMENT]->pos;
	stmt->settings = table->settings;
	stmt->setting_count = table->setting_count;
	stmt->columns = arena_array(&document->arena, table->column_count, sizeof(*stmt->columns));
	if (!stmt->columns)
		return err_nomem(err);
	for (unsigned i = 0; i < table->column_count; i++)
		stmt->columns[stmt->column_count++] = table->columns[i].spec;
	if (second_key(table, err))
		return -EINVAL;
	return set_partition(document, stmt, err);
}

static int create_column(struct document *document, struct stmt *stmt, struct err *err)
{
	const struct document_column *column = document->table.columns;
	struct action *action = arena_alloc(&document->arena, sizeof(*action));

	if (!action)
		return err_nomem(err);
	if (column->partition_key)
		return err_at(err, -EINVAL, column->field[COLUMN_IS_PARTITION_KEY]->pos,
			      "Column '%s' cannot be added as partition key: the keys are chosen "
			      "at CREATE TABLE", document->target.name);
	stmt->verb = STMT_ALTER_TABLE;
	stmt->actions = action;
	stmt->action_count = 1;
	action->kind = ACTION_ADD_COLUMN;
	action->pos = document->root->pos;
	action->column = column->spec;
	memcpy(action->column.name, document->target.name, sizeof(action->column.name));
	*stmt->object.name = '\0';	/* this table */
	return 0;
}

static int create_storage(struct document *document, struct stmt *stmt, struct err *err)
{
	const struct json_value *const *f = document->storage.field;

	if (!f[STORAGE_STORAGE_TYPE])
		return field_missing(document->root, "storage_type", "the storage", err);
	if (!f[STORAGE_BASE_DIRECTORY])
		return field_missing(document->root, "base_directory", "the storage", err);
	stmt->verb = STMT_CREATE_STORAGE;
	stmt->storage = document->storage.spec;
	return 0;
}

int document_create(struct document *document, struct err *err)
{
	static const enum name_kind kinds[] = {
		[DOCUMENT_TABLE] = NAME_TABLE,
		[DOCUMENT_COLUMN] = NAME_COLUMN,
		[DOCUMENT_NAMESPACE] = NAME_NAMESPACE,
		[DOCUMENT_STORAGE] = NAME_STORAGE,
	};
	const struct document_target *target = &document->target;
	struct stmt *stmt = &document->stmt;
	int rc = name_check_exact(kinds[target->kind], target->name, strlen(target->name), err);

	if (rc)
		return rc;
	memcpy(stmt->object.name, target->name, sizeof(stmt->object.name));
	stmt->object.pos = document->root->pos;
	switch (target->kind) {
	case DOCUMENT_TABLE:
		return create_table(document, stmt, err);
	case DOCUMENT_COLUMN:
		return create_column(document, stmt, err);
	case DOCUMENT_STORAGE:
		return create_storage(document, stmt, err);
	case DOCUMENT_NAMESPACE:
	case DOCUMENT_KIND_COUNT:
	default:
		return err_set(err, -EPERM, "A namespace is made with mkdir or CREATE NAMESPACE");
	}
}
