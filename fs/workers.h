/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workers - the threads that take requests from the kernel and answer them.
 *
 * As many as are busy and one more, up to WORKERS_MAX; they stay.  libfuse's own
 * loop ends its threads by cancelling them, wherever they are, and a daemon
 * that serves a database had better not.
 *
 * While clients ask one thing after the other, one of those that wait does not
 * sleep but looks for the next request (fs/busy_poll.h), if there is a CPU for it.
 */
#ifndef KALAM_FS_WORKERS_H
#define KALAM_FS_WORKERS_H

#include "base/err.h"

#include <stdbool.h>

#define WORKERS_MAX 32

struct fuse_session;
struct metrics;
struct workers;

/*
 * Nobody answers yet.  `se` and `metrics`, which says how many requests are under
 * way, are borrowed and outlive it.  NULL without memory.
 */
struct workers *workers_new(struct fuse_session *se, const struct metrics *metrics) MUST_CHECK;

/* The first worker begins to answer.  -EAGAIN, -ENOMEM: there is no thread for it. */
int workers_start(struct workers *workers) MUST_CHECK;

/*
 * For a worker with a request in hand: whether another one waits for the next
 * request, so that all are answered while this one waits for something else.
 * When that one has got his there is a third, and so on.
 */
bool workers_have_spare(struct workers *workers);

/*
 * Wait until the file system is unmounted or workers_end is called, and all
 * have ended.  0, or -errno of a connection that broke.  A worker that answers
 * no more (its listing hangs in a dead file system) is waited for `grace_ms` after
 * that, then *stuck is set: memory that workers use must not be freed then.
 */
int workers_wait(struct workers *workers, int grace_ms, bool *stuck);

/* No more requests are taken; those under way are answered.  From any thread, before workers_start, too. */
void workers_end(struct workers *workers);

/* After workers_wait, unless one is stuck; or if none was started. */
void workers_free(struct workers *workers);

#endif
