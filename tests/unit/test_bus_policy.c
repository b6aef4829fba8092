// SPDX-License-Identifier: LGPL-2.1-or-later
// PolicyWhy and PlanPolicy on a real bus: what is taken in, what is refused, and that the answer is sealed.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "agent/base/fs.h"
#include "agent/serve/bus.h"
#include "tests/lib/private_bus.h"
#include "tests/lib/serve_case.h"

#define NAME "io.colod.Agent1"
#define PATH "/io/colod/Agent1"
#define MANAGER NAME ".Manager"

static struct private_bus daemon_;
static struct serve_case c;
static sd_bus *server, *client;
static struct bus *bus;

/* What reached the agent. */
static size_t n_asked, n_files, n_bytes;
static char first_name[300];
static int answer;
static const struct policy *planned;

static void tell(void (*fn)(void *context, const struct what_if *w), void *context)
{
	const struct what_if_pod pod = {
		.pod = c.web,
		.was = {.state = ASSIGNMENT_LEVEL, .level = LEVEL_P0, .rule = 1},
		.then = {.state = ASSIGNMENT_WAITING, .rule = 0, .waiting_for = "namespace"},
		.is_pod = true,
		.stays_pod = true,
	};
	const struct what_if_change change = {
		.kind = WHAT_IF_RESTORE,
		.change = {.cgroup = c.besteffort,
			   .knob = KNOB_CPU_MAX,
			   .effect = EFFECT_HOLD,
			   .had = {.state = KNOB_KNOWN, .value = 32800, .period_us = 20000},
			   .want = {.state = KNOB_KNOWN,
				    .value = KNOB_VALUE_MAX,
				    .period_us = 100000},
			   .reason = {.code = REASON_NOT_PLANNED, .rule = -1}},
		.allowed = true,
	};
	const struct what_if w = {
		.diags = &c.diags,
		.policy = planned,
		.now = &c.snapshot,
		.model = &c.f.model,
		.plan = &c.f.plan,
		.modes = c.status.modes,
		.says = c.status.mode_says,
		.digest = 0xabc,
		.pods = &pod,
		.n_pods = 1,
		.changes = &change,
		.n_changes = 1,
		.n_unread = 7,
	};

	fn(context, &w);
}

static int what_if(void *context, const struct policy_source *sources, size_t n_sources,
		   void (*fn)(void *context, const struct what_if *w), void *fn_context)
{
	(void)context;
	n_asked++;
	n_files = n_sources;
	n_bytes = 0;
	for (size_t i = 0; i < n_sources; i++)
		n_bytes += sources[i].len;
	(void)snprintf(first_name, sizeof(first_name), "%s", sources[0].name);
	if (answer == 0)
		tell(fn, fn_context);
	return answer;
}

static const struct bus_ops ops = {
	.context = &c,
	.snapshot = serve_case_snapshot,
	.what_if = what_if,
};

static int setup(void **state)
{
	(void)state;
	n_asked = 0;
	answer = 0;
	bus = NULL;
	serve_case_init(&c);
	planned = &c.f.policy;
	if (private_bus_start(&daemon_, NULL, NULL) < 0 ||
	    private_bus_connect(&daemon_, &server) < 0 ||
	    private_bus_connect(&daemon_, &client) < 0)
		return -1;
	return bus_new(server, &ops, &bus);
}

static int teardown(void **state)
{
	(void)state;
	bus_free(bus);
	server = sd_bus_flush_close_unref(server);
	client = sd_bus_flush_close_unref(client);
	private_bus_stop(&daemon_);
	serve_case_free(&c);
	return 0;
}

static sd_bus_message *new_call(const char *member)
{
	sd_bus_message *m = NULL;

	assert_return_code(sd_bus_message_new_method_call(client, &m, NAME, PATH, MANAGER, member),
			   0);
	return m;
}

static sd_bus_message *send(sd_bus_message *m)
{
	sd_bus_message *reply = NULL;

	assert_return_code(private_bus_call(client, server, m, &reply), 0);
	sd_bus_message_unref(m);
	return reply;
}

/* n files of this name and text. */
static sd_bus_message *plan(size_t n, const char *name, const char *text)
{
	sd_bus_message *m = new_call("PlanPolicy");

	assert_return_code(sd_bus_message_open_container(m, 'a', "(ss)"), 0);
	for (size_t i = 0; i < n; i++)
		assert_return_code(sd_bus_message_append(m, "(ss)", name, text), 0);
	assert_return_code(sd_bus_message_close_container(m), 0);
	return send(m);
}

static cJSON *document(sd_bus_message *reply)
{
	static char text[65536];
	cJSON *doc;
	int fd;

	assert_false(sd_bus_message_is_method_error(reply, NULL));
	assert_return_code(sd_bus_message_read(reply, "h", &fd), 0);
	assert_int_equal(fs_pread(fd, text, sizeof(text), NULL), 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	sd_bus_message_unref(reply);
	doc = cJSON_Parse(text);
	assert_non_null(doc);
	return doc;
}

static void refused(sd_bus_message *reply, const char *error, const char *says)
{
	assert_true(sd_bus_message_is_method_error(reply, error));
	if (!strstr(sd_bus_message_get_error(reply)->message, says))
		fail_msg("said: %s", sd_bus_message_get_error(reply)->message);
	sd_bus_message_unref(reply);
}

static const char *text_of(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItem(object, key)->valuestring;
}

TEST(the_difference_is_a_sealed_document)
{
	cJSON *doc = document(plan(2, "a.yaml", "version: 1\n")), *item;

	assert_int_equal(n_files, 2);
	assert_int_equal(n_bytes, 22);
	assert_string_equal(first_name, "a.yaml");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(doc, "good")));
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(doc, "changed")));
	assert_string_equal(text_of(cJSON_GetObjectItem(doc, "policy"), "digest"),
			    "0000000000000abc");
	item = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "changes"), 0);
	assert_string_equal(text_of(item, "kind"), "restore");
	assert_string_equal(text_of(item, "had"), "32800 20000");
	assert_string_equal(text_of(item, "want"), "max 100000");
	item = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "pods"), 0);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(item, "level_changes")));
	assert_string_equal(text_of(cJSON_GetObjectItem(item, "now"), "level"), "P0");
	assert_string_equal(text_of(cJSON_GetObjectItem(item, "then"), "waiting_for"), "namespace");
	assert_non_null(
		strstr(cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "notes"), 0)->valuestring,
		       "7 more cgroups"));
	cJSON_Delete(doc);
}

TEST(a_policy_that_is_not_good_is_an_answer_with_messages)
{
	cJSON *doc, *item;

	planned = NULL;
	c.diags.n = c.diags.n_errors = 1;
	(void)snprintf(c.diags.list[0].text, sizeof(c.diags.list[0].text), "unknown key");
	c.diags.list[0].line = 3;
	doc = document(plan(1, "a.yaml", "version: 1\nx: 1\n"));
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(doc, "good")));
	assert_int_equal(cJSON_GetObjectItem(doc, "errors")->valueint, 1);
	item = cJSON_GetArrayItem(cJSON_GetObjectItem(doc, "messages"), 0);
	assert_string_equal(text_of(item, "text"), "unknown key");
	assert_int_equal(cJSON_GetObjectItem(item, "line")->valueint, 3);
	assert_null(cJSON_GetObjectItem(doc, "changes"));
	assert_null(cJSON_GetObjectItem(doc, "changed"));
	cJSON_Delete(doc);
}

TEST(what_is_too_much_never_reaches_the_reader)
{
	char *text = malloc(BUS_PLAN_MAX_BYTES + 2), name[400];

	assert_non_null(text);
	memset(text, '#', BUS_PLAN_MAX_BYTES + 1);
	text[BUS_PLAN_MAX_BYTES + 1] = '\0';
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	refused(plan(0, "", ""), SD_BUS_ERROR_INVALID_ARGS, "at least one");
	refused(plan(POLICY_FILES_MAX + 1, "a", ""), SD_BUS_ERROR_INVALID_ARGS, "at most 64 files");
	refused(plan(1, "", "version: 1"), SD_BUS_ERROR_INVALID_ARGS, "1 to 255 bytes");
	refused(plan(1, name, "version: 1"), SD_BUS_ERROR_INVALID_ARGS, "1 to 255 bytes");
	refused(plan(1, "a", text), SD_BUS_ERROR_INVALID_ARGS, "at most 64 KiB");
	text[BUS_PLAN_MAX_BYTES / 2 + 1] = '\0';
	refused(plan(2, "a", text), SD_BUS_ERROR_INVALID_ARGS, "at most 64 KiB");
	assert_int_equal(n_asked, 0);
	text[BUS_PLAN_MAX_BYTES / 2] = '\0';
	cJSON_Delete(document(plan(2, "a", text)));
	assert_int_equal(n_asked, 1);
	assert_int_equal(n_bytes, BUS_PLAN_MAX_BYTES);
	free(text);
}

TEST(an_agent_that_cannot_says_so)
{
	answer = -ENODATA;
	refused(plan(1, "a", "version: 1"), "io.colod.Agent1.Error.NothingYet",
		"only just started");
	answer = -ENOMEM;
	refused(plan(1, "a", "version: 1"), SD_BUS_ERROR_NO_MEMORY, "");
}

TEST(a_call_of_another_shape_is_refused)
{
	sd_bus_message *m = new_call("PlanPolicy"), *reply;

	assert_return_code(sd_bus_message_append(m, "s", "version: 1"), 0);
	reply = send(m);
	assert_true(sd_bus_message_is_method_error(reply, SD_BUS_ERROR_INVALID_ARGS));
	sd_bus_message_unref(reply);
	assert_int_equal(n_asked, 0);
}

static sd_bus_message *policy_why(const char *pod)
{
	sd_bus_message *m = new_call("PolicyWhy");

	assert_return_code(sd_bus_message_append(m, "s", pod), 0);
	return send(m);
}

TEST(policy_why_is_asked_by_whatever_names_the_pod)
{
	cJSON *doc = document(policy_why(c.batch->cgroup->path)), *rules;

	assert_string_equal(text_of(doc, "name"), "batch/hog-1");
	rules = cJSON_GetObjectItem(doc, "rules");
	assert_int_equal(cJSON_GetArraySize(rules), 1);
	assert_string_equal(text_of(cJSON_GetArrayItem(rules, 0), "outcome"), "matches");
	assert_int_equal(cJSON_GetObjectItem(doc, "not_tried")->valueint, 1);
	cJSON_Delete(doc);
}

TEST(policy_why_of_none_or_several_is_an_error)
{
	static char word[2048];

	refused(policy_why("nobody"), "io.colod.Agent1.Error.NoSuchPod", "nobody");
	refused(policy_why("2222"), "io.colod.Agent1.Error.AmbiguousPod", "2222");
	memset(word, 'x', sizeof(word) - 1);
	refused(policy_why(word), SD_BUS_ERROR_INVALID_ARGS, "as long as this");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_difference_is_a_sealed_document),
		CASE(a_policy_that_is_not_good_is_an_answer_with_messages),
		CASE(what_is_too_much_never_reaches_the_reader),
		CASE(an_agent_that_cannot_says_so),
		CASE(a_call_of_another_shape_is_refused),
		CASE(policy_why_is_asked_by_whatever_names_the_pod),
		CASE(policy_why_of_none_or_several_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
