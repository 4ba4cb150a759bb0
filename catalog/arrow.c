/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/arrow.h"

#include "base/buf.h"
#include "catalog/arrow_format.h"
#include "catalog/emit.h"
#include "catalog/flat.h"
#include "catalog/number.h"
#include "catalog/print.h"

#include <stdlib.h>
#include <string.h>

#define TYPE_FIELDS_MAX 3
#define PAIRS_MAX 5

/* An Arrow type: which member of the union, widths and values of its fields. */
struct type_row {
	enum arrow_type type;
	unsigned count;
	uint8_t widths[TYPE_FIELDS_MAX];
	uint32_t values[TYPE_FIELDS_MAX];
};

static const struct type_row type_rows[] = {
	[TYPE_BOOLEAN] = { ARROW_BOOL, 0, { 0 }, { 0 } },
	[TYPE_INT] = { ARROW_INT, 2, { 4, 1 }, { 32, 1 } },
	[TYPE_BIGINT] = { ARROW_INT, 2, { 4, 1 }, { 64, 1 } },
	[TYPE_DOUBLE] = { ARROW_FLOATING_POINT, 1, { 2 }, { PRECISION_DOUBLE } },
	[TYPE_FLOAT] = { ARROW_FLOATING_POINT, 1, { 2 }, { PRECISION_SINGLE } },
	[TYPE_TEXT] = { ARROW_UTF8, 0, { 0 }, { 0 } },
	[TYPE_TIMESTAMP] = { ARROW_TIMESTAMP, 1, { 2 }, { UNIT_MICROSECOND } },
	[TYPE_DATE] = { ARROW_DATE, 1, { 2 }, { DATE_DAY } },
	[TYPE_DATETIME] = { ARROW_TIMESTAMP, 2, { 2, FLAT_REF }, { UNIT_MICROSECOND } },
	[TYPE_TIME] = { ARROW_TIME, 2, { 2, 4 }, { UNIT_MICROSECOND, 64 } },
	[TYPE_JSON] = { ARROW_UTF8, 0, { 0 }, { 0 } },
	[TYPE_BYTES] = { ARROW_BINARY, 0, { 0 }, { 0 } },
	[TYPE_EMBEDDING] = { ARROW_FIXED_SIZE_LIST, 1, { 4 }, { 0 } },
	[TYPE_UUID] = { ARROW_FIXED_SIZE_BINARY, 1, { 4 }, { 16 } },
	[TYPE_DECIMAL] = { ARROW_DECIMAL, 3, { 4, 4, 4 }, { 0, 0, 128 } },
	[TYPE_SMALLINT] = { ARROW_INT, 2, { 4, 1 }, { 16, 1 } },
	[TYPE_FILE] = { ARROW_UTF8, 0, { 0 }, { 0 } },
};

_Static_assert(countof(type_rows) == TYPE_ID_END, "every type has a row");

struct writer {
	struct buf buf;		/* the message */
	FILE *scratch;		/* defaults are printed to it; NULL until there is one */
	char *text;		/* owned; what scratch holds, right after a flush */
	size_t text_len;
};

/* One metadata entry that waits to be written; texts are borrowed. */
struct pair {
	const char *key;
	const char *value;
	size_t len;
};

struct pairs {
	struct pair at[PAIRS_MAX];
	unsigned count;
};

static void add_pair(struct pairs *pairs, const char *key, const char *value)
{
	pairs->at[pairs->count++] = (struct pair){ key, value, strlen(value) };
}

static void write_pairs(struct buf *b, size_t ref, const struct pairs *pairs)
{
	static const uint8_t widths[PAIR_FIELD_COUNT] = { FLAT_REF, FLAT_REF };
	size_t item = flat_vector(b, ref, pairs->count);
	size_t at[PAIR_FIELD_COUNT];

	for (unsigned i = 0; i < pairs->count; i++, item += FLAT_REF) {
		const struct pair *pair = &pairs->at[i];

		flat_table(b, item, widths, PAIR_FIELD_COUNT, at);
		flat_text(b, at[PAIR_KEY], pair->key, strlen(pair->key));
		flat_text(b, at[PAIR_VALUE], pair->value, pair->len);
	}
}

static void write_type(struct buf *b, size_t ref, const struct type *type)
{
	struct type_row row = type_rows[type->id];
	size_t at[TYPE_FIELDS_MAX];

	if (type->id == TYPE_EMBEDDING)
		row.values[0] = type->dimension;
	if (type->id == TYPE_DECIMAL) {
		row.values[0] = type->precision;
		row.values[1] = type->scale;
	}
	flat_table(b, ref, row.widths, row.count, at);
	for (unsigned i = 0; i < row.count; i++)
		flat_put(b, at[i], row.widths[i], row.values[i]);
	if (type->id == TYPE_DATETIME)
		flat_text(b, at[1], "UTC", strlen("UTC"));
}

/*
 * A field without its children and metadata: *children and *metadata are the
 * places that must lead to them.  metadata NULL: the field has none.
 */
static void write_field(struct buf *b, size_t ref, const char *name, bool nullable,
			const struct type *type, size_t *children, size_t *metadata)
{
	const uint8_t widths[FIELD_FIELD_COUNT] = {
		[FIELD_NAME] = FLAT_REF, [FIELD_NULLABLE] = 1, [FIELD_TYPE_TYPE] = 1,
		[FIELD_TYPE] = FLAT_REF, [FIELD_CHILDREN] = FLAT_REF,
		[FIELD_METADATA] = metadata ? FLAT_REF : 0,
	};
	size_t at[FIELD_FIELD_COUNT];

	flat_table(b, ref, widths, FIELD_FIELD_COUNT, at);
	flat_text(b, at[FIELD_NAME], name, strlen(name));
	flat_put(b, at[FIELD_NULLABLE], 1, nullable);
	flat_put(b, at[FIELD_TYPE_TYPE], 1, type_rows[type->id].type);
	write_type(b, at[FIELD_TYPE], type);
	*children = at[FIELD_CHILDREN];
	if (metadata)
		*metadata = at[FIELD_METADATA];
}

/* Readers expect the vector of children also where it is empty. */
static void write_children(struct buf *b, size_t ref, const struct type *type)
{
	static const struct type element = { .id = TYPE_FLOAT };
	size_t child;

	if (type->id != TYPE_EMBEDDING) {
		flat_vector(b, ref, 0);
		return;
	}
	ref = flat_vector(b, ref, 1);
	write_field(b, ref, "item", false, &element, &child, NULL);
	flat_vector(b, child, 0);
}

static const char *flags_text(const struct column *column)
{
	static const char *const texts[] = {
		"[]", "[\"pk\"]", "[\"nn\"]", "[\"pk\",\"nn\"]",
		"[\"part\"]", "[\"pk\",\"part\"]", "[\"nn\",\"part\"]", "[\"pk\",\"nn\",\"part\"]",
	};

	return texts[(column->primary_key ? 1 : 0) | (column->nullable ? 0 : 2) |
		     (column->partition_key ? 4 : 0)];
}

/* The SQL of a column's default, put into scratch; false when memory is out. */
static bool print_default(struct writer *w, const struct column *column, struct pair *out)
{
	size_t start = w->text_len;

	if (!w->scratch)
		w->scratch = open_memstream(&w->text, &w->text_len);
	if (!w->scratch)
		return false;
	print_default_sql(column, w->scratch);
	if (fflush(w->scratch) || ferror(w->scratch))
		return false;
	*out = (struct pair){ KEY_DEFAULT, w->text + start, w->text_len - start };
	return true;
}

static void write_column(struct writer *w, size_t ref, const struct column *column)
{
	struct pairs pairs = { .count = 0 };
	size_t children, metadata;
	char type[TYPE_JSON_SIZE], id[NUMBER_SIZE];

	add_pair(&pairs, KEY_DATA_TYPE, type_kalam_json(&column->type, type));
	add_pair(&pairs, KEY_FLAGS, flags_text(column));
	add_pair(&pairs, KEY_FIELD_ID, number_print_unsigned(column->id, id));
	if (column->comment)
		add_pair(&pairs, KEY_COMMENT, column->comment);
	if (column->def.kind != DEFAULT_NONE &&
	    !print_default(w, column, &pairs.at[pairs.count++])) {
		w->buf.failed = true;
		return;
	}

	write_field(&w->buf, ref, column->name, column->nullable, &column->type, &children,
		    &metadata);
	write_children(&w->buf, children, &column->type);
	write_pairs(&w->buf, metadata, &pairs);
}

static void write_table_pairs(struct buf *b, size_t ref, const struct table *table)
{
	struct pairs pairs = { .count = 0 };
	char name[2 * NAME_SIZE], id[NUMBER_SIZE], version[NUMBER_SIZE];

	snprintf(name, sizeof(name), "%s.%s", table->namespace_name, table->name);
	add_pair(&pairs, KEY_TABLE, name);
	add_pair(&pairs, KEY_TABLE_ID, number_print_unsigned(table->id, id));
	add_pair(&pairs, KEY_VERSION, number_print_unsigned(table->version, version));
	add_pair(&pairs, KEY_TABLE_TYPE, table_type_name(table->type));
	if (table->comment)
		add_pair(&pairs, KEY_COMMENT, table->comment);
	write_pairs(b, ref, &pairs);
}

static void write_message(struct writer *w, const struct table *table)
{
	static const uint8_t message_widths[MESSAGE_FIELDS] = { 2, 1, FLAT_REF, 8 };
	static const uint8_t schema_widths[SCHEMA_FIELD_COUNT] = { 2, FLAT_REF, FLAT_REF };
	struct buf *b = &w->buf;
	size_t at[MESSAGE_FIELDS], schema[SCHEMA_FIELD_COUNT], field;

	flat_begin(b);
	flat_table(b, 0, message_widths, MESSAGE_FIELDS, at);
	flat_put(b, at[MESSAGE_VERSION], 2, METADATA_V5);
	flat_put(b, at[MESSAGE_HEADER_TYPE], 1, HEADER_SCHEMA);
	flat_table(b, at[MESSAGE_HEADER], schema_widths, SCHEMA_FIELD_COUNT, schema);
	write_table_pairs(b, schema[SCHEMA_METADATA], table);
	field = flat_vector(b, schema[SCHEMA_FIELDS], table->column_count);
	for (uint32_t i = 0; i < table->column_count; i++, field += FLAT_REF)
		write_column(w, field, &table->columns[i]);
	flat_pad(b, 8);
}

void arrow_print_schema(const struct table *table, FILE *out)
{
	struct buf frame = { 0 };
	struct writer w = { 0 };

	write_message(&w, table);
	buf_le32(&frame, ARROW_CONTINUATION);
	buf_le32(&frame, (uint32_t)w.buf.len);
	buf_bytes(&frame, w.buf.at, w.buf.len);
	buf_le32(&frame, ARROW_CONTINUATION);
	buf_le32(&frame, 0);
	if (w.buf.failed || frame.failed)
		emit_fail(out);
	else
		fwrite(frame.at, 1, frame.len, out);
	buf_free(&frame);
	buf_free(&w.buf);
	if (w.scratch)
		(void)fclose(w.scratch);	/* what it could not hold was seen above */
	free(w.text);
}
