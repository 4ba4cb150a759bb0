/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/node.h"

#include "base/stream.h"
#include "fs/draft.h"
#include "fs/kept.h"
#include "fs/members.h"
#include "fs/scratch.h"
#include "fs/sizes.h"
#include "fs/userlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_ROOM 8192		/* most texts fit */
#define STATEMENT_BLOCK 65536	/* st_blksize that makes programs write a statement whole */

uint64_t node_ino(const struct view *view)
{
	const struct inode *inode = &view->inode;

	if (inode->kind == NODE_USER_LINK)
		return userlink_node_ino(view->tree->links, *inode);
	if (inode->kind == NODE_COLUMN)
		return inode_pack(inode->kind, inode->object, view->column->id);
	return inode_pack(inode->kind, inode->object,
			  node_row(inode->kind)->flags & NODE_OWN_INO ? inode->sub : 0);
}

/* Those that are new at each look say what is known, and of what they know nothing. */
static bool is_unproved(const struct view *view)
{
	unsigned flags = node_row(view->inode.kind)->flags;

	return (flags & NODE_OF_MANY && view->tree->is_frozen) ||
	       (!(flags & NODE_FRESH) && txn_met_damage(view->txn));
}

int node_text(struct view *view, char **text, size_t *len, struct err *err)
{
	char room[TEXT_ROOM];
	FILE *out = text_stream(text, len);
	int rc;

	if (!out)
		return err_nomem(err);
	(void)setvbuf(out, room, _IOFBF, sizeof(room));
	rc = node_row(view->inode.kind)->show(view, out, err);
	if (!rc && is_unproved(view))
		rc = err_set(err, -EIO, "What is shown here cannot be read: the catalog is damaged");
	if (ferror(out) && !rc)
		rc = err_nomem(err);
	if (fclose(out) && !rc)
		rc = err_nomem(err);
	if (rc) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

static int measure(struct view *view, uint64_t node, bool is_kept, off_t *size, struct err *err)
{
	char *text;
	size_t len;
	int rc = node_text(view, &text, &len, err);

	if (!rc)
		*size = (off_t)len;
	if (!rc && is_kept)
		kept_put(view->tree->kept, node, text, len);
	else
		free(text);
	return rc;
}

/* For all nodes of this text, which is everybody's. */
static int measure_once(struct view *view, off_t *size, struct err *err)
{
	struct sizes *sizes = view->tree->sizes;
	uint64_t node = inode_pack(view->inode.kind, view->inode.object, 0);
	uint64_t txn = txn_id(view->txn);
	int rc;

	if (!view->tree->is_frozen && sizes_get(sizes, node, txn, size))
		return 0;
	rc = measure(view, node, false, size, err);
	if (!rc)
		sizes_put(sizes, node, txn, *size);
	return rc;
}

static int file_size(struct view *view, off_t *size, struct err *err)
{
	const struct node_row *row = node_row(view->inode.kind);
	uint64_t node = view_node(view);
	bool is_kept = view->tree->kept && row->flags & (NODE_DIRECT | NODE_PINNED);
	size_t len;

	if (view->inode.kind == NODE_LOG) {
		*size = (off_t)view->tree->log_end;
		return 0;
	}
	if (row->subject == SUBJECT_INFO) {
		*size = (off_t)view->info_state.bytes;
		return 0;
	}
	if (row->form && view->table->sizes[row->form - 1]) {
		*size = view->table->sizes[row->form - 1];
		return 0;
	}
	if (is_kept && kept_size(view->tree->kept, node, &len)) {
		*size = (off_t)len;
		return 0;
	}
	if (view->tree->sizes && row->flags & NODE_OF_MANY && !is_kept)
		return measure_once(view, size, err);
	return measure(view, node, is_kept, size, err);
}

static int link_size(struct view *view, off_t *size, struct err *err)
{
	char text[LOCATION_SIZE];
	int rc = node_row(view->inode.kind)->link(view, text, err);

	if (!rc)
		*size = (off_t)strlen(text);
	return rc;
}

static void set_owner(const struct view *view, struct stat *out)
{
	const struct node_row *row = node_row(view->inode.kind);
	const struct tree *tree = view->tree;

	out->st_mode = row->mode;
	out->st_uid = tree->uid;
	out->st_gid = tree->gid;
	if (tree->has_dba && row->flags & NODE_DBA) {
		out->st_mode |= S_IWGRP;
		out->st_gid = tree->dba_gid;
	}
	if (!S_ISLNK(row->mode))
		out->st_mode &= ~tree->umask;
	if (S_ISREG(row->mode) && view->table && view->table->dropped_at)
		out->st_mode &= ~0222u;
}

/*
 * The kernel tells by the mtime whether its cached listing is still good.  But
 * it may fill a listing that began with the new mtime with an answer to an
 * older READDIR that was under way.  So there are two new ones: until the
 * notifier has waited for all that was under way in the directory the mtime
 * ends in one nanosecond, afterwards in none.
 */
static long unsettled_ns(const struct view *view)
{
	const struct members *members = node_row(view->inode.kind)->members;
	struct dir_state state = { 0 };

	if (members)
		members->state(view, &state);
	return state.sequence > view->tree->settled;
}

static bool is_draft(const struct view *view)
{
	return view->table && !view->table->version;
}

bool node_is_there(const struct view *dir, enum node_kind kind)
{
	const struct node_row *row = node_row(kind);

	if (is_draft(dir) && kind != NODE_SCHEMA_JSON && kind != NODE_TABLE_ERROR)
		return false;
	return !row->is_present || row->is_present(dir);
}

/* When names that only this mount has came or went. */
static int64_t local_mtime(const struct view *view)
{
	struct tree *tree = view->tree;

	if (view->inode.kind == NODE_TABLES && tree->drafts)
		return drafts_changed_at(tree->drafts);
	if (!tree->scratch)
		return 0;
	return scratch_changed_at(tree->scratch, view_node(view));
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int node_stat(struct view *view, struct stat *out, struct err *err)
{
	const struct node_row *row = node_row(view->inode.kind);
	int64_t mtime;
	int rc = 0;

	*out = (struct stat){ .st_ino = node_ino(view), .st_nlink = 1 };
	set_owner(view, out);
	if (S_ISREG(row->mode))
		rc = file_size(view, &out->st_size, err);
	else if (S_ISLNK(row->mode))
		rc = link_size(view, &out->st_size, err);
	if (rc)
		return rc;
	mtime = row->mtime(view);
	if (S_ISDIR(row->mode))
		mtime = later(mtime, local_mtime(view));
	out->st_mtim.tv_sec = mtime / 1000000;
	out->st_mtim.tv_nsec = mtime % 1000000 * 1000 + unsettled_ns(view);
	out->st_ctim = out->st_mtim;
	out->st_atim = out->st_mtim;
	out->st_blksize = row->flags & NODE_STATEMENTS ? STATEMENT_BLOCK : 4096;
	out->st_blocks = (out->st_size + 511) / 512;
	return 0;
}

static double entry_timeout(const struct view *view)
{
	if (is_draft(view))
		return 0;
	switch (node_row(view->inode.kind)->caching) {
	case CACHE_FOREVER:
	case CACHE_NAMES:
		return FOREVER;
	case CACHE_PLACE:
		return view->tree->has_epoch ? FOREVER : 0;
	case CACHE_CONTENT:
	case CACHE_NEVER:
		break;
	}
	return 0;
}

double node_attr_timeout(const struct view *view)
{
	bool is_named = view->inode.sub == (view->info_state.sequence & INODE_SUB_MASK);

	if (node_row(view->inode.kind)->caching == CACHE_CONTENT)
		return is_named ? FOREVER : 0;
	return entry_timeout(view);
}


int node_entry(struct view *view, struct entry *out, struct err *err)
{
	const struct inode *inode = &view->inode;
	int rc = node_stat(view, &out->attr, err);

	if (rc)
		return rc;
	out->id = view_node(view);
	out->entry_timeout = entry_timeout(view);
	/*
	 * A lookup's attributes may be older than a notification that the
	 * kernel got meanwhile, and it would not notice; those that it asks
	 * for with GETATTR are protected.
	 */
	out->attr_timeout = node_row(inode->kind)->caching == CACHE_NAMES ? 0 : out->entry_timeout;
	out->counted = inode->kind == NODE_USER_LINK;
	return 0;
}

void node_bare_entry(struct tree *tree, enum node_kind kind, uint32_t object, struct entry *out)
{
	struct view view = { .tree = tree, .inode = { .kind = kind, .object = object } };

	*out = (struct entry){ .id = inode_pack(kind, object, 0) };
	out->attr.st_ino = out->id;
	out->attr.st_nlink = 1;
	set_owner(&view, &out->attr);
}

static int find_static(const struct view *dir, const char *name, struct view *child,
		       struct err *err)
{
	enum node_kind kind = node_by_name(dir, name);

	return kind == NODE_NONE ? -ENOENT : view_child(dir, kind, child, err);
}

static int find_member(const struct view *dir, const char *name, struct view *child,
		       struct err *err)
{
	const struct members *members = node_row(dir->inode.kind)->members;
	size_t len = strlen(name), suffix = strlen(members->suffix);
	char stem[256];
	uint32_t id;
	int rc;

	if (len <= suffix || len - suffix >= sizeof(stem) ||
	    strcmp(name + len - suffix, members->suffix))
		return -ENOENT;
	memcpy(stem, name, len - suffix);
	stem[len - suffix] = '\0';
	rc = members->find(dir, stem, &id);
	return rc ? rc : view_member(dir, members->kind, id, child, err);
}

int node_find(struct view *dir, const char *name, struct entry *out, bool *absence, struct err *err)
{
	const struct node_row *row = node_row(dir->inode.kind);
	struct view child = { 0 };
	int rc = find_static(dir, name, &child, err);

	if (absence)
		*absence = row->flags & NODE_ABSENCE;
	if (rc == -ENOENT && row->members)
		rc = find_member(dir, name, &child, err);
	if (rc == -ENOENT && row->find_other)
		rc = row->find_other(dir, name, &child, err);
	if (!rc)
		rc = node_entry(&child, out, err);
	view_close(&child);
	return rc;
}
