/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of power failures share: statements at random, and the names of controls. */
#ifndef KALAM_TESTS_CRASH_H
#define KALAM_TESTS_CRASH_H

#include "catalog/catalog.h"
#include "catalog/ddl.h"
#include "tests/crash/state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

PRINTF_LIKE(1, 2) static inline void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

/* Which of the controls is called so. */
static inline unsigned control_named(const char *name, const char *const *names, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!strcmp(name, names[i]))
			return i;
	}
	die("no such control: %s", name);
	return 0;
}

/* Random numbers: the same for the same seed. */
static uint64_t random_state;

static inline uint64_t next_random(void)
{
	random_state += UINT64_C(0x9e3779b97f4a7c15);
	return XXH64(&random_state, sizeof(random_state), 0);
}

static inline unsigned below(unsigned limit)
{
	return (unsigned)(next_random() % limit);
}

/* True when it was carried out and changed something. */
static inline bool run(struct catalog *catalog, const char *text)
{
	struct author author = { .uid = 1000, .pid = 42, .user = "ann", .command = "crash" };
	struct request request = { .text = text, .len = strlen(text), .author = author,
				   .source = SOURCE_CTL, .err = ERR_INIT };
	struct request *requests[] = { &request };
	struct script script;
	bool done;

	if (ddl_parse(text, request.len, SCOPE_CATALOG, ENDING_SEMICOLON, false, true, &script,
		      &request.err))
		die("not a statement: %s: %s", text, request.err.text);
	request.script = &script;
	request.commit_count = script.count;
	catalog_commit(catalog, requests, 1);
	done = !request.err.code && request.sequence;
	if (request.err.code == -EIO || request.err.code == -EUCLEAN)
		fprintf(stderr, "%s: %s\n", text, request.err.text);
	request_fini(&request);
	script_free(&script);
	return done;
}

/* The n-th statement of a workload; about every fifth is refused or changes nothing. */
static inline void make_statement(unsigned n, char *out, size_t size)
{
	unsigned t = below(12), s = below(6);

	switch (below(14)) {
	case 0:
		snprintf(out, size, "CREATE NAMESPACE IF NOT EXISTS s%u COMMENT 'space %u'", s, n);
		break;
	case 1:
	case 2:
	case 3:
		snprintf(out, size, "CREATE NAMESPACE IF NOT EXISTS s%u; CREATE TABLE IF NOT EXISTS s%u.t%u (id BIGINT PRIMARY KEY, name TEXT DEFAULT 'n%u' COMMENT 'made by %u')",
			 s, s, t, n, n);
		break;
	case 4:
	case 5:
	case 6:
		snprintf(out, size, "ALTER TABLE IF EXISTS s%u.t%u ADD COLUMN IF NOT EXISTS c%u INT COMMENT '%0*u'",
			 s, t, n, (int)below(400) + 1, n);
		break;
	case 7:
		snprintf(out, size, "ALTER TABLE IF EXISTS s%u.t%u COMMENT '%0*u'", s, t, (int)below(3000) + 1, n);
		break;
	case 8:
		snprintf(out, size, "DROP TABLE IF EXISTS s%u.t%u", s, t);
		break;
	case 9:
		snprintf(out, size, "UNDROP TABLE s%u.t%u", s, t);
		break;
	case 10:
		snprintf(out, size, "DROP TABLE IF EXISTS s%u.t%u PURGE", s, t);
		break;
	case 11:
		snprintf(out, size, "ALTER TABLE IF EXISTS s%u.t%u RENAME TO s%u.r%u", s, t, below(6), n);
		break;
	case 12:
		snprintf(out, size, "CREATE STORAGE d%u TYPE filesystem PATH '/data/%u' DESCRIPTION 'number %u'", n, n, n);
		break;
	default:
		snprintf(out, size, "ALTER STORAGE local SET DESCRIPTION 'number %u'", n);
		break;
	}
}

#endif
