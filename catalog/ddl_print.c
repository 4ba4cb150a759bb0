/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/ddl.h"

#include "base/stream.h"
#include "catalog/secret.h"

#include <string.h>

static const char *const action_forms[] = {
	"ADD [COLUMN] [IF NOT EXISTS] c type [NOT NULL | NULL] [DEFAULT expr] [COMMENT 'text']",
	"DROP [COLUMN] [IF EXISTS] c",
	"RENAME [COLUMN] c TO d",
	"RENAME TO [ns.]t2",
	"ALTER [COLUMN] c [SET DATA] TYPE type",
	"ALTER [COLUMN] c SET NOT NULL",
	"ALTER [COLUMN] c DROP NOT NULL",
	"ALTER [COLUMN] c SET DEFAULT expr",
	"ALTER [COLUMN] c DROP DEFAULT",
	"ALTER [COLUMN] c COMMENT 'text'",
	"MODIFY [COLUMN] c type [NOT NULL | NULL]",
	"SET (option = value, ...)",
	"SET TBLPROPERTIES (option = value, ...)",
	"SET ACCESS LEVEL level",
	"COMMENT 'text'",
	"RESTORE VERSION n",
};

static const char *const statement_forms[] = {
	"CREATE NAMESPACE [IF NOT EXISTS] ns [WITH (key = value, ...)] [COMMENT 'text']",
	"ALTER NAMESPACE ns SET OPTIONS (key = value, ...)",
	"ALTER NAMESPACE ns COMMENT 'text'",
	"DROP NAMESPACE [IF EXISTS] ns [RESTRICT | CASCADE]",
	"CREATE [USER | SHARED | STREAM] TABLE [IF NOT EXISTS] [ns.]t (column, ...) "
	"[PARTITION BY (c, ...)] [WITH (option = value, ...)] [COMMENT 'text']",
	"ALTER TABLE [IF EXISTS] [ns.]t action, ...",
	"DROP TABLE [IF EXISTS] [ns.]t [PURGE]",
	"UNDROP TABLE [ns.]t[@version]",
	"PURGE TABLE [ns.]t",
	"CREATE STORAGE [IF NOT EXISTS] id TYPE filesystem|s3|gcs|azure [NAME 'text'] "
	"[DESCRIPTION 'text'] PATH 'dir' | BUCKET 'name' | BASE_DIRECTORY 'uri' "
	"[SHARED_TABLES_TEMPLATE 'path'] [USER_TABLES_TEMPLATE 'path'] [CREDENTIALS 'json'] "
	"[CONFIG 'json']",
	"ALTER STORAGE id SET field 'text', ...",
	"DROP STORAGE [IF EXISTS] id",
	"BEGIN; statement; ... COMMIT | ROLLBACK",
};

static void print_forms(const char *const *forms, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		stream_put(out, "  ", 2);
		stream_puts(out, forms[i]);
		stream_put(out, "\n", 1);
	}
}

void ddl_print_help(enum ddl_scope scope, FILE *out)
{
	if (scope == SCOPE_TABLE)
		print_forms(action_forms, countof(action_forms), out);
	else
		print_forms(statement_forms, countof(statement_forms), out);
}

void ddl_print_masked(const char *text, size_t len, FILE *out)
{
	struct secret_scan scan = { .text = text, .len = len };
	size_t done = 0, from, to;

	while (secret_next(&scan, &from, &to)) {
		fwrite(text + done, 1, from - done, out);
		fputs("'***'", out);
		done = to;
	}
	fwrite(text + done, 1, len - done, out);
}
