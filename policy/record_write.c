// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_write.h. Each statement is written into *out first and taken back where it is what
// was said last; only cgroups and knobs, of which there are thousands, are compared by number (record_cgroups.c).
#include "policy/record_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "colod/cleanup.h"
#include "policy/decide.h"
#include "policy/knob.h"
#include "policy/names.h"
#include "policy/record_cgroups.h"
#include "policy/record_floor.h"
#include "policy/record_io.h"
#include "policy/record_knob.h"
#include "policy/record_manual.h"
#include "policy/record_mask.h"
#include "policy/record_node.h"
#include "policy/record_pod.h"
#include "policy/record_policy.h"
#include "policy/record_samples.h"
#include "policy/record_usual.h"
#include "policy/record_words.h"
#include "policy/steps.h"

/* The statements that are compared as text. */
enum said {
	SAID_MODES,
	SAID_NODE,
	SAID_CAN,
	SAID_TREE,
	SAID_MANUAL,
	SAID_CALIBRATE,
	SAID_DISKS,
	SAID_USES,
	SAID_PODS,
	SAID_COUNT,
};

struct said_pod {
	uint64_t serial;
	uint64_t text;
	uint64_t assignment;
	uint64_t ends; /* of its interfaces */
	struct record_ring ring;
	int64_t disks_us; /* of what was said of its disks */
	int64_t there_us;
	struct pod_usual usual;
};

struct record_writer {
	bool with_names; /* as they are */
	struct record_names names;
	struct policy *masked; /* with pseudonyms: the policy in force, as the record has it; owned */
	struct steps *steps;   /* owned; NULL: `steps no` */
	struct record_cgroups cgroups;
	struct said_pod *pods; /* by slot; owned */
	size_t n_pods;
	uint32_t *slots; /* of the pods in their order; owned */
	size_t n_slots;
	uint64_t said[SAID_COUNT];
	struct record_node_ring node;
	struct ladders ladders;
	uint64_t floor; /* of the text of what the last pass left */
	uint64_t holds; /* the same */
	struct record_net_said net;
};

static const struct record_names *names_of(const struct record_writer *w)
{
	return w->with_names ? NULL : &w->names;
}

static void free_writer(struct record_writer **w)
{
	record_writer_free(*w);
}

/* A floor that never did anything is nothing to tell, nor are holds that never were. */
static int note_nothing(struct record_writer *w)
{
	static const struct floor_cpu no_floor;
	static const struct io_holds no_holds;
	struct record_buf text = {0};
	size_t n;
	int r;

	record_floor_put(&text, &no_floor, NULL);
	n = text.n;
	record_io_put_holds(&text, &no_holds, NULL);
	r = text.failed ? -ENOMEM : 0;
	if (r == 0) {
		w->floor = record_hash(text.text, n);
		w->holds = record_hash(text.text + n, text.n - n);
	}
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
	if (!w->steps || note_nothing(w) < 0)
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
	record_cgroups_free(&w->cgroups);
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

/* Nothing is said of it before there was an order. */
static void put_manual(struct record_writer *w, const struct manual *manual, struct record_buf *out)
{
	size_t start = out->n;

	if ((!manual || manual->n == 0) && w->said[SAID_MANUAL] == 0)
		return;
	record_manual_put(out, manual, names_of(w));
	record_keep_if_new(out, start, &w->said[SAID_MANUAL]);
}

/* Nothing is said of it before the first one. */
static void put_calibrate(struct record_writer *w, int64_t since_us, struct record_buf *out)
{
	size_t start = out->n;

	if (since_us == 0 && w->said[SAID_CALIBRATE] == 0)
		return;
	record_node_put_calibrate(out, since_us);
	record_keep_if_new(out, start, &w->said[SAID_CALIBRATE]);
}

static void put_node(struct record_writer *w, const struct record_pass *pass,
		     struct record_buf *out)
{
	size_t start = out->n;

	record_put(out, "modes");
	record_words_put_modes(out, pass->modes);
	record_put_bytes(out, "\n", 1);
	record_keep_if_new(out, start, &w->said[SAID_MODES]);
	start = out->n;
	record_node_put(out, &pass->model->node);
	record_keep_if_new(out, start, &w->said[SAID_NODE]);
	start = out->n;
	record_node_put_can(out, pass->model);
	record_keep_if_new(out, start, &w->said[SAID_CAN]);
	start = out->n;
	record_node_put_tree(out, pass->model);
	record_keep_if_new(out, start, &w->said[SAID_TREE]);
	put_manual(w, pass->model->manual, out);
	put_calibrate(w, pass->model->calibrating_us, out);
	start = out->n;
	record_io_put_disks(out, &pass->model->disks);
	if (pass->model->disks.n == 0 && w->said[SAID_DISKS] == 0)
		out->n = start;
	else
		record_keep_if_new(out, start, &w->said[SAID_DISKS]);
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
		record_pod_put(out, names_of(w), pod, record_ids_of(&w->cgroups.ids, pod->cgroup),
			       pass->policy);
		record_keep_if_new(out, start, &said->text);
	}
	start = out->n;
	record_put(out, "pods ");
	record_put_list(out, w->slots, m->n_pods);
	record_put_bytes(out, "\n", 1);
	record_keep_if_new(out, start, &w->said[SAID_PODS]);
	for (size_t i = 0; !w->with_names && i < m->n_pods; i++) {
		start = out->n;
		record_pod_put_assignment(out, w->slots[i],
					  plan_assignment(pass->plan, m->pods[i]));
		record_keep_if_new(out, start, &w->pods[w->slots[i]].assignment);
	}
	return 0;
}

/* --- the pass -------------------------------------------------------------------------------- */

/* What disks do is said where it is known what pods do there, for without that nothing comes of it. */
static void put_pod_disks(struct record_writer *w, const struct record_pass *pass,
			  struct record_buf *out)
{
	const struct model *m = pass->model;
	const struct samples *samples = pass->samples;
	bool any = false;
	size_t start;

	for (size_t i = 0; i < m->n_pods; i++) {
		uint32_t slot = m->pods[i]->slot;
		const struct pod_history *h = slot < samples->n_slots ? samples->pods[slot] : NULL;

		if (!h || h->serial != m->pods[i]->serial || h->count == 0)
			continue;
		any |= h->disks.at_us > 0;
		if (h->disks.at_us == w->pods[slot].disks_us)
			continue;
		w->pods[slot].disks_us = h->disks.at_us;
		record_io_put_pod(out, slot, &h->disks, pass->now_us);
	}
	start = out->n;
	record_io_put_uses(out, &samples->uses);
	if (any)
		record_keep_if_new(out, start, &w->said[SAID_USES]);
	else
		out->n = out->failed ? out->n : start;
}

static void put_pod_samples(struct said_pod *said, uint32_t slot, const struct pod_history *h,
			    int64_t now_us, struct record_buf *out)
{
	record_samples_put_pod(out, &said->ring, slot, h, now_us);
	record_usual_put(out, &said->usual, slot, &h->usual);
}

static void put_samples(struct record_writer *w, const struct record_pass *pass,
			struct record_buf *out)
{
	const struct model *m = pass->model;
	const struct samples *samples = pass->samples;

	for (size_t i = 0; i < m->n_pods; i++) {
		uint32_t slot = m->pods[i]->slot;
		const struct pod_history *h = slot < samples->n_slots ? samples->pods[slot] : NULL;

		if (h && h->serial == m->pods[i]->serial && h->count > 0)
			put_pod_samples(&w->pods[slot], slot, h, pass->now_us, out);
	}
	for (size_t i = 0; i < m->n_pods; i++) {
		uint32_t slot = m->pods[i]->slot;

		if (slot < samples->n_there)
			record_samples_put_there(out, &w->pods[slot].there_us, m->pods[i],
						 &samples->there[slot], pass->now_us);
	}
	put_pod_disks(w, pass, out);
	if (samples->node.count > 0)
		record_samples_put_node(out, &w->node, &samples->node, pass->now_us);
}

/* What this pass leaves is written to be hashed, and taken back. */
static void put_floor(struct record_writer *w, const struct record_pass *pass,
		      struct record_buf *out)
{
	size_t start = out->n;

	record_floor_put(out, pass->floor_before, names_of(w));
	record_keep_if_new(out, start, &w->floor);
	start = out->n;
	record_floor_put(out, pass->floor_after, names_of(w));
	w->floor = record_hash(out->text + start, out->failed ? 0 : out->n - start);
	out->n = out->failed ? out->n : start;
}

static void put_ladders(struct record_writer *w, const struct record_pass *pass,
			struct record_buf *out)
{
	size_t start;

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		const struct ladder *ladder = &pass->ladders_before->of[i];

		if (record_words_same_ladder(&w->ladders.of[i], ladder))
			continue;
		record_put(out, "ladder %s", names_resource((enum resource)i));
		record_words_put_ladder(out, ladder, names_of(w));
		record_put_bytes(out, "\n", 1);
	}
	w->ladders = *pass->ladders_after;
	start = out->n;
	record_io_put_holds(out, &pass->ladders_before->io, names_of(w));
	record_keep_if_new(out, start, &w->holds);
	start = out->n;
	record_io_put_holds(out, &pass->ladders_after->io, names_of(w));
	w->holds = record_hash(out->text + start, out->failed ? 0 : out->n - start);
	out->n = out->failed ? out->n : start;
}

static void put_net(struct record_writer *w, const struct record_pass *pass, struct record_buf *out)
{
	const struct model *m = pass->model;

	record_net_put(out, &w->net, pass->net, names_of(w), pass->now_us);
	for (size_t i = 0; pass->net && i < m->n_pods; i++) {
		size_t start = out->n;

		record_net_put_pod(out, pass->net, m->pods[i]);
		if (out->n > start)
			record_keep_if_new(out, start, &w->pods[m->pods[i]->slot].ends);
	}
}

static int put_pass(struct record_writer *w, const struct record_pass *pass, struct record_buf *out)
{
	int r;

	record_put(out, "t %" PRId64 "\n", pass->now_us);
	put_node(w, pass, out);
	r = record_cgroups_put(&w->cgroups, pass->model, names_of(w), out);
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
	put_net(w, pass, out);
	if (w->steps) {
		struct record_pass told = *pass;

		if (!w->with_names)
			told.policy = w->masked;
		r = steps_tell(w->steps, &told, w->cgroups.ids.list, names_of(w), "> ", out);
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
