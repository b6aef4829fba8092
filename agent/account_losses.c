// SPDX-License-Identifier: LGPL-2.1-or-later
// See account_losses.h.
#include "agent/account_losses.h"

#include <stdlib.h>
#include <string.h>

#include "agent/serve/held.h"

/* Longer than this between two passes the machine slept, or the guard ended the holds meanwhile. */
#define SPAN_MAX_US 5000000

static void reserve(struct losses *l, size_t n)
{
	struct pod_loss *grown;

	if (n <= l->n_slots)
		return;
	grown = reallocarray(l->pods, n, sizeof(*grown));
	if (!grown)
		return;
	memset(grown + l->n_slots, 0, (n - l->n_slots) * sizeof(*grown));
	l->pods = grown;
	l->n_slots = n;
}

static void count(struct pod_loss *loss, const struct pod *pod, uint64_t span_us)
{
	bool held = held_pod(pod), frozen = held_frozen(pod);

	if (loss->serial != pod->serial)
		*loss = (struct pod_loss){.serial = pod->serial};
	if (held && loss->held)
		loss->held_us += span_us;
	if (frozen && loss->frozen)
		loss->frozen_us += span_us;
	loss->holds += held && !loss->held;
	loss->freezes += frozen && !loss->frozen;
	loss->held = held;
	loss->frozen = frozen;
}

void account_losses(struct state *s)
{
	const struct model *m = discover_model(s->discover);
	int64_t now_us = s->status.pass_us;
	struct losses *l = &s->losses;
	int64_t span_us = l->at_us > 0 && now_us > l->at_us ? now_us - l->at_us : 0;

	if (span_us > SPAN_MAX_US)
		span_us = 0;
	l->at_us = now_us;
	reserve(l, m->n_slots);
	for (size_t i = 0; i < m->n_pods; i++)
		if (m->pods[i]->slot < l->n_slots)
			count(&l->pods[m->pods[i]->slot], m->pods[i], (uint64_t)span_us);
}

void account_losses_free(struct losses *l)
{
	free(l->pods);
	*l = (struct losses){0};
}
