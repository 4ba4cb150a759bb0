/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/page.h"

#include "base/stream.h"
#include "catalog/diff.h"
#include "catalog/html.h"
#include "catalog/option.h"
#include "catalog/print.h"
#include "catalog/type.h"
#include "catalog/walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct page {
	struct catalog *catalog;
	struct txn *txn;
	FILE *out;
};

typedef void printer(const struct table *before, const struct table *after, FILE *out);

/* What a printer of plain text says, escaped. */
static void escape(printer *print, const struct table *before, const struct table *after, FILE *out)
{
	char *text = NULL;
	size_t len;
	FILE *plain = text_stream(&text, &len);

	if (plain)
		print(before, after, plain);
	if (!plain || fclose(plain))
		emit_fail(out);
	else
		html_text(text, out);
	free(text);
}

static void column_row(const struct column *column, FILE *out)
{
	char type[TYPE_SQL_SIZE];
	char *def = print_default_text(column);

	fprintf(out, "<tr><td class=\"n\">%" PRIu32 "</td><th scope=\"row\"%s><code>%s</code></th><td><code>%s</code></td><td>%s</td><td>%s%s</td><td><code>",
		column->id, column->primary_key ? " class=\"key\"" : "", column->name,
		type_sql(&column->type, type), column->nullable ? "yes" : "no",
		column->primary_key ? "primary " : "", column->partition_key ? "partition" : "");
	if (def)
		html_text(def, out);
	else
		emit_fail(out);
	free(def);
	fputs("</code></td><td class=\"text\">", out);
	if (column->comment)
		html_text(column->comment, out);
	fputs("</td></tr>\n", out);
}

static void print_columns(const struct table *table, FILE *out)
{
	fprintf(out, "<div class=\"wide\"><table>\n<caption>Columns of %s</caption>\n<thead><tr>"
		"<th scope=\"col\" class=\"n\">#</th><th scope=\"col\">Column</th><th scope=\"col\">Type</th>"
		"<th scope=\"col\">Null</th><th scope=\"col\">Key</th><th scope=\"col\">Default</th>"
		"<th scope=\"col\">Comment</th></tr></thead>\n<tbody>\n", table->name);
	for (uint32_t i = 0; i < table->column_count; i++)
		column_row(&table->columns[i], out);
	fputs("</tbody>\n</table></div>\n", out);
}

static void print_options(const struct table *table, FILE *out)
{
	bool any = false;

	for (unsigned i = 0; i < table_options_count; i++) {
		const struct option *option = &table_options_rows[i];

		if (!option_applies(option, table->type) || option_is_default(option, &table->options))
			continue;
		fputs(any ? ", " : "<p>Options: <code>", out);
		fprintf(out, "%s ", option->sql);
		option_print_sql(option, &table->options, out);
		any = true;
	}
	if (any)
		fputs("</code></p>\n", out);
}

static void print_version(const struct table *before, const struct table *table, FILE *out)
{
	fprintf(out, "<li value=\"%" PRIu32 "\"><a href=\"tables/%s/versions/%" PRIu32 "/schema.json\">Version %" PRIu32 "</a>, ",
		table->version, table->name, table->version, table->version);
	html_time(table->info.committed_at, out);
	fputs(" by ", out);
	html_text(table->info.author.user, out);
	fputs(": ", out);
	escape(diff_print_summary, before, table, out);
	if (before) {
		fputs("\n<pre>", out);
		escape(diff_print_plan, before, table, out);
		fputs("</pre>", out);
	}
	fputs("</li>\n", out);
}

/* Newest first; each needs the one in front of it. */
static int print_versions(const struct page *page, const struct table *table, struct err *err)
{
	uint32_t last = table->version > PAGE_VERSIONS ? table->version - PAGE_VERSIONS : 0;
	struct table *after = table_get(table), *before;
	int rc = 0;

	fprintf(page->out, "<details>\n<summary>%" PRIu32 " version%s</summary>\n<ol class=\"versions\" reversed>\n",
		table->version, table->version == 1 ? "" : "s");
	for (uint32_t n = table->version; !rc && n > last; n--) {
		before = NULL;
		if (n > 1)
			rc = catalog_version(page->catalog, page->txn, table->id, n - 1, &before, err);
		if (!rc)
			print_version(before, after, page->out);
		table_put(after);
		after = before;
	}
	table_put(after);
	fputs("</ol>\n", page->out);
	if (last)
		fprintf(page->out, "<p>Older ones: <a href=\"tables/%s/versions/\">versions/</a></p>\n",
			table->name);
	fputs("</details>\n", page->out);
	return rc;
}

static const char *const files[] = { "schema.sql", "schema.json", "schema.arrow", "describe", "storage.json" };

static void print_links(const struct table *table, FILE *out)
{
	fputs("<p>", out);
	for (size_t i = 0; i < countof(files); i++)
		fprintf(out, "%s<a href=\"tables/%s/%s\">%s</a>", i ? " · " : "", table->name, files[i], files[i]);
	fputs("</p>\n", out);
}

static int full_table(void *arg, const struct table *table, struct err *err)
{
	const struct page *page = arg;
	FILE *out = page->out;
	int rc;

	fprintf(out, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s <span class=\"kind\">%s</span></h2>\n",
		table->name, table->name, table->name, table_type_name(table->type));
	html_element("p class=\"text\"", table->comment, out);
	fprintf(out, "<p>Version %" PRIu32 ", ", table->version);
	html_time(table->info.committed_at, out);
	if (table->type != TABLE_SYSTEM)
		fprintf(out, ", storage <a href=\"../../storages/%s.json\">%s</a>", table->options.storage_id,
			table->options.storage_id);
	fputs("</p>\n", out);
	print_columns(table, out);
	print_options(table, out);
	print_links(table, out);
	rc = print_versions(page, table, err);
	fputs("</section>\n", out);
	return rc;
}

static int short_table(void *arg, const struct table *table, struct err *err)
{
	const struct page *page = arg;
	FILE *out = page->out;

	(void)err;
	fprintf(out, "<tr><th scope=\"row\"><a href=\"tables/%s/describe\">%s</a></th><td>%s</td><td class=\"n\">%" PRIu32
		"</td><td class=\"n\"><a href=\"tables/%s/versions/\">%" PRIu32 "</a></td><td class=\"text\">",
		table->name, table->name, table_type_name(table->type), table->column_count, table->name,
		table->version);
	if (table->comment)
		html_text(table->comment, out);
	fputs("</td></tr>\n", out);
	return 0;
}

static int contents_entry(void *arg, const struct table *table, struct err *err)
{
	const struct page *page = arg;

	(void)err;
	fprintf(page->out, "<li><a href=\"#%s\">%s</a></li>\n", table->name, table->name);
	return 0;
}

static int print_full(struct page *page, const char *ns, struct err *err)
{
	int rc;

	fputs("<nav aria-label=\"Tables\"><ul>\n", page->out);
	rc = walk_tables(page->catalog, page->txn, ns, NULL, contents_entry, page, err);
	fputs("</ul></nav>\n", page->out);
	return rc ? rc : walk_tables(page->catalog, page->txn, ns, NULL, full_table, page, err);
}

static int print_short(struct page *page, const char *ns, struct err *err)
{
	int rc;

	fputs("<div class=\"wide\"><table>\n<caption>Tables</caption>\n<thead><tr><th scope=\"col\">Table</th>"
	      "<th scope=\"col\">Type</th><th scope=\"col\" class=\"n\">Columns</th>"
	      "<th scope=\"col\" class=\"n\">Versions</th><th scope=\"col\">Comment</th></tr></thead>\n<tbody>\n",
	      page->out);
	rc = walk_tables(page->catalog, page->txn, ns, NULL, short_table, page, err);
	fputs("</tbody>\n</table></div>\n", page->out);
	return rc;
}

static void print_head(const struct namespace *ns, uint32_t count, FILE *out)
{
	html_begin(ns->name, out);
	fprintf(out, "<nav aria-label=\"Position\"><a href=\"../../index.html\">Catalog</a> / %s</nav>\n"
		"<main id=\"main\">\n<h1>%s</h1>\n", ns->name, ns->name);
	html_element("p class=\"text\"", ns->comment, out);
	fprintf(out, "<p>%" PRIu32 " table%s.", count, count == 1 ? "" : "s");
	for (uint32_t i = 0; i < ns->option_count; i++) {
		fputs(i ? ", <code>" : " Options: <code>", out);
		html_text(ns->options[i].key, out);
		fputs(" = ", out);
		html_text(ns->options[i].json, out);
		fputs("</code>", out);
	}
	fputs(" · <a href=\"namespace.json\">namespace.json</a> · "
	      "<a href=\"information_schema/columns.csv\">columns as CSV</a></p>\n", out);
}

int page_print_namespace(struct catalog *catalog, struct txn *txn, const struct namespace *ns, FILE *out,
			 struct err *err)
{
	struct page page = { .catalog = catalog, .txn = txn, .out = out };
	struct dir_state tables;
	int rc;

	catalog_dir_state(catalog, txn, DIR_TABLES, ns->id, &tables);
	print_head(ns, tables.count, out);
	if (tables.count > PAGE_FULL_TABLES)
		rc = print_short(&page, ns->name, err);
	else
		rc = print_full(&page, ns->name, err);
	html_end(out);
	return txn_told(txn, err, rc);
}
