/* SPDX-License-Identifier: GPL-2.0-or-later */
/* room - a warning in the log before the map of the catalog is full: at 50, 75 and 90 %. */
#ifndef KALAM_FS_ROOM_H
#define KALAM_FS_ROOM_H

#include <stdint.h>

struct store;

/* Zeroed, nothing was looked at yet.  One thread's. */
struct room {
	unsigned warned;	/* percent in use that was warned of last; 0 = none */
	uint64_t measured_at;	/* metrics_now() */
};

/*
 * Look, if some time has gone by, and warn: once of each threshold, again when use has
 * been below meanwhile.  Returns the milliseconds, at most wait, until it is worth it again.
 */
int room_watch(struct room *room, struct store *store, int wait);

#endif
