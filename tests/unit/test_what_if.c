// SPDX-License-Identifier: LGPL-2.1-or-later
// What another policy would do, held against what loading it then does, over a fake tree: the files that
// differ are counted from outside.
#include "tests/lib/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/serve/what_if_json.h"
#include "agent/tick.h"
#include "agent/what_if.h"
#include "policy/knob.h"
#include "tests/lib/tick_case.h"
#include "tests/lib/tree.h"

#define S_US 1000000
#define DEFAULT "policy/profiles/default.yaml"
#define FILES_MAX 500
#define HEAD "version: 1\nfacts: {from: \"file:///pods.json\"}\n"
#define JOBS "assign:\n  - {match: {cgroup: \"*/job-*\"}, level: P7}\n"

struct file {
	char path[512];
	char text[128];
};

struct files {
	struct file list[FILES_MAX];
	size_t n;
};

static struct tick_case t;
static struct files before, after;
static struct files *walked;
static char default_text[64 * 1024];

/* What was told, as lines "cgroup knob want". */
static struct files told;
static bool good, elsewhere;
static size_t n_alike, n_withheld, n_dropped, n_levels, n_unread;
static cJSON *json;

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct file *file;
	FILE *f;

	(void)st, (void)ftw;
	if (type != FTW_F || strstr(path, "pressure") || walked->n == FILES_MAX)
		return 0;
	file = &walked->list[walked->n++];
	(void)snprintf(file->path, sizeof(file->path), "%s", path);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!fgets(file->text, sizeof(file->text), f))
		file->text[0] = '\0';
	(void)fclose(f);
	file->text[strcspn(file->text, "\n")] = '\0';
	return 0;
}

static void look(struct files *files)
{
	char path[600];

	files->n = 0;
	walked = files;
	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup", t.dir);
	assert_int_equal(nftw(path, visit, 16, FTW_PHYS), 0);
	assert_true(files->n > 50 && files->n < FILES_MAX);
}

static int setup(void **state)
{
	FILE *f = fopen(DEFAULT, "re");
	size_t n;

	(void)state;
	json = NULL;
	if (!f || tick_case_open(&t) < 0)
		return -1;
	n = fread(default_text, 1, sizeof(default_text) - 1, f);
	default_text[n] = '\0';
	(void)fclose(f);
	return tree_cgroup(t.dir, "nightly.slice") < 0 ||
			       tree_cgroup(t.dir, "nightly.slice/nightly-a.service") < 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(json);
	tick_case_close(&t);
	return 0;
}

static void on_answer(void *context, const struct what_if *w)
{
	(void)context;
	told.n = n_alike = n_withheld = n_dropped = n_levels = 0;
	good = w->policy != NULL;
	n_unread = w->n_unread;
	elsewhere = w->facts_elsewhere;
	cJSON_Delete(json);
	json = what_if_json(w);
	assert_non_null(json);
	for (size_t i = 0; i < w->n_pods; i++)
		n_levels += w->pods[i].was.level != w->pods[i].then.level;
	for (size_t i = 0; i < w->n_changes; i++) {
		const struct what_if_change *c = &w->changes[i];
		struct file *file = &told.list[told.n];
		char text[KNOB_TEXT_SIZE];

		n_alike += c->alike;
		n_dropped += c->kind == WHAT_IF_DROP;
		n_withheld += c->kind != WHAT_IF_DROP && !c->allowed;
		if (!c->allowed || c->kind == WHAT_IF_DROP || c->kind == WHAT_IF_FORGET)
			continue;
		assert_true(told.n++ < FILES_MAX);
		(void)snprintf(file->path, sizeof(file->path), "%s/sys/fs/cgroup/%s/%s", t.dir,
			       c->change.cgroup->path, knob_name(c->change.knob));
		(void)snprintf(file->text, sizeof(file->text), "%s",
			       knob_format(c->change.knob, &c->change.want, text, sizeof(text)));
	}
}

static int ask(const char *yaml)
{
	const struct policy_source sources[] = {
		{"default.yaml", default_text, strlen(default_text)},
		{"new.yaml", yaml, strlen(yaml)},
	};

	return what_if(t.state, sources, 2, 20 * S_US, on_answer, NULL);
}

/* The same two files, in force. */
static void load(const char *yaml, int64_t s)
{
	static char path[600];

	(void)snprintf(path, sizeof(path), "%s/new.yaml", t.dir);
	assert_int_equal(tree_write(t.dir, "new.yaml", yaml), 0);
	t.options.policy_files[0] = DEFAULT;
	t.options.policy_files[1] = path;
	t.options.n_policy_files = 2;
	assert_int_equal(state_load_policy(t.state), 0);
	tick(t.state, s * S_US);
	tick(t.state, (s + 1) * S_US);
}

static const struct file *find(const struct files *files, const char *path)
{
	for (size_t i = 0; i < files->n; i++) {
		if (strcmp(files->list[i].path, path) == 0)
			return &files->list[i];
	}
	return NULL;
}

static void assert_same(const struct files *a, const struct files *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_string_equal(a->list[i].text, find(b, a->list[i].path)->text);
}

/* From the policy in force to another: what is told is what happens, no file more and none less. Returns how
 * many. */
static size_t expect_as_told(const char *yaml)
{
	const struct status status = t.state->status;
	size_t n = 0;

	look(&before);
	assert_int_equal(ask(yaml), 0);
	assert_true(good);
	look(&after);
	assert_same(&before, &after);
	assert_memory_equal(&status, &t.state->status, sizeof(status));
	load(yaml, 20);
	look(&after);
	for (size_t i = 0; i < after.n; i++) {
		const struct file *f = &after.list[i], *say = find(&told, f->path);
		const struct file *was = find(&before, f->path);
		bool differs = was && strcmp(f->text, was->text) != 0;

		assert_non_null(was);
		if (differs && !say)
			fail_msg("%s became %s, which was not told", f->path, f->text);
		if (say && strcmp(say->text, f->text) != 0)
			fail_msg("%s was to become %s and is %s", f->path, say->text, f->text);
		if (say && !differs)
			fail_msg("%s was to become %s and did not change", f->path, say->text);
		n += differs;
	}
	assert_int_equal(n, told.n);
	return n;
}

static void begin(const char *yaml)
{
	tick_case_start(&t, "observe", MODE_FULL);
	load(yaml, 10);
}

static bool is_changed(void)
{
	return cJSON_IsTrue(cJSON_GetObjectItem(json, "changed"));
}

TEST(a_higher_mode_does_what_was_told)
{
	begin(HEAD "mode: observe\n" JOBS);
	assert_true(expect_as_told(HEAD "mode: squeeze\n" JOBS) >= 3);
	assert_true(is_changed());
	assert_int_equal(n_levels, 0);
}

TEST(a_lower_mode_gives_back_what_was_told)
{
	begin(HEAD "mode: squeeze\n" JOBS);
	assert_true(expect_as_told(HEAD "mode: protect\n" JOBS) >= 1);
	assert_true(expect_as_told(HEAD "mode: off\n" JOBS) >= 2);
}

TEST(another_level_undoes_every_knob_of_the_old_one)
{
	begin(HEAD "mode: squeeze\n" JOBS);
	assert_true(expect_as_told(HEAD "mode: squeeze\nassign:\n"
					"  - {match: {priorityClass: \"batch-*\"}, level: P4}\n"
					"  - {match: {namespace: shop}, level: P4}\n") >= 2);
	assert_int_equal(n_levels, 2);
}

TEST(units_that_only_the_new_policy_names_are_looked_at)
{
	begin(HEAD "mode: squeeze\n" JOBS);
	assert_true(expect_as_told(HEAD
				   "mode: squeeze\nassign:\n"
				   "  - {match: {unit: \"nightly.slice\"}, level: P7}\n") >= 1);
	assert_int_equal(n_levels, 1);
	assert_int_equal(n_unread, 0);
	/* And back: no pod any more, and everything undone. */
	assert_true(expect_as_told(HEAD "mode: squeeze\n" JOBS) >= 1);
	assert_int_equal(n_levels, 1);
}

TEST(without_facts_from_the_kubelet_limits_end)
{
	begin(HEAD "mode: squeeze\n" JOBS);
	assert_true(expect_as_told("version: 1\nmode: squeeze\nfacts: {from: cgroup}\n") >= 1);
	assert_false(elsewhere);
}

TEST(facts_from_elsewhere_are_unknown_and_that_is_said)
{
	begin(HEAD "mode: squeeze\n" JOBS);
	look(&before);
	assert_int_equal(ask("version: 1\nmode: squeeze\nfacts: {from: \"file:///other.json\"}\n"),
			 0);
	assert_true(elsewhere);
	assert_non_null(
		strstr(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "notes"), 0)->valuestring,
		       "nobody has asked yet"));
	look(&after);
	assert_same(&before, &after);
}

TEST(the_policy_in_force_changes_nothing)
{
	begin(HEAD "mode: squeeze\n" JOBS);
	assert_int_equal(expect_as_told(HEAD "mode: squeeze\n" JOBS), 0);
	assert_false(is_changed());
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "pods")), 0);
}

TEST(what_both_withhold_alike_is_no_difference)
{
	begin(HEAD "mode: observe\n" JOBS);
	assert_int_equal(ask(HEAD "mode: observe\n" JOBS), 0);
	assert_true(n_withheld > 0);
	assert_int_equal(n_alike, n_withheld);
	assert_int_equal(n_dropped, 0);
	assert_false(is_changed());
	assert_int_equal(ask(HEAD "mode: observe\nlevels:\n  P7: {io: {weight: 20}}\n"), 0);
	assert_true(n_alike < n_withheld);
	assert_true(is_changed());
}

TEST(what_would_no_longer_be_planned_is_told)
{
	begin(HEAD "mode: observe\n" JOBS);
	assert_int_equal(ask(HEAD "mode: observe\nassign:\n"
				  "  - {match: {priorityClass: \"batch-*\"}, level: P4}\n"),
			 0);
	assert_true(n_dropped > 0);
	assert_int_equal(n_levels, 1);
	assert_true(is_changed());
}

TEST(a_bad_policy_is_told_with_its_messages_and_nothing_else)
{
	cJSON *message;

	begin(HEAD "mode: squeeze\n" JOBS);
	assert_int_equal(ask("version: 1\nmode: sqeeze\n"), 0);
	assert_false(good);
	assert_false(cJSON_IsTrue(cJSON_GetObjectItem(json, "good")));
	message = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "messages"), 0);
	assert_string_equal(cJSON_GetObjectItem(message, "file")->valuestring, "new.yaml");
	assert_int_equal(cJSON_GetObjectItem(message, "line")->valueint, 2);
	assert_null(cJSON_GetObjectItem(json, "changes"));
	assert_string_equal(t.state->status.policy_state, "ok");
}

TEST(a_policy_that_waits_for_labels_changes_nothing_yet)
{
	begin(HEAD "mode: squeeze\n" JOBS);
	assert_int_equal(ask("version: 1\nnodes: {label: \"tier=gold\"}\nmode: off\n"), 0);
	assert_true(good);
	assert_int_equal(told.n, 0);
	assert_true(cJSON_IsString(cJSON_GetObjectItem(json, "waits")));
	assert_null(cJSON_GetObjectItem(json, "changed"));
	/* Known, and not this one: the file is left out, as at a load. */
	assert_int_equal(tree_write(t.dir, "etc/colod/node-labels", "tier=tin\n"), 0);
	assert_int_equal(ask("version: 1\nnodes: {label: \"tier=gold\"}\nmode: off\n"), 0);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "waits")));
	assert_non_null(cJSON_GetObjectItem(json, "changed"));
}

TEST(the_ladder_and_the_plan_in_force_stay_as_they_are)
{
	struct ladder ladder;
	size_t n;

	begin(HEAD "mode: squeeze\n" JOBS);
	/* Without a pod that may be held it would be calm at once. */
	t.state->ladders.of[RESOURCE_CPU].rung = RUNG_SQUEEZE;
	t.state->ladders.of[RESOURCE_CPU].quota_cpu_milli = 400;
	t.state->ladders.of[RESOURCE_CPU].since_us = 15 * S_US;
	ladder = t.state->ladders.of[RESOURCE_CPU];
	n = t.state->plan.n_entries;
	assert_int_equal(ask("version: 1\nmode: off\nfacts: {from: cgroup}\n"), 0);
	assert_memory_equal(&ladder, &t.state->ladders.of[RESOURCE_CPU], sizeof(ladder));
	assert_int_equal(t.state->plan.n_entries, n);
	t.state->ladders.of[RESOURCE_CPU] = (struct ladder){0};
	look(&before);
	tick(t.state, 30 * S_US);
	look(&after);
	assert_same(&before, &after);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_higher_mode_does_what_was_told),
		CASE(a_lower_mode_gives_back_what_was_told),
		CASE(another_level_undoes_every_knob_of_the_old_one),
		CASE(units_that_only_the_new_policy_names_are_looked_at),
		CASE(without_facts_from_the_kubelet_limits_end),
		CASE(facts_from_elsewhere_are_unknown_and_that_is_said),
		CASE(the_policy_in_force_changes_nothing),
		CASE(what_both_withhold_alike_is_no_difference),
		CASE(what_would_no_longer_be_planned_is_told),
		CASE(a_bad_policy_is_told_with_its_messages_and_nothing_else),
		CASE(a_policy_that_waits_for_labels_changes_nothing_yet),
		CASE(the_ladder_and_the_plan_in_force_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
