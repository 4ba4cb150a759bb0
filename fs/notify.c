/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits for whom (architecture.md section 4), and why there is no cycle:
 *
 *   process in write(2) on ctl ---> committer ---> LMDB's write lock, the disk
 *     (holds ctl's inode lock)          |
 *             \                         | hands over, does not wait
 *              \                        v
 *               +------------------> notifier ---> `draining` ---> directory locks
 *                                       |             ^            (inval_entry)
 *                                       v             |                 |
 *                              other mounts' listeners,                 v
 *                              at most 1 s, without     processes in lookup, readdir
 *                              holding `draining`       of that directory
 *                                                             |
 *   listener (peers, inotify) ----> `draining`                v
 *                                                       FUSE workers ---> nobody
 *
 *   process in mkdir, rename, ... ---> committer ---> LMDB's write lock, the disk
 *     (holds directory locks)          answers him; waits for no directory lock:
 *                                      INC_EPOCH, attributes, listings, log.jsonl
 *                                       |
 *                                       v
 *     other mounts' receivers, at most 1 s, which do the same (PEER_AT_ONCE) and
 *     wait for nobody: their listeners may be waiting for directory locks
 *
 *   a change that comes alone: the worker who got it is the committer, and then
 *     the notifier if that is idle; both stand for him above, and the lines from
 *     `directory locks` lead to the other workers
 *
 * So who holds a directory lock for a change waits for the committer, which
 * waits for nobody who needs that lock, and never for the notifier; the entries
 * that such a change touches are notified behind its answer.  (The database's
 * lock is never held by anybody who waits for notifications.)
 *
 * Workers wait for nothing but the CPU, so who holds a directory lock gets his
 * answer, so every inval_entry ends, so every drain ends.  Of the workers who
 * stand for committer and notifier there is at most one each: one who leads a
 * commit lets the next one lead before he waits for a directory lock, but no
 * second one waits for such a lock (notify_lead).  Each goes ahead only while
 * another worker waits for requests, who sees to it that there is always one
 * (workers_have_spare).  Nothing is ever
 * notified about a ctl file, whose lock writers hold.  Data of log.jsonl is
 * invalidated too: that waits for READs in flight, which workers answer.  So
 * are listings: their pages are locked only by who copies out of them.
 *
 * Never notify_delete: it locks the child as well (kernel.md section 2).
 */
#include "fs/notify.h"

#include "catalog/peer.h"
#include "fs/changes.h"
#include "fs/forget.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "fs/mount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define PEER_TIMEOUT_MS 1000
/* More changes than this at once: forgetting every name is cheaper. */
#define ENTRIES_MAX 1000
#define TAIL_MAX 65536	/* bytes of log.jsonl that are pushed rather than read */
#define PAUSE_FIRST_US 20
#define PAUSE_MAX_US 200

/* The new lines, unless they are many: then the kernel reads them itself. */
static void push_lines(struct mount *mount, uint64_t from, uint64_t to)
{
	struct err err;
	struct txn *txn;
	ssize_t len = 0;
	char *text;

	err_clear(&err);
	if (to - from > TAIL_MAX || catalog_begin(mount->catalog, &txn, &err))
		return;
	text = malloc((size_t)(to - from));
	if (text)
		len = log_read(txn, from, text, (size_t)(to - from));
	txn_end(txn);
	if (len > 0)
		push_tail(mount, inode_pack(NODE_LOG, 0, 0), from, text, (size_t)len);
	free(text);
}

/*
 * Three steps, so that nobody sees NULs or a mapping that ends too early.
 * First the page that was cut short by the old end is dropped, while READ
 * already gives all that is committed: a size that grows before its text is
 * there would show NULs.  Then the kernel's own size grows with the text that
 * is pushed.  Only then is the new size told: a notification that meets the
 * answer to a GETATTR makes the kernel throw away the size that it tells the
 * caller, and his mapping of that size would end in SIGBUS.
 */
static void show_log(struct mount *mount, const struct changes *changes)
{
	struct tree *tree = &mount->tree;
	uint64_t old_end;

	/* Whoever holds it waits for READs at most. */
	pthread_mutex_lock(&mount->notify.logging);
	old_end = tree->log_end;
	if (changes->log_end <= old_end)
		goto out;
	forget_tail(mount, inode_pack(NODE_LOG, 0, 0), old_end);
	push_lines(mount, old_end, changes->log_end);
	tree->log_stamp = changes->stamp;
	tree->log_end = changes->log_end;
out:
	pthread_mutex_unlock(&mount->notify.logging);
}

/* One step for all that a piece holds. */
static void take_step(struct mount *mount, const struct changes *changes, enum forget_step step)
{
	struct forgetting f = { .mount = mount, .step = step };

	if (changes->has_gap)
		forget_all(&f, changes);
	for (size_t i = 0; i < changes->count; i++)
		forget_change(&f, &changes->rows[i]);
}

/* Whether the kernel has forgotten every name at once. */
static bool forget_at_once(struct mount *mount, const struct changes *changes)
{
	bool moved = changes->has_gap || changes->count > ENTRIES_MAX;

	for (size_t i = 0; i < changes->count; i++)
		moved |= changes->rows[i].moves_locations;
	return moved && forget_names(mount);
}

static void show(struct mount *mount, const struct changes *changes)
{
	bool at_once = forget_at_once(mount, changes);

	take_step(mount, changes, at_once ? FORGET_NOTHING : FORGET_NAMES);
	mount->tree.settled = changes->sequence;
	take_step(mount, changes, FORGET_ATTRS);
	show_log(mount, changes);
}

/* One bounded piece of the log of changes; whether there is more. */
static bool drain_piece(struct notify *notify)
{
	struct mount *mount = notify->mount;
	struct changes changes;
	struct err err;
	int rc;

	err_clear(&err);
	rc = changes_read(mount->catalog, notify->sequence, &changes, &err);
	if (rc) {
		log_message(LOG_ERR, "Reading the log of changes: %s", err.text);
		changes_free(&changes);
		return false;
	}
	if (changes.has_gap) {
		log_message(LOG_NOTICE, "The log of changes has a gap after %llu: forgetting all",
			    (unsigned long long)notify->sequence);
		catalog_forget_all(mount->catalog);
	}
	for (size_t i = 0; i < changes.count; i++)
		catalog_forget(mount->catalog, &changes.rows[i]);
	show(mount, &changes);
	notify->sequence = changes.sequence;
	notify->txn = changes.txn;
	changes_free(&changes);
	return changes.has_more;
}

void notify_drain(struct notify *notify)
{
	struct store *store = catalog_store(notify->mount->catalog);
	uint64_t target = store_last_txn_id(store);
	unsigned pause = PAUSE_FIRST_US;

	pthread_mutex_lock(&notify->draining);
	/* A damaged catalog stays as it was shown last. */
	for (int round = 0; round < 1000 && !notify->mount->tree.is_frozen; round++) {
		while (drain_piece(notify))
			continue;
		/* Another process' commit can be announced before it can be read (R18). */
		if (notify->txn >= target)
			break;
		usleep(pause);
		pause = pause * 2 > PAUSE_MAX_US ? PAUSE_MAX_US : pause * 2;
	}
	/* Without memory the names can all be forgotten at least; the listener tries again. */
	if (notify->txn < target && !notify->mount->tree.is_frozen)
		(void)forget_names(notify->mount);
	pthread_mutex_unlock(&notify->draining);
}

/* Other mounts of the catalog show it, too, or have had their second. */
static void tell_peers(struct mount *mount, uint64_t sequence)
{
	unsigned late = peer_sync(catalog_dir(mount->catalog), sequence, PEER_TIMEOUT_MS);

	if (late)
		log_message(LOG_WARNING, "%u other mounts did not show change %llu within %d ms", late,
			    (unsigned long long)(sequence & ~PEER_AT_ONCE), PEER_TIMEOUT_MS);
}

void notify_show_at_once(struct notify *notify, uint64_t after)
{
	struct mount *mount = notify->mount;
	struct changes changes;
	struct err err = ERR_INIT;

	(void)forget_names(mount);
	if (mount->tree.is_frozen) {
		changes = (struct changes){ 0 };
	} else if (changes_read(mount->catalog, after, &changes, &err)) {
		log_message(LOG_ERR, "Reading the log of changes: %s", err.text);
	} else {
		take_step(mount, &changes, FORGET_ATTRS);
		show_log(mount, &changes);
	}
	/* Where names cannot be forgotten at once others would have to wait for directories. */
	if (changes.sequence && mount->tree.has_epoch)
		tell_peers(mount, changes.sequence | PEER_AT_ONCE);
	changes_free(&changes);
}

/* All after what is shown; another process' commit can be announced before it can be read. */
static int read_foreign(struct notify *notify, struct changes *changes, struct err *err)
{
	struct mount *mount = notify->mount;
	uint64_t target = store_last_txn_id(catalog_store(mount->catalog));

	for (int round = 0;; round++) {
		int rc = changes_read(mount->catalog, mount->tree.settled, changes, err);

		if (rc || changes->txn >= target || round == 1000)
			return rc;
		changes_free(changes);
		usleep(PAUSE_MAX_US);
	}
}

void notify_show_foreign(struct notify *notify)
{
	struct mount *mount = notify->mount;
	struct changes changes = { 0 };
	struct err err = ERR_INIT;
	int rc;

	if (mount->tree.is_frozen || !mount->tree.has_epoch)
		return;
	rc = read_foreign(notify, &changes, &err);
	if (rc || changes.has_gap || changes.has_more)
		catalog_forget_all(mount->catalog);
	for (size_t i = 0; i < changes.count; i++)
		catalog_forget(mount->catalog, &changes.rows[i]);
	(void)forget_names(mount);
	if (!rc) {
		take_step(mount, &changes, FORGET_ATTRS);
		show_log(mount, &changes);
	}
	changes_free(&changes);
}

bool notify_is_behind(struct notify *notify)
{
	return !notify->mount->tree.is_frozen &&
	       notify->txn < store_last_txn_id(catalog_store(notify->mount->catalog));
}

/* Everybody sees the changes of these jobs, and those up to a sequence number. */
static void show_all(struct notify *notify, const struct job_list *jobs, uint64_t sequence)
{
	struct mount *mount = notify->mount;
	const struct job *job;

	notify_drain(notify);
	TAILQ_FOREACH(job, jobs, link)
		if (!job->request.plan && job->request.sequence > sequence)
			sequence = job->request.sequence;
	if (sequence)
		tell_peers(mount, sequence);
}

static void answer(struct mount *mount, struct job_list *jobs)
{
	struct job *job;

	while ((job = TAILQ_FIRST(jobs))) {
		TAILQ_REMOVE(jobs, job, link);
		job->ops->answer(mount, job);
	}
}

static void *run(void *arg)
{
	struct notify *notify = arg;

	pthread_mutex_lock(&notify->lock);
	for (;;) {
		struct job_list jobs = TAILQ_HEAD_INITIALIZER(jobs);
		uint64_t to_tell;

		while (TAILQ_EMPTY(&notify->queue) && !notify->is_kicked && !notify->is_stopping)
			pthread_cond_wait(&notify->wake, &notify->lock);
		if (TAILQ_EMPTY(&notify->queue) && notify->is_stopping)
			break;
		TAILQ_CONCAT(&jobs, &notify->queue, link);
		notify->is_kicked = false;
		to_tell = notify->to_tell;
		notify->to_tell = 0;
		notify->is_at_work = true;
		pthread_mutex_unlock(&notify->lock);
		show_all(notify, &jobs, to_tell);
		answer(notify->mount, &jobs);
		pthread_mutex_lock(&notify->lock);
		notify->is_at_work = false;
	}
	pthread_mutex_unlock(&notify->lock);
	return NULL;
}

bool notify_lead(struct notify *notify)
{
	bool leads;

	pthread_mutex_lock(&notify->lock);
	leads = TAILQ_EMPTY(&notify->queue) && !notify->is_kicked && !notify->is_at_work &&
		!notify->is_led && !notify->is_stopping;
	notify->is_led |= leads;
	pthread_mutex_unlock(&notify->lock);
	return leads;
}

void notify_answer(struct notify *notify, struct job_list *jobs)
{
	show_all(notify, jobs, 0);
	pthread_mutex_lock(&notify->lock);
	notify->is_led = false;
	if (notify->is_stopping)
		pthread_cond_broadcast(&notify->wake);
	pthread_mutex_unlock(&notify->lock);
	/* Last: with the answer his next change comes, and finds nobody leading. */
	answer(notify->mount, jobs);
}

static int read_start(struct notify *notify, struct err *err)
{
	struct tree *tree = &notify->mount->tree;
	struct txn *txn;
	int rc = catalog_begin(notify->mount->catalog, &txn, err);

	if (rc)
		return rc;
	notify->sequence = meta_get(txn, META_SEQUENCE);
	notify->txn = txn_id(txn);
	tree->settled = notify->sequence;
	tree->log_end = meta_get(txn, META_LOG_END);
	tree->log_stamp = (int64_t)meta_get(txn, META_LAST_STAMP);
	txn_end(txn);
	return 0;
}

int notify_start(struct notify *notify, struct mount *mount, struct err *err)
{
	int rc;

	notify->mount = mount;
	pthread_mutex_init(&notify->lock, NULL);
	pthread_mutex_init(&notify->logging, NULL);
	pthread_mutex_init(&notify->draining, NULL);
	pthread_cond_init(&notify->wake, NULL);
	TAILQ_INIT(&notify->queue);
	rc = read_start(notify, err);
	if (rc)
		return rc;
	rc = pthread_create(&notify->thread, NULL, run, notify);
	notify->is_running = !rc;
	return rc ? err_set(err, -rc, "Cannot start a thread: %s", strerror(rc)) : 0;
}

void notify_push(struct notify *notify, struct job_list *jobs)
{
	pthread_mutex_lock(&notify->lock);
	TAILQ_CONCAT(&notify->queue, jobs, link);
	pthread_mutex_unlock(&notify->lock);
	pthread_cond_signal(&notify->wake);
}

void notify_tell(struct notify *notify, uint64_t sequence)
{
	pthread_mutex_lock(&notify->lock);
	notify->is_kicked = true;
	if (sequence > notify->to_tell)
		notify->to_tell = sequence;
	pthread_cond_signal(&notify->wake);
	pthread_mutex_unlock(&notify->lock);
}

void notify_kick(struct notify *notify)
{
	pthread_mutex_lock(&notify->lock);
	notify->is_kicked = true;
	pthread_cond_signal(&notify->wake);
	pthread_mutex_unlock(&notify->lock);
}

void notify_stop(struct notify *notify)
{
	if (!notify->is_running)
		return;
	pthread_mutex_lock(&notify->lock);
	notify->is_stopping = true;
	pthread_cond_broadcast(&notify->wake);
	while (notify->is_led)
		pthread_cond_wait(&notify->wake, &notify->lock);
	pthread_mutex_unlock(&notify->lock);
	pthread_join(notify->thread, NULL);
	notify->is_running = false;
}
