/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/stream.h"
#include "tests/unit/helpers.h"

#define ROOM 64
#define MOST 1000

static char pattern(size_t i)
{
	return (char)('!' + i % 90);
}

/* Pieces of step bytes, as fwrite would have written them. */
static void put_pattern(FILE *out, size_t len, size_t step)
{
	char piece[MOST];

	for (size_t at = 0; at < len; at += step) {
		size_t n = step < len - at ? step : len - at;

		for (size_t i = 0; i < n; i++)
			piece[i] = pattern(at + i);
		stream_put(out, piece, n);
	}
}

static void assert_pattern(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != pattern(i))
			fail_msg("byte %zu of %zu is wrong", i, len);
	}
}

/* Shorter than the room, as long, longer; and the byte behind is NUL. */
static void texts_of_any_length(void **state)
{
	static const size_t steps[] = { 1, 7, ROOM - 1, ROOM, ROOM + 1, 300 };

	(void)state;
	for (size_t len = 0; len <= 3 * ROOM; len++) {
		for (size_t s = 0; s < countof(steps); s++) {
			char room[ROOM], *text;
			size_t size;
			FILE *out = text_stream(&text, &size);

			assert_non_null(out);
			setvbuf(out, room, _IOFBF, sizeof(room));
			put_pattern(out, len, steps[s]);
			assert_int_equal(fclose(out), 0);
			assert_int_equal(size, len);
			assert_int_equal(strlen(text), len);
			assert_pattern(text, len);
			free(text);
		}
	}
}

/* What other functions of stdio write stands between. */
static void pieces_keep_their_order(void **state)
{
	char *text;
	size_t size;
	FILE *out = text_stream(&text, &size);

	(void)state;
	assert_non_null(out);
	for (unsigned i = 0; i < 100; i++) {
		stream_puts(out, "a");
		fprintf(out, "%u", i);
		stream_puts(out, "");
		fputs("b", out);
		putc_unlocked('c', out);
		stream_put(out, "dd", 2);
	}
	assert_int_equal(fclose(out), 0);
	for (unsigned i = 0, at = 0; i < 100; i++) {
		char expected[16];
		int n = snprintf(expected, sizeof(expected), "a%ubcdd", i);

		assert_memory_equal(text + at, expected, (size_t)n);
		at += (unsigned)n;
	}
	free(text);
}

static void streams_of_every_buffering(void **state)
{
	static const int modes[] = { _IOFBF, _IOLBF, _IONBF };
	char *dir = temp_dir(), path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/text", dir);
	for (size_t m = 0; m < countof(modes); m++) {
		FILE *out = fopen(path, "we");
		char *text, room[ROOM];

		assert_non_null(out);
		assert_int_equal(setvbuf(out, room, modes[m], sizeof(room)), 0);
		for (unsigned i = 0; i < 50; i++) {
			stream_put(out, "one\ntwo", 7);
			stream_puts(out, "\n");
			/* Such a stream gives each line away at once. */
			if (modes[m] != _IOFBF) {
				text = file_text(path);
				assert_int_equal(strlen(text), 8 * (i + 1));
				free(text);
			}
		}
		assert_int_equal(fclose(out), 0);
		text = file_text(path);
		assert_int_equal(strlen(text), 400);
		for (size_t at = 0; at < 400; at += 8)
			assert_memory_equal(text + at, "one\ntwo\n", 8);
		free(text);
	}
	temp_dir_remove(dir);
}

static void a_failure_is_told_at_the_end(void **state)
{
	FILE *out = fopen("/dev/full", "we");
	char room[ROOM];

	(void)state;
	assert_non_null(out);
	setvbuf(out, room, _IOFBF, sizeof(room));
	put_pattern(out, 300, 10);
	assert_true(ferror(out));
	assert_int_not_equal(fclose(out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_any_length),
		cmocka_unit_test(pieces_keep_their_order),
		cmocka_unit_test(streams_of_every_buffering),
		cmocka_unit_test(a_failure_is_told_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
