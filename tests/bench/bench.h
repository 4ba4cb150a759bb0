/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench - what the benchmark programs share: a clock, medians, lists of paths,
 * and the records that tests/bench/lib.sh describes.
 *
 * Whatever fails ends the program with a line on stderr and status 1: a figure
 * that something is missing from is worse than none.
 */
#ifndef KALAM_TESTS_BENCH_H
#define KALAM_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Nanoseconds of a clock that only goes forward. */
uint64_t bench_now(void);

/* Sorts the values; the mean of the two in the middle if n is even.  n > 0. */
double bench_median(double *values, size_t n);

/* The value below which the part `part` (0 to 1) of them lies.  Sorts; n > 0. */
double bench_percentile(double *values, size_t n, double part);

/* Paths, one to a line of a file. */
struct bench_list {
	char **at;	/* owned */
	size_t n;
	char *text;	/* owned: what `at` points into */
};
void bench_list_read(struct bench_list *list, const char *file);
void bench_list_free(struct bench_list *list);
/* Another order, the same at each start of the program. */
void bench_list_shuffle(struct bench_list *list);

/* Records on stdout, written at once. */
void bench_row(const char *label, const char *unit, const char *variant, double value);
void bench_rt(const char *label, double count, const char *variant);

#endif
