/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * number - decimal numbers of up to 38 digits, exactly, and the shortest text
 * of binary ones.
 *
 * The C locale is assumed: the program never calls setlocale.
 */
#ifndef KALAM_CATALOG_NUMBER_H
#define KALAM_CATALOG_NUMBER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NUMBER_DIGITS_MAX 38
#define NUMBER_SIZE 48	/* bytes of any number printed here, with its NUL */

__extension__ typedef __int128 int128;

/* units * 10^exponent, units without trailing zeros (0 has exponent 0). */
struct number {
	bool negative;
	int128 units;		/* >= 0; meaningless when digits > NUMBER_DIGITS_MAX */
	long digits;		/* significant ones; 0 for zero */
	long exponent;
};

/*
 * Bytes at the start of text that make a number: sign, digits with an optional
 * point (".5" and "1." too), exponent.  0 if none does.
 */
size_t number_span(const char *text, size_t len);

/* The whole text as a number: 0 or -EINVAL, no message. */
int number_parse(const char *text, size_t len, struct number *out) MUST_CHECK;

/*
 * The number as *out * 10^-scale.  -EDOM if it has more digits after the point
 * than scale, -ERANGE if *out would have more than NUMBER_DIGITS_MAX digits.
 */
int number_scale(const struct number *number, unsigned scale, int128 *out) MUST_CHECK;

/* 10^exponent; exponent at most NUMBER_DIGITS_MAX. */
int128 number_power(unsigned exponent);

/* units * 10^-scale with exactly scale digits after the point; returns out. */
const char *number_print(int128 units, unsigned scale, char out[NUMBER_SIZE]);

/* Returns out. */
const char *number_print_unsigned(uint64_t value, char out[NUMBER_SIZE]);

/* Into a stream; and how many digits that are. */
void number_write(uint64_t value, FILE *out);
void number_write_signed(int64_t value, FILE *out);
unsigned number_width(uint64_t value);

/* The fewest digits that read back the same; finite values only; returns out. */
const char *number_print_double(double value, char out[NUMBER_SIZE]);
const char *number_print_float(float value, char out[NUMBER_SIZE]);

#endif
