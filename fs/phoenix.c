/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/phoenix.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define PHOENIXES_MAX 256

struct phoenix {
	pid_t process;		/* 0 = free */
	struct target_key key;
	int64_t until;
};

struct phoenixes {
	atomic_uint count;
	pthread_mutex_t lock;	/* list */
	struct phoenix list[PHOENIXES_MAX];
};

struct phoenixes *phoenixes_new(void)
{
	struct phoenixes *p = calloc(1, sizeof(*p));

	if (p)
		pthread_mutex_init(&p->lock, NULL);
	return p;
}

void phoenixes_free(struct phoenixes *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void end(struct phoenixes *p, struct phoenix *one)
{
	one->process = 0;
	p->count--;
}

static void expire(struct phoenixes *p)
{
	int64_t now = now_ms();

	for (unsigned i = 0; i < PHOENIXES_MAX; i++)
		if (p->list[i].process && p->list[i].until <= now)
			end(p, &p->list[i]);
}

static struct phoenix *find(struct phoenixes *p, pid_t process, const struct target_key *key)
{
	for (unsigned i = 0; i < PHOENIXES_MAX; i++)
		if (p->list[i].process == process && target_key_equal(&p->list[i].key, key))
			return &p->list[i];
	return NULL;
}

/* A free place, or else that of the one which would end first. */
static struct phoenix *find_place(struct phoenixes *p)
{
	struct phoenix *first = &p->list[0];

	for (unsigned i = 0; i < PHOENIXES_MAX; i++) {
		if (!p->list[i].process)
			return &p->list[i];
		if (p->list[i].until < first->until)
			first = &p->list[i];
	}
	end(p, first);
	return first;
}

void phoenix_hide(struct phoenixes *p, pid_t process, const struct target_key *key)
{
	struct phoenix *one;

	if (!process)
		return;
	pthread_mutex_lock(&p->lock);
	expire(p);
	one = find(p, process, key);
	if (!one) {
		one = find_place(p);
		p->count++;
	}
	*one = (struct phoenix){ .process = process, .key = *key, .until = now_ms() + PHOENIX_MS };
	pthread_mutex_unlock(&p->lock);
}

void phoenix_rise(struct phoenixes *p, pid_t process, const struct target_key *key)
{
	struct phoenix *one;

	if (!phoenixes_any(p) || !process)
		return;
	pthread_mutex_lock(&p->lock);
	one = find(p, process, key);
	if (one)
		end(p, one);
	pthread_mutex_unlock(&p->lock);
}

bool phoenixes_any(struct phoenixes *p)
{
	return p->count;
}

bool phoenix_is_hidden(struct phoenixes *p, pid_t process, const struct target_key *key, bool *mine)
{
	bool hidden = false;

	*mine = false;
	pthread_mutex_lock(&p->lock);
	expire(p);
	for (unsigned i = 0; i < PHOENIXES_MAX; i++) {
		if (!p->list[i].process || !target_key_equal(&p->list[i].key, key))
			continue;
		hidden = true;
		*mine |= p->list[i].process == process;
	}
	pthread_mutex_unlock(&p->lock);
	return hidden;
}
