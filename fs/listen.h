/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen - the thread that hears of other processes' changes: other mounts and
 * kalamctl ask for them to be shown and wait; whoever does not know us is seen
 * by inotify on the database.  It also looks when tables expire.
 */
#ifndef KALAM_FS_LISTEN_H
#define KALAM_FS_LISTEN_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>

struct mount;

struct listen {
	struct mount *mount;
	pthread_t thread;
	bool is_running;
	int socket, watch, stop;	/* -1 = none */
	int gather_us;			/* between an event of the database and a look at it */
};

/* 0 or -errno.  Without a socket or a watch it goes on, and says so in the log. */
int listen_start(struct listen *listen, struct mount *mount, struct err *err) MUST_CHECK;
void listen_stop(struct listen *listen);

#endif
