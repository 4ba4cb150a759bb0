/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_check.h"

#include "catalog/store_open.h"
#include "catalog/store_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FULL_CHECK_MOST (UINT64_C(256) << 20)	/* bytes of file that AUTO still reads whole */

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

static int check_metas(int fd, struct err *err)
{
	struct page_head head;
	struct meta meta[2];
	uint32_t page_size = PAGE_SIZE_LEAST;
	unsigned newest;
	const char *fault;
	int rc;

	for (unsigned slot = 0; slot < 2; slot++) {
		rc = pages_read_meta(fd, slot, page_size, &head, &meta[slot]);
		if (rc == -EUCLEAN)
			return store_damaged(err, "data.mdb ends within meta page %u", slot);
		if (rc)
			return store_errno(err, rc, "Cannot read data.mdb of the catalog");
		if (slot == 0)
			page_size = meta[0].free.pad;
		fault = pages_size_sane(page_size) ? pages_meta_fault(&head, &meta[slot], slot, page_size)
						  : "has a wrong page size";
		if (fault)
			return store_damaged(err, "meta page %u %s", slot, fault);
	}
	if (meta[0].txn + 1 != meta[1].txn && meta[1].txn + 1 != meta[0].txn &&
	    (meta[0].txn || meta[1].txn))
		return store_damaged(err, "the meta pages are of transactions %llu and %llu",
				     (unsigned long long)meta[0].txn,
				     (unsigned long long)meta[1].txn);
	newest = meta[1].txn > meta[0].txn;
	fault = pages_snapshot_fault(&meta[newest]);
	return fault ? store_damaged(err, "meta page %u %s", newest, fault) : 0;
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

static int mark_used(struct walk *w, uint64_t page)
{
	uint8_t bit = (uint8_t)(1u << (page % 8));

	if (page < 2 || page > w->last_page)
		return pages_damaged(w, page, "no such page");
	if (page >= w->pages)
		return pages_damaged(w, page, "lies beyond the end of the file");
	if (w->used[page / 8] & bit)
		return pages_damaged(w, page, "is used twice");
	w->used[page / 8] |= bit;
	return 0;
}

static int check_overflow(struct walk *w, const struct node *node)
{
	uint64_t needed = (PAGE_HEADER - 1 + node->value.len) / w->page_size + 1;
	struct page_head head;
	uint32_t count;
	int rc = mark_used(w, node->page);

	if (!rc)
		rc = pages_read(w, node->page, 0, &head, sizeof(head));
	if (rc)
		return rc;
	count = head.lower | (uint32_t)head.upper << 16;
	if (head.number != node->page || head.flags != PAGE_OVERFLOW || count < needed)
		return pages_damaged(w, node->page, "is not the long value it should be");
	for (uint64_t i = 1; !rc && i < count; i++)
		rc = mark_used(w, node->page + i);
	w->found.overflows += count;
	return rc;
}

static int check_free_ids(struct walk *w, uint64_t page, const uint64_t *ids, size_t words)
{
	int rc = 0;

	if (words < 1 || ids[0] > words - 1)
		return pages_damaged(w, page, "has a wrong count of free pages");
	for (size_t i = 1; !rc && i <= ids[0]; i++) {
		if (ids[i] < 2 || ids[i] > w->last_page)
			rc = pages_damaged(w, page, "lists a free page that does not exist");
		else if (ids[i] < w->pages)
			rc = mark_used(w, ids[i]);
	}
	return rc;
}

static int check_free_list(struct walk *w, uint64_t page, const struct node *node)
{
	uint64_t *ids = malloc(node->value.len + 1);
	int rc = 0;

	if (!ids)
		return err_nomem(w->err);
	if (node->value.at)
		memcpy(ids, node->value.at, node->value.len);
	else
		rc = pages_read(w, node->page, PAGE_HEADER, ids, node->value.len);
	if (!rc)
		rc = check_free_ids(w, page, ids, node->value.len / sizeof(*ids));
	free(ids);
	return rc;
}

static int keep_subtree(struct walk *w, uint64_t page, const struct node *node)
{
	struct subtree *sub = &w->subtrees[w->subtree_count];

	if (w->subtree_count == SUBTREES_MAX)
		return pages_damaged(w, page, "names too many databases");
	if (node->flags != NODE_TREE || node->value.len != sizeof(sub->tree) ||
	    node->key.len >= sizeof(sub->name))
		return pages_damaged(w, page, "names no database of a catalog");
	memcpy(sub->name, node->key.at, node->key.len);
	memcpy(&sub->tree, node->value.at, sizeof(sub->tree));
	if (sub->tree.flags || !pages_tree_sane(&sub->tree, w->last_page))
		return pages_damaged(w, page, "describes an impossible database");
	w->subtree_count++;
	return 0;
}

static int check_leaf(struct walk *w, uint64_t number, const uint8_t *page, unsigned count)
{
	struct node node;
	size_t space;
	int rc = 0;

	for (unsigned i = 0; !rc && i < count; i++) {
		(void)pages_node(w, page, i, true, &node, &space);	/* pages_fault saw it */
		if (w->kind == TREE_MAIN) {
			rc = keep_subtree(w, number, &node);
			continue;
		}
		if (node.flags & ~(unsigned)NODE_BIG)
			rc = pages_damaged(w, number, "has an entry of an unknown kind");
		else if (node.flags)
			rc = check_overflow(w, &node);
		if (!rc && w->kind == TREE_FREE)
			rc = check_free_list(w, number, &node);
	}
	w->found.leaves++;
	w->found.entries += count;
	return rc;
}

/* Recursion is as deep as the tree: at most DEPTH_MAX, see pages_tree_sane. */
static int check_page(struct walk *w, uint64_t number, unsigned level, struct bytes low,
		      struct bytes high)
{
	uint8_t *page = w->buffers + (size_t)(level - 1) * w->page_size;
	bool leaf = level == w->depth;
	struct node node = { .page = 0 }, next = node;
	unsigned count;
	size_t space;
	int rc = mark_used(w, number);

	if (rc || (leaf && !w->full && w->kind != TREE_MAIN))
		return rc;
	rc = pages_load(w, page, number, leaf, low, high, &count);
	if (rc)
		return rc;
	if (leaf)
		return check_leaf(w, number, page, count);
	w->found.branches++;
	(void)pages_node(w, page, 0, false, &node, &space);
	for (unsigned i = 0; !rc && i < count; i++, node = next) {
		if (i + 1 < count)
			(void)pages_node(w, page, i + 1, false, &next, &space);
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

bool store_check_is_full(enum store_check how, uint64_t file_size)
{
	return how == STORE_CHECK_FULL || how == STORE_CHECK_PAGES || (how == STORE_CHECK_AUTO && file_size <= FULL_CHECK_MOST);
}

int store_check_pages(int fd, uint64_t txn, enum store_check how, struct err *err)
{
	struct walk w = { .fd = fd, .err = err };
	struct meta meta = { 0 };
	struct stat st;
	int rc = pages_meta(fd, txn, &meta, err);

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
