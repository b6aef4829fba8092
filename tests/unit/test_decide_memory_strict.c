// SPDX-License-Identifier: LGPL-2.1-or-later
// memory.high of online pods in the plan: where the policy asks for one, and what somebody else wrote.
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/test.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static struct pod *pod_at(struct fake *f, const char *path)
{
	return fake_cgroup(f, path)->pod;
}

/* 8 GiB; two online pods, and an offline one without a request. */
static void usual_node(struct fake *f)
{
	fake_init(f);
	fake_request(decide_pod(f, G1, QOS_GUARANTEED, LEVEL_P0), 100, GIB);
	fake_request(decide_pod(f, B1, QOS_BURSTABLE, LEVEL_P4), 100, 512 * MIB);
	fake_limit(decide_pod(f, O1, QOS_BESTEFFORT, LEVEL_P7), KNOB_VALUE_MAX, KNOB_VALUE_MAX);
}

/* So much in use; `stalls`: and for the last two seconds it stood still by a bound of its own. */
static void uses(struct fake *f, struct pod *p, uint64_t bytes, bool stalls)
{
	struct pod_history *h;

	for (int64_t s = 0; s < (stalls ? 3 : 1); s++) {
		struct pod_sample *sample;

		fake_sample(f, p, -(stalls ? 2 - s : 3) * 1000000, 0, 0);
		h = f->samples.pods[p->slot];
		sample = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];
		sample->valid |= SAMPLE_MEMORY | SAMPLE_PSI_MEMORY | SAMPLE_MEMORY_EVENTS;
		sample->memory_bytes = bytes;
		sample->memory_bounded = (uint64_t)s;
		sample->psi[RESOURCE_MEMORY].full_us = (uint64_t)s * 50000;
	}
}

/* A heap at 85 % of its limit, a high of 80 %. */
TEST(an_online_pod_does_not_crawl_by_what_the_policy_asks_for)
{
	const uint64_t base = GIB * 8 / 10 / 4096 * 4096, step = (GIB - base) / 4 / 4096 * 4096;
	struct fake f;
	struct pod *p;

	usual_node(&f);
	p = pod_at(&f, B1);
	f.policy.levels[LEVEL_P4].memory.high = (struct amount){AMOUNT_PERMILLE_OF_LIMIT, 800};
	fake_limit(p, 1000, GIB);
	/* Nothing is planned on what was not measured. */
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), -1);
	uses(&f, p, GIB / 100 * 85, false);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), base + 2 * step);
	assert_int_equal(decide_entry(&f, B1, KNOB_MEMORY_HIGH)->effect, EFFECT_LIMIT);
	assert_int_equal(decide_entry(&f, B1, KNOB_MEMORY_HIGH)->reason.code, REASON_MEMORY_LIFTED);
	/* It stands, and the pod met it. */
	fake_own(fake_cgroup(&f, B1), KNOB_MEMORY_HIGH, KNOB_VALUE_MAX, base + 2 * step);
	uses(&f, p, GIB / 100 * 88, true);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), base + 3 * step);
	assert_int_equal(decide_entry(&f, B1, KNOB_MEMORY_HIGH)->reason.code, REASON_MEMORY_LIFT);
	assert_int_equal(decide_entry(&f, B1, KNOB_MEMORY_HIGH)->reason.observed, 50);
	assert_int_equal(decide_entry(&f, B1, KNOB_MEMORY_HIGH)->reason.limit, base);
	/* systemd has just written its own over it: what was raised stays raised. */
	f.samples.pods[p->slot]->count = 1;
	fake_cgroup(&f, B1)->knobs[KNOB_MEMORY_HIGH].now = knob_value_of(KNOB_VALUE_MAX);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), base + 2 * step);
	fake_free(&f);
}

/* systemd does what it was told late: the value of before a raise, over the one of after it. That is no tighter bound of somebody
 * else's, for which colod's would be given back, and what was raised forgotten. */
TEST(what_systemd_was_told_and_writes_late_is_colods_own)
{
	const uint64_t base = GIB * 8 / 10 / 4096 * 4096, step = (GIB - base) / 4 / 4096 * 4096;
	struct knob_state *s;
	struct fake f;
	struct pod *p;

	usual_node(&f);
	p = pod_at(&f, B1);
	s = &fake_cgroup(&f, B1)->knobs[KNOB_MEMORY_HIGH];
	f.policy.levels[LEVEL_P4].memory.high = (struct amount){AMOUNT_PERMILLE_OF_LIMIT, 800};
	fake_limit(p, 1000, GIB);
	uses(&f, p, GIB / 2, false);
	fake_own(fake_cgroup(&f, B1), KNOB_MEMORY_HIGH, KNOB_VALUE_MAX, base + step);
	s->now = knob_value_of(base);
	/* Somebody else's. */
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), -1);
	s->told = knob_value_of(base);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), base + step);
	s->told = knob_value_of(base - 4096);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), -1);
	fake_free(&f);
}

/* The kubelet's MemoryQoS writes memory.high of containers, and systemd-run may have one on a pod's slice. */
TEST(a_high_that_the_kubelet_wrote_is_left_alone)
{
	struct fake f;

	usual_node(&f);
	f.policy.levels[LEVEL_P4].memory.high = (struct amount){AMOUNT_PERMILLE_OF_LIMIT, 800};
	fake_limit(pod_at(&f, B1), 1000, GIB);
	uses(&f, pod_at(&f, B1), 100 * MIB, false);
	fake_set(fake_cgroup(&f, B1), KNOB_MEMORY_HIGH, GIB / 2);
	fake_set(fake_cgroup(&f, B1 "/cri-containerd-a.scope"), KNOB_MEMORY_HIGH, GIB / 2);
	fake_set(fake_cgroup(&f, O1 "/cri-containerd-b.scope"), KNOB_MEMORY_HIGH, GIB / 2);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), -1);
	assert_int_equal(decide_want(&f, B1 "/cri-containerd-a.scope", KNOB_MEMORY_HIGH), -1);
	assert_int_equal(decide_want(&f, O1 "/cri-containerd-b.scope", KNOB_MEMORY_HIGH), -1);
	assert_true(decide_want(&f, O1, KNOB_MEMORY_HIGH) > 0);
	fake_free(&f);
}

TEST(an_online_pod_is_limited_only_where_the_policy_says_so)
{
	struct fake f;

	usual_node(&f);
	uses(&f, pod_at(&f, B1), 100 * MIB, false);
	f.policy.levels[LEVEL_P4].memory.high = (struct amount){AMOUNT_PERMILLE_OF_LIMIT, 800};
	fake_limit(pod_at(&f, B1), 1000, GIB);
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), GIB * 8 / 10 / 4096 * 4096);
	assert_int_equal(decide_want(&f, G1, KNOB_MEMORY_HIGH), -1);
	pod_at(&f, B1)->facts_state = FACT_ABSENT;
	decide_run(&f);
	assert_int_equal(decide_want(&f, B1, KNOB_MEMORY_HIGH), -1);
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_online_pod_does_not_crawl_by_what_the_policy_asks_for),
		cmocka_unit_test(what_systemd_was_told_and_writes_late_is_colods_own),
		cmocka_unit_test(a_high_that_the_kubelet_wrote_is_left_alone),
		cmocka_unit_test(an_online_pod_is_limited_only_where_the_policy_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
