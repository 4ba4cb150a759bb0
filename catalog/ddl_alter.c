/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl_parse.h"

#include <errno.h>
#include <string.h>

static void old_column(struct parser *p, struct action *action)
{
	ddl_accept(p, "COLUMN");
	ddl_old_name(p, NAME_COLUMN, action->column.name, &action->column.pos);
}

/* ADD PRIMARY KEY, DROP CONSTRAINT and the like: fails if p stands in front of one. */
static bool refuse_key(struct parser *p)
{
	if (ddl_is(p, "PRIMARY"))
		ddl_error(p, p->lx.token.pos,
		          "The PRIMARY KEY is chosen at CREATE TABLE: it can be neither added nor "
		          "dropped");
	else if (!ddl_refuse_index(p))
		ddl_refuse_constraint(p, true);
	return p->rc;
}

static void parse_add(struct parser *p, struct action *action)
{
	struct column_spec *column = &action->column;

	action->kind = ACTION_ADD_COLUMN;
	if (refuse_key(p))
		return;
	ddl_accept(p, "COLUMN");
	action->if_clause = ddl_if_exists(p, true);
	ddl_new_name(p, NAME_COLUMN, column->name, &column->pos);
	ddl_column(p, column, COLUMN_ADD);
}

static void parse_drop(struct parser *p, struct action *action)
{
	action->kind = ACTION_DROP_COLUMN;
	if (refuse_key(p))
		return;
	ddl_accept(p, "COLUMN");
	action->if_clause = ddl_if_exists(p, false);
	ddl_old_name(p, NAME_COLUMN, action->column.name, &action->column.pos);
}

static void parse_rename(struct parser *p, struct action *action)
{
	if (ddl_accept(p, "TO")) {
		action->kind = ACTION_RENAME_TABLE;
		ddl_table_name(p, &action->new_table, true);
		return;
	}
	action->kind = ACTION_RENAME_COLUMN;
	old_column(p, action);
	ddl_expect(p, "TO");
	ddl_new_name(p, NAME_COLUMN, action->new_name, &action->new_name_pos);
}

static void parse_type_change(struct parser *p, struct action *action)
{
	action->kind = ACTION_SET_TYPE;
	ddl_new_type(p, &action->column);
}

/* Behind ALTER COLUMN c SET. */
static void parse_column_set(struct parser *p, struct action *action)
{
	static const char *const words[] = { "DATA TYPE", "NOT NULL", "DEFAULT" };

	if (ddl_accept(p, "DATA")) {
		ddl_expect(p, "TYPE");
		parse_type_change(p, action);
	} else if (ddl_accept(p, "NOT")) {
		ddl_expect(p, "NULL");
		action->kind = ACTION_SET_NOT_NULL;
	} else if (ddl_accept(p, "DEFAULT")) {
		action->kind = ACTION_SET_DEFAULT;
		action->column.has_default = true;
		ddl_default(p, &action->column.def);
	} else {
		ddl_unknown(p, "word after SET", WORD_LIST(words));
	}
}

/* Behind ALTER COLUMN c DROP. */
static void parse_column_drop(struct parser *p, struct action *action)
{
	static const char *const words[] = { "NOT NULL", "DEFAULT" };

	if (ddl_accept(p, "NOT")) {
		ddl_expect(p, "NULL");
		action->kind = ACTION_DROP_NOT_NULL;
	} else if (ddl_accept(p, "DEFAULT")) {
		action->kind = ACTION_DROP_DEFAULT;
	} else {
		ddl_unknown(p, "word after DROP", WORD_LIST(words));
	}
}

static void parse_column_comment(struct parser *p, struct action *action)
{
	action->kind = ACTION_COLUMN_COMMENT;
	action->column.has_comment = true;
	action->column.comment = ddl_comment(p, &action->column.comment_pos);
}

static void parse_alter(struct parser *p, struct action *action)
{
	static const char *const words[] = { "TYPE", "SET", "DROP", "COMMENT" };

	old_column(p, action);
	if (ddl_accept(p, "TYPE"))
		parse_type_change(p, action);
	else if (ddl_accept(p, "SET"))
		parse_column_set(p, action);
	else if (ddl_accept(p, "DROP"))
		parse_column_drop(p, action);
	else if (ddl_accept(p, "COMMENT"))
		parse_column_comment(p, action);
	else
		ddl_unknown(p, "change of a column", WORD_LIST(words));
}

static void parse_modify(struct parser *p, struct action *action)
{
	action->kind = ACTION_MODIFY_COLUMN;
	old_column(p, action);
	ddl_column(p, &action->column, COLUMN_MODIFY);
}

/* SET ACCESS LEVEL x is SET (ACCESS_LEVEL = x). */
static void parse_access_level(struct parser *p, struct action *action)
{
	const struct token *token = &p->lx.token;
	struct setting *setting;
	const char *level;

	ddl_expect(p, "LEVEL");
	setting = ddl_reserve(p, NULL, 0, sizeof(*setting), "options");
	if (!setting)
		return;
	setting->name = "ACCESS_LEVEL";
	setting->pos = action->pos;
	setting->value_pos = token->pos;
	if (ddl_is_kind(p, TOKEN_WORD)) {
		level = arena_strndup(p->arena, token->text, token->len);
		if (!level)
			ddl_stop(p, err_nomem(&p->err));
		ddl_next(p);
	} else {
		level = ddl_string(p, "PUBLIC, PRIVATE, RESTRICTED or DBA, bare or");
	}
	if (!level)
		return;
	setting->value = (struct literal){ LITERAL_STRING, level, strlen(level) };
	action->settings = setting;
	action->setting_count = 1;
}

static void parse_set(struct parser *p, struct action *action)
{
	static const char *const words[] = { "'('", "ACCESS LEVEL", "TBLPROPERTIES" };
	const struct token *token = &p->lx.token;
	struct token next;

	action->kind = ACTION_SET_OPTIONS;
	if (ddl_accept(p, "ACCESS")) {
		parse_access_level(p, action);
		return;
	}
	if (!ddl_accept(p, "TBLPROPERTIES"))
		ddl_accept(p, "OPTIONS");
	if (ddl_is_kind(p, TOKEN_WORD)) {
		next = ddl_peek(p);
		if (next.kind == TOKEN_SYMBOL && next.text[0] == '=')
			ddl_error(p, token->pos, "Options stand in parentheses: SET (%.*s = ...)",
			          token->len > 40 ? 40 : (int)token->len, token->text);
		ddl_unknown(p, "word after SET", WORD_LIST(words));
		return;
	}
	ddl_settings(p, &action->settings, &action->setting_count);
}

static void parse_comment(struct parser *p, struct action *action)
{
	action->kind = ACTION_TABLE_COMMENT;
	action->comment = ddl_comment(p, &action->column.comment_pos);
}

static void parse_restore(struct parser *p, struct action *action)
{
	action->kind = ACTION_RESTORE_VERSION;
	ddl_expect(p, "VERSION");
	action->version = ddl_integer(p, 1, UINT32_MAX, "the number of a version");
}

static void parse_create(struct parser *p, struct action *action)
{
	action->kind = ACTION_ADD_COLUMN;
	if (!ddl_refuse_index(p))
		ddl_error(
			p, p->last_pos,
			"CREATE is not an action of ALTER TABLE: to add a column write ADD COLUMN");
}

/* CREATE is here for CREATE INDEX only. */
static const struct {
	const char *word;
	void (*parse)(struct parser *p, struct action *action);
} actions[] = {
	{ "ADD", parse_add },         { "DROP", parse_drop },       { "RENAME", parse_rename },
	{ "ALTER", parse_alter },     { "MODIFY", parse_modify },   { "SET", parse_set },
	{ "COMMENT", parse_comment }, { "RESTORE", parse_restore }, { "CREATE", parse_create },
};

static const char *const action_words[] = {
	"ADD", "DROP", "RENAME", "ALTER", "MODIFY", "SET", "COMMENT", "RESTORE VERSION",
};
_Static_assert(countof(action_words) + 1 == countof(actions), "messages list every action");

bool ddl_begins_action(const struct parser *p)
{
	for (size_t i = 0; i < countof(action_words); i++) {
		if (ddl_is(p, actions[i].word))
			return true;
	}
	return false;
}

static void parse_action(struct parser *p, struct action *action)
{
	action->pos = p->lx.token.pos;
	for (size_t i = 0; i < countof(actions); i++) {
		if (ddl_is(p, actions[i].word)) {
			ddl_next(p);
			actions[i].parse(p, action);
			return;
		}
	}
	ddl_unknown(p, "action", WORD_LIST(action_words));
}

static void check_restore_alone(struct parser *p, const struct stmt *stmt)
{
	for (unsigned i = 0; stmt->action_count > 1 && i < stmt->action_count; i++) {
		if (stmt->actions[i].kind == ACTION_RESTORE_VERSION)
			ddl_error(p, stmt->actions[i].pos,
			          "RESTORE VERSION cannot be combined with other actions");
	}
}

void ddl_actions(struct parser *p, struct stmt *stmt)
{
	stmt->verb = STMT_ALTER_TABLE;
	do {
		stmt->actions = ddl_reserve(p, stmt->actions, stmt->action_count,
		                            sizeof(*stmt->actions), "actions");
		if (!stmt->actions)
			return;
		parse_action(p, &stmt->actions[stmt->action_count]);
		stmt->action_count++;
	} while (ddl_accept_symbol(p, ','));
	check_restore_alone(p, stmt);
}

void ddl_alter_table(struct parser *p, struct stmt *stmt)
{
	stmt->if_clause = ddl_if_exists(p, false);
	ddl_table_name(p, &stmt->object, false);
	ddl_actions(p, stmt);
}
