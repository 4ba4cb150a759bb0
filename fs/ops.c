/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/ops.h"

#include "fs/ctl.h"
#include "fs/dirop.h"
#include "fs/dirops.h"
#include "fs/edit.h"
#include "fs/kept.h"
#include "fs/log.h"
#include "fs/mount.h"
#include "fs/node.h"
#include "fs/ops_dir.h"
#include "fs/redirect.h"
#include "fs/scratch.h"
#include "fs/scratch_ops.h"
#include "fs/spool_ops.h"
#include "fs/target.h"
#include "fs/userlink.h"
#include "fs/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define EPOCH_PROTOCOL_MINOR 44	/* the first with FUSE_NOTIFY_INC_EPOCH */
#define NAME_MAX_SHOWN 255
#define READ_MAX (1u << 20)

static struct mount *mount_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

int ops_fail(fuse_req_t req, int rc, const struct err *err)
{
	verdict_note(mount_of(req), err);
	/* Of a damaged catalog all has been said. */
	if (rc == -ENOMEM || ((rc == -EIO || rc == -EUCLEAN) && !mount_of(req)->tree.is_frozen))
		log_message(LOG_ERR, "%s", *err->text ? err->text : strerror(-rc));
	/* Who only reads cannot do so, and is not told that he must not write. */
	if (rc == -EUCLEAN)
		rc = -EIO;
	return fuse_reply_err(req, rc == -ESTALE ? ESTALE : verdict_errno(rc));
}

static void ops_init(void *userdata, struct fuse_conn_info *conn)
{
	struct mount *mount = userdata;

	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_WRITEBACK_CACHE |
				  FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
				  FUSE_CAP_SPLICE_MOVE);
	conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_CACHE_SYMLINKS |
				       FUSE_CAP_NO_OPENDIR_SUPPORT | FUSE_CAP_PARALLEL_DIROPS |
				       FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_AUTO_INVAL_DATA);
	mount->has_expire = conn->capable & FUSE_CAP_EXPIRE_ONLY;
	conn->max_read = mount->max_read;	/* libfuse wants to hear it twice */
	mount->has_no_opendir = conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT;
	/* What may be open for writing must be asked for. */
	mount->has_no_open = mount->kept && conn->capable & FUSE_CAP_NO_OPEN_SUPPORT;
	if (mount->has_no_open)
		conn->want |= FUSE_CAP_NO_OPEN_SUPPORT;
	mount->tree.has_epoch = mount->allow_epoch && conn->proto_major == 7 &&
				conn->proto_minor >= EPOCH_PROTOCOL_MINOR;
}

static void forget(struct mount *mount, fuse_ino_t ino, uint64_t nlookup)
{
	if (scratch_is_id(ino))
		scratch_forget(mount->scratch, ino, nlookup);
	else
		userlink_forget(mount->tree.links, ino, nlookup);
}

static void reply_entry(fuse_req_t req, const struct entry *entry)
{
	struct mount *mount = mount_of(req);
	struct fuse_entry_param param = {
		.ino = entry->id,
		.attr = entry->attr,
		.entry_timeout = entry->entry_timeout,
		.attr_timeout = entry->attr_timeout,
	};

	/* An answer that nobody waited for counts no lookup. */
	if (fuse_reply_entry(req, &param) && entry->counted)
		forget(mount, entry->id, 1);
}

/* A step of a walk failed: the kernel does not come back from being sent back (fs/redirect.h). */
static void fail_walk(fuse_req_t req, int rc, const struct err *err)
{
	struct mount *mount = mount_of(req);

	if (rc != -ENOENT && redirects_any(mount->redirects))
		redirect_fail(mount->redirects, fuse_req_ctx(req)->pid);
	ops_fail(req, rc, err);
}

static void ops_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct mount *mount = mount_of(req);
	struct entry entry = { 0 };
	struct err err;
	bool absence = false;
	struct view dir;
	int rc;

	err_clear(&err);
	if (strlen(name) > NAME_MAX_SHOWN) {
		fuse_reply_err(req, ENAMETOOLONG);
		return;
	}
	if (scratch_is_id(parent)) {
		rc = edit_find_scratch(mount, parent, name, &entry);
	} else {
		rc = view_open(&dir, &mount->tree, parent, fuse_req_ctx(req)->uid, &err);
		if (!rc)
			rc = edit_find(mount, fuse_req_ctx(req), &dir, name, &entry, &absence, &err);
		view_close(&dir);
	}
	if (rc == -ENOENT && absence)
		entry = (struct entry){ .entry_timeout = FOREVER };
	else if (rc) {
		fail_walk(req, rc, &err);
		return;
	}
	if (mount->has_no_open && entry.id && !scratch_is_id(entry.id) &&
	    node_row(inode_unpack(entry.id).kind)->flags & NODE_SPOOLED)
		spool_ops_lookup(mount, req, parent, name, &entry);
	else
		reply_entry(req, &entry);
}

static void ops_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	forget(mount_of(req), ino, nlookup);
	fuse_reply_none(req);
}

static void ops_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget(mount_of(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

/* What is open is what was printed then, whatever its name would stand for now. */
static bool is_spooled(struct mount *mount, fuse_ino_t ino, struct stat *attr, double *timeout)
{
	return node_row(inode_unpack(ino).kind)->flags & NODE_SPOOLED &&
	       handles_attr(&mount->handles, ino, attr, timeout);
}

static void reply_attr(fuse_req_t req, fuse_ino_t ino, bool keep)
{
	struct mount *mount = mount_of(req);
	struct err err;
	double timeout = 0;
	struct view view;
	struct stat attr;
	int rc;

	err_clear(&err);
	if (is_spooled(mount, ino, &attr, &timeout)) {
		fuse_reply_attr(req, &attr, timeout);
		return;
	}
	rc = view_open(&view, &mount->tree, ino, fuse_req_ctx(req)->uid, &err);
	if (!rc)
		rc = node_stat(&view, &attr, &err);
	if (!rc && keep)
		timeout = node_attr_timeout(&view);
	view_close(&view);
	/* fstat: the text that was made at open. */
	if (!rc && node_row(inode_unpack(ino).kind)->flags & NODE_DIRECT &&
	    handles_size(&mount->handles, ino, &attr.st_size))
		attr.st_blocks = (attr.st_size + 511) / 512;
	/* An open file of an old version or a dropped object: its handle remembers. */
	if ((rc == -ESTALE || rc == -ENOENT) && handles_attr(&mount->handles, ino, &attr, &timeout))
		rc = 0;
	if (rc)
		fail_walk(req, rc, &err);
	else
		fuse_reply_attr(req, &attr, timeout);
}

static void ops_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)fi;
	if (scratch_is_id(ino))
		scratch_ops_getattr(mount_of(req), req, ino);
	else
		reply_attr(req, ino, true);
}

/*
 * truncate(2) without an open file: emptying a document is no edit, and another
 * length makes none of it.  Statements are not files that could be cut.
 */
static int check_size(fuse_ino_t ino, const struct stat *attr)
{
	enum node_kind kind = inode_unpack(ino).kind;

	if (node_row(kind)->flags & NODE_STATEMENTS)
		return 0;
	if (!target_is_document(kind))
		return EPERM;
	return attr->st_size ? EINVAL : 0;
}

/*
 * Mode, owner and times come from the catalog: cp -a, install and rsync insist
 * on setting them, so that is accepted and changes nothing.  (Whether the
 * caller may has been checked by the kernel.)
 */
static void ops_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
			struct fuse_file_info *fi)
{
	const struct tree *tree = &mount_of(req)->tree;
	int code;

	(void)fi;
	/* The kernel asks where somebody made the superblock of a read-only mount writable. */
	if (tree->read_only ||
	    (tree->is_frozen && !(node_row(inode_unpack(ino).kind)->flags & NODE_STATEMENTS))) {
		fuse_reply_err(req, EROFS);
		return;
	}
	if (scratch_is_id(ino)) {
		scratch_ops_setattr(mount_of(req), req, ino, attr, to_set);
		return;
	}
	code = to_set & FUSE_SET_ATTR_SIZE ? check_size(ino, attr) : 0;
	if (code)
		fuse_reply_err(req, code);
	else
		reply_attr(req, ino, false);
}

static void ops_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct mount *mount = mount_of(req);
	struct err err;
	char text[LOCATION_SIZE];
	struct view view;
	int rc;

	err_clear(&err);
	if (scratch_is_id(ino)) {
		scratch_ops_readlink(mount, req, ino);
		return;
	}
	rc = view_open(&view, &mount->tree, ino, fuse_req_ctx(req)->uid, &err);

	if (!rc)
		rc = node_row(view.inode.kind)->link ?
			node_row(view.inode.kind)->link(&view, text, &err) : -EINVAL;
	view_close(&view);
	if (rc)
		ops_fail(req, rc, &err);
	else
		fuse_reply_readlink(req, text);
}

static int open_statements(struct mount *mount, struct handle *handle, struct err *err)
{
	struct view view;
	int rc = view_open(&view, &mount->tree, handle->node, handle->uid, err);

	if (!rc) {
		handle->ctl = ctl_new(&view);
		if (!handle->ctl)
			rc = -ENOMEM;
	}
	view_close(&view);
	return rc;
}

/* schema.json of a draft: gone as soon as it is a table. */
static bool is_template(uint64_t node)
{
	struct inode inode = inode_unpack(node);

	return inode.kind == NODE_SCHEMA_JSON && !inode.sub;
}

static int open_handle(struct mount *mount, struct handle *handle, unsigned node_flags, int flags,
		       struct err *err)
{
	int rc = 0;

	if ((flags & O_ACCMODE) != O_RDONLY)
		rc = open_statements(mount, handle, err);
	/* What the catalog cannot show again later is made now. */
	if (!rc && (flags & O_ACCMODE) != O_WRONLY &&
	    (node_flags & (NODE_DIRECT | NODE_PINNED) || is_template(handle->node)))
		rc = handle_fix(&mount->handles, handle, &mount->tree, node_flags & NODE_PINNED,
				err);
	return rc;
}

static void ops_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mount *mount = mount_of(req);
	const struct node_row *row = node_row(inode_unpack(ino).kind);
	bool writes = (fi->flags & O_ACCMODE) != O_RDONLY;
	struct handle *handle = NULL;
	struct err err;
	int rc = 0;

	err_clear(&err);
	/* No round trip per file: the kernel takes this answer for all. */
	if (mount->has_no_open) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	if (scratch_is_id(ino)) {
		scratch_ops_open(mount, req, ino, fi);
		return;
	}
	if ((writes || fi->flags & O_TRUNC) && !(row->flags & NODE_STATEMENTS)) {
		if (target_is_document(inode_unpack(ino).kind))
			edit_open(mount, req, ino);
		else
			fuse_reply_err(req, EPERM);
		return;
	}
	if (row->flags & NODE_SPOOLED) {
		spool_ops_open(mount, req, ino, fi);
		return;
	}
	/* log.jsonl grows: it is read from the catalog, never from a handle. */
	if (row->show) {
		handle = handle_new(&mount->handles, ino, fuse_req_ctx(req)->uid);
		rc = handle ? open_handle(mount, handle, row->flags, fi->flags, &err) : -ENOMEM;
	}
	if (rc) {
		if (handle)
			handle_put(&mount->handles, handle);
		ops_fail(req, rc, &err);
		return;
	}
	fi->fh = (uint64_t)(uintptr_t)handle;
	fi->direct_io = !!(row->flags & NODE_DIRECT);
	fi->keep_cache = !fi->direct_io;
	fi->noflush = !writes;
	if (fuse_reply_open(req, fi) && handle)
		handle_put(&mount->handles, handle);
}

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	return fi ? (struct handle *)(uintptr_t)fi->fh : NULL;
}

static void ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct handle *handle = handle_of(fi);

	if (scratch_is_id(ino)) {
		scratch_ops_release(mount_of(req), req, ino);
		return;
	}
	if (handle && handle->ctl)
		ctl_release(mount_of(req), handle->ctl);
	if (handle)
		handle_put(&mount_of(req)->handles, handle);
	fuse_reply_err(req, 0);
}

static void reply_slice(fuse_req_t req, const char *text, size_t len, size_t size, off_t off)
{
	size_t from = off < 0 || (size_t)off > len ? len : (size_t)off;

	fuse_reply_buf(req, text + from, size < len - from ? size : len - from);
}

/* The answer may bring the RELEASE before libfuse is done with the text. */
static void read_handle(fuse_req_t req, struct handle *handle, size_t size, off_t off)
{
	struct mount *mount = mount_of(req);
	struct handle_text *shared;
	struct err err;
	const char *text;
	size_t len;
	int rc;

	err_clear(&err);
	handle_get(handle);
	rc = handle_text(&mount->handles, handle, &mount->tree, &shared, &err);
	if (rc) {
		ops_fail(req, rc == -ESTALE ? -EIO : rc, &err);
	} else {
		text = handle_text_at(shared, &len);
		reply_slice(req, text, len, size, off);
		handle_text_put(shared);
	}
	handle_put(&mount->handles, handle);
}

/* The text of a node in new memory, as far as it was kept or can be made again. */
static int make_text(struct mount *mount, uint64_t node, char **text, size_t *len, struct err *err)
{
	struct view view;
	int rc = view_open(&view, &mount->tree, node, 0, err);

	if (!rc)
		rc = node_row(view.inode.kind)->show ? node_text(&view, text, len, err) : -EINVAL;
	view_close(&view);
	return rc;
}

/* A file that the kernel opened without asking. */
static void read_node(fuse_req_t req, uint64_t node, size_t size, off_t off)
{
	struct mount *mount = mount_of(req);
	struct err err;
	char *text;
	size_t len;
	ssize_t n;
	int rc;

	err_clear(&err);
	size = size < READ_MAX ? size : READ_MAX;
	text = malloc(size);
	n = text ? kept_read(mount->kept, node, text, size, (uint64_t)off) : -ENOMEM;
	if (n >= 0)
		fuse_reply_buf(req, text, (size_t)n);
	free(text);
	if (n >= 0)
		return;
	rc = make_text(mount, node, &text, &len, &err);
	if (rc) {
		ops_fail(req, rc == -ESTALE || rc == -ENOENT ? -EIO : rc, &err);
		return;
	}
	reply_slice(req, text, len, size, off);
	/* It will be asked for again, piece by piece. */
	if (len > size)
		kept_put(mount->kept, node, text, len);
	else
		free(text);
}

/* May give more than the size that is shown: see show_log in fs/notify.c. */
static void read_log(fuse_req_t req, size_t size, off_t off)
{
	struct mount *mount = mount_of(req);
	struct err err = ERR_INIT;
	struct txn *txn = NULL;
	ssize_t len = 0;
	char *text;
	int rc;

	size = size < READ_MAX ? size : READ_MAX;
	text = malloc(size);
	rc = text ? catalog_begin(mount->catalog, &txn, &err) : -ENOMEM;
	if (!rc)
		len = log_read(txn, (uint64_t)off, text, size);
	if (!rc && txn_met_damage(txn))
		rc = -EIO;
	txn_end(txn);
	if (!rc && len < 0)
		rc = (int)len;
	if (rc)
		ops_fail(req, rc, &err);
	else
		fuse_reply_buf(req, text, (size_t)len);
	free(text);
}

static void ops_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct mount *mount = mount_of(req);
	struct siblings_push *push = NULL;

	if (scratch_is_id(ino)) {
		scratch_ops_read(mount, req, ino, size, off);
		return;
	}
	if (!off)
		push = siblings_prepare(&mount->siblings, &mount->tree, ino);
	siblings_store(push, mount->se);
	if (inode_unpack(ino).kind == NODE_LOG)
		read_log(req, size, off);
	else if (handle_of(fi) && handle_of(fi)->spool)
		spool_ops_read(mount_of(req), req, handle_of(fi), size, off);
	else if (handle_of(fi))
		read_handle(req, handle_of(fi), size, off);
	else if (mount->has_no_open && node_row(inode_unpack(ino).kind)->flags & NODE_SPOOLED)
		spool_ops_read_node(mount, req, ino, size, off);
	else if (mount->has_no_open)
		read_node(req, ino, size, off);
	else
		fuse_reply_err(req, EBADF);
	siblings_answered(push);
}

static void ops_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		      struct fuse_file_info *fi)
{
	struct handle *handle = handle_of(fi);

	if (scratch_is_id(ino))
		scratch_ops_write(mount_of(req), req, ino, buf, size, off, fi->lock_owner);
	else if (handle && handle->ctl)	/* whatever off is: `>` and `>>` mean the same */
		ctl_write(mount_of(req), req, handle, buf, size, fi->lock_owner);
	else	/* a read-only mount whose superblock somebody made writable */
		fuse_reply_err(req, mount_of(req)->has_no_open ? EROFS : EBADF);
}

static void ops_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct handle *handle = handle_of(fi);

	if (scratch_is_id(ino))
		scratch_ops_flush(mount_of(req), req, ino, fi->lock_owner);
	else if (handle && handle->ctl)
		ctl_flush(mount_of(req), req, handle, fi->lock_owner);
	else
		fuse_reply_err(req, mount_of(req)->has_no_open ? ENOSYS : 0);
}

/* A write that returned is on disk already. */
static void ops_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)datasync;
	(void)fi;
	if (scratch_is_id(ino))
		scratch_ops_fsync(mount_of(req), req, ino);
	else
		fuse_reply_err(req, 0);
}

static void ops_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs out = { .f_bsize = 4096, .f_frsize = 4096, .f_namemax = NAME_MAX_SHOWN };
	struct store_stat stat;
	struct err err = ERR_INIT;
	int rc = store_statistics(catalog_store(mount_of(req)->catalog), &stat);

	(void)ino;
	if (rc) {
		ops_fail(req, rc, &err);
		return;
	}
	out.f_blocks = (stat.file_bytes + stat.disk_free_bytes) / out.f_frsize;
	out.f_bfree = stat.disk_free_bytes / out.f_frsize;
	out.f_bavail = out.f_bfree;
	fuse_reply_statfs(req, &out);
}

/*
 * Nothing is made, removed or renamed in a damaged catalog, not even in memory, nor by a
 * name that no file has: the kernel would ask for longer ones.
 */
static bool may_change(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct mount *mount = mount_of(req);
	struct err err;

	if (strlen(name) > NAME_MAX_SHOWN) {
		fuse_reply_err(req, ENAMETOOLONG);
		return false;
	}
	if (!mount->tree.is_frozen)
		return true;
	err_clear(&err);
	target_refuse_frozen(&mount->tree, &err);
	dirop_refuse_name(mount, req, parent, name, &err);
	return false;
}

static void ops_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	(void)mode;
	(void)rdev;
	dirops_refuse(mount_of(req), req, parent, name, "special files");
}

static void ops_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino;
	dirops_refuse(mount_of(req), req, parent, name, "hard links");
}

static void ops_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	if (may_change(req, parent, name))
		dirops_mkdir(mount_of(req), req, parent, name, mode);
}

static void ops_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		       struct fuse_file_info *fi)
{
	if (may_change(req, parent, name))
		dirops_create(mount_of(req), req, parent, name, mode, fi);
}

static void ops_symlink(fuse_req_t req, const char *text, fuse_ino_t parent, const char *name)
{
	if (may_change(req, parent, name))
		dirops_symlink(mount_of(req), req, text, parent, name);
}

static void ops_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	if (may_change(req, parent, name))
		dirops_unlink(mount_of(req), req, parent, name);
}

static void ops_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	if (may_change(req, parent, name))
		dirops_rmdir(mount_of(req), req, parent, name);
}

static void ops_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to,
		       const char *to_name, unsigned flags)
{
	if (may_change(req, to, to_name))
		dirops_rename(mount_of(req), req, parent, name, to, to_name, flags);
}

/* Calls that are not here (attributes by name, locks, ...) the kernel stops asking after once. */
const struct fuse_lowlevel_ops ops = {
	.init = ops_init,
	.lookup = ops_lookup,
	.forget = ops_forget,
	.forget_multi = ops_forget_multi,
	.getattr = ops_getattr,
	.setattr = ops_setattr,
	.readlink = ops_readlink,
	.open = ops_open,
	.read = ops_read,
	.write = ops_write,
	.flush = ops_flush,
	.release = ops_release,
	.fsync = ops_fsync,
	.opendir = ops_opendir,
	.readdir = ops_readdir,
	.readdirplus = ops_readdirplus,
	.statfs = ops_statfs,
	.mknod = ops_mknod,
	.mkdir = ops_mkdir,
	.create = ops_create,
	.unlink = ops_unlink,
	.rmdir = ops_rmdir,
	.symlink = ops_symlink,
	.link = ops_link,
	.rename = ops_rename,
};
