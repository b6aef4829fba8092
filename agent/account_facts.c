// SPDX-License-Identifier: LGPL-2.1-or-later
// See account_facts.h.
#include "agent/account_facts.h"

#include <stdlib.h>
#include <string.h>

#include "agent/base/messages.h"
#include "policy/decide.h"
#include "policy/names.h"
#include "policy/reason_text.h"

struct account_facts_pod {
	uint64_t serial; /* 0: none */
	struct assignment a;
};

/* Of the one who tells, as the words of the record. */
static const char *telling_of(const struct model *m)
{
	if (m->facts_awaited)
		return "awaited";
	return *m->facts_note ? "silent" : "known";
}

static void set_standing(char *field, const struct assignment *a)
{
	if (a->state == ASSIGNMENT_WAITING)
		history_set(field, HISTORY_VALUE_SIZE, "waiting for %s", a->waiting_for);
	else
		history_set(field, HISTORY_VALUE_SIZE, "%s",
			    a->state == ASSIGNMENT_LEVEL ? names_level(a->level) : "no rule");
}

static bool same(const struct assignment *a, const struct assignment *b)
{
	if (a->state != b->state)
		return false;
	return a->state == ASSIGNMENT_LEVEL ? a->level == b->level
					    : a->state != ASSIGNMENT_WAITING ||
						      strcmp(a->waiting_for, b->waiting_for) == 0;
}

static void tell_pod(struct state *s, const struct pod *pod, const struct assignment *was,
		     const struct assignment *now)
{
	struct history_record r = HISTORY_RECORD(HISTORY_FACTS);
	char why[REASON_TEXT_SIZE];

	HISTORY_SET(r.pod, "%s", pod->name);
	history_set_path(&r, pod->cgroup->path);
	set_standing(r.from, was);
	set_standing(r.to, now);
	if (now->rule >= 0)
		HISTORY_SET(r.why, "%s", reason_text_rule(s->policy, now->rule, why, sizeof(why)));
	if (now->state == ASSIGNMENT_LEVEL)
		r.level = now->level;
	messages_tell(s->history, &r);
}

static void tell_telling(struct state *s, const char *was, const char *now)
{
	struct history_record r = HISTORY_RECORD(HISTORY_FACTS);
	const char *note = discover_model(s->discover)->facts_note;

	HISTORY_SET(r.what, "facts");
	HISTORY_SET(r.from, "%s", was);
	HISTORY_SET(r.to, "%s", now);
	HISTORY_SET(r.why, "%s", *note ? note : "what the pods of this node are has been told");
	messages_tell(s->history, &r);
}

static bool reserve(struct account_facts *f, size_t n)
{
	struct account_facts_pod *grown;

	if (n <= f->n_pods)
		return true;
	grown = reallocarray(f->pods, n, sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + f->n_pods, 0, (n - f->n_pods) * sizeof(*grown));
	f->pods = grown;
	f->n_pods = n;
	return true;
}

void account_facts(struct state *s)
{
	const struct model *m = discover_model(s->discover);
	struct account_facts *f = &s->account_facts;
	const char *was = f->telling, *now = telling_of(m);
	/* All of them change with a policy, and with the first answer. */
	bool each = f->policy == s->policy && was && strcmp(was, "awaited") != 0;

	f->policy = s->policy;
	f->telling = now;
	if (was && strcmp(was, now) != 0)
		tell_telling(s, was, now);
	if (!reserve(f, m->n_slots))
		return;
	for (size_t i = 0; i < m->n_pods; i++) {
		const struct pod *pod = m->pods[i];
		const struct assignment *a = plan_assignment(&s->plan, pod);
		struct account_facts_pod *known = &f->pods[pod->slot];

		if (each && known->serial == pod->serial && !same(&known->a, a))
			tell_pod(s, pod, &known->a, a);
		known->serial = pod->serial;
		known->a = *a;
	}
}

void account_facts_free(struct account_facts *f)
{
	free(f->pods);
	*f = (struct account_facts){0};
}
