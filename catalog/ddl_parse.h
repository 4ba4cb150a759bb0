/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ddl_parse - what the parts of the DDL parser share.  Private to catalog/ddl*.c.
 *
 * The parser is sticky: the first failure is kept in rc, and from then on the
 * current token is TOKEN_END, so that every loop ends by itself.  Functions
 * return nothing or what they found; ddl_parse looks at rc once per statement.
 */
#ifndef KALAM_CATALOG_DDL_PARSE_H
#define KALAM_CATALOG_DDL_PARSE_H

#include "catalog/ddl.h"
#include "catalog/lex.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether more text could make a statement of one that failed. */
enum ddl_hope {
	HOPE_BY_PLACE,	/* yes if the failure touches the end of the text */
	HOPE_YES,
	HOPE_NONE
};

struct parser {
	struct lexer lx;
	struct arena *arena;	/* borrowed from the script */
	int rc;			/* of the first failure */
	enum ddl_hope hope;
	struct token stopped;	/* the current token when it failed */
	enum ddl_scope scope;
	bool newline_ends;	/* a newline ends a complete statement */
	bool inside;		/* within the parentheses of CREATE TABLE */
	long last_pos;		/* of the last token taken */
	size_t last_end;	/* one past it */
	struct err err;		/* of the first failure.  Last, since it is long */
};

/* A list of words for messages and suggestions. */
struct word_list {
	const char *const *words;
	size_t count;
};

#define WORD_LIST(array) ((struct word_list){ (array), countof(array) })

/* ddl_token.c: failures. */

/* Keep a failure that p->err already describes; rc 0 is none. */
void ddl_stop(struct parser *p, int rc);

/* What the lexer gave: after a failure it knows whether more text may mend it. */
void ddl_lexed(struct parser *p, int rc);

/* A failure with its sentence and place. */
void ddl_error(struct parser *p, long pos, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Where the current token is; at the end of the text, behind the last one. */
long ddl_here(const struct parser *p);

/* "Expected WHAT, found 'x'" at the current token. */
void ddl_expected(struct parser *p, const char *what);

/* "Unknown WHAT 'x'. Expected A, B or C. Did you mean A?" at the current token. */
void ddl_unknown(struct parser *p, const char *what, struct word_list list);

/* "X is given twice" at byte pos. */
void ddl_twice(struct parser *p, long pos, const char *what);

/* ddl_token.c: tokens. */

void ddl_next(struct parser *p);
bool ddl_is(const struct parser *p, const char *word);
bool ddl_is_symbol(const struct parser *p, char symbol);
bool ddl_is_kind(const struct parser *p, enum token_kind kind);

/* The current token as an index into the list, or -1. */
int ddl_which(const struct parser *p, struct word_list list);

/* Go on behind the current token if it is this; whether it was. */
bool ddl_accept(struct parser *p, const char *word);
bool ddl_accept_symbol(struct parser *p, char symbol);

/* The same; anything else is a failure. */
void ddl_expect(struct parser *p, const char *word);
void ddl_expect_symbol(struct parser *p, char symbol);

/* The token behind the current one (kind TOKEN_END if the lexer fails on it). */
struct token ddl_peek(const struct parser *p);
bool ddl_peek_is(const struct parser *p, const char *word);

/*
 * Where a statement is complete: whether it ends in front of the current token.
 * False within parentheses; a newline counts if p->newline_ends and the token
 * begins a statement rather than going on with this one (decisions.md 17).
 */
bool ddl_ended(const struct parser *p);

/* Skip "( ... )" with what is nested in it; the current token is '('. */
void ddl_skip_parentheses(struct parser *p);

/* ddl_token.c: values. */

/* Content of the string at the current token in arena memory; what names it in messages. */
const char *ddl_string(struct parser *p, const char *what);

/* [=] 'text' or NULL behind COMMENT; NULL also for ''. */
const char *ddl_comment(struct parser *p, long *pos);

/* A whole number between min and max; 0 after a failure. */
uint32_t ddl_integer(struct parser *p, uint32_t min, uint32_t max, const char *what);

/* A name for something new: checked as a name of its kind. */
void ddl_new_name(struct parser *p, enum name_kind kind, char out[NAME_SIZE], long *pos);

/* A name of something that exists: folded, and made of the characters of a name. */
void ddl_old_name(struct parser *p, enum name_kind kind, char out[NAME_SIZE], long *pos);

/* [namespace.]table; is_new says whether the table is. */
void ddl_table_name(struct parser *p, struct object_ref *out, bool is_new);

/* [IF EXISTS], or [IF NOT EXISTS] if negated. */
bool ddl_if_exists(struct parser *p, bool negated);

/* (key = value, ...), the current token should be '('. */
void ddl_settings(struct parser *p, struct setting **settings, unsigned *count);

/*
 * Room for one more element behind count: the array itself or a larger copy in
 * arena memory; NULL after a failure.  "Too many WHAT (max 4096)" if what is
 * not NULL.
 */
void *ddl_reserve(struct parser *p, void *array, size_t count, size_t size, const char *what);

/* ddl_default.c. */

/* NULL, TRUE, FALSE, a number with its sign, a string; false if the token is none of them. */
bool ddl_literal(struct parser *p, struct literal *out);

/* The expression behind DEFAULT. */
void ddl_default(struct parser *p, struct default_expr *out);

/* What AUTO_INCREMENT, IDENTITY and SERIAL mean: SNOWFLAKE_ID(). */
void ddl_default_serial(struct default_expr *out, long pos);

/* ddl_column.c. */

enum column_place {
	COLUMN_CREATE,	/* in CREATE TABLE */
	COLUMN_ADD,	/* ADD COLUMN */
	COLUMN_MODIFY	/* MODIFY COLUMN: only NULL and NOT NULL */
};

/* name type options; the name is already there. */
void ddl_column(struct parser *p, struct column_spec *column, enum column_place place);

/* The type that an existing column changes to. */
void ddl_new_type(struct parser *p, struct column_spec *column);

/*
 * If p stands in front of UNIQUE, CHECK or another constraint: fail with the
 * reason, true.  is_item: where a column's name could stand, too.
 */
bool ddl_refuse_constraint(struct parser *p, bool is_item);

/* ddl_table.c, ddl_alter.c, ddl_storage.c: behind the words that name the object. */
void ddl_create_table(struct parser *p, struct stmt *stmt);
void ddl_drop_table(struct parser *p, struct stmt *stmt);
void ddl_undrop_table(struct parser *p, struct stmt *stmt);
void ddl_purge_table(struct parser *p, struct stmt *stmt);
void ddl_alter_table(struct parser *p, struct stmt *stmt);
void ddl_create_namespace(struct parser *p, struct stmt *stmt);
void ddl_alter_namespace(struct parser *p, struct stmt *stmt);
void ddl_drop_namespace(struct parser *p, struct stmt *stmt);
void ddl_create_storage(struct parser *p, struct stmt *stmt);
void ddl_alter_storage(struct parser *p, struct stmt *stmt);
void ddl_drop_storage(struct parser *p, struct stmt *stmt);

/* action [, action ...] */
void ddl_actions(struct parser *p, struct stmt *stmt);

/* Whether the current token begins an action that stands alone in a table's ctl. */
bool ddl_begins_action(const struct parser *p);

/* ddl_statement.c */

/* One statement; p stands on its first token. */
void ddl_statement(struct parser *p, struct stmt *stmt);

/* Whether the current token can begin a statement in this scope. */
bool ddl_begins_statement(const struct parser *p);

/* CREATE INDEX, DROP VECTOR INDEX and the like in front of which p stands: fails if so. */
bool ddl_refuse_index(struct parser *p);

#endif
