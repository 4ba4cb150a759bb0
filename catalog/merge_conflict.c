/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A conflict is told so that a person can decide without looking anything up:
 * who changed what when, and the three values (forms.md, `error`).
 */
#include "catalog/merge.h"

#include "base/stamp.h"
#include "base/stream.h"
#include "catalog/emit.h"
#include "catalog/json.h"
#include "catalog/print.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 240	/* of one value that is shown */

static void print_attribute(enum attribute attribute, const struct column *column, FILE *out)
{
	struct emit e = EMIT_COMPACT(out);
	char type[TYPE_SQL_SIZE];

	switch (attribute) {
	case ATTRIBUTE_TYPE:
		emit_text(&e, NULL, type_sql(&column->type, type));
		break;
	case ATTRIBUTE_NULL:
		emit_bool(&e, NULL, column->nullable);
		break;
	case ATTRIBUTE_DEFAULT:
		print_default_to(&e, NULL, column);
		break;
	case ATTRIBUTE_PRIMARY_KEY:	/* these are fixed */
	case ATTRIBUTE_PARTITION_KEY:
	case ATTRIBUTE_COMMENT:
	case ATTRIBUTE_COUNT:
	default:
		emit_text(&e, NULL, column->comment);
		break;
	}
}

static const struct column *column_of(const struct subject *s, const struct table *table)
{
	return table_find_column_id(table, s->column_id);
}

static void print_column(const struct subject *s, const struct column *column, bool gone, FILE *out)
{
	struct emit e = EMIT_COMPACT(out);

	if (!column)
		fputs(gone ? "dropped" : "none", out);
	else if (s->unit == UNIT_COLUMN_NAME)
		emit_text(&e, NULL, column->name);
	else if (s->unit == UNIT_COLUMN_ATTRIBUTE)
		print_attribute(s->attribute, column, out);
	else
		print_column_compact(column, out);
}

/* What a table has there. */
static void print_side(const struct subject *s, const struct table *table, FILE *out)
{
	struct emit e = EMIT_COMPACT(out);

	switch (s->unit) {
	case UNIT_COLUMN_NAME:
	case UNIT_COLUMN_ATTRIBUTE:
	case UNIT_COLUMN:
	case UNIT_NAME_TAKEN:
		print_column(s, column_of(s, table), s->unit != UNIT_NAME_TAKEN, out);
		break;
	case UNIT_TABLE_COMMENT:
		emit_text(&e, NULL, table->comment);
		break;
	case UNIT_TABLE_OPTION:
		option_print_json(s->option, &table->options, out);
		break;
	case UNIT_TABLE_NAME:
		emit_text(&e, NULL, table->name);
		break;
	case UNIT_TABLE_NAMESPACE:
	default:
		emit_text(&e, NULL, table->namespace_name);
		break;
	}
}

/* What stands in the document, with what it does not say filled in. */
static void print_mine(const struct merge *m, const struct subject *s, FILE *out)
{
	const struct json_value *at = s->at;
	struct arena arena = { .head = NULL };
	const char *json;

	if (s->unit == UNIT_TABLE_OPTION) {
		option_print_json(s->option, s->options, out);
		return;
	}
	if (s->unit == UNIT_COLUMN_NAME || s->unit == UNIT_COLUMN_ATTRIBUTE ||
	    s->unit == UNIT_COLUMN) {
		print_column(s, s->mine, true, out);
		return;
	}
	if (s->unit == UNIT_NAME_TAKEN)
		at = at->parent;
	if (json_compact(m->document->text + at->pos, at->len, false, &arena, &json, NULL) == 0)
		fputs(json, out);
	arena_free(&arena);
}

static bool same_column(const struct subject *s, const struct column *a, const struct column *b)
{
	if (!a || !b)
		return a == b;
	assert(s->unit != UNIT_COLUMN);	/* it is about one that is gone */
	if (s->unit == UNIT_COLUMN_NAME || s->unit == UNIT_NAME_TAKEN)
		return !delta_is_renamed(a, b);
	return !delta_has_attribute(s->attribute, a, b);
}

static bool same_side(const struct subject *s, const struct table *a, const struct table *b)
{
	switch (s->unit) {
	case UNIT_COLUMN_NAME:
	case UNIT_COLUMN_ATTRIBUTE:
	case UNIT_COLUMN:
	case UNIT_NAME_TAKEN:
		return same_column(s, column_of(s, a), column_of(s, b));
	case UNIT_TABLE_COMMENT:
		return text_equal(a->comment, b->comment);
	case UNIT_TABLE_OPTION:
		return option_equal(s->option, &a->options, &b->options);
	case UNIT_TABLE_NAME:
		return strcmp(a->name, b->name) == 0;
	case UNIT_TABLE_NAMESPACE:
	default:
		return strcmp(a->namespace_name, b->namespace_name) == 0;
	}
}

/*
 * The version in which it became what it is now, between one where it was
 * something else and current: a reference.
 */
static struct table *find_change(const struct merge *m, const struct subject *s, uint32_t before)
{
	struct table *found = table_get(m->current);
	uint32_t low = before;

	while (found->version - low > 1) {
		uint32_t middle = low + (found->version - low) / 2;
		struct table *table;

		if (m->history->version(m->history->arg, middle, &table, NULL))
			break;
		if (same_side(s, table, m->current)) {
			table_put(found);
			found = table;
		} else {
			low = middle;
			table_put(table);
		}
	}
	return found;
}

/* One value in a line of its own, cut where it is long. */
static char *value_text(const struct merge *m, const struct subject *s, const struct table *table)
{
	char *text = NULL;
	size_t len;
	FILE *out = text_stream(&text, &len);

	if (!out)
		return NULL;
	if (table)
		print_side(s, table, out);
	else
		print_mine(m, s, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	if (len > VALUE_MAX)
		memcpy(text + VALUE_MAX - 3, "...", 4);
	return text;
}

static void fill_detail(struct merge *m, const struct subject *s, const struct table *theirs)
{
	char *values[] = { value_text(m, s, m->base), value_text(m, s, theirs),
			   value_text(m, s, NULL) };
	char labels[3][32] = { "", "", "yours" };
	size_t n = 0, size = sizeof(m->err->detail);
	int width;

	snprintf(labels[0], sizeof(labels[0]), "base (%u)", m->base->version);
	/* The longest: the version is a later one than the base. */
	width = snprintf(labels[1], sizeof(labels[1]), "theirs (%u)", theirs->version);
	for (unsigned i = 0; i < countof(values); i++) {
		n += (size_t)snprintf(m->err->detail + n, size - n, "  %-*s  %s\n", width,
				      labels[i], values[i] ? values[i] : "?");
		free(values[i]);
	}
}

/* "column 2 price", "table_comment" */
static void name_subject(const struct merge *m, const struct subject *s, char *out, size_t size)
{
	const struct column *column = NULL;

	switch (s->unit) {
	case UNIT_COLUMN_NAME:
	case UNIT_COLUMN_ATTRIBUTE:
	case UNIT_COLUMN:
	case UNIT_NAME_TAKEN:
		column = column_of(s, m->current);
		if (!column)
			column = column_of(s, m->base);
		if (!column)
			column = s->mine;
		snprintf(out, size, "column %u %s", s->column_id, column->name);
		break;
	case UNIT_TABLE_COMMENT:
		snprintf(out, size, "table_comment");
		break;
	case UNIT_TABLE_OPTION:
		snprintf(out, size, "%s", s->option->key);
		break;
	case UNIT_TABLE_NAME:
		snprintf(out, size, "table_name");
		break;
	case UNIT_TABLE_NAMESPACE:
	default:
		snprintf(out, size, "namespace_id");
		break;
	}
}

static const char *verb_of(const struct merge *m, const struct subject *s)
{
	if (s->unit == UNIT_COLUMN)
		return "dropped";
	if (s->unit != UNIT_NAME_TAKEN)
		return "changed";
	return column_of(s, m->base) ? "renamed" : "added";
}

static int tell(struct merge *m, const struct subject *s, const struct table *theirs)
{
	const struct version_info *info = &theirs->info;
	char what[2 * NAME_SIZE], stamp[STAMP_SIZE];

	name_subject(m, s, what, sizeof(what));
	err_set(m->err, -EBUSY, "%s was %s by %s (%s) at %s, version %u. Reload, then save again.",
		what, verb_of(m, s), info->author.user, info->author.command,
		stamp_format(info->committed_at, stamp), theirs->version);
	json_tree_pointer(s->at, m->err->pointer, sizeof(m->err->pointer));
	return err_kind_set(m->err, ERR_CONFLICT);
}

int merge_conflict(struct merge *m, const struct subject *subject)
{
	struct table *theirs;
	int rc;

	assert(m->err);	/* nothing is in conflict with itself: means_nothing of merge.c */
	theirs = find_change(m, subject, m->base->version);
	rc = tell(m, subject, theirs);
	fill_detail(m, subject, theirs);
	table_put(theirs);
	return rc;
}

/* The first version that had used the number. */
static int first_with(const struct merge *m, uint32_t column_id, uint32_t *out)
{
	uint32_t low = 1, high = m->current->version;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct table *table;
		int rc = m->history->version(m->history->arg, middle, &table, m->err);

		if (rc)
			return rc;
		if (table->next_column_id > column_id)
			high = middle;
		else
			low = middle + 1;
		table_put(table);
	}
	*out = low;
	return 0;
}

int merge_gone(struct merge *m, const struct document_column *column)
{
	struct column mine = { .id = column->id };
	struct subject subject = { .unit = UNIT_COLUMN, .column_id = column->id,
				   .at = column->field[COLUMN_COLUMN_ID], .mine = &mine };
	uint32_t first;
	struct table *theirs;
	int rc;

	assert(m->err);
	rc = first_with(m, column->id, &first);
	if (rc)
		return rc;
	if (first == m->current->version)
		return err_at(m->err, -EINVAL, subject.at->pos,
			      "column_id %u is not in use any more. Leave column_id out of a new "
			      "column", column->id);
	memcpy(mine.name, column->spec.name, sizeof(mine.name));
	theirs = find_change(m, &subject, first);
	rc = tell(m, &subject, theirs);
	table_put(theirs);
	return rc;
}
