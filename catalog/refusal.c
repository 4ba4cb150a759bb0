/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/refusal.h"

#include "base/stream.h"
#include "catalog/ddl.h"
#include "catalog/emit.h"
#include "catalog/value.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_STATEMENT_MAX 4096

static void emit_statement(struct emit *e, const char *text, size_t len)
{
	char *masked = NULL;
	size_t size;
	FILE *out = text_stream(&masked, &size);

	while (len && strchr(" \t\r\n;", text[len - 1]))
		len--;
	if (!out)
		return emit_null(e, "statement");
	ddl_print_masked(text, len, out);
	if (fclose(out)) {
		free(masked);
		return emit_null(e, "statement");
	}
	emit_key(e, "statement");
	json_print_string(masked, size < SHOWN_STATEMENT_MAX ? size : SHOWN_STATEMENT_MAX, e->out);
	free(masked);
}

void refusal_print(const struct refusal *refusal, FILE *out)
{
	const struct err_origin start = ERR_ORIGIN_START;
	const struct err_origin *origin = refusal->origin.line ? &refusal->origin : &start;
	const struct err *err = refusal->err;
	struct emit e = EMIT_COMPACT(out);
	unsigned line, column;

	emit_open(&e, NULL, '{');
	emit_stamp(&e, "time", refusal->time);
	emit_unsigned(&e, "uid", refusal->author.uid);
	emit_unsigned(&e, "pid", refusal->author.pid);
	emit_text(&e, "command", refusal->author.command);
	emit_text(&e, "object", *refusal->object ? refusal->object : NULL);
	emit_text(&e, "file", refusal->file);
	if (refusal->document)
		emit_null(&e, "statement");
	else
		emit_statement(&e, refusal->text, refusal->len);
	emit_text(&e, "errno", err_errno_name(err->code));
	emit_text(&e, "kind", err_kind_name(err->kind));
	if (err->pos >= 0) {
		err_locate_in(refusal->text, refusal->len, err->pos, origin, &line, &column);
		emit_unsigned(&e, "line", line);
		emit_unsigned(&e, "column", column);
	} else {
		emit_null(&e, "line");
		emit_null(&e, "column");
	}
	emit_text(&e, "pointer", *err->pointer ? err->pointer : NULL);
	emit_text(&e, "message", err->text);
	emit_close(&e, '}');
	putc('\n', out);
}
