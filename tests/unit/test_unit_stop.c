// SPDX-License-Identifier: LGPL-2.1-or-later
// What is stopped through systemd, and what its answer means for an eviction.
#include "agent/apply/unit_stop.h"
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake_systemd.h"
#include "tests/lib/tree.h"

static struct fake_systemd systemd;
static char *dir;
static sd_bus *bus;
static enum evict_answer answer;
static char why[EVICT_WHY_SIZE];

static int setup(void **state)
{
	(void)state;
	if (tree_make("@host 2\n", &dir) < 0)
		return -1;
	fake_systemd_start(&systemd, dir);
	return private_bus_connect(&systemd.bus, &bus);
}

static int teardown(void **state)
{
	(void)state;
	sd_bus_flush_close_unref(bus);
	fake_systemd_stop(&systemd);
	tree_remove(dir);
	return 0;
}

static int on_stopped(sd_bus_message *reply, void *context, sd_bus_error *error)
{
	(void)context, (void)error;
	answer = unit_stop_answer(reply, why);
	return 0;
}

static enum evict_answer stop(const char *path)
{
	sd_bus_slot *slot = NULL;

	answer = EVICT_ANSWER_NONE;
	assert_int_equal(unit_stop(bus, path, on_stopped, NULL, &slot), 0);
	while (answer == EVICT_ANSWER_NONE) {
		int r = sd_bus_process(bus, NULL);

		assert_true(r >= 0);
		if (r == 0)
			assert_true(sd_bus_wait(bus, 10000000) >= 0);
	}
	sd_bus_slot_unref(slot);
	return answer;
}

TEST(units_are_and_containers_and_plain_cgroups_are_not)
{
	assert_true(unit_stop_fits("batch.slice/hog.service"));
	assert_true(unit_stop_fits("batch.slice"));
	assert_true(unit_stop_fits("batch.slice/run-7.scope"));
	assert_false(unit_stop_fits("farm/hog"));
	assert_false(
		unit_stop_fits("machine.slice/libpod-"
			       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
			       ".scope"));
}

TEST(a_unit_is_stopped_by_its_name_and_one_that_is_gone_is_gone)
{
	fake_systemd_unit(&systemd, "hog.service", "batch.slice/hog.service");
	assert_int_equal(stop("batch.slice/hog.service"), EVICT_ANSWER_ACCEPTED);
	assert_string_equal(why, "");
	assert_int_equal(stop("batch.slice/hog.service"), EVICT_ANSWER_GONE);
}

TEST(who_may_not_is_told_so)
{
	fake_systemd_mood(&systemd, "refuse");
	assert_int_equal(stop("batch.slice/hog.service"), EVICT_ANSWER_FORBIDDEN);
	assert_non_null(strstr(why, "systemd says"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(units_are_and_containers_and_plain_cgroups_are_not),
		CASE(a_unit_is_stopped_by_its_name_and_one_that_is_gone_is_gone),
		CASE(who_may_not_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
