// SPDX-License-Identifier: LGPL-2.1-or-later
// See seconds.h.
#include "policy/seconds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ring.h"

/* A pass that comes a little early still has its second. */
#define SPACING_US 900000
/* It is read once a second, and not in each of the samples that come faster. */
#define MEMORY_FRESH_US 1500000

const struct second *seconds_at(const struct pod_seconds *of, uint32_t back)
{
	return back < of->count ? &of->ring[(of->head + 2 * SECONDS_RING - 1 - back) % SECONDS_RING]
				: NULL;
}

static uint32_t bounded(uint64_t value)
{
	return value < SECOND_UNKNOWN ? (uint32_t)value : SECOND_UNKNOWN - 1;
}

static uint32_t rate(uint64_t per_s)
{
	return per_s == POD_MEMORY_UNKNOWN ? SECOND_UNKNOWN : bounded(per_s);
}

static void put_memory(struct second *to, const struct pod_memory *memory)
{
	bool fresh = memory && memory->at_us > 0 && memory->at_us <= to->at_us &&
		     to->at_us - memory->at_us <= MEMORY_FRESH_US;

	to->anon_kib = fresh ? bounded(memory->anon_bytes / 1024) : SECOND_UNKNOWN;
	to->file_kib = fresh ? bounded(memory->file_bytes / 1024) : SECOND_UNKNOWN;
	to->refaults_per_s = fresh ? rate(memory->refaults_per_s) : SECOND_UNKNOWN;
	to->direct_per_s = fresh ? rate(memory->direct_per_s) : SECOND_UNKNOWN;
}

void seconds_add(struct pod_seconds *of, const struct pod_sample *sample,
		 const struct pod_memory *memory, uint32_t net_kib_s)
{
	const struct second *last = seconds_at(of, 0);
	struct second *to = &of->ring[of->head];

	if (last && sample->at_us <= last->at_us)
		return;
	*to = (struct second){
		.at_us = sample->at_us,
		.valid = sample->valid,
		.cpu_us = (uint32_t)sample->cpu_usage_us,
		.memory_kib = bounded(sample->memory_bytes / 1024),
		.memory_full_us = (uint32_t)sample->psi[RESOURCE_MEMORY].full_us,
		.io_full_us = (uint32_t)sample->psi[RESOURCE_IO].full_us,
		.throttled_us = sample->throttled_us,
		.net_kib_s = net_kib_s,
	};
	for (int r = 0; r < RESOURCE_COUNT; r++)
		to->stalled_us[r] = (uint32_t)sample->psi[r].some_us;
	put_memory(to, memory);
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
		return SECOND_UNKNOWN;
	return bounded(sent->bytes_per_s / 1024);
}

/* Of a sample between two seconds no more than this is kept. */
static uint32_t unseen_since(const struct pod_history *h, const struct second *last)
{
	const struct pod_sample *sample;

	for (uint32_t back = 0; last && (sample = ring_at(h, back)) && sample->at_us > last->at_us;
	     back++)
		if (sample->valid & SAMPLE_QUOTA_UNSEEN)
			return SAMPLE_QUOTA_UNSEEN;
	return 0;
}

static void add(struct pod_seconds *of, const struct pod_history *h, uint32_t net_kib_s)
{
	struct pod_sample sample = *ring_last(h);

	sample.valid |= unseen_since(h, seconds_at(of, 0));
	seconds_add(of, &sample, &h->memory, net_kib_s);
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
			add(of, h, sent_kib_s(net, pod, now_us));
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
