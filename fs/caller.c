/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/caller.h"

#include "fs/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAMES 64
#define NAME_SECONDS 60

struct user_name {
	bool valid;
	uid_t uid;
	time_t at;	/* CLOCK_MONOTONIC seconds */
	char name[USER_NAME_SIZE];
};

struct callers {
	struct agent *agent;	/* borrowed; NULL: names are asked for here */
	pthread_mutex_t lock;	/* names */
	struct user_name names[NAMES];
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
	agent_user_name(callers->agent, uid, out);
	pthread_mutex_lock(&callers->lock);
	*slot = (struct user_name){ .valid = true, .uid = uid, .at = now };
	memcpy(slot->name, out, USER_NAME_SIZE);
	pthread_mutex_unlock(&callers->lock);
}

/* The first bytes of a file in /proc as a text; "" if there is none. */
static void read_proc(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, size - 1);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
}

/* The process of a thread; the thread itself when that cannot be told. */
static pid_t process_of(pid_t thread)
{
	char status[512];
	const char *at;

	read_proc(thread, "status", status, sizeof(status));
	at = strstr(status, "\nTgid:");
	return at ? (pid_t)strtol(at + strlen("\nTgid:"), NULL, 10) : thread;
}

void caller_author(struct callers *callers, uid_t uid, pid_t thread, struct author *out)
{
	*out = (struct author){ .uid = uid, .command = "?" };
	user_name(callers, uid, out->user);
	if (!thread)
		return;
	out->pid = (uint32_t)process_of(thread);
	read_proc((pid_t)out->pid, "comm", out->command, sizeof(out->command));
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
