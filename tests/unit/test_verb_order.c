// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl orders as people see it, and the verbs that give one as people run them: against a real bus daemon.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/ctl/ctl.h"
#include "agent/ctl/verb_order.h"
#include "agent/serve/bus.h"
#include "policy/manual.h"
#include "policy/names.h"
#include "tests/lib/ctl_case.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"

static struct private_bus daemon_;
static struct serve_case c;
static sd_bus *server;
static struct bus *bus;
static char program[CTL_CASE_PROGRAM_SIZE];
static char out[65536], err[65536];
static char asked[512];
static int answer;

static int order(void *context, const struct manual_ask *ask, const struct history_caller *caller,
		 struct manual_answer *ret_answer)
{
	(void)context, (void)caller;
	(void)snprintf(asked, sizeof(asked), "%s %s %s %llu", manual_kind_name(ask->kind),
		       ask->pod->name, ask->level >= 0 ? names_level(ask->level) : "-",
		       (unsigned long long)ask->seconds);
	*ret_answer = (struct manual_answer){.until_wall_us = 1764158585000000};
	(void)snprintf(ret_answer->text, sizeof(ret_answer->text), "a test ordered it");
	return answer;
}

static int release(void *context, const struct pod *pod, const struct history_caller *caller)
{
	(void)context, (void)caller;
	(void)snprintf(asked, sizeof(asked), "release %s", pod->name);
	return answer;
}

static int evict(void *context, const struct pod *pod, const struct history_caller *caller,
		 struct manual_answer *ret_answer)
{
	(void)context, (void)caller, (void)ret_answer;
	(void)snprintf(asked, sizeof(asked), "evict %s", pod->name);
	return 0;
}

static int evicted(void *context, uint64_t serial, struct manual_answer *ret_answer)
{
	(void)context, (void)serial;
	(void)snprintf(ret_answer->text, sizeof(ret_answer->text), "a test has evicted it");
	return answer;
}

static const struct bus_ops ops = {
	.context = &c,
	.snapshot = serve_case_snapshot,
	.order = order,
	.release = release,
	.evict = evict,
	.evicted = evicted,
};

static int setup(void **state)
{
	(void)state;
	bus = NULL;
	asked[0] = '\0';
	answer = 0;
	serve_case_init(&c);
	ctl_case_program(program);
	(void)unsetenv("COLUMNS");
	if (private_bus_start(&daemon_, NULL, NULL) < 0 ||
	    private_bus_connect(&daemon_, &server) < 0)
		return -1;
	return bus_new(server, &ops, &bus);
}

static int teardown(void **state)
{
	(void)state;
	bus_free(bus);
	server = sd_bus_flush_close_unref(server);
	private_bus_stop(&daemon_);
	serve_case_free(&c);
	return 0;
}

static int run(const char *a, const char *x, const char *y, const char *z)
{
	const char *const argv[] = {program, a, x, y, z, NULL};

	return private_bus_run(server, argv, 0, 0, out, err, sizeof(out));
}

static void need_root(void)
{
	if (geteuid() != 0) {
		printf("only root may order something\n");
		skip();
	}
}

TEST(each_verb_asks_for_its_order)
{
	need_root();
	assert_int_equal(run("squeeze", "hog-1", "30s", NULL), CTL_OK);
	assert_string_equal(asked, "squeeze batch/hog-1 - 30");
	assert_string_equal(out, "a test ordered it\n");
	assert_int_equal(run("freeze", "hog-1", NULL, NULL), CTL_OK);
	assert_string_equal(asked, "freeze batch/hog-1 - 0");
	assert_int_equal(run("thaw", "hog-1", "2h", NULL), CTL_OK);
	assert_string_equal(asked, "thaw batch/hog-1 - 7200");
	assert_int_equal(run("level", "web-1", "P4", "10m"), CTL_OK);
	assert_string_equal(asked, "level default/web-1 P4 600");
	answer = 2;
	assert_int_equal(run("release", "hog-1", NULL, NULL), CTL_OK);
	assert_string_equal(asked, "release batch/hog-1");
	assert_string_equal(out, "2 orders ended\n");
	answer = 0;
	assert_int_equal(run("evict", "hog-1", NULL, NULL), CTL_OK);
	assert_string_equal(asked, "evict batch/hog-1");
	assert_string_equal(out, "a test has evicted it\n");
	assert_int_equal(run("release", "hog-1", NULL, NULL), CTL_OK);
	assert_string_equal(out, "nothing was ordered for this pod\n");
}

TEST(the_answer_is_json_where_that_is_asked)
{
	need_root();
	assert_int_equal(run("--json", "squeeze", "hog-1", NULL), CTL_OK);
	assert_non_null(strstr(out, "\"until_realtime_us\""));
	assert_non_null(strstr(out, "1764158585000000"));
	assert_non_null(strstr(out, "\"a test ordered it\""));
}

TEST(a_refusal_is_one_line_that_says_why)
{
	need_root();
	answer = -EPERM;
	assert_int_equal(run("squeeze", "hog-1", NULL, NULL), CTL_FAILED);
	assert_string_equal(err, "coloctl: refused: a test ordered it\n");
	assert_int_equal(run("evict", "hog-1", NULL, NULL), CTL_FAILED);
	assert_string_equal(err, "coloctl: refused: a test has evicted it\n");
	assert_int_equal(run("squeeze", "nobody-1", NULL, NULL), CTL_NO_POD);
	assert_non_null(strstr(err, "no pod goes by 'nobody-1'. List them: coloctl pods"));
}

TEST(a_wrong_word_is_answered_before_anything_is_asked)
{
	static const char *const bad[][5] = {
		{"level", "web-1", "P9", NULL, "there is no level 'P9': expected P0 to P7"},
		{"level", "web-1", NULL, NULL, "something is missing: coloctl level POD LEVEL"},
		{"squeeze", "hog-1", "10", NULL, "'10' is no duration"},
		{"freeze", "hog-1", "25h", NULL, "at most 24h"},
		{"thaw", NULL, NULL, NULL, "something is missing: coloctl thaw POD"},
		{"release", "a", "b", NULL, "one argument too many"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(run(bad[i][0], bad[i][1], bad[i][2], bad[i][3]), CTL_USAGE);
		if (!strstr(err, bad[i][4]))
			fail_msg("%s: %s", bad[i][0], err);
	}
	assert_string_equal(asked, "");
}

TEST(orders_is_a_line_each)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "orders-node", .verb = verb_orders});
}

TEST(no_orders_is_a_sentence)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "empty", .expected = "orders-empty", .verb = verb_orders});
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_verb_asks_for_its_order),
		T(the_answer_is_json_where_that_is_asked),
		T(a_refusal_is_one_line_that_says_why),
		T(a_wrong_word_is_answered_before_anything_is_asked),
		cmocka_unit_test(orders_is_a_line_each),
		cmocka_unit_test(no_orders_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
