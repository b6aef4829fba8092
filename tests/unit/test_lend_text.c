// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/lend_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake.h"
#include "tests/lib/test.h"

#define WALL 1764200000
#define NOW_US (50000 * INT64_C(1000000))

static struct lend *lend, *again;
static struct record_buf text;

static int make(void **state)
{
	(void)state;
	lend = calloc(1, sizeof(*lend));
	again = calloc(1, sizeof(*again));
	text = (struct record_buf){0};
	return lend && again ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	lend_pods_done(&lend->pods);
	lend_pods_done(&again->pods);
	free(lend);
	free(again);
	record_buf_free(&text);
	return 0;
}

static void watch(int n_minutes)
{
	struct lend_use use = {.measured = true, .capacity = 16000, .other = 300};

	for (int i = 0; i < 6 * n_minutes; i++) {
		use.level[LEVEL_P0] = 1000 + (uint64_t)(i % 97) * 31;
		use.online = use.level[LEVEL_P0] + use.other;
		for (int of = 0; of < LEND_OF_COUNT; of++)
			lend_feed(&lend->of[of], (enum lend_of)of, &use,
				  NOW_US - (6 * n_minutes - i) * LEND_LOOK_US);
	}
}

static void write_and_read(int64_t later_s, int expected)
{
	lend_text_put(&text, lend, NOW_US, WALL);
	assert_false(text.failed);
	assert_true(text.n < LEND_TEXT_MAX);
	assert_int_equal(lend_text_get(text.text, text.n, again, 1000000, WALL + later_s),
			 expected);
}

TEST(what_was_watched_is_read_as_it_was)
{
	struct record_buf second = {0};

	watch(90);
	write_and_read(0, 0);
	for (int of = 0; of < LEND_OF_COUNT; of++) {
		const struct lend_ledger *was = &lend->of[of], *is = &again->of[of];

		assert_memory_equal(was->hist, is->hist, sizeof(was->hist));
		assert_int_equal(was->watched_us, is->watched_us);
		assert_int_equal(NOW_US - was->fed_us, 1000000 - is->fed_us);
		assert_int_equal(is->published, 0);
	}
	lend_text_put(&second, again, 1000000, WALL);
	assert_int_equal(second.n, text.n);
	assert_memory_equal(second.text, text.text, text.n);
	record_buf_free(&second);
}

TEST(the_time_it_was_away_counts)
{
	uint64_t was;

	watch(90);
	was = lend_hist_weight(&lend->of[LEND_CPU].hist[LEND_NODE]);
	write_and_read(12 * 3600, 0);
	assert_in_range(lend_hist_weight(&again->of[LEND_CPU].hist[LEND_NODE]), was * 45 / 100,
			was * 52 / 100);
	assert_int_equal(again->of[LEND_CPU].watched_us, 90 * LEND_MINUTE_US);
}

TEST(after_a_day_away_the_node_is_learned_anew)
{
	watch(90);
	write_and_read(25 * 3600, 0);
	assert_int_equal(lend_hist_weight(&again->of[LEND_CPU].hist[LEND_NODE]), 0);
	assert_int_equal(again->of[LEND_CPU].watched_us, 0);
}

TEST(a_clock_that_was_set_back_takes_no_time_away)
{
	watch(90);
	write_and_read(-100000, 0);
	assert_memory_equal(lend->of[LEND_CPU].hist, again->of[LEND_CPU].hist,
			    sizeof(again->of[LEND_CPU].hist));
}

TEST(pods_are_known_again)
{
	struct fake f;
	struct pod *web;

	fake_init(&f);
	web = fake_pod(&f, "kubepods.slice/kubepods-pod1.slice", QOS_GUARANTEED);
	assert_int_equal(lend_pods_update(&lend->pods, &f.model, NOW_US - 7200 * INT64_C(1000000)),
			 0);
	write_and_read(60, 0);
	assert_int_equal(again->pods.n_kept, 1);
	assert_int_equal(lend_pods_update(&again->pods, &f.model, 1000000), 0);
	assert_int_equal(again->pods.slots[web->slot].first_us, 1000000 - 7260 * INT64_C(1000000));
	fake_free(&f);
}

TEST(what_is_not_understood_is_not_used)
{
	static const char *const bad[] = {
		"",
		"colod-lend 1 at=5",
		"colod-lend 2 at=5\n",
		"colod-lend 1 at=-5\n",
		"colod-lend 1 at=5\nx\n",
		"colod-lend 1 at=5\nr disk 1 1 1\n",
		"colod-lend 1 at=5\nr cpu 1 1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1 1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nr cpu 1 1 1\n",
		"colod-lend 1 at=5\nr cpu 99999999999 1 1\n",
		"colod-lend 1 at=5\nh node 1:1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh node\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh who 1:1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh 8 1:1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh 0 288:1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh 0 2:1 2:1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh 0 2:1 1:1\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh 0 1:0\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh 0 1:4294967296\n",
		"colod-lend 1 at=5\nr cpu 1 1 1\nh 0 1:1\nh 0 1:1\n",
		"colod-lend 1 at=5\np 1\n",
		"colod-lend 1 at=5\np 1 1 1\n",
		"colod-lend 1 at=5\np x 1\n",
	};
	static const struct lend empty;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(lend_text_get(bad[i], strlen(bad[i]), again, NOW_US, WALL),
				 -EBADMSG);
		assert_memory_equal(again, &empty, sizeof(empty));
	}
}

TEST(cut_anywhere_it_is_refused_or_less)
{
	watch(3);
	lend_text_put(&text, lend, NOW_US, WALL);
	for (size_t n = 0; n < text.n; n++)
		if (text.text[n] != '\n')
			assert_int_equal(lend_text_get(text.text, n + 1, again, NOW_US, WALL),
					 -EBADMSG);
}

TEST(more_pods_than_are_written_are_refused)
{
	record_put(&text, "colod-lend 1 at=5\n");
	for (uint32_t i = 0; i < LEND_KEPT_MAX; i++)
		record_put(&text, "p %u 5\n", i);
	assert_int_equal(lend_text_get(text.text, text.n, again, NOW_US, WALL), 0);
	assert_int_equal(again->pods.n_kept, LEND_KEPT_MAX);
	lend_pods_done(&again->pods);
	record_put(&text, "p 77 5\n");
	assert_int_equal(lend_text_get(text.text, text.n, again, NOW_US, WALL), -EBADMSG);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		CASE(what_was_watched_is_read_as_it_was),
		CASE(the_time_it_was_away_counts),
		CASE(after_a_day_away_the_node_is_learned_anew),
		CASE(a_clock_that_was_set_back_takes_no_time_away),
		CASE(pods_are_known_again),
		CASE(what_is_not_understood_is_not_used),
		CASE(cut_anywhere_it_is_refused_or_less),
		CASE(more_pods_than_are_written_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
