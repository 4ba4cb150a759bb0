/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load_impl - what the parts of load share.  Private to catalog/load*.c.
 *
 * As in catalog/ddl_parse.h the first failure is kept in rc, and from then on
 * the current token is the end, so that every loop ends by itself.
 */
#ifndef KALAM_CATALOG_LOAD_IMPL_H
#define KALAM_CATALOG_LOAD_IMPL_H

#include "base/arena.h"
#include "base/buf.h"
#include "catalog/load.h"
#include "catalog/load_lex.h"
#include "catalog/model.h"

/* A column of a table that waits. */
struct load_column {
	struct column column;	/* texts in the table's arena */
	bool is_unique;		/* alone */
	bool is_array;		/* JSON stands for an array */
	struct err_origin origin;
};

/*
 * What tells tables of one file apart: "schema.name" as the database has it,
 * where "Items" and items are two.
 */
#define ID_SIZE (2 * NAME_SIZE + 2)

/* A table of a foreign dump, until the end of the file. */
struct load_table {
	struct load_table *next;	/* in load.all */
	struct arena arena;
	char id[ID_SIZE];	/* key of load.tables */
	char ns[NAME_SIZE], name[NAME_SIZE];
	struct err_origin origin;
	bool is_left_out;	/* and has been told about: what else is said of it counts for nothing */
	bool is_dropped;	/* by the file itself */
	bool if_not_exists;
	const char *type_word;	/* "USER", "SHARED", "STREAM" */
	struct load_column *columns;	/* in the arena */
	unsigned count;
	const char *key;	/* PRIMARY KEY of one column; NULL = none */
	bool has_key;		/* one was said, perhaps of several columns */
	const char *comment;
	const char *clauses;	/* of our own grammar, as they stand; NULL = none */
};

/* A type that the file itself defines. */
struct load_type {
	struct load_type *next;
	char name[NAME_SIZE];
	enum { TYPE_OF_ENUM, TYPE_OF_ROW, TYPE_OF_DOMAIN } kind;
	const char *base;	/* of a domain: its type as written */
};

/* What is to be run, in order. */
struct load_item {
	struct load_table *table;	/* borrowed; NULL: text */
	size_t at, len;			/* in load.texts */
	struct err_origin origin;
	bool is_verbatim;		/* text stands in the file as it is here */
};

struct load {
	struct catalog *catalog;
	const struct load_options *options;
	struct load_result *result;
	struct err *err;
	struct split split;
	enum load_dialect dialect;

	/* The running statement. */
	struct split_statement stmt;
	struct load_lexer lx;
	struct arena arena;	/* lives as long as it */
	int rc;
	size_t last_end;	/* one past the token that was taken last */
	const char *kind;	/* what it counts as if it is skipped */

	/* What the file has said so far. */
	char current[NAME_SIZE];	/* namespace of names without one */
	struct arena names;		/* of the lists below */
	struct load_type *types;
	struct load_table *all;		/* owned */
	void *tables;			/* tsearch tree of those that are not dropped */
	void *taken;			/* tsearch tree of owned "ns.name": names of tables that wait */
	void *views;			/* tsearch tree of owned ids */
	void *namespaces;		/* tsearch tree of owned names: made by this file already */

	struct buf texts;
	struct load_item *items;	/* owned */
	size_t count, size;
	size_t waiting;			/* items that are tables */
};

/* load_token.c: the hands of the parser. */
void load_next(struct load *ld);
bool load_is(const struct load *ld, const char *word);
bool load_is_symbol(const struct load *ld, char symbol);
bool load_is_end(const struct load *ld);
bool load_accept(struct load *ld, const char *word);
bool load_accept_symbol(struct load *ld, char symbol);
struct load_token load_peek(const struct load *ld);
bool load_peek_is(const struct load *ld, const char *word);
bool load_peek_is_symbol(const struct load *ld, char symbol);
void load_expect(struct load *ld, const char *word);
void load_expect_symbol(struct load *ld, char symbol);

/* Skip "( ... )" with what is nested in it, if there is one. */
void load_skip_group(struct load *ld);
/* Skip to the ',' or ')' that ends an item, or to the end. */
void load_skip_item(struct load *ld);
/* The current token is a name: its content, or NULL after a failure. */
char *load_name(struct load *ld, const char *what);
/* The string at the current token, or NULL after a failure. */
char *load_string(struct load *ld, const char *what);
/* The statement from a byte to the current token, on one line and cut if long; in the arena. */
const char *load_excerpt(struct load *ld, size_t from);
/* Byte of the current token. */
size_t load_pos(const struct load *ld);
struct err_origin load_origin(const struct load *ld, size_t pos);
/* Arena memory; NULL = the failure is recorded. */
void *load_alloc(struct load *ld, struct arena *arena, size_t size);
char *load_copy(struct load *ld, struct arena *arena, const char *text);

/* load_loss.c: refusing and leaving out. */
void load_refuse(struct load *ld, int rc, size_t pos, const char *fmt, ...) PRINTF_LIKE(4, 5);
void load_refuse_at(struct load *ld, int rc, const struct err_origin *origin, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* With an error that is already described; its position counts in the statement, or it is at pos. */
void load_refuse_err(struct load *ld, size_t pos, const struct err *err);

/*
 * The model has no place for this: strictly a refusal at pos with the sentence
 * `why`; leniently a note.  Returns whether it is a note.
 */
bool load_lose(struct load *ld, enum load_loss loss, size_t pos, const char *why, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/* The same, where the place is known but the statement is over. */
bool load_lose_at(struct load *ld, enum load_loss loss, const struct err_origin *origin,
		  const char *why, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* A note in any case. */
void load_tell(struct load *ld, enum load_loss loss, unsigned line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
void load_count(struct load *ld, const char *kind);

/* load_name.c: names of tables and namespaces. */
struct load_ref {
	char id[ID_SIZE];
	char ns[NAME_SIZE], name[NAME_SIZE];	/* folded, cut if too long */
	char shown[2 * NAME_SIZE + 8];		/* "ns.name" for messages */
	size_t pos;
	struct err bad;				/* code != 0: it can be no name here */
};
/* [schema.]table */
void load_ref(struct load *ld, struct load_ref *out);
/* [schema.]table.column: the column as written, NULL after a failure. */
char *load_column_ref(struct load *ld, struct load_ref *out);
void load_make_ref(const struct load *ld, const char *schema, const char *name, struct load_ref *out);
struct load_table *load_find(struct load *ld, const struct load_ref *ref);
/* Whether another table that waits has this name, once both are folded; it has from now on. */
bool load_is_taken(struct load *ld, const struct load_ref *ref);
/* A new table that waits, or NULL. */
struct load_table *load_add(struct load *ld, const struct load_ref *ref);
/* The file drops a table that it made. */
void load_drop(struct load *ld, struct load_table *table);
/* See to it that a namespace is there when the tables come; name as written. */
void load_need_namespace(struct load *ld, const char *name, size_t pos);
/* A namespace that the file drops: to be made again when it says so. */
void load_gone_namespace(struct load *ld, const char *folded);
/* Namespace for a schema's name as written (NULL = none said). */
const char *load_namespace(const struct load *ld, const char *schema);
void load_names_free(struct load *ld);
bool load_is_view(struct load *ld, const struct load_ref *ref);
void load_add_view(struct load *ld, const struct load_ref *ref);

/* load_type.c, load_default.c, load_column.c, load_constraint.c */
void load_column_type(struct load *ld, struct load_table *table, struct load_column *column);
void load_define_type(struct load *ld);		/* CREATE TYPE */
void load_define_domain(struct load *ld);	/* CREATE DOMAIN */
void load_default(struct load *ld, struct load_table *table, struct load_column *column);
/* AUTO_INCREMENT and its like, which stands at pos. */
void load_default_serial(struct load *ld, struct load_table *table, struct load_column *column, size_t pos);
struct load_column *load_find_column(struct load_table *table, const char *name);
/* A constraint from `from` to here; what: "CHECK constraints". */
void load_lose_constraint(struct load *ld, const struct load_table *table, size_t from, const char *what);
/* A column or a constraint, as in CREATE TABLE and behind ADD. */
void load_item(struct load *ld, struct load_table *table);
/* A column whose name is there already; it replaces one of that name if `over`. */
void load_column(struct load *ld, struct load_table *table, const char *name, size_t pos, bool over);
/* GENERATED ... behind the word. */
void load_generated(struct load *ld, struct load_table *table, struct load_column *column, size_t pos);
/* A comment at the current token; what: the column, or "" for the table. */
void load_comment(struct load *ld, struct load_table *table, const char **out, const char *what);

/* load_table.c */
void load_create_table(struct load *ld, const char *type_word);
/* Choose keys, refuse or leave out what cannot be a table. */
void load_finish_tables(struct load *ld);
/* CREATE TABLE as a statement of ours, without ';'. */
void load_print_table(const struct load_table *table, FILE *out);

/* load_alter.c */
void load_alter_table(struct load *ld);
void load_comment_on(struct load *ld);

/* load_ours.c: whether the statement is one of ours and was taken as it stands; err: why it is none. */
bool load_take_ours(struct load *ld, struct err *err);
/* The same, where nobody else has such a statement. */
void load_only_ours(struct load *ld);

/* load_namespace.c: statements on schemas and databases, behind the words that name the object. */
void load_create_schema(struct load *ld);
void load_create_database(struct load *ld);
void load_use(struct load *ld);
void load_search_path(struct load *ld);
void load_drop_schema(struct load *ld);
void load_drop_database(struct load *ld);
/* [IF [NOT] EXISTS] */
bool load_if_exists(struct load *ld);
/* To the end of the statement. */
void load_skip_rest(struct load *ld);

/* load_statement.c */
void load_statement(struct load *ld);

/* load_commit.c */
void load_run_text(struct load *ld, const char *text, size_t len, size_t pos, bool is_verbatim);
void load_run_printed(struct load *ld, size_t pos, const char *fmt, ...) PRINTF_LIKE(3, 4);
void load_run_table(struct load *ld, struct load_table *table);
/* Commit what has gathered: all, or whole batches. */
void load_commit(struct load *ld, bool all);
void load_items_free(struct load *ld);

#endif
