/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/print.h"

#include "base/utf8.h"
#include "catalog/number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum cell {
	CELL_ORDINAL,
	CELL_NAME,
	CELL_ID,
	CELL_TYPE,
	CELL_NULL,
	CELL_KEY,
	CELL_DEFAULT,
	CELL_COMMENT,
	CELL_COUNT
};

// clang-format off
static const struct {
	const char *title;
	bool right;	/* numbers end below each other */
} headings[] = {
	[CELL_ORDINAL] = { "#",       true  },
	[CELL_NAME]    = { "Column",  false },
	[CELL_ID]      = { "Id",      true  },
	[CELL_TYPE]    = { "Type",    false },
	[CELL_NULL]    = { "Null",    false },
	[CELL_KEY]     = { "Key",     false },
	[CELL_DEFAULT] = { "Default", false },
	[CELL_COMMENT] = { "Comment", false },
};
// clang-format on
_Static_assert(countof(headings) == CELL_COUNT, "every cell has a heading");

struct row {
	const char *cells[CELL_COUNT];	/* never NULL */
	char id[NUMBER_SIZE];
	char type[TYPE_SQL_SIZE];
	char *def;			/* owned */
};

#define PIECE_SIZE 8	/* "\uXXXX" or one character, with its NUL */

/* What is printed for the first character of text, and how wide it is; *used are its bytes. */
static unsigned piece(const char *text, size_t len, char out[PIECE_SIZE], size_t *used)
{
	static const char letters[] = { '\n', '\t', '\r' };
	const char *letter = memchr(letters, text[0], sizeof(letters));
	uint32_t cp;
	int bytes = utf8_decode(text, len, &cp);

	*used = bytes > 0 ? (size_t)bytes : 1;
	if (letter) {
		snprintf(out, PIECE_SIZE, "\\%c", "ntr"[letter - letters]);
		return 2;
	}
	if (bytes <= 0 || utf8_is_hidden(cp)) {
		snprintf(out, PIECE_SIZE, "\\u%04x", bytes > 0 ? cp & 0xffff : 0xfffd);
		return 6;
	}
	snprintf(out, PIECE_SIZE, "%.*s", bytes, text);
	return 1;
}

/* Bytes at the beginning that are one character each and printed as they are. */
static size_t plain_len(const char *text, size_t len)
{
	size_t plain = 0;

	while (plain < len && text[plain] >= ' ' && text[plain] <= '~')
		plain++;
	return plain;
}

void print_line(const char *text, size_t len, FILE *out)
{
	char printed[PIECE_SIZE];
	size_t used;

	for (; len; text += used, len -= used) {
		used = plain_len(text, len);
		if (used) {
			fwrite(text, 1, used, out);
			continue;
		}
		piece(text, len, printed, &used);
		fputs(printed, out);
	}
}

/* Characters that print_line prints. */
static unsigned line_width(const char *text)
{
	char printed[PIECE_SIZE];
	unsigned width = 0;
	size_t used;

	for (size_t len = strlen(text); len; text += used, len -= used) {
		used = plain_len(text, len);
		width += used ? (unsigned)used : piece(text, len, printed, &used);
	}
	return width;
}

/* Bytes of text without the blanks at its end. */
static size_t trimmed_len(const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		len--;
	return len;
}

static const char *key_name(const struct column *c)
{
	if (c->primary_key)
		return c->partition_key ? "PK,PART" : "PK";
	return c->partition_key ? "PART" : "";
}

/* false when memory is out; the row is to be freed in any case. */
static bool row_init(struct row *row, const struct column *c)
{
	row->def = print_default_text(c);
	row->cells[CELL_ORDINAL] = number_print_unsigned(c->id, row->id);
	row->cells[CELL_NAME] = c->name;
	row->cells[CELL_ID] = row->id;
	row->cells[CELL_TYPE] = type_sql(&c->type, row->type);
	row->cells[CELL_NULL] = c->nullable ? "YES" : "NO";
	row->cells[CELL_KEY] = key_name(c);
	row->cells[CELL_DEFAULT] = row->def ? row->def : "";
	row->cells[CELL_COMMENT] = c->comment ? c->comment : "";
	return row->def;
}

static void widen(unsigned widths[CELL_COUNT], const struct row *row)
{
	for (unsigned i = 0; i < CELL_COUNT; i++) {
		unsigned width = line_width(row->cells[i]);

		if (widths[i] < width)
			widths[i] = width;
	}
}

static void print_blanks(unsigned count, FILE *out)
{
	static const char blanks[] = "                                ";

	for (; count >= sizeof(blanks); count -= (unsigned)sizeof(blanks) - 1)
		fputs(blanks, out);
	fwrite(blanks, 1, count, out);
}

/* Cells up to the last one that is not empty, so that no line ends in blanks. */
static void print_row(const struct row *row, const unsigned widths[CELL_COUNT], FILE *out)
{
	unsigned last = CELL_COUNT - 1;

	while (!trimmed_len(row->cells[last]))
		last--;
	fputc(' ', out);
	for (unsigned i = 0; i <= last; i++) {
		unsigned blanks = widths[i] - line_width(row->cells[i]);

		if (headings[i].right)
			print_blanks(blanks, out);
		print_line(row->cells[i], i < last ? strlen(row->cells[i]) :
			      trimmed_len(row->cells[i]), out);
		if (i < last)
			print_blanks(2 + (headings[i].right ? 0 : blanks), out);
	}
	fputc('\n', out);
}

static void print_rows(const struct table *table, FILE *out)
{
	unsigned widths[CELL_COUNT] = { 0 };
	struct row head = { 0 }, row;

	for (unsigned i = 0; i < CELL_COUNT; i++)
		head.cells[i] = headings[i].title;
	widen(widths, &head);
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (!row_init(&row, &table->columns[i]))
			emit_fail(out);
		widen(widths, &row);
		free(row.def);
	}
	print_row(&head, widths, out);
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (!row_init(&row, &table->columns[i]))
			emit_fail(out);
		print_row(&row, widths, out);
		free(row.def);
	}
}

/* Policies, switches and limits that say nothing while they are off. */
static const size_t quiet_options[] = {
	offsetof(struct table_options, flush_policy),
	offsetof(struct table_options, use_user_storage),
	offsetof(struct table_options, max_stream_size_bytes),
};

static bool is_shown(const struct option *option, const struct table *table)
{
	if (!option_applies(option, table->type) || option->kind == OPTION_STORAGE)
		return false;
	for (unsigned i = 0; i < countof(quiet_options); i++)
		if (option->offset == quiet_options[i])
			return !option_is_default(option, &table->options);
	return true;
}

static void print_options(const struct table *table, FILE *out)
{
	const char *lead = "Options: ";

	for (unsigned i = 0; i < table_options_count; i++) {
		const struct option *option = &table_options_rows[i];

		if (!is_shown(option, table))
			continue;
		fprintf(out, "%s%s ", lead, option->sql);
		option_print_sql(option, &table->options, out);
		lead = ", ";
	}
	if (lead[0] == ',')
		fputc('\n', out);
}

void print_describe(const struct table *table, FILE *out)
{
	fprintf(out, "%s TABLE %s   version %" PRIu32 "   %" PRIu32 " column%s",
		table_type_name(table->type), table->name, table->version, table->column_count,
		table->column_count == 1 ? "" : "s");
	if (table->type != TABLE_SYSTEM)
		fprintf(out, "   storage %s", table->options.storage_id);
	fputs("\n\n", out);
	print_rows(table, out);
	fputc('\n', out);
	print_options(table, out);
	if (table->comment && trimmed_len(table->comment)) {
		fputs("Comment: ", out);
		print_line(table->comment, trimmed_len(table->comment), out);
		fputc('\n', out);
	}
}
