/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who was sent back with ESTALE, and which version each process saved last. */
#include "fs/lastsave.h"
#include "fs/redirect.h"
#include "fs/scratch.h"

#include "tests/unit/helpers.h"

#include <errno.h>
#include <unistd.h>

static const struct target_key users = { DOCUMENT_TABLE, 7, 0 }, rooms = { DOCUMENT_TABLE, 8, 0 };

static uint64_t private_node(struct scratch *s)
{
	struct scratch_spec spec = { .mode = S_IFREG | 0600, .is_private = true };
	uint64_t id;

	assert_int_equal(scratch_make(s, 0, NULL, &spec, &id), 0);
	return id;
}

static bool lives(struct scratch *s, uint64_t id)
{
	struct stat st;

	return scratch_stat(s, id, &st) == 0;
}

static void a_thread_is_sent_back_once(void **state)
{
	struct scratch *s = scratch_new(&(struct scratch_options){ 0 });
	struct redirects *r = redirects_new(s);
	enum redirect_why why;
	uint64_t node = 1, mine;

	(void)state;
	assert_false(redirects_any(r));
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), 0);
	assert_true(redirects_any(r));
	assert_true(redirect_pending(r, 42, &users, &why, &node));
	assert_int_equal(why, REDIRECT_OPEN);
	assert_int_equal(node, 0);
	assert_false(redirect_pending(r, 42, &rooms, &why, &node));
	assert_false(redirect_pending(r, 43, &users, &why, &node));

	/* No lookup came: it gets an answer, and then it may try again. */
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), -ETXTBSY);
	assert_false(redirects_any(r));
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), 0);
	mine = private_node(s);
	redirect_attach(r, 42, &users, mine);
	assert_true(redirect_pending(r, 42, &users, &why, &node));
	assert_true(node == mine);
	assert_false(redirect_end(r, 42, &users, REDIRECT_UNLINK, &node));
	assert_true(redirect_end(r, 42, &users, REDIRECT_OPEN, &node));
	assert_true(node == mine && lives(s, mine));
	assert_false(redirect_end(r, 42, &users, REDIRECT_OPEN, &node));
	assert_int_equal(node, 0);
	scratch_unpin(s, mine);
	redirects_free(r);
	redirects_free(NULL);
	scratch_free(s);
}

/* The kernel asks twice for a name that it knows: the second lookup is no reader's. */
static void a_failed_lookup_may_be_repeated(void **state)
{
	struct redirects *r = redirects_new(NULL);
	enum redirect_why why;
	uint64_t node;

	(void)state;
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), 0);
	assert_int_equal(redirect_begin(r, 43, &users, REDIRECT_OPEN), 0);
	redirect_fail(r, 42);
	assert_true(redirect_pending(r, 42, &users, &why, &node));
	assert_int_equal(node, 0);
	redirect_fail(r, 42);
	/* That call has ended, and the next one is sent back; but another thread's has not. */
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), 0);
	assert_int_equal(redirect_begin(r, 43, &users, REDIRECT_OPEN), -ETXTBSY);
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), -ETXTBSY);
	redirects_free(r);
}

static void a_call_without_a_thread_is_never_sent_back(void **state)
{
	struct redirects *r = redirects_new(NULL);
	enum redirect_why why;
	uint64_t node = 1;

	(void)state;
	assert_int_equal(redirect_begin(r, 0, &users, REDIRECT_OPEN), -ETXTBSY);
	assert_false(redirect_pending(r, 0, &users, &why, &node));
	assert_false(redirect_end(r, 0, &users, REDIRECT_OPEN, &node));
	assert_int_equal(node, 0);
	assert_false(redirects_any(r));
	redirects_free(r);
}

/* Nodes that nobody takes over are given back. */
static void nodes_that_nobody_takes_go(void **state)
{
	struct scratch *s = scratch_new(&(struct scratch_options){ 0 });
	struct redirects *r = redirects_new(s);
	uint64_t first = private_node(s), second = private_node(s), third = private_node(s), node;

	(void)state;
	redirect_attach(r, 42, &users, first);	/* it was never sent back */
	assert_false(lives(s, first));
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), 0);
	redirect_attach(r, 42, &users, second);
	redirect_attach(r, 42, &users, third);	/* it has one */
	assert_true(lives(s, second));
	assert_false(lives(s, third));
	/* Another call of the same thread: the one before was interrupted. */
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_RENAME), 0);
	assert_false(lives(s, second));
	first = private_node(s);
	redirect_attach(r, 42, &users, first);
	redirect_end_node(r, 43, first);
	redirect_end_node(r, 42, first + 1);
	assert_true(redirects_any(r) && lives(s, first));
	redirect_end_node(r, 42, first);
	assert_false(redirects_any(r));
	assert_false(lives(s, first));
	/* One that never comes back is forgotten after a second. */
	first = private_node(s);
	assert_int_equal(redirect_begin(r, 42, &users, REDIRECT_OPEN), 0);
	redirect_attach(r, 42, &users, first);
	usleep(1050000);
	assert_false(redirect_end(r, 42, &users, REDIRECT_OPEN, &node));
	assert_false(redirects_any(r));
	assert_false(lives(s, first));
	redirects_free(r);
	scratch_free(s);
}

/* 1024 at once; free places in between are used again. */
static void there_are_only_so_many(void **state)
{
	struct redirects *r = redirects_new(NULL);
	uint64_t node;

	(void)state;
	for (pid_t thread = 1; thread <= 1024; thread++)
		assert_int_equal(redirect_begin(r, thread, &users, REDIRECT_OPEN), 0);
	assert_int_equal(redirect_begin(r, 1025, &users, REDIRECT_OPEN), -ETXTBSY);
	assert_true(redirect_end(r, 500, &users, REDIRECT_OPEN, &node));
	assert_int_equal(redirect_begin(r, 1025, &users, REDIRECT_OPEN), 0);
	assert_int_equal(redirect_begin(r, 1026, &users, REDIRECT_OPEN), -ETXTBSY);
	redirects_free(r);
}

static void the_last_save_of_each_process_is_known(void **state)
{
	struct lastsaves *l = lastsaves_new();
	struct process ann = { .uid = 1, .pid = 10, .started = 100 }, other = ann;

	(void)state;
	assert_int_equal(lastsave_get(l, &ann, &users), 0);
	lastsave_set(l, &ann, &users, 4);
	lastsave_set(l, &ann, &rooms, 9);
	lastsave_set(l, &ann, &users, 5);
	assert_int_equal(lastsave_get(l, &ann, &users), 5);
	assert_int_equal(lastsave_get(l, &ann, &rooms), 9);
	other.uid = 2;
	assert_int_equal(lastsave_get(l, &other, &users), 0);
	other = ann;
	other.pid = 11;
	assert_int_equal(lastsave_get(l, &other, &users), 0);
	other = ann;
	other.started = 101;	/* the number of a process that has ended */
	assert_int_equal(lastsave_get(l, &other, &users), 0);
	/* Who cannot be told from others has none. */
	other.started = 0;
	lastsave_set(l, &other, &users, 6);
	assert_int_equal(lastsave_get(l, &other, &users), 0);
	other = ann;
	other.pid = 0;
	lastsave_set(l, &other, &users, 6);
	assert_int_equal(lastsave_get(l, &other, &users), 0);
	assert_int_equal(lastsave_get(l, &ann, &users), 5);
	lastsaves_free(l);
	lastsaves_free(NULL);
}

/* The one that was set longest ago makes room. */
static void the_oldest_save_is_forgotten(void **state)
{
	struct lastsaves *l = lastsaves_new();
	struct process one = { .uid = 1, .started = 100 };

	(void)state;
	for (one.pid = 1; one.pid <= LASTSAVES_MAX; one.pid++)
		lastsave_set(l, &one, &users, 3);
	one.pid = 1;
	lastsave_set(l, &one, &users, 4);	/* the second is the oldest now */
	one.pid = LASTSAVES_MAX + 1;
	lastsave_set(l, &one, &users, 5);
	assert_int_equal(lastsave_get(l, &one, &users), 5);
	one.pid = 1;
	assert_int_equal(lastsave_get(l, &one, &users), 4);
	one.pid = 2;
	assert_int_equal(lastsave_get(l, &one, &users), 0);
	one.pid = 3;
	assert_int_equal(lastsave_get(l, &one, &users), 3);
	lastsaves_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_is_sent_back_once),
		cmocka_unit_test(a_failed_lookup_may_be_repeated),
		cmocka_unit_test(a_call_without_a_thread_is_never_sent_back),
		cmocka_unit_test(nodes_that_nobody_takes_go),
		cmocka_unit_test(there_are_only_so_many),
		cmocka_unit_test(the_last_save_of_each_process_is_known),
		cmocka_unit_test(the_oldest_save_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
