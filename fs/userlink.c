/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/userlink.h"

#include "base/buf.h"
#include "paths/shard.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096

struct link {
	struct link *next_by_number, *next_by_name;
	uint32_t table_id, number;
	uint64_t lookups;
	uint64_t ino;
	int64_t since;
	char *text;	/* behind user_id in the same memory */
	char user_id[];
};

struct userlinks {
	pthread_mutex_t lock;	/* all below */
	uint32_t last;		/* number given last */
	struct link *by_number[BUCKETS];
	struct link *by_name[BUCKETS];
};

struct userlinks *userlinks_new(void)
{
	struct userlinks *links = calloc(1, sizeof(*links));

	if (links)
		pthread_mutex_init(&links->lock, NULL);
	return links;
}

void userlinks_free(struct userlinks *links)
{
	if (!links)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct link *link = links->by_number[i];

		while (link) {
			struct link *next = link->next_by_number;

			free(link);
			link = next;
		}
	}
	pthread_mutex_destroy(&links->lock);
	free(links);
}

static uint64_t hash_name(uint32_t table_id, const char *user_id)
{
	struct buf key = { 0 };
	uint64_t hash;

	buf_be32(&key, table_id);
	buf_bytes(&key, user_id, strlen(user_id));
	hash = key.failed ? table_id : siphash13(key.at, key.len);
	buf_free(&key);
	return hash;
}

uint64_t userlink_ino(uint32_t table_id, const char *user_id)
{
	uint64_t hash = hash_name(table_id, user_id);

	return (uint64_t)NODE_USER_LINK << 56 | (hash & UINT64_C(0xffffffffffffff));
}

static struct link *find_number(struct userlinks *links, uint32_t number)
{
	struct link *link = links->by_number[number % BUCKETS];

	while (link && link->number != number)
		link = link->next_by_number;
	return link;
}

static struct link *find_name(struct userlinks *links, uint32_t table_id, const char *user_id,
			      const char *text, size_t bucket)
{
	struct link *link = links->by_name[bucket];

	while (link && (link->table_id != table_id || strcmp(link->user_id, user_id) ||
			strcmp(link->text, text)))
		link = link->next_by_name;
	return link;
}

static struct link *new_link(struct userlinks *links, uint32_t table_id, const char *user_id,
			     const char *text, uint64_t ino)
{
	size_t user_size = strlen(user_id) + 1, text_size = strlen(text) + 1;
	struct link *link = calloc(1, sizeof(*link) + user_size + text_size);

	if (!link)
		return NULL;
	memcpy(link->user_id, user_id, user_size);
	link->text = link->user_id + user_size;
	memcpy(link->text, text, text_size);
	link->table_id = table_id;
	link->ino = ino;
	do
		link->number = ++links->last;
	while (!link->number || find_number(links, link->number));
	return link;
}

int userlink_get(struct userlinks *links, uint32_t table_id, const char *user_id, const char *text,
		 int64_t since, struct inode *out)
{
	uint64_t ino = userlink_ino(table_id, user_id);
	size_t bucket = ino % BUCKETS;
	struct link *link;

	pthread_mutex_lock(&links->lock);
	link = find_name(links, table_id, user_id, text, bucket);
	if (!link) {
		link = new_link(links, table_id, user_id, text, ino);
		if (!link) {
			pthread_mutex_unlock(&links->lock);
			return -ENOMEM;
		}
		link->next_by_name = links->by_name[bucket];
		links->by_name[bucket] = link;
		link->next_by_number = links->by_number[link->number % BUCKETS];
		links->by_number[link->number % BUCKETS] = link;
	}
	link->lookups++;
	link->since = since;
	*out = (struct inode){ .kind = NODE_USER_LINK, .object = link->number };
	pthread_mutex_unlock(&links->lock);
	return 0;
}

int userlink_text(struct userlinks *links, struct inode inode, char out[LOCATION_SIZE])
{
	struct link *link;

	pthread_mutex_lock(&links->lock);
	link = find_number(links, inode.object);
	if (link)
		memcpy(out, link->text, strlen(link->text) + 1);
	pthread_mutex_unlock(&links->lock);
	return link ? 0 : -ENOENT;
}

uint64_t userlink_node_ino(struct userlinks *links, struct inode inode)
{
	struct link *link;
	uint64_t ino;

	pthread_mutex_lock(&links->lock);
	link = find_number(links, inode.object);
	ino = link ? link->ino : 0;
	pthread_mutex_unlock(&links->lock);
	return ino;
}

int64_t userlink_since(struct userlinks *links, struct inode inode)
{
	struct link *link;
	int64_t since;

	pthread_mutex_lock(&links->lock);
	link = find_number(links, inode.object);
	since = link ? link->since : 0;
	pthread_mutex_unlock(&links->lock);
	return since;
}

static void drop_link(struct userlinks *links, struct link *link)
{
	struct link **p = &links->by_number[link->number % BUCKETS];

	while (*p != link)
		p = &(*p)->next_by_number;
	*p = link->next_by_number;
	p = &links->by_name[link->ino % BUCKETS];
	while (*p != link)
		p = &(*p)->next_by_name;
	*p = link->next_by_name;
	free(link);
}

void userlink_forget(struct userlinks *links, uint64_t id, uint64_t count)
{
	struct inode inode = inode_unpack(id);
	struct link *link;

	if (inode.kind != NODE_USER_LINK)
		return;
	pthread_mutex_lock(&links->lock);
	link = find_number(links, inode.object);
	if (link) {
		link->lookups -= count < link->lookups ? count : link->lookups;
		if (!link->lookups)
			drop_link(links, link);
	}
	pthread_mutex_unlock(&links->lock);
}
