/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/merge.h"

#include "catalog/apply.h"

#include <errno.h>
#include <string.h>

/* One column of the document on its way to actions. */
struct change {
	struct merge *m;
	const struct document_column *said;
	const struct column *was;	/* in base */
	const struct column *now;	/* in current */
	struct column mine;		/* what the document makes of `was` */
	const char *name;		/* that it will have */
};

static bool default_as(const struct merge *m, const struct column *column, const struct type *type,
		       struct column_default *out)
{
	struct default_expr expr = { .kind = column->def.kind, .pos = -1 };

	*out = column->def;
	if (type_equal(&column->type, type) || expr.kind != DEFAULT_LITERAL || !column->def.text)
		return true;
	expr.literal = (struct literal){ .form = LITERAL_STRING,
					 .text = column->def.text,
					 .len = strlen(column->def.text) };
	return apply_default(&expr, type, &m->document->arena, out, NULL) == 0;
}

bool merge_same_default(const struct merge *m, const struct column *a, const struct column *b)
{
	struct column_default def;

	return default_as(m, a, &b->type, &def) && default_equal(&def, &b->def);
}

static bool same(const struct merge *m, enum attribute attribute, const struct column *a,
		 const struct column *b)
{
	if (attribute == ATTRIBUTE_DEFAULT)
		return merge_same_default(m, a, b);
	return !delta_has_attribute(attribute, a, b);
}

/* What the document leaves out stays as it was. */
static int fill_mine(struct change *c)
{
	const struct column_spec *spec = &c->said->spec;
	struct column *mine = &c->mine;

	*mine = *c->was;
	memcpy(mine->name, spec->name, sizeof(mine->name));
	mine->type = spec->type;
	if (spec->null != NULL_UNSAID)
		mine->nullable = spec->null == NULL_ALLOWED;
	if (c->said->field[COLUMN_IS_PRIMARY_KEY])
		mine->primary_key = spec->primary_key;
	if (c->said->field[COLUMN_IS_PARTITION_KEY])
		mine->partition_key = c->said->partition_key;
	if (spec->has_comment)
		mine->comment = spec->comment;
	if (spec->has_default)
		return apply_default(&spec->def, &mine->type, &c->m->document->arena, &mine->def,
				     c->m->err);
	if (!default_as(c->m, c->was, &mine->type, &mine->def))
		mine->def = c->was->def;
	return 0;
}

static const enum column_field attribute_fields[] = {
	[ATTRIBUTE_TYPE] = COLUMN_DATA_TYPE,
	[ATTRIBUTE_NULL] = COLUMN_IS_NULLABLE,
	[ATTRIBUTE_PRIMARY_KEY] = COLUMN_IS_PRIMARY_KEY,
	[ATTRIBUTE_PARTITION_KEY] = COLUMN_IS_PARTITION_KEY,
	[ATTRIBUTE_DEFAULT] = COLUMN_DEFAULT_VALUE,
	[ATTRIBUTE_COMMENT] = COLUMN_COLUMN_COMMENT,
};
_Static_assert(countof(attribute_fields) == ATTRIBUTE_COUNT, "every attribute has its field");

static const struct json_value *place_of(const struct change *c, enum attribute attribute)
{
	const struct json_value *value = c->said->field[attribute_fields[attribute]];

	return value ? value : c->said->at;
}

static int attribute_conflict(struct change *c, enum attribute attribute)
{
	struct subject subject = { .unit = UNIT_COLUMN_ATTRIBUTE,
				   .column_id = c->was->id,
				   .attribute = attribute,
				   .at = place_of(c, attribute),
				   .mine = &c->mine };

	return merge_conflict(c->m, &subject);
}

static int add_action(struct change *c, enum action_kind kind, long pos)
{
	struct action *action = merge_action(c->m, kind, pos);

	if (!action)
		return -ENOMEM;
	action->column = c->said->spec;
	action->column.pos = pos;
	snprintf(action->column.name, sizeof(action->column.name), "%s", c->name);
	return 0;
}

static int key_is_fixed(struct change *c, enum attribute attribute)
{
	const struct json_value *at = place_of(c, attribute);

	return err_at(c->m->err, -EINVAL, at->pos,
		      "%s of column '%s' cannot be changed: the keys are chosen at CREATE TABLE",
		      at->key, c->was->name);
}

static enum action_kind action_of(const struct change *c, enum attribute attribute)
{
	switch (attribute) {
	case ATTRIBUTE_TYPE:
		return ACTION_SET_TYPE;
	case ATTRIBUTE_NULL:
		return c->mine.nullable ? ACTION_DROP_NOT_NULL : ACTION_SET_NOT_NULL;
	case ATTRIBUTE_DEFAULT:
		return c->mine.def.kind == DEFAULT_NONE ? ACTION_DROP_DEFAULT : ACTION_SET_DEFAULT;
	case ATTRIBUTE_PRIMARY_KEY:	/* these are fixed */
	case ATTRIBUTE_PARTITION_KEY:
	case ATTRIBUTE_COMMENT:
	case ATTRIBUTE_COUNT:
	default:
		return ACTION_COLUMN_COMMENT;
	}
}

static int merge_attribute(struct change *c, enum attribute attribute)
{
	const struct merge *m = c->m;

	if (same(m, attribute, c->was, &c->mine) || same(m, attribute, &c->mine, c->now))
		return 0;
	if (attribute == ATTRIBUTE_PRIMARY_KEY || attribute == ATTRIBUTE_PARTITION_KEY)
		return key_is_fixed(c, attribute);
	if (!same(m, attribute, c->was, c->now))
		return attribute_conflict(c, attribute);
	return add_action(c, action_of(c, attribute), place_of(c, attribute)->pos);
}

/* NULL comes first where it is allowed, so that a default may be NULL, else last. */
static int merge_attributes(struct change *c)
{
	static const enum attribute null_first[] = { ATTRIBUTE_NULL, ATTRIBUTE_TYPE,
						     ATTRIBUTE_DEFAULT };
	static const enum attribute null_last[] = { ATTRIBUTE_TYPE, ATTRIBUTE_DEFAULT,
						    ATTRIBUTE_NULL };
	const enum attribute *order = c->mine.nullable ? null_first : null_last;
	int rc = merge_attribute(c, ATTRIBUTE_PRIMARY_KEY);

	if (!rc)
		rc = merge_attribute(c, ATTRIBUTE_PARTITION_KEY);
	for (unsigned i = 0; !rc && i < countof(null_first); i++)
		rc = merge_attribute(c, order[i]);
	return rc ? rc : merge_attribute(c, ATTRIBUTE_COMMENT);
}

/* Whether the document renames the column: *renamed; or somebody else did, to another name. */
static int check_rename(struct change *c, bool *renamed)
{
	struct subject subject = { .unit = UNIT_COLUMN_NAME,
				   .column_id = c->was->id,
				   .at = c->said->field[COLUMN_COLUMN_NAME],
				   .mine = &c->mine };

	*renamed = strcmp(c->mine.name, c->was->name) != 0 &&
		   strcmp(c->mine.name, c->now->name) != 0;
	if (*renamed && strcmp(c->was->name, c->now->name) != 0)
		return merge_conflict(c->m, &subject);
	return 0;
}

/* Dropped meanwhile, and as it was in the document: their drop stands (decisions.md 28). */
static bool is_untouched(const struct change *c)
{
	return column_equal(c->was, &c->mine);
}

static int start(struct merge *m, unsigned index, struct change *c)
{
	struct subject subject = { .unit = UNIT_COLUMN };
	int rc;

	*c = (struct change){ .m = m, .said = &m->document->table.columns[index],
			      .was = m->was[index] };
	c->now = table_find_column_id(m->current, c->was->id);
	rc = fill_mine(c);
	if (rc || c->now || is_untouched(c))
		return rc;
	subject.column_id = c->was->id;
	subject.at = c->said->at;
	subject.mine = &c->mine;
	return merge_conflict(m, &subject);
}

/* A name that a statement cannot give, to swap names by. */
static void park_name(uint32_t id, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "_%u", id);
}

static int add_rename(struct change *c, const char *from, const char *to)
{
	struct action *action = merge_action(c->m, ACTION_RENAME_COLUMN, c->said->spec.pos);

	if (!action)
		return -ENOMEM;
	action->column.pos = c->said->spec.pos;
	action->new_name_pos = c->said->spec.pos;
	snprintf(action->column.name, NAME_SIZE, "%s", from);
	snprintf(action->new_name, NAME_SIZE, "%s", to);
	return 0;
}

/* What becomes of the columns that are there now. */
struct fates {
	bool *renamed;		/* by index in the document */
	bool *leaves;		/* by index in current: its name becomes free */
	bool crossed;		/* a name is given that is another column's until then */
	unsigned drops;
};

static size_t index_of(const struct table *table, const struct column *column)
{
	return (size_t)(column - table->columns);
}

static int find_renames(struct merge *m, struct fates *fates)
{
	for (unsigned i = 0; i < m->document->table.column_count; i++) {
		struct change c;
		int rc;

		if (!m->was[i])
			continue;
		rc = start(m, i, &c);
		if (!rc && !c.now)
			continue;
		if (!rc)
			rc = check_rename(&c, &fates->renamed[i]);
		if (rc)
			return rc;
		if (!fates->renamed[i])
			continue;
		fates->leaves[index_of(m->current, c.now)] = true;
		fates->crossed |= table_find_column(m->current, c.mine.name) != NULL;
	}
	return 0;
}

/* The column is gone from the document: nobody else may have changed it. */
static int find_drop(struct merge *m, const struct column *was, struct fates *fates)
{
	const struct column *now = table_find_column_id(m->current, was->id);
	struct subject subject = { .unit = UNIT_COLUMN_NAME, .column_id = was->id,
				   .at = m->document->table.field[TABLE_COLUMNS] };

	if (!now)
		return 0;
	if (column_equal(was, now)) {
		fates->leaves[index_of(m->current, now)] = true;
		fates->drops++;
		return 0;
	}
	if (!delta_is_renamed(was, now)) {
		subject.unit = UNIT_COLUMN_ATTRIBUTE;
		while (!delta_has_attribute(subject.attribute, was, now))
			subject.attribute++;
	}
	return merge_conflict(m, &subject);
}

static int find_drops(struct merge *m, struct fates *fates)
{
	int rc = 0;

	if (m->document->target.kind == DOCUMENT_COLUMN)
		return 0;
	for (unsigned i = 0; !rc && i < m->base->column_count; i++) {
		if (!m->base_claims[i])
			rc = find_drop(m, &m->base->columns[i], fates);
	}
	return rc;
}

static bool is_old_name(const struct merge *m, const struct column *there)
{
	const struct column *was = table_find_column_id(m->base, there->id);

	return was && !delta_is_renamed(was, there);
}

/* A name that the document gives may be somebody else's by now. */
static int check_names(struct merge *m, const struct fates *fates)
{
	for (unsigned i = 0; i < m->document->table.column_count; i++) {
		const struct document_column *said = &m->document->table.columns[i];
		const struct column *there = table_find_column(m->current, said->spec.name);
		struct subject subject = { .unit = UNIT_NAME_TAKEN,
					   .at = said->field[COLUMN_COLUMN_NAME] };

		if (!there || fates->leaves[index_of(m->current, there)] ||
		    (m->was[i] && !fates->renamed[i]))
			continue;
		if (is_old_name(m, there))
			return err_at(m->err, -EEXIST, said->spec.pos, "Column '%s' already exists",
				      said->spec.name);
		subject.column_id = there->id;
		return merge_conflict(m, &subject);
	}
	return 0;
}

static int add_drops(struct merge *m)
{
	const struct json_value *columns = m->document->table.field[TABLE_COLUMNS];

	for (unsigned i = 0; columns && i < m->base->column_count; i++) {
		const struct column *was = &m->base->columns[i];
		struct action *action;

		if (m->base_claims[i] || !table_find_column_id(m->current, was->id))
			continue;
		action = merge_action(m, ACTION_DROP_COLUMN, columns->pos);
		if (!action)
			return -ENOMEM;
		action->column.pos = columns->pos;
		memcpy(action->column.name, was->name, sizeof(action->column.name));
	}
	return 0;
}

static int check_new(struct merge *m, const struct document_column *said, uint32_t id)
{
	const struct json_value *ordinal = said->field[COLUMN_ORDINAL_POSITION];

	if (said->partition_key)
		return err_at(m->err, -EINVAL, said->field[COLUMN_IS_PARTITION_KEY]->pos,
			      "Column '%s' cannot be added as partition key: the keys are chosen "
			      "at CREATE TABLE", said->spec.name);
	if (said->ordinal && said->ordinal != id)
		return err_at(m->err, -EINVAL, ordinal->pos,
			      "ordinal_position of a new column cannot be chosen: it will be %u. "
			      "Leave it out", id);
	return 0;
}

static int add_new(struct merge *m)
{
	uint32_t id = m->current->next_column_id;

	for (unsigned i = 0; i < m->document->table.column_count; i++) {
		const struct document_column *said = &m->document->table.columns[i];
		struct action *action;
		int rc;

		if (m->was[i])
			continue;
		rc = check_new(m, said, id++);
		if (rc)
			return rc;
		action = merge_action(m, ACTION_ADD_COLUMN, said->spec.pos);
		if (!action)
			return -ENOMEM;
		action->column = said->spec;
	}
	return 0;
}

/* Where columns take each other's names they are all parked first. */
static int add_renames(struct merge *m, const struct fates *fates, bool park)
{
	for (unsigned i = 0; i < m->document->table.column_count; i++) {
		char parked[NAME_SIZE];
		struct change c;
		int rc;

		if (!fates->renamed[i] || (park && !fates->crossed))
			continue;
		rc = start(m, i, &c);
		if (rc)
			return rc;
		park_name(c.was->id, parked);
		if (park)
			rc = add_rename(&c, c.now->name, parked);
		else
			rc = add_rename(&c, fates->crossed ? parked : c.now->name, c.mine.name);
		if (rc)
			return rc;
	}
	return 0;
}

static int add_attributes(struct merge *m, const struct fates *fates)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < m->document->table.column_count; i++) {
		struct change c;

		if (!m->was[i])
			continue;
		rc = start(m, i, &c);
		if (rc)
			break;
		if (!c.now)
			continue;
		c.name = fates->renamed[i] ? c.mine.name : c.now->name;
		rc = merge_attributes(&c);
	}
	return rc;
}

static int add_all(struct merge *m, const struct fates *fates)
{
	/* A table is never without columns, not even between two actions. */
	bool none_stays = fates->drops == m->current->column_count;
	int rc = add_renames(m, fates, true);

	if (!rc && none_stays)
		rc = add_new(m);
	if (!rc)
		rc = add_drops(m);
	if (!rc)
		rc = add_renames(m, fates, false);
	if (!rc)
		rc = add_attributes(m, fates);
	if (!rc && !none_stays)
		rc = add_new(m);
	return rc;
}

int merge_columns(struct merge *m)
{
	struct arena *arena = &m->document->arena;
	struct fates fates = { .drops = 0 };
	int rc;

	fates.renamed = arena_array(arena, m->document->table.column_count, sizeof(bool));
	fates.leaves = arena_array(arena, m->current->column_count, sizeof(bool));
	if (!fates.renamed || !fates.leaves)
		return err_nomem(m->err);
	rc = find_renames(m, &fates);
	if (!rc)
		rc = find_drops(m, &fates);
	if (!rc)
		rc = check_names(m, &fates);
	return rc ? rc : add_all(m, &fates);
}
