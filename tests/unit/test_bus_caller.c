// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/serve/bus_caller.h"
#include "tests/lib/private_bus.h"

#define PATH "/io/colod/test"
#define NAME "io.colod.Test"

static struct private_bus daemon_;
static sd_bus *server, *client;
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
	if (private_bus_start(&daemon_, NULL, NULL) < 0 ||
	    private_bus_connect(&daemon_, &server) < 0 ||
	    private_bus_connect(&daemon_, &client) < 0 ||
	    sd_bus_add_object_vtable(server, NULL, PATH, NAME, vtable, NULL) < 0 ||
	    sd_bus_request_name(server, NAME, 0) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client = sd_bus_flush_close_unref(client);
	server = sd_bus_flush_close_unref(server);
	private_bus_stop(&daemon_);
	return 0;
}

static void call_touch(void)
{
	sd_bus_message *call = NULL, *reply = NULL;

	assert_return_code(sd_bus_message_new_method_call(client, &call, NAME, PATH, NAME, "Touch"),
			   0);
	assert_return_code(private_bus_call(client, server, call, &reply), 0);
	assert_false(sd_bus_message_is_method_error(reply, NULL));
	sd_bus_message_unref(reply);
	sd_bus_message_unref(call);
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
	static const char *const argv[] = {
		"/usr/bin/dbus-send", "--system", "--print-reply", "--dest=" NAME, PATH,
		NAME ".Touch",	      NULL};
	char out[1024], err[1024];

	if (geteuid() != 0) {
		printf("another user can only be played by root\n");
		skip();
	}
	assert_int_equal(private_bus_run(server, argv, 65534, 65534, out, err, sizeof(out)), 0);
	assert_true(caller.known);
	assert_int_equal(caller.uid, 65534);
	assert_true(caller.pid > 1 && caller.pid != getpid());
	assert_string_equal(caller.comm, "dbus-send");
}

#define CALLER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALLER_TEST(the_caller_is_who_the_daemon_says),
		CALLER_TEST(another_user_and_program_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
