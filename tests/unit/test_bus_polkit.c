// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may change something, on a real bus daemon with a polkit that answers what a test says: who is asked
// about, what each answer leads to, and that nobody waits for it but the caller.
#include "tests/lib/test.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/serve/bus.h"
#include "agent/serve/bus_polkit.h"
#include "agent/serve/bus_text.h"
#include "tests/lib/bus_case.h"
#include "tests/lib/fault.h"

#define NOBODY 65534
#define DAEMON 1

enum answer {
	YES,
	NO,
	CHALLENGE,
	UNKNOWN_ACTION,
	NONSENSE,
	SILENCE, /* until answer_held() */
};

static struct bus_case *const b = &bus_case;
static sd_bus *user; /* a connection of nobody's */
static sd_bus_slot *polkit;
static sd_bus_message *held[BUS_POLKIT_MAX + 1];
static size_t n_held;
static enum answer answer;
static char question[256]; /* subject kind, action, flags; of the last one */
static unsigned n_questions, n_cancelled, n_reloads, n_resumes;
static struct history_caller asker;

static int reload(void *context, const struct history_caller *caller)
{
	(void)context;
	asker = *caller;
	n_reloads++;
	return 0;
}

static int resume(void *context, const struct history_caller *caller)
{
	(void)context;
	asker = *caller;
	n_resumes++;
	return 0;
}

static const struct bus_ops ops = {
	.context = &bus_case.serve,
	.snapshot = serve_case_snapshot,
	.reload = reload,
	.resume = resume,
};

static int give(sd_bus_message *call, enum answer what)
{
	switch (what) {
	case YES:
		return sd_bus_reply_method_return(call, "(bba{ss})", 1, 0, 0);
	case NO:
		return sd_bus_reply_method_return(call, "(bba{ss})", 0, 0, 0);
	case CHALLENGE:
		return sd_bus_reply_method_return(call, "(bba{ss})", 0, 1, 0);
	case NONSENSE:
		return sd_bus_reply_method_return(call, "s", "yes, of course");
	default:
		return sd_bus_reply_method_errorf(call, "org.freedesktop.PolicyKit1.Error.Failed",
						  "Action is not registered");
	}
}

static int check(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *kind, *key, *name, *action, *cancel;
	uint32_t flags = 99;

	(void)userdata, (void)error;
	if (sd_bus_message_read(call, "(sa{sv})s", &kind, 1, &key, "s", &name, &action) < 0 ||
	    sd_bus_message_skip(call, "a{ss}") < 0 ||
	    sd_bus_message_read(call, "us", &flags, &cancel) < 0)
		return -EBADMSG;
	(void)snprintf(question, sizeof(question), "%s %s %s %u%s", kind, key, action, flags,
		       cancel[0] ? "" : " without a cancel id");
	n_questions++;
	if (answer != SILENCE)
		return give(call, answer);
	held[n_held++] = sd_bus_message_ref(call);
	return 1;
}

/* No vtable: that would not let it answer with something else than it promises. */
static int serve(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	static const char interface[] = "org.freedesktop.PolicyKit1.Authority";

	if (sd_bus_message_is_method_call(call, interface, "CheckAuthorization") > 0)
		return check(call, userdata, error);
	if (sd_bus_message_is_method_call(call, interface, "CancelCheckAuthorization") <= 0)
		return 0;
	n_cancelled++;
	return 1;
}

/* On the connection of the agent itself, which a test drives anyway. */
static int polkit_start(void)
{
	if (sd_bus_add_object(b->server, &polkit, "/org/freedesktop/PolicyKit1/Authority", serve,
			      NULL) < 0)
		return -1;
	return sd_bus_request_name(b->server, "org.freedesktop.PolicyKit1", 0) < 0 ? -1 : 0;
}

/* The daemon goes by who opened the socket. */
static sd_bus *connect_as(uid_t uid)
{
	sd_bus *bus = NULL;

	if (seteuid(uid) < 0)
		return NULL;
	if (sd_bus_open_system(&bus) >= 0)
		(void)sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
					 "org.freedesktop.DBus", "GetId", NULL, NULL, "");
	return seteuid(0) < 0 ? NULL : bus;
}

static int setup(void **state)
{
	(void)state;
	answer = YES;
	n_questions = n_cancelled = n_reloads = n_resumes = 0;
	n_held = 0;
	asker = (struct history_caller){0};
	if (bus_case_open(&ops) < 0)
		return -1;
	if (geteuid() != 0)
		return 0;
	user = connect_as(NOBODY);
	return user ? polkit_start() : -1;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < n_held; i++)
		sd_bus_message_unref(held[i]);
	polkit = sd_bus_slot_unref(polkit);
	user = sd_bus_flush_close_unref(user);
	return bus_case_teardown(state);
}

static void need_root(void)
{
	if (geteuid() != 0) {
		printf("another user can only be played by root\n");
		skip();
	}
}

static sd_bus_message *begin(sd_bus *of, const char *member)
{
	sd_bus_message *m = NULL;

	assert_return_code(sd_bus_message_new_method_call(of, &m, BUS_CASE_NAME, BUS_CASE_PATH,
							  BUS_CASE_MANAGER, member),
			   0);
	return m;
}

static sd_bus_message *ask_as(sd_bus *of, const char *member, int interactive)
{
	sd_bus_message *m = begin(of, member), *reply = NULL;

	assert_return_code(sd_bus_message_set_allow_interactive_authorization(m, interactive), 0);
	assert_int_equal(private_bus_call(of, b->server, m, &reply), 0);
	sd_bus_message_unref(m);
	return reply;
}

static void assert_no(sd_bus_message *reply, const char *name, const char *says)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	assert_non_null(error);
	assert_string_equal(error->name, name);
	if (!strstr(error->message, says))
		fail_msg("'%s' does not say '%s'", error->message, says);
	assert_int_equal(n_reloads + n_resumes, 0);
	sd_bus_message_unref(reply);
}

static void assert_yes(sd_bus_message *reply)
{
	assert_null(sd_bus_message_get_error(reply));
	sd_bus_message_unref(reply);
}

TEST(root_is_not_asked_about)
{
	need_root();
	answer = NO;
	assert_yes(ask_as(b->client, "Reload", 0));
	assert_int_equal(n_questions, 0);
	assert_int_equal(n_reloads, 1);
	assert_int_equal(asker.uid, 0);
}

TEST(another_user_is_asked_about_by_action_and_recorded)
{
	need_root();
	assert_yes(ask_as(user, "Reload", 0));
	assert_string_equal(question, "system-bus-name name io.colod.agent1.reload 0");
	assert_int_equal(n_reloads, 1);
	assert_true(asker.known);
	assert_int_equal(asker.uid, NOBODY);
	assert_int_equal(asker.pid, getpid());
	assert_yes(ask_as(user, "Resume", 0));
	assert_string_equal(question, "system-bus-name name io.colod.agent1.set-mode 0");
	assert_int_equal(n_resumes, 1);
	assert_int_equal(n_questions, 2);
}

TEST(who_may_not_is_told_the_action_and_nothing_is_done)
{
	need_root();
	answer = NO;
	assert_no(ask_as(user, "Reload", 0), BUS_ERROR_NOT_ALLOWED,
		  "io.colod.agent1.reload: polkit does not allow it to you. Use sudo");
	assert_no(ask_as(user, "Resume", 0), BUS_ERROR_NOT_ALLOWED, "io.colod.agent1.set-mode");
	answer = CHALLENGE;
	assert_no(ask_as(user, "Reload", 0), SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
		  "wants a password");
	answer = UNKNOWN_ACTION;
	assert_no(ask_as(user, "Reload", 0), BUS_ERROR_NOT_ALLOWED,
		  "polkit says: Action is not registered");
	answer = NONSENSE;
	assert_no(ask_as(user, "Reload", 0), BUS_ERROR_NOT_ALLOWED, "not understood");
}

TEST(a_password_is_asked_for_only_where_the_caller_says_so)
{
	need_root();
	assert_yes(ask_as(user, "Reload", 1));
	assert_string_equal(question, "system-bus-name name io.colod.agent1.reload 1");
}

TEST(without_polkit_only_root_may)
{
	need_root();
	assert_return_code(sd_bus_release_name(b->server, "org.freedesktop.PolicyKit1"), 0);
	assert_no(ask_as(user, "Reload", 1), BUS_ERROR_NOT_ALLOWED,
		  "polkit is not installed, or does not run. Use sudo");
	assert_yes(ask_as(b->client, "Reload", 0));
	assert_int_equal(n_reloads, 1);
}

TEST(a_polkit_that_is_silent_means_no_and_is_called_off)
{
	need_root();
	answer = SILENCE;
	bus_polkit_of(b->bus)->patience_us = 1;
	assert_no(ask_as(user, "Reload", 0), BUS_ERROR_NOT_ALLOWED, "nobody has said yes in time");
	private_bus_settle(b->server, user);
	assert_int_equal(n_cancelled, 1);
	/* What it says later changes nothing. */
	assert_return_code(give(held[0], YES), 0);
	private_bus_settle(b->server, user);
	assert_int_equal(n_reloads, 0);
	/* One that may be asked for a password has longer. */
	answer = YES;
	assert_yes(ask_as(user, "Reload", 1));
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *e = sd_bus_message_get_error(reply);

	(void)error;
	bus_case_note(e ? e->name : "yes");
	(*(unsigned *)userdata)++;
	return 0;
}

static void ask_later(sd_bus *of, unsigned *n_replies)
{
	sd_bus_message *m = begin(of, "Reload");

	assert_return_code(sd_bus_call_async(of, NULL, m, on_reply, n_replies, 0), 0);
	sd_bus_message_unref(m);
}

TEST(nobody_else_waits_for_polkit)
{
	unsigned n = 0;

	need_root();
	answer = SILENCE;
	ask_later(user, &n);
	private_bus_settle(b->server, user);
	assert_int_equal(n_held, 1);
	assert_yes(ask_as(user, "ListPods", 0));
	assert_yes(ask_as(b->client, "Resume", 0));
	assert_int_equal(n, 0);
	assert_int_equal(n_reloads, 0);
	assert_return_code(give(held[0], YES), 0);
	private_bus_settle(b->server, user);
	assert_int_equal(n, 1);
	assert_int_equal(n_reloads, 1);
	assert_int_equal(asker.uid, NOBODY);
}

TEST(who_is_gone_when_polkit_says_yes_gets_nothing_done)
{
	unsigned n = 0;

	need_root();
	answer = SILENCE;
	ask_later(user, &n);
	private_bus_settle(b->server, user);
	assert_int_equal(n_held, 1);
	user = sd_bus_flush_close_unref(user);
	private_bus_settle(b->server, b->client);
	private_bus_settle(b->server, b->client);
	assert_int_equal(n_cancelled, 1);
	assert_return_code(give(held[0], YES), 0);
	private_bus_settle(b->server, b->client);
	assert_int_equal(n_reloads, 0);
	/* Its place is free again. */
	for (size_t i = 0; i < BUS_POLKIT_MAX; i++)
		assert_null(bus_polkit_of(b->bus)->questions[i].ask.call);
}

TEST(one_user_does_not_take_every_place)
{
	sd_bus *other;
	unsigned n = 0;

	need_root();
	other = connect_as(DAEMON);
	assert_non_null(other);
	answer = SILENCE;
	for (unsigned i = 0; i < BUS_POLKIT_MAX_OF_USER + 2; i++)
		ask_later(user, &n);
	private_bus_settle(b->server, user);
	assert_int_equal(n_held, BUS_POLKIT_MAX_OF_USER);
	assert_string_equal(b->signals,
			    SD_BUS_ERROR_LIMITS_EXCEEDED " " SD_BUS_ERROR_LIMITS_EXCEEDED " ");
	answer = YES;
	assert_yes(ask_as(other, "Reload", 0));
	assert_int_equal(asker.uid, DAEMON);
	assert_int_equal(n_reloads, 1);
	/* Answered, they leave room for the next. */
	for (size_t i = 0; i < BUS_POLKIT_MAX_OF_USER; i++)
		assert_return_code(give(held[i], NO), 0);
	private_bus_settle(b->server, user);
	assert_int_equal(n, BUS_POLKIT_MAX_OF_USER + 2);
	assert_int_equal(n_reloads, 1);
	assert_yes(ask_as(user, "Reload", 0));
	(void)sd_bus_flush_close_unref(other);
}

TEST(all_together_are_bounded)
{
	sd_bus *others[BUS_POLKIT_MAX / BUS_POLKIT_MAX_OF_USER];
	unsigned n = 0;

	need_root();
	answer = SILENCE;
	for (unsigned i = 0; i < BUS_POLKIT_MAX / BUS_POLKIT_MAX_OF_USER; i++) {
		others[i] = connect_as(DAEMON + i);
		assert_non_null(others[i]);
		for (unsigned k = 0; k < BUS_POLKIT_MAX_OF_USER; k++)
			ask_later(others[i], &n);
		private_bus_settle(b->server, others[i]);
	}
	assert_int_equal(n_held, BUS_POLKIT_MAX);
	assert_no(ask_as(user, "Reload", 0), SD_BUS_ERROR_LIMITS_EXCEEDED, "try again");
	for (unsigned i = 0; i < BUS_POLKIT_MAX / BUS_POLKIT_MAX_OF_USER; i++)
		(void)sd_bus_flush_close_unref(others[i]);
}

TEST(an_agent_that_stops_leaves_no_question)
{
	unsigned n = 0;

	need_root();
	answer = SILENCE;
	ask_later(user, &n);
	private_bus_settle(b->server, user);
	assert_int_equal(n_held, 1);
	bus_free(b->bus);
	b->bus = NULL;
	assert_return_code(give(held[0], YES), 0);
	private_bus_settle(b->server, user);
	assert_int_equal(n_reloads, 0);
	assert_int_equal(n, 0);
}

/* Only where the very answer cannot be sent it has been done by then. */
TEST(any_call_to_the_bus_that_fails_means_no)
{
	unsigned n, refused = 0, done = 0;

	need_root();
	fault_begin();
	assert_yes(ask_as(user, "Reload", 0));
	n = fault_count(SYS_BUS);
	assert_true(n >= 5);
	for (unsigned i = 1; i <= n; i++) {
		unsigned before = n_reloads;
		const sd_bus_error *error;
		sd_bus_message *reply;

		fault_begin();
		fault_set(SYS_BUS, i, -ENOBUFS);
		reply = ask_as(user, "Reload", 0);
		assert_true(fault_was_met());
		error = sd_bus_message_get_error(reply);
		refused += error != NULL;
		done += n_reloads - before;
		sd_bus_message_unref(reply);
		for (size_t k = 0; k < BUS_POLKIT_MAX; k++)
			assert_null(bus_polkit_of(b->bus)->questions[k].ask.call);
	}
	fault_end();
	assert_int_equal(refused, n);
	assert_int_equal(done, 1);
}

#define POLKIT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		POLKIT_TEST(root_is_not_asked_about),
		POLKIT_TEST(another_user_is_asked_about_by_action_and_recorded),
		POLKIT_TEST(who_may_not_is_told_the_action_and_nothing_is_done),
		POLKIT_TEST(a_password_is_asked_for_only_where_the_caller_says_so),
		POLKIT_TEST(without_polkit_only_root_may),
		POLKIT_TEST(a_polkit_that_is_silent_means_no_and_is_called_off),
		POLKIT_TEST(nobody_else_waits_for_polkit),
		POLKIT_TEST(who_is_gone_when_polkit_says_yes_gets_nothing_done),
		POLKIT_TEST(one_user_does_not_take_every_place),
		POLKIT_TEST(all_together_are_bounded),
		POLKIT_TEST(an_agent_that_stops_leaves_no_question),
		POLKIT_TEST(any_call_to_the_bus_that_fails_means_no),
	};

	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
