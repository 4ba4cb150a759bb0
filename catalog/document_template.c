/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/document.h"

#include "catalog/emit.h"
#include "catalog/option.h"
#include "catalog/print.h"

struct example {
	const char *name, *type;
	bool nullable, key;
	const char *function;	/* default; NULL = see literal */
	const char *literal;	/* compact JSON; NULL = no default */
	const char *comment;
};

static const struct example examples[] = {
	{ "id", "BIGINT", false, true, "SNOWFLAKE_ID", NULL,
	  "The primary key: USER and SHARED tables need one, and it cannot be null" },
	{ "title", "TEXT", false, false, NULL, "\"untitled\"",
	  "A column of yours: change name, type and default, or delete its whole block" },
	{ "price", "DECIMAL(10, 2)", true, false, NULL, NULL,
	  "types/ lists all data types; default_value is null, {\"literal\": ...} or "
	  "{\"function\": ..., \"args\": []}" },
	{ "created_at", "TIMESTAMP", false, false, "NOW", NULL,
	  "Functions: NOW, SNOWFLAKE_ID, UUID_V7, ULID, CURRENT_USER and others" },
};

static void emit_default(struct emit *e, const struct example *example)
{
	if (!example->function && !example->literal) {
		emit_null(e, "default_value");
		return;
	}
	emit_open(e, "default_value", '{');
	if (example->function) {
		emit_text(e, "function", example->function);
		emit_open(e, "args", '[');
		emit_close(e, ']');
	} else {
		emit_key(e, "literal");
		fputs(example->literal, e->out);
	}
	emit_close(e, '}');
}

static void emit_example(struct emit *e, const struct example *example)
{
	emit_open(e, NULL, '{');
	emit_text(e, "column_name", example->name);
	emit_text(e, "data_type", example->type);
	emit_bool(e, "is_nullable", example->nullable);
	emit_bool(e, "is_primary_key", example->key);
	emit_bool(e, "is_partition_key", false);
	emit_default(e, example);
	emit_text(e, "column_comment", example->comment);
	emit_close(e, '}');
}

static void emit_options(struct emit *e)
{
	struct table_options options;

	table_options_init(&options);
	emit_open(e, "table_options", '{');
	for (unsigned i = 0; i < table_options_count; i++) {
		if (option_applies(&table_options_rows[i], TABLE_USER))
			print_option_to(e, &table_options_rows[i], &options);
	}
	emit_close(e, '}');
}

void document_print_template(const char *namespace_name, const char *table_name, FILE *out)
{
	struct emit e = EMIT_INDENTED(out);

	emit_open(&e, NULL, '{');
	emit_text(&e, "namespace_id", namespace_name);
	emit_text(&e, "table_name", table_name);
	emit_text(&e, "table_type", table_type_name(TABLE_USER));
	emit_text(&e, "table_comment",
		  "A draft: saving this file creates the table. table_type is USER, SHARED or "
		  "STREAM (then table_options needs ttl_seconds)");
	emit_options(&e);
	emit_open(&e, "columns", '[');
	for (size_t i = 0; i < countof(examples); i++)
		emit_example(&e, &examples[i]);
	emit_close(&e, ']');
	emit_close(&e, '}');
	fputc('\n', out);
}
