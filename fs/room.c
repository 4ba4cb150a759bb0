/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/room.h"

#include "catalog/store.h"
#include "fs/log.h"
#include "fs/metrics.h"

#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#define PAUSE_MS 100		/* between looks */
#define MS UINT64_C(1000000)

static void warn(struct store *store, const struct store_room *found, unsigned percent)
{
	struct store_readers readers;
	char reader[100] = "";

	if (!store_readers(store, &readers) && readers.lag && readers.oldest != getpid())
		snprintf(reader, sizeof(reader), "; process %ld reads what is %llu changes old",
			 (long)readers.oldest, (unsigned long long)readers.lag);
	log_message(LOG_WARNING, "The catalog's map is filling: %u %% of %llu bytes are in use%s. "
		    "Mount with a larger mapsize= before it is full", percent,
		    (unsigned long long)found->map_bytes, reader);
}

static void measure(struct room *room, struct store *store)
{
	static const unsigned thresholds[] = { 90, 75, 50 };
	unsigned percent, reached = 0;
	struct store_room found;

	if (store_room(store, &found) || !found.map_bytes)
		return;
	percent = (unsigned)(found.in_use_bytes * 100 / found.map_bytes);
	for (size_t i = 0; i < countof(thresholds) && !reached; i++)
		reached = percent >= thresholds[i] ? thresholds[i] : 0;
	if (reached > room->warned)
		warn(store, &found, percent);
	room->warned = reached;
}

int room_watch(struct room *room, struct store *store, int wait)
{
	uint64_t now = metrics_now();

	if (now >= room->measured_at + PAUSE_MS * MS) {
		room->measured_at = now;
		measure(room, store);
		return wait;
	}
	/* What has changed since is looked at in time, also where nothing comes any more. */
	return wait > PAUSE_MS ? PAUSE_MS : wait;
}
