// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of shares in the diff, once the deciders told who yields to whom.
//
//  kubepods.slice
//  ├── a.slice          online
//  └── besteffort.slice
//      └── hog.slice    offline
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/diff.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/fake.h"

struct scene {
	struct fake f;
	struct changes changes;
	struct cgroup *root, *online, *class, *hog;
	char order[2048];
};

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	fake_init(&s->f);
	s->root = fake_cgroup(&s->f, "kubepods.slice");
	s->online = fake_pod(&s->f, "kubepods.slice/a.slice", QOS_GUARANTEED)->cgroup;
	s->class = fake_cgroup(&s->f, "kubepods.slice/besteffort.slice");
	s->hog =
		fake_pod(&s->f, "kubepods.slice/besteffort.slice/hog.slice", QOS_BESTEFFORT)->cgroup;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	changes_free(&s->changes);
	fake_free(&s->f);
	free(s);
	return 0;
}

static void plan(struct scene *s, struct cgroup *cg, enum knob knob, enum effect effect,
		 uint64_t value)
{
	fake_plan(&s->f, cg, knob, effect, value);
}

/* The list as text: "hog cpu.weight 100 → 1; " for writes, "<-" for restores, "x" for forgets. */
static const char *run_modes(struct scene *s, const struct modes *modes, bool list_withheld)
{
	size_t len = 0;

	assert_int_equal(diff(&s->f.model, &s->f.plan, modes, list_withheld, &s->changes), 0);
	s->order[0] = '\0';
	for (size_t i = 0; i < s->changes.n; i++) {
		static const char *const marks[] = {"=", "<-", "x"};
		const struct change *c = &s->changes.list[i];
		char want[KNOB_TEXT_SIZE];

		len += (size_t)snprintf(s->order + len, sizeof(s->order) - len, "%s %s %s %s; ",
					c->cgroup->name, knob_name(c->knob), marks[c->kind],
					knob_format(c->knob, &c->want, want, sizeof(want)));
	}
	return s->order;
}

static const char *run(struct scene *s, enum mode mode)
{
	const struct modes modes = mode_of_all(mode);

	return run_modes(s, &modes, false);
}

/* What the deciders counted tells who yields. */
static void count_offline(struct scene *s)
{
	fake_level(&s->f, s->online->pod, LEVEL_P0);
	fake_level(&s->f, s->hog->pod, LEVEL_P7);
	assert_int_equal(decide_tree_build(&s->f.model, &s->f.policy, &s->f.plan), 0);
}

TEST(a_share_of_offline_work_rises_after_its_online_siblings_and_falls_before_theirs)
{
	struct scene *s = *state;

	fake_set(s->class, KNOB_CPU_WEIGHT, 1);
	fake_set(s->online, KNOB_CPU_WEIGHT, 100);
	plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 2500);
	count_offline(s);
	assert_string_equal(run(s, MODE_PROTECT), "a.slice cpu.weight = 2500; "
						  "besteffort.slice cpu.weight = 50; ");
	fake_set(s->class, KNOB_CPU_WEIGHT, 90);
	fake_set(s->online, KNOB_CPU_WEIGHT, 5000);
	assert_string_equal(run(s, MODE_PROTECT), "besteffort.slice cpu.weight = 50; "
						  "a.slice cpu.weight = 2500; ");
	/* The same while values come back. */
	fake_own(s->class, KNOB_CPU_WEIGHT, 1, 50);
	fake_own(s->online, KNOB_CPU_WEIGHT, 100, 2500);
	assert_string_equal(run(s, MODE_OBSERVE), "besteffort.slice cpu.weight <- 1; "
						  "a.slice cpu.weight <- 100; ");
}

TEST(an_offline_group_that_is_idle_no_more_gets_its_weight_in_the_next_line)
{
	struct scene *s = *state;

	fake_own(s->class, KNOB_CPU_IDLE, 0, 1);
	fake_set(s->class, KNOB_CPU_WEIGHT, 1);
	plan(s, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 50);
	plan(s, s->online, KNOB_CPU_WEIGHT, EFFECT_SHARE, 2500);
	count_offline(s);
	assert_string_equal(run(s, MODE_PROTECT),
			    "a.slice cpu.weight = 2500; besteffort.slice cpu.idle <- 0; "
			    "besteffort.slice cpu.weight = 50; ");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_share_of_offline_work_rises_after_its_online_siblings_and_falls_before_theirs),
		CASE(an_offline_group_that_is_idle_no_more_gets_its_weight_in_the_next_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
