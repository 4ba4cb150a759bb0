/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/node.h"

#include "fs/draft.h"
#include "fs/members.h"
#include "fs/scratch.h"
#include "fs/target.h"

#include <errno.h>
#include <string.h>

#define CHANGING_SECONDS 2
#define FULL_MAX 1000	/* names of a directory that are listed with attributes */

/*
 * Positions: for scratch files a bit that puts them behind all of the catalog;
 * which state of the directory (20 bits); how full the kernel's page is (10
 * bits, see below); and in the lower half 1 for ".", then the rows of the tree,
 * then the members by their ids, drafts among them: as tables they have the
 * same.  ".." is behind them all.
 *
 * Who is half through a listing goes on in the one that the kernel keeps, if
 * his position is in it, however old that is: it looks whether it is still good
 * at the beginning only (Linux 6.18, fuse_readdir_cached).  One that was begun
 * before a change can be complete behind it.  So no two states of a directory
 * may have a position in common: who lists goes on with what is not older than
 * the position that he was given.
 *
 * The kernel packs a listing into pages.  When the last one is exactly full,
 * it takes a position that the listing does not have for its end, and a reader
 * who is half through while the directory changes misses the rest.  ".." comes
 * last and is left out where it would fill the page.
 */
#define BEHIND (UINT64_C(1) << 62)
#define STATE_SHIFT 42
#define STATE_MASK UINT64_C(0xfffff)
#define PACKED_SHIFT 32
#define PAGE 4096u
#define DIRENT_HEAD 24u
#define FIRST_STATIC 2u
#define FIRST_MEMBER 128u
#define LAST_POSITION UINT32_MAX
_Static_assert(FIRST_STATIC + NODE_KIND_COUNT < FIRST_MEMBER, "positions do not overlap");

/*
 * Changes in the catalog and in memory make one state.  With this factor it
 * takes 2,078 of them at the least until one comes again.
 */
#define CATALOG_STEP 401015

struct listing {
	struct view *dir;	/* NULL: a scratch directory */
	uint64_t upper;		/* the state and BEHIND of positions */
	uint32_t packed;	/* bytes in the kernel's last page */
	bool full;
	uint32_t last_id, next_draft;	/* of tables and drafts; UINT32_MAX: no draft comes */
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
		     l->upper | (uint64_t)(l->packed / 8) << PACKED_SHIFT | at);
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

/* As snprintf, for each name of a million. */
static void put_name(char *out, size_t size, const char *name, size_t len, const char *suffix)
{
	size_t behind = strlen(suffix);

	if (len >= size)
		len = size - 1;
	if (behind > size - 1 - len)
		behind = size - 1 - len;
	memcpy(out, name, len);
	memcpy(out + len, suffix, behind);
	out[len + behind] = '\0';
}

static bool has_drafts(const struct view *dir)
{
	return dir->inode.kind == NODE_TABLES && dir->tree->drafts;
}

#define DRAFT_BEHIND 2

struct draft_range {
	struct listing *listing;
	uint32_t end;		/* the first id that is behind it */
};

static int list_draft(void *arg, const struct table *table)
{
	const struct draft_range *range = arg;
	struct listing *l = range->listing;
	const struct view *dir = l->dir;
	uint32_t id;

	if (table->id >= range->end) {
		l->next_draft = table->id;
		return DRAFT_BEHIND;
	}
	/* A table of that name that was created meanwhile is what the name stands for. */
	if (!catalog_find(dir->tree->catalog, dir->txn, DIR_TABLES, dir->inode.object, table->name,
			  &id))
		return 0;
	return emit_plain(l, table->name, inode_pack(NODE_TABLE, table->id, 0), S_IFDIR,
			  FIRST_MEMBER + table->id);
}

/* The drafts between the last id and another one. */
static int list_drafts(struct listing *l, uint32_t end)
{
	struct draft_range range = { .listing = l, .end = end };
	int rc;

	l->next_draft = UINT32_MAX;
	rc = drafts_list(l->dir->tree->drafts, l->dir->inode.object, l->last_id, l->dir->txn,
			 list_draft, &range);
	return rc == DRAFT_BEHIND ? 0 : rc;
}

static int list_one(void *arg, uint32_t id, const char *name, size_t len)
{
	struct listing *l = arg;
	const struct members *members = node_row(l->dir->inode.kind)->members;
	struct view child = { 0 };
	char full_name[256];
	int rc;

	if (id > l->next_draft) {
		rc = list_drafts(l, id);
		if (rc)
			return rc;
	}
	l->last_id = id;
	put_name(full_name, sizeof(full_name), name, len, members->suffix);
	if (!l->full) {
		uint32_t object = members->id_is_sub ? l->dir->inode.object : id;
		uint64_t ino = inode_pack(members->kind, object, members->id_is_sub ? id : 0);

		return emit_plain(l, full_name, ino, node_row(members->kind)->mode,
				  FIRST_MEMBER + id);
	}
	rc = view_member(l->dir, members->kind, id, &child, l->err);
	return emit_child(l, rc, full_name, &child, FIRST_MEMBER + id);
}

static int list_members(struct listing *l, uint32_t after)
{
	const struct members *members = node_row(l->dir->inode.kind)->members;
	int rc;

	l->last_id = after > FIRST_MEMBER ? after - FIRST_MEMBER : 0;
	l->next_draft = UINT32_MAX;
	/* Only looks for the first one. */
	rc = has_drafts(l->dir) ? list_drafts(l, 0) : 0;
	if (!rc)
		rc = members->list(l->dir, l->last_id, list_one, l);
	return !rc && has_drafts(l->dir) ? list_drafts(l, UINT32_MAX) : rc;
}

static int list_parent(struct listing *l, uint64_t ino)
{
	l->upper |= BEHIND;
	if (pack(l->packed, "..") == PAGE)
		return 0;
	return emit_plain(l, "..", ino, S_IFDIR, LAST_POSITION);
}

static bool is_last(uint64_t after)
{
	return after & BEHIND && (uint32_t)after == LAST_POSITION;
}

static bool has_scratch(const struct view *dir)
{
	return dir->tree->scratch && target_takes_scratch(dir);
}

/* Of names that are only in memory. */
static uint64_t local_changes(const struct view *dir)
{
	if (has_drafts(dir))
		return drafts_changes(dir->tree->drafts);
	return has_scratch(dir) ? scratch_changes(dir->tree->scratch, view_node(dir)) : 0;
}

static int emit_scratch(void *arg, const char *name, uint64_t ino, mode_t mode, uint32_t place)
{
	return emit_plain(arg, name, ino, mode, place);
}

static int list_scratch(struct listing *l, struct scratch *scratch, uint64_t node, uint64_t after)
{
	l->upper |= BEHIND;
	return scratch_list(scratch, node, after & BEHIND ? (uint32_t)after : 0, emit_scratch, l);
}

static void begin(struct listing *l, uint64_t after, uint64_t state)
{
	l->packed = (uint32_t)(after >> PACKED_SHIFT & 0x3ff) * 8;
	l->upper = (state & STATE_MASK) << STATE_SHIFT;
}

int node_list(struct view *dir, uint64_t after, bool full, entry_fn *fn, void *arg, struct err *err)
{
	const struct node_row *row = node_row(dir->inode.kind);
	struct listing listing = { .dir = dir, .full = full, .fn = fn, .arg = arg, .err = err };
	struct dir_state state = { 0 };
	int rc = 0;

	if (row->list_other)
		return row->list_other(dir, after, fn, arg, err);
	if (is_last(after))
		return 0;
	if (row->members) {
		row->members->state(dir, &state);
		listing.full = full && state.count <= FULL_MAX;
	}
	/* Counted before they are listed: see above. */
	begin(&listing, after, state.sequence * CATALOG_STEP + local_changes(dir));
	if (!(after & BEHIND))
		rc = list_static(&listing, (uint32_t)after);
	if (!rc && !(after & BEHIND) && row->members)
		rc = list_members(&listing, (uint32_t)after);
	if (!rc && has_scratch(dir))
		rc = list_scratch(&listing, dir->tree->scratch, view_node(dir), after);
	return rc ? rc : list_parent(&listing, parent_ino(dir));
}

int node_list_scratch(struct scratch *scratch, uint64_t dir, uint64_t after, entry_fn *fn, void *arg)
{
	struct listing listing = { .fn = fn, .arg = arg };
	int rc = 0;

	if (is_last(after))
		return 0;
	begin(&listing, after, scratch_changes(scratch, dir));
	if (!after)
		rc = emit_plain(&listing, ".", dir, S_IFDIR, 1);
	if (!rc)
		rc = list_scratch(&listing, scratch, dir, after);
	return rc ? rc : list_parent(&listing, scratch_parent(scratch, dir));
}
