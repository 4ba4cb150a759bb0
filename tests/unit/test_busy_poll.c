/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/busy_poll.h"

#include "tests/unit/helpers.h"

#include <stdbool.h>

/* A client: the gaps that it leaves after answers, where the worker sleeps and where it looks. */
struct client {
	uint32_t asleep_ns, polled_ns;
	unsigned burst;		/* requests after which it does something else; 0 = never */
};

static const struct client quick = { 24000, 12000, 0 };		/* on another CPU */
static const struct client shares = { 7000, 13000, 0 };		/* on the worker's own */
static const struct client slow = { 5000000, 5000000, 0 };
static const struct client alone = { 30000, 30000, 0 };		/* looking changes nothing */

static struct busy_poll state;

static int set_up(void **unused)
{
	(void)unused;
	state = (struct busy_poll){ 0 };
	return 0;
}

/* So many requests; how many of them were looked for. */
static unsigned serve(const struct client *client, unsigned requests)
{
	unsigned looks = 0;

	for (unsigned i = 1; i <= requests; i++) {
		uint32_t gap = state.polls ? client->polled_ns : client->asleep_ns;

		looks += state.polls;
		busy_poll_learn(&state, client->burst && i % client->burst == 0 ? 5000000 : gap);
	}
	return looks;
}

static void nothing_learnt_is_asleep(void **unused)
{
	(void)unused;
	assert_false(state.polls);
	assert_int_equal(serve(&quick, BUSY_POLL_PROBE), 0);
}

static void who_asks_at_once_is_looked_for(void **unused)
{
	(void)unused;
	serve(&quick, 2 * BUSY_POLL_PROBE);
	assert_true(state.polls);
	assert_in_range(serve(&quick, 100000), 98000, 99999);
}

/* There is nothing to gain, and so it is not even tried. */
static void who_is_woken_cheaply_is_never_looked_for(void **unused)
{
	(void)unused;
	assert_int_equal(serve(&shares, 100000), 0);
}

static void looking_that_changes_nothing_is_hardly_tried(void **unused)
{
	(void)unused;
	assert_in_range(serve(&alone, 100000), BUSY_POLL_PROBE, 2000);
	assert_false(state.polls && !state.is_probe);
}

static void it_must_be_better_by_a_fifth(void **unused)
{
	struct client client = { 30000, 24000, 0 };

	(void)unused;
	serve(&client, 2 * BUSY_POLL_PROBE);
	assert_true(state.polls);
	state = (struct busy_poll){ 0 };
	client.polled_ns++;
	serve(&client, 2 * BUSY_POLL_PROBE);
	assert_false(state.polls);
}

static void idleness_is_never_looked_for(void **unused)
{
	const struct client limit = { BUSY_POLL_IDLE_NS, BUSY_POLL_NS, 0 };
	const struct client beyond = { BUSY_POLL_IDLE_NS + 1, BUSY_POLL_NS, 0 };

	(void)unused;
	assert_int_equal(serve(&slow, 100000), 0);
	assert_int_equal(serve(&beyond, 100000), 0);
	assert_in_range(serve(&limit, 1000), 800, 1000);
}

/* However long it went well. */
static void a_few_misses_end_it(void **unused)
{
	(void)unused;
	serve(&quick, 100000);
	if (!state.polls)
		serve(&quick, BUSY_POLL_PROBE);
	assert_int_equal(serve(&slow, 100000), 4);
	assert_false(state.polls);
}

/* A gap that is no idleness, but longer than a look, is a miss as well. */
static void misses_that_are_not_idle_end_it_too(void **unused)
{
	const struct client late = { 60000, BUSY_POLL_NS + 1, 0 };

	(void)unused;
	serve(&quick, 2 * BUSY_POLL_PROBE + 1);
	assert_true(state.polls);
	assert_int_equal(serve(&late, 5), 4);
	assert_false(state.polls);
}

static void bursts_are_looked_for_but_not_pairs(void **unused)
{
	const struct client bursts = { 24000, 12000, 5 }, pairs = { 24000, 12000, 2 };
	unsigned looks;

	(void)unused;
	assert_in_range(serve(&bursts, 100000), 95000, 100000);
	state = (struct busy_poll){ 0 };
	looks = serve(&pairs, 100000);
	assert_in_range(looks, 1, 2000);
}

static void it_changes_its_mind(void **unused)
{
	(void)unused;
	serve(&quick, 100000);
	serve(&shares, BUSY_POLL_ROUND_MAX + BUSY_POLL_PROBE);
	assert_int_equal(serve(&shares, 100000), 0);
	serve(&quick, 2 * BUSY_POLL_ROUND_MAX + 2 * BUSY_POLL_PROBE);
	assert_in_range(serve(&quick, 100000), 98000, 99999);
}

/* A way that was worse is tried less and less often. */
static void tries_become_rare(void **unused)
{
	unsigned before = 0, tries = 0;

	(void)unused;
	for (unsigned i = 0; i < 40000; i++) {
		before = state.is_probe;
		serve(&alone, 1);
		tries += state.is_probe && !before;
	}
	assert_in_range(tries, 20, 30);
	assert_int_equal(state.length, BUSY_POLL_ROUND_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
	const struct CMUnitTest tests[] = {
		TEST(nothing_learnt_is_asleep),
		TEST(who_asks_at_once_is_looked_for),
		TEST(who_is_woken_cheaply_is_never_looked_for),
		TEST(looking_that_changes_nothing_is_hardly_tried),
		TEST(it_must_be_better_by_a_fifth),
		TEST(idleness_is_never_looked_for),
		TEST(a_few_misses_end_it),
		TEST(misses_that_are_not_idle_end_it_too),
		TEST(bursts_are_looked_for_but_not_pairs),
		TEST(it_changes_its_mind),
		TEST(tries_become_rare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
