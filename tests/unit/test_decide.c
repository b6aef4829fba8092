// SPDX-License-Identifier: LGPL-2.1-or-later
// The whole of deciding: levels from rules, a plan that is the same twice, memory that is reused.
#include "policy/decide.h"

#include <stdio.h>

#include "tests/lib/alloc_count.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define BESTEFFORT "kubepods.slice/kubepods-besteffort.slice"

static void rule(struct fake *f, enum match_kind kind, const char *pattern, enum qos qos,
		 enum level level)
{
	struct policy *p = &f->policy;
	struct assign_rule *r;

	p->rules = realloc(p->rules, (p->n_rules + 1) * sizeof(*p->rules));
	assert_non_null(p->rules);
	r = &p->rules[p->n_rules++];
	*r = (struct assign_rule){.n_matches = 1, .level = level, .line = 1};
	r->matches = calloc(1, sizeof(*r->matches));
	assert_non_null(r->matches);
	r->matches[0] = (struct match){.kind = kind, .qos = qos};
	if (pattern) {
		r->matches[0].pattern = strdup(pattern);
		assert_non_null(r->matches[0].pattern);
	}
}

static void node(struct fake *f, int n_pods)
{
	char path[128];
	struct pod *pod;

	fake_init(f);
	rule(f, MATCH_QOS, NULL, QOS_GUARANTEED, LEVEL_P0);
	rule(f, MATCH_QOS, NULL, QOS_BESTEFFORT, LEVEL_P7);
	fake_service(f, "system.slice");
	for (int i = 0; i < n_pods; i++) {
		bool offline = i % 2;

		(void)snprintf(
			path, sizeof(path), "%s-pod%04d.slice",
			offline ? BESTEFFORT "/kubepods-besteffort" : "kubepods.slice/kubepods", i);
		pod = fake_pod(f, path, offline ? QOS_BESTEFFORT : QOS_GUARANTEED);
		fake_request(pod, offline ? 0 : 100, offline ? 0 : 1 << 20);
		fake_limit(pod, KNOB_VALUE_MAX, KNOB_VALUE_MAX);
	}
}

static int run(struct fake *f)
{
	return decide(&f->model, &f->samples, &f->policy, 0, &f->ladders, &f->plan);
}

TEST(every_pod_gets_the_level_of_its_rule)
{
	struct fake f;

	node(&f, 4);
	assert_int_equal(run(&f), 0);
	assert_int_equal(f.plan.n_assignments, f.model.n_slots);
	for (size_t i = 0; i < f.model.n_pods; i++) {
		const struct pod *pod = f.model.pods[i];
		const struct assignment *a = plan_assignment(&f.plan, pod);

		assert_int_equal(a->state, ASSIGNMENT_LEVEL);
		assert_int_equal(a->level, pod->qos == QOS_GUARANTEED ? LEVEL_P0 : LEVEL_P7);
	}
	fake_free(&f);
}

TEST(each_resource_has_its_say)
{
	struct fake f;
	const struct cgroup *class;

	node(&f, 4);
	class = fake_cgroup(&f, BESTEFFORT);
	assert_int_equal(run(&f), 0);
	assert_non_null(plan_find(&f.plan, class, KNOB_CPU_WEIGHT));
	assert_non_null(plan_find(&f.plan, class, KNOB_IO_WEIGHT));
	assert_non_null(plan_find(&f.plan, class->first_child, KNOB_MEMORY_HIGH));
	assert_null(plan_find(&f.plan, class, KNOB_CPU_MAX));
	fake_free(&f);
}

TEST(a_second_pass_gives_the_same_plan_and_allocates_nothing)
{
	struct fake f;
	struct plan_entry *first;
	size_t n;
	unsigned long before;

	node(&f, 200);
	assert_int_equal(run(&f), 0);
	n = f.plan.n_entries;
	assert_true(n > 200);
	first = malloc(n * sizeof(*first));
	assert_non_null(first);
	memcpy(first, f.plan.entries, n * sizeof(*first));
	before = alloc_count();
	for (int i = 0; i < 10; i++)
		assert_int_equal(run(&f), 0);
	assert_int_equal(alloc_count(), before);
	assert_int_equal(f.plan.n_entries, n);
	assert_memory_equal(f.plan.entries, first, n * sizeof(*first));
	free(first);
	fake_free(&f);
}

TEST(an_empty_node_gives_an_empty_plan)
{
	struct fake f;

	fake_init(&f);
	assert_int_equal(run(&f), 0);
	assert_int_equal(f.plan.n_entries, 0);
	fake_free(&f);
}

TEST(a_pod_that_is_gone_is_planned_no_more)
{
	struct fake f;
	struct pod *gone;
	size_t before;

	node(&f, 4);
	assert_int_equal(run(&f), 0);
	before = f.plan.n_entries;
	gone = f.model.pods[f.model.n_pods - 1];
	assert_int_equal(gone->qos, QOS_GUARANTEED);
	f.model.n_pods--;
	gone->cgroup->pod = NULL;
	assert_int_equal(run(&f), 0);
	assert_true(f.plan.n_entries < before);
	assert_null(plan_find(&f.plan, gone->cgroup, KNOB_MEMORY_MIN));
	gone->cgroup->pod = gone;
	f.model.n_pods++;
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pod_gets_the_level_of_its_rule),
		cmocka_unit_test(each_resource_has_its_say),
		cmocka_unit_test(a_second_pass_gives_the_same_plan_and_allocates_nothing),
		cmocka_unit_test(an_empty_node_gives_an_empty_plan),
		cmocka_unit_test(a_pod_that_is_gone_is_planned_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
