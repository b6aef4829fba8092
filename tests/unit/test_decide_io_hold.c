// SPDX-License-Identifier: LGPL-2.1-or-later
// How a bound of a disk is divided among those who are held there.
#include "policy/decide.h"
#include "tests/lib/io_case.h"
#include "tests/lib/test.h"

/* web waits behind hog and tame, who are held one by one, for beside them somebody waits for his facts. */
static void two_are_held(struct io_case *c)
{
	struct pod *unknown;

	io_case_init(c);
	unknown = fake_pod(&c->f,
			   "kubepods.slice/kubepods-besteffort.slice/"
			   "kubepods-besteffort-podnew.slice",
			   QOS_BESTEFFORT);
	fake_waiting(&c->f, unknown);
	io_case_run(c, 4, (struct io_case_second){.wait = 400, .web = 5, .hog_reads = 90});
	assert_int_equal(c->f.ladders.io.of[0].major, 8);
}

/* What it is to have of reads, when they do so many small ones a second and all may do `bound` of them. */
static void divide(struct io_case *c, uint64_t hog, uint64_t tame, uint64_t bound,
		   uint64_t *ret_hog, uint64_t *ret_tame)
{
	const struct decide_input in = {
		.model = &c->f.model,
		.samples = &c->f.samples,
		.policy = &c->f.policy,
		.ladders = &c->f.ladders,
		.now_us = c->now_us,
	};
	struct pod_disks *of_tame = &c->f.samples.pods[c->tame->slot]->disks;
	struct pod_disks *of_hog = &c->f.samples.pods[c->hog->slot]->disks;
	const struct plan_entry *e;

	of_tame->list[0] = of_hog->list[0];
	of_hog->list[0].requests_per_s[DISK_READ] = hog;
	of_tame->list[0].requests_per_s[DISK_READ] = tame;
	c->f.ladders.io.of[0].of[DISK_READ] = (struct io_bound){
		.permille = 500,
		.floor_permille = 100,
		.requests_per_s = 2 * bound,
	};
	plan_clear(&c->f.plan);
	assert_int_equal(decide_io_hold(&in, &c->f.plan), 0);
	e = plan_find(&c->f.plan, c->hog->cgroup, KNOB_IO_MAX);
	assert_non_null(e);
	assert_int_equal(e->want.io.bytes[DISK_READ], 0);
	*ret_hog = e->want.io.requests[DISK_READ];
	e = plan_find(&c->f.plan, c->tame->cgroup, KNOB_IO_MAX);
	assert_non_null(e);
	*ret_tame = e->want.io.requests[DISK_READ];
}

TEST(all_of_a_bound_is_divided_however_small_the_numbers_are)
{
	struct io_case c;
	uint64_t hog, tame;

	two_are_held(&c);
	divide(&c, 60, 40, 100, &hog, &tame);
	assert_in_range(hog + tame, 98, 100);
	assert_in_range(hog, 57, 60);
	divide(&c, 600000, 400000, 100000, &hog, &tame);
	assert_in_range(hog + tame, 99998, 100000);
	/* A counter may say anything. */
	divide(&c, UINT64_MAX / 4, UINT64_MAX / 4, UINT64_MAX / 8, &hog, &tame);
	assert_in_range(hog, UINT64_MAX / 20, UINT64_MAX / 16);
	io_case_done(&c);
}

TEST(who_does_little_gets_a_part_all_the_same)
{
	struct io_case c;
	uint64_t hog, tame;

	two_are_held(&c);
	divide(&c, 1000, 1, 100, &hog, &tame);
	assert_in_range(tame, 9, 11);
	assert_in_range(hog + tame, 98, 100);
	io_case_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_bound_is_divided_however_small_the_numbers_are),
		cmocka_unit_test(who_does_little_gets_a_part_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
