/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/ops_dir.h"

#include "fs/mount.h"
#include "fs/node.h"
#include "fs/scratch.h"

#include <errno.h>
#include <stdlib.h>

#define LISTING_MAX (256u << 10)

/* No round trip per directory: the kernel takes this answer for all (no_opendir). */
void ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const struct mount *mount = fuse_req_userdata(req);

	(void)ino;
	if (mount->has_no_opendir) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	fi->keep_cache = 1;
	fi->cache_readdir = 1;
	fuse_reply_open(req, fi);
}

/* A reply under construction. */
struct page {
	fuse_req_t req;
	bool plus;
	char *at;
	size_t used, size;
};

static size_t add(struct page *page, const char *name, const struct entry *entry, off_t next)
{
	char *at = page->at + page->used;
	size_t left = page->size - page->used;
	struct fuse_entry_param param = {
		.ino = entry->id,
		.attr = entry->attr,
		.entry_timeout = entry->entry_timeout,
		.attr_timeout = entry->attr_timeout,
	};

	if (page->plus)
		return fuse_add_direntry_plus(page->req, at, left, name, &param, next);
	return fuse_add_direntry(page->req, at, left, name, &entry->attr, next);
}

/* Returns 1 when the page is full: the entry begins the next one. */
static int add_entry(void *arg, const char *name, const struct entry *entry, uint64_t next)
{
	struct page *page = arg;
	size_t len = add(page, name, entry, (off_t)next);

	if (len > page->size - page->used)
		return 1;
	page->used += len;
	return 0;
}

static int list_tree(struct mount *mount, fuse_req_t req, uint64_t node, uint64_t after,
		     struct page *page, struct err *err)
{
	struct view dir;
	int rc = view_open(&dir, &mount->tree, node, fuse_req_ctx(req)->uid, err);

	if (!rc)
		rc = node_list(&dir, after, page->plus, add_entry, page, err);
	view_close(&dir);
	return rc;
}

static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct mount *mount = fuse_req_userdata(req);
	struct page page = { .req = req, .plus = plus };
	struct err err;
	int rc;

	err_clear(&err);
	page.size = size < LISTING_MAX ? size : LISTING_MAX;
	page.at = malloc(page.size);
	if (!page.at) {
		ops_fail(req, err_nomem(&err), &err);
		return;
	}
	if (scratch_is_id(ino))
		rc = node_list_scratch(mount->scratch, ino, (uint64_t)off, add_entry, &page);
	else
		rc = list_tree(mount, req, ino, (uint64_t)off, &page, &err);
	if (plus && !off && !rc)
		siblings_listed(&mount->siblings, ino);
	/* What came before a failure is given; the failure comes again, alone. */
	if (rc < 0 && !page.used)
		ops_fail(req, rc, &err);
	else
		fuse_reply_buf(req, page.at, page.used);
	free(page.at);
}

void ops_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, struct fuse_file_info *fi)
{
	(void)fi;
	list(req, ino, size, off, false);
}

void ops_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	(void)fi;
	list(req, ino, size, off, true);
}
