/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * foreign - when a mount shows what another process has committed.
 *
 *	foreign ROUNDS COMMITS kalamctl MOUNT CATALOG KALAMCTL
 *	foreign ROUNDS COMMITS barrier MOUNT CATALOG
 *	foreign ROUNDS COMMITS inotify MOUNT CATALOG
 *
 * kalamctl: it is run, and when it has ended the mount is looked at.  barrier:
 * libkalam commits here, and peer_sync tells the mounts.  inotify: it only
 * commits.  Rows are, of each round, how many first looks saw the past, and the
 * median time from the return of the commit to the first look that did not.
 */
#include "catalog/catalog.h"
#include "catalog/peer.h"
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMITS_MAX 100000
#define LATEST "/namespaces/bench/tables/t000001/versions/latest"
#define SCHEMA "/namespaces/bench/tables/t000001/schema.json"
#define LATE_NS 10000000000u	/* then it is lost */
#define PEER_TIMEOUT_MS 1000

static const char *mount, *dir, *kalamctl;
static struct catalog *catalog;

/* The version that a name leads to. */
static unsigned long latest(void)
{
	char path[PATH_MAX], to[32];
	ssize_t len;

	snprintf(path, sizeof(path), "%s" LATEST, mount);
	len = readlink(path, to, sizeof(to) - 1);
	if (len <= 0)
		bench_die("%s: %s", path, strerror(errno));
	to[len] = '\0';
	return strtoul(to, NULL, 10);
}

/* The version that a text tells. */
static unsigned long shown(void)
{
	static const char key[] = "\"schema_version\": ";
	char path[PATH_MAX], text[65536];
	const char *found;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s" SCHEMA, mount);
	fd = open(path, O_RDONLY);
	len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len < 0)
		bench_die("%s: %s", path, strerror(errno));
	close(fd);
	text[len] = '\0';
	found = strstr(text, key);
	return found ? strtoul(found + strlen(key), NULL, 10) : 0;
}

static void fill_statement(char *text, size_t size, unsigned long version)
{
	snprintf(text, size, "ALTER TABLE bench.t000001 ALTER COLUMN c2 COMMENT 'version %lu';",
		 version);
}

/* Runs kalamctl exec with a statement as its input. */
static void commit_by_kalamctl(const char *statement)
{
	char *argv[] = { (char *)(uintptr_t)kalamctl, (char *)(uintptr_t)dir,
			 (char *)(uintptr_t)"exec", NULL };
	posix_spawn_file_actions_t files;
	int input = memfd_create("statement", MFD_CLOEXEC), status;
	pid_t pid;

	if (input < 0 || write(input, statement, strlen(statement)) < 0 ||
	    lseek(input, 0, SEEK_SET) < 0)
		bench_die("memfd: %s", strerror(errno));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, kalamctl, &files, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status)
		bench_die("%s: failed", kalamctl);
	posix_spawn_file_actions_destroy(&files);
	close(input);
}

/* Returns the sequence of the change. */
static uint64_t commit_by_library(const char *statement)
{
	struct request request = {
		.text = statement,
		.len = strlen(statement),
		.commit_count = 1,
		.author = { .user = "bench", .command = "foreign" },
		.source = SOURCE_KALAMCTL,
		.err = ERR_INIT,
	}, *requests[] = { &request };
	struct script script;
	uint64_t sequence;

	if (ddl_parse(statement, request.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script,
		      &request.err))
		bench_die("%s", request.err.text);
	request.script = &script;
	catalog_commit(catalog, requests, 1);
	if (request.err.code || !request.sequence)
		bench_die("%s: %s", statement, request.err.text);
	sequence = request.sequence;
	request_fini(&request);
	script_free(&script);
	return sequence;
}

/* One change; nanoseconds until it is seen, and whether the first look saw the past. */
static double change(unsigned long version, bool sync, bool *stale)
{
	char statement[256];
	uint64_t from, sequence = 0;

	(void)shown();	/* so that the kernel has something to forget */
	(void)latest();
	fill_statement(statement, sizeof(statement), version);
	if (kalamctl)
		commit_by_kalamctl(statement);
	else
		sequence = commit_by_library(statement);
	from = bench_now();
	if (!kalamctl && sync && peer_sync(dir, sequence, PEER_TIMEOUT_MS))
		bench_die("the mount did not answer");
	*stale = latest() != version;
	*stale |= shown() != version;
	while (latest() != version || shown() != version) {
		if (bench_now() - from > LATE_NS)
			bench_die("version %lu is not shown for 10 s", version);
		usleep(20);
	}
	return (double)(bench_now() - from);
}

static void measure(unsigned rounds, size_t commits, const char *variant)
{
	static double times[COMMITS_MAX];
	unsigned long version = latest();
	bool sync = strcmp(variant, "inotify") != 0;

	for (unsigned round = 0; round < rounds; round++) {
		size_t count = 0;

		for (size_t i = 0; i < commits; i++) {
			bool stale;

			times[i] = change(++version, sync, &stale) / 1000;
			count += stale;
		}
		bench_row("first looks that saw the past", "looks", variant, (double)count);
		bench_row("commit to visible, median", "us", variant, bench_median(times, commits));
		bench_row("commit to visible, 99 of 100", "us", variant,
			  bench_percentile(times, commits, 0.99));
	}
}

int main(int argc, char **argv)
{
	struct catalog_options options = { 0 };
	struct err err = ERR_INIT;
	unsigned long commits;

	if (argc < 6)
		bench_die("usage: foreign ROUNDS COMMITS kalamctl|barrier|inotify MOUNT CATALOG [KALAMCTL]");
	commits = strtoul(argv[2], NULL, 10);
	mount = argv[4];
	dir = argv[5];
	kalamctl = argc > 6 ? argv[6] : NULL;
	if (!commits || commits > COMMITS_MAX)
		bench_die("from 1 to %d commits", COMMITS_MAX);
	if (!kalamctl && catalog_open(dir, &options, &catalog, &err))
		bench_die("%s: %s", dir, err.text);
	measure((unsigned)strtoul(argv[1], NULL, 10), commits, argv[3]);
	if (catalog)
		catalog_close(catalog);
	return 0;
}
