/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * latency - how long single reads take while others write.
 *
 *	latency LABEL VARIANT SECONDS LIST [COMMAND ARGUMENT...]
 *
 * Reads files of LIST, one path to a line, in random order for so long: open,
 * fstat, read to the end, close.  Meanwhile COMMAND runs; it is told to end
 * when the time is over.  Prints rows of the median, of the 99th percentile and
 * of reads a second.
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLES_MAX 4000000u
#define START_US 200000		/* COMMAND gets under way */

static uint64_t read_file(const char *path)
{
	static char bytes[65536];
	uint64_t from = bench_now();
	int fd = open(path, O_RDONLY);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st))
		bench_die("%s: %s", path, strerror(errno));
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		continue;
	if (n < 0)
		bench_die("%s: %s", path, strerror(errno));
	close(fd);
	return bench_now() - from;
}

/* What it prints goes to stderr: stdout has records only. */
static pid_t start(char **argv)
{
	posix_spawn_file_actions_t files;
	pid_t pid;

	if (!*argv)
		return 0;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &files, NULL, argv, environ))
		bench_die("cannot run %s", argv[0]);
	posix_spawn_file_actions_destroy(&files);
	usleep(START_US);
	return pid;
}

/* It must have run all the time: one that has failed measures nothing. */
static void end(pid_t pid)
{
	int status;

	if (!pid)
		return;
	if (waitpid(pid, &status, WNOHANG))
		bench_die("the other program ended too early");
	kill(pid, SIGTERM);
	(void)waitpid(pid, &status, 0);
}

int main(int argc, char **argv)
{
	static double samples[SAMPLES_MAX];
	struct bench_list list;
	uint64_t from, length;
	size_t n = 0;
	double took;
	pid_t pid;

	if (argc < 5)
		bench_die("usage: latency LABEL VARIANT SECONDS LIST [COMMAND ARGUMENT...]");
	length = (uint64_t)(strtod(argv[3], NULL) * 1e9);
	bench_list_read(&list, argv[4]);
	bench_list_shuffle(&list);
	for (size_t i = 0; i < list.n; i++)
		(void)read_file(list.at[i]);
	pid = start(argv + 5);
	from = bench_now();
	while (n < SAMPLES_MAX && bench_now() - from < length) {
		samples[n] = (double)read_file(list.at[n % list.n]);
		n++;
	}
	took = (double)(bench_now() - from) / 1e9;
	end(pid);
	bench_row(argv[1], "ns", argv[2], bench_median(samples, n));
	printf("row\t%s, 99 of 100\tns\t%s\t%.9g\n", argv[1], argv[2],
	       bench_percentile(samples, n, 0.99));
	printf("row\t%s, reads\t1/s\t%s\t%.9g\n", argv[1], argv[2], (double)n / took);
	bench_list_free(&list);
	return 0;
}
