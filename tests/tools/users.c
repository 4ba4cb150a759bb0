/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * users make BASE plain|sharded COUNT    - users user_0 .. below BASE
 * users churn BASE plain|sharded SECONDS - others that come and go, and are gone at the end
 *
 * Most are links to a directory, which count as well and are cheap.
 */
#include "paths/shard.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHURNING 4096

static const char *base;
static bool sharded;

static void path_of(const char *kind, unsigned number, char path[4096])
{
	char user[32];
	int len = snprintf(user, sizeof(user), "%s_%06u", kind, number);

	if (sharded)
		snprintf(path, 4096, "%s/shard_%u/%s", base, shard_of_user(user, (size_t)len), user);
	else
		snprintf(path, 4096, "%s/%s", base, user);
}

static bool failed(const char *path)
{
	perror(path);
	return false;
}

static bool make_shards(void)
{
	char path[4096];

	for (unsigned i = 0; sharded && i < USER_SHARDS; i++) {
		snprintf(path, sizeof(path), "%s/shard_%u", base, i);
		if (mkdir(path, 0700) && errno != EEXIST)
			return failed(path);
	}
	return true;
}

static bool make(unsigned count)
{
	char path[4096];

	for (unsigned i = 0; i < count; i++) {
		path_of("user", i, path);
		if (i % 100 ? symlink(".", path) : mkdir(path, 0700))
			return failed(path);
	}
	return true;
}

static bool is_there[CHURNING];

static bool turn(unsigned number)
{
	char path[4096];

	path_of("churn", number, path);
	if (is_there[number] ? rmdir(path) : mkdir(path, 0700))
		return failed(path);
	is_there[number] = !is_there[number];
	return true;
}

static bool churn(time_t seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned seed = 1;

	while (time(NULL) < end) {
		seed = seed * 1103515245u + 12345u;
		if (!turn(seed / 65536 % CHURNING))
			return false;
	}
	for (unsigned i = 0; i < CHURNING; i++) {
		if (is_there[i] && !turn(i))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool ok;

	if (argc != 5)
		return 2;
	base = argv[2];
	sharded = !strcmp(argv[3], "sharded");
	ok = make_shards();
	if (ok && !strcmp(argv[1], "make"))
		ok = make((unsigned)strtoul(argv[4], NULL, 10));
	else if (ok)
		ok = churn((time_t)strtoul(argv[4], NULL, 10));
	return !ok;
}
