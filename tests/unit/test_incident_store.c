// SPDX-License-Identifier: LGPL-2.1-or-later
#include "agent/incident_store.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/incident_index.h"
#include "tests/lib/fault.h"
#include "tests/lib/incident_dir.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define S INCIDENT_CASE_S
#define ENDED 77

static int n_in(const cJSON *json, const char *key)
{
	return cJSON_GetArraySize(cJSON_GetObjectItem(json, key));
}

TEST(one_that_goes_on_is_kept_after_five_seconds_and_each_half_minute)
{
	struct incident *i = incident_dir_open_one();

	incident_dir_settle();
	assert_false(incident_dir_has(1));
	incident_case_run(&incident_dir.c, 5, 500, 300);
	incident_dir_settle();
	assert_true(incident_dir_has(1));
	assert_int_equal(incident_dir_n(), 1);
	assert_true(incident_dir_is_whole(1));
	assert_non_null(incident_find(&incident_dir.c.incidents, 1));
	incident_dir_close(i);
	incident_dir_settle();
	assert_null(incident_find(&incident_dir.c.incidents, 1));
	assert_true(incident_dir_is_whole(1));
	assert_int_equal(incident_dir_n(), 1);
	assert_int_equal(fs_exists(incident_dir.root_fd, INCIDENT_STORE_FRESH), 0);
}

TEST(after_a_kill_what_was_kept_is_there_and_numbers_go_on)
{
	cJSON *json;

	(void)incident_dir_open_one();
	incident_case_run(&incident_dir.c, 6, 500, 300);
	incident_dir_settle();
	incident_dir_end();
	incident_dir_start();
	assert_int_equal(incident_dir.c.incidents.next_id, 2);
	json = incident_dir_list();
	assert_int_equal(n_in(json, "incidents"), 1);
	/* So coloctl can tell that it was cut short. */
	assert_int_equal(n_in(json, "open"), 0);
	cJSON_Delete(json);
	assert_true(incident_dir_is_whole(1));
	/* The clock went back a day meanwhile. */
	incident_dir.c.look.wall_us -= INT64_C(86400) * S;
	assert_int_equal(incident_dir_open_one()->id, 2);
	json = incident_dir_list();
	assert_int_equal(n_in(json, "incidents"), 2);
	assert_int_equal(n_in(json, "open"), 1);
	cJSON_Delete(json);
	assert_true(incident_dir_is_whole(2));
}

TEST(a_stop_keeps_what_goes_on)
{
	(void)incident_dir_open_one();
	incident_store_free(incident_dir.store, &incident_dir.c.incidents, &incident_dir.policy,
			    incident_dir.c.look.now_us);
	incident_dir.store = NULL;
	incidents_free(&incident_dir.c.incidents);
	incident_dir_start();
	assert_int_equal(incident_dir_n(), 1);
	assert_true(incident_dir_is_whole(1));
}

TEST(the_oldest_go_when_there_are_too_many)
{
	for (int n = 0; n < 9; n++) {
		incident_dir.c.look.wall_us += n % 2 ? -INT64_C(3600) * S : INT64_C(7200) * S;
		incident_dir_close(incident_dir_open_one());
		incident_dir_settle();
	}
	assert_int_equal(incident_dir_n(), 5);
	for (uint64_t id = 1; id <= 9; id++)
		assert_int_equal(incident_dir_has(id), id > 4);
	incident_dir_end();
	incident_dir_start();
	assert_int_equal(incident_dir_n(), 5);
	assert_int_equal(incident_dir.c.incidents.next_id, 10);
}

TEST(the_oldest_go_when_they_take_too_much_room)
{
	uint64_t bytes;

	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	(void)incident_store_n(incident_dir.store, &bytes);
	incident_dir.policy.size_bytes = 3 * bytes + bytes / 2;
	for (int n = 0; n < 6; n++) {
		incident_dir_close(incident_dir_open_one());
		incident_dir_settle();
	}
	assert_int_equal(incident_dir_n(), 3);
	(void)incident_store_n(incident_dir.store, &bytes);
	assert_true(bytes <= incident_dir.policy.size_bytes);
	assert_true(incident_dir_has(7));
}

TEST(a_disk_that_takes_nothing_costs_what_does_not_fit_into_memory)
{
	cJSON *json;

	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	fault_begin();
	fault_set_from(SYS_WRITE, 1, -ENOSPC);
	for (int n = 0; n < INCIDENTS_OPEN + 2; n++) {
		incident_dir_close(incident_dir_open_one());
		incident_dir_settle();
	}
	assert_true(fault_was_met());
	fault_end();
	assert_true(incident_dir_has(1));
	assert_int_equal(incident_dir_n(), 1);
	assert_int_equal(incident_dir.c.incidents.left_out, 2);
	json = incident_dir_list();
	assert_string_equal(cJSON_GetObjectItem(json, "disk")->valuestring, "failing");
	assert_int_equal(n_in(json, "incidents"), 1 + INCIDENTS_OPEN);
	cJSON_Delete(json);
	/* It can be written again. */
	incident_dir.policy.count = 100;
	incident_dir.c.look.now_us += INCIDENT_STORE_AGAIN_US;
	for (int n = 0; n < INCIDENTS_OPEN; n++)
		incident_dir_settle();
	assert_int_equal(incident_dir_n(), 1 + INCIDENTS_OPEN);
	json = incident_dir_list();
	assert_string_equal(cJSON_GetObjectItem(json, "disk")->valuestring, "ok");
	cJSON_Delete(json);
}

TEST(a_directory_that_cannot_be_made_costs_the_same)
{
	fault_begin();
	fault_set_from(SYS_MAKE, 1, -EROFS);
	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	assert_true(fault_was_met());
	fault_end();
	assert_int_equal(incident_dir_n(), 0);
	assert_true(incident_dir_is_whole(1));
	incident_dir.c.look.now_us += INCIDENT_STORE_AGAIN_US;
	incident_dir_settle();
	assert_int_equal(incident_dir_n(), 1);
	assert_true(incident_dir_has(1));
}

/* The child is killed at the n-th call of this kind while it keeps its third one. False: it was not. */
static bool killed_at(enum sys_call call, unsigned nth)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		incident_dir_close(incident_dir_open_one());
		fault_begin();
		fault_set_end(call, nth, ENDED);
		incident_dir_settle();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == ENDED;
}

TEST(a_kill_at_any_step_leaves_whole_files)
{
	static const enum sys_call calls[] = {SYS_MAKE, SYS_OPEN, SYS_WRITE, SYS_UNLINK};
	unsigned kills = 0;

	incident_dir.policy.count = 2;
	for (int n = 0; n < 2; n++) {
		incident_dir_close(incident_dir_open_one());
		incident_dir_settle();
	}
	for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
		for (unsigned nth = 1; killed_at(calls[k], nth); nth++) {
			kills++;
			incident_dir_end();
			incident_dir_start();
			assert_true(incident_dir_n() >= 2 && incident_dir_n() <= 3);
			for (uint64_t id = 1; id < incident_dir.c.incidents.next_id; id++)
				assert_true(!incident_dir_has(id) || incident_dir_is_whole(id));
			assert_true(incident_dir_is_whole(incident_dir.c.incidents.next_id - 1));
			assert_int_equal(fs_exists(incident_dir.root_fd, INCIDENT_STORE_FRESH), 0);
		}
	}
	assert_true(kills >= 5);
}

TEST(a_file_that_is_no_incident_is_not_told_and_goes_in_its_turn)
{
	cJSON *json;

	incident_dir_end();
	assert_int_equal(tree_mkdir(incident_dir.dir, INCIDENT_STORE_DIRECTORY), 0);
	assert_int_equal(
		tree_write(incident_dir.dir, INCIDENT_STORE_DIRECTORY "/3", "{\"id\":4}\n{}\n"), 0);
	assert_int_equal(tree_write(incident_dir.dir, INCIDENT_STORE_DIRECTORY "/4",
				    "{\"id\":4} x\n{}\n"),
			 0);
	assert_int_equal(tree_write(incident_dir.dir, INCIDENT_STORE_DIRECTORY "/notes", "mine\n"),
			 0);
	assert_int_equal(tree_write(incident_dir.dir, INCIDENT_STORE_DIRECTORY "/007", "mine\n"),
			 0);
	incident_dir_start();
	assert_int_equal(incident_dir.c.incidents.next_id, 5);
	json = incident_dir_list();
	assert_int_equal(n_in(json, "incidents"), 0);
	cJSON_Delete(json);
	assert_false(incident_dir_is_whole(3));
	assert_false(incident_dir_is_whole(9));
	incident_dir.policy.count = 1;
	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	assert_false(incident_dir_has(3));
	assert_false(incident_dir_has(4));
	assert_int_equal(fs_exists(incident_dir.root_fd, INCIDENT_STORE_DIRECTORY "/notes"), 1);
	assert_int_equal(fs_exists(incident_dir.root_fd, INCIDENT_STORE_DIRECTORY "/007"), 1);
	assert_true(incident_dir_is_whole(5));
}

/* Behind a link that somebody put there, for a larger disk: its numbers are not known, and would begin anew. */
TEST(what_cannot_be_read_is_not_written_over)
{
	char *text = NULL, path[128];
	size_t len;

	incident_dir_end();
	assert_int_equal(tree_mkdir(incident_dir.dir, "data"), 0);
	assert_int_equal(tree_write(incident_dir.dir, "data/1", "theirs\n"), 0);
	assert_int_equal(tree_mkdir(incident_dir.dir, "var/lib/colod"), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", incident_dir.dir, INCIDENT_STORE_DIRECTORY);
	assert_int_equal(symlink("../../../data", path), 0);
	incident_dir_start();
	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	assert_int_equal(fs_read_alloc(incident_dir.root_fd, "data/1", 100, &text, &len), 0);
	assert_string_equal(text, "theirs\n");
	free(text);
	assert_int_equal(fs_exists(incident_dir.root_fd, "data/2"), 0);
	assert_true(incident_dir_is_whole(incident_dir.c.incidents.next_id - 1)); /* in memory */
}

TEST(a_file_that_was_changed_is_told_from_a_whole_one)
{
	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	assert_true(incident_dir_is_whole(1));
	assert_int_equal(tree_write(incident_dir.dir, INCIDENT_STORE_DIRECTORY "/1",
				    "{\"schema\":1,\"id\":1}\n{}\nend 00000000\n"),
			 0);
	assert_false(incident_dir_is_whole(1));
}

TEST(hundreds_of_them_take_the_room_of_those_that_are_kept)
{
	uint64_t bytes;

	incident_dir.policy.count = 50;
	for (int n = 0; n < 400; n++) {
		incident_dir_close(incident_dir_open_one());
		while (incident_find(&incident_dir.c.incidents, (uint64_t)n + 1)) {
			incident_store_pass(incident_dir.store, &incident_dir.c.incidents,
					    &incident_dir.policy, incident_dir.c.look.now_us);
			(void)usleep(50);
		}
	}
	assert_int_equal(incident_dir_n(), 50);
	(void)incident_store_n(incident_dir.store, &bytes);
	assert_true(bytes < 50 * 8192);
	assert_true(incident_dir_is_whole(400));
	assert_true(incident_dir_is_whole(351));
	assert_false(incident_dir_has(350));
}

TEST(ten_thousand_that_are_there_are_listed_and_become_as_many_as_may_be_kept)
{
	char path[INCIDENT_INDEX_PATH_SIZE], text[128];

	incident_dir_end();
	for (uint64_t id = 1; id <= 10000; id++) {
		(void)snprintf(text, sizeof(text), "{\"schema\":1,\"id\":%" PRIu64 "}\n{}\n", id);
		assert_int_equal(tree_write(incident_dir.dir, incident_index_path(id, path), text),
				 0);
	}
	incident_dir_start();
	assert_int_equal(incident_dir_n(), 10000);
	assert_int_equal(incident_dir.c.incidents.next_id, 10001);
	incident_dir.policy.count = 100;
	for (int n = 0; n < 160; n++) {
		struct incident *i = incident_dir_open_one();

		incident_dir_close(i);
		while (incident_find(&incident_dir.c.incidents, 10001 + (uint64_t)n)) {
			incident_store_pass(incident_dir.store, &incident_dir.c.incidents,
					    &incident_dir.policy, incident_dir.c.look.now_us);
			(void)usleep(50);
		}
	}
	assert_int_equal(incident_dir_n(), 100);
	assert_true(incident_dir_is_whole(10160));
	assert_false(incident_dir_has(10060));
	assert_true(incident_dir_has(10061));
}

#define T(name) cmocka_unit_test_setup_teardown(name, incident_dir_setup, incident_dir_teardown)

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
