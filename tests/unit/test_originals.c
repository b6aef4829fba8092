// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of originals and its file: what was recorded is there again after any end of the
// program, damage is noticed and costs no more than what it hit, and a full disk records nothing.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/boot_id.h"
#include "policy/knob.h"
#include "tests/lib/originals_case.h"
#include "tests/lib/tree.h"

static void reopen(struct originals_case *s)
{
	originals_close(&s->o);
	originals_case_open(s, "boot-1");
}

static off_t file_size(const struct originals_case *s)
{
	struct stat st;

	return fstatat(s->fd, ORIGINALS_FILE, &st, 0) == 0 ? st.st_size : -1;
}

static char *content(struct originals_case *s)
{
	static char text[65536];

	assert_int_equal(tree_read(s->dir, ORIGINALS_FILE, text, sizeof(text)), 0);
	strcat(text, "\n");
	return text;
}

TEST(nothing_recorded_leaves_no_file)
{
	struct originals_case *s = *state;

	assert_int_equal(file_size(s), -1);
	reopen(s);
	assert_int_equal(file_size(s), -1);
	assert_int_equal(s->o.n, 0);
}

TEST(a_record_is_there_again_after_any_end)
{
	struct originals_case *s = *state;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_case_own(s, "b c", 39, 2, true), 0);
	reopen(s);
	assert_int_equal(s->o.n, 2);
	assert_int_equal(originals_case_find(s, "a")->original.value, 100);
	assert_int_equal(originals_case_find(s, "a")->written.value, 1);
	assert_false(originals_case_find(s, "a")->held);
	assert_true(originals_case_find(s, "b c")->held);
	assert_null(originals_case_find(s, "b"));
	assert_null(originals_find(&s->o, "a", 8, KNOB_CPU_WEIGHT));
	assert_null(originals_find(&s->o, "a", 7, KNOB_CPU_IDLE));
	assert_int_equal(s->found.n_bad, 0);
}

TEST(the_last_record_of_a_knob_wins_and_a_hold_stays_one_until_it_ends)
{
	struct originals_case *s = *state;

	assert_int_equal(originals_case_own(s, "a", 100, 1, true), 0);
	assert_int_equal(originals_case_own(s, "a", 100, 5, false), 0);
	assert_int_equal(s->o.n, 1);
	assert_true(originals_case_find(s, "a")->held);
	reopen(s);
	assert_int_equal(originals_case_find(s, "a")->written.value, 5);
	assert_true(originals_case_find(s, "a")->held);
	assert_int_equal(originals_end(&s->o, originals_case_find(s, "a")), 0);
	assert_int_equal(originals_case_own(s, "a", 100, 6, false), 0);
	reopen(s);
	assert_false(originals_case_find(s, "a")->held);
}

TEST(a_hold_is_as_old_as_its_first_record_and_its_owner_stays)
{
	struct originals_case *s = *state;

	s->since_us = 5000;
	assert_int_equal(originals_case_own(s, "a", 100, 1, true), 0);
	s->since_us = 9000;
	assert_int_equal(originals_case_own(s, "a", 100, 2, true), 0);
	assert_int_equal(originals_case_find(s, "a")->since_us, 5000);
	reopen(s);
	assert_int_equal(originals_case_find(s, "a")->since_us, 5000);
	assert_int_equal(originals_case_find(s, "a")->owner.pid, 4711);
	assert_int_equal(originals_compact(&s->o), 0);
	reopen(s);
	assert_int_equal(originals_case_find(s, "a")->since_us, 5000);
	assert_int_equal(originals_case_find(s, "a")->owner.start, 12);
}

TEST(an_ended_record_does_not_come_back)
{
	struct originals_case *s = *state;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_case_own(s, "b", 100, 1, false), 0);
	assert_int_equal(originals_end(&s->o, originals_case_find(s, "a")), 0);
	assert_null(originals_case_find(s, "a"));
	assert_non_null(originals_case_find(s, "b"));
	reopen(s);
	assert_null(originals_case_find(s, "a"));
	assert_non_null(originals_case_find(s, "b"));
}

TEST(both_the_value_written_and_the_one_it_replaces_are_colods_own)
{
	struct originals_case *s = *state;
	struct knob_value one = knob_value_of(1), two = knob_value_of(2), three = knob_value_of(3);

	assert_int_equal(originals_case_own(s, "a", 100, 2, false), 0);
	assert_false(originals_is_ours(originals_case_find(s, "a"), &one, 4096));
	s->line.previous = one;
	assert_int_equal(originals_own(&s->o, &s->line), 0);
	reopen(s);
	assert_true(originals_is_ours(originals_case_find(s, "a"), &one, 4096));
	assert_true(originals_is_ours(originals_case_find(s, "a"), &two, 4096));
	assert_false(originals_is_ours(originals_case_find(s, "a"), &three, 4096));
}

TEST(many_records_are_all_found)
{
	struct originals_case *s = *state;
	char path[32];

	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(path, sizeof(path), "pod-%u", i);
		assert_int_equal(originals_case_own(s, path, i, i + 1, false), 0);
	}
	reopen(s);
	assert_int_equal(s->o.n, 3000);
	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(path, sizeof(path), "pod-%u", i);
		assert_int_equal(originals_case_find(s, path)->original.value, i);
	}
}

TEST(the_file_stays_in_proportion_to_what_is_live)
{
	struct originals_case *s = *state;
	off_t biggest = 0;

	assert_int_equal(originals_case_own(s, "stays", 39, 1, false), 0);
	for (unsigned i = 0; i < 5000; i++) {
		assert_int_equal(originals_case_own(s, "a", 100, i, false), 0);
		biggest = file_size(s) > biggest ? file_size(s) : biggest;
	}
	/* 4 lines per record and 64, of about 60 bytes. */
	assert_true(biggest < 80 * 80);
	reopen(s);
	assert_int_equal(originals_case_find(s, "a")->written.value, 4999);
	assert_int_equal(originals_case_find(s, "stays")->original.value, 39);
}

TEST(a_last_line_that_was_cut_costs_only_itself)
{
	struct originals_case *s = *state;
	char *text;
	size_t len, first;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	first = (size_t)file_size(s);
	assert_int_equal(originals_case_own(s, "b", 39, 1, false), 0);
	text = strdup(content(s));
	len = strlen(text);
	for (size_t cut = first + 1; cut < len; cut++) {
		char *part = strndup(text, cut);

		assert_int_equal(tree_write(s->dir, ORIGINALS_FILE, part), 0);
		free(part);
		reopen(s);
		assert_true(s->found.torn);
		assert_int_equal(s->found.n_bad, 0);
		assert_non_null(originals_case_find(s, "a"));
		assert_null(originals_case_find(s, "b"));
		/* The next line is not glued to what was left. */
		assert_int_equal(originals_case_own(s, "c", 5, 6, false), 0);
		reopen(s);
		assert_false(s->found.torn);
		assert_non_null(originals_case_find(s, "a"));
		assert_int_equal(originals_case_find(s, "c")->original.value, 5);
	}
	free(text);
}

TEST(damage_costs_the_lines_it_hit_and_the_file_is_kept_aside)
{
	struct originals_case *s = *state;
	char *text, *mark, bad[4096];

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_case_own(s, "b", 39, 1, false), 0);
	assert_int_equal(originals_case_own(s, "c", 7, 1, false), 0);
	text = strdup(content(s));
	mark = strstr(text, " 39 ");
	mark[1] = '4';
	assert_int_equal(tree_write(s->dir, ORIGINALS_FILE, text), 0);
	reopen(s);
	assert_int_equal(s->found.n_bad, 1);
	assert_true(s->found.bad_kept);
	assert_int_equal(s->o.n, 2);
	assert_int_equal(originals_case_find(s, "a")->original.value, 100);
	assert_int_equal(originals_case_find(s, "c")->original.value, 7);
	assert_null(originals_case_find(s, "b"));
	assert_int_equal(tree_read(s->dir, ORIGINALS_FILE_BAD, bad, sizeof(bad)), 0);
	strcat(bad, "\n");
	assert_string_equal(bad, text);
	free(text);
	/* Said once: what is there now is whole. */
	reopen(s);
	assert_int_equal(s->found.n_bad, 0);
	assert_int_equal(s->o.n, 2);
}

TEST(a_file_that_is_no_file_of_originals_is_kept_aside_and_harms_nothing)
{
	struct originals_case *s = *state;

	assert_int_equal(tree_write(s->dir, ORIGINALS_FILE, "hello\nworld\n"), 0);
	reopen(s);
	assert_int_equal(s->found.n_bad, 2);
	assert_int_equal(s->o.n, 0);
	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	reopen(s);
	assert_int_equal(s->found.n_bad, 0);
	assert_int_equal(s->o.n, 1);
}

TEST(a_lost_header_does_not_lose_the_originals)
{
	struct originals_case *s = *state;
	char *text;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	text = strdup(strchr(content(s), '\n') + 1);
	assert_int_equal(tree_write(s->dir, ORIGINALS_FILE, text), 0);
	free(text);
	reopen(s);
	assert_int_equal(s->found.n_bad, 1);
	assert_int_equal(originals_case_find(s, "a")->original.value, 100);
}

TEST(records_of_an_earlier_boot_are_not_used)
{
	struct originals_case *s = *state;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	originals_close(&s->o);
	originals_case_open(s, "boot-2");
	assert_true(s->found.other_boot);
	assert_int_equal(s->o.n, 0);
	assert_int_equal(originals_case_own(s, "b", 39, 1, false), 0);
	originals_close(&s->o);
	originals_case_open(s, "boot-2");
	assert_false(s->found.other_boot);
	assert_null(originals_case_find(s, "a"));
	assert_non_null(originals_case_find(s, "b"));
}

/* The boot id is a file like any other: not to be had once, it must not cost the originals. */
TEST(records_of_a_boot_that_cannot_be_told_are_used)
{
	struct originals_case *s = *state;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	originals_close(&s->o);
	originals_case_open(s, BOOT_ID_UNKNOWN);
	assert_false(s->found.other_boot);
	assert_non_null(originals_case_find(s, "a"));
	assert_int_equal(originals_case_own(s, "b", 39, 1, false), 0);
	reopen(s);
	assert_false(s->found.other_boot);
	assert_int_equal(s->o.n, 2);
}

/* In a child, because a limit on file sizes holds for the rest of the process. Returns what
 * `check` returned. */
static int with_file_limit(struct originals_case *s, off_t bytes,
			   int (*check)(struct originals_case *s))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit limit = {(rlim_t)bytes, (rlim_t)bytes};

		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
			_exit(100);
		_exit(check(s));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int check_full(struct originals_case *s)
{
	off_t before = file_size(s);

	if (originals_case_own(s, "b", 39, 1, false) >= 0)
		return 1;
	if (originals_case_find(s, "b") || !originals_case_find(s, "a") || file_size(s) != before)
		return 2;
	/* A second one fails in the same way; an end is taken from the table all the same. */
	if (originals_case_own(s, "a", 100, 77, false) >= 0 ||
	    originals_case_find(s, "a")->written.value != 1)
		return 3;
	if (originals_end(&s->o, originals_case_find(s, "a")) >= 0 || originals_case_find(s, "a"))
		return 4;
	return 0;
}

TEST(without_room_nothing_is_recorded_and_the_file_stays_whole)
{
	struct originals_case *s = *state;
	off_t size;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	size = file_size(s);
	/* From no room at all to a few bytes too little for an end (28 bytes). */
	for (off_t extra = 0; extra < 28; extra += 7) {
		assert_int_equal(with_file_limit(s, size + extra, check_full), 0);
		reopen(s);
		assert_false(s->found.torn);
		assert_int_equal(s->found.n_bad, 0);
		assert_int_equal(s->o.n, 1);
		assert_int_equal(originals_case_find(s, "a")->written.value, 1);
	}
}

static int check_no_file(struct originals_case *s)
{
	return originals_case_own(s, "a", 100, 1, false) < 0 && !originals_case_find(s, "a") &&
			       file_size(s) == -1
		       ? 0
		       : 1;
}

TEST(without_room_for_a_file_there_is_none)
{
	struct originals_case *s = *state;

	assert_int_equal(with_file_limit(s, 10, check_no_file), 0);
}

static int check_rewrite(struct originals_case *s)
{
	return originals_compact(&s->o) < 0 ? 0 : 1;
}

TEST(a_rewrite_that_fails_leaves_the_old_file)
{
	struct originals_case *s = *state;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_case_own(s, "b", 39, 1, false), 0);
	assert_int_equal(with_file_limit(s, file_size(s) - 1, check_rewrite), 0);
	reopen(s);
	assert_int_equal(s->o.n, 2);
	assert_int_equal(faccessat(s->fd, ORIGINALS_FILE_NEW, F_OK, 0), -1);
}

TEST(a_directory_that_cannot_be_written_records_nothing)
{
	struct originals_case *s = *state;

	/* A directory in the place of the file that is made first. */
	assert_int_equal(mkdirat(s->fd, ORIGINALS_FILE_NEW, 0755), 0);
	assert_true(originals_case_own(s, "a", 100, 1, false) < 0);
	assert_null(originals_case_find(s, "a"));
	assert_int_equal(unlinkat(s->fd, ORIGINALS_FILE_NEW, AT_REMOVEDIR), 0);
	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
}

TEST(without_a_directory_the_table_works_in_memory)
{
	struct originals_case *s = *state;
	int fd = s->fd;

	originals_close(&s->o);
	s->fd = -EBADF;
	originals_case_open(s, "boot-1");
	s->fd = fd;
	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_case_find(s, "a")->original.value, 100);
	assert_int_equal(originals_compact(&s->o), 0);
	assert_int_equal(originals_end(&s->o, originals_case_find(s, "a")), 0);
	assert_int_equal(file_size(s), -1);
}

TEST(when_all_is_ended_the_file_can_go)
{
	struct originals_case *s = *state;

	assert_int_equal(originals_case_own(s, "a", 100, 1, false), 0);
	assert_int_equal(originals_end(&s->o, originals_case_find(s, "a")), 0);
	assert_int_equal(originals_compact(&s->o), 0);
	assert_int_equal(file_size(s), -1);
	assert_int_equal(originals_case_own(s, "a", 39, 1, false), 0);
	reopen(s);
	assert_int_equal(originals_case_find(s, "a")->original.value, 39);
}

#define CASE(name)                                                                                 \
	cmocka_unit_test_setup_teardown(name, originals_case_setup, originals_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_recorded_leaves_no_file),
		CASE(a_record_is_there_again_after_any_end),
		CASE(the_last_record_of_a_knob_wins_and_a_hold_stays_one_until_it_ends),
		CASE(a_hold_is_as_old_as_its_first_record_and_its_owner_stays),
		CASE(an_ended_record_does_not_come_back),
		CASE(both_the_value_written_and_the_one_it_replaces_are_colods_own),
		CASE(many_records_are_all_found),
		CASE(the_file_stays_in_proportion_to_what_is_live),
		CASE(a_last_line_that_was_cut_costs_only_itself),
		CASE(damage_costs_the_lines_it_hit_and_the_file_is_kept_aside),
		CASE(a_file_that_is_no_file_of_originals_is_kept_aside_and_harms_nothing),
		CASE(a_lost_header_does_not_lose_the_originals),
		CASE(records_of_an_earlier_boot_are_not_used),
		CASE(records_of_a_boot_that_cannot_be_told_are_used),
		CASE(without_room_nothing_is_recorded_and_the_file_stays_whole),
		CASE(without_room_for_a_file_there_is_none),
		CASE(a_rewrite_that_fails_leaves_the_old_file),
		CASE(a_directory_that_cannot_be_written_records_nothing),
		CASE(without_a_directory_the_table_works_in_memory),
		CASE(when_all_is_ended_the_file_can_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
