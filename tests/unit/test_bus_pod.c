// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/serve/bus.h"
#include "tests/lib/bus_case.h"

#define POD "io.colod.Agent1.Pod"
#define BATCH_PATH BUS_CASE_PATH "/pod/_322222222_2daaaa_2d4bbb_2d8ccc_2d000000000002"
#define NEW_UID "44444444-aaaa-4bbb-8ccc-000000000004"
#define NEW_PATH BUS_CASE_PATH "/pod/_344444444_2daaaa_2d4bbb_2d8ccc_2d000000000004"

static struct bus_case *const b = &bus_case;

static int reload(void *context, const struct history_caller *caller)
{
	(void)context, (void)caller;
	return 0;
}

static const struct bus_ops ops = {
	.context = &bus_case.serve,
	.snapshot = serve_case_snapshot,
	.reload = reload,
};

/* Names of an a{sv}; the value of Level too, to see that properties came along. */
static void note_properties(sd_bus_message *m)
{
	const char *text;

	assert_return_code(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		assert_return_code(sd_bus_message_read(m, "s", &text), 0);
		bus_case_note(text);
		if (strcmp(text, "Level") == 0) {
			assert_return_code(sd_bus_message_read(m, "v", "s", &text), 0);
			bus_case_note(text);
		} else {
			assert_return_code(sd_bus_message_skip(m, "v"), 0);
		}
		assert_return_code(sd_bus_message_exit_container(m), 0);
	}
	assert_return_code(sd_bus_message_exit_container(m), 0);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *text, *member = sd_bus_message_get_member(m);

	(void)userdata, (void)error;
	if (strcmp(sd_bus_message_get_path(m), BUS_CASE_PATH) == 0 &&
	    strcmp(member, "PropertiesChanged") == 0)
		return 0; /* of the manager */
	bus_case_note(member);
	if (strcmp(member, "PropertiesChanged") == 0) {
		bus_case_note(sd_bus_message_get_path(m));
		assert_return_code(sd_bus_message_skip(m, "s"), 0);
		note_properties(m);
	} else if (strcmp(member, "InterfacesAdded") == 0) {
		assert_return_code(sd_bus_message_read(m, "o", &text), 0);
		bus_case_note(text);
		assert_return_code(sd_bus_message_enter_container(m, 'a', "{sa{sv}}"), 0);
		while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
			assert_return_code(sd_bus_message_read(m, "s", &text), 0);
			if (strcmp(text, POD) == 0)
				note_properties(m);
			else
				assert_return_code(sd_bus_message_skip(m, "a{sv}"), 0);
			assert_return_code(sd_bus_message_exit_container(m), 0);
		}
	} else {
		assert_return_code(sd_bus_message_read(m, "o", &text), 0);
		bus_case_note(text);
		assert_return_code(sd_bus_message_enter_container(m, 'a', "s"), 0);
		while (sd_bus_message_read(m, "s", &text) > 0)
			if (strcmp(text, POD) == 0)
				bus_case_note(text);
	}
	bus_case_end_line();
	return 0;
}

static int setup(void **state)
{
	(void)state;
	if (bus_case_open(&ops) < 0)
		return -1;
	return sd_bus_match_signal(b->client, NULL, BUS_CASE_NAME, NULL, NULL, NULL, on_signal,
				   NULL) < 0
		       ? -1
		       : 0;
}

static void publish(void)
{
	b->signals[0] = '\0';
	bus_publish(b->bus);
	private_bus_settle(b->server, b->client);
}

static sd_bus_message *get(const char *path, const char *name)
{
	sd_bus_message *m = NULL, *reply = NULL;

	assert_return_code(sd_bus_message_new_method_call(b->client, &m, BUS_CASE_NAME, path,
							  "org.freedesktop.DBus.Properties", "Get"),
			   0);
	assert_return_code(sd_bus_message_append(m, "ss", POD, name), 0);
	assert_int_equal(private_bus_call(b->client, b->server, m, &reply), 0);
	sd_bus_message_unref(m);
	return reply;
}

static void assert_text(const char *path, const char *name, const char *expected)
{
	sd_bus_message *reply = get(path, name);
	const char *text = NULL;

	assert_return_code(sd_bus_message_read(reply, "v", "s", &text), 0);
	assert_string_equal(text, expected);
	sd_bus_message_unref(reply);
}

static void assert_number(const char *path, const char *name, int expected)
{
	sd_bus_message *reply = get(path, name);
	int value = -2;

	assert_return_code(sd_bus_message_read(reply, "v", "i", &value), 0);
	assert_int_equal(value, expected);
	sd_bus_message_unref(reply);
}

static void assert_held(const char *path, int expected)
{
	sd_bus_message *reply = get(path, "Held");
	int value = -1;

	assert_return_code(sd_bus_message_read(reply, "v", "b", &value), 0);
	assert_int_equal(value, expected);
	sd_bus_message_unref(reply);
}

/* How many objects GetManagedObjects names. */
static unsigned n_objects(void)
{
	sd_bus_message *m = NULL, *reply = NULL;
	unsigned n = 0;

	assert_return_code(sd_bus_message_new_method_call(
				   b->client, &m, BUS_CASE_NAME, BUS_CASE_PATH,
				   "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
			   0);
	assert_int_equal(private_bus_call(b->client, b->server, m, &reply), 0);
	assert_null(sd_bus_message_get_error(reply));
	assert_return_code(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), 0);
	while (sd_bus_message_skip(reply, "{oa{sa{sv}}}") > 0)
		n++;
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return n;
}

TEST(a_pod_object_tells_what_the_pod_is_and_how_it_is_treated)
{
	const char *path = BATCH_PATH;

	assert_text(path, "Uid", SERVE_BATCH_UID);
	assert_text(path, "Name", "batch/hog-1");
	assert_text(path, "Namespace", "batch");
	assert_text(path, "Kind", "kubernetes");
	assert_text(path, "Qos", "BestEffort");
	assert_text(path, "CgroupPath", b->serve.batch->cgroup->path);
	assert_text(path, "State", "levelled");
	assert_text(path, "Level", "P7");
	assert_text(path, "Role", "offline");
	assert_text(path, "Rule", "P7 by default.yaml:31 (qos: BestEffort)");
	assert_text(path, "WaitingFor", "");
	assert_text(path, "Facts", "known");
	/* The quota is on the class above it, and holds it all the same. */
	assert_held(path, 1);
	assert_number(path, "ScorePermille", -1);
	assert_number(path, "CpuStalledPermille", -1);
}

TEST(an_online_pod_has_a_stall_share_and_is_not_held)
{
	const char *path = BUS_CASE_PATH "/pod/_311111111_2daaaa_2d4bbb_2d8ccc_2d000000000001";

	assert_number(path, "ScorePermille", 94);
	assert_number(path, "CpuStalledPermille", 124);
	assert_number(path, "MemoryStalledPermille", -1);
	assert_number(path, "IoStalledPermille", -1);
	assert_held(path, 0);
}

TEST(an_undecided_pod_tells_what_it_waits_for)
{
	const char *path = BUS_CASE_PATH "/pod/_322229999_2daaaa_2d4bbb_2d8ccc_2d000000000003";

	assert_text(path, "State", "waiting");
	assert_text(path, "WaitingFor", "namespace");
	assert_text(path, "Level", "");
	assert_text(path, "Facts", "unknown");
	assert_text(path, "Namespace", "");
}

TEST(a_path_that_is_no_pod_is_an_unknown_object)
{
	sd_bus_message *reply = get(BUS_CASE_PATH "/pod/nope", "Uid");

	assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_UNKNOWN_OBJECT));
	sd_bus_message_unref(reply);
}

TEST(all_pods_are_managed_objects)
{
	assert_int_equal(n_objects(), 3);
	(void)serve_case_add(&b->serve, NEW_UID, "batch", "new");
	publish();
	assert_int_equal(n_objects(), 4);
}

TEST(a_new_pod_is_announced_with_its_properties)
{
	(void)serve_case_add(&b->serve, NEW_UID, "batch", "new");
	publish();
	assert_non_null(strstr(b->signals, "InterfacesAdded " NEW_PATH " "));
	assert_non_null(strstr(b->signals, " Level P7 "));
	assert_null(strstr(b->signals, "Removed"));
	assert_null(strstr(b->signals, BATCH_PATH));
	publish();
	assert_string_equal(b->signals, "");
}

TEST(a_gone_pod_is_taken_back_and_the_others_stay)
{
	sd_bus_message *reply;

	serve_case_remove(&b->serve, b->serve.batch);
	publish();
	assert_string_equal(b->signals, "InterfacesRemoved " BATCH_PATH " " POD " \n");
	reply = get(BATCH_PATH, "Uid");
	assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_UNKNOWN_OBJECT));
	sd_bus_message_unref(reply);
	assert_int_equal(n_objects(), 2);
}

TEST(a_pod_that_went_between_two_passes_gives_an_error_and_no_wrong_value)
{
	sd_bus_message *reply;

	serve_case_remove(&b->serve, b->serve.batch);
	reply = get(BATCH_PATH, "Uid");
	assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_UNKNOWN_OBJECT));
	sd_bus_message_unref(reply);
}

TEST(a_pod_that_takes_a_free_slot_is_a_new_object)
{
	uint32_t slot = b->serve.batch->slot;
	struct pod *pod;

	serve_case_remove(&b->serve, b->serve.batch);
	pod = serve_case_add(&b->serve, NEW_UID, "batch", "new");
	pod->slot = slot;
	publish();
	assert_non_null(strstr(b->signals, "InterfacesRemoved " BATCH_PATH));
	assert_non_null(strstr(b->signals, "InterfacesAdded " NEW_PATH));
	assert_text(NEW_PATH, "Name", "batch/new");
}

TEST(a_pod_that_comes_back_under_its_uid_is_removed_and_added)
{
	serve_case_remove(&b->serve, b->serve.batch);
	(void)serve_case_add(&b->serve, SERVE_BATCH_UID, "batch", "again");
	publish();
	assert_non_null(strstr(b->signals, "InterfacesRemoved " BATCH_PATH));
	assert_non_null(strstr(b->signals, "InterfacesAdded " BATCH_PATH));
	assert_text(BATCH_PATH, "Name", "batch/again");
}

TEST(two_cgroups_with_one_uid_are_two_objects)
{
	struct pod *pod = serve_case_add(&b->serve, NEW_UID, "batch", "twin");

	(void)snprintf(pod->uid, sizeof(pod->uid), "%s", SERVE_BATCH_UID);
	publish();
	assert_int_equal(n_objects(), 4);
	assert_text(BATCH_PATH, "Name", "batch/hog-1");
	assert_non_null(
		strstr(b->signals, "InterfacesAdded " BUS_CASE_PATH "/pod/kubepods_2eslice_2f"));
}

TEST(a_unit_goes_by_its_cgroup_path)
{
	struct pod *pod = fake_pod(&b->serve.f, "batch-x.slice", QOS_NONE);

	fake_level(&b->serve.f, pod, LEVEL_P7);
	publish();
	assert_text(BUS_CASE_PATH "/pod/batch_2dx_2eslice", "Kind", "unit");
	assert_text(BUS_CASE_PATH "/pod/batch_2dx_2eslice", "Facts", "absent");
}

TEST(only_what_changed_of_a_pod_is_told)
{
	fake_level(&b->serve.f, b->serve.late, LEVEL_P7);
	b->serve.late->facts_state = FACT_KNOWN;
	publish();
	assert_string_equal(b->signals, "PropertiesChanged " BUS_CASE_PATH
					"/pod/_322229999_2daaaa_2d4bbb_2d8ccc_2d000000000003 "
					"State Level P7 Role WaitingFor Facts \n");
}

TEST(the_end_of_a_hold_is_told_for_the_pods_below_it)
{
	b->serve.besteffort->knobs[KNOB_CPU_MAX].held = false;
	publish();
	assert_non_null(strstr(b->signals, "PropertiesChanged " BATCH_PATH " Held \n"));
	assert_null(strstr(b->signals, "_311111111"));
	assert_held(BATCH_PATH, 0);
}

#define BUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bus_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUS_TEST(a_pod_object_tells_what_the_pod_is_and_how_it_is_treated),
		BUS_TEST(an_online_pod_has_a_stall_share_and_is_not_held),
		BUS_TEST(an_undecided_pod_tells_what_it_waits_for),
		BUS_TEST(a_path_that_is_no_pod_is_an_unknown_object),
		BUS_TEST(all_pods_are_managed_objects),
		BUS_TEST(a_new_pod_is_announced_with_its_properties),
		BUS_TEST(a_gone_pod_is_taken_back_and_the_others_stay),
		BUS_TEST(a_pod_that_went_between_two_passes_gives_an_error_and_no_wrong_value),
		BUS_TEST(a_pod_that_takes_a_free_slot_is_a_new_object),
		BUS_TEST(a_pod_that_comes_back_under_its_uid_is_removed_and_added),
		BUS_TEST(two_cgroups_with_one_uid_are_two_objects),
		BUS_TEST(a_unit_goes_by_its_cgroup_path),
		BUS_TEST(only_what_changed_of_a_pod_is_told),
		BUS_TEST(the_end_of_a_hold_is_told_for_the_pods_below_it),
	};

	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
