/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/print.h"

#include "base/stream.h"
#include "base/utf8.h"
#include "catalog/lex.h"
#include "catalog/number.h"
#include "catalog/value.h"

#include <stdlib.h>
#include <string.h>

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Whether text can stand in a statement without quotes. */
static bool is_bare_word(const char *text)
{
	if (!is_letter(text[0]))
		return false;
	for (const char *at = text; *at; at++)
		if (!is_letter(*at) && !(*at >= '0' && *at <= '9') && *at != '_')
			return false;
	return !name_needs_quotes(text);
}

void print_name_sql(const char *name, FILE *out)
{
	if (is_bare_word(name)) {
		stream_puts(out, name);
		return;
	}
	putc_unlocked('"', out);
	for (; *name; name++) {
		if (*name == '"')
			putc_unlocked('"', out);
		putc_unlocked(*name, out);
	}
	putc_unlocked('"', out);
}

void print_string_sql(const char *text, FILE *out)
{
	lex_print_string(text, out);
}

static void print_function(const struct column_default *def, FILE *out)
{
	stream_puts(out, def->function);
	putc_unlocked('(', out);
	for (unsigned i = 0; i < def->nargs; i++) {
		if (i)
			stream_puts(out, ", ");
		number_write_signed(def->args[i], out);
	}
	putc_unlocked(')', out);
}

void print_default_sql(const struct column *column, FILE *out)
{
	switch (column->def.kind) {
	case DEFAULT_NONE:
	default:
		break;
	case DEFAULT_LITERAL:
		value_print_sql(&column->type, column->def.text, out);
		break;
	case DEFAULT_FUNCTION:
		print_function(&column->def, out);
		break;
	}
}

char *print_default_text(const struct column *column)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	if (column->def.kind == DEFAULT_NONE)
		return calloc(1, 1);
	out = text_stream(&text, &len);
	if (!out)
		return NULL;
	print_default_sql(column, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

bool print_location_is_plain(const struct table *table)
{
	size_t len = strlen(table->namespace_name);

	return !strncmp(table->location_name, table->namespace_name, len) &&
	       table->location_name[len] == '/' &&
	       !strcmp(table->location_name + len + 1, table->name);
}

static void print_comment(const char *comment, FILE *out)
{
	if (!comment)
		return;
	stream_puts(out, " COMMENT ");
	print_string_sql(comment, out);
}

static void print_column(const struct column *c, uint32_t expected_id, FILE *out)
{
	char type[TYPE_SQL_SIZE];

	stream_puts(out, "  ");
	print_name_sql(c->name, out);
	putc_unlocked(' ', out);
	stream_puts(out, type_sql(&c->type, type));
	if (c->primary_key)
		stream_puts(out, " PRIMARY KEY");
	if (!c->nullable)
		stream_puts(out, " NOT NULL");
	if (c->def.kind != DEFAULT_NONE) {
		stream_puts(out, " DEFAULT ");
		print_default_sql(c, out);
	}
	print_comment(c->comment, out);
	if (c->id != expected_id) {
		stream_puts(out, " ID ");
		number_write(c->id, out);
	}
}

static void print_columns(const struct table *table, FILE *out)
{
	uint32_t expected_id = 1;

	for (uint32_t i = 0; i < table->column_count; i++) {
		print_column(&table->columns[i], expected_id, out);
		stream_puts(out, i + 1 < table->column_count ? ",\n" : "\n");
		expected_id = table->columns[i].id + 1;
	}
}

/* " PARTITION BY (" in front of the first, ", " in front of each other one. */
static void print_partition(const struct table *table, FILE *out)
{
	const char *lead = " PARTITION BY (";

	for (uint32_t i = 0; i < table->column_count; i++) {
		if (!table->columns[i].partition_key)
			continue;
		stream_puts(out, lead);
		print_name_sql(table->columns[i].name, out);
		lead = ", ";
	}
	if (lead[0] == ',')
		putc_unlocked(')', out);
}

/* STORAGE_ID always, so that a dump says where data is; TTL_SECONDS, because it must be said. */
static bool is_worth_saying(const struct option *option, const struct table *table)
{
	if (!option_applies(option, table->type))
		return false;
	return option->kind == OPTION_STORAGE ||
	       option->offset == offsetof(struct table_options, ttl_seconds) ||
	       !option_is_default(option, &table->options);
}

static void print_options(const struct table *table, FILE *out)
{
	const char *lead = " WITH (";

	for (unsigned i = 0; i < table_options_count; i++) {
		const struct option *option = &table_options_rows[i];

		if (!is_worth_saying(option, table))
			continue;
		stream_puts(out, lead);
		stream_puts(out, option->sql);
		stream_puts(out, " = ");
		option_print_sql(option, &table->options, out);
		lead = ", ";
	}
	if (table->location_name[0] && !print_location_is_plain(table)) {
		stream_puts(out, lead);
		stream_puts(out, "LOCATION_NAME = ");
		print_string_sql(table->location_name, out);
		lead = ", ";
	}
	if (lead[0] == ',')
		putc_unlocked(')', out);
}

void print_schema_sql(const struct table *table, bool qualified, FILE *out)
{
	stream_puts(out, "CREATE ");
	stream_puts(out, table_type_name(table->type));
	stream_puts(out, " TABLE ");
	if (qualified) {
		print_name_sql(table->namespace_name, out);
		putc_unlocked('.', out);
	}
	print_name_sql(table->name, out);
	stream_puts(out, " (\n");
	print_columns(table, out);
	putc_unlocked(')', out);
	print_partition(table, out);
	print_options(table, out);
	print_comment(table->comment, out);
	stream_puts(out, ";\n");
}

/* The code unit of four hex digits, or 0. */
static uint32_t hex_unit(const char *at)
{
	char digits[5] = "";

	memcpy(digits, at, strnlen(at, 4));
	return (uint32_t)strtoul(digits, NULL, 16);
}

/* One escape behind its backslash; the input is valid, so surrogates come in pairs. */
static const char *take_escape(const char *at, char **to)
{
	static const char letters[] = "bfnrt";
	static const char meanings[] = "\b\f\n\r\t";
	const char *letter = strchr(letters, *at);
	uint32_t c;

	if (*at != 'u') {
		*(*to)++ = letter ? meanings[letter - letters] : *at;
		return at + 1;
	}
	c = hex_unit(at + 1);
	at += 5;
	if (c >= 0xd800 && c < 0xdc00 && at[0] == '\\' && at[1] == 'u') {
		c = 0x10000 + ((c - 0xd800) << 10) + (hex_unit(at + 2) - 0xdc00);
		at += 6;
	}
	*to = utf8_put(*to, c);
	return at;
}

/* The text of a valid JSON string: owned, or NULL when memory is out. */
static char *json_string_text(const char *json)
{
	char *text = malloc(strlen(json) + 1);	/* no escape is shorter than what it means */
	char *to = text;

	if (!text)
		return NULL;
	for (json++; *json && *json != '"';) {
		if (*json == '\\' && json[1])
			json = take_escape(json + 1, &to);
		else
			*to++ = *json++;
	}
	*to = '\0';
	return text;
}

static void print_json_scalar(const char *json, FILE *out)
{
	char *text;

	if (json[0] != '"') {
		stream_puts(out, json);
		return;
	}
	text = json_string_text(json);
	if (text)
		print_string_sql(text, out);
	else
		emit_fail(out);
	free(text);
}

void print_namespace_option_sql(const struct namespace_option *option, FILE *out)
{
	print_name_sql(option->key, out);
	stream_puts(out, " = ");
	print_json_scalar(option->json, out);
}

void print_namespace_sql(const struct namespace *ns, FILE *out)
{
	stream_puts(out, "CREATE NAMESPACE ");
	print_name_sql(ns->name, out);
	for (uint32_t i = 0; i < ns->option_count; i++) {
		stream_puts(out, i ? ", " : " WITH (");
		print_namespace_option_sql(&ns->options[i], out);
	}
	if (ns->option_count)
		putc_unlocked(')', out);
	print_comment(ns->comment, out);
	stream_puts(out, ";\n");
}

static void print_clause(const char *word, const char *text, FILE *out)
{
	if (!text)
		return;
	stream_puts(out, "\n  ");
	stream_puts(out, word);
	putc_unlocked(' ', out);
	print_string_sql(text, out);
}

void print_storage_sql(const struct storage *storage, bool secrets, FILE *out)
{
	stream_puts(out, "CREATE STORAGE ");
	print_name_sql(storage->storage_id, out);
	stream_puts(out, " TYPE ");
	stream_puts(out, storage_type_name(storage->type));
	print_clause("NAME", storage->storage_name, out);
	print_clause("DESCRIPTION", storage->description, out);
	print_clause("BASE_DIRECTORY", storage->base_directory, out);
	print_clause("SHARED_TABLES_TEMPLATE", storage->shared_template, out);
	print_clause("USER_TABLES_TEMPLATE", storage->user_template, out);
	print_clause("CREDENTIALS", secrets ? storage->credentials : NULL, out);
	print_clause("CONFIG", storage->config, out);
	stream_puts(out, ";\n");
}
