// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "policy/read.h"
#include "tests/lib/policy_case.h"

#define FACTS(text) "version: 1\nfacts: {" text "}\nlevels: {P4: {role: online}}\n" ASSIGN
#define ASSIGN "assign: [{match: {qos: Burstable}, level: P4}]\n"

static struct policy *policy;

static const struct kubelet_policy *read_kubelet(const char *yaml)
{
	policy = policy_case_keep(&yaml, 1);
	return &policy->kubelet;
}

TEST(what_is_not_written_is_left_to_the_agent)
{
	const struct kubelet_policy *k = read_kubelet(FACTS("from: kubelet"));

	assert_null(k->url);
	assert_null(k->name);
	assert_null(k->ca);
	assert_null(k->api);
	assert_null(k->api_ca);
	assert_null(k->token);
	assert_null(k->node);
}

TEST(every_key_lands_in_its_field)
{
	const struct kubelet_policy *k = read_kubelet(FACTS(
		"kubelet: 'https://10.0.0.7:10250/', kubelet-name: n1.example, kubelet-ca: /k, "
		"api: 'https://[fd00::1]:6443', api-ca: /a, token: /t, node: n1"));

	assert_string_equal(k->url, "https://10.0.0.7:10250");
	assert_string_equal(k->name, "n1.example");
	assert_string_equal(k->ca, "/k");
	assert_string_equal(k->api, "https://[fd00::1]:6443");
	assert_string_equal(k->api_ca, "/a");
	assert_string_equal(k->token, "/t");
	assert_string_equal(k->node, "n1");
}

TEST(a_later_file_changes_one_key_and_keeps_the_others)
{
	const char *files[] = {FACTS("kubelet: 'https://a', token: /t"),
			       "version: 1\nfacts: {kubelet: 'https://b:1'}\n"};

	policy = policy_case_keep(files, 2);
	assert_string_equal(policy->kubelet.url, "https://b:1");
	assert_string_equal(policy->kubelet.token, "/t");
}

TEST(addresses_that_would_be_asked_wrongly_are_refused_where_they_stand)
{
	static const struct policy_case cases[] = {
		{FACTS("kubelet: 'http://127.0.0.1:10255'"), 2, 18, "show the token", "https://"},
		{FACTS("kubelet: '127.0.0.1:10250'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://a:0'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://a:65536'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://a:100000'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://a:10250/pods'"), 2, 18, "not an https address",
		 "without a path"},
		{FACTS("kubelet: 'https://me:secret@a'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://a b'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://[::1'"), 2, 18, "not an https address", "e.g."},
		{FACTS("kubelet: 'https://[abc]'"), 2, 18, "not an https address", "e.g."},
		{FACTS("api: 'ftp://a'"), 2, 14, "not an https address", "e.g."},
		{FACTS("api: [a]"), 2, 14, "found a list", ""},
		{FACTS("token: token"), 2, 16, "not an absolute path", "/etc/colod/token"},
		{FACTS("api-ca: /"), 2, 17, "not an absolute path", "e.g."},
		{FACTS("node: 'a/b'"), 2, 15, "not the name of a node", "kubectl get nodes"},
		{FACTS("kubelet-name: '-a'"), 2, 23, "not the name of a node", "letters"},
		{FACTS("insecure: true"), 2, 9, "unknown key \"insecure\" in facts",
		 "accepted: from, kubelet"},
	};

	policy_case_refused(cases, sizeof(cases) / sizeof(cases[0]));
}

TEST(good_addresses_are_not_refused)
{
	(void)read_kubelet(FACTS("kubelet: 'https://a:65535'"));
	(void)read_kubelet(FACTS("kubelet: 'https://[::1]/'"));
	assert_string_equal(policy->kubelet.url, "https://[::1]");
	(void)read_kubelet(FACTS("kubelet: 'https://ip-10-0-0-1.ec2.internal.:10250'"));
}

TEST(keys_for_a_kubelet_that_nobody_asks_earn_a_warning)
{
	static const struct policy_case cases[] = {
		{FACTS("from: cgroup, token: /t"), 2, 30, "do not come from one", "leave the key"},
		{FACTS("api: 'https://a', from: 'file:///x'"), 2, 14, "do not come from one",
		 "from: kubelet"},
	};

	policy_case_warned(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_not_written_is_left_to_the_agent,
					  policy_case_teardown),
		cmocka_unit_test_teardown(every_key_lands_in_its_field, policy_case_teardown),
		cmocka_unit_test_teardown(a_later_file_changes_one_key_and_keeps_the_others,
					  policy_case_teardown),
		cmocka_unit_test(
			addresses_that_would_be_asked_wrongly_are_refused_where_they_stand),
		cmocka_unit_test_teardown(good_addresses_are_not_refused, policy_case_teardown),
		cmocka_unit_test(keys_for_a_kubelet_that_nobody_asks_earn_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
