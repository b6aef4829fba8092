// SPDX-License-Identifier: LGPL-2.1-or-later
// Every source as the agent meets it: policy, command line, SetMode, pause, kill-switch file and
// kernel command line, each with every other one, whole and per resource; and the record of a change.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/account.h"
#include "agent/base/log.h"
#include "agent/control.h"
#include "agent/mode_sources.h"
#include "policy/mode.h"
#include "policy/names.h"
#include "policy/read.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

static const struct history_caller root = {.known = true, .comm = "coloctl", .pid = 1};

static char *dir;
static int root_fd;
static struct options options;
static struct state s;

static int setup(void **state)
{
	(void)state;
	log_open(LOG_EMERG);
	memset(&s, 0, sizeof(s));
	options = (struct options){.mode = MODE_FULL};
	if (tree_make("proc/cmdline = root=/dev/vda quiet\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	s.root_fd = root_fd;
	s.state_fd = -EBADF;
	s.options = &options;
	s.policy = policy_none();
	s.policy->mode = MODE_FULL;
	return history_new(&s.history);
}

static int teardown(void **state)
{
	(void)state;
	policy_free(s.policy);
	history_free(s.history);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

/* One way to lower the mode of a scope; some sources know one mode or the whole alone. */
struct way {
	enum mode_source source;
	enum resource resource;
	enum mode mode;
};

static void go(const struct way *way)
{
	switch (way->source) {
	case MODE_SOURCE_POLICY:
		if (way->resource < 0)
			s.policy->mode = way->mode;
		else
			s.policy->modes[way->resource] = (struct policy_mode){true, way->mode};
		break;
	case MODE_SOURCE_OPTION:
		if (way->resource < 0) {
			options.mode = way->mode;
			options.mode_given = true;
		} else {
			options.mode_by[way->resource] = way->mode;
			options.mode_by_given[way->resource] = true;
		}
		break;
	case MODE_SOURCE_BUS:
		control_set_mode(&s, way->resource, way->mode, &root);
		break;
	case MODE_SOURCE_PAUSE:
		control_pause(&s, 0, 0, &root);
		break;
	case MODE_SOURCE_DISABLE:
		tree_write(dir, MODE_SOURCES_DISABLE, "");
		break;
	case MODE_SOURCE_KERNEL:
		tree_write(dir, "proc/cmdline", "quiet colod=off\n");
		mode_sources_read_kernel(&s);
		break;
	case MODE_SOURCE_DOUBT: /* test_evictor: a person may take it back */
	case MODE_SOURCE_CONTROL:
	case MODE_SOURCE_COUNT:
	case MODE_SOURCE_NONE:
		s.control.damaged = true;
		break;
	}
}

static void undo_all(void)
{
	options = (struct options){.mode = MODE_FULL};
	s.policy->mode = MODE_FULL;
	memset(s.policy->modes, 0, sizeof(s.policy->modes));
	memset(&s.control, 0, sizeof(s.control));
	tree_delete(dir, "etc");
	tree_write(dir, "proc/cmdline", "quiet\n");
	mode_sources_read_kernel(&s);
}

static const struct way ways[] = {
	{MODE_SOURCE_POLICY, RESOURCE_INVALID, MODE_SQUEEZE},
	{MODE_SOURCE_POLICY, RESOURCE_CPU, MODE_OBSERVE},
	{MODE_SOURCE_POLICY, RESOURCE_MEMORY, MODE_PROTECT},
	{MODE_SOURCE_POLICY, RESOURCE_IO, MODE_OFF},
	{MODE_SOURCE_OPTION, RESOURCE_INVALID, MODE_PROTECT},
	{MODE_SOURCE_OPTION, RESOURCE_CPU, MODE_SQUEEZE},
	{MODE_SOURCE_OPTION, RESOURCE_MEMORY, MODE_OFF},
	{MODE_SOURCE_OPTION, RESOURCE_IO, MODE_OBSERVE},
	{MODE_SOURCE_BUS, RESOURCE_INVALID, MODE_OBSERVE},
	{MODE_SOURCE_BUS, RESOURCE_CPU, MODE_OFF},
	{MODE_SOURCE_BUS, RESOURCE_MEMORY, MODE_SQUEEZE},
	{MODE_SOURCE_BUS, RESOURCE_IO, MODE_PROTECT},
	{MODE_SOURCE_PAUSE, RESOURCE_INVALID, MODE_OBSERVE},
	{MODE_SOURCE_CONTROL, RESOURCE_INVALID, MODE_OBSERVE},
	{MODE_SOURCE_DISABLE, RESOURCE_INVALID, MODE_OFF},
	{MODE_SOURCE_KERNEL, RESOURCE_INVALID, MODE_OFF},
};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

static enum mode says_of(const struct way *way, enum resource resource)
{
	return way->resource < 0 || way->resource == resource ? way->mode : MODE_FULL;
}

static enum mode lower(enum mode a, enum mode b)
{
	return a < b ? a : b;
}

TEST(of_every_pair_of_sources_the_lower_one_is_in_force)
{
	for (size_t a = 0; a < N_WAYS; a++) {
		for (size_t b = 0; b < N_WAYS; b++) {
			const struct modes *m = &s.status.modes;

			go(&ways[a]);
			go(&ways[b]);
			mode_sources_update(&s);
			/* Of one source's two words for one scope the later one counts. */
			for (int r = 0; r < RESOURCE_COUNT; r++)
				assert_int_equal(m->by[r],
						 lower(says_of(&ways[a], (enum resource)r),
						       says_of(&ways[b], (enum resource)r)));
			assert_int_equal(m->all, lower(says_of(&ways[a], RESOURCE_INVALID),
						       says_of(&ways[b], RESOURCE_INVALID)));
			undo_all();
			mode_sources_update(&s);
			assert_int_equal(m->all, MODE_FULL);
		}
	}
}

TEST(each_source_is_named_with_a_sentence_that_says_what_ends_it)
{
	static const struct {
		size_t way;
		const char *says;
	} expected[] = {
		{0, "the policy says so"},
		{4, "--mode"},
		{8, "SetMode by uid 0 (coloctl, pid 1)"},
		{12, "paused until coloctl resume, by uid 0"},
		{13, "coloctl resume ends this"},
		{14, "coloctl on removes it"},
		{15, "colod=off is on the kernel command line"},
	};

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const char *why;

		go(&ways[expected[i].way]);
		mode_sources_update(&s);
		assert_int_equal(s.status.modes.all_from, ways[expected[i].way].source);
		why = mode_why(&s.status.mode_says, &s.status.modes, RESOURCE_INVALID);
		if (!strstr(why, expected[i].says))
			fail_msg("\"%s\" does not say \"%s\"", why, expected[i].says);
		undo_all();
	}
}

static enum mode with_command_line(const char *text)
{
	tree_write(dir, "proc/cmdline", text);
	mode_sources_read_kernel(&s);
	mode_sources_update(&s);
	return s.status.modes.all;
}

TEST(the_kernel_command_line_may_name_any_mode_and_the_lowest_counts)
{
	assert_int_equal(with_command_line("quiet\n"), MODE_FULL);
	assert_int_equal(with_command_line("colod=observe\n"), MODE_OBSERVE);
	assert_int_equal(with_command_line("colod=off colod=protect\n"), MODE_OFF);
	assert_int_equal(with_command_line("colod=full\n"), MODE_FULL);
}

TEST(a_word_on_the_kernel_command_line_that_is_no_mode_is_off)
{
	assert_int_equal(with_command_line("colod=0\n"), MODE_OFF);
	assert_non_null(strstr(s.kernel_says.why, "colod=0 is on the kernel command line, which "
						  "names no mode"));
	assert_int_equal(with_command_line("colod=\n"), MODE_OFF);
}

TEST(a_tree_without_a_command_line_says_nothing)
{
	tree_delete(dir, "proc");
	mode_sources_read_kernel(&s);
	mode_sources_update(&s);
	assert_int_equal(s.status.modes.all, MODE_FULL);
}

/* When unsure, hands off. */
TEST(a_kill_switch_that_cannot_be_seen_counts)
{
	fault_begin();
	fault_set(SYS_STAT, 1, -EIO);
	mode_sources_update(&s);
	fault_end();
	assert_int_equal(s.status.modes.all, MODE_OFF);
	assert_non_null(strstr(mode_why(&s.status.mode_says, &s.status.modes, RESOURCE_INVALID),
			       "cannot be seen"));
	mode_sources_update(&s);
	assert_int_equal(s.status.modes.all, MODE_FULL);
}

/* The next record of a change of mode: "what from>to". */
static const char *next(uint64_t *cursor)
{
	static char text[512];
	struct history_record r;

	while (history_next(s.history, cursor, &r)) {
		if (r.kind != HISTORY_MODE)
			continue;
		snprintf(text, sizeof(text), "%s %s>%s", r.what, r.from, r.to);
		assert_true(r.why[0] != '\0');
		return text;
	}
	return "";
}

static void update(void)
{
	mode_sources_update(&s);
	account_modes(&s, NULL);
}

TEST(every_change_is_recorded_once_and_the_start_is_none)
{
	uint64_t cursor = 0;

	update();
	update();
	assert_string_equal(next(&cursor), "");
	go(&ways[14]);
	update();
	update();
	assert_string_equal(next(&cursor), "mode full>off");
	assert_string_equal(next(&cursor), "");
	undo_all();
	go(&ways[2]);
	update();
	assert_string_equal(next(&cursor), "mode off>full");
	assert_string_equal(next(&cursor), "memory off>protect");
	assert_string_equal(next(&cursor), "");
}

TEST(who_asked_is_in_the_record)
{
	struct history_record r;
	uint64_t cursor = 0;

	control_set_mode(&s, RESOURCE_IO, MODE_OBSERVE, &root);
	assert_true(history_next(s.history, &cursor, &r));
	assert_string_equal(r.what, "SetMode io");
	assert_string_equal(r.from, "-");
	assert_string_equal(r.to, "observe");
	assert_true(r.caller.known);
	assert_int_equal(r.caller.pid, 1);
	assert_string_equal(r.caller.comm, "coloctl");
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(of_every_pair_of_sources_the_lower_one_is_in_force),
		UNIT(each_source_is_named_with_a_sentence_that_says_what_ends_it),
		UNIT(the_kernel_command_line_may_name_any_mode_and_the_lowest_counts),
		UNIT(a_word_on_the_kernel_command_line_that_is_no_mode_is_off),
		UNIT(a_tree_without_a_command_line_says_nothing),
		UNIT(a_kill_switch_that_cannot_be_seen_counts),
		UNIT(every_change_is_recorded_once_and_the_start_is_none),
		UNIT(who_asked_is_in_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
