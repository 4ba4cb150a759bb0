/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/lastsave.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct lastsave {
	struct process process;
	struct target_key key;
	uint32_t version;	/* 0 = free */
	time_t at;
	uint64_t turn;
};

struct lastsaves {
	pthread_mutex_t lock;	/* all below */
	uint64_t turn;
	struct lastsave list[LASTSAVES_MAX];
};

struct lastsaves *lastsaves_new(void)
{
	struct lastsaves *l = calloc(1, sizeof(*l));

	if (l)
		pthread_mutex_init(&l->lock, NULL);
	return l;
}

void lastsaves_free(struct lastsaves *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static time_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static bool is_process(const struct process *a, const struct process *b)
{
	return a->uid == b->uid && a->pid == b->pid && a->started == b->started;
}

static struct lastsave *find(struct lastsaves *l, const struct process *process,
			     const struct target_key *key)
{
	for (unsigned i = 0; i < LASTSAVES_MAX; i++)
		if (l->list[i].version && is_process(&l->list[i].process, process) &&
		    target_key_equal(&l->list[i].key, key))
			return &l->list[i];
	return NULL;
}

uint32_t lastsave_get(struct lastsaves *l, const struct process *process,
		      const struct target_key *key)
{
	const struct lastsave *one;
	uint32_t version = 0;

	/* Without its start a process cannot be told from a later one of the same number. */
	if (!process->pid || !process->started)
		return 0;
	pthread_mutex_lock(&l->lock);
	one = find(l, process, key);
	if (one && now_seconds() - one->at < LASTSAVE_SECONDS)
		version = one->version;
	pthread_mutex_unlock(&l->lock);
	return version;
}

void lastsave_set(struct lastsaves *l, const struct process *process, const struct target_key *key,
		  uint32_t version)
{
	struct lastsave *one;

	if (!process->pid || !process->started)
		return;
	pthread_mutex_lock(&l->lock);
	one = find(l, process, key);
	for (unsigned i = 0; !one && i < LASTSAVES_MAX; i++)
		if (!l->list[i].version)
			one = &l->list[i];
	if (!one) {
		one = &l->list[0];
		for (unsigned i = 1; i < LASTSAVES_MAX; i++)
			if (l->list[i].turn < one->turn)
				one = &l->list[i];
	}
	*one = (struct lastsave){ .process = *process, .key = *key, .version = version,
				  .at = now_seconds(), .turn = ++l->turn };
	pthread_mutex_unlock(&l->lock);
}
