/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/handle.h"

#include "fs/ctl.h"
#include "fs/node.h"
#include "fs/spool.h"

#include <errno.h>
#include <stdlib.h>

void handles_init(struct handles *handles)
{
	pthread_mutex_init(&handles->lock, NULL);
	TAILQ_INIT(&handles->list);
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

void handle_put(struct handles *handles, struct handle *handle)
{
	if (atomic_fetch_sub_explicit(&handle->refs, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_lock(&handles->lock);
	TAILQ_REMOVE(&handles->list, handle, link);
	pthread_mutex_unlock(&handles->lock);
	ctl_free(handle->ctl);
	spool_put(handle->spool);
	pthread_mutex_destroy(&handle->lock);
	free(handle->text);
	free(handle);
}

static int render(struct handle *handle, struct tree *tree, bool pinned, struct stat *attr,
		  struct err *err)
{
	struct view view;
	int rc = view_open(&view, tree, handle->node, handle->uid, err);

	if (!rc && pinned)
		rc = node_stat(&view, attr, err);
	if (!rc)
		rc = node_text(&view, &handle->text, &handle->len, err);
	view_close(&view);
	return rc;
}

int handle_fix(struct handle *handle, struct tree *tree, bool pinned, struct err *err)
{
	struct stat attr;
	int rc;

	pthread_mutex_lock(&handle->lock);
	rc = render(handle, tree, pinned, &attr, err);
	if (!rc && pinned) {
		handle->attr = attr;
		handle->has_attr = true;
	}
	pthread_mutex_unlock(&handle->lock);
	return rc;
}

int handle_text(struct handle *handle, struct tree *tree, const char **text, size_t *len,
		struct err *err)
{
	int rc = 0;

	pthread_mutex_lock(&handle->lock);
	if (!handle->text)
		rc = render(handle, tree, false, NULL, err);
	*text = handle->text;
	*len = handle->len;
	pthread_mutex_unlock(&handle->lock);
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
			*size = (off_t)handle->len;
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
