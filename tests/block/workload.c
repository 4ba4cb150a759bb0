/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload - changes of a mounted catalog, marked on the disk they go to.
 *
 *   workload MOUNT CATALOG MARK KALAMCTL CHANGES SEED
 *
 * Before each change "I n" is written to MARK, and "A n HASH" when it was
 * acknowledged: by ctl's write, or for every eighth by kalamctl's exit.  HASH is
 * of all that the catalog holds then.  "A 0 HASH" is the catalog as it was made.
 * Beside CATALOG other files come and go.
 */
#include "tests/crash/crash.h"

#include <fcntl.h>
#include <unistd.h>

struct workload {
	const char *mount, *catalog, *kalamctl;
	int mark;
	struct store *store;	/* of another process than the one that changes it */
	unsigned refused;
};

static void put_mark(const struct workload *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void put_mark(const struct workload *w, const char *fmt, ...)
{
	char text[100];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (pwrite(w->mark, text, (size_t)len, 0) != len)
		die("mark: %s", strerror(errno));
}

static void acknowledge(const struct workload *w, unsigned n)
{
	put_mark(w, "A %u %016llx\n", n, (unsigned long long)hash_store(w->store));
}

/* False where the statement is refused, which changes nothing. */
static bool write_ctl(const struct workload *w, const char *text)
{
	char path[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/ctl", w->mount);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	n = write(fd, text, strlen(text));
	if (n < 0 && (errno == EIO || errno == EROFS || errno == ENOSPC || errno == ENOTCONN))
		die("%s: %s", text, strerror(errno));
	close(fd);
	return n >= 0;
}

static bool run_kalamctl(const struct workload *w, const char *text)
{
	char command[9000];
	FILE *in;

	snprintf(command, sizeof(command), "'%s' '%s' exec >/dev/null 2>&1", w->kalamctl, w->catalog);
	in = popen(command, "w");
	if (!in)
		die("%s: %s", command, strerror(errno));
	fputs(text, in);
	return pclose(in) == 0;
}

/* Somebody else's files on the same disk: writes that nobody syncs, and the journal's own pace. */
static void write_neighbour(const struct workload *w, unsigned n)
{
	static const char bytes[64 << 10];
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/../neighbour%u", w->catalog, n % 5);
	if (n % 3 == 0)
		unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, bytes, below(sizeof(bytes))) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void change(struct workload *w, unsigned n)
{
	char text[8192];
	size_t len;

	make_statement(n, text, sizeof(text) - 2);
	len = strlen(text);
	memcpy(text + len, ";\n", 3);
	write_neighbour(w, n);
	put_mark(w, "I %u\n", n);
	w->refused += !(n % 8 ? write_ctl(w, text) : run_kalamctl(w, text));
	acknowledge(w, n);
}

int main(int argc, char **argv)
{
	struct store_options how = { .read_only = true };
	struct err err = ERR_INIT;
	struct workload w;
	unsigned changes;

	if (argc != 7)
		die("expected: MOUNT CATALOG MARK KALAMCTL CHANGES SEED");
	w = (struct workload){ .mount = argv[1], .catalog = argv[2], .kalamctl = argv[4] };
	changes = (unsigned)strtoul(argv[5], NULL, 10);
	random_state = strtoul(argv[6], NULL, 10);
	w.mark = open(argv[3], O_WRONLY);
	if (w.mark < 0 || store_open(w.catalog, &how, &w.store, &err))
		die("%s, %s: %s", argv[3], w.catalog, err.text);
	acknowledge(&w, 0);
	for (unsigned n = 1; n <= changes; n++)
		change(&w, n);
	store_close(w.store);
	printf("%u changes, %u of them refused\n", changes, w.refused);
	return 0;
}
