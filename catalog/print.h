/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print - one printer per form: what definitions look like as JSON, as SQL and
 * as text for people (forms.md).  Pure functions of their arguments; output is
 * ASCII except that SQL and describe print UTF-8 comments as they are.
 *
 * Renderer 1.  The texts of a version are the same for ever: a change of form
 * needs a new renderer number (catalog/record.h) and leaves this one.
 */
#ifndef KALAM_CATALOG_PRINT_H
#define KALAM_CATALOG_PRINT_H

#include "catalog/emit.h"
#include "catalog/model.h"
#include "catalog/option.h"

#include <stdio.h>

/* Documents of the mount: two-space indent, final newline. */
void print_schema_json(const struct table *table, FILE *out);
void print_column_json(const struct column *column, FILE *out);
void print_namespace_json(const struct namespace *ns, FILE *out);
/* Credentials are "***" or null. */
void print_storage_document(const struct storage *storage, FILE *out);

/* A column as the value of "after" and "before" in change.json: compact, without column_version. */
void print_column_compact(const struct column *column, FILE *out);

/* {"literal":...}, {"function":...,"args":[...]} or null; compact. */
void print_default_json(const struct column *column, FILE *out);

/* The same as members of a document under construction. */
void print_column_to(struct emit *e, const char *key, const struct column *column);
void print_default_to(struct emit *e, const char *key, const struct column *column);
void print_option_to(struct emit *e, const struct option *option,
		     const struct table_options *options);
void print_author_to(struct emit *e, const char *key, const struct author *author);
void print_namespace_options_to(struct emit *e, const char *key, const struct namespace *ns);

/* What is shown of credentials, NULL for none.  Static. */
const char *print_masked(const char *credentials);

/* "SNOWFLAKE_ID()", "0.00", "'x'", "NULL"; nothing for DEFAULT_NONE. */
void print_default_sql(const struct column *column, FILE *out);

/* The same as an owned text (free it); "" for DEFAULT_NONE, NULL when memory is out. */
char *print_default_text(const struct column *column);

/*
 * CREATE TABLE statement that rebuilds the table; qualified: "app.messages".
 * Option STORAGE_ID always, others when not the default; ID n where ids have
 * gaps; LOCATION_NAME where it is not what CREATE would choose (decisions.md 36).
 */
void print_schema_sql(const struct table *table, bool qualified, FILE *out);
void print_namespace_option_sql(const struct namespace_option *option, FILE *out);	/* key = 'value' */
void print_namespace_sql(const struct namespace *ns, FILE *out);	/* CREATE NAMESPACE ...; */
/* CREATE STORAGE ...; with its credentials only if secrets is set. */
void print_storage_sql(const struct storage *storage, bool secrets, FILE *out);

/* The aligned table of a SQL shell's \d. */
void print_describe(const struct table *table, FILE *out);

/* One name as SQL, quoted where it must be; a text as SQL string with '' and quotes. */
void print_name_sql(const char *name, FILE *out);
void print_string_sql(const char *text, FILE *out);

/* Whether the location is the one that CREATE chooses when it is free. */
bool print_location_is_plain(const struct table *table);

/*
 * len bytes of text as a part of one line for people: newline, tab, carriage
 * return as \n \t \r, characters that hide something as \uXXXX, the rest as is.
 */
void print_line(const char *text, size_t len, FILE *out);

/* {"uid":1000,"user":"ann","command":"bash"} */
void print_author_json(const struct author *author, FILE *out);

/*
 * Print compact JSON text again with two-space indent, one member a line,
 * empty objects and arrays as {} and []; no final newline.  Input must be valid.
 */
void print_json_indented(const char *compact, size_t len, FILE *out);

#endif
