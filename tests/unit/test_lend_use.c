// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/lend_use.h"

#include <string.h>

#include "policy/lend.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define SECOND_US 1000000
#define GIB (1ull << 30)
#define MIB (1ull << 20)

static struct fake f;
static struct pod *web, *db, *batch;
static struct lend_pods pods;
static int64_t now_us;

static int make(void **state)
{
	(void)state;
	fake_init(&f);
	web = fake_pod(&f, "kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED);
	db = fake_pod(&f, "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod2.slice",
		      QOS_BURSTABLE);
	batch = fake_pod(&f,
			 "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3.slice",
			 QOS_BESTEFFORT);
	fake_level(&f, web, LEVEL_P0);
	fake_level(&f, db, LEVEL_P4);
	fake_level(&f, batch, LEVEL_P7);
	fake_request(web, 1500, 2 * GIB);
	fake_request(db, 500, GIB);
	f.policy.lend.cold_start_us = 3600000000ull;
	pods = (struct lend_pods){0};
	now_us = 1000 * (int64_t)SECOND_US;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	lend_pods_done(&pods);
	fake_free(&f);
	return 0;
}

static struct lend_node node(void)
{
	return (struct lend_node){
		.model = &f.model,
		.samples = &f.samples,
		.policy = &f.policy,
		.plan = &f.plan,
		.now_us = now_us,
	};
}

static struct lend_use cpu(void)
{
	struct lend_node n = node();

	return lend_use_cpu(&n, &pods);
}

static struct lend_use memory(void)
{
	struct lend_node n = node();

	return lend_use_memory(&n, &pods);
}

/* 10 s in which the pods and the node use so many thousandths of a CPU. */
static void ten_seconds(uint64_t w, uint64_t d, uint64_t b, uint64_t busy)
{
	fake_sample(&f, web, now_us - 10 * (int64_t)SECOND_US, 0, 0);
	fake_sample(&f, db, now_us - 10 * (int64_t)SECOND_US, 0, 0);
	fake_sample(&f, batch, now_us - 10 * (int64_t)SECOND_US, 0, 0);
	fake_sample_node(&f, now_us - 10 * (int64_t)SECOND_US, 0);
	fake_sample(&f, web, now_us, w * 10000, 0);
	fake_sample(&f, db, now_us, d * 10000, 0);
	fake_sample(&f, batch, now_us, b * 10000, 0);
	fake_sample_node(&f, now_us, busy * 10000);
}

static struct node_sample *newest(void)
{
	return &f.samples.node.ring[(f.samples.node.head + SAMPLE_RING - 1) % SAMPLE_RING];
}

static void pod_has(const struct pod *pod, uint64_t bytes)
{
	struct pod_history *h = f.samples.pods[pod->slot];
	struct pod_sample *s = &h->ring[(h->head + SAMPLE_RING - 1) % SAMPLE_RING];

	s->valid |= SAMPLE_MEMORY;
	s->memory_bytes = bytes;
}

TEST(cpu_is_divided_among_levels_offline_work_and_the_rest)
{
	struct lend_use use;

	f.policy.node.reserve_cpu_milli = 250;
	ten_seconds(1000, 400, 1200, 3000);
	assert_int_equal(lend_pods_update(&pods, &f.model, now_us), 0);
	use = cpu();
	assert_true(use.measured);
	assert_int_equal(use.capacity, 4000);
	assert_int_equal(use.reserved, 250);
	assert_int_equal(use.level[LEVEL_P0], 1000);
	assert_int_equal(use.level[LEVEL_P4], 400);
	assert_int_equal(use.offline, 1200);
	assert_int_equal(use.online, 1800);
	assert_int_equal(use.other, 400);
	assert_true(use.levels & 1u << LEVEL_P0);
	assert_false(use.levels & 1u << LEVEL_P7);
}

TEST(who_waits_for_facts_is_none_of_the_offline)
{
	struct lend_use use;

	fake_waiting(&f, batch);
	ten_seconds(1000, 400, 1200, 3000);
	use = cpu();
	assert_int_equal(use.offline, 0);
	assert_int_equal(use.online, 3000);
	assert_int_equal(use.other, 1600);
	/* ... and its request would be kept, as that of any pod that may be online. */
	assert_int_equal(use.n_newcomers, 3);
}

TEST(offline_work_that_was_not_measured_counts_as_online)
{
	ten_seconds(1000, 400, 1200, 3000);
	f.samples.pods[batch->slot]->serial++;
	assert_int_equal(cpu().online, 3000);
}

TEST(a_node_that_was_not_measured_lately_has_no_number)
{
	assert_false(cpu().measured);
	assert_false(memory().measured);
	ten_seconds(1000, 400, 1200, 3000);
	fake_sample_node_memory(&f, 4 * GIB, 3 * GIB);
	assert_true(cpu().measured);
	assert_true(memory().measured);
	now_us += 6 * (int64_t)SECOND_US;
	assert_false(cpu().measured);
	assert_false(memory().measured);
}

TEST(memory_that_could_be_had_is_not_used)
{
	ten_seconds(0, 0, 0, 0);
	fake_sample_node_memory(&f, 5 * GIB, 1 * GIB);
	newest()->memory_inactive_file_bytes = 2 * GIB;
	/* Free and inactive: 3 of 8 GiB, though the kernel calls 5 available. */
	assert_int_equal(memory().online, 5 * GIB);
	newest()->memory_inactive_file_bytes = 7 * GIB;
	assert_int_equal(memory().online, 3 * GIB);
}

TEST(what_offline_pods_have_could_be_had_but_is_not_counted_twice)
{
	struct lend_use use;

	ten_seconds(0, 0, 0, 0);
	fake_sample_node_memory(&f, 3 * GIB, 1 * GIB);
	newest()->memory_inactive_file_bytes = 2 * GIB;
	pod_has(batch, 1 * GIB); /* may be all in the inactive file pages */
	pod_has(web, 3 * GIB);
	use = memory();
	assert_int_equal(use.offline, GIB);
	assert_int_equal(use.level[LEVEL_P0], 3 * GIB);
	assert_int_equal(use.online, 5 * GIB);
	assert_int_equal(use.other, 2 * GIB);
	pod_has(batch, 4 * GIB);
	assert_int_equal(memory().online, 3 * GIB);
}

TEST(of_memory_the_line_of_the_kubelet_is_never_lent)
{
	ten_seconds(0, 0, 0, 0);
	fake_sample_node_memory(&f, 3 * GIB, 1 * GIB);
	f.model.node.evict_hard_known = true;
	f.model.node.evict_hard_bytes = 500 * MIB;
	assert_int_equal(memory().reserved, 1000 * MIB);
	f.policy.node.reserve_memory_bytes = 2 * GIB;
	assert_int_equal(memory().reserved, 2 * GIB);
}

TEST(a_newcomer_s_request_is_kept_until_it_is_old)
{
	ten_seconds(1000, 400, 1200, 3000);
	assert_int_equal(lend_pods_update(&pods, &f.model, now_us), 0);
	/* The offline one is none. */
	assert_int_equal(cpu().n_newcomers, 2);
	assert_int_equal(cpu().newcomers, 2000);
	assert_int_equal(memory().newcomers, 3 * GIB);
	now_us += 3599 * (int64_t)SECOND_US;
	assert_int_equal(cpu().n_newcomers, 2);
	now_us += SECOND_US;
	assert_int_equal(cpu().n_newcomers, 0);
	assert_int_equal(cpu().newcomers, 0);
	web->serial += 100; /* another pod in its place */
	web->cgroup->inode += 100;
	assert_int_equal(lend_pods_update(&pods, &f.model, now_us), 0);
	assert_int_equal(cpu().newcomers, 1500);
}

TEST(a_pod_that_an_earlier_run_knew_is_no_newcomer)
{
	uint64_t id;

	assert_int_equal(lend_pods_update(&pods, &f.model, now_us), 0);
	id = pods.slots[web->slot].id;
	lend_pods_done(&pods);
	pods.kept = calloc(1, sizeof(*pods.kept));
	assert_non_null(pods.kept);
	pods.kept[0] = (struct lend_kept){.id = id, .first_us = now_us - 7200 * (int64_t)SECOND_US};
	pods.n_kept = 1;
	assert_int_equal(lend_pods_update(&pods, &f.model, now_us), 0);
	assert_int_equal(cpu().n_newcomers, 1);
	assert_int_equal(cpu().newcomers, 500);
}

TEST(a_request_that_is_not_known_is_counted_and_not_invented)
{
	db->resources.cpu_request_milli = (struct fact_u64){.state = FACT_UNKNOWN, .value = 77};
	assert_int_equal(cpu().n_newcomers, 2);
	assert_int_equal(cpu().newcomers, 1500);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		CASE(cpu_is_divided_among_levels_offline_work_and_the_rest),
		CASE(who_waits_for_facts_is_none_of_the_offline),
		CASE(offline_work_that_was_not_measured_counts_as_online),
		CASE(a_node_that_was_not_measured_lately_has_no_number),
		CASE(memory_that_could_be_had_is_not_used),
		CASE(what_offline_pods_have_could_be_had_but_is_not_counted_twice),
		CASE(of_memory_the_line_of_the_kubelet_is_never_lent),
		CASE(a_newcomer_s_request_is_kept_until_it_is_old),
		CASE(a_pod_that_an_earlier_run_knew_is_no_newcomer),
		CASE(a_request_that_is_not_known_is_counted_and_not_invented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
