/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dirents DIRECTORY - open it, say "open", then for each line of the input:
 * "step" lists as many names as one system call gives, and says "" behind them;
 * anything else lists the rest.
 *
 * Nothing but getdents64 in between: opendir(3) would ask for the attributes,
 * which is what a test of the kernel's cached listings must not do.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What one system call gives; 0 at the end. */
static ssize_t list(int fd)
{
	/* Newer kernels ask a file system for as much as that. */
	_Alignas(struct dirent64) static char buf[4096];
	ssize_t len = getdents64(fd, buf, sizeof(buf));

	for (ssize_t at = 0; at < len;) {
		const struct dirent64 *entry = (const struct dirent64 *)(buf + at);

		puts(entry->d_name);
		at += entry->d_reclen;
	}
	return len;
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
	ssize_t len = 1;
	char line[16];

	if (fd < 0) {
		perror(argc == 2 ? argv[1] : "usage: dirents DIRECTORY");
		return 1;
	}
	puts("open");
	fflush(stdout);
	do {
		if (!fgets(line, sizeof(line), stdin))
			return 1;
		len = list(fd);
		puts("");
		fflush(stdout);
	} while (len > 0 && !strcmp(line, "step\n"));
	while (len > 0)
		len = list(fd);
	if (len < 0)
		perror(argv[1]);
	return len < 0;
}
