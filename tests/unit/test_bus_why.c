// SPDX-License-Identifier: LGPL-2.1-or-later
// What Why says of kills; the rest of it is test_bus.c's.
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/base/history.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static struct history *history;

static const struct bus_ops ops = {.context = &bus_case.serve, .snapshot = serve_case_snapshot};

static int setup(void **state)
{
	(void)state;
	if (bus_case_open(&ops) < 0 || history_new(&history) < 0)
		return -1;
	b->serve.snapshot.history = history;
	return 0;
}

static int teardown(void **state)
{
	b->serve.snapshot.history = NULL;
	history_free(history);
	return bus_case_teardown(state);
}

/* What Why says of a pod, in a static buffer. */
static const char *why_of(const char *pod)
{
	static char all[8192];
	sd_bus_message *m = NULL, *reply;
	char **lines = NULL;

	all[0] = '\0';
	assert_return_code(sd_bus_message_new_method_call(b->client, &m, BUS_CASE_NAME,
							  BUS_CASE_PATH, BUS_CASE_MANAGER, "Why"),
			   0);
	assert_return_code(sd_bus_message_append(m, "s", pod), 0);
	reply = bus_case_answer(m);
	assert_return_code(sd_bus_message_read_strv(reply, &lines), 0);
	for (char **line = lines; line && *line; line++) {
		size_t len = strlen(all);

		(void)snprintf(all + len, sizeof(all) - len, "%s\n", *line);
		free(*line);
	}
	free(lines);
	sd_bus_message_unref(reply);
	return all;
}

static const char *why(void)
{
	return why_of("batch/hog-1");
}

static void add(enum history_kind kind, const char *path, const char *to, const char *reason)
{
	struct history_record r = HISTORY_RECORD(kind);

	history_set_path(&r, path);
	HISTORY_SET(r.to, "%s", to);
	HISTORY_SET(r.why, "%s", reason);
	history_add(history, &r);
}

TEST(of_a_pod_that_no_kill_met_nothing_is_said)
{
	assert_null(strstr(why(), "kill:"));
	add(HISTORY_CANDIDATE, "another/pod", "passed over", "because");
	add(HISTORY_WRITE, b->serve.batch->cgroup->path, "5", "because");
	assert_null(strstr(why(), "kill:"));
}

TEST(the_newest_of_each_kind_is_told)
{
	const char *path = b->serve.batch->cgroup->path, *all;

	add(HISTORY_CANDIDATE, path, "passed over", "the old one");
	add(HISTORY_CANDIDATE, path, "passed over", "the new one");
	assert_non_null(strstr(why(), " was passed over: the new one\n"));
	add(HISTORY_KILL, path, "dead", "the end");
	all = why();
	assert_non_null(strstr(all, " was passed over: the new one\n"));
	assert_non_null(strstr(all, " dead: the end\n"));
	assert_null(strstr(all, "the old one"));
}

TEST(who_seems_to_make_a_pod_wait_is_told_while_it_waits)
{
	const char *all = why_of("default/web-1");

	assert_non_null(strstr(all,
			       "made to wait for cpu, it seems, by batch/hog-1: 712 permille of "
			       "its ups and downs, confidence good\n"));
	assert_non_null(strstr(all, "by default/db-0: 81 permille of its ups and downs, confidence "
				    "low; online: colod does not act on it\n"));
	assert_null(strstr(why(), "made to wait"));
	b->serve.score_list[b->serve.web->slot].by[RESOURCE_CPU].excess_permille = 0;
	assert_null(strstr(why_of("default/web-1"), "made to wait"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(of_a_pod_that_no_kill_met_nothing_is_said),
		CASE(the_newest_of_each_kind_is_told),
		CASE(who_seems_to_make_a_pod_wait_is_told_while_it_waits),
	};

	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
