// SPDX-License-Identifier: LGPL-2.1-or-later
// See quantity.h. Exact for any number of digits: the digits are read as text, never through a
// float, and what is rounded away is remembered so that "up" means up. Locale plays no part.
#include "policy/quantity.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* More decimal places than any value of 64 bits can need, with room for the largest suffix. */
#define EXPONENT_BOUND 100000

/* A decimal number as text: the value is 0.DIGITS * 10^point, where DIGITS has no leading zero and
 * may hold one dot, which does not count. */
struct decimal {
	const char *digits;
	size_t len;
	int64_t point;
};

struct suffix {
	const char *text;
	int pow10;
	int pow2;
};

static const struct suffix suffixes[] = {
	{"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0},  {"k", 3, 0},   {"M", 6, 0},
	{"G", 9, 0},   {"T", 12, 0},  {"P", 15, 0},  {"E", 18, 0},  {"Ki", 0, 10}, {"Mi", 0, 20},
	{"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Returns what follows the number, NULL without a single digit. A value of 0 has len 0. */
static const char *parse_decimal(const char *text, struct decimal *ret)
{
	const char *p = text, *first = NULL, *dot = NULL;
	bool any = false;
	int64_t point = 0;

	for (; is_digit(*p) || (*p == '.' && !dot); p++) {
		if (*p == '.') {
			dot = p;
			continue;
		}
		any = true;
		if (!first && *p != '0')
			first = p;
		if (first && !dot)
			point++;
		else if (!first && dot)
			point--;
	}
	if (!any)
		return NULL;
	*ret = (struct decimal){
		.digits = first, .len = first ? (size_t)(p - first) : 0, .point = point};
	return p;
}

/* "e3", "E-3"; digits must follow. A huge exponent is cut: it is out of range either way. */
static int parse_exponent(const char *text, int64_t *ret_exponent)
{
	const char *p = text + 1;
	bool negative = *p == '-';
	int64_t value = 0;

	if (*p == '-' || *p == '+')
		p++;
	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++) {
		if (value < EXPONENT_BOUND)
			value = value * 10 + (*p - '0');
	}
	if (*p)
		return -EINVAL;
	*ret_exponent = negative ? -value : value;
	return 0;
}

static int parse_suffix(const char *text, int64_t *ret_pow10, int *ret_pow2)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strcmp(text, suffixes[i].text) == 0) {
			*ret_pow10 = suffixes[i].pow10;
			*ret_pow2 = suffixes[i].pow2;
			return 0;
		}
	}
	if (*text == 'e' || *text == 'E') {
		*ret_pow2 = 0;
		return parse_exponent(text, ret_pow10);
	}
	return -EINVAL;
}

/* The fraction's digits times 2^pow2, from the last to the first as on paper: the carry that comes
 * out at the front is the whole part. *rest tells whether something is left behind it. */
static unsigned __int128 scale_fraction(const char *digits, size_t len, int64_t zeros, int pow2,
					bool *rest)
{
	unsigned __int128 carry = 0;

	for (size_t i = len; i-- > 0;) {
		if (digits[i] == '.')
			continue;
		carry += (unsigned __int128)(unsigned)(digits[i] - '0') << pow2;
		*rest = *rest || carry % 10 != 0;
		carry /= 10;
	}
	for (; zeros > 0 && carry > 0; zeros--) {
		*rest = *rest || carry % 10 != 0;
		carry /= 10;
	}
	return carry;
}

/* ceil(number * 10^pow10 * 2^pow2). */
static int scale(const struct decimal *number, int64_t pow10, int pow2, uint64_t *ret_value)
{
	int64_t point = number->point + pow10;
	unsigned __int128 whole = 0;
	bool rest = false;
	size_t i = 0;

	if (number->len == 0) {
		*ret_value = 0;
		return 0;
	}
	if (point > 20)
		return -ERANGE;
	for (int64_t n = 0; n < point; n++) {
		if (i < number->len && number->digits[i] == '.')
			i++;
		whole *= 10;
		if (i < number->len)
			whole += (unsigned)(number->digits[i++] - '0');
	}
	whole <<= pow2;
	whole += scale_fraction(number->digits + i, number->len - i, point < 0 ? -point : 0, pow2,
				&rest);
	if (rest)
		whole++;
	/* UINT64_MAX itself is the kernel's "max" in the rest of colod, never a number. */
	if (whole >= UINT64_MAX)
		return -ERANGE;
	*ret_value = (uint64_t)whole;
	return 0;
}

static int quantity(const char *text, int unit_pow10, uint64_t *ret_value)
{
	struct decimal number;
	int64_t pow10 = 0;
	int pow2 = 0, r;
	const char *end = parse_decimal(*text == '+' ? text + 1 : text, &number);

	if (!end)
		return -EINVAL;
	r = parse_suffix(end, &pow10, &pow2);
	if (r < 0)
		return r;
	return scale(&number, pow10 + unit_pow10, pow2, ret_value);
}

int quantity_cpu_milli(const char *text, uint64_t *ret_milli)
{
	return quantity(text, 3, ret_milli);
}

int quantity_bytes(const char *text, uint64_t *ret_bytes)
{
	return quantity(text, 0, ret_bytes);
}

/* A plain run of digits, UINT64_MAX for one that is too long. Returns what follows, or NULL. */
static const char *parse_u64(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;
	const char *p = text;

	if (!is_digit(*p))
		return NULL;
	for (; is_digit(*p); p++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			value = UINT64_MAX;
	}
	*ret_value = value;
	return p;
}

int quantity_permille(const char *text, uint32_t *ret_permille)
{
	uint64_t value;
	unsigned tenth = 0;
	const char *p = parse_u64(text, &value);

	if (!p)
		return -EINVAL;
	if (*p == '.') {
		if (!is_digit(p[1]))
			return -EINVAL;
		tenth = (unsigned)(p[1] - '0');
		p += 2;
	}
	if (strcmp(p, "%") != 0)
		return -EINVAL;
	if (value > (UINT32_MAX - 9) / 10)
		return -ERANGE;
	*ret_permille = (uint32_t)value * 10 + tenth;
	return 0;
}

struct unit {
	const char *text;
	uint64_t times;
	uint64_t per;
};

/* A whole number with a unit: number * times / per, rounded up. The list ends with no text. */
static int parse_unit(const char *text, const struct unit *unit, uint64_t *ret_value)
{
	uint64_t value;
	const char *p = parse_u64(text, &value);

	while (p && unit->text && strcmp(p, unit->text) != 0)
		unit++;
	if (!p || !unit->text)
		return -EINVAL;
	if (value == UINT64_MAX || __builtin_mul_overflow(value, unit->times, &value))
		return -ERANGE;
	*ret_value = value / unit->per + (value % unit->per != 0);
	return 0;
}

int quantity_duration_us(const char *text, uint64_t *ret_us)
{
	static const struct unit units[] = {
		{"us", 1, 1},	    {"ms", 1000, 1},	  {"s", 1000000, 1},
		{"m", 60000000, 1}, {"h", 3600000000, 1}, {NULL, 0, 0},
	};

	return parse_unit(text, units, ret_us);
}

int quantity_rate(const char *text, uint64_t *ret_bytes_per_s)
{
	static const struct unit units[] = {
		{"B/s", 1, 1},
		{"kB/s", 1000, 1},
		{"MB/s", 1000000, 1},
		{"GB/s", 1000000000, 1},
		{"TB/s", 1000000000000, 1},
		{"KiB/s", 1u << 10, 1},
		{"MiB/s", 1u << 20, 1},
		{"GiB/s", 1u << 30, 1},
		{"TiB/s", 1ull << 40, 1},
		{"bit/s", 1, 8},
		{"kbit/s", 1000, 8},
		{"Mbit/s", 1000000, 8},
		{"Gbit/s", 1000000000, 8},
		{"Tbit/s", 1000000000000, 8},
		{NULL, 0, 0},
	};

	return parse_unit(text, units, ret_bytes_per_s);
}
