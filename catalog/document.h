/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * document - a saved schema.json, columns/<c>.json, namespace.json or
 * storages/<id>.json as a request.
 *
 * A document is no second way to write a definition.  A new object's document
 * becomes its CREATE (or ADD COLUMN); any other is compared with the version it
 * was made from, and the differences become one ALTER of what is there now
 * (catalog/merge.h), carried out like every statement.
 *
 * Strict in form: unknown keys, keys given twice and wrong types are -EINVAL.
 * What a document leaves out stays as it is, or is CREATE's default in a new
 * object; only `columns` is whole: a column that is gone from it is dropped.
 */
#ifndef KALAM_CATALOG_DOCUMENT_H
#define KALAM_CATALOG_DOCUMENT_H

#include "catalog/catalog.h"
#include "catalog/json_tree.h"

enum document_kind {
	DOCUMENT_TABLE,		/* schema.json */
	DOCUMENT_COLUMN,	/* columns/<c>.json */
	DOCUMENT_NAMESPACE,	/* namespace.json */
	DOCUMENT_STORAGE,	/* storages/<id>.json */
	DOCUMENT_KIND_COUNT
};

/*
 * What is saved.  create: the object is not there yet (a draft's first save, cp
 * under a new name); then ids, ordinals, versions, stamps, location and the
 * name inside the document mean nothing (decisions.md 55).  A namespace is
 * never created by a document.
 */
struct document_target {
	enum document_kind kind;
	bool create;
	uint32_t namespace_id;	/* DOCUMENT_NAMESPACE; DOCUMENT_TABLE with create: where */
	uint32_t table_id;	/* DOCUMENT_COLUMN, DOCUMENT_TABLE (create: reserved, or 0) */
	uint32_t column_id;	/* DOCUMENT_COLUMN without create */
	uint32_t storage_id;	/* DOCUMENT_STORAGE without create: its number */
	char name[NAME_SIZE];	/* create: of the new table, column or storage */
	/*
	 * The version that this process last saved, 0 = none.  It is the base if it
	 * is newer than the one that the document names (decisions.md 27).  Tables
	 * and columns: a schema version; else namespace_version or storage_version.
	 */
	uint32_t base;
};

struct document;

/*
 * Parse a document and fill in a request for catalog_commit: script, text, len,
 * commit_count, namespace_id, table_id, author and source; plan is left as it
 * is.  text must stay until document_free, which must wait until the request
 * ran.  One document serves one request.
 *
 * 0, -ENOMEM, -EFBIG, -ENAMETOOLONG, -EPERM or -EINVAL with the place in err, in
 * bytes and as a pointer.  On failure there is nothing to free.
 */
int document_request(const struct document_target *target, const char *text, size_t len,
		     const struct author *author, struct document **out, struct request *request,
		     struct err *err) MUST_CHECK;

/* NULL is fine. */
void document_free(struct document *document);

/* Whether text is one whole JSON object, so that it may be judged while it is written. */
bool document_is_complete(const char *text, size_t len);

/*
 * What `error` shows (forms.md): "schema.json 14:20 /columns/1/data_type: ...",
 * the line with its caret, or the three lines of a conflict.
 */
void document_print_error(const struct err *err, const char *file, const char *text, size_t len,
			  FILE *out);

/* A failure that knows its place in bytes learns its pointer. */
void document_locate(const struct document *document, struct err *err);

/*
 * The schema.json of a draft: valid as it is, with columns that explain
 * themselves (decisions.md 54).
 */
void document_print_template(const char *namespace_name, const char *table_name, FILE *out);

/*
 * Take a table's number for a draft, so that its directory keeps its node once
 * it is a table (decisions.md 53): one commit without version or log line.  Waits for
 * the write lock until deadline (catalog_deadline): -EBUSY, kind ERR_BUSY.
 */
int document_reserve(struct catalog *catalog, int64_t deadline, uint32_t *table_id,
		     struct err *err) MUST_CHECK;

#endif
