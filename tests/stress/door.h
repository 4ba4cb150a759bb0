/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * door - the ways in which programs change a catalog, call by call.
 *
 * Each function returns 0 or a positive errno of the call that failed.
 */
#ifndef KALAM_TESTS_DOOR_H
#define KALAM_TESTS_DOOR_H

#include <stdbool.h>
#include <stddef.h>

/* One write call; flags beside O_WRONLY: O_TRUNC as `>`, O_APPEND as `>>`. */
int door_ctl(const char *path, int flags, const char *text);

/* As `>` and cp: cut to nothing, written anew, closed. */
int door_truncate(const char *path, const char *text);

/* As editors: written beside it, renamed over it.  What was written goes if that fails. */
int door_rename(const char *temp, const char *path, const char *text);

/*
 * kalamctl CATALOG exec on a pipe.  Its exit status, or -1; what it wrote to
 * stderr; whether a mount did not confirm the change in time.
 */
int door_kalamctl(const char *kalamctl, const char *catalog, const char *statement, char *told,
		  size_t size, bool *late);

#endif
