/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog.h"
#include "catalog/print.h"

#include <errno.h>
#include <string.h>

struct dump {
	struct catalog *catalog;
	struct txn *txn;
	const char *table_name;	/* NULL = all */
	bool secrets;
	bool found;
	FILE *out;
	struct err *err;
};

static void print_set(const char *word, const char *text, FILE *out)
{
	fprintf(out, " SET %s ", word);
	print_string_sql(text, out);
}

/* `local` exists in every catalog: say only what CREATE would not give. */
static void dump_local(const struct storage *s, bool secrets, FILE *out)
{
	bool name = strcmp(s->storage_name, "Local Filesystem") != 0;
	bool shared = strcmp(s->shared_template, "{namespace}/{tableName}") != 0;
	bool user = strcmp(s->user_template, "{namespace}/{tableName}/{userId}") != 0;
	bool credentials = secrets && s->credentials;

	if (!name && !shared && !user && !s->description && !s->config && !credentials)
		return;
	fputs("ALTER STORAGE local", out);
	if (name)
		print_set("NAME", s->storage_name, out);
	if (s->description)
		print_set("DESCRIPTION", s->description, out);
	if (shared)
		print_set("SHARED_TABLES_TEMPLATE", s->shared_template, out);
	if (user)
		print_set("USER_TABLES_TEMPLATE", s->user_template, out);
	if (s->config)
		print_set("CONFIG", s->config, out);
	if (credentials)
		print_set("CREDENTIALS", s->credentials, out);
	fputs(";\n\n", out);
}

static int dump_storage(void *arg, uint32_t id, const char *name, size_t len)
{
	struct dump *d = arg;
	struct storage *storage;
	int rc = catalog_storage(d->catalog, d->txn, id, &storage, d->err);

	(void)name;
	(void)len;
	if (rc)
		return rc;
	if (id == STORAGE_LOCAL) {
		dump_local(storage, d->secrets, d->out);
	} else {
		print_storage_sql(storage, d->secrets, d->out);
		putc('\n', d->out);
	}
	storage_put(storage);
	return 0;
}

static void dump_default(const struct namespace *ns, FILE *out)
{
	if (ns->option_count) {
		fputs("ALTER NAMESPACE \"default\" SET OPTIONS (", out);
		for (unsigned i = 0; i < ns->option_count; i++) {
			fputs(i ? ", " : "", out);
			print_namespace_option_sql(&ns->options[i], out);
		}
		fputs(");\n", out);
	}
	if (ns->comment) {
		fputs("ALTER NAMESPACE \"default\" COMMENT ", out);
		print_string_sql(ns->comment, out);
		fputs(";\n", out);
	}
	if (ns->option_count || ns->comment)
		putc('\n', out);
}

static int dump_table(void *arg, uint32_t id, const char *name, size_t len)
{
	struct dump *d = arg;
	struct table *table;
	int rc;

	if (d->table_name && (strlen(d->table_name) != len || memcmp(d->table_name, name, len) != 0))
		return 0;
	rc = catalog_table(d->catalog, d->txn, id, &table, d->err);
	if (rc)
		return rc;
	d->found = true;
	print_schema_sql(table, true, d->out);
	putc('\n', d->out);
	table_put(table);
	return 0;
}

static int dump_namespace(void *arg, uint32_t id, const char *name, size_t len)
{
	struct dump *d = arg;
	struct namespace *ns;
	int rc;

	(void)name;
	(void)len;
	if (id == NAMESPACE_SYSTEM)
		return 0;
	rc = catalog_namespace(d->catalog, d->txn, id, &ns, d->err);
	if (rc)
		return rc;
	if (id == NAMESPACE_DEFAULT) {
		dump_default(ns, d->out);
	} else {
		print_namespace_sql(ns, d->out);
		putc('\n', d->out);
	}
	namespace_put(ns);
	return catalog_list(d->catalog, d->txn, DIR_TABLES, id, 0, dump_table, d);
}

static int dump_one(struct dump *d, const char *namespace_name)
{
	uint32_t id;
	int rc = catalog_find(d->catalog, d->txn, DIR_NAMESPACES, 0, namespace_name, &id);

	if (rc)
		return rc == -ENOENT ? err_set(d->err, rc, "Namespace '%s' does not exist", namespace_name) : rc;
	if (!d->table_name)
		return dump_namespace(d, id, NULL, 0);
	rc = catalog_list(d->catalog, d->txn, DIR_TABLES, id, 0, dump_table, d);
	if (!rc && !d->found)
		return err_set(d->err, -ENOENT, "Table '%s' not found in namespace '%s'", d->table_name,
			       namespace_name);
	return rc;
}

int catalog_dump(struct catalog *catalog, struct txn *txn, const char *namespace_name,
		 const char *table_name, bool secrets, FILE *out, struct err *err)
{
	struct dump d = { .catalog = catalog, .txn = txn, .table_name = table_name,
			  .secrets = secrets, .out = out, .err = err };
	int rc;

	if (namespace_name)
		return txn_told(txn, err, dump_one(&d, namespace_name));
	rc = catalog_list(catalog, txn, DIR_STORAGES, 0, 0, dump_storage, &d);
	if (!rc)
		rc = catalog_list(catalog, txn, DIR_NAMESPACES, 0, 0, dump_namespace, &d);
	return txn_told(txn, err, rc);
}
