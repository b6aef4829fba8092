// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/discover/kubelet_beat.h"

#define S 1000000ll
#define MS 1000ll

static int64_t wait_after(struct kubelet_beat *b, int64_t now_us)
{
	return b->next_us - now_us;
}

static void expect_about(int64_t got, int64_t want)
{
	assert_true(got >= want - want / 10);
	assert_true(got <= want + want / 10);
}

TEST(the_first_question_is_due_at_once_and_then_every_10_s_or_so)
{
	struct kubelet_beat b = {0};

	kubelet_beat_seed(&b, "node-1");
	for (int64_t now = 0; now < 200 * S; now = b.next_us) {
		assert_true(kubelet_beat_due(&b, now));
		kubelet_beat_sent(&b, now);
		kubelet_beat_answered(&b, now, false, false);
		expect_about(wait_after(&b, now), 10 * S);
		assert_false(kubelet_beat_due(&b, b.next_us - 1));
	}
	kubelet_beat_answered(&b, 500 * S, false, true);
	expect_about(wait_after(&b, 500 * S), 30 * S);
}

TEST(nodes_do_not_ask_in_step_and_each_does_the_same_at_each_start)
{
	struct kubelet_beat a = {0}, again = {0}, b = {0};
	int same = 0;

	kubelet_beat_seed(&a, "node-1");
	kubelet_beat_seed(&again, "node-1");
	kubelet_beat_seed(&b, "node-2");
	for (int i = 0; i < 50; i++) {
		kubelet_beat_sent(&a, 0);
		kubelet_beat_sent(&again, 0);
		kubelet_beat_sent(&b, 0);
		kubelet_beat_answered(&a, 0, false, false);
		kubelet_beat_answered(&again, 0, false, false);
		kubelet_beat_answered(&b, 0, false, false);
		assert_true(a.next_us == again.next_us);
		same += a.next_us / (10 * MS) == b.next_us / (10 * MS);
	}
	assert_true(same < 10);
}

TEST(new_pods_are_asked_for_at_once_and_in_bursts_together)
{
	struct kubelet_beat b = {0};

	kubelet_beat_sent(&b, 0);
	kubelet_beat_answered(&b, 0, false, false);
	kubelet_beat_new_pod(&b, 5 * S);
	assert_true(kubelet_beat_due(&b, 5 * S));
	kubelet_beat_sent(&b, 5 * S);
	kubelet_beat_answered(&b, 5 * S, false, false);
	kubelet_beat_new_pod(&b, 5 * S + 50 * MS);
	kubelet_beat_new_pod(&b, 5 * S + 90 * MS);
	assert_true(b.next_us == 5 * S + 200 * MS);
}

TEST(a_pod_that_stays_unknown_is_asked_for_ever_less_often)
{
	static const int64_t waits[] = {200 * MS, 1 * S, 2 * S, 4 * S, 8 * S};
	struct kubelet_beat b = {0};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		kubelet_beat_answered(&b, 0, true, false);
		assert_true(b.next_us == waits[i]);
	}
	for (int i = 0; i < 100; i++) {
		kubelet_beat_answered(&b, 0, true, false);
		expect_about(b.next_us, 10 * S);
	}
	/* Another pod begins anew. */
	kubelet_beat_new_pod(&b, 100 * S);
	kubelet_beat_answered(&b, 100 * S, true, false);
	assert_true(wait_after(&b, 100 * S) == 200 * MS);
}

TEST(while_a_pod_stands_still_it_is_asked_for_every_second)
{
	struct kubelet_beat b = {0};

	kubelet_beat_sent(&b, 5 * S);
	kubelet_beat_answered(&b, 5 * S + 100 * MS, false, false);
	kubelet_beat_frozen(&b);
	assert_true(b.next_us == 6 * S);
	/* It is due already; and a kubelet that fails is not pressed. */
	b.next_us = 1 * S;
	kubelet_beat_frozen(&b);
	assert_true(b.next_us == 1 * S);
	kubelet_beat_failed(&b, 100 * S);
	kubelet_beat_frozen(&b);
	assert_true(b.next_us > 100 * S);
}

TEST(failures_wait_longer_and_longer_up_to_a_minute)
{
	static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct kubelet_beat b = {0};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		kubelet_beat_failed(&b, 0);
		expect_about(b.next_us, waits[i] * S);
	}
	for (int i = 0; i < 1000; i++)
		kubelet_beat_failed(&b, 0);
	expect_about(b.next_us, 60 * S);
	/* A pod that comes says that the kubelet lives: asked soon, but not in a tight loop. */
	kubelet_beat_sent(&b, 0);
	kubelet_beat_new_pod(&b, 100 * MS);
	assert_true(b.next_us == 1 * S);
	kubelet_beat_answered(&b, 0, false, false);
	kubelet_beat_failed(&b, 0);
	expect_about(b.next_us, 1 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_question_is_due_at_once_and_then_every_10_s_or_so),
		cmocka_unit_test(nodes_do_not_ask_in_step_and_each_does_the_same_at_each_start),
		cmocka_unit_test(new_pods_are_asked_for_at_once_and_in_bursts_together),
		cmocka_unit_test(a_pod_that_stays_unknown_is_asked_for_ever_less_often),
		cmocka_unit_test(while_a_pod_stands_still_it_is_asked_for_every_second),
		cmocka_unit_test(failures_wait_longer_and_longer_up_to_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
