// SPDX-License-Identifier: LGPL-2.1-or-later
// The fake tree itself: what other tests build on.
#include "tests/lib/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/discover/cgroup_name.h"
#include "tests/lib/tree.h"

#define UID_A "11111111-aaaa-4bbb-8ccc-000000000001"

TEST(a_spec_makes_files_directories_and_many_lines)
{
	char *dir;
	char text[64];
	struct stat st;
	int fd;

	assert_int_equal(tree_make("# a comment\n\n"
				   "  etc/one = 1\n"
				   "etc/lines = a\\nb\n"
				   "etc/empty =\n"
				   "var/run/\n",
				   &dir),
			 0);
	assert_int_equal(tree_read(dir, "etc/one", text, sizeof(text)), 0);
	assert_string_equal(text, "1");
	assert_int_equal(tree_read(dir, "etc/lines", text, sizeof(text)), 0);
	assert_string_equal(text, "a\nb");
	assert_int_equal(tree_read(dir, "etc/empty", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	fd = tree_open(dir);
	assert_int_equal(fstatat(fd, "var/run", &st, 0), 0);
	assert_true(S_ISDIR(st.st_mode));
	(void)close(fd);
	tree_remove(dir);
}

TEST(a_spec_that_means_nothing_is_refused_and_leaves_nothing)
{
	char *dir = NULL;

	assert_int_equal(tree_make("neither file nor directory\n", &dir), -EINVAL);
	assert_int_equal(tree_make("@pod dockerd Burstable x 1\n", &dir), -EINVAL);
	assert_null(dir);
}

TEST(later_lines_win_over_what_a_macro_wrote)
{
	char *dir;
	char text[64];

	assert_int_equal(tree_make("@host 2\n@pod systemd BestEffort " UID_A " 1\n"
				   "sys/fs/cgroup/kubepods.slice/cpu.weight = 79\n"
				   "@cgroup kubepods.slice/x.slice\n",
				   &dir),
			 0);
	assert_int_equal(tree_knob_read(dir, "kubepods.slice", "cpu.weight", text, sizeof(text)),
			 0);
	assert_string_equal(text, "79");
	assert_int_equal(
		tree_knob_read(dir, "kubepods.slice/x.slice", "cpu.weight", text, sizeof(text)), 0);
	assert_string_equal(text, "100");
	tree_remove(dir);
}

TEST(both_layouts_are_the_kubelets)
{
	char *dir;
	char path[TREE_PATH_SIZE];

	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	assert_int_equal(tree_pod_systemd(dir, QOS_BURSTABLE, UID_A, 4, path), 0);
	assert_string_equal(path, "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
				  "pod11111111_aaaa_4bbb_8ccc_000000000001.slice");
	assert_int_equal(tree_pod_cgroupfs(dir, QOS_GUARANTEED, UID_A, 4, path), 0);
	assert_string_equal(path, "kubepods/pod" UID_A);
	assert_int_equal(tree_pod_below(dir, "kubelet.slice/kubelet-kubepods.slice", "crio",
					QOS_GUARANTEED, UID_A, 4, path),
			 0);
	assert_string_equal(path, "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-"
				  "pod11111111_aaaa_4bbb_8ccc_000000000001.slice");
	tree_remove(dir);
}

TEST(a_removed_tree_is_gone)
{
	char *dir;
	char kept[64];

	assert_int_equal(tree_make("@host 8\n", &dir), 0);
	assert_true(strlen(dir) < sizeof(kept));
	memcpy(kept, dir, strlen(dir) + 1);
	tree_remove(dir);
	assert_int_equal(access(kept, F_OK), -1);
	tree_remove(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_makes_files_directories_and_many_lines),
		cmocka_unit_test(a_spec_that_means_nothing_is_refused_and_leaves_nothing),
		cmocka_unit_test(later_lines_win_over_what_a_macro_wrote),
		cmocka_unit_test(both_layouts_are_the_kubelets),
		cmocka_unit_test(a_removed_tree_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
