// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <unistd.h>

#include "agent/discover/cpu_manager.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define PLACE "var/lib/kubelet/cpu_manager_state"

static enum cpu_manager read_tree(const char *spec, struct cpu_set *ret_shared)
{
	enum cpu_manager manager;
	char *dir;
	int root;

	assert_int_equal(tree_make(spec, &dir), 0);
	root = tree_open(dir);
	manager = cpu_manager_read(root, ret_shared);
	(void)close(root);
	tree_remove(dir);
	return manager;
}

TEST(the_record_of_a_kubelet_is_understood)
{
	static const struct {
		const char *text;
		enum cpu_manager manager;
		const char *shared;
	} cases[] = {
		{"{\"policyName\":\"none\",\"defaultCpuSet\":\"\",\"checksum\":1353318690}",
		 CPU_MANAGER_NONE, ""},
		{"{\"policyName\":\"static\",\"defaultCpuSet\":\"0,3-7\",\"entries\":{\"8a1c\":{\"app\":"
		 "\"1-2\"}},\"checksum\":1}",
		 CPU_MANAGER_STATIC, "0,3-7"},
		/* static without a shared pool that is understood: every set then counts */
		{"{\"policyName\":\"static\",\"defaultCpuSet\":\"x\"}", CPU_MANAGER_STATIC, ""},
		{"{\"policyName\":\"static\"}", CPU_MANAGER_STATIC, ""},
		{"{\"policyName\":\"dynamic\",\"defaultCpuSet\":\"0\"}", CPU_MANAGER_UNSURE, ""},
		{"{\"policyName\":3}", CPU_MANAGER_UNSURE, ""},
		{"{}", CPU_MANAGER_UNSURE, ""},
		{"[]", CPU_MANAGER_UNSURE, ""},
		{"{\"policyName\":\"none\"", CPU_MANAGER_UNSURE, ""},
		{"", CPU_MANAGER_UNSURE, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cpu_set shared, want;

		assert_int_equal(cpu_set_parse(cases[i].shared, &want), 0);
		assert_int_equal(cpu_manager_parse(cases[i].text, strlen(cases[i].text), &shared),
				 cases[i].manager);
		assert_true(cpu_set_equal(&shared, &want));
	}
}

TEST(it_is_looked_for_where_distributions_have_it)
{
	struct cpu_set shared;

	assert_int_equal(read_tree("etc/\n", &shared), CPU_MANAGER_ABSENT);
	assert_int_equal(read_tree(PLACE " = {\"policyName\":\"static\",\"defaultCpuSet\":\"1\"}\n",
				   &shared),
			 CPU_MANAGER_STATIC);
	assert_int_equal(shared.words[0], 2);
	assert_int_equal(
		read_tree("var/lib/k0s/kubelet/cpu_manager_state = {\"policyName\":\"none\"}\n",
			  &shared),
		CPU_MANAGER_NONE);
	assert_int_equal(read_tree(PLACE " = \n", &shared), CPU_MANAGER_UNSURE);
	/* a directory of that name */
	assert_int_equal(read_tree(PLACE "/\n", &shared), CPU_MANAGER_UNSURE);
}

TEST(one_that_cannot_be_read_is_no_absent_one)
{
	struct cpu_set shared;
	char *dir;
	int root;

	assert_int_equal(tree_make(PLACE " = {\"policyName\":\"none\"}\n", &dir), 0);
	root = tree_open(dir);
	fault_begin();
	fault_set_from(SYS_OPEN, 1, -EACCES);
	assert_int_equal(cpu_manager_read(root, &shared), CPU_MANAGER_UNSURE);
	fault_end();
	fault_begin();
	fault_set_from(SYS_READ, 1, -EIO);
	assert_int_equal(cpu_manager_read(root, &shared), CPU_MANAGER_UNSURE);
	fault_end();
	assert_int_equal(cpu_manager_read(root, &shared), CPU_MANAGER_NONE);
	(void)close(root);
	tree_remove(dir);
}

TEST(the_model_follows_where_the_policy_asks)
{
	struct model m = {0};
	char *dir;
	int root;

	assert_int_equal(tree_make(PLACE " = {\"policyName\":\"static\",\"defaultCpuSet\":\"2\"}\n",
				   &dir),
			 0);
	root = tree_open(dir);
	fault_begin();
	assert_false(cpu_manager_follow(root, false, true, &m));
	assert_int_equal(fault_count(SYS_OPEN), 0);
	fault_end();
	/* Not due: what is there is not looked at. */
	assert_false(cpu_manager_follow(root, true, false, &m));
	assert_true(cpu_manager_follow(root, true, true, &m));
	assert_int_equal(m.cpu_manager, CPU_MANAGER_STATIC);
	assert_int_equal(m.cpu_shared.words[0], 4);
	assert_false(cpu_manager_follow(root, true, true, &m));
	assert_int_equal(
		tree_write(dir, PLACE, "{\"policyName\":\"static\",\"defaultCpuSet\":\"2-3\"}"), 0);
	assert_true(cpu_manager_follow(root, true, true, &m));
	assert_int_equal(tree_delete(dir, PLACE), 0);
	assert_true(cpu_manager_follow(root, true, true, &m));
	assert_int_equal(m.cpu_manager, CPU_MANAGER_ABSENT);
	assert_int_equal(m.cpu_shared.words[0], 0);
	(void)close(root);
	tree_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_record_of_a_kubelet_is_understood),
		cmocka_unit_test(it_is_looked_for_where_distributions_have_it),
		cmocka_unit_test(one_that_cannot_be_read_is_no_absent_one),
		cmocka_unit_test(the_model_follows_where_the_policy_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
