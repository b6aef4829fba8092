// SPDX-License-Identifier: LGPL-2.1-or-later
// The program at a pod's cgroup: what it does to a mark, when there is to be one, and what its failing says (net_host.c).
#include "tests/lib/test.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "tests/lib/fake_egress.h"
#include "tests/lib/tree.h"

/* As the kernel runs it; anything that it is not meant to do ends the test. */
static uint32_t run_on(const struct bpf_insn *code, uint32_t mark)
{
	uint64_t reg[11] = {[1] = 4711};

	for (int i = 0; i < NET_HOST_CODE; i++) {
		const struct bpf_insn *c = &code[i];

		switch (c->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_true(c->src_reg == 1 && reg[1] == 4711);
			assert_int_equal(c->off, offsetof(struct __sk_buff, mark));
			reg[c->dst_reg] = mark;
			break;
		case BPF_STX | BPF_MEM | BPF_W:
			assert_true(c->dst_reg == 1 && reg[1] == 4711);
			assert_int_equal(c->off, offsetof(struct __sk_buff, mark));
			mark = (uint32_t)reg[c->src_reg];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			reg[c->dst_reg] = (uint32_t)reg[c->dst_reg] & (uint32_t)c->imm;
			break;
		case BPF_ALU | BPF_OR | BPF_K:
			reg[c->dst_reg] = (uint32_t)reg[c->dst_reg] | (uint32_t)c->imm;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[c->dst_reg] = (uint64_t)(int64_t)c->imm;
			break;
		case BPF_JMP | BPF_EXIT:
			/* What lets a packet pass. */
			assert_int_equal(reg[0], 1);
			assert_int_equal(i, NET_HOST_CODE - 1);
			return mark;
		default:
			fail_msg("instruction %d is %#x", i, c->code);
		}
	}
	fail_msg("it does not end");
	return 0;
}

TEST(the_bits_of_the_mask_are_set_all_others_stay_and_the_packet_passes)
{
	static const uint32_t before[] = {0, 0x4000, 0x00f00000, 0xffffffff, 0x80000001};
	struct bpf_insn code[NET_HOST_CODE];

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		net_host_code(0x00b00000, 0x00f00000, code);
		assert_int_equal(run_on(code, before[i]), (before[i] & 0xff0fffff) | 0x00b00000);
		net_host_code(0x90000000, 0xf0000000, code);
		assert_int_equal(run_on(code, before[i]), (before[i] & 0x0fffffff) | 0x90000000);
	}
}

TEST(bits_outside_the_mask_are_never_set)
{
	struct bpf_insn code[NET_HOST_CODE];

	net_host_code(0xffffffff, 0xf00, code);
	assert_int_equal(run_on(code, 0), 0xf00);
}

TEST(only_what_differs_from_what_is_wanted_is_done)
{
	const struct net_host none = {.link_fd = -EBADF};
	const struct net_host ours = {.link_fd = 5, .mark = 0x800, .mask = 0xf00};

	assert_int_equal(net_host_plan(&none, false, 0x800, 0xf00), NET_HOST_KEEP);
	assert_int_equal(net_host_plan(&none, true, 0x800, 0xf00), NET_HOST_ADD);
	assert_int_equal(net_host_plan(&none, true, 0x800, 0), NET_HOST_KEEP);
	assert_int_equal(net_host_plan(&ours, true, 0x800, 0xf00), NET_HOST_KEEP);
	assert_int_equal(net_host_plan(&ours, true, 0x900, 0xf00), NET_HOST_CHANGE);
	assert_int_equal(net_host_plan(&ours, true, 0x800, 0xff00), NET_HOST_CHANGE);
	assert_int_equal(net_host_plan(&ours, false, 0x800, 0xf00), NET_HOST_REMOVE);
	assert_int_equal(net_host_plan(&ours, true, 0x800, 0), NET_HOST_REMOVE);
}

TEST(what_the_kernel_lacks_forbids_or_gave_to_others_is_told_apart)
{
	assert_int_equal(net_host_refusal(-EPERM), NET_HOST_DENIED);
	assert_int_equal(net_host_refusal(-EACCES), NET_HOST_DENIED);
	assert_int_equal(net_host_refusal(-EINVAL), NET_HOST_NETWORK);
	assert_int_equal(net_host_refusal(-ENOSYS), NET_HOST_NETWORK);
	assert_int_equal(net_host_refusal(-EBUSY), NET_FOREIGN_PROGRAM);
	assert_int_equal(net_host_refusal(-ENOMEM), NET_FINE);
	assert_int_equal(net_host_refusal(-ENOENT), NET_FINE);
}

static char *dir;
static int fd = -EBADF;

static int setup(void **state)
{
	(void)state;
	fake_egress_reset();
	assert_int_equal(tree_make("a/b/c/cgroup.procs = 77\n", &dir), 0);
	fd = tree_open(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(fd);
	tree_remove(dir);
	return 0;
}

TEST(anybodys_program_that_allows_none_beside_it_counts_there_and_above)
{
	static const char *const above[] = {".", "a", "a/b"};

	assert_int_equal(net_host_is_taken(fd, "a/b"), 0);
	for (size_t i = 0; i < 3; i++) {
		fake_egress.alone = fake_egress_inode(fd, above[i]);
		assert_int_equal(net_host_is_taken(fd, "a/b"), 1);
	}
	/* Below, ours and theirs run both. */
	fake_egress.alone = fake_egress_inode(fd, "a/b/c");
	assert_int_equal(net_host_is_taken(fd, "a/b"), 0);
	assert_int_equal(net_host_is_taken(fd, "a/gone"), -ENOENT);
	fake_egress.query_error = -EPERM;
	assert_int_equal(net_host_is_taken(fd, "a/b"), -EPERM);
}

TEST(a_mark_is_put_there_changed_in_place_and_taken_away)
{
	struct net_host at = {.link_fd = -EBADF};

	assert_int_equal(net_host_run(&at, NET_HOST_ADD, fd, "a/b", 0x800, 0xf00), 0);
	assert_string_equal(fake_egress.name, NET_HOST_NAME);
	assert_int_equal(fake_egress_mark(fd, "a/b"), 0x800);
	assert_true(net_host_look(&at));
	assert_int_equal(net_host_run(&at, NET_HOST_CHANGE, fd, "a/b", 0x900, 0xf00), 0);
	assert_int_equal(fake_egress_mark(fd, "a/b"), 0x900);
	assert_int_equal(at.mark, 0x900);
	assert_int_equal(fake_egress.n_made, 1);
	assert_int_equal(net_host_run(&at, NET_HOST_REMOVE, fd, "a/b", 0, 0), 0);
	assert_int_equal(fake_egress_links(), 0);
	assert_int_equal(at.link_fd, -EBADF);
}

TEST(a_step_that_fails_leaves_what_was_there)
{
	struct net_host at = {.link_fd = -EBADF};

	fake_egress.new_error = -EPERM;
	assert_int_equal(net_host_run(&at, NET_HOST_ADD, fd, "a/b", 0x800, 0xf00), -EBUSY);
	fake_egress.new_error = 0;
	assert_int_equal(net_host_run(&at, NET_HOST_ADD, fd, "a/x", 0x800, 0xf00), -ENOENT);
	assert_int_equal(at.link_fd, -EBADF);
	assert_int_equal(net_host_run(&at, NET_HOST_ADD, fd, "a/b", 0x800, 0xf00), 0);
	fake_egress.change_error = -ENOMEM;
	assert_int_equal(net_host_run(&at, NET_HOST_CHANGE, fd, "a/b", 0x900, 0xf00), -ENOMEM);
	fake_egress.load_error = -EPERM;
	assert_int_equal(net_host_run(&at, NET_HOST_CHANGE, fd, "a/b", 0x900, 0xf00), -EPERM);
	assert_int_equal(at.mark, 0x800);
	assert_int_equal(fake_egress_mark(fd, "a/b"), 0x800);
	net_host_run(&at, NET_HOST_REMOVE, fd, "a/b", 0, 0);
}

TEST(a_link_that_was_cut_is_closed_and_one_that_cannot_be_asked_is_kept)
{
	struct net_host at = {.link_fd = -EBADF};

	assert_false(net_host_look(&at));
	assert_int_equal(net_host_run(&at, NET_HOST_ADD, fd, "a/b", 0x800, 0xf00), 0);
	fake_egress.look_error = -ENOMEM;
	assert_false(net_host_look(&at));
	assert_int_equal(fake_egress_links(), 1);
	fake_egress.look_error = 0;
	fake_egress.links[0].cut = true;
	assert_false(net_host_look(&at));
	assert_int_equal(at.link_fd, -EBADF);
	assert_int_equal(fake_egress_links(), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_bits_of_the_mask_are_set_all_others_stay_and_the_packet_passes),
		cmocka_unit_test(bits_outside_the_mask_are_never_set),
		cmocka_unit_test(only_what_differs_from_what_is_wanted_is_done),
		cmocka_unit_test(what_the_kernel_lacks_forbids_or_gave_to_others_is_told_apart),
		CASE(anybodys_program_that_allows_none_beside_it_counts_there_and_above),
		CASE(a_mark_is_put_there_changed_in_place_and_taken_away),
		CASE(a_step_that_fails_leaves_what_was_there),
		CASE(a_link_that_was_cut_is_closed_and_one_that_cannot_be_asked_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
