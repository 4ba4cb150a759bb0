/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk - a disk that remembers in which order it was written, as a FUSE file.
 *
 *   disk BACKING LOG MOUNTPOINT
 *
 * MOUNTPOINT/disk is what stands in the file BACKING, for a loop device.  Each
 * write to it and each fsync, which is what a flush of the loop device becomes,
 * is appended to LOG before it is answered, and so is what anybody writes to
 * MOUNTPOINT/mark.  One thread answers everything: what was answered before
 * something else was asked stands before it in LOG.
 */
#define FUSE_USE_VERSION 314

#include "tests/block/log.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define READ_MAX (1u << 20)

enum { ROOT = FUSE_ROOT_ID, DISK, MARK };

static struct {
	int backing, log;
	off_t size;
	bool broken;	/* LOG could not be written: nothing more is acknowledged */
} disk;

static const char *const names[] = { [DISK] = "disk", [MARK] = "mark" };

static struct stat attributes(fuse_ino_t ino)
{
	return (struct stat){ .st_ino = ino,
			      .st_mode = ino == ROOT ? S_IFDIR | 0700 : S_IFREG | 0600,
			      .st_nlink = 1, .st_size = ino == DISK ? disk.size : 0 };
}

static int append(enum log_kind kind, uint64_t at, const void *bytes, size_t len)
{
	struct log_entry entry = { .kind = kind, .len = (uint32_t)len, .at = at };
	struct iovec parts[] = { { &entry, sizeof(entry) }, { (void *)(uintptr_t)bytes, len } };

	if (disk.broken || writev(disk.log, parts, 2) != (ssize_t)(sizeof(entry) + len))
		disk.broken = true;
	return disk.broken ? EIO : 0;
}

static void disk_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .attr_timeout = 1e6, .entry_timeout = 1e6 };

	for (fuse_ino_t ino = DISK; parent == ROOT && ino <= MARK; ino++) {
		if (strcmp(name, names[ino]))
			continue;
		entry.ino = ino;
		entry.attr = attributes(ino);
		fuse_reply_entry(req, &entry);
		return;
	}
	fuse_reply_err(req, ENOENT);
}

static void disk_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat attr = attributes(ino);

	(void)fi;
	fuse_reply_attr(req, &attr, 1e6);
}

/* Nobody truncates a disk, and `>mark` means nothing. */
static void disk_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *to, int which,
			 struct fuse_file_info *fi)
{
	(void)to;
	if ((which & FUSE_SET_ATTR_SIZE) && ino != MARK)
		fuse_reply_err(req, EPERM);
	else
		disk_getattr(req, ino, fi);
}

static void disk_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->direct_io = ino == MARK;
	fuse_reply_open(req, fi);
}

static void disk_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t at,
		      struct fuse_file_info *fi)
{
	static char bytes[READ_MAX];
	ssize_t n = 0;

	(void)fi;
	if (ino == DISK)
		n = pread(disk.backing, bytes, size < READ_MAX ? size : READ_MAX, at);
	if (n < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_buf(req, bytes, (size_t)n);
}

static int write_disk(const char *bytes, size_t size, off_t at)
{
	if (at + (off_t)size > disk.size)
		return ENOSPC;
	if (pwrite(disk.backing, bytes, size, at) != (ssize_t)size)
		return EIO;
	return append(LOG_WRITE, (uint64_t)at, bytes, size);
}

static void disk_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t at,
		       struct fuse_file_info *fi)
{
	int code = ino == DISK ? write_disk(bytes, size, at) : append(LOG_MARK, 0, bytes, size);

	(void)fi;
	if (code)
		fuse_reply_err(req, code);
	else
		fuse_reply_write(req, size);
}

static void disk_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)datasync;
	(void)fi;
	fuse_reply_err(req, ino == DISK ? append(LOG_FLUSH, 0, NULL, 0) : 0);
}

static const struct fuse_lowlevel_ops ops = {
	.lookup = disk_lookup,
	.getattr = disk_getattr,
	.setattr = disk_setattr,
	.open = disk_open,
	.read = disk_read,
	.write = disk_write,
	.fsync = disk_fsync,
};

static bool open_files(const char *backing, const char *log)
{
	struct stat st;

	disk.backing = open(backing, O_RDWR | O_CLOEXEC);
	disk.log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (disk.backing < 0 || disk.log < 0 || fstat(disk.backing, &st))
		return false;
	disk.size = st.st_size;
	return true;
}

int main(int argc, char **argv)
{
	char mount_options[] = "-onosuid,nodev,fsname=logged-disk";
	char *options[] = { argv[0], mount_options, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(2, options);
	struct fuse_session *se;
	int rc;

	if (argc != 4 || !open_files(argv[1], argv[2])) {
		perror("disk BACKING LOG MOUNTPOINT");
		return 2;
	}
	se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!se || fuse_set_signal_handlers(se) || fuse_session_mount(se, argv[3]))
		return 1;
	rc = fuse_session_loop(se);
	fuse_session_unmount(se);
	fuse_remove_signal_handlers(se);
	fuse_session_destroy(se);
	fuse_opt_free_args(&args);
	return rc || disk.broken;
}
