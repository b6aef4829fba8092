// SPDX-License-Identifier: LGPL-2.1-or-later
// See step_look.h.
#include "policy/step_look.h"

#include <inttypes.h>
#include <stdio.h>

#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/reason_text.h"
#include "policy/ring.h"
#include "policy/room.h"
#include "policy/rule.h"

#define SECOND_US 1000000u

static bool is_online(const struct wait_look *look, const struct pod *pod)
{
	const struct assignment *a = plan_assignment(look->plan, pod);

	return a->state == ASSIGNMENT_LEVEL && a->role == ROLE_ONLINE && pod->cgroup &&
	       !rule_is_own(pod->cgroup->name);
}

static void look_at_room(const struct wait_look *look, struct step_look *l)
{
	struct room room;

	if (look->resource != RESOURCE_MEMORY ||
	    !room_look(look->model, look->samples, look->plan, look->now_us, &room))
		return;
	l->room_known = true;
	l->room_bytes = room.room_bytes;
	l->fall_known = room.fall_span_us > 0;
	l->fall_bytes_per_s = room.fall_bytes_per_s;
}

/* Whose fault a wait was is known only of one that waits: nobody has to know it of one that did not wait at all. */
static bool waited_none(const struct wait_look *look, const struct pod *pod, uint64_t window_us)
{
	const struct pod_history *h = ring_of(look->samples, pod->slot, pod->serial);
	const uint32_t psi = (uint32_t)SAMPLE_PSI_CPU << look->resource;
	const struct pod_sample *back = h ? ring_back(h, window_us, psi) : NULL;
	const struct pod_sample *last = back ? ring_last(h) : NULL;

	return last && look->now_us - last->at_us <= CPU_USE_STALE_US &&
	       last->at_us - back->at_us >= (int64_t)window_us &&
	       wait_total_us(look, last) == wait_total_us(look, back);
}

void step_look(const struct wait_look *look, struct step_look *ret_look)
{
	bool on = look->rule->on && look->rule->window_us > 0;
	struct step_look l = {.window_us = on ? look->rule->window_us : SECOND_US};

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		uint64_t permille = 0, span_us;

		if (!is_online(look, pod) ||
		    (!waited_none(look, pod, l.window_us) &&
		     !wait_permille(look, pod, l.window_us, &permille, &span_us)))
			continue;
		l.stall_known = true;
		if (permille <= l.stall_permille)
			continue;
		l.stall_permille = permille;
		(void)snprintf(l.who, sizeof(l.who), "%.*s", (int)sizeof(l.who) - 1, pod->name);
	}
	look_at_room(look, &l);
	*ret_look = l;
}

static void put_stall(struct text_out *out, const struct step_look *l)
{
	if (l->stall_known)
		text_out_put(out, "%" PRIu64 ".%" PRIu64 " %%", l->stall_permille / 10,
			     l->stall_permille % 10);
	else
		text_out_put(out, "not measured");
}

static void put_room(struct text_out *out, const struct step_look *l)
{
	uint64_t amount = (uint64_t)(l->room_bytes < 0 ? -l->room_bytes : l->room_bytes);
	char a[REASON_TEXT_UNIT_SIZE];

	if (!l->room_known) {
		text_out_put(out, "not measured");
		return;
	}
	text_out_put(out, "%s%s", l->room_bytes < 0 ? "-" : "", reason_text_bytes(amount, a));
	if (l->fall_known && l->fall_bytes_per_s > 0)
		text_out_put(out, " and falls by %s a second",
			     reason_text_bytes(l->fall_bytes_per_s, a));
}

const char *step_look_text(const struct step_look *before, const struct step_look *after,
			   enum resource resource, char *buf, size_t size)
{
	static const char *const names[RESOURCE_COUNT] = {
		[RESOURCE_CPU] = "CPU",
		[RESOURCE_MEMORY] = "memory",
		[RESOURCE_IO] = "IO",
	};
	struct text_out out = {.buf = buf, .size = size};
	char window[REASON_TEXT_UNIT_SIZE];

	buf[0] = '\0';
	text_out_put(&out, "the longest that an online pod waits for %s, of %s: ", names[resource],
		     reason_text_duration(after->window_us, window));
	put_stall(&out, after);
	if (after->stall_known && after->who[0])
		text_out_put(&out, " (%s)", after->who);
	text_out_put(&out, ", before ");
	put_stall(&out, before);
	if (before->stall_known && before->who[0])
		text_out_put(&out, " (%s)", before->who);
	if (resource != RESOURCE_MEMORY)
		return buf;
	text_out_put(&out, "; room: ");
	put_room(&out, after);
	text_out_put(&out, ", before ");
	put_room(&out, before);
	return buf;
}
