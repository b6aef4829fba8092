// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_net.h.
#include "policy/record_net.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/names.h"
#include "policy/names_net.h"
#include "policy/record_names.h"
#include "policy/record_words.h"

void record_net_name(const struct record_names *names, const char *name, char buf[NET_NAME_SIZE])
{
	char shown[RECORD_NAMES_LINK_SIZE];

	_Static_assert(sizeof(shown) <= NET_NAME_SIZE, "a pseudonym fits");
	if (names && name[0])
		record_names_link(names, name, strlen(name), shown);
	else
		(void)snprintf(shown, sizeof(shown), "%s", name);
	memcpy(buf, shown, sizeof(shown));
}

struct net_plan_link record_net_link(const struct record_names *names,
				     const struct net_plan_link *link)
{
	struct net_plan_link shown = *link;

	record_net_name(names, link->name, shown.name);
	record_net_name(names, link->hold.reason.who, shown.hold.reason.who);
	record_net_name(names, link->rx_hold.reason.who, shown.rx_hold.reason.who);
	return shown;
}

static void put_view(struct record_buf *buf, const struct record_net *net,
		     const struct record_names *names)
{
	record_put(buf, "net view asked=%d known=%d users=%" PRIu32, net->asked, net->view->known,
		   net->view->mark_users);
	if (net->view->links.n_tunnels > 0)
		record_put(buf, " tunnels=%" PRIu32, net->view->links.n_tunnels);
	record_put_bytes(buf, "\n", 1);
	for (uint32_t i = 0; i < net->view->links.n; i++) {
		const struct net_link *link = &net->view->links.list[i];
		char name[NET_NAME_SIZE];

		record_net_name(names, link->name, name);
		record_put(buf,
			   "net link %" PRId32 " speed=%" PRIu64 " mtu=%" PRIu32
			   " refusal=%s name=",
			   link->ifindex, link->speed_bytes_per_s, link->mtu,
			   names_net_refusal(link->refusal));
		record_put_word(buf, name);
		record_put_bytes(buf, "\n", 1);
	}
}

static void put_growth(struct record_buf *buf, uint64_t before, uint64_t now)
{
	record_put(buf, "%s%" PRIu64, now < before ? "-" : "",
		   now < before ? before - now : now - before);
}

static void put_count(struct record_buf *buf, const char *key, const struct net_count *before,
		      const struct net_count *now)
{
	if (now->bytes == before->bytes && now->packets == before->packets)
		return;
	record_put(buf, " %s=", key);
	put_growth(buf, before->bytes, now->bytes);
	record_put_bytes(buf, ",", 1);
	put_growth(buf, before->packets, now->packets);
}

static void put_arrived(struct record_buf *buf, const struct record_net *net)
{
	for (uint32_t i = 0; i < net->view->links.n; i++) {
		const struct net_counts *before = &net->counted[i], *now = &net->counts[i];

		if (before->rx_at_us <= 0 || now->rx_at_us < before->rx_at_us)
			continue;
		record_put(buf, "net arrived %" PRIu32 " span=%" PRId64 " all=", i,
			   now->rx_at_us - before->rx_at_us);
		put_growth(buf, before->rx_bytes, now->rx_bytes);
		put_count(buf, "offline", &before->rx_offline, &now->rx_offline);
		record_put_bytes(buf, "\n", 1);
	}
}

static void put_sent(struct record_buf *buf, const struct record_net *net)
{
	for (uint32_t i = 0; i < net->view->links.n; i++) {
		const struct net_counts *before = &net->counted[i], *now = &net->counts[i];

		if (before->at_us <= 0 || now->at_us < before->at_us)
			continue;
		record_put(buf, "net sent %" PRIu32 " span=%" PRId64, i,
			   now->at_us - before->at_us);
		put_count(buf, "unmarked", &before->unmarked, &now->unmarked);
		for (int level = 0; level < LEVEL_COUNT; level++)
			put_count(buf, names_level((enum level)level), &before->level[level],
				  &now->level[level]);
		record_put_bytes(buf, "\n", 1);
	}
}

static void put_hold(struct record_buf *buf, const struct net_hold *h, const char *name)
{
	record_put(buf,
		   " ceiling=%" PRIu64 " online=%" PRIu64 " since=%" PRId64 " cut=%" PRId64
		   " grown=%" PRId64 " idle=%" PRId64 " looked=%" PRId64 " name=",
		   h->ceil_bytes_per_s, h->online_bytes_per_s, h->since_us, h->cut_us, h->grown_us,
		   h->idle_us, h->looked_us);
	record_put_word(buf, name);
	if (h->reason.who[0])
		record_words_put_reason(buf, &h->reason, NULL);
	record_put_bytes(buf, "\n", 1);
}

static void put_was(struct record_buf *buf, const struct net_plan_link *of,
		    const struct record_names *names)
{
	const struct net_plan_link link = record_net_link(names, of);

	record_put(buf,
		   "net was %" PRId32 " speed=%" PRIu64 " mtu=%" PRIu32 " refusal=%s user=%d"
		   " levels=%" PRIu32 " offline=%" PRIu32,
		   link.ifindex, link.speed_bytes_per_s, link.mtu, names_net_refusal(link.refusal),
		   link.mark_user == NET_USER_NONE ? -1 : (int)link.mark_user, link.shape.levels,
		   link.shape.offline_levels);
	put_hold(buf, &link.hold, link.name);
	if (link.rx_hold.looked_us == 0 && !link.rx_hold.reason.who[0])
		return;
	record_put(buf, "net had");
	put_hold(buf, &link.rx_hold, link.name);
}

static void put_state(struct record_buf *buf, const struct net_plan *plan,
		      const struct net_pace *pace, const struct record_names *names)
{
	record_put(buf,
		   "net from on=%d known=%d mark=%" PRIu32 "/%" PRIu32 "/%" PRIu32
		   " handed=%" PRId64 " whole=%" PRId64 " again=%d changing=%" PRIu32
		   " digest=%" PRIu64 " ceilings=%" PRIu64 "\n",
		   plan->on, plan->known, plan->mark.value, plan->mark.mask, plan->mark.shift,
		   pace->handed_us, pace->whole_us, pace->again, pace->n_changing,
		   pace->handed.digest, pace->handed.ceilings);
	for (uint32_t i = 0; i < plan->n; i++)
		put_was(buf, &plan->list[i], names);
}

/* As it is where the round that is due is handed in. */
static struct net_pace pace_after(const struct record_net *net, int64_t now_us)
{
	struct net_pace pace = net->before->pace;
	enum net_pace_due due = net_pace_due(net->done->why);

	if (due != NET_PACE_NOT)
		net_pace_handed(&pace, &net->done->wanted, due == NET_PACE_BRIEF, now_us);
	return pace;
}

void record_net_put(struct record_buf *buf, struct record_net_said *said,
		    const struct record_net *net, const struct record_names *names, int64_t now_us)
{
	static const struct net_state none;
	struct net_pace pace;
	size_t start = buf->n;

	if (!net) {
		if (said->view != 0)
			record_put(buf, "net off\n");
		said->view = 0;
		return;
	}
	put_view(buf, net, names);
	record_keep_if_new(buf, start, &said->view);
	if (net->counts) {
		put_sent(buf, net);
		put_arrived(buf, net);
	}
	start = buf->n;
	put_state(buf, &net->before->plan, &net->before->pace, names);
	if (!said->any && !buf->failed && memcmp(net->before, &none, sizeof(none)) == 0)
		buf->n = start;
	else
		record_keep_if_new(buf, start, &said->state);
	said->any = true;
	/* What this pass leaves is written to be hashed, and taken back. */
	start = buf->n;
	pace = pace_after(net, now_us);
	put_state(buf, net->plan, &pace, names);
	said->state = record_hash(buf->text + start, buf->failed ? 0 : buf->n - start);
	buf->n = buf->failed ? buf->n : start;
}

void record_net_put_pod(struct record_buf *buf, const struct record_net *net, const struct pod *pod)
{
	const struct net_pod *ends;
	uint32_t list[NET_POD_LINKS];

	if (pod->slot >= net->view->n_pods || pod->slot >= net->n_sent ||
	    net->view->pods[pod->slot].serial != pod->serial)
		return;
	ends = &net->view->pods[pod->slot];
	for (uint32_t i = 0; i < ends->n; i++)
		list[i] = (uint32_t)ends->ifindex[i];
	record_put(buf, "net pod %" PRIu32 " %" PRIu64 " refusal=%s marked=%d ends=", pod->slot,
		   pod->serial, names_net_refusal(ends->refusal), net->sent[pod->slot].marked);
	record_put_list(buf, list, ends->n);
	record_put_bytes(buf, "\n", 1);
}
