// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/evict.h"
#include "policy/incident_mark.h"

#include <stdio.h>

#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"

#define S INCIDENT_CASE_S

static struct incident_case c;

static int make(void **state)
{
	(void)state;
	if (incident_case_open(&c) < 0)
		return -1;
	incident_case_run(&c, 100, 500, 10);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	incident_case_close(&c);
	return 0;
}

static struct incident *open_one(void)
{
	return incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU);
}

static const char *done(const struct incident *i)
{
	static char buf[128];

	return incident_mark_done(i, buf, sizeof(buf));
}

TEST(what_was_done_in_the_minute_before_is_in_it)
{
	struct incident *i;

	incident_case_record(&c, HISTORY_RUNG, "memory", "", "squeeze", false);
	incident_case_run(&c, 30, 500, 10);
	incident_case_record(&c, HISTORY_WRITE, "a/b", "cpu.max", "1", false);
	incident_case_run(&c, 31, 500, 10);
	i = open_one();
	assert_int_equal(i->n_marks, 1);
	assert_int_equal(i->marks[0].kind, HISTORY_WRITE);
	assert_string_equal(done(i), "1 held");
}

TEST(the_same_again_is_one_with_its_last_value)
{
	struct incident *i = open_one();

	incident_case_record(&c, HISTORY_WRITE, "a/b", "cpu.max", "first", false);
	incident_case_record(&c, HISTORY_WRITE, "a/c", "cpu.max", "other", false);
	incident_case_run(&c, 10, 500, 10);
	incident_case_record(&c, HISTORY_WRITE, "a/b", "cpu.max", "last", false);
	assert_int_equal(i->n_marks, 2);
	assert_int_equal(i->marks[0].n, 2);
	assert_string_equal(i->marks[0].to, "last");
	assert_int_equal(i->marks[0].last_us - i->marks[0].at_us, 10 * S);
	incident_case_run(&c, 16, 500, 10);
	incident_case_record(&c, HISTORY_WRITE, "a/b", "cpu.max", "later", false);
	assert_int_equal(i->n_marks, 3);
	assert_string_equal(done(i), "2 held");
}

TEST(steps_are_never_one_and_what_does_not_matter_is_none)
{
	struct incident *i = open_one();
	struct history_record share = HISTORY_RECORD(HISTORY_WRITE);

	incident_case_record(&c, HISTORY_RUNG, "cpu", "", "squeeze", false);
	incident_case_record(&c, HISTORY_RUNG, "cpu", "", "squeeze", false);
	incident_case_record(&c, HISTORY_FACTS, "cpu", "", "", false);
	incident_case_record(&c, HISTORY_CANDIDATE, "cpu", "", "", false);
	share.effect = EFFECT_SHARE;
	incident_mark(&c.incidents, &share);
	assert_int_equal(i->n_marks, 2);
	assert_string_equal(done(i), "nothing");
}

TEST(where_there_is_no_room_writes_go_before_steps)
{
	struct incident *i = open_one();
	char what[16];

	incident_case_record(&c, HISTORY_WRITE, "a/b", "cpu.max", "1", false);
	for (int n = 0; n < INCIDENT_MARKS - 1; n++) {
		(void)snprintf(what, sizeof(what), "a/%d", n);
		incident_case_record(&c, HISTORY_KILL, what, "cgroup.kill", "", false);
	}
	incident_case_record(&c, HISTORY_RUNG, "cpu", "", "squeeze", false);
	assert_int_equal(i->n_marks, INCIDENT_MARKS);
	assert_int_equal(i->marks_left_out, 1);
	assert_int_equal(i->marks[0].kind, HISTORY_KILL);
	assert_int_equal(i->marks[INCIDENT_MARKS - 1].kind, HISTORY_RUNG);
	incident_case_record(&c, HISTORY_WRITE, "a/b", "cpu.max", "1", false);
	assert_int_equal(i->marks[INCIDENT_MARKS - 1].kind, HISTORY_RUNG);
	incident_case_record(&c, HISTORY_KILL, "a/last", "cgroup.kill", "", false);
	assert_string_equal(i->marks[0].what, "a/1");
	assert_string_equal(i->marks[INCIDENT_MARKS - 1].what, "a/last");
}

TEST(what_was_done_is_said_in_a_few_words)
{
	struct incident *i = open_one();

	assert_string_equal(done(i), "nothing");
	incident_case_record(&c, HISTORY_WRITE, "a/b", "cpu.max", "1", true);
	assert_string_equal(done(i), "would 1 hold");
	incident_case_record(&c, HISTORY_WRITE, "a/b", "cgroup.freeze", "1", false);
	incident_case_record(&c, HISTORY_EVICT, "a/b", "evict", "201", false);
	incident_case_record(&c, HISTORY_EVICT, "a/b", "evict", "gone", false);
	incident_case_record(&c, HISTORY_KILL, "a/c", "cgroup.kill", "", false);
	assert_string_equal(done(i), "1 killed, 1 evicted, 1 frozen");
	/* Who was asked in vain is there still. */
	incident_case_record(&c, HISTORY_EVICT, "a/d", "evict",
			     evict_text_answer(EVICT_ANSWER_BUDGET), false);
	incident_case_record(&c, HISTORY_KILL, "a/e", "cgroup.kill", "was not done: gone", false);
	assert_string_equal(done(i), "1 killed, 1 evicted, 1 frozen");
}

TEST(long_names_are_cut_between_characters)
{
	struct history_record r = HISTORY_RECORD(HISTORY_KILL);
	struct incident *i = open_one();

	for (size_t n = 0; n + 2 < 200; n += 2)
		memcpy(r.what + n, "\xc3\xa9", 3);
	memcpy(r.pod, r.what, 200);
	incident_mark(&c.incidents, &r);
	assert_int_equal(strlen(i->marks[0].what), sizeof(i->marks[0].what) - 2);
	assert_int_equal((unsigned char)i->marks[0].what[0], 0xc3);
	assert_int_equal(strlen(i->marks[0].pod), REASON_WHO_SIZE - 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_done_in_the_minute_before_is_in_it),
		T(the_same_again_is_one_with_its_last_value),
		T(steps_are_never_one_and_what_does_not_matter_is_none),
		T(where_there_is_no_room_writes_go_before_steps),
		T(what_was_done_is_said_in_a_few_words),
		T(long_names_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
