/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Noreturn void bench_die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

uint64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double bench_percentile(double *values, size_t n, double part)
{
	size_t i = (size_t)(part * (double)n);

	qsort(values, n, sizeof(*values), compare);
	return values[i < n ? i : n - 1];
}

static char *read_text(const char *file)
{
	FILE *in = fopen(file, "re");
	char *text = NULL;
	size_t size = 0;

	if (!in)
		bench_die("%s: %s", file, strerror(errno));
	if (getdelim(&text, &size, '\0', in) < 0)
		bench_die("%s is empty", file);
	fclose(in);
	return text;
}

static void append(struct bench_list *list, size_t *room, char *path)
{
	if (list->n == *room) {
		*room = *room ? *room * 2 : 1024;
		list->at = reallocarray(list->at, *room, sizeof(*list->at));
		if (!list->at)
			bench_die("no memory");
	}
	list->at[list->n++] = path;
}

void bench_list_read(struct bench_list *list, const char *file)
{
	size_t room = 0;
	char *rest;

	*list = (struct bench_list){ .text = read_text(file) };
	for (char *line = strtok_r(list->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		append(list, &room, line);
	if (!list->n)
		bench_die("%s has no lines", file);
}

void bench_list_free(struct bench_list *list)
{
	free(list->at);
	free(list->text);
}

void bench_list_shuffle(struct bench_list *list)
{
	uint64_t seed = 88172645463325252u;

	for (size_t i = list->n - 1; i > 0; i--) {
		size_t j;
		char *swap = list->at[i];

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		j = seed % (i + 1);
		list->at[i] = list->at[j];
		list->at[j] = swap;
	}
}

void bench_row(const char *label, const char *unit, const char *variant, double value)
{
	printf("row\t%s\t%s\t%s\t%.9g\n", label, unit, variant, value);
	fflush(stdout);
}

void bench_rt(const char *label, double count, const char *variant)
{
	printf("rt\t%s\t%.9g\t%s\n", label, count, variant);
	fflush(stdout);
}
