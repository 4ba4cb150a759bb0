/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"

#include <string.h>

/* How a lead byte goes on; 0 for bytes that start nothing. */
static int sequence_len(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* The second byte alone decides about overlong forms, surrogates and the end. */
static bool second_fits(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

int utf8_decode(const char *text, size_t len, uint32_t *cp)
{
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *at = (const unsigned char *)text;
	int need = sequence_len(at[0]);
	uint32_t value = at[0] & lead_bits[need];

	for (int i = 1; i < need; i++) {
		if ((size_t)i == len)
			return -1;
		if (i == 1 ? !second_fits(at[0], at[1]) : (at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	if (need)
		*cp = value;
	return need;
}

static const bool is_plain[256] = {
	[' ' ... '!'] = true,
	['#' ... '&'] = true,
	['(' ... '['] = true,
	[']' ... '~'] = true,
};

#define ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The highest bit of some byte is set if one of the eight is zero. */
static uint64_t zero_among(uint64_t eight)
{
	return (eight - ALL(1)) & ~eight;
}

/* is_plain of eight bytes at once, whatever their order. */
static bool are_plain(uint64_t eight)
{
	uint64_t bad = eight | (eight + ALL(1));	/* from 0x7f on */

	bad |= (eight - ALL(' ')) & ~eight;
	bad |= zero_among(eight ^ ALL('"')) | zero_among(eight ^ ALL('\'')) |
	       zero_among(eight ^ ALL('\\'));
	return !(bad & ALL(0x80));
}

size_t utf8_plain(const char *text, size_t len)
{
	size_t plain = 0;
	uint64_t eight;

	for (; len - plain >= sizeof(eight); plain += sizeof(eight)) {
		memcpy(&eight, text + plain, sizeof(eight));
		if (!are_plain(eight))
			break;
	}
	while (plain < len && is_plain[(unsigned char)text[plain]])
		plain++;
	return plain;
}

bool utf8_is_valid(const char *text, size_t len)
{
	size_t plain = utf8_plain(text, len);
	uint32_t cp;

	for (text += plain, len -= plain; len;) {
		int n = utf8_decode(text, len, &cp);

		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

bool utf8_is_hidden(uint32_t cp)
{
	if (cp < 0x20)
		return cp != '\t' && cp != '\n' && cp != '\r';
	return (cp >= 0x7f && cp <= 0x9f) || (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

char *utf8_put(char *to, uint32_t cp)
{
	if (cp < 0x80) {
		*to++ = (char)cp;
		return to;
	}
	if (cp < 0x800) {
		*to++ = (char)(0xc0 | cp >> 6);
	} else {
		if (cp < 0x10000) {
			*to++ = (char)(0xe0 | cp >> 12);
		} else {
			*to++ = (char)(0xf0 | cp >> 18);
			*to++ = (char)(0x80 | (cp >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (cp >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (cp & 0x3f));
	return to;
}
