/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS 2000
#define UNMOUNT_MS 10000
#define THREADS 16
#define FUSE_MAGIC 0x65735546

enum question_kind { ASK_USER_NAME, ASK_OPEN_DIR, ASK_UNMOUNT };

/* Comes with the socket that the answer goes to. */
struct question {
	enum question_kind kind;
	uid_t uid;
	char path[PATH_MAX];
};

struct answer {
	int rc;
	char name[USER_NAME_SIZE];
};

struct agent {
	pid_t pid;
	int fd;		/* questions */
};

/* A message and, where pass is not -1, a descriptor. */
static ssize_t send_with(int fd, const void *at, size_t len, int pass)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)at, .iov_len = len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *header;

	if (pass >= 0) {
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &pass, sizeof(pass));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* *passed: a descriptor that came along, or -1. */
static ssize_t receive_with(int fd, void *at, size_t len, int *passed)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = at, .iov_len = len };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	ssize_t n;

	*passed = -1;
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(passed, CMSG_DATA(header), sizeof(*passed));
	return n;
}

/* ----- the agent's side ----- */

static void ask_user_name(uid_t uid, char out[USER_NAME_SIZE])
{
	char text[4096];
	struct passwd entry, *found = NULL;

	if (!getpwuid_r(uid, &entry, text, sizeof(text), &found) && found)
		snprintf(out, USER_NAME_SIZE, "%s", found->pw_name);
	else
		snprintf(out, USER_NAME_SIZE, "%u", (unsigned)uid);
}

/* Whether a mount of a file system in user space is kalamfs: its root says so. */
static bool is_kalamfs(int fd)
{
	struct statfs fs;
	char path[64], line[PATH_MAX + 256];
	struct stat st;
	bool found = false;
	FILE *mounts;

	if (fstatfs(fd, &fs) || (unsigned long)fs.f_type != FUSE_MAGIC || fstat(fd, &st))
		return false;
	snprintf(path, sizeof(path), " %u:%u ", (unsigned)(st.st_dev >> 8 & 0xfff),
		 (unsigned)(st.st_dev & 0xff) | (unsigned)(st.st_dev >> 12 & 0xfff00));
	mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts && !found && fgets(line, sizeof(line), mounts))
		found = strstr(line, path) && strstr(line, " fuse.kalamfs ");
	if (mounts)
		fclose(mounts);
	return found;
}

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (is_kalamfs(fd)) {
		close(fd);
		return -EDEADLK;
	}
	return fd;
}

static int run_fusermount(const char *mountpoint)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp("fusermount3", "fusermount3", "-u", "-q", "-z", "--", mountpoint, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPERM;
}

static int unmount(const char *mountpoint)
{
	if (!umount2(mountpoint, UMOUNT_NOFOLLOW) ||
	    (errno == EBUSY && !umount2(mountpoint, UMOUNT_NOFOLLOW | MNT_DETACH)))
		return 0;
	return errno == EPERM ? run_fusermount(mountpoint) : -errno;
}

/* One question on its way to a thread. */
struct task {
	struct question question;
	int reply;
	sem_t *free_threads;
};

static void *answer_one(void *arg)
{
	struct task *task = arg;
	struct answer answer = { 0 };
	int fd = -1;

	switch (task->question.kind) {
	case ASK_USER_NAME:
		ask_user_name(task->question.uid, answer.name);
		break;
	case ASK_OPEN_DIR:
		fd = open_dir(task->question.path);
		answer.rc = fd < 0 ? fd : 0;
		break;
	case ASK_UNMOUNT:
		answer.rc = unmount(task->question.path);
		break;
	}
	(void)send_with(task->reply, &answer, sizeof(answer), fd);
	if (fd >= 0)
		close(fd);
	close(task->reply);
	sem_post(task->free_threads);
	free(task);
	return NULL;
}

static void answer_all(int fd)
{
	static sem_t free_threads;

	sem_init(&free_threads, 0, THREADS);
	for (;;) {
		struct task *task = calloc(1, sizeof(*task));
		pthread_t thread;
		ssize_t n;

		if (!task)
			return;
		n = receive_with(fd, &task->question, sizeof(task->question), &task->reply);
		if (n <= 0)
			return;
		task->free_threads = &free_threads;
		task->question.path[sizeof(task->question.path) - 1] = '\0';
		while (sem_wait(&free_threads))
			continue;
		if (pthread_create(&thread, NULL, answer_one, task)) {
			sem_post(&free_threads);
			close(task->reply);
			free(task);
		} else {
			pthread_detach(thread);
		}
	}
}

static void be_agent(int fd)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };

	/* It ends with the daemon, which closes the socket, and not before it. */
	for (size_t i = 0; i < countof(signals); i++)
		sigaction(signals[i], &ignore, NULL);
	prctl(PR_SET_NAME, "kalamfs-agent");
	if (fd != 3 && dup2(fd, 3) == 3)
		fd = 3;
	if (fd == 3)
		close_range(4, ~0U, 0);
	answer_all(fd);
	_exit(0);
}

/* ----- the daemon's side ----- */

int agent_start(struct agent **out, struct err *err)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int fds[2];

	if (!agent)
		return err_nomem(err);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		free(agent);
		return err_set(err, -errno, "Cannot make a socket: %s", strerror(errno));
	}
	agent->fd = fds[0];
	agent->pid = fork();
	if (!agent->pid) {
		close(fds[0]);
		be_agent(fds[1]);
	}
	close(fds[1]);
	if (agent->pid < 0) {
		int code = -errno;

		close(fds[0]);
		free(agent);
		return err_set(err, code, "Cannot start a process: %s", strerror(-code));
	}
	*out = agent;
	return 0;
}

void agent_stop(struct agent *agent)
{
	if (!agent)
		return;
	close(agent->fd);
	while (waitpid(agent->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	free(agent);
}

/* 0, or -errno of the asking itself; the answer's own rc is in it. */
static int ask(struct agent *agent, const struct question *question, size_t len, int timeout_ms,
	       struct answer *answer, int *passed)
{
	struct pollfd wait = { .events = POLLIN };
	int fds[2], rc;

	*passed = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	rc = send_with(agent->fd, question, len, fds[1]) < 0 ? -errno : 0;
	close(fds[1]);
	wait.fd = fds[0];
	if (!rc) {
		do
			rc = poll(&wait, 1, timeout_ms);
		while (rc < 0 && errno == EINTR);
		rc = rc < 0 ? -errno : rc ? 0 : -ETIMEDOUT;
	}
	if (!rc && receive_with(fds[0], answer, sizeof(*answer), passed) != (ssize_t)sizeof(*answer))
		rc = -EPIPE;
	close(fds[0]);
	return rc;
}

void agent_user_name(struct agent *agent, uid_t uid, char out[USER_NAME_SIZE])
{
	struct question question = { .kind = ASK_USER_NAME, .uid = uid };
	struct answer answer;
	int passed;

	if (!agent)
		ask_user_name(uid, out);
	else if (ask(agent, &question, offsetof(struct question, path), ANSWER_MS, &answer, &passed))
		snprintf(out, USER_NAME_SIZE, "%u", (unsigned)uid);
	else
		memcpy(out, answer.name, USER_NAME_SIZE);
}

static int ask_path(struct agent *agent, enum question_kind kind, const char *path, int timeout_ms,
		    int *passed)
{
	struct question question = { .kind = kind };
	struct answer answer;
	size_t len = strlen(path) + 1;
	int rc;

	*passed = -1;
	if (len > sizeof(question.path))
		return -ENAMETOOLONG;
	memcpy(question.path, path, len);
	rc = ask(agent, &question, offsetof(struct question, path) + len, timeout_ms, &answer, passed);
	return rc ? rc : answer.rc;
}

int agent_open_dir(struct agent *agent, const char *path)
{
	int fd, rc;

	if (!agent)
		return open_dir(path);
	rc = ask_path(agent, ASK_OPEN_DIR, path, ANSWER_MS, &fd);
	return rc ? rc : fd < 0 ? -EIO : fd;
}

int agent_unmount(struct agent *agent, const char *mountpoint)
{
	int passed;

	return agent ? ask_path(agent, ASK_UNMOUNT, mountpoint, UNMOUNT_MS, &passed) : unmount(mountpoint);
}
