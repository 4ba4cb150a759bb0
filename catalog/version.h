/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version - the rendered files of one version of a table.
 */
#ifndef KALAM_CATALOG_VERSION_H
#define KALAM_CATALOG_VERSION_H

#include "base/err.h"
#include "catalog/model.h"

#include <stdio.h>

/* Print one file of table; before is the version in front of it, or NULL. */
void version_print(enum version_form form, const struct table *before, const struct table *table,
		   FILE *out);

/* Set table->sizes.  0, -ENOMEM or -EFBIG. */
int version_measure(const struct table *before, struct table *table, struct err *err) MUST_CHECK;

#endif
