/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/backup.h"
#include "catalog/emit.h"
#include "catalog/kalamctl.h"

static void print_json(const char *dir, const struct backup *backup)
{
	struct emit e = EMIT_COMPACT(stdout);

	emit_open(&e, NULL, '{');
	emit_text(&e, "directory", dir);
	emit_text(&e, "catalog_uuid", backup->uuid);
	emit_unsigned(&e, "sequence", backup->sequence);
	emit_unsigned(&e, "namespaces", backup->namespaces);
	emit_unsigned(&e, "tables", backup->tables);
	emit_unsigned(&e, "trash", backup->trash);
	emit_unsigned(&e, "bytes", backup->bytes);
	emit_close(&e, '}');
	putchar('\n');
}

int cmd_backup(struct ctl *ctl)
{
	const char *dir = ctl->argv[0];
	struct err err = ERR_INIT;
	struct backup backup;

	if (catalog_backup(ctl->catalog, dir, &backup, &err))
		return ctl_fail(&err);
	if (ctl->json)
		print_json(dir, &backup);
	else
		printf("%s: %llu tables, %u namespaces, %llu in trash, change %llu, %llu bytes\n", dir,
		       (unsigned long long)backup.tables, backup.namespaces,
		       (unsigned long long)backup.trash, (unsigned long long)backup.sequence,
		       (unsigned long long)backup.bytes);
	return 0;
}
