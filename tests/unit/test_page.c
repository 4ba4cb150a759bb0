/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/page.h"

#include "catalog/html.h"
#include "tests/unit/world.h"

static char *page(struct world *w, const char *ns)
{
	struct err err = ERR_INIT;
	struct namespace *found;
	struct txn *txn;
	char *text = NULL;
	uint32_t id;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(catalog_begin(w->catalog, &txn, &err), 0);
	if (ns) {
		assert_int_equal(catalog_find(w->catalog, txn, DIR_NAMESPACES, 0, ns, &id), 0);
		assert_int_equal(catalog_namespace(w->catalog, txn, id, &found, &err), 0);
		assert_int_equal(page_print_namespace(w->catalog, txn, found, out, &err), 0);
		namespace_put(found);
	} else {
		assert_int_equal(page_print_catalog(w->catalog, txn, out, &err), 0);
	}
	txn_end(txn);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in\n%s", part, text);
}

static void test_escaping(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	html_text("a<b>&\"'\xc3\xa9\x1b[0m\xe2\x80\xae\xff|\r\n", out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "a&lt;b&gt;&amp;&quot;&#39;\xc3\xa9\\u001b[0m\\u202e\\xff|\\u000d\n");
	free(text);
}

static void test_catalog(void **state)
{
	struct world w;
	char *text;

	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app COMMENT '<b>bold</b> & \"quoted\"';"
		       "CREATE TABLE app.t (id INT PRIMARY KEY);"
		       "CREATE STORAGE s3x TYPE s3 BUCKET 'b' CREDENTIALS '{\"key\":\"hush\"}' DESCRIPTION '</td><script>';");
	text = page(&w, NULL);
	assert_has(text, "<!DOCTYPE html>\n<html lang=\"en\">");
	assert_has(text, "<a href=\"namespaces/app/index.html\">app</a></th><td class=\"n\">1</td>");
	assert_has(text, "&lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot;");
	assert_has(text, "<a href=\"namespaces/system/index.html\">system</a>");
	assert_has(text, "<a href=\"storages/s3x.json\">s3x</a>");
	assert_has(text, "&lt;/td&gt;&lt;script&gt;");
	assert_lacks(text, "<script");
	assert_lacks(text, "hush");
	free(text);
	world_close(&w);
}

static void test_namespace(void **state)
{
	struct world w;
	char *text;

	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app WITH (owner = '<x>');"
		       "CREATE TABLE app.t (id INT PRIMARY KEY, note TEXT DEFAULT '<i>&' COMMENT 'a < b') COMMENT 'c > d';");
	world_run(&w, "ALTER TABLE app.t ADD COLUMN age INT COMMENT '<script>alert(1)</script>'");
	text = page(&w, "app");
	assert_has(text, "<a href=\"../../index.html\">Catalog</a>");
	assert_has(text, "<h2 id=\"t\">t <span class=\"kind\">SHARED</span></h2>");
	assert_has(text, "<code>&#39;&lt;i&gt;&amp;&#39;</code>");
	assert_has(text, "a &lt; b");
	assert_has(text, "c &gt; d");
	assert_has(text, "<summary>2 versions</summary>");
	assert_has(text, "Added column age");
	assert_has(text, "+ column 3 age INT NULL");
	assert_has(text, "href=\"tables/t/versions/1/schema.json\"");
	assert_has(text, "owner = &quot;&lt;x&gt;&quot;");
	assert_lacks(text, "<script");
	free(text);
	world_close(&w);
}

static void test_many_versions(void **state)
{
	struct world w;
	char *text, statement[100];

	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app; CREATE TABLE app.t (id INT PRIMARY KEY)");
	for (int i = 2; i <= PAGE_VERSIONS + 2; i++) {
		snprintf(statement, sizeof(statement), "ALTER TABLE app.t COMMENT 'number %d'", i);
		world_run(&w, statement);
	}
	text = page(&w, "app");
	assert_has(text, "<summary>22 versions</summary>");
	assert_has(text, "<li value=\"3\">");
	assert_lacks(text, "<li value=\"2\">");
	assert_has(text, "Older ones: <a href=\"tables/t/versions/\">");
	free(text);
	world_close(&w);
}

static void test_many_tables(void **state)
{
	struct world w;
	char *text, statement[100];

	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app");
	for (int i = 0; i <= PAGE_FULL_TABLES; i++) {
		text = i ? NULL : page(&w, "app");
		free(text);
		snprintf(statement, sizeof(statement), "CREATE TABLE app.t%d (id INT PRIMARY KEY)", i);
		world_run(&w, statement);
	}
	text = page(&w, "app");
	assert_has(text, "<p>201 tables.");
	assert_has(text, "<a href=\"tables/t200/describe\">t200</a>");
	assert_lacks(text, "<section");
	free(text);
	world_run(&w, "DROP TABLE app.t200");
	text = page(&w, "app");
	assert_has(text, "<h2 id=\"t199\">");
	assert_lacks(text, "t200");
	free(text);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_namespace),
		cmocka_unit_test(test_many_versions),
		cmocka_unit_test(test_many_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
