/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A catalog in a fresh directory with a clock that stands still, and ways to change and read it. */
#ifndef KALAM_TESTS_WORLD_H
#define KALAM_TESTS_WORLD_H

#include "catalog/catalog.h"
#include "catalog/ddl.h"
#include "catalog/version.h"
#include "tests/unit/helpers.h"
#include "tests/unit/sound.h"

#include <errno.h>

#define WORLD_BIRTH 1763802000000000 /* 2025-11-22T09:00:00Z */
#define SECOND_US 1000000LL
#define HOUR_US (3600 * SECOND_US)

struct world {
	char *dir;
	struct catalog *catalog;
	int64_t now;
};

/* Where a statement is written. */
struct spot {
	enum ddl_scope scope;
	enum ddl_ending ending;
	uint32_t namespace_id, table_id;
};

static inline int64_t world_now(void *arg)
{
	return *(int64_t *)arg;
}

static inline int world_random(void *at, size_t len)
{
	memset(at, 0x5a, len);
	return 0;
}

static inline void world_reopen(struct world *w)
{
	struct catalog_options options = { .create = true,
		                           .now = world_now,
		                           .now_arg = &w->now,
		                           .random = world_random,
		                           .map_size = 64 << 20 };
	struct err err = ERR_INIT;

	catalog_close(w->catalog);
	w->catalog = NULL;
	if (catalog_open(w->dir, &options, &w->catalog, &err))
		fail_msg("catalog_open: %s", err.text);
}

static inline void world_open(struct world *w)
{
	*w = (struct world){ .dir = temp_dir(), .now = WORLD_BIRTH };
	world_reopen(w);
}

static inline void world_discard(struct world *w)
{
	catalog_close(w->catalog);
	temp_dir_remove(w->dir);
	*w = (struct world){ .dir = NULL };
}

static inline void world_close(struct world *w)
{
	assert_sound(w->catalog);
	world_discard(w);
}

static inline const struct author *world_author(void)
{
	static const struct author author = {
		.uid = 1000, .pid = 42, .user = "ann", .command = "bash"
	};

	return &author;
}

/* Parse and run one request; the caller ends it with request_fini. */
static inline int world_try(struct world *w, const struct spot *spot, const char *text, bool plan,
                            struct request *request)
{
	static const struct spot root = { .scope = SCOPE_CATALOG, .ending = ENDING_SEMICOLON };
	struct script script;
	int rc;

	if (!spot)
		spot = &root;
	*request = (struct request){ .text = text,
		                     .len = strlen(text),
		                     .plan = plan,
		                     .namespace_id = spot->namespace_id,
		                     .table_id = spot->table_id,
		                     .author = *world_author(),
		                     .source = SOURCE_CTL,
		                     .err = ERR_INIT };
	rc = ddl_parse(text, request->len, spot->scope, spot->ending, false, true, &script,
	               &request->err);
	if (rc)
		return rc;
	request->script = &script;
	request->commit_count = script.count;
	catalog_commit(w->catalog, &request, 1);
	script_free(&script);
	request->script = NULL;
	return request->err.code;
}

/* Run statements that are fine; returns the sequence of their transaction. */
static inline uint64_t world_run(struct world *w, const char *text)
{
	struct request request;
	uint64_t sequence;

	if (world_try(w, NULL, text, false, &request)) {
		err_print(&request.err, "", text, strlen(text), stderr);
		fail_msg("refused: %s", request.err.text);
	}
	sequence = request.sequence;
	request_fini(&request);
	return sequence;
}

/* Run statements that are refused with this code and sentence (NULL: any). */
static inline void world_refuse(struct world *w, const char *text, int code, const char *sentence)
{
	struct request request;

	if (!world_try(w, NULL, text, false, &request))
		fail_msg("accepted: %s", text);
	assert_err(&request.err, code, sentence ? sentence : request.err.text);
	request_fini(&request);
}

static inline struct txn *world_txn(struct world *w)
{
	struct txn *txn;

	assert_int_equal(catalog_begin(w->catalog, &txn, NULL), 0);
	return txn;
}

static inline uint64_t world_meta(struct world *w, enum meta_key key)
{
	struct txn *txn = world_txn(w);
	uint64_t value = meta_get(txn, key);

	txn_end(txn);
	return value;
}

/* The id of a namespace, or of a table in tables/ or trash/; 0 = there is none. */
static inline uint32_t world_id(struct world *w, struct txn *txn, const char *ns, const char *table,
                                enum dir_kind dir)
{
	uint32_t ns_id, id;

	if (catalog_find(w->catalog, txn, DIR_NAMESPACES, 0, ns, &ns_id))
		return 0;
	if (!table)
		return ns_id;
	return catalog_find(w->catalog, txn, dir, ns_id, table, &id) ? 0 : id;
}

static inline uint32_t world_table_id(struct world *w, const char *ns, const char *table)
{
	struct txn *txn = world_txn(w);
	uint32_t id = world_id(w, txn, ns, table, DIR_TABLES);

	txn_end(txn);
	return id;
}

/* A reference to the current definition: table_put. */
static inline struct table *world_table(struct world *w, const char *ns, const char *table)
{
	struct txn *txn = world_txn(w);
	struct table *out = NULL;
	uint32_t id = world_id(w, txn, ns, table, DIR_TABLES);

	if (!id || catalog_table(w->catalog, txn, id, &out, NULL))
		fail_msg("no table %s.%s", ns, table);
	txn_end(txn);
	return out;
}

static inline char *world_dump(struct world *w)
{
	struct txn *txn = world_txn(w);
	struct err err = ERR_INIT;
	struct collector c;

	collect(&c);
	if (catalog_dump(w->catalog, txn, NULL, NULL, true, c.out, &err))
		fail_msg("catalog_dump: %s", err.text);
	txn_end(txn);
	return text_of(&c);
}

/* A file of one version, rendered (free it); *len may be NULL. */
static inline char *world_version(struct world *w, uint32_t id, uint32_t version,
                                  enum version_form form, size_t *len)
{
	struct table *table, *before = NULL;
	struct txn *txn = world_txn(w);
	struct collector c;
	char *text;

	if (catalog_version(w->catalog, txn, id, version, &table, NULL))
		fail_msg("no version %u of table %u", version, id);
	if (version > 1)
		assert_int_equal(catalog_version(w->catalog, txn, id, version - 1, &before, NULL),
		                 0);
	txn_end(txn);
	collect(&c);
	version_print(form, before, table, c.out);
	text = text_of(&c);
	if (len)
		*len = c.len;
	table_put(table);
	table_put(before);
	return text;
}

/* Every key and value of every database, as one text. */
static inline char *world_bytes(struct world *w)
{
	struct txn *txn = world_txn(w);
	struct collector c;

	collect(&c);
	for (unsigned db = 0; db < DB_COUNT; db++) {
		struct bytes k, v;
		struct cursor *cursor;
		int rc;

		assert_int_equal(cursor_open(txn, db, &cursor, NULL), 0);
		for (rc = cursor_seek(cursor, (struct bytes){ "", 1 }, &k, &v); !rc;
		     rc = cursor_next(cursor, &k, &v)) {
			fprintf(c.out, "%u:", db);
			for (size_t i = 0; i < k.len; i++)
				fprintf(c.out, "%02x", ((const uint8_t *)k.at)[i]);
			putc('=', c.out);
			for (size_t i = 0; i < v.len; i++)
				fprintf(c.out, "%02x", ((const uint8_t *)v.at)[i]);
			putc('\n', c.out);
		}
		assert_int_equal(rc, -ENOENT);
		cursor_close(cursor);
	}
	txn_end(txn);
	return text_of(&c);
}

#endif
