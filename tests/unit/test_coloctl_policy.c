// SPDX-License-Identifier: LGPL-2.1-or-later
// `coloctl policy why` and `coloctl plan --policy` as people run them, against an agent's bus object on a
// real bus daemon.
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "agent/ctl/ctl.h"
#include "agent/serve/bus.h"
#include "tests/lib/ctl_case.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"

#define CONF "packaging/dbus/io.colod.Agent1.conf"
#define DAEMON 1 /* a user that every Debian has, and that is not in group colod */

static struct private_bus daemon_;
static struct serve_case c;
static sd_bus *server;
static struct bus *bus;
static char program[CTL_CASE_PROGRAM_SIZE];
static char out[262144], err[262144];

static int reload(void *context, const struct history_caller *caller)
{
	(void)context, (void)caller;
	return 0;
}

static const struct bus_ops ops = {
	.context = &c,
	.snapshot = serve_case_snapshot,
	.reload = reload,
};

static int setup_bare(void **state)
{
	(void)state;
	bus = NULL;
	serve_case_init(&c);
	ctl_case_program(program);
	(void)unsetenv("COLUMNS");
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	return private_bus_start(&daemon_, CONF, NULL) < 0 ||
			       private_bus_connect(&daemon_, &server) < 0
		       ? -1
		       : 0;
}

static int setup(void **state)
{
	return setup_bare(state) < 0 || bus_new(server, &ops, &bus) < 0 ? -1 : 0;
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

static int run_as(uid_t uid, const char *a, const char *b, const char *d, const char *e)
{
	const char *const argv[] = {program, a, b, d, e, NULL};

	return private_bus_run(server, argv, uid, (gid_t)uid, out, err, sizeof(out));
}

static int run(const char *a, const char *b, const char *d, const char *e)
{
	return run_as(0, a, b, d, e);
}

TEST(policy_why_tells_each_rule_that_was_tried)
{
	assert_int_equal(run("policy", "why", "web-1", NULL), CTL_OK);
	assert_string_equal(err, "");
	assert_non_null(strstr(out, "default/web-1\n"));
	assert_non_null(strstr(out, "level    P0, online\n"));
	assert_non_null(strstr(out, "default.yaml:31 P7\n"
				    "        no: wants qos: BestEffort, has Guaranteed\n"));
	assert_non_null(strstr(out, "default.yaml:29 P0\n        matches\n"));
}

TEST(policy_why_of_a_pod_that_waits_names_what_it_waits_for)
{
	c.f.policy.rules[0].matches[0].kind = MATCH_NAMESPACE;
	c.f.policy.rules[0].matches[0].pattern = strdup("batch");
	assert_int_equal(run("policy", "why", SERVE_LATE_UID, NULL), CTL_OK);
	assert_non_null(strstr(out, "undecided and untouched, waiting for: namespace (nobody has "
				    "told of this pod yet)"));
	assert_non_null(strstr(out, "waits: wants namespace: batch, has not known yet"));
	assert_non_null(strstr(out, "1 more is not tried: a rule that waits ends the search"));
}

TEST(policy_why_as_json_has_every_rule_and_place)
{
	cJSON *doc, *rule;

	assert_int_equal(run("policy", "why", "web-1", "--json"), CTL_OK);
	doc = cJSON_Parse(out);
	assert_non_null(doc);
	assert_string_equal(cJSON_GetObjectItem(doc, "level")->valuestring, "P0");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "rules")), 2);
	rule = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "rules"), 0);
	assert_string_equal(cJSON_GetObjectItem(rule, "file")->valuestring, "default.yaml");
	assert_int_equal(cJSON_GetObjectItem(rule, "line")->valueint, 31);
	assert_string_equal(cJSON_GetObjectItem(rule, "outcome")->valuestring, "no");
	assert_string_equal(cJSON_GetObjectItem(rule, "wants")->valuestring, "qos: BestEffort");
	assert_string_equal(cJSON_GetObjectItem(rule, "has")->valuestring, "Guaranteed");
	cJSON_Delete(doc);
}

TEST(policy_why_of_nobody_lists_who_may_be_meant)
{
	assert_int_equal(run("policy", "why", "web-2", NULL), CTL_NO_POD);
	assert_non_null(strstr(err, "Did you mean:\n  default/web-1"));
	assert_int_equal(run("policy", "why", NULL, NULL), CTL_USAGE);
	assert_non_null(strstr(err, "coloctl policy why default/web-1"));
	assert_int_equal(run("policy", "whi", NULL, NULL), CTL_USAGE);
	assert_non_null(strstr(err, "Did you mean: coloctl policy why"));
}

TEST(policy_why_does_not_pretend_without_an_agent)
{
	assert_int_equal(run("policy", "why", "web-1", NULL), CTL_NOT_RUNNING);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "systemctl start colod"));
}

TEST(policy_why_lets_no_control_character_through)
{
	(void)snprintf(c.web->name, sizeof(c.web->name), "evil/\x1b[2J\x07");
	c.f.policy.rules[0].matches[0].kind = MATCH_NAMESPACE;
	c.f.policy.rules[0].matches[0].pattern = strdup("x");
	c.web->facts->ns = (char *)"\x1b[31m";
	assert_int_equal(run("policy", "why", SERVE_WEB_UID, NULL), CTL_OK);
	assert_null(strpbrk(out, "\x1b\x07"));
	assert_int_equal(run("policy", "why", SERVE_WEB_UID, "--json"), CTL_OK);
	assert_null(strpbrk(out, "\x1b\x07"));
}

TEST(policy_why_is_for_those_who_may_read)
{
	if (geteuid() != 0) {
		printf("another user can only be played by root\n");
		skip();
	}
	assert_int_equal(run_as(DAEMON, "policy", "why", "web-1", NULL), CTL_DENIED);
	assert_string_equal(out, "");
}

#define AGENT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define BARE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_bare, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(policy_why_tells_each_rule_that_was_tried),
		AGENT_TEST(policy_why_of_a_pod_that_waits_names_what_it_waits_for),
		AGENT_TEST(policy_why_as_json_has_every_rule_and_place),
		AGENT_TEST(policy_why_of_nobody_lists_who_may_be_meant),
		BARE_TEST(policy_why_does_not_pretend_without_an_agent),
		AGENT_TEST(policy_why_lets_no_control_character_through),
		AGENT_TEST(policy_why_is_for_those_who_may_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
