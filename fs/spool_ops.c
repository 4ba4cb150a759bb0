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
	} else if (spool_is_double(spool)) {
		/* The kernel looks the name up again and gets a node of its own for it. */
		spool_put(spool);
		handle_put(&opening->mount->handles, opening->handle);
		fuse_reply_err(opening->req, ESTALE);
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

/* A lookup that waits for a text. */
struct looking {
	struct spool_wait wait;	/* first: it is found by this */
	struct mount *mount;
	fuse_req_t req;
	fuse_ino_t dir;
	unsigned tries;
	struct entry entry;
	char name[64];
};

#define LOOK_TRIES 5

static void look(struct looking *looking);

static void answer_entry(struct looking *looking)
{
	struct fuse_entry_param param = {
		.ino = looking->entry.id,
		.attr = looking->entry.attr,
		.entry_timeout = looking->entry.entry_timeout,
		.attr_timeout = looking->entry.attr_timeout,
	};

	fuse_reply_entry(looking->req, &param);
	free(looking);
}

/* The catalog has changed meanwhile: what does the name stand for now? */
static bool look_again(struct looking *looking)
{
	struct err err = ERR_INIT;
	struct view dir;
	int rc;

	if (++looking->tries == LOOK_TRIES)
		return false;
	rc = view_open(&dir, &looking->mount->tree, looking->dir, 0, &err);
	if (!rc)
		rc = node_find(&dir, looking->name, &looking->entry, NULL, &err);
	view_close(&dir);
	return !rc;
}

static void looked(struct spool_wait *wait, struct spool *spool, int rc, const struct err *err)
{
	struct looking *looking = (struct looking *)wait;
	bool is_named = !rc && spool_is_named(spool);

	(void)err;
	/* Who only looks need not know; who reads will be told. */
	if (is_named)
		held_spools_put(&looking->mount->held, looking->entry.id, spool);
	else if (!rc)
		spool_put(spool);
	if (rc || is_named || !look_again(looking))
		answer_entry(looking);
	else
		look(looking);
}

static void look(struct looking *looking)
{
	uint64_t node = looking->entry.id;

	looking->wait.done = looked;
	looking->wait.is_shared = false;
	if (held_spools_has(&looking->mount->held, node))
		answer_entry(looking);
	else
		spools_open(looking->mount->spools, node, 0, &looking->wait);
}

void spool_ops_lookup(struct mount *mount, fuse_req_t req, fuse_ino_t dir, const char *name,
		      const struct entry *entry)
{
	struct looking *looking = calloc(1, sizeof(*looking));

	if (!looking) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	looking->mount = mount;
	looking->req = req;
	looking->dir = dir;
	looking->entry = *entry;
	snprintf(looking->name, sizeof(looking->name), "%s", name);
	look(looking);
}

/* A read of a text that is held no more. */
struct reading {
	struct spool_wait wait;	/* first: it is found by this */
	struct mount *mount;
	fuse_req_t req;
	fuse_ino_t ino;
	size_t size;
	off_t off;
};

static void reread(struct spool_wait *wait, struct spool *spool, int rc, const struct err *err)
{
	struct reading *reading = (struct reading *)wait;

	if (!rc && !spool_is_named(spool)) {
		spool_put(spool);
		fuse_reply_err(reading->req, EIO);
	} else if (rc) {
		ops_fail(reading->req, rc, err);
	} else {
		read_file(reading->req, spool, reading->size, reading->off);
		held_spools_put(&reading->mount->held, reading->ino, spool);
	}
	free(reading);
}

void spool_ops_read_node(struct mount *mount, fuse_req_t req, fuse_ino_t ino, size_t size,
			 off_t off)
{
	size_t most = size < READ_MAX ? size : READ_MAX;
	struct reading *reading;
	char *room = malloc(most);
	ssize_t n = room ? held_spools_read(&mount->held, ino, room, most, (uint64_t)off) : -ENOMEM;

	if (n >= 0)
		fuse_reply_buf(req, room, (size_t)n);
	free(room);
	if (n >= 0)
		return;
	reading = n == -ENOENT ? calloc(1, sizeof(*reading)) : NULL;
	if (!reading) {
		fuse_reply_err(req, n == -ENOENT ? ENOMEM : (int)-n);
		return;
	}
	*reading = (struct reading){ .wait.done = reread, .mount = mount, .req = req, .ino = ino,
				     .size = size, .off = off };
	spools_open(mount->spools, ino, 0, &reading->wait);
}
