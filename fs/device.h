/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * device - the way to and from the kernel: every request, answer and
 * notification of a mount passes here, and is counted here and nowhere else.
 */
#ifndef KALAM_FS_DEVICE_H
#define KALAM_FS_DEVICE_H

#include <sys/types.h>
#include <sys/uio.h>

struct mount;

/*
 * Make libfuse read and write this way.  After fuse_session_mount; before the
 * first thread.  0 or -errno.
 */
int device_attach(struct mount *mount);

/* Send the kernel what libfuse has no call for; as writev(2). */
ssize_t device_send(struct mount *mount, struct iovec *iov, int count);

#endif
