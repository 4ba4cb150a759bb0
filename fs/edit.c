/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/edit.h"

#include "fs/mount.h"
#include "fs/phoenix.h"
#include "fs/private.h"
#include "fs/redirect.h"
#include "fs/rejected.h"
#include "fs/scratch.h"
#include "fs/verdict.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void edit_entry(struct mount *mount, uint64_t node, struct entry *out)
{
	int rc;

	*out = (struct entry){ .id = node, .counted = true };
	rc = scratch_stat(mount->scratch, node, &out->attr);
	assert(!rc);
	(void)rc;
	scratch_look(mount->scratch, node);
}

int edit_find_scratch(struct mount *mount, uint64_t dir, const char *name, struct entry *out)
{
	uint64_t node;
	int rc = scratch_find(mount->scratch, dir, name, &node);

	if (rc)
		return rc;
	edit_entry(mount, node, out);
	scratch_unpin(mount->scratch, node);
	return 0;
}

static int make_copy(struct mount *mount, const struct fuse_ctx *who, const struct stat *attr,
		     const char *text, size_t len, uint64_t *node)
{
	struct scratch_spec spec = { .mode = attr->st_mode, .uid = who->uid, .gid = who->gid,
				     .text = text, .len = len };
	int rc = scratch_make(mount->scratch, 0, NULL, &spec, node);

	if (!rc)
		rc = scratch_set(mount->scratch, *node, attr, SCRATCH_SET_ATIME | SCRATCH_SET_MTIME);
	return rc;
}

int edit_private(struct mount *mount, const struct fuse_ctx *who, const struct target *target,
		 bool copy, uint64_t *node, struct err *err)
{
	struct private_spec spec = { .target = target, .uid = who->uid };
	struct view dir, view;
	struct stat attr;
	char *text = NULL;
	size_t len = 0;
	int rc = target_open(target, &mount->tree, who->uid, &dir, &view, err);

	if (!rc)
		rc = node_stat(&view, &attr, err);
	if (!rc)
		rc = node_text(&view, &text, &len, err);
	view_close(&view);
	view_close(&dir);
	if (!rc && copy) {
		rc = make_copy(mount, who, &attr, text, len, node);
	} else if (!rc) {
		spec.attr = &attr;
		spec.text = text;
		spec.len = len;
		rc = private_new(mount, &spec, node);
	}
	free(text);
	return rc;
}

/* What this thread's lookups of a document are answered with after ESTALE. */
static int find_private(struct mount *mount, const struct fuse_ctx *who, const struct target *target,
			enum redirect_why why, uint64_t node, struct entry *out, struct err *err)
{
	struct target_key key = target_key(target);
	int rc;

	if (node) {
		rc = scratch_pin(mount->scratch, node);
		if (!rc) {
			edit_entry(mount, node, out);
			scratch_unpin(mount->scratch, node);
		}
		return rc;
	}
	rc = edit_private(mount, who, target, why == REDIRECT_RENAME, &node, err);
	if (rc)
		return rc;
	edit_entry(mount, node, out);
	redirect_attach(mount->redirects, who->pid, &key, node);
	return 0;
}

/* The process of the caller, who waits for us. */
static pid_t process_of(const struct fuse_ctx *who)
{
	struct process process;

	caller_process(who->uid, who->pid, &process);
	return process.pid;
}

/* A document's name was found: is it another one for this caller? */
static int look_again(struct mount *mount, const struct fuse_ctx *who, struct view *dir,
		      const char *name, struct entry *out, bool *absence, struct err *err)
{
	struct target target;
	struct target_key key;
	enum redirect_why why;
	uint64_t node;
	bool mine;

	if (target_of_name(dir, name, &target, NULL) != SPOT_DOCUMENT)
		return 0;
	key = target_key(&target);
	if (redirects_any(mount->redirects) &&
	    redirect_pending(mount->redirects, who->pid, &key, &why, &node))
		return find_private(mount, who, &target, why, node, out, err);
	if (!phoenixes_any(mount->phoenixes) ||
	    !phoenix_is_hidden(mount->phoenixes, process_of(who), &key, &mine))
		return 0;
	/* Whoever may not see it must be asked again. */
	out->entry_timeout = 0;
	*absence = false;
	return mine ? -ENOENT : 0;
}

int edit_find(struct mount *mount, const struct fuse_ctx *who, struct view *dir, const char *name,
	      struct entry *out, bool *absence, struct err *err)
{
	int rc = node_find(dir, name, out, absence, err);

	if (!rc && target_is_document(inode_unpack(out->id).kind) &&
	    (redirects_any(mount->redirects) || phoenixes_any(mount->phoenixes)))
		return look_again(mount, who, dir, name, out, absence, err);
	if (rc != -ENOENT || !target_takes_scratch(dir))
		return rc;
	if (!strcmp(name, REJECTED_NAME)) {
		rejected_expire(mount->rejected);
		*absence = false;
	}
	return edit_find_scratch(mount, view_node(dir), name, out);
}

static int may_write(struct mount *mount, uint64_t node, struct err *err)
{
	struct view view;
	int rc = view_open(&view, &mount->tree, node, 0, err);

	if (!rc)
		rc = target_check_writable(&view, err);
	else if (rc == -ESTALE || rc == -ENOENT)
		rc = 0;		/* the walk that follows finds what is there now */
	view_close(&view);
	return rc;
}

void edit_open(struct mount *mount, struct fuse_req *req, uint64_t node)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct target_key key;
	struct err err = ERR_INIT;
	int rc = may_write(mount, node, &err);

	if (!rc)
		rc = target_key_of_node(&mount->tree, node, &key);
	if (!rc)
		rc = redirect_begin(mount->redirects, who->pid, &key, REDIRECT_OPEN);
	fuse_reply_err(req, rc && rc != -ESTALE ? verdict_errno(rc) : ESTALE);
}
