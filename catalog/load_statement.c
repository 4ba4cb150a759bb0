/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a statement is about: ours, a table of another database, or nothing
 * that a catalog knows.
 */
#include "catalog/load_impl.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void create_table(struct load *ld)
{
	load_create_table(ld, NULL);
}

static void create_user_table(struct load *ld)
{
	load_create_table(ld, "USER");
}

static void create_stream_table(struct load *ld)
{
	load_create_table(ld, "STREAM");
}

static void drop_one(struct load *ld, bool if_exists)
{
	struct load_table *table;
	struct load_ref ref;

	load_ref(ld, &ref);
	if (ld->rc)
		return;
	table = load_find(ld, &ref);
	if (table)
		load_drop(ld, table);
	else if (ref.bad.code || load_is_view(ld, &ref))
		load_count(ld, "DROP TABLE");
	else
		load_run_printed(ld, ref.pos, "DROP TABLE %s\"%s\".\"%s\"%s", if_exists ? "IF EXISTS " : "",
				 ref.ns, ref.name, ld->options->replace ? " PURGE" : "");
}

static void drop_table(struct load *ld)
{
	bool if_exists = load_if_exists(ld);

	do
		drop_one(ld, if_exists);
	while (load_accept_symbol(ld, ','));
}

/* Comments on it come later, and are no comments on tables. */
static void create_view(struct load *ld)
{
	struct load_ref ref;

	load_if_exists(ld);
	load_ref(ld, &ref);
	if (!ld->rc)
		load_add_view(ld, &ref);
	load_count(ld, ld->kind);
}

static void define_type(struct load *ld)
{
	load_define_type(ld);
	load_count(ld, ld->kind);
}

static void define_domain(struct load *ld)
{
	load_define_domain(ld);
	load_count(ld, ld->kind);
}

/* SQLite ends a dump so that met a damaged page. */
static void rollback(struct load *ld)
{
	load_refuse(ld, -EINVAL, 0, "The file undoes what it did: it ends a transaction with ROLLBACK");
}

typedef void statement_fn(struct load *ld);

static const struct rule {
	const char *words;
	statement_fn *fn;	/* NULL: skipped and counted */
} rules[] = {
	{ "CREATE TABLE", create_table },
	{ "CREATE UNLOGGED TABLE", create_table },
	{ "CREATE SHARED TABLE", create_table },
	{ "CREATE USER TABLE", create_user_table },
	{ "CREATE STREAM TABLE", create_stream_table },
	{ "ALTER TABLE", load_alter_table },
	{ "DROP TABLE", drop_table },
	{ "CREATE SCHEMA", load_create_schema },
	{ "CREATE DATABASE", load_create_database },
	{ "DROP SCHEMA", load_drop_schema },
	{ "DROP DATABASE", load_drop_database },
	{ "CREATE TYPE", define_type },
	{ "CREATE DOMAIN", define_domain },
	{ "CREATE VIEW", create_view },
	{ "CREATE MATERIALIZED VIEW", create_view },
	{ "CREATE RECURSIVE VIEW", create_view },
	{ "CREATE FOREIGN TABLE", create_view },
	{ "CREATE VIRTUAL TABLE", create_view },
	{ "CREATE TEMPORARY TABLE", create_view },
	{ "CREATE TEMP TABLE", create_view },
	{ "COMMENT ON", load_comment_on },
	{ "USE", load_use },
	{ "SET search_path", load_search_path },
	{ "ROLLBACK", rollback },
	{ "CREATE NAMESPACE", load_only_ours },
	{ "ALTER NAMESPACE", load_only_ours },
	{ "DROP NAMESPACE", load_only_ours },
	{ "CREATE STORAGE", load_only_ours },
	{ "ALTER STORAGE", load_only_ours },
	{ "DROP STORAGE", load_only_ours },
	{ "UNDROP", load_only_ours },
	{ "PURGE", load_only_ours },
	{ "CREATE UNIQUE INDEX", NULL },
};

/* Objects that no catalog knows, behind CREATE, ALTER and DROP. */
static const char *const objects[] = {
	"INDEX", "FULLTEXT INDEX", "SPATIAL INDEX", "VIEW", "MATERIALIZED VIEW", "FUNCTION",
	"PROCEDURE", "ROUTINE", "TRIGGER", "CONSTRAINT TRIGGER", "EVENT TRIGGER", "EVENT",
	"SEQUENCE", "EXTENSION", "TYPE", "DOMAIN", "AGGREGATE", "OPERATOR", "CAST", "COLLATION",
	"CONVERSION", "LANGUAGE", "TRUSTED", "PROCEDURAL", "RULE", "POLICY", "PUBLICATION",
	"SUBSCRIPTION", "SERVER", "FOREIGN TABLE", "FOREIGN DATA", "USER MAPPING", "USER", "ROLE",
	"GROUP", "TABLESPACE", "TEXT SEARCH", "STATISTICS", "TRANSFORM", "ACCESS METHOD",
	"DEFAULT PRIVILEGES", "LARGE OBJECT", "SCHEMA", "DATABASE", "PACKAGE",
};

/* What begins a statement that says nothing about a schema. */
static const char *const others[] = {
	"INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE", "COPY", "SELECT", "WITH",
	"VALUES", "CALL", "DO", "SET", "RESET", "SHOW", "PRAGMA", "BEGIN", "START", "COMMIT", "END",
	"SAVEPOINT", "RELEASE", "ABORT", "LOCK", "UNLOCK", "FLUSH", "ANALYZE", "VACUUM", "REINDEX",
	"CLUSTER", "CHECKPOINT", "DISCARD", "GRANT", "REVOKE", "REASSIGN", "SECURITY", "REFRESH",
	"NOTIFY", "LISTEN", "PREPARE", "EXECUTE", "DEALLOCATE", "LOAD", "IMPORT", "OPTIMIZE",
	"REPAIR", "CHECK", "HANDLER", "KILL", "XA", "ATTACH", "DETACH", "EXPLAIN", "DESCRIBE",
	"DECLARE", "FETCH", "CLOSE", "MOVE", "INSTALL", "UNINSTALL", "RENAME USER", "CHANGE",
};

/* Whether the next tokens are these words; the lexer goes behind them then. */
static bool accept_words(struct load *ld, const char *words)
{
	struct load_lexer start = ld->lx;
	size_t last_end = ld->last_end;

	while (*words) {
		size_t len = strcspn(words, " ");
		const struct load_token *token = &ld->lx.token;

		if (token->kind != FOREIGN_WORD || token->len != len ||
		    strncasecmp(token->text, words, len)) {
			ld->lx = start;
			ld->last_end = last_end;
			return false;
		}
		load_next(ld);
		words += len + (words[len] == ' ');
	}
	return true;
}

static bool accept_object(struct load *ld, const char *verb, char kind[48])
{
	for (size_t i = 0; i < countof(objects); i++) {
		if (accept_words(ld, objects[i])) {
			snprintf(kind, 48, "%s %s", verb, objects[i]);
			return true;
		}
	}
	return false;
}

/* OR REPLACE, DEFINER = `a`@`b`, SQL SECURITY ...: the object stands behind them. */
static bool is_prefix(const struct load *ld)
{
	static const char *const words[] = { "OR", "DEFINER", "ALGORITHM", "SQL", "AGGREGATE",
					     "TRUSTED", "CONSTRAINT", "GLOBAL", "LOCAL", "TEMP",
					     "TEMPORARY" };

	for (size_t i = 0; i < countof(words); i++) {
		if (load_is(ld, words[i]))
			return true;
	}
	return false;
}

static bool find_object(struct load *ld, char kind[48])
{
	struct load_lexer start = ld->lx;

	for (int i = 0; i < 20 && !load_is_end(ld); i++) {
		if (load_accept(ld, "VIEW")) {
			ld->kind = "CREATE VIEW";
			create_view(ld);
			ld->kind = NULL;
			kind[0] = '\0';
			return true;
		}
		if (accept_object(ld, "CREATE", kind))
			return true;
		load_next(ld);
	}
	ld->lx = start;
	return false;
}

/* Whether it is a statement that counts for nothing here. */
static bool skip_other(struct load *ld)
{
	static const char *const verbs[] = { "CREATE", "ALTER", "DROP" };
	char kind[48] = "";
	bool known = false;

	for (size_t i = 0; i < countof(others) && !known; i++) {
		known = accept_words(ld, others[i]);
		snprintf(kind, sizeof(kind), "%s", others[i]);
	}
	for (size_t i = 0; i < countof(verbs) && !known; i++) {
		if (!load_accept(ld, verbs[i]))
			continue;
		known = accept_object(ld, verbs[i], kind) || (!i && is_prefix(ld) && find_object(ld, kind));
		break;
	}
	if (known && *kind)
		load_count(ld, kind);
	return known;
}

static bool is_utf8(struct load *ld)
{
	const char *text = ld->stmt.text;
	uint32_t cp;
	size_t at = 0;

	while (at < ld->stmt.len) {
		int n = text[at] != '\0';

		if (text[at] & 0x80)
			n = utf8_decode(text + at, ld->stmt.len - at, &cp);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (at == ld->stmt.len)
		return true;
	load_refuse(ld, -EINVAL, at,
		    "Byte 0x%02X is not UTF-8: convert the file first, for example with iconv -f LATIN1 "
		    "-t UTF-8", (unsigned char)text[at]);
	return false;
}

/* What is not understood of a statement does not cost the file, unless it is one of ours. */
static void forgive(struct load *ld, const struct rule *rule)
{
	char why[ERR_TEXT_SIZE];

	if (ld->rc != -EINVAL || !ld->options->lenient)
		return;
	if (rule->fn == rollback || rule->fn == load_only_ours)
		return;
	memcpy(why, ld->err->text, sizeof(why));
	err_clear(ld->err);
	ld->rc = 0;
	ld->last_end = ld->stmt.len;
	load_tell(ld, LOSS_STATEMENT, ld->stmt.origin.line, "left out what is not understood of %s: %s",
		  load_excerpt(ld, 0), why);
}

static void run_rule(struct load *ld, const struct rule *rule)
{
	char kind[48];

	if (!rule->fn) {
		load_count(ld, rule->words);
		return;
	}
	if (ld->stmt.is_cut) {
		load_refuse(ld, -EFBIG, 0, "Statement is too long (max %d bytes)", STATEMENT_MAX_BYTES);
		return;
	}
	snprintf(kind, sizeof(kind), "%s", rule->words);
	ld->kind = kind;
	if (is_utf8(ld)) {
		rule->fn(ld);
		forgive(ld, rule);
	}
	ld->kind = NULL;
}

static void unknown(struct load *ld, const struct err *ours)
{
	size_t from = load_pos(ld);

	if (!ld->options->lenient && ours->code) {
		load_refuse_err(ld, 0, ours);
		return;
	}
	load_skip_rest(ld);
	load_lose(ld, LOSS_STATEMENT, from, "Unknown statement",
		  "left out this statement, which is unknown: %s", load_excerpt(ld, 0));
}

static void run_foreign(struct load *ld, const struct err *ours)
{
	for (size_t i = 0; i < countof(rules); i++) {
		if (accept_words(ld, rules[i].words)) {
			run_rule(ld, &rules[i]);
			return;
		}
	}
	if (!skip_other(ld))
		unknown(ld, ours);
}

/* Two parsers have refused it: who came further knows what is wrong. */
static void better_refusal(struct load *ld, const struct err *ours)
{
	if (!ld->rc || !ours->code || !ld->result->text || ours->pos <= ld->err->pos)
		return;
	*ld->err = *ours;
	ld->rc = ours->code;
}

static void count_command(struct load *ld)
{
	char kind[48];

	snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(ld->stmt.text, " \r\n;"), ld->stmt.text);
	load_count(ld, kind);
}

void load_statement(struct load *ld)
{
	struct err ours = ERR_INIT;

	load_lex_start(&ld->lx, ld->stmt.text, ld->stmt.len, ld->dialect);
	ld->last_end = 0;
	if (ld->stmt.is_command) {
		count_command(ld);
		return;
	}
	if (ld->dialect == LOAD_ANY && !ld->stmt.is_cut && load_take_ours(ld, &ours))
		return;
	if (ours.code != -ENOMEM)
		run_foreign(ld, &ours);
	else
		load_refuse_err(ld, 0, &ours);
	better_refusal(ld, &ours);
}
