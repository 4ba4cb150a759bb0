/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * name - identifiers of namespaces, tables, columns and storages.
 *
 * 1 to 64 bytes of [a-z0-9_], not starting with a digit or '_' (interface.md
 * section 2).  DDL folds case first; file names and documents are exact.
 */
#ifndef KALAM_BASE_NAME_H
#define KALAM_BASE_NAME_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_BYTES 64
#define NAME_SIZE (NAME_MAX_BYTES + 1)

enum name_kind { NAME_NAMESPACE, NAME_TABLE, NAME_COLUMN, NAME_STORAGE };

/*
 * Copy len bytes of text to out with ASCII upper case folded to lower case.
 * Returns 0, or -ENAMETOOLONG with its text ("Name is too long (N characters,
 * max 64)") at byte position pos (may be -1).
 */
int name_fold(const char *text, size_t len, long pos, char out[NAME_SIZE],
	      struct err *err) MUST_CHECK;

/*
 * Check a folded name: characters, reserved names of its kind, reserved words
 * (facts.md section 7; texts of section 9.2, in the order given there).
 * NAME_STORAGE: [a-z0-9][a-z0-9_-]{0,63}, no reserved words (decisions.md 43).
 * Returns 0, -EINVAL or -ENAMETOOLONG with err at byte position pos (may be -1).
 */
int name_check(enum name_kind kind, const char *name, long pos, struct err *err) MUST_CHECK;

/*
 * The same for a name that must already be in its exact form (a directory or
 * file name, a name in a document): "Age" is -EINVAL and the text names "age".
 */
int name_check_exact(enum name_kind kind, const char *name, size_t len, struct err *err) MUST_CHECK;

/* Whether text (len bytes, any case) is a reserved SQL keyword. */
bool name_is_keyword(const char *text, size_t len);

/* Whether a name that name_check accepts must be quoted when printed as SQL
 * (COLUMN, IF, TO, COMMENT: decisions.md 44). */
bool name_needs_quotes(const char *name);

/*
 * The candidate nearest to text by edit distance with transpositions, ignoring
 * case, or NULL if none is near (distance at most 2, and less than half of the
 * longer length).  Candidates are borrowed; the result is one of them.
 */
const char *name_nearest(const char *text, size_t len, const char *const *candidates, size_t count);

/* Compare len bytes of text with a NUL-terminated word, ignoring ASCII case. */
bool name_is_word(const char *text, size_t len, const char *word);

#endif
