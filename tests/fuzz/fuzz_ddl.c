/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as statements.  The first byte chooses scope, terminator and the
 * rest.
 */
#include "tests/fuzz/fuzz.h"

#include "catalog/ddl.h"

enum { AT_NEWLINE = 4, IN_BLOCK = 8, IS_FINAL = 16 };

/* What every accepted script promises. */
static void check_script(const struct script *script, size_t len, bool final)
{
	size_t at = 0;

	for (size_t i = 0; i < script->count; i++) {
		const struct stmt *stmt = &script->stmts[i];

		assert(stmt->start >= at && stmt->len && stmt->len <= len - stmt->start);
		at = stmt->start + stmt->len;
	}
	assert(script->tail >= at && script->tail <= len);
	assert(!final || script->tail == len);
}

/* The text of each statement is a statement by itself. */
static void parse_each(const struct script *script, const char *text, enum ddl_scope scope)
{
	for (size_t i = 0; i < script->count; i++) {
		const struct stmt *stmt = &script->stmts[i];
		bool in_block = stmt->verb == STMT_COMMIT || stmt->verb == STMT_ROLLBACK;
		struct script one;
		int rc = ddl_parse(text + stmt->start, stmt->len, scope, ENDING_SEMICOLON,
				   in_block, true, &one, NULL);

		assert(!rc && one.count == 1 && one.stmts[0].verb == stmt->verb);
		script_free(&one);
	}
}

static void print_masked(const char *text, size_t len)
{
	struct printed masked;

	printed_open(&masked);
	ddl_print_masked(text, len, masked.out);
	printed_close(&masked);
	free(masked.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct err err = ERR_INIT;
	struct script script;
	enum ddl_scope scope;
	uint8_t how;
	char *text;
	int rc;

	if (!size)
		return 0;
	how = bytes[0];
	scope = (enum ddl_scope)(how % 3);
	text = exact_copy(bytes + 1, --size);
	rc = ddl_parse(text, size, scope, how & AT_NEWLINE ? ENDING_NEWLINE : ENDING_SEMICOLON,
		       how & IN_BLOCK, how & IS_FINAL, &script, &err);
	if (rc) {
		check_refusal(rc, &err, size);
	} else {
		check_script(&script, size, how & IS_FINAL);
		parse_each(&script, text, scope);
		script_free(&script);
	}
	print_masked(text, size);
	free(text);
	return 0;
}
