/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_page - pages of data.mdb as LMDB lays them out, read with pread() and
 * looked at before anything in them is believed.  For store_check.c, which goes
 * through all of them, and store_salvage.c, which looks for one key.
 */
#ifndef KALAM_CATALOG_STORE_PAGE_H
#define KALAM_CATALOG_STORE_PAGE_H

#include "catalog/store.h"

#include <stdint.h>

/* The format of LMDB 0.9's data.mdb, which is the machine's own byte order and word size. */
#define NO_PAGE UINT64_MAX
#define PAGE_SIZE_LEAST 512u
#define PAGE_HEADER 16
#define NODE_HEADER 8
#define DEPTH_MAX 32
#define SUBTREES_MAX 16

_Static_assert(sizeof(size_t) == 8, "data.mdb is read in its 64-bit form");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "and little-endian");

enum page_flag { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04, PAGE_META = 0x08 };
enum node_flag { NODE_BIG = 0x01, NODE_TREE = 0x02 };

struct page_head {
	uint64_t number;
	uint16_t pad, flags;
	uint16_t lower, upper;	/* of an overflow page: its count of pages, 32 bits */
};

struct tree {
	uint32_t pad;		/* of the free tree: the page size */
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows, entries, root;
};

struct meta {
	uint32_t magic, version;
	uint64_t address, map_size;
	struct tree free, main;
	uint64_t last_page, txn;
};

_Static_assert(sizeof(struct page_head) == PAGE_HEADER, "no padding");
_Static_assert(sizeof(struct tree) == 48, "no padding");
_Static_assert(sizeof(struct meta) == 136, "no padding");

struct node {
	struct bytes key, value;	/* value: of a big one its size and no bytes */
	uint64_t page;			/* a branch's child, a big value's first page */
	unsigned flags;
};

struct subtree {
	char name[32];
	struct tree tree;
};

enum tree_kind { TREE_MAIN, TREE_FREE, TREE_SUB };

struct walk {
	int fd;
	struct err *err;
	bool full;
	uint32_t page_size;
	uint64_t last_page;	/* of the snapshot */
	uint64_t pages;		/* that can be read: the file may end before the snapshot's
				 * last page where that one is free */
	uint8_t *used;		/* one bit for each of them */
	uint8_t *buffers;	/* one page for each level */
	enum tree_kind kind;	/* what is being walked: */
	const char *name;
	unsigned depth;
	struct tree found;
	struct subtree subtrees[SUBTREES_MAX];
	unsigned subtree_count;
};

/* What stands in slot 0 or 1, unchecked: 0, -EUCLEAN without message, or -errno. */
int pages_read_meta(int fd, unsigned slot, uint32_t page_size, struct page_head *head,
		    struct meta *meta) MUST_CHECK;
bool pages_size_sane(uint32_t size);

/* What is wrong with the meta page in that slot, whatever snapshot it is of, or NULL. */
const char *pages_meta_fault(const struct page_head *head, const struct meta *meta, unsigned slot,
			     uint32_t page_size);
/*
 * What is wrong with the snapshot that it is of.  Asked of the newest: in place of a page
 * whose write failed LMDB leaves one of the transaction before, with roots of what failed.
 */
const char *pages_snapshot_fault(const struct meta *meta);

/*
 * The meta page of snapshot txn, sane: 0, -EUCLEAN, -EIO; -EAGAIN without message
 * when later commits have overwritten it.
 */
int pages_meta(int fd, uint64_t txn, struct meta *meta, struct err *err) MUST_CHECK;
bool pages_tree_sane(const struct tree *tree, uint64_t last_page);

/* Part of what stands in a page and those behind it.  0, -EUCLEAN, -EIO. */
int pages_read(struct walk *w, uint64_t page, size_t skip, void *out, size_t len) MUST_CHECK;

/*
 * What is wrong with a page of the tree that is being walked, or NULL: header, bounds,
 * order of its keys, which are >= low and < high as far as these are given.  *count
 * becomes the number of its nodes.
 */
const char *pages_fault(const struct walk *w, const uint8_t *page, uint64_t number, bool leaf,
			struct bytes low, struct bytes high, unsigned *count);

/* Node i, borrowed; false if it does not lie in the page.  *space is what it takes there. */
bool pages_node(const struct walk *w, const uint8_t *page, unsigned i, bool leaf,
		struct node *out, size_t *space);

int pages_damaged(struct walk *w, uint64_t page, const char *what);

/*
 * A whole page into buffer, refused if something is wrong with it (pages_fault).  0, -EUCLEAN,
 * -EIO.
 */
static inline int pages_load(struct walk *w, uint8_t *buffer, uint64_t number, bool leaf,
			     struct bytes low, struct bytes high, unsigned *count)
{
	int rc = pages_read(w, number, 0, buffer, w->page_size);
	const char *fault = rc ? NULL : pages_fault(w, buffer, number, leaf, low, high, count);

	return fault ? pages_damaged(w, number, fault) : rc;
}

int pages_compare(const struct walk *w, struct bytes a, struct bytes b);

#endif
