/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handle - open files.  A handle keeps the text that its reader sees from open
 * to close, and for ctl and plan the session of its writer.
 */
#ifndef KALAM_FS_HANDLE_H
#define KALAM_FS_HANDLE_H

#include "base/err.h"
#include "fs/tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/stat.h>

struct ctl;
struct spool;

struct handle {
	TAILQ_ENTRY(handle) link;	/* in its mount's handles */
	atomic_uint refs;		/* the open file, and each READ until it is answered */
	uint64_t node;
	uint32_t uid;			/* who opened it */
	struct ctl *ctl;		/* owned; NULL: it takes no statements */
	struct spool *spool;		/* counted; NULL: its text is in `text` */
	bool has_attr;
	struct stat attr;		/* at open, for texts that the catalog forgets */
	double attr_timeout;		/* how long the kernel may keep them */
	pthread_mutex_t lock;		/* the text while it is made; afterwards it is constant */
	char *text;			/* owned; NULL until it is needed */
	size_t len;
};

struct handles {
	pthread_mutex_t lock;		/* the list */
	TAILQ_HEAD(handle_list, handle) list;
};

void handles_init(struct handles *handles);
/* Also frees what is still open: a kernel that was cut off sends no releases. */
void handles_fini(struct handles *handles);

/* With one reference; NULL when memory is out. */
struct handle *handle_new(struct handles *handles, uint64_t node, uint32_t uid);

/* One more reference; returns its argument. */
struct handle *handle_get(struct handle *handle);
void handle_put(struct handles *handles, struct handle *handle);

/* Make the text now: attributes too where pinned is set.  0 or -errno. */
int handle_fix(struct handle *handle, struct tree *tree, bool pinned, struct err *err) MUST_CHECK;

/* The text, made when it is first asked for; constant while a reference is held. */
int handle_text(struct handle *handle, struct tree *tree, const char **text, size_t *len,
		struct err *err) MUST_CHECK;

/* Length of the text that an open handle of this node has; false if there is none. */
bool handles_size(struct handles *handles, uint64_t node, off_t *size);

/* What was printed at open, in place of a text; takes the reference. */
void handle_keep(struct handle *handle, struct spool *spool, const struct stat *attr,
		 double attr_timeout);

/* Attributes of any open handle of this node, and their timeout; false if there is none. */
bool handles_attr(struct handles *handles, uint64_t node, struct stat *out, double *timeout);

#endif
