// SPDX-License-Identifier: LGPL-2.1-or-later
// What the document says of the network where it is not as it is planned; all of it as it should be is in test_snapshot_json.
#include "tests/lib/test.h"

#include <stdio.h>

#include "agent/ctl/doc.h"
#include "agent/serve/snapshot_json.h"
#include "tests/lib/serve_case.h"

static struct serve_case c;
static cJSON *doc;

static int setup(void **state)
{
	(void)state;
	doc = NULL;
	serve_case_init(&c);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(doc);
	serve_case_free(&c);
	return 0;
}

static const cJSON *net(void)
{
	cJSON_Delete(doc);
	doc = snapshot_json(&c.snapshot);
	assert_non_null(doc);
	return doc_get(doc, "net");
}

static const cJSON *link_of(const cJSON *section)
{
	return cJSON_GetArrayItem(doc_get(section, "links"), 0);
}

static const cJSON *class_of(const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(link_of(net()), "classes"))
	{
		if (strcmp(doc_text(one, "class", ""), name) == 0)
			return one;
	}
	fail_msg("no class %s", name);
	return NULL;
}

static const cJSON *pod_of(const cJSON *section, const struct pod *pod)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, doc_get(section, "pods"))
	{
		if (strcmp(doc_text(one, "pod", ""), pod->name) == 0)
			return one;
	}
	return NULL;
}

TEST(what_is_only_planned_is_not_called_shaped)
{
	assert_true(doc_true(link_of(net()), "shaped"));
	c.net_view.links.list[0].root = NET_ROOT_DEFAULT;
	assert_false(doc_true(link_of(net()), "shaped"));
	assert_string_equal(doc_text(link_of(doc_get(doc, "net")), "why", ""), "not shaped yet");
	c.net_view.links.list[0].root = NET_ROOT_OURS;
	c.net_plan.on = false;
	assert_false(doc_true(link_of(net()), "shaped"));
}

TEST(a_class_that_is_not_there_has_sent_nothing_that_anybody_counted)
{
	assert_true(cJSON_IsNumber(doc_get(class_of("P7"), "sent_bytes")));
	c.net_counts[0].levels = 1u << LEVEL_P0;
	assert_null(doc_get(class_of("P7"), "sent_bytes"));
	assert_true(cJSON_IsNumber(doc_get(class_of("P0"), "sent_bytes")));
}

TEST(a_pod_without_its_mark_has_no_numbers_and_a_reason)
{
	const cJSON *pod;

	c.net_sent[c.web->slot].marked = false;
	pod = pod_of(net(), c.web);
	assert_false(doc_true(pod, "marked"));
	assert_null(doc_get(pod, "sent_bytes"));
	assert_string_equal(doc_text(pod, "why", ""), "not yet");
	c.net_plan.mark.mask = 0;
	assert_string_equal(doc_text(pod_of(net(), c.web), "why", ""), "no link is shaped");
	c.net_plan.on = false;
	assert_string_equal(doc_text(pod_of(net(), c.web), "why", ""),
			    "the mode does not allow it");
}

TEST(what_a_pod_in_the_hosts_network_sends_is_marked_and_not_counted)
{
	const cJSON *pod;

	assert_false(doc_true(pod_of(net(), c.web), "host_network"));
	c.net_pods[c.web->slot] = (struct net_pod){.serial = c.web->serial, .host = true};
	c.net_sent[c.web->slot] = (struct net_sent){.serial = c.web->serial, .marked = true};
	pod = pod_of(net(), c.web);
	assert_true(doc_true(pod, "host_network") && doc_true(pod, "marked"));
	assert_null(doc_get(pod, "sent_bytes"));
	assert_null(doc_get(pod, "why"));
	c.net_sent[c.web->slot].marked = false;
	c.net_pods[c.web->slot].refusal = NET_HOST_DENIED;
	pod = pod_of(net(), c.web);
	assert_string_equal(doc_text(pod, "refusal", ""), "host-denied");
	assert_non_null(strstr(doc_text(pod, "why", ""), "CAP_BPF"));
}

TEST(what_was_found_of_another_pod_in_its_place_is_not_this_ones)
{
	assert_non_null(pod_of(net(), c.web));
	c.net_pods[c.web->slot].serial++;
	assert_null(pod_of(net(), c.web));
}

TEST(where_the_kernel_does_not_answer_there_are_no_old_numbers_but_the_cause)
{
	c.net_view.known = false;
	assert_true(cJSON_IsNull(net()));
	c.net.trouble = "Operation not permitted";
	assert_string_equal(doc_text(net(), "trouble", ""), "Operation not permitted");
	assert_null(doc_get(doc_get(doc, "net"), "links"));
	c.f.policy.net.on = false;
	assert_true(cJSON_IsNull(net()));
}

TEST(an_interface_of_wireguard_is_named)
{
	assert_string_equal(doc_text(net(), "wireguard", "?"), "");
	(void)snprintf(c.net_view.wireguard, sizeof(c.net_view.wireguard), "wg0");
	assert_string_equal(doc_text(net(), "wireguard", "?"), "wg0");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_only_planned_is_not_called_shaped),
		CASE(a_class_that_is_not_there_has_sent_nothing_that_anybody_counted),
		CASE(a_pod_without_its_mark_has_no_numbers_and_a_reason),
		CASE(what_a_pod_in_the_hosts_network_sends_is_marked_and_not_counted),
		CASE(what_was_found_of_another_pod_in_its_place_is_not_this_ones),
		CASE(an_interface_of_wireguard_is_named),
		CASE(where_the_kernel_does_not_answer_there_are_no_old_numbers_but_the_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
