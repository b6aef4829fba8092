// SPDX-License-Identifier: LGPL-2.1-or-later
// See facts.h. The kubelet is asked only where there are Kubernetes pods: a plain host has none and
// needs none. One line in the log for each change of state, however often it is asked.
#include "agent/discover/facts_kubelet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/base/log.h"

#define HOST_SIZE 256
#define MINUTE_US (60 * 1000000ll)

int facts_allow_kubelet(struct facts *facts)
{
	return facts->kubelet.worker ? 0 : kubelet_new(facts->root_fd, &facts->kubelet.worker);
}

int facts_kubelet_set_policy(struct facts *facts, const struct policy *policy)
{
	struct facts_kubelet *k = &facts->kubelet;
	struct kubelet_place place = {0};
	struct kubelet_surroundings here;
	char host[HOST_SIZE];
	int r;

	if (!policy || policy->facts != FACTS_KUBELET) {
		kubelet_place_clear(&k->place);
		k->stale = k->worker && kubelet_is_busy(k->worker);
		k->why[0] = '\0';
		return 0;
	}
	here = kubelet_place_here(host, sizeof(host));
	r = kubelet_place_find(&policy->kubelet, &here, &place);
	if (r < 0)
		return r;
	if (kubelet_place_same(&place, &k->place)) {
		kubelet_place_clear(&place);
		/* Whoever reloads has perhaps just mended what was wrong. */
		kubelet_beat_again(&k->beat);
		return 0;
	}
	kubelet_place_clear(&k->place);
	k->place = place;
	k->stale = k->worker && kubelet_is_busy(k->worker);
	k->beat = (struct kubelet_beat){0};
	kubelet_beat_seed(&k->beat, place.node);
	k->again_us = 0;
	k->by_api = false;
	k->why[0] = '\0';
	/* What another kubelet told may be about another cluster's pods. */
	pods_json_free(facts->good);
	facts->good = NULL;
	return 0;
}

void facts_kubelet_clear(struct facts *facts)
{
	kubelet_free(facts->kubelet.worker);
	kubelet_place_clear(&facts->kubelet.place);
	facts->kubelet = (struct facts_kubelet){0};
}

static void say_state(struct facts *f, const char *why)
{
	struct facts_kubelet *k = &f->kubelet;

	if (strcmp(why, k->why) == 0)
		return;
	if (why[0])
		log_warning("discover.facts", "facts: %s: %s", why,
			    f->good ? "keeping what was told before"
				    : "Kubernetes pods wait for it");
	else
		log_info("discover.facts", "facts: %s answers again",
			 k->by_api ? "the API server" : "the kubelet");
	(void)snprintf(k->why, sizeof(k->why), "%s", why);
}

static void say_who(struct facts *f, const struct kubelet_answer *a)
{
	struct facts_kubelet *k = &f->kubelet;

	if (a->by_api && !k->by_api)
		log_notice("discover.facts",
			   "facts: %s refuses (403: it is older than 1.33, or the account lacks "
			   "nodes/pods): the API server %s lists this node's pods instead",
			   k->place.shown, k->place.api);
	else if (!a->by_api && k->by_api)
		log_notice("discover.facts", "facts: %s tells its pods now", k->place.shown);
	k->by_api = a->by_api;
}

static void take_good(struct facts *f, struct kubelet_answer *a, int64_t now_us)
{
	char why[KUBELET_WHY_SIZE] = "";

	say_who(f, a);
	if (f->good && pods_json_carry(a->pods, f->good, now_us, FACTS_CARRY_US) < 0)
		log_warning("discover.facts", "no memory to keep pods that the kubelet left out");
	pods_json_free(f->good);
	f->good = a->pods;
	f->good_us = now_us;
	if (f->good->n_bad > 0)
		(void)snprintf(why, sizeof(why),
			       "%s left out %zu pods that make no sense, the "
			       "first: %s",
			       f->kubelet.by_api ? "the API server's list" : "/pods",
			       f->good->n_bad, f->good->bad_first);
	say_state(f, why);
}

/* Whether facts changed. */
static bool take(struct facts *f, int64_t now_us)
{
	struct facts_kubelet *k = &f->kubelet;
	struct kubelet_answer a;

	if (!k->worker || !kubelet_take(k->worker, &a))
		return false;
	if (k->stale || f->source != FACTS_KUBELET) {
		k->stale = false;
		pods_json_free(a.pods);
		return false;
	}
	if (a.refused)
		k->again_us = now_us + FACTS_REFUSED_US;
	if (a.failure == HTTPS_ANSWERED) {
		take_good(f, &a, now_us);
		k->fresh = true;
		return true;
	}
	/* Where the API server fails as well, the kubelet may have become a newer one. */
	k->again_us = 0;
	kubelet_beat_failed(&k->beat, now_us);
	say_state(f, a.why);
	return false;
}

/* How old the facts are, in words that change once a minute. */
static const char *age(const struct facts *f, int64_t now_us, char *buf, size_t size)
{
	int64_t minutes = (now_us - f->good_us) / MINUTE_US;

	if (minutes < 1)
		return "less than a minute";
	if (minutes < 120)
		(void)snprintf(buf, size, "%lld minute%s", (long long)minutes,
			       minutes == 1 ? "" : "s");
	else
		(void)snprintf(buf, size, "%lld hours", (long long)(minutes / 60));
	return buf;
}

static bool note(struct facts *f, int64_t now_us)
{
	const struct facts_kubelet *k = &f->kubelet;
	char buf[48];

	if (!k->needed)
		return facts_note(f, "%s", "");
	if (!k->worker)
		return facts_note(f, "there is no kubelet to ask here: Kubernetes pods wait. Name "
				     "a file of its /pods: facts: {from: file:///path}");
	if (!f->good && !k->why[0])
		return facts_note(f, "%s has not answered yet: Kubernetes pods wait for it",
				  k->place.shown);
	if (!f->good)
		return facts_note(f, "%s: Kubernetes pods wait for it", k->why);
	if (k->why[0] && k->beat.failures == 0)
		return facts_note(f, "%s", k->why);
	if (k->why[0])
		return facts_note(f, "%s: what is known is %s old", k->why,
				  age(f, now_us, buf, sizeof(buf)));
	return facts_note(f, "%s", "");
}

bool facts_kubelet_refresh(struct facts *facts, int64_t now_us, bool needed)
{
	bool changed = take(facts, now_us);

	if (facts->source != FACTS_KUBELET || !facts->configured)
		return changed;
	facts->kubelet.needed = needed;
	return note(facts, now_us) || changed;
}

void facts_kubelet_new_pod(struct facts *facts, int64_t now_us)
{
	if (facts->source == FACTS_KUBELET)
		kubelet_beat_new_pod(&facts->kubelet.beat, now_us);
}

void facts_kubelet_frozen(struct facts *facts)
{
	if (facts->source == FACTS_KUBELET && !facts->kubelet.by_api)
		kubelet_beat_frozen(&facts->kubelet.beat);
}

static void send(struct facts *f, int64_t now_us)
{
	struct facts_kubelet *k = &f->kubelet;
	struct kubelet_question question = {
		.api_only = k->again_us > now_us,
		.max_bytes = FACTS_FILE_MAX_BYTES,
	};
	int r = kubelet_place_copy(&k->place, &question.place);

	if (r == 0)
		r = kubelet_ask(k->worker, &question);
	if (r == 0) {
		kubelet_beat_sent(&k->beat, now_us);
		return;
	}
	kubelet_place_clear(&question.place);
	kubelet_beat_failed(&k->beat, now_us);
	say_state(f, r == -ENOMEM ? "no memory to ask the kubelet"
				  : "no thread to ask the kubelet with");
}

void facts_kubelet_ask(struct facts *facts, int64_t now_us)
{
	struct facts_kubelet *k = &facts->kubelet;

	if (k->fresh)
		kubelet_beat_answered(&k->beat, now_us, facts->n_unknown > 0, k->by_api);
	k->fresh = false;
	if (facts->source != FACTS_KUBELET || !k->worker || !k->needed || !k->place.url)
		return;
	if (kubelet_beat_due(&k->beat, now_us) && !kubelet_is_busy(k->worker))
		send(facts, now_us);
}
