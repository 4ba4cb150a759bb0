/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/node.h"

#include "fs/members.h"

#include <errno.h>
#include <string.h>

#define CHANGING_SECONDS 2
#define FULL_MAX 1000	/* names of a directory that are listed with attributes */

/*
 * Positions: which state of the directory (20 bits), so that the kernel does
 * not mix two states into one cached listing; how full the kernel's page is
 * (10 bits, see below); and in the lower half 1 for ".", then the rows of the
 * tree, then the members by their ids, then "..".  Positions from 2^62 on are
 * left for files that are only in memory.
 *
 * The kernel packs a listing into pages.  When the last one is exactly full,
 * it takes a position that the listing does not have for its end (Linux 6.18,
 * fuse_readdir_cached), and a reader who is half through while the directory
 * changes misses the rest.  ".." comes last and is left out where it would
 * fill the page.
 */
#define STATE_SHIFT 42
#define PACKED_SHIFT 32
#define PAGE 4096u
#define DIRENT_HEAD 24u
#define FIRST_STATIC 2u
#define FIRST_MEMBER 128u
#define LAST_POSITION UINT32_MAX
_Static_assert(FIRST_STATIC + NODE_KIND_COUNT < FIRST_MEMBER, "positions do not overlap");

struct listing {
	struct view *dir;
	uint64_t state;		/* its bits of positions */
	uint32_t packed;	/* bytes in the kernel's last page */
	bool full;
	entry_fn *fn;
	void *arg;
	struct err *err;
};

/* How full the kernel's last page is with one more name. */
static uint32_t pack(uint32_t packed, const char *name)
{
	uint32_t len = (DIRENT_HEAD + (uint32_t)strlen(name) + 7) & ~7u;

	return packed + len > PAGE ? len : packed + len;
}

static int emit(struct listing *l, const char *name, const struct entry *entry, uint32_t at)
{
	l->packed = pack(l->packed, name);
	return l->fn(l->arg, name, entry,
		     l->state | (uint64_t)(l->packed / 8) << PACKED_SHIFT | at);
}

static int emit_plain(struct listing *l, const char *name, uint64_t ino, mode_t mode, uint32_t at)
{
	struct entry entry = { .attr = { .st_ino = ino, .st_mode = mode } };

	return emit(l, name, &entry, at);
}

/*
 * A listing holds its directory's lock shared, like a lookup, and its entries
 * replace what a lookup has just found: on a file that is changing, an older
 * snapshot's node could come after a newer one's, until the change is notified.
 * So what has changed a moment ago is left to lookups.
 */
static bool is_changing(const struct view *child, const struct entry *entry)
{
	int64_t age = catalog_now(child->tree->catalog) / 1000000 - entry->attr.st_mtim.tv_sec;

	if (S_ISDIR(entry->attr.st_mode) || node_row(child->inode.kind)->flags & NODE_OWN_INO)
		return false;
	return age < CHANGING_SECONDS;
}

/* Takes child, also when rc tells that loading it failed. */
static int emit_child(struct listing *l, int rc, const char *name, struct view *child, uint32_t at)
{
	struct entry entry;

	if (!rc)
		rc = node_entry(child, &entry, l->err);
	if (!rc && is_changing(child, &entry))
		entry.id = 0;
	if (!rc)
		rc = emit(l, name, &entry, at);
	view_close(child);
	return rc;
}

static uint64_t parent_ino(const struct view *dir)
{
	enum node_kind parent = node_row(dir->inode.kind)->parent;
	uint32_t object = dir->inode.object;

	if (dir->inode.kind == NODE_TABLE) {
		parent = dir->table->dropped_at ? NODE_TRASH : NODE_TABLES;
		object = dir->table->namespace_id;
	}
	if (parent == NODE_NONE || parent == NODE_ROOT)
		return INODE_ROOT;
	return inode_pack(parent, node_row(parent)->subject == SUBJECT_CATALOG ? 0 : object, 0);
}

/* Names whose attributes are not kept are cheaper to look up when needed. */
static int emit_static(struct listing *l, enum node_kind kind)
{
	const struct node_row *row = node_row(kind);
	const struct inode *dir = &l->dir->inode;
	struct view child = { 0 };
	int rc;

	if (!l->full || row->caching == CACHE_NEVER || row->caching == CACHE_CONTENT) {
		uint32_t object = row->subject == SUBJECT_CATALOG ? 0 : dir->object;
		uint32_t sub = row->flags & NODE_OWN_INO ? dir->sub : 0;

		return emit_plain(l, row->name, inode_pack(kind, object, sub), row->mode,
				  FIRST_STATIC + kind);
	}
	rc = view_child(l->dir, kind, &child, l->err);
	return emit_child(l, rc, row->name, &child, FIRST_STATIC + kind);
}

static int list_static(struct listing *l, uint32_t after)
{
	const struct view *dir = l->dir;
	int rc = 0;

	if (after < 1)
		rc = emit_plain(l, ".", node_ino(dir), S_IFDIR, 1);
	for (enum node_kind kind = NODE_ROOT + 1; !rc && kind < NODE_KIND_COUNT; kind++) {
		const struct node_row *row = node_row(kind);

		if (row->parent == dir->inode.kind && row->name && FIRST_STATIC + kind > after &&
		    node_is_there(dir, kind))
			rc = emit_static(l, kind);
	}
	return rc;
}

static int list_one(void *arg, uint32_t id, const char *name, size_t len)
{
	struct listing *l = arg;
	const struct members *members = node_row(l->dir->inode.kind)->members;
	struct view child = { 0 };
	char full_name[256];
	int rc;

	snprintf(full_name, sizeof(full_name), "%.*s%s", (int)len, name, members->suffix);
	if (!l->full) {
		uint32_t object = members->id_is_sub ? l->dir->inode.object : id;
		uint64_t ino = inode_pack(members->kind, object, members->id_is_sub ? id : 0);

		return emit_plain(l, full_name, ino, node_row(members->kind)->mode,
				  FIRST_MEMBER + id);
	}
	rc = view_member(l->dir, members->kind, id, &child, l->err);
	return emit_child(l, rc, full_name, &child, FIRST_MEMBER + id);
}

static int list_parent(struct listing *l)
{
	if (pack(l->packed, "..") == PAGE)
		return 0;
	return emit_plain(l, "..", parent_ino(l->dir), S_IFDIR, LAST_POSITION);
}

int node_list(struct view *dir, uint64_t after, bool full, entry_fn *fn, void *arg, struct err *err)
{
	const struct node_row *row = node_row(dir->inode.kind);
	struct listing listing = { .dir = dir, .full = full, .fn = fn, .arg = arg, .err = err };
	uint32_t position = (uint32_t)after;
	struct dir_state state = { 0 };
	int rc;

	if (row->list_other)
		return row->list_other(dir, after, fn, arg, err);
	if (position == LAST_POSITION)
		return 0;
	listing.packed = (uint32_t)(after >> PACKED_SHIFT & 0x3ff) * 8;
	if (row->members) {
		row->members->state(dir, &state);
		listing.state = (state.sequence & 0xfffff) << STATE_SHIFT;
		listing.full = full && state.count <= FULL_MAX;
	}
	rc = list_static(&listing, position);
	if (!rc && row->members)
		rc = row->members->list(dir, position > FIRST_MEMBER ? position - FIRST_MEMBER : 0,
					list_one, &listing);
	return rc ? rc : list_parent(&listing);
}
