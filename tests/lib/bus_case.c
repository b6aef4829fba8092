// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_case.h.
#include "tests/lib/bus_case.h"

#include <stdio.h>

#include "tests/lib/test.h"

struct bus_case bus_case;

int bus_case_start(void **state)
{
	(void)state;
	return private_bus_start(&bus_case.daemon, NULL, NULL);
}

int bus_case_stop(void **state)
{
	(void)state;
	private_bus_stop(&bus_case.daemon);
	return 0;
}

static int connect_both(void)
{
	return private_bus_connect(&bus_case.daemon, &bus_case.server) < 0 ||
			       private_bus_connect(&bus_case.daemon, &bus_case.client) < 0
		       ? -1
		       : 0;
}

static void disconnect_both(void)
{
	bus_case.server = sd_bus_flush_close_unref(bus_case.server);
	bus_case.client = sd_bus_flush_close_unref(bus_case.client);
}

int bus_case_open(const struct bus_ops *ops)
{
	bus_case.signals[0] = '\0';
	bus_case.bus = NULL;
	serve_case_init(&bus_case.serve);
	if (connect_both() < 0)
		return -1;
	return ops && bus_new(bus_case.server, ops, &bus_case.bus) < 0 ? -1 : 0;
}

void bus_case_close(void)
{
	bus_free(bus_case.bus);
	disconnect_both();
	serve_case_free(&bus_case.serve);
}

int bus_case_teardown(void **state)
{
	(void)state;
	bus_case_close();
	return 0;
}

int bus_case_serve(const sd_bus_vtable *vtable)
{
	if (bus_case_start(NULL) < 0 || connect_both() < 0 ||
	    sd_bus_add_object_vtable(bus_case.server, NULL, BUS_CASE_TEST_PATH, BUS_CASE_TEST,
				     vtable, NULL) < 0)
		return -1;
	return sd_bus_request_name(bus_case.server, BUS_CASE_TEST, 0) < 0 ? -1 : 0;
}

int bus_case_end(void **state)
{
	disconnect_both();
	return bus_case_stop(state);
}

sd_bus_message *bus_case_answer(sd_bus_message *call)
{
	sd_bus_message *reply = NULL;

	assert_int_equal(private_bus_call(bus_case.client, bus_case.server, call, &reply), 0);
	sd_bus_message_unref(call);
	return reply;
}

void bus_case_note(const char *word)
{
	size_t len = strlen(bus_case.signals);

	(void)snprintf(bus_case.signals + len, sizeof(bus_case.signals) - len, "%s ", word);
}

void bus_case_end_line(void)
{
	size_t len = strlen(bus_case.signals);

	(void)snprintf(bus_case.signals + len, sizeof(bus_case.signals) - len, "\n");
}
