/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/store_page.h"

#include "catalog/store_open.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define META_MAGIC 0xBEEFC0DEu
#define META_VERSION 1
#define KEY_MAX_BYTES 511
#define PAGE_SIZE_MOST 65536u
#define FILE_MOST (UINT64_C(1) << 44)
#define FREE_TREE_FLAGS 0x08	/* integer keys */

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

bool pages_size_sane(uint32_t size)
{
	return size >= PAGE_SIZE_LEAST && size <= PAGE_SIZE_MOST && !(size & (size - 1));
}

bool pages_tree_sane(const struct tree *tree, uint64_t last_page)
{
	if (tree->root == NO_PAGE)
		return tree->depth == 0 && tree->entries == 0;
	return tree->root >= 2 && tree->root <= last_page && tree->depth >= 1 &&
	       tree->depth <= DEPTH_MAX;
}

const char *pages_meta_fault(const struct page_head *head, const struct meta *meta, unsigned slot,
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
	if (meta->txn && (meta->txn & 1) != slot)
		return "has a transaction number of the other one";
	return NULL;
}

const char *pages_snapshot_fault(const struct meta *meta)
{
	return pages_tree_sane(&meta->free, meta->last_page) && pages_tree_sane(&meta->main, meta->last_page) ?
		NULL : "has an impossible root page";
}

int pages_read_meta(int fd, unsigned slot, uint32_t page_size, struct page_head *head,
		     struct meta *meta)
{
	int rc = read_at(fd, head, sizeof(*head), (uint64_t)slot * page_size);

	if (!rc)
		rc = read_at(fd, meta, sizeof(*meta), (uint64_t)slot * page_size + PAGE_HEADER);
	return rc;
}

int pages_damaged(struct walk *w, uint64_t page, const char *what)
{
	return store_damaged(w->err, "page %llu (%s): %s", (unsigned long long)page, w->name, what);
}

int pages_read(struct walk *w, uint64_t page, size_t skip, void *out, size_t len)
{
	int rc = read_at(w->fd, out, len, page * w->page_size + skip);

	if (rc == -EUCLEAN)
		return pages_damaged(w, page, "lies beyond the end of the file");
	return rc ? store_errno(w->err, rc, "Cannot read page %llu of data.mdb",
				(unsigned long long)page) : 0;
}

int pages_compare(const struct walk *w, struct bytes a, struct bytes b)
{
	uint64_t x, y;
	int c;

	if (w->kind == TREE_FREE) {
		memcpy(&x, a.at, sizeof(x));
		memcpy(&y, b.at, sizeof(y));
		return x < y ? -1 : x > y;
	}
	/* One that is empty may be nowhere. */
	c = a.len && b.len ? memcmp(a.at, b.at, a.len < b.len ? a.len : b.len) : 0;
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
bool pages_node(const struct walk *w, const uint8_t *page, unsigned i, bool leaf,
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
const char *pages_fault(const struct walk *w, const uint8_t *page, uint64_t number, bool leaf,
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
	*count = (head->lower - PAGE_HEADER) / 2u;
	if (*count < (leaf || w->kind == TREE_FREE ? 1 : 2))
		return "has too few entries";
	for (unsigned i = 0; i < *count; i++) {
		bool open = !leaf && i == 0;	/* a branch's first key stands for minus infinity */

		if (!pages_node(w, page, i, leaf, &node, &space))
			return "has an entry outside of the page";
		total += space;
		if (open)
			continue;
		if (node.key.len < 1 || node.key.len > KEY_MAX_BYTES ||
		    (w->kind == TREE_FREE && node.key.len != sizeof(uint64_t)))
			return "has a key of impossible length";
		if ((before.at && pages_compare(w, before, node.key) >= (before.at == low.at)) ||
		    (high.at && pages_compare(w, node.key, high) >= 0))
			return "has keys out of order";
		before = node.key;
	}
	return total == w->page_size - head->upper ? NULL : "has overlapping entries";
}

/* The meta page of snapshot txn. */
int pages_meta(int fd, uint64_t txn, struct meta *meta, struct err *err)
{
	unsigned slot = (unsigned)(txn & 1);
	struct page_head head;
	int rc = pages_read_meta(fd, 0, PAGE_SIZE_LEAST, &head, meta);
	uint32_t page_size = meta->free.pad;
	const char *fault;

	if (!rc && !pages_size_sane(page_size))
		return store_damaged(err, "meta page 0 has a wrong page size");
	if (!rc)
		rc = pages_read_meta(fd, slot, page_size, &head, meta);
	if (rc == -EUCLEAN)
		return store_damaged(err, "data.mdb ends within its meta pages");
	if (rc)
		return store_errno(err, rc, "Cannot read data.mdb of the catalog");
	if (meta->txn != txn)
		return -EAGAIN;
	fault = pages_meta_fault(&head, meta, slot, page_size);
	if (!fault)
		fault = pages_snapshot_fault(meta);
	return fault ? store_damaged(err, "meta page %u %s", slot, fault) : 0;
}
