/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log - the daemon's messages: to syslog, or to stderr in the foreground.
 * Control characters are written as \xNN; a flood is counted, not written.
 */
#ifndef KALAM_FS_LOG_H
#define KALAM_FS_LOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

/* Priorities are those of syslog(3). */
void log_open(bool foreground);
void log_message(int priority, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Keep what libfuse says instead of writing it, until log_release: the reason
 * why mounting did not work.
 */
void log_capture(void);
void log_release(void);

/* What was kept, without "fuse: " in front and newlines; "" if nothing was.  Static memory. */
const char *log_captured(void);

#endif
