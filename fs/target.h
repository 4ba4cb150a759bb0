/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target - what a name in a directory stands for when somebody writes there: a
 * document that can be saved, there or not yet, a place for scratch files, or
 * neither.
 */
#ifndef KALAM_FS_TARGET_H
#define KALAM_FS_TARGET_H

#include "catalog/document.h"
#include "fs/report.h"
#include "fs/view.h"

#define REJECTED_NAME ".rejected"
#define FILE_NAME_SIZE 256

/* A document, whatever its version and its name. */
struct target_key {
	enum document_kind kind;
	uint32_t object;	/* namespace, table or storage; 0 = not there yet */
	uint32_t sub;		/* column id */
};
bool target_key_equal(const struct target_key *a, const struct target_key *b);

struct target {
	struct document_target document;
	uint64_t dir;		/* node of its directory */
	char file[FILE_NAME_SIZE];
	struct report_key report;	/* where failures are told; uid: who writes */
	char object[2 * NAME_SIZE];	/* its name there */
	uint64_t ino;		/* the inode number of the document; 0 = not there yet */
};

struct target_key target_key(const struct target *target);

/* Whether nodes of this kind are documents that can be saved. */
bool target_is_document(enum node_kind kind);

/* The document behind a node id, as far as its key; -ENOENT if that needs an object that is gone. */
int target_key_of_node(struct tree *tree, uint64_t node, struct target_key *out) MUST_CHECK;

/*
 * Whether what a view shows may be changed in this mount: not in trash, not
 * built in, not read-only, not found damaged.  0 or -EPERM or -EROFS with a sentence.
 */
int target_check_writable(const struct view *view, struct err *err) MUST_CHECK;

/* -EROFS, and what was found: of a catalog that is frozen (fs/tree.h). */
int target_refuse_frozen(const struct tree *tree, struct err *err);

enum spot {
	SPOT_DOCUMENT,		/* *target is filled in */
	SPOT_SCRATCH,
	SPOT_TAKEN,		/* a generated file or a directory of the tree has this name */
	SPOT_NONE		/* err says why nothing can be made here */
};
enum spot target_of_name(struct view *dir, const char *name, struct target *out, struct err *err);

/* Whether a directory of the tree takes scratch files. */
bool target_takes_scratch(const struct view *dir);

/* The document as it is now; -ENOENT if it is not there.  view_close both, also after a failure. */
int target_open(const struct target *target, struct tree *tree, uint32_t uid, struct view *dir,
		struct view *view, struct err *err) MUST_CHECK;

/* The version that a view of a document shows, as lastsave counts. */
uint32_t target_version(const struct view *view);

/* Where failures in a directory are told: its own table or namespace, or the catalog. */
void target_report(const struct view *dir, struct report_key *key, char object[2 * NAME_SIZE]);

#endif
