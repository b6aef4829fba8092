// SPDX-License-Identifier: LGPL-2.1-or-later
// See steps.h. What was told is remembered as a hash of its numbers: at worst a step is not told,
// on both sides alike.
#include "policy/steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/reason_text.h"
#include "policy/record_io.h"
#include "policy/record_net_tell.h"
#include "policy/record_sli.h"
#include "policy/record_words.h"

struct told_cgroup {
	uint64_t identity;
	uint64_t plan[KNOB_COUNT]; /* 0: nothing planned */
};

struct told_pod {
	uint64_t serial;
	uint64_t assignment;
	uint64_t mark;
};

struct steps {
	struct told_cgroup *cgroups; /* by id; owned */
	size_t n_cgroups;
	struct told_pod *pods; /* by slot; owned */
	size_t n_pods;
	uint64_t ladders[RESOURCE_COUNT];
	uint64_t holds[KNOB_IO_MAX_DISKS];
	uint64_t scores;
	uint64_t withheld;
	uint64_t modes;
	struct record_net_told net;
};

/* One telling: what every function below needs. */
struct tell {
	struct steps *steps;
	const struct record_pass *pass;
	const uint32_t *ids;
	const struct record_names *names;
	const char *prefix;
	struct record_buf *out;
};

void steps_free(struct steps *s)
{
	if (!s)
		return;
	free(s->cgroups);
	free(s->pods);
	free(s);
}

static int grow(void **list, size_t *n, size_t wanted, size_t size)
{
	size_t cap = *n ? *n : 64;
	char *grown;

	if (wanted <= *n)
		return 0;
	while (cap < wanted)
		cap *= 2;
	grown = reallocarray(*list, cap, size);
	if (!grown)
		return -ENOMEM;
	memset(grown + *n * size, 0, (cap - *n) * size);
	*list = grown;
	*n = cap;
	return 0;
}

static int reserve(const struct tell *t)
{
	const struct model *m = t->pass->model;
	void *cgroups = t->steps->cgroups, *pods = t->steps->pods;
	size_t n_ids = 0;
	int r;

	for (size_t i = 0; i < m->n_cgroups; i++)
		if (t->ids[i] >= n_ids)
			n_ids = (size_t)t->ids[i] + 1;
	r = grow(&cgroups, &t->steps->n_cgroups, n_ids, sizeof(*t->steps->cgroups));
	t->steps->cgroups = cgroups;
	if (r < 0)
		return r;
	r = grow(&pods, &t->steps->n_pods, m->n_slots, sizeof(*t->steps->pods));
	t->steps->pods = pods;
	return r;
}

static uint64_t hash_text(const char *text)
{
	return record_hash(text, strlen(text));
}

static uint64_t mix_reason(uint64_t h, const struct reason *r)
{
	h = record_mix(h, (uint64_t)r->code << 32 | (uint32_t)r->level);
	h = record_mix(h, (uint32_t)r->rule);
	h = record_mix(h, r->observed);
	h = record_mix(h, r->limit);
	h = record_mix(h, r->for_us);
	h = record_mix(h, r->extra);
	return record_mix(h, hash_text(r->who));
}

static void put_sentence(const struct tell *t, const struct reason *reason)
{
	struct reason shown = record_names_reason(t->names, reason);
	char text[REASON_TEXT_SIZE];

	(void)reason_text(&shown, t->pass->policy, text, sizeof(text));
	record_put(t->out, ": ");
	record_put_rest(t->out, text, strlen(text));
	record_put(t->out, "\n");
}

static void tell_modes(const struct tell *t)
{
	const struct modes *m = t->pass->modes;
	uint64_t h = record_mix(1, (uint64_t)m->all);

	for (int r = 0; r < RESOURCE_COUNT; r++)
		h = record_mix(h, (uint64_t)m->by[r]);
	if (t->steps->modes == h)
		return;
	t->steps->modes = h;
	record_put(t->out, "%smodes", t->prefix);
	record_words_put_modes(t->out, m);
	record_put(t->out, "\n");
}

static void put_assignment(const struct tell *t, const struct pod *pod, const struct assignment *a)
{
	char text[REASON_TEXT_SIZE];

	record_put(t->out, "%sassign ", t->prefix);
	record_names_put_pod(t->out, t->names, pod->name);
	record_put(t->out, " slot=%" PRIu32, pod->slot);
	if (a->state == ASSIGNMENT_NONE) {
		record_put(t->out, " no-rule\n");
		return;
	}
	if (a->state == ASSIGNMENT_WAITING)
		record_put(t->out, " waiting-for=%s rule=%" PRId32 ": stopped at ", a->waiting_for,
			   a->rule);
	else
		record_put(t->out,
			   " level=%s role=%s rule=%" PRId32 "%s%s: ", names_level(a->level),
			   names_role(a->role), a->rule, a->may_hold ? " may-hold" : "",
			   a->kept_online ? " kept-online" : "");
	(void)reason_text_rule(t->pass->policy, a->rule, text, sizeof(text));
	record_put_rest(t->out, text, strlen(text));
	record_put(t->out, "\n");
}

static void tell_assignments(const struct tell *t)
{
	const struct model *m = t->pass->model;

	for (size_t i = 0; i < m->n_pods; i++) {
		const struct pod *pod = m->pods[i];
		const struct assignment *a = plan_assignment(t->pass->plan, pod);
		struct told_pod *told = &t->steps->pods[pod->slot];
		uint64_t h = 1;

		h = record_mix(h, (uint64_t)a->state << 32 | (uint32_t)a->level);
		h = record_mix(h, (uint64_t)(uint32_t)a->rule << 32 | (uint32_t)a->role);
		h = record_mix(h, (a->may_hold ? 2 : 0) | (a->kept_online ? 1 : 0));
		h = record_mix(h, a->waiting_for ? hash_text(a->waiting_for) : 0);
		if (told->serial == pod->serial && told->assignment == h)
			continue;
		if (told->serial != pod->serial)
			told->mark = 0;
		told->serial = pod->serial;
		told->assignment = h;
		put_assignment(t, pod, a);
	}
}

static uint64_t hash_ladder(const struct ladder *l)
{
	uint64_t h = record_mix(1, (uint64_t)l->rung);

	h = record_mix(h, (uint64_t)l->since_us);
	h = record_mix(h, (uint64_t)l->pressure_us);
	h = record_mix(h, l->quota_cpu_milli);
	h = record_mix(h, (uint64_t)l->grown_us);
	h = record_mix(h, l->steps);
	h = record_mix(h, record_hash((const char *)&l->efficacy, sizeof(l->efficacy)));
	return mix_reason(h, &l->reason);
}

/* Of which disk, and what offline work may do there: told where that is another than before. */
static uint64_t hash_hold(const struct io_hold *h)
{
	uint64_t hash = record_mix(1, (uint64_t)h->major << 32 | h->minor);

	for (int d = 0; d < DISK_DIRECTIONS; d++) {
		const struct io_bound *b = &h->of[d];

		hash = record_mix(hash, (uint64_t)b->permille << 32 | b->mark_permille);
		hash = record_mix(hash, b->permille ? b->bytes_per_s : 0);
		hash = record_mix(hash, b->permille ? b->requests_per_s : 0);
		hash = record_mix(hash, (uint64_t)b->rest_us);
	}
	return hash;
}

struct steps *steps_new(void)
{
	struct steps *s = calloc(1, sizeof(*s));

	/* A ladder that was never climbed is nothing to tell. */
	for (int i = 0; s && i < RESOURCE_COUNT; i++)
		s->ladders[i] = hash_ladder(&(struct ladder){0});
	for (int i = 0; s && i < KNOB_IO_MAX_DISKS; i++)
		s->holds[i] = hash_hold(&(struct io_hold){0});
	return s;
}

static void tell_ladder(const struct tell *t, enum resource resource)
{
	const struct ladder *l = &t->pass->ladders_after->of[resource];
	uint64_t h = hash_ladder(l);

	if (t->steps->ladders[resource] == h)
		return;
	t->steps->ladders[resource] = h;
	record_put(t->out, "%sladder %s", t->prefix, names_resource(resource));
	record_words_put_ladder(t->out, l, t->names);
	put_sentence(t, &l->reason);
}

static void tell_holds(const struct tell *t)
{
	for (int i = 0; i < KNOB_IO_MAX_DISKS; i++) {
		const struct io_hold *hold = &t->pass->ladders_after->io.of[i];
		uint64_t h = hash_hold(hold);

		if (t->steps->holds[i] == h)
			continue;
		t->steps->holds[i] = h;
		record_put(t->out, "%shold %d", t->prefix, i);
		record_io_put_hold(t->out, hold, t->names);
		put_sentence(t, &hold->reason);
	}
}

static void put_knob(const struct tell *t, const char *verb, const struct cgroup *cg,
		     enum knob knob)
{
	record_put(t->out, "%s%s ", t->prefix, verb);
	record_names_put(t->out, t->names, cg->path);
	record_put(t->out, " %s", knob_name(knob));
}

static void tell_knob(const struct tell *t, const struct cgroup *cg, enum knob knob, uint64_t *told)
{
	const struct plan_entry *e = plan_find(t->pass->plan, cg, knob);
	uint64_t h = 0;

	if (e) {
		h = record_mix_value(1, knob, &e->want);
		h = record_mix(h, (uint64_t)e->effect);
		h = mix_reason(h, &e->reason) | 1;
	}
	if (h == *told)
		return;
	*told = h;
	put_knob(t, e ? "plan" : "unplan", cg, knob);
	if (!e) {
		record_put(t->out, "\n");
		return;
	}
	record_put(t->out, " ");
	record_put_knob(t->out, knob, &e->want);
	record_put(t->out, " %s", names_effect(e->effect));
	record_words_put_reason(t->out, &e->reason, t->names);
	put_sentence(t, &e->reason);
}

static void tell_plan(const struct tell *t)
{
	const struct model *m = t->pass->model;

	for (size_t i = 0; i < m->n_cgroups; i++) {
		const struct cgroup *cg = m->cgroups[i];
		struct told_cgroup *told = &t->steps->cgroups[t->ids[i]];
		uint64_t identity = record_mix(hash_text(cg->path), cg->inode);

		/* Another cgroup under a number that became free: what was planned went with it. */
		if (told->identity != identity)
			*told = (struct told_cgroup){.identity = identity};
		for (int k = 0; k < KNOB_COUNT; k++)
			tell_knob(t, cg, (enum knob)k, &told->plan[k]);
	}
}

/* Acts are of this pass alone: told each time. */
static void tell_acts(const struct tell *t)
{
	for (size_t i = 0; i < t->pass->plan->n_acts; i++) {
		const struct plan_act *act = &t->pass->plan->acts[i];

		record_put(t->out, "%sreclaim ", t->prefix);
		record_names_put(t->out, t->names, act->cgroup->path);
		record_put(t->out, " %" PRIu64, act->bytes);
		record_words_put_reason(t->out, &act->reason, t->names);
		put_sentence(t, &act->reason);
	}
}

static void tell_changes(const struct tell *t)
{
	static const char *const verbs[] = {
		[CHANGE_WRITE] = "write",
		[CHANGE_RESTORE] = "restore",
		[CHANGE_FORGET] = "forget",
	};
	const struct changes *changes = t->pass->changes;

	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->list[i];

		put_knob(t, verbs[c->kind], c->cgroup, c->knob);
		record_put(t->out, " ");
		record_put_knob(t->out, c->knob, &c->had);
		record_put(t->out, " ");
		record_put_knob(t->out, c->knob, &c->want);
		record_put(t->out, " %s", names_effect(c->effect));
		record_words_put_reason(t->out, &c->reason, t->names);
		put_sentence(t, &c->reason);
	}
	if (t->steps->withheld == changes->n_withheld)
		return;
	t->steps->withheld = changes->n_withheld;
	record_put(t->out, "%swithheld %zu\n", t->prefix, changes->n_withheld);
}

/* Of a score only what was measured: the share as it was before own fault was taken out, and over how long. What it is
 * held against is left out: baselines are of weeks and not in a record, nothing is decided by a score, and
 * a record that was made before there were any shows the same numbers still. */
static uint64_t mix_measured(uint64_t h, const struct score_value *v)
{
	uint64_t state = v->window_us < SCORE_WINDOW_US ? SCORE_LEARNING : SCORE_NO_BASELINE;
	uint64_t permille = v->stalled_permille;

	if (v->state == SCORE_SELF_THROTTLED)
		state = v->state;
	else
		permille += v->own_permille;
	h = record_mix(h, state << 32 | permille);
	return record_mix(h, v->window_us);
}

static void tell_net(const struct tell *t)
{
	const struct record_net *net = t->pass->net;
	const struct model *m = t->pass->model;

	record_net_tell(t->out, &t->steps->net, net, t->names, t->prefix);
	for (size_t i = 0; i < m->n_pods; i++)
		record_net_tell_mark(t->out, &t->steps->pods[m->pods[i]->slot].mark, net,
				     t->pass->policy, m->pods[i],
				     plan_assignment(t->pass->plan, m->pods[i]), t->names,
				     t->prefix);
	record_net_tell_round(t->out, net, t->prefix);
}

/* They move at every pass; that they are the same is seen as well from one number. */
static void tell_scores(const struct tell *t)
{
	const struct model *m = t->pass->model;
	uint64_t h = 0;

	for (size_t i = 0; i < m->n_pods; i++) {
		uint32_t slot = m->pods[i]->slot;
		const struct score_value *by;

		if (slot >= t->pass->scores->n_slots)
			continue;
		by = t->pass->scores->pods[slot].by;
		for (int r = 0; r < RESOURCE_COUNT; r++) {
			if (by[r].state == SCORE_NONE)
				continue;
			h = record_mix(h, (uint64_t)slot << 32 | (uint64_t)r);
			h = mix_measured(h, &by[r]);
		}
	}
	if (t->steps->scores == h)
		return;
	t->steps->scores = h;
	record_put(t->out, "%sscores %016" PRIx64 "\n", t->prefix, h);
}

int steps_tell(struct steps *steps, const struct record_pass *pass, const uint32_t *ids,
	       const struct record_names *names, const char *prefix, struct record_buf *out)
{
	struct tell t = {
		.steps = steps,
		.pass = pass,
		.ids = ids,
		.names = names,
		.prefix = prefix,
		.out = out,
	};
	int r = reserve(&t);

	if (r < 0)
		return r;
	tell_modes(&t);
	tell_assignments(&t);
	for (int i = 0; i < RESOURCE_COUNT; i++)
		tell_ladder(&t, (enum resource)i);
	tell_holds(&t);
	tell_plan(&t);
	tell_acts(&t);
	if (pass->kill)
		record_kill_tell(out, pass->kill, pass->policy, names, prefix);
	if (pass->evict)
		record_evict_tell(out, pass->evict, names, prefix);
	if (pass->order)
		record_evict_order_tell(out, pass->order, pass->model, names, prefix);
	if (pass->net)
		tell_net(&t);
	tell_changes(&t);
	tell_scores(&t);
	if (pass->slis)
		record_sli_tell(out, pass->slis, !names && !pass->unnamed, prefix);
	return out->failed ? -ENOMEM : 0;
}
