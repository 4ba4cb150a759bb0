/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/device.h"
#include "fs/draft.h"
#include "fs/forget.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "fs/mount.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <syslog.h>

/* FUSE_NOTIFY_INC_EPOCH: libfuse 3.14 has no call for it, linux/fuse.h not always its name. */
#define NOTIFY_INC_EPOCH 8

/* Where a file's cached data begins that a longer file must not keep. */
#define PAGE_MASK UINT64_C(4095)

/* What is not cached cannot be forgotten (ENOENT); after an unmount nothing can. */
static void check(const char *what, int rc)
{
	if (rc && rc != -ENOENT && rc != -ENOTCONN && rc != -ENODEV && rc != -EBADF)
		log_message(LOG_WARNING, "Notification of the kernel (%s): %s", what,
			    strerror(-rc));
}

void forget_attr(struct mount *mount, uint64_t node)
{
	check("attributes", fuse_lowlevel_notify_inval_inode(mount->se, node, -1, 0));
}

void forget_tail(struct mount *mount, uint64_t node, uint64_t end)
{
	off_t from = (off_t)(end & ~PAGE_MASK);

	check("data", fuse_lowlevel_notify_inval_inode(mount->se, node, from, 0));
}

void push_tail(struct mount *mount, uint64_t node, uint64_t offset, const char *text, size_t len)
{
	struct fuse_bufvec data = FUSE_BUFVEC_INIT(len);

	data.buf[0].mem = (void *)(uintptr_t)text;
	check("store", fuse_lowlevel_notify_store(mount->se, node, (off_t)offset, &data, 0));
}

static void forget_name(struct mount *mount, uint64_t dir, const char *name)
{
	check("name", fuse_lowlevel_notify_inval_entry(mount->se, dir, name, strlen(name)));
}

bool forget_names(struct mount *mount)
{
	struct fuse_out_header header = { .len = sizeof(header), .error = NOTIFY_INC_EPOCH };
	struct iovec iov = { .iov_base = &header, .iov_len = sizeof(header) };

	if (!mount->tree.has_epoch)
		return false;
	if (device_send(mount, &iov, 1) == (ssize_t)sizeof(header))
		return true;
	if (errno == EINVAL || errno == ENOSYS)
		mount->tree.has_epoch = false;
	return false;
}

/* A name in a directory, with no file of that name: waits for its lock like any other. */
#define NO_NAME " "

static void name_step(struct forgetting *f, uint64_t dir, const char *name)
{
	switch (f->step) {
	case FORGET_NAMES:
		forget_name(f->mount, dir, name);
		break;
	case FORGET_NOTHING:
		if (f->waited != dir)
			forget_name(f->mount, dir, NO_NAME);
		f->waited = dir;
		break;
	case FORGET_ATTRS:
		break;
	}
}

/*
 * A directory's attributes, and what the kernel keeps of its listing.  The
 * mtime alone does not tell that a listing is old: the kernel throws away the
 * answer to a GETATTR that this overtakes, and the process that waited for it
 * goes on with the mtime from before (fuse_change_attributes_i).  Without its
 * first page a listing is read anew; the others stay, because a listing that is
 * being filled must find them.
 */
static void attr_step(struct forgetting *f, uint64_t dir)
{
	if (f->step == FORGET_ATTRS)
		check("directory", fuse_lowlevel_notify_inval_inode(f->mount->se, dir, 0, 1));
}

/* A name came, went or stands for something else now. */
static void entry_step(struct forgetting *f, uint64_t dir, const char *name)
{
	if (!*name)
		return;
	name_step(f, dir, name);
	attr_step(f, dir);
}

/*
 * The same for a directory, which somebody may have as his working directory:
 * where the kernel can, it only looks again.
 */
static void dir_step(struct forgetting *f, uint64_t dir, const char *name)
{
	if (!*name)
		return;
	if (f->step == FORGET_NAMES && f->mount->has_expire)
		check("name", fuse_lowlevel_notify_expire_entry(f->mount->se, dir, name, strlen(name),
								FUSE_LL_EXPIRE_ONLY));
	else
		name_step(f, dir, name);
	attr_step(f, dir);
}

static void forget_columns(struct forgetting *f, const struct change_row *row)
{
	uint64_t dir = inode_pack(NODE_COLUMNS, row->id, 0);
	const char *name = row->column_names;
	char file[NAME_SIZE + sizeof(".json")];

	for (uint32_t i = 0; i < row->column_count; i++) {
		snprintf(file, sizeof(file), "%s.json", name);
		name_step(f, dir, file);
		name += strlen(name) + 1;
	}
	attr_step(f, dir);
}

/* Names in a table's directory that every new version gives another node. */
static const char *const versioned[] = { "schema.json", "schema.sql", "schema.arrow", "describe" };
static const char *const located[] = { "storage", "storage.json" };

static void forget_version(struct forgetting *f, const struct change_row *row)
{
	uint64_t table = inode_pack(NODE_TABLE, row->id, 0);
	bool may_move = row->moves_locations || strcmp(row->name, row->old_name) ||
			row->parent != row->old_parent;

	for (size_t i = 0; i < countof(versioned); i++)
		name_step(f, table, versioned[i]);
	for (size_t i = 0; may_move && i < countof(located); i++)
		name_step(f, table, located[i]);
	forget_columns(f, row);
	entry_step(f, inode_pack(NODE_VERSIONS, row->id, 0), "latest");
}

/* A draft's directory goes on as the table's, with the same node: its name is not forgotten. */
static bool was_draft(struct forgetting *f, const struct change_row *row)
{
	return f->step != FORGET_ATTRS && !*row->old_name &&
	       drafts_was_created(f->mount->drafts, row->id);
}

static void forget_table(struct forgetting *f, const struct change_row *row)
{
	uint64_t from = inode_pack(row->was_trashed ? NODE_TRASH : NODE_TABLES, row->old_parent, 0);
	uint64_t to = inode_pack(row->is_trashed ? NODE_TRASH : NODE_TABLES, row->parent, 0);

	if (was_draft(f, row))
		return;
	/*
	 * Not kept under its old name: a lookup of the new one would have to move it
	 * between directories, and fails (ESTALE) while somebody has locked the old.
	 */
	if (from != to)
		entry_step(f, from, row->old_name);
	else if (strcmp(row->old_name, row->name))
		dir_step(f, from, row->old_name);
	if (from != to || strcmp(row->old_name, row->name))
		dir_step(f, to, row->name);
	if (*row->name && *row->old_name)
		forget_version(f, row);
	attr_step(f, inode_pack(NODE_TABLE, row->id, 0));
}

static void forget_namespace(struct forgetting *f, const struct change_row *row)
{
	uint64_t dir = inode_pack(NODE_NAMESPACES, 0, 0);

	if (strcmp(row->old_name, row->name)) {
		dir_step(f, dir, row->old_name);
		dir_step(f, dir, row->name);
	} else {
		name_step(f, inode_pack(NODE_NAMESPACE, row->id, 0), "namespace.json");
	}
}

static void forget_storage(struct forgetting *f, const struct change_row *row)
{
	char file[NAME_SIZE + sizeof(".json")];

	snprintf(file, sizeof(file), "%s.json", *row->name ? row->name : row->old_name);
	entry_step(f, inode_pack(NODE_STORAGES, 0, 0), file);
}

void forget_change(struct forgetting *f, const struct change_row *row)
{
	switch (row->object) {
	case OBJECT_NONE:
		break;
	case OBJECT_NAMESPACE:
		forget_namespace(f, row);
		break;
	case OBJECT_TABLE:
		forget_table(f, row);
		break;
	case OBJECT_STORAGE:
		forget_storage(f, row);
		break;
	}
}

void forget_all(struct forgetting *f, const struct changes *changes)
{
	entry_step(f, INODE_ROOT, "namespaces");
	entry_step(f, INODE_ROOT, "storages");
	entry_step(f, inode_pack(NODE_NAMESPACES, 0, 0), NO_NAME);
	entry_step(f, inode_pack(NODE_STORAGES, 0, 0), NO_NAME);
	for (size_t i = 0; i < changes->namespace_count; i++) {
		uint32_t id = changes->namespaces[i];

		entry_step(f, inode_pack(NODE_TABLES, id, 0), NO_NAME);
		entry_step(f, inode_pack(NODE_TRASH, id, 0), NO_NAME);
	}
}
