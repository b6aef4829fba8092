// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/observe/kept_file.h"
#include "tests/lib/tree.h"

static char *dir;
static int dirfd_ = -EBADF;
static struct kept_reader reader;

static int make(void **state)
{
	(void)state;
	reader = (struct kept_reader){.ticks_per_s = 100};
	if (tree_make(NULL, &dir) < 0)
		return -1;
	dirfd_ = tree_open(dir);
	return dirfd_ < 0;
}

static int drop(void **state)
{
	(void)state;
	close(dirfd_);
	tree_remove(dir);
	return 0;
}

static int open_kept(const char *name)
{
	int fd = -EBADF;

	assert_int_equal(kept_file_open(dirfd_, name, &fd), 0);
	return fd;
}

TEST(each_read_is_one_system_call_and_sees_the_present_content)
{
	int fd;

	assert_int_equal(tree_write(dir, "f", "123\n"), 0);
	fd = open_kept("f");
	assert_int_equal(kept_file_read(&reader, fd), 0);
	assert_string_equal(reader.text, "123\n");
	assert_int_equal(reader.n_reads, 1);
	assert_int_equal(tree_write(dir, "f", "4\n"), 0);
	assert_int_equal(kept_file_read(&reader, fd), 0);
	assert_string_equal(reader.text, "4\n");
	assert_int_equal(reader.n_reads, 2);
	close(fd);
}

TEST(an_open_file_is_not_opened_again)
{
	int fd, same;

	assert_int_equal(tree_write(dir, "f", "1"), 0);
	fd = same = open_kept("f");
	assert_int_equal(kept_file_open(dirfd_, "f", &fd), 0);
	assert_int_equal(fd, same);
	close(fd);
	fd = -EBADF;
	assert_int_equal(kept_file_open(dirfd_, "none", &fd), -ENOENT);
	assert_int_equal(fd, -EBADF);
}

/* 100-byte lines. */
static void write_lines(const char *name, size_t n)
{
	char *text = calloc(n, 100 + 1);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		snprintf(text + i * 100, 101, "line%05zu %89s\n", i, "x");
	assert_int_equal(tree_write(dir, name, text), 0);
	free(text);
}

TEST(a_file_that_does_not_fit_is_refused_whole)
{
	int fd;

	write_lines("big", 100);
	fd = open_kept("big");
	assert_int_equal(kept_file_read(&reader, fd), -EFBIG);
	close(fd);
}

TEST(a_number_that_was_cut_short_is_none)
{
	int fd;

	assert_int_equal(tree_write(dir, "cut", "104857"), 0);
	fd = open_kept("cut");
	assert_int_equal(kept_file_read(&reader, fd), -EBADMSG);
	assert_int_equal(kept_file_read_head(&reader, fd), -EBADMSG);
	assert_int_equal(tree_write(dir, "cut", "some 1\nfull 104857"), 0);
	assert_int_equal(kept_file_read(&reader, fd), -EBADMSG);
	assert_int_equal(kept_file_read_head(&reader, fd), 0);
	assert_string_equal(reader.text, "some 1\n");
	assert_int_equal(tree_write(dir, "cut", ""), 0);
	assert_int_equal(kept_file_read(&reader, fd), 0);
	close(fd);
}

TEST(the_head_of_a_file_ends_with_a_whole_line)
{
	int fd;

	write_lines("big", 100);
	fd = open_kept("big");
	assert_int_equal(kept_file_read_head(&reader, fd), 0);
	assert_int_equal(strlen(reader.text), (KEPT_FILE_SIZE - 1) / 100 * 100);
	assert_int_equal(reader.n_reads, 1);
	close(fd);
	write_lines("small", 2);
	fd = open_kept("small");
	assert_int_equal(kept_file_read_head(&reader, fd), 0);
	assert_int_equal(strlen(reader.text), 200);
	close(fd);
}

TEST(a_head_without_one_whole_line_is_refused)
{
	char *text = malloc(KEPT_FILE_SIZE + 1);
	int fd;

	memset(text, 'x', KEPT_FILE_SIZE);
	text[KEPT_FILE_SIZE] = '\0';
	assert_int_equal(tree_write(dir, "long", text), 0);
	free(text);
	fd = open_kept("long");
	assert_int_equal(kept_file_read_head(&reader, fd), -EFBIG);
	close(fd);
}

TEST(pressure_is_read_and_broken_pressure_is_not_believed)
{
	struct psi_total psi = {1, 2};
	int fd;

	assert_int_equal(tree_write(dir, "p", "some avg10=0.00 total=33\nfull total=22\n"), 0);
	fd = open_kept("p");
	assert_int_equal(kept_file_psi(&reader, fd, &psi), 0);
	assert_true(psi.some_us == 33 && psi.full_us == 22);
	assert_int_equal(tree_write(dir, "p", "some avg10=0.00 tot"), 0);
	assert_int_equal(kept_file_psi(&reader, fd, &psi), -EBADMSG);
	assert_true(psi.some_us == 33 && psi.full_us == 22);
	close(fd);
}

TEST(what_is_not_there_is_normal_and_what_is_broken_is_said_once)
{
	assert_true(kept_file_is_absent(-ENOENT));
	assert_true(kept_file_is_absent(-ENODEV));
	assert_true(kept_file_is_absent(-EOPNOTSUPP));
	assert_false(kept_file_is_absent(-EACCES));
	assert_false(kept_file_is_absent(-EINVAL));
	assert_false(kept_file_is_absent(kept_file_parsed(-ENOENT)));
	assert_int_equal(kept_file_parsed(0), 0);
	kept_file_say(&reader, "pod", "cpu.stat", -ENODEV);
	assert_false(reader.said);
	kept_file_say(&reader, "pod", "cpu.stat", -EINVAL);
	assert_true(reader.said);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_read_is_one_system_call_and_sees_the_present_content),
		T(an_open_file_is_not_opened_again),
		T(a_file_that_does_not_fit_is_refused_whole),
		T(a_number_that_was_cut_short_is_none),
		T(the_head_of_a_file_ends_with_a_whole_line),
		T(a_head_without_one_whole_line_is_refused),
		T(pressure_is_read_and_broken_pressure_is_not_believed),
		T(what_is_not_there_is_normal_and_what_is_broken_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
