/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent - a small process outside of the daemon's sandbox that does for it what
 * it may not: names of users, directories of storages, the unmount, and the end
 * of the connection after its death.
 *
 * Forked before anything else is open, with the rights of who mounted.  It
 * answers nothing but the questions below, each in a thread of its own, and ends
 * when the daemon does.
 */
#ifndef KALAM_FS_AGENT_H
#define KALAM_FS_AGENT_H

#include "base/err.h"
#include "catalog/model.h"

#include <stdbool.h>
#include <sys/types.h>

struct agent;

/* Before the first thread.  0 or -errno. */
int agent_start(struct agent **out, struct err *err) MUST_CHECK;

/* The agent ends; NULL is fine. */
void agent_stop(struct agent *agent);

/*
 * The name of a user, or his number; false where that is all that can be told for
 * now.  NULL agent: asked for here.
 */
bool agent_user_name(struct agent *agent, uid_t uid, char out[USER_NAME_SIZE]);

/*
 * Open a directory for listing: a descriptor, or -errno.  -ETIMEDOUT after two
 * seconds; -EDEADLK for a directory in a mount of kalamfs, which a worker that
 * lists it would wait for.
 */
int agent_open_dir(struct agent *agent, const char *path);

/*
 * If the daemon is killed, abort this connection (mounts_connection), which it may
 * not be able to let go of.  0 or -errno: then nobody watches.
 */
int agent_guard(struct agent *agent, int connection);

/* Unmount, lazily where somebody is still in it.  0 or -errno. */
int agent_unmount(struct agent *agent, const char *mountpoint);

#endif
