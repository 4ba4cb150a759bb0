/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rename(2) means: a save, a backup, a statement, or a refusal. */
#include "fs/dirops.h"

#include "fs/dirop.h"
#include "fs/draft.h"
#include "fs/edit.h"
#include "fs/mount.h"
#include "fs/node.h"
#include "fs/phoenix.h"
#include "fs/redirect.h"
#include "fs/save.h"
#include "fs/scratch.h"
#include "fs/target.h"
#include "fs/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RENAME_NOREPLACE of linux/fs.h, which does not go with stdio.h everywhere. */
#define NO_REPLACE 1u

/* One side of a rename. */
struct side {
	uint64_t dir;
	const char *name;
	bool is_scratch;		/* a scratch file has this name */
	enum spot spot;
	struct target target;		/* SPOT_DOCUMENT */
	struct inode inode, dir_inode;	/* of the tree: kind NODE_NONE = none of that name */
	struct dirop_place place;
	struct namespace *ns;		/* of tables/ and trash/; a reference */
	struct table *table;		/* the directory's own, or that of its table or draft; a reference */
	struct err err;			/* why nothing can be there: SPOT_NONE, SPOT_TAKEN */
};

static void side_close(struct side *side)
{
	namespace_put(side->ns);
	table_put(side->table);
}

/* 0, also where nothing is there, or -errno where that cannot be told. */
static int look_in_tree(struct mount *mount, struct view *dir, struct side *side, struct err *err)
{
	struct entry entry;
	struct view view;
	int rc;

	if (dir->ns)
		side->ns = namespace_get(dir->ns);
	rc = node_find(dir, side->name, &entry, NULL, err);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	side->inode = inode_unpack(entry.id);
	if (side->inode.kind == NODE_TABLE) {
		rc = view_open(&view, &mount->tree, entry.id, 0, err);
		if (!rc)
			side->table = table_get(view.table);
		view_close(&view);
	} else if (dir->table) {
		side->table = table_get(dir->table);
	}
	return rc == -ENOENT ? 0 : rc;
}

static int side_open(struct mount *mount, uint32_t uid, uint64_t parent, const char *name,
		     struct side *side, struct err *err)
{
	uint64_t node;
	struct view dir;
	int rc;

	*side = (struct side){ .dir = parent, .name = name, .spot = SPOT_SCRATCH,
			       .dir_inode = inode_unpack(parent), .err = ERR_INIT };
	if (!scratch_find(mount->scratch, parent, name, &node)) {
		side->is_scratch = true;
		scratch_unpin(mount->scratch, node);
	}
	if (scratch_is_id(parent)) {
		snprintf(side->place.label, sizeof(side->place.label), "%s", name);
		return 0;
	}
	rc = view_open(&dir, &mount->tree, parent, uid, err);
	if (!rc) {
		dirop_place(&dir, name, &side->place);
		side->spot = target_of_name(&dir, name, &side->target, &side->err);
		rc = look_in_tree(mount, &dir, side, err);
	}
	view_close(&dir);
	return rc;
}

/*
 * Failures are told at the target; in a scratch directory, at what it hangs in.
 * Of EINVAL mv(1) says that a directory were moved into itself.
 */
static void refuse(struct mount *mount, fuse_req_t req, const struct side *to, const struct err *err)
{
	struct err told = *err;

	if (told.code == -EINVAL)
		told.code = -EPERM;
	if (scratch_is_id(to->dir))
		dirop_refuse_name(mount, req, to->dir, to->name, &told);
	else
		dirop_refuse(mount, req, &to->place, &told);
}

/*
 * An editor's backup of a draft that comes back after a refused save: the
 * template, which nobody has filled in, makes no table that way.
 */
static bool is_template(struct mount *mount, const struct side *to, const char *text, size_t len)
{
	struct view dir, view;
	struct err ignored = ERR_INIT;
	char *template = NULL;
	size_t size = 0;
	bool same = false;

	if (to->target.document.kind != DOCUMENT_TABLE || !to->target.document.create)
		return false;
	if (!target_open(&to->target, &mount->tree, 0, &dir, &view, &ignored) &&
	    !node_text(&view, &template, &size, &ignored))
		same = size == len && !memcmp(text, template, len);
	view_close(&view);
	view_close(&dir);
	free(template);
	return same;
}

/* Takes the text. */
static void save_text(struct mount *mount, fuse_req_t req, const struct side *from,
		      const struct side *to, const struct save_spec *spec)
{
	if (!is_template(mount, to, spec->text, spec->len)) {
		save_begin(mount, req, spec);
		return;
	}
	free(spec->text);
	fuse_reply_err(req, -scratch_remove(mount->scratch, from->dir, from->name, false));
}

static void save_over(struct mount *mount, fuse_req_t req, const struct side *from,
		      const struct side *to)
{
	struct save_spec spec = { .why = SAVE_RENAME, .target = to->target, .parent = from->dir };
	struct target_key key = target_key(&to->target);
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct process process;
	struct err err = ERR_INIT;
	struct stat attr;
	int rc;

	caller_process(who->uid, who->pid, &process);
	phoenix_rise(mount->phoenixes, process.pid, &key);
	snprintf(spec.name, sizeof(spec.name), "%s", from->name);
	rc = scratch_find(mount->scratch, from->dir, from->name, &spec.node);
	if (rc) {
		fuse_reply_err(req, -rc);
		return;
	}
	rc = scratch_stat(mount->scratch, spec.node, &attr);
	if (!rc && !S_ISREG(attr.st_mode))
		rc = err_set(&err, -EPERM, "A document can only be replaced by a regular file");
	else if (!rc && attr.st_size > DOCUMENT_MAX_BYTES)
		rc = err_set(&err, -EFBIG, "A document has at most %u bytes", DOCUMENT_MAX_BYTES);
	if (!rc)
		rc = scratch_text(mount->scratch, spec.node, &spec.text, &spec.len);
	if (rc && err.code)
		refuse(mount, req, to, &err);
	else if (rc)
		fuse_reply_err(req, -rc);
	else
		save_text(mount, req, from, to, &spec);
	scratch_unpin(mount->scratch, spec.node);
}

static void rename_scratch(struct mount *mount, fuse_req_t req, const struct side *from,
			   const struct side *to, unsigned flags)
{
	int rc;

	if (to->spot == SPOT_DOCUMENT) {
		save_over(mount, req, from, to);
	} else if (to->spot != SPOT_SCRATCH) {
		refuse(mount, req, to, &to->err);
	} else {
		rc = scratch_rename(mount->scratch, from->dir, from->name, to->dir, to->name,
				    flags & NO_REPLACE);
		fuse_reply_err(req, -rc);
	}
}

/*
 * The document stays; the new name gets a copy.  The first call is sent back,
 * so that the kernel moves the copy's node and not the document's.
 */
static void back_up(struct mount *mount, fuse_req_t req, const struct side *from,
		    const struct side *to)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct target_key key = target_key(&from->target);
	struct err err = ERR_INIT;
	uint64_t node;
	int rc = 0;

	if (!redirect_end(mount->redirects, who->pid, &key, REDIRECT_RENAME, &node)) {
		rc = redirect_begin(mount->redirects, who->pid, &key, REDIRECT_RENAME);
		fuse_reply_err(req, rc ? verdict_errno(rc) : ESTALE);
		return;
	}
	if (!node)
		rc = edit_private(mount, who, &from->target, true, &node, &err);
	if (!rc) {
		rc = scratch_place(mount->scratch, node, to->dir, to->name);
		scratch_unpin(mount->scratch, node);
	}
	fuse_reply_err(req, verdict_errno(rc));
}

static void rename_column(struct mount *mount, fuse_req_t req, const struct side *from,
			  const struct side *to)
{
	struct dirop_spec spec = { .place = to->place };
	char table[QUOTED_SIZE], old[QUOTED_SIZE], new[QUOTED_SIZE], stem[NAME_SIZE];

	snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(from->name) - strlen(".json")), from->name);
	snprintf(spec.text, sizeof(spec.text), "ALTER TABLE %s RENAME COLUMN %s TO %s",
		 dirop_quote(from->table->namespace_name, from->table->name, table),
		 dirop_quote("", stem, old), dirop_quote("", to->target.document.name, new));
	dirop_begin(mount, req, &spec);
}

static void rename_document(struct mount *mount, fuse_req_t req, const struct side *from,
			    const struct side *to)
{
	enum document_kind kind = from->target.document.kind;
	struct err err = ERR_INIT;

	if (to->spot == SPOT_SCRATCH) {
		back_up(mount, req, from, to);
		return;
	}
	if (to->spot != SPOT_DOCUMENT) {
		refuse(mount, req, to, &to->err);
		return;
	}
	if (kind == DOCUMENT_COLUMN && from->dir == to->dir && to->target.document.create) {
		rename_column(mount, req, from, to);
		return;
	}
	if (kind == DOCUMENT_STORAGE)
		err_set(&err, -EPERM, "A storage cannot be renamed: copy the file for a new one, and "
			"ALTER TABLE ... SET (STORAGE_ID = ...)");
	else if (!to->target.document.create)
		err_set(&err, -EPERM, "'%s' is there already, and '%s' would be lost: copy it instead",
			to->name, from->name);
	else
		err_set(&err, -EPERM, "'%s' cannot be moved here: copy it instead", from->name);
	refuse(mount, req, to, &err);
}

static const char *table_name(const struct table *table, char out[QUOTED_SIZE])
{
	return dirop_quote(table->namespace_name, table->name, out);
}

static int rename_draft(struct mount *mount, const struct side *from, const struct side *to,
			struct err *err)
{
	int rc;

	if (to->dir_inode.kind != NODE_TABLES)
		return err_set(err, -EPERM, "A draft can only be renamed within tables/");
	rc = drafts_rename(mount->drafts, from->table->id, to->ns, to->name,
			   catalog_now(mount->catalog));
	return rc ? err_set(err, rc, "There is a draft '%s' already", to->name) : 0;
}

/* The statement that moves a table; 0 or -errno with err. */
static int table_statement(const struct side *from, const struct side *to, char *text, size_t size,
			   struct err *err)
{
	const struct table *table = from->table;
	bool same = table->namespace_id == to->dir_inode.object && !strcmp(table->name, to->name);
	char old[QUOTED_SIZE], new[QUOTED_SIZE];

	table_name(table, old);
	if (to->dir_inode.kind == NODE_TRASH && !table->dropped_at && same)
		snprintf(text, size, "DROP TABLE %s", old);
	else if (to->dir_inode.kind == NODE_TABLES && table->dropped_at && same)
		snprintf(text, size, "UNDROP TABLE %s", old);
	else if (to->dir_inode.kind == NODE_TABLES && !table->dropped_at)
		snprintf(text, size, "ALTER TABLE %s RENAME TO %s", old,
			 dirop_quote(to->ns->name, to->name, new));
	else if (to->dir_inode.kind == NODE_TRASH || to->dir_inode.kind == NODE_TABLES)
		return err_set(err, -EPERM, "Table '%s' goes to trash and back under its own name and in "
			       "its own namespace", table->name);
	else
		return err_set(err, -EPERM, "A table can only be moved to tables/ (RENAME TABLE) or "
			       "trash/ (DROP TABLE)");
	return 0;
}

static void rename_table(struct mount *mount, fuse_req_t req, const struct side *from,
			 const struct side *to)
{
	struct dirop_spec spec = { .place = to->place };
	struct err err = ERR_INIT;
	bool is_draft = !from->table->version;
	int rc = 0;

	if (from->table->type == TABLE_SYSTEM || (to->ns && to->ns->id == NAMESPACE_SYSTEM))
		rc = err_set(&err, -EPERM, "Namespace 'system' is built in and cannot be changed");
	if (!rc && to->inode.kind != NODE_NONE)
		rc = err_set(&err, -ENOTEMPTY, "There is a table '%s' already", to->name);
	if (!rc && to->dir_inode.kind == NODE_TABLES)
		rc = name_check_exact(NAME_TABLE, to->name, strlen(to->name), &err);
	if (!rc && is_draft)
		rc = rename_draft(mount, from, to, &err);
	else if (!rc)
		rc = table_statement(from, to, spec.text, sizeof(spec.text), &err);
	if (rc)
		refuse(mount, req, to, &err);
	else if (is_draft)
		fuse_reply_err(req, 0);
	else
		dirop_begin(mount, req, &spec);
}

static void refuse_generated(struct mount *mount, fuse_req_t req, const struct side *from,
			     const struct side *to)
{
	struct err err = ERR_INIT;

	if (from->inode.kind == NODE_NAMESPACE)
		err_set(&err, -EPERM, "Namespaces cannot be renamed: mkdir namespaces/%s and mv the "
			"tables (mv namespaces/%s/tables/* namespaces/%s/tables/)", to->name, from->name,
			to->name);
	else if (from->spot == SPOT_NONE && from->err.code)
		err = from->err;
	else
		err_set(&err, -EPERM, "'%s' is generated: it cannot be renamed", from->name);
	refuse(mount, req, to, &err);
}

static void decide(struct mount *mount, fuse_req_t req, const struct side *from,
		   const struct side *to, unsigned flags)
{
	bool is_document = from->spot == SPOT_DOCUMENT && from->inode.kind != NODE_NONE;

	if (mount->tree.read_only)
		fuse_reply_err(req, EROFS);
	else if (from->is_scratch)
		rename_scratch(mount, req, from, to, flags);
	else if (from->inode.kind == NODE_NONE)
		fuse_reply_err(req, ENOENT);
	else if (is_document)
		rename_document(mount, req, from, to);
	else if (from->inode.kind == NODE_TABLE && from->table)
		rename_table(mount, req, from, to);
	else
		refuse_generated(mount, req, from, to);
}

void dirops_rename(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name,
		   fuse_ino_t to_parent, const char *to_name, unsigned flags)
{
	uint32_t uid = fuse_req_ctx(req)->uid;
	struct side from, to = { .ns = NULL };
	struct err err = ERR_INIT;
	int rc;

	if (flags & ~NO_REPLACE) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	rc = side_open(mount, uid, parent, name, &from, &err);
	if (!rc)
		rc = side_open(mount, uid, to_parent, to_name, &to, &err);
	if (rc)
		fuse_reply_err(req, verdict_errno(rc));
	else
		decide(mount, req, &from, &to, flags);
	side_close(&from);
	side_close(&to);
}
