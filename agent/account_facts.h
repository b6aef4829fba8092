// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of the pods becomes a record when it changes: the one who tells fell silent, and a pod whose
// facts came late or changed stands under another rule. What a new policy changes is the policy's record.
#pragma once

#include "agent/state.h"

/* After each decide(): compares with the pass before; the first one only takes in. While nobody has told
 * anything yet, and in the pass in which that ends, there is one record for all pods. Allocates only where
 * there are more pods than ever before; without memory it forgets, and says nothing. */
void account_facts(struct state *state);

void account_facts_free(struct account_facts *facts);
