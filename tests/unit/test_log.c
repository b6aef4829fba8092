// SPDX-License-Identifier: LGPL-2.1-or-later
// stderr of the test program is turned into a pipe (or a terminal) for the time of a few calls.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "agent/base/log_limit.h"
#include "tests/lib/alloc_count.h"

static char out[65536];

static int begin(int to)
{
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	dup2(to, STDERR_FILENO);
	return saved;
}

static void end(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

/* What `log` writes, when stderr is a pipe. */
static const char *captured(int level, void (*log)(void))
{
	int ends[2], saved;
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	saved = begin(ends[1]);
	log_open(level);
	log();
	end(saved);
	n = read(ends[0], out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	return out;
}

static void four_levels(void)
{
	log_err("levels", "one");
	log_warning("levels", "two %d", 2);
	log_notice("levels", "three");
	log_debug("levels", "four");
}

TEST(each_line_has_the_level_that_the_journal_reads)
{
	assert_string_equal(captured(LOG_DEBUG, four_levels),
			    "<3>one\n<4>two 2\n<5>three\n<7>four\n");
}

TEST(what_is_more_verbose_than_asked_for_is_not_printed)
{
	assert_string_equal(captured(LOG_WARNING, four_levels), "<3>one\n<4>two 2\n");
	assert_string_equal(captured(LOG_INFO, four_levels), "<3>one\n<4>two 2\n<5>three\n");
}

static void two_lines(void)
{
	log_err("lines", "a.yaml:3:1: bad key\n    foo: 1\n    ^");
}

TEST(every_line_of_a_message_has_its_level_and_all_but_the_first_are_indented)
{
	assert_string_equal(captured(LOG_INFO, two_lines),
			    "<3>a.yaml:3:1: bad key\n<3>      foo: 1\n<3>      ^\n");
}

static void forged(void)
{
	log_notice("forged", "pod %s",
		   "x\n<0>kernel panic\r\x1b[2J\t\x7f"
		   "\xc2\x85"
		   "\xff");
}

TEST(a_name_can_forge_no_line_and_reach_no_terminal)
{
	assert_string_equal(captured(LOG_INFO, forged), "<5>pod x\n<5>  <0>kernel panic??[2J?"
							"?"
							"?"
							"?"
							"?\n");
}

static void utf8(void)
{
	log_notice("utf8", "cpu: calm → squeeze");
}

TEST(valid_utf8_stays)
{
	assert_string_equal(captured(LOG_INFO, utf8), "<5>cpu: calm → squeeze\n");
}

static void empty(void)
{
	log_notice("empty", "%s", "");
}

TEST(an_empty_message_is_one_empty_line)
{
	assert_string_equal(captured(LOG_INFO, empty), "<5>\n");
}

static void long_message(void)
{
	static char text[10000];

	memset(text, 'x', sizeof(text) - 1);
	memset(text + 1, '\n', 5000);
	log_notice("long", "%s", text);
}

TEST(a_long_message_is_cut_and_ends_its_line)
{
	size_t len = strlen(captured(LOG_INFO, long_message));

	assert_true(len > 1000 && len < 5000);
	assert_memory_equal(out, "<5>x\n", 5);
}

static void flood(void)
{
	for (int i = 0; i < 30; i++)
		log_notice("flood", "%d", i);
	log_notice("other", "calm");
}

TEST(a_flood_of_one_site_is_cut_and_counted_and_the_others_go_on)
{
	unsigned long before = log_suppressed();

	captured(LOG_INFO, flood);
	assert_non_null(strstr(out, "<5>19\n"));
	assert_null(strstr(out, "<5>20\n"));
	assert_non_null(strstr(out, "<5>calm\n"));
	assert_int_equal(log_suppressed(), before + 10);
}

static void flood_debug(void)
{
	for (int i = 0; i < 100; i++)
		log_debug("quiet", "%d", i);
	log_notice("quiet", "seen");
}

TEST(lines_that_are_not_printed_use_up_no_allowance)
{
	unsigned long before = log_suppressed();

	assert_string_equal(captured(LOG_INFO, flood_debug), "<5>seen\n");
	assert_int_equal(log_suppressed(), before);
}

/* A journal that does not read: each line is lost whole or cut, none of them waits. The socket is
 * as small as the kernel makes them, so it is full long before any limit on lines is reached. */
#ifndef __SANITIZE_ADDRESS__ /* its report would go to the journal that is stuck */
TEST(a_stuck_journal_stops_nobody_and_what_it_misses_is_counted)
{
	unsigned long before = log_suppressed();
	static char got[1 << 20];
	int ends[2], saved, smallest = 1;
	size_t len = 0;
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof(smallest)),
			 0);
	saved = begin(ends[1]);
	log_open(LOG_INFO);
	/* Fewer lines than one site may print: none is left out as a flood. */
	for (int i = 0; i < LOG_LIMIT_LINES; i++)
		log_notice("stuck", "%01900d", i);
	/* It reads again: the next line is a line of its own. */
	while ((n = recv(ends[0], got, sizeof(got), MSG_DONTWAIT)) > 0)
		continue;
	log_notice("stuck.again", "again");
	end(saved);
	while ((n = recv(ends[0], got + len, sizeof(got) - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	close(ends[0]);
	close(ends[1]);
	assert_true(log_suppressed() > before);
	assert_true(strcmp(got, "<5>again\n") == 0 || strcmp(got, "\n<5>again\n") == 0);
}
#endif

TEST(a_terminal_gets_no_level_prefix)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), user, saved;
	struct termios raw;
	ssize_t n;

	if (terminal < 0) {
		print_message("no pseudo-terminal to be had here\n");
		skip();
	}
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	user = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(user >= 0);
	assert_int_equal(tcgetattr(user, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(user, TCSANOW, &raw), 0);
	saved = begin(user);
	log_open(LOG_INFO);
	log_err("terminal", "plain");
	end(saved);
	n = read(terminal, out, sizeof(out) - 1);
	close(user);
	close(terminal);
	assert_int_equal(n, 6);
	assert_memory_equal(out, "plain\n", 6);
}

static unsigned long allocations;

static void count_allocations(void)
{
	unsigned long before = alloc_count();

	log_warning("memory", "no memory for %s, %d bytes", "a sample", 100);
	allocations = alloc_count() - before;
}

TEST(logging_allocates_nothing)
{
	captured(LOG_INFO, count_allocations);
	assert_int_equal(allocations, 0);
	assert_string_equal(out, "<4>no memory for a sample, 100 bytes\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_has_the_level_that_the_journal_reads),
		cmocka_unit_test(what_is_more_verbose_than_asked_for_is_not_printed),
		cmocka_unit_test(
			every_line_of_a_message_has_its_level_and_all_but_the_first_are_indented),
		cmocka_unit_test(a_name_can_forge_no_line_and_reach_no_terminal),
		cmocka_unit_test(valid_utf8_stays),
		cmocka_unit_test(an_empty_message_is_one_empty_line),
		cmocka_unit_test(a_long_message_is_cut_and_ends_its_line),
		cmocka_unit_test(a_flood_of_one_site_is_cut_and_counted_and_the_others_go_on),
		cmocka_unit_test(lines_that_are_not_printed_use_up_no_allowance),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(a_stuck_journal_stops_nobody_and_what_it_misses_is_counted),
#endif
		cmocka_unit_test(a_terminal_gets_no_level_prefix),
		cmocka_unit_test(logging_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
