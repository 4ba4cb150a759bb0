/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/diff.h"

#include "catalog/delta.h"

#include <ctype.h>
#include <inttypes.h>

#define NAMES_SHOWN 10	/* more columns than this are counted, not named */

struct summary {
	FILE *out;
	bool started;
};

/* The first words of a part, "; " in front of all but the first, which has a capital. */
static void begin_part(struct summary *s, const char *words)
{
	if (s->started)
		fputs("; ", s->out);
	fputc(s->started ? words[0] : toupper((unsigned char)words[0]), s->out);
	fputs(words + 1, s->out);
	s->started = true;
}

static void list_names(struct delta d, FILE *out)
{
	const struct column *was, *now;
	const char *lead = " ";

	while (delta_next(&d, &was, &now)) {
		fprintf(out, "%s%s", lead, now ? now->name : was->name);
		lead = ", ";
	}
}

/* "added column a", "added columns a, b", "added 57 columns". */
static void say_came_or_went(struct summary *s, struct delta d, const char *verb)
{
	unsigned count = delta_count(d);

	if (!count)
		return;
	begin_part(s, verb);
	if (count > NAMES_SHOWN) {
		fprintf(s->out, " %u columns", count);
		return;
	}
	fputs(count > 1 ? " columns" : " column", s->out);
	list_names(d, s->out);
}

static void say_renamed(struct summary *s, struct delta d)
{
	unsigned count = delta_count(d);
	const struct column *was, *now;

	if (count > NAMES_SHOWN) {
		begin_part(s, "renamed");
		fprintf(s->out, " %u columns", count);
		return;
	}
	while (delta_next(&d, &was, &now)) {
		begin_part(s, "renamed column ");
		fprintf(s->out, "%s to %s", was->name, now->name);
	}
}

static void say_altered(struct summary *s, struct delta d)
{
	unsigned count = delta_count(d);

	if (!count)
		return;
	begin_part(s, "changed");
	if (count > NAMES_SHOWN)
		fprintf(s->out, " %u columns", count);
	else
		list_names(d, s->out);
}

static void say_options(struct summary *s, const struct table *before, const struct table *after)
{
	const char *lead = " ";

	if (!delta_has_options(before, after))
		return;
	begin_part(s, "changed");
	for (unsigned i = 0; i < table_options_count; i++) {
		if (!delta_has_option(&table_options_rows[i], before, after))
			continue;
		fprintf(s->out, "%s%s", lead, table_options_rows[i].sql);
		lead = ", ";
	}
}

static void say_table(struct summary *s, const struct table *before, const struct table *after)
{
	if (delta_is_moved(before, after)) {
		begin_part(s, "renamed ");
		fprintf(s->out, "%s.%s to %s.%s", before->namespace_name, before->name,
			after->namespace_name, after->name);
	}
	if (!text_equal(before->comment, after->comment))
		begin_part(s, "changed comment");
	say_options(s, before, after);
	if (delta_is_relocated(before, after))
		begin_part(s, "changed LOCATION_NAME");
}

/* What comes back has the values it had, but rows written meanwhile have none (decisions.md 26). */
static void say_restored(const struct table *before, const struct table *after, FILE *out)
{
	struct delta d = delta_of(before, after, FATE_ADDED);
	unsigned count = delta_count(d);

	fprintf(out, "Restored version %" PRIu32, after->info.restored_from);
	if (!count)
		return;
	if (count > NAMES_SHOWN) {
		fprintf(out, "; %u columns returned", count);
	} else {
		fputs(count > 1 ? "; columns" : "; column", out);
		list_names(d, out);
		fputs(" returned", out);
	}
	fputs(", rows written meanwhile have no value", out);
}

void diff_print_summary(const struct table *before, const struct table *after, FILE *out)
{
	struct summary s = { .out = out };

	if (!before) {
		fputs("Initial schema", out);
		return;
	}
	if (after->info.restored_from) {
		say_restored(before, after, out);
		return;
	}
	say_came_or_went(&s, delta_of(before, after, FATE_ADDED), "added");
	say_came_or_went(&s, delta_of(before, after, FATE_DROPPED), "dropped");
	say_renamed(&s, delta_of(before, after, FATE_RENAMED));
	say_altered(&s, delta_of(before, after, FATE_ALTERED));
	say_table(&s, before, after);
	if (!s.started)
		fputs("No change", out);
}
