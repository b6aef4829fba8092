// SPDX-License-Identifier: LGPL-2.1-or-later
// Both directions between an enum and its table of texts, for the names_*.c files alone.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <string.h>

static inline const char *names_table_of(const char *const *table, size_t n, int value)
{
	return value >= 0 && (size_t)value < n && table[value] ? table[value] : "?";
}

static inline int names_table_from(const char *const *table, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i] && strcmp(table[i], text) == 0)
			return (int)i;
	}
	return -EINVAL;
}

#define NAMES(what, type, table)                                                                   \
	const char *names_##what(type value)                                                       \
	{                                                                                          \
		return names_table_of(table, sizeof(table) / sizeof(table[0]), (int)value);        \
	}                                                                                          \
	int names_##what##_from(const char *text)                                                  \
	{                                                                                          \
		return names_table_from(table, sizeof(table) / sizeof(table[0]), text);            \
	}
