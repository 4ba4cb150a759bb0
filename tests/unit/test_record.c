/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"
#include "tests/unit/sample.h"

#include "catalog/record.h"

#include <errno.h>
#include <xxhash.h>

#define HEADER 16

static struct bytes bytes_of(const struct buf *b)
{
	return (struct bytes){ b->at, b->len };
}

/* Make the header true again after the payload was changed. */
static void seal(struct buf *b)
{
	uint64_t hash = XXH3_64bits(b->at + HEADER, b->len - HEADER);
	size_t len = b->len - HEADER;

	for (unsigned i = 0; i < 4; i++)
		b->at[4 + i] = (uint8_t)(len >> (8 * i));
	for (unsigned i = 0; i < 8; i++)
		b->at[8 + i] = (uint8_t)(hash >> (8 * i));
}

/* Every field set to something of its own. */
static void fill_everything(struct table *t)
{
	t->comment = "Zeichen \xC3\xA4\n\tand more";
	t->next_column_id = 90;
	t->next_rev = 17;
	t->updated_at = t->created_at - 5;
	t->columns_changed_at = t->created_at + 1;
	t->dropped_at = INT64_MAX;
	t->expires_at = INT64_MIN;
	t->options = (struct table_options){
		.storage_id = "s-3", .use_user_storage = 1, .access_level = ACCESS_DBA,
		.eviction_strategy = EVICTION_HYBRID, .compression = COMPRESSION_ZSTD,
		.ttl_seconds = UINT64_MAX, .max_stream_size_bytes = 12345678901,
		.flush_policy = { 999999, 86399 }, .deleted_retention_hours = 876000,
		.read_only = 1, .localhost_only = 1, .cache_ttl_seconds = UINT32_MAX,
	};
	t->info = (struct version_info){
		.committed_at = 77, .sequence = UINT64_MAX,
		.author = { .uid = UINT32_MAX, .pid = 4711, .user = "ann", .command = "b\xFFsh" },
		.source = SOURCE_DOCUMENT, .statement = "ALTER TABLE t ADD age INT",
		.restored_from = 2,
	};
	for (unsigned i = 0; i < FORM_COUNT; i++)
		t->sizes[i] = 1000 * i + 1;
}

static struct table *everything(void)
{
	struct table *t = sample_messages();
	struct column *c;

	fill_everything(t);
	c = sample_column(t, 5, "born", TYPE_TIMESTAMP);
	c->def.kind = DEFAULT_FUNCTION;
	c->def.function = "NOW";
	c->partition_key = true;
	c->rev = 16;
	c->version = 3;
	c->changed_at = INT64_MIN;
	c = sample_column(t, 6, "gone", TYPE_TEXT);
	c->def.kind = DEFAULT_LITERAL;
	c = sample_column(t, 89, "said", TYPE_TEXT);
	c->def.kind = DEFAULT_LITERAL;
	c->def.text = "";
	return t;
}

static struct table *decoded(const struct buf *b)
{
	struct table *table = NULL;
	struct err err = ERR_INIT;
	int rc = record_decode_table(bytes_of(b), &table, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(rc, 0);
	return table;
}

static void assert_refused(const struct buf *b, const char *sentence)
{
	struct table *table = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(record_decode_table(bytes_of(b), &table, &err), -EIO);
	assert_err(&err, -EIO, sentence);
	assert_int_equal(err.kind, ERR_STORE);
	assert_null(table);
}

static void assert_same_columns(const struct table *a, const struct table *b)
{
	assert_int_equal(a->column_count, b->column_count);
	for (uint32_t i = 0; i < a->column_count; i++) {
		assert_true(column_equal(&a->columns[i], &b->columns[i]));
		assert_int_equal(a->columns[i].version, b->columns[i].version);
		assert_int_equal(a->columns[i].rev, b->columns[i].rev);
		assert_int_equal(a->columns[i].changed_at, b->columns[i].changed_at);
	}
}

static void assert_same_info(const struct version_info *a, const struct version_info *b)
{
	assert_int_equal(a->committed_at, b->committed_at);
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->author.uid, b->author.uid);
	assert_int_equal(a->author.pid, b->author.pid);
	assert_string_equal(a->author.user, b->author.user);
	assert_string_equal(a->author.command, b->author.command);
	assert_int_equal(a->source, b->source);
	assert_true(text_equal(a->statement, b->statement));
	assert_int_equal(a->restored_from, b->restored_from);
}

static void assert_same_table(const struct table *a, const struct table *b)
{
	assert_true(table_equal(a, b));
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->namespace_id, b->namespace_id);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->next_column_id, b->next_column_id);
	assert_int_equal(a->next_rev, b->next_rev);
	assert_int_equal(a->created_at, b->created_at);
	assert_int_equal(a->updated_at, b->updated_at);
	assert_int_equal(a->columns_changed_at, b->columns_changed_at);
	assert_int_equal(a->dropped_at, b->dropped_at);
	assert_int_equal(a->expires_at, b->expires_at);
	for (enum table_type type = TABLE_USER; type < TABLE_TYPE_COUNT; type++)
		assert_true(options_equal(type, &a->options, &b->options));
	assert_memory_equal(a->sizes, b->sizes, sizeof(a->sizes));
	assert_same_columns(a, b);
	assert_same_info(&a->info, &b->info);
}

static void a_table_comes_back_with_every_field(void **state)
{
	struct table *table = everything(), *back;
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	assert_false(b.failed);
	back = decoded(&b);

	assert_same_table(table, back);
	table_put(table);
	table_put(back);
	buf_free(&b);
}

static void all_types_come_back(void **state)
{
	struct table *table = sample_empty(TABLE_STREAM, "all"), *back;
	struct column *c;
	struct buf b = { .at = NULL };

	(void)state;
	table->columns = arena_array(&table->arena, TYPE_ID_END, sizeof(*table->columns));
	assert_non_null(table->columns);
	for (uint32_t id = TYPE_BOOLEAN; id < TYPE_ID_END; id++) {
		c = &table->columns[table->column_count++];
		c->id = id;
		(void)snprintf(c->name, sizeof(c->name), "c%u", (unsigned)id);
		c->type.id = (enum type_id)id;
	}
	table->columns[TYPE_EMBEDDING - 1].type.dimension = EMBEDDING_MAX;
	table->columns[TYPE_DECIMAL - 1].type.precision = 38;
	table->columns[TYPE_DECIMAL - 1].type.scale = 37;
	table->next_column_id = TYPE_ID_END;
	record_encode_table(table, &b);
	back = decoded(&b);

	assert_same_table(table, back);
	table_put(table);
	table_put(back);
	buf_free(&b);
}

static void what_decodes_encodes_to_the_same_bytes(void **state)
{
	struct table *table = everything(), *back;
	struct buf b = { .at = NULL }, again = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	back = decoded(&b);
	record_encode_table(back, &again);

	assert_int_equal(b.len, again.len);
	assert_memory_equal(b.at, again.at, b.len);
	table_put(table);
	table_put(back);
	buf_free(&b);
	buf_free(&again);
}

static void a_record_is_appended_to_what_the_buffer_holds(void **state)
{
	struct table *table = everything(), *back = NULL;
	struct buf b = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	buf_bytes(&b, "abc", 3);
	record_encode_table(table, &b);
	assert_memory_equal(b.at, "abc", 3);
	assert_int_equal(
		record_decode_table((struct bytes){ b.at + 3, b.len - 3 }, &back, &err), 0);
	assert_true(table_equal(table, back));
	table_put(table);
	table_put(back);
	buf_free(&b);
}

static void twenty_columns_take_well_under_a_kibibyte(void **state)
{
	struct table *table = sample_empty(TABLE_USER, "wide");
	struct buf b = { .at = NULL };

	(void)state;
	table->columns = arena_array(&table->arena, 20, sizeof(*table->columns));
	assert_non_null(table->columns);
	for (uint32_t i = 0; i < 20; i++) {
		struct column *c = &table->columns[table->column_count++];

		c->id = i + 1;
		(void)snprintf(c->name, sizeof(c->name), "some_column_%u", (unsigned)i);
		c->type.id = TYPE_TEXT;
		c->version = i + 1;
		c->rev = i + 1;
		c->changed_at = SAMPLE_UPDATED;
	}
	table->next_column_id = 21;
	record_encode_table(table, &b);

	assert_true(b.len < 700);
	table_put(table);
	buf_free(&b);
}

static void a_record_cut_anywhere_is_refused(void **state)
{
	struct table *table = everything(), *back = NULL;
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	for (size_t len = 0; len < b.len; len++) {
		/* A block of exactly len bytes, so that reading on is noticed. */
		uint8_t *cut = malloc(len ? len : 1);
		struct bytes record = { cut, len };
		struct err err = ERR_INIT;

		assert_non_null(cut);
		memcpy(cut, b.at, len);
		assert_int_equal(record_decode_table(record, &back, &err), -EIO);
		assert_null(back);
		assert_non_null(strstr(err.text, "record of a table"));
		free(cut);
	}
	table_put(table);
	buf_free(&b);
}

static void any_flipped_bit_is_noticed(void **state)
{
	struct table *table = everything(), *back = NULL;
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	for (size_t bit = 0; bit < 8 * b.len; bit++) {
		b.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(record_decode_table(bytes_of(&b), &back, NULL), -EIO);
		assert_null(back);
		b.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	table_put(table);
	buf_free(&b);
}

/* Without the help of the hash: nothing may crash, and what is taken is in its one form. */
static void resealed_damage_is_refused_or_a_true_record(void **state)
{
	struct table *table = everything();
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	for (size_t bit = 8 * HEADER; bit < 8 * b.len; bit++) {
		struct table *back = NULL;
		struct err err = ERR_INIT;

		b.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
		seal(&b);
		if (record_decode_table(bytes_of(&b), &back, &err) == 0) {
			struct buf again = { .at = NULL };

			record_encode_table(back, &again);
			assert_int_equal(b.len, again.len);
			assert_memory_equal(b.at, again.at, b.len);
			buf_free(&again);
			table_put(back);
		} else {
			assert_int_equal(err.code, -EIO);
			assert_non_null(strstr(err.text, "is damaged: "));
		}
		b.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	table_put(table);
	buf_free(&b);
}

static void resealed_cuts_are_refused(void **state)
{
	struct table *table = everything(), *back = NULL;
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	while (b.len > HEADER) {
		b.len--;
		seal(&b);
		assert_int_equal(record_decode_table(bytes_of(&b), &back, NULL), -EIO);
		assert_null(back);
	}
	table_put(table);
	buf_free(&b);
}

static void another_format_is_named(void **state)
{
	struct table *table = everything();
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	b.at[0] = 2;
	assert_refused(&b, "record of a table has format 2, this program knows 1");
	table_put(table);
	buf_free(&b);
}

static void each_part_of_the_header_is_checked(void **state)
{
	struct table *table = everything();
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	b.at[1] ^= 1;
	assert_refused(&b, "record of a table is damaged: its kind is 3 instead of 2");
	b.at[1] ^= 1;
	b.at[2] = 9;
	assert_refused(&b, "record of a table is damaged: it has renderer 9, this program knows 1");
	b.at[2] = RENDERER_CURRENT;
	b.at[3] = 1;
	assert_refused(&b, "record of a table is damaged: its reserved byte is 1 instead of 0");
	b.at[3] = 0;
	b.at[8] ^= 1;
	assert_refused(&b, "record of a table is damaged: its checksum does not fit its bytes");
	b.len = 15;
	assert_refused(&b, "record of a table is damaged: it ends within its header");
	b.len = 0;
	assert_refused(&b, "record of a table is damaged: it ends within its header");
	table_put(table);
	buf_free(&b);
}

static void bytes_behind_the_end_are_refused(void **state)
{
	struct table *table = everything();
	struct buf b = { .at = NULL };

	(void)state;
	record_encode_table(table, &b);
	buf_u8(&b, 0);
	seal(&b);
	assert_refused(&b, "record of table 7 is damaged: 1 bytes are left behind its end");
	table_put(table);
	buf_free(&b);
}

static void a_number_in_a_longer_form_is_refused(void **state)
{
	static const uint8_t payload[] = { 0x87, 0x00 };	/* 7 in two bytes */
	struct buf b = { .at = NULL };

	(void)state;
	for (unsigned i = 0; i < HEADER; i++)
		buf_u8(&b, i == 0 ? RECORD_FORMAT : i == 1 ? 2 : i == 2 ? RENDERER_CURRENT : 0);
	buf_bytes(&b, payload, sizeof(payload));
	seal(&b);
	assert_refused(&b, "record of a table is damaged: its id is not a number");
	buf_free(&b);
}

static void a_record_of_another_kind_is_refused(void **state)
{
	struct table *table = everything();
	struct namespace *ns = NULL;
	struct storage *storage = NULL;
	struct buf b = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	record_encode_table(table, &b);
	assert_int_equal(record_decode_namespace(bytes_of(&b), &ns, &err), -EIO);
	assert_err(&err, -EIO, "record of a namespace is damaged: its kind is 2 instead of 1");
	err_clear(&err);
	assert_int_equal(record_decode_storage(bytes_of(&b), &storage, &err), -EIO);
	assert_err(&err, -EIO, "record of a storage is damaged: its kind is 2 instead of 3");
	table_put(table);
	buf_free(&b);
}

static void a_function_that_is_not_known_is_refused(void **state)
{
	struct table *table = sample_messages();
	struct buf b = { .at = NULL };

	(void)state;
	table->columns[0].def.function = "RANDOM";
	record_encode_table(table, &b);
	assert_refused(&b,
		       "record of table 7 is damaged: there is no default function 'RANDOM'");
	table_put(table);
	buf_free(&b);
}

static void a_name_with_a_slash_is_refused(void **state)
{
	struct table *table = sample_messages();
	struct buf b = { .at = NULL };

	(void)state;
	(void)snprintf(table->columns[1].name, NAME_SIZE, "../x");
	record_encode_table(table, &b);
	assert_refused(&b, "record of table 7 is damaged: a column's name is not a name");
	table_put(table);
	buf_free(&b);
}

static void column_ids_must_ascend_below_the_next(void **state)
{
	struct table *table = sample_messages();
	struct buf b = { .at = NULL };

	(void)state;
	table->columns[2].id = 2;
	record_encode_table(table, &b);
	assert_refused(&b, "record of table 7 is damaged: column 'email' has the id 2 behind 2");
	b.len = 0;
	table->columns[2].id = 5;
	record_encode_table(table, &b);
	assert_refused(&b, "record of table 7 is damaged: column 'email' has the id 5 behind 2");
	table_put(table);
	buf_free(&b);
}

static struct storage *sample_storage(const char *user_template)
{
	struct storage *s = storage_new();

	assert_non_null(s);
	s->id = 4;
	(void)snprintf(s->storage_id, sizeof(s->storage_id), "archive");
	s->storage_name = "Archive";
	s->type = STORAGE_AZURE;
	s->base_directory = "az://x/y";
	s->credentials = "{\"key\":\"secret\"}";
	s->shared_template = "{namespace}/{tableName}";
	s->user_template = user_template;
	s->version = 3;
	s->created_at = SAMPLE_CREATED;
	s->updated_at = s->shared_moved_at = s->user_moved_at = SAMPLE_UPDATED;
	return s;
}

static void a_storage_comes_back_with_its_templates_compiled(void **state)
{
	struct storage *s = sample_storage("{namespace}/{tableName}/{shard}/{userId}");
	struct storage *back = NULL;
	struct buf b = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	record_encode_storage(s, &b);
	assert_int_equal(record_decode_storage(bytes_of(&b), &back, &err), 0);

	assert_true(storage_equal(s, back));
	assert_int_equal(back->id, 4);
	assert_int_equal(back->version, 3);
	assert_int_equal(back->created_at, SAMPLE_CREATED);
	assert_int_equal(back->updated_at, SAMPLE_UPDATED);
	assert_true(template_has(&back->user, PLACEHOLDER_SHARD));
	assert_false(template_has(&back->shared, PLACEHOLDER_SHARD));
	storage_put(s);
	storage_put(back);
	buf_free(&b);
}

static void assert_moved(struct storage *s, int64_t shared, int64_t user)
{
	struct storage *back = NULL;
	struct buf b = { .at = NULL }, again = { .at = NULL };
	struct err err = ERR_INIT;

	s->shared_moved_at = shared;
	s->user_moved_at = user;
	record_encode_storage(s, &b);
	assert_int_equal(record_decode_storage(bytes_of(&b), &back, &err), 0);
	assert_int_equal(back->shared_moved_at, shared);
	assert_int_equal(back->user_moved_at, user);
	record_encode_storage(back, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.at, b.at, b.len);
	storage_put(back);
	buf_free(&b);
	buf_free(&again);
}

static void a_storage_tells_when_its_tables_moved(void **state)
{
	struct storage *s = sample_storage("{namespace}/{tableName}/{userId}");

	(void)state;
	assert_moved(s, SAMPLE_CREATED, SAMPLE_CREATED);
	assert_moved(s, SAMPLE_CREATED, SAMPLE_UPDATED);
	assert_moved(s, SAMPLE_UPDATED, SAMPLE_CREATED + 1);
	assert_moved(s, SAMPLE_UPDATED, SAMPLE_UPDATED);
	storage_put(s);
}

/* Written before there were such stamps: its tables moved when it changed at the latest. */
static void a_storage_without_these_stamps_is_read(void **state)
{
	struct storage *s = sample_storage("{namespace}/{tableName}/{userId}"), *back = NULL;
	struct buf old = { .at = NULL }, moved = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	record_encode_storage(s, &old);
	s->user_moved_at = SAMPLE_CREATED;
	record_encode_storage(s, &moved);
	assert_true(moved.len > old.len);
	assert_int_equal(record_decode_storage(bytes_of(&old), &back, &err), 0);
	assert_int_equal(back->shared_moved_at, SAMPLE_UPDATED);
	assert_int_equal(back->user_moved_at, SAMPLE_UPDATED);
	/* The same stamps written out would be a second form of one storage. */
	s->updated_at = s->shared_moved_at = s->user_moved_at = SAMPLE_CREATED;
	buf_free(&old);
	record_encode_storage(s, &old);
	buf_u8(&old, 0);
	seal(&old);
	storage_put(back);
	assert_int_equal(record_decode_storage(bytes_of(&old), &back, &err), -EIO);
	assert_err(&err, -EIO, "record of storage 4 is damaged: it ends within user_moved_at");
	err_clear(&err);
	buf_u8(&old, 0);
	seal(&old);
	assert_int_equal(record_decode_storage(bytes_of(&old), &back, &err), -EIO);
	assert_err(&err, -EIO, "record of storage 4 is damaged: its stamps are given twice");
	storage_put(s);
	buf_free(&old);
	buf_free(&moved);
}

static void a_storage_with_a_bad_template_is_refused(void **state)
{
	struct storage *s = sample_storage("{namespace}/{tableName}"), *back = NULL;
	struct buf b = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	record_encode_storage(s, &b);
	assert_int_equal(record_decode_storage(bytes_of(&b), &back, &err), -EIO);
	assert_err(&err, -EIO,
		   "record of storage 4 is damaged: User table template: {userId} is required");
	storage_put(s);
	buf_free(&b);
}

static void a_storage_without_its_name_is_refused(void **state)
{
	struct storage *s = sample_storage("{namespace}/{tableName}/{userId}"), *back = NULL;
	struct buf b = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	s->storage_name = NULL;
	record_encode_storage(s, &b);
	assert_int_equal(record_decode_storage(bytes_of(&b), &back, &err), -EIO);
	assert_err(&err, -EIO, "record of storage 4 is damaged: storage_name is missing");
	storage_put(s);
	buf_free(&b);
}

static struct namespace *sample_namespace(struct namespace_option options[2])
{
	struct namespace *ns = namespace_new();

	assert_non_null(ns);
	options[0] = (struct namespace_option){ "owner", "\"team-a\"" };
	options[1] = (struct namespace_option){ "quota", "10" };
	ns->id = 9;
	(void)snprintf(ns->name, sizeof(ns->name), "app");
	ns->version = 2;
	ns->created_at = SAMPLE_CREATED;
	ns->updated_at = SAMPLE_UPDATED;
	ns->comment = "ours";
	ns->option_count = 2;
	ns->options = options;
	return ns;
}

static void a_namespace_comes_back_with_its_options(void **state)
{
	struct namespace_option options[2];
	struct namespace *ns = sample_namespace(options), *back = NULL;
	struct buf b = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	record_encode_namespace(ns, &b);
	assert_int_equal(record_decode_namespace(bytes_of(&b), &back, &err), 0);

	assert_true(namespace_equal(ns, back));
	assert_string_equal(back->options[0].key, "owner");
	assert_int_equal(back->id, 9);
	assert_int_equal(back->version, 2);
	assert_int_equal(back->created_at, SAMPLE_CREATED);
	assert_int_equal(back->updated_at, SAMPLE_UPDATED);
	namespace_put(ns);
	namespace_put(back);
	buf_free(&b);
}

static void a_count_larger_than_the_record_is_refused(void **state)
{
	struct namespace_option options[2];
	struct namespace *ns = sample_namespace(options), *back = NULL;
	struct buf b = { .at = NULL };
	struct err err = ERR_INIT;

	(void)state;
	ns->option_count = 0;
	record_encode_namespace(ns, &b);
	b.at[b.len - 1] = 100;
	seal(&b);
	assert_int_equal(record_decode_namespace(bytes_of(&b), &back, &err), -EIO);
	assert_err(&err, -EIO,
		   "record of namespace 9 is damaged: it is too short for 100 options");
	namespace_put(ns);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_comes_back_with_every_field),
		cmocka_unit_test(all_types_come_back),
		cmocka_unit_test(what_decodes_encodes_to_the_same_bytes),
		cmocka_unit_test(a_record_is_appended_to_what_the_buffer_holds),
		cmocka_unit_test(twenty_columns_take_well_under_a_kibibyte),
		cmocka_unit_test(a_record_cut_anywhere_is_refused),
		cmocka_unit_test(any_flipped_bit_is_noticed),
		cmocka_unit_test(resealed_damage_is_refused_or_a_true_record),
		cmocka_unit_test(resealed_cuts_are_refused),
		cmocka_unit_test(another_format_is_named),
		cmocka_unit_test(each_part_of_the_header_is_checked),
		cmocka_unit_test(bytes_behind_the_end_are_refused),
		cmocka_unit_test(a_number_in_a_longer_form_is_refused),
		cmocka_unit_test(a_record_of_another_kind_is_refused),
		cmocka_unit_test(a_function_that_is_not_known_is_refused),
		cmocka_unit_test(a_name_with_a_slash_is_refused),
		cmocka_unit_test(column_ids_must_ascend_below_the_next),
		cmocka_unit_test(a_storage_comes_back_with_its_templates_compiled),
		cmocka_unit_test(a_storage_tells_when_its_tables_moved),
		cmocka_unit_test(a_storage_without_these_stamps_is_read),
		cmocka_unit_test(a_storage_with_a_bad_template_is_refused),
		cmocka_unit_test(a_storage_without_its_name_is_refused),
		cmocka_unit_test(a_namespace_comes_back_with_its_options),
		cmocka_unit_test(a_count_larger_than_the_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
