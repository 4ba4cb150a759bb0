/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/fuse.h"

#include "fs/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define LINE_MAX_BYTES 1024
#define LINES_PER_SECOND 20

/*
 * The one global of the mount: libfuse's log function has no argument to carry
 * it, and everything here is set up before the first thread.
 */
static struct {
	pthread_mutex_t lock;	/* all below */
	bool foreground, capturing, has_captured;
	char captured[LINE_MAX_BYTES];
	time_t second;
	unsigned lines, dropped;
} journal = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void escape(const char *text, char *out, size_t size)
{
	size_t at = 0;

	for (const unsigned char *p = (const unsigned char *)text; *p && at + 5 < size; p++) {
		if (*p < 0x20 || *p >= 0x7f)
			at += (size_t)snprintf(out + at, size - at, "\\x%02x", *p);
		else
			out[at++] = (char)*p;
	}
	out[at] = '\0';
}

static void write_line(int priority, const char *line)
{
	if (journal.foreground)
		fprintf(stderr, "kalamfs: %s\n", line);
	else
		syslog(priority, "%s", line);
}

/* Whether this second has room for one more line; says how many it had not. */
static bool may_write(void)
{
	struct timespec now;
	char line[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != journal.second) {
		if (journal.dropped) {
			snprintf(line, sizeof(line), "%u more messages were left out",
				 journal.dropped);
			write_line(LOG_NOTICE, line);
		}
		journal.second = now.tv_sec;
		journal.lines = 0;
		journal.dropped = 0;
	}
	if (journal.lines++ < LINES_PER_SECOND)
		return true;
	journal.dropped++;
	return false;
}

static void PRINTF_LIKE(2, 0) vlog(int priority, const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	escape(text, line, sizeof(line));
	pthread_mutex_lock(&journal.lock);
	if (may_write())
		write_line(priority, line);
	pthread_mutex_unlock(&journal.lock);
}

void log_message(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(priority, fmt, ap);
	va_end(ap);
}

/* libfuse says some sentences in pieces; the newline ends one. */
static bool PRINTF_LIKE(1, 0) capture(const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES];
	const char *from = text;
	bool capturing;
	size_t len;

	pthread_mutex_lock(&journal.lock);
	len = strlen(journal.captured);
	capturing = journal.capturing;
	/* The first sentence names the cause; what follows are consequences. */
	if (capturing && !journal.has_captured) {
		vsnprintf(text, sizeof(text), fmt, ap);
		journal.has_captured = strchr(text, '\n');
		text[strcspn(text, "\n")] = '\0';
		if (!strncmp(from, "fuse: ", strlen("fuse: ")))
			from += strlen("fuse: ");
		escape(from, journal.captured + len, sizeof(journal.captured) - len);
	}
	pthread_mutex_unlock(&journal.lock);
	return capturing;
}

static void PRINTF_LIKE(2, 0) log_fuse(enum fuse_log_level level, const char *fmt, va_list ap)
{
	if (level == FUSE_LOG_DEBUG)
		vfprintf(stderr, fmt, ap);
	else if (!capture(fmt, ap))
		vlog((int)level, fmt, ap);	/* libfuse's levels are syslog's */
}

void log_open(bool foreground)
{
	journal.foreground = foreground;
	if (!foreground)
		openlog("kalamfs", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	fuse_set_log_func(log_fuse);
}

void log_capture(void)
{
	pthread_mutex_lock(&journal.lock);
	journal.capturing = true;
	journal.has_captured = false;
	journal.captured[0] = '\0';
	pthread_mutex_unlock(&journal.lock);
	fuse_set_log_func(log_fuse);
}

void log_release(void)
{
	pthread_mutex_lock(&journal.lock);
	journal.capturing = false;
	pthread_mutex_unlock(&journal.lock);
}

const char *log_captured(void)
{
	return journal.captured;
}
