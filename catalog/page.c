/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/page.h"

#include "catalog/html.h"
#include "catalog/info.h"

#include <errno.h>
#include <inttypes.h>

struct page {
	struct catalog *catalog;
	struct txn *txn;
	FILE *out;
	struct err *err;
};

static int namespace_row(void *arg, uint32_t id, const char *name, size_t len)
{
	struct page *page = arg;
	struct dir_state tables;
	struct namespace *ns;
	int rc = catalog_namespace(page->catalog, page->txn, id, &ns, page->err);

	(void)name;
	(void)len;
	if (rc)
		return rc;
	catalog_dir_state(page->catalog, page->txn, DIR_TABLES, id, &tables);
	fprintf(page->out, "<tr><th scope=\"row\"><a href=\"namespaces/%s/index.html\">%s</a></th><td class=\"n\">%" PRIu32
		"</td><td class=\"text\">", ns->name, ns->name, tables.count);
	if (ns->comment)
		html_text(ns->comment, page->out);
	fputs("</td></tr>\n", page->out);
	namespace_put(ns);
	return 0;
}

static int storage_row(void *arg, uint32_t id, const char *name, size_t len)
{
	struct page *page = arg;
	struct storage *storage;
	FILE *out = page->out;
	int rc = catalog_storage(page->catalog, page->txn, id, &storage, page->err);

	(void)name;
	(void)len;
	if (rc)
		return rc;
	fprintf(out, "<tr><th scope=\"row\"><a href=\"storages/%s.json\">%s</a></th><td>%s</td><td><code>",
		storage->storage_id, storage->storage_id, storage_type_name(storage->type));
	html_text(storage->base_directory, out);
	fputs("</code></td><td><code>", out);
	html_text(storage->shared_template, out);
	fputs("</code></td><td><code>", out);
	html_text(storage->user_template, out);
	fputs("</code></td><td class=\"text\">", out);
	if (storage->description)
		html_text(storage->description, out);
	fputs("</td></tr>\n", out);
	storage_put(storage);
	return 0;
}

/* In the order of their names, but what is built in comes last. */
static int print_namespaces(struct page *page)
{
	int rc;

	fputs("<div class=\"wide\"><table>\n<caption>Namespaces</caption>\n<thead><tr><th scope=\"col\">Name</th>"
	      "<th scope=\"col\" class=\"n\">Tables</th><th scope=\"col\">Comment</th></tr></thead>\n<tbody>\n",
	      page->out);
	rc = names_list(page->txn, DIR_NAMESPACES, 0, namespace_row, page);
	if (!rc)
		rc = namespace_row(page, NAMESPACE_SYSTEM, NULL, 0);
	fputs("</tbody>\n</table></div>\n", page->out);
	return rc;
}

static int print_storages(struct page *page)
{
	int rc;

	fputs("<div class=\"wide\"><table>\n<caption>Storages</caption>\n<thead><tr><th scope=\"col\">Storage</th>"
	      "<th scope=\"col\">Type</th><th scope=\"col\">Base directory</th><th scope=\"col\">Shared tables</th>"
	      "<th scope=\"col\">User tables</th><th scope=\"col\">Description</th></tr></thead>\n<tbody>\n",
	      page->out);
	rc = names_list(page->txn, DIR_STORAGES, 0, storage_row, page);
	fputs("</tbody>\n</table></div>\n", page->out);
	return rc;
}

int page_print_catalog(struct catalog *catalog, struct txn *txn, FILE *out, struct err *err)
{
	struct page page = { .catalog = catalog, .txn = txn, .out = out, .err = err };
	int rc;

	html_begin("Catalog", out);
	fprintf(out, "<main id=\"main\">\n<h1>Catalog</h1>\n<p>%" PRIu64 " tables. "
		"<a href=\"README\">How to use this directory</a> · <a href=\"log.jsonl\">every change</a> · "
		"<a href=\"types/\">data types</a> · <a href=\"information_schema/columns.csv\">all columns as CSV</a></p>\n",
		meta_get(txn, META_TABLES));
	rc = print_namespaces(&page);
	if (!rc)
		rc = print_storages(&page);
	html_end(out);
	return txn_told(txn, err, rc);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t changed_at(struct catalog *catalog, struct txn *txn, enum info_view view,
			  uint32_t namespace_id)
{
	struct info info = { .view = view, .namespace_id = namespace_id };
	struct info_state state;

	return info_state(catalog, txn, &info, &state, NULL) ? 0 : state.changed_at;
}

struct latest {
	struct catalog *catalog;
	struct txn *txn;
	int64_t at;
};

/* Tables are counted, so what matters is when one came or went. */
static int look_at_tables(void *arg, uint32_t id, const char *name, size_t len)
{
	struct latest *latest = arg;
	struct dir_state tables;

	(void)name;
	(void)len;
	catalog_dir_state(latest->catalog, latest->txn, DIR_TABLES, id, &tables);
	latest->at = later(latest->at, tables.changed_at);
	return 0;
}

int64_t page_catalog_changed_at(struct catalog *catalog, struct txn *txn)
{
	struct latest latest = { .catalog = catalog, .txn = txn,
				 .at = catalog_created_at(catalog) };

	latest.at = later(latest.at, changed_at(catalog, txn, INFO_SCHEMATA, 0));
	latest.at = later(latest.at, changed_at(catalog, txn, INFO_STORAGES, 0));
	names_list(txn, DIR_NAMESPACES, 0, look_at_tables, &latest);
	return latest.at;
}

int64_t page_namespace_changed_at(struct catalog *catalog, struct txn *txn,
				  const struct namespace *ns)
{
	int64_t at = later(ns->created_at, ns->updated_at);

	return later(at, changed_at(catalog, txn, INFO_TABLES, ns->id));
}
