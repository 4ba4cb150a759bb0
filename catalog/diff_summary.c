/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/diff.h"

#include "base/stream.h"
#include "catalog/delta.h"
#include "catalog/number.h"

#include <ctype.h>
#include <inttypes.h>

#define NAMES_SHOWN 10	/* more columns than this are counted, not named */

struct summary {
	FILE *out;
	bool started;
	const struct table *before, *after;
	struct delta_counts counts;
};

/* The first words of a part, "; " in front of all but the first, which has a capital. */
static void begin_part(struct summary *s, const char *words)
{
	if (s->started)
		stream_puts(s->out, "; ");
	putc_unlocked(s->started ? words[0] : toupper((unsigned char)words[0]), s->out);
	stream_puts(s->out, words + 1);
	s->started = true;
}

static void list_names(const struct summary *s, enum fate fate)
{
	struct delta d = delta_of(s->before, s->after, fate);
	const struct column *was, *now;
	const char *lead = " ";

	while (delta_next(&d, &was, &now)) {
		stream_puts(s->out, lead);
		stream_puts(s->out, now ? now->name : was->name);
		lead = ", ";
	}
}

/* " 57 columns" */
static void say_many(const struct summary *s, enum fate fate)
{
	putc_unlocked(' ', s->out);
	number_write(s->counts.of[fate], s->out);
	stream_puts(s->out, " columns");
}

/* "added column a", "added columns a, b", "added 57 columns". */
static void say_came_or_went(struct summary *s, enum fate fate, const char *verb)
{
	unsigned count = s->counts.of[fate];

	if (!count)
		return;
	begin_part(s, verb);
	if (count > NAMES_SHOWN) {
		say_many(s, fate);
		return;
	}
	stream_puts(s->out, count > 1 ? " columns" : " column");
	list_names(s, fate);
}

static void say_renamed(struct summary *s)
{
	struct delta d = delta_of(s->before, s->after, FATE_RENAMED);
	unsigned count = s->counts.of[FATE_RENAMED];
	const struct column *was, *now;

	if (!count)
		return;
	if (count > NAMES_SHOWN) {
		begin_part(s, "renamed");
		say_many(s, FATE_RENAMED);
		return;
	}
	while (delta_next(&d, &was, &now)) {
		begin_part(s, "renamed column ");
		stream_puts(s->out, was->name);
		stream_puts(s->out, " to ");
		stream_puts(s->out, now->name);
	}
}

static void say_altered(struct summary *s)
{
	unsigned count = s->counts.of[FATE_ALTERED];

	if (!count)
		return;
	begin_part(s, "changed");
	if (count > NAMES_SHOWN)
		say_many(s, FATE_ALTERED);
	else
		list_names(s, FATE_ALTERED);
}

static void say_options(struct summary *s)
{
	const struct table *before = s->before, *after = s->after;
	const char *lead = " ";

	if (!delta_has_options(before, after))
		return;
	begin_part(s, "changed");
	for (unsigned i = 0; i < table_options_count; i++) {
		if (!delta_has_option(&table_options_rows[i], before, after))
			continue;
		stream_puts(s->out, lead);
		stream_puts(s->out, table_options_rows[i].sql);
		lead = ", ";
	}
}

static void say_table(struct summary *s)
{
	const struct table *before = s->before, *after = s->after;

	if (delta_is_moved(before, after)) {
		begin_part(s, "renamed ");
		fprintf(s->out, "%s.%s to %s.%s", before->namespace_name, before->name,
			after->namespace_name, after->name);
	}
	if (!text_equal(before->comment, after->comment))
		begin_part(s, "changed comment");
	say_options(s);
	if (delta_is_relocated(before, after))
		begin_part(s, "changed LOCATION_NAME");
}

/* What comes back has the values it had, but rows written meanwhile have none (decisions.md 26). */
static void say_restored(const struct summary *s)
{
	unsigned count = s->counts.of[FATE_ADDED];
	FILE *out = s->out;

	fprintf(out, "Restored version %" PRIu32, s->after->info.restored_from);
	if (!count)
		return;
	if (count > NAMES_SHOWN) {
		fprintf(out, "; %u columns returned", count);
	} else {
		stream_puts(out, count > 1 ? "; columns" : "; column");
		list_names(s, FATE_ADDED);
		stream_puts(out, " returned");
	}
	stream_puts(out, ", rows written meanwhile have no value");
}

void diff_print_counted(const struct table *before, const struct table *after,
			const struct delta_counts *counts, FILE *out)
{
	struct summary s = { .out = out, .before = before, .after = after, .counts = *counts };

	if (after->info.restored_from) {
		say_restored(&s);
		return;
	}
	say_came_or_went(&s, FATE_ADDED, "added");
	say_came_or_went(&s, FATE_DROPPED, "dropped");
	say_renamed(&s);
	say_altered(&s);
	say_table(&s);
	if (!s.started)
		stream_puts(out, "No change");
}

void diff_print_summary(const struct table *before, const struct table *after, FILE *out)
{
	struct delta_counts counts;

	if (!before) {
		stream_puts(out, "Initial schema");
		return;
	}
	counts = delta_count(before, after);
	diff_print_counted(before, after, &counts, out);
}
