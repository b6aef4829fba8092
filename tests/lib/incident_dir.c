// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_dir.h.
#include "tests/lib/incident_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/base/file_open.h"
#include "agent/base/fs.h"
#include "agent/ctl/incident_doc.h"
#include "agent/incident_index.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

struct incident_dir incident_dir;

void incident_dir_start(void)
{
	assert_int_equal(incident_store_new(incident_dir.root_fd, true, &incident_dir.store), 0);
	while (!incident_store_is_read(incident_dir.store))
		(void)usleep(200);
	incident_dir.c.incidents.next_id = incident_store_next_id(incident_dir.store);
}

/* In memory where there is such a place: ten thousand files are brought to the disk one by one. */
static int make_dir(void)
{
	const char *below = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	return tree_make_below(below, NULL, &incident_dir.dir);
}

int incident_dir_setup(void **state)
{
	(void)state;
	incident_dir.policy =
		(struct incident_policy){.excess_permille = 100, .count = 5, .size_bytes = 1 << 20};
	if (incident_case_open(&incident_dir.c) < 0 || make_dir() < 0 ||
	    tree_mkdir(incident_dir.dir, "var/lib") < 0)
		return -1;
	incident_dir.root_fd = open(incident_dir.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	incident_case_run(&incident_dir.c, 5, 500, 10);
	incident_dir_start();
	return incident_dir.root_fd < 0;
}

/* As by a kill: what is in memory is gone. */
void incident_dir_end(void)
{
	struct incidents none = {0};

	incident_store_free(incident_dir.store, &none, &incident_dir.policy,
			    incident_dir.c.look.now_us);
	incident_dir.store = NULL;
	incidents_free(&incident_dir.c.incidents);
}

int incident_dir_teardown(void **state)
{
	(void)state;
	if (incident_dir.store)
		incident_dir_end();
	close(incident_dir.root_fd);
	tree_remove(incident_dir.dir);
	incident_case_close(&incident_dir.c);
	return 0;
}

/* Passes until nothing is under way. */
void incident_dir_settle(void)
{
	for (int i = 0; i < 20; i++) {
		incident_store_pass(incident_dir.store, &incident_dir.c.incidents,
				    &incident_dir.policy, incident_dir.c.look.now_us);
		(void)usleep(i == 0 ? 300 : 1000);
	}
}

struct incident *incident_dir_open_one(void)
{
	struct incident *i = incident_open(&incident_dir.c.incidents, &incident_dir.c.look,
					   INCIDENT_SLI, incident_dir.c.web, RESOURCE_CPU);

	assert_non_null(i);
	return i;
}

void incident_dir_close(struct incident *i)
{
	i->closed = true;
	i->ended_us = incident_dir.c.look.now_us;
	i->changes++;
}

bool incident_dir_has(uint64_t id)
{
	char path[INCIDENT_INDEX_PATH_SIZE];

	return fs_exists(incident_dir.root_fd, incident_index_path(id, path)) == 1;
}

size_t incident_dir_n(void)
{
	uint64_t bytes;

	return incident_store_n(incident_dir.store, &bytes);
}

cJSON *incident_dir_json(int fd)
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

cJSON *incident_dir_list(void)
{
	int fd = -1;

	assert_int_equal(incident_store_list(incident_dir.store, &incident_dir.c.incidents,
					     incident_dir.c.look.wall_us, &fd),
			 0);
	return incident_dir_json(fd);
}

/* Whether it is whole, as coloctl reads it. */
bool incident_dir_is_whole(uint64_t id)
{
	char *text = NULL;
	size_t len = 0;
	cJSON *doc = NULL;
	struct file_open *open = NULL;
	int fd = -1,
	    r = incident_store_get(incident_dir.store, &incident_dir.c.incidents, id, &fd, &open);

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
