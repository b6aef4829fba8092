// SPDX-License-Identifier: LGPL-2.1-or-later
// Which cores are chosen, on machines of many shapes.
#include "tests/lib/test.h"

#include <stdlib.h>

#include "policy/cores.h"
#include "tests/lib/fake_topology.h"

static struct cpu_set set(const char *text)
{
	struct cpu_set s = {0};

	assert_int_equal(cpu_set_parse(text, &s), 0);
	return s;
}

#define SMALL                                                                                      \
	{                                                                                          \
		.numa = 1, .llc = 1, .cores = 2, .threads = 2, .side_by_side = true                \
	}
#define PLAIN                                                                                      \
	{                                                                                          \
		.numa = 1, .llc = 1, .cores = 8, .threads = 1                                      \
	}
#define LLCS                                                                                       \
	{                                                                                          \
		.numa = 1, .llc = 4, .cores = 4, .threads = 2, .side_by_side = true                \
	}
#define TWO                                                                                        \
	{                                                                                          \
		.numa = 2, .llc = 2, .cores = 4, .threads = 2                                      \
	}
#define FOUR                                                                                       \
	{                                                                                          \
		.numa = 4, .llc = 1, .cores = 2, .threads = 2, .side_by_side = true                \
	}

TEST(the_best_cores_are_chosen)
{
	static const struct {
		const char *what;
		struct fake_topology shape;
		const char *from, *keep;
		unsigned n_cpus;
		const char *want; /* NULL: none */
	} cases[] = {
		{"one CPU is a whole core", SMALL, "0-3", "", 1, "0-1"},
		{"two are the same core", SMALL, "0-3", "", 2, "0-1"},
		{"three are two cores", SMALL, "0-3", "", 3, "0-3"},
		{"more than there is", SMALL, "0-3", "", 5, NULL},
		{"none asked for", SMALL, "0-3", "", 0, NULL},
		{"half a core is none", SMALL, "0,2-3", "", 1, "2-3"},
		{"two halves are none", SMALL, "0,2", "", 1, NULL},
		{"without SMT a core is a CPU", PLAIN, "2-7", "", 3, "2-4"},
		{"siblings far apart", TWO, "0-31", "", 2, "0,16"},
		{"a group that is exactly filled", LLCS, "0-3,8-15,16-19", "", 4, "0-3"},
		{"of two that fit, the fuller", LLCS, "0-7,8-13", "", 6, "8-13"},
		{"of equals, the lowest", LLCS, "8-31", "", 8, "8-15"},
		{"groups of one node", LLCS, "0-31", "", 12, "0-11"},
		{"the rest of many in the best", LLCS, "0-7,8-15,16-19", "", 12, "0-7,16-19"},
		{"one node before two", TWO, "0-5,8-15,16-21,24-31", "", 14, "8-14,24-30"},
		{"the node that it fills best", TWO, "0-15,16-31", "", 16, "0-7,16-23"},
		{"the fuller node", TWO, "0-7,10-15,16-23,26-31", "", 10, "10,12-15,26,28-31"},
		{"as few nodes as can be", FOUR, "0-1,4-7,8-9,12-15", "", 8, "4-7,12-15"},
		{"a third node where needed", FOUR, "0-1,4-7,8-9,12-15", "", 10, "0-1,4-7,12-15"},
		{"enough is kept", LLCS, "0-31", "8-11", 4, "8-11"},
		{"what is enough is kept", LLCS, "0-31", "8-11", 2, "8-9"},
		{"more comes from the same group", LLCS, "0-31", "10-11", 4, "8-11"},
		{"then from the same node", TWO, "8-9,15,24-25,31,0-7,16-23", "15,31", 6,
		 "8-9,15,24-25,31"},
		{"then from anywhere", TWO, "8,24,0-7,16-23", "8,24", 4, "0,8,16,24"},
		{"half a core is not kept", LLCS, "0-31", "9-11", 4, "8-11"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct node node = {0};
		struct cpu_set from = set(cases[i].from), keep = set(cases[i].keep), got = {0};
		char text[CPU_SET_TEXT_SIZE];
		bool found;

		fake_topology(&node, cases[i].shape);
		found = cores_choose(&node, &from, &keep, cases[i].n_cpus, &got);
		if (found != (cases[i].want != NULL))
			fail_msg("%s: found %d", cases[i].what, found);
		if (found) {
			struct cpu_set want = set(cases[i].want);

			if (!cpu_set_equal(&got, &want))
				fail_msg("%s: got %s", cases[i].what,
					 cpu_set_format(&got, text, sizeof(text)));
			assert_true(cores_suit(&node, &got, cases[i].n_cpus));
		}
		free(node.cpus);
	}
}

TEST(what_suits_is_whole_online_and_no_larger_than_needed)
{
	struct node node = {0};
	struct cpu_set one, two, half, gone;

	fake_topology(&node, (struct fake_topology)SMALL);
	one = set("0-1");
	two = set("0-3");
	half = set("0");
	gone = set("2-3");
	assert_true(cores_suit(&node, &one, 1));
	assert_true(cores_suit(&node, &one, 2));
	assert_false(cores_suit(&node, &one, 3));
	assert_true(cores_suit(&node, &two, 3));
	assert_false(cores_suit(&node, &two, 2));
	assert_false(cores_suit(&node, &half, 1));
	fake_topology_offline(&node, 3);
	assert_false(cores_suit(&node, &gone, 2));
	assert_false(cores_suit(&node, &gone, 1));
	/* what is left of that core is a core */
	gone = set("2");
	assert_true(cores_suit(&node, &gone, 1));
	fake_topology_offline(&node, 2);
	assert_false(cores_suit(&node, &gone, 1));
	free(node.cpus);
}

TEST(siblings_are_the_others_of_a_core)
{
	static const struct {
		const char *of, *want;
	} cases[] = {
		{"", ""}, {"0", "1"}, {"0-1", "0-1"}, {"1,2", "0,3"}, {"0,2-3", "1-3"},
	};
	struct node node = {0};

	fake_topology(&node, (struct fake_topology)SMALL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cpu_set of = set(cases[i].of), want = set(cases[i].want);
		struct cpu_set got = cores_siblings(&node, &of);

		assert_true(cpu_set_equal(&got, &want));
	}
	fake_topology(&node, (struct fake_topology)PLAIN);
	{
		struct cpu_set of = set("0-7"), got = cores_siblings(&node, &of);

		assert_true(cpu_set_is_empty(&got));
	}
	free(node.cpus);
}

TEST(isolated_cpus_are_not_used)
{
	struct node node = {0};
	struct cpu_set got, want = set("0-1");

	fake_topology(&node, (struct fake_topology)SMALL);
	node.cpus[2].isolated = node.cpus[3].isolated = true;
	got = cores_usable(&node);
	assert_true(cpu_set_equal(&got, &want));
	free(node.cpus);
}

TEST(a_machine_with_larger_ids_is_refused_and_one_with_exactly_as_many_is_not)
{
	struct node node = {0};

	assert_false(cores_fit(&node));
	fake_topology(&node,
		      (struct fake_topology){.numa = 2, .llc = 8, .cores = 16, .threads = 2});
	assert_int_equal(node.n_cpus, 512);
	assert_true(cores_fit(&node));
	node.cpus[511].id = 512;
	assert_false(cores_fit(&node));
	fake_topology(&node,
		      (struct fake_topology){.numa = 8, .llc = 16, .cores = 16, .threads = 2});
	assert_int_equal(node.n_cpus, 4096);
	assert_false(cores_fit(&node));
	free(node.cpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_cores_are_chosen),
		cmocka_unit_test(what_suits_is_whole_online_and_no_larger_than_needed),
		cmocka_unit_test(siblings_are_the_others_of_a_core),
		cmocka_unit_test(isolated_cpus_are_not_used),
		cmocka_unit_test(
			a_machine_with_larger_ids_is_refused_and_one_with_exactly_as_many_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
