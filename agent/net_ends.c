// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_ends.h.
#include "agent/net_ends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/discover/net_pods.h"

void net_ends_done(struct net_round *round)
{
	free(round->known);
	free(round->ends);
	round->known = NULL;
	round->ends = NULL;
}

static int by_serial(const void *a, const void *b)
{
	const struct net_known *x = a, *y = b;

	return (x->serial > y->serial) - (x->serial < y->serial);
}

static int by_ifindex(const void *a, const void *b)
{
	const struct net_end *x = a, *y = b;

	return (x->tc.ifindex > y->tc.ifindex) - (x->tc.ifindex < y->tc.ifindex);
}

static const struct net_known *known(const struct net_round *round, uint64_t serial)
{
	const struct net_known key = {.serial = serial};

	return round->n_known == 0 ? NULL
				   : bsearch(&key, round->known, round->n_known,
					     sizeof(*round->known), by_serial);
}

static struct net_end *end_of(struct net_round *round, int32_t ifindex)
{
	const struct net_end key = {.tc.ifindex = ifindex};

	return round->n_ends == 0 ? NULL
				  : bsearch(&key, round->ends, round->n_ends, sizeof(*round->ends),
					    by_ifindex);
}

/* A pod's namespace is the same as long as it lives, so what was found is only checked against the links. */
static int find_pods(struct net_round *round, const struct net_round_wanted *wanted,
		     struct net_known *now)
{
	const struct net_pods pods = {.nl = round->nl,
				      .devices = &round->look.devices,
				      .root_fd = round->root_fd,
				      .cgroup_fd = round->cgroup_fd};

	for (size_t i = 0; i < wanted->n_pods; i++) {
		const struct net_known *before = known(round, wanted->pods[i].serial);
		int r;

		now[i] = (struct net_known){.serial = wanted->pods[i].serial, .nsid = NET_NO_NSID};
		/* Without an end of its own it is asked about each time: a runtime's first process is in the
		 * pod's cgroup before it is in its network. */
		if (before && net_pods_stands(&round->look.devices, before->nsid, &before->pod)) {
			now[i] = *before;
			continue;
		}
		now[i].pod.serial = wanted->pods[i].serial;
		r = net_pods_find(&pods, wanted->pods[i].cgroup_path, &now[i].pod, &now[i].nsid);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Every veth with a place for filters, and every pod's. */
static int list_ends(struct net_round *round)
{
	const struct net_devices *all = &round->look.devices;
	size_t room = all->n;

	if (room > round->room_ends) {
		struct net_end *ends = realloc(round->ends, room * sizeof(*ends));

		if (!ends)
			return -ENOMEM;
		round->ends = ends;
		round->room_ends = room;
	}
	round->n_ends = 0;
	(void)net_devices_find(&round->look.devices, 0); /* in the order of ifindex from here on */
	for (size_t i = 0; i < all->n; i++) {
		struct net_end *end = &round->ends[round->n_ends];

		if (strcmp(all->list[i].kind, "veth") != 0)
			continue;
		*end = (struct net_end){.tc = {.ifindex = all->list[i].ifindex}};
		memcpy(end->tc.ingress_kind, all->list[i].ingress_kind,
		       sizeof(end->tc.ingress_kind));
		round->n_ends++;
	}
	return 0;
}

static int look_at_ends(struct net_round *round, struct net_round_found *found)
{
	for (size_t i = 0; i < round->n_ends; i++) {
		struct net_end *end = &round->ends[i];
		int r;

		/* An ingress is never ours: only who has made it is looked for. */
		if (end->tc.ingress_kind[0] == '\0')
			continue;
		r = net_tc_look_at_end(round->nl, &end->tc);
		/* It has gone since, or its clsact has. */
		if (r == -ENODEV || r == -EINVAL)
			continue;
		if (r < 0)
			return r;
		if (strcmp(end->tc.ingress_kind, "clsact") != 0) {
			end->tc.ours = false;
			continue;
		}
		found->n_unclear += end->tc.n_others == 0 && (!end->tc.ours || end->tc.borrowed);
	}
	return 0;
}

static void tell(struct net_round *round, struct net_round_told *told)
{
	told->marked = told->pod.n > 0;
	for (uint32_t i = 0; i < told->pod.n; i++) {
		const struct net_end *end = end_of(round, told->pod.ifindex[i]);

		told->marked = told->marked && end && end->tc.ours;
		if (!end || !end->tc.ours)
			continue;
		told->counts.bytes += end->tc.counts.bytes;
		told->counts.packets += end->tc.counts.packets;
	}
}

int net_ends_look(struct net_round *round, const struct net_round_wanted *wanted,
		  struct net_round_found *found)
{
	_cleanup_free_ struct net_known *now =
		calloc(wanted->n_pods ? wanted->n_pods : 1, sizeof(*now));
	struct net_round_told *told =
		realloc(found->pods, (wanted->n_pods ? wanted->n_pods : 1) * sizeof(*told));
	int r;

	if (told)
		found->pods = told;
	if (!now || !told)
		return -ENOMEM;
	r = find_pods(round, wanted, now);
	if (r == 0)
		r = list_ends(round);
	if (r == 0)
		r = look_at_ends(round, found);
	if (r < 0)
		return r;
	found->n_pods = wanted->n_pods;
	for (size_t i = 0; i < wanted->n_pods; i++) {
		told[i] = (struct net_round_told){.pod = now[i].pod};
		tell(round, &told[i]);
	}
	qsort(now, wanted->n_pods, sizeof(*now), by_serial);
	free(round->known);
	round->known = TAKE_PTR(now);
	round->n_known = wanted->n_pods;
	return 0;
}

/* Of pods that share a namespace the highest level counts, whose mark is the smallest: it must not suffer from the other. */
static void want_ends(struct net_round *round, const struct net_round_wanted *wanted,
		      const struct net_round_found *found)
{
	for (size_t i = 0; wanted->plan.on && i < wanted->n_pods; i++) {
		const struct net_round_pod *want = &wanted->pods[i];
		const struct net_pod *pod = &found->pods[i].pod;
		uint32_t mark = net_mark_of(&wanted->plan.mark, want->level);

		for (uint32_t n = 0; n < pod->n; n++) {
			struct net_end *end = end_of(round, pod->ifindex[n]);

			if (!end)
				continue;
			end->stays |= want->stays;
			end->open |= !want->stays && !want->offline;
			if (want->stays || !want->marked || (end->wanted && end->mark <= mark))
				continue;
			end->wanted = true;
			end->mark = mark;
		}
	}
}

/* What arrives there. The mark is as it is wanted whatever comes of it. */
static void police_end(struct net_round *round, const struct net_tc_polices *polices,
		       struct net_round_found *found, const struct net_end *end)
{
	struct net_tc_result result;

	net_tc_plan_polices(&end->tc, polices, &round->steps);
	result = net_tc_run(round->nl, &round->steps);
	found->n_steps += result.n_made;
	found->again |= result.end == NET_TC_CHANGED || result.end == NET_TC_LOST;
	if (result.end > NET_TC_FOREIGN && found->police_error == 0) {
		found->police_error = result.error;
		(void)snprintf(found->police_cause, sizeof(found->police_cause), "%s: %s",
			       net_tc_do_name(result.what), netlink_cause(round->nl));
	}
}

/* As the CNI's bandwidth plugin does it: all that a pod sends goes through an ifb, whose qdisc bounds it. */
static bool is_limited(struct net_round *round, const struct net_end *end)
{
	const struct net_device *to =
		end->tc.redirect ? net_devices_find(&round->look.devices, end->tc.redirect) : NULL;

	return to && strcmp(to->kind, "ifb") == 0;
}

static void apply_end(struct net_round *round, const struct net_round_wanted *wanted,
		      struct net_round_found *found, struct net_end *end)
{
	bool policed = end->wanted && !end->open;
	struct net_tc_result result;
	bool waits;

	/* Before the place for filters goes. */
	if (!policed)
		police_end(round, NULL, found, end);
	end->refusal = net_tc_plan_end(&end->tc, end->wanted, end->mark, wanted->plan.mark.mask,
				       &round->steps);
	if (end->refusal == NET_FOREIGN_CLSACT && is_limited(round, end))
		end->refusal = NET_CNI_BANDWIDTH;
	waits = end->tc.ours && end->wanted && round->marks_wait && round->steps.n > 0;
	if (waits)
		round->steps.n = 0;
	result = net_tc_run(round->nl, &round->steps);
	end->settled = !waits && (result.end == NET_TC_DONE || result.end == NET_TC_GONE);
	if (result.end == NET_TC_FOREIGN)
		end->refusal = NET_FOREIGN_CLSACT;
	net_round_note(found, &result, &end->result);
	if (policed && end->settled && end->refusal == NET_FINE)
		police_end(round, &round->polices, found, end);
	found->n_left += !end->wanted && result.end != NET_TC_DONE && result.end != NET_TC_GONE;
}

void net_ends_apply(struct net_round *round, const struct net_round_wanted *wanted,
		    struct net_round_found *found)
{
	want_ends(round, wanted, found);
	for (size_t i = 0; i < round->n_ends; i++)
		if (round->ends[i].wanted || !round->ends[i].stays)
			apply_end(round, wanted, found, &round->ends[i]);
	for (size_t i = 0; i < found->n_pods; i++)
		for (uint32_t n = 0; n < found->pods[i].pod.n; n++) {
			const struct net_end *end = end_of(round, found->pods[i].pod.ifindex[n]);

			if (!end || !end->wanted)
				continue;
			if (found->pods[i].pod.refusal == NET_FINE)
				found->pods[i].pod.refusal = end->refusal;
			if (found->pods[i].result.end == NET_TC_DONE)
				found->pods[i].result = end->result;
		}
}

bool net_ends_are_settled(const struct net_round *round)
{
	for (size_t i = 0; i < round->n_ends; i++)
		if (round->ends[i].tc.ours && !round->ends[i].settled)
			return false;
	return true;
}
