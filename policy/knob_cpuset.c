// SPDX-License-Identifier: LGPL-2.1-or-later
// See knob_cpuset.h. A write of "root" succeeds whether or not the kernel grants it; only reading
// back says so: "root invalid (Parent is not a partition root)". The value of such a partition is
// another one than that of a granted one, so that comparing them is enough.
#include "policy/knob_cpuset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/knob.h"

#define WHY_SHIFT 8

static const char *const kinds[PARTITION_COUNT] = {
	[PARTITION_MEMBER] = "member",
	[PARTITION_ROOT] = "root",
	[PARTITION_ISOLATED] = "isolated",
};

/* By the number above the kind; the kernel's own words, of 6.1 to 7.3. 0 is a granted partition, and
 * records keep these numbers: new ones go to the end. */
static const char *const whys[] = {
	NULL,
	"no known reason",
	"Invalid cpu list in cpuset.cpus.exclusive",
	"Parent is an invalid partition root",
	"Parent is not a partition root",
	"Cpu list in cpuset.cpus not exclusive",
	"Parent unable to distribute cpu downstream",
	"No cpu available due to hotplug",
	"cpuset.cpus is empty",
	"cpuset.cpus and cpuset.cpus.exclusive are empty",
	"partition config conflicts with housekeeping setup",
	"Enable partition not permitted",
	"Have remote partition underneath",
};

#define WHY_UNKNOWN 1u
#define N_WHYS (sizeof(whys) / sizeof(whys[0]))

const char *knob_cpuset_format(const struct knob_value *value, char *buf, size_t size)
{
	if (cpu_set_is_empty(&value->cpus))
		(void)snprintf(buf, size, KNOB_CPUSET_NONE);
	else
		(void)cpu_set_format(&value->cpus, buf, size);
	return buf;
}

int knob_cpuset_parse(const char *text, struct knob_value *ret_value)
{
	struct knob_value value = {.state = KNOB_KNOWN, .cpus = {{0}}};
	int r = strcmp(text, KNOB_CPUSET_NONE) == 0 ? 0 : cpu_set_parse(text, &value.cpus);

	if (r < 0)
		return r;
	*ret_value = value;
	return 0;
}

const char *knob_partition_why(const struct knob_value *value)
{
	uint64_t why = value->value >> WHY_SHIFT;

	if (value->state != KNOB_KNOWN || why == 0)
		return NULL;
	return whys[why < N_WHYS ? why : WHY_UNKNOWN];
}

const char *knob_cpuset_format_partition(const struct knob_value *value, char *buf, size_t size)
{
	uint64_t kind = value->value & PARTITION_MASK;
	const char *why = knob_partition_why(value);

	if (kind >= PARTITION_COUNT)
		kind = PARTITION_MEMBER;
	if (why)
		(void)snprintf(buf, size, "%s invalid (%s)", kinds[kind], why);
	else
		(void)snprintf(buf, size, "%s", kinds[kind]);
	return buf;
}

/* The number of the reason in "(REASON)"; what else may stand there is a reason of a newer kernel. */
static uint64_t why_of(const char *text, size_t len)
{
	for (size_t i = WHY_UNKNOWN + 1; i < N_WHYS; i++)
		if (len == strlen(whys[i]) + 2 && text[0] == '(' && text[len - 1] == ')' &&
		    strncmp(text + 1, whys[i], len - 2) == 0)
			return i;
	return WHY_UNKNOWN;
}

int knob_cpuset_parse_partition(const char *text, struct knob_value *ret_value)
{
	static const char invalid[] = " invalid";
	size_t len = strcspn(text, "\n");

	if (text[len] == '\n' && text[len + 1] != '\0')
		return -EINVAL;
	for (uint64_t kind = 0; kind < PARTITION_COUNT; kind++) {
		size_t n = strlen(kinds[kind]), rest;
		uint64_t why = 0;

		if (len < n || strncmp(text, kinds[kind], n) != 0)
			continue;
		rest = len - n;
		if (rest > 0) {
			if (rest < sizeof(invalid) - 1 ||
			    strncmp(text + n, invalid, sizeof(invalid) - 1) != 0)
				return -EINVAL;
			n += sizeof(invalid) - 1;
			if (n < len && text[n] != ' ')
				return -EINVAL;
			why = n < len ? why_of(text + n + 1, len - n - 1) : WHY_UNKNOWN;
		}
		*ret_value = knob_value_of(kind | why << WHY_SHIFT);
		return 0;
	}
	return -EINVAL;
}
