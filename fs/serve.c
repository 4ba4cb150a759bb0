/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/serve.h"

#include "fs/device.h"
#include "fs/agent.h"
#include "fs/draft.h"
#include "fs/forget.h"
#include "fs/kept.h"
#include "fs/lastsave.h"
#include "fs/log.h"
#include "fs/metrics.h"
#include "fs/mount.h"
#include "fs/mounts.h"
#include "fs/ops.h"
#include "fs/outside.h"
#include "fs/phoenix.h"
#include "fs/redirect.h"
#include "fs/rejected.h"
#include "fs/report.h"
#include "fs/sandbox.h"
#include "fs/scratch.h"
#include "fs/spool.h"
#include "fs/userlink.h"
#include "fs/workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define SHUTDOWN_MS 5000
#define KEPT_MAX (16u << 20)

/* The thread that waits for signals, and what it shares with the main thread. */
struct signals {
	struct mount *mount;
	pthread_t thread;
	sigset_t set;
	atomic_bool ended;	/* the workers have */
};

static void names_went(void *arg, uint64_t dir)
{
	forget_attr(arg, dir);
}

/* What editing needs; whether there was memory for it. */
static bool new_editing(struct mount *mount)
{
	struct scratch_options options = { .changed = names_went, .arg = mount };

	mount->scratch = scratch_new(&options);
	if (!mount->scratch)
		return false;
	mount->drafts = drafts_new();
	mount->redirects = redirects_new(mount->scratch);
	mount->phoenixes = phoenixes_new();
	mount->lastsaves = lastsaves_new();
	mount->rejected = rejected_new(mount->scratch, names_went, mount);
	mount->tree.scratch = mount->scratch;
	mount->tree.drafts = mount->drafts;
	return mount->drafts && mount->redirects && mount->phoenixes && mount->lastsaves &&
	       mount->rejected;
}

static void free_editing(struct mount *mount)
{
	rejected_free(mount->rejected);
	lastsaves_free(mount->lastsaves);
	phoenixes_free(mount->phoenixes);
	redirects_free(mount->redirects);
	drafts_free(mount->drafts);
	scratch_free(mount->scratch);
}

int serve_new(struct options *options, struct mount **out, struct err *err)
{
	struct mount *mount = calloc(1, sizeof(*mount));
	struct spools_options spools = { 0 };

	if (!mount)
		return err_nomem(err);
	handles_init(&mount->handles);
	siblings_init(&mount->siblings);
	held_spools_init(&mount->held);
	sizes_init(&mount->sizes);
	mount->tree.sizes = &mount->sizes;
	mount->siblings.is_off = options->nopush;
	mount->allow_epoch = !options->noepoch;
	mount->max_read = options->max_read;
	mount->tree.report = report_new();
	mount->tree.links = userlinks_new();
	mount->tree.metrics = metrics_new();
	mount->tree.outside = outside_new();
	mount->callers = callers_new();
	mount->spools = spools_new(&mount->tree, &spools);
	if (options->read_only) {
		mount->kept = kept_new(KEPT_MAX);
		mount->tree.kept = mount->kept;
	}
	if (!mount->tree.report || !mount->tree.links || !mount->tree.metrics ||
	    !mount->tree.outside || !mount->callers || !mount->spools ||
	    (options->read_only && !mount->kept) || !new_editing(mount)) {
		serve_free(mount);
		return err_nomem(err);
	}
	log_capture();
	mount->se = fuse_session_new(&options->args, &ops, sizeof(ops), mount);
	log_release();
	if (!mount->se) {
		serve_free(mount);
		return err_set(err, -EINVAL, "%s", *log_captured() ? log_captured() : "bad option");
	}
	*out = mount;
	return 0;
}

void serve_free(struct mount *mount)
{
	if (mount->se)
		fuse_session_destroy(mount->se);
	handles_fini(&mount->handles);
	held_spools_fini(&mount->held);
	spools_free(mount->spools);
	free_editing(mount);
	catalog_close(mount->catalog);
	callers_free(mount->callers);
	agent_stop(mount->agent);
	kept_free(mount->kept);
	siblings_fini(&mount->siblings);
	userlinks_free(mount->tree.links);
	report_free(mount->tree.report);
	metrics_free(mount->tree.metrics);
	outside_free(mount->tree.outside);
	free(mount);
}

static int open_dir(void *arg, const char *path)
{
	struct mount *mount = arg;

	return agent_open_dir(mount->agent, path);
}

static enum store_check check_named(const char *name)
{
	if (!name)
		return STORE_CHECK_AUTO;
	return strcmp(name, "full") ? STORE_CHECK_QUICK : STORE_CHECK_FULL;
}

/* Once, in any thread: see struct store_options. */
static void on_damage(void *arg, const char *text)
{
	struct mount *mount = arg;

	mount->tree.is_frozen = true;
	mount->tree.is_damaged = true;
	log_message(LOG_CRIT, "%s: the mount is read-only from now on, and shows what can still be "
		    "proved right; see `kalamctl check`", text);
}

static int open_catalog(struct mount *mount, const struct options *options, struct err *err)
{
	struct catalog_options how = {
		.create = !options->nocreate && !options->read_only,
		.map_size = options->map_size,
		.cache_tables = options->cache_tables,
		.lock_wait = options->lock_wait,
		.check = check_named(options->check),
		.open_dir = open_dir,
		.open_dir_arg = mount,
		.on_damage = on_damage,
		.damage_arg = mount,
	};
	struct tree *tree = &mount->tree;
	int rc;

	/* Readers need a slot in lock.mdb, so even -o ro opens for writing where it can. */
	how.read_only = options->read_only && access(options->catalog, W_OK);
	rc = catalog_open(options->catalog, &how, &mount->catalog, err);
	if (rc)
		return rc;
	tree->catalog = mount->catalog;
	tree->mountpoint = options->mountpoint;
	tree->uid = getuid();
	tree->gid = getgid();
	tree->has_dba = options->dba;
	tree->dba_gid = options->dba_gid;
	tree->umask = (mode_t)options->umask;
	tree->read_only = options->read_only;
	tree->started_at = catalog_now(mount->catalog);
	return 0;
}

static int mount_session(struct mount *mount, struct err *err)
{
	const char *reason;
	int rc;

	log_capture();
	rc = fuse_session_mount(mount->se, mount->tree.mountpoint);
	log_release();
	if (!rc) {
		rc = device_attach(mount);
		return rc ? err_set(err, rc, "Cannot serve '%s': %s", mount->tree.mountpoint,
				    strerror(-rc)) : 0;
	}
	reason = *log_captured() ? log_captured() : "the kernel refused it";
	return err_set(err, -EIO, "Cannot mount on '%s': %s", mount->tree.mountpoint, reason);
}

/* Whoever else must not change anything any more; workers still answer. */
static void stop_threads(struct mount *mount)
{
	listen_stop(&mount->listen);
	spools_stop(mount->spools);
	commit_stop(&mount->commit);
	notify_stop(&mount->notify);
}

static int cannot_start_thread(struct err *err, int rc)
{
	return err_set(err, rc, "Cannot start a thread: %s", strerror(-rc));
}

static int start_threads(struct mount *mount, struct err *err)
{
	int rc = notify_start(&mount->notify, mount, err);

	if (!rc) {
		rc = commit_start(&mount->commit, mount);
		if (rc)
			cannot_start_thread(err, rc);
	}
	if (!rc)
		rc = spools_start(mount->spools, err);
	return rc ? rc : listen_start(&mount->listen, mount, err);
}

static void no_effect(int signal)
{
	(void)signal;
}

/*
 * Changes under way are finished and answered, then notifications end while
 * workers still answer whoever holds a directory lock, then they end.
 */
static void end(struct signals *signals)
{
	struct mount *mount = signals->mount;

	if (!commit_close(&mount->commit, SHUTDOWN_MS))
		log_message(LOG_WARNING, "Some changes were not answered within %d s",
			    SHUTDOWN_MS / 1000);
	stop_threads(mount);
	workers_end(mount->workers);
}

static void *wait_for_signal(void *arg)
{
	struct signals *signals = arg;
	int signal = 0;

	/* SIGUSR1 is the main thread's word that all has ended; from others it means nothing. */
	while (sigwait(&signals->set, &signal) || (signal == SIGUSR1 && !signals->ended))
		continue;
	if (signal != SIGUSR1) {
		log_message(LOG_NOTICE, "%s: unmounting '%s'", strsignal(signal),
			    signals->mount->tree.mountpoint);
		end(signals);
	}
	return NULL;
}

/* Before the first thread, so that all inherit the mask. */
static void block_signals(struct signals *signals)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, nothing = { .sa_handler = no_effect };

	sigemptyset(&signals->set);
	sigaddset(&signals->set, SIGTERM);
	sigaddset(&signals->set, SIGINT);
	sigaddset(&signals->set, SIGHUP);
	sigaddset(&signals->set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals->set, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);	/* beyond a limit on the size of files: EFBIG */
	sigaction(SIGUSR2, &nothing, NULL);	/* not restarting what it interrupts */
}

/* The kernel lets go of its end when it unmounts. */
static bool is_mounted(struct mount *mount)
{
	struct pollfd end = { .fd = fuse_session_fd(mount->se) };

	return poll(&end, 1, 0) >= 0 && !(end.revents & POLLERR);
}

/* Without the rights for it the daemon only notices that it has been unmounted. */
static void unmount(struct mount *mount)
{
	int rc;

	if (mount->agent && is_mounted(mount)) {
		rc = agent_unmount(mount->agent, mount->tree.mountpoint);
		if (rc)
			log_message(LOG_WARNING, "Cannot unmount '%s': %s", mount->tree.mountpoint,
				    strerror(-rc));
	}
	fuse_session_unmount(mount->se);
}

/* Something that a worker still holds must not be freed under it. */
static void leave_at_once(struct mount *mount, int rc)
{
	log_message(LOG_ERR, "A request is not answered within %d s of the end: leaving without it",
		    SHUTDOWN_MS / 1000);
	stop_threads(mount);
	unmount(mount);
	_exit(rc ? 1 : 0);
}

static void end_signals(struct signals *signals)
{
	signals->ended = true;
	pthread_kill(signals->thread, SIGUSR1);
	pthread_join(signals->thread, NULL);
}

/* Who waits for signals is there first: workers start others as requests come. */
static int answer_all(struct mount *mount, struct signals *signals, ready_fn *ready, void *arg,
		      struct err *err)
{
	bool stuck = false;
	int rc = -pthread_create(&signals->thread, NULL, wait_for_signal, signals);

	if (rc)
		return cannot_start_thread(err, rc);
	rc = workers_start(mount->workers);
	if (rc) {
		end_signals(signals);
		return cannot_start_thread(err, rc);
	}
	ready(arg);
	rc = workers_wait(mount->workers, SHUTDOWN_MS, &stuck);
	if (stuck)
		leave_at_once(mount, rc);
	end_signals(signals);
	if (rc < 0)
		return err_set(err, rc, "The connection to the kernel broke: %s", strerror(-rc));
	return 0;
}

static int answer(struct mount *mount, struct signals *signals, ready_fn *ready, void *arg,
		  struct err *err)
{
	int rc;

	mount->workers = workers_new(mount->se, mount->tree.metrics);
	if (!mount->workers)
		return err_nomem(err);
	rc = answer_all(mount, signals, ready, arg, err);
	workers_free(mount->workers);
	return rc;
}

/* Before anything is open that it would keep open. */
static int start_agent(struct mount *mount, const struct options *options, struct err *err)
{
	int rc;

	if (options->nosandbox || !sandbox_is_possible())
		return 0;
	rc = agent_start(&mount->agent, err);
	callers_ask(mount->callers, mount->agent);
	mount->tree.agent = mount->agent;
	return rc;
}

static void guard(struct mount *mount)
{
	int rc = mounts_connection(mount->tree.mountpoint);

	if (rc >= 0)
		rc = agent_guard(mount->agent, rc);
	if (rc < 0)
		log_message(LOG_NOTICE, "If this process is killed, nobody ends its connection to the "
			    "kernel: %s", strerror(-rc));
}

/* A program that counts its branches has to write them down elsewhere. */
static int confine(struct mount *mount, struct err *err)
{
#ifdef KALAMFS_INSTRUMENTED
	(void)mount;
	(void)err;
	return 0;
#else
	return sandbox_enter(catalog_dir(mount->catalog), err);
#endif
}

int serve(struct mount *mount, const struct options *options, ready_fn *ready, void *arg,
	  struct err *err)
{
	struct signals signals = { .mount = mount };
	int rc;

	block_signals(&signals);
	rc = start_agent(mount, options, err);
	if (!rc)
		rc = open_catalog(mount, options, err);
	if (!rc)
		rc = mount_session(mount, err);
	if (rc)
		return rc;
	if (mount->agent) {
		guard(mount);
		rc = confine(mount, err);
	}
	if (!rc)
		rc = start_threads(mount, err);
	if (!rc)
		rc = answer(mount, &signals, ready, arg, err);
	stop_threads(mount);
	unmount(mount);
	return rc;
}
