/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes in pages of data.mdb.  The validator ends, and refuses with a sentence or
 * passes; a search page by page ends, too, with rows in order or a sentence, and finds
 * all of what the validator passed.
 *
 * Input: changes to a good file, each of a page number, an offset in the page, a length
 * and that many bytes, since no mutation of a whole file would get beyond its first page;
 * the first byte says how many of the file's last pages are cut off.
 */
#include "tests/fuzz/fuzz.h"

#include "catalog/catalog.h"
#include "catalog/store_check.h"
#include "catalog/store_page.h"
#include "catalog/store_salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096u

static uint8_t *good;
static size_t good_size;
static uint64_t good_txn;
static int file = -1;

static void change(struct catalog *catalog, const char *text)
{
	struct request request = { .text = text, .len = strlen(text), .source = SOURCE_CTL,
				   .err = ERR_INIT };
	struct request *requests[] = { &request };
	struct script script;

	assert(!ddl_parse(text, request.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script,
			  NULL));
	request.script = &script;
	request.commit_count = script.count;
	catalog_commit(catalog, requests, 1);
	assert(!request.err.code);
	request_fini(&request);
	script_free(&script);
}

/* Branches, long values, free pages. */
static void fill(struct catalog *catalog)
{
	char text[8000];

	for (unsigned i = 0; i < 16; i++) {
		snprintf(text, sizeof(text), "CREATE TABLE t%u (id INT PRIMARY KEY) COMMENT '%0*u'", i,
			 (int)(i * 240) + 1, i);
		change(catalog, text);
	}
	for (unsigned i = 0; i < 16; i += 3) {
		snprintf(text, sizeof(text), "DROP TABLE t%u PURGE", i);
		change(catalog, text);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[] = "/tmp/kalam-fuzz-pages-XXXXXX", path[64];
	struct catalog_options how = { .create = true, .map_size = 1 << 26 };
	static const char *const files[] = { "data.mdb", "lock.mdb", "write.lock" };
	struct catalog *catalog;
	struct stat st;
	int fd;

	(void)argc;
	(void)argv;
	assert(mkdtemp(dir));
	assert(!catalog_open(dir, &how, &catalog, NULL));
	fill(catalog);
	good_txn = store_last_txn_id(catalog_store(catalog));
	catalog_close(catalog);
	snprintf(path, sizeof(path), "%s/data.mdb", dir);
	fd = open(path, O_RDONLY);
	assert(fd >= 0 && !fstat(fd, &st));
	good_size = (size_t)st.st_size;
	good = malloc(good_size);
	assert(good && read(fd, good, good_size) == st.st_size);
	close(fd);
	for (size_t i = 0; i < countof(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
	file = memfd_create("data.mdb", 0);
	assert(file >= 0);
	return 0;
}

static void spoil(uint8_t *image, const uint8_t *bytes, size_t size)
{
	while (size > 4) {
		size_t page = bytes[0] % (good_size / PAGE);
		size_t at = (bytes[1] | (size_t)bytes[2] << 8) % PAGE, len = bytes[3] % 16 + 1u;

		bytes += 4;
		size -= 4;
		len = len < size ? len : size;
		len = len < PAGE - at ? len : PAGE - at;
		memcpy(image + page * PAGE + at, bytes, len);
		bytes += len;
		size -= len;
	}
}

/* All rows, one after the other: it ends, and nothing is out of order or of bounds. */
static int walk(const struct salvage *salvage, const char *db, uint64_t *rows, struct err *err)
{
	struct buf key = { 0 }, found = { 0 }, value = { 0 };
	int rc;

	while (!(rc = salvage_find(salvage, db, (struct bytes){ key.at, key.len }, SALVAGE_FROM,
				   &found, &value, err))) {
		struct bytes last = { key.at, key.len };

		assert(!last.len || found.len > last.len || memcmp(found.at, last.at, found.len) > 0);
		assert(++*rows < 100000);
		buf_free(&key);
		key = found;
		buf_u8(&key, 0);
		found = (struct buf){ 0 };
		buf_free(&value);
	}
	buf_free(&key);
	buf_free(&found);
	buf_free(&value);
	if (rc != -ENOENT)
		check_refusal(rc, err, 0);
	return rc;
}

static void look(bool is_sound)
{
	static const char *const dbs[] = { "meta", "names", "objects", "versions", "children",
					   "locations", "trash", "log", "changes" };
	struct err err = ERR_INIT;
	struct salvage *salvage;
	unsigned lost = 0;	/* their names are rows as any others to the validator */
	uint64_t rows = 0;
	bool is_lost;
	int rc = salvage_open(file, good_txn, &salvage, &err);

	if (rc) {
		check_refusal(rc, &err, 0);
		assert(!is_sound);
		return;
	}
	for (size_t i = 0; i < countof(dbs); i++) {
		err_clear(&err);
		rc = walk(salvage, dbs[i], &rows, &err);
		is_lost = rc != -ENOENT && strstr(err.text, "has no database");
		assert(rc == -ENOENT || !is_sound || is_lost);
		lost += is_lost;
	}
	assert(!is_sound || rows > 40 || lost);
	salvage_close(salvage);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct err err = ERR_INIT;
	uint8_t *image;
	size_t len = good_size;
	int rc;

	if (size < 1)
		return 0;
	image = malloc(good_size);
	assert(image);
	memcpy(image, good, good_size);
	len -= bytes[0] % 8 * PAGE;
	spoil(image, bytes + 1, size - 1);
	assert(!ftruncate(file, (off_t)len) && pwrite(file, image, len, 0) == (ssize_t)len);
	free(image);
	rc = store_check_pages(file, good_txn, STORE_CHECK_FULL, &err);
	if (rc && rc != -EAGAIN) {
		check_refusal(rc, &err, 0);
		assert(rc == -EUCLEAN);
	}
	look(!rc);
	if (!rc)
		(void)!store_check_meta(file, NULL);	/* of the other page anything may be said */
	return 0;
}
