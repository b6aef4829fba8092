// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of facts.h that is about a kubelet. For facts.c alone.
#pragma once

#include "agent/discover/facts.h"

int facts_kubelet_set_policy(struct facts *facts, const struct policy *policy);
void facts_kubelet_clear(struct facts *facts);

/* Takes in an answer that has come, and keeps the note true. True when facts or note changed. */
bool facts_kubelet_refresh(struct facts *facts, int64_t now_us, bool needed);

/* A pod has appeared that nobody has described: the kubelet is asked at once. */
void facts_kubelet_new_pod(struct facts *facts, int64_t now_us);

/* Some pod stands still: the kubelet is asked more often. */
void facts_kubelet_frozen(struct facts *facts);

/* After facts_bind(): asks the kubelet where it is time to. */
void facts_kubelet_ask(struct facts *facts, int64_t now_us);

/* Sets the note; true when it is another one. facts.c has it. */
bool facts_note(struct facts *facts, const char *format, ...) __attribute__((format(printf, 2, 3)));
