// SPDX-License-Identifier: LGPL-2.1-or-later
// See culprit_case.h.
#include "tests/lib/culprit_case.h"

#include <string.h>

#include "policy/seconds.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/test.h"

struct culprit_case culprit_case;

static const struct seconds seconds = {.pods = culprit_case.kept, .n_slots = PODS};

int culprit_case_make(void **state)
{
	static const char *const paths[PODS] = {
		"kubepods.slice/kubepods-pod0.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod4.slice",
		"kubepods.slice/kubepods-pod5.slice",
	};

	(void)state;
	fake_init(&culprit_case.f);
	for (int i = 0; i < PODS; i++)
		culprit_case.pods[i] = fake_pod(&culprit_case.f, paths[i],
						i > 0 && i < 5 ? QOS_BESTEFFORT : QOS_GUARANTEED);
	memset(culprit_case.totals, 0, sizeof(culprit_case.totals));
	memset(culprit_case.rings, 0, sizeof(culprit_case.rings));
	memset(culprit_case.kept, 0, sizeof(culprit_case.kept));
	culprit_case.now_us = 0;
	culprit_case.resource = RESOURCE_CPU;
	culprit_case.draws = 7;
	return 0;
}

int culprit_case_drop(void **state)
{
	(void)state;
	fake_free(&culprit_case.f);
	return 0;
}

void culprit_case_add(int i)
{
	culprit_case.totals[i].at_us = culprit_case.now_us;
	culprit_case.rings[i].serial = culprit_case.pods[i]->serial;
	culprit_case.kept[culprit_case.pods[i]->slot] = &culprit_case.rings[i];
	seconds_add(&culprit_case.rings[i], &culprit_case.totals[i], NULL, SECOND_UNKNOWN);
}

void culprit_case_pass(const struct doing *s, unsigned unseen)
{
	culprit_case.now_us += 1000000;
	for (int i = 0; i < PODS; i++) {
		struct pod_sample *t = &culprit_case.totals[i];
		bool is_web = i == WEB;

		t->valid = SAMPLE_CPU | SAMPLE_MEMORY | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY |
			   SAMPLE_PSI_IO;
		if (culprit_case.resource == RESOURCE_CPU || is_web)
			t->cpu_usage_us += s->use[i] * 1000;
		if (culprit_case.resource == RESOURCE_MEMORY && !is_web)
			t->memory_bytes += s->use[i] * 1024ul;
		if (culprit_case.resource == RESOURCE_IO && !is_web)
			t->psi[RESOURCE_IO].some_us += s->use[i] * 1000;
		if (is_web)
			t->psi[culprit_case.resource].some_us += s->stalled * 1000;
		if (!(unseen & 1u << i))
			culprit_case_add(i);
	}
}

void culprit_case_rank(void)
{
	const struct culprit_look look = {
		.model = &culprit_case.f.model,
		.seconds = &seconds,
		.victim = culprit_case.pods[WEB],
		.resource = culprit_case.resource,
	};
	uint32_t sum = 0;

	culprits_rank(&look, &culprit_case.found);
	assert_true(culprit_case.found.n <= CULPRITS_MAX);
	for (uint32_t i = 0; i < culprit_case.found.n; i++) {
		sum += culprit_case.found.list[i].share_permille;
		assert_int_not_equal(culprit_case.found.list[i].serial,
				     culprit_case.pods[WEB]->serial);
	}
	assert_true(sum + culprit_case.found.own_permille <= 1000);
}

uint32_t culprit_case_below(uint32_t n)
{
	return (uint32_t)fake_random_below(&culprit_case.draws, n);
}

const struct culprit *culprit_case_of(int pod)
{
	for (uint32_t i = 0; i < culprit_case.found.n; i++)
		if (culprit_case.found.list[i].serial == culprit_case.pods[pod]->serial)
			return &culprit_case.found.list[i];
	return NULL;
}

uint32_t culprit_case_burst(uint32_t *left, bool *on, uint32_t most)
{
	if (*left == 0) {
		*on = !*on;
		*left = 2 + culprit_case_below(6);
	}
	(*left)--;
	return *on ? most - culprit_case_below(most / 10) : culprit_case_below(30);
}
