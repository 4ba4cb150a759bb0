/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/device.h"

#include "fs/metrics.h"
#include "fs/mount.h"

#include <errno.h>
#include <linux/fuse.h>
#include <unistd.h>

static ssize_t receive(int fd, void *buf, size_t size, void *userdata)
{
	const struct mount *mount = userdata;
	const struct fuse_in_header *header = buf;
	ssize_t len = read(fd, buf, size);

	if (len >= (ssize_t)sizeof(*header))
		metrics_request(mount->tree.metrics, header->opcode, header->unique, metrics_now());
	return len;
}

static ssize_t notify(int fd, const struct iovec *iov, int count, struct metrics *metrics)
{
	const struct fuse_out_header *header = iov->iov_base;
	ssize_t len = writev(fd, iov, count);

	metrics_notification(metrics, (unsigned)header->error, len < 0 ? errno : 0);
	return len;
}

/* An answer is counted before it is sent: who has got it finds it counted. */
static ssize_t send_out(int fd, struct iovec *iov, int count, void *userdata)
{
	const struct mount *mount = userdata;
	const struct fuse_out_header *header = iov->iov_base;

	if (!header->unique)
		return notify(fd, iov, count, mount->tree.metrics);
	metrics_answer(mount->tree.metrics, header->unique, header->error, metrics_now());
	return writev(fd, iov, count);
}

int device_attach(struct mount *mount)
{
	static const struct fuse_custom_io io = { .read = receive, .writev = send_out };

	return fuse_session_custom_io(mount->se, &io, fuse_session_fd(mount->se));
}

ssize_t device_send(struct mount *mount, struct iovec *iov, int count)
{
	return send_out(fuse_session_fd(mount->se), iov, count, mount);
}
