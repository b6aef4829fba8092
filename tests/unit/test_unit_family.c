// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose cpuset.cpus a call to systemd could cost: by whom it was written, and where in the tree it stands.
#include "agent/apply/unit_family.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/knob.h"
#include "tests/lib/fake.h"
#include "tests/lib/test.h"
#include "tests/lib/tree.h"

#define KUBE "kubepods.slice"
#define CLASS KUBE "/kubepods-besteffort.slice"
#define POD CLASS "/kubepods-besteffort-poda.slice"
#define BURSTABLE KUBE "/kubepods-burstable.slice"
#define OTHER BURSTABLE "/kubepods-burstable-podb.slice"
#define SYSTEM "system.slice"

struct place {
	struct fake f;
	struct unit_family family;
	char *dir;
	int fd;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p || tree_make("@host 1\n", &p->dir) < 0)
		return -1;
	p->fd = tree_open(p->dir);
	fake_init(&p->f);
	(void)fake_pod(&p->f, POD, QOS_BESTEFFORT);
	(void)fake_pod(&p->f, OTHER, QOS_BURSTABLE);
	fake_service(&p->f, SYSTEM);
	fake_rare_knobs(&p->f);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	fake_free(&p->f);
	(void)close(p->fd);
	tree_remove(p->dir);
	free(p);
	return 0;
}

static void set(struct place *p, const char *path, const char *cpus)
{
	fake_cpus(fake_cgroup(&p->f, path), KNOB_CPUSET_CPUS, cpus);
	unit_family_look(p->fd, &p->f.model, &p->family);
}

static bool may_cost(struct place *p, const char *path)
{
	return unit_family_set(&p->family, fake_cgroup(&p->f, path)) != NULL;
}

TEST(a_set_is_in_danger_from_what_is_below_it_and_beside_it_and_from_all_below_that)
{
	struct place *p = *state;

	set(p, CLASS, "0-1");
	assert_ptr_equal(unit_family_set(&p->family, fake_cgroup(&p->f, POD)),
			 fake_cgroup(&p->f, CLASS));
	assert_true(may_cost(p, CLASS));
	assert_true(may_cost(p, BURSTABLE));
	assert_true(may_cost(p, OTHER));
	assert_true(may_cost(p, KUBE));
	assert_false(may_cost(p, SYSTEM));
	set(p, CLASS, "");
	assert_false(may_cost(p, POD));
	set(p, POD, "1");
	assert_true(may_cost(p, POD));
	assert_true(may_cost(p, CLASS));
	assert_false(may_cost(p, BURSTABLE));
}

TEST(a_set_of_colods_or_of_every_cpu_or_of_a_container_is_in_no_danger)
{
	struct place *p = *state;
	struct knob_state *s = &fake_cgroup(&p->f, CLASS)->knobs[KNOB_CPUSET_CPUS];

	set(p, CLASS, "0-3");
	assert_false(may_cost(p, POD));
	set(p, CLASS, "0-1");
	s->owned = true;
	s->written = s->now;
	unit_family_look(p->fd, &p->f.model, &p->family);
	assert_false(may_cost(p, POD));
	/* Somebody wrote over it. */
	set(p, CLASS, "1-2");
	assert_true(may_cost(p, POD));
	set(p, CLASS, "");
	fake_cgroup(&p->f, POD "/cri-containerd-x.scope")->kind = CGROUP_CONTAINER;
	set(p, POD "/cri-containerd-x.scope", "1");
	assert_false(may_cost(p, POD));
}

TEST(a_set_that_systemd_knows_of_is_in_no_danger)
{
	static const char *const places[] = {"etc/systemd/system.control",
					     "run/systemd/system.control", "run/systemd/transient"};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[256];

		(void)snprintf(path, sizeof(path),
			       "%s/kubepods-besteffort.slice.d/50-AllowedCPUs.conf", places[i]);
		set(p, CLASS, "0-1");
		assert_true(may_cost(p, POD));
		assert_int_equal(tree_write(p->dir, path, "[Slice]\nAllowedCPUs=0-1\n"), 0);
		set(p, CLASS, "0-1");
		assert_false(may_cost(p, POD));
		assert_int_equal(unlinkat(p->fd, path, 0), 0);
	}
}

TEST(where_there_are_more_than_can_be_kept_in_mind_every_unit_may_be_near_one)
{
	struct place *p = *state;

	for (int i = 0; i <= UNIT_FAMILY_SETS; i++) {
		char path[128];

		assert_false(p->family.more);
		(void)snprintf(path, sizeof(path), CLASS "/kubepods-besteffort-podx%c.slice",
			       'a' + i);
		set(p, path, "1");
	}
	assert_true(p->family.more);
	assert_true(may_cost(p, SYSTEM));
}

TEST(new_is_what_belongs_to_a_controller_that_the_unit_was_told_nothing_of)
{
	const uint32_t cpu = 1u << UNIT_PROP_CPU_WEIGHT, low = 1u << UNIT_PROP_MEMORY_LOW;
	const uint32_t io = 1u << UNIT_PROP_IO_WEIGHT, high = 1u << UNIT_PROP_MEMORY_HIGH;
	struct unit_values wanted = {.mask = cpu | low | high | io};
	struct unit *unit = calloc(1, sizeof(*unit) + 1);

	(void)state;
	assert_non_null(unit);
	assert_int_equal(unit_family_new(NULL, &wanted), cpu | low | high | io);
	unit->props[UNIT_PROP_MEMORY_MIN].set = true;
	assert_int_equal(unit_family_new(unit, &wanted), cpu | io);
	unit->props[UNIT_PROP_CPU_WEIGHT].set = unit->props[UNIT_PROP_IO_WEIGHT].set = true;
	assert_int_equal(unit_family_new(unit, &wanted), 0);
	free(unit);
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_TEST(
			a_set_is_in_danger_from_what_is_below_it_and_beside_it_and_from_all_below_that),
		PLACE_TEST(a_set_of_colods_or_of_every_cpu_or_of_a_container_is_in_no_danger),
		PLACE_TEST(a_set_that_systemd_knows_of_is_in_no_danger),
		PLACE_TEST(
			where_there_are_more_than_can_be_kept_in_mind_every_unit_may_be_near_one),
		PLACE_TEST(new_is_what_belongs_to_a_controller_that_the_unit_was_told_nothing_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
