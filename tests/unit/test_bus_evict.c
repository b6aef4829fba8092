// SPDX-License-Identifier: LGPL-2.1-or-later
// Method Evict on a real bus daemon: it answers when it is known what became of it, and not later than it says.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/serve/bus.h"
#include "agent/serve/bus_evict.h"
#include "agent/serve/bus_text.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static char asked[512];
static struct history_caller asker;
static uint64_t serial;
static int answer, outcome;

static int evict(void *context, const struct pod *pod, const struct history_caller *caller,
		 struct manual_answer *ret_answer)
{
	(void)context;
	(void)snprintf(asked, sizeof(asked), "evict %s", pod->name);
	asker = *caller;
	serial = pod->serial;
	(void)snprintf(ret_answer->text, sizeof(ret_answer->text), "a test says no");
	return answer;
}

static int evicted(void *context, uint64_t of, struct manual_answer *ret_answer)
{
	(void)context;
	(void)snprintf(ret_answer->text, sizeof(ret_answer->text), "this became of it");
	return of == serial ? outcome : -EAGAIN;
}

static const struct bus_ops ops = {
	.context = &bus_case.serve,
	.snapshot = serve_case_snapshot,
	.evict = evict,
	.evicted = evicted,
};

static int setup(void **state)
{
	(void)state;
	asked[0] = '\0';
	answer = outcome = 0;
	return bus_case_open(&ops);
}

static void need_root(void)
{
	if (geteuid() != 0) {
		printf("only root may evict somebody\n");
		skip();
	}
}

static sd_bus_message *reply;

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)userdata, (void)error;
	reply = sd_bus_message_ref(m);
	return 0;
}

static void turn(void)
{
	/* Once for the call, once for its answer. */
	private_bus_settle(b->client, b->server);
	private_bus_settle(b->client, b->server);
}

/* Without waiting for its answer. */
static void send_call(const char *pod)
{
	sd_bus_message *m = NULL;

	reply = NULL;
	assert_return_code(sd_bus_message_new_method_call(b->client, &m, BUS_CASE_NAME,
							  BUS_CASE_PATH, BUS_CASE_MANAGER, "Evict"),
			   0);
	assert_return_code(sd_bus_message_append(m, "s", pod), 0);
	assert_return_code(sd_bus_call_async(b->client, NULL, m, on_reply, NULL, 0), 0);
	sd_bus_message_unref(m);
	turn();
}

static void assert_error(const char *name, const char *says)
{
	const sd_bus_error *error;

	assert_non_null(reply);
	error = sd_bus_message_get_error(reply);
	assert_non_null(error);
	assert_string_equal(error->name, name);
	if (!strstr(error->message, says))
		fail_msg("'%s' does not say '%s'", error->message, says);
	sd_bus_message_unref(reply);
}

static void assert_text(const char *want)
{
	const char *text;

	assert_non_null(reply);
	assert_return_code(sd_bus_message_read(reply, "s", &text), 0);
	assert_string_equal(text, want);
	sd_bus_message_unref(reply);
}

TEST(what_is_known_at_once_is_answered_at_once)
{
	need_root();
	send_call("hog-1");
	assert_text("this became of it");
	assert_string_equal(asked, "evict batch/hog-1");
	assert_int_equal(asker.pid, getpid());
	outcome = -EPERM;
	send_call("hog-1");
	assert_error(BUS_ERROR_REFUSED, "this became of it");
	answer = -EPERM;
	send_call("hog-1");
	assert_error(BUS_ERROR_REFUSED, "a test says no");
	send_call("no-such");
	assert_error(BUS_ERROR_NO_SUCH_POD, "no pod goes by");
}

TEST(else_it_is_answered_after_the_pass_that_knows)
{
	need_root();
	outcome = -EAGAIN;
	send_call("hog-1");
	assert_null(reply);
	bus_publish(b->bus);
	turn();
	assert_null(reply);
	outcome = 0;
	bus_publish(b->bus);
	turn();
	assert_text("this became of it");
}

TEST(nobody_waits_longer_than_ten_seconds)
{
	need_root();
	outcome = -EAGAIN;
	send_call("hog-1");
	assert_null(reply);
	bus_evict_look(bus_evict_of(b->bus), &ops, clock_now_us() + BUS_EVICT_WAIT_US - 5000000);
	turn();
	assert_null(reply);
	bus_evict_look(bus_evict_of(b->bus), &ops, clock_now_us() + BUS_EVICT_WAIT_US);
	turn();
	assert_error(BUS_ERROR_NOTHING_YET, "nobody has answered in 10 s: coloctl history");
}

TEST(who_waits_when_colod_ends_is_told)
{
	need_root();
	outcome = -EAGAIN;
	send_call("hog-1");
	assert_null(reply);
	bus_evict_done(bus_evict_of(b->bus));
	turn();
	assert_error(BUS_ERROR_NOTHING_YET, "colod ends before the answer came");
}

TEST(of_too_many_the_last_does_not_wait)
{
	need_root();
	outcome = -EAGAIN;
	for (int i = 0; i < BUS_EVICT_MAX; i++) {
		send_call("hog-1");
		assert_null(reply);
	}
	send_call("hog-1");
	assert_error(BUS_ERROR_NOTHING_YET, "too many wait");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bus_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_known_at_once_is_answered_at_once),
		T(else_it_is_answered_after_the_pass_that_knows),
		T(nobody_waits_longer_than_ten_seconds),
		T(who_waits_when_colod_ends_is_told),
		T(of_too_many_the_last_does_not_wait),
	};

	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
