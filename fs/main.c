/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kalamfs: mounts a schema catalog.
 *
 * In the background a child opens the catalog (the database must be opened by
 * the process that uses it) and mounts; the parent waits on a pipe and returns
 * when the file system answers, or with the one line that says why it does not.
 */
#include "fs/log.h"
#include "fs/manager.h"
#include "fs/mount.h"
#include "fs/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

enum exit_status { EXIT_OK = 0, EXIT_ENVIRONMENT = 1, EXIT_USAGE = 2, EXIT_DAMAGED = 2 };

static enum exit_status status_of(int rc)
{
	if (!rc)
		return EXIT_OK;
	return rc == -EUCLEAN ? EXIT_DAMAGED : EXIT_ENVIRONMENT;
}

static enum exit_status usage(const struct err *err)
{
	fprintf(stderr, "kalamfs: %s\nTry 'kalamfs --help'.\n", err->text);
	return EXIT_USAGE;
}

/* What the child tells the parent. */
struct notice {
	enum exit_status status;
	char text[ERR_TEXT_SIZE];
};

static void tell(int fd, enum exit_status status, const char *text)
{
	struct notice notice = { .status = status };

	snprintf(notice.text, sizeof(notice.text), "%s", text);
	/* The parent may have been killed; then nobody waits. */
	if (write(fd, &notice, sizeof(notice)) != (ssize_t)sizeof(notice))
		log_message(LOG_WARNING, "Nobody waits for this mount any more");
}

/* What the child has of its parent until it serves. */
struct ties {
	int notice;	/* the pipe; -1 when all has been told */
	int null;	/* /dev/null: once the child is confined it can open nothing for writing */
};

/* The child serves requests: it keeps nothing of the terminal. */
static void ready_in_background(void *arg)
{
	struct ties *ties = arg;

	for (int standard = 0; standard <= 2; standard++)
		(void)dup2(ties->null, standard);
	close(ties->null);
	ties->null = -1;
	tell(ties->notice, EXIT_OK, "");
	close(ties->notice);
	ties->notice = -1;
}

static void ready_in_foreground(void *arg)
{
	(void)arg;
	manager_ready();
}

static enum exit_status run_child(struct mount *mount, const struct options *options, int notice)
{
	struct ties ties = { .notice = notice, .null = open("/dev/null", O_RDWR | O_CLOEXEC) };
	struct err err = ERR_INIT;
	int rc;

	setsid();
	if (chdir("/"))
		log_message(LOG_WARNING, "chdir: %s", strerror(errno));
	if (ties.null < 0)
		rc = err_set(&err, -errno, "Cannot open /dev/null: %s", strerror(errno));
	else
		rc = serve(mount, options, ready_in_background, &ties, &err);
	if (rc && ties.notice >= 0)
		tell(ties.notice, status_of(rc), err.text);
	else if (rc)
		log_message(LOG_ERR, "%s", err.text);
	if (ties.notice >= 0)
		close(ties.notice);
	if (ties.null >= 0)
		close(ties.null);
	return status_of(rc);
}

/* The kernel answers a stat only after it has agreed with the daemon on everything. */
static enum exit_status check_mount(const char *mountpoint)
{
	struct stat st;

	if (!stat(mountpoint, &st) && st.st_ino == 1)
		return EXIT_OK;
	fprintf(stderr, "kalamfs: '%s' does not answer: %s\n", mountpoint, strerror(errno));
	return EXIT_ENVIRONMENT;
}

static enum exit_status wait_for_child(pid_t pid, int fd, const char *mountpoint)
{
	struct notice notice;
	ssize_t n;

	/* Nothing interrupts this process: it has no handlers. */
	n = read(fd, &notice, sizeof(notice));
	if (n == (ssize_t)sizeof(notice) && notice.status == EXIT_OK)
		return check_mount(mountpoint);
	(void)waitpid(pid, NULL, 0);
	if (n == (ssize_t)sizeof(notice)) {
		fprintf(stderr, "kalamfs: %s\n", notice.text);
		return notice.status;
	}
	fputs("kalamfs: the daemon died before it had mounted anything\n", stderr);
	return EXIT_ENVIRONMENT;
}

/* The child returns, too: with the status of the whole daemon. */
static enum exit_status run_background(struct mount *mount, const struct options *options)
{
	enum exit_status status;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) || (pid = fork()) < 0) {
		fprintf(stderr, "kalamfs: cannot go to the background: %s\n", strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	if (!pid) {
		close(fds[0]);
		return run_child(mount, options, fds[1]);
	}
	close(fds[1]);
	status = wait_for_child(pid, fds[0], options->mountpoint);
	close(fds[0]);
	return status;
}

static enum exit_status run_foreground(struct mount *mount, const struct options *options)
{
	struct err err = ERR_INIT;
	int rc = serve(mount, options, ready_in_foreground, NULL, &err);

	if (rc)
		fprintf(stderr, "kalamfs: %s\n", err.text);
	return status_of(rc);
}

static enum exit_status run(struct options *options)
{
	struct err err = ERR_INIT;
	struct mount *mount;
	enum exit_status status;
	int rc;

	log_open(true);		/* until the daemon is on its own, somebody reads stderr */
	if (options_resolve(options, &err)) {
		fprintf(stderr, "kalamfs: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	rc = serve_new(options, &mount, &err);
	if (rc == -EINVAL)
		return usage(&err);
	if (rc) {
		fprintf(stderr, "kalamfs: %s\n", err.text);
		return EXIT_ENVIRONMENT;
	}
	log_open(options->foreground);
	umask(077);
	if (options->foreground)
		status = run_foreground(mount, options);
	else
		status = run_background(mount, options);
	serve_free(mount);
	return status;
}

/* Where they are closed, nothing else gets their numbers and is lost to what belongs there. */
static void open_standard(void)
{
	for (int standard = 0; standard <= 2; standard++)
		if (fcntl(standard, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR);
}

int main(int argc, char **argv)
{
	enum exit_status status = EXIT_OK;
	struct err err = ERR_INIT;
	struct options options;

	open_standard();
	if (options_parse(&options, argc, argv, &err))
		status = usage(&err);
	else if (options.show_help)
		options_print_help(stdout);
	else if (options.show_version)
		printf("kalamfs %s (libfuse %s)\n", KALAMFS_VERSION,
		       fuse_pkgversion());
	else
		status = run(&options);
	options_fini(&options);
	return (int)status;
}
