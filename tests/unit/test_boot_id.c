// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/boot_id.h"
#include "tests/lib/fault.h"

TEST(it_is_the_running_kernels)
{
	char id[BOOT_ID_SIZE], kernel[64] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	assert_non_null(f);
	assert_non_null(fgets(kernel, sizeof(kernel), f));
	fclose(f);
	kernel[strcspn(kernel, "\n")] = '\0';
	boot_id_read(id, sizeof(id));
	assert_string_equal(id, kernel);
	assert_int_equal(strlen(id), 36);
}

TEST(what_cannot_be_read_is_said_so_and_is_no_id)
{
	char id[BOOT_ID_SIZE];

	fault_begin();
	fault_set_from(SYS_READ, 1, -EIO);
	boot_id_read(id, sizeof(id));
	fault_end();
	assert_string_equal(id, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_running_kernels),
		cmocka_unit_test(what_cannot_be_read_is_said_so_and_is_no_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
