/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One wrong number in data.mdb: what the check of all pages says of it, and who looks for
 * rows without LMDB.
 */
#include "catalog/store_check.h"
#include "catalog/store_page.h"
#include "catalog/store_salvage.h"
#include "tests/unit/store_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define ROWS 300
#define LONG_ROW 100

/* The file as it was written, and what lies where in it. */
/* As it stands in a leaf: anywhere. */
typedef struct tree __attribute__((aligned(1))) unaligned_tree;
typedef uint64_t __attribute__((aligned(1))) unaligned_number;

struct image {
	char *dir;
	int fd;
	size_t size;
	uint8_t *at;
	uint64_t txn;		/* the last one */
	struct meta *meta;	/* its meta page, and the other one */
	struct meta *other;
	unaligned_tree *names;	/* the root of a database of three levels or two */
	unaligned_tree *numbers;	/* of DB_META, whose name has even length */
};

static struct bytes key_of(unsigned i, char out[16])
{
	snprintf(out, 16, "row %06u", i);
	return (struct bytes){ out, strlen(out) };
}

static struct bytes value_of(unsigned i)
{
	static const char filler[12000];

	return (struct bytes){ filler, i == LONG_ROW ? sizeof(filler) : 90 };
}

static uint8_t *page_at(const struct image *im, uint64_t number)
{
	assert_true(number >= 2 && number < im->size / PAGE);
	return im->at + number * PAGE;
}

static uint8_t *node_at(uint8_t *page, unsigned i)
{
	uint16_t at;

	memcpy(&at, page + PAGE_HEADER + 2 * i, sizeof(at));
	return page + at;
}

static void set16(uint8_t *at, unsigned value)
{
	uint16_t v = (uint16_t)value;

	memcpy(at, &v, sizeof(v));
}

static void set_offset(uint8_t *page, unsigned i, unsigned offset)
{
	set16(page + PAGE_HEADER + 2 * i, offset);
}

/* Of a value: its length, its flags; of a branch: the child, with its upper bits in the flags. */
static void set_low(uint8_t *node, unsigned low) { set16(node, low); set16(node + 2, low >> 16); }
static void set_flags(uint8_t *node, unsigned flags) { set16(node + 4, flags); }
static void set_key_len(uint8_t *node, unsigned len) { set16(node + 6, len); }

static uint8_t *node_of(const struct image *im, const char *name)
{
	uint8_t *page = page_at(im, im->meta->main.root);
	const struct page_head *head = (const void *)page;

	for (unsigned i = 0; i < (head->lower - PAGE_HEADER) / 2u; i++)
		if (!memcmp(node_at(page, i) + NODE_HEADER, name, strlen(name)))
			return node_at(page, i);
	fail_msg("no database %s", name);
	return NULL;
}

static void fill(struct store *store)
{
	struct err err = ERR_INIT;
	struct txn *txn = writer(store);
	char key[16];

	for (unsigned i = 0; i < ROWS; i++)
		assert_ok(store_put(txn, DB_NAMES, key_of(i, key), value_of(i), &err), &err);
	assert_ok(txn_commit(txn, &err), &err);
	txn = writer(store);
	assert_ok(store_put(txn, DB_NAMES, key_of(0, key), value_of(1), &err), &err);
	assert_ok(txn_commit(txn, &err), &err);
}

static int set_up(void **state)
{
	struct image *im = calloc(1, sizeof(*im));
	struct store *store;
	struct stat st;
	char *path;

	im->dir = temp_dir();
	store = open_store(im->dir, &creating);
	fill(store);
	im->txn = store_last_txn_id(store);
	store_close(store);
	path = in(im->dir, "data.mdb");
	im->fd = open(path, O_RDWR);
	assert_int_equal(fstat(im->fd, &st), 0);
	im->size = (size_t)st.st_size;
	im->at = malloc(im->size);
	assert_int_equal(pread(im->fd, im->at, im->size, 0), im->size);
	im->meta = (struct meta *)(void *)(im->at + (im->txn & 1) * PAGE + PAGE_HEADER);
	im->other = (struct meta *)(void *)(im->at + (~im->txn & 1) * PAGE + PAGE_HEADER);
	im->names = (unaligned_tree *)(void *)(node_of(im, "names") + NODE_HEADER + strlen("names"));
	im->numbers = (unaligned_tree *)(void *)(node_of(im, "meta") + NODE_HEADER + strlen("meta"));
	free(path);
	*state = im;
	return 0;
}

static int tear_down(void **state)
{
	struct image *im = *state;

	close(im->fd);
	temp_dir_remove(im->dir);
	free(im->at);
	free(im);
	return 0;
}

static uint8_t *root_of(const struct image *im) { return page_at(im, im->names->root); }

static uint8_t *child(const struct image *im, unsigned i)
{
	uint64_t number = 0;

	memcpy(&number, node_at(root_of(im), i), 4);
	return page_at(im, number);
}

static struct page_head *head(uint8_t *page) { return (struct page_head *)(void *)page; }

/* The node of the long value, and its first page. */
static uint8_t *long_node(const struct image *im)
{
	char key[16];
	struct bytes name = key_of(LONG_ROW, key);

	for (unsigned c = 0; c < (head(root_of(im))->lower - PAGE_HEADER) / 2u; c++) {
		uint8_t *page = child(im, c);

		for (unsigned i = 0; i < (head(page)->lower - PAGE_HEADER) / 2u; i++)
			if (!memcmp(node_at(page, i) + NODE_HEADER, name.at, name.len))
				return node_at(page, i);
	}
	fail_msg("no long row");
	return NULL;
}

static uint8_t *number_of(uint8_t *node) { return node + NODE_HEADER + strlen("row 000000"); }

static uint8_t *long_page(const struct image *im)
{
	uint64_t number;

	memcpy(&number, number_of(long_node(im)), sizeof(number));
	return page_at(im, number);
}

static void set_long(const struct image *im, uint64_t number)
{
	memcpy(number_of(long_node(im)), &number, sizeof(number));
}

static unaligned_number *free_list(const struct image *im)
{
	uint8_t *node = node_at(page_at(im, im->meta->free.root), 0);

	return (unaligned_number *)(void *)(node + NODE_HEADER + sizeof(uint64_t));
}

static uint64_t last(const struct image *im) { return im->meta->last_page; }

#define SPOIL(name, ...) static void name(struct image *im) { __VA_ARGS__; }

SPOIL(nothing, (void)im)
SPOIL(page_size_small, im->meta->free.pad = 256; im->other->free.pad = 256)
SPOIL(page_size_big, im->meta->free.pad = 131072; im->other->free.pad = 131072)
SPOIL(page_size_odd, im->meta->free.pad = 4097; im->other->free.pad = 4097)
SPOIL(page_size_other, im->meta->free.pad *= 2)
SPOIL(meta_number, head(im->at + (im->txn & 1) * PAGE)->number = 7)
SPOIL(meta_kind, head(im->at + (im->txn & 1) * PAGE)->flags = PAGE_LEAF)
SPOIL(meta_magic, im->meta->magic++)
SPOIL(meta_version, im->meta->version++)
SPOIL(free_flags, im->meta->free.flags = 0)
SPOIL(main_flags, im->meta->main.flags = 4)
SPOIL(no_last_page, im->meta->last_page = 0)
SPOIL(far_last_page, im->meta->last_page = UINT64_C(1) << 60)
SPOIL(small_map, im->meta->map_size = PAGE)
SPOIL(main_root_low, im->meta->main.root = 1)
SPOIL(main_root_high, im->meta->main.root = last(im) + 1)
SPOIL(main_flat, im->meta->main.depth = 0)
SPOIL(main_deep, im->meta->main.depth = DEPTH_MAX + 1)
SPOIL(free_root_low, im->meta->free.root = 0)
SPOIL(no_main, im->meta->main = (struct tree){ .root = NO_PAGE })
SPOIL(no_main_but_depth, im->meta->main = (struct tree){ .root = NO_PAGE, .depth = 1 })
SPOIL(no_main_but_entries, im->meta->main = (struct tree){ .root = NO_PAGE, .entries = 1 })
SPOIL(names_flags, im->names->flags = 4)
SPOIL(names_root_low, im->names->root = 1)
SPOIL(names_root_high, im->names->root = last(im) + 1)
SPOIL(names_count, im->names->entries++)
SPOIL(names_leaves, im->names->leaves++)
SPOIL(names_branches, im->names->branches++)
SPOIL(names_overflows, im->names->overflows++)
SPOIL(names_empty, *im->names = (struct tree){ .root = NO_PAGE })
SPOIL(names_row, set_flags(node_of(im, "names"), 0))
SPOIL(numbers_short, set_low(node_of(im, "meta"), sizeof(struct tree) - 1))
SPOIL(numbers_missing, memcpy(node_of(im, "meta") + NODE_HEADER, "mess", 4))
SPOIL(numbers_flags, im->numbers->flags = 4)
SPOIL(root_number, head(root_of(im))->number++)
SPOIL(root_kind, head(root_of(im))->flags = PAGE_LEAF)
SPOIL(root_lower_low, head(root_of(im))->lower = PAGE_HEADER - 2)
SPOIL(root_lower_high, head(root_of(im))->lower = head(root_of(im))->upper + 2)
SPOIL(root_upper_high, head(root_of(im))->upper = PAGE + 2)
SPOIL(root_lower_odd, head(root_of(im))->lower++)
SPOIL(root_one, head(root_of(im))->lower = PAGE_HEADER + 2)
SPOIL(leaf_none, head(child(im, 0))->lower = PAGE_HEADER)
SPOIL(node_low, set_offset(child(im, 0), 0, PAGE_HEADER))
SPOIL(node_high, set_offset(child(im, 0), 0, PAGE - 2))
SPOIL(node_long, set_low(node_at(child(im, 0), 0), PAGE))
SPOIL(node_overlapping, set_low(node_at(child(im, 0), 0), 10))
SPOIL(key_empty, set_key_len(node_at(child(im, 0), 0), 0))
SPOIL(key_long, set_offset(child(im, 0), 0, head(child(im, 0))->upper);
      set_key_len(node_at(child(im, 0), 0), 512); set_low(node_at(child(im, 0), 0), 0))
SPOIL(key_high, *(node_at(child(im, 0), 0) + NODE_HEADER) = 'z')
SPOIL(key_low, *(node_at(child(im, 1), 0) + NODE_HEADER) = 'a')
SPOIL(key_beyond, *(node_at(child(im, 0), 0) + NODE_HEADER) = 's';
      head(child(im, 0))->lower = PAGE_HEADER + 2)
SPOIL(child_low, set_low(node_at(root_of(im), 0), 1))
SPOIL(child_high, set_low(node_at(root_of(im), 0), (unsigned)last(im) + 1))
SPOIL(child_far, set_flags(node_at(root_of(im), 0), 1))
SPOIL(child_twice, memcpy(node_at(root_of(im), 1), node_at(root_of(im), 0), 4))
SPOIL(row_kind, set_flags(node_at(child(im, 0), 0), 4))
SPOIL(long_low, set_long(im, 1))
SPOIL(long_high, set_long(im, last(im) + 1))
SPOIL(long_at_the_end, set_long(im, last(im)))
SPOIL(long_len, set_low(long_node(im), 0x7fffffff))
SPOIL(long_number, head(long_page(im))->number++)
SPOIL(long_kind, head(long_page(im))->flags = PAGE_LEAF)
SPOIL(long_count, head(long_page(im))->lower = 1)
SPOIL(free_count, free_list(im)[0] = 5000)
SPOIL(free_none, set_low(node_at(page_at(im, im->meta->free.root), 0), 0))
SPOIL(free_low, free_list(im)[1] = 1)
SPOIL(free_high, free_list(im)[1] = last(im) + 1)
SPOIL(free_used, free_list(im)[1] = im->names->root)
SPOIL(free_key_len, set_key_len(node_at(page_at(im, im->meta->free.root), 0), 7))
SPOIL(ends_early, im->size = (size_t)(im->names->root * PAGE + 8))

struct spoiled {
	void (*spoil)(struct image *im);
	const char *checked;	/* what is said by who looks at all pages; NULL: nothing */
	const char *found;	/* by who looks for all rows of two databases, first */
};

static int check(const struct image *im, struct err *err)
{
	return store_check_pages(im->fd, im->txn, STORE_CHECK_FULL, err);
}

static int find(const struct salvage *salvage, const char *db, struct bytes key, size_t *len,
		struct err *err)
{
	struct buf found = { 0 }, value = { 0 };
	int rc = salvage_find(salvage, db, key, SALVAGE_AT, &found, &value, err);

	*len = value.len;
	buf_free(&found);
	buf_free(&value);
	return rc;
}

static int find_all(const struct image *im, struct err *err)
{
	struct salvage *salvage;
	size_t len;
	char key[16];
	int rc = salvage_open(im->fd, im->txn, &salvage, err);

	if (rc)
		return rc;
	rc = find(salvage, "meta", text(STORE_FORMAT_KEY), &len, err);
	for (unsigned i = 0; !rc && i < ROWS; i++) {
		rc = find(salvage, "names", key_of(i, key), &len, err);
		if (!rc)
			assert_int_equal(len, value_of(i).len);
	}
	salvage_close(salvage);
	return rc == -ENOENT ? err_set(err, rc, "no such row") : rc;
}

static const struct spoiled spoiled[] = {
	{ nothing, NULL, NULL },
	{ page_size_small, "meta page N has a wrong page size", "meta page N has a wrong page size" },
	{ page_size_big, "meta page N has a wrong page size", "meta page N has a wrong page size" },
	{ page_size_odd, "meta page N has a wrong page size", "meta page N has a wrong page size" },
	{ page_size_other, "meta page N has a wrong page size or flags",
	  "meta page N has a wrong page size or flags" },
	{ meta_number, "meta page N is no meta page", "meta page N is no meta page" },
	{ meta_kind, "meta page N is no meta page", "meta page N is no meta page" },
	{ meta_magic, "meta page N has the wrong magic number",
	  "meta page N has the wrong magic number" },
	{ meta_version, "meta page N has another format of LMDB",
	  "meta page N has another format of LMDB" },
	{ free_flags, "meta page N has a wrong page size or flags",
	  "meta page N has a wrong page size or flags" },
	{ main_flags, "meta page N has a wrong page size or flags",
	  "meta page N has a wrong page size or flags" },
	{ no_last_page, "meta page N has an impossible last page",
	  "meta page N has an impossible last page" },
	{ far_last_page, "meta page N has an impossible last page",
	  "meta page N has an impossible last page" },
	{ small_map, "meta page N has an impossible last page",
	  "meta page N has an impossible last page" },
	{ main_root_low, "meta page N has an impossible root page",
	  "meta page N has an impossible root page" },
	{ main_root_high, "meta page N has an impossible root page",
	  "meta page N has an impossible root page" },
	{ main_flat, "meta page N has an impossible root page",
	  "meta page N has an impossible root page" },
	{ main_deep, "meta page N has an impossible root page",
	  "meta page N has an impossible root page" },
	{ free_root_low, "meta page N has an impossible root page",
	  "meta page N has an impossible root page" },
	{ no_main, NULL, "data.mdb has no database 'meta'" },
	{ no_main_but_depth, "meta page N has an impossible root page",
	  "meta page N has an impossible root page" },
	{ no_main_but_entries, "meta page N has an impossible root page",
	  "meta page N has an impossible root page" },
	{ names_flags, "page N (directory of databases): describes an impossible database",
	  "database 'names' is impossible" },
	{ names_root_low, "page N (directory of databases): describes an impossible database",
	  "database 'names' is impossible" },
	{ names_root_high, "page N (directory of databases): describes an impossible database",
	  "database 'names' is impossible" },
	{ names_count, "names has N entries in N pages; its root says N in N", NULL },
	{ names_leaves, "names has N entries in N pages; its root says N in N", NULL },
	{ names_branches, "names has N entries in N pages; its root says N in N", NULL },
	{ names_overflows, "names has N entries in N pages; its root says N in N", NULL },
	{ names_empty, NULL, "no such row" },
	{ names_row, "page N (directory of databases): names no database of a catalog",
	  "'names' is no database of a catalog" },
	{ numbers_short, "page N (directory of databases): names no database of a catalog",
	  "'meta' is no database of a catalog" },
	{ numbers_missing, NULL, "data.mdb has no database 'meta'" },
	{ numbers_flags, "page N (directory of databases): describes an impossible database",
	  "database 'meta' is impossible" },
	{ root_number, "page N (names): holds another page's number",
	  "page N (names): holds another page's number" },
	{ root_kind, "page N (names): is not of the expected kind",
	  "page N (names): is not of the expected kind" },
	{ root_lower_low, "page N (names): has impossible bounds",
	  "page N (names): has impossible bounds" },
	{ root_lower_high, "page N (names): has impossible bounds",
	  "page N (names): has impossible bounds" },
	{ root_upper_high, "page N (names): has impossible bounds",
	  "page N (names): has impossible bounds" },
	{ root_lower_odd, "page N (names): has impossible bounds",
	  "page N (names): has impossible bounds" },
	{ root_one, "page N (names): has too few entries", "page N (names): has too few entries" },
	{ leaf_none, "page N (names): has too few entries", "page N (names): has too few entries" },
	{ node_low, "page N (names): has an entry outside of the page",
	  "page N (names): has an entry outside of the page" },
	{ node_high, "page N (names): has an entry outside of the page",
	  "page N (names): has an entry outside of the page" },
	{ node_long, "page N (names): has an entry outside of the page",
	  "page N (names): has an entry outside of the page" },
	{ node_overlapping, "page N (names): has overlapping entries",
	  "page N (names): has overlapping entries" },
	{ key_empty, "page N (names): has a key of impossible length",
	  "page N (names): has a key of impossible length" },
	{ key_long, "page N (names): has a key of impossible length",
	  "page N (names): has a key of impossible length" },
	{ key_high, "page N (names): has keys out of order", "page N (names): has keys out of order" },
	{ key_low, "page N (names): has keys out of order", "page N (names): has keys out of order" },
	{ key_beyond, "page N (names): has keys out of order",
	  "page N (names): has keys out of order" },
	{ child_low, "page N (names): no such page", "page N (names): no such page" },
	{ child_high, "page N (names): no such page", "page N (names): no such page" },
	{ child_far, "page N (names): no such page", "page N (names): no such page" },
	{ child_twice, "page N (names): is used twice", "page N (names): has keys out of order" },
	{ row_kind, "page N (names): has an entry of an unknown kind",
	  "a row of 'names' is of an unknown kind" },
	{ long_low, "page N (names): no such page",
	  "page N (names): lies beyond the end of the file" },
	{ long_high, "page N (names): no such page",
	  "page N (names): lies beyond the end of the file" },
	{ long_at_the_end, "page N (names): is not the long value it should be",
	  "page N (names): lies beyond the end of the file" },
	{ long_len, "page N (names): is not the long value it should be",
	  "page N (names): lies beyond the end of the file" },
	{ long_number, "page N (names): is not the long value it should be",
	  "page N (names): is not the long value it should be" },
	{ long_kind, "page N (names): is not the long value it should be",
	  "page N (names): is not the long value it should be" },
	{ long_count, "page N (names): is not the long value it should be",
	  "page N (names): is not the long value it should be" },
	{ free_count, "page N (free pages): has a wrong count of free pages", NULL },
	{ free_none, "page N (free pages): has overlapping entries", NULL },
	{ free_low, "page N (free pages): lists a free page that does not exist", NULL },
	{ free_high, "page N (free pages): lists a free page that does not exist", NULL },
	{ free_used, "page N (free pages): is used twice", NULL },
	{ free_key_len, "page N (free pages): has a key of impossible length", NULL },
	{ ends_early, "page N (meta): lies beyond the end of the file",
	  "page N (meta): lies beyond the end of the file" },
};

/* What is said, without what all such sentences have; with digits as N. */
static const char *bare(const struct err *err)
{
	static const char before[] = "catalog damaged: ", after[] = "; restore a backup";
	static char text[512];
	const char *at = err->text;
	size_t len = 0;

	if (!strncmp(at, before, strlen(before)))
		at += strlen(before);
	for (; *at && strcmp(at, after) != 0; at++)
		if (*at < '0' || *at > '9')
			text[len++] = *at;
		else if (!len || text[len - 1] != 'N')
			text[len++] = 'N';
	text[len] = '\0';
	return text;
}

static void assert_said(size_t i, const char *who, int rc, const struct err *err, const char *expected)
{
	if (strcmp(rc ? bare(err) : "", expected ? expected : "") != 0)
		fail_msg("case %zu, %s: %d '%s'", i, who, rc, bare(err));
	assert_int_equal(rc, err->code);
	assert_true(rc == (expected ? -EUCLEAN : 0) || rc == -ENOENT);
}

static void one_wrong_number_is_found(void **state)
{
	struct image *im = *state;
	const struct image good = *im;
	uint8_t *bytes = malloc(im->size);

	memcpy(bytes, im->at, im->size);
	for (size_t i = 0; i < countof(spoiled); i++) {
		struct err err = ERR_INIT;

		spoiled[i].spoil(im);
		assert_int_equal(ftruncate(im->fd, 0), 0);
		assert_int_equal(pwrite(im->fd, im->at, im->size, 0), im->size);
		assert_said(i, "check", check(im, &err), &err, spoiled[i].checked);
		err_clear(&err);
		assert_said(i, "salvage", find_all(im, &err), &err, spoiled[i].found);
		*im = good;
		memcpy(im->at, bytes, im->size);
	}
	free(bytes);
}

static void write_back(const struct image *im)
{
	assert_int_equal(pwrite(im->fd, im->at, im->size, 0), im->size);
}

static void a_snapshot_that_was_overwritten_is_looked_for_again(void **state)
{
	struct image *im = *state;
	struct salvage *salvage;
	struct err err = ERR_INIT;

	im->meta->txn += 2;
	write_back(im);
	assert_int_equal(check(im, &err), -EAGAIN);
	assert_int_equal(err.code, 0);
	assert_int_equal(salvage_open(im->fd, im->txn, &salvage, &err), -EUCLEAN);
	assert_err(&err, -EUCLEAN, "catalog damaged: the meta pages do not agree with lock.mdb; restore a backup");
}

static void meta_pages_are_of_two_transactions_that_follow(void **state)
{
	static const struct {
		uint64_t of_0, of_1;
		const char *said;
	} cases[] = {
		{ 0, 0, NULL },
		{ 4, 3, NULL },
		{ 4, 5, NULL },
		{ 0, 3, "the meta pages are of transactions N and N" },
		{ 4, 0, "the meta pages are of transactions N and N" },
		{ 4, 4, "meta page N has a transaction number of the other one" },
		{ 5, 5, "meta page N has a transaction number of the other one" },
	};
	struct image *im = *state;

	for (size_t i = 0; i < countof(cases); i++) {
		struct err err = ERR_INIT;
		int rc;

		(im->txn & 1 ? im->other : im->meta)->txn = cases[i].of_0;
		(im->txn & 1 ? im->meta : im->other)->txn = cases[i].of_1;
		write_back(im);
		rc = store_check_meta(im->fd, &err);
		assert_said(i, "meta pages", rc, &err, cases[i].said);
	}
}

static void a_file_is_read_whole_up_to_a_size(void **state)
{
	(void)state;
	assert_true(store_check_is_full(STORE_CHECK_AUTO, UINT64_C(256) << 20));
	assert_false(store_check_is_full(STORE_CHECK_AUTO, (UINT64_C(256) << 20) + 1));
	assert_true(store_check_is_full(STORE_CHECK_FULL, UINT64_MAX));
	assert_true(store_check_is_full(STORE_CHECK_PAGES, UINT64_MAX));
	assert_false(store_check_is_full(STORE_CHECK_QUICK, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_wrong_number_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_snapshot_that_was_overwritten_is_looked_for_again, set_up, tear_down),
		cmocka_unit_test(a_file_is_read_whole_up_to_a_size),
		cmocka_unit_test_setup_teardown(meta_pages_are_of_two_transactions_that_follow, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
