/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/workers.h"

#include "fs/busy_poll.h"
#include "fs/metrics.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define KICK_MS 20
#define NO_MEMORY_MS 100

struct workers {
	struct fuse_session *se;	/* borrowed */
	const struct metrics *metrics;	/* borrowed */
	unsigned cpus;			/* that this process may run on */
	pthread_mutex_t lock;		/* below */
	pthread_cond_t changed;
	pthread_t threads[WORKERS_MAX];
	bool is_running[WORKERS_MAX];
	unsigned started, running;
	unsigned idle;			/* of these, waiting for a request */
	struct busy_poll poll;
	bool is_polled;			/* one of the idle ones looks for it and does not sleep */
	uint64_t answered_at;		/* to learn from; 0 = what comes next says nothing */
	int rc;				/* why the connection broke; 0 = it did not */
};

struct worker {
	struct workers *workers;
	unsigned number;
};

static void *work(void *arg);

/* With the lock held. */
static int start_one(struct workers *workers)
{
	struct worker *worker = malloc(sizeof(*worker));
	unsigned number = workers->started;
	int rc;

	if (!worker)
		return -ENOMEM;
	*worker = (struct worker){ .workers = workers, .number = number };
	rc = pthread_create(&workers->threads[number], NULL, work, worker);
	if (rc) {
		free(worker);
		return -rc;
	}
	workers->is_running[number] = true;
	workers->started++;
	workers->running++;
	workers->idle++;
	return 0;
}

/* Somebody must wait for the next request while this one is answered. */
static void go_busy(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	if (workers->answered_at)
		busy_poll_learn(&workers->poll, metrics_now() - workers->answered_at);
	workers->answered_at = 0;
	if (!--workers->idle && workers->started < WORKERS_MAX &&
	    !fuse_session_exited(workers->se))
		(void)start_one(workers);	/* a thread that cannot be had is done without */
	pthread_mutex_unlock(&workers->lock);
}

/* The CPUs belong to clients, the one just answered too, and to who works for them. */
static bool has_free_cpu(const struct workers *workers)
{
	return metrics_in_flight(workers->metrics) + 2 <= workers->cpus;
}

/* Until when to look for the next request; 0 = it is better to sleep. */
static uint64_t go_idle(struct workers *workers)
{
	uint64_t until = 0;

	pthread_mutex_lock(&workers->lock);
	workers->idle++;
	if (!workers->is_polled && has_free_cpu(workers)) {
		workers->answered_at = metrics_now();
		workers->is_polled = workers->poll.polls;
		if (workers->is_polled)
			until = workers->answered_at + BUSY_POLL_NS;
	}
	pthread_mutex_unlock(&workers->lock);
	return until;
}

/* Another worker may take what was seen, as the kernel wakes one: then this one sleeps. */
static void look(struct workers *workers, uint64_t until)
{
	struct pollfd fd = { .fd = fuse_session_fd(workers->se), .events = POLLIN };

	while (!poll(&fd, 1, 0) && has_free_cpu(workers) && metrics_now() < until)
		continue;
	pthread_mutex_lock(&workers->lock);
	workers->is_polled = false;
	pthread_mutex_unlock(&workers->lock);
}

static void leave(struct workers *workers, unsigned number, int rc)
{
	pthread_mutex_lock(&workers->lock);
	workers->is_running[number] = false;
	workers->running--;
	workers->idle--;
	if (rc && !workers->rc)
		workers->rc = rc;
	pthread_cond_signal(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
}

/* Nothing was read, and the connection is as it was. */
static bool is_passing(int rc)
{
	return rc == -EINTR || rc == -EAGAIN || rc == -ENOMEM;
}

static void *work(void *arg)
{
	struct worker worker = *(struct worker *)arg;
	struct workers *workers = worker.workers;
	struct fuse_buf request = { 0 };
	uint64_t until = 0;
	int rc = 0;

	free(arg);
	while (!fuse_session_exited(workers->se)) {
		if (until)
			look(workers, until);
		until = 0;
		rc = fuse_session_receive_buf(workers->se, &request);
		if (rc == -ENOMEM)
			nanosleep(&(struct timespec){ .tv_nsec = NO_MEMORY_MS * 1000000L }, NULL);
		if (is_passing(rc))
			continue;
		if (rc <= 0)
			break;
		go_busy(workers);
		fuse_session_process_buf(workers->se, &request);
		until = go_idle(workers);
	}
	free(request.mem);
	fuse_session_exit(workers->se);
	leave(workers, worker.number, is_passing(rc) || rc > 0 ? 0 : rc);
	return NULL;
}

static unsigned count_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned)CPU_COUNT(&cpus);
}

struct workers *workers_new(struct fuse_session *se, const struct metrics *metrics)
{
	struct workers *workers = calloc(1, sizeof(*workers));
	pthread_condattr_t attr;

	if (!workers)
		return NULL;
	workers->se = se;
	workers->metrics = metrics;
	workers->cpus = count_cpus();
	pthread_mutex_init(&workers->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&workers->changed, &attr);
	pthread_condattr_destroy(&attr);
	return workers;
}

int workers_start(struct workers *workers)
{
	int rc;

	pthread_mutex_lock(&workers->lock);
	rc = start_one(workers);
	pthread_mutex_unlock(&workers->lock);
	return rc;
}

bool workers_have_spare(struct workers *workers)
{
	bool have;

	pthread_mutex_lock(&workers->lock);
	have = workers->idle;
	pthread_mutex_unlock(&workers->lock);
	return have;
}

static void wait_ms(struct workers *workers, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&workers->changed, &workers->lock, &until);
}

/* A signal that does nothing gets a thread out of its waiting for a request. */
static void kick(struct workers *workers)
{
	for (unsigned i = 0; i < workers->started; i++) {
		if (workers->is_running[i])
			pthread_kill(workers->threads[i], SIGUSR2);
	}
}

int workers_wait(struct workers *workers, int grace_ms, bool *stuck)
{
	int left = grace_ms;

	pthread_mutex_lock(&workers->lock);
	while (!fuse_session_exited(workers->se) && workers->running)
		pthread_cond_wait(&workers->changed, &workers->lock);
	/* After an unmount all notice by themselves, otherwise they are told. */
	while (workers->running && left > 0) {
		kick(workers);
		wait_ms(workers, KICK_MS);
		left -= KICK_MS;
	}
	*stuck = workers->running;
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->started && !*stuck; i++)
		pthread_join(workers->threads[i], NULL);
	return workers->rc;
}

void workers_end(struct workers *workers)
{
	fuse_session_exit(workers->se);
	pthread_mutex_lock(&workers->lock);
	pthread_cond_signal(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
}

void workers_free(struct workers *workers)
{
	if (!workers)
		return;
	pthread_cond_destroy(&workers->changed);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}
