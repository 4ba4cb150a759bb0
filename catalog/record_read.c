/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/record.h"

#include "catalog/ddl.h"
#include "catalog/record_format.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

static const char *const kind_names[] = {
	[RECORD_NAMESPACE] = "namespace",
	[RECORD_TABLE] = "table",
	[RECORD_STORAGE] = "storage",
};

/* What names are made of, and what locations may have besides. */
enum name_byte { NAME_BYTE_NO, NAME_BYTE, LOCATION_BYTE };
static const uint8_t name_bytes[256] = {
	['a' ... 'z'] = NAME_BYTE,
	['0' ... '9'] = NAME_BYTE,
	['_'] = NAME_BYTE,
	['-'] = NAME_BYTE,
	['/'] = LOCATION_BYTE,
};

/* Least sizes, so that a count cannot ask for more memory than the record has bytes. */
#define COLUMN_MIN_BYTES 9	/* id, name (2), type, flags, comment, version, rev, stamp */
#define OPTION_MIN_BYTES 2	/* key, value */

/* A record being decoded.  Sticky: after the first finding all reads give zeroes. */
struct decoder {
	struct reader r;
	struct arena *arena;		/* the new object's */
	enum record_kind kind;
	uint8_t format;			/* foreign: of another program version */
	bool foreign;
	bool has_id;			/* the id can be believed */
	uint32_t id;
	char damage[160];		/* the first finding; empty while all is well */
	bool nomem;
};

static void PRINTF_LIKE(2, 3) damaged(struct decoder *d, const char *fmt, ...)
{
	va_list args;

	d->r.failed = true;
	if (d->damage[0])
		return;
	va_start(args, fmt);
	(void)vsnprintf(d->damage, sizeof(d->damage), fmt, args);	/* cut is good enough */
	va_end(args);
}

/* To be asked after every read of the base reader: it only knows "too short". */
static bool is_good(struct decoder *d, const char *what)
{
	if (d->r.failed)
		damaged(d, "it ends within %s", what);
	return !d->r.failed;
}

/* The next byte, or 0 where is_good finds that there is none. */
static inline uint8_t get_byte(struct decoder *d)
{
	if (d->r.failed || !d->r.len) {
		d->r.failed = true;
		return 0;
	}
	d->r.len--;
	return *d->r.at++;
}

static uint64_t get_any_uint(struct decoder *d, uint64_t max, const char *what)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = get_byte(d);
		if (!is_good(d, what))
			return 0;
		/* The tenth byte has one bit left; no last byte but the first is 0. */
		if ((shift == 63 && byte > 1) || (shift && !byte)) {
			damaged(d, "%s is not a number", what);
			return 0;
		}
		v |= (uint64_t)(byte & 0x7F) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (v > max) {
		damaged(d, "%s is %" PRIu64 ", more than %" PRIu64, what, v, max);
		return 0;
	}
	return v;
}

/* Most numbers have one byte. */
static inline uint64_t get_uint(struct decoder *d, uint64_t max, const char *what)
{
	if (!d->r.failed && d->r.len && !(*d->r.at & 0x80) && *d->r.at <= max)
		return get_byte(d);
	return get_any_uint(d, max, what);
}

static uint32_t get_u32(struct decoder *d, const char *what)
{
	return (uint32_t)get_uint(d, UINT32_MAX, what);
}

static int64_t get_int(struct decoder *d, const char *what)
{
	uint64_t v = get_uint(d, UINT64_MAX, what);

	return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static int64_t get_stamp(struct decoder *d, int64_t from, const char *what)
{
	return (int64_t)((uint64_t)get_int(d, what) + (uint64_t)from);
}

/* One byte below end: enums and flags. */
static uint8_t get_small(struct decoder *d, unsigned end, const char *what)
{
	uint8_t v = get_byte(d);

	if (!is_good(d, what))
		return 0;
	if (v >= end) {
		damaged(d, "%s is %u, more than %u", what, v, end - 1);
		return 0;
	}
	return v;
}

/* len bytes that can be a C string, borrowed; NULL on damage. */
static const char *get_bytes(struct decoder *d, size_t len, const char *what)
{
	const char *at = (const char *)read_bytes(&d->r, len);

	if (!is_good(d, what))
		return NULL;
	if (memchr(at, 0, len)) {
		damaged(d, "%s holds a NUL byte", what);
		return NULL;
	}
	return at;
}

/* A short string of at least min bytes into out of size bytes; "" on damage. */
static void get_short(struct decoder *d, char *out, size_t size, size_t min, const char *what)
{
	size_t len = get_byte(d);
	const char *at = get_bytes(d, len, what);

	out[0] = '\0';
	if (!at)
		return;
	if (len < min || len >= size) {
		damaged(d, "%s has %zu bytes", what, len);
		return;
	}
	memcpy(out, at, len);
	out[len] = '\0';
}

/* Take a short string if there is one that may stand in a path: most can. */
static bool take_name(struct decoder *d, char *out, size_t size, enum name_byte most)
{
	const uint8_t *at = d->r.at;
	size_t len;

	if (d->r.failed || !d->r.len)
		return false;
	len = *at++;
	if (!len || len >= size || len >= d->r.len)
		return false;
	for (size_t i = 0; i < len; i++) {
		enum name_byte byte = (enum name_byte)name_bytes[at[i]];

		if (byte == NAME_BYTE_NO || byte > most)
			return false;
		out[i] = (char)at[i];
	}
	out[len] = '\0';
	d->r.at = at + len;
	d->r.len -= len + 1;
	return true;
}

/* Such a string; most: the last of the bytes that are allowed. */
static void get_name(struct decoder *d, char *out, size_t size, enum name_byte most,
		     const char *what)
{
	if (take_name(d, out, size, most))
		return;
	get_short(d, out, size, 1, what);
	for (const char *p = out; *p; p++) {
		enum name_byte byte = (enum name_byte)name_bytes[(uint8_t)*p];

		if (byte != NAME_BYTE_NO && byte <= most)
			continue;
		damaged(d, "%s is not a name", what);
		out[0] = '\0';
		return;
	}
}

static const char *get_text(struct decoder *d, const char *what)
{
	uint64_t len = get_uint(d, UINT32_MAX, what);
	const char *at;
	char *copy;

	if (!len)
		return NULL;
	at = get_bytes(d, (size_t)--len, what);
	if (!at)
		return NULL;
	copy = arena_strndup(d->arena, at, (size_t)len);
	if (!copy) {
		d->nomem = true;
		d->r.failed = true;
	}
	return copy;
}

/* A text that is always there. */
static const char *get_needed_text(struct decoder *d, const char *what)
{
	const char *text = get_text(d, what);

	if (!text && !d->r.failed)
		damaged(d, "%s is missing", what);
	return text;
}

/* Memory for count elements, of which each takes at least min bytes of the record. */
static void *get_array(struct decoder *d, uint32_t count, size_t size, size_t min,
		       const char *what)
{
	void *array;

	if (!d->r.failed && count > d->r.len / min)
		damaged(d, "it is too short for %" PRIu32 " %s", count, what);
	if (d->r.failed)
		return NULL;
	array = arena_array(d->arena, count, size);
	if (!array) {
		d->nomem = true;
		d->r.failed = true;
	}
	return array;
}

static void get_options(struct decoder *d, struct table_options *options)
{
	get_name(d, options->storage_id, sizeof(options->storage_id), NAME_BYTE, "storage_id");
	options->use_user_storage = get_small(d, 2, "use_user_storage");
	options->access_level = get_small(d, ACCESS_DBA + 1, "access_level");
	options->eviction_strategy = get_small(d, EVICTION_HYBRID + 1, "eviction_strategy");
	options->compression = get_small(d, COMPRESSION_ZSTD + 1, "compression");
	options->ttl_seconds = get_uint(d, UINT64_MAX, "ttl_seconds");
	options->max_stream_size_bytes = get_uint(d, UINT64_MAX, "max_stream_size_bytes");
	options->flush_policy.row_limit = get_u32(d, "row_limit");
	options->flush_policy.interval_seconds = get_u32(d, "interval_seconds");
	options->deleted_retention_hours = get_u32(d, "deleted_retention_hours");
	options->read_only = get_small(d, 2, "read_only");
	options->enable_cache = get_small(d, 2, "enable_cache");
	options->localhost_only = get_small(d, 2, "localhost_only");
	options->cache_ttl_seconds = get_u32(d, "cache_ttl_seconds");
}

static void get_function(struct decoder *d, struct column_default *def)
{
	char name[NAME_SIZE] = "";
	struct err unknown;

	err_clear(&unknown);
	get_short(d, name, sizeof(name), 1, "a default's function");
	def->nargs = (unsigned)get_uint(d, DEFAULT_ARGS_MAX, "a function's argument count");
	for (unsigned i = 0; i < def->nargs; i++)
		def->args[i] = get_int(d, "a function's argument");
	if (d->r.failed)
		return;
	def->function = ddl_function(name, strlen(name), def->args, def->nargs, -1, &unknown);
	if (!def->function || strcmp(def->function, name) != 0)
		damaged(d, "there is no default function '%s'", name);
}

static void get_default(struct decoder *d, struct column_default *def)
{
	switch (def->kind) {
	case DEFAULT_NONE:
	default:
		break;
	case DEFAULT_LITERAL:
		def->text = get_text(d, "a default");
		break;
	case DEFAULT_FUNCTION:
		get_function(d, def);
		break;
	}
}

static void get_column(struct decoder *d, struct column *column, int64_t created_at)
{
	unsigned flags;

	column->id = get_u32(d, "a column's id");
	get_name(d, column->name, sizeof(column->name), NAME_BYTE, "a column's name");
	if (!d->r.failed && type_decode(&d->r, &column->type) != 0)
		damaged(d, "the type of column '%s' is unknown", column->name);
	flags = get_small(d, COLUMN_FLAGS_END, "a column's flags");
	column->nullable = flags & COLUMN_NULLABLE;
	column->primary_key = flags & COLUMN_PRIMARY;
	column->partition_key = flags & COLUMN_PARTITION;
	if (flags >> COLUMN_DEFAULT_SHIFT > DEFAULT_FUNCTION)
		damaged(d, "the default of column '%s' is of no kind", column->name);
	else
		column->def.kind = (enum default_kind)(flags >> COLUMN_DEFAULT_SHIFT);
	get_default(d, &column->def);
	column->comment = get_text(d, "a column's comment");
	column->version = get_u32(d, "a column's version");
	column->rev = get_u32(d, "a column's rev");
	column->changed_at = get_stamp(d, created_at, "a column's stamp");
}

static void get_columns(struct decoder *d, struct table *table)
{
	uint32_t count = (uint32_t)get_uint(d, COLUMNS_MAX, "column count");
	uint32_t last = 0;

	table->columns = get_array(d, count, sizeof(*table->columns), COLUMN_MIN_BYTES, "columns");
	for (uint32_t i = 0; i < count && !d->r.failed; i++) {
		struct column *column = &table->columns[i];

		get_column(d, column, table->created_at);
		if (!d->r.failed && (column->id <= last || column->id >= table->next_column_id))
			damaged(d, "column '%s' has the id %" PRIu32 " behind %" PRIu32,
				column->name, column->id, last);
		last = column->id;
	}
	table->column_count = d->r.failed ? 0 : count;
}

static void get_info(struct decoder *d, struct version_info *info, int64_t created_at)
{
	struct author *author = &info->author;

	info->committed_at = get_stamp(d, created_at, "committed_at");
	info->sequence = get_uint(d, UINT64_MAX, "sequence");
	author->uid = get_u32(d, "the author's uid");
	author->pid = get_u32(d, "the author's pid");
	get_short(d, author->user, sizeof(author->user), 0, "the author's name");
	get_short(d, author->command, sizeof(author->command), 0, "the author's command");
	info->source = (enum change_source)get_small(d, SOURCE_COUNT, "source");
	info->statement = get_text(d, "statement");
	info->restored_from = get_u32(d, "restored_from");
}

static void get_table(struct decoder *d, struct table *table)
{
	table->namespace_id = get_u32(d, "namespace id");
	get_name(d, table->namespace_name, sizeof(table->namespace_name), NAME_BYTE, "namespace");
	get_name(d, table->name, sizeof(table->name), NAME_BYTE, "name");
	table->type = (enum table_type)get_small(d, TABLE_TYPE_COUNT, "table_type");
	table->version = get_u32(d, "schema_version");
	table->next_column_id = get_u32(d, "next_column_id");
	table->next_rev = get_u32(d, "next_rev");
	table->created_at = get_int(d, "created_at");
	table->updated_at = get_stamp(d, table->created_at, "updated_at");
	table->columns_changed_at = get_stamp(d, table->created_at, "columns_changed_at");
	table->placed_at = get_stamp(d, table->created_at, "placed_at");
	table->dropped_at = get_int(d, "dropped_at");
	table->expires_at = get_int(d, "expires_at");
	table->comment = get_text(d, "comment");
	get_name(d, table->location_name, sizeof(table->location_name), LOCATION_BYTE,
		 "location_name");
	get_options(d, &table->options);
	get_columns(d, table);
	get_info(d, &table->info, table->created_at);
	for (unsigned i = 0; i < FORM_COUNT; i++)
		table->sizes[i] = get_u32(d, "a size");
}

/* Left out where both are updated_at. */
static void get_moved(struct decoder *d, struct storage *storage)
{
	storage->shared_moved_at = storage->user_moved_at = storage->updated_at;
	if (d->r.failed || !d->r.len)
		return;
	storage->shared_moved_at = get_stamp(d, storage->created_at, "shared_moved_at");
	storage->user_moved_at = get_stamp(d, storage->created_at, "user_moved_at");
	if (storage->shared_moved_at == storage->updated_at &&
	    storage->user_moved_at == storage->updated_at)
		damaged(d, "its stamps are given twice");
}

static void get_storage(struct decoder *d, struct storage *storage)
{
	struct err cause = ERR_INIT;

	get_name(d, storage->storage_id, sizeof(storage->storage_id), NAME_BYTE, "storage_id");
	storage->storage_name = get_needed_text(d, "storage_name");
	storage->description = get_text(d, "description");
	storage->type = (enum storage_type)get_small(d, STORAGE_TYPE_COUNT, "storage_type");
	storage->base_directory = get_needed_text(d, "base_directory");
	storage->credentials = get_text(d, "credentials");
	storage->config = get_text(d, "config");
	storage->shared_template = get_needed_text(d, "shared_tables_template");
	storage->user_template = get_needed_text(d, "user_tables_template");
	storage->version = get_u32(d, "storage_version");
	storage->created_at = get_int(d, "created_at");
	storage->updated_at = get_stamp(d, storage->created_at, "updated_at");
	get_moved(d, storage);
	if (d->r.failed)
		return;
	if (template_parse(TEMPLATE_SHARED, storage->shared_template, &storage->shared, &cause) ||
	    template_parse(TEMPLATE_USER, storage->user_template, &storage->user, &cause))
		damaged(d, "%s", cause.text);
}

static void get_namespace(struct decoder *d, struct namespace *ns)
{
	uint32_t count;

	get_name(d, ns->name, sizeof(ns->name), NAME_BYTE, "name");
	ns->version = get_u32(d, "namespace_version");
	ns->created_at = get_int(d, "created_at");
	ns->updated_at = get_stamp(d, ns->created_at, "updated_at");
	ns->comment = get_text(d, "comment");
	count = get_u32(d, "option count");
	ns->options = get_array(d, count, sizeof(*ns->options), OPTION_MIN_BYTES, "options");
	for (uint32_t i = 0; i < count && !d->r.failed; i++) {
		ns->options[i].key = get_needed_text(d, "an option's key");
		ns->options[i].json = get_needed_text(d, "an option's value");
	}
	ns->option_count = d->r.failed ? 0 : count;
}

/* Check the header, and leave the reader behind the object's id. */
static void open_record(struct decoder *d, struct bytes record)
{
	uint8_t kind, renderer, reserved;
	uint32_t len;
	uint64_t hash;

	d->r = (struct reader){ .at = record.at, .len = record.len };
	d->format = read_u8(&d->r);
	kind = read_u8(&d->r);
	renderer = read_u8(&d->r);
	reserved = read_u8(&d->r);
	len = read_le32(&d->r);
	hash = read_le64(&d->r);
	if (!is_good(d, "its header"))
		return;
	d->foreign = d->format != RECORD_FORMAT;
	if (d->foreign)
		d->r.failed = true;
	else if (kind != d->kind)
		damaged(d, "its kind is %u instead of %u", kind, (unsigned)d->kind);
	else if (renderer != RENDERER_CURRENT)
		damaged(d, "it has renderer %u, this program knows %d", renderer, RENDERER_CURRENT);
	else if (reserved)
		damaged(d, "its reserved byte is %u instead of 0", reserved);
	else if (len != d->r.len)
		damaged(d, "it has %zu bytes behind its header instead of %" PRIu32, d->r.len, len);
	else if (hash != XXH3_64bits(d->r.at, d->r.len))
		damaged(d, "its checksum does not fit its bytes");
	d->id = get_u32(d, "its id");
	d->has_id = !d->r.failed;
}

/* See that nothing is left over, and tell what was wrong: 0, -EIO, -ENOMEM. */
static int close_record(struct decoder *d, struct err *err)
{
	const char *kind = kind_names[d->kind];
	char object[32];
	int rc;

	if (!d->r.failed && d->r.len)
		damaged(d, "%zu bytes are left behind its end", d->r.len);
	if (!d->r.failed)
		return 0;
	if (d->nomem)
		return err_nomem(err);
	if (d->has_id)
		(void)snprintf(object, sizeof(object), "%s %" PRIu32, kind, d->id);
	else
		(void)snprintf(object, sizeof(object), "a %s", kind);
	if (d->foreign)
		rc = err_set(err, -EIO, "record of %s has format %u, this program knows %d", object,
			     d->format, RECORD_FORMAT);
	else
		rc = err_set(err, -EIO, "record of %s is damaged: %s", object, d->damage);
	err_kind_set(err, ERR_STORE);
	return rc;
}

int record_decode_table(struct bytes record, struct table **out, struct err *err)
{
	struct table *table = table_new();
	struct decoder d = { .kind = RECORD_TABLE };
	int rc;

	if (!table)
		return err_nomem(err);
	d.arena = &table->arena;
	open_record(&d, record);
	table->id = d.id;
	get_table(&d, table);
	rc = close_record(&d, err);
	if (rc)
		table_put(table);
	else
		*out = table;
	return rc;
}

int record_decode_storage(struct bytes record, struct storage **out, struct err *err)
{
	struct storage *storage = storage_new();
	struct decoder d = { .kind = RECORD_STORAGE };
	int rc;

	if (!storage)
		return err_nomem(err);
	d.arena = &storage->arena;
	open_record(&d, record);
	storage->id = d.id;
	get_storage(&d, storage);
	rc = close_record(&d, err);
	if (rc)
		storage_put(storage);
	else
		*out = storage;
	return rc;
}

int record_decode_namespace(struct bytes record, struct namespace **out, struct err *err)
{
	struct namespace *ns = namespace_new();
	struct decoder d = { .kind = RECORD_NAMESPACE };
	int rc;

	if (!ns)
		return err_nomem(err);
	d.arena = &ns->arena;
	open_record(&d, record);
	ns->id = d.id;
	get_namespace(&d, ns);
	rc = close_record(&d, err);
	if (rc)
		namespace_put(ns);
	else
		*out = ns;
	return rc;
}
