// SPDX-License-Identifier: LGPL-2.1-or-later
// The verbs of coloctl that change something, as people run them: against a real bus daemon, and on
// files below a directory that stands in for "/".
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/ctl/ctl.h"
#include "agent/serve/bus.h"
#include "policy/mode.h"
#include "policy/names.h"
#include "tests/lib/ctl_case.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"
#include "tests/lib/tree.h"

#define CONF "packaging/dbus/io.colod.Agent1.conf"
#define DAEMON 1 /* a user that every Debian has, and that is not in group colod */
#define DISABLE "etc/colod/disable"
#define PERSISTED "etc/colod/policy.d/90-mode.yaml"

static struct private_bus daemon_;
static struct serve_case c;
static sd_bus *server;
static struct bus *bus;
static char program[CTL_CASE_PROGRAM_SIZE], root[TREE_PATH_SIZE + 16];
static char out[65536], err[65536];
static char *dir;
static char asked[256];

static void lower(enum mode_source source, enum resource resource, enum mode mode)
{
	mode_say(&c.status.mode_says, source, resource, mode, "a test says so");
	mode_lowest(&c.status.mode_says, &c.status.modes);
}

static int set_mode(void *context, enum resource resource, enum mode mode,
		    const struct history_caller *caller)
{
	(void)context, (void)caller;
	(void)snprintf(asked, sizeof(asked), "set %s %s",
		       resource < 0 ? "all" : names_resource(resource), names_mode(mode));
	lower(MODE_SOURCE_BUS, resource, mode);
	return 0;
}

static int pause_(void *context, uint64_t seconds, const struct history_caller *caller)
{
	(void)context, (void)caller;
	(void)snprintf(asked, sizeof(asked), "pause %llu", (unsigned long long)seconds);
	lower(MODE_SOURCE_PAUSE, RESOURCE_INVALID, MODE_OBSERVE);
	return 0;
}

static int resume(void *context, const struct history_caller *caller)
{
	(void)context, (void)caller;
	(void)snprintf(asked, sizeof(asked), "resume");
	return 0;
}

static const struct bus_ops ops = {
	.context = &c,
	.snapshot = serve_case_snapshot,
	.set_mode = set_mode,
	.pause = pause_,
	.resume = resume,
};

static int setup_with(const char *conf, bool agent)
{
	bus = NULL;
	asked[0] = '\0';
	serve_case_init(&c);
	mode_say(&c.status.mode_says, MODE_SOURCE_POLICY, RESOURCE_INVALID, MODE_SQUEEZE,
		 "the policy says so");
	mode_lowest(&c.status.mode_says, &c.status.modes);
	ctl_case_program(program);
	(void)unsetenv("COLUMNS");
	if (tree_make(NULL, &dir) < 0)
		return -1;
	(void)snprintf(root, sizeof(root), "--root=%s", dir);
	if (private_bus_start(&daemon_, conf, NULL) < 0 ||
	    private_bus_connect(&daemon_, &server) < 0)
		return -1;
	return agent ? bus_new(server, &ops, &bus) : 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_with(NULL, true);
}

static int setup_with_policy(void **state)
{
	(void)state;
	return setup_with(CONF, geteuid() == 0);
}

static int setup_without_agent(void **state)
{
	(void)state;
	return setup_with(NULL, false);
}

static int teardown(void **state)
{
	(void)state;
	bus_free(bus);
	server = sd_bus_flush_close_unref(server);
	private_bus_stop(&daemon_);
	serve_case_free(&c);
	tree_remove(dir);
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

static void need_root(void)
{
	if (geteuid() != 0) {
		printf("only root may change the mode\n");
		skip();
	}
}

TEST(mode_asks_for_a_scope_and_says_what_is_in_force)
{
	need_root();
	assert_int_equal(run("mode", "observe", "memory", NULL), CTL_OK);
	assert_string_equal(asked, "set memory observe");
	assert_string_equal(out, "memory: observe is in force (a test says so)\n");
	assert_int_equal(run("mode", "protect", "all", NULL), CTL_OK);
	assert_string_equal(asked, "set all protect");
	assert_string_equal(out, "mode: protect is in force (a test says so)\n");
	assert_int_equal(run("mode", NULL, NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "set-mode"));
	assert_non_null(strstr(out, "memory    observe (a test says so)"));
}

TEST(a_mode_that_the_policy_does_not_allow_is_explained)
{
	need_root();
	assert_int_equal(run("mode", "full", NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "mode: squeeze is in force (the policy says so)"));
	assert_non_null(strstr(out, "lower than full"));
}

TEST(pause_takes_a_duration_or_none)
{
	need_root();
	assert_int_equal(run("pause", "10m", NULL, NULL), CTL_OK);
	assert_string_equal(asked, "pause 600");
	assert_non_null(strstr(out, "mode: observe is in force"));
	assert_int_equal(run("pause", NULL, NULL, NULL), CTL_OK);
	assert_string_equal(asked, "pause 0");
	assert_int_equal(run("resume", NULL, NULL, NULL), CTL_OK);
	assert_string_equal(asked, "resume");
}

TEST(a_wrong_word_is_answered_before_anything_is_asked)
{
	static const char *const bad[][4] = {
		{"mode", "squeze", NULL, "there is no mode 'squeze'"},
		{"mode", "off", "gpu", "there is no resource 'gpu'"},
		{"pause", "10", NULL, "'10' is no duration"},
		{"pause", "367", "days", "one argument too many"},
		{"status", "--persist", NULL, "--persist goes with mode MODE"},
		{"resume", "now", NULL, "one argument too many"},
		{"--root", NULL, NULL, "needs a value"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(run(bad[i][0], bad[i][1], bad[i][2], NULL), CTL_USAGE);
		if (!strstr(err, bad[i][3]))
			fail_msg("%s: %s", bad[i][0], err);
	}
	assert_string_equal(asked, "");
}

TEST(another_user_is_told_who_may)
{
	need_root();
	assert_int_equal(run_as(DAEMON, "mode", "off", NULL, NULL), CTL_DENIED);
	assert_non_null(strstr(err, "only root and members of group colod may"));
	assert_int_equal(run_as(DAEMON, "pause", NULL, NULL, NULL), CTL_DENIED);
	assert_int_equal(run_as(DAEMON, "off", root, NULL, NULL), CTL_DENIED);
	assert_non_null(strstr(err, "only root may switch colod off and on"));
	assert_int_equal(run_as(DAEMON, "mode", "full", "--persist", root), CTL_DENIED);
	assert_non_null(strstr(err, "only root may write"));
	assert_string_equal(asked, "");
}

TEST(without_an_agent_there_is_nobody_to_ask)
{
	assert_int_equal(run("mode", "off", NULL, NULL), CTL_NOT_RUNNING);
	assert_int_equal(run("resume", NULL, NULL, NULL), CTL_NOT_RUNNING);
}

TEST(off_and_on_write_and_remove_the_file)
{
	char text[512];

	assert_int_equal(run("off", root, NULL, NULL), CTL_OK);
	assert_string_equal(err, "");
	assert_int_equal(tree_read(dir, DISABLE, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "coloctl off"));
	assert_int_equal(run("off", root, NULL, NULL), CTL_OK);
	assert_int_equal(run("on", root, NULL, NULL), CTL_OK);
	assert_int_equal(tree_read(dir, DISABLE, text, sizeof(text)), -2);
	assert_int_equal(run("on", root, NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "is not there"));
}

TEST(persist_writes_adds_to_its_own_file_and_never_over_another)
{
	char text[1024];

	assert_int_equal(run("mode", "squeeze", "--persist", root), CTL_OK);
	assert_int_equal(run("mode", "observe", "memory", NULL) == CTL_OK, true);
	(void)snprintf(text, sizeof(text), "%s", root);
	{
		const char *const argv[] = {program,	 "mode", "observe", "memory",
					    "--persist", root,	 NULL};

		assert_int_equal(private_bus_run(server, argv, 0, 0, out, err, sizeof(out)),
				 CTL_OK);
	}
	assert_int_equal(tree_read(dir, PERSISTED, text, sizeof(text)), 0);
	assert_non_null(strstr(text, "\nversion: 1\nmode: squeeze\nmodes: {memory: observe}"));
	assert_non_null(strstr(text, "coloctl mode observe memory --persist"));
	assert_int_equal(tree_write(dir, PERSISTED, "version: 1\nmode: protect # mine\n"), 0);
	assert_int_equal(run("mode", "full", "--persist", root), CTL_FAILED);
	assert_non_null(strstr(err, "it is left alone"));
	assert_int_equal(tree_read(dir, PERSISTED, text, sizeof(text)), 0);
	assert_string_equal(text, "version: 1\nmode: protect # mine");
}

#define AGENT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define BARE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_without_agent, teardown)
#define POLICY_TEST(name) cmocka_unit_test_setup_teardown(name, setup_with_policy, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(mode_asks_for_a_scope_and_says_what_is_in_force),
		AGENT_TEST(a_mode_that_the_policy_does_not_allow_is_explained),
		AGENT_TEST(pause_takes_a_duration_or_none),
		AGENT_TEST(a_wrong_word_is_answered_before_anything_is_asked),
		POLICY_TEST(another_user_is_told_who_may),
		BARE_TEST(without_an_agent_there_is_nobody_to_ask),
		BARE_TEST(off_and_on_write_and_remove_the_file),
		AGENT_TEST(persist_writes_adds_to_its_own_file_and_never_over_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
