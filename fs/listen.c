/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/listen.h"

#include "catalog/peer.h"
#include "fs/log.h"
#include "fs/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MS 50		/* between drains that find no memory */
#define LOOK_MS 30000		/* at least this often: expiry, slots of dead readers */
#define RETRY_MS 1000		/* between two tries of the same purge */
#define SUSPECT_US 50000	/* a commit ends with its number: it has this long */
#define SETTLE_US 250000	/* and may be told of this long after it, since the disk is waited for */
#define EXAMINE_PAUSE 20	/* times as long as the last look at the whole catalog took */
#define GATHER_US 500		/* own commits wake us, too: let the notifier be first */
#define GATHER_MAX_US 4000	/* while there are only these, which it shows itself */
#define BURST_COMMITS 4		/* of them within one GATHER_MAX_US: events cost more than looks */
#define BURST_LOOK_MS (GATHER_MAX_US / 1000)

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Milliseconds until the next look at what expires; asks for it when it is due. */
static int look(struct mount *mount)
{
	int64_t next, now;

	if (mount->tree.read_only)
		return LOOK_MS;
	next = catalog_next_expiry(mount->catalog);
	now = catalog_now(mount->catalog);
	if (next <= now) {
		commit_expire(&mount->commit);
		return RETRY_MS;
	}
	return (next - now) / 1000 < LOOK_MS ? (int)((next - now) / 1000) + 1 : LOOK_MS;
}

static void answer_peer(struct listen *listen)
{
	int client;

	if (read(listen->asked[0], &client, sizeof(client)) != (ssize_t)sizeof(client))
		return;
	/* A drain shows all that is committed, so what was asked for, too. */
	notify_drain(&listen->mount->notify);
	peer_answer(client);
}

static void receive(struct listen *listen)
{
	struct notify *notify = &listen->mount->notify;
	uint64_t sequence;
	int client;

	if (peer_accept(listen->socket, &client, &sequence))
		return;
	if (sequence & PEER_AT_ONCE) {
		notify_show_foreign(notify);
		peer_answer(client);
		notify_kick(notify);
	} else if (write(listen->asked[1], &client, sizeof(client)) != (ssize_t)sizeof(client)) {
		close(client);
	}
}

static void *run_receiver(void *arg)
{
	struct listen *listen = arg;
	struct pollfd fds[] = {
		{ .fd = listen->stop, .events = POLLIN },
		{ .fd = listen->socket, .events = POLLIN },
	};

	while (poll(fds, countof(fds), -1) < 0 || !fds[0].revents) {
		if (fds[1].revents)
			receive(listen);
	}
	return NULL;
}

/*
 * Let a moment pass, but not for peers: every commit of theirs is heard here
 * first, and then they ask.
 */
static void gather(struct listen *listen)
{
	struct pollfd fds[] = {
		{ .fd = listen->stop, .events = POLLIN },
		{ .fd = listen->asked[0], .events = POLLIN },
	};
	int64_t left, end = now_us() + listen->gather_us;

	while ((left = end - now_us()) > 0) {
		struct timespec wait = { .tv_nsec = left * 1000 };

		if (ppoll(fds, countof(fds), &wait, NULL) <= 0)
			continue;
		if (fds[0].revents)
			break;
		answer_peer(listen);
	}
}

/*
 * The number of the last commit as data.mdb has it, which is earliest.  Readers get it from
 * lock.mdb in the next moment; where they are further behind, a meta page was written that
 * is of no commit: then it is as if there were no news.
 */
static uint64_t last_commit(struct listen *listen)
{
	struct store *store = catalog_store(listen->mount->catalog);
	uint64_t id = store_last_txn_id(store);
	struct txn *txn;

	if (id == listen->seen_id || txn_begin_read(store, &txn, NULL))
		return id;
	if (txn_id(txn) + 1 < id)
		id = listen->seen_id;
	txn_end(txn);
	return id;
}

/*
 * Somebody has written to data.mdb.  A commit shows by its number, which rises; what does
 * not, within a moment, is no commit, and may have spoilt anything.
 */
static void suspect(struct listen *listen, uint64_t id)
{
	int64_t now = now_us();

	if (id > listen->seen_id) {
		listen->suspected_at = 0;
		listen->committed_at = now;
	} else if (!listen->suspected_at && now - listen->committed_at > SETTLE_US) {
		listen->suspected_at = now;
	}
	listen->seen_id = id;
}

/* Milliseconds until there is something to examine; LOOK_MS = there is nothing. */
static int examine(struct listen *listen)
{
	struct store *store = catalog_store(listen->mount->catalog);
	int64_t now = now_us(), due = listen->suspected_at + SUSPECT_US;

	if (!listen->suspected_at)
		return LOOK_MS;
	if (due < listen->examined_until)
		due = listen->examined_until;
	if (due > now)
		return (int)((due - now) / 1000) + 1;
	if (store_is_being_written(store)) {
		listen->suspected_at = now;
		return SUSPECT_US / 1000;
	}
	suspect(listen, last_commit(listen));
	if (listen->suspected_at) {
		catalog_examine(listen->mount->catalog);
		if (!listen->mount->tree.is_frozen)
			log_message(LOG_NOTICE, "Something that is no kalamfs has written to "
				    "data.mdb: it has been checked, and is not damaged");
		listen->examined_until = now_us() + (now_us() - now) * EXAMINE_PAUSE;
	}
	listen->suspected_at = 0;
	return LOOK_MS;
}

/* Whether one of the events says that bytes were written or cut off. */
static bool says_modified(const char *events, ssize_t len)
{
	struct inotify_event event;

	size_t size = len > 0 ? (size_t)len : 0;

	for (size_t at = 0; at + sizeof(event) <= size; at += sizeof(event) + event.len) {
		memcpy(&event, events + at, sizeof(event));
		if (event.mask & IN_MODIFY)
			return true;
	}
	return false;
}

/* Whether data.mdb is watched from now on. */
static bool watch_database(struct listen *listen)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", listen->file);
	listen->watched = inotify_add_watch(listen->watch, path, IN_MODIFY | IN_CLOSE_WRITE);
	return listen->watched >= 0;
}

/*
 * Each of the ten or so writes of a commit makes an event, and the writer pays
 * for it.  While one own commit follows the other nothing is learnt from them:
 * then who looks as often as he would gather is as early.
 */
static void begin_burst(struct listen *listen)
{
	listen->is_burst = !inotify_rm_watch(listen->watch, listen->watched);
}

/* The events of the database since the last look; whether bytes were written. */
static bool read_events(struct listen *listen)
{
	char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
	bool is_modified = false;
	ssize_t len;

	while ((len = read(listen->watch, events, sizeof(events))) > 0)
		is_modified |= says_modified(events, len);
	return is_modified;
}

/* Somebody else's commit is shown, whoever made it; whether there was one. */
static bool show_others(struct listen *listen)
{
	if (!notify_is_behind(&listen->mount->notify))
		return false;
	notify_drain(&listen->mount->notify);
	listen->gather_us = GATHER_US;
	return true;
}

/* In a burst, every now and then.  What was not watched is looked at after the watch is back. */
static void look_at_burst(struct listen *listen)
{
	uint64_t id = last_commit(listen);

	if (id == listen->seen_id) {
		listen->is_burst = false;
		(void)read_events(listen);
		if (!watch_database(listen))
			log_message(LOG_WARNING, "Cannot watch data.mdb again: %s", strerror(errno));
		id = last_commit(listen);
	}
	(void)show_others(listen);
	if (id != listen->seen_id)
		suspect(listen, id);
}

static void hear_database(struct listen *listen)
{
	bool is_modified, is_burst;
	uint64_t id;

	gather(listen);
	/* Before the events: that of a commit which comes between is then known to be one. */
	id = last_commit(listen);
	is_modified = read_events(listen);
	is_burst = id >= listen->seen_id + BURST_COMMITS;
	if (show_others(listen))
		is_burst = false;
	else if (listen->gather_us < GATHER_MAX_US)
		listen->gather_us *= 2;
	if (is_modified)
		suspect(listen, id);
	if (is_burst)
		begin_burst(listen);
}

/* A drain that found no memory is tried again; one that is under way will be done by then. */
static int until_drained(struct listen *listen, int wait)
{
	return wait > AGAIN_MS && notify_is_behind(&listen->mount->notify) ? AGAIN_MS : wait;
}

static void *run(void *arg)
{
	struct listen *listen = arg;
	struct pollfd fds[] = {
		{ .fd = listen->stop, .events = POLLIN },
		{ .fd = listen->asked[0], .events = POLLIN },
		{ .fd = listen->watch, .events = POLLIN },
	};

	for (;;) {
		int expiry = look(listen->mount), suspicion = examine(listen);
		int wait = room_watch(&listen->room, catalog_store(listen->mount->catalog),
				      expiry < suspicion ? expiry : suspicion);
		int count = poll(fds, countof(fds) - (listen->is_burst ? 1 : 0),
				 listen->is_burst ? BURST_LOOK_MS : until_drained(listen, wait));

		if (count < 0 && errno != EINTR)
			log_message(LOG_ERR, "Waiting for other processes: %s", strerror(errno));
		if (listen->is_burst && count <= 0)
			look_at_burst(listen);
		else if (!count)
			(void)store_reader_check(catalog_store(listen->mount->catalog));
		if (!count && notify_is_behind(&listen->mount->notify))
			notify_drain(&listen->mount->notify);
		if (count <= 0)
			continue;
		if (fds[0].revents)
			break;
		if (fds[1].revents)
			answer_peer(listen);
		if (fds[2].revents && !listen->is_burst)
			hear_database(listen);
	}
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void start_watch(struct listen *listen)
{
	const char *dir = catalog_dir(listen->mount->catalog);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	listen->file = open(path, O_PATH | O_CLOEXEC);
	listen->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (listen->file >= 0 && listen->watch >= 0 && watch_database(listen))
		return;
	log_message(LOG_WARNING, "Cannot watch '%s' (%s): changes by programs that do not know "
		    "this mount may be seen late", path, strerror(errno));
	close_fd(&listen->watch);
}

int listen_start(struct listen *listen, struct mount *mount, struct err *err)
{
	const char *dir = catalog_dir(mount->catalog);
	struct err why = ERR_INIT;
	int rc;

	*listen = (struct listen){
		.mount = mount, .socket = -1, .file = -1, .watch = -1, .stop = -1,
		.asked = { -1, -1 },
		.gather_us = GATHER_US
	};
	if (peer_listen(dir, mount->tree.mountpoint, mount->tree.read_only, &listen->socket,
			&why)) {
		log_message(LOG_WARNING, "%s: other mounts will not wait for this one", why.text);
		listen->socket = -1;
	}
	start_watch(listen);
	listen->seen_id = store_last_txn_id(catalog_store(mount->catalog));
	listen->stop = eventfd(0, EFD_CLOEXEC);
	if (listen->stop < 0)
		return err_set(err, -errno, "Cannot make an eventfd: %s", strerror(errno));
	if (pipe2(listen->asked, O_CLOEXEC))
		return err_set(err, -errno, "Cannot make a pipe: %s", strerror(errno));
	rc = pthread_create(&listen->thread, NULL, run, listen);
	listen->is_running = !rc;
	if (!rc && listen->socket >= 0) {
		rc = pthread_create(&listen->receiver, NULL, run_receiver, listen);
		listen->is_receiving = !rc;
	}
	return rc ? err_set(err, -rc, "Cannot start a thread: %s", strerror(rc)) : 0;
}

void listen_stop(struct listen *listen)
{
	static const uint64_t one = 1;

	if (!listen->mount)
		return;
	if (listen->is_running) {
		if (write(listen->stop, &one, sizeof(one)) == (ssize_t)sizeof(one)) {
			pthread_join(listen->thread, NULL);
			if (listen->is_receiving)
				pthread_join(listen->receiver, NULL);
		}
		listen->is_running = listen->is_receiving = false;
	}
	if (listen->socket >= 0)
		peer_unlisten(catalog_dir(listen->mount->catalog));
	close_fd(&listen->socket);
	close_fd(&listen->watch);
	close_fd(&listen->file);
	close_fd(&listen->stop);
	close_fd(&listen->asked[0]);
	close_fd(&listen->asked[1]);
	listen->mount = NULL;
}
