/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names made: create, mkdir, symlink. */
#include "fs/dirops.h"

#include "base/stamp.h"
#include "fs/dirop.h"
#include "fs/draft.h"
#include "fs/edit.h"
#include "fs/mount.h"
#include "fs/phoenix.h"
#include "fs/private.h"
#include "fs/scratch.h"
#include "fs/scratch_ops.h"
#include "fs/target.h"
#include "fs/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Where something is to be made. */
struct site {
	enum spot spot;
	struct target target;		/* SPOT_DOCUMENT */
	struct dirop_place place;
	struct inode dir;		/* kind NODE_NONE: a scratch directory */
	uint32_t namespace_id;
	char namespace_name[NAME_SIZE];
	bool is_taken;			/* the name is there in the tree */
};

/* 0, or -errno where even the directory cannot be read. */
static int look(struct mount *mount, uint64_t parent, const char *name, uint32_t uid,
		struct site *out, struct err *err)
{
	struct entry entry;
	struct view dir;
	int rc;

	*out = (struct site){ .spot = SPOT_SCRATCH, .dir = inode_unpack(parent) };
	if (scratch_is_id(parent))
		return 0;
	rc = view_open(&dir, &mount->tree, parent, uid, err);
	if (!rc) {
		struct err found = ERR_INIT;

		out->spot = target_of_name(&dir, name, &out->target, err);
		dirop_place(&dir, name, &out->place);
		rc = node_find(&dir, name, &entry, NULL, &found);
		out->is_taken = !rc;
		if (rc && rc != -ENOENT)
			*err = found;
		else
			rc = 0;
		if (dir.ns) {
			out->namespace_id = dir.ns->id;
			memcpy(out->namespace_name, dir.ns->name, NAME_SIZE);
		}
	}
	view_close(&dir);
	return rc;
}

/* The failure of something that was to be made in a scratch place. */
static void refuse_scratch(struct mount *mount, fuse_req_t req, uint64_t parent, const char *name,
			   int rc)
{
	struct err err = ERR_INIT;

	if (rc == -ENOSPC) {
		err_set(&err, rc, "Scratch files take %u MiB and %u names at most: remove some",
			SCRATCH_BYTES_MAX >> 20, SCRATCH_NODES_MAX);
		dirop_refuse_name(mount, req, parent, name, &err);
	} else {
		fuse_reply_err(req, verdict_errno(rc));
	}
}

static void to_param(const struct entry *entry, struct fuse_entry_param *out)
{
	*out = (struct fuse_entry_param){
		.ino = entry->id,
		.attr = entry->attr,
		.entry_timeout = entry->entry_timeout,
		.attr_timeout = entry->attr_timeout,
	};
}

/* Takes the pin of the node, for the open file. */
static void reply_create(struct mount *mount, fuse_req_t req, uint64_t node,
			 struct fuse_file_info *fi)
{
	struct fuse_entry_param param;
	struct entry entry;

	edit_entry(mount, node, &entry);
	to_param(&entry, &param);
	scratch_ops_set_open(mount, node, fi);
	if (fuse_reply_create(req, &param, fi)) {
		scratch_forget(mount->scratch, node, 1);
		scratch_unpin(mount->scratch, node);
	}
}

static void create_scratch(struct mount *mount, fuse_req_t req, uint64_t parent, const char *name,
			   mode_t mode, struct fuse_file_info *fi)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct scratch_spec spec = { .mode = S_IFREG | (mode & 07777), .uid = who->uid,
				     .gid = who->gid };
	uint64_t node;
	int rc = scratch_make(mount->scratch, parent, name, &spec, &node);

	if (rc)
		refuse_scratch(mount, req, parent, name, rc);
	else
		reply_create(mount, req, node, fi);
}

/* A document: one that its process has unlinked, or a new one. */
static void create_document(struct mount *mount, fuse_req_t req, const struct site *site,
			    mode_t mode, struct fuse_file_info *fi)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct target_key key = target_key(&site->target);
	struct private_spec spec = {
		.target = &site->target,
		.creator = { .st_mode = S_IFREG | (mode & 07777), .st_uid = who->uid,
			     .st_gid = who->gid },
		.uid = who->uid,
	};
	struct process process;
	uint64_t node;
	int rc = private_new(mount, &spec, &node);

	caller_process(who->uid, who->pid, &process);
	phoenix_rise(mount->phoenixes, process.pid, &key);
	if (rc)
		fuse_reply_err(req, verdict_errno(rc));
	else
		reply_create(mount, req, node, fi);
}

void dirops_create(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		   mode_t mode, struct fuse_file_info *fi)
{
	struct err err = ERR_INIT;
	struct site site;
	int rc = look(mount, parent, name, fuse_req_ctx(req)->uid, &site, &err);

	if (rc) {
		fuse_reply_err(req, verdict_errno(rc));
		return;
	}
	switch (site.spot) {
	case SPOT_DOCUMENT:
		create_document(mount, req, &site, mode, fi);
		break;
	case SPOT_SCRATCH:
		create_scratch(mount, req, parent, name, mode, fi);
		break;
	case SPOT_TAKEN:
	case SPOT_NONE:
		dirop_refuse(mount, req, &site.place, &err);
		break;
	}
}

static void make_scratch(struct mount *mount, fuse_req_t req, uint64_t parent, const char *name,
			 mode_t mode, const char *text)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct scratch_spec spec = { .mode = mode, .uid = who->uid, .gid = who->gid, .text = text,
				     .len = text ? strlen(text) : 0 };
	struct fuse_entry_param param;
	struct entry entry;
	uint64_t node;
	int rc = scratch_make(mount->scratch, parent, name, &spec, &node);

	if (rc) {
		refuse_scratch(mount, req, parent, name, rc);
		return;
	}
	edit_entry(mount, node, &entry);
	to_param(&entry, &param);
	if (fuse_reply_entry(req, &param))
		scratch_forget(mount->scratch, node, 1);
	scratch_unpin(mount->scratch, node);
}

static void make_namespace(struct mount *mount, fuse_req_t req, uint64_t parent, const char *name,
			   const struct site *site)
{
	struct dirop_spec spec = { .place = site->place, .parent = parent };
	struct err err = ERR_INIT;
	char quoted[QUOTED_SIZE];

	if (name_check_exact(NAME_NAMESPACE, name, strlen(name), &err)) {
		dirop_refuse(mount, req, &site->place, &err);
		return;
	}
	snprintf(spec.name, sizeof(spec.name), "%s", name);
	snprintf(spec.text, sizeof(spec.text), "CREATE NAMESPACE %s", dirop_quote("", name, quoted));
	dirop_begin(mount, req, &spec);
}

static int refuse_held(const struct table *table, struct err *err)
{
	char dropped[STAMP_SIZE], expires[STAMP_SIZE], name[QUOTED_SIZE];

	dirop_quote(table->namespace_name, table->name, name);
	return err_set(err, -EEXIST, "Table %s was dropped at %s and its name is held until %s: UNDROP "
		       "TABLE %s or PURGE TABLE %s", name, stamp_format(table->dropped_at, dropped),
		       stamp_format(table->expires_at, expires), name, name);
}

/* A dropped table holds its name: better told now than at the first save. */
static int check_trash(struct mount *mount, uint32_t namespace_id, const char *name, struct err *err)
{
	struct table *table = NULL;
	struct txn *txn;
	uint32_t id;
	int rc = catalog_begin(mount->catalog, &txn, err);

	if (rc)
		return rc;
	if (!catalog_find(mount->catalog, txn, DIR_TRASH, namespace_id, name, &id) &&
	    !catalog_table(mount->catalog, txn, id, &table, err))
		rc = refuse_held(table, err);
	table_put(table);
	txn_end(txn);
	return rc;
}

static void make_draft(struct mount *mount, fuse_req_t req, uint64_t parent, const char *name,
		       const struct site *site)
{
	struct err err = ERR_INIT;
	int rc = 0;

	if (site->namespace_id == NAMESPACE_SYSTEM)
		rc = err_set(&err, -EPERM, "Namespace 'system' is built in and cannot be changed");
	if (!rc)
		rc = name_check_exact(NAME_TABLE, name, strlen(name), &err);
	if (!rc)
		rc = check_trash(mount, site->namespace_id, name, &err);
	if (rc)
		dirop_refuse(mount, req, &site->place, &err);
	else
		dirop_draft(mount, req, &site->place, site->namespace_id, parent, name);
}

void dirops_mkdir(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		  mode_t mode)
{
	struct err err = ERR_INIT;
	struct site site;
	int rc = look(mount, parent, name, fuse_req_ctx(req)->uid, &site, &err);

	if (!rc && site.is_taken)
		rc = -EEXIST;
	if (rc)
		fuse_reply_err(req, verdict_errno(rc));
	else if (mount->tree.read_only)
		fuse_reply_err(req, EROFS);
	else if (site.dir.kind == NODE_NAMESPACES)
		make_namespace(mount, req, parent, name, &site);
	else if (site.dir.kind == NODE_TABLES)
		make_draft(mount, req, parent, name, &site);
	else if (site.spot == SPOT_SCRATCH)
		make_scratch(mount, req, parent, name, S_IFDIR | (mode & 07777), NULL);
	else {
		err_set(&err, -EPERM, "'%s' is the name of a document: no directory can have it",
			name);
		dirop_refuse(mount, req, &site.place, &err);
	}
}

void dirops_symlink(struct mount *mount, fuse_req_t req, const char *text, fuse_ino_t parent,
		    const char *name)
{
	struct err err = ERR_INIT;
	struct site site;
	int rc = look(mount, parent, name, fuse_req_ctx(req)->uid, &site, &err);

	if (!rc && site.is_taken)
		rc = -EEXIST;
	if (rc) {
		fuse_reply_err(req, verdict_errno(rc));
	} else if (site.spot == SPOT_SCRATCH) {
		make_scratch(mount, req, parent, name, S_IFLNK | 0777, text);
	} else {
		err_set(&err, -EPERM, "'%s' is the name of a document: no link can have it", name);
		dirop_refuse(mount, req, &site.place, &err);
	}
}

void dirops_refuse(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		   const char *what)
{
	struct err err = ERR_INIT;

	/* Programs try it in passing and go on without. */
	if (scratch_is_id(parent)) {
		fuse_reply_err(req, EPERM);
		return;
	}
	err_set(&err, -EPERM, "There are no %s here: copy the file", what);
	dirop_refuse_name(mount, req, parent, name, &err);
}
