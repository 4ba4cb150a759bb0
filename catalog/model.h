/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model - namespaces, tables, columns, storages, versions: the one model.
 *
 * A definition that was read is an immutable, counted snapshot.  Changing one
 * means: copy, edit the copy before anyone else sees it, publish.  What hangs
 * below a definition (columns, texts) lives in its own arena.
 */
#ifndef KALAM_CATALOG_MODEL_H
#define KALAM_CATALOG_MODEL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/name.h"
#include "catalog/type.h"
#include "paths/template.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLUMNS_MAX 4096
#define COMMENT_MAX_BYTES 4096
#define DEFAULT_MAX_BYTES 4096
#define LOCATION_NAME_SIZE (2 * NAME_SIZE + 24)	/* "ns/table_123_2" */
#define USER_NAME_SIZE 64
#define COMMAND_SIZE 32

/* Fixed object numbers of a new catalog. */
enum {
	NAMESPACE_SYSTEM = 1,	/* built in, not stored */
	NAMESPACE_DEFAULT = 2,
	STORAGE_LOCAL = 1,
	TABLE_SYSTEM_FIRST = 1,	/* system tables: ids 1..31, built in, not stored */
	TABLE_USER_FIRST = 32
};

enum object_kind { OBJECT_NONE, OBJECT_NAMESPACE, OBJECT_TABLE, OBJECT_STORAGE };

enum table_type { TABLE_USER, TABLE_SHARED, TABLE_STREAM, TABLE_SYSTEM, TABLE_TYPE_COUNT };

enum compression { COMPRESSION_NONE, COMPRESSION_SNAPPY, COMPRESSION_LZ4, COMPRESSION_ZSTD };
enum access_level { ACCESS_PUBLIC, ACCESS_PRIVATE, ACCESS_RESTRICTED, ACCESS_DBA };
enum eviction { EVICTION_TIME_BASED, EVICTION_SIZE_BASED, EVICTION_HYBRID };

/* row_limit 1..999999 or 0 = no limit; interval_seconds 1..86399 or 0; both 0 = no policy. */
struct flush_policy {
	uint32_t row_limit;
	uint32_t interval_seconds;
};

/* Which fields count depends on the table's type: catalog/option.h has the table. */
struct table_options {
	char storage_id[NAME_SIZE];		/* USER SHARED STREAM */
	uint8_t use_user_storage;		/* USER, 0 or 1 */
	uint8_t access_level;			/* SHARED, enum access_level */
	uint8_t eviction_strategy;		/* STREAM, enum eviction */
	uint8_t compression;			/* USER SHARED STREAM, enum compression */
	uint64_t ttl_seconds;			/* STREAM, required: 1.. */
	uint64_t max_stream_size_bytes;		/* STREAM, 0 = unlimited */
	struct flush_policy flush_policy;	/* USER SHARED STREAM */
	uint32_t deleted_retention_hours;	/* USER SHARED STREAM, 0 = purge at once */
	uint8_t read_only, enable_cache, localhost_only;	/* SYSTEM */
	uint32_t cache_ttl_seconds;		/* SYSTEM */
};

enum default_kind { DEFAULT_NONE, DEFAULT_LITERAL, DEFAULT_FUNCTION };

#define DEFAULT_ARGS_MAX 2

struct column_default {
	enum default_kind kind;
	const char *text;	/* literal: canonical text (catalog/value.h), NULL for DEFAULT NULL */
	const char *function;	/* function: its upper-case name, static storage */
	int64_t args[DEFAULT_ARGS_MAX];
	unsigned nargs;
};

struct column {
	uint32_t id;		/* == ordinal position; never reused, never renumbered */
	char name[NAME_SIZE];
	struct type type;
	bool nullable, primary_key, partition_key;
	struct column_default def;
	const char *comment;	/* NULL = none; in the table's arena */
	uint32_t version;	/* schema version in which this column last changed */
	uint32_t rev;		/* per-table change counter at that change: names its content */
	int64_t changed_at;	/* stamp of that version */
};

/* Files of a version whose sizes are kept with it. */
enum version_form {
	FORM_SCHEMA_JSON,
	FORM_SCHEMA_SQL,
	FORM_SCHEMA_ARROW,
	FORM_DESCRIBE,
	FORM_CHANGE_JSON,
	FORM_COUNT
};

struct author {
	uint32_t uid;
	uint32_t pid;
	char user[USER_NAME_SIZE];	/* the uid in decimal when it has no name */
	char command[COMMAND_SIZE];	/* "?" when not known */
};

enum change_source { SOURCE_CTL, SOURCE_DOCUMENT, SOURCE_DIRECTORY, SOURCE_KALAMCTL, SOURCE_COUNT };

/* How a version came about. */
struct version_info {
	int64_t committed_at;
	uint64_t sequence;	/* of its transaction */
	struct author author;
	enum change_source source;
	const char *statement;	/* NULL for documents; in the table's arena */
	uint32_t restored_from;	/* 0 = not a RESTORE */
};

struct table {
	atomic_uint refs;
	struct arena arena;
	uint32_t id, namespace_id;
	char namespace_name[NAME_SIZE];
	char name[NAME_SIZE];
	enum table_type type;
	uint32_t version;		/* schema version, from 1 */
	uint32_t next_column_id;	/* one past the highest ever used */
	uint32_t next_rev;
	int64_t created_at, updated_at;
	int64_t columns_changed_at;	/* a column name last came, went or changed: mtime of columns/ */
	int64_t placed_at;		/* its location last changed by its own doing: mtime of storage.json */
	int64_t dropped_at;		/* 0 = live; else in trash/ */
	int64_t expires_at;		/* 0 = live; else when it is purged */
	const char *comment;		/* NULL = none */
	char location_name[LOCATION_NAME_SIZE];	/* "namespace/table" that fill the templates */
	struct table_options options;
	uint32_t column_count;
	struct column *columns;		/* ascending ordinal position */
	struct version_info info;	/* of this version */
	uint32_t sizes[FORM_COUNT];	/* bytes of the rendered files; 0 until set */
	uint64_t txn;			/* id of the read transaction it was read in; 0 = not stored */
};

enum storage_type {
	STORAGE_FILESYSTEM,
	STORAGE_S3,
	STORAGE_GCS,
	STORAGE_AZURE,
	STORAGE_TYPE_COUNT
};

struct storage {
	atomic_uint refs;
	struct arena arena;
	uint32_t id;
	char storage_id[NAME_SIZE];
	const char *storage_name;	/* never NULL */
	const char *description;	/* NULL = none */
	enum storage_type type;
	const char *base_directory;	/* as given; relative = below the catalog */
	const char *credentials;	/* compact JSON object or NULL: secret */
	const char *config;		/* compact JSON object or NULL */
	const char *shared_template, *user_template;	/* text as given */
	struct template shared, user;	/* compiled; borrow the arena */
	uint32_t version;
	int64_t created_at, updated_at;
	/* When the tables that each template places last moved: created_at <= these <= updated_at. */
	int64_t shared_moved_at, user_moved_at;
};

struct namespace_option {
	const char *key;
	const char *json;		/* a JSON scalar: "text", 1, 2.5, true */
};

struct namespace {
	atomic_uint refs;
	struct arena arena;
	uint32_t id;
	char name[NAME_SIZE];
	uint32_t version;
	int64_t created_at, updated_at;
	const char *comment;		/* NULL = none */
	uint32_t option_count;
	struct namespace_option *options;	/* in the order they were first set */
};

/* New object with one reference, zeroed; NULL when memory is out. */
struct table *table_new(void);
struct storage *storage_new(void);
struct namespace *namespace_new(void);

/*
 * A deep copy with one reference, to be edited before anyone else sees it;
 * NULL when memory is out.  table_copy leaves room for `spare` more columns.
 * A storage's templates are compiled again.
 */
struct table *table_copy(const struct table *table, unsigned spare);
struct storage *storage_copy(const struct storage *storage);
struct namespace *namespace_copy(const struct namespace *ns);

/* Take one more reference; returns its argument. */
struct table *table_get(const struct table *table);
struct storage *storage_get(const struct storage *storage);
struct namespace *namespace_get(const struct namespace *ns);

/* Give a reference back; NULL is fine. */
void table_put(const struct table *table);
void storage_put(const struct storage *storage);
void namespace_put(const struct namespace *ns);

/* Borrowed column, or NULL. */
struct column *table_find_column(const struct table *table, const char *name);
struct column *table_find_column_id(const struct table *table, uint32_t id);

/*
 * Check a text for people (NULL is fine): "WHAT is too long (N bytes, max
 * 4096)", valid UTF-8, no control characters but newline and tab.  0 or -EINVAL
 * at pos.
 */
int text_check(const char *what, const char *text, long pos, struct err *err) MUST_CHECK;

/* The same for what is a "Comment". */
int comment_check(const char *text, long pos, struct err *err) MUST_CHECK;

/*
 * Set *out to text in the object's arena, NULL for NULL or "".  Checks it
 * first.  0, -ENOMEM, or -EINVAL as comment_check.
 */
int comment_set(struct arena *arena, const char **out, const char *text, long pos,
		struct err *err) MUST_CHECK;

/* Comparisons by meaning; versions, stamps, sizes and references do not count. */
bool default_equal(const struct column_default *a, const struct column_default *b);
bool column_equal(const struct column *a, const struct column *b);
bool options_equal(enum table_type type, const struct table_options *a,
		   const struct table_options *b);
bool table_equal(const struct table *a, const struct table *b);
bool storage_equal(const struct storage *a, const struct storage *b);
bool namespace_equal(const struct namespace *a, const struct namespace *b);
bool text_equal(const char *a, const char *b);	/* NULL equals NULL only */

/*
 * Fill options with the defaults of a new table of any type (storage local,
 * snappy, private, 168 h...); ttl_seconds stays 0, which a STREAM table must set.
 */
void table_options_init(struct table_options *options);

/*
 * The one place that validates a whole definition: columns 1..4096, ordinals
 * ascending and unique and below next_column_id, names, primary key rules,
 * partition keys, types, defaults, options of the type, comments, with the
 * texts of facts.md section 9.1 then 9.2.  Fields that the table's type does
 * not have must stand at table_options_init's values.  Whether the storage
 * exists, versions and stamps are the caller's business.  Returns 0, -EINVAL,
 * -ENAMETOOLONG or -ENOMEM.
 */
int table_check(const struct table *table, struct err *err) MUST_CHECK;

const char *table_type_name(enum table_type type);	/* "USER".  Static */
const char *storage_type_name(enum storage_type type);	/* "filesystem".  Static */
/* Any case, also the aliases gs and az; 0 or -EINVAL without message. */
int storage_type_parse(const char *text, size_t len, enum storage_type *out) MUST_CHECK;

const char *change_source_name(enum change_source source);	/* "ctl".  Static */

#endif
