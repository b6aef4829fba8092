// SPDX-License-Identifier: LGPL-2.1-or-later
// See floor_case.h.
#include "tests/lib/floor_case.h"

#include <stdlib.h>
#include <string.h>

#include "policy/floor.h"
#include "tests/lib/test.h"

#define SECOND 1000000

struct pod *floor_case_add(struct floor_case *c, const char *path, enum qos qos)
{
	assert_true(c->n < FLOOR_CASE_PODS);
	c->pods[c->n] = decide_pod(&c->f, path, qos, LEVEL_P7);
	c->used_us[c->n] = c->waited_us[c->n] = 0;
	c->gets_ppm[c->n] = c->waits_permille[c->n] = 0;
	return c->pods[c->n++];
}

void floor_case_init(struct floor_case *c)
{
	memset(c, 0, sizeof(*c));
	fake_init(&c->f);
	c->f.model.node.n_cpus = 2;
	c->now_us = 100 * (int64_t)SECOND;
	decide_pod(&c->f, B1, QOS_BURSTABLE, LEVEL_P4);
	floor_case_add(c, O1, QOS_BESTEFFORT);
	floor_case_add(c, O2, QOS_BESTEFFORT);
	fake_set(fake_cgroup(&c->f, BURSTABLE), KNOB_CPU_WEIGHT, 2500);
	fake_set(fake_cgroup(&c->f, BESTEFFORT), KNOB_CPU_WEIGHT, 1);
}

void floor_case_free(struct floor_case *c)
{
	fake_free(&c->f);
}

void floor_case_remove(struct floor_case *c, size_t pod)
{
	struct model *m = &c->f.model;
	size_t n = 0;

	/* The cgroup stays behind, empty, as for the moment between two passes. */
	c->pods[pod]->cgroup->populated = false;
	c->pods[pod]->cgroup->pod = NULL;
	for (size_t i = 0; i < m->n_pods; i++)
		if (m->pods[i] != c->pods[pod])
			m->pods[n++] = m->pods[i];
	m->n_pods = n;
	free(c->pods[pod]->facts);
	free(c->pods[pod]);
	c->n--;
	for (size_t i = pod; i < c->n; i++) {
		c->pods[i] = c->pods[i + 1];
		c->used_us[i] = c->used_us[i + 1];
		c->waited_us[i] = c->waited_us[i + 1];
		c->gets_ppm[i] = c->gets_ppm[i + 1];
		c->waits_permille[i] = c->waits_permille[i + 1];
	}
}

static void throttle(struct floor_case *c, size_t pod)
{
	struct pod_history *h = c->f.samples.pods[c->pods[pod]->slot];
	struct pod_sample *last = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];
	uint64_t periods = (uint64_t)c->now_us / (SECOND / 10);

	if (c->throttled[pod]) {
		last->cpu_periods = periods;
		last->cpu_throttled = periods * 9 / 10;
	}
	if (c->throttled_inside[pod]) {
		last->inner_periods = periods;
		last->inner_throttled = periods * 9 / 10;
	}
}

void floor_case_second(struct floor_case *c)
{
	c->now_us += SECOND;
	for (size_t i = 0; i < c->n; i++) {
		c->used_us[i] += c->gets_ppm[i];
		c->waited_us[i] += c->waits_permille[i] * 1000;
		fake_sample_waiting(&c->f, c->pods[i], c->now_us, c->used_us[i], c->waited_us[i]);
		throttle(c, i);
	}
	assert_int_equal(decide_assigned(&c->f.model, &c->f.samples, &c->f.policy, c->now_us,
					 &c->f.ladders, &c->f.plan),
			 0);
	floor_step(&c->floor, &c->f.model, &c->f.samples, &c->f.plan, c->now_us);
	c->n_changed = c->unwritten ? 0 : fake_apply(&c->f);
}

void floor_case_seconds(struct floor_case *c, unsigned n)
{
	while (n-- > 0)
		floor_case_second(c);
}

uint64_t floor_case_weight(struct floor_case *c, const char *path)
{
	return fake_cgroup(&c->f, path)->knobs[KNOB_CPU_WEIGHT].now.value;
}

const struct floor_branch *floor_case_branch(struct floor_case *c, const char *path)
{
	uint64_t inode = fake_cgroup(&c->f, path)->inode;

	for (uint32_t i = 0; i < c->floor.n; i++)
		if (c->floor.branches[i].inode == inode)
			return &c->floor.branches[i];
	fail_msg("%s is not watched", path);
	return NULL;
}
