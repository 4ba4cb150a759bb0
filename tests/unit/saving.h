/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A catalog of its own for a test, statements and saves in it, and a clock that goes in steps. */
#ifndef KALAM_TESTS_SAVING_H
#define KALAM_TESTS_SAVING_H

#include "catalog/document.h"
#include "catalog/print.h"
#include "tests/unit/helpers.h"
#include "tests/unit/sound.h"

#include <errno.h>

#define SAVING_START 1763805600000000	/* 2025-11-22T10:00:00Z */

struct saving {
	char *dir;
	struct catalog *catalog;
	int64_t now;
	struct request request;		/* the last one */
	struct err err;			/* of the last save or statement */
};

/* A second has passed each time somebody asks. */
static inline int64_t saving_now(void *arg)
{
	struct saving *s = arg;

	return s->now += 1000000;
}

static inline int saving_random(void *at, size_t len)
{
	memset(at, 7, len);
	return 0;
}

static inline void saving_open(struct saving *s)
{
	struct catalog_options options = { .create = true, .map_size = 1 << 26,
					   .now = saving_now, .now_arg = s,
					   .random = saving_random };
	struct err err = ERR_INIT;

	*s = (struct saving){ .dir = temp_dir(), .now = SAVING_START, .err = ERR_INIT };
	if (catalog_open(s->dir, &options, &s->catalog, &err))
		fail_msg("%s", err.text);
}

static inline void saving_close(struct saving *s)
{
	request_fini(&s->request);
	assert_sound(s->catalog);
	catalog_close(s->catalog);
	temp_dir_remove(s->dir);
}

static inline int saving_commit(struct saving *s)
{
	struct request *request = &s->request;

	catalog_commit(s->catalog, &request, 1);
	s->err = request->err;
	return request->err.code;
}

static inline void saving_fresh(struct saving *s)
{
	request_fini(&s->request);
	s->request = (struct request){ .err = ERR_INIT };
	err_clear(&s->err);
}

/* Run each statement of a text in a transaction of its own; the first failure is returned. */
static inline int saving_run(struct saving *s, const char *text)
{
	struct script script, one;
	int rc = ddl_parse(text, strlen(text), SCOPE_CATALOG, ENDING_SEMICOLON, false, true,
			   &script, &s->err);

	for (size_t i = 0; !rc && i < script.count; i++) {
		one = script;
		one.stmts = &script.stmts[i];
		one.count = 1;
		saving_fresh(s);
		s->request.script = &one;
		s->request.commit_count = 1;
		s->request.text = text;
		s->request.len = strlen(text);
		s->request.source = SOURCE_CTL;
		s->request.author = (struct author){ .uid = 1000, .user = "ann", .command = "vim" };
		rc = saving_commit(s);
	}
	script_free(&script);
	return rc;
}

static inline void saving_must(struct saving *s, const char *text)
{
	if (saving_run(s, text))
		fail_msg("%s: %s", text, s->err.text);
}

/* Save a document; plan: only try it. */
static inline int saving_save_as(struct saving *s, const struct document_target *target,
				 const char *text, size_t len, bool plan)
{
	struct author author = { .uid = 1001, .user = "bob", .command = "nano" };
	struct document *document;
	/* Exactly as long as the text, so that a sanitizer sees a read beyond it. */
	char *exact = malloc(len ? len : 1);
	int rc;

	assert_non_null(exact);
	memcpy(exact, text, len);
	saving_fresh(s);
	s->request.plan = plan;
	rc = document_request(target, exact, len, &author, &document, &s->request, &s->err);
	if (!rc) {
		rc = saving_commit(s);
		document_free(document);
	}
	assert_int_equal(rc, s->err.code);
	s->request.script = NULL;
	s->request.text = NULL;
	free(exact);
	return rc;
}

static inline int saving_save(struct saving *s, const struct document_target *target,
			      const char *text)
{
	return saving_save_as(s, target, text, strlen(text), false);
}

static inline uint32_t saving_namespace_id(struct saving *s, const char *name)
{
	struct txn *txn;
	uint32_t id;

	assert_int_equal(catalog_begin(s->catalog, &txn, NULL), 0);
	if (catalog_find(s->catalog, txn, DIR_NAMESPACES, 0, name, &id))
		fail_msg("no namespace %s", name);
	txn_end(txn);
	return id;
}

/* "app.messages" */
static inline uint32_t saving_table_id(struct saving *s, const char *name)
{
	char ns[NAME_SIZE];
	const char *dot = strchr(name, '.');
	struct txn *txn;
	uint32_t id;

	assert_non_null(dot);
	snprintf(ns, sizeof(ns), "%.*s", (int)(dot - name), name);
	assert_int_equal(catalog_begin(s->catalog, &txn, NULL), 0);
	if (catalog_find(s->catalog, txn, DIR_TABLES, saving_namespace_id(s, ns), dot + 1, &id))
		fail_msg("no table %s", name);
	txn_end(txn);
	return id;
}

static inline uint32_t saving_storage_id(struct saving *s, const char *name)
{
	struct txn *txn;
	uint32_t id;

	assert_int_equal(catalog_begin(s->catalog, &txn, NULL), 0);
	if (catalog_find(s->catalog, txn, DIR_STORAGES, 0, name, &id))
		fail_msg("no storage %s", name);
	txn_end(txn);
	return id;
}

/* A version of a table, 0 = the current one: a reference. */
static inline struct table *saving_table(struct saving *s, uint32_t id, uint32_t version)
{
	struct table *table;
	struct txn *txn;
	int rc;

	assert_int_equal(catalog_begin(s->catalog, &txn, NULL), 0);
	rc = version ? catalog_version(s->catalog, txn, id, version, &table, NULL) :
		       catalog_table(s->catalog, txn, id, &table, NULL);
	assert_int_equal(rc, 0);
	txn_end(txn);
	return table;
}

/* schema.json of a version; free it. */
static inline char *saving_schema(struct saving *s, uint32_t id, uint32_t version)
{
	struct table *table = saving_table(s, id, version);
	struct collector c;

	collect(&c);
	print_schema_json(table, c.out);
	table_put(table);
	return text_of(&c);
}

static inline struct document_target saving_target(struct saving *s, const char *table)
{
	return (struct document_target){ .kind = DOCUMENT_TABLE,
					 .table_id = saving_table_id(s, table) };
}

/* text with the first `from` replaced; both owned by the caller, text is freed. */
static inline char *saving_edit(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from), *out;

	if (!at)
		fail_msg("'%s' is not in %s", from, text);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >= 0);
	free(text);
	return out;
}

#endif
