// SPDX-License-Identifier: LGPL-2.1-or-later
// What the kernel says of single memory nodes; see kernel_text.h.
#include "policy/kernel_text.h"

#include <errno.h>
#include <string.h>

#include "policy/kernel_text_line.h"

#define MASK_BITS 64

/* "Node 12 ": what is behind it; NULL where the line does not begin so. */
static const char *behind_node(const char *line, uint64_t *ret_node)
{
	static const char word[] = "Node ";
	const char *p = line + sizeof(word) - 1;

	if (strncmp(line, word, sizeof(word) - 1) != 0 || kernel_text_line_number(&p, ret_node) < 0)
		return NULL;
	return p;
}

int kernel_text_node_meminfo(const char *text, const char *key, uint64_t *ret_bytes)
{
	size_t len = strlen(key);

	for (const char *line = text; *line; line = kernel_text_line_next(line)) {
		uint64_t node;
		const char *p = behind_node(line, &node);

		if (p && *p == ' ' && strncmp(p + 1, key, len) == 0 && p[len + 1] == ':')
			return kernel_text_line_kib(p + len + 2, ret_bytes);
	}
	return -ENOENT;
}

int kernel_text_numa_stat(const char *text, const char *key, uint64_t nodes, uint64_t *ret_sum)
{
	const char *p = kernel_text_line_find(text, key, ' ');
	uint64_t sum = 0;

	if (!p)
		return -ENOENT;
	while (!kernel_text_line_ends(*p)) {
		uint64_t node, value;
		int r = *p == 'N' ? 0 : -EINVAL;

		p++;
		if (r == 0)
			r = kernel_text_line_number(&p, &node);
		if (r == 0 && *p != '=')
			r = -EINVAL;
		if (r == 0) {
			p++;
			r = kernel_text_line_number(&p, &value);
		}
		if (r == 0 && *p != ' ' && !kernel_text_line_ends(*p))
			r = -EINVAL;
		if (r < 0)
			return r;
		p += *p == ' ';
		if (node < MASK_BITS && (nodes >> node & 1) &&
		    __builtin_add_overflow(sum, value, &sum))
			return -ERANGE;
	}
	*ret_sum = sum;
	return 0;
}

/* A zone's is "        high     1234"; that of a CPU's page list has a colon behind the word. A zone begins with "Node 0, zone
 * DMA". Of one node, or of all. */
static int sum_high(const char *text, const uint64_t *of_node, uint64_t *ret_pages)
{
	static const char word[] = "high ";
	uint64_t sum = 0, pages, node = 0;
	bool found = false;

	for (const char *line = text; *line; line = kernel_text_line_next(line)) {
		const char *p = line + strspn(line, " ");
		int r;

		if (behind_node(line, &node) || (of_node && node != *of_node) ||
		    strncmp(p, word, sizeof(word) - 1) != 0)
			continue;
		p += sizeof(word) - 1;
		r = kernel_text_line_number_to_end(p + strspn(p, " "), &pages);
		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum, pages, &sum))
			return -ERANGE;
		found = true;
	}
	if (!found)
		return -ENOENT;
	*ret_pages = sum;
	return 0;
}

int kernel_text_zones_high(const char *text, uint64_t *ret_pages)
{
	return sum_high(text, NULL, ret_pages);
}

int kernel_text_node_high(const char *text, uint64_t node, uint64_t *ret_pages)
{
	return sum_high(text, &node, ret_pages);
}
