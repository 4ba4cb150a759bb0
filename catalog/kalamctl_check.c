/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/catalog_check.h"
#include "catalog/emit.h"
#include "catalog/kalamctl.h"

static const char *const objects[] = {
	[OBJECT_NONE] = "catalog",
	[OBJECT_NAMESPACE] = "namespace",
	[OBJECT_TABLE] = "table",
	[OBJECT_STORAGE] = "storage",
};

static void print_text(const struct finding *finding)
{
	fputs(objects[finding->object], stdout);
	if (finding->object != OBJECT_NONE)
		printf(" %u", finding->id);
	if (*finding->name)
		printf(" %s", finding->name);
	printf(": %s\n", finding->text);
}

static void print_json(const struct finding *finding)
{
	struct emit e = EMIT_COMPACT(stdout);

	emit_open(&e, NULL, '{');
	emit_text(&e, "object", objects[finding->object]);
	if (finding->object == OBJECT_NONE)
		emit_null(&e, "id");
	else
		emit_unsigned(&e, "id", finding->id);
	emit_text(&e, "name", *finding->name ? finding->name : NULL);
	emit_text(&e, "rule", check_rule_name(finding->rule));
	emit_text(&e, "message", finding->text);
	emit_close(&e, '}');
	putchar('\n');
}

static void print_finding(void *arg, const struct finding *finding)
{
	const struct ctl *ctl = arg;

	if (ctl->json)
		print_json(finding);
	else
		print_text(finding);
}

static void print_totals(const struct ctl *ctl, const struct check_totals *totals)
{
	struct emit e = EMIT_COMPACT(stdout);

	if (!ctl->json) {
		printf("OK: %llu namespaces, %llu tables, %llu versions\n",
		       (unsigned long long)totals->namespaces, (unsigned long long)totals->tables,
		       (unsigned long long)totals->versions);
		return;
	}
	emit_open(&e, NULL, '{');
	emit_bool(&e, "ok", true);
	emit_unsigned(&e, "namespaces", totals->namespaces);
	emit_unsigned(&e, "tables", totals->tables);
	emit_unsigned(&e, "versions", totals->versions);
	emit_close(&e, '}');
	putchar('\n');
}

int cmd_check(struct ctl *ctl)
{
	struct check_totals totals;
	struct err err = ERR_INIT;

	if (catalog_check(ctl->catalog, print_finding, ctl, &totals, &err))
		return ctl_fail(&err);
	if (totals.findings)
		return 1;
	print_totals(ctl, &totals);
	return 0;
}
