// SPDX-License-Identifier: LGPL-2.1-or-later
// Orders by hand: which are taken, which refused and why, when each ends, and what a level order makes of a pod.
#include "policy/manual.h"

#include <stdio.h>

#include "policy/mode.h"
#include "tests/lib/policy_case.h"
#include "tests/lib/test.h"

#define SECOND 1000000ll
#define YAML                                                                                       \
	"version: 1\n"                                                                             \
	"levels:\n"                                                                                \
	"  P0: {role: online}\n"                                                                   \
	"  P1: {role: online}\n"                                                                   \
	"  P4: {role: online}\n"                                                                   \
	"  P6: {role: offline, cpu: {yield: ratio 50}}\n"                                          \
	"  P7: {role: offline, cpu: {yield: ratio 50, squeeze: {target: 65%, floor: 2%}}}\n"       \
	"assign:\n"                                                                                \
	"- {match: {namespace: lost}, level: P7}\n"                                                \
	"- {match: {qos: Guaranteed}, level: P0}\n"                                                \
	"- {match: {qos: Burstable}, level: P4}\n"                                                 \
	"- {match: {qos: BestEffort}, level: P7}\n"

static struct policy *policy;
static struct manual manual;
static struct modes modes;
static struct pod web, job;
static struct pod_facts web_facts, job_facts;
static struct cgroup cgroups[2];
static struct pod *pods[2] = {&web, &job};
static struct model model;
static char ended[512];

static void init_pod(struct pod *pod, struct pod_facts *facts, struct cgroup *cg, uint32_t slot,
		     enum qos qos)
{
	*facts = (struct pod_facts){.ns = (char *)"shop", .name = (char *)"x"};
	memset(pod, 0, sizeof(*pod));
	(void)snprintf(pod->uid, sizeof(pod->uid), "3ea3ef66-5f89-43b7-b88b-6ee26f5b18a%u", slot);
	pod->slot = slot;
	pod->serial = 100 + slot;
	pod->kind = POD_KUBERNETES;
	pod->qos = qos;
	pod->cgroup = cg;
	pod->facts_state = FACT_KNOWN;
	pod->facts = facts;
}

static int setup(void **state)
{
	static const char *const yaml = YAML;

	(void)state;
	policy = policy_case_keep(&yaml, 1);
	manual = (struct manual){.n = 0};
	modes = mode_of_all(MODE_FULL);
	memset(cgroups, 0, sizeof(cgroups));
	init_pod(&web, &web_facts, &cgroups[0], 0, QOS_BURSTABLE);
	init_pod(&job, &job_facts, &cgroups[1], 1, QOS_BESTEFFORT);
	model = (struct model){.pods = pods, .n_pods = 2, .n_slots = 2};
	ended[0] = '\0';
	return 0;
}

static enum manual_no judge(const struct pod *pod, enum manual_kind kind, enum level level)
{
	const struct manual_view view = {.manual = &manual, .policy = policy, .modes = &modes};

	return manual_judge(&view, pod, kind, level);
}

static void on_end(void *context, const struct manual_order *o, enum manual_no why)
{
	size_t len = strlen(ended);

	(void)context;
	(void)snprintf(ended + len, sizeof(ended) - len, "%s of %u: %d ", manual_kind_name(o->kind),
		       o->slot, (int)why);
}

static bool add(const struct pod *pod, enum manual_kind kind, enum level level, int64_t until_s)
{
	const struct manual_order o = {
		.slot = pod->slot,
		.serial = pod->serial,
		.kind = kind,
		.level = level,
		.until_us = until_s * SECOND,
		.who = "uid 0",
	};

	return manual_add(&manual, &o, on_end, NULL);
}

static void look(int64_t now_s)
{
	ended[0] = '\0';
	manual_look(&manual, &model, policy, &modes, now_s * SECOND, on_end, NULL);
}

static void says(const struct pod *pod, enum manual_kind kind, enum manual_no why)
{
	char want[64];

	(void)snprintf(want, sizeof(want), "%s of %u: %d ", manual_kind_name(kind), pod->slot,
		       (int)why);
	if (!strstr(ended, want))
		fail_msg("'%s' has no '%s'", ended, want);
}

static void set_unknown(struct pod *pod)
{
	pod->facts_state = FACT_UNKNOWN;
	pod->facts = NULL;
}

TEST(an_offline_pod_that_is_known_may_be_held)
{
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_YES);
	assert_int_equal(judge(&job, MANUAL_FREEZE, LEVEL_NONE), MANUAL_YES);
	assert_int_equal(judge(&job, MANUAL_THAW, LEVEL_NONE), MANUAL_YES);
	assert_int_equal(judge(&job, MANUAL_LEVEL, LEVEL_P6), MANUAL_YES);
}

TEST(an_online_pod_is_never_held)
{
	assert_int_equal(judge(&web, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_ONLINE);
	assert_int_equal(judge(&web, MANUAL_FREEZE, LEVEL_NONE), MANUAL_NO_ONLINE);
}

TEST(a_pod_of_which_nobody_knows_what_it_is_is_left_alone)
{
	set_unknown(&job);
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_FACTS);
	assert_int_equal(judge(&job, MANUAL_FREEZE, LEVEL_NONE), MANUAL_NO_FACTS);
	assert_int_equal(judge(&job, MANUAL_LEVEL, LEVEL_P1), MANUAL_NO_FACTS);
	assert_int_equal(judge(&job, MANUAL_LEVEL, LEVEL_P7), MANUAL_NO_FACTS);
	/* To let it run harms nobody. */
	assert_int_equal(judge(&job, MANUAL_THAW, LEVEL_NONE), MANUAL_YES);
	/* Its facts are nobody's: shares, and no hold. */
	job.facts_state = FACT_ABSENT;
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_FACTS);
}

TEST(who_is_never_offline_is_not_by_hand_either)
{
	web_facts.is_static = true;
	assert_int_equal(judge(&web, MANUAL_LEVEL, LEVEL_P7), MANUAL_NO_NEVER);
	assert_int_equal(judge(&web, MANUAL_LEVEL, LEVEL_P1), MANUAL_YES);
	web_facts.is_static = false;
	web_facts.priority_class = (char *)"system-node-critical";
	assert_int_equal(judge(&web, MANUAL_LEVEL, LEVEL_P7), MANUAL_NO_NEVER);
	/* The rule says offline, and it is kept online: no hold. */
	job_facts.is_static = true;
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_ONLINE);
	assert_int_equal(judge(&job, MANUAL_FREEZE, LEVEL_NONE), MANUAL_NO_ONLINE);
}

TEST(what_no_rule_matches_or_no_level_is_is_refused)
{
	assert_int_equal(judge(&web, MANUAL_LEVEL, LEVEL_P5), MANUAL_NO_LEVEL);
	assert_int_equal(judge(&web, MANUAL_LEVEL, LEVEL_NONE), MANUAL_NO_LEVEL);
	job.qos = QOS_NONE;
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_RULE);
	assert_int_equal(judge(&job, MANUAL_LEVEL, LEVEL_P7), MANUAL_NO_RULE);
}

TEST(the_mode_bounds_them_all)
{
	static const struct {
		enum mode mode;
		enum manual_no level, squeeze, freeze;
	} rows[] = {
		{MODE_OFF, MANUAL_NO_MODE, MANUAL_NO_MODE, MANUAL_NO_MODE},
		{MODE_OBSERVE, MANUAL_NO_MODE, MANUAL_NO_MODE, MANUAL_NO_MODE},
		{MODE_PROTECT, MANUAL_YES, MANUAL_NO_MODE, MANUAL_NO_MODE},
		{MODE_SQUEEZE, MANUAL_YES, MANUAL_YES, MANUAL_NO_MODE},
		{MODE_FULL, MANUAL_YES, MANUAL_YES, MANUAL_YES},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		modes = mode_of_all(rows[i].mode);
		assert_int_equal(judge(&job, MANUAL_LEVEL, LEVEL_P4), rows[i].level);
		assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), rows[i].squeeze);
		assert_int_equal(judge(&job, MANUAL_FREEZE, LEVEL_NONE), rows[i].freeze);
		assert_int_equal(judge(&job, MANUAL_THAW, LEVEL_NONE), MANUAL_YES);
	}
	/* A freeze is memory's. */
	modes.by[RESOURCE_MEMORY] = MODE_SQUEEZE;
	assert_int_equal(judge(&job, MANUAL_FREEZE, LEVEL_NONE), MANUAL_NO_MODE);
}

/* P7 has a CPU squeeze and no growth limit, P6 neither. */
TEST(a_squeeze_needs_a_bound_that_the_policy_has)
{
	modes.by[RESOURCE_CPU] = MODE_PROTECT;
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_HOLD);
	policy->levels[LEVEL_P7].memory.growth_bytes_per_s = 1 << 20;
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_YES);
	modes = mode_of_all(MODE_FULL);
	assert_true(add(&job, MANUAL_LEVEL, LEVEL_P6, 100));
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_HOLD);
}

TEST(who_is_made_offline_may_be_held_and_who_is_made_online_may_not)
{
	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P7, 100));
	assert_int_equal(judge(&web, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_YES);
	assert_true(add(&job, MANUAL_LEVEL, LEVEL_P1, 100));
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_ONLINE);
}

TEST(a_pod_that_ends_is_not_held)
{
	job_facts.deleting = true;
	assert_int_equal(judge(&job, MANUAL_SQUEEZE, LEVEL_NONE), MANUAL_NO_ENDING);
}

TEST(a_level_order_is_the_level_and_nobody_elses)
{
	struct assignment a;

	manual_assign(&manual, policy, &web, &a);
	assert_int_equal(a.level, LEVEL_P4);
	assert_false(a.ordered);
	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P7, 100));
	manual_assign(&manual, policy, &web, &a);
	assert_int_equal(a.level, LEVEL_P7);
	assert_int_equal(a.role, ROLE_OFFLINE);
	assert_true(a.may_hold);
	assert_true(a.ordered);
	manual_assign(&manual, policy, &job, &a);
	assert_false(a.ordered);
	manual_assign(NULL, policy, &web, &a);
	assert_int_equal(a.level, LEVEL_P4);
	/* Another pod in the same slot. */
	web.serial++;
	manual_assign(&manual, policy, &web, &a);
	assert_int_equal(a.level, LEVEL_P4);
}

/* The rule decides again, in the very pass in which what the order stood on is gone. */
TEST(a_level_that_may_not_be_any_more_is_not)
{
	struct assignment a;

	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P7, 100));
	web_facts.is_static = true;
	manual_assign(&manual, policy, &web, &a);
	assert_int_equal(a.level, LEVEL_P4);
	assert_int_equal(a.role, ROLE_ONLINE);
	look(1);
	says(&web, MANUAL_LEVEL, MANUAL_NO_NEVER);
	web_facts.is_static = false;
	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P7, 100));
	set_unknown(&web);
	manual_assign(&manual, policy, &web, &a);
	assert_int_not_equal(a.role, ROLE_OFFLINE);
	look(2);
	says(&web, MANUAL_LEVEL, MANUAL_NO_FACTS);
	assert_int_equal(manual.n, 0);
}

TEST(an_order_ends_at_its_time_and_not_before)
{
	assert_true(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P1, 200));
	assert_true(manual_next_us(&manual) == 100 * SECOND);
	manual_look(&manual, &model, policy, &modes, 100 * SECOND - 1, on_end, NULL);
	assert_int_equal(manual.n, 2);
	look(100);
	says(&job, MANUAL_SQUEEZE, MANUAL_OVER);
	assert_int_equal(manual.n, 1);
	assert_true(manual_next_us(&manual) == 200 * SECOND);
	look(201);
	assert_int_equal(manual.n, 0);
	assert_true(manual_next_us(&manual) == INT64_MAX);
}

TEST(a_lower_mode_ends_what_it_does_not_allow_and_raising_it_brings_nothing_back)
{
	assert_true(add(&job, MANUAL_FREEZE, LEVEL_NONE, 100));
	assert_true(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P1, 100));
	modes = mode_of_all(MODE_SQUEEZE);
	look(1);
	says(&job, MANUAL_FREEZE, MANUAL_NO_MODE);
	assert_int_equal(manual.n, 2);
	modes = mode_of_all(MODE_OBSERVE);
	look(2);
	says(&job, MANUAL_SQUEEZE, MANUAL_NO_MODE);
	says(&web, MANUAL_LEVEL, MANUAL_NO_MODE);
	modes = mode_of_all(MODE_FULL);
	look(3);
	assert_int_equal(manual.n, 0);
}

TEST(a_pod_that_is_gone_takes_its_orders_with_it)
{
	assert_true(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	job.serial++;
	look(1);
	says(&job, MANUAL_SQUEEZE, MANUAL_GONE);
	assert_true(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	model.n_pods = 1;
	look(2);
	says(&job, MANUAL_SQUEEZE, MANUAL_GONE);
}

/* The squeeze stood on the level that was ordered. */
TEST(a_level_that_ends_ends_the_hold_that_stood_on_it)
{
	assert_true(add(&web, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P7, 50));
	look(49);
	assert_int_equal(manual.n, 2);
	look(50);
	says(&web, MANUAL_LEVEL, MANUAL_OVER);
	says(&web, MANUAL_SQUEEZE, MANUAL_NO_ONLINE);
	assert_int_equal(manual.n, 0);
}

TEST(one_of_a_kind_and_a_thaw_ends_a_freeze)
{
	assert_true(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	assert_true(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 200));
	says(&job, MANUAL_SQUEEZE, MANUAL_REPLACED);
	assert_int_equal(manual.n, 1);
	assert_true(manual.orders[0].until_us == 200 * SECOND);
	assert_true(add(&job, MANUAL_FREEZE, LEVEL_NONE, 100));
	assert_true(add(&job, MANUAL_THAW, LEVEL_NONE, 100));
	says(&job, MANUAL_FREEZE, MANUAL_REPLACED);
	assert_int_equal(manual.n, 2);
	assert_int_equal(judge(&job, MANUAL_FREEZE, LEVEL_NONE), MANUAL_NO_THAWED);
}

TEST(release_ends_all_of_one_pod_and_no_other)
{
	assert_true(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	assert_true(add(&web, MANUAL_LEVEL, LEVEL_P1, 100));
	assert_true(add(&job, MANUAL_LEVEL, LEVEL_P6, 100));
	assert_int_equal(manual_release(&manual, &job, on_end, NULL), 2);
	says(&job, MANUAL_SQUEEZE, MANUAL_RELEASED);
	says(&job, MANUAL_LEVEL, MANUAL_RELEASED);
	assert_int_equal(manual.n, 1);
	assert_int_equal(manual_release(&manual, &job, on_end, NULL), 0);
	assert_non_null(manual_find(&manual, &web, MANUAL_LEVEL));
}

TEST(there_is_room_for_so_many_and_a_replacement_needs_none)
{
	struct pod others[MANUAL_MAX];

	for (uint32_t i = 0; i < MANUAL_MAX; i++) {
		others[i] = job;
		others[i].slot = 10 + i;
		assert_true(add(&others[i], MANUAL_SQUEEZE, LEVEL_NONE, 100));
	}
	assert_false(add(&job, MANUAL_SQUEEZE, LEVEL_NONE, 100));
	assert_true(add(&others[3], MANUAL_SQUEEZE, LEVEL_NONE, 50));
	assert_int_equal(manual.n, MANUAL_MAX);
}

TEST(every_answer_has_words)
{
	for (int i = 0; i < MANUAL_NO_COUNT; i++)
		assert_true(strlen(manual_text((enum manual_no)i)) > 10);
	assert_string_equal(manual_text(MANUAL_NO_COUNT), "?");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, policy_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_offline_pod_that_is_known_may_be_held),
		T(an_online_pod_is_never_held),
		T(a_pod_of_which_nobody_knows_what_it_is_is_left_alone),
		T(who_is_never_offline_is_not_by_hand_either),
		T(what_no_rule_matches_or_no_level_is_is_refused),
		T(the_mode_bounds_them_all),
		T(a_squeeze_needs_a_bound_that_the_policy_has),
		T(who_is_made_offline_may_be_held_and_who_is_made_online_may_not),
		T(a_pod_that_ends_is_not_held),
		T(a_level_order_is_the_level_and_nobody_elses),
		T(a_level_that_may_not_be_any_more_is_not),
		T(an_order_ends_at_its_time_and_not_before),
		T(a_lower_mode_ends_what_it_does_not_allow_and_raising_it_brings_nothing_back),
		T(a_pod_that_is_gone_takes_its_orders_with_it),
		T(a_level_that_ends_ends_the_hold_that_stood_on_it),
		T(one_of_a_kind_and_a_thaw_ends_a_freeze),
		T(release_ends_all_of_one_pod_and_no_other),
		T(there_is_room_for_so_many_and_a_replacement_needs_none),
		T(every_answer_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
