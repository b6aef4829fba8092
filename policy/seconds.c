// SPDX-License-Identifier: LGPL-2.1-or-later
// See seconds.h.
#include "policy/seconds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ring.h"

/* A pass that comes a little early still has its second. */
#define SPACING_US 900000

const struct second *seconds_at(const struct pod_seconds *of, uint32_t back)
{
	return back < of->count ? &of->ring[(of->head + 2 * SECONDS_RING - 1 - back) % SECONDS_RING]
				: NULL;
}

void seconds_add(struct pod_seconds *of, const struct pod_sample *sample, uint32_t net_kib_s)
{
	const struct second *last = seconds_at(of, 0);
	uint64_t kib = sample->memory_bytes / 1024;
	struct second *to = &of->ring[of->head];

	if (last && sample->at_us <= last->at_us)
		return;
	*to = (struct second){
		.at_us = sample->at_us,
		.valid = sample->valid,
		.cpu_us = (uint32_t)sample->cpu_usage_us,
		.memory_kib = kib < UINT32_MAX ? (uint32_t)kib : UINT32_MAX,
		.net_kib_s = net_kib_s,
	};
	for (int r = 0; r < RESOURCE_COUNT; r++)
		to->stalled_us[r] = (uint32_t)sample->psi[r].some_us;
	of->head = (of->head + 1) % SECONDS_RING;
	of->count += of->count < SECONDS_RING;
}

const struct pod_seconds *seconds_of(const struct seconds *seconds, uint32_t slot, uint64_t serial)
{
	const struct pod_seconds *of;

	if (slot >= seconds->n_slots)
		return NULL;
	of = seconds->pods[slot];
	return of && of->serial == serial && of->count > 0 ? of : NULL;
}

static int grow(struct seconds *seconds, size_t n_slots)
{
	struct pod_seconds **pods;

	if (n_slots <= seconds->n_slots)
		return 0;
	pods = reallocarray(seconds->pods, n_slots, sizeof(struct pod_seconds *));
	if (!pods)
		return -ENOMEM;
	for (size_t i = seconds->n_slots; i < n_slots; i++)
		pods[i] = NULL;
	seconds->pods = pods;
	seconds->n_slots = n_slots;
	return 0;
}

/* That of the pod, empty where another one was there before. */
static struct pod_seconds *make(struct seconds *seconds, const struct pod *pod)
{
	struct pod_seconds **of = &seconds->pods[pod->slot];

	if (!*of)
		*of = malloc(sizeof(**of));
	else if ((*of)->serial == pod->serial)
		return *of;
	if (*of)
		**of = (struct pod_seconds){.serial = pod->serial};
	return *of;
}

static uint32_t sent_kib_s(const struct net_shown *net, const struct pod *pod, int64_t now_us)
{
	const struct net_sent *sent = net && pod->slot < net->n_sent ? &net->sent[pod->slot] : NULL;

	if (!sent || sent->serial != pod->serial || !sent->rated ||
	    !net_flow_is_fresh(sent->at_us, now_us))
		return SECOND_NET_UNKNOWN;
	return sent->bytes_per_s / 1024 < SECOND_NET_UNKNOWN ? (uint32_t)(sent->bytes_per_s / 1024)
							     : SECOND_NET_UNKNOWN - 1;
}

int seconds_feed(struct seconds *seconds, const struct model *model, const struct samples *samples,
		 const struct net_shown *net, int64_t now_us)
{
	int r;

	if (seconds->fed_us > 0 && now_us - seconds->fed_us < SPACING_US)
		return 0;
	seconds->fed_us = now_us;
	r = grow(seconds, model->n_slots);
	if (r < 0)
		return r;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct pod_history *h = ring_of(samples, pod->slot, pod->serial);
		struct pod_seconds *of = h ? make(seconds, pod) : NULL;

		if (of)
			seconds_add(of, ring_last(h), sent_kib_s(net, pod, now_us));
		else if (h)
			r = -ENOMEM;
	}
	return r;
}

void seconds_free(struct seconds *seconds)
{
	for (size_t i = 0; i < seconds->n_slots; i++)
		free(seconds->pods[i]);
	free(seconds->pods);
	*seconds = (struct seconds){0};
}
