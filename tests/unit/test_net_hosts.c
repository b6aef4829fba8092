// SPDX-License-Identifier: LGPL-2.1-or-later
// Pods in the host's network: who of them gets a program, keeps it and loses it, in rounds with a kernel that says what the test wants.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/fake_egress.h"
#include "tests/lib/round_case.h"

static struct round_case k;
static struct net_round_pod pods[2];
static struct net_round_told told[2];

static int setup(void **state)
{
	(void)state;
	fake_egress_reset();
	round_case_open(&k);
	assert_int_equal(mkdirat(k.fd, "pod2", 0755), 0);
	pods[0] = (struct net_round_pod){
		.serial = 7, .cgroup_path = "pod", .marked = true, .level = LEVEL_P7};
	pods[1] = (struct net_round_pod){
		.serial = 8, .cgroup_path = "pod2", .marked = true, .level = LEVEL_P1};
	k.wanted.pods = pods;
	k.wanted.n_pods = 2;
	/* Of the uplink nothing is known, so nothing is done to it. */
	k.wanted.plan.list[0].refusal = NET_UNREAD;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	k.found.pods = NULL;
	round_case_close(&k);
	assert_int_equal(fake_egress_links(), 0);
	return 0;
}

/* What a round does for pods of which it found this. */
static void go(enum net_refusal first, enum net_refusal second)
{
	told[0] = (struct net_round_told){.pod = {.serial = pods[0].serial, .refusal = first}};
	told[1] = (struct net_round_told){.pod = {.serial = pods[1].serial, .refusal = second}};
	k.found = (struct net_round_found){.pods = told, .n_pods = k.wanted.n_pods};
	net_hosts_look(k.round, &k.found);
	if (k.wanted.apply)
		net_hosts_apply(k.round, &k.wanted, &k.found);
}

static void go_both(void)
{
	go(NET_HOST_NETWORK, NET_HOST_NETWORK);
}

static uint32_t mark_of(enum level level)
{
	return net_mark_of(&k.wanted.plan.mark, level);
}

TEST(a_pod_in_the_hosts_network_gets_the_mark_of_its_level_and_one_with_an_end_none)
{
	go(NET_HOST_NETWORK, NET_FINE);
	assert_int_equal(fake_egress_links(), 1);
	assert_int_equal(fake_egress_mark(k.fd, "pod"), mark_of(LEVEL_P7));
	assert_true(told[0].pod.host && !told[1].pod.host);
	assert_int_equal(told[0].pod.refusal, NET_FINE);
	assert_int_equal(k.found.n_steps, 1);
	/* The next look sees it. */
	assert_false(told[0].marked);
	go(NET_HOST_NETWORK, NET_FINE);
	assert_true(told[0].marked);
	assert_int_equal(fake_egress.n_made, 1);
	assert_int_equal(k.found.n_steps, 0);
	assert_true(net_hosts_are_settled(&k.round->hosts));
}

TEST(a_look_alone_changes_nothing)
{
	k.wanted.apply = false;
	go_both();
	assert_true(told[0].pod.host && told[0].pod.refusal == NET_FINE && !told[0].marked);
	assert_int_equal(fake_egress.n_loaded, 0);
}

TEST(a_pod_that_is_not_to_be_marked_or_not_known_yet_gets_no_program)
{
	pods[0].marked = false;
	pods[1].stays = true;
	go_both();
	assert_int_equal(fake_egress.n_loaded, 0);
	assert_int_equal(told[1].pod.refusal, NET_FINE);
}

TEST(another_level_changes_the_program_in_place)
{
	go_both();
	assert_int_equal(fake_egress_mark(k.fd, "pod2"), mark_of(LEVEL_P1));
	pods[1].level = LEVEL_P4;
	go_both();
	assert_int_equal(fake_egress_mark(k.fd, "pod2"), mark_of(LEVEL_P4));
	assert_int_equal(fake_egress_mark(k.fd, "pod"), mark_of(LEVEL_P7));
	assert_int_equal(fake_egress.n_made, 2);
	assert_int_equal(fake_egress.n_changed, 1);
}

TEST(a_pod_in_its_grace_keeps_its_program_whatever_its_level_says)
{
	go_both();
	pods[1].stays = true;
	pods[1].marked = false;
	go_both();
	assert_int_equal(fake_egress_mark(k.fd, "pod2"), mark_of(LEVEL_P1));
	/* So an old filter of its mark is needed still. */
	assert_false(net_hosts_are_settled(&k.round->hosts));
}

TEST(a_program_goes_with_its_pods_share_its_pod_or_the_plan)
{
	go_both();
	pods[0].marked = false;
	go_both();
	assert_int_equal(fake_egress_links(), 1);
	assert_int_equal(k.found.n_steps, 1);
	k.wanted.n_pods = 1;
	go_both();
	assert_int_equal(fake_egress_links(), 0);
	assert_int_equal(k.found.n_steps, 0);
	pods[0].marked = true;
	go_both();
	assert_int_equal(fake_egress_links(), 1);
	k.wanted.plan.mark = (struct net_mark){0};
	go_both();
	assert_int_equal(fake_egress_links(), 0);
}

TEST(with_another_mode_every_program_goes)
{
	go_both();
	pods[0].stays = true;
	k.wanted.plan.on = false;
	go_both();
	assert_int_equal(fake_egress_links(), 0);
}

TEST(a_pod_that_gets_a_network_of_its_own_loses_its_program)
{
	go_both();
	go(NET_FINE, NET_HOST_NETWORK);
	assert_int_equal(fake_egress_links(), 1);
	assert_false(told[0].pod.host);
}

TEST(a_pod_whose_containers_start_again_keeps_its_program)
{
	go_both();
	go(NET_NO_PROCESS, NET_HOST_NETWORK);
	assert_int_equal(fake_egress_links(), 2);
	assert_true(told[0].pod.host && told[0].marked);
	assert_int_equal(told[0].pod.refusal, NET_FINE);
}

/* Their own program is no more in force below one of ours. */
TEST(where_somebodys_program_allows_none_beside_it_ours_is_not_put_or_goes)
{
	fake_egress.alone = fake_egress_inode(k.fd, "pod");
	go_both();
	assert_int_equal(told[0].pod.refusal, NET_FOREIGN_PROGRAM);
	assert_int_equal(told[0].error, 0);
	assert_int_equal(told[1].pod.refusal, NET_FINE);
	assert_int_equal(fake_egress_links(), 1);
	fake_egress.alone = fake_egress_inode(k.fd, ".");
	go_both();
	assert_int_equal(told[1].pod.refusal, NET_FOREIGN_PROGRAM);
	assert_int_equal(fake_egress_links(), 0);
	fake_egress.alone = 0;
	go_both();
	assert_int_equal(fake_egress_links(), 2);
}

TEST(a_program_that_was_cut_off_is_not_called_a_mark_and_comes_again)
{
	go_both();
	fake_egress.links[0].cut = true;
	go_both();
	assert_false(told[0].marked);
	assert_true(told[1].marked);
	assert_int_equal(fake_egress.n_made, 3);
	assert_int_equal(fake_egress_links(), 2);
}

TEST(where_the_kernel_forbids_or_lacks_it_nobody_tries_for_a_while)
{
	static const int errors[] = {-EPERM, -EINVAL};
	static const enum net_refusal said[] = {NET_HOST_DENIED, NET_HOST_NETWORK};

	for (int i = 0; i < 2; i++) {
		int64_t until_us;

		fake_egress.load_error = errors[i];
		go_both();
		until_us = k.round->hosts.barred_until_us;
		fake_egress.load_error = 0;
		go_both();
		assert_int_equal(told[0].pod.refusal, said[i]);
		assert_int_equal(told[1].pod.refusal, said[i]);
		assert_int_equal(told[0].error, 0);
		assert_int_equal(k.found.n_steps, 0);
		assert_true(net_hosts_are_settled(&k.round->hosts));
		assert_int_equal(fake_egress.n_made, 2 * i);
		k.round->look_us = until_us;
		go_both();
		assert_int_equal(fake_egress_links(), 2);
		k.wanted.plan.on = false;
		go_both();
		k.wanted.plan.on = true;
	}
}

TEST(want_of_memory_is_told_and_tried_again)
{
	fake_egress.load_error = -ENOMEM;
	go_both();
	assert_int_equal(told[0].error, -ENOMEM);
	assert_int_equal(told[0].pod.refusal, NET_FINE);
	fake_egress.load_error = 0;
	go_both();
	assert_int_equal(told[0].error, 0);
	assert_int_equal(fake_egress_links(), 2);
}

TEST(a_pod_that_vanishes_meanwhile_is_no_trouble)
{
	assert_int_equal(unlinkat(k.fd, "pod2", AT_REMOVEDIR), 0);
	go_both();
	assert_int_equal(told[1].error, 0);
	assert_int_equal(told[1].pod.refusal, NET_FINE);
	assert_int_equal(fake_egress_links(), 1);
	assert_true(net_hosts_are_settled(&k.round->hosts));
}

TEST(a_mark_does_not_change_before_its_filter_is_there)
{
	go_both();
	k.wanted.plan.mark = (struct net_mark){.mask = 0xf000, .value = 0x8000, .shift = 12};
	k.round->marks_wait = true;
	go_both();
	assert_int_equal(fake_egress.n_changed, 0);
	assert_false(net_hosts_are_settled(&k.round->hosts));
	k.round->marks_wait = false;
	go_both();
	assert_int_equal(fake_egress.n_changed, 2);
	assert_int_equal(fake_egress_mark(k.fd, "pod"), mark_of(LEVEL_P7));
	assert_true(net_hosts_are_settled(&k.round->hosts));
}

TEST(a_mark_that_could_not_be_changed_keeps_its_filter)
{
	go_both();
	pods[0].level = LEVEL_P5;
	fake_egress.change_error = -ENOMEM;
	go_both();
	assert_int_equal(told[0].error, -ENOMEM);
	assert_int_equal(fake_egress_mark(k.fd, "pod"), mark_of(LEVEL_P7));
	assert_false(net_hosts_are_settled(&k.round->hosts));
}

/* The whole of it: found by its process, marked, and nothing left of it with the round. */
TEST(a_round_finds_the_pod_marks_it_and_leaves_nothing_when_it_ends)
{
	k.wanted.n_pods = 1;
	assert_int_equal(linkat(k.fd, "proc/self/net/dev", k.fd, "proc/77/net/dev", 0), 0);
	k.found = (struct net_round_found){0};
	for (int i = 0; i < 2; i++) {
		round_case_says_uplink(&k, false);
		round_case_says_nsid(&k, 9);
		round_case_run(&k);
		assert_true(k.found.pods[0].pod.host);
		assert_int_equal(k.found.pods[0].marked, i == 1);
		assert_int_equal(k.found.n_steps, i == 0);
	}
	assert_int_equal(fake_egress_mark(k.fd, "pod"), mark_of(LEVEL_P7));
	net_round_found_done(&k.found);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pod_in_the_hosts_network_gets_the_mark_of_its_level_and_one_with_an_end_none),
		CASE(a_look_alone_changes_nothing),
		CASE(a_pod_that_is_not_to_be_marked_or_not_known_yet_gets_no_program),
		CASE(another_level_changes_the_program_in_place),
		CASE(a_pod_in_its_grace_keeps_its_program_whatever_its_level_says),
		CASE(a_program_goes_with_its_pods_share_its_pod_or_the_plan),
		CASE(with_another_mode_every_program_goes),
		CASE(a_pod_that_gets_a_network_of_its_own_loses_its_program),
		CASE(a_pod_whose_containers_start_again_keeps_its_program),
		CASE(where_somebodys_program_allows_none_beside_it_ours_is_not_put_or_goes),
		CASE(a_program_that_was_cut_off_is_not_called_a_mark_and_comes_again),
		CASE(where_the_kernel_forbids_or_lacks_it_nobody_tries_for_a_while),
		CASE(want_of_memory_is_told_and_tried_again),
		CASE(a_pod_that_vanishes_meanwhile_is_no_trouble),
		CASE(a_mark_does_not_change_before_its_filter_is_there),
		CASE(a_mark_that_could_not_be_changed_keeps_its_filter),
		CASE(a_round_finds_the_pod_marks_it_and_leaves_nothing_when_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
