// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_case.h.
#include "tests/lib/evict_case.h"

#include "policy/ring.h"
#include "tests/lib/test.h"

#define SECOND 1000000ll

void evict_case_draw(struct fake *f, uint64_t *seed)
{
	struct evict_policy *evict = &f->policy.evict;

	evict->n_order = fake_random_below(seed, EVICT_KEY_COUNT + 1);
	for (size_t i = 0; i < evict->n_order; i++)
		evict->order[i] = (enum evict_key)fake_random_below(seed, EVICT_KEY_COUNT);
	evict->by[0] = EVICT_KUBERNETES;
	evict->by[1] = EVICT_KILL;
	evict->n_by = 2;
	evict->cooldown_us = 1 * SECOND + fake_random_below(seed, 30) * SECOND;
	evict->per_hour = (uint32_t)fake_random_below(seed, 8);
	evict->grace_us = fake_random_below(seed, 10) * SECOND;
	for (size_t i = 0; i < f->model.n_pods; i++) {
		struct pod *p = f->model.pods[i];

		if (p->facts && fake_random_below(seed, 8) == 0)
			p->facts->is_static = true;
		if (p->facts && fake_random_below(seed, 8) == 0)
			p->facts->deleting = true;
		if (p->kind == POD_KUBERNETES && fake_random_below(seed, 8) == 0)
			p->facts_state = FACT_UNKNOWN;
	}
}

void evict_case_never(const struct fake *f, const struct pod *p, int number)
{
	const struct assignment *a = &f->plan.assignments[p->slot];

	if (a->state != ASSIGNMENT_LEVEL || a->role != ROLE_OFFLINE || !a->may_hold)
		fail_msg("node %d: %s is not offline", number, p->name);
	if (p->kind == POD_KUBERNETES &&
	    (p->facts_state != FACT_KNOWN || p->facts->is_static || p->facts->deleting))
		fail_msg("node %d: %s is not known, static or going", number, p->name);
	if (a->kept_online)
		fail_msg("node %d: %s is protected", number, p->name);
}

void evict_case_grow(struct fake *f, uint64_t *seed, struct victim_memory *memory, uint64_t *rates)
{
	f->policy.evict.n_order = 1;
	f->policy.evict.order[0] = fake_random_below(seed, 2) ? EVICT_BY_USAGE
							      : EVICT_BY_OVER_REQUEST;
	for (size_t i = 0; i < f->model.n_pods; i++) {
		struct pod *p = f->model.pods[i];
		struct pod_history *h = p->slot < f->samples.n_slots ? f->samples.pods[p->slot]
								     : NULL;
		struct pod_sample s = {.valid = SAMPLE_MEMORY};

		rates[p->slot] = 0;
		p->resources.memory_request_bytes.state = FACT_ABSENT;
		if (!h || h->serial != p->serial)
			continue;
		if (fake_random_below(seed, 2))
			rates[p->slot] = (1 + fake_random_below(seed, 8)) << 20;
		s.memory_bytes = memory[p->slot].anon_bytes + 1;
		memory[p->slot].anon_bytes += 4 * rates[p->slot];
		h->head = h->count = 0;
		for (int second = -4; second <= 0; second++) {
			s.at_us = FAKE_RANDOM_NOW_US + second * 1000000ll;
			assert_int_equal(ring_add(h, &s), 0);
			s.memory_bytes += rates[p->slot];
		}
	}
}
