/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/siblings.h"

#include "fs/inode.h"
#include "fs/node.h"

#include <stdlib.h>

/*
 * A push takes the lock of the page that it fills, and a READ under way holds
 * the locks of its pages until it is answered.  So a pusher waits for READs of
 * the files that it pushes, and nobody who has to answer one of these may wait
 * for the pusher: of one directory only one worker pushes at a time, until it
 * has answered its own READ, and of all workers at most PUSHERS, so that there
 * are others to answer.
 */
#define PUSHERS 8

/* Longer texts are read in pieces, and most of them by nobody. */
#define TEXT_MAX 65536
#define TEXTS_MAX 64

void siblings_init(struct siblings *siblings)
{
	sem_init(&siblings->pushers, 0, PUSHERS);
	for (size_t i = 0; i < SIBLINGS_SLOTS; i++)
		pthread_mutex_init(&siblings->slots[i].pushing, NULL);
}

void siblings_fini(struct siblings *siblings)
{
	for (size_t i = 0; i < SIBLINGS_SLOTS; i++)
		pthread_mutex_destroy(&siblings->slots[i].pushing);
	sem_destroy(&siblings->pushers);
}

static struct siblings_slot *slot_of(struct siblings *siblings, uint64_t dir)
{
	struct inode inode = inode_unpack(dir);

	return &siblings->slots[(inode.object * 31 + inode.sub * 7 + inode.kind) % SIBLINGS_SLOTS];
}

void siblings_listed(struct siblings *siblings, uint64_t dir)
{
	if (!siblings->is_off)
		slot_of(siblings, dir)->listed = dir;
}

struct text {
	uint64_t node;
	char *at;	/* owned */
	size_t len;
};

struct siblings_push {
	struct siblings *siblings;	/* borrowed */
	struct siblings_slot *slot;	/* locked */
	unsigned count;
	struct text texts[TEXTS_MAX];
};

static void add(struct siblings_push *push, struct view *view)
{
	struct text *text = &push->texts[push->count];
	struct err err;

	err_clear(&err);
	if (push->count == TEXTS_MAX || node_text(view, &text->at, &text->len, &err))
		return;
	if (text->len > TEXT_MAX) {
		free(text->at);
		return;
	}
	text->node = view_node(view);
	push->count++;
}

/* Other files with the same parent that show the same definition. */
static void add_rows(struct siblings_push *push, const struct view *view)
{
	const struct node_row *row = node_row(view->inode.kind);

	for (enum node_kind kind = NODE_ROOT + 1; kind < NODE_KIND_COUNT; kind++) {
		const struct node_row *other = node_row(kind);
		struct view sibling = *view;

		if (other->parent != row->parent || kind == view->inode.kind || !other->form)
			continue;
		sibling.inode.kind = kind;
		add(push, &sibling);
	}
}

static void add_columns(struct siblings_push *push, const struct view *view)
{
	for (unsigned i = 0; i < view->table->column_count; i++) {
		struct view sibling = *view;

		sibling.column = &view->table->columns[i];
		if (sibling.column == view->column)
			continue;
		sibling.inode.sub = sibling.column->rev & INODE_SUB_MASK;
		add(push, &sibling);
	}
}

/* The directory of a file whose siblings come from the same definition; 0 = it has none. */
static uint64_t dir_of(uint64_t node)
{
	struct inode inode = inode_unpack(node);
	const struct node_row *row = node_row(inode.kind);

	if (inode.kind == NODE_COLUMN)
		return inode_pack(NODE_COLUMNS, inode.object, 0);
	if (!row->form || !inode.sub)
		return 0;
	return inode_pack(row->parent, inode.object, row->flags & NODE_OWN_INO ? inode.sub : 0);
}

static struct siblings_slot *lock_slot(struct siblings *siblings, uint64_t dir)
{
	struct siblings_slot *slot = slot_of(siblings, dir);

	if (slot->listed != dir || sem_trywait(&siblings->pushers))
		return NULL;
	if (pthread_mutex_trylock(&slot->pushing)) {
		sem_post(&siblings->pushers);
		return NULL;
	}
	slot->listed = 0;
	return slot;
}

static void collect(struct siblings_push *push, struct tree *tree, uint64_t node)
{
	struct err err;
	struct view view;
	int rc;

	err_clear(&err);
	rc = view_open(&view, tree, node, 0, &err);
	if (!rc && view.inode.kind == NODE_COLUMN)
		add_columns(push, &view);
	else if (!rc)
		add_rows(push, &view);
	view_close(&view);
}

struct siblings_push *siblings_prepare(struct siblings *siblings, struct tree *tree, uint64_t node)
{
	uint64_t dir = siblings->is_off ? 0 : dir_of(node);
	struct siblings_slot *slot = dir ? lock_slot(siblings, dir) : NULL;
	struct siblings_push *push;

	if (!slot)
		return NULL;
	push = malloc(sizeof(*push));
	if (!push) {
		pthread_mutex_unlock(&slot->pushing);
		sem_post(&siblings->pushers);
		return NULL;
	}
	push->siblings = siblings;
	push->slot = slot;
	push->count = 0;
	collect(push, tree, node);
	return push;
}

void siblings_store(struct siblings_push *push, struct fuse_session *se)
{
	for (unsigned i = 0; push && i < push->count; i++) {
		struct fuse_bufvec data = FUSE_BUFVEC_INIT(push->texts[i].len);

		data.buf[0].mem = push->texts[i].at;
		/* A node that the kernel does not know has no page to fill. */
		(void)fuse_lowlevel_notify_store(se, push->texts[i].node, 0, &data, 0);
	}
}

void siblings_answered(struct siblings_push *push)
{
	if (!push)
		return;
	pthread_mutex_unlock(&push->slot->pushing);
	sem_post(&push->siblings->pushers);
	for (unsigned i = 0; i < push->count; i++)
		free(push->texts[i].at);
	free(push);
}
