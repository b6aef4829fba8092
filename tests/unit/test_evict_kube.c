// SPDX-License-Identifier: LGPL-2.1-or-later
// When there is an API server for evictions: where the policy names that way and its facts come from a cluster, whether
// or not it has the step evict, since somebody may order one.
#include "agent/evict_kube.h"

#include <stdlib.h>

#include "agent/evictor_state.h"
#include "tests/lib/evictor_case.h"
#include "tests/lib/test.h"

static struct policy *policy;

static int setup(void **state)
{
	int r = evictor_case_setup(state);

	if (r < 0)
		return r;
	policy = evictor_case.state->policy;
	evictor_use_api(evictor_case.state, NULL);
	/* This machine's, as far as it is asked where things are. */
	evictor_case.options.root = "/";
	(void)setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1", 1);
	(void)setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
	policy->facts = FACTS_KUBELET;
	policy->pressure_kill.on = false;
	policy->pressure_memory.steps = 0;
	return 0;
}

static bool is_there(void)
{
	evict_kube_policy(evictor_case.state);
	return evictor_case.state->evictor->api.evict != NULL;
}

TEST(no_step_evict_is_needed_for_an_order)
{
	assert_true(is_there());
	assert_true(is_there());
}

TEST(elsewhere_nobody_can_be_asked)
{
	assert_true(is_there());
	policy->facts = FACTS_CGROUP;
	assert_false(is_there());
	policy->facts = FACTS_KUBELET;
	policy->evict.by[0] = EVICT_KILL;
	policy->evict.n_by = 1;
	assert_false(is_there());
	policy->evict.by[0] = EVICT_KUBERNETES;
	assert_true(is_there());
	/* A recorded tree is another machine. */
	evictor_case.options.root = evictor_case.dir;
	assert_false(is_there());
	evictor_case.options.root = "/";
	(void)unsetenv("KUBERNETES_SERVICE_HOST");
	assert_false(is_there());
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, evictor_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(no_step_evict_is_needed_for_an_order),
		CASE(elsewhere_nobody_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
