// SPDX-License-Identifier: LGPL-2.1-or-later
// See evict_kube.h.
#include "agent/evict_kube.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/kube_api.h"
#include "agent/base/cleanup.h"
#include "agent/base/lanes.h"
#include "agent/base/log.h"
#include "agent/discover/kubelet_place.h"
#include "agent/evictor_state.h"

#define HOST_SIZE 256

struct evict_kube {
	struct kube_api *api;
	struct kubelet_place place;
	int event_fd; /* a copy: it outlives the loop's threads */
	bool said;    /* that it cannot be asked */
};

static int ask(void *context, const struct evict_call *call)
{
	struct evict_kube *k = context;

	return kube_api_evict(k->api, call);
}

/* Before somebody has to go, not when. */
static void say_greeting(struct evict_kube *k)
{
	char why[KUBE_ASK_WHY_SIZE];

	if (!kube_api_next_greeted(k->api, why))
		return;
	if (why[0] && !k->said)
		log_warning(
			"evict.kubernetes",
			"%s. Until it answers, no Kubernetes pod can be evicted; colod asks again "
			"each minute",
			why);
	if (!why[0])
		log_info("evict.kubernetes", "the API server answers");
	k->said = why[0] != '\0';
}

static bool next(void *context, struct evict_done *ret_done)
{
	struct evict_kube *k = context;

	say_greeting(k);
	return kube_api_next_evicted(k->api, ret_done);
}

static int taint(void *context, bool wanted)
{
	struct evict_kube *k = context;

	return kube_api_taint(k->api, wanted);
}

static bool next_tainted(void *context, struct evictor_tainted *ret_done)
{
	struct evict_kube *k = context;
	struct kube_taint_done done;

	if (!kube_api_next_tainted(k->api, &done))
		return false;
	*ret_done = (struct evictor_tainted){
		.wanted = done.wanted,
		.done = done.result == KUBE_TAINT_DONE || done.result == KUBE_TAINT_ALREADY,
	};
	(void)snprintf(ret_done->why, sizeof(ret_done->why), "%.*s", (int)sizeof(ret_done->why) - 1,
		       done.why);
	return true;
}

static int event(void *context, const struct kube_event *event)
{
	struct evict_kube *k = context;

	return kube_api_event(k->api, event);
}

static void settle(void *context, uint32_t wait_ms)
{
	struct evict_kube *k = context;

	(void)kube_api_settle(k->api, wait_ms);
}

static void release(void *context)
{
	struct evict_kube *k = context;

	kube_api_free(k->api);
	(void)cleanup_close_fd(k->event_fd);
	kubelet_place_clear(&k->place);
	free(k);
}

/* A recorded tree is another machine, and its pods are not this node's. */
static bool is_wanted(const struct state *s)
{
	const struct policy *p = s->policy;
	bool named = false;

	for (size_t i = 0; i < p->evict.n_by; i++)
		named |= p->evict.by[i] == EVICT_KUBERNETES;
	/* Not only where the policy has the step: somebody may order one. */
	return named && s->lanes && p->facts != FACTS_CGROUP && strcmp(s->options->root, "/") == 0;
}

static int start(struct state *s, struct kubelet_place *place)
{
	const struct kube_place at = {
		.root_fd = s->root_fd,
		.api = place->api,
		.api_ca = place->api_ca,
		.token = place->token,
		.node = place->node,
	};
	struct evict_kube *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->event_fd = fcntl(s->lanes->event_fd, F_DUPFD_CLOEXEC, 3);
	r = kube_api_new(&at, k->event_fd, &k->api);
	if (r < 0) {
		(void)cleanup_close_fd(k->event_fd);
		free(k);
		return r;
	}
	kube_api_greet(k->api);
	k->place = *place;
	*place = (struct kubelet_place){0};
	evictor_use_api(s, &(struct evictor_api){
				   .context = k,
				   .evict = ask,
				   .next = next,
				   .taint = taint,
				   .next_tainted = next_tainted,
				   .event = event,
				   .settle = settle,
				   .free = release,
			   });
	return 0;
}

void evict_kube_policy(struct state *s)
{
	struct evictor *e = s->evictor;
	struct evict_kube *now = e->api.free == release ? e->api.context : NULL;
	struct kubelet_place place = {0};
	struct kubelet_surroundings here;
	char host[HOST_SIZE];
	int r = 0;

	here = kubelet_place_here(host, sizeof(host));
	if (!is_wanted(s) || kubelet_place_find(&s->policy->kubelet, &here, &place) < 0 ||
	    !place.api) {
		kubelet_place_clear(&place);
		if (now)
			evictor_use_api(s, NULL);
		return;
	}
	if (!now || !kubelet_place_same(&place, &now->place))
		r = start(s, &place);
	kubelet_place_clear(&place);
	if (r < 0)
		log_warning("evict.kubernetes",
			    "the API server cannot be asked: %s. No Kubernetes pod is evicted",
			    strerror(-r));
}
