/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scratch - files, directories and symlinks that are only in memory: what
 * editors and tools put beside the files they save, and the private text of
 * everybody who is writing a document.  Knows nothing of FUSE.
 *
 * A node has a number of its own for ever.  It lives while it has a name, the
 * kernel knows it (lookups) or somebody here uses it (pins).  Names hang in
 * directories of the tree, told by their node ids, or in scratch directories.
 *
 * Bounded: what is full is -ENOSPC for the newcomer.  Only what has been
 * closed and untouched for an hour makes room, whole trees at a time.
 */
#ifndef KALAM_FS_SCRATCH_H
#define KALAM_FS_SCRATCH_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#define SCRATCH_BYTES_MAX (64u << 20)
#define SCRATCH_NODES_MAX 65536u
#define SCRATCH_IDLE_SECONDS 3600
/* Texts of documents that are being written: counted apart, never evicted. */
#define SCRATCH_PRIVATE_BYTES_MAX (256u << 20)

struct scratch;

struct scratch_options {
	size_t bytes_max, nodes_max;	/* 0 = as above */
	void (*now)(struct timespec *out);	/* NULL = the real clock */
	/* Names went from a directory without its own doing; may be NULL. */
	void (*changed)(void *arg, uint64_t dir);
	void *arg;
};

struct scratch *scratch_new(const struct scratch_options *options);
void scratch_free(struct scratch *scratch);

/* Whether a node id is one of these, and no row of the tree. */
bool scratch_is_id(uint64_t id);

struct scratch_spec {
	mode_t mode;		/* S_IFREG, S_IFDIR or S_IFLNK with permissions */
	uid_t uid;
	gid_t gid;
	const char *text;	/* content, or where a link points to; copied */
	size_t len;
	uint64_t ino;		/* the inode number to show; 0 = its own */
	bool is_private;	/* a document's text: has no name */
	bool is_fixed;		/* nobody may change it through the mount */
	void *owner;		/* owned by the node: free_owner */
	void (*free_owner)(void *owner);
};

/*
 * A new node with one pin; parent 0: without a name.  0, -EEXIST, -ENOSPC,
 * -ENOMEM, -EPERM in a fixed directory, -ENOENT where the directory was removed.
 */
int scratch_make(struct scratch *scratch, uint64_t parent, const char *name,
		 const struct scratch_spec *spec, uint64_t *id) MUST_CHECK;

/* Give a node without a name one, in place of a file that has it.  0 or -errno. */
int scratch_place(struct scratch *scratch, uint64_t id, uint64_t parent, const char *name) MUST_CHECK;

/* The node of a name, with one more pin; 0 or -ENOENT. */
int scratch_find(struct scratch *scratch, uint64_t parent, const char *name, uint64_t *id) MUST_CHECK;

/* 0 or -ENOENT; unpin gives it back. */
int scratch_pin(struct scratch *scratch, uint64_t id) MUST_CHECK;
void scratch_unpin(struct scratch *scratch, uint64_t id);

/* The kernel learns of a pinned node, or forgets it; other ids are ignored. */
void scratch_look(struct scratch *scratch, uint64_t id);
void scratch_forget(struct scratch *scratch, uint64_t id, uint64_t count);

/* 0 or -ENOENT. */
int scratch_stat(struct scratch *scratch, uint64_t id, struct stat *out) MUST_CHECK;

/* Borrowed while the node is pinned or known to the kernel; NULL = none. */
void *scratch_owner(struct scratch *scratch, uint64_t id);

enum scratch_set {
	SCRATCH_SET_MODE = 1 << 0,
	SCRATCH_SET_UID = 1 << 1,
	SCRATCH_SET_GID = 1 << 2,
	SCRATCH_SET_SIZE = 1 << 3,
	SCRATCH_SET_ATIME = 1 << 4,
	SCRATCH_SET_MTIME = 1 << 5,
	SCRATCH_SET_ATIME_NOW = 1 << 6,
	SCRATCH_SET_MTIME_NOW = 1 << 7,
};
int scratch_set(struct scratch *scratch, uint64_t id, const struct stat *attr, unsigned what) MUST_CHECK;

/* Bytes copied to out (at most size), or -errno. */
ssize_t scratch_read(struct scratch *scratch, uint64_t id, char *out, size_t size, off_t off) MUST_CHECK;
int scratch_write(struct scratch *scratch, uint64_t id, const char *text, size_t len, off_t off) MUST_CHECK;

/* The whole content (or link text) in new memory, NUL-terminated; free it. */
int scratch_text(struct scratch *scratch, uint64_t id, char **text, size_t *len) MUST_CHECK;
/* Other content, whatever the permissions. */
int scratch_replace(struct scratch *scratch, uint64_t id, const char *text, size_t len) MUST_CHECK;

/* want_dir: rmdir, else unlink.  -ENOENT, -ENOTDIR, -EISDIR, -ENOTEMPTY, -EPERM. */
int scratch_remove(struct scratch *scratch, uint64_t parent, const char *name, bool want_dir) MUST_CHECK;
/* A fixed tree, with everything in it; nothing if it is not there. */
void scratch_remove_fixed(struct scratch *scratch, uint64_t parent, const char *name);

int scratch_rename(struct scratch *scratch, uint64_t parent, const char *name, uint64_t to,
		   const char *to_name, bool no_replace) MUST_CHECK;

/*
 * Names of a directory behind a place (0 = from the start), each with its own place, which
 * is less than UINT32_MAX.  0, or what fn returned.
 */
typedef int scratch_fn(void *arg, const char *name, uint64_t ino, mode_t mode, uint32_t place);
int scratch_list(struct scratch *scratch, uint64_t dir, uint32_t after, scratch_fn *fn, void *arg);

/* How often a name has come to the directory or gone. */
uint64_t scratch_changes(struct scratch *scratch, uint64_t dir);

/* How much there is, and how much there may be. */
struct scratch_usage {
	size_t bytes, bytes_max;		/* of files with names */
	size_t private_bytes, private_bytes_max;	/* of documents that are being written */
	size_t nodes, nodes_max;
};
void scratch_measure(struct scratch *scratch, struct scratch_usage *out);

/* Whether a directory holds names that are not fixed. */
bool scratch_has_names(struct scratch *scratch, uint64_t dir);

/* When its names last changed, in microseconds; 0 = never. */
int64_t scratch_changed_at(struct scratch *scratch, uint64_t dir);

/* The node of the directory that it is in; 0 = none. */
uint64_t scratch_parent(struct scratch *scratch, uint64_t id);

/* The directory of the tree that a scratch directory is somewhere below; others are their own. */
uint64_t scratch_anchor(struct scratch *scratch, uint64_t dir);

#endif
