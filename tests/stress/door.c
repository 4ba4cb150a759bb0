/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/stress/door.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int door_ctl(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	size_t len = strlen(text);
	int rc = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, len) != (ssize_t)len)
		rc = errno;
	close(fd);
	return rc;
}

static int save(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_CREAT | flags, 0644);
	size_t len = strlen(text);
	int rc = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, len) != (ssize_t)len)
		rc = errno;
	if (close(fd) && !rc)
		rc = errno;
	return rc;
}

int door_truncate(const char *path, const char *text)
{
	return save(path, O_TRUNC, text);
}

int door_rename(const char *temp, const char *path, const char *text)
{
	int rc = save(temp, O_EXCL, text);

	if (!rc && rename(temp, path))
		rc = errno;
	if (rc)
		unlink(temp);
	return rc;
}

static pid_t spawn(char **argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 2);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

int door_kalamctl(const char *kalamctl, const char *catalog, const char *statement, char *told,
		  size_t size, bool *late)
{
	char *argv[] = { (char *)kalamctl, (char *)catalog, (char *)"exec", NULL };
	int in[2], out[2], status = -1;
	ssize_t n = -1;
	pid_t pid;

	told[0] = '\0';
	*late = false;
	if (pipe2(in, O_CLOEXEC))
		return -1;
	if (pipe2(out, O_CLOEXEC)) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	pid = spawn(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (pid > 0 && write(in[1], statement, strlen(statement)) > 0)
		n = 0;
	close(in[1]);
	if (n == 0)
		n = read(out[0], told, size - 1);
	told[n > 0 ? n : 0] = '\0';
	close(out[0]);
	*late = strstr(told, "did not confirm");
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return status;
}
