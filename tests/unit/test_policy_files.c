// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/policy_files.h"
#include "policy/node_labels.h"
#include "policy/read.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define MODE_FILE(mode) "version: 1\nmode: " mode "\n"

static char *dir;
static int root_fd = -1;
static struct diags diags;
static struct policy *policy;

static int setup(void **state)
{
	(void)state;
	policy = NULL;
	if (tree_make(NULL, &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	return root_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	policy_free(policy);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static int read_all(void)
{
	policy_free(policy);
	policy = NULL;
	return policy_files_read(root_fd, NULL, 0, &diags, &policy);
}

TEST(without_any_file_the_built_in_default_profile_observes)
{
	assert_int_equal(read_all(), 0);
	assert_int_equal(diags.n, 0);
	assert_int_equal(policy->mode, MODE_OBSERVE);
	assert_true(policy->levels[LEVEL_P7].defined);
	assert_int_equal(policy->levels[LEVEL_P7].role, ROLE_OFFLINE);
}

TEST(a_drop_in_alone_lies_over_the_built_in_profile)
{
	tree_write(dir, "etc/colod/policy.d/50-mode.yaml", MODE_FILE("protect"));
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_PROTECT);
	assert_int_equal(policy->levels[LEVEL_P7].role, ROLE_OFFLINE);
}

TEST(a_file_named_as_the_built_in_profile_replaces_it)
{
	tree_write(dir, "etc/colod/policy.d/00-default.yaml", MODE_FILE("protect"));
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_PROTECT);
	assert_false(policy->levels[LEVEL_P7].defined);
}

TEST(files_are_merged_in_the_order_of_their_names_not_of_their_directories)
{
	tree_write(dir, "usr/lib/colod/policy.d/50-b.yaml", MODE_FILE("protect"));
	tree_write(dir, "etc/colod/policy.d/10-a.yaml", MODE_FILE("off"));
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_PROTECT);
}

TEST(a_file_of_the_same_name_in_a_later_directory_takes_the_place_of_the_earlier)
{
	tree_write(dir, "usr/lib/colod/policy.d/50-b.yaml", "this is: [no policy");
	tree_write(dir, "run/colod/policy.d/50-b.yaml", MODE_FILE("squeeze"));
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_SQUEEZE);
}

TEST(other_files_in_the_directory_do_not_count)
{
	tree_write(dir, "etc/colod/policy.d/50-a.yaml", MODE_FILE("protect"));
	tree_write(dir, "etc/colod/policy.d/99-a.yaml.bak", "broken: [");
	tree_write(dir, "etc/colod/policy.d/.hidden.yaml", "broken: [");
	tree_write(dir, "etc/colod/policy.d/README", "broken: [");
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_PROTECT);
}

TEST(one_broken_file_rejects_the_whole_set_and_names_itself)
{
	tree_write(dir, "etc/colod/policy.d/10-a.yaml", MODE_FILE("protect"));
	tree_write(dir, "etc/colod/policy.d/20-b.yaml", "version: 1\nmdoe: protect\n");
	assert_int_equal(read_all(), -EINVAL);
	assert_null(policy);
	assert_true(diags.n_errors >= 1);
	assert_string_equal(diags.list[0].file, "etc/colod/policy.d/20-b.yaml");
	assert_int_equal(diags.list[0].line, 2);
}

TEST(a_file_that_cannot_be_read_is_an_error_and_not_an_empty_file)
{
	tree_write(dir, "etc/colod/policy.d/10-a.yaml", MODE_FILE("protect"));
	tree_mkdir(dir, "etc/colod/policy.d/20-b.yaml");
	assert_true(read_all() < 0);
	assert_null(policy);
	assert_int_equal(diags.n_errors, 1);
	assert_string_equal(diags.list[0].file, "etc/colod/policy.d/20-b.yaml");
}

TEST(a_linked_file_is_read_as_a_mounted_configmap_has_it)
{
	char target[TREE_PATH_SIZE];

	tree_write(dir, "etc/colod/policy.d/..data/p.yaml", MODE_FILE("protect"));
	snprintf(target, sizeof(target), "%s/etc/colod/policy.d/p.yaml", dir);
	assert_int_equal(symlink("..data/p.yaml", target), 0);
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_PROTECT);
}

TEST(a_link_to_dev_null_hides_the_name_and_an_empty_file_does_not)
{
	char target[512];

	tree_write(dir, "usr/lib/colod/policy.d/10-site.yaml", MODE_FILE("squeeze"));
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_SQUEEZE);
	tree_mkdir(dir, "etc/colod/policy.d");
	snprintf(target, sizeof(target), "%s/etc/colod/policy.d/10-site.yaml", dir);
	assert_int_equal(symlink("/dev/null", target), 0);
	assert_int_equal(read_all(), 0);
	assert_int_equal(policy->mode, MODE_OBSERVE);
	/* What a power cut leaves is no decision of anybody. */
	assert_int_equal(unlink(target), 0);
	tree_write(dir, "etc/colod/policy.d/10-site.yaml", "");
	assert_int_equal(read_all(), -EINVAL);
}

TEST(named_files_are_read_instead_of_the_directories)
{
	char path[TREE_PATH_SIZE];
	const char *files[] = {path};

	tree_write(dir, "etc/colod/policy.d/10-a.yaml", "broken: [");
	tree_write(dir, "mine.yaml", MODE_FILE("squeeze"));
	snprintf(path, sizeof(path), "%s/mine.yaml", dir);
	assert_int_equal(policy_files_read(root_fd, files, 1, &diags, &policy), 0);
	assert_int_equal(policy->mode, MODE_SQUEEZE);
	policy_free(policy);
	policy = NULL;
	files[0] = "/nonexistent/policy.yaml";
	assert_int_equal(policy_files_read(root_fd, files, 1, &diags, &policy), -ENOENT);
	assert_int_equal(diags.n_errors, 1);
}

/* Half a policy is another policy. */
TEST(a_directory_whose_listing_breaks_off_rejects_the_policy)
{
	unsigned n;

	tree_write(dir, "etc/colod/policy.d/50-mode.yaml", MODE_FILE("protect"));
	fault_begin();
	assert_int_equal(read_all(), 0);
	n = fault_count(SYS_LIST);
	for (unsigned i = 1; i <= n; i++) {
		fault_begin();
		fault_set(SYS_LIST, i, -EIO);
		assert_int_equal(read_all(), -EIO);
		assert_null(policy);
		assert_int_equal(diags.n_errors, 1);
		assert_string_equal(diags.list[0].file, "etc/colod/policy.d");
	}
	fault_end();
	assert_true(n >= 4);
}

#define POOL "version: 1\nnodes: {label: pool=batch}\nmode: protect\n"

/* MODE_COUNT: it waits, and its reason holds `why`. */
static void expect_pool(const struct policy_files_node *on, enum mode mode, const char *why)
{
	struct policy *p = NULL;

	assert_int_equal(policy_files_read_to(root_fd, NULL, 0, on, &diags, NULL, NULL, &p), 0);
	assert_true((mode == MODE_COUNT) == (policy_waits(p) != NULL));
	if (policy_waits(p))
		assert_non_null(strstr(policy_waits(p), why));
	else
		assert_int_equal(p->mode, mode);
	policy_free(p);
}

TEST(labels_that_a_person_wrote_win_and_broken_ones_are_unknown)
{
	struct pod_label pool = {(char *)"pool", (char *)"batch"};
	const struct node_labels told = {&pool, 1};
	const struct policy_files_node agent = {.labels = &told},
				       unknown = {.labels_why = "nobody answers"};

	tree_write(dir, "etc/colod/policy.d/50-pool.yaml", POOL);
	expect_pool(NULL, MODE_COUNT, "nobody tells them here");
	expect_pool(&unknown, MODE_COUNT, "nobody answers");
	expect_pool(&agent, MODE_PROTECT, NULL);
	tree_write(dir, "etc/colod/node-labels", "pool=db\n");
	expect_pool(&agent, MODE_OBSERVE, NULL);
	expect_pool(&unknown, MODE_OBSERVE, NULL);
	tree_write(dir, "etc/colod/node-labels", "zone=a\npool batch\n");
	expect_pool(&agent, MODE_COUNT, "/etc/colod/node-labels, line 2 is no label");
	tree_delete(dir, "etc/colod/node-labels");
	tree_mkdir(dir, "etc/colod/node-labels");
	expect_pool(&agent, MODE_COUNT, "/etc/colod/node-labels: ");
	tree_delete(dir, "etc/colod/node-labels");
}

TEST(what_an_agent_was_told_counts_only_for_who_asks_for_that)
{
	const struct policy_files_node ctl = {.labels_told = true}, agent = {0};

	tree_write(dir, "etc/colod/policy.d/50-pool.yaml", POOL);
	tree_write(dir, "run/colod/node-labels", "pool=batch\n");
	expect_pool(&ctl, MODE_PROTECT, NULL);
	expect_pool(&agent, MODE_COUNT, "");
	tree_write(dir, "etc/colod/node-labels", "pool=db\n");
	expect_pool(&ctl, MODE_OBSERVE, NULL);
}

static void count_sources(void *context, const struct policy_source *sources, size_t n)
{
	(void)sources;
	*(size_t *)context += n;
}

TEST(the_files_of_a_policy_that_waits_are_not_those_in_force)
{
	struct policy *p = NULL;
	size_t n = 0;

	tree_write(dir, "etc/colod/policy.d/50-pool.yaml", POOL);
	assert_int_equal(
		policy_files_read_to(root_fd, NULL, 0, NULL, &diags, count_sources, &n, &p), 0);
	assert_int_equal(n, 0);
	policy_free(p);
}

TEST(labels_that_a_person_writes_are_a_change_of_the_files)
{
	uint64_t before = policy_files_stamp(root_fd);

	tree_write(dir, "etc/colod/node-labels", "pool=db\n");
	assert_true(policy_files_stamp(root_fd) != before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			without_any_file_the_built_in_default_profile_observes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_drop_in_alone_lies_over_the_built_in_profile,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_named_as_the_built_in_profile_replaces_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			files_are_merged_in_the_order_of_their_names_not_of_their_directories,
			setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_of_the_same_name_in_a_later_directory_takes_the_place_of_the_earlier,
			setup, teardown),
		cmocka_unit_test_setup_teardown(other_files_in_the_directory_do_not_count, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			one_broken_file_rejects_the_whole_set_and_names_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_that_cannot_be_read_is_an_error_and_not_an_empty_file, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_link_to_dev_null_hides_the_name_and_an_empty_file_does_not, setup,
			teardown),
		cmocka_unit_test_setup_teardown(a_linked_file_is_read_as_a_mounted_configmap_has_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(named_files_are_read_instead_of_the_directories,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_directory_whose_listing_breaks_off_rejects_the_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(
			labels_that_a_person_wrote_win_and_broken_ones_are_unknown, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			what_an_agent_was_told_counts_only_for_who_asks_for_that, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_files_of_a_policy_that_waits_are_not_those_in_force, setup, teardown),
		cmocka_unit_test_setup_teardown(
			labels_that_a_person_writes_are_a_change_of_the_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
