/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"
#include "tests/unit/helpers.h"

#define MOST 33

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && !strchr("\"'\\", c);
}

/* Every byte at every place of texts of every length, at every alignment. */
static void the_first_byte_that_is_not_plain_is_found(void **state)
{
	char room[8 + MOST], *text;

	(void)state;
	for (size_t shift = 0; shift < 8; shift++) {
		text = room + shift;
		for (size_t len = 0; len <= MOST; len++) {
			memset(room, '"', sizeof(room));
			memset(text, 'a', len);
			assert_int_equal(utf8_plain(text, len), len);
			for (size_t at = 0; at < len; at++) {
				for (unsigned c = 0; c < 256; c++) {
					text[at] = (char)c;
					if (utf8_plain(text, len) !=
					    (is_plain((unsigned char)c) ? len : at))
						fail_msg("byte %02x at %zu of %zu", c, at, len);
				}
				text[at] = 'a';
			}
		}
	}
}

/* What is not plain behind another byte of all kinds: nothing is carried over. */
static void neighbours_do_not_matter(void **state)
{
	char text[16];

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		for (unsigned second = 0; second < 256; second++) {
			size_t expected = !is_plain((unsigned char)first)  ? 3 :
					  !is_plain((unsigned char)second) ? 4 : sizeof(text);

			memset(text, '~', sizeof(text));
			text[3] = (char)first;
			text[4] = (char)second;
			if (utf8_plain(text, sizeof(text)) != expected)
				fail_msg("bytes %02x %02x", first, second);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_byte_that_is_not_plain_is_found),
		cmocka_unit_test(neighbours_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
