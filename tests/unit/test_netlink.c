// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/lib/test.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/base/netlink.h"
#include "tests/lib/fault.h"
#include "tests/lib/net_case.h"

struct heard {
	unsigned n, n_begun;
	int result;
};

static int on_part(void *context, const struct nlmsghdr *answer)
{
	struct heard *heard = context;

	assert_int_equal(answer->nlmsg_type, RTM_NEWLINK);
	heard->n++;
	return heard->result;
}

static void on_begin(void *context)
{
	struct heard *heard = context;

	heard->n = 0;
	heard->n_begun++;
}

static struct nl_msg *question(int type, int flags)
{
	const struct tcmsg tc = {.tcm_ifindex = 3};

	return netlink_message(type, flags, &tc, sizeof(tc));
}

static int ask(struct net_case *c, int type, int flags, struct heard *heard)
{
	struct nl_msg *message = question(type, flags);
	int r = netlink_ask(c->nl, message, heard ? on_part : NULL, heard);

	nlmsg_free(message);
	return r;
}

TEST(a_change_is_acknowledged)
{
	struct net_case c;
	const struct nlmsghdr *h;

	net_case_open(&c);
	net_case_says(&c, 0, NULL);
	/* REPLACE | EXCL is what asks for a list elsewhere. */
	assert_int_equal(ask(&c, RTM_NEWQDISC, NLM_F_REPLACE | NLM_F_EXCL, NULL), 0);
	h = net_case_asked(&c);
	assert_non_null(h);
	assert_int_equal(h->nlmsg_type, RTM_NEWQDISC);
	assert_int_equal(h->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE | NLM_F_EXCL);
	assert_int_equal(h->nlmsg_seq, 1);
	assert_null(net_case_asked(&c));
	net_case_close(&c);
}

TEST(an_error_comes_with_the_kernels_words)
{
	struct net_case c;

	net_case_open(&c);
	net_case_says(&c, -EEXIST, "Exclusivity flag on,\ncannot modify");
	net_case_says(&c, 0, NULL);
	assert_int_equal(ask(&c, RTM_NEWQDISC, 0, NULL), -EEXIST);
	assert_string_equal(netlink_cause(c.nl), "Exclusivity flag on,?cannot modify");
	assert_false(netlink_is_lost(c.nl));
	assert_int_equal(ask(&c, RTM_NEWQDISC, 0, NULL), 0);
	assert_string_equal(netlink_cause(c.nl), "");
	net_case_close(&c);
}

TEST(a_list_ends_with_its_end)
{
	struct net_case c;
	struct heard heard = {0};

	net_case_open(&c);
	net_case_part(&c, net_case_link(1, "lo", NULL), NLM_F_MULTI);
	net_case_part(&c, net_case_link(2, "eth0", NULL), NLM_F_MULTI);
	net_case_done(&c);
	assert_int_equal(ask(&c, RTM_GETLINK, NLM_F_DUMP, &heard), 0);
	assert_int_equal(heard.n, 2);
	/* No acknowledgement is asked for: it would come beside the end. */
	assert_int_equal(net_case_asked(&c)->nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	net_case_close(&c);
}

TEST(what_is_left_of_an_earlier_question_is_passed_over)
{
	struct net_case c;
	struct heard heard = {0};

	net_case_open(&c);
	c.sequence = 77;
	net_case_part(&c, net_case_link(1, "lo", NULL), NLM_F_MULTI);
	net_case_part(&c, net_case_link(5, "eth5", NULL), NLM_F_MULTI);
	net_case_done(&c);
	c.sequence = 1;
	net_case_part(&c, net_case_link(2, "eth0", NULL), NLM_F_MULTI);
	net_case_done(&c);
	assert_int_equal(ask(&c, RTM_GETLINK, NLM_F_DUMP, &heard), 0);
	assert_int_equal(heard.n, 1);
	net_case_close(&c);
}

TEST(a_list_that_changed_is_asked_for_anew)
{
	struct net_case c;
	struct heard heard = {0};
	struct nl_msg *message = question(RTM_GETLINK, NLM_F_DUMP);

	net_case_open(&c);
	net_case_part(&c, net_case_link(1, "lo", NULL), NLM_F_MULTI | NLM_F_DUMP_INTR);
	net_case_done(&c);
	net_case_part(&c, net_case_link(1, "lo", NULL), NLM_F_MULTI);
	net_case_done(&c);
	assert_int_equal(netlink_list(c.nl, message, on_begin, on_part, &heard), 0);
	assert_int_equal(heard.n_begun, 2);
	assert_int_equal(heard.n, 1);
	nlmsg_free(message);
	net_case_close(&c);
}

TEST(a_list_that_always_changes_is_given_up)
{
	struct net_case c;
	struct heard heard = {0};
	struct nl_msg *message = question(RTM_GETLINK, NLM_F_DUMP);

	net_case_open(&c);
	for (int i = 0; i < 4; i++) {
		net_case_part(&c, net_case_link(1, "lo", NULL), NLM_F_MULTI | NLM_F_DUMP_INTR);
		net_case_done(&c);
	}
	assert_int_equal(netlink_list(c.nl, message, on_begin, on_part, &heard), -EAGAIN);
	assert_int_equal(heard.n_begun, 4);
	assert_false(netlink_is_lost(c.nl));
	nlmsg_free(message);
	net_case_close(&c);
}

TEST(an_error_of_the_reader_comes_after_the_rest_was_read)
{
	struct net_case c;
	struct heard heard = {.result = -ENOMEM};

	net_case_open(&c);
	net_case_part(&c, net_case_link(1, "lo", NULL), NLM_F_MULTI);
	net_case_part(&c, net_case_link(2, "eth0", NULL), NLM_F_MULTI);
	net_case_done(&c);
	net_case_says(&c, 0, NULL);
	assert_int_equal(ask(&c, RTM_GETLINK, NLM_F_DUMP, &heard), -ENOMEM);
	assert_int_equal(heard.n, 1);
	assert_int_equal(ask(&c, RTM_DELQDISC, 0, NULL), 0);
	net_case_close(&c);
}

static void lost(struct net_case *c, int error)
{
	assert_int_equal(ask(c, RTM_NEWQDISC, 0, NULL), error);
	assert_true(netlink_is_lost(c->nl));
	assert_int_equal(ask(c, RTM_NEWQDISC, 0, NULL), -ENOTCONN);
}

TEST(without_an_answer_the_connection_is_lost)
{
	struct net_case c;
	static const unsigned char much[40000];

	net_case_open(&c);
	/* It does not wait here; a real one does for some seconds. */
	lost(&c, -ETIMEDOUT);
	net_case_close(&c);

	net_case_open(&c);
	close(c.kernel_fd);
	c.kernel_fd = -1;
	lost(&c, -EPIPE);
	net_case_close(&c);

	net_case_open(&c);
	assert_int_equal(send(c.kernel_fd, much, sizeof(much), 0), sizeof(much));
	lost(&c, -EMSGSIZE);
	net_case_close(&c);
}

TEST(each_message_can_fail)
{
	struct net_case c;

	/* The first is sent, the second is received. */
	for (unsigned nth = 1; nth <= 2; nth++) {
		net_case_open(&c);
		net_case_says(&c, 0, NULL);
		fault_begin();
		fault_set(SYS_NETLINK, nth, -ENOBUFS);
		lost(&c, -ENOBUFS);
		assert_string_equal(fault_path(), "RTM_NEWQDISC");
		fault_end();
		net_case_close(&c);
	}
}

TEST(a_signal_ends_no_question)
{
	struct net_case c;

	for (unsigned nth = 1; nth <= 2; nth++) {
		net_case_open(&c);
		net_case_says(&c, 0, NULL);
		fault_begin();
		fault_set(SYS_NETLINK, nth, -EINTR);
		assert_int_equal(ask(&c, RTM_NEWQDISC, 0, NULL), 0);
		assert_true(fault_was_met());
		fault_end();
		net_case_close(&c);
	}
	net_case_open(&c);
	fault_begin();
	fault_set_from(SYS_NETLINK, 1, -EINTR);
	lost(&c, -EINTR);
	fault_end();
	net_case_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_acknowledged),
		cmocka_unit_test(an_error_comes_with_the_kernels_words),
		cmocka_unit_test(a_list_ends_with_its_end),
		cmocka_unit_test(what_is_left_of_an_earlier_question_is_passed_over),
		cmocka_unit_test(a_list_that_changed_is_asked_for_anew),
		cmocka_unit_test(a_list_that_always_changes_is_given_up),
		cmocka_unit_test(an_error_of_the_reader_comes_after_the_rest_was_read),
		cmocka_unit_test(without_an_answer_the_connection_is_lost),
		cmocka_unit_test(each_message_can_fail),
		cmocka_unit_test(a_signal_ends_no_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
