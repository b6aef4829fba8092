// SPDX-License-Identifier: LGPL-2.1-or-later
// What is put back after systemd wrote a controller anew, which limits are spared, and drop-ins.
#include "tests/lib/test.h"

#include <unistd.h>

#include "agent/apply/unit_files.h"
#include "agent/base/fs.h"
#include "policy/knob.h"
#include "tests/lib/tree.h"

#define CG "batch.slice"
#define D "run/systemd/system.control/batch.slice.d/"
#define PAGE 4096

static char *dir;
static int root_fd, fd;

static int setup(void **state)
{
	char path[TREE_PATH_SIZE];

	(void)state;
	if (tree_make("@host 1\n@cgroup " CG "\n", &dir) < 0)
		return -1;
	root_fd = tree_open(dir);
	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/" CG, dir);
	fd = tree_open(path);
	return fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)close(fd);
	(void)close(root_fd);
	tree_remove(dir);
	return 0;
}

static void put(const char *file, const char *text)
{
	assert_int_equal(tree_knob(dir, CG, file, text), 0);
}

static void assert_file(const char *file, const char *text)
{
	char got[128];

	assert_int_equal(tree_knob_read(dir, CG, file, got, sizeof(got)), 0);
	assert_string_equal(got, text);
}

TEST(only_the_controllers_of_the_call_are_put_back)
{
	struct knob_value before[KNOB_COUNT];

	put("cpu.max", "33333 100000");
	put("cpu.weight", "50");
	put("memory.low", "8192");
	unit_files_read(fd, CONTROLLER_CPU, before);
	put("cpu.max", "max 100000");
	put("cpu.weight", "300");
	put("memory.low", "0");
	assert_int_equal(unit_files_put_back(fd, before, PAGE), 2);
	assert_file("cpu.max", "33333 100000");
	assert_file("cpu.weight", "50");
	assert_file("memory.low", "0");
	assert_int_equal(unit_files_put_back(fd, before, PAGE), 0);
}

/* systemd writes memory.oom.group with the other files of memory, and does not know of colod's. */
TEST(a_pod_that_goes_as_a_whole_stays_so_when_systemd_is_told)
{
	struct unit_values now = {.mask = (1u << UNIT_PROP_COUNT) - 1};
	struct knob_value before[KNOB_COUNT];

	put("memory.oom.group", "1");
	unit_files_read(fd, CONTROLLER_MEMORY, before);
	put("memory.oom.group", "0");
	unit_files_spare(fd, &now, before, PAGE);
	assert_int_equal(unit_files_put_back(fd, before, PAGE), 1);
	assert_file("memory.oom.group", "1");
	/* Somebody else's, who wrote it while systemd was told OOMPolicy=kill. */
	now.oom_group = true;
	put("memory.oom.group", "0");
	unit_files_spare(fd, &now, before, PAGE);
	assert_int_equal(unit_files_put_back(fd, before, PAGE), 0);
}

/* Between the call and its answer a runtime resized the pod. */
TEST(what_somebody_else_wrote_meanwhile_is_not_put_back)
{
	struct unit_values now = {.mask = (1u << UNIT_PROP_COUNT) - 1};
	struct knob_value before[KNOB_COUNT];

	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		now.value[i] = UNIT_PROP_UNSET;
	now.value[UNIT_PROP_CPU_WEIGHT] = 50;
	put("cpu.max", "33333 100000");
	put("cpu.weight", "39");
	unit_files_read(fd, CONTROLLER_CPU, before);
	put("cpu.weight", "50");
	put("cpu.max", "80000 100000");
	unit_files_spare(fd, &now, before, PAGE);
	assert_int_equal(unit_files_put_back(fd, before, PAGE), 1);
	assert_file("cpu.weight", "39");
	assert_file("cpu.max", "80000 100000");
}

TEST(a_weight_that_idle_hid_is_not_put_back)
{
	struct knob_value before[KNOB_COUNT];

	put("cpu.idle", "1");
	put("cpu.weight", "1");
	unit_files_read(fd, CONTROLLER_CPU, before);
	assert_int_equal(before[KNOB_CPU_WEIGHT].state, KNOB_UNREAD);
	put("cpu.idle", "0");
	put("cpu.weight", "39");
	assert_int_equal(unit_files_put_back(fd, before, PAGE), 1);
	assert_file("cpu.idle", "1");
}

TEST(a_memory_limit_behind_systemds_back_is_named)
{
	struct unit_answer a = {.values.value[UNIT_PROP_MEMORY_MAX] = UNIT_PROP_UNSET,
				.memory_swap_max = UNIT_PROP_UNSET};

	a.values.value[UNIT_PROP_MEMORY_HIGH] = UNIT_PROP_UNSET;
	assert_null(unit_files_memory_foreign(fd, &a, 0, PAGE));
	put("memory.max", "104857600");
	assert_string_equal(unit_files_memory_foreign(fd, &a, 0, PAGE), "memory.max");
	/* systemd's own number, which the kernel rounded. */
	a.values.value[UNIT_PROP_MEMORY_MAX] = 104857601;
	assert_null(unit_files_memory_foreign(fd, &a, 0, PAGE));
	put("memory.low", "8192");
	assert_string_equal(unit_files_memory_foreign(fd, &a, 0, PAGE), "memory.low");
	assert_null(unit_files_memory_foreign(fd, &a, 1u << KNOB_MEMORY_LOW, PAGE));
	put("memory.oom.group", "1");
	assert_string_equal(unit_files_memory_foreign(fd, &a, 1u << KNOB_MEMORY_LOW, PAGE),
			    "memory.oom.group");
	assert_null(unit_files_memory_foreign(
		fd, &a, 1u << KNOB_MEMORY_LOW | 1u << KNOB_MEMORY_OOM_GROUP, PAGE));
	a.values.oom_group = true;
	assert_null(unit_files_memory_foreign(fd, &a, 1u << KNOB_MEMORY_LOW, PAGE));
}

TEST(a_dropin_is_deleted_alone_and_its_folder_when_nothing_is_left)
{
	assert_int_equal(tree_write(dir, D "50-CPUWeight.conf", "x"), 0);
	assert_int_equal(tree_write(dir, D "50-CPUQuota.conf", "x"), 0);
	assert_int_equal(unit_files_dropins(root_fd, CG),
			 1u << UNIT_PROP_CPU_WEIGHT | 1u << UNIT_PROP_CPU_QUOTA);
	assert_int_equal(unit_files_delete_dropin(root_fd, CG, UNIT_PROP_CPU_WEIGHT), 0);
	assert_int_equal(unit_files_delete_dropin(root_fd, CG, UNIT_PROP_CPU_WEIGHT), 0);
	assert_int_equal(fs_exists(root_fd, D "50-CPUQuota.conf"), 1);
	assert_int_equal(unit_files_delete_dropin(root_fd, CG, UNIT_PROP_CPU_QUOTA), 0);
	assert_int_equal(fs_exists(root_fd, D), 0);
}

static void assert_written(enum unit_prop prop, uint64_t value, const char *file, const char *text)
{
	char path[TREE_PATH_SIZE], got[128];

	(void)snprintf(path, sizeof(path), D "%s", file);
	assert_int_equal(tree_write(dir, path, "[Slice]\nold\n"), 0);
	assert_int_equal(unit_files_write_dropin(root_fd, CG, prop, value), 0);
	assert_int_equal(tree_read(dir, path, got, sizeof(got)), 0);
	assert_string_equal(got, text);
}

TEST(somebody_elses_dropin_is_written_as_systemd_would)
{
	assert_written(UNIT_PROP_CPU_WEIGHT, 300, "50-CPUWeight.conf", "[Slice]\nCPUWeight=300");
	assert_written(UNIT_PROP_CPU_WEIGHT, 0, "50-CPUWeight.conf", "[Slice]\nCPUWeight=idle");
	assert_written(UNIT_PROP_CPU_WEIGHT, UNIT_PROP_UNSET, "50-CPUWeight.conf",
		       "[Slice]\nCPUWeight=");
	assert_written(UNIT_PROP_MEMORY_HIGH, UNIT_PROP_UNSET, "50-MemoryHigh.conf",
		       "[Slice]\nMemoryHigh=infinity");
	assert_written(UNIT_PROP_CPU_QUOTA, 250000, "50-CPUQuota.conf", "[Slice]\nCPUQuota=25%");
	assert_written(UNIT_PROP_CPU_PERIOD, 20000, "50-CPUQuotaPeriodSec.conf",
		       "[Slice]\nCPUQuotaPeriodSec=20000us");
	/* One that is not there is not made. */
	assert_int_equal(unit_files_delete_dropin(root_fd, CG, UNIT_PROP_IO_WEIGHT), 0);
	assert_int_equal(unit_files_write_dropin(root_fd, CG, UNIT_PROP_IO_WEIGHT, 10), 0);
	assert_int_equal(fs_exists(root_fd, D "50-IOWeight.conf"), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_the_controllers_of_the_call_are_put_back),
		CASE(a_pod_that_goes_as_a_whole_stays_so_when_systemd_is_told),
		CASE(what_somebody_else_wrote_meanwhile_is_not_put_back),
		CASE(a_weight_that_idle_hid_is_not_put_back),
		CASE(a_memory_limit_behind_systemds_back_is_named),
		CASE(a_dropin_is_deleted_alone_and_its_folder_when_nothing_is_left),
		CASE(somebody_elses_dropin_is_written_as_systemd_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
