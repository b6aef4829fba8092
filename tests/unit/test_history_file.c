// SPDX-License-Identifier: LGPL-2.1-or-later
// The files on disk, and a history that keeps its records there: over restarts, kills, a full disk and a
// lot of records.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/history.h"
#include "agent/base/history_file.h"
#include "agent/base/history_text.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "tests/lib/tree.h"

#define PATH "var/lib/colod/history"

static char *dir;
static int root_fd;
static struct history *history;
static struct history_record r;
/* What happens to writes: 0: nothing, a negative errno, or that many bytes and no more. */
static int write_answer, truncate_answer;
static unsigned n_writes;

static int hook(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call == SYS_TRUNCATE)
		return truncate_answer;
	if (point->call != SYS_WRITE || point->size < 20)
		return 0;
	n_writes++;
	return write_answer;
}

static void start(void)
{
	assert_int_equal(history_new(&history), 0);
	history_open(history, root_fd);
}

static void end(void)
{
	history_free(history);
	history = NULL;
}

static int setup(void **state)
{
	(void)state;
	log_open(LOG_EMERG);
	write_answer = truncate_answer = 0;
	n_writes = 0;
	if (tree_make("@host 1\n", &dir) < 0 || tree_write(dir, "var/lib/there", "") < 0)
		return -1;
	root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sys_set_hook(hook, NULL);
	start();
	return root_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	end();
	sys_set_hook(NULL, NULL);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static void add(const char *what)
{
	struct history_record record = HISTORY_RECORD(HISTORY_WRITE);

	HISTORY_SET(record.what, "%s", what);
	history_add(history, &record);
}

/* Names and ids of all records, the oldest first. */
static const char *all(void)
{
	static char text[4096];
	uint64_t cursor = 0;
	size_t len = 0;

	text[0] = '\0';
	while (history_next(history, &cursor, &r))
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%llu %s;",
					(unsigned long long)r.id, r.what);
	return text;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return fstatat(root_fd, path, &st, 0) < 0 ? -1 : st.st_size;
}

TEST(records_and_ids_go_on_over_restarts)
{
	add("one");
	add("two");
	history_flush(history);
	assert_int_equal(n_writes, 1);
	end();
	assert_int_equal(n_writes, 1);
	start();
	assert_string_equal(all(), "1 one;2 two;");
	add("three");
	end();
	start();
	assert_string_equal(all(), "1 one;2 two;3 three;");
}

TEST(nothing_new_is_no_write)
{
	add("one");
	history_flush(history);
	history_flush(history);
	history_flush(history);
	assert_int_equal(n_writes, 1);
	assert_int_equal(history_counts(history).batches, 1);
}

TEST(the_directory_is_made_and_only_root_reads_it)
{
	struct stat st;

	add("one");
	history_flush(history);
	assert_int_equal(fstatat(root_fd, "var/lib/colod", &st, 0), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	assert_int_equal(fstatat(root_fd, PATH, &st, 0), 0);
	assert_int_equal(st.st_mode & 0007, 0);
}

TEST(a_line_that_was_cut_is_dropped_and_the_next_one_is_whole)
{
	int fd;

	add("one");
	add("two");
	end();
	fd = openat(root_fd, PATH, O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, size_of(PATH) - 5), 0);
	close(fd);
	start();
	assert_string_equal(all(), "1 one;");
	add("three");
	end();
	start();
	assert_string_equal(all(), "1 one;2 three;");
}

TEST(a_damaged_line_is_left_out_and_the_rest_stays)
{
	char text[4096], *p;
	size_t len;

	add("one");
	add("two");
	add("three");
	end();
	assert_int_equal(fs_read(root_fd, PATH, text, sizeof(text), &len), 0);
	p = strstr(text, " two ");
	assert_non_null(p);
	p[1] = 'T';
	assert_int_equal(tree_write(dir, PATH, text), 0);
	start();
	assert_string_equal(all(), "1 one;3 three;");
	add("four");
	assert_string_equal(all(), "1 one;3 three;4 four;");
}

TEST(both_files_are_bounded_and_the_newest_stay)
{
	uint64_t cursor = 0, first = 0, last = 0;

	for (int i = 0; i < 40000; i++) {
		add("kubepods.slice/a-name-of-some-length");
		if (i % 100 == 0)
			history_flush(history);
	}
	history_flush(history);
	assert_true(size_of(PATH) <= HISTORY_FILE_BYTES);
	assert_true(size_of(PATH ".1") <= HISTORY_FILE_BYTES);
	assert_true(size_of(PATH ".1") > HISTORY_FILE_BYTES * 9 / 10);
	assert_int_equal(history_counts(history).not_on_disk, 0);
	end();
	start();
	while (history_next(history, &cursor, &r)) {
		first = first ? first : r.id;
		assert_true(last == 0 || r.id == last + 1);
		last = r.id;
	}
	assert_true(last == 40000);
	assert_true(last - first > 5000);
}

TEST(a_full_disk_costs_nothing_but_the_file)
{
	struct history_counts counts;

	add("one");
	history_flush(history);
	write_answer = -ENOSPC;
	add("two");
	history_flush(history);
	counts = history_counts(history);
	assert_true(counts.failing);
	assert_string_equal(all(), "1 one;2 two;");
	/* It is not tried again with each pass. */
	n_writes = 0;
	history_flush(history);
	history_flush(history);
	assert_int_equal(n_writes, 0);
	write_answer = 0;
	end();
	start();
	assert_string_equal(all(), "1 one;2 two;");
}

TEST(a_short_write_leaves_no_half_line)
{
	off_t before;

	add("one");
	history_flush(history);
	before = size_of(PATH);
	write_answer = 30;
	add("two");
	history_flush(history);
	assert_true(history_counts(history).failing);
	assert_int_equal(size_of(PATH), before);
	write_answer = 0;
	end();
	start();
	assert_string_equal(all(), "1 one;2 two;");
}

TEST(where_a_half_line_cannot_be_taken_back_the_next_write_does_it)
{
	add("one");
	history_flush(history);
	write_answer = 30;
	truncate_answer = -EIO;
	add("two");
	history_flush(history);
	write_answer = truncate_answer = 0;
	end(); /* tries once more */
	start();
	assert_string_equal(all(), "1 one;2 two;");
}

TEST(records_that_fall_out_before_the_disk_takes_them_are_counted)
{
	write_answer = -EROFS;
	for (int i = 0; i < 100000; i++)
		add("kubepods.slice/a-name-of-some-length");
	history_flush(history);
	assert_true(history_counts(history).not_on_disk > 50000);
	assert_true(history_counts(history).added == 100000);
}

TEST(a_deleted_file_is_made_again)
{
	add("one");
	history_flush(history);
	assert_int_equal(unlinkat(root_fd, PATH, 0), 0);
	add("two");
	history_flush(history);
	end();
	start();
	assert_string_equal(all(), "2 two;");
}

TEST(a_thread_writes_and_an_end_waits_for_it)
{
	assert_int_equal(history_start(history), 0);
	for (int i = 0; i < 100; i++) {
		add("one");
		history_flush(history);
	}
	end();
	start();
	for (uint64_t cursor = 0; history_next(history, &cursor, &r);)
		;
	assert_int_equal(r.id, 100);
}

TEST(a_file_of_somebody_else_is_no_harm)
{
	static char noise[3u << 20];

	end();
	memset(noise, 'x', sizeof(noise) - 1);
	for (size_t i = 0; i < sizeof(noise) - 1; i += 10000)
		noise[i] = '\n';
	assert_int_equal(tree_write(dir, PATH, noise), 0);
	start();
	assert_string_equal(all(), "");
	add("one");
	end();
	start();
	assert_string_equal(all(), "1 one;");
	assert_true(size_of(PATH) <= HISTORY_FILE_BYTES);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(records_and_ids_go_on_over_restarts),
		CASE(nothing_new_is_no_write),
		CASE(the_directory_is_made_and_only_root_reads_it),
		CASE(a_line_that_was_cut_is_dropped_and_the_next_one_is_whole),
		CASE(a_damaged_line_is_left_out_and_the_rest_stays),
		CASE(both_files_are_bounded_and_the_newest_stay),
		CASE(a_full_disk_costs_nothing_but_the_file),
		CASE(a_short_write_leaves_no_half_line),
		CASE(where_a_half_line_cannot_be_taken_back_the_next_write_does_it),
		CASE(records_that_fall_out_before_the_disk_takes_them_are_counted),
		CASE(a_deleted_file_is_made_again),
		CASE(a_thread_writes_and_an_end_waits_for_it),
		CASE(a_file_of_somebody_else_is_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
