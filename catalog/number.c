/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "catalog/number.h"

#include "base/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond any exponent that matters, and far from overflowing a long. */
#define EXPONENT_MAX 1000000

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *text, size_t len, size_t at)
{
	while (at < len && is_digit(text[at]))
		at++;
	return at;
}

size_t number_span(const char *text, size_t len)
{
	size_t at = len && (text[0] == '-' || text[0] == '+'), start = at, digits;

	at = skip_digits(text, len, at);
	digits = at - start;
	if (at < len && text[at] == '.') {
		size_t point = at++;

		at = skip_digits(text, len, at);
		digits += at - point - 1;
	}
	if (!digits)
		return 0;
	if (at < len && (text[at] == 'e' || text[at] == 'E')) {
		at++;
		if (at < len && (text[at] == '-' || text[at] == '+'))
			at++;
		start = at;
		at = skip_digits(text, len, at);
		if (at == start)
			return 0;
	}
	return at;
}

/* text is "e5", "E-05" or empty. */
static long read_exponent(const char *text, size_t len)
{
	bool negative = len > 1 && text[1] == '-';
	long value = 0;

	for (size_t i = 1; i < len; i++) {
		if (is_digit(text[i]) && value < EXPONENT_MAX)
			value = value * 10 + (text[i] - '0');
	}
	return negative ? -value : value;
}

/* Append a digit; zeros wait until a digit other than zero follows. */
static void add_digit(struct number *number, unsigned digit, long *zeros)
{
	if (!digit) {
		*zeros += number->digits > 0;
		return;
	}
	number->digits += *zeros + 1;
	if (number->digits <= NUMBER_DIGITS_MAX) {
		for (; *zeros; --*zeros)
			number->units *= 10;
		number->units = number->units * 10 + (int)digit;
	}
	*zeros = 0;
}

int number_parse(const char *text, size_t len, struct number *out)
{
	struct number number = { 0 };
	size_t at = 0;
	long zeros = 0, after_point = 0;
	bool point = false;

	if (!len || number_span(text, len) != len)
		return -EINVAL;
	number.negative = text[0] == '-';
	for (; at < len && text[at] != 'e' && text[at] != 'E'; at++) {
		if (text[at] == '.')
			point = true;
		if (!is_digit(text[at]))
			continue;
		after_point += point;
		add_digit(&number, (unsigned)(text[at] - '0'), &zeros);
	}
	if (number.digits)
		number.exponent = zeros - after_point + read_exponent(text + at, len - at);
	*out = number;
	return 0;
}

int128 number_power(unsigned exponent)
{
	int128 power = 1;

	while (exponent--)
		power *= 10;
	return power;
}

int number_scale(const struct number *number, unsigned scale, int128 *out)
{
	long shift = number->exponent + (long)scale;
	int128 units;

	if (!number->digits) {
		*out = 0;
		return 0;
	}
	if (shift < 0)
		return -EDOM;
	if (number->digits + shift > NUMBER_DIGITS_MAX)
		return -ERANGE;
	units = number->units * number_power((unsigned)shift);
	*out = number->negative ? -units : units;
	return 0;
}

const char *number_print(int128 units, unsigned scale, char out[NUMBER_SIZE])
{
	char reversed[NUMBER_SIZE];
	bool negative = units < 0;
	unsigned len = 0;
	char *to = out;

	do {
		int digit = (int)(units % 10);

		reversed[len++] = (char)('0' + (digit < 0 ? -digit : digit));
		units /= 10;
		if (scale && len == scale)
			reversed[len++] = '.';
	} while (units || len < scale || (scale && len == scale + 1));
	if (negative)
		*to++ = '-';
	while (len)
		*to++ = reversed[--len];
	*to = '\0';
	return out;
}

/* Numbers of up to `places` places before the point are written without exponent. */
static const char *rewrite(double value, int digits, int places, char out[NUMBER_SIZE])
{
	int exponent = (int)strtol(strchr(out, 'e') + 1, NULL, 10);
	int fraction = digits - 1 - exponent;

	if (exponent >= -4 && exponent < places)
		snprintf(out, NUMBER_SIZE, "%.*f", fraction > 0 ? fraction : 0, value);
	return out;
}

unsigned number_width(uint64_t value)
{
	unsigned width = 1;

	for (; value >= 10; value /= 10)
		width++;
	return width;
}

static void put_digits(uint64_t value, unsigned width, char *to)
{
	for (; width; width--, value /= 10)
		to[width - 1] = (char)('0' + value % 10);
}

const char *number_print_unsigned(uint64_t value, char out[NUMBER_SIZE])
{
	unsigned width = number_width(value);

	put_digits(value, width, out);
	out[width] = '\0';
	return out;
}

void number_write(uint64_t value, FILE *out)
{
	char digits[NUMBER_SIZE], *at = stream_room(out, sizeof(digits));
	unsigned width;

	if (value < 10) {
		putc_unlocked('0' + (char)value, out);
		return;
	}
	width = number_width(value);
	put_digits(value, width, at ? at : digits);
	if (at)
		stream_take(out, at + width);
	else
		stream_put(out, digits, width);
}

void number_write_signed(int64_t value, FILE *out)
{
	if (value < 0)
		putc_unlocked('-', out);
	number_write(value < 0 ? -(uint64_t)value : (uint64_t)value, out);
}

/* Every integer below 10^15 is a double, and every one below 10^7 a float. */
const char *number_print_double(double value, char out[NUMBER_SIZE])
{
	int digits = 0;

	do {
		snprintf(out, NUMBER_SIZE, "%.*e", digits++, value);
	} while (digits < 17 && strtod(out, NULL) != value);
	return rewrite(value, digits, 15, out);
}

const char *number_print_float(float value, char out[NUMBER_SIZE])
{
	int digits = 0;

	do {
		snprintf(out, NUMBER_SIZE, "%.*e", digits++, (double)value);
	} while (digits < 9 && strtof(out, NULL) != value);
	return rewrite((double)value, digits, 7, out);
}
