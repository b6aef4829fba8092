// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/node_labels.h"
#include "policy/nodes.h"
#include "policy/read.h"

static struct diags diags;

static struct policy *read_on(const struct policy_node *node, const char *drop_in)
{
	static const char base[] =
		"version: 1\nmode: observe\nlevels: {P0: {role: online}, P7: {role: offline}}\n"
		"assign: [{match: {qos: Guaranteed}, level: P0}, {match: {qos: BestEffort}, level: P7}]\n";
	const struct policy_source sources[] = {
		{.name = "base.yaml", .text = base, .len = sizeof(base) - 1},
		{.name = "pilot.yaml", .text = drop_in, .len = strlen(drop_in)},
	};
	struct policy *policy = NULL;

	memset(&diags, 0, sizeof(diags));
	(void)policy_read_on(node, sources, 2, &diags, &policy);
	return policy;
}

static void expect_mode(const struct policy_node *node, const char *drop_in, enum mode mode,
			const char *why)
{
	struct policy *policy = read_on(node, drop_in);

	assert_non_null(policy);
	assert_int_equal(policy->mode, mode);
	assert_int_equal(policy->n_left_out, why ? 1 : 0);
	if (why) {
		assert_int_equal(policy->left_out[0].file, 1);
		assert_non_null(strstr(policy->left_out[0].why, why));
	}
	policy_free(policy);
}

#define PILOT(nodes) "version: 1\nnodes: {" nodes "}\nmode: protect\n"

TEST(a_file_for_other_hosts_is_left_out_whole)
{
	const struct policy_node web = {.host = "web-7"}, db = {.host = "db-1"},
				 none = {.host = ""};

	expect_mode(&web, PILOT("host: \"web-*\""), MODE_PROTECT, NULL);
	expect_mode(&db, PILOT("host: \"web-*\""), MODE_OBSERVE, "this host is db-1, not web-*");
	expect_mode(&none, PILOT("host: \"web-*\""), MODE_OBSERVE, "without a name");
	expect_mode(NULL, PILOT("host: \"web-*\""), MODE_PROTECT, NULL);
}

TEST(a_file_left_out_gives_neither_values_nor_rules_nor_steps)
{
	const struct policy_node db = {.host = "db-1"};
	struct policy *policy = read_on(
		&db,
		"version: 1\nnodes: {host: web}\nlevels: {P7: {cpu: {yield: ratio 20}}, P6: {role: offline}}\n"
		"assign: [{match: {namespace: a}, level: P6}]\n"
		"pressure: [{when: cpu.some of online > 5% over 2s, do: [evict]}]\n");

	assert_non_null(policy);
	assert_int_equal(policy->levels[LEVEL_P7].cpu.yield_ratio, 50);
	assert_false(policy->levels[LEVEL_P6].defined);
	assert_int_equal(policy->n_pressure, 0);
	for (size_t i = 0; i < policy->n_rules; i++)
		assert_string_not_equal(policy->rules[i].file, "pilot.yaml");
	for (size_t i = 0; i < policy->n_values; i++)
		assert_int_equal(policy->values[i].file, 0);
	assert_int_equal(diags.n, 0);
	policy_free(policy);
}

TEST(a_mistake_in_a_file_for_other_nodes_rejects_the_policy_here_too)
{
	const struct policy_node db = {.host = "db-1"};

	assert_null(read_on(&db, "version: 1\nnodes: {host: web}\nmode: fll\n"));
	assert_int_equal(diags.n_errors, 1);
	assert_int_equal(diags.list[0].line, 3);
	assert_null(read_on(&db, "version: 1\nnodes: {percent: 101%}\n"));
	assert_null(read_on(&db, "version: 1\nnodes: {hosts: web}\n"));
}

static bool holds(unsigned id, uint32_t permille, const char *seed)
{
	struct nodes nodes = {.permille = permille};
	struct policy_node node = {.host = "a"};
	char why[NODES_WHY_SIZE];

	snprintf(nodes.seed, sizeof(nodes.seed), "%s", seed);
	snprintf(node.machine_id, sizeof(node.machine_id), "%08x%024x", id, 7u);
	return nodes_hold(&nodes, &node, why) == NODES_HOLD;
}

TEST(a_share_of_the_nodes_is_that_share_and_grows_without_losing_one)
{
	static const uint32_t steps[] = {0, 10, 100, 500, 1000};
	size_t n[5] = {0};

	for (unsigned id = 0; id < 20000; id++) {
		bool before = false;

		for (size_t i = 0; i < 5; i++) {
			bool now = holds(id, steps[i], "");

			assert_true(now || !before);
			n[i] += now;
			before = now;
		}
	}
	assert_int_equal(n[0], 0);
	assert_in_range(n[1], 150, 250);
	assert_in_range(n[2], 1850, 2150);
	assert_in_range(n[3], 9700, 10300);
	assert_int_equal(n[4], 20000);
}

TEST(another_seed_is_another_set_and_no_machine_id_is_no_place)
{
	const struct policy_node none = {.host = "a"};
	size_t both = 0;

	for (unsigned id = 0; id < 20000; id++)
		both += holds(id, 100, "a") && holds(id, 100, "b");
	assert_in_range(both, 130, 270);
	expect_mode(&none, PILOT("percent: 99%"), MODE_OBSERVE, "no machine id");
	expect_mode(&none, PILOT("percent: 100%"), MODE_PROTECT, NULL);
}

static struct node_labels *labels_of(const char *text)
{
	struct node_labels *labels = NULL;
	unsigned line;

	assert_int_equal(node_labels_parse(text, strlen(text), &labels, &line), 0);
	return labels;
}

#define LABELS "pool=batch\ntopology.kubernetes.io/zone=eu-1a\nempty=\n"

TEST(a_file_for_nodes_with_a_label_holds_where_the_label_is)
{
	struct node_labels *labels = labels_of(LABELS);
	const struct policy_node node = {.host = "a", .labels = labels};

	expect_mode(&node, PILOT("label: pool"), MODE_PROTECT, NULL);
	expect_mode(&node, PILOT("label: pool=batch"), MODE_PROTECT, NULL);
	expect_mode(&node, PILOT("label: \"topology.kubernetes.io/zone=eu-*\""), MODE_PROTECT,
		    NULL);
	expect_mode(&node, PILOT("label: \"empty=\""), MODE_PROTECT, NULL);
	expect_mode(&node, PILOT("label: pool=db"), MODE_OBSERVE,
		    "the label pool of this node is batch, not db");
	expect_mode(&node, PILOT("label: gpu"), MODE_OBSERVE, "this node has no label gpu");
	expect_mode(&node, PILOT("label: poo"), MODE_OBSERVE, "this node has no label poo");
	expect_mode(NULL, PILOT("label: gpu"), MODE_PROTECT, NULL);
	node_labels_free(labels);
}

TEST(while_labels_are_not_known_the_policy_waits_and_says_for_what)
{
	const struct policy_node node = {.host = "a", .labels_why = "the API server is silent"};
	struct policy *policy = read_on(&node, PILOT("label: pool=batch"));

	assert_non_null(policy);
	assert_true(policy->asks_labels);
	assert_int_equal(policy->mode, MODE_OBSERVE);
	assert_non_null(policy_waits(policy));
	assert_non_null(strstr(policy_waits(policy), "waits for the labels of this node "
						     "(pool=batch): the API server is silent"));
	policy_free(policy);
}

TEST(nobody_waits_for_labels_that_decide_nothing)
{
	struct node_labels *labels = labels_of("");
	const struct policy_node known = {.host = "a", .labels = labels}, unknown = {.host = "a"};
	struct policy *policy = read_on(&known, PILOT("label: pool"));

	assert_null(policy_waits(policy));
	assert_int_equal(policy->n_left_out, 1);
	policy_free(policy);
	policy = read_on(&unknown, PILOT("label: pool, host: other"));
	assert_null(policy_waits(policy));
	assert_int_equal(policy->n_left_out, 1);
	policy_free(policy);
	policy = read_on(&unknown, PILOT("label: pool, percent: 0%"));
	assert_null(policy_waits(policy));
	policy_free(policy);
	policy = read_on(&unknown, "version: 1\nmode: protect\n");
	assert_null(policy_waits(policy));
	assert_false(policy->asks_labels);
	policy_free(policy);
	node_labels_free(labels);
}

TEST(a_label_without_a_plain_key_is_refused)
{
	assert_null(read_on(NULL, PILOT("label: \"p*l=batch\"")));
	assert_non_null(strstr(diags.list[0].text, "has no plain key"));
	assert_null(read_on(NULL, PILOT("label: \"=batch\"")));
	assert_null(read_on(NULL, PILOT("label: \"pool=[ab\"")));
	assert_null(read_on(NULL, PILOT("host: \"web-[1\"")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_for_other_hosts_is_left_out_whole),
		cmocka_unit_test(a_file_left_out_gives_neither_values_nor_rules_nor_steps),
		cmocka_unit_test(a_mistake_in_a_file_for_other_nodes_rejects_the_policy_here_too),
		cmocka_unit_test(a_share_of_the_nodes_is_that_share_and_grows_without_losing_one),
		cmocka_unit_test(another_seed_is_another_set_and_no_machine_id_is_no_place),
		cmocka_unit_test(a_file_for_nodes_with_a_label_holds_where_the_label_is),
		cmocka_unit_test(while_labels_are_not_known_the_policy_waits_and_says_for_what),
		cmocka_unit_test(nobody_waits_for_labels_that_decide_nothing),
		cmocka_unit_test(a_label_without_a_plain_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
