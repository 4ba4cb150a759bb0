/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oneshot - how long a program takes from its start to its end.
 *
 *	oneshot COUNT LIST LABEL VARIANT COMMAND [ARGUMENT...]
 *
 * Starts it COUNT times, one after the other, output to /dev/null, {} in
 * arguments being the next line of LIST each time, and prints the median.
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>


/* The argument with the line in it, in new memory. */
static char *fill(const char *arg, const char *line)
{
	const char *at = strstr(arg, "{}");
	char *out;

	if (!at)
		out = strdup(arg);
	else if (asprintf(&out, "%.*s%s%s", (int)(at - arg), arg, line, at + 2) < 0)
		out = NULL;
	if (!out)
		bench_die("no memory");
	return out;
}

static void run(char **command, const posix_spawn_file_actions_t *actions)
{
	int status;
	pid_t pid;
	int rc = posix_spawnp(&pid, command[0], actions, NULL, command, environ);

	if (rc)
		bench_die("%s: %s", command[0], strerror(rc));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			bench_die("%s is lost", command[0]);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		bench_die("%s failed", command[0]);
}

static double measure(char **args, int n, const char *line,
		      const posix_spawn_file_actions_t *actions)
{
	char **command = calloc((size_t)n + 1, sizeof(*command));
	uint64_t from, took;

	if (!command)
		bench_die("no memory");
	for (int i = 0; i < n; i++)
		command[i] = fill(args[i], line);
	from = bench_now();
	run(command, actions);
	took = bench_now() - from;
	for (int i = 0; i < n; i++)
		free(command[i]);
	free(command);
	return (double)took / 1e6;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	struct bench_list lines;
	size_t count;
	double *values;

	if (argc < 6)
		bench_die("expected: COUNT LIST LABEL VARIANT COMMAND [ARGUMENT...]");
	count = strtoul(argv[1], NULL, 10);
	values = calloc(count, sizeof(*values));
	if (!count || !values)
		bench_die("count %s", argv[1]);
	bench_list_read(&lines, argv[2]);
	bench_list_shuffle(&lines);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	for (size_t i = 0; i < count; i++)
		values[i] = measure(argv + 5, argc - 5, lines.at[i % lines.n], &actions);
	bench_row(argv[3], "ms", argv[4], bench_median(values, count));
	posix_spawn_file_actions_destroy(&actions);
	bench_list_free(&lines);
	free(values);
	return 0;
}
