// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_write.h. Each statement is written into *out first and taken back where it is what
// was said last; only cgroups and knobs, of which there are thousands, are compared by number.
#include "policy/record_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/record_floor.h"
#include "policy/record_ids.h"
#include "policy/record_knob.h"
#include "policy/record_manual.h"
#include "policy/record_mask.h"
#include "policy/record_node.h"
#include "policy/record_pod.h"
#include "policy/record_policy.h"
#include "policy/record_samples.h"
#include "policy/record_words.h"
#include "policy/steps.h"

/* The statements that are compared as text. */
enum said {
	SAID_MODES,
	SAID_NODE,
	SAID_CAN,
	SAID_TREE,
	SAID_MANUAL,
	SAID_ORDER,
	SAID_PODS,
	SAID_COUNT,
};

struct said_cgroup {
	uint64_t header;
	uint64_t knobs[KNOB_COUNT]; /* 0: unread, as a reader begins */
};

struct said_pod {
	uint64_t serial;
	uint64_t text;
	uint64_t assignment;
	struct record_ring ring;
	int64_t there_us;
};

struct record_writer {
	bool with_names; /* as they are */
	struct record_names names;
	struct policy *masked; /* with pseudonyms: the policy in force, as the record has it; owned */
	struct steps *steps;   /* owned; NULL: `steps no` */
	struct record_ids ids;
	struct said_cgroup *cgroups; /* by id; owned */
	size_t n_cgroups;
	struct said_pod *pods; /* by slot; owned */
	size_t n_pods;
	uint32_t *slots; /* of the pods in their order; owned */
	size_t n_slots;
	uint64_t said[SAID_COUNT];
	struct record_node_ring node;
	struct ladders ladders;
	uint64_t floor; /* of the text of what the last pass left */
};

static const struct record_names *names_of(const struct record_writer *w)
{
	return w->with_names ? NULL : &w->names;
}

static void free_writer(struct record_writer **w)
{
	record_writer_free(*w);
}

/* A floor that never did anything is nothing to tell. */
static int note_no_floor(struct record_writer *w)
{
	static const struct floor_cpu none;
	struct record_buf text = {0};
	int r;

	record_floor_put(&text, &none, NULL);
	r = text.failed ? -ENOMEM : 0;
	if (r == 0)
		w->floor = record_hash(text.text, text.n);
	record_buf_free(&text);
	return r;
}

int record_writer_new(const struct record_names *names, struct record_writer **ret_writer)
{
	_cleanup_(free_writer) struct record_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->with_names = !names;
	if (names)
		w->names = *names;
	w->steps = steps_new();
	if (!w->steps || note_no_floor(w) < 0)
		return -ENOMEM;
	*ret_writer = TAKE_PTR(w);
	return 0;
}

void record_writer_free(struct record_writer *w)
{
	if (!w)
		return;
	policy_free(w->masked);
	steps_free(w->steps);
	record_ids_free(&w->ids);
	free(w->cgroups);
	free(w->pods);
	free(w->slots);
	free(w);
}

void record_writer_begin(struct record_writer *w, const char *version, bool with_steps,
			 struct record_buf *out)
{
	record_put(out,
		   RECORD_VERSION "\n# colod %s: what it saw and decided, pass by pass; "
				  "colod --replay FILE shows it again\nnames %s\nsteps %s\n",
		   version, w->with_names ? "plain" : "pseudonyms", with_steps ? "yes" : "no");
	if (with_steps)
		return;
	steps_free(w->steps);
	w->steps = NULL;
}

/* --- the policy ------------------------------------------------------------------------------ */

static int put_masked(struct record_writer *w, const struct policy_source *sources, size_t n,
		      struct record_buf *out)
{
	struct policy *policy = NULL;
	struct record_mask mask;
	int r = record_mask(&w->names, sources, n, &mask);

	if (r == 0)
		r = record_mask_policy(&mask, &policy);
	if (r == 0) {
		for (size_t i = 0; i < n; i++)
			record_policy_put_source(out, mask.sources[i].name, mask.sources[i].text,
						 mask.sources[i].len);
		policy_free(w->masked);
		w->masked = policy;
	}
	record_mask_free(&mask);
	return r;
}

int record_writer_policy(struct record_writer *w, const struct policy_source *sources, size_t n,
			 struct record_buf *out)
{
	size_t start = out->n;
	int r = 0;

	record_put(out, "policy %zu\n", n);
	if (!w->with_names)
		r = put_masked(w, sources, n, out);
	for (size_t i = 0; w->with_names && i < n; i++)
		record_policy_put_source(out, sources[i].name, sources[i].text, sources[i].len);
	record_put(out, "policy-end\n");
	if (r == 0 && out->failed)
		r = -ENOMEM;
	if (r < 0)
		out->n = start;
	return r;
}

/* --- what there is --------------------------------------------------------------------------- */

/* Takes back what was written since `start` where it is what *said stands for. */
static void keep_if_new(struct record_buf *out, size_t start, uint64_t *said)
{
	uint64_t hash = out->failed ? 0 : record_hash(out->text + start, out->n - start);

	if (hash == *said)
		out->n = start;
	*said = hash;
}

/* Nothing is said of it before there was an order. */
static void put_manual(struct record_writer *w, const struct manual *manual, struct record_buf *out)
{
	size_t start = out->n;

	if ((!manual || manual->n == 0) && w->said[SAID_MANUAL] == 0)
		return;
	record_manual_put(out, manual, names_of(w));
	keep_if_new(out, start, &w->said[SAID_MANUAL]);
}

static void put_node(struct record_writer *w, const struct record_pass *pass,
		     struct record_buf *out)
{
	size_t start = out->n;

	record_put(out, "modes");
	record_words_put_modes(out, pass->modes);
	record_put_bytes(out, "\n", 1);
	keep_if_new(out, start, &w->said[SAID_MODES]);
	start = out->n;
	record_node_put(out, &pass->model->node);
	keep_if_new(out, start, &w->said[SAID_NODE]);
	start = out->n;
	record_node_put_can(out, pass->model);
	keep_if_new(out, start, &w->said[SAID_CAN]);
	start = out->n;
	record_node_put_tree(out, pass->model);
	keep_if_new(out, start, &w->said[SAID_TREE]);
	put_manual(w, pass->model->manual, out);
}

static void put_cgroup(struct record_writer *w, const struct cgroup *cg, uint32_t id,
		       struct record_buf *out)
{
	unsigned populated = cg->populated | (unsigned)cg->hidden << 1;
	uint64_t h = record_mix(1, (uint64_t)cg->kind << 2 | populated);

	h = record_mix(h, (uint64_t)cg->controllers << 32 | cg->subtree);
	h = record_mix(h, cg->pod ? (uint64_t)cg->pod->slot + 1 : 0);
	h = record_mix(h, cg->mems);
	if (w->cgroups[id].header == h)
		return;
	w->cgroups[id].header = h;
	record_put(out,
		   "cg %" PRIu32 " inode=%" PRIu64 " kind=%s populated=%u controllers=%" PRIx32
		   " subtree=%" PRIx32,
		   id, cg->inode, record_words_cgroup_kind(cg->kind), populated, cg->controllers,
		   cg->subtree);
	if (cg->mems)
		record_put(out, " mems=%" PRIu64, cg->mems);
	if (cg->pod)
		record_put(out, " pod=%" PRIu32 " path=", cg->pod->slot);
	else
		record_put(out, " pod=- path=");
	record_names_put(out, names_of(w), cg->path);
	record_put_bytes(out, "\n", 1);
}

/* Those of one cgroup that changed, in one line. */
static void put_knobs(struct record_writer *w, const struct cgroup *cg, uint32_t id,
		      struct record_buf *out)
{
	bool begun = false;

	for (int k = 0; k < KNOB_COUNT; k++) {
		const struct knob_state *s = &cg->knobs[k];
		uint64_t h = record_knob_hash((enum knob)k, s);

		if (w->cgroups[id].knobs[k] == h)
			continue;
		w->cgroups[id].knobs[k] = h;
		if (!begun)
			record_put(out, "k %" PRIu32, id);
		begun = true;
		record_knob_put(out, (enum knob)k, s);
	}
	if (begun)
		record_put_bytes(out, "\n", 1);
}

static int put_cgroups(struct record_writer *w, const struct model *m, struct record_buf *out)
{
	size_t start;
	int r = record_ids_take(&w->ids, m);

	if (r < 0)
		return r;
	if (w->ids.n_ids > w->n_cgroups) {
		size_t cap = (size_t)w->ids.n_ids * 2;
		struct said_cgroup *grown = reallocarray(w->cgroups, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + w->n_cgroups, 0, (cap - w->n_cgroups) * sizeof(*grown));
		w->cgroups = grown;
		w->n_cgroups = cap;
	}
	for (size_t i = 0; i < m->n_cgroups; i++) {
		uint32_t id = w->ids.list[i];

		if (record_ids_is_new(&w->ids, id))
			w->cgroups[id] = (struct said_cgroup){0};
		put_cgroup(w, m->cgroups[i], id, out);
		put_knobs(w, m->cgroups[i], id, out);
	}
	start = out->n;
	record_put(out, "order ");
	record_put_list(out, w->ids.list, m->n_cgroups);
	record_put_bytes(out, "\n", 1);
	keep_if_new(out, start, &w->said[SAID_ORDER]);
	return 0;
}

/* --- pods ------------------------------------------------------------------------------------ */

static int reserve_pods(struct record_writer *w, const struct model *m)
{
	if (m->n_slots > w->n_pods) {
		size_t cap = (size_t)m->n_slots * 2;
		struct said_pod *grown = reallocarray(w->pods, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + w->n_pods, 0, (cap - w->n_pods) * sizeof(*grown));
		w->pods = grown;
		w->n_pods = cap;
	}
	if (m->n_pods > w->n_slots) {
		uint32_t *grown = reallocarray(w->slots, m->n_pods * 2, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		w->slots = grown;
		w->n_slots = m->n_pods * 2;
	}
	return 0;
}

static int put_pods(struct record_writer *w, const struct record_pass *pass, struct record_buf *out)
{
	const struct model *m = pass->model;
	size_t start;
	int r = reserve_pods(w, m);

	if (r < 0)
		return r;
	for (size_t i = 0; i < m->n_pods; i++) {
		const struct pod *pod = m->pods[i];
		struct said_pod *said = &w->pods[pod->slot];

		if (said->serial != pod->serial)
			*said = (struct said_pod){.serial = pod->serial};
		w->slots[i] = pod->slot;
		start = out->n;
		record_pod_put(out, names_of(w), pod, record_ids_of(&w->ids, pod->cgroup),
			       pass->policy);
		keep_if_new(out, start, &said->text);
	}
	start = out->n;
	record_put(out, "pods ");
	record_put_list(out, w->slots, m->n_pods);
	record_put_bytes(out, "\n", 1);
	keep_if_new(out, start, &w->said[SAID_PODS]);
	for (size_t i = 0; !w->with_names && i < m->n_pods; i++) {
		start = out->n;
		record_pod_put_assignment(out, w->slots[i],
					  plan_assignment(pass->plan, m->pods[i]));
		keep_if_new(out, start, &w->pods[w->slots[i]].assignment);
	}
	return 0;
}

/* --- the pass -------------------------------------------------------------------------------- */

static void put_samples(struct record_writer *w, const struct record_pass *pass,
			struct record_buf *out)
{
	const struct model *m = pass->model;
	const struct samples *samples = pass->samples;

	for (size_t i = 0; i < m->n_pods; i++) {
		uint32_t slot = m->pods[i]->slot;
		const struct pod_history *h = slot < samples->n_slots ? samples->pods[slot] : NULL;

		if (h && h->serial == m->pods[i]->serial && h->count > 0)
			record_samples_put_pod(out, &w->pods[slot].ring, slot, h, pass->now_us);
	}
	for (size_t i = 0; i < m->n_pods; i++) {
		uint32_t slot = m->pods[i]->slot;

		if (slot < samples->n_there)
			record_samples_put_there(out, &w->pods[slot].there_us, m->pods[i],
						 &samples->there[slot], pass->now_us);
	}
	if (samples->node.count > 0)
		record_samples_put_node(out, &w->node, &samples->node, pass->now_us);
}

static bool same_ladder(const struct ladder *a, const struct ladder *b)
{
	const struct reason *x = &a->reason, *y = &b->reason;

	return a->rung == b->rung && a->since_us == b->since_us &&
	       a->pressure_us == b->pressure_us && a->quota_cpu_milli == b->quota_cpu_milli &&
	       a->grown_us == b->grown_us && a->steps == b->steps && x->code == y->code &&
	       x->level == y->level && x->rule == y->rule && x->observed == y->observed &&
	       x->limit == y->limit && x->for_us == y->for_us && x->extra == y->extra &&
	       x->nodes == y->nodes && strcmp(x->who, y->who) == 0 &&
	       memcmp(&a->efficacy, &b->efficacy, sizeof(a->efficacy)) == 0;
}

/* What this pass leaves is written to be hashed, and taken back. */
static void put_floor(struct record_writer *w, const struct record_pass *pass,
		      struct record_buf *out)
{
	size_t start = out->n;

	record_floor_put(out, pass->floor_before, names_of(w));
	keep_if_new(out, start, &w->floor);
	start = out->n;
	record_floor_put(out, pass->floor_after, names_of(w));
	w->floor = record_hash(out->text + start, out->failed ? 0 : out->n - start);
	out->n = out->failed ? out->n : start;
}

static void put_ladders(struct record_writer *w, const struct record_pass *pass,
			struct record_buf *out)
{
	for (int i = 0; i < RESOURCE_COUNT; i++) {
		const struct ladder *ladder = &pass->ladders_before->of[i];

		if (same_ladder(&w->ladders.of[i], ladder))
			continue;
		record_put(out, "ladder %s", names_resource((enum resource)i));
		record_words_put_ladder(out, ladder, names_of(w));
		record_put_bytes(out, "\n", 1);
	}
	w->ladders = *pass->ladders_after;
}

static int put_pass(struct record_writer *w, const struct record_pass *pass, struct record_buf *out)
{
	int r;

	record_put(out, "t %" PRId64 "\n", pass->now_us);
	put_node(w, pass, out);
	r = put_cgroups(w, pass->model, out);
	if (r == 0)
		r = put_pods(w, pass, out);
	if (r < 0)
		return r;
	put_samples(w, pass, out);
	put_ladders(w, pass, out);
	put_floor(w, pass, out);
	if (pass->kill)
		record_kill_put(out, pass->kill, pass->model, pass->now_us);
	if (pass->evict)
		record_evict_put(out, pass->evict, pass->model, pass->now_us);
	if (pass->order)
		record_evict_order_put(out, pass->order, names_of(w));
	if (w->steps) {
		struct record_pass told = *pass;

		if (!w->with_names)
			told.policy = w->masked;
		r = steps_tell(w->steps, &told, w->ids.list, names_of(w), "> ", out);
	}
	record_put(out, "end\n");
	return r;
}

int record_writer_pass(struct record_writer *w, const struct record_pass *pass,
		       struct record_buf *out)
{
	size_t start = out->n;
	int r = put_pass(w, pass, out);

	if (r == 0 && out->failed)
		r = -ENOMEM;
	if (r < 0)
		out->n = start;
	return r;
}
