/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapcat FILE - print a file as a shared mapping of fstat's size shows it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct stat st;
	char *map;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		perror(argv[1]);
		return 1;
	}
	if (!st.st_size)
		return 0;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	if (fwrite(map, 1, (size_t)st.st_size, stdout) != (size_t)st.st_size || fflush(stdout)) {
		perror("write");
		return 1;
	}
	return 0;
}
