// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks and holds in a record: what is written is read as itself, and what is no such line is refused.
#include "policy/record_io.h"

#include <errno.h>
#include <string.h>

#include "policy/disk_use.h"
#include "tests/lib/test.h"

#define NOW 5000000000ll

/* Behind its first words. */
static struct record_line behind(const struct record_buf *buf, int words)
{
	struct record_line line = {buf->text, buf->n - 1}, word;

	for (int i = 0; i < words; i++)
		assert_true(record_next(&line, &word));
	return line;
}

static struct record_line text(const char *text)
{
	return (struct record_line){text, strlen(text)};
}

TEST(disks_come_back)
{
	const struct disks was = {
		.n = 2,
		.list = {{.major = 8, .name = "sda"},
			 {.major = 259, .minor = 3, .name = "nvme0n1", .swap = true}}};
	struct disk_uses uses = {.n = 1};
	struct record_buf buf = {0};
	struct record_line line;
	struct disks is;

	record_io_put_disks(&buf, &was);
	line = behind(&buf, 1);
	assert_int_equal(record_io_get_disks(&line, &is, &uses), 0);
	assert_memory_equal(&was, &is, sizeof(is));
	assert_int_equal(uses.n, 0);
	record_buf_free(&buf);
}

TEST(what_disks_do_comes_back)
{
	struct disk_uses was = {.n = 1}, is = {0};
	struct record_buf buf = {0};
	struct record_line line;
	uint64_t can = 0;

	was.list[0] = (struct disk_use){
		.major = 8,
		.minor = 16,
		.window = {.span_us = 7,
			   .busy_permille = 900,
			   .bytes_per_s = {1, 2},
			   .requests_per_s = {3, UINT64_MAX}},
	};
	was.list[0].seen[DISK_WRITE_BYTES].n = DISK_USE_SECONDS_MIN;
	was.list[0].seen[DISK_WRITE_BYTES].per_s[1] = 77;
	record_io_put_uses(&buf, &was);
	for (int i = 0; i < 2; i++) {
		line = behind(&buf, 1);
		assert_int_equal(record_io_get_use(&line, &is), 0);
	}
	assert_int_equal(is.n, 1);
	assert_memory_equal(&is.list[0].window, &was.list[0].window, sizeof(is.list[0].window));
	assert_int_equal(disk_use_ability(&is.list[0], DISK_WRITE_BYTES, &can), 0);
	assert_int_equal(can, 77);
	assert_int_equal(disk_use_ability(&is.list[0], DISK_READ_BYTES, &can), -ENODATA);
	record_buf_free(&buf);
}

TEST(what_a_pod_does_comes_back)
{
	struct pod_disks was = {.at_us = NOW - 5, .n = 2}, is = {0};
	struct record_buf buf = {0};
	struct record_line line;

	was.list[0] = (struct pod_disk){.major = 8,
					.bytes_per_s = {1, 2},
					.requests_per_s = {3, 4},
					.used_us = NOW - 100,
					.bounded = true};
	was.list[1] = (struct pod_disk){.major = 8, .minor = 16, .used_us = 0};
	record_io_put_pod(&buf, 3, &was, NOW);
	line = behind(&buf, 2);
	assert_int_equal(record_io_get_pod(&line, &is, NOW), 0);
	assert_int_equal(is.at_us, was.at_us);
	assert_int_equal(is.n, 2);
	assert_int_equal(is.list[0].used_us, NOW - 100);
	assert_true(is.list[0].bounded);
	assert_int_equal(is.list[0].requests_per_s[DISK_WRITE], 4);
	assert_int_equal(is.list[1].used_us, 0);
	assert_false(is.list[1].bounded);
	buf.n = 0;
	was.at_us = 0;
	record_io_put_pod(&buf, 3, &was, NOW);
	line = behind(&buf, 2);
	assert_int_equal(record_io_get_pod(&line, &is, NOW), 0);
	assert_int_equal(is.at_us, 0);
	record_buf_free(&buf);
}

TEST(holds_come_back)
{
	struct io_holds was = {0}, is = {0};
	struct record_buf buf = {0};
	struct record_line line;

	was.of[2] = (struct io_hold){
		.major = 8,
		.pressure_us = NOW,
		.online_us = 1,
		.cut_us = 2,
		.grown_us = -3,
		.of = {{.permille = 1, .bytes_per_s = UINT64_MAX, .rest_us = 9},
		       {.permille = 2,
			.floor_permille = 3,
			.mark_permille = 4,
			.before_permille = 5,
			.probe_s = 6,
			.requests_per_s = 7,
			.since_us = 8,
			.probe_us = 9,
			.slack_us = 10,
			.worse_us = 11,
			.rest_us = 12}},
		.reason = {.code = REASON_IO_WORSE, .level = LEVEL_NONE, .rule = -1, .who = "a/b"},
	};
	record_put(&buf, "hold 2");
	record_io_put_hold(&buf, &was.of[2], NULL);
	record_put(&buf, "\n");
	line = behind(&buf, 1);
	assert_int_equal(record_io_get_hold(&line, &is), 0);
	assert_memory_equal(&is.of[2].of, &was.of[2].of, sizeof(is.of[2].of));
	assert_int_equal(is.of[2].pressure_us, NOW);
	assert_int_equal(is.of[2].grown_us, -3);
	assert_string_equal(is.of[2].reason.who, "a/b");
	assert_int_equal(is.of[0].major, 0);
	record_buf_free(&buf);
}

TEST(what_is_no_such_line_is_refused)
{
	static const char *const bad_disks[] = {"8:0", "8:0:", "8:0:sda:swop", "8:x:sda",
						"8:0:sda "};
	static const char *const bad_uses[] = {
		"",
		"8:0 span=1 busy=2 now=1,2,3 can=1,2,3,4",
		"8:0 span=1 busy=2 now=1,2,3,4 can=1,2,3,4,5",
		"8:0 span=1 busy=2 now=1,2,3,4 can=1,2,3,4 more",
	};
	static const char *const bad_pods[] = {"", "5 8:0:1,2,3,4", "5 8:0:1,2,3:5",
					       "- 8:0:1,2,3,4:5", "5 8:0:1,2,3,4:5:bound"};
	static const char *const bad_holds[] = {
		"4 8:0", "0 8:0 pressure=1 online=1 cut=1 grown=1 read=1,2", "0 8 pressure=1"};
	struct pod_disks pod_disks;
	struct io_holds holds = {0};
	struct disk_uses uses = {0};
	struct disks disks;

	for (size_t i = 0; i < sizeof(bad_disks) / sizeof(bad_disks[0]); i++) {
		struct record_line line = text(bad_disks[i]);

		assert_int_equal(record_io_get_disks(&line, &disks, &uses), i == 4 ? 0 : -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(bad_uses) / sizeof(bad_uses[0]); i++) {
		struct record_line line = text(bad_uses[i]);

		assert_int_equal(record_io_get_use(&line, &uses), -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(bad_pods) / sizeof(bad_pods[0]); i++) {
		struct record_line line = text(bad_pods[i]);

		assert_int_equal(record_io_get_pod(&line, &pod_disks, NOW), -EBADMSG);
	}
	for (size_t i = 0; i < sizeof(bad_holds) / sizeof(bad_holds[0]); i++) {
		struct record_line line = text(bad_holds[i]);

		assert_int_equal(record_io_get_hold(&line, &holds), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disks_come_back),
		cmocka_unit_test(what_disks_do_comes_back),
		cmocka_unit_test(what_a_pod_does_comes_back),
		cmocka_unit_test(holds_come_back),
		cmocka_unit_test(what_is_no_such_line_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
