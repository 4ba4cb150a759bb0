/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/private.h"

#include "catalog/json.h"
#include "fs/mount.h"
#include "fs/save.h"
#include "fs/scratch.h"
#include "fs/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_private(void *owner)
{
	struct private *private = owner;

	pthread_mutex_destroy(&private->lock);
	free(private);
}

static int set_times(struct mount *mount, uint64_t node, const struct stat *attr)
{
	return scratch_set(mount->scratch, node, attr, SCRATCH_SET_ATIME | SCRATCH_SET_MTIME);
}

int private_new(struct mount *mount, const struct private_spec *spec, uint64_t *node)
{
	const struct stat *attr = spec->attr ? spec->attr : &spec->creator;
	struct private *private = calloc(1, sizeof(*private));
	struct scratch_spec how = {
		.mode = attr->st_mode,
		.uid = attr->st_uid,
		.gid = attr->st_gid,
		.text = spec->text,
		.len = spec->len,
		.ino = spec->target->ino,
		.is_private = true,
		.owner = private,
		.free_owner = free_private,
	};
	int rc;

	if (!private)
		return -ENOMEM;
	private->target = *spec->target;
	private->uid = spec->uid;
	private->is_new = !spec->attr;
	pthread_mutex_init(&private->lock, NULL);
	rc = scratch_make(mount->scratch, 0, NULL, &how, node);
	if (rc)
		free_private(private);
	else if (spec->attr)
		rc = set_times(mount, *node, spec->attr);
	return rc;
}

struct private *private_of(struct mount *mount, uint64_t node)
{
	return scratch_owner(mount->scratch, node);
}

int private_open(struct mount *mount, uint64_t node, uint32_t uid, bool truncate)
{
	struct private *private = private_of(mount, node);

	pthread_mutex_lock(&private->lock);
	private->uid = uid;
	pthread_mutex_unlock(&private->lock);
	return truncate ? private_truncate(mount, node, 0) : 0;
}

/* An empty text is no edit: it is what opens that never write leave behind. */
int private_truncate(struct mount *mount, uint64_t node, off_t size)
{
	struct private *private = private_of(mount, node);
	struct stat attr = { .st_size = size }, old;
	int rc = size > DOCUMENT_MAX_BYTES ? -EFBIG : scratch_stat(mount->scratch, node, &old);

	if (rc || old.st_size == size)
		return rc;
	pthread_mutex_lock(&private->lock);
	rc = scratch_set(mount->scratch, node, &attr, SCRATCH_SET_SIZE);
	if (!rc) {
		private->changes++;
		private->has_owner = false;
		if (!size) {
			private->judged = private->changes;
			private->verdict = 0;
		}
	}
	pthread_mutex_unlock(&private->lock);
	return rc;
}

void private_judge(struct private *private, uint64_t change, int verdict)
{
	pthread_mutex_lock(&private->lock);
	if (change >= private->judged) {
		private->judged = change;
		private->verdict = verdict;
	}
	pthread_mutex_unlock(&private->lock);
}

void private_accept(struct mount *mount, uint64_t node, uint64_t change,
		    const struct target *target, const char *text, size_t len,
		    const struct stat *attr)
{
	struct private *private = private_of(mount, node);
	int rc = 0;

	pthread_mutex_lock(&private->lock);
	private->target.document = target->document;
	if (private->changes == change && text) {
		private->is_new = false;
		rc = scratch_replace(mount->scratch, node, text, len);
		if (!rc)
			rc = scratch_set(mount->scratch, node, attr,
					 SCRATCH_SET_MODE | SCRATCH_SET_UID | SCRATCH_SET_GID |
					 SCRATCH_SET_ATIME | SCRATCH_SET_MTIME);
	}
	/* What is not shown canonically is still what was saved. */
	(void)rc;
	pthread_mutex_unlock(&private->lock);
}

static size_t trimmed(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
		len--;
	return len;
}

/*
 * One write that was meant as a whole document and is none: shells' own echo
 * tells of failures of write, not of close.  But they also write a document
 * line by line, or all lines but the last one: what could go on is no failure
 * yet, unless it is one line that does not end where a document's line can.
 */
static bool is_hasty(const char *text, size_t len, size_t written, off_t off, uint64_t change)
{
	bool is_first = off ? change == 1 && (size_t)off + written == len : len == written;
	struct err err = ERR_INIT;
	size_t end;

	if (!is_first || !len || text[len - 1] != '\n')
		return false;
	end = trimmed(text, len);
	if (!end || !json_check(text, len, &err))
		return end;
	if (err.pos >= 0 && (size_t)err.pos < end)
		return true;
	return !memchr(text, '\n', len - 1) && !strchr("{[,:", text[end - 1]);
}

static void begin(struct mount *mount, struct fuse_req *req, enum save_why why, uint64_t node,
		  char *text, size_t len, uint64_t change, size_t size)
{
	struct private *private = private_of(mount, node);
	struct save_spec spec = {
		.why = why,
		.text = text,
		.len = len,
		.node = node,
		.change = change,
		.size = size,
	};

	pthread_mutex_lock(&private->lock);
	spec.target = private->target;
	pthread_mutex_unlock(&private->lock);
	save_begin(mount, req, &spec);
}

static void answer_write(struct fuse_req *req, int rc, size_t size)
{
	if (rc)
		fuse_reply_err(req, verdict_errno(rc));
	else
		fuse_reply_write(req, size);
}

/* Takes the bytes; the whole text that they make in *text. */
static int take(struct mount *mount, struct private *private, uint64_t node, const char *bytes,
		size_t count, off_t off, uint64_t owner, char **text, size_t *len, uint64_t *change)
{
	int rc = off < 0 || (uint64_t)off + count > DOCUMENT_MAX_BYTES ? -EFBIG : 0;

	pthread_mutex_lock(&private->lock);
	if (!rc)
		rc = scratch_write(mount->scratch, node, bytes, count, off);
	if (!rc)
		rc = scratch_text(mount->scratch, node, text, len);
	*change = ++private->changes;
	private->has_owner = true;
	private->owner = owner;
	if (rc) {
		/* The verdict on the whole text, until it is another one: close must not save it. */
		private->judged = *change;
		private->verdict = rc;
	}
	pthread_mutex_unlock(&private->lock);
	return rc;
}

void private_write(struct mount *mount, struct fuse_req *req, uint64_t node, const char *bytes,
		   size_t count, off_t off, uint64_t owner)
{
	struct private *private = private_of(mount, node);
	const struct fuse_ctx *who = fuse_req_ctx(req);
	uint64_t change;
	char *text;
	size_t len;
	int rc = who->uid == private->uid ? 0 : -EACCES;

	if (!rc)
		rc = take(mount, private, node, bytes, count, off, owner, &text, &len, &change);
	if (rc == -EFBIG)
		save_refuse_size(mount, who->uid, who->pid, &private->target);
	if (rc) {
		answer_write(req, rc, count);
		return;
	}
	if (document_is_complete(text, len) || is_hasty(text, len, count, off, change)) {
		begin(mount, req, SAVE_CHECK, node, text, len, change, count);
		return;
	}
	free(text);
	answer_write(req, 0, count);
}

/* What is to be judged: a text (1), or what is known already (0 or -errno). */
static int look(struct mount *mount, struct private *private, uint64_t node, bool any_owner,
		uint64_t owner, char **text, size_t *len, uint64_t *change)
{
	int rc;

	pthread_mutex_lock(&private->lock);
	if (private->judged == private->changes)
		rc = private->verdict;
	else if (!any_owner && private->has_owner && private->owner != owner)
		rc = 0;
	else
		rc = scratch_text(mount->scratch, node, text, len) ? -ENOMEM : 1;
	*change = private->changes;
	pthread_mutex_unlock(&private->lock);
	return rc;
}

void private_flush(struct mount *mount, struct fuse_req *req, uint64_t node, uint64_t owner)
{
	struct private *private = private_of(mount, node);
	uint64_t change;
	char *text = NULL;
	size_t len = 0;
	int rc = look(mount, private, node, false, owner, &text, &len, &change);

	if (rc > 0 && len) {
		begin(mount, req, SAVE_FLUSH, node, text, len, change, 0);
		return;
	}
	if (rc > 0) {
		free(text);
		rc = 0;
	}
	fuse_reply_err(req, verdict_errno(rc));
}

/* Never fails where close would not: a half text is left to it. */
void private_fsync(struct mount *mount, struct fuse_req *req, uint64_t node)
{
	struct private *private = private_of(mount, node);
	uint64_t change;
	char *text = NULL;
	size_t len = 0;
	int rc = look(mount, private, node, true, 0, &text, &len, &change);

	if (rc > 0 && document_is_complete(text, len)) {
		begin(mount, req, SAVE_FSYNC, node, text, len, change, 0);
		return;
	}
	if (rc > 0)
		free(text);
	fuse_reply_err(req, 0);
}
