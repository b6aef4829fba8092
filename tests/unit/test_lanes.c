// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "agent/base/lanes.h"

static int open_dev(void)
{
	int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

TEST(the_event_is_raised_by_any_lane_and_lowered)
{
	struct lanes *lanes;
	struct pollfd poll_fd = {.events = POLLIN};
	struct lane_done done;

	assert_int_equal(lanes_new(&lanes), 0);
	poll_fd.fd = lanes->event_fd;
	lanes_clear(lanes);
	for (int i = 0; i < 3; i++) {
		struct lane *lane = i == 0 ? lanes->urgent : i == 1 ? lanes->slow : lanes->reclaim;

		assert_int_equal(poll(&poll_fd, 1, 0), 0);
		assert_int_equal(lane_write(lane, open_dev(), "null", 0, "x", 1), 0);
		assert_int_equal(poll(&poll_fd, 1, 60000), 1);
		lanes_clear(lanes);
		assert_true(lane_next(lane, &done));
		assert_false(lane_next(lane, &done));
	}
	lanes_free(lanes);
	lanes_free(NULL);
}

TEST(a_descriptor_is_closed_with_lanes_and_without)
{
	struct lanes *lanes;
	int fds[2 * LANE_JOBS], one = open_dev();

	lanes_close_fd(NULL, one);
	assert_int_equal(fcntl(one, F_GETFD), -1);
	assert_int_equal(lanes_new(&lanes), 0);
	for (size_t i = 0; i < 2 * LANE_JOBS; i++)
		fds[i] = open_dev();
	/* More than a lane takes at once: the rest is closed here. */
	for (size_t i = 0; i < 2 * LANE_JOBS; i++)
		lanes_close_fd(lanes, fds[i]);
	lanes_free(lanes);
	for (size_t i = 0; i < 2 * LANE_JOBS; i++)
		assert_int_equal(fcntl(fds[i], F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_event_is_raised_by_any_lane_and_lowered),
		cmocka_unit_test(a_descriptor_is_closed_with_lanes_and_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
