/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A catalog that leaves no files behind, however the process ends. */
#ifndef KALAM_TESTS_FUZZ_CATALOG_H
#define KALAM_TESTS_FUZZ_CATALOG_H

#include "tests/fuzz/fuzz.h"

#include "catalog/catalog.h"

#include <ftw.h>

#define FUZZ_NOW INT64_C(1763805600000000)	/* 2025-11-22T10:00:00Z */

static inline const struct author *fuzz_author(void)
{
	static const struct author author = { .uid = 1000, .user = "ann", .command = "vim" };

	return &author;
}

static inline int64_t fuzz_now(void *arg)
{
	(void)arg;
	return FUZZ_NOW;
}

static inline int fuzz_random(void *at, size_t len)
{
	memset(at, 7, len);
	return 0;
}

static inline int fuzz_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* New and empty.  Its files are open and need no names any more. */
static inline struct catalog *fuzz_catalog(void)
{
	const char *base = getenv("TMPDIR");
	struct catalog_options options = { .create = true, .map_size = 64 << 20, .now = fuzz_now,
					   .random = fuzz_random };
	struct catalog *catalog;
	struct err err = ERR_INIT;
	char path[4096];
	int rc;

	snprintf(path, sizeof(path), "%s/kalam-fuzz-XXXXXX", base ? base : "/tmp");
	assert(mkdtemp(path));
	rc = catalog_open(path, &options, &catalog, &err);
	if (rc)
		fprintf(stderr, "%s: %s\n", path, err.text);
	assert(!rc);
	rc = nftw(path, fuzz_remove, 16, FTW_DEPTH | FTW_PHYS);
	assert(!rc);
	return catalog;
}

/* The whole file, NUL-terminated; free it. */
static inline char *fuzz_file(const char *path, size_t *len)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t count;

	if (!in)
		fprintf(stderr, "there is no %s: run in the directory of the sources\n", path);
	assert(in);
	count = getdelim(&text, &size, '\0', in);
	assert(count > 0);
	fclose(in);
	*len = (size_t)count;
	return text;
}

/* The statements of a file, one transaction for each, so that tables have versions. */
static inline void fuzz_run(struct catalog *catalog, const char *path)
{
	struct script script, one;
	size_t len;
	char *text = fuzz_file(path, &len);
	int rc = ddl_parse(text, len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script, NULL);

	assert(!rc);
	for (size_t i = 0; i < script.count; i++) {
		struct request request = { .script = &one, .commit_count = 1, .text = text,
					   .len = len, .author = *fuzz_author(), .err = ERR_INIT };
		struct request *requests = &request;

		one = script;
		one.stmts = &script.stmts[i];
		one.count = 1;
		catalog_commit(catalog, &requests, 1);
		if (request.err.code)
			err_print(&request.err, path, text, len, stderr);
		assert(!request.err.code);
		request_fini(&request);
	}
	script_free(&script);
	free(text);
}

#endif
