/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts of golden cases, cut off, with a word left out, with a word twice and with
 * another one in its place: each is taken, or refused with a sentence and a place in it.
 */
#include "catalog/document.h"
#include "catalog/load.h"
#include "tests/unit/world.h"

#include <ctype.h>
#include <glob.h>

#define TEXT_MAX 1500	/* longer texts say the same again */

/* How a text is spoilt at one of its words. */
enum damage { CUT_BEFORE, CUT_WITHIN, LEFT_OUT, TWICE, CLOSED, OPENED, QUOTED, NUMBERED, DAMAGE_COUNT };

static const char *const instead[DAMAGE_COUNT] = {
	[CLOSED] = ")", [OPENED] = "(", [QUOTED] = "'x'", [NUMBERED] = "7",
};

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80);
}

/* The end of the word or sign that begins at `at`. */
static size_t word_end(const char *text, size_t len, size_t at)
{
	if (!is_of_word(text[at]))
		return at + 1;
	while (at < len && is_of_word(text[at]))
		at++;
	return at;
}

/* Exactly as long as what it holds, so that a sanitizer sees a read beyond it. */
static char *spoil(const char *text, size_t len, size_t at, enum damage damage, size_t *out_len)
{
	size_t end = word_end(text, len, at), head = damage == TWICE ? end : at;
	size_t tail = damage == TWICE ? at : end;
	const char *middle = instead[damage] ? instead[damage] : "";
	char *out;

	if (damage == CUT_BEFORE || damage == CUT_WITHIN) {
		head = damage == CUT_WITHIN ? at + (end - at + 1) / 2 : at;
		tail = len;
	}
	*out_len = head + strlen(middle) + len - tail;
	out = malloc(*out_len + 1);
	assert_non_null(out);
	memcpy(out, text, head);
	memcpy(out + head, middle, strlen(middle));
	memcpy(out + head + strlen(middle), text + tail, len - tail);
	out[*out_len] = '\0';
	return out;
}

typedef void taker(void *arg, const char *text, size_t len);

static void assert_told(int rc, const struct err *err, size_t len)
{
	assert_true(rc <= 0);
	assert_int_equal(rc, err->code);
	if (!rc)
		return;
	assert_true(*err->text);
	assert_true(err->pos <= (long)len);
}

/* Each word is cut off; of the other ways to spoil it all, or every `every`-th. */
static void each(const char *pattern, unsigned every, taker *take, void *arg)
{
	unsigned words = 0;
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *text = file_text(found.gl_pathv[i]);
		size_t len = strlen(text);

		for (size_t at = 0; len <= TEXT_MAX && at < len; at = word_end(text, len, at)) {
			if (isspace((unsigned char)text[at]))
				continue;
			words++;
			for (unsigned damage = 0; damage < DAMAGE_COUNT; damage++) {
				size_t spoilt_len;
				char *spoilt;

				if (every > 1 && damage && (words + damage) % every)
					continue;
				spoilt = spoil(text, len, at, damage, &spoilt_len);

				take(arg, spoilt, spoilt_len);
				free(spoilt);
			}
		}
		free(text);
	}
	globfree(&found);
}

static void parse(void *arg, const char *text, size_t len)
{
	for (enum ddl_scope scope = SCOPE_CATALOG; scope <= SCOPE_TABLE; scope++) {
		for (unsigned ending = 0; ending < 2; ending++) {
			struct err err = ERR_INIT;
			struct script script;
			int rc = ddl_parse(text, len, scope, ending ? ENDING_NEWLINE : ENDING_SEMICOLON,
					   ending, true, &script, &err);

			assert_told(rc, &err, len);
			if (!rc)
				script_free(&script);
		}
	}
	(void)arg;
}

static void read_document(void *arg, const char *text, size_t len)
{
	(void)arg;
	for (enum document_kind kind = 0; kind < DOCUMENT_KIND_COUNT; kind++) {
		for (unsigned create = 0; create < 2; create++) {
			struct document_target target = { .kind = kind, .create = create, .name = "made",
							  .namespace_id = 2, .table_id = 1000,
							  .column_id = 1, .storage_id = 2 };
			struct request request = { .err = ERR_INIT };
			struct document *document;
			struct err err = ERR_INIT;
			int rc = document_request(&target, text, len, world_author(), &document, &request,
						  &err);

			assert_told(rc, &err, len);
			if (rc)
				continue;
			document_free(document);
			request_fini(&request);
		}
	}
}

/* Into a catalog that is open for reading only: what is taken is refused last of all. */
static void load(void *arg, const char *text, size_t len)
{
	struct world *w = arg;

	for (unsigned lenient = len % 2; lenient < 2; lenient++) {
		struct load_options how = { .dialect = LOAD_ANY, .lenient = lenient,
					    .author = *world_author() };
		FILE *in = fmemopen((void *)(uintptr_t)text, len ? len : 1, "r");
		struct err err = ERR_INIT;
		struct load_result result;
		int rc;

		assert_non_null(in);
		rc = load_file(w->catalog, in, &how, &result, &err);
		assert_told(rc, &err, len);
		if (rc == -EROFS)
			assert_string_equal(err.text, "The catalog is open for reading only");
		load_result_fini(&result);
		fclose(in);
	}
}

static void test_statements_that_are_spoilt_are_refused_in_their_place(void **state)
{
	(void)state;
	each("tests/data/ddl/*/*/in", 1, parse, NULL);
}

static void test_documents_that_are_spoilt_are_refused_in_their_place(void **state)
{
	(void)state;
	each("tests/data/document/*/*/in", 4, read_document, NULL);
}

static void test_dumps_that_are_spoilt_are_refused_in_their_place(void **state)
{
	struct catalog_options options = { .read_only = true, .map_size = 64 << 20 };
	struct err err = ERR_INIT;
	struct world w;

	(void)state;
	world_open(&w);
	catalog_close(w.catalog);
	if (catalog_open(w.dir, &options, &w.catalog, &err))
		fail_msg("%s", err.text);
	each("tests/data/load/*/*/in.sql", 4, load, &w);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements_that_are_spoilt_are_refused_in_their_place),
		cmocka_unit_test(test_documents_that_are_spoilt_are_refused_in_their_place),
		cmocka_unit_test(test_dumps_that_are_spoilt_are_refused_in_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
