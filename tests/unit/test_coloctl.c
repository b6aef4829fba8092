// SPDX-License-Identifier: LGPL-2.1-or-later
// The program coloctl (agent/ctl/main.c and client.c) as people run it, against a real bus daemon.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
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
static const char *dumped; /* what the impostor answers */

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

static int setup_with(const char *conf)
{
	bus = NULL;
	serve_case_init(&c);
	ctl_case_program(program);
	(void)unsetenv("COLUMNS");
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	return private_bus_start(&daemon_, conf, NULL) < 0 ||
			       private_bus_connect(&daemon_, &server) < 0
		       ? -1
		       : 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_with(NULL) < 0 || bus_new(server, &ops, &bus) < 0 ? -1 : 0;
}

static int setup_without_agent(void **state)
{
	(void)state;
	return setup_with(NULL);
}

static int setup_with_policy(void **state)
{
	(void)state;
	return setup_with(CONF);
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

static int run_as(uid_t uid, const char *a, const char *b, const char *d)
{
	const char *const argv[] = {program, a, b, d, NULL};

	return private_bus_run(server, argv, uid, (gid_t)uid, out, err, sizeof(out));
}

static int run(const char *a, const char *b, const char *d)
{
	return run_as(0, a, b, d);
}

static cJSON *run_json(const char *verb, const char *pod)
{
	cJSON *tree;

	assert_int_equal(run("--json", verb, pod), CTL_OK);
	assert_string_equal(err, "");
	tree = cJSON_Parse(out);
	assert_non_null(tree);
	return tree;
}

TEST(status_says_what_it_would_do_and_how_to_allow_it)
{
	assert_int_equal(run("status", NULL, NULL), CTL_OK);
	assert_string_equal(err, "");
	assert_non_null(strstr(out, "mode      observe"));
	assert_non_null(strstr(out, "observe: 2 changes withheld; see coloctl plan"));
	assert_non_null(strstr(out, "sudo coloctl mode protect --persist"));
	assert_non_null(strstr(out, "sli       default/web-1, front: violated"));
}

TEST(score_says_what_each_sli_of_the_pod_is)
{
	assert_int_equal(run("score", "web-1", NULL), CTL_OK);
	assert_non_null(strstr(out, "p99 of cpu.some over 60 s is 12.4 %"));
	assert_non_null(strstr(out, "delay: not measured: mean of"));
}

TEST(every_verb_prints_a_table)
{
	static const struct {
		const char *verb;
		const char *says;
	} cases[] = {
		{"pods", "default/web-1"}, {"plan", "cpu.weight    100 \xe2\x86\x92 50"},
		{"score", "12.4 %"},	   {"doctor", "psi-trigger"},
		{"dump", "\"schema\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(cases[i].verb, NULL, NULL), CTL_OK);
		assert_non_null(strstr(out, cases[i].says));
		assert_string_equal(err, "");
		/* Not a terminal: no colour. */
		assert_null(strchr(out, '\x1b'));
	}
}

TEST(json_is_the_section_of_the_snapshot)
{
	cJSON *tree = run_json("status", NULL);

	assert_string_equal(cJSON_GetObjectItem(tree, "mode")->valuestring, "observe");
	cJSON_Delete(tree);
	tree = run_json("pods", NULL);
	assert_int_equal(cJSON_GetArraySize(tree), 3);
	cJSON_Delete(tree);
	tree = run_json("plan", NULL);
	assert_int_equal(cJSON_GetArraySize(tree), 3);
	cJSON_Delete(tree);
	tree = run_json("score", NULL);
	assert_int_equal(cJSON_GetArraySize(tree), 1);
	cJSON_Delete(tree);
	tree = run_json("doctor", NULL);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(tree, "capabilities")),
			 CAPABILITY_COUNT);
	cJSON_Delete(tree);
	tree = run_json("why", "hog-1");
	assert_string_equal(cJSON_GetObjectItem(tree, "name")->valuestring, "batch/hog-1");
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(tree, "classes")), 1);
	cJSON_Delete(tree);
}

TEST(why_finds_the_pod_and_shows_the_hold_with_its_reason)
{
	assert_int_equal(run("why", "22222222", NULL), CTL_OK);
	assert_non_null(strstr(out, "batch/hog-1"));
	assert_non_null(strstr(out, " by cpu.max = 32800 20000"));
	assert_non_null(strstr(out, "default/web-1 waited"));
}

TEST(an_unknown_and_an_ambiguous_pod_list_candidates)
{
	assert_int_equal(run("why", "web-2", NULL), CTL_NO_POD);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "Did you mean:\n  default/web-1"));
	assert_int_equal(run("why", "2222", NULL), CTL_NO_POD);
	assert_non_null(strstr(err, "several pods go by '2222'"));
	assert_int_equal(run("why", "nope", "--json"), CTL_NO_POD);
	assert_string_equal(out, "");
}

TEST(no_verb_lets_control_characters_of_a_pod_name_through)
{
	static const char *const verbs[] = {"status", "pods", "plan", "score", "dump"};

	(void)snprintf(c.web->name, sizeof(c.web->name), "evil/\x1b[2J\xc2\x9bm\x07");
	c.f.model.facts_note[0] = '\x1b';
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		for (int json = 0; json < 2; json++) {
			assert_int_equal(run(verbs[i], json ? "--json" : NULL, NULL), CTL_OK);
			assert_null(strpbrk(out, "\x1b\x07"));
			assert_null(strstr(out, "\xc2\x9b"));
		}
	}
	assert_int_equal(run("why", SERVE_WEB_UID, NULL), CTL_OK);
	assert_null(strpbrk(out, "\x1b\x07"));
	assert_int_equal(run("why", "\x1b[31mx", NULL), CTL_NO_POD);
	assert_null(strchr(err, '\x1b'));
}

TEST(columns_cuts_the_table)
{
	(void)setenv("COLUMNS", "40", 1);
	assert_int_equal(run("pods", NULL, NULL), CTL_OK);
	(void)unsetenv("COLUMNS");
	assert_non_null(strstr(out, "22229999-aa\xe2\x80\xa6"));
}

TEST(an_ascii_locale_gets_ascii)
{
	(void)setenv("LC_ALL", "C", 1);
	assert_int_equal(run("plan", NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "100 -> 50"));
	for (const char *p = out; *p; p++)
		assert_true((unsigned char)*p < 0x80);
}

/* A mistake: exit code 2, nothing on stdout, one line that names the fix. */
static void assert_usage(const char *a, const char *b, const char *d, const char *says)
{
	assert_int_equal(run(a, b, d), CTL_USAGE);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, says));
	assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
}

TEST(a_wrong_command_line_is_answered_with_one_line)
{
	assert_usage(NULL, NULL, NULL, "coloctl status");
	assert_usage("statsu", NULL, NULL, "Did you mean: coloctl status");
	assert_usage("frobnicate", NULL, NULL, "See: coloctl help");
	assert_usage("why", NULL, NULL, "which pod?");
	assert_usage("status", "web", NULL, "one argument too many: 'web'");
	assert_usage("status", "--colour", NULL, "there is no option '--colour'");
	assert_usage("status", "--all", NULL, "--all goes with plan");
}

TEST(help_and_version_need_no_bus)
{
	assert_int_equal(run("help", NULL, NULL), CTL_OK);
	assert_non_null(strstr(out, "Exit code:"));
	assert_int_equal(run("--help", NULL, NULL), CTL_OK);
	assert_int_equal(run("--version", NULL, NULL), CTL_OK);
	assert_string_equal(out, "coloctl " COLOD_VERSION "\n");
}

TEST(no_agent_on_the_bus_says_how_to_start_it)
{
	assert_int_equal(run("status", NULL, NULL), CTL_NOT_RUNNING);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "systemctl start colod"));
}

TEST(no_bus_at_all_is_another_message)
{
	(void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	assert_int_equal(run("status", NULL, NULL), CTL_NOT_RUNNING);
	assert_non_null(strstr(err, "no system bus"));
	assert_non_null(strstr(err, "systemctl start dbus"));
}

TEST(a_user_outside_the_group_is_told_to_join_it)
{
	if (geteuid() != 0) {
		printf("another user can only be played by root\n");
		skip();
	}
	assert_int_equal(bus_new(server, &ops, &bus), 0);
	assert_int_equal(run_as(DAEMON, "pods", NULL, NULL), CTL_DENIED);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "usermod -aG colod"));
	assert_int_equal(run("pods", NULL, NULL), CTL_OK);
}

static int impostor_dump(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	int fd = memfd_create("test", MFD_CLOEXEC), r;

	(void)userdata, (void)error;
	if (fd < 0 || write(fd, dumped, strlen(dumped)) != (ssize_t)strlen(dumped))
		return -1;
	r = sd_bus_reply_method_return(call, "h", fd);
	close(fd);
	return r;
}

static const sd_bus_vtable impostor[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Dump", NULL, "h", impostor_dump, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static void answer_with(const char *text)
{
	dumped = text;
	assert_return_code(sd_bus_add_object_vtable(server, NULL, "/io/colod/Agent1",
						    "io.colod.Agent1.Manager", impostor, NULL),
			   0);
	assert_return_code(sd_bus_request_name(server, "io.colod.Agent1", 0), 0);
}

TEST(an_answer_of_another_version_is_refused)
{
	answer_with("{\"schema\":2}");
	assert_int_equal(run("status", NULL, NULL), CTL_FAILED);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "systemctl restart colod"));
}

TEST(an_answer_that_is_cut_or_empty_is_refused)
{
	answer_with("{\"schema\":1,\"pods\":[{\"na");
	assert_int_equal(run("pods", NULL, NULL), CTL_FAILED);
	assert_non_null(strstr(err, "cannot be read"));
	dumped = "";
	assert_int_equal(run("pods", NULL, NULL), CTL_FAILED);
	assert_string_equal(out, "");
}

TEST(an_agent_that_has_seen_nothing_yet_is_not_shown_as_an_empty_node)
{
	answer_with("{\"schema\":1,\"node\":{},\"pods\":[]}");
	assert_int_equal(run("pods", NULL, NULL), CTL_FAILED);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "only just started"));
}

TEST(an_agent_that_hangs_is_given_up_on)
{
	const char *const argv[] = {program, "status", NULL};

	assert_return_code(sd_bus_request_name(server, "io.colod.Agent1", 0), 0);
	assert_int_equal(private_bus_run(NULL, argv, 0, 0, out, err, sizeof(out)), CTL_FAILED);
	assert_non_null(strstr(err, "did not answer in time"));
}

#define AGENT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define BARE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_without_agent, teardown)
#define POLICY_TEST(name) cmocka_unit_test_setup_teardown(name, setup_with_policy, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AGENT_TEST(status_says_what_it_would_do_and_how_to_allow_it),
		AGENT_TEST(score_says_what_each_sli_of_the_pod_is),
		AGENT_TEST(every_verb_prints_a_table),
		AGENT_TEST(json_is_the_section_of_the_snapshot),
		AGENT_TEST(why_finds_the_pod_and_shows_the_hold_with_its_reason),
		AGENT_TEST(an_unknown_and_an_ambiguous_pod_list_candidates),
		AGENT_TEST(no_verb_lets_control_characters_of_a_pod_name_through),
		AGENT_TEST(columns_cuts_the_table),
		AGENT_TEST(an_ascii_locale_gets_ascii),
		AGENT_TEST(a_wrong_command_line_is_answered_with_one_line),
		BARE_TEST(help_and_version_need_no_bus),
		BARE_TEST(no_agent_on_the_bus_says_how_to_start_it),
		BARE_TEST(no_bus_at_all_is_another_message),
		POLICY_TEST(a_user_outside_the_group_is_told_to_join_it),
		BARE_TEST(an_answer_of_another_version_is_refused),
		BARE_TEST(an_answer_that_is_cut_or_empty_is_refused),
		BARE_TEST(an_agent_that_has_seen_nothing_yet_is_not_shown_as_an_empty_node),
		BARE_TEST(an_agent_that_hangs_is_given_up_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
