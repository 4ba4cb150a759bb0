/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/apply.h"

#include "catalog/option.h"
#include "catalog/value.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int apply_default(const struct default_expr *expr, const struct type *type, struct arena *arena,
		  struct column_default *out, struct err *err)
{
	struct column_default def = { .kind = expr->kind };
	int rc;

	switch (expr->kind) {
	case DEFAULT_LITERAL:
		rc = value_canonical(type, &expr->literal, arena, &def.text, err);
		if (rc) {
			if (err)
				err->pos = expr->pos;
			return rc;
		}
		if (def.text && strlen(def.text) > DEFAULT_MAX_BYTES)
			return err_at(err, -EINVAL, expr->pos, "Default is too long (%zu bytes, max %d)",
				      strlen(def.text), DEFAULT_MAX_BYTES);
		break;
	case DEFAULT_FUNCTION:
		rc = ddl_function_check(expr->function, type, expr->pos, err);
		if (rc)
			return rc;
		def.function = expr->function;
		def.nargs = expr->nargs;
		memcpy(def.args, expr->args, sizeof(def.args));
		break;
	case DEFAULT_NONE:
	default:
		break;
	}
	*out = def;
	return 0;
}

static int no_column(const struct table *table, const char *name, long pos, struct err *err)
{
	const char *names[COLUMNS_MAX];
	const char *near;

	for (unsigned i = 0; i < table->column_count; i++)
		names[i] = table->columns[i].name;
	near = name_nearest(name, strlen(name), names, table->column_count);
	if (near)
		return err_at(err, -ENOENT, pos, "Column '%s' does not exist. Did you mean '%s'?", name,
			      near);
	return err_at(err, -ENOENT, pos, "Column '%s' does not exist", name);
}

static int find_column(const struct table *table, const struct column_spec *spec,
		       struct column **out, struct err *err)
{
	*out = table_find_column(table, spec->name);
	if (*out)
		return 0;
	no_column(table, spec->name, spec->pos, err);
	return -ENOENT;
}

static bool is_null_literal(const struct column_default *def)
{
	return def->kind == DEFAULT_LITERAL && !def->text;
}

/* What ADD COLUMN and CREATE TABLE have in common. */
static int fill_column(struct table *table, const struct column_spec *spec, struct column *column,
		       struct err *err)
{
	int rc;

	memcpy(column->name, spec->name, sizeof(column->name));
	column->type = spec->type;
	column->primary_key = spec->primary_key;
	column->nullable = spec->null != NULL_REFUSED && !spec->primary_key;
	if (spec->primary_key && spec->null == NULL_ALLOWED)
		return err_at(err, -EINVAL, spec->pos, "Primary key column '%s' cannot be nullable",
			      spec->name);
	if (spec->has_default) {
		rc = apply_default(&spec->def, &spec->type, &table->arena, &column->def, err);
		if (rc)
			return rc;
	}
	if (!column->nullable && is_null_literal(&column->def))
		return err_at(err, -EINVAL, spec->def.pos,
			      "Column '%s' is NOT NULL and cannot have DEFAULT NULL", spec->name);
	return comment_set(&table->arena, &column->comment, spec->comment, spec->comment_pos, err);
}

static int add_column(struct table *table, const struct action *action, struct err *err)
{
	const struct column_spec *spec = &action->column;
	struct column column = { 0 };
	int rc;

	if (table_find_column(table, spec->name)) {
		if (action->if_clause)
			return 0;
		return err_at(err, -EEXIST, spec->pos, "Column '%s' already exists", spec->name);
	}
	if (spec->primary_key)
		return err_at(err, -EINVAL, spec->pos,
			      "Column '%s' cannot be added as PRIMARY KEY: the key is chosen at CREATE TABLE",
			      spec->name);
	rc = fill_column(table, spec, &column, err);
	if (!rc && !column.nullable && column.def.kind == DEFAULT_NONE)
		rc = err_at(err, -EINVAL, spec->pos,
			    "Column '%s' is NOT NULL and needs a DEFAULT, because stored rows have no value for it",
			    spec->name);
	if (!rc && table->column_count >= COLUMNS_MAX)
		rc = err_at(err, -EINVAL, spec->pos, "Table cannot have more than %d columns", COLUMNS_MAX);
	if (rc)
		return rc;
	if (table->next_column_id > INT32_MAX)
		return err_at(err, -ENOSPC, spec->pos, "Table has used up its column ids (max %d)", INT32_MAX);
	column.id = table->next_column_id++;
	table->columns[table->column_count++] = column;
	return 0;
}

static int drop_column(struct table *table, const struct action *action, struct err *err)
{
	const struct column_spec *spec = &action->column;
	struct column *column = table_find_column(table, spec->name);
	size_t rest;

	if (!column)
		return action->if_clause ? 0 : no_column(table, spec->name, spec->pos, err);
	if (column->primary_key)
		return err_at(err, -EINVAL, spec->pos,
			      "Column '%s' is the PRIMARY KEY and cannot be dropped", spec->name);
	if (column->partition_key)
		return err_at(err, -EINVAL, spec->pos,
			      "Column '%s' is a partition key and cannot be dropped", spec->name);
	if (table->column_count == 1)
		return err_at(err, -EINVAL, spec->pos, "Table must have at least 1 column");
	rest = (size_t)(table->columns + table->column_count - (column + 1));
	memmove(column, column + 1, rest * sizeof(*column));
	table->column_count--;
	return 0;
}

static int rename_column(struct table *table, const struct action *action, struct err *err)
{
	struct column *column;
	int rc = find_column(table, &action->column, &column, err);

	if (rc || strcmp(column->name, action->new_name) == 0)
		return rc;
	if (table_find_column(table, action->new_name))
		return err_at(err, -EEXIST, action->new_name_pos, "Column '%s' already exists",
			      action->new_name);
	memcpy(column->name, action->new_name, sizeof(column->name));
	return 0;
}

/* A literal default follows its column's type: 0.00 becomes 0.0000. */
static int convert_default(struct table *table, struct column *column, const struct type *to,
			   long pos, struct err *err)
{
	struct default_expr expr = { .kind = column->def.kind, .pos = pos };

	if (column->def.kind == DEFAULT_FUNCTION)
		return ddl_function_check(column->def.function, to, pos, err);
	if (column->def.kind != DEFAULT_LITERAL || !column->def.text)
		return 0;
	expr.literal = (struct literal){ .form = LITERAL_STRING,
					 .text = column->def.text,
					 .len = strlen(column->def.text) };
	return apply_default(&expr, to, &table->arena, &column->def, err);
}

static int change_type(struct table *table, struct column *column, const struct type *to, long pos,
		       struct err *err)
{
	char from_sql[TYPE_SQL_SIZE], to_sql[TYPE_SQL_SIZE];
	int rc;

	if (type_equal(&column->type, to))
		return 0;
	if (!type_widens(&column->type, to))
		return err_at(err, -EINVAL, pos,
			      "Column '%s' cannot change from %s to %s: stored values would not survive. "
			      "Allowed: SMALLINT to INT to BIGINT, FLOAT to DOUBLE, DECIMAL where neither "
			      "integer digits nor scale shrink",
			      column->name, type_sql(&column->type, from_sql), type_sql(to, to_sql));
	rc = convert_default(table, column, to, pos, err);
	if (!rc)
		column->type = *to;
	return rc;
}

static int set_type(struct table *table, const struct action *action, struct err *err)
{
	struct column *column;
	int rc = find_column(table, &action->column, &column, err);

	return rc ? rc : change_type(table, column, &action->column.type, action->column.type_pos, err);
}

static int set_nullable(struct column *column, bool nullable, long pos, struct err *err)
{
	if (nullable && column->primary_key)
		return err_at(err, -EINVAL, pos, "Primary key column '%s' cannot be nullable",
			      column->name);
	if (!nullable && is_null_literal(&column->def))
		return err_at(err, -EINVAL, pos, "Column '%s' is NOT NULL and cannot have DEFAULT NULL",
			      column->name);
	column->nullable = nullable;
	return 0;
}

static int change_null(struct table *table, const struct action *action, struct err *err)
{
	struct column *column;
	int rc = find_column(table, &action->column, &column, err);

	if (rc)
		return rc;
	return set_nullable(column, action->kind == ACTION_DROP_NOT_NULL, action->column.pos, err);
}

static int modify_column(struct table *table, const struct action *action, struct err *err)
{
	const struct column_spec *spec = &action->column;
	struct column *column;
	int rc = find_column(table, spec, &column, err);

	if (!rc)
		rc = change_type(table, column, &spec->type, spec->type_pos, err);
	if (rc || spec->null == NULL_UNSAID)
		return rc;
	return set_nullable(column, spec->null == NULL_ALLOWED, spec->pos, err);
}

static int set_default(struct table *table, const struct action *action, struct err *err)
{
	struct column_default def = { 0 };
	struct column *column;
	int rc = find_column(table, &action->column, &column, err);

	if (!rc && action->kind == ACTION_SET_DEFAULT)
		rc = apply_default(&action->column.def, &column->type, &table->arena, &def, err);
	if (rc)
		return rc;
	if (!column->nullable && is_null_literal(&def))
		return err_at(err, -EINVAL, action->column.def.pos,
			      "Column '%s' is NOT NULL and cannot have DEFAULT NULL", column->name);
	column->def = def;
	return 0;
}

static int set_column_comment(struct table *table, const struct action *action, struct err *err)
{
	const struct column_spec *spec = &action->column;
	struct column *column;
	int rc = find_column(table, spec, &column, err);

	if (rc)
		return rc;
	return comment_set(&table->arena, &column->comment, spec->comment, spec->comment_pos, err);
}

/* Settings that are not typed options but words of their own. */
static bool is_setting(const struct setting *setting, const char *name)
{
	return name_is_word(setting->name, strlen(setting->name), name);
}

static int set_option(struct table *table, const struct setting *setting, struct err *err)
{
	size_t len = strlen(setting->name);
	const struct option *option = option_find(setting->name, len);

	if (!option)
		return option_unknown(setting->name, len, table->type, setting->pos, err);
	return option_set(option, table->type, &table->options, &setting->value,
			  option_applies(option, table->type) ? setting->value_pos : setting->pos, err);
}

static int change_option(struct table *table, const struct setting *setting, struct err *err)
{
	if (is_setting(setting, "LOCATION_NAME"))
		return err_at(err, -EINVAL, setting->pos,
			      "LOCATION_NAME can only be given at CREATE TABLE");
	if (is_setting(setting, "TYPE"))
		return err_at(err, -EINVAL, setting->pos,
			      "The type of a table cannot be changed after CREATE TABLE");
	if (is_setting(setting, "ACCESS_LEVEL") && table->type != TABLE_SHARED)
		return err_at(err, -EINVAL, setting->pos,
			      "ACCESS LEVEL can only be set on SHARED tables");
	return set_option(table, setting, err);
}

static int set_options(struct table *table, const struct action *action, struct err *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < action->setting_count; i++)
		rc = change_option(table, &action->settings[i], err);
	return rc;
}

int apply_action(struct table *table, const struct action *action, struct err *err)
{
	assert(action->kind != ACTION_RENAME_TABLE && action->kind != ACTION_RESTORE_VERSION);
	switch (action->kind) {
	case ACTION_ADD_COLUMN:
		return add_column(table, action, err);
	case ACTION_DROP_COLUMN:
		return drop_column(table, action, err);
	case ACTION_RENAME_COLUMN:
		return rename_column(table, action, err);
	case ACTION_SET_TYPE:
		return set_type(table, action, err);
	case ACTION_SET_NOT_NULL:
	case ACTION_DROP_NOT_NULL:
		return change_null(table, action, err);
	case ACTION_SET_DEFAULT:
	case ACTION_DROP_DEFAULT:
		return set_default(table, action, err);
	case ACTION_COLUMN_COMMENT:
		return set_column_comment(table, action, err);
	case ACTION_MODIFY_COLUMN:
		return modify_column(table, action, err);
	case ACTION_SET_OPTIONS:
		return set_options(table, action, err);
	case ACTION_TABLE_COMMENT:
	case ACTION_RENAME_TABLE:
	case ACTION_RESTORE_VERSION:
	case ACTION_KIND_COUNT:
	default:
		return comment_set(&table->arena, &table->comment, action->comment,
				   action->column.comment_pos, err);
	}
}

/* Those who read statements and documents have seen to it that it has columns, and their ids ascend. */
static int create_columns(struct table *table, const struct stmt *stmt, struct err *err)
{
	uint32_t id = 0;

	assert(stmt->column_count);
	table->columns = arena_array(&table->arena, stmt->column_count, sizeof(*table->columns));
	if (!table->columns)
		return err_nomem(err);
	for (unsigned i = 0; i < stmt->column_count; i++) {
		const struct column_spec *spec = &stmt->columns[i];
		struct column *column = &table->columns[i];
		int rc = fill_column(table, spec, column, err);

		if (rc)
			return rc;
		assert(!spec->id || spec->id > id);
		id = spec->id ? spec->id : id + 1;
		column->id = id;
		table->column_count = i + 1;
	}
	table->next_column_id = id + 1;
	return 0;
}

/* The keys are among the columns, which are as keys may be: that was read, too. */
static int mark_keys(struct table *table, const struct stmt *stmt, struct err *err)
{
	struct column *column;

	if (stmt->primary_key) {
		column = table_find_column(table, stmt->primary_key);
		assert(column);
		column->primary_key = true;
		column->nullable = false;
		if (is_null_literal(&column->def))
			return err_at(err, -EINVAL, stmt->primary_key_pos,
				      "Column '%s' is NOT NULL and cannot have DEFAULT NULL",
				      column->name);
	}
	for (unsigned i = 0; i < stmt->partition_count; i++) {
		column = table_find_column(table, stmt->partition[i]);
		assert(column && !column->partition_key);
		column->partition_key = true;
	}
	return 0;
}

/* WITH (TYPE = 'USER'): the table's type comes before the options that depend on it. */
static int choose_type(struct table *table, const struct stmt *stmt, struct err *err)
{
	static const char *const type_words[] = { "User", "Shared", "Stream", "System" };

	table->type = stmt->has_type ? stmt->type : TABLE_SHARED;
	for (unsigned i = 0; i < stmt->setting_count; i++) {
		const struct setting *setting = &stmt->settings[i];
		const char *text = setting->value.text ? setting->value.text : "NULL";
		unsigned type = TABLE_USER;

		if (!is_setting(setting, "TYPE"))
			continue;
		while (type < TABLE_SYSTEM && !name_is_word(text, strlen(text), table_type_name(type)))
			type++;
		if (type == TABLE_SYSTEM)
			return err_at(err, -EINVAL, setting->value_pos,
				      "Invalid TYPE option '%s'. Supported: USER, SHARED, STREAM", text);
		if (stmt->has_type && type != stmt->type)
			return err_at(err, -EINVAL, setting->value_pos,
				      "Conflicting table type definitions: CREATE %s TABLE vs TYPE option %s",
				      type_words[stmt->type], type_words[type]);
		table->type = type;
	}
	return 0;
}

static int create_options(struct table *table, const struct stmt *stmt, const char **location_name,
			  struct err *err)
{
	bool ttl_said = false;

	table_options_init(&table->options);
	for (unsigned i = 0; i < stmt->setting_count; i++) {
		const struct setting *setting = &stmt->settings[i];
		int rc;

		if (is_setting(setting, "TYPE"))
			continue;
		if (is_setting(setting, "LOCATION_NAME")) {
			if (setting->value.form != LITERAL_STRING)
				return err_at(err, -EINVAL, setting->value_pos,
					      "LOCATION_NAME must be a text such as 'app/messages'");
			*location_name = setting->value.text;
			continue;
		}
		ttl_said |= is_setting(setting, "TTL_SECONDS");
		rc = set_option(table, setting, err);
		if (rc)
			return rc;
	}
	if (table->type == TABLE_STREAM && !ttl_said)
		return err_at(err, -EINVAL, stmt->object.pos, "STREAM tables must specify 'TTL_SECONDS'");
	return 0;
}

static int check_primary_key(const struct table *table, long pos, struct err *err)
{
	if (table->type != TABLE_USER && table->type != TABLE_SHARED)
		return 0;
	for (unsigned i = 0; i < table->column_count; i++) {
		if (table->columns[i].primary_key)
			return 0;
	}
	return err_at(err, -EINVAL, pos, "%s tables require a PRIMARY KEY column",
		      table->type == TABLE_USER ? "User" : "Shared");
}

int apply_create(struct table *table, const struct stmt *stmt, const char **location_name,
		 struct err *err)
{
	int rc;

	*location_name = NULL;
	table->next_column_id = 1;
	table->next_rev = 1;
	rc = choose_type(table, stmt, err);
	if (!rc)
		rc = create_columns(table, stmt, err);
	if (!rc)
		rc = mark_keys(table, stmt, err);
	if (!rc)
		rc = create_options(table, stmt, location_name, err);
	if (!rc)
		rc = check_primary_key(table, stmt->object.pos, err);
	if (!rc)
		rc = comment_set(&table->arena, &table->comment, stmt->comment, stmt->comment_pos, err);
	return rc;
}

static int copy_column(struct table *table, const struct column *from, struct column *to,
		       struct err *err)
{
	*to = *from;
	to->comment = arena_strdup(&table->arena, from->comment);
	to->def.text = arena_strdup(&table->arena, from->def.text);
	if ((from->comment && !to->comment) || (from->def.text && !to->def.text))
		return err_nomem(err);
	return 0;
}

int apply_narrows(uint32_t version, const struct column *is, const struct type *was, long pos,
		  struct err *err)
{
	char from_sql[TYPE_SQL_SIZE], to_sql[TYPE_SQL_SIZE];

	return err_at(err, -EINVAL, pos,
		      "Version %u cannot be restored: column '%s' would change from %s to %s, and stored values would not survive",
		      version, is->name, type_sql(&is->type, from_sql), type_sql(was, to_sql));
}

int apply_restore(struct table *table, const struct table *old, long pos, struct err *err)
{
	struct column *columns = arena_array(&table->arena, old->column_count, sizeof(*columns));
	char storage_id[NAME_SIZE];

	if (!columns)
		return err_nomem(err);
	for (unsigned i = 0; i < old->column_count; i++) {
		const struct column *was = &old->columns[i];
		const struct column *is = table_find_column_id(table, was->id);
		int rc;

		if (is && !type_widens(&is->type, &was->type))
			return apply_narrows(old->version, is, &was->type, pos, err);
		rc = copy_column(table, was, &columns[i], err);
		if (rc)
			return rc;
		if (is) {
			columns[i].version = is->version;
			columns[i].rev = is->rev;
			columns[i].changed_at = is->changed_at;
		}
	}
	table->columns = columns;
	table->column_count = old->column_count;
	memcpy(storage_id, table->options.storage_id, sizeof(storage_id));
	table->options = old->options;
	memcpy(table->options.storage_id, storage_id, sizeof(storage_id));
	table->info.restored_from = old->version;
	return comment_set(&table->arena, &table->comment, old->comment, pos, err);
}
