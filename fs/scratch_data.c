/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Content, attributes and listings of scratch nodes. */
#include "fs/scratch_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int scratch_find(struct scratch *s, uint64_t parent, const char *name, uint64_t *id)
{
	struct scratch_node *node;

	pthread_mutex_lock(&s->lock);
	node = scratch_named(s, scratch_get(s, parent), name);
	if (node) {
		node->pins++;
		*id = node->id;
	}
	pthread_mutex_unlock(&s->lock);
	return node ? 0 : -ENOENT;
}

int scratch_pin(struct scratch *s, uint64_t id)
{
	struct scratch_node *node;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	if (node) {
		node->pins++;
		scratch_touch(s, node, false);
	}
	pthread_mutex_unlock(&s->lock);
	return node ? 0 : -ENOENT;
}

void scratch_unpin(struct scratch *s, uint64_t id)
{
	struct scratch_node *node;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	if (node) {
		struct timespec now;

		s->options.now(&now);
		node->used = now.tv_sec;
		node->pins--;
		scratch_settle(s, node);
	}
	pthread_mutex_unlock(&s->lock);
}

void scratch_look(struct scratch *s, uint64_t id)
{
	struct scratch_node *node;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	if (node)
		node->lookups++;
	pthread_mutex_unlock(&s->lock);
}

void scratch_forget(struct scratch *s, uint64_t id, uint64_t count)
{
	struct scratch_node *node;

	if (!scratch_is_id(id))
		return;
	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	if (node) {
		node->lookups = node->lookups > count ? node->lookups - count : 0;
		scratch_settle(s, node);
	}
	pthread_mutex_unlock(&s->lock);
}

void *scratch_owner(struct scratch *s, uint64_t id)
{
	struct scratch_node *node;
	void *owner;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	owner = node ? node->owner : NULL;
	pthread_mutex_unlock(&s->lock);
	return owner;
}

static void show(const struct scratch_node *node, struct stat *out)
{
	*out = (struct stat){
		.st_ino = node->ino,
		.st_mode = node->mode,
		.st_nlink = node->parent || node->is_private ? 1 : 0,
		.st_uid = node->uid,
		.st_gid = node->gid,
		.st_size = (off_t)node->len,
		.st_blksize = 4096,
		.st_blocks = (blkcnt_t)((node->len + 511) / 512),
		.st_atim = node->atime,
		.st_mtim = node->mtime,
		.st_ctim = node->ctime,
	};
}

int scratch_stat(struct scratch *s, uint64_t id, struct stat *out)
{
	struct scratch_node *node;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	if (node)
		show(node, out);
	pthread_mutex_unlock(&s->lock);
	return node ? 0 : -ENOENT;
}

static void set_times(struct scratch_node *node, const struct stat *attr, unsigned what)
{
	if (what & SCRATCH_SET_ATIME)
		node->atime = attr->st_atim;
	if (what & SCRATCH_SET_MTIME)
		node->mtime = attr->st_mtim;
	if (what & SCRATCH_SET_ATIME_NOW)
		node->atime = node->ctime;
	if (what & SCRATCH_SET_MTIME_NOW)
		node->mtime = node->ctime;
}

static int set(struct scratch *s, struct scratch_node *node, const struct stat *attr, unsigned what,
	       struct scratch_evicted *evicted)
{
	int rc = 0;

	if (node->is_fixed)
		return -EPERM;
	if (what & SCRATCH_SET_SIZE) {
		rc = attr->st_size < 0 ? -EINVAL :
			scratch_resize(s, node, (size_t)attr->st_size, evicted);
		if (rc)
			return rc;
	}
	scratch_touch(s, node, what & SCRATCH_SET_SIZE);
	if (what & SCRATCH_SET_MODE)
		node->mode = (node->mode & S_IFMT) | (attr->st_mode & 07777);
	if (what & SCRATCH_SET_UID)
		node->uid = attr->st_uid;
	if (what & SCRATCH_SET_GID)
		node->gid = attr->st_gid;
	set_times(node, attr, what);
	return 0;
}

int scratch_set(struct scratch *s, uint64_t id, const struct stat *attr, unsigned what)
{
	struct scratch_evicted evicted = { .count = 0 };
	struct scratch_node *node;
	int rc;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	rc = node ? set(s, node, attr, what, &evicted) : -ENOENT;
	pthread_mutex_unlock(&s->lock);
	scratch_tell(s, &evicted);
	return rc;
}

/* Grow by a quarter, so that many small writes do not copy it every time. */
static int reserve(struct scratch_node *node, size_t len)
{
	size_t size = node->size + node->size / 4;
	char *data;

	if (len <= node->size)
		return 0;
	if (size < len)
		size = len;
	data = realloc(node->data, size);
	if (!data)
		return -ENOMEM;
	node->data = data;
	node->size = size;
	return 0;
}

int scratch_resize(struct scratch *s, struct scratch_node *node, size_t len,
		   struct scratch_evicted *evicted)
{
	size_t *total = node->is_private ? &s->private_bytes : &s->bytes;
	int rc = 0;

	if (len > node->len) {
		size_t more = len - node->len;

		if (node->is_private)
			rc = more > SCRATCH_PRIVATE_BYTES_MAX - *total ? -ENOSPC : 0;
		else
			rc = scratch_room(s, more, 0, evicted);
		if (!rc)
			rc = reserve(node, len);
		if (rc)
			return rc;
		memset(node->data + node->len, 0, more);
	}
	*total = *total - node->len + len;
	node->len = len;
	if (!len) {
		free(node->data);
		node->data = NULL;
		node->size = 0;
	}
	return 0;
}

ssize_t scratch_read(struct scratch *s, uint64_t id, char *out, size_t size, off_t off)
{
	struct scratch_node *node;
	size_t len = 0;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	if (node && off >= 0 && (size_t)off < node->len) {
		len = node->len - (size_t)off;
		len = len < size ? len : size;
		memcpy(out, node->data + off, len);
	}
	pthread_mutex_unlock(&s->lock);
	return node ? (ssize_t)len : -ENOENT;
}

static int write_at(struct scratch *s, struct scratch_node *node, const char *text, size_t len,
		    off_t off, struct scratch_evicted *evicted)
{
	size_t end;
	int rc = 0;

	if (node->is_fixed)
		return -EPERM;
	if (off < 0 || __builtin_add_overflow((size_t)off, len, &end))
		return -EINVAL;
	/* The file itself must not make room for what is written to it. */
	node->pins++;
	if (end > node->len)
		rc = scratch_resize(s, node, end, evicted);
	node->pins--;
	if (rc)
		return rc;
	if (len)
		memcpy(node->data + off, text, len);
	scratch_touch(s, node, true);
	return 0;
}

int scratch_write(struct scratch *s, uint64_t id, const char *text, size_t len, off_t off)
{
	struct scratch_evicted evicted = { .count = 0 };
	struct scratch_node *node;
	int rc;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	rc = node ? write_at(s, node, text, len, off, &evicted) : -ENOENT;
	pthread_mutex_unlock(&s->lock);
	scratch_tell(s, &evicted);
	return rc;
}

int scratch_text(struct scratch *s, uint64_t id, char **text, size_t *len)
{
	struct scratch_node *node;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	*text = node ? malloc(node->len + 1) : NULL;
	if (*text) {
		if (node->len)
			memcpy(*text, node->data, node->len);
		(*text)[node->len] = '\0';
		*len = node->len;
	} else {
		rc = node ? -ENOMEM : -ENOENT;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int scratch_replace(struct scratch *s, uint64_t id, const char *text, size_t len)
{
	struct scratch_evicted evicted = { .count = 0 };
	struct scratch_node *node;
	int rc;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	rc = node ? scratch_resize(s, node, len, &evicted) : -ENOENT;
	if (!rc) {
		if (len)
			memcpy(node->data, text, len);
		scratch_touch(s, node, true);
	}
	pthread_mutex_unlock(&s->lock);
	scratch_tell(s, &evicted);
	return rc;
}

int scratch_list(struct scratch *s, uint64_t dir, uint32_t after, scratch_fn *fn, void *arg)
{
	struct scratch_node *node, *child;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, dir);
	if (node)
		TAILQ_FOREACH(child, &node->names, in_dir) {
			if (child->place <= after)
				continue;
			rc = fn(arg, child->name, child->ino, child->mode, child->place);
			if (rc)
				break;
		}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

uint64_t scratch_changes(struct scratch *s, uint64_t dir)
{
	const struct scratch_node *node;
	uint64_t changes;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, dir);
	changes = node ? node->changes : 0;
	pthread_mutex_unlock(&s->lock);
	return changes;
}

bool scratch_has_names(struct scratch *s, uint64_t dir)
{
	struct scratch_node *node, *child;
	bool has = false;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, dir);
	if (node)
		TAILQ_FOREACH(child, &node->names, in_dir)
			has |= !child->is_fixed;
	pthread_mutex_unlock(&s->lock);
	return has;
}

int64_t scratch_changed_at(struct scratch *s, uint64_t dir)
{
	struct scratch_node *node;
	int64_t at = 0;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, dir);
	if (node)
		at = (int64_t)node->mtime.tv_sec * 1000000 + node->mtime.tv_nsec / 1000;
	pthread_mutex_unlock(&s->lock);
	return at;
}

uint64_t scratch_anchor(struct scratch *s, uint64_t dir)
{
	const struct scratch_node *node;
	uint64_t anchor = dir;

	pthread_mutex_lock(&s->lock);
	for (node = scratch_get(s, dir); node; node = node->parent)
		anchor = node->id;
	pthread_mutex_unlock(&s->lock);
	return anchor;
}

uint64_t scratch_parent(struct scratch *s, uint64_t id)
{
	const struct scratch_node *node;
	uint64_t parent;

	pthread_mutex_lock(&s->lock);
	node = scratch_get(s, id);
	parent = node && node->parent ? node->parent->id : 0;
	pthread_mutex_unlock(&s->lock);
	return parent;
}
