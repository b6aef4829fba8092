// SPDX-License-Identifier: LGPL-2.1-or-later
// What is never killed, whoever asks for it and whatever the model says.
#include "agent/apply/kill_check.h"
#include "tests/lib/fault.h"
#include "tests/lib/kill_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int check(struct kill_case *c, const struct kill_job *job, struct kill_done *ret_done,
		 const char **ret_why)
{
	struct kill_largest largest;
	int r;

	kill_largest_begin(&largest, 0);
	*ret_done = (struct kill_done){0};
	*ret_why = NULL;
	r = kill_check(&c->place, job, &largest, ret_done, ret_why);
	kill_largest_end(&largest);
	return r;
}

static void refused_job(struct kill_case *c, const struct kill_job *job, const char *why)
{
	struct kill_done done;
	const char *said;

	assert_int_equal(check(c, job, &done, &said), -EPERM);
	assert_string_equal(said, why);
	(void)close(job->dir_fd);
}

/* Everything else about the job is as it should be. */
static void refused(struct kill_case *c, const char *path, const char *why)
{
	struct kill_job job = kill_case_job(c, path);

	refused_job(c, &job, why);
}

static void allowed(struct kill_case *c, uint32_t n_cgroups, uint32_t n_processes)
{
	struct kill_job job = kill_case_job(c, KILL_POD);
	struct kill_done done;
	const char *said;

	assert_int_equal(check(c, &job, &done, &said), 0);
	assert_null(said);
	assert_int_equal(done.n_cgroups, n_cgroups);
	assert_int_equal(done.n_processes, n_processes);
	(void)close(job.dir_fd);
}

TEST(a_pod_may_be_killed)
{
	struct kill_case *c = *state;

	kill_case_set(c, KILL_A, "cgroup.procs", "2000000001\n2000000002");
	kill_case_set(c, KILL_B, "cgroup.procs", "2000000003\n0");
	allowed(c, 3, 4);
}

TEST(only_what_the_model_calls_a_pod)
{
	struct kill_case *c = *state;

	for (int kind = 0; kind < CGROUP_KIND_COUNT; kind++) {
		struct kill_job job = kill_case_job(c, KILL_POD);

		job.kind = (enum cgroup_kind)kind;
		if (kind == CGROUP_POD)
			(void)close(job.dir_fd);
		else
			refused_job(c, &job, "is no pod but part of the tree around it");
	}
}

TEST(the_root_the_classes_and_the_system_by_their_names_though_the_model_calls_them_pods)
{
	struct kill_case *c = *state;

	refused(c, "", "is part of the system");
	refused(c, "system.slice", "is part of the system");
	refused(c, "system.slice/colod.service", "is part of the system");
	refused(c, "kubepods.slice", "is part of the system");
	refused(c, KILL_CLASS, "is part of the system");
}

TEST(the_root_under_another_name)
{
	struct kill_case *c = *state;
	struct kill_job job = kill_case_job(c, "");

	(void)snprintf(job.path, sizeof(job.path), "%s", KILL_POD);
	refused_job(c, &job, "is the root of all cgroups");
	/* A mount of the hierarchy at another place: the root alone has no cgroup.events. */
	assert_int_equal(tree_delete(c->dir, "sys/fs/cgroup/" KILL_POD "/cgroup.events"), 0);
	refused(c, KILL_POD, "is the root of all cgroups");
}

TEST(a_directory_that_is_not_the_one_decided_on)
{
	struct kill_case *c = *state;
	struct kill_job job = kill_case_job(c, KILL_POD);

	job.inode++;
	refused_job(c, &job, "is not the cgroup that was decided on");
	/* The path of one, all else of another. */
	job = kill_case_job(c, KILL_POD);
	(void)snprintf(job.path, sizeof(job.path), "%s",
		       KILL_CLASS "/kubepods-besteffort-pod9.slice");
	refused_job(c, &job, "is not what its path names");
	job = kill_case_job(c, KILL_POD);
	(void)snprintf(job.path, sizeof(job.path), "%s", KILL_CLASS "/../x.slice");
	refused_job(c, &job, "has no usable path");
	memset(job.path, 'a', sizeof(job.path));
	job.dir_fd = -EBADF;
	refused_job(c, &job, "has no usable path");
	(void)snprintf(job.path, sizeof(job.path), "%s", KILL_POD);
	refused_job(c, &job, "cannot be looked at");
}

TEST(a_pod_that_is_gone_or_made_anew_is_no_longer_there)
{
	struct kill_case *c = *state;
	struct kill_job job = kill_case_job(c, KILL_POD);
	struct kill_done done;
	const char *said;

	assert_int_equal(tree_delete(c->dir, "sys/fs/cgroup/" KILL_POD), 0);
	assert_int_equal(check(c, &job, &done, &said), -ENOENT);
	kill_case_cgroup(c, KILL_POD);
	refused_job(c, &job, "is not what its path names");
}

TEST(what_holds_colod_by_its_process_number_at_any_depth)
{
	struct kill_case *c = *state;
	char own[64];

	(void)snprintf(own, sizeof(own), "2000000001\n%d\n2000000002", (int)getpid());
	kill_case_set(c, KILL_POD, "cgroup.procs", own);
	refused(c, KILL_POD, "holds colod itself");
	kill_case_set(c, KILL_POD, "cgroup.procs", "");
	allowed(c, 3, 0);
	kill_case_cgroup(c, KILL_B "/inner/most");
	kill_case_set(c, KILL_B "/inner/most", "cgroup.procs", own);
	refused(c, KILL_POD, "holds colod itself");
}

TEST(what_holds_colod_by_its_own_path)
{
	static const char *const own[] = {"0::/" KILL_POD "\n", "0::/" KILL_A "\n",
					  "12:cpu:/\n0::/" KILL_B "\n"};
	struct kill_case *c = *state;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		kill_case_file(c, "proc/self/cgroup", own[i]);
		refused(c, KILL_POD, "holds colod itself");
	}
	/* A neighbour whose name begins alike. */
	kill_case_cgroup(c, KILL_POD "x");
	kill_case_file(c, "proc/self/cgroup", "0::/" KILL_POD "x\n");
	allowed(c, 3, 0);
}

TEST(anything_while_colod_does_not_know_where_it_is)
{
	static const char *const own[] = {"", "12:cpu:/x\n", "0::/not/there\n"};
	static const char why[] = "is left alone: colod does not know where it runs itself";
	struct kill_case *c = *state;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		kill_case_file(c, "proc/self/cgroup", own[i]);
		refused(c, KILL_POD, why);
	}
	assert_int_equal(tree_delete(c->dir, "proc/self/cgroup"), 0);
	refused(c, KILL_POD, why);
	/* In a namespace of its own it sees itself at the root, or outside. */
	kill_case_file(c, "proc/self/cgroup", "0::/\n");
	allowed(c, 3, 0);
	kill_case_file(c, "proc/self/cgroup", "0::/../../x\n");
	allowed(c, 3, 0);
}

TEST(what_holds_the_first_process)
{
	struct kill_case *c = *state;

	kill_case_set(c, KILL_A, "cgroup.procs", "17\n1\n18");
	refused(c, KILL_POD, "holds the first process of the system");
	kill_case_set(c, KILL_A, "cgroup.procs", "17\n11\n18");
	allowed(c, 3, 3);
}

TEST(what_has_pods_in_it)
{
	static const char *const below[] = {
		"kubepods-besteffort-pod5.slice",
		"kubepods",
		"pod11111111-2222-3333-4444-555555555555",
		"pod0123456789abcdef0123456789abcdef",
	};
	struct kill_case *c = *state;
	char path[512];

	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", KILL_A, below[i]);
		kill_case_cgroup(c, path);
		refused(c, KILL_POD, "holds other pods");
		(void)snprintf(path, sizeof(path), "sys/fs/cgroup/%s/%s", KILL_A, below[i]);
		assert_int_equal(tree_delete(c->dir, path), 0);
	}
	kill_case_cgroup(c, KILL_A "/podman");
	allowed(c, 4, 0);
}

TEST(what_cannot_be_looked_at_as_a_whole)
{
	static const char why[] = "could not be looked at as a whole";
	struct kill_case *c = *state;
	char path[1024] = KILL_A;

	kill_case_set(c, KILL_A, "cgroup.procs", "17\n99999999999999\n");
	refused(c, KILL_POD, why);
	kill_case_set(c, KILL_A, "cgroup.procs", "");
	for (int i = 0; i < 16; i++) {
		(void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "/d");
		kill_case_cgroup(c, path);
		if (i < 14)
			allowed(c, 4 + (uint32_t)i, 0);
		else
			refused(c, KILL_POD, why);
	}
}

/* Whichever call it is that fails: never a kill that was not wholly checked. */
TEST(whatever_fails_on_the_way_is_a_refusal_or_a_pod_that_is_gone)
{
	static const enum sys_call calls[] = {SYS_OPEN, SYS_READ, SYS_STAT, SYS_LIST};
	static const int errors[] = {-EMFILE, -ENOMEM, -EIO};
	struct kill_case *c = *state;
	unsigned points = 0;

	kill_case_set(c, KILL_A, "cgroup.procs", "2000000001");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (unsigned nth = 1;; nth++) {
			struct kill_job job = kill_case_job(c, KILL_POD);
			struct kill_done done;
			const char *said;
			bool met;
			int r;

			fault_begin();
			fault_set(calls[i], nth, errors[nth % 3]);
			r = check(c, &job, &done, &said);
			met = fault_was_met();
			/* How large a process is may stay unknown. */
			if (met && !strstr(fault_path(), "statm"))
				assert_int_equal(r, -EPERM);
			fault_end();
			(void)close(job.dir_fd);
			if (!met)
				break;
			points++;
		}
	}
	assert_true(points > 20);
}

#define CHECK_TEST(name) cmocka_unit_test_setup_teardown(name, kill_case_setup, kill_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(a_pod_may_be_killed),
		CHECK_TEST(only_what_the_model_calls_a_pod),
		CHECK_TEST(
			the_root_the_classes_and_the_system_by_their_names_though_the_model_calls_them_pods),
		CHECK_TEST(the_root_under_another_name),
		CHECK_TEST(a_directory_that_is_not_the_one_decided_on),
		CHECK_TEST(a_pod_that_is_gone_or_made_anew_is_no_longer_there),
		CHECK_TEST(what_holds_colod_by_its_process_number_at_any_depth),
		CHECK_TEST(what_holds_colod_by_its_own_path),
		CHECK_TEST(anything_while_colod_does_not_know_where_it_is),
		CHECK_TEST(what_holds_the_first_process),
		CHECK_TEST(what_has_pods_in_it),
		CHECK_TEST(what_cannot_be_looked_at_as_a_whole),
		CHECK_TEST(whatever_fails_on_the_way_is_a_refusal_or_a_pod_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
