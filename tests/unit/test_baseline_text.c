// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/baseline_text.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/lib/calm_case.h"
#include "tests/lib/test.h"

#define WALL 1764200000
#define DAY_S 86400

static struct calm_case c;
static struct baselines *again;
static struct record_buf text;

static int make(void **state)
{
	(void)state;
	calm_case_open(&c);
	text = (struct record_buf){0};
	return baselines_new(&again);
}

static int drop(void **state)
{
	(void)state;
	baselines_free(again);
	record_buf_free(&text);
	calm_case_close(&c);
	return 0;
}

static int get(const char *t, size_t len, int64_t wall_s)
{
	return baseline_text_get(t, len, again, 1000000, wall_s);
}

TEST(what_was_learned_is_read_as_it_was)
{
	const struct baseline_workload *was, *is;
	struct record_buf second = {0};

	calm_case_learn(&c, 4, 300000, 20000);
	baseline_text_put(&text, c.baselines, c.now_us, WALL);
	assert_int_equal(get(text.text, text.n, WALL), 0);
	was = c.baselines->workloads[0];
	is = again->workloads[0];
	assert_string_equal(is->key, was->key);
	assert_int_equal(is->top_milli, was->top_milli);
	for (int r = 0; r < RESOURCE_COUNT; r++)
		for (int i = 0; i < BASELINE_BINS; i++) {
			const struct baseline_cell *a = &was->cells[r][i], *b = &is->cells[r][i];

			assert_memory_equal(&a->calm, &b->calm, sizeof(a->calm));
			assert_memory_equal(&a->all, &b->all, sizeof(a->all));
			assert_int_equal(a->n_calm, b->n_calm);
			assert_int_equal(a->n_episodes, b->n_episodes);
			if (a->n_all > 0)
				assert_memory_equal(&a->usual, &b->usual, sizeof(a->usual));
		}
	baseline_text_put(&second, again, 1000000, WALL);
	assert_int_equal(second.n, text.n);
	assert_memory_equal(second.text, text.text, text.n);
	record_buf_free(&second);
}

TEST(the_time_it_was_away_counts_but_not_backwards)
{
	uint64_t was, is;

	calm_case_learn(&c, 4, 300000, 20000);
	was = stall_hist_weight(&c.baselines->workloads[0]->cells[RESOURCE_CPU][4].calm);
	baseline_text_put(&text, c.baselines, c.now_us, WALL);
	assert_int_equal(get(text.text, text.n, WALL + DAY_S), 0);
	is = stall_hist_weight(&again->workloads[0]->cells[RESOURCE_CPU][4].calm);
	assert_in_range(is * 1000 / was, 450, 505);
	baselines_free(again);
	assert_int_equal(baselines_new(&again), 0);
	assert_int_equal(get(text.text, text.n, WALL - 400 * DAY_S), 0);
	is = stall_hist_weight(&again->workloads[0]->cells[RESOURCE_CPU][4].calm);
	assert_true(is == was);
}

TEST(a_restart_is_no_new_spell_of_calm)
{
	const struct calm_second calm = {.web_cpu = 300000, .web_stalled = 20000};
	uint32_t was;

	calm_case_learn(&c, 2, 300000, 20000);
	was = c.baselines->workloads[0]->cells[RESOURCE_CPU][4].n_episodes;
	baseline_text_put(&text, c.baselines, c.now_us, WALL);
	assert_int_equal(baseline_text_get(text.text, text.n, again, c.now_us, WALL), 0);
	baselines_free(c.baselines);
	c.baselines = again;
	again = NULL;
	calm_case_run(&c, 400, &calm);
	assert_int_equal(c.baselines->workloads[0]->cells[RESOURCE_CPU][4].n_episodes, was);
	assert_true(c.baselines->windows > 0);
}

TEST(a_cut_or_changed_text_is_not_used_at_all)
{
	static const char *const bad[] = {
		"",
		"colod-baselines 2 at=5\n",
		"colod-baselines 1 at=-5\n",
		"colod-baselines 1 at=5",
		"colod-baselines 1 at=5\nw 100 0 0 Pod:a/b\n",
		"colod-baselines 1 at=5\nw 64 0 0 \n",
		"colod-baselines 1 at=5\nw 64 0 0 -\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nw 64 0 0 a\n",
		"colod-baselines 1 at=5\nc cpu 0 0 0 0 1 0 calm all 0:5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nc cpu 5 0 0 0 1 0 calm all 0:5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nc net 0 0 0 0 1 0 calm all 0:5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nc cpu 0 2 0 0 1 0 calm all 0:5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nc cpu 0 0 0 0 1 0 calm all 36:5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nc cpu 0 0 0 0 1 0 calm all 2:5 1:5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nc cpu 0 0 0 0 1 0 calm 0:5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nx\n",
		"colod-baselines 1 at=5\nh 0 0 5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nh 0 0\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nh 5 0 5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nh 0 0 1001\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nh 0 0 5\nh 0 0 5\n",
		"colod-baselines 1 at=5\nw 64 0 0 a\nh 0 0 1 2 3 4 5 6 7 8 9\n",
		/* more calm windows than windows */
		"colod-baselines 1 at=5\nw 64 0 0 a\nc cpu 0 1 1 0 1 0 calm 0:5 all 0:4\n",
	};

	static const char good[] =
		"colod-baselines 1 at=5\nw 64 0 0 a\nc cpu 0 0 0 0 1 0 calm all 0:5\n";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (get(bad[i], strlen(bad[i]), WALL) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		assert_null(again->workloads[0]);
	}
	assert_int_equal(get(good, strlen(good), WALL), 0);
}

TEST(seconds_without_offline_work_are_kept_for_a_day)
{
	const struct calm_second busy = {.web_cpu = 300000, .batch_cpu = 900000};
	static const uint16_t shown[] = {10, 20, 30, 40, 50, 60, 70, 80};
	const struct baseline_held *was, *is;

	calm_case_run(&c, 21, &busy);
	for (int i = 0; i < BASELINE_HOLDS; i++)
		assert_true(baselines_add_held(c.baselines, c.web, 512, shown[i], c.now_us));
	baseline_text_put(&text, c.baselines, c.now_us, WALL);
	assert_int_equal(get(text.text, text.n, WALL), 0);
	was = &c.baselines->workloads[0]->held[4];
	is = &again->workloads[0]->held[4];
	assert_int_equal(is->n, BASELINE_HOLDS);
	assert_memory_equal(is->permille, was->permille, sizeof(is->permille));
	assert_memory_equal(&is->usual, &was->usual, sizeof(is->usual));
	baselines_free(again);
	assert_int_equal(baselines_new(&again), 0);
	assert_int_equal(get(text.text, text.n, WALL + DAY_S + 3600), 0);
	assert_int_equal(again->workloads[0]->held[4].n, 0);
}

TEST(names_of_pods_stay_one_word)
{
	assert_non_null(baselines_add(c.baselines, "Pod:a b\n/\\x", 5));
	baseline_text_put(&text, c.baselines, 5, WALL);
	assert_int_equal(get(text.text, text.n, WALL), 0);
	assert_string_equal(again->workloads[0]->key, "Pod:a b\n/\\x");
}

TEST(more_workloads_than_there_is_room_for_are_not_taken)
{
	struct record_buf many = {0};

	record_put(&many, BASELINE_TEXT_VERSION " at=5\n");
	for (int i = 0; i <= BASELINE_WORKLOADS; i++)
		record_put(&many, "w 64 0 0 a%d\n", i);
	assert_int_equal(get(many.text, many.n, WALL), -EBADMSG);
	record_buf_free(&many);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_learned_is_read_as_it_was),
		T(the_time_it_was_away_counts_but_not_backwards),
		T(a_restart_is_no_new_spell_of_calm),
		T(a_cut_or_changed_text_is_not_used_at_all),
		T(seconds_without_offline_work_are_kept_for_a_day),
		T(names_of_pods_stay_one_word),
		T(more_workloads_than_there_is_room_for_are_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
