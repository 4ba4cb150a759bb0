/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs/options.h"

#include "base/buf.h"
#include "fs/paths.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key { KEY_READ_ONLY, KEY_FSNAME, KEY_SUBTYPE, KEY_MAX_READ, KEY_DEBUG, KEY_IGNORE };

#define LOCK_WAIT 5
#define LOCK_WAIT_MOST 60

#define OPTION(text, member, value) { text, offsetof(struct options, member), value }

// clang-format off
static const struct fuse_opt specs[] = {
	OPTION("-h", show_help, 1),
	OPTION("--help", show_help, 1),
	OPTION("-V", show_version, 1),
	OPTION("--version", show_version, 1),
	OPTION("-f", foreground, 1),
	OPTION("dba=%s", dba, 0),
	OPTION("umask=%o", umask, 0),
	OPTION("nocreate", nocreate, 1),
	OPTION("mapsize=%s", map_size_text, 0),
	OPTION("cache=%u", cache_tables, 0),
	OPTION("check=%s", check, 0),
	OPTION("lock_wait=%u", lock_wait, 0),
	OPTION("nosandbox", nosandbox, 1),
	OPTION("noepoch", noepoch, 1),
	OPTION("nopush", nopush, 1),
	FUSE_OPT_KEY("-d", KEY_DEBUG),
	FUSE_OPT_KEY("debug", KEY_DEBUG),
	FUSE_OPT_KEY("ro", KEY_READ_ONLY),
	FUSE_OPT_KEY("fsname=", KEY_FSNAME),
	FUSE_OPT_KEY("subtype=", KEY_SUBTYPE),
	FUSE_OPT_KEY("max_read=", KEY_MAX_READ),
	/* What an fstab line may say, to mount(8) and others. */
	FUSE_OPT_KEY("rw", KEY_IGNORE),
	FUSE_OPT_KEY("dev", KEY_IGNORE),
	FUSE_OPT_KEY("suid", KEY_IGNORE),
	FUSE_OPT_KEY("nodev", KEY_IGNORE),
	FUSE_OPT_KEY("nosuid", KEY_IGNORE),
	FUSE_OPT_KEY("defaults", KEY_IGNORE),
	FUSE_OPT_KEY("auto", KEY_IGNORE),
	FUSE_OPT_KEY("noauto", KEY_IGNORE),
	FUSE_OPT_KEY("user", KEY_IGNORE),
	FUSE_OPT_KEY("nouser", KEY_IGNORE),
	FUSE_OPT_KEY("users", KEY_IGNORE),
	FUSE_OPT_KEY("owner", KEY_IGNORE),
	FUSE_OPT_KEY("group", KEY_IGNORE),
	FUSE_OPT_KEY("nofail", KEY_IGNORE),
	FUSE_OPT_KEY("_netdev", KEY_IGNORE),
	FUSE_OPT_KEY("relatime", KEY_IGNORE),
	FUSE_OPT_KEY("default_permissions", KEY_IGNORE),
	FUSE_OPT_END
};
// clang-format on

static int take_path(struct options *options, const char *arg)
{
	char **to = options->catalog ? &options->mountpoint : &options->catalog;

	if (options->mountpoint)
		return -1;
	*to = strdup(arg);
	return *to ? 0 : -1;
}

/* 1 keeps an argument for libfuse, 0 drops it, -1 is an error. */
static int take(void *data, const char *arg, int key, struct fuse_args *out)
{
	struct options *options = data;

	(void)out;
	switch (key) {
	case FUSE_OPT_KEY_NONOPT:
		return take_path(options, arg);
	case KEY_READ_ONLY:
		options->read_only = 1;
		return 1;
	case KEY_FSNAME:
		options->has_fsname = 1;
		return 1;
	case KEY_SUBTYPE:
		options->has_subtype = 1;
		return 1;
	case KEY_MAX_READ:
		options->max_read = (unsigned)strtoul(arg + strlen("max_read="), NULL, 10);
		return 1;
	case KEY_DEBUG:
		options->debug = options->foreground = 1;
		return 1;
	case KEY_IGNORE:
		return 0;
	default:
		return strncmp(arg, "x-", 2) && strncmp(arg, "comment=", 8);
	}
}

static int parse_size(const char *text, size_t *out, struct err *err)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned long long number;
	unsigned shift = 0;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end & ~0x20) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (errno || *text == '-' || !number || *end || number > SIZE_MAX >> shift)
		return err_set(err, -EINVAL,
			       "mapsize=%s: expected bytes, or a number with K, M, G or T", text);
	*out = (size_t)number << shift;
	return 0;
}

static int find_group(struct options *options, struct err *err)
{
	char text[8192];
	struct group entry, *found = NULL;
	char *end;
	unsigned long number;

	if (!getgrnam_r(options->dba, &entry, text, sizeof(text), &found) && found) {
		options->dba_gid = found->gr_gid;
		return 0;
	}
	errno = 0;
	number = strtoul(options->dba, &end, 10);
	if (errno || end == options->dba || *end || number >= UINT_MAX)
		return err_set(err, -EINVAL, "dba=%s: there is no such group", options->dba);
	options->dba_gid = (gid_t)number;
	return 0;
}

static int check_values(struct options *options, struct err *err)
{
	int rc = 0;

	if (options->map_size_text)
		rc = parse_size(options->map_size_text, &options->map_size, err);
	if (!rc && options->dba)
		rc = find_group(options, err);
	if (!rc && options->umask > 0777)
		rc = err_set(err, -EINVAL, "umask=%o: expected an octal number up to 777",
			     options->umask);
	if (!rc && (!options->lock_wait || options->lock_wait > LOCK_WAIT_MOST))
		rc = err_set(err, -EINVAL, "lock_wait=%u: expected 1 to %d seconds",
			     options->lock_wait, LOCK_WAIT_MOST);
	if (!rc && options->check && strcmp(options->check, "full") &&
	    strcmp(options->check, "quick"))
		rc = err_set(err, -EINVAL, "check=%s: expected full or quick", options->check);
	return rc;
}

int options_parse(struct options *options, int argc, char **argv, struct err *err)
{
	*options = (struct options){ .args = FUSE_ARGS_INIT(argc, argv), .lock_wait = LOCK_WAIT };
	if (fuse_opt_parse(&options->args, options, specs, take)) {
		if (options->mountpoint)
			return err_set(err, -EINVAL, "Too many arguments");
		return err_set(err, -EINVAL, "Bad option");
	}
	if (options->show_help || options->show_version)
		return 0;
	if (!options->catalog)
		return err_set(err, -EINVAL, "CATALOG and MOUNTPOINT are missing");
	if (!options->mountpoint)
		return err_set(err, -EINVAL, "MOUNTPOINT is missing");
	return check_values(options, err);
}

/* -ofsname=PATH with what separates options escaped. */
static int add_fsname(struct options *options)
{
	struct buf text = { 0 };
	int rc;

	buf_bytes(&text, "-ofsname=", strlen("-ofsname="));
	for (const char *p = options->catalog; *p; p++) {
		if (*p == ',' || *p == '\\')
			buf_u8(&text, '\\');
		buf_u8(&text, (uint8_t)*p);
	}
	buf_u8(&text, '\0');
	rc = text.failed ? -1 : fuse_opt_add_arg(&options->args, (const char *)text.at);
	buf_free(&text);
	return rc;
}

int options_resolve(struct options *options, struct err *err)
{
	char *catalog = NULL, *mountpoint = NULL;
	int rc = paths_mountpoint(options->mountpoint, &mountpoint, err);

	if (!rc)
		rc = paths_catalog(options->catalog, &catalog, err);
	if (rc) {
		free(mountpoint);
		free(catalog);
		return rc;
	}
	free(options->catalog);
	free(options->mountpoint);
	options->catalog = catalog;
	options->mountpoint = mountpoint;
	rc = paths_check(catalog, mountpoint, err);
	if (!rc && fuse_opt_add_arg(&options->args, "-onosuid,nodev,default_permissions"))
		rc = err_nomem(err);
	if (!rc && !options->has_subtype && fuse_opt_add_arg(&options->args, "-osubtype=kalamfs"))
		rc = err_nomem(err);
	if (!rc && !options->has_fsname && add_fsname(options))
		rc = err_nomem(err);
	return rc;
}

void options_fini(struct options *options)
{
	fuse_opt_free_args(&options->args);
	free(options->catalog);
	free(options->mountpoint);
	free(options->dba);
	free(options->map_size_text);
	free(options->check);
}

void options_print_help(FILE *out)
{
	fputs("Usage: kalamfs [-f] [-d] [-o OPTION[,OPTION...]] CATALOG MOUNTPOINT\n"
	      "Mount the schema catalog in directory CATALOG (made if it is missing).\n\n"
	      "  -f              stay in the foreground, messages to stderr\n"
	      "  -d              the same with libfuse's debug messages\n"
	      "  -h, --help      print this\n"
	      "  -V, --version   print the version\n\n"
	      "  -o ro           read-only mount\n"
	      "  -o dba=GROUP    members of GROUP may change the schema, too\n"
	      "  -o umask=M      take these permission bits away (octal)\n"
	      "  -o nocreate     do not make a catalog that is missing\n"
	      "  -o mapsize=N    largest size of the database (K, M, G, T)\n"
	      "  -o cache=N      tables in the schema cache (1000)\n"
	      "  -o check=full|quick  how to check the database at start\n"
	      "  -o lock_wait=N  seconds a change waits for other processes' changes (5)\n"
	      "  -o nosandbox    keep all rights of the process\n"
	      "  -o allow_other  let other users in; see mount.fuse3(8) for more options\n\n"
	      "Unmount with: umount MOUNTPOINT, or fusermount3 -u MOUNTPOINT.\n",
	      out);
}
