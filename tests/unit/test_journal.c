// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether stderr is taken for the journal's; what is sent is seen by a real journal in a VM test.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/journal.h"

TEST(stderr_that_is_not_the_journal_is_left_alone)
{
	static const char *const streams[] = {"", "1", "1:2", "x:y", "0:0", "1:2:3"};
	const struct journal_field field = {"MESSAGE", "x"};

	unsetenv("JOURNAL_STREAM");
	assert_false(journal_open());
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		setenv("JOURNAL_STREAM", streams[i], 1);
		assert_false(journal_open());
		assert_false(journal_send(&field, 1));
	}
	journal_close();
}

TEST(stderr_without_a_journal_to_send_to_is_no_journal)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_true(journal_open() == (access("/run/systemd/journal/socket", F_OK) == 0));
	journal_close();
	unsetenv("JOURNAL_STREAM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stderr_that_is_not_the_journal_is_left_alone),
		cmocka_unit_test(stderr_without_a_journal_to_send_to_is_no_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
