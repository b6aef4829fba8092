// SPDX-License-Identifier: LGPL-2.1-or-later
// The IO hold: the ladder says what all offline work together may do on a disk, this file says where that is written and how it
// is divided: at the highest cgroups that hold nothing but offline pods that may be held, by what each does there. Must never
// touch a cgroup with an online pod, or one whose level is open, anywhere below it. Who does nothing on that disk gets no line.
#include "policy/cpu_room.h"
#include "policy/cpu_use.h"
#include "policy/decide.h"
#include "policy/decide_tree.h"
#include "policy/io_hold.h"
#include "policy/knob.h"
#include "policy/ring.h"

/* Each gets a quarter of an equal share before use is looked at, as with the CPU's quota. */
#define EQUAL_PART 4u
/* A bound that is less than a sixth below its share stays: each change is a write. */
#define KEEP_PART 6u
#define LEAST_BYTES (64u << 10)
#define LEAST_REQUESTS 2u

/* One part of a bound, over all targets. */
struct division {
	uint64_t total; /* KNOB_VALUE_MAX: not bounded */
	uint64_t used;
};

static bool may_hold(const struct decide_node *node)
{
	return decide_tree_all_offline(node) && node->boundable == node->offline;
}

static bool is_target(const struct decide_tree *t, const struct decide_node *node)
{
	return node->parent != DECIDE_NONE && may_hold(node) && !may_hold(&t->nodes[node->parent]);
}

static uint32_t target_above(const struct decide_tree *t, uint32_t at)
{
	while (at != DECIDE_NONE && !is_target(t, &t->nodes[at]))
		at = t->nodes[at].parent;
	return at;
}

/* Of the disk that is asked for. */
static bool is_read(const struct cgroup *cg, enum knob knob, const struct io_hold *hold)
{
	const struct knob_value *now = &cg->knobs[knob].now;

	return now->state == KNOB_KNOWN && now->io.major == hold->major &&
	       now->io.minor == hold->minor;
}

static const struct pod_disk *disk_of(const struct decide_input *in, const struct pod *pod,
				      const struct io_hold *hold)
{
	const struct pod_history *h = ring_of(in->samples, pod->slot, pod->serial);

	if (!h || h->disks.at_us == 0 || in->now_us - h->disks.at_us > CPU_USE_STALE_US)
		return NULL;
	for (uint32_t i = 0; i < h->disks.n; i++)
		if (h->disks.list[i].major == hold->major && h->disks.list[i].minor == hold->minor)
			return &h->disks.list[i];
	return NULL;
}

/* What each target does on the disk, into its node. Returns how many do something. */
static size_t measure(const struct decide_input *in, struct decide_tree *t, enum knob knob,
		      const struct io_hold *hold)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_nodes; i++) {
		t->nodes[i].io_use = (struct io_max){0};
		t->nodes[i].io_uses = false;
	}
	for (size_t i = 0; i < in->model->n_pods; i++) {
		const struct pod *pod = in->model->pods[i];
		uint32_t at = target_above(t, t->of_pod[i]);
		const struct pod_disk *disk = at == DECIDE_NONE || cpu_room_is_nested(pod)
						      ? NULL
						      : disk_of(in, pod, hold);

		for (int d = 0; disk && d < DISK_DIRECTIONS; d++) {
			t->nodes[at].io_use.bytes[d] += disk->bytes_per_s[d];
			t->nodes[at].io_use.requests[d] += disk->requests_per_s[d];
		}
		if (disk && in->now_us - disk->used_us < IO_HOLD_USED_US)
			t->nodes[at].io_uses = true;
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		struct decide_node *node = &t->nodes[i];

		node->io_uses = node->io_uses && is_target(t, node) &&
				is_read(node->cgroup, knob, hold);
		n += node->io_uses;
	}
	return n;
}

static uint64_t share(const struct division *all, uint64_t used, size_t n, uint64_t least)
{
	uint64_t equal = all->used / n / EQUAL_PART + 1;
	/* Of all that is used, with an equal part for each. */
	uint64_t part = used + equal, whole = all->used + equal * n, mine;

	if (all->total == KNOB_VALUE_MAX)
		return KNOB_VALUE_MAX;
	/* So that it can be multiplied. */
	for (; whole > UINT32_MAX; whole >>= 1)
		part >>= 1;
	if (part > whole)
		part = whole;
	mine = all->total / whole * part + all->total % whole * part / whole;
	return mine > least ? mine : least;
}

/* What was written stays while it is near, and never more than the share. Nothing is said where somebody else bounds it as
 * tightly. */
static uint64_t part_of(uint64_t share, uint64_t written, uint64_t others)
{
	if (share == KNOB_VALUE_MAX || others <= share)
		return 0;
	if (written != 0 && written <= share && share - written <= share / KEEP_PART)
		return written;
	return share;
}

/* Of one disk. */
struct divided {
	const struct io_hold *hold;
	enum knob knob;
	size_t n; /* targets */
	struct division bytes[DISK_DIRECTIONS], requests[DISK_DIRECTIONS];
};

static int hold_one(struct plan *plan, const struct decide_node *node, const struct divided *all)
{
	const struct io_hold *hold = all->hold;
	enum knob knob = all->knob;
	const struct knob_state *s = &node->cgroup->knobs[knob];
	const struct knob_value others =
		s->owned ? knob_others(knob, &s->original, &s->written, &s->now, 1) : s->now;
	struct knob_value want = knob_value_io(hold->major, hold->minor);
	static const struct io_max none;
	const struct io_max *written = s->owned ? &s->written.io : &none;
	struct reason reason = hold->reason;
	bool any = false, at_floor;

	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		want.io.bytes[d] =
			part_of(share(&all->bytes[d], node->io_use.bytes[d], all->n, LEAST_BYTES),
				written->bytes[d], others.io.bytes[d]);
		want.io.requests[d] = part_of(share(&all->requests[d], node->io_use.requests[d],
						    all->n, LEAST_REQUESTS),
					      written->requests[d], others.io.requests[d]);
		any |= want.io.bytes[d] != 0 || want.io.requests[d] != 0;
	}
	if (!any)
		return 0;
	if (reason.code == REASON_IO_WAITS) {
		reason.extra = io_hold_least(hold, &at_floor);
		reason.code = at_floor ? REASON_IO_FLOOR : REASON_IO_WAITS;
	}
	return decide_tree_add(plan, node, knob, EFFECT_HOLD, want, &reason);
}

static int hold_disk(const struct decide_input *in, struct plan *plan, int place)
{
	const struct io_hold *hold = &in->ladders->io.of[place];
	struct divided all = {.hold = hold, .knob = (enum knob)(KNOB_IO_MAX + place)};
	struct decide_tree *t = plan->tree;

	all.n = measure(in, t, all.knob, hold);
	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		all.bytes[d].total = io_hold_bytes(hold, (enum disk_direction)d);
		all.requests[d].total = io_hold_requests(hold, (enum disk_direction)d);
		for (size_t i = 0; i < t->n_nodes; i++) {
			all.bytes[d].used += t->nodes[i].io_use.bytes[d];
			all.requests[d].used += t->nodes[i].io_use.requests[d];
		}
	}
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct decide_node *node = &t->nodes[i];
		int r = 0;

		if (node->io_uses)
			r = hold_one(plan, node, &all);
		if (r < 0)
			return r;
	}
	return 0;
}

int decide_io_hold(const struct decide_input *in, struct plan *plan)
{
	if (in->ladders->of[RESOURCE_IO].rung == RUNG_CALM ||
	    !model_can(in->model, CAPABILITY_IO_MAX))
		return 0;
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		int r = io_hold_is_on(&in->ladders->io.of[i]) ? hold_disk(in, plan, i) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
