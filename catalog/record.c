/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/record.h"

#include "catalog/record_format.h"

#include <string.h>
#include <xxhash.h>

#define UINT_MOST 10	/* bytes of a number */

static inline void put_uint(struct buf *b, uint64_t v)
{
	if (!buf_reserve(b, UINT_MOST))
		return;
	for (; v >= 0x80; v >>= 7)
		b->at[b->len++] = (uint8_t)(v | 0x80);
	b->at[b->len++] = (uint8_t)v;
}

static void put_int(struct buf *b, int64_t v)
{
	put_uint(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

static void put_stamp(struct buf *b, int64_t stamp, int64_t from)
{
	put_int(b, (int64_t)((uint64_t)stamp - (uint64_t)from));
}

static void put_name(struct buf *b, const char *name)
{
	size_t len = strlen(name);

	buf_u8(b, (uint8_t)len);
	buf_bytes(b, name, len);
}

static void put_text(struct buf *b, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_uint(b, text ? (uint64_t)len + 1 : 0);
	if (text)
		buf_bytes(b, text, len);
}

/* Header with room for length and hash, which finish_record fills in. */
static size_t start_record(struct buf *b, enum record_kind kind)
{
	size_t start = b->len;

	buf_u8(b, RECORD_FORMAT);
	buf_u8(b, (uint8_t)kind);
	buf_u8(b, RENDERER_CURRENT);
	buf_u8(b, 0);
	buf_le32(b, 0);
	buf_le64(b, 0);
	return start + RECORD_HEADER_BYTES;
}

static void store_le(uint8_t *at, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static void finish_record(struct buf *b, size_t payload)
{
	size_t len;

	if (b->failed)
		return;
	len = b->len - payload;
	if (len > UINT32_MAX) {
		b->failed = true;
		return;
	}
	store_le(b->at + payload - 12, len, 4);
	store_le(b->at + payload - 8, XXH3_64bits(b->at + payload, len), 8);
}

static void put_options(struct buf *b, const struct table_options *options)
{
	put_name(b, options->storage_id);
	buf_u8(b, options->use_user_storage);
	buf_u8(b, options->access_level);
	buf_u8(b, options->eviction_strategy);
	buf_u8(b, options->compression);
	put_uint(b, options->ttl_seconds);
	put_uint(b, options->max_stream_size_bytes);
	put_uint(b, options->flush_policy.row_limit);
	put_uint(b, options->flush_policy.interval_seconds);
	put_uint(b, options->deleted_retention_hours);
	buf_u8(b, options->read_only);
	buf_u8(b, options->enable_cache);
	buf_u8(b, options->localhost_only);
	put_uint(b, options->cache_ttl_seconds);
}

static void put_default(struct buf *b, const struct column_default *def)
{
	switch (def->kind) {
	case DEFAULT_NONE:
	default:
		break;
	case DEFAULT_LITERAL:
		put_text(b, def->text);
		break;
	case DEFAULT_FUNCTION:
		put_name(b, def->function);
		put_uint(b, def->nargs);
		for (unsigned i = 0; i < def->nargs; i++)
			put_int(b, def->args[i]);
		break;
	}
}

static void put_column(struct buf *b, const struct column *column, int64_t created_at)
{
	unsigned flags = (unsigned)column->def.kind << COLUMN_DEFAULT_SHIFT;

	if (column->nullable)
		flags |= COLUMN_NULLABLE;
	if (column->primary_key)
		flags |= COLUMN_PRIMARY;
	if (column->partition_key)
		flags |= COLUMN_PARTITION;
	put_uint(b, column->id);
	put_name(b, column->name);
	type_encode(&column->type, b);
	buf_u8(b, (uint8_t)flags);
	put_default(b, &column->def);
	put_text(b, column->comment);
	put_uint(b, column->version);
	put_uint(b, column->rev);
	put_stamp(b, column->changed_at, created_at);
}

static void put_info(struct buf *b, const struct version_info *info, int64_t created_at)
{
	put_stamp(b, info->committed_at, created_at);
	put_uint(b, info->sequence);
	put_uint(b, info->author.uid);
	put_uint(b, info->author.pid);
	put_name(b, info->author.user);
	put_name(b, info->author.command);
	buf_u8(b, (uint8_t)info->source);
	put_text(b, info->statement);
	put_uint(b, info->restored_from);
}

void record_encode_table(const struct table *table, struct buf *out)
{
	size_t payload = start_record(out, RECORD_TABLE);

	put_uint(out, table->id);
	put_uint(out, table->namespace_id);
	put_name(out, table->namespace_name);
	put_name(out, table->name);
	buf_u8(out, (uint8_t)table->type);
	put_uint(out, table->version);
	put_uint(out, table->next_column_id);
	put_uint(out, table->next_rev);
	put_int(out, table->created_at);
	put_stamp(out, table->updated_at, table->created_at);
	put_stamp(out, table->columns_changed_at, table->created_at);
	put_stamp(out, table->placed_at, table->created_at);
	put_int(out, table->dropped_at);
	put_int(out, table->expires_at);
	put_text(out, table->comment);
	put_name(out, table->location_name);
	put_options(out, &table->options);
	put_uint(out, table->column_count);
	for (uint32_t i = 0; i < table->column_count; i++)
		put_column(out, &table->columns[i], table->created_at);
	put_info(out, &table->info, table->created_at);
	for (unsigned i = 0; i < FORM_COUNT; i++)
		put_uint(out, table->sizes[i]);
	finish_record(out, payload);
}

void record_encode_storage(const struct storage *storage, struct buf *out)
{
	size_t payload = start_record(out, RECORD_STORAGE);

	put_uint(out, storage->id);
	put_name(out, storage->storage_id);
	put_text(out, storage->storage_name);
	put_text(out, storage->description);
	buf_u8(out, (uint8_t)storage->type);
	put_text(out, storage->base_directory);
	put_text(out, storage->credentials);
	put_text(out, storage->config);
	put_text(out, storage->shared_template);
	put_text(out, storage->user_template);
	put_uint(out, storage->version);
	put_int(out, storage->created_at);
	put_stamp(out, storage->updated_at, storage->created_at);
	if (storage->shared_moved_at != storage->updated_at ||
	    storage->user_moved_at != storage->updated_at) {
		put_stamp(out, storage->shared_moved_at, storage->created_at);
		put_stamp(out, storage->user_moved_at, storage->created_at);
	}
	finish_record(out, payload);
}

void record_encode_namespace(const struct namespace *ns, struct buf *out)
{
	size_t payload = start_record(out, RECORD_NAMESPACE);

	put_uint(out, ns->id);
	put_name(out, ns->name);
	put_uint(out, ns->version);
	put_int(out, ns->created_at);
	put_stamp(out, ns->updated_at, ns->created_at);
	put_text(out, ns->comment);
	put_uint(out, ns->option_count);
	for (uint32_t i = 0; i < ns->option_count; i++) {
		put_text(out, ns->options[i].key);
		put_text(out, ns->options[i].json);
	}
	finish_record(out, payload);
}
