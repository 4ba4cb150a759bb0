/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/listen.h"

#include "catalog/peer.h"
#include "fs/log.h"
#include "fs/mount.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 30000		/* at least this often: expiry, slots of dead readers */
#define RETRY_MS 1000		/* between two tries of the same purge */
#define GATHER_US 500		/* own commits wake us, too: let the notifier be first */
#define GATHER_MAX_US 4000	/* while there are only these, which it shows itself */

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
	uint64_t sequence;
	int client;

	if (peer_accept(listen->socket, &client, &sequence))
		return;
	/* A drain shows all that is committed, so what was asked for, too. */
	notify_drain(&listen->mount->notify);
	peer_answer(client);
}

/*
 * Let a moment pass, but not for peers: every commit of theirs is heard here
 * first, and then they ask.
 */
static void gather(struct listen *listen)
{
	struct pollfd fds[] = {
		{ .fd = listen->stop, .events = POLLIN },
		{ .fd = listen->socket, .events = POLLIN },
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

static void hear_database(struct listen *listen)
{
	char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];

	gather(listen);
	while (read(listen->watch, events, sizeof(events)) > 0)
		continue;
	if (notify_is_behind(&listen->mount->notify)) {
		notify_drain(&listen->mount->notify);
		listen->gather_us = GATHER_US;
	} else if (listen->gather_us < GATHER_MAX_US) {
		listen->gather_us *= 2;
	}
}

static void *run(void *arg)
{
	struct listen *listen = arg;
	struct pollfd fds[] = {
		{ .fd = listen->stop, .events = POLLIN },
		{ .fd = listen->socket, .events = POLLIN },
		{ .fd = listen->watch, .events = POLLIN },
	};

	for (;;) {
		int timeout = look(listen->mount);
		int count = poll(fds, countof(fds), timeout);

		if (count < 0 && errno != EINTR)
			log_message(LOG_ERR, "Waiting for other processes: %s", strerror(errno));
		if (!count)
			(void)store_reader_check(catalog_store(listen->mount->catalog));
		if (count <= 0)
			continue;
		if (fds[0].revents)
			break;
		if (fds[1].revents)
			answer_peer(listen);
		if (fds[2].revents)
			hear_database(listen);
	}
	return NULL;
}

static void watch_database(struct listen *listen)
{
	const char *dir = catalog_dir(listen->mount->catalog);
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	listen->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (listen->watch >= 0 &&
	    inotify_add_watch(listen->watch, path, IN_MODIFY | IN_CLOSE_WRITE) >= 0)
		return;
	log_message(LOG_WARNING, "Cannot watch '%s' (%s): changes by programs that do not know "
		    "this mount may be seen late", path, strerror(errno));
	if (listen->watch >= 0)
		close(listen->watch);
	listen->watch = -1;
}

int listen_start(struct listen *listen, struct mount *mount, struct err *err)
{
	const char *dir = catalog_dir(mount->catalog);
	struct err why = ERR_INIT;
	int rc;

	*listen = (struct listen){
		.mount = mount, .socket = -1, .watch = -1, .stop = -1, .gather_us = GATHER_US
	};
	if (peer_listen(dir, mount->tree.mountpoint, mount->tree.read_only, &listen->socket,
			&why)) {
		log_message(LOG_WARNING, "%s: other mounts will not wait for this one", why.text);
		listen->socket = -1;
	}
	watch_database(listen);
	listen->stop = eventfd(0, EFD_CLOEXEC);
	if (listen->stop < 0)
		return err_set(err, -errno, "Cannot make an eventfd: %s", strerror(errno));
	rc = pthread_create(&listen->thread, NULL, run, listen);
	listen->is_running = !rc;
	return rc ? err_set(err, -rc, "Cannot start a thread: %s", strerror(rc)) : 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void listen_stop(struct listen *listen)
{
	static const uint64_t one = 1;

	if (!listen->mount)
		return;
	if (listen->is_running) {
		if (write(listen->stop, &one, sizeof(one)) == (ssize_t)sizeof(one))
			pthread_join(listen->thread, NULL);
		listen->is_running = false;
	}
	if (listen->socket >= 0)
		peer_unlisten(catalog_dir(listen->mount->catalog));
	close_fd(&listen->socket);
	close_fd(&listen->watch);
	close_fd(&listen->stop);
	listen->mount = NULL;
}
