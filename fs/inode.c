/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/inode.h"

#define KIND_SHIFT 56
#define OBJECT_SHIFT 24

_Static_assert(NODE_KIND_COUNT <= 128, "a node id is positive as a signed number, too");

uint64_t inode_pack(enum node_kind kind, uint32_t object, uint32_t sub)
{
	if (kind == NODE_ROOT)
		return INODE_ROOT;
	return (uint64_t)kind << KIND_SHIFT | (uint64_t)object << OBJECT_SHIFT |
	       (sub & INODE_SUB_MASK);
}

struct inode inode_unpack(uint64_t id)
{
	struct inode inode = { .kind = NODE_NONE };

	if (id == INODE_ROOT) {
		inode.kind = NODE_ROOT;
		return inode;
	}
	if (id >> KIND_SHIFT <= NODE_ROOT || id >> KIND_SHIFT >= NODE_KIND_COUNT)
		return inode;
	inode.kind = (enum node_kind)(id >> KIND_SHIFT);
	inode.object = (uint32_t)(id >> OBJECT_SHIFT);
	inode.sub = (uint32_t)id & INODE_SUB_MASK;
	return inode;
}
