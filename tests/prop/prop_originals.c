// SPDX-License-Identifier: LGPL-2.1-or-later
// Whatever happens while colod runs (plans come and go, others write, cgroups vanish, colod is
// killed at any step and starts again), after the last restore every knob has the last value that
// somebody else wrote. The seed is printed; COLOD_SEED=N runs the same stories again.
//
// What colod writes and what others write are different numbers: an equal one could not be told
// apart by anybody.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "tests/lib/apply_case.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define STORIES 40
#define EVENTS 40
#define N_PATHS 3
#define PAGE 4096

static const char *const paths[N_PATHS] = {APPLY_ONLINE, APPLY_CLASS, APPLY_HOG};

static uint64_t seed;

struct story {
	struct apply_case *s;
	uint64_t random;
	int number;
	int graves;
	struct knob_value foreign[N_PATHS][KNOB_COUNT]; /* what must be there in the end */
};

static uint64_t draw(struct story *t, uint64_t n)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return (t->random >> 11) % n;
}

static struct cgroup *cgroup_of(struct story *t, size_t i)
{
	return i == 0 ? t->s->online : i == 1 ? t->s->class : t->s->hog;
}

/* Some parts of a disk's line, at least one. */
static struct knob_value some_line(struct story *t, enum knob knob, bool foreign)
{
	struct knob_value value = fake_kernel_io(knob);
	uint64_t parts = 1 + draw(t, 15);

	for (unsigned i = 0; i < 4; i++) {
		uint64_t *part = i < 2 ? &value.io.bytes[i] : &value.io.requests[i - 2];

		if (parts >> i & 1)
			*part = foreign && draw(t, 3) == 0 ? KNOB_VALUE_MAX
							   : 2 * (1 + draw(t, 40)) + foreign;
	}
	return value;
}

/* Odd pages and odd numbers for others, even ones for colod; 100 is the kernel's own. */
static struct knob_value some_value(struct story *t, enum knob knob, bool foreign)
{
	uint64_t v = 2 * (1 + draw(t, 40)) + foreign;

	if (knob == KNOB_CPUSET_PARTITION)
		return knob_value_of(!foreign	  ? PARTITION_ROOT
				     : draw(t, 2) ? PARTITION_MEMBER
						  : PARTITION_ISOLATED);
	if (knob_is_io_max(knob))
		return some_line(t, knob, foreign);
	if (knob == KNOB_CPU_MAX)
		return knob_value_quota(1000 + v, 20000);
	if (knob == KNOB_MEMORY_OOM_GROUP)
		return knob_value_of(v % 2);
	if (knob_controller(knob) == CONTROLLER_MEMORY)
		return knob_value_of(v * PAGE + (foreign ? 0 : draw(t, PAGE)));
	return knob_value_of(v);
}

static void take_foreign(struct story *t, size_t path)
{
	for (int knob = 0; knob < KNOB_COUNT; knob++)
		t->foreign[path][knob] = fake_kernel_value(&t->s->k, paths[path], (enum knob)knob);
}

static void note_foreign(struct knob_value *foreign, enum knob knob, const struct knob_value *value)
{
	if (!knob_is_io_max(knob)) {
		*foreign = *value;
		return;
	}
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		if (value->io.bytes[d])
			foreign->io.bytes[d] = value->io.bytes[d];
		if (value->io.requests[d])
			foreign->io.requests[d] = value->io.requests[d];
	}
}

static void somebody_writes(struct story *t)
{
	size_t path = draw(t, N_PATHS);
	enum knob knob = (enum knob)draw(t, KNOB_COUNT);
	struct knob_value value, off = knob_value_of(0);

	if (knob == KNOB_CPU_IDLE) {
		/* As systemd does it: idle off and its own weight behind it. */
		assert_true(fake_kernel_write(&t->s->k, paths[path], knob, &off));
		t->foreign[path][knob] = off;
		knob = KNOB_CPU_WEIGHT;
	}
	value = some_value(t, knob, true);
	if (fake_kernel_write(&t->s->k, paths[path], knob, &value))
		note_foreign(&t->foreign[path][knob], knob, &value);
	if (draw(t, 2))
		fake_kernel_read(&t->s->k);
}

static void new_plan(struct story *t)
{
	struct fake_kernel *k = &t->s->k;

	plan_clear(&k->f.plan);
	for (size_t path = 0; path < N_PATHS; path++) {
		for (int i = 0; i < KNOB_COUNT; i++) {
			enum knob knob = (enum knob)i;
			struct plan_entry e = {
				.cgroup = cgroup_of(t, path),
				.knob = knob,
				.effect = knob == KNOB_CPU_MAX || knob_is_io_max(knob)
						  ? EFFECT_HOLD
						  : EFFECT_SHARE,
				.want = some_value(t, knob, false),
				.reason = {.code = REASON_WEIGHT_FIXED, .rule = -1},
			};

			if (knob == KNOB_MEMORY_MAX || draw(t, 3) == 0)
				continue;
			if (knob == KNOB_CPU_IDLE)
				e.want = knob_value_of(1);
			if (knob == KNOB_CPU_IDLE && draw(t, 3) > 0)
				continue;
			assert_int_equal(plan_add(&k->f.plan, &e), 0);
		}
	}
}

/* Memory in use, so that memory.high is approached in steps. */
static void use_memory(struct story *t)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64,
		       draw(t, 2) * (200 + draw(t, 50)) * (1 << 20));
	assert_int_equal(tree_knob(t->s->k.dir, paths[draw(t, N_PATHS)], "memory.current", text),
			 0);
}

static void pass(struct story *t)
{
	struct fake_kernel *k = &t->s->k;

	if (draw(t, 4) == 0)
		fake_kernel_read(k);
	/* Now and then the kernel refuses, or there is no room for a record. */
	k->fail_knob = draw(t, 4) == 0 ? (enum knob)draw(t, KNOB_COUNT) : KNOB_COUNT;
	k->fail_step = draw(t, 2) ? APPLY_STEP_WRITE : APPLY_STEP_RECORD;
	k->fail_error = k->fail_step == APPLY_STEP_WRITE ? -EBUSY : -ENOSPC;
	(void)fake_kernel_pass(k);
	k->fail_knob = KNOB_COUNT;
}

/* A run that is killed at some step of a pass or of a restore; the next one starts. */
static void killed(struct story *t)
{
	struct fake_kernel *k = &t->s->k;
	unsigned step = 1 + (unsigned)draw(t, 30);
	bool restoring = draw(t, 4) == 0, holds_only = draw(t, 2);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct apply_restored done;

		k->steps = 0;
		k->stop_step = step;
		if (restoring)
			(void)apply_restore(k->apply, holds_only, &done);
		else
			(void)fake_kernel_pass(k);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	fake_kernel_end(k);
	fake_kernel_start(k);
}

/* The cgroup goes, and another one gets its name. The old directory is only moved, so that its
 * inode number is not given out again, which cgroupfs does not do either. */
static void replaced(struct story *t)
{
	struct apply_case *s = t->s;
	char grave[32];

	(void)snprintf(grave, sizeof(grave), "grave-%d", t->graves++);
	assert_int_equal(renameat(s->k.cgroup_fd, APPLY_HOG, s->k.cgroup_fd, grave), 0);
	assert_int_equal(tree_cgroup(s->k.dir, APPLY_HOG), 0);
	fake_kernel_bfq(&s->k, APPLY_HOG, true);
	take_foreign(t, 2);
	if (draw(t, 2))
		(void)fake_kernel_pass(&s->k);
	/* Discovery makes a new object of it, with the values it reads. */
	assert_int_equal(fs_inode(s->k.cgroup_fd, APPLY_HOG, &s->hog->inode), 0);
	memset(s->hog->knobs, 0, sizeof(s->hog->knobs));
	fake_kernel_read(&s->k);
	apply_adopt(s->k.apply, &s->k.f.model);
}

/* BFQ's module goes and comes again, seen by nobody or by a pass: its weights are the kernel's own then. */
static void reloaded(struct story *t)
{
	for (size_t path = 0; path < N_PATHS; path++)
		fake_kernel_bfq(&t->s->k, paths[path], false);
	if (draw(t, 2))
		pass(t);
	for (size_t path = 0; path < N_PATHS; path++) {
		fake_kernel_bfq(&t->s->k, paths[path], true);
		t->foreign[path][KNOB_IO_BFQ_WEIGHT] = knob_value_of(100);
	}
}

static void event(struct story *t)
{
	switch (draw(t, 8)) {
	case 0:
	case 1:
		somebody_writes(t);
		break;
	case 2:
		new_plan(t);
		break;
	case 3:
		use_memory(t);
		break;
	case 4:
		killed(t);
		break;
	case 5:
		if (draw(t, 4) == 0)
			replaced(t);
		else if (draw(t, 2))
			reloaded(t);
		break;
	default:
		pass(t);
		break;
	}
}

static void show(struct story *t, size_t path, enum knob knob, const struct knob_value *is)
{
	char have[KNOB_TEXT_SIZE], want[KNOB_TEXT_SIZE];

	fail_msg("COLOD_SEED=%" PRIu64 " story %d: %s %s is %s, the last foreign value was %s",
		 seed, t->number, paths[path], knob_name(knob),
		 knob_format(knob, is, have, sizeof(have)),
		 knob_format(knob, &t->foreign[path][knob], want, sizeof(want)));
}

static void check_end(struct story *t)
{
	struct apply_restored done = apply_case_restore(t->s);

	assert_int_equal(done.written, done.restored + done.gone + done.left);
	for (size_t path = 0; path < N_PATHS; path++) {
		for (int i = 0; i < KNOB_COUNT; i++) {
			enum knob knob = (enum knob)i;
			struct knob_value is = fake_kernel_value(&t->s->k, paths[path], knob);

			if (!knob_equal(knob, &t->foreign[path][knob], &is, PAGE))
				show(t, path, knob, &is);
		}
	}
	assert_int_equal(t->s->k.apply->originals.n, 0);
	assert_int_equal(fs_exists(t->s->k.state_fd, ORIGINALS_FILE), 0);
}

TEST(in_the_end_every_knob_has_the_last_foreign_value)
{
	size_t n_restored = 0;

	for (int number = 0; number < STORIES; number++) {
		struct story t = {.number = number,
				  .random = seed * 1000003 + (uint64_t)number * 2654435769u + 1};
		void *scene = NULL;

		assert_int_equal(apply_case_setup(&scene), 0);
		t.s = scene;
		t.s->k.weight_while_idle = number % 2;
		for (size_t path = 0; path < N_PATHS; path++) {
			fake_kernel_bfq(&t.s->k, paths[path], true);
			take_foreign(&t, path);
		}
		for (int i = 0; i < EVENTS; i++)
			event(&t);
		n_restored += t.s->k.apply->originals.n;
		check_end(&t);
		assert_int_equal(apply_case_teardown(&scene), 0);
	}
	/* The stories are about something. */
	assert_true(n_restored > STORIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_the_end_every_knob_has_the_last_foreign_value),
	};
	const char *given = getenv("COLOD_SEED");

	seed = given ? strtoull(given, NULL, 10) : 20260101;
	print_message("# COLOD_SEED=%" PRIu64 ", %d stories of %d events\n", seed, STORIES, EVENTS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
