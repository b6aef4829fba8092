// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of the originals file: what is written is read back, and nothing else is.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "agent/apply/originals_text.h"
#include "agent/apply/writer.h"
#include "policy/knob.h"

static struct originals_line line, got;
static char buf[ORIGINALS_LINE_SIZE];

static void set(enum originals_kind kind, const char *path)
{
	memset(&line, 0, sizeof(line));
	line.kind = kind;
	line.knob = KNOB_CPU_WEIGHT;
	line.inode = 4711;
	line.original = knob_value_of(39);
	line.written = knob_value_of(1);
	(void)snprintf(line.path, sizeof(line.path), "%s", path);
}

static void comes_back(void)
{
	size_t len = 0;

	assert_int_equal(originals_text_format(&line, buf, &len), 0);
	assert_int_equal(strlen(buf), len);
	assert_int_equal(buf[len - 1], '\n');
	assert_ptr_equal(strchr(buf, '\n'), buf + len - 1);
	assert_int_equal(originals_text_parse(buf, len - 1, &got), 0);
	assert_int_equal(got.kind, line.kind);
	if (line.kind == ORIGINALS_HEADER) {
		assert_string_equal(got.boot_id, line.boot_id);
		return;
	}
	assert_int_equal(got.inode, line.inode);
	assert_int_equal(got.knob, line.knob);
	assert_string_equal(got.path, line.path);
	if (line.kind == ORIGINALS_END)
		return;
	assert_int_equal(got.held, line.held);
	assert_true(got.since_us == line.since_us);
	assert_int_equal(got.owner.pid, line.owner.pid);
	assert_true(got.owner.start == line.owner.start);
	assert_true(knob_same(got.knob, &got.original, &line.original));
	assert_true(knob_same(got.knob, &got.written, &line.written));
	assert_true(knob_same(got.knob, &got.previous, &line.previous));
}

TEST(every_kind_of_line_comes_back_for_every_knob)
{
	struct cpu_set longest = {{0}};

	for (unsigned cpu = 0; cpu < CPU_SET_MAX; cpu++)
		if (cpu % 3 < 2)
			cpu_set_add(&longest, cpu);
	set(ORIGINALS_HEADER, "");
	(void)snprintf(line.boot_id, sizeof(line.boot_id), "7d1a-boot");
	comes_back();
	for (int knob = 0; knob < KNOB_COUNT; knob++) {
		if (!writer_of((enum knob)knob))
			continue;
		set(ORIGINALS_OWN, "kubepods.slice/a.slice");
		line.knob = (enum knob)knob;
		line.held = knob % 2;
		if (line.held) {
			line.since_us = INT64_MAX - knob;
			line.owner.pid = UINT32_MAX;
			line.owner.start = UINT64_MAX;
		}
		if (knob == KNOB_CPU_MAX) {
			line.original = knob_value_quota(KNOB_VALUE_MAX, 100000);
			line.written = knob_value_quota(5000, 20000);
			line.previous = knob_value_quota(6000, 20000);
		}
		if (knob_is_cpus((enum knob)knob)) {
			line.original = knob_value_cpus(&(struct cpu_set){{0}});
			line.written = knob_value_cpus(&(struct cpu_set){{0x0c, 1}});
			line.previous = knob_value_cpus(&longest);
		}
		if (knob == KNOB_CPUSET_PARTITION) {
			/* In the kernel's words: blanks, dots and brackets. */
			assert_int_equal(knob_parse(KNOB_CPUSET_PARTITION,
						    "root invalid (Parent is not a partition root)",
						    &line.original),
					 0);
			line.written = knob_value_of(PARTITION_ROOT);
		}
		comes_back();
		set(ORIGINALS_END, "kubepods.slice/a.slice");
		line.knob = (enum knob)knob;
		comes_back();
	}
}

TEST(paths_of_any_bytes_come_back)
{
	char path[ORIGINALS_PATH_SIZE];

	set(ORIGINALS_OWN, "a b/c\\d/e\nf/\x01\x7f/\xc3\xa4\xff");
	comes_back();
	for (unsigned c = 1; c < 256; c++) {
		if (c == '/')
			continue;
		(void)snprintf(path, sizeof(path), "x%cy", (char)c);
		set(ORIGINALS_END, path);
		comes_back();
	}
	memset(path, '\n', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	set(ORIGINALS_OWN, path);
	comes_back();
}

TEST(a_path_that_leads_out_of_the_mount_is_neither_written_nor_read)
{
	static const char *const wrong[] = {
		"", "/", "/etc", "a/", "a//b", ".", "..", "../x", "a/../b", "a/.", "a/./b", "a/..",
	};
	size_t len = 99;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char body[256], text[300];

		set(ORIGINALS_END, wrong[i]);
		assert_int_equal(originals_text_format(&line, buf, &len), -EINVAL);
		assert_int_equal(len, 99);
		(void)snprintf(body, sizeof(body), "end 1 cpu.weight %s", wrong[i]);
		(void)snprintf(text, sizeof(text), "%08x %s",
			       originals_text_checksum(body, strlen(body)), body);
		assert_int_equal(originals_text_parse(text, strlen(text), &got), -EBADMSG);
	}
	set(ORIGINALS_END, "...");
	comes_back();
}

TEST(what_is_no_knob_has_no_record)
{
	size_t len = 0;

	set(ORIGINALS_OWN, "a");
	line.knob = KNOB_COUNT;
	assert_int_equal(originals_text_format(&line, buf, &len), -EINVAL);
}

TEST(any_changed_bit_and_any_cut_is_noticed)
{
	size_t len = 0;

	set(ORIGINALS_OWN, "kubepods.slice/a.slice");
	line.previous = knob_value_of(3);
	assert_int_equal(originals_text_format(&line, buf, &len), 0);
	for (size_t i = 0; i < len - 1; i++) {
		for (int bit = 0; bit < 8; bit++) {
			buf[i] = (char)(buf[i] ^ (1 << bit));
			assert_int_equal(originals_text_parse(buf, len - 1, &got), -EBADMSG);
			buf[i] = (char)(buf[i] ^ (1 << bit));
		}
		assert_int_equal(originals_text_parse(buf, i, &got), -EBADMSG);
	}
	assert_int_equal(originals_text_parse(buf, len - 1, &got), 0);
}

TEST(a_line_with_a_right_checksum_must_still_make_sense)
{
	static const char *const wrong[] = {
		"own",
		"own 1 cpu.weight",
		"own x cpu.weight share 1 2 - a",
		"own 99999999999999999999 cpu.weight share 1 2 - a",
		"own 1 cpu.shares share 1 2 - a",
		"own 1 memory.current share 1 2 - a",
		"own 1 cpu.weight loan 1 2 - a",
		"own 1 cpu.weight hold: 1 2 - a",
		"own 1 cpu.weight holder 1 2 - a",
		"own 1 cpu.weight hold:5:6 1 2 - a",
		"own 1 cpu.weight hold:5:6:7:8 1 2 - a",
		"own 1 cpu.weight hold:5::7 1 2 - a",
		"own 1 cpu.weight hold:-5:6:7 1 2 - a",
		"own 1 cpu.weight hold:9223372036854775808:6:7 1 2 - a",
		"own 1 cpu.weight hold:5:4294967296:7 1 2 - a",
		"own 1 cpu.weight share - 2 - a",
		"own 1 cpu.weight share 1 max - a",
		"own 1 cpu.weight share 1 2 a",
		"own 1 cpu.max share 1000 max/100000 - a",
		"own 1 cpu.weight share 1 2 -",
		"own 1 cpu.weight share 1 2 - a b",
		"own 1 cpu.weight share 1 2 - a\\x2",
		"own 1 cpu.weight share 1 2 - a\\x00",
		"own 1 cpu.weight share 1 2 - a\\x41",
		"own  1 cpu.weight share 1 2 - a",
		"header 2 boot",
		"header 1",
		"header 1 boot more",
		"begin 1 cpu.weight a",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[300];

		(void)snprintf(text, sizeof(text), "%08x %s",
			       originals_text_checksum(wrong[i], strlen(wrong[i])), wrong[i]);
		assert_int_equal(originals_text_parse(text, strlen(text), &got), -EBADMSG);
	}
}

TEST(a_hold_of_the_first_version_is_one_of_unknown_age)
{
	static const char body[] = "own 1 cpu.weight hold 100 2 - a";
	char text[300];

	(void)snprintf(text, sizeof(text), "%08x %s", originals_text_checksum(body, strlen(body)),
		       body);
	assert_int_equal(originals_text_parse(text, strlen(text), &got), 0);
	assert_true(got.held);
	assert_int_equal(got.since_us, 0);
	assert_int_equal(got.owner.pid, 0);
}

TEST(the_checksum_is_the_well_known_crc_32)
{
	assert_int_equal(originals_text_checksum("123456789", 9), 0xcbf43926);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_line_comes_back_for_every_knob),
		cmocka_unit_test(paths_of_any_bytes_come_back),
		cmocka_unit_test(a_hold_of_the_first_version_is_one_of_unknown_age),
		cmocka_unit_test(a_path_that_leads_out_of_the_mount_is_neither_written_nor_read),
		cmocka_unit_test(what_is_no_knob_has_no_record),
		cmocka_unit_test(any_changed_bit_and_any_cut_is_noticed),
		cmocka_unit_test(a_line_with_a_right_checksum_must_still_make_sense),
		cmocka_unit_test(the_checksum_is_the_well_known_crc_32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
