// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/ctl/doc.h"
#include "agent/serve/snapshot_json.h"
#include "policy/knob.h"
#include "policy/mode.h"
#include "tests/lib/ctl_case.h"
#include "tests/lib/serve_case.h"

#define FIXTURE "tests/unit/fixtures/ctl/node.json"

static struct serve_case c;

static int setup(void **state)
{
	(void)state;
	serve_case_init(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	serve_case_free(&c);
	return 0;
}

/* Printed and parsed again, as every reader gets it. */
static cJSON *document(void)
{
	cJSON *tree = snapshot_json(&c.snapshot), *doc;
	char *text;

	assert_non_null(tree);
	text = cJSON_PrintUnformatted(tree);
	assert_non_null(text);
	doc = cJSON_Parse(text);
	assert_non_null(doc);
	free(text);
	cJSON_Delete(tree);
	return doc;
}

static const cJSON *pod(const cJSON *doc, const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(doc, "pods"))
	{
		if (strcmp(doc_text(one, "name", ""), name) == 0)
			return one;
	}
	fail_msg("no pod %s", name);
	return NULL;
}

static const cJSON *knob(const cJSON *object, const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(object, "knobs"))
	{
		if (strcmp(doc_text(one, "knob", ""), name) == 0)
			return one;
	}
	return NULL;
}

/* Sentences belong to policy/ and may be worded anew there: only that they are there counts. */
static void blank_sentences(cJSON *item)
{
	static const char *const keys[] = {"reason", "rule", "gives", "without", "how", "why"};
	cJSON *child;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (item->string && strcmp(item->string, keys[i]) == 0 && cJSON_IsString(item) &&
		    *item->valuestring)
			(void)cJSON_SetValuestring(item, "?");
	}
	cJSON_ArrayForEach(child, item)
	{
		blank_sentences(child);
	}
}

static void bless(const cJSON *doc)
{
	char *text = cJSON_Print(doc);
	FILE *f = fopen(FIXTURE, "we");

	assert_non_null(text);
	assert_non_null(f);
	(void)fprintf(f, "%s\n", text);
	assert_int_equal(fclose(f), 0);
	free(text);
	fail_msg("%s is written anew: read the diff, then run without COLOD_BLESS", FIXTURE);
}

/* cJSON_Compare() does not look at the order of keys; printing does. */
TEST(the_document_has_the_committed_keys_order_and_values)
{
	cJSON *doc = document(), *committed;
	char *have, *want;

	if (getenv("COLOD_BLESS"))
		bless(doc);
	committed = ctl_case_read("node");
	blank_sentences(doc);
	blank_sentences(committed);
	have = cJSON_Print(doc);
	want = cJSON_Print(committed);
	assert_string_equal(have, want);
	free(have);
	free(want);
	cJSON_Delete(doc);
	cJSON_Delete(committed);
}

TEST(the_room_of_some_memory_nodes_says_whose_it_is)
{
	const cJSON *room, *one;
	cJSON *doc;

	fake_memory_nodes(&c.f, 2, 4ull << 30);
	fake_sample_memory_node(&c.f, 0, 70 << 20);
	fake_sample_memory_node(&c.f, 1, 3ull << 30);
	c.f.plan.bounds[0] = (struct plan_bound){1, c.web->slot, c.web->serial};
	c.f.plan.n_bounds = 1;
	doc = document();
	room = doc_get(doc_get(doc, "status"), "room");
	assert_string_equal(doc_text(room, "numa_nodes", ""), "0");
	assert_string_equal(doc_text(room, "bound_pod", ""), "default/web-1");
	assert_true(doc_count(room, "room_bytes") == 6 << 20);
	one = cJSON_GetArrayItem(doc_get(doc_get(doc, "doctor"), "memory_nodes"), 1);
	assert_string_equal(doc_text(one, "numa_nodes", ""), "1");
	assert_true(doc_count(one, "available_bytes") == 3ull << 30);
	one = cJSON_GetArrayItem(doc_get(doc_get(doc, "doctor"), "memory_bounds"), 0);
	assert_string_equal(doc_text(one, "pod", ""), "default/web-1");
	assert_true(doc_count(one, "room_bytes") == 6 << 20);
	cJSON_Delete(doc);
	c.f.plan.bounds[0].serial = 999; /* it is gone since */
	doc = document();
	room = doc_get(doc_get(doc, "status"), "room");
	assert_true(cJSON_IsNull(doc_get(room, "bound_pod")));
	cJSON_Delete(doc);
}

TEST(a_pod_shows_level_facts_knobs_and_use)
{
	cJSON *doc = document();
	const cJSON *web = pod(doc, "default/web-1"), *weight = knob(web, "cpu.weight");

	assert_string_equal(doc_text(web, "level", ""), "P0");
	assert_string_equal(doc_text(doc_get(web, "facts"), "namespace", ""), "default");
	assert_string_equal(doc_text(weight, "now", ""), "100");
	assert_string_equal(doc_text(weight, "want", ""), "79");
	assert_true(cJSON_IsNull(doc_get(weight, "original")));
	/* 15 s of CPU in 10 s */
	assert_int_equal(doc_count(doc_get(web, "use"), "cpu_milli"), 1500);
	cJSON_Delete(doc);
}

TEST(unlimited_is_the_word_max_and_unknown_is_null)
{
	cJSON *doc = document();
	const cJSON *web = doc_get(pod(doc, "default/web-1"), "resources");
	const cJSON *late = doc_get(pod(doc, SERVE_LATE_UID), "resources");

	assert_string_equal(doc_text(doc_get(web, "memory_limit_bytes"), "value", ""), "max");
	assert_int_equal(doc_count(doc_get(web, "cpu_limit_milli"), "value"), 2000);
	assert_true(cJSON_IsNull(doc_get(doc_get(late, "cpu_request_milli"), "value")));
	assert_string_equal(doc_text(doc_get(late, "cpu_request_milli"), "state", ""), "unknown");
	cJSON_Delete(doc);
}

TEST(a_class_on_the_path_shows_its_hold_with_original_and_reason)
{
	cJSON *doc = document();
	const cJSON *class = cJSON_GetArrayItem(doc_get(doc, "classes"), 0);
	const cJSON *quota = knob(class, "cpu.max");

	assert_int_equal(cJSON_GetArraySize(doc_get(doc, "classes")), 1);
	assert_string_equal(doc_text(class, "cgroup", ""), c.besteffort->path);
	assert_string_equal(doc_text(class, "kind", ""), "qos");
	assert_true(doc_true(quota, "held"));
	assert_string_equal(doc_text(quota, "original", ""), "max 100000");
	assert_string_equal(doc_text(quota, "effect", ""), "hold");
	assert_true(doc_has(quota, "reason"));
	cJSON_Delete(doc);
}

TEST(a_plan_entry_says_whether_it_differs_and_whether_the_mode_allows_it)
{
	cJSON *doc;
	const cJSON *plan;

	c.status.modes = mode_of_all(MODE_PROTECT);
	doc = document();
	plan = doc_get(doc, "plan");
	assert_int_equal(cJSON_GetArraySize(plan), 3);
	/* weight of web: 100, wanted 79 */
	assert_true(doc_true(cJSON_GetArrayItem(plan, 0), "differs"));
	assert_true(doc_true(cJSON_GetArrayItem(plan, 0), "allowed"));
	/* the hold: as wanted already, and squeeze would be needed */
	assert_false(doc_true(cJSON_GetArrayItem(plan, 2), "differs"));
	assert_false(doc_true(cJSON_GetArrayItem(plan, 2), "allowed"));
	assert_string_equal(doc_text(cJSON_GetArrayItem(plan, 2), "needs_mode", ""), "squeeze");
	cJSON_Delete(doc);
}

TEST(a_missing_knob_is_missing_and_does_not_differ)
{
	cJSON *doc;
	const cJSON *entry;

	fake_missing(c.web->cgroup, KNOB_CPU_WEIGHT);
	doc = document();
	entry = cJSON_GetArrayItem(doc_get(doc, "plan"), 0);
	assert_true(doc_true(entry, "missing"));
	assert_false(doc_true(entry, "differs"));
	assert_true(cJSON_IsNull(doc_get(entry, "had")));
	cJSON_Delete(doc);
}

TEST(a_refusal_is_in_doctor_and_a_vanished_cgroup_is_not)
{
	cJSON *doc = document();
	const cJSON *refusals = doc_get(doc_get(doc, "doctor"), "refusals");

	assert_int_equal(cJSON_GetArraySize(refusals), 1);
	assert_string_equal(doc_text(cJSON_GetArrayItem(refusals, 0), "knob", ""), "io.weight");
	cJSON_Delete(doc);
	c.change_list[1].refusal = REFUSAL_GONE;
	doc = document();
	assert_int_equal(cJSON_GetArraySize(doc_get(doc_get(doc, "doctor"), "refusals")), 0);
	cJSON_Delete(doc);
}

TEST(changes_of_a_cgroup_that_is_gone_are_not_looked_into)
{
	cJSON *doc;

	/* The list of changes is older than the model: its pointer leads nowhere. */
	c.change_list[0].cgroup = c.batch->cgroup;
	serve_case_remove(&c, c.batch);
	doc = document();
	assert_int_equal(cJSON_GetArraySize(doc_get(doc, "changes")), 1);
	cJSON_Delete(doc);
}

TEST(capabilities_are_present_absent_or_switched_off)
{
	cJSON *doc;
	const cJSON *list;

	c.f.model.capabilities &= ~(1u << CAPABILITY_IO_COST);
	c.f.model.capabilities &= ~(1u << CAPABILITY_NUMA);
	c.f.model.switched_off = 1u << CAPABILITY_NUMA;
	doc = document();
	list = doc_get(doc_get(doc, "doctor"), "capabilities");
	assert_int_equal(cJSON_GetArraySize(list), CAPABILITY_COUNT);
	assert_string_equal(doc_text(cJSON_GetArrayItem(list, CAPABILITY_PSI), "state", ""),
			    "present");
	assert_string_equal(doc_text(cJSON_GetArrayItem(list, CAPABILITY_IO_COST), "state", ""),
			    "absent");
	assert_string_equal(doc_text(cJSON_GetArrayItem(list, CAPABILITY_NUMA), "state", ""),
			    "switched off");
	cJSON_Delete(doc);
}

/* Of a pod that colod has just met it is known what it has used since it is there, and no more. */
TEST(what_offline_work_gets_at_most_is_not_what_it_gets)
{
	const cJSON *branch;
	cJSON *doc;

	c.floor.branches[0].state = FLOOR_FED;
	c.floor.branches[0].got_ppm = 19557200;
	c.floor.branches[0].got_at_most = true;
	doc = document();
	branch = cJSON_GetArrayItem(doc_get(doc_get(doc, "floor"), "branches"), 0);
	assert_true(cJSON_IsNull(doc_get(branch, "got_ppm")));
	assert_int_equal(doc_count(branch, "promised_ppm"), 74074);
	cJSON_Delete(doc);
}

TEST(what_was_not_measured_of_the_floor_is_null)
{
	const cJSON *branch;
	cJSON *doc;

	c.floor.branches[0].state = FLOOR_UNMEASURED;
	doc = document();
	branch = cJSON_GetArrayItem(doc_get(doc_get(doc, "floor"), "branches"), 0);
	assert_string_equal(doc_text(branch, "state", ""), "unmeasured");
	assert_true(cJSON_IsNull(doc_get(branch, "got_ppm")));
	assert_true(cJSON_IsNull(doc_get(branch, "promised_ppm")));
	cJSON_Delete(doc);
	c.floor.branches[0].inode = 4711;
	doc = document();
	assert_int_equal(cJSON_GetArraySize(doc_get(doc_get(doc, "floor"), "branches")), 0);
	cJSON_Delete(doc);
}

TEST(large_numbers_stay_whole_numbers)
{
	cJSON *tree;
	char *text;

	c.status.writes = 123456789012345;
	c.status.restores = 18446744073709551615u;
	c.status.refusals = 1000000000000000;
	tree = snapshot_json(&c.snapshot);
	text = cJSON_PrintUnformatted(tree);
	assert_non_null(strstr(text, "\"writes\":123456789012345,"));
	assert_non_null(strstr(text, "\"restores\":18446744073709551615,"));
	assert_non_null(strstr(text, "\"refusals\":1000000000000000,"));
	free(text);
	cJSON_Delete(tree);
}

TEST(bytes_that_are_not_utf8_become_question_marks)
{
	cJSON *doc;

	(void)snprintf(c.web->name, sizeof(c.web->name), "default/w\xc3(\xff");
	doc = document();
	assert_non_null(pod(doc, "default/w?(?"));
	cJSON_Delete(doc);
}

TEST(nothing_seen_yet_gives_empty_sections)
{
	static const char *const sections[] = {"node", "status",  "policy", "pods",   "classes",
					       "plan", "changes", "doctor", "ladder", "floor"};
	const struct snapshot empty = {0};
	cJSON *doc;

	c.snapshot = empty;
	doc = document();
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		assert_non_null(doc_get(doc, sections[i]));
	assert_int_equal(cJSON_GetArraySize(doc_get(doc, "pods")), 0);
	cJSON_Delete(doc);
}

#define CASE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_TEST(the_document_has_the_committed_keys_order_and_values),
		CASE_TEST(a_pod_shows_level_facts_knobs_and_use),
		CASE_TEST(the_room_of_some_memory_nodes_says_whose_it_is),
		CASE_TEST(unlimited_is_the_word_max_and_unknown_is_null),
		CASE_TEST(a_class_on_the_path_shows_its_hold_with_original_and_reason),
		CASE_TEST(a_plan_entry_says_whether_it_differs_and_whether_the_mode_allows_it),
		CASE_TEST(a_missing_knob_is_missing_and_does_not_differ),
		CASE_TEST(a_refusal_is_in_doctor_and_a_vanished_cgroup_is_not),
		CASE_TEST(changes_of_a_cgroup_that_is_gone_are_not_looked_into),
		CASE_TEST(capabilities_are_present_absent_or_switched_off),
		CASE_TEST(what_offline_work_gets_at_most_is_not_what_it_gets),
		CASE_TEST(what_was_not_measured_of_the_floor_is_null),
		CASE_TEST(large_numbers_stay_whole_numbers),
		CASE_TEST(bytes_that_are_not_utf8_become_question_marks),
		CASE_TEST(nothing_seen_yet_gives_empty_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
