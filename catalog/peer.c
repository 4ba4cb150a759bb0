/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PEERS_MAX 64
#define PREFIX "mount."
#define SUFFIX ".sock"
#define NEW_SUFFIX ".new"

/* sun_path has 108 bytes, a catalog's path may have more: go through a directory fd. */
static void socket_address(int dir_fd, pid_t pid, const char *suffix, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/" PREFIX "%d%s", dir_fd,
		 (int)pid, suffix);
}

static void file_name(pid_t pid, const char *suffix, char *out, size_t size)
{
	snprintf(out, size, PREFIX "%d%s", (int)pid, suffix);
}

static int write_note(int dir_fd, const char *mountpoint, bool read_only)
{
	char name[64];
	int fd, rc = 0;

	file_name(getpid(), "", name, sizeof(name));
	(void)unlinkat(dir_fd, name, 0);
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%s\t%s\n", read_only ? "ro" : "rw", mountpoint) < 0)
		rc = -EIO;
	close(fd);
	return rc;
}

static int bind_socket(int dir_fd)
{
	struct sockaddr_un address;
	char name[64], aside[64];
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	file_name(getpid(), NEW_SUFFIX, aside, sizeof(aside));
	file_name(getpid(), SUFFIX, name, sizeof(name));
	(void)unlinkat(dir_fd, aside, 0);
	socket_address(dir_fd, getpid(), NEW_SUFFIX, &address);
	/* Who finds a socket that refuses takes it for a dead mount's: show it when it listens. */
	rc = bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, PEERS_MAX) ||
			     renameat(dir_fd, aside, dir_fd, name) ?
		     -errno :
		     fd;
	if (rc < 0)
		close(fd);
	return rc;
}

int peer_listen(const char *dir, const char *mountpoint, bool read_only, int *fd, struct err *err)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (dir_fd < 0)
		return err_set(err, -errno, "Cannot open catalog directory '%s': %s", dir, strerror(errno));
	rc = bind_socket(dir_fd);
	if (rc >= 0) {
		*fd = rc;
		rc = write_note(dir_fd, mountpoint, read_only);
		if (rc < 0)
			close(*fd);
	}
	close(dir_fd);
	if (rc < 0)
		return err_set(err, rc, "Cannot make the mount's socket in '%s': %s", dir, strerror(-rc));
	return 0;
}

static void remove_files(int dir_fd, pid_t pid)
{
	char name[64];

	file_name(pid, SUFFIX, name, sizeof(name));
	(void)unlinkat(dir_fd, name, 0);
	file_name(pid, "", name, sizeof(name));
	(void)unlinkat(dir_fd, name, 0);
}

void peer_unlisten(const char *dir)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return;
	remove_files(dir_fd, getpid());
	close(dir_fd);
}

int peer_accept(int fd, int *client, uint64_t *sequence)
{
	struct pollfd pfd = { .events = POLLIN };
	ssize_t n;

	*client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (*client < 0)
		return -errno;
	pfd.fd = *client;
	n = poll(&pfd, 1, 100) == 1 ? recv(*client, sequence, sizeof(*sequence), MSG_DONTWAIT) : -1;
	if (n == (ssize_t)sizeof(*sequence))
		return 0;
	close(*client);
	return -EPROTO;
}

void peer_answer(int client)
{
	static const char done = 1;

	(void)send(client, &done, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(client);
}

/* The pid in "mount.PID.sock", or 0. */
static pid_t pid_of(const char *name, const char *suffix)
{
	char *end;
	long pid;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return 0;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	return pid > 0 && strcmp(end, suffix) == 0 ? (pid_t)pid : 0;
}

/* A connected socket, or -1; removes what a dead mount left. */
static int connect_to(int dir_fd, pid_t pid)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	socket_address(dir_fd, pid, SUFFIX, &address);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (errno == ECONNREFUSED)
		remove_files(dir_fd, pid);
	close(fd);
	return -1;
}

/* A connected socket with the sequence sent, or -1. */
static int tell(int dir_fd, pid_t pid, uint64_t sequence)
{
	int fd = connect_to(dir_fd, pid);

	if (fd >= 0 && send(fd, &sequence, sizeof(sequence), MSG_NOSIGNAL) != (ssize_t)sizeof(sequence)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A pid may be a zombie's or somebody else's by now; a listening socket is the mount. */
static bool is_live(int dir_fd, pid_t pid)
{
	int fd;

	if (pid == getpid())
		return true;
	fd = connect_to(dir_fd, pid);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Wait until every socket has been answered or closed; how many were late. */
static unsigned wait_all(struct pollfd *fds, unsigned count, unsigned timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;
	unsigned left = count;

	while (left) {
		int64_t wait = deadline - now_ms();

		if (wait <= 0 || poll(fds, count, (int)wait) <= 0)
			break;
		for (unsigned i = 0; i < count; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			close(fds[i].fd);
			fds[i].fd = -1;
			left--;
		}
	}
	for (unsigned i = 0; i < count; i++) {
		if (fds[i].fd >= 0)
			close(fds[i].fd);
	}
	return left;
}

/*
 * The catalog's directory, read without memory of its own: a mount that is
 * overlooked because there is none would show the past.
 */
struct listing {
	int fd;
	ssize_t at, len;
	_Alignas(struct dirent64) char room[4096];
};

static int listing_open(struct listing *list, const char *dir)
{
	list->at = list->len = 0;
	list->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return list->fd < 0 ? -errno : 0;
}

/* The next mount by its socket; 0 at the end, -errno. */
static pid_t listing_next(struct listing *list)
{
	for (;;) {
		const struct dirent64 *entry = (const void *)(list->room + list->at);
		pid_t pid;

		if (list->at == list->len) {
			list->at = 0;
			list->len = getdents64(list->fd, list->room, sizeof(list->room));
			if (list->len <= 0)
				return list->len < 0 ? -errno : 0;
			continue;
		}
		list->at += entry->d_reclen;
		pid = pid_of(entry->d_name, SUFFIX);
		if (pid)
			return pid;
	}
}

unsigned peer_sync(const char *dir, uint64_t sequence, unsigned timeout_ms)
{
	struct pollfd fds[PEERS_MAX];
	struct listing list;
	unsigned count = 0;
	pid_t pid = 0;
	int rc = listing_open(&list, dir);

	if (rc)
		return rc != -ENOENT;
	while (count < PEERS_MAX && (pid = listing_next(&list)) > 0) {
		int fd = pid == getpid() ? -1 : tell(list.fd, pid, sequence);

		if (fd >= 0)
			fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	close(list.fd);
	return wait_all(fds, count, timeout_ms) + (pid < 0);
}

static bool read_note(int dir_fd, pid_t pid, struct peer *out)
{
	char name[64], text[PATH_MAX + 8], *tab;
	ssize_t n;
	int fd;

	file_name(pid, "", name, sizeof(name));
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	tab = strchr(text, '\t');
	if (!tab)
		return false;
	out->pid = pid;
	out->read_only = strncmp(text, "ro", 2) == 0;
	snprintf(out->mountpoint, sizeof(out->mountpoint), "%s", tab + 1);
	return true;
}

int peer_list(const char *dir, peer_fn *fn, void *arg)
{
	struct listing list;
	pid_t pid;
	int rc = listing_open(&list, dir);

	if (rc)
		return rc;
	while (!rc && (pid = listing_next(&list))) {
		struct peer peer;

		if (pid < 0)
			rc = pid;
		else if (is_live(list.fd, pid) && read_note(list.fd, pid, &peer))
			rc = fn(arg, &peer);
	}
	close(list.fd);
	return rc;
}
