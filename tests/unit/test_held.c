// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/serve/held.h"
#include "tests/lib/fake.h"

TEST(a_hold_on_the_class_above_holds_its_pods_and_not_their_neighbours)
{
	struct fake f;
	struct pod *batch, *web;
	struct cgroup *class;

	fake_init(&f);
	batch = fake_pod(&f, "kubepods.slice/kubepods-besteffort.slice/kubepods-pod1.slice",
			 QOS_BESTEFFORT);
	web = fake_pod(&f, "kubepods.slice/kubepods-pod2.slice", QOS_GUARANTEED);
	class = batch->cgroup->parent;
	assert_false(held_pod(batch));
	fake_own(class, KNOB_CPU_MAX, KNOB_VALUE_MAX, 20000);
	/* Owned only: a limit of the policy, or a share. */
	assert_false(held_pod(batch));
	class->knobs[KNOB_CPU_MAX].held = true;
	assert_true(held_pod(batch));
	assert_false(held_pod(web));
	/* What is left in the struct after the hold has ended does not count. */
	class->knobs[KNOB_CPU_MAX].owned = false;
	assert_false(held_pod(batch));
	fake_free(&f);
}

TEST(a_hold_on_the_pod_itself_counts)
{
	struct fake f;
	struct pod *batch;

	fake_init(&f);
	batch = fake_pod(&f, "batch.slice", QOS_NONE);
	fake_own(batch->cgroup, KNOB_CPU_MAX, KNOB_VALUE_MAX, 20000);
	batch->cgroup->knobs[KNOB_CPU_MAX].held = true;
	assert_true(held_pod(batch));
	fake_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_on_the_class_above_holds_its_pods_and_not_their_neighbours),
		cmocka_unit_test(a_hold_on_the_pod_itself_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
