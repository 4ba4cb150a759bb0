/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dirop - a directory operation that is a statement: mkdir, rmdir, rename,
 * carried out by the committer and answered by it; and the refusal of those
 * that are none.
 */
#ifndef KALAM_FS_DIROP_H
#define KALAM_FS_DIROP_H

#include "base/err.h"
#include "catalog/catalog.h"
#include "fs/report.h"

#include <stdint.h>

struct fuse_req;
struct mount;
struct view;

/* Where an operation is told of when it fails: the nearest object above, and the name. */
struct dirop_place {
	struct report_key report;
	char object[2 * NAME_SIZE];
	char label[300];	/* "tables/Users" */
	uint32_t namespace_id;	/* in a table: its namespace's `error` tells, too (decisions.md 57) */
};
void dirop_place(struct view *dir, const char *name, struct dirop_place *out);

/* Tell of a failure and answer it; err has its sentence. */
void dirop_refuse(struct mount *mount, struct fuse_req *req, const struct dirop_place *place,
		  const struct err *err);

/* The same for a name in a directory, which is loaded for it (scratch directories, too). */
void dirop_refuse_name(struct mount *mount, struct fuse_req *req, uint64_t dir, const char *name,
		       const struct err *err);

/*
 * Carry a statement out and answer: with nothing, or where parent is set with
 * the entry of this name in that directory.
 */
struct dirop_spec {
	struct dirop_place place;
	char text[768];
	uint64_t parent;
	char name[NAME_SIZE];
};
void dirop_begin(struct mount *mount, struct fuse_req *req, const struct dirop_spec *spec);

/* mkdir of a draft: takes a number for it first. */
void dirop_draft(struct mount *mount, struct fuse_req *req, const struct dirop_place *place,
		 uint32_t namespace_id, uint64_t parent, const char *name);

/* "app.\"to\"" with quotes where SQL needs them. */
#define QUOTED_SIZE (2 * NAME_SIZE + 8)
const char *dirop_quote(const char *namespace_name, const char *name, char out[QUOTED_SIZE]);

#endif
