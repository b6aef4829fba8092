// SPDX-License-Identifier: LGPL-2.1-or-later
// Pods that cannot be reclaimed from: refused, gone, with little to give, too many.
#include "agent/apply/reclaim.h"
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/reclaim_case.h"
#include "tests/lib/tree.h"

#define s reclaim_case

TEST(one_that_cannot_be_asked_rests)
{
	static const int errors[] = {-EINVAL, -EACCES, -EOPNOTSUPP, -ENOMEM};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		s.answer = errors[i];
		assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
		reclaim_case_settle();
		assert_int_equal(s.last.end, RECLAIM_END_REFUSED);
		assert_int_equal(s.last.error, errors[i]);
		assert_int_equal(s.last.got_bytes, 0);
		assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_RESTS);
		s.now_us += 10 * S_US;
	}
	assert_int_equal(reclaim_counts(s.r).refused, 4);
	assert_int_equal(reclaim_counts(s.r).slices, 0);
}

TEST(without_its_files_a_pod_rests)
{
	struct reclaim_said said;

	assert_int_equal(tree_delete(s.dir, "sys/fs/cgroup/" HOG "/memory.stat"), 0);
	said = reclaim_case_want(HOG, 100);
	assert_int_equal(said.answer, RECLAIM_REFUSED);
	assert_int_equal(said.until_us, s.now_us + 10 * S_US);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_RESTS);
	/* The other one has them. */
	assert_int_equal(reclaim_case_want(INNOCENT, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_int_equal(s.last.end, RECLAIM_END_ALL);
	assert_int_equal(tree_delete(s.dir, "sys/fs/cgroup/" INNOCENT "/memory.reclaim"), 0);
	assert_int_equal(reclaim_case_want(INNOCENT, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_int_equal(s.last.end, RECLAIM_END_REFUSED);
	assert_int_equal(s.last.error, -ENOENT);
	assert_int_equal(reclaim_case_want(INNOCENT, 100).answer, RECLAIM_RESTS);
}

static unsigned n_lines(int fd)
{
	char text[8192];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	unsigned lines = 0;

	text[n > 0 ? n : 0] = '\0';
	for (const char *p = text; (p = strstr(p, "nothing can be reclaimed from")); p++)
		lines++;
	return lines;
}

TEST(each_cause_is_said_once_until_it_worked)
{
	int fd = memfd_create("stderr", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	unsigned lines[3];

	assert_true(fd >= 0 && saved >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	log_open(LOG_WARNING);
	s.answer = -EACCES;
	for (int i = 0; i < 3; i++) {
		reclaim_pass_begin(s.r, s.now_us);
		(void)reclaim_want(s.r, reclaim_case_cgroup(HOG), 100 * MIB, 0);
		(void)reclaim_want(s.r, reclaim_case_cgroup(INNOCENT), 100 * MIB, 0);
		reclaim_pass_end(s.r);
		reclaim_case_settle();
		s.now_us += 11 * S_US;
	}
	lines[0] = n_lines(fd);
	s.answer = 0;
	(void)reclaim_case_want(HOG, 100);
	reclaim_case_settle();
	lines[1] = n_lines(fd);
	s.answer = -EACCES;
	(void)reclaim_case_want(HOG, 100);
	reclaim_case_settle();
	lines[2] = n_lines(fd);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	log_open(LOG_EMERG);
	(void)close(saved);
	(void)close(fd);
	assert_int_equal(reclaim_counts(s.r).refused, 7);
	assert_int_equal(lines[0], 1);
	assert_int_equal(lines[1], 1);
	assert_int_equal(lines[2], 2);
}

TEST(a_cgroup_that_is_gone_is_forgotten)
{
	uint64_t inode = reclaim_case_cgroup(HOG)->inode;

	/* Another one has its name. */
	reclaim_case_cgroup(HOG)->inode++;
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_GONE);
	reclaim_case_cgroup(HOG)->inode = inode;
	assert_int_equal(tree_delete(s.dir, "sys/fs/cgroup/" HOG), 0);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_GONE);
	assert_int_equal(reclaim_counts(s.r).gone, 2);
	assert_int_equal(reclaim_counts(s.r).refused, 0);
	assert_int_equal(s.n_writes, 0);
}

TEST(a_cgroup_that_vanishes_meanwhile_is_nobodys_result)
{
	reclaim_case_block(HOG);
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_wait_begun();
	reclaim_case_cgroup(HOG)->inode++; /* the model has another one by then */
	reclaim_case_want_nothing();
	reclaim_case_settle();
	assert_int_equal(s.n_results, 0);
	assert_int_equal(reclaim_counts(s.r).gone, 1);
	assert_int_equal(reclaim_counts(s.r).under_way, 0);
	/* It is still in the model, but not there any more. */
	reclaim_case_cgroup(HOG)->inode--;
	s.answer = -ENODEV;
	assert_int_equal(reclaim_case_want(HOG, 100).answer, RECLAIM_SLICE);
	reclaim_case_settle();
	assert_int_equal(s.n_results, 0);
	assert_int_equal(reclaim_counts(s.r).gone, 2);
	assert_int_equal(reclaim_counts(s.r).refused, 0);
}

TEST(one_with_little_to_give_is_not_looked_at_all_the_time)
{
	struct reclaim_said said;

	(void)reclaim_case_add("batch.slice/small.slice", 32);
	reclaim_pass_begin(s.r, s.now_us);
	for (int i = 0; i < 10; i++) {
		said = reclaim_want(s.r, reclaim_case_cgroup("batch.slice/small.slice"), 100 * MIB,
				    0);
		assert_int_equal(said.answer, RECLAIM_NOTHING);
		assert_int_equal(said.give_bytes, 32 * MIB);
		s.now_us += 100000;
		reclaim_pass_begin(s.r, s.now_us);
	}
	assert_int_equal(s.n_looks, 2);
	(void)reclaim_case_add("batch.slice/small.slice", 33);
	assert_int_equal(reclaim_case_want("batch.slice/small.slice", 100).answer, RECLAIM_SLICE);
}

TEST(what_it_has_is_told_without_asking_for_any)
{
	uint64_t bytes;

	assert_int_equal(reclaim_look(s.r, reclaim_case_cgroup(HOG), &bytes), 0);
	assert_int_equal(bytes, 1000 * MIB);
	reclaim_case_cgroup(HOG)->inode++;
	assert_int_equal(reclaim_look(s.r, reclaim_case_cgroup(HOG), &bytes), -ESTALE);
	assert_int_equal(s.n_writes, 0);
}

TEST(no_more_pods_than_there_is_room_for)
{
	char path[64];

	for (unsigned i = 0; i <= RECLAIM_PODS; i++) {
		(void)snprintf(path, sizeof(path), "batch.slice/p%u.slice", i);
		(void)reclaim_case_add(path, 1000);
	}
	reclaim_pass_begin(s.r, s.now_us);
	for (unsigned i = 0; i <= RECLAIM_PODS; i++) {
		(void)snprintf(path, sizeof(path), "batch.slice/p%u.slice", i);
		assert_int_equal(reclaim_want(s.r, reclaim_case_cgroup(path), 100 * MIB, 0).answer,
				 i < RECLAIM_PODS ? RECLAIM_SLICE : RECLAIM_FULL);
	}
	reclaim_pass_end(s.r);
	reclaim_case_settle();
	assert_int_equal(s.n_results, RECLAIM_PODS);
	reclaim_case_want_nothing();
	assert_int_equal(reclaim_case_want(path, 100).answer, RECLAIM_SLICE);
}

TEST(passes_allocate_nothing)
{
	unsigned long before;

	/* Not to be taken for the test's own. */
	(void)reclaim_case_want(HOG, 500);
	reclaim_case_settle();
	s.answer = -EAGAIN;
	before = alloc_count();
	for (int i = 0; i < 20; i++) {
		(void)reclaim_case_want(HOG, 500);
		reclaim_case_settle();
	}
	reclaim_case_want_nothing();
	assert_int_equal(alloc_count(), before);
	assert_true(s.n_writes >= 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, reclaim_case_setup, reclaim_case_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_that_cannot_be_asked_rests),
		CASE(without_its_files_a_pod_rests),
		CASE(each_cause_is_said_once_until_it_worked),
		CASE(a_cgroup_that_is_gone_is_forgotten),
		CASE(a_cgroup_that_vanishes_meanwhile_is_nobodys_result),
		CASE(one_with_little_to_give_is_not_looked_at_all_the_time),
		CASE(what_it_has_is_told_without_asking_for_any),
		CASE(no_more_pods_than_there_is_room_for),
		CASE(passes_allocate_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
