/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/spool_ops.h"

#include "fs/forget.h"
#include "fs/log.h"
#include "fs/node.h"
#include "fs/ops_dir.h"
#include "fs/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#define READ_MAX (1u << 20)

/* An open that has not been answered yet. */
struct opening {
	struct spool_wait wait;	/* first: it is found by this */
	struct mount *mount;
	fuse_req_t req;
	struct fuse_file_info fi;
	struct handle *handle;
};

/* What the kernel may keep depends on whether the node's id names what was opened. */
static void answer(struct opening *opening, struct spool *spool)
{
	struct mount *mount = opening->mount;
	struct handle *handle = opening->handle;
	struct fuse_file_info *fi = &opening->fi;
	bool is_named = spool_is_named(spool);
	struct stat attr;

	if (spool_is_odd(spool))
		log_message(
			LOG_ERR,
			"A text of information_schema has another length than the catalog tells");
	spool_attr(spool, &attr);
	handle_keep(handle, spool, &attr, is_named ? FOREVER : 0);
	if (!is_named)
		forget_attr(mount, handle->node);
	fi->fh = (uint64_t)(uintptr_t)handle;
	fi->direct_io = !is_named;
	fi->keep_cache = is_named && opening->wait.is_shared;
	fi->noflush = 1;
	if (fuse_reply_open(opening->req, fi))
		handle_put(&mount->handles, handle);
}

static void opened(struct spool_wait *wait, struct spool *spool, int rc, const struct err *err)
{
	struct opening *opening = (struct opening *)wait;

	if (rc) {
		handle_put(&opening->mount->handles, opening->handle);
		ops_fail(opening->req, rc, err);
	} else {
		answer(opening, spool);
	}
	free(opening);
}

void spool_ops_open(struct mount *mount, fuse_req_t req, fuse_ino_t ino,
		    const struct fuse_file_info *fi)
{
	struct opening *opening = calloc(1, sizeof(*opening));
	uint32_t uid = fuse_req_ctx(req)->uid;
	struct handle *handle = opening ? handle_new(&mount->handles, ino, uid) : NULL;

	if (!handle) {
		free(opening);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*opening = (struct opening){
		.wait.done = opened, .mount = mount, .req = req, .fi = *fi, .handle = handle
	};
	spools_open(mount->spools, ino, uid, &opening->wait);
}

static void read_file(fuse_req_t req, const struct spool *spool, size_t size, off_t off)
{
	struct err err = ERR_INIT;
	size_t most = size < READ_MAX ? size : READ_MAX;
	char *room = malloc(most);
	ssize_t n = room ? spool_read(spool, room, most, (uint64_t)off) : err_nomem(&err);

	if (n < 0)
		ops_fail(req, (int)n, &err);
	else
		fuse_reply_buf(req, room, (size_t)n);
	free(room);
}

void spool_ops_read(struct mount *mount, fuse_req_t req, struct handle *handle, size_t size,
		    off_t off)
{
	size_t len, from;
	const char *text = spool_text(handle->spool, &len);

	/* The answer may bring the RELEASE before libfuse is done with the text. */
	handle_get(handle);
	if (text) {
		from = (size_t)off < len ? (size_t)off : len;
		fuse_reply_buf(req, text + from, size < len - from ? size : len - from);
	} else {
		read_file(req, handle->spool, size, off);
	}
	handle_put(&mount->handles, handle);
}
