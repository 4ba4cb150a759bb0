/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stamp - points in time: microseconds since 1970-01-01T00:00:00Z.
 *
 * Text form: RFC 3339, UTC, always six digits of fraction
 * ("2026-11-22T10:00:00.000000Z").
 */
#ifndef KALAM_BASE_STAMP_H
#define KALAM_BASE_STAMP_H

#include "base/err.h"

#include <stdint.h>

#define STAMP_SIZE 40	/* bytes of the text form with its NUL, any int64_t */

/* Write the text form into out and return out. */
const char *stamp_format(int64_t us, char out[STAMP_SIZE]);

/*
 * Parse RFC 3339 date-time: 'T' or one space between date and time, fraction
 * optional (digits beyond six are cut), then Z or an offset +hh:mm.  With
 * zone_optional a missing zone means UTC.  Years 0001 to 9999; leap second :60
 * is refused.  Returns 0 or -EINVAL; no message: the caller knows the subject.
 */
int stamp_parse(const char *text, size_t len, bool zone_optional, int64_t *us) MUST_CHECK;

/* Days since 1970-01-01 of YYYY-MM-DD; 0 or -EINVAL. */
int stamp_parse_date(const char *text, size_t len, int32_t *days) MUST_CHECK;

/* Microseconds since midnight of HH:MM[:SS[.ffffff]]; 0 or -EINVAL. */
int stamp_parse_time(const char *text, size_t len, int64_t *us) MUST_CHECK;

/* Civil date of a day number (proleptic Gregorian). */
void stamp_civil(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
