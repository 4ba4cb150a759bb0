/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/scratch_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ID_SHIFT 56
#define ID_KIND UINT64_C(0x7f)	/* above every kind of fs/inode.h */

bool scratch_is_id(uint64_t id)
{
	return id >> ID_SHIFT == ID_KIND;
}

static void real_clock(struct timespec *out)
{
	clock_gettime(CLOCK_REALTIME, out);
}

struct scratch *scratch_new(const struct scratch_options *options)
{
	struct scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = *options;
	if (!s->options.bytes_max)
		s->options.bytes_max = SCRATCH_BYTES_MAX;
	if (!s->options.nodes_max)
		s->options.nodes_max = SCRATCH_NODES_MAX;
	if (!s->options.now)
		s->options.now = real_clock;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void free_node(struct scratch *s, struct scratch_node *node)
{
	LIST_REMOVE(node, by_id);
	if (node->is_private)
		s->private_bytes -= node->len;
	else
		s->bytes -= node->len;
	if (node->free_owner)
		node->free_owner(node->owner);
	free(node->name);
	free(node->data);
	free(node);
}

void scratch_free(struct scratch *s)
{
	struct scratch_node *node;

	if (!s)
		return;
	for (size_t i = 0; i < SCRATCH_BUCKETS; i++)
		while ((node = LIST_FIRST(&s->ids[i])))
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): free_node takes it out of the list */
			free_node(s, node);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static struct scratch_bucket *id_bucket(struct scratch *s, uint64_t id)
{
	return &s->ids[(id * UINT64_C(0x9e3779b97f4a7c15)) >> 50];
}
_Static_assert(SCRATCH_BUCKETS == 1u << (64 - 50), "the hash gives the number of a bucket");

static struct scratch_bucket *name_bucket(struct scratch *s, uint64_t dir, const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ dir;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return &s->names[(hash * UINT64_C(0x9e3779b97f4a7c15)) >> 50];
}

struct scratch_node *scratch_get(struct scratch *s, uint64_t id)
{
	struct scratch_node *node;

	LIST_FOREACH(node, id_bucket(s, id), by_id)
		if (node->id == id)
			return node;
	return NULL;
}

struct scratch_node *scratch_named(struct scratch *s, const struct scratch_node *dir, const char *name)
{
	struct scratch_node *node;

	if (!dir)
		return NULL;
	LIST_FOREACH(node, name_bucket(s, dir->id, name), by_name)
		if (node->parent == dir && !strcmp(node->name, name))
			return node;
	return NULL;
}

void scratch_touch(struct scratch *s, struct scratch_node *node, bool content)
{
	struct timespec now;

	s->options.now(&now);
	node->used = now.tv_sec;
	node->ctime = now;
	if (content)
		node->mtime = now;
}

static struct scratch_node *new_node(struct scratch *s, uint64_t id, mode_t mode)
{
	struct scratch_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->id = id;
	node->mode = mode;
	TAILQ_INIT(&node->names);
	scratch_touch(s, node, true);
	node->atime = node->mtime;
	LIST_INSERT_HEAD(id_bucket(s, id), node, by_id);
	return node;
}

/* The node of a directory that names may be put in. */
static int get_dir(struct scratch *s, uint64_t id, struct scratch_node **out)
{
	struct scratch_node *dir = scratch_get(s, id);

	if (!dir && scratch_is_id(id))
		return -ENOENT;
	if (!dir) {
		dir = new_node(s, id, S_IFDIR);
		if (!dir)
			return -ENOMEM;
		dir->is_anchor = true;
	}
	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	if (!dir->is_anchor && !dir->parent)
		return -ENOENT;
	*out = dir;
	return 0;
}

void scratch_measure(struct scratch *s, struct scratch_usage *out)
{
	*out = (struct scratch_usage){ .bytes_max = s->options.bytes_max,
				       .private_bytes_max = SCRATCH_PRIVATE_BYTES_MAX,
				       .nodes_max = s->options.nodes_max };
	pthread_mutex_lock(&s->lock);
	out->bytes = s->bytes;
	out->private_bytes = s->private_bytes;
	out->nodes = s->count;
	pthread_mutex_unlock(&s->lock);
}

void scratch_settle(struct scratch *s, struct scratch_node *node)
{
	if (!node->is_anchor && !node->parent && !node->lookups && !node->pins)
		free_node(s, node);
}

/* Behind all others.  Whoever is half through a listing when numbers run out may miss some. */
static uint32_t next_place(struct scratch_node *dir)
{
	struct scratch_node *last = TAILQ_LAST(&dir->names, scratch_names), *child;
	uint32_t place = 0;

	if (last && last->place < UINT32_MAX - 1)
		return last->place + 1;
	TAILQ_FOREACH(child, &dir->names, in_dir)
		child->place = ++place;
	return place + 1;
}

static int link_node(struct scratch *s, struct scratch_node *node, struct scratch_node *dir,
		     const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	node->name = copy;
	node->parent = dir;
	node->place = next_place(dir);
	dir->changes++;
	s->count++;
	TAILQ_INSERT_TAIL(&dir->names, node, in_dir);
	LIST_INSERT_HEAD(name_bucket(s, dir->id, name), node, by_name);
	scratch_touch(s, dir, true);
	return 0;
}

void scratch_unlink_node(struct scratch *s, struct scratch_node *node)
{
	struct scratch_node *dir = node->parent;

	s->count--;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): who is in names has a parent */
	TAILQ_REMOVE(&dir->names, node, in_dir);
	dir->changes++;
	LIST_REMOVE(node, by_name);
	free(node->name);
	node->name = NULL;
	node->parent = NULL;
	scratch_touch(s, dir, true);
	scratch_touch(s, node, false);
	scratch_settle(s, node);
}

static int fill(struct scratch *s, struct scratch_node *node, const struct scratch_spec *spec,
		struct scratch_evicted *evicted)
{
	int rc;

	node->uid = spec->uid;
	node->gid = spec->gid;
	node->ino = spec->ino ? spec->ino : node->id;
	node->is_private = spec->is_private;
	node->is_fixed = spec->is_fixed;
	rc = scratch_resize(s, node, spec->len, evicted);
	if (rc)
		return rc;
	if (spec->len)
		memcpy(node->data, spec->text, spec->len);
	return 0;
}

static int make(struct scratch *s, uint64_t parent, const char *name,
		const struct scratch_spec *spec, uint64_t *id, struct scratch_evicted *evicted)
{
	struct scratch_node *dir = NULL, *node;
	int rc = parent ? get_dir(s, parent, &dir) : 0;

	if (!rc && dir && dir->is_fixed && !spec->is_fixed)
		rc = -EPERM;
	if (!rc && scratch_named(s, dir, name))
		rc = -EEXIST;
	if (!rc && !spec->is_private)
		rc = scratch_room(s, spec->len, 1, evicted);
	if (rc)
		return rc;
	node = new_node(s, ID_KIND << ID_SHIFT | ++s->last_id, spec->mode);
	if (!node)
		return -ENOMEM;
	rc = fill(s, node, spec, evicted);
	if (!rc && dir)
		rc = link_node(s, node, dir, name);
	if (rc) {
		free_node(s, node);
		return rc;
	}
	node->pins = 1;
	node->owner = spec->owner;
	node->free_owner = spec->free_owner;
	*id = node->id;
	return 0;
}

int scratch_make(struct scratch *s, uint64_t parent, const char *name,
		 const struct scratch_spec *spec, uint64_t *id)
{
	struct scratch_evicted evicted = { .count = 0 };
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = make(s, parent, name, spec, id, &evicted);
	pthread_mutex_unlock(&s->lock);
	scratch_tell(s, &evicted);
	return rc;
}

/* What a rename may put another node in the place of. */
static int check_replaced(const struct scratch_node *node, const struct scratch_node *old)
{
	if (old->is_fixed)
		return -EPERM;
	if (S_ISDIR(node->mode) && !S_ISDIR(old->mode))
		return -ENOTDIR;
	if (!S_ISDIR(node->mode) && S_ISDIR(old->mode))
		return -EISDIR;
	return TAILQ_EMPTY(&old->names) ? 0 : -ENOTEMPTY;
}

/* Links a node that has no name, in place of what has the name. */
static int put(struct scratch *s, struct scratch_node *node, uint64_t parent, const char *name)
{
	struct scratch_node *dir, *old;
	int rc = get_dir(s, parent, &dir);

	if (!rc && dir->is_fixed)
		rc = -EPERM;
	if (rc)
		return rc;
	old = scratch_named(s, dir, name);
	rc = old ? check_replaced(node, old) : 0;
	if (!rc)
		rc = link_node(s, node, dir, name);
	if (!rc && old)
		scratch_unlink_node(s, old);
	return rc;
}

int scratch_place(struct scratch *s, uint64_t id, uint64_t parent, const char *name)
{
	struct scratch_node *node;
	int rc = -ENOENT;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	if (node && !node->parent)
		rc = put(s, node, parent, name);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int scratch_rename(struct scratch *s, uint64_t parent, const char *name, uint64_t to,
		   const char *to_name, bool no_replace)
{
	struct scratch_node *node, *dir, *old;
	int rc;

	pthread_mutex_lock(&s->lock);
	node = scratch_named(s, scratch_get(s, parent), name);
	rc = node ? get_dir(s, to, &dir) : -ENOENT;
	if (!rc && (node->is_fixed || dir->is_fixed))
		rc = -EPERM;
	old = rc ? NULL : scratch_named(s, dir, to_name);
	if (old)
		rc = no_replace ? -EEXIST : old == node ? 0 : check_replaced(node, old);
	if (!rc && old != node) {
		node->pins++;
		scratch_unlink_node(s, node);
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the pin keeps it */
		rc = put(s, node, to, to_name);
		/* Only a lack of memory: the file goes back. */
		if (rc)
			(void)put(s, node, parent, name);
		node->pins--;
		scratch_settle(s, node);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static int check_removed(const struct scratch_node *node, bool want_dir)
{
	if (!node)
		return -ENOENT;
	if (node->is_fixed)
		return -EPERM;
	if (want_dir != S_ISDIR(node->mode))
		return want_dir ? -ENOTDIR : -EISDIR;
	return TAILQ_EMPTY(&node->names) ? 0 : -ENOTEMPTY;
}

int scratch_remove(struct scratch *s, uint64_t parent, const char *name, bool want_dir)
{
	struct scratch_node *node;
	int rc;

	pthread_mutex_lock(&s->lock);
	node = scratch_named(s, scratch_get(s, parent), name);
	rc = check_removed(node, want_dir);
	if (!rc)
		scratch_unlink_node(s, node);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static void remove_tree(struct scratch *s, struct scratch_node *node)
{
	struct scratch_node *child;

	while ((child = TAILQ_FIRST(&node->names)))
		remove_tree(s, child);
	scratch_unlink_node(s, node);
}

void scratch_remove_fixed(struct scratch *s, uint64_t parent, const char *name)
{
	struct scratch_node *node;

	pthread_mutex_lock(&s->lock);
	node = scratch_named(s, scratch_get(s, parent), name);
	if (node && node->is_fixed)
		remove_tree(s, node);
	pthread_mutex_unlock(&s->lock);
}

/* When somebody last had to do with a tree; 0 for one that is in use. */
static bool is_idle(const struct scratch_node *node, time_t before, time_t *used)
{
	const struct scratch_node *child;

	if (node->pins || node->is_fixed || node->used > before)
		return false;
	if (node->used > *used)
		*used = node->used;
	TAILQ_FOREACH(child, &node->names, in_dir)
		if (!is_idle(child, before, used))
			return false;
	return true;
}

/* The tree, directly below a directory of the tree, that was left alone longest. */
static struct scratch_node *find_idle(struct scratch *s, time_t before)
{
	struct scratch_node *best = NULL, *node;
	time_t best_used = 0;

	for (size_t i = 0; i < SCRATCH_BUCKETS; i++)
		LIST_FOREACH(node, &s->ids[i], by_id) {
			time_t used = 0;

			if (!node->parent || !node->parent->is_anchor ||
			    !is_idle(node, before, &used) || (best && used >= best_used))
				continue;
			best = node;
			best_used = used;
		}
	return best;
}

static void note_evicted(struct scratch_evicted *evicted, uint64_t dir)
{
	for (unsigned i = 0; i < evicted->count; i++)
		if (evicted->dirs[i] == dir)
			return;
	if (evicted->count < countof(evicted->dirs))
		evicted->dirs[evicted->count++] = dir;
}

/* The kernel may know them for long: their bytes go at once. */
static void empty_tree(struct scratch *s, struct scratch_node *node, struct scratch_evicted *evicted)
{
	struct scratch_node *child;

	if (scratch_resize(s, node, 0, evicted))
		return;
	TAILQ_FOREACH(child, &node->names, in_dir)
		empty_tree(s, child, evicted);
}

static bool is_full(const struct scratch *s, size_t bytes, size_t nodes)
{
	return s->bytes + bytes > s->options.bytes_max || s->count + nodes > s->options.nodes_max;
}

int scratch_room(struct scratch *s, size_t bytes, size_t nodes, struct scratch_evicted *evicted)
{
	struct timespec now;
	struct scratch_node *idle;

	if (!is_full(s, bytes, nodes))
		return 0;
	s->options.now(&now);
	while (is_full(s, bytes, nodes)) {
		idle = bytes > s->options.bytes_max ? NULL :
			find_idle(s, now.tv_sec - SCRATCH_IDLE_SECONDS);
		if (!idle)
			return -ENOSPC;
		note_evicted(evicted, idle->parent->id);
		empty_tree(s, idle, evicted);
		remove_tree(s, idle);
	}
	return 0;
}

void scratch_tell(struct scratch *s, const struct scratch_evicted *evicted)
{
	for (unsigned i = 0; s->options.changed && i < evicted->count; i++)
		s->options.changed(s->options.arg, evicted->dirs[i]);
}
