/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_salvage.h"

#include "catalog/store_open.h"
#include "catalog/store_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct salvage {
	int fd;			/* borrowed */
	uint32_t page_size;
	uint64_t last_page;
	struct tree main;
};

/* One search: of a key in a tree. */
struct search {
	struct walk walk;
	struct bytes key;
	enum salvage_where where;
	struct buf *found, *value;
	unsigned flags;		/* of the node that was found */
};

int salvage_open(int fd, uint64_t txn, struct salvage **out, struct err *err)
{
	struct salvage *salvage;
	struct meta meta = { 0 };
	int rc = pages_meta(fd, txn, &meta, err);

	if (rc == -EAGAIN)
		return store_damaged(err, "the meta pages do not agree with lock.mdb");
	if (rc)
		return rc;
	salvage = malloc(sizeof(*salvage));
	if (!salvage)
		return err_nomem(err);
	*salvage = (struct salvage){ fd, meta.free.pad, meta.last_page, meta.main };
	*out = salvage;
	return 0;
}

void salvage_close(struct salvage *salvage)
{
	free(salvage);
}

/* A value on pages of its own. */
static int take_big(struct search *s, const struct node *node)
{
	struct walk *w = &s->walk;
	uint64_t needed = (PAGE_HEADER - 1 + node->value.len) / w->page_size + 1;
	struct page_head head;
	uint8_t *at;
	int rc;

	if (node->page < 2 || node->page > w->last_page || needed > w->pages ||
	    node->page > w->pages - needed)
		return pages_damaged(w, node->page, "lies beyond the end of the file");
	rc = pages_read(w, node->page, 0, &head, sizeof(head));
	if (rc)
		return rc;
	if (head.number != node->page || head.flags != PAGE_OVERFLOW ||
	    (head.lower | (uint32_t)head.upper << 16) < needed)
		return pages_damaged(w, node->page, "is not the long value it should be");
	at = buf_zeros(s->value, node->value.len);
	return at ? pages_read(w, node->page, PAGE_HEADER, at, node->value.len) : 0;
}

static int take(struct search *s, const struct node *node)
{
	int rc = 0;

	s->flags = node->flags;
	buf_bytes(s->found, node->key.at, node->key.len);
	if (node->flags & NODE_BIG)
		rc = take_big(s, node);
	else
		buf_bytes(s->value, node->value.at, node->value.len);
	if (!rc && (s->found->failed || s->value->failed))
		rc = err_nomem(s->walk.err);
	return rc;
}

/* How many of a page's nodes have keys below (or, with equal, not above) the key. */
static unsigned count_below(const struct search *s, const uint8_t *page, unsigned count, bool leaf,
			    bool equal)
{
	unsigned low = leaf ? 0 : 1, high = count;	/* a branch's first key is below all */
	struct node node;
	size_t space;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int c;

		(void)pages_node(&s->walk, page, middle, leaf, &node, &space);
		c = pages_compare(&s->walk, node.key, s->key);
		if (c < 0 || (equal && c == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int look_in_leaf(struct search *s, const uint8_t *page, unsigned count)
{
	unsigned i = count_below(s, page, count, true, false);
	struct node node;
	size_t space;

	if (s->where == SALVAGE_BELOW && !i--)
		return -ENOENT;
	if (i >= count)
		return -ENOENT;
	(void)pages_node(&s->walk, page, i, true, &node, &space);
	if (s->where == SALVAGE_AT && pages_compare(&s->walk, node.key, s->key))
		return -ENOENT;
	return take(s, &node);
}

static int look(struct search *s, uint64_t number, unsigned level, struct bytes low,
		struct bytes high);

/* Child i, between its own key and the next one's. */
static int look_in_child(struct search *s, const uint8_t *page, unsigned i, unsigned count,
			 unsigned level, struct bytes low, struct bytes high)
{
	struct node child, next;
	size_t space;

	(void)pages_node(&s->walk, page, i, false, &child, &space);
	if (i + 1 < count) {
		(void)pages_node(&s->walk, page, i + 1, false, &next, &space);
		high = next.key;
	}
	return look(s, child.page, level + 1, i ? child.key : low, high);
}

/* As deep as the tree: at most DEPTH_MAX. */
static int look(struct search *s, uint64_t number, unsigned level, struct bytes low,
		struct bytes high)
{
	struct walk *w = &s->walk;
	uint8_t *page = w->buffers + (size_t)(level - 1) * w->page_size;
	bool leaf = level == w->depth;
	unsigned count, i;
	int rc;

	if (number < 2 || number > w->last_page)
		return pages_damaged(w, number, "no such page");
	rc = pages_load(w, page, number, leaf, low, high, &count);
	if (rc)
		return rc;
	if (leaf)
		return look_in_leaf(s, page, count);
	i = count_below(s, page, count, false, s->where != SALVAGE_BELOW) - 1;
	rc = look_in_child(s, page, i, count, level, low, high);
	if (rc == -ENOENT && s->where == SALVAGE_FROM && i + 1 < count)
		rc = look_in_child(s, page, i + 1, count, level, low, high);
	if (rc == -ENOENT && s->where == SALVAGE_BELOW && i > 0)
		rc = look_in_child(s, page, i - 1, count, level, low, high);
	return rc;
}

static int look_in_tree(struct search *s, enum tree_kind kind, const char *name,
			const struct tree *tree)
{
	const struct bytes none = { NULL, 0 };

	s->walk.kind = kind;
	s->walk.name = name;
	s->walk.depth = tree->depth;
	return tree->root == NO_PAGE ? -ENOENT : look(s, tree->root, 1, none, none);
}

/* The root of a database, out of the directory of databases. */
static int find_tree(struct search *s, const struct salvage *salvage, const char *db,
		     struct tree *tree)
{
	struct buf name = { 0 }, value = { 0 };
	int rc;

	s->key = (struct bytes){ db, strlen(db) };
	s->where = SALVAGE_AT;
	s->found = &name;
	s->value = &value;
	rc = look_in_tree(s, TREE_MAIN, "directory of databases", &salvage->main);
	if (rc == -ENOENT)
		rc = store_damaged(s->walk.err, "data.mdb has no database '%s'", db);
	if (!rc && (s->flags != NODE_TREE || value.len != sizeof(*tree)))
		rc = store_damaged(s->walk.err, "'%s' is no database of a catalog", db);
	if (!rc) {
		memcpy(tree, value.at, sizeof(*tree));
		if (tree->flags || !pages_tree_sane(tree, salvage->last_page))
			rc = store_damaged(s->walk.err, "database '%s' is impossible", db);
	}
	buf_free(&name);
	buf_free(&value);
	s->found = s->value = NULL;
	return rc;
}

int salvage_find(const struct salvage *salvage, const char *db, struct bytes key,
		 enum salvage_where where, struct buf *found, struct buf *value, struct err *err)
{
	struct search s = { .walk = { .fd = salvage->fd, .err = err, .full = true,
				      .page_size = salvage->page_size,
				      .last_page = salvage->last_page } };
	struct tree tree;
	struct stat st;
	int rc;

	if (fstat(salvage->fd, &st) < 0)
		return store_errno(err, -errno, "Cannot examine data.mdb of the catalog");
	s.walk.pages = (uint64_t)st.st_size / salvage->page_size;
	s.walk.buffers = malloc((size_t)DEPTH_MAX * salvage->page_size);
	if (!s.walk.buffers)
		return err_nomem(err);
	rc = find_tree(&s, salvage, db, &tree);
	s.key = key;
	s.where = where;
	s.found = found;
	s.value = value;
	if (!rc)
		rc = look_in_tree(&s, TREE_SUB, db, &tree);
	if (!rc && s.flags & ~(unsigned)NODE_BIG)
		rc = store_damaged(err, "a row of '%s' is of an unknown kind", db);
	free(s.walk.buffers);
	return rc;
}
