/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load_split - a file of SQL, statement by statement, in bounded memory.
 *
 * Knows as much of a database's SQL as is needed to see where a statement ends:
 * quotes, comments, bodies of functions, data between statements.
 */
#ifndef KALAM_CATALOG_LOAD_SPLIT_H
#define KALAM_CATALOG_LOAD_SPLIT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Whose SQL it is. */
enum load_dialect {
	LOAD_ANY,	/* ours, and standard SQL */
	LOAD_POSTGRESQL,
	LOAD_MYSQL,	/* and MariaDB */
	LOAD_SQLITE,
	LOAD_DIALECT_COUNT
};

#define SPLIT_DELIMITER_SIZE 16

struct split {
	FILE *in;		/* borrowed */
	enum load_dialect dialect;
	uint8_t *block;		/* owned: what is read and not yet taken */
	size_t at, len;
	bool at_end;		/* nothing is left to read behind the block */
	uint64_t taken;		/* bytes of the file */
	struct err_origin here;	/* of the next byte */
	struct buf text;	/* of the current statement */
	bool is_cut;
	unsigned conditional;	/* open MySQL comments whose content counts */
	char delimiter[SPLIT_DELIMITER_SIZE];
	bool data_follows;	/* COPY ... FROM stdin was the last statement */
};

struct split_statement {
	const char *text;	/* borrowed until the next one; without delimiter, a NUL behind it */
	size_t len;
	struct err_origin origin;
	bool is_cut;		/* longer than a statement may be: text is its beginning */
	bool is_command;	/* of psql: \connect ... */
};

/*
 * Begin with a file; `dialect` LOAD_ANY means: told from how it begins (the
 * comment that a dump program writes, the first statement).  -EINVAL for what
 * is no SQL text (UTF-16, archives, compressed files, databases), -EIO, -ENOMEM.
 */
int split_start(struct split *split, FILE *in, enum load_dialect dialect, struct err *err) MUST_CHECK;

/* Free what it owns; a zeroed struct is fine. */
void split_end(struct split *split);

/*
 * The next statement: 1, 0 at the end of the file, or a negative errno.  The
 * place of what is not closed at the end (-EINVAL) is in *origin.
 */
int split_next(struct split *split, struct split_statement *out, struct err_origin *origin,
	       struct err *err) MUST_CHECK;

/* "postgresql", ...; static.  -1 if there is no such dialect. */
const char *load_dialect_name(enum load_dialect dialect);
int load_dialect_parse(const char *name);

#endif
