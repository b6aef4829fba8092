// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/culprit.h"

#include "policy/seconds.h"
#include "tests/lib/fake.h"
#include "tests/lib/fake_random.h"
#include "tests/lib/test.h"

#define PODS 6
#define WEB 0
#define HOG 1
#define OTHER 2

/* How each pod goes in one second, all in thousandths of it (memory: KiB). */
struct doing {
	uint32_t use[PODS];
	uint32_t stalled; /* web */
};

static struct fake f;
static struct pod *pods[PODS];
static struct pod_sample totals[PODS];
static struct pod_seconds rings[PODS];
static struct pod_seconds *kept[PODS];
static const struct seconds seconds = {.pods = kept, .n_slots = PODS};
static int64_t now_us;
static struct culprits found;
static enum resource resource;
static uint64_t draws;

static int make(void **state)
{
	static const char *const paths[PODS] = {
		"kubepods.slice/kubepods-pod0.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod3.slice",
		"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod4.slice",
		"kubepods.slice/kubepods-pod5.slice",
	};

	(void)state;
	fake_init(&f);
	for (int i = 0; i < PODS; i++)
		pods[i] = fake_pod(&f, paths[i], i > 0 && i < 5 ? QOS_BESTEFFORT : QOS_GUARANTEED);
	memset(totals, 0, sizeof(totals));
	memset(rings, 0, sizeof(rings));
	memset(kept, 0, sizeof(kept));
	now_us = 0;
	resource = RESOURCE_CPU;
	draws = 7;
	return 0;
}

static int drop(void **state)
{
	(void)state;
	fake_free(&f);
	return 0;
}

static void add(int i)
{
	totals[i].at_us = now_us;
	rings[i].serial = pods[i]->serial;
	kept[pods[i]->slot] = &rings[i];
	seconds_add(&rings[i], &totals[i]);
}

/* One second later. Not seen: those of this mask. */
static void pass(const struct doing *s, unsigned unseen)
{
	now_us += 1000000;
	for (int i = 0; i < PODS; i++) {
		struct pod_sample *t = &totals[i];
		bool is_web = i == WEB;

		t->valid = SAMPLE_CPU | SAMPLE_MEMORY | SAMPLE_PSI_CPU | SAMPLE_PSI_MEMORY |
			   SAMPLE_PSI_IO;
		if (resource == RESOURCE_CPU || is_web)
			t->cpu_usage_us += s->use[i] * 1000;
		if (resource == RESOURCE_MEMORY && !is_web)
			t->memory_bytes += s->use[i] * 1024ul;
		if (resource == RESOURCE_IO && !is_web)
			t->psi[RESOURCE_IO].some_us += s->use[i] * 1000;
		if (is_web)
			t->psi[resource].some_us += s->stalled * 1000;
		if (!(unseen & 1u << i))
			add(i);
	}
}

static void rank(void)
{
	const struct culprit_look look = {
		.model = &f.model,
		.seconds = &seconds,
		.victim = pods[WEB],
		.resource = resource,
	};
	uint32_t sum = 0;

	culprits_rank(&look, &found);
	assert_true(found.n <= CULPRITS_MAX);
	for (uint32_t i = 0; i < found.n; i++) {
		sum += found.list[i].share_permille;
		assert_int_not_equal(found.list[i].serial, pods[WEB]->serial);
	}
	assert_true(sum + found.own_permille <= 1000);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)fake_random_below(&draws, n);
}

static const struct culprit *of(int pod)
{
	for (uint32_t i = 0; i < found.n; i++)
		if (found.list[i].serial == pods[pod]->serial)
			return &found.list[i];
	return NULL;
}

/* On and off for some seconds each, at random. */
static uint32_t burst(uint32_t *left, bool *on, uint32_t most)
{
	if (*left == 0) {
		*on = !*on;
		*left = 2 + below(6);
	}
	(*left)--;
	return *on ? most - below(most / 10) : below(30);
}

/* A minute of bursts of everybody; web waits for HOG, and a bit by itself. */
static void minute_of_bursts(uint32_t hog_most)
{
	uint32_t left[PODS] = {0};
	bool on[PODS] = {0};

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300 + below(40)}};

		for (int i = 1; i < PODS; i++)
			s.use[i] = burst(&left[i], &on[i], i == HOG ? hog_most : 1500);
		s.stalled = s.use[HOG] * 300 / hog_most + below(50);
		pass(&s, 0);
	}
	rank();
}

TEST(among_five_the_one_whose_bursts_go_with_the_stall_is_first)
{
	int first = 0, good = 0, others_good = 0;

	for (int round = 0; round < 100; round++) {
		uint64_t seed = draws;

		if (round > 0) {
			drop(NULL);
			make(NULL);
			draws = seed;
		}
		/* It uses no more than the others do, and less in every other round. */
		minute_of_bursts(round % 2 ? 1500 : 500);
		first += found.n > 0 && found.list[0].serial == pods[HOG]->serial;
		good += found.n > 0 && found.list[0].serial == pods[HOG]->serial &&
			found.list[0].confidence == CULPRIT_GOOD;
		for (uint32_t i = 0; i < found.n; i++)
			others_good += found.list[i].serial != pods[HOG]->serial &&
				       found.list[i].confidence != CULPRIT_LOW;
	}
	assert_true(first >= 98);
	assert_true(good >= 80);
	assert_int_equal(others_good, 0);
}

TEST(stall_that_nobody_there_made_is_not_laid_on_anybody_with_confidence)
{
	int good = 0, fair = 0;

	for (int round = 0; round < 200; round++) {
		uint32_t left[PODS] = {0};
		uint64_t seed = draws;
		bool on[PODS] = {0};

		drop(NULL);
		make(NULL);
		draws = seed;
		for (int t = 0; t < 62; t++) {
			struct doing s = {.use = {300 + below(40)}};

			for (int i = 1; i < PODS; i++)
				s.use[i] = burst(&left[i], &on[i], 1500);
			s.stalled = burst(&left[WEB], &on[WEB], 300);
			pass(&s, 0);
		}
		rank();
		for (uint32_t i = 0; i < found.n; i++) {
			good += found.list[i].confidence == CULPRIT_GOOD;
			fair += found.list[i].confidence == CULPRIT_FAIR;
		}
	}
	assert_int_equal(good, 0);
	assert_true(fair <= 6);
}

TEST(two_equal_culprits_share_it)
{
	uint32_t left[PODS] = {0};
	bool on[PODS] = {0};

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		for (int i = 1; i < PODS; i++)
			s.use[i] = burst(&left[i], &on[i], 1000);
		s.stalled = s.use[HOG] / 4 + s.use[OTHER] / 4;
		pass(&s, 0);
	}
	rank();
	assert_true(found.n >= 2);
	assert_non_null(of(HOG));
	assert_non_null(of(OTHER));
	assert_false(of(HOG)->alike || of(OTHER)->alike);
	assert_true(of(HOG)->share_permille >= 300 && of(OTHER)->share_permille >= 300);
	assert_true(of(HOG)->share_permille + of(OTHER)->share_permille >= 900);
}

TEST(two_that_do_the_same_at_the_same_times_cannot_be_told_apart)
{
	uint32_t left = 0;
	bool on = false;

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		s.use[HOG] = s.use[OTHER] = burst(&left, &on, 1000);
		s.stalled = s.use[HOG] / 3;
		pass(&s, 0);
	}
	rank();
	assert_int_equal(found.n, 2);
	assert_true(found.list[0].alike && found.list[1].alike);
	assert_int_equal(found.list[0].share_permille, found.list[1].share_permille);
	assert_int_equal(found.list[0].confidence, CULPRIT_LOW);
	assert_int_equal(found.list[1].confidence, CULPRIT_LOW);
}

TEST(one_that_stops_is_named_but_once_is_little)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, t < 30 ? 1000 : 0, 1000 - t % 3 * 30}};

		s.stalled = t < 30 ? 300 : 5;
		pass(&s, 0);
	}
	rank();
	assert_int_equal(found.n, 1);
	assert_int_equal(found.list[0].serial, pods[HOG]->serial);
	assert_int_equal(found.list[0].swings, 1);
	assert_int_equal(found.list[0].confidence, CULPRIT_LOW);
}

/* Both begin every ten seconds; the innocent one is the heavier, and stays for longer. */
TEST(an_innocent_heavy_pod_in_step_by_the_clock_comes_after_the_culprit)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		s.use[HOG] = t % 10 < 3 ? 600 : 10;
		s.use[OTHER] = t % 10 < 6 ? 3000 : 10;
		s.stalled = t % 10 < 3 ? 250 : 5 + below(10);
		pass(&s, 0);
	}
	rank();
	assert_true(found.n >= 1);
	assert_int_equal(found.list[0].serial, pods[HOG]->serial);
	assert_true(found.list[0].share_permille > 900);
	assert_null(of(OTHER));
}

TEST(a_culprit_may_be_online)
{
	uint32_t left = 0;
	bool on = false;

	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}};

		s.use[5] = burst(&left, &on, 1000);
		s.stalled = s.use[5] / 3;
		pass(&s, 0);
	}
	rank();
	assert_int_equal(found.list[0].serial, pods[5]->serial);
	assert_int_equal(found.list[0].confidence, CULPRIT_GOOD);
}

TEST(load_of_its_own_is_nobody_elses_doing)
{
	uint32_t left = 0;
	bool on = false;

	for (int t = 0; t < 62; t++) {
		struct doing s = {0};

		/* and another one is in step with it: it serves it */
		s.use[WEB] = burst(&left, &on, 1000);
		s.use[OTHER] = s.use[WEB] / 2;
		s.stalled = s.use[WEB] / 4;
		pass(&s, 0);
	}
	rank();
	assert_true(found.own_permille > 900);
	assert_int_equal(found.n, 0);
}

TEST(who_follows_the_stall_or_uses_less_in_it_did_not_make_it)
{
	uint32_t stalls[64], left = 0;
	bool on = false;

	for (int t = 0; t < 64; t++)
		stalls[t] = burst(&left, &on, 400);
	for (int t = 2; t < 64; t++) {
		struct doing s = {.use = {300}, .stalled = stalls[t]};

		s.use[HOG] = stalls[t - 2] * 2;
		s.use[OTHER] = 1000 - stalls[t];
		pass(&s, 0);
	}
	rank();
	assert_true(found.seconds == CULPRIT_SECONDS_MAX);
	assert_int_equal(found.n, 0);
}

/* So that it goes well with it too, only later. */
TEST(who_follows_long_stalls_by_a_second_did_not_make_them)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}, .stalled = t % 17 < 9 ? 300 : 5};

		s.use[HOG] = (t + 16) % 17 < 9 ? 1000 : 10;
		pass(&s, 0);
	}
	rank();
	assert_int_equal(found.n, 0);
}

TEST(who_comes_a_second_before_the_stall_is_named_with_it)
{
	uint32_t stalls[64], left = 0;
	bool on = false;

	for (int t = 0; t < 64; t++)
		stalls[t] = burst(&left, &on, 400);
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300}, .stalled = stalls[t]};

		s.use[HOG] = stalls[t + 1] * 2;
		pass(&s, 0);
	}
	rank();
	assert_int_equal(found.n, 1);
	assert_int_equal(found.list[0].lag_s, 1);
}

TEST(where_nothing_moves_nobody_is_named)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, 1000, 10 + below(20)}, .stalled = 300 + below(15)};

		pass(&s, 0);
	}
	rank();
	assert_int_equal(found.seconds, CULPRIT_SECONDS_MAX);
	assert_int_equal(found.n, 0);
}

TEST(too_few_seconds_say_nothing)
{
	for (int t = 0; t < CULPRIT_SECONDS_MIN; t++) {
		struct doing s = {.use = {300, t % 4 < 2 ? 1000 : 0},
				  .stalled = t % 4 < 2 ? 300 : 0};

		pass(&s, 0);
	}
	rank();
	assert_int_equal(found.seconds, CULPRIT_SECONDS_MIN - 1);
	assert_int_equal(found.n, 0);
	pass(&(struct doing){0}, 0);
	rank();
	assert_int_equal(found.n, 1);
}

TEST(one_that_was_not_there_before_did_nothing_before)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, t < 45 ? 0 : 1000}, .stalled = t < 45 ? 5 : 300};

		pass(&s, t < 44 ? 1u << HOG : 0);
	}
	rank();
	assert_int_equal(found.n, 1);
	assert_int_equal(found.list[0].serial, pods[HOG]->serial);
}

TEST(one_that_was_not_measured_for_a_while_is_not_named)
{
	for (int t = 0; t < 62; t++) {
		struct doing s = {.use = {300, t % 10 < 4 ? 1000 : 0},
				  .stalled = t % 10 < 4 ? 300 : 5};

		pass(&s, t >= 30 && t < 36 ? 1u << HOG : 0);
	}
	rank();
	assert_int_equal(found.seconds, CULPRIT_SECONDS_MAX);
	assert_int_equal(found.n, 0);
}

TEST(for_memory_who_grows_counts_and_for_io_who_waits_too)
{
	static const enum resource both[] = {RESOURCE_MEMORY, RESOURCE_IO};

	for (int i = 0; i < 2; i++) {
		uint32_t left = 0, other_left = 0;
		bool on = false, other_on = false;

		drop(NULL);
		make(NULL);
		resource = both[i];
		for (int t = 0; t < 62; t++) {
			struct doing s = {.use = {300}};
			uint32_t most = resource == RESOURCE_IO ? 800 : 40000;

			s.use[HOG] = burst(&left, &on, most);
			s.use[OTHER] = burst(&other_left, &other_on, most);
			s.stalled = s.use[HOG] * 300 / most;
			pass(&s, 0);
		}
		rank();
		assert_true(found.n >= 1);
		assert_int_equal(found.list[0].serial, pods[HOG]->serial);
	}
}

/* Faster than once a second, as while something is wrong: the ring is then shorter. */
TEST(samples_of_any_distance_are_laid_on_seconds)
{
	for (int t = 0; t < 62 * 3; t++) {
		bool on = t / 12 % 2;

		now_us += 333333;
		for (int i = 0; i < PODS; i++) {
			totals[i].valid = SAMPLE_CPU | SAMPLE_PSI_CPU;
			totals[i].cpu_usage_us += i == HOG && on ? 333333 : 0;
			totals[i].psi[RESOURCE_CPU].some_us += i == WEB && on ? 100000 : 0;
			add(i);
		}
	}
	rank();
	assert_true(found.seconds >= CULPRIT_SECONDS_MIN);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.list[0].serial, pods[HOG]->serial);
	assert_true(found.list[0].fit_permille > 950);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(among_five_the_one_whose_bursts_go_with_the_stall_is_first),
		T(stall_that_nobody_there_made_is_not_laid_on_anybody_with_confidence),
		T(two_equal_culprits_share_it),
		T(two_that_do_the_same_at_the_same_times_cannot_be_told_apart),
		T(one_that_stops_is_named_but_once_is_little),
		T(an_innocent_heavy_pod_in_step_by_the_clock_comes_after_the_culprit),
		T(a_culprit_may_be_online),
		T(load_of_its_own_is_nobody_elses_doing),
		T(who_follows_the_stall_or_uses_less_in_it_did_not_make_it),
		T(who_follows_long_stalls_by_a_second_did_not_make_them),
		T(who_comes_a_second_before_the_stall_is_named_with_it),
		T(where_nothing_moves_nobody_is_named),
		T(too_few_seconds_say_nothing),
		T(one_that_was_not_there_before_did_nothing_before),
		T(one_that_was_not_measured_for_a_while_is_not_named),
		T(for_memory_who_grows_counts_and_for_io_who_waits_too),
		T(samples_of_any_distance_are_laid_on_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
