/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/metrics.h"

#include "tests/unit/helpers.h"

#include <errno.h>
#include <linux/fuse.h>
#include <pthread.h>

#define SECOND UINT64_C(1000000000)
#define OK 0

static struct metrics *metrics;
static struct metrics_counts counts;

static int set_up(void **state)
{
	(void)state;
	metrics = metrics_new();
	return metrics ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	metrics_free(metrics);
	return 0;
}

/* The number of a result, as it is printed. */
static unsigned result(const char *name)
{
	for (unsigned i = 0; i < METRICS_RESULTS; i++)
		if (metrics_result_name(i) && !strcmp(metrics_result_name(i), name))
			return i;
	fail_msg("no result %s", name);
	return 0;
}

static uint64_t operations(uint32_t opcode, const char *name)
{
	metrics_read(metrics, &counts);
	return counts.operations[opcode].results[result(name)];
}

static uint64_t all_operations(void)
{
	uint64_t sum = 0;

	metrics_read(metrics, &counts);
	for (unsigned i = 0; i < METRICS_OPERATIONS; i++)
		for (unsigned k = 0; k < METRICS_RESULTS; k++)
			sum += counts.operations[i].results[k];
	return sum;
}

static uint64_t observed(const struct histogram *h)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i <= METRICS_BUCKETS; i++)
		sum += h->buckets[i];
	return sum;
}

static void an_answer_counts_its_request(void **state)
{
	(void)state;
	metrics_request(metrics, FUSE_LOOKUP, 2, 1000);
	assert_int_equal(metrics_in_flight(metrics), 1);
	assert_int_equal(all_operations(), 0);
	metrics_request(metrics, FUSE_READ, 4, 1000);
	assert_int_equal(metrics_in_flight(metrics), 2);
	metrics_answer(metrics, 4, 0, 1000);
	metrics_answer(metrics, 2, -ENOENT, 4000);
	assert_int_equal(metrics_in_flight(metrics), 0);
	assert_int_equal(operations(FUSE_LOOKUP, "ENOENT"), 1);
	assert_int_equal(operations(FUSE_LOOKUP, "ok"), 0);
	assert_int_equal(operations(FUSE_READ, "ok"), 1);
	assert_int_equal(all_operations(), 2);
	assert_int_equal(counts.operations[FUSE_LOOKUP].time.sum, 3000);
	assert_int_equal(counts.operations[FUSE_READ].time.sum, 0);
	assert_int_equal(observed(&counts.operations[FUSE_READ].time), 1);
}

/* The kernel does not wait for these, and of some libfuse sends an answer all the same. */
static void messages_are_no_operations(void **state)
{
	static const uint32_t opcodes[] = { FUSE_INIT, FUSE_FORGET, FUSE_BATCH_FORGET,
					    FUSE_INTERRUPT, FUSE_DESTROY, FUSE_NOTIFY_REPLY };

	(void)state;
	for (unsigned i = 0; i < countof(opcodes); i++) {
		assert_null(metrics_operation_name(opcodes[i]));
		assert_non_null(metrics_message_name(opcodes[i]));
		metrics_request(metrics, opcodes[i], 2 + 2 * i, 1);
		metrics_answer(metrics, 2 + 2 * i, 0, 2);
	}
	assert_int_equal(metrics_in_flight(metrics), 0);
	assert_int_equal(all_operations(), 0);
	for (unsigned i = 0; i < countof(opcodes); i++)
		assert_int_equal(counts.messages[opcodes[i]], 1);
}

static void an_answer_to_nothing_counts_nothing(void **state)
{
	(void)state;
	metrics_request(metrics, FUSE_OPEN, 8, 1);
	metrics_answer(metrics, 6, 0, 2);
	metrics_answer(metrics, 8, 0, 2);
	metrics_answer(metrics, 8, 0, 2);
	assert_int_equal(all_operations(), 1);
}

static void what_has_no_name_is_other(void **state)
{
	(void)state;
	metrics_request(metrics, 63, 2, 1);
	metrics_answer(metrics, 2, 0, 2);
	metrics_request(metrics, 4096, 4, 1);
	metrics_answer(metrics, 4, ENOTRECOVERABLE, 2);
	assert_int_equal(operations(0, "ok"), 1);
	assert_int_equal(operations(0, "other"), 1);
	assert_string_equal(metrics_operation_name(0), "other");
	assert_null(metrics_operation_name(63));
	metrics_notification(metrics, 99, 0);
	metrics_notification(metrics, 15, -ENOENT);
	metrics_read(metrics, &counts);
	assert_int_equal(counts.notifications[0][OK], 1);
	assert_int_equal(counts.notifications[0][result("ENOENT")], 1);
}

/* Two numbers of the protocol for one thing. */
static void both_renames_are_rename(void **state)
{
	(void)state;
	metrics_request(metrics, FUSE_RENAME, 2, 1);
	metrics_request(metrics, FUSE_RENAME2, 4, 1);
	metrics_answer(metrics, 2, 0, 2);
	metrics_answer(metrics, 4, 0, 2);
	assert_int_equal(operations(FUSE_RENAME, "ok"), 2);
	assert_int_equal(all_operations(), 2);
	assert_null(metrics_operation_name(FUSE_RENAME2));
}

/* Two rows of one name would be two series of one name. */
static void names_are_unique(void **state)
{
	(void)state;
	for (unsigned i = 0; i < METRICS_OPERATIONS; i++)
		for (unsigned k = 0; k < i; k++)
			if (metrics_operation_name(i) && metrics_operation_name(k))
				assert_string_not_equal(metrics_operation_name(i),
							metrics_operation_name(k));
	for (unsigned i = 0; i < METRICS_RESULTS; i++) {
		assert_non_null(metrics_result_name(i));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(metrics_result_name(i), metrics_result_name(k));
	}
}

static void put_time(uint64_t *unique, uint64_t nanoseconds)
{
	*unique += 2;
	metrics_request(metrics, FUSE_READ, *unique, 5 * SECOND);
	metrics_answer(metrics, *unique, 0, 5 * SECOND + nanoseconds);
}

/* A bound belongs to its bucket. */
static void each_bound_is_in_its_bucket(void **state)
{
	const struct histogram *h = &counts.operations[FUSE_READ].time;
	uint64_t unique = 0, sum = 0;

	(void)state;
	assert_int_equal(bounds_time.count, METRICS_BUCKETS);
	assert_int_equal(bounds_time.at[0], 1000);
	assert_int_equal(bounds_time.at[METRICS_BUCKETS - 1], 10 * SECOND);
	put_time(&unique, 0);
	for (unsigned i = 0; i < bounds_time.count; i++) {
		assert_true(i == 0 || bounds_time.at[i] > bounds_time.at[i - 1]);
		put_time(&unique, bounds_time.at[i]);
		put_time(&unique, bounds_time.at[i] + 1);
		sum += 2 * bounds_time.at[i] + 1;
	}
	put_time(&unique, 3600 * SECOND);
	metrics_read(metrics, &counts);
	for (unsigned i = 0; i < bounds_time.count; i++)
		assert_int_equal(h->buckets[i], 2);
	assert_int_equal(h->buckets[METRICS_BUCKETS], 2);
	assert_int_equal(h->sum, sum + 3600 * SECOND);
}

/* A clock that goes back is no time of half a thousand years. */
static void time_never_goes_back(void **state)
{
	(void)state;
	metrics_request(metrics, FUSE_READ, 2, 5 * SECOND);
	metrics_answer(metrics, 2, 0, 4 * SECOND);
	metrics_read(metrics, &counts);
	assert_int_equal(counts.operations[FUSE_READ].time.sum, 0);
	assert_int_equal(counts.operations[FUSE_READ].time.buckets[0], 1);
}

static void groups_are_counted_with_their_commit(void **state)
{
	(void)state;
	metrics_commit(metrics, 1, 0, SECOND);
	metrics_commit(metrics, 3, 0, 2 * SECOND);
	metrics_commit(metrics, 1024, 0, 2 * SECOND);
	metrics_commit(metrics, 1025, -EIO, 20 * SECOND);
	metrics_read(metrics, &counts);
	assert_int_equal(counts.commits[OK], 3);
	assert_int_equal(counts.commits[result("EIO")], 1);
	assert_int_equal(counts.commit_group.sum, 1 + 3 + 1024 + 1025);
	assert_int_equal(counts.commit_group.buckets[0], 1);
	assert_int_equal(counts.commit_group.buckets[2], 1);
	assert_int_equal(counts.commit_group.buckets[bounds_group.count - 1], 1);
	assert_int_equal(counts.commit_group.buckets[METRICS_BUCKETS], 1);
	assert_int_equal(counts.commit_time.sum, 25 * SECOND);
	assert_int_equal(observed(&counts.commit_time), 4);
}

static void gauges_hold_the_last_value(void **state)
{
	(void)state;
	metrics_set(metrics, GAUGE_QUEUED, 7);
	metrics_set(metrics, GAUGE_UNDER_WAY, 9);
	metrics_set(metrics, GAUGE_QUEUED, 3);
	assert_int_equal(metrics_get(metrics, GAUGE_QUEUED), 3);
	assert_int_equal(metrics_get(metrics, GAUGE_UNDER_WAY), 9);
}

/* As many as there can be: 32 workers, 1,024 changes, and as many again. */
static void two_thousand_requests_are_under_way(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 2000; i++)
		metrics_request(metrics, FUSE_WRITE, 2 * i, i);
	/* others come and go meanwhile */
	for (uint64_t i = 5000; i < 25000; i++) {
		metrics_request(metrics, FUSE_GETATTR, 2 * i, 1);
		metrics_answer(metrics, 2 * i, 0, 2);
	}
	assert_int_equal(metrics_in_flight(metrics), 2000);
	for (uint64_t i = 2000; i; i--)
		metrics_answer(metrics, 2 * i, 0, i + 10);
	assert_int_equal(metrics_in_flight(metrics), 0);
	assert_int_equal(operations(FUSE_WRITE, "ok"), 2000);
	assert_int_equal(operations(FUSE_GETATTR, "ok"), 20000);
	assert_int_equal(counts.operations[FUSE_WRITE].time.sum, 2000 * 10);
}

#define WORKERS 12
#define ROUNDS 4000

/* Requests that a worker leaves to another thread, as writes are left to the notifier. */
struct handover {
	pthread_mutex_t lock;
	uint64_t left[WORKERS * ROUNDS];
	unsigned count, taken;
	_Atomic uint64_t last;		/* the kernel's numbers */
	bool done;
};

static void *work(void *arg)
{
	struct handover *h = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t unique = h->last += 2;
		bool leaves = i % 4 == 0;

		metrics_request(metrics, leaves ? FUSE_WRITE : FUSE_LOOKUP, unique, 100);
		if (!leaves) {
			metrics_answer(metrics, unique, i % 4 == 1 ? -ENOENT : 0, 107);
			continue;
		}
		pthread_mutex_lock(&h->lock);
		h->left[h->count++] = unique;
		/* no more than the table takes */
		while (h->count - h->taken > 1000) {
			pthread_mutex_unlock(&h->lock);
			sched_yield();
			pthread_mutex_lock(&h->lock);
		}
		pthread_mutex_unlock(&h->lock);
	}
	return NULL;
}

static void *answer_what_is_left(void *arg)
{
	struct handover *h = arg;
	bool done = false;

	while (!done) {
		uint64_t unique = 0;

		pthread_mutex_lock(&h->lock);
		if (h->taken < h->count)
			unique = h->left[h->taken++];
		else
			done = h->done;
		pthread_mutex_unlock(&h->lock);
		if (unique)
			metrics_answer(metrics, unique, 0, 150);
		else
			sched_yield();
	}
	return NULL;
}

static void threads_lose_nothing(void **state)
{
	static struct handover h = { .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t workers[WORKERS], other;

	(void)state;
	assert_int_equal(pthread_create(&other, NULL, answer_what_is_left, &h), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&workers[i], NULL, work, &h), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_join(workers[i], NULL), 0);
	pthread_mutex_lock(&h.lock);
	h.done = true;
	pthread_mutex_unlock(&h.lock);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(metrics_in_flight(metrics), 0);
	assert_int_equal(operations(FUSE_WRITE, "ok"), WORKERS * ROUNDS / 4);
	assert_int_equal(operations(FUSE_LOOKUP, "ENOENT"), WORKERS * ROUNDS / 4);
	assert_int_equal(operations(FUSE_LOOKUP, "ok"), WORKERS * ROUNDS / 2);
	assert_int_equal(counts.operations[FUSE_LOOKUP].time.sum, WORKERS * ROUNDS / 4 * 3 * 7);
	assert_int_equal(counts.operations[FUSE_WRITE].time.sum, WORKERS * ROUNDS / 4 * 50);
}

#define CROWDS 4
#define CROWD 1000

static void *crowd(void *arg)
{
	uint64_t first = *(const uint64_t *)arg;

	for (unsigned round = 0; round < 100; round++) {
		for (uint64_t i = 0; i < CROWD; i++)
			metrics_request(metrics, FUSE_READ, first + 2 * i, 1);
		for (uint64_t i = 0; i < CROWD; i++)
			metrics_answer(metrics, first + 2 * i, 0, 1);
	}
	return NULL;
}

/* So full that all look for the same free slots. */
static void a_full_table_loses_nothing(void **state)
{
	uint64_t first[CROWDS];
	pthread_t threads[CROWDS];

	(void)state;
	for (unsigned i = 0; i < CROWDS; i++) {
		first[i] = 2 + 2 * CROWD * i;
		assert_int_equal(pthread_create(&threads[i], NULL, crowd, &first[i]), 0);
	}
	for (unsigned i = 0; i < CROWDS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(metrics_in_flight(metrics), 0);
	assert_int_equal(operations(FUSE_READ, "ok"), CROWDS * CROWD * 100);
}

static char *text(void)
{
	struct collector c;

	metrics_read(metrics, &counts);
	collect(&c);
	metrics_print(&counts, c.out);
	return text_of(&c);
}

static void assert_has(const char *all, const char *part)
{
	if (!strstr(all, part))
		fail_msg("expected:\n%s\nin:\n%s", part, all);
}

static void the_text_is_exact(void **state)
{
	char *all;

	(void)state;
	metrics_request(metrics, FUSE_INIT, 2, 1);
	metrics_request(metrics, FUSE_LOOKUP, 4, SECOND);
	metrics_answer(metrics, 4, 0, SECOND + 1500);
	metrics_request(metrics, FUSE_LOOKUP, 6, SECOND);
	metrics_answer(metrics, 6, 0, SECOND + 2500);
	metrics_request(metrics, FUSE_LOOKUP, 8, SECOND);
	metrics_answer(metrics, 8, -ENOENT, 13 * SECOND + 1);
	metrics_notification(metrics, FUSE_NOTIFY_INVAL_ENTRY, ENOENT);
	metrics_notification(metrics, 8, 0);
	metrics_commit(metrics, 3, 0, SECOND / 1000);
	metrics_refusal(metrics, ERR_CONFLICT);
	all = text();
	assert_has(all,
		   "# HELP kalamfs_operations_total Requests of the kernel that were answered, by "
		   "operation and result.\n"
		   "# TYPE kalamfs_operations_total counter\n"
		   "kalamfs_operations_total{operation=\"lookup\",result=\"ok\"} 2\n"
		   "kalamfs_operations_total{operation=\"lookup\",result=\"ENOENT\"} 1\n"
		   "# HELP kalamfs_operation_duration_seconds From a request of the kernel to its "
		   "answer.\n"
		   "# TYPE kalamfs_operation_duration_seconds histogram\n"
#define BUCKET(le, n) "kalamfs_operation_duration_seconds_bucket{operation=\"lookup\",le=\"" le "\"} " n "\n"
		   BUCKET("1e-06", "0") BUCKET("2.5e-06", "2") BUCKET("5e-06", "2")
		   BUCKET("1e-05", "2") BUCKET("2.5e-05", "2") BUCKET("5e-05", "2")
		   BUCKET("0.0001", "2") BUCKET("0.00025", "2") BUCKET("0.0005", "2")
		   BUCKET("0.001", "2") BUCKET("0.0025", "2") BUCKET("0.005", "2")
		   BUCKET("0.01", "2") BUCKET("0.025", "2") BUCKET("0.05", "2")
		   BUCKET("0.1", "2") BUCKET("0.25", "2") BUCKET("0.5", "2")
		   BUCKET("1", "2") BUCKET("2.5", "2") BUCKET("5", "2")
		   BUCKET("10", "2") BUCKET("+Inf", "3")
		   "kalamfs_operation_duration_seconds_sum{operation=\"lookup\"} 12.000004001\n"
		   "kalamfs_operation_duration_seconds_count{operation=\"lookup\"} 3\n"
		   "# HELP kalamfs_kernel_messages_total Messages of the kernel that are no "
		   "operations, because it waits for no answer.\n"
		   "# TYPE kalamfs_kernel_messages_total counter\n"
		   "kalamfs_kernel_messages_total{message=\"init\"} 1\n");
	assert_has(all,
		   "kalamfs_notifications_total{notification=\"inval_entry\",result=\"ok\"} 0\n"
		   "kalamfs_notifications_total{notification=\"inval_entry\",result=\"ENOENT\"} 1\n"
		   "kalamfs_notifications_total{notification=\"inc_epoch\",result=\"ok\"} 1\n");
	assert_has(all, "kalamfs_refusals_total{kind=\"conflict\"} 1\n");
	assert_has(all, "kalamfs_refusals_total{kind=\"busy\"} 0\n");
	assert_has(all, "kalamfs_commits_total{result=\"ok\"} 1\n");
	assert_has(all,
		   "# TYPE kalamfs_commit_group_requests histogram\n"
		   "kalamfs_commit_group_requests_bucket{le=\"1\"} 0\n"
		   "kalamfs_commit_group_requests_bucket{le=\"2\"} 0\n"
		   "kalamfs_commit_group_requests_bucket{le=\"4\"} 1\n");
	assert_has(all,
		   "kalamfs_commit_group_requests_bucket{le=\"1024\"} 1\n"
		   "kalamfs_commit_group_requests_bucket{le=\"+Inf\"} 1\n"
		   "kalamfs_commit_group_requests_sum 3\n"
		   "kalamfs_commit_group_requests_count 1\n");
	assert_has(all,
		   "kalamfs_commit_duration_seconds_bucket{le=\"0.0005\"} 0\n"
		   "kalamfs_commit_duration_seconds_bucket{le=\"0.001\"} 1\n");
	assert_has(all, "kalamfs_commit_duration_seconds_sum 0.001000000\n");
	free(all);
}

/* What was never asked has no line: the text stays short. */
static void what_never_occurred_is_left_out(void **state)
{
	char *all = text();

	(void)state;
	assert_null(strstr(all, "operation=\""));
	assert_null(strstr(all, "notification=\""));
	assert_has(all, "kalamfs_commits_total{result=\"ok\"} 0\n");
	free(all);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SLOWED true
#endif
#endif
#if !defined(IS_SLOWED)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
#define IS_SLOWED true
#else
#define IS_SLOWED false
#endif
#endif

/* The best of many rounds, so that other processes do not count. */
static void counting_costs_little(void **state)
{
	uint64_t best = UINT64_MAX, unique = 0;

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		uint64_t began = metrics_now(), took;

		for (unsigned i = 0; i < 1000; i++) {
			unique += 2;
			metrics_request(metrics, FUSE_LOOKUP, unique, metrics_now());
			metrics_answer(metrics, unique, 0, metrics_now());
		}
		took = (metrics_now() - began) / 1000;
		best = took < best ? took : best;
	}
	print_message("counting an operation takes %llu ns, both looks at the clock included\n",
		      (unsigned long long)best);
	if (!IS_SLOWED)
		assert_true(best < 500);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_answer_counts_its_request),
		TEST(messages_are_no_operations),
		TEST(an_answer_to_nothing_counts_nothing),
		TEST(what_has_no_name_is_other),
		TEST(both_renames_are_rename),
		TEST(names_are_unique),
		TEST(each_bound_is_in_its_bucket),
		TEST(time_never_goes_back),
		TEST(groups_are_counted_with_their_commit),
		TEST(gauges_hold_the_last_value),
		TEST(two_thousand_requests_are_under_way),
		TEST(threads_lose_nothing),
		TEST(a_full_table_loses_nothing),
		TEST(the_text_is_exact),
		TEST(what_never_occurred_is_left_out),
		TEST(counting_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
