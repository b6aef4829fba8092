// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_net_tell.h.
#include "policy/record_net_tell.h"

#include <inttypes.h>
#include <string.h>

#include "policy/names.h"
#include "policy/names_net.h"
#include "policy/net_arrived.h"
#include "policy/net_shape.h"
#include "policy/net_words.h"
#include "policy/reason_text.h"
#include "policy/record_names.h"
#include "policy/record_words.h"

/* Room for "not shaped: " before a reason. */
#define SENTENCE_SIZE (REASON_TEXT_SIZE + 32)

static void put_sentence(struct record_buf *buf, const char *text)
{
	record_put(buf, ": ");
	record_put_rest(buf, text, strlen(text));
	record_put(buf, "\n");
}

static void put_levels(struct record_buf *buf, const char *key, uint32_t levels)
{
	const char *before = "";

	record_put(buf, " %s=%s", key, levels ? "" : "-");
	for (int i = 0; i < LEVEL_COUNT; i++) {
		if (!(levels >> i & 1))
			continue;
		record_put(buf, "%s%s", before, names_level((enum level)i));
		before = ",";
	}
}

/* A plan that wants nothing, and never did, is nothing to tell. */
static void tell_head(struct record_buf *buf, uint64_t *told, const struct net_plan *plan,
		      const char *prefix)
{
	size_t start = buf->n;

	if (*told == 0 && !plan->on && !plan->known && plan->n == 0)
		return;
	record_put(buf, "%snet on=%d known=%d mark=0x%" PRIx32 "/0x%" PRIx32 " links=%" PRIu32 "\n",
		   prefix, plan->on, plan->known, plan->mark.value, plan->mark.mask, plan->n);
	record_keep_if_new(buf, start, told);
}

static void put_link(struct record_buf *buf, const struct net_plan_link *link, const char *prefix)
{
	const struct net_shape *shape = &link->shape;
	bool reasoned = net_plan_shapes(link) && link->hold.reason.who[0];
	char text[SENTENCE_SIZE];

	record_put(buf, "%snet link ", prefix);
	record_put_word(buf, link->name);
	record_put(buf, " %" PRId32 " %s", link->ifindex, names_net_refusal(link->refusal));
	if (link->refusal == NET_FINE) {
		record_put(buf, " speed=%" PRIu64 " mtu=%" PRIu32, link->speed_bytes_per_s,
			   link->mtu);
		put_levels(buf, "levels", shape->levels);
		put_levels(buf, "active", shape->active);
		record_put(buf, " floor=%" PRIu64 " ceiling=%" PRIu64, net_shape_floor(shape),
			   link->hold.ceil_bytes_per_s);
		if (link->hold.reason.who[0])
			record_words_put_reason(buf, &link->hold.reason, NULL);
	}
	/* Of a hold that ended, why. */
	if (reasoned)
		(void)reason_text(&link->hold.reason, NULL, text, sizeof(text));
	else
		net_words_link(link, text, sizeof(text));
	put_sentence(buf, text);
}

/* What comes of what arrives; of a hold that ended, why. */
static void tell_arrives(struct record_buf *buf, uint64_t *told, const struct net_plan_link *link,
			 const char *prefix)
{
	const struct net_hold *hold = &link->rx_hold;
	char text[SENTENCE_SIZE];
	size_t start = buf->n;

	if (link->police == NET_POLICE_OFF) {
		*told = 0;
		return;
	}
	record_put(buf, "%snet arrives ", prefix);
	record_put_word(buf, link->name);
	record_put(buf, " %s ceiling=%" PRIu64, names_net_police(link->police),
		   hold->ceil_bytes_per_s);
	if (link->police == NET_POLICE_ON && hold->reason.who[0]) {
		record_words_put_reason(buf, &hold->reason, NULL);
		put_sentence(buf, reason_text(&hold->reason, NULL, text, sizeof(text)));
	} else {
		put_sentence(buf, net_arrived_words(link->police));
	}
	record_keep_if_new(buf, start, told);
}

static const char *class_name(int i)
{
	static const char *const names[] = {"link", "unmarked", "offline"};

	return i < 3 ? names[i] : names_level((enum level)(i - 3));
}

static const struct net_class *class_of(const struct net_shape *shape, int i)
{
	if (shape->levels == 0)
		return NULL;
	if (i < 2)
		return i == 0 ? &shape->root : &shape->unmarked;
	if (i == 2)
		return shape->offline_levels ? &shape->offline : NULL;
	return shape->levels >> (i - 3) & 1 ? &shape->level[i - 3] : NULL;
}

static void tell_class(struct record_buf *buf, uint64_t *told, const struct net_plan_link *link,
		       int i, const char *prefix)
{
	const struct net_class *c = class_of(&link->shape, i);
	size_t start = buf->n;

	if (!c && *told == 0)
		return;
	record_put(buf, "%snet class ", prefix);
	record_put_word(buf, link->name);
	record_put(buf, " %s", class_name(i));
	if (c)
		record_put(buf,
			   " rate=%" PRIu64 " ceil=%" PRIu64 " burst=%" PRIu64 " cburst=%" PRIu64
			   " quantum=%" PRIu32 " prio=%" PRIu32 "\n",
			   c->rate_bytes_per_s, c->ceil_bytes_per_s, c->burst_bytes,
			   c->cburst_bytes, c->quantum_bytes, c->prio);
	else
		record_put(buf, " none\n");
	record_keep_if_new(buf, start, told);
	if (!c)
		*told = 0;
}

static void tell_link(struct record_buf *buf, struct record_net_told_link *told,
		      const struct net_plan_link *of, const struct record_names *names,
		      const char *prefix)
{
	const struct net_plan_link link = record_net_link(names, of);
	size_t start = buf->n;

	if (told->ifindex != link.ifindex)
		*told = (struct record_net_told_link){.ifindex = link.ifindex};
	put_link(buf, &link, prefix);
	record_keep_if_new(buf, start, &told->link);
	tell_arrives(buf, &told->arrives, &link, prefix);
	for (int i = 0; i < RECORD_NET_CLASSES; i++)
		tell_class(buf, &told->classes[i], &link, i, prefix);
}

void record_net_tell(struct record_buf *buf, struct record_net_told *told,
		     const struct record_net *net, const struct record_names *names,
		     const char *prefix)
{
	const struct net_plan *plan = net->plan;

	tell_head(buf, &told->head, plan, prefix);
	for (uint32_t i = 0; i < NET_LINKS; i++) {
		if (i < plan->n)
			tell_link(buf, &told->of[i], &plan->list[i], names, prefix);
		else
			told->of[i].ifindex = 0;
	}
}

void record_net_tell_mark(struct record_buf *buf, uint64_t *told, const struct record_net *net,
			  const struct policy *policy, const struct pod *pod,
			  const struct assignment *a, const struct record_names *names,
			  const char *prefix)
{
	static const char *const words[] = {
		[NET_POD_STAYS] = "stays",
		[NET_POD_PLAIN] = "plain",
		[NET_POD_MARKED] = "marked",
	};
	enum net_pod_want want = net_plan_pod(policy, pod, a);
	const struct net_pod *ends = pod->slot < net->view->n_pods ? &net->view->pods[pod->slot]
								   : NULL;
	bool refused = want == NET_POD_MARKED && ends && ends->serial == pod->serial &&
		       ends->refusal != NET_FINE;
	uint64_t h = record_mix(1, (uint64_t)net_plan_pod_why(policy, pod, a));

	/* No pod is marked then, and each is told of again when it may be. */
	if (!net->plan->on || net->plan->mark.mask == 0) {
		*told = 0;
		return;
	}
	h = record_mix(h, want == NET_POD_MARKED ? (uint64_t)a->level : 0);
	h = record_mix(h, refused ? (uint64_t)ends->refusal : 0);
	if (h == *told)
		return;
	*told = h;
	record_put(buf, "%snet mark ", prefix);
	record_names_put_pod(buf, names, pod->name);
	record_put(buf, " slot=%" PRIu32 " %s", pod->slot, words[want]);
	if (want == NET_POD_MARKED)
		record_put(buf, " level=%s", names_level(a->level));
	if (refused)
		record_put(buf, " refusal=%s", names_net_refusal(ends->refusal));
	put_sentence(buf, refused ? net_words_refusal(ends->refusal)
				  : net_words_pod(net_plan_pod_why(policy, pod, a)));
}

void record_net_tell_round(struct record_buf *buf, const struct record_net *net, const char *prefix)
{
	enum net_pace_due due = net_pace_due(net->done->why);

	if (due == NET_PACE_NOT)
		return;
	record_put(buf, "%snet round %s", prefix, due == NET_PACE_BRIEF ? "brief" : "whole");
	put_sentence(buf, net_words_round(net->done->why));
}
