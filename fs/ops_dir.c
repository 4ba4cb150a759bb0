/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/ops_dir.h"

#include "fs/draft.h"
#include "fs/mount.h"
#include "fs/node.h"
#include "fs/scratch.h"
#include "fs/target.h"

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

static int add_plain(void *arg, const char *name, uint64_t ino, mode_t mode, uint64_t next)
{
	struct entry entry = { .attr = { .st_ino = ino, .st_mode = mode } };

	return add_entry(arg, name, &entry, next);
}

struct draft_listing {
	struct page *page;
	struct view *dir;
};

static int add_draft(void *arg, const struct table *table)
{
	const struct draft_listing *listing = arg;
	const struct view *dir = listing->dir;
	uint32_t id;

	/* A table of that name that was created meanwhile is what the name stands for. */
	if (!catalog_find(dir->tree->catalog, dir->txn, DIR_TABLES, dir->inode.object, table->name,
			  &id))
		return 0;
	return add_plain(listing->page, table->name, inode_pack(NODE_TABLE, table->id, 0), S_IFDIR,
			 SCRATCH_POSITION + table->id);
}

static bool has_local(const struct view *dir)
{
	return dir->inode.kind == NODE_TABLES || target_takes_scratch(dir);
}

static int list_local(struct mount *mount, struct view *dir, uint64_t node, uint64_t after,
		      struct page *page)
{
	struct draft_listing listing = { .page = page, .dir = dir };
	uint32_t last = after > SCRATCH_POSITION ? (uint32_t)(after - SCRATCH_POSITION) : 0;

	if (dir->inode.kind == NODE_TABLES)
		return drafts_list(mount->drafts, dir->inode.object, last, add_draft, &listing);
	return scratch_list(mount->scratch, node, after, add_plain, page);
}

static int list_tree(struct mount *mount, fuse_req_t req, uint64_t node, uint64_t after,
		     struct page *page, struct err *err)
{
	struct view dir;
	int rc = view_open(&dir, &mount->tree, node, fuse_req_ctx(req)->uid, err);

	/* Elsewhere positions may be those of another file system, as large as they like. */
	if (!rc && (after < SCRATCH_POSITION || !has_local(&dir)))
		rc = node_list(&dir, after, page->plus, add_entry, page, err);
	if (!rc && has_local(&dir))
		rc = list_local(mount, &dir, node, after, page);
	view_close(&dir);
	return rc;
}

/* "." and ".." have the positions before the first name. */
static int list_scratch(struct mount *mount, uint64_t node, uint64_t after, struct page *page)
{
	uint64_t parent = scratch_parent(mount->scratch, node);
	int rc = 0;

	if (after < 1)
		rc = add_plain(page, ".", node, S_IFDIR, 1);
	if (!rc && after < 2)
		rc = add_plain(page, "..", parent, S_IFDIR, 2);
	return rc ? rc : scratch_list(mount->scratch, node, after, add_plain, page);
}

static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, bool plus)
{
	struct mount *mount = fuse_req_userdata(req);
	struct page page = { .req = req, .plus = plus };
	struct err err = ERR_INIT;
	int rc;

	page.size = size < LISTING_MAX ? size : LISTING_MAX;
	page.at = malloc(page.size);
	if (!page.at) {
		ops_fail(req, err_nomem(&err), &err);
		return;
	}
	if (scratch_is_id(ino))
		rc = list_scratch(mount, ino, (uint64_t)off, &page);
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
