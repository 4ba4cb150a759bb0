/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge - a saved schema.json or column file against the version it was made
 * from (base) and the one that is there now (current).
 *
 * What the document changed of its base becomes the actions of one ALTER TABLE
 * of the current version, if that still has there what the base had.  Where it
 * has what the document says, there is nothing to do; anything else is a
 * conflict (decisions.md 20, 26 to 28).
 */
#ifndef KALAM_CATALOG_MERGE_H
#define KALAM_CATALOG_MERGE_H

#include "catalog/delta.h"
#include "catalog/document_parse.h"

/* The versions of the table: *out is a new reference; 0 or -errno. */
struct history {
	int (*version)(void *arg, uint32_t version, struct table **out, struct err *err);
	void *arg;
};

/*
 * Fill in the actions of *out, an ALTER TABLE; none if the document changes
 * nothing.  They live in the document's arena.  0, -EBUSY with kind
 * ERR_CONFLICT, pointer and the three lines in detail, -EINVAL for fields that
 * cannot be changed and for an old version saved unchanged, or what reading a
 * version returned.
 */
int merge_table(struct document *document, const struct table *current,
		const struct history *history, struct stmt *out, struct err *err) MUST_CHECK;

/* The rest is private to catalog/merge*.c. */

struct merge {
	struct document *document;
	const struct history *history;
	const struct table *current, *base;
	bool has_base;			/* the document or the caller said which base */
	const struct column **was;	/* of each column of the document; NULL = new */
	const struct document_column **base_claims;	/* who is which column of base... */
	const struct document_column **current_claims;	/* ...or of current, added since */
	struct action *actions;
	unsigned action_count, action_room;
	struct err *err;
};

/* What of a table two sides can change: the column's or the table's own parts. */
enum unit {
	UNIT_COLUMN_NAME,
	UNIT_COLUMN_ATTRIBUTE,
	UNIT_COLUMN,		/* its being there */
	UNIT_NAME_TAKEN,	/* somebody else's column of a name */
	UNIT_TABLE_COMMENT,
	UNIT_TABLE_OPTION,
	UNIT_TABLE_NAME,
	UNIT_TABLE_NAMESPACE
};

struct subject {
	enum unit unit;
	uint32_t column_id;
	enum attribute attribute;	/* UNIT_COLUMN_ATTRIBUTE */
	const struct option *option;	/* UNIT_TABLE_OPTION */
	const struct json_value *at;	/* in the document */
	const struct column *mine;	/* columns: what the document says; NULL = dropped */
	const struct table_options *options;	/* UNIT_TABLE_OPTION: what the document says */
};

/* merge_column.c */
int merge_column(struct merge *m, unsigned index) MUST_CHECK;
int merge_columns(struct merge *m) MUST_CHECK;
/* A new action at the end, or NULL with err. */
struct action *merge_action(struct merge *m, enum action_kind kind, long pos);
/* Whether a has the default of b, once the types are the same. */
bool merge_same_default(const struct merge *m, const struct column *a, const struct column *b);

/* merge_conflict.c: -EBUSY with all there is to say. */
int merge_conflict(struct merge *m, const struct subject *subject);
/* The document names a column that is gone, and does not say what it was made from. */
int merge_gone(struct merge *m, const struct document_column *column);

#endif
