/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/caller.h"

#include "fs/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAMES 64
#define NAME_SECONDS 60
#define THREADS 256
#define COMMANDS 16

struct user_name {
	bool valid;
	uid_t uid;
	time_t at;	/* CLOCK_MONOTONIC seconds */
	char name[USER_NAME_SIZE];
};

/* A thread that has been asked about, and whose it was then: looked at again before it is believed. */
struct known_thread {
	pid_t thread, process;
};

/*
 * A process that wrote, and its comm in /proc, kept open: reading is a tenth of
 * opening.  The file is bound to the process itself and not to its number, so
 * it gives nothing when that belongs to another one.
 */
struct known_command {
	pid_t process;	/* 0 = none */
	int fd;
};

struct callers {
	struct agent *agent;	/* borrowed; NULL: names are asked for here */
	pthread_mutex_t lock;	/* all below */
	struct user_name names[NAMES];
	struct known_thread threads[THREADS];
	struct known_command commands[COMMANDS];
};

struct callers *callers_new(void)
{
	struct callers *callers = calloc(1, sizeof(*callers));

	if (callers)
		pthread_mutex_init(&callers->lock, NULL);
	return callers;
}

void callers_free(struct callers *callers)
{
	if (!callers)
		return;
	for (size_t i = 0; i < COMMANDS; i++)
		if (callers->commands[i].process)
			close(callers->commands[i].fd);
	pthread_mutex_destroy(&callers->lock);
	free(callers);
}

void callers_ask(struct callers *callers, struct agent *agent)
{
	callers->agent = agent;
}

static time_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void user_name(struct callers *callers, uid_t uid, char out[USER_NAME_SIZE])
{
	struct user_name *slot = &callers->names[uid % NAMES];
	time_t now = now_seconds();
	bool known;

	pthread_mutex_lock(&callers->lock);
	known = slot->valid && slot->uid == uid && now - slot->at < NAME_SECONDS;
	if (known)
		memcpy(out, slot->name, USER_NAME_SIZE);
	pthread_mutex_unlock(&callers->lock);
	if (known)
		return;
	if (!agent_user_name(callers->agent, uid, out))
		return;
	pthread_mutex_lock(&callers->lock);
	*slot = (struct user_name){ .valid = true, .uid = uid, .at = now };
	memcpy(slot->name, out, USER_NAME_SIZE);
	pthread_mutex_unlock(&callers->lock);
}

static int open_proc(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The first bytes of an open file in /proc as a text; whether there were any. */
static bool read_start(int fd, char *out, size_t size)
{
	ssize_t n = pread(fd, out, size - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The same of a file that is not open; "" if there is none. */
static void read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	int fd = open_proc(pid, name);

	*out = '\0';
	if (fd < 0)
		return;
	(void)read_start(fd, out, size);
	close(fd);
}

/* Signal 0 is not sent: who may not send one is told so only if the thread is there. */
static bool is_thread_of(pid_t thread, pid_t process)
{
	return process > 0 && (!tgkill(process, thread, 0) || errno != ESRCH);
}

/* The process of a thread; the thread itself when that cannot be told. */
static pid_t process_of(pid_t thread)
{
	char status[512];
	const char *at;

	if (is_thread_of(thread, thread))
		return thread;
	read_proc(thread, "status", status, sizeof(status));
	at = strstr(status, "\nTgid:");
	return at ? (pid_t)strtol(at + strlen("\nTgid:"), NULL, 10) : thread;
}

/* The same, remembered; with the lock held. */
static pid_t known_process_of(struct callers *callers, pid_t thread)
{
	struct known_thread *known = &callers->threads[(unsigned)thread % THREADS];

	if (known->thread != thread || !is_thread_of(thread, known->process))
		*known = (struct known_thread){ thread, process_of(thread) };
	return known->process;
}

/* With the lock held. */
static void read_command(struct callers *callers, pid_t process, char *out, size_t size)
{
	struct known_command *known = &callers->commands[(unsigned)process % COMMANDS];

	if (known->process == process && read_start(known->fd, out, size))
		return;
	if (known->process)
		close(known->fd);
	*known = (struct known_command){ process, open_proc(process, "comm") };
	*out = '\0';
	if (known->fd < 0)
		known->process = 0;
	else
		(void)read_start(known->fd, out, size);
}

void caller_author(struct callers *callers, uid_t uid, pid_t thread, struct author *out)
{
	*out = (struct author){ .uid = uid, .command = "?" };
	user_name(callers, uid, out->user);
	if (!thread)
		return;
	pthread_mutex_lock(&callers->lock);
	out->pid = (uint32_t)known_process_of(callers, thread);
	read_command(callers, (pid_t)out->pid, out->command, sizeof(out->command));
	pthread_mutex_unlock(&callers->lock);
	out->command[strcspn(out->command, "\n")] = '\0';
	if (!*out->command)
		memcpy(out->command, "?", sizeof("?"));
}

/* The 22nd field of stat; the second one is a name in parentheses that may hold anything. */
static uint64_t start_of(pid_t process)
{
	char text[1024];
	const char *at;

	read_proc(process, "stat", text, sizeof(text));
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

void caller_process(uint32_t uid, pid_t thread, struct process *out)
{
	*out = (struct process){ .uid = uid };
	if (!thread)
		return;
	out->pid = process_of(thread);
	out->started = start_of(out->pid);
}
