// SPDX-License-Identifier: LGPL-2.1-or-later
// After an eviction the node takes no new pods for a while, where the policy says so: or the one that went would be back
// at once. See evictor_state.h.
#include <stdio.h>
#include <string.h>

#include "agent/base/log.h"
#include "agent/evictor_state.h"

/* Somebody may have taken it off, or the server may have had no time. */
#define AGAIN_US 30000000
#define SETTLE_MS 2000

static void take(struct state *s)
{
	struct evictor *e = s->evictor;
	struct evictor_tainted done;

	while (e->api.next_tainted && e->api.next_tainted(e->api.context, &done)) {
		if (done.done && !done.wanted && e->taint_up) {
			e->taint_up = false;
			e->changed = true;
		}
		if (done.why[0] != '\0' && strcmp(done.why, e->taint_why) != 0)
			log_warning("evict.taint", "the taint of this node cannot be %s: %s",
				    done.wanted ? "put up" : "taken off", done.why);
		(void)snprintf(e->taint_why, sizeof(e->taint_why), "%s", done.why);
	}
}

static void want(struct state *s, bool wanted)
{
	struct evictor *e = s->evictor;

	/* Known to the next agent before it is there. */
	if (wanted && !e->taint_up) {
		e->taint_up = true;
		if (evictor_kept_save(s) < 0) {
			e->taint_up = false;
			return;
		}
	}
	e->taint_asked = wanted;
	e->taint_us = s->status.pass_us;
	(void)e->api.taint(e->api.context, wanted);
}

void evictor_taint_pass(struct state *s)
{
	struct evictor *e = s->evictor;
	bool wanted = s->status.modes.by[RESOURCE_MEMORY] == MODE_FULL && s->policy->evict.taint &&
		      e->evict.taint_until_us > s->status.pass_us;
	bool due = e->taint_us == 0 || s->status.pass_us - e->taint_us >= AGAIN_US;

	take(s);
	if (!e->api.taint || (!wanted && !e->taint_up))
		return;
	if (wanted != e->taint_asked || due)
		want(s, wanted);
}

void evictor_taint_off(struct state *s)
{
	struct evictor *e = s->evictor;

	if (e->taint_up && e->api.taint)
		want(s, false);
}

void evictor_taint_stop(struct state *s)
{
	struct evictor *e = s->evictor;

	if (e->taint_up && e->api.taint) {
		if (e->taint_asked)
			want(s, false);
		e->api.settle(e->api.context, SETTLE_MS);
		take(s);
	}
	if (e->taint_up)
		log_warning("evict.taint",
			    "the taint colod.io/pressure may still be on this node: the next colod "
			    "takes it off, or: kubectl taint node NODE colod.io/pressure-");
	if (e->changed)
		(void)evictor_kept_save(s);
}
