/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions in front of LMDB's: the n-th one says that it found damage, that the
 * map is full, that a transaction is too large or that no place for a reader is
 * left; or it reads a page of data.mdb that is not there, which is a real SIGBUS.
 */
#include "tests/faults/inject.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool inject_deaf;

/* The function behind ours. */
static void *behind(const char *name)
{
	void *at = dlsym(RTLD_NEXT, name);

	if (!at)
		abort();
	return at;
}

#define BEHIND(name) ((__typeof__(&(name)))behind(#name))

/* The map is longer than the file: its last page is none. */
static void read_behind_the_end(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];
	uintptr_t end = 0;

	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "/data.mdb"))
			sscanf(line, "%*x-%" SCNxPTR, &end);
	if (maps)
		fclose(maps);
	if (end)
		(void)*((volatile char *)end - 1);
}

/* 0, or what a call of this kind has to answer instead of being made. */
static int refused(int kind)
{
	if (!inject_fails(kind, NULL))
		return 0;
	if (inject->fault != INJECT_UNREADABLE)
		return inject->fault;
	read_behind_the_end();
	return MDB_CORRUPTED;
}

int mdb_get(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
	static __typeof__(&mdb_get) real;
	int rc = refused(INJECT_STORE);

	if (!real)
		real = BEHIND(mdb_get);
	return rc ? rc : real(txn, dbi, key, data);
}

int mdb_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data, unsigned flags)
{
	static __typeof__(&mdb_put) real;
	int rc = refused(INJECT_ROOM);

	if (!real)
		real = BEHIND(mdb_put);
	if (rc && inject_deaf)
		return 0;
	return rc ? rc : real(txn, dbi, key, data, flags);
}

int mdb_del(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, MDB_val *data)
{
	static __typeof__(&mdb_del) real;
	int rc = refused(INJECT_ROOM);

	if (!real)
		real = BEHIND(mdb_del);
	return rc ? rc : real(txn, dbi, key, data);
}

int mdb_cursor_open(MDB_txn *txn, MDB_dbi dbi, MDB_cursor **cursor)
{
	static __typeof__(&mdb_cursor_open) real;
	int rc = refused(INJECT_STORE);

	if (!real)
		real = BEHIND(mdb_cursor_open);
	return rc ? rc : real(txn, dbi, cursor);
}

int mdb_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *data, MDB_cursor_op op)
{
	static __typeof__(&mdb_cursor_get) real;
	int rc = refused(INJECT_STORE);

	if (!real)
		real = BEHIND(mdb_cursor_get);
	return rc ? rc : real(cursor, key, data, op);
}

int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
	static __typeof__(&mdb_txn_begin) real;
	int rc = refused(flags & MDB_RDONLY ? INJECT_READER : INJECT_STORE);

	if (!real)
		real = BEHIND(mdb_txn_begin);
	return rc ? rc : real(env, parent, flags, txn);
}

int mdb_dbi_open(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *dbi)
{
	static __typeof__(&mdb_dbi_open) real;
	int rc = refused(INJECT_STORE);

	if (!real)
		real = BEHIND(mdb_dbi_open);
	return rc ? rc : real(txn, name, flags, dbi);
}
