// SPDX-License-Identifier: LGPL-2.1-or-later
// What the answer is depends on the machine; on the test kernels it is no (tests/vm/tests/19-cores.sh).
#include "tests/lib/test.h"

#include <errno.h>

#include "agent/base/core_sched.h"

TEST(asking_again_gives_the_same_answer)
{
	bool there = core_sched_is_there();

	assert_int_equal(core_sched_is_there(), there);
	if (!there)
		assert_true(errno == EINVAL || errno == ENODEV || errno == EPERM ||
			    errno == ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asking_again_gives_the_same_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
