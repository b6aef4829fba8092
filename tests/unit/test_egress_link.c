// SPDX-License-Identifier: LGPL-2.1-or-later
// The calls of egress_link.c at the seam, by way of net_host.c (a test that names them itself gets the fake's, tests/lib/fake_egress.h), and what
// the kernel says of what is no cgroup. What programs do is shown in a VM (72-net).
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/apply/net_host.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "tests/lib/fault.h"

static int dir = -EBADF;
static struct net_host at;

/* With the `nth` call failing so. */
static int step(enum net_host_do what, unsigned nth, int error)
{
	fault_begin();
	fault_set(SYS_BPF, nth, error);
	return net_host_run(&at, what, dir, "tmp", 0x800, 0xf00);
}

static int setup(void **state)
{
	(void)state;
	at = (struct net_host){.link_fd = -EBADF};
	return fs_open_root("/", &dir);
}

static int teardown(void **state)
{
	(void)state;
	fault_end();
	cleanup_close(&dir);
	cleanup_close(&at.link_fd);
	return 0;
}

/* Where a process may load no program, which is told, there is no second call. */
static void fails_at(enum net_host_do what, const char *name, int expected)
{
	int r = step(what, 2, -EPERM);

	if (!fault_was_met()) {
		assert_int_not_equal(net_host_refusal(r), NET_FINE);
		return;
	}
	assert_string_equal(fault_path(), name);
	assert_int_equal(r, expected);
}

TEST(a_program_that_cannot_be_loaded_is_tied_to_nothing)
{
	assert_int_equal(step(NET_HOST_ADD, 1, -ENOMEM), -ENOMEM);
	assert_string_equal(fault_path(), "load");
	assert_int_equal(fault_count(SYS_BPF), 1);
	assert_int_equal(at.link_fd, -EBADF);
}

TEST(a_link_that_cannot_be_made_is_none)
{
	fails_at(NET_HOST_ADD, "link", -EBUSY);
	assert_int_equal(at.link_fd, -EBADF);
}

TEST(a_link_that_cannot_be_changed_stays)
{
	at.link_fd = dup(dir);
	fails_at(NET_HOST_CHANGE, "change", -EPERM);
	assert_true(at.link_fd >= 0);
	assert_int_equal(at.mask, 0);
}

TEST(what_cannot_be_asked_is_neither_there_nor_gone)
{
	at.link_fd = dup(dir);
	fault_begin();
	fault_set(SYS_BPF, 1, -ENOMEM);
	assert_false(net_host_look(&at));
	assert_string_equal(fault_path(), "look");
	assert_true(at.link_fd >= 0);
	fault_set(SYS_BPF, 2, -ENOMEM);
	assert_int_equal(net_host_is_taken(dir, "tmp"), -ENOMEM);
	assert_string_equal(fault_path(), "query");
}

TEST(a_directory_that_is_no_cgroup_gets_no_program)
{
	assert_true(net_host_is_taken(dir, "tmp") < 0);
	assert_int_not_equal(net_host_refusal(step(NET_HOST_ADD, 9, -EIO)), NET_FINE);
	assert_int_equal(at.link_fd, -EBADF);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_program_that_cannot_be_loaded_is_tied_to_nothing),
		CASE(a_link_that_cannot_be_made_is_none),
		CASE(a_link_that_cannot_be_changed_stays),
		CASE(what_cannot_be_asked_is_neither_there_nor_gone),
		CASE(a_directory_that_is_no_cgroup_gets_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
