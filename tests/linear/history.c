/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/linear/history.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The beginning of an operation, or its end: all of them by time. */
struct event {
	struct event *previous, *next;
	struct event *end;	/* of a beginning; NULL = this is an end */
	const struct op *op;
	int64_t at;
	uint64_t mark[2];	/* random: the xor of those done stands for their set */
};

/* What was tried in vain: which are done, and the value then. */
struct tried {
	uint64_t done[2];
	int64_t value;
	bool is_used;
};

struct step {
	struct event *event;
	int64_t before;
};

struct search {
	struct event *events;	/* 2 * count, and the head behind them */
	struct event *head;
	struct tried *tried;
	size_t tried_count, tried_size;
	struct step *steps;
	size_t depth;
	uint64_t done[2];
	int64_t value;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static uint64_t scatter(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static int by_began(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	return (x->began > y->began) - (x->began < y->began);
}

/* At the same moment beginnings come first: what touches may be concurrent. */
static int by_time(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *)a, *y = *(struct event *const *)b;

	if (x->at != y->at)
		return x->at > y->at ? 1 : -1;
	return (x->end == NULL) - (y->end == NULL);
}

static void link_events(struct search *s, size_t count)
{
	struct event **order = must(calloc(count, sizeof(struct event *)));

	for (size_t i = 0; i < count; i++)
		order[i] = &s->events[i];
	qsort(order, count, sizeof(struct event *), by_time);
	s->head->previous = s->head->next = s->head;
	for (size_t i = 0; i < count; i++) {
		order[i]->previous = s->head->previous;
		order[i]->next = s->head;
		s->head->previous->next = order[i];
		s->head->previous = order[i];
	}
	free(order);
}

static void search_init(struct search *s, const struct op *ops, size_t count, int64_t initial)
{
	uint64_t seed = 1;

	*s = (struct search){ .value = initial, .tried_size = 1024 };
	s->events = must(calloc(2 * count + 1, sizeof(*s->events)));
	s->head = &s->events[2 * count];
	s->steps = must(calloc(count + 1, sizeof(*s->steps)));
	s->tried = must(calloc(s->tried_size, sizeof(*s->tried)));
	for (size_t i = 0; i < count; i++) {
		struct event *begin = &s->events[2 * i], *end = begin + 1;

		*begin = (struct event){ .end = end, .op = &ops[i], .at = ops[i].began };
		*end = (struct event){ .op = &ops[i], .at = ops[i].ended };
		begin->mark[0] = scatter(&seed);
		begin->mark[1] = scatter(&seed);
	}
	link_events(s, 2 * count);
}

static void search_fini(struct search *s)
{
	free(s->events);
	free(s->steps);
	free(s->tried);
}

static struct tried *slot_of(struct search *s, const struct tried *key)
{
	size_t at = (size_t)(key->done[0] ^ (uint64_t)key->value * 31) & (s->tried_size - 1);

	while (s->tried[at].is_used &&
	       (s->tried[at].done[0] != key->done[0] || s->tried[at].done[1] != key->done[1] ||
		s->tried[at].value != key->value))
		at = (at + 1) & (s->tried_size - 1);
	return &s->tried[at];
}

static void grow(struct search *s)
{
	struct tried *old = s->tried;
	size_t size = s->tried_size;

	s->tried_size *= 2;
	s->tried = must(calloc(s->tried_size, sizeof(*s->tried)));
	for (size_t i = 0; i < size; i++)
		if (old[i].is_used)
			*slot_of(s, &old[i]) = old[i];
	free(old);
}

/* Whether this set with this value is new. */
static bool remember(struct search *s, const struct event *next, int64_t value)
{
	struct tried key = {
		.done = { s->done[0] ^ next->mark[0], s->done[1] ^ next->mark[1] },
		.value = value,
		.is_used = true,
	};
	struct tried *slot = slot_of(s, &key);

	if (slot->is_used)
		return false;
	*slot = key;
	if (++s->tried_count * 2 > s->tried_size)
		grow(s);
	return true;
}

static void cut_out(struct event *event)
{
	event->previous->next = event->next;
	event->next->previous = event->previous;
}

static void put_back(struct event *event)
{
	event->previous->next = event;
	event->next->previous = event;
}

static void mark(struct search *s, const struct event *event)
{
	s->done[0] ^= event->mark[0];
	s->done[1] ^= event->mark[1];
}

/* Whether an operation can be the next one. */
static bool try(struct search *s, struct event *event)
{
	const struct op *op = event->op;
	int64_t value = op->leaves == KEEP ? s->value : op->leaves;

	if ((op->finds != ANY && op->finds != s->value) || !remember(s, event, value))
		return false;
	s->steps[s->depth++] = (struct step){ event, s->value };
	s->value = value;
	mark(s, event);
	cut_out(event);
	cut_out(event->end);
	return true;
}

/* Undo the last one; what could come instead of it. */
static struct event *back(struct search *s)
{
	struct step *step = &s->steps[--s->depth];

	put_back(step->event->end);
	put_back(step->event);
	mark(s, step->event);
	s->value = step->before;
	return step->event->next;
}

int history_check(struct op *ops, size_t count, int64_t initial, const struct op **stuck)
{
	struct search s;
	struct event *event;
	int64_t deepest = INT64_MIN;
	int rc = 0;

	qsort(ops, count, sizeof(*ops), by_began);
	search_init(&s, ops, count, initial);
	event = s.head->next;
	while (!rc && s.head->next != s.head) {
		if (event->end) {
			event = try(&s, event) ? s.head->next : event->next;
			continue;
		}
		/* Somebody has ended whom nothing explains yet. */
		if (event->at > deepest) {
			deepest = event->at;
			*stuck = event->op;
		}
		if (s.depth)
			event = back(&s);
		else
			rc = 1;
	}
	search_fini(&s);
	return rc;
}

/* ----- histories whose answers are known ----- */

#define WRITE(from, to, value) { from, to, ANY, value, NULL }
#define READ(from, to, value) { from, to, value, KEEP, NULL }
#define MAKE(from, to) { from, to, 0, 1, NULL }
#define DROP(from, to) { from, to, 1, 0, NULL }

static const struct sample {
	const char *what;
	bool is_linearizable;
	struct op ops[8];
} samples[] = {
	{ "one after the other", true,
	  { WRITE(1, 2, 7), READ(3, 4, 7), WRITE(5, 6, 8), READ(7, 8, 8) } },
	{ "old and new while it is written", true,
	  { WRITE(1, 9, 7), READ(2, 3, 0), READ(4, 5, 7), READ(6, 7, 7) } },
	{ "writers at once, in either order", true,
	  { WRITE(1, 9, 7), WRITE(2, 8, 8), READ(10, 11, 7), READ(12, 13, 7) } },
	{ "readers at once, in either order", true,
	  { WRITE(1, 9, 7), READ(2, 8, 7), READ(3, 7, 0) } },
	{ "made, dropped, made", true,
	  { MAKE(1, 2), DROP(3, 6), MAKE(4, 8), READ(9, 10, 1) } },
	{ "a stale read", false, { WRITE(1, 2, 7), READ(3, 4, 0) } },
	{ "an older one, after others were acknowledged", false,
	  { WRITE(1, 2, 7), WRITE(3, 4, 8), READ(5, 6, 7) } },
	{ "the new one, then the old one", false,
	  { WRITE(1, 9, 7), READ(2, 3, 7), READ(4, 5, 0) } },
	{ "two readers who disagree about the order", false,
	  { WRITE(1, 9, 7), WRITE(1, 9, 8), READ(10, 11, 7), READ(12, 13, 8) } },
	{ "what nobody has written", false, { WRITE(1, 2, 7), READ(3, 4, 9) } },
	{ "what is only written later", false, { READ(1, 2, 7), WRITE(3, 4, 7) } },
	{ "made twice", false, { MAKE(1, 4), MAKE(2, 5) } },
	{ "dropped before it is made", false, { DROP(1, 2), MAKE(3, 4) } },
	{ "a lost write", false,
	  { WRITE(1, 2, 7), READ(3, 4, 7), WRITE(5, 6, 8), READ(7, 8, 8), READ(9, 10, 7) } },
};

unsigned history_self_test(void)
{
	size_t count = sizeof(samples) / sizeof(samples[0]);
	unsigned wrong = 0;

	for (size_t i = 0; i < count; i++) {
		const struct op *stuck;
		struct op ops[8];
		size_t n = 0;

		memcpy(ops, samples[i].ops, sizeof(ops));
		while (n < 8 && ops[n].ended)
			n++;
		if (history_check(ops, n, 0, &stuck) == !samples[i].is_linearizable)
			continue;
		wrong++;
		printf("self-test: %s: answered wrongly\n", samples[i].what);
	}
	printf("self-test: %zu histories, %u answered wrongly\n", count, wrong);
	return wrong;
}
