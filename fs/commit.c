/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/commit.h"

#include "fs/log.h"
#include "fs/metrics.h"
#include "fs/mount.h"
#include "fs/notify.h"
#include "fs/workers.h"

#include <errno.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static void expire(struct commit *commit)
{
	struct mount *mount = commit->mount;
	struct author author;
	struct err err = ERR_INIT;
	bool more = true;

	caller_author(mount->callers, mount->tree.uid, getpid(), &author);
	if (catalog_expire(mount->catalog, &author, SOURCE_CTL, &more, &err))
		log_message(LOG_ERR, "Purging expired tables: %s", err.text);
	else if (more)
		commit_expire(commit);
	notify_kick(&mount->notify);
}

/* Which change a job made; 0 = none. */
static uint64_t change_of(const struct job *job)
{
	return job->request.plan ? 0 : job->request.sequence;
}

/*
 * Directory operations are answered here and not by the notifier: who waits
 * for them holds the directory's lock, for which the notifier may be waiting.
 */
static void answer_dirops(struct mount *mount, struct job_list *dirops)
{
	uint64_t first = UINT64_MAX, last = 0;
	struct job *job;

	TAILQ_FOREACH(job, dirops, link) {
		uint64_t change = change_of(job);

		first = change && change < first ? change : first;
		last = change > last ? change : last;
	}
	if (last)
		notify_show_at_once(&mount->notify, first - 1);
	while ((job = TAILQ_FIRST(dirops))) {
		TAILQ_REMOVE(dirops, job, link);
		job->ops->answer(mount, job);
	}
	if (last)
		notify_tell(&mount->notify, last);
}

static void commit_group(struct mount *mount, struct request **requests, size_t count)
{
	uint64_t began = metrics_now();
	int rc = catalog_commit(mount->catalog, requests, count);

	if (rc)
		metrics_commit(mount->tree.metrics, count, rc < 0 ? rc : 0, metrics_now() - began);
}

/* Not later than any of the jobs: the others of the group must not wait for it. */
static void run_job(struct mount *mount, struct job *job, int64_t deadline)
{
	struct err *err = &job->request.err;

	job->ops->run(mount, job, deadline);
	if (err->kind == ERR_BUSY && job->request.deadline > deadline)
		err->code = -EAGAIN;
}

static void run_all(struct mount *mount, struct job_list *jobs)
{
	struct request *requests[COMMIT_JOBS_MAX];
	int64_t deadline = INT64_MAX;
	struct job *job;
	size_t count = 0;

	TAILQ_FOREACH(job, jobs, link)
		deadline = job->request.deadline < deadline ? job->request.deadline : deadline;
	TAILQ_FOREACH(job, jobs, link) {
		if (job->ops->run)
			run_job(mount, job, deadline);
		else
			requests[count++] = &job->request;
	}
	if (count)
		commit_group(mount, requests, count);
}

/* Those that the write lock was not free for, but whose time is not over, before all others. */
static void put_back(struct commit *commit, struct job_list *jobs)
{
	struct job_list again = TAILQ_HEAD_INITIALIZER(again);
	struct job *job, *next;
	unsigned count = 0;

	for (job = TAILQ_FIRST(jobs); job; job = next) {
		next = TAILQ_NEXT(job, link);
		if (job->request.err.code != -EAGAIN)
			continue;
		err_clear(&job->request.err);
		TAILQ_REMOVE(jobs, job, link);
		TAILQ_INSERT_TAIL(&again, job, link);
		count++;
	}
	if (!count)
		return;
	pthread_mutex_lock(&commit->lock);
	TAILQ_CONCAT(&again, &commit->queue, link);
	TAILQ_CONCAT(&commit->queue, &again, link);
	commit->queued += count;
	pthread_mutex_unlock(&commit->lock);
}

/* What is left in jobs is to be answered by the notifier. */
static void decide(struct mount *mount, struct job_list *jobs, struct job_list *dirops)
{
	struct job *job, *next;

	run_all(mount, jobs);
	put_back(&mount->commit, jobs);
	for (job = TAILQ_FIRST(jobs); job; job = next) {
		next = TAILQ_NEXT(job, link);
		job->ops->settle(mount, job);
		if (!job->ops->is_dirop)
			continue;
		TAILQ_REMOVE(jobs, job, link);
		TAILQ_INSERT_TAIL(dirops, job, link);
	}
}

static void carry_out(struct mount *mount, struct job_list *jobs)
{
	struct job_list dirops = TAILQ_HEAD_INITIALIZER(dirops);

	decide(mount, jobs, &dirops);
	if (!TAILQ_EMPTY(jobs))
		notify_push(&mount->notify, jobs);
	answer_dirops(mount, &dirops);
}

/* With the lock held. */
static void show_depth(const struct commit *commit)
{
	metrics_set(commit->mount->tree.metrics, GAUGE_QUEUED, commit->queued);
	metrics_set(commit->mount->tree.metrics, GAUGE_UNDER_WAY, commit->count);
}

static void *run(void *arg)
{
	struct commit *commit = arg;

	pthread_mutex_lock(&commit->lock);
	for (;;) {
		struct job_list jobs = TAILQ_HEAD_INITIALIZER(jobs);
		bool wants_expiry;

		while (commit->is_led || (TAILQ_EMPTY(&commit->queue) && !commit->wants_expiry &&
					  !commit->is_stopping))
			pthread_cond_wait(&commit->wake, &commit->lock);
		if (TAILQ_EMPTY(&commit->queue) && commit->is_stopping)
			break;
		TAILQ_CONCAT(&jobs, &commit->queue, link);
		commit->queued = 0;
		show_depth(commit);
		wants_expiry = commit->wants_expiry;
		commit->wants_expiry = false;
		commit->is_at_work = true;
		pthread_mutex_unlock(&commit->lock);
		if (!TAILQ_EMPTY(&jobs))
			carry_out(commit->mount, &jobs);
		if (wants_expiry)
			expire(commit);
		pthread_mutex_lock(&commit->lock);
		commit->is_at_work = false;
	}
	pthread_mutex_unlock(&commit->lock);
	return NULL;
}

/*
 * As committer, and then as notifier.  The next change must not wait for the
 * kernel to forget this one; but he is notifier before he lets go, so that
 * who stops both finds either or none.
 */
static void lead(struct commit *commit, struct job *job)
{
	struct job_list jobs = TAILQ_HEAD_INITIALIZER(jobs), none = TAILQ_HEAD_INITIALIZER(none);
	struct notify *notify = &commit->mount->notify;
	bool answers;

	TAILQ_INSERT_TAIL(&jobs, job, link);
	decide(commit->mount, &jobs, &none);
	answers = notify_lead(notify);
	if (!answers)
		notify_push(notify, &jobs);
	pthread_mutex_lock(&commit->lock);
	commit->is_led = false;
	if (!TAILQ_EMPTY(&commit->queue) || commit->wants_expiry || commit->is_stopping)
		pthread_cond_signal(&commit->wake);
	pthread_mutex_unlock(&commit->lock);
	if (answers)
		notify_answer(notify, &jobs);
}

int commit_start(struct commit *commit, struct mount *mount)
{
	pthread_condattr_t attr;
	int rc;

	commit->mount = mount;
	pthread_mutex_init(&commit->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&commit->wake, &attr);
	pthread_cond_init(&commit->idle, &attr);
	pthread_condattr_destroy(&attr);
	TAILQ_INIT(&commit->queue);
	TAILQ_INIT(&commit->all);
	rc = pthread_create(&commit->thread, NULL, run, commit);
	commit->is_running = !rc;
	return -rc;
}

static unsigned count_of_user(const struct commit *commit, uint32_t uid)
{
	const struct job *job;
	unsigned count = 0;

	TAILQ_FOREACH(job, &commit->all, all)
		count += job->request.author.uid == uid;
	return count;
}

static int check_room(const struct commit *commit, uint32_t uid, struct err *err)
{
	if (commit->is_closed)
		return err_set(err, -EROFS, "The catalog is being unmounted");
	if (commit->count < COMMIT_JOBS_PER_USER)	/* of all users together */
		return 0;
	if (commit->count < COMMIT_JOBS_MAX && count_of_user(commit, uid) < COMMIT_JOBS_PER_USER)
		return 0;
	err_set(err, -EBUSY, "Too many changes are under way (max %d, %d of one user): try again",
		COMMIT_JOBS_MAX, COMMIT_JOBS_PER_USER);
	return err_kind_set(err, ERR_BUSY);
}

/* With the lock held: nothing else is under way, not even an answer. */
static bool is_alone(const struct commit *commit)
{
	return commit->count == 1 && !commit->is_led && !commit->is_at_work &&
	       !commit->wants_expiry && !commit->is_stopping;
}

int commit_push(struct commit *commit, struct job *job, struct err *err)
{
	bool may_lead = job->ops->is_led && workers_have_spare(commit->mount->workers);
	bool leads = false;
	int rc;

	job->request.deadline = catalog_deadline(commit->mount->catalog);
	pthread_mutex_lock(&commit->lock);
	rc = check_room(commit, job->request.author.uid, err);
	if (!rc) {
		TAILQ_INSERT_TAIL(&commit->all, job, all);
		commit->count++;
		leads = may_lead && is_alone(commit);
		commit->is_led |= leads;
	}
	if (!rc && !leads) {
		TAILQ_INSERT_TAIL(&commit->queue, job, link);
		commit->queued++;
	}
	show_depth(commit);
	pthread_mutex_unlock(&commit->lock);
	if (leads)
		lead(commit, job);
	else if (!rc)	/* who is woken takes the lock at once */
		pthread_cond_signal(&commit->wake);
	return rc;
}

void commit_done(struct commit *commit, struct job *job)
{
	pthread_mutex_lock(&commit->lock);
	TAILQ_REMOVE(&commit->all, job, all);
	if (!--commit->count)
		pthread_cond_signal(&commit->idle);
	show_depth(commit);
	pthread_mutex_unlock(&commit->lock);
}

void commit_expire(struct commit *commit)
{
	pthread_mutex_lock(&commit->lock);
	commit->wants_expiry = true;
	pthread_cond_signal(&commit->wake);
	pthread_mutex_unlock(&commit->lock);
}

bool commit_close(struct commit *commit, unsigned timeout_ms)
{
	struct timespec deadline;
	bool is_idle;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += timeout_ms / 1000;
	deadline.tv_nsec += timeout_ms % 1000 * 1000000L;
	if (deadline.tv_nsec >= 1000000000L) {
		deadline.tv_sec++;
		deadline.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&commit->lock);
	commit->is_closed = true;
	while (commit->count &&
	       !pthread_cond_timedwait(&commit->idle, &commit->lock, &deadline))
		continue;
	is_idle = !commit->count;
	pthread_mutex_unlock(&commit->lock);
	return is_idle;
}

void commit_stop(struct commit *commit)
{
	if (!commit->is_running)
		return;
	pthread_mutex_lock(&commit->lock);
	commit->is_closed = true;
	commit->is_stopping = true;
	pthread_cond_signal(&commit->wake);
	pthread_mutex_unlock(&commit->lock);
	pthread_join(commit->thread, NULL);
	commit->is_running = false;
}
