// SPDX-License-Identifier: LGPL-2.1-or-later
// The CPU ladder over an hour of a series that does not change, in milliseconds of real time. Where the
// hold helps, it takes one step and stands still; where the wait is the same with and without it, it is
// tried for 20 s in every 5 minutes, and no more. Steps and writes are counted.
#include <inttypes.h>
#include <stdio.h>

#include "policy/decide.h"
#include "policy/ladder_cpu.h"
#include "tests/lib/fake.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/test.h"

#define SECOND 1000000
#define HOUR_S 3600
#define WEB "kubepods.slice/kubepods-podweb.slice"
#define HOG "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podhog.slice"

/* What happens in each second: CPU use in thousandths of a CPU, wait in permille. */
struct input {
	const char *name;
	uint64_t web, wait, hog, system;
	uint64_t jitter_us; /* a sample comes up to this much early or late */
	uint64_t tries;	    /* holds, each for two windows, none of which changes the wait */
};

struct hour {
	struct fake f;
	struct pod *web, *hog;
	size_t writes; /* of any knob after the first minute */
	size_t quotas; /* passes that planned one */
	uint64_t quota_min, quota_max;
};

static void hour_init(struct hour *h)
{
	memset(h, 0, sizeof(*h));
	fake_init(&h->f);
	h->web = fake_pod(&h->f, WEB, QOS_GUARANTEED);
	h->hog = fake_pod(&h->f, HOG, QOS_BESTEFFORT);
	fake_level(&h->f, h->web, LEVEL_P0);
	fake_level(&h->f, h->hog, LEVEL_P7);
	strcpy(h->f.model.node.kernel, "7.3.4-cloud-amd64");
	h->quota_min = UINT64_MAX;
}

static void sample(struct hour *h, const struct input *in, int64_t now_us)
{
	uint64_t us = (uint64_t)now_us;

	fake_sample(&h->f, h->web, now_us, us * in->web / 1000, us * in->wait / 1000);
	fake_sample(&h->f, h->hog, now_us, us * in->hog / 1000, 0);
	fake_sample_node(&h->f, now_us, us * (in->web + in->hog + in->system) / 1000);
}

static void run_hour(struct hour *h, const struct input *in)
{
	uint64_t state = 20260101, quota;
	size_t changed;

	for (int s = 0; s < HOUR_S; s++) {
		int64_t now_us = (100 + s) * (int64_t)SECOND;

		if (in->jitter_us)
			now_us += (int64_t)fake_random_below(&state, in->jitter_us);
		sample(h, in, now_us);
		assert_int_equal(decide_assigned(&h->f.model, &h->f.samples, &h->f.policy, now_us,
						 &h->f.ladders, &h->f.plan),
				 0);
		quota = h->f.ladders.of[RESOURCE_CPU].quota_cpu_milli;
		h->quotas += plan_find(&h->f.plan, h->hog->cgroup->parent, KNOB_CPU_MAX) != NULL;
		changed = fake_apply(&h->f);
		if (s < 60)
			continue;
		h->writes += changed;
		h->quota_min = quota < h->quota_min ? quota : h->quota_min;
		h->quota_max = quota > h->quota_max ? quota : h->quota_max;
	}
}

static const struct input inputs[] = {
	{"nobody waits, offline work has the node", 0, 0, 4000, 0, 0, 0},
	{"nobody waits, online work is busy", 2000, 0, 2000, 0, 0, 0},
	{"waits just under the threshold", 2000, 49, 2000, 0, 0, 0},
	{"waits just under the threshold, unevenly", 2000, 49, 2000, 0, 200000, 0},
	{"waits at the threshold", 2000, 50, 2000, 0, 0, 12},
	{"waits at the threshold, unevenly", 2000, 50, 2000, 0, 200000, 12},
	{"waits just over the threshold", 1200, 51, 2600, 200, 200000, 12},
	{"waits much", 2000, 500, 2000, 0, 200000, 12},
	{"waits always", 4000, 1000, 400, 0, 200000, 12},
	{"waits, but offline work is at its floor", 3920, 500, 80, 0, 200000, 0},
	{"waits, offline work just above its floor", 3900, 500, 100, 0, 200000, 12},
};

/* Two windows of 10 s, what a sample comes late, and the pass in which it is undone. */
#define TRY_MOST_S 22

TEST(an_hour_in_which_holds_change_nothing_has_few_of_them_and_short_ones)
{
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		const struct input *in = &inputs[i];
		struct hour h;

		hour_init(&h);
		run_hour(&h, in);
		print_message("# %s: %" PRIu64
			      " steps, %zu writes after the first minute, quota %" PRIu64
			      " to %" PRIu64 "\n",
			      in->name, h.f.ladders.of[RESOURCE_CPU].steps, h.writes, h.quota_min,
			      h.quota_max);
		assert_int_equal(h.f.ladders.of[RESOURCE_CPU].steps, 2 * in->tries);
		/* Each has its quota written, cut by a little where the samples are uneven, and taken away;
		 * the first began in the first minute. */
		assert_in_range(h.writes, in->tries > 0 ? 2 * (in->tries - 1) : 0, 3 * in->tries);
		assert_true(h.quotas <= in->tries * TRY_MOST_S);
		assert_true(h.quotas >= in->tries * 20);
		assert_int_equal(h.f.ladders.of[RESOURCE_CPU].rung, RUNG_CALM);
		fake_free(&h.f);
	}
}

/* Online work that needs half of the 4 CPUs, beside an offline pod that takes what it can get: the
 * online pod waits in each second in which both together use more than `waits_above`. Returns in how
 * many seconds it waited. */
static unsigned run_closed(struct hour *h, uint64_t waits_above)
{
	uint64_t web = 0, wait = 0, hog = 0;
	unsigned waited = 0;

	for (int s = 0; s < HOUR_S; s++) {
		int64_t now_us = (100 + s) * (int64_t)SECOND;
		uint64_t quota = h->f.ladders.of[RESOURCE_CPU].rung == RUNG_CALM
					 ? 4000
					 : h->f.ladders.of[RESOURCE_CPU].quota_cpu_milli;
		uint64_t use = quota < 2000 ? quota : 2000;

		web += 2000 * 1000;
		hog += use * 1000;
		if (2000 + use > waits_above) {
			wait += SECOND / 10;
			waited++;
		}
		fake_sample(&h->f, h->web, now_us, web, wait);
		fake_sample(&h->f, h->hog, now_us, hog, 0);
		fake_sample_node(&h->f, now_us, web + hog);
		ladder_cpu_step(&h->f.ladders.of[RESOURCE_CPU], &h->f.model, &h->f.samples,
				&h->f.policy, &h->f.plan, now_us);
	}
	return waited;
}

/* The hold is let out and taken in again while the load stays, but never dropped: each time that it
 * was dropped the online pod would meet all of the offline work at once. */
TEST(a_hold_that_is_needed_all_the_time_is_never_dropped)
{
	static const uint64_t waits_above[] = {3900, 3500, 3000, 2700};

	for (size_t i = 0; i < sizeof(waits_above) / sizeof(waits_above[0]); i++) {
		struct hour h;
		unsigned waited;

		hour_init(&h);
		waited = run_closed(&h, waits_above[i]);
		print_message("# waits above %" PRIu64 " of 4000: %" PRIu64
			      " steps, waited in %u s of %d\n",
			      waits_above[i], h.f.ladders.of[RESOURCE_CPU].steps, waited, HOUR_S);
		assert_int_equal(h.f.ladders.of[RESOURCE_CPU].steps, 1);
		assert_true(waited < HOUR_S / 8);
		fake_free(&h.f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_hour_in_which_holds_change_nothing_has_few_of_them_and_short_ones),
		cmocka_unit_test(a_hold_that_is_needed_all_the_time_is_never_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
