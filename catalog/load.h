/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load - bulk DDL: dumps of other databases and our own, carried out here.
 *
 * A statement that is ours is run as it stands.  One of another database
 * becomes one of ours, statements that are not about tables are skipped and
 * counted, and what our model cannot say is refused, or left out and told
 * about.  A table of a foreign dump waits until the end of the file, because
 * its key, defaults and comments may come that late.
 */
#ifndef KALAM_CATALOG_LOAD_H
#define KALAM_CATALOG_LOAD_H

#include "catalog/catalog.h"
#include "catalog/load_split.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Statements of one transaction at most: it is held in memory until it is
 * committed, about 13 KiB for a table of 8 columns.
 */
#define LOAD_STATEMENTS_MAX 150000
#define LOAD_TEXT_MAX (256u << 20)	/* bytes of them */

enum load_phase { LOAD_READING, LOAD_WRITING };

struct load_progress {
	enum load_phase phase;
	uint64_t bytes;		/* read so far */
	uint64_t statements;	/* found so far */
	uint64_t tables;	/* created so far */
	uint64_t done, total;	/* LOAD_WRITING: of the running transaction */
};

struct load_options {
	enum load_dialect dialect;	/* LOAD_ANY: the file tells */
	bool lenient;			/* leave out what the model cannot say */
	bool replace;			/* DROP TABLE purges */
	const char *into;		/* namespace of names without one; NULL = default */
	size_t batch;			/* statements per transaction; 0 = the file is one */
	struct author author;
	void (*progress)(void *arg, const struct load_progress *progress);	/* may be NULL */
	void *progress_arg;
};

/* What a file may lose. */
enum load_loss {
	LOSS_CONSTRAINT,
	LOSS_DEFAULT,
	LOSS_CLAUSE,	/* COLLATE, UNSIGNED, ON UPDATE, PARTITION BY RANGE ... */
	LOSS_COMMENT,
	LOSS_COLUMN,
	LOSS_TABLE,
	LOSS_STATEMENT,
	LOSS_TYPE,	/* not left out: another one instead */
	LOSS_KEY,	/* chosen here, because there was none or a composite one */
	LOSS_COUNT
};

struct load_note {
	enum load_loss loss;
	unsigned line;
	size_t number;	/* in the order in which they were found */
	char *text;	/* "left out CHECK (price > 0) on shop.items"; owned */
};

struct load_skipped {
	char kind[48];	/* "INSERT", "CREATE INDEX" */
	size_t count;
};

struct load_result {
	enum load_dialect dialect;
	uint64_t statements;		/* in the file */
	size_t tables, namespaces, storages;	/* created */
	size_t changed, dropped;
	struct load_skipped *skipped;	/* owned, most frequent first */
	size_t skipped_count;
	struct load_note *notes;	/* owned, by line */
	size_t note_count;
	size_t losses[LOSS_COUNT];
	char *remarks;			/* of locations that are not empty; owned; NULL = none */
	uint64_t sequence;		/* of the last commit; 0 = nothing changed */
	unsigned commits;
	/* Of a refusal: what err->pos counts in.  NULL: only the origin is known. */
	char *text;
	size_t len;
	struct err_origin origin;
};

/*
 * Load one file.  Without `batch` it is one transaction: 0 means all of it is
 * committed, a negative errno that nothing is.  With `batch` what was committed
 * before the refusal stays (result->commits).  -EINVAL, -EEXIST, -ENOENT ... as
 * statements give them; -EFBIG for more than LOAD_STATEMENTS_MAX statements in
 * one transaction; -EIO.  *result is always to be freed with load_result_fini.
 */
int load_file(struct catalog *catalog, FILE *in, const struct load_options *options,
	      struct load_result *result, struct err *err) MUST_CHECK;
void load_result_fini(struct load_result *result);

/* Of one loss: "constraint", and what became of it: "left out".  Static. */
const char *load_loss_noun(enum load_loss loss);
const char *load_loss_verb(enum load_loss loss);

#endif
