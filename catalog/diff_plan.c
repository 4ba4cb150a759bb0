/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/diff.h"

#include "catalog/delta.h"
#include "catalog/emit.h"
#include "catalog/print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_COLUMN 35	/* where the remark on a dropped column begins */

/* Plan is read by the line, so a default with a newline in it is shown escaped. */
static void print_default_line(const struct column *column, FILE *out)
{
	char *text = print_default_text(column);

	if (text)
		print_line(text, strlen(text), out);
	else
		emit_fail(out);
	free(text);
}

static void print_comment_line(const char *comment, FILE *out)
{
	size_t len;

	if (!comment) {
		fputs("none", out);
		return;
	}
	fputc('\'', out);
	for (; *comment; comment += len) {
		len = strcspn(comment, "'");
		print_line(comment, len, out);
		if (comment[len]) {
			fputs("''", out);
			len++;
		}
	}
	fputc('\'', out);
}

static void print_comments(const char *was, const char *now, FILE *out)
{
	print_comment_line(was, out);
	fputs(" -> ", out);
	print_comment_line(now, out);
}

static void print_types(const struct type *was, const struct type *now, FILE *out)
{
	char old[TYPE_SQL_SIZE], new[TYPE_SQL_SIZE];

	fprintf(out, "%s -> %s", type_sql(was, old), type_sql(now, new));
}

static void print_defaults(const struct column *was, const struct column *now, FILE *out)
{
	bool had = was->def.kind != DEFAULT_NONE;

	fputs(had ? "DEFAULT " : "no default", out);
	print_default_line(was, out);
	fputs(had ? " -> " : " -> DEFAULT ", out);
	if (now->def.kind == DEFAULT_NONE)
		fputs("no default", out);
	else
		print_default_line(now, out);
}

static void print_switch(const char *name, const char *off, bool now, FILE *out)
{
	fprintf(out, "%s -> %s", now ? off : name, now ? name : off);
}

static void print_attribute(enum attribute attribute, const struct column *was,
			    const struct column *now, FILE *out)
{
	switch (attribute) {
	case ATTRIBUTE_TYPE:
		print_types(&was->type, &now->type, out);
		break;
	case ATTRIBUTE_NULL:
		print_switch("NULL", "NOT NULL", now->nullable, out);
		break;
	case ATTRIBUTE_PRIMARY_KEY:
		print_switch("PRIMARY KEY", "no PRIMARY KEY", now->primary_key, out);
		break;
	case ATTRIBUTE_PARTITION_KEY:
		print_switch("PARTITION BY", "no PARTITION BY", now->partition_key, out);
		break;
	case ATTRIBUTE_DEFAULT:
		print_defaults(was, now, out);
		break;
	case ATTRIBUTE_COMMENT:
	case ATTRIBUTE_COUNT:
	default:
		fputs("COMMENT ", out);
		print_comments(was->comment, now->comment, out);
		break;
	}
}

static void plan_added(struct delta d, FILE *out)
{
	const struct column *was, *now;
	char type[TYPE_SQL_SIZE];

	while (delta_next(&d, &was, &now)) {
		fprintf(out, "  + column %" PRIu32 " %s %s%s%s", now->id, now->name,
			type_sql(&now->type, type), now->primary_key ? " PRIMARY KEY" : "",
			now->nullable ? " NULL" : " NOT NULL");
		if (now->def.kind != DEFAULT_NONE) {
			fputs(" DEFAULT ", out);
			print_default_line(now, out);
		}
		if (now->comment) {
			fputs(" COMMENT ", out);
			print_comment_line(now->comment, out);
		}
		if (delta_is_returned(d.before, now))
			fputs("  returns: rows written meanwhile have no value", out);
		fputc('\n', out);
	}
}

static void plan_dropped(struct delta d, FILE *out)
{
	const struct column *was, *now;
	char type[TYPE_SQL_SIZE];

	while (delta_next(&d, &was, &now)) {
		int width = fprintf(out, "  - column %" PRIu32 " %s %s", was->id, was->name,
				    type_sql(&was->type, type));
		int blanks = width < NOTE_COLUMN - 2 ? NOTE_COLUMN - width : 2;

		fprintf(out, "%*sdestructive: values in stored files become unreachable\n",
			blanks, "");
	}
}

static void plan_changed(struct delta d, FILE *out)
{
	const struct column *was, *now;

	while (delta_next(&d, &was, &now)) {
		if (delta_is_renamed(was, now))
			fprintf(out, "  ~ column %" PRIu32 " %s -> %s\n", now->id, was->name,
				now->name);
		for (enum attribute i = 0; i < ATTRIBUTE_COUNT; i++) {
			if (!delta_has_attribute(i, was, now))
				continue;
			fprintf(out, "  ~ column %" PRIu32 " %s ", now->id, now->name);
			print_attribute(i, was, now, out);
			fputc('\n', out);
		}
	}
}

static void plan_options(const struct table *before, const struct table *after, FILE *out)
{
	for (unsigned i = 0; i < table_options_count; i++) {
		const struct option *option = &table_options_rows[i];

		if (!delta_has_option(option, before, after))
			continue;
		fprintf(out, "  ~ %s ", option->sql);
		option_print_sql(option, &before->options, out);
		fputs(" -> ", out);
		option_print_sql(option, &after->options, out);
		fputc('\n', out);
	}
}

static void plan_table(const struct table *before, const struct table *after, FILE *out)
{
	if (delta_is_moved(before, after))
		fprintf(out, "  ~ table %s.%s -> %s.%s\n", before->namespace_name, before->name,
			after->namespace_name, after->name);
	if (!text_equal(before->comment, after->comment)) {
		fputs("  ~ comment ", out);
		print_comments(before->comment, after->comment, out);
		fputc('\n', out);
	}
	plan_options(before, after, out);
	if (delta_is_relocated(before, after))
		fprintf(out, "  ~ LOCATION_NAME '%s' -> '%s'\n", before->location_name,
			after->location_name);
}

void diff_print_plan(const struct table *before, const struct table *after, FILE *out)
{
	plan_added(delta_of(before, after, FATE_ADDED), out);
	plan_dropped(delta_of(before, after, FATE_DROPPED), out);
	plan_changed(delta_of(before, after, FATE_CHANGED), out);
	if (before)
		plan_table(before, after, out);
	else if (after->location_name[0] && !print_location_is_plain(after))
		fprintf(out, "  + LOCATION_NAME '%s'\n", after->location_name);
}
