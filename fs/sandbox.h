/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox - what the daemon may still do once it serves: nothing but its catalog.
 *
 * No capabilities and no way to new ones; of the file system only the catalog's
 * directory, and to read /proc for the names of callers (landlock); only the
 * system calls that serving needs (seccomp; others fail with EPERM and are logged by
 * the kernel).  The rest is asked of the agent.
 */
#ifndef KALAM_FS_SANDBOX_H
#define KALAM_FS_SANDBOX_H

#include "base/err.h"

/*
 * In the one thread there is so far; those that it starts inherit it.  What the
 * kernel does not have is left out and logged.  0, or -errno with a sentence for what
 * it has and refuses.
 */
int sandbox_enter(const char *catalog_dir, struct err *err) MUST_CHECK;

/* Whether this program can: one with a sanitizer writes and traces outside. */
bool sandbox_is_possible(void);

#endif
