/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * catalog_check_impl - what the files behind catalog/catalog_check.h share.
 *
 * The check_ functions return 0 when they came to their end, and -errno, with
 * check.err set, only where the check cannot go on.
 */
#ifndef KALAM_CATALOG_CATALOG_CHECK_IMPL_H
#define KALAM_CATALOG_CATALOG_CHECK_IMPL_H

#include "base/buf.h"
#include "catalog/catalog_check.h"
#include "catalog/rows_key.h"

/* What to do about it: nothing of the definition is lost, or something is. */
#define REBUILD "; restore a backup, or build the catalog again from kalamctl dump"
#define RESTORE "; restore a backup"

#define SUBJECT_SIZE (2 * NAME_SIZE + 32)

/* What a finding is about. */
struct subject {
	enum object_kind kind;
	uint32_t id;
	char name[2 * NAME_SIZE];
};

/* Ids put in, sorted, then looked for. */
struct id_set {
	uint32_t *ids; /* owned */
	size_t count, size;
};

struct check {
	struct catalog *catalog;
	struct txn *txn;
	finding_fn *fn;
	void *arg;
	struct check_totals *totals;
	struct err *err;
	struct subject about; /* of findings from now on */

	uint64_t sequence; /* the last transaction */
	int64_t latest;    /* the latest stamp, and where it stands */
	char latest_in[SUBJECT_SIZE];
	uint32_t highest[OBJECT_STORAGE + 1]; /* number of each kind */
	uint64_t listed[DIR_KIND_COUNT];      /* names in all directories of a kind */
	struct id_set put_off;                /* dropped tables whose purge is tried again */
	struct id_set purged;                 /* purged tables whose history is still to go */
	struct storage *storage;              /* the one looked up last */
	bool is_starved;                      /* memory was out: some of it was not looked at */
};

void PRINTF_LIKE(3, 4) check_found(struct check *c, enum check_rule rule, const char *fmt, ...);

/* How much of a name that came out of an index is printed: its length cannot be believed. */
int check_shown(size_t len);

/* Set what the following findings are about. */
void check_about_catalog(struct check *c);
void check_about(struct check *c, enum object_kind kind, uint32_t id, const char *name);
void check_about_table(struct check *c, const struct table *table);
/* The same where only the number is known: looks for a name. */
void check_about_id(struct check *c, enum object_kind kind, uint32_t id);
/* "table 7 app.messages" */
const char *check_subject(const struct subject *subject, char out[SUBJECT_SIZE]);
const char *check_subject_of(struct check *c, enum object_kind kind, uint32_t id,
			     char out[SUBJECT_SIZE]);

/* "namespaces/app/tables/" */
#define DIR_PATH_SIZE (NAME_SIZE + 32)
const char *check_dir(struct check *c, enum dir_kind dir, uint32_t parent, char out[DIR_PATH_SIZE]);

/* entries_list with a sentence for its failure. */
int check_entries(struct check *c, enum store_db db, const struct key *from,
		  const struct key *prefix, entry_fn *fn);

/* What a lookup gave: 0 for 0 and -ENOENT, else the failure with its sentence. */
int check_lookup(struct check *c, int rc);

/* What information_schema keeps for a namespace, by whose number it is found. */
int check_held_for(struct check *c, uint32_t id);

/* Code of a reader of records: damage becomes a finding and 0, the rest ends the check. */
int check_damage(struct check *c, int rc, const struct err *cause);

/* Definitions for a look beside: NULL where there is none or its record is damaged. */
int check_peek_table(struct check *c, uint32_t id, struct table **out);
int check_peek_storage(struct check *c, const char *storage_id,
		       struct storage **out); /* borrowed until the next call */

/* Keep what the counters must be beyond. */
void check_stamp(struct check *c, int64_t stamp);
void check_number(struct check *c, enum object_kind kind, uint32_t id);

int id_set_add(struct check *c, struct id_set *set, uint32_t id);
void id_set_sort(struct id_set *set);
bool id_set_has(const struct id_set *set, uint32_t id);

/* The parts, in the order in which they run. */
int check_last_transaction(struct check *c); /* catalog_check_log.c */
int check_trash(struct check *c);            /* catalog_check_trash.c */
int check_objects(struct check *c);          /* catalog_check_object.c */
int check_storages(struct check *c);         /* catalog_check_storage.c */
int check_names(struct check *c);            /* catalog_check_names.c */
int check_histories(struct check *c);        /* catalog_check_version.c */
int check_locations(struct check *c);        /* catalog_check_location.c */
int check_log(struct check *c);              /* catalog_check_log.c */
int check_changes(struct check *c);          /* catalog_check_log.c */
int check_counters(struct check *c);         /* catalog_check_counter.c */
int check_info(struct check *c);             /* catalog_check_info.c */

/* Of one object, whose subject is set. */
int check_listed(struct check *c, enum dir_kind dir, uint32_t parent, uint32_t id,
		 const char *name);
int check_dir_state(struct check *c, struct bytes key, struct bytes value);
/* Version and times of a record. */
void check_life(struct check *c, uint32_t version, int64_t created_at, int64_t updated_at);
int check_storage(struct check *c, uint32_t id);
int check_table(struct check *c, uint32_t id);
/*
 * All versions, and the current record beside the last of them (NULL: it is damaged).
 * *same: that is its record, so what holds for it holds for the current one.
 */
int check_history(struct check *c, uint32_t id, const struct table *table, bool *same);
int check_place(struct check *c, const struct table *table, const struct storage *storage);
int check_in_trash(struct check *c, const struct table *table);

#endif
