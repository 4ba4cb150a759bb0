/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workers - the threads that take requests from the kernel and answer them.
 *
 * As many as are busy and one more, up to WORKERS_MAX; they stay.  libfuse's own
 * loop ends its threads by cancelling them, wherever they are, and a daemon
 * that serves a database had better not.
 */
#ifndef KALAM_FS_WORKERS_H
#define KALAM_FS_WORKERS_H

#include "base/err.h"

#include <stdbool.h>

#define WORKERS_MAX 32

struct fuse_session;
struct workers;

/* The first worker begins to answer.  NULL when memory or threads are out. */
struct workers *workers_start(struct fuse_session *se);

/*
 * Wait until the file system is unmounted or workers_end is called, and all
 * have ended.  0, or -errno of a connection that broke.  A worker that answers
 * no more (its listing hangs in a dead file system) is waited for `grace_ms` after
 * that, then *stuck is set: memory that workers use must not be freed then.
 */
int workers_wait(struct workers *workers, int grace_ms, bool *stuck);

/* No more requests are taken; those under way are answered.  From any thread. */
void workers_end(struct workers *workers);

/* After workers_wait, unless one is stuck. */
void workers_free(struct workers *workers);

#endif
