/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/kalamctl.h"

#include "catalog/peer.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEER_TIMEOUT_MS 1000
#define SCRIPT_MAX_BYTES (256u << 20)

enum takes {
	TAKES_SECRETS = 1 << 0,
	TAKES_USER = 1 << 1,
	TAKES_LOAD = 1 << 2,	/* --lenient and its like */
	WRITES = 1 << 8,	/* may create the catalog */
	LOOKS = 1 << 9,		/* has a look itself at what opening would refuse */
};

struct command {
	const char *name;
	int (*run)(struct ctl *ctl);
	int min_args, max_args;
	unsigned flags;
	const char *usage;
};

int ctl_fail(const struct err *err)
{
	fprintf(stderr, "kalamctl: %s\n", err->text);
	return err->code == -EUCLEAN ? 2 : 1;
}

int ctl_fail_nomem(void)
{
	fputs("kalamctl: Out of memory\n", stderr);
	return 1;
}

/* A whole file or standard input, owned; NULL after telling why not. */
char *ctl_read_script(const char *name, size_t *len)
{
	FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	struct buf text = { 0 };
	char piece[65536];
	size_t n;

	if (!in) {
		fprintf(stderr, "kalamctl: cannot open '%s': %s\n", name, strerror(errno));
		return NULL;
	}
	while (text.len <= SCRIPT_MAX_BYTES && (n = fread(piece, 1, sizeof(piece), in)))
		buf_bytes(&text, piece, n);
	if (ferror(in) || text.failed || text.len > SCRIPT_MAX_BYTES) {
		fprintf(stderr, "kalamctl: cannot read '%s': %s\n", name,
			ferror(in) ? strerror(errno) : "too long for one transaction");
		buf_free(&text);
	} else if (!text.at) {
		text.at = calloc(1, 1);
	}
	if (in != stdin)
		fclose(in);
	*len = text.len;
	/* cppcheck-suppress memleak; the caller owns it */
	return (char *)text.at;
}

/* "NS.TABLE" or "NS" in two parts; false if it is neither. */
static bool split_name(const char *text, char ns[NAME_SIZE], char table[NAME_SIZE])
{
	const char *dot = strchr(text, '.');
	size_t len = dot ? (size_t)(dot - text) : strlen(text);
	struct err err = ERR_INIT;

	*table = '\0';
	if (!len || name_fold(text, len, -1, ns, &err))
		return false;
	return !dot || (dot[1] && name_fold(dot + 1, strlen(dot + 1), -1, table, &err) == 0);
}

bool ctl_split_name(const char *text, char ns[NAME_SIZE], char table[NAME_SIZE])
{
	if (split_name(text, ns, table))
		return true;
	fprintf(stderr, "kalamctl: '%s' is not a name: expected NAMESPACE or NAMESPACE.TABLE\n", text);
	return false;
}

void ctl_sync_mounts(struct ctl *ctl, uint64_t sequence)
{
	unsigned late;

	if (!sequence)
		return;
	late = peer_sync(catalog_dir(ctl->catalog), sequence, PEER_TIMEOUT_MS);
	if (late)
		fprintf(stderr, "kalamctl: warning: %u mount(s) did not confirm the change within %d ms\n",
			late, PEER_TIMEOUT_MS);
}

static const struct command commands[] = {
	{ "exec", cmd_exec, 0, 1, WRITES, "exec [FILE]                 run DDL from FILE or standard input" },
	{ "load", cmd_load, 1, INT_MAX, WRITES | TAKES_LOAD, "load FILE...                run dumps, also those of PostgreSQL, MySQL, SQLite" },
	{ "dump", cmd_dump, 0, 1, TAKES_SECRETS, "dump [NAMESPACE[.TABLE]]    print DDL that rebuilds the catalog" },
	{ "describe", cmd_describe, 1, 1, 0, "describe NAMESPACE.TABLE    print a table's definition" },
	{ "ls", cmd_ls, 0, 1, 0, "ls [NAMESPACE[.TABLE]]      list tables: type, version, number of columns" },
	{ "paths", cmd_paths, 0, 1, TAKES_USER, "paths [NAMESPACE[.TABLE]]   print where tables have their files" },
	{ "status", cmd_status, 0, 0, 0, "status                      print counts, disk use and mounts" },
	{ "check", cmd_check, 0, 0, LOOKS, "check                       verify every invariant" },
	{ "backup", cmd_backup, 1, 1, 0, "backup DIR                  copy the catalog as it is now into a new directory" },
};

static void print_usage(FILE *out)
{
	fputs("usage: kalamctl [--json] CATALOG COMMAND [ARG...]\n\nCommands:\n", out);
	for (size_t i = 0; i < countof(commands); i++)
		fprintf(out, "  %s\n", commands[i].usage);
	fputs("\nOptions:\n"
	      "  --json          output for programs, one JSON object a line\n"
	      "  --user ID       paths: of this user in USER tables\n"
	      "  --lenient       load: leave out what the catalog does not model, and say so\n"
	      "  --replace       load: DROP TABLE purges\n"
	      "  --into NAME     load: namespace of tables that name none\n"
	      "  --from DIALECT  load: postgresql, mysql or sqlite, if the file does not tell\n"
	      "  --batch N       load: commit every N statements\n"
	      "  --with-secrets  dump: include storage credentials\n"
	      "  --help, --version\n"
	      "\nExit status: 0 done, 1 refused, failed or findings, 2 wrong usage or damaged catalog.\n",
	      out);
}

static int usage_error(const char *what, const char *word)
{
	fprintf(stderr, "kalamctl: %s%s%s%s\nTry 'kalamctl --help'.\n", what, *word ? " '" : "", word,
		*word ? "'" : "");
	return 2;
}

static void fill_author(struct author *author)
{
	/* cppcheck-suppress getpwuidCalled; there is one thread */
	struct passwd *entry = getpwuid(getuid());

	author->uid = getuid();
	author->pid = (uint32_t)getpid();
	if (entry)
		snprintf(author->user, sizeof(author->user), "%s", entry->pw_name);
	else
		snprintf(author->user, sizeof(author->user), "%u", (unsigned)getuid());
	snprintf(author->command, sizeof(author->command), "kalamctl");
}

/* The store belongs to its owner alone: root opens it as that owner. */
static void become_owner(const char *dir)
{
	struct stat st;

	if (geteuid() != 0 || stat(dir, &st) || st.st_uid == 0)
		return;
	if (setegid(st.st_gid) || seteuid(st.st_uid))
		fprintf(stderr, "kalamctl: cannot become the owner of '%s': %s\n", dir, strerror(errno));
}

static int run_command(struct ctl *ctl, const char *dir, const struct command *command)
{
	struct catalog_options options = { .create = command->flags & WRITES };
	struct err err = ERR_INIT;
	bool more = true;
	int rc;

	if (command->flags & LOOKS)
		options.check = STORE_CHECK_PAGES;
	become_owner(dir);
	rc = catalog_open(dir, &options, &ctl->catalog, &err);
	if (getuid() == 0 && (seteuid(0) || setegid(getgid())))
		fprintf(stderr, "kalamctl: cannot become root again: %s\n", strerror(errno));
	if (rc == -ENOENT)
		err_set(&err, rc, "There is no catalog in '%s'", dir);
	if (rc)
		return ctl_fail(&err);
	fill_author(&ctl->author);
	while (command->flags & WRITES && more && !catalog_expire(ctl->catalog, &ctl->author, SOURCE_KALAMCTL, &more, NULL))
		;
	rc = command->run(ctl);
	catalog_close(ctl->catalog);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "kalamctl: cannot write output: %s\n", strerror(errno));
		return 1;
	}
	return rc;
}

/* An option of load; false if its value is none. */
static bool take_load_option(struct ctl *ctl, int c)
{
	struct err err = ERR_INIT;
	char *end = NULL;
	int dialect;

	switch (c) {
	case 'l':
		ctl->lenient = true;
		return true;
	case 'r':
		ctl->replace = true;
		return true;
	case 'i':
		return *optarg && name_fold(optarg, strlen(optarg), -1, ctl->into, &err) == 0;
	case 'f':
		dialect = load_dialect_parse(optarg);
		ctl->dialect = dialect < 0 ? LOAD_ANY : (enum load_dialect)dialect;
		return dialect > 0;
	case 'b':
	default:
		ctl->batch = strtoul(optarg, &end, 10);
		return isdigit((unsigned char)*optarg) && !*end && ctl->batch;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "user", required_argument, NULL, 'u' },
		{ "with-secrets", no_argument, NULL, 's' },
		{ "lenient", no_argument, NULL, 'l' },
		{ "replace", no_argument, NULL, 'r' },
		{ "into", required_argument, NULL, 'i' },
		{ "from", required_argument, NULL, 'f' },
		{ "batch", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct ctl ctl = { 0 };
	unsigned given = 0;
	int c;

	/* Beyond a limit on the size of files a write shall fail, with a sentence. */
	signal(SIGXFSZ, SIG_IGN);
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			ctl.json = true;
			break;
		case 'u':
			ctl.user = optarg;
			given |= TAKES_USER;
			break;
		case 's':
			ctl.secrets = true;
			given |= TAKES_SECRETS;
			break;
		case 'l':
		case 'r':
		case 'i':
		case 'f':
		case 'b':
			if (!take_load_option(&ctl, c))
				return usage_error("wrong value for an option of load:", optarg);
			given |= TAKES_LOAD;
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		case 'V':
			puts("kalamctl " KALAMFS_VERSION);
			return 0;
		case ':':
			return usage_error("a value is missing for", argv[optind - 1]);
		default:
			return usage_error("unknown option", argv[optind - 1]);
		}
	}
	if (argc - optind < 2)
		return usage_error(argc - optind < 1 ? "CATALOG is missing" : "COMMAND is missing", "");
	ctl.argc = argc - optind - 2;
	ctl.argv = argv + optind + 2;
	for (size_t i = 0; i < countof(commands); i++) {
		const struct command *command = &commands[i];

		if (strcmp(argv[optind + 1], command->name) != 0)
			continue;
		if (ctl.argc < command->min_args || ctl.argc > command->max_args)
			return usage_error("wrong number of arguments for", command->name);
		if (given & ~command->flags)
			return usage_error("an option does not belong to", command->name);
		return run_command(&ctl, argv[optind], command);
	}
	return usage_error("unknown command", argv[optind + 1]);
}
