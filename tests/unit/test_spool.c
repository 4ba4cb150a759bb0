/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of information_schema that are open: one snapshot each, shared, bounded. */
#include "fs/node.h"
#include "fs/report.h"
#include "fs/spool.h"
#include "fs/userlink.h"
#include "tests/unit/world.h"

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

static struct world w;
static struct tree tree;
static struct spools *spools;

static void start(const struct spools_options *options)
{
	spools = spools_new(&tree, options);
	assert_non_null(spools);
	assert_int_equal(spools_start(spools, NULL), 0);
}

static int set_up(void **state)
{
	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY);");
	tree = (struct tree){
		.catalog = w.catalog,
		.report = report_new(),
		.links = userlinks_new(),
		.mountpoint = "/mnt/none",
		.started_at = w.now,
		.settled = UINT64_MAX,
	};
	return 0;
}

static bool is_spoilt;	/* the test has put into the catalog what cannot be there */

static int tear_down(void **state)
{
	(void)state;
	spools_stop(spools);
	spools_free(spools);
	report_free(tree.report);
	userlinks_free(tree.links);
	if (is_spoilt)
		world_discard(&w);
	else
		world_close(&w);
	is_spoilt = false;
	return 0;
}

/* One open and what came of it. */
struct opened {
	struct spool_wait wait;
	sem_t is_done;
	struct spool *spool;
	int rc;
	struct err err;
};

static void done(struct spool_wait *wait, struct spool *spool, int rc, const struct err *err)
{
	struct opened *opened = (struct opened *)wait;

	opened->spool = spool;
	opened->rc = rc;
	opened->err = *err;
	sem_post(&opened->is_done);
}

static void begin(struct opened *opened, uint64_t node)
{
	*opened = (struct opened){ .wait.done = done };
	sem_init(&opened->is_done, 0, 0);
	spools_open(spools, node, 0, &opened->wait);
}

static int end(struct opened *opened)
{
	while (sem_wait(&opened->is_done))
		continue;
	sem_destroy(&opened->is_done);
	return opened->rc;
}

static struct spool *open_node(uint64_t node)
{
	struct opened opened;

	begin(&opened, node);
	if (end(&opened))
		fail_msg("spools_open: %s", opened.err.text);
	return opened.spool;
}

/* The node of a file of the catalog's information_schema. */
static struct entry entry_of(const char *name)
{
	uint64_t dir = inode_pack(NODE_INFO, 0, 0);
	struct entry entry;
	struct view view;

	assert_int_equal(view_open(&view, &tree, dir, 0, NULL), 0);
	if (node_find(&view, name, &entry, NULL, NULL))
		fail_msg("no %s", name);
	view_close(&view);
	return entry;
}

static uint64_t node_of(const char *name)
{
	return entry_of(name).id;
}

/* Read in pieces of some length; the text is the caller's to free. */
static char *read_all(const struct spool *spool, size_t piece)
{
	struct stat attr;
	uint64_t at = 0;
	ssize_t n;
	char *text;

	spool_attr(spool, &attr);
	text = calloc(1, (size_t)attr.st_size + piece + 1);
	assert_non_null(text);
	while ((n = spool_read(spool, text + at, piece, at)) > 0)
		at += (uint64_t)n;
	assert_int_equal(n, 0);
	assert_true(at == (uint64_t)attr.st_size);
	return text;
}

static void add_column(const char *name)
{
	char sql[100];

	w.now += SECOND_US;
	snprintf(sql, sizeof(sql), "ALTER TABLE app.t ADD COLUMN %s INT", name);
	world_run(&w, sql);
}

static const struct spools_options as_usual, only_files = { .text_max = 1 };

/* The same of texts in memory and in files. */
static void check_one_snapshot(const struct spools_options *options)
{
	struct entry before;
	struct spool *old, *new;
	char *text, *again;
	struct stat attr;

	start(options);
	before = entry_of("columns.csv");
	old = open_node(before.id);
	spool_attr(old, &attr);
	assert_int_equal(attr.st_size, before.attr.st_size);
	assert_true(attr.st_ino == before.attr.st_ino);
	text = read_all(old, 65536);
	add_column("added");
	again = read_all(old, 7);
	assert_string_equal(text, again);
	assert_null(strstr(text, ",added,"));
	assert_true(node_of("columns.csv") != before.id);
	new = open_node(node_of("columns.csv"));
	assert_true(new != old &&spool_is_named(new) && !spool_is_odd(new));
	free(again);
	again = read_all(new, 65536);
	assert_non_null(strstr(again, ",added,"));
	free(text);
	free(again);
	spool_put(old);
	spool_put(new);
}

static void an_open_text_is_one_snapshot_in_memory(void **state)
{
	(void)state;
	check_one_snapshot(&as_usual);
}

static void an_open_text_is_one_snapshot_in_a_file(void **state)
{
	(void)state;
	check_one_snapshot(&only_files);
}

static void short_texts_are_in_memory_long_ones_are_not(void **state)
{
	struct spool *spool;
	size_t len;

	(void)state;
	start(&as_usual);
	spool = open_node(node_of("columns.csv"));
	assert_non_null(spool_text(spool, &len));
	spool_put(spool);
	spools_stop(spools);
	spools_free(spools);
	start(&only_files);
	spool = open_node(node_of("columns.csv"));
	assert_null(spool_text(spool, &len));
	spool_put(spool);
}

static void a_file_has_no_name(void **state)
{
	struct spool *spool;
	char command[600];

	(void)state;
	start(&only_files);
	spool = open_node(node_of("columns.csv"));
	snprintf(command, sizeof(command),
		 "test -z \"$(find '%s' -type f ! -name '*.mdb' ! -name write.lock)\"", w.dir);
	assert_int_equal(system(command), 0);
	spool_put(spool);
}

static void who_opens_the_same_node_shares_its_text(void **state)
{
	uint64_t node = 0;
	struct spool *one, *two;

	(void)state;
	start(&as_usual);
	node = node_of("tables.jsonl");
	one = open_node(node);
	/* Also when the name has come to stand for something else. */
	add_column("a");
	two = open_node(node);
	assert_true(one == two);
	spool_put(one);
	spool_put(two);
}

static void a_node_that_names_something_else_is_opened_with_what_is_new(void **state)
{
	uint64_t old = 0;
	struct spool *spool, *same;
	char *text;

	(void)state;
	start(&as_usual);
	old = node_of("columns.jsonl");
	add_column("late");
	spool = open_node(old);
	assert_false(spool_is_named(spool));
	text = read_all(spool, 65536);
	assert_non_null(strstr(text, "\"late\""));
	free(text);
	add_column("later");
	same = open_node(old);
	assert_true(same == spool);
	spool_put(spool);
	spool_put(same);
}

/* 16,777,216 changes later a node's id is the same again. */
static void a_node_that_comes_again_has_its_own_text(void **state)
{
	struct spool *old, *new;
	struct txn *txn;
	uint64_t node = 0;

	is_spoilt = true;
	(void)state;
	start(&as_usual);
	node = node_of("columns.csv");
	old = open_node(node);
	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL), 0);
	assert_int_equal(
		meta_set(txn, META_SEQUENCE, world_meta(&w, META_SEQUENCE) + INODE_SUB_MASK, NULL),
		0);
	assert_int_equal(txn_commit(txn, NULL), 0);
	add_column("again");
	assert_true(node_of("columns.csv") == node);
	new = open_node(node);
	assert_true(new != old);
	assert_false(spool_is_named(new));
	spool_put(old);
	spool_put(new);
}

static void only_so_many_long_texts_are_open(void **state)
{
	static const struct spools_options two_files = { .text_max = 1, .file_max = 2 };
	struct spool *one, *two;
	struct opened third;

	(void)state;
	start(&two_files);
	one = open_node(node_of("columns.csv"));
	two = open_node(node_of("tables.csv"));
	begin(&third, node_of("schemata.csv"));
	assert_int_equal(end(&third), -EBUSY);
	assert_err(&third.err, -EBUSY, "Too many long texts are open (max 2): try again");
	spool_put(one);
	one = open_node(node_of("schemata.csv"));
	spool_put(one);
	spool_put(two);
}

static void what_has_no_room_in_memory_is_a_file(void **state)
{
	static const struct spools_options little = { .memory_max = 8000 };
	struct spool *one, *two;
	size_t len;

	(void)state;
	start(&little);
	one = open_node(node_of("columns.csv"));
	assert_non_null(spool_text(one, &len));
	assert_true(len > 5000 && len < 8000);
	two = open_node(node_of("tables.jsonl"));
	assert_null(spool_text(two, &len));
	spool_put(one);
	spool_put(two);
	one = open_node(node_of("tables.jsonl"));
	assert_non_null(spool_text(one, &len));
	spool_put(one);
}

static void a_namespace_that_went_is_not_there(void **state)
{
	uint64_t node = inode_pack(NODE_NAMESPACE_INFO_FILE, 3, 1);
	struct spool *spool, *same;
	struct opened opened;

	(void)state;
	start(&as_usual);
	spool = open_node(node);
	world_run(&w, "DROP NAMESPACE app CASCADE");
	/* Who has it open reads on, and may open it again. */
	same = open_node(node);
	assert_true(same == spool);
	spool_put(spool);
	spool_put(same);
	begin(&opened, node);
	assert_int_equal(end(&opened), -ENOENT);
	assert_null(opened.spool);
}

static void nothing_long_is_opened_after_the_end(void **state)
{
	struct opened opened;

	(void)state;
	start(&only_files);
	spools_stop(spools);
	begin(&opened, node_of("columns.csv"));
	assert_int_equal(end(&opened), -EBUSY);
}

#define CROWD 16

static void *open_and_read(void *arg)
{
	uint64_t node = *(uint64_t *)arg;
	struct spool *spool = open_node(node);
	char *text = read_all(spool, 1000);

	spool_put(spool);
	return text;
}

static void a_crowd_reads_the_same(void **state)
{
	static const struct spools_options *const kinds[] = { &as_usual, &only_files };
	pthread_t threads[CROWD];
	char *texts[CROWD];
	uint64_t node;

	(void)state;
	for (size_t kind = 0; kind < countof(kinds); kind++) {
		start(kinds[kind]);
		node = node_of("columns.jsonl");
		for (size_t i = 0; i < CROWD; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, open_and_read, &node),
					 0);
		for (size_t i = 0; i < CROWD; i++)
			assert_int_equal(pthread_join(threads[i], (void **)&texts[i]), 0);
		for (size_t i = 0; i < CROWD; i++)
			assert_string_equal(texts[i], texts[0]);
		for (size_t i = 0; i < CROWD; i++)
			free(texts[i]);
		spools_stop(spools);
		spools_free(spools);
	}
	start(&as_usual);
}

/* Sums that are wrong are told, and the text has the length that it has. */
static void another_length_than_was_told_is_odd(void **state)
{
	struct info_sums sums;
	struct spool *spool;
	struct txn *txn;
	struct stat attr;
	char *text;

	is_spoilt = true;
	(void)state;
	start(&as_usual);
	assert_int_equal(txn_begin_write(catalog_store(w.catalog), 1000, &txn, NULL), 0);
	assert_int_equal(info_sums_get(txn, 0, &sums, NULL), 0);
	sums.of[INFO_TABLES].bytes[INFO_CSV] += 5;
	assert_int_equal(info_sums_put(txn, 0, &sums, NULL), 0);
	assert_int_equal(txn_commit(txn, NULL), 0);
	spool = open_node(node_of("tables.csv"));
	assert_true(spool_is_odd(spool) && !spool_is_named(spool));
	spool_attr(spool, &attr);
	text = read_all(spool, 65536);
	assert_int_equal(strlen(text), attr.st_size);
	free(text);
	spool_put(spool);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_open_text_is_one_snapshot_in_memory),
		TEST(an_open_text_is_one_snapshot_in_a_file),
		TEST(short_texts_are_in_memory_long_ones_are_not),
		TEST(a_file_has_no_name),
		TEST(who_opens_the_same_node_shares_its_text),
		TEST(a_node_that_names_something_else_is_opened_with_what_is_new),
		TEST(a_node_that_comes_again_has_its_own_text),
		TEST(only_so_many_long_texts_are_open),
		TEST(what_has_no_room_in_memory_is_a_file),
		TEST(a_namespace_that_went_is_not_there),
		TEST(nothing_long_is_opened_after_the_end),
		TEST(a_crowd_reads_the_same),
		TEST(another_length_than_was_told_is_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
