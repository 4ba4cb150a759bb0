/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * info_row - what the rows of information_schema are made of; part of info.
 *
 * A set of rows is a list of fields, each a name and a getter.  Both printers
 * walk the same list, and who only wants a length walks it with a sink that
 * keeps nothing.
 */
#ifndef KALAM_CATALOG_INFO_ROW_H
#define KALAM_CATALOG_INFO_ROW_H

#include "catalog/model.h"
#include "catalog/rows.h"

#include <stdio.h>

/* Where text goes. */
struct info_sink {
	FILE *out;	/* borrowed; NULL: it is only counted */
	uint64_t bytes;	/* so far */
};

enum info_kind { INFO_NULL, INFO_TEXT, INFO_JSON, INFO_NUMBER, INFO_BOOL, INFO_STAMP };

struct info_value {
	enum info_kind kind;
	const char *text;	/* INFO_TEXT, INFO_JSON (compact); borrowed from the row */
	uint64_t number;	/* INFO_NUMBER, INFO_BOOL, INFO_STAMP */
};

/* What the fields of one row look at; which of these are set depends on the set. */
struct info_row {
	const struct namespace *ns;
	const struct table *table;
	const struct column *column;
	const struct storage *storage;
	char type[TYPE_SQL_SIZE];	/* columns: data type as SQL */
	const char *made;		/* a text that stands in no definition; NULL = none */
};

struct info_field {
	const char *name;
	const char *key;		/* what JSON has in front of the value: ,"name": */
	size_t name_len, key_len;
	struct info_value (*get)(const struct info_row *row);
};

#define INFO_KEY(name) ",\"" name "\":"
#define INFO_FIELD(name, get) \
	{ name, INFO_KEY(name), sizeof(name) - 1, sizeof(INFO_KEY(name)) - 1, get }

struct info_layout {
	const struct info_field *fields;
	unsigned count;
};

/* The line of names; nothing where the form has none. */
void info_put_head(struct info_sink *sink, enum info_form form, const struct info_layout *layout);
void info_put_row(struct info_sink *sink, enum info_form form, const struct info_layout *layout,
		  const struct info_row *row);

/*
 * How much longer the forms of a row become when one takes another one's place: adds to
 * bytes.  Of fields that say the same nothing is measured.
 */
void info_count_change(const struct info_layout *layout, const struct info_row *was,
		       const struct info_row *now, int64_t bytes[INFO_FORM_COUNT]);

/* The same of a table and of a column, whose tables have the same name.  0 or -ENOMEM. */
void info_count_table(const struct table *was, const struct table *now,
		      int64_t bytes[INFO_FORM_COUNT]);
int info_count_column(const struct table *table, const struct column *was,
		      const struct column *now, int64_t bytes[INFO_FORM_COUNT]) MUST_CHECK;

/* One definition as its row or, for columns, rows.  0 or -ENOMEM. */
int info_put_namespace(struct info_sink *sink, enum info_form form,
		       const struct namespace *ns) MUST_CHECK;
int info_put_table(struct info_sink *sink, enum info_form form,
		   const struct table *table) MUST_CHECK;
int info_put_column(struct info_sink *sink, enum info_form form, const struct table *table,
		    const struct column *column) MUST_CHECK;
int info_put_columns(struct info_sink *sink, enum info_form form,
		     const struct table *table) MUST_CHECK;
int info_put_storage(struct info_sink *sink, enum info_form form,
		     const struct storage *storage) MUST_CHECK;

extern const struct info_layout info_schemata, info_tables, info_columns, info_storages;

/* Getters that several sets have. */
struct info_value info_catalog_name(const struct info_row *row);
struct info_value info_table_schema(const struct info_row *row);
struct info_value info_table_name(const struct info_row *row);

static inline struct info_value info_null(void)
{
	return (struct info_value){ .kind = INFO_NULL };
}

/* NULL is null. */
static inline struct info_value info_text(const char *text)
{
	return (struct info_value){ .kind = text ? INFO_TEXT : INFO_NULL, .text = text };
}

static inline struct info_value info_json(const char *json)
{
	return (struct info_value){ .kind = json ? INFO_JSON : INFO_NULL, .text = json };
}

static inline struct info_value info_number(uint64_t number)
{
	return (struct info_value){ .kind = INFO_NUMBER, .number = number };
}

static inline struct info_value info_bool(bool value)
{
	return (struct info_value){ .kind = INFO_BOOL, .number = value };
}

static inline struct info_value info_stamp(int64_t us)
{
	return (struct info_value){ .kind = INFO_STAMP, .number = (uint64_t)us };
}

#endif
