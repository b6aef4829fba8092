// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole updates over fake trees: where facts come from and what is missing of them.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/lib/discover_case.h"
#include "tests/lib/tree.h"

TEST(facts_come_from_the_pods_file_and_who_is_not_in_it_stays_unknown)
{
	struct discover_case p;
	struct pod *a, *b;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_pods_file(&p, UID_A, "shop", "web-1");
	discover_case_policy(&p, DISCOVER_FACTS_IN_FILE);
	assert_int_equal(discover_update(p.d, 0), 1);
	a = discover_case_pod(p.m, UID_A);
	b = discover_case_pod(p.m, UID_B);
	assert_string_equal(p.m->facts_note, "");
	assert_int_equal(a->facts_state, FACT_KNOWN);
	assert_string_equal(a->name, "shop/web-1");
	assert_string_equal(a->facts->ns, "shop");
	assert_int_equal(a->resources.cpu_request_milli.state, FACT_KNOWN);
	assert_int_equal(a->resources.cpu_request_milli.value, 250);
	assert_int_equal(b->facts_state, FACT_UNKNOWN);
	assert_null(b->facts);
	assert_string_equal(b->name, UID_B);
	assert_int_equal(b->resources.memory_request_bytes.state, FACT_UNKNOWN);
	discover_case_close(&p);
}

TEST(a_changed_pods_file_is_read_at_the_next_update)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_pods_file(&p, UID_A, "shop", "web-1");
	discover_case_policy(&p, DISCOVER_FACTS_IN_FILE);
	assert_int_equal(discover_update(p.d, 0), 1);
	discover_case_pods_file(&p, UID_B, "shop", "worker-1");
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(discover_case_pod(p.m, UID_A)->facts_state, FACT_UNKNOWN);
	assert_string_equal(discover_case_pod(p.m, UID_A)->name, UID_A);
	assert_string_equal(discover_case_pod(p.m, UID_B)->name, "shop/worker-1");
	discover_case_close(&p);
}

TEST(a_pods_file_that_is_cut_short_changes_nothing_but_the_note)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_pods_file(&p, UID_A, "shop", "web-1");
	discover_case_policy(&p, DISCOVER_FACTS_IN_FILE);
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(tree_write(p.dir, "pods.json", "{\"items\":[{\"metadata\":{\"uid\":\""),
			 0);
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_non_null(strstr(p.m->facts_note, "cut short"));
	assert_non_null(strstr(p.m->facts_note, "keeping"));
	assert_string_equal(discover_case_pod(p.m, UID_A)->name, "shop/web-1");
	assert_int_equal(discover_case_pod(p.m, UID_B)->facts_state, FACT_UNKNOWN);
	/* And a good one heals it. */
	discover_case_pods_file(&p, UID_A, "shop", "web-2");
	assert_int_equal(discover_update(p.d, 2), 1);
	assert_string_equal(p.m->facts_note, "");
	assert_string_equal(discover_case_pod(p.m, UID_A)->name, "shop/web-2");
	discover_case_close(&p);
}

TEST(a_kubelet_that_nobody_may_ask_leaves_pods_unknown_and_the_note_says_so)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_policy(&p, "version: 1\nfacts: {from: kubelet}\n");
	assert_int_equal(discover_update(p.d, 0), 1);
	assert_int_equal(discover_case_pod(p.m, UID_A)->facts_state, FACT_UNKNOWN);
	assert_non_null(strstr(p.m->facts_note, "no kubelet to ask here"));
	assert_true(p.m->facts_awaited);
	assert_int_equal(discover_facts_fd(p.d), -EBADF);
	discover_case_policy(&p, "version: 1\nfacts: {from: cgroup}\n");
	assert_int_equal(discover_update(p.d, 1), 1);
	assert_int_equal(discover_case_pod(p.m, UID_A)->facts_state, FACT_ABSENT);
	assert_string_equal(p.m->facts_note, "");
	assert_false(p.m->facts_awaited);
	discover_case_close(&p);
}

TEST(losing_the_facts_file_to_another_policy_leaves_no_dangling_facts)
{
	struct discover_case p;

	discover_case_open(&p, DISCOVER_THREE_PODS, 0);
	discover_case_pods_file(&p, UID_A, "shop", "web-1");
	discover_case_policy(&p, DISCOVER_FACTS_IN_FILE);
	assert_int_equal(discover_update(p.d, 0), 1);
	discover_case_policy(&p, "version: 1\nfacts: {from: cgroup}\n");
	/* Before the next update: who serves D-Bus may look at any time. */
	assert_null(discover_case_pod(p.m, UID_A)->facts);
	assert_int_equal(discover_case_pod(p.m, UID_A)->facts_state, FACT_ABSENT);
	discover_case_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_come_from_the_pods_file_and_who_is_not_in_it_stays_unknown),
		cmocka_unit_test(a_changed_pods_file_is_read_at_the_next_update),
		cmocka_unit_test(a_pods_file_that_is_cut_short_changes_nothing_but_the_note),
		cmocka_unit_test(
			a_kubelet_that_nobody_may_ask_leaves_pods_unknown_and_the_note_says_so),
		cmocka_unit_test(losing_the_facts_file_to_another_policy_leaves_no_dangling_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
