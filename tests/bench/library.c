/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library - what libkalam does without a mount.
 *
 *	library lookup ROUNDS CATALOG   a definition and its place, by table id
 *	library arrow ROUNDS CATALOG    columns of every type to Arrow and back
 *	library cache ROUNDS CATALOG    the schema cache with more tables than entries
 *
 * CATALOG has the namespace `bench`, for `arrow` the table bench.types.
 */
#include "catalog/arrow.h"
#include "catalog/catalog.h"
#include "tests/bench/bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 1000		/* of the cache */
#define LOOKUPS 200000		/* of a round */
#define CONVERSIONS 5000	/* of a table in a round */
#define THREADS 4

struct ids {
	uint32_t *at;		/* owned */
	size_t n, room;
};

static struct catalog *open_catalog(const char *dir)
{
	struct catalog_options options = { .read_only = true, .cache_tables = ENTRIES };
	struct catalog *catalog;
	struct err err = ERR_INIT;

	if (catalog_open(dir, &options, &catalog, &err))
		bench_die("%s: %s", dir, err.text);
	return catalog;
}

static struct txn *begin(struct catalog *catalog)
{
	struct err err = ERR_INIT;
	struct txn *txn;

	if (catalog_begin(catalog, &txn, &err))
		bench_die("%s", err.text);
	return txn;
}

static int add_id(void *arg, uint32_t id, const char *name, size_t len)
{
	struct ids *ids = arg;

	(void)name;
	(void)len;
	if (ids->n == ids->room) {
		ids->room = ids->room ? 2 * ids->room : 1024;
		ids->at = reallocarray(ids->at, ids->room, sizeof(*ids->at));
		if (!ids->at)
			bench_die("no memory");
	}
	ids->at[ids->n++] = id;
	return 0;
}

static struct ids list_tables(struct catalog *catalog)
{
	struct txn *txn = begin(catalog);
	struct ids ids = { 0 };
	uint32_t ns;

	if (catalog_find(catalog, txn, DIR_NAMESPACES, 0, "bench", &ns) ||
	    catalog_list(catalog, txn, DIR_TABLES, ns, 0, add_id, &ids) || !ids.n)
		bench_die("%s has no tables in namespace bench", catalog_dir(catalog));
	txn_end(txn);
	return ids;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* ----- lookup ----- */

static void look_up(struct catalog *catalog, struct txn *txn, uint32_t id)
{
	struct err err = ERR_INIT;
	struct table *table;
	struct place place;

	if (catalog_table(catalog, txn, id, &table, &err) ||
	    catalog_place(catalog, txn, table, &place, &err))
		bench_die("table %u: %s", id, err.text);
	storage_put(place.storage);
	table_put(table);
}

/* Nanoseconds of a lookup of one of the first n tables, in a transaction each or all in one. */
static double time_lookups(struct catalog *catalog, const struct ids *ids, size_t n, bool together)
{
	struct txn *txn = together ? begin(catalog) : NULL;
	uint64_t seed = 88172645463325252u, from = bench_now();

	for (unsigned i = 0; i < LOOKUPS; i++) {
		uint32_t id = ids->at[next_random(&seed) % n];

		if (!together)
			txn = begin(catalog);
		look_up(catalog, txn, id);
		if (!together)
			txn_end(txn);
	}
	if (together)
		txn_end(txn);
	return (double)(bench_now() - from) / LOOKUPS;
}

static void measure_lookup(unsigned rounds, const char *dir)
{
	static const char label[] = "definition and place of a table, by id";
	struct catalog *catalog = open_catalog(dir);
	struct ids ids = list_tables(catalog);
	size_t hot = ids.n < ENTRIES / 2 ? ids.n : ENTRIES / 2;

	(void)time_lookups(catalog, &ids, hot, true);
	for (unsigned i = 0; i < rounds; i++) {
		bench_row(label, "ns", "cached", time_lookups(catalog, &ids, hot, false));
		bench_row(label, "ns", "cached, one snapshot", time_lookups(catalog, &ids, hot, true));
	}
	for (unsigned i = 0; i < rounds && ids.n > 5 * ENTRIES; i++)
		bench_row(label, "ns", "mostly not cached", time_lookups(catalog, &ids, ids.n, false));
	free(ids.at);
	catalog_close(catalog);
}

/* ----- Arrow ----- */

static struct table *types_table(struct catalog *catalog)
{
	struct txn *txn = begin(catalog);
	struct err err = ERR_INIT;
	struct table *table;
	uint32_t ns, id;

	if (catalog_find(catalog, txn, DIR_NAMESPACES, 0, "bench", &ns) ||
	    catalog_find(catalog, txn, DIR_TABLES, ns, "types", &id) ||
	    catalog_table(catalog, txn, id, &table, &err))
		bench_die("%s has no table bench.types", catalog_dir(catalog));
	txn_end(txn);
	return table;
}

/* One table to Arrow and back; whether it is the same. */
static bool convert(const struct table *table, bool compare)
{
	struct err err = ERR_INIT;
	struct table *back;
	char *bytes = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);
	bool same = true;

	if (!out)
		bench_die("no memory");
	arrow_print_schema(table, out);
	if (fclose(out) || arrow_read_schema(bytes, len, &back, &err))
		bench_die("%s", err.text);
	for (uint32_t i = 0; compare && same && i < table->column_count; i++)
		same = back->column_count == table->column_count &&
		       type_equal(&back->columns[i].type, &table->columns[i].type);
	table_put(back);
	free(bytes);
	return same;
}

static void measure_arrow(unsigned rounds, const char *dir)
{
	struct catalog *catalog = open_catalog(dir);
	struct table *table = types_table(catalog);

	if (!convert(table, true))
		bench_die("bench.types comes back from Arrow with other types");
	for (unsigned i = 0; i < rounds; i++) {
		uint64_t from = bench_now();

		for (unsigned j = 0; j < CONVERSIONS; j++)
			(void)convert(table, false);
		bench_row("a column to Arrow and back", "ns", "libkalam",
			  (double)(bench_now() - from) / CONVERSIONS / table->column_count);
	}
	table_put(table);
	catalog_close(catalog);
}

/* ----- the cache under load ----- */

struct load {
	struct catalog *catalog;
	const struct ids *ids;
	const double *sums;	/* of the weights of tables up to each; NULL: all the same */
	uint64_t seed;
};

static size_t pick(struct load *load)
{
	uint64_t number = next_random(&load->seed);
	size_t low = 0, high = load->ids->n - 1;
	double wanted;

	if (!load->sums)
		return number % load->ids->n;
	wanted = (double)(number >> 11) / (double)(UINT64_C(1) << 53) * load->sums[high];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (load->sums[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void *run_load(void *arg)
{
	struct load *load = arg;

	for (unsigned i = 0; i < LOOKUPS / THREADS; i++) {
		struct txn *txn = begin(load->catalog);
		uint32_t id = load->ids->at[pick(load)];
		struct err err = ERR_INIT;
		struct table *table;

		if (catalog_table(load->catalog, txn, id, &table, &err))
			bench_die("table %u: %s", id, err.text);
		table_put(table);
		txn_end(txn);
	}
	return NULL;
}

/* Weights 1, 1/2, 1/3, ...: as names are used. */
static double *zipf_sums(size_t n)
{
	double *sums = calloc(n, sizeof(*sums)), sum = 0;

	if (!sums)
		bench_die("no memory");
	for (size_t i = 0; i < n; i++)
		sums[i] = sum += 1.0 / (double)(i + 1);
	return sums;
}

static void run_round(struct catalog *catalog, const struct ids *ids, const double *sums,
		      const char *variant, unsigned round)
{
	struct cache_stats before, after;
	struct load loads[THREADS];
	pthread_t threads[THREADS];
	uint64_t from = bench_now();
	double lookups;

	catalog_cache_stats(catalog, &before);
	for (unsigned i = 0; i < THREADS; i++) {
		loads[i] = (struct load){ catalog, ids, sums, 88172645463325252u + 1000 * round + i };
		if (pthread_create(&threads[i], NULL, run_load, &loads[i]))
			bench_die("cannot start a thread");
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	catalog_cache_stats(catalog, &after);
	lookups = (double)(after.hits - before.hits + after.misses - before.misses);
	if (after.size > after.bound)
		bench_die("the cache has %llu entries, bound %llu", (unsigned long long)after.size,
			  (unsigned long long)after.bound);
	bench_row("schema cache: hits", "%", variant,
		  100 * (double)(after.hits - before.hits) / lookups);
	bench_row("schema cache: evictions", "%", variant,
		  100 * (double)(after.evictions - before.evictions) / lookups);
	bench_row("schema cache: lookups of 4 threads", "1/s", variant,
		  LOOKUPS / ((double)(bench_now() - from) / 1e9));
}

static void measure_cache(unsigned rounds, const char *dir)
{
	struct catalog *catalog = open_catalog(dir);
	struct ids ids = list_tables(catalog);
	double *sums = zipf_sums(ids.n);

	for (unsigned i = 0; i < rounds; i++) {
		run_round(catalog, &ids, NULL, "all tables alike", i);
		run_round(catalog, &ids, sums, "the n-th table 1/n as often", i);
	}
	free(sums);
	free(ids.at);
	catalog_close(catalog);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(unsigned rounds, const char *dir);
	} modes[] = {
		{ "lookup", measure_lookup }, { "arrow", measure_arrow }, { "cache", measure_cache },
	};

	for (size_t i = 0; argc == 4 && i < countof(modes); i++) {
		if (strcmp(argv[1], modes[i].name) == 0) {
			modes[i].run((unsigned)strtoul(argv[2], NULL, 10), argv[3]);
			return 0;
		}
	}
	bench_die("usage: library lookup|arrow|cache ROUNDS CATALOG");
}
