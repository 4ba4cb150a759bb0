/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/redirect.h"

#include "fs/scratch.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define REDIRECTS_MAX 1024
#define LIFE_MS 1000

struct redirect {
	pid_t thread;		/* 0 = free */
	struct target_key key;
	enum redirect_why why;
	int64_t until;
	uint64_t node;		/* pinned; 0 = no lookup yet */
	bool has_failed;	/* a lookup */
};

struct redirects {
	struct scratch *scratch;	/* borrowed */
	atomic_uint count;
	pthread_mutex_t lock;		/* all below */
	struct redirect list[REDIRECTS_MAX];
	unsigned high;			/* all used ones are below */
};

struct redirects *redirects_new(struct scratch *scratch)
{
	struct redirects *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->scratch = scratch;
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void redirects_free(struct redirects *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void end(struct redirects *r, struct redirect *one)
{
	one->thread = 0;
	one->node = 0;
	r->count--;
	while (r->high && !r->list[r->high - 1].thread)
		r->high--;
}

static void expire(struct redirects *r)
{
	int64_t now = now_ms();

	for (unsigned i = 0; i < r->high; i++) {
		struct redirect *one = &r->list[i];

		if (!one->thread || one->until > now)
			continue;
		if (one->node)
			scratch_unpin(r->scratch, one->node);
		end(r, one);
	}
}

static struct redirect *find(struct redirects *r, pid_t thread, const struct target_key *key)
{
	expire(r);
	for (unsigned i = 0; i < r->high; i++)
		if (r->list[i].thread == thread && target_key_equal(&r->list[i].key, key))
			return &r->list[i];
	return NULL;
}

static struct redirect *find_free(struct redirects *r)
{
	for (unsigned i = 0; i < r->high; i++)
		if (!r->list[i].thread)
			return &r->list[i];
	return r->high < REDIRECTS_MAX ? &r->list[r->high++] : NULL;
}

int redirect_begin(struct redirects *r, pid_t thread, const struct target_key *key,
		   enum redirect_why why)
{
	struct redirect *one;
	int rc = -ETXTBSY;

	if (!thread)
		return rc;
	pthread_mutex_lock(&r->lock);
	one = find(r, thread, key);
	if (one && one->why == why && !one->node && !one->has_failed) {
		end(r, one);
		goto out;
	}
	/* A call that was interrupted before it came back. */
	if (one && one->node)
		scratch_unpin(r->scratch, one->node);
	if (!one) {
		one = find_free(r);
		if (!one)
			goto out;
		r->count++;
	}
	*one = (struct redirect){ .thread = thread, .key = *key, .why = why,
				  .until = now_ms() + LIFE_MS };
	rc = 0;
out:
	pthread_mutex_unlock(&r->lock);
	return rc;
}

bool redirects_any(struct redirects *r)
{
	return r->count;
}

bool redirect_pending(struct redirects *r, pid_t thread, const struct target_key *key,
		      enum redirect_why *why, uint64_t *node)
{
	struct redirect *one;

	if (!thread)
		return false;
	pthread_mutex_lock(&r->lock);
	one = find(r, thread, key);
	if (one) {
		*why = one->why;
		*node = one->node;
	}
	pthread_mutex_unlock(&r->lock);
	return one;
}

void redirect_attach(struct redirects *r, pid_t thread, const struct target_key *key, uint64_t node)
{
	struct redirect *one;

	pthread_mutex_lock(&r->lock);
	one = find(r, thread, key);
	if (one && !one->node) {
		one->node = node;
		node = 0;
	}
	pthread_mutex_unlock(&r->lock);
	if (node)
		scratch_unpin(r->scratch, node);
}

bool redirect_end(struct redirects *r, pid_t thread, const struct target_key *key,
		  enum redirect_why why, uint64_t *node)
{
	struct redirect *one;
	bool found;

	*node = 0;
	if (!thread)
		return false;
	pthread_mutex_lock(&r->lock);
	one = find(r, thread, key);
	found = one && one->why == why;
	if (found) {
		*node = one->node;
		end(r, one);
	}
	pthread_mutex_unlock(&r->lock);
	return found;
}

void redirect_end_node(struct redirects *r, pid_t thread, uint64_t node)
{
	pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < r->high; i++) {
		struct redirect *one = &r->list[i];

		if (one->thread != thread || one->node != node)
			continue;
		scratch_unpin(r->scratch, node);
		end(r, one);
		break;
	}
	pthread_mutex_unlock(&r->lock);
}

void redirect_fail(struct redirects *r, pid_t thread)
{
	pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < r->high; i++)
		if (thread && r->list[i].thread == thread)
			r->list[i].has_failed = true;
	pthread_mutex_unlock(&r->lock);
}
