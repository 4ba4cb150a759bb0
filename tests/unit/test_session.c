/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/session.h"
#include "tests/unit/world.h"

static struct world w;
static struct session s;
static struct request request; /* the last one, or its error */

static int set_up(void **state)
{
	(void)state;
	world_open(&w);
	world_run(&w, "CREATE NAMESPACE app; CREATE SHARED TABLE app.t (id INT PRIMARY KEY);");
	memset(&request, 0, sizeof(request));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	session_fini(&s);
	request_fini(&request);
	world_close(&w);
	return 0;
}

static void open_ctl(bool plan)
{
	session_init(&s, SCOPE_TABLE, ENDING_NEWLINE, plan);
}

/* What fs/ does around session_write and session_end. */
static int run(int rc)
{
	struct request *one = &request;

	if (rc < 0)
		return rc;
	if (rc == 0)
		return 0;
	catalog_commit(w.catalog, &one, 1);
	session_done(&s, request.err.code);
	return request.err.code ? request.err.code : 1;
}

static void begin_request(void)
{
	request_fini(&request);
	request = (struct request){ .author = *world_author(),
		                    .source = SOURCE_CTL,
		                    .table_id = world_table_id(&w, "app", "t"),
		                    .err = ERR_INIT };
}

static int put_bytes(const char *text, size_t len)
{
	begin_request();
	return run(session_write(&s, text, len, &request, &request.err));
}

static int put(const char *text)
{
	return put_bytes(text, strlen(text));
}

static int end(bool whole)
{
	begin_request();
	return run(session_end(&s, whole, &request, &request.err));
}

/* "id a b": the columns of app.t as they are committed. */
static void assert_columns(const char *expected)
{
	struct table *table = world_table(&w, "app", "t");
	char text[1024] = "";

	for (unsigned i = 0; i < table->column_count; i++) {
		strncat(text, i ? " " : "", sizeof(text) - strlen(text) - 1);
		strncat(text, table->columns[i].name, sizeof(text) - strlen(text) - 1);
	}
	table_put(table);
	assert_string_equal(text, expected);
}

static void assert_shown(const char *expected)
{
	struct collector c;
	char *text;

	collect(&c);
	session_print_error(&s, &request.err, c.out);
	text = text_of(&c);
	assert_string_equal(text, expected);
	free(text);
}

static void a_newline_ends_a_statement_in_a_ctl(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT\n"), 1);
	assert_columns("id a");
	assert_int_equal(put("ADD COLUMN b INT\nADD COLUMN c INT;"), 1);
	assert_columns("id a b c");
	assert_int_equal(end(false), 0);
}

static void a_newline_ends_nothing_in_a_file(void **state)
{
	(void)state;
	session_init(&s, SCOPE_TABLE, ENDING_SEMICOLON, false);
	assert_int_equal(put("ADD COLUMN a INT\n"), 0);
	assert_columns("id");
	assert_int_equal(put("NOT NULL DEFAULT 1;"), 1);
	assert_columns("id a");
}

static void a_newline_before_a_word_that_goes_on_ends_nothing(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT\nDEFAULT 5\nNOT NULL\nCOMMENT 'x'\n, ADD b INT\n"),
	                 1);
	assert_columns("id a b");
	assert_string_equal(request.heads, "app.t: version 1 -> 2\n");
}

static void a_tail_waits_for_the_next_write(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT; ADD CO"), 1);
	assert_columns("id a");
	assert_int_equal(put("LUMN b TE"), 0);
	assert_int_equal(put("XT DEFAULT 'one"), 0);
	assert_int_equal(put(" and; two'"), 0);
	assert_columns("id a");
	assert_int_equal(put(";"), 1);
	assert_columns("id a b");
	assert_int_equal(end(false), 0);
}

static void every_byte_may_come_in_a_write_of_its_own(void **state)
{
	const char *text = "ADD COLUMN a INT DEFAULT -1 COMMENT 'it''s; ä'; /* x */ -- y\nDROP a, "
	                   "ADD b INT;\n";

	(void)state;
	open_ctl(false);
	for (const char *at = text; *at; at++) {
		int rc = put_bytes(at, 1);

		if (rc < 0)
			fail_msg("byte %zu: %s", (size_t)(at - text), request.err.text);
	}
	assert_columns("id b");
	assert_int_equal(end(false), 0);
}

static void a_tail_that_begins_no_statement_is_refused_at_once(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADDD COLUMN a INT"), -EINVAL);
	assert_shown("1:1: Unknown statement 'ADDD'. Expected ADD, DROP, RENAME, ALTER, MODIFY, "
	             "SET, COMMENT, RESTORE, "
	             "CREATE, UNDROP, PURGE, BEGIN, COMMIT or ROLLBACK. Did you mean ADD?\n"
	             "  ADDD COLUMN a INT\n  ^\n");
	assert_int_equal(put("ADD COLUMN a INT;"), 1);
	assert_columns("id a");
}

static void a_refused_write_keeps_nothing(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a IN"), 0);
	assert_int_equal(put("TT;"), -EINVAL);
	assert_int_equal(request.err.pos, 13);
	assert_int_equal(put("ADD COLUMN b INT;"), 1);
	assert_columns("id b");
	assert_int_equal(put("ADD COLUMN c INT; ADD COLUMN c INT; ADD COLUMN d"), -EEXIST);
	assert_int_equal(put(" INT;"), -EINVAL);
	assert_int_equal(end(false), 0);
	assert_columns("id b");
}

static void an_error_counts_lines_from_the_kept_text_on(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a TEXT,\n"), 0);
	assert_int_equal(put("ADD COLUMN b\nINTT\n"), -EINVAL);
	assert_int_equal(request.err.pos, 32);
	assert_columns("id");
}

static void one_write_without_terminator_runs_at_the_end(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT"), 0);
	assert_columns("id");
	assert_int_equal(end(false), 1);
	assert_columns("id a");
	assert_int_equal(end(false), 0);
}

static void two_writes_without_terminator_are_refused_at_the_end(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("DROP COLUMN"), 0);
	assert_int_equal(put(" id"), 0);
	assert_int_equal(end(false), -EINVAL);
	assert_err(&request.err, -EINVAL,
	           "Statement is not terminated: end it with ';' or a newline");
	assert_int_equal(end(false), 0);
	assert_columns("id");
}

static void a_tail_behind_a_statement_of_the_only_write_runs_at_the_end(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT; ADD COLUMN b INT"), 1);
	assert_columns("id a");
	assert_int_equal(end(false), 1);
	assert_columns("id a b");
}

/* A killed `cat big.sql > ctl` writes whole pages. */
static void one_write_of_whole_pages_is_never_guessed_at(void **state)
{
	char page[4096];

	(void)state;
	memset(page, ' ', sizeof(page));
	memcpy(page + sizeof(page) - 16, "ADD COLUMN a INT", 16);
	open_ctl(false);
	assert_int_equal(put_bytes(page, sizeof(page)), 0);
	assert_int_equal(end(false), -EINVAL);
	assert_columns("id");
	session_fini(&s);
	open_ctl(false);
	assert_int_equal(put_bytes(page + 1, sizeof(page) - 1), 0);
	assert_int_equal(end(false), 1);
	assert_columns("id a");
}

static void a_whole_file_needs_no_last_terminator(void **state)
{
	(void)state;
	session_init(&s, SCOPE_TABLE, ENDING_SEMICOLON, false);
	assert_int_equal(put("ADD COLUMN a INT;\nADD COLUMN"), 1);
	assert_int_equal(put(" b INT\n"), 0);
	assert_int_equal(end(true), 1);
	assert_columns("id a b");
}

static void a_tail_that_is_no_statement_is_refused_at_the_end(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a"), 0);
	assert_int_equal(end(false), -EINVAL);
	assert_shown("1:13: Expected a type such as INT or TEXT, found the end of the text\n"
	             "  ADD COLUMN a\n              ^\n");
	assert_int_equal(end(false), 0);
}

static void blanks_and_comments_are_no_tail(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT;\n  \n/* bye */ -- bye\n"), 1);
	assert_int_equal(put(""), 0);
	assert_int_equal(put("\n\n ;"), 0);
	assert_int_equal(end(false), 0);
	assert_columns("id a");
}

static void an_open_comment_is_not_run_as_a_statement(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT; -- do not"), 1);
	assert_int_equal(put(" DROP COLUMN a;\n"), 0);
	assert_columns("id a");
	assert_int_equal(end(false), 0);
}

static void begin_and_commit_span_writes(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN;\n"), 0);
	assert_int_equal(put("ADD COLUMN a INT;\n"), 1);
	assert_columns("id");
	assert_int_equal(put("ADD COLUMN b INT;\n"), 1);
	assert_columns("id");
	assert_int_equal(put("COMMIT;\n"), 1);
	assert_columns("id a b");
	assert_string_equal(request.heads, "app.t: version 1 -> 2\n");
	assert_int_equal(end(false), 0);
}

static void inside_begin_only_a_semicolon_ends_a_statement(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN\n"), 0);
	assert_int_equal(put("ADD COLUMN a INT\n"), 0);
	assert_int_equal(put("DEFAULT 1;\n"), 1);
	assert_int_equal(put("COMMIT\n"), 1);
	assert_columns("id a");
}

static void statements_in_front_of_an_open_begin_commit_now(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD COLUMN a INT; BEGIN; ADD COLUMN b INT;"), 1);
	assert_columns("id a");
	assert_int_equal(put("ADD COLUMN c INT; COMMIT; ADD COLUMN d INT;"), 1);
	assert_columns("id a b c d");
}

static void a_whole_block_in_one_write_is_one_transaction(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT; ADD COLUMN b INT; COMMIT;"), 1);
	assert_string_equal(request.heads, "app.t: version 1 -> 2\n");
	assert_columns("id a b");
}

static void rollback_forgets_the_block(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT;"), 1);
	assert_int_equal(put("ROLLBACK;"), 0);
	assert_columns("id");
	assert_int_equal(put("ADD COLUMN b INT;"), 1);
	assert_columns("id b");
	assert_int_equal(put("BEGIN; ADD COLUMN c INT; ROLLBACK; ADD COLUMN d INT;"), 1);
	assert_columns("id b d");
}

static void a_statement_refused_in_a_block_aborts_it(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT;"), 1);
	assert_int_equal(put("ADD COLUMN a INT;"), -EEXIST);
	assert_int_equal(put("ADD COLUMN b INT;"), -EINVAL);
	assert_err(
		&request.err, -EINVAL,
		"The transaction was aborted by a refused statement: ROLLBACK it, then BEGIN anew");
	assert_int_equal(put("COMMIT;"), -EINVAL);
	assert_err(&request.err, -EINVAL,
	           "The transaction was aborted by a refused statement: nothing was committed");
	assert_columns("id");
	assert_int_equal(put("ADD COLUMN c INT;"), 1);
	assert_columns("id c");
}

static void a_mistake_in_the_grammar_aborts_the_block_too(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN;"), 0);
	assert_int_equal(put("ADD COLUMN a INTT;"), -EINVAL);
	assert_int_equal(put("ADD COLUMN b INT;"), -EINVAL);
	assert_int_equal(put("ROLLBACK;"), 0);
	assert_int_equal(put("ADD COLUMN c INT;"), 1);
	assert_columns("id c");
}

/* The statements behind it were meant for the block, and must not run without it. */
static void a_block_whose_first_write_is_refused_is_aborted(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INTT;\n"), -EINVAL);
	assert_int_equal(put("ADD COLUMN b INT;\n"), -EINVAL);
	assert_int_equal(put("COMMIT;\n"), -EINVAL);
	assert_columns("id");
	assert_int_equal(put("BEGIN; DROP COLUMN missing;\n"), -ENOENT);
	assert_int_equal(put("ADD COLUMN b INT;\n"), -EINVAL);
	assert_int_equal(put("ROLLBACK;\n"), 0);
	assert_int_equal(put("ADD COLUMN c INT;\n"), 1);
	assert_columns("id c");
}

static void an_aborted_block_may_end_and_the_write_go_on(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT; ADD COLUMN a INT;"), -EEXIST);
	assert_int_equal(put("ROLLBACK; BEGIN; ADD COLUMN b INT; COMMIT;"), 1);
	assert_columns("id b");
}

static void a_block_without_commit_is_never_committed(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT;"), 1);
	assert_int_equal(end(false), -EINVAL);
	assert_err(&request.err, -EINVAL,
	           "The transaction is open and will be rolled back: COMMIT is missing");
	session_fini(&s);
	assert_columns("id");
	open_ctl(false);
}

static void a_block_goes_on_after_a_flush(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT;"), 1);
	assert_int_equal(end(false), -EINVAL);
	assert_int_equal(put("ADD COLUMN b INT;"), 1);
	assert_int_equal(end(false), -EINVAL);
	assert_columns("id");
	assert_int_equal(put("COMMIT;"), 1);
	assert_int_equal(end(false), 0);
	assert_columns("id a b");
}

static void a_block_is_checked_against_the_catalog_as_it_is_at_commit(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT;"), 1);
	world_run(&w, "ALTER TABLE app.t ADD COLUMN a TEXT;");
	assert_int_equal(put("COMMIT;"), -EEXIST);
	assert_int_equal(put("ADD COLUMN b INT;"), 1);
	assert_columns("id a b");
}

static void begin_and_commit_are_paired(void **state)
{
	(void)state;
	open_ctl(false);
	assert_int_equal(put("COMMIT;"), -EINVAL);
	assert_err(&request.err, -EINVAL, "COMMIT without BEGIN");
	assert_int_equal(put("ROLLBACK;"), -EINVAL);
	assert_int_equal(put("BEGIN;"), 0);
	assert_int_equal(put("BEGIN;"), -EINVAL);
	assert_int_equal(put("ROLLBACK;"), 0);
}

static void plan_accumulates_and_commits_nothing(void **state)
{
	(void)state;
	open_ctl(true);
	assert_int_equal(put("ADD COLUMN a INT\n"), 1);
	assert_string_equal(request.plan_text, "app.t: version 1 -> 2\n  + column 2 a INT NULL\n");
	assert_int_equal(put("ADD COLUMN b INT\n"), 1);
	assert_string_equal(request.plan_text, "app.t: version 1 -> 2\n  + column 2 a INT NULL\n"
	                                       "  + column 3 b INT NULL\n");
	assert_int_equal(end(false), 0);
	assert_columns("id");
}

static void a_refused_write_to_plan_keeps_what_was_planned(void **state)
{
	(void)state;
	open_ctl(true);
	assert_int_equal(put("ADD COLUMN a INT;"), 1);
	assert_int_equal(put("ADD COLUMN b INTT;"), -EINVAL);
	assert_int_equal(put("ADD COLUMN c INT;"), 1);
	assert_string_equal(request.plan_text, "app.t: version 1 -> 2\n  + column 2 a INT NULL\n"
	                                       "  + column 3 c INT NULL\n");
}

static void a_statement_refused_by_plan_is_not_kept(void **state)
{
	(void)state;
	open_ctl(true);
	assert_int_equal(put("ADD COLUMN a INT;"), 1);
	assert_int_equal(put("ADD COLUMN a INT;"), -EEXIST);
	assert_int_equal(put("ADD COLUMN c INT;"), 1);
	assert_string_equal(request.plan_text, "app.t: version 1 -> 2\n  + column 2 a INT NULL\n"
	                                       "  + column 3 c INT NULL\n");
}

static void plan_takes_one_statement_without_terminator(void **state)
{
	(void)state;
	open_ctl(true);
	assert_int_equal(put("ADD COLUMN a INT"), 0);
	assert_int_equal(end(false), 1);
	assert_string_equal(request.heads, "app.t: version 1 -> 2\n");
	assert_columns("id");
}

static void plan_of_a_block_plans_it_all(void **state)
{
	(void)state;
	open_ctl(true);
	assert_int_equal(put("BEGIN;\n"), 1);
	assert_int_equal(put("ADD COLUMN a INT;\n"), 1);
	assert_string_equal(request.heads, "app.t: version 1 -> 2\n");
	assert_int_equal(put("COMMIT;\n"), 1);
	assert_string_equal(request.plan_text, "app.t: version 1 -> 2\n  + column 2 a INT NULL\n");
	assert_int_equal(end(false), 0);
	assert_columns("id");
}

/* len bytes that end in this text; free it. */
static char *padded(size_t len, const char *text)
{
	char *out = malloc(len + 1);

	assert_non_null(out);
	memset(out, ' ', len);
	memcpy(out + len - strlen(text), text, strlen(text));
	out[len] = '\0';
	return out;
}

static void a_write_of_the_limit_runs_and_one_more_byte_does_not(void **state)
{
	char *text = padded(STATEMENT_MAX_BYTES + 1, "ADD COLUMN a INT;");

	(void)state;
	open_ctl(false);
	assert_int_equal(put_bytes(text, STATEMENT_MAX_BYTES + 1), -EFBIG);
	assert_err(&request.err, -EFBIG,
	           "A write of 1044481 bytes is too long (max 1044480): use kalamctl exec for long "
	           "scripts");
	assert_columns("id");
	assert_int_equal(put_bytes(text + 1, STATEMENT_MAX_BYTES), 1);
	assert_columns("id a");
	free(text);
}

static void a_statement_over_several_writes_has_the_same_limit(void **state)
{
	char *rest = padded(STATEMENT_MAX_BYTES - 3, " COLUMN a INT;");

	(void)state;
	open_ctl(false);
	assert_int_equal(put("ADD "), 0);
	assert_int_equal(put_bytes(rest, STATEMENT_MAX_BYTES - 3), -EFBIG);
	assert_int_equal(put("ADD"), 0);
	assert_int_equal(put_bytes(rest, STATEMENT_MAX_BYTES - 3), 1);
	assert_columns("id a");
	free(rest);
}

static void a_block_may_be_longer_than_a_write(void **state)
{
	char *piece = padded(STATEMENT_MAX_BYTES, ";");

	(void)state;
	open_ctl(false);
	assert_int_equal(put("BEGIN; ADD COLUMN a INT;"), 1);
	for (unsigned i = 0; i < 15; i++)
		assert_int_equal(put_bytes(piece, STATEMENT_MAX_BYTES), 1);
	assert_int_equal(put("COMMIT;"), 1);
	assert_columns("id a");
	assert_int_equal(put("BEGIN;"), 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(put_bytes(piece, STATEMENT_MAX_BYTES), 0);
	assert_int_equal(put_bytes(piece, STATEMENT_MAX_BYTES), -EFBIG);
	free(piece);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_newline_ends_a_statement_in_a_ctl),
		TEST(a_newline_ends_nothing_in_a_file),
		TEST(a_newline_before_a_word_that_goes_on_ends_nothing),
		TEST(a_tail_waits_for_the_next_write),
		TEST(every_byte_may_come_in_a_write_of_its_own),
		TEST(a_tail_that_begins_no_statement_is_refused_at_once),
		TEST(a_refused_write_keeps_nothing),
		TEST(an_error_counts_lines_from_the_kept_text_on),
		TEST(one_write_without_terminator_runs_at_the_end),
		TEST(two_writes_without_terminator_are_refused_at_the_end),
		TEST(a_tail_behind_a_statement_of_the_only_write_runs_at_the_end),
		TEST(one_write_of_whole_pages_is_never_guessed_at),
		TEST(a_whole_file_needs_no_last_terminator),
		TEST(a_tail_that_is_no_statement_is_refused_at_the_end),
		TEST(blanks_and_comments_are_no_tail),
		TEST(an_open_comment_is_not_run_as_a_statement),
		TEST(begin_and_commit_span_writes),
		TEST(inside_begin_only_a_semicolon_ends_a_statement),
		TEST(statements_in_front_of_an_open_begin_commit_now),
		TEST(a_whole_block_in_one_write_is_one_transaction),
		TEST(rollback_forgets_the_block),
		TEST(a_statement_refused_in_a_block_aborts_it),
		TEST(a_mistake_in_the_grammar_aborts_the_block_too),
		TEST(a_block_whose_first_write_is_refused_is_aborted),
		TEST(an_aborted_block_may_end_and_the_write_go_on),
		TEST(a_block_without_commit_is_never_committed),
		TEST(a_block_goes_on_after_a_flush),
		TEST(a_block_is_checked_against_the_catalog_as_it_is_at_commit),
		TEST(begin_and_commit_are_paired),
		TEST(plan_accumulates_and_commits_nothing),
		TEST(a_refused_write_to_plan_keeps_what_was_planned),
		TEST(a_statement_refused_by_plan_is_not_kept),
		TEST(plan_takes_one_statement_without_terminator),
		TEST(plan_of_a_block_plans_it_all),
		TEST(a_write_of_the_limit_runs_and_one_more_byte_does_not),
		TEST(a_statement_over_several_writes_has_the_same_limit),
		TEST(a_block_may_be_longer_than_a_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
