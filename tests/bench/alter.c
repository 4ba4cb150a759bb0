/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alter - how many durable changes of a table a second N clients get.
 *
 *	alter LABEL VARIANT SECONDS|COUNTx CLIENTS TARGET ARGUMENT...
 *	    kalamfs DIRECTORY       client i writes to DIRECTORY/t<i>/ctl
 *	    create DIRECTORY        CREATE TABLE into DIRECTORY/ctl, a namespace's
 *	    lmdb COPY CATALOG       the rows of such ALTERs straight into the LMDB of a copy
 *	    fdatasync FILE          8 KiB written over and synced
 *	    sqlite FILE CATALOG     rows of these sizes in SQLite, WAL, fully synchronous
 *	    postgresql TABLES       ALTER TABLE t<n> ADD COLUMN, by the environment of libpq
 *
 * Prints one row: changes a second of all clients or, where each is to make
 * COUNT of them, microseconds of one change.  The newest change of CATALOG is the pattern: its table must
 * be like those of the clients.  LMDB has one committer, one change to a
 * commit, whatever CLIENTS says: they are then the tables that it changes in
 * turn.
 */
#include "catalog/catalog.h"
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <lmdb.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS_MAX 1024
#define OVERWRITE 8192
#define STATEMENT_MAX 256

struct client {
	unsigned n;		/* from 0 */
	unsigned long done;	/* changes that were acknowledged */
	pthread_t thread;
	int fd;
	sqlite3 *sqlite;
	sqlite3_stmt *put[3];	/* object, version, line of the log */
	PGconn *postgresql;
};

struct target {
	const char *name;
	void (*open)(struct client *client);
	void (*alter)(struct client *client);
	void (*close)(struct client *client);
	unsigned cycle;		/* changes after which a table is as it was */
	bool is_alone;		/* one client, whatever was asked for */
	bool has_pattern;	/* a catalog, its last argument */
};

static const char *place;	/* the target's argument */
static unsigned clients;
static unsigned long limit;		/* changes of each client; 0: until it is told to stop */
static atomic_bool stop;
static pthread_barrier_t ready;

/* ----- kalamfs ----- */

/* What a client writes in turn, and a number behind it where there is a comment. */
static const struct {
	const char *text, *end;
} cycle[] = {
	{ "ADD COLUMN extra INT COMMENT 'number ", "'" },
	{ "ALTER COLUMN extra COMMENT 'changed by ", "'" },
	{ "DROP COLUMN extra -- ", "" },
};

static void open_ctl(struct client *client)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/t%06u/ctl", place, client->n + 1);
	client->fd = open(path, O_WRONLY);
	if (client->fd < 0)
		bench_die("%s: %s", path, strerror(errno));
}

static void alter_ctl(struct client *client)
{
	size_t step = client->done % countof(cycle);
	char text[STATEMENT_MAX];
	int len = snprintf(text, sizeof(text), "%s%lu%s\n", cycle[step].text, client->done,
			   cycle[step].end);

	if (write(client->fd, text, (size_t)len) != len)
		bench_die("table %u, '%.*s': %s", client->n + 1, len - 1, text, strerror(errno));
}

static void open_namespace(struct client *client)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/ctl", place);
	client->fd = open(path, O_WRONLY);
	if (client->fd < 0)
		bench_die("%s: %s", path, strerror(errno));
}

static void create_table(struct client *client)
{
	char text[STATEMENT_MAX];
	int len = snprintf(text, sizeof(text),
			   "CREATE SHARED TABLE x%d_%u_%lu (id BIGINT PRIMARY KEY, c2 TEXT, "
			   "c3 BIGINT, c4 TIMESTAMP, c5 DOUBLE, c6 BOOLEAN, c7 DATE, c8 JSON);\n",
			   (int)getpid(), client->n, client->done);

	if (write(client->fd, text, (size_t)len) != len)
		bench_die("%s: '%.*s': %s", place, len - 1, text, strerror(errno));
}

static void close_file(struct client *client)
{
	close(client->fd);
}

/* ----- the rows of an ALTER ----- */

struct row {
	enum store_db db;
	uint8_t key[64], *value;	/* value: owned */
	size_t key_len, value_len;
};

static struct row object_row, version_row, log_row, change_row;

/* The last row of a database whose key is below this one. */
static void sample(struct txn *txn, enum store_db db, const void *below, size_t len,
		   struct row *out)
{
	struct cursor *cursor;
	struct bytes k, v;

	if (cursor_open(txn, db, &cursor, NULL) ||
	    cursor_seek_before(cursor, (struct bytes){ below, len }, &k, &v))
		bench_die("database %d of the catalog has no row to take for a pattern", (int)db);
	out->db = db;
	out->key_len = k.len;
	memcpy(out->key, k.at, k.len);
	out->value_len = v.len;
	out->value = malloc(v.len);
	if (!out->value)
		bench_die("no memory");
	memcpy(out->value, v.at, v.len);
	cursor_close(cursor);
}

static void put_be(uint8_t *at, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static int changed_table(void *arg, uint64_t at, const struct change_row *row)
{
	(void)at;
	*(uint32_t *)arg = row->id;
	return 0;
}

/* What the newest change of a catalog wrote. */
static void sample_rows(const char *dir)
{
	struct catalog_options options = { .read_only = true };
	static const uint8_t end[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	uint8_t key[8] = { OBJECT_TABLE };
	struct catalog *catalog;
	struct err err = ERR_INIT;
	struct txn *txn;
	uint32_t table = 0;
	uint64_t sequence;

	if (catalog_open(dir, &options, &catalog, &err) || catalog_begin(catalog, &txn, &err))
		bench_die("%s: %s", dir, err.text);
	sequence = meta_get(txn, META_SEQUENCE);
	if (changes_list(txn, sequence - 1, changed_table, &table) || !table)
		bench_die("%s: the newest change is none of a table", dir);
	put_be(key + 1, table + 1, 4);
	sample(txn, DB_OBJECTS, key, 5, &object_row);
	put_be(key, table, 4);
	put_be(key + 4, UINT32_MAX, 4);
	sample(txn, DB_VERSIONS, key, 8, &version_row);
	sample(txn, DB_LOG, end, sizeof(end), &log_row);
	sample(txn, DB_CHANGES, end, sizeof(end), &change_row);
	txn_end(txn);
	catalog_close(catalog);
}

/* ----- LMDB ----- */

static struct {
	MDB_env *env;
	MDB_dbi meta, objects, versions, log, changes;
	uint64_t sequence, log_end;	/* of the last change */
} lmdb;

static void check_lmdb(int rc)
{
	if (rc)
		bench_die("LMDB: %s", mdb_strerror(rc));
}

static uint64_t get_meta(MDB_txn *txn, const char *name)
{
	MDB_val key = { strlen(name), (void *)(uintptr_t)name }, value;
	uint64_t number;

	check_lmdb(mdb_get(txn, lmdb.meta, &key, &value));
	memcpy(&number, value.mv_data, sizeof(number));
	return number;
}

static void open_lmdb(struct client *client)
{
	static const struct {
		const char *name;
		MDB_dbi *dbi;
	} databases[] = {
		{ "meta", &lmdb.meta }, { "objects", &lmdb.objects }, { "versions", &lmdb.versions },
		{ "log", &lmdb.log }, { "changes", &lmdb.changes },
	};
	MDB_txn *txn;

	(void)client;
	check_lmdb(mdb_env_create(&lmdb.env));
	check_lmdb(mdb_env_set_maxdbs(lmdb.env, 16));
	check_lmdb(mdb_env_set_mapsize(lmdb.env, (size_t)1 << 40));
	check_lmdb(mdb_env_open(lmdb.env, place, 0, 0600));
	check_lmdb(mdb_txn_begin(lmdb.env, NULL, 0, &txn));
	for (size_t i = 0; i < countof(databases); i++)
		check_lmdb(mdb_dbi_open(txn, databases[i].name, 0, databases[i].dbi));
	lmdb.sequence = get_meta(txn, "sequence");
	lmdb.log_end = get_meta(txn, "log_end");
	check_lmdb(mdb_txn_commit(txn));
}

static void put_row(MDB_txn *txn, MDB_dbi dbi, const struct row *row)
{
	MDB_val key = { row->key_len, (void *)(uintptr_t)row->key };
	MDB_val value = { row->value_len, row->value };

	check_lmdb(mdb_put(txn, dbi, &key, &value, 0));
}

static void put_meta(MDB_txn *txn, const char *name, uint64_t number)
{
	MDB_val key = { strlen(name), (void *)(uintptr_t)name };
	MDB_val value = { sizeof(number), &number };

	check_lmdb(mdb_put(txn, lmdb.meta, &key, &value, 0));
}

/*
 * What catalog/seal.c writes for one ALTER: other keys each time, values of the
 * same sizes.  No table has had as many versions as there were changes.
 */
static void commit_rows(struct client *client)
{
	uint32_t table = TABLE_USER_FIRST + (uint32_t)(client->done % clients);
	MDB_txn *txn;

	put_be(log_row.key, lmdb.log_end += log_row.value_len, 8);
	put_be(change_row.key, ++lmdb.sequence, 8);
	put_be(object_row.key + 1, table, 4);
	put_be(version_row.key, table, 4);
	put_be(version_row.key + 4, lmdb.sequence, 4);
	check_lmdb(mdb_txn_begin(lmdb.env, NULL, 0, &txn));
	put_row(txn, lmdb.log, &log_row);
	put_meta(txn, "log_end", lmdb.log_end);
	put_row(txn, lmdb.objects, &object_row);
	put_row(txn, lmdb.versions, &version_row);
	put_row(txn, lmdb.changes, &change_row);
	put_meta(txn, "sequence", lmdb.sequence);
	put_meta(txn, "last_stamp", lmdb.sequence);
	put_meta(txn, "state", lmdb.sequence);
	check_lmdb(mdb_txn_commit(txn));
}

static void close_lmdb(struct client *client)
{
	(void)client;
	mdb_env_close(lmdb.env);
}

/* ----- a file ----- */

static void open_file(struct client *client)
{
	client->fd = open(place, O_WRONLY | O_CREAT, 0600);
	if (client->fd < 0)
		bench_die("%s: %s", place, strerror(errno));
}

static void overwrite(struct client *client)
{
	static char bytes[OVERWRITE];

	memset(bytes, (int)client->done, sizeof(bytes));
	if (pwrite(client->fd, bytes, sizeof(bytes), 0) != OVERWRITE || fdatasync(client->fd))
		bench_die("%s: %s", place, strerror(errno));
}

/* ----- SQLite ----- */

/* SQLite waits for its write lock by sleeping; taking turns serves it better. */
static pthread_mutex_t sqlite_turn = PTHREAD_MUTEX_INITIALIZER;

static void run_sqlite(struct client *client, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(client->sqlite, sql, NULL, NULL, &message))
		bench_die("SQLite: %s: %s", sql, message);
}

static const char *const sqlite_puts[] = {
	"INSERT INTO objects (id, record) VALUES (?, zeroblob(?))"
	" ON CONFLICT (id) DO UPDATE SET record = excluded.record",
	"INSERT INTO versions (id, version, record)"
	" SELECT ?1, coalesce(max(version), 0) + 1, zeroblob(?2) FROM versions WHERE id = ?1",
	"INSERT INTO log (line) SELECT hex(zeroblob(?2 / 2)) WHERE ?1",
};

static void open_sqlite(struct client *client)
{
	if (sqlite3_open(place, &client->sqlite))
		bench_die("SQLite: %s: %s", place, sqlite3_errmsg(client->sqlite));
	sqlite3_busy_timeout(client->sqlite, 10000);
	run_sqlite(client, "PRAGMA synchronous = FULL");
	for (size_t i = 0; i < countof(sqlite_puts); i++)
		if (sqlite3_prepare_v2(client->sqlite, sqlite_puts[i], -1, &client->put[i], NULL))
			bench_die("SQLite: %s", sqlite3_errmsg(client->sqlite));
}

static void put_sqlite(struct client *client, unsigned i, size_t len)
{
	sqlite3_bind_int64(client->put[i], 1, client->n + 1);
	sqlite3_bind_int64(client->put[i], 2, (sqlite3_int64)len);
	if (sqlite3_step(client->put[i]) != SQLITE_DONE)
		bench_die("SQLite: %s", sqlite3_errmsg(client->sqlite));
	sqlite3_reset(client->put[i]);
}

/* Rows of the sizes that kalamfs' have, but for the one of its notifications. */
static void alter_sqlite(struct client *client)
{
	size_t sizes[] = { object_row.value_len, version_row.value_len, log_row.value_len };

	pthread_mutex_lock(&sqlite_turn);
	run_sqlite(client, "BEGIN IMMEDIATE");
	for (unsigned i = 0; i < countof(sqlite_puts); i++)
		put_sqlite(client, i, sizes[i]);
	run_sqlite(client, "COMMIT");
	pthread_mutex_unlock(&sqlite_turn);
}

static void close_sqlite(struct client *client)
{
	for (size_t i = 0; i < countof(sqlite_puts); i++)
		sqlite3_finalize(client->put[i]);
	sqlite3_close(client->sqlite);
}

/* ----- PostgreSQL ----- */

static void open_postgresql(struct client *client)
{
	client->postgresql = PQconnectdb("");
	if (PQstatus(client->postgresql) != CONNECTION_OK)
		bench_die("PostgreSQL: %s", PQerrorMessage(client->postgresql));
}

/* In turn over tables of its own, since one takes no more than 1600 columns. */
static void alter_postgresql(struct client *client)
{
	unsigned long tables = strtoul(place, NULL, 10) / clients;
	char text[STATEMENT_MAX];
	PGresult *result;

	snprintf(text, sizeof(text), "ALTER TABLE t%06lu ADD COLUMN x%d_%lu int",
		 client->done % tables * clients + client->n + 1, (int)getpid(), client->done);
	result = PQexec(client->postgresql, text);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		bench_die("PostgreSQL: %s: %s", text, PQerrorMessage(client->postgresql));
	PQclear(result);
}

static void close_postgresql(struct client *client)
{
	PQfinish(client->postgresql);
}

/* ----- clients ----- */

static const struct target targets[] = {
	{ "kalamfs", open_ctl, alter_ctl, close_file, countof(cycle), false, false },
	{ "create", open_namespace, create_table, close_file, 1, false, false },
	{ "lmdb", open_lmdb, commit_rows, close_lmdb, 1, true, true },
	{ "fdatasync", open_file, overwrite, close_file, 1, true, false },
	{ "sqlite", open_sqlite, alter_sqlite, close_sqlite, 1, false, true },
	{ "postgresql", open_postgresql, alter_postgresql, close_postgresql, 1, false, false },
};

static const struct target *target;

/* Its table must be as it was when the next one comes. */
static bool goes_on(const struct client *client)
{
	if (client->done % target->cycle)
		return true;
	return limit ? client->done < limit : !atomic_load_explicit(&stop, memory_order_relaxed);
}

static void *run_client(void *arg)
{
	struct client *client = arg;

	pthread_barrier_wait(&ready);
	while (goes_on(client)) {
		target->alter(client);
		client->done++;
	}
	return NULL;
}

/* Changes that all clients made, and the nanoseconds that they took. */
static unsigned long measure(struct client *all, unsigned count, double seconds, uint64_t *took)
{
	unsigned long done = 0;
	uint64_t from;

	pthread_barrier_init(&ready, NULL, count + 1);
	for (unsigned i = 0; i < count; i++) {
		all[i].n = i;
		target->open(&all[i]);
		if (pthread_create(&all[i].thread, NULL, run_client, &all[i]))
			bench_die("cannot start client %u", i);
	}
	pthread_barrier_wait(&ready);
	from = bench_now();
	if (!limit)
		usleep((useconds_t)(seconds * 1e6));
	atomic_store(&stop, true);
	for (unsigned i = 0; i < count; i++)
		pthread_join(all[i].thread, NULL);
	*took = bench_now() - from;
	for (unsigned i = 0; i < count; i++) {
		target->close(&all[i]);
		done += all[i].done;
	}
	return done;
}

int main(int argc, char **argv)
{
	static struct client all[CLIENTS_MAX];
	unsigned long done;
	double seconds;
	uint64_t took;
	char *unit;

	if (argc < 7)
		bench_die("usage: alter LABEL VARIANT SECONDS|COUNTx CLIENTS TARGET ARGUMENT...");
	for (size_t i = 0; i < countof(targets); i++)
		if (!strcmp(targets[i].name, argv[5]))
			target = &targets[i];
	clients = (unsigned)strtoul(argv[4], NULL, 10);
	place = argv[6];
	seconds = strtod(argv[3], &unit);
	limit = *unit == 'x' ? (unsigned long)seconds : 0;
	if (!target || !clients || clients > CLIENTS_MAX)
		bench_die("there is no target '%s', or not for %s clients", argv[5], argv[4]);
	if (target->has_pattern)
		sample_rows(argv[argc - 1]);
	done = measure(all, target->is_alone ? 1 : clients, seconds, &took);
	if (limit)
		bench_row(argv[1], "us", argv[2], (double)took / 1000 / (double)done);
	else
		bench_row(argv[1], "1/s", argv[2], (double)done / ((double)took / 1e9));
	return 0;
}
