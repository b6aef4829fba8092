// SPDX-License-Identifier: LGPL-2.1-or-later
// See kernel_text_line.h.
#include "policy/kernel_text_line.h"

#include <errno.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool kernel_text_line_ends(char c)
{
	return c == '\n' || c == '\0';
}

int kernel_text_line_number(const char **p, uint64_t *ret_value)
{
	const char *s = *p;
	uint64_t value = 0;

	if (!is_digit(*s))
		return -EINVAL;
	for (; is_digit(*s); s++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			return -ERANGE;
	}
	*p = s;
	*ret_value = value;
	return 0;
}

int kernel_text_line_number_to_end(const char *s, uint64_t *ret_value)
{
	uint64_t value;
	int r = kernel_text_line_number(&s, &value);

	if (r < 0)
		return r;
	if (!kernel_text_line_ends(*s))
		return -EINVAL;
	*ret_value = value;
	return 0;
}

const char *kernel_text_line_next(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

const char *kernel_text_line_find(const char *text, const char *key, char delimiter)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line = kernel_text_line_next(line)) {
		if (strncmp(line, key, len) == 0 && line[len] == delimiter)
			return line + len + 1;
	}
	return NULL;
}

int kernel_text_line_kib(const char *p, uint64_t *ret_bytes)
{
	uint64_t kib, bytes;
	int r;

	p += strspn(p, " ");
	r = kernel_text_line_number(&p, &kib);
	if (r < 0)
		return r;
	if (strncmp(p, " kB", 3) != 0 || !kernel_text_line_ends(p[3]))
		return -EINVAL;
	if (__builtin_mul_overflow(kib, 1024, &bytes))
		return -ERANGE;
	*ret_bytes = bytes;
	return 0;
}
