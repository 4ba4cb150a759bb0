/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mounts - which mounts are of kalamfs, as the kernel lists them, and an end to one; asks no daemon. */
#ifndef KALAM_FS_MOUNTS_H
#define KALAM_FS_MOUNTS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * The number of the connection in /sys/fs/fuse/connections, which is the minor number
 * of the device, of what is mounted last on an absolute path.  -ENOENT where none
 * of kalamfs is there, or -errno.
 */
int mounts_connection(const char *mountpoint) MUST_CHECK;

/* Whether a device is that of a mount of kalamfs. */
bool mounts_have(dev_t device);

/* Unmount lazily, by fusermount3 where only that may.  0 or -errno. */
int mounts_detach(const char *mountpoint) MUST_CHECK;

#endif
