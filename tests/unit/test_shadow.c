// SPDX-License-Identifier: LGPL-2.1-or-later
// The model under another policy: a copy that stands alone, made as discovery makes it, with a bound on what
// is read for it.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/discover/shadow.h"
#include "policy/read.h"
#include "tests/lib/discover_case.h"
#include "tests/lib/policy_case.h"
#include "tests/lib/tree.h"

#define NIGHTLY "assign:\n  - {match: {unit: \"nightly-*\"}, level: P7}\n"
#define LEVELS "levels: {P7: {role: offline}}\n"
/* A policy without a rule is warned of. */
#define ONE_RULE                                                                                   \
	"levels: {P0: {role: online}}\nassign:\n  - {match: {qos: Guaranteed}, level: P0}\n"
#define TREE                                                                                       \
	DISCOVER_THREE_PODS                                                                        \
	"@cgroup nightly.slice\n"                                                                  \
	"@cgroup nightly.slice/nightly-a.service\n"                                                \
	"@cgroup nightly.slice/nightly-b.service\n"                                                \
	"@cgroup nightly.slice/other.service\n"

static struct discover_case p;
static struct shadow *shadow;
static struct policy *policy;

static int setup(void **state)
{
	(void)state;
	shadow = NULL;
	policy = NULL;
	discover_case_open(&p, TREE, 0);
	discover_case_policy(&p, "version: 1\nfacts: {from: cgroup}\n");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	shadow_free(shadow);
	policy_free(policy);
	discover_case_close(&p);
	return 0;
}

static int make(const char *yaml, size_t max_reads)
{
	shadow_free(shadow);
	shadow = NULL;
	policy_free(policy);
	policy = NULL;
	policy = policy_case_read(&yaml, 1);
	return shadow_new(p.d, policy, max_reads, &shadow);
}

static bool is_in(const struct model *m, const struct cgroup *cgroup)
{
	for (size_t i = 0; i < m->n_cgroups; i++) {
		if (m->cgroups[i] == cgroup)
			return true;
	}
	return false;
}

TEST(nothing_points_into_the_live_model)
{
	const struct model *m;

	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(make("version: 1\nfacts: {from: cgroup}\n" ONE_RULE, 100), 0);
	m = shadow_model(shadow);
	assert_int_equal(m->n_cgroups, p.m->n_cgroups);
	assert_int_equal(m->n_pods, 3);
	for (size_t i = 0; i < m->n_cgroups; i++) {
		const struct cgroup *c = m->cgroups[i];

		assert_ptr_equal(shadow_live(shadow, c), p.m->cgroups[i]);
		assert_ptr_equal(shadow_copy(shadow, p.m->cgroups[i]), c);
		assert_string_equal(c->path, p.m->cgroups[i]->path);
		assert_true(!c->parent || is_in(m, c->parent));
		assert_true(!c->first_child || is_in(m, c->first_child));
		assert_true(!c->next_sibling || is_in(m, c->next_sibling));
		assert_true(!c->pod || is_in(m, c->pod->cgroup));
	}
	for (size_t i = 0; i < m->n_pods; i++) {
		assert_ptr_not_equal(m->pods[i], p.m->pods[i]);
		assert_int_equal(m->pods[i]->slot, p.m->pods[i]->slot);
		assert_int_equal(m->pods[i]->serial, p.m->pods[i]->serial);
		for (size_t k = 0; k < m->pods[i]->n_containers; k++)
			assert_true(is_in(m, m->pods[i]->containers[k].cgroup));
	}
	assert_null(shadow_copy(shadow, NULL));
	assert_null(shadow_copy(shadow, m->cgroups[0]));
}

TEST(new_pods_are_made_and_their_knobs_read)
{
	const struct cgroup *live, *copy;

	assert_int_equal(discover_update(p.d, 0), 1);
	live = discover_case_cgroup(p.m, "nightly.slice/nightly-a.service");
	assert_int_equal(live->knobs[KNOB_CPU_WEIGHT].now.state, KNOB_UNREAD);
	assert_int_equal(make("version: 1\nfacts: {from: cgroup}\n" LEVELS NIGHTLY, 100), 0);
	assert_int_equal(shadow_model(shadow)->n_pods, 5);
	copy = shadow_copy(shadow, live);
	assert_non_null(copy->pod);
	assert_int_equal(copy->pod->kind, POD_UNIT);
	assert_int_equal(copy->knobs[KNOB_CPU_WEIGHT].now.value, 100);
	/* Siblings are compared with. */
	copy = shadow_copy(shadow, discover_case_cgroup(p.m, "nightly.slice/other.service"));
	assert_null(copy->pod);
	assert_int_equal(copy->knobs[KNOB_CPU_WEIGHT].now.state, KNOB_KNOWN);
	assert_int_equal(shadow_unread(shadow), 0);
	/* The live ones know nothing of it. */
	assert_null(live->pod);
	assert_int_equal(live->knobs[KNOB_CPU_WEIGHT].now.state, KNOB_UNREAD);
	assert_int_equal(p.m->n_pods, 3);
}

TEST(what_is_beyond_the_bound_is_not_read_and_counted)
{
	size_t n_known = 0;

	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(make("version: 1\nfacts: {from: cgroup}\n" LEVELS NIGHTLY, 1), 0);
	assert_int_equal(shadow_unread(shadow), 2);
	for (size_t i = 0; i < p.m->n_cgroups; i++) {
		const struct cgroup *c = shadow_model(shadow)->cgroups[i];

		n_known += strncmp(c->path, "nightly.slice/", 14) == 0 &&
			   c->knobs[KNOB_CPU_WEIGHT].now.state == KNOB_KNOWN;
	}
	assert_int_equal(n_known, 1);
}

TEST(facts_are_those_that_are_known_or_else_unknown)
{
	const struct model *m;

	discover_case_pods_file(&p, UID_A, "shop", "web");
	discover_case_policy(&p, DISCOVER_FACTS_IN_FILE);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(make(DISCOVER_FACTS_IN_FILE ONE_RULE, 100), 0);
	m = shadow_model(shadow);
	assert_string_equal(discover_case_pod(m, UID_A)->name, "shop/web");
	assert_int_equal(discover_case_pod(m, UID_A)->facts_state, FACT_KNOWN);
	assert_false(shadow_facts_elsewhere(shadow));
	assert_false(m->facts_awaited);
	assert_int_equal(make("version: 1\nfacts: {from: 'file:///else.json'}\n" ONE_RULE, 100), 0);
	m = shadow_model(shadow);
	assert_int_equal(discover_case_pod(m, UID_A)->facts_state, FACT_UNKNOWN);
	assert_true(shadow_facts_elsewhere(shadow));
	assert_true(m->facts_awaited);
	assert_int_equal(make("version: 1\nfacts: {from: cgroup}\n" ONE_RULE, 100), 0);
	m = shadow_model(shadow);
	assert_int_equal(discover_case_pod(m, UID_A)->facts_state, FACT_ABSENT);
	assert_false(shadow_facts_elsewhere(shadow));
	/* Worked out from the weight. */
	assert_int_equal(discover_case_pod(m, UID_A)->resources.cpu_request_milli.state,
			 FACT_DERIVED);
	assert_int_equal(discover_case_pod(p.m, UID_A)->facts_state, FACT_KNOWN);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_points_into_the_live_model),
		CASE(new_pods_are_made_and_their_knobs_read),
		CASE(what_is_beyond_the_bound_is_not_read_and_counted),
		CASE(facts_are_those_that_are_known_or_else_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
