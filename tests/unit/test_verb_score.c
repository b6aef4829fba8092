// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include "agent/ctl/ctl.h"
#include "tests/lib/ctl_case.h"

TEST(only_online_pods_have_a_line_and_why_there_is_no_number)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "node", .expected = "score-node", .verb = verb_score, .width = 80});
}

TEST(of_one_pod_each_term_is_shown)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "score-pod",
				    .verb = verb_score,
				    .pod = "web-1",
				    .width = 80});
}

static void with_net(const char *pod, const char *expected)
{
	ctl_case(&(struct ctl_case){.snapshot = "score-net",
				    .expected = expected,
				    .verb = verb_score,
				    .pod = pod,
				    .width = 80});
}

/* Of the class that it is in, on each link that is shaped and counted. */
TEST(beside_it_is_what_waits_and_was_dropped_on_the_network)
{
	with_net("shop/web", "score-net");
}

TEST(of_a_pod_in_the_hosts_network_only_its_class_is_counted)
{
	with_net("shop/agent", "score-net-host");
}

TEST(a_pod_without_a_mark_is_in_the_default_class)
{
	with_net("shop/db", "score-net-unmarked");
}

TEST(programs_are_told_the_same)
{
	cJSON *doc = ctl_case_read("score-net"), *array, *net;
	const struct ctl ctl = {.doc = doc};
	int code = 0;

	array = verb_score_json(&ctl, &code);
	assert_int_equal(cJSON_GetArraySize(array), 3);
	net = cJSON_GetObjectItem(cJSON_GetArrayItem(array, 0), "net");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(net, "sent_bytes")));
	net = cJSON_GetObjectItem(cJSON_GetArrayItem(array, 1), "net");
	assert_string_equal(cJSON_GetObjectItem(net, "class")->valuestring, "P0");
	assert_int_equal(cJSON_GetObjectItem(net, "sent_bytes")->valueint, 7340032);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(net, "links")), 2);
	net = cJSON_GetObjectItem(cJSON_GetArrayItem(array, 2), "net");
	net = cJSON_GetArrayItem(cJSON_GetObjectItem(net, "links"), 0);
	assert_int_equal(cJSON_GetObjectItem(net, "dropped_packets")->valueint, 4);
	assert_int_equal(cJSON_GetObjectItem(net, "backlog_bytes")->valueint, 1514);
	cJSON_Delete(array);
	cJSON_Delete(doc);
	doc = ctl_case_read("twins");
	array = verb_score_json(&(struct ctl){.doc = doc}, &code);
	cJSON_ArrayForEach(net, array) assert_true(cJSON_IsNull(cJSON_GetObjectItem(net, "net")));
	cJSON_Delete(array);
	cJSON_Delete(doc);
}

TEST(an_offline_pod_has_none)
{
	ctl_case(&(struct ctl_case){.snapshot = "node",
				    .expected = "score-pod-offline",
				    .verb = verb_score,
				    .pod = "hog-1",
				    .width = 80});
}

TEST(no_online_pod_is_a_sentence)
{
	ctl_case(&(struct ctl_case){
		.snapshot = "twins", .expected = "score-none", .verb = verb_score});
}

TEST(control_characters_do_not_reach_the_terminal)
{
	ctl_case(&(struct ctl_case){.snapshot = "hostile",
				    .expected = "score-hostile",
				    .verb = verb_score,
				    .width = 80});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_online_pods_have_a_line_and_why_there_is_no_number),
		cmocka_unit_test(of_one_pod_each_term_is_shown),
		cmocka_unit_test(beside_it_is_what_waits_and_was_dropped_on_the_network),
		cmocka_unit_test(of_a_pod_in_the_hosts_network_only_its_class_is_counted),
		cmocka_unit_test(a_pod_without_a_mark_is_in_the_default_class),
		cmocka_unit_test(programs_are_told_the_same),
		cmocka_unit_test(an_offline_pod_has_none),
		cmocka_unit_test(no_online_pod_is_a_sentence),
		cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
