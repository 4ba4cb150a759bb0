/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/save.h"

#include "fs/draft.h"
#include "fs/lastsave.h"
#include "fs/log.h"
#include "fs/mount.h"
#include "fs/node.h"
#include "fs/private.h"
#include "fs/rejected.h"
#include "fs/scratch.h"
#include "fs/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define ROLLBACK_SECONDS 2

struct save {
	struct job job;
	struct save_spec spec;
	struct process who;
	struct document *document;	/* owned */
};

static struct save *save_of(struct job *job)
{
	return (struct save *)job;
}
_Static_assert(offsetof(struct save, job) == 0, "a save begins with its job");

static struct verdict verdict_of(const struct save *save)
{
	struct verdict verdict = {
		.key = save->spec.target.report,
		.object = save->spec.target.object,
		.file = save->spec.target.file,
		.text = save->spec.text,
		.len = save->spec.len,
	};

	verdict.key.uid = save->job.request.author.uid;
	return verdict;
}

static void free_save(struct mount *mount, struct save *save)
{
	document_free(save->document);
	request_fini(&save->job.request);
	scratch_unpin(mount->scratch, save->spec.node);
	free(save->spec.text);
	free(save);
}

/* Nothing in a rename's failure may look as if the rename could not find its files. */
static int rename_errno(int code)
{
	return code == -EINVAL || code == -ENOENT ? EPERM : verdict_errno(code);
}

static void reply(const struct save *save, int code)
{
	struct fuse_req *req = save->job.req;

	switch (save->spec.why) {
	case SAVE_CHECK:
		if (code)
			fuse_reply_err(req, verdict_errno(code));
		else
			fuse_reply_write(req, save->spec.size);
		break;
	case SAVE_FLUSH:
		fuse_reply_err(req, verdict_errno(code));
		break;
	case SAVE_FSYNC:
		fuse_reply_err(req, 0);
		break;
	case SAVE_RENAME:
		fuse_reply_err(req, code ? rename_errno(code) : 0);
		break;
	}
}

static bool is_users_fault(int code)
{
	return code != -EIO && code != -ENOSPC && code != -EUCLEAN && code != -ENOMEM;
}

static void refuse(struct mount *mount, struct save *save, const struct err *err)
{
	struct verdict verdict = verdict_of(save);
	const struct target *target = &save->spec.target;

	verdict_refused(mount, &verdict, &save->job.request.author, err, NULL, 0);
	rejected_keep(mount->rejected, target->dir, verdict.key.uid, target->file, save->spec.text,
		      save->spec.len);
	if (save->spec.why != SAVE_RENAME)
		private_judge(private_of(mount, save->spec.node), save->spec.change, err->code);
	if (!is_users_fault(err->code))
		log_message(LOG_ERR, "A document could not be stored: %s", err->text);
}

/* A new document has become an object with a number. */
static void learn_number(struct mount *mount, struct save *save)
{
	struct document_target *document = &save->spec.target.document;
	const struct outcome *outcome = save->job.request.outcomes;
	struct err err = ERR_INIT;
	struct view dir;

	if (document->kind == DOCUMENT_TABLE)
		drafts_created(mount->drafts, document->table_id, save->job.request.sequence,
			       catalog_now(mount->catalog));
	if (document->kind == DOCUMENT_STORAGE && outcome)
		document->storage_id = outcome->id;
	if (document->kind == DOCUMENT_COLUMN) {
		const struct column *column;

		if (view_open(&dir, &mount->tree, save->spec.target.dir, 0, &err)) {
			view_close(&dir);
			return;
		}
		column = table_find_column(dir.table, document->name);
		document->column_id = column ? column->id : 0;
		view_close(&dir);
	}
	document->create = false;
}

/* The version that a document says it was made from; 0 = it does not say. */
static uint32_t said_version(const struct save *save)
{
	static const char *const keys[] = {
		[DOCUMENT_TABLE] = "schema_version",
		[DOCUMENT_COLUMN] = "column_version",
		[DOCUMENT_NAMESPACE] = "namespace_version",
		[DOCUMENT_STORAGE] = "storage_version",
	};
	const char *key = keys[save->spec.target.document.kind];
	const struct json_value *root, *member = NULL;
	struct arena arena = { .head = NULL };
	uint32_t version = 0;

	_Static_assert(countof(keys) == DOCUMENT_KIND_COUNT, "every kind has a key");
	if (!json_tree_parse(save->spec.text, save->spec.len, &arena, &root, NULL))
		member = root->first;
	while (member && strcmp(member->key, key))
		member = member->next;
	if (member && member->kind == TREE_NUMBER)
		version = (uint32_t)strtoul(member->text, NULL, 10);
	arena_free(&arena);
	return version;
}

/* The version in which what the document shows last changed before the save. */
static uint32_t version_before(struct mount *mount, const struct save *save)
{
	const struct document_target *document = &save->spec.target.document;
	const struct outcome *outcome = save->job.request.outcomes;
	uint32_t version = outcome ? outcome->before_version : 0;
	const struct column *column;
	struct table *table = NULL;
	struct err err = ERR_INIT;
	struct txn *txn;

	if (document->kind != DOCUMENT_COLUMN || catalog_begin(mount->catalog, &txn, &err))
		return version;
	if (!catalog_version(mount->catalog, txn, document->table_id, version, &table, &err)) {
		column = table_find_column_id(table, document->column_id);
		version = column ? column->version : version;
	}
	table_put(table);
	txn_end(txn);
	return version;
}

/*
 * Whether the new version is what the document says and nothing else.  Where
 * somebody else's changes came in, its writer does not have them: the next time
 * he is still compared with what he had before.
 */
static bool is_all_his(struct mount *mount, const struct save *save, bool is_new)
{
	uint32_t said, base = save->spec.target.document.base;

	if (!save->job.request.sequence)
		return false;
	if (is_new)
		return true;
	said = said_version(save);
	base = said > base ? said : base;
	return !base || version_before(mount, save) <= base;
}

/* The document as it is now, for its writer. */
static void show_saved(struct mount *mount, struct save *save, bool is_base)
{
	const struct target *target = &save->spec.target;
	struct target_key key = target_key(target);
	struct view dir, view;
	struct err err = ERR_INIT;
	struct stat attr;
	char *text = NULL;
	size_t len = 0;
	int rc = target_open(target, &mount->tree, save->who.uid, &dir, &view, &err);

	if (!rc && is_base)
		lastsave_set(mount->lastsaves, &save->who, &key, target_version(&view));
	if (!rc && save->spec.why != SAVE_RENAME) {
		rc = node_stat(&view, &attr, &err);
		if (!rc)
			rc = node_text(&view, &text, &len, &err);
		private_accept(mount, save->spec.node, save->spec.change, target, rc ? NULL : text,
			       len, &attr);
	}
	view_close(&view);
	view_close(&dir);
	free(text);
}

static void forget_refusal(struct mount *mount, const struct save *save)
{
	struct verdict verdict = verdict_of(save);
	const struct target *target = &save->spec.target;

	(void)verdict_accepted(mount, &verdict, &save->job.request);
	rejected_drop(mount->rejected, target->dir, verdict.key.uid, target->file);
}

/* Editors put their backup back after a refusal: that is no reason to forget why. */
static bool is_rollback(struct mount *mount, const struct save *save)
{
	const struct target *target = &save->spec.target;
	long age;

	if (save->job.request.sequence)
		return false;
	age = rejected_age(mount->rejected, target->dir, save->who.uid, target->file);
	return age >= 0 && (save->spec.why == SAVE_RENAME || age < ROLLBACK_SECONDS);
}

static void accept(struct mount *mount, struct save *save)
{
	bool is_new = save->spec.target.document.create;

	if (!is_rollback(mount, save))
		forget_refusal(mount, save);
	if (is_new)
		learn_number(mount, save);
	if (save->spec.why == SAVE_RENAME) {
		if (scratch_remove(mount->scratch, save->spec.parent, save->spec.name, false))
			log_message(LOG_NOTICE, "'%s' went while it was saved", save->spec.name);
	} else {
		private_judge(private_of(mount, save->spec.node), save->spec.change, 0);
	}
	show_saved(mount, save, is_all_his(mount, save, is_new));
}

static void settle(struct mount *mount, struct job *job)
{
	struct save *save = save_of(job);

	job->code = job->request.err.code;
	if (job->code)
		refuse(mount, save, &job->request.err);
	else if (!job->request.plan)
		accept(mount, save);
}

static void answer(struct mount *mount, struct job *job)
{
	reply(save_of(job), job->code);
	commit_done(&mount->commit, job);
	free_save(mount, save_of(job));
}

static const struct job_ops save_ops = { .settle = settle, .answer = answer };
static const struct job_ops rename_ops = { .settle = settle, .answer = answer, .is_dirop = true };

static int prepare(struct mount *mount, struct save *save, struct err *err)
{
	struct document_target *document = &save->spec.target.document;
	struct request *request = &save->job.request;
	struct author author = request->author;
	struct target_key key = target_key(&save->spec.target);

	document->base = lastsave_get(mount->lastsaves, &save->who, &key);
	request->plan = save->spec.why == SAVE_CHECK;
	request->is_brief = true;
	return document_request(document, save->spec.text, save->spec.len, &author,
				&save->document, request, err);
}

void save_begin(struct mount *mount, struct fuse_req *req, const struct save_spec *spec)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct save *save = calloc(1, sizeof(*save));
	struct err err = ERR_INIT;
	int rc;

	if (!save || scratch_pin(mount->scratch, spec->node)) {
		if (spec->why != SAVE_RENAME)
			private_judge(private_of(mount, spec->node), spec->change, -ENOMEM);
		free(save);
		free(spec->text);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	save->spec = *spec;
	save->job.ops = spec->why == SAVE_RENAME ? &rename_ops : &save_ops;
	save->job.req = req;
	err_clear(&save->job.request.err);
	caller_author(mount->callers, who->uid, who->pid, &save->job.request.author);
	caller_process(who->uid, who->pid, &save->who);
	rc = prepare(mount, save, &err);
	if (!rc)
		rc = commit_push(&mount->commit, &save->job, &err);
	if (rc) {
		refuse(mount, save, &err);
		reply(save, rc);
		free_save(mount, save);
	}
}

void save_refuse_size(struct mount *mount, uid_t uid, pid_t thread, const struct target *target)
{
	struct verdict verdict = { .key = target->report, .object = target->object,
				   .file = target->file };
	struct author author;
	struct err err = ERR_INIT;

	err_set(&err, -EFBIG, "A document has at most %u bytes", DOCUMENT_MAX_BYTES);
	caller_author(mount->callers, uid, thread, &author);
	verdict.key.uid = uid;
	verdict_refused(mount, &verdict, &author, &err, NULL, 0);
}
