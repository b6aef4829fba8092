// SPDX-License-Identifier: LGPL-2.1-or-later
// See victim.h.
#include "policy/victim.h"

#include <string.h>

#include "policy/assign.h"
#include "policy/ring.h"
#include "policy/rule.h"
#include "policy/victim_growth.h"

#define COST_ANNOTATION "controller.kubernetes.io/pod-deletion-cost"
#define STAY_ANNOTATION "cluster-autoscaler.kubernetes.io/safe-to-evict"

static const char *const out_texts[VICTIM_OUT_COUNT] = {
	[VICTIM_NO_RULE] = "has no level",
	[VICTIM_ONLINE] = "is online",
	[VICTIM_NO_FACTS] = "is not known well enough",
	[VICTIM_STATIC] = "is a static pod",
	[VICTIM_PROTECTED] = "is part of the system",
	[VICTIM_HOLDS_OTHERS] = "holds other pods or something unseen",
	[VICTIM_DELETING] = "is being deleted already",
	[VICTIM_RESTS] = "was killed a moment ago",
	[VICTIM_ASKED] = "was asked to go, or kept by its budget, a moment ago",
	[VICTIM_NO_WAY] = "can be evicted in no way that the policy names",
	[VICTIM_NOT_MEASURED] = "was not measured lately",
	[VICTIM_ELSEWHERE] = "has its memory on other NUMA nodes",
	[VICTIM_FREES_NOTHING] = "would free too little",
	[VICTIM_NO_HOLD] = "is of a level that may not be squeezed for it either",
};

const char *victim_out_text(enum victim_out out)
{
	return (unsigned)out < VICTIM_OUT_COUNT ? out_texts[out] : "?";
}

/* --- who is never one ------------------------------------------------------------------------ */

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool victim_is_system_name(const char *name)
{
	static const char *const names[] = {
		"",	      "-.slice",       "init.scope", "system.slice",
		"user.slice", "machine.slice", "kubepods",   "kubepods.slice",
		"burstable",  "besteffort",    "guaranteed",
	};
	const char *const *units = rule_system_units();
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; units[i]; i++)
		if (strcmp(name, units[i]) == 0)
			return true;
	/* The classes of a kubelet below another root: "kubelet-kubepods-burstable.slice". */
	if (len > 6 && strcmp(name + len - 6, ".slice") == 0 && strstr(name, "kubepods") &&
	    !strstr(name, "-pod"))
		return true;
	return begins(name, "systemd-") || begins(name, "dbus");
}

/* The next cgroup below `top` in the order of a walk, NULL at its end; a tree may be deep. */
static const struct cgroup *next_below(const struct cgroup *top, const struct cgroup *c)
{
	if (c->first_child)
		return c->first_child;
	while (c != top && !c->next_sibling)
		c = c->parent;
	return c == top ? NULL : c->next_sibling;
}

static bool holds_system(const struct cgroup *top)
{
	for (const struct cgroup *c = top; c; c = next_below(top, c))
		if (c->kind == CGROUP_ROOT || c->kind == CGROUP_KUBEPODS || c->kind == CGROUP_QOS ||
		    victim_is_system_name(c->name))
			return true;
	return false;
}

/* A kill takes all that is below, so the inner pods have to be judged by themselves. What is hidden in a
 * Kubernetes pod is that pod's; in a unit it may be anybody's. */
static bool holds_others(const struct pod *pod)
{
	const struct cgroup *top = pod->cgroup;

	for (const struct cgroup *c = top; c; c = next_below(top, c)) {
		if (c->pod && c->pod != pod)
			return true;
		if (c->hidden && pod->kind != POD_KUBERNETES)
			return true;
	}
	return false;
}

static bool is_static(const struct pod *pod)
{
	return pod->kind == POD_KUBERNETES &&
	       (rule_is_static_uid(pod->uid) || (pod->facts && pod->facts->is_static));
}

static bool facts_known(const struct pod *pod)
{
	return pod->kind != POD_KUBERNETES || (pod->facts_state == FACT_KNOWN && pod->facts);
}

static bool is_deleting(const struct pod *pod)
{
	return pod->facts && pod->facts->deleting;
}

static bool rests(const struct victim_state *state, uint64_t serial, int64_t now_us)
{
	for (size_t i = 0; state && i < VICTIM_RESTING; i++)
		if (state->resting[i].serial == serial && state->resting[i].until_us > now_us)
			return true;
	return false;
}

static bool is_left_out(const struct victim_input *in, uint64_t serial)
{
	for (size_t i = 0; i < in->n_left_out; i++)
		if (in->left_out[i].serial == serial && in->left_out[i].until_us > in->now_us)
			return true;
	return false;
}

enum victim_out victim_judge(const struct victim_input *in, const struct pod *pod)
{
	const struct assignment *a;

	if (!pod->cgroup || pod->slot >= in->plan->n_assignments)
		return VICTIM_NO_RULE;
	a = &in->plan->assignments[pod->slot];
	if (a->state == ASSIGNMENT_WAITING)
		return VICTIM_NO_FACTS;
	if (a->state != ASSIGNMENT_LEVEL || (unsigned)a->level >= LEVEL_COUNT)
		return VICTIM_NO_RULE;
	if (is_static(pod))
		return VICTIM_STATIC;
	if (a->kept_online || holds_system(pod->cgroup))
		return VICTIM_PROTECTED;
	if (a->role != ROLE_OFFLINE)
		return VICTIM_ONLINE;
	if (!facts_known(pod))
		return VICTIM_NO_FACTS;
	if (!assign_may_go_offline(pod))
		return VICTIM_PROTECTED;
	if (is_deleting(pod))
		return VICTIM_DELETING;
	if (!a->may_hold)
		return VICTIM_NO_FACTS;
	if (holds_others(pod))
		return VICTIM_HOLDS_OTHERS;
	if (in->no_way & (1u << pod->kind))
		return VICTIM_NO_WAY;
	if (is_left_out(in, pod->serial))
		return VICTIM_ASKED;
	return rests(in->state, pod->serial, in->now_us) ? VICTIM_RESTS : VICTIM_OUT_COUNT;
}

/* --- the numbers ----------------------------------------------------------------------------- */

/* NULL where nobody knows now. */
static const struct victim_memory *measured(const struct victim_input *in, const struct pod *pod)
{
	const struct victim_memory *m = pod->slot < in->n_memory ? &in->memory[pod->slot] : NULL;

	return m && m->serial == pod->serial && m->at_us > 0 && m->at_us <= in->now_us &&
			       in->now_us - m->at_us <= VICTIM_STALE_US
		       ? m
		       : NULL;
}

/* False where nobody knows now. */
static bool estimate(const struct victim_input *in, const struct pod *pod, uint64_t *ret_bytes)
{
	const struct victim_memory *m = measured(in, pod);
	uint64_t bytes;

	if (!m)
		return false;
	bytes = m->anon_bytes;
	if (in->way == EVICT_KUBERNETES && pod->kind == POD_KUBERNETES &&
	    __builtin_add_overflow(bytes, m->shmem_bytes, &bytes))
		return false;
	*ret_bytes = bytes;
	return true;
}

/* As it was read last: what could not be read in one look is no reason to take another one. */
static uint64_t usage(const struct victim_input *in, const struct pod *pod)
{
	const struct pod_history *h = ring_of(in->samples, pod->slot, pod->serial);
	const struct pod_sample *s;

	for (uint32_t back = 0; h && (s = ring_at(h, back)); back++) {
		if (s->valid & SAMPLE_MEMORY)
			return s->memory_bytes;
		if (in->now_us - s->at_us > VICTIM_STALE_US)
			break;
	}
	return 0;
}

static uint64_t over_request(const struct pod *pod, uint64_t bytes)
{
	const struct fact_u64 *request = &pod->resources.memory_request_bytes;
	uint64_t asked = 0;

	if (request->state == FACT_UNKNOWN)
		return 0;
	if (fact_has_value(request))
		asked = request->value;
	return bytes > asked ? bytes - asked : 0;
}

static const char *annotation(const struct pod *pod, const char *key)
{
	const struct pod_facts *facts = pod->facts;

	for (size_t i = 0; facts && i < facts->n_annotations; i++)
		if (strcmp(facts->annotations[i].key, key) == 0)
			return facts->annotations[i].value;
	return NULL;
}

bool victim_reads(const struct evict_policy *evict, const char *key)
{
	for (size_t i = 0; i < evict->n_order; i++)
		if ((evict->order[i] == EVICT_BY_COST && strcmp(key, COST_ANNOTATION) == 0) ||
		    (evict->order[i] == EVICT_BY_OPT_OUT && strcmp(key, STAY_ANNOTATION) == 0))
			return true;
	return false;
}

/* An int32 as Kubernetes writes it; anything else counts as none. */
static int64_t cost(const struct pod *pod)
{
	const char *text = annotation(pod, COST_ANNOTATION);
	int64_t value = 0;
	bool minus;

	if (!text)
		return 0;
	minus = *text == '-';
	text += minus || *text == '+';
	if (!*text || strlen(text) > 10 || text[strspn(text, "0123456789")])
		return 0;
	for (; *text; text++)
		value = value * 10 + (*text - '0');
	value = minus ? -value : value;
	return value < INT32_MIN || value > INT32_MAX ? 0 : value;
}

static bool asks_to_stay(const struct pod *pod)
{
	const char *text = annotation(pod, STAY_ANNOTATION);

	return text && strcmp(text, "false") == 0;
}

/* --- the order ------------------------------------------------------------------------------- */

static int most_first(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int by_key(enum evict_key key, const struct victim *a, const struct victim *b)
{
	int r = victim_growth_compare(a, b, key);

	if (r != 0)
		return r;
	switch (key) {
	case EVICT_BY_OVER_REQUEST:
		return a->rate > 0 ? most_first(a->over_request_rate, b->over_request_rate)
				   : most_first(a->over_request_bytes, b->over_request_bytes);
	case EVICT_BY_USAGE:
		return a->rate > 0 ? most_first(a->rate, b->rate)
				   : most_first(a->soon_bytes, b->soon_bytes);
	case EVICT_BY_NEWEST:
		return most_first(a->born, b->born);
	case EVICT_BY_COST:
		return (a->cost > b->cost) - (a->cost < b->cost);
	case EVICT_BY_OPT_OUT:
		return a->asks_to_stay - b->asks_to_stay;
	default:
		return 0;
	}
}

int victim_compare(const struct evict_policy *evict, const struct victim *a, const struct victim *b,
		   enum victim_by *ret_by, enum evict_key *ret_key)
{
	*ret_by = VICTIM_BY_LEVEL;
	if (a->level != b->level)
		return a->level > b->level ? -1 : 1;
	*ret_by = VICTIM_BY_ORDER;
	for (size_t i = 0; i < evict->n_order; i++) {
		int r = by_key(evict->order[i], a, b);

		*ret_key = evict->order[i];
		if (r != 0)
			return r;
	}
	*ret_by = VICTIM_BY_PATH;
	return strcmp(a->pod->cgroup->path, b->pod->cgroup->path);
}

static void add_candidate(const struct victim_input *in, struct victim_list *l,
			  const struct victim *v)
{
	enum evict_key key;
	enum victim_by by;
	size_t at = l->n;

	l->n_candidates++;
	while (at > 0 && victim_compare(&in->policy->evict, v, &l->list[at - 1], &by, &key) < 0)
		at--;
	if (at == VICTIM_LIST)
		return;
	if (l->n < VICTIM_LIST)
		l->n++;
	for (size_t i = l->n - 1; i > at; i--)
		l->list[i] = l->list[i - 1];
	l->list[at] = *v;
}

static void add_left(struct victim_list *l, const struct victim_left *left)
{
	size_t at = l->n_left;

	l->n_out[left->why]++;
	/* There are many of these, and nothing surprises about them. */
	if (left->why == VICTIM_ONLINE || left->why == VICTIM_NO_RULE)
		return;
	while (at > 0 && l->left[at - 1].usage_bytes < left->usage_bytes)
		at--;
	if (at == VICTIM_LIST)
		return;
	if (l->n_left < VICTIM_LIST)
		l->n_left++;
	for (size_t i = l->n_left - 1; i > at; i--)
		l->left[i] = l->left[i - 1];
	l->left[at] = *left;
}

/* What its going would give, of memory or of what it is for. */
static enum victim_out judge_gain(const struct victim_input *in, const struct pod *pod,
				  struct victim *v)
{
	if (in->rates)
		return in->rates->look(in->rates->context, pod, v);
	if (!estimate(in, pod, &v->estimate_bytes))
		return VICTIM_NOT_MEASURED;
	if (v->estimate_bytes >= VICTIM_LEAST_BYTES)
		return VICTIM_OUT_COUNT;
	return measured(in, pod)->elsewhere_bytes >= VICTIM_LEAST_BYTES ? VICTIM_ELSEWHERE
									: VICTIM_FREES_NOTHING;
}

/* VICTIM_OUT_COUNT: it may go. */
static enum victim_out look_at(const struct victim_input *in, const struct pod *pod,
			       struct victim *ret_victim)
{
	struct victim v = {.pod = pod, .level = LEVEL_NONE, .usage_bytes = usage(in, pod)};
	enum victim_out out = victim_judge(in, pod);

	if (out == VICTIM_OUT_COUNT)
		out = judge_gain(in, pod, &v);
	if (out == VICTIM_OUT_COUNT) {
		/* Whoever may go is compared by what it has where it is short. */
		if (in->nodes != 0 && !in->rates)
			v.usage_bytes = measured(in, pod)->there_bytes;
		v.level = in->plan->assignments[pod->slot].level;
		victim_growth_see(in, measured(in, pod), &v);
		v.over_request_bytes = over_request(pod, v.soon_bytes);
		v.born = pod->cgroup->inode;
		v.cost = cost(pod);
		v.asks_to_stay = asks_to_stay(pod);
	}
	*ret_victim = v;
	return out;
}

/* What those take that grow, by level; and what those take that are going, which ends by itself. */
struct taken {
	uint64_t by_level[LEVEL_COUNT];
	uint64_t going;
};

static void see_taken(const struct victim_input *in, struct taken *ret_taken)
{
	struct victim v;

	*ret_taken = (struct taken){0};
	for (size_t i = 0; !in->rates && i < in->model->n_pods; i++) {
		enum victim_out out = look_at(in, in->model->pods[i], &v);

		if (out == VICTIM_OUT_COUNT && v.grows)
			ret_taken->by_level[v.level] += v.takes_bytes_per_s;
		if (out == VICTIM_DELETING || out == VICTIM_RESTS || out == VICTIM_ASKED)
			ret_taken->going += victim_growth_now(in, v.pod);
	}
}

static void add(const struct victim_input *in, const struct pod *pod, const struct taken *taken,
		struct victim_list *l)
{
	struct victim v;
	enum victim_out out = look_at(in, pod, &v);
	uint64_t going_bytes;

	if (out == VICTIM_DELETING && !in->rates && estimate(in, pod, &going_bytes) &&
	    __builtin_add_overflow(l->pending_bytes, going_bytes, &l->pending_bytes))
		l->pending_bytes = UINT64_MAX;
	if (out != VICTIM_OUT_COUNT) {
		add_left(l, &(struct victim_left){pod, out, v.usage_bytes});
		return;
	}
	v.grows = v.grows && victim_growth_is_cause(in, taken->by_level[v.level], taken->going);
	add_candidate(in, l, &v);
}

void victim_choose(const struct victim_input *in, struct victim_list *ret_list)
{
	struct victim_list *l = ret_list;
	struct taken taken;

	*l = (struct victim_list){.by = VICTIM_BY_NONE};
	see_taken(in, &taken);
	for (size_t i = 0; i < in->model->n_pods; i++)
		add(in, in->model->pods[i], &taken, l);
	if (l->n == 1)
		l->by = VICTIM_BY_ALONE;
	if (l->n > 1)
		(void)victim_compare(&in->policy->evict, &l->list[0], &l->list[1], &l->by, &l->key);
}

/* --- one after another ----------------------------------------------------------------------- */

/* The place of this pod, else the one that is over first. */
static struct victim_resting *place(struct victim_state *state, uint64_t serial)
{
	struct victim_resting *found = &state->resting[0];

	for (size_t i = 0; i < VICTIM_RESTING; i++) {
		struct victim_resting *r = &state->resting[i];

		if (r->serial == serial)
			return r;
		if (r->until_us < found->until_us)
			found = r;
	}
	return found;
}

void victim_taken(struct victim_state *state, const struct victim *victim, int64_t now_us)
{
	state->at_us = now_us;
	state->estimate_bytes = victim->estimate_bytes;
	*place(state, victim->pod->serial) =
		(struct victim_resting){victim->pod->serial, now_us + VICTIM_REST_US};
}

void victim_ended(struct victim_state *state, uint64_t serial, bool dead, int64_t now_us)
{
	struct victim_resting *r = place(state, serial);

	/* Dead, it may be started again and grow again: it is a candidate like any other. */
	if (!dead)
		*r = (struct victim_resting){serial, now_us + VICTIM_REST_US};
	else if (r->serial == serial)
		*r = (struct victim_resting){0};
}

enum victim_wait victim_may_go_on(const struct victim_state *state, int64_t now_us,
				  uint64_t freed_bytes)
{
	if (state->at_us == 0)
		return VICTIM_FIRST;
	if (freed_bytes >= state->estimate_bytes - state->estimate_bytes / 5)
		return VICTIM_FREED;
	return now_us - state->at_us >= VICTIM_PATIENCE_US ? VICTIM_OVERDUE : VICTIM_WAIT;
}
