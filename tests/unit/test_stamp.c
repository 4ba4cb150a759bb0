/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/helpers.h"

#include "base/stamp.h"

#include <errno.h>

static const struct {
	int64_t us;
	const char *text;
} known[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ -1, "1969-12-31T23:59:59.999999Z" },
	{ 951782400000000, "2000-02-29T00:00:00.000000Z" },
	{ 1795341600000000, "2026-11-22T10:00:00.000000Z" },
	{ -62135596800000000, "0001-01-01T00:00:00.000000Z" },
	{ 253402300799999999, "9999-12-31T23:59:59.999999Z" },
	{ -2203891200000001, "1900-02-28T23:59:59.999999Z" },
};

static void known_moments_print_and_read_back(void **state)
{
	char text[STAMP_SIZE];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < countof(known); i++) {
		assert_string_equal(stamp_format(known[i].us, text), known[i].text);
		assert_int_equal(stamp_parse(text, strlen(text), false, &us), 0);
		assert_true(us == known[i].us);
	}
}

static void any_64_bit_number_can_be_printed(void **state)
{
	char text[STAMP_SIZE];

	(void)state;
	assert_string_equal(stamp_format(INT64_MAX, text), "294247-01-10T04:00:54.775807Z");
	assert_string_equal(stamp_format(INT64_MIN, text), "-290308-12-21T19:59:05.224192Z");
}

static const struct {
	const char *text;
	int64_t us;
} forms[] = {
	{ "1970-01-01T00:00:01Z", 1000000 },
	{ "1970-01-01 00:00:01Z", 1000000 },
	{ "1970-01-01t00:00:01z", 1000000 },
	{ "1970-01-01T00:00:00.5Z", 500000 },
	{ "1970-01-01T00:00:00.0000019Z", 1 },
	{ "1970-01-01T02:00:00+02:00", 0 },
	{ "1969-12-31T22:30:00-01:30", 0 },
};

static void offsets_and_fractions_are_understood(void **state)
{
	int64_t us;

	(void)state;
	for (size_t i = 0; i < countof(forms); i++) {
		assert_int_equal(stamp_parse(forms[i].text, strlen(forms[i].text), false, &us), 0);
		assert_true(us == forms[i].us);
	}
}

static void a_missing_zone_is_utc_only_where_it_may_be_missing(void **state)
{
	const char *text = "1970-01-01T00:00:01";
	int64_t us = 5;

	(void)state;
	assert_int_equal(stamp_parse(text, strlen(text), false, &us), -EINVAL);
	assert_true(us == 5);
	assert_int_equal(stamp_parse(text, strlen(text), true, &us), 0);
	assert_true(us == 1000000);
}

static void bad_moments_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "1970", "1970-01-01", "1970-01-01T", "1970-01-01T00:00Z",
		"1970-01-01T00:00:60Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
		"1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z", "1970-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "1970-04-31T00:00:00Z", "0000-01-01T00:00:00Z",
		"1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+2:00", "1970-01-01T00:00:00+02",
		"1970-01-01T00:00:00ZZ", "1970-01-01  00:00:00Z", " 1970-01-01T00:00:00Z",
		"1970-01-01T00:00:00Z ", "1970-1-1T00:00:00Z", "-970-01-01T00:00:00Z",
		"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+00:60",
	};
	int64_t us;

	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(stamp_parse(bad[i], strlen(bad[i]), true, &us), -EINVAL);
}

static void nothing_behind_the_length_is_read(void **state)
{
	int64_t us;

	(void)state;
	for (size_t len = 0; len < 20; len++) {
		char *exact = malloc(len ? len : 1);

		memcpy(exact, "1970-01-01T00:00:00Z", len);
		assert_int_equal(stamp_parse(exact, len, false, &us), -EINVAL);
		free(exact);
	}
}

static void every_day_of_four_centuries_reads_back(void **state)
{
	(void)state;
	for (int32_t day = -146097; day <= 146097; day += 13) {
		unsigned month, dom;
		int64_t year;
		char text[32];
		int32_t back;

		stamp_civil(day, &year, &month, &dom);
		snprintf(text, sizeof(text), "%04d-%02u-%02u", (int)year, month, dom);
		assert_int_equal(stamp_parse_date(text, strlen(text), &back), 0);
		assert_int_equal(back, day);
	}
}

static void dates_end_where_the_calendar_does(void **state)
{
	int32_t days;

	(void)state;
	assert_int_equal(stamp_parse_date("2026-11-22", 10, &days), 0);
	assert_int_equal(days, 20779);
	assert_int_equal(stamp_parse_date("2024-02-29", 10, &days), 0);
	assert_int_equal(stamp_parse_date("2026-02-29", 10, &days), -EINVAL);
	assert_int_equal(stamp_parse_date("2026-11-22 ", 11, &days), -EINVAL);
	assert_int_equal(stamp_parse_date("2026-11-2", 9, &days), -EINVAL);
}

static void times_of_day_need_hours_and_minutes(void **state)
{
	int64_t us;

	(void)state;
	assert_int_equal(stamp_parse_time("10:30", 5, &us), 0);
	assert_true(us == INT64_C(37800000000));
	assert_int_equal(stamp_parse_time("23:59:59.999999", 15, &us), 0);
	assert_true(us == INT64_C(86399999999));
	assert_int_equal(stamp_parse_time("24:00", 5, &us), -EINVAL);
	assert_int_equal(stamp_parse_time("10", 2, &us), -EINVAL);
	assert_int_equal(stamp_parse_time("10:30:", 6, &us), -EINVAL);
	assert_int_equal(stamp_parse_time("10:30Z", 6, &us), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_moments_print_and_read_back),
		cmocka_unit_test(any_64_bit_number_can_be_printed),
		cmocka_unit_test(offsets_and_fractions_are_understood),
		cmocka_unit_test(a_missing_zone_is_utc_only_where_it_may_be_missing),
		cmocka_unit_test(bad_moments_are_refused),
		cmocka_unit_test(nothing_behind_the_length_is_read),
		cmocka_unit_test(every_day_of_four_centuries_reads_back),
		cmocka_unit_test(dates_end_where_the_calendar_does),
		cmocka_unit_test(times_of_day_need_hours_and_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
