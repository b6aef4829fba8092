// SPDX-License-Identifier: LGPL-2.1-or-later
// The rounds look at the network of whoever runs this, which anyone may; what they change is shown in a VM (70-net-tc).
#include "tests/lib/test.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/net_worker.h"
#include "tests/lib/fault.h"
#include "tests/lib/tree.h"

#define LONG_MS 20000

struct node {
	char *dir;
	int fd, event_fd;
	struct net_worker *worker;
};

static void node_open(struct node *n)
{
	assert_int_equal(tree_make("pod/ctr/\n", &n->dir), 0);
	n->fd = tree_open(n->dir);
	n->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_true(n->fd >= 0 && n->event_fd >= 0);
	assert_int_equal(net_worker_new(n->fd, n->fd, n->event_fd, &n->worker), 0);
}

static void node_close(struct node *n)
{
	net_worker_free(n->worker);
	close(n->event_fd);
	close(n->fd);
	tree_remove(n->dir);
}

/* By the event, as the loop does. */
static const struct net_round_found *found(struct node *n)
{
	struct pollfd poll_fd = {.fd = n->event_fd, .events = POLLIN};
	const struct net_round_found *f;
	uint64_t raised;

	assert_int_equal(poll(&poll_fd, 1, LONG_MS), 1);
	assert_int_equal(read(n->event_fd, &raised, sizeof(raised)), sizeof(raised));
	f = net_worker_take(n->worker);
	assert_non_null(f);
	assert_null(net_worker_take(n->worker));
	return f;
}

TEST(a_round_is_handed_in_and_taken_up)
{
	char path[] = "pod";
	struct net_round_pod pod = {.serial = 7, .cgroup_path = path};
	struct net_round_wanted wanted = {
		.asked = {.n = 1, .names = {"no-such-link"}}, .pods = &pod, .n_pods = 1};
	const struct net_round_found *f;
	struct node n;

	node_open(&n);
	assert_null(net_worker_take(n.worker));
	assert_int_equal(net_worker_start(n.worker, &wanted), 0);
	/* A second one is not started before the first was taken up. */
	assert_int_equal(net_worker_start(n.worker, &wanted), -EBUSY);
	/* It has a copy of its own. */
	path[0] = '\0';
	f = found(&n);
	assert_int_equal(f->error, 0);
	assert_int_equal(f->links.n, 1);
	assert_int_equal(f->links.list[0].refusal, NET_NAMED_GONE);
	assert_int_equal(f->n_pods, 1);
	assert_true(f->pods[0].pod.serial == 7);
	assert_int_equal(f->pods[0].pod.refusal, NET_NO_PROCESS);
	assert_int_equal(f->n_steps, 0);
	assert_int_equal(net_worker_start(n.worker, &wanted), 0);
	(void)found(&n);
	node_close(&n);
}

TEST(each_message_of_a_round_can_fail_and_the_next_one_finds_all_again)
{
	const struct net_round_wanted wanted = {.asked = {.n = 1, .names = {"no-such-link"}}};
	struct node n;
	unsigned count, met = 0;

	node_open(&n);
	fault_begin();
	assert_int_equal(net_worker_start(n.worker, &wanted), 0);
	assert_int_equal(found(&n)->error, 0);
	count = fault_count(SYS_NETLINK);
	fault_end();
	/* Links, two kinds of routes, qdiscs; each asked and answered. */
	assert_true(count >= 8);
	for (unsigned nth = 1; nth <= count; nth++) {
		const struct net_round_found *f;

		fault_begin();
		fault_set(SYS_NETLINK, nth, -ENOBUFS);
		assert_int_equal(net_worker_start(n.worker, &wanted), 0);
		f = found(&n);
		met += fault_was_met();
		if (fault_was_met())
			assert_int_equal(f->error, -ENOBUFS);
		fault_end();
		assert_int_equal(net_worker_start(n.worker, &wanted), 0);
		f = found(&n);
		assert_int_equal(f->error, 0);
		assert_int_equal(f->links.n, 1);
	}
	assert_true(met >= 8);
	node_close(&n);
}

TEST(without_a_socket_the_round_says_so)
{
	const struct net_round_wanted wanted = {0};
	struct node n;

	node_open(&n);
	fault_begin();
	fault_set(SYS_OPEN, 1, -EMFILE);
	assert_int_equal(net_worker_start(n.worker, &wanted), 0);
	assert_int_equal(found(&n)->error, -EMFILE);
	fault_end();
	node_close(&n);
}

TEST(without_a_thread_there_is_no_worker)
{
	struct net_worker *worker = NULL;

	fault_begin();
	fault_set(SYS_THREAD, 1, -EAGAIN);
	assert_int_equal(net_worker_new(-1, -1, -1, &worker), -EAGAIN);
	assert_null(worker);
	fault_end();
	net_worker_free(NULL);
}

TEST(a_stop_waits_for_the_round)
{
	const struct net_round_wanted wanted = {0};
	struct node n;

	node_open(&n);
	assert_true(net_worker_wait(n.worker, 0));
	assert_int_equal(net_worker_start(n.worker, &wanted), 0);
	assert_true(net_worker_wait(n.worker, LONG_MS));
	assert_non_null(net_worker_take(n.worker));
	assert_int_equal(net_worker_start(n.worker, &wanted), 0);
	node_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_round_is_handed_in_and_taken_up),
		cmocka_unit_test(each_message_of_a_round_can_fail_and_the_next_one_finds_all_again),
		cmocka_unit_test(without_a_socket_the_round_says_so),
		cmocka_unit_test(without_a_thread_there_is_no_worker),
		cmocka_unit_test(a_stop_waits_for_the_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
