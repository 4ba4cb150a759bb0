/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/agent.h"

#include "fs/mounts.h"

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

enum question_kind { ASK_USER_NAME, ASK_OPEN_DIR, ASK_GUARD, ASK_UNMOUNT };

/* Comes with the socket that the answer goes to. */
struct question {
	enum question_kind kind;
	uid_t uid;
	int connection;
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
	n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (header)	/* nothing else is ever sent along */
		memcpy(passed, CMSG_DATA(header), sizeof(*passed));
	return n;
}

/* ----- the agent's side ----- */

/* 0, or -errno where it cannot be told whether there is a name: then it is the number. */
static int ask_user_name(uid_t uid, char out[USER_NAME_SIZE])
{
	char text[4096];
	struct passwd entry, *found = NULL;
	int rc = getpwuid_r(uid, &entry, text, sizeof(text), &found);

	if (!rc && found)
		snprintf(out, USER_NAME_SIZE, "%s", found->pw_name);
	else
		snprintf(out, USER_NAME_SIZE, "%u", (unsigned)uid);
	return -rc;
}

/* A worker that lists such a directory would wait for itself, or for another one. */
static bool is_kalamfs(int fd)
{
	struct statfs fs = { 0 };
	struct stat st = { 0 };

	fstatfs(fd, &fs);
	fstat(fd, &st);
	return (unsigned long)fs.f_type == FUSE_MAGIC && mounts_have(st.st_dev);
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

static int abort_fd = -1;	/* of the daemon's connection */

/* Of the control file system: where it is mounted, or in a mount of our own that nobody else sees. */
static int open_control(int connection)
{
	char path[64];
	int fd, fs, mounted;

	snprintf(path, sizeof(path), "/sys/fs/fuse/connections/%d/abort", connection);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	fs = fsopen("fusectl", FSOPEN_CLOEXEC);
	if (fs < 0)
		return -errno;
	mounted = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ? -1 :
		  fsmount(fs, FSMOUNT_CLOEXEC, 0);
	snprintf(path, sizeof(path), "%d/abort", connection);
	fd = mounted < 0 ? -1 : openat(mounted, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(fs);
	if (mounted >= 0)
		close(mounted);
	return fd;
}

static int guard(int connection)
{
	abort_fd = open_control(connection);
	return abort_fd < 0 ? abort_fd : 0;
}

/*
 * A daemon that is killed may have a thread in the kernel that waits for the lock
 * of a directory.  Who has that lock waits for an answer, and because of the thread
 * the connection stays open: nobody would ever get on.
 */
static void end_connection(int number)
{
	(void)number;
	(void)!write(abort_fd, "1", 1);
}

/*
 * Whoever is still in it is told at once: a connection that goes on would look to
 * libfuse as if it were still mounted.
 */
static int unmount(const char *mountpoint)
{
	int rc;

	if (!umount2(mountpoint, UMOUNT_NOFOLLOW))
		return 0;
	rc = mounts_detach(mountpoint);
	if (!rc)
		end_connection(0);
	return rc;
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
		answer.rc = ask_user_name(task->question.uid, answer.name);
		break;
	case ASK_OPEN_DIR:
		fd = open_dir(task->question.path);
		answer.rc = fd < 0 ? fd : 0;
		break;
	case ASK_GUARD:
		answer.rc = guard(task->question.connection);
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

static bool start_answer(const struct task *received)
{
	struct task *task = malloc(sizeof(*task));
	pthread_t thread;

	if (!task)
		return false;
	*task = *received;
	sem_wait(task->free_threads);
	if (pthread_create(&thread, NULL, answer_one, task)) {
		sem_post(task->free_threads);
		free(task);
		return false;
	}
	pthread_detach(thread);
	return true;
}

static void answer_all(int fd)
{
	const struct answer refusal = { .rc = -ENOMEM };
	static struct task task;
	static sem_t free_threads;

	sem_init(&free_threads, 0, THREADS);
	task.free_threads = &free_threads;
	while (receive_with(fd, &task.question, sizeof(task.question), &task.reply) > 0) {
		task.question.path[sizeof(task.question.path) - 1] = '\0';
		if (start_answer(&task))
			continue;
		(void)send_with(task.reply, &refusal, sizeof(refusal), -1);
		close(task.reply);
	}
}

/* Whoever waits for the end of what the daemon prints must not wait for this process. */
static void leave_terminal(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int standard = 0; standard <= 2; standard++)
		(void)dup2(fd, standard);
}

static void be_agent(int fd)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction died = { .sa_handler = end_connection, .sa_flags = SA_RESTART };
	int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };

	/* It ends with the daemon, which closes the socket, and not before it. */
	for (size_t i = 0; i < countof(signals); i++)
		sigaction(signals[i], &ignore, NULL);
	prctl(PR_SET_NAME, "kalamfs-agent");
	sigaction(SIGUSR2, &died, NULL);
	prctl(PR_SET_PDEATHSIG, SIGUSR2);
	dup2(fd, 3);
	leave_terminal();
	close_range(4, ~0U, 0);
	answer_all(3);
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
	(void)waitpid(agent->pid, NULL, 0);
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
		rc = -EIO;	/* it is gone */
	close(fds[0]);
	return rc;
}

bool agent_user_name(struct agent *agent, uid_t uid, char out[USER_NAME_SIZE])
{
	struct question question = { .kind = ASK_USER_NAME, .uid = uid };
	struct answer answer = { 0 };
	int passed, rc;

	if (!agent)
		return !ask_user_name(uid, out);
	rc = ask(agent, &question, offsetof(struct question, path), ANSWER_MS, &answer, &passed);
	if (rc || answer.rc)
		snprintf(out, USER_NAME_SIZE, "%u", (unsigned)uid);
	else
		memcpy(out, answer.name, USER_NAME_SIZE);
	return !rc && !answer.rc;
}

static int ask_path(struct agent *agent, enum question_kind kind, const char *path, int timeout_ms,
		    int *passed)
{
	struct question question = { .kind = kind };
	struct answer answer = { 0 };
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

int agent_guard(struct agent *agent, int connection)
{
	struct question question = { .kind = ASK_GUARD, .connection = connection };
	struct answer answer = { 0 };
	int passed;
	int rc = ask(agent, &question, offsetof(struct question, path), ANSWER_MS, &answer, &passed);

	return rc ? rc : answer.rc;
}

int agent_unmount(struct agent *agent, const char *mountpoint)
{
	int passed;

	return agent ? ask_path(agent, ASK_UNMOUNT, mountpoint, UNMOUNT_MS, &passed) : unmount(mountpoint);
}
