/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * real_path - directories behind symbolic links.
 *
 * Locations are compared as they are written; these tell whether two that are
 * written differently are one place.  What does not exist cannot be told.
 */
#ifndef KALAM_CATALOG_REAL_PATH_H
#define KALAM_CATALOG_REAL_PATH_H

#include "base/err.h"

#include <stdbool.h>

#define REAL_PATH_SIZE 1025	/* of a base directory or location */

struct real_path {
	char written[REAL_PATH_SIZE];
	char real[REAL_PATH_SIZE];	/* the same without links */
	char link[REAL_PATH_SIZE];	/* the first link on the way, or "" */
};

/*
 * Follow the symbolic links of an absolute, normalised path, as far as it
 * exists and may be looked at; the rest stays as it is.  No directory is read.
 * Nothing in a mounted catalog is looked at, since its answer may have to wait
 * for the caller: -EDEADLK.  0, -ELOOP or -ENAMETOOLONG.
 */
int real_path_find(const char *path, struct real_path *out) MUST_CHECK;

/*
 * Whether one is the same directory as the other, inside or around it, and the
 * way they are written does not tell.
 */
bool real_path_is_alias(const struct real_path *a, const struct real_path *b);

#endif
