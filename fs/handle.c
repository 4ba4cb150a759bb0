/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/handle.h"

#include "fs/ctl.h"
#include "fs/node.h"
#include "fs/spool.h"

#include <errno.h>
#include <stdlib.h>

struct handle_text {
	atomic_uint refs;
	char *at;	/* owned */
	size_t len;
};

const char *handle_text_at(const struct handle_text *text, size_t *len)
{
	*len = text->len;
	return text->at;
}

static struct handle_text *text_get(struct handle_text *text)
{
	atomic_fetch_add_explicit(&text->refs, 1, memory_order_relaxed);
	return text;
}

void handle_text_put(struct handle_text *text)
{
	if (!text || atomic_fetch_sub_explicit(&text->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(text->at);
	free(text);
}

void handles_init(struct handles *handles)
{
	*handles = (struct handles){ .text_bytes = 0 };
	pthread_mutex_init(&handles->lock, NULL);
	TAILQ_INIT(&handles->list);
	TAILQ_INIT(&handles->texts);
}

void handles_fini(struct handles *handles)
{
	struct handle *handle;

	while ((handle = TAILQ_FIRST(&handles->list)))
		handle_put(handles, handle);
	pthread_mutex_destroy(&handles->lock);
}

struct handle *handle_new(struct handles *handles, uint64_t node, uint32_t uid)
{
	struct handle *handle = calloc(1, sizeof(*handle));

	if (!handle)
		return NULL;
	handle->refs = 1;
	handle->node = node;
	handle->uid = uid;
	pthread_mutex_init(&handle->lock, NULL);
	pthread_mutex_lock(&handles->lock);
	TAILQ_INSERT_TAIL(&handles->list, handle, link);
	pthread_mutex_unlock(&handles->lock);
	return handle;
}

struct handle *handle_get(struct handle *handle)
{
	atomic_fetch_add_explicit(&handle->refs, 1, memory_order_relaxed);
	return handle;
}

/* Under the lock of handles, which goes before that of a handle. */
static struct handle_text *take_text(struct handles *handles, struct handle *handle)
{
	struct handle_text *text;

	TAILQ_REMOVE(&handles->texts, handle, by_age);
	handle->is_in_texts = false;
	pthread_mutex_lock(&handle->lock);
	text = handle->text;
	handle->text = NULL;
	pthread_mutex_unlock(&handle->lock);
	handles->text_bytes -= text->len;
	return text;
}

void handle_put(struct handles *handles, struct handle *handle)
{
	if (atomic_fetch_sub_explicit(&handle->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_lock(&handles->lock);
	TAILQ_REMOVE(&handles->list, handle, link);
	handles->fixed_bytes -= handle->fixed;
	if (handle->is_in_texts)
		handle_text_put(take_text(handles, handle));
	pthread_mutex_unlock(&handles->lock);
	ctl_free(handle->ctl);
	spool_put(handle->spool);
	pthread_mutex_destroy(&handle->lock);
	handle_text_put(handle->text);
	free(handle);
}

static int render(struct handle *handle, struct tree *tree, bool pinned, struct stat *attr,
		  struct err *err)
{
	struct handle_text *text = calloc(1, sizeof(*text));
	struct view view;
	int rc;

	if (!text)
		return err_nomem(err);
	text->refs = 1;
	rc = view_open(&view, tree, handle->node, handle->uid, err);
	if (!rc && pinned)
		rc = node_stat(&view, attr, err);
	if (!rc)
		rc = node_text(&view, &text->at, &text->len, err);
	view_close(&view);
	if (rc)
		free(text);
	else
		handle->text = text;
	return rc;
}

static size_t fixed_of_user(const struct handles *handles, uint32_t uid)
{
	const struct handle *handle;
	size_t bytes = 0;

	TAILQ_FOREACH(handle, &handles->list, link)
		bytes += handle->uid == uid ? handle->fixed : 0;
	return bytes;
}

/* As long as there is little in all nobody is counted. */
static int check_fixed(const struct handles *handles, uint32_t uid, size_t len)
{
	size_t all = handles->fixed_bytes + len;

	if (all > HANDLE_FIXED_MAX)
		return -ENFILE;
	if (all > HANDLE_FIXED_OF_USER_MAX &&
	    fixed_of_user(handles, uid) + len > HANDLE_FIXED_OF_USER_MAX)
		return -EMFILE;
	return 0;
}

int handle_fix(struct handles *handles, struct handle *handle, struct tree *tree, bool pinned,
	       struct err *err)
{
	size_t len = 0;
	int rc;

	pthread_mutex_lock(&handle->lock);
	rc = render(handle, tree, pinned, &handle->attr, err);
	if (!rc) {
		handle->has_attr = pinned;
		len = handle->text->len;
	}
	pthread_mutex_unlock(&handle->lock);
	if (rc)
		return rc;
	pthread_mutex_lock(&handles->lock);
	rc = check_fixed(handles, handle->uid, len);
	if (!rc) {
		handle->fixed = len;
		handles->fixed_bytes += len;
	}
	pthread_mutex_unlock(&handles->lock);
	return rc;
}

/* A text was made that can be made again: those of others may have to go. */
static void note_text(struct handles *handles, struct handle *handle, size_t len)
{
	pthread_mutex_lock(&handles->lock);
	handle->is_in_texts = true;
	TAILQ_INSERT_TAIL(&handles->texts, handle, by_age);
	handles->text_bytes += len;
	while (handles->text_bytes > HANDLE_TEXTS_MAX)
		handle_text_put(take_text(handles, TAILQ_FIRST(&handles->texts)));
	pthread_mutex_unlock(&handles->lock);
}

int handle_text(struct handles *handles, struct handle *handle, struct tree *tree,
		struct handle_text **out, struct err *err)
{
	bool is_new;
	int rc = 0;

	pthread_mutex_lock(&handle->lock);
	is_new = !handle->text;
	if (is_new)
		rc = render(handle, tree, false, NULL, err);
	if (!rc)
		*out = text_get(handle->text);
	pthread_mutex_unlock(&handle->lock);
	if (!rc && is_new)
		note_text(handles, handle, (*out)->len);
	return rc;
}

bool handles_size(struct handles *handles, uint64_t node, off_t *size)
{
	struct handle *handle;
	bool found = false;

	pthread_mutex_lock(&handles->lock);
	TAILQ_FOREACH(handle, &handles->list, link) {
		if (handle->node != node)
			continue;
		pthread_mutex_lock(&handle->lock);
		found = handle->text;
		if (found)
			*size = (off_t)handle->text->len;
		pthread_mutex_unlock(&handle->lock);
		if (found)
			break;
	}
	pthread_mutex_unlock(&handles->lock);
	return found;
}

void handle_keep(struct handle *handle, struct spool *spool, const struct stat *attr,
		 double attr_timeout)
{
	pthread_mutex_lock(&handle->lock);
	handle->spool = spool;
	handle->attr = *attr;
	handle->has_attr = true;
	handle->attr_timeout = attr_timeout;
	pthread_mutex_unlock(&handle->lock);
}

bool handles_attr(struct handles *handles, uint64_t node, struct stat *out, double *timeout)
{
	struct handle *handle;
	bool found = false;

	pthread_mutex_lock(&handles->lock);
	TAILQ_FOREACH(handle, &handles->list, link) {
		if (handle->node != node)
			continue;
		pthread_mutex_lock(&handle->lock);
		found = handle->has_attr;
		if (found) {
			*out = handle->attr;
			*timeout = handle->attr_timeout;
		}
		pthread_mutex_unlock(&handle->lock);
		if (found)
			break;
	}
	pthread_mutex_unlock(&handles->lock);
	return found;
}
