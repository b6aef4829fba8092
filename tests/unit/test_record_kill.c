// SPDX-License-Identifier: LGPL-2.1-or-later
// A look for somebody to kill: there and back, and decided again from what was recorded.
#include "policy/record_kill.h"
#include "tests/lib/test.h"

#include <errno.h>

#include "policy/ring.h"
#include "tests/lib/decide_case.h"
#include "tests/lib/record_case.h"

#define S_US 1000000ll
#define MIB ((uint64_t)1 << 20)

static struct record_buf buf;
static struct record_kill_given given;
static struct fake f;
static struct record_case c;
static struct victim_memory memory[16];

static int setup(void **state)
{
	(void)state;
	buf = (struct record_buf){0};
	given = (struct record_kill_given){0};
	memset(memory, 0, sizeof(memory));
	fake_init(&f);
	record_case_open(&c, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	record_kill_given_done(&given);
	record_buf_free(&buf);
	record_case_close(&c);
	fake_free(&f);
	return 0;
}

/* Reads `text`, of lines that all begin with "kill". */
static int get(const char *text, size_t len)
{
	struct record_line rest = {text, len};
	int r = 0;

	record_kill_begin(&given);
	while (r == 0 && rest.len > 0) {
		const char *end = memchr(rest.at, '\n', rest.len);
		struct record_line line, word;

		assert_non_null(end);
		line = (struct record_line){rest.at, (size_t)(end - rest.at)};
		rest.len -= line.len + 1;
		rest.at = end + 1;
		assert_true(record_next(&line, &word) && record_is(&word, "kill"));
		r = record_kill_get(&line, 100 * S_US, &given);
	}
	return r;
}

static struct record_kill some(const struct pod *pod)
{
	memory[pod->slot] = (struct victim_memory){
		.serial = pod->serial, .at_us = 99 * S_US, .anon_bytes = 7, .shmem_bytes = 9};
	return (struct record_kill){
		.before = {.since_us = 5,
			   .look_us = 6,
			   .looks = 3,
			   .ended_us = 7,
			   .serial = 8,
			   .freed_bytes = 9,
			   .victims = {.at_us = 10,
				       .estimate_bytes = 11,
				       .resting = {{.serial = 12, .until_us = 13}}}},
		.memory = memory,
		.n_memory = 16,
	};
}

TEST(what_it_was_decided_from_goes_there_and_back)
{
	struct pod *pod = fake_pod(&f, O1, QOS_BESTEFFORT);
	struct record_kill kill = some(pod);

	memory[pod->slot + 1] = (struct victim_memory){.serial = 99, .at_us = 99 * S_US};
	record_kill_put(&buf, &kill, &f.model, 100 * S_US);
	assert_int_equal(get(buf.text, buf.n), 0);
	assert_true(given.given);
	assert_memory_equal(&given.before, &kill.before, sizeof(given.before));
	assert_true(given.n_memory == pod->slot + 1u);
	assert_memory_equal(&given.memory[pod->slot], &memory[pod->slot], sizeof(memory[0]));
	/* Of a machine with several memory nodes. */
	memory[pod->slot].there_bytes = 11;
	memory[pod->slot].elsewhere_bytes = 12;
	buf.n = 0;
	record_kill_put(&buf, &kill, &f.model, 100 * S_US);
	assert_int_equal(get(buf.text, buf.n), 0);
	assert_memory_equal(&given.memory[pod->slot], &memory[pod->slot], sizeof(memory[0]));
	record_kill_begin(&given);
	assert_false(given.given);
	assert_true(given.memory[pod->slot].serial == 0);
}

TEST(a_line_that_is_cut_or_too_long_is_refused)
{
	struct record_kill kill = some(fake_pod(&f, O1, QOS_BESTEFFORT));

	record_kill_put(&buf, &kill, &f.model, 100 * S_US);
	for (size_t i = 0; i < buf.n; i++) {
		char text[512];

		if (buf.text[i] != ' ')
			continue;
		assert_true(buf.n + 1 < sizeof(text));
		memcpy(text, buf.text, i);
		text[i] = '\n';
		if (i > 4 && memcmp(text + i - 4, "kill", 4) == 0)
			continue;
		assert_int_equal(get(text, i + 1), -EBADMSG);
	}
	assert_int_equal(get("kill rests 1 2\n", 15), -EBADMSG);
	assert_int_equal(get("kill memory 0 1 2 3 4\n", 22), -EBADMSG);
	assert_int_equal(get("kill memory 0 1 2 3 4 5\n", 24), -EBADMSG);
	assert_int_equal(get("kill memory 0 1 2 3 4 5 6 7\n", 28), -EBADMSG);
	assert_int_equal(get("kill else\n", 10), -EBADMSG);
}

TEST(where_nobody_has_to_be_killed_nobody_is_again)
{
	struct pod *pod = fake_pod(&f, O1, QOS_BESTEFFORT);
	struct record_kill kill = some(pod);
	const struct victim_input in = {
		.model = &f.model,
		.samples = &f.samples,
		.policy = &f.policy,
		.plan = &f.plan,
		.now_us = 100 * S_US,
	};

	f.policy.pressure_kill = (struct pressure_rule){.on = true, .window_us = 3 * S_US};
	assert_int_equal(ring_add_node(&f.samples.node,
				       &(struct node_sample){
					       .at_us = 99 * S_US,
					       .valid = SAMPLE_MEMORY,
					       .memory_available_bytes = 1000 * MIB,
				       }),
			 0);
	assert_false(record_kill_decide(&kill, &in));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_it_was_decided_from_goes_there_and_back),
		CASE(a_line_that_is_cut_or_too_long_is_refused),
		CASE(where_nobody_has_to_be_killed_nobody_is_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
