/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/load_split.h"

#include "catalog/ddl.h"
#include "catalog/load_detect.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLOCK_SIZE (64 * 1024)
#define AHEAD 64		/* bytes that can be looked at before they are taken */
#define WORD_MAX 24		/* of a word that means something here */
#define ROUTINE_WITHIN 16	/* words: CREATE DEFINER=`a`@`b` SQL SECURITY INVOKER TRIGGER ... */

/* What stood in front, for bodies of routines: "...; END;" ends one. */
enum before { BEFORE_OTHER, BEFORE_SEMICOLON, BEFORE_END };

/* Of the statement that is being taken. */
struct scan {
	struct split *s;
	struct err *err;
	struct err_origin *origin;	/* of what is not closed */
	int rc;
	unsigned depth;		/* of parentheses */
	unsigned words;
	bool is_create, is_routine, in_body;
	enum before before;
};

static void fill(struct split *s)
{
	size_t n;

	if (s->at_end || s->len - s->at >= AHEAD)
		return;
	memmove(s->block, s->block + s->at, s->len - s->at);
	s->len -= s->at;
	s->at = 0;
	n = fread(s->block + s->len, 1, BLOCK_SIZE - s->len, s->in);
	s->len += n;
	s->at_end = n == 0;
}

/* The byte that comes after `ahead` others, or -1. */
static inline int peek(struct split *s, size_t ahead)
{
	if (s->len - s->at < AHEAD)
		fill(s);
	return s->len - s->at > ahead ? s->block[s->at + ahead] : -1;
}

static bool comes(struct split *s, const char *text)
{
	for (size_t i = 0; text[i]; i++) {
		if (peek(s, i) != (unsigned char)text[i])
			return false;
	}
	return true;
}

static inline void skip(struct split *s)
{
	if (s->block[s->at] == '\n') {
		s->here.line++;
		s->here.column = 1;
	} else {
		s->here.column++;
	}
	s->at++;
	s->taken++;
}

/* One byte becomes part of the statement. */
static inline void take(struct split *s)
{
	struct buf *text = &s->text;

	if (text->len > STATEMENT_MAX_BYTES)
		s->is_cut = true;
	else if (text->len < text->size)
		text->at[text->len++] = s->block[s->at];
	else
		buf_u8(text, s->block[s->at]);
	skip(s);
}

static void take_many(struct split *s, size_t n)
{
	while (n-- && peek(s, 0) >= 0)
		take(s);
}

static bool is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static bool starts_word(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool goes_on_word(int c)
{
	return starts_word(c) || (c >= '0' && c <= '9') || c == '$';
}

/* "--1" is an expression to MySQL. */
static bool is_line_comment(struct split *s)
{
	if (s->dialect == LOAD_MYSQL && peek(s, 0) == '#')
		return true;
	if (!comes(s, "--"))
		return false;
	return s->dialect != LOAD_MYSQL || peek(s, 2) < 0 || is_blank(peek(s, 2));
}

/* Bytes of the mark of a MySQL comment whose content is executed, or 0. */
static size_t conditional_mark(struct split *s)
{
	size_t first = comes(s, "/*!") ? 3 : comes(s, "/*M!") ? 4 : 0, n = first;
	unsigned version = 0;

	if (!first || s->dialect != LOAD_MYSQL)
		return 0;
	for (; n < first + 6 && isdigit(peek(s, n)); n++)
		version = version * 10 + (unsigned)(peek(s, n) - '0');
	return version >= 999999 ? 0 : n; /* that no server has: a message to clients */
}

static bool at_block_comment(struct split *s)
{
	return comes(s, "/*") && !conditional_mark(s);
}

/* A word ends where a delimiter of the file's own begins: "END$$". */
static bool is_in_word(struct split *s)
{
	return goes_on_word(peek(s, 0)) && (s->delimiter[0] == ';' || !comes(s, s->delimiter));
}

typedef void step_fn(struct split *s);

static int not_closed(struct scan *scan, const struct err_origin *origin, const char *what)
{
	*scan->origin = *origin;
	scan->rc = err_parse(scan->err, 0, "%s: the file ends within it", what);
	return scan->rc;
}

static void pass_line(struct split *s, step_fn *step)
{
	while (peek(s, 0) >= 0 && peek(s, 0) != '\n')
		step(s);
}

/* Comments nest in PostgreSQL and with us. */
static void pass_comment(struct scan *scan, step_fn *step)
{
	struct split *s = scan->s;
	struct err_origin origin = s->here;
	bool nests = s->dialect == LOAD_POSTGRESQL || s->dialect == LOAD_ANY;
	unsigned depth = 0;

	do {
		bool opens = comes(s, "/*") && (nests || !depth), closes = comes(s, "*/");

		if (peek(s, 0) < 0) {
			not_closed(scan, &origin, "Comment is not closed");
			return;
		}
		depth += opens;
		depth -= closes;
		if (opens || closes)
			step(s);
		step(s);
	} while (depth);
}

static void take_quoted(struct scan *scan, bool has_backslashes)
{
	struct split *s = scan->s;
	struct err_origin origin = s->here;
	int quote = peek(s, 0) == '[' ? ']' : peek(s, 0), c;

	take(s);
	while ((c = peek(s, 0)) >= 0) {
		if (c == '\\' && has_backslashes && quote != '`') {
			take(s);
		} else if (c == quote) {
			take(s);
			if (peek(s, 0) != quote || quote == ']')
				return;
		}
		if (peek(s, 0) >= 0)
			take(s);
	}
	not_closed(scan, &origin, quote == '\'' ? "String is not closed" : "Quoted name is not closed");
}

/* Bytes of $tag$, or 0. */
static size_t dollar_tag(struct split *s)
{
	size_t n = 1;

	if (peek(s, 0) != '$' || (s->dialect != LOAD_POSTGRESQL && s->dialect != LOAD_ANY))
		return 0;
	if (isdigit(peek(s, 1)))
		return 0;
	while (n < AHEAD - 1 && peek(s, n) != '$' && goes_on_word(peek(s, n)))
		n++;
	return peek(s, n) == '$' ? n + 1 : 0;
}

static void take_dollar_quoted(struct scan *scan, size_t n)
{
	struct split *s = scan->s;
	struct err_origin origin = s->here;
	char tag[AHEAD + 1];

	memcpy(tag, s->block + s->at, n);
	tag[n] = '\0';
	take_many(s, n);
	while (peek(s, 0) >= 0 && !(peek(s, 0) == '$' && comes(s, tag)))
		take(s);
	if (peek(s, 0) < 0)
		not_closed(scan, &origin, "Dollar-quoted string is not closed");
	take_many(s, n);
}

static bool is_word(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcasecmp(word, words[i]))
			return true;
	}
	return false;
}

/* Bodies of routines hold statements, each with its ';'. */
static void note_word(struct scan *scan, const char *word)
{
	static const char *const routines[] = { "TRIGGER", "FUNCTION", "PROCEDURE", "EVENT" };

	scan->words++;
	if (scan->words == 1)
		scan->is_create = !strcasecmp(word, "CREATE");
	if (scan->is_create && scan->words < ROUTINE_WITHIN && !scan->in_body)
		scan->is_routine |= is_word(word, routines, countof(routines));
	if (scan->before == BEFORE_SEMICOLON && scan->in_body && !strcasecmp(word, "END")) {
		scan->before = BEFORE_END;
		return;
	}
	scan->before = BEFORE_OTHER;
	if (scan->is_routine && !scan->depth &&
	    (!strcasecmp(word, "BEGIN") || (scan->in_body && !strcasecmp(word, "ATOMIC")))) {
		scan->in_body = true;
		scan->before = BEFORE_SEMICOLON;
	}
}

static void take_word(struct scan *scan)
{
	struct split *s = scan->s;
	char word[WORD_MAX + 1];
	size_t n = 0;

	while (is_in_word(s)) {
		if (n < WORD_MAX)
			word[n] = (char)peek(s, 0);
		n++;
		take(s);
	}
	word[n < WORD_MAX ? n : WORD_MAX] = '\0';
	if (n == 1 && (word[0] | 0x20) == 'e' && peek(s, 0) == '\'' &&
	    (s->dialect == LOAD_POSTGRESQL || s->dialect == LOAD_ANY)) {
		take_quoted(scan, true);
		return;
	}
	note_word(scan, n <= WORD_MAX ? word : "");
}

static void take_parenthesis(struct scan *scan)
{
	if (peek(scan->s, 0) == '(')
		scan->depth++;
	else if (scan->depth)
		scan->depth--;
	scan->before = BEFORE_OTHER;
	take(scan->s);
}

/* Whether the delimiter in front of us ends the statement. */
static bool ends_statement(struct scan *scan)
{
	struct split *s = scan->s;

	if (!comes(s, s->delimiter))
		return false;
	if (strcmp(s->delimiter, ";") != 0)
		return true;
	if (scan->in_body)
		return scan->before == BEFORE_END;
	return !scan->depth || s->dialect != LOAD_POSTGRESQL;
}

static void take_symbol(struct scan *scan)
{
	struct split *s = scan->s;
	size_t mark = conditional_mark(s);

	if (mark) {
		s->conditional++;
		take_many(s, mark);
	} else if (s->conditional && comes(s, "*/")) {
		s->conditional--;
		take_many(s, 2);
	} else {
		scan->before = peek(s, 0) == ';' ? BEFORE_SEMICOLON : BEFORE_OTHER;
		take(s);
	}
}

static void take_one(struct scan *scan)
{
	struct split *s = scan->s;
	int c = peek(s, 0);
	size_t tag;

	if (is_blank(c)) {
		take(s);
	} else if (starts_word(c)) {
		take_word(scan);
	} else if (c >= '0' && c <= '9') {
		while (is_in_word(s))
			take(s);
		scan->before = BEFORE_OTHER;
	} else if (c == '\'' || c == '"' || c == '`' || (c == '[' && s->dialect == LOAD_SQLITE)) {
		take_quoted(scan, s->dialect == LOAD_MYSQL);
		scan->before = BEFORE_OTHER;
	} else if (c == '(' || c == ')') {
		take_parenthesis(scan);
	} else if (is_line_comment(s)) {
		pass_line(s, take);
	} else if (at_block_comment(s)) {
		pass_comment(scan, take);
	} else if ((tag = dollar_tag(s))) {
		take_dollar_quoted(scan, tag);
	} else {
		take_symbol(scan);
	}
}

/* DELIMITER // : a line for the client. */
static bool take_delimiter(struct split *s)
{
	static const char word[] = "DELIMITER";
	size_t n = 0;

	if (s->dialect != LOAD_MYSQL)
		return false;
	for (size_t i = 0; i < sizeof(word) - 1; i++) {
		if (toupper(peek(s, i)) != word[i])
			return false;
	}
	if (peek(s, sizeof(word) - 1) != ' ')
		return false;
	for (size_t i = 0; i < sizeof(word); i++)
		skip(s);
	while (peek(s, 0) >= 0 && !is_blank(peek(s, 0))) {
		if (n + 1 < sizeof(s->delimiter))
			s->delimiter[n++] = (char)peek(s, 0);
		skip(s);
	}
	if (n)
		s->delimiter[n] = '\0';
	return true;
}

/* Rows behind COPY ... FROM stdin, to the line "\.". */
static void skip_data(struct scan *scan)
{
	struct split *s = scan->s;
	struct err_origin origin = s->here;

	s->data_follows = false;
	pass_line(s, skip);
	while (peek(s, 0) >= 0) {
		skip(s); /* the newline */
		if (comes(s, "\\.") && (peek(s, 2) < 0 || peek(s, 2) == '\n' || peek(s, 2) == '\r')) {
			pass_line(s, skip);
			return;
		}
		pass_line(s, skip);
	}
	not_closed(scan, &origin, "The rows of COPY are not ended by '\\.'");
}

static void skip_between(struct scan *scan)
{
	struct split *s = scan->s;

	if (s->data_follows)
		skip_data(scan);
	while (!scan->rc && peek(s, 0) >= 0) {
		if (is_blank(peek(s, 0)))
			skip(s);
		else if (is_line_comment(s))
			pass_line(s, skip);
		else if (at_block_comment(s))
			pass_comment(scan, skip);
		else if (comes(s, s->delimiter))
			for (size_t n = strlen(s->delimiter); n; n--)
				skip(s);
		else if (!take_delimiter(s))
			return;
	}
}

static bool find_word(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++) {
		if (!strncasecmp(text + i, word, n))
			return true;
	}
	return false;
}

static bool is_copy_from_stdin(const struct split *s)
{
	const char *text = (const char *)s->text.at;

	if (s->dialect != LOAD_POSTGRESQL && s->dialect != LOAD_ANY)
		return false;
	return s->text.len > 5 && !strncasecmp(text, "COPY", 4) && is_blank(text[4]) &&
	       find_word(text, s->text.len, "FROM STDIN");
}

static void take_statement(struct scan *scan)
{
	struct split *s = scan->s;

	while (!scan->rc && peek(s, 0) >= 0) {
		if (ends_statement(scan)) {
			for (size_t n = strlen(s->delimiter); n; n--)
				skip(s);
			break;
		}
		take_one(scan);
	}
	s->data_follows = is_copy_from_stdin(s);
}

/* No blanks behind it, and a NUL, so that numbers at its end can be read. */
static void trim(struct split *s)
{
	while (s->text.len && is_blank(s->text.at[s->text.len - 1]))
		s->text.len--;
	buf_u8(&s->text, '\0');
	s->text.len -= !s->text.failed;
}

static int result(const struct scan *scan, struct err *err)
{
	struct split *s = scan->s;

	if (ferror(s->in))
		return err_set(err, -EIO, "The file cannot be read");
	if (scan->rc)
		return scan->rc;
	if (s->text.failed)
		return err_nomem(err);
	return s->text.len > 0;
}

int split_next(struct split *s, struct split_statement *out, struct err_origin *origin,
	       struct err *err)
{
	struct scan scan = { .s = s, .err = err, .origin = origin };
	int rc;

	s->text.len = 0;
	s->is_cut = false;
	skip_between(&scan);
	*out = (struct split_statement){ .origin = s->here };
	if (!scan.rc && peek(s, 0) == '\\' && s->dialect != LOAD_MYSQL) {
		pass_line(s, take);
		out->is_command = true;
	} else if (!scan.rc) {
		take_statement(&scan);
	}
	trim(s);
	rc = result(&scan, err);
	out->text = (const char *)s->text.at;
	out->len = s->text.len;
	out->is_cut = s->is_cut;
	return rc;
}

int split_start(struct split *s, FILE *in, enum load_dialect dialect, struct err *err)
{
	int rc;

	*s = (struct split){ .in = in, .here = ERR_ORIGIN_START, .delimiter = ";" };
	s->block = malloc(BLOCK_SIZE);
	if (!s->block)
		return err_nomem(err);
	fill(s);
	rc = detect_no_text(s->block, s->len, err);
	if (rc)
		return rc;
	if (comes(s, "\xef\xbb\xbf"))
		s->at += 3;
	s->dialect = dialect ? dialect : detect_dialect((const char *)s->block + s->at, s->len - s->at);
	return 0;
}

void split_end(struct split *s)
{
	free(s->block);
	buf_free(&s->text);
	*s = (struct split){ .in = NULL };
}
