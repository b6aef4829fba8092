// SPDX-License-Identifier: LGPL-2.1-or-later
// Evictions for a disk over nodes and loads made at random, which then do not change for minutes: whom they take, how many there
// are, and that there is none where the policy does not ask. The seed is printed; COLOD_SEED=N runs the same again.
#include <string.h>

#include "policy/cpu_room.h"
#include "policy/evict_choose.h"
#include "policy/evict_cpu.h"
#include "policy/evict_io.h"
#include "policy/io_view.h"
#include "policy/knob.h"
#include "policy/ladder_io.h"
#include "policy/ring.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/evict_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000ll
#define SECONDS 90
#define PODS 512
#define DISKS 2u
#define KIB 1024u

/* Of each pod: what it does on each disk, in KiB a second, and how long it waits, in permille. */
static uint64_t uses[PODS][DISKS], waits[PODS];
static bool unseen[PODS];

static void draw(struct fake *f, uint64_t *seed)
{
	evict_case_draw(f, seed);
	for (size_t i = 0; i < f->model.n_pods; i++) {
		for (uint32_t d = 0; d < DISKS; d++)
			uses[i][d] = fake_random_below(seed, 3) > 0 ? fake_random_below(seed, 20000)
								    : 0;
		waits[i] = fake_random_below(seed, 2) > 0 ? fake_random_below(seed, 900) : 0;
		unseen[i] = fake_random_below(seed, 60) == 0;
	}
}

static void disks(struct fake *f)
{
	f->model.disks.n = DISKS;
	f->samples.uses.n = DISKS;
	for (uint32_t d = 0; d < DISKS; d++) {
		f->model.disks.list[d] = (struct disk){.major = 8, .minor = 16 * d};
		f->samples.uses.list[d] = (struct disk_use){.major = 8, .minor = 16 * d};
	}
}

static void does(struct fake *f, size_t i, int64_t now_us)
{
	struct pod_disks *to = &f->samples.pods[f->model.pods[i]->slot]->disks;

	*to = (struct pod_disks){.at_us = unseen[i] ? 0 : now_us, .n = DISKS};
	for (uint32_t d = 0; d < DISKS; d++) {
		struct disk_window *w = &f->samples.uses.list[d].window;

		to->list[d] = (struct pod_disk){
			.major = 8,
			.minor = 16 * d,
			.bytes_per_s = {uses[i][d] * KIB},
			.requests_per_s = {uses[i][d] / 128},
			.used_us = uses[i][d] ? now_us : 0,
		};
		w->bytes_per_s[DISK_READ] += uses[i][d] * KIB;
		w->requests_per_s[DISK_READ] += uses[i][d] / 128;
		w->span_us = SECOND;
		w->busy_permille = 1000;
	}
}

static void second(struct fake *f, int64_t now_us, int64_t s)
{
	for (uint32_t d = 0; d < DISKS; d++)
		f->samples.uses.list[d].window = (struct disk_window){0};
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *pod = f->model.pods[i];
		struct pod_sample *last;

		fake_sample(f, pod, now_us, (uint64_t)s * 1000, 0);
		last = (struct pod_sample *)ring_last(f->samples.pods[pod->slot]);
		last->valid |= SAMPLE_PSI_IO;
		last->psi[RESOURCE_IO].some_us = (uint64_t)s * waits[i] * 1000;
		does(f, i, now_us);
	}
}

/* What is held is in force, wherever that is written. */
static void write_holds(struct fake *f, const struct ladders *ladders)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		struct knob_state *k = &f->model.cgroups[1]->knobs[KNOB_IO_MAX + i];

		*k = (struct knob_state){.owned = io_hold_is_on(&ladders->io.of[i])};
		k->held = k->owned;
		k->now = k->written = knob_value_io(8, 16);
	}
}

static void never(const struct fake *f, const struct evict_look *look, const struct evict_io *io,
		  int number)
{
	const struct pod *p = look->list.list[look->at].pod;
	uint32_t disk = io->minor / 16;
	uint64_t all = 0, mine = 0;
	bool waited = false;

	evict_case_never(f, p, number);
	CPU_CASE_CHECK(io_view_may_hold(&f->policy, &f->plan.assignments[p->slot]));
	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *o = f->model.pods[i];

		all += uses[i][disk];
		if (o == p)
			mine = uses[i][disk];
		/* Nobody's use is guessed. */
		CPU_CASE_CHECK(!unseen[i] || cpu_room_is_nested(o) ||
			       !io_view_may_hold(&f->policy, &f->plan.assignments[o->slot]));
		waited |= f->plan.assignments[o->slot].role == ROLE_ONLINE && uses[i][disk] > 0 &&
			  waits[i] >= 50;
	}
	CPU_CASE_CHECK(waited);
	CPU_CASE_CHECK(mine > 0 && mine + 1 >= all / 1000 * EVICT_IO_LEAST_PERMILLE);
	/* Of those of its level that may go nobody does more there. */
	for (size_t k = 0; k < look->list.n; k++)
		CPU_CASE_CHECK(look->list.list[k].level != look->list.list[look->at].level ||
			       look->list.list[k].rate <= look->list.list[look->at].rate);
}

/* The evictions of so many seconds. */
static uint32_t run(struct fake *f, int number)
{
	struct evict e = {0};
	struct evict_look look;
	struct evict_over over[EVICT_PENDING];
	struct ladders ladders = {0};
	struct evict_cpu cpu;
	struct evict_io io;
	struct evict_input in = {
		.evict = &e,
		.resource = RESOURCE_IO,
		.ladder = &ladders.of[RESOURCE_IO],
		.model = &f->model,
		.samples = &f->samples,
		.policy = &f->policy,
		.plan = &f->plan,
		.kubernetes = true,
		.holds = &ladders.io,
	};
	uint32_t n = 0;

	for (int64_t s = 1; s <= SECONDS; s++) {
		in.now_us = FAKE_RANDOM_NOW_US + s * SECOND;
		second(f, in.now_us, s);
		write_holds(f, &ladders);
		ladder_io_step(&ladders, &f->model, &f->samples, &f->policy, &f->plan, in.now_us);
		(void)evict_pass(&e, &f->model, &f->samples, &f->policy, in.now_us, over);
		evict_choose_look(&in, &cpu, &io);
		evict_choose_see(&e, &in);
		if (!evict_choose_due(&in, &look))
			continue;
		evict_choose(&in, &look);
		if (look.why != EVICT_NOW || look.again != 0)
			continue;
		CPU_CASE_CHECK(s > 20);
		never(f, &look, &io, number);
		evict_asked(&e, &look.list.list[look.at], in.now_us);
		CPU_CASE_CHECK(evict_answered(
			&e,
			&(struct evict_done){.token = look.list.list[look.at].pod->serial,
					     .answer = EVICT_ANSWER_ACCEPTED},
			&f->policy, in.now_us));
		n++;
	}
	return n;
}

static void forget(struct fake *f)
{
	for (size_t i = 0; i < f->model.n_pods; i++) {
		struct pod_history *h = f->samples.pods[f->model.pods[i]->slot];

		if (h)
			h->count = h->head = 0;
	}
}

static void check_evictions(struct fake *f, int number)
{
	uint64_t seed = cpu_case_current() + (uint64_t)number + 1;
	struct pressure_rule *rule = &f->policy.pressure_io;
	uint32_t n;

	if (f->model.n_pods > PODS || f->model.n_cgroups < 2)
		return;
	draw(f, &seed);
	disks(f);
	f->policy.evict.n_order = 2;
	f->policy.evict.order[0] = EVICT_BY_LEVEL;
	f->policy.evict.order[1] = EVICT_BY_USAGE;
	for (int l = 0; l < LEVEL_COUNT; l++)
		if (f->policy.levels[l].role == ROLE_OFFLINE) {
			f->policy.levels[l].io.squeeze = fake_random_below(&seed, 4) > 0;
			f->policy.levels[l].io.squeeze_floor_permille = 100;
		}
	f->model.capabilities |= 1u << CAPABILITY_IO_MAX;
	*rule = (struct pressure_rule){
		.on = true, .threshold_permille = 50, .window_us = 2 * SECOND};
	rule->steps = 1u << ACTION_SQUEEZE_IO | 1u << ACTION_EVICT;
	forget(f);
	n = run(f, number);
	cpu_case_looked += n;
	/* Of a load that does not change no eviction is any help: given up after 20 s, and at most two fit in. */
	CPU_CASE_CHECK(n <= f->policy.evict.per_hour && n <= 2);
	rule->steps = 1u << ACTION_SQUEEZE_IO;
	forget(f);
	CPU_CASE_CHECK(run(f, number) == 0);
}

TEST(offline_known_and_the_one_that_does_most_on_the_disk_that_is_waited_for)
{
	cpu_case_each(check_evictions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			offline_known_and_the_one_that_does_most_on_the_disk_that_is_waited_for),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
