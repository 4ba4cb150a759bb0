/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flush - flush policies: when rows of a table go to its files.
 *
 * Text form: "rows:1000", "interval:60", "rows:1000,interval:60", or "" for
 * none.
 */
#ifndef KALAM_CATALOG_FLUSH_H
#define KALAM_CATALOG_FLUSH_H

#include "base/err.h"
#include "catalog/emit.h"
#include "catalog/model.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Parse the text form; keys in any case and order, blanks around them are
 * fine.  0, or -EINVAL with the texts of facts.md section 9.2 at pos.
 */
int flush_parse(const char *text, size_t len, long pos, struct flush_policy *out,
		struct err *err) MUST_CHECK;

/* Check the limits of a policy: the same texts, no position. */
int flush_check(const struct flush_policy *policy, struct err *err) MUST_CHECK;

/* The text form without quotes. */
void flush_print(const struct flush_policy *policy, FILE *out);

/* The value of a member, its key already printed: JSON as catalog/option.h has it. */
void flush_print_to(struct emit *e, const struct flush_policy *policy);

#endif
