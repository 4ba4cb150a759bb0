/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * delta - two definitions of one table side by side: which columns and what of
 * the table itself are different.  catalog/diff.h tells it.
 */
#ifndef KALAM_CATALOG_DELTA_H
#define KALAM_CATALOG_DELTA_H

#include "catalog/model.h"
#include "catalog/option.h"

/* What of a column can change besides its name, in the order of the documents. */
enum attribute {
	ATTRIBUTE_TYPE,
	ATTRIBUTE_NULL,
	ATTRIBUTE_PRIMARY_KEY,
	ATTRIBUTE_PARTITION_KEY,
	ATTRIBUTE_DEFAULT,
	ATTRIBUTE_COMMENT,
	ATTRIBUTE_COUNT
};

bool delta_has_attribute(enum attribute attribute, const struct column *was,
			 const struct column *now);

/* What became of a column; renamed and altered can hold together and are changed. */
enum fate { FATE_ADDED, FATE_DROPPED, FATE_RENAMED, FATE_ALTERED, FATE_CHANGED };

bool delta_is_renamed(const struct column *was, const struct column *now);
bool delta_is_altered(const struct column *was, const struct column *now);

/* Both definitions in step, by column id, stopping at columns of one fate. */
struct delta {
	const struct table *before;	/* borrowed; NULL = created */
	const struct table *after;	/* borrowed */
	enum fate fate;
	uint32_t old_at, new_at;
};

struct delta delta_of(const struct table *before, const struct table *after, enum fate fate);

/* The next column of the fate; *was is NULL if it was added, *now if dropped. */
bool delta_next(struct delta *d, const struct column **was, const struct column **now);

/* How many columns have each fate: who asks first needs no walk where nothing is. */
struct delta_counts {
	unsigned of[FATE_CHANGED + 1];
};

struct delta_counts delta_count(const struct table *before, const struct table *after);

/* Whether an added column is one that was dropped and came back under its id (RESTORE). */
bool delta_is_returned(const struct table *before, const struct column *now);

/* Name or namespace, also to another one of the same name; location_name; one option that the type has; any of them. */
bool delta_is_moved(const struct table *before, const struct table *after);
bool delta_is_relocated(const struct table *before, const struct table *after);
bool delta_has_option(const struct option *option, const struct table *before,
		      const struct table *after);
bool delta_has_options(const struct table *before, const struct table *after);

#endif
