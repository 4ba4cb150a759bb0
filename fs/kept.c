/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/kept.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024
#define ALIGNMENT 16

struct text {
	struct text *next;	/* in its bucket */
	uint64_t node;
	size_t len, span;	/* bytes; what it takes of the ring */
	char at[];
};

/*
 * Texts go in the order in which they came, so that a ring holds them: among all that the
 * allocator has to do for requests they would leave it full of holes.
 */
struct kept {
	pthread_mutex_t lock;	/* all below */
	char *ring;		/* owned */
	size_t room;		/* of the ring */
	size_t oldest, head;	/* where the oldest text is; where the next one goes */
	size_t end;		/* of the texts behind head, where is_round */
	bool is_round;		/* the latest ones are in front of the oldest */
	size_t count;
	struct text *buckets[BUCKETS];
};

struct kept *kept_new(size_t room)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return NULL;
	kept->room = room / ALIGNMENT * ALIGNMENT;
	kept->ring = malloc(room);
	if (!kept->ring) {
		free(kept);
		return NULL;
	}
	pthread_mutex_init(&kept->lock, NULL);
	return kept;
}

void kept_free(struct kept *kept)
{
	if (!kept)
		return;
	pthread_mutex_destroy(&kept->lock);
	free(kept->ring);
	free(kept);
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

static struct text *text_at(struct kept *kept, size_t offset)
{
	return (struct text *)(void *)(kept->ring + offset);
}

static void drop_oldest(struct kept *kept)
{
	const struct text *text = text_at(kept, kept->oldest);

	*place_of(kept, text->node) = text->next;
	kept->oldest += text->span;
	if (--kept->count == 0) {
		kept->oldest = kept->head = 0;
		kept->is_round = false;
	} else if (kept->is_round && kept->oldest == kept->end) {
		kept->oldest = 0;
		kept->is_round = false;
	}
}

/* Room for span bytes, which are no more than the ring has. */
static struct text *make_room(struct kept *kept, size_t span)
{
	struct text *text;

	while (span > (kept->is_round ? kept->oldest : kept->room) - kept->head) {
		if (kept->is_round) {
			drop_oldest(kept);
		} else {
			kept->end = kept->head;
			kept->head = 0;
			kept->is_round = true;
		}
	}
	text = text_at(kept, kept->head);
	kept->head += span;
	kept->count++;
	return text;
}

void kept_put(struct kept *kept, uint64_t node, char *at, size_t len)
{
	size_t span = (sizeof(struct text) + len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct text *text;

	pthread_mutex_lock(&kept->lock);
	if (span <= kept->room && !*place_of(kept, node)) {
		text = make_room(kept, span);
		*text = (struct text){ .node = node, .len = len, .span = span };
		memcpy(text->at, at, len);
		*place_of(kept, node) = text;
	}
	pthread_mutex_unlock(&kept->lock);
	free(at);
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
