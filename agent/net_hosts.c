// SPDX-License-Identifier: LGPL-2.1-or-later
// See net_hosts.h.
#include "agent/net_hosts.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/net_ends.h"

#define BARRED_US 60000000

void net_hosts_done(struct net_hosts *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		(void)net_host_run(&hosts->list[i].at, NET_HOST_REMOVE, -EBADF, "", 0, 0);
	free(hosts->list);
	*hosts = (struct net_hosts){0};
}

static struct net_hosted *hosted(const struct net_hosts *hosts, uint64_t serial)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->list[i].serial == serial)
			return &hosts->list[i];
	return NULL;
}

void net_hosts_look(struct net_round *round, struct net_round_found *found)
{
	struct net_hosts *hosts = &round->hosts;

	if (round->look_us >= hosts->barred_until_us)
		hosts->barred = NET_FINE;
	for (size_t i = 0; i < found->n_pods; i++) {
		struct net_round_told *told = &found->pods[i];
		struct net_hosted *h = hosted(hosts, told->pod.serial);

		/* One whose containers start again has nothing to be asked about for a moment. */
		told->pod.host = told->pod.refusal == NET_HOST_NETWORK ||
				 (h && told->pod.refusal == NET_NO_PROCESS);
		if (!told->pod.host)
			continue;
		told->pod.refusal = h ? NET_FINE : hosts->barred;
		told->marked = h && net_host_look(&h->at);
	}
}

/* The pod's entry, a new one if it has none; NULL: no memory. */
static struct net_hosted *hosted_or_new(struct net_hosts *hosts, uint64_t serial)
{
	struct net_hosted *h = hosted(hosts, serial);

	if (h)
		return h;
	if (hosts->n == hosts->room) {
		size_t room = hosts->room ? 2 * hosts->room : 8;
		struct net_hosted *list = reallocarray(hosts->list, room, sizeof(*list));

		if (!list)
			return NULL;
		hosts->list = list;
		hosts->room = room;
	}
	h = &hosts->list[hosts->n++];
	*h = (struct net_hosted){.serial = serial, .at.link_fd = -EBADF};
	return h;
}

static void note(struct net_hosts *hosts, struct net_round_told *told, int error, int64_t now_us)
{
	enum net_refusal refusal = net_host_refusal(error);

	told->pod.refusal = refusal;
	/* A pod that has gone meanwhile is no trouble. */
	if (refusal == NET_FINE && error != -ENOENT && error != -ENODEV && error != -ENOLINK)
		told->error = error;
	if (refusal != NET_HOST_NETWORK && refusal != NET_HOST_DENIED)
		return;
	hosts->barred = refusal;
	hosts->barred_until_us = now_us + BARRED_US;
}

static void apply_one(struct net_round *round, const struct net_round_wanted *wanted, size_t i,
		      struct net_round_found *found)
{
	const struct net_round_pod *want = &wanted->pods[i];
	struct net_round_told *told = &found->pods[i];
	const struct net_mark *mark = &wanted->plan.mark;
	uint32_t value = net_mark_of(mark, want->level);
	struct net_hosted *h = hosted(&round->hosts, want->serial);
	bool wants = wanted->plan.on && want->marked && told->pod.host && mark->mask != 0;
	enum net_host_do what;
	int r = 0;

	if (wanted->plan.on && want->stays && told->pod.host)
		return;
	if (!wants && !h)
		return;
	/* Nothing is there that could be taken away, and nothing new will come of it. */
	if (wants && !h && round->hosts.barred != NET_FINE)
		return;
	if (wants)
		r = net_host_is_taken(round->cgroup_fd, want->cgroup_path);
	if (r > 0)
		wants = false;
	h = hosted_or_new(&round->hosts, want->serial);
	if (!h)
		r = -ENOMEM;
	if (r < 0) {
		note(&round->hosts, told, r, round->look_us);
		return;
	}
	what = net_host_plan(&h->at, wants, value, mark->mask);
	/* Uplinks that have not got the new filters know the old mark. */
	h->settled = what != NET_HOST_CHANGE || !round->marks_wait;
	if (!h->settled)
		return;
	if (r > 0)
		note(&round->hosts, told, -EBUSY, round->look_us);
	r = net_host_run(&h->at, what, round->cgroup_fd, want->cgroup_path, value, mark->mask);
	h->settled = r == 0;
	if (r < 0)
		note(&round->hosts, told, r, round->look_us);
	else
		found->n_steps += what != NET_HOST_KEEP;
}

/* Those without a program, and those of pods that are not there any more. */
static void forget(struct net_hosts *hosts)
{
	size_t kept = 0;

	for (size_t i = 0; i < hosts->n; i++) {
		struct net_hosted *h = &hosts->list[i];

		if (!h->listed)
			(void)net_host_run(&h->at, NET_HOST_REMOVE, -EBADF, "", 0, 0);
		if (h->at.link_fd >= 0)
			hosts->list[kept++] = *h;
	}
	hosts->n = kept;
}

void net_hosts_apply(struct net_round *round, const struct net_round_wanted *wanted,
		     struct net_round_found *found)
{
	struct net_hosts *hosts = &round->hosts;

	for (size_t i = 0; i < hosts->n; i++)
		hosts->list[i].listed = hosts->list[i].settled = false;
	for (size_t i = 0; i < found->n_pods; i++) {
		struct net_hosted *h;

		apply_one(round, wanted, i, found);
		h = hosted(hosts, wanted->pods[i].serial);
		if (h)
			h->listed = true;
	}
	forget(hosts);
}

bool net_hosts_are_settled(const struct net_hosts *hosts)
{
	for (size_t i = 0; i < hosts->n; i++)
		if (!hosts->list[i].settled)
			return false;
	return true;
}
