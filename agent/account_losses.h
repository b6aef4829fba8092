// SPDX-License-Identifier: LGPL-2.1-or-later
// How long each pod was held, added up pass by pass.
#pragma once

#include "agent/state.h"

/* At the end of each pass. A pod that is held now, and was in the pass before, was held in between. Allocates
 * only where there are more pods than ever before; without memory the pods without room are not counted. */
void account_losses(struct state *state);

void account_losses_free(struct losses *losses);
