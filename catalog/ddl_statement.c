/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl_parse.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum verb { VERB_CREATE, VERB_ALTER, VERB_DROP, VERB_COUNT };

static const char *const verb_words[] = {
	[VERB_CREATE] = "CREATE",
	[VERB_ALTER] = "ALTER",
	[VERB_DROP] = "DROP",
};
_Static_assert(countof(verb_words) == VERB_COUNT, "every verb has its word");

/* The objects that have all three verbs. */
static const struct {
	const char *word;
	void (*parse[VERB_COUNT])(struct parser *p, struct stmt *stmt);
} objects[] = {
	{ "NAMESPACE", { ddl_create_namespace, ddl_alter_namespace, ddl_drop_namespace } },
	{ "TABLE", { ddl_create_table, ddl_alter_table, ddl_drop_table } },
	{ "STORAGE", { ddl_create_storage, ddl_alter_storage, ddl_drop_storage } },
};

static const char *const object_words[] = {
	"NAMESPACE", "TABLE", "STORAGE", "USER TABLE", "SHARED TABLE", "STREAM TABLE",
};

/* In the order of enum table_type; SYSTEM is here to be refused. */
static const char *const type_words[] = {
	[TABLE_USER] = "USER",
	[TABLE_SHARED] = "SHARED",
	[TABLE_STREAM] = "STREAM",
	[TABLE_SYSTEM] = "SYSTEM",
};
_Static_assert(countof(type_words) == TABLE_TYPE_COUNT, "every type has its word");

struct refusal {
	const char *word;
	const char *text;
};

/* Objects of other databases; the words are no names, except where a ctl asks (decisions.md 44). */
static const struct refusal refused_objects[] = {
	{ "OR", "CREATE OR REPLACE is not supported: use ALTER, or DROP the old one first" },
	{ "VIEW", "Views are not part of the catalog" },
	{ "MATERIALIZED", "Views are not part of the catalog" },
	{ "TEMPORARY", "Temporary tables are not part of the catalog" },
	{ "TEMP", "Temporary tables are not part of the catalog" },
	{ "EXTERNAL", "External tables are not part of the catalog" },
	{ "SCHEMA", "A schema is called NAMESPACE here" },
	{ "DATABASE", "A database is called NAMESPACE here" },
	{ "ROLE", "Users and roles are not part of the catalog" },
	{ "FUNCTION", "Functions are not part of the catalog" },
	{ "TRIGGER", "Triggers are not part of the catalog" },
	{ "SEQUENCE", "Sequences are not part of the catalog: a column can have DEFAULT "
	              "SNOWFLAKE_ID()" },
	{ "TYPE", "The types are fixed: the directory types/ lists them" },
	{ "EXTENSION", "Extensions are not part of the catalog" },
	{ "TOPIC", "Topics are not part of the catalog" },
};

static const struct refusal refused_statements[] = {
	{ "SELECT", "SELECT is not a statement of this catalog: read the files instead" },
	{ "WITH", "WITH is not a statement of this catalog: read the files instead" },
	{ "TABLE", "TABLE is not a statement of this catalog: read the files instead" },
	{ "SHOW", "SHOW is not a statement of this catalog: list the directories instead" },
	{ "DESCRIBE", "DESCRIBE is not a statement of this catalog: read the table's file "
	              "'describe' instead" },
	{ "DESC", "DESC is not a statement of this catalog: read the table's file 'describe' "
	          "instead" },
	{ "EXPLAIN", "EXPLAIN is not a statement of this catalog: write the statement to the "
	             "file 'plan' instead" },
	{ "INSERT", "INSERT is not a statement of this catalog: it holds schemas, not rows" },
	{ "UPDATE", "UPDATE is not a statement of this catalog: it holds schemas, not rows" },
	{ "DELETE", "DELETE is not a statement of this catalog: it holds schemas, not rows" },
	{ "MERGE", "MERGE is not a statement of this catalog: it holds schemas, not rows" },
	{ "TRUNCATE", "TRUNCATE is not a statement of this catalog: it holds schemas, not rows" },
	{ "COPY", "COPY is not a statement of this catalog: it holds schemas, not rows" },
	{ "USE", "USE is not a statement of this catalog: write to the namespace's ctl, or put the "
	         "namespace in front of the name, as in app.messages" },
	{ "SET", "SET is not a statement of this catalog: for the options of a table write ALTER "
	         "TABLE t SET (...)" },
	{ "GRANT", "GRANT is not a statement of this catalog: the mount option dba= says who may "
	           "change it" },
	{ "REVOKE", "REVOKE is not a statement of this catalog: the mount option dba= says who may "
	            "change it" },
	{ "START", "A transaction begins with BEGIN here" },
	{ "END", "A transaction ends with COMMIT or ROLLBACK here" },
	{ "ABORT", "A transaction ends with COMMIT or ROLLBACK here" },
	{ "SAVEPOINT", "There are no savepoints: a transaction is committed as a whole" },
	{ "STORAGE", "STORAGE CHECK, FLUSH and COMPACT work on data files, which the catalog does "
	             "not touch: to change a storage write ALTER STORAGE" },
	{ "BACKUP", "BACKUP is not a statement of this catalog: run kalamctl backup" },
	{ "EXPORT", "EXPORT is not a statement of this catalog: run kalamctl dump" },
	{ "ADD", "ADD is an action: write ALTER TABLE t ADD ..., or write it to the table's ctl" },
	{ "MODIFY", "MODIFY is an action: write ALTER TABLE t MODIFY ..., or write it to the "
	            "table's ctl" },
	{ "RENAME", "RENAME is an action: write ALTER TABLE t RENAME ..., or write it to the "
	            "table's ctl" },
	{ "COMMENT", "COMMENT is an action: write ALTER TABLE t COMMENT 'text', or write it to the "
	             "table's ctl" },
	{ "RESTORE",
	  "RESTORE VERSION is an action: write ALTER TABLE t RESTORE VERSION n, or write "
	  "it to the table's ctl" },
};

#define REFUSE(p, table) refuse(p, table, countof(table))

static bool refuse(struct parser *p, const struct refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ddl_is(p, refusals[i].word)) {
			ddl_error(p, p->lx.token.pos, "%s", refusals[i].text);
			return true;
		}
	}
	return false;
}

static bool is_word(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && name_is_word(token->text, token->len, word);
}

bool ddl_refuse_index(struct parser *p)
{
	bool is = ddl_is(p, "INDEX") ||
	          ((ddl_is(p, "UNIQUE") || ddl_is(p, "VECTOR")) && ddl_peek_is(p, "INDEX"));

	if (is)
		ddl_error(p, p->lx.token.pos, "Indexes are not part of the catalog");
	return is;
}

/* The second token behind the current one. */
static struct token peek_second(const struct parser *p)
{
	struct lexer ahead = p->lx;

	if (p->rc || lex_next(&ahead, NULL) || lex_next(&ahead, NULL))
		return (struct token){ .kind = TOKEN_END };
	return ahead.token;
}

/* Whether ALTER or DROP is followed by an object rather than by a column's name. */
static bool is_object_statement(const struct parser *p)
{
	struct token next = ddl_peek(p), second;

	for (size_t i = 0; i < countof(objects); i++) {
		if (is_word(&next, objects[i].word))
			return true;
	}
	if (is_word(&next, "VIEW") || is_word(&next, "SCHEMA") || is_word(&next, "DATABASE"))
		return true;
	for (size_t i = 0; i < countof(type_words); i++) {
		if (is_word(&next, type_words[i])) {
			second = peek_second(p);
			return is_word(&second, "TABLE");
		}
	}
	return false;
}

/* [USER | SHARED | STREAM] in front of TABLE. */
static void parse_table_type(struct parser *p, enum verb verb, struct stmt *stmt)
{
	int type = ddl_which(p, WORD_LIST(type_words));
	long pos = p->lx.token.pos;

	if (type < 0)
		return;
	ddl_next(p);
	if (!ddl_is(p, "TABLE"))
		ddl_expected(p, "TABLE");
	else if (type == TABLE_SYSTEM)
		ddl_stop(p, err_at(&p->err, -EPERM, pos, "Cannot %s SYSTEM tables via SQL",
		                   verb == VERB_CREATE  ? "create"
		                   : verb == VERB_ALTER ? "alter"
		                                        : "drop"));
	stmt->has_type = true;
	stmt->type = (enum table_type)type;
}

static void parse_object(struct parser *p, enum verb verb, struct stmt *stmt)
{
	char what[32];

	ddl_next(p);
	parse_table_type(p, verb, stmt);
	for (size_t i = 0; i < countof(objects); i++) {
		if (ddl_accept(p, objects[i].word)) {
			objects[i].parse[verb](p, stmt);
			return;
		}
	}
	if (p->rc || ddl_refuse_index(p) || REFUSE(p, refused_objects))
		return;
	snprintf(what, sizeof(what), "object after %s", verb_words[verb]);
	ddl_unknown(p, what, WORD_LIST(object_words));
}

static void parse_create(struct parser *p, struct stmt *stmt)
{
	parse_object(p, VERB_CREATE, stmt);
}

static void parse_alter(struct parser *p, struct stmt *stmt)
{
	parse_object(p, VERB_ALTER, stmt);
}

static void parse_drop(struct parser *p, struct stmt *stmt)
{
	parse_object(p, VERB_DROP, stmt);
}

static void parse_undrop(struct parser *p, struct stmt *stmt)
{
	ddl_next(p);
	ddl_undrop_table(p, stmt);
}

static void parse_purge(struct parser *p, struct stmt *stmt)
{
	ddl_next(p);
	ddl_purge_table(p, stmt);
}

/* BEGIN, COMMIT and ROLLBACK, each with [TRANSACTION | WORK]. */
static void parse_transaction(struct parser *p, struct stmt *stmt)
{
	stmt->verb = ddl_is(p, "BEGIN")    ? STMT_BEGIN
	             : ddl_is(p, "COMMIT") ? STMT_COMMIT
	                                   : STMT_ROLLBACK;
	ddl_next(p);
	if (!ddl_accept(p, "TRANSACTION"))
		ddl_accept(p, "WORK");
}

static const struct {
	const char *word;
	void (*parse)(struct parser *p, struct stmt *stmt);
} statements[] = {
	{ "CREATE", parse_create },      { "ALTER", parse_alter },
	{ "DROP", parse_drop },          { "UNDROP", parse_undrop },
	{ "PURGE", parse_purge },        { "BEGIN", parse_transaction },
	{ "COMMIT", parse_transaction }, { "ROLLBACK", parse_transaction },
};

static const char *const statement_words[] = {
	"CREATE", "ALTER", "DROP", "UNDROP", "PURGE", "BEGIN", "COMMIT", "ROLLBACK",
};
_Static_assert(countof(statement_words) == countof(statements), "messages list every statement");

static const char *const table_words[] = {
	"ADD",     "DROP",   "RENAME", "ALTER", "MODIFY", "SET",    "COMMENT",
	"RESTORE", "CREATE", "UNDROP", "PURGE", "BEGIN",  "COMMIT", "ROLLBACK",
};

static struct word_list first_words(const struct parser *p)
{
	return p->scope == SCOPE_TABLE ? WORD_LIST(table_words) : WORD_LIST(statement_words);
}

bool ddl_begins_statement(const struct parser *p)
{
	return ddl_which(p, first_words(p)) >= 0;
}

/* Whether the current token is the last of the text and could grow to a first word. */
static bool can_grow(const struct parser *p)
{
	const struct token *token = &p->lx.token;
	struct word_list list = first_words(p);

	if ((size_t)token->pos + token->len < p->lx.len)
		return false;
	if (ddl_is_symbol(p, '-') || ddl_is_symbol(p, '/'))
		return true;
	for (size_t i = 0; token->kind == TOKEN_WORD && i < list.count; i++) {
		if (strlen(list.words[i]) > token->len &&
		    !strncasecmp(list.words[i], token->text, token->len))
			return true;
	}
	return false;
}

static void unknown_statement(struct parser *p)
{
	p->hope = can_grow(p) ? HOPE_YES : HOPE_NONE;
	if (!REFUSE(p, refused_statements))
		ddl_unknown(p, "statement", first_words(p));
}

void ddl_statement(struct parser *p, struct stmt *stmt)
{
	bool is_action = p->scope == SCOPE_TABLE && ddl_begins_action(p) &&
	                 !((ddl_is(p, "ALTER") || ddl_is(p, "DROP")) && is_object_statement(p));

	if (is_action) {
		ddl_actions(p, stmt);
		return;
	}
	for (size_t i = 0; i < countof(statements); i++) {
		if (ddl_is(p, statements[i].word)) {
			statements[i].parse(p, stmt);
			return;
		}
	}
	unknown_statement(p);
}
