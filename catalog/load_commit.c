/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has gathered becomes one script of ours, and that one transaction.
 */
#include "base/stream.h"
#include "catalog/load_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct load_item *add_item(struct load *ld)
{
	if (ld->count == ld->size) {
		size_t size = ld->size ? 2 * ld->size : 64;
		struct load_item *larger = realloc(ld->items, size * sizeof(*larger));

		if (!larger) {
			load_refuse(ld, -ENOMEM, 0, "Out of memory");
			return NULL;
		}
		ld->items = larger;
		ld->size = size;
	}
	ld->items[ld->count] = (struct load_item){ .table = NULL };
	return &ld->items[ld->count++];
}

static bool is_too_much(struct load *ld, size_t pos)
{
	if (ld->options->batch || (ld->count < LOAD_STATEMENTS_MAX && ld->texts.len < LOAD_TEXT_MAX))
		return false;
	load_refuse(ld, -EFBIG, pos,
		    "The file has more statements than one transaction takes (%d, or %u MiB): "
		    "--batch 10000 commits every 10000 of them",
		    LOAD_STATEMENTS_MAX, LOAD_TEXT_MAX >> 20);
	return true;
}

void load_run_text(struct load *ld, const char *text, size_t len, size_t pos, bool is_verbatim)
{
	struct load_item *item = ld->rc || is_too_much(ld, pos) ? NULL : add_item(ld);

	if (!item)
		return;
	item->at = ld->texts.len;
	item->len = len;
	item->origin = load_origin(ld, pos);
	item->is_verbatim = is_verbatim;
	buf_bytes(&ld->texts, text, len);
	if (ld->texts.failed)
		load_refuse(ld, -ENOMEM, pos, "Out of memory");
}

void load_run_printed(struct load *ld, size_t pos, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		load_refuse(ld, -ENOMEM, pos, "Out of memory");
		return;
	}
	load_run_text(ld, text, (size_t)len, pos, false);
	free(text);
}

void load_run_table(struct load *ld, struct load_table *table)
{
	struct load_item *item = ld->rc || is_too_much(ld, 0) ? NULL : add_item(ld);

	if (!item)
		return;
	item->table = table;
	item->origin = table->origin;
	ld->waiting++;
}

void load_items_free(struct load *ld)
{
	free(ld->items);
	buf_free(&ld->texts);
	ld->items = NULL;
	ld->count = ld->size = 0;
}

/* One transaction: items [from, to) as a script, and where each begins in it. */
struct transaction {
	struct load *ld;
	size_t from, to;
	size_t *starts;		/* owned: per item */
	char *text;		/* owned */
	size_t len;
	size_t tables;		/* CREATE TABLE among them */
};

static bool is_gone(const struct load_item *item)
{
	return item->table && (item->table->is_left_out || item->table->is_dropped);
}

static bool print_script(struct transaction *t)
{
	struct load *ld = t->ld;
	FILE *out = text_stream(&t->text, &t->len);

	t->starts = calloc(t->to - t->from + 1, sizeof(*t->starts));
	for (size_t i = t->from; out && t->starts && i < t->to; i++) {
		const struct load_item *item = &ld->items[i];

		t->starts[i - t->from] = (size_t)ftell(out);
		if (is_gone(item))
			continue;
		if (item->table)
			load_print_table(item->table, out);
		else
			fwrite(ld->texts.at + item->at, 1, item->len, out);
		fputs(";\n", out);
	}
	if (out && t->starts)
		t->starts[t->to - t->from] = (size_t)ftell(out);
	return out && !fclose(out) && t->starts;
}

/* The item that a byte of the script belongs to. */
static const struct load_item *find_item(const struct transaction *t, size_t pos)
{
	size_t low = 0, high = t->to - t->from;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (t->starts[middle] <= pos)
			low = middle;
		else
			high = middle;
	}
	return &t->ld->items[t->from + low];
}

/* The column whose line in a printed CREATE TABLE this is; line 1 is the table's. */
static struct err_origin table_origin(const struct load_table *table, const char *text, size_t pos)
{
	size_t line = 0;

	for (size_t i = 0; i < pos; i++)
		line += text[i] == '\n';
	return line && line <= table->count ? table->columns[line - 1].origin : table->origin;
}

/* From a place in the script to one in the file. */
static void refuse(struct transaction *t, const struct err *err)
{
	struct load *ld = t->ld;
	struct load_result *result = ld->result;
	const struct load_item *item;
	size_t start;

	if (ld->rc)
		return;
	ld->rc = err->code;
	*ld->err = *err;
	free(result->text);
	result->text = NULL;
	result->origin = (struct err_origin){ .line = 0 };
	if (err->pos < 0 || t->from == t->to)
		return;
	item = find_item(t, (size_t)err->pos);
	start = t->starts[item - &ld->items[t->from]];
	ld->err->pos = err->pos - (long)start;
	result->origin = item->origin;
	if (item->table)
		result->origin = table_origin(item->table, t->text + start, (size_t)ld->err->pos);
	if (!item->is_verbatim) {
		ld->err->pos = -1;
		return;
	}
	result->text = strndup((const char *)ld->texts.at + item->at, item->len);
	result->len = item->len;
}

/* Names without a namespace, in statements that stand as they were written. */
static void put_into(const struct load *ld, struct script *script)
{
	const char *ns = ld->options->into;

	for (size_t i = 0; ns && i < script->count; i++) {
		struct stmt *stmt = &script->stmts[i];

		switch (stmt->verb) {
		case STMT_CREATE_TABLE:
		case STMT_ALTER_TABLE:
		case STMT_DROP_TABLE:
		case STMT_UNDROP_TABLE:
		case STMT_PURGE_TABLE:
			if (!*stmt->object.namespace_name)
				snprintf(stmt->object.namespace_name, sizeof(stmt->object.namespace_name),
					 "%s", ns);
			break;
		case STMT_CREATE_NAMESPACE:
		case STMT_ALTER_NAMESPACE:
		case STMT_DROP_NAMESPACE:
		case STMT_CREATE_STORAGE:
		case STMT_ALTER_STORAGE:
		case STMT_DROP_STORAGE:
		case STMT_BEGIN:
		case STMT_COMMIT:
		case STMT_ROLLBACK:
		case STMT_VERB_COUNT:
		default:
			break;
		}
	}
}

static void count_outcome(struct load_result *result, const struct outcome *o)
{
	switch (o->event) {
	case EVENT_CREATE:
		if (o->object == OBJECT_TABLE)
			result->tables++;
		else if (o->object == OBJECT_NAMESPACE)
			result->namespaces++;
		else
			result->storages++;
		break;
	case EVENT_DROP:
	case EVENT_PURGE:
		result->dropped++;
		break;
	case EVENT_ALTER:
	case EVENT_RENAME:
	case EVENT_UNDROP:
	case EVENT_RESTORE:
	case EVENT_END:
	default:
		result->changed++;
		break;
	}
}

static void keep_remarks(struct load *ld, const char *notes)
{
	char *before = ld->result->remarks, *joined;

	if (!notes)
		return;
	if (asprintf(&joined, "%s%s", before ? before : "", notes) < 0)
		return;
	free(before);
	ld->result->remarks = joined;
}

static void take_outcomes(struct load *ld, const struct request *request)
{
	struct load_result *result = ld->result;

	for (const struct outcome *o = request->outcomes; o; o = o->next) {
		if (o->event)
			count_outcome(result, o);
	}
	keep_remarks(ld, request->notes);
	if (request->sequence)
		result->sequence = request->sequence;
	result->commits++;
}

/* Tables are created when all of it is committed; until then what is done of them counts for the pace. */
static void tell_progress(void *arg, size_t done, size_t total)
{
	const struct transaction *t = arg;
	const struct load *ld = t->ld;
	struct load_progress progress = {
		.phase = ld->options->batch ? LOAD_READING : LOAD_WRITING,
		.bytes = ld->split.taken,
		.statements = ld->result->statements,
		.tables = ld->result->tables + t->tables * done / total,
		.done = done,
		.total = total,
	};

	if (ld->options->progress)
		ld->options->progress(ld->options->progress_arg, &progress);
}

static void run_script(struct transaction *t, struct script *script)
{
	struct load *ld = t->ld;
	struct request request = {
		.script = script,
		.commit_count = script->count,
		.text = t->text,
		.len = t->len,
		.author = ld->options->author,
		.source = SOURCE_KALAMCTL,
		.is_brief = true,
		.progress = tell_progress,
		.progress_arg = t,
		.err = ERR_INIT,
	};
	struct request *requests[] = { &request };

	for (size_t i = 0; i < script->count; i++)
		t->tables += script->stmts[i].verb == STMT_CREATE_TABLE;
	put_into(ld, script);
	catalog_commit(ld->catalog, requests, 1);
	if (request.err.code)
		refuse(t, &request.err);
	else
		take_outcomes(ld, &request);
	request_fini(&request);
}

static void run_transaction(struct load *ld, size_t from, size_t to)
{
	struct transaction t = { .ld = ld, .from = from, .to = to };
	struct err err = ERR_INIT;
	struct script script;

	if (!print_script(&t))
		load_refuse(ld, -ENOMEM, 0, "Out of memory");
	else if (ddl_parse(t.text, t.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script, &err))
		refuse(&t, &err);
	else {
		run_script(&t, &script);
		script_free(&script);
	}
	free(t.starts);
	free(t.text);
}

void load_commit(struct load *ld, bool all)
{
	size_t batch = ld->options->batch;

	if (ld->rc || (!all && (!batch || ld->waiting || ld->count < batch)))
		return;
	for (size_t from = 0; !ld->rc && from < ld->count;) {
		size_t to = batch && ld->count - from > batch ? from + batch : ld->count;

		run_transaction(ld, from, to);
		from = to;
	}
	ld->count = ld->waiting = 0;
	ld->texts.len = 0;
}
