// SPDX-License-Identifier: LGPL-2.1-or-later
// See resources.h. The kubelet's formula, in integers (pod and class level; what runtimes write for
// containers is another one, so containers are never looked at):
//   shares = max(2, milli * 1024 / 1000)    weight = 1 + (shares - 2) * 9999 / 262142
#include "agent/discover/resources.h"

#include "agent/discover/knobs.h"
#include "colod/cgroup.h"

#define SHARES_MIN 2
#define SHARES_MAX 262144

uint32_t resources_weight_of_milli(uint64_t milli)
{
	uint64_t shares = milli >= SHARES_MAX ? SHARES_MAX : milli * 1024 / 1000;

	if (shares < SHARES_MIN)
		shares = SHARES_MIN;
	if (shares > SHARES_MAX)
		shares = SHARES_MAX;
	return (uint32_t)(1 + (shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN));
}

uint64_t resources_milli_of_weight(uint64_t weight)
{
	uint64_t low, round = 1000000;

	if (weight <= 1)
		return 0;
	/* The least shares with this weight, then the least milli with these shares. */
	low = SHARES_MIN + ((weight - 1) * (SHARES_MAX - SHARES_MIN) + 9998) / 9999;
	low = (low * 1000 + 1023) / 1024;
	for (; round > 1; round /= 10) {
		/* A multiple of 1000, else of 500, else of 100, ...: the first that fits. */
		uint64_t up = (low + round - 1) / round * round;
		uint64_t half = (low + round / 2 - 1) / (round / 2) * (round / 2);

		if (resources_weight_of_milli(up) == weight)
			return up;
		if (resources_weight_of_milli(half) == weight)
			return half;
	}
	return low;
}

static struct fact_u64 derived(uint64_t value)
{
	return (struct fact_u64){.state = FACT_DERIVED, .value = value};
}

static struct fact_u64 cpu_request(const struct pod *pod, const struct fact_u64 *previous,
				   struct fact_u64 none)
{
	const struct cgroup *cg = pod->cgroup;
	const struct knob_value *weight = knobs_foreign(cg, KNOB_CPU_WEIGHT);

	/* Without a kubelet a weight is just a weight. */
	if (pod->kind != POD_KUBERNETES)
		return none;
	if (pod->qos == QOS_BESTEFFORT)
		return derived(0);
	/* An idle group shows weight 0 (6.1) or 1 whatever it was. */
	if (cg->knobs[KNOB_CPU_IDLE].now.state == KNOB_KNOWN &&
	    cg->knobs[KNOB_CPU_IDLE].now.value == 1)
		return previous->state == FACT_DERIVED ? *previous : none;
	if (weight->state != KNOB_KNOWN || weight->value < 1 || weight->value > 10000)
		return none;
	return derived(resources_milli_of_weight(weight->value));
}

static struct fact_u64 cpu_limit(const struct pod *pod, struct fact_u64 none)
{
	const struct knob_value *max = knobs_foreign(pod->cgroup, KNOB_CPU_MAX);

	if (max->state != KNOB_KNOWN)
		return none;
	if (max->value == KNOB_VALUE_MAX)
		return derived(KNOB_VALUE_MAX);
	if (max->period_us == 0 || max->value > KNOB_VALUE_MAX / 1000 - max->period_us)
		return none;
	return derived((max->value * 1000 + max->period_us - 1) / max->period_us);
}

static struct fact_u64 memory_limit(const struct pod *pod, struct fact_u64 none)
{
	const struct knob_value *max = knobs_foreign(pod->cgroup, KNOB_MEMORY_MAX);

	return max->state == KNOB_KNOWN ? derived(max->value) : none;
}

static struct fact_u64 memory_request(const struct pod *pod, const struct fact_u64 *limit,
				      struct fact_u64 none)
{
	if (pod->kind != POD_KUBERNETES)
		return none;
	if (pod->qos == QOS_BESTEFFORT)
		return derived(0);
	/* A Guaranteed pod's request is its limit, by definition. No knob shows a Burstable one's. */
	if (pod->qos == QOS_GUARANTEED && limit->state == FACT_DERIVED &&
	    limit->value != KNOB_VALUE_MAX)
		return *limit;
	return none;
}

struct pod_resources resources_derive(const struct pod *pod, const struct pod_resources *previous)
{
	struct fact_u64 none = {
		.state = pod->facts_state == FACT_UNKNOWN ? FACT_UNKNOWN : FACT_ABSENT,
	};
	struct pod_resources r = {
		.cpu_request_milli = cpu_request(pod, &previous->cpu_request_milli, none),
		.cpu_limit_milli = cpu_limit(pod, none),
		.memory_limit_bytes = memory_limit(pod, none),
	};

	r.memory_request_bytes = memory_request(pod, &r.memory_limit_bytes, none);
	return r;
}
