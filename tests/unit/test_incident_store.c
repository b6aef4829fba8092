// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/incident_store.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/file_open.h"
#include "agent/base/fs.h"
#include "agent/base/kept_end.h"
#include "agent/ctl/incident_doc.h"
#include "agent/incident_index.h"
#include "tests/lib/fault.h"
#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define S INCIDENT_CASE_S
#define ENDED 77

static struct incident_case c;
static struct incident_store *store;
static struct incident_policy policy;
static char *dir;
static int root_fd;

static void start(void)
{
	assert_int_equal(incident_store_new(root_fd, true, &store), 0);
	while (!incident_store_is_read(store))
		(void)usleep(200);
	c.incidents.next_id = incident_store_next_id(store);
}

/* In memory where there is such a place: ten thousand files are brought to the disk one by one. */
static int make_dir(void)
{
	const char *below = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	return tree_make_below(below, NULL, &dir);
}

static int setup(void **state)
{
	(void)state;
	policy =
		(struct incident_policy){.excess_permille = 100, .count = 5, .size_bytes = 1 << 20};
	if (incident_case_open(&c) < 0 || make_dir() < 0 || tree_mkdir(dir, "var/lib") < 0)
		return -1;
	root_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	incident_case_run(&c, 5, 500, 10);
	start();
	return root_fd < 0;
}

/* As by a kill: what is in memory is gone. */
static void end(void)
{
	struct incidents none = {0};

	incident_store_free(store, &none, &policy, c.look.now_us);
	store = NULL;
	incidents_free(&c.incidents);
}

static int teardown(void **state)
{
	(void)state;
	if (store)
		end();
	close(root_fd);
	tree_remove(dir);
	incident_case_close(&c);
	return 0;
}

/* Passes until nothing is under way. */
static void settle(void)
{
	for (int i = 0; i < 20; i++) {
		incident_store_pass(store, &c.incidents, &policy, c.look.now_us);
		(void)usleep(i == 0 ? 300 : 1000);
	}
}

static struct incident *open_one(void)
{
	struct incident *i =
		incident_open(&c.incidents, &c.look, INCIDENT_SLI, c.web, RESOURCE_CPU);

	assert_non_null(i);
	return i;
}

static void close_it(struct incident *i)
{
	i->closed = true;
	i->ended_us = c.look.now_us;
	i->changes++;
}

static bool is_there(uint64_t id)
{
	char path[INCIDENT_INDEX_PATH_SIZE];

	return fs_exists(root_fd, incident_index_path(id, path)) == 1;
}

static size_t n_kept(void)
{
	uint64_t bytes;

	return incident_store_n(store, &bytes);
}

static cJSON *read_json(int fd)
{
	char *text = NULL;
	size_t len = 0;
	cJSON *json;

	assert_int_equal(fs_read_alloc_fd(fd, 1 << 22, &text, &len), 0);
	close(fd);
	json = cJSON_ParseWithLength(text, len);
	free(text);
	assert_non_null(json);
	return json;
}

static cJSON *list(void)
{
	int fd = -1;

	assert_int_equal(incident_store_list(store, &c.incidents, c.look.wall_us, &fd), 0);
	return read_json(fd);
}

static int n_in(const cJSON *json, const char *key)
{
	return cJSON_GetArraySize(cJSON_GetObjectItem(json, key));
}

/* Whether it is whole, as coloctl reads it. */
static bool is_whole(uint64_t id)
{
	char *text = NULL;
	size_t len = 0;
	cJSON *doc = NULL;
	struct file_open *open = NULL;
	int fd = -1, r = incident_store_get(store, &c.incidents, id, &fd, &open);

	if (r == 0 && open)
		r = file_open_take(open, &fd);
	file_open_free(open);
	if (r < 0)
		return false;
	assert_int_equal(fs_read_alloc_fd(fd, 1 << 22, &text, &len), 0);
	close(fd);
	r = incident_doc_parse(text, len, &doc);
	free(text);
	cJSON_Delete(doc);
	return r == 0;
}

TEST(one_that_goes_on_is_kept_after_five_seconds_and_each_half_minute)
{
	struct incident *i = open_one();

	settle();
	assert_false(is_there(1));
	incident_case_run(&c, 5, 500, 300);
	settle();
	assert_true(is_there(1));
	assert_int_equal(n_kept(), 1);
	assert_true(is_whole(1));
	assert_non_null(incident_find(&c.incidents, 1));
	close_it(i);
	settle();
	assert_null(incident_find(&c.incidents, 1));
	assert_true(is_whole(1));
	assert_int_equal(n_kept(), 1);
	assert_int_equal(fs_exists(root_fd, INCIDENT_STORE_FRESH), 0);
}

TEST(after_a_kill_what_was_kept_is_there_and_numbers_go_on)
{
	cJSON *json;

	(void)open_one();
	incident_case_run(&c, 6, 500, 300);
	settle();
	end();
	start();
	assert_int_equal(c.incidents.next_id, 2);
	json = list();
	assert_int_equal(n_in(json, "incidents"), 1);
	/* So coloctl can tell that it was cut short. */
	assert_int_equal(n_in(json, "open"), 0);
	cJSON_Delete(json);
	assert_true(is_whole(1));
	/* The clock went back a day meanwhile. */
	c.look.wall_us -= INT64_C(86400) * S;
	assert_int_equal(open_one()->id, 2);
	json = list();
	assert_int_equal(n_in(json, "incidents"), 2);
	assert_int_equal(n_in(json, "open"), 1);
	cJSON_Delete(json);
	assert_true(is_whole(2));
}

TEST(a_stop_keeps_what_goes_on)
{
	(void)open_one();
	incident_store_free(store, &c.incidents, &policy, c.look.now_us);
	store = NULL;
	incidents_free(&c.incidents);
	start();
	assert_int_equal(n_kept(), 1);
	assert_true(is_whole(1));
}

TEST(the_oldest_go_when_there_are_too_many)
{
	for (int n = 0; n < 9; n++) {
		c.look.wall_us += n % 2 ? -INT64_C(3600) * S : INT64_C(7200) * S;
		close_it(open_one());
		settle();
	}
	assert_int_equal(n_kept(), 5);
	for (uint64_t id = 1; id <= 9; id++)
		assert_int_equal(is_there(id), id > 4);
	end();
	start();
	assert_int_equal(n_kept(), 5);
	assert_int_equal(c.incidents.next_id, 10);
}

TEST(the_oldest_go_when_they_take_too_much_room)
{
	uint64_t bytes;

	close_it(open_one());
	settle();
	(void)incident_store_n(store, &bytes);
	policy.size_bytes = 3 * bytes + bytes / 2;
	for (int n = 0; n < 6; n++) {
		close_it(open_one());
		settle();
	}
	assert_int_equal(n_kept(), 3);
	(void)incident_store_n(store, &bytes);
	assert_true(bytes <= policy.size_bytes);
	assert_true(is_there(7));
}

TEST(a_disk_that_takes_nothing_costs_what_does_not_fit_into_memory)
{
	cJSON *json;

	close_it(open_one());
	settle();
	fault_begin();
	fault_set_from(SYS_WRITE, 1, -ENOSPC);
	for (int n = 0; n < INCIDENTS_OPEN + 2; n++) {
		close_it(open_one());
		settle();
	}
	assert_true(fault_was_met());
	fault_end();
	assert_true(is_there(1));
	assert_int_equal(n_kept(), 1);
	assert_int_equal(c.incidents.left_out, 2);
	json = list();
	assert_string_equal(cJSON_GetObjectItem(json, "disk")->valuestring, "failing");
	assert_int_equal(n_in(json, "incidents"), 1 + INCIDENTS_OPEN);
	cJSON_Delete(json);
	/* It can be written again. */
	policy.count = 100;
	c.look.now_us += INCIDENT_STORE_AGAIN_US;
	for (int n = 0; n < INCIDENTS_OPEN; n++)
		settle();
	assert_int_equal(n_kept(), 1 + INCIDENTS_OPEN);
	json = list();
	assert_string_equal(cJSON_GetObjectItem(json, "disk")->valuestring, "ok");
	cJSON_Delete(json);
}

TEST(a_directory_that_cannot_be_made_costs_the_same)
{
	fault_begin();
	fault_set_from(SYS_MAKE, 1, -EROFS);
	close_it(open_one());
	settle();
	assert_true(fault_was_met());
	fault_end();
	assert_int_equal(n_kept(), 0);
	assert_true(is_whole(1));
	c.look.now_us += INCIDENT_STORE_AGAIN_US;
	settle();
	assert_int_equal(n_kept(), 1);
	assert_true(is_there(1));
}

/* The child is killed at the n-th call of this kind while it keeps its third one. False: it was not. */
static bool killed_at(enum sys_call call, unsigned nth)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		close_it(open_one());
		fault_begin();
		fault_set_end(call, nth, ENDED);
		settle();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == ENDED;
}

TEST(a_kill_at_any_step_leaves_whole_files)
{
	static const enum sys_call calls[] = {SYS_MAKE, SYS_OPEN, SYS_WRITE, SYS_UNLINK};
	unsigned kills = 0;

	policy.count = 2;
	for (int n = 0; n < 2; n++) {
		close_it(open_one());
		settle();
	}
	for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
		for (unsigned nth = 1; killed_at(calls[k], nth); nth++) {
			kills++;
			end();
			start();
			assert_true(n_kept() >= 2 && n_kept() <= 3);
			for (uint64_t id = 1; id < c.incidents.next_id; id++)
				assert_true(!is_there(id) || is_whole(id));
			assert_true(is_whole(c.incidents.next_id - 1));
			assert_int_equal(fs_exists(root_fd, INCIDENT_STORE_FRESH), 0);
		}
	}
	assert_true(kills >= 5);
}

TEST(a_file_that_is_no_incident_is_not_told_and_goes_in_its_turn)
{
	cJSON *json;

	end();
	assert_int_equal(tree_mkdir(dir, INCIDENT_STORE_DIRECTORY), 0);
	assert_int_equal(tree_write(dir, INCIDENT_STORE_DIRECTORY "/3", "{\"id\":4}\n{}\n"), 0);
	assert_int_equal(tree_write(dir, INCIDENT_STORE_DIRECTORY "/4", "{\"id\":4} x\n{}\n"), 0);
	assert_int_equal(tree_write(dir, INCIDENT_STORE_DIRECTORY "/notes", "mine\n"), 0);
	assert_int_equal(tree_write(dir, INCIDENT_STORE_DIRECTORY "/007", "mine\n"), 0);
	start();
	assert_int_equal(c.incidents.next_id, 5);
	json = list();
	assert_int_equal(n_in(json, "incidents"), 0);
	cJSON_Delete(json);
	assert_false(is_whole(3));
	assert_false(is_whole(9));
	policy.count = 1;
	close_it(open_one());
	settle();
	assert_false(is_there(3));
	assert_false(is_there(4));
	assert_int_equal(fs_exists(root_fd, INCIDENT_STORE_DIRECTORY "/notes"), 1);
	assert_int_equal(fs_exists(root_fd, INCIDENT_STORE_DIRECTORY "/007"), 1);
	assert_true(is_whole(5));
}

/* Behind a link that somebody put there, for a larger disk: its numbers are not known, and would begin anew. */
TEST(what_cannot_be_read_is_not_written_over)
{
	char *text = NULL, path[128];
	size_t len;

	end();
	assert_int_equal(tree_mkdir(dir, "data"), 0);
	assert_int_equal(tree_write(dir, "data/1", "theirs\n"), 0);
	assert_int_equal(tree_mkdir(dir, "var/lib/colod"), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", dir, INCIDENT_STORE_DIRECTORY);
	assert_int_equal(symlink("../../../data", path), 0);
	start();
	close_it(open_one());
	settle();
	assert_int_equal(fs_read_alloc(root_fd, "data/1", 100, &text, &len), 0);
	assert_string_equal(text, "theirs\n");
	free(text);
	assert_int_equal(fs_exists(root_fd, "data/2"), 0);
	assert_true(is_whole(c.incidents.next_id - 1)); /* in memory */
}

TEST(a_file_that_was_changed_is_told_from_a_whole_one)
{
	close_it(open_one());
	settle();
	assert_true(is_whole(1));
	assert_int_equal(tree_write(dir, INCIDENT_STORE_DIRECTORY "/1",
				    "{\"schema\":1,\"id\":1}\n{}\nend 00000000\n"),
			 0);
	assert_false(is_whole(1));
}

TEST(hundreds_of_them_take_the_room_of_those_that_are_kept)
{
	uint64_t bytes;

	policy.count = 50;
	for (int n = 0; n < 400; n++) {
		close_it(open_one());
		while (incident_find(&c.incidents, (uint64_t)n + 1)) {
			incident_store_pass(store, &c.incidents, &policy, c.look.now_us);
			(void)usleep(50);
		}
	}
	assert_int_equal(n_kept(), 50);
	(void)incident_store_n(store, &bytes);
	assert_true(bytes < 50 * 8192);
	assert_true(is_whole(400));
	assert_true(is_whole(351));
	assert_false(is_there(350));
}

TEST(ten_thousand_that_are_there_are_listed_and_become_as_many_as_may_be_kept)
{
	char path[INCIDENT_INDEX_PATH_SIZE], text[128];

	end();
	for (uint64_t id = 1; id <= 10000; id++) {
		(void)snprintf(text, sizeof(text), "{\"schema\":1,\"id\":%" PRIu64 "}\n{}\n", id);
		assert_int_equal(tree_write(dir, incident_index_path(id, path), text), 0);
	}
	start();
	assert_int_equal(n_kept(), 10000);
	assert_int_equal(c.incidents.next_id, 10001);
	policy.count = 100;
	for (int n = 0; n < 160; n++) {
		struct incident *i = open_one();

		close_it(i);
		while (incident_find(&c.incidents, 10001 + (uint64_t)n)) {
			incident_store_pass(store, &c.incidents, &policy, c.look.now_us);
			(void)usleep(50);
		}
	}
	assert_int_equal(n_kept(), 100);
	assert_true(is_whole(10160));
	assert_false(is_there(10060));
	assert_true(is_there(10061));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_that_goes_on_is_kept_after_five_seconds_and_each_half_minute),
		T(after_a_kill_what_was_kept_is_there_and_numbers_go_on),
		T(a_stop_keeps_what_goes_on),
		T(the_oldest_go_when_there_are_too_many),
		T(the_oldest_go_when_they_take_too_much_room),
		T(a_disk_that_takes_nothing_costs_what_does_not_fit_into_memory),
		T(a_directory_that_cannot_be_made_costs_the_same),
		T(a_kill_at_any_step_leaves_whole_files),
		T(a_file_that_is_no_incident_is_not_told_and_goes_in_its_turn),
		T(what_cannot_be_read_is_not_written_over),
		T(a_file_that_was_changed_is_told_from_a_whole_one),
		T(hundreds_of_them_take_the_room_of_those_that_are_kept),
		T(ten_thousand_that_are_there_are_listed_and_become_as_many_as_may_be_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
