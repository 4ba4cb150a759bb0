/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/rejected.h"

#include "fs/scratch.h"
#include "fs/target.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#define UID_SIZE 16

struct text {
	TAILQ_ENTRY(text) link;		/* oldest first */
	uint64_t dir;
	uid_t uid;
	char file[FILE_NAME_SIZE];
	size_t len;
	time_t at;
};

struct rejected {
	struct scratch *scratch;	/* borrowed */
	void (*changed)(void *arg, uint64_t dir);
	void *arg;
	pthread_mutex_t lock;		/* all below */
	TAILQ_HEAD(text_list, text) texts;
	unsigned count;
	size_t bytes;
};

struct rejected *rejected_new(struct scratch *scratch, void (*changed)(void *arg, uint64_t dir),
			      void *arg)
{
	struct rejected *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->scratch = scratch;
	r->changed = changed;
	r->arg = arg;
	TAILQ_INIT(&r->texts);
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void rejected_free(struct rejected *r)
{
	struct text *text;

	if (!r)
		return;
	while ((text = TAILQ_FIRST(&r->texts))) {
		TAILQ_REMOVE(&r->texts, text, link);
		free(text);
	}
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static time_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static struct text *find(struct rejected *r, uint64_t dir, uid_t uid, const char *file)
{
	struct text *text;

	TAILQ_FOREACH(text, &r->texts, link)
		if (text->dir == dir && text->uid == uid && !strcmp(text->file, file))
			return text;
	return NULL;
}

/* Which directories are needed no more without a text that is not in the list any more. */
static void remove_nodes(struct rejected *r, const struct text *gone)
{
	bool has_dir = false, has_uid = false;
	const struct text *text;
	char name[UID_SIZE];
	uint64_t top, own;

	TAILQ_FOREACH(text, &r->texts, link) {
		has_dir |= text->dir == gone->dir;
		has_uid |= text->dir == gone->dir && text->uid == gone->uid;
	}
	if (!has_dir) {
		scratch_remove_fixed(r->scratch, gone->dir, REJECTED_NAME);
		return;
	}
	if (scratch_find(r->scratch, gone->dir, REJECTED_NAME, &top))
		return;
	snprintf(name, sizeof(name), "%u", (unsigned)gone->uid);
	if (!has_uid) {
		scratch_remove_fixed(r->scratch, top, name);
	} else if (!scratch_find(r->scratch, top, name, &own)) {
		scratch_remove_fixed(r->scratch, own, gone->file);
		scratch_unpin(r->scratch, own);
	}
	scratch_unpin(r->scratch, top);
}

static void drop(struct rejected *r, struct text *text)
{
	TAILQ_REMOVE(&r->texts, text, link);
	r->count--;
	r->bytes -= text->len;
	remove_nodes(r, text);
	r->changed(r->arg, text->dir);
	free(text);
}

/* What is too old goes, and the oldest until there is room for `more` texts of so many bytes. */
static void expire(struct rejected *r, unsigned more, size_t bytes)
{
	time_t now = now_seconds();
	struct text *text;

	while ((text = TAILQ_FIRST(&r->texts))) {
		if (now - text->at < REJECTED_SECONDS && r->count + more <= REJECTED_MAX &&
		    r->bytes + bytes <= REJECTED_BYTES_MAX)
			break;
		drop(r, text);
	}
}

/* A fixed directory, pinned; 0 or -errno. */
static int make_dir(struct rejected *r, uint64_t parent, const char *name, mode_t mode, uid_t uid,
		    uint64_t *id)
{
	struct scratch_spec spec = { .mode = S_IFDIR | mode, .uid = uid, .is_private = true,
				     .is_fixed = true };
	int rc = scratch_make(r->scratch, parent, name, &spec, id);

	return rc == -EEXIST ? scratch_find(r->scratch, parent, name, id) : rc;
}

static int make_file(struct rejected *r, const struct text *text, const char *bytes)
{
	struct scratch_spec spec = { .mode = S_IFREG | 0400, .uid = text->uid, .text = bytes,
				     .len = text->len, .is_private = true, .is_fixed = true };
	uint64_t top, own, id;
	char name[UID_SIZE];
	int rc = make_dir(r, text->dir, REJECTED_NAME, 0555, 0, &top);

	if (rc)
		return rc;
	snprintf(name, sizeof(name), "%u", (unsigned)text->uid);
	rc = make_dir(r, top, name, 0500, text->uid, &own);
	if (!rc) {
		rc = scratch_make(r->scratch, own, text->file, &spec, &id);
		if (!rc)
			scratch_unpin(r->scratch, id);
		scratch_unpin(r->scratch, own);
	}
	scratch_unpin(r->scratch, top);
	return rc;
}

static void keep(struct rejected *r, struct text *text, const char *bytes)
{
	TAILQ_INSERT_TAIL(&r->texts, text, link);
	r->count++;
	r->bytes += text->len;
	if (make_file(r, text, bytes))
		drop(r, text);
	else
		r->changed(r->arg, text->dir);
}

void rejected_keep(struct rejected *r, uint64_t dir, uid_t uid, const char *file,
		   const char *bytes, size_t len)
{
	struct text *text = calloc(1, sizeof(*text)), *old;

	if (!text)
		return;
	text->dir = dir;
	text->uid = uid;
	text->len = len;
	text->at = now_seconds();
	snprintf(text->file, sizeof(text->file), "%s", file);
	pthread_mutex_lock(&r->lock);
	old = find(r, dir, uid, file);
	if (old)
		drop(r, old);
	expire(r, 1, len);
	keep(r, text, bytes);
	pthread_mutex_unlock(&r->lock);
}

void rejected_drop(struct rejected *r, uint64_t dir, uid_t uid, const char *file)
{
	struct text *text;

	pthread_mutex_lock(&r->lock);
	text = find(r, dir, uid, file);
	if (text)
		drop(r, text);
	pthread_mutex_unlock(&r->lock);
}

long rejected_age(struct rejected *r, uint64_t dir, uid_t uid, const char *file)
{
	const struct text *text;
	long age = -1;

	pthread_mutex_lock(&r->lock);
	text = find(r, dir, uid, file);
	if (text)
		age = (long)(now_seconds() - text->at);
	pthread_mutex_unlock(&r->lock);
	return age;
}

void rejected_expire(struct rejected *r)
{
	pthread_mutex_lock(&r->lock);
	expire(r, 0, 0);
	pthread_mutex_unlock(&r->lock);
}
