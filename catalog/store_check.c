/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_check.h"

#include "catalog/store_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The format of LMDB 0.9's data.mdb, which is the machine's own byte order and word size. */
#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1
#define PAGE_HEADER 16
#define NODE_HEADER 8
#define KEY_MAX_BYTES 511
#define DEPTH_MAX 32
#define NO_PAGE UINT64_MAX
#define PAGE_SIZE_LEAST 512u
#define PAGE_SIZE_MOST 65536u
#define FILE_MOST (UINT64_C(1) << 44)
#define FREE_TREE_FLAGS 0x08	/* integer keys */
#define SUBTREES_MAX 16

#define FULL_CHECK_MOST (UINT64_C(256) << 20)	/* bytes of file that AUTO still reads whole */

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

int store_damaged(struct err *err, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(err, -EUCLEAN, "catalog damaged: %s; restore a backup", text);
	err_kind_set(err, ERR_STORE);
	return -EUCLEAN;
}

/* -EUCLEAN without message where the file ends too early. */
static int read_at(int fd, void *out, size_t len, uint64_t offset)
{
	uint8_t *to = out;

	while (len) {
		ssize_t n = pread(fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EUCLEAN;
		to += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static bool page_size_sane(uint32_t size)
{
	return size >= PAGE_SIZE_LEAST && size <= PAGE_SIZE_MOST && !(size & (size - 1));
}

static bool tree_sane(const struct tree *tree, uint64_t last_page)
{
	if (tree->root == NO_PAGE)
		return tree->depth == 0 && tree->entries == 0;
	return tree->root >= 2 && tree->root <= last_page && tree->depth >= 1 &&
	       tree->depth <= DEPTH_MAX;
}

/* What is wrong with the meta page in slot 0 or 1, or NULL. */
static const char *meta_fault(const struct page_head *head, const struct meta *meta, unsigned slot,
			      uint32_t page_size)
{
	if (head->flags != PAGE_META || head->number != slot)
		return "is no meta page";
	if (meta->magic != META_MAGIC)
		return "has the wrong magic number";
	if (meta->version != META_VERSION)
		return "has another format of LMDB";
	if (meta->free.pad != page_size || meta->free.flags != FREE_TREE_FLAGS || meta->main.flags)
		return "has a wrong page size or flags";
	if (meta->last_page < 1 || meta->last_page >= FILE_MOST / page_size ||
	    meta->map_size < (meta->last_page + 1) * page_size)
		return "has an impossible last page";
	if (!tree_sane(&meta->free, meta->last_page) || !tree_sane(&meta->main, meta->last_page))
		return "has an impossible root page";
	if (meta->txn && (meta->txn & 1) != slot)
		return "has a transaction number of the other one";
	return NULL;
}

static int read_meta(int fd, unsigned slot, uint32_t page_size, struct page_head *head,
		     struct meta *meta)
{
	int rc = read_at(fd, head, sizeof(*head), (uint64_t)slot * page_size);

	if (!rc)
		rc = read_at(fd, meta, sizeof(*meta), (uint64_t)slot * page_size + PAGE_HEADER);
	return rc;
}

static int check_metas(int fd, struct err *err)
{
	struct page_head head;
	struct meta meta[2];
	uint32_t page_size = PAGE_SIZE_LEAST;
	const char *fault;
	int rc;

	for (unsigned slot = 0; slot < 2; slot++) {
		rc = read_meta(fd, slot, page_size, &head, &meta[slot]);
		if (rc == -EUCLEAN)
			return store_damaged(err, "data.mdb ends within meta page %u", slot);
		if (rc)
			return store_errno(err, rc, "Cannot read data.mdb of the catalog");
		if (slot == 0)
			page_size = meta[0].free.pad;
		fault = page_size_sane(page_size) ? meta_fault(&head, &meta[slot], slot, page_size)
						  : "has a wrong page size";
		if (fault)
			return store_damaged(err, "meta page %u %s", slot, fault);
	}
	if (meta[0].txn + 1 != meta[1].txn && meta[1].txn + 1 != meta[0].txn &&
	    (meta[0].txn || meta[1].txn))
		return store_damaged(err, "the meta pages are of transactions %llu and %llu",
				     (unsigned long long)meta[0].txn,
				     (unsigned long long)meta[1].txn);
	return 0;
}

int store_check_meta(int fd, struct err *err)
{
	int rc = -EUCLEAN;

	/* Another process may commit between our reads: look again before believing it. */
	for (int i = 0; rc == -EUCLEAN && i < 4; i++) {
		if (i)
			nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
		rc = check_metas(fd, NULL);
	}
	return rc ? check_metas(fd, err) : 0;
}

static int page_damaged(struct walk *w, uint64_t page, const char *what)
{
	return store_damaged(w->err, "page %llu (%s): %s", (unsigned long long)page, w->name, what);
}

static int mark_used(struct walk *w, uint64_t page)
{
	uint8_t bit = (uint8_t)(1u << (page % 8));

	if (page < 2 || page > w->last_page)
		return page_damaged(w, page, "no such page");
	if (page >= w->pages)
		return page_damaged(w, page, "lies beyond the end of the file");
	if (w->used[page / 8] & bit)
		return page_damaged(w, page, "is used twice");
	w->used[page / 8] |= bit;
	return 0;
}

static int read_pages(struct walk *w, uint64_t page, size_t skip, void *out, size_t len)
{
	int rc = read_at(w->fd, out, len, page * w->page_size + skip);

	if (rc == -EUCLEAN)
		return page_damaged(w, page, "lies beyond the end of the file");
	return rc ? store_errno(w->err, rc, "Cannot read page %llu of data.mdb",
				(unsigned long long)page) : 0;
}

static int compare_keys(const struct walk *w, struct bytes a, struct bytes b)
{
	uint64_t x, y;
	int c;

	if (w->kind == TREE_FREE) {
		memcpy(&x, a.at, sizeof(x));
		memcpy(&y, b.at, sizeof(y));
		return x < y ? -1 : x > y;
	}
	c = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
	if (c)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

static uint16_t get16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/*
 * Node i of a page; false if it does not lie in the page.  *space is what it
 * takes there.
 */
static bool read_node(const struct walk *w, const uint8_t *page, unsigned i, bool leaf,
		      struct node *out, size_t *space)
{
	const struct page_head *head = (const void *)page;
	size_t at = get16(page + PAGE_HEADER + 2 * i), size;
	const uint8_t *node = page + at;
	uint32_t low;

	if (at < head->upper || at > w->page_size - NODE_HEADER)
		return false;
	low = get16(node) | (uint32_t)get16(node + 2) << 16;
	out->flags = leaf ? get16(node + 4) : 0;
	out->key = (struct bytes){ node + NODE_HEADER, get16(node + 6) };
	out->value = (struct bytes){ node + NODE_HEADER + out->key.len, leaf ? low : 0 };
	out->page = leaf ? 0 : low | (uint64_t)get16(node + 4) << 32;
	size = NODE_HEADER + out->key.len;
	if (out->flags & NODE_BIG) {
		size += sizeof(out->page);
		if (at + size <= w->page_size)
			memcpy(&out->page, out->value.at, sizeof(out->page));
		out->value.at = NULL;
	} else {
		size += out->value.len;
	}
	*space = (size + 1) & ~(size_t)1;
	return at + size <= w->page_size;
}

/* Header, node bounds, key order; *count becomes the number of nodes. */
static const char *page_fault(const struct walk *w, const uint8_t *page, uint64_t number, bool leaf,
			      struct bytes low, struct bytes high, unsigned *count)
{
	const struct page_head *head = (const void *)page;
	size_t space, total = 0;
	struct bytes before = low;
	struct node node;

	if (head->number != number)
		return "holds another page's number";
	if (head->flags != (leaf ? PAGE_LEAF : PAGE_BRANCH))
		return "is not of the expected kind";
	if (head->lower < PAGE_HEADER || head->lower > head->upper || head->upper > w->page_size ||
	    head->lower % 2)
		return "has impossible bounds";
	*count = (head->lower - PAGE_HEADER) / 2;
	if (*count < (leaf || w->kind == TREE_FREE ? 1 : 2))
		return "has too few entries";
	for (unsigned i = 0; i < *count; i++) {
		bool open = !leaf && i == 0;	/* a branch's first key stands for minus infinity */

		if (!read_node(w, page, i, leaf, &node, &space))
			return "has an entry outside of the page";
		total += space;
		if (open)
			continue;
		if (node.key.len < 1 || node.key.len > KEY_MAX_BYTES ||
		    (w->kind == TREE_FREE && node.key.len != sizeof(uint64_t)))
			return "has a key of impossible length";
		if ((before.at && compare_keys(w, before, node.key) >= (before.at == low.at)) ||
		    (high.at && compare_keys(w, node.key, high) >= 0))
			return "has keys out of order";
		before = node.key;
	}
	return total == w->page_size - head->upper ? NULL : "has overlapping entries";
}

static int check_overflow(struct walk *w, const struct node *node)
{
	uint64_t needed = (PAGE_HEADER - 1 + node->value.len) / w->page_size + 1;
	struct page_head head;
	uint32_t count;
	int rc = mark_used(w, node->page);

	if (!rc)
		rc = read_pages(w, node->page, 0, &head, sizeof(head));
	if (rc)
		return rc;
	count = head.lower | (uint32_t)head.upper << 16;
	if (head.number != node->page || head.flags != PAGE_OVERFLOW || count < needed)
		return page_damaged(w, node->page, "is not the long value it should be");
	for (uint64_t i = 1; !rc && i < count; i++)
		rc = mark_used(w, node->page + i);
	w->found.overflows += count;
	return rc;
}

static int check_free_ids(struct walk *w, uint64_t page, const uint64_t *ids, size_t words)
{
	int rc = 0;

	if (words < 1 || ids[0] > words - 1)
		return page_damaged(w, page, "has a wrong count of free pages");
	for (size_t i = 1; !rc && i <= ids[0]; i++) {
		if (ids[i] < 2 || ids[i] > w->last_page)
			rc = page_damaged(w, page, "lists a free page that does not exist");
		else if (ids[i] < w->pages)
			rc = mark_used(w, ids[i]);
	}
	return rc;
}

static int check_free_list(struct walk *w, uint64_t page, const struct node *node)
{
	uint64_t *ids = malloc(node->value.len ? node->value.len : 1);
	int rc = 0;

	if (!ids)
		return err_nomem(w->err);
	if (node->value.at)
		memcpy(ids, node->value.at, node->value.len);
	else
		rc = read_pages(w, node->page, PAGE_HEADER, ids, node->value.len);
	if (!rc)
		rc = check_free_ids(w, page, ids, node->value.len / sizeof(*ids));
	free(ids);
	return rc;
}

static int keep_subtree(struct walk *w, uint64_t page, const struct node *node)
{
	struct subtree *sub = &w->subtrees[w->subtree_count];

	if (w->subtree_count == SUBTREES_MAX)
		return page_damaged(w, page, "names too many databases");
	if (node->flags != NODE_TREE || node->value.len != sizeof(sub->tree) ||
	    node->key.len >= sizeof(sub->name))
		return page_damaged(w, page, "names no database of a catalog");
	memcpy(sub->name, node->key.at, node->key.len);
	memcpy(&sub->tree, node->value.at, sizeof(sub->tree));
	if (sub->tree.flags || !tree_sane(&sub->tree, w->last_page))
		return page_damaged(w, page, "describes an impossible database");
	w->subtree_count++;
	return 0;
}

static int check_leaf(struct walk *w, uint64_t number, const uint8_t *page, unsigned count)
{
	struct node node;
	size_t space;
	int rc = 0;

	for (unsigned i = 0; !rc && i < count; i++) {
		(void)read_node(w, page, i, true, &node, &space);	/* page_fault saw it */
		if (w->kind == TREE_MAIN) {
			rc = keep_subtree(w, number, &node);
			continue;
		}
		if (node.flags & ~(unsigned)NODE_BIG)
			rc = page_damaged(w, number, "has an entry of an unknown kind");
		else if (node.flags)
			rc = check_overflow(w, &node);
		if (!rc && w->kind == TREE_FREE)
			rc = check_free_list(w, number, &node);
	}
	w->found.leaves++;
	w->found.entries += count;
	return rc;
}

/* Recursion is as deep as the tree: at most DEPTH_MAX, see tree_sane. */
static int check_page(struct walk *w, uint64_t number, unsigned level, struct bytes low,
		      struct bytes high)
{
	uint8_t *page = w->buffers + (size_t)(level - 1) * w->page_size;
	bool leaf = level == w->depth;
	struct node node, next = { .page = 0 };
	const char *fault;
	unsigned count;
	size_t space;
	int rc = mark_used(w, number);

	if (rc || (leaf && !w->full && w->kind != TREE_MAIN))
		return rc;
	rc = read_pages(w, number, 0, page, w->page_size);
	if (rc)
		return rc;
	fault = page_fault(w, page, number, leaf, low, high, &count);
	if (fault)
		return page_damaged(w, number, fault);
	if (leaf)
		return check_leaf(w, number, page, count);
	w->found.branches++;
	(void)read_node(w, page, 0, false, &node, &space);
	for (unsigned i = 0; !rc && i < count; i++, node = next) {
		if (i + 1 < count)
			(void)read_node(w, page, i + 1, false, &next, &space);
		rc = check_page(w, node.page, level + 1, i ? node.key : low,
				i + 1 < count ? next.key : high);
	}
	return rc;
}

static int check_tree(struct walk *w, enum tree_kind kind, const char *name,
		      const struct tree *tree)
{
	const struct bytes none = { NULL, 0 };
	int rc;

	w->kind = kind;
	w->name = name;
	w->depth = tree->depth;
	w->found = (struct tree){ 0 };
	if (tree->root == NO_PAGE)
		return 0;
	rc = check_page(w, tree->root, 1, none, none);
	if (rc)
		return rc;
	if (w->found.branches != tree->branches ||
	    ((w->full || kind == TREE_MAIN) &&
	     (w->found.leaves != tree->leaves || w->found.entries != tree->entries ||
	      w->found.overflows != tree->overflows)))
		return store_damaged(w->err, "%s has %llu entries in %llu pages; its root says "
				     "%llu in %llu", name, (unsigned long long)w->found.entries,
				     (unsigned long long)w->found.leaves,
				     (unsigned long long)tree->entries,
				     (unsigned long long)tree->leaves);
	return 0;
}

/* The free tree comes last: what it lists must not have been reached before. */
static int check_trees(struct walk *w, const struct meta *meta)
{
	int rc = check_tree(w, TREE_MAIN, "directory of databases", &meta->main);

	for (unsigned i = 0; !rc && i < w->subtree_count; i++)
		rc = check_tree(w, TREE_SUB, w->subtrees[i].name, &w->subtrees[i].tree);
	return rc ? rc : check_tree(w, TREE_FREE, "free pages", &meta->free);
}

/* The meta page of snapshot txn. */
static int snapshot_meta(int fd, uint64_t txn, struct meta *meta, struct err *err)
{
	unsigned slot = (unsigned)(txn & 1);
	struct page_head head;
	int rc = read_meta(fd, 0, PAGE_SIZE_LEAST, &head, meta);
	uint32_t page_size = meta->free.pad;

	if (!rc && !page_size_sane(page_size))
		return store_damaged(err, "meta page 0 has a wrong page size");
	if (!rc)
		rc = read_meta(fd, slot, page_size, &head, meta);
	if (rc)
		return store_errno(err, rc, "Cannot read data.mdb of the catalog");
	if (meta->txn != txn)
		return -EAGAIN;
	if (meta_fault(&head, meta, slot, page_size))
		return store_damaged(err, "meta page %u %s", slot,
				     meta_fault(&head, meta, slot, page_size));
	return 0;
}

bool store_check_is_full(enum store_check how, uint64_t file_size)
{
	return how == STORE_CHECK_FULL || how == STORE_CHECK_PAGES || (how == STORE_CHECK_AUTO && file_size <= FULL_CHECK_MOST);
}

int store_check_pages(int fd, uint64_t txn, enum store_check how, struct err *err)
{
	struct walk w = { .fd = fd, .err = err };
	struct meta meta = { 0 };
	struct stat st;
	int rc = snapshot_meta(fd, txn, &meta, err);

	if (rc)
		return rc;
	if (fstat(fd, &st) < 0)
		return store_errno(err, -errno, "Cannot examine data.mdb of the catalog");
	w.full = store_check_is_full(how, (uint64_t)st.st_size);
	w.page_size = meta.free.pad;
	w.last_page = meta.last_page;
	w.pages = (uint64_t)st.st_size / w.page_size;
	if (w.pages > w.last_page + 1)
		w.pages = w.last_page + 1;
	w.used = calloc(w.pages / 8 + 1, 1);
	w.buffers = malloc((size_t)DEPTH_MAX * w.page_size);
	rc = w.used && w.buffers ? check_trees(&w, &meta) : err_nomem(err);
	free(w.used);
	free(w.buffers);
	return rc;
}
