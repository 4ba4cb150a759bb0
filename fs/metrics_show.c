/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .kalamfs/metrics: what is counted, in the text format of Prometheus. */
#include "fs/files.h"

#include "catalog/peer.h"
#include "fs/metrics.h"
#include "fs/scratch.h"

#include <stdlib.h>
#include <string.h>

#define NANOSECONDS 1e9
#define MICROSECONDS 1e6

static void family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A line for each result that has occurred; for "ok" in any case. */
static void print_results(FILE *out, const char *name, const char *label, const char *value,
			  const uint64_t counts[METRICS_RESULTS])
{
	for (unsigned i = 0; i < METRICS_RESULTS; i++) {
		if (i && !counts[i])
			continue;
		fprintf(out, "%s{", name);
		if (label)
			fprintf(out, "%s=\"%s\",", label, value);
		fprintf(out, "result=\"%s\"} %llu\n", metrics_result_name(i),
			(unsigned long long)counts[i]);
	}
}

/* labels: empty, or one with a comma behind it. */
static void print_histogram(FILE *out, const char *name, const char *labels,
			    const struct histogram *h, const struct bounds *bounds, double unit)
{
	const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
	int len = *labels ? (int)strlen(labels) - 1 : 0;
	uint64_t count = 0;

	for (unsigned i = 0; i < bounds->count; i++) {
		count += h->buckets[i];
		fprintf(out, "%s_bucket{%sle=\"%g\"} %llu\n", name, labels,
			(double)bounds->at[i] / unit, (unsigned long long)count);
	}
	count += h->buckets[METRICS_BUCKETS];
	fprintf(out, "%s_bucket{%sle=\"+Inf\"} %llu\n", name, labels, (unsigned long long)count);
	fprintf(out, "%s_sum%s%.*s%s %.*f\n", name, open, len, labels, close, unit > 1 ? 9 : 0,
		(double)h->sum / unit);
	fprintf(out, "%s_count%s%.*s%s %llu\n", name, open, len, labels, close,
		(unsigned long long)count);
}

static uint64_t total(const uint64_t counts[METRICS_RESULTS])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < METRICS_RESULTS; i++)
		sum += counts[i];
	return sum;
}

static void print_operations(FILE *out, const struct metrics_counts *counts)
{
	char label[64];

	family(out, "kalamfs_operations_total", "counter",
	       "Requests of the kernel that were answered, by operation and result.");
	for (unsigned i = 0; i < METRICS_OPERATIONS; i++)
		if (metrics_operation_name(i) && total(counts->operations[i].results))
			print_results(out, "kalamfs_operations_total", "operation",
				      metrics_operation_name(i), counts->operations[i].results);
	family(out, "kalamfs_operation_duration_seconds", "histogram",
	       "From a request of the kernel to its answer.");
	for (unsigned i = 0; i < METRICS_OPERATIONS; i++) {
		if (!metrics_operation_name(i) || !total(counts->operations[i].results))
			continue;
		snprintf(label, sizeof(label), "operation=\"%s\",", metrics_operation_name(i));
		print_histogram(out, "kalamfs_operation_duration_seconds", label,
				&counts->operations[i].time, &bounds_time, NANOSECONDS);
	}
	family(out, "kalamfs_kernel_messages_total", "counter",
	       "Messages of the kernel that are no operations, because it waits for no answer.");
	for (unsigned i = 0; i < METRICS_OPERATIONS; i++)
		if (metrics_message_name(i) && counts->messages[i])
			fprintf(out, "kalamfs_kernel_messages_total{message=\"%s\"} %llu\n",
				metrics_message_name(i), (unsigned long long)counts->messages[i]);
}

static void print_changes(FILE *out, const struct metrics_counts *counts)
{
	family(out, "kalamfs_notifications_total", "counter",
	       "What the kernel was told to forget or to keep; ENOENT: it did not have it.");
	for (unsigned i = 0; i < METRICS_NOTIFICATIONS; i++)
		if (metrics_notification_name(i) && total(counts->notifications[i]))
			print_results(out, "kalamfs_notifications_total", "notification",
				      metrics_notification_name(i), counts->notifications[i]);
	family(out, "kalamfs_refusals_total", "counter", "Refusals, as errors.jsonl tells them.");
	for (unsigned i = 0; i < ERR_KIND_COUNT; i++)
		fprintf(out, "kalamfs_refusals_total{kind=\"%s\"} %llu\n",
			err_kind_name((enum err_kind)i), (unsigned long long)counts->refusals[i]);
	family(out, "kalamfs_commits_total", "counter",
	       "Groups of changes that were committed together, or could not be.");
	print_results(out, "kalamfs_commits_total", NULL, NULL, counts->commits);
	family(out, "kalamfs_commit_group_requests", "histogram",
	       "Writes, saves and directory operations in one group.");
	print_histogram(out, "kalamfs_commit_group_requests", "", &counts->commit_group,
			&bounds_group, 1);
	family(out, "kalamfs_commit_duration_seconds", "histogram",
	       "From asking for the write lock until a group is on disk.");
	print_histogram(out, "kalamfs_commit_duration_seconds", "", &counts->commit_time,
			&bounds_time, NANOSECONDS);
}

/* Figures without labels of their own. */
struct figures {
	double queued, under_way, in_flight;
	double hits, misses, evictions, cached, cached_max, hit_ratio;
	double map, used, file, disk_free;
	double in_use, readers, readers_max, snapshots, oldest_lag, last_transaction;
	double scratch, scratch_max, private, private_max, names, names_max;
	double namespaces, tables, trash, storages;
	double sequence, shown, mounts;
	double damaged, uptime, started;
};

static const struct row {
	const char *name;
	const char *labels;	/* or empty */
	const char *type;
	const char *help;	/* NULL: one more of the family above */
	size_t at;		/* in struct figures */
	int decimals;
} rows[] = {
#define FIGURE(member) offsetof(struct figures, member)
	{ "kalamfs_operations_in_flight", "", "gauge",
	  "Requests of the kernel that are not answered yet.", FIGURE(in_flight), 0 },
	{ "kalamfs_changes_queued", "", "gauge", "Changes that wait to be committed.",
	  FIGURE(queued), 0 },
	{ "kalamfs_changes_in_flight", "", "gauge",
	  "Changes that are queued, being committed, or shown to the kernel.", FIGURE(under_way), 0 },
	{ "kalamfs_schema_cache_hits_total", "", "counter",
	  "Definitions that were in the schema cache.", FIGURE(hits), 0 },
	{ "kalamfs_schema_cache_misses_total", "", "counter",
	  "Definitions that had to be read from the catalog.", FIGURE(misses), 0 },
	{ "kalamfs_schema_cache_evictions_total", "", "counter",
	  "Definitions that made room for others.", FIGURE(evictions), 0 },
	{ "kalamfs_schema_cache_hit_ratio", "", "gauge",
	  "Hits among hits and misses since the start.", FIGURE(hit_ratio), 6 },
	{ "kalamfs_schema_cache_size", "", "gauge", "Tables in the schema cache.", FIGURE(cached), 0 },
	{ "kalamfs_schema_cache_size_max", "", "gauge", "Tables that it takes, see cache=.",
	  FIGURE(cached_max), 0 },
	{ "kalamfs_lmdb_map_bytes", "", "gauge", "What data.mdb can grow to.", FIGURE(map), 0 },
	{ "kalamfs_lmdb_used_bytes", "", "gauge",
	  "Pages of data.mdb up to the last one that was ever used.", FIGURE(used), 0 },
	{ "kalamfs_lmdb_in_use_bytes", "", "gauge",
	  "Of these, pages that cannot be written anew; free ones count until half of the map is used.",
	  FIGURE(in_use), 0 },
	{ "kalamfs_lmdb_file_bytes", "", "gauge", "Length of data.mdb.", FIGURE(file), 0 },
	{ "kalamfs_disk_free_bytes", "", "gauge", "Room on the disk of data.mdb.",
	  FIGURE(disk_free), 0 },
	{ "kalamfs_lmdb_readers", "", "gauge",
	  "Places for readers that processes hold in lock.mdb.", FIGURE(readers), 0 },
	{ "kalamfs_lmdb_readers_max", "", "gauge", "Places for readers in lock.mdb.",
	  FIGURE(readers_max), 0 },
	{ "kalamfs_lmdb_snapshots", "", "gauge", "Readers that are reading at the moment.",
	  FIGURE(snapshots), 0 },
	{ "kalamfs_lmdb_oldest_snapshot_lag", "", "gauge",
	  "Transactions committed since the oldest of them began: their pages are kept for it.",
	  FIGURE(oldest_lag), 0 },
	{ "kalamfs_lmdb_last_transaction", "", "gauge",
	  "Number of the last transaction committed by any process.", FIGURE(last_transaction), 0 },
	{ "kalamfs_scratch_bytes", "{use=\"files\"}", "gauge",
	  "Memory taken by scratch files, and by documents that are being written.",
	  FIGURE(scratch), 0 },
	{ "kalamfs_scratch_bytes", "{use=\"documents\"}", NULL, NULL, FIGURE(private), 0 },
	{ "kalamfs_scratch_bytes_max", "{use=\"files\"}", "gauge", "What they may take.",
	  FIGURE(scratch_max), 0 },
	{ "kalamfs_scratch_bytes_max", "{use=\"documents\"}", NULL, NULL, FIGURE(private_max), 0 },
	{ "kalamfs_scratch_files", "", "gauge", "Scratch files, directories and links.",
	  FIGURE(names), 0 },
	{ "kalamfs_scratch_files_max", "", "gauge", "How many there may be.", FIGURE(names_max), 0 },
	{ "kalamfs_catalog_objects", "{kind=\"namespace\"}", "gauge",
	  "Objects in the catalog, built-in namespaces included.", FIGURE(namespaces), 0 },
	{ "kalamfs_catalog_objects", "{kind=\"table\"}", NULL, NULL, FIGURE(tables), 0 },
	{ "kalamfs_catalog_objects", "{kind=\"dropped_table\"}", NULL, NULL, FIGURE(trash), 0 },
	{ "kalamfs_catalog_objects", "{kind=\"storage\"}", NULL, NULL, FIGURE(storages), 0 },
	{ "kalamfs_catalog_sequence", "", "gauge", "Sequence number of the last change.",
	  FIGURE(sequence), 0 },
	{ "kalamfs_shown_sequence", "", "gauge",
	  "Sequence number of the last change that the kernel was told of.", FIGURE(shown), 0 },
	{ "kalamfs_mounts", "", "gauge", "Live mounts of the catalog, this one included.",
	  FIGURE(mounts), 0 },
	{ "kalamfs_damaged", "", "gauge",
	  "1 if the disk failed or the catalog was found damaged since the mount began.",
	  FIGURE(damaged), 0 },
	{ "kalamfs_uptime_seconds", "", "gauge", "Since this mount began.", FIGURE(uptime), 6 },
	{ "kalamfs_start_time_seconds", "", "gauge", "When this mount began, since 1970.",
	  FIGURE(started), 6 },
};

static void print_figures(FILE *out, const struct figures *figures)
{
	for (size_t i = 0; i < countof(rows); i++) {
		const struct row *row = &rows[i];
		double value;

		memcpy(&value, (const char *)figures + row->at, sizeof(value));
		if (row->help)
			family(out, row->name, row->type, row->help);
		fprintf(out, "%s%s %.*f\n", row->name, row->labels, row->decimals, value);
	}
}

static void look_at_cache(const struct tree *tree, struct figures *out)
{
	struct cache_stats cache;

	catalog_cache_stats(tree->catalog, &cache);
	out->hits = (double)cache.hits;
	out->misses = (double)cache.misses;
	out->evictions = (double)cache.evictions;
	out->cached = (double)cache.size;
	out->cached_max = (double)cache.bound;
	out->hit_ratio = cache.hits ? out->hits / (out->hits + out->misses) : 0;
}

static void look_at_store(const struct tree *tree, struct figures *out)
{
	struct store *store = catalog_store(tree->catalog);
	struct store_readers readers;
	struct store_room room;
	struct store_stat stat;

	if (!store_statistics(store, &stat)) {
		out->map = (double)stat.map_bytes;
		out->used = (double)stat.used_bytes;
		out->file = (double)stat.file_bytes;
		out->disk_free = (double)stat.disk_free_bytes;
		out->readers_max = stat.readers_max;
	}
	if (!store_room(store, &room))
		out->in_use = (double)room.in_use_bytes;
	if (!store_readers(store, &readers)) {
		out->readers = readers.places;
		out->snapshots = readers.snapshots;
		out->oldest_lag = (double)readers.lag;
	}
	out->last_transaction = (double)store_last_txn_id(store);
}

static void look_at_scratch(const struct tree *tree, struct figures *out)
{
	struct scratch_usage usage;

	if (!tree->scratch)
		return;
	scratch_measure(tree->scratch, &usage);
	out->scratch = (double)usage.bytes;
	out->scratch_max = (double)usage.bytes_max;
	out->private = (double)usage.private_bytes;
	out->private_max = (double)usage.private_bytes_max;
	out->names = (double)usage.nodes;
	out->names_max = (double)usage.nodes_max;
}

static int count_mount(void *arg, const struct peer *peer)
{
	double *count = arg;

	(void)peer;
	++*count;
	return 0;
}

static void look_at_catalog(const struct view *view, struct figures *out)
{
	const struct tree *tree = view->tree;
	struct dir_state namespaces, storages;

	catalog_dir_state(tree->catalog, view->txn, DIR_NAMESPACES, 0, &namespaces);
	catalog_dir_state(tree->catalog, view->txn, DIR_STORAGES, 0, &storages);
	out->namespaces = namespaces.count;
	out->storages = storages.count;
	out->tables = (double)meta_get(view->txn, META_TABLES);
	out->trash = (double)meta_get(view->txn, META_TRASH);
	out->sequence = (double)meta_get(view->txn, META_SEQUENCE);
	out->shown = (double)tree->settled;
	(void)peer_list(catalog_dir(tree->catalog), count_mount, &out->mounts);
}

static void look(const struct view *view, struct figures *out)
{
	const struct tree *tree = view->tree;

	look_at_cache(tree, out);
	look_at_store(tree, out);
	look_at_scratch(tree, out);
	look_at_catalog(view, out);
	out->queued = (double)metrics_get(tree->metrics, GAUGE_QUEUED);
	out->under_way = (double)metrics_get(tree->metrics, GAUGE_UNDER_WAY);
	out->in_flight = (double)metrics_in_flight(tree->metrics);
	out->damaged = tree->is_damaged;
	out->started = (double)tree->started_at / MICROSECONDS;
	out->uptime = (double)metrics_age(tree->metrics) / NANOSECONDS;
}

void metrics_print(const struct metrics_counts *counts, FILE *out)
{
	print_operations(out, counts);
	print_changes(out, counts);
}

int show_metrics(struct view *view, FILE *out, struct err *err)
{
	struct metrics_counts *counts = malloc(sizeof(*counts));
	struct figures figures = { 0 };

	if (!counts)
		return err_nomem(err);
	metrics_read(view->tree->metrics, counts);
	look(view, &figures);
	family(out, "kalamfs_build_info", "gauge", "Always 1, with the version as its label.");
	fprintf(out, "kalamfs_build_info{version=\"%s\"} 1\n", KALAMFS_VERSION);
	metrics_print(counts, out);
	print_figures(out, &figures);
	free(counts);
	return 0;
}
