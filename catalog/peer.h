/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer - how the live mounts of one catalog on one machine know of each other.
 *
 * Each mount listens on a socket CATALOG/mount.PID.sock and keeps a line of
 * text beside it (CATALOG/mount.PID: "rw" or "ro", a tab, the mount point).
 * Who has committed sends the sequence number to every mount and waits until
 * each has answered that its caches and its kernel show it.
 */
#ifndef KALAM_CATALOG_PEER_H
#define KALAM_CATALOG_PEER_H

#include "base/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bind and listen in the catalog's directory; *fd is the caller's.  0 or -errno. */
int peer_listen(const char *dir, const char *mountpoint, bool read_only, int *fd, struct err *err) MUST_CHECK;

/* Remove what peer_listen made (the fd is closed by the caller). */
void peer_unlisten(const char *dir);

/*
 * Accept one connection, read its sequence number.  *client is answered with
 * peer_answer, which closes it, once everything up to it is shown.
 */
int peer_accept(int fd, int *client, uint64_t *sequence) MUST_CHECK;
void peer_answer(int client);

/*
 * Or-ed to the number where the asker has a directory locked: they answer when they show
 * it as far as that needs no directory's lock.
 */
#define PEER_AT_ONCE (UINT64_C(1) << 63)

/*
 * Tell all mounts but this process' own and wait for their answers, at most
 * timeout_ms.  Returns how many did not answer in time, at least 1 where they
 * cannot be listed.  Left-overs of dead mounts are removed on the way.
 */
unsigned peer_sync(const char *dir, uint64_t sequence, unsigned timeout_ms);

struct peer {
	pid_t pid;
	bool read_only;
	char mountpoint[PATH_MAX];
};

/* Call back for every live mount, until non-zero is returned; -errno where they cannot be listed. */
typedef int peer_fn(void *arg, const struct peer *peer);
int peer_list(const char *dir, peer_fn *fn, void *arg);

#endif
