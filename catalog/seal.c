/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a request: for each object that differs from what it was, one new
 * version, one record, one line in log.jsonl and one change row.
 */
#include "catalog/exec.h"

#include "base/stamp.h"
#include "base/stream.h"
#include "catalog/diff.h"
#include "catalog/info_sums.h"
#include "catalog/print.h"
#include "catalog/value.h"
#include "catalog/version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_MAX 0xfffffe	/* the sub id of a node has 24 bits */

struct seal {
	struct exec *ex;
	struct outcome **last;
	FILE *plan, *heads;	/* NULL where nobody reads them */
	uint32_t index;		/* of the next change row */
	bool moves_locations;
	struct info_tally tally;
};

/* Give changed columns their new version; tell whether names came, went or changed. */
static bool stamp_columns(const struct table *before, struct table *table, int64_t now)
{
	bool names_changed = !before || before->column_count != table->column_count;

	for (unsigned i = 0; i < table->column_count; i++) {
		struct column *column = &table->columns[i];
		const struct column *was = before ? table_find_column_id(before, column->id) : NULL;

		if (!was || strcmp(was->name, column->name) != 0)
			names_changed = true;
		if (was && column_equal(was, column)) {
			/* It may have gone and come back in between, out of an older version. */
			column->version = was->version;
			column->rev = was->rev;
			column->changed_at = was->changed_at;
			continue;
		}
		column->version = table->version;
		column->rev = table->next_rev++;
		column->changed_at = now;
	}
	return names_changed;
}

static int fill_info(struct exec *ex, struct touched *t)
{
	struct version_info *info = &t->table->info;
	uint32_t restored_from = t->restored ? info->restored_from : 0;

	*info = (struct version_info){
		.committed_at = ex->now,
		.sequence = ex->sequence,
		.author = ex->request->author,
		.source = ex->request->source,
		.restored_from = restored_from,
	};
	if (ex->request->source == SOURCE_DOCUMENT || !t->statement)
		return 0;
	info->statement = arena_strdup(&t->table->arena, t->statement);
	return info->statement ? 0 : err_nomem(ex->err);
}

static int make_version(struct exec *ex, struct touched *t)
{
	const struct table *before = t->table_before;
	struct table *table = t->table;
	int rc = table_check(table, ex->err);

	if (rc)
		return rc;
	table->version = before ? before->version + 1 : 1;
	if (table->version > VERSION_MAX || table->next_rev + table->column_count > VERSION_MAX)
		return err_set(ex->err, -EFBIG, "Table %s.%s has used up its numbers for versions or changed columns",
			       table->namespace_name, table->name);
	table->updated_at = ex->now;
	if (stamp_columns(before, table, ex->now))
		table->columns_changed_at = ex->now;
	rc = fill_info(ex, t);
	return rc ? rc : version_measure(before, table, ex->err);
}

static const char *object_word(enum object_kind kind)
{
	static const char *const words[] = {
		[OBJECT_NONE] = "",
		[OBJECT_NAMESPACE] = "namespace",
		[OBJECT_TABLE] = "table",
		[OBJECT_STORAGE] = "storage",
	};

	return words[kind];
}

static void print_table_summary(const struct touched *t, enum change_event event, FILE *out)
{
	char until[STAMP_SIZE];

	switch (event) {
	case EVENT_DROP:
		fprintf(out, "Dropped; kept in trash until %s", stamp_format(t->table->expires_at, until));
		break;
	case EVENT_UNDROP:
		stream_puts(out, "Restored from trash");
		break;
	case EVENT_PURGE:
		stream_puts(out, "Purged with all versions");
		break;
	case EVENT_CREATE:
	case EVENT_ALTER:
	case EVENT_RENAME:
	case EVENT_RESTORE:
	case EVENT_END:
	default:
		diff_print_summary(t->table_before, t->table, out);
		break;
	}
}

static void print_summary(const struct touched *t, const struct outcome *o, FILE *out)
{
	static const char *const verbs[] = {
		[EVENT_CREATE] = "Created",
		[EVENT_ALTER] = "Changed",
		[EVENT_DROP] = "Dropped",
	};

	if (t->kind == OBJECT_TABLE)
		print_table_summary(t, o->event, out);
	else
		fprintf(out, "%s %s %s", verbs[o->event], object_word(t->kind), o->name);
}

static void print_log_line(struct exec *ex, const struct touched *t, const struct outcome *o, FILE *out)
{
	bool has_statement = ex->request->source != SOURCE_DOCUMENT;
	struct emit e = EMIT_COMPACT(out);

	emit_open(&e, NULL, '{');
	emit_unsigned(&e, "sequence", ex->sequence);
	emit_stamp(&e, "committed_at", ex->now);
	emit_text(&e, "event", change_event_name(o->event));
	emit_text(&e, "object", object_word(t->kind));
	emit_unsigned(&e, "id", t->id);
	emit_text(&e, "name", o->name);
	emit_unsigned(&e, "version", o->after_version ? o->after_version : o->before_version);
	print_author_to(&e, "author", &ex->request->author);
	emit_text(&e, "source", change_source_name(ex->request->source));
	emit_text(&e, "statement", has_statement ? t->statement : NULL);
	emit_key(&e, "summary");
	putc_unlocked('"', out);
	print_summary(t, o, out);	/* names and words only: nothing to escape */
	putc_unlocked('"', out);
	emit_close(&e, '}');
	putc_unlocked('\n', out);
}

static void print_head(const struct touched *t, const struct outcome *o, bool plan, FILE *out)
{
	const char *word = t->kind == OBJECT_TABLE ? "" : object_word(t->kind);

	fprintf(out, "%s%s%s: ", word, *word ? " " : "", o->name);
	switch (o->event) {
	case EVENT_DROP:
	case EVENT_UNDROP:
	case EVENT_PURGE: {
		char until[STAMP_SIZE];

		if (o->event == EVENT_DROP && t->kind == OBJECT_TABLE)
			fprintf(out, "version %u dropped, kept in trash until %s\n", o->before_version,
				stamp_format(t->table->expires_at, until));
		else if (o->event == EVENT_UNDROP)
			fprintf(out, "version %u restored from trash\n", o->before_version);
		else
			fprintf(out, "version %u %s%s\n", o->before_version,
				t->kind == OBJECT_TABLE ? "purged" : "dropped",
				plan ? "            destructive: cannot be undone" : "");
		return;
	}
	case EVENT_CREATE:
	case EVENT_ALTER:
	case EVENT_RENAME:
	case EVENT_RESTORE:
	case EVENT_END:
		break;
	}
	if (o->event)
		fprintf(out, "version %u -> %u\n", o->before_version, o->after_version);
	else
		fputs("no change\n", out);
}

static void object_name(const struct touched *t, char *out, size_t size)
{
	if (t->kind == OBJECT_TABLE)
		snprintf(out, size, "%s.%s", t->table->namespace_name, t->table->name);
	else
		snprintf(out, size, "%s", t->kind == OBJECT_NAMESPACE ? t->ns->name : t->storage->storage_id);
}

/* Record one event of one object: outcome, plan head, log line. */
static int add_outcome(struct seal *s, const struct touched *t, enum change_event event,
		       uint32_t before, uint32_t after)
{
	struct exec *ex = s->ex;
	struct outcome *o = calloc(1, sizeof(*o));
	FILE *line;
	size_t len;

	if (!o)
		return err_nomem(ex->err);
	*s->last = o;
	s->last = &o->next;
	o->object = t->kind;
	o->event = event;
	o->id = t->id;
	o->before_version = before;
	o->after_version = after;
	object_name(t, o->name, sizeof(o->name));
	if (s->plan) {
		print_head(t, o, true, s->plan);
		print_head(t, o, false, s->heads);
	}
	if (!event)
		return 0;
	line = text_stream(&o->log_line, &len);
	if (!line)
		return err_nomem(ex->err);
	print_log_line(ex, t, o, line);
	if (fclose(line))
		return err_nomem(ex->err);
	return log_append(ex->txn, o->log_line, len, ex->err);
}

static void add_name(struct buf *names, uint32_t *count, const char *name)
{
	buf_bytes(names, name, strlen(name) + 1);
	++*count;
}

/* Names of columns whose file came, went or has other content now. */
static void changed_names(const struct table *before, const struct table *after, struct buf *names,
			  uint32_t *count)
{
	for (unsigned i = 0; i < before->column_count; i++) {
		const struct column *was = &before->columns[i];
		const struct column *is = table_find_column_id(after, was->id);

		if (!is || strcmp(is->name, was->name) != 0)
			add_name(names, count, was->name);
	}
	for (unsigned i = 0; i < after->column_count; i++) {
		const struct column *is = &after->columns[i];
		const struct column *was = table_find_column_id(before, is->id);

		if (!was || was->rev != is->rev || strcmp(was->name, is->name) != 0)
			add_name(names, count, is->name);
	}
}

static int append_row(struct seal *s, struct change_row *row)
{
	s->moves_locations |= row->moves_locations;
	return change_append(s->ex->txn, s->ex->sequence, s->index++, row, s->ex->err);
}

/* What information_schema does not show any more, and what it shows now. */
static void tally_table(struct seal *s, const struct touched *t)
{
	const struct table *before = t->table_before, *after = t->table;

	info_tally_table(&s->tally, before && !before->dropped_at ? before : NULL,
			 !t->purged && !after->dropped_at ? after : NULL);
}

static int table_row(struct seal *s, const struct touched *t, enum change_event event)
{
	const struct table *before = t->table_before, *after = t->table;
	struct change_row row = { .object = OBJECT_TABLE, .event = event, .id = t->id };
	struct buf names = { 0 };
	int rc;

	row.parent = after->namespace_id;
	row.old_parent = before ? before->namespace_id : after->namespace_id;
	if (!t->purged)
		memcpy(row.name, after->name, sizeof(row.name));
	if (before)
		memcpy(row.old_name, before->name, sizeof(row.old_name));
	row.was_trashed = before && before->dropped_at;
	row.is_trashed = !t->purged && after->dropped_at;
	row.moves_locations = t->rekeyed;
	row.columns_changed = after->columns_changed_at == s->ex->now;
	if (before)	/* of a new table nobody can have seen names */
		changed_names(before, after, &names, &row.column_count);
	row.column_names = (const char *)names.at;
	row.column_names_len = names.len;
	rc = names.failed ? err_nomem(s->ex->err) : append_row(s, &row);
	buf_free(&names);
	return rc;
}

static enum change_event version_event(const struct touched *t)
{
	const struct table *before = t->table_before, *after = t->table;

	if (!before)
		return EVENT_CREATE;
	if (t->restored)
		return EVENT_RESTORE;
	if (before->namespace_id != after->namespace_id || strcmp(before->name, after->name) != 0)
		return EVENT_RENAME;
	return EVENT_ALTER;
}

static enum change_event state_event(const struct touched *t)
{
	const struct table *before = t->table_before, *after = t->table;
	int64_t was = before ? before->dropped_at : 0;

	if (t->purged)
		return EVENT_PURGE;
	if (after->dropped_at == was)
		return 0;
	return after->dropped_at ? EVENT_DROP : EVENT_UNDROP;
}

static int seal_version(struct seal *s, struct touched *t, enum change_event event)
{
	int rc = make_version(s->ex, t);

	if (!rc)
		rc = add_outcome(s, t, event, t->table_before ? t->table_before->version : 0,
				 t->table->version);
	if (rc)
		return rc;
	if (s->plan)
		diff_print_plan(t->table_before, t->table, s->plan);
	return 0;
}

/* Without a new version the record stays that of the last one: counters that went up in vain do not. */
static int keep_definition(struct exec *ex, struct touched *t)
{
	struct table *copy = table_copy(t->table_before, 0);

	if (!copy)
		return err_nomem(ex->err);
	copy->dropped_at = t->table->dropped_at;
	copy->expires_at = t->table->expires_at;
	table_put(t->table);
	t->table = copy;
	return 0;
}

static int seal_table(struct seal *s, struct touched *t)
{
	struct exec *ex = s->ex;
	enum change_event state = state_event(t), version = 0;
	bool changed = !t->purged && diff_is_change(t->table_before, t->table);
	int rc = 0;

	if (t->created && t->purged)
		return 0;
	if (state == EVENT_UNDROP)
		rc = add_outcome(s, t, state, t->table->version, t->table->version);
	if (!rc && changed) {
		version = version_event(t);
		rc = seal_version(s, t, version);
	}
	if (!rc && state && state != EVENT_UNDROP)
		rc = add_outcome(s, t, state, t->table->version, t->table->version);
	if (!rc && !state && !changed)
		return t->target ? add_outcome(s, t, 0, t->table->version, t->table->version) : 0;
	if (!rc && !changed && !t->purged)
		rc = keep_definition(ex, t);
	if (!rc && t->purged)
		rc = row_delete(ex->txn, OBJECT_TABLE, t->id, ex->err);
	else if (!rc)
		rc = row_table_put(ex->txn, t->table, changed, ex->err);
	if (rc)
		return rc;
	tally_table(s, t);
	return table_row(s, t, state ? state : version);
}

/* Type and base directory of a storage stay; whoever is in use is not dropped. */
static bool moves_tables(const struct touched *t, int64_t now)
{
	return !t->created && (t->storage->shared_moved_at == now || t->storage->user_moved_at == now);
}

static int plain_row(struct seal *s, const struct touched *t, const struct outcome *o)
{
	struct change_row row = { .object = t->kind, .event = o->event, .id = t->id };

	if (!t->purged)
		snprintf(row.name, sizeof(row.name), "%.*s", NAME_MAX_BYTES, o->name);
	if (!t->created)
		snprintf(row.old_name, sizeof(row.old_name), "%.*s", NAME_MAX_BYTES, o->name);
	row.moves_locations = t->kind == OBJECT_STORAGE && moves_tables(t, s->ex->now);
	return append_row(s, &row);
}

static int seal_namespace(struct seal *s, struct touched *t)
{
	struct exec *ex = s->ex;
	struct namespace *ns = t->ns;
	uint32_t before = t->ns_before ? t->ns_before->version : 0;
	enum change_event event = t->purged ? EVENT_DROP : t->created ? EVENT_CREATE : EVENT_ALTER;
	struct outcome **here = s->last;
	int rc;

	if (t->created && t->purged)
		return 0;
	if (!t->created && !t->purged && namespace_equal(t->ns_before, ns))
		return t->target ? add_outcome(s, t, 0, before, before) : 0;
	if (!t->purged) {
		ns->version = before + 1;
		ns->updated_at = ex->now;
		if (t->created)
			ns->created_at = ex->now;
	}
	rc = add_outcome(s, t, event, before, ns->version);
	if (!rc && t->purged)
		rc = row_delete(ex->txn, OBJECT_NAMESPACE, t->id, ex->err);
	else if (!rc)
		rc = row_namespace_put(ex->txn, ns, ex->err);
	if (rc)
		return rc;
	info_tally_namespace(&s->tally, t->ns_before, t->purged ? NULL : ns);
	return plain_row(s, t, *here);
}

static void stamp_storage(const struct storage *before, struct storage *storage, int64_t now)
{
	storage->updated_at = now;
	if (!before)
		storage->created_at = now;
	if (!before || !text_equal(before->shared_template, storage->shared_template))
		storage->shared_moved_at = now;
	if (!before || !text_equal(before->user_template, storage->user_template))
		storage->user_moved_at = now;
}

static int seal_storage(struct seal *s, struct touched *t)
{
	struct exec *ex = s->ex;
	struct storage *storage = t->storage;
	uint32_t before = t->storage_before ? t->storage_before->version : 0;
	enum change_event event = t->purged ? EVENT_DROP : t->created ? EVENT_CREATE : EVENT_ALTER;
	struct outcome **here = s->last;
	int rc;

	if (t->created && t->purged)
		return 0;
	if (!t->created && !t->purged && storage_equal(t->storage_before, storage))
		return t->target ? add_outcome(s, t, 0, before, before) : 0;
	if (!t->purged) {
		storage->version = before + 1;
		stamp_storage(t->storage_before, storage, ex->now);
	}
	rc = add_outcome(s, t, event, before, storage->version);
	if (!rc && t->purged)
		rc = row_delete(ex->txn, OBJECT_STORAGE, t->id, ex->err);
	else if (!rc)
		rc = row_storage_put(ex->txn, storage, ex->err);
	if (rc)
		return rc;
	info_tally_storage(&s->tally, t->storage_before, t->purged ? NULL : storage);
	return plain_row(s, t, *here);
}

static int seal_one(struct seal *s, struct touched *t)
{
	switch (t->kind) {
	case OBJECT_TABLE:
		return seal_table(s, t);
	case OBJECT_NAMESPACE:
		return seal_namespace(s, t);
	case OBJECT_STORAGE:
	case OBJECT_NONE:
	default:
		return seal_storage(s, t);
	}
}

/* Counters that go on only if something changed. */
static int seal_counters(struct seal *s)
{
	struct exec *ex = s->ex;
	int rc;

	rc = meta_set(ex->txn, META_SEQUENCE, ex->sequence, ex->err);
	if (!rc)
		rc = meta_set(ex->txn, META_LAST_STAMP, (uint64_t)ex->now, ex->err);
	if (!rc && s->moves_locations)
		rc = meta_set(ex->txn, META_LOCATIONS_EPOCH, ex->sequence, ex->err);
	if (!rc && ex->sequence % 1024 == 0)
		rc = changes_trim(ex->txn, ex->sequence, ex->err);
	ex->request->sequence = ex->sequence;
	ex->request->committed_at = ex->now;
	return rc;
}

int exec_seal(struct exec *ex)
{
	struct request *request = ex->request;
	struct seal s = { .ex = ex, .last = &request->outcomes };
	bool shows = request->plan || !request->is_brief;
	size_t plan_len, heads_len;
	int rc = 0;

	if (shows) {
		s.plan = text_stream(&request->plan_text, &plan_len);
		s.heads = text_stream(&request->heads, &heads_len);
	}
	if (shows && (!s.plan || !s.heads))
		rc = err_nomem(ex->err);
	for (size_t i = 0; !rc && i < ex->count; i++) {
		rc = seal_one(&s, ex->list[i]);
		exec_progress(ex, true, i, ex->count);
	}
	if (s.plan && fclose(s.plan) && !rc)
		rc = err_nomem(ex->err);
	if (s.heads && fclose(s.heads) && !rc)
		rc = err_nomem(ex->err);
	if (!rc && s.index)
		rc = seal_counters(&s);
	/* A plan is undone: nobody will see its sizes. */
	if (!rc && s.index && !request->plan)
		rc = info_tally_keep(&s.tally, ex->txn, ex->sequence, ex->now, ex->err);
	info_tally_fini(&s.tally);
	return rc;
}
