// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <string.h>

#include "agent/ctl/mode_file.h"
#include "policy/read.h"

#define FIRST                                                                                      \
	"# Written by coloctl, which changes it with: coloctl mode MODE [RESOURCE] --persist\n"

TEST(what_is_written_is_a_policy_and_is_read_back)
{
	struct mode_file file = {.all_given = true, .all = MODE_SQUEEZE}, back;
	char text[MODE_FILE_SIZE];

	file.by_given[RESOURCE_CPU] = file.by_given[RESOURCE_IO] = true;
	file.by[RESOURCE_CPU] = MODE_FULL;
	file.by[RESOURCE_IO] = MODE_OFF;
	mode_file_format(&file, "by a test", text);
	assert_string_equal(text, FIRST "# by a test\nversion: 1\nmode: squeeze\n"
					"modes: {cpu: full, io: off}\n");
	assert_int_equal(mode_file_parse(text, &back), 0);
	assert_true(back.all_given);
	assert_int_equal(back.all, MODE_SQUEEZE);
	assert_false(back.by_given[RESOURCE_MEMORY]);
	assert_int_equal(back.by[RESOURCE_IO], MODE_OFF);
}

TEST(every_combination_comes_back)
{
	char text[MODE_FILE_SIZE];

	for (int all = -1; all < MODE_COUNT; all++) {
		for (int m = 0; m < 1 << RESOURCE_MODES; m++) {
			struct mode_file file = {.all_given = all >= 0}, back;

			file.all = all >= 0 ? (enum mode)all : MODE_OFF;
			for (int r = 0; r < RESOURCE_MODES; r++) {
				file.by_given[r] = (m & 1 << r) != 0;
				file.by[r] = file.by_given[r] ? (enum mode)((m + r) % MODE_COUNT)
							      : MODE_OFF;
			}
			mode_file_format(&file, "x", text);
			assert_int_equal(mode_file_parse(text, &back), 0);
			assert_memory_equal(&file, &back, sizeof(file));
		}
	}
}

TEST(what_a_person_wrote_or_edited_is_theirs)
{
	static const char *const bad[] = {
		"",
		"version: 1\nmode: squeeze\n",
		FIRST,
		FIRST "# x",
		FIRST "# x\n",
		FIRST "# x\nversion: 1\nmode: squeeze",
		FIRST "# x\nversion: 1\nmode: squeeze # mine\n",
		FIRST "# x\nversion: 1\nmode: squeezed\n",
		FIRST "# x\nversion: 1\nmode: squeeze\nlevels: {}\n",
		FIRST "# x\nversion: 1\nmodes: {io: off, cpu: off}\n",
		FIRST "version: 1\nmode: squeeze\n",
	};
	struct mode_file file = {.all = MODE_FULL};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (mode_file_parse(bad[i], &file) != -EBADMSG)
			fail_msg("taken for coloctl's own: %s", bad[i]);
		assert_int_equal(file.all, MODE_FULL);
	}
}

TEST(who_wrote_it_cannot_add_a_line)
{
	const struct mode_file file = {.all_given = true, .all = MODE_OBSERVE};
	struct mode_file back;
	char text[MODE_FILE_SIZE];

	mode_file_format(&file, "a\nmode: full\n\x1b\xff", text);
	assert_string_equal(text, FIRST "# a mode: full   \nversion: 1\nmode: observe\n");
	assert_int_equal(mode_file_parse(text, &back), 0);
	assert_int_equal(back.all, MODE_OBSERVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_a_policy_and_is_read_back),
		cmocka_unit_test(every_combination_comes_back),
		cmocka_unit_test(what_a_person_wrote_or_edited_is_theirs),
		cmocka_unit_test(who_wrote_it_cannot_add_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
