// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/base/fs.h"
#include "agent/discover/net_pods.h"
#include "tests/lib/fault.h"
#include "tests/lib/net_case.h"
#include "tests/lib/tree.h"

/* Two pods whose interfaces have the same index in their namespaces, and what looks like one of them. */
static struct net_device list[] = {
	{.ifindex = 2, .lower = 9, .nsid = 4, .kind = "vlan"},
	{.ifindex = 5, .lower = 2, .nsid = 4, .kind = "veth"},
	{.ifindex = 6, .lower = 2, .nsid = 7, .kind = "veth"},
	{.ifindex = 7, .lower = 2, .nsid = NET_NO_NSID, .kind = "veth"},
	{.ifindex = 8, .lower = 3, .nsid = 7, .kind = "veth"},
};

static struct net_devices devices = {
	.list = list, .n = sizeof(list) / sizeof(list[0]), .sorted = true};

TEST(ends_are_told_apart_by_their_namespace)
{
	struct net_pod pod = {0};

	net_pods_match(&devices, 4, &pod);
	assert_true(pod.refusal == NET_FINE && pod.n == 1 && pod.ifindex[0] == 5);
	net_pods_match(&devices, 7, &pod);
	assert_true(pod.n == 2 && pod.ifindex[0] == 6 && pod.ifindex[1] == 8);
	net_pods_match(&devices, 5, &pod);
	assert_true(pod.n == 0 && pod.refusal == NET_NOT_FOUND);
	/* No namespace is no namespace, not that of the ends that are both here. */
	net_pods_match(&devices, NET_NO_NSID, &pod);
	assert_true(pod.n == 0 && pod.refusal == NET_NOT_FOUND);
}

TEST(more_ends_than_there_is_room_for_are_counted)
{
	struct net_device many[NET_POD_LINKS + 2];
	const struct net_devices of = {.list = many, .n = NET_POD_LINKS + 2};
	struct net_pod pod = {0};

	for (int i = 0; i < NET_POD_LINKS + 2; i++)
		many[i] = (struct net_device){.ifindex = 10 + i, .nsid = 3, .kind = "veth"};
	net_pods_match(&of, 3, &pod);
	assert_int_equal(pod.n, NET_POD_LINKS);
	assert_int_equal(pod.left_out, 2);
}

TEST(what_was_found_stands_while_the_same_ends_are_there)
{
	struct net_pod pod = {.n = 2, .ifindex = {6, 8}};

	assert_true(net_pods_stands(&devices, 7, &pod));
	assert_false(net_pods_stands(&devices, 4, &pod));
	pod.n = 1;
	assert_false(net_pods_stands(&devices, 7, &pod));
	pod = (struct net_pod){0};
	assert_false(net_pods_stands(&devices, 99, &pod));
}

static struct nl_msg *nsid_message(int32_t nsid, bool with)
{
	const struct rtgenmsg header = {0};
	struct nl_msg *m = netlink_message(RTM_NEWNSID, 0, &header, sizeof(header));

	assert_non_null(m);
	if (with)
		assert_int_equal(nla_put_u32(m, NETNSA_NSID, (uint32_t)nsid), 0);
	return m;
}

TEST(the_number_of_a_namespace_is_read)
{
	struct nl_msg *m = nsid_message(7, true);
	int32_t nsid = 4711;

	assert_int_equal(net_pods_read_nsid(nlmsg_hdr(m), &nsid), 0);
	assert_int_equal(nsid, 7);
	nlmsg_free(m);
	m = nsid_message(NETNSA_NSID_NOT_ASSIGNED, true);
	assert_int_equal(net_pods_read_nsid(nlmsg_hdr(m), &nsid), 0);
	assert_int_equal(nsid, NET_NO_NSID);
	nlmsg_free(m);
	m = nsid_message(0, false);
	assert_int_equal(net_pods_read_nsid(nlmsg_hdr(m), &nsid), -EBADMSG);
	nlmsg_free(m);
}

/* A pod of a tree, and what the kernel is to answer. */
struct node {
	struct net_case c;
	char *dir;
	int fd;
	struct net_pods pods;
	struct net_pod pod;
	int32_t nsid;
};

static void node_open(struct node *n, const char *spec)
{
	net_case_open(&n->c);
	assert_int_equal(tree_make(spec, &n->dir), 0);
	n->fd = tree_open(n->dir);
	assert_true(n->fd >= 0);
	n->pods = (struct net_pods){
		.nl = n->c.nl, .devices = &devices, .root_fd = n->fd, .cgroup_fd = n->fd};
	n->pod = (struct net_pod){.serial = 99};
}

static void node_close(struct node *n)
{
	net_case_close(&n->c);
	close(n->fd);
	tree_remove(n->dir);
}

static void answer(struct node *n, int32_t nsid)
{
	net_case_part(&n->c, nsid_message(nsid, true), 0);
	net_case_says(&n->c, 0, NULL);
}

static uint32_t pid_asked(struct node *n)
{
	const struct nlmsghdr *h = net_case_asked(&n->c);
	struct nlattr *pid;

	assert_non_null(h);
	assert_int_equal(h->nlmsg_type, RTM_GETNSID);
	pid = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)h, sizeof(struct rtgenmsg), NETNSA_PID);
	assert_non_null(pid);
	return nla_get_u32(pid);
}

static int find(struct node *n)
{
	return net_pods_find(&n->pods, "pod", &n->pod, &n->nsid);
}

TEST(a_process_of_a_container_leads_to_the_host_end)
{
	struct node n;

	node_open(&n, "pod/cgroup.procs = \n"
		      "pod/ctr/cgroup.procs = 77\\n78\n"
		      "pod/ctr/inner/cgroup.procs = 79\n");
	answer(&n, 4);
	assert_int_equal(find(&n), 0);
	assert_int_equal(pid_asked(&n), 77);
	assert_true(n.pod.n == 1 && n.pod.ifindex[0] == 5 && n.pod.refusal == NET_FINE);
	assert_true(n.nsid == 4 && n.pod.serial == 99);
	node_close(&n);
}

/* Its network is the host's, whatever the pod's is. */
TEST(a_monitor_of_the_runtime_is_not_the_pod)
{
	struct node n;

	node_open(&n, "pod/crio-conmon-1.scope/cgroup.procs = 75\n"
		      "pod/libpod-conmon-1.scope/cgroup.procs = 76\n");
	assert_int_equal(find(&n), 0);
	assert_int_equal(n.pod.refusal, NET_NO_PROCESS);
	assert_null(net_case_asked(&n.c));
	node_close(&n);
}

TEST(for_want_of_descriptors_nothing_is_said_of_the_pod)
{
	struct node n;
	unsigned count;

	node_open(&n, "pod/ctr/cgroup.procs = 0\n");
	fault_begin();
	assert_int_equal(find(&n), 0);
	count = fault_count(SYS_OPEN);
	fault_end();
	assert_true(count > 0);
	for (unsigned nth = 1; nth <= count; nth++) {
		fault_begin();
		fault_set(SYS_OPEN, nth, -EMFILE);
		assert_int_equal(find(&n), -EMFILE);
		fault_end();
	}
	node_close(&n);
}

/* Half of a list is not all of it: the pod would be one without a process. */
TEST(a_list_that_could_not_be_read_says_nothing_of_the_pod)
{
	struct node n;
	unsigned count;

	node_open(&n, "pod/a/cgroup.procs = 0\n"
		      "pod/b/cgroup.procs = 0\n");
	fault_begin();
	assert_int_equal(find(&n), 0);
	count = fault_count(SYS_LIST);
	fault_end();
	assert_true(count > 2);
	for (unsigned nth = 1; nth <= count; nth++) {
		fault_begin();
		fault_set(SYS_LIST, nth, -ENOMEM);
		assert_int_equal(find(&n), -ENOMEM);
		assert_true(fault_was_met());
		fault_end();
	}
	/* Gone is gone. */
	fault_begin();
	fault_set(SYS_LIST, 2, -ENOENT);
	assert_int_equal(find(&n), 0);
	assert_int_equal(n.pod.refusal, NET_NO_PROCESS);
	fault_end();
	node_close(&n);
}

TEST(a_process_that_has_ended_is_passed_over)
{
	struct node n;

	node_open(&n, "pod/a/cgroup.procs = 77\n"
		      "pod/b/cgroup.procs = 78\n");
	net_case_says(&n.c, -ESRCH, NULL);
	answer(&n, 7);
	assert_int_equal(find(&n), 0);
	assert_int_equal(n.pod.n, 2);
	node_close(&n);
}

TEST(without_a_process_nobody_is_asked)
{
	struct node n;

	node_open(&n, "pod/cgroup.procs = \npod/ctr/cgroup.procs = 0\n");
	assert_int_equal(find(&n), 0);
	assert_int_equal(n.pod.refusal, NET_NO_PROCESS);
	assert_null(net_case_asked(&n.c));
	node_close(&n);
	node_open(&n, "elsewhere/\n");
	assert_int_equal(find(&n), 0);
	assert_int_equal(n.pod.refusal, NET_NO_PROCESS);
	node_close(&n);
}

TEST(the_hosts_network_is_told_by_its_files)
{
	struct node n;
	char path[600];

	node_open(&n, "pod/ctr/cgroup.procs = 77\n"
		      "proc/self/net/dev = x\n"
		      "proc/77/net/\n");
	(void)snprintf(path, sizeof(path), "%s/proc/self/net/dev", n.dir);
	assert_int_equal(linkat(AT_FDCWD, path, n.fd, "proc/77/net/dev", 0), 0);
	answer(&n, 4);
	assert_int_equal(find(&n), 0);
	assert_true(n.pod.refusal == NET_HOST_NETWORK && n.pod.n == 0);
	node_close(&n);
}

TEST(a_namespace_without_an_end_here_has_none)
{
	struct node n;

	node_open(&n, "pod/ctr/cgroup.procs = 77\n");
	answer(&n, NETNSA_NSID_NOT_ASSIGNED);
	assert_int_equal(find(&n), 0);
	assert_true(n.pod.refusal == NET_NOT_FOUND && n.nsid == NET_NO_NSID);
	node_close(&n);
}

TEST(without_an_answer_nothing_is_said)
{
	struct node n;

	node_open(&n, "pod/ctr/cgroup.procs = 77\n");
	assert_int_equal(find(&n), -ETIMEDOUT);
	node_close(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_told_apart_by_their_namespace),
		cmocka_unit_test(more_ends_than_there_is_room_for_are_counted),
		cmocka_unit_test(what_was_found_stands_while_the_same_ends_are_there),
		cmocka_unit_test(the_number_of_a_namespace_is_read),
		cmocka_unit_test(a_process_of_a_container_leads_to_the_host_end),
		cmocka_unit_test(a_monitor_of_the_runtime_is_not_the_pod),
		cmocka_unit_test(for_want_of_descriptors_nothing_is_said_of_the_pod),
		cmocka_unit_test(a_list_that_could_not_be_read_says_nothing_of_the_pod),
		cmocka_unit_test(a_process_that_has_ended_is_passed_over),
		cmocka_unit_test(without_a_process_nobody_is_asked),
		cmocka_unit_test(the_hosts_network_is_told_by_its_files),
		cmocka_unit_test(a_namespace_without_an_end_here_has_none),
		cmocka_unit_test(without_an_answer_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
