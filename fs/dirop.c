/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/dirop.h"

#include "catalog/document.h"
#include "fs/draft.h"
#include "fs/log.h"
#include "fs/mount.h"
#include "fs/node.h"
#include "fs/scratch.h"
#include "fs/target.h"
#include "fs/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

struct dirop {
	struct job job;
	struct dirop_spec spec;
	struct script script;
	uint32_t namespace_id;		/* of a draft */
	uint32_t draft_id;		/* what was made; 0 = no draft */
	struct entry entry;		/* what it is answered with, if parent is set */
};
_Static_assert(offsetof(struct dirop, job) == 0, "a directory operation begins with its job");

static struct dirop *dirop_of(struct job *job)
{
	return (struct dirop *)job;
}

const char *dirop_quote(const char *namespace_name, const char *name, char out[QUOTED_SIZE])
{
	const char *quote = name_needs_quotes(name) || strchr(name, '-') ? "\"" : "";
	const char *ns_quote = name_needs_quotes(namespace_name) ? "\"" : "";

	snprintf(out, QUOTED_SIZE, "%s%s%s%s%s%s%s", ns_quote, namespace_name, ns_quote,
		 *namespace_name ? "." : "", quote, name, quote);
	return out;
}

static const char *dir_label(const struct view *dir)
{
	const char *name = node_row(dir->inode.kind)->name;

	if (name)
		return name;
	if (dir->table)
		return dir->table->name;
	return dir->ns ? dir->ns->name : "";
}

void dirop_place(struct view *dir, const char *name, struct dirop_place *out)
{
	const char *label = dir_label(dir);

	target_report(dir, &out->report, out->object);
	out->namespace_id = dir->table ? dir->table->namespace_id : 0;
	snprintf(out->label, sizeof(out->label), "%s%s%s", label, *label ? "/" : "", name);
}

static void tell(struct mount *mount, const struct dirop_place *place, const struct author *author,
		 const struct err *err)
{
	struct verdict verdict = { .key = place->report, .object = place->object,
				   .file = place->label };
	struct err plain = *err;

	/* It is about a name, not about a text. */
	plain.pos = -1;
	verdict.key.uid = author->uid;
	verdict_refused(mount, &verdict, author, &plain, NULL, 0);
	if (!place->namespace_id)
		return;
	verdict.key.object = OBJECT_NAMESPACE;
	verdict.key.id = place->namespace_id;
	verdict_warned(mount, &verdict, &plain);
}

void dirop_refuse(struct mount *mount, struct fuse_req *req, const struct dirop_place *place,
		  const struct err *err)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct author author;

	caller_author(mount->callers, who->uid, who->pid, &author);
	tell(mount, place, &author, err);
	fuse_reply_err(req, verdict_errno(err->code));
}

void dirop_refuse_name(struct mount *mount, struct fuse_req *req, uint64_t dir, const char *name,
		       const struct err *err)
{
	struct dirop_place place = { .object = "" };
	struct err ignored = ERR_INIT;
	struct view view;

	if (!view_open(&view, &mount->tree, scratch_anchor(mount->scratch, dir), 0, &ignored))
		dirop_place(&view, name, &place);
	else
		snprintf(place.label, sizeof(place.label), "%s", name);
	view_close(&view);
	dirop_refuse(mount, req, &place, err);
}

/*
 * What was made, and is gone again or cannot be read now: mkdir was done, so it succeeds.
 * Its number is all that is known; whoever asks for the name finds out.
 */
static bool bare_entry(struct mount *mount, struct dirop *dirop)
{
	const struct outcome *made = dirop->job.request.outcomes;

	if (dirop->draft_id)
		node_bare_entry(&mount->tree, NODE_TABLE, dirop->draft_id, &dirop->entry);
	else if (made && made->object == OBJECT_NAMESPACE)
		node_bare_entry(&mount->tree, NODE_NAMESPACE, made->id, &dirop->entry);
	else
		return false;
	return true;
}

static void find_entry(struct mount *mount, struct dirop *dirop)
{
	struct err err = ERR_INIT;
	struct view dir;
	int rc = view_open(&dir, &mount->tree, dirop->spec.parent, dirop->job.request.author.uid, &err);

	if (!rc)
		rc = node_find(&dir, dirop->spec.name, &dirop->entry, NULL, &err);
	if (rc && bare_entry(mount, dirop))
		rc = 0;
	view_close(&dir);
	dirop->job.code = rc;
}

static void reserve(struct mount *mount, struct job *job, int64_t deadline)
{
	struct dirop *dirop = dirop_of(job);
	struct err *err = &job->request.err;
	struct namespace *ns = NULL;
	struct txn *txn = NULL;
	uint32_t id;
	int rc = document_reserve(mount->catalog, deadline, &id, err);

	if (!rc)
		rc = catalog_begin(mount->catalog, &txn, err);
	if (!rc)
		rc = catalog_namespace(mount->catalog, txn, dirop->namespace_id, &ns, err);
	txn_end(txn);
	if (!rc)
		rc = drafts_add(mount->drafts, id, ns, dirop->spec.name,
				catalog_now(mount->catalog), err);
	namespace_put(ns);
	if (!rc)
		dirop->draft_id = id;
	else
		err_set(err, rc, "The draft could not be made: %s", strerror(-rc));
}

static void settle(struct mount *mount, struct job *job)
{
	struct dirop *dirop = dirop_of(job);

	job->code = job->request.err.code;
	if (job->code) {
		tell(mount, &dirop->spec.place, &job->request.author, &job->request.err);
		if (job->code == -EIO || job->code == -ENOSPC || job->code == -EUCLEAN)
			log_message(LOG_ERR, "A change could not be stored: %s",
				    job->request.err.text);
		return;
	}
	(void)report_set(mount->tree.report, (struct report_key){
			.object = dirop->spec.place.report.object,
			.id = dirop->spec.place.report.id,
			.uid = job->request.author.uid,
		   }, REPORT_ERROR, NULL, 0, catalog_now(mount->catalog));
	if (dirop->spec.parent)
		find_entry(mount, dirop);
}

static void free_dirop(struct dirop *dirop)
{
	request_fini(&dirop->job.request);
	script_free(&dirop->script);
	free(dirop);
}

static void answer(struct mount *mount, struct job *job)
{
	struct dirop *dirop = dirop_of(job);
	struct fuse_entry_param param = {
		.ino = dirop->entry.id,
		.attr = dirop->entry.attr,
		.entry_timeout = dirop->entry.entry_timeout,
		.attr_timeout = dirop->entry.attr_timeout,
	};

	if (job->code || !dirop->spec.parent)
		fuse_reply_err(job->req, verdict_errno(job->code));
	else
		fuse_reply_entry(job->req, &param);
	commit_done(&mount->commit, job);
	free_dirop(dirop);
}

static const struct job_ops statement_ops = { .settle = settle, .answer = answer,
					      .is_dirop = true };
static const struct job_ops draft_ops = { .run = reserve, .settle = settle, .answer = answer,
					  .is_dirop = true };

static struct dirop *new_dirop(struct mount *mount, struct fuse_req *req,
			       const struct dirop_place *place)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct dirop *dirop = calloc(1, sizeof(*dirop));

	if (!dirop)
		return NULL;
	dirop->spec.place = *place;
	dirop->job.req = req;
	dirop->job.request.source = SOURCE_DIRECTORY;
	dirop->job.request.is_brief = true;
	err_clear(&dirop->job.request.err);
	caller_author(mount->callers, who->uid, who->pid, &dirop->job.request.author);
	return dirop;
}

static void push(struct mount *mount, struct dirop *dirop, int rc, struct err *err)
{
	struct fuse_req *req = dirop->job.req;

	if (!rc)
		rc = commit_push(&mount->commit, &dirop->job, err);
	if (!rc)
		return;
	tell(mount, &dirop->spec.place, &dirop->job.request.author, err);
	free_dirop(dirop);
	fuse_reply_err(req, verdict_errno(rc));
}

void dirop_begin(struct mount *mount, struct fuse_req *req, const struct dirop_spec *spec)
{
	struct dirop *dirop = new_dirop(mount, req, &spec->place);
	struct err err = ERR_INIT;
	struct request *request;
	int rc;

	if (!dirop) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	dirop->spec = *spec;
	dirop->job.ops = &statement_ops;
	request = &dirop->job.request;
	request->script = &dirop->script;
	request->text = dirop->spec.text;
	request->len = strlen(dirop->spec.text);
	rc = ddl_parse(request->text, request->len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true,
		       &dirop->script, &err);
	request->commit_count = rc ? 0 : dirop->script.count;
	push(mount, dirop, rc, &err);
}

void dirop_draft(struct mount *mount, struct fuse_req *req, const struct dirop_place *place,
		 uint32_t namespace_id, uint64_t parent, const char *name)
{
	struct dirop *dirop = new_dirop(mount, req, place);
	struct err err = ERR_INIT;

	if (!dirop) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	dirop->job.ops = &draft_ops;
	dirop->namespace_id = namespace_id;
	dirop->spec.parent = parent;
	snprintf(dirop->spec.name, sizeof(dirop->spec.name), "%s", name);
	push(mount, dirop, 0, &err);
}
