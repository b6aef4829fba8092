// SPDX-License-Identifier: LGPL-2.1-or-later
// Every call to the bus fails in turn: what is asked is answered with an error, what is told is lost,
// and the next connection serves everything again.
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/serve/bus.h"
#include "tests/lib/fault.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"

#define NAME "io.colod.Agent1"
#define PATH "/io/colod/Agent1"
#define MANAGER "io.colod.Agent1.Manager"

static struct private_bus daemon_;
static struct serve_case c;
static sd_bus *client;

static const struct snapshot *snapshot(void *context)
{
	return serve_case_snapshot(context);
}

static int reload(void *context, const struct history_caller *caller)
{
	(void)context, (void)caller;
	return 0;
}

static const struct bus_ops ops = {.context = &c, .snapshot = snapshot, .reload = reload};

static int start(void **state)
{
	(void)state;
	if (private_bus_start(&daemon_, NULL, NULL) < 0)
		return -1;
	return private_bus_connect(&daemon_, &client);
}

static int stop(void **state)
{
	(void)state;
	client = sd_bus_flush_close_unref(client);
	private_bus_stop(&daemon_);
	return 0;
}

/* Whether it was answered with what was asked for. */
static bool ask(sd_bus *server, const char *member)
{
	sd_bus_message *m = NULL, *reply = NULL;
	bool good;

	assert_return_code(sd_bus_message_new_method_call(client, &m, NAME, PATH, MANAGER, member),
			   0);
	assert_int_equal(private_bus_call(client, server, m, &reply), 0);
	good = !sd_bus_message_is_method_error(reply, NULL);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return good;
}

/* One connection with all that happens on one: how many of its three questions had their answer. */
static int serve(void)
{
	struct bus *bus = NULL;
	sd_bus *server = NULL;
	int good = -1;

	serve_case_init(&c);
	assert_int_equal(private_bus_connect(&daemon_, &server), 0);
	if (bus_new(server, &ops, &bus) >= 0) {
		bus_publish(bus);
		(void)serve_case_add(&c, "44444444-aaaa-4bbb-8ccc-000000000004", "batch", "new");
		c.status.passes++;
		bus_publish(bus);
		serve_case_remove(&c, c.batch);
		bus_publish(bus);
		private_bus_settle(server, client);
		good = ask(server, "ListPods") + ask(server, "Dump") + ask(server, "Reload");
	}
	bus_free(bus);
	sd_bus_flush_close_unref(server);
	private_bus_settle(client, client);
	serve_case_free(&c);
	return good;
}

static void walk(enum sys_call kind, int error)
{
	unsigned n;

	fault_begin();
	assert_int_equal(serve(), 3);
	n = fault_count(kind);
	assert_true(n > 0);
	for (unsigned i = 1; i <= n; i++) {
		fault_begin();
		fault_set(kind, i, error);
		assert_in_range(serve() + 1, 0, 4);
		assert_true(fault_was_met());
		assert_int_equal(serve(), 3);
	}
	fault_end();
	print_message("# %u points of %s\n", n, sys_call_name(kind));
}

TEST(each_call_to_a_bus_that_is_gone)
{
	walk(SYS_BUS, -ENOTCONN);
}

TEST(each_call_to_a_bus_whose_queue_is_full)
{
	walk(SYS_BUS, -ENOBUFS);
}

TEST(no_descriptor_for_a_document)
{
	walk(SYS_OPEN, -EMFILE);
}

TEST(no_room_for_a_document)
{
	walk(SYS_WRITE, -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_to_a_bus_that_is_gone),
		cmocka_unit_test(each_call_to_a_bus_whose_queue_is_full),
		cmocka_unit_test(no_descriptor_for_a_document),
		cmocka_unit_test(no_room_for_a_document),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
