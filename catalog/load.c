/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/load.h"

#include "catalog/load_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_EVERY 256	/* statements */

static void tell_reading(const struct load *ld)
{
	const struct load_progress progress = {
		.phase = LOAD_READING,
		.bytes = ld->split.taken,
		.statements = ld->result->statements,
		.tables = ld->result->tables,
	};

	if (ld->options->progress)
		ld->options->progress(ld->options->progress_arg, &progress);
}

/* Whether there was one more. */
static bool next_statement(struct load *ld)
{
	struct load_result *result = ld->result;
	int rc = split_next(&ld->split, &ld->stmt, &result->origin, ld->err);

	if (rc < 0) {
		ld->rc = rc;
		ld->err->pos = -1;
		return false;
	}
	result->statements += rc > 0;
	if (result->statements % PROGRESS_EVERY == 0)
		tell_reading(ld);
	return rc > 0;
}

/* A namespace that does not have to be there before. */
static void make_into(struct load *ld)
{
	static const char no_text[] = "";
	struct err err = ERR_INIT;

	if (!ld->options->into || !strcmp(ld->options->into, "default"))
		return;
	if (name_check_exact(NAME_NAMESPACE, ld->options->into, strlen(ld->options->into), &err)) {
		*ld->err = err;
		ld->rc = err.code;
		return;
	}
	ld->stmt = (struct split_statement){ .text = no_text, .origin = ERR_ORIGIN_START };
	load_need_namespace(ld, ld->options->into, 0);
}

static int by_count(const void *a, const void *b)
{
	const struct load_skipped *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->kind, y->kind);
}

static int by_line(const void *a, const void *b)
{
	const struct load_note *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static void sort_result(struct load_result *result)
{
	if (result->skipped_count)
		qsort(result->skipped, result->skipped_count, sizeof(*result->skipped), by_count);
	if (result->note_count)
		qsort(result->notes, result->note_count, sizeof(*result->notes), by_line);
}

static void run(struct load *ld)
{
	make_into(ld);
	while (!ld->rc && next_statement(ld)) {
		load_statement(ld);
		arena_free(&ld->arena);
		load_commit(ld, false);
	}
	if (!ld->rc)
		load_finish_tables(ld);
	load_commit(ld, true);
}

int load_file(struct catalog *catalog, FILE *in, const struct load_options *options,
	      struct load_result *result, struct err *err)
{
	struct load ld = { .catalog = catalog, .options = options, .result = result, .err = err };

	*result = (struct load_result){ .statements = 0 };
	err_clear(err);
	ld.rc = split_start(&ld.split, in, options->dialect, err);
	ld.dialect = result->dialect = ld.split.dialect;
	if (!ld.rc)
		run(&ld);
	sort_result(result);
	load_items_free(&ld);
	load_names_free(&ld);
	arena_free(&ld.arena);
	split_end(&ld.split);
	return ld.rc;
}

void load_result_fini(struct load_result *result)
{
	for (size_t i = 0; i < result->note_count; i++)
		free(result->notes[i].text);
	free(result->notes);
	free(result->skipped);
	free(result->remarks);
	free(result->text);
	*result = (struct load_result){ .statements = 0 };
}
