// SPDX-License-Identifier: LGPL-2.1-or-later
// FIFOs stand in for pressure files, as in test_trigger: which ones are armed, and how many.
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/observe/triggers.h"
#include "tests/lib/fake.h"
#include "tests/lib/tree.h"

#define MANY 40
#define SECOND 1000000
#define BOTH (1u << RESOURCE_CPU | 1u << RESOURCE_MEMORY)

static char *dir;
static struct fake f;
static struct triggers t;
static struct triggers_look look;
static struct pod *pods[MANY];

static struct {
	int node_fd;
	unsigned n, n_arm, most;
	int refuse_node;
} seen;

static int on_arm(void *context, int fd, uint32_t slot)
{
	(void)context;
	if (slot == OBSERVE_TRIGGER_NODE) {
		if (seen.refuse_node < 0)
			return seen.refuse_node;
		seen.node_fd = fd;
	}
	seen.n++;
	seen.n_arm++;
	seen.most = seen.n > seen.most ? seen.n : seen.most;
	return 0;
}

static void on_disarm(void *context, int fd, uint32_t slot)
{
	(void)context;
	if (slot == OBSERVE_TRIGGER_NODE) {
		assert_int_equal(fd, seen.node_fd);
		seen.node_fd = -EBADF;
	}
	seen.n--;
}

static const struct observe_trigger_ops ops = {NULL, on_arm, on_disarm};

static void fifo(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	(void)unlink(full);
	assert_int_equal(mkfifo(full, 0644), 0);
}

/* Number i has slot i. */
static struct pod *pod_at(unsigned i, enum level level)
{
	char path[96], file[192];

	snprintf(path, sizeof(path), "kubepods.slice/kubepods-pod%02u.slice", i);
	assert_int_equal(tree_cgroup(dir, path), 0);
	pods[i] = fake_pod(&f, path, QOS_GUARANTEED);
	assert_int_equal(fs_inode(look.cgroup_fd, path, &pods[i]->cgroup->inode), 0);
	snprintf(file, sizeof(file), "sys/fs/cgroup/%s/cpu.pressure", path);
	fifo(file);
	snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.pressure", path);
	fifo(file);
	fake_level(&f, pods[i], level);
	return pods[i];
}

static int make(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.node_fd = -EBADF;
	triggers_init(&t);
	fake_init(&f);
	f.policy.pressure_cpu = (struct pressure_rule){
		.on = true, .threshold_permille = 50, .window_us = 2 * SECOND};
	f.policy.pressure_memory =
		(struct pressure_rule){.on = true, .threshold_permille = 100, .window_us = SECOND};
	if (tree_make("@host 2\n", &dir) < 0)
		return -1;
	look = (struct triggers_look){
		.root_fd = tree_open(dir),
		.model = &f.model,
		.plan = &f.plan,
		.policy = &f.policy,
		.resources = BOTH,
		.now_us = 100 * SECOND,
	};
	(void)mkdirat(look.root_fd, "proc", 0755);
	(void)mkdirat(look.root_fd, "proc/pressure", 0755);
	fifo("proc/pressure/memory");
	if (fs_open_dir(look.root_fd, "sys/fs/cgroup", &look.cgroup_fd) < 0)
		return -1;
	pod_at(0, LEVEL_P0);
	pod_at(1, LEVEL_P7);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	triggers_done(&t);
	fake_free(&f);
	close(look.cgroup_fd);
	close(look.root_fd);
	tree_remove(dir);
	return 0;
}

static void update(void)
{
	assert_int_equal(triggers_update(&t, &look, &ops), 0);
	assert_int_equal(triggers_n(&t), seen.n);
}

static void tells(int fd, enum resource of, const struct trigger *whose)
{
	const struct trigger *trigger;
	enum resource resource;
	uint32_t told;

	assert_true(triggers_find(&t, fd, &resource, &trigger, &told));
	assert_int_equal(resource, of);
	assert_ptr_equal(trigger, whose);
}

TEST(each_rule_arms_its_own_and_memory_the_nodes_too)
{
	const struct trigger *trigger;
	enum resource resource;
	uint32_t told;
	char terms[64] = "";

	update();
	assert_int_equal(t.cpu.n, 1);
	assert_int_equal(t.memory.n, 1);
	assert_int_equal(triggers_n(&t), 3);
	assert_true(read(t.memory.armed[0].fd, terms, sizeof(terms) - 1) > 0);
	assert_string_equal(terms, "some 100000 1000000");
	assert_true(read(seen.node_fd, terms, sizeof(terms) - 1) > 0);
	assert_string_equal(terms, "some 100000 1000000");
	tells(seen.node_fd, RESOURCE_MEMORY, NULL);
	tells(t.memory.armed[0].fd, RESOURCE_MEMORY, &t.memory.armed[0]);
	tells(t.cpu.armed[0].fd, RESOURCE_CPU, &t.cpu.armed[0]);
	assert_false(triggers_find(&t, -EBADF, &resource, &trigger, &told));
	update();
	assert_int_equal(seen.n_arm, 3);
	f.policy.pressure_cpu.on = false;
	update();
	assert_int_equal(t.cpu.n, 0);
	assert_int_equal(triggers_n(&t), 2);
	f.policy.pressure_memory.on = false;
	update();
	assert_int_equal(triggers_n(&t), 0);
	assert_int_equal(seen.node_fd, -EBADF);
}

TEST(a_rule_that_kills_by_room_wants_the_nodes_alone)
{
	f.policy.pressure_cpu.on = f.policy.pressure_memory.on = false;
	f.policy.pressure_kill.on = true;
	update();
	assert_int_equal(triggers_n(&t), 1);
	assert_true(seen.node_fd >= 0);
}

TEST(a_resource_that_may_not_be_touched_has_none)
{
	update();
	look.resources = 1u << RESOURCE_CPU;
	update();
	assert_int_equal(t.memory.n, 0);
	assert_int_equal(seen.node_fd, -EBADF);
	assert_int_equal(t.cpu.n, 1);
	look.resources = 0;
	update();
	assert_int_equal(triggers_n(&t), 0);
}

TEST(no_capability_and_no_loop_each_disarm_all)
{
	static const enum capability both[] = {CAPABILITY_PSI, CAPABILITY_PSI_TRIGGER};

	for (int i = 0; i < 2; i++) {
		update();
		assert_int_equal(triggers_n(&t), 3);
		f.model.capabilities &= ~(1u << both[i]);
		update();
		assert_int_equal(triggers_n(&t), 0);
		f.model.capabilities |= 1u << both[i];
	}
	assert_int_equal(triggers_update(&t, &look, &(struct observe_trigger_ops){0}), 0);
	assert_int_equal(triggers_n(&t), 0);
}

/* Whom could it be for? */
TEST(without_an_offline_pod_nothing_is_armed_and_a_minute_without_one_disarms)
{
	fake_level(&f, pods[1], LEVEL_P1);
	update();
	assert_int_equal(triggers_n(&t), 0);
	fake_waiting(&f, pods[1]);
	update();
	assert_int_equal(triggers_n(&t), 0);
	fake_level(&f, pods[1], LEVEL_P7);
	update();
	assert_int_equal(triggers_n(&t), 3);
	fake_level(&f, pods[1], LEVEL_P1);
	look.now_us += 59 * (int64_t)SECOND;
	update();
	assert_true(triggers_n(&t) > 3);
	look.now_us += SECOND;
	update();
	assert_int_equal(triggers_n(&t), 0);
}

TEST(at_most_32_in_all)
{
	for (unsigned i = 2; i < MANY; i++)
		pod_at(i, LEVEL_P0);
	update();
	assert_int_equal(triggers_n(&t), OBSERVE_TRIGGERS_MAX);
	assert_int_equal(t.cpu.n, OBSERVE_TRIGGERS_MAX / 2);
	f.policy.pressure_memory.on = false;
	update();
	assert_int_equal(t.cpu.n, OBSERVE_TRIGGERS_MAX);
	f.policy.pressure_memory.on = true;
	f.policy.pressure_cpu.on = false;
	update();
	assert_int_equal(t.memory.n, OBSERVE_TRIGGERS_MAX - 1);
	assert_int_equal(triggers_n(&t), OBSERVE_TRIGGERS_MAX);
	/* A second rule takes half of the places back at once. */
	f.policy.pressure_cpu.on = true;
	update();
	assert_int_equal(t.memory.n, OBSERVE_TRIGGERS_MAX / 2 - 1);
	assert_int_equal(triggers_n(&t), OBSERVE_TRIGGERS_MAX);
}

TEST(the_rule_for_memory_full_has_its_own_terms_and_half_of_the_places_of_memory)
{
	char terms[64] = "";

	f.policy.pressure_full = (struct pressure_rule){
		.on = true, .full = true, .threshold_permille = 200, .window_us = SECOND};
	f.policy.pressure_memory.on = f.policy.pressure_cpu.on = false;
	for (unsigned i = 2; i < MANY; i++)
		pod_at(i, LEVEL_P0);
	update();
	assert_int_equal(t.memory.n, 0);
	assert_int_equal(t.full.n, OBSERVE_TRIGGERS_MAX - 1);
	assert_true(read(t.full.armed[0].fd, terms, sizeof(terms) - 1) > 0);
	assert_string_equal(terms, "full 200000 1000000");
	tells(t.full.armed[0].fd, RESOURCE_MEMORY, &t.full.armed[0]);
	tells(seen.node_fd, RESOURCE_MEMORY, NULL);
	f.policy.pressure_memory.on = f.policy.pressure_cpu.on = true;
	update();
	assert_int_equal(t.cpu.n, OBSERVE_TRIGGERS_MAX / 2);
	assert_int_equal(t.memory.n, 8);
	assert_int_equal(t.full.n, 7);
	assert_int_equal(triggers_n(&t), OBSERVE_TRIGGERS_MAX);
	f.policy.pressure_full.on = false;
	seen.most = 0;
	update();
	assert_int_equal(t.memory.n, OBSERVE_TRIGGERS_MAX / 2 - 1);
	assert_int_equal(t.full.n, 0);
	assert_true(seen.most <= OBSERVE_TRIGGERS_MAX);
}

TEST(a_node_without_the_file_is_asked_once)
{
	seen.refuse_node = -EINVAL;
	update();
	assert_int_equal(seen.node_fd, -EBADF);
	assert_int_equal(triggers_n(&t), 2);
	seen.refuse_node = 0;
	update();
	assert_int_equal(seen.node_fd, -EBADF);
}

TEST(a_shortage_of_the_moment_is_tried_again)
{
	seen.refuse_node = -ENOMEM;
	update();
	seen.refuse_node = 0;
	update();
	assert_true(seen.node_fd >= 0);
}

TEST(any_of_them_can_be_dropped)
{
	update();
	triggers_drop(&t, seen.node_fd, &ops);
	assert_int_equal(seen.node_fd, -EBADF);
	triggers_drop(&t, t.memory.armed[0].fd, &ops);
	triggers_drop(&t, t.cpu.armed[0].fd, &ops);
	triggers_drop(&t, 12345, &ops);
	assert_int_equal(triggers_n(&t), 0);
	assert_int_equal(seen.n, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_rule_arms_its_own_and_memory_the_nodes_too),
		T(a_rule_that_kills_by_room_wants_the_nodes_alone),
		T(a_resource_that_may_not_be_touched_has_none),
		T(no_capability_and_no_loop_each_disarm_all),
		T(without_an_offline_pod_nothing_is_armed_and_a_minute_without_one_disarms),
		T(at_most_32_in_all),
		T(the_rule_for_memory_full_has_its_own_terms_and_half_of_the_places_of_memory),
		T(a_node_without_the_file_is_asked_once),
		T(a_shortage_of_the_moment_is_tried_again),
		T(any_of_them_can_be_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
