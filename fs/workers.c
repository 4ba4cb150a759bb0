/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define KICK_MS 20

struct workers {
	struct fuse_session *se;	/* borrowed */
	pthread_mutex_t lock;		/* below */
	pthread_cond_t changed;
	pthread_t threads[WORKERS_MAX];
	bool is_running[WORKERS_MAX];
	unsigned started, running;
	unsigned idle;			/* of these, waiting for a request */
	int rc;				/* why the connection broke; 0 = it did not */
};

struct worker {
	struct workers *workers;
	unsigned number;
};

static void *work(void *arg);

/* With the lock held; a thread that cannot be had is done without. */
static bool start_one(struct workers *workers)
{
	struct worker *worker = malloc(sizeof(*worker));
	unsigned number = workers->started;

	if (!worker)
		return false;
	*worker = (struct worker){ .workers = workers, .number = number };
	if (pthread_create(&workers->threads[number], NULL, work, worker)) {
		free(worker);
		return false;
	}
	workers->is_running[number] = true;
	workers->started++;
	workers->running++;
	workers->idle++;
	return true;
}

/* Somebody must wait for the next request while this one is answered. */
static void go_busy(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	if (!--workers->idle && workers->started < WORKERS_MAX &&
	    !fuse_session_exited(workers->se))
		(void)start_one(workers);
	pthread_mutex_unlock(&workers->lock);
}

static void go_idle(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->idle++;
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

static void *work(void *arg)
{
	struct worker worker = *(struct worker *)arg;
	struct workers *workers = worker.workers;
	struct fuse_buf request = { 0 };
	int rc = 0;

	free(arg);
	while (!fuse_session_exited(workers->se)) {
		rc = fuse_session_receive_buf(workers->se, &request);
		if (rc == -EINTR || rc == -EAGAIN)
			continue;
		if (rc <= 0)
			break;
		go_busy(workers);
		fuse_session_process_buf(workers->se, &request);
		go_idle(workers);
	}
	free(request.mem);
	fuse_session_exit(workers->se);
	leave(workers, worker.number, rc == -EINTR || rc == -EAGAIN || rc > 0 ? 0 : rc);
	return NULL;
}

struct workers *workers_start(struct fuse_session *se)
{
	struct workers *workers = calloc(1, sizeof(*workers));
	pthread_condattr_t attr;
	bool started;

	if (!workers)
		return NULL;
	workers->se = se;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&workers->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_lock(&workers->lock);
	started = start_one(workers);
	pthread_mutex_unlock(&workers->lock);
	if (!started) {
		workers_free(workers);
		return NULL;
	}
	return workers;
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
