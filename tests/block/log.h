/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What disk.c records and replay.c reads: a sequence of these, each with its bytes behind it. */
#ifndef KALAM_TESTS_BLOCK_LOG_H
#define KALAM_TESTS_BLOCK_LOG_H

#include <stdint.h>

enum log_kind {
	LOG_WRITE,	/* len bytes at offset `at` of the disk */
	LOG_FLUSH,	/* everything above is on the disk */
	LOG_MARK	/* len bytes that somebody wrote to `mark` */
};

struct log_entry {
	uint32_t kind, len;
	uint64_t at;
};

#endif
