// SPDX-License-Identifier: LGPL-2.1-or-later
// What is answered of incidents, also where a disk is slow, and what is told of them.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "agent/base/file_open.h"
#include "agent/base/sys.h"
#include "agent/serve/bus_incident.h"
#include "policy/incident_event.h"
#include "tests/lib/bus_case.h"
#include "tests/lib/tree.h"

static struct bus_case *const b = &bus_case;
static sd_event *event;
static char *dir;
static int dir_fd;
static char seen[512];
static int answered, error_no;
static char got[64], error_name[128];
static struct incidents incidents;

static atomic_bool disk_hangs;
static atomic_uint n_threads;

static int hook(void *context, const struct sys_point *point)
{
	(void)context;
	if (point->call == SYS_THREAD)
		(void)atomic_fetch_add(&n_threads, 1);
	if (point->call == SYS_OPEN && point->path && strcmp(point->path, "two") == 0)
		while (atomic_load(&disk_hangs))
			(void)usleep(500);
	return 0;
}

/* 1 is in memory, 2 on disk, 3 was there until a moment ago, 4 was never. */
static int incident(void *context, uint64_t id, int *ret_fd, struct file_open **ret_open)
{
	(void)context;
	if (id == 1)
		return (*ret_fd = openat(dir_fd, "two", O_RDONLY | O_CLOEXEC)) < 0 ? -errno : 0;
	if (id == 2 || id == 3)
		return file_open_start(dir_fd, id == 2 ? "two" : "three", O_RDONLY, ret_open);
	return -ENOENT;
}

static const struct snapshot *snapshot(void *context)
{
	return serve_case_snapshot(context);
}

static const struct bus_ops ops = {
	.context = &bus_case.serve, .snapshot = snapshot, .incident = incident};

static int setup(void **state)
{
	(void)state;
	answered = error_no = 0;
	atomic_store(&disk_hangs, false);
	atomic_store(&n_threads, 0);
	got[0] = error_name[0] = seen[0] = '\0';
	if (tree_make_below("/tmp", NULL, &dir) < 0 || tree_write(dir, "two", "on disk\n") < 0)
		return -1;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bus_case_open(&ops) < 0 || sd_event_new(&event) < 0)
		return -1;
	return sd_bus_attach_event(b->server, event, 0) < 0 ||
			       sd_bus_attach_event(b->client, event, 0) < 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)sd_bus_detach_event(b->client);
	bus_case_close();
	event = sd_event_unref(event);
	close(dir_fd);
	tree_remove(dir);
	return 0;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *e = sd_bus_message_get_error(m);
	int fd = -1;
	ssize_t n;

	(void)userdata, (void)error;
	answered++;
	if (e) {
		(void)snprintf(error_name, sizeof(error_name), "%s", e->name);
		return 0;
	}
	assert_true(sd_bus_message_read(m, "h", &fd) > 0);
	n = pread(fd, got, sizeof(got) - 1, 0);
	got[n > 0 ? n : 0] = '\0';
	return 0;
}

static void call(uint64_t id)
{
	assert_true(sd_bus_call_method_async(b->client, NULL, BUS_CASE_NAME, BUS_CASE_PATH,
					     BUS_CASE_MANAGER, "GetIncident", on_answer, NULL, "t",
					     id) >= 0);
}

static void wait_for_answers(int n)
{
	for (int i = 0; i < 400 && answered < n; i++)
		assert_true(sd_event_run(event, 50000) >= 0);
	assert_int_equal(answered, n);
}

static void ask(uint64_t id)
{
	int was = answered;

	call(id);
	wait_for_answers(was + 1);
}

static int n_waits(void)
{
	const struct bus_incident *told = bus_incident_of(b->bus);
	int n = 0;

	for (int i = 0; i < BUS_INCIDENT_WAITS; i++)
		n += told->waits[i] ? 1 : 0;
	return n;
}

TEST(one_that_a_thread_opens_is_answered_when_it_is_open)
{
	ask(1);
	assert_string_equal(got, "on disk\n");
	got[0] = '\0';
	ask(2);
	assert_string_equal(got, "on disk\n");
}

TEST(one_that_went_meanwhile_is_no_such_incident)
{
	ask(3);
	assert_string_equal(error_name, "io.colod.Agent1.Error.NoSuchIncident");
	error_name[0] = '\0';
	ask(4);
	assert_string_equal(error_name, "io.colod.Agent1.Error.NoSuchIncident");
	error_name[0] = '\0';
	ask(0);
	assert_string_equal(error_name, "io.colod.Agent1.Error.NoSuchIncident");
}

TEST(who_waits_when_the_bus_goes_is_let_go)
{
	atomic_store(&disk_hangs, true);
	call(2);
	for (int i = 0; i < 400 && n_waits() == 0; i++)
		assert_true(sd_event_run(event, 50000) >= 0);
	assert_int_equal(n_waits(), 1);
	bus_incident_done(bus_incident_of(b->bus));
	assert_int_equal(n_waits(), 0);
	atomic_store(&disk_hangs, false);
	/* One that is asked for later is answered, and that one not. */
	ask(1);
	assert_int_equal(answered, 1);
	assert_string_equal(error_name, "");
}

/* No memory of whoever waited is left, or used when the disk answers after all. */
TEST(one_that_waits_as_the_bus_is_closed_is_forgotten)
{
	atomic_store(&disk_hangs, true);
	call(2);
	for (int i = 0; i < 400 && n_waits() == 0; i++)
		assert_true(sd_event_run(event, 50000) >= 0);
	assert_int_equal(n_waits(), 1);
	bus_free(b->bus);
	b->bus = NULL;
	atomic_store(&disk_hangs, false);
	for (int i = 0; i < 20; i++)
		assert_true(sd_event_run(event, 5000) >= 0);
	assert_string_equal(got, "");
}

TEST(on_a_disk_that_hangs_who_has_no_place_starts_no_thread)
{
	atomic_store(&disk_hangs, true);
	for (int i = 0; i < BUS_INCIDENT_WAITS; i++)
		call(2);
	for (int i = 0; i < 400 && n_waits() < BUS_INCIDENT_WAITS; i++)
		assert_true(sd_event_run(event, 50000) >= 0);
	ask(2);
	assert_string_equal(error_name, "org.freedesktop.DBus.Error.LimitsExceeded");
	assert_int_equal(atomic_load(&n_threads), BUS_INCIDENT_WAITS);
	assert_int_equal(n_waits(), BUS_INCIDENT_WAITS);
	atomic_store(&disk_hangs, false);
	wait_for_answers(BUS_INCIDENT_WAITS + 1);
	assert_string_equal(got, "on disk\n");
	assert_int_equal(n_waits(), 0);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *pod, *resource, *last;
	size_t len = strlen(seen);
	uint64_t id;

	(void)userdata, (void)error;
	if (!strstr(sd_bus_message_get_member(m), "Incident"))
		return 0;
	assert_true(sd_bus_message_read(m, "tsss", &id, &pod, &resource, &last) > 0);
	(void)snprintf(seen + len, sizeof(seen) - len, "%s %d %s %s %s\n",
		       sd_bus_message_get_member(m), (int)id, pod, resource, last);
	return 0;
}

/* One that is over may be on disk, and gone from memory, before a pass is told. */
TEST(the_end_of_one_that_is_gone_from_memory_is_told)
{
	struct incident one = {.id = 7, .resource = RESOURCE_CPU, .cause = INCIDENT_SCORE};
	struct bus_incident told = {0};

	(void)snprintf(one.pods[0].name, sizeof(one.pods[0].name), "shop/web");
	assert_true(sd_bus_match_signal(b->client, NULL, NULL, NULL, BUS_CASE_MANAGER, NULL,
					on_signal, NULL) >= 0);
	incidents = (struct incidents){0};
	b->serve.snapshot.incidents = &incidents;
	incident_event_put(&incidents, &one);
	bus_incident_begin(&told, &b->serve.snapshot);
	one.id = 8;
	incident_event_put(&incidents, &one);
	one.closed = true;
	incident_event_put(&incidents, &one);
	bus_incident_signal(&told, b->server, &b->serve.snapshot);
	bus_incident_signal(&told, b->server, &b->serve.snapshot);
	for (int i = 0; i < 400 && !strstr(seen, "Closed"); i++)
		assert_true(sd_event_run(event, 50000) >= 0);
	assert_string_equal(seen, "IncidentOpened 8 shop/web cpu score\n"
				  "IncidentClosed 8 shop/web cpu nothing\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_that_a_thread_opens_is_answered_when_it_is_open),
		T(one_that_went_meanwhile_is_no_such_incident),
		T(who_waits_when_the_bus_goes_is_let_go),
		T(one_that_waits_as_the_bus_is_closed_is_forgotten),
		T(on_a_disk_that_hangs_who_has_no_place_starts_no_thread),
		T(the_end_of_one_that_is_gone_from_memory_is_told),
	};

	sys_set_hook(hook, NULL);
	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
