/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/ctl.h"

#include "catalog/document.h"
#include "fs/files.h"
#include "fs/log.h"
#include "fs/mount.h"
#include "fs/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

struct ctl {
	struct report_key key;
	char object[2 * NAME_SIZE];	/* "" for the catalog */
	uint32_t namespace_id, table_id;
	bool plan;
	pthread_mutex_t lock;		/* is_busy, has_written, owner */
	bool is_busy;			/* a request is under way: the session is the committer's */
	bool has_written;
	uint64_t owner;			/* who wrote last */
	struct author author;		/* who flushed an open block; the session's rules hold */
	struct session session;		/* of whoever set is_busy; all below, too */
	/* A plan of a whole schema.json: what was written so far. */
	bool is_document, is_judged;
	struct buf text;
	struct document *document;	/* of the running request; owned */
};

struct ctl *ctl_new(const struct view *view)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));
	enum ddl_scope scope = files_scope(view);

	if (!ctl)
		return NULL;
	ctl->key = report_key(view);
	ctl->plan = node_row(view->inode.kind)->flags & NODE_IS_PLAN;
	if (scope != SCOPE_CATALOG)
		files_subject_name(view, ctl->object);
	if (view->table) {
		ctl->table_id = view->table->id;
		ctl->namespace_id = view->table->namespace_id;
	} else if (view->ns) {
		ctl->namespace_id = view->ns->id;
	}
	pthread_mutex_init(&ctl->lock, NULL);
	session_init(&ctl->session, scope, ENDING_NEWLINE, ctl->plan);
	return ctl;
}

void ctl_free(struct ctl *ctl)
{
	if (!ctl)
		return;
	session_fini(&ctl->session);
	document_free(ctl->document);
	buf_free(&ctl->text);
	pthread_mutex_destroy(&ctl->lock);
	free(ctl);
}

static struct verdict verdict_of(const struct ctl *ctl, uint32_t uid)
{
	struct verdict verdict = {
		.key = ctl->key,
		.object = ctl->object,
		.plan = ctl->plan,
		.session = &ctl->session,
	};

	verdict.key.uid = uid;
	if (ctl->is_document) {
		verdict.session = NULL;
		verdict.file = "plan";
		verdict.text = (const char *)ctl->text.at;
		verdict.len = ctl->text.len;
	}
	return verdict;
}

/* Take the session for a write; false while a flush of the same file runs. */
static bool take_for_write(struct ctl *ctl, uint64_t owner)
{
	bool taken;

	pthread_mutex_lock(&ctl->lock);
	taken = !ctl->is_busy;
	if (taken) {
		ctl->is_busy = true;
		ctl->has_written = true;
		ctl->owner = owner;
	}
	pthread_mutex_unlock(&ctl->lock);
	return taken;
}

static bool take_for_flush(struct ctl *ctl, uint64_t owner)
{
	bool taken;

	pthread_mutex_lock(&ctl->lock);
	taken = !ctl->is_busy && ctl->has_written && ctl->owner == owner;
	if (taken)
		ctl->is_busy = true;
	pthread_mutex_unlock(&ctl->lock);
	return taken;
}

static void give_back(struct ctl *ctl)
{
	pthread_mutex_lock(&ctl->lock);
	ctl->is_busy = false;
	pthread_mutex_unlock(&ctl->lock);
}

/* Gives the session back first: with the answer the next write may come. */
static void reply(struct ctl *ctl, struct fuse_req *req, int code, bool is_flush, size_t size)
{
	give_back(ctl);
	if (code || is_flush)
		fuse_reply_err(req, verdict_errno(code));
	else
		fuse_reply_write(req, size);
}

static void refuse_writer(struct mount *mount, struct fuse_req *req, struct handle *handle,
			  const char *text, size_t len)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct verdict verdict = verdict_of(handle->ctl, who->uid);
	struct session none = { .scope = SCOPE_CATALOG };
	struct err err = ERR_INIT;
	struct author author;

	err_set(&err, -EACCES, "Schema modification requires DBA or system role");
	err_kind_set(&err, ERR_DENIED);
	caller_author(mount->callers, who->uid, who->pid, &author);
	log_message(LOG_WARNING, "uid %u (%s) wrote to a ctl that uid %u had opened: refused",
		    (unsigned)who->uid, author.command, (unsigned)handle->uid);
	verdict.session = &none;
	verdict_refused(mount, &verdict, &author, &err, text, len);
	fuse_reply_err(req, EACCES);
}

/* The running request came to its end. */
static void end_request(struct ctl *ctl, int code)
{
	if (ctl->is_document) {
		document_free(ctl->document);
		ctl->document = NULL;
	} else {
		session_done(&ctl->session, code);
	}
}

static void settle(struct mount *mount, struct job *job)
{
	struct ctl *ctl = job->handle->ctl;
	struct verdict verdict = verdict_of(ctl, job->request.author.uid);

	job->code = job->request.err.code;
	if (job->code)
		verdict_refused(mount, &verdict, &job->request.author, &job->request.err, NULL, 0);
	else
		job->code = verdict_accepted(mount, &verdict, &job->request);
	if (job->code == -EIO || job->code == -ENOSPC || job->code == -EUCLEAN)
		log_message(LOG_ERR, "A change could not be stored: %s", job->request.err.text);
	end_request(ctl, job->code);
}

static void answer(struct mount *mount, struct job *job)
{
	request_fini(&job->request);
	/* Before the reply: with that his next change comes, and is alone again. */
	commit_done(&mount->commit, job);
	reply(job->handle->ctl, job->req, job->code, job->is_flush, job->size);
	free(job);
}

static const struct job_ops ctl_ops = { .settle = settle, .answer = answer, .is_led = true };

static struct job *new_job(struct mount *mount, struct fuse_req *req, struct handle *handle)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct job *job = malloc(sizeof(*job));

	if (!job)
		return NULL;
	memset(job, 0, offsetof(struct job, request));
	request_init(&job->request);
	job->ops = &ctl_ops;
	job->req = req;
	job->handle = handle;
	job->request.namespace_id = handle->ctl->namespace_id;
	job->request.table_id = handle->ctl->table_id;
	job->request.source = SOURCE_CTL;
	job->request.is_brief = true;
	caller_author(mount->callers, who->uid, who->pid, &job->request.author);
	return job;
}

/* The session refused the text, or the queue the request: the job ends here. */
static void refuse_job(struct mount *mount, struct job *job, const struct err *err,
		       const char *text, size_t len)
{
	struct ctl *ctl = job->handle->ctl;
	struct verdict verdict = verdict_of(ctl, job->request.author.uid);
	struct fuse_req *req = job->req;
	bool is_flush = job->is_flush;

	verdict_refused(mount, &verdict, &job->request.author, err, text, len);
	free(job);
	reply(ctl, req, err->code, is_flush, 0);
}

/* rc is what the session said; text is NULL for a flush. */
static void go_on(struct mount *mount, struct job *job, int rc, struct err *err, const char *text,
		  size_t len)
{
	struct ctl *ctl = job->handle->ctl;
	struct fuse_req *req = job->req;
	bool is_flush = job->is_flush;

	if (!rc) {
		if (!is_flush && !ctl->session.has_tail && !ctl->session.in_block)
			verdict_cleared(mount, &ctl->key, job->request.author.uid);
		free(job);
		reply(ctl, req, 0, is_flush, len);
		return;
	}
	if (rc > 0) {
		rc = commit_push(&mount->commit, job, err);
		if (!rc)
			return;
		end_request(ctl, rc);
	}
	/* Of a text that was too long the session keeps nothing to show. */
	refuse_job(mount, job, err, rc == -EFBIG ? text : NULL, len);
}

/* A table's plan whose first write begins with '{'. */
static bool is_document(const struct ctl *ctl, const char *text, size_t len)
{
	if (ctl->is_document)
		return true;
	if (!ctl->plan || !ctl->table_id || ctl->session.writes)
		return false;
	while (len && strchr(" \t\r\n", *text)) {
		text++;
		len--;
	}
	return len && *text == '{';
}

/* As session_write: 1 = run it, 0 = it is not whole yet, or -errno. */
static int judge_document(struct ctl *ctl, struct request *request, struct err *err)
{
	struct document_target target = {
		.kind = DOCUMENT_TABLE,
		.namespace_id = ctl->namespace_id,
		.table_id = ctl->table_id,
	};
	struct author author = request->author;
	int rc;

	ctl->is_judged = true;
	request->plan = true;
	rc = document_request(&target, (const char *)ctl->text.at, ctl->text.len, &author,
			      &ctl->document, request, err);
	return rc ? rc : 1;
}

static int write_document(struct ctl *ctl, const char *text, size_t len, struct request *request,
			  struct err *err)
{
	ctl->is_document = true;
	ctl->is_judged = false;
	if (ctl->text.len + len > DOCUMENT_MAX_BYTES)
		return err_set(err, -EFBIG, "A document has at most %u bytes", DOCUMENT_MAX_BYTES);
	buf_bytes(&ctl->text, text, len);
	if (ctl->text.failed)
		return err_nomem(err);
	if (!document_is_complete((const char *)ctl->text.at, ctl->text.len))
		return 0;
	return judge_document(ctl, request, err);
}

void ctl_write(struct mount *mount, struct fuse_req *req, struct handle *handle, const char *text,
	       size_t len, uint64_t owner)
{
	struct ctl *ctl = handle->ctl;
	struct err err;
	struct job *job;
	int rc;

	err_clear(&err);
	if (fuse_req_ctx(req)->uid != handle->uid) {
		refuse_writer(mount, req, handle, text, len);
		return;
	}
	if (!take_for_write(ctl, owner)) {
		fuse_reply_err(req, EBUSY);
		return;
	}
	job = new_job(mount, req, handle);
	if (!job) {
		reply(ctl, req, -ENOMEM, false, 0);
		return;
	}
	job->size = len;
	if (is_document(ctl, text, len))
		rc = write_document(ctl, text, len, &job->request, &err);
	else
		rc = session_write(&ctl->session, text, len, &job->request, &err);
	go_on(mount, job, rc, &err, text, len);
}

/*
 * A shell flushes after every `echo >&5`: the block stays open, and whether it
 * was left open shows only when the file is released.
 */
static void warn_of_block(struct mount *mount, struct job *job, const struct err *err)
{
	struct ctl *ctl = job->handle->ctl;
	struct verdict verdict = verdict_of(ctl, job->request.author.uid);
	struct fuse_req *req = job->req;

	ctl->author = job->request.author;
	verdict_warned(mount, &verdict, err);
	free(job);
	reply(ctl, req, err->code, true, 0);
}

void ctl_release(struct mount *mount, struct ctl *ctl)
{
	struct err err;
	struct verdict verdict;
	bool is_open;

	err_clear(&err);
	pthread_mutex_lock(&ctl->lock);
	is_open = ctl->session.in_block && !ctl->session.aborted && !ctl->plan && *ctl->author.command;
	pthread_mutex_unlock(&ctl->lock);
	if (!is_open)
		return;
	verdict = verdict_of(ctl, ctl->author.uid);
	err_set(&err, -EINVAL, "The transaction was rolled back: COMMIT is missing");
	verdict_refused(mount, &verdict, &ctl->author, &err, NULL, 0);
}

void ctl_flush(struct mount *mount, struct fuse_req *req, struct handle *handle, uint64_t owner)
{
	struct ctl *ctl = handle->ctl;
	struct err err;
	struct job *job;
	int rc;

	err_clear(&err);
	if (fuse_req_ctx(req)->uid != handle->uid || !take_for_flush(ctl, owner)) {
		fuse_reply_err(req, 0);
		return;
	}
	if (ctl->is_document ? ctl->is_judged : !session_has_end(&ctl->session)) {
		reply(ctl, req, 0, true, 0);
		return;
	}
	job = new_job(mount, req, handle);
	if (!job) {
		reply(ctl, req, -ENOMEM, true, 0);
		return;
	}
	job->is_flush = true;
	if (ctl->is_document)
		rc = judge_document(ctl, &job->request, &err);
	else
		rc = session_end(&ctl->session, false, &job->request, &err);
	if (rc < 0 && !ctl->is_document && ctl->session.in_block) {
		warn_of_block(mount, job, &err);
		return;
	}
	go_on(mount, job, rc, &err, NULL, 0);
}
