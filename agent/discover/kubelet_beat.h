// SPDX-License-Identifier: LGPL-2.1-or-later
// When the kubelet is asked next. Pure: time comes in. 3000 nodes started at the same moment must not
// ask one API server in step, and a kubelet that is starting must not be hammered.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define KUBELET_BEAT_US (10 * 1000000ll)
/* The API server answers for the whole cluster. */
#define KUBELET_BEAT_API_US (30 * 1000000ll)
#define KUBELET_BEAT_LONGEST_US (60 * 1000000ll)
/* Pods come in bursts: one question for those of this time. */
#define KUBELET_BEAT_GAP_US 200000ll
#define KUBELET_BEAT_STEP_US 1000000ll

/* A zeroed one is due at once. */
struct kubelet_beat {
	int64_t next_us; /* not before */
	int64_t sent_us;
	bool sent;	     /* ever */
	uint32_t failures;   /* in a row */
	uint32_t unanswered; /* answers in a row that did not know some pod */
	uint32_t seed;	     /* of this node */
	uint32_t count;	     /* questions so far */
};

/* The node's name makes its waits its own, the same at each start. */
void kubelet_beat_seed(struct kubelet_beat *beat, const char *node);

bool kubelet_beat_due(const struct kubelet_beat *beat, int64_t now_us);
void kubelet_beat_sent(struct kubelet_beat *beat, int64_t now_us);

/* A pod has appeared that nobody has described: ask at once, at least 200 ms after the last
 * question, or 1 s while the kubelet fails. */
void kubelet_beat_new_pod(struct kubelet_beat *beat, int64_t now_us);

/* Somebody asks for it: as if nothing had failed before. */
void kubelet_beat_again(struct kubelet_beat *beat);

/* A pod stands still, and must not once it is to end: asked a second after the last question, if all is well. */
void kubelet_beat_frozen(struct kubelet_beat *beat);

/* An answer came. While it leaves a pod unknown the next question comes after 200 ms, then 1 s, 2 s
 * …, but never later than the steady 10 s (30 s where the API server answered). */
void kubelet_beat_answered(struct kubelet_beat *beat, int64_t now_us, bool unknown, bool by_api);

/* None came, or none of use: again after 1 s, 2 s … up to 60 s. */
void kubelet_beat_failed(struct kubelet_beat *beat, int64_t now_us);
