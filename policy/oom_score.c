// SPDX-License-Identifier: LGPL-2.1-or-later
// See oom_score.h. The kubelet works a container's score out once, when it starts it: 1000 less the permille of the
// node's memory that the container requests, between 2 (3 since 1.21) and 999; -997 for Guaranteed pods, 1000 for BestEffort
// ones, -998 for the sandbox. What one container requests is not in the model, what all of them do is.
#include "policy/oom_score.h"

#define GUARANTEED (-997)
#define BURSTABLE_LEAST 2
#define BURSTABLE_MOST 999
#define UNIT 0 /* OOMScoreAdjust= where nobody says another, and podman */
#define PERMILLE 1000u

int oom_score_least(const struct pod *pod, uint64_t memory_bytes)
{
	const struct fact_u64 *request = &pod->resources.memory_request_bytes;
	uint64_t share;

	if (request->state != FACT_KNOWN || memory_bytes < PERMILLE ||
	    request->value >= memory_bytes)
		return BURSTABLE_LEAST;
	/* Rounded up, and one more for a kubelet that counts memory a little otherwise. */
	share = request->value / (memory_bytes / PERMILLE) + 1;
	return share + BURSTABLE_LEAST < PERMILLE ? (int)(PERMILLE - share - 1) : BURSTABLE_LEAST;
}

bool oom_score_is_given(const struct pod *pod, uint64_t memory_bytes, int score)
{
	if (pod->kind != POD_KUBERNETES)
		return score == UNIT;
	switch (pod->qos) {
	case QOS_GUARANTEED:
		return score == GUARANTEED;
	case QOS_BURSTABLE:
		return score >= oom_score_least(pod, memory_bytes) && score <= BURSTABLE_MOST;
	default:
		return false;
	}
}
