/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/diff.h"

#include "catalog/delta.h"
#include "catalog/emit.h"
#include "catalog/print.h"

#include <string.h>

bool diff_is_change(const struct table *before, const struct table *after)
{
	return !before || delta_is_moved(before, after) || !table_equal(before, after);
}

static void emit_attribute(struct emit *e, enum attribute attribute, const struct column *column)
{
	char type[TYPE_SQL_SIZE];

	switch (attribute) {
	case ATTRIBUTE_TYPE:
		emit_text(e, "data_type", type_sql(&column->type, type));
		break;
	case ATTRIBUTE_NULL:
		emit_bool(e, "is_nullable", column->nullable);
		break;
	case ATTRIBUTE_PRIMARY_KEY:
		emit_bool(e, "is_primary_key", column->primary_key);
		break;
	case ATTRIBUTE_PARTITION_KEY:
		emit_bool(e, "is_partition_key", column->partition_key);
		break;
	case ATTRIBUTE_DEFAULT:
		print_default_to(e, "default_value", column);
		break;
	case ATTRIBUTE_COMMENT:
	case ATTRIBUTE_COUNT:
	default:
		emit_text(e, "column_comment", column->comment);
		break;
	}
}

static void open_entry(struct emit *e, const char *action, const struct column *column)
{
	emit_open(e, NULL, '{');
	emit_text(e, "action", action);
	if (column)
		emit_unsigned(e, "column_id", column->id);
	else
		emit_null(e, "column_id");
}

static void emit_whole(struct emit *e, const char *key, const struct column *column)
{
	if (column)
		print_column_to(e, key, column);
	else
		emit_null(e, key);
}

static void emit_came_or_went(struct emit *e, struct delta d, const char *action)
{
	const struct column *was, *now;

	while (delta_next(&d, &was, &now)) {
		open_entry(e, action, was ? was : now);
		emit_whole(e, "before", was);
		emit_whole(e, "after", now);
		emit_close(e, '}');
	}
}

static void emit_name(struct emit *e, const char *key, const struct column *column)
{
	emit_open(e, key, '{');
	emit_text(e, "column_name", column->name);
	emit_close(e, '}');
}

static void emit_attributes(struct emit *e, const char *key, const struct column *of,
			    const struct column *was, const struct column *now)
{
	emit_open(e, key, '{');
	for (enum attribute i = 0; i < ATTRIBUTE_COUNT; i++)
		if (delta_has_attribute(i, was, now))
			emit_attribute(e, i, of);
	emit_close(e, '}');
}

static void emit_changed(struct emit *e, struct delta d)
{
	const struct column *was, *now;

	while (delta_next(&d, &was, &now)) {
		if (delta_is_renamed(was, now)) {
			open_entry(e, "RENAME COLUMN", now);
			emit_name(e, "before", was);
			emit_name(e, "after", now);
			emit_close(e, '}');
		}
		if (delta_is_altered(was, now)) {
			open_entry(e, "ALTER COLUMN", now);
			emit_attributes(e, "before", was, was, now);
			emit_attributes(e, "after", now, was, now);
			emit_close(e, '}');
		}
	}
}

/* One side of a table's change: what of `of` is different between before and after. */
typedef void side_fn(struct emit *e, const struct table *of, const struct table *before,
		     const struct table *after);

static void emit_name_side(struct emit *e, const struct table *of, const struct table *before,
			   const struct table *after)
{
	if (strcmp(before->namespace_name, after->namespace_name))
		emit_text(e, "namespace_id", of->namespace_name);
	if (strcmp(before->name, after->name))
		emit_text(e, "table_name", of->name);
}

static void emit_comment_side(struct emit *e, const struct table *of, const struct table *before,
			      const struct table *after)
{
	(void)before;
	(void)after;
	emit_text(e, "table_comment", of->comment);
}

static void emit_location_side(struct emit *e, const struct table *of, const struct table *before,
			       const struct table *after)
{
	(void)before;
	(void)after;
	emit_text(e, "location_name", of->location_name);
}

static void emit_options_side(struct emit *e, const struct table *of, const struct table *before,
			      const struct table *after)
{
	emit_open(e, "table_options", '{');
	for (unsigned i = 0; i < table_options_count; i++)
		if (delta_has_option(&table_options_rows[i], before, after))
			print_option_to(e, &table_options_rows[i], &of->options);
	emit_close(e, '}');
}

static void emit_table_entry(struct emit *e, const char *action, side_fn *side,
			     const struct table *before, const struct table *after)
{
	open_entry(e, action, NULL);
	emit_open(e, "before", '{');
	side(e, before, before, after);
	emit_close(e, '}');
	emit_open(e, "after", '{');
	side(e, after, before, after);
	emit_close(e, '}');
	emit_close(e, '}');
}

static void emit_table_changes(struct emit *e, const struct table *before,
			       const struct table *after)
{
	if (delta_is_moved(before, after))
		emit_table_entry(e, "RENAME", emit_name_side, before, after);
	if (!text_equal(before->comment, after->comment))
		emit_table_entry(e, "SET", emit_comment_side, before, after);
	if (delta_has_options(before, after))
		emit_table_entry(e, "SET", emit_options_side, before, after);
	if (delta_is_relocated(before, after))
		emit_table_entry(e, "SET", emit_location_side, before, after);
}

static void emit_changes(struct emit *e, const struct table *before, const struct table *after,
			 const struct delta_counts *counts)
{
	emit_open(e, "changes", '[');
	if (counts->of[FATE_ADDED])
		emit_came_or_went(e, delta_of(before, after, FATE_ADDED), "ADD COLUMN");
	if (counts->of[FATE_DROPPED])
		emit_came_or_went(e, delta_of(before, after, FATE_DROPPED), "DROP COLUMN");
	if (counts->of[FATE_CHANGED])
		emit_changed(e, delta_of(before, after, FATE_CHANGED));
	if (before)
		emit_table_changes(e, before, after);
	emit_close(e, ']');
}

void diff_print_change(const struct table *before, const struct table *after, FILE *out)
{
	const struct version_info *info = &after->info;
	struct delta_counts counts = delta_count(before, after);
	struct emit e = EMIT_INDENTED(out);

	emit_open(&e, NULL, '{');
	emit_unsigned(&e, "version", after->version);
	emit_stamp(&e, "committed_at", info->committed_at);
	emit_unsigned(&e, "sequence", info->sequence);
	print_author_to(&e, "author", &info->author);
	emit_text(&e, "source", change_source_name(info->source));
	emit_text(&e, "statement", info->statement);
	emit_key(&e, "summary");
	putc_unlocked('"', out);	/* names and words only: nothing to escape */
	if (before)
		diff_print_counted(before, after, &counts, out);
	else
		diff_print_summary(before, after, out);
	putc_unlocked('"', out);
	emit_changes(&e, before, after, &counts);
	if (info->restored_from)
		emit_unsigned(&e, "restored_from", info->restored_from);
	else
		emit_null(&e, "restored_from");
	emit_close(&e, '}');
	putc_unlocked('\n', out);
}
