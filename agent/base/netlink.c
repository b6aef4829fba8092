// SPDX-License-Identifier: LGPL-2.1-or-later
// See netlink.h.
#include "agent/base/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

/* The kernel fills at most this much into one answer of a list (NLMSG_GOODSIZE is smaller). */
#define BUF_SIZE 32768
#define CAUSE_SIZE 160
/* What the kernel does for a message it does before send() returns; the answer is there then. */
#define PATIENCE_S 5
#define LIST_TRIES 4
/* Signals in a row; a worker takes but few. */
#define INTERRUPTIONS 16

struct netlink {
	int fd;
	uint32_t sequence;
	bool lost;
	char cause[CAUSE_SIZE];
	_Alignas(struct nlmsghdr) unsigned char buf[BUF_SIZE];
};

/* A question under way. */
struct question {
	const char *what;
	netlink_answer_fn answer;
	void *context;
	int result; /* the first error */
	unsigned n_interrupted;
	bool changed;
	bool over;
};

const char *netlink_type_name(int type)
{
	switch (type) {
	case RTM_GETLINK:
		return "RTM_GETLINK";
	case RTM_GETROUTE:
		return "RTM_GETROUTE";
	case RTM_GETNSID:
		return "RTM_GETNSID";
	case RTM_GETQDISC:
		return "RTM_GETQDISC";
	case RTM_NEWQDISC:
		return "RTM_NEWQDISC";
	case RTM_DELQDISC:
		return "RTM_DELQDISC";
	case RTM_GETTCLASS:
		return "RTM_GETTCLASS";
	case RTM_NEWTCLASS:
		return "RTM_NEWTCLASS";
	case RTM_DELTCLASS:
		return "RTM_DELTCLASS";
	case RTM_GETTFILTER:
		return "RTM_GETTFILTER";
	case RTM_NEWTFILTER:
		return "RTM_NEWTFILTER";
	case RTM_DELTFILTER:
		return "RTM_DELTFILTER";
	case RTM_GETACTION:
		return "RTM_GETACTION";
	case RTM_NEWACTION:
		return "RTM_NEWACTION";
	case RTM_DELACTION:
		return "RTM_DELACTION";
	default:
		return "netlink";
	}
}

int netlink_new(int fd, struct netlink **ret)
{
	struct netlink *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return -ENOMEM;
	nl->fd = fd;
	*ret = nl;
	return 0;
}

int netlink_open(struct netlink **ret)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	const int one = 1;
	_cleanup_close_ int fd = sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int r;

	if (fd < 0)
		return -errno;
	/* Only the kernel is heard. */
	if (sys_connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	/* Better words, shorter answers; both can be done without. */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	r = netlink_new(fd, ret);
	if (r == 0)
		fd = -EBADF;
	return r;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	cleanup_close(&nl->fd);
	free(nl);
}

bool netlink_is_lost(const struct netlink *nl)
{
	return nl->lost;
}

const char *netlink_cause(const struct netlink *nl)
{
	return nl->cause;
}

struct nl_msg *netlink_message(int type, int flags, const void *header, size_t size)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	/* libnl only reads it. */
	if (message && nlmsg_append(message, (void *)(uintptr_t)header, size, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

void netlink_message_freep(struct nl_msg **message)
{
	if (*message)
		nlmsg_free(*message);
}

static void keep_cause(struct netlink *nl, const struct nlattr *text)
{
	size_t n = 0;
	const char *from = nla_data(text);

	for (int i = 0; i < nla_len(text) && from[i] && n + 1 < sizeof(nl->cause); i++)
		nl->cause[n++] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	nl->cause[n] = '\0';
}

/* An acknowledgement, or the error instead of it. */
static int read_verdict(struct netlink *nl, const struct nlmsghdr *h)
{
	const struct nlmsgerr *verdict = NLMSG_DATA(h);
	size_t size = sizeof(*verdict);
	const struct nlattr *text;

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*verdict)))
		return -EBADMSG;
	/* The question is repeated unless it is capped; its length is the kernel's to say. */
	if (!(h->nlmsg_flags & NLM_F_CAPPED)) {
		if (verdict->msg.nlmsg_len < sizeof(struct nlmsghdr) ||
		    verdict->msg.nlmsg_len > h->nlmsg_len)
			return verdict->error < 0 ? verdict->error : -EBADMSG;
		size += NLMSG_ALIGN(verdict->msg.nlmsg_len) - sizeof(struct nlmsghdr);
	}
	if ((h->nlmsg_flags & NLM_F_ACK_TLVS) && h->nlmsg_len > NLMSG_LENGTH(size)) {
		text = nla_find((const struct nlattr *)((const char *)NLMSG_DATA(h) + size),
				(int)(h->nlmsg_len - NLMSG_LENGTH(size)), NLMSGERR_ATTR_MSG);
		if (text)
			keep_cause(nl, text);
	}
	return verdict->error > 0 ? -EBADMSG : verdict->error;
}

static void take(struct netlink *nl, struct question *q, const struct nlmsghdr *h)
{
	int r = 0;

	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		q->changed = true;
	switch (h->nlmsg_type) {
	case NLMSG_NOOP:
		return;
	case NLMSG_ERROR:
		r = read_verdict(nl, h);
		q->over = true;
		break;
	case NLMSG_DONE:
		if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(int)))
			memcpy(&r, NLMSG_DATA(h), sizeof(r));
		q->over = true;
		break;
	default:
		if (q->answer && q->result == 0)
			r = q->answer(q->context, h);
	}
	if (r < 0 && q->result == 0)
		q->result = r;
}

/* The next datagram, message by message. 0, or -errno: the connection is of no use any more. */
static int receive(struct netlink *nl, struct question *q)
{
	ssize_t n = sys_netlink_receive(nl->fd, nl->buf, sizeof(nl->buf), q->what);
	int left;

	if (n < 0)
		return errno == EINTR && ++q->n_interrupted < INTERRUPTIONS ? 0
		       : errno == EAGAIN				    ? -ETIMEDOUT
									    : -errno;
	if (n == 0)
		return -ECONNRESET;
	if ((size_t)n > sizeof(nl->buf))
		return -EMSGSIZE;
	left = (int)n;
	for (struct nlmsghdr *h = (struct nlmsghdr *)nl->buf; nlmsg_ok(h, left);
	     h = nlmsg_next(h, &left))
		/* What is left of an earlier question has another number. */
		if (h->nlmsg_seq == nl->sequence && !q->over)
			take(nl, q, h);
	return 0;
}

static int lose(struct netlink *nl, int error)
{
	nl->lost = true;
	return error;
}

int netlink_ask(struct netlink *nl, struct nl_msg *message, netlink_answer_fn answer, void *context)
{
	struct nlmsghdr *h = nlmsg_hdr(message);
	struct question q = {
		.what = netlink_type_name(h->nlmsg_type), .answer = answer, .context = context};
	/* Of a change these bits mean something else; every fourth type, from RTM_NEWLINK, is a question. */
	bool list = (h->nlmsg_type & 3) == (RTM_GETLINK & 3) &&
		    (h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int r;

	if (nl->lost)
		return -ENOTCONN;
	nl->cause[0] = '\0';
	h->nlmsg_seq = ++nl->sequence;
	h->nlmsg_pid = 0;
	h->nlmsg_flags |= (uint16_t)(NLM_F_REQUEST | (list ? 0 : NLM_F_ACK));
	do
		r = sys_netlink_send(nl->fd, h, h->nlmsg_len, q.what) < 0 ? -errno : 0;
	while (r == -EINTR && ++q.n_interrupted < INTERRUPTIONS);
	if (r < 0)
		return lose(nl, r);
	while (!q.over) {
		r = receive(nl, &q);
		if (r < 0)
			return lose(nl, r);
	}
	return q.result == 0 && q.changed ? -EAGAIN : q.result;
}

int netlink_list(struct netlink *nl, struct nl_msg *message, void (*begin)(void *context),
		 netlink_answer_fn answer, void *context)
{
	int r = -EAGAIN;

	for (int i = 0; i < LIST_TRIES && r == -EAGAIN && !nl->lost; i++) {
		begin(context);
		r = netlink_ask(nl, message, answer, context);
	}
	return r;
}
