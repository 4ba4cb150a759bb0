/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/info_row.h"

#include "base/stamp.h"
#include "catalog/value.h"

#include <inttypes.h>
#include <string.h>

static void put(struct info_sink *sink, const char *text, size_t len)
{
	sink->bytes += len;
	if (sink->out)
		fwrite_unlocked(text, 1, len, sink->out);
}

static void put_text(struct info_sink *sink, const char *text)
{
	put(sink, text, strlen(text));
}

/* What has the same form in JSON and in CSV. */
static void put_plain(struct info_sink *sink, const struct info_value *value)
{
	char room[STAMP_SIZE];
	int len;

	switch (value->kind) {
	case INFO_NUMBER:
		len = snprintf(room, sizeof(room), "%" PRIu64, value->number);
		put(sink, room, (size_t)len);
		break;
	case INFO_BOOL:
		put_text(sink, value->number ? "true" : "false");
		break;
	case INFO_STAMP:
		put_text(sink, stamp_format((int64_t)value->number, room));
		break;
	case INFO_NULL:
	case INFO_TEXT:
	case INFO_JSON:
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
		put_plain(sink, value);
		break;
	}
}

/* Blanks at the ends are kept by every reader only where they are quoted. */
static bool needs_quotes(const char *text)
{
	size_t len = strlen(text);

	return !len || text[0] == ' ' || text[len - 1] == ' ' || text[strcspn(text, ",\"\r\n")];
}

static void put_csv_text(struct info_sink *sink, const char *text)
{
	if (!needs_quotes(text)) {
		put_text(sink, text);
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

static void put_jsonl_row(struct info_sink *sink, const struct info_layout *layout,
			  const struct info_row *row)
{
	for (unsigned i = 0; i < layout->count; i++) {
		struct info_value value = layout->fields[i].get(row);

		put_text(sink, i ? ",\"" : "{\"");
		put_text(sink, layout->fields[i].name);
		put(sink, "\":", 2);
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
		put_csv_row(sink, layout, row);
		break;
	case INFO_FORM_COUNT:
		break;
	}
}

void info_put_head(struct info_sink *sink, enum info_form form, const struct info_layout *layout)
{
	if (form != INFO_CSV)
		return;
	for (unsigned i = 0; i < layout->count; i++) {
		if (i)
			put(sink, ",", 1);
		put_text(sink, layout->fields[i].name);
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
