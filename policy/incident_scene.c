// SPDX-License-Identifier: LGPL-2.1-or-later
// See incident_scene.h.
#include "policy/incident_scene.h"

#include <string.h>

#include "policy/decide.h"
#include "policy/incident_flow.h"
#include "policy/incident_mean.h"
#include "policy/incident_victim.h"
#include "policy/ring.h"
#include "policy/seconds.h"
#include "policy/who.h"

#define MS_US 1000
#define S_US 1000000
/* A sample is taken a little before the pass that counts it, and one may be missed. */
#define EARLY_US 100000
#define LATE_US 1500000
/* Who uses most is told by so much. */
#define RECENT_SECONDS 10

/* --- the node ------------------------------------------------------------------------------------ */

bool incident_scene_feed(struct incidents *in, const struct incident_look *look)
{
	const struct node_sample *last = ring_last_node(&look->samples->node);
	struct incident_second *to = &in->seconds[in->seconds_head];
	uint64_t kib = last ? last->memory_available_bytes / 1024 : 0;

	if (look->seconds->fed_us != look->now_us)
		return false;
	*to = (struct incident_second){.at_us = look->now_us,
				       .available_kib = INCIDENT_UNKNOWN,
				       .net = incident_flow_now(look->net, look->now_us)};
	if (last && last->valid & SAMPLE_CPU && last->valid & SAMPLE_MEMORY) {
		to->cpu_busy_us = last->cpu_busy_us;
		to->available_kib = kib < UINT32_MAX ? (uint32_t)kib : UINT32_MAX - 1;
	}
	in->seconds_head = (in->seconds_head + 1) % INCIDENT_NODE_SECONDS;
	in->n_seconds += in->n_seconds < INCIDENT_NODE_SECONDS;
	return true;
}

static const struct incident_second *node_at(const struct incidents *in, uint32_t back)
{
	return back < in->n_seconds
		       ? &in->seconds[(in->seconds_head + 2 * INCIDENT_NODE_SECONDS - 1 - back) %
				      INCIDENT_NODE_SECONDS]
		       : NULL;
}

/* --- one point ----------------------------------------------------------------------------------- */

/* As of that time; NULL: nothing was measured about then. */
static const struct second *second_of(const struct pod_seconds *of, int64_t at_us)
{
	const struct second *s;

	for (uint32_t back = 0; of && (s = seconds_at(of, back)); back++)
		if (s->at_us <= at_us + EARLY_US)
			return at_us - s->at_us <= LATE_US ? s : NULL;
	return NULL;
}

static bool are_two(const struct second *a, const struct second *b)
{
	return a && b && b->at_us > a->at_us;
}

static struct incident_use use_between(const struct second *a, const struct second *b)
{
	struct incident_use use = {INCIDENT_UNKNOWN, INCIDENT_UNKNOWN, INCIDENT_UNKNOWN,
				   INCIDENT_UNKNOWN};

	if (are_two(a, b) && a->valid & b->valid & SAMPLE_CPU)
		use.cpu_milli = (uint32_t)((uint64_t)(b->cpu_us - a->cpu_us) * 1000 /
					   (uint64_t)(b->at_us - a->at_us));
	if (b && b->valid & SAMPLE_MEMORY)
		use.memory_kib = b->memory_kib;
	if (b && b->net_kib_s != SECOND_UNKNOWN)
		use.sent_kib_s = b->net_kib_s;
	return use;
}

static void stall_between(const struct second *a, const struct second *b, uint16_t *stalled)
{
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		uint32_t psi = (uint32_t)SAMPLE_PSI_CPU << r;
		uint64_t permille;

		stalled[r] = INCIDENT_UNKNOWN_STALL;
		if (!are_two(a, b) || !(a->valid & b->valid & psi))
			continue;
		permille = (uint64_t)(b->stalled_us[r] - a->stalled_us[r]) * 1000 /
			   (uint64_t)(b->at_us - a->at_us);
		stalled[r] = (uint16_t)(permille < 1000 ? permille : 1000);
	}
}

static struct incident_use node_between(const struct incident_second *a,
					const struct incident_second *b)
{
	struct incident_use use = {INCIDENT_UNKNOWN, b->available_kib, INCIDENT_UNKNOWN,
				   INCIDENT_UNKNOWN};

	if (a->available_kib != INCIDENT_UNKNOWN && b->available_kib != INCIDENT_UNKNOWN &&
	    b->cpu_busy_us >= a->cpu_busy_us)
		use.cpu_milli = (uint32_t)((b->cpu_busy_us - a->cpu_busy_us) * 1000 /
					   (uint64_t)(b->at_us - a->at_us));
	return use;
}

/* Nobody keeps what was measured before now. */
static uint32_t disk_now(const struct incident_look *look, const struct incident_pod *pod,
			 int64_t at_us)
{
	const struct pod_history *h = ring_of(look->samples, pod->slot, pod->serial);
	uint64_t bytes = 0;

	if (!h || h->disks.at_us == 0 || h->disks.at_us > at_us || at_us - h->disks.at_us > LATE_US)
		return INCIDENT_UNKNOWN;
	for (uint32_t n = 0; n < h->disks.n; n++)
		for (int d = 0; d < DISK_DIRECTIONS; d++)
			bytes += h->disks.list[n].bytes_per_s[d];
	return bytes / 1024 < UINT32_MAX ? (uint32_t)(bytes / 1024) : UINT32_MAX - 1;
}

static void look_between(const struct incident *i, const struct incident_look *look,
			 const struct incident_second *a, const struct incident_second *b,
			 struct incident_point *ret_point)
{
	*ret_point = (struct incident_point){
		.at_us = b->at_us,
		.span_ms = (uint32_t)((b->at_us - a->at_us) / MS_US),
		.node = node_between(a, b),
		.net = b->net,
	};
	for (int p = 0; p < INCIDENT_PODS; p++) {
		const struct pod_seconds *of =
			seconds_of(look->seconds, i->pods[p].slot, i->pods[p].serial);
		const struct second *from = second_of(of, a->at_us), *to = second_of(of, b->at_us);

		ret_point->pods[p] = use_between(from, to);
		if (p > 0)
			continue;
		stall_between(from, to, ret_point->stalled_permille);
		ret_point->victim = incident_victim_between(from, to);
	}
}

/* --- few of them --------------------------------------------------------------------------------- */

/* `b` follows `a`. */
static void merge(struct incident_point *a, const struct incident_point *b)
{
	uint32_t a_ms = a->span_ms, b_ms = b->span_ms;

	if (a_ms + b_ms == 0)
		a_ms = 1;
	for (int r = 0; r < RESOURCE_COUNT; r++)
		a->stalled_permille[r] = (uint16_t)incident_mean(a->stalled_permille[r], a_ms,
								 b->stalled_permille[r], b_ms,
								 INCIDENT_UNKNOWN_STALL);
	incident_victim_merge(&a->victim, a_ms, &b->victim, b_ms);
	a->node.cpu_milli =
		incident_mean(a->node.cpu_milli, a_ms, b->node.cpu_milli, b_ms, INCIDENT_UNKNOWN);
	a->node.memory_kib = b->node.memory_kib;
	incident_flow_merge(&a->net, a_ms, &b->net, b_ms);
	for (int p = 0; p < INCIDENT_PODS; p++) {
		a->pods[p].cpu_milli = incident_mean(a->pods[p].cpu_milli, a_ms,
						     b->pods[p].cpu_milli, b_ms, INCIDENT_UNKNOWN);
		a->pods[p].disk_kib_s = incident_mean(
			a->pods[p].disk_kib_s, a_ms, b->pods[p].disk_kib_s, b_ms, INCIDENT_UNKNOWN);
		a->pods[p].sent_kib_s = incident_mean(
			a->pods[p].sent_kib_s, a_ms, b->pods[p].sent_kib_s, b_ms, INCIDENT_UNKNOWN);
		if (b->pods[p].memory_kib != INCIDENT_UNKNOWN)
			a->pods[p].memory_kib = b->pods[p].memory_kib;
	}
	a->at_us = b->at_us;
	a->span_ms += b->span_ms;
}

/* Two of those behind the fine ones become one. */
static void thin(struct incident *i)
{
	uint32_t to = INCIDENT_FINE_POINTS;

	for (uint32_t from = INCIDENT_FINE_POINTS; from < i->n_points; from += 2, to++) {
		struct incident_point point = i->points[from];

		if (from + 1 < i->n_points)
			merge(&point, &i->points[from + 1]);
		i->points[to] = point;
	}
	i->n_points = to;
	i->coarse_ms = i->coarse_ms ? i->coarse_ms * 2 : 2000;
}

void incident_scene_put(struct incident *i, const struct incident_point *point)
{
	struct incident_point *last = i->n_points > 0 ? &i->points[i->n_points - 1] : NULL;
	uint32_t stalled = point->stalled_permille[i->resource];

	if (last && point->at_us <= last->at_us)
		return;
	i->changes++;
	if (stalled != INCIDENT_UNKNOWN_STALL &&
	    point->at_us > i->opened_us - RECENT_SECONDS * S_US) {
		i->stall_known = true;
		if (stalled > i->worst_stalled_permille)
			i->worst_stalled_permille = stalled;
	}
	if (i->n_points > INCIDENT_FINE_POINTS &&
	    last->span_ms + point->span_ms <= i->coarse_ms + EARLY_US / MS_US) {
		merge(last, point);
		return;
	}
	if (i->n_points == INCIDENT_POINTS)
		thin(i);
	i->points[i->n_points++] = *point;
}

/* --- who ----------------------------------------------------------------------------------------- */

static uint64_t recent_use(const struct incident *i, const struct incident_look *look,
			   uint32_t slot, uint64_t serial)
{
	const struct pod_seconds *of = seconds_of(look->seconds, slot, serial);
	uint32_t back = of && of->count > RECENT_SECONDS ? RECENT_SECONDS : of ? of->count - 1 : 0;
	const struct second *now = of ? seconds_at(of, 0) : NULL;

	if (!now)
		return 0;
	return i->resource == RESOURCE_MEMORY ? now->memory_kib
					      : now->cpu_us - seconds_at(of, back)->cpu_us;
}

static int find(const struct incident *i, uint64_t serial)
{
	for (int p = 0; p < INCIDENT_PODS; p++)
		if (i->pods[p].serial == serial)
			return p;
	return -1;
}

/* Into that place, with what is known of it in the points that there are. */
static void put_pod(struct incident *i, const struct incident_look *look, int place,
		    const struct pod *pod)
{
	const struct pod_seconds *of = seconds_of(look->seconds, pod->slot, pod->serial);
	const struct assignment *a = plan_assignment(look->plan, pod);
	struct incident_pod *p = &i->pods[place];

	*p = (struct incident_pod){.serial = pod->serial,
				   .slot = pod->slot,
				   .role = a->state == ASSIGNMENT_LEVEL ? a->role : ROLE_INVALID,
				   .level = a->state == ASSIGNMENT_LEVEL ? a->level : LEVEL_NONE};
	who_copy(p->name, pod->name);
	for (uint32_t n = 0; n < i->n_points; n++) {
		const struct incident_point *at = &i->points[n];
		const struct second *from = second_of(of, at->at_us - (int64_t)at->span_ms * MS_US);

		i->points[n].pods[place] = use_between(from, second_of(of, at->at_us));
	}
}

static const struct pod *largest_other(const struct incident *i, const struct incident_look *look,
				       uint64_t *ret_use)
{
	const struct pod *best = NULL;

	*ret_use = 0;
	for (size_t n = 0; n < look->model->n_pods; n++) {
		const struct pod *pod = look->model->pods[n];
		uint64_t use = recent_use(i, look, pod->slot, pod->serial);

		if (use > *ret_use && find(i, pod->serial) < 0) {
			*ret_use = use;
			best = pod;
		}
	}
	return best;
}

/* A free place, or that of who uses least; the victim and who is suspected stay. -1: all do. */
static int least(const struct incident *i, const struct incident_look *look, uint64_t *ret_use)
{
	int place = -1;

	for (int p = 1; p < INCIDENT_PODS; p++) {
		const struct incident_pod *of = &i->pods[p];
		uint64_t use = of->serial ? recent_use(i, look, of->slot, of->serial) : 0;

		if (of->serial && of->suspected)
			continue;
		if (!of->serial) {
			*ret_use = 0;
			return p;
		}
		if (place < 0 || use < *ret_use) {
			place = p;
			*ret_use = use;
		}
	}
	return place;
}

void incident_scene_suspect(struct incident *i, const struct incident_look *look,
			    const struct pod *pod)
{
	uint64_t use;
	int place = find(i, pod->serial);

	if (place < 0) {
		place = least(i, look, &use);
		if (place < 0)
			return;
		put_pod(i, look, place, pod);
	}
	i->pods[place].suspected = place > 0;
}

/* Who came later, and uses twice as much as who uses least. */
static void take_in_largest(struct incident *i, const struct incident_look *look)
{
	uint64_t use, least_use = 0;
	const struct pod *pod = largest_other(i, look, &use);
	int place = pod ? least(i, look, &least_use) : -1;

	if (place >= 0 && use > 2 * least_use)
		put_pod(i, look, place, pod);
}

void incident_scene_begin(struct incident *i, const struct incidents *in,
			  const struct incident_look *look)
{
	struct incident_point point;

	for (int n = 1; n < INCIDENT_PODS; n++)
		take_in_largest(i, look);
	for (uint32_t back = in->n_seconds; back-- > 1;) {
		const struct incident_second *a = node_at(in, back), *b = node_at(in, back - 1);

		if (b->at_us < look->now_us - INCIDENT_BEFORE_US || b->at_us <= a->at_us)
			continue;
		look_between(i, look, a, b, &point);
		incident_scene_put(i, &point);
	}
}

void incident_scene_add(struct incident *i, const struct incidents *in,
			const struct incident_look *look)
{
	const struct incident_second *a = node_at(in, 1), *b = node_at(in, 0);
	struct incident_point point;

	if (!a || !b || b->at_us <= a->at_us)
		return;
	take_in_largest(i, look);
	look_between(i, look, a, b, &point);
	for (int p = 0; p < INCIDENT_PODS; p++)
		if (i->pods[p].serial != 0)
			point.pods[p].disk_kib_s = disk_now(look, &i->pods[p], b->at_us);
	incident_scene_put(i, &point);
}
