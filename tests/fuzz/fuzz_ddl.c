/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DDL on any bytes.  The first byte chooses scope, terminator and the
 * rest; seeds are the files `in` below tests/data/ddl.
 */
#include "catalog/ddl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every accepted script promises. */
static void check_script(const struct script *script, size_t len, bool final)
{
	size_t at = 0;

	for (size_t i = 0; i < script->count; i++) {
		const struct stmt *stmt = &script->stmts[i];

		if (stmt->start < at || stmt->len == 0 || stmt->len > len - stmt->start)
			abort();
		at = stmt->start + stmt->len;
	}
	if (script->tail < at || script->tail > len || (final && script->tail != len))
		abort();
}

/* The text of each statement is a statement by itself, and with '\n' behind it, too. */
static void parse_each(const struct script *script, const char *text, enum ddl_scope scope)
{
	for (size_t i = 0; i < script->count; i++) {
		const struct stmt *stmt = &script->stmts[i];
		bool in_block = stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK;
		struct script one;

		if (ddl_parse(text + stmt->start, stmt->len, scope, ENDING_SEMICOLON, in_block,
		              true, &one, NULL))
			abort();
		if (one.count != 1 || one.stmts[0].verb != stmt->verb)
			abort();
		script_free(&one);
	}
}

static void print_masked(const char *text, size_t len)
{
	char *masked = NULL;
	size_t masked_len;
	FILE *out = open_memstream(&masked, &masked_len);

	if (!out)
		return;
	ddl_print_masked(text, len, out);
	fclose(out);
	free(masked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct script script;
	uint8_t how;
	char *text;
	int rc;

	if (!size)
		return 0;
	how = data[0];
	text = malloc(size); /* exact: the sanitizer sees a read beyond the end */
	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	size--;
	rc = ddl_parse(text, size, (enum ddl_scope)(how % 3),
	               how & 4 ? ENDING_NEWLINE : ENDING_SEMICOLON, how & 8, how & 16, &script,
	               &err);
	if (rc != err.code || (rc && !err.text[0]) || (rc && err.pos > (long)size))
		abort();
	if (!rc) {
		check_script(&script, size, how & 16);
		parse_each(&script, text, (enum ddl_scope)(how % 3));
		script_free(&script);
	}
	print_masked(text, size);
	free(text);
	return 0;
}
