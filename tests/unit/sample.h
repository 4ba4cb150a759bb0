/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table app.messages of the design pages, for tests of what is printed of it. */
#ifndef KALAM_TESTS_SAMPLE_H
#define KALAM_TESTS_SAMPLE_H

#include "catalog/model.h"
#include "tests/unit/helpers.h"

#define SAMPLE_ROOM 16	/* columns that fit */
#define SAMPLE_CREATED 1763629200000000	/* 2025-11-20T09:00:00Z */
#define SAMPLE_UPDATED 1763805600000000	/* 2025-11-22T10:00:00Z */

/* A nullable column of a type, behind the others. */
static inline struct column *sample_column(struct table *t, uint32_t id, const char *name,
					   enum type_id type)
{
	struct column *c = &t->columns[t->column_count++];

	assert_true(t->column_count <= SAMPLE_ROOM);
	c->id = id;
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->type.id = type;
	c->nullable = true;
	c->version = 2;
	if (t->next_column_id <= id)
		t->next_column_id = id + 1;
	return c;
}

static inline void sample_price(struct table *t)
{
	struct column *c = sample_column(t, 2, "price", TYPE_DECIMAL);

	c->type.precision = 10;
	c->type.scale = 2;
	c->nullable = false;
	c->def.kind = DEFAULT_LITERAL;
	c->def.text = "0.00";
	c->comment = "in EUR";
}

/* A table without columns; table_put frees it. */
static inline struct table *sample_empty(enum table_type type, const char *name)
{
	struct table *t = table_new();

	assert_non_null(t);
	t->columns = arena_array(&t->arena, SAMPLE_ROOM, sizeof(*t->columns));
	assert_non_null(t->columns);
	t->id = 7;
	t->namespace_id = 3;
	t->type = type;
	snprintf(t->namespace_name, sizeof(t->namespace_name), "app");
	snprintf(t->name, sizeof(t->name), "%s", name);
	snprintf(t->location_name, sizeof(t->location_name), "app/%s", name);
	t->version = 3;
	t->next_column_id = 1;
	t->created_at = SAMPLE_CREATED;
	t->updated_at = SAMPLE_UPDATED;
	table_options_init(&t->options);
	return t;
}

static inline struct table *sample_messages(void)
{
	struct table *t = sample_empty(TABLE_USER, "messages");
	struct column *id = sample_column(t, 1, "id", TYPE_BIGINT);

	id->nullable = false;
	id->primary_key = true;
	id->def.kind = DEFAULT_FUNCTION;
	id->def.function = "SNOWFLAKE_ID";
	sample_price(t);
	sample_column(t, 4, "email", TYPE_TEXT);
	t->options.flush_policy = (struct flush_policy){ 1000, 60 };
	t->comment = "Chat messages";
	return t;
}

#endif
