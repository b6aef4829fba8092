// SPDX-License-Identifier: LGPL-2.1-or-later
// A FIFO stands in for cpu.pressure: it can be polled, and a test can read what was written to it.
// What only a kernel can do (fire, refuse terms) is tested in the VM.
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/observe/trigger.h"
#include "tests/lib/alloc_count.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define MANY 40

static char *dir;
static int root_fd = -EBADF, cgroup_fd = -EBADF;
static struct fake f;
static struct trigger_set set;
static struct pod *pods[MANY];

/* What the loop was told, by slot. */
static struct {
	int fd[MANY];
	unsigned n_arm, n_disarm;
	int refuse; /* what on_arm returns */
} seen;

static int on_arm(void *context, int fd, uint32_t slot)
{
	assert_ptr_equal(context, &seen);
	assert_int_equal(seen.fd[slot], -EBADF);
	if (seen.refuse < 0)
		return seen.refuse;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	seen.fd[slot] = fd;
	seen.n_arm++;
	return 1; /* positive is success, as sd-event has it */
}

static void on_disarm(void *context, int fd, uint32_t slot)
{
	assert_ptr_equal(context, &seen);
	assert_int_equal(seen.fd[slot], fd);
	assert_true(fcntl(fd, F_GETFD) >= 0); /* still open */
	seen.fd[slot] = -EBADF;
	seen.n_disarm++;
}

static const struct observe_trigger_ops ops = {&seen, on_arm, on_disarm};

static int make(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	for (int i = 0; i < MANY; i++)
		seen.fd[i] = -EBADF;
	trigger_init(&set, RESOURCE_CPU);
	fake_init(&f);
	f.policy.pressure_cpu = (struct pressure_rule){
		.on = true,
		.threshold_permille = 50,
		.window_us = 2000000,
	};
	if (tree_make("@host 2\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	return fs_open_dir(root_fd, "sys/fs/cgroup", &cgroup_fd);
}

static int drop(void **state)
{
	(void)state;
	trigger_done(&set);
	fake_free(&f);
	close(cgroup_fd);
	close(root_fd);
	tree_remove(dir);
	return 0;
}

static const char *pressure_path(const struct pod *pod, char *buf, size_t size)
{
	snprintf(buf, size, "%s/sys/fs/cgroup/%s/cpu.pressure", dir, pod->cgroup->path);
	return buf;
}

/* A pod with a FIFO; number i has slot i. */
static struct pod *pod_at(unsigned i, enum level level)
{
	char path[64], fifo[256];

	snprintf(path, sizeof(path), "kubepods.slice/kubepods-pod%02u.slice", i);
	assert_int_equal(tree_cgroup(dir, path), 0);
	pods[i] = fake_pod(&f, path, QOS_GUARANTEED);
	assert_int_equal(pods[i]->slot, i);
	assert_int_equal(fs_inode(cgroup_fd, path, &pods[i]->cgroup->inode), 0);
	assert_int_equal(unlink(pressure_path(pods[i], fifo, sizeof(fifo))), 0);
	assert_int_equal(mkfifo(fifo, 0644), 0);
	fake_level(&f, pods[i], level);
	return pods[i];
}

static void update(void)
{
	assert_int_equal(trigger_update(&set, cgroup_fd, &f.model, &f.plan,
					f.policy.pressure_cpu.on ? &f.policy.pressure_cpu : NULL,
					&ops),
			 0);
}

static bool armed(unsigned i)
{
	return seen.fd[i] >= 0;
}

/* The terms that were written, read through the trigger's own fd. */
static const char *terms(unsigned i)
{
	static char buf[64];
	ssize_t n = read(seen.fd[i], buf, sizeof(buf) - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

/* Closing is another thread's work: it must come, but nobody says when. */
static void wait_until_closed(int fd)
{
	for (int tries = 0; fcntl(fd, F_GETFD) >= 0; tries++) {
		assert_true(tries < 60000);
		usleep(1000);
	}
}

TEST(the_threshold_is_the_rules_share_of_its_window)
{
	struct pressure_rule rule = {.threshold_permille = 50, .window_us = 2000000};
	struct trigger_spec spec = trigger_file_spec(&rule);

	assert_true(spec.window_us == 2000000 && spec.threshold_us == 100000);
}

TEST(terms_stay_within_what_every_kernel_takes)
{
	struct pressure_rule rule = {.threshold_permille = 100, .window_us = 1000};
	struct trigger_spec spec = trigger_file_spec(&rule);

	assert_true(spec.window_us == 500000 && spec.threshold_us == 50000);
	rule.window_us = 3600000000ull;
	spec = trigger_file_spec(&rule);
	assert_true(spec.window_us == 10000000 && spec.threshold_us == 1000000);
	rule.threshold_permille = 0;
	assert_true(trigger_file_spec(&rule).threshold_us == 1);
	rule.threshold_permille = 5000;
	spec = trigger_file_spec(&rule);
	assert_true(spec.threshold_us == spec.window_us);
}

TEST(an_online_pod_gets_a_trigger_and_an_offline_one_does_not)
{
	pod_at(0, LEVEL_P0);
	pod_at(1, LEVEL_P7);
	pod_at(2, LEVEL_P0);
	fake_waiting(&f, pods[2]);
	update();
	assert_true(armed(0));
	assert_string_equal(terms(0), "some 100000 2000000");
	assert_false(armed(1));
	assert_false(armed(2));
	assert_int_equal(set.n, 1);
}

TEST(a_second_update_changes_nothing_and_allocates_nothing)
{
	unsigned long before;

	pod_at(0, LEVEL_P0);
	pod_at(1, LEVEL_P4);
	update();
	before = alloc_count();
	update();
	assert_int_equal(alloc_count(), before);
	assert_int_equal(seen.n_arm, 2);
	assert_int_equal(seen.n_disarm, 0);
}

TEST(without_a_rule_all_are_disarmed)
{
	pod_at(0, LEVEL_P0);
	update();
	assert_ptr_equal(trigger_find(&set, seen.fd[0]), &set.armed[0]);
	assert_null(trigger_find(&set, -1));
	f.policy.pressure_cpu.on = false;
	update();
	assert_false(armed(0));
	assert_int_equal(set.n, 0);
	f.policy.pressure_cpu.on = true;
	update();
	assert_true(armed(0));
	assert_int_equal(seen.n_arm, 2);
}

TEST(at_most_32_are_armed_and_the_highest_levels_first)
{
	for (unsigned i = 0; i < MANY; i++)
		pod_at(i, i < 10 ? LEVEL_P4 : LEVEL_P1);
	update();
	assert_int_equal(set.n, OBSERVE_TRIGGERS_MAX);
	for (unsigned i = 10; i < MANY; i++)
		assert_true(armed(i));
	assert_true(armed(0) && armed(1));
	assert_false(armed(2) || armed(9));
}

TEST(an_armed_pod_keeps_its_place_among_its_level)
{
	for (unsigned i = 0; i < MANY; i++)
		pod_at(i, i < 4 ? LEVEL_P4 : LEVEL_P1);
	update();
	assert_false(armed(0) || armed(36));
	assert_true(armed(4) && armed(35));
	/* room for one: the first of the rest gets it, nobody else moves */
	fake_level(&f, pods[10], LEVEL_P7);
	update();
	assert_false(armed(10));
	assert_true(armed(36));
	assert_int_equal(seen.n_disarm, 1);
	fake_level(&f, pods[10], LEVEL_P1);
	update();
	assert_false(armed(10));
	assert_true(armed(36));
	assert_int_equal(seen.n_disarm, 1);
}

TEST(a_higher_level_takes_the_place_of_a_lower_one)
{
	for (unsigned i = 0; i < OBSERVE_TRIGGERS_MAX; i++)
		pod_at(i, i == 5 ? LEVEL_P4 : LEVEL_P1);
	update();
	assert_true(armed(5));
	pod_at(OBSERVE_TRIGGERS_MAX, LEVEL_P0);
	update();
	assert_true(armed(OBSERVE_TRIGGERS_MAX));
	assert_false(armed(5));
	assert_int_equal(seen.n_disarm, 1);
	assert_int_equal(set.n, OBSERVE_TRIGGERS_MAX);
}

TEST(a_new_pod_in_a_used_slot_gets_its_own_trigger)
{
	pod_at(0, LEVEL_P0);
	update();
	pods[0]->serial += 100;
	update();
	assert_int_equal(seen.n_disarm, 1);
	assert_int_equal(seen.n_arm, 2);
	assert_true(armed(0));
	assert_int_equal(set.armed[0].serial, pods[0]->serial);
}

TEST(changed_terms_arm_all_anew)
{
	pod_at(0, LEVEL_P0);
	pod_at(1, LEVEL_P1);
	update();
	/* a FIFO would keep it, and the old trigger may be open for a while yet */
	assert_string_equal(terms(1), "some 100000 2000000");
	f.policy.pressure_cpu.threshold_permille = 100;
	update();
	assert_int_equal(seen.n_disarm, 2);
	assert_int_equal(seen.n_arm, 4);
	assert_string_equal(terms(1), "some 200000 2000000");
}

TEST(a_gone_cgroup_is_dropped_alone_and_quietly)
{
	int fd;

	pod_at(0, LEVEL_P0);
	pod_at(1, LEVEL_P0);
	update();
	fd = seen.fd[0];
	trigger_drop(&set, fd, &ops);
	assert_false(armed(0));
	assert_true(armed(1));
	wait_until_closed(fd);
	trigger_drop(&set, 12345, &ops);
	assert_int_equal(set.n, 1);
	/* the model still has the pod, but its cgroup is another's by now */
	pods[0]->cgroup->inode++;
	update();
	assert_false(armed(0));
	assert_false(set.said);
}

TEST(a_plain_file_of_a_recorded_tree_is_left_as_it_is)
{
	char path[256], text[64];
	int fd;

	pod_at(0, LEVEL_P0);
	pressure_path(pods[0], path, sizeof(path));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(tree_knob(dir, pods[0]->cgroup->path, "cpu.pressure", "some total=5"), 0);
	update();
	assert_false(armed(0));
	assert_false(set.said);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), strlen("some total=5\n"));
	assert_memory_equal(text, "some total=5\n", strlen("some total=5\n"));
	close(fd);
}

TEST(a_refusal_is_said_once_and_not_asked_for_again_until_the_terms_change)
{
	pod_at(0, LEVEL_P0);
	pod_at(1, LEVEL_P0);
	seen.refuse = -EINVAL;
	update();
	assert_int_equal(set.n, 0);
	assert_true(set.said);
	seen.refuse = 0;
	update();
	assert_int_equal(seen.n_arm, 0);
	f.policy.pressure_cpu.window_us = 4000000;
	update();
	assert_true(armed(0) && armed(1));
	assert_false(set.said);
}

TEST(a_refused_pod_gives_its_place_to_the_next)
{
	for (unsigned i = 0; i < OBSERVE_TRIGGERS_MAX + 1; i++)
		pod_at(i, i == 0 ? LEVEL_P0 : LEVEL_P1);
	seen.refuse = -EBUSY;
	update();
	seen.refuse = 0;
	for (unsigned i = 1; i <= OBSERVE_TRIGGERS_MAX; i++)
		set.slots[i].refused = false;
	update();
	assert_false(armed(0));
	for (unsigned i = 1; i <= OBSERVE_TRIGGERS_MAX; i++)
		assert_true(armed(i));
}

TEST(a_pod_without_a_pressure_file_gives_its_place_to_the_next)
{
	char path[256];

	for (unsigned i = 0; i < OBSERVE_TRIGGERS_MAX + 1; i++)
		pod_at(i, i == 0 ? LEVEL_P0 : LEVEL_P1);
	assert_int_equal(unlink(pressure_path(pods[0], path, sizeof(path))), 0);
	update();
	update();
	assert_false(armed(0));
	assert_true(armed(OBSERVE_TRIGGERS_MAX));
	assert_false(set.said);
	/* switched on again: seen as soon as anything in the model has changed */
	assert_int_equal(mkfifo(path, 0644), 0);
	update();
	assert_false(armed(0));
	f.model.generation++;
	update();
	assert_true(armed(0));
	assert_false(armed(OBSERVE_TRIGGERS_MAX));
}

TEST(a_shortage_of_the_moment_is_tried_again)
{
	pod_at(0, LEVEL_P0);
	seen.refuse = -ENOMEM;
	update();
	assert_false(armed(0));
	seen.refuse = 0;
	update();
	assert_true(armed(0));
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_threshold_is_the_rules_share_of_its_window),
		T(terms_stay_within_what_every_kernel_takes),
		T(an_online_pod_gets_a_trigger_and_an_offline_one_does_not),
		T(a_second_update_changes_nothing_and_allocates_nothing),
		T(without_a_rule_all_are_disarmed),
		T(at_most_32_are_armed_and_the_highest_levels_first),
		T(an_armed_pod_keeps_its_place_among_its_level),
		T(a_higher_level_takes_the_place_of_a_lower_one),
		T(a_new_pod_in_a_used_slot_gets_its_own_trigger),
		T(changed_terms_arm_all_anew),
		T(a_gone_cgroup_is_dropped_alone_and_quietly),
		T(a_plain_file_of_a_recorded_tree_is_left_as_it_is),
		T(a_refusal_is_said_once_and_not_asked_for_again_until_the_terms_change),
		T(a_refused_pod_gives_its_place_to_the_next),
		T(a_pod_without_a_pressure_file_gives_its_place_to_the_next),
		T(a_shortage_of_the_moment_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
