/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/files.h"

#include "catalog/arrow.h"
#include "catalog/diff.h"
#include "catalog/document.h"
#include "catalog/page.h"
#include "catalog/print.h"
#include "fs/report.h"

#include <errno.h>
#include <string.h>

const char *files_subject_name(const struct view *view, char out[2 * NAME_SIZE])
{
	if (view->table)
		snprintf(out, 2 * NAME_SIZE, "%s.%s", view->table->namespace_name,
			 view->table->name);
	else if (view->ns)
		snprintf(out, 2 * NAME_SIZE, "%s", view->ns->name);
	else
		snprintf(out, 2 * NAME_SIZE, "the catalog");
	return out;
}

/* An example that the reader can paste; indexed by scope. */
static const char *const examples[] = {
	[SCOPE_CATALOG] = "CREATE NAMESPACE app",
	[SCOPE_NAMESPACE] = "CREATE SHARED TABLE notes (id BIGINT PRIMARY KEY, body TEXT)",
	[SCOPE_TABLE] = "ADD COLUMN age INT",
};
_Static_assert(countof(examples) == SCOPE_TABLE + 1, "every scope has an example");

enum ddl_scope files_scope(const struct view *view)
{
	if (view->table)
		return SCOPE_TABLE;
	return view->ns ? SCOPE_NAMESPACE : SCOPE_CATALOG;
}

int show_ctl(struct view *view, FILE *out, struct err *err)
{
	enum ddl_scope scope = files_scope(view);
	char name[2 * NAME_SIZE];

	(void)err;
	fprintf(out, "Statements for %s, ended by ';' or a newline (kalamfs(5)):\n",
		files_subject_name(view, name));
	ddl_print_help(scope, out);
	fprintf(out, "Example: echo '%s' > ctl\nLast write: ", examples[scope]);
	if (!report_print(view->tree->report, report_key(view), REPORT_LAST, out))
		fputs("none\n", out);
	return 0;
}

int show_plan(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	(void)report_print(view->tree->report, report_key(view), REPORT_PLAN, out);
	return 0;
}

int show_error(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	(void)report_print(view->tree->report, report_key(view), REPORT_ERROR, out);
	return 0;
}

int show_errors(struct view *view, FILE *out, struct err *err)
{
	bool all = !view->uid || view->uid == view->tree->uid;

	(void)err;
	report_print_refusals(view->tree->report, view->uid, all, out);
	return 0;
}

int show_namespace(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	print_namespace_json(view->ns, out);
	return 0;
}

int show_storage(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	print_storage_document(view->storage, out);
	return 0;
}

int show_type(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	type_print_document((enum type_id)view->inode.object, out);
	return 0;
}

int show_schema_json(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	if (view->table->version)
		print_schema_json(view->table, out);
	else
		document_print_template(view->table->namespace_name, view->table->name, out);
	return 0;
}

int show_schema_sql(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	print_schema_sql(view->table, false, out);
	return 0;
}

int show_schema_arrow(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	arrow_print_schema(view->table, out);
	return 0;
}

int show_describe(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	print_describe(view->table, out);
	return 0;
}

int show_change(struct view *view, FILE *out, struct err *err)
{
	struct table *before = NULL;
	int rc = 0;

	if (view->table->version > 1)
		rc = catalog_version(view->tree->catalog, view->txn, view->table->id,
				     view->table->version - 1, &before, err);
	if (!rc)
		diff_print_change(before, view->table, out);
	table_put(before);
	return rc;
}

int show_column(struct view *view, FILE *out, struct err *err)
{
	(void)err;
	print_column_json(view->column, out);
	return 0;
}

int show_place(struct view *view, FILE *out, struct err *err)
{
	return catalog_print_place(view->tree->catalog, view->txn, view->table, out, err);
}

int show_info(struct view *view, FILE *out, struct err *err)
{
	return info_print(view->tree->catalog, view->txn, &view->info, NULL, out, err);
}

int link_latest(struct view *view, char out[LOCATION_SIZE], struct err *err)
{
	(void)err;
	snprintf(out, LOCATION_SIZE, "%u", view->inode.sub);
	return 0;
}

int link_storage(struct view *view, char out[LOCATION_SIZE], struct err *err)
{
	int rc = view_place(view, err);

	if (!rc)
		memcpy(out, view->place->partial, LOCATION_SIZE);
	return rc;
}

int link_user(struct view *view, char out[LOCATION_SIZE], struct err *err)
{
	(void)err;
	memcpy(out, view->link, LOCATION_SIZE);
	return 0;
}

int show_index(struct view *view, FILE *out, struct err *err)
{
	return page_print_catalog(view->tree->catalog, view->txn, out, err);
}

int show_namespace_index(struct view *view, FILE *out, struct err *err)
{
	return page_print_namespace(view->tree->catalog, view->txn, view->ns, out, err);
}
