// SPDX-License-Identifier: LGPL-2.1-or-later
// See fake_random.h.
#include "tests/lib/fake_random.h"

#include <stdio.h>
#include <string.h>

#define SECOND 1000000

/* xorshift64*: the same numbers on every machine. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

uint64_t fake_random_below(uint64_t *state, uint64_t n)
{
	return (next(state) >> 11) % n;
}

static uint64_t below(uint64_t *state, uint64_t n)
{
	return fake_random_below(state, n);
}

static bool chance(uint64_t *state, unsigned percent)
{
	return below(state, 100) < percent;
}

static void random_level(struct fake *f, struct pod *pod, uint64_t *r)
{
	static const enum level levels[] = {LEVEL_P0, LEVEL_P1, LEVEL_P4,
					    LEVEL_P7, LEVEL_P7, LEVEL_P6};

	if (chance(r, 8))
		return; /* no rule matched */
	if (chance(r, 8)) {
		fake_waiting(f, pod);
		return;
	}
	fake_level(f, pod, levels[below(r, sizeof(levels) / sizeof(levels[0]))]);
	if (chance(r, 10))
		f->plan.assignments[pod->slot].may_hold = false;
}

static void random_facts(struct pod *pod, uint64_t *r)
{
	uint64_t unit = chance(r, 50) ? 4096 : 1;

	if (chance(r, 80))
		fake_request(pod, below(r, 4000), below(r, 3u << 18) * unit);
	if (chance(r, 30))
		pod->resources.memory_request_bytes.state = FACT_DERIVED;
	if (chance(r, 20))
		pod->resources.cpu_request_milli.state = FACT_DERIVED;
	if (chance(r, 60))
		fake_limit(pod, 1000, chance(r, 50) ? KNOB_VALUE_MAX : below(r, 1u << 30));
	if (pod->facts)
		pod->facts->deleting = chance(r, 5);
}

static void random_samples(struct fake *f, const struct pod *pod, uint64_t *r)
{
	uint64_t use = 0, some = 0;

	if (chance(r, 10))
		return;
	for (int s = 5; s >= 0; s--) {
		fake_sample(f, pod, FAKE_RANDOM_NOW_US - s * (int64_t)SECOND, use, some);
		use += below(r, SECOND);
		some += chance(r, 50) ? below(r, SECOND / 4) : 0;
	}
}

static void random_knobs(struct cgroup *cg, uint64_t *r)
{
	if (!cg->parent)
		return;
	if (chance(r, 60))
		fake_set(cg, KNOB_CPU_WEIGHT, 1 + below(r, chance(r, 30) ? 10000 : 300));
	if (chance(r, 20))
		fake_own(cg, KNOB_CPU_WEIGHT, 1 + below(r, 100), 1 + below(r, 100));
	if (chance(r, 5)) {
		fake_set(cg, KNOB_CPU_IDLE, 1);
		fake_set(cg, KNOB_CPU_WEIGHT, 1);
	} else if (chance(r, 10)) {
		/* As apply leaves it: the weight from before is an original of its own. */
		fake_own(cg, KNOB_CPU_WEIGHT, 1 + below(r, 100), 100);
		fake_own(cg, KNOB_CPU_IDLE, 0, 1);
		cg->knobs[KNOB_CPU_WEIGHT].now.value = 1;
	}
	if (chance(r, 10))
		fake_set(cg, KNOB_CPU_MAX, 1000 + below(r, 200000));
	if (chance(r, 10))
		fake_set(cg, KNOB_MEMORY_MIN, below(r, 1u << 16) * 4096);
	if (chance(r, 10))
		fake_own(cg, KNOB_MEMORY_MIN, below(r, 1u << 14) * 4096, below(r, 1u << 14) * 4096);
	if (chance(r, 10))
		fake_set(cg, KNOB_MEMORY_LOW, chance(r, 10) ? KNOB_VALUE_MAX : 1u << 28);
	if (chance(r, 10))
		fake_set(cg, KNOB_MEMORY_HIGH, below(r, 1u << 18) * 4096);
	if (chance(r, 5))
		fake_missing(cg, (enum knob)below(r, KNOB_COUNT));
}

static void add_pod(struct fake *f, const char *path, enum qos qos, uint64_t *r)
{
	struct pod *pod = fake_pod(f, path, qos);
	char container[256];

	random_level(f, pod, r);
	random_facts(pod, r);
	random_samples(f, pod, r);
	(void)snprintf(container, sizeof(container), "%s/cri-containerd-1.scope", path);
	fake_service(f, container);
}

static void kubernetes_pods(struct fake *f, uint64_t *r)
{
	static const struct {
		enum qos qos;
		const char *systemd, *cgroupfs;
	} classes[] = {
		{QOS_GUARANTEED, "kubepods.slice/kubepods", "kubepods"},
		{QOS_BURSTABLE, "kubepods.slice/kubepods-burstable.slice/kubepods-burstable",
		 "kubepods/burstable"},
		{QOS_BESTEFFORT, "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort",
		 "kubepods/besteffort"},
	};
	bool cgroupfs = chance(r, 40);
	char path[128];

	for (size_t c = 0; c < 3; c++) {
		for (uint64_t n = below(r, 5), i = 0; i < n; i++) {
			(void)snprintf(path, sizeof(path), cgroupfs ? "%s/pod%u" : "%s-pod%u.slice",
				       cgroupfs ? classes[c].cgroupfs : classes[c].systemd,
				       (unsigned)i);
			add_pod(f, path, classes[c].qos, r);
		}
	}
	if (chance(r, 30))
		fake_service(f, cgroupfs ? "kubepods/stray" : "kubepods.slice/stray.scope");
}

static void units(struct fake *f, uint64_t *r)
{
	char path[64];

	if (chance(r, 80))
		fake_service(f, "system.slice/sshd.service");
	if (chance(r, 30))
		add_pod(f, "system.slice/kubelet.service", QOS_NONE, r);
	for (uint64_t n = below(r, 3), i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "batch.slice/job%u.service", (unsigned)i);
		add_pod(f, path, QOS_NONE, r);
	}
	if (chance(r, 20))
		add_pod(f, "batch.slice/nest.slice", QOS_NONE, r);
	if (chance(r, 20))
		add_pod(f, "batch.slice/nest.slice/inner.service", QOS_NONE, r);
}

static void random_policy(struct fake *f, uint64_t *r)
{
	struct policy *p = &f->policy;

	p->levels[LEVEL_P6] = p->levels[LEVEL_P7];
	p->levels[LEVEL_P6].cpu.yield_ratio = 100;
	p->levels[LEVEL_P6].io.weight = 20;
	if (chance(r, 30))
		p->levels[LEVEL_P7].cpu.yield = YIELD_IDLE;
	if (chance(r, 30))
		p->levels[LEVEL_P6].cpu.yield = YIELD_IDLE;
	if (chance(r, 20))
		p->levels[LEVEL_P6].cpu.squeeze = false;
	if (chance(r, 20)) {
		p->levels[LEVEL_P4].cpu.weight = WEIGHT_FIXED;
		p->levels[LEVEL_P4].cpu.weight_value = 1 + (uint32_t)below(r, 10000);
	}
	if (chance(r, 20))
		p->levels[LEVEL_P4].memory.min.kind = AMOUNT_REQUEST;
}

void fake_random(struct fake *f, uint64_t seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1, *r = &state, busy = 0;

	fake_init(f);
	if (chance(r, 30))
		strcpy(f->model.node.kernel, chance(r, 50) ? "6.1.0-49" : "7.3.4");
	random_policy(f, r);
	kubernetes_pods(f, r);
	units(f, r);
	for (size_t i = 0; i < f->model.n_cgroups; i++)
		random_knobs(f->model.cgroups[i], r);
	for (int s = 5; s >= 0; s--, busy += 4 * SECOND - below(r, SECOND))
		fake_sample_node(f, FAKE_RANDOM_NOW_US - s * (int64_t)SECOND, busy);
	if (chance(r, 20))
		f->model.capabilities &= (uint32_t)next(r);
	if (chance(r, 50)) {
		f->ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
		f->ladders.of[RESOURCE_CPU].quota_cpu_milli = below(r, 4000);
		f->ladders.of[RESOURCE_CPU].grown_us = FAKE_RANDOM_NOW_US;
		f->ladders.of[RESOURCE_CPU].pressure_us = FAKE_RANDOM_NOW_US;
		f->ladders.of[RESOURCE_CPU].reason.code = REASON_SQUEEZE;
		f->ladders.of[RESOURCE_CPU].efficacy.started_us =
			FAKE_RANDOM_NOW_US - (int64_t)below(r, 30 * SECOND);
	}
}
