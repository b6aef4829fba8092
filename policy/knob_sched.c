// SPDX-License-Identifier: LGPL-2.1-or-later
// See knob_sched.h.
#include "policy/knob_sched.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/knob.h"

/* One number of the kernel's has no policy. */
static const char *const names[] = {
	[KNOB_SCHED_OTHER] = "other", [1] = "fifo",	[2] = "rr",  [3] = "batch",
	[KNOB_SCHED_IDLE] = "idle",   [6] = "deadline", [7] = "ext",
};

#define NAMES (sizeof(names) / sizeof(names[0]))

const char *knob_sched_format(uint64_t policy, char *buf, size_t size)
{
	if (policy < NAMES && names[policy])
		(void)snprintf(buf, size, "%s", names[policy]);
	else
		(void)snprintf(buf, size, "%" PRIu64, policy);
	return buf;
}

static int parse_number(const char *text, size_t len, struct knob_value *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(text[i] - '0');
		if (value > UINT32_MAX)
			return -ERANGE;
	}
	if (len == 0)
		return -EINVAL;
	*ret_value = knob_value_of(value);
	return 0;
}

int knob_sched_parse(const char *text, struct knob_value *ret_value)
{
	size_t len = strcspn(text, "\n");

	if (text[len] != '\0' && text[len + 1] != '\0')
		return -EINVAL;
	for (uint64_t policy = 0; policy < NAMES; policy++) {
		if (!names[policy] || strlen(names[policy]) != len ||
		    strncmp(text, names[policy], len) != 0)
			continue;
		*ret_value = knob_value_of(policy);
		return 0;
	}
	return parse_number(text, len, ret_value);
}
