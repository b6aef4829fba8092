// SPDX-License-Identifier: LGPL-2.1-or-later
// See victim_case.h.
#include "tests/lib/victim_case.h"

#include "tests/lib/test.h"

int victim_case_setup(void **state)
{
	struct victim_case *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	fake_init(&c->f);
	c->way = EVICT_KILL;
	c->f.policy.levels[LEVEL_P6] = c->f.policy.levels[LEVEL_P7];
	victim_case_order(c, 0, EVICT_BY_USAGE, EVICT_BY_USAGE);
	*state = c;
	return 0;
}

int victim_case_teardown(void **state)
{
	struct victim_case *c = *state;

	fake_free(&c->f);
	free(c);
	return 0;
}

void victim_case_order(struct victim_case *c, size_t n, enum evict_key first, enum evict_key second)
{
	c->f.policy.evict.n_order = n;
	c->f.policy.evict.order[0] = first;
	c->f.policy.evict.order[1] = second;
}

static void uses_at(struct victim_case *c, const struct pod *pod, int64_t at_us, uint64_t kib)
{
	struct pod_history *h;
	struct pod_sample *s;

	fake_sample(&c->f, pod, at_us, 0, 0);
	h = c->f.samples.pods[pod->slot];
	s = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];
	s->valid |= SAMPLE_MEMORY;
	s->memory_bytes = kib << 10;
}

void victim_case_uses(struct victim_case *c, const struct pod *pod, uint64_t mib)
{
	uses_at(c, pod, VICTIM_CASE_NOW, mib << 10);
}

void victim_case_grows(struct victim_case *c, const struct pod *pod, uint64_t mib)
{
	uses_at(c, pod, VICTIM_CASE_NOW + 1000000, mib << 10);
}

void victim_case_grows_for(struct victim_case *c, const struct pod *pod, int seconds, uint64_t kib)
{
	const struct pod_history *h = c->f.samples.pods[pod->slot];

	for (; seconds > 0; seconds--) {
		const struct pod_sample *last = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];

		uses_at(c, pod, last->at_us + 1000000, (last->memory_bytes >> 10) + kib);
		c->memory[pod->slot].anon_bytes += kib << 10;
	}
}

struct pod *victim_case_pod(struct victim_case *c, const char *path, enum level level, uint64_t mib)
{
	struct pod *p = decide_pod(&c->f, path, QOS_BESTEFFORT, level);

	assert_true(p->slot < VICTIM_CASE_SLOTS);
	c->memory[p->slot] = (struct victim_memory){
		.serial = p->serial,
		.at_us = VICTIM_CASE_NOW - 1000000,
		.anon_bytes = mib * MIB,
	};
	victim_case_uses(c, p, mib);
	return p;
}

const struct pod *victim_case_choose(struct victim_case *c)
{
	const struct victim_input in = {
		.model = &c->f.model,
		.samples = &c->f.samples,
		.policy = &c->f.policy,
		.plan = &c->f.plan,
		.memory = c->memory,
		.n_memory = VICTIM_CASE_SLOTS,
		.state = &c->state,
		.way = c->way,
		.nodes = c->nodes,
		.fall_bytes_per_s = c->fall_bytes_per_s,
		.now_us = VICTIM_CASE_NOW,
	};

	victim_choose(&in, &c->l);
	return c->l.n > 0 ? c->l.list[0].pod : NULL;
}

struct evict_input victim_case_evict(const struct victim_case *c, const struct evict *evict,
				     const struct ladder *ladder, bool kubernetes, int64_t now_us)
{
	return (struct evict_input){
		.evict = evict,
		.resource = RESOURCE_MEMORY,
		.ladder = ladder,
		.model = &c->f.model,
		.samples = &c->f.samples,
		.policy = &c->f.policy,
		.plan = &c->f.plan,
		.memory = c->memory,
		.n_memory = VICTIM_CASE_SLOTS,
		.kubernetes = kubernetes,
		.now_us = now_us,
	};
}
