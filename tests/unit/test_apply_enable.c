// SPDX-License-Identifier: LGPL-2.1-or-later
// A controller that is not handed down: enabled where colod may, else the owner is named and the
// file is not touched.
#include "tests/lib/test.h"

#include <errno.h>

#include "tests/lib/fake_kernel.h"
#include "tests/lib/tree.h"

static struct fake_kernel k;

static int setup(void **state)
{
	(void)state;
	fake_kernel_open(&k, "@host 1\n");
	fake_kernel_start(&k);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_kernel_close(&k);
	return 0;
}

/* A pod whose parent hands down memory only. */
static struct cgroup *pod_at(const char *path, enum pod_kind kind)
{
	struct cgroup *cg = fake_kernel_cgroup(&k, path);
	struct pod *pod = fake_pod(&k.f, path, QOS_NONE);

	pod->kind = kind;
	cg->parent->subtree = CONTROLLER_MEMORY;
	assert_int_equal(tree_knob(k.dir, cg->parent->path, "cgroup.subtree_control", "memory"), 0);
	return cg;
}

static void handed_down(const struct cgroup *parent, const char *text)
{
	char buf[256];

	assert_int_equal(
		tree_knob_read(k.dir, parent->path, "cgroup.subtree_control", buf, sizeof(buf)), 0);
	assert_string_equal(buf, text);
}

static void refused(struct cgroup *cg, const char *owner_starts)
{
	const char *owner = NULL;

	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_CPU_WEIGHT, &owner),
			 -EPERM);
	assert_non_null(owner);
	assert_int_equal(strncmp(owner, owner_starts, strlen(owner_starts)), 0);
	handed_down(cg->parent, "memory");
}

TEST(the_parent_of_a_pod_that_a_rule_named_gets_the_controller)
{
	struct cgroup *cg = pod_at("batch/job-1", POD_CGROUP);
	const char *owner = "untouched";

	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_CPU_WEIGHT, &owner),
			 1);
	assert_string_equal(owner, "untouched");
	/* A real kernel adds it to the others; the tree shows what was written, over the start. */
	handed_down(cg->parent, "+cpury");
	assert_true(cg->parent->subtree & CONTROLLER_CPU);
	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_CPU_IDLE, &owner),
			 0);
	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_MEMORY_LOW, &owner),
			 0);
}

TEST(a_systemd_unit_and_all_below_it_is_systemds)
{
	const char *owner = NULL;
	struct cgroup *cg = pod_at("batch.slice/job-1", POD_CGROUP);

	refused(cg, "systemd (set CPUWeight");
	refused(pod_at("a.service/inner/job", POD_CGROUP), "systemd");
	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_IO_WEIGHT, &owner),
			 -EPERM);
	assert_non_null(strstr(owner, "IOAccounting"));
}

TEST(the_root_is_systemds)
{
	struct cgroup *cg = fake_kernel_cgroup(&k, "job");

	fake_pod(&k.f, "job", QOS_NONE)->kind = POD_CGROUP;
	cg->parent->subtree = 0;
	assert_int_equal(tree_knob(k.dir, "", "cgroup.subtree_control", "memory"), 0);
	refused(cg, "systemd");
}

TEST(pods_of_the_cgroupfs_driver_are_the_kubelets)
{
	refused(pod_at("kubepods/burstable/pod1", POD_KUBERNETES), "the kubelet");
	refused(pod_at("kubepods/pod2", POD_KUBERNETES), "the kubelet");
}

TEST(a_cgroup_that_is_no_pod_is_not_colods_to_change)
{
	struct cgroup *inner;

	pod_at("batch/job-1", POD_CGROUP);
	inner = fake_kernel_cgroup(&k, "batch/job-1/inner");
	inner->parent->subtree = CONTROLLER_MEMORY;
	assert_int_equal(tree_knob(k.dir, inner->parent->path, "cgroup.subtree_control", "memory"),
			 0);
	refused(inner, "whoever made this cgroup");
}

TEST(a_parent_that_vanished_is_an_error_and_no_owner)
{
	struct cgroup *cg = pod_at("batch/job-1", POD_CGROUP);
	const char *owner = NULL;

	fake_kernel_remove(&k, "batch");
	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_CPU_WEIGHT, &owner),
			 -ENOENT);
	assert_null(owner);
}

/* Its files are missing, whatever its parent hands down, and its name may be another's by now. */
TEST(a_pod_that_vanished_is_an_error_and_no_owner)
{
	struct cgroup *cg = pod_at("batch.slice/job-1", POD_CGROUP);
	const char *owner = NULL;

	fake_kernel_remove(&k, "batch.slice/job-1");
	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_CPU_WEIGHT, &owner),
			 -ENOENT);
	assert_int_equal(tree_cgroup(k.dir, "batch.slice/job-1"), 0);
	cg->inode++;
	assert_int_equal(apply_enable_controller(k.apply, &k.f.model, cg, KNOB_CPU_WEIGHT, &owner),
			 -ESTALE);
	assert_null(owner);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_parent_of_a_pod_that_a_rule_named_gets_the_controller),
		CASE(a_systemd_unit_and_all_below_it_is_systemds),
		CASE(the_root_is_systemds),
		CASE(pods_of_the_cgroupfs_driver_are_the_kubelets),
		CASE(a_cgroup_that_is_no_pod_is_not_colods_to_change),
		CASE(a_parent_that_vanished_is_an_error_and_no_owner),
		CASE(a_pod_that_vanished_is_an_error_and_no_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
