// SPDX-License-Identifier: LGPL-2.1-or-later
// What was kept of earlier incidents is read, and opened, by threads: a slow disk delays nobody else.
#include "agent/incident_reader.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/file_open.h"
#include "agent/base/fs.h"
#include "agent/ctl/incident_doc.h"
#include "agent/incident_store.h"
#include "tests/lib/fault.h"
#include "tests/lib/incident_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

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

static atomic_bool disk_answers;

static void wait_for_disk(void *context)
{
	(void)context;
	while (!atomic_load(&disk_answers))
		(void)usleep(500);
}

static bool disk_is(const char *word)
{
	cJSON *json = list();
	bool is = strcmp(cJSON_GetObjectItem(json, "disk")->valuestring, word) == 0;

	cJSON_Delete(json);
	return is;
}

TEST(a_slow_disk_holds_up_neither_the_start_nor_a_pass)
{
	char path[INCIDENT_INDEX_PATH_SIZE];

	close_it(open_one());
	settle();
	end();
	atomic_store(&disk_answers, false);
	fault_begin();
	fault_set_late(SYS_READ, 1, wait_for_disk, NULL);
	assert_int_equal(incident_store_new(root_fd, true, &store), 0);
	assert_int_equal(incident_store_next_id(store), 2);
	c.incidents.next_id = 2;
	close_it(open_one());
	settle();
	/* What is not known yet is not written over, and nothing is lost. */
	assert_true(disk_is("reading"));
	assert_false(is_there(2));
	assert_true(is_whole(2));
	atomic_store(&disk_answers, true);
	while (!incident_store_is_read(store))
		(void)usleep(200);
	assert_true(fault_was_met());
	fault_end();
	settle();
	assert_true(disk_is("ok"));
	assert_int_equal(fs_exists(root_fd, incident_index_path(2, path)), 1);
	assert_int_equal(n_kept(), 2);
	assert_true(is_whole(1));
}

TEST(one_that_is_on_a_slow_disk_is_opened_without_waiting_for_it)
{
	struct file_open *open = NULL;
	int fd = -1;

	close_it(open_one());
	settle();
	atomic_store(&disk_answers, false);
	fault_begin();
	fault_set_late(SYS_OPEN, 2, wait_for_disk, NULL);
	/* the first call is the copy of the directory, the second one the thread's */
	assert_int_equal(incident_store_get(store, &c.incidents, 1, &fd, &open), 0);
	assert_non_null(open);
	assert_int_equal(fd, -1);
	atomic_store(&disk_answers, true);
	assert_int_equal(file_open_take(open, &fd), 0);
	fault_end();
	assert_true(fd >= 0);
	close(fd);
	file_open_free(open);
	assert_int_equal(incident_store_get(store, &c.incidents, 7, &fd, &open), -ENOENT);
}

TEST(without_a_thread_what_was_kept_is_read_at_once)
{
	close_it(open_one());
	settle();
	end();
	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(incident_store_new(root_fd, true, &store), 0);
	assert_true(fault_was_met());
	fault_end();
	assert_true(incident_store_is_read(store));
	assert_int_equal(n_kept(), 1);
	assert_true(is_whole(1));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_slow_disk_holds_up_neither_the_start_nor_a_pass),
		T(one_that_is_on_a_slow_disk_is_opened_without_waiting_for_it),
		T(without_a_thread_what_was_kept_is_read_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
