/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/system.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One column as written below; a type without parameters and flags. */
struct system_column {
	const char *name;
	enum type_id type;
	unsigned flags;
	const char *comment;
};

enum { NULLABLE = 1, KEY = 2 };

struct system_layout {
	const char *name;
	const char *comment;
	const struct system_column *columns;
	unsigned count;
};

static const struct system_column users[] = {
	{ "user_id", TYPE_TEXT, KEY, NULL },
	{ "password_hash", TYPE_TEXT, 0, NULL },
	{ "role", TYPE_TEXT, 0, "user, service, dba or system" },
	{ "email", TYPE_TEXT, NULLABLE, NULL },
	{ "auth_type", TYPE_TEXT, 0, NULL },
	{ "auth_data", TYPE_JSON, NULLABLE, NULL },
	{ "storage_mode", TYPE_TEXT, 0, "table or region" },
	{ "storage_id", TYPE_TEXT, NULLABLE, NULL },
	{ "failed_login_attempts", TYPE_INT, 0, NULL },
	{ "locked_until", TYPE_TIMESTAMP, NULLABLE, NULL },
	{ "last_login_at", TYPE_TIMESTAMP, NULLABLE, NULL },
	{ "created_at", TYPE_TIMESTAMP, 0, NULL },
	{ "updated_at", TYPE_TIMESTAMP, 0, NULL },
	{ "last_seen", TYPE_TIMESTAMP, NULLABLE, NULL },
	{ "deleted_at", TYPE_TIMESTAMP, NULLABLE, NULL },
};

static const struct system_column jobs[] = {
	{ "job_id", TYPE_TEXT, 0, NULL },
	{ "job_type", TYPE_TEXT, 0, NULL },
	{ "status", TYPE_TEXT, 0, NULL },
	{ "leader_status", TYPE_TEXT, NULLABLE, NULL },
	{ "parameters", TYPE_JSON, NULLABLE, NULL },
	{ "message", TYPE_TEXT, NULLABLE, NULL },
	{ "exception_trace", TYPE_TEXT, NULLABLE, NULL },
	{ "idempotency_key", TYPE_TEXT, NULLABLE, NULL },
	{ "queue", TYPE_TEXT, NULLABLE, NULL },
	{ "priority", TYPE_INT, NULLABLE, NULL },
	{ "retry_count", TYPE_INT, 0, NULL },
	{ "max_retries", TYPE_INT, 0, NULL },
	{ "memory_used", TYPE_BIGINT, NULLABLE, "bytes" },
	{ "cpu_used", TYPE_BIGINT, NULLABLE, "microseconds" },
	{ "created_at", TYPE_TIMESTAMP, 0, NULL },
	{ "updated_at", TYPE_TIMESTAMP, 0, NULL },
	{ "started_at", TYPE_TIMESTAMP, NULLABLE, NULL },
	{ "finished_at", TYPE_TIMESTAMP, NULLABLE, NULL },
	{ "node_id", TYPE_BIGINT, 0, NULL },
	{ "leader_node_id", TYPE_BIGINT, NULLABLE, NULL },
};

static const struct system_column namespaces[] = {
	{ "namespace_id", TYPE_TEXT, KEY, NULL },
	{ "name", TYPE_TEXT, 0, NULL },
	{ "created_at", TYPE_TIMESTAMP, 0, NULL },
	{ "options", TYPE_JSON, NULLABLE, NULL },
	{ "table_count", TYPE_INT, 0, NULL },
};

static const struct system_column storages[] = {
	{ "storage_id", TYPE_TEXT, KEY, NULL },
	{ "storage_name", TYPE_TEXT, 0, NULL },
	{ "description", TYPE_TEXT, NULLABLE, NULL },
	{ "storage_type", TYPE_TEXT, 0, "filesystem, s3, gcs or azure" },
	{ "base_directory", TYPE_TEXT, 0, NULL },
	{ "credentials", TYPE_JSON, NULLABLE, "shown as ***" },
	{ "config_json", TYPE_JSON, NULLABLE, NULL },
	{ "shared_tables_template", TYPE_TEXT, 0, NULL },
	{ "user_tables_template", TYPE_TEXT, 0, NULL },
	{ "created_at", TYPE_TIMESTAMP, 0, NULL },
	{ "updated_at", TYPE_TIMESTAMP, 0, NULL },
};

static const struct system_column live_queries[] = {
	{ "live_id", TYPE_TEXT, 0, NULL },
	{ "connection_id", TYPE_TEXT, 0, NULL },
	{ "subscription_id", TYPE_TEXT, 0, NULL },
	{ "namespace_id", TYPE_TEXT, 0, NULL },
	{ "table_name", TYPE_TEXT, 0, NULL },
	{ "user_id", TYPE_TEXT, 0, NULL },
	{ "query", TYPE_TEXT, 0, NULL },
	{ "options", TYPE_JSON, NULLABLE, NULL },
	{ "status", TYPE_TEXT, 0, NULL },
	{ "created_at", TYPE_TIMESTAMP, 0, NULL },
	{ "last_update", TYPE_TIMESTAMP, 0, NULL },
	{ "changes", TYPE_BIGINT, 0, NULL },
	{ "node_id", TYPE_BIGINT, 0, NULL },
	{ "last_ping_at", TYPE_TIMESTAMP, 0, NULL },
};

static const struct system_column tables[] = {
	{ "namespace_id", TYPE_TEXT, 0, NULL },
	{ "table_name", TYPE_TEXT, 0, NULL },
	{ "table_type", TYPE_TEXT, 0, "USER, SHARED, STREAM or SYSTEM" },
	{ "storage_id", TYPE_TEXT, NULLABLE, NULL },
	{ "version", TYPE_BIGINT, 0, NULL },
	{ "options", TYPE_JSON, NULLABLE, NULL },
	{ "comment", TYPE_TEXT, NULLABLE, NULL },
	{ "updated_at", TYPE_TIMESTAMP, 0, NULL },
	{ "created_at", TYPE_TIMESTAMP, 0, NULL },
};

static const struct system_column table_schemas[] = {
	{ "table_id", TYPE_TEXT, 0, "namespace:table" },
	{ "table_name", TYPE_TEXT, 0, NULL },
	{ "namespace_id", TYPE_TEXT, 0, NULL },
	{ "table_type", TYPE_TEXT, 0, "USER, SHARED, STREAM or SYSTEM" },
	{ "created_at", TYPE_TIMESTAMP, 0, NULL },
	{ "schema_version", TYPE_INT, 0, NULL },
	{ "columns", TYPE_JSON, 0, NULL },
	{ "table_comment", TYPE_TEXT, NULLABLE, NULL },
	{ "updated_at", TYPE_TIMESTAMP, 0, NULL },
	{ "options", TYPE_JSON, NULLABLE, NULL },
	{ "access_level", TYPE_TEXT, NULLABLE, "public, private, restricted or dba" },
	{ "is_latest", TYPE_BOOLEAN, 0, NULL },
	{ "storage_id", TYPE_TEXT, NULLABLE, NULL },
	{ "use_user_storage", TYPE_BOOLEAN, NULLABLE, NULL },
};

/* Their table ids are TABLE_SYSTEM_FIRST and on: new ones go to the end. */
static const struct system_layout layouts[] = {
	{ "users", "Accounts and how they log in", users, countof(users) },
	{ "jobs", "Background work, running and done", jobs, countof(jobs) },
	{ "namespaces", "All namespaces", namespaces, countof(namespaces) },
	{ "storages", "Where tables keep their files", storages, countof(storages) },
	{ "live_queries", "Open subscriptions", live_queries, countof(live_queries) },
	{ "tables", "All tables in their latest version", tables, countof(tables) },
	{ "table_schemas", "All versions of all tables", table_schemas, countof(table_schemas) },
};
_Static_assert(countof(layouts) <= TABLE_USER_FIRST - TABLE_SYSTEM_FIRST, "system ids suffice");

struct system {
	struct namespace *ns;			/* counted */
	struct table *tables[countof(layouts)];	/* counted */
};

static void set_text(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	assert(len < size);
	memcpy(out, text, len + 1);
}

static void fill_column(struct column *column, const struct system_column *row, uint32_t id,
			int64_t created_at)
{
	column->id = id;
	set_text(column->name, sizeof(column->name), row->name);
	column->type.id = row->type;
	column->nullable = row->flags & NULLABLE;
	column->primary_key = row->flags & KEY;
	column->comment = row->comment;		/* static, outlives every arena */
	column->version = 1;
	column->rev = id;
	column->changed_at = created_at;
}

static struct table *make_table(const struct system_layout *layout, uint32_t id, int64_t created_at)
{
	struct table *table = table_new();

	if (!table)
		return NULL;
	table->columns = arena_array(&table->arena, layout->count, sizeof(*table->columns));
	if (!table->columns) {
		table_put(table);
		return NULL;
	}
	table->id = id;
	table->namespace_id = NAMESPACE_SYSTEM;
	set_text(table->namespace_name, sizeof(table->namespace_name), "system");
	set_text(table->name, sizeof(table->name), layout->name);
	table->type = TABLE_SYSTEM;
	table->version = 1;
	table->next_column_id = layout->count + 1;
	table->next_rev = layout->count + 1;
	table->created_at = created_at;
	table->updated_at = created_at;
	table->columns_changed_at = created_at;
	table->placed_at = created_at;
	table->comment = layout->comment;
	(void)snprintf(table->location_name, sizeof(table->location_name), "system/%s",
		       layout->name);
	table_options_init(&table->options);
	table->column_count = layout->count;
	for (uint32_t i = 0; i < layout->count; i++)
		fill_column(&table->columns[i], &layout->columns[i], i + 1, created_at);
	table->info.committed_at = created_at;
	table->info.source = SOURCE_KALAMCTL;
	set_text(table->info.author.user, sizeof(table->info.author.user), "root");
	set_text(table->info.author.command, sizeof(table->info.author.command), "kalamfs");
	return table;
}

static struct namespace *make_namespace(int64_t created_at)
{
	struct namespace *ns = namespace_new();

	if (!ns)
		return NULL;
	ns->id = NAMESPACE_SYSTEM;
	set_text(ns->name, sizeof(ns->name), "system");
	ns->version = 1;
	ns->created_at = created_at;
	ns->updated_at = created_at;
	ns->comment = "Built-in tables, read-only";
	return ns;
}

int system_new(int64_t created_at, struct system **out, struct err *err)
{
	struct system *sys = calloc(1, sizeof(*sys));
	bool good;

	if (!sys)
		return err_nomem(err);
	sys->ns = make_namespace(created_at);
	good = sys->ns != NULL;
	for (uint32_t i = 0; i < countof(layouts) && good; i++) {
		sys->tables[i] = make_table(&layouts[i], TABLE_SYSTEM_FIRST + i, created_at);
		good = sys->tables[i] != NULL;
	}
	if (!good) {
		system_free(sys);
		return err_nomem(err);
	}
	*out = sys;
	return 0;
}

void system_free(struct system *sys)
{
	if (!sys)
		return;
	for (unsigned i = 0; i < countof(layouts); i++)
		table_put(sys->tables[i]);
	namespace_put(sys->ns);
	free(sys);
}

unsigned system_table_count(const struct system *sys)
{
	return countof(sys->tables);
}

struct table *system_table(const struct system *sys, unsigned i)
{
	return i < countof(sys->tables) ? sys->tables[i] : NULL;
}

struct table *system_table_by_id(const struct system *sys, uint32_t id)
{
	return id < TABLE_SYSTEM_FIRST ? NULL : system_table(sys, id - TABLE_SYSTEM_FIRST);
}

struct table *system_table_by_name(const struct system *sys, const char *name)
{
	for (unsigned i = 0; i < countof(sys->tables); i++)
		if (!strcmp(sys->tables[i]->name, name))
			return sys->tables[i];
	return NULL;
}

struct namespace *system_namespace(const struct system *sys)
{
	return sys->ns;
}
