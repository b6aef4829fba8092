// SPDX-License-Identifier: LGPL-2.1-or-later
// An eviction as it is asked of the API server, and what its answer means.
#pragma once

#include <stdbool.h>

#include "agent/apply/kube_ask.h"
#include "colod/evict.h"

/* Whether these can be a pod's namespace, name and UID: nothing else may stand in an address or in JSON. */
bool kube_evict_is_valid(const struct evict_call *call);

/* Asks and waits. The call is valid. */
void kube_evict(struct kube_ask *ask, const struct evict_call *call, struct evict_done *ret_done);

/* What an answer means; for kube_evict() and for tests. Fills all but the token. */
void kube_evict_read(const struct kube_answer *answer, const char *api,
		     struct evict_done *ret_done);
