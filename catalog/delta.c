/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/delta.h"

#include <string.h>

static inline bool has_attribute(enum attribute attribute, const struct column *was,
				 const struct column *now)
{
	switch (attribute) {
	case ATTRIBUTE_TYPE:
		return !type_equal(&was->type, &now->type);
	case ATTRIBUTE_NULL:
		return was->nullable != now->nullable;
	case ATTRIBUTE_PRIMARY_KEY:
		return was->primary_key != now->primary_key;
	case ATTRIBUTE_PARTITION_KEY:
		return was->partition_key != now->partition_key;
	case ATTRIBUTE_DEFAULT:
		return !default_equal(&was->def, &now->def);
	case ATTRIBUTE_COMMENT:
	case ATTRIBUTE_COUNT:
	default:
		return !text_equal(was->comment, now->comment);
	}
}

bool delta_has_attribute(enum attribute attribute, const struct column *was,
			 const struct column *now)
{
	return has_attribute(attribute, was, now);
}

bool delta_is_renamed(const struct column *was, const struct column *now)
{
	return strcmp(was->name, now->name) != 0;
}

/* Written out, so that each comparison is inline: every change makes some for each column. */
bool delta_is_altered(const struct column *was, const struct column *now)
{
	_Static_assert(ATTRIBUTE_COUNT == 6, "no attribute is missing here");
	return has_attribute(ATTRIBUTE_TYPE, was, now) || has_attribute(ATTRIBUTE_NULL, was, now) ||
	       has_attribute(ATTRIBUTE_PRIMARY_KEY, was, now) ||
	       has_attribute(ATTRIBUTE_PARTITION_KEY, was, now) ||
	       has_attribute(ATTRIBUTE_DEFAULT, was, now) ||
	       has_attribute(ATTRIBUTE_COMMENT, was, now);
}

static inline bool has_fate(enum fate fate, const struct column *was, const struct column *now)
{
	switch (fate) {
	case FATE_ADDED:
		return !was;
	case FATE_DROPPED:
		return !now;
	case FATE_RENAMED:
		return was && now && delta_is_renamed(was, now);
	case FATE_ALTERED:
		return was && now && delta_is_altered(was, now);
	case FATE_CHANGED:
	default:
		return was && now && (delta_is_renamed(was, now) || delta_is_altered(was, now));
	}
}

struct delta delta_of(const struct table *before, const struct table *after, enum fate fate)
{
	return (struct delta){ .before = before, .after = after, .fate = fate };
}

/* The next id of either side: NULL on the side that does not have it. */
static inline bool step(struct delta *d, const struct column **was, const struct column **now)
{
	uint32_t old_count = d->before ? d->before->column_count : 0;
	const struct column *old = d->old_at < old_count ? &d->before->columns[d->old_at] : NULL;
	const struct column *new = d->new_at < d->after->column_count ?
		&d->after->columns[d->new_at] : NULL;

	if (!old && !new)
		return false;
	*was = old && (!new || old->id <= new->id) ? old : NULL;
	*now = new && (!old || new->id <= old->id) ? new : NULL;
	d->old_at += *was != NULL;
	d->new_at += *now != NULL;
	return true;
}

bool delta_next(struct delta *d, const struct column **was, const struct column **now)
{
	while (step(d, was, now))
		if (has_fate(d->fate, *was, *now))
			return true;
	return false;
}

static void count_kept(const struct column *was, const struct column *now,
		       struct delta_counts *counts)
{
	bool is_renamed = delta_is_renamed(was, now), is_altered = delta_is_altered(was, now);

	counts->of[FATE_RENAMED] += is_renamed;
	counts->of[FATE_ALTERED] += is_altered;
	counts->of[FATE_CHANGED] += is_renamed || is_altered;
}

struct delta_counts delta_count(const struct table *before, const struct table *after)
{
	struct delta d = { .before = before, .after = after };
	struct delta_counts counts = { .of = { 0 } };
	const struct column *was, *now;

	while (step(&d, &was, &now)) {
		counts.of[FATE_ADDED] += !was;
		counts.of[FATE_DROPPED] += !now;
		if (was && now)
			count_kept(was, now, &counts);
	}
	return counts;
}

bool delta_is_returned(const struct table *before, const struct column *now)
{
	return before && now->id < before->next_column_id;
}

bool delta_is_moved(const struct table *before, const struct table *after)
{
	return before->namespace_id != after->namespace_id ||
	       strcmp(before->namespace_name, after->namespace_name) != 0 ||
	       strcmp(before->name, after->name) != 0;
}

bool delta_is_relocated(const struct table *before, const struct table *after)
{
	return strcmp(before->location_name, after->location_name) != 0;
}

bool delta_has_option(const struct option *option, const struct table *before,
		      const struct table *after)
{
	return option_applies(option, after->type) &&
	       !option_equal(option, &before->options, &after->options);
}

bool delta_has_options(const struct table *before, const struct table *after)
{
	for (unsigned i = 0; i < table_options_count; i++)
		if (delta_has_option(&table_options_rows[i], before, after))
			return true;
	return false;
}
