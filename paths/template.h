/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * template - where a storage puts its tables, compiled once.
 *
 * A template is a relative path of literal text and placeholders {namespace}
 * {tableName} {userId} {shard} (and the aliases of facts.md section 5.2), each
 * at most once.  What is stored is the text; what resolution walks is this
 * compiled form, in one pass, so that a value that looks like a placeholder is
 * never expanded again.
 */
#ifndef KALAM_PATHS_TEMPLATE_H
#define KALAM_PATHS_TEMPLATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum placeholder {
	PLACEHOLDER_NAMESPACE,
	PLACEHOLDER_TABLE,
	PLACEHOLDER_SHARD,
	PLACEHOLDER_USER,
	PLACEHOLDER_COUNT,
	PLACEHOLDER_NONE = PLACEHOLDER_COUNT	/* literal text */
};

enum template_kind { TEMPLATE_SHARED, TEMPLATE_USER };

#define TEMPLATE_MAX_BYTES 512
#define TEMPLATE_PARTS_MAX (2 * PLACEHOLDER_COUNT + 1)

struct template_part {
	enum placeholder placeholder;
	const char *text;	/* literal: borrowed from the template's text */
	size_t len;
};

struct template {
	unsigned count;
	struct template_part parts[TEMPLATE_PARTS_MAX];
};

/*
 * Check and compile NUL-terminated text, which must outlive *out.  Leading and
 * trailing '/' are ignored; empty, "." and ".." segments, "//", control
 * characters, backslashes, invalid UTF-8, unknown, doubled or unbalanced
 * placeholders, and breaches of the order and presence rules of facts.md
 * section 5.2 (its texts) are -EINVAL.  A shared template may hold neither
 * {userId} nor {shard}; a user template needs {namespace} {tableName} {userId}
 * (decisions.md 25), and what follows {shard} directly must not read like more
 * of its number.  '%', '?' and '#' and more than 512 bytes are -EINVAL as well.
 */
int template_parse(enum template_kind kind, const char *text, struct template *out,
		   struct err *err) MUST_CHECK;

/* Whether the placeholder occurs. */
bool template_has(const struct template *t, enum placeholder placeholder);

/* "{userId}": the canonical spelling of one below PLACEHOLDER_COUNT.  Static. */
const char *placeholder_name(enum placeholder placeholder);

/* Print with the values filled in; a NULL value leaves the placeholder standing. */
void template_print(const struct template *t, const char *const values[PLACEHOLDER_COUNT],
		    FILE *out);

/*
 * Whether text may be part of a path: valid UTF-8 without control characters
 * and backslashes.  subject ("Base directory") begins the sentence.  0 or
 * -EINVAL at position pos (may be -1).
 */
int path_check_text(const char *subject, const char *text, long pos, struct err *err) MUST_CHECK;

/*
 * The same for what URI parsers take for something else: "%2e%2e" is a ".." to
 * many of them, and '?' and '#' end the path.
 */
int path_check_uri_text(const char *subject, const char *text, long pos,
			struct err *err) MUST_CHECK;

#endif
