/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/merge.h"

#include "catalog/apply.h"

#include <errno.h>
#include <string.h>

struct action *merge_action(struct merge *m, enum action_kind kind, long pos)
{
	struct action *action;

	if (m->action_count == m->action_room) {
		unsigned room = m->action_room ? 2 * m->action_room : 16;
		struct action *larger =
			arena_array(&m->document->arena, room, sizeof(*larger));

		if (!larger) {
			err_nomem(m->err);
			return NULL;
		}
		if (m->action_count)
			memcpy(larger, m->actions, m->action_count * sizeof(*larger));
		m->actions = larger;
		m->action_room = room;
	}
	action = &m->actions[m->action_count++];
	*action = (struct action){ .kind = kind, .pos = pos };
	return action;
}

static int unknown_id(struct merge *m, const struct document_column *column)
{
	if (!m->has_base && column->id < m->current->next_column_id)
		return merge_gone(m, column);
	return err_at(m->err, -EINVAL, column->field[COLUMN_COLUMN_ID]->pos,
		      "column_id %u is unknown: %s.%s has no such column. Leave column_id out of a "
		      "new column", column->id, m->current->namespace_name, m->current->name);
}

static int claim(struct merge *m, const struct document_column **claims, size_t at,
		 const struct document_column *column)
{
	if (claims[at])
		return err_at(m->err, -EINVAL, column->field[COLUMN_COLUMN_ID]->pos,
			      "column_id %u stands twice: column '%s' has it, too. Leave column_id "
			      "out of a new column", column->id, claims[at]->spec.name);
	claims[at] = column;
	return 0;
}

/* A column that was added since the base, and yet is in the document, came from current. */
static int resolve_id(struct merge *m, const struct document_column *column,
		      const struct column **was)
{
	const struct column *there = table_find_column_id(m->base, column->id);

	*was = there;
	if (there)
		return claim(m, m->base_claims, (size_t)(there - m->base->columns), column);
	*was = there = table_find_column_id(m->current, column->id);
	if (there)
		return claim(m, m->current_claims, (size_t)(there - m->current->columns), column);
	return unknown_id(m, column);
}

static void resolve_name(struct merge *m, const struct document_column *column,
			 const struct column **was)
{
	const struct column *there = table_find_column(m->base, column->spec.name);

	*was = NULL;
	if (there && !m->base_claims[there - m->base->columns]) {
		m->base_claims[there - m->base->columns] = column;
		*was = there;
	}
}

/* Which column of the base each of the document's is (decisions.md 20). */
static int resolve(struct merge *m)
{
	const struct document_table *table = &m->document->table;
	struct arena *arena = &m->document->arena;
	int rc;

	m->was = arena_array(arena, table->column_count, sizeof(*m->was));
	m->base_claims = arena_array(arena, m->base->column_count, sizeof(*m->base_claims));
	m->current_claims =
		arena_array(arena, m->current->column_count, sizeof(*m->current_claims));
	if (!m->was || !m->base_claims || !m->current_claims)
		return err_nomem(m->err);
	for (unsigned i = 0; i < table->column_count; i++) {
		if (!table->columns[i].id)
			continue;
		rc = resolve_id(m, &table->columns[i], &m->was[i]);
		if (rc)
			return rc;
	}
	for (unsigned i = 0; i < table->column_count; i++) {
		if (!table->columns[i].id)
			resolve_name(m, &table->columns[i], &m->was[i]);
	}
	return 0;
}

/* The one column of a column file is known by the file. */
static int resolve_file(struct merge *m)
{
	uint32_t id = m->document->target.column_id;
	const struct column *was = table_find_column_id(m->base, id);

	if (!was)
		was = table_find_column_id(m->current, id);
	if (!was)
		return err_set(m->err, -ENOENT, "The column is not there any more");
	m->was = arena_alloc(&m->document->arena, sizeof(*m->was));
	if (!m->was)
		return err_nomem(m->err);
	m->was[0] = was;
	return 0;
}

static int merge_comment(struct merge *m)
{
	const struct document_table *table = &m->document->table;
	struct subject subject = { .unit = UNIT_TABLE_COMMENT };
	struct action *action;

	if (!table->has_comment || text_equal(table->comment, m->base->comment) ||
	    text_equal(table->comment, m->current->comment))
		return 0;
	subject.at = table->field[TABLE_TABLE_COMMENT];
	if (!text_equal(m->base->comment, m->current->comment))
		return merge_conflict(m, &subject);
	action = merge_action(m, ACTION_TABLE_COMMENT, subject.at->pos);
	if (!action)
		return -ENOMEM;
	action->comment = table->comment;
	action->column.comment_pos = subject.at->pos;
	return 0;
}

/* 1 if the option is to be set, 0 if there is nothing to do. */
static int merge_option(struct merge *m, const struct setting *setting)
{
	const struct option *option = option_find(setting->name, strlen(setting->name));
	struct table_options mine = m->base->options;
	/* cppcheck-suppress danglingLifetime; both are gone at the same time */
	struct subject subject = { .unit = UNIT_TABLE_OPTION, .option = option, .options = &mine };
	int rc;

	if (!option_applies(option, m->base->type))
		return 1;	/* apply.c says why not */
	rc = option_set(option, m->base->type, &mine, &setting->value, setting->value_pos, m->err);
	if (rc)
		return rc;
	if (option_equal(option, &mine, &m->base->options) ||
	    option_equal(option, &mine, &m->current->options))
		return 0;
	if (option_equal(option, &m->base->options, &m->current->options))
		return 1;
	subject.at = json_tree_at(m->document->root, setting->value_pos);
	return merge_conflict(m, &subject);
}

static int merge_options(struct merge *m)
{
	const struct document_table *table = &m->document->table;
	struct setting *settings;
	struct action *action;
	unsigned count = 0;

	if (!table->setting_count)
		return 0;
	settings = arena_array(&m->document->arena, table->setting_count, sizeof(*settings));
	if (!settings)
		return err_nomem(m->err);
	for (unsigned i = 0; i < table->setting_count; i++) {
		int rc = merge_option(m, &table->settings[i]);

		if (rc < 0)
			return rc;
		if (rc)
			settings[count++] = table->settings[i];
	}
	if (!count)
		return 0;
	action = merge_action(m, ACTION_SET_OPTIONS, table->field[TABLE_TABLE_OPTIONS]->pos);
	if (!action)
		return -ENOMEM;
	action->settings = settings;
	action->setting_count = count;
	return 0;
}

/* Which name a half of it shall have: the document's, if it changed it. */
static int merge_half(struct merge *m, enum unit unit, const struct json_value *said,
		      const char *base, const char *current, const char **out)
{
	struct subject subject = { .unit = unit, .at = said };

	*out = current;
	if (!said || strcmp(said->text, base) == 0 || strcmp(said->text, current) == 0)
		return 0;
	if (strcmp(base, current) != 0)
		return merge_conflict(m, &subject);
	*out = said->text;
	return 0;
}

static int merge_name(struct merge *m)
{
	const struct json_value *const *f = m->document->table.field;
	const struct table *base = m->base, *current = m->current;
	const char *ns, *name;
	struct action *action;
	int rc;

	rc = merge_half(m, UNIT_TABLE_NAMESPACE, f[TABLE_NAMESPACE_ID], base->namespace_name,
			current->namespace_name, &ns);
	if (!rc)
		rc = merge_half(m, UNIT_TABLE_NAME, f[TABLE_TABLE_NAME], base->name, current->name,
				&name);
	if (rc || (ns == current->namespace_name && name == current->name))
		return rc;
	action = merge_action(m, ACTION_RENAME_TABLE, -1);
	if (!action)
		return -ENOMEM;
	snprintf(action->new_table.namespace_name, NAME_SIZE, "%s", ns);
	snprintf(action->new_table.name, NAME_SIZE, "%s", name);
	action->new_table.pos = name == current->name ? f[TABLE_NAMESPACE_ID]->pos :
							f[TABLE_TABLE_NAME]->pos;
	action->pos = action->new_table.pos;
	return 0;
}

/* All actions that lead from current to what the document wants, seen from base. */
static int run(struct merge *m, const struct table *base, const struct table *current,
	       struct err *err)
{
	int rc;

	m->base = base;
	m->current = current;
	m->action_count = 0;
	m->err = err;
	if (m->document->target.kind == DOCUMENT_COLUMN) {
		rc = resolve_file(m);
		return rc ? rc : merge_columns(m);
	}
	rc = resolve(m);
	if (!rc)
		rc = merge_columns(m);
	if (!rc)
		rc = merge_options(m);
	if (!rc)
		rc = merge_comment(m);
	return rc ? rc : merge_name(m);
}

static bool means_nothing(struct merge *m, const struct table *table)
{
	return run(m, table, table, NULL) == 0 && m->action_count == 0;
}

static int check_table_id(const struct document_table *doc, const struct table *named,
			  struct err *err)
{
	char is[2 * NAME_SIZE], becomes[2 * NAME_SIZE];
	const struct json_value *value = doc->field[TABLE_TABLE_ID];

	snprintf(is, sizeof(is), "%s.%s", named->namespace_name, named->name);
	snprintf(becomes, sizeof(becomes), "%s.%s",
		 *doc->namespace_name ? doc->namespace_name : named->namespace_name,
		 *doc->name ? doc->name : named->name);
	if (field_is_text(value, is) || field_is_text(value, becomes))
		return 0;
	return field_derived(value, is, err);
}

/* Fields that follow from others must be as they were in the version named. */
static int check_table_fields(const struct document_table *doc, const struct table *named,
			      struct err *err)
{
	const struct json_value *const *f = doc->field;
	char number[16];
	int rc = check_table_id(doc, named, err);

	if (rc)
		return rc;
	snprintf(number, sizeof(number), "%u", named->id);
	if (!field_is_number(f[TABLE_OBJECT_ID], named->id))
		return field_derived(f[TABLE_OBJECT_ID], number, err);
	if (f[TABLE_TABLE_TYPE] && doc->type != named->type)
		return err_at(err, -EINVAL, f[TABLE_TABLE_TYPE]->pos,
			      "table_type cannot be changed after CREATE TABLE: it is %s",
			      table_type_name(named->type));
	if (!field_is_text(f[TABLE_LOCATION_NAME], named->location_name))
		return field_derived(f[TABLE_LOCATION_NAME], named->location_name, err);
	rc = field_check_stamp(f[TABLE_CREATED_AT], named->created_at, err);
	return rc ? rc : field_check_stamp(f[TABLE_UPDATED_AT], named->updated_at, err);
}

static int check_column_fields(const struct document_column *doc, const struct column *named,
			       struct err *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", named->version);
	if (doc->version && doc->version != named->version)
		return field_derived(doc->field[COLUMN_COLUMN_VERSION], number, err);
	snprintf(number, sizeof(number), "%u", named->id);
	if (doc->id && doc->id != named->id)
		return field_derived(doc->field[COLUMN_COLUMN_ID], number, err);
	if (doc->ordinal && doc->ordinal != named->id)
		return field_derived(doc->field[COLUMN_ORDINAL_POSITION], number, err);
	return 0;
}

static int check_fields(const struct document *document, const struct table *named,
			struct err *err)
{
	const struct document_table *doc = &document->table;
	bool file = document->target.kind == DOCUMENT_COLUMN;
	int rc = file ? 0 : check_table_fields(doc, named, err);

	for (unsigned i = 0; !rc && i < doc->column_count; i++) {
		const struct document_column *column = &doc->columns[i];
		const struct column *is =
			file ? table_find_column_id(named, document->target.column_id) :
			column->id ? table_find_column_id(named, column->id) :
				     table_find_column(named, column->spec.name);

		if (is)
			rc = check_column_fields(column, is, err);
	}
	return rc;
}

static const struct json_value *version_field(const struct document *document)
{
	if (document->target.kind == DOCUMENT_COLUMN)
		return document->table.columns[0].field[COLUMN_COLUMN_VERSION];
	return document->table.field[TABLE_SCHEMA_VERSION];
}

/* A version to read from: a reference. */
static int load(const struct table *current, const struct history *history, uint32_t version,
		struct table **out, struct err *err)
{
	if (version == current->version) {
		*out = table_get(current);
		return 0;
	}
	return history->version(history->arg, version, out, err);
}

/* Decision 3: an old version saved as it was would silently change nothing. */
static int old_unchanged(const struct document *document, const struct table *base,
			 const struct table *current, struct err *err)
{
	long pos = version_field(document)->pos;
	const struct column *column;

	if (document->target.kind == DOCUMENT_TABLE)
		return err_at(err, -EINVAL, pos,
			      "This is version %u unchanged; current is %u. To go back: RESTORE "
			      "VERSION %u", base->version, current->version, base->version);
	column = table_find_column_id(current, document->target.column_id);
	if (!column)
		return err_at(err, -EINVAL, pos,
			      "This is the column as of version %u unchanged; it was dropped since",
			      base->version);
	return err_at(err, -EINVAL, pos,
		      "This is the column as of version %u unchanged; it last changed in version "
		      "%u. Reload, then save again", base->version, column->version);
}

static int merge_versions(struct merge *m, const struct table *base, const struct table *current,
			  uint32_t said, struct err *err)
{
	if (base->version == current->version)
		return run(m, current, current, err);
	if (means_nothing(m, current))
		return 0;
	if (means_nothing(m, base)) {
		m->action_count = 0;
		return said == base->version ? old_unchanged(m->document, base, current, err) : 0;
	}
	return run(m, base, current, err);
}

int merge_table(struct document *document, const struct table *current,
		const struct history *history, struct stmt *out, struct err *err)
{
	uint32_t said = document->target.kind == DOCUMENT_COLUMN ?
		document->table.columns[0].version : document->table.version;
	uint32_t hint = document->target.base, version;
	struct merge m = { .document = document, .history = history };
	struct table *base = NULL, *named = NULL;
	int rc;

	if (said > current->version)
		return err_at(err, -EINVAL, version_field(document)->pos,
			      "%s %u does not exist: the table is at version %u",
			      version_field(document)->key, said, current->version);
	if (hint > current->version)
		hint = 0;
	version = hint > said ? hint : said;
	m.has_base = version != 0;
	rc = load(current, history, version ? version : current->version, &base, err);
	if (!rc)
		rc = load(current, history, said ? said : base->version, &named, err);
	if (!rc)
		rc = check_fields(document, named, err);
	if (!rc)
		rc = merge_versions(&m, base, current, said, err);
	out->actions = m.actions;
	out->action_count = rc ? 0 : m.action_count;
	table_put(base);
	table_put(named);
	return rc;
}
