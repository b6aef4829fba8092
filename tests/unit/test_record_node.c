// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <stdio.h>

#include "policy/record_node.h"

static struct model m;

static int teardown(void **state)
{
	(void)state;
	free(m.node.cpus);
	m = (struct model){0};
	return 0;
}

static int get(int (*fn)(struct record_line *line, struct model *model), const char *text)
{
	struct record_line line = {text, strlen(text)};

	return fn(&line, &m);
}

static int node(struct record_line *line, struct model *model)
{
	return record_node_get(line, &model->node);
}

static int cpus(struct record_line *line, struct model *model)
{
	return record_node_get_cpus(line, &model->node);
}

#define MACHINE "cpus=1 cores=1 numa=1 smt=0 memory=4096 swap=1 page=4096 kernel=x"

TEST(the_machine_goes_there_and_back)
{
	static const char text[] = "node cpus=2 cores=1 numa=1 smt=1 memory=4096 swap=1 page=4096 "
				   "kernel=6.1.0\\x20x\ncpus 0/0/0/0 5/0/0/4/isolated\n";
	struct record_buf buf = {0};

	assert_int_equal(get(node, "cpus=2 cores=1 numa=1 smt=1 memory=4096 swap=1 page=4096 "
				   "kernel=6.1.0\\x20x"),
			 0);
	assert_int_equal(get(cpus, "0/0/0/0 5/0/0/4/isolated"), 0);
	assert_int_equal(m.node.cpus[1].id, 5);
	assert_int_equal(m.node.cpus[1].llc_first, 4);
	assert_true(m.node.cpus[1].isolated);
	assert_false(m.node.cpus[0].isolated);
	assert_string_equal(m.node.kernel, "6.1.0 x");
	record_node_put(&buf, &m.node);
	assert_int_equal(buf.n, sizeof(text) - 1);
	assert_memory_equal(buf.text, text, buf.n);
	record_buf_free(&buf);
}

TEST(memory_nodes_are_written_where_there_are_several)
{
	static const char *const bad[] = {
		"memory-nodes=0:1:2",	    "memory-nodes=0:1:2,0:1:2",
		"memory-nodes=1:1:2,0:1:2", "memory-nodes=0:1:2,64:1:2",
		"memory-nodes=0:1:2,1:1",   "memory-nodes=",
		"memory-nodes=0:1:2,",	    "memory-nodes=0:1:2,1:1:2 x=1"};
	static const char text[] = MACHINE " zones-high=9 memory-nodes=0:100:3,2:200:6";
	struct record_buf buf = {0};
	char line[256];

	assert_int_equal(get(node, text), 0);
	assert_int_equal(m.node.memory_nodes.n, 2);
	assert_int_equal(m.node.memory_nodes.list[1].id, 2);
	assert_true(m.node.memory_nodes.list[1].bytes == 200);
	assert_true(m.node.memory_nodes.list[1].high_bytes == 6);
	record_node_put(&buf, &m.node);
	assert_memory_equal(buf.text + 5, text, sizeof(text) - 1);
	record_buf_free(&buf);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(line, sizeof(line), MACHINE " %s", bad[i]);
		assert_int_equal(get(node, line), -EBADMSG);
	}
}

/* An earlier colod did not write them, and not every node says. */
TEST(what_must_stay_free_is_written_where_it_is_known)
{
	static const char *const texts[] = {
		MACHINE,
		MACHINE " zones-high=4096",
		MACHINE " evict-hard=0",
		MACHINE " zones-high=1 evict-hard=104857600",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct record_buf buf = {0};
		size_t len = strlen(texts[i]);

		assert_int_equal(get(node, texts[i]), 0);
		assert_int_equal(m.node.evict_hard_known, i >= 2);
		record_node_put(&buf, &m.node);
		assert_true(buf.n > len + 5);
		assert_memory_equal(buf.text + 5, texts[i], len);
		assert_int_equal(buf.text[5 + len], '\n');
		record_buf_free(&buf);
	}
	assert_int_equal(get(node, MACHINE " zones-high=x"), -EBADMSG);
	assert_int_equal(m.node.memory_nodes.n, 0);
	assert_int_equal(get(node, MACHINE " evict-hard=1 zones-high=1"), -EBADMSG);
	assert_int_equal(get(node, MACHINE " other=1"), -EBADMSG);
}

TEST(a_machine_that_cannot_be_is_refused)
{
	assert_int_equal(
		get(node, "cpus=5000 cores=1 numa=1 smt=1 memory=4096 swap=1 page=4096 kernel=x"),
		-EBADMSG);
	assert_int_equal(get(node,
			     "cpus=2 cores=1 numa=1 smt=2 memory=4096 swap=1 page=4096 kernel=x"),
			 -EBADMSG);
	assert_int_equal(
		get(node, "cpus=2 cores=1 numa=1 smt=1 memory=4096 swap=1 page=4096 kernel=x"), 0);
	assert_int_equal(get(cpus, "0/0/0/0"), -EBADMSG);
	assert_int_equal(get(cpus, "0/0/0/0 1/0/0/0 2/0/0/0"), -EBADMSG);
	assert_int_equal(get(cpus, "0/0/0 1/0/0/0"), -EBADMSG);
	assert_int_equal(get(cpus, "0/0/0/0 70000/0/0/0"), -EBADMSG);
	assert_int_equal(get(cpus, ""), 0);
	assert_null(m.node.cpus);
}

TEST(capabilities_go_by_their_names)
{
	struct record_buf buf = {0};

	assert_int_equal(get(record_node_get_can, "psi,cpu-max off=io"), 0);
	assert_true(model_can(&m, CAPABILITY_CPU_MAX) && !model_can(&m, CAPABILITY_IO));
	assert_int_equal(m.switched_off, 1u << CAPABILITY_IO);
	record_node_put_can(&buf, &m);
	assert_memory_equal(buf.text, "can psi,cpu-max off=io\n", buf.n);
	record_buf_free(&buf);
	assert_int_equal(get(record_node_get_can, "psi,magic off=-"), -EBADMSG);
	assert_int_equal(get(record_node_get_can, "- off=-"), 0);
	assert_int_equal(m.capabilities, 0);
}

TEST(a_calibration_is_since_when)
{
	struct record_buf buf = {0};

	record_node_put_calibrate(&buf, 4711);
	assert_memory_equal(buf.text, "calibrate 4711\n", buf.n);
	record_buf_free(&buf);
	assert_int_equal(get(record_node_get_calibrate, "4711"), 0);
	assert_int_equal(m.calibrating_us, 4711);
	assert_int_equal(get(record_node_get_calibrate, "0"), 0);
	assert_int_equal(m.calibrating_us, 0);
	assert_int_equal(get(record_node_get_calibrate, ""), -EBADMSG);
	assert_int_equal(get(record_node_get_calibrate, "-5"), -EBADMSG);
	assert_int_equal(get(record_node_get_calibrate, "5 6"), -EBADMSG);
}

TEST(the_tree_is_bounded)
{
	assert_int_equal(get(record_node_get_tree, "driver=cgroupfs slots=7"), 0);
	assert_int_equal(m.driver, DRIVER_CGROUPFS);
	assert_int_equal(m.n_slots, 7);
	assert_int_equal(get(record_node_get_tree, "driver=cgroupfs slots=4097"), -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=magic slots=1"), -EBADMSG);
}

TEST(that_facts_are_awaited_is_said_only_while_they_are)
{
	static const char without[] = "tree driver=systemd slots=2\n",
			  with[] = "tree driver=systemd slots=2 facts=awaited\n";
	struct record_buf buf = {0};

	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=2 facts=awaited"), 0);
	assert_true(m.facts_awaited);
	record_node_put_tree(&buf, &m);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=2"), 0);
	assert_false(m.facts_awaited);
	record_node_put_tree(&buf, &m);
	assert_int_equal(buf.n, sizeof(with) - 1 + sizeof(without) - 1);
	assert_memory_equal(buf.text, with, sizeof(with) - 1);
	assert_memory_equal(buf.text + sizeof(with) - 1, without, sizeof(without) - 1);
	record_buf_free(&buf);
	assert_int_equal(get(record_node_get_tree, "driver=none slots=3 facts=known"), -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=none slots=3 facts=awaited x"),
			 -EBADMSG);
	assert_int_equal(m.n_slots, 2);
}

TEST(a_cpu_manager_is_said_only_where_there_is_one)
{
	static const char text[] = "tree driver=systemd slots=3 manager=static:0,3-7\n";
	struct record_buf buf = {0};

	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 manager=static:0,3-7"),
			 0);
	assert_int_equal(m.cpu_manager, CPU_MANAGER_STATIC);
	assert_int_equal(m.cpu_shared.words[0], 0xf9);
	record_node_put_tree(&buf, &m);
	assert_int_equal(buf.n, sizeof(text) - 1);
	assert_memory_equal(buf.text, text, buf.n);
	record_buf_free(&buf);
	assert_int_equal(
		get(record_node_get_tree, "driver=systemd slots=3 facts=awaited manager=none:"), 0);
	assert_true(m.facts_awaited);
	assert_int_equal(m.cpu_manager, CPU_MANAGER_NONE);
	assert_int_equal(m.cpu_shared.words[0], 0);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3"), 0);
	assert_int_equal(m.cpu_manager, CPU_MANAGER_ABSENT);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 manager=static"),
			 -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 manager=none:x"),
			 -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 manager=some:"),
			 -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 manager=none: x=1"),
			 -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 manager=none:9999"),
			 -EBADMSG);
}

TEST(who_is_back_after_an_eviction_is_said_only_where_there_is_somebody)
{
	static const char text[] = "tree driver=systemd slots=3 freeze-most=5 thaw-late=7 "
				   "freeze-from=9 returned=7,12\n";
	struct record_buf buf = {0};

	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 returned=7"), 0);
	assert_int_equal(m.n_returned, 1);
	assert_int_equal(get(record_node_get_tree,
			     "driver=systemd slots=3 freeze-most=5 thaw-late=7 "
			     "freeze-from=9 returned=7,12"),
			 0);
	assert_true(m.n_returned == 2 && m.returned[0] == 7 && m.returned[1] == 12);
	record_node_put_tree(&buf, &m);
	assert_int_equal(buf.n, sizeof(text) - 1);
	assert_memory_equal(buf.text, text, buf.n);
	record_buf_free(&buf);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3"), 0);
	assert_int_equal(m.n_returned, 0);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 returned=x"), -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 returned="), -EBADMSG);
	assert_int_equal(get(record_node_get_tree,
			     "driver=systemd slots=3 returned=1,2,3,4,5,6,7,8,9"),
			 -EBADMSG);
}

TEST(who_would_thaw_is_said_only_where_there_is_somebody)
{
	static const char text[] = "tree driver=systemd slots=3 freeze-most=5000000 "
				   "thaw-late=7000000 freeze-from=-1\n";
	struct record_buf buf = {0};

	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 facts=awaited "
						   "manager=none: freeze-most=5000000 "
						   "thaw-late=7000000 freeze-from=-1"),
			 0);
	assert_int_equal(m.cpu_manager, CPU_MANAGER_NONE);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 freeze-most=5000000 "
						   "thaw-late=7000000 freeze-from=-1"),
			 0);
	assert_true(m.freeze.most_us == 5000000 && m.freeze.late_us == 7000000 &&
		    m.freeze.from_us == -1);
	record_node_put_tree(&buf, &m);
	assert_int_equal(buf.n, sizeof(text) - 1);
	assert_memory_equal(buf.text, text, buf.n);
	record_buf_free(&buf);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3"), 0);
	assert_true(m.freeze.most_us == 0);
	assert_int_equal(get(record_node_get_tree, "driver=systemd slots=3 freeze-most=1"),
			 -EBADMSG);
	assert_int_equal(get(record_node_get_tree, "driver=none slots=3 freeze-most=1 thaw-late=1 "
						   "freeze-from=1 x"),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_must_stay_free_is_written_where_it_is_known,
					  teardown),
		cmocka_unit_test_teardown(the_machine_goes_there_and_back, teardown),
		cmocka_unit_test_teardown(memory_nodes_are_written_where_there_are_several,
					  teardown),
		cmocka_unit_test_teardown(a_machine_that_cannot_be_is_refused, teardown),
		cmocka_unit_test_teardown(capabilities_go_by_their_names, teardown),
		cmocka_unit_test_teardown(a_calibration_is_since_when, teardown),
		cmocka_unit_test_teardown(the_tree_is_bounded, teardown),
		cmocka_unit_test_teardown(that_facts_are_awaited_is_said_only_while_they_are,
					  teardown),
		cmocka_unit_test(
			who_is_back_after_an_eviction_is_said_only_where_there_is_somebody),
		cmocka_unit_test(who_would_thaw_is_said_only_where_there_is_somebody),
		cmocka_unit_test(a_cpu_manager_is_said_only_where_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
