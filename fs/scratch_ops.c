/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/scratch_ops.h"

#include "fs/mount.h"
#include "fs/private.h"
#include "fs/redirect.h"
#include "fs/scratch.h"
#include "fs/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define READ_MAX (1u << 20)

void scratch_ops_getattr(struct mount *mount, fuse_req_t req, fuse_ino_t ino)
{
	struct stat attr;
	int rc = scratch_stat(mount->scratch, ino, &attr);

	if (rc)
		fuse_reply_err(req, -rc);
	else
		fuse_reply_attr(req, &attr, 0);
}

static unsigned what_to_set(int to_set)
{
	static const struct {
		int fuse;
		enum scratch_set scratch;
	} map[] = {
		{ FUSE_SET_ATTR_MODE, SCRATCH_SET_MODE },
		{ FUSE_SET_ATTR_UID, SCRATCH_SET_UID },
		{ FUSE_SET_ATTR_GID, SCRATCH_SET_GID },
		{ FUSE_SET_ATTR_SIZE, SCRATCH_SET_SIZE },
		{ FUSE_SET_ATTR_ATIME, SCRATCH_SET_ATIME },
		{ FUSE_SET_ATTR_MTIME, SCRATCH_SET_MTIME },
		{ FUSE_SET_ATTR_ATIME_NOW, SCRATCH_SET_ATIME_NOW },
		{ FUSE_SET_ATTR_MTIME_NOW, SCRATCH_SET_MTIME_NOW },
	};
	unsigned what = 0;

	for (size_t i = 0; i < countof(map); i++)
		if (to_set & map[i].fuse)
			what |= map[i].scratch;
	return what;
}

/* Of a document only the text can be changed; what else tools insist on is accepted. */
static int set_private(struct mount *mount, fuse_ino_t ino, const struct stat *attr, unsigned what)
{
	const struct private *private = private_of(mount, ino);
	int rc = 0;

	if (what & SCRATCH_SET_SIZE)
		rc = private_truncate(mount, ino, attr->st_size);
	if (!rc && private->is_new)
		rc = scratch_set(mount->scratch, ino, attr, what & ~(unsigned)SCRATCH_SET_SIZE);
	return rc;
}

void scratch_ops_setattr(struct mount *mount, fuse_req_t req, fuse_ino_t ino, const struct stat *attr,
			 int to_set)
{
	unsigned what = what_to_set(to_set);
	int rc = private_of(mount, ino) ? set_private(mount, ino, attr, what) :
					  scratch_set(mount->scratch, ino, attr, what);

	if (rc)
		fuse_reply_err(req, verdict_errno(rc));
	else
		scratch_ops_getattr(mount, req, ino);
}

void scratch_ops_readlink(struct mount *mount, fuse_req_t req, fuse_ino_t ino)
{
	char *text;
	size_t len;
	int rc = scratch_text(mount->scratch, ino, &text, &len);

	if (rc) {
		fuse_reply_err(req, -rc);
		return;
	}
	fuse_reply_readlink(req, text);
	free(text);
}

void scratch_ops_set_open(struct mount *mount, fuse_ino_t ino, struct fuse_file_info *fi)
{
	bool is_private = private_of(mount, ino);

	fi->fh = 0;
	fi->direct_io = is_private;
	fi->keep_cache = !is_private;
	fi->noflush = !is_private;
}

void scratch_ops_open(struct mount *mount, fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	bool truncate = fi->flags & O_TRUNC, writes = (fi->flags & O_ACCMODE) != O_RDONLY || truncate;
	struct stat empty = { .st_size = 0 };
	int rc = scratch_pin(mount->scratch, ino);

	if (rc) {
		fuse_reply_err(req, -rc);
		return;
	}
	redirect_end_node(mount->redirects, who->pid, ino);
	if (writes && mount->tree.is_frozen)
		rc = -EROFS;
	else if (private_of(mount, ino) && writes)
		rc = private_open(mount, ino, who->uid, truncate);
	else if (truncate)
		rc = scratch_set(mount->scratch, ino, &empty, SCRATCH_SET_SIZE);
	scratch_ops_set_open(mount, ino, fi);
	if (rc)
		fuse_reply_err(req, verdict_errno(rc));
	if (rc || fuse_reply_open(req, fi))
		scratch_unpin(mount->scratch, ino);
}

void scratch_ops_release(struct mount *mount, fuse_req_t req, fuse_ino_t ino)
{
	scratch_unpin(mount->scratch, ino);
	fuse_reply_err(req, 0);
}

void scratch_ops_read(struct mount *mount, fuse_req_t req, fuse_ino_t ino, size_t size, off_t off)
{
	char *text;
	ssize_t len;

	size = size < READ_MAX ? size : READ_MAX;
	text = malloc(size);
	len = text ? scratch_read(mount->scratch, ino, text, size, off) : -ENOMEM;
	if (len < 0)
		fuse_reply_err(req, (int)-len);
	else
		fuse_reply_buf(req, text, (size_t)len);
	free(text);
}

void scratch_ops_write(struct mount *mount, fuse_req_t req, fuse_ino_t ino, const char *text,
		       size_t len, off_t off, uint64_t owner)
{
	int rc;

	if (private_of(mount, ino)) {
		private_write(mount, req, ino, text, len, off, owner);
		return;
	}
	rc = mount->tree.is_frozen ? -EROFS : scratch_write(mount->scratch, ino, text, len, off);
	if (rc)
		fuse_reply_err(req, verdict_errno(rc));
	else
		fuse_reply_write(req, len);
}

void scratch_ops_flush(struct mount *mount, fuse_req_t req, fuse_ino_t ino, uint64_t owner)
{
	if (private_of(mount, ino))
		private_flush(mount, req, ino, owner);
	else
		fuse_reply_err(req, 0);
}

void scratch_ops_fsync(struct mount *mount, fuse_req_t req, fuse_ino_t ino)
{
	if (private_of(mount, ino))
		private_fsync(mount, req, ino);
	else
		fuse_reply_err(req, 0);
}
