/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/document_parse.h"

#include "catalog/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 16

#define ID_NUMBER (FIELD_IS(NUMBER) | FIELD_IS(NULL))
#define ID_STRING (FIELD_IS(STRING) | FIELD_IS(NULL))

static const struct field table_fields[] = {
	[TABLE_TABLE_ID] = { "table_id", ID_STRING },
	[TABLE_OBJECT_ID] = { "object_id", ID_NUMBER },
	[TABLE_NAMESPACE_ID] = { "namespace_id", ID_STRING },
	[TABLE_TABLE_NAME] = { "table_name", ID_STRING },
	[TABLE_TABLE_TYPE] = { "table_type", ID_STRING },
	[TABLE_SCHEMA_VERSION] = { "schema_version", ID_NUMBER },
	[TABLE_CREATED_AT] = { "created_at", ID_STRING },
	[TABLE_UPDATED_AT] = { "updated_at", ID_STRING },
	[TABLE_TABLE_COMMENT] = { "table_comment", FIELD_IS(STRING) | FIELD_IS(NULL) },
	[TABLE_LOCATION_NAME] = { "location_name", ID_STRING },
	[TABLE_TABLE_OPTIONS] = { "table_options", FIELD_IS(OBJECT) },
	[TABLE_COLUMNS] = { "columns", FIELD_IS(ARRAY) },
};
_Static_assert(countof(table_fields) == TABLE_FIELD_COUNT, "every field of a table");

enum { FLUSH_FIELD_TYPE, FLUSH_FIELD_ROWS, FLUSH_FIELD_INTERVAL, FLUSH_FIELD_COUNT };

static const struct field flush_fields[] = {
	[FLUSH_FIELD_TYPE] = { "type", FIELD_IS(STRING) },
	[FLUSH_FIELD_ROWS] = { "row_limit", FIELD_IS(NUMBER) },
	[FLUSH_FIELD_INTERVAL] = { "interval_seconds", FIELD_IS(NUMBER) },
};
_Static_assert(countof(flush_fields) == FLUSH_FIELD_COUNT, "every field of a flush policy");

static const struct {
	const char *type;
	bool rows, interval;
	const char *keys;
} flush_types[] = {
	{ "row_limit", true, false, "row_limit" },
	{ "time_interval", false, true, "interval_seconds" },
	{ "combined", true, true, "row_limit and interval_seconds" },
};

static int flush_type(const struct json_value *type, size_t *out, struct err *err)
{
	const char *names[countof(flush_types)], *near;

	for (*out = 0; *out < countof(flush_types); ++*out) {
		if (strcmp(flush_types[*out].type, type->text) == 0)
			return 0;
		names[*out] = flush_types[*out].type;
	}
	near = name_nearest(type->text, type->text_len, names, countof(names));
	return err_parse(err, type->pos,
			 "Unknown flush_policy type '%.40s'. Expected row_limit, time_interval or "
			 "combined%s%s%s", type->text, near ? ". Did you mean " : "",
			 near ? near : "", near ? "?" : "");
}

/* {"type":"combined","row_limit":1000,"interval_seconds":60} is 'rows:1000,interval:60'. */
static int read_flush(struct document *document, const struct json_value *value,
		      struct literal *out, struct err *err)
{
	const struct json_value *f[FLUSH_FIELD_COUNT] = { NULL };
	const char *rows = "", *interval = "";
	size_t type, size;
	char *text;
	int rc = fields_read(value, flush_fields, FLUSH_FIELD_COUNT, "flush_policy", f, err);

	if (rc)
		return rc;
	if (!f[FLUSH_FIELD_TYPE])
		return field_missing(value, "type", "flush_policy", err);
	rc = flush_type(f[FLUSH_FIELD_TYPE], &type, err);
	if (rc)
		return rc;
	if (!f[FLUSH_FIELD_ROWS] == flush_types[type].rows ||
	    !f[FLUSH_FIELD_INTERVAL] == flush_types[type].interval)
		return err_parse(err, value->pos,
				 "A flush_policy of type %s has the key%s %s besides its type",
				 flush_types[type].type,
				 flush_types[type].rows && flush_types[type].interval ? "s" : "",
				 flush_types[type].keys);
	if (f[FLUSH_FIELD_ROWS])
		rows = f[FLUSH_FIELD_ROWS]->text;
	if (f[FLUSH_FIELD_INTERVAL])
		interval = f[FLUSH_FIELD_INTERVAL]->text;
	size = strlen(rows) + strlen(interval) + sizeof("rows:,interval:");
	text = arena_alloc(&document->arena, size);
	if (!text)
		return err_nomem(err);
	out->form = LITERAL_STRING;
	out->len = (size_t)snprintf(text, size, "%s%s%s%s%s", *rows ? "rows:" : "", rows,
				    *rows && *interval ? "," : "", *interval ? "interval:" : "",
				    interval);
	out->text = text;
	return 0;
}

static const struct option *find_option(const char *key)
{
	for (unsigned i = 0; i < table_options_count; i++) {
		if (strcmp(table_options_rows[i].key, key) == 0)
			return &table_options_rows[i];
	}
	return NULL;
}

static unsigned option_kinds(const struct option *option)
{
	switch (option->kind) {
	case OPTION_STORAGE:
	case OPTION_ENUM:
		return FIELD_IS(STRING);
	case OPTION_BOOL:
		return FIELD_IS(BOOLEAN);
	case OPTION_U32:
	case OPTION_U64:
		return FIELD_IS(NUMBER);
	case OPTION_FLUSH:
	default:
		return FIELD_IS(OBJECT) | FIELD_IS(NULL);
	}
}

/* The keys to choose from are those of the table's type, if the document says it. */
static int unknown_option(const struct document_table *table, const struct json_value *member,
			  struct err *err)
{
	enum table_type type = table->field[TABLE_TABLE_TYPE] ? table->type : TABLE_TYPE_COUNT;
	struct field fields[OPTIONS_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < table_options_count; i++) {
		const struct option *option = &table_options_rows[i];

		if (type == TABLE_TYPE_COUNT ? option->types != 1u << TABLE_SYSTEM :
					       option_applies(option, type))
			fields[count++].key = option->key;
	}
	return field_unknown(member, fields, count, "table_options", err);
}

static int read_option(struct document *document, const struct json_value *member,
		       struct setting *out, struct err *err)
{
	const struct option *option = find_option(member->key);
	char name[NAME_SIZE];

	if (!option)
		return unknown_option(&document->table, member, err);
	if (!(option_kinds(option) & 1u << member->kind))
		return field_wrong_kind(member, option_kinds(option), err);
	out->name = option->key;
	out->pos = member->key_pos;
	out->value_pos = member->pos;
	if (option->kind == OPTION_STORAGE) {
		int rc = field_name(member, NAME_STORAGE, name, err);

		if (rc)
			return rc;
	}
	if (option->kind == OPTION_FLUSH && member->kind == TREE_OBJECT)
		return read_flush(document, member, &out->value, err);
	return field_literal(document, member, &document->arena, &out->value, err);
}

static int read_options(struct document *document, const struct json_value *object,
			struct err *err)
{
	struct document_table *table = &document->table;

	if (!object)
		return 0;
	table->settings = arena_array(&document->arena, object->count, sizeof(*table->settings));
	if (!table->settings)
		return err_nomem(err);
	for (const struct json_value *v = object->first; v; v = v->next) {
		int rc = read_option(document, v, &table->settings[table->setting_count++], err);

		if (rc)
			return rc;
	}
	return 0;
}

static int read_table_type(const struct json_value *value, enum table_type *out, struct err *err)
{
	if (!value)
		return 0;
	for (unsigned i = 0; i < TABLE_TYPE_COUNT; i++) {
		if (strcmp(value->text, table_type_name((enum table_type)i)) == 0) {
			*out = (enum table_type)i;
			return 0;
		}
	}
	return err_at(err, -EINVAL, value->pos,
		      "Unknown table_type '%.40s'. Expected USER, SHARED or STREAM", value->text);
}

/* The name inside a new table's document means nothing. */
static int read_names(struct document *document, struct err *err)
{
	struct document_table *table = &document->table;
	const struct json_value *ns = table->field[TABLE_NAMESPACE_ID];
	const struct json_value *name = table->field[TABLE_TABLE_NAME];
	int rc = 0;

	if (document->target.create)
		return 0;
	if (ns && (strcmp(ns->text, "default") == 0 || strcmp(ns->text, "system") == 0))
		memcpy(table->namespace_name, ns->text, ns->text_len + 1);
	else if (ns)
		rc = field_name(ns, NAME_NAMESPACE, table->namespace_name, err);
	if (!rc && name)
		rc = field_name(name, NAME_TABLE, table->name, err);
	return rc;
}

static int compare_names(const void *a, const void *b)
{
	const struct document_column *x = *(const struct document_column *const *)a;
	const struct document_column *y = *(const struct document_column *const *)b;
	int order = strcmp(x->spec.name, y->spec.name);

	if (order)
		return order;
	return (x > y) - (x < y);
}

static int check_names(const struct document_table *table, struct err *err)
{
	const struct document_column **sorted = calloc(table->column_count, sizeof(*sorted));
	const struct document_column *twice = NULL;

	if (!sorted)
		return err_nomem(err);
	for (unsigned i = 0; i < table->column_count; i++)
		sorted[i] = &table->columns[i];
	qsort(sorted, table->column_count, sizeof(*sorted), compare_names);
	for (unsigned i = 1; i < table->column_count; i++) {
		if (strcmp(sorted[i - 1]->spec.name, sorted[i]->spec.name) == 0 &&
		    (!twice || sorted[i] < twice))
			twice = sorted[i];
	}
	free(sorted);
	if (!twice)
		return 0;
	return err_at(err, -EINVAL, twice->spec.pos,
		      "Duplicate column name '%s'. Column names are case-insensitive.",
		      twice->spec.name);
}

static int read_columns(struct document *document, const struct json_value *array, struct err *err)
{
	struct document_table *table = &document->table;

	if (!array)
		return field_missing(document->root, "columns", "the table", err);
	if (!array->count)
		return err_at(err, -EINVAL, array->pos, "Table must have at least 1 column");
	if (array->count > COLUMNS_MAX)
		return err_at(err, -EINVAL, array->pos, "Table has %u columns, max %d",
			      array->count, COLUMNS_MAX);
	table->columns = arena_array(&document->arena, array->count, sizeof(*table->columns));
	if (!table->columns)
		return err_nomem(err);
	for (const struct json_value *v = array->first; v; v = v->next) {
		int rc = document_read_column(document, v,
					      &table->columns[table->column_count++], err);

		if (rc)
			return rc;
	}
	return check_names(table, err);
}

/* Everything but these may be null where it is not known. */
static void forget_nulls(struct document_table *table)
{
	for (unsigned i = 0; i < TABLE_FIELD_COUNT; i++) {
		if (i != TABLE_TABLE_COMMENT)
			field_forget_null(&table->field[i]);
	}
}

int document_read_table(struct document *document, struct err *err)
{
	struct document_table *table = &document->table;
	int rc = fields_read(document->root, table_fields, TABLE_FIELD_COUNT, "the table",
			     table->field, err);

	if (rc)
		return rc;
	forget_nulls(table);
	rc = field_number(table->field[TABLE_SCHEMA_VERSION], &table->version, err);
	if (!rc)
		rc = read_table_type(table->field[TABLE_TABLE_TYPE], &table->type, err);
	if (!rc)
		rc = read_names(document, err);
	if (!rc && table->field[TABLE_TABLE_COMMENT]) {
		table->has_comment = true;
		table->comment = field_comment(table->field[TABLE_TABLE_COMMENT]);
		rc = comment_check(table->comment, table->field[TABLE_TABLE_COMMENT]->pos, err);
	}
	if (!rc)
		rc = read_options(document, table->field[TABLE_TABLE_OPTIONS], err);
	return rc ? rc : read_columns(document, table->field[TABLE_COLUMNS], err);
}
