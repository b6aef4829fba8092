// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of a systemd unit that stand for knobs, and what colod wants of them. Data only:
// nothing here asks or tells systemd.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "colod/cgroup.h"

enum unit_prop {
	UNIT_PROP_CPU_WEIGHT, /* 0: idle */
	UNIT_PROP_CPU_QUOTA,  /* only to carry somebody else's cpu.max along, as the next one */
	UNIT_PROP_CPU_PERIOD,
	UNIT_PROP_MEMORY_MIN,
	UNIT_PROP_MEMORY_LOW,
	UNIT_PROP_MEMORY_HIGH,
	UNIT_PROP_MEMORY_MAX,
	UNIT_PROP_IO_WEIGHT,
	UNIT_PROP_COUNT,
};

/* systemd's "not set" of weights and of the quota, and its infinity of memory. */
#define UNIT_PROP_UNSET UINT64_MAX

/* "CPUWeight": on the bus. NULL for no property. */
const char *unit_prop_name(enum unit_prop prop);
/* The property of a name, or -EINVAL. */
int unit_prop_from_name(const char *name);
/* "CPUQuota" of CPUQuotaPerSecUSec: in the drop-in 50-CPUQuota.conf. */
const char *unit_prop_setting(enum unit_prop prop);
/* The bit of enum cgroup_controller whose knobs systemd writes all anew with this property. */
unsigned unit_prop_controller(enum unit_prop prop);

/* The knob that systemd writes for this value of a property (cpu.idle for a weight of 0); KNOB_COUNT for
 * the two of a quota. */
enum knob unit_prop_knob(enum unit_prop prop, uint64_t value);
/* What it writes there. */
uint64_t unit_prop_knob_value(enum unit_prop prop, uint64_t value);

/* Whether systemd, told this value, writes this knob: the one above, and io.bfq.weight with io.weight, in BFQ's numbers. */
bool unit_prop_tells(enum unit_prop prop, uint64_t value, enum knob knob,
		     struct knob_value *ret_value);

/* The knobs that a property call makes systemd write, in the order in which they can be put back: an idle
 * group refuses a weight. Not memory.high, whose writer may block. */
#define UNIT_PROP_WIPED 8
enum knob unit_prop_wiped(unsigned i);

/* Values by property; `mask` has 1 << enum unit_prop for each that counts. */
struct unit_values {
	uint32_t mask;
	uint64_t value[UNIT_PROP_COUNT];
	bool oom_group; /* OOMPolicy=kill, which is only asked: memory.oom.group is 1 with the memory properties */
};

/* Those of `from` over those of `values`. */
void unit_prop_take(struct unit_values *values, const struct unit_values *from);

/* What systemd writes to a knob from these properties. False where they do not say it. */
bool unit_prop_writes(const struct unit_values *values, enum knob knob,
		      struct knob_value *ret_value);

/* What the knob would be without colod, where `there` is what systemd wrote because of what colod told it: BFQ's weight,
 * when its module came later than colod's io.weight, so that colod never wrote over somebody's. False elsewhere. */
bool unit_prop_untold(const struct cgroup *cgroup, enum knob knob, const struct knob_value *there,
		      struct knob_value *ret_value);

/* What the shares, protection and limits that colod wrote to this cgroup are as properties. Holds
 * never are. A contested or held knob is what `told` says, or nothing: no property call in a fight, and
 * none that makes systemd write over a hold. */
void unit_prop_wanted(const struct cgroup *cgroup, const struct unit_values *told,
		      struct unit_values *ret_wanted);

/* The cpu.max of this cgroup that is somebody else's: the original while colod holds its own. False
 * where it is not known. */
bool unit_prop_foreign_max(const struct cgroup *cgroup, struct knob_value *ret_max);

/* A cpu.max as CPUQuotaPerSecUSec: rounded up to whole percents, because the drop-in of systemd 252
 * has no smaller ones, and a quota must not get tighter by being carried. UNIT_PROP_UNSET for none. */
uint64_t unit_prop_quota_of(const struct knob_value *max);
