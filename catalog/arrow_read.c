/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/arrow.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "catalog/apply.h"
#include "catalog/arrow_field.h"
#include "catalog/arrow_format.h"
#include "catalog/ddl.h"
#include "catalog/flat.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Bounds the work for input whose vectors all lead to one place. */
#define METADATA_MAX 256

static int damaged(const struct flat *in, struct err *err)
{
	return err_set(err, -EINVAL, "Arrow schema message is damaged: a reference leads outside "
		       "of its %zu bytes", in->len);
}

int arrow_quote(struct text text)
{
	return (int)(text.len < QUOTE_MAX ? text.len : QUOTE_MAX);
}

static bool text_is(struct text text, const char *word)
{
	return text.at && text.len == strlen(word) && !memcmp(text.at, word, text.len);
}

static const char *const keys[ARROW_KEY_COUNT] = {
	[ARROW_KEY_DATA_TYPE] = KEY_DATA_TYPE,
	[ARROW_KEY_FLAGS] = KEY_FLAGS,
	[ARROW_KEY_FIELD_ID] = KEY_FIELD_ID,
	[ARROW_KEY_COMMENT] = KEY_COMMENT,
	[ARROW_KEY_DEFAULT] = KEY_DEFAULT,
	[ARROW_KEY_TABLE] = KEY_TABLE,
	[ARROW_KEY_TABLE_ID] = KEY_TABLE_ID,
	[ARROW_KEY_VERSION] = KEY_VERSION,
	[ARROW_KEY_TABLE_TYPE] = KEY_TABLE_TYPE,
};

/* ARROW_KEY_COUNT for a key that means nothing here. */
static unsigned find_key(struct text key)
{
	unsigned i = 0;

	while (i < ARROW_KEY_COUNT && !text_is(key, keys[i]))
		i++;
	return i;
}

static int read_metadata(const struct flat_table *owner, unsigned field,
			 struct arrow_metadata *out, struct err *err)
{
	bool seen[ARROW_KEY_COUNT + 1] = { [ARROW_KEY_COUNT] = true };
	struct flat_vector pairs;
	struct flat_table pair;

	*out = (struct arrow_metadata){ 0 };
	flat_children(owner, field, &pairs);
	if (pairs.count > METADATA_MAX)
		return err_set(err, -EINVAL, "Arrow metadata has %" PRIu32 " entries, "
			       "at most %d are allowed", pairs.count, METADATA_MAX);
	for (uint32_t i = 0; i < pairs.count && flat_item(&pairs, i, &pair); i++) {
		struct text key;
		unsigned k;

		key.at = flat_string(&pair, PAIR_KEY, &key.len);
		k = find_key(key);
		if (seen[k])
			continue;
		seen[k] = true;
		out->values[k].at = flat_string(&pair, PAIR_VALUE, &out->values[k].len);
	}
	return 0;
}

/* A decimal number from 1 to UINT32_MAX - 1, nothing around it. */
static bool parse_number(struct text text, uint32_t *out)
{
	uint64_t n = 0;

	if (!text.len || text.len > 10)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.at[i] - '0');
	}
	if (!n || n >= UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Comment of a column, or of the table (field NULL). */
static int read_comment(struct text text, struct arena *arena, const char *field,
			const char **out, struct err *err)
{
	char *copy;

	if (!text.at)
		return 0;
	if (memchr(text.at, '\0', text.len) || !utf8_is_valid(text.at, text.len))
		return err_set(err, -EINVAL, "%s%s%s has a comment that is not UTF-8 text",
			       field ? "Field '" : "Table", field ? field : "", field ? "'" : "");
	copy = arena_strndup(arena, text.at, text.len);
	if (!copy)
		return err_nomem(err);
	return comment_set(arena, out, copy, -1, err);
}

/*
 * A name of the schema.  Built-in tables have names that nobody else may use,
 * so theirs are checked for their characters only.
 */
static int read_name(enum name_kind kind, struct text text, bool built_in, char out[NAME_SIZE],
		     struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	int rc;

	if (!built_in) {
		rc = name_check_exact(kind, text.at ? text.at : "", text.len, err);
		if (rc)
			return rc;
	}
	if (!text.at || !text.len || text.len > NAME_MAX_BYTES)
		return err_set(err, -EINVAL, "A name has %zu bytes, expected 1 to %d", text.len,
			       NAME_MAX_BYTES);
	memcpy(out, text.at, text.len);
	out[text.len] = '\0';
	if (strspn(out, allowed) != text.len)
		return err_set(err, -EINVAL, "Name '%s' contains invalid characters "
			       "(only alphanumeric and underscore allowed)", out);
	return 0;
}

/* SQL text of a default, read as ALTER TABLE would. */
static int parse_default(struct text text, const struct type *type, struct arena *arena,
			 struct column_default *out, struct err *err)
{
	static const char start[] = "ALTER COLUMN c SET DEFAULT ";
	struct script script;
	struct buf sql = { 0 };
	int rc;

	buf_bytes(&sql, start, strlen(start));
	buf_bytes(&sql, text.at, text.len);
	if (sql.failed) {
		buf_free(&sql);
		return err_nomem(err);
	}
	rc = ddl_parse((const char *)sql.at, sql.len, SCOPE_TABLE, ENDING_SEMICOLON, false, true,
		       &script, err);
	buf_free(&sql);
	if (rc)
		return rc;
	if (script.count == 1 && script.stmts[0].action_count == 1)
		rc = apply_default(&script.stmts[0].actions[0].column.def, type, arena, out, err);
	else
		rc = err_set(err, -EINVAL, "More than one expression stands there");
	script_free(&script);
	return rc;
}

static int read_default(const struct arrow_field *field, struct arena *arena, struct column *column,
			struct err *err)
{
	struct text text = field->metadata.values[ARROW_KEY_DEFAULT];
	char sql[TYPE_SQL_SIZE];
	struct err why = ERR_INIT;
	int rc;

	if (!text.at)
		return 0;
	if (text.len > DEFAULT_MAX_BYTES)
		return err_set(err, -EINVAL, "Field '%s' has a default of %zu bytes, "
			       "at most %d are allowed", field->name, text.len, DEFAULT_MAX_BYTES);
	rc = parse_default(text, &column->type, arena, &column->def, &why);
	if (rc == -ENOMEM)
		return err_nomem(err);
	if (rc)
		return err_set(err, -EINVAL, "Field '%s' has a default that is none of %s (%s)",
			       field->name, type_sql(&column->type, sql), why.text);
	return 0;
}

/* The next string of a JSON array of plain strings; *at is moved behind it. */
static bool next_flag(struct text *rest, struct text *flag)
{
	const char *end;

	while (rest->len && (*rest->at == ' ' || *rest->at == ',' || *rest->at == '[')) {
		rest->at++;
		rest->len--;
	}
	if (rest->len < 2 || *rest->at != '"')
		return false;
	end = memchr(rest->at + 1, '"', rest->len - 1);
	if (!end)
		return false;
	*flag = (struct text){ rest->at + 1, (size_t)(end - rest->at) - 1 };
	rest->len -= (size_t)(end + 1 - rest->at);
	rest->at = end + 1;
	return true;
}

/* Flags that no column has here ("uq") are passed over. */
static void read_flags(const struct arrow_field *field, struct column *column)
{
	struct text rest = field->metadata.values[ARROW_KEY_FLAGS], flag;

	column->nullable = flat_uint(&field->at, FIELD_NULLABLE, 1, 0) != 0;
	while (rest.at && next_flag(&rest, &flag)) {
		if (text_is(flag, "pk"))
			column->primary_key = true;
		if (text_is(flag, "part"))
			column->partition_key = true;
		if (text_is(flag, "pk") || text_is(flag, "nn"))
			column->nullable = false;
	}
}

/* Column ids ascend, so that columns stand in the order of their fields. */
static int read_id(const struct arrow_field *field, struct table *table, struct column *column,
		   struct err *err)
{
	struct text text = field->metadata.values[ARROW_KEY_FIELD_ID];
	uint32_t id = table->next_column_id;

	if ((text.at && !parse_number(text, &id)) || id < table->next_column_id ||
	    id == UINT32_MAX)
		return err_set(err, -EINVAL, "Field '%s' has " KEY_FIELD_ID " '%.*s', expected a "
			       "number from %" PRIu32 " on", field->name, arrow_quote(text),
			       text.at, table->next_column_id);
	column->id = id;
	table->next_column_id = id + 1;
	return 0;
}

static int read_column(struct arrow_field *field, struct table *table, struct column *column,
		       struct err *err)
{
	struct text name;
	int rc;

	name.at = flat_string(&field->at, FIELD_NAME, &name.len);
	if (field->at.in->damaged)
		return damaged(field->at.in, err);
	rc = read_name(NAME_COLUMN, name, table->type == TABLE_SYSTEM, column->name, err);
	if (rc)
		return rc;
	field->name = column->name;
	rc = read_metadata(&field->at, FIELD_METADATA, &field->metadata, err);
	if (!rc)
		rc = arrow_read_type(field, &column->type, err);
	if (!rc)
		rc = read_id(field, table, column, err);
	if (rc)
		return rc;
	read_flags(field, column);
	column->version = table->version;
	rc = read_comment(field->metadata.values[ARROW_KEY_COMMENT], &table->arena, column->name,
			  &column->comment, err);
	return rc ? rc : read_default(field, &table->arena, column, err);
}

static int read_columns(const struct flat_table *schema, struct table *table, struct err *err)
{
	struct flat *in = schema->in;
	struct flat_vector fields;
	int rc = 0;

	flat_children(schema, SCHEMA_FIELDS, &fields);
	if (fields.count > COLUMNS_MAX)
		return err_set(err, -EINVAL, "Arrow schema has %" PRIu32 " fields, "
			       "at most %d are allowed", fields.count, COLUMNS_MAX);
	table->columns = arena_array(&table->arena, fields.count, sizeof(*table->columns));
	if (!table->columns)
		return err_nomem(err);
	table->next_column_id = 1;
	for (uint32_t i = 0; i < fields.count && !rc; i++) {
		struct arrow_field field = { .name = "" };

		flat_item(&fields, i, &field.at);
		rc = read_column(&field, table, &table->columns[i], err);
		if (!rc && in->damaged)
			rc = damaged(in, err);
		if (rc && err)
			snprintf(err->pointer, sizeof(err->pointer), "/fields/%" PRIu32, i);
		table->column_count = i + 1;
	}
	return rc;
}

/* "app.messages" */
static int read_table_name(struct text text, struct table *table, struct err *err)
{
	const bool built_in = table->type == TABLE_SYSTEM;
	const char *dot;
	struct text part;
	int rc;

	if (!text.at)
		return 0;
	dot = memchr(text.at, '.', text.len);
	if (!dot)
		return err_set(err, -EINVAL, KEY_TABLE " is '%.*s', expected namespace.table",
			       arrow_quote(text), text.at);
	part = (struct text){ text.at, (size_t)(dot - text.at) };
	rc = read_name(NAME_NAMESPACE, part, built_in, table->namespace_name, err);
	if (rc)
		return rc;
	part = (struct text){ dot + 1, text.len - part.len - 1 };
	return read_name(NAME_TABLE, part, built_in, table->name, err);
}

static int read_table_type(struct text text, enum table_type *out, struct err *err)
{
	*out = TABLE_SHARED;
	if (!text.at)
		return 0;
	for (unsigned i = 0; i < TABLE_TYPE_COUNT; i++) {
		if (text_is(text, table_type_name((enum table_type)i))) {
			*out = (enum table_type)i;
			return 0;
		}
	}
	return err_set(err, -EINVAL, KEY_TABLE_TYPE " is '%.*s', expected USER, SHARED, "
		       "STREAM or SYSTEM", arrow_quote(text), text.at);
}

static int read_count(const struct arrow_metadata *metadata, enum arrow_key key, uint32_t *out,
		      struct err *err)
{
	struct text text = metadata->values[key];

	if (!text.at || parse_number(text, out))
		return 0;
	return err_set(err, -EINVAL, "%s is '%.*s', expected a number from 1 to %" PRIu32,
		       keys[key], arrow_quote(text), text.at, UINT32_MAX - 1);
}

static int read_table(const struct flat_table *schema, struct table *table, struct err *err)
{
	struct arrow_metadata metadata;
	int rc = read_metadata(schema, SCHEMA_METADATA, &metadata, err);

	table->version = 1;
	table->next_rev = 1;
	table_options_init(&table->options);
	if (!rc)
		rc = read_table_type(metadata.values[ARROW_KEY_TABLE_TYPE], &table->type, err);
	if (!rc)
		rc = read_table_name(metadata.values[ARROW_KEY_TABLE], table, err);
	if (!rc)
		rc = read_count(&metadata, ARROW_KEY_TABLE_ID, &table->id, err);
	if (!rc)
		rc = read_count(&metadata, ARROW_KEY_VERSION, &table->version, err);
	if (!rc)
		rc = read_comment(metadata.values[ARROW_KEY_COMMENT], &table->arena, NULL,
				  &table->comment, err);
	return rc ? rc : read_columns(schema, table, err);
}

/* The bytes of the first message's metadata. */
static int find_message(const void *bytes, size_t len, struct flat *out, struct err *err)
{
	struct reader r = { .at = bytes, .len = len };
	const bool is_file = len >= 6 && !memcmp(bytes, "ARROW1", 6);
	uint32_t marker = read_le32(&r), size = read_le32(&r);

	if (is_file)
		return err_set(err, -EINVAL, "This is an Arrow file (it begins with ARROW1), "
			       "expected an Arrow IPC stream: write it with a stream writer");
	if (r.failed || marker != ARROW_CONTINUATION)
		return err_set(err, -EINVAL, "This is no Arrow IPC stream: it has %zu bytes and "
			       "does not begin with the marker FF FF FF FF and a length", len);
	if (!size)
		return err_set(err, -EINVAL, "Arrow stream ends at once, expected a schema "
			       "message");
	if (size > r.len)
		return err_set(err, -EINVAL, "Arrow stream is cut off: the schema message has "
			       "%" PRIu32 " bytes, %zu are there", size, r.len);
	*out = (struct flat){ .bytes = r.at, .len = size };
	(void)read_bytes(&r, size);
	if (r.len && (read_le32(&r) != ARROW_CONTINUATION || !read_bytes(&r, 4)))
		return err_set(err, -EINVAL, "Arrow stream is damaged behind its schema message: "
			       "expected the marker FF FF FF FF and a length");
	return 0;
}

static int check_message(const struct flat_table *message, struct err *err)
{
	uint64_t version = flat_uint(message, MESSAGE_VERSION, 2, 0);
	uint64_t header = flat_uint(message, MESSAGE_HEADER_TYPE, 1, 0);
	uint64_t body = flat_uint(message, MESSAGE_BODY_LENGTH, 8, 0);

	if (message->in->damaged)
		return damaged(message->in, err);
	if (version != METADATA_V4 && version != METADATA_V5)
		return err_set(err, -EINVAL, "Arrow metadata has version V%" PRIu64 ", expected "
			       "V4 or V5", version + 1);
	if (header != HEADER_SCHEMA)
		return err_set(err, -EINVAL, "The first Arrow message is of kind %" PRIu64 ", "
			       "expected a schema (1)", header);
	if (body)
		return err_set(err, -EINVAL, "The Arrow schema message has a body of %" PRIu64
			       " bytes, expected none", body);
	return 0;
}

int arrow_read_schema(const void *bytes, size_t len, struct table **out, struct err *err)
{
	struct flat_table message, schema;
	struct table *table;
	struct flat in;
	int rc;

	rc = find_message(bytes, len, &in, err);
	if (rc)
		return rc;
	flat_root(&in, &message);
	rc = check_message(&message, err);
	if (rc)
		return rc;
	if (!flat_child(&message, MESSAGE_HEADER, &schema))
		return damaged(&in, err);
	table = table_new();
	if (!table)
		return err_nomem(err);
	rc = read_table(&schema, table, err);
	if (!rc && in.damaged)
		rc = damaged(&in, err);
	if (rc) {
		table_put(table);
		return rc;
	}
	*out = table;
	return 0;
}
