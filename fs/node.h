/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * node - the tree: one row for each kind of file and directory of the mount.
 *
 * Mode, content, listing, lookup and how long the kernel may keep it all
 * follow from the row.  To add a file: a constant in fs/inode.h, a row here and
 * a show function (fs/files.h).  Nothing here knows FUSE.
 */
#ifndef KALAM_FS_NODE_H
#define KALAM_FS_NODE_H

#include "base/err.h"
#include "fs/inode.h"
#include "fs/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* Forever, for the kernel: correctness comes from content-naming ids and notifications. */
#define FOREVER 86400.0

enum caching {
	CACHE_FOREVER,	/* its node names its content */
	CACHE_NAMES,	/* changes under one node: attributes of a lookup are not kept */
	CACHE_PLACE,	/* forever where every name can be forgotten at once, else never */
	CACHE_CONTENT,	/* its node names its content, its name is looked up each time */
	CACHE_NEVER
};

enum node_flags {
	NODE_FRESH = 1 << 0,	/* tells what is known now, also of a damaged catalog */
	NODE_DBA = 1 << 1,	/* the dba= group may write, too */
	NODE_OWN_INO = 1 << 2,	/* sub is part of the inode number */
	NODE_DIRECT = 1 << 3,	/* not cached; content fixed at open: each lookup is a new node id, st_ino stays */
	NODE_PINNED = 1 << 4,	/* old contents are not in the catalog: text fixed at open */
	NODE_STATEMENTS = 1 << 5,	/* takes statements */
	NODE_IS_PLAN = 1 << 6,	/* and only checks them */
	NODE_ABSENCE = 1 << 7,	/* directory: the kernel may remember that a name is not there */
	/*
	 * Says something of many objects: once one is damaged nothing proves it, and
	 * it is measured once for each state of the catalog.
	 */
	NODE_OF_MANY = 1 << 9,
	NODE_SPOOLED = 1 << 8,	/* of any length: printed at open (fs/spool.h), never in one piece */
};

/* Whole content to out.  Stream errors are seen by who closes it.  0 or -errno. */
typedef int show_fn(struct view *view, FILE *out, struct err *err);
/* The text of a symlink. */
typedef int link_fn(struct view *view, char out[LOCATION_SIZE], struct err *err);
/* When the content last changed. */
typedef int64_t mtime_fn(struct view *view);

/* What a name stands for, as LOOKUP and READDIRPLUS tell it. */
struct entry {
	uint64_t id;		/* 0 = its attributes were not asked for */
	struct stat attr;	/* then only st_ino and the type in st_mode count */
	double entry_timeout, attr_timeout;
	bool counted;		/* kept until it is forgotten: userlink_forget */
};

/* One name of a listing; position `next` continues behind it.  Non-zero ends the listing. */
typedef int entry_fn(void *arg, const char *name, const struct entry *entry, uint64_t next);

struct members;

struct node_row {
	const char *name;		/* in its directory; NULL: the directory knows */
	enum node_kind parent;		/* NODE_NONE for the root */
	mode_t mode;			/* type and permissions */
	enum subject subject;
	enum caching caching;
	unsigned flags;
	int form;			/* 1 + enum version_form of kept sizes; 0 = none */
	show_fn *show;			/* regular files (NULL: log.jsonl) */
	link_fn *link;			/* symlinks */
	mtime_fn *mtime;
	bool (*is_present)(const struct view *dir);	/* NULL = always */
	const struct members *members;	/* names that come from the catalog (fs/members.h) */
	/* Directories with names of another sort, tried last; may be NULL. */
	int (*find_other)(struct view *dir, const char *name, struct view *child, struct err *err);
	int (*list_other)(struct view *dir, uint64_t after, entry_fn *fn, void *arg,
			  struct err *err);
};

const struct node_row *node_row(enum node_kind kind);

/* The row of a directory that has this name; NODE_NONE if there is none. */
enum node_kind node_by_name(const struct view *dir, const char *name);

/* Whether a name of the table is there: of a draft only what makes a table of it. */
bool node_is_there(const struct view *dir, enum node_kind kind);

/* Inode number of a node: the same for all its versions. */
uint64_t node_ino(const struct view *view);

/* Attributes with exact size.  0 or -errno. */
int node_stat(struct view *view, struct stat *out, struct err *err) MUST_CHECK;

/* How long the kernel may keep attributes that it asked for with GETATTR. */
double node_attr_timeout(const struct view *view);

/*
 * Look a name up.  -ENOENT if it is not there: *absence (may be NULL) tells
 * whether the kernel may remember that.
 */
int node_find(struct view *dir, const char *name, struct entry *out, bool *absence,
	      struct err *err) MUST_CHECK;

/*
 * What can be told of an object's directory without memory: its id, owner and mode.  The
 * kernel keeps nothing of it.
 */
void node_bare_entry(struct tree *tree, enum node_kind kind, uint32_t object, struct entry *out);

/* What a loaded node is to the kernel. */
int node_entry(struct view *view, struct entry *out, struct err *err) MUST_CHECK;

/*
 * Names of a directory after a position (0 = from the start), "." and ".."
 * included.  full: with attributes, unless there are more than 1,000 names.
 * 0, what fn returned, or -errno.
 */
int node_list(struct view *dir, uint64_t after, bool full, entry_fn *fn, void *arg,
	      struct err *err) MUST_CHECK;

/* The same of a scratch directory. */
int node_list_scratch(struct scratch *scratch, uint64_t dir, uint64_t after, entry_fn *fn,
		      void *arg) MUST_CHECK;

/* The whole content in new memory (free it); *text is NUL-terminated. */
int node_text(struct view *view, char **text, size_t *len, struct err *err) MUST_CHECK;

#endif
