// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define TOP(text)                                                                                  \
	"version: 1\nlevels: {P7: {role: offline}}\n"                                              \
	"assign: [{match: {qos: BestEffort}, level: P7}]\n" text "\n"

TEST(lend_node_metrics_and_dbus_are_read)
{
	const char *yaml =
		TOP("lend: {cpu: {margin: 5%}, memory: {percentile: 98}, cold-start: 30m}\n"
		    "node: {reserve: {cpu: 500m, memory: 1Gi}}\n"
		    "metrics: {socket: /run/colod/metrics.sock, listen: '[::1]:9466', "
		    "textfile: /var/lib/x.prom}\ndbus: {group: ops}");
	struct policy *policy = policy_case_read(&yaml, 1);

	assert_true(policy->lend.cpu.on);
	assert_int_equal(policy->lend.cpu.percentile, 95);
	assert_int_equal(policy->lend.cpu.margin_permille, 50);
	assert_int_equal(policy->lend.memory.percentile, 98);
	assert_int_equal(policy->lend.cold_start_us, 1800000000);
	assert_int_equal(policy->node.reserve_cpu_milli, 500);
	assert_int_equal(policy->node.reserve_memory_bytes, 1073741824);
	assert_string_equal(policy->metrics.socket, "/run/colod/metrics.sock");
	assert_string_equal(policy->metrics.listen, "[::1]:9466");
	assert_string_equal(policy->metrics.textfile, "/var/lib/x.prom");
	assert_string_equal(policy->bus_group, "ops");
	policy_free(policy);
}

TEST(none_takes_back_what_an_earlier_file_said)
{
	const char *texts[] = {
		TOP("lend: {cpu: {percentile: 95}}\nmetrics: {socket: /a, listen: '127.0.0.1:1'}"),
		"version: 1\nlend: {cpu: none}\nmetrics: {socket: none, listen: none}\n"
		"dbus: {group: none}\n",
	};
	struct policy *policy = policy_case_read(texts, 2);

	assert_false(policy->lend.cpu.on);
	assert_string_equal(policy->metrics.socket, "");
	assert_string_equal(policy->metrics.listen, "");
	assert_string_equal(policy->bus_group, "");
	policy_free(policy);
}

TEST(a_bad_value_is_refused_where_it_stands)
{
	static const struct policy_case cases[] = {
		{TOP("lend: {cpu: {percentile: 49}}"), 4, 26, "out of range for a percentile",
		 "50"},
		{TOP("lend: {cpu: {margin: 10}}"), 4, 22, "is not a share", "0.0%"},
		{TOP("lend: {cold_start: 1h}"), 4, 8, "unknown key \"cold_start\"",
		 "did you mean \"cold-start\"?"},
		{TOP("node: {reserve: {cpu: lots}}"), 4, 23, "is not such a quantity", "500m"},
		{TOP("metrics: {socket: run/x}"), 4, 19, "is not an absolute path", "none"},
		{TOP("metrics: {socket: /run/../etc/x}"), 4, 19, "is not an absolute path", "none"},
		{TOP("metrics: {listen: '0.0.0.0:9466'}"), 4, 19,
		 "is not an address of the loopback", "127.0.0.1:PORT"},
		{TOP("metrics: {listen: '127.0.0.1:70000'}"), 4, 30, "out of range for a port",
		 "65535"},
		{TOP("metrics: {listen: ':9466'}"), 4, 19, "is not an address of the loopback",
		 "127.0.0.1:PORT"},
		{TOP("dbus: {group: 'a b'}"), 4, 15, "is not the name of a group", "none"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lend_node_metrics_and_dbus_are_read),
		cmocka_unit_test(none_takes_back_what_an_earlier_file_said),
		cmocka_unit_test(a_bad_value_is_refused_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
