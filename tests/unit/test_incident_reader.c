// SPDX-License-Identifier: LGPL-2.1-or-later
// What was kept of earlier incidents is read, and opened, by threads: a slow disk delays nobody else.
#include "agent/incident_reader.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include "agent/base/file_open.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/incident_store.h"
#include "tests/lib/fault.h"
#include "tests/lib/incident_dir.h"
#include "tests/lib/test.h"

static atomic_bool disk_answers;

static void wait_for_disk(void *context)
{
	(void)context;
	while (!atomic_load(&disk_answers))
		(void)usleep(500);
}

static bool disk_is(const char *word)
{
	cJSON *json = incident_dir_list();
	bool is = strcmp(cJSON_GetObjectItem(json, "disk")->valuestring, word) == 0;

	cJSON_Delete(json);
	return is;
}

TEST(a_slow_disk_holds_up_neither_the_start_nor_a_pass)
{
	char path[INCIDENT_INDEX_PATH_SIZE];

	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	incident_dir_end();
	atomic_store(&disk_answers, false);
	fault_begin();
	fault_set_late(SYS_READ, 1, wait_for_disk, NULL);
	assert_int_equal(incident_store_new(incident_dir.root_fd, true, &incident_dir.store), 0);
	assert_int_equal(incident_store_next_id(incident_dir.store), 2);
	incident_dir.c.incidents.next_id = 2;
	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	/* What is not known yet is not written over, and nothing is lost. */
	assert_true(disk_is("reading"));
	assert_false(incident_dir_has(2));
	assert_true(incident_dir_is_whole(2));
	atomic_store(&disk_answers, true);
	while (!incident_store_is_read(incident_dir.store))
		(void)usleep(200);
	assert_true(fault_was_met());
	fault_end();
	incident_dir_settle();
	assert_true(disk_is("ok"));
	assert_int_equal(fs_exists(incident_dir.root_fd, incident_index_path(2, path)), 1);
	assert_int_equal(incident_dir_n(), 2);
	assert_true(incident_dir_is_whole(1));
}

TEST(one_that_is_on_a_slow_disk_is_opened_without_waiting_for_it)
{
	struct file_open *open = NULL;
	int fd = -1;

	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	atomic_store(&disk_answers, false);
	fault_begin();
	fault_set_late(SYS_OPEN, 2, wait_for_disk, NULL);
	/* the first call is the copy of the directory, the second one the thread's */
	assert_int_equal(incident_store_get(incident_dir.store, &incident_dir.c.incidents, 1, &fd,
					    &open),
			 0);
	assert_non_null(open);
	assert_int_equal(fd, -1);
	atomic_store(&disk_answers, true);
	assert_int_equal(file_open_take(open, &fd), 0);
	fault_end();
	assert_true(fd >= 0);
	close(fd);
	file_open_free(open);
	assert_int_equal(incident_store_get(incident_dir.store, &incident_dir.c.incidents, 7, &fd,
					    &open),
			 -ENOENT);
}

TEST(without_a_thread_what_was_kept_is_read_at_once)
{
	incident_dir_close(incident_dir_open_one());
	incident_dir_settle();
	incident_dir_end();
	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(incident_store_new(incident_dir.root_fd, true, &incident_dir.store), 0);
	assert_true(fault_was_met());
	fault_end();
	assert_true(incident_store_is_read(incident_dir.store));
	assert_int_equal(incident_dir_n(), 1);
	assert_true(incident_dir_is_whole(1));
}

/* Until the thread is at the call that comes late. */
static void wait_for_reading(void)
{
	for (int i = 0; i < 20000 && !fault_was_met(); i++)
		(void)usleep(500);
	assert_true(fault_was_met());
}

static void wait_for_stop(void *context)
{
	struct incident_reader *r = context;

	while (!atomic_load(&r->stop))
		(void)usleep(500);
}

/* A reader of the first `n` incidents that is told to stop while it reads the first one. */
static int stopped_at_the_first(size_t n, struct incident_index *names)
{
	struct incident_reader r = {0};

	for (uint64_t id = 1; id <= n; id++) {
		struct incident_entry one = {.id = id};

		assert_int_equal(incident_index_put(names, &one), 0);
	}
	fault_begin();
	fault_set_late(SYS_READ, 1, wait_for_stop, &r);
	assert_int_equal(incident_reader_start(&r, incident_dir.root_fd, names), 0);
	wait_for_reading();
	assert_true(incident_reader_wait(&r));
	fault_end();
	return incident_reader_take(&r, names);
}

TEST(only_one_that_has_not_read_all_was_cut_off)
{
	struct incident_index names = {0};

	for (int i = 0; i < 2; i++) {
		incident_dir_close(incident_dir_open_one());
		incident_dir_settle();
	}
	assert_int_equal(stopped_at_the_first(2, &names), -ECANCELED);
	assert_int_equal(names.n, 2);
	assert_null(names.list[0].summary);
	incident_index_free(&names);
	assert_int_equal(stopped_at_the_first(1, &names), 0);
	assert_int_equal(names.n, 1);
	assert_non_null(names.list[0].summary);
	incident_index_free(&names);
}

static atomic_bool stops;

/* Until the store has been told to stop, as far as that can be seen from here. */
static void wait_for_the_end(void *context)
{
	(void)context;
	while (!atomic_load(&stops))
		(void)usleep(500);
	(void)usleep(100000);
}

/* What a stop says; 0: nothing. */
static off_t bytes_said_at_a_stop(void)
{
	int fd = memfd_create("stderr", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	off_t bytes;

	assert_true(fd >= 0 && saved >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	log_open(LOG_WARNING);
	atomic_store(&stops, true);
	incident_store_free(incident_dir.store, &incident_dir.c.incidents, &incident_dir.policy,
			    incident_dir.c.look.now_us);
	incident_dir.store = NULL;
	log_open(LOG_EMERG);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	bytes = lseek(fd, 0, SEEK_END);
	close(saved);
	close(fd);
	return bytes;
}

TEST(a_stop_while_a_slow_disk_is_read_keeps_what_this_run_saw)
{
	for (int i = 0; i < 2; i++) {
		incident_dir_close(incident_dir_open_one());
		incident_dir_settle();
	}
	incident_dir_end();
	atomic_store(&stops, false);
	fault_begin();
	fault_set_late(SYS_READ, 1, wait_for_the_end, NULL);
	assert_int_equal(incident_store_new(incident_dir.root_fd, true, &incident_dir.store), 0);
	incident_dir.c.incidents.next_id = incident_store_next_id(incident_dir.store);
	assert_int_equal(incident_dir_open_one()->id, 3);
	wait_for_reading();
	assert_int_equal(bytes_said_at_a_stop(), 0);
	fault_end();
	incidents_free(&incident_dir.c.incidents);
	incident_dir_start();
	assert_int_equal(incident_dir_n(), 3);
	for (uint64_t id = 1; id <= 3; id++)
		assert_true(incident_dir_is_whole(id));
}

#define T(name) cmocka_unit_test_setup_teardown(name, incident_dir_setup, incident_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_slow_disk_holds_up_neither_the_start_nor_a_pass),
		T(one_that_is_on_a_slow_disk_is_opened_without_waiting_for_it),
		T(without_a_thread_what_was_kept_is_read_at_once),
		T(only_one_that_has_not_read_all_was_cut_off),
		T(a_stop_while_a_slow_disk_is_read_keeps_what_this_run_saw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
