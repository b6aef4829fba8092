// SPDX-License-Identifier: LGPL-2.1-or-later
// What doctor says could be gained, and where it keeps silent.
#include "policy/gain.h"

#include <stdio.h>
#include <string.h>

#include "policy/decide.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define CLASS "kubepods.slice/kubepods-besteffort.slice"
#define PROXY CLASS "/kubepods-besteffort-podproxy.slice"
#define DNS CLASS "/kubepods-besteffort-podzdns.slice"
#define HOG CLASS "/kubepods-besteffort-podhog.slice"
#define JOB CLASS "/kubepods-besteffort-podjob.slice"
#define WEB "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podweb.slice"

static struct fake f;
static struct gain list[GAIN_MAX];

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	fake_cgroup(&f, CLASS)->kind = CGROUP_QOS;
	fake_level(&f, fake_pod(&f, PROXY, QOS_BESTEFFORT), LEVEL_P1);
	(void)snprintf(f.model.pods[0]->name, POD_NAME_SIZE, "kube-system/proxy");
	fake_level(&f, fake_pod(&f, WEB, QOS_BURSTABLE), LEVEL_P4);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	fake_free(&f);
	return 0;
}

static size_t find(void)
{
	return gain_find(&f.model, &f.plan, list, GAIN_MAX);
}

TEST(a_pod_without_a_request_is_in_nobodys_way_without_offline_ones_beside_it)
{
	struct pod *hog = fake_pod(&f, HOG, QOS_BESTEFFORT);

	fake_waiting(&f, hog);
	assert_int_equal(find(), 0);
	fake_level(&f, hog, LEVEL_P7);
	assert_int_equal(find(), 1);
	assert_int_equal(list[0].kind, GAIN_REQUEST);
	assert_string_equal(list[0].cgroup->path, CLASS);
	assert_string_equal(list[0].pod->name, "kube-system/proxy");
	assert_int_equal(list[0].n_offline, 1);
	assert_int_equal(list[0].n_others, 0);
}

TEST(offline_work_among_itself_has_nothing_to_gain)
{
	fake_level(&f, f.model.pods[0], LEVEL_P7);
	fake_level(&f, fake_pod(&f, HOG, QOS_BESTEFFORT), LEVEL_P7);
	assert_int_equal(find(), 0);
}

TEST(all_of_them_are_counted_and_the_first_is_named)
{
	char what[512], cut[16];

	fake_level(&f, fake_pod(&f, DNS, QOS_BESTEFFORT), LEVEL_P1);
	fake_level(&f, fake_pod(&f, HOG, QOS_BESTEFFORT), LEVEL_P7);
	fake_level(&f, fake_pod(&f, JOB, QOS_BESTEFFORT), LEVEL_P7);
	assert_int_equal(find(), 1);
	assert_string_equal(
		gain_what(&list[0], what, sizeof(what)),
		"kube-system/proxy (and 1 more) is online and has no CPU request, so that it "
		"shares /" CLASS " with 2 offline pods: these have to yield and to be held "
		"one by one there");
	assert_int_equal(strlen(gain_what(&list[0], cut, sizeof(cut))), sizeof(cut) - 1);
}

TEST(a_kernel_that_preempts_lazily_is_told_and_no_other)
{
	char how[512];

	for (int p = PREEMPT_UNKNOWN; p < PREEMPT_COUNT; p++) {
		f.model.node.preempt = (enum preempt)p;
		assert_int_equal(find(), p == PREEMPT_LAZY);
	}
	f.model.node.preempt = PREEMPT_LAZY;
	assert_int_equal(find(), 1);
	assert_string_equal(gain_name(list[0].kind), "preempt");
	assert_non_null(strstr(gain_how(&list[0], how, sizeof(how)), "preempt=full"));
	assert_int_equal(gain_find(&f.model, &f.plan, list, 0), 0);
}

/* The kubelet's classes are its own with the cgroupfs driver: decided for real, not planned by hand. */
TEST(where_the_driver_keeps_a_class_from_being_idle_it_is_told)
{
	char text[512];

	fake_level(&f, f.model.pods[0], LEVEL_P7);
	fake_level(&f, fake_pod(&f, HOG, QOS_BESTEFFORT), LEVEL_P7);
	strcpy(f.model.node.kernel, "6.12.94");
	for (int driver = DRIVER_NONE; driver < DRIVER_COUNT; driver++) {
		for (int yield = YIELD_NONE; yield <= YIELD_IDLE; yield++) {
			bool due = driver == DRIVER_CGROUPFS && yield == YIELD_IDLE;

			f.model.driver = (enum cgroup_driver)driver;
			f.policy.levels[LEVEL_P7].cpu.yield = (enum yield_kind)yield;
			assert_int_equal(decide_assigned(&f.model, &f.samples, &f.policy, 1,
							 &f.ladders, &f.plan),
					 0);
			assert_int_equal(find(), due);
		}
	}
	f.model.driver = DRIVER_CGROUPFS;
	assert_int_equal(decide_assigned(&f.model, &f.samples, &f.policy, 1, &f.ladders, &f.plan),
			 0);
	assert_int_equal(find(), 1);
	assert_string_equal(gain_name(list[0].kind), "driver");
	assert_int_equal(list[0].n_offline, 2);
	assert_non_null(strstr(
		gain_what(&list[0], text, sizeof(text)),
		" offline pods, default/kubepods-besteffort-podhog.slice first, are idle in it"));
	assert_non_null(strstr(gain_how(&list[0], text, sizeof(text)), "cgroupDriver: systemd"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pod_without_a_request_is_in_nobodys_way_without_offline_ones_beside_it),
		CASE(offline_work_among_itself_has_nothing_to_gain),
		CASE(all_of_them_are_counted_and_the_first_is_named),
		CASE(where_the_driver_keeps_a_class_from_being_idle_it_is_told),
		CASE(a_kernel_that_preempts_lazily_is_told_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
