/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names removed: unlink and rmdir.  Neither ever drops a table. */
#include "fs/dirops.h"

#include "fs/dirop.h"
#include "fs/draft.h"
#include "fs/edit.h"
#include "fs/mount.h"
#include "fs/phoenix.h"
#include "fs/redirect.h"
#include "fs/rejected.h"
#include "fs/scratch.h"
#include "fs/target.h"
#include "fs/verdict.h"

#include <errno.h>
#include <string.h>

/* The first call is sent back for a node of its own, the second one hides the name. */
static void unlink_phoenix(struct mount *mount, fuse_req_t req, const struct target *target)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct target_key key = target_key(target);
	struct process process;
	uint64_t node;

	if (!redirect_end(mount->redirects, who->pid, &key, REDIRECT_UNLINK, &node)) {
		int rc = redirect_begin(mount->redirects, who->pid, &key, REDIRECT_UNLINK);

		fuse_reply_err(req, rc ? verdict_errno(rc) : ESTALE);
		return;
	}
	if (node)
		scratch_unpin(mount->scratch, node);
	caller_process(who->uid, who->pid, &process);
	phoenix_hide(mount->phoenixes, process.pid, &key);
	fuse_reply_err(req, 0);
}

static int refuse_member(const struct target *target, const char *name, struct err *err)
{
	char stem[NAME_SIZE], quoted[QUOTED_SIZE];

	snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(name) - strlen(".json")), name);
	if (target->document.kind == DOCUMENT_COLUMN)
		return err_set(err, -EPERM, "A column is not dropped by unlink: echo 'DROP COLUMN %s' "
			       "> ctl in the directory of its table",
			       dirop_quote("", stem, quoted));
	return err_set(err, -EPERM, "A storage is not dropped by unlink: echo 'DROP STORAGE %s' > ctl "
		       "in the root of the mount", dirop_quote("", stem, quoted));
}

/* A name of the tree that is no document; who removes it may want to be rid of the whole. */
static int refuse_other(struct view *dir, const char *name, struct err *err)
{
	if (dir->table && dir->table->dropped_at)
		return target_check_writable(dir, err);
	if (dir->table)
		return err_set(err, -EPERM, "'%s' is generated: it cannot be removed. mv tables/%s "
			       "trash/ is DROP TABLE", name, dir->table->name);
	if (dir->ns)
		return err_set(err, -EPERM, "'%s' is generated: it cannot be removed. rmdir of an "
			       "empty namespace is DROP NAMESPACE %s", name, dir->ns->name);
	return err_set(err, -EPERM, "'%s' is generated: it cannot be removed", name);
}

static bool is_document(const struct target *target)
{
	return target->document.kind == DOCUMENT_TABLE || target->document.kind == DOCUMENT_NAMESPACE;
}

/* 0: *target is a document that can be unlinked; 1: nothing to do; or -errno. */
static int look(struct mount *mount, struct view *dir, const char *name, struct target *target,
		struct dirop_place *place, struct err *err)
{
	enum spot spot = target_of_name(dir, name, target, NULL);
	struct entry entry;
	int rc;

	(void)mount;
	dirop_place(dir, name, place);
	/* A draft is gone as a whole with rmdir; rm -r comes by here first. */
	if (dir->table && !dir->table->version && spot == SPOT_TAKEN)
		return 1;
	rc = node_find(dir, name, &entry, NULL, err);
	if (rc)
		return rc;
	if (spot != SPOT_DOCUMENT)
		return refuse_other(dir, name, err);
	return is_document(target) ? 0 : refuse_member(target, name, err);
}

/* Why a save was refused must not be lost to the unlink that an editor tries after it. */
static bool has_refusal(struct mount *mount, uint64_t dir, uint32_t uid, const char *name)
{
	return rejected_age(mount->rejected, dir, uid, name) >= 0;
}

void dirops_unlink(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct dirop_place place = { .object = "" };
	struct target target;
	struct err err = ERR_INIT;
	struct view dir;
	int rc = scratch_remove(mount->scratch, parent, name, false);

	if (rc != -ENOENT || scratch_is_id(parent)) {
		fuse_reply_err(req, -rc);
		return;
	}
	rc = view_open(&dir, &mount->tree, parent, fuse_req_ctx(req)->uid, &err);
	if (!rc)
		rc = look(mount, &dir, name, &target, &place, &err);
	view_close(&dir);
	if (!rc)
		unlink_phoenix(mount, req, &target);
	else if (rc < 0 && err.code && has_refusal(mount, parent, fuse_req_ctx(req)->uid, name))
		fuse_reply_err(req, verdict_errno(rc));
	else if (rc < 0 && err.code)
		dirop_refuse(mount, req, &place, &err);
	else
		fuse_reply_err(req, rc > 0 ? 0 : verdict_errno(rc));
}

/* What rmdir of a directory of the tree is. */
struct removal {
	struct dirop_spec spec;		/* text is empty: no statement */
	uint32_t draft;			/* 0 = none */
};

static int remove_table(struct mount *mount, const struct view *view, struct removal *out,
			struct err *err)
{
	const struct table *table = view->table;
	uint64_t node = inode_pack(NODE_TABLE, table->id, 0);

	if (table->version && table->dropped_at)
		return err_set(err, -EPERM, "A dropped table is purged with: echo 'PURGE TABLE %s' "
			       "> ctl in the namespace's directory", table->name);
	if (table->version)
		return err_set(err, -ENOTEMPTY, "A table is not dropped by rmdir: mv tables/%s trash/ is "
			       "DROP TABLE", table->name);
	if (scratch_has_names(mount->scratch, node))
		return err_set(err, -ENOTEMPTY, "There are files in the draft '%s'", table->name);
	out->draft = table->id;
	return 0;
}

static int remove_namespace(struct mount *mount, const struct view *view, struct removal *out,
			    struct err *err)
{
	const struct namespace *ns = view->ns;
	char quoted[QUOTED_SIZE];

	if (drafts_any(mount->drafts, ns->id))
		return err_set(err, -ENOTEMPTY, "There are drafts in tables/: rmdir them first");
	if (scratch_has_names(mount->scratch, inode_pack(NODE_NAMESPACE, ns->id, 0)))
		return err_set(err, -ENOTEMPTY, "There are other files in the directory of namespace '%s'",
			       ns->name);
	snprintf(out->spec.text, sizeof(out->spec.text), "DROP NAMESPACE %s RESTRICT",
		 dirop_quote("", ns->name, quoted));
	return 0;
}

static int look_dir(struct mount *mount, struct view *dir, const char *name, struct removal *out,
		    struct err *err)
{
	struct entry entry;
	struct view view;
	int rc = node_find(dir, name, &entry, NULL, err);

	dirop_place(dir, name, &out->spec.place);
	if (rc)
		return rc;
	rc = view_open(&view, &mount->tree, entry.id, dir->uid, err);
	if (!rc && mount->tree.read_only)
		rc = -EROFS;
	if (!rc && view.inode.kind == NODE_TABLE)
		rc = remove_table(mount, &view, out, err);
	else if (!rc && view.inode.kind == NODE_NAMESPACE)
		rc = remove_namespace(mount, &view, out, err);
	else if (!rc)
		rc = refuse_other(dir, name, err);
	view_close(&view);
	return rc;
}

void dirops_rmdir(struct mount *mount, fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct removal removal = { .draft = 0 };
	struct err err = ERR_INIT;
	struct view dir;
	int rc = scratch_remove(mount->scratch, parent, name, true);

	if (rc != -ENOENT || scratch_is_id(parent)) {
		fuse_reply_err(req, -rc);
		return;
	}
	rc = view_open(&dir, &mount->tree, parent, fuse_req_ctx(req)->uid, &err);
	if (!rc)
		rc = look_dir(mount, &dir, name, &removal, &err);
	view_close(&dir);
	if (rc && err.code) {
		dirop_refuse(mount, req, &removal.spec.place, &err);
	} else if (rc) {
		fuse_reply_err(req, verdict_errno(rc));
	} else if (removal.draft &&
		   !drafts_remove(mount->drafts, removal.draft, catalog_now(mount->catalog))) {
		err_set(&err, -ENOTEMPTY, "'%s' has just become a table: mv tables/%s trash/ is "
			"DROP TABLE", name, name);
		dirop_refuse(mount, req, &removal.spec.place, &err);
	} else if (removal.draft) {
		fuse_reply_err(req, 0);
	} else {
		dirop_begin(mount, req, &removal.spec);
	}
}
