// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_say.h.
#include "agent/net_say.h"

#include <stdio.h>
#include <string.h>

#include "agent/account.h"
#include "agent/base/log.h"
#include "policy/net_arrived.h"
#include "policy/net_plan.h"
#include "policy/net_words.h"
#include "policy/reason_text.h"

static void say_blind(struct net_say *say, const struct net_round_found *found)
{
	const char *cause = found->cause[0] ? found->cause : strerror(-found->error);

	if (found->error == 0 && say->blind)
		log_info("net.look", "the kernel tells of the network again");
	if (found->error < 0 && !say->blind)
		log_warning("net.look",
			    "the network could not be looked at (%s): classes and marks stay as "
			    "they are; after 10 s of that a ceiling of offline work is "
			    "lifted, if the kernel takes it",
			    cause);
	if (found->error < 0 || say->blind)
		(void)snprintf(say->trouble, sizeof(say->trouble), "%s",
			       found->error < 0 ? cause : "");
	say->blind = found->error < 0;
}

/* The first thing that the kernel did not do, and that is no mere question of time. */
static void find_trouble(const struct net_round_found *found, char *buf, size_t size)
{
	for (uint32_t i = 0; i < found->links.n; i++) {
		const struct net_round_link *of = &found->of_link[i];

		if (of->result.end <= NET_TC_FOREIGN)
			continue;
		(void)snprintf(buf, size, "%s: %s: %s", found->links.list[i].name,
			       net_tc_do_name(of->result.what),
			       of->cause[0] ? of->cause : strerror(-of->result.error));
		return;
	}
	for (size_t i = 0; i < found->n_pods; i++) {
		const struct net_tc_result *result = &found->pods[i].result;

		if (found->pods[i].error < 0) {
			(void)snprintf(buf, size, "the mark at a pod's cgroup: %s",
				       strerror(-found->pods[i].error));
			return;
		}
		if (result->end <= NET_TC_FOREIGN)
			continue;
		(void)snprintf(buf, size, "a pod's interface (%d): %s: %s",
			       found->pods[i].pod.ifindex[0], net_tc_do_name(result->what),
			       strerror(-result->error));
		return;
	}
}

static void say_unclear(struct net_say *say, const struct net_round_found *found)
{
	if (found->n_unclear == say->unclear)
		return;
	if (found->n_unclear > 0)
		log_info("net.clsact",
			 "%u interfaces of pods have a place for filters (clsact) of which nobody "
			 "can tell who made it: it is used, and stays when colod stops",
			 found->n_unclear);
	say->unclear = found->n_unclear;
}

/* Beside what else is not done: nothing of that depends on it. */
static void say_police(struct net_say *say, const struct net_round_found *found)
{
	const char *cause = found->police_cause[0] ? found->police_cause
						   : strerror(-found->police_error);

	if (found->police_error < 0 && !say->no_police)
		log_warning("net.police",
			    "what arrives for offline pods is not bounded (%s): act_police and "
			    "cls_flower are needed, or take police-ingress from the policy",
			    cause);
	if (found->police_error == 0 && say->no_police && !found->brief)
		log_info("net.police", "what arrives for offline pods can be bounded again");
	if (found->police_error < 0 || !found->brief)
		say->no_police = found->police_error < 0;
}

void net_say_found(struct net_say *say, const struct net_round_found *found)
{
	char before[NET_TROUBLE_SIZE], now[NET_TROUBLE_SIZE] = "";
	bool said;

	(void)snprintf(before, sizeof(before), "%s", say->trouble);
	say_blind(say, found);
	if (found->error < 0)
		return;
	say_police(say, found);
	find_trouble(found, now, sizeof(now));
	said = !now[0]; /* what is shown of arrivals is in a message of its own */
	if (!now[0] && found->police_error < 0)
		(void)snprintf(now, sizeof(now), "what arrives for offline pods: %s",
			       found->police_cause[0] ? found->police_cause
						      : strerror(-found->police_error));
	/* A brief one has not tried what a whole one could not do. */
	if (found->brief && !now[0])
		return;
	memcpy(say->trouble, now, sizeof(now));
	if (!said && strcmp(say->trouble, before) != 0)
		log_warning("net.apply",
			    "the kernel did not do all that was asked of the network: %s",
			    say->trouble);
	if (found->brief)
		return;
	if (found->n_left > 0 && !say->left)
		log_warning("net.left",
			    "%u of colod's qdiscs or marks could not be removed. Trying again; "
			    "they are qdisc %x: and the filters of prio %u (tc qdisc show)",
			    found->n_left, NET_TC_MAJOR, NET_TC_PRIO);
	say->left = found->n_left > 0;
	say_unclear(say, found);
}

void net_say_worker(struct net_say *say, int error)
{
	if (error < 0 && !say->no_worker)
		log_warning("net.worker",
			    "cannot start the thread that looks at the network (%s): no link is "
			    "shaped. Trying again (more threads: TasksMax= of colod.service)",
			    strerror(-error));
	say->no_worker = error < 0;
}

void net_say_back(struct net_say *say)
{
	say->left = false;
	log_info("net.back", "no class and no mark of colod's is left in the network");
}

void net_say_file(struct net_say *say, int error)
{
	if (error < 0 && !say->no_file)
		log_err("net.file",
			"that the network is shaped cannot be written down (%s), so nothing of it is "
			"changed: make room in /run/colod",
			strerror(-error));
	if (error == 0 && say->no_file)
		log_info("net.file", "the network can be shaped again");
	say->no_file = error < 0;
}

static const char not_asked[] =
	"the policy or the mode does not ask for it any more, or it is no uplink";

static bool is_shaped(const struct net_plan *plan, const struct net_plan_link *link)
{
	return plan->on && link && net_plan_shapes(link);
}

/* What is held of what is sent, or arrives. `other`: why it is not, where the hold itself has nothing on that. */
static void say_hold(struct state *s, const char *what, const struct net_hold *hold, bool was_held,
		     bool held, const char *other)
{
	char why[HISTORY_WHY_SIZE];

	if (held == was_held)
		return;
	if (other)
		(void)snprintf(why, sizeof(why), "%s", other);
	else
		(void)reason_text(&hold->reason, NULL, why, sizeof(why));
	account_agent(s, what, held ? "held" : "not held", why);
}

static void say_arrivals(struct state *s, const struct net_plan *before, const struct net_plan *now,
			 const struct net_plan_link *link, const char *not_shaped)
{
	const struct net_plan_link *was = net_plan_find(before, link->ifindex);
	bool was_held = before->on && was && was->rx_hold.ceil_bytes_per_s > 0;
	bool held = now->on && link->rx_hold.ceil_bytes_per_s > 0;
	const char *other = not_shaped;
	char what[HISTORY_VALUE_SIZE];

	if (!other && link->police != NET_POLICE_ON)
		other = net_arrived_words(link->police);
	(void)snprintf(what, sizeof(what), "what arrives on %s", link->name);
	say_hold(s, what, &link->rx_hold, was_held, held, other);
}

static void say_link(struct state *s, const struct net_plan *before, const struct net_plan *now,
		     const struct net_plan_link *link)
{
	const struct net_plan_link *was = net_plan_find(before, link->ifindex);
	bool shaped = is_shaped(now, link), held = now->on && link->hold.ceil_bytes_per_s > 0;
	bool was_held = before->on && was && was->hold.ceil_bytes_per_s > 0;
	char why[HISTORY_WHY_SIZE], what[HISTORY_VALUE_SIZE];
	const char *not_shaped = !now->on || link->refusal != NET_FINE ? why : NULL;

	(void)snprintf(what, sizeof(what), "link %s", link->name);
	if (now->on)
		net_words_why(link, why, sizeof(why));
	else
		(void)snprintf(why, sizeof(why), "%s", not_asked);
	if (shaped != is_shaped(before, was) || (!was && link->refusal != NET_FINE) ||
	    (was && was->refusal != link->refusal))
		account_agent(s, what, shaped ? "shaped" : "not shaped", why);
	say_hold(s, what, &link->hold, was_held, held, not_shaped);
	say_arrivals(s, before, now, link, not_shaped);
}

void net_say_plan(struct state *s, const struct net_plan *before, const struct net_plan *now)
{
	/* Before the first look there is nothing to compare with. */
	for (uint32_t i = 0; now->known && i < now->n; i++)
		say_link(s, before, now, &now->list[i]);
	for (uint32_t i = 0; i < before->n; i++) {
		const struct net_plan_link *was = &before->list[i];
		char what[HISTORY_VALUE_SIZE];

		if (net_plan_find(now, was->ifindex) || !is_shaped(before, was))
			continue;
		(void)snprintf(what, sizeof(what), "link %s", was->name);
		account_agent(s, what, "not shaped", not_asked);
	}
}
