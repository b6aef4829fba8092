// SPDX-License-Identifier: LGPL-2.1-or-later
// See memory_case.h.
#include "tests/lib/memory_case.h"

#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/ring.h"

#define MIB MEMORY_CASE_MIB
#define SECOND MEMORY_CASE_SECOND
#define USED_BYTES (512 * MIB)

static void require(bool good)
{
	if (!good)
		abort();
}

static void sample_pod(struct memory_case *c, const struct pod *pod, struct pod_sample s)
{
	/* A second sample would be refused: the first made the ring. */
	fake_sample(&c->f, pod, c->now_us - 1, 0, 0);
	s.at_us = c->now_us;
	require(ring_add(c->f.samples.pods[pod->slot], &s) == 0);
}

static void sample_all(struct memory_case *c, bool unsure)
{
	struct pod_sample web = {
		.valid = SAMPLE_MEMORY | SAMPLE_PSI_MEMORY | (unsure ? 0 : SAMPLE_MEMORY_EVENTS),
		.memory_bytes = 256 * MIB,
		.memory_bounded = c->web_events,
	};
	struct pod_sample offline = {.valid = SAMPLE_MEMORY | SAMPLE_PSI_MEMORY};

	web.psi[RESOURCE_MEMORY] = (struct psi_total){c->web_some_us, c->web_full_us};
	sample_pod(c, c->web, web);
	offline.memory_bytes = c->hog_bytes;
	offline.psi[RESOURCE_MEMORY].full_us = c->hog_full_us;
	sample_pod(c, c->hog, offline);
	offline.psi[RESOURCE_MEMORY].full_us = 0;
	offline.memory_bytes = c->tame_bytes;
	sample_pod(c, c->tame, offline);
	fake_sample_node(&c->f, c->now_us, 0);
	fake_sample_node_memory(&c->f, c->free_bytes, c->free_bytes);
	if (c->sampled)
		c->sampled(c);
}

static void decide_and_write(struct memory_case *c)
{
	require(decide_assigned(&c->f.model, &c->f.samples, &c->f.policy, c->now_us, &c->f.ladders,
				&c->f.plan) == 0);
	c->n_writes += fake_apply(&c->f);
}

static struct pod *offline_pod(struct fake *f, const char *path)
{
	struct pod *pod = fake_pod(f, path, QOS_BESTEFFORT);

	fake_limit(pod, KNOB_VALUE_MAX, KNOB_VALUE_MAX);
	fake_level(f, pod, LEVEL_P7);
	return pod;
}

void memory_case_init(struct memory_case *c, uint64_t free_mib)
{
	memset(c, 0, sizeof(*c));
	fake_init(&c->f);
	c->web = fake_pod(&c->f, "kubepods.slice/kubepods-podweb.slice", QOS_GUARANTEED);
	fake_level(&c->f, c->web, LEVEL_P0);
	c->hog = offline_pod(&c->f, "kubepods.slice/kubepods-besteffort.slice/"
				    "kubepods-besteffort-podhog.slice");
	c->tame = offline_pod(&c->f, "kubepods.slice/kubepods-besteffort.slice/"
				     "kubepods-besteffort-podtame.slice");
	c->f.policy.levels[LEVEL_P7].memory.high = (struct amount){.kind = AMOUNT_NONE};
	c->f.policy.pressure_memory = (struct pressure_rule){
		.on = true,
		.steps = 1u << ACTION_SQUEEZE_MEMORY | 1u << ACTION_RECLAIM,
		.threshold_permille = 100,
		.window_us = SECOND,
	};
	c->hog_bytes = c->tame_bytes = USED_BYTES;
	c->free_bytes = free_mib * MIB;
	c->now_us = 100 * (int64_t)SECOND;
	sample_all(c, false);
	decide_and_write(c);
	c->n_writes = 0;
}

void memory_case_may_freeze(struct memory_case *c)
{
	fake_rare_knobs(&c->f);
	c->f.policy.pressure_memory.steps |= 1u << ACTION_FREEZE;
	c->f.model.freeze =
		(struct freeze_guard){.most_us = 10 * SECOND, .late_us = 7 * (uint64_t)SECOND};
	c->hog->facts->freeze = c->tame->facts->freeze =
		(struct pod_freeze){.known = true, .probe_us = UINT64_MAX};
}

void memory_case_done(struct memory_case *c)
{
	fake_free(&c->f);
}

/* The kernel slows a pod by how far it is over: it gets that far, and no further. */
static void grow(struct memory_case *c, const struct pod *pod, uint64_t *bytes, int64_t want_bytes,
		 int64_t slips_mib)
{
	const struct knob_value *high = &pod->cgroup->knobs[KNOB_MEMORY_HIGH].now;
	uint64_t before = *bytes;

	if (pod->cgroup->knobs[KNOB_CGROUP_FREEZE].now.value == 1)
		return;
	*bytes += (uint64_t)want_bytes;
	if (want_bytes > 0 && high->state == KNOB_KNOWN && high->value != KNOB_VALUE_MAX) {
		uint64_t most = high->value + (uint64_t)slips_mib * MIB;

		if (*bytes > most)
			*bytes = most > before ? most : before;
	}
	c->free_bytes -= *bytes - before;
}

void memory_case_run(struct memory_case *c, int seconds, struct memory_second s)
{
	int n = s.passes > 0 ? s.passes : 1;

	for (int i = 0; i < seconds * n; i++) {
		c->now_us += SECOND / n;
		grow(c, c->hog, &c->hog_bytes, s.hog_grows * (int64_t)MIB / n, s.slips);
		grow(c, c->tame, &c->tame_bytes, s.tame_grows * (int64_t)MIB / n, s.slips);
		c->web_some_us += s.web_waits_us / (uint64_t)n;
		c->web_full_us += s.web_stalls_us / (uint64_t)n;
		c->hog_full_us += s.hog_stalls_us / (uint64_t)n;
		c->web_events += i % n == 0 ? s.web_bounded : 0;
		sample_all(c, s.web_unsure);
		decide_and_write(c);
	}
}

struct ladder *memory_case_ladder(struct memory_case *c)
{
	return &c->f.ladders.of[RESOURCE_MEMORY];
}

uint64_t memory_case_high_mib(const struct pod *pod)
{
	uint64_t value = pod->cgroup->knobs[KNOB_MEMORY_HIGH].now.value;

	return value == KNOB_VALUE_MAX ? UINT64_MAX : value / MIB;
}
