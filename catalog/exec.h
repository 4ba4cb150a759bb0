/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exec - statements carried out inside a write transaction.
 *
 * Every object that a request touches is held once, as it was before the
 * request and as it is now; names, counters and locations are changed in the
 * transaction at once.  At the end seal.c compares before and now, and writes
 * one version, one log line and one change row for each that differs.
 */
#ifndef KALAM_CATALOG_EXEC_H
#define KALAM_CATALOG_EXEC_H

#include "catalog/catalog.h"
#include "catalog/ddl.h"
#include "catalog/model.h"
#include "catalog/rows.h"

struct touched {
	enum object_kind kind;
	uint32_t id;
	bool target;		/* of a statement: "no change" is worth telling */
	bool created;		/* by this request */
	bool purged;		/* tables; also namespaces and storages that went */
	bool restored;		/* RESTORE VERSION ran */
	bool rekeyed;		/* its location changed */
	/* One pair per kind; `before` NULL for a created object.  References. */
	struct table *table_before, *table;
	struct namespace *ns_before, *ns;
	struct storage *storage_before, *storage;
	char *statement;	/* texts of the statements that touched it, joined with "; "; owned */
	size_t statement_len, statement_size;
};

struct exec {
	struct catalog *catalog;
	struct txn *txn;
	struct request *request;
	const struct stmt *stmt;	/* the one being run */
	struct err *err;
	int64_t now;			/* committed_at of this transaction */
	uint64_t sequence;
	struct touched **list;		/* in the order they were first touched; owned */
	size_t count, size;
	void *index;			/* tsearch tree of struct touched by kind and id */
	uint32_t looked_storage;	/* the last one whose places were looked at; 0 = none */
	bool may_look;			/* into its directories */
	FILE *notes;			/* becomes request->notes; NULL = none yet */
	size_t notes_len;
};

/* Run statements [0, count) of the request's script and seal them; 0 or -errno. */
int exec_request(struct catalog *catalog, struct txn *txn, struct request *request, size_t count);

/* Purge one table that is due (catalog_expire); -ENOENT if it is not there or not due. */
int exec_purge_expired(struct catalog *catalog, struct txn *txn, struct request *request, uint32_t table_id);

/* A new object, owned by the exec from now on (also on failure); NULL when memory is out. */
struct touched *exec_add(struct exec *ex, enum object_kind kind, uint32_t id);

/* The touched object with this id, read from the store at first; 0 or -errno (-ENOENT with err). */
int exec_table(struct exec *ex, uint32_t id, struct touched **out) MUST_CHECK;
int exec_namespace(struct exec *ex, uint32_t id, struct touched **out) MUST_CHECK;
int exec_storage(struct exec *ex, uint32_t id, struct touched **out) MUST_CHECK;

/* A table as the request sees it, without touching it: a new reference. */
int exec_peek_table(struct exec *ex, uint32_t id, struct table **out) MUST_CHECK;

/* A line among the request's notes; without memory for it there is none. */
void exec_note(struct exec *ex, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The running statement touches this object: its text goes into log and history. */
int exec_mark(struct exec *ex, struct touched *t) MUST_CHECK;

/* Replace what it is now by a private copy to edit; NULL when memory is out. */
struct table *exec_edit_table(struct touched *t, unsigned spare);

/*
 * Resolve a table reference of the running statement: "this table", or
 * qualified, or in the scope's namespace.  trash: look in trash/.  -ENOENT
 * with err and position; *found false instead when if_exists is set.
 */
int exec_find_table(struct exec *ex, const struct object_ref *ref, bool trash, bool if_exists,
		    struct touched **out) MUST_CHECK;

/* Namespace that a reference names (or the scope's): its id; -ENOENT, -EPERM for `system`. */
int exec_find_namespace(struct exec *ex, const struct object_ref *ref, bool for_change, uint32_t *id) MUST_CHECK;

int exec_find_storage(struct exec *ex, const char *storage_id, long pos, uint32_t *id) MUST_CHECK;

/* exec_table.c */
int exec_create_table(struct exec *ex);
int exec_alter_table(struct exec *ex);
int exec_drop_table(struct exec *ex);
int exec_undrop_table(struct exec *ex);
int exec_purge_table(struct exec *ex);
int exec_purge(struct exec *ex, struct touched *t) MUST_CHECK;	/* live or in trash */

/* exec_namespace.c */
int exec_create_namespace(struct exec *ex);
int exec_alter_namespace(struct exec *ex);
int exec_drop_namespace(struct exec *ex);

/* exec_storage.c */
int exec_create_storage(struct exec *ex);
int exec_alter_storage(struct exec *ex);
int exec_drop_storage(struct exec *ex);

/* exec_location.c: who owns which place */
int exec_claim(struct exec *ex, const struct table *table, const struct storage *storage, long pos) MUST_CHECK;
int exec_release(struct exec *ex, const struct table *table, const struct storage *storage) MUST_CHECK;
/* A table is purged: release its place; mark: leave a mark that its data may be there.  Notes what is. */
int exec_leave(struct exec *ex, const struct table *table, const struct storage *storage, bool mark) MUST_CHECK;
/* Choose location_name for a new table and claim it; note what is there already. */
int exec_choose_location(struct exec *ex, struct table *table, const struct storage *storage,
			 const char *wanted, long pos) MUST_CHECK;

/* exec_document.c: a saved document as the statement that it amounts to. */
int exec_document(struct exec *ex) MUST_CHECK;

/*
 * Tell request->progress: running the statements is the first half, sealing
 * what they touched the second; `part` of `parts` of one of them is done.
 */
void exec_progress(struct exec *ex, bool sealing, size_t part, size_t parts);

/* seal.c: write versions, log lines, change rows; fill the request's outcomes. */
int exec_seal(struct exec *ex) MUST_CHECK;

/* Ids of all tables in a directory, in id order; *ids is the caller's to free. */
int exec_list_ids(struct exec *ex, enum dir_kind dir, uint32_t parent, uint32_t **ids, size_t *count) MUST_CHECK;

/* At most ten names, for "still has ..." sentences: "a, b, c and 4 more". */
struct name_list {
	char text[900];
	unsigned count;
};
void name_list_add(struct name_list *list, const char *name);
void name_list_end(struct name_list *list);

#define UNREADABLE "The catalog's directory index cannot be read"

#define PURGE_GRACE_US (60 * 1000000LL)	/* until a purged table's history goes */
#define PURGE_RETRY_US (3600 * 1000000LL)	/* until a purge that failed is tried again */

#endif
