// SPDX-License-Identifier: LGPL-2.1-or-later
// Writing CPU plans over nodes made at random: once written, the same input asks for nothing more;
// and wherever writing is cut off, offline work is not heavier beside online work than before or
// after, and no online pod is held. The seed is printed; COLOD_SEED=N runs the same nodes again.
#include "policy/diff.h"

#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/release.h"
#include "tests/lib/cpu_case.h"
#include "tests/lib/test.h"

static const struct modes all_modes = {
	.all = MODE_FULL,
	.by = {MODE_FULL, MODE_FULL, MODE_FULL},
};

static bool is_idle(const struct cgroup *cg)
{
	return cg->knobs[KNOB_CPU_IDLE].now.state == KNOB_KNOWN &&
	       cg->knobs[KNOB_CPU_IDLE].now.value == 1;
}

/* What the kernel makes of the weight when cpu.idle changes, and what apply keeps of it. */
static void idle_changed(struct fake *f, struct cgroup *cg)
{
	struct knob_state *w = &cg->knobs[KNOB_CPU_WEIGHT];
	bool reads_one = release_at_least(f->model.node.kernel, 6, 12);

	if (w->now.state != KNOB_KNOWN)
		return;
	if (is_idle(cg)) {
		if (!w->owned && w->now.value != DIFF_WEIGHT_AFTER_IDLE) {
			w->original = w->now;
			w->owned = true;
		}
		w->written.value = DIFF_WEIGHT_AFTER_IDLE;
		w->now.value = reads_one;
	} else {
		w->now.value = DIFF_WEIGHT_AFTER_IDLE;
	}
}

/* Does to the model what this change does to the kernel and to colod's records. */
static void write_one(struct fake *f, const struct change *c, int number)
{
	struct knob_state *s = &c->cgroup->knobs[c->knob];
	bool was_idle = is_idle(c->cgroup);

	if (c->kind == CHANGE_WRITE) {
		/* The last value that somebody else wrote, though it was over one of colod's. */
		if (!s->owned || !knob_equal(c->knob, &s->now, &s->written, 4096))
			s->original = s->now;
		s->written = c->want;
	}
	s->owned = c->kind == CHANGE_WRITE;
	s->held = s->owned && c->effect == EFFECT_HOLD;
	if (c->kind == CHANGE_FORGET)
		return;
	/* EINVAL from a real kernel */
	CPU_CASE_CHECK(c->knob != KNOB_CPU_WEIGHT || !was_idle);
	s->now = c->want;
	if (c->knob == KNOB_CPU_IDLE && was_idle != is_idle(c->cgroup))
		idle_changed(f, c->cgroup);
}

static void write_all(struct fake *f, struct changes *changes, int number)
{
	assert_int_equal(diff(&f->model, &f->plan, &all_modes, false, changes), 0);
	for (size_t i = 0; i < changes->n; i++)
		write_one(f, &changes->list[i], number);
}

static void check_twice(struct fake *f, int number)
{
	struct changes changes = {0};

	write_all(f, &changes, number);
	cpu_case_looked += changes.n > 0;
	assert_int_equal(diff(&f->model, &f->plan, &all_modes, false, &changes), 0);
	CPU_CASE_CHECK(changes.n == 0);
	cpu_case_decide(f);
	assert_int_equal(diff(&f->model, &f->plan, &all_modes, false, &changes), 0);
	CPU_CASE_CHECK(changes.n == 0);
	changes_free(&changes);
}

TEST(once_written_the_same_input_gives_an_empty_diff)
{
	cpu_case_each(check_twice);
}

/* The weights below each cgroup as they are at this moment. */
struct weights {
	uint64_t online, offline;
};

static struct weights *take_weights(const struct fake *f, struct weights *list)
{
	memset(list, 0, f->model.n_cgroups * sizeof(*list));
	for (size_t p = 0; p < f->model.n_cgroups; p++) {
		for (const struct cgroup *c = f->model.cgroups[p]->first_child; c;
		     c = c->next_sibling) {
			const struct knob_value *w = &c->knobs[KNOB_CPU_WEIGHT].now;
			struct decide_subtree s = decide_subtree(&f->plan, c);

			/* Idle is less than any weight. */
			if (w->state != KNOB_KNOWN || is_idle(c))
				continue;
			if (s.online > 0 || s.others)
				list[p].online += w->value;
			else if (s.offline > 0 && s.undecided == 0)
				list[p].offline += w->value;
		}
	}
	return list;
}

static bool is_heavier(const struct weights *a, const struct weights *b)
{
	return a->offline * b->online > b->offline * a->online;
}

/* Online pods, and pods whose level is open, below a quota that colod took hold of. */
static size_t n_wrongly_held(const struct fake *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->model.n_pods; i++) {
		const struct pod *pod = f->model.pods[i];
		const struct assignment *a = plan_assignment(&f->plan, pod);

		if (a->state == ASSIGNMENT_LEVEL && a->may_hold)
			continue;
		for (const struct cgroup *up = pod->cgroup; up; up = up->parent)
			n += up->knobs[KNOB_CPU_MAX].held;
	}
	return n;
}

/* Whether the next line belongs to this one: an idle group that is none any more gets its weight. */
static bool goes_on(const struct changes *changes, size_t i)
{
	return changes->list[i].knob == KNOB_CPU_IDLE && i + 1 < changes->n &&
	       changes->list[i + 1].cgroup == changes->list[i].cgroup &&
	       changes->list[i + 1].knob == KNOB_CPU_WEIGHT;
}

static void check_steps(struct fake *f, const struct changes *changes, struct weights *w[3],
			int number)
{
	size_t held = n_wrongly_held(f);

	for (size_t i = 0; i < changes->n; i++) {
		enum diff_phase phase = diff_phase(&changes->list[i]);
		size_t before = held;

		write_one(f, &changes->list[i], number);
		held = n_wrongly_held(f);
		CPU_CASE_CHECK(held <= before);
		CPU_CASE_CHECK(phase <= DIFF_HOLD_ENDS || held == 0);
		if (goes_on(changes, i))
			continue;
		(void)take_weights(f, w[2]);
		for (size_t p = 0; p < f->model.n_cgroups; p++) {
			cpu_case_looked += w[2][p].online > 0 && w[2][p].offline > 0;
			CPU_CASE_CHECK(w[2][p].online == 0 || !is_heavier(&w[2][p], &w[0][p]) ||
				       !is_heavier(&w[2][p], &w[1][p]));
		}
	}
	CPU_CASE_CHECK(held == 0);
}

/* Never more offline weight against online weight than before or after the pass, wherever it is cut
 * off; what ends a hold comes first; nothing that a kernel refuses. */
static void check_prefixes(struct fake *f, int number)
{
	size_t n = f->model.n_cgroups;
	struct knob_state(*saved)[KNOB_COUNT] = calloc(n, sizeof(*saved));
	struct changes changes = {0};
	struct weights *w[3];

	assert_non_null(saved);
	for (size_t i = 0; i < 3; i++) {
		w[i] = calloc(n, sizeof(*w[i]));
		assert_non_null(w[i]);
	}
	(void)take_weights(f, w[0]);
	for (size_t i = 0; i < n; i++)
		memcpy(saved[i], f->model.cgroups[i]->knobs, sizeof(saved[i]));
	write_all(f, &changes, number);
	(void)take_weights(f, w[1]);
	for (size_t i = 0; i < n; i++)
		memcpy(f->model.cgroups[i]->knobs, saved[i], sizeof(saved[i]));
	check_steps(f, &changes, w, number);
	for (size_t i = 0; i < 3; i++)
		free(w[i]);
	free(saved);
	changes_free(&changes);
}

TEST(wherever_writing_stops_offline_work_is_not_heavier_and_no_online_pod_held)
{
	cpu_case_each(check_prefixes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_written_the_same_input_gives_an_empty_diff),
		cmocka_unit_test(
			wherever_writing_stops_offline_work_is_not_heavier_and_no_online_pod_held),
	};

	cpu_case_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
