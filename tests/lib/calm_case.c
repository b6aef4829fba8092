// SPDX-License-Identifier: LGPL-2.1-or-later
// See calm_case.h.
#include "tests/lib/calm_case.h"

#include <stdlib.h>
#include <string.h>

#include "policy/ring.h"

#define VALID (SAMPLE_CPU | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY | SAMPLE_PSI_IO)

static void require(bool condition)
{
	if (!condition)
		abort();
}

void calm_case_open(struct calm_case *c)
{
	memset(c, 0, sizeof(*c));
	fake_init(&c->f);
	c->web = fake_pod(&c->f, "kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED);
	c->batch = fake_pod(
		&c->f, "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice",
		QOS_BESTEFFORT);
	fake_level(&c->f, c->web, LEVEL_P0);
	fake_level(&c->f, c->batch, LEVEL_P7);
	require(baselines_new(&c->baselines) == 0);
}

void calm_case_close(struct calm_case *c)
{
	baselines_free(c->baselines);
	fake_free(&c->f);
}

struct calm_look calm_case_look(const struct calm_case *c)
{
	return (struct calm_look){
		.model = &c->f.model,
		.samples = &c->f.samples,
		.plan = &c->f.plan,
		.ladders = &c->f.ladders,
		.now_us = c->now_us,
	};
}

static void add(struct calm_case *c, const struct pod *pod, struct pod_sample *total, uint64_t cpu,
		uint64_t stalled, uint64_t io)
{
	struct pod_history **h = &c->f.samples.pods[pod->slot];

	total->at_us = c->now_us;
	total->valid = VALID;
	total->cpu_usage_us += cpu;
	total->psi[RESOURCE_CPU].some_us += stalled;
	total->psi[RESOURCE_IO].some_us += io;
	if (!*h)
		*h = calloc(1, sizeof(**h));
	require(*h != NULL);
	(*h)->serial = pod->serial;
	require(ring_add(*h, total) == 0);
}

void calm_case_run(struct calm_case *c, int seconds, const struct calm_second *s)
{
	for (int i = 0; i < seconds; i++) {
		struct node_sample node = {.valid = SAMPLE_CPU | SAMPLE_PSI_MEMORY};
		struct calm_look look;

		c->now_us += 1000000;
		c->node_memory_us += s->node_memory;
		node.at_us = c->now_us;
		node.psi[RESOURCE_MEMORY].some_us = c->node_memory_us;
		c->web_total.cpu_periods += 10;
		c->web_total.cpu_throttled += s->throttled ? 5 : 0;
		add(c, c->web, &c->web_total, s->web_cpu, s->web_stalled, 0);
		add(c, c->batch, &c->batch_total, s->batch_cpu, 0, s->batch_io);
		require(ring_add_node(&c->f.samples.node, &node) == 0);
		look = calm_case_look(c);
		require(baselines_feed(c->baselines, &look) == 0);
	}
}

void calm_case_learn(struct calm_case *c, int spells, uint64_t web_cpu, uint64_t web_stalled)
{
	const struct calm_second calm = {.web_cpu = web_cpu, .web_stalled = web_stalled};
	const struct calm_second busy = {
		.web_cpu = web_cpu, .web_stalled = web_stalled, .batch_cpu = 900000};

	calm_case_run(c, 310, &calm);
	for (int i = 0; i < spells; i++) {
		calm_case_run(c, 40, &busy);
		calm_case_run(c, 260, &calm);
	}
}
