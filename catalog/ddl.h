/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ddl - the statements of interface.md section 3: text to values.
 *
 * Parsing has no effects and looks nothing up; catalog/apply.h and
 * catalog/exec.h carry statements out.
 */
#ifndef KALAM_CATALOG_DDL_H
#define KALAM_CATALOG_DDL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/name.h"
#include "catalog/model.h"
#include "catalog/type.h"
#include "catalog/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A write, a statement and a script part are at most this long (decisions.md 19). */
#define STATEMENT_MAX_BYTES 1044480

/* Where the text was written: decides which statements it may hold. */
enum ddl_scope {
	SCOPE_CATALOG,	/* root ctl, kalamctl */
	SCOPE_NAMESPACE,	/* a namespace's ctl: the same statements */
	SCOPE_TABLE	/* a table's ctl: an action alone is a statement, too */
};

/* What ends a statement besides ';' (decisions.md 17). */
enum ddl_ending {
	ENDING_SEMICOLON,	/* files, BEGIN blocks */
	ENDING_NEWLINE		/* ctl, plan */
};

enum stmt_verb {
	STMT_CREATE_NAMESPACE,
	STMT_ALTER_NAMESPACE,
	STMT_DROP_NAMESPACE,
	STMT_CREATE_TABLE,
	STMT_ALTER_TABLE,
	STMT_DROP_TABLE,
	STMT_UNDROP_TABLE,
	STMT_PURGE_TABLE,
	STMT_CREATE_STORAGE,
	STMT_ALTER_STORAGE,
	STMT_DROP_STORAGE,
	STMT_BEGIN,
	STMT_COMMIT,
	STMT_ROLLBACK,
	STMT_VERB_COUNT
};

/* An optionally qualified name, folded, checked if it is new; empty strings = not given. */
struct object_ref {
	char namespace_name[NAME_SIZE];
	char name[NAME_SIZE];
	long pos;
};

enum null_spec { NULL_UNSAID, NULL_ALLOWED, NULL_REFUSED };

/* A default as written; becomes a column_default once the type is known. */
struct default_expr {
	enum default_kind kind;
	struct literal literal;		/* DEFAULT_LITERAL */
	const char *function;		/* DEFAULT_FUNCTION: upper-case name, static */
	int64_t args[DEFAULT_ARGS_MAX];
	unsigned nargs;
	long pos;
};

struct column_spec {
	char name[NAME_SIZE];
	long pos;
	struct type type;
	long type_pos;
	enum null_spec null;
	bool primary_key;
	bool has_default;	/* also set by SERIAL, AUTO_INCREMENT, IDENTITY */
	struct default_expr def;
	bool has_comment;
	const char *comment;	/* NULL for COMMENT NULL or '' */
	long comment_pos;
	uint32_t id;		/* CREATE TABLE ... ID n; 0 = not said */
	long id_pos;
};

/* KEY = value in WITH (...), SET (...), SET OPTIONS (...), SET TBLPROPERTIES (...). */
struct setting {
	const char *name;	/* as written, NUL-terminated */
	long pos;
	struct literal value;	/* a bare word is LITERAL_STRING, TRUE and FALSE LITERAL_BOOLEAN */
	long value_pos;
};

enum action_kind {
	ACTION_ADD_COLUMN,	/* column, if_clause = IF NOT EXISTS */
	ACTION_DROP_COLUMN,	/* column.name, if_clause = IF EXISTS */
	ACTION_RENAME_COLUMN,	/* column.name, new_name */
	ACTION_RENAME_TABLE,	/* new_table */
	ACTION_SET_TYPE,	/* column.name, .type */
	ACTION_SET_NOT_NULL,
	ACTION_DROP_NOT_NULL,
	ACTION_SET_DEFAULT,	/* column.def */
	ACTION_DROP_DEFAULT,
	ACTION_COLUMN_COMMENT,	/* column.comment */
	ACTION_MODIFY_COLUMN,	/* column.type, .null */
	ACTION_SET_OPTIONS,	/* settings; SET ACCESS LEVEL and TBLPROPERTIES come as this, too */
	ACTION_TABLE_COMMENT,	/* comment, its place in column.comment_pos */
	ACTION_RESTORE_VERSION,	/* version */
	ACTION_KIND_COUNT
};

struct action {
	enum action_kind kind;
	long pos;
	bool if_clause;
	struct column_spec column;
	char new_name[NAME_SIZE];
	long new_name_pos;
	struct object_ref new_table;
	struct setting *settings;
	unsigned setting_count;
	const char *comment;
	uint32_t version;
};

/* Fields of CREATE STORAGE and ALTER STORAGE; NULL = not said. */
struct storage_spec {
	const char *name, *description, *base_directory, *shared_template, *user_template;
	const char *credentials, *config;	/* JSON text as written */
	long name_pos, description_pos, base_pos, shared_pos, user_pos;
	long credentials_pos, config_pos;
	bool has_type;
	enum storage_type type;
	long type_pos;
	bool bucket;		/* base_directory came from BUCKET 'x', "s3://" is in front of it */
	bool clear_description, clear_credentials, clear_config;	/* ALTER ... SET X NULL */
};

struct document;

struct stmt {
	enum stmt_verb verb;
	struct document *document;	/* it comes from a saved document (catalog/document.h); borrowed */
	uint32_t table_id;	/* CREATE TABLE: a number reserved before; 0 = the next one */
	size_t start, len;	/* its text in the script, blanks and terminator left out */
	struct object_ref object;	/* .name: also namespace or storage; empty = this table */
	bool if_clause;		/* IF EXISTS or IF NOT EXISTS */
	bool cascade;		/* DROP NAMESPACE ... CASCADE */
	bool purge;		/* DROP TABLE ... PURGE */
	uint32_t version;	/* UNDROP TABLE t@version; 0 = not said */
	bool has_type;		/* CREATE, ALTER, DROP TABLE: USER, SHARED or STREAM was said */
	enum table_type type;
	bool has_comment;
	const char *comment;
	long comment_pos;
	struct column_spec *columns;	/* CREATE TABLE */
	unsigned column_count;
	const char *primary_key;	/* table-level PRIMARY KEY (c), folded; NULL if not said */
	long primary_key_pos;
	const char **partition;		/* PARTITION BY (c, ...), folded */
	long *partition_pos;		/* where each stands; NULL in what a document creates */
	unsigned partition_count;
	struct setting *settings;	/* WITH (...) or SET OPTIONS (...) */
	unsigned setting_count;
	struct action *actions;		/* ALTER TABLE */
	unsigned action_count;
	struct storage_spec storage;
};

struct script {
	struct arena arena;	/* owns everything below, copies of texts included */
	struct stmt *stmts;
	size_t count;
	size_t tail;		/* where an unterminated rest begins; == len if there is none */
};

/*
 * Parse all complete statements of text.  What follows the last terminator and
 * is more than blanks and comments is left as the tail: it is parsed, too, and
 * is an error now if no continuation can make a statement of it (the failure
 * does not touch the end of the text).  A line comment that the end of the text
 * cuts off is a tail as well, since its rest may come with the next write; with
 * `final` it gives no statement.  With `final` the tail is taken as a statement
 * that the end of the text terminates.  in_block: the text continues a BEGIN
 * block, where only ';' ends a statement (COMMIT and ROLLBACK themselves end as
 * outside of it); BEGIN and COMMIT/ROLLBACK inside the text switch this, too.
 * BEGIN in a block and COMMIT or ROLLBACK outside are refused.
 *
 * Returns 0, -EINVAL with position and suggestion, -ENAMETOOLONG for a name,
 * -EPERM for what can never be done by a statement (SYSTEM tables, renaming a
 * namespace), -EFBIG for a statement or a tail over STATEMENT_MAX_BYTES,
 * -ENOMEM.  *out is valid only on success: script_free.
 */
int ddl_parse(const char *text, size_t len, enum ddl_scope scope, enum ddl_ending ending,
	      bool in_block, bool final, struct script *out, struct err *err) MUST_CHECK;

void script_free(struct script *script);

/*
 * Default functions (facts.md section 3.6 and 2.4): the static upper-case name
 * of a known one with its argument count checked, or NULL with err set.
 */
const char *ddl_function(const char *name, size_t len, const int64_t *args, unsigned nargs,
			 long pos, struct err *err);

/* Whether a function's values fit a column type (NOW for TIMESTAMP, ...); sets err if not. */
int ddl_function_check(const char *function, const struct type *type, long pos,
		       struct err *err) MUST_CHECK;

/* The statement forms of a scope, one per line, as ctl shows them; ends with a newline. */
void ddl_print_help(enum ddl_scope scope, FILE *out);

/*
 * Copy len bytes of statement text to out with secrets (catalog/secret.h) masked:
 * each becomes '***'.  Takes any text, also one that does not parse.
 */
void ddl_print_masked(const char *text, size_t len, FILE *out);

#endif
