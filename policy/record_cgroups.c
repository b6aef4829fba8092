// SPDX-License-Identifier: LGPL-2.1-or-later
// See record_cgroups.h.
#include "policy/record_cgroups.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "policy/record_knob.h"
#include "policy/record_words.h"

void record_cgroups_free(struct record_cgroups *c)
{
	record_ids_free(&c->ids);
	free(c->list);
}

static void put_cgroup(struct record_cgroups *c, const struct cgroup *cg, uint32_t id,
		       const struct record_names *names, struct record_buf *out)
{
	unsigned populated = cg->populated | (unsigned)cg->hidden << 1;
	uint64_t h = record_mix(1, (uint64_t)cg->kind << 2 | populated);

	h = record_mix(h, (uint64_t)cg->controllers << 32 | cg->subtree);
	h = record_mix(h, cg->pod ? (uint64_t)cg->pod->slot + 1 : 0);
	h = record_mix(h, cg->mems);
	if (c->list[id].header == h)
		return;
	c->list[id].header = h;
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
	record_names_put(out, names, cg->path);
	record_put_bytes(out, "\n", 1);
}

/* Those of one cgroup that changed, in one line. */
static void put_knobs(struct record_cgroups *c, const struct cgroup *cg, uint32_t id,
		      struct record_buf *out)
{
	bool begun = false;

	for (int k = 0; k < KNOB_COUNT; k++) {
		const struct knob_state *s = &cg->knobs[k];
		uint64_t h = record_knob_hash((enum knob)k, s);

		if (c->list[id].knobs[k] == h)
			continue;
		c->list[id].knobs[k] = h;
		if (!begun)
			record_put(out, "k %" PRIu32, id);
		begun = true;
		record_knob_put(out, (enum knob)k, s);
	}
	if (begun)
		record_put_bytes(out, "\n", 1);
}

int record_cgroups_put(struct record_cgroups *c, const struct model *m,
		       const struct record_names *names, struct record_buf *out)
{
	size_t start;
	int r = record_ids_take(&c->ids, m);

	if (r < 0)
		return r;
	if (c->ids.n_ids > c->n) {
		size_t cap = (size_t)c->ids.n_ids * 2;
		struct record_cgroup *grown = reallocarray(c->list, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		memset(grown + c->n, 0, (cap - c->n) * sizeof(*grown));
		c->list = grown;
		c->n = cap;
	}
	for (size_t i = 0; i < m->n_cgroups; i++) {
		uint32_t id = c->ids.list[i];

		if (record_ids_is_new(&c->ids, id))
			c->list[id] = (struct record_cgroup){0};
		put_cgroup(c, m->cgroups[i], id, names, out);
		put_knobs(c, m->cgroups[i], id, out);
	}
	start = out->n;
	record_put(out, "order ");
	record_put_list(out, c->ids.list, m->n_cgroups);
	record_put_bytes(out, "\n", 1);
	record_keep_if_new(out, start, &c->order);
	return 0;
}
