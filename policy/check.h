// SPDX-License-Identifier: LGPL-2.1-or-later
// What only the whole policy shows, after all files were merged. Reports into reader->diags.
#pragma once

#include "policy/reader.h"

/* Where facts come from: keys that nothing uses. */
void check_facts(struct reader *reader);

/* Modes: a resource that is allowed more than the whole. */
void check_modes(struct reader *reader);

/* Levels: role missing, holds on online levels, numbers that contradict each other, order. */
void check_levels(struct reader *reader);

/* What levels and pressure rules ask of other resources, and sums over all levels. */
void check_steps(struct reader *reader);

/* Parts of links: sums over all levels, what a level has without a share. */
void check_net(struct reader *reader);

/* Rules (in the order of trial): levels that nobody defined, rules that can never match. */
void check_rules(struct reader *reader);

/* Indicators: of levels that nobody defined, or that are offline. */
void check_slis(struct reader *reader);

/* What the policy asks of this node's kernel and the node lacks: warnings that name what happens
 * instead. Last, and only where the node was looked at. */
void check_node(struct reader *reader);
