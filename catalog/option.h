/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * option - the typed options of tables: one row per option says its SQL name,
 * JSON key, which table types have it, its limits and its default.
 */
#ifndef KALAM_CATALOG_OPTION_H
#define KALAM_CATALOG_OPTION_H

#include "base/err.h"
#include "catalog/emit.h"
#include "catalog/model.h"
#include "catalog/value.h"

#include <stdio.h>

enum option_kind {
	OPTION_STORAGE,	/* storage id, a char[NAME_SIZE] */
	OPTION_BOOL,	/* uint8_t 0 or 1 */
	OPTION_ENUM,	/* uint8_t, names[] */
	OPTION_U32,	/* uint32_t between min and max */
	OPTION_U64,	/* uint64_t between min and max */
	OPTION_FLUSH	/* struct flush_policy */
};

struct option {
	const char *sql;	/* "FLUSH_POLICY" */
	const char *key;	/* "flush_policy" */
	enum option_kind kind;
	unsigned types;		/* bit 1 << enum table_type for each type that has it */
	size_t offset;		/* in struct table_options */
	uint64_t min, max;
	const char *unit;	/* OPTION_U32, OPTION_U64: "seconds" for messages */
	const char *zero;	/* what 0 means, for messages; NULL if nothing special */
	const char *const *names;	/* OPTION_ENUM: lower-case names, NULL at the end */
};

/*
 * Rows in the order in which forms.md prints them: storage_id,
 * use_user_storage, access_level, ttl_seconds, eviction_strategy,
 * max_stream_size_bytes, flush_policy, compression, deleted_retention_hours,
 * then the SYSTEM ones (read_only, enable_cache, cache_ttl_seconds,
 * localhost_only: shown, never settable by SQL).
 */
extern const struct option table_options_rows[];
extern const unsigned table_options_count;

/* Row of an option by its SQL name or JSON key, any case; NULL if there is none. */
const struct option *option_find(const char *name, size_t len);

bool option_applies(const struct option *option, enum table_type type);

/*
 * Set one option from a literal or bare word (form LITERAL_STRING) at byte
 * position pos: "TTL_SECONDS is only supported for STREAM tables" and the like
 * when the type does not have it (facts.md section 9.2), range and spelling
 * errors with suggestions.  Numbers and booleans may be bare or quoted, words
 * in any case; a storage id is folded.  Flush policy text: catalog/flush.h, and
 * NULL for none.  0, -EINVAL or, for a storage id, -ENAMETOOLONG.  On failure
 * nothing is changed.
 */
int option_set(const struct option *option, enum table_type type, struct table_options *options,
	       const struct literal *value, long pos, struct err *err) MUST_CHECK;

/*
 * -EINVAL "Unknown table option 'X'. Options of USER tables: STORAGE_ID, ...",
 * and ". Did you mean Y?" behind it if one of them is near.
 */
int option_unknown(const char *name, size_t len, enum table_type type, long pos, struct err *err);

/*
 * Check the value that an option has: limits and spelling if the type has it,
 * the default if it does not.  The texts of option_set, no position.  0 or
 * -EINVAL.
 */
int option_check(const struct option *option, enum table_type type,
		 const struct table_options *options, struct err *err) MUST_CHECK;

bool option_is_default(const struct option *option, const struct table_options *options);
bool option_equal(const struct option *option, const struct table_options *a,
		  const struct table_options *b);

/* The value alone: 'local', TRUE, 3600, 'rows:1000,interval:60' (no policy: ''). */
void option_print_sql(const struct option *option, const struct table_options *options, FILE *out);

/*
 * The value alone, compact JSON: "local", true, 3600; a flush policy has the
 * keys that its type has: {"type":"row_limit","row_limit":1000},
 * {"type":"time_interval","interval_seconds":60}, {"type":"combined",
 * "row_limit":1000,"interval_seconds":60}, or null.
 */
void option_print_json(const struct option *option, const struct table_options *options, FILE *out);

/* The same as the value of a member, its key already printed. */
void option_print_to(struct emit *e, const struct option *option,
		     const struct table_options *options);

#endif
