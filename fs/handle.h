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

/*
 * Texts of open files in memory.  Those that the catalog can show again go,
 * oldest first; those that were made at opening stay, and what is too much is
 * refused: so many bytes in all, and of one user.
 */
#define HANDLE_TEXTS_MAX (32u << 20)
#define HANDLE_FIXED_MAX (256u << 20)
#define HANDLE_FIXED_OF_USER_MAX (64u << 20)

/* A text that handle and readers share; of whoever puts it back last. */
struct handle_text;
const char *handle_text_at(const struct handle_text *text, size_t *len);
void handle_text_put(struct handle_text *text);

struct handle {
	TAILQ_ENTRY(handle) link;	/* in its mount's handles */
	TAILQ_ENTRY(handle) by_age;	/* in texts, if it is there */
	bool is_in_texts;
	atomic_uint refs;		/* the open file, and each READ until it is answered */
	uint64_t node;
	uint32_t uid;			/* who opened it */
	struct ctl *ctl;		/* owned; NULL: it takes no statements */
	struct spool *spool;		/* counted; NULL: its text is in `text` */
	bool has_attr;
	struct stat attr;		/* at open, for texts that the catalog forgets */
	double attr_timeout;		/* how long the kernel may keep them */
	size_t fixed;			/* bytes of a text that was made at opening */
	pthread_mutex_t lock;		/* text */
	struct handle_text *text;	/* a reference; NULL until it is needed, and again later */
};

struct handles {
	pthread_mutex_t lock;		/* all below; is_in_texts, fixed */
	TAILQ_HEAD(handle_list, handle) list;
	struct handle_list texts;	/* whose texts can be made again, oldest first */
	size_t text_bytes, fixed_bytes;
};

void handles_init(struct handles *handles);
/* Also frees what is still open: a kernel that was cut off sends no releases. */
void handles_fini(struct handles *handles);

/* With one reference; NULL when memory is out. */
struct handle *handle_new(struct handles *handles, uint64_t node, uint32_t uid);

/* One more reference; returns its argument. */
struct handle *handle_get(struct handle *handle);
void handle_put(struct handles *handles, struct handle *handle);

/*
 * Make the text now, and keep it: attributes too where pinned is set.  0 or
 * -errno; -EMFILE, -ENFILE where its user, or all of them, have too much open.
 */
int handle_fix(struct handles *handles, struct handle *handle, struct tree *tree, bool pinned,
	       struct err *err) MUST_CHECK;

/* The text, made if it is not there, as a reference for the caller to put back. */
int handle_text(struct handles *handles, struct handle *handle, struct tree *tree,
		struct handle_text **out, struct err *err) MUST_CHECK;

/* Length of the text that an open handle of this node has; false if there is none. */
bool handles_size(struct handles *handles, uint64_t node, off_t *size);

/* What was printed at open, in place of a text; takes the reference. */
void handle_keep(struct handle *handle, struct spool *spool, const struct stat *attr,
		 double attr_timeout);

/* Attributes of any open handle of this node, and their timeout; false if there is none. */
bool handles_attr(struct handles *handles, uint64_t node, struct stat *out, double *timeout);

#endif
