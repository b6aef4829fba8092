// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_prop.h.
#include "policy/unit_prop.h"

#include <errno.h>
#include <string.h>

#include "policy/knob.h"

#define SECOND_US 1000000u
#define PERCENT_US 10000u

/* systemd's defaults where nothing is set. */
#define DEFAULT_WEIGHT 100
#define DEFAULT_PERIOD_US 100000

static const struct {
	const char *name, *setting;
	unsigned controller;
} rows[UNIT_PROP_COUNT] = {
	[UNIT_PROP_CPU_WEIGHT] = {"CPUWeight", "CPUWeight", CONTROLLER_CPU},
	[UNIT_PROP_CPU_QUOTA] = {"CPUQuotaPerSecUSec", "CPUQuota", CONTROLLER_CPU},
	[UNIT_PROP_CPU_PERIOD] = {"CPUQuotaPeriodUSec", "CPUQuotaPeriodSec", CONTROLLER_CPU},
	[UNIT_PROP_MEMORY_MIN] = {"MemoryMin", "MemoryMin", CONTROLLER_MEMORY},
	[UNIT_PROP_MEMORY_LOW] = {"MemoryLow", "MemoryLow", CONTROLLER_MEMORY},
	[UNIT_PROP_MEMORY_HIGH] = {"MemoryHigh", "MemoryHigh", CONTROLLER_MEMORY},
	[UNIT_PROP_MEMORY_MAX] = {"MemoryMax", "MemoryMax", CONTROLLER_MEMORY},
	[UNIT_PROP_IO_WEIGHT] = {"IOWeight", "IOWeight", CONTROLLER_IO},
};

/* The knobs that are one property each. */
static const struct {
	enum knob knob;
	enum unit_prop prop;
} pairs[] = {
	{KNOB_CPU_WEIGHT, UNIT_PROP_CPU_WEIGHT}, {KNOB_MEMORY_MIN, UNIT_PROP_MEMORY_MIN},
	{KNOB_MEMORY_LOW, UNIT_PROP_MEMORY_LOW}, {KNOB_MEMORY_HIGH, UNIT_PROP_MEMORY_HIGH},
	{KNOB_MEMORY_MAX, UNIT_PROP_MEMORY_MAX}, {KNOB_IO_WEIGHT, UNIT_PROP_IO_WEIGHT},
};

const char *unit_prop_name(enum unit_prop prop)
{
	return prop < UNIT_PROP_COUNT ? rows[prop].name : NULL;
}

int unit_prop_from_name(const char *name)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return i;
	return -EINVAL;
}

const char *unit_prop_setting(enum unit_prop prop)
{
	return rows[prop].setting;
}

unsigned unit_prop_controller(enum unit_prop prop)
{
	return rows[prop].controller;
}

enum knob unit_prop_knob(enum unit_prop prop, uint64_t value)
{
	if (prop == UNIT_PROP_CPU_WEIGHT && value == 0)
		return KNOB_CPU_IDLE;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].prop == prop)
			return pairs[i].knob;
	return KNOB_COUNT;
}

static uint64_t bfq_written(uint64_t io_weight)
{
	return knob_io_weight(KNOB_IO_BFQ_WEIGHT,
			      io_weight == UNIT_PROP_UNSET ? DEFAULT_WEIGHT : io_weight);
}

uint64_t unit_prop_knob_value(enum unit_prop prop, uint64_t value)
{
	return prop == UNIT_PROP_CPU_WEIGHT && value == 0 ? 1 : value;
}

bool unit_prop_tells(enum unit_prop prop, uint64_t value, enum knob knob,
		     struct knob_value *ret_value)
{
	bool beside = prop == UNIT_PROP_IO_WEIGHT && knob == KNOB_IO_BFQ_WEIGHT;

	if (!beside && (knob == KNOB_COUNT || unit_prop_knob(prop, value) != knob))
		return false;
	value = unit_prop_knob_value(prop, value);
	*ret_value = knob_value_of(beside ? bfq_written(value) : value);
	return true;
}

enum knob unit_prop_wiped(unsigned i)
{
	static const enum knob order[UNIT_PROP_WIPED] = {
		KNOB_CPU_IDLE,	 KNOB_CPU_WEIGHT, KNOB_CPU_MAX,		 KNOB_MEMORY_MIN,
		KNOB_MEMORY_LOW, KNOB_IO_WEIGHT,  KNOB_MEMORY_OOM_GROUP, KNOB_IO_BFQ_WEIGHT,
	};

	return order[i];
}

static void want(struct unit_values *values, enum unit_prop prop, uint64_t value)
{
	values->mask |= 1u << prop;
	values->value[prop] = value;
}

static void want_one(const struct knob_state *s, enum unit_prop prop, uint64_t value,
		     const struct unit_values *told, struct unit_values *values)
{
	if (!s->owned || s->written.state != KNOB_KNOWN)
		return;
	if (!s->contested && !s->held)
		want(values, prop, value);
	else if (told->mask & (1u << prop))
		want(values, prop, told->value[prop]);
}

void unit_prop_take(struct unit_values *values, const struct unit_values *from)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		if (!(from->mask & (1u << i)))
			continue;
		values->mask |= 1u << i;
		values->value[i] = from->value[i];
	}
}

static struct knob_value quota_written(const struct unit_values *values)
{
	uint64_t per_sec = values->value[UNIT_PROP_CPU_QUOTA];
	uint64_t period = values->value[UNIT_PROP_CPU_PERIOD];

	if (period == UNIT_PROP_UNSET || period == 0 || period > SECOND_US)
		period = DEFAULT_PERIOD_US;
	if (per_sec == UNIT_PROP_UNSET)
		return knob_value_quota(KNOB_VALUE_MAX, period);
	return knob_value_quota(
		per_sec / SECOND_US * period + per_sec % SECOND_US * period / SECOND_US, period);
}

/* systemd writes it with every property of memory. */
static bool oom_group_written(const struct unit_values *values, struct knob_value *ret_value)
{
	*ret_value = knob_value_of(values->oom_group);
	return (values->mask & (1u << UNIT_PROP_MEMORY_LOW)) != 0;
}

bool unit_prop_writes(const struct unit_values *values, enum knob knob,
		      struct knob_value *ret_value)
{
	const uint32_t cpu = 1u << UNIT_PROP_CPU_WEIGHT | 1u << UNIT_PROP_CPU_QUOTA |
			     1u << UNIT_PROP_CPU_PERIOD;
	uint64_t weight = values->value[UNIT_PROP_CPU_WEIGHT], value;

	if (knob == KNOB_CPU_IDLE || knob == KNOB_CPU_MAX) {
		*ret_value = knob == KNOB_CPU_MAX ? quota_written(values)
						  : knob_value_of(weight == 0);
		return (values->mask & cpu) == cpu;
	}
	if (knob == KNOB_MEMORY_OOM_GROUP)
		return oom_group_written(values, ret_value);
	if (knob == KNOB_IO_BFQ_WEIGHT) {
		*ret_value = knob_value_of(bfq_written(values->value[UNIT_PROP_IO_WEIGHT]));
		return (values->mask & (1u << UNIT_PROP_IO_WEIGHT)) != 0;
	}
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (pairs[i].knob != knob || !(values->mask & (1u << pairs[i].prop)))
			continue;
		value = values->value[pairs[i].prop];
		/* Weights have a default; memory's "unset" is the kernel's max. */
		if (value == UNIT_PROP_UNSET && (knob == KNOB_CPU_WEIGHT || knob == KNOB_IO_WEIGHT))
			value = DEFAULT_WEIGHT;
		*ret_value = knob_value_of(value);
		return true;
	}
	return false;
}

bool unit_prop_untold(const struct cgroup *cgroup, enum knob knob, const struct knob_value *there,
		      struct knob_value *ret_value)
{
	const struct knob_state *io = &cgroup->knobs[KNOB_IO_WEIGHT];

	if (knob != KNOB_IO_BFQ_WEIGHT || !io->owned || io->original.state != KNOB_KNOWN ||
	    !knob_equal(knob, &cgroup->knobs[knob].told, there, 1))
		return false;
	*ret_value = knob_value_of(bfq_written(io->original.value));
	return true;
}

void unit_prop_wanted(const struct cgroup *cgroup, const struct unit_values *told,
		      struct unit_values *ret_wanted)
{
	const struct knob_state *idle = &cgroup->knobs[KNOB_CPU_IDLE];
	struct unit_values values = {0};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct knob_state *s = &cgroup->knobs[pairs[i].knob];

		want_one(s, pairs[i].prop, s->written.value, told, &values);
	}
	/* systemd's word for idle is a weight of 0; what it is beside that is nobody's concern. */
	if (idle->owned && idle->written.value == 1)
		want_one(idle, UNIT_PROP_CPU_WEIGHT, 0, told, &values);
	*ret_wanted = values;
}

bool unit_prop_foreign_max(const struct cgroup *cgroup, struct knob_value *ret_max)
{
	const struct knob_state *s = &cgroup->knobs[KNOB_CPU_MAX];
	const struct knob_value *max = s->owned ? &s->original : &s->now;

	if (max->state != KNOB_KNOWN || max->period_us == 0)
		return false;
	*ret_max = *max;
	return true;
}

uint64_t unit_prop_quota_of(const struct knob_value *max)
{
	uint64_t whole, part, per_sec;

	if (max->value == KNOB_VALUE_MAX || max->period_us == 0)
		return UNIT_PROP_UNSET;
	whole = max->value / max->period_us;
	part = max->value % max->period_us;
	/* No kernel has so many CPUs, or so long a period. */
	if (whole > UINT32_MAX || max->period_us > UINT32_MAX)
		return UNIT_PROP_UNSET;
	per_sec = whole * SECOND_US + (part * SECOND_US + max->period_us - 1) / max->period_us;
	return (per_sec + PERCENT_US - 1) / PERCENT_US * PERCENT_US;
}
