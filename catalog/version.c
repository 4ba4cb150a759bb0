/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/version.h"

#include "catalog/arrow.h"
#include "catalog/diff.h"
#include "catalog/print.h"

#include <errno.h>
#include <stdio_ext.h>

typedef void render_fn(const struct table *before, const struct table *table, FILE *out);

static void render_schema_json(const struct table *before, const struct table *table, FILE *out)
{
	(void)before;
	print_schema_json(table, out);
}

static void render_schema_sql(const struct table *before, const struct table *table, FILE *out)
{
	(void)before;
	print_schema_sql(table, false, out);
}

static void render_schema_arrow(const struct table *before, const struct table *table, FILE *out)
{
	(void)before;
	arrow_print_schema(table, out);
}

static void render_describe(const struct table *before, const struct table *table, FILE *out)
{
	(void)before;
	print_describe(table, out);
}

static render_fn *const forms[] = {
	[FORM_SCHEMA_JSON] = render_schema_json,
	[FORM_SCHEMA_SQL] = render_schema_sql,
	[FORM_SCHEMA_ARROW] = render_schema_arrow,
	[FORM_DESCRIBE] = render_describe,
	[FORM_CHANGE_JSON] = diff_print_change,
};

_Static_assert(countof(forms) == FORM_COUNT, "every form has a renderer");

void version_print(enum version_form form, const struct table *before, const struct table *table,
		   FILE *out)
{
	forms[form](before, table, out);
}

/* The write function of a stream that only counts. */
static ssize_t count_bytes(void *count, const char *text, size_t len)
{
	(void)text;
	*(uint64_t *)count += len;
	return (ssize_t)len;
}

static int measure(const struct table *before, struct table *table, FILE *out,
		   const uint64_t *count, struct err *err)
{
	for (unsigned i = 0; i < FORM_COUNT; i++) {
		uint64_t start = *count;

		forms[i](before, table, out);
		if (fflush(out) || ferror(out))
			return err_nomem(err);
		if (*count - start > UINT32_MAX)
			return err_set(err, -EFBIG, "The definition is too long to show");
		table->sizes[i] = (uint32_t)(*count - start);
	}
	return 0;
}

int version_measure(const struct table *before, struct table *table, struct err *err)
{
	uint64_t count = 0;
	FILE *out = fopencookie(&count, "w", (cookie_io_functions_t){ .write = count_bytes });
	int rc;

	if (!out)
		return err_nomem(err);
	__fsetlocking(out, FSETLOCKING_BYCALLER);
	rc = measure(before, table, out, &count, err);
	(void)fclose(out);	/* all is flushed and counted */
	return rc;
}
