// SPDX-License-Identifier: LGPL-2.1-or-later
// No end of the agent leaves a hold: a pressure episode (shares, a quota, a smaller quota and a freeze, the quota
// lifted) is killed at every one of its steps, the ending of its holds is killed at every one of
// its steps too, and then one whole ending finds the quota away and every share untouched; one
// whole restore gives the tree from before. Nothing is drawn: every point is tried, and counted.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/test.h"

#define N_PATHS 3
#define PAGE 4096

static const char *const paths[N_PATHS] = {APPLY_ONLINE, APPLY_CLASS, APPLY_HOG};

struct tree_values {
	struct knob_value of[N_PATHS][KNOB_COUNT];
};

static struct tree_values take(struct apply_case *s)
{
	struct tree_values v;

	for (size_t path = 0; path < N_PATHS; path++)
		for (int knob = 0; knob < KNOB_COUNT; knob++)
			v.of[path][knob] = fake_kernel_value(&s->k, paths[path], (enum knob)knob);
	return v;
}

static void same(const struct tree_values *a, const struct tree_values *b, unsigned step,
		 unsigned second)
{
	for (size_t path = 0; path < N_PATHS; path++) {
		for (int i = 0; i < KNOB_COUNT; i++) {
			enum knob knob = (enum knob)i;
			char was[KNOB_TEXT_SIZE], is[KNOB_TEXT_SIZE];

			if (!knob_equal(knob, &a->of[path][knob], &b->of[path][knob], PAGE))
				fail_msg("killed before step %u and %u: %s %s is %s, not %s", step,
					 second, paths[path], knob_name(knob),
					 knob_format(knob, &b->of[path][knob], is, sizeof(is)),
					 knob_format(knob, &a->of[path][knob], was, sizeof(was)));
		}
	}
}

static void plan_shares(struct apply_case *s)
{
	plan_clear(&s->k.f.plan);
	fake_kernel_plan(&s->k, s->online, KNOB_MEMORY_MIN, EFFECT_PROTECTION, 2 * PAGE);
	fake_kernel_plan(&s->k, s->class, KNOB_CPU_WEIGHT, EFFECT_SHARE, 3);
	fake_kernel_plan(&s->k, s->hog, KNOB_CPU_IDLE, EFFECT_SHARE, 1);
	fake_kernel_plan(&s->k, s->hog, KNOB_MEMORY_HIGH, EFFECT_LIMIT, 9 * PAGE);
}

static void pass(struct apply_case *s, uint64_t class_quota, uint64_t hog_quota)
{
	plan_shares(s);
	if (class_quota)
		fake_kernel_plan(&s->k, s->class, KNOB_CPU_MAX, EFFECT_HOLD, class_quota);
	if (hog_quota) {
		fake_kernel_plan(&s->k, s->hog, KNOB_CPU_MAX, EFFECT_HOLD, hog_quota);
		fake_kernel_plan(&s->k, s->hog, KNOB_CGROUP_FREEZE, EFFECT_HOLD, 1);
	}
	(void)fake_kernel_pass(&s->k);
}

static void episode(struct apply_case *s)
{
	pass(s, 9000, 0);
	pass(s, 5000, 3000);
	pass(s, 0, 3000);
	pass(s, 0, 0);
}

static void end_holds(struct apply_case *s)
{
	struct apply_restored done;

	apply_end_holds(s->k.apply, NULL, &done);
}

/* Runs fn in a child that ends before this step of apply. Whether there was such a step. */
static bool killed_at(struct apply_case *s, unsigned step, void (*fn)(struct apply_case *s))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		s->k.steps = 0;
		s->k.stop_step = step;
		fn(s);
		_exit(7);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	fake_kernel_end(&s->k);
	fake_kernel_start(&s->k);
	return WEXITSTATUS(status) == 0;
}

static size_t n_held(struct apply_case *s)
{
	struct originals *o = &s->k.apply->originals;
	size_t n = 0;

	for (size_t i = 0; i < o->n_buckets; i++)
		for (struct original *record = o->buckets[i]; record; record = record->next)
			n += record->held;
	return n;
}

/* One story. Whether both points were there. */
static bool story(unsigned step, unsigned second, bool *ret_first)
{
	void *scene = NULL;
	struct tree_values before, at_kill, after;
	struct apply_case *s;
	bool two;

	assert_int_equal(apply_case_setup(&scene), 0);
	s = scene;
	for (size_t path = 0; path < N_PATHS; path++)
		fake_kernel_bfq(&s->k, paths[path], true);
	before = take(s);
	/* A quota of somebody else's is what must be there again. */
	before.of[2][KNOB_CPU_MAX] = knob_value_quota(77000, 100000);
	assert_true(fake_kernel_write(&s->k, APPLY_HOG, KNOB_CPU_MAX, &before.of[2][KNOB_CPU_MAX]));
	fake_kernel_read(&s->k);
	*ret_first = killed_at(s, step, episode);
	at_kill = take(s);
	two = killed_at(s, second, end_holds);
	end_holds(s);
	assert_int_equal(n_held(s), 0);
	at_kill.of[1][KNOB_CPU_MAX] = before.of[1][KNOB_CPU_MAX];
	at_kill.of[2][KNOB_CPU_MAX] = before.of[2][KNOB_CPU_MAX];
	at_kill.of[2][KNOB_CGROUP_FREEZE] = knob_value_of(0);
	after = take(s);
	same(&at_kill, &after, step, second);
	(void)apply_case_restore(s);
	after = take(s);
	same(&before, &after, step, second);
	assert_int_equal(fs_exists(s->k.state_fd, ORIGINALS_FILE), 0);
	assert_int_equal(apply_case_teardown(&scene), 0);
	return two;
}

TEST(killed_anywhere_and_again_while_ending_no_hold_stays_and_no_share_moves)
{
	unsigned n = 0, most = 0;
	bool first = true;

	for (unsigned step = 1; first; step++) {
		unsigned second = 1;

		/* The ending is the same for three neighbours of the episode: one of them is enough. */
		while (story(step, second, &first) && step % 3 == 0)
			second++;
		n += second;
		most = second > most ? second : most;
	}
	print_message("# %u points tried, at most %u in one ending\n", n, most);
	/* The episode really holds something, and its ending has several steps. */
	assert_true(n > 30);
	assert_true(most > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			killed_anywhere_and_again_while_ending_no_hold_stays_and_no_share_moves),
	};

	log_open(LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
