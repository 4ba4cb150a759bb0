/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/tally.h"
#include "tests/unit/helpers.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

static void cells_are_summed_apart(void **state)
{
	struct tally *tally = tally_new(3), *other = tally_new(3);
	uint64_t sums[3];

	(void)state;
	assert_int_equal(tally_sum(tally, 0), 0);
	errno = EDOM;
	tally_add(tally, 0, 1);
	tally_add(tally, 2, 40);
	tally_add(tally, 2, 2);
	assert_int_equal(errno, EDOM);
	tally_add(other, 1, 7);
	tally_read(tally, sums);
	assert_int_equal(sums[0], 1);
	assert_int_equal(sums[1], 0);
	assert_int_equal(sums[2], 42);
	assert_int_equal(tally_sum(tally, 2), 42);
	assert_int_equal(tally_sum(other, 1), 7);
	tally_free(tally);
	tally_free(other);
	tally_free(NULL);
}

static void no_number_is_cut(void **state)
{
	struct tally *tally = tally_new(1);

	(void)state;
	tally_add(tally, 0, UINT64_C(1) << 62);
	tally_add(tally, 0, UINT64_C(1) << 62);
	assert_true(tally_sum(tally, 0) == UINT64_C(1) << 63);
	tally_free(tally);
}

#define THREADS 150
#define ROUNDS 2000
#define COPIES 64

static void *add_some(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		tally_add(arg, i % 2, 1 + i % 2);
	return NULL;
}

/* Threads that have ended count, too. */
static void many_threads_lose_nothing(void **state)
{
	struct tally *tally = tally_new(2);
	pthread_t threads[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_some, tally), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(tally_sum(tally, 0), THREADS * ROUNDS / 2);
	assert_int_equal(tally_sum(tally, 1), THREADS * ROUNDS);
	tally_free(tally);
}

struct pair {
	struct tally *tally;
	pthread_barrier_t numbered, start;
};

static void *add_much(void *arg)
{
	struct pair *pair = arg;

	tally_add(pair->tally, 0, 0);	/* now it has its number */
	pthread_barrier_wait(&pair->numbered);
	pthread_barrier_wait(&pair->start);
	for (unsigned i = 0; i < 1000000; i++)
		tally_add(pair->tally, 0, 1);
	return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	assert_int_equal(pthread_create(thread, NULL, run, arg), 0);
}

/* The first and the 65th thread have the same copy. */
static void threads_that_share_a_copy_lose_nothing(void **state)
{
	struct pair pair = { .tally = tally_new(1) };
	pthread_t pairs[2], other;

	(void)state;
	pthread_barrier_init(&pair.numbered, NULL, 2);
	pthread_barrier_init(&pair.start, NULL, 2);
	start(&pairs[0], add_much, &pair);
	pthread_barrier_wait(&pair.numbered);
	for (unsigned i = 1; i < COPIES; i++) {
		struct tally *own = tally_new(2);

		start(&other, add_some, own);
		assert_int_equal(pthread_join(other, NULL), 0);
		tally_free(own);
	}
	start(&pairs[1], add_much, &pair);
	pthread_barrier_wait(&pair.numbered);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(pairs[i], NULL), 0);
	assert_int_equal(tally_sum(pair.tally, 0), 2000000);
	pthread_barrier_destroy(&pair.numbered);
	pthread_barrier_destroy(&pair.start);
	tally_free(pair.tally);
}

struct reading {
	struct tally *tally;
	atomic_bool stop;
	atomic_uint backwards;
};

static void *read_on(void *arg)
{
	struct reading *reading = arg;
	uint64_t last = 0;

	while (!atomic_load(&reading->stop)) {
		uint64_t sums[2];

		tally_read(reading->tally, sums);
		if (sums[1] < last)
			atomic_fetch_add(&reading->backwards, 1);
		last = sums[1];
	}
	return NULL;
}

static void a_reader_never_sees_it_go_back(void **state)
{
	struct reading reading = { .tally = tally_new(2) };
	pthread_t reader, writers[4];

	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, read_on, &reading), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, add_some, reading.tally), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(writers[i], NULL), 0);
	atomic_store(&reading.stop, true);
	assert_int_equal(pthread_join(reader, NULL), 0);
	assert_int_equal(atomic_load(&reading.backwards), 0);
	assert_int_equal(tally_sum(reading.tally, 1), 4 * ROUNDS);
	tally_free(reading.tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_summed_apart),
		cmocka_unit_test(no_number_is_cut),
		cmocka_unit_test(many_threads_lose_nothing),
		cmocka_unit_test(threads_that_share_a_copy_lose_nothing),
		cmocka_unit_test(a_reader_never_sees_it_go_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
