// SPDX-License-Identifier: LGPL-2.1-or-later
// The thread and its queue: what goes first, what gives way, and that nobody waits for a server that hangs.
#include "tests/lib/test.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/apply/kube_api.h"
#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "tests/lib/fault.h"
#include "tests/lib/kube_case.h"

#define EVICT "POST /api/v1/namespaces/batch/pods/"
#define EVENT "POST /api/v1/namespaces/batch/events"
#define WAIT_MS 60000

static struct kube_case c;
static struct kube_api *api;
static int event_fd;

static int setup(void **state)
{
	(void)state;
	kube_case_open(&c);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(event_fd >= 0);
	assert_int_equal(kube_api_new(&c.place, event_fd, &api), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kube_api_free(api);
	api = NULL;
	event_fd = cleanup_close_fd(event_fd);
	kube_case_close(&c);
	return 0;
}

static struct evict_call call_of(const char *name, uint64_t token)
{
	struct evict_call call = {.token = token, .namespace = "batch", .uid = KUBE_CASE_UID};

	(void)snprintf(call.name, sizeof(call.name), "%s", name);
	return call;
}

static int evict(const char *name, uint64_t token)
{
	const struct evict_call call = call_of(name, token);

	return kube_api_evict(api, &call);
}

static int tell(const char *reason)
{
	struct kube_event e = {
		.namespace = "batch", .name = "train-7", .uid = KUBE_CASE_UID, .wall_us = 1};

	(void)snprintf(e.reason, sizeof(e.reason), "%s", reason);
	return kube_api_event(api, &e);
}

/* The loop's own way: the event fd says that something is there. */
static void wait_for_answer(void)
{
	struct pollfd fd = {.fd = event_fd, .events = POLLIN};
	eventfd_t n;

	assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
	assert_int_equal(eventfd_read(event_fd, &n), 0);
}

static struct evict_done next_evicted(void)
{
	struct evict_done done;

	while (!kube_api_next_evicted(api, &done))
		wait_for_answer();
	return done;
}

static struct kube_taint_done next_tainted(void)
{
	struct kube_taint_done done;

	while (!kube_api_next_tainted(api, &done))
		wait_for_answer();
	return done;
}

TEST(an_eviction_comes_back_with_its_token)
{
	struct evict_done done;

	assert_false(kube_api_next_evicted(api, &done));
	assert_int_equal(evict("train-7", 41), 0);
	assert_int_equal(evict("train-8", 42), 0);
	done = next_evicted();
	assert_int_equal(done.token, 41);
	assert_int_equal(done.answer, EVICT_ANSWER_ACCEPTED);
	done = next_evicted();
	assert_int_equal(done.token, 42);
	assert_int_equal(done.answer, EVICT_ANSWER_GONE);
	assert_false(kube_api_next_evicted(api, &done));
	assert_int_equal(kube_api_counts(api).evictions, 2);
}

TEST(a_name_that_is_none_is_not_asked_about)
{
	assert_int_equal(evict("../../nodes/node-1", 1), -EINVAL);
	assert_int_equal(tell("no reason"), -EINVAL);
	assert_true(kube_api_settle(api, WAIT_MS));
	assert_int_equal(fake_apiserver_asked(c.server, ""), 0);
}

static void next_greeted(char why[static KUBE_ASK_WHY_SIZE])
{
	while (!kube_api_next_greeted(api, why))
		wait_for_answer();
}

TEST(a_greeting_finds_the_server_and_changes_nothing)
{
	char why[KUBE_ASK_WHY_SIZE] = "?";

	kube_api_greet(api);
	next_greeted(why);
	assert_string_equal(why, "");
	assert_int_equal(fake_apiserver_asked(c.server, "GET /version"), 1);
	assert_int_equal(fake_apiserver_asked(c.server, ""), 1);
	assert_false(kube_api_next_greeted(api, why));
}

/* kB that this process has mapped of a library, and has in memory. */
static void library_kb(const char *name, unsigned long *ret_mapped, unsigned long *ret_there)
{
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "re");
	bool found = false;

	assert_non_null(f);
	*ret_mapped = *ret_there = 0;
	while (fgets(line, sizeof(line), f)) {
		if (strchr(line, '-') && strchr(line, '/'))
			found = strstr(line, name) != NULL;
		else if (!strstr(line, ": ") && strchr(line, '-'))
			found = false;
		if (found && strncmp(line, "Size:", 5) == 0)
			*ret_mapped += strtoul(line + 5, NULL, 10);
		if (found && strncmp(line, "Rss:", 4) == 0)
			*ret_there += strtoul(line + 4, NULL, 10);
	}
	(void)fclose(f);
}

/* What only an eviction runs through must not have to be read from the disk while there is no memory. */
TEST(once_it_was_greeted_all_of_the_way_to_it_is_in_memory)
{
	static const char *const libraries[] = {"/libcurl.so", "/libssl.so", "/libcrypto.so",
						"/libcjson.so"};
	char why[KUBE_ASK_WHY_SIZE] = "?";
	unsigned long mapped, there;

	kube_api_greet(api);
	next_greeted(why);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		library_kb(libraries[i], &mapped, &there);
		assert_true(mapped > 0);
		assert_int_equal(there, mapped);
	}
}

TEST(a_token_that_nobody_knows_is_told_by_the_greeting)
{
	char why[KUBE_ASK_WHY_SIZE] = "?";

	kube_case_account(&c, "token", "stranger\n");
	kube_api_greet(api);
	next_greeted(why);
	assert_non_null(strstr(why, "does not know the token"));
	assert_int_equal(evict("train-7", 1), 0);
	(void)next_evicted();
}

TEST(a_greeting_that_found_nobody_is_repeated_until_it_does)
{
	char why[KUBE_ASK_WHY_SIZE] = "";

	kube_api_set_greet_again(api, 20);
	kube_case_account(&c, "token", "stranger\n");
	kube_api_greet(api);
	next_greeted(why);
	assert_string_not_equal(why, "");
	kube_case_account(&c, "token", "first.secret\n");
	while (why[0])
		next_greeted(why);
}

TEST(the_queue_of_evictions_is_bounded)
{
	kube_case_serve(&c, "script", "evict * hang\n");
	for (unsigned i = 0; i < KUBE_API_EVICTIONS; i++)
		assert_int_equal(evict("train-7", i), 0);
	assert_int_equal(evict("train-7", 99), -EBUSY);
	assert_false(kube_api_settle(api, 1));
}

TEST(evictions_go_before_the_taint_and_that_before_events)
{
	cJSON *sent;
	static const char *const order[] = {"/pods/train-1/", "/pods/train-2/", "/nodes/",
					    "/nodes/", "/events"};

	/* Whatever is under way: the others queue behind it. */
	kube_case_serve(&c, "script", "evict train-0 slow 201 status/accepted.json\n");
	assert_int_equal(evict("train-0", 0), 0);
	kube_case_wait_asked(&c, EVICT "train-0", 1);
	assert_int_equal(tell("First"), 0);
	assert_int_equal(kube_api_taint(api, true), 0);
	assert_int_equal(evict("train-1", 1), 0);
	assert_int_equal(evict("train-2", 2), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next_evicted().token, i);
	assert_int_equal(next_tainted().result, KUBE_TAINT_DONE);
	kube_case_wait_asked(&c, EVENT, 1);
	for (size_t i = 0; i < 5; i++) {
		sent = kube_case_request(&c, i + 1);
		assert_non_null(strstr(kube_case_text(sent, "path"), order[i]));
		cJSON_Delete(sent);
	}
}

TEST(an_event_that_hangs_gives_way_to_an_eviction)
{
	kube_case_serve(&c, "script", "event * hang\n");
	assert_int_equal(tell("Hangs"), 0);
	kube_case_wait_asked(&c, EVENT, 1);
	assert_int_equal(evict("train-7", 1), 0);
	assert_int_equal(next_evicted().answer, EVICT_ANSWER_ACCEPTED);
	assert_int_equal(kube_api_counts(api).events_lost, 1);
	assert_non_null(strstr(kube_api_counts(api).event_why, "given up for another"));
	assert_int_equal(fake_apiserver_asked(c.server, EVENT), 1);
}

TEST(a_taint_that_hangs_gives_way_and_is_begun_anew)
{
	struct kube_taint_done tainted;

	kube_case_serve(&c, "script", "patch * times=1 hang\n");
	assert_int_equal(kube_api_taint(api, true), 0);
	kube_case_wait_asked(&c, "PATCH", 1);
	assert_int_equal(evict("train-7", 1), 0);
	assert_int_equal(next_evicted().answer, EVICT_ANSWER_ACCEPTED);
	tainted = next_tainted();
	assert_int_equal(tainted.result, KUBE_TAINT_DONE);
	assert_true(tainted.wanted);
	assert_false(kube_api_next_tainted(api, &tainted));
	assert_int_equal(fake_apiserver_asked(c.server, "PATCH"), 2);
}

TEST(the_last_wish_for_the_taint_counts)
{
	struct kube_taint_done tainted;

	kube_case_serve(&c, "script", "evict * slow 201 status/accepted.json\n");
	assert_int_equal(evict("train-7", 1), 0);
	kube_case_wait_asked(&c, EVICT, 1);
	assert_int_equal(kube_api_taint(api, true), 0);
	assert_int_equal(kube_api_taint(api, false), 0);
	tainted = next_tainted();
	assert_false(tainted.wanted);
	assert_int_equal(tainted.result, KUBE_TAINT_ALREADY);
	assert_true(kube_api_settle(api, WAIT_MS));
	assert_int_equal(fake_apiserver_asked(c.server, "PATCH"), 0);
	assert_false(kube_api_next_tainted(api, &tainted));
}

TEST(events_that_find_no_place_are_dropped_and_counted)
{
	kube_case_serve(&c, "script", "event * hang\n");
	assert_int_equal(tell("Hangs"), 0);
	kube_case_wait_asked(&c, EVENT, 1);
	for (unsigned i = 0; i < KUBE_API_EVENTS; i++)
		assert_int_equal(tell("Waits"), 0);
	assert_int_equal(tell("Lost"), -EBUSY);
	assert_int_equal(kube_api_counts(api).events_lost, 1);
}

TEST(events_are_bounded_in_time)
{
	unsigned told = 0, lost = 0;

	for (unsigned i = 0; i < 200; i++) {
		int r = tell("Often");

		told += r == 0;
		lost += r != 0;
		if (r == 0)
			kube_case_wait_asked(&c, EVENT, told);
	}
	/* A burst, and one in ten seconds that this may have taken. */
	assert_in_range(told, 25, 40);
	assert_int_equal(kube_api_counts(api).events_lost, lost);
}

static void free_api(void)
{
	kube_api_free(api);
	api = NULL;
}

/* Threads of the client in this process. */
static unsigned threads(void)
{
	char path[64], name[32];
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/task");

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		FILE *f;

		(void)snprintf(path, sizeof(path), "/proc/self/task/%.20s/comm", e->d_name);
		f = fopen(path, "re");
		if (f && fgets(name, sizeof(name), f))
			n += strcmp(name, "colod-kube\n") == 0;
		if (f)
			(void)fclose(f);
	}
	(void)closedir(dir);
	return n;
}

TEST(a_server_that_hangs_holds_up_nobody_at_the_end)
{
	int64_t began_us;

	/* Whoever was left behind would be there as long. */
	kube_api_set_limits(api, &(struct https_limits){5000, 600000, 600});
	kube_case_serve(&c, "script", "* * hang\n");
	assert_int_equal(evict("train-7", 1), 0);
	assert_int_equal(evict("train-8", 2), 0);
	assert_int_equal(kube_api_taint(api, true), 0);
	kube_case_wait_asked(&c, EVICT, 1);
	assert_int_equal(threads(), 1);
	began_us = clock_now_us();
	free_api();
	while (threads() > 0 && clock_now_us() - began_us < WAIT_MS * INT64_C(1000))
		(void)usleep(10000);
	assert_int_equal(threads(), 0);
	assert_int_equal(fake_apiserver_asked(c.server, ""), 1);
}

TEST(settling_waits_for_what_matters)
{
	struct kube_taint_done tainted;
	struct evict_done done;

	assert_true(kube_api_settle(api, 0));
	assert_int_equal(evict("train-7", 5), 0);
	assert_int_equal(kube_api_taint(api, true), 0);
	assert_true(kube_api_settle(api, WAIT_MS));
	assert_true(kube_api_next_evicted(api, &done));
	assert_true(kube_api_next_tainted(api, &tainted));
	assert_int_equal(tainted.result, KUBE_TAINT_DONE);
}

TEST(a_time_out_is_an_unknown_end)
{
	kube_api_set_limits(api, &(struct https_limits){5000, 500, 5});
	kube_case_serve(&c, "script", "evict * hang\n");
	assert_int_equal(evict("train-7", 5), 0);
	assert_int_equal(next_evicted().answer, EVICT_ANSWER_UNKNOWN);
}

TEST(where_no_thread_can_start_there_is_no_client)
{
	struct kube_api *none = NULL;

	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(kube_api_new(&c.place, event_fd, &none), -EAGAIN);
	fault_end();
	assert_null(none);
}

TEST(where_nobody_says_where_the_server_is_each_answer_says_so)
{
	struct evict_done done;

	free_api();
	c.place.api = c.place.node = NULL;
	assert_int_equal(kube_api_new(&c.place, event_fd, &api), 0);
	assert_int_equal(evict("train-7", 5), 0);
	assert_int_equal(kube_api_taint(api, true), 0);
	done = next_evicted();
	assert_int_equal(done.answer, EVICT_ANSWER_UNREACHABLE);
	assert_non_null(strstr(done.why, "write facts: {api:"));
	assert_int_equal(next_tainted().result, KUBE_TAINT_FAILED);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_eviction_comes_back_with_its_token),
		T(a_greeting_finds_the_server_and_changes_nothing),
		T(once_it_was_greeted_all_of_the_way_to_it_is_in_memory),
		T(a_token_that_nobody_knows_is_told_by_the_greeting),
		T(a_greeting_that_found_nobody_is_repeated_until_it_does),
		T(a_name_that_is_none_is_not_asked_about),
		T(the_queue_of_evictions_is_bounded),
		T(evictions_go_before_the_taint_and_that_before_events),
		T(an_event_that_hangs_gives_way_to_an_eviction),
		T(a_taint_that_hangs_gives_way_and_is_begun_anew),
		T(the_last_wish_for_the_taint_counts),
		T(events_that_find_no_place_are_dropped_and_counted),
		T(events_are_bounded_in_time),
		T(a_server_that_hangs_holds_up_nobody_at_the_end),
		T(settling_waits_for_what_matters),
		T(a_time_out_is_an_unknown_end),
		T(where_no_thread_can_start_there_is_no_client),
		T(where_nobody_says_where_the_server_is_each_answer_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
