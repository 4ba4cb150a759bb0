/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/print.h"

#include "base/stream.h"
#include "base/utf8.h"
#include "catalog/number.h"

#include <stdlib.h>
#include <string.h>

enum cell_id {
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

struct cell {
	const char *text;
	size_t len;
	unsigned width;		/* characters that are printed of it */
	bool is_plain;		/* these are its bytes */
};

#define CELL(constant) { (constant), sizeof(constant) - 1, sizeof(constant) - 1, true }

// clang-format off
static const struct cell headings[] = {
	[CELL_ORDINAL] = CELL("#"),
	[CELL_NAME]    = CELL("Column"),
	[CELL_ID]      = CELL("Id"),
	[CELL_TYPE]    = CELL("Type"),
	[CELL_NULL]    = CELL("Null"),
	[CELL_KEY]     = CELL("Key"),
	[CELL_DEFAULT] = CELL("Default"),
	[CELL_COMMENT] = CELL("Comment"),
};

/* Numbers end below each other. */
static const bool is_right[CELL_COUNT] = {
	[CELL_ORDINAL] = true,
	[CELL_ID] = true,
};
// clang-format on
_Static_assert(countof(headings) == CELL_COUNT, "every cell has a heading");

struct row {
	struct cell cells[CELL_COUNT];
	char id[NUMBER_SIZE];
	char type[TYPE_SQL_SIZE];
	char *def;			/* owned; NULL = none */
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
	size_t plain = utf8_plain(text, len);

	while (plain < len && text[plain] >= ' ' && text[plain] <= '~') {
		plain++;
		plain += utf8_plain(text + plain, len - plain);
	}
	return plain;
}

void print_line(const char *text, size_t len, FILE *out)
{
	char printed[PIECE_SIZE];
	size_t used;

	for (; len; text += used, len -= used) {
		used = plain_len(text, len);
		if (used) {
			stream_put(out, text, used);
			continue;
		}
		piece(text, len, printed, &used);
		stream_puts(out, printed);
	}
}

/* Characters that print_line prints. */
static unsigned line_width(const char *text, size_t len)
{
	char printed[PIECE_SIZE];
	unsigned width = 0;
	size_t used;

	for (; len; text += used, len -= used) {
		used = plain_len(text, len);
		width += used ? (unsigned)used : piece(text, len, printed, &used);
	}
	return width;
}

/* Bytes of text without the blanks at its end. */
static size_t trimmed_len(const char *text, size_t len)
{
	while (len && text[len - 1] == ' ')
		len--;
	return len;
}

static struct cell key_cell(const struct column *c)
{
	static const struct cell cells[] = { CELL(""), CELL("PK"), CELL("PART"), CELL("PK,PART") };

	return cells[(c->primary_key ? 1 : 0) | (c->partition_key ? 2 : 0)];
}

static struct cell null_cell(const struct column *c)
{
	static const struct cell cells[] = { CELL("NO"), CELL("YES") };

	return cells[c->nullable];
}

/* NULL is empty. */
static struct cell text_cell(const char *text)
{
	struct cell cell = CELL("");

	if (!text)
		return cell;
	cell.text = text;
	cell.len = strlen(text);
	cell.is_plain = plain_len(text, cell.len) == cell.len;
	cell.width = cell.is_plain ? (unsigned)cell.len : line_width(text, cell.len);
	return cell;
}

static struct cell id_cell(const struct column *c, char text[NUMBER_SIZE])
{
	unsigned width = number_width(c->id);

	return (struct cell){ number_print_unsigned(c->id, text), width, width, true };
}

/* false when memory is out. */
static bool row_init(struct row *row, const struct column *c)
{
	bool has_default = c->def.kind != DEFAULT_NONE;

	row->def = has_default ? print_default_text(c) : NULL;
	row->cells[CELL_ORDINAL] = row->cells[CELL_ID] = id_cell(c, row->id);
	row->cells[CELL_NAME] = text_cell(c->name);
	row->cells[CELL_TYPE] = text_cell(type_sql(&c->type, row->type));
	row->cells[CELL_NULL] = null_cell(c);
	row->cells[CELL_KEY] = key_cell(c);
	row->cells[CELL_DEFAULT] = text_cell(row->def);
	row->cells[CELL_COMMENT] = text_cell(c->comment);
	return !has_default || row->def;
}

static void widen(unsigned widths[CELL_COUNT], const struct cell cells[CELL_COUNT])
{
	for (unsigned i = 0; i < CELL_COUNT; i++)
		if (widths[i] < cells[i].width)
			widths[i] = cells[i].width;
}

static void print_blanks(unsigned count, FILE *out)
{
	static const char blanks[32] = "                                ";
	char *at;

	for (; count > sizeof(blanks); count -= (unsigned)sizeof(blanks))
		stream_put(out, blanks, sizeof(blanks));
	at = stream_room(out, sizeof(blanks));
	if (!at) {
		stream_put(out, blanks, count);
		return;
	}
	/* A copy of fixed length is two instructions, and what is too much is written over. */
	memcpy(at, blanks, sizeof(blanks));
	stream_take(out, at + count);
}

static void print_cell(const struct cell *cell, size_t len, FILE *out)
{
	if (cell->is_plain)
		stream_put(out, cell->text, len);
	else
		print_line(cell->text, len, out);
}

/* Cells up to the last one that is not empty, so that no line ends in blanks. */
static void print_row(const struct cell cells[CELL_COUNT], const unsigned widths[CELL_COUNT],
		      FILE *out)
{
	unsigned last = CELL_COUNT - 1;

	while (!trimmed_len(cells[last].text, cells[last].len))
		last--;
	putc_unlocked(' ', out);
	for (unsigned i = 0; i < last; i++) {
		unsigned blanks = widths[i] - cells[i].width;

		if (is_right[i])
			print_blanks(blanks, out);
		print_cell(&cells[i], cells[i].len, out);
		print_blanks(2 + (is_right[i] ? 0 : blanks), out);
	}
	if (is_right[last])
		print_blanks(widths[last] - cells[last].width, out);
	print_cell(&cells[last], trimmed_len(cells[last].text, cells[last].len), out);
	putc_unlocked('\n', out);
}

static void print_rows(const struct table *table, FILE *out)
{
	struct row *rows = malloc(table->column_count * sizeof(*rows) + 1);
	unsigned widths[CELL_COUNT] = { 0 };

	if (!rows) {
		emit_fail(out);
		return;
	}
	widen(widths, headings);
	for (uint32_t i = 0; i < table->column_count; i++) {
		if (!row_init(&rows[i], &table->columns[i]))
			emit_fail(out);
		widen(widths, rows[i].cells);
	}
	print_row(headings, widths, out);
	for (uint32_t i = 0; i < table->column_count; i++) {
		print_row(rows[i].cells, widths, out);
		free(rows[i].def);
	}
	free(rows);
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
		stream_puts(out, lead);
		stream_puts(out, option->sql);
		putc_unlocked(' ', out);
		option_print_sql(option, &table->options, out);
		lead = ", ";
	}
	if (lead[0] == ',')
		putc_unlocked('\n', out);
}

static void print_heading(const struct table *table, FILE *out)
{
	stream_puts(out, table_type_name(table->type));
	stream_puts(out, " TABLE ");
	stream_puts(out, table->name);
	stream_puts(out, "   version ");
	number_write(table->version, out);
	stream_puts(out, "   ");
	number_write(table->column_count, out);
	stream_puts(out, table->column_count == 1 ? " column" : " columns");
	if (table->type != TABLE_SYSTEM) {
		stream_puts(out, "   storage ");
		stream_puts(out, table->options.storage_id);
	}
	stream_puts(out, "\n\n");
}

void print_describe(const struct table *table, FILE *out)
{
	size_t comment_len = table->comment ?
		trimmed_len(table->comment, strlen(table->comment)) : 0;

	print_heading(table, out);
	print_rows(table, out);
	putc_unlocked('\n', out);
	print_options(table, out);
	if (comment_len) {
		stream_puts(out, "Comment: ");
		print_line(table->comment, comment_len, out);
		putc_unlocked('\n', out);
	}
}
