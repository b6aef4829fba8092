// SPDX-License-Identifier: LGPL-2.1-or-later
// coloctl net: each uplink, its classes and what they sent, and the pods whose traffic is marked, or not and why.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/ctl/ctl.h"
#include "agent/ctl/doc.h"
#include "agent/ctl/table.h"
#include "agent/ctl/verbs.h"
#include "policy/reason_text.h"

static const struct table_column class_columns[] = {{.title = "CLASS"},
						    {.title = "AT LEAST", .right = true},
						    {.title = "AT MOST", .right = true},
						    {.title = "SENT", .right = true},
						    {.title = "DROPPED", .right = true},
						    {.title = "WAITING", .right = true}};

static const struct table_column pod_columns[] = {{.title = "POD", .min = 16},
						  {.title = "LEVEL"},
						  {.title = "SENT", .right = true},
						  {.title = "MARKED", .min = 24}};

static const char *count(uint64_t value, char *buf)
{
	(void)snprintf(buf, DOC_TEXT_SIZE, "%" PRIu64, value);
	return buf;
}

static int class_table(const struct ctl *ctl, const cJSON *link)
{
	char buf[DOC_TEXT_SIZE];
	const cJSON *c;
	struct table t;
	int r;

	table_init(&t, class_columns, sizeof(class_columns) / sizeof(class_columns[0]));
	cJSON_ArrayForEach(c, doc_get(link, "classes"))
	{
		table_add(&t, doc_text(c, "class", "?"), TERM_PLAIN);
		table_add(&t, doc_format(c, "rate_bytes_per_s", reason_text_rate, buf), TERM_PLAIN);
		table_add(&t, doc_format(c, "ceil_bytes_per_s", reason_text_rate, buf), TERM_PLAIN);
		table_add(&t, doc_format(c, "sent_bytes", doc_bytes, buf), TERM_PLAIN);
		table_add(&t, doc_format(c, "dropped_packets", count, buf), TERM_PLAIN);
		table_add(&t, doc_format(c, "backlog_bytes", doc_bytes, buf), TERM_PLAIN);
	}
	r = table_print(&t, &ctl->term);
	table_done(&t);
	return r;
}

/* What arrives on a link, where the policy asks for that. */
static void arrivals(const struct ctl *ctl, const cJSON *link)
{
	const cJSON *of = doc_get(link, "arrivals"), *held = doc_get(of, "held");
	char offline[DOC_TEXT_SIZE], dropped[DOC_TEXT_SIZE];

	if (!cJSON_IsObject(of))
		return;
	if (cJSON_IsObject(held))
		term_say(&ctl->term, 0, 2, "Arrives: held: %s", doc_text(held, "reason", "?"));
	else
		term_say(&ctl->term, 0, 2, "Arrives: %s: %s",
			 strcmp(doc_text(of, "policed", ""), "on") == 0 ? "not held"
									: "not bounded",
			 doc_text(of, "why", "?"));
	if (doc_get(of, "received_bytes"))
		term_say(&ctl->term, 0, 2, "Arrived for offline pods: %s, %s packets of it dropped",
			 doc_format(of, "offline_bytes", doc_bytes, offline),
			 doc_format(of, "dropped_packets", count, dropped));
}

static int pod_table(const struct ctl *ctl, const cJSON *pods)
{
	char buf[DOC_TEXT_SIZE];
	const cJSON *pod;
	struct table t;
	int r;

	table_init(&t, pod_columns, sizeof(pod_columns) / sizeof(pod_columns[0]));
	cJSON_ArrayForEach(pod, pods)
	{
		bool marked = doc_true(pod, "marked");
		const char *yes = doc_true(pod, "host_network") ? "yes, by its cgroup: not counted"
								: "yes";

		table_add(&t, doc_text(pod, "pod", "?"), TERM_PLAIN);
		table_add(&t, doc_text(pod, "level", "?"), TERM_PLAIN);
		table_add(&t, marked ? doc_format(pod, "sent_bytes", doc_bytes, buf) : "-",
			  TERM_PLAIN);
		table_add(&t, marked ? yes : doc_text(pod, "why", "?"),
			  marked ? TERM_PLAIN : TERM_YELLOW);
	}
	r = table_print(&t, &ctl->term);
	table_done(&t);
	return r;
}

static void nothing(const struct ctl *ctl)
{
	const cJSON *status = doc_get(ctl->doc, "status");

	term_say(
		&ctl->term, 0, 2,
		"No link is looked at: the policy has no `net`, the mode (%s) allows nothing of it, "
		"or colod has not looked yet. See `coloctl policy explain net`.",
		doc_text(status, "mode", "?"));
}

static void through_wireguard(const struct ctl *ctl, const char *name)
{
	if (!*name)
		return;
	term_say(
		&ctl->term, 0, 2,
		"%s: WireGuard: what pods send through it has lost its mark when it leaves by an uplink, "
		"and is in the class of what has none.",
		name);
	(void)fputs("\n", ctl->term.out);
}

int verb_net(const struct ctl *ctl)
{
	const cJSON *net = doc_get(ctl->doc, "net"), *link;

	if (!cJSON_IsObject(net)) {
		nothing(ctl);
		return CTL_OK;
	}
	if (!doc_true(net, "on"))
		term_say(&ctl->term, 0, 2,
			 "The mode does not allow it: this is what colod would do.");
	if (*doc_text(net, "trouble", ""))
		term_say(&ctl->term, 0, 2, "The kernel did not tell or do all that was asked: %s",
			 doc_text(net, "trouble", ""));
	cJSON_ArrayForEach(link, doc_get(net, "links"))
	{
		term_say(&ctl->term, 0, 2, "%s: %s", doc_text(link, "name", "?"),
			 doc_text(link, "why", "?"));
		if (cJSON_IsArray(doc_get(link, "classes")) && class_table(ctl, link) < 0)
			return CTL_FAILED;
		arrivals(ctl, link);
		(void)fputs("\n", ctl->term.out);
	}
	through_wireguard(ctl, doc_text(net, "wireguard", ""));
	/* Where the kernel did not answer there is but the cause. */
	if (!cJSON_IsArray(doc_get(net, "pods")))
		return CTL_OK;
	return pod_table(ctl, doc_get(net, "pods")) < 0 ? CTL_FAILED : CTL_OK;
}

cJSON *verb_net_json(const struct ctl *ctl, int *ret_exit)
{
	(void)ret_exit;
	return cJSON_Duplicate(doc_get(ctl->doc, "net"), 1);
}
