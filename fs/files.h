/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files - what stands in the files of the mount: one show function for each
 * kind, and the texts of symlinks.
 */
#ifndef KALAM_FS_FILES_H
#define KALAM_FS_FILES_H

#include "fs/node.h"

show_fn show_readme;	/* fs/readme.c */
show_fn show_status;	/* fs/status.c */
show_fn show_metrics;	/* fs/metrics_show.c */

show_fn show_ctl, show_plan, show_error, show_errors;
show_fn show_namespace, show_storage, show_type;
show_fn show_schema_json, show_schema_sql, show_schema_arrow, show_describe, show_change;
show_fn show_column, show_place, show_info, show_index, show_namespace_index;

link_fn link_latest;	/* the version's number */
link_fn link_storage;	/* where the table's files are */
link_fn link_user;	/* where one user's are */

/* Which statements the view's ctl takes. */
enum ddl_scope files_scope(const struct view *view);

/* "app.messages", "app" or "the catalog": what the view's ctl is about. */
const char *files_subject_name(const struct view *view, char out[2 * NAME_SIZE]);

#endif
