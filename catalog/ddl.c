/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl.h"

#include "catalog/ddl_parse.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The script level: where statements begin and end, and what is left at the end. */
struct script_parser {
	struct script *out;
	enum ddl_ending ending;
	bool in_block;
	bool final;
	struct parser p;	/* last, as is its err: that is not zeroed */
};

/* Whether the token at the failure touches the end of the text, so that more text may mend it. */
static bool touches_end(const struct parser *p)
{
	struct lexer ahead = p->lx;

	ahead.token = p->stopped;
	if (p->err.pos < 0)
		return false;
	if (p->err.pos < p->stopped.pos) /* a name, judged when it was taken */
		return p->stopped.kind == TOKEN_END && p->last_end == p->lx.len &&
		       p->err.pos >= p->last_pos;
	while (ahead.token.kind != TOKEN_END &&
	       ahead.token.pos + (long)ahead.token.len <= p->err.pos) {
		if (lex_next(&ahead, NULL))
			return ahead.at == ahead.len;
	}
	return (size_t)ahead.token.pos + ahead.token.len == ahead.len;
}

static bool can_be_mended(const struct script_parser *sp)
{
	switch (sp->p.hope) {
	case HOPE_YES:
		return !sp->final;
	case HOPE_NONE:
		return false;
	case HOPE_BY_PLACE:
	default:
		return !sp->final && touches_end(&sp->p);
	}
}

static bool ends_block(const struct parser *p)
{
	return ddl_is(p, "COMMIT") || ddl_is(p, "ROLLBACK");
}

static void check_block(struct script_parser *sp, const struct stmt *stmt)
{
	struct parser *p = &sp->p;
	bool ends = stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK;

	if (p->rc)
		return;
	if (stmt->verb == STMT_BEGIN && sp->in_block)
		ddl_error(p, (long)stmt->start,
		          "BEGIN inside BEGIN: end the open transaction with COMMIT or ROLLBACK "
		          "first");
	if (ends && !sp->in_block)
		ddl_error(p, (long)stmt->start, "%s without BEGIN",
		          stmt->verb == STMT_COMMIT ? "COMMIT" : "ROLLBACK");
}

static void check_size(struct parser *p, size_t start, size_t len)
{
	if (!p->rc && len > STATEMENT_MAX_BYTES)
		ddl_stop(p, err_at(&p->err, -EFBIG, (long)start,
		                   "Statement is too long (%zu bytes, max "
		                   "%d)",
		                   len, STATEMENT_MAX_BYTES));
}

static void not_ended(struct parser *p, const struct stmt *stmt)
{
	bool is_list = stmt->verb == STMT_ALTER_TABLE;
	const struct token *token = &p->lx.token;

	if (ddl_begins_statement(p) || (is_list && ddl_begins_action(p)))
		ddl_error(p, token->pos, "Expected %s in front of '%.*s'",
		          is_list ? "',' or ';'" : "';'", (int)token->len, token->text);
	else
		ddl_expected(p, is_list ? "',' or the end of the statement"
		                        : "the end of the statement");
}

/* Words that go on with a statement on the next line. */
static const char *const further_words[] = {
	"WITH",
	"WITHOUT",
	"PARTITION",
	"COMMENT",
	"DEFAULT",
	"NOT",
	"NULL",
	"CASCADE",
	"RESTRICT",
	"PURGE",
	"USING",
	"PRIMARY",
	"AUTO_INCREMENT",
	"AUTOINCREMENT",
	"GENERATED",
	"IDENTITY",
	"ID",
	"TYPE",
	"NAME",
	"DESCRIPTION",
	"PATH",
	"BASE_DIRECTORY",
	"BUCKET",
	"REGION",
	"SHARED_TABLES_TEMPLATE",
	"USER_TABLES_TEMPLATE",
	"CREDENTIALS",
	"CONFIG",
	"SET",
	"TRANSACTION",
	"WORK",
	"PRECISION",
	"VARYING",
};

/* "NO" at the end of the text may be NOT NULL cut off by the end of a write. */
static bool may_go_on(const struct parser *p)
{
	const struct token *token = &p->lx.token;

	if (token->kind != TOKEN_WORD || (size_t)token->pos + token->len < p->lx.len)
		return false;
	for (size_t i = 0; i < countof(further_words); i++) {
		if (strlen(further_words[i]) >= token->len &&
		    !strncasecmp(further_words[i], token->text, token->len))
			return true;
	}
	return false;
}

/* Behind a whole statement: whether it is terminated. */
static bool is_terminated(struct script_parser *sp, const struct stmt *stmt)
{
	struct parser *p = &sp->p;

	if (p->rc)
		return false;
	if (ddl_is_symbol(p, ';'))
		return true;
	if (p->newline_ends && p->lx.token.newline_before)
		return sp->final || !may_go_on(p);
	if (ddl_is_kind(p, TOKEN_END))
		return sp->final;
	not_ended(p, stmt);
	return false;
}

/* One statement; whether it is whole and terminated. */
static bool parse_one(struct script_parser *sp, size_t start)
{
	struct script *out = sp->out;
	struct parser *p = &sp->p;
	struct stmt *stmt;

	out->stmts = ddl_reserve(p, out->stmts, out->count, sizeof(*out->stmts), NULL);
	if (!out->stmts)
		return false;
	stmt = &out->stmts[out->count];
	stmt->start = start;
	p->newline_ends = sp->ending == ENDING_NEWLINE && (!sp->in_block || ends_block(p));
	ddl_statement(p, stmt);
	check_block(sp, stmt);
	stmt->len = p->last_end - start;
	check_size(p, start, stmt->len);
	if (!is_terminated(sp, stmt))
		return false;
	if (stmt->verb == STMT_BEGIN)
		sp->in_block = true;
	else if (stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK)
		sp->in_block = false;
	out->count++;
	return true;
}

/*
 * Where a line comment begins that the end of the text cuts off, or len: its
 * rest may come with the next write and must not run as a statement.
 */
static size_t open_comment(const char *text, size_t from, size_t len)
{
	const char *line = memrchr(text + from, '\n', len - from);
	const char *at = line ? line + 1 : text + from;
	const char *dashes = memmem(at, (size_t)(text + len - at), "--", 2);

	return dashes ? (size_t)(dashes - text) : len;
}

/* All statements; gives where the tail begins. */
static size_t parse_all(struct script_parser *sp)
{
	struct parser *p = &sp->p;
	size_t start;

	for (;;) {
		while (ddl_accept_symbol(p, ';'))
			;
		if (p->rc)
			return p->last_end;
		if (ddl_is_kind(p, TOKEN_END))
			break;
		start = (size_t)p->lx.token.pos;
		if (!parse_one(sp, start))
			return start;
	}
	return sp->final ? p->lx.len : open_comment(p->lx.text, p->last_end, p->lx.len);
}

int ddl_parse(const char *text, size_t len, enum ddl_scope scope, enum ddl_ending ending,
              bool in_block, bool final, struct script *out, struct err *err)
{
	struct script_parser sp;
	struct parser *p = &sp.p;

	memset(&sp, 0, offsetof(struct script_parser, p.err));
	err_clear(&p->err);
	p->arena = &out->arena;
	p->scope = scope;
	sp.out = out;
	sp.ending = ending;
	sp.in_block = in_block;
	sp.final = final;
	*out = (struct script){ .tail = len };
	ddl_lexed(p, lex_start(&p->lx, text, len, &p->err));
	if (!p->rc || can_be_mended(&sp))
		out->tail = parse_all(&sp);
	if (p->rc && can_be_mended(&sp)) {
		p->rc = 0;
		err_clear(&p->err);
		check_size(p, out->tail, len - out->tail);
	}
	if (!p->rc)
		return 0;
	if (err && !err->code)
		*err = p->err;
	script_free(out);
	return p->rc;
}

void script_free(struct script *script)
{
	arena_free(&script->arena);
	*script = (struct script){ .tail = 0 };
}
