// SPDX-License-Identifier: LGPL-2.1-or-later
// See history_numbers.h.
#include "agent/base/history_numbers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"

static void add(struct history_record *r, const char *key, const char *value)
{
	size_t len = strlen(r->numbers), size = sizeof(r->numbers) - len;
	int n = snprintf(r->numbers + len, size, "%s%s=%s", len > 0 ? "," : "", key, value);

	if (n < 0 || (size_t)n >= size)
		r->numbers[len] = '\0';
}

void history_number(struct history_record *r, const char *key, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	add(r, key, text);
}

void history_number_unknown(struct history_record *r, const char *key)
{
	add(r, key, "-");
}

void history_number_if(struct history_record *r, const char *key, bool known, uint64_t value)
{
	if (known && value <= INT64_MAX)
		history_number(r, key, (int64_t)value);
	else
		history_number_unknown(r, key);
}

static bool get_value(const char *text, size_t len, int64_t *ret_value)
{
	bool minus = text[0] == '-';
	uint64_t n = 0, most = (uint64_t)INT64_MAX + minus;

	text += minus;
	len -= minus;
	/* One form only: no zero before another digit, and none with a sign. */
	if (len == 0 || (text[0] == '0' && (len > 1 || minus)))
		return false;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9' || n > (most - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*ret_value = (int64_t)(minus ? 0 - n : n);
	return true;
}

bool history_numbers_next(const char **at, struct history_number *ret_number)
{
	const char *key = *at, *value;
	size_t key_len = strspn(key, "abcdefghijklmnopqrstuvwxyz_" DIGITS), len;

	if (key_len == 0 || key_len >= sizeof(ret_number->key) || key[0] < 'a' ||
	    key[key_len] != '=')
		return false;
	value = key + key_len + 1;
	len = strcspn(value, ",");
	*ret_number = (struct history_number){.known = !(len == 1 && value[0] == '-')};
	if (ret_number->known && !get_value(value, len, &ret_number->value))
		return false;
	memcpy(ret_number->key, key, key_len);
	*at = value + len + (value[len] == ',');
	return true;
}

bool history_numbers_valid(const char *text)
{
	struct history_number number;
	size_t len = strlen(text);

	if (len == 0 || text[len - 1] == ',')
		return false;
	while (*text)
		if (!history_numbers_next(&text, &number))
			return false;
	return true;
}
