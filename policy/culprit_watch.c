// SPDX-License-Identifier: LGPL-2.1-or-later
// See culprit_watch.h.
#include "policy/culprit_watch.h"

#include "policy/culprit.h"
#include "policy/decide.h"
#include "policy/score.h"
#include "policy/who.h"

#define EVERY_US 1000000
#define AGAIN_US 5000000
/* Older, it is about another wait. */
#define FRESH_US 60000000
/* So much of how the stall moved, by its own load: then that is what there is to say. */
#define OWN_LOAD_PERMILLE 500

static bool is_of(const struct culprits_kept *k, const struct pod *pod, enum resource resource)
{
	return k->serial == pod->serial && k->resource == resource;
}

static const struct culprits_kept *find(const struct culprit_watch *w, const struct pod *pod,
					enum resource resource)
{
	for (int i = 0; i < CULPRITS_KEPT; i++)
		if (is_of(&w->kept[i], pod, resource))
			return &w->kept[i];
	return NULL;
}

const struct culprits_kept *culprit_watch_of(const struct culprit_watch *w, const struct pod *pod,
					     enum resource resource, int64_t now_us)
{
	const struct culprits_kept *k = w ? find(w, pod, resource) : NULL;

	return k && now_us - k->at_us <= CULPRITS_KEPT_US ? k : NULL;
}

static bool lost_something(const struct score_value *v)
{
	return score_has_number(v->state) && v->excess_permille > 0;
}

enum culprits_state culprit_watch_state(const struct score_value *v,
					const struct culprits_kept *kept, int64_t now_us)
{
	switch (v->state) {
	case SCORE_LEARNING:
		return CULPRITS_LEARNING;
	case SCORE_SELF_THROTTLED:
	case SCORE_OWN_LIMIT:
		return CULPRITS_OWN;
	case SCORE_NO_BASELINE:
	case SCORE_BASELINE:
		if (!lost_something(v))
			return CULPRITS_NO_EXCESS;
		return kept && now_us - kept->at_us <= FRESH_US ? kept->state : CULPRITS_DUE;
	case SCORE_NONE:
	case SCORE_STATE_COUNT:
		break;
	}
	return CULPRITS_NONE;
}

/* --- one look ------------------------------------------------------------------------------------ */

struct due {
	const struct pod *pod; /* NULL: nobody */
	enum resource resource;
	int64_t age_us;
	uint32_t excess_permille;
};

static bool is_before(const struct due *a, const struct due *b)
{
	return !b->pod || a->age_us > b->age_us ||
	       (a->age_us == b->age_us && a->excess_permille > b->excess_permille);
}

/* Who was looked at longest ago, and of those who never were who lost most. */
static struct due find_due(const struct culprit_watch *w, const struct culprit_watch_look *look)
{
	struct due best = {0};

	for (size_t i = 0; i < look->model->n_pods; i++) {
		const struct pod *pod = look->model->pods[i];
		const struct pod_score *s = score_of(look->scores, pod);

		for (int r = 0; s && r < RESOURCE_COUNT; r++) {
			const struct culprits_kept *k = find(w, pod, (enum resource)r);
			struct due due = {
				.pod = pod,
				.resource = (enum resource)r,
				.age_us = k ? look->now_us - k->at_us : INT64_MAX,
				.excess_permille = s->by[r].excess_permille,
			};

			if (lost_something(&s->by[r]) && due.age_us >= AGAIN_US &&
			    is_before(&due, &best))
				best = due;
		}
	}
	return best;
}

/* Its own, a free one, or that of the oldest ranking. */
static struct culprits_kept *place(struct culprit_watch *w, const struct due *due)
{
	struct culprits_kept *found = &w->kept[0];

	for (int i = 0; i < CULPRITS_KEPT; i++) {
		struct culprits_kept *k = &w->kept[i];

		if (is_of(k, due->pod, due->resource))
			return k;
		if (found->serial != 0 && (k->serial == 0 || k->at_us < found->at_us))
			found = k;
	}
	return found;
}

static enum culprits_state state_of(const struct culprits *found)
{
	if (found->seconds < CULPRIT_SECONDS_MIN)
		return CULPRITS_SHORT;
	if (!found->moved)
		return CULPRITS_STEADY;
	if (found->n > 0)
		return CULPRITS_RANKED;
	return found->own_permille >= OWN_LOAD_PERMILLE ? CULPRITS_OWN_LOAD : CULPRITS_NOBODY;
}

static void name(struct culprits_kept *k, const struct culprit_watch_look *look)
{
	for (uint32_t i = 0; i < k->found.n; i++) {
		const struct pod *pod = model_pod(look->model, k->found.list[i].serial);
		const struct assignment *a = plan_assignment(look->plan, pod);

		who_copy(k->who[i].name, pod->name);
		k->who[i].role = a->state == ASSIGNMENT_LEVEL ? a->role : ROLE_INVALID;
	}
}

static void forget_gone(struct culprit_watch *w, const struct culprit_watch_look *look)
{
	for (int i = 0; i < CULPRITS_KEPT; i++) {
		struct culprits_kept *k = &w->kept[i];

		if (k->serial != 0 && (look->now_us - k->at_us > CULPRITS_KEPT_US ||
				       !model_pod(look->model, k->serial)))
			*k = (struct culprits_kept){0};
	}
}

void culprit_watch_step(struct culprit_watch *w, const struct culprit_watch_look *look)
{
	struct culprits_kept *k;
	struct due due;

	if (w->looked_us > 0 && look->now_us - w->looked_us < EVERY_US)
		return;
	w->looked_us = look->now_us;
	forget_gone(w, look);
	due = find_due(w, look);
	if (!due.pod)
		return;
	k = place(w, &due);
	*k = (struct culprits_kept){
		.serial = due.pod->serial,
		.resource = due.resource,
		.at_us = look->now_us,
	};
	culprits_rank(
		&(struct culprit_look){
			.model = look->model,
			.seconds = look->seconds,
			.victim = due.pod,
			.resource = due.resource,
		},
		&k->found);
	k->state = state_of(&k->found);
	name(k, look);
}
