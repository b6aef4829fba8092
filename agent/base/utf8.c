// SPDX-License-Identifier: LGPL-2.1-or-later
// See utf8.h. The width table is coarse on purpose: it keeps columns aligned for the scripts that
// names are written in, and is the same on every libc and in every locale.
#include "agent/base/utf8.h"

#include <string.h>

struct range {
	uint32_t first;
	uint32_t last;
};

static const struct range zero_width[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

static const struct range double_width[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},	{0x3041, 0x4dbf},   {0x4e00, 0xa4cf},
	{0xa960, 0xa97c},   {0xac00, 0xd7a3},	{0xf900, 0xfaff},   {0xfe30, 0xfe6f},
	{0xff00, 0xff60},   {0xffe0, 0xffe6},	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

/* Soft hyphen, zero-width marks, separators, direction overrides and isolates, byte order mark,
 * tags: all invisible, some reorder what stands around them. */
static const struct range unsafe[] = {
	{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x200b, 0x200f},
	{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static bool in_ranges(const struct range *ranges, size_t n, uint32_t point)
{
	for (size_t i = 0; i < n; i++) {
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	}
	return false;
}
#define IN(ranges, point) in_ranges(ranges, sizeof(ranges) / sizeof(ranges[0]), point)

static bool continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *ret_point)
{
	/* The smallest point that needs this many bytes: less is an overlong form. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	uint32_t point;
	size_t n;

	if (len == 0)
		return 0;
	if (p[0] < 0x80) {
		*ret_point = p[0];
		return 1;
	}
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n > len)
		return 0;
	point = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (!continues(p[i]))
			return 0;
		point = point << 6 | (p[i] & 0x3fu);
	}
	if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return n;
}

bool utf8_valid(const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		uint32_t point;
		size_t n = utf8_decode(text, len, &point);

		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

char *utf8_scrub(char *text)
{
	size_t len = strlen(text);

	for (char *p = text; len > 0;) {
		uint32_t point;
		size_t n = utf8_decode(p, len, &point);

		if (n == 0) {
			*p = '?';
			n = 1;
		}
		p += n;
		len -= n;
	}
	return text;
}

unsigned utf8_width(uint32_t point)
{
	if (point < 0x300)
		return 1;
	if (IN(zero_width, point))
		return 0;
	return IN(double_width, point) ? 2 : 1;
}

bool utf8_unsafe(uint32_t point)
{
	return IN(unsafe, point);
}
