/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process outside of the sandbox, asked for what it knows and for what is not there. */
#include "fs/agent.h"

#include "tests/unit/helpers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 4000000	/* a user that no system has */

static struct agent *new_agent(void)
{
	struct err err = ERR_INIT;
	struct agent *agent;

	assert_int_equal(agent_start(&agent, &err), 0);
	return agent;
}

/* The only child of this process. */
static pid_t pid_of_agent(void)
{
	char path[64], text[64] = "";
	int fd, n;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children", syscall(SYS_gettid));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = (int)read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(n > 0);
	return (pid_t)strtol(text, NULL, 10);
}

static void check_names(struct agent *agent)
{
	char name[USER_NAME_SIZE];

	agent_user_name(agent, 0, name);
	assert_string_equal(name, "root");
	agent_user_name(agent, NOBODY, name);
	assert_string_equal(name, "4000000");
}

/* Whether a descriptor that came is the directory itself. */
static void check_directory(struct agent *agent)
{
	struct stat asked, got;
	int fd = agent_open_dir(agent, "/proc");

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(stat("/proc", &asked), 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_true(asked.st_ino == got.st_ino && asked.st_dev == got.st_dev);
	close(fd);
}

static void check_refusals(struct agent *agent)
{
	assert_int_equal(agent_open_dir(agent, "/nowhere/at/all"), -ENOENT);
	assert_int_equal(agent_open_dir(agent, "/etc/passwd"), -ENOTDIR);
	assert_int_equal(agent_unmount(agent, "/nowhere/at/all"), -ENOENT);
}

/* What is asked of the agent, and what is done in this process where there is none. */
static void test_answers(void **state)
{
	struct agent *agent = new_agent();
	char *path = malloc(PATH_MAX + 2);

	(void)state;
	check_names(agent);
	check_names(NULL);
	check_directory(agent);
	check_directory(NULL);
	check_refusals(agent);
	check_refusals(NULL);
	assert_int_equal(agent_guard(agent, INT_MAX), -ENOENT);
	memset(path, 'x', PATH_MAX + 1);
	path[PATH_MAX] = '\0';
	assert_int_equal(agent_open_dir(agent, path), -ENAMETOOLONG);
	path[PATH_MAX - 1] = '\0';
	assert_int_equal(agent_open_dir(agent, path), -ENAMETOOLONG);
	free(path);
	agent_stop(agent);
	agent_stop(NULL);
}

/* It takes no end but that of the daemon, and what is asked of it when it is gone is an error. */
static void test_ends(void **state)
{
	struct agent *agent = new_agent();
	pid_t pid = pid_of_agent();
	char name[USER_NAME_SIZE];
	int rc;

	(void)state;
	check_names(agent);	/* by now it ignores signals */
	kill(pid, SIGTERM);
	kill(pid, SIGINT);
	kill(pid, SIGHUP);
	check_names(agent);
	kill(pid, SIGSTOP);
	assert_int_equal(agent_open_dir(agent, "/proc"), -ETIMEDOUT);
	kill(pid, SIGCONT);
	check_directory(agent);
	kill(pid, SIGKILL);
	/* While it dies it answers, or takes a question to its grave. */
	do
		rc = agent_guard(agent, 0);
	while (rc == -ENOENT || rc == -EIO || rc == -ECONNRESET);
	assert_int_equal(rc, -EPIPE);
	assert_int_equal(agent_open_dir(agent, "/proc"), -EPIPE);
	agent_user_name(agent, 0, name);
	assert_string_equal(name, "0");
	agent_stop(agent);
}

static void no_effect(int signal)
{
	(void)signal;
}

struct asker {
	struct agent *agent;
	pthread_t thread;
	int fd;
};

static void *ask(void *arg)
{
	struct asker *asker = arg;

	asker->fd = agent_open_dir(asker->agent, "/proc");
	return NULL;
}

/* Who is interrupted while he waits for an answer goes on waiting. */
static void test_interrupted(void **state)
{
	struct sigaction nothing = { .sa_handler = no_effect };
	struct asker asker = { .agent = new_agent() };
	pid_t pid = pid_of_agent();

	(void)state;
	check_names(asker.agent);
	sigaction(SIGUSR1, &nothing, NULL);
	kill(pid, SIGSTOP);
	assert_int_equal(pthread_create(&asker.thread, NULL, ask, &asker), 0);
	for (int i = 0; i < 20; i++) {
		usleep(5000);
		assert_int_equal(pthread_kill(asker.thread, SIGUSR1), 0);
	}
	kill(pid, SIGCONT);
	assert_int_equal(pthread_join(asker.thread, NULL), 0);
	assert_true(asker.fd >= 0);
	close(asker.fd);
	agent_stop(asker.agent);
}

/* The descriptors that are left can be given out. */
static void limit_files(rlim_t count)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = count ? count : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void test_no_files(void **state)
{
	struct agent *agent = new_agent(), *none;
	struct err err = ERR_INIT;
	char name[USER_NAME_SIZE];
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	close(next);
	check_names(agent);
	limit_files((rlim_t)next);
	assert_int_equal(agent_open_dir(agent, "/proc"), -EMFILE);
	assert_false(agent_user_name(agent, 0, name));
	assert_string_equal(name, "0");
	assert_int_equal(agent_start(&none, &err), -EMFILE);
	limit_files(0);
	assert_err(&err, -EMFILE, "Cannot make a socket: Too many open files");
	check_names(agent);
	check_directory(agent);
	agent_stop(agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_no_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
