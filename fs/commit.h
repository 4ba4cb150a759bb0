/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commit - the queue of changes, and who commits them.
 *
 * A worker hands a change over with its FUSE request and goes back to the
 * pool.  While one group is synced to disk the next one gathers.  The
 * committer hands what it has decided to the notifier, which answers, and
 * never waits for it.
 *
 * Of a change that comes alone the worker itself is the committer, and the
 * notifier, too, if that has nothing to do: waking a thread takes as long as
 * half a commit.  There is one committer at a time.
 */
#ifndef KALAM_FS_COMMIT_H
#define KALAM_FS_COMMIT_H

#include "base/err.h"
#include "catalog/catalog.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

#define COMMIT_JOBS_MAX 1024		/* changes under way, answers included */
#define COMMIT_JOBS_PER_USER 256

struct fuse_req;
struct handle;
struct job;
struct mount;

/* What becomes of a job after the worker has queued it. */
struct job_ops {
	/*
	 * Committer: does the work itself, waiting for the write lock until deadline at most;
	 * NULL: the request goes to catalog_commit.  The verdict is the request's err.
	 */
	void (*run)(struct mount *mount, struct job *job, int64_t deadline);
	/* Committer: the verdict is known. */
	void (*settle)(struct mount *mount, struct job *job);
	/*
	 * Takes the job.  Notifier, when everybody sees the change; but of a
	 * directory operation the committer, as soon as nobody sees the old
	 * state any more who does not hold the same directory.
	 */
	void (*answer)(struct mount *mount, struct job *job);
	bool is_dirop;
	/* Whoever pushes it holds no lock and no transaction: he may do all of it at once. */
	bool is_led;
};

/* One change under way; owned by whoever has it in hand. */
struct job {
	const struct job_ops *ops;
	TAILQ_ENTRY(job) link;		/* in the queue of the committer, then of the notifier */
	TAILQ_ENTRY(job) all;
	struct fuse_req *req;		/* answered once */
	struct handle *handle;		/* stays open until the answer */
	size_t size;			/* what a write is answered with */
	bool is_flush;
	int code;			/* the verdict: 0 or -errno */
	struct request request;		/* last: it is long, and made by request_init */
};
TAILQ_HEAD(job_list, job);

struct commit {
	struct mount *mount;
	pthread_t thread;
	bool is_running;
	pthread_mutex_t lock;		/* all below */
	pthread_cond_t wake, idle;
	struct job_list queue, all;
	unsigned queued, count;		/* of queue and of all */
	bool is_at_work;		/* the thread commits: no worker must */
	bool is_led;			/* a worker commits: the thread must not */
	bool is_closed;			/* no new changes */
	bool is_stopping;
	bool wants_expiry;
};

/* 0 or -errno. */
int commit_start(struct commit *commit, struct mount *mount) MUST_CHECK;

/*
 * Queue a job, or carry it out; takes it.  -EBUSY (kind ERR_BUSY) when too much is under way,
 * -EROFS after commit_close: then the job stays the caller's.
 */
int commit_push(struct commit *commit, struct job *job, struct err *err) MUST_CHECK;

/* The job has been answered, or is as its last step: makes room.  The caller frees it. */
void commit_done(struct commit *commit, struct job *job);

/* Purge what has expired, soon. */
void commit_expire(struct commit *commit);

/* Take no more changes and wait until all are answered, at most so long; whether they are. */
bool commit_close(struct commit *commit, unsigned timeout_ms);

/* End the thread; what is queued is decided first. */
void commit_stop(struct commit *commit);

#endif
