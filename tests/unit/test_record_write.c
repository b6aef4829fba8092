// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>

#include "colod/manual.h"
#include "policy/knob.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/record_case.h"

#define SECOND 1000000ll
#define WEB "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podweb.slice"
#define HOG "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podhog.slice"

static struct fake f;
static struct record_case c;
static struct pod *web, *hog;

static int open_with(const struct record_names *names)
{
	fake_init(&f);
	fake_service(&f, "system.slice/acme-db.service");
	web = fake_pod(&f, WEB, QOS_BURSTABLE);
	hog = fake_pod(&f, HOG, QOS_BESTEFFORT);
	fake_request(web, 1000, 1 << 28);
	record_case_open(&c, names);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return open_with(NULL);
}

static int teardown(void **state)
{
	(void)state;
	record_case_close(&c);
	fake_free(&f);
	return 0;
}

static void sample(int64_t second)
{
	fake_sample(&f, web, second * SECOND, (uint64_t)second * 500000, 0);
	fake_sample(&f, hog, second * SECOND, (uint64_t)second * 900000, 0);
	fake_sample_node(&f, second * SECOND, (uint64_t)second * 1500000);
}

static void pass(int64_t second)
{
	sample(second);
	record_case_pass(&c, &f, second * SECOND);
}

/* What the last pass added. */
static const char *last_pass(int64_t second)
{
	static char text[1 << 16];
	size_t before = c.text.n;

	pass(second);
	assert_true(c.text.n - before < sizeof(text));
	memcpy(text, c.text.text + before, c.text.n - before);
	text[c.text.n - before] = '\0';
	return text;
}

TEST(a_record_begins_with_its_version_and_its_policy)
{
	static const char head[] = "colod-record 1\n# colod test: ";

	assert_memory_equal(c.text.text, head, sizeof(head) - 1);
	assert_true(record_case_has(&c.text, "\nnames plain\nsteps yes\npolicy 1\nsource etc/"));
	assert_true(record_case_has(&c.text, "\ny version: 1\ny mode: squeeze\n"));
	assert_true(record_case_has(&c.text, "\npolicy-end\n"));
}

/* After the 10 s of the scores' window everything stands still. */
TEST(a_steady_pass_is_its_samples)
{
	for (int s = 1; s <= 14; s++) {
		pass(s);
		record_case_apply(&c, &f);
	}
	assert_string_equal(last_pass(15), "t 15000000\n"
					   "s 1 0 5 900000\n"
					   "s 0 0 5 500000\n"
					   "n 0 1 1500000\n"
					   "end\n");
}

TEST(a_steady_pass_allocates_nothing)
{
	unsigned long before;

	for (int s = 1; s <= 8; s++) {
		pass(s);
		record_case_apply(&c, &f);
	}
	/* Room for more. */
	for (int s = 9; s <= 40; s++)
		pass(s);
	c.text.n = 0;
	sample(41);
	before = alloc_count();
	record_case_pass(&c, &f, 41 * SECOND);
	assert_int_equal(alloc_count(), before);
}

TEST(what_changes_is_one_line)
{
	const char *text;

	pass(1);
	pass(2);
	fake_set(f.model.cgroups[3], KNOB_IO_WEIGHT, 55);
	text = last_pass(3);
	assert_non_null(strstr(text, "\nk 3 io.weight=55\n"));
	assert_null(strstr(text, "\ncg "));
	assert_null(strstr(text, "\norder "));
	assert_null(strstr(text, "\npod "));
}

TEST(a_knob_of_colods_carries_both_values)
{
	pass(1);
	fake_own(hog->cgroup, KNOB_CPU_MAX, KNOB_VALUE_MAX, 20000);
	hog->cgroup->knobs[KNOB_CPU_MAX].held = true;
	assert_non_null(
		strstr(last_pass(2), " cpu.max=20000/100000:hold:max/100000:20000/100000\n"));
}

/* And a third, where systemd was told another one: it may write that late, and then it is colod's own. */
TEST(a_knob_of_which_systemd_was_told_another_value_carries_that_too)
{
	struct knob_state *s = &hog->cgroup->knobs[KNOB_CPU_WEIGHT];

	pass(1);
	fake_own(hog->cgroup, KNOB_CPU_WEIGHT, 100, 5);
	s->told = s->written;
	assert_non_null(strstr(last_pass(2), " cpu.weight=5:own:100:5\n"));
	s->told = knob_value_of(4);
	assert_non_null(strstr(last_pass(3), " cpu.weight=5:own:100:5:4\n"));
	s->told.state = KNOB_UNREAD;
	assert_non_null(strstr(last_pass(4), " cpu.weight=5:own:100:5\n"));
}

/* A reader of before there were any takes no line of them. */
TEST(orders_are_said_when_there_are_and_when_there_are_none_any_more)
{
	struct manual manual = {.n = 0};

	f.model.manual = &manual;
	pass(1);
	assert_false(record_case_has(&c.text, "\nmanual"));
	manual.orders[manual.n++] = (struct manual_order){.slot = hog->slot,
							  .serial = hog->serial,
							  .kind = MANUAL_SQUEEZE,
							  .level = LEVEL_NONE,
							  .until_us = 60 * SECOND,
							  .who = "uid 0"};
	assert_non_null(strstr(last_pass(2), "\nmanual slot="));
	assert_null(strstr(last_pass(3), "\nmanual"));
	manual.n = 0;
	assert_non_null(strstr(last_pass(4), "\nmanual\n"));
	assert_null(strstr(last_pass(5), "\nmanual"));
}

TEST(a_pod_that_goes_leaves_the_lists)
{
	const char *text;

	pass(1);
	f.model.n_pods--;
	f.model.pods[f.model.n_pods]->cgroup->kind = CGROUP_OTHER;
	f.model.pods[f.model.n_pods]->cgroup->pod = NULL;
	text = last_pass(2);
	assert_non_null(strstr(text, "\npods "));
	assert_non_null(strstr(text, "kind=other"));
	f.model.n_pods++; /* for fake_free() */
}

/* Whatever a tenant puts into a label: only what the policy asks for is written. */
TEST(labels_that_nobody_asks_for_stay_out)
{
	struct pod_label labels[] = {{strdup("tier"), strdup("gold")},
				     {strdup("password"), strdup("hunter2")}};
	struct pod_label notes[] = {{strdup("last-applied"), strdup("{env: {TOKEN: x}}")}};

	web->facts->labels = labels;
	web->facts->n_labels = 2;
	web->facts->annotations = notes;
	web->facts->n_annotations = 1;
	pass(1);
	assert_true(record_case_has(&c.text, "label 0 tier gold\n"));
	assert_false(record_case_has(&c.text, "hunter2"));
	assert_false(record_case_has(&c.text, "TOKEN"));
	web->facts->labels = web->facts->annotations = NULL;
	for (int i = 0; i < 2; i++) {
		free(labels[i].key);
		free(labels[i].value);
	}
	free(notes[0].key);
	free(notes[0].value);
}

/* Without them a replay would choose another pod; they are no names. What else stands there is one. */
TEST(what_an_order_of_evictions_reads_is_written_as_it_is)
{
	static char cost[] = "controller.kubernetes.io/pod-deletion-cost", number[] = "-5";
	static char stay[] = "cluster-autoscaler.kubernetes.io/safe-to-evict", secret[] = "hunter2";
	const struct record_names names = {{5, 6}};
	struct pod_label notes[] = {{cost, number}, {stay, secret}};

	for (int i = 0; i < 2; i++) {
		record_case_close(&c);
		fake_free(&f);
		(void)open_with(&names);
		web->facts->annotations = notes;
		web->facts->n_annotations = 2;
		c.policy->evict.n_order = 1;
		c.policy->evict.order[0] = i == 0 ? EVICT_BY_COST : EVICT_BY_OPT_OUT;
		pass(1);
		web->facts->annotations = NULL;
		web->facts->n_annotations = 0;
		assert_int_equal(record_case_has(&c.text, "pod-deletion-cost -5\n"), i == 0);
		assert_int_equal(record_case_has(&c.text, "safe-to-evict"), i == 1);
		assert_false(record_case_has(&c.text, "hunter2"));
	}
}

TEST(pseudonyms_leave_no_name)
{
	const struct record_names names = {{5, 6}};

	record_case_close(&c);
	fake_free(&f);
	(void)open_with(&names);
	pass(1);
	assert_true(record_case_has(&c.text, "\nnames pseudonyms\n"));
	assert_false(record_case_has(&c.text, "podweb"));
	assert_false(record_case_has(&c.text, "acme"));
	assert_false(record_case_has(&c.text, "team"));
	assert_false(record_case_has(&c.text, "comment"));
	assert_false(record_case_has(&c.text, "gold"));
	assert_true(record_case_has(&c.text, "kubepods.slice/kubepods-burstable.slice/"));
	assert_true(record_case_has(&c.text, "\nassign 0 level rule="));
}

TEST(a_ladder_that_somebody_moved_is_written)
{
	pass(1);
	assert_null(strstr(last_pass(2), "\nladder "));
	c.ladders.of[RESOURCE_CPU] = (struct ladder){.steps = 4};
	assert_non_null(strstr(last_pass(3), "\nladder cpu rung=calm "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_begins_with_its_version_and_its_policy,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_steady_pass_is_its_samples, setup, teardown),
		cmocka_unit_test_setup_teardown(a_steady_pass_allocates_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_changes_is_one_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_knob_of_colods_carries_both_values, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_knob_of_which_systemd_was_told_another_value_carries_that_too, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			orders_are_said_when_there_are_and_when_there_are_none_any_more, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_pod_that_goes_leaves_the_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(labels_that_nobody_asks_for_stay_out, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			what_an_order_of_evictions_reads_is_written_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(pseudonyms_leave_no_name, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ladder_that_somebody_moved_is_written, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
