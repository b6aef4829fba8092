// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose cycles are counted, and what becomes of a kernel that does not. Nothing is counted here: the directories of the tree
// are no cgroups, and each opening fails in one way or another.
#include "agent/observe/cpi_watch.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fake.h"
#include "tests/lib/fault.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define S 1000000ll

static const struct cpi_events events = {.type = PERF_TYPE_SOFTWARE};
static char *dir;
static int cgroup_fd, said_fd, saved_fd;
static struct fake f;
static struct policy policy;
static struct cpi_watch w;
static struct kept_reader reader;
static int64_t now_us;

static int setup(void **state)
{
	char path[TREE_PATH_SIZE];

	(void)state;
	fake_init(&f);
	w = (struct cpi_watch){.events = &events};
	policy = (struct policy){
		.n_slis = 1,
		.slis = {{.name = "c", .sign = SLI_CPI, .level = LEVEL_NONE, .bound = 1500}},
	};
	now_us = 10 * S;
	assert_int_equal(tree_make("@host 1\n", &dir), 0);
	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup", dir);
	cgroup_fd = tree_open(path);
	said_fd = memfd_create("stderr", MFD_CLOEXEC);
	saved_fd = dup(STDERR_FILENO);
	fault_begin();
	return dup2(said_fd, STDERR_FILENO) < 0;
}

static int teardown(void **state)
{
	(void)state;
	fault_end();
	(void)dup2(saved_fd, STDERR_FILENO);
	close(saved_fd);
	close(said_fd);
	cpi_watch_close(&w);
	fake_free(&f);
	close(cgroup_fd);
	tree_remove(dir);
	return 0;
}

/* How often this was said so far. */
static unsigned said(const char *what)
{
	char text[8192] = "";
	unsigned n = 0;

	assert_true(pread(said_fd, text, sizeof(text) - 1, 0) >= 0);
	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static struct pod *pod_at(unsigned i, enum level level)
{
	char path[64];
	struct pod *pod;

	(void)snprintf(path, sizeof(path), "kubepods.slice/kubepods-pod%02u.slice", i);
	assert_int_equal(tree_cgroup(dir, path), 0);
	pod = fake_pod(&f, path, QOS_GUARANTEED);
	(void)snprintf(pod->name, sizeof(pod->name), "shop/web%02u", i);
	assert_int_equal(fs_inode(cgroup_fd, path, &pod->cgroup->inode), 0);
	fake_level(&f, pod, level);
	fake_sample(&f, pod, now_us, 0, 0);
	return pod;
}

static void choose(size_t max_fds)
{
	cpi_watch_choose(&w, &f.model, &f.plan, &policy, &f.samples, max_fds);
}

static void pass(void)
{
	now_us += S;
	choose(CPI_WATCH_FDS);
	cpi_watch_read(&w, &reader, cgroup_fd, &f.model, &f.samples, now_us);
}

static bool is_chosen(const struct pod *pod)
{
	for (size_t i = 0; i < CPI_WATCH_PODS; i++)
		if (w.pods[i].serial == pod->serial)
			return w.pods[i].slot == pod->slot;
	return false;
}

static unsigned n_chosen(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < CPI_WATCH_PODS; i++)
		n += w.pods[i].serial != 0;
	return n;
}

TEST(only_pods_that_an_sli_of_cpi_is_about_are_counted)
{
	struct pod *a = pod_at(1, LEVEL_P0), *b = pod_at(2, LEVEL_P4), *c = pod_at(3, LEVEL_P7);

	policy.slis[0].sign = SLI_CPU_SOME;
	pass();
	assert_int_equal(n_chosen(), 0);
	assert_int_equal(fault_count(SYS_PERF), 0);
	assert_int_equal(fault_count(SYS_OPEN), 0);
	policy.slis[0].sign = SLI_CPI;
	choose(CPI_WATCH_FDS);
	assert_true(is_chosen(a) && is_chosen(b));
	assert_false(is_chosen(c));
	policy.slis[0].level = LEVEL_P4;
	choose(CPI_WATCH_FDS);
	assert_true(is_chosen(b));
	assert_int_equal(n_chosen(), 1);
	(void)snprintf(policy.slis[0].pods, sizeof(policy.slis[0].pods), "shop/web01");
	choose(CPI_WATCH_FDS);
	assert_int_equal(n_chosen(), 0);
	policy.slis[0].level = LEVEL_NONE;
	choose(CPI_WATCH_FDS);
	assert_true(is_chosen(a));
	assert_int_equal(n_chosen(), 1);
	cpi_watch_choose(&w, &f.model, &f.plan, NULL, &f.samples, CPI_WATCH_FDS);
	assert_int_equal(n_chosen(), 0);
	assert_int_equal(lseek(said_fd, 0, SEEK_END), 0);
}

/* Four CPUs: eight descriptors a pod. */
TEST(where_there_is_no_room_for_all_the_highest_levels_are_counted_and_it_is_said_once)
{
	struct pod *low = pod_at(1, LEVEL_P4), *a = pod_at(2, LEVEL_P0), *b, *late;

	choose(16);
	assert_true(is_chosen(low) && is_chosen(a));
	assert_int_equal(said("not measured"), 0);
	b = pod_at(3, LEVEL_P0);
	choose(16);
	assert_true(is_chosen(a) && is_chosen(b));
	assert_int_equal(n_chosen(), 2);
	assert_int_equal(said("1 of 3 pods that an sli of cpi is about are not measured"), 1);
	assert_int_equal(said("room for 2, with 8 descriptors each"), 1);
	/* Who is counted stays before its equals. */
	late = pod_at(0, LEVEL_P0);
	choose(16);
	assert_true(is_chosen(a) && is_chosen(b));
	assert_false(is_chosen(late));
	choose(7);
	assert_int_equal(n_chosen(), 0);
	assert_int_equal(said("not measured"), 1);
}

TEST(there_are_bounds_whatever_room_there_is)
{
	for (unsigned i = 0; i < 20; i++)
		(void)pod_at(i, LEVEL_P0);
	choose(SIZE_MAX);
	assert_int_equal(n_chosen(), CPI_WATCH_PODS);
	assert_int_equal(said("4 of 20 pods"), 1);
	f.model.node.n_cpus = 100;
	choose(SIZE_MAX);
	assert_int_equal(n_chosen(), 5);
	f.model.node.n_cpus = 4;
}

TEST(what_was_measured_of_a_pod_that_is_left_out_is_forgotten)
{
	struct pod *a = pod_at(1, LEVEL_P0);

	choose(CPI_WATCH_FDS);
	f.samples.pods[a->slot]->cpi = (struct pod_cpi){now_us, 1500, 0};
	choose(CPI_WATCH_FDS);
	assert_int_equal(f.samples.pods[a->slot]->cpi.milli, 1500);
	choose(0);
	assert_int_equal(f.samples.pods[a->slot]->cpi.at_us, 0);
}

TEST(without_the_capability_it_is_said_once_and_nothing_is_tried)
{
	static const struct {
		bool switched_off, denied;
		const char *why;
	} rows[] = {
		{true, false, "cpi is measured: --without switches"},
		{false, true, "cpi is measured: colod may not count cycles"},
		{false, false, "cpi is measured: no PMU counts cycles here"},
	};

	(void)pod_at(1, LEVEL_P0);
	f.model.capabilities &= ~(1u << CAPABILITY_PERF);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f.model.switched_off = (uint32_t)rows[i].switched_off << CAPABILITY_PERF;
		f.model.denied = (uint32_t)rows[i].denied << CAPABILITY_PERF;
		for (int k = 0; k < 3; k++)
			pass();
		assert_int_equal(said(rows[i].why), 1);
		/* Another policy that asks, too, asks nothing new. */
		policy.slis[0].bound++;
		pass();
		assert_int_equal(said(rows[i].why), 1);
		policy.n_slis = 0;
		pass();
		policy.n_slis = 1;
	}
	assert_int_equal(said("cpi is measured"), 3);
	assert_int_equal(fault_count(SYS_PERF), 0);
}

/* The first opening of a pod, and where that may be the pod's alone a probe. */
TEST(a_kernel_that_counts_nothing_is_asked_once)
{
	static const struct {
		int error;
		unsigned calls;
		const char *why;
	} rows[] = {
		{ENOENT, 2, "the kernel cannot count cycles of a cgroup"},
		{EOPNOTSUPP, 2, "the kernel cannot count cycles of a cgroup"},
		{EINVAL, 1, "the kernel cannot count cycles of a cgroup"},
		{EACCES, 1, "the kernel does not let colod count cycles of a cgroup"},
		{EPERM, 1, "the kernel does not let colod count cycles of a cgroup"},
	};

	(void)pod_at(1, LEVEL_P0);
	(void)pod_at(2, LEVEL_P0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned before = said(rows[i].why);

		fault_end();
		fault_begin();
		fault_set_from(SYS_PERF, 1, -rows[i].error);
		for (int k = 0; k < 30; k++)
			pass();
		assert_int_equal(fault_count(SYS_PERF), rows[i].calls);
		assert_int_equal(said(rows[i].why) - before, 1);
		assert_int_equal(n_chosen(), 0);
		/* A policy that asks anew has it tried once more. */
		policy.n_slis = 0;
		pass();
		policy.n_slis = 1;
	}
}

TEST(what_is_short_costs_the_pod_and_is_said_once)
{
	static const int errors[] = {EMFILE, ENOSPC, EBUSY, ENOMEM};
	struct pod *a = pod_at(1, LEVEL_P0), *b = pod_at(2, LEVEL_P0);

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fault_end();
		fault_begin();
		fault_set_from(SYS_PERF, 1, -errors[i]);
		for (int k = 0; k < 30; k++)
			pass();
		assert_int_equal(fault_count(SYS_PERF), 2);
		assert_int_equal(said("/kubepods-pod01.slice is not measured"), i + 1);
		assert_int_equal(said("/kubepods-pod02.slice"), 0);
		assert_int_equal(said(strerror(errors[i])), 1);
		assert_true(is_chosen(a) && is_chosen(b));
		assert_int_equal(f.samples.pods[a->slot]->cpi.at_us, 0);
		policy.n_slis = 0;
		pass();
		policy.n_slis = 1;
	}
	assert_int_equal(said("no sli of cpi"), 0);
}

TEST(a_cpu_that_has_just_gone_is_tried_again_a_few_times)
{
	(void)pod_at(1, LEVEL_P0);
	fault_set_from(SYS_PERF, 1, -ENODEV);
	pass();
	pass();
	assert_int_equal(fault_count(SYS_PERF), 1);
	for (int k = 0; k < 100; k++)
		pass();
	assert_int_equal(fault_count(SYS_PERF), 5);
	assert_int_equal(said("is not measured"), 1);
}

/* Where the machine has the event: ENOENT is what the kernel says of a cgroup that goes just then. */
TEST(a_cgroup_that_goes_as_it_is_opened_ends_nothing)
{
	struct pod *a = pod_at(1, LEVEL_P0);

	if (cpi_files_probe(&events, 0) < 0) {
		print_message("no software event can be opened here\n");
		skip();
	}
	fault_end();
	fault_begin();
	fault_set(SYS_PERF, 1, -ENOENT);
	pass();
	pass();
	assert_int_equal(fault_count(SYS_PERF), 2);
	assert_true(is_chosen(a));
	assert_false(w.off);
	assert_int_equal(lseek(said_fd, 0, SEEK_END), 0);
}

TEST(a_pod_that_has_gone_or_was_made_anew_is_not_counted_and_nothing_is_said)
{
	struct pod *a = pod_at(1, LEVEL_P0), *b = pod_at(2, LEVEL_P0);

	a->cgroup->inode++;
	assert_int_equal(tree_delete(dir, "sys/fs/cgroup/kubepods.slice/kubepods-pod02.slice"), 0);
	pass();
	pass();
	assert_true(is_chosen(a) && is_chosen(b));
	assert_int_equal(fault_count(SYS_PERF), 0);
	f.model.n_pods = 1;
	pass();
	assert_false(is_chosen(b));
	a->serial += 100;
	pass();
	assert_true(is_chosen(a) || n_chosen() == 0);
	assert_int_equal(lseek(said_fd, 0, SEEK_END), 0);
	f.model.n_pods = 2;
}

TEST(a_pass_allocates_nothing)
{
	unsigned long before;

	(void)pod_at(1, LEVEL_P0);
	f.model.capabilities &= ~(1u << CAPABILITY_PERF);
	pass();
	before = alloc_count();
	for (int k = 0; k < 100; k++)
		pass();
	f.model.capabilities |= 1u << CAPABILITY_PERF;
	policy.n_slis = 0;
	for (int k = 0; k < 100; k++)
		pass();
	assert_int_equal(alloc_count(), before);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_pods_that_an_sli_of_cpi_is_about_are_counted),
		CASE(where_there_is_no_room_for_all_the_highest_levels_are_counted_and_it_is_said_once),
		CASE(there_are_bounds_whatever_room_there_is),
		CASE(what_was_measured_of_a_pod_that_is_left_out_is_forgotten),
		CASE(without_the_capability_it_is_said_once_and_nothing_is_tried),
		CASE(a_kernel_that_counts_nothing_is_asked_once),
		CASE(what_is_short_costs_the_pod_and_is_said_once),
		CASE(a_cpu_that_has_just_gone_is_tried_again_a_few_times),
		CASE(a_cgroup_that_goes_as_it_is_opened_ends_nothing),
		CASE(a_pod_that_has_gone_or_was_made_anew_is_not_counted_and_nothing_is_said),
		CASE(a_pass_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
