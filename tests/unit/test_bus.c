// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "agent/serve/bus.h"
#include "policy/mode.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/bus_case.h"

static struct bus_case *const b = &bus_case;
static unsigned reloads;
static int reload_answer;

static const struct snapshot *snapshot(void *context)
{
	return serve_case_snapshot(context);
}

static int reload(void *context, const struct history_caller *caller)
{
	(void)context, (void)caller;
	reloads++;
	return reload_answer;
}

static const struct bus_ops ops = {
	.context = &bus_case.serve, .snapshot = snapshot, .reload = reload};

/* Member, path, and whatever strings it carries. */
static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *text, *member = sd_bus_message_get_member(m);

	(void)userdata, (void)error;
	bus_case_note(member);
	if (strcmp(member, "PropertiesChanged") == 0) {
		bus_case_note(sd_bus_message_get_path(m));
		(void)sd_bus_message_skip(m, "s");
		(void)sd_bus_message_enter_container(m, 'a', "{sv}");
		while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
			(void)sd_bus_message_read(m, "s", &text);
			bus_case_note(text);
			(void)sd_bus_message_skip(m, "v");
			(void)sd_bus_message_exit_container(m);
		}
	} else if (strncmp(member, "Interfaces", 10) == 0) {
		if (sd_bus_message_read(m, "o", &text) >= 0)
			bus_case_note(text);
	} else {
		while (sd_bus_message_read(m, "s", &text) > 0)
			bus_case_note(text);
	}
	bus_case_end_line();
	return 0;
}

static int setup(void **state)
{
	(void)state;
	reloads = 0;
	reload_answer = 0;
	if (bus_case_open(&ops) < 0)
		return -1;
	return sd_bus_match_signal(b->client, NULL, BUS_CASE_NAME, NULL, NULL, NULL, on_signal,
				   NULL) < 0
		       ? -1
		       : 0;
}

static sd_bus_message *call_with(const char *path, const char *interface, const char *member,
				 const char *types, const char *first, const char *second)
{
	sd_bus_message *m = NULL;

	assert_return_code(sd_bus_message_new_method_call(b->client, &m, BUS_CASE_NAME, path,
							  interface, member),
			   0);
	if (types)
		assert_return_code(sd_bus_message_append(m, types, first, second), 0);
	return bus_case_answer(m);
}

static sd_bus_message *call(const char *member)
{
	return call_with(BUS_CASE_PATH, BUS_CASE_MANAGER, member, NULL, NULL, NULL);
}

static sd_bus_message *call_why(const char *pod)
{
	return call_with(BUS_CASE_PATH, BUS_CASE_MANAGER, "Why", "s", pod, NULL);
}

/* The text of a string property, in a static buffer. */
static const char *property(const char *path, const char *interface, const char *name)
{
	static char buf[512];
	sd_bus_message *reply =
		call_with(path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name);
	const char *text = NULL;

	assert_return_code(sd_bus_message_read(reply, "v", "s", &text), 0);
	(void)snprintf(buf, sizeof(buf), "%s", text);
	sd_bus_message_unref(reply);
	return buf;
}

static const char *pod_path(const struct pod *pod)
{
	static char buf[256];
	sd_bus_message *reply = call("ListPods");
	const char *uid, *name, *level, *role, *how, *path;

	buf[0] = '\0';
	assert_return_code(sd_bus_message_enter_container(reply, 'a', "(ssssso)"), 0);
	while (sd_bus_message_read(reply, "(ssssso)", &uid, &name, &level, &role, &how, &path) > 0)
		if (strcmp(name, pod->name) == 0)
			(void)snprintf(buf, sizeof(buf), "%s", path);
	sd_bus_message_unref(reply);
	assert_string_not_equal(buf, "");
	return buf;
}

static void assert_error(sd_bus_message *reply, const char *name, const char *says)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	assert_non_null(error);
	assert_string_equal(error->name, name);
	assert_non_null(strstr(error->message, says));
	sd_bus_message_unref(reply);
}

TEST(the_manager_tells_mode_policy_rung_and_kernel)
{
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "Version"), COLOD_VERSION);
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "Kernel"), "6.12.1-fake");
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "Mode"), "observe");
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "ModeWhy"), "the policy");
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "PolicyState"), "ok");
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "FactsNote"), "");
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "Rung"), "squeeze");
}

TEST(pods_are_listed_with_level_role_and_state)
{
	sd_bus_message *reply = call("ListPods");
	const char *uid, *name, *level, *role, *how, *path;
	char seen[1024] = "";

	assert_return_code(sd_bus_message_enter_container(reply, 'a', "(ssssso)"), 0);
	while (sd_bus_message_read(reply, "(ssssso)", &uid, &name, &level, &role, &how, &path) >
	       0) {
		size_t len = strlen(seen);

		(void)snprintf(seen + len, sizeof(seen) - len, "%s|%s|%s|%s|%s\n", uid, name, level,
			       role, how);
	}
	assert_string_equal(seen, SERVE_BATCH_UID
			    "|batch/hog-1|P7|offline|levelled\n" SERVE_LATE_UID "|" SERVE_LATE_UID
			    "|||waiting\n" SERVE_WEB_UID "|default/web-1|P0|online|levelled\n");
	sd_bus_message_unref(reply);
}

TEST(the_plan_has_every_knob_with_its_reason)
{
	sd_bus_message *reply = call("GetPlan");
	const char *cgroup, *knob, *had, *want, *effect, *reason;
	unsigned n = 0, squeezed = 0;

	assert_return_code(sd_bus_message_enter_container(reply, 'a', "(ssssss)"), 0);
	while (sd_bus_message_read(reply, "(ssssss)", &cgroup, &knob, &had, &want, &effect,
				   &reason) > 0) {
		n++;
		if (strcmp(knob, "cpu.max") != 0)
			continue;
		squeezed++;
		assert_string_equal(cgroup, b->serve.besteffort->path);
		assert_string_equal(had, "32800 20000");
		assert_string_equal(want, "32800 20000");
		assert_string_equal(effect, "hold");
		assert_non_null(strstr(reason, "default/web-1"));
	}
	assert_int_equal(n, 3);
	assert_int_equal(squeezed, 1);
	sd_bus_message_unref(reply);
}

TEST(a_score_is_a_number_only_where_enough_was_measured)
{
	sd_bus_message *reply = call("GetScore");
	const char *uid, *name, *resource, *how;
	char seen[512] = "";
	int permille;

	assert_return_code(sd_bus_message_enter_container(reply, 'a', "(ssssi)"), 0);
	while (sd_bus_message_read(reply, "(ssssi)", &uid, &name, &resource, &how, &permille) > 0) {
		size_t len = strlen(seen);

		(void)snprintf(seen + len, sizeof(seen) - len, "%s %s %s %d\n", name, resource, how,
			       permille);
	}
	/* 999999 µs are less than a second; a self-throttled pod has no number; batch has none. */
	assert_string_equal(seen, "default/web-1 cpu baseline 124\n"
				  "default/web-1 memory learning -1\n"
				  "default/web-1 io self-throttled -1\n");
	sd_bus_message_unref(reply);
}

TEST(why_tells_rule_knobs_with_reasons_and_holds)
{
	sd_bus_message *reply = call_why("batch/hog-1");
	char **lines = NULL, all[4096] = "";

	assert_return_code(sd_bus_message_read_strv(reply, &lines), 0);
	for (char **line = lines; line && *line; line++) {
		size_t len = strlen(all);

		(void)snprintf(all + len, sizeof(all) - len, "%s\n", *line);
		free(*line);
	}
	free(lines);
	sd_bus_message_unref(reply);
	assert_non_null(strstr(all, "batch/hog-1 is P7 (offline): P7 by default.yaml:31"));
	assert_non_null(strstr(all, "facts: known"));
	assert_non_null(strstr(all, "kubepods-besteffort.slice cpu.weight: now 100, wanted 50: "));
	assert_non_null(
		strstr(all, "cpu.max: now 32800 20000, originally max 100000, wanted 32800"));
	assert_non_null(strstr(all, "held now: /kubepods.slice/kubepods-besteffort.slice cpu.max"));
}

TEST(why_takes_the_name_the_unit_and_the_start_of_the_uid)
{
	static const char *const words[] = {
		"default/web-1",
		"web-1",
		SERVE_WEB_UID,
		"11111111-",
		"kubepods-pod" SERVE_WEB_UID ".slice",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		sd_bus_message *reply = call_why(words[i]);

		assert_null(sd_bus_message_get_error(reply));
		sd_bus_message_unref(reply);
	}
}

TEST(why_refuses_words_that_name_no_pod_or_two)
{
	char *word = malloc(2000);

	assert_error(call_why("nope"), "io.colod.Agent1.Error.NoSuchPod", "'nope'");
	assert_error(call_why(""), "io.colod.Agent1.Error.NoSuchPod", "''");
	assert_error(call_why("2222"), "io.colod.Agent1.Error.AmbiguousPod", "'2222'");
	assert_non_null(word);
	memset(word, 'x', 1999);
	word[1999] = '\0';
	assert_error(call_why(word), SD_BUS_ERROR_INVALID_ARGS, "no pod has a name");
	free(word);
}

TEST(dump_gives_the_snapshot_as_a_sealed_memory_file)
{
	sd_bus_message *reply = call("Dump");
	struct stat st;
	cJSON *doc;
	char *text;
	int fd = -1;

	assert_return_code(sd_bus_message_read(reply, "h", &fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	text = malloc((size_t)st.st_size);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)st.st_size, 0), st.st_size);
	doc = cJSON_ParseWithLength(text, (size_t)st.st_size);
	assert_non_null(doc);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "pods")), 3);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(doc, "plan")), 3);
	/* Nobody can change what another reader sees; the offset is at the start. */
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	cJSON_Delete(doc);
	free(text);
	sd_bus_message_unref(reply);
}

TEST(reload_asks_the_loop_and_tells_when_the_policy_was_rejected)
{
	sd_bus_message *reply = call("Reload");

	assert_null(sd_bus_message_get_error(reply));
	sd_bus_message_unref(reply);
	assert_int_equal(reloads, 1);
	reload_answer = -EINVAL;
	(void)snprintf(b->serve.status.policy_state, sizeof(b->serve.status.policy_state),
		       "50-mode.yaml:2:7: no");
	assert_error(call("Reload"), "io.colod.Agent1.Error.PolicyRejected",
		     "50-mode.yaml:2:7: no");
	assert_int_equal(reloads, 2);
}

TEST(reload_is_refused_to_another_user)
{
	static const char *const argv[] = {"/usr/bin/dbus-send",
					   "--system",
					   "--print-reply",
					   "--dest=" BUS_CASE_NAME,
					   BUS_CASE_PATH,
					   BUS_CASE_MANAGER ".Reload",
					   NULL};
	char out[1024], err[1024];

	if (geteuid() != 0) {
		printf("another user can only be played by root\n");
		skip();
	}
	assert_int_equal(private_bus_run(b->server, argv, 65534, 65534, out, err, sizeof(out)), 1);
	assert_non_null(strstr(err, "NotAllowed"));
	assert_non_null(strstr(err, "for whom polkit allows io.colod.agent1.reload"));
	assert_int_equal(reloads, 0);
	/* The same program as root is let through: it was the user that was refused. */
	assert_int_equal(private_bus_run(b->server, argv, 0, 0, out, err, sizeof(out)), 0);
	assert_int_equal(reloads, 1);
}

TEST(a_second_agent_is_told_that_the_name_is_taken)
{
	sd_bus *other = NULL;
	struct bus *second = (struct bus *)&b->serve;

	assert_return_code(private_bus_connect(&b->daemon, &other), 0);
	assert_int_equal(bus_new(other, &ops, &second), -EEXIST);
	assert_ptr_equal(second, &b->serve);
	/* The first one is untouched, and the second left nothing behind on its connection. */
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "Mode"), "observe");
	assert_int_equal(bus_new(other, &ops, &second), -EEXIST);
	sd_bus_flush_close_unref(other);
}

TEST(the_name_is_free_again_after_bus_free)
{
	bus_free(b->bus);
	b->bus = NULL;
	private_bus_settle(b->server, b->client);
	assert_int_equal(bus_new(b->client, &ops, &b->bus), 0);
	bus_free(b->bus);
	b->bus = NULL;
}

TEST(an_unchanged_pass_sends_nothing_and_allocates_nothing)
{
	unsigned long before;

	bus_publish(b->bus);
	before = alloc_count();
	bus_publish(b->bus);
	bus_publish(b->bus);
	assert_int_equal(alloc_count() - before, 0);
	private_bus_settle(b->server, b->client);
	assert_string_equal(b->signals, "");
}

TEST(a_rung_change_is_a_signal_with_its_reason)
{
	b->serve.f.ladders.of[RESOURCE_CPU].rung = RUNG_CALM;
	b->serve.f.ladders.of[RESOURCE_CPU].reason =
		(struct reason){.code = REASON_RELEASED, .rule = -1, .for_us = 10000000};
	bus_publish(b->bus);
	private_bus_settle(b->server, b->client);
	assert_non_null(strstr(b->signals, "RungChanged cpu squeeze calm "));
	assert_non_null(strstr(b->signals, "10 s"));
	assert_non_null(strstr(b->signals, "PropertiesChanged " BUS_CASE_PATH " Rung Rungs \n"));
}

TEST(the_rung_of_each_resource_is_told_apart)
{
	sd_bus_message *reply;
	const char *resource, *rung, *why;
	int64_t since_us, least_us, until_us;

	b->serve.f.ladders.of[RESOURCE_MEMORY].rung = RUNG_SQUEEZE;
	b->serve.f.ladders.of[RESOURCE_MEMORY].since_us = 7000000;
	b->serve.f.ladders.of[RESOURCE_MEMORY].pressure_us = b->serve.snapshot.status->pass_us - 1;
	bus_publish(b->bus);
	private_bus_settle(b->server, b->client);
	assert_non_null(strstr(b->signals, "RungChanged memory calm squeeze "));
	assert_null(strstr(b->signals, "RungChanged cpu"));
	assert_non_null(strstr(b->signals, "PropertiesChanged " BUS_CASE_PATH " Rungs \n"));
	reply = call_with(BUS_CASE_PATH, "org.freedesktop.DBus.Properties", "Get", "ss",
			  BUS_CASE_MANAGER, "Rungs");
	assert_true(sd_bus_message_enter_container(reply, 'v', "a(sss)") > 0);
	assert_true(sd_bus_message_enter_container(reply, 'a', "(sss)") > 0);
	assert_true(sd_bus_message_read(reply, "(sss)", &resource, &rung, &why) > 0);
	assert_true(sd_bus_message_read(reply, "(sss)", &resource, &rung, &why) > 0);
	assert_string_equal(resource, "memory");
	assert_string_equal(rung, "squeeze");
	sd_bus_message_unref(reply);
	reply = call_with(BUS_CASE_PATH, "org.freedesktop.DBus.Properties", "Get", "ss",
			  BUS_CASE_MANAGER, "RungTimes");
	assert_true(sd_bus_message_enter_container(reply, 'v', "a(sxxx)") > 0);
	assert_true(sd_bus_message_enter_container(reply, 'a', "(sxxx)") > 0);
	assert_true(sd_bus_message_read(reply, "(sxxx)", &resource, &since_us, &least_us,
					&until_us) > 0);
	assert_true(sd_bus_message_read(reply, "(sxxx)", &resource, &since_us, &least_us,
					&until_us) > 0);
	assert_string_equal(resource, "memory");
	assert_true(since_us == 7000000 && until_us == 0);
	assert_true(least_us == b->serve.snapshot.status->pass_us + 9999999);
	sd_bus_message_unref(reply);
}

TEST(a_changed_property_is_told_and_the_others_are_not)
{
	b->serve.status.modes = mode_of_all(MODE_PROTECT);
	(void)snprintf(b->serve.f.model.facts_note, sizeof(b->serve.f.model.facts_note), "no file");
	bus_publish(b->bus);
	private_bus_settle(b->server, b->client);
	assert_string_equal(b->signals, "PropertiesChanged " BUS_CASE_PATH " Mode FactsNote \n");
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "Mode"), "protect");
}

TEST(an_empty_node_is_served_before_the_first_pass)
{
	const struct snapshot empty = {0};

	b->serve.snapshot = empty;
	assert_string_equal(property(BUS_CASE_PATH, BUS_CASE_MANAGER, "Mode"), "");
	sd_bus_message_unref(call("GetPlan"));
	sd_bus_message_unref(call("Dump"));
	assert_error(call_why("web-1"), "io.colod.Agent1.Error.NoSuchPod", "web-1");
}

TEST(a_lost_bus_costs_the_answers_and_nothing_else)
{
	sd_bus_close(b->server);
	b->serve.status.modes = mode_of_all(MODE_OFF);
	bus_publish(b->bus);
	bus_publish(b->bus);
	assert_int_equal(reloads, 0);
	assert_int_equal(sd_bus_is_open(b->server), 0);
}

TEST(a_name_cut_within_a_character_does_not_end_the_connection)
{
	sd_bus_message *reply;

	(void)snprintf(b->serve.web->name, sizeof(b->serve.web->name), "default/w\xc3");
	bus_publish(b->bus);
	assert_string_equal(property(pod_path(b->serve.batch), "io.colod.Agent1.Pod", "Name"),
			    "batch/hog-1");
	reply = call("ListPods");
	assert_null(sd_bus_message_get_error(reply));
	sd_bus_message_unref(reply);
	reply = call_why(SERVE_WEB_UID);
	assert_null(sd_bus_message_get_error(reply));
	sd_bus_message_unref(reply);
	assert_int_equal(sd_bus_is_open(b->server), 1);
}

#define BUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, bus_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUS_TEST(the_manager_tells_mode_policy_rung_and_kernel),
		BUS_TEST(pods_are_listed_with_level_role_and_state),
		BUS_TEST(the_plan_has_every_knob_with_its_reason),
		BUS_TEST(a_score_is_a_number_only_where_enough_was_measured),
		BUS_TEST(why_tells_rule_knobs_with_reasons_and_holds),
		BUS_TEST(why_takes_the_name_the_unit_and_the_start_of_the_uid),
		BUS_TEST(why_refuses_words_that_name_no_pod_or_two),
		BUS_TEST(dump_gives_the_snapshot_as_a_sealed_memory_file),
		BUS_TEST(reload_asks_the_loop_and_tells_when_the_policy_was_rejected),
		BUS_TEST(reload_is_refused_to_another_user),
		BUS_TEST(a_second_agent_is_told_that_the_name_is_taken),
		BUS_TEST(the_name_is_free_again_after_bus_free),
		BUS_TEST(an_unchanged_pass_sends_nothing_and_allocates_nothing),
		BUS_TEST(a_rung_change_is_a_signal_with_its_reason),
		BUS_TEST(the_rung_of_each_resource_is_told_apart),
		BUS_TEST(a_changed_property_is_told_and_the_others_are_not),
		BUS_TEST(an_empty_node_is_served_before_the_first_pass),
		BUS_TEST(a_lost_bus_costs_the_answers_and_nothing_else),
		BUS_TEST(a_name_cut_within_a_character_does_not_end_the_connection),
	};

	return cmocka_run_group_tests(tests, bus_case_start, bus_case_stop);
}
