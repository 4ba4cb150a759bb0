/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inode - 64-bit node ids: computed, not allotted.
 *
 * kind (8 bits) | object (32) | sub (24).  The kind is a row of the tree
 * (fs/node.h), object a namespace, table or storage id, sub what names the
 * content: a version, a column's change counter, the locations epoch, the number
 * of a change.  An id
 * means the same after a remount, and the node of a generated file never
 * changes its content.  Nobody has to count lookups or keep a table.
 *
 * The inode number that people see is computed the same way but leaves out
 * what changes with the content, so that it stays over all versions.
 */
#ifndef KALAM_FS_INODE_H
#define KALAM_FS_INODE_H

#include <stdint.h>

enum node_kind {
	NODE_NONE,
	NODE_ROOT,
	NODE_README,
	NODE_CTL,
	NODE_PLAN,
	NODE_ERROR,
	NODE_LOG,
	NODE_NAMESPACES,
	NODE_STORAGES,
	NODE_TYPES,
	NODE_STATE,
	NODE_STATUS,
	NODE_METRICS,
	NODE_ERRORS,
	NODE_NAMESPACE,
	NODE_NAMESPACE_CTL,
	NODE_NAMESPACE_PLAN,
	NODE_NAMESPACE_ERROR,
	NODE_NAMESPACE_JSON,
	NODE_TABLES,
	NODE_TRASH,
	NODE_TABLE,
	NODE_TABLE_CTL,
	NODE_TABLE_PLAN,
	NODE_TABLE_ERROR,
	NODE_SCHEMA_JSON,
	NODE_SCHEMA_SQL,
	NODE_SCHEMA_ARROW,
	NODE_DESCRIBE,
	NODE_COLUMNS,
	NODE_VERSIONS,
	NODE_STORAGE_LINK,	/* `storage` of tables with one location */
	NODE_STORAGE_DIR,	/* `storage` of USER tables */
	NODE_STORAGE_JSON,
	NODE_COLUMN,
	NODE_VERSION,
	NODE_LATEST,
	NODE_VERSION_TIME,
	NODE_VERSION_JSON,
	NODE_VERSION_SQL,
	NODE_VERSION_ARROW,
	NODE_VERSION_CHANGE,
	NODE_STORAGE_FILE,	/* storages/<id>.json */
	NODE_TYPE,
	NODE_USER_LINK,		/* storage/<userId>: object and sub number an interned link */
	NODE_INFO,		/* information_schema/ of the catalog */
	NODE_INFO_FILE,		/* its files: INFO_VIEW_COUNT by INFO_FORM_COUNT kinds */
	NODE_INFO_FILE_LAST = NODE_INFO_FILE + 7,
	NODE_NAMESPACE_INFO,	/* the same of a namespace: object */
	NODE_NAMESPACE_INFO_FILE,
	NODE_NAMESPACE_INFO_FILE_LAST = NODE_NAMESPACE_INFO_FILE + 7,
	NODE_INDEX,		/* index.html of the catalog */
	NODE_NAMESPACE_INDEX,	/* and of a namespace */
	NODE_KIND_COUNT
};

#define INODE_ROOT UINT64_C(1)
#define INODE_SUB_MASK UINT32_C(0xffffff)

/* The id of a node; sub is cut to 24 bits.  NODE_ROOT gives INODE_ROOT. */
uint64_t inode_pack(enum node_kind kind, uint32_t object, uint32_t sub);

/* The parts of an id; kind NODE_NONE for an id that no node can have. */
struct inode {
	enum node_kind kind;
	uint32_t object, sub;
};
struct inode inode_unpack(uint64_t id);

#endif
