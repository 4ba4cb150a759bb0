/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/document_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct field column_fields[] = {
	[COLUMN_COLUMN_ID] = { "column_id", FIELD_IS(NUMBER) | FIELD_IS(NULL) },
	[COLUMN_COLUMN_NAME] = { "column_name", FIELD_IS(STRING) },
	[COLUMN_COLUMN_VERSION] = { "column_version", FIELD_IS(NUMBER) | FIELD_IS(NULL) },
	[COLUMN_ORDINAL_POSITION] = { "ordinal_position", FIELD_IS(NUMBER) | FIELD_IS(NULL) },
	[COLUMN_DATA_TYPE] = { "data_type", FIELD_IS(STRING) },
	[COLUMN_IS_NULLABLE] = { "is_nullable", FIELD_IS(BOOLEAN) },
	[COLUMN_IS_PRIMARY_KEY] = { "is_primary_key", FIELD_IS(BOOLEAN) },
	[COLUMN_IS_PARTITION_KEY] = { "is_partition_key", FIELD_IS(BOOLEAN) },
	[COLUMN_DEFAULT_VALUE] = { "default_value", FIELD_IS(OBJECT) | FIELD_IS(NULL) },
	[COLUMN_COLUMN_COMMENT] = { "column_comment", FIELD_IS(STRING) | FIELD_IS(NULL) },
};
_Static_assert(countof(column_fields) == COLUMN_FIELD_COUNT, "every field of a column");

enum { DEFAULT_FIELD_LITERAL, DEFAULT_FIELD_FUNCTION, DEFAULT_FIELD_ARGS, DEFAULT_FIELD_COUNT };

static const struct field default_fields[] = {
	[DEFAULT_FIELD_LITERAL] = { "literal", ~0u },
	[DEFAULT_FIELD_FUNCTION] = { "function", FIELD_IS(STRING) },
	[DEFAULT_FIELD_ARGS] = { "args", FIELD_IS(ARRAY) },
};
_Static_assert(countof(default_fields) == DEFAULT_FIELD_COUNT, "every field of a default");

static bool is_true(const struct json_value *value)
{
	return value && value->text[0] == 't';
}

/* Any whole number: ddl_function knows the limits. */
static bool read_argument(const struct json_value *value, int64_t *out)
{
	char *end;

	if (value->kind != TREE_NUMBER)
		return false;
	errno = 0;
	*out = strtoll(value->text, &end, 10);
	return !errno && !*end;
}

static int read_function(const struct json_value *function, const struct json_value *args,
			 struct default_expr *out, struct err *err)
{
	out->kind = DEFAULT_FUNCTION;
	out->pos = function->pos;
	for (const struct json_value *v = args ? args->first : NULL; v; v = v->next) {
		int64_t number;

		if (!read_argument(v, &number))
			return err_parse(err, v->pos,
					 "Expected a whole number in args, found %.40s",
					 v->kind == TREE_NUMBER ? v->text :
					 json_tree_kind_name(v->kind));
		if (out->nargs < DEFAULT_ARGS_MAX)
			out->args[out->nargs] = number;
		out->nargs++;
	}
	/* More than there is room for is more than any function takes. */
	out->function = ddl_function(function->text, function->text_len, out->args, out->nargs,
				     function->pos, err);
	return out->function ? 0 : -EINVAL;
}

/* null, {"literal": ...} or {"function": ..., "args": [...]} */
static int read_default(struct document *document, const struct json_value *value,
			struct default_expr *out, struct err *err)
{
	const struct json_value *f[DEFAULT_FIELD_COUNT] = { NULL };
	int rc;

	*out = (struct default_expr){ .kind = DEFAULT_NONE, .pos = value->pos };
	if (value->kind == TREE_NULL)
		return 0;
	rc = fields_read(value, default_fields, DEFAULT_FIELD_COUNT, "default_value", f, err);
	if (rc)
		return rc;
	if (f[DEFAULT_FIELD_LITERAL] && !f[DEFAULT_FIELD_FUNCTION] && !f[DEFAULT_FIELD_ARGS]) {
		out->kind = DEFAULT_LITERAL;
		out->pos = f[DEFAULT_FIELD_LITERAL]->pos;
		return field_literal(document, f[DEFAULT_FIELD_LITERAL], &document->arena,
				     &out->literal, err);
	}
	if (f[DEFAULT_FIELD_FUNCTION] && !f[DEFAULT_FIELD_LITERAL])
		return read_function(f[DEFAULT_FIELD_FUNCTION], f[DEFAULT_FIELD_ARGS], out, err);
	return err_parse(err, value->pos,
			 "A default_value is null, {\"literal\": value} or {\"function\": name, "
			 "\"args\": []}");
}

static int read_type(const struct json_value *value, struct type *out, struct err *err)
{
	struct err inner = ERR_INIT;

	if (type_parse_text(value->text, value->text_len, out, &inner))
		return field_adopt(value, &inner, err);
	return 0;
}

static int read_comment(const struct json_value *value, struct column_spec *spec, struct err *err)
{
	spec->has_comment = true;
	spec->comment = field_comment(value);
	spec->comment_pos = value->pos;
	return comment_check(spec->comment, value->pos, err);
}

static int read_numbers(struct document_column *column, struct err *err)
{
	int rc;

	field_forget_null(&column->field[COLUMN_COLUMN_ID]);
	field_forget_null(&column->field[COLUMN_COLUMN_VERSION]);
	field_forget_null(&column->field[COLUMN_ORDINAL_POSITION]);
	rc = field_number(column->field[COLUMN_COLUMN_ID], &column->id, err);
	if (!rc)
		rc = field_number(column->field[COLUMN_COLUMN_VERSION], &column->version, err);
	if (!rc)
		rc = field_number(column->field[COLUMN_ORDINAL_POSITION], &column->ordinal, err);
	return rc;
}

/* NULL: a new column file, whose own name counts (decisions.md 55). */
static int read_name(const struct json_value *name, struct column_spec *spec, struct err *err)
{
	if (!name)
		return 0;
	if (!name->text_len)
		return err_at(err, -EINVAL, spec->pos, "column_name cannot be empty");
	return field_name(name, NAME_COLUMN, spec->name, err);
}

static int read_attributes(struct document *document, struct document_column *column,
			   struct err *err)
{
	const struct json_value *const *f = column->field;
	struct column_spec *spec = &column->spec;
	int rc;

	spec->pos = f[COLUMN_COLUMN_NAME] ? f[COLUMN_COLUMN_NAME]->pos : column->at->pos;
	spec->type_pos = f[COLUMN_DATA_TYPE]->pos;
	rc = read_name(f[COLUMN_COLUMN_NAME], spec, err);
	if (!rc)
		rc = read_type(f[COLUMN_DATA_TYPE], &spec->type, err);
	if (!rc && f[COLUMN_DEFAULT_VALUE]) {
		spec->has_default = true;
		rc = read_default(document, f[COLUMN_DEFAULT_VALUE], &spec->def, err);
	}
	if (!rc && f[COLUMN_COLUMN_COMMENT])
		rc = read_comment(f[COLUMN_COLUMN_COMMENT], spec, err);
	if (f[COLUMN_IS_NULLABLE])
		spec->null = is_true(f[COLUMN_IS_NULLABLE]) ? NULL_ALLOWED : NULL_REFUSED;
	spec->primary_key = is_true(f[COLUMN_IS_PRIMARY_KEY]);
	column->partition_key = is_true(f[COLUMN_IS_PARTITION_KEY]);
	return rc;
}

int document_read_column(struct document *document, const struct json_value *object,
			 struct document_column *out, struct err *err)
{
	bool is_new_file = document->target.kind == DOCUMENT_COLUMN && document->target.create;
	int rc = field_object(object, "a column", err);

	out->at = object;
	if (!rc)
		rc = fields_read(object, column_fields, COLUMN_FIELD_COUNT, "a column", out->field,
				 err);
	if (!rc && !out->field[COLUMN_COLUMN_NAME] && !is_new_file)
		rc = field_missing(object, "column_name", "a column", err);
	if (!rc && !out->field[COLUMN_DATA_TYPE])
		rc = field_missing(object, "data_type", "a column", err);
	if (!rc)
		rc = read_numbers(out, err);
	return rc ? rc : read_attributes(document, out, err);
}
