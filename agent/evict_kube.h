// SPDX-License-Identifier: LGPL-2.1-or-later
// The cluster's API server as the evictor uses it: where it is says the policy, else the usual places.
#pragma once

#include "agent/state.h"

/* After a policy was read: gives the evictor the API server that it names, or takes it away. Keeps what is there where
 * nothing changed. */
void evict_kube_policy(struct state *state);
