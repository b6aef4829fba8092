// SPDX-License-Identifier: LGPL-2.1-or-later
// What a squeeze costs in writes of cpu.max: each refills the group's runtime and takes the locks of its
// run queues. Counted over an hour of a noisy node: online work that comes and goes and is never twice
// the same, samples at uneven times, passes between them that a pressure trigger woke, counters in ticks
// of 10 ms. Cuts must stay immediate all the same.
#include <inttypes.h>
#include <stdio.h>

#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/fake.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/fake_topology.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define HOUR_S 3600
#define TICK_US 10000
#define PERIOD_US 20000
#define KUBE "kubepods.slice"
#define BESTEFFORT KUBE "/kubepods-besteffort.slice"
#define HOGS 10

struct noisy {
	struct fake f;
	struct pod *web, *hogs[HOGS];
	uint64_t random;
	uint64_t web_us, wait_us, hog_us[HOGS], other_us;
	size_t squeezed_s, writes, in_minute, worst_minute;
	size_t late_cuts; /* passes that left a quota above what was decided */
};

static uint64_t below(struct noisy *w, uint64_t n)
{
	return fake_random_below(&w->random, n);
}

/* `mixed`: kube-proxy lives in the class, so each of its offline pods meets a quota of its own. */
static void noisy_init(struct noisy *w, bool mixed)
{
	char path[128];

	memset(w, 0, sizeof(*w));
	w->random = 20261126;
	fake_init(&w->f);
	strcpy(w->f.model.node.kernel, "7.3.4-cloud-amd64");
	fake_topology_plain(&w->f.model.node, 8);
	w->web = fake_pod(&w->f, KUBE "/kubepods-podweb.slice", QOS_GUARANTEED);
	fake_level(&w->f, w->web, LEVEL_P0);
	for (size_t i = 0; i < HOGS; i++) {
		(void)snprintf(path, sizeof(path),
			       BESTEFFORT "/kubepods-besteffort-podhog%zu.slice", i);
		w->hogs[i] = fake_pod(&w->f, path, QOS_BESTEFFORT);
		fake_level(&w->f, w->hogs[i], LEVEL_P7);
	}
	if (mixed)
		fake_level(&w->f,
			   fake_pod(&w->f, BESTEFFORT "/kubepods-besteffort-podproxy.slice",
				    QOS_BESTEFFORT),
			   LEVEL_P1);
}

/* CPUs in thousandths that a quota leaves. */
static uint64_t allowed(const struct cgroup *cg)
{
	const struct knob_value *v = &cg->knobs[KNOB_CPU_MAX].now;

	return v->value == KNOB_VALUE_MAX ? UINT64_MAX : v->value * 1000 / v->period_us;
}

/* Hogs of all sizes, which together would take a tenth more than the room there is. Returns what they
 * used, in thousandths of a CPU. */
static uint64_t live_hogs(struct noisy *w, uint64_t span_us, uint64_t room)
{
	uint64_t use[HOGS], sum = 0, most = allowed(w->hogs[0]->cgroup->parent), used = 0;

	most = most < room ? most : room;
	for (size_t i = 0; i < HOGS; i++) {
		uint64_t own = allowed(w->hogs[i]->cgroup);

		use[i] = room * 2 * (i + 1) / HOGS / HOGS * (700 + below(w, 600)) / 1000;
		use[i] = use[i] < own ? use[i] : own;
		sum += use[i];
	}
	for (size_t i = 0; i < HOGS; i++) {
		if (sum > most)
			use[i] = use[i] * most / sum;
		w->hog_us[i] += use[i] * span_us / 1000;
		used += use[i];
	}
	return used;
}

/* Online work wants `wants` of 8000, offline work gets the rest where it is let. Whoever meets a full
 * node waits: past 70 % of it wake-ups begin to find their CPU taken. */
static void live(struct noisy *w, uint64_t span_us, uint64_t wants)
{
	uint64_t web = wants * (800 + below(w, 400)) / 1000, other = 150 + below(w, 150);
	uint64_t room = web + other < 8000 ? 8000 - web - other : 0;
	uint64_t sum = web + other + live_hogs(w, span_us, room);

	w->web_us += web * span_us / 1000;
	w->other_us += other * span_us / 1000;
	if (sum > 5600)
		w->wait_us += (sum - 5600) * (500 + below(w, 1000)) / 24000 * span_us / 1000;
}

static void sample(struct noisy *w, int64_t now_us)
{
	uint64_t busy_us = w->web_us + w->other_us;

	fake_sample(&w->f, w->web, now_us, w->web_us, w->wait_us);
	for (size_t i = 0; i < HOGS; i++) {
		fake_sample(&w->f, w->hogs[i], now_us, w->hog_us[i], 0);
		busy_us += w->hog_us[i];
	}
	fake_sample_node(&w->f, now_us, busy_us / TICK_US * TICK_US);
}

/* What one pass changes, quotas only: weights settle in the first. */
static size_t pass(struct noisy *w, int64_t now_us)
{
	struct knob_value before[HOGS + 1], after;
	struct cgroup *class = w->hogs[0]->cgroup->parent;
	size_t writes = 0;

	for (size_t i = 0; i <= HOGS; i++)
		before[i] = (i < HOGS ? w->hogs[i]->cgroup : class)->knobs[KNOB_CPU_MAX].now;
	assert_int_equal(decide_assigned(&w->f.model, &w->f.samples, &w->f.policy, now_us,
					 &w->f.ladders, &w->f.plan),
			 0);
	(void)fake_apply(&w->f);
	for (size_t i = 0; i <= HOGS; i++) {
		after = (i < HOGS ? w->hogs[i]->cgroup : class)->knobs[KNOB_CPU_MAX].now;
		writes += after.value != before[i].value || after.period_us != before[i].period_us;
	}
	return writes;
}

static void count(struct noisy *w, size_t second, size_t writes)
{
	w->writes += writes;
	w->squeezed_s += w->f.ladders.of[RESOURCE_CPU].rung == RUNG_SQUEEZE;
	w->in_minute = second % 60 == 0 ? writes : w->in_minute + writes;
	if (w->in_minute > w->worst_minute)
		w->worst_minute = w->in_minute;
}

/* All quotas of colod together, in thousandths of a CPU. */
static uint64_t held_milli(struct noisy *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i <= HOGS; i++) {
		const struct knob_value *v =
			i < HOGS ? &w->hogs[i]->cgroup->knobs[KNOB_CPU_MAX].now
				 : &w->hogs[0]->cgroup->parent->knobs[KNOB_CPU_MAX].now;

		sum += v->value == KNOB_VALUE_MAX ? 0 : v->value * 1000 / v->period_us;
	}
	return sum;
}

/* More than was decided; of several each may be lifted to the millisecond a period that it gets at least. */
static bool exceeds(struct noisy *w)
{
	bool divided = allowed(w->hogs[0]->cgroup->parent) == UINT64_MAX;
	uint64_t lifted = divided ? HOGS * 1000 * 1000 / PERIOD_US : 0;

	return w->f.ladders.of[RESOURCE_CPU].rung == RUNG_SQUEEZE &&
	       held_milli(w) > w->f.ladders.of[RESOURCE_CPU].quota_cpu_milli + lifted;
}

/* `fixed`: online work wants this much all the time. */
static void run_hour(struct noisy *w, uint64_t fixed)
{
	int64_t last_us = 0;
	uint64_t wants = fixed > 0 ? fixed : 4000;

	for (size_t s = 0; s < HOUR_S; s++) {
		int64_t start_us = (int64_t)(100 + s) * SECOND + (int64_t)below(w, 100000);
		size_t writes = 0;

		/* Requests come in waves of some 20 s. */
		if (below(w, 20) == 0 && fixed == 0)
			wants = 1500 + below(w, 5000);
		for (int half = 0; half < 2; half++) {
			int64_t now_us = start_us + half * (300000 + (int64_t)below(w, 300000));

			/* The second pass of a second is one that a trigger asked for. */
			if (half && w->f.ladders.of[RESOURCE_CPU].pressure_us < now_us - 2 * SECOND)
				continue;
			live(w, (uint64_t)(now_us - last_us) % (2 * SECOND), wants);
			last_us = now_us;
			sample(w, now_us);
			writes += pass(w, now_us);
			w->late_cuts += exceeds(w);
		}
		count(w, s, writes);
	}
}

TEST(an_hour_of_noise_costs_few_writes_and_puts_no_cut_off)
{
	static const struct {
		const char *name;
		bool mixed;
		uint64_t fixed;
		uint64_t mean, worst; /* writes a minute */
	} cases[] = {
		{"one class", false, 0, 40, 66},
		{"ten pods of a mixed class", true, 0, 300, 550},
		{"ten pods at the floor", true, 6500, 30, 60},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t mean;
		struct noisy w;

		noisy_init(&w, cases[i].mixed);
		if (cases[i].fixed > 0) /* whose floor is high enough to be divided */
			strcpy(w.f.model.node.kernel, "6.12.107");
		run_hour(&w, cases[i].fixed);
		assert_true(w.squeezed_s > HOUR_S / 2);
		mean = w.writes * 60 / w.squeezed_s;
		print_message("# %s: %zu s squeezed in %" PRIu64 " steps, %" PRIu64
			      " writes a minute, %zu in the worst\n",
			      cases[i].name, w.squeezed_s, w.f.ladders.of[RESOURCE_CPU].steps, mean,
			      w.worst_minute);
		assert_int_equal(w.late_cuts, 0);
		assert_in_range(mean, 1, cases[i].mean);
		assert_in_range(w.worst_minute, 1, cases[i].worst);
		fake_free(&w.f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_of_noise_costs_few_writes_and_puts_no_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
