// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders for one pod on a real bus daemon: what they hand on, what they refuse and to whom, and what the property
// tells.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/serve/bus.h"
#include "agent/serve/bus_manual.h"
#include "agent/serve/bus_polkit.h"
#include "agent/serve/bus_text.h"
#include "policy/manual.h"
#include "policy/names.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static char asked[512];
static struct history_caller asker;
static int answer;

static int order(void *context, const struct manual_ask *ask, const struct history_caller *caller,
		 struct manual_answer *ret_answer)
{
	(void)context;
	(void)snprintf(asked, sizeof(asked), "%s %s %s %llu", manual_kind_name(ask->kind),
		       ask->pod->name, ask->level >= 0 ? names_level(ask->level) : "-",
		       (unsigned long long)ask->seconds);
	asker = *caller;
	*ret_answer = (struct manual_answer){.until_wall_us = answer == 0 ? 77 : 0};
	(void)snprintf(ret_answer->text, sizeof(ret_answer->text), "a test says so");
	return answer;
}

static int release(void *context, const struct pod *pod, const struct history_caller *caller)
{
	(void)context, (void)caller;
	(void)snprintf(asked, sizeof(asked), "release %s", pod->name);
	return 3;
}

static const struct bus_ops ops = {
	.context = &bus_case.serve,
	.snapshot = serve_case_snapshot,
	.order = order,
	.release = release,
};

static int setup(void **state)
{
	(void)state;
	asked[0] = '\0';
	answer = 0;
	return bus_case_open(&ops);
}

static void need_root(void)
{
	if (geteuid() != 0) {
		printf("only root may order something\n");
		skip();
	}
}

static sd_bus_message *begin(const char *member)
{
	sd_bus_message *m = NULL;

	assert_return_code(sd_bus_message_new_method_call(b->client, &m, BUS_CASE_NAME,
							  BUS_CASE_PATH, BUS_CASE_MANAGER, member),
			   0);
	return m;
}

static sd_bus_message *call(const char *member, const char *pod, uint64_t seconds)
{
	sd_bus_message *m = begin(member);

	assert_return_code(sd_bus_message_append(m, "st", pod, seconds), 0);
	return bus_case_answer(m);
}

static sd_bus_message *call_level(const char *pod, const char *level, uint64_t seconds)
{
	sd_bus_message *m = begin("SetLevel");

	assert_return_code(sd_bus_message_append(m, "sst", pod, level, seconds), 0);
	return bus_case_answer(m);
}

static sd_bus_message *call_pod(const char *member, const char *pod)
{
	sd_bus_message *m = begin(member);

	assert_return_code(sd_bus_message_append(m, "s", pod), 0);
	return bus_case_answer(m);
}

static void assert_given(sd_bus_message *reply, const char *want)
{
	const char *text;
	uint64_t until;

	assert_null(sd_bus_message_get_error(reply));
	assert_return_code(sd_bus_message_read(reply, "ts", &until, &text), 0);
	assert_int_equal(until, 77);
	assert_string_equal(text, "a test says so");
	assert_string_equal(asked, want);
	sd_bus_message_unref(reply);
}

static void assert_error(sd_bus_message *reply, const char *name, const char *says)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	assert_non_null(error);
	assert_string_equal(error->name, name);
	if (!strstr(error->message, says))
		fail_msg("'%s' does not say '%s'", error->message, says);
	sd_bus_message_unref(reply);
}

TEST(each_order_is_handed_on_with_pod_time_and_caller)
{
	need_root();
	assert_given(call("Squeeze", "batch/hog-1", 60), "squeeze batch/hog-1 - 60");
	assert_int_equal(asker.pid, getpid());
	assert_given(call("Freeze", "hog-1", 0), "freeze batch/hog-1 - 0");
	assert_given(call("Thaw", SERVE_BATCH_UID, 86400), "thaw batch/hog-1 - 86400");
	assert_given(call_level("web-1", "P4", 5), "level default/web-1 P4 5");
}

TEST(a_refusal_says_why)
{
	need_root();
	answer = -EPERM;
	assert_error(call("Squeeze", "web-1", 60), BUS_ERROR_REFUSED, "a test says so");
}

TEST(what_means_nothing_is_refused_and_nothing_is_done)
{
	assert_error(call("Squeeze", "no-such", 60), BUS_ERROR_NO_SUCH_POD, "no pod goes by");
	assert_error(call("Freeze", "web-1", 86401), SD_BUS_ERROR_INVALID_ARGS, "at most 24 h");
	assert_error(call_level("web-1", "P9", 0), SD_BUS_ERROR_INVALID_ARGS, "expected P0 to P7");
	assert_error(call_level("web-1", "", 0), SD_BUS_ERROR_INVALID_ARGS, "expected P0 to P7");
	assert_error(call_pod("Release", "no-such"), BUS_ERROR_NO_SUCH_POD, "no pod goes by");
	assert_string_equal(asked, "");
}

TEST(release_says_how_many_ended)
{
	sd_bus_message *reply;
	uint32_t ended = 0;

	need_root();
	reply = call_pod("Release", "hog-1");
	assert_return_code(sd_bus_message_read(reply, "u", &ended), 0);
	assert_int_equal(ended, 3);
	assert_string_equal(asked, "release batch/hog-1");
	sd_bus_message_unref(reply);
}

/* Which action each is, as polkit is asked it: there is none here, and the refusal names it. */
TEST(another_user_is_refused_by_the_action_of_each)
{
	static const char *const calls[][5] = {
		{".SetLevel", "string:web-1", "string:P4", "uint64:0", "set-level"},
		{".Squeeze", "string:hog-1", "uint64:0", NULL, "hold"},
		{".Freeze", "string:hog-1", "uint64:0", NULL, "hold"},
		{".Thaw", "string:hog-1", "uint64:0", NULL, "hold"},
		{".Release", "string:hog-1", NULL, NULL, "hold"},
		{".Evict", "string:hog-1", NULL, NULL, "evict"},
	};
	char out[1024], err[1024], member[64], action[64];

	need_root();
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const char *const argv[] = {"/usr/bin/dbus-send", "--system",
					    "--print-reply",	  "--dest=" BUS_CASE_NAME,
					    BUS_CASE_PATH,	  member,
					    calls[i][1],	  calls[i][2],
					    calls[i][3],	  NULL};

		(void)snprintf(member, sizeof(member), BUS_CASE_MANAGER "%s", calls[i][0]);
		(void)snprintf(action, sizeof(action),
			       "polkit allows io.colod.agent1.%s: ", calls[i][4]);
		assert_int_equal(
			private_bus_run(b->server, argv, 65534, 65534, out, err, sizeof(out)), 1);
		if (!strstr(err, action))
			fail_msg("%s: %s", calls[i][0], err);
		assert_string_equal(asked, "");
	}
}

static const char *orders(void)
{
	static char text[1024];
	sd_bus_message *reply = NULL;
	const char *pod, *cgroup, *kind, *level, *why;
	sd_bus_message *m = NULL;
	int64_t until;

	assert_return_code(sd_bus_message_new_method_call(b->client, &m, BUS_CASE_NAME,
							  BUS_CASE_PATH,
							  "org.freedesktop.DBus.Properties", "Get"),
			   0);
	assert_return_code(sd_bus_message_append(m, "ss", BUS_CASE_MANAGER, "Orders"), 0);
	reply = bus_case_answer(m);
	text[0] = '\0';
	assert_return_code(sd_bus_message_enter_container(reply, 'v', "a(ssssxs)"), 0);
	assert_return_code(sd_bus_message_enter_container(reply, 'a', "(ssssxs)"), 0);
	while (sd_bus_message_read(reply, "(ssssxs)", &pod, &cgroup, &kind, &level, &until, &why) >
	       0)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text),
			       "%s|%s|%s|%lld|%s\n", pod, kind, level, (long long)until, why);
	sd_bus_message_unref(reply);
	return text;
}

TEST(the_property_lists_what_is_in_force)
{
	struct manual_order *o = &b->serve.manual.orders[1];

	*o = b->serve.manual.orders[0];
	o->kind = MANUAL_LEVEL;
	o->level = LEVEL_P4;
	o->serial += 100; /* gone since the last pass */
	b->serve.manual.n = 2;
	assert_string_equal(
		orders(), "batch/hog-1|squeeze||612000000|uid 0 (coloctl, pid 4711) ordered it to "
			  "be squeezed at 12:03:05, until 12:13:05 UTC\n"
			  "|level|P4|612000000|uid 0 (coloctl, pid 4711) ordered this level at "
			  "12:03:05, until 12:13:05 UTC (P4)\n");
	b->serve.manual.n = 0;
	assert_string_equal(orders(), "");
}

TEST(a_change_of_them_is_noticed)
{
	uint64_t before = bus_manual_hash(serve_case_snapshot(&b->serve));

	b->serve.manual.orders[0].since_us++;
	assert_true(bus_manual_hash(serve_case_snapshot(&b->serve)) != before);
	b->serve.manual.n = 0;
	assert_true(bus_manual_hash(serve_case_snapshot(&b->serve)) == 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bus_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_order_is_handed_on_with_pod_time_and_caller),
		T(a_refusal_says_why),
		T(what_means_nothing_is_refused_and_nothing_is_done),
		T(release_says_how_many_ended),
		T(another_user_is_refused_by_the_action_of_each),
		T(the_property_lists_what_is_in_force),
		T(a_change_of_them_is_noticed),
	};

	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
