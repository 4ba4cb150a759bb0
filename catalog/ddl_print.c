/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl.h"

#include <string.h>

static const char *const action_forms[] = {
	"ADD [COLUMN] [IF NOT EXISTS] c type [NOT NULL | NULL] [DEFAULT expr] [COMMENT 'text']",
	"DROP [COLUMN] [IF EXISTS] c",
	"RENAME [COLUMN] c TO d",
	"RENAME TO [ns.]t2",
	"ALTER [COLUMN] c [SET DATA] TYPE type",
	"ALTER [COLUMN] c SET NOT NULL",
	"ALTER [COLUMN] c DROP NOT NULL",
	"ALTER [COLUMN] c SET DEFAULT expr",
	"ALTER [COLUMN] c DROP DEFAULT",
	"ALTER [COLUMN] c COMMENT 'text'",
	"MODIFY [COLUMN] c type [NOT NULL | NULL]",
	"SET (option = value, ...)",
	"SET TBLPROPERTIES (option = value, ...)",
	"SET ACCESS LEVEL level",
	"COMMENT 'text'",
	"RESTORE VERSION n",
};

static const char *const statement_forms[] = {
	"CREATE NAMESPACE [IF NOT EXISTS] ns [WITH (key = value, ...)] [COMMENT 'text']",
	"ALTER NAMESPACE ns SET OPTIONS (key = value, ...)",
	"ALTER NAMESPACE ns COMMENT 'text'",
	"DROP NAMESPACE [IF EXISTS] ns [RESTRICT | CASCADE]",
	"CREATE [USER | SHARED | STREAM] TABLE [IF NOT EXISTS] [ns.]t (column, ...) "
	"[PARTITION BY (c, ...)] [WITH (option = value, ...)] [COMMENT 'text']",
	"ALTER TABLE [IF EXISTS] [ns.]t action, ...",
	"DROP TABLE [IF EXISTS] [ns.]t [PURGE]",
	"UNDROP TABLE [ns.]t[@version]",
	"PURGE TABLE [ns.]t",
	"CREATE STORAGE [IF NOT EXISTS] id TYPE filesystem|s3|gcs|azure [NAME 'text'] "
	"[DESCRIPTION 'text'] PATH 'dir' | BUCKET 'name' | BASE_DIRECTORY 'uri' "
	"[SHARED_TABLES_TEMPLATE 'path'] [USER_TABLES_TEMPLATE 'path'] [CREDENTIALS 'json'] "
	"[CONFIG 'json']",
	"ALTER STORAGE id SET field 'text', ...",
	"DROP STORAGE [IF EXISTS] id",
	"BEGIN; statement; ... COMMIT | ROLLBACK",
};

static void print_forms(const char *const *forms, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %s\n", forms[i]);
}

void ddl_print_help(enum ddl_scope scope, FILE *out)
{
	if (scope == SCOPE_TABLE)
		print_forms(action_forms, countof(action_forms), out);
	else
		print_forms(statement_forms, countof(statement_forms), out);
}

/*
 * Masking works on any text, since refused ones are shown, too: it has a
 * scanner of its own that takes no offence.
 */
struct scan {
	const char *text;
	size_t len;
	size_t at;
};

static bool starts(const struct scan *s, const char *with)
{
	size_t len = strlen(with);

	return s->len - s->at >= len && !memcmp(s->text + s->at, with, len);
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (c & 0x80);
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

/* From an opening quote to behind the closing one, or to the end of the text. */
static void skip_quoted(struct scan *s, bool escaped)
{
	char quote = s->text[s->at++];

	for (; s->at < s->len; s->at++) {
		if (escaped && s->text[s->at] == '\\' && s->at + 1 < s->len)
			s->at++;
		else if (s->text[s->at] == quote && s->at + 1 < s->len &&
		         s->text[s->at + 1] == quote)
			s->at++;
		else if (s->text[s->at] == quote)
			break;
	}
	s->at += s->at < s->len;
}

static void skip_line(struct scan *s)
{
	while (s->at < s->len && s->text[s->at] != '\n')
		s->at++;
}

static void skip_comment(struct scan *s)
{
	unsigned depth = 0;

	do {
		if (starts(s, "/*") || starts(s, "*/")) {
			depth += s->text[s->at] == '/' ? 1u : -1u;
			s->at++;
		}
		s->at++;
	} while (depth && s->at < s->len);
	if (s->at > s->len)
		s->at = s->len;
}

/* One word, quoted text, comment or other byte. */
static void skip_piece(struct scan *s)
{
	char c = s->text[s->at];

	if (is_word_byte(c) && s->len - s->at > 1 && s->text[s->at + 1] == '\'') {
		s->at++;
		skip_quoted(s, (c | 0x20) == 'e');
	} else if (is_quote(c)) {
		skip_quoted(s, false);
	} else if (starts(s, "--")) {
		skip_line(s);
	} else if (starts(s, "/*")) {
		skip_comment(s);
	} else if (is_word_byte(c)) {
		while (s->at < s->len && is_word_byte(s->text[s->at]))
			s->at++;
	} else {
		s->at++;
	}
}

static bool is_string(const char *piece, size_t len)
{
	return is_quote(piece[0]) || (len > 1 && piece[1] == '\'');
}

/* Misspelt, too: a refused statement is shown as well. */
static bool is_credentials(const char *piece, size_t len)
{
	static const char *const word[] = { "CREDENTIALS" };

	return is_word_byte(piece[0]) && name_nearest(piece, len, word, 1);
}

void ddl_print_masked(const char *text, size_t len, FILE *out)
{
	struct scan s = { .text = text, .len = len };
	bool secret = false;

	while (s.at < len) {
		size_t from = s.at, size;
		const char *piece = text + from;

		skip_piece(&s);
		size = s.at - from;
		if (is_string(piece, size)) {
			if (secret)
				fputs("'***'", out);
			else
				fwrite(piece, 1, size, out);
			continue;
		}
		fwrite(piece, 1, size, out);
		if (is_word_byte(piece[0]) || piece[0] == ';')
			secret = is_credentials(piece, size);
	}
}
