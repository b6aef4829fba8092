// SPDX-License-Identifier: LGPL-2.1-or-later
// See cpu_set.h. Works word by word; only the text form walks single CPUs.
#include "colod/cpu_set.h"

#include <stdio.h>
#include <string.h>

#include "policy/kernel_text.h"

#define WORD_BITS 64u
#define N_WORDS (CPU_SET_MAX / WORD_BITS)

void cpu_set_add(struct cpu_set *set, unsigned cpu)
{
	if (cpu < CPU_SET_MAX)
		set->words[cpu / WORD_BITS] |= UINT64_C(1) << (cpu % WORD_BITS);
}

bool cpu_set_has(const struct cpu_set *set, unsigned cpu)
{
	return cpu < CPU_SET_MAX && (set->words[cpu / WORD_BITS] >> (cpu % WORD_BITS) & 1) != 0;
}

size_t cpu_set_count(const struct cpu_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < N_WORDS; i++)
		n += (size_t)__builtin_popcountll(set->words[i]);
	return n;
}

bool cpu_set_is_empty(const struct cpu_set *set)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (set->words[i])
			return false;
	return true;
}

bool cpu_set_equal(const struct cpu_set *a, const struct cpu_set *b)
{
	return memcmp(a->words, b->words, sizeof(a->words)) == 0;
}

bool cpu_set_overlaps(const struct cpu_set *a, const struct cpu_set *b)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (a->words[i] & b->words[i])
			return true;
	return false;
}

bool cpu_set_contains(const struct cpu_set *whole, const struct cpu_set *part)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (part->words[i] & ~whole->words[i])
			return false;
	return true;
}

void cpu_set_union(struct cpu_set *to, const struct cpu_set *from)
{
	for (size_t i = 0; i < N_WORDS; i++)
		to->words[i] |= from->words[i];
}

void cpu_set_minus(struct cpu_set *to, const struct cpu_set *from)
{
	for (size_t i = 0; i < N_WORDS; i++)
		to->words[i] &= ~from->words[i];
}

void cpu_set_intersect(struct cpu_set *to, const struct cpu_set *from)
{
	for (size_t i = 0; i < N_WORDS; i++)
		to->words[i] &= from->words[i];
}

int cpu_set_parse(const char *text, struct cpu_set *ret)
{
	return kernel_text_list(text, ret->words, CPU_SET_MAX, NULL);
}

const char *cpu_set_format(const struct cpu_set *set, char *buf, size_t size)
{
	size_t used = 0;

	if (size > 0)
		buf[0] = '\0';
	for (unsigned first = 0; first < CPU_SET_MAX; first++) {
		unsigned last = first;
		char range[16];
		int len;

		if (!cpu_set_has(set, first))
			continue;
		while (cpu_set_has(set, last + 1))
			last++;
		len = snprintf(range, sizeof(range), "%s%u", used > 0 ? "," : "", first);
		if (last > first)
			len += snprintf(range + len, sizeof(range) - (size_t)len, "-%u", last);
		if (used + (size_t)len + 1 > size)
			break;
		memcpy(buf + used, range, (size_t)len + 1);
		used += (size_t)len;
		first = last;
	}
	return buf;
}
