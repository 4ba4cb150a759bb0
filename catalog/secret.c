/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/secret.h"

#include "base/err.h"
#include "base/name.h"

#include <stdlib.h>
#include <string.h>

const char *const secret_keys[] = {
	"secret_access_key", "session_token", "access_key", "sas_token", "service_account_json",
	"password", NULL,
};

/* Words that may follow CREDENTIALS where its value was forgotten, and NULL, which is one. */
static const char *const clauses[] = {
	"NULL", "SET", "TYPE", "NAME", "DESCRIPTION", "PATH", "BASE_DIRECTORY", "BUCKET", "REGION",
	"SHARED_TABLES_TEMPLATE", "USER_TABLES_TEMPLATE", "CREDENTIALS", "CONFIG",
};

enum state {
	PLAIN,
	VALUE,	/* a secret comes */
	AFTER,	/* one came: more strings belong to it */
	TORN	/* a quote in it ended it too early: it goes on */
};

static bool starts(const struct secret_scan *s, const char *with)
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
static void skip_quoted(struct secret_scan *s, bool escaped)
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

static void skip_line(struct secret_scan *s)
{
	while (s->at < s->len && s->text[s->at] != '\n')
		s->at++;
}

static void skip_comment(struct secret_scan *s)
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
static void skip_piece(struct secret_scan *s)
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

/* Misspelt, too. */
static bool is_credentials(const char *word, size_t len)
{
	static const char *const names[] = { "CREDENTIALS" };

	return name_nearest(word, len, names, 1);
}

static bool is_clause(const char *word, size_t len)
{
	for (size_t i = 0; i < countof(clauses); i++) {
		if (name_is_word(word, len, clauses[i]))
			return true;
	}
	return false;
}

/* The character at text[*at], with \u00XX undone; *at goes on. */
static char next_character(const char *text, size_t len, size_t *at)
{
	char digits[5] = "", *end;
	unsigned long value;

	if (len - *at >= 6 && text[*at] == '\\' && text[*at + 1] == 'u') {
		memcpy(digits, text + *at + 2, 4);
		value = strtoul(digits, &end, 16);
		if (!*end && value < 0x80) {
			*at += 6;
			return (char)value;
		}
	}
	return text[(*at)++];
}

/* Whether "key" stands at text, quotes included. */
static bool is_quoted_key(const char *text, size_t len, const char *key)
{
	size_t at = 0;

	if (!len || next_character(text, len, &at) != '"')
		return false;
	for (; *key; key++) {
		if (at == len || next_character(text, len, &at) != *key)
			return false;
	}
	return at < len && next_character(text, len, &at) == '"';
}

static bool is_secret_key(const char *text, size_t len)
{
	for (size_t i = 0; secret_keys[i]; i++) {
		if (is_quoted_key(text, len, secret_keys[i]))
			return true;
	}
	return false;
}

bool secret_is_in(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((text[i] == '"' || text[i] == '\\') && is_secret_key(text + i, len - i))
			return true;
	}
	return false;
}

static bool is_secret_string(struct secret_scan *s, const char *piece, size_t len)
{
	s->end = s->at;
	if (s->state == VALUE)
		s->state = AFTER;
	return s->state != PLAIN || secret_is_in(piece, len);
}

static bool is_secret_word(struct secret_scan *s, const char *piece, size_t len)
{
	if (s->state == AFTER && s->at - len == s->end)
		s->state = TORN;
	if (s->state == TORN || s->state == VALUE) {
		if (!is_clause(piece, len))
			return true;
	}
	s->state = is_credentials(piece, len) ? VALUE : PLAIN;
	return false;
}

static bool next_in_statements(struct secret_scan *s, size_t *from, size_t *to)
{
	while (s->at < s->len) {
		const char *piece = s->text + s->at;
		bool secret = false;
		size_t len;

		*from = s->at;
		skip_piece(s);
		*to = s->at;
		len = *to - *from;
		if (is_string(piece, len))
			secret = is_secret_string(s, piece, len);
		else if (is_word_byte(piece[0]))
			secret = is_secret_word(s, piece, len);
		else if (piece[0] == ';')
			s->state = PLAIN;
		if (secret)
			return true;
	}
	return false;
}

/* A string, which ends with its line at the latest; a number or word; or one byte. */
static void skip_json(struct secret_scan *s)
{
	char c = s->text[s->at++];

	if (c == '"') {
		while (s->at < s->len && s->text[s->at] != '"' && s->text[s->at] != '\n')
			s->at += s->text[s->at] == '\\' && s->at + 1 < s->len ? 2 : 1;
		s->at += s->at < s->len && s->text[s->at] == '"';
	} else if (is_word_byte(c)) {
		while (s->at < s->len && (is_word_byte(s->text[s->at]) ||
					  strchr("+-.", s->text[s->at])))
			s->at++;
	}
}

static bool is_key_of_secret(const char *piece, size_t len)
{
	return is_secret_key(piece, len) || is_quoted_key(piece, len, "credentials") ||
	       (len > 2 && is_credentials(piece + 1, len - 2));
}

static void take_mark(struct secret_scan *s, char mark)
{
	switch (mark) {
	case ':':
		if (s->was_key)
			s->state = VALUE;
		break;
	case '{':
	case '[':
		if (s->depth || s->state == VALUE)
			s->depth++;
		s->state = PLAIN;
		break;
	case '}':
	case ']':
		if (s->depth)
			s->depth--;
		s->state = PLAIN;
		break;
	case ',':
		s->state = PLAIN;
		break;
	default:
		return;
	}
	s->was_key = false;
}

static bool next_in_json(struct secret_scan *s, size_t *from, size_t *to)
{
	while (s->at < s->len) {
		const char *piece = s->text + s->at;
		bool secret, string = *piece == '"';

		*from = s->at;
		skip_json(s);
		*to = s->at;
		if (!string && !is_word_byte(*piece)) {
			take_mark(s, *piece);
			continue;
		}
		secret = s->depth || s->state == VALUE;
		s->state = PLAIN;
		s->was_key = string && is_key_of_secret(piece, *to - *from);
		if (secret)
			return true;
	}
	return false;
}

bool secret_next(struct secret_scan *scan, size_t *from, size_t *to)
{
	return scan->json ? next_in_json(scan, from, to) : next_in_statements(scan, from, to);
}

char *secret_hide(const char *text, size_t len, bool json)
{
	struct secret_scan scan = { .text = text, .len = len, .json = json };
	char *copy = malloc(len + 1);
	size_t from, to;

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	while (secret_next(&scan, &from, &to)) {
		for (; from < to; from++) {
			if (!strchr("'\"\n", copy[from]))
				copy[from] = '*';
		}
	}
	return copy;
}
