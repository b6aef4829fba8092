// SPDX-License-Identifier: LGPL-2.1-or-later
// SetMode, Pause and Resume on a real bus daemon: what they hand on, what they refuse and to whom,
// and what the properties tell.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/serve/bus.h"
#include "agent/serve/bus_control.h"
#include "policy/mode.h"
#include "policy/names.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static char asked[256]; /* what the loop was asked, in words */
static struct history_caller asker;
static int answer;

static void lower(enum resource resource, enum mode mode, const char *why)
{
	mode_say(&b->serve.status.mode_says, MODE_SOURCE_BUS, resource, mode, why);
	mode_lowest(&b->serve.status.mode_says, &b->serve.status.modes);
}

static int set_mode(void *context, enum resource resource, enum mode mode,
		    const struct history_caller *caller)
{
	(void)context;
	(void)snprintf(asked, sizeof(asked), "set %s %s",
		       resource < 0 ? "all" : names_resource(resource), names_mode(mode));
	asker = *caller;
	lower(resource, mode, "SetMode by a test");
	return answer;
}

static int pause_(void *context, uint64_t seconds, const struct history_caller *caller)
{
	(void)context;
	(void)snprintf(asked, sizeof(asked), "pause %llu", (unsigned long long)seconds);
	asker = *caller;
	return answer;
}

static int resume(void *context, const struct history_caller *caller)
{
	(void)context;
	(void)snprintf(asked, sizeof(asked), "resume");
	asker = *caller;
	return answer;
}

static const struct bus_ops ops = {
	.context = &bus_case.serve,
	.snapshot = serve_case_snapshot,
	.set_mode = set_mode,
	.pause = pause_,
	.resume = resume,
};

static int setup(void **state)
{
	(void)state;
	asked[0] = '\0';
	answer = 0;
	if (bus_case_open(NULL) < 0)
		return -1;
	/* The policy of the case says observe; these tests are about what is below squeeze. */
	mode_say(&b->serve.status.mode_says, MODE_SOURCE_POLICY, RESOURCE_INVALID, MODE_SQUEEZE,
		 "the policy says so");
	mode_lowest(&b->serve.status.mode_says, &b->serve.status.modes);
	return bus_new(b->server, &ops, &b->bus) < 0 ? -1 : 0;
}

static sd_bus_message *begin(const char *interface, const char *member)
{
	sd_bus_message *m = NULL;

	assert_return_code(sd_bus_message_new_method_call(b->client, &m, BUS_CASE_NAME,
							  BUS_CASE_PATH, interface, member),
			   0);
	return m;
}

static sd_bus_message *call_set(const char *scope, const char *mode)
{
	sd_bus_message *m = begin(BUS_CASE_MANAGER, "SetMode");

	assert_return_code(sd_bus_message_append(m, "ss", scope, mode), 0);
	return bus_case_answer(m);
}

static sd_bus_message *call_pause(uint64_t seconds)
{
	sd_bus_message *m = begin(BUS_CASE_MANAGER, "Pause");

	assert_return_code(sd_bus_message_append(m, "t", seconds), 0);
	return bus_case_answer(m);
}

static void assert_reply(sd_bus_message *reply, const char *mode, const char *why, const char *note)
{
	const char *texts[3];

	assert_null(sd_bus_message_get_error(reply));
	assert_return_code(sd_bus_message_read(reply, "sss", &texts[0], &texts[1], &texts[2]), 0);
	assert_string_equal(texts[0], mode);
	assert_non_null(strstr(texts[1], why));
	if (*note)
		assert_non_null(strstr(texts[2], note));
	else
		assert_string_equal(texts[2], "");
	sd_bus_message_unref(reply);
}

static void assert_refused(sd_bus_message *reply, const char *says)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	assert_non_null(error);
	assert_string_equal(error->name, SD_BUS_ERROR_INVALID_ARGS);
	assert_non_null(strstr(error->message, says));
	assert_string_equal(asked, "");
	sd_bus_message_unref(reply);
}

static void need_root(void)
{
	if (geteuid() != 0) {
		printf("only root may set the mode\n");
		skip();
	}
}

TEST(set_mode_hands_on_scope_mode_and_caller_and_tells_what_is_in_force)
{
	need_root();
	assert_reply(call_set("memory", "observe"), "observe", "SetMode by a test", "");
	assert_string_equal(asked, "set memory observe");
	assert_true(asker.known);
	assert_int_equal(asker.uid, 0);
	assert_int_equal(asker.pid, getpid());
	assert_string_not_equal(asker.comm, "");
	assert_reply(call_set("", "protect"), "protect", "SetMode by a test", "");
	assert_string_equal(asked, "set all protect");
	assert_reply(call_set("all", "protect"), "protect", "", "");
	assert_string_equal(asked, "set all protect");
}

TEST(set_mode_above_the_policy_says_that_the_policy_decides)
{
	need_root();
	assert_reply(call_set("", "full"), "squeeze", "the policy says so", "");
	assert_string_equal(asked, "set all full");
}

TEST(what_could_not_be_recorded_is_said)
{
	need_root();
	answer = -ENOSPC;
	assert_reply(call_set("", "observe"), "observe", "", "a restart of colod forgets it");
	assert_reply(call_pause(5), "observe", "", "No space left");
}

TEST(pause_and_resume_are_handed_on)
{
	need_root();
	assert_reply(call_pause(600), "squeeze", "", "");
	assert_string_equal(asked, "pause 600");
	assert_reply(call_pause(0), "squeeze", "", "");
	assert_string_equal(asked, "pause 0");
	assert_reply(bus_case_answer(begin(BUS_CASE_MANAGER, "Resume")), "squeeze", "", "");
	assert_string_equal(asked, "resume");
	assert_int_equal(asker.pid, getpid());
}

TEST(words_that_mean_nothing_are_refused_and_nothing_is_done)
{
	char longer[100];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_refused(call_set("gpu", "off"), "'gpu' is no resource: expected all, cpu");
	assert_refused(call_set("cpu", "Off"), "'Off' is no mode: expected off, observe");
	assert_refused(call_set("cpu", ""), "is no mode");
	assert_refused(call_set("cpu", longer), "as long as this");
	assert_refused(call_set(longer, "off"), "as long as this");
	assert_refused(call_pause(BUS_PAUSE_MAX_S + UINT64_C(1)), "at most 366 days");
	assert_refused(call_pause(UINT64_MAX), "at most 366 days");
}

TEST(another_user_is_refused_and_nothing_is_done)
{
	static const char *const calls[][3] = {
		{BUS_CASE_MANAGER ".SetMode", "string:", "string:off"},
		{BUS_CASE_MANAGER ".Pause", "uint64:0", NULL},
		{BUS_CASE_MANAGER ".Resume", NULL, NULL},
	};
	char out[1024], err[1024];

	need_root();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const char *const argv[] = {"/usr/bin/dbus-send",
					    "--system",
					    "--print-reply",
					    "--dest=" BUS_CASE_NAME,
					    BUS_CASE_PATH,
					    calls[i][0],
					    calls[i][1],
					    calls[i][2],
					    NULL};

		assert_int_equal(
			private_bus_run(b->server, argv, 65534, 65534, out, err, sizeof(out)), 1);
		assert_non_null(strstr(err, "NotAllowed"));
		assert_non_null(strstr(err, "this is for root, and for whom polkit allows "
					    "io.colod.agent1.set-mode"));
		assert_string_equal(asked, "");
		/* The same program as root is let through: it was the user that was refused. */
		assert_int_equal(private_bus_run(b->server, argv, 0, 0, out, err, sizeof(out)), 0);
		assert_string_not_equal(asked, "");
		asked[0] = '\0';
	}
}

/* The rows of an array of strings, a line each. */
static const char *rows(const char *property, const char *contents)
{
	static char text[4096];
	sd_bus_message *m = begin("org.freedesktop.DBus.Properties", "Get"), *reply;
	char types[16];
	const char *field;

	assert_return_code(sd_bus_message_append(m, "ss", BUS_CASE_MANAGER, property), 0);
	reply = bus_case_answer(m);
	text[0] = '\0';
	(void)snprintf(types, sizeof(types), "a(%s)", contents);
	assert_return_code(sd_bus_message_enter_container(reply, 'v', types), 0);
	(void)snprintf(types, sizeof(types), "(%s)", contents);
	assert_return_code(sd_bus_message_enter_container(reply, 'a', types), 0);
	while (sd_bus_message_enter_container(reply, 'r', contents) > 0) {
		for (size_t i = 0; contents[i]; i++) {
			assert_true(sd_bus_message_read(reply, "s", &field) > 0);
			(void)strcat(strcat(text, field), "|");
		}
		(void)strcat(text, "\n");
		(void)sd_bus_message_exit_container(reply);
	}
	sd_bus_message_unref(reply);
	return text;
}

TEST(the_properties_tell_what_is_in_force_and_every_source)
{
	lower(RESOURCE_MEMORY, MODE_OFF, "somebody");
	assert_string_equal(rows("Modes", "sss"), "cpu|squeeze|the policy says so|\n"
						  "memory|off|somebody|\n"
						  "io|squeeze|the policy says so|\n"
						  "net|squeeze|the policy says so|\n");
	assert_string_equal(rows("ModeSources", "ssss"), "policy|all|squeeze|the policy says so|\n"
							 "set-mode|memory|off|somebody|\n");
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *name;

	(void)error;
	(void)sd_bus_message_skip(m, "s");
	(void)sd_bus_message_enter_container(m, 'a', "{sv}");
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		(void)sd_bus_message_read(m, "s", &name);
		(void)strcat(strcat(userdata, name), " ");
		(void)sd_bus_message_skip(m, "v");
		(void)sd_bus_message_exit_container(m);
	}
	return 0;
}

TEST(a_changed_source_is_told_also_where_the_mode_stays)
{
	char told[256] = "";

	assert_return_code(sd_bus_match_signal(b->client, NULL, BUS_CASE_NAME, BUS_CASE_PATH, NULL,
					       "PropertiesChanged", on_changed, told),
			   0);
	private_bus_settle(b->server, b->client);
	bus_publish(b->bus);
	private_bus_settle(b->server, b->client);
	assert_string_equal(told, "");
	lower(RESOURCE_INVALID, MODE_SQUEEZE, "somebody");
	bus_publish(b->bus);
	private_bus_settle(b->server, b->client);
	assert_string_equal(told, "Modes ModeSources ");
}

TEST(the_hash_tells_apart_what_the_properties_tell_apart)
{
	struct snapshot s = {.status = &b->serve.status};
	uint64_t before = bus_control_hash(&s), after;

	lower(RESOURCE_IO, MODE_PROTECT, "a");
	after = bus_control_hash(&s);
	assert_true(after != before);
	lower(RESOURCE_IO, MODE_OBSERVE, "a");
	assert_true(bus_control_hash(&s) != after);
	after = bus_control_hash(&s);
	lower(RESOURCE_IO, MODE_OBSERVE, "b");
	assert_true(bus_control_hash(&s) != after);
	s.status = NULL;
	assert_int_equal(bus_control_hash(&s), 0);
}

#define BUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bus_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUS_TEST(set_mode_hands_on_scope_mode_and_caller_and_tells_what_is_in_force),
		BUS_TEST(set_mode_above_the_policy_says_that_the_policy_decides),
		BUS_TEST(what_could_not_be_recorded_is_said),
		BUS_TEST(pause_and_resume_are_handed_on),
		BUS_TEST(words_that_mean_nothing_are_refused_and_nothing_is_done),
		BUS_TEST(another_user_is_refused_and_nothing_is_done),
		BUS_TEST(the_properties_tell_what_is_in_force_and_every_source),
		BUS_TEST(a_changed_source_is_told_also_where_the_mode_stays),
		BUS_TEST(the_hash_tells_apart_what_the_properties_tell_apart),
	};

	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
