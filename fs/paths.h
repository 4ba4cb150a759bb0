/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paths - the two directories of the command line, made absolute and checked. */
#ifndef KALAM_FS_PATHS_H
#define KALAM_FS_PATHS_H

#include "base/err.h"

/*
 * The catalog's directory, which need not exist as long as its parent does; a
 * symbolic link as it is.
 * *out is owned.  0 or -errno.
 */
int paths_catalog(const char *path, char **out, struct err *err) MUST_CHECK;

/*
 * The mount point: a directory, and none that anybody could exchange: -EACCES
 * where one above it can be written by all and is not sticky.  A kalamfs mount
 * there whose daemon has died is detached first.  *out is owned.  0 or -errno.
 */
int paths_mountpoint(const char *path, char **out, struct err *err) MUST_CHECK;

/* Neither may lie in the other. */
int paths_check(const char *catalog, const char *mountpoint, struct err *err) MUST_CHECK;

#endif
