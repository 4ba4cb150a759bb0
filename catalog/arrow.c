/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/arrow.h"

#include "base/buf.h"
#include "base/stream.h"
#include "catalog/arrow_format.h"
#include "catalog/emit.h"
#include "catalog/flat.h"
#include "catalog/number.h"
#include "catalog/print.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_FIELDS_MAX 3
#define PAIRS_MAX 5
#define COLUMN_ROOM 448

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
	struct flat_shape pair, field;
	FILE *scratch;		/* defaults are printed to it; NULL until there is one */
	char *text;		/* owned; what scratch holds, right after a flush */
	size_t text_len;
};

/* One metadata entry that waits to be written; texts are borrowed. */
struct pair {
	const char *key, *value;
	size_t key_len, len;
};

struct pairs {
	struct pair at[PAIRS_MAX];
	unsigned count;
};

/* Inline, so that the length of a key need not be counted. */
static inline void add_pair(struct pairs *pairs, const char *key, const char *value, size_t len)
{
	pairs->at[pairs->count++] = (struct pair){ key, value, strlen(key), len };
}

static inline void add_text(struct pairs *pairs, const char *key, const char *value)
{
	add_pair(pairs, key, value, strlen(value));
}

static inline void add_number(struct pairs *pairs, const char *key, uint64_t value,
			      char text[NUMBER_SIZE])
{
	add_pair(pairs, key, number_print_unsigned(value, text), number_width(value));
}

static void write_pairs(struct writer *w, size_t ref, const struct pairs *pairs)
{
	struct buf *b = &w->buf;
	size_t item = flat_vector(b, ref, pairs->count);
	size_t at[PAIR_FIELD_COUNT];

	for (unsigned i = 0; i < pairs->count; i++, item += FLAT_REF) {
		const struct pair *pair = &pairs->at[i];

		flat_shaped(b, item, &w->pair, at);
		flat_text(b, at[PAIR_KEY], pair->key, pair->key_len);
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

static const uint8_t field_widths[FIELD_FIELD_COUNT] = {
	[FIELD_NAME] = FLAT_REF, [FIELD_NULLABLE] = 1, [FIELD_TYPE_TYPE] = 1,
	[FIELD_TYPE] = FLAT_REF, [FIELD_CHILDREN] = FLAT_REF, [FIELD_METADATA] = FLAT_REF,
};
/* Of what a list holds: without metadata. */
static const uint8_t element_widths[FIELD_FIELD_COUNT] = {
	[FIELD_NAME] = FLAT_REF, [FIELD_NULLABLE] = 1, [FIELD_TYPE_TYPE] = 1,
	[FIELD_TYPE] = FLAT_REF, [FIELD_CHILDREN] = FLAT_REF,
};

/* A field without its children and metadata: at tells the places that must lead to them. */
static void write_field(struct buf *b, size_t ref, const struct flat_shape *shape, const char *name,
			bool nullable, const struct type *type, size_t at[FIELD_FIELD_COUNT])
{
	flat_shaped(b, ref, shape, at);
	flat_text(b, at[FIELD_NAME], name, strlen(name));
	flat_put(b, at[FIELD_NULLABLE], 1, nullable);
	flat_put(b, at[FIELD_TYPE_TYPE], 1, type_rows[type->id].type);
	write_type(b, at[FIELD_TYPE], type);
}

/* Readers expect the vector of children also where it is empty. */
static void write_children(struct buf *b, size_t ref, const struct type *type)
{
	static const struct type element = { .id = TYPE_FLOAT };
	struct flat_shape shape;
	size_t child[FIELD_FIELD_COUNT];

	if (type->id != TYPE_EMBEDDING) {
		flat_vector(b, ref, 0);
		return;
	}
	ref = flat_vector(b, ref, 1);
	shape = flat_shape(element_widths, FIELD_FIELD_COUNT);
	write_field(b, ref, &shape, "item", false, &element, child);
	flat_vector(b, child[FIELD_CHILDREN], 0);
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
		w->scratch = text_stream(&w->text, &w->text_len);
	if (!w->scratch)
		return false;
	print_default_sql(column, w->scratch);
	if (fflush(w->scratch) || ferror(w->scratch))
		return false;
	*out = (struct pair){ KEY_DEFAULT, w->text + start, strlen(KEY_DEFAULT),
			      w->text_len - start };
	return true;
}

static void write_column(struct writer *w, size_t ref, const struct column *column)
{
	size_t at[FIELD_FIELD_COUNT];
	char type[TYPE_JSON_SIZE], id[NUMBER_SIZE];
	struct pairs pairs;

	pairs.count = 0;
	add_text(&pairs, KEY_DATA_TYPE, type_kalam_json(&column->type, type));
	add_text(&pairs, KEY_FLAGS, flags_text(column));
	add_number(&pairs, KEY_FIELD_ID, column->id, id);
	if (column->comment)
		add_text(&pairs, KEY_COMMENT, column->comment);
	if (column->def.kind != DEFAULT_NONE &&
	    !print_default(w, column, &pairs.at[pairs.count++])) {
		w->buf.failed = true;
		return;
	}

	write_field(&w->buf, ref, &w->field, column->name, column->nullable, &column->type, at);
	write_children(&w->buf, at[FIELD_CHILDREN], &column->type);
	write_pairs(w, at[FIELD_METADATA], &pairs);
}

static void write_table_pairs(struct writer *w, size_t ref, const struct table *table)
{
	char name[2 * NAME_SIZE], id[NUMBER_SIZE], version[NUMBER_SIZE];
	struct pairs pairs;

	pairs.count = 0;
	snprintf(name, sizeof(name), "%s.%s", table->namespace_name, table->name);
	add_text(&pairs, KEY_TABLE, name);
	add_number(&pairs, KEY_TABLE_ID, table->id, id);
	add_number(&pairs, KEY_VERSION, table->version, version);
	add_text(&pairs, KEY_TABLE_TYPE, table_type_name(table->type));
	if (table->comment)
		add_text(&pairs, KEY_COMMENT, table->comment);
	write_pairs(w, ref, &pairs);
}

static void write_message(struct writer *w, const struct table *table)
{
	static const uint8_t message_widths[MESSAGE_FIELDS] = { 2, 1, FLAT_REF, 8 };
	static const uint8_t schema_widths[SCHEMA_FIELD_COUNT] = { 2, FLAT_REF, FLAT_REF };
	static const uint8_t pair_widths[PAIR_FIELD_COUNT] = { FLAT_REF, FLAT_REF };
	struct buf *b = &w->buf;
	size_t at[MESSAGE_FIELDS], schema[SCHEMA_FIELD_COUNT], field;

	w->pair = flat_shape(pair_widths, PAIR_FIELD_COUNT);
	w->field = flat_shape(field_widths, FIELD_FIELD_COUNT);
	/* Most columns need less. */
	(void)buf_reserve(b, COLUMN_ROOM * (1 + (size_t)table->column_count));
	flat_begin(b);
	flat_table(b, 0, message_widths, MESSAGE_FIELDS, at);
	flat_put(b, at[MESSAGE_VERSION], 2, METADATA_V5);
	flat_put(b, at[MESSAGE_HEADER_TYPE], 1, HEADER_SCHEMA);
	flat_table(b, at[MESSAGE_HEADER], schema_widths, SCHEMA_FIELD_COUNT, schema);
	write_table_pairs(w, schema[SCHEMA_METADATA], table);
	field = flat_vector(b, schema[SCHEMA_FIELDS], table->column_count);
	for (uint32_t i = 0; i < table->column_count; i++, field += FLAT_REF)
		write_column(w, field, &table->columns[i]);
	flat_pad(b, 8);
}

static void put_u32(uint32_t v, FILE *out)
{
	v = htole32(v);
	stream_put(out, &v, sizeof(v));
}

void arrow_print_schema(const struct table *table, FILE *out)
{
	struct writer w;

	w.buf = (struct buf){ 0 };
	w.scratch = NULL;
	w.text = NULL;
	w.text_len = 0;
	write_message(&w, table);
	if (w.buf.failed) {
		emit_fail(out);
	} else {
		put_u32(ARROW_CONTINUATION, out);
		put_u32((uint32_t)w.buf.len, out);
		stream_put(out, w.buf.at, w.buf.len);
		put_u32(ARROW_CONTINUATION, out);
		put_u32(0, out);
	}
	buf_free(&w.buf);
	if (w.scratch)
		(void)fclose(w.scratch);	/* what it could not hold was seen above */
	free(w.text);
}
