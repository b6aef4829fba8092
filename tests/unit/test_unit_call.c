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

TEST(a_question_goes_to_the_units_object_and_is_of_all_interfaces)
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
	assert_string_equal(interface, "");
	sd_bus_message_unref(m);
	assert_int_equal(unit_call_ask(bus, "farm/plain", &m), -EINVAL);
}

/* The flag for run time, and then the values. */
static void expect_values(sd_bus_message *m)
{
	const char *name;
	uint64_t value;
	int runtime;

	assert_true(sd_bus_message_read(m, "b", &runtime) > 0);
	assert_true(runtime);
	assert_true(sd_bus_message_enter_container(m, 'a', "(sv)") > 0);
	assert_true(sd_bus_message_read(m, "(sv)", &name, "t", &value) > 0);
	assert_string_equal(name, "CPUWeight");
	assert_int_equal(value, 50);
	assert_true(sd_bus_message_read(m, "(sv)", &name, "t", &value) > 0);
	assert_string_equal(name, "IOWeight");
	assert_true(value == UNIT_PROP_UNSET);
	assert_int_equal(sd_bus_message_read(m, "(sv)", &name, "t", &value), 0);
}

static const struct unit_values two_values = {
	.mask = 1u << UNIT_PROP_CPU_WEIGHT | 1u << UNIT_PROP_IO_WEIGHT,
	.value[UNIT_PROP_CPU_WEIGHT] = 50,
	.value[UNIT_PROP_IO_WEIGHT] = UNIT_PROP_UNSET,
};

/* systemd looks the object up among the starts of today and refuses what is over. */
TEST(telling_goes_to_this_start_of_the_unit)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	sd_bus_message *m = NULL;

	assert_int_equal(unit_call_tell(bus, "batch.slice", id, &two_values, &m), 0);
	assert_string_equal(sd_bus_message_get_path(m), "/org/freedesktop/systemd1/unit/"
							"_30123456789abcdef0123456789abcdef");
	assert_string_equal(sd_bus_message_get_interface(m), "org.freedesktop.systemd1.Unit");
	assert_string_equal(sd_bus_message_get_member(m), "SetProperties");
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	expect_values(m);
	sd_bus_message_unref(m);
}

TEST(one_that_systemd_never_starts_is_told_by_name)
{
	sd_bus_message *m = NULL;
	const char *unit;

	assert_int_equal(unit_call_tell(bus, "batch.slice", "", &two_values, &m), 0);
	assert_string_equal(sd_bus_message_get_member(m), "SetUnitProperties");
	assert_true(sd_bus_message_seal(m, 1, 0) >= 0);
	assert_true(sd_bus_message_read(m, "s", &unit) > 0);
	assert_string_equal(unit, "batch.slice");
	expect_values(m);
	sd_bus_message_unref(m);
}

TEST(an_error_says_whether_the_start_is_over)
{
	static const sd_bus_error over =
		SD_BUS_ERROR_MAKE_CONST("org.freedesktop.systemd1.NoUnitForInvocationID", "");
	static const sd_bus_error denied = SD_BUS_ERROR_MAKE_CONST(SD_BUS_ERROR_ACCESS_DENIED, "");

	assert_int_equal(unit_call_error(&over), -ESTALE);
	assert_int_equal(unit_call_error(&denied), -EACCES);
	assert_int_equal(unit_call_error(NULL), 0);
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
		CASE(a_question_goes_to_the_units_object_and_is_of_all_interfaces),
		CASE(telling_goes_to_this_start_of_the_unit),
		CASE(one_that_systemd_never_starts_is_told_by_name),
		CASE(an_error_says_whether_the_start_is_over),
		CASE(what_was_told_is_said_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
