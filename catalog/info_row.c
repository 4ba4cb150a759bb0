/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/info_row.h"

#include "base/stamp.h"
#include "base/stream.h"
#include "catalog/number.h"
#include "catalog/value.h"

#include <string.h>

static inline void put(struct info_sink *sink, const char *text, size_t len)
{
	sink->bytes += len;
	if (sink->out)
		stream_put(sink->out, text, len);
}

static inline void put_text(struct info_sink *sink, const char *text)
{
	put(sink, text, strlen(text));
}

/* What has the same form in JSON and in CSV. */
static void put_plain(struct info_sink *sink, const struct info_value *value)
{
	char number[NUMBER_SIZE], stamp[STAMP_SIZE];

	switch (value->kind) {
	case INFO_NUMBER:
		put_text(sink, number_print_unsigned(value->number, number));
		break;
	case INFO_BOOL:
		put_text(sink, value->number ? "true" : "false");
		break;
	case INFO_STAMP:
		put_text(sink, stamp_format((int64_t)value->number, stamp));
		break;
	case INFO_NULL:
	case INFO_TEXT:
	case INFO_JSON:
	default:
		break;
	}
}

static void put_json_string(struct info_sink *sink, const char *text)
{
	size_t len = strlen(text);
	char room[JSON_ESCAPE_SIZE];
	const char *piece;

	put(sink, "\"", 1);
	while (len) {
		size_t n = json_piece(&text, &len, room, &piece);

		put(sink, piece, n);
	}
	put(sink, "\"", 1);
}

static void put_json(struct info_sink *sink, const struct info_value *value)
{
	switch (value->kind) {
	case INFO_NULL:
		put_text(sink, "null");
		break;
	case INFO_TEXT:
		put_json_string(sink, value->text);
		break;
	case INFO_JSON:
		put_text(sink, value->text);
		break;
	case INFO_STAMP:
		put(sink, "\"", 1);
		put_plain(sink, value);
		put(sink, "\"", 1);
		break;
	case INFO_NUMBER:
	case INFO_BOOL:
	default:
		put_plain(sink, value);
		break;
	}
}

/* Blanks at the ends are kept by every reader only where they are quoted. */
static bool needs_quotes(const char *text, size_t len)
{
	static const bool ends_field[256] = {
		[','] = true, ['"'] = true, ['\r'] = true, ['\n'] = true,
	};

	if (!len || text[0] == ' ' || text[len - 1] == ' ')
		return true;
	for (size_t i = 0; i < len; i++)
		if (ends_field[(unsigned char)text[i]])
			return true;
	return false;
}

static void put_csv_text(struct info_sink *sink, const char *text)
{
	size_t whole = strlen(text);

	if (!needs_quotes(text, whole)) {
		put(sink, text, whole);
		return;
	}
	put(sink, "\"", 1);
	for (;;) {
		size_t len = strcspn(text, "\"");

		put(sink, text, len);
		if (!text[len])
			break;
		put(sink, "\"\"", 2);
		text += len + 1;
	}
	put(sink, "\"", 1);
}

/* An empty field is null, an empty text is "". */
static void put_csv(struct info_sink *sink, const struct info_value *value)
{
	if (value->kind == INFO_TEXT || value->kind == INFO_JSON)
		put_csv_text(sink, value->text);
	else
		put_plain(sink, value);
}

/* The value of one field, by form. */
typedef void put_value_fn(struct info_sink *sink, const struct info_value *value);

static put_value_fn *const put_value[] = { [INFO_JSONL] = put_json, [INFO_CSV] = put_csv };
_Static_assert(countof(put_value) == INFO_FORM_COUNT, "every form has its values");

static void put_jsonl_row(struct info_sink *sink, const struct info_layout *layout,
			  const struct info_row *row)
{
	for (unsigned i = 0; i < layout->count; i++) {
		const struct info_field *field = &layout->fields[i];
		struct info_value value = field->get(row);

		if (i) {
			put(sink, field->key, field->key_len);
		} else {
			put(sink, "{", 1);
			put(sink, field->key + 1, field->key_len - 1);
		}
		put_json(sink, &value);
	}
	put(sink, "}\n", 2);
}

static void put_csv_row(struct info_sink *sink, const struct info_layout *layout,
			const struct info_row *row)
{
	for (unsigned i = 0; i < layout->count; i++) {
		struct info_value value = layout->fields[i].get(row);

		if (i)
			put(sink, ",", 1);
		put_csv(sink, &value);
	}
	put(sink, "\n", 1);
}

void info_put_row(struct info_sink *sink, enum info_form form, const struct info_layout *layout,
		  const struct info_row *row)
{
	switch (form) {
	case INFO_JSONL:
		put_jsonl_row(sink, layout, row);
		break;
	case INFO_CSV:
	case INFO_FORM_COUNT:
	default:
		put_csv_row(sink, layout, row);
		break;
	}
}

static bool same_value(const struct info_value *a, const struct info_value *b)
{
	return a->kind == b->kind && a->number == b->number && text_equal(a->text, b->text);
}

static int64_t value_len(enum info_form form, const struct info_value *value)
{
	struct info_sink sink = { 0 };

	put_value[form](&sink, value);
	return (int64_t)sink.bytes;
}

void info_count_change(const struct info_layout *layout, const struct info_row *was,
		       const struct info_row *now, int64_t bytes[INFO_FORM_COUNT])
{
	for (unsigned i = 0; i < layout->count; i++) {
		struct info_value old = layout->fields[i].get(was);
		struct info_value new = layout->fields[i].get(now);

		if (same_value(&old, &new))
			continue;
		for (unsigned form = 0; form < INFO_FORM_COUNT; form++)
			bytes[form] += value_len((enum info_form)form, &new) -
				       value_len((enum info_form)form, &old);
	}
}

void info_put_head(struct info_sink *sink, enum info_form form, const struct info_layout *layout)
{
	if (form != INFO_CSV)
		return;
	for (unsigned i = 0; i < layout->count; i++) {
		if (i)
			put(sink, ",", 1);
		put(sink, layout->fields[i].name, layout->fields[i].name_len);
	}
	put(sink, "\n", 1);
}

struct info_value info_catalog_name(const struct info_row *row)
{
	(void)row;
	return info_text("kalamdb");
}

struct info_value info_table_schema(const struct info_row *row)
{
	return info_text(row->table->namespace_name);
}

struct info_value info_table_name(const struct info_row *row)
{
	return info_text(row->table->name);
}
