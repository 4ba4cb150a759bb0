/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/print.h"

#include "base/stream.h"
#include "catalog/value.h"

#include <string.h>

static void end_document(struct emit *e)
{
	emit_close(e, '}');
	putc_unlocked('\n', e->out);
}

static void emit_function(struct emit *e, const char *key, const struct column_default *def)
{
	emit_open(e, key, '{');
	emit_text(e, "function", def->function);
	emit_open(e, "args", '[');
	for (unsigned i = 0; i < def->nargs; i++)
		emit_number(e, NULL, def->args[i]);
	emit_close(e, ']');
	emit_close(e, '}');
}

static void emit_literal(struct emit *e, const char *key, const struct type *type, const char *text)
{
	emit_open(e, key, '{');
	if (text && type->id == TYPE_EMBEDDING) {
		emit_json(e, "literal", text, strlen(text));
	} else {
		emit_key(e, "literal");
		value_print_json(type, text, e->out);
	}
	emit_close(e, '}');
}

void print_default_to(struct emit *e, const char *key, const struct column *column)
{
	switch (column->def.kind) {
	case DEFAULT_NONE:
	default:
		emit_null(e, key);
		break;
	case DEFAULT_LITERAL:
		emit_literal(e, key, &column->type, column->def.text);
		break;
	case DEFAULT_FUNCTION:
		emit_function(e, key, &column->def);
		break;
	}
}

void print_default_json(const struct column *column, FILE *out)
{
	struct emit e = EMIT_COMPACT(out);

	print_default_to(&e, NULL, column);
}

static void emit_column(struct emit *e, const char *key, const struct column *c, bool with_version)
{
	char type[TYPE_SQL_SIZE];

	emit_open(e, key, '{');
	emit_key_here(e, "column_id");
	emit_unsigned_value(e, c->id);
	emit_key_here(e, "column_name");
	emit_text_value(e, c->name);
	if (with_version)
		emit_unsigned(e, "column_version", c->version);
	emit_key_here(e, "ordinal_position");
	emit_unsigned_value(e, c->id);
	emit_key_here(e, "data_type");
	emit_text_value(e, type_sql(&c->type, type));
	emit_key_here(e, "is_nullable");
	emit_bool_value(e, c->nullable);
	emit_key_here(e, "is_primary_key");
	emit_bool_value(e, c->primary_key);
	emit_key_here(e, "is_partition_key");
	emit_bool_value(e, c->partition_key);
	print_default_to(e, "default_value", c);
	emit_key_here(e, "column_comment");
	emit_text_value(e, c->comment);
	emit_close(e, '}');
}

void print_column_to(struct emit *e, const char *key, const struct column *column)
{
	emit_column(e, key, column, false);
}

void print_column_json(const struct column *column, FILE *out)
{
	struct emit e = EMIT_INDENTED(out);

	emit_column(&e, NULL, column, true);
	putc_unlocked('\n', out);
}

void print_column_compact(const struct column *column, FILE *out)
{
	struct emit e = EMIT_COMPACT(out);

	print_column_to(&e, NULL, column);
}

void print_option_to(struct emit *e, const struct option *option,
		     const struct table_options *options)
{
	emit_key(e, option->key);
	option_print_to(e, option, options);
}

static void emit_options(struct emit *e, const struct table *table)
{
	emit_open(e, "table_options", '{');
	for (unsigned i = 0; i < table_options_count; i++)
		if (option_applies(&table_options_rows[i], table->type))
			print_option_to(e, &table_options_rows[i], &table->options);
	emit_close(e, '}');
}

/* "app.messages" needs no escapes: names are [a-z0-9_]. */
static void emit_qualified(struct emit *e, const char *key, const struct table *table)
{
	emit_key(e, key);
	stream_put(e->out, "\"", 1);
	stream_puts(e->out, table->namespace_name);
	stream_put(e->out, ".", 1);
	stream_puts(e->out, table->name);
	stream_put(e->out, "\"", 1);
}

void print_schema_json(const struct table *table, FILE *out)
{
	struct emit e = EMIT_INDENTED(out);

	emit_open(&e, NULL, '{');
	emit_qualified(&e, "table_id", table);
	emit_unsigned(&e, "object_id", table->id);
	emit_text(&e, "namespace_id", table->namespace_name);
	emit_text(&e, "table_name", table->name);
	emit_text(&e, "table_type", table_type_name(table->type));
	emit_unsigned(&e, "schema_version", table->version);
	emit_stamp(&e, "created_at", table->created_at);
	emit_stamp(&e, "updated_at", table->updated_at);
	emit_text(&e, "table_comment", table->comment);
	emit_text(&e, "location_name", table->location_name[0] ? table->location_name : NULL);
	emit_options(&e, table);
	emit_open(&e, "columns", '[');
	for (uint32_t i = 0; i < table->column_count; i++)
		print_column_to(&e, NULL, &table->columns[i]);
	emit_close(&e, ']');
	end_document(&e);
}

static void emit_json_text(struct emit *e, const char *key, const char *json)
{
	if (json)
		emit_json(e, key, json, strlen(json));
	else
		emit_null(e, key);
}

/* A key that a person chose may hold anything. */
static void emit_namespace_option(struct emit *e, const struct namespace_option *option)
{
	emit_key(e, NULL);
	json_print_string(option->key, strlen(option->key), e->out);
	stream_puts(e->out, e->indented ? ": " : ":");
	stream_puts(e->out, option->json);
}

void print_namespace_options_to(struct emit *e, const char *key, const struct namespace *ns)
{
	emit_open(e, key, '{');
	for (uint32_t i = 0; i < ns->option_count; i++)
		emit_namespace_option(e, &ns->options[i]);
	emit_close(e, '}');
}

void print_namespace_json(const struct namespace *ns, FILE *out)
{
	struct emit e = EMIT_INDENTED(out);

	emit_open(&e, NULL, '{');
	emit_unsigned(&e, "namespace_id", ns->id);
	emit_text(&e, "name", ns->name);
	emit_unsigned(&e, "namespace_version", ns->version);
	emit_stamp(&e, "created_at", ns->created_at);
	emit_stamp(&e, "updated_at", ns->updated_at);
	emit_text(&e, "comment", ns->comment);
	print_namespace_options_to(&e, "options", ns);
	end_document(&e);
}

const char *print_masked(const char *credentials)
{
	return credentials ? "***" : NULL;
}

void print_storage_document(const struct storage *storage, FILE *out)
{
	struct emit e = EMIT_INDENTED(out);

	emit_open(&e, NULL, '{');
	emit_text(&e, "storage_id", storage->storage_id);
	emit_text(&e, "storage_name", storage->storage_name);
	emit_text(&e, "description", storage->description);
	emit_text(&e, "storage_type", storage_type_name(storage->type));
	emit_text(&e, "base_directory", storage->base_directory);
	emit_text(&e, "credentials", print_masked(storage->credentials));
	emit_json_text(&e, "config", storage->config);
	emit_text(&e, "shared_tables_template", storage->shared_template);
	emit_text(&e, "user_tables_template", storage->user_template);
	emit_unsigned(&e, "storage_version", storage->version);
	emit_stamp(&e, "created_at", storage->created_at);
	emit_stamp(&e, "updated_at", storage->updated_at);
	end_document(&e);
}

void print_author_to(struct emit *e, const char *key, const struct author *author)
{
	emit_open(e, key, '{');
	emit_unsigned(e, "uid", author->uid);
	emit_text(e, "user", author->user);
	emit_text(e, "command", author->command);
	emit_close(e, '}');
}

void print_author_json(const struct author *author, FILE *out)
{
	struct emit e = EMIT_COMPACT(out);

	print_author_to(&e, NULL, author);
}

void print_json_indented(const char *compact, size_t len, FILE *out)
{
	struct emit e = EMIT_INDENTED(out);

	emit_json(&e, NULL, compact, len);
}
