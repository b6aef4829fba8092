// SPDX-License-Identifier: LGPL-2.1-or-later
// A look for somebody to evict: there and back, and decided again from what was recorded.
#include "policy/record_evict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/test.h"
#include "tests/lib/victim_case.h"

#define SECOND 1000000ll

static struct victim_case *c;
static struct record_evict_given given;
static struct ladder ladder;
static struct record_evict some;
static struct record_buf buf;

static int setup(void **state)
{
	(void)victim_case_setup(state);
	c = *state;
	given = (struct record_evict_given){0};
	buf = (struct record_buf){0};
	ladder = (struct ladder){.rung = RUNG_EVICT,
				 .pressure_us = VICTIM_CASE_NOW,
				 .reason.code = REASON_MEMORY_WAITS};
	c->f.policy.evict = (struct evict_policy){
		.by = {EVICT_KUBERNETES},
		.n_by = 1,
		.cooldown_us = 15 * SECOND,
		.per_hour = 6,
		.order = {EVICT_BY_USAGE},
		.n_order = 1,
	};
	c->f.model.node.zones_high_bytes = 2000 * MIB;
	fake_sample_node(&c->f, VICTIM_CASE_NOW, 0);
	fake_sample_node_memory(&c->f, 2900 * MIB, 2900 * MIB);
	some = (struct record_evict){
		.resource = RESOURCE_MEMORY,
		.kubernetes = true,
		.memory = c->memory,
		.n_memory = VICTIM_CASE_SLOTS,
		.before = {.short_since_us[RESOURCE_MEMORY] = VICTIM_CASE_NOW - 4 * SECOND,
			   .short_us[RESOURCE_MEMORY] = VICTIM_CASE_NOW,
			   .ended_us = 7,
			   .busy_until_us = 8,
			   .off_until_us = 9,
			   .poor[RESOURCE_MEMORY] = 2},
	};
	evict_count(&some.before, VICTIM_CASE_NOW - 60 * SECOND);
	return 0;
}

static int teardown(void **state)
{
	record_buf_free(&buf);
	record_evict_given_done(&given);
	return victim_case_teardown(state);
}

/* Reads lines that all begin with "evict". */
static int get(const char *text, size_t len)
{
	int r = 0;

	record_evict_begin(&given);
	while (len > 0 && r == 0) {
		const char *end = memchr(text, '\n', len);
		struct record_line line = {text, (size_t)(end - text)}, word;

		len -= line.len + 1;
		text = end + 1;
		assert_true(record_next(&line, &word) && record_is(&word, "evict"));
		r = record_evict_get(&line, VICTIM_CASE_NOW, &given);
	}
	return r;
}

static bool decide_again(struct record_evict *evict)
{
	const struct evict_input in = {
		.resource = RESOURCE_MEMORY,
		.ladder = &ladder,
		.model = &c->f.model,
		.samples = &c->f.samples,
		.policy = &c->f.policy,
		.plan = &c->f.plan,
		.now_us = VICTIM_CASE_NOW,
	};

	return record_evict_decide(evict, &in);
}

TEST(what_is_written_is_read_and_decides_the_same_again)
{
	struct pod *large = victim_case_pod(c, O1, LEVEL_P7, 300);
	struct pod *kept = victim_case_pod(c, O2, LEVEL_P7, 400);
	struct record_evict again = {0};

	some.before.left_out[0] =
		(struct victim_left_out){kept->serial, VICTIM_CASE_NOW + 1, EVICT_ANSWER_BUDGET, 0};
	some.before.going[0] = (struct evict_going){77, 5};
	assert_true(decide_again(&some));
	assert_ptr_equal(some.look.list.list[some.look.at].pod, large);
	record_evict_put(&buf, &some, &c->f.model, VICTIM_CASE_NOW);
	assert_int_equal(get(buf.text, buf.n), 0);
	assert_true(given.given && given.kubernetes);
	assert_memory_equal(&given.before, &some.before, sizeof(some.before));
	again.before = given.before;
	again.resource = given.resource;
	again.kubernetes = given.kubernetes;
	again.memory = given.memory;
	again.n_memory = given.n_memory;
	assert_true(decide_again(&again));
	assert_memory_equal(&again.look, &some.look, sizeof(some.look));
}

/* What an earlier colod wrote does not say for which resource it was: memory. */
TEST(the_resource_is_written_where_it_is_another_one_than_memory)
{
	record_evict_put(&buf, &some, &c->f.model, VICTIM_CASE_NOW);
	assert_null(memmem(buf.text, buf.n, "resource", 8));
	assert_int_equal(get(buf.text, buf.n), 0);
	assert_int_equal(given.resource, RESOURCE_MEMORY);
	buf.n = 0;
	some.resource = RESOURCE_CPU;
	some.before.short_since_us[RESOURCE_CPU] = 17;
	some.before.poor[RESOURCE_CPU] = 1;
	record_evict_put(&buf, &some, &c->f.model, VICTIM_CASE_NOW);
	assert_non_null(memmem(buf.text, buf.n, " poor=1 resource=cpu\n", 21));
	assert_int_equal(get(buf.text, buf.n), 0);
	assert_int_equal(given.resource, RESOURCE_CPU);
	assert_true(given.before.short_since_us[RESOURCE_CPU] == 17);
	assert_int_equal(given.before.poor[RESOURCE_CPU], 1);
	assert_int_equal(given.before.poor[RESOURCE_MEMORY], 0);
}

TEST(a_step_for_the_cpu_says_so)
{
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 300);

	some.look = (struct evict_look){.resource = RESOURCE_CPU, .need_rate = 100};
	some.look.list.list[0] = (struct victim){.pod = p, .rate = 480, .rate_of = RESOURCE_CPU};
	some.look.list.n = some.look.list.n_candidates = 1;
	record_evict_tell(&buf, &some, NULL, "> ");
	assert_non_null(memmem(buf.text, buf.n,
			       " resource=cpu needed=100 expected=480 place=1 of=1\n", 51));
	buf.n = 0;
	some.look.why = EVICT_NOT_NOBODY;
	record_evict_tell(&buf, &some, NULL, "> ");
	assert_non_null(memmem(buf.text, buf.n,
			       "> evict-nobody resource=cpu: no pod may be evicted\n", 51));
}

TEST(a_pending_one_is_read_and_still_waited_for)
{
	some.before.pending[0] = (struct evict_pending){.stage = EVICT_STAGE_DYING,
							.serial = 5,
							.until_us = VICTIM_CASE_NOW + 1,
							.estimate_bytes = 100,
							.freed_bytes = 10};
	some.before.pending[1] = (struct evict_pending){.stage = EVICT_STAGE_AGAIN,
							.serial = 6,
							.until_us = VICTIM_CASE_NOW - 1,
							.ordered = true};
	victim_case_pod(c, O1, LEVEL_P7, 300);
	record_evict_put(&buf, &some, &c->f.model, VICTIM_CASE_NOW);
	assert_int_equal(get(buf.text, buf.n), 0);
	assert_memory_equal(&given.before, &some.before, sizeof(some.before));
	assert_false(decide_again(&some));
	assert_int_equal(some.look.why, EVICT_NOT_ENDED);
}

TEST(what_came_of_it_is_one_step)
{
	static const char want[] = "> evict kubepods.slice/kubepods-besteffort.slice/"
				   "kubepods-besteffort-podo1.slice needed=104857600 pending=0 "
				   "expected=314572800 place=1 of=1\n";
	static const char nobody[] = "> evict-nobody needed=104857600 pending=0: no pod may be "
				     "evicted\n";
	struct pod *p = victim_case_pod(c, O1, LEVEL_P7, 300);

	assert_true(decide_again(&some));
	record_evict_tell(&buf, &some, NULL, "> ");
	assert_int_equal(buf.n, sizeof(want) - 1);
	assert_memory_equal(buf.text, want, buf.n);
	p->facts->is_static = true;
	assert_true(decide_again(&some));
	buf.n = 0;
	record_evict_tell(&buf, &some, NULL, "> ");
	assert_int_equal(buf.n, sizeof(nobody) - 1);
	assert_memory_equal(buf.text, nobody, buf.n);
}

TEST(nothing_else_passes_for_it)
{
	static const char *const lines[] = {
		"time 1\n",
		"from kubernetes=2 short-since=1 short=1 ended=1 busy=1 off=1 poor=1\n",
		"from kubernetes=1 short-since=1 short=1 ended=1 busy=1 off=1\n",
		"from kubernetes=1 short-since=1 short=1 ended=1 busy=1 off=1 poor=1 x\n",
	};
	static const char *const more[] = {
		"time\n",
		"time 1 2\n",
		"pending 0 1 2 3 4\n",
		"pending 9 1 2 3 4\n",
		"pending 1 2\n",
		"out 0 1 2\n",
		"out 1 2 99\n",
		"going 0 1\n",
		"going 1\n",
		"memory 1 2\n",
		"else\n",
		"\n",
	};
	char text[512];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		(void)snprintf(text, sizeof(text), "evict %s", lines[i]);
		assert_int_equal(get(text, strlen(text)), -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "evict from kubernetes=1 short-since=1 short=1 ended=1 busy=1 off=1 "
			       "poor=1\nevict %s",
			       more[i]);
		assert_int_equal(get(text, strlen(text)), -EBADMSG);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_written_is_read_and_decides_the_same_again),
		CASE(the_resource_is_written_where_it_is_another_one_than_memory),
		CASE(a_step_for_the_cpu_says_so),
		CASE(a_pending_one_is_read_and_still_waited_for),
		CASE(what_came_of_it_is_one_step),
		CASE(nothing_else_passes_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
