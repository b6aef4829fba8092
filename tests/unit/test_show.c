// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdio.h>

#include "policy/read.h"
#include "policy/show.h"
#include "tests/lib/policy_case.h"

static char shown[65536];

static void append(void *context, const char *text)
{
	(void)context;
	assert_true(strlen(shown) + strlen(text) < sizeof(shown));
	strcat(shown, text);
}

static const char *show(const struct policy *policy, bool origins)
{
	shown[0] = '\0';
	assert_int_equal(show_policy(policy, origins, append, NULL), 0);
	return shown;
}

static const char *const two_files[] = {
	"version: 1\nlevels:\n  P4: {role: online, io: {weight: 300}}\n"
	"  P0: {role: online, sensitive: true}\n"
	"  P7: {role: offline}\n"
	"assign:\n- {match: {qos: BestEffort}, level: P7}\n",
	"version: 1\nmode: protect\nassign:\n- {match: {label: \"app=web-*\", namespace: a}, level: P4}\n",
};

TEST(every_value_is_shown_with_the_file_and_line_it_came_from)
{
	struct policy *policy = policy_case_read(two_files, 2);
	const char *text = show(policy, true);

	assert_non_null(strstr(
		text, "mode: protect                                           # b.yaml:2\n"));
	assert_non_null(strstr(
		text, "      weight: 300                                       # etc/a.yaml:3\n"));
	assert_non_null(strstr(
		text,
		"    sensitive: true                                     # etc/a.yaml:4, not acted on by this version\n"));
	assert_non_null(strstr(
		text, "      yield: ratio 50                                   # default\n"));
	assert_non_null(strstr(text, "  # always: {match: {unit: kubelet.service}, level: P1}"));
	policy_free(policy);
}

TEST(rules_stand_in_the_order_in_which_they_are_tried)
{
	struct policy *policy = policy_case_read(two_files, 2);
	const char *text = show(policy, false);
	const char *first =
		strstr(text, "  - {match: {label: \"app=web-*\", namespace: a}, level: P4}\n");
	const char *second = strstr(text, "  - {match: {qos: BestEffort}, level: P7}\n");

	assert_non_null(first);
	assert_true(second > first);
	assert_null(strstr(text, "#"));
	policy_free(policy);
}

/* The policy's bug that a property found: one file may not hold both rules, two files may. */
TEST(a_rule_that_a_drop_in_overrides_is_a_comment_and_what_is_shown_can_be_read)
{
	static const char *const texts[] = {
		"version: 1\nlevels: {P0: {role: online}, P7: {role: offline}}\n"
		"assign:\n- {match: {namespace: a}, level: P7}\n- {match: {qos: Guaranteed}, level: P0}\n",
		"version: 1\nassign:\n- {match: {namespace: a}, level: P0}\n",
	};
	struct policy *policy = policy_case_read(texts, 2), *again;
	const char *text = show(policy, true);

	assert_non_null(strstr(
		text,
		"  # never: {match: {namespace: a}, level: P7}           # a.yaml:4, overridden by b.yaml:3\n"));
	text = show(policy, false);
	assert_null(strstr(text, "level: P7}"));
	again = policy_case_read(&text, 1);
	assert_true(show_digest(again) == show_digest(policy));
	policy_free(again);
	policy_free(policy);
}

struct seen {
	char what[16][96];
	uint32_t line[16];
	size_t n;
};

static void see(void *context, const char *what, const char *file, uint32_t line)
{
	struct seen *seen = context;

	assert_string_equal(file, "etc/a.yaml");
	assert_true(seen->n < 16);
	snprintf(seen->what[seen->n], sizeof(seen->what[0]), "%s", what);
	seen->line[seen->n++] = line;
}

TEST(what_is_not_acted_on_is_named_and_nothing_else_is)
{
	const char *text =
		"version: 1\nlevels:\n  P0: {role: online, sensitive: true}\n  P7:\n    role: offline\n    cpu: {squeeze: {target: 65%, floor: 2%}}\n"
		"    memory: {high: 80% of limit, growth: 256MiB/s, oom: first}\n    net: {share: 1, ceiling: 40%}\n"
		"assign: [{match: {qos: BestEffort}, level: P7}]\n"
		"pressure:\n- {when: cpu.some of online > 5% over 2s, do: [squeeze cpu, evict]}\n"
		"- {when: io.some of online > 5% over 2s, do: [evict]}\n"
		"- {when: memory.empty of node in 3s, do: [kill]}\n"
		"evict: {per-hour: 3}\n";
	struct policy *policy = policy_case_read(&text, 1);
	struct seen seen = {.n = 0};

	assert_int_equal(show_unenforced(policy, see, &seen), 2);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.what[0], "levels.P0.sensitive");
	assert_int_equal(seen.line[0], 3);
	assert_string_equal(seen.what[1], "pressure io.some: evict");
	assert_int_equal(seen.line[1], 12);
	policy_free(policy);
}

/* What is shown reads back as the same policy: shown again, it is the same text. */
static void expect_round_trip(const char *const *texts, size_t n)
{
	static char before[sizeof(shown)];
	struct policy *policy = policy_case_read(texts, n), *again;
	const char *text = before;

	snprintf(before, sizeof(before), "%s", show(policy, false));
	again = policy_case_read(&text, 1);
	assert_string_equal(show(again, false), before);
	assert_int_equal(again->n_rules, policy->n_rules);
	for (size_t i = 0; i < policy->n_rules; i++)
		assert_int_equal(again->rules[i].level, policy->rules[i].level);
	assert_memory_equal(again->levels, policy->levels, sizeof(policy->levels));
	assert_int_equal(again->mode, policy->mode);
	assert_int_equal(again->n_slis, policy->n_slis);
	for (size_t i = 0; i < policy->n_slis; i++)
		assert_memory_equal(&again->slis[i], &policy->slis[i],
				    offsetof(struct sli_policy, file));
	assert_memory_equal(&again->evict, &policy->evict, sizeof(policy->evict));
	assert_memory_equal(&again->lend, &policy->lend, sizeof(policy->lend));
	assert_int_equal(again->n_pressure, policy->n_pressure);
	policy_free(again);
	policy_free(policy);
}

TEST(what_is_shown_reads_back_as_the_same_policy)
{
	static const char *const whole[] = {
		"version: 1\nmode: squeeze\n"
		"levels:\n"
		"  P0: {role: online, sensitive: true, cpu: {weight: request, cores: exclusive, burst: 50% of quota}, "
		"memory: {min: request, oom: protect}, net: {share: 8, min: 20%}}\n"
		"  P7: {role: offline, cpu: {yield: ratio 20, scheduling: idle, squeeze: {target: 65%, floor: 2%}}, memory: {high: "
		"request + 90% of headroom, watermark: +50%, growth: 256MiB/s, oom: first}, io: {weight: 10, "
		"squeeze: {floor: 10%}}, net: {share: 1, ceiling: 20MB/s}}\n"
		"assign:\n- {match: {cgroup: \"a\\\\*/*\", static: true}, level: P0}\n"
		"- {match: {annotation: colod.io/level}, level: from-value, trusted-namespaces: [a, \"b-*\"]}\n"
		"- {match: {runtime: cri-o}, level: P0}\n- {match: {qos: BestEffort}, level: P7}\n"
		"pressure:\n- {when: memory.some of online > 10% over 1s, do: [squeeze memory, reclaim, evict "
		"after 20s]}\n"
		"evict: {by: [kill], grace: 1s, cooldown: 30s, per-hour: 2, order: [newest, cost], taint: true}\n"
		"sli:\n- {name: sched-delay, of: P0, p99: 10ms, window: 10s}\n- {name: cpi, of: P0, mean: 1.5}\n"
		"- {name: shop, metric: cpu.some, pods: \"shop/*\", p95: 5%, window: 1m}\n"
		"lend: {cpu: {percentile: 95, margin: 10%}, memory: none, cold-start: 2h}\n"
		"node: {reserve: {cpu: 500m, memory: 1Gi}}\n"
		"metrics: {socket: /run/colod/metrics.sock, listen: \"127.0.0.1:9466\"}\ndbus: {group: ops}\n",
	};

	expect_round_trip(whole, 1);
	expect_round_trip(two_files, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_is_shown_with_the_file_and_line_it_came_from),
		cmocka_unit_test(rules_stand_in_the_order_in_which_they_are_tried),
		cmocka_unit_test(
			a_rule_that_a_drop_in_overrides_is_a_comment_and_what_is_shown_can_be_read),
		cmocka_unit_test(what_is_not_acted_on_is_named_and_nothing_else_is),
		cmocka_unit_test(what_is_shown_reads_back_as_the_same_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
