// SPDX-License-Identifier: LGPL-2.1-or-later
// `coloctl policy why` and `coloctl plan --policy` as people run them, against an agent's bus object on a
// real bus daemon.
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "agent/ctl/ctl.h"
#include "agent/serve/bus.h"
#include "tests/lib/ctl_case.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"
#include "tests/lib/tree.h"

#define CONF "packaging/dbus/io.colod.Agent1.conf"
#define DAEMON 1 /* a user that every Debian has, and that is not in group colod */

static struct private_bus daemon_;
static struct serve_case c;
static sd_bus *server;
static char *dir;
static struct bus *bus;
static char program[CTL_CASE_PROGRAM_SIZE];
static char out[262144], err[262144];

/* What the agent was asked about, and what it says. */
static size_t n_asked, n_files;
static char asked_names[256], asked_text[4096];
static bool would_change, not_taken;
static const char *waits;

static int what_if(void *context, const struct policy_source *sources, size_t n_sources,
		   void (*fn)(void *context, const struct what_if *w), void *fn_context)
{
	struct what_if w = {
		.diags = &c.diags,
		.policy = not_taken ? NULL : &c.f.policy,
		.waits = waits,
		.now = &c.snapshot,
		.modes = c.status.modes,
		.says = c.status.mode_says,
	};

	(void)context;
	n_asked++;
	n_files = n_sources;
	asked_names[0] = '\0';
	for (size_t i = 0; i < n_sources; i++)
		(void)snprintf(asked_names + strlen(asked_names),
			       sizeof(asked_names) - strlen(asked_names), "%s ",
			       strrchr(sources[i].name, '/') ? strrchr(sources[i].name, '/') + 1
							     : sources[i].name);
	(void)snprintf(asked_text, sizeof(asked_text), "%s", sources[0].text);
	if (would_change)
		w.modes.all = MODE_FULL;
	fn(fn_context, &w);
	return 0;
}

static int reload(void *context, const struct history_caller *caller)
{
	(void)context, (void)caller;
	return 0;
}

static const struct bus_ops ops = {
	.context = &c,
	.snapshot = serve_case_snapshot,
	.reload = reload,
	.what_if = what_if,
};

static int setup_bare(void **state)
{
	(void)state;
	bus = NULL;
	n_asked = n_files = 0;
	would_change = not_taken = false;
	waits = NULL;
	if (tree_make(NULL, &dir) < 0)
		return -1;
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
	tree_remove(dir);
	dir = NULL;
	return 0;
}

/* A file with this text; its path, until the next call but three. */
static const char *file(const char *name, const char *text)
{
	static char paths[4][600];
	static size_t next;
	char *path = paths[next++ % 4];

	assert_int_equal(tree_write(dir, name, text), 0);
	(void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
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

#define GOOD "version: 1\nmode: protect\n"

TEST(plan_policy_tells_by_its_exit_code_whether_something_changes)
{
	const char *path = file("new.yaml", GOOD);

	assert_int_equal(run("plan", "--policy", path, NULL), CTL_OK);
	assert_non_null(strstr(out, "unchanged: "));
	assert_string_equal(asked_text, GOOD);
	would_change = true;
	assert_int_equal(run("plan", "--policy", path, NULL), CTL_CHANGED);
	assert_non_null(strstr(out, "mode observe \xe2\x86\x92 full"));
	assert_non_null(strstr(out, "Nothing was written."));
	assert_int_equal(run("plan", "--json", "--policy", path), CTL_CHANGED);
	assert_non_null(strstr(out, "\"changed\":\ttrue"));
	assert_int_equal(n_asked, 3);
}

TEST(plan_policy_sends_all_files_in_their_order)
{
	const char *a = file("a.yaml", GOOD), *b = file("b.yaml", "version: 1\n");

	assert_int_equal(run("plan", "--policy", b, a), CTL_OK);
	assert_string_equal(asked_names, "b.yaml a.yaml ");
	/* What holds on this node is for the agent to say, which is there. */
	b = file("c.yaml", "version: 1\nnodes: {host: \"no-such-host\"}\nmode: off\n");
	assert_int_equal(run("plan", "--policy", b, a), CTL_OK);
	assert_string_equal(asked_names, "c.yaml a.yaml ");
}

TEST(plan_policy_says_what_is_wrong_as_check_does_and_asks_nobody)
{
	const char *path = file("bad.yaml", "version: 1\nmode: sqeeze\nlevls: {}\n");
	char *checked;

	assert_int_equal(run("policy", "check", path, NULL), CTL_FAILED);
	checked = strdup(err);
	assert_int_equal(run("plan", "--policy", path, NULL), CTL_FAILED);
	assert_string_equal(err, checked);
	assert_non_null(strstr(err, "bad.yaml:2:7: "));
	assert_string_equal(out, "");
	free(checked);
	assert_int_equal(run("policy", "check", path, "--json"), CTL_FAILED);
	checked = strdup(out);
	assert_int_equal(run("plan", "--policy", path, "--json"), CTL_FAILED);
	assert_string_equal(out, checked);
	free(checked);
	assert_int_equal(run("plan", "--policy", "/nonexistent.yaml", NULL), CTL_FAILED);
	assert_non_null(strstr(err, "cannot read"));
	assert_int_equal(n_asked, 0);
}

TEST(plan_policy_without_an_agent_does_not_pretend)
{
	const char *path = file("new.yaml", GOOD);

	assert_int_equal(run("plan", "--policy", path, NULL), CTL_NOT_RUNNING);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "systemctl start colod"));
	assert_non_null(strstr(err, "colod --once --mode observe --policy"));
	/* What is wrong with the files needs no agent. */
	path = file("bad.yaml", "version: 2\n");
	assert_int_equal(run("plan", "--policy", path, NULL), CTL_FAILED);
}

TEST(plan_policy_that_the_agent_does_not_take_is_an_error)
{
	not_taken = true;
	assert_int_equal(run("plan", "--policy", file("new.yaml", GOOD), NULL), CTL_FAILED);
	assert_non_null(strstr(err, "the running colod does not take these files"));
}

TEST(plan_policy_that_waits_for_labels_is_neither_changed_nor_unchanged)
{
	waits = "the labels of this node are not known";
	assert_int_equal(run("plan", "--policy", file("new.yaml", GOOD), NULL), CTL_FAILED);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "cannot be told yet"));
	assert_non_null(strstr(err, waits));
}

TEST(plan_policy_of_a_large_set_is_refused_with_the_bound)
{
	char *text = malloc(BUS_PLAN_MAX_BYTES + 100);

	assert_non_null(text);
	(void)strcpy(text, GOOD);
	memset(text + strlen(GOOD), '#', BUS_PLAN_MAX_BYTES);
	text[strlen(GOOD) + BUS_PLAN_MAX_BYTES] = '\0';
	assert_int_equal(run("plan", "--policy", file("new.yaml", text), NULL), CTL_USAGE);
	assert_non_null(strstr(err, "at most 64 KiB"));
	free(text);
	assert_int_equal(n_asked, 0);
}

TEST(plan_policy_is_for_plan_and_takes_a_file)
{
	assert_int_equal(run("pods", "--policy", "x", NULL), CTL_USAGE);
	assert_non_null(strstr(err, "--policy goes with plan"));
	assert_int_equal(run("plan", "--policy", NULL, NULL), CTL_USAGE);
	assert_non_null(strstr(err, "needs a value"));
	assert_int_equal(run("plan", "x.yaml", NULL, NULL), CTL_USAGE);
	assert_int_equal(run("plan", NULL, NULL, NULL), CTL_OK);
}

TEST(plan_policy_is_for_those_who_may_read)
{
	const char *path = file("new.yaml", GOOD);

	if (geteuid() != 0) {
		printf("another user can only be played by root\n");
		skip();
	}
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(run_as(DAEMON, "plan", "--policy", path, NULL), CTL_DENIED);
	assert_int_equal(n_asked, 0);
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
		AGENT_TEST(plan_policy_tells_by_its_exit_code_whether_something_changes),
		AGENT_TEST(plan_policy_sends_all_files_in_their_order),
		AGENT_TEST(plan_policy_says_what_is_wrong_as_check_does_and_asks_nobody),
		BARE_TEST(plan_policy_without_an_agent_does_not_pretend),
		AGENT_TEST(plan_policy_that_the_agent_does_not_take_is_an_error),
		AGENT_TEST(plan_policy_that_waits_for_labels_is_neither_changed_nor_unchanged),
		AGENT_TEST(plan_policy_of_a_large_set_is_refused_with_the_bound),
		AGENT_TEST(plan_policy_is_for_plan_and_takes_a_file),
		AGENT_TEST(plan_policy_is_for_those_who_may_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
