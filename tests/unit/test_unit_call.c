// SPDX-License-Identifier: LGPL-2.1-or-later
// The messages: whom they go to, and what is read out of an answer that has much else in it.
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/apply/unit_call.h"
#include "tests/lib/private_bus.h"

static struct private_bus the_bus;
static sd_bus *bus;

static int setup(void **state)
{
	(void)state;
	return private_bus_start(&the_bus, NULL, NULL) < 0 ||
	       private_bus_connect(&the_bus, &bus) < 0;
}

static int teardown(void **state)
{
	(void)state;
	sd_bus_flush_close_unref(bus);
	private_bus_stop(&the_bus);
	return 0;
}

TEST(a_question_goes_to_the_units_object_and_interface)
{
	sd_bus_message *m = NULL;
	const char *interface;

	assert_int_equal(unit_call_ask(bus, "farm.slice/farm-a.slice", &m), 0);
	assert_string_equal(sd_bus_message_get_path(m),
			    "/org/freedesktop/systemd1/unit/farm_2da_2eslice");
	assert_string_equal(sd_bus_message_get_destination(m), "org.freedesktop.systemd1");
	assert_int_equal(sd_bus_message_get_auto_start(m), 0);
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_read(m, "s", &interface) > 0);
	assert_string_equal(interface, "org.freedesktop.systemd1.Slice");
	sd_bus_message_unref(m);
	assert_int_equal(unit_call_ask(bus, "farm/plain", &m), -EINVAL);
}

TEST(telling_is_at_run_time_only_and_names_each_property)
{
	struct unit_values values = {.mask = 1u << UNIT_PROP_CPU_WEIGHT |
					     1u << UNIT_PROP_IO_WEIGHT};
	sd_bus_message *m = NULL;
	const char *unit, *name;
	uint64_t value;
	int runtime;

	values.value[UNIT_PROP_CPU_WEIGHT] = 50;
	values.value[UNIT_PROP_IO_WEIGHT] = UNIT_PROP_UNSET;
	assert_int_equal(unit_call_tell(bus, "batch.slice", &values, &m), 0);
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_read(m, "sb", &unit, &runtime) > 0);
	assert_string_equal(unit, "batch.slice");
	assert_true(runtime);
	assert_true(sd_bus_message_enter_container(m, 'a', "(sv)") > 0);
	assert_true(sd_bus_message_read(m, "(sv)", &name, "t", &value) > 0);
	assert_string_equal(name, "CPUWeight");
	assert_int_equal(value, 50);
	assert_true(sd_bus_message_read(m, "(sv)", &name, "t", &value) > 0);
	assert_string_equal(name, "IOWeight");
	assert_true(value == UNIT_PROP_UNSET);
	assert_int_equal(sd_bus_message_read(m, "(sv)", &name, "t", &value), 0);
	sd_bus_message_unref(m);
}

TEST(what_was_told_is_said_in_words)
{
	struct unit_values values = {.mask = 1u << UNIT_PROP_CPU_WEIGHT |
					     1u << UNIT_PROP_IO_WEIGHT};
	char text[64], small[12];

	values.value[UNIT_PROP_CPU_WEIGHT] = 50;
	values.value[UNIT_PROP_IO_WEIGHT] = UNIT_PROP_UNSET;
	assert_string_equal(unit_call_text(&values, text, sizeof(text)),
			    "CPUWeight=50, IOWeight=unset");
	assert_string_equal(unit_call_text(&values, small, sizeof(small)), "CPUWeight=5");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_question_goes_to_the_units_object_and_interface),
		CASE(telling_is_at_run_time_only_and_names_each_property),
		CASE(what_was_told_is_said_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
