// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <stdlib.h>

#include "agent/discover/kubelet_place.h"

static struct kubelet_place p;

static int teardown(void **state)
{
	(void)state;
	kubelet_place_clear(&p);
	return 0;
}

static void find(struct kubelet_policy policy, struct kubelet_surroundings here)
{
	kubelet_place_clear(&p);
	assert_int_equal(kubelet_place_find(&policy, &here, &p), 0);
}

TEST(in_a_pod_of_the_cluster_nothing_has_to_be_written)
{
	find((struct kubelet_policy){0}, (struct kubelet_surroundings){.node_name = "node-1",
								       .host_name = "other",
								       .service_host = "10.96.0.1",
								       .service_port = "443"});
	assert_string_equal(p.shown, "https://127.0.0.1:10250");
	/* A kubelet's certificate is for the node's name, not for the loopback address. */
	assert_string_equal(p.url, "https://node-1:10250");
	assert_string_equal(p.connect, "::127.0.0.1:10250");
	assert_string_equal(p.name, "node-1");
	assert_null(p.ca);
	assert_string_equal(p.api, "https://10.96.0.1:443");
	assert_string_equal(p.api_ca, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
	assert_string_equal(p.token, "/var/run/secrets/kubernetes.io/serviceaccount/token");
	assert_string_equal(p.node, "node-1");
}

TEST(the_policy_wins_over_what_the_machine_says)
{
	find((struct kubelet_policy){.url = (char *)"https://10.0.0.7",
				     .ca = (char *)"/k",
				     .api = (char *)"https://api:6443",
				     .api_ca = (char *)"/a",
				     .token = (char *)"/t",
				     .node = (char *)"n2"},
	     (struct kubelet_surroundings){.node_name = "node-1", .service_host = "10.96.0.1"});
	/* By its own address, whose certificate names it. */
	assert_string_equal(p.url, "https://10.0.0.7:10250");
	assert_null(p.connect);
	assert_string_equal(p.name, "10.0.0.7");
	assert_string_equal(p.ca, "/k");
	assert_string_equal(p.api, "https://api:6443");
	assert_string_equal(p.api_ca, "/a");
	assert_string_equal(p.token, "/t");
	assert_string_equal(p.node, "n2");
}

TEST(a_name_for_the_certificate_is_asked_for_at_the_given_address)
{
	find((struct kubelet_policy){.url = (char *)"https://[fd00::7]:1", .name = (char *)"k"},
	     (struct kubelet_surroundings){.host_name = "Host-A"});
	assert_string_equal(p.url, "https://k:1");
	assert_string_equal(p.connect, "::[fd00::7]:1");
	assert_string_equal(p.node, "host-a");
	assert_null(p.api);
	find((struct kubelet_policy){.url = (char *)"https://[fd00::7]:1"},
	     (struct kubelet_surroundings){.host_name = "h", .service_host = "fd00::1"});
	assert_string_equal(p.url, "https://[fd00::7]:1");
	assert_string_equal(p.name, "fd00::7");
	assert_string_equal(p.api, "https://[fd00::1]:443");
	find((struct kubelet_policy){.url = (char *)"https://[::1]:1"},
	     (struct kubelet_surroundings){.host_name = "h"});
	assert_string_equal(p.url, "https://h:1");
	assert_string_equal(p.connect, "::[::1]:1");
}

TEST(what_is_no_name_is_no_node)
{
	find((struct kubelet_policy){0}, (struct kubelet_surroundings){.node_name = "a b&c"});
	assert_string_equal(p.node, "");
	assert_string_equal(p.url, "https://127.0.0.1:10250");
	find((struct kubelet_policy){0},
	     (struct kubelet_surroundings){.node_name = "", .host_name = "h"});
	assert_string_equal(p.node, "h");
	find((struct kubelet_policy){0}, (struct kubelet_surroundings){0});
	assert_string_equal(p.node, "");
}

TEST(a_copy_is_the_same_until_something_differs)
{
	struct kubelet_place copy = {0};

	find((struct kubelet_policy){0}, (struct kubelet_surroundings){.node_name = "n"});
	assert_int_equal(kubelet_place_copy(&p, &copy), 0);
	assert_true(kubelet_place_same(&p, &copy));
	free(copy.token);
	copy.token = strdup("/else");
	assert_false(kubelet_place_same(&p, &copy));
	free(copy.token);
	copy.token = NULL;
	assert_false(kubelet_place_same(&p, &copy));
	kubelet_place_clear(&copy);
}

TEST(the_environment_is_looked_at)
{
	char host[256];
	struct kubelet_surroundings here;

	assert_int_equal(setenv("NODE_NAME", "from-env", 1), 0);
	here = kubelet_place_here(host, sizeof(host));
	assert_string_equal(here.node_name, "from-env");
	assert_int_equal(unsetenv("NODE_NAME"), 0);
	here = kubelet_place_here(host, sizeof(host));
	assert_null(here.node_name);
	assert_true(here.host_name[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(in_a_pod_of_the_cluster_nothing_has_to_be_written,
					  teardown),
		cmocka_unit_test_teardown(the_policy_wins_over_what_the_machine_says, teardown),
		cmocka_unit_test_teardown(
			a_name_for_the_certificate_is_asked_for_at_the_given_address, teardown),
		cmocka_unit_test_teardown(what_is_no_name_is_no_node, teardown),
		cmocka_unit_test_teardown(a_copy_is_the_same_until_something_differs, teardown),
		cmocka_unit_test(the_environment_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
