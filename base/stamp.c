/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/stamp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* 0001-01-01 and the day after 9999-12-31. */
#define FIRST_DAY INT64_C(-719162)
#define END_DAY INT64_C(2932897)

/* What is left of a text; every take_ moves on only when it succeeds. */
struct cursor {
	const char *at, *end;
};

static bool take_char(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly `digits` digits, at most max. */
static bool take_number(struct cursor *c, unsigned digits, unsigned max, unsigned *out)
{
	unsigned value = 0;

	if ((size_t)(c->end - c->at) < digits)
		return false;
	for (unsigned i = 0; i < digits; i++) {
		if (!is_digit(c->at[i]))
			return false;
		value = value * 10 + (unsigned)(c->at[i] - '0');
	}
	if (value > max)
		return false;
	c->at += digits;
	*out = value;
	return true;
}

static bool is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/*
 * Years begin in March, so that the leap day is the last; 400 years are one era
 * of 146097 days, and day 0 of era 0 is 719468 days before 1970-01-01.
 */
static int64_t days_of(unsigned year, unsigned month, unsigned day)
{
	unsigned shifted = year - (month <= 2);
	unsigned era = shifted / 400, of_era = shifted % 400;
	unsigned of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void stamp_civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned of_era = (unsigned)(shifted - era * 146097);
	unsigned years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * years + years / 4 - years / 100);
	unsigned march_month = (5 * of_year + 2) / 153;

	*day = of_year - (153 * march_month + 2) / 5 + 1;
	*month = march_month < 10 ? march_month + 3 : march_month - 9;
	*year = (int64_t)years + era * 400 + (*month <= 2);
}

/* So many digits of a number that is not negative, and what stands behind them. */
static char *put_number(char *to, uint64_t number, unsigned digits, char behind)
{
	for (unsigned i = digits; i; i--, number /= 10)
		to[i - 1] = (char)('0' + number % 10);
	to[digits] = behind;
	return to + digits + 1;
}

const char *stamp_format(int64_t us, char out[STAMP_SIZE])
{
	int64_t days = us / DAY, rest = us % DAY, year;
	unsigned month, day;
	char *to = out;

	if (rest < 0) {
		rest += DAY;
		days--;
	}
	stamp_civil(days, &year, &month, &day);
	if (year >= 0 && year <= 9999)
		to = put_number(to, (uint64_t)year, 4, '-');
	else
		to += snprintf(to, STAMP_SIZE, "%04lld-", (long long)year);
	to = put_number(to, month, 2, '-');
	to = put_number(to, day, 2, 'T');
	to = put_number(to, (uint64_t)(rest / HOUR), 2, ':');
	to = put_number(to, (uint64_t)(rest / MINUTE % 60), 2, ':');
	to = put_number(to, (uint64_t)(rest / SECOND % 60), 2, '.');
	to = put_number(to, (uint64_t)(rest % SECOND), 6, 'Z');
	*to = '\0';
	return out;
}

static bool take_date(struct cursor *c, int64_t *days)
{
	unsigned year, month, day;

	if (!take_number(c, 4, 9999, &year) || !take_char(c, '-') ||
	    !take_number(c, 2, 12, &month) || !take_char(c, '-') || !take_number(c, 2, 31, &day))
		return false;
	if (!year || !month || !day || day > month_days(year, month))
		return false;
	*days = days_of(year, month, day);
	return true;
}

/* ".5" and so on: at least one digit; those beyond the sixth are cut. */
static bool take_fraction(struct cursor *c, unsigned *us)
{
	unsigned value = 0, digits = 0;

	for (; c->at < c->end && is_digit(*c->at); c->at++, digits++) {
		if (digits < 6)
			value = value * 10 + (unsigned)(*c->at - '0');
	}
	if (!digits)
		return false;
	for (; digits < 6; digits++)
		value *= 10;
	*us = value;
	return true;
}

static bool take_time(struct cursor *c, bool seconds_optional, int64_t *us)
{
	unsigned hour, minute, second = 0, fraction = 0;

	if (!take_number(c, 2, 23, &hour) || !take_char(c, ':') || !take_number(c, 2, 59, &minute))
		return false;
	if (take_char(c, ':')) {
		if (!take_number(c, 2, 59, &second))
			return false;
		if (take_char(c, '.') && !take_fraction(c, &fraction))
			return false;
	} else if (!seconds_optional) {
		return false;
	}
	*us = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
	return true;
}

static bool take_zone(struct cursor *c, bool optional, int64_t *offset)
{
	unsigned hours, minutes;
	bool west;

	*offset = 0;
	if (c->at == c->end)
		return optional;
	if (take_char(c, 'Z') || take_char(c, 'z'))
		return true;
	west = take_char(c, '-');
	if (!west && !take_char(c, '+'))
		return false;
	if (!take_number(c, 2, 23, &hours) || !take_char(c, ':') || !take_number(c, 2, 59, &minutes))
		return false;
	*offset = hours * HOUR + minutes * MINUTE;
	if (west)
		*offset = -*offset;
	return true;
}

int stamp_parse(const char *text, size_t len, bool zone_optional, int64_t *us)
{
	struct cursor c = { text, text + len };
	int64_t days, time, offset, result;

	if (!take_date(&c, &days))
		return -EINVAL;
	if (!take_char(&c, 'T') && !take_char(&c, 't') && !take_char(&c, ' '))
		return -EINVAL;
	if (!take_time(&c, false, &time) || !take_zone(&c, zone_optional, &offset) ||
	    c.at != c.end)
		return -EINVAL;
	/* An offset can lead out of the years that can be written. */
	result = days * DAY + time - offset;
	if (result < FIRST_DAY * DAY || result >= END_DAY * DAY)
		return -EINVAL;
	*us = result;
	return 0;
}

int stamp_parse_date(const char *text, size_t len, int32_t *days)
{
	struct cursor c = { text, text + len };
	int64_t result;

	if (!take_date(&c, &result) || c.at != c.end)
		return -EINVAL;
	*days = (int32_t)result;
	return 0;
}

int stamp_parse_time(const char *text, size_t len, int64_t *us)
{
	struct cursor c = { text, text + len };
	int64_t result;

	if (!take_time(&c, true, &result) || c.at != c.end)
		return -EINVAL;
	*us = result;
	return 0;
}
