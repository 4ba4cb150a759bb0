/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rows - what stands in the named databases: keys and values of a catalog.
 *
 * Keys are big-endian so that order is meaning.  Object and version values are
 * records (catalog/record.h); the others are a few integers and a text.  Only
 * what is stored is answered: the built-in `system` namespace is not.
 *
 *   meta       text key -> le64                       (enum meta_key; "state" is the store's)
 *              192, namespace be32 (0 = all) -> struct info_sums, each number le64
 *   names      parent be32, kind u8, name -> id be32
 *   children   parent be32, kind u8, id be32 -> name
 *   objects    kind u8, id be32 -> record
 *              128 + dir kind u8, parent be32 -> sequence le64, stamp le64, count le32
 *              193, namespace be32, storage id -> its tables there le32
 *   versions   table be32, version be32 -> committed_at be64, record
 *   locations  normalised path, '/' at the end, or the beginning of names -> table be32
 *   trash      purge time be64, table be32 -> u8 what (enum trash_kind)
 *   log        end offset be64 of the line in log.jsonl -> line with newline
 *   changes    sequence be64, index be32 -> struct change_row
 */
#ifndef KALAM_CATALOG_ROWS_H
#define KALAM_CATALOG_ROWS_H

#include "base/err.h"
#include "catalog/model.h"
#include "catalog/store.h"

/* Directory kinds of names and children; parent is a namespace id or 0. */
enum dir_kind {
	DIR_NAMESPACES,	/* parent 0 */
	DIR_STORAGES,	/* parent 0 */
	DIR_TABLES,	/* parent namespace id */
	DIR_TRASH,	/* parent namespace id */
	DIR_KIND_COUNT
};

enum meta_key {
	META_FORMAT,
	META_UUID_HIGH,
	META_UUID_LOW,
	META_NEXT_NAMESPACE,
	META_NEXT_TABLE,
	META_NEXT_STORAGE,
	META_SEQUENCE,		/* of the last transaction */
	META_LAST_STAMP,	/* its committed_at: strictly increasing */
	META_LOG_END,		/* bytes of log.jsonl */
	META_TABLES,		/* how many are live, and how many in trash/ */
	META_TRASH,
	META_LOCATIONS_EPOCH,	/* sequence of the last change that can move a location */
	META_CHANGES_FIRST,	/* oldest sequence in changes */
	META_STATE,		/* kept by the store itself (catalog/store_state.h) */
	META_INFO_RENDERER,		/* which printers the sizes of information_schema are of */
	META_KEY_COUNT
};

/* 0 when it was never set. */
uint64_t meta_get(struct txn *txn, enum meta_key key);
int meta_set(struct txn *txn, enum meta_key key, uint64_t value, struct err *err) MUST_CHECK;
const char *meta_key_name(enum meta_key key);	/* "next_table": its key.  Static */

/*
 * Take a number for a new object, which is never given out again: 0, or -ENOSPC
 * when object_id_next, the one that would be taken, has come to UINT32_MAX.
 */
int object_id_take(struct txn *txn, enum object_kind kind, uint32_t *id, struct err *err) MUST_CHECK;
uint64_t object_id_next(struct txn *txn, enum object_kind kind);

/*
 * Directory index.  name_find: -ENOENT without message if absent.  name_add:
 * -EEXIST if the name is taken.  Neither touches the directory's state.
 */
int name_find(struct txn *txn, enum dir_kind dir, uint32_t parent, const char *name,
	      uint32_t *id) MUST_CHECK;
/* The name that children has for an id: borrowed, not NUL-terminated; -ENOENT. */
int child_find(struct txn *txn, enum dir_kind dir, uint32_t parent, uint32_t id,
	       struct bytes *name) MUST_CHECK;
int name_add(struct txn *txn, enum dir_kind dir, uint32_t parent, const char *name, uint32_t id,
	     struct err *err) MUST_CHECK;
int name_remove(struct txn *txn, enum dir_kind dir, uint32_t parent, const char *name, uint32_t id,
		struct err *err) MUST_CHECK;

/* State of a directory: when its names last changed. */
struct dir_state {
	uint64_t sequence;	/* of the transaction that last changed a name in it */
	int64_t changed_at;	/* its stamp, strictly increasing per directory */
	uint32_t count;		/* names in it */
};

/* Zeroes for a directory that never had a name. */
void dir_state_get(struct txn *txn, enum dir_kind dir, uint32_t parent, struct dir_state *out);
int dir_state_touch(struct txn *txn, enum dir_kind dir, uint32_t parent, uint64_t sequence,
		    int64_t stamp, int count_change, struct err *err) MUST_CHECK;

/*
 * Call back for each entry with an id greater than after, in id order, until
 * the callback returns non-zero, which is returned.  name is borrowed and not
 * NUL-terminated.  The callback must not write.
 */
typedef int children_fn(void *arg, uint32_t id, const char *name, size_t len);
int children_list(struct txn *txn, enum dir_kind dir, uint32_t parent, uint32_t after,
		  children_fn *fn, void *arg);

/* The same in name order (dumps, listings for people). */
int names_list(struct txn *txn, enum dir_kind dir, uint32_t parent, children_fn *fn, void *arg);

/*
 * Current records; *out is a new reference, a table's txn is txn_id(txn).
 * -ENOENT without message if there is none, -EIO with a sentence for a damaged
 * record.  row_version answers the table as it was, never as dropped.  Ids of
 * the built-in `system` namespace are answered one layer up, in catalog.c.
 */
int row_namespace(struct txn *txn, uint32_t id, struct namespace **out, struct err *err) MUST_CHECK;
int row_table(struct txn *txn, uint32_t id, struct table **out, struct err *err) MUST_CHECK;
int row_storage(struct txn *txn, uint32_t id, struct storage **out, struct err *err) MUST_CHECK;
int row_version(struct txn *txn, uint32_t table, uint32_t version, struct table **out,
		struct err *err) MUST_CHECK;

/* The bytes of a record, borrowed until the transaction ends or writes; 0, -ENOENT, -EIO. */
int row_record(struct txn *txn, enum object_kind kind, uint32_t id, struct bytes *record,
	       struct err *err) MUST_CHECK;

/* Whether there is a record of any content: 0, -ENOENT. */
int row_exists(struct txn *txn, enum object_kind kind, uint32_t id) MUST_CHECK;

int row_namespace_put(struct txn *txn, const struct namespace *ns, struct err *err) MUST_CHECK;
int row_storage_put(struct txn *txn, const struct storage *storage, struct err *err) MUST_CHECK;
/* Put the current record of a table; with version also its history (-EFBIG over 1 MiB). */
int row_table_put(struct txn *txn, const struct table *table, bool version,
		  struct err *err) MUST_CHECK;
int row_delete(struct txn *txn, enum object_kind kind, uint32_t id, struct err *err) MUST_CHECK;
/* Delete the history of a table, at most `most` versions; *left tells whether more remain. */
int row_versions_delete(struct txn *txn, uint32_t table, unsigned most, bool *left,
			struct err *err) MUST_CHECK;

/* The version in force at a time: greatest with committed_at <= stamp; -ENOENT before the first. */
int row_version_at(struct txn *txn, uint32_t table, int64_t stamp, uint32_t *version,
		   struct err *err) MUST_CHECK;

/*
 * Who owns path, a directory above it or one below it, other than `table`
 * (0 = anybody)?  0 with *owner, or -ENOENT.  path is absolute and normalised,
 * without a trailing slash; with '{' at its end it stands for all names that
 * begin so, with what is below them (location_claim).  location_add:
 * -ENAMETOOLONG over LOCATION_MAX_BYTES.
 */
#define LOCATION_MAX_BYTES 499	/* LMDB's keys end at 511 */
#define CLAIM_MAX_BYTES (LOCATION_MAX_BYTES - 1)	/* a purged table's mark is one byte longer */
int location_owner(struct txn *txn, const char *path, uint32_t table, uint32_t *owner) MUST_CHECK;
int location_find(struct txn *txn, const char *path, uint32_t *owner) MUST_CHECK;	/* of path alone */
int location_add(struct txn *txn, const char *path, uint32_t table, struct err *err) MUST_CHECK;
int location_remove(struct txn *txn, const char *path, struct err *err) MUST_CHECK;

/* What waits in the trash index. */
enum trash_kind {
	TRASH_TABLE,	/* a dropped table whose retention ends then */
	TRASH_HISTORY	/* a purged table whose versions may go then */
};
int trash_add(struct txn *txn, int64_t when, uint32_t table, enum trash_kind kind,
	      struct err *err) MUST_CHECK;
int trash_remove(struct txn *txn, int64_t when, uint32_t table, struct err *err) MUST_CHECK;
int trash_find(struct txn *txn, int64_t when, uint32_t table, enum trash_kind *kind) MUST_CHECK;
/* The entry that is due first: -ENOENT if there is none. */
int trash_first(struct txn *txn, int64_t *when, uint32_t *table, enum trash_kind *kind) MUST_CHECK;

/* log.jsonl: append one line (with its newline); read from a byte offset. */
int log_append(struct txn *txn, const char *line, size_t len, struct err *err) MUST_CHECK;
/* Copy up to size bytes from offset to out; returns how many, 0 at the end, or -errno. */
ssize_t log_read(struct txn *txn, uint64_t offset, char *out, size_t size);

enum change_event {
	EVENT_CREATE = 1,
	EVENT_ALTER,
	EVENT_RENAME,
	EVENT_DROP,
	EVENT_UNDROP,
	EVENT_PURGE,
	EVENT_RESTORE,
	EVENT_END	/* one past the last */
};
const char *change_event_name(enum change_event event);	/* "CREATE".  Static */

/* One object changed: what caches and kernels must forget. */
struct change_row {
	enum object_kind object;
	enum change_event event;
	uint32_t id;			/* namespace, table or storage id */
	uint32_t parent, old_parent;	/* tables: namespace id after and before */
	char name[NAME_SIZE], old_name[NAME_SIZE];	/* after and before; "" for none */
	bool was_trashed, is_trashed;	/* tables: in trash/ before and after */
	bool moves_locations;		/* links may point elsewhere now */
	bool columns_changed;		/* see columns */
	/* Names in column_names: those that came, went or changed; none of a new table. */
	uint32_t column_count;
	const char *column_names;	/* each with its NUL; borrowed until the txn ends */
	size_t column_names_len;
};

int change_append(struct txn *txn, uint64_t sequence, uint32_t index, const struct change_row *row,
		  struct err *err) MUST_CHECK;
/*
 * Call back for each change after sequence `after`, oldest first.  Nothing is
 * missing where `after` + 1 >= META_CHANGES_FIRST.  The callback must not write.
 */
typedef int change_fn(void *arg, uint64_t sequence, const struct change_row *row);
int changes_list(struct txn *txn, uint64_t after, change_fn *fn, void *arg);
/* Keep the newest CHANGES_KEPT transactions; sequence is the one under way. */
#define CHANGES_KEPT 65536
int changes_trim(struct txn *txn, uint64_t sequence, struct err *err) MUST_CHECK;

/* The sets of rows of information_schema, and their forms (catalog/info.h). */
#define INFO_SUMS_KIND 192
#define INFO_USE_KIND 193
enum info_view { INFO_SCHEMATA, INFO_TABLES, INFO_COLUMNS, INFO_STORAGES, INFO_VIEW_COUNT };
enum info_form { INFO_JSONL, INFO_CSV, INFO_FORM_COUNT };

/*
 * What is known of each set without printing it; kept by catalog/info_sums.c.
 * The line of names on top of CSV is not counted.
 */
struct info_sums {
	struct info_sum {
		uint64_t bytes[INFO_FORM_COUNT];	/* of all rows */
		uint64_t sequence;	/* of the transaction that last changed it */
		int64_t changed_at;	/* its stamp */
	} of[INFO_VIEW_COUNT];
};

/* namespace_id 0: of the whole catalog.  Zeroes where nothing was put; -EIO for a damaged row. */
int info_sums_get(struct txn *txn, uint32_t namespace_id, struct info_sums *out,
		  struct err *err) MUST_CHECK;
int info_sums_put(struct txn *txn, uint32_t namespace_id, const struct info_sums *sums,
		  struct err *err) MUST_CHECK;

/* Count tables of a namespace on a storage; *turned: the first came or the last went. */
int storage_use_add(struct txn *txn, uint32_t namespace_id, const char *storage_id, int change,
		    bool *turned, struct err *err) MUST_CHECK;
/* Storages that tables of a namespace lie on, in the order of their names; as children_list. */
typedef int storage_use_fn(void *arg, const char *storage_id, size_t len);
int storage_use_list(struct txn *txn, uint32_t namespace_id, storage_use_fn *fn, void *arg);

/* Both of one namespace; of all there are. */
int info_rows_delete(struct txn *txn, uint32_t namespace_id, struct err *err) MUST_CHECK;
int info_rows_delete_all(struct txn *txn, struct err *err) MUST_CHECK;

#endif
