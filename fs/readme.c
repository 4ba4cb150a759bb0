/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/stamp.h"
#include "fs/files.h"

/* One screen for somebody who has just found this mount. */
static const char reading[] =
	"Look around\n"
	"  ls namespaces/*/tables                    all tables\n"
	"  cat namespaces/NS/tables/T/describe       a table for people\n"
	"  cat namespaces/NS/tables/T/schema.json    ... for programs; schema.sql and .arrow, too\n"
	"  ls namespaces/NS/tables/T/versions        its history, with 2026-11-22T10:00:00Z\n"
	"                                            for the version in force at that time\n"
	"  readlink namespaces/NS/tables/T/storage   where its data files are\n"
	"  tail -f log.jsonl                         every change, as it happens\n"
	"  cat information_schema/columns.csv        everything as rows: tables, schemata,\n"
	"                                            storages, too, and all of them as .jsonl\n"
	"  cat types/DECIMAL.json                    what a data type is\n\n";

static const char writing[] =
	"Change something: write SQL into a ctl\n"
	"  echo 'CREATE NAMESPACE shop' > ctl\n"
	"  echo 'CREATE SHARED TABLE notes (id BIGINT PRIMARY KEY, body TEXT)' \\\n"
	"      > namespaces/shop/ctl\n"
	"  echo 'ADD COLUMN age INT' > namespaces/shop/tables/notes/ctl\n"
	"  cd namespaces/shop/tables/notes && echo 'DROP COLUMN age' > plan && cat plan\n"
	"                                            plan only tells what ctl would do\n"
	"  error tells why your last write was refused;           cat ctl lists the statements\n"
	"Or edit: a save is one checked transaction\n"
	"  vim namespaces/NS/tables/T/schema.json    columns/*.json and storages/*.json, too;\n"
	"                                            a refused text is kept in .rejected/\n"
	"  mkdir namespaces/NS/tables/T              a draft: saving its schema.json creates it\n"
	"Or move, in namespaces/NS\n"
	"  mv tables/T tables/U                      RENAME TO\n"
	"  mv tables/U trash/                        DROP TABLE\n"
	"  mv trash/U tables/                        UNDROP TABLE\n"
	"One write is one transaction.  A dropped table waits in namespaces/NS/trash; rm never\n"
	"drops a table.  Reading never changes anything.\n\n";

static const char read_only[] =
	"This mount is read-only: there is no ctl here, and nothing can be saved.\n\n";

static void show_writers(const struct tree *tree, FILE *out)
{
	fprintf(out, "  changes by  uid %u and root", (unsigned)tree->uid);
	if (tree->has_dba)
		fprintf(out, ", and members of group %u", (unsigned)tree->dba_gid);
	fputc('\n', out);
}

int show_readme(struct view *view, FILE *out, struct err *err)
{
	const struct tree *tree = view->tree;
	char started[STAMP_SIZE];

	(void)err;
	fprintf(out,
		"kalamfs %s: a schema catalog as files\n\n"
		"  catalog     %s\n"
		"  mounted on  %s since %s%s\n",
		KALAMFS_VERSION, catalog_dir(tree->catalog), tree->mountpoint,
		stamp_format(tree->started_at, started), tree->read_only ? ", read-only" : "");
	if (!tree->read_only)
		show_writers(tree, out);
	fputc('\n', out);
	fputs(reading, out);
	fputs(tree->read_only ? read_only : writing, out);
	fputs("More: man kalamfs, man 5 kalamfs, man kalamctl; umount ends it.\n", out);
	return 0;
}
