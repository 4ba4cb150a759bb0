/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/model.h"

#include "base/utf8.h"
#include "catalog/option.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_type_names[] = {
	[TABLE_USER] = "USER",
	[TABLE_SHARED] = "SHARED",
	[TABLE_STREAM] = "STREAM",
	[TABLE_SYSTEM] = "SYSTEM",
};
_Static_assert(countof(table_type_names) == TABLE_TYPE_COUNT, "every table type has a name");

static const char *const change_source_names[] = {
	[SOURCE_CTL] = "ctl",
	[SOURCE_DOCUMENT] = "document",
	[SOURCE_DIRECTORY] = "directory",
	[SOURCE_KALAMCTL] = "kalamctl",
};
_Static_assert(countof(change_source_names) == SOURCE_COUNT, "every source has a name");

static const struct {
	const char *name;
	const char *alias;
} storage_types[] = {
	[STORAGE_FILESYSTEM] = { "filesystem", NULL },
	[STORAGE_S3] = { "s3", NULL },
	[STORAGE_GCS] = { "gcs", "gs" },
	[STORAGE_AZURE] = { "azure", "az" },
};
_Static_assert(countof(storage_types) == STORAGE_TYPE_COUNT, "every storage type has a name");

struct table *table_new(void)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table)
		atomic_init(&table->refs, 1);
	return table;
}

struct storage *storage_new(void)
{
	struct storage *storage = calloc(1, sizeof(*storage));

	if (storage)
		atomic_init(&storage->refs, 1);
	return storage;
}

struct namespace *namespace_new(void)
{
	struct namespace *ns = calloc(1, sizeof(*ns));

	if (ns)
		atomic_init(&ns->refs, 1);
	return ns;
}

/* Make *text, borrowed from another object, the arena's own; false without memory. */
static bool own_text(struct arena *arena, const char **text)
{
	if (!*text)
		return true;
	*text = arena_strdup(arena, *text);
	return *text != NULL;
}

static bool own_columns(struct table *copy, const struct table *table, unsigned spare)
{
	copy->columns = arena_array(&copy->arena, (size_t)table->column_count + spare,
				    sizeof(*copy->columns));
	if (!copy->columns)
		return false;
	for (uint32_t i = 0; i < table->column_count; i++) {
		struct column *column = &copy->columns[i];

		*column = table->columns[i];
		if (!own_text(&copy->arena, &column->def.text) ||
		    !own_text(&copy->arena, &column->comment))
			return false;
	}
	return true;
}

/*
 * Copies leave out refs and arena: another thread may be counting references
 * of the original meanwhile.
 */
#define COPY_FIELDS(to, from)                                           \
	memcpy((char *)(to) + offsetof(__typeof__(*(to)), id),          \
	       (const char *)(from) + offsetof(__typeof__(*(to)), id),  \
	       sizeof(*(to)) - offsetof(__typeof__(*(to)), id))

struct table *table_copy(const struct table *table, unsigned spare)
{
	struct table *copy = table_new();

	if (!copy)
		return NULL;
	COPY_FIELDS(copy, table);
	if (!own_text(&copy->arena, &copy->comment) ||
	    !own_text(&copy->arena, &copy->info.statement) || !own_columns(copy, table, spare)) {
		table_put(copy);
		return NULL;
	}
	return copy;
}

/* The texts were checked when the original was made, so only memory can be missing. */
static bool compile_templates(struct storage *storage)
{
	return !template_parse(TEMPLATE_SHARED, storage->shared_template, &storage->shared, NULL) &&
	       !template_parse(TEMPLATE_USER, storage->user_template, &storage->user, NULL);
}

struct storage *storage_copy(const struct storage *storage)
{
	struct storage *copy = storage_new();

	if (!copy)
		return NULL;
	COPY_FIELDS(copy, storage);
	if (!own_text(&copy->arena, &copy->storage_name) ||
	    !own_text(&copy->arena, &copy->description) ||
	    !own_text(&copy->arena, &copy->base_directory) ||
	    !own_text(&copy->arena, &copy->credentials) ||
	    !own_text(&copy->arena, &copy->config) ||
	    !own_text(&copy->arena, &copy->shared_template) ||
	    !own_text(&copy->arena, &copy->user_template) || !compile_templates(copy)) {
		storage_put(copy);
		return NULL;
	}
	return copy;
}

static bool own_options(struct namespace *copy, const struct namespace *ns)
{
	copy->options = arena_array(&copy->arena, ns->option_count, sizeof(*copy->options));
	if (!copy->options)
		return false;
	for (uint32_t i = 0; i < ns->option_count; i++) {
		copy->options[i] = ns->options[i];
		if (!own_text(&copy->arena, &copy->options[i].key) ||
		    !own_text(&copy->arena, &copy->options[i].json))
			return false;
	}
	return true;
}

struct namespace *namespace_copy(const struct namespace *ns)
{
	struct namespace *copy = namespace_new();

	if (!copy)
		return NULL;
	COPY_FIELDS(copy, ns);
	if (!own_text(&copy->arena, &copy->comment) || !own_options(copy, ns)) {
		namespace_put(copy);
		return NULL;
	}
	return copy;
}

/* The counter is the one field of a snapshot that changes; hence the casts. */

static void take(const atomic_uint *refs)
{
	atomic_fetch_add_explicit((atomic_uint *)refs, 1, memory_order_relaxed);
}

static bool give_last(const atomic_uint *refs)
{
	return atomic_fetch_sub_explicit((atomic_uint *)refs, 1, memory_order_acq_rel) == 1;
}

struct table *table_get(const struct table *table)
{
	take(&table->refs);
	return (struct table *)table;
}

struct storage *storage_get(const struct storage *storage)
{
	take(&storage->refs);
	return (struct storage *)storage;
}

struct namespace *namespace_get(const struct namespace *ns)
{
	take(&ns->refs);
	return (struct namespace *)ns;
}

void table_put(const struct table *table)
{
	struct table *last = (struct table *)table;

	if (!table || !give_last(&table->refs))
		return;
	arena_free(&last->arena);
	free(last);
}

void storage_put(const struct storage *storage)
{
	struct storage *last = (struct storage *)storage;

	if (!storage || !give_last(&storage->refs))
		return;
	arena_free(&last->arena);
	free(last);
}

void namespace_put(const struct namespace *ns)
{
	struct namespace *last = (struct namespace *)ns;

	if (!ns || !give_last(&ns->refs))
		return;
	arena_free(&last->arena);
	free(last);
}

struct column *table_find_column(const struct table *table, const char *name)
{
	for (uint32_t i = 0; i < table->column_count; i++)
		if (!strcmp(table->columns[i].name, name))
			return &table->columns[i];
	return NULL;
}

struct column *table_find_column_id(const struct table *table, uint32_t id)
{
	uint32_t low = 0, high = table->column_count;

	/* Where nothing was dropped. */
	if (id - 1 < high && table->columns[id - 1].id == id)
		return &table->columns[id - 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->columns[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->column_count && table->columns[low].id == id ? &table->columns[low] : NULL;
}

int text_check(const char *what, const char *text, long pos, struct err *err)
{
	size_t len = text ? strlen(text) : 0;
	uint32_t cp;

	if (len > COMMENT_MAX_BYTES)
		return err_at(err, -EINVAL, pos, "%s is too long (%zu bytes, max %d)", what,
			      len, COMMENT_MAX_BYTES);
	for (size_t i = 0, used; i < len; i += used) {
		int n;

		used = utf8_plain(text + i, len - i);
		if (used)
			continue;
		n = utf8_decode(text + i, len - i, &cp);
		if (n <= 0)
			return err_at(err, -EINVAL, pos, "%s is not valid UTF-8", what);
		if (cp == '\r' || utf8_is_hidden(cp))
			return err_at(err, -EINVAL, pos,
				      "%s holds the control character U+%04X; "
				      "only newline and tab are allowed",
				      what, (unsigned)cp);
		used = (size_t)n;
	}
	return 0;
}

int comment_check(const char *text, long pos, struct err *err)
{
	return text_check("Comment", text, pos, err);
}

int comment_set(struct arena *arena, const char **out, const char *text, long pos, struct err *err)
{
	const char *copy = NULL;
	int rc = comment_check(text, pos, err);

	if (rc)
		return rc;
	if (text && *text) {
		copy = arena_strdup(arena, text);
		if (!copy)
			return err_nomem(err);
	}
	*out = copy;
	return 0;
}

bool text_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool default_equal(const struct column_default *a, const struct column_default *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case DEFAULT_LITERAL:
		return text_equal(a->text, b->text);
	case DEFAULT_FUNCTION:
		return text_equal(a->function, b->function) && a->nargs == b->nargs &&
		       !memcmp(a->args, b->args, a->nargs * sizeof(a->args[0]));
	case DEFAULT_NONE:
	default:
		return true;
	}
}

bool column_equal(const struct column *a, const struct column *b)
{
	return a->id == b->id && !strcmp(a->name, b->name) && type_equal(&a->type, &b->type) &&
	       a->nullable == b->nullable && a->primary_key == b->primary_key &&
	       a->partition_key == b->partition_key && default_equal(&a->def, &b->def) &&
	       text_equal(a->comment, b->comment);
}

bool options_equal(enum table_type type, const struct table_options *a,
		   const struct table_options *b)
{
	for (unsigned i = 0; i < table_options_count; i++) {
		const struct option *option = &table_options_rows[i];

		if (option_applies(option, type) && !option_equal(option, a, b))
			return false;
	}
	return true;
}

bool table_equal(const struct table *a, const struct table *b)
{
	if (strcmp(a->namespace_name, b->namespace_name) != 0 || strcmp(a->name, b->name) != 0 ||
	    a->type != b->type || !text_equal(a->comment, b->comment) ||
	    strcmp(a->location_name, b->location_name) != 0 ||
	    !options_equal(a->type, &a->options, &b->options) ||
	    a->column_count != b->column_count)
		return false;
	for (uint32_t i = 0; i < a->column_count; i++)
		if (!column_equal(&a->columns[i], &b->columns[i]))
			return false;
	return true;
}

bool storage_equal(const struct storage *a, const struct storage *b)
{
	return !strcmp(a->storage_id, b->storage_id) && a->type == b->type &&
	       text_equal(a->storage_name, b->storage_name) &&
	       text_equal(a->description, b->description) &&
	       text_equal(a->base_directory, b->base_directory) &&
	       text_equal(a->credentials, b->credentials) && text_equal(a->config, b->config) &&
	       text_equal(a->shared_template, b->shared_template) &&
	       text_equal(a->user_template, b->user_template);
}

/* Order of options means nothing, but mostly it is the same: look there first. */
static bool has_option(const struct namespace *ns, uint32_t guess,
		       const struct namespace_option *wanted)
{
	if (!strcmp(ns->options[guess].key, wanted->key))
		return !strcmp(ns->options[guess].json, wanted->json);
	for (uint32_t i = 0; i < ns->option_count; i++)
		if (!strcmp(ns->options[i].key, wanted->key))
			return !strcmp(ns->options[i].json, wanted->json);
	return false;
}

bool namespace_equal(const struct namespace *a, const struct namespace *b)
{
	if (strcmp(a->name, b->name) != 0 || !text_equal(a->comment, b->comment) ||
	    a->option_count != b->option_count)
		return false;
	for (uint32_t i = 0; i < a->option_count; i++)
		if (!has_option(b, i, &a->options[i]))
			return false;
	return true;
}

void table_options_init(struct table_options *options)
{
	*options = (struct table_options){
		.storage_id = "local",
		.access_level = ACCESS_PRIVATE,
		.eviction_strategy = EVICTION_TIME_BASED,
		.compression = COMPRESSION_SNAPPY,
		.deleted_retention_hours = 168,
		.read_only = 1,
		.enable_cache = 1,
		.cache_ttl_seconds = 300,
	};
}

const char *table_type_name(enum table_type type)
{
	assert((unsigned)type < countof(table_type_names));
	return table_type_names[type];
}

const char *storage_type_name(enum storage_type type)
{
	assert((unsigned)type < countof(storage_types));
	return storage_types[type].name;
}

int storage_type_parse(const char *text, size_t len, enum storage_type *out)
{
	for (unsigned i = 0; i < countof(storage_types); i++) {
		if (name_is_word(text, len, storage_types[i].name) ||
		    (storage_types[i].alias && name_is_word(text, len, storage_types[i].alias))) {
			*out = (enum storage_type)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *change_source_name(enum change_source source)
{
	assert((unsigned)source < countof(change_source_names));
	return change_source_names[source];
}
