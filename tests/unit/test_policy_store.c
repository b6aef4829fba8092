// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/policy_store.h"
#include "policy/read.h"
#include "policy/show.h"
#include "tests/lib/policy_case.h"
#include "tests/lib/tree.h"

static char *dir;
static int root = -1;

static int setup(void **state)
{
	(void)state;
	if (tree_make(NULL, &dir) < 0 || tree_mkdir(dir, "var/lib/colod") < 0)
		return -1;
	root = tree_open(dir);
	return root < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(root);
	tree_remove(dir);
	return 0;
}

static struct policy *some_policy(const char *mode)
{
	char text[512];
	const char *texts[] = {text};

	snprintf(text, sizeof(text),
		 "version: 1\nmode: %s\nlevels: {P7: {role: offline, cpu: {yield: ratio 20}}}\n"
		 "assign: [{match: {label: \"a=b*\"}, level: P7}]\n",
		 mode);
	return policy_case_read(texts, 1);
}

TEST(what_was_kept_comes_back_as_the_same_policy)
{
	struct policy *policy = some_policy("protect"), *back = NULL;

	assert_int_equal(policy_store_load(root, NULL, NULL, &back), -ENOENT);
	assert_int_equal(policy_store_save(root, policy), 0);
	assert_int_equal(policy_store_load(root, NULL, NULL, &back), 0);
	assert_int_equal(back->mode, MODE_PROTECT);
	assert_true(show_digest(back) == show_digest(policy));
	policy_free(back);
	policy_free(policy);
}

static ino_t inode(void)
{
	struct stat st;

	assert_int_equal(fstatat(root, POLICY_STORE_FILE, &st, 0), 0);
	return st.st_ino;
}

TEST(the_same_policy_is_not_written_twice_and_another_one_is)
{
	struct policy *policy = some_policy("protect"), *other = some_policy("squeeze");
	ino_t first;

	assert_int_equal(policy_store_save(root, policy), 0);
	first = inode();
	assert_int_equal(policy_store_save(root, policy), 0);
	assert_int_equal(inode(), first);
	assert_int_equal(policy_store_save(root, other), 0);
	assert_int_not_equal(inode(), first);
	policy_free(policy);
	policy_free(other);
}

/* Cut anywhere, and with any one byte changed: never taken for a policy that nobody wrote. */
TEST(a_file_that_was_cut_or_changed_is_not_used)
{
	struct policy *policy = some_policy("full"), *back = NULL;
	static char text[8192];
	char path[512];
	size_t len;
	int fd;

	assert_int_equal(policy_store_save(root, policy), 0);
	assert_int_equal(tree_read(dir, POLICY_STORE_FILE, text, sizeof(text)), 0);
	len = strlen(text);
	snprintf(path, sizeof(path), "%s/%s", dir, POLICY_STORE_FILE);
	for (size_t cut = 0; cut < len; cut++) {
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		assert_int_equal(write(fd, text, cut), cut);
		close(fd);
		assert_int_equal(policy_store_load(root, NULL, NULL, &back), -EBADMSG);
	}
	for (size_t at = 0; at < len; at++) {
		char was = text[at];

		text[at] = was == 'x' ? 'y' : 'x';
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		assert_int_equal(write(fd, text, len), len);
		close(fd);
		text[at] = was;
		if (policy_store_load(root, NULL, NULL, &back) == 0) {
			/* Only blanks, which mean nothing. */
			assert_true(show_digest(back) == show_digest(policy));
			policy_free(back);
		}
	}
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_kept_comes_back_as_the_same_policy, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			the_same_policy_is_not_written_twice_and_another_one_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_was_cut_or_changed_is_not_used, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
