/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen - the thread that hears of other processes' changes: other mounts and
 * kalamctl ask for them to be shown and wait; whoever does not know us is seen
 * by inotify on the database.  It also looks when tables expire, and whether the
 * map is filling.
 *
 * What asks is taken by a thread that never waits for a directory's lock: a peer
 * that has one locked itself is answered there (PEER_AT_ONCE).
 */
#ifndef KALAM_FS_LISTEN_H
#define KALAM_FS_LISTEN_H

#include "base/err.h"
#include "fs/room.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct mount;

struct listen {
	struct mount *mount;
	pthread_t thread;
	bool is_running;
	pthread_t receiver;		/* takes what peers ask */
	bool is_receiving;
	int socket, watch, stop;	/* -1 = none */
	int file, watched;		/* data.mdb, and its watch */
	bool is_burst;			/* own commits follow each other, and it is not watched */
	int asked[2];			/* pipe: from the receiver, peers that wait for a drain */
	int gather_us;			/* between an event of the database and a look at it */
	uint64_t seen_id;		/* of the last commit that was heard of */
	int64_t committed_at;		/* us: when it was heard of */
	struct room room;
	int64_t suspected_at, examined_until;	/* us; 0 = nothing was written that is no commit */
};

/* 0 or -errno.  Without a socket or a watch it goes on, and says so in the log. */
int listen_start(struct listen *listen, struct mount *mount, struct err *err) MUST_CHECK;
void listen_stop(struct listen *listen);

#endif
