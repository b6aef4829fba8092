// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/serve/bus_caller.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static struct history_caller caller;

static int touch(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	(void)userdata, (void)error;
	bus_caller_of(call, &caller);
	return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Touch", "", "", touch, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int setup(void **state)
{
	(void)state;
	caller = (struct history_caller){.pid = -1};
	return bus_case_serve(vtable);
}

static void call_touch(void)
{
	sd_bus_message *call = NULL, *reply;

	assert_return_code(sd_bus_message_new_method_call(b->client, &call, BUS_CASE_TEST,
							  BUS_CASE_TEST_PATH, BUS_CASE_TEST,
							  "Touch"),
			   0);
	reply = bus_case_answer(call);
	assert_false(sd_bus_message_is_method_error(reply, NULL));
	sd_bus_message_unref(reply);
}

TEST(the_caller_is_who_the_daemon_says)
{
	call_touch();
	assert_true(caller.known);
	assert_int_equal(caller.uid, geteuid());
	assert_int_equal(caller.pid, getpid());
	assert_string_equal(caller.comm, "test_bus_caller");
}

/* Another program as another user: neither this test's own numbers nor zeroes. */
TEST(another_user_and_program_are_told_apart)
{
	static const char *const argv[] = {"/usr/bin/dbus-send",
					   "--system",
					   "--print-reply",
					   "--dest=" BUS_CASE_TEST,
					   BUS_CASE_TEST_PATH,
					   BUS_CASE_TEST ".Touch",
					   NULL};
	char out[1024], err[1024];

	if (geteuid() != 0) {
		printf("another user can only be played by root\n");
		skip();
	}
	assert_int_equal(private_bus_run(b->server, argv, 65534, 65534, out, err, sizeof(out)), 0);
	assert_true(caller.known);
	assert_int_equal(caller.uid, 65534);
	assert_true(caller.pid > 1 && caller.pid != getpid());
	assert_string_equal(caller.comm, "dbus-send");
}

#define CALLER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bus_case_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALLER_TEST(the_caller_is_who_the_daemon_says),
		CALLER_TEST(another_user_and_program_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
