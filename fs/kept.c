/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/kept.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BUCKETS 1024

struct text {
	TAILQ_ENTRY(text) by_age;
	struct text *next;	/* in its bucket */
	uint64_t node;
	char *at;		/* owned */
	size_t len;
};

struct kept {
	pthread_mutex_t lock;	/* all below */
	size_t room, used;
	TAILQ_HEAD(, text) texts;
	struct text *buckets[BUCKETS];
};

struct kept *kept_new(size_t room)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return NULL;
	pthread_mutex_init(&kept->lock, NULL);
	TAILQ_INIT(&kept->texts);
	kept->room = room;
	return kept;
}

static struct text **place_of(struct kept *kept, uint64_t node)
{
	/* Kind and object and content are in different bits of a node id. */
	uint64_t mixed = node * UINT64_C(0x9e3779b97f4a7c15);
	struct text **at = &kept->buckets[(mixed >> 32) % BUCKETS];

	while (*at && (*at)->node != node)
		at = &(*at)->next;
	return at;
}

static size_t cost(const struct text *text)
{
	return text->len + sizeof(*text);
}

static void drop(struct kept *kept, struct text *text)
{
	*place_of(kept, text->node) = text->next;
	TAILQ_REMOVE(&kept->texts, text, by_age);
	kept->used -= cost(text);
	free(text->at);
	free(text);
}

void kept_free(struct kept *kept)
{
	struct text *text;

	if (!kept)
		return;
	while ((text = TAILQ_FIRST(&kept->texts)))
		drop(kept, text);
	pthread_mutex_destroy(&kept->lock);
	free(kept);
}

void kept_put(struct kept *kept, uint64_t node, char *at, size_t len)
{
	struct text *text = calloc(1, sizeof(*text));
	struct text **place;

	if (!text || len > kept->room - sizeof(*text)) {
		free(text);
		free(at);
		return;
	}
	text->node = node;
	text->at = at;
	text->len = len;
	pthread_mutex_lock(&kept->lock);
	place = place_of(kept, node);
	if (*place) {
		free(at);
		free(text);
	} else {
		*place = text;
		TAILQ_INSERT_TAIL(&kept->texts, text, by_age);
		kept->used += cost(text);
		while (kept->used > kept->room)
			drop(kept, TAILQ_FIRST(&kept->texts));
	}
	pthread_mutex_unlock(&kept->lock);
}

bool kept_size(struct kept *kept, uint64_t node, size_t *len)
{
	const struct text *text;

	pthread_mutex_lock(&kept->lock);
	text = *place_of(kept, node);
	if (text)
		*len = text->len;
	pthread_mutex_unlock(&kept->lock);
	return text;
}

ssize_t kept_read(struct kept *kept, uint64_t node, char *out, size_t size, uint64_t offset)
{
	const struct text *text;
	ssize_t n = -ENOENT;

	pthread_mutex_lock(&kept->lock);
	text = *place_of(kept, node);
	if (text) {
		n = 0;
		if (offset < text->len) {
			n = (ssize_t)(size < text->len - offset ? size : text->len - offset);
			memcpy(out, text->at + offset, (size_t)n);
		}
	}
	pthread_mutex_unlock(&kept->lock);
	return n;
}
