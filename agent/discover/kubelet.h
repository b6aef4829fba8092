// SPDX-License-Identifier: LGPL-2.1-or-later
// The kubelet's pods, asked for and read by a thread of its own: the event loop hands it a question
// and is told by an event fd when the answer is there. Token and CA are read anew each time.
#pragma once

#include <stdbool.h>

#include "agent/discover/kubelet_fetch.h"

struct kubelet;

/* `root_fd` (borrowed) stands for "/" in the paths of token and CA. Starts no thread yet. 0 or
 * -errno. */
int kubelet_new(int root_fd, struct kubelet **ret_kubelet);

/* Ends within about a second, whatever the server does; accepts NULL. */
void kubelet_free(struct kubelet *kubelet);

/* Readable while an answer waits for kubelet_take(). */
int kubelet_fd(const struct kubelet *kubelet);

/* Hands the question over. 0, -EBUSY while one is under way, or -errno where no thread can be
 * started; then the question is still the caller's. */
int kubelet_ask(struct kubelet *kubelet, struct kubelet_question *question);
bool kubelet_is_busy(struct kubelet *kubelet);

/* The finished answer, whose pods or labels belong to the caller then; false: there is none. Never waits. */
bool kubelet_take(struct kubelet *kubelet, struct kubelet_answer *ret_answer);

/* For tests: shorter time-outs. Before the first question. */
void kubelet_set_limits(struct kubelet *kubelet, const struct https_limits *limits);
