/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/load_detect.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *bytes;
	size_t len;
	const char *text;
} no_texts[] = {
#define STARTS(bytes) bytes, sizeof(bytes) - 1
	{ STARTS("PGDMP"), "a pg_dump archive: make SQL of it with pg_restore -s -f FILE.sql" },
	{ STARTS("SQLite format 3"), "an SQLite database: load what sqlite3 prints for .schema" },
	{ STARTS("\x1f\x8b"), "compressed: load what zcat prints" },
	{ STARTS("BZh"), "compressed: load what bzcat prints" },
	{ STARTS("\xfd" "7zXZ"), "compressed: load what xzcat prints" },
	{ STARTS("\x28\xb5\x2f\xfd"), "compressed: load what zstdcat prints" },
	{ STARTS("PK\x03\x04"), "a zip archive: unpack it first" },
	{ STARTS("\xff\xfe"), "UTF-16: convert it to UTF-8 first, with iconv -f UTF-16 -t UTF-8" },
	{ STARTS("\xfe\xff"), "UTF-16: convert it to UTF-8 first, with iconv -f UTF-16 -t UTF-8" },
#undef STARTS
};

int detect_no_text(const uint8_t *at, size_t len, struct err *err)
{
	for (size_t i = 0; i < countof(no_texts); i++) {
		if (len >= no_texts[i].len && !memcmp(at, no_texts[i].bytes, no_texts[i].len))
			return err_set(err, -EINVAL, "The file is %s", no_texts[i].text);
	}
	return 0;
}

struct sign {
	const char *start;
	enum load_dialect dialect;
};

/* Comments on top of dumps. */
static const struct sign headers[] = {
	{ "PostgreSQL database dump", LOAD_POSTGRESQL },
	{ "PostgreSQL database cluster dump", LOAD_POSTGRESQL },
	{ "MySQL dump", LOAD_MYSQL },
	{ "MariaDB dump", LOAD_MYSQL },
	{ "phpMyAdmin SQL Dump", LOAD_MYSQL },
};

/* Statements that come first, where no comment tells. */
static const struct sign statements[] = {
	{ "/*!", LOAD_MYSQL },
	{ "/*M!", LOAD_MYSQL },
	{ "SET NAMES", LOAD_MYSQL },
	{ "SET SQL_MODE", LOAD_MYSQL },
	{ "SET FOREIGN_KEY_CHECKS", LOAD_MYSQL },
	{ "SET statement_timeout", LOAD_POSTGRESQL },
	{ "\\restrict", LOAD_POSTGRESQL },
	{ "\\connect", LOAD_POSTGRESQL },
	{ "PRAGMA", LOAD_SQLITE },
};

static enum load_dialect find(const struct sign *signs, size_t count, const char *text, size_t len)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(signs[i].start);

		if (len >= n && !strncasecmp(text, signs[i].start, n))
			return signs[i].dialect;
	}
	return LOAD_ANY;
}

static size_t blanks(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && isspace((unsigned char)text[n]))
		n++;
	return n;
}

enum load_dialect detect_dialect(const char *text, size_t len)
{
	const char *end = text + len, *newline;

	for (;;) {
		enum load_dialect dialect;

		text += blanks(text, (size_t)(end - text));
		if (end - text < 2 || memcmp(text, "--", 2) != 0)
			return find(statements, countof(statements), text, (size_t)(end - text));
		while (text < end && (*text == '-' || *text == ' '))
			text++;
		dialect = find(headers, countof(headers), text, (size_t)(end - text));
		newline = memchr(text, '\n', (size_t)(end - text));
		if (dialect || !newline)
			return dialect;
		text = newline;
	}
}

static const char *const dialect_names[] = {
	[LOAD_ANY] = "any",
	[LOAD_POSTGRESQL] = "postgresql",
	[LOAD_MYSQL] = "mysql",
	[LOAD_SQLITE] = "sqlite",
};
_Static_assert(countof(dialect_names) == LOAD_DIALECT_COUNT, "every dialect has a name");

const char *load_dialect_name(enum load_dialect dialect)
{
	return dialect_names[dialect];
}

int load_dialect_parse(const char *name)
{
	for (int i = 0; i < LOAD_DIALECT_COUNT; i++) {
		if (!strcmp(name, dialect_names[i]))
			return i;
	}
	return -1;
}
